// RUN: capi-analysis 2>&1 | FileCheck %s
// Analyses and interfaces: dominance, liveness, aliases, effects, tiling, bounds, the device description.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/tools.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/scf.h"
#include "ods/tensor.h"

static const char *const program =
    "module attributes {dlti.map = #dlti.map<\"pools\" = #dlti.map<\"hbm\" = 80 : i64>>} {\n"
    "  func.func @f(%p: i1, %a: f32, %m: memref<8xf32>, %n: index) {\n"
    "    %x = arith.addf %a, %a : f32\n"
    "    scf.if %p { %y = arith.mulf %x, %a : f32  %c0 = arith.constant 0 : index  memref.store %y, %m[%c0] : "
    "memref<8xf32> }\n"
    "    %u = memref.alloc() : memref<8xf32>\n"
    "    %v = memref.alloc() : memref<8xf32>\n"
    "    %w = memref.subview %u[0] [4] [1] : memref<8xf32> to memref<4xf32>\n"
    "    memref.copy %u, %v : memref<8xf32> to memref<8xf32>\n"
    "    %c16 = arith.constant 16 : index\n"
    "    %few = arith.minui %n, %c16 : index\n"
    "    %rest = affine.min affine_map<(i) -> (i, 32)>(%few)\n"
    "    return\n"
    "  }\n"
    "  func.func @g(%a: tensor<64x32xf32>, %b: tensor<32x16xf32>, %c: tensor<64x16xf32>) -> tensor<64x16xf32> {\n"
    "    %r = linalg.matmul ins(%a, %b : tensor<64x32xf32>, tensor<32x16xf32>) outs(%c : tensor<64x16xf32>) -> "
    "tensor<64x16xf32>\n"
    "    return %r : tensor<64x16xf32>\n"
    "  }\n"
    "}\n";

static MlirOperation only(MlirOperation root, bool (*isa)(MlirOperation), intptr_t which) {
  DlcOps ops = dlcCollect(root, isa);
  MlirOperation op = which < ops.n ? ops.data[which] : (MlirOperation){0};
  free(ops.data);
  return op;
}
static const char *yes(bool b) { return b ? "yes" : "no"; }
static void countEffect(DlcEffect effect, MlirValue on, void *data) {
  (void)on;
  ++((int *)data)[effect];
}

static void showOrder(MlirOperation root) {
  MlirOperation add = only(root, arith_addf_isa, 0), mul = only(root, arith_mulf_isa, 0),
                copy = only(root, memref_copy_isa, 0);
  DlcDominance d = dlcDominanceCreate(root);
  // CHECK: add before mul: yes, mul before add: no, mul's value at the copy: no
  printf("add before mul: %s, mul before add: %s, mul's value at the copy: %s\n",
         yes(dlcProperlyDominates(d, add, mul)), yes(dlcProperlyDominates(d, mul, add)),
         yes(dlcValueDominates(d, dlcResult(mul, 0), copy)));
  dlcDominanceDestroy(d);
  DlcLiveness l = dlcLivenessCreate(root);
  // CHECK: the sum is dead after the if: yes, after itself: no
  printf("the sum is dead after the if: %s, after itself: %s\n",
         yes(dlcIsDeadAfter(l, dlcResult(add, 0), only(root, scf_if_isa, 0))),
         yes(dlcIsDeadAfter(l, dlcResult(add, 0), add)));
  dlcLivenessDestroy(l);
}

static void showMemory(MlirOperation root) {
  MlirValue u = dlcResult(only(root, memref_alloc_isa, 0), 0), v = dlcResult(only(root, memref_alloc_isa, 1), 0);
  DlcAliases aliases = dlcAliasesCreate(root);
  // CHECK: two allocations: 0, one and a view of it: {{[123]}}
  printf("two allocations: %d, one and a view of it: %d\n", (int)dlcAlias(aliases, u, v),
         (int)dlcAlias(aliases, u, dlcResult(only(root, memref_subview_isa, 0), 0)));
  dlcAliasesDestroy(aliases);
  int effects[4] = {0};
  bool known = dlcForEachEffect(only(root, memref_copy_isa, 0), countEffect, effects);
  // CHECK: the copy's effects are known: yes, 1 reads, 1 writes
  printf("the copy's effects are known: %s, %d reads, %d writes\n", yes(known), effects[DLC_READ], effects[DLC_WRITE]);
  // CHECK: pure: the sum yes, the copy no, the if no
  printf("pure: the sum %s, the copy %s, the if %s\n", yes(dlcIsPure(only(root, arith_addf_isa, 0))),
         yes(dlcIsPure(only(root, memref_copy_isa, 0))), yes(dlcIsPure(only(root, scf_if_isa, 0))));
}

static void showLoops(MlirOperation root) {
  MlirOperation matmul = only(root, linalg_matmul_isa, 0);
  bool reduction[3];
  int64_t ranges[3];
  // CHECK: loops of the product: 3, the last one a reduction: yes, ranges 64 16 32
  intptr_t n = dlcIteratorTypes(matmul, reduction, 3);
  bool known = dlcStaticLoopRanges(matmul, ranges, 3);
  printf("loops of the product: %d, the last one a reduction: %s, ranges", (int)n, yes(reduction[2]));
  for (intptr_t i = 0; known && i < n; ++i) printf(" %" PRId64, ranges[i]);
  // CHECK: tileable: the product yes, the sum no, loops of the sum -1
  printf("\ntileable: the product %s, the sum %s, loops of the sum %d\n", yes(dlcIsTileable(matmul)),
         yes(dlcIsTileable(only(root, arith_addf_isa, 0))),
         (int)dlcIteratorTypes(only(root, arith_addf_isa, 0), reduction, 3));
  MlirStringRef keys[] = {dlcText("pools"), dlcText("hbm"), dlcText("nvm")};
  // CHECK: the device has hbm: yes, nothing: no
  printf("the device has hbm: %s", yes(!mlirAttributeIsNull(dlcDeviceQuery(matmul, 2, keys))));
  keys[1] = keys[2];
  printf(", nothing: %s\n", yes(!mlirAttributeIsNull(dlcDeviceQuery(matmul, 2, keys))));
}

static bool fuseNothing(MlirOperation producer, MlirOperation slice, void *data) {
  (void)producer, (void)slice, (void)data;
  return false;
}
static void tile(MlirOperation root) {
  MlirOperation matmul = only(root, linalg_matmul_isa, 0), forall;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  mlirRewriterBaseSetInsertionPointBefore(rewriter, matmul);
  const int64_t sizes[] = {16, 8, 0};
  MlirLogicalResult result = dlcTileAndFuse(rewriter, matmul, 3, sizes, (DlcFuseControl){.fuse = fuseNothing}, &forall);
  // CHECK: tiled: yes
  // CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 16) step (16, 8)
  // CHECK: linalg.matmul ins(%{{.*}} : tensor<16x32xf32>, tensor<32x8xf32>) outs(%{{.*}} : tensor<16x8xf32>)
  printf("tiled: %s\n", yes(mlirLogicalResultIsSuccess(result)));
  fflush(stdout);
  mlirOperationDump(forall);
  mlirIRRewriterDestroy(rewriter);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextLoadAllAvailableDialects(ctx);
  MlirModule module = mlirModuleCreateParse(ctx, mlirStringRefCreateFromCString(program));
  if (mlirModuleIsNull(module)) return 1;
  MlirOperation root = mlirModuleGetOperation(module);
  showOrder(root);
  showMemory(root);
  showLoops(root);
  tile(root);
  mlirModuleDestroy(module);
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return 0;
}
