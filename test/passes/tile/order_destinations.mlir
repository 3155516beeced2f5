// RUN: dl-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(tile-order-destinations))' | FileCheck %s

// The filled tensor, its size and its origin come before what is inserted into it.
// CHECK-LABEL: func @pad
// CHECK: tensor.dim
// CHECK: arith.addi
// CHECK: tensor.empty
// CHECK: linalg.fill
// CHECK: "test.make"
// CHECK: tensor.insert_slice
func.func @pad(%a: tensor<?xf32>, %z: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %x = "test.make"() : () -> tensor<4xf32>
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %m = arith.addi %n, %c2 : index
  %e = tensor.empty(%m) : tensor<?xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %r = tensor.insert_slice %x into %f[1] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %r : tensor<?xf32>
}

// A destination that needs the tensor itself, or another op that is not cheap, stays.
// CHECK-LABEL: func @stays
// CHECK: "test.make"
// CHECK-NEXT: "test.size"
// CHECK-NEXT: tensor.empty
// CHECK: return
func.func @stays(%z: f32) -> tensor<?xf32> {
  %x = "test.make"() : () -> tensor<4xf32>
  %n = "test.size"(%x) : (tensor<4xf32>) -> index
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = tensor.insert_slice %x into %e[1] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %r : tensor<?xf32>
}

// Borders on both sides that are one value: it is not moved before itself.
// CHECK-LABEL: func @both_sides
// CHECK: linalg.fill
// CHECK-NEXT: tensor.insert_slice
// CHECK-NEXT: tensor.insert_slice
// CHECK-NEXT: return
func.func @both_sides(%z: f32, %e: tensor<2xf32>, %f: tensor<8xf32>) -> tensor<8xf32> {
  %s = linalg.fill ins(%z : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %l = tensor.insert_slice %s into %f[0] [2] [1] : tensor<2xf32> into tensor<8xf32>
  %r = tensor.insert_slice %s into %l[6] [2] [1] : tensor<2xf32> into tensor<8xf32>
  return %r : tensor<8xf32>
}
