// DFT and STFT as sums, in double: one linalg.generic whose last loop runs over the samples (or, for the inverse of a
// one-sided transform, over the frequencies). Cosines and sines come from a table of one turn, made at import where the
// length is known. The axis may be known at run time only: every dimension then asks whether it is the one.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

enum { LARGEST_TABLE = 1 << 16 };
static const OnnxElement wide = ONNX_DOUBLE;

typedef struct Spectrum {
  OnnxValue *x, *window, *cosines, *sines;
  bool complex, inverse, halved; // halved: the frequencies above the middle are the conjugates of those that are given
  int rank;                      // of the result; the last dimension is real and imaginary part
  OnnxIndex axis, length, step;  // step: of the frames of STFT
  // The sample (or frequency) n that belongs to a place in the result; NULL imaginary part of real ones.
  MlirValue (*sample)(OnnxContext *ctx, const struct Spectrum *s, const MlirValue *at, MlirValue n, int part);
  MlirValue (*place)(OnnxContext *ctx, const struct Spectrum *s, const MlirValue *at); // along the transformed axis
} Spectrum;

//===--- the table ---
typedef struct {
  bool sine;
  OnnxIndex length;
} TableData;
static MlirValue tableBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  TableData *d = data;
  MlirValue turn =
      arith_divf(B, onnxFromIndex(ctx, at[0], wide), onnxFromIndex(ctx, onnxIndexValue(ctx, d->length), wide));
  MlirValue angle = arith_mulf(B, turn, onnxConstantScalar(ctx, wide, 2 * M_PI));
  return d->sine ? math_sin(B, angle) : math_cos(B, angle);
}
static OnnxValue *makeTable(OnnxContext *ctx, OnnxIndex length, bool sine) {
  if (onnxFailed(ctx)) return NULL;
  if (onnxIsConst(length) && length.constant <= LARGEST_TABLE) {
    void *bytes;
    OnnxValue *v = onnxNewConstant(ctx, wide, 1, &length.constant, &bytes);
    for (int64_t i = 0; v && i < length.constant; ++i) {
      double angle = 2 * M_PI * (double)i / (double)length.constant;
      onnxPutFloat(wide, bytes, i, sine ? sin(angle) : cos(angle));
    }
    return v;
  }
  TableData d = {sine, length};
  return onnxGenerate(ctx, wide, 1, &length, tableBody, &d);
}

//===--- the sum ---
// How often a frequency of a halved spectrum counts: twice, but for the ends.
static MlirValue countedTwice(OnnxContext *ctx, const Spectrum *s, MlirValue x, MlirValue n) {
  MlirValue twice = arith_addi(B, n, n),
            first = arith_cmpi(B, arith_CmpIPredicate_eq, n, onnxIndexValue(ctx, onnxConst(0)));
  MlirValue middle = arith_cmpi(B, arith_CmpIPredicate_eq, twice, onnxIndexValue(ctx, s->length));
  return arith_select(B, arith_ori(B, first, middle), x, arith_addf(B, x, x));
}
static void sumBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  Spectrum *s = data;
  MlirValue at[ONNX_MAX_RANK], n = linalg_index(B, .dim = s->rank), zero = onnxConstantScalar(ctx, wide, 0);
  for (int i = 0; i < s->rank; ++i) at[i] = linalg_index(B, .dim = i);
  MlirValue isReal = arith_cmpi(B, arith_CmpIPredicate_eq, at[s->rank - 1], onnxIndexValue(ctx, onnxConst(0)));
  MlirValue m = arith_remsi(B, arith_muli(B, s->place(ctx, s, at), n),
                            onnxIndexValue(ctx, onnxMax(ctx, s->length, onnxConst(1))));
  MlirValue cosine = onnxAt(ctx, s->cosines, &m), sine = onnxAt(ctx, s->sines, &m);
  if (s->inverse) sine = arith_negf(B, sine);
  MlirValue re = s->sample(ctx, s, at, n, 0), im = s->complex ? s->sample(ctx, s, at, n, 1) : zero;
  // (re + i im) (cos - i sin)
  MlirValue a = arith_select(B, isReal, re, im), b = arith_select(B, isReal, im, arith_negf(B, re));
  MlirValue term = arith_addf(B, arith_mulf(B, a, cosine), arith_mulf(B, b, sine));
  if (s->halved) term = countedTwice(ctx, s, term, n);
  results[0] = arith_addf(B, args[1], term);
}
static MlirValue scaleBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  Spectrum *s = data;
  return arith_divf(B, in[0], onnxFromIndex(ctx, onnxIndexValue(ctx, s->length), wide));
}
// The result of `dims`, each element the sum over `terms` samples.
static OnnxValue *transform(OnnxContext *ctx, Spectrum *s, const OnnxIndex *dims, OnnxIndex terms) {
  if (onnxFailed(ctx)) return NULL;
  s->cosines = makeTable(ctx, s->length, false), s->sines = makeTable(ctx, s->length, true);
  onnxTensor(ctx, s->cosines), onnxTensor(ctx, s->sines), onnxTensor(ctx, s->x); // outside the body
  if (s->window) onnxTensor(ctx, s->window);
  char iterators[ONNX_MAX_RANK + 2] = {0};
  int loops[ONNX_MAX_RANK];
  memset(iterators, 'p', (size_t)s->rank);
  iterators[s->rank] = 'r';
  for (int i = 0; i < s->rank; ++i) loops[i] = i;
  // Only gives the loop over samples its extent: there are no more of them than entries in the table.
  OnnxIndex zero = onnxConst(0), one = onnxConst(1);
  OnnxValue *samples = onnxSlice(ctx, s->cosines, &zero, &terms, &one);
  OnnxAccess extent = {onnxTensor(ctx, samples), onnxMap(ctx, s->rank + 1, 1, &s->rank)};
  OnnxAccess out = {onnxZeros(ctx, wide, s->rank, dims), onnxMap(ctx, s->rank + 1, s->rank, loops)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &extent, 1, &out, sumBody, s, &r);
  OnnxValue *v = onnxNewTensor(ctx, wide, s->rank, dims, r);
  if (s->inverse && v) v = onnxElementwise(ctx, 1, &v, wide, scaleBody, s, ONNX_EXACT_TYPES);
  return onnxCast(ctx, v, s->x->element);
}

//===--- DFT ---
static OnnxIndex ifAxis(OnnxContext *ctx, const Spectrum *s, int i, OnnxIndex yes, OnnxIndex no) {
  return onnxSelectIndex(ctx, arith_CmpIPredicate_eq, s->axis, onnxConst(i), yes, no);
}
static MlirValue dftSample(OnnxContext *ctx, const Spectrum *s, const MlirValue *at, MlirValue n, int part) {
  MlirValue from[ONNX_MAX_RANK];
  for (int i = 0; i < s->rank - 1; ++i)
    from[i] = onnxIndexValue(ctx, ifAxis(ctx, s, i, (OnnxIndex){.value = n}, (OnnxIndex){.value = at[i]}));
  from[s->rank - 1] = onnxIndexValue(ctx, onnxConst(part));
  return onnxConvert(ctx, onnxAt(ctx, s->x, from), s->x->element, wide);
}
static MlirValue dftPlace(OnnxContext *ctx, const Spectrum *s, const MlirValue *at) {
  OnnxIndex r = onnxConst(0);
  for (int i = 0; i < s->rank - 1; ++i) r = ifAxis(ctx, s, i, (OnnxIndex){.value = at[i]}, r);
  return onnxIndexValue(ctx, r);
}
static bool readSignal(OnnxContext *ctx, OnnxValue *x, Spectrum *s) {
  s->x = x;
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x), false;
  if (x->rank < 2) return onnxInvalid(ctx, "an input of rank %d", x->rank), false;
  OnnxIndex parts = x->dims[x->rank - 1];
  if (!onnxIsConst(parts)) return onnxRefuse(ctx, "a dynamic last dimension (real or complex) is not supported"), false;
  if (!onnxIs(parts, 1) && !onnxIs(parts, 2))
    return onnxInvalid(ctx, "a last dimension of size %lld, not 1 or 2", (long long)parts.constant), false;
  s->complex = onnxIs(parts, 2);
  return true;
}
static void requirePositive(OnnxContext *ctx, OnnxIndex n, const char *what) {
  if (onnxFailed(ctx) || (onnxIsConst(n) && n.constant > 0)) return;
  if (onnxIsConst(n)) return onnxInvalid(ctx, "%s is %lld", what, (long long)n.constant);
  onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_sgt, n.value, onnxIndexValue(ctx, onnxConst(0))), what);
}
static OnnxValue *inputOrNull(const OnnxNode *node, int i) { return node->inputCount > i ? node->inputs[i] : NULL; }
static OnnxIndex readAxis(OnnxContext *ctx, OnnxNode *node, int rank) {
  OnnxValue *given = inputOrNull(node, 2);
  OnnxIndex axis = node->opset < 20 ? onnxConst(onnxInt(ctx, node, "axis", 1))
                   : given          ? onnxScalarIndex(ctx, given)
                                    : onnxConst(-2);
  if (onnxFailed(ctx)) return axis;
  if (onnxIsConst(axis)) {
    axis = onnxConst(onnxAxis(ctx, axis.constant, rank));
    if (axis.constant == rank - 1) onnxInvalid(ctx, "the last dimension is real and imaginary part, not an axis");
    return axis;
  }
  axis = onnxSelectIndex(ctx, arith_CmpIPredicate_slt, axis, onnxConst(0), onnxAdd(ctx, axis, onnxConst(rank)), axis);
  MlirValue low = arith_cmpi(B, arith_CmpIPredicate_sge, axis.value, onnxIndexValue(ctx, onnxConst(0)));
  MlirValue high = arith_cmpi(B, arith_CmpIPredicate_slt, axis.value, onnxIndexValue(ctx, onnxConst(rank - 1)));
  onnxAssert(ctx, arith_andi(B, low, high), "the axis does not exist");
  return axis;
}
static void lowerDFT(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *given = inputOrNull(node, 1);
  Spectrum s = {
      .rank = x->rank, .sample = dftSample, .place = dftPlace, .inverse = onnxInt(ctx, node, "inverse", 0) != 0};
  bool oneSided = onnxInt(ctx, node, "onesided", 0) != 0;
  if (!readSignal(ctx, x, &s)) return;
  s.halved = oneSided && s.inverse, s.axis = readAxis(ctx, node, x->rank);
  if (onnxFailed(ctx)) return;
  OnnxIndex size = onnxConst(1), dims[ONNX_MAX_RANK], one = onnxConst(1), two = onnxConst(2);
  for (int i = 0; i < x->rank - 1; ++i) size = ifAxis(ctx, &s, i, x->dims[i], size);
  if (given)
    s.length = onnxScalarIndex(ctx, given);
  else
    s.length = s.halved ? onnxMul(ctx, two, onnxSub(ctx, size, one)) : size;
  requirePositive(ctx, s.length, "the length of a transform must be positive");
  if (onnxFailed(ctx)) return;
  OnnxIndex half = onnxAdd(ctx, onnxDiv(ctx, s.length, two), one), full = s.length;
  for (int i = 0; i < x->rank - 1; ++i) dims[i] = ifAxis(ctx, &s, i, oneSided && !s.inverse ? half : full, x->dims[i]);
  dims[x->rank - 1] = s.halved ? one : two;
  // What is missing of the input counts as zero.
  onnxSetOutput(ctx, node, 0, transform(ctx, &s, dims, onnxMin(ctx, size, s.halved ? half : full)));
}

//===--- STFT ---
static MlirValue frameSample(OnnxContext *ctx, const Spectrum *s, const MlirValue *at, MlirValue n, int part) {
  MlirValue start = arith_muli(B, at[1], onnxIndexValue(ctx, s->step));
  MlirValue from[3] = {at[0], onnxWrapIndex(ctx, arith_addi(B, start, n), s->x->dims[1]),
                       onnxIndexValue(ctx, onnxConst(part))};
  MlirValue x = onnxConvert(ctx, onnxAt(ctx, s->x, from), s->x->element, wide);
  return s->window ? arith_mulf(B, x, onnxConvert(ctx, onnxAt(ctx, s->window, &n), s->window->element, wide)) : x;
}
static MlirValue framePlace(OnnxContext *ctx, const Spectrum *s, const MlirValue *at) {
  (void)ctx, (void)s;
  return at[2];
}
static void lowerSTFT(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *window = inputOrNull(node, 2), *length = inputOrNull(node, 3);
  Spectrum s = {.rank = 4, .window = window, .sample = frameSample, .place = framePlace};
  bool oneSided = onnxInt(ctx, node, "onesided", 1) != 0;
  if (!readSignal(ctx, x, &s)) return;
  if (x->rank != 3) return onnxInvalid(ctx, "a signal of rank %d, not 3", x->rank);
  if (window && (window->rank != 1 || !onnxIsFloat(window->element)))
    return onnxInvalid(ctx, "the window is no vector of floats");
  OnnxIndex one = onnxConst(1), zero = onnxConst(0), terms;
  s.step = onnxScalarIndex(ctx, node->inputs[1]);
  terms = s.length = length ? onnxScalarIndex(ctx, length) : window ? window->dims[0] : x->dims[1];
  requirePositive(ctx, s.step, "the step of frames must be positive");
  requirePositive(ctx, s.length, "the length of a frame must be positive");
  if (onnxFailed(ctx)) return;
  if (window) terms = onnxMin(ctx, terms, window->dims[0]);
  // What follows an assertion may be moved before it: no division by zero.
  OnnxIndex frames =
      onnxAdd(ctx, onnxFloorDiv(ctx, onnxSub(ctx, x->dims[1], s.length), onnxMax(ctx, s.step, one)), one);
  OnnxIndex bins = oneSided ? onnxAdd(ctx, onnxDiv(ctx, s.length, onnxConst(2)), one) : s.length;
  OnnxIndex dims[4] = {x->dims[0], onnxMax(ctx, frames, zero), bins, onnxConst(2)};
  onnxSetOutput(ctx, node, 0, transform(ctx, &s, dims, terms));
}

const OnnxOperator dlcOnnxSpectrum[] = {
    {"DFT", 17, 19, 1, 2, lowerDFT}, {"DFT", 20, 0, 1, 3, lowerDFT}, {"STFT", 17, 0, 2, 4, lowerSTFT}, {0}};
