// Arithmetic on scalars inside bodies, with ONNX's semantics, and conversions.
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <math.h>

// double to float16 by way of float would round twice. Rounding to odd first (an inexact result gets its last bit set,
// and never grows in magnitude) leaves enough for the second rounding to be right.
static MlirValue roundToOdd(OnnxContext *ctx, MlirValue x) {
  DlcBuilder *b = &ctx->builder;
  MlirType f32 = mlirF32TypeGet(b->ctx), f64 = mlirF64TypeGet(b->ctx), i32 = mlirIntegerTypeGet(b->ctx, 32);
  MlirValue near = arith_truncf(b, x, f32), back = arith_extf(b, near, f64), one = onnxConstantInt(ctx, ONNX_INT32, 1);
  MlirValue bits = arith_bitcast(b, near, i32);
  MlirValue grown = arith_cmpf(b, arith_CmpFPredicate_OGT, math_absf(b, back), math_absf(b, x));
  MlirValue inexact = arith_cmpf(b, arith_CmpFPredicate_ONE, back, x);
  MlirValue down = arith_select(b, grown, arith_subi(b, bits, one), bits);
  return arith_bitcast(b, arith_select(b, inexact, arith_ori(b, down, one), bits), f32);
}
static MlirValue convertFloats(OnnxContext *ctx, MlirValue x, OnnxElement from, OnnxElement to) {
  DlcBuilder *b = &ctx->builder;
  size_t a = onnxElementSize(from), c = onnxElementSize(to);
  if (a == c)
    return convertFloats(ctx, arith_extf(b, x, mlirF32TypeGet(b->ctx)), ONNX_FLOAT, to); // float16 <-> bfloat16
  MlirType type = onnxElementType(ctx, to);
  if (a == 8 && c == 2) return arith_truncf(b, roundToOdd(ctx, x), type);
  if (a == 2 && c == 8) return arith_extf(b, arith_extf(b, x, mlirF32TypeGet(b->ctx)), type);
  return a < c ? arith_extf(b, x, type) : arith_truncf(b, x, type);
}
static MlirValue floatToBool(OnnxContext *ctx, MlirValue x, OnnxElement from) {
  return arith_cmpf(&ctx->builder, arith_CmpFPredicate_UNE, x, onnxConstantScalar(ctx, from, 0));
}
// What x86 and numpy do: the conversion to 64 bits saturates to the least value, and narrow types wrap.
static MlirValue floatToInteger(OnnxContext *ctx, MlirValue x, OnnxElement from, OnnxElement to) {
  DlcBuilder *b = &ctx->builder;
  MlirType type = onnxElementType(ctx, to);
  if (to == ONNX_UINT64) return arith_fptoui(b, x, type);
  if (onnxElementSize(to) == 8) return arith_fptosi(b, x, type);
  (void)from;
  if (to == ONNX_INT32) return arith_fptosi(b, x, type);
  MlirType wide = mlirIntegerTypeGet(b->ctx, to == ONNX_UINT32 ? 64 : 32);
  return arith_trunci(b, arith_fptosi(b, x, wide), type);
}
MlirValue onnxConvert(OnnxContext *ctx, MlirValue x, OnnxElement from, OnnxElement to) {
  if (ctx->status || from == to) return x;
  DlcBuilder *b = &ctx->builder;
  MlirType type = onnxElementType(ctx, to);
  if (ctx->status) return x;
  bool floatIn = onnxIsFloat(from), floatOut = onnxIsFloat(to), isUnsigned = onnxIsUnsigned(from);
  if (floatIn && floatOut) return convertFloats(ctx, x, from, to);
  if (floatIn) return to == ONNX_BOOL ? floatToBool(ctx, x, from) : floatToInteger(ctx, x, from, to);
  if (floatOut) return isUnsigned ? arith_uitofp(b, x, type) : arith_sitofp(b, x, type);
  if (to == ONNX_BOOL) return arith_cmpi(b, arith_CmpIPredicate_ne, x, onnxConstantInt(ctx, from, 0));
  size_t a = from == ONNX_BOOL ? 0 : onnxElementSize(from), c = onnxElementSize(to);
  if (a == c) return x;
  if (a > c) return arith_trunci(b, x, type);
  return isUnsigned ? arith_extui(b, x, type) : arith_extsi(b, x, type);
}

static MlirValue floatArithmetic(DlcBuilder *b, OnnxArithmetic kind, MlirValue x, MlirValue y) {
  switch (kind) {
  case ONNX_ADD:
    return arith_addf(b, x, y);
  case ONNX_SUB:
    return arith_subf(b, x, y);
  case ONNX_MUL:
    return arith_mulf(b, x, y);
  case ONNX_DIV:
    return arith_divf(b, x, y);
  case ONNX_MAX:
    return arith_maximumf(b, x, y); // NaN wins, as in numpy
  default:
    return arith_minimumf(b, x, y);
  }
}
// Division by zero and INT_MIN / -1 are undefined in LLVM; here they give zero and INT_MIN.
static MlirValue safeDivide(OnnxContext *ctx, OnnxElement e, MlirValue x, MlirValue y) {
  DlcBuilder *b = &ctx->builder;
  MlirValue zero = onnxConstantInt(ctx, e, 0), one = onnxConstantInt(ctx, e, 1);
  MlirValue isZero = arith_cmpi(b, arith_CmpIPredicate_eq, y, zero);
  if (onnxIsUnsigned(e)) return arith_select(b, isZero, zero, arith_divui(b, x, arith_select(b, isZero, one, y)));
  MlirValue minusOne = arith_cmpi(b, arith_CmpIPredicate_eq, y, onnxConstantInt(ctx, e, -1));
  MlirValue odd = arith_ori(b, isZero, minusOne);
  MlirValue quotient = arith_divsi(b, x, arith_select(b, odd, one, y));
  return arith_select(b, isZero, zero, arith_select(b, minusOne, arith_subi(b, zero, x), quotient));
}
MlirValue onnxArithmetic(OnnxContext *ctx, OnnxArithmetic kind, OnnxElement e, MlirValue x, MlirValue y) {
  DlcBuilder *b = &ctx->builder;
  if (ctx->status) return x;
  if (onnxIsFloat(e)) return floatArithmetic(b, kind, x, y);
  bool isUnsigned = onnxIsUnsigned(e);
  switch (kind) {
  case ONNX_ADD:
    return arith_addi(b, x, y);
  case ONNX_SUB:
    return arith_subi(b, x, y);
  case ONNX_MUL:
    return arith_muli(b, x, y);
  case ONNX_DIV:
    return safeDivide(ctx, e, x, y);
  case ONNX_MAX:
    return isUnsigned ? arith_maxui(b, x, y) : arith_maxsi(b, x, y);
  default:
    return isUnsigned ? arith_minui(b, x, y) : arith_minsi(b, x, y);
  }
}

//===--- on values ---
typedef struct {
  OnnxArithmetic kind;
  OnnxElement element;
} BinaryData;
static MlirValue binaryBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  BinaryData *d = data;
  return onnxArithmetic(ctx, d->kind, d->element, in[0], in[1]);
}
static OnnxIndex indexArithmetic(OnnxContext *ctx, OnnxArithmetic kind, OnnxIndex a, OnnxIndex b) {
  switch (kind) {
  case ONNX_ADD:
    return onnxAdd(ctx, a, b);
  case ONNX_SUB:
    return onnxSub(ctx, a, b);
  case ONNX_MUL:
    return onnxMul(ctx, a, b);
  case ONNX_DIV:
    return onnxDiv(ctx, a, b);
  case ONNX_MAX:
    return onnxMax(ctx, a, b);
  default:
    return onnxMin(ctx, a, b);
  }
}
static OnnxValue *binaryOnElements(OnnxContext *ctx, OnnxArithmetic kind, OnnxValue *a, OnnxValue *b) {
  const OnnxIndex *x, *y;
  if (a->element != ONNX_INT64 && a->element != ONNX_INT32) return NULL;
  int n = onnxElements(ctx, a, &x, false), m = onnxElements(ctx, b, &y, false);
  if (n < 0 || m < 0 || (n != m && n != 1 && m != 1)) return NULL;
  int count = n == 1 ? m : n;
  OnnxIndex *r = onnxAllocate(ctx, (size_t)count * sizeof *r + 1);
  for (int i = 0; i < count; ++i) {
    OnnxIndex p = x[n == 1 ? 0 : i], q = y[m == 1 ? 0 : i];
    if (kind == ONNX_DIV && !(onnxIsConst(q) && q.constant > 0)) return NULL;
    r[i] = indexArithmetic(ctx, kind, p, q);
    if (a->element == ONNX_INT32 && onnxIsConst(r[i])) r[i].constant = (int32_t)r[i].constant;
  }
  return onnxNewElements(ctx, a->element, a->rank > b->rank ? a->rank : b->rank, r, count);
}

enum { FOLD_LIMIT = 1 << 22 };
double onnxFoldFloat(OnnxArithmetic kind, double a, double b) {
  switch (kind) {
  case ONNX_ADD:
    return a + b;
  case ONNX_SUB:
    return a - b;
  case ONNX_MUL:
    return a * b;
  case ONNX_DIV:
    return a / b;
  case ONNX_MAX:
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
  default:
    return isnan(a) || isnan(b) ? NAN : fmin(a, b);
  }
}
// Constants of float types of one shape, or with a scalar.
static OnnxValue *foldBinary(OnnxContext *ctx, OnnxArithmetic kind, OnnxValue *a, OnnxValue *b) {
  if (!a->data || !b->data || !onnxIsFloat(a->element)) return NULL;
  int64_t n = onnxCount(a), m = onnxCount(b);
  OnnxValue *shape = n == 1 && b->rank >= a->rank ? b : a, *other = shape == a ? b : a;
  bool same = a->rank == b->rank && n == m;
  for (int i = 0; same && i < a->rank; ++i) same = a->dims[i].constant == b->dims[i].constant;
  if (!same && !(onnxCount(other) == 1 && other->rank <= shape->rank)) return NULL;
  int64_t count = onnxCount(shape), dims[ONNX_MAX_RANK];
  if (count > FOLD_LIMIT) return NULL;
  for (int i = 0; i < shape->rank; ++i) dims[i] = shape->dims[i].constant;
  void *data;
  OnnxValue *v = onnxNewConstant(ctx, a->element, shape->rank, dims, &data);
  for (int64_t i = 0; v && i < count; ++i)
    onnxPutFloat(a->element, data, i,
                 onnxFoldFloat(kind, onnxGetFloat(a, n == 1 ? 0 : i), onnxGetFloat(b, m == 1 ? 0 : i)));
  return v;
}
OnnxValue *onnxBinary(OnnxContext *ctx, OnnxArithmetic kind, OnnxValue *a, OnnxValue *b) {
  if (ctx->status || !a || !b) return NULL;
  if (a->element != b->element)
    return onnxInvalid(ctx, "operands of %s and %s", onnxElementName(a->element), onnxElementName(b->element)), NULL;
  OnnxValue *r = binaryOnElements(ctx, kind, a, b);
  if (!r && !ctx->status) r = foldBinary(ctx, kind, a, b);
  if (r || ctx->status) return r;
  BinaryData d = {kind, onnxWide(a->element)};
  return onnxElementwise(ctx, 2, (OnnxValue *[]){a, b}, a->element, binaryBody, &d, ONNX_WIDEN);
}
