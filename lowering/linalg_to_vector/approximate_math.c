// tile-approximate-math: math ops on f32 vectors and scalars become polynomials,
// where LLVM would call libm lane by lane.
//
//   %y = math.exp %x : vector<16xf32>   ->   15 multiplications, additions, selects
//
// Only ops whose polynomial holds 1e-6 relative to libm, with libm's values for
// inf, nan and zero; denormal results may become zero. The others (sin, cos, atan,
// cbrt, ...: wrong for large or denormal arguments) are left for libm, and so is
// f64. The logarithms are wrong for denormal arguments: these are scaled first.
#include <float.h>
#include <stdlib.h>
#include "dlc/math.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/math.h"

static MlirType elementOf(MlirType t) { return mlirTypeIsAShaped(t) ? mlirShapedTypeGetElementType(t) : t; }
static bool isLogarithm(MlirOperation op) {
  return (math_log_isa(op) || math_log2_isa(op)) && mlirTypeIsAF32(elementOf(typeOf(mlirOperationGetOperand(op, 0))));
}
static MlirValue constant(DlcBuilder *b, MlirType t, double v) {
  MlirAttribute a = mlirFloatAttrDoubleGet(b->ctx, elementOf(t), v);
  return arith_constant(b, mlirTypeIsAShaped(t) ? mlirDenseElementsAttrSplatGet(t, a) : a);
}
// log(x) = log(x * 2^23) - log(2^23) where x is denormal
static void scaleDenormals(DlcBuilder *b, MlirOperation op) {
  MlirValue x = mlirOperationGetOperand(op, 0), y = mlirOperationGetResult(op, 0);
  MlirType t = typeOf(x);
  MlirValue isSmall = arith_cmpf(b, arith_CmpFPredicate_OLT, x, constant(b, t, (double)FLT_MIN));
  MlirValue scaled = arith_select(b, isSmall, arith_mulf(b, x, constant(b, t, 8388608)), x);
  MlirValue shift =
      arith_select(b, isSmall, constant(b, t, math_log2_isa(op) ? 23 : 15.942385152878742), constant(b, t, 0));
  if (b->failed) return;
  dlcModify(b, op) mlirOperationSetOperand(op, 0, scaled);
  dlcAfter(b, op) {
    MlirValue result = arith_subf(b, y, shift);
    if (!b->failed) mlirRewriterBaseReplaceAllUsesExcept(b->rewriter, y, result, opOf(result));
  }
}

//===--- exp ---
// exp(x) = 2^n exp(r) with n = round(x / log 2), |r| <= log(2) / 2; Cephes' coefficients. Adding BIAS rounds to an
// integer, whose low bits are then those of n + 127: shifted, they are the float 2^n. No n is above 127: the last
// results before the infinite ones are of an r up to log 2, and what is larger overflows by itself. Below LEAST n is
// -127 and 2^n comes out as 0.
enum { MANTISSA = 23, MOST_DIMENSIONS = 8 };
static const double BIAS = 12582912 + 127, LEAST = -87.8;
static MlirValue contracted(DlcBuilder *b, MlirValue x, MlirValue y, MlirValue z) {
  arith_FastMathFlags_opt contract = {true, arith_FastMathFlags_contract};
  return arith_addf(b, arith_mulf(b, x, y, .fastmath = contract), z, .fastmath = contract);
}
static MlirType bitsLike(MlirType t) {
  MlirType i32 = mlirIntegerTypeGet(mlirTypeGetContext(t), 32);
  int64_t shape[MOST_DIMENSIONS];
  if (!mlirTypeIsAShaped(t)) return i32;
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(t); ++d) shape[d] = mlirShapedTypeGetDimSize(t, d);
  return mlirVectorTypeGet(mlirShapedTypeGetRank(t), shape, i32);
}
static MlirValue exponential(DlcBuilder *b, MlirValue x) {
  static const double coefficients[] = {
      1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1};
  MlirType t = typeOf(x), bits = bitsLike(t);
  MlirValue least = constant(b, t, LEAST), bias = constant(b, t, BIAS), most = constant(b, t, BIAS + 127);
  // Ordered so that NaN stays, by one instruction on x86.
  x = arith_select(b, arith_cmpf(b, arith_CmpFPredicate_OGT, least, x), least, x);
  MlirValue shifted = contracted(b, x, constant(b, t, 1.4426950408889634), bias);
  shifted = arith_select(b, arith_cmpf(b, arith_CmpFPredicate_OLT, shifted, most), shifted, most);
  MlirValue n = arith_subf(b, shifted, bias);
  MlirValue r = contracted(b, n, constant(b, t, -0.693359375), x);
  r = contracted(b, n, constant(b, t, 2.12194440e-4), r);
  MlirValue p = constant(b, t, coefficients[0]);
  for (size_t i = 1; i < sizeof coefficients / sizeof *coefficients; ++i)
    p = contracted(b, p, r, constant(b, t, coefficients[i]));
  MlirAttribute shift = mlirIntegerAttrGet(elementOf(bits), MANTISSA);
  if (mlirTypeIsAShaped(bits)) shift = mlirDenseElementsAttrSplatGet(bits, shift);
  MlirValue power = arith_bitcast(b, arith_shli(b, arith_bitcast(b, shifted, bits), arith_constant(b, shift)), t);
  return arith_mulf(b, p, power);
}
static bool isExponential(MlirOperation op) {
  MlirType t = math_exp_isa(op) ? typeOf(mlirOperationGetOperand(op, 0)) : (MlirType){0};
  if (!t.ptr || !mlirTypeIsAF32(elementOf(t))) return false;
  return !mlirTypeIsAShaped(t) || (mlirTypeIsAVector(t) && mlirShapedTypeGetRank(t) <= MOST_DIMENSIONS);
}
static void expandExponential(DlcBuilder *b, MlirOperation op) {
  MlirValue y = exponential(b, mlirOperationGetOperand(op, 0));
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &y);
}

// False: an op could not be made.
static bool rewriteAll(MlirOperation root, bool (*is)(MlirOperation), void (*rewrite)(DlcBuilder *, MlirOperation)) {
  DlcOps ops = dlcCollect(root, is);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  bool failed = false;
  for (intptr_t i = 0; i < ops.n && !failed; ++i) {
    DlcBuilder b = dlcBuilderAt(rewriter, ops.data[i]);
    rewrite(&b, ops.data[i]);
    failed = b.failed;
  }
  mlirIRRewriterDestroy(rewriter);
  free(ops.data);
  return !failed;
}
MlirLogicalResult dlcRunTileApproximateMath(MlirOperation root, DlcPass *pass,
                                            const DlcTileApproximateMathOptions *options) {
  static const char *const names[] = {"math.exp",  "math.expm1", "math.log",  "math.log2", "math.log1p",
                                      "math.tanh", "math.erf",   "math.erfc", "math.asin", "math.acos"};
  (void)pass, (void)options;
  return rewriteAll(root, isLogarithm, scaleDenormals) && rewriteAll(root, isExponential, expandExponential)
             ? dlcApproximateMath(root, DLC_COUNT(names), names)
             : mlirLogicalResultFailure();
}
