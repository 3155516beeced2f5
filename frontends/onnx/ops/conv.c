// Conv of any rank: the input is padded, then one linalg op accumulates onto
// the broadcast bias. Plain and depthwise 2-D convolutions use linalg's named
// ops, 1x1 ones a generic without loops over the kernel, the rest one with them.
#include "frontends/onnx/ops/quantise.h"
#include "frontends/onnx/ops/table.h"
#include "frontends/onnx/ops/window.h"
#include "mlir-c/AffineExpr.h"
#include "ods/linalg.h"
#include <string.h>

#define B onnxBuilder(ctx)

static MlirAttribute pairAttribute(OnnxContext *ctx, const int64_t *values) {
  MlirContext c = B->ctx;
  MlirType type = mlirRankedTensorTypeGet(1, (int64_t[]){2}, mlirIntegerTypeGet(c, 64), mlirAttributeGetNull());
  return mlirDenseElementsAttrInt64Get(type, 2, values);
}
// channels: how many dimensions, from the second one on, the filters are.
static MlirValue startOfSum(OnnxContext *ctx, OnnxValue *bias, OnnxElement e, int rank, const OnnxIndex *dims,
                            int channels) {
  if (!bias) return onnxZeros(ctx, e, rank, dims);
  OnnxIndex shape[ONNX_MAX_RANK];
  for (int i = 0; i < rank; ++i) shape[i] = i >= 1 && i <= channels ? dims[i] : onnxConst(1);
  return onnxTensor(ctx, onnxExpand(ctx, onnxReshape(ctx, onnxCast(ctx, bias, e), rank, shape), rank, dims));
}

static MlirValue namedConv(OnnxContext *ctx, OnnxValue *x, OnnxValue *weight, const OnnxWindow *w, MlirValue init) {
  MlirValue in = onnxTensor(ctx, x), filter = onnxTensor(ctx, weight);
  if (onnxFailed(ctx)) return (MlirValue){0};
  return dlcResult(linalg_conv_2d_nchw_fchw(B, vals(in, filter), vals(init), types(typeOf(init)),
                                            .strides = pairAttribute(ctx, w->strides),
                                            .dilations = pairAttribute(ctx, w->dilations)),
                   0);
}
static MlirValue depthwiseConv(OnnxContext *ctx, OnnxValue *x, OnnxValue *weight, const OnnxWindow *w, MlirValue init) {
  OnnxIndex shape[] = {weight->dims[0], weight->dims[2], weight->dims[3]};
  MlirValue in = onnxTensor(ctx, x), filter = onnxTensor(ctx, onnxReshape(ctx, weight, 3, shape));
  if (onnxFailed(ctx)) return (MlirValue){0};
  return dlcResult(linalg_depthwise_conv_2d_nchw_chw(B, vals(in, filter), vals(init), types(typeOf(init)),
                                                     .strides = pairAttribute(ctx, w->strides),
                                                     .dilations = pairAttribute(ctx, w->dilations)),
                   0);
}
// [oc, ic] x [n, ic, pixels...] -> [n, oc, pixels...], over n, oc, pixels..., ic
static OnnxValue *pointwiseConv(OnnxContext *ctx, OnnxValue *x, OnnxValue *weight, OnnxValue *bias, const OnnxWindow *w,
                                OnnxElement e, const OnnxIndex *dims) {
  MlirContext c = B->ctx;
  int loops = w->n + 3;
  MlirAffineExpr in[ONNX_MAX_RANK], out[ONNX_MAX_RANK];
  char iterators[ONNX_MAX_RANK + 1] = {0};
  for (int i = 0; i < loops - 1; ++i) out[i] = in[i] = mlirAffineDimExprGet(c, i);
  for (int i = 0; i < w->n; ++i)
    in[2 + i] = mlirAffineMulExprGet(in[2 + i], mlirAffineConstantExprGet(c, w->strides[i]));
  in[1] = mlirAffineDimExprGet(c, loops - 1);
  memset(iterators, 'p', (size_t)loops - 1), iterators[loops - 1] = 'r';
  OnnxValue *matrix = onnxReshape(ctx, weight, 2, weight->dims);
  MlirValue r = onnxContract(ctx, iterators, matrix, onnxMap(ctx, loops, 2, (int[]){1, loops - 1}), x,
                             mlirAffineMapGet(c, loops, 0, x->rank, in), e, startOfSum(ctx, bias, e, x->rank, dims, 1),
                             mlirAffineMapGet(c, loops, 0, x->rank, out));
  return onnxNewTensor(ctx, e, x->rank, dims, r);
}
// Loops n, (group), filter, out..., channel, kernel...
static OnnxValue *genericConv(OnnxContext *ctx, OnnxValue *x, OnnxValue *weight, OnnxValue *bias, int64_t groups,
                              const OnnxWindow *w, OnnxElement e, const OnnxIndex *dims) {
  MlirContext c = B->ctx;
  int n = w->n, g = groups > 1, loops = 3 + g + 2 * n, channel = 2 + g + n;
  OnnxIndex in[ONNX_MAX_RANK], filter[ONNX_MAX_RANK], out[ONNX_MAX_RANK], count = onnxConst(groups);
  MlirAffineExpr mapIn[ONNX_MAX_RANK], mapFilter[ONNX_MAX_RANK], mapOut[ONNX_MAX_RANK];
#define DIM(list, map, size, loop) (map[list##Count] = mlirAffineDimExprGet(c, loop), list[list##Count++] = (size))
  int inCount = 0, filterCount = 0, outCount = 0;
  DIM(in, mapIn, x->dims[0], 0), DIM(out, mapOut, x->dims[0], 0);
  if (g) DIM(in, mapIn, count, 1), DIM(filter, mapFilter, count, 1), DIM(out, mapOut, count, 1);
  OnnxIndex perGroup = onnxDiv(ctx, weight->dims[0], count);
  DIM(in, mapIn, weight->dims[1], channel), DIM(filter, mapFilter, perGroup, 1 + g), DIM(out, mapOut, perGroup, 1 + g);
  DIM(filter, mapFilter, weight->dims[1], channel);
  for (int i = 0; i < n; ++i) {
    DIM(out, mapOut, w->out[i], 2 + g + i), DIM(filter, mapFilter, w->kernel[i], channel + 1 + i);
    mapIn[inCount] = onnxWindowExpr(ctx, w, i, 2 + g + i, channel + 1 + i), in[inCount++] = x->dims[2 + i];
  }
#undef DIM
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'r', (size_t)loops);
  memset(iterators, 'p', (size_t)channel);
  MlirValue init = startOfSum(ctx, bias, e, outCount, out, 1 + g);
  MlirValue r =
      onnxContract(ctx, iterators, onnxReshape(ctx, x, inCount, in), mlirAffineMapGet(c, loops, 0, inCount, mapIn),
                   onnxReshape(ctx, weight, filterCount, filter), mlirAffineMapGet(c, loops, 0, filterCount, mapFilter),
                   e, init, mlirAffineMapGet(c, loops, 0, outCount, mapOut));
  return onnxReshape(ctx, onnxNewTensor(ctx, e, outCount, out, r), 2 + n, dims);
}

static bool isPointwise(const OnnxWindow *w) {
  for (int i = 0; i < w->n; ++i)
    if (!onnxIs(w->kernel[i], 1) || !onnxIs(w->low[i], 0) || !onnxIs(w->high[i], 0)) return false;
  return true;
}
static bool checkConv(OnnxContext *ctx, OnnxNode *node, const OnnxValue *x, const OnnxValue *weight, OnnxWindow *w,
                      int64_t groups) {
  if (x->rank < 3 || weight->rank != x->rank)
    return onnxInvalid(ctx, "operands of rank %d and %d", x->rank, weight->rank), false;
  if (groups < 1) return onnxInvalid(ctx, "attribute group = %lld", (long long)groups), false;
  onnxRequireEqual(ctx, x->dims[1], onnxMul(ctx, weight->dims[1], onnxConst(groups)),
                   "the numbers of channels of input and weight");
  if (onnxIsConst(weight->dims[0]) && weight->dims[0].constant % groups)
    return onnxInvalid(ctx, "%lld filters in %lld groups", (long long)weight->dims[0].constant, (long long)groups),
           false;
  w->n = x->rank - 2;
  const int64_t *kernel;
  int n = onnxInts(ctx, node, "kernel_shape", &kernel);
  if (n && n != w->n) return onnxInvalid(ctx, "attribute kernel_shape has %d entries", n), false;
  for (int i = 0; i < w->n; ++i) {
    w->kernel[i] = weight->dims[2 + i];
    if (n) onnxRequireEqual(ctx, w->kernel[i], onnxConst(kernel[i]), "attribute kernel_shape and the weight's size");
  }
  return onnxReadWindow(ctx, node, x, false, true, w);
}
OnnxValue *onnxConvolve(OnnxContext *ctx, OnnxValue *x, OnnxValue *weight, OnnxValue *bias, int64_t groups,
                        const OnnxWindow *w) {
  if (onnxFailed(ctx) || !x || !weight) return NULL;
  if (3 + (groups > 1) + 2 * w->n > ONNX_MAX_RANK) // the loops of genericConv
    return onnxRefuse(ctx, "an image of rank %d is not supported", x->rank), NULL;
  if (bias && bias->rank != 1) return onnxInvalid(ctx, "a bias of rank %d", bias->rank), NULL;
  if (bias) onnxRequireEqual(ctx, bias->dims[0], weight->dims[0], "the numbers of biases and filters");
  OnnxElement e = onnxWide(x->element);
  OnnxIndex dims[ONNX_MAX_RANK] = {x->dims[0], weight->dims[0]};
  for (int i = 0; i < w->n; ++i) dims[2 + i] = w->out[i];
  bool depthwise = groups > 1 && onnxIs(weight->dims[1], 1) && onnxIs(weight->dims[0], groups);
  if (groups == 1 && isPointwise(w)) return pointwiseConv(ctx, x, weight, bias, w, e, dims);
  x = onnxPadWindow(ctx, x, w, onnxConstantInt(ctx, x->element, 0));
  if (!x) return NULL;
  if (w->n == 2 && groups == 1)
    return onnxNewTensor(ctx, e, x->rank, dims,
                         namedConv(ctx, x, weight, w, startOfSum(ctx, bias, e, x->rank, dims, 1)));
  if (w->n == 2 && depthwise)
    return onnxNewTensor(ctx, e, x->rank, dims,
                         depthwiseConv(ctx, x, weight, w, startOfSum(ctx, bias, e, x->rank, dims, 1)));
  return genericConv(ctx, x, weight, bias, groups, w, e, dims);
}
static void lowerConv(OnnxContext *ctx, OnnxNode *node) {
  OnnxWindow w;
  OnnxValue *x = node->inputs[0], *weight = node->inputs[1], *bias = node->inputCount > 2 ? node->inputs[2] : NULL;
  int64_t groups = onnxInt(ctx, node, "group", 1);
  if (!onnxIsFloat(x->element) || weight->element != x->element) return onnxRefuseElement(ctx, weight);
  if (!checkConv(ctx, node, x, weight, &w, groups)) return;
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, onnxConvolve(ctx, x, weight, bias, groups, &w), x->element));
}

//===--- ConvInteger, QLinearConv ---
// A zero point of the weight may be a vector over its filters.
static OnnxValue *convolveCentred(OnnxContext *ctx, OnnxNode *node, OnnxValue *x, OnnxValue *zeroX, OnnxValue *weight,
                                  OnnxValue *zeroWeight, OnnxValue *bias) {
  OnnxWindow w;
  int64_t groups = onnxInt(ctx, node, "group", 1);
  if (zeroX && zeroX->rank && !onnxIs(zeroX->dims[0], 1))
    return onnxInvalid(ctx, "the input's zero point is no scalar"), NULL;
  if (!checkConv(ctx, node, x, weight, &w, groups)) return NULL;
  return onnxConvolve(ctx, onnxCentre(ctx, x, zeroX, 0), onnxCentre(ctx, weight, zeroWeight, 0), bias, groups, &w);
}
static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }
static void lowerConvInteger(OnnxContext *ctx, OnnxNode *node) {
  onnxSetOutput(
      ctx, node, 0,
      convolveCentred(ctx, node, node->inputs[0], optional(node, 2), node->inputs[1], optional(node, 3), NULL));
}
static void lowerQLinearConv(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *const *in = node->inputs, *bias = optional(node, 8);
  if (onnxElementSize(in[7]->element) != 1 || in[7]->element == ONNX_BOOL) return onnxRefuseElement(ctx, in[7]);
  if (bias && bias->element != ONNX_INT32) return onnxRefuseElement(ctx, bias);
  OnnxValue *sum = convolveCentred(ctx, node, in[0], in[2], in[3], in[5], bias);
  if (!sum) return;
  OnnxValue *scales[] = {onnxAlongAxis(ctx, sum, in[1], 1), onnxAlongAxis(ctx, sum, in[4], 1),
                         onnxAlongAxis(ctx, sum, in[6], 1)};
  OnnxValue *zero = onnxAlongAxis(ctx, sum, in[7], 1);
  if (!onnxFailed(ctx)) onnxSetOutput(ctx, node, 0, onnxRequantise(ctx, sum, scales[0], scales[1], scales[2], zero));
}
const OnnxOperator dlcOnnxConv[] = {{"Conv", 1, 0, 2, 3, lowerConv},
                                    {"ConvInteger", 10, 0, 2, 4, lowerConvInteger},
                                    {"QLinearConv", 10, 0, 8, 9, lowerQLinearConv},
                                    {0}};
