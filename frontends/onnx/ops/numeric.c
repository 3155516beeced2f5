// Pow, Mod, PRelu, Clip, ArgMax, ArgMin, Hardmax: arithmetic with
// more than one operand, and the operators built on the place of an extreme.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }

//===--- Pow ---
typedef struct {
  OnnxElement base, exponent; // as the body sees them: no half types
} PowData;
static MlirValue compare(OnnxContext *ctx, arith_CmpIPredicate p, MlirValue x, OnnxElement e, int64_t with) {
  return arith_cmpi(B, p, x, onnxConstantInt(ctx, e, with));
}
// Powers of integers wrap, so every bit of the exponent counts: square and multiply. A negative exponent gives 1/x cut
// towards zero, which is not zero for 1 and -1 only.
static MlirValue integerPower(OnnxContext *ctx, MlirValue x, MlirValue y, const PowData *d) {
  unsigned bits = (unsigned)onnxElementSize(d->exponent) * 8;
  MlirValue one = onnxConstantInt(ctx, d->base, 1), zero = onnxConstantInt(ctx, d->base, 0);
  MlirValue result = one, square = x, rest = y, oneBit = onnxConstantInt(ctx, d->exponent, 1), odd = {0};
  for (unsigned i = 0; i < bits; ++i) {
    MlirValue set = compare(ctx, arith_CmpIPredicate_ne, arith_andi(B, rest, oneBit), d->exponent, 0);
    if (!i) odd = set;
    result = arith_select(B, set, arith_muli(B, result, square), result);
    square = arith_muli(B, square, square);
    rest = arith_shrui(B, rest, oneBit);
  }
  if (onnxIsUnsigned(d->exponent)) return result;
  MlirValue isOne = compare(ctx, arith_CmpIPredicate_eq, x, d->base, 1);
  MlirValue inverse = arith_select(B, isOne, one, zero);
  if (!onnxIsUnsigned(d->base)) {
    MlirValue minus = onnxConstantInt(ctx, d->base, -1), isMinus = arith_cmpi(B, arith_CmpIPredicate_eq, x, minus);
    inverse = arith_select(B, isMinus, arith_select(B, odd, minus, one), inverse);
  }
  return arith_select(B, compare(ctx, arith_CmpIPredicate_slt, y, d->exponent, 0), inverse, result);
}
static MlirValue powBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  PowData *d = data;
  bool floatBase = onnxIsFloat(d->base), floatExponent = onnxIsFloat(d->exponent);
  if (!floatBase && !floatExponent) return integerPower(ctx, in[0], in[1], d);
  OnnxElement e = floatBase && d->base == d->exponent ? d->base : ONNX_DOUBLE;
  MlirValue r = math_powf(B, onnxConvert(ctx, in[0], d->base, e), onnxConvert(ctx, in[1], d->exponent, e));
  return onnxConvert(ctx, r, e, d->base);
}
static MlirValue squareBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  MlirValue square = arith_mulf(B, in[0], in[0]);
  return *(double *)data == 3 ? arith_mulf(B, square, in[0]) : square;
}
static void lowerPow(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *y = node->inputs[1];
  for (int i = 0; i < 2; ++i)
    if (node->inputs[i]->element == ONNX_BOOL) return onnxRefuseElement(ctx, node->inputs[i]);
  if (node->opset < 7 && !(y = onnxAlignOld(ctx, node, x, y))) return;
  if (y->data && onnxCount(y) == 1 && y->rank <= x->rank && onnxIsFloat(x->element)) {
    double exponent = onnxGetFloat(y, 0);
    if (exponent == 1) return onnxSetOutput(ctx, node, 0, x);
    if (exponent == 2 || exponent == 3)
      return onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, x->element, squareBody, &exponent, ONNX_WIDEN));
  }
  PowData d = {onnxWide(x->element), onnxWide(y->element)};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 2, (OnnxValue *[]){x, y}, x->element, powBody, &d, ONNX_WIDEN));
}

//===--- Mod ---
typedef struct {
  OnnxElement element;
  bool truncate; // sign of the dividend; else of the divisor
} ModData;
// A zero divisor and INT_MIN % -1 are undefined in LLVM: the result is zero.
static MlirValue integerMod(OnnxContext *ctx, MlirValue x, MlirValue y, const ModData *d) {
  OnnxElement e = d->element;
  MlirValue zero = onnxConstantInt(ctx, e, 0), one = onnxConstantInt(ctx, e, 1);
  MlirValue odd = compare(ctx, arith_CmpIPredicate_eq, y, e, 0);
  if (onnxIsUnsigned(e)) return arith_remui(B, x, arith_select(B, odd, one, y));
  odd = arith_ori(B, odd, compare(ctx, arith_CmpIPredicate_eq, y, e, -1));
  MlirValue r = arith_remsi(B, x, arith_select(B, odd, one, y));
  if (d->truncate) return r;
  MlirValue signs = arith_cmpi(B, arith_CmpIPredicate_slt, arith_xori(B, r, y), zero);
  MlirValue shift = arith_andi(B, signs, compare(ctx, arith_CmpIPredicate_ne, r, e, 0));
  return arith_select(B, shift, arith_addi(B, r, y), r);
}
static MlirValue modBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  ModData *d = data;
  if (!onnxIsFloat(d->element)) return integerMod(ctx, in[0], in[1], d);
  MlirValue r = arith_remf(B, in[0], in[1]), zero = onnxConstantScalar(ctx, d->element, 0);
  if (d->truncate) return r;
  MlirValue negative = arith_cmpf(B, arith_CmpFPredicate_OLT, r, zero),
            below = arith_cmpf(B, arith_CmpFPredicate_OLT, in[1], zero);
  MlirValue isZero = arith_cmpf(B, arith_CmpFPredicate_OEQ, r, zero);
  MlirValue shifted = arith_select(B, arith_xori(B, negative, below), arith_addf(B, r, in[1]), r);
  return arith_select(B, isZero, math_copysign(B, zero, in[1]), shifted);
}
static void lowerMod(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  ModData d = {onnxWide(x->element), onnxInt(ctx, node, "fmod", 0) != 0};
  if (x->element == ONNX_BOOL) return onnxRefuseElement(ctx, x);
  if (node->inputs[1]->element != x->element) return onnxInvalid(ctx, "operands of different types");
  const OnnxIndex *a, *b;
  int n = onnxElements(ctx, x, &a, false), m = onnxElements(ctx, node->inputs[1], &b, false);
  if (n == 1 && m == 1 && onnxIsConst(b[0]) && b[0].constant > 0 && d.truncate) { // part of a shape computation
    OnnxIndex r = onnxRem(ctx, a[0], b[0]);
    int rank = x->rank > node->inputs[1]->rank ? x->rank : node->inputs[1]->rank;
    return onnxSetOutput(ctx, node, 0, onnxNewElements(ctx, x->element, rank, &r, 1));
  }
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 2, node->inputs, x->element, modBody, &d, ONNX_WIDEN));
}

//===--- PRelu and Clip ---
static MlirValue preluBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  OnnxElement e = *(OnnxElement *)data;
  MlirValue zero = onnxConstantInt(ctx, e, 0), below;
  if (onnxIsFloat(e))
    below = arith_cmpf(B, arith_CmpFPredicate_OLT, in[0], zero);
  else
    below = arith_cmpi(B, onnxIsUnsigned(e) ? arith_CmpIPredicate_ult : arith_CmpIPredicate_slt, in[0], zero);
  return arith_select(B, below, onnxArithmetic(ctx, ONNX_MUL, e, in[0], in[1]), in[0]);
}
static void lowerPRelu(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  OnnxElement e = onnxWide(x->element);
  if (e == ONNX_BOOL) return onnxRefuseElement(ctx, x);
  OnnxValue *slope = node->inputs[1];
  if (slope->element != x->element || slope->rank > x->rank)
    return onnxInvalid(ctx, "the slope does not fit the input");
  if (node->opset < 7 && slope->rank == 1 && x->rank > 1) { // one slope, or one a channel
    OnnxIndex dims[ONNX_MAX_RANK] = {slope->dims[0]};
    for (int i = 1; i < x->rank; ++i) dims[i] = onnxConst(1);
    slope = onnxReshape(ctx, slope, x->rank - 1, dims);
  }
  onnxSetOutput(ctx, node, 0,
                onnxElementwise(ctx, 2, (OnnxValue *[]){x, slope}, x->element, preluBody, &e, ONNX_WIDEN));
}
static void lowerClip(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *low = optional(node, 1), *high = optional(node, 2);
  if (x->element == ONNX_BOOL) return onnxRefuseElement(ctx, x);
  if (node->opset < 11) {
    if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
    double least = onnxFloat(ctx, node, "min", -INFINITY), greatest = onnxFloat(ctx, node, "max", INFINITY);
    low = least == -INFINITY ? NULL : onnxScalarConstant(ctx, x->element, least);
    high = greatest == INFINITY ? NULL : onnxScalarConstant(ctx, x->element, greatest);
  }
  if ((low && low->rank > x->rank) || (high && high->rank > x->rank)) return onnxInvalid(ctx, "a bound is no scalar");
  if (low) x = onnxBinary(ctx, ONNX_MAX, x, low);
  if (high) x = onnxBinary(ctx, ONNX_MIN, x, high);
  onnxSetOutput(ctx, node, 0, x);
}

//===--- the place of an extreme ---
typedef struct {
  OnnxElement from, element;
  int loop; // along which to look
  bool greatest, last;
} ArgData;
// Equal values are told apart by their index, not by the order of the loop. A NaN counts as more extreme than numbers.
static void argBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  ArgData *d = data;
  MlirValue x = onnxConvert(ctx, args[0], d->from, d->element), best = args[1], bestIndex = args[2];
  MlirValue idx = arith_index_cast(B, linalg_index(B, .dim = d->loop), mlirIntegerTypeGet(B->ctx, 64));
  MlirValue better, same;
  if (onnxIsFloat(d->element)) {
    MlirValue odd = arith_cmpf(B, arith_CmpFPredicate_UNO, x, x),
              bestOdd = arith_cmpf(B, arith_CmpFPredicate_UNO, best, best);
    better = arith_cmpf(B, d->greatest ? arith_CmpFPredicate_OGT : arith_CmpFPredicate_OLT, x, best);
    better = arith_ori(B, better, arith_andi(B, odd, arith_xori(B, bestOdd, onnxConstantInt(ctx, ONNX_BOOL, 1))));
    same = arith_ori(B, arith_cmpf(B, arith_CmpFPredicate_OEQ, x, best), arith_andi(B, odd, bestOdd));
  } else {
    bool u = onnxIsUnsigned(d->element);
    arith_CmpIPredicate p = d->greatest ? (u ? arith_CmpIPredicate_ugt : arith_CmpIPredicate_sgt)
                                        : (u ? arith_CmpIPredicate_ult : arith_CmpIPredicate_slt);
    better = arith_cmpi(B, p, x, best), same = arith_cmpi(B, arith_CmpIPredicate_eq, x, best);
  }
  MlirValue preferred = arith_cmpi(B, d->last ? arith_CmpIPredicate_sgt : arith_CmpIPredicate_slt, idx, bestIndex);
  better = arith_ori(B, better, arith_andi(B, same, preferred));
  results[0] = arith_select(B, better, x, best), results[1] = arith_select(B, better, idx, bestIndex);
}
// int64 indices without the axis.
static OnnxValue *argExtreme(OnnxContext *ctx, OnnxValue *x, int axis, bool greatest, bool last) {
  OnnxIndex kept[ONNX_MAX_RANK];
  int loops[ONNX_MAX_RANK], n = 0;
  char iterators[ONNX_MAX_RANK + 1] = {0};
  OnnxElement e = onnxWide(x->element);
  for (int i = 0; i < x->rank; ++i) {
    iterators[i] = i == axis ? 'r' : 'p';
    if (i != axis) loops[n] = i, kept[n++] = x->dims[i];
  }
  MlirAttribute start = greatest ? onnxLowest(ctx, e) : onnxHighest(ctx, e);
  if (onnxFailed(ctx)) return NULL;
  MlirAffineMap map = onnxMap(ctx, x->rank, n, loops);
  MlirValue none = onnxConstantInt(ctx, ONNX_INT64, last ? -1 : INT64_MAX), results[2];
  OnnxAccess in = {onnxTensor(ctx, x), onnxIdentity(ctx, x->rank)};
  OnnxAccess outs[] = {{onnxFill(ctx, e, n, kept, arith_constant(B, start)), map},
                       {onnxFill(ctx, ONNX_INT64, n, kept, none), map}};
  ArgData d = {x->element, e, axis, greatest, last};
  onnxGeneric(ctx, iterators, 1, &in, 2, outs, argBody, &d, results);
  return onnxNewTensor(ctx, ONNX_INT64, n, kept, results[1]);
}
static OnnxValue *keepAxis(OnnxContext *ctx, OnnxValue *reduced, const OnnxValue *x, int axis) {
  OnnxIndex dims[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) dims[i] = i == axis ? onnxConst(1) : x->dims[i];
  return onnxReshape(ctx, reduced, x->rank, dims);
}
static void lowerArg(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), x->rank);
  bool keep = onnxInt(ctx, node, "keepdims", 1) != 0, last = onnxInt(ctx, node, "select_last_index", 0) != 0;
  if (onnxFailed(ctx)) return;
  if (x->element == ONNX_BOOL) return onnxRefuseElement(ctx, x);
  if (onnxIs(x->dims[axis], 0)) return onnxInvalid(ctx, "its axis has size 0");
  OnnxValue *r = argExtreme(ctx, x, axis, !strcmp(node->type, "ArgMax"), last);
  onnxSetOutput(ctx, node, 0, keep ? keepAxis(ctx, r, x, axis) : r);
}

typedef struct {
  OnnxElement element;
  int loop;
} HardmaxData;
static MlirValue hardmaxBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  HardmaxData *d = data;
  MlirValue idx = arith_index_cast(B, linalg_index(B, .dim = d->loop), mlirIntegerTypeGet(B->ctx, 64));
  MlirValue hit = arith_cmpi(B, arith_CmpIPredicate_eq, idx, in[0]);
  return arith_select(B, hit, onnxConstantScalar(ctx, d->element, 1), onnxConstantScalar(ctx, d->element, 0));
}
static void hardmaxGeneric(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  results[0] = hardmaxBody(ctx, args, data);
}
static OnnxValue *hardmax(OnnxContext *ctx, OnnxValue *x, int axis) {
  OnnxValue *place = argExtreme(ctx, x, axis, true, false);
  if (!place) return NULL;
  int loops[ONNX_MAX_RANK], n = 0;
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)x->rank);
  for (int i = 0; i < x->rank; ++i)
    if (i != axis) loops[n++] = i;
  OnnxAccess in = {onnxTensor(ctx, place), onnxMap(ctx, x->rank, n, loops)};
  OnnxAccess out = {onnxEmpty(ctx, x->element, x->rank, x->dims), onnxIdentity(ctx, x->rank)};
  HardmaxData d = {x->element, axis};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &in, 1, &out, hardmaxGeneric, &d, &r);
  return onnxNewTensor(ctx, x->element, x->rank, x->dims, r);
}
static void lowerHardmax(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool old = node->opset < 13;
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", old ? 1 : -1), x->rank);
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  if (onnxFailed(ctx)) return;
  if (!old) return onnxSetOutput(ctx, node, 0, hardmax(ctx, x, axis));
  OnnxIndex rows[] = {onnxProduct(ctx, axis, x->dims), onnxProduct(ctx, x->rank - axis, x->dims + axis)};
  OnnxValue *flat = onnxReshape(ctx, x, 2, rows);
  if (flat) onnxSetOutput(ctx, node, 0, onnxReshape(ctx, hardmax(ctx, flat, 1), x->rank, x->dims));
}

const OnnxOperator dlcOnnxNumeric[] = {{"Pow", 1, 0, 2, 2, lowerPow},         {"Mod", 10, 0, 2, 2, lowerMod},
                                       {"PRelu", 6, 0, 2, 2, lowerPRelu},     {"Clip", 6, 0, 1, 3, lowerClip},
                                       {"ArgMax", 1, 0, 1, 1, lowerArg},      {"ArgMin", 1, 0, 1, 1, lowerArg},
                                       {"Hardmax", 1, 0, 1, 1, lowerHardmax}, {0}};
