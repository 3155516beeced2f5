// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-protect-inputs))" | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-protect-inputs),one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map})" | FileCheck %s --check-prefix=BUFFERS

// A loop's carry begins as an argument: its buffer is copied first.
// CHECK-LABEL: func @carry
// CHECK-SAME: (%{{.*}}: tensor<4xf32> {bufferization.writable = false, dlc.name = "x"}, %{{.*}}: index)
// BUFFERS-LABEL: func @carry
// BUFFERS-SAME: (%[[X:.*]]: memref<4xf32{{.*}}> {dlc.name = "x"}, %{{.*}}: index)
// BUFFERS: %[[C:.*]] = memref.alloc
// BUFFERS: memref.copy %[[X]], %[[C]]
// BUFFERS: ctrl.loop {{.*}} carry(%{{.*}} = %[[C]] : memref<4xf32>)
func.func @carry(%x: tensor<4xf32> {dlc.name = "x"}, %n: index) -> tensor<4xf32> {
  %r = ctrl.loop %i to %n carry(%c = %x : tensor<4xf32>) {
    %y = linalg.exp ins(%c : tensor<4xf32>) outs(%c : tensor<4xf32>) -> tensor<4xf32>
    ctrl.next %y : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @says
// CHECK-SAME: (%{{.*}}: tensor<4xf32> {bufferization.writable = true}, %{{.*}}: memref<4xf32>)
func.func @says(%x: tensor<4xf32> {bufferization.writable = true}, %y: memref<4xf32>) {
  return
}

// CHECK-LABEL: func @none()
func.func @none() {
  return
}
