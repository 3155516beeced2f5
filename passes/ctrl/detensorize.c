// ctrl-detensorize: tensors of one element between tasks become numbers where only scalar arithmetic makes them.
//
//   %r = ctrl.loop %i to %n carry(%x = %a : tensor<f32>) {    %e = tensor.extract %a[]
//     %y = linalg.generic ins(%x) { mulf }               ->   %r = ctrl.loop %i to %n carry(%x = %e : f32) {
//     ctrl.next %y : tensor<f32>                                %y = arith.mulf ..  ctrl.next %y : f32 }
//   }                                                         %t = tensor.from_elements %r : tensor<f32>
//
// Which ones: passes/ctrl/scalars.c. Linalg ops whose loops have one iteration become their bodies, arithmetic on
// one-element tensors becomes that on numbers, the insertion of a number becomes tensor.insert; carries of loops and
// results of branches change their type. Where a tensor is still needed stands tensor.from_elements, and where a tensor
// was, tensor.extract. Left alone: dynamic sizes; bodies with effects or control flow; what stands in tasks and graphs;
// what a larger op makes.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/ctrl/control.h"
#include "passes/ctrl/scalars.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_RANK = 16 };

//===--- from tensors to numbers and back -----------------------------------------------===//
static MlirValue extractFirst(DlcBuilder *b, MlirValue v) {
  MlirValue zeros[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(typeOf(v));
  for (intptr_t i = 0; i < rank; ++i) zeros[i] = constIndex(b, 0);
  return tensor_extract(b, v, valsN(rank, zeros));
}

static MlirValue offsetAt(DlcBuilder *b, DlcI64s fixed, DlcValues dynamic, intptr_t i) {
  intptr_t nDynamic = 0;
  for (intptr_t k = 0; k < i; ++k) nDynamic += mlirShapedTypeIsDynamicStrideOrOffset(fixed.data[k]);
  if (mlirShapedTypeIsDynamicStrideOrOffset(fixed.data[i])) return at(dynamic, nDynamic);
  return constIndex(b, fixed.data[i]);
}

static MlirValue extractOfSlice(DlcBuilder *b, MlirOperation slice) {
  MlirValue indices[MAX_RANK];
  DlcI64s offsets = tensor_extract_slice_static_offsets(slice);
  for (intptr_t i = 0; i < offsets.n; ++i) indices[i] = offsetAt(b, offsets, tensor_extract_slice_offsets(slice), i);
  return tensor_extract(b, tensor_extract_slice_source(slice), valsN(offsets.n, indices));
}

// The number in a constant of one element; null: it has to be read.
static MlirAttribute elementOfConstant(MlirOperation op) {
  MlirAttribute value = arith_constant_value(op);
  bool isSplat = mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value);
  return isSplat ? mlirDenseElementsAttrGetSplatValue(value) : mlirAttributeGetNull();
}

// The number that v holds, if an op says it without reading memory; else null.
static MlirValue knownNumber(DlcBuilder *b, MlirValue v) {
  MlirOperation op = opOf(dlcOneElementSource(v));
  if (tensor_from_elements_isa(op)) return at(tensor_from_elements_elements(op), 0);
  if (dlcIsNumberFill(op)) return mlirOperationGetOperand(op, 0);
  MlirAttribute element = arith_constant_isa(op) ? elementOfConstant(op) : mlirAttributeGetNull();
  MlirValue made = {0};
  if (!mlirAttributeIsNull(element)) dlcAfter(b, op) made = arith_constant(b, element);
  return made;
}

// Read as soon as v is there: what changes its buffer later then needs no copy, and loops need not read it again.
static MlirValue readNumber(DlcBuilder *b, MlirValue v) {
  MlirValue number = knownNumber(b, v);
  if (!isNull(number)) return number;
  v = dlcOneElementSource(v);
  MlirOperation op = opOf(v);
  if (!op.ptr) {
    dlcAtStart(b, mlirBlockArgumentGetOwner(v)) number = extractFirst(b, v);
  } else if (tensor_extract_slice_isa(op)) {
    dlcAfter(b, op) number = extractOfSlice(b, op);
  } else {
    dlcAfter(b, op) number = extractFirst(b, v);
  }
  return number;
}

static MlirValue makeTensor(DlcBuilder *b, MlirValue number, MlirType type) {
  return tensor_from_elements(b, vals(number), type);
}

// v becomes a number; its uses read a tensor that is made where the builder stands.
static void retype(DlcBuilder *b, MlirValue v) {
  MlirType type = typeOf(v);
  mlirValueSetType(v, mlirShapedTypeGetElementType(type));
  MlirValue tensor = makeTensor(b, v, type);
  if (!isNull(tensor)) mlirRewriterBaseReplaceAllUsesExcept(b->rewriter, v, tensor, opOf(tensor));
}

//===--- loops and branches ---------------------------------------------------------------===//
static void convertCarry(DlcBuilder *b, MlirOperation loop, intptr_t i) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirOperation next = mlirBlockGetTerminator(body);
  setValue(ctrl_loop_init_args(loop), i, readNumber(b, at(ctrl_loop_init_args(loop), i)));
  setValue(ctrl_next_values(next), i, readNumber(b, at(ctrl_next_values(next), i)));
  dlcAtStart(b, body) retype(b, argOf(body, i + 1));
  dlcAfter(b, loop) retype(b, mlirOperationGetResult(loop, i));
}

static void convertResult(DlcBuilder *b, MlirOperation branch, intptr_t i) {
  for (intptr_t k = 0; k < mlirOperationGetNumRegions(branch); ++k) {
    MlirOperation yield = mlirBlockGetTerminator(bodyOf(mlirOperationGetRegion(branch, k)));
    setValue(ctrl_yield_values(yield), i, readNumber(b, at(ctrl_yield_values(yield), i)));
  }
  dlcAfter(b, branch) retype(b, mlirOperationGetResult(branch, i));
}

static bool isJoin(MlirOperation op) { return (ctrl_loop_isa(op) || ctrl_branch_isa(op)) && dlcIsHostCode(op); }

static uint64_t convertJoins(DlcBuilder *b, MlirOperation root, const DlcScalars *n) {
  DlcOps joins = dlcCollect(root, isJoin);
  uint64_t count = 0;
  for (intptr_t k = 0; k < joins.n && !b->failed; ++k) {
    MlirOperation op = joins.data[k];
    for (intptr_t i = 0; i < mlirOperationGetNumResults(op) && !b->failed; ++i) {
      if (!dlcIsNumber(n, mlirOperationGetResult(op, i))) continue;
      if (ctrl_loop_isa(op))
        convertCarry(b, op, i);
      else
        convertResult(b, op, i);
      ++count;
    }
  }
  free(joins.data);
  return count;
}

//===--- ops ----------------------------------------------------------------------------------===//
static MlirValue operandNumber(DlcBuilder *b, MlirValue v) {
  return mlirTypeIsAShaped(typeOf(v)) ? readNumber(b, v) : v;
}

// A linalg op becomes its body.
static void inlineBody(DlcBuilder *b, MlirOperation op) {
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, i))))
      dlcMap(map, argOf(body, i), operandNumber(b, mlirOperationGetOperand(op, i)));
  dlcBefore(b, op) {
    dlcForEachOp(inner, body) {
      if (linalg_index_isa(inner)) {
        dlcMap(map, linalg_index_result(inner), constIndex(b, 0));
      } else if (!linalg_yield_isa(inner)) {
        dlcClone(b, inner, map);
      } else {
        DlcValues values = linalg_yield_values(inner);
        for (intptr_t i = 0; i < values.n && !b->failed; ++i) {
          MlirValue result = mlirOperationGetResult(op, i);
          MlirValue tensor = makeTensor(b, dlcMapped(map, at(values, i)), typeOf(result));
          if (!isNull(tensor)) mlirRewriterBaseReplaceAllUsesWith(b->rewriter, result, tensor);
        }
      }
    }
  }
  dlcMappingDestroy(map);
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, op);
}

// Arithmetic on tensors of one element becomes the same on numbers.
static void inlineElementwise(DlcBuilder *b, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue number = operandNumber(b, mlirOperationGetOperand(op, i));
    if (b->failed) return;
    mlirOperationSetOperand(op, i, number);
  }
  dlcAfter(b, op) {
    for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) retype(b, mlirOperationGetResult(op, i));
  }
}

static uint64_t convertOps(DlcBuilder *b, const DlcOps *convert) {
  for (intptr_t i = 0; i < convert->n && !b->failed; ++i)
    if (dlcIsLinalgOp(convert->data[i]))
      inlineBody(b, convert->data[i]);
    else
      inlineElementwise(b, convert->data[i]);
  return (uint64_t)convert->n;
}

// Those of n->ops that are to work on numbers, asked for before anything changes.
static DlcOps chosenOps(const DlcScalars *n) {
  DlcOps chosen = {.data = malloc((size_t)(n->ops.n + 1) * sizeof *chosen.data)};
  for (intptr_t i = 0; i < n->ops.n; ++i)
    if (dlcIsNumber(n, mlirOperationGetResult(n->ops.data[i], 0))) chosen.data[chosen.n++] = n->ops.data[i];
  return chosen;
}

//===--- insertions -----------------------------------------------------------------------------===//
static bool isOneInsertion(MlirOperation op) {
  return tensor_insert_slice_isa(op) && dlcIsOneElement(typeOf(tensor_insert_slice_source(op))) &&
         dlcControlOf(op).ptr && dlcIsHostCode(op) && tensor_insert_slice_static_offsets(op).n <= MAX_RANK;
}

static DlcOps chosenInsertions(MlirOperation root, const DlcScalars *n) {
  DlcOps all = dlcCollect(root, isOneInsertion);
  intptr_t kept = 0;
  for (intptr_t i = 0; i < all.n; ++i)
    if (dlcIsNumber(n, tensor_insert_slice_source(all.data[i]))) all.data[kept++] = all.data[i];
  all.n = kept;
  return all;
}

static uint64_t convertInsertions(DlcBuilder *b, const DlcOps *insertions) {
  for (intptr_t i = 0; i < insertions->n && !b->failed; ++i) {
    MlirOperation op = insertions->data[i];
    MlirValue number = readNumber(b, tensor_insert_slice_source(op)), indices[MAX_RANK], made = {0};
    DlcI64s offsets = tensor_insert_slice_static_offsets(op);
    dlcBefore(b, op) {
      for (intptr_t k = 0; k < offsets.n; ++k) indices[k] = offsetAt(b, offsets, tensor_insert_slice_offsets(op), k);
      made = tensor_insert(b, number, tensor_insert_slice_dest(op), valsN(offsets.n, indices));
    }
    if (!isNull(made)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &made);
  }
  return (uint64_t)insertions->n;
}

//===--- tidying -----------------------------------------------------------------------------------===//
static bool isOneRead(MlirOperation op) {
  return tensor_extract_isa(op) && dlcIsOneElement(typeOf(tensor_extract_tensor(op)));
}

static bool isTidied(MlirOperation op) {
  return tensor_from_elements_isa(op) || tensor_extract_isa(op) || tensor_empty_isa(op) || tensor_cast_isa(op) ||
         tensor_collapse_shape_isa(op) || tensor_expand_shape_isa(op) || tensor_extract_slice_isa(op) ||
         dlcIsNumberFill(op) || arith_constant_isa(op);
}

static void tidy(DlcBuilder *b, MlirOperation root) {
  DlcOps reads = dlcCollect(root, isOneRead);
  for (intptr_t i = 0; i < reads.n && !b->failed; ++i) {
    if (!dlcIsHostCode(reads.data[i])) continue; // a graph is isolated: constants stay in it
    MlirValue number = knownNumber(b, tensor_extract_tensor(reads.data[i]));
    if (!isNull(number)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, reads.data[i], 1, &number);
  }
  free(reads.data);
  DlcOps rest = dlcCollect(root, isTidied);
  for (intptr_t i = rest.n - 1; i >= 0; --i)
    if (dlcIsUnused(rest.data[i])) mlirRewriterBaseEraseOp(b->rewriter, rest.data[i]);
  free(rest.data);
}

MlirLogicalResult dlcRunCtrlDetensorize(MlirOperation root, DlcPass *pass, const DlcCtrlDetensorizeOptions *options) {
  (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcScalars n = dlcFindScalars(root);
  DlcOps ops = chosenOps(&n), insertions = chosenInsertions(root, &n);
  uint64_t joins = convertJoins(&b, root, &n);
  uint64_t inlined = convertOps(&b, &ops), inserted = convertInsertions(&b, &insertions);
  if (joins + inlined + inserted) tidy(&b, root);
  dlcPassCount(pass, DlcCtrlDetensorize_ops, inlined);
  dlcPassCount(pass, DlcCtrlDetensorize_carries, joins);
  dlcPassCount(pass, DlcCtrlDetensorize_insertions, inserted);
  free(ops.data), free(insertions.data);
  dlcScalarsDestroy(&n);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
