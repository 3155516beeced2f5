// MaxPool, AveragePool and their global forms: a padded input, then one generic
// over output and window; an empty tensor of the window's shape bounds its loops.
#include "frontends/onnx/ops/table.h"
#include "frontends/onnx/ops/window.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

typedef struct {
  int loops;
  char iterators[2 * ONNX_MAX_RANK];
  OnnxAccess ins[2];
  MlirAffineMap out;
  OnnxIndex dims[ONNX_MAX_RANK];
} PoolLoops;

static bool readPool(OnnxContext *ctx, OnnxNode *node, OnnxWindow *w, bool *ceilMode) {
  OnnxValue *x = node->inputs[0];
  const int64_t *kernel;
  *ceilMode = onnxInt(ctx, node, "ceil_mode", 0) != 0;
  int n = onnxInts(ctx, node, "kernel_shape", &kernel);
  if (x->rank < 3 || n != x->rank - 2)
    return onnxInvalid(ctx, "attribute kernel_shape has %d entries for rank %d", n, x->rank), false;
  w->n = n;
  for (int i = 0; i < n; ++i) {
    w->kernel[i] = onnxConst(kernel[i]);
    if (kernel[i] < 1)
      return onnxInvalid(ctx, "attribute kernel_shape has the entry %lld", (long long)kernel[i]), false;
  }
  bool dilations = !strcmp(node->type, "MaxPool") ? node->opset >= 10 : node->opset >= 19;
  return onnxReadWindow(ctx, node, x, *ceilMode, dilations, w);
}
static void poolLoops(OnnxContext *ctx, OnnxValue *padded, const OnnxWindow *w, PoolLoops *p) {
  MlirContext c = B->ctx;
  int n = w->n, window[ONNX_MAX_RANK], out[ONNX_MAX_RANK];
  MlirAffineExpr in[ONNX_MAX_RANK];
  p->loops = 2 + 2 * n;
  memset(p->iterators, 0, sizeof p->iterators);
  memset(p->iterators, 'r', (size_t)p->loops);
  memset(p->iterators, 'p', (size_t)n + 2);
  for (int i = 0; i < n + 2; ++i) {
    out[i] = i;
    p->dims[i] = i < 2 ? padded->dims[i] : w->out[i - 2];
    in[i] = i < 2 ? mlirAffineDimExprGet(c, i) : onnxWindowExpr(ctx, w, i - 2, i, n + i);
  }
  for (int i = 0; i < n; ++i) window[i] = n + 2 + i;
  p->ins[0] = (OnnxAccess){onnxTensor(ctx, padded), mlirAffineMapGet(c, p->loops, 0, n + 2, in)};
  p->ins[1] = (OnnxAccess){onnxEmpty(ctx, ONNX_FLOAT, n, w->kernel), onnxMap(ctx, p->loops, n, window)};
  p->out = onnxMap(ctx, p->loops, n + 2, out);
}

//===--- MaxPool ---
typedef struct {
  OnnxElement element;
  const OnnxWindow *w;
  const OnnxValue *x; // before padding
  bool columns;       // indices count in column-major order
} MaxData;
static void maxBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  results[0] = onnxArithmetic(ctx, ONNX_MAX, ((MaxData *)data)->element, args[2], args[0]);
}
// Where the scalar at hand lies in the unpadded input, counted over the whole tensor, and whether it lies inside at
// all.
static OnnxIndex positionInInput(OnnxContext *ctx, const MaxData *d, MlirValue *inside) {
  int n = d->w->n;
  OnnxIndex at[ONNX_MAX_RANK], position;
  *inside = onnxConstantInt(ctx, ONNX_BOOL, 1);
  for (int i = 0; i < n + 2; ++i) {
    at[i] = (OnnxIndex){.value = linalg_index(B, .dim = i)};
    if (i < 2) continue;
    OnnxIndex k = {.value = linalg_index(B, .dim = n + i)};
    OnnxIndex start = onnxMul(ctx, at[i], onnxConst(d->w->strides[i - 2]));
    at[i] = onnxSub(ctx, onnxAdd(ctx, start, onnxMul(ctx, k, onnxConst(d->w->dilations[i - 2]))), d->w->low[i - 2]);
    // Unsigned: negative positions are large.
    MlirValue in =
        arith_cmpi(B, arith_CmpIPredicate_ult, onnxIndexValue(ctx, at[i]), onnxIndexValue(ctx, d->x->dims[i]));
    *inside = arith_andi(B, *inside, in);
  }
  position = onnxAdd(ctx, onnxMul(ctx, at[0], d->x->dims[1]), at[1]);
  OnnxIndex inner = onnxConst(0);
  for (int i = 0; i < n; ++i) {
    int dim = d->columns ? n + 1 - i : 2 + i;
    inner = onnxAdd(ctx, onnxMul(ctx, inner, d->x->dims[dim]), at[dim]);
  }
  return onnxAdd(ctx, onnxMul(ctx, position, onnxProduct(ctx, n, d->x->dims + 2)), inner);
}
static void maxIndexBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  MaxData *d = data;
  MlirValue x = args[0], best = args[2], better;
  if (onnxIsFloat(d->element))
    better = arith_cmpf(B, arith_CmpFPredicate_OGT, x, best);
  else
    better = arith_cmpi(B, onnxIsUnsigned(d->element) ? arith_CmpIPredicate_ugt : arith_CmpIPredicate_sgt, x, best);
  MlirValue inside, position = arith_index_cast(B, onnxIndexValue(ctx, positionInInput(ctx, d, &inside)),
                                                onnxElementType(ctx, ONNX_INT64));
  // The first element that is no padding always wins over the start, which may equal it.
  MlirValue first =
      arith_andi(B, inside, arith_cmpi(B, arith_CmpIPredicate_slt, args[3], onnxConstantInt(ctx, ONNX_INT64, 0)));
  better = arith_ori(B, better, first);
  results[0] = arith_select(B, better, x, best);
  results[1] = arith_select(B, better, position, args[3]);
}
static MlirValue scalarConstant(OnnxContext *ctx, MlirAttribute a) {
  return onnxFailed(ctx) ? (MlirValue){0} : arith_constant(B, a);
}
static void lowerMaxPool(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  OnnxWindow w;
  bool ceilMode, columns = onnxInt(ctx, node, "storage_order", 0) != 0;
  if (!readPool(ctx, node, &w, &ceilMode)) return;
  if (x->element == ONNX_BOOL) return onnxRefuseElement(ctx, x);
  MlirValue lowest = scalarConstant(ctx, onnxLowest(ctx, x->element));
  OnnxValue *padded = onnxPadWindow(ctx, x, &w, lowest);
  if (!padded) return;
  PoolLoops p;
  poolLoops(ctx, padded, &w, &p);
  MaxData d = {x->element, &w, x, columns};
  OnnxAccess outs[] = {{onnxFill(ctx, x->element, x->rank, p.dims, lowest), p.out}, {{0}, p.out}};
  MlirValue r[2];
  bool indices = onnxWantsOutput(node, 1);
  if (indices) outs[1].tensor = onnxFill(ctx, ONNX_INT64, x->rank, p.dims, onnxConstantInt(ctx, ONNX_INT64, -1));
  onnxGeneric(ctx, p.iterators, 2, p.ins, indices ? 2 : 1, outs, indices ? maxIndexBody : maxBody, &d, r);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, x->element, x->rank, p.dims, r[0]));
  if (indices) onnxSetOutput(ctx, node, 1, onnxNewTensor(ctx, ONNX_INT64, x->rank, p.dims, r[1]));
}

//===--- AveragePool ---
static void sumBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  OnnxElement from = *(OnnxElement *)data;
  results[0] = arith_addf(B, args[2], onnxConvert(ctx, args[0], from, onnxWide(from)));
}
// How many elements of a window along one dimension lie inside the input (with its padding, when that counts).
static OnnxIndex validCount(OnnxContext *ctx, const OnnxWindow *w, int i, OnnxIndex size, OnnxIndex at,
                            bool includePad) {
  OnnxIndex start = onnxSub(ctx, onnxMul(ctx, at, onnxConst(w->strides[i])), w->low[i]),
            step = onnxConst(w->dilations[i]);
  OnnxIndex end = includePad ? onnxAdd(ctx, size, w->high[i]) : size;
  OnnxIndex last = onnxMin(ctx, w->kernel[i], onnxCeilDiv(ctx, onnxSub(ctx, end, start), step));
  if (includePad) return last;
  OnnxIndex first = onnxMax(ctx, onnxConst(0), onnxCeilDiv(ctx, onnxSub(ctx, onnxConst(0), start), step));
  return onnxSub(ctx, last, first);
}
typedef struct {
  const OnnxWindow *w;
  const OnnxValue *x;
  OnnxElement element;
  bool includePad;
} CountData;
static void countBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  (void)args;
  CountData *d = data;
  OnnxIndex n = onnxConst(1);
  for (int i = 0; i < d->w->n; ++i)
    n = onnxMul(
        ctx, n,
        validCount(ctx, d->w, i, d->x->dims[2 + i], (OnnxIndex){.value = linalg_index(B, .dim = i)}, d->includePad));
  MlirValue integer = arith_index_cast(B, onnxIndexValue(ctx, n), onnxElementType(ctx, ONNX_INT64));
  results[0] = onnxConvert(ctx, integer, ONNX_INT64, d->element);
}
static OnnxValue *staticCounts(OnnxContext *ctx, const CountData *d, const int64_t *sizes) {
  const OnnxWindow *w = d->w;
  int64_t at[ONNX_MAX_RANK] = {0}, total = 1;
  void *data;
  OnnxValue *v = onnxNewConstant(ctx, d->element, w->n, sizes, &data);
  for (int i = 0; i < w->n; ++i) total *= sizes[i];
  for (int64_t k = 0; v && k < total; ++k) {
    int64_t n = 1;
    for (int i = 0; i < w->n; ++i)
      n *= validCount(ctx, w, i, d->x->dims[2 + i], onnxConst(at[i]), d->includePad).constant;
    onnxPutInt(d->element, data, k, n);
    for (int i = w->n; i-- > 0 && ++at[i] == sizes[i];) at[i] = 0;
  }
  return v;
}
enum { MAX_COUNTED = 1 << 18 }; // windows that are counted at import; more of them the program counts itself
static OnnxValue *windowCounts(OnnxContext *ctx, const OnnxWindow *w, const OnnxValue *x, bool includePad) {
  CountData d = {w, x, onnxWide(x->element), includePad};
  bool plain = true, fixed = true;
  int64_t sizes[ONNX_MAX_RANK], total = 1;
  for (int i = 0; i < w->n; ++i) {
    plain &= onnxIs(w->extra[i], 0) && (includePad || (onnxIs(w->low[i], 0) && onnxIs(w->high[i], 0)));
    fixed &= onnxIsConst(w->out[i]) && onnxIsConst(x->dims[2 + i]);
    sizes[i] = w->out[i].constant;
    fixed = fixed && sizes[i] <= MAX_COUNTED && (total *= sizes[i]) <= MAX_COUNTED;
  }
  OnnxIndex all = onnxProduct(ctx, w->n, w->kernel);
  if (plain) return onnxScalarConstant(ctx, d.element, (double)all.constant);
  if (fixed) return staticCounts(ctx, &d, sizes);
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)w->n);
  OnnxAccess out = {onnxEmpty(ctx, d.element, w->n, w->out), onnxIdentity(ctx, w->n)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 0, NULL, 1, &out, countBody, &d, &r);
  return onnxNewTensor(ctx, d.element, w->n, w->out, r);
}
static void lowerAveragePool(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  OnnxWindow w;
  bool ceilMode, includePad = onnxInt(ctx, node, "count_include_pad", 0) != 0;
  if (!readPool(ctx, node, &w, &ceilMode)) return;
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  OnnxElement e = onnxWide(x->element);
  OnnxValue *padded = onnxPadWindow(ctx, x, &w, onnxConstantInt(ctx, x->element, 0));
  if (!padded) return;
  PoolLoops p;
  poolLoops(ctx, padded, &w, &p);
  OnnxAccess out = {onnxZeros(ctx, e, x->rank, p.dims), p.out};
  MlirValue r;
  onnxGeneric(ctx, p.iterators, 2, p.ins, 1, &out, sumBody, &x->element, &r);
  OnnxValue *sum = onnxNewTensor(ctx, e, x->rank, p.dims, r);
  OnnxValue *mean = onnxBinary(ctx, ONNX_DIV, sum, windowCounts(ctx, &w, x, includePad));
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, mean, x->element));
}

static void lowerGlobal(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool mask[ONNX_MAX_RANK], max = !strcmp(node->type, "GlobalMaxPool");
  if (x->rank < 3) return onnxInvalid(ctx, "an input of rank %d", x->rank);
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  for (int i = 0; i < x->rank; ++i) mask[i] = i >= 2;
  OnnxValue *r = onnxReduceWith(ctx, max ? ONNX_REDUCE_MAX : ONNX_REDUCE_SUM, x, mask, true);
  OnnxIndex n = onnxProduct(ctx, x->rank - 2, x->dims + 2);
  if (!max) r = onnxBinary(ctx, ONNX_DIV, r, onnxNewElements(ctx, onnxWide(x->element), 0, &n, 1));
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, r, x->element));
}

const OnnxOperator dlcOnnxPool[] = {{"MaxPool", 1, 0, 1, 1, lowerMaxPool},
                                    {"AveragePool", 1, 0, 1, 1, lowerAveragePool},
                                    {"GlobalAveragePool", 1, 0, 1, 1, lowerGlobal},
                                    {"GlobalMaxPool", 1, 0, 1, 1, lowerGlobal},
                                    {0}};
