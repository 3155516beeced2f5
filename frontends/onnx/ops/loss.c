// NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss and Dropout: what training
// leaves in a model. The class of a sample is picked by a gather in the body.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }

typedef struct {
  OnnxElement element; // of the accumulation
  OnnxValue *logits, *weight;
  MlirValue logitsTensor, weightTensor;
  OnnxElement label;
  bool ignores, negate;
  int64_t ignored;
} PickData;
// Weight and loss of one sample. A label that is no class reads class 0, or nothing at all when it is the ignored one.
static void pickBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  PickData *d = data;
  MlirValue label = onnxConvert(ctx, args[0], d->label, ONNX_INT64), zero = onnxConstantScalar(ctx, d->element, 0);
  MlirValue one = onnxConstantScalar(ctx, d->element, 1), ignored = {0}, at[ONNX_MAX_RANK];
  if (d->ignores) ignored = arith_cmpi(B, arith_CmpIPredicate_eq, label, onnxConstantInt(ctx, ONNX_INT64, d->ignored));
  MlirValue cls = arith_index_cast(B, label, indexType(B));
  MlirValue count = onnxIndexValue(ctx, d->logits->dims[1]), least = constIndex(B, 0);
  MlirValue valid = arith_cmpi(B, arith_CmpIPredicate_ult, cls, count);
  cls = arith_select(B, valid, cls, least);
  for (int i = 0; i < d->logits->rank; ++i) at[i] = i == 1 ? cls : linalg_index(B, .dim = i ? i - 1 : 0);
  MlirValue x =
      onnxConvert(ctx, tensor_extract(B, d->logitsTensor, valsN(d->logits->rank, at)), d->logits->element, d->element);
  MlirValue w = one;
  if (d->weight) w = onnxConvert(ctx, tensor_extract(B, d->weightTensor, vals(cls)), d->weight->element, d->element);
  MlirValue loss = arith_mulf(B, arith_subf(B, zero, x), w);
  if (d->ignores) loss = arith_select(B, ignored, zero, loss), w = arith_select(B, ignored, zero, w);
  results[0] = loss, results[1] = w;
}
static void setLoss(OnnxContext *ctx, OnnxNode *node, OnnxValue *logits, OnnxElement result) {
  OnnxValue *labels = node->inputs[1], *weight = optional(node, 2);
  const char *reduction = onnxString(ctx, node, "reduction", "mean");
  bool ignores = onnxHasAttribute(node, "ignore_index");
  PickData d = {
      .element = onnxWide(result), .logits = logits, .weight = weight, .label = labels->element, .ignores = ignores};
  d.ignored = onnxInt(ctx, node, "ignore_index", 0);
  bool none = !strcmp(reduction, "none"), mean = !strcmp(reduction, "mean");
  if (!none && !mean && strcmp(reduction, "sum")) return onnxInvalid(ctx, "attribute reduction = \"%s\"", reduction);
  if (!logits) return;
  if (logits->rank < 2 || labels->rank != logits->rank - 1)
    return onnxInvalid(ctx, "scores of rank %d, labels of rank %d", logits->rank, labels->rank);
  if (labels->element != ONNX_INT64 && labels->element != ONNX_INT32) return onnxRefuseElement(ctx, labels);
  if (weight && weight->rank != 1) return onnxInvalid(ctx, "the weights are no vector");
  if (weight) onnxRequireEqual(ctx, weight->dims[0], logits->dims[1], "the numbers of weights and classes");
  for (int i = 0; i < labels->rank; ++i)
    onnxRequireEqual(ctx, labels->dims[i], logits->dims[i ? i + 1 : 0], "sizes of scores and labels");
  d.logitsTensor = onnxTensor(ctx, logits), d.weightTensor = onnxTensor(ctx, weight);
  onnxIndexValue(ctx, logits->dims[1]);
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)labels->rank);
  MlirAffineMap map = onnxIdentity(ctx, labels->rank);
  OnnxAccess in = {onnxTensor(ctx, labels), map}, outs[2];
  for (int i = 0; i < 2; ++i) outs[i] = (OnnxAccess){onnxEmpty(ctx, d.element, labels->rank, labels->dims), map};
  MlirValue results[2];
  onnxGeneric(ctx, iterators, 1, &in, 2, outs, pickBody, &d, results);
  OnnxValue *loss = onnxNewTensor(ctx, d.element, labels->rank, labels->dims, results[0]);
  OnnxValue *weights = onnxNewTensor(ctx, d.element, labels->rank, labels->dims, results[1]);
  bool all[ONNX_MAX_RANK];
  memset(all, 1, sizeof all);
  if (!none) loss = onnxReduceWith(ctx, ONNX_REDUCE_SUM, loss, all, false);
  if (mean) loss = onnxBinary(ctx, ONNX_DIV, loss, onnxReduceWith(ctx, ONNX_REDUCE_SUM, weights, all, false));
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, loss, result));
}
static void lowerNegativeLogLikelihoodLoss(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  setLoss(ctx, node, x, x->element);
}
static void lowerSoftmaxCrossEntropyLoss(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  if (x->rank < 2) return onnxInvalid(ctx, "scores of rank %d", x->rank);
  OnnxValue *logarithms = onnxSoftmax(ctx, x, 1, true);
  setLoss(ctx, node, logarithms, x->element);
  if (onnxWantsOutput(node, 1)) onnxSetOutput(ctx, node, 1, logarithms);
}

//===--- Dropout ---
static void lowerDropout(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *ratio = optional(node, 1), *training = optional(node, 2);
  if (node->opset < 12)
    onnxFloat(ctx, node, "ratio", 0.5); // of training only
  else
    onnxInt(ctx, node, "seed", 0);
  if (node->opset < 7 && !onnxInt(ctx, node, "is_test", 0))
    return onnxRefuse(ctx, "attribute is_test = 0 is not supported");
  bool keeps = !training || (training->data && !onnxGetInt(training, 0)) ||
               (ratio && ratio->data && onnxGetFloat(ratio, 0) == 0);
  if (!keeps) return onnxRefuse(ctx, "input training_mode that is not a constant false is not supported");
  onnxSetOutput(ctx, node, 0, x);
  if (!onnxWantsOutput(node, 1)) return;
  OnnxElement e = node->opset < 10 ? x->element : ONNX_BOOL;
  onnxSetOutput(
      ctx, node, 1,
      onnxNewTensor(ctx, e, x->rank, x->dims, onnxFill(ctx, e, x->rank, x->dims, onnxConstantInt(ctx, e, 1))));
}

const OnnxOperator dlcOnnxLoss[] = {{"NegativeLogLikelihoodLoss", 12, 0, 2, 3, lowerNegativeLogLikelihoodLoss},
                                    {"SoftmaxCrossEntropyLoss", 12, 0, 2, 3, lowerSoftmaxCrossEntropyLoss},
                                    {"Dropout", 1, 0, 1, 3, lowerDropout},
                                    {0}};
