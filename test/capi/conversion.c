// RUN: capi-conversion 2>&1 | FileCheck %s
// Dialect conversion from C: i32 arithmetic becomes i64 arithmetic, in functions too.
#include <stdio.h>
#include "dlc/conversion.h"
#include "dlc/tools.h"
#include "ods/arith.h"

static const char *const program = "func.func @add(%a: i32, %b: i32) -> i32 {\n"
                                   "  %c = arith.addi %a, %b : i32\n"
                                   "  return %c : i32\n"
                                   "}\n"
                                   "func.func @caller(%a: i32) -> i32 {\n"
                                   "  %c = call @add(%a, %a) : (i32, i32) -> i32\n"
                                   "  return %c : i32\n"
                                   "}\n";

static bool isInteger(MlirType t, unsigned width) {
  return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == width;
}
static MlirType widen(MlirType t, void *data) {
  (void)data;
  return isInteger(t, 32) ? mlirIntegerTypeGet(mlirTypeGetContext(t), 64) : (MlirType){0};
}
static bool isWide(MlirOperation op, void *data) {
  ++*(int *)data;
  return !isInteger(typeOf(mlirOperationGetResult(op, 0)), 32);
}
static MlirLogicalResult widenAdd(DlcBuilder *b, MlirOperation op, DlcValues operands, DlcTypeConverter types,
                                  void *options) {
  (void)types, (void)options;
  MlirValue sum = arith_addi(b, at(operands, 0), at(operands, 1));
  if (b->failed) return mlirLogicalResultFailure();
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &sum);
  return mlirLogicalResultSuccess();
}

int main(void) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextLoadAllAvailableDialects(ctx);
  MlirModule module = mlirModuleCreateParse(ctx, mlirStringRefCreateFromCString(program));
  MlirOperation root = mlirModuleGetOperation(module);

  int asked = 0;
  DlcTypeConverter converter = dlcTypeConverterCreate();
  dlcTypeConverterAdd(converter, widen, NULL);
  DlcConversionTarget target = dlcConversionTargetCreate(ctx);
  dlcDynamicallyLegalOp(target, "arith.addi", isWide, &asked);
  static const DlcConversion patterns[] = {{"arith.addi", 1, widenAdd}, {0}}, none[] = {{0}};

  // CHECK: error: failed to legalize operation 'arith.addi'
  // CHECK: without a pattern: failure
  MlirLogicalResult result = dlcApplyConversion(root, target, converter, none, NULL, DLC_CONVERT_FUNCTIONS);
  fflush(stderr);
  printf("without a pattern: %s\n", mlirLogicalResultIsSuccess(result) ? "success" : "failure");

  // CHECK: with it: success, legality asked
  // CHECK: func.func @add(%[[A:.*]]: i64, %[[B:.*]]: i64) -> i64
  // CHECK: arith.addi %[[A]], %[[B]] : i64
  // CHECK: call @add(%{{.*}}, %{{.*}}) : (i64, i64) -> i64
  // CHECK-NOT: unrealized_conversion_cast
  result = dlcApplyConversion(root, target, converter, patterns, NULL, DLC_CONVERT_FUNCTIONS);
  printf("with it: %s, legality %s\n", mlirLogicalResultIsSuccess(result) ? "success" : "failure",
         asked ? "asked" : "not asked");
  fflush(stdout);
  mlirOperationDump(root);

  dlcConversionTargetDestroy(target);
  dlcTypeConverterDestroy(converter);
  mlirModuleDestroy(module);
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return 0;
}
