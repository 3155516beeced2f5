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

// A loop may run no time: what reads by index stays, which may be an index that is not there.
// CHECK-LABEL: func @indexed
// CHECK: ctrl.loop
// CHECK: tensor.extract
// CHECK: tensor.extract_slice
// CHECK: linalg.generic
// CHECK: ctrl.next
func.func @indexed(%x: tensor<?xf32>, %n: index) -> (f32, tensor<4xf32>) {
  %c7 = arith.constant 7 : index
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %r:2 = ctrl.loop %i to %n carry(%a = %zero : f32, %b = %f : tensor<4xf32>) {
    %v = tensor.extract %x[%c7] : tensor<?xf32>
    %s = arith.addf %a, %v : f32
    %p = tensor.extract_slice %x[4] [4] [1] : tensor<?xf32> to tensor<4xf32>
    %g = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%e : tensor<4xf32>) {
    ^bb0(%o: f32):
      %w = tensor.extract %x[%c7] : tensor<?xf32>
      linalg.yield %w : f32
    } -> tensor<4xf32>
    %q = linalg.add ins(%p, %g : tensor<4xf32>, tensor<4xf32>) outs(%b : tensor<4xf32>) -> tensor<4xf32>
    ctrl.next %s, %q : f32, tensor<4xf32>
  }
  return %r#0, %r#1 : f32, tensor<4xf32>
}

// What stands behind an assertion relies on it.
// CHECK-LABEL: func @asserted
// CHECK: linalg.mul
// CHECK: ctrl.loop
// CHECK: cf.assert
// CHECK: linalg.add ins(%[[X:.*]], %[[W:.*]] :
// CHECK: linalg.add
func.func @asserted(%x: tensor<?x4xf32>, %w: tensor<?x4xf32>, %n: index, %ok: i1) -> tensor<?x4xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<?x4xf32>) {
    %m = linalg.mul ins(%x, %x : tensor<?x4xf32>, tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
    cf.assert %ok, "both must be as long"
    %s = linalg.add ins(%x, %w : tensor<?x4xf32>, tensor<?x4xf32>) outs(%m : tensor<?x4xf32>) -> tensor<?x4xf32>
    %t = linalg.add ins(%a, %s : tensor<?x4xf32>, tensor<?x4xf32>) outs(%a : tensor<?x4xf32>) -> tensor<?x4xf32>
    ctrl.next %t : tensor<?x4xf32>
  }
  return %r : tensor<?x4xf32>
}
