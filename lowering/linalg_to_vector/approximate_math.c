// tile-approximate-math: math ops on f32 vectors and scalars become polynomials,
// where LLVM would call libm lane by lane.
//
//   %y = math.exp %x : vector<16xf32>   ->   about 20 multiplications, additions, selects
//
// Only ops whose polynomial holds 1e-6 relative to libm, with libm's values for
// inf, nan and zero; denormal results become zero. The others (sin, cos, atan,
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
MlirLogicalResult dlcRunTileApproximateMath(MlirOperation root, DlcPass *pass,
                                            const DlcTileApproximateMathOptions *options) {
  static const char *const names[] = {"math.exp",  "math.expm1", "math.log",  "math.log2", "math.log1p",
                                      "math.tanh", "math.erf",   "math.erfc", "math.asin", "math.acos"};
  (void)pass, (void)options;
  DlcOps ops = dlcCollect(root, isLogarithm);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  bool failed = false;
  for (intptr_t i = 0; i < ops.n && !failed; ++i) {
    DlcBuilder b = dlcBuilderAt(rewriter, ops.data[i]);
    scaleDenormals(&b, ops.data[i]);
    failed = b.failed;
  }
  mlirIRRewriterDestroy(rewriter);
  free(ops.data);
  return failed ? mlirLogicalResultFailure() : dlcApproximateMath(root, DLC_COUNT(names), names);
}
