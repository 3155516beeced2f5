// RUN: dl-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(tile-split-fresh-tensors))' | FileCheck %s

// CHECK-LABEL: func @shared
// CHECK: %[[A:.*]] = tensor.empty(%{{.*}})
// CHECK-NEXT: linalg.fill ins(%{{.*}}) outs(%[[A]]
// CHECK-NEXT: %[[B:.*]] = tensor.empty(%{{.*}})
// CHECK-NEXT: linalg.fill ins(%{{.*}}) outs(%[[B]]
func.func @shared(%n: index, %x: f32) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %a = linalg.fill ins(%x : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = linalg.fill ins(%x : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
}

// Just before the use, but not in the loop.
// CHECK-LABEL: func @loop
// CHECK: "test.before"
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: scf.for
func.func @loop(%n: index, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<8xf32>
  "test.before"() : () -> ()
  scf.for %i = %c0 to %n step %c1 {
    %a = linalg.fill ins(%x : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
    "test.use"(%a) : (tensor<8xf32>) -> ()
  }
  return
}

// Twice in one op counts as two uses.
// CHECK-LABEL: func @both
// CHECK-COUNT-2: tensor.empty
// CHECK: return
func.func @both() -> (tensor<8xf32>, tensor<8xf32>) {
  %e = tensor.empty() : tensor<8xf32>
  return %e, %e : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func @single
// CHECK-COUNT-1: tensor.empty
// CHECK-NOT: tensor.empty
func.func @single(%x: f32) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %a = linalg.fill ins(%x : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// CHECK-LABEL: func @unused
func.func @unused() {
  %e = tensor.empty() : tensor<8xf32>
  return
}

// Two padded tensors with one border: the border, and the tensor that it is inserted into, are made twice.
// CHECK-LABEL: func @borders
// CHECK-COUNT-2: linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @borders(%z: f32, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<6xf32>, tensor<6xf32>) {
  %e = tensor.empty() : tensor<6xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
  %p = tensor.insert_slice %a into %f[1] [4] [1] : tensor<4xf32> into tensor<6xf32>
  %q = tensor.insert_slice %b into %f[1] [4] [1] : tensor<4xf32> into tensor<6xf32>
  return %p, %q : tensor<6xf32>, tensor<6xf32>
}

// What only reads a filled tensor shares it.
// CHECK-LABEL: func @readers
// CHECK-COUNT-1: linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @readers(%z: f32) {
  %e = tensor.empty() : tensor<6xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
  "test.use"(%f) : (tensor<6xf32>) -> ()
  "test.use"(%f) : (tensor<6xf32>) -> ()
  return
}
