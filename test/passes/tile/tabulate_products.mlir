// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-tabulate-products))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-tabulate-products{bytes=47}))' | FileCheck %s --check-prefix=SMALL
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-tabulate-products{multiplications=23}))' | FileCheck %s --check-prefix=SMALL
// SMALL-NOT: tabulated
// SMALL: linalg.matmul

// [1 2; 3 4; 5 6] x [1 0 2 0; 0 1 0 1] = [1 2 2 2; 3 4 6 4; 5 6 10 6]
// CHECK-LABEL: func @rows
// CHECK: %[[T:.*]] = arith.constant dense_resource<[[NAME:tabulated.*]]> : tensor<3x4xf32>
// CHECK-NOT: linalg.matmul
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<?xindex>) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK: %[[C:.*]] = linalg.index 1
// CHECK: tensor.extract %[[T]][%{{.*}}, %[[C]]]
// CHECK: return %[[R]]
func.func @rows(%at: tensor<?xindex>, %n: index) -> tensor<?x4xf32> {
  %table = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = arith.constant dense<[[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 0.0, 1.0]]> : tensor<2x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %g = linalg.generic {indexing_maps = [affine_map<(r, c) -> (r)>, affine_map<(r, c) -> (r, c)>], iterator_types = ["parallel", "parallel"]} ins(%at : tensor<?xindex>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%row: index, %old: f32):
    %c = linalg.index 1 : index
    %v = tensor.extract %table[%row, %c] : tensor<3x2xf32>
    linalg.yield %v : f32
  } -> tensor<?x2xf32>
  %f = tensor.empty(%n) : tensor<?x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = linalg.matmul ins(%g, %w : tensor<?x2xf32>, tensor<2x4xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// The row depends on the column; the product starts from something else; the body does more than look up.
// CHECK-LABEL: func @others
// CHECK-COUNT-3: linalg.matmul
func.func @others(%at: tensor<5x2xindex>, %rows: tensor<5xindex>, %start: tensor<5x4xf32>) -> (tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>) {
  %table = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = arith.constant dense<[[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 0.0, 1.0]]> : tensor<2x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<5x2xf32>
  %g = linalg.generic {indexing_maps = [affine_map<(r, c) -> (r, c)>, affine_map<(r, c) -> (r, c)>], iterator_types = ["parallel", "parallel"]} ins(%at : tensor<5x2xindex>) outs(%e : tensor<5x2xf32>) {
  ^bb0(%row: index, %old: f32):
    %c = linalg.index 1 : index
    %v = tensor.extract %table[%row, %c] : tensor<3x2xf32>
    linalg.yield %v : f32
  } -> tensor<5x2xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(r, c) -> (r)>, affine_map<(r, c) -> (r, c)>], iterator_types = ["parallel", "parallel"]} ins(%rows : tensor<5xindex>) outs(%e : tensor<5x2xf32>) {
  ^bb0(%row: index, %old: f32):
    %c = linalg.index 1 : index
    %v = tensor.extract %table[%row, %c] : tensor<3x2xf32>
    linalg.yield %v : f32
  } -> tensor<5x2xf32>
  %i = linalg.generic {indexing_maps = [affine_map<(r, c) -> (r)>, affine_map<(r, c) -> (r, c)>], iterator_types = ["parallel", "parallel"]} ins(%rows : tensor<5xindex>) outs(%e : tensor<5x2xf32>) {
  ^bb0(%row: index, %old: f32):
    %c = linalg.index 1 : index
    %v = tensor.extract %table[%row, %c] : tensor<3x2xf32>
    %n = arith.negf %v : f32
    linalg.yield %n : f32
  } -> tensor<5x2xf32>
  %f = tensor.empty() : tensor<5x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%f : tensor<5x4xf32>) -> tensor<5x4xf32>
  %p = linalg.matmul ins(%g, %w : tensor<5x2xf32>, tensor<2x4xf32>) outs(%z : tensor<5x4xf32>) -> tensor<5x4xf32>
  %q = linalg.matmul ins(%h, %w : tensor<5x2xf32>, tensor<2x4xf32>) outs(%start : tensor<5x4xf32>) -> tensor<5x4xf32>
  %r = linalg.matmul ins(%i, %w : tensor<5x2xf32>, tensor<2x4xf32>) outs(%z : tensor<5x4xf32>) -> tensor<5x4xf32>
  return %p, %q, %r : tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>
}
// CHECK: [[NAME]]: "0x040000000000803F0000004000000040000000400000404000008040{{.*}}0000C040"
