// ReduceSum and its relatives: an optional elementwise step, one reduction, an
// optional elementwise step after it.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

static MlirAttribute extreme(OnnxContext *ctx, OnnxElement e, bool greatest) {
  MlirType type = onnxElementType(ctx, e);
  if (onnxFailed(ctx)) return (MlirAttribute){0};
  if (onnxIsFloat(e)) return mlirFloatAttrDoubleGet(mlirTypeGetContext(type), type, greatest ? INFINITY : -INFINITY);
  unsigned bits = (unsigned)onnxElementSize(e) * 8;
  if (e == ONNX_BOOL) return mlirIntegerAttrGet(type, greatest);
  if (onnxIsUnsigned(e)) return mlirIntegerAttrGet(type, greatest ? -1 : 0);
  int64_t least = bits == 64 ? INT64_MIN : -((int64_t)1 << (bits - 1));
  return mlirIntegerAttrGet(type, greatest ? -(least + 1) : least);
}
MlirAttribute onnxLowest(OnnxContext *ctx, OnnxElement e) { return extreme(ctx, e, false); }
MlirAttribute onnxHighest(OnnxContext *ctx, OnnxElement e) { return extreme(ctx, e, true); }

typedef struct {
  OnnxReduction kind;
  OnnxElement element;
} Combine;
static MlirValue combine(OnnxContext *ctx, MlirValue acc, MlirValue x, void *data) {
  static const OnnxArithmetic kinds[] = {ONNX_ADD, ONNX_MUL, ONNX_MAX, ONNX_MIN};
  Combine *c = data;
  if (c->element == ONNX_BOOL) return c->kind == ONNX_REDUCE_MAX ? arith_ori(B, acc, x) : arith_andi(B, acc, x);
  return onnxArithmetic(ctx, kinds[c->kind], c->element, acc, x);
}
OnnxValue *onnxReduceWith(OnnxContext *ctx, OnnxReduction kind, OnnxValue *x, const bool *mask, bool keepDims) {
  if (onnxFailed(ctx) || !x) return NULL;
  OnnxElement e = onnxWide(x->element);
  MlirAttribute init = kind == ONNX_REDUCE_MAX   ? onnxLowest(ctx, e)
                       : kind == ONNX_REDUCE_MIN ? onnxHighest(ctx, e)
                                                 : onnxScalarAttribute(ctx, e, kind == ONNX_REDUCE_PROD);
  Combine c = {kind, e};
  return onnxReduce(ctx, x, mask, keepDims, e, init, combine, &c);
}

//===--- the operators ---
typedef enum { SQUARE, ABSOLUTE, EXP, LOG, SQRT } Step;
typedef struct {
  Step step;
  OnnxElement element;
} StepData;
static MlirValue stepBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  StepData *d = data;
  bool isFloat = onnxIsFloat(d->element);
  MlirValue x = in[0];
  switch (d->step) {
  case SQUARE:
    return isFloat ? arith_mulf(B, x, x) : arith_muli(B, x, x);
  case ABSOLUTE:
    return isFloat ? math_absf(B, x) : onnxIsUnsigned(d->element) ? x : math_absi(B, x);
  case EXP:
    return math_exp(B, x);
  case LOG:
    return math_log(B, x);
  default:
    return math_sqrt(B, x);
  }
}
static OnnxValue *apply(OnnxContext *ctx, Step step, OnnxValue *x) {
  if (!x) return NULL;
  OnnxElement e = onnxWide(x->element);
  StepData d = {step, e};
  return onnxElementwise(ctx, 1, &x, e, stepBody, &d, ONNX_WIDEN);
}
// log and sqrt of an integer's reduction are taken in double and cut back.
static OnnxValue *applyAfter(OnnxContext *ctx, Step step, OnnxValue *x) {
  if (!x) return NULL;
  if (onnxIsFloat(x->element)) return apply(ctx, step, x);
  return onnxCast(ctx, apply(ctx, step, onnxCast(ctx, x, ONNX_DOUBLE)), x->element);
}
static OnnxValue *countOf(OnnxContext *ctx, OnnxValue *x, const bool *mask, OnnxElement e) {
  OnnxIndex n = onnxConst(1);
  for (int i = 0; i < x->rank; ++i)
    if (mask[i]) n = onnxMul(ctx, n, x->dims[i]);
  return onnxNewElements(ctx, e, 0, &n, 1);
}
static MlirValue expDifference(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return math_exp(B, arith_subf(B, in[0], in[1]));
}
// A maximum that is infinite must not be subtracted from itself.
static MlirValue finiteOrZero(OnnxContext *ctx, const MlirValue *in, void *data) {
  OnnxElement e = *(OnnxElement *)data;
  MlirValue infinite =
      arith_cmpf(B, arith_CmpFPredicate_OEQ, math_absf(B, in[0]), onnxConstantScalar(ctx, e, INFINITY));
  return arith_select(B, infinite, onnxConstantScalar(ctx, e, 0), in[0]);
}
static OnnxValue *logSumExp(OnnxContext *ctx, OnnxValue *x, const bool *mask) {
  OnnxElement e = onnxWide(x->element);
  OnnxValue *max = onnxReduceWith(ctx, ONNX_REDUCE_MAX, x, mask, true);
  max = onnxElementwise(ctx, 1, &max, e, finiteOrZero, &e, ONNX_WIDEN);
  OnnxValue *terms = onnxElementwise(ctx, 2, (OnnxValue *[]){x, max}, e, expDifference, NULL, ONNX_WIDEN);
  OnnxValue *sum = onnxReduceWith(ctx, ONNX_REDUCE_SUM, terms, mask, true);
  return onnxBinary(ctx, ONNX_ADD, apply(ctx, LOG, sum), max);
}
static OnnxValue *reduceByType(OnnxContext *ctx, const char *type, OnnxValue *x, const bool *mask) {
  if (!strcmp(type, "Sum")) return onnxReduceWith(ctx, ONNX_REDUCE_SUM, x, mask, true);
  if (!strcmp(type, "Prod")) return onnxReduceWith(ctx, ONNX_REDUCE_PROD, x, mask, true);
  if (!strcmp(type, "Max")) return onnxReduceWith(ctx, ONNX_REDUCE_MAX, x, mask, true);
  if (!strcmp(type, "Min")) return onnxReduceWith(ctx, ONNX_REDUCE_MIN, x, mask, true);
  if (!strcmp(type, "L1")) return onnxReduceWith(ctx, ONNX_REDUCE_SUM, apply(ctx, ABSOLUTE, x), mask, true);
  if (!strcmp(type, "SumSquare")) return onnxReduceWith(ctx, ONNX_REDUCE_SUM, apply(ctx, SQUARE, x), mask, true);
  if (!strcmp(type, "L2"))
    return applyAfter(ctx, SQRT, onnxReduceWith(ctx, ONNX_REDUCE_SUM, apply(ctx, SQUARE, x), mask, true));
  if (!strcmp(type, "LogSum")) return applyAfter(ctx, LOG, onnxReduceWith(ctx, ONNX_REDUCE_SUM, x, mask, true));
  if (!strcmp(type, "LogSumExp")) {
    OnnxValue *wide = onnxIsFloat(x->element) ? x : onnxCast(ctx, x, ONNX_DOUBLE);
    return wide ? onnxCast(ctx, logSumExp(ctx, wide, mask), onnxWide(x->element)) : NULL;
  }
  OnnxValue *sum = onnxReduceWith(ctx, ONNX_REDUCE_SUM, x, mask, true);
  return onnxBinary(ctx, ONNX_DIV, sum, countOf(ctx, x, mask, onnxWide(x->element)));
}

static OnnxValue *prodOfElements(OnnxContext *ctx, OnnxValue *x, const bool *mask, bool keep) {
  const OnnxIndex *list;
  int n = x->rank == 1 && mask[0] && x->element == ONNX_INT64 ? onnxElements(ctx, x, &list, false) : -1;
  if (n < 0) return NULL;
  OnnxIndex product = onnxProduct(ctx, n, list);
  return onnxNewElements(ctx, ONNX_INT64, keep, &product, 1);
}
// Axes that the program computes: the masked sizes are moved to dimensions of their own, which are then reduced.
static void reduceAtRunTime(OnnxContext *ctx, OnnxNode *node, OnnxValue *axes, bool keep) {
  OnnxValue *x = node->inputs[0];
  OnnxIndex runtime[ONNX_MAX_RANK], dims[ONNX_MAX_RANK];
  bool mask[ONNX_MAX_RANK];
  int n = onnxRuntimeAxes(ctx, axes, x->rank, runtime);
  OnnxValue *y = n < 0 ? NULL : onnxSeparateMasked(ctx, x, runtime);
  if (!y) return;
  for (int i = 0; i < y->rank; ++i) mask[i] = i >= x->rank;
  OnnxValue *r = onnxCast(ctx, reduceByType(ctx, node->type + 6, y, mask), x->element);
  r = onnxReshape(ctx, r, x->rank, y->dims);
  if (keep || !r) return onnxSetOutput(ctx, node, 0, r);
  if (n > x->rank) return onnxInvalid(ctx, "%d axes of a tensor of rank %d", n, x->rank);
  onnxDropMasked(ctx, x->rank, x->dims, runtime, x->rank - n, dims);
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, r, x->rank - n, dims));
}
static void lowerReduce(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool sum = !strcmp(node->type, "ReduceSum"), mask[ONNX_MAX_RANK], given;
  bool keep = onnxInt(ctx, node, "keepdims", 1) != 0, noop = onnxInt(ctx, node, "noop_with_empty_axes", 0) != 0;
  bool fromInput = node->opset >= 18 || (sum && node->opset >= 13);
  OnnxValue *axes = fromInput && node->inputCount > 1 ? node->inputs[1] : NULL;
  if (x->element == ONNX_BOOL && strcmp(node->type, "ReduceMax") && strcmp(node->type, "ReduceMin"))
    return onnxRefuseElement(ctx, x);
  if (axes && !axes->data && onnxCount(axes) != 0) return reduceAtRunTime(ctx, node, axes, keep);
  if (axes && onnxCount(axes) == 0)
    memset(mask, 0, sizeof mask);
  else if (!onnxAxesMask(ctx, node, "axes", fromInput ? 1 : -1, x->rank, mask, &given))
    return;
  bool any = false;
  for (int i = 0; i < x->rank; ++i) any |= mask[i];
  if (!any && !noop)
    for (int i = 0; i < x->rank; ++i) mask[i] = true;
  OnnxValue *known = !strcmp(node->type, "ReduceProd") ? prodOfElements(ctx, x, mask, keep) : NULL;
  if (known || onnxFailed(ctx)) return onnxSetOutput(ctx, node, 0, known);
  OnnxValue *r = onnxCast(ctx, reduceByType(ctx, node->type + 6, x, mask), x->element);
  OnnxIndex dims[ONNX_MAX_RANK];
  int n = 0;
  for (int i = 0; i < x->rank; ++i)
    if (!mask[i]) dims[n++] = x->dims[i];
  onnxSetOutput(ctx, node, 0, keep ? r : onnxReshape(ctx, r, n, dims));
}

const OnnxOperator dlcOnnxReduce[] = {{"ReduceSum", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceMean", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceMax", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceMin", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceProd", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceL1", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceL2", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceLogSum", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceLogSumExp", 1, 0, 1, 2, lowerReduce},
                                      {"ReduceSumSquare", 1, 0, 1, 2, lowerReduce},
                                      {0}};
