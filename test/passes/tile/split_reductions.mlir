// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-split-reductions{parts=2 bytes=1024},canonicalize))' --split-input-file | FileCheck %s
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-split-reductions{parts=0}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: parts is at least 1

// Each part has its half of the matrix's rows.
// CHECK-LABEL: func @row
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<1x64xf32>, %[[B:[a-z0-9]+]]: tensor<64x32xf32>, %[[C:[a-z0-9]+]]: tensor<1x32xf32>
// CHECK-DAG: %[[LEFT:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0, 1, 2]] output_shape [2, 1, 32]
// CHECK-DAG: %[[RIGHT:.*]] = tensor.expand_shape %[[B]] {{\[\[}}0, 1], [2]] output_shape [2, 32, 32]
// CHECK: %[[ZEROS:.*]] = linalg.fill
// CHECK: %[[P:.*]] = linalg.batch_matmul ins(%[[LEFT]], %[[RIGHT]] {{.*}} outs(%[[ZEROS]] : tensor<2x1x32xf32>)
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[P]] : {{.*}} outs(%[[C]]
// CHECK: arith.addf
func.func @row(%a: tensor<1x64xf32>, %b: tensor<64x32xf32>, %c: tensor<1x32xf32>) -> tensor<1x32xf32> {
  %r = linalg.matmul ins(%a, %b : tensor<1x64xf32>, tensor<64x32xf32>) outs(%c : tensor<1x32xf32>) -> tensor<1x32xf32>
  return %r : tensor<1x32xf32>
}

// -----

// Small, two rows, an odd depth, a constant: as they are.
// CHECK-LABEL: func @others
// CHECK-NOT: batch_matmul
// CHECK: return
func.func @others(%a: tensor<1x4xf32>, %b: tensor<4x32xf32>, %c: tensor<1x32xf32>, %d: tensor<2x64xf32>, %e: tensor<64x32xf32>, %f: tensor<2x32xf32>,
                  %g: tensor<1x63xf32>, %h: tensor<63x32xf32>, %k: tensor<1x64xf32>) -> (tensor<1x32xf32>, tensor<2x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>) {
  %w = arith.constant dense<1.0> : tensor<64x32xf32>
  %r = linalg.matmul ins(%a, %b : tensor<1x4xf32>, tensor<4x32xf32>) outs(%c : tensor<1x32xf32>) -> tensor<1x32xf32>
  %s = linalg.matmul ins(%d, %e : tensor<2x64xf32>, tensor<64x32xf32>) outs(%f : tensor<2x32xf32>) -> tensor<2x32xf32>
  %t = linalg.matmul ins(%g, %h : tensor<1x63xf32>, tensor<63x32xf32>) outs(%c : tensor<1x32xf32>) -> tensor<1x32xf32>
  %u = linalg.matmul ins(%k, %w : tensor<1x64xf32>, tensor<64x32xf32>) outs(%c : tensor<1x32xf32>) -> tensor<1x32xf32>
  return %r, %s, %t, %u : tensor<1x32xf32>, tensor<2x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>
}
