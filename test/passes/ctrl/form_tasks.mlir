// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-tasks))' | FileCheck %s

// CHECK-LABEL: func @copy
// CHECK: ctrl.task (%[[I:.*]], %[[J:.*]]) in (2, 4) ins(%[[A:.*]] = %{{.*}}) outs(%[[B:.*]] = %{{.*}})
// CHECK: memref.subview %[[A]]{{.*}} [1, 16, 1024]
// CHECK: memref.copy
func.func @copy(%a: memref<2x64x1024xf32>, %b: memref<2x64x1024xf32>) {
  memref.copy %a, %b : memref<2x64x1024xf32> to memref<2x64x1024xf32>
  return
}

// CHECK-LABEL: func @fill
// CHECK: ctrl.task
// CHECK: linalg.fill
func.func @fill(%a: memref<?x64xf32>, %x: f32) {
  linalg.fill ins(%x : f32) outs(%a : memref<?x64xf32>)
  return
}

// CHECK-LABEL: func @other
// CHECK: ctrl.task (%{{.*}}) in (1)
// CHECK: linalg.matmul
func.func @other(%a: memref<8x8xf32>, %b: memref<8x8xf32>, %c: memref<8x8xf32>) {
  linalg.matmul ins(%a, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%c : memref<8x8xf32>)
  return
}

// What is in a task stays.
// CHECK-LABEL: func @inside
// CHECK-COUNT-1: ctrl.task
// CHECK-NOT: ctrl.task
func.func @inside(%a: memref<64x8xf32>) {
  ctrl.task (%i) in (64) outs(%o = %a : memref<64x8xf32>) {
    memref.copy %o, %o : memref<64x8xf32> to memref<64x8xf32>
  }
  return
}
