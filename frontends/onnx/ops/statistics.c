// InstanceNormalization, GroupNormalization, RMSNormalization, LpNormalization,
// MeanVarianceNormalization, LRN: a reduction, and an elementwise generic that
// reads it through broadcasting maps. Statistics are in float32 at least.
#include "frontends/onnx/ops/table.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <string.h>

#define B onnxBuilder(ctx)

typedef struct {
  OnnxElement element;
  double epsilon;
} EpsilonData;
static MlirValue subtract(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_subf(B, in[0], in[1]);
}
static MlirValue square(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_mulf(B, in[0], in[0]);
}
static MlirValue squareOfDifference(OnnxContext *ctx, const MlirValue *in, void *data) {
  MlirValue d = subtract(ctx, in, data);
  return arith_mulf(B, d, d);
}
static MlirValue absolute(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return math_absf(B, in[0]);
}
static MlirValue inverseRoot(OnnxContext *ctx, const MlirValue *in, void *data) { // 1 / sqrt(x + epsilon)
  EpsilonData *d = data;
  MlirValue shifted = arith_addf(B, in[0], onnxConstantScalar(ctx, d->element, d->epsilon));
  return arith_divf(B, onnxConstantScalar(ctx, d->element, 1), math_sqrt(B, shifted));
}
static OnnxValue *meanOver(OnnxContext *ctx, OnnxValue *x, const bool *mask) {
  if (!x) return NULL;
  OnnxIndex n = onnxConst(1);
  for (int i = 0; i < x->rank; ++i)
    if (mask[i]) n = onnxMul(ctx, n, x->dims[i]);
  return onnxBinary(ctx, ONNX_DIV, onnxReduceWith(ctx, ONNX_REDUCE_SUM, x, mask, true),
                    onnxNewElements(ctx, onnxWide(x->element), 0, &n, 1));
}
typedef struct {
  OnnxValue *mean, *variance;
} Moments;
static Moments momentsOver(OnnxContext *ctx, OnnxValue *x, const bool *mask) {
  Moments m = {meanOver(ctx, x, mask), NULL};
  if (!m.mean) return m;
  OnnxValue *squares =
      onnxElementwise(ctx, 2, (OnnxValue *[]){x, m.mean}, onnxWide(x->element), squareOfDifference, NULL, ONNX_WIDEN);
  m.variance = meanOver(ctx, squares, mask);
  return m;
}
static OnnxValue *inverseOf(OnnxContext *ctx, OnnxValue *variance, double epsilon) {
  if (!variance) return NULL;
  EpsilonData d = {variance->element, epsilon};
  return onnxElementwise(ctx, 1, &variance, variance->element, inverseRoot, &d, ONNX_WIDEN);
}
// A vector as [C, 1, ...], to broadcast from dimension 1 of a tensor of `rank`.
static OnnxValue *overChannels(OnnxContext *ctx, OnnxValue *v, int rank) {
  OnnxIndex dims[ONNX_MAX_RANK];
  if (v->rank != 1) return onnxInvalid(ctx, "scale or bias is no vector"), NULL;
  for (int i = 1; i < rank; ++i) dims[i] = onnxConst(1);
  dims[0] = v->dims[0];
  return onnxReshape(ctx, v, rank - 1, dims);
}
static bool wantsFloat(OnnxContext *ctx, const OnnxValue *x, int leastRank) {
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x), false;
  if (x->rank < leastRank) return onnxInvalid(ctx, "an input of rank %d", x->rank), false;
  return true;
}
static bool wantsFloatStash(OnnxContext *ctx, OnnxNode *node) {
  int64_t stash = onnxInt(ctx, node, "stash_type", ONNX_FLOAT);
  if (stash == ONNX_FLOAT) return true;
  return onnxRefuse(ctx, "attribute stash_type = %lld is not supported", (long long)stash), false;
}

static MlirValue standardize(OnnxContext *ctx, const MlirValue *in, void *data) { // x, mean, inverse, scale, bias
  (void)data;
  MlirValue y = arith_mulf(B, arith_subf(B, in[0], in[1]), in[2]);
  return arith_addf(B, arith_mulf(B, y, in[3]), in[4]);
}
static void lowerInstanceNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  double epsilon = onnxFloat(ctx, node, "epsilon", 1e-5);
  if (!wantsFloat(ctx, x, 3)) return;
  bool mask[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) mask[i] = i >= 2;
  Moments m = momentsOver(ctx, x, mask);
  OnnxValue *all[] = {x, m.mean, inverseOf(ctx, m.variance, epsilon), overChannels(ctx, node->inputs[1], x->rank),
                      overChannels(ctx, node->inputs[2], x->rank)};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 5, all, x->element, standardize, NULL, ONNX_WIDEN));
}

static MlirValue normalizeOnly(OnnxContext *ctx, const MlirValue *in, void *data) { // x, mean, inverse
  (void)data;
  return arith_mulf(B, arith_subf(B, in[0], in[1]), in[2]);
}
static MlirValue scaleAndShift(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_addf(B, arith_mulf(B, in[0], in[1]), in[2]);
}
// Scale and bias belong to channels from opset 21 on, to groups before.
static void lowerGroupNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *scale = node->inputs[1], *bias = node->inputs[2];
  double epsilon = onnxFloat(ctx, node, "epsilon", 1e-5);
  int64_t groups = onnxInt(ctx, node, "num_groups", 0);
  if (!wantsFloatStash(ctx, node) || !wantsFloat(ctx, x, 2)) return;
  if (groups < 1 || (onnxIsConst(x->dims[1]) && x->dims[1].constant % groups))
    return onnxInvalid(ctx, "attribute num_groups = %lld", (long long)groups);
  OnnxIndex count = onnxConst(groups);
  OnnxIndex rest = onnxMul(ctx, onnxDiv(ctx, x->dims[1], count), onnxProduct(ctx, x->rank - 2, x->dims + 2));
  OnnxValue *rows = onnxReshape(ctx, x, 3, (OnnxIndex[]){x->dims[0], count, rest});
  Moments m = momentsOver(ctx, rows, (bool[]){false, false, true});
  OnnxValue *inverse = inverseOf(ctx, m.variance, epsilon), *y;
  if (!inverse) return;
  OnnxElement e = onnxWide(x->element);
  if (node->opset < 21) {
    OnnxValue *all[] = {rows, m.mean, inverse, overChannels(ctx, scale, 3), overChannels(ctx, bias, 3)};
    y = onnxReshape(ctx, onnxElementwise(ctx, 5, all, x->element, standardize, NULL, ONNX_WIDEN), x->rank, x->dims);
  } else {
    y = onnxElementwise(ctx, 3, (OnnxValue *[]){rows, m.mean, inverse}, e, normalizeOnly, NULL, ONNX_WIDEN);
    OnnxValue *all[] = {onnxReshape(ctx, y, x->rank, x->dims), overChannels(ctx, scale, x->rank),
                        overChannels(ctx, bias, x->rank)};
    y = onnxElementwise(ctx, 3, all, x->element, scaleAndShift, NULL, ONNX_WIDEN);
  }
  onnxSetOutput(ctx, node, 0, y);
}

static MlirValue product3(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_mulf(B, arith_mulf(B, in[0], in[1]), in[2]);
}
static void lowerRMSNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  double epsilon = onnxFloat(ctx, node, "epsilon", 1e-5);
  if (!wantsFloatStash(ctx, node) || !wantsFloat(ctx, x, 1)) return;
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", -1), x->rank);
  bool mask[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) mask[i] = i >= axis;
  OnnxValue *squares = onnxElementwise(ctx, 1, &x, onnxWide(x->element), square, NULL, ONNX_WIDEN);
  OnnxValue *inverse = inverseOf(ctx, meanOver(ctx, squares, mask), epsilon);
  OnnxValue *all[] = {x, inverse, node->inputs[1]};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 3, all, x->element, product3, NULL, ONNX_WIDEN));
}

// x / norm, and zero where the norm is zero. in[1] is the norm, or its square.
static MlirValue divideByNorm(OnnxContext *ctx, const MlirValue *in, void *data) {
  EpsilonData *d = data;
  MlirValue zero = onnxConstantScalar(ctx, d->element, 0), norm = d->epsilon == 2 ? math_sqrt(B, in[1]) : in[1];
  return arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OEQ, norm, zero), zero, arith_divf(B, in[0], norm));
}
static void lowerLpNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int64_t p = onnxInt(ctx, node, "p", 2);
  if (!wantsFloat(ctx, x, 1)) return;
  if (p != 1 && p != 2) return onnxRefuse(ctx, "attribute p = %lld is not supported", (long long)p);
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", -1), x->rank);
  if (onnxFailed(ctx)) return;
  bool mask[ONNX_MAX_RANK] = {false};
  mask[axis] = true;
  OnnxElement e = onnxWide(x->element);
  OnnxValue *terms = onnxElementwise(ctx, 1, &x, e, p == 1 ? absolute : square, NULL, ONNX_WIDEN);
  EpsilonData d = {e, (double)p};
  OnnxValue *all[] = {x, onnxReduceWith(ctx, ONNX_REDUCE_SUM, terms, mask, true)};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 2, all, x->element, divideByNorm, &d, ONNX_WIDEN));
}

static MlirValue divideByDeviation(OnnxContext *ctx, const MlirValue *in, void *data) { // x, mean, variance
  EpsilonData *d = data;
  MlirValue deviation = arith_addf(B, math_sqrt(B, in[2]), onnxConstantScalar(ctx, d->element, d->epsilon));
  return arith_divf(B, arith_subf(B, in[0], in[1]), deviation);
}
static void lowerMeanVarianceNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool mask[ONNX_MAX_RANK], given;
  if (!wantsFloat(ctx, x, 1) || !onnxAxesMask(ctx, node, "axes", -1, x->rank, mask, &given)) return;
  if (!given && x->rank < 4) return onnxInvalid(ctx, "the default axes do not exist in rank %d", x->rank);
  if (!given) mask[0] = mask[2] = mask[3] = true;
  Moments m = momentsOver(ctx, x, mask);
  EpsilonData d = {onnxWide(x->element), 1e-9};
  OnnxValue *all[] = {x, m.mean, m.variance};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 3, all, x->element, divideByDeviation, &d, ONNX_WIDEN));
}

//===--- LRN ---
typedef struct {
  OnnxElement element, from;
  double alpha, beta, bias; // alpha divided by the window's size
} LrnData;
static void sumOfSquares(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) { // x, window, sum
  LrnData *d = data;
  MlirValue x = onnxConvert(ctx, args[0], d->from, d->element);
  results[0] = arith_addf(B, args[2], arith_mulf(B, x, x));
}
static MlirValue lrnBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  LrnData *d = data;
#define REAL(x) onnxConstantScalar(ctx, d->element, x)
  MlirValue base = arith_addf(B, REAL(d->bias), arith_mulf(B, REAL(d->alpha), in[1]));
  return arith_divf(B, in[0], math_powf(B, base, REAL(d->beta)));
#undef REAL
}
// The sum runs over channels c - floor((size - 1) / 2) .. c + ceil((size - 1) / 2): channels are padded with zeros.
static void lowerLRN(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int64_t size = onnxInt(ctx, node, "size", 0);
  LrnData d = {onnxWide(x->element), x->element, onnxFloat(ctx, node, "alpha", 1e-4),
               onnxFloat(ctx, node, "beta", 0.75), onnxFloat(ctx, node, "bias", 1)};
  if (!wantsFloat(ctx, x, 2)) return;
  if (size < 1 || size > 1 << 20) return onnxInvalid(ctx, "attribute size = %lld", (long long)size);
  d.alpha /= (double)size;
  OnnxIndex low[ONNX_MAX_RANK], high[ONNX_MAX_RANK], window = onnxConst(size);
  for (int i = 0; i < x->rank; ++i) low[i] = high[i] = onnxConst(0);
  low[1] = onnxConst((size - 1) / 2), high[1] = onnxConst(size / 2);
  OnnxValue *padded = onnxPad(ctx, x, low, high, onnxConstantScalar(ctx, x->element, 0));
  if (!padded) return;
  MlirContext c = B->ctx;
  int loops = x->rank + 1;
  char iterators[ONNX_MAX_RANK + 2] = {0};
  int same[ONNX_MAX_RANK];
  MlirAffineExpr in[ONNX_MAX_RANK];
  memset(iterators, 'p', (size_t)x->rank);
  iterators[x->rank] = 'r';
  for (int i = 0; i < x->rank; ++i) in[i] = mlirAffineDimExprGet(c, i), same[i] = i;
  in[1] = mlirAffineAddExprGet(in[1], mlirAffineDimExprGet(c, x->rank));
  OnnxAccess ins[] = {{onnxTensor(ctx, padded), mlirAffineMapGet(c, loops, 0, x->rank, in)},
                      {onnxEmpty(ctx, d.element, 1, &window), onnxMap(ctx, loops, 1, (int[]){x->rank})}};
  OnnxAccess out = {onnxZeros(ctx, d.element, x->rank, x->dims), onnxMap(ctx, loops, x->rank, same)};
  MlirValue sum;
  onnxGeneric(ctx, iterators, 2, ins, 1, &out, sumOfSquares, &d, &sum);
  OnnxValue *all[] = {x, onnxNewTensor(ctx, d.element, x->rank, x->dims, sum)};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 2, all, x->element, lrnBody, &d, ONNX_WIDEN));
}

const OnnxOperator dlcOnnxStatistics[] = {{"InstanceNormalization", 1, 0, 3, 3, lowerInstanceNormalization},
                                          {"GroupNormalization", 18, 0, 3, 3, lowerGroupNormalization},
                                          {"RMSNormalization", 23, 0, 2, 2, lowerRMSNormalization},
                                          {"LpNormalization", 1, 0, 1, 1, lowerLpNormalization},
                                          {"MeanVarianceNormalization", 9, 0, 1, 1, lowerMeanVarianceNormalization},
                                          {"LRN", 1, 0, 1, 1, lowerLRN},
                                          {0}};
