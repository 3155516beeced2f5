// tile-merge-siblings: products of one matrix with several constants become one product with the constants side by
// side, of which each takes its columns; what is added to or scaled of each by constants as well.
//
//   %q = matmul(%x, %wq), %q' = %q + %bq                    %m = matmul(%x, [%wq %wk %wv]) + [%bq %bk %bv]
//   %k = matmul(%x, %wk), %k' = %k + %bk           ->       %q' = extract_slice %m[0, 0]
//   %v = matmul(%x, %wv), %v' = %v + %bv                    %k' = extract_slice %m[0, 768] ..
//
// %x is read once, and there is one kernel instead of three: the projections of an attention, say. Siblings have the
// same left operand, maps and body, start from the same scalar, and have their columns last. An elementwise op that is
// the only reader of its product is merged with the others', where all are alike.
// Left alone: siblings in different blocks, and those that one op or windows behind a border read, with which they
// fuse.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/constants.h"
#include "passes/tile/graph.h"
#include "passes/tile/pad.h"

enum { MAX_LOOPS = 16, MAX_SIBLINGS = 8, MAX_INPUTS = 8 };

typedef struct {
  MlirOperation op;
  intptr_t constant; // the operand that is one; the other one is shared
  int64_t columns;
  bool isMerged;
} Sibling;

//===--- siblings -----------------------------------------------------------------------------===//
static MlirValue operand(MlirOperation op, intptr_t i) { return mlirOperationGetOperand(op, i); }
static MlirValue resultOf(MlirOperation op) { return mlirOperationGetResult(op, 0); }

static bool isAttrEqual(MlirOperation a, MlirOperation b, const char *name) {
  return mlirAttributeEqual(dlcAttr(a, name), dlcAttr(b, name));
}
// The result of a map that is the loop; -1: none. Maps are projected permutations.
static intptr_t axisOf(MlirOperation op, intptr_t i, intptr_t loop) {
  MlirAffineMap map;
  if (!dlcLinalgMap(op, i, &map)) return -1;
  for (intptr_t r = 0; r < mlirAffineMapGetNumResults(map); ++r)
    if (mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, r)) == loop) return r;
  return -1;
}
static bool arePermutations(MlirOperation op) {
  MlirAffineMap map;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!dlcLinalgMap(op, i, &map) || !mlirAffineMapIsProjectedPermutation(map)) return false;
  return true;
}
// The loop of the result's last dimension, the columns.
static intptr_t columnLoop(MlirOperation op) {
  MlirAffineMap map;
  intptr_t n;
  if (!dlcLinalgMap(op, mlirOperationGetNumOperands(op) - 1, &map) || !(n = mlirAffineMapGetNumResults(map))) return -1;
  return mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, n - 1));
}

static bool isEmpty(MlirValue v) { return tensor_empty_isa(opOf(v)); }

// Windows read it: it fuses with them (passes/tile/chain.h), which part of a product cannot.
static bool isPadded(MlirValue v) {
  dlcForEachUse(use, v)
    if (dlcIsPad(mlirOpOperandGetOwner(use))) return true;
  return false;
}

// A product with a constant, into a fill of a fresh tensor, with the constant's columns last.
static bool readProduct(MlirOperation op, Sibling *s) {
  bool reduces[MAX_LOOPS], isContraction = false;
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumResults(op) != 1) return false;
  intptr_t loops = mlirOperationGetNumOperands(op) == 3 ? dlcIteratorTypes(op, reduces, MAX_LOOPS) : -1;
  for (intptr_t d = 0; d < loops && d < MAX_LOOPS; ++d) isContraction |= reduces[d];
  if (!isContraction || loops > MAX_LOOPS || !arePermutations(op) || isPadded(resultOf(op))) return false;
  MlirOperation fill = opOf(operand(op, 2));
  intptr_t columns = columnLoop(op);
  if (!linalg_fill_isa(fill) || !isEmpty(operand(fill, 1))) return false;
  if (mlirShapedTypeGetRank(typeOf(resultOf(op))) > DLC_CONSTANT_RANK) return false;
  for (intptr_t i = 0; i < 2; ++i) {
    intptr_t axis = axisOf(op, i, columns);
    if (axis < 0 || axisOf(op, 1 - i, columns) >= 0 || !dlcIsTensorConstant(operand(op, i))) continue;
    *s = (Sibling){.op = op, .constant = i, .columns = mlirShapedTypeGetDimSize(typeOf(operand(op, i)), axis)};
    return true;
  }
  return false;
}

static bool areTypesAlike(MlirValue a, MlirValue b, intptr_t axis) {
  MlirType t = typeOf(a), u = typeOf(b);
  return mlirShapedTypeGetRank(t) == mlirShapedTypeGetRank(u) &&
         mlirTypeEqual(dlcWithSize(t, axis, 1), dlcWithSize(u, axis, 1));
}
static bool isCodeAlike(MlirOperation a, MlirOperation b) {
  return mlirIdentifierEqual(mlirOperationGetName(a), mlirOperationGetName(b)) && isAttrEqual(a, b, "indexing_maps") &&
         isAttrEqual(a, b, "iterator_types") &&
         dlcIsRegionAlike(mlirOperationGetRegion(a, 0), mlirOperationGetRegion(b, 0));
}
static bool areProductsAlike(const Sibling *x, const Sibling *y) {
  MlirOperation a = x->op, b = y->op;
  return x->constant == y->constant && mlirValueEqual(operand(a, 1 - x->constant), operand(b, 1 - x->constant)) &&
         isCodeAlike(a, b) &&
         areTypesAlike(operand(a, x->constant), operand(b, x->constant), axisOf(a, x->constant, columnLoop(a))) &&
         areTypesAlike(resultOf(a), resultOf(b), mlirShapedTypeGetRank(typeOf(resultOf(a))) - 1) &&
         mlirValueEqual(operand(opOf(operand(a, 2)), 0), operand(opOf(operand(b, 2)), 0));
}

//===--- what follows them --------------------------------------------------------------------===//
static bool isElementwise(MlirOperation op) {
  bool reduces[MAX_LOOPS], any = false;
  intptr_t loops = dlcIsLinalgOp(op) ? dlcIteratorTypes(op, reduces, MAX_LOOPS) : -1;
  for (intptr_t d = 0; d < loops && d < MAX_LOOPS; ++d) any |= reduces[d];
  return loops >= 0 && loops <= MAX_LOOPS && !any;
}

// The only reader, where it is an elementwise op with the same columns last; else null.
static MlirOperation followerOf(MlirOperation product) {
  MlirOperation none = {0}, op;
  MlirValue result = resultOf(product);
  if (!hasOneUse(result)) return none;
  op = mlirOpOperandGetOwner(mlirValueGetFirstUse(result));
  intptr_t n = mlirOperationGetNumOperands(op);
  if (!linalg_generic_isa(op) || mlirOperationGetNumResults(op) != 1 || n > MAX_INPUTS ||
      !mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(product)) || !arePermutations(op) ||
      !isElementwise(op))
    return none;
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  dlcForEachOp(inner, body)
    if (linalg_index_isa(inner)) return none;
  bool readsOld = !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, n - 1)));
  MlirAffineMap of, out;
  for (intptr_t i = 0; i < n; ++i)
    if (mlirValueEqual(operand(op, i), result) &&
        (!dlcLinalgMap(op, i, &of) || !dlcLinalgMap(op, n - 1, &out) || !mlirAffineMapEqual(of, out)))
      return none;
  return readsOld || !isEmpty(operand(op, n - 1)) ? none : op;
}

// Whether the value can be used where `op` stands.
static bool isBefore(MlirValue v, MlirOperation op) {
  MlirOperation producer = opOf(v);
  return !producer.ptr || !mlirBlockEqual(mlirOperationGetBlock(producer), mlirOperationGetBlock(op)) ||
         mlirOperationIsBeforeInBlock(producer, op);
}

static bool areFollowersAlike(MlirOperation product, MlirOperation a, MlirOperation other, MlirOperation b) {
  if (!a.ptr || !b.ptr || mlirOperationEqual(a, b) || !isCodeAlike(a, b)) return false;
  intptr_t columns = columnLoop(a);
  if (!areTypesAlike(resultOf(a), resultOf(b), mlirShapedTypeGetRank(typeOf(resultOf(a))) - 1)) return false;
  for (intptr_t i = 0; i + 1 < mlirOperationGetNumOperands(a); ++i) {
    MlirValue x = operand(a, i), y = operand(b, i);
    bool isProduct = mlirValueEqual(x, resultOf(product)) && mlirValueEqual(y, resultOf(other));
    intptr_t axis = axisOf(a, i, columns);
    bool areBeside = axis >= 0 && dlcIsTensorConstant(x) && dlcIsTensorConstant(y) && areTypesAlike(x, y, axis);
    if (!isProduct && !areBeside && !(axis < 0 && mlirValueEqual(x, y) && isBefore(x, product))) return false;
  }
  return true;
}

// What reads the product, or what alone follows it.
static MlirValue lastOf(MlirOperation product) {
  MlirOperation follower = followerOf(product);
  return resultOf(follower.ptr ? follower : product);
}

static bool isReadBy(MlirValue v, MlirOperation op) {
  for (MlirOpOperand use = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (mlirOperationEqual(mlirOpOperandGetOwner(use), op)) return true;
  return false;
}

//===--- merging ------------------------------------------------------------------------------===//
// Constants that were put side by side before: a recurrence that is written step by step asks again in each step.
typedef struct {
  MlirAttribute of[MAX_SIBLINGS], all;
  intptr_t n, axis;
} Joined;
typedef struct {
  Joined *data;
  intptr_t n, capacity;
} JoinedList;

typedef struct {
  Sibling *at[MAX_SIBLINGS];
  MlirOperation follower[MAX_SIBLINGS];
  intptr_t n;
  int64_t columns;
  JoinedList *joined;
} Family;

// An elementwise op reads two of them: they fuse with it, as the halves of a gate.
static bool isJoined(const Family *f, MlirOperation product) {
  MlirValue v = lastOf(product);
  for (intptr_t k = 0; k < f->n; ++k) {
    MlirValue other = lastOf(f->at[k]->op);
    for (MlirOpOperand use = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
      if (isElementwise(mlirOpOperandGetOwner(use)) && isReadBy(other, mlirOpOperandGetOwner(use))) return true;
  }
  return false;
}

static MlirValue emptyLike(DlcBuilder *b, MlirValue empty, int64_t columns) {
  MlirType type = typeOf(empty);
  return tensor_empty(b, tensor_empty_dynamicSizes(opOf(empty)),
                      dlcWithSize(type, mlirShapedTypeGetRank(type) - 1, columns));
}

static MlirValue widen(DlcBuilder *b, MlirOperation op, const MlirValue *operands, int64_t columns) {
  return dlcCloneResized(b, op, operands, mlirShapedTypeGetRank(typeOf(resultOf(op))) - 1, columns);
}

static const Joined *findJoined(const JoinedList *list, const Joined *wanted) {
  for (intptr_t i = 0; i < list->n; ++i) {
    const Joined *j = &list->data[i];
    bool isSame = j->n == wanted->n && j->axis == wanted->axis;
    for (intptr_t k = 0; k < j->n && isSame; ++k) isSame = mlirAttributeEqual(j->of[k], wanted->of[k]);
    if (isSame) return j;
  }
  return NULL;
}

static MlirValue constantsAt(DlcBuilder *b, const Family *f, bool ofFollowers, intptr_t i) {
  MlirValue constants[MAX_SIBLINGS];
  MlirOperation first = ofFollowers ? f->follower[0] : f->at[0]->op;
  Joined j = {.n = f->n, .axis = axisOf(first, i, columnLoop(first))};
  for (intptr_t k = 0; k < f->n; ++k) {
    constants[k] = operand(ofFollowers ? f->follower[k] : f->at[k]->op, i);
    j.of[k] = arith_constant_value(opOf(constants[k]));
  }
  const Joined *known = findJoined(f->joined, &j);
  if (known) return arith_constant(b, known->all);
  MlirValue all = dlcJoinConstants(b, f->n, constants, j.axis);
  if (isNull(all)) return all;
  j.all = arith_constant_value(opOf(all));
  JoinedList *list = f->joined;
  if (list->n == list->capacity)
    list->data = realloc(list->data, (size_t)(list->capacity = 2 * list->capacity + 16) * sizeof *list->data);
  list->data[list->n++] = j;
  return all;
}

static MlirValue mergeProducts(DlcBuilder *b, const Family *f) {
  MlirOperation first = f->at[0]->op, fill = opOf(operand(first, 2));
  intptr_t i = f->at[0]->constant;
  MlirValue operands[] = {operand(first, 0), operand(first, 1), {0}};
  operands[i] = constantsAt(b, f, false, i);
  if (isNull(operands[i])) return operands[i];
  operands[2] = dlcResult(dlcFill(b, operand(fill, 0), emptyLike(b, operand(fill, 1), f->columns)), 0);
  return b->failed ? (MlirValue){0} : widen(b, first, operands, f->columns);
}

static MlirValue mergeFollowers(DlcBuilder *b, const Family *f, MlirValue product) {
  MlirOperation first = f->follower[0];
  intptr_t n = mlirOperationGetNumOperands(first);
  MlirValue operands[MAX_INPUTS];
  for (intptr_t i = 0; i + 1 < n; ++i) {
    MlirValue x = operand(first, i);
    operands[i] = mlirValueEqual(x, resultOf(f->at[0]->op))  ? product
                  : axisOf(first, i, columnLoop(first)) >= 0 ? constantsAt(b, f, true, i)
                                                             : x;
    if (isNull(operands[i])) return operands[i];
  }
  operands[n - 1] = emptyLike(b, operand(opOf(operand(f->at[0]->op, 2)), 1), f->columns);
  mlirValueSetType(operands[n - 1], dlcWithSize(typeOf(operand(first, n - 1)),
                                                mlirShapedTypeGetRank(typeOf(operand(first, n - 1))) - 1, f->columns));
  return b->failed ? (MlirValue){0} : widen(b, first, operands, f->columns);
}

// The columns of a sibling; the sizes that are not known are those of the fresh tensor `like`.
static MlirValue columnsOf(DlcBuilder *b, MlirOperation like, MlirValue merged, int64_t from, MlirType type) {
  int64_t offsets[DLC_CONSTANT_RANK] = {0}, sizes[DLC_CONSTANT_RANK], strides[DLC_CONSTANT_RANK];
  intptr_t rank = mlirShapedTypeGetRank(type);
  for (intptr_t d = 0; d < rank; ++d) sizes[d] = mlirShapedTypeGetDimSize(type, d), strides[d] = 1;
  offsets[rank - 1] = from;
  return tensor_extract_slice(b, merged, (DlcValues){0}, tensor_empty_dynamicSizes(like), (DlcValues){0},
                              {offsets, rank}, {sizes, rank}, {strides, rank}, type);
}

static bool merge(DlcBuilder *b, Family *f) {
  bool follow = true;
  for (intptr_t k = 0; k < f->n; ++k) f->follower[k] = followerOf(f->at[k]->op);
  for (intptr_t k = 1; k < f->n && follow; ++k)
    follow = areFollowersAlike(f->at[0]->op, f->follower[0], f->at[k]->op, f->follower[k]);
  MlirValue merged = mergeProducts(b, f);
  if (isNull(merged)) return false;
  MlirValue wider = follow ? mergeFollowers(b, f, merged) : (MlirValue){0};
  if (isNull(wider))
    follow = false;
  else
    merged = wider;
  int64_t from = 0;
  MlirOperation fresh = opOf(operand(opOf(operand(f->at[0]->op, 2)), 1)); // asked before the first one is gone
  for (intptr_t k = 0; k < f->n && !b->failed; ++k) {
    MlirOperation op = follow ? f->follower[k] : f->at[k]->op;
    MlirValue part = columnsOf(b, fresh, merged, from, typeOf(resultOf(op)));
    from += f->at[k]->columns;
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &part);
  }
  for (intptr_t k = 0; k < f->n && follow && !b->failed; ++k) mlirRewriterBaseEraseOp(b->rewriter, f->at[k]->op);
  return !b->failed;
}

MlirLogicalResult dlcRunTileMergeSiblings(MlirOperation root, DlcPass *pass,
                                          const DlcTileMergeSiblingsOptions *options) {
  DlcFusion fusion;
  if (mlirLogicalResultIsFailure(dlcFusionOption(root, "tile-merge-siblings", options->fusion, &fusion)))
    return mlirLogicalResultFailure();
  if (fusion == DLC_FUSE_NONE) return mlirLogicalResultSuccess();
  DlcOps ops = dlcCollect(root, dlcIsLinalgOp);
  Sibling *siblings = calloc((size_t)(ops.n > 0 ? ops.n : 1), sizeof *siblings);
  intptr_t n = 0;
  for (intptr_t i = 0; i < ops.n; ++i) n += readProduct(ops.data[i], &siblings[n]);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  JoinedList joined = {0};
  for (intptr_t i = 0; i < n && mlirLogicalResultIsSuccess(result); ++i) {
    if (siblings[i].isMerged) continue;
    Family f = {.at = {&siblings[i]}, .n = 1, .columns = siblings[i].columns, .joined = &joined};
    MlirBlock block = mlirOperationGetBlock(siblings[i].op);
    for (intptr_t k = i + 1; k < n && f.n < MAX_SIBLINGS; ++k)
      if (!siblings[k].isMerged && mlirBlockEqual(mlirOperationGetBlock(siblings[k].op), block) &&
          areProductsAlike(&siblings[i], &siblings[k]) && !isJoined(&f, siblings[k].op))
        f.at[f.n++] = &siblings[k], f.columns += siblings[k].columns;
    if (f.n < 2) continue;
    for (intptr_t k = 0; k < f.n; ++k) f.at[k]->isMerged = true;
    DlcBuilder b = dlcBuilderAt(rewriter, siblings[i].op);
    if (merge(&b, &f)) dlcPassCount(pass, DlcTileMergeSiblings_merged, f.n);
    result = dlcStatus(&b);
  }
  mlirIRRewriterDestroy(rewriter);
  free(joined.data);
  free(siblings);
  free(ops.data);
  return result;
}
