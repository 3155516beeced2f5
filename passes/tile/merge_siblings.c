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
// Left alone: right operands that are not constants, and siblings in different blocks.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_LOOPS = 16, MAX_RANK = 8, MAX_SIBLINGS = 8, MAX_INPUTS = 8 };

typedef struct {
  MlirOperation op;
  int64_t columns;
  bool isMerged;
} Sibling;

//===--- constants ----------------------------------------------------------------------------===//
static MlirType withSize(MlirType type, intptr_t axis, int64_t size) {
  int64_t shape[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(type);
  for (intptr_t i = 0; i < rank; ++i) shape[i] = i == axis ? size : mlirShapedTypeGetDimSize(type, i);
  return mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(type), mlirAttributeGetNull());
}

typedef struct {
  char *out;              // where the constant's first row goes
  size_t row, pitch, got; // bytes: of its rows, of the merged rows, read so far
} Rows;

// The bytes of a constant come in one piece or, of a splat, in several.
static void placeRows(const void *bytes, size_t n, void *data) {
  Rows *r = data;
  for (size_t done = 0; done < n;) {
    size_t in = r->got % r->row, part = r->row - in < n - done ? r->row - in : n - done;
    memcpy(r->out + r->got / r->row * r->pitch + in, (const char *)bytes + done, part);
    r->got += part, done += part;
  }
}

// The constants side by side along an axis; null: not all are what they seem.
static MlirValue besideEachOther(DlcBuilder *b, intptr_t n, const MlirValue *constants, intptr_t axis) {
  int64_t size = 0;
  for (intptr_t i = 0; i < n; ++i) size += mlirShapedTypeGetDimSize(typeOf(constants[i]), axis);
  MlirType type = withSize(typeOf(constants[0]), axis, size);
  size_t inner = (size_t)dlcElementBytes(mlirShapedTypeGetElementType(type)), at_ = 0;
  for (intptr_t d = axis + 1; d < mlirShapedTypeGetRank(type); ++d) inner *= (size_t)mlirShapedTypeGetDimSize(type, d);
  int64_t total = dlcStaticBytes(type);
  char *bytes = total > 0 ? malloc((size_t)total) : NULL;
  for (intptr_t i = 0; i < n && bytes; ++i) {
    size_t row = inner * (size_t)mlirShapedTypeGetDimSize(typeOf(constants[i]), axis);
    Rows rows = {.out = bytes + at_, .row = row, .pitch = inner * (size_t)size};
    if (!dlcForConstantBytes(arith_constant_value(opOf(constants[i])), placeRows, &rows) ||
        (int64_t)rows.got != dlcStaticBytes(typeOf(constants[i])))
      free(bytes), bytes = NULL;
    at_ += row;
  }
  return bytes ? arith_constant(b, dlcConstantOfBytes(type, "siblings", bytes)) : (MlirValue){0};
}

static bool isConstant(MlirValue v) {
  MlirType type = typeOf(v);
  MlirType element = mlirTypeIsARankedTensor(type) ? mlirShapedTypeGetElementType(type) : type;
  bool isBool = mlirTypeIsAInteger(element) && mlirIntegerTypeGetWidth(element) == 1;
  return arith_constant_isa(opOf(v)) && mlirTypeIsARankedTensor(type) && dlcIsStatic(type) &&
         dlcStaticBytes(type) > 0 && mlirShapedTypeGetRank(type) <= MAX_RANK && !isBool;
}

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

// A product with a constant, into a fill of a fresh tensor, with the constant's columns last.
static bool readProduct(MlirOperation op, Sibling *s) {
  bool reduces[MAX_LOOPS], isContraction = false;
  if ((!linalg_matmul_isa(op) && !linalg_generic_isa(op)) || mlirOperationGetNumResults(op) != 1) return false;
  intptr_t loops = mlirOperationGetNumOperands(op) == 3 ? dlcIteratorTypes(op, reduces, MAX_LOOPS) : -1;
  for (intptr_t d = 0; d < loops && d < MAX_LOOPS; ++d) isContraction |= reduces[d];
  if (!isContraction || loops > MAX_LOOPS || !arePermutations(op) || !isConstant(operand(op, 1))) return false;
  MlirOperation fill = opOf(operand(op, 2));
  intptr_t columns = columnLoop(op), axis = axisOf(op, 1, columns);
  if (axis < 0 || axisOf(op, 0, columns) >= 0 || !linalg_fill_isa(fill) || !isEmpty(operand(fill, 1))) return false;
  if (mlirShapedTypeGetRank(typeOf(resultOf(op))) > MAX_RANK || mlirValueEqual(operand(op, 0), operand(op, 1)))
    return false;
  s->op = op, s->columns = mlirShapedTypeGetDimSize(typeOf(operand(op, 1)), axis);
  return true;
}

static bool areTypesAlike(MlirValue a, MlirValue b, intptr_t axis) {
  MlirType t = typeOf(a), u = typeOf(b);
  return mlirShapedTypeGetRank(t) == mlirShapedTypeGetRank(u) &&
         mlirTypeEqual(withSize(t, axis, 1), withSize(u, axis, 1));
}
static bool isCodeAlike(MlirOperation a, MlirOperation b) {
  return mlirIdentifierEqual(mlirOperationGetName(a), mlirOperationGetName(b)) && isAttrEqual(a, b, "indexing_maps") &&
         isAttrEqual(a, b, "iterator_types") &&
         dlcIsRegionAlike(mlirOperationGetRegion(a, 0), mlirOperationGetRegion(b, 0));
}
static bool areProductsAlike(MlirOperation a, MlirOperation b) {
  return mlirValueEqual(operand(a, 0), operand(b, 0)) && isCodeAlike(a, b) &&
         areTypesAlike(operand(a, 1), operand(b, 1), axisOf(a, 1, columnLoop(a))) &&
         areTypesAlike(resultOf(a), resultOf(b), mlirShapedTypeGetRank(typeOf(resultOf(a))) - 1) &&
         mlirValueEqual(operand(opOf(operand(a, 2)), 0), operand(opOf(operand(b, 2)), 0));
}

//===--- what follows them --------------------------------------------------------------------===//
// The only reader, where it is an elementwise op with the same columns last; else null.
static MlirOperation followerOf(MlirOperation product) {
  MlirOperation none = {0}, op;
  MlirValue result = resultOf(product);
  bool reduces[MAX_LOOPS];
  if (!hasOneUse(result)) return none;
  op = mlirOpOperandGetOwner(mlirValueGetFirstUse(result));
  intptr_t n = mlirOperationGetNumOperands(op);
  if (!linalg_generic_isa(op) || mlirOperationGetNumResults(op) != 1 || n > MAX_INPUTS ||
      !mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(product)) || !arePermutations(op))
    return none;
  intptr_t loops = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  for (intptr_t d = 0; d < loops && d < MAX_LOOPS; ++d)
    if (reduces[d]) return none;
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
    bool areBeside = axis >= 0 && isConstant(x) && isConstant(y) && areTypesAlike(x, y, axis);
    if (!isProduct && !areBeside && !(axis < 0 && mlirValueEqual(x, y) && isBefore(x, product))) return false;
  }
  return true;
}

//===--- merging ------------------------------------------------------------------------------===//
typedef struct {
  Sibling *at[MAX_SIBLINGS];
  MlirOperation follower[MAX_SIBLINGS];
  intptr_t n;
  int64_t columns;
} Family;

static MlirValue emptyLike(DlcBuilder *b, MlirValue empty, int64_t columns) {
  MlirType type = typeOf(empty);
  return tensor_empty(b, tensor_empty_dynamicSizes(opOf(empty)),
                      withSize(type, mlirShapedTypeGetRank(type) - 1, columns));
}

static MlirValue cloneWider(DlcBuilder *b, MlirOperation op, intptr_t n, const MlirValue *operands, int64_t columns) {
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < n; ++i) dlcMap(map, operand(op, i), operands[i]);
  MlirOperation copy = dlcClone(b, op, map);
  dlcMappingDestroy(map);
  MlirType type = typeOf(resultOf(op));
  mlirValueSetType(resultOf(copy), withSize(type, mlirShapedTypeGetRank(type) - 1, columns));
  return resultOf(copy);
}

static MlirValue constantsAt(DlcBuilder *b, const Family *f, bool ofFollowers, intptr_t i) {
  MlirValue constants[MAX_SIBLINGS];
  for (intptr_t k = 0; k < f->n; ++k) constants[k] = operand(ofFollowers ? f->follower[k] : f->at[k]->op, i);
  MlirOperation first = ofFollowers ? f->follower[0] : f->at[0]->op;
  return besideEachOther(b, f->n, constants, axisOf(first, i, columnLoop(first)));
}

static MlirValue mergeProducts(DlcBuilder *b, const Family *f) {
  MlirOperation first = f->at[0]->op, fill = opOf(operand(first, 2));
  MlirValue right = constantsAt(b, f, false, 1);
  if (isNull(right)) return right;
  MlirValue fresh = dlcResult(dlcFill(b, operand(fill, 0), emptyLike(b, operand(fill, 1), f->columns)), 0);
  return b->failed ? (MlirValue){0}
                   : cloneWider(b, first, 3, (MlirValue[]){operand(first, 0), right, fresh}, f->columns);
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
  mlirValueSetType(operands[n - 1], withSize(typeOf(operand(first, n - 1)),
                                             mlirShapedTypeGetRank(typeOf(operand(first, n - 1))) - 1, f->columns));
  return b->failed ? (MlirValue){0} : cloneWider(b, first, n, operands, f->columns);
}

// The columns of a sibling; the sizes that are not known are those of the fresh tensor of the first one.
static MlirValue columnsOf(DlcBuilder *b, const Family *f, MlirValue merged, int64_t from, MlirType type) {
  int64_t offsets[MAX_RANK] = {0}, sizes[MAX_RANK], strides[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(type);
  for (intptr_t d = 0; d < rank; ++d) sizes[d] = mlirShapedTypeGetDimSize(type, d), strides[d] = 1;
  offsets[rank - 1] = from;
  DlcValues dynamic = tensor_empty_dynamicSizes(opOf(operand(opOf(operand(f->at[0]->op, 2)), 1)));
  return tensor_extract_slice(b, merged, (DlcValues){0}, dynamic, (DlcValues){0}, {offsets, rank}, {sizes, rank},
                              {strides, rank}, type);
}

static bool merge(DlcBuilder *b, Family *f) {
  bool follow = true;
  for (intptr_t k = 0; k < f->n; ++k) f->follower[k] = followerOf(f->at[k]->op);
  for (intptr_t k = 1; k < f->n && follow; ++k)
    follow = areFollowersAlike(f->at[0]->op, f->follower[0], f->at[k]->op, f->follower[k]);
  MlirValue merged = mergeProducts(b, f);
  if (!isNull(merged) && follow) merged = mergeFollowers(b, f, merged);
  if (isNull(merged)) return false;
  int64_t from = 0;
  for (intptr_t k = 0; k < f->n && !b->failed; ++k) {
    MlirOperation op = follow ? f->follower[k] : f->at[k]->op;
    MlirValue part = columnsOf(b, f, merged, from, typeOf(resultOf(op)));
    from += f->at[k]->columns;
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &part);
  }
  for (intptr_t k = 0; k < f->n && follow && !b->failed; ++k) mlirRewriterBaseEraseOp(b->rewriter, f->at[k]->op);
  return !b->failed;
}

MlirLogicalResult dlcRunTileMergeSiblings(MlirOperation root, DlcPass *pass,
                                          const DlcTileMergeSiblingsOptions *options) {
  (void)options; // it has none
  DlcOps ops = dlcCollect(root, dlcIsLinalgOp);
  Sibling *siblings = calloc((size_t)(ops.n > 0 ? ops.n : 1), sizeof *siblings);
  intptr_t n = 0;
  for (intptr_t i = 0; i < ops.n; ++i) n += readProduct(ops.data[i], &siblings[n]);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < n && mlirLogicalResultIsSuccess(result); ++i) {
    if (siblings[i].isMerged) continue;
    Family f = {.at = {&siblings[i]}, .n = 1, .columns = siblings[i].columns};
    MlirBlock block = mlirOperationGetBlock(siblings[i].op);
    for (intptr_t k = i + 1; k < n && f.n < MAX_SIBLINGS; ++k)
      if (!siblings[k].isMerged && mlirBlockEqual(mlirOperationGetBlock(siblings[k].op), block) &&
          areProductsAlike(siblings[i].op, siblings[k].op))
        f.at[f.n++] = &siblings[k], f.columns += siblings[k].columns;
    if (f.n < 2) continue;
    for (intptr_t k = 0; k < f.n; ++k) f.at[k]->isMerged = true;
    DlcBuilder b = dlcBuilderAt(rewriter, siblings[i].op);
    if (merge(&b, &f)) dlcPassCount(pass, DlcTileMergeSiblings_merged, f.n);
    result = dlcStatus(&b);
  }
  mlirIRRewriterDestroy(rewriter);
  free(siblings);
  free(ops.data);
  return result;
}
