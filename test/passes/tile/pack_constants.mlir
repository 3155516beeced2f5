// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-pack-constants,canonicalize))' --split-input-file | FileCheck %s

#panel = affine_map<(d0) -> (d0 * 2)>

// Rows of four columns become two panels of two.
// CHECK-LABEL: func @packed
// CHECK: %[[P:.*]] = arith.constant dense_resource<[[NAME:packed[_0-9]*]]> : tensor<2x2x2xf32>
// CHECK: ctrl.task (%[[J:.*]]) in (2) ins(%[[X:.*]] = %[[P]] : tensor<2x2x2xf32>)
// CHECK: %[[S:.*]] = tensor.extract_slice %[[X]][%[[J]], 0, 0] [1, 2, 2] [1, 1, 1] : tensor<2x2x2xf32> to tensor<2x2xf32>
// CHECK-NOT: linalg.copy
// CHECK: tensor.parallel_insert_slice %[[S]]
func.func @packed(%o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %r = ctrl.task (%j) in (2) ins(%x = %w : tensor<2x4xf32>) outs(%y = %o : tensor<2x4xf32>) {
    %c = affine.apply #panel(%j)
    %s = tensor.extract_slice %x[0, %c] [2, 2] [1, 1] : tensor<2x4xf32> to tensor<2x2xf32>
    %e = tensor.empty() : tensor<2x2xf32>
    %p = linalg.copy ins(%s : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %p into %y[0, %c] [2, 2] [1, 1] : tensor<2x2xf32> into tensor<2x4xf32>
    }
  }
  return %r : tensor<2x4xf32>
}

// 1 2 5 6 | 3 4 7 8
// CHECK: [[NAME]]: "0x04000000{{0000803F00000040}}{{0000A0400000C040}}{{0000404000008040}}{{0000E04000000041}}"

// -----

#panel = affine_map<(d0) -> (d0 * 2)>

// What is no constant is copied when the program runs.
// CHECK-LABEL: func @variable
// CHECK: linalg.copy
func.func @variable(%w: tensor<2x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %r = ctrl.task (%j) in (2) ins(%x = %w : tensor<2x4xf32>) outs(%y = %o : tensor<2x4xf32>) {
    %c = affine.apply #panel(%j)
    %s = tensor.extract_slice %x[0, %c] [2, 2] [1, 1] : tensor<2x4xf32> to tensor<2x2xf32>
    %e = tensor.empty() : tensor<2x2xf32>
    %p = linalg.copy ins(%s : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %p into %y[0, %c] [2, 2] [1, 1] : tensor<2x2xf32> into tensor<2x4xf32>
    }
  }
  return %r : tensor<2x4xf32>
}

// -----

#panel = affine_map<(d0) -> (d0 * 2)>

// Neither is one that is read otherwise as well packed.
// CHECK-LABEL: func @read_twice
// CHECK: linalg.copy
func.func @read_twice(%o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %r = ctrl.task (%j) in (2) ins(%x = %w : tensor<2x4xf32>) outs(%y = %o : tensor<2x4xf32>) {
    %c = affine.apply #panel(%j)
    %s = tensor.extract_slice %x[0, %c] [2, 2] [1, 1] : tensor<2x4xf32> to tensor<2x2xf32>
    %t = tensor.extract_slice %x[0, 0] [2, 2] [1, 1] : tensor<2x4xf32> to tensor<2x2xf32>
    %p = linalg.copy ins(%s : tensor<2x2xf32>) outs(%t : tensor<2x2xf32>) -> tensor<2x2xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %p into %y[0, %c] [2, 2] [1, 1] : tensor<2x2xf32> into tensor<2x4xf32>
    }
  }
  return %r : tensor<2x4xf32>
}

// -----

#panel = affine_map<(d0) -> (d0 * 2)>
#left = affine_map<(d0) -> (-d0 + 3, 2)>

// The last panel is padded; what is read of it stays what was read. All dimensions but the last keep their order.
// CHECK-LABEL: func @padded
// CHECK: %[[P:.*]] = arith.constant dense_resource<[[NAME:packed[_0-9]*]]> : tensor<2x2x1x2xf32>
// CHECK: ctrl.task (%[[J:.*]]) in (2) ins(%[[X:.*]] = %[[P]] : tensor<2x2x1x2xf32>)
// CHECK: %[[N:.*]] = affine.min
// CHECK: tensor.extract_slice %[[X]][%[[J]], 0, 0, 0] [1, 2, 1, %[[N]]] [1, 1, 1, 1] : tensor<2x2x1x2xf32> to tensor<2x1x?xf32>
// CHECK-NOT: linalg.copy
func.func @padded(%o: tensor<2x1x3xf32>) -> tensor<2x1x3xf32> {
  %w = arith.constant dense<[[[1.0, 2.0, 3.0]], [[5.0, 6.0, 7.0]]]> : tensor<2x1x3xf32>
  %r = ctrl.task (%j) in (2) ins(%x = %w : tensor<2x1x3xf32>) outs(%y = %o : tensor<2x1x3xf32>) {
    %c = affine.apply #panel(%j)
    %n = affine.min #left(%c)
    %s = tensor.extract_slice %x[0, 0, %c] [2, 1, %n] [1, 1, 1] : tensor<2x1x3xf32> to tensor<2x1x?xf32>
    %two = arith.constant 2 : index
    %d = tensor.dim %s, %two : tensor<2x1x?xf32>
    %e = tensor.empty(%d) : tensor<2x1x?xf32>
    %p = linalg.copy ins(%s : tensor<2x1x?xf32>) outs(%e : tensor<2x1x?xf32>) -> tensor<2x1x?xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %p into %y[0, 0, %c] [2, 1, %n] [1, 1, 1] : tensor<2x1x?xf32> into tensor<2x1x3xf32>
    }
  }
  return %r : tensor<2x1x3xf32>
}

// 1 2 5 6 | 3 0 7 0
// CHECK: [[NAME]]: "0x04000000{{0000803F00000040}}{{0000A0400000C040}}{{0000404000000000}}{{0000E04000000000}}"
