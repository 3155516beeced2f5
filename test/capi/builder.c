// RUN: capi-builder 2>&1 | FileCheck %s
// The builder layer: typed builders over several dialects, sticky errors, scopes, clones, blocks, diagnostics.
#include <stdio.h>
#include "dlc/ir.h"
#include "dlc/tools.h"
#include "mlir-c/Diagnostics.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/scf.h"
#include "ods/tensor.h"

static void print(MlirStringRef piece, void *data) { fwrite(piece.data, 1, piece.length, data); }
// Without a handler MLIR shows errors only.
static MlirLogicalResult show(MlirDiagnostic diagnostic, void *data) {
  static const char *const severities[] = {"error", "warning", "note", "remark"};
  printf("%s: ", severities[mlirDiagnosticGetSeverity(diagnostic)]);
  mlirDiagnosticPrint(diagnostic, print, stdout);
  printf("\n");
  for (intptr_t i = 0; i < mlirDiagnosticGetNumNotes(diagnostic); ++i) show(mlirDiagnosticGetNote(diagnostic, i), data);
  return mlirLogicalResultSuccess();
}

static MlirOperation lastFunction;
static MlirBlock addFunction(DlcBuilder *b, MlirBlock top, const char *name, MlirType type, MlirType result) {
  MlirType function = mlirFunctionTypeGet(b->ctx, 1, &type, 1, &result);
  dlcAtEnd(b, top) lastFunction = func_func(b, mlirStringRefCreateFromCString(name), function);
  return dlcAddBlock(b, func_func_body(lastFunction), types(type));
}

// A loop that sums 0 .. n-1 in f32, and a branch on its sign.
static void buildSum(DlcBuilder *b, MlirBlock top) {
  MlirType f32 = mlirF32TypeGet(b->ctx);
  MlirBlock body = addFunction(b, top, "sum", indexType(b), f32);
  dlcAtEnd(b, body) {
    MlirValue zero = arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, f32, 0.0));
    MlirOperation loop = ctrl_loop(b, .bound = argOf(body, 0), .init_args = vals(zero), .at = SOME(ctrl_Level_host));
    MlirBlock inner = dlcAddBlock(b, ctrl_loop_body(loop), types(indexType(b), f32));
    dlcAtEnd(b, inner) {
      MlirValue i = arith_index_cast(b, argOf(inner, 0), mlirIntegerTypeGet(b->ctx, 32));
      MlirValue term = arith_sitofp(b, i, f32);
      ctrl_next(b,
                .values = vals(arith_addf(b, argOf(inner, 1), term, .fastmath = SOME(arith_FastMathFlags_contract))));
    }
    func_return(b, vals(dlcResult(loop, 0)));
  }
}

int main(void) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextLoadAllAvailableDialects(ctx);
  mlirContextAttachDiagnosticHandler(ctx, show, NULL, NULL);
  setvbuf(stdout, NULL, _IONBF, 0);
  MlirLocation loc = mlirLocationUnknownGet(ctx);
  MlirModule module = mlirModuleCreateEmpty(loc);
  MlirBlock top = mlirModuleGetBody(module);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(ctx);
  DlcBuilder builder = {rewriter, ctx, loc, false}, *b = &builder;

  // CHECK-LABEL: func.func @sum
  // CHECK: %[[Z:.*]] = arith.constant 0.0
  // CHECK: %[[R:.*]] = ctrl.loop %[[I:.*]] to %{{.*}} carry(%[[S:.*]] = %[[Z]] : f32) at(host) {
  // CHECK: arith.addf %[[S]], %{{.*}} fastmath<contract> : f32
  // CHECK: return %[[R]] : f32
  buildSum(b, top);
  mlirOperationDump(lastFunction);

  // A clone of the region, with the argument mapped to another value, and a block that is split. (Printed in the
  // generic form: the blocks are left without terminators.)
  // CHECK: sym_name = "clone"
  // CHECK: %[[TWO:.*]] = "arith.constant"() <{value = 2 : index}>
  // CHECK: ^bb1:
  // CHECK: "ctrl.loop"(%[[TWO]],
  // CHECK: ^bb2:
  // CHECK-NEXT: "func.return"
  MlirOperation sum = lastFunction;
  MlirBlock first = addFunction(b, top, "clone", indexType(b), mlirF32TypeGet(ctx));
  MlirOperation clone = lastFunction;
  MlirValue two = {0};
  dlcAtEnd(b, first) two = constIndex(b, 2);
  DlcMapping m = dlcMappingCreate();
  dlcMap(m, argOf(bodyOf(func_func_body(sum)), 0), two);
  dlcCloneRegion(b, func_func_body(sum), func_func_body(clone), m);
  MlirBlock copy = mlirBlockGetNextInRegion(first);
  dlcSplitBlock(b, mlirBlockGetTerminator(copy));
  dlcMappingDestroy(m);
  mlirOperationDump(clone);

  // Notes and warnings.
  // CHECK: warning: 'func.func' op has 2 blocks too many
  // CHECK: note: compare with this
  // CHECK: a warning is no failure: yes
  // CHECK: error: 'func.func' op is refused
  // CHECK: an error is one: yes
  DlcDiagnostic *d = dlcWarnBegin(clone, "has %d blocks too many", 2);
  dlcNote(d, mlirOperationGetLocation(sum), "compare with %s", "this");
  printf("a warning is no failure: %s\n", mlirLogicalResultIsSuccess(dlcReport(d)) ? "yes" : "no");
  printf("an error is one: %s\n", mlirLogicalResultIsFailure(dlcError(clone, "is refused")) ? "yes" : "no");

  // Errors are sticky: one diagnostic, then null without another.
  // CHECK: error: cannot build arith.addf: lhs is missing
  // CHECK-NOT: error:
  // CHECK: failed: yes, nothing made: yes
  dlcAtEnd(b, first) {
    MlirValue bad = arith_addf(b, (MlirValue){0}, two);
    MlirValue next = arith_mulf(b, bad, bad);
    printf("failed: %s, nothing made: %s\n", b->failed ? "yes" : "no", isNull(bad) && isNull(next) ? "yes" : "no");
  }
  mlirIRRewriterDestroy(rewriter);
  mlirModuleDestroy(module);
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return 0;
}
