// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-hoist-invariants))' | FileCheck %s

// The product of two tensors from outside leaves both loops, with zeros of its own; the zeros of the other one stay.
// CHECK-LABEL: func @product
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x4xf32>
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} outs(%[[E]]
// CHECK: %[[P:.*]] = linalg.matmul ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%[[Z]]
// CHECK: ctrl.loop
// CHECK: ctrl.loop {{.*}} carry(%[[H:.*]] =
// CHECK: %[[F:.*]] = linalg.fill
// CHECK: linalg.matmul ins(%[[H]], %[[P]] : {{.*}}) outs(%[[F]]
func.func @product(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>, %n: index) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %r = ctrl.loop %i to %n carry(%g = %x : tensor<4x4xf32>) {
    %s = ctrl.loop %j to %n carry(%h = %g : tensor<4x4xf32>) {
      %e = tensor.empty() : tensor<4x4xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
      %p = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
      %q = linalg.matmul ins(%h, %p : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
      ctrl.next %q : tensor<4x4xf32>
    }
    ctrl.next %s : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}

// What depends on the iteration, and what may trap (a division), stays.
// CHECK-LABEL: func @stays
// CHECK: ctrl.loop
// CHECK: arith.addi
// CHECK: arith.divsi
// CHECK: ctrl.next
func.func @stays(%a: index, %b: index, %n: index) -> index {
  %r = ctrl.loop %i to %n carry(%h = %a : index) {
    %s = arith.addi %i, %h : index
    %d = arith.divsi %a, %b : index
    %t = arith.addi %s, %d : index
    ctrl.next %t : index
  }
  return %r : index
}
