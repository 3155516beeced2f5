// The named stages of lowering/pipelines.h run on the module that dl-opt reads, up to kernels.
// RUN: dl-opt %s --dlc-simplify --dlc-tile --dlc-task --dlc-bufferize --dlc-device-tasks --ctrl-task-to-gpu | FileCheck %s
// CHECK: gpu.module @kernels
// CHECK: gpu.func
// CHECK: linalg.add
// CHECK: gpu.launch_func @kernels
// CHECK-NOT: ctrl.task
func.func @main(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %r = linalg.add ins(%a, %b : tensor<64x64xf32>, tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %r : tensor<64x64xf32>
}
