// tile-integer-contractions: contractions of dequantised values with constants become
// contractions of the bytes, summed up in 32 bits.
//
//   %x = (%q - 7) * 0.5        // tensor<8x64xf32> of tensor<8x64xi8>, unsigned
//   %r = linalg.matmul ins(%x, %w : .., tensor<64x32xf32>) outs(%bias)     // %w = (constant of i32) * 0.01
// ->
//   %s = linalg.generic ins(%q, constant of i8) outs(0) { s + extui(q) * extsi(w) : i32 }
//   %r = elementwise { sitofp(%s - 7 * sum of the column of w) * (0.5 * 0.01) + bias }
//
// The sum is exact, what the float program gives differs by its rounding. Pads move to the bytes, where the zero point
// fills them. The same for what is centred only (MatMulInteger, QLinearConv): the result is then of i32. Signed bytes
// are taken with their top bit flipped, as unsigned ones 128 higher: that is what the instructions for it multiply.
//
// Quantising what was dequantised with the same scale and zero point gives the bytes back; other quantising of what was
// computed multiplies by the reciprocal of a constant scale instead of dividing, which may round a half the other way.
//
// One element of a dequantised table is dequantised when it is read, not the table.
//
// Left as it is: two operands that are no constants; scales and zero points that are no constants, or vary along what
// is summed up; constants that do not fit eight bits with a sign.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include "ods/tensor.h"
#include "passes/tile/products.h"
#include "passes/tile/quantised.h"

enum { MAX_LOOPS = 16 };

typedef struct {
  MlirOperation op;
  intptr_t nLoops, left, right; // operands: the bytes', the constant's
  bool isReduction[MAX_LOOPS];
  MlirAffineMap map[3]; // of operands 0, 1 and the result
  DlcQuantised quantised;
  DlcIntegers weights;
} Contraction;

//===--- matching ---------------------------------------------------------------------------===//
static bool isOfEightBits(const DlcIntegers *c) {
  for (int64_t i = 0; i < c->n; ++i)
    if (c->value[i] < -128 || c->value[i] > 127) return false;
  return true;
}

// The loop that indexes dimension i of the constant.
static intptr_t loopOf(const Contraction *c, intptr_t i) {
  return mlirAffineDimExprGetPosition(mlirAffineMapGetResult(c->map[c->right], i));
}

static bool readOperands(Contraction *c) {
  for (c->left = 0; c->left < 2; ++c->left) {
    c->right = 1 - c->left;
    if (!mlirAffineMapIsProjectedPermutation(c->map[c->right]) ||
        !dlcReadQuantised(mlirOperationGetOperand(c->op, c->left), &c->quantised))
      continue;
    if (!dlcReadIntegers(mlirOperationGetOperand(c->op, c->right), &c->weights)) continue;
    if (isOfEightBits(&c->weights) && c->quantised.isScaled == (c->weights.scale != NULL)) return true;
    dlcIntegersDestroy(&c->weights);
  }
  return false;
}

static bool readContraction(MlirOperation op, Contraction *c) {
  *c = (Contraction){.op = op};
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumOperands(op) != 3 || mlirOperationGetNumResults(op) != 1 ||
      mlirOperationGetNumRegions(op) != 1 || linalg_fill_isa(op))
    return false;
  c->nLoops = dlcIteratorTypes(op, c->isReduction, MAX_LOOPS);
  if (c->nLoops < 0 || c->nLoops > MAX_LOOPS || mlirBlockGetNumArguments(bodyOf(mlirOperationGetRegion(op, 0))) != 3)
    return false;
  bool reduces = false;
  for (intptr_t i = 0; i < c->nLoops; ++i) reduces |= c->isReduction[i];
  for (intptr_t i = 0; i < 3; ++i)
    if (!mlirTypeIsARankedTensor(typeOf(mlirOperationGetOperand(op, i))) || !dlcLinalgMap(op, i, &c->map[i]))
      return false;
  return reduces && dlcAddsProducts(op) && mlirAffineMapIsProjectedPermutation(c->map[2]) && readOperands(c);
}

//===--- columns ----------------------------------------------------------------------------===//
// What belongs to the constant's dimensions that are not summed up.
typedef struct {
  intptr_t rank;
  int64_t shape[MAX_LOOPS], n;
  MlirAffineExpr dims[MAX_LOOPS]; // of the result, as expressions over its dimensions
  int32_t *sum;                   // owned
  float *scale;                   // owned; null: none
  bool isOneScale;
} Columns;

static void destroyColumns(Columns *c) { free(c->sum), free(c->scale); }

// The dimension of the result that follows a loop; -1: none.
static intptr_t resultDimension(const Contraction *c, intptr_t loop) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(c->map[2]); ++i)
    if (mlirAffineDimExprGetPosition(mlirAffineMapGetResult(c->map[2], i)) == loop) return i;
  return -1;
}

static bool startColumns(const Contraction *c, Columns *columns) {
  *columns = (Columns){.n = 1};
  for (intptr_t i = 0; i < c->weights.rank; ++i) {
    intptr_t loop = loopOf(c, i), d = resultDimension(c, loop);
    if (c->isReduction[loop]) continue;
    if (d < 0) return false;
    columns->dims[columns->rank] = mlirAffineDimExprGet(mlirOperationGetContext(c->op), d);
    columns->n *= columns->shape[columns->rank++] = c->weights.shape[i];
  }
  columns->sum = calloc((size_t)columns->n, sizeof *columns->sum);
  if (c->weights.scale) columns->scale = calloc((size_t)columns->n, sizeof *columns->scale);
  return true;
}

// Sums and scales of the columns; false: the scales vary along what is summed up.
static bool sumColumns(const Contraction *c, Columns *columns) {
  int64_t at_[DLC_QUANTISED_RANK] = {0};
  columns->isOneScale = true;
  for (int64_t i = 0; i < c->weights.n; ++i) {
    int64_t place = 0;
    for (intptr_t d = 0; d < c->weights.rank; ++d)
      if (!c->isReduction[loopOf(c, d)]) place = place * c->weights.shape[d] + at_[d];
    columns->sum[place] += c->weights.value[i];
    if (columns->scale) {
      float scale = c->weights.scale[i] * c->quantised.scale;
      if (columns->scale[place] != 0 && columns->scale[place] != scale) return false;
      columns->scale[place] = scale;
      columns->isOneScale &= scale == columns->scale[0];
    }
    for (intptr_t d = c->weights.rank - 1; d >= 0 && ++at_[d] == c->weights.shape[d]; --d) at_[d] = 0;
  }
  return true;
}

//===--- building ---------------------------------------------------------------------------===//
// Takes `data`.
static MlirValue constantOf(DlcBuilder *b, intptr_t rank, const int64_t *shape, MlirType element, void *data,
                            size_t n) {
  enum { SMALL = 64 };
  MlirType type = mlirRankedTensorTypeGet(rank, shape, element, mlirAttributeGetNull());
  if (n > SMALL) return arith_constant(b, dlcConstantOfBytes(type, "integers", data));
  MlirAttribute attr = mlirDenseElementsAttrRawBufferGet(type, (intptr_t)n * dlcElementBytes(element), data);
  free(data);
  return arith_constant(b, attr);
}

static MlirValue emptyLike(DlcBuilder *b, MlirValue v, MlirType element) {
  int64_t shape[MAX_LOOPS];
  MlirValue sizes[MAX_LOOPS];
  intptr_t rank = mlirShapedTypeGetRank(typeOf(v)), n = 0;
  for (intptr_t i = 0; i < rank; ++i) {
    shape[i] = mlirShapedTypeGetDimSize(typeOf(v), i);
    if (mlirShapedTypeIsDynamicDim(typeOf(v), i)) sizes[n++] = tensor_dim(b, v, constIndex(b, i));
  }
  return tensor_empty(b, valsN(n, sizes), mlirRankedTensorTypeGet(rank, shape, element, mlirAttributeGetNull()));
}

static MlirAttribute iterators(MlirContext ctx, intptr_t n, const bool *isReduction) {
  MlirAttribute types[MAX_LOOPS];
  for (intptr_t i = 0; i < n; ++i)
    types[i] = dlcs_utils_IteratorType_attr(ctx, isReduction && isReduction[i] ? utils_IteratorType_reduction
                                                                               : utils_IteratorType_parallel);
  return mlirArrayAttrGet(ctx, n, types);
}

// Signed bytes, 128 higher.
static MlirValue flipSigns(DlcBuilder *b, MlirValue bytes) {
  MlirType i8 = mlirIntegerTypeGet(b->ctx, 8);
  intptr_t rank = mlirShapedTypeGetRank(typeOf(bytes));
  MlirAffineMap identity[] = {mlirAffineMapMultiDimIdentityGet(b->ctx, rank),
                              mlirAffineMapMultiDimIdentityGet(b->ctx, rank)};
  MlirOperation op = linalg_generic(b, vals(bytes), vals(emptyLike(b, bytes, i8)), .indexing_maps = {identity, 2},
                                    .iterator_types = iterators(b->ctx, rank, NULL));
  if (!op.ptr) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(op), types(i8, i8));
  dlcAtEnd(b, body) {
    MlirValue top = arith_constant(b, mlirIntegerAttrGet(i8, -128));
    linalg_yield(b, vals(arith_xori(b, argOf(body, 0), top)));
  }
  return dlcResult(op, 0);
}

static MlirValue weightsOf(DlcBuilder *b, const DlcIntegers *w) {
  int8_t *bytes = malloc((size_t)w->n);
  for (int64_t i = 0; i < w->n; ++i) bytes[i] = (int8_t)w->value[i];
  return constantOf(b, w->rank, w->shape, mlirIntegerTypeGet(b->ctx, 8), bytes, (size_t)w->n);
}

static MlirValue contract(DlcBuilder *b, const Contraction *c, MlirValue bytes) {
  MlirType i8 = mlirIntegerTypeGet(b->ctx, 8), i32 = mlirIntegerTypeGet(b->ctx, 32);
  MlirValue zero = arith_constant(b, mlirIntegerAttrGet(i32, 0));
  MlirOperation sums = dlcFill(b, zero, emptyLike(b, mlirOperationGetOperand(c->op, 2), i32));
  MlirAffineMap maps[] = {c->map[c->left], c->map[c->right], c->map[2]};
  MlirOperation op =
      linalg_generic(b, vals(bytes, weightsOf(b, &c->weights)), vals(dlcResult(sums, 0)), .indexing_maps = {maps, 3},
                     .iterator_types = iterators(b->ctx, c->nLoops, c->isReduction));
  if (!op.ptr) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(op), types(i8, i8, i32));
  dlcAtEnd(b, body) {
    MlirValue x = arith_extui(b, argOf(body, 0), i32), y = arith_extsi(b, argOf(body, 1), i32);
    linalg_yield(b, vals(arith_addi(b, argOf(body, 2), arith_muli(b, x, y))));
  }
  return dlcResult(op, 0);
}

// Whether the contraction starts at zero.
static bool startsAtZero(MlirValue init) {
  MlirOperation fill = opOf(init);
  if (!linalg_fill_isa(fill)) return false;
  MlirOperation value = opOf(mlirOperationGetOperand(fill, 0));
  if (!arith_constant_isa(value)) return false;
  MlirAttribute a = arith_constant_value(value);
  return mlirAttributeIsAFloat(a) ? mlirFloatAttrGetValueDouble(a) == 0
                                  : mlirAttributeIsAInteger(a) && mlirIntegerAttrGetValueInt(a) == 0;
}

// Operands of the elementwise op behind the contraction, each null where there is none: their arguments.
typedef struct {
  MlirValue ins[5]; // the last is the output
  MlirAffineMap maps[5];
  MlirType elements[5];
  intptr_t n;
} Operands;
static intptr_t addOperand(Operands *o, MlirValue v, MlirAffineMap map) {
  o->ins[o->n] = v, o->maps[o->n] = map;
  o->elements[o->n] = isNull(v) ? (MlirType){0} : mlirShapedTypeGetElementType(typeOf(v));
  return o->n++;
}

static MlirValue correct(DlcBuilder *b, const Contraction *c, Columns *columns, MlirValue sums, int64_t zero) {
  MlirValue init = mlirOperationGetOperand(c->op, 2);
  MlirType element = mlirShapedTypeGetElementType(typeOf(init)), i32 = mlirIntegerTypeGet(b->ctx, 32);
  intptr_t rank = mlirShapedTypeGetRank(typeOf(init)), nIn, offset = -1, factor = -1, start = -1;
  MlirAffineMap identity = mlirAffineMapMultiDimIdentityGet(b->ctx, rank),
                column = mlirAffineMapGet(b->ctx, rank, 0, columns->rank, columns->dims);
  Operands o = {.n = 0};
  addOperand(&o, sums, identity);
  if (zero) {
    for (int64_t i = 0; i < columns->n; ++i) columns->sum[i] *= -(int32_t)zero;
    offset =
        addOperand(&o, constantOf(b, columns->rank, columns->shape, i32, columns->sum, (size_t)columns->n), column);
    columns->sum = NULL;
  }
  float scale = columns->scale ? columns->scale[0] : 1;
  if (columns->scale && !columns->isOneScale) {
    factor = addOperand(&o, constantOf(b, columns->rank, columns->shape, element, columns->scale, (size_t)columns->n),
                        column);
    columns->scale = NULL;
  }
  void *broadcast =
      columns->rank == 1 ? dlcReadBroadcast(init, mlirAffineDimExprGetPosition(columns->dims[0]), columns->n) : NULL;
  if (broadcast)
    start = addOperand(&o, constantOf(b, 1, columns->shape, element, broadcast, (size_t)columns->n), column);
  else if (!startsAtZero(init))
    start = addOperand(&o, init, identity);
  if (b->failed) return (MlirValue){0};
  nIn = o.n;
  MlirValue empty = emptyLike(b, init, element);
  addOperand(&o, empty, identity);
  MlirOperation op = linalg_generic(b, valsN(nIn, o.ins), vals(empty), .indexing_maps = {o.maps, o.n},
                                    .iterator_types = iterators(b->ctx, rank, NULL));
  if (!op.ptr) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(op), typesN(o.n, o.elements));
  dlcAtEnd(b, body) {
    MlirValue v = argOf(body, 0);
    if (offset >= 0) v = arith_addi(b, v, argOf(body, offset));
    if (c->quantised.isScaled) {
      MlirValue by =
          factor >= 0 ? argOf(body, factor) : arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, element, (double)scale));
      v = arith_mulf(b, arith_sitofp(b, v, element), by);
      if (start >= 0) v = arith_addf(b, v, argOf(body, start));
    } else if (start >= 0)
      v = arith_addi(b, v, argOf(body, start));
    linalg_yield(b, vals(v));
  }
  return dlcResult(op, 0);
}

static void rewriteContraction(DlcBuilder *b, Contraction *c, Columns *columns) {
  DlcQuantised *q = &c->quantised;
  MlirValue bytes = q->bytes, result = {0};
  if (!q->isUnsigned) bytes = flipSigns(b, bytes), q->zero += 128;
  bytes = dlcMoveBytes(b, q, bytes);
  MlirValue sums = contract(b, c, bytes);
  if (!b->failed) result = correct(b, c, columns, sums, q->zero);
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, c->op, 1, &result);
}

static bool rewriteIfInteger(DlcBuilder *b, MlirOperation op) {
  Contraction c;
  Columns columns = {0};
  if (!readContraction(op, &c)) return false;
  bool ok = startColumns(&c, &columns) && sumColumns(&c, &columns);
  if (ok) rewriteContraction(b, &c, &columns);
  destroyColumns(&columns);
  dlcIntegersDestroy(&c.weights);
  return ok;
}

//===--- quantising -------------------------------------------------------------------------===//
static MlirValue floatConstant(DlcBuilder *b, double v) {
  return arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, mlirF32TypeGet(b->ctx), v));
}

static MlirValue multiplyByReciprocal(DlcBuilder *b, MlirOperation op, const DlcQuantising *q) {
  MlirType i8 = mlirIntegerTypeGet(b->ctx, 8), i32 = mlirIntegerTypeGet(b->ctx, 32), f32 = mlirF32TypeGet(b->ctx);
  intptr_t rank = mlirShapedTypeGetRank(typeOf(q->x));
  MlirAffineMap identity[] = {mlirAffineMapMultiDimIdentityGet(b->ctx, rank),
                              mlirAffineMapMultiDimIdentityGet(b->ctx, rank)};
  MlirOperation made = linalg_generic(b, vals(q->x), linalg_generic_outputs(op), .indexing_maps = {identity, 2},
                                      .iterator_types = iterators(b->ctx, rank, NULL));
  if (!made.ptr) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), types(f32, i8));
  dlcAtEnd(b, body) {
    double low = q->isUnsigned ? 0 : -128;
    MlirValue v = argOf(body, 0);
    if (q->scale != 1) v = arith_mulf(b, v, floatConstant(b, 1 / (double)q->scale));
    v = math_roundeven(b, v);
    if (q->zero) v = arith_addf(b, v, floatConstant(b, (double)q->zero));
    v = arith_minnumf(b, arith_maxnumf(b, v, floatConstant(b, low)), floatConstant(b, low + 255));
    linalg_yield(b, vals(arith_trunci(b, arith_fptosi(b, v, i32), i8)));
  }
  return dlcResult(made, 0);
}

static bool rewriteQuantising(DlcBuilder *b, MlirOperation op) {
  DlcQuantising to;
  DlcQuantised from;
  if (!dlcReadQuantising(op, &to) || !opOf(to.x).ptr) return false; // an input keeps its division
  MlirValue made;
  if (dlcReadQuantised(to.x, &from) && from.isScaled && from.isUnsigned == to.isUnsigned && from.zero == to.zero &&
      from.scale == to.scale)
    made = dlcMoveBytes(b, &from, from.bytes);
  else
    made = multiplyByReciprocal(b, op, &to);
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &made);
  return true;
}

//===--- tables -----------------------------------------------------------------------------===//
// tensor.extract of a dequantised tensor: the byte is extracted.
static void extractByte(DlcBuilder *b, MlirOperation op) {
  DlcQuantised q;
  if (!dlcReadQuantised(tensor_extract_tensor(op), &q) || q.nMoves || !q.isScaled) return;
  MlirType i32 = mlirIntegerTypeGet(b->ctx, 32), f32 = mlirF32TypeGet(b->ctx);
  dlcBefore(b, op) {
    MlirValue byte = tensor_extract(b, q.bytes, tensor_extract_indices(op));
    MlirValue wide = q.isUnsigned ? arith_extui(b, byte, i32) : arith_extsi(b, byte, i32);
    if (q.zero) wide = arith_subi(b, wide, arith_constant(b, mlirIntegerAttrGet(i32, q.zero)));
    MlirValue value = arith_mulf(b, arith_sitofp(b, wide, f32), floatConstant(b, (double)q.scale));
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &value);
  }
}

MlirLogicalResult dlcRunTileIntegerContractions(MlirOperation root, DlcPass *pass,
                                                const DlcTileIntegerContractionsOptions *options) {
  (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps ops = dlcCollect(root, dlcIsLinalgOp);
  for (intptr_t i = 0; i < ops.n && !b.failed; ++i) dlcBefore(&b, ops.data[i]) {
      if (mlirOperationGetNumResults(ops.data[i]) != 1) continue;
      if (rewriteQuantising(&b, ops.data[i]))
        dlcPassCount(pass, DlcTileIntegerContractions_quantising, 1);
      else if (rewriteIfInteger(&b, ops.data[i]))
        dlcPassCount(pass, DlcTileIntegerContractions_contractions, 1);
    }
  free(ops.data);
  DlcOps reads = dlcCollect(root, tensor_extract_isa);
  for (intptr_t i = 0; i < reads.n && !b.failed; ++i) extractByte(&b, reads.data[i]);
  free(reads.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
