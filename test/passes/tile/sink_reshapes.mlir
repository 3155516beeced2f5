// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-sink-reshapes,canonicalize,cse))' --split-input-file | FileCheck %s

// The bias is added to rows; what reads rows again needs no reshape.
// CHECK-LABEL: func @bias
// CHECK-SAME: %[[M:.*]]: tensor<?x768xf32>, %[[B:.*]]: tensor<768xf32>
// CHECK: %[[R:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[M]], %[[B]]
// CHECK-NOT: shape
// CHECK: return %[[R]]
func.func @bias(%m: tensor<?x768xf32>, %b: tensor<768xf32>, %n: index) -> tensor<?x768xf32> {
  %e = tensor.expand_shape %m [[0, 1], [2]] output_shape [%n, 128, 768] : tensor<?x768xf32> into tensor<?x128x768xf32>
  %o = tensor.empty(%n) : tensor<?x128x768xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %b : tensor<?x128x768xf32>, tensor<768xf32>) outs(%o : tensor<?x128x768xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<?x128x768xf32>
  %c = tensor.collapse_shape %r [[0, 1], [2]] : tensor<?x128x768xf32> into tensor<?x768xf32>
  return %c : tensor<?x768xf32>
}

// -----

// A size of one that is only there to be broadcast.
// CHECK-LABEL: func @softmax_tail
// CHECK-NOT: expand_shape
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<12x128xf32>, tensor<12xf32>)
func.func @softmax_tail(%x: tensor<12x128xf32>, %sum: tensor<12xf32>) -> tensor<12x128xf32> {
  %e = tensor.expand_shape %sum [[0, 1]] output_shape [12, 1] : tensor<12xf32> into tensor<12x1xf32>
  %o = tensor.empty() : tensor<12x128xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %e : tensor<12x128xf32>, tensor<12x1xf32>) outs(%o : tensor<12x128xf32>) {
  ^bb0(%a: f32, %b: f32, %z: f32):
    %q = arith.divf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<12x128xf32>
  return %r : tensor<12x128xf32>
}

// -----

// A contraction keeps the dimensions that it has.
// CHECK-LABEL: func @contraction
// CHECK: tensor.expand_shape
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction"]
func.func @contraction(%m: tensor<64x32xf32>, %w: tensor<32x16xf32>, %o: tensor<4x16x16xf32>) -> tensor<4x16x16xf32> {
  %e = tensor.expand_shape %m [[0, 1], [2]] output_shape [4, 16, 32] : tensor<64x32xf32> into tensor<4x16x32xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%e, %w : tensor<4x16x32xf32>, tensor<32x16xf32>) outs(%o : tensor<4x16x16xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %p, %c : f32
    linalg.yield %s : f32
  } -> tensor<4x16x16xf32>
  return %r : tensor<4x16x16xf32>
}

// -----

// Rows that lie in two dynamic dimensions become one, and so do those of what follows.
// CHECK-LABEL: func @rows
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%{{.*}}, %{{.*}} : tensor<?x768xf32>, tensor<768x64xf32>)
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: tensor.expand_shape %{{.*}} {{\[}}[0, 1], [2]] {{.*}} : tensor<?x64xf32> into tensor<?x?x64xf32>
func.func @rows(%x: tensor<?x?x768xf32>, %w: tensor<768x64xf32>, %b: tensor<64xf32>, %o: tensor<?x?x64xf32>) -> tensor<?x?x64xf32> {
  %r = linalg.generic {indexing_maps = [affine_map<(d0,d1,d2,d3) -> (d0,d1,d3)>, affine_map<(d0,d1,d2,d3) -> (d3,d2)>, affine_map<(d0,d1,d2,d3) -> (d0,d1,d2)>], iterator_types = ["parallel","parallel","parallel","reduction"]}
    ins(%x, %w : tensor<?x?x768xf32>, tensor<768x64xf32>) outs(%o : tensor<?x?x64xf32>) {
  ^bb0(%i: f32, %j: f32, %k: f32):
    %m = arith.mulf %i, %j : f32
    %a = arith.addf %k, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?x64xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0,d1,d2) -> (d0,d1,d2)>, affine_map<(d0,d1,d2) -> (d2)>, affine_map<(d0,d1,d2) -> (d0,d1,d2)>], iterator_types = ["parallel","parallel","parallel"]}
    ins(%r, %b : tensor<?x?x64xf32>, tensor<64xf32>) outs(%o : tensor<?x?x64xf32>) {
  ^bb0(%i: f32, %j: f32, %k: f32):
    %a = arith.addf %i, %j : f32
    linalg.yield %a : f32
  } -> tensor<?x?x64xf32>
  return %s : tensor<?x?x64xf32>
}

// -----

// Batches of products stay: every operand varies with them. So do rows of which the inner size is known.
// CHECK-LABEL: func @batches
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "reduction"]
func.func @batches(%x: tensor<?x?x64xf32>, %y: tensor<?x64x?xf32>, %o: tensor<?x?x?xf32>, %u: tensor<?x50x64xf32>, %w: tensor<64x32xf32>, %p: tensor<?x50x32xf32>) -> (tensor<?x?x?xf32>, tensor<?x50x32xf32>) {
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %y : tensor<?x?x64xf32>, tensor<?x64x?xf32>) outs(%o : tensor<?x?x?xf32>) {
  ^bb0(%i: f32, %j: f32, %k: f32):
    %m = arith.mulf %i, %j : f32
    %a = arith.addf %k, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?x?xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%u, %w : tensor<?x50x64xf32>, tensor<64x32xf32>) outs(%p : tensor<?x50x32xf32>) {
  ^bb0(%i: f32, %j: f32, %k: f32):
    %m = arith.mulf %i, %j : f32
    %a = arith.addf %k, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x50x32xf32>
  return %r, %s : tensor<?x?x?xf32>, tensor<?x50x32xf32>
}

// -----

// CHECK-LABEL: func @constants
// CHECK-DAG: %[[A:.*]] = arith.constant dense_resource<weights> : tensor<6xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<{{.*}}> : tensor<2x2xf32>
// CHECK: return %[[A]], %[[B]]
func.func @constants() -> (tensor<6xf32>, tensor<2x2xf32>) {
  %a = arith.constant dense_resource<weights> : tensor<1x6x1xf32>
  %b = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %c = tensor.collapse_shape %a [[0, 1, 2]] : tensor<1x6x1xf32> into tensor<6xf32>
  %d = tensor.expand_shape %b [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  return %c, %d : tensor<6xf32>, tensor<2x2xf32>
}
{-#
  dialect_resources: { builtin: { weights: "0x040000000000803F0000803F0000803F0000803F0000803F0000803F" } }
#-}
