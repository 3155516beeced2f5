// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-reuse-destinations))' --split-input-file | FileCheck %s

#map = affine_map<(d0) -> (d0 * 4)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// What is read for the last time is made where the result is to be.
// CHECK-LABEL: func @last
// CHECK: %[[D:.*]] = tensor.extract_slice %{{.*}} to tensor<4x64xf32>
// CHECK: %[[D:.*]] = tensor.extract_slice %{{.*}} to tensor<4x64xf32>
// CHECK: %[[E:.*]] = linalg.generic {{.*}} outs(%[[D]] :
// CHECK: math.exp
// CHECK: linalg.generic {{.*}} ins(%[[E]], %{{.*}} outs(%[[E]] :
func.func @last(%x: tensor<16x64xf32>, %r: tensor<4xf32>) -> tensor<16x64xf32> {
  %o = tensor.empty() : tensor<16x64xf32>
  %t = ctrl.task (%i) in (4) ins(%a = %x : tensor<16x64xf32>, %b = %r : tensor<4xf32>) outs(%c = %o : tensor<16x64xf32>) {
    %at = affine.apply #map(%i)
    %s = tensor.extract_slice %a[%at, 0] [4, 64] [1, 1] : tensor<16x64xf32> to tensor<4x64xf32>
    %f = tensor.empty() : tensor<4x64xf32>
    %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<4x64xf32>) outs(%f : tensor<4x64xf32>) {
    ^bb0(%u: f32, %v: f32):
      %q = math.exp %u : f32
      linalg.yield %q : f32
    } -> tensor<4x64xf32>
    %d = tensor.extract_slice %c[%at, 0] [4, 64] [1, 1] : tensor<16x64xf32> to tensor<4x64xf32>
    %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%e, %b : tensor<4x64xf32>, tensor<4xf32>) outs(%d : tensor<4x64xf32>) {
    ^bb0(%u: f32, %w: f32, %v: f32):
      %q = arith.mulf %u, %w : f32
      linalg.yield %q : f32
    } -> tensor<4x64xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %y into %c[%at, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<16x64xf32>
    }
  }
  return %t : tensor<16x64xf32>
}

// -----

#map = affine_map<(d0) -> (d0 * 4)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#turned = affine_map<(d0, d1) -> (d1, d0)>

// Read in another order than the result is written: it needs a place of its own.
// CHECK-LABEL: func @turned
// CHECK: %[[F:.*]] = tensor.empty() : tensor<4x4xf32>
// CHECK: linalg.generic {{.*}} outs(%[[F]] :
func.func @turned(%x: tensor<16x4xf32>) -> tensor<16x4xf32> {
  %o = tensor.empty() : tensor<16x4xf32>
  %t = ctrl.task (%i) in (4) ins(%a = %x : tensor<16x4xf32>) outs(%c = %o : tensor<16x4xf32>) {
    %at = affine.apply #map(%i)
    %s = tensor.extract_slice %a[%at, 0] [4, 4] [1, 1] : tensor<16x4xf32> to tensor<4x4xf32>
    %f = tensor.empty() : tensor<4x4xf32>
    %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) {
    ^bb0(%u: f32, %v: f32):
      %q = math.exp %u : f32
      linalg.yield %q : f32
    } -> tensor<4x4xf32>
    %d = tensor.extract_slice %c[%at, 0] [4, 4] [1, 1] : tensor<16x4xf32> to tensor<4x4xf32>
    %y = linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]} ins(%e : tensor<4x4xf32>) outs(%d : tensor<4x4xf32>) {
    ^bb0(%u: f32, %v: f32):
      %q = arith.negf %u : f32
      linalg.yield %q : f32
    } -> tensor<4x4xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %y into %c[%at, 0] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<16x4xf32>
    }
  }
  return %t : tensor<16x4xf32>
}
