// See double_math.h.
#include "lowering/device/double_math.h"
#include <math.h>
#include <string.h>
#include "ods/arith.h"
#include "ods/math.h"
#include "ods/scf.h"

typedef DlcBuilder *B;
typedef MlirValue V;

//===--- short names: a formula should read as one ---
static MlirType doubles(B b) { return mlirF64TypeGet(b->ctx); }
static MlirType longs(B b) { return mlirIntegerTypeGet(b->ctx, 64); }
static V number(B b, double v) { return arith_constant(b, .value = mlirFloatAttrDoubleGet(b->ctx, doubles(b), v)); }
static V integer(B b, int64_t v) { return arith_constant(b, .value = mlirIntegerAttrGet(longs(b), v)); }
static V plus(B b, V x, V y) { return arith_addf(b, x, y); }
static V minus(B b, V x, V y) { return arith_subf(b, x, y); }
static V times(B b, V x, V y) { return arith_mulf(b, x, y); }
static V over(B b, V x, V y) { return arith_divf(b, x, y); }
static V scale(B b, V x, double c) { return times(b, x, number(b, c)); }
static V shift(B b, V x, double c) { return plus(b, x, number(b, c)); }
static V fused(B b, V x, V y, V z) { return math_fma(b, x, y, z); } // x y + z
static V less(B b, V x, double c) { return arith_cmpf(b, arith_CmpFPredicate_OLT, x, number(b, c)); }
static V more(B b, V x, double c) { return arith_cmpf(b, arith_CmpFPredicate_OGT, x, number(b, c)); }
static V same(B b, V x, double c) { return arith_cmpf(b, arith_CmpFPredicate_OEQ, x, number(b, c)); }
static V isNotNumber(B b, V x) { return arith_cmpf(b, arith_CmpFPredicate_UNO, x, x); }
static V choose(B b, V condition, V yes, V no) { return arith_select(b, condition, yes, no); }
static V magnitude(B b, V x) { return math_absf(b, x); }
static V withSign(B b, V x, V of) { return math_copysign(b, x, of); }
static V toLong(B b, V x) { return arith_fptosi(b, x, longs(b)); }
static V bitsOf(B b, V x) { return arith_bitcast(b, x, longs(b)); }
static V ofBits(B b, V x) { return arith_bitcast(b, x, doubles(b)); }
// c[0] + c[1] x + ...
static V polynomial(B b, V x, const double *c, int n) {
  V p = number(b, c[n - 1]);
  for (int i = n - 2; i >= 0; --i) p = fused(b, p, x, number(b, c[i]));
  return p;
}
#define POLYNOMIAL(b, x, table) polynomial(b, x, table, sizeof table / sizeof *table)

static const double ln2High = 0.6931471805599453, ln2Low = 2.3190468138462996e-17, log2e = 1.4426950408889634;
static const double halfPi[] = {1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33};
static const double twoOverPi = 0.6366197723675814, twoOverRootPi = 1.1283791670955126;

//===--- series: x^k from the first coefficient given below ---
// log(erfc(x) e^(x^2) (2 + x) / 2) in 4 / (2 + x) - 1
static const double erfcSeries[] = {
    -0.6717940840566923,     0.6726432239776567,      0.04734330684190441,     -0.04689561023118475,
    -0.009872689366388684,   0.00882493855745383,     0.001758933557766382,    -0.0023458125081223134,
    -0.0001462468629421063,  0.0006736788796142943,   -9.373503465815823e-05,  -0.0001743035278020314,
    7.140103219748502e-05,   3.1747859436922955e-05,  -3.0187948093951486e-05, 1.2915164139087769e-07,
    8.562779099386524e-06,   -2.928567024161788e-06,  -1.2725805279147717e-06, 1.2186833373805656e-06,
    -1.6817283194044123e-07, -2.1376119174178424e-07, 1.5307318366323928e-07,  -2.6872987499866794e-08,
    -3.9024931626661816e-08, 2.589763598195963e-08,   4.013877704214506e-09,   -6.421087129613183e-09,
    6.714920393601979e-12,   6.249457280991351e-10};
// (e^r - 1) / r
static const double exponential[] = {1.0,
                                     0.5,
                                     0.16666666666666666,
                                     0.041666666666666664,
                                     0.008333333333333333,
                                     0.001388888888888889,
                                     0.0001984126984126984,
                                     2.48015873015873e-05,
                                     2.7557319223985893e-06,
                                     2.755731922398589e-07,
                                     2.505210838544172e-08,
                                     2.08767569878681e-09,
                                     1.6059043836821613e-10};
// (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2
static const double logarithm[] = {0.6666666666666666,  0.4,
                                   0.2857142857142857,  0.2222222222222222,
                                   0.18181818181818182, 0.15384615384615385,
                                   0.13333333333333333, 0.11764705882352941,
                                   0.10526315789473684, 0.09523809523809523,
                                   0.08695652173913043};
// (sin r - r) / r^3, (cos r - 1) / r^2, (atan r - r) / r^3, (erf x root(pi) / 2 - x) / x^3 in the square
static const double sine[] = {-0.16666666666666666,   0.008333333333333333,   -0.0001984126984126984,
                              2.7557319223985893e-06, -2.505210838544172e-08, 1.6059043836821613e-10,
                              -7.647163731819816e-13, 2.8114572543455206e-15};
static const double cosine[] = {-0.5,
                                0.041666666666666664,
                                -0.001388888888888889,
                                2.48015873015873e-05,
                                -2.755731922398589e-07,
                                2.08767569878681e-09,
                                -1.1470745597729725e-11,
                                4.779477332387385e-14};
static const double arctangent[] = {-0.3333333333333333,   0.2,
                                    -0.14285714285714285,  0.1111111111111111,
                                    -0.09090909090909091,  0.07692307692307693,
                                    -0.06666666666666667,  0.058823529411764705,
                                    -0.05263157894736842,  0.047619047619047616,
                                    -0.043478260869565216, 0.04,
                                    -0.037037037037037035, 0.034482758620689655,
                                    -0.03225806451612903,  0.030303030303030304,
                                    -0.02857142857142857,  0.02702702702702703,
                                    -0.02564102564102564,  0.024390243902439025,
                                    -0.023255813953488372, 0.022222222222222223,
                                    -0.02127659574468085};
static const double errorSeries[] = {-0.3333333333333333,     0.1,
                                     -0.023809523809523808,   0.004629629629629629,
                                     -0.0007575757575757576,  0.00010683760683760684,
                                     -1.3227513227513228e-05, 1.4589169000933706e-06,
                                     -1.4503852223150468e-07, 1.3122532963802806e-08,
                                     -1.0892221037148573e-09, 8.35070279514724e-11,
                                     -5.9477940136376354e-12, 3.9554295164585257e-13,
                                     -2.466827010264457e-14,  1.4483264643598138e-15,
                                     -8.032735012415773e-17,  4.221407288807088e-18,
                                     -2.107855191442136e-19,  1.0025164934907719e-20,
                                     -4.5518467589282e-22};

//===--- exponentials ---
static V within(B b, V x, double low, double high) { // NaN becomes 0
  V above = choose(b, less(b, x, low), number(b, low), x), in = choose(b, more(b, above, high), number(b, high), above);
  return choose(b, isNotNumber(b, x), number(b, 0), in);
}
static V powerOfTwo(B b, V n) { return ofBits(b, arith_shli(b, arith_addi(b, n, integer(b, 1023)), integer(b, 52))); }
// e^r 2^n, r small; in two steps: 2^1024 is no number, 2^-1074 no normal one.
static V assemble(B b, V r, V n, V x) {
  V e = shift(b, times(b, r, POLYNOMIAL(b, r, exponential)), 1), half = arith_shrsi(b, n, integer(b, 1));
  e = times(b, times(b, e, powerOfTwo(b, half)), powerOfTwo(b, arith_subi(b, n, half)));
  return choose(b, isNotNumber(b, x), x, e);
}
static V exponentialOf(B b, V x) { // beyond the bounds: 0, infinity
  V in = within(b, x, -746, 710), n = math_roundeven(b, scale(b, in, log2e)), negated = arith_negf(b, n);
  V r = fused(b, negated, number(b, ln2Low), fused(b, negated, number(b, ln2High), in));
  return assemble(b, r, toLong(b, n), x);
}
static V powerOfTwoOf(B b, V x) {
  V in = within(b, x, -1076, 1025), n = math_roundeven(b, in);
  return assemble(b, scale(b, minus(b, in, n), ln2High), toLong(b, n), x);
}
static V exponentialMinusOne(B b, V x) {
  V small = less(b, magnitude(b, x), 0.34), in = choose(b, small, x, number(b, 0));
  return choose(b, small, times(b, in, POLYNOMIAL(b, in, exponential)), shift(b, exponentialOf(b, x), -1));
}

//===--- logarithms ---
static V logarithmOf(B b, V x) {
  V tiny = less(b, x, 0x1p-1022), in = choose(b, tiny, scale(b, x, 0x1p54), x), bits = bitsOf(b, in);
  V e = arith_subi(b, arith_shrui(b, bits, integer(b, 52)), integer(b, 1023));
  e = arith_subi(b, e, choose(b, tiny, integer(b, 54), integer(b, 0)));
  V m = ofBits(b, arith_ori(b, arith_andi(b, bits, integer(b, 0xfffffffffffff)), integer(b, 0x3ff0000000000000)));
  V high = more(b, m, 1.4142135623730951);
  m = choose(b, high, scale(b, m, 0.5), m);
  V n = arith_sitofp(b, arith_addi(b, e, choose(b, high, integer(b, 1), integer(b, 0))), doubles(b));
  // With f = m - 1, s = f / (2 + f): log m = f - s (f - R), as s (2 + f) = f exactly in thought.
  V f = shift(b, m, -1), s = over(b, f, shift(b, f, 2)), z = times(b, s, s),
    rest = times(b, z, POLYNOMIAL(b, z, logarithm));
  V tail = fused(b, n, number(b, ln2Low), times(b, s, minus(b, rest, f)));
  V y = fused(b, n, number(b, ln2High), plus(b, f, tail));
  y = choose(b, same(b, x, INFINITY), x, y);
  y = choose(b, same(b, x, 0), number(b, -INFINITY), y);
  return choose(b, arith_cmpf(b, arith_CmpFPredicate_UGE, x, number(b, 0)), choose(b, isNotNumber(b, x), x, y),
                number(b, NAN));
}
// Kahan: what 1 + x loses is won back by the quotient.
static V logarithmOfOnePlus(B b, V x) {
  V u = shift(b, x, 1), d = shift(b, u, -1), y = times(b, logarithmOf(b, u), over(b, x, d));
  y = choose(b, same(b, u, INFINITY), u, y);
  y = choose(b, same(b, u, 0), number(b, -INFINITY), y);
  return choose(b, same(b, d, 0), x, y);
}

//===--- trigonometric functions ---
static void sineAndCosine(B b, V x, V *sin, V *cos) {
  V fits = less(b, magnitude(b, x), 0x1p50), in = choose(b, fits, x, number(b, 0));
  V n = math_roundeven(b, scale(b, in, twoOverPi)), negated = arith_negf(b, n), r = in;
  for (int i = 0; i < 3; ++i) r = fused(b, negated, number(b, halfPi[i]), r);
  V z = times(b, r, r), q = arith_andi(b, toLong(b, n), integer(b, 3));
  V s = fused(b, times(b, z, r), POLYNOMIAL(b, z, sine), r), c = shift(b, times(b, z, POLYNOMIAL(b, z, cosine)), 1);
  V swap = arith_trunci(b, q, mlirIntegerTypeGet(b->ctx, 1)); // odd quadrants
  V over1 = arith_trunci(b, arith_shrui(b, q, integer(b, 1)), mlirIntegerTypeGet(b->ctx, 1));
  V right = choose(b, swap, c, s), down = choose(b, swap, s, c), nan = number(b, NAN);
  *sin = choose(b, fits, choose(b, over1, arith_negf(b, right), right), nan);
  *cos = choose(b, fits, choose(b, arith_xori(b, over1, swap), arith_negf(b, down), down), nan);
  *sin = choose(b, same(b, x, 0), x, *sin); // keeps the sign of zero
}
static V arctangentOf(B b, V x) {
  V a = magnitude(b, x), large = more(b, a, 1), t = choose(b, large, over(b, number(b, 1), a), a);
  V middle = more(b, t, 0.41421356237309503), u = choose(b, middle, over(b, shift(b, t, -1), shift(b, t, 1)), t),
    z = times(b, u, u);
  V y = fused(b, times(b, z, u), POLYNOMIAL(b, z, arctangent), u);
  y = choose(b, middle, shift(b, y, 0.7853981633974483), y);
  y = choose(b, large, minus(b, number(b, halfPi[0]), y), y);
  return choose(b, isNotNumber(b, x), x, withSign(b, y, x));
}
static V root(B b, V x) { return math_sqrt(b, x); }
static V arcsineOf(B b, V x) { // root((1 - x) (1 + x)), not 1 - x^2, near one
  V one = number(b, 1), c = root(b, times(b, minus(b, one, x), plus(b, one, x)));
  return scale(b, arctangentOf(b, over(b, x, shift(b, c, 1))), 2);
}
static V arccosineOf(B b, V x) {
  V one = number(b, 1);
  return scale(b, arctangentOf(b, root(b, over(b, minus(b, one, x), plus(b, one, x)))), 2);
}

//===--- hyperbolic functions ---
static V hyperbolicTangentOf(B b, V x) {
  V a = magnitude(b, x), in = choose(b, more(b, a, 20), number(b, 20), a), e = exponentialMinusOne(b, scale(b, in, 2));
  return withSign(b, over(b, e, shift(b, e, 2)), x);
}
static V hyperbolicSineOf(B b, V x) {
  V a = magnitude(b, x), e = exponentialMinusOne(b, a), small = scale(b, plus(b, e, over(b, e, shift(b, e, 1))), 0.5);
  V half = exponentialOf(b, scale(b, a, 0.5)), large = times(b, scale(b, half, 0.5), half);
  return withSign(b, choose(b, more(b, a, 40), large, small), x);
}
static V hyperbolicCosineOf(B b, V x) {
  V a = magnitude(b, x), half = exponentialOf(b, scale(b, a, 0.5)), large = times(b, scale(b, half, 0.5), half);
  V e = exponentialOf(b, a);
  return choose(b, more(b, a, 40), large, scale(b, plus(b, e, over(b, number(b, 1), e)), 0.5));
}
static V inverseSineOf(B b, V x) {
  V a = magnitude(b, x), square = times(b, a, a), s = root(b, shift(b, square, 1));
  V small = logarithmOfOnePlus(b, plus(b, a, over(b, square, shift(b, s, 1)))),
    large = shift(b, logarithmOf(b, a), ln2High);
  return withSign(b, choose(b, more(b, a, 1e8), large, small), x);
}
static V inverseCosineOf(B b, V x) {
  V t = shift(b, x, -1), small = logarithmOfOnePlus(b, plus(b, t, root(b, fused(b, t, t, scale(b, t, 2)))));
  V y = choose(b, more(b, x, 1e8), shift(b, logarithmOf(b, x), ln2High), small);
  return choose(b, less(b, x, 1), number(b, NAN), y);
}
static V inverseTangentOf(B b, V x) {
  V a = magnitude(b, x), y = logarithmOfOnePlus(b, over(b, scale(b, a, 2), minus(b, number(b, 1), a)));
  return withSign(b, scale(b, y, 0.5), x);
}

//===--- error function, powers, remainder ---
static V complementOf(B b, V a) { // erfc of a >= 0
  V t = over(b, number(b, 2), shift(b, a, 2)), y = shift(b, scale(b, t, 2), -1);
  return times(b, t, exponentialOf(b, fused(b, arith_negf(b, a), a, POLYNOMIAL(b, y, erfcSeries))));
}
static V errorOf(B b, V x) {
  V a = magnitude(b, x), small = less(b, a, 1), in = choose(b, small, x, number(b, 0)), z = times(b, in, in);
  V near = scale(b, fused(b, times(b, z, in), POLYNOMIAL(b, z, errorSeries), in), twoOverRootPi);
  V far = withSign(b, minus(b, number(b, 1), complementOf(b, a)), x);
  return choose(b, small, near, far);
}
static V complementaryErrorOf(B b, V x) {
  V a = magnitude(b, x), far = complementOf(b, a), negative = minus(b, number(b, 2), far);
  return choose(b, less(b, a, 0.5), minus(b, number(b, 1), errorOf(b, x)), choose(b, less(b, x, 0), negative, far));
}
static V powerOf(B b, V x, V y) {
  V a = magnitude(b, x), p = exponentialOf(b, times(b, y, logarithmOf(b, a)));
  V whole = arith_cmpf(b, arith_CmpFPredicate_OEQ, math_floor(b, y), y), half = scale(b, y, 0.5);
  V even = arith_cmpf(b, arith_CmpFPredicate_OEQ, math_floor(b, half), half);
  V odd = arith_andi(
      b, whole, arith_xori(b, even, arith_constant(b, .value = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 1), 1))));
  V signedPower = choose(b, odd, withSign(b, p, x), p);
  V bad = arith_andi(
      b, less(b, x, 0),
      arith_xori(b, whole, arith_constant(b, .value = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 1), 1))));
  bad = arith_andi(b, bad, less(b, a, INFINITY));
  V r = choose(b, bad, number(b, NAN), signedPower);
  r = choose(b, arith_andi(b, same(b, a, 1), same(b, magnitude(b, y), INFINITY)), number(b, 1), r);
  return choose(b, arith_ori(b, same(b, y, 0), same(b, x, 1)), number(b, 1), r);
}

// The remainder by exact steps: a quotient cut to 20 bits times y, subtracted with one rounding that rounds nothing.
static V remainderStep(B b, V r, V y) {
  V q = over(b, r, y), big = more(b, q, 0x1p20);
  V inside = choose(b, same(b, q, INFINITY), number(b, 0x1p1000), scale(b, q, 1 - 0x1p-40));
  V cut = ofBits(b, arith_andi(b, bitsOf(b, inside), integer(b, (int64_t)0xffffffff00000000)));
  V count = choose(b, big, cut, math_trunc(b, q)), next = fused(b, arith_negf(b, count), y, r);
  return choose(b, less(b, next, 0), plus(b, next, y), next);
}
static V remainderOf(B b, V x, V y) {
  MlirType t = doubles(b);
  V a = magnitude(b, x), d = magnitude(b, y), valid = arith_andi(b, less(b, a, INFINITY), more(b, d, 0));
  V start = choose(b, valid, a, number(b, 0));
  MlirOperation loop = scf_while(b, valsN(1, &start), .results_type = types(t));
  if (!loop.ptr) return x;
  MlirBlock before = dlcAddBlock(b, scf_while_before(loop), types(t)),
            after = dlcAddBlock(b, scf_while_after(loop), types(t));
  dlcAtEnd(b, before) {
    V r = argOf(before, 0);
    scf_condition(b, arith_cmpf(b, arith_CmpFPredicate_OGE, r, d), valsN(1, &r));
  }
  dlcAtEnd(b, after) {
    V r = remainderStep(b, argOf(after, 0), d);
    scf_yield(b, valsN(1, &r));
  }
  V nan = number(b, NAN), result = choose(b, arith_andi(b, valid, arith_cmpf(b, arith_CmpFPredicate_ORD, d, d)),
                                          withSign(b, dlcResult(loop, 0), x), nan);
  return result;
}

//===--- by name ---
static V tangentOf(B b, V x) {
  V s, c;
  sineAndCosine(b, x, &s, &c);
  return over(b, s, c);
}
static V sineOf(B b, V x) {
  V s, c;
  return sineAndCosine(b, x, &s, &c), s;
}
static V cosineOf(B b, V x) {
  V s, c;
  return sineAndCosine(b, x, &s, &c), c;
}
static V binaryLogarithmOf(B b, V x) { return scale(b, logarithmOf(b, x), log2e); }
static V decimalLogarithmOf(B b, V x) { return scale(b, logarithmOf(b, x), 0.4342944819032518); }
static V inverseRootOf(B b, V x) { return over(b, number(b, 1), root(b, x)); }
static V cubeRootOf(B b, V x) {
  V a = magnitude(b, x), y = exponentialOf(b, scale(b, logarithmOf(b, a), 1.0 / 3)), square = times(b, y, y);
  V better = minus(b, y, over(b, minus(b, times(b, square, y), a), scale(b, square, 3)));
  V edge = arith_ori(b, same(b, a, 0), same(b, a, INFINITY));
  return choose(b, edge, x, withSign(b, better, x));
}
static const struct {
  const char *name;
  V (*one)(B, V);
  V (*two)(B, V, V);
} functions[] = {{"exp", exponentialOf, NULL},
                 {"exp2", powerOfTwoOf, NULL},
                 {"expm1", exponentialMinusOne, NULL},
                 {"log", logarithmOf, NULL},
                 {"log2", binaryLogarithmOf, NULL},
                 {"log10", decimalLogarithmOf, NULL},
                 {"log1p", logarithmOfOnePlus, NULL},
                 {"sin", sineOf, NULL},
                 {"cos", cosineOf, NULL},
                 {"tan", tangentOf, NULL},
                 {"asin", arcsineOf, NULL},
                 {"acos", arccosineOf, NULL},
                 {"atan", arctangentOf, NULL},
                 {"sinh", hyperbolicSineOf, NULL},
                 {"cosh", hyperbolicCosineOf, NULL},
                 {"tanh", hyperbolicTangentOf, NULL},
                 {"asinh", inverseSineOf, NULL},
                 {"acosh", inverseCosineOf, NULL},
                 {"atanh", inverseTangentOf, NULL},
                 {"erf", errorOf, NULL},
                 {"erfc", complementaryErrorOf, NULL},
                 {"rsqrt", inverseRootOf, NULL},
                 {"cbrt", cubeRootOf, NULL},
                 {"powf", NULL, powerOf},
                 {"remf", NULL, remainderOf}};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

static int find(MlirStringRef name) {
  int i = 0;
  while (i < N_FUNCTIONS &&
         !(name.length == strlen(functions[i].name) && !memcmp(name.data, functions[i].name, name.length)))
    ++i;
  return i;
}
bool dlcHasDoubleMath(MlirStringRef name) { return find(name) < N_FUNCTIONS; }
MlirValue dlcDoubleMath(DlcBuilder *b, MlirStringRef name, MlirValue x, MlirValue y) {
  int i = find(name);
  if (i == N_FUNCTIONS) return (MlirValue){0};
  return functions[i].one ? functions[i].one(b, x) : functions[i].two(b, x, y);
}
