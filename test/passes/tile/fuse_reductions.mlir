// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-fuse-reductions))' --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// The exponentials are stored and summed up by one op.
// CHECK-LABEL: func @sum
// CHECK: %[[R:.*]]:2 = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%{{.*}}) outs(%{{.*}}, %{{.*}} : tensor<4x64xf32>, tensor<4xf32>)
// CHECK: %[[E:.*]] = math.exp
// CHECK: %[[S:.*]] = arith.addf %{{.*}}, %[[E]]
// CHECK: linalg.yield %[[E]], %[[S]]
// CHECK-NOT: reduction
// CHECK: linalg.generic {{.*}} ins(%[[R]]#0, %[[R]]#1
func.func @sum(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %o = tensor.empty() : tensor<4x64xf32>
  %t = ctrl.task (%i) in (1) ins(%a = %x : tensor<4x64xf32>) outs(%c = %o : tensor<4x64xf32>) {
    %zero = arith.constant 0.0 : f32
    %f = tensor.empty() : tensor<4x64xf32>
    %g = tensor.empty() : tensor<4xf32>
    %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x64xf32>) outs(%f : tensor<4x64xf32>) {
    ^bb0(%u: f32, %v: f32):
      %q = math.exp %u : f32
      linalg.yield %q : f32
    } -> tensor<4x64xf32>
    %z = linalg.fill ins(%zero : f32) outs(%g : tensor<4xf32>) -> tensor<4xf32>
    %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%e : tensor<4x64xf32>) outs(%z : tensor<4xf32>) {
    ^bb0(%u: f32, %v: f32):
      %q = arith.addf %v, %u : f32
      linalg.yield %q : f32
    } -> tensor<4xf32>
    %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%e, %s : tensor<4x64xf32>, tensor<4xf32>) outs(%c : tensor<4x64xf32>) {
    ^bb0(%u: f32, %w: f32, %v: f32):
      %q = arith.divf %u, %w : f32
      linalg.yield %q : f32
    } -> tensor<4x64xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %y into %c[0, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x64xf32>
    }
  }
  return %t : tensor<4x64xf32>
}
