// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-transpose-operands))' --split-input-file | FileCheck %s

#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// CHECK-DAG: #[[MK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[KN:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-LABEL: func @left
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<128x256xf32>, %[[B:[a-z0-9]+]]: tensor<128x512xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[A]] : tensor<128x256xf32>) outs(%{{.*}} : tensor<256x128xf32>) permutation = [1, 0]
// CHECK: linalg.generic {indexing_maps = [#[[MK]], #[[KN]], #{{.*}}], {{.*}} ins(%[[T]], %[[B]]
func.func @left(%a: tensor<128x256xf32>, %b: tensor<128x512xf32>, %c: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %r = linalg.generic {indexing_maps = [#km, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<128x256xf32>, tensor<128x512xf32>) outs(%c : tensor<256x512xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  } -> tensor<256x512xf32>
  return %r : tensor<256x512xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @right
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<128x64xf32>, %[[B:[a-z0-9]+]]: tensor<96x64xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[B]] : tensor<96x64xf32>) outs(%{{.*}} : tensor<64x96xf32>) permutation = [1, 0]
// CHECK: linalg.generic {{.*}} ins(%[[A]], %[[T]]
func.func @right(%a: tensor<128x64xf32>, %b: tensor<96x64xf32>, %c: tensor<128x96xf32>) -> tensor<128x96xf32> {
  %r = linalg.generic {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<128x64xf32>, tensor<96x64xf32>) outs(%c : tensor<128x96xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  } -> tensor<128x96xf32>
  return %r : tensor<128x96xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A long reduction for few rows has its vectors along it.
// CHECK-LABEL: func @long
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @long(%a: tensor<64x768xf32>, %b: tensor<96x768xf32>, %c: tensor<64x96xf32>) -> tensor<64x96xf32> {
  %r = linalg.generic {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<64x768xf32>, tensor<96x768xf32>) outs(%c : tensor<64x96xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x96xf32>
  return %r : tensor<64x96xf32>
}
