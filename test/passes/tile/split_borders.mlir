// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-decompose-pads,tile-split-borders))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(tile-set-device{device=h100},func.func(tile-decompose-pads,tile-split-borders))' | FileCheck %s --check-prefix=DEVICE
// DEVICE-NOT: ctrl.task

// A large tensor: only its borders are filled, corners once.
// CHECK-LABEL: func @borders
// CHECK-DAG: linalg.fill {{.*}} -> tensor<?x1x98x64xf32>
// CHECK-DAG: linalg.fill {{.*}} -> tensor<?x2x98x64xf32>
// CHECK-DAG: linalg.fill {{.*}} -> tensor<?x96x2x64xf32>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 1, 0, 0] [%{{.*}}, 96, 96, 64]
// CHECK: return
func.func @borders(%x: tensor<?x96x96x64xf32>) -> tensor<?x99x98x64xf32> {
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 1, 0, 0] high[0, 2, 2, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %z : f32
  } : tensor<?x96x96x64xf32> to tensor<?x99x98x64xf32>
  return %p : tensor<?x99x98x64xf32>
}

// A small one is filled whole.
// CHECK-LABEL: func @small
// CHECK: %[[F:.*]] = linalg.fill {{.*}} -> tensor<10x10xf32>
// CHECK: tensor.insert_slice %{{.*}} into %[[F]][1, 1] [8, 8]
func.func @small(%x: tensor<8x8xf32>) -> tensor<10x10xf32> {
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[1, 1] high[1, 1] {
  ^bb0(%a: index, %b: index):
    tensor.yield %z : f32
  } : tensor<8x8xf32> to tensor<10x10xf32>
  return %p : tensor<10x10xf32>
}

// Rows of a size that is not known: those behind the source are what is left.
// CHECK-LABEL: func @rows
// CHECK: %[[L:.*]] = linalg.fill {{.*}} -> tensor<1x4096xf32>
// CHECK: tensor.insert_slice %[[L]] into %{{.*}}[0, 0] [1, 4096]
// CHECK: %[[H:.*]] = linalg.fill {{.*}} -> tensor<?x4096xf32>
// CHECK: %[[I:.*]] = tensor.insert_slice %[[H]]
// CHECK: tensor.insert_slice %{{.*}} into %[[I]][1, 0] [%{{.*}}, 4096]
func.func @rows(%x: tensor<?x4096xf32>) -> tensor<?x4096xf32> {
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[1, 0] high[2, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %z : f32
  } : tensor<?x4096xf32> to tensor<?x4096xf32>
  return %p : tensor<?x4096xf32>
}

// All sizes known: one task fills the four sides.
// CHECK-LABEL: func @task
// CHECK: %[[B:.*]] = ctrl.task (%{{.*}}) in (1) outs(%[[O:.*]] = %{{.*}} : tensor<98x98x64xf32>) attributes {label = "border"}
// CHECK-DAG: %[[L:.*]] = tensor.extract_slice %[[O]][0, 0, 0] [1, 98, 64]
// CHECK-DAG: %[[R:.*]] = tensor.extract_slice %[[O]][97, 0, 0] [1, 98, 64]
// CHECK-DAG: %[[U:.*]] = tensor.extract_slice %[[O]][1, 0, 0] [96, 1, 64]
// CHECK-DAG: %[[D:.*]] = tensor.extract_slice %[[O]][1, 97, 0] [96, 1, 64]
// CHECK: ctrl.in_parallel
// CHECK-COUNT-4: tensor.parallel_insert_slice
// CHECK: tensor.insert_slice %{{.*}} into %[[B]][1, 1, 0] [96, 96, 64]
func.func @task(%x: tensor<96x96x64xf32>) -> tensor<98x98x64xf32> {
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[1, 1, 0] high[1, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %z : f32
  } : tensor<96x96x64xf32> to tensor<98x98x64xf32>
  return %p : tensor<98x98x64xf32>
}
