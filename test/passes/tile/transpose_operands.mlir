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

// -----

// CHECK: #[[TURNED:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func @narrow
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<252x205xf32>, %[[B:[a-z0-9]+]]: tensor<205x4xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[B]] : tensor<205x4xf32>) outs(%{{.*}} : tensor<4x205xf32>) permutation = [1, 0]
// CHECK: linalg.matmul indexing_maps = [#{{.*}}, #[[TURNED]], #{{.*}}] ins(%[[A]], %[[T]]
func.func @narrow(%a: tensor<252x205xf32>, %b: tensor<205x4xf32>, %c: tensor<252x4xf32>) -> tensor<252x4xf32> {
  %r = linalg.matmul ins(%a, %b : tensor<252x205xf32>, tensor<205x4xf32>) outs(%c : tensor<252x4xf32>) -> tensor<252x4xf32>
  return %r : tensor<252x4xf32>
}

// -----

// A constant is transposed when compiling.
// CHECK-LABEL: func @constant
// CHECK-NOT: linalg.transpose
// CHECK: arith.constant dense<1.000000e+00> : tensor<2x128xf32>
// CHECK-NOT: linalg.transpose
// CHECK: linalg.matmul indexing_maps
func.func @constant(%a: tensor<16x128xf32>, %c: tensor<16x2xf32>) -> tensor<16x2xf32> {
  %w = arith.constant dense<1.0> : tensor<128x2xf32>
  %r = linalg.matmul ins(%a, %w : tensor<16x128xf32>, tensor<128x2xf32>) outs(%c : tensor<16x2xf32>) -> tensor<16x2xf32>
  return %r : tensor<16x2xf32>
}

// -----

// A short reduction, a wide matrix, few rows.
// CHECK-LABEL: func @others
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @others(%a: tensor<252x20xf32>, %b: tensor<20x4xf32>, %c: tensor<252x4xf32>, %d: tensor<252x205xf32>, %e: tensor<205x16xf32>, %f: tensor<252x16xf32>,
                  %g: tensor<4x205xf32>, %h: tensor<205x4xf32>, %i: tensor<4x4xf32>) -> (tensor<252x4xf32>, tensor<252x16xf32>, tensor<4x4xf32>) {
  %r = linalg.matmul ins(%a, %b : tensor<252x20xf32>, tensor<20x4xf32>) outs(%c : tensor<252x4xf32>) -> tensor<252x4xf32>
  %s = linalg.matmul ins(%d, %e : tensor<252x205xf32>, tensor<205x16xf32>) outs(%f : tensor<252x16xf32>) -> tensor<252x16xf32>
  %t = linalg.matmul ins(%g, %h : tensor<4x205xf32>, tensor<205x4xf32>) outs(%i : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %r, %s, %t : tensor<252x4xf32>, tensor<252x16xf32>, tensor<4x4xf32>
}
