// Sliding windows: see window.h.
#include "frontends/onnx/ops/window.h"
#include "mlir-c/AffineExpr.h"
#include <string.h>

typedef enum { NOTSET, VALID, SAME_UPPER, SAME_LOWER } AutoPad;
static AutoPad readAutoPad(OnnxContext *ctx, OnnxNode *node) {
  static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  const char *name = onnxString(ctx, node, "auto_pad", "NOTSET");
  for (int i = 0; i < 4; ++i)
    if (!strcmp(name, names[i])) return (AutoPad)i;
  return onnxRefuse(ctx, "attribute auto_pad = \"%s\" is not supported", name), NOTSET;
}
static bool readPositive(OnnxContext *ctx, OnnxNode *node, const char *name, int n, int64_t *out) {
  const int64_t *given;
  int count = onnxInts(ctx, node, name, &given);
  if (count && count != n)
    return onnxInvalid(ctx, "attribute %s has %d entries for %d dimensions", name, count, n), false;
  for (int i = 0; i < n; ++i) {
    out[i] = count ? given[i] : 1;
    if (out[i] < 1 || out[i] > 1 << 30)
      return onnxInvalid(ctx, "attribute %s has the entry %lld", name, (long long)out[i]), false;
  }
  return !onnxFailed(ctx);
}

static void padSame(OnnxContext *ctx, OnnxWindow *w, int i, OnnxIndex in, OnnxIndex extent, bool upper) {
  OnnxIndex stride = onnxConst(w->strides[i]);
  w->out[i] = onnxCeilDiv(ctx, in, stride);
  OnnxIndex covered = onnxAdd(ctx, onnxMul(ctx, onnxSub(ctx, w->out[i], onnxConst(1)), stride), extent);
  OnnxIndex total = onnxMax(ctx, onnxSub(ctx, covered, in), onnxConst(0)),
            half = onnxFloorDiv(ctx, total, onnxConst(2));
  OnnxIndex rest = onnxSub(ctx, total, half);
  w->low[i] = upper ? half : rest, w->high[i] = upper ? rest : half;
}
static void sizeOut(OnnxContext *ctx, OnnxWindow *w, int i, OnnxIndex in, OnnxIndex extent, bool ceilMode) {
  OnnxIndex padded = onnxAdd(ctx, onnxAdd(ctx, in, w->low[i]), w->high[i]), stride = onnxConst(w->strides[i]);
  OnnxIndex room = onnxSub(ctx, padded, extent);
  if (onnxIsConst(room) && room.constant < 0 && !ceilMode)
    return onnxInvalid(ctx, "the window is larger than the padded dimension %d", i + 2);
  OnnxIndex steps = ceilMode ? onnxCeilDiv(ctx, room, stride) : onnxFloorDiv(ctx, room, stride);
  w->out[i] = onnxAdd(ctx, steps, onnxConst(1));
  if (!ceilMode) return;
  // A window that would begin in the padding at the end is dropped.
  OnnxIndex begin = onnxMul(ctx, steps, stride), end = onnxAdd(ctx, in, w->low[i]);
  w->out[i] = onnxSelectIndex(ctx, 5 /* sge */, begin, end, steps, w->out[i]);
  OnnxIndex covered = onnxAdd(ctx, onnxMul(ctx, onnxSub(ctx, w->out[i], onnxConst(1)), stride), extent);
  w->extra[i] = onnxMax(ctx, onnxSub(ctx, covered, padded), onnxConst(0));
}

bool onnxReadWindow(OnnxContext *ctx, OnnxNode *node, const OnnxValue *x, bool ceilMode, bool dilations,
                    OnnxWindow *w) {
  AutoPad mode = readAutoPad(ctx, node);
  const int64_t *pads;
  int n = w->n, count = onnxInts(ctx, node, "pads", &pads);
  for (int i = 0; i < n; ++i) w->dilations[i] = 1;
  if (!readPositive(ctx, node, "strides", n, w->strides) ||
      (dilations && !readPositive(ctx, node, "dilations", n, w->dilations)))
    return false;
  if (count && count != 2 * n)
    return onnxInvalid(ctx, "attribute pads has %d entries for %d dimensions", count, n), false;
  for (int i = 0; i < n && !onnxFailed(ctx); ++i) {
    w->low[i] = onnxConst(count && mode == NOTSET ? pads[i] : 0),
    w->high[i] = onnxConst(count && mode == NOTSET ? pads[n + i] : 0);
    w->extra[i] = onnxConst(0);
    if (w->low[i].constant < 0 || w->high[i].constant < 0 || w->low[i].constant > 1 << 30 ||
        w->high[i].constant > 1 << 30)
      return onnxRefuse(ctx, "negative or absurd pads are not supported"), false;
    OnnxIndex span = onnxMul(ctx, onnxSub(ctx, w->kernel[i], onnxConst(1)), onnxConst(w->dilations[i]));
    OnnxIndex extent = onnxAdd(ctx, span, onnxConst(1)), in = x->dims[2 + i];
    if (mode == SAME_UPPER || mode == SAME_LOWER)
      padSame(ctx, w, i, in, extent, mode == SAME_UPPER);
    else
      sizeOut(ctx, w, i, in, extent, ceilMode);
  }
  return !onnxFailed(ctx);
}
OnnxValue *onnxPadWindow(OnnxContext *ctx, OnnxValue *x, const OnnxWindow *w, MlirValue scalar) {
  OnnxIndex low[ONNX_MAX_RANK], high[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) {
    low[i] = i < 2 ? onnxConst(0) : w->low[i - 2];
    high[i] = i < 2 ? onnxConst(0) : onnxAdd(ctx, w->high[i - 2], w->extra[i - 2]);
  }
  return onnxPad(ctx, x, low, high, scalar);
}
MlirAffineExpr onnxWindowExpr(OnnxContext *ctx, const OnnxWindow *w, int dim, int outLoop, int kernelLoop) {
  MlirContext c = onnxBuilder(ctx)->ctx;
  MlirAffineExpr out =
      mlirAffineMulExprGet(mlirAffineDimExprGet(c, outLoop), mlirAffineConstantExprGet(c, w->strides[dim]));
  MlirAffineExpr k =
      mlirAffineMulExprGet(mlirAffineDimExprGet(c, kernelLoop), mlirAffineConstantExprGet(c, w->dilations[dim]));
  return mlirAffineAddExprGet(out, k);
}
