// Tensors made from little or no data: Range, EyeLike, Trilu, OneHot, the windows, MelWeightMatrix.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

// An integer scalar input as an index.
static OnnxIndex sizeInput(OnnxContext *ctx, OnnxValue *v) {
  if (!onnxFailed(ctx) && !onnxIsInteger(v->element))
    onnxInvalid(ctx, "an integer is needed, not %s", onnxElementName(v->element));
  return onnxScalarIndex(ctx, v);
}
static void requireNotNegative(OnnxContext *ctx, OnnxIndex n, const char *what) {
  if (onnxFailed(ctx) || (onnxIsConst(n) && n.constant >= 0)) return;
  if (onnxIsConst(n)) return onnxInvalid(ctx, "%s: %lld is negative", what, (long long)n.constant);
  onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_sge, n.value, onnxIndexValue(ctx, onnxConst(0))), what);
}

//===--- Range ---
typedef struct {
  OnnxElement element, wide;
  MlirValue start, delta; // of type wide
} RangeData;
static MlirValue rangeBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  RangeData *d = data;
  MlirValue steps = onnxFromIndex(ctx, at[0], d->wide);
  MlirValue x =
      onnxArithmetic(ctx, ONNX_ADD, d->wide, d->start, onnxArithmetic(ctx, ONNX_MUL, d->wide, steps, d->delta));
  return onnxConvert(ctx, x, d->wide, d->element);
}
static OnnxIndex countIntegers(OnnxContext *ctx, OnnxValue *const *in) {
  OnnxIndex start = onnxScalarIndex(ctx, in[0]), limit = onnxScalarIndex(ctx, in[1]),
            delta = onnxScalarIndex(ctx, in[2]), zero = onnxConst(0);
  if (onnxIs(delta, 0)) onnxInvalid(ctx, "delta is 0");
  if (onnxFailed(ctx)) return zero;
  if (!onnxIsConst(delta)) {
    onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_ne, delta.value, onnxIndexValue(ctx, zero)), "delta is 0");
    delta = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, delta, zero, onnxConst(1),
                            delta); // what follows an assertion may be moved before it
  }
  OnnxIndex n = onnxCeilDiv(ctx, onnxSub(ctx, limit, start), delta);
  return onnxMax(ctx, n, zero);
}
static const double mostElements = 0x1p40;
static OnnxIndex countFloats(OnnxContext *ctx, OnnxValue *const *in) {
  if (in[0]->data && in[1]->data && in[2]->data) {
    double n = ceil((onnxGetFloat(in[1], 0) - onnxGetFloat(in[0], 0)) / onnxGetFloat(in[2], 0));
    if (!(n <= mostElements)) return onnxInvalid(ctx, "a range without end"), onnxConst(0);
    return onnxConst(n > 0 ? (int64_t)n : 0);
  }
  MlirValue x[3], zero = onnxConstantScalar(ctx, ONNX_DOUBLE, 0),
                  most = onnxConstantScalar(ctx, ONNX_DOUBLE, mostElements);
  for (int i = 0; i < 3; ++i) x[i] = onnxConvert(ctx, onnxExtractScalar(ctx, in[i]), in[i]->element, ONNX_DOUBLE);
  if (onnxFailed(ctx)) return onnxConst(0);
  MlirValue n = math_ceil(B, arith_divf(B, arith_subf(B, x[1], x[0]), x[2]));
  onnxAssert(ctx, arith_cmpf(B, arith_CmpFPredicate_OLE, n, most), "a range without end");
  n = arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OGT, n, zero),
                   arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OLE, n, most), n, zero), zero);
  return (OnnxIndex){.value = onnxToIndex(ctx, onnxConvert(ctx, n, ONNX_DOUBLE, ONNX_INT64), ONNX_INT64)};
}
static OnnxValue *rangeElements(OnnxContext *ctx, OnnxValue *const *in, OnnxIndex n) {
  OnnxElement e = in[0]->element;
  const OnnxIndex *start, *delta;
  if (!onnxIsConst(n) || n.constant > ONNX_MAX_ELEMENTS || (e != ONNX_INT64 && e != ONNX_INT32)) return NULL;
  if (onnxElements(ctx, in[0], &start, false) != 1 || onnxElements(ctx, in[2], &delta, false) != 1) return NULL;
  OnnxIndex *list = onnxAllocate(ctx, (size_t)n.constant * sizeof *list + 1);
  for (int64_t i = 0; i < n.constant; ++i) list[i] = onnxAdd(ctx, start[0], onnxMul(ctx, onnxConst(i), delta[0]));
  return onnxNewElements(ctx, e, 1, list, (int)n.constant);
}
static void lowerRange(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue **in = node->inputs;
  OnnxElement e = in[0]->element;
  int64_t stash = node->opset >= 27 ? onnxInt(ctx, node, "stash_type", 1) : ONNX_FLOAT;
  if (e == ONNX_BOOL) return onnxRefuseElement(ctx, in[0]);
  if (in[1]->element != e || in[2]->element != e) return onnxInvalid(ctx, "start, limit and delta of different types");
  if (stash != ONNX_FLOAT && stash != ONNX_DOUBLE)
    return onnxRefuse(ctx, "attribute stash_type = %lld is not supported", (long long)stash);
  OnnxIndex n = onnxIsFloat(e) ? countFloats(ctx, in) : countIntegers(ctx, in);
  if (onnxFailed(ctx)) return;
  OnnxValue *known = rangeElements(ctx, in, n);
  if (known) return onnxSetOutput(ctx, node, 0, known);
  RangeData d = {e, onnxWide(e) != e ? (OnnxElement)stash : e, onnxExtractScalar(ctx, in[0]),
                 onnxExtractScalar(ctx, in[2])};
  d.start = onnxConvert(ctx, d.start, e, d.wide), d.delta = onnxConvert(ctx, d.delta, e, d.wide);
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, e, 1, &n, rangeBody, &d));
}

//===--- EyeLike, Trilu ---
typedef struct {
  OnnxElement element;
  int64_t k;
} EyeData;
static MlirValue eyeBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  EyeData *d = data;
  MlirValue diagonal = arith_addi(B, at[0], onnxIndexValue(ctx, onnxConst(d->k)));
  MlirValue on = arith_cmpi(B, arith_CmpIPredicate_eq, at[1], diagonal);
  return arith_select(B, on, onnxConstantInt(ctx, d->element, 1), onnxConstantInt(ctx, d->element, 0));
}
static void lowerEyeLike(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  EyeData d = {(OnnxElement)onnxInt(ctx, node, "dtype", (int64_t)x->element), onnxInt(ctx, node, "k", 0)};
  if (x->rank != 2) return onnxInvalid(ctx, "an input of rank %d, not 2", x->rank);
  if (!onnxElementSize(d.element))
    return onnxRefuse(ctx, "attribute dtype: element type %s is not supported", onnxElementName(d.element));
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, d.element, 2, x->dims, eyeBody, &d));
}

typedef struct {
  OnnxElement element;
  int rank;
  bool upper;
  OnnxIndex k;
} TriangleData;
static void triangleBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  TriangleData *d = data;
  MlirValue row = linalg_index(B, .dim = d->rank - 2), column = linalg_index(B, .dim = d->rank - 1);
  MlirValue diagonal = arith_addi(B, row, onnxIndexValue(ctx, d->k));
  MlirValue in = arith_cmpi(B, d->upper ? arith_CmpIPredicate_sge : arith_CmpIPredicate_sle, column, diagonal);
  results[0] = arith_select(B, in, args[0], onnxConstantInt(ctx, d->element, 0));
}
static void lowerTrilu(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *k = node->inputCount > 1 ? node->inputs[1] : NULL;
  TriangleData d = {x->element, x->rank, onnxInt(ctx, node, "upper", 1) != 0, onnxConst(0)};
  if (x->rank < 2) return onnxInvalid(ctx, "an input of rank %d", x->rank);
  if (k) d.k = sizeInput(ctx, k);
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)x->rank);
  OnnxAccess in = {onnxTensor(ctx, x), onnxIdentity(ctx, x->rank)};
  OnnxAccess out = {onnxEmpty(ctx, x->element, x->rank, x->dims), onnxIdentity(ctx, x->rank)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &in, 1, &out, triangleBody, &d, &r);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, x->element, x->rank, x->dims, r));
}

//===--- OneHot ---
typedef struct {
  OnnxElement indices;
  int axis;
  OnnxIndex depth;
  MlirValue off, on;
} OneHotData;
static void oneHotBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  OneHotData *d = data;
  MlirValue picked = onnxConvert(ctx, args[0], d->indices, ONNX_INT64);
  picked = onnxToIndex(ctx, picked, ONNX_INT64);
  MlirValue negative = arith_cmpi(B, arith_CmpIPredicate_slt, picked, onnxIndexValue(ctx, onnxConst(0)));
  picked = arith_select(B, negative, arith_addi(B, picked, onnxIndexValue(ctx, d->depth)), picked);
  MlirValue here = arith_cmpi(B, arith_CmpIPredicate_eq, linalg_index(B, .dim = d->axis), picked);
  results[0] = arith_select(B, here, d->on, d->off);
}
static void lowerOneHot(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *indices = node->inputs[0], *values = node->inputs[2];
  int rank = indices->rank + 1, loops[ONNX_MAX_RANK];
  if (rank > ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", rank);
  if (indices->element == ONNX_BOOL) return onnxRefuseElement(ctx, indices);
  if (values->rank != 1) return onnxInvalid(ctx, "values of rank %d", values->rank);
  OneHotData d = {.indices = indices->element, .axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", -1), rank)};
  d.depth = onnxScalarIndex(ctx, onnxCast(ctx, node->inputs[1], ONNX_INT64));
  onnxRequireEqual(ctx, values->dims[0], onnxConst(2), "the number of values and 2");
  requireNotNegative(ctx, d.depth, "the depth");
  if (onnxFailed(ctx)) return;
  MlirValue zero = onnxIndexValue(ctx, onnxConst(0)), one = onnxIndexValue(ctx, onnxConst(1));
  d.off = onnxAt(ctx, values, &zero), d.on = onnxAt(ctx, values, &one);
  OnnxIndex dims[ONNX_MAX_RANK];
  for (int i = 0, from = 0; i < rank; ++i) {
    if (i == d.axis)
      dims[i] = d.depth;
    else
      loops[from] = i, dims[i] = indices->dims[from++];
  }
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)rank);
  OnnxAccess in = {onnxTensor(ctx, indices), onnxMap(ctx, rank, indices->rank, loops)};
  OnnxAccess out = {onnxEmpty(ctx, values->element, rank, dims), onnxIdentity(ctx, rank)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &in, 1, &out, oneHotBody, &d, &r);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, values->element, rank, dims, r));
}

//===--- windows: the sum of a[k] cos(2 pi k i / n) ---
typedef struct {
  OnnxElement result, wide;
  bool hann; // 0.5 - 0.5 cos(2x) as sin(x)^2, which is exact near 0
  double a[3];
  MlirValue period;
} WindowData;
static MlirValue windowBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  WindowData *d = data;
  MlirValue turn = arith_divf(B, onnxFromIndex(ctx, at[0], d->wide), d->period), r;
  if (d->hann) {
    MlirValue s = math_sin(B, arith_mulf(B, turn, onnxConstantScalar(ctx, d->wide, M_PI)));
    r = arith_mulf(B, s, s);
  } else {
    r = onnxConstantScalar(ctx, d->wide, d->a[0]);
    for (int k = 1; k < 3 && d->a[k] != 0; ++k) {
      MlirValue c = math_cos(B, arith_mulf(B, turn, onnxConstantScalar(ctx, d->wide, 2 * M_PI * k)));
      r = arith_addf(B, r, arith_mulf(B, c, onnxConstantScalar(ctx, d->wide, d->a[k])));
    }
  }
  return onnxConvert(ctx, r, d->wide, d->result);
}
static void lowerWindow(OnnxContext *ctx, OnnxNode *node) {
  WindowData d = {.result = (OnnxElement)onnxInt(ctx, node, "output_datatype", ONNX_FLOAT),
                  .hann = !strcmp(node->type, "HannWindow")};
  bool periodic = onnxInt(ctx, node, "periodic", 1) != 0;
  if (!onnxElementSize(d.result) || d.result == ONNX_BOOL)
    return onnxRefuse(ctx, "attribute output_datatype: element type %s is not supported", onnxElementName(d.result));
  d.wide = d.result == ONNX_DOUBLE ? ONNX_DOUBLE : ONNX_FLOAT;
  if (!strcmp(node->type, "HammingWindow")) d.a[0] = 25.0 / 46, d.a[1] = -21.0 / 46;
  if (!strcmp(node->type, "BlackmanWindow")) d.a[0] = 0.42, d.a[1] = -0.5, d.a[2] = 0.08;
  OnnxIndex n = sizeInput(ctx, node->inputs[0]);
  requireNotNegative(ctx, n, "the size of a window");
  if (onnxFailed(ctx)) return;
  OnnxIndex period = periodic ? n : onnxSub(ctx, n, onnxConst(1));
  d.period = onnxFromIndex(ctx, onnxIndexValue(ctx, period), d.wide);
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, d.result, 1, &n, windowBody, &d));
}

//===--- MelWeightMatrix: triangles in bins of the spectrum, evenly spaced on the mel scale ---
typedef struct {
  OnnxElement result;
  MlirValue low, step, bins, rate; // double: mel of the lower edge, mels a band, bins of the transform + 1, sample rate
} MelData;
static const OnnxElement wideMel = ONNX_DOUBLE;
static MlirValue melConstant(OnnxContext *ctx, double x) { return onnxConstantScalar(ctx, wideMel, x); }
static MlirValue melOf(OnnxContext *ctx, OnnxValue *hertz) {
  MlirValue x = onnxConvert(ctx, onnxExtractScalar(ctx, hertz), hertz->element, wideMel);
  return arith_mulf(B, math_log1p(B, arith_divf(B, x, melConstant(ctx, 700))), melConstant(ctx, 2595 / log(10)));
}
// The bin, as a whole number, in which band number `band` has its left edge.
static MlirValue binOf(OnnxContext *ctx, const MelData *d, MlirValue band) {
  MlirValue mel = arith_addf(B, arith_mulf(B, band, d->step), d->low);
  MlirValue hertz =
      arith_mulf(B, math_expm1(B, arith_mulf(B, mel, melConstant(ctx, log(10) / 2595))), melConstant(ctx, 700));
  return math_floor(B, arith_divf(B, arith_mulf(B, d->bins, hertz), d->rate));
}
static MlirValue melBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  MelData *d = data;
  MlirValue zero = melConstant(ctx, 0), one = melConstant(ctx, 1), j = onnxFromIndex(ctx, at[0], wideMel),
            i = onnxFromIndex(ctx, at[1], wideMel);
  MlirValue left = binOf(ctx, d, i), centre = binOf(ctx, d, arith_addf(B, i, one)),
            right = binOf(ctx, d, arith_addf(B, i, melConstant(ctx, 2)));
  MlirValue fromLeft = arith_cmpf(B, arith_CmpFPredicate_OGE, j, left),
            toCentre = arith_cmpf(B, arith_CmpFPredicate_OLT, j, centre);
  MlirValue atCentre = arith_cmpf(B, arith_CmpFPredicate_OEQ, j, centre);
  MlirValue fromCentre = arith_cmpf(B, arith_CmpFPredicate_OGT, j, centre),
            toRight = arith_cmpf(B, arith_CmpFPredicate_OLT, j, right);
  MlirValue up = arith_divf(B, arith_subf(B, j, left), arith_subf(B, centre, left));
  MlirValue down = arith_divf(B, arith_subf(B, right, j), arith_subf(B, right, centre));
  MlirValue r = arith_select(B, arith_andi(B, fromLeft, toCentre), up, zero);
  r = arith_select(B, arith_andi(B, fromCentre, toRight), down, r);
  return onnxConvert(ctx, arith_select(B, atCentre, one, r), wideMel, d->result);
}
static void lowerMelWeightMatrix(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue **in = node->inputs;
  MelData d = {.result = (OnnxElement)onnxInt(ctx, node, "output_datatype", ONNX_FLOAT)};
  if (!onnxElementSize(d.result) || d.result == ONNX_BOOL)
    return onnxRefuse(ctx, "attribute output_datatype: element type %s is not supported", onnxElementName(d.result));
  for (int i = 3; i < 5; ++i)
    if (!onnxIsFloat(in[i]->element)) return onnxRefuseElement(ctx, in[i]);
  OnnxIndex bands = sizeInput(ctx, in[0]), length = sizeInput(ctx, in[1]), rate = sizeInput(ctx, in[2]);
  requireNotNegative(ctx, bands, "num_mel_bins"), requireNotNegative(ctx, length, "dft_length");
  if (onnxFailed(ctx)) return;
  d.low = melOf(ctx, in[3]);
  MlirValue count = onnxFromIndex(ctx, onnxIndexValue(ctx, onnxAdd(ctx, bands, onnxConst(2))), wideMel);
  d.step = arith_divf(B, arith_subf(B, melOf(ctx, in[4]), d.low), count);
  d.bins = onnxFromIndex(ctx, onnxIndexValue(ctx, onnxAdd(ctx, length, onnxConst(1))), wideMel);
  d.rate = onnxFromIndex(ctx, onnxIndexValue(ctx, rate), wideMel);
  OnnxIndex dims[2] = {onnxAdd(ctx, onnxDiv(ctx, length, onnxConst(2)), onnxConst(1)), bands};
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, d.result, 2, dims, melBody, &d));
}

const OnnxOperator dlcOnnxFill[] = {{"Range", 11, 0, 3, 3, lowerRange},
                                    {"EyeLike", 9, 0, 1, 1, lowerEyeLike},
                                    {"Trilu", 14, 0, 1, 2, lowerTrilu},
                                    {"OneHot", 9, 0, 3, 3, lowerOneHot},
                                    {"HannWindow", 17, 0, 1, 1, lowerWindow},
                                    {"HammingWindow", 17, 0, 1, 1, lowerWindow},
                                    {"BlackmanWindow", 17, 0, 1, 1, lowerWindow},
                                    {"MelWeightMatrix", 17, 0, 5, 5, lowerMelWeightMatrix},
                                    {0}};
