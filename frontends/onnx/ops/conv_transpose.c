// ConvTranspose and LpPool, GlobalLpPool. A transposed convolution is the plain
// one of the input, with zeros between its elements and around it, and of the
// weight turned around in space with its two channel dimensions exchanged.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "frontends/onnx/ops/window.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/math.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

//===--- ConvTranspose ---
typedef struct {
  OnnxValue *weight;
  int n;
} TurnData;
static MlirValue turnBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  TurnData *d = data;
  MlirValue where[ONNX_MAX_RANK] = {at[0], at[1]};
  for (int i = 2; i < 2 + d->n; ++i)
    where[i] = arith_subi(B, onnxIndexValue(ctx, onnxSub(ctx, d->weight->dims[i], onnxConst(1))), at[i]);
  return onnxAt(ctx, d->weight, where);
}
static OnnxValue *turn(OnnxContext *ctx, OnnxValue *w, int n) {
  int64_t kernel = 1, sizes[ONNX_MAX_RANK], count = onnxCount(w);
  for (int i = 2; i < 2 + n && onnxIsConst(w->dims[i]); ++i) kernel *= w->dims[i].constant;
  if (kernel == 1) return w;
  if (!w->data) {
    TurnData d = {w, n};
    onnxTensor(ctx, w);
    return onnxGenerate(ctx, w->element, w->rank, w->dims, turnBody, &d);
  }
  void *data;
  size_t size = onnxElementSize(w->element);
  for (int i = 0; i < w->rank; ++i) sizes[i] = w->dims[i].constant;
  OnnxValue *r = onnxNewConstant(ctx, w->element, w->rank, sizes, &data);
  for (int64_t i = 0; r && i < count; ++i) // turning all spatial dimensions reverses their elements
    memcpy((char *)data + (size_t)i * size,
           (const char *)w->data + (size_t)(i - i % kernel + kernel - 1 - i % kernel) * size, size);
  return r;
}
// [channel, filter of the group, ...] to [filter, channel of the group, ...]
static OnnxValue *exchange(OnnxContext *ctx, OnnxValue *w, int64_t groups) {
  OnnxIndex dims[ONNX_MAX_RANK];
  int64_t permutation[ONNX_MAX_RANK];
  if (!w) return NULL;
  dims[0] = onnxConst(groups), dims[1] = onnxDiv(ctx, w->dims[0], dims[0]), dims[2] = w->dims[1];
  for (int i = 0; i <= w->rank; ++i) permutation[i] = i;
  for (int i = 2; i < w->rank; ++i) dims[1 + i] = w->dims[i];
  permutation[1] = 2, permutation[2] = 1;
  OnnxValue *r = onnxTranspose(ctx, onnxReshape(ctx, w, w->rank + 1, dims), permutation);
  OnnxIndex channels = dims[1];
  dims[0] = onnxMul(ctx, w->dims[1], dims[0]), dims[1] = channels;
  for (int i = 2; i < w->rank; ++i) dims[i] = w->dims[i];
  return onnxReshape(ctx, r, w->rank, dims);
}
// Strides - 1 zeros between the elements.
static OnnxValue *spread(OnnxContext *ctx, OnnxValue *x, const int64_t *strides) {
  OnnxIndex dims[ONNX_MAX_RANK], one = onnxConst(1);
  int64_t offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK];
  MlirValue dynamic[ONNX_MAX_RANK];
  int n = 0;
  bool any = false;
  for (int i = 0; i < x->rank; ++i) {
    int64_t stride = i < 2 ? 1 : strides[i - 2];
    any |= stride > 1;
    dims[i] =
        stride == 1 ? x->dims[i] : onnxAdd(ctx, onnxMul(ctx, onnxSub(ctx, x->dims[i], one), onnxConst(stride)), one);
    offsets[i] = 0, sizes[i] = onnxStaticDim(x->dims[i]), steps[i] = stride;
    if (!onnxIsConst(x->dims[i])) dynamic[n++] = x->dims[i].value;
  }
  if (!any) return x;
  MlirValue zeros = onnxZeros(ctx, x->element, x->rank, dims), in = onnxTensor(ctx, x);
  if (onnxFailed(ctx)) return NULL;
  MlirValue r = tensor_insert_slice(B, in, zeros, valsN(0, NULL), valsN(n, dynamic), valsN(0, NULL), {offsets, x->rank},
                                    {sizes, x->rank}, {steps, x->rank});
  return onnxNewTensor(ctx, x->element, x->rank, dims, r);
}

typedef struct {
  OnnxIndex low, high; // to pad, or to cut where negative
} Margin;
static bool readPositive(OnnxContext *ctx, OnnxNode *node, const char *name, int n, int64_t least, int64_t initial,
                         int64_t *out) {
  const int64_t *given;
  int count = onnxInts(ctx, node, name, &given);
  if (count && count != n)
    return onnxInvalid(ctx, "attribute %s has %d entries for %d dimensions", name, count, n), false;
  for (int i = 0; i < n; ++i) {
    out[i] = count ? given[i] : initial;
    if (out[i] < least || out[i] > 1 << 30)
      return onnxInvalid(ctx, "attribute %s has the entry %lld", name, (long long)out[i]), false;
  }
  return !onnxFailed(ctx);
}
// Output sizes and margins. Without padding the output has stride (in - 1) + extent elements; pads cut it.
static bool readMargins(OnnxContext *ctx, OnnxNode *node, const OnnxValue *x, OnnxWindow *w, Margin *margins) {
  int64_t extra[ONNX_MAX_RANK], wanted[ONNX_MAX_RANK] = {0};
  const int64_t *pads, *shape;
  int n = w->n, count = onnxInts(ctx, node, "pads", &pads), given = onnxInts(ctx, node, "output_shape", &shape);
  const char *mode = onnxString(ctx, node, "auto_pad", "NOTSET");
  bool upper = !strcmp(mode, "SAME_UPPER"), same = upper || !strcmp(mode, "SAME_LOWER"),
       fixed = !strcmp(mode, "NOTSET");
  if (!same && !fixed && strcmp(mode, "VALID"))
    return onnxRefuse(ctx, "attribute auto_pad = \"%s\" is not supported", mode), false;
  if (!readPositive(ctx, node, "strides", n, 1, 1, w->strides) ||
      !readPositive(ctx, node, "dilations", n, 1, 1, w->dilations))
    return false;
  if (!readPositive(ctx, node, "output_padding", n, 0, 0, extra)) return false;
  if ((count && count != 2 * n) || (given && given != n && given != n + 2))
    return onnxInvalid(ctx, "attribute pads or output_shape of the wrong length"), false;
  for (int i = 0; i < given; ++i)
    if (i >= given - n) wanted[i - (given - n)] = shape[i];
  for (int i = 0; i < n; ++i) {
    OnnxIndex one = onnxConst(1), zero = onnxConst(0), in = x->dims[2 + i];
    OnnxIndex span = onnxMul(ctx, onnxSub(ctx, w->kernel[i], one), onnxConst(w->dilations[i]));
    OnnxIndex whole = onnxAdd(ctx, onnxAdd(ctx, onnxMul(ctx, onnxSub(ctx, in, one), onnxConst(w->strides[i])), span),
                              onnxConst(1 + extra[i]));
    OnnxIndex low = onnxConst(count && fixed ? pads[i] : 0), high = onnxConst(count && fixed ? pads[n + i] : 0);
    if (given || same) {
      w->out[i] = given ? onnxConst(wanted[i]) : onnxMul(ctx, in, onnxConst(w->strides[i]));
      OnnxIndex total = onnxSub(ctx, whole, w->out[i]);
      if (!given) total = onnxMax(ctx, total, zero);
      OnnxIndex half = onnxFloorDiv(ctx, total, onnxConst(2)), rest = onnxSub(ctx, total, half);
      low = upper ? half : rest, high = upper ? rest : half;
    }
    w->out[i] = onnxSub(ctx, onnxSub(ctx, whole, low), high);
    if (onnxIsConst(w->out[i]) && w->out[i].constant < 0)
      return onnxInvalid(ctx, "dimension %d would have a negative size", i + 2), false;
    margins[i] = (Margin){onnxSub(ctx, span, low), onnxAdd(ctx, onnxSub(ctx, span, high), onnxConst(extra[i]))};
    if (!onnxIsConst(margins[i].low) || !onnxIsConst(margins[i].high))
      return onnxRefuse(ctx, "padding that depends on a dynamic size is not supported"), false;
  }
  return !onnxFailed(ctx);
}
static OnnxValue *applyMargins(OnnxContext *ctx, OnnxValue *x, const OnnxWindow *w, const Margin *margins) {
  OnnxIndex low[ONNX_MAX_RANK], high[ONNX_MAX_RANK], offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK];
  for (int i = 0; i < 2; ++i) low[i] = high[i] = onnxConst(0);
  for (int i = 0; i < w->n; ++i)
    low[2 + i] = onnxMax(ctx, margins[i].low, onnxConst(0)), high[2 + i] = onnxMax(ctx, margins[i].high, onnxConst(0));
  if (!(x = onnxPad(ctx, x, low, high, onnxConstantInt(ctx, x->element, 0)))) return NULL;
  for (int i = 0; i < x->rank; ++i) {
    int64_t cutLow = i < 2 || margins[i - 2].low.constant > 0 ? 0 : -margins[i - 2].low.constant;
    int64_t cutHigh = i < 2 || margins[i - 2].high.constant > 0 ? 0 : -margins[i - 2].high.constant;
    offsets[i] = onnxConst(cutLow), steps[i] = onnxConst(1),
    sizes[i] = onnxSub(ctx, x->dims[i], onnxConst(cutLow + cutHigh));
    if (onnxIsConst(sizes[i]) && sizes[i].constant < 0)
      return onnxInvalid(ctx, "more padding than there are elements"), NULL;
  }
  return onnxSlice(ctx, x, offsets, sizes, steps);
}
static void lowerConvTranspose(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *weight = node->inputs[1], *bias = node->inputCount > 2 ? node->inputs[2] : NULL;
  int64_t groups = onnxInt(ctx, node, "group", 1);
  const int64_t *kernel;
  int count = onnxInts(ctx, node, "kernel_shape", &kernel);
  if (x->rank < 3 || x->rank >= ONNX_MAX_RANK || weight->rank != x->rank)
    return onnxInvalid(ctx, "operands of rank %d and %d", x->rank, weight->rank);
  if (!onnxIsFloat(x->element) || weight->element != x->element) return onnxRefuseElement(ctx, weight);
  if (groups < 1 || (onnxIsConst(x->dims[1]) && x->dims[1].constant % groups))
    return onnxInvalid(ctx, "attribute group = %lld", (long long)groups);
  onnxRequireEqual(ctx, x->dims[1], weight->dims[0], "the numbers of channels of input and weight");
  OnnxWindow w = {.n = x->rank - 2};
  if (count && count != w.n) return onnxInvalid(ctx, "attribute kernel_shape has %d entries", count);
  for (int i = 0; i < w.n; ++i) {
    w.kernel[i] = weight->dims[2 + i];
    if (count) onnxRequireEqual(ctx, w.kernel[i], onnxConst(kernel[i]), "attribute kernel_shape and the weight's size");
  }
  Margin margins[ONNX_MAX_RANK];
  if (!readMargins(ctx, node, x, &w, margins)) return;
  OnnxValue *turned = exchange(ctx, turn(ctx, weight, w.n), groups), *padded = spread(ctx, x, w.strides);
  if (!turned || !padded || !(padded = applyMargins(ctx, padded, &w, margins))) return;
  for (int i = 0; i < w.n; ++i) w.strides[i] = 1, w.low[i] = w.high[i] = w.extra[i] = onnxConst(0);
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, onnxConvolve(ctx, padded, turned, bias, groups, &w), x->element));
}

//===--- LpPool ---
typedef struct {
  OnnxElement element, from;
  double p;
} PowerData;
static void sumOfPowers(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) { // x, window, sum
  PowerData *d = data;
  MlirValue x = math_absf(B, onnxConvert(ctx, args[0], d->from, d->element));
  if (d->p == 2)
    x = arith_mulf(B, x, x);
  else if (d->p != 1)
    x = math_powf(B, x, onnxConstantScalar(ctx, d->element, d->p));
  results[0] = arith_addf(B, args[2], x);
}
static MlirValue rootBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  PowerData *d = data;
  if (d->p == 1) return in[0];
  return d->p == 2 ? math_sqrt(B, in[0]) : math_powf(B, in[0], onnxConstantScalar(ctx, d->element, 1 / d->p));
}
static bool readPower(OnnxContext *ctx, OnnxNode *node, PowerData *d) {
  OnnxValue *x = node->inputs[0];
  *d = (PowerData){onnxWide(x->element), x->element,
                   node->opset < 2 ? onnxFloat(ctx, node, "p", 2) : (double)onnxInt(ctx, node, "p", 2)};
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x), false;
  if (x->rank < 3) return onnxInvalid(ctx, "an input of rank %d", x->rank), false;
  if (d->p < 1) return onnxInvalid(ctx, "attribute p = %g", d->p), false;
  return true;
}
static void lowerLpPool(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  PowerData d;
  OnnxWindow w = {.n = x->rank - 2};
  const int64_t *kernel;
  if (!readPower(ctx, node, &d)) return;
  bool ceilMode = node->opset >= 18 && onnxInt(ctx, node, "ceil_mode", 0);
  if (onnxInts(ctx, node, "kernel_shape", &kernel) != w.n)
    return onnxInvalid(ctx, "attribute kernel_shape does not fit rank %d", x->rank);
  for (int i = 0; i < w.n; ++i) {
    w.kernel[i] = onnxConst(kernel[i]);
    if (kernel[i] < 1) return onnxInvalid(ctx, "attribute kernel_shape has the entry %lld", (long long)kernel[i]);
  }
  int loops = x->rank + w.n, same[ONNX_MAX_RANK], window[ONNX_MAX_RANK];
  if (loops > ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", x->rank);
  if (!onnxReadWindow(ctx, node, x, ceilMode, node->opset >= 18, &w)) return;
  OnnxValue *padded = onnxPadWindow(ctx, x, &w, onnxConstantInt(ctx, x->element, 0));
  if (!padded) return;
  MlirAffineExpr in[ONNX_MAX_RANK];
  OnnxIndex dims[ONNX_MAX_RANK];
  char iterators[ONNX_MAX_RANK + 1] = {0};
  for (int i = 0; i < x->rank; ++i) {
    iterators[i] = 'p', same[i] = i, dims[i] = i < 2 ? x->dims[i] : w.out[i - 2];
    in[i] = i < 2 ? mlirAffineDimExprGet(B->ctx, i) : onnxWindowExpr(ctx, &w, i - 2, i, x->rank + i - 2);
  }
  for (int i = 0; i < w.n; ++i) iterators[x->rank + i] = 'r', window[i] = x->rank + i;
  OnnxAccess ins[] = {{onnxTensor(ctx, padded), mlirAffineMapGet(B->ctx, loops, 0, x->rank, in)},
                      {onnxEmpty(ctx, ONNX_INT8, w.n, w.kernel), onnxMap(ctx, loops, w.n, window)}};
  OnnxAccess out = {onnxZeros(ctx, d.element, x->rank, dims), onnxMap(ctx, loops, x->rank, same)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 2, ins, 1, &out, sumOfPowers, &d, &r);
  OnnxValue *sum = onnxNewTensor(ctx, d.element, x->rank, dims, r);
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &sum, x->element, rootBody, &d, ONNX_WIDEN));
}
static MlirValue addPower(OnnxContext *ctx, MlirValue acc, MlirValue x, void *data) {
  MlirValue args[] = {x, acc, acc}, r;
  PowerData d = *(PowerData *)data;
  d.from = d.element;
  sumOfPowers(ctx, args, &r, &d);
  return r;
}
static void lowerGlobalLpPool(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  PowerData d;
  bool mask[ONNX_MAX_RANK];
  if (!readPower(ctx, node, &d)) return;
  for (int i = 0; i < x->rank; ++i) mask[i] = i >= 2;
  OnnxValue *sum = onnxReduce(ctx, x, mask, true, d.element, onnxScalarAttribute(ctx, d.element, 0), addPower, &d);
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &sum, x->element, rootBody, &d, ONNX_WIDEN));
}

const OnnxOperator dlcOnnxConvTranspose[] = {{"ConvTranspose", 1, 0, 2, 3, lowerConvTranspose},
                                             {"LpPool", 2, 0, 1, 1, lowerLpPool},
                                             {"GlobalLpPool", 2, 0, 1, 1, lowerGlobalLpPool},
                                             {0}};
