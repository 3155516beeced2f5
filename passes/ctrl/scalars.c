// The analysis behind ctrl-detensorize. A value is one that could be a number when it is a tensor of one element that
// an op on such tensors, a ctrl.loop or a ctrl.branch makes. Two things make it one:
//
//   it decides: a tensor.extract between tasks reads it, or what it takes part in on the way there. The program has to
//     have it as a number at some point, so all scalar ops up to there may as well work on numbers;
//   it stays among numbers: in loops and branches, all that the op reads is a number, or comes from outside of the
//     loop or the branch.
//
// A carry is a number when what is yielded for it is one, and a result of a branch when all arms yield one, or one arm
// does and it decides. Carries are taken for numbers until something says no, so that a carry that depends on itself
// only is one. What a larger op makes (a reduction of many elements) stays a tensor, as does what only adds to such a
// value before a larger op reads it: that is made in one task. A fill is a number to those that read it, and stays for
// those that reduce into it.
#include "passes/ctrl/scalars.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/ctrl/control.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_LOOPS = 32, MAX_RANK = 16 };

bool dlcIsOneElement(MlirType type) {
  if (!mlirTypeIsARankedTensor(type) || !mlirShapedTypeHasStaticShape(type)) return false;
  if (mlirShapedTypeGetRank(type) > MAX_RANK) return false;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    if (mlirShapedTypeGetDimSize(type, i) != 1) return false;
  MlirType element = mlirShapedTypeGetElementType(type);
  return mlirTypeIsAInteger(element) || mlirTypeIsAIndex(element) || mlirTypeIsAFloat(element);
}

MlirValue dlcOneElementSource(MlirValue v) {
  for (;;) {
    MlirOperation op = opOf(v);
    if (!tensor_collapse_shape_isa(op) && !tensor_expand_shape_isa(op) && !tensor_cast_isa(op)) return v;
    MlirValue source = mlirOperationGetOperand(op, 0);
    if (!dlcIsOneElement(typeOf(source))) return v;
    v = source;
  }
}

bool dlcIsNumberFill(MlirOperation op) {
  return linalg_fill_isa(op) && mlirOperationGetNumResults(op) == 1 &&
         dlcIsOneElement(typeOf(mlirOperationGetResult(op, 0))) &&
         mlirTypeEqual(typeOf(mlirOperationGetOperand(op, 0)),
                       mlirShapedTypeGetElementType(typeOf(mlirOperationGetResult(op, 0))));
}

//===--- ops that could work on numbers -------------------------------------------------===//
// Results and operands: tensors of one element, at least one, or numbers.
static bool isOnOneElement(MlirOperation op) {
  intptr_t nResults = mlirOperationGetNumResults(op);
  for (intptr_t i = 0; i < nResults; ++i)
    if (!dlcIsOneElement(typeOf(mlirOperationGetResult(op, i)))) return false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirType type = typeOf(mlirOperationGetOperand(op, i));
    if (mlirTypeIsAShaped(type) && !dlcIsOneElement(type)) return false;
  }
  return nResults > 0;
}

static bool isScalarBody(MlirOperation op) {
  if (mlirOperationGetNumRegions(op) != 1) return false;
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  if (mlirBlockIsNull(body)) return false;
  dlcForEachOp(inner, body) {
    if (linalg_yield_isa(inner)) continue;
    if (mlirOperationGetNumRegions(inner) || !dlcIsEffectFree(inner)) return false;
  }
  return true;
}

static bool runsOnce(MlirOperation op) {
  bool reduces[MAX_LOOPS];
  int64_t range[MAX_LOOPS];
  intptr_t n = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  if (n < 0 || n > MAX_LOOPS || !dlcStaticLoopRanges(op, range, MAX_LOOPS)) return false;
  for (intptr_t i = 0; i < n; ++i)
    if (range[i] != 1) return false;
  return true;
}

static bool isElementwise(MlirOperation op) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  bool named = name.length > 6 && (!memcmp(name.data, "arith.", 6) || !memcmp(name.data, "math.", 5));
  return named && !arith_constant_isa(op) && !mlirOperationGetNumRegions(op) && dlcIsEffectFree(op);
}

static bool couldBeScalar(MlirOperation op) {
  if (!isOnOneElement(op) || linalg_fill_isa(op) || !dlcIsHostCode(op)) return false;
  return isElementwise(op) || (dlcIsLinalgOp(op) && runsOnce(op) && isScalarBody(op));
}

// Which operands count: an init that the body does not read does not.
static bool isReadOperand(MlirOperation op, intptr_t i) {
  if (!dlcIsLinalgOp(op)) return true;
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  return !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, i)));
}

//===--- states ---------------------------------------------------------------------------===//
static MlirBlock blockOf(MlirValue v) {
  return mlirValueIsABlockArgument(v) ? mlirBlockArgumentGetOwner(v) : mlirOperationGetBlock(opOf(v));
}

// Made before the loop or the branch that op stands in: in memory by then, whoever made it.
static bool isFromOutside(MlirValue v, MlirOperation op) {
  MlirOperation control = dlcControlOf(op);
  return control.ptr && !dlcBlockIsInside(blockOf(v), control);
}

static bool isAtHand(MlirValue v, MlirOperation op) {
  return mlirValueIsABlockArgument(v) || arith_constant_isa(opOf(v)) || isFromOutside(v, op);
}

bool dlcIsNumber(const DlcScalars *n, MlirValue v) {
  if (!dlcIsOneElement(typeOf(v))) return false;
  v = dlcOneElementSource(v);
  MlirOperation op = opOf(v);
  if (!op.ptr) {
    MlirBlock block = mlirBlockArgumentGetOwner(v);
    MlirOperation owner = mlirBlockGetParentOperation(block);
    intptr_t i = mlirBlockArgumentGetArgNumber(v);
    if (ctrl_loop_isa(owner)) return i > 0 && dlcIsNumber(n, mlirOperationGetResult(owner, i - 1));
    return func_func_isa(owner);
  }
  if (arith_constant_isa(op) || tensor_from_elements_isa(op) || tensor_empty_isa(op)) return true;
  if (linalg_fill_isa(op)) return dlcIsNumberFill(op);
  if (tensor_extract_slice_isa(op)) return isAtHand(tensor_extract_slice_source(op), op);
  return dlcPointerMapGet(&n->states, v.ptr) == 1;
}

// What the body reads of larger tensors: they must be there when the op's control flow begins.
static bool readsAtHand(MlirOperation op) {
  DlcValueList used = {0};
  bool good = true;
  if (mlirOperationGetNumRegions(op)) dlcCaptures(op, &used);
  for (intptr_t i = 0; i < used.n; ++i)
    if (mlirTypeIsAShaped(typeOf(used.data[i])) && !dlcIsOneElement(typeOf(used.data[i])))
      good = good && isAtHand(used.data[i], op);
  dlcValueListDestroy(&used);
  return good;
}

static bool staysAmongNumbers(const DlcScalars *n, MlirOperation op) {
  if (!dlcControlOf(op).ptr || !readsAtHand(op)) return false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (!mlirTypeIsAShaped(typeOf(v)) || !isReadOperand(op, i)) continue;
    if (!dlcIsNumber(n, v) && !isFromOutside(v, op)) return false;
  }
  return true;
}

static bool isResultNumber(const DlcScalars *n, MlirOperation op, intptr_t r) {
  intptr_t numbers = 0, regions = mlirOperationGetNumRegions(op);
  for (intptr_t i = 0; i < regions; ++i) numbers += dlcIsNumber(n, dlcYielded(op, i, r));
  bool decides = dlcPointerMapGet(&n->needed, mlirOperationGetResult(op, r).ptr) == 1;
  return numbers == regions || (ctrl_branch_isa(op) && numbers && decides);
}

//===--- what decides -----------------------------------------------------------------------===//
// Branches without results and arms without a block do not come here.
static void need(DlcScalars *n, MlirValue v) {
  v = dlcOneElementSource(v);
  if (!dlcIsOneElement(typeOf(v)) || dlcPointerMapGet(&n->needed, v.ptr) == 1) return;
  dlcPointerMapSet(&n->needed, v.ptr, 1);
  MlirOperation op = opOf(v);
  intptr_t r = 0;
  if (!op.ptr) {
    op = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
    r = mlirBlockArgumentGetArgNumber(v) - 1;
    if (!ctrl_loop_isa(op) || r < 0) return;
    dlcPointerMapSet(&n->needed, mlirOperationGetResult(op, r).ptr, 1);
  } else {
    r = mlirOpResultGetResultNumber(v);
  }
  if (ctrl_loop_isa(op) || ctrl_branch_isa(op)) {
    for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) need(n, dlcYielded(op, i, r));
    return;
  }
  if (!couldBeScalar(op)) return;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (isReadOperand(op, i)) need(n, mlirOperationGetOperand(op, i));
}

static bool isNeeded(const DlcScalars *n, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    if (dlcPointerMapGet(&n->needed, mlirOperationGetResult(op, i).ptr) == 1) return true;
  return false;
}

//===--- the fixed point ----------------------------------------------------------------------===//
static bool isJoin(MlirOperation op) {
  return (ctrl_loop_isa(op) || ctrl_branch_isa(op)) && mlirOperationGetNumResults(op) && dlcIsHostCode(op);
}

static bool setAll(DlcScalars *n, MlirOperation op, int64_t state) {
  bool changed = false;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirValue r = mlirOperationGetResult(op, i);
    if (!dlcIsOneElement(typeOf(r))) continue;
    changed |= dlcPointerMapGet(&n->states, r.ptr) != state;
    dlcPointerMapSet(&n->states, r.ptr, state);
  }
  return changed;
}

static bool clearWrong(DlcScalars *n, const DlcOps *joins) {
  bool changed = false;
  for (intptr_t i = 0; i < n->ops.n; ++i) {
    MlirOperation op = n->ops.data[i];
    if (!isNeeded(n, op) && !staysAmongNumbers(n, op)) changed |= setAll(n, op, 0);
  }
  for (intptr_t i = 0; i < joins->n; ++i)
    for (intptr_t r = 0; r < mlirOperationGetNumResults(joins->data[i]); ++r) {
      MlirValue v = mlirOperationGetResult(joins->data[i], r);
      if (dlcPointerMapGet(&n->states, v.ptr) != 1 || isResultNumber(n, joins->data[i], r)) continue;
      dlcPointerMapSet(&n->states, v.ptr, 0), changed = true;
    }
  return changed;
}

DlcScalars dlcFindScalars(MlirOperation root) {
  DlcScalars n = {.ops = dlcCollect(root, couldBeScalar)};
  DlcOps joins = dlcCollect(root, isJoin), reads = dlcCollect(root, tensor_extract_isa);
  for (intptr_t i = 0; i < reads.n; ++i)
    if (dlcIsHostCode(reads.data[i])) need(&n, tensor_extract_tensor(reads.data[i]));
  for (intptr_t i = 0; i < n.ops.n; ++i) setAll(&n, n.ops.data[i], 1);
  for (intptr_t i = 0; i < joins.n; ++i) setAll(&n, joins.data[i], 1);
  while (clearWrong(&n, &joins)) {}
  free(joins.data), free(reads.data);
  return n;
}

void dlcScalarsDestroy(DlcScalars *n) {
  dlcPointerMapDestroy(&n->states), dlcPointerMapDestroy(&n->needed);
  free(n->ops.data);
}
