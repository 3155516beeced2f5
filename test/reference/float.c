// arith and math on floats, and conversions from and to them: see reference.h for how they round.
#include <math.h>
#include <string.h>
#include "reference.h"
#include "ods/arith.h"

#define FLOAT1(name, e)                                                                                                \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    double a = in[0].f;                                                                                                \
    out->f = refRound(s->type, (e));                                                                                   \
    return true;                                                                                                       \
  }
#define FLOAT2(name, e)                                                                                                \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    double a = in[0].f, b = in[1].f;                                                                                   \
    out->f = refRound(s->type, (e));                                                                                   \
    return true;                                                                                                       \
  }
#define TEST(name, e)                                                                                                  \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    double a = in[0].f;                                                                                                \
    (void)s;                                                                                                           \
    out->i = (e) ? -1 : 0;                                                                                             \
    return true;                                                                                                       \
  }

// IEEE 754-2019's maximum and minimum: a NaN wins, and -0 is below +0.
static double largest(double a, double b) {
  if (isnan(a) || isnan(b)) return (double)NAN;
  return a == b ? (signbit(a) ? b : a) : a > b ? a : b;
}
static double smallest(double a, double b) { return -largest(-a, -b); }

FLOAT2(add, a + b)
FLOAT2(subtract, a - b)
FLOAT2(multiply, a *b)
FLOAT2(divide, a / b)
FLOAT2(remainderOf, fmod(a, b))
FLOAT2(maximum, largest(a, b))
FLOAT2(minimum, smallest(a, b))
FLOAT2(maximumNumber, fmax(a, b))
FLOAT2(minimumNumber, fmin(a, b))
FLOAT2(power, pow(a, b))
FLOAT2(arcTangent2, atan2(a, b))
FLOAT2(copySign, copysign(a, b))
FLOAT1(negate, -a)
FLOAT1(absolute, fabs(a))
FLOAT1(arcCosine, acos(a))
FLOAT1(arcCosineH, acosh(a))
FLOAT1(arcSine, asin(a))
FLOAT1(arcSineH, asinh(a))
FLOAT1(arcTangent, atan(a))
FLOAT1(arcTangentH, atanh(a))
FLOAT1(cubeRoot, cbrt(a))
FLOAT1(ceiling, ceil(a))
FLOAT1(cosine, cos(a))
FLOAT1(cosineH, cosh(a))
FLOAT1(errorFunction, erf(a))
FLOAT1(errorComplement, erfc(a))
FLOAT1(exponential, exp(a))
FLOAT1(exponential2, exp2(a))
FLOAT1(exponentialMinus1, expm1(a))
FLOAT1(floorOf, floor(a))
FLOAT1(logarithm, log(a))
FLOAT1(logarithm10, log10(a))
FLOAT1(logarithm1p, log1p(a))
FLOAT1(logarithm2, log2(a))
FLOAT1(roundAway, round(a))
FLOAT1(roundEven, nearbyint(a))
FLOAT1(reciprocalRoot, 1 / sqrt(a))
FLOAT1(sine, sin(a))
FLOAT1(sineH, sinh(a))
FLOAT1(squareRoot, sqrt(a))
FLOAT1(tangent, tan(a))
FLOAT1(tangentH, tanh(a))
FLOAT1(truncateOf, trunc(a))
FLOAT1(convert, a) // extf, truncf
TEST(isFinite, isfinite(a))
TEST(isInfinite, isinf(a))
TEST(isNan, isnan(a))
TEST(isNormal, isnormal(a))

static bool fusedMultiplyAdd(const RefStep *s, const RefValue *in, RefValue *out) {
  out->f = refRound(s->type, fma(in[0].f, in[1].f, in[2].f));
  return true;
}
static bool powerInteger(const RefStep *s, const RefValue *in, RefValue *out) {
  out->f = refRound(s->type, pow(in[0].f, (double)in[1].i));
  return true;
}

static bool compare(const RefStep *s, const RefValue *in, RefValue *out) {
  double a = in[0].f, b = in[1].f;
  bool unordered = isnan(a) || isnan(b), yes = false;
  switch ((arith_CmpFPredicate)s->predicate) {
    // clang-format off
  case arith_CmpFPredicate_AlwaysFalse: yes = false; break;
  case arith_CmpFPredicate_OEQ: yes = a == b; break;
  case arith_CmpFPredicate_OGT: yes = a > b; break;
  case arith_CmpFPredicate_OGE: yes = a >= b; break;
  case arith_CmpFPredicate_OLT: yes = a < b; break;
  case arith_CmpFPredicate_OLE: yes = a <= b; break;
  case arith_CmpFPredicate_ONE: yes = !unordered && a != b; break;
  case arith_CmpFPredicate_ORD: yes = !unordered; break;
  case arith_CmpFPredicate_UEQ: yes = unordered || a == b; break;
  case arith_CmpFPredicate_UGT: yes = unordered || a > b; break;
  case arith_CmpFPredicate_UGE: yes = unordered || a >= b; break;
  case arith_CmpFPredicate_ULT: yes = unordered || a < b; break;
  case arith_CmpFPredicate_ULE: yes = unordered || a <= b; break;
  case arith_CmpFPredicate_UNE: yes = unordered || a != b; break;
  case arith_CmpFPredicate_UNO: yes = unordered; break;
  case arith_CmpFPredicate_AlwaysTrue: yes = true; break;
    // clang-format on
  }
  out->i = yes ? -1 : 0;
  return true;
}

static bool prepareCompare(RefBuild *b, RefStep *s) {
  (void)b;
  s->predicate = arith_cmpf_predicate(s->op);
  return true;
}

// Saturates; NaN gives 0.
static bool toSigned(const RefStep *s, const RefValue *in, RefValue *out) {
  double limit = ldexp(1, s->type.bits - 1), v = trunc(in[0].f);
  out->i = isnan(v)      ? 0
           : v >= limit  ? (int64_t)((UINT64_C(1) << (s->type.bits - 1)) - 1)
           : v <= -limit ? refWrap(s->type, UINT64_C(1) << (s->type.bits - 1))
                         : (int64_t)v;
  return true;
}
static bool toUnsigned(const RefStep *s, const RefValue *in, RefValue *out) {
  double limit = ldexp(1, s->type.bits), v = trunc(in[0].f);
  out->i = isnan(v) || v <= 0 ? 0 : v >= limit ? -1 : refWrap(s->type, (uint64_t)v);
  return true;
}

// From 64 bits double rounds first: to f32 and below that is one rounding more, which odd rounding undoes.
static double fromMagnitude(uint64_t v) {
  if (v >> 53) v = (v >> 11 | ((v & 2047) != 0)) << 11;
  return (double)v;
}
static bool fromSigned(const RefStep *s, const RefValue *in, RefValue *out) {
  bool negative = in[0].i < 0;
  double exact =
      s->type.kind == REF_F64 ? (double)in[0].i : fromMagnitude(negative ? 0 - (uint64_t)in[0].i : (uint64_t)in[0].i);
  out->f = s->type.kind == REF_F64 ? exact : refRound(s->type, negative ? -exact : exact);
  return true;
}
static bool fromUnsigned(const RefStep *s, const RefValue *in, RefValue *out) {
  uint64_t v = refUnsigned(s->from, in[0].i);
  out->f = s->type.kind == REF_F64 ? (double)v : refRound(s->type, fromMagnitude(v));
  return true;
}

static bool sameBits(const RefStep *s, const RefValue *in, RefValue *out) {
  char bytes[8] = {0};
  refStore(s->from, bytes, in[0]);
  *out = refLoad(s->type, bytes);
  return true;
}

const RefOpSpec refFloatOps[] = {{"arith.addf", NULL, add, NULL},
                                 {"arith.subf", NULL, subtract, NULL},
                                 {"arith.mulf", NULL, multiply, NULL},
                                 {"arith.divf", NULL, divide, NULL},
                                 {"arith.remf", NULL, remainderOf, NULL},
                                 {"arith.negf", NULL, negate, NULL},
                                 {"arith.maximumf", NULL, maximum, NULL},
                                 {"arith.minimumf", NULL, minimum, NULL},
                                 {"arith.maxnumf", NULL, maximumNumber, NULL},
                                 {"arith.minnumf", NULL, minimumNumber, NULL},
                                 {"arith.extf", NULL, convert, NULL},
                                 {"arith.truncf", NULL, convert, NULL},
                                 {"arith.cmpf", NULL, compare, prepareCompare},
                                 {"arith.fptosi", NULL, toSigned, NULL},
                                 {"arith.fptoui", NULL, toUnsigned, NULL},
                                 {"arith.sitofp", NULL, fromSigned, NULL},
                                 {"arith.uitofp", NULL, fromUnsigned, NULL},
                                 {"arith.bitcast", NULL, sameBits, NULL},
                                 {"math.absf", NULL, absolute, NULL},
                                 {"math.acos", NULL, arcCosine, NULL},
                                 {"math.acosh", NULL, arcCosineH, NULL},
                                 {"math.asin", NULL, arcSine, NULL},
                                 {"math.asinh", NULL, arcSineH, NULL},
                                 {"math.atan", NULL, arcTangent, NULL},
                                 {"math.atan2", NULL, arcTangent2, NULL},
                                 {"math.atanh", NULL, arcTangentH, NULL},
                                 {"math.cbrt", NULL, cubeRoot, NULL},
                                 {"math.ceil", NULL, ceiling, NULL},
                                 {"math.copysign", NULL, copySign, NULL},
                                 {"math.cos", NULL, cosine, NULL},
                                 {"math.cosh", NULL, cosineH, NULL},
                                 {"math.erf", NULL, errorFunction, NULL},
                                 {"math.erfc", NULL, errorComplement, NULL},
                                 {"math.exp", NULL, exponential, NULL},
                                 {"math.exp2", NULL, exponential2, NULL},
                                 {"math.expm1", NULL, exponentialMinus1, NULL},
                                 {"math.floor", NULL, floorOf, NULL},
                                 {"math.fma", NULL, fusedMultiplyAdd, NULL},
                                 {"math.fpowi", NULL, powerInteger, NULL},
                                 {"math.isfinite", NULL, isFinite, NULL},
                                 {"math.isinf", NULL, isInfinite, NULL},
                                 {"math.isnan", NULL, isNan, NULL},
                                 {"math.isnormal", NULL, isNormal, NULL},
                                 {"math.log", NULL, logarithm, NULL},
                                 {"math.log10", NULL, logarithm10, NULL},
                                 {"math.log1p", NULL, logarithm1p, NULL},
                                 {"math.log2", NULL, logarithm2, NULL},
                                 {"math.powf", NULL, power, NULL},
                                 {"math.round", NULL, roundAway, NULL},
                                 {"math.roundeven", NULL, roundEven, NULL},
                                 {"math.rsqrt", NULL, reciprocalRoot, NULL},
                                 {"math.sin", NULL, sine, NULL},
                                 {"math.sinh", NULL, sineH, NULL},
                                 {"math.sqrt", NULL, squareRoot, NULL},
                                 {"math.tan", NULL, tangent, NULL},
                                 {"math.tanh", NULL, tangentH, NULL},
                                 {"math.trunc", NULL, truncateOf, NULL},
                                 {NULL, NULL, NULL, NULL}};
