// ctrl-device-math: see math.h.
//
//   f64                arithmetic (double_math.h)
//   f32                polynomials where upstream has good ones (tile-approximate-math), else through f64
//   f16, bf16          computed in f32
//   native everywhere  absf, absi, ceil, floor, trunc, round, roundeven, sqrt, fma, copysign, ctpop, ctlz, cttz, is*
#include "lowering/device/math.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/passes.h"
#include "lowering/device/double_math.h"
#include "lowering/device/kernel.h"
#include "ods/arith.h"
#include "ods/llvm.h"

// Ops that every backend selects. Those on floats become calls of LLVM's intrinsics at once: the conversions of
// gpu.module would replace math ops by calls into libdevice and ocml, and refuse the LLVM dialect's own ops.
static const struct {
  const char *op, *intrinsic;
} native[] = {{"absf", "llvm.fabs"},   {"ceil", "llvm.ceil"},   {"floor", "llvm.floor"},
              {"trunc", "llvm.trunc"}, {"round", "llvm.round"}, {"roundeven", "llvm.roundeven"},
              {"sqrt", "llvm.sqrt"},   {"fma", "llvm.fma"},     {"copysign", "llvm.copysign"},
              {"absi", NULL},          {"ctpop", NULL},         {"ctlz", NULL},
              {"cttz", NULL},          {"isnan", NULL},         {"isinf", NULL},
              {"isfinite", NULL},      {"isnormal", NULL}};
enum { N_NATIVE = sizeof native / sizeof *native };

// Which row of `native` op is; N_NATIVE: a math op that is none; -1: no math op.
static int rowOf(MlirOperation op) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  if (name.length < 5 || memcmp(name.data, "math.", 5)) return -1;
  int row = 0;
  while (row < N_NATIVE &&
         !(name.length - 5 == strlen(native[row].op) && !memcmp(name.data + 5, native[row].op, name.length - 5)))
    ++row;
  return row;
}
static bool isForeign(MlirOperation op) { return rowOf(op) == N_NATIVE || arith_remf_isa(op); }
static bool isIntrinsic(MlirOperation op) {
  int row = rowOf(op);
  return row >= 0 && row < N_NATIVE && native[row].intrinsic;
}

static bool refuseForeign(MlirOperation kernels) {
  DlcOps foreign = dlcCollect(kernels, isForeign);
  if (foreign.n) {
    MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(foreign.data[0]));
    dlcRefuse(foreign.data[0], "%.*s on this type has no form on devices", (int)name.length, name.data);
  }
  free(foreign.data);
  return !foreign.n;
}

static bool callIntrinsics(MlirOperation kernels) {
  DlcOps ops = dlcCollect(kernels, isIntrinsic);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(kernels));
  bool ok = true;
  for (intptr_t i = 0; i < ops.n && ok; ++i) {
    MlirOperation op = ops.data[i];
    DlcBuilder b = dlcBuilderAt(rewriter, op);
    MlirOperation call = llvm_call_intrinsic(&b, .intrin = dlcText(native[rowOf(op)].intrinsic), .args = operandsOf(op),
                                             .results_type = typeOf(dlcResult(op, 0)));
    ok = call.ptr != NULL;
    if (ok) mlirRewriterBaseReplaceOpWithOperation(rewriter, op, call);
  }
  mlirIRRewriterDestroy(rewriter);
  free(ops.data);
  return ok;
}

//===--- by way of double precision ---
static MlirStringRef functionOf(MlirOperation op) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  if (arith_remf_isa(op)) return dlcText("remf");
  if (name.length < 5 || memcmp(name.data, "math.", 5)) return (MlirStringRef){"", 0};
  return (MlirStringRef){name.data + 5, name.length - 5};
}
static bool isNarrow(MlirType t) { return mlirTypeIsAF16(t) || mlirTypeIsABF16(t) || mlirTypeIsAF32(t); }
static bool isDouble(MlirOperation op) {
  return dlcHasDoubleMath(functionOf(op)) && mlirTypeIsAF64(typeOf(dlcResult(op, 0)));
}
// Those that have a polynomial in f32 do without; rsqrt is a division there.
static bool wantsDouble(MlirOperation op) {
  static const char *const wide[] = {"exp2", "log10", "sin",   "cos",   "tan",  "atan", "sinh",
                                     "cosh", "asinh", "acosh", "atanh", "cbrt", "powf", "remf"};
  if (isDouble(op)) return true;
  MlirStringRef name = functionOf(op);
  if (!name.length || !isNarrow(typeOf(dlcResult(op, 0)))) return false;
  for (size_t i = 0; i < sizeof wide / sizeof *wide; ++i)
    if (mlirStringRefEqual(name, dlcText(wide[i]))) return true;
  return false;
}
static bool computeInDouble(MlirOperation kernels) {
  DlcOps ops = dlcCollect(kernels, wantsDouble);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(kernels));
  bool ok = true;
  for (intptr_t i = 0; i < ops.n && ok; ++i) {
    MlirOperation op = ops.data[i];
    DlcBuilder b = dlcBuilderAt(rewriter, op);
    MlirType narrow = typeOf(dlcResult(op, 0)), wide = mlirF64TypeGet(b.ctx);
    bool widens = !mlirTypeEqual(narrow, wide);
    MlirValue x[2] = {{0}};
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op) && k < 2; ++k) {
      x[k] = mlirOperationGetOperand(op, k);
      if (widens) x[k] = arith_extf(&b, x[k], wide);
    }
    MlirValue y = dlcDoubleMath(&b, functionOf(op), x[0], x[1]);
    if (widens && y.ptr) y = arith_truncf(&b, y, narrow);
    ok = y.ptr && !b.failed;
    if (ok) mlirRewriterBaseReplaceOpWithValues(rewriter, op, 1, &y);
  }
  mlirIRRewriterDestroy(rewriter);
  free(ops.data);
  return ok;
}

MlirLogicalResult dlcLowerDeviceMath(MlirOperation kernels) {
  if (!dlcRunPipeline(kernels, "gpu.module(math-expand-ops{ops=fpowi,clampf,rsqrt},canonicalize,cse)") ||
      !computeInDouble(kernels))
    return mlirLogicalResultFailure();
  if (!dlcRunPipeline(kernels, "gpu.module(math-extend-to-supported-types{target-type=f32},canonicalize,cse)"))
    return mlirLogicalResultFailure();
  const DlcTileApproximateMathOptions options = {0};
  if (mlirLogicalResultIsFailure(dlcRunTileApproximateMath(kernels, NULL, &options))) return mlirLogicalResultFailure();
  return refuseForeign(kernels) && callIntrinsics(kernels) ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
MlirLogicalResult dlcRunCtrlDeviceMath(MlirOperation module, DlcPass *pass, const DlcCtrlDeviceMathOptions *options) {
  (void)pass, (void)options;
  MlirOperation kernels = dlcFindKernels(module);
  return kernels.ptr ? dlcLowerDeviceMath(kernels) : mlirLogicalResultSuccess();
}
