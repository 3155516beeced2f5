// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-slice-outs))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-slice-outs),one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},func.func(canonicalize,cse,canonicalize))' | FileCheck %s --check-prefix=BUFFERS
#row = affine_map<(i, j) -> (i)>
#all = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: func @whole
// CHECK: outs(%[[O:.*]] = %{{.*}} : tensor<4x?xf32>)
// CHECK: %[[C:.*]] = arith.constant 1 : index
// CHECK: %[[N:.*]] = tensor.dim %[[O]], %[[C]]
// CHECK: %[[S:.*]] = tensor.extract_slice %[[O]][0, 0] [4, %[[N]]] [1, 1] : tensor<4x?xf32> to tensor<4x?xf32>
// CHECK: %[[T:.*]] = linalg.generic {{.*}} outs(%[[S]] : tensor<4x?xf32>)
// CHECK: tensor.parallel_insert_slice %[[T]] into %[[O]][0, 0] [4, %[[N]]] [1, 1]
// BUFFERS-LABEL: func @whole
// BUFFERS: ctrl.task
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS: return
func.func @whole(%x: tensor<4x?xf32>, %e: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %r = ctrl.task (%i) in (1) ins(%a = %x : tensor<4x?xf32>) outs(%o = %e : tensor<4x?xf32>) {
    %c1 = arith.constant 1 : index
    %t = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
        ins(%a : tensor<4x?xf32>) outs(%o : tensor<4x?xf32>) {
    ^bb0(%v: f32, %w: f32):
      %s = arith.addf %v, %v : f32
      linalg.yield %s : f32
    } -> tensor<4x?xf32>
    %n = tensor.dim %o, %c1 : tensor<4x?xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %t into %o[0, 0] [4, %n] [1, 1] : tensor<4x?xf32> into tensor<4x?xf32>
    }
  }
  return %r : tensor<4x?xf32>
}

// An item that makes a part has its slice; one that inserts what it got from elsewhere needs none.
// CHECK-LABEL: func @left
// CHECK-COUNT-1: tensor.extract_slice
// CHECK-NOT: tensor.extract_slice
func.func @left(%x: tensor<8xf32>, %e: tensor<8xf32>, %f: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %r:2 = ctrl.task (%i) in (8) ins(%a = %x : tensor<8xf32>) outs(%o = %e : tensor<8xf32>, %p = %f : tensor<8xf32>) {
    %c = arith.constant 1.0 : f32
    %s = tensor.extract_slice %o[%i] [1] [1] : tensor<8xf32> to tensor<1xf32>
    %t = linalg.fill ins(%c : f32) outs(%s : tensor<1xf32>) -> tensor<1xf32>
    ctrl.in_parallel {
      tensor.parallel_insert_slice %t into %o[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
      tensor.parallel_insert_slice %a into %p[0] [8] [1] : tensor<8xf32> into tensor<8xf32>
    }
  }
  return %r#0, %r#1 : tensor<8xf32>, tensor<8xf32>
}
