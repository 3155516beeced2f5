// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-decompose-pads))' | FileCheck %s

// CHECK-LABEL: func @constant
// CHECK: %[[F:.*]] = linalg.fill {{.*}} -> tensor<?x10xf32>
// CHECK: tensor.insert_slice %{{.*}} into %[[F]][2, 1] [%{{.*}}, 8] [1, 1]
// CHECK-NOT: tensor.pad
func.func @constant(%x: tensor<?x8xf32>) -> tensor<?x10xf32> {
  %c = arith.constant 1.0 : f32
  %p = tensor.pad %x low[2, 1] high[3, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %c : f32
  } : tensor<?x8xf32> to tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// The value depends on the place: not a fill.
// CHECK-LABEL: func @by_index
// CHECK: tensor.pad
func.func @by_index(%x: tensor<8xindex>) -> tensor<10xindex> {
  %p = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %i : index
  } : tensor<8xindex> to tensor<10xindex>
  return %p : tensor<10xindex>
}
