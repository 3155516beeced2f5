// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-slice-transposed))' --split-input-file | FileCheck %s

// The three parts of a product, in the order of a model: each is cut out as it lies.
// CHECK-LABEL: func @parts
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x49x3x8x32xf32>, %[[N:[a-z0-9]+]]: index
// CHECK-NOT:   tensor<3x
// CHECK:       %[[P:.*]] = tensor.extract_slice %[[X]][0, 0, 0, 0, 0] [%[[N]], 49, 1, 8, 32] [1, 1, 1, 1, 1] : tensor<?x49x3x8x32xf32> to tensor<?x49x8x32xf32>
// CHECK:       %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x8x49x32xf32>
// CHECK:       %[[Q:.*]] = linalg.transpose ins(%[[P]] : tensor<?x49x8x32xf32>) outs(%[[E]] : tensor<?x8x49x32xf32>) permutation = [0, 2, 1, 3]
// CHECK:       tensor.extract_slice %[[X]][0, 0, 1, 0, 0]
// CHECK:       %[[K:.*]] = linalg.transpose
// CHECK:       return %[[Q]], %[[K]]
func.func @parts(%x: tensor<?x49x3x8x32xf32>, %n: index) -> (tensor<?x8x49x32xf32>, tensor<?x8x49x32xf32>) {
  %e = tensor.empty(%n) : tensor<3x?x8x49x32xf32>
  %t = linalg.transpose ins(%x : tensor<?x49x3x8x32xf32>) outs(%e : tensor<3x?x8x49x32xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %n, 8, 49, 32] [1, 1, 1, 1, 1] : tensor<3x?x8x49x32xf32> to tensor<?x8x49x32xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %n, 8, 49, 32] [1, 1, 1, 1, 1] : tensor<3x?x8x49x32xf32> to tensor<?x8x49x32xf32>
  return %q, %k : tensor<?x8x49x32xf32>, tensor<?x8x49x32xf32>
}

// -----

// A slice of the same rank with steps, alone.
// CHECK-LABEL: func @steps
// CHECK:       %[[P:.*]] = tensor.extract_slice %arg0[1, 2, 0] [3, 1, 5] [2, 1, 1] : tensor<8x4x5xf32> to tensor<3x1x5xf32>
// CHECK:       linalg.transpose ins(%[[P]] : tensor<3x1x5xf32>) outs(%{{.*}} : tensor<5x3x1xf32>) permutation = [2, 0, 1]
func.func @steps(%x: tensor<8x4x5xf32>) -> tensor<5x3x1xf32> {
  %e = tensor.empty() : tensor<5x8x4xf32>
  %t = linalg.transpose ins(%x : tensor<8x4x5xf32>) outs(%e : tensor<5x8x4xf32>) permutation = [2, 0, 1]
  %s = tensor.extract_slice %t[0, 1, 2] [5, 3, 1] [1, 2, 1] : tensor<5x8x4xf32> to tensor<5x3x1xf32>
  return %s : tensor<5x3x1xf32>
}

// -----

// Slices that overlap, and what is read whole, stay.
// CHECK-LABEL: func @overlap
// CHECK:       linalg.transpose {{.*}} outs(%{{.*}} : tensor<5x8xf32>)
// CHECK-LABEL: func @read
// CHECK:       linalg.transpose {{.*}} outs(%{{.*}} : tensor<5x8xf32>)
func.func @overlap(%x: tensor<8x5xf32>) -> (tensor<3x8xf32>, tensor<3x8xf32>) {
  %e = tensor.empty() : tensor<5x8xf32>
  %t = linalg.transpose ins(%x : tensor<8x5xf32>) outs(%e : tensor<5x8xf32>) permutation = [1, 0]
  %a = tensor.extract_slice %t[0, 0] [3, 8] [1, 1] : tensor<5x8xf32> to tensor<3x8xf32>
  %b = tensor.extract_slice %t[2, 0] [3, 8] [1, 1] : tensor<5x8xf32> to tensor<3x8xf32>
  return %a, %b : tensor<3x8xf32>, tensor<3x8xf32>
}
func.func @read(%x: tensor<8x5xf32>) -> (tensor<3x8xf32>, tensor<5x8xf32>) {
  %e = tensor.empty() : tensor<5x8xf32>
  %t = linalg.transpose ins(%x : tensor<8x5xf32>) outs(%e : tensor<5x8xf32>) permutation = [1, 0]
  %a = tensor.extract_slice %t[0, 0] [3, 8] [1, 1] : tensor<5x8xf32> to tensor<3x8xf32>
  return %a, %t : tensor<3x8xf32>, tensor<5x8xf32>
}
