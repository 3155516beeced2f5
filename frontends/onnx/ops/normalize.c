// BatchNormalization (inference), Softmax, LogSoftmax, LayerNormalization: row
// reductions and elementwise generics that read them through broadcasting maps.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

//===--- Softmax ---
static MlirValue expOfDifference(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return math_exp(B, arith_subf(B, in[0], in[1]));
}
static MlirValue quotient(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_divf(B, in[0], in[1]);
}
static MlirValue logOfSoftmax(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_subf(B, arith_subf(B, in[0], in[1]), math_log(B, in[2]));
}
OnnxValue *onnxSoftmax(OnnxContext *ctx, OnnxValue *x, int axis, bool logarithm) {
  if (onnxFailed(ctx) || !x) return NULL;
  OnnxElement e = onnxWide(x->element);
  bool mask[ONNX_MAX_RANK] = {false};
  mask[axis] = true;
  OnnxValue *max = onnxReduceWith(ctx, ONNX_REDUCE_MAX, x, mask, true);
  OnnxValue *powers = onnxElementwise(ctx, 2, (OnnxValue *[]){x, max}, e, expOfDifference, NULL, ONNX_WIDEN);
  OnnxValue *sum = onnxReduceWith(ctx, ONNX_REDUCE_SUM, powers, mask, true);
  if (logarithm)
    return onnxElementwise(ctx, 3, (OnnxValue *[]){x, max, sum}, x->element, logOfSoftmax, NULL, ONNX_WIDEN);
  return onnxElementwise(ctx, 2, (OnnxValue *[]){powers, sum}, x->element, quotient, NULL, ONNX_WIDEN);
}
static void lowerSoftmax(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *y = x;
  bool logarithm = !strcmp(node->type, "LogSoftmax"), old = node->opset < 13;
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", old ? 1 : -1), x->rank);
  if (onnxFailed(ctx)) return;
  if (old) { // all dimensions from the axis on are one row
    OnnxIndex rows[] = {onnxProduct(ctx, axis, x->dims), onnxProduct(ctx, x->rank - axis, x->dims + axis)};
    bool last = axis == x->rank - 1;
    y = last ? x : onnxReshape(ctx, x, 2, rows);
    y = onnxSoftmax(ctx, y, last ? axis : 1, logarithm);
    return onnxSetOutput(ctx, node, 0, onnxReshape(ctx, y, x->rank, x->dims));
  }
  onnxSetOutput(ctx, node, 0, onnxSoftmax(ctx, x, axis, logarithm));
}

//===--- BatchNormalization ---
typedef struct {
  OnnxElement element;
  double epsilon;
} EpsilonData;
static MlirValue inverseDeviation(OnnxContext *ctx, const MlirValue *in, void *data) {
  EpsilonData *d = data;
  MlirValue one = onnxConstantScalar(ctx, d->element, 1);
  return arith_divf(B, one, math_sqrt(B, arith_addf(B, in[0], onnxConstantScalar(ctx, d->element, d->epsilon))));
}
static OnnxValue *inverseOf(OnnxContext *ctx, OnnxValue *variance, double epsilon) {
  if (onnxFailed(ctx) || !variance) return NULL;
  OnnxElement e = onnxWide(variance->element);
  if (variance->data) {
    void *data;
    int64_t sizes[ONNX_MAX_RANK], n = onnxCount(variance);
    for (int i = 0; i < variance->rank; ++i) sizes[i] = variance->dims[i].constant;
    OnnxValue *v = onnxNewConstant(ctx, e, variance->rank, sizes, &data);
    for (int64_t i = 0; v && i < n; ++i) onnxPutFloat(e, data, i, 1 / sqrt(onnxGetFloat(variance, i) + epsilon));
    return v;
  }
  EpsilonData d = {e, epsilon};
  return onnxElementwise(ctx, 1, &variance, e, inverseDeviation, &d, ONNX_WIDEN);
}
static MlirValue scaleAndShift(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_addf(B, arith_mulf(B, in[0], in[1]), in[2]);
}
// A vector over channels as [C, 1, 1, ...], to broadcast from dimension 1 of a tensor of `rank`.
static OnnxValue *overChannels(OnnxContext *ctx, OnnxValue *v, int rank) {
  if (!v) return NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  for (int i = 0; i < rank; ++i) dims[i] = onnxConst(1);
  dims[0] = v->dims[0];
  return onnxReshape(ctx, v, rank > 1 ? rank - 1 : 1, dims);
}
static void lowerBatchNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], **in = node->inputs;
  double epsilon = onnxFloat(ctx, node, "epsilon", 1e-5);
  onnxFloat(ctx, node, "momentum", 0.9); // of the running statistics, which inference does not update
  if (onnxInt(ctx, node, "training_mode", 0)) return onnxRefuse(ctx, "attribute training_mode = 1 is not supported");
  if (node->opset < 9) {
    int64_t spatial = onnxInt(ctx, node, "spatial", 1);
    if (!spatial) return onnxRefuse(ctx, "attribute spatial = 0 is not supported");
  }
  if (node->opset < 7 && !onnxInt(ctx, node, "is_test", 0))
    return onnxRefuse(ctx, "attribute is_test = 0 (training) is not supported");
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  if (x->rank < 1) return onnxInvalid(ctx, "an input of rank 0");
  OnnxElement e = onnxWide(x->element);
  for (int i = 1; i < 5; ++i)
    if (in[i]->rank != 1) return onnxInvalid(ctx, "input %d is no vector", i);
  OnnxValue *factor = onnxBinary(ctx, ONNX_MUL, onnxCast(ctx, in[1], e),
                                 onnxCast(ctx, inverseOf(ctx, onnxCast(ctx, in[4], e), epsilon), e));
  OnnxValue *shift =
      onnxBinary(ctx, ONNX_SUB, onnxCast(ctx, in[2], e), onnxBinary(ctx, ONNX_MUL, onnxCast(ctx, in[3], e), factor));
  OnnxValue *all[] = {x, overChannels(ctx, factor, x->rank), overChannels(ctx, shift, x->rank)};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 3, all, x->element, scaleAndShift, NULL, ONNX_WIDEN));
}

//===--- LayerNormalization ---
static MlirValue difference(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_subf(B, in[0], in[1]);
}
static MlirValue squareOfDifference(OnnxContext *ctx, const MlirValue *in, void *data) {
  MlirValue d = difference(ctx, in, data);
  return arith_mulf(B, d, d);
}
static MlirValue normalizeBody(OnnxContext *ctx, const MlirValue *in,
                               void *data) { // x, mean, inverse deviation, scale, bias
  MlirValue y = arith_mulf(B, arith_mulf(B, arith_subf(B, in[0], in[1]), in[2]), in[3]);
  return *(bool *)data ? arith_addf(B, y, in[4]) : y;
}
static void lowerLayerNormalization(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *bias = node->inputCount > 2 ? node->inputs[2] : NULL;
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", -1), x->rank);
  double epsilon = onnxFloat(ctx, node, "epsilon", 1e-5);
  int64_t stash = onnxInt(ctx, node, "stash_type", ONNX_FLOAT);
  if (stash != ONNX_FLOAT) return onnxRefuse(ctx, "attribute stash_type = %lld is not supported", (long long)stash);
  if (onnxFailed(ctx)) return;
  OnnxElement e = onnxWide(x->element);
  bool mask[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) mask[i] = i >= axis;
  OnnxIndex n = onnxProduct(ctx, x->rank - axis, x->dims + axis);
  OnnxValue *count = onnxNewElements(ctx, e, 0, &n, 1);
  OnnxValue *mean = onnxBinary(ctx, ONNX_DIV, onnxReduceWith(ctx, ONNX_REDUCE_SUM, x, mask, true), count);
  OnnxValue *squares = onnxElementwise(ctx, 2, (OnnxValue *[]){x, mean}, e, squareOfDifference, NULL, ONNX_WIDEN);
  OnnxValue *variance = onnxBinary(ctx, ONNX_DIV, onnxReduceWith(ctx, ONNX_REDUCE_SUM, squares, mask, true), count);
  OnnxValue *inverse = inverseOf(ctx, variance, epsilon);
  bool hasBias = bias != NULL;
  OnnxValue *all[] = {x, mean, inverse, node->inputs[1], bias};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 4 + hasBias, all, x->element, normalizeBody, &hasBias, ONNX_WIDEN));
  OnnxElement kept = x->element == ONNX_DOUBLE ? ONNX_DOUBLE : ONNX_FLOAT;
  if (onnxWantsOutput(node, 1)) onnxSetOutput(ctx, node, 1, onnxCast(ctx, mean, kept));
  if (onnxWantsOutput(node, 2)) onnxSetOutput(ctx, node, 2, onnxCast(ctx, inverse, kept));
}

const OnnxOperator dlcOnnxNormalize[] = {{"Softmax", 1, 0, 1, 1, lowerSoftmax},
                                         {"LogSoftmax", 1, 0, 1, 1, lowerSoftmax},
                                         {"BatchNormalization", 6, 0, 5, 5, lowerBatchNormalization},
                                         {"LayerNormalization", 17, 0, 2, 3, lowerLayerNormalization},
                                         {0}};
