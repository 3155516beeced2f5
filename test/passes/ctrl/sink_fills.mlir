// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-sink-fills))" | FileCheck %s
#a = affine_map<(i) -> (i)>
#r = affine_map<(i) -> ()>

// In the loop and in the arm; the use in the fill's own block keeps it.
// CHECK-LABEL: func @reductions
// CHECK: %[[F:.*]] = linalg.fill
// CHECK: linalg.generic {{.*}} outs(%[[F]] :
// CHECK: ctrl.loop
// CHECK: %[[E:.*]] = tensor.empty() : tensor<f32>
// CHECK: %[[G:.*]] = linalg.fill {{.*}} outs(%[[E]] :
// CHECK: linalg.generic {{.*}} outs(%[[G]] :
// CHECK: ctrl.branch
// CHECK: %[[D:.*]] = tensor.empty() : tensor<f32>
// CHECK: %[[H:.*]] = linalg.fill {{.*}} outs(%[[D]] :
// CHECK: linalg.generic {{.*}} outs(%[[H]] :
func.func @reductions(%x: tensor<9xf32>, %n: index, %p: i1) -> (tensor<f32>, tensor<f32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %s = linalg.generic {indexing_maps = [#a, #r], iterator_types = ["reduction"]} ins(%x : tensor<9xf32>) outs(%f : tensor<f32>) {
  ^bb0(%u: f32, %o: f32):
    %w = arith.addf %u, %o : f32
    linalg.yield %w : f32
  } -> tensor<f32>
  %r = ctrl.loop %i to %n carry(%c = %s : tensor<f32>) {
    %t = linalg.generic {indexing_maps = [#a, #r], iterator_types = ["reduction"]} ins(%x : tensor<9xf32>) outs(%f : tensor<f32>) {
    ^bb0(%u: f32, %o: f32):
      %w = arith.addf %u, %o : f32
      linalg.yield %w : f32
    } -> tensor<f32>
    ctrl.next %t : tensor<f32>
  }
  %q = ctrl.branch %p : i1 -> (tensor<f32>) {
    %t = linalg.generic {indexing_maps = [#a, #r], iterator_types = ["reduction"]} ins(%x : tensor<9xf32>) outs(%f : tensor<f32>) {
    ^bb0(%u: f32, %o: f32):
      %w = arith.mulf %u, %o : f32
      linalg.yield %w : f32
    } -> tensor<f32>
    ctrl.yield %t : tensor<f32>
  } else {
    ctrl.yield %s : tensor<f32>
  }
  return %r, %q : tensor<f32>, tensor<f32>
}

// Left alone: what is read, yielded, or filled over something.
// CHECK-LABEL: func @others
// CHECK-COUNT-2: linalg.fill
// CHECK: ctrl.loop
// CHECK-NOT: linalg.fill
func.func @others(%x: tensor<9xf32>, %n: index) -> (tensor<9xf32>, tensor<9xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<9xf32>) -> tensor<9xf32>
  %g = linalg.fill ins(%zero : f32) outs(%x : tensor<9xf32>) -> tensor<9xf32>
  %r:2 = ctrl.loop %i to %n carry(%c = %x : tensor<9xf32>, %d = %x : tensor<9xf32>) {
    %y = linalg.exp ins(%f : tensor<9xf32>) outs(%g : tensor<9xf32>) -> tensor<9xf32>
    ctrl.next %y, %f : tensor<9xf32>, tensor<9xf32>
  }
  return %r#0, %r#1 : tensor<9xf32>, tensor<9xf32>
}
