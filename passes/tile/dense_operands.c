// tile-dense-operands: of an operand that a contraction reads with strides, what it reads is copied together before.
//
//   %c = linalg.generic {(n, y, x, f, k) -> (n, 2 y, 2 x, k), (k, f), (n, y, x, f)} ins(%a, %b :
//   tensor<1x14x14x1024xf32>, ..)
// ->
//   %d = linalg.generic {(n, y, x, k) -> (n, 2 y, 2 x, k), (n, y, x, k)} ins(%a) outs(.. : tensor<1x7x7x1024xf32>)
//   %c = linalg.generic {(n, y, x, f, k) -> (n, y, x, k), (k, f), (n, y, x, f)} ins(%d, %b)
//
// A convolution of one place with a stride: every panel of the filters would go through the whole image, and rows of
// results would lie apart, so that no register tile could have them of two rows of the image. Where an element is read
// `uses` times or more: with 1,024 filters 14x14x1024 takes 0.7 of its time, with 512 about as long, with 128 1.07
// times.
//
// Left alone: constants, windows, sizes not known.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_LOOPS = 16 };

typedef struct {
  MlirOperation op;
  intptr_t operand, nLoops, rank;
  int64_t range[MAX_LOOPS];
  intptr_t loop[MAX_LOOPS]; // that a dimension of the operand follows
  MlirAffineMap map;
} Read;

// d, or a multiple of it: which loop, and of how many.
static bool isMultiple(MlirAffineExpr e, intptr_t *loop, int64_t *stride) {
  *stride = 1;
  if (mlirAffineExprIsAMul(e)) {
    MlirAffineExpr factor = mlirAffineBinaryOpExprGetRHS(e);
    if (!mlirAffineExprIsAConstant(factor)) return false;
    *stride = mlirAffineConstantExprGetValue(factor);
    e = mlirAffineBinaryOpExprGetLHS(e);
  }
  if (!mlirAffineExprIsADim(e) || *stride < 1) return false;
  *loop = mlirAffineDimExprGetPosition(e);
  return true;
}

static bool readsApart(Read *r) {
  MlirValue v = mlirOperationGetOperand(r->op, r->operand);
  bool isApart = false;
  if (!mlirTypeIsARankedTensor(typeOf(v)) || !dlcIsStatic(typeOf(v)) || arith_constant_isa(opOf(v)) ||
      !dlcLinalgMap(r->op, r->operand, &r->map))
    return false;
  r->rank = mlirAffineMapGetNumResults(r->map);
  for (intptr_t d = 0; d < r->rank; ++d) {
    int64_t stride;
    if (!isMultiple(mlirAffineMapGetResult(r->map, d), &r->loop[d], &stride)) return false;
    for (intptr_t before = 0; before < d; ++before)
      if (r->loop[before] == r->loop[d]) return false;
    isApart |= stride > 1;
  }
  return isApart;
}

// How often an element is read.
static int64_t usesOf(const Read *r) {
  int64_t uses = 1;
  for (intptr_t l = 0; l < r->nLoops; ++l) {
    bool isRead = false;
    for (intptr_t d = 0; d < r->rank; ++d) isRead |= r->loop[d] == l;
    if (!isRead && __builtin_mul_overflow(uses, r->range[l], &uses)) return INT64_MAX;
  }
  return uses;
}

static MlirValue copyTogether(DlcBuilder *b, const Read *r) {
  MlirValue source = mlirOperationGetOperand(r->op, r->operand);
  int64_t shape[MAX_LOOPS];
  MlirAffineExpr from[MAX_LOOPS];
  for (intptr_t d = 0; d < r->rank; ++d) {
    int64_t stride;
    intptr_t loop = 0;
    isMultiple(mlirAffineMapGetResult(r->map, d), &loop, &stride);
    shape[d] = r->range[loop];
    from[d] = mlirAffineMulExprGet(mlirAffineDimExprGet(b->ctx, d), mlirAffineConstantExprGet(b->ctx, stride));
  }
  MlirType element = mlirShapedTypeGetElementType(typeOf(source)),
           type = mlirRankedTensorTypeGet(r->rank, shape, element, mlirAttributeGetNull());
  MlirAffineMap maps[] = {mlirAffineMapGet(b->ctx, r->rank, 0, r->rank, from),
                          mlirAffineMapMultiDimIdentityGet(b->ctx, r->rank)};
  MlirOperation copy =
      linalg_generic(b, vals(source), vals(tensor_empty(b, (DlcValues){0}, type)), .indexing_maps = {maps, 2},
                     .iterator_types = dlcIterators(b, r->rank, NULL), .result_tensors_type = types(type));
  if (mlirOperationIsNull(copy)) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(copy), types(element, element));
  dlcAtEnd(b, body) linalg_yield(b, vals(argOf(body, 0)));
  return dlcResult(copy, 0);
}

static void readCopy(DlcBuilder *b, const Read *r) {
  MlirAffineMap maps[MAX_LOOPS];
  MlirAffineExpr dense[MAX_LOOPS];
  MlirValue copy = copyTogether(b, r);
  if (b->failed) return;
  intptr_t n = mlirOperationGetNumOperands(r->op);
  for (intptr_t i = 0; i < n; ++i) dlcLinalgMap(r->op, i, &maps[i]);
  for (intptr_t d = 0; d < r->rank; ++d) dense[d] = mlirAffineDimExprGet(b->ctx, r->loop[d]);
  maps[r->operand] = mlirAffineMapGet(b->ctx, r->nLoops, 0, r->rank, dense);
  dlcModify(b, r->op) {
    mlirOperationSetOperand(r->op, r->operand, copy);
    dlcSetAttr(r->op, "indexing_maps", dlcMapArray(b->ctx, (DlcMaps){maps, n}));
  }
}

static MlirLogicalResult makeDense(DlcBuilder *b, MlirOperation op, void *data) {
  const DlcTileDenseOperandsOptions *options = data;
  Read r = {.op = op, .nLoops = linalg_generic_iterator_types_n(op)};
  bool isStatic = r.nLoops <= MAX_LOOPS && dlcStaticLoopRanges(op, r.range, MAX_LOOPS);
  for (intptr_t l = 0; l < r.nLoops && isStatic; ++l) isStatic &= r.range[l] > 0;
  if (!isStatic || !dlcReduces(op) || mlirOperationGetNumOperands(op) > MAX_LOOPS) return mlirLogicalResultFailure();
  for (; r.operand < linalg_generic_inputs(op).n; ++r.operand)
    if (readsApart(&r) && usesOf(&r) >= options->uses) {
      readCopy(b, &r);
      return dlcStatus(b);
    }
  return mlirLogicalResultFailure();
}

MlirLogicalResult dlcRunTileDenseOperands(MlirOperation root, DlcPass *pass,
                                          const DlcTileDenseOperandsOptions *options) {
  (void)pass; // it counts nothing
  static const DlcPattern patterns[] = {{"linalg.generic", 1, makeDense}};
  return dlcApplyPatterns(root, DLC_COUNT(patterns), patterns, (void *)options);
}
