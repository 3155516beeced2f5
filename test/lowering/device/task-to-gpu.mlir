// RUN: dl-opt %s --ctrl-task-to-gpu --canonicalize --cse | FileCheck %s

#map = affine_map<(d0) -> (d0)>
// Static memrefs are passed as bare pointers; open sizes and bounds follow as arguments. Equal bodies share a kernel.
// CHECK-LABEL: gpu.module @kernels
// CHECK: gpu.func @relu_0(%[[UB:.*]]: index, %[[A:.*]]: memref<f32>, %[[O:.*]]: memref<f32>, %[[SIZE:.*]]: index) kernel
// CHECK-SAME: arguments = ["upper 0", "base 0", "base 1", "size 1 0"]
// CHECK-SAME: known_block_size = array<i32: 256, 1, 1>
// CHECK-DAG: %[[BLOCK:.*]] = gpu.block_id x
// CHECK-DAG: memref.reinterpret_cast %[[A]] to offset: [0], sizes: [64], strides: [1] : memref<f32> to memref<64xf32>
// CHECK-DAG: memref.reinterpret_cast %[[O]] to offset: [0], sizes: [%[[SIZE]]], strides: [1] : memref<f32> to memref<?xf32>
// CHECK: linalg.generic
// CHECK: gpu.return
// CHECK-NOT: gpu.func @relu
// CHECK: gpu.func @task_1({{.*}}) kernel
// CHECK-LABEL: func.func @main
// CHECK: gpu.launch_func @kernels::@relu_0 blocks in (%[[N:.*]], %{{.*}}, %{{.*}}) threads in
// CHECK: gpu.launch_func @kernels::@relu_0
// CHECK-NOT: ctrl.task
func.func @main(%A: memref<64xf32>, %O: memref<?xf32>, %n: index) {
  ctrl.task (%i) in (%n) ins(%a = %A : memref<64xf32>) outs(%o = %O : memref<?xf32>) attributes {label = "relu"} {
    %z = arith.constant 0.0 : f32
    %s = memref.subview %o[%i] [64] [1] : memref<?xf32> to memref<64xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%a : memref<64xf32>) outs(%s : memref<64xf32, strided<[1], offset: ?>>) {
    ^bb0(%x: f32, %y: f32):
      %v = arith.maximumf %x, %z : f32
      linalg.yield %v : f32
    }
  }
  ctrl.task (%i) in (%n) ins(%a = %A : memref<64xf32>) outs(%o = %O : memref<?xf32>) attributes {label = "again"} {
    %z = arith.constant 0.0 : f32
    %s = memref.subview %o[%i] [64] [1] : memref<?xf32> to memref<64xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%a : memref<64xf32>) outs(%s : memref<64xf32, strided<[1], offset: ?>>) {
    ^bb0(%x: f32, %y: f32):
      %v = arith.maximumf %x, %z : f32
      linalg.yield %v : f32
    }
  }
  // A lower bound, a pool that the kernel does not see, a scalar.
  %B = memref.alloc() : memref<4x4xf32, strided<[4, 1]>, 7>
  ctrl.task (%i, %j) in (%n to 4, 4) ins(%k = %n : index) outs(%b = %B : memref<4x4xf32, strided<[4, 1]>, 7>) {
    %f = arith.index_cast %k : index to i32
    %g = arith.sitofp %f : i32 to f32
    memref.store %g, %b[%i, %j] : memref<4x4xf32, strided<[4, 1]>, 7>
  }
  return
}
