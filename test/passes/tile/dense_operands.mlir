// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-dense-operands))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-dense-operands{uses=1025}))' | FileCheck %s --check-prefix=FEW

#strided = affine_map<(n, y, x, f, k) -> (n, y * 2, x * 2, k)>
#dense = affine_map<(n, y, x, f, k) -> (n, y, x, k)>
#filter = affine_map<(n, y, x, f, k) -> (k, f)>
#result = affine_map<(n, y, x, f, k) -> (n, y, x, f)>

// CHECK-DAG: #[[IN:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * 2, d2 * 2, d3)>
// CHECK-DAG: #[[DENSE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
// CHECK-LABEL: func @pointwise
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x14x14x256xf32>
// CHECK: %[[D:.*]] = linalg.generic {indexing_maps = [#[[IN]], {{.*}} ins(%[[X]] : tensor<1x14x14x256xf32>) outs(%{{.*}} : tensor<1x7x7x256xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[DENSE]], {{.*}} ins(%[[D]], %{{.*}} : tensor<1x7x7x256xf32>, tensor<256x1024xf32>)
// CHECK-NOT: linalg.generic
// CHECK-LABEL: func @plain
// FEW-LABEL: func @pointwise
// FEW-COUNT-1: linalg.generic
// FEW-NOT: linalg.generic
// FEW-LABEL: func @plain
func.func @pointwise(%x: tensor<1x14x14x256xf32>, %w: tensor<256x1024xf32>, %c: tensor<1x7x7x1024xf32>) -> tensor<1x7x7x1024xf32> {
  %r = linalg.generic {indexing_maps = [#strided, #filter, #result], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<1x14x14x256xf32>, tensor<256x1024xf32>) outs(%c : tensor<1x7x7x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<1x7x7x1024xf32>
  return %r : tensor<1x7x7x1024xf32>
}

// Without a stride there is nothing to copy.
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK-LABEL: func @dynamic
func.func @plain(%x: tensor<1x7x7x256xf32>, %w: tensor<256x1024xf32>, %c: tensor<1x7x7x1024xf32>) -> tensor<1x7x7x1024xf32> {
  %r = linalg.generic {indexing_maps = [#dense, #filter, #result], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<1x7x7x256xf32>, tensor<256x1024xf32>) outs(%c : tensor<1x7x7x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<1x7x7x1024xf32>
  return %r : tensor<1x7x7x1024xf32>
}

// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
func.func @dynamic(%x: tensor<?x14x14x256xf32>, %w: tensor<256x1024xf32>, %c: tensor<?x7x7x1024xf32>) -> tensor<?x7x7x1024xf32> {
  %r = linalg.generic {indexing_maps = [#strided, #filter, #result], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x14x14x256xf32>, tensor<256x1024xf32>) outs(%c : tensor<?x7x7x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x7x7x1024xf32>
  return %r : tensor<?x7x7x1024xf32>
}
