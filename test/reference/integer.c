// arith and math on integers, arith.select, affine.apply, min and max: see reference.h for how integers are held.
#include "reference.h"
#include "ods/affine.h"
#include "ods/arith.h"

#define INTEGER2(name, e)                                                                                              \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    uint64_t a = (uint64_t)in[0].i, b = (uint64_t)in[1].i;                                                             \
    out->i = refWrap(s->type, (e));                                                                                    \
    return true;                                                                                                       \
  }
#define SIGNED2(name, e)                                                                                               \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    int64_t a = in[0].i, b = in[1].i;                                                                                  \
    out->i = refWrap(s->type, (uint64_t)(e));                                                                          \
    return true;                                                                                                       \
  }
#define UNSIGNED2(name, e)                                                                                             \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    uint64_t a = refUnsigned(s->from, in[0].i), b = refUnsigned(s->from, in[1].i);                                     \
    out->i = refWrap(s->type, (e));                                                                                    \
    return true;                                                                                                       \
  }

INTEGER2(add, a + b)
INTEGER2(subtract, a - b)
INTEGER2(multiply, a *b)
INTEGER2(bitAnd, a &b)
INTEGER2(bitOr, a | b)
INTEGER2(bitXor, a ^ b)
SIGNED2(maximum, a > b ? a : b)
SIGNED2(minimum, a < b ? a : b)
UNSIGNED2(maximumUnsigned, a > b ? a : b)
UNSIGNED2(minimumUnsigned, a < b ? a : b)

//===--- division and shifts: what is undefined is refused ----------------------------------===//
static bool checkDivision(const RefStep *s, const RefValue *in) {
  if (!in[1].i) return refFail(s, "divides by zero");
  if (in[1].i == -1 && in[0].i == refWrap(s->type, UINT64_C(1) << (s->type.bits - 1)) && s->type.bits > 1)
    return refFail(s, "overflows");
  return true;
}
#define DIVISION(name, e)                                                                                              \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    if (!checkDivision(s, in)) return false;                                                                           \
    int64_t a = in[0].i, b = in[1].i;                                                                                  \
    out->i = refWrap(s->type, (uint64_t)(e));                                                                          \
    return true;                                                                                                       \
  }
#define DIVISION_UNSIGNED(name, e)                                                                                     \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    if (!in[1].i) return refFail(s, "divides by zero");                                                                \
    uint64_t a = refUnsigned(s->type, in[0].i), b = refUnsigned(s->type, in[1].i);                                     \
    out->i = refWrap(s->type, (e));                                                                                    \
    return true;                                                                                                       \
  }
DIVISION(divide, a / b)
DIVISION(remainderOf, a % b)
DIVISION(divideFloor, a / b - (a % b != 0 && (a < 0) != (b < 0)))
DIVISION(divideCeiling, a / b + (a % b != 0 && (a < 0) == (b < 0)))
DIVISION_UNSIGNED(divideUnsigned, a / b)
DIVISION_UNSIGNED(remainderUnsigned, a % b)
DIVISION_UNSIGNED(divideCeilingUnsigned, a / b + (a % b != 0))

#define SHIFT(name, e)                                                                                                 \
  static bool name(const RefStep *s, const RefValue *in, RefValue *out) {                                              \
    uint64_t by = refUnsigned(s->type, in[1].i), a = refUnsigned(s->type, in[0].i);                                    \
    if (by >= (uint64_t)s->type.bits) return refFail(s, "shifts by the width of its type or more");                    \
    (void)a;                                                                                                           \
    out->i = refWrap(s->type, (uint64_t)(e));                                                                          \
    return true;                                                                                                       \
  }
SHIFT(shiftLeft, a << by)
SHIFT(shiftRight, in[0].i >> by)
SHIFT(shiftRightUnsigned, a >> by)

//===--- conversions ------------------------------------------------------------------------===//
static bool convert(const RefStep *s, const RefValue *in, RefValue *out) { // sign-extends, or cuts
  out->i = refWrap(s->type, (uint64_t)in[0].i);
  return true;
}
static bool convertUnsigned(const RefStep *s, const RefValue *in, RefValue *out) {
  out->i = refWrap(s->type, refUnsigned(s->from, in[0].i));
  return true;
}

static bool absolute(const RefStep *s, const RefValue *in, RefValue *out) {
  out->i = refWrap(s->type, in[0].i < 0 ? 0 - (uint64_t)in[0].i : (uint64_t)in[0].i);
  return true;
}
static bool countBits(const RefStep *s, const RefValue *in, RefValue *out) {
  out->i = refWrap(s->type, (uint64_t)__builtin_popcountll(refUnsigned(s->type, in[0].i)));
  return true;
}
static bool countLeadingZeros(const RefStep *s, const RefValue *in, RefValue *out) {
  uint64_t a = refUnsigned(s->type, in[0].i);
  out->i = a ? __builtin_clzll(a) - (64 - s->type.bits) : s->type.bits;
  return true;
}
static bool countTrailingZeros(const RefStep *s, const RefValue *in, RefValue *out) {
  uint64_t a = refUnsigned(s->type, in[0].i);
  out->i = a ? __builtin_ctzll(a) : s->type.bits;
  return true;
}

static bool compare(const RefStep *s, const RefValue *in, RefValue *out) {
  int64_t a = in[0].i, b = in[1].i;
  uint64_t u = refUnsigned(s->from, a), v = refUnsigned(s->from, b);
  bool yes = false;
  switch ((arith_CmpIPredicate)s->predicate) {
    // clang-format off
  case arith_CmpIPredicate_eq: yes = a == b; break;
  case arith_CmpIPredicate_ne: yes = a != b; break;
  case arith_CmpIPredicate_slt: yes = a < b; break;
  case arith_CmpIPredicate_sle: yes = a <= b; break;
  case arith_CmpIPredicate_sgt: yes = a > b; break;
  case arith_CmpIPredicate_sge: yes = a >= b; break;
  case arith_CmpIPredicate_ult: yes = u < v; break;
  case arith_CmpIPredicate_ule: yes = u <= v; break;
  case arith_CmpIPredicate_ugt: yes = u > v; break;
  case arith_CmpIPredicate_uge: yes = u >= v; break;
    // clang-format on
  }
  out->i = yes ? -1 : 0;
  return true;
}

static bool prepareCompare(RefBuild *b, RefStep *s) {
  (void)b;
  s->predicate = arith_cmpi_predicate(s->op);
  return true;
}

//===--- select -----------------------------------------------------------------------------===//
static bool select(const RefStep *s, const RefValue *in, RefValue *out) {
  (void)s;
  *out = in[0].i ? in[1] : in[2];
  return true;
}

// One condition for two whole tensors, whose sizes may differ.
static bool evalWholeSelect(RefFrame *frame, const RefStep *s) {
  return refCopySlot(frame, s, s->out[0], s->in[refIn(frame, s, 0).i ? 1 : 2]);
}
static bool prepareSelect(RefBuild *b, RefStep *s) {
  (void)b;
  bool one = !mlirTypeIsAShaped(mlirValueGetType(mlirOperationGetOperand(s->op, 0)));
  if (one && mlirTypeIsAShaped(mlirValueGetType(mlirOperationGetResult(s->op, 0)))) s->eval = evalWholeSelect;
  return true;
}

//===--- affine -----------------------------------------------------------------------------===//
typedef struct {
  int n, nDims;
  const RefAffine *results[];
} Map;

static bool prepareMap(RefBuild *b, RefStep *s) {
  MlirAffineMap map = affine_apply_isa(s->op) ? affine_apply_map(s->op)
                      : affine_min_isa(s->op) ? affine_min_map(s->op)
                                              : affine_max_map(s->op);
  int n = (int)mlirAffineMapGetNumResults(map);
  Map *m = refAllocate(b->program, sizeof *m + (size_t)n * sizeof *m->results);
  m->n = n, m->nDims = (int)mlirAffineMapGetNumDims(map);
  for (int i = 0; i < n; ++i) m->results[i] = refAffineOf(b->program, mlirAffineMapGetResult(map, i));
  s->data = m;
  if (s->nIn > 64) return refFail(s, "has more operands than the interpreter takes");
  return n > 0 || refFail(s, "has a map without results");
}

static bool evalMap(RefFrame *frame, const RefStep *s) {
  const Map *m = s->data;
  int64_t operands[64], best = 0;
  bool failed = false;
  for (int i = 0; i < s->nIn; ++i) operands[i] = refIn(frame, s, i).i;
  for (int i = 0; i < m->n; ++i) {
    int64_t v = refAffineEval(m->results[i], operands, operands + m->nDims, &failed);
    if (!i || (affine_min_isa(s->op) ? v < best : v > best)) best = v;
  }
  if (failed) return refFail(s, "divides by what is not positive");
  refSetNumber(frame, s->out[0], (RefValue){.i = best});
  return true;
}

const RefOpSpec refIntegerOps[] = {{"arith.addi", NULL, add, NULL},
                                   {"arith.subi", NULL, subtract, NULL},
                                   {"arith.muli", NULL, multiply, NULL},
                                   {"arith.andi", NULL, bitAnd, NULL},
                                   {"arith.ori", NULL, bitOr, NULL},
                                   {"arith.xori", NULL, bitXor, NULL},
                                   {"arith.maxsi", NULL, maximum, NULL},
                                   {"arith.minsi", NULL, minimum, NULL},
                                   {"arith.maxui", NULL, maximumUnsigned, NULL},
                                   {"arith.minui", NULL, minimumUnsigned, NULL},
                                   {"arith.divsi", NULL, divide, NULL},
                                   {"arith.remsi", NULL, remainderOf, NULL},
                                   {"arith.floordivsi", NULL, divideFloor, NULL},
                                   {"arith.ceildivsi", NULL, divideCeiling, NULL},
                                   {"arith.divui", NULL, divideUnsigned, NULL},
                                   {"arith.remui", NULL, remainderUnsigned, NULL},
                                   {"arith.ceildivui", NULL, divideCeilingUnsigned, NULL},
                                   {"arith.shli", NULL, shiftLeft, NULL},
                                   {"arith.shrsi", NULL, shiftRight, NULL},
                                   {"arith.shrui", NULL, shiftRightUnsigned, NULL},
                                   {"arith.extsi", NULL, convert, NULL},
                                   {"arith.trunci", NULL, convert, NULL},
                                   {"arith.index_cast", NULL, convert, NULL},
                                   {"arith.extui", NULL, convertUnsigned, NULL},
                                   {"arith.index_castui", NULL, convertUnsigned, NULL},
                                   {"arith.cmpi", NULL, compare, prepareCompare},
                                   {"arith.select", NULL, select, prepareSelect},
                                   {"math.absi", NULL, absolute, NULL},
                                   {"math.ctpop", NULL, countBits, NULL},
                                   {"math.ctlz", NULL, countLeadingZeros, NULL},
                                   {"math.cttz", NULL, countTrailingZeros, NULL},
                                   {"affine.apply", evalMap, NULL, prepareMap},
                                   {"affine.min", evalMap, NULL, prepareMap},
                                   {"affine.max", evalMap, NULL, prepareMap},
                                   {NULL, NULL, NULL, NULL}};
