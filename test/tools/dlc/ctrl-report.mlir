// What dlc --ctrl-report says of a recurrence: the weights are read in every step, the state is carried.
// REQUIRES: lld
// RUN: dlc %s --device=host-avx512 --ctrl-report=- -o %t.so | FileCheck %s
// RUN: dlc %s --device=host-avx512 --ctrl-report=%t.txt -o %t.so && FileCheck %s < %t.txt
// RUN: not dlc %s --ctrl-report=%t.absent/x -o %t.so 2>&1 | FileCheck %s --check-prefix=WRITE
// WRITE: ctrl-report: cannot write {{.*}}absent/x
// CHECK:      on generic AVX-512 host
// CHECK-NEXT: function main
// CHECK-NEXT:   0 loop step
// CHECK-NEXT:     runs at host: in no region and in no task, and no level was chosen
// CHECK-NEXT:     iterations: 12
// CHECK-NEXT:     an iteration: {{[0-9]}} forks of the team
// CHECK-NEXT:     reads in every iteration: 1 constants (262.1 kB), 0 values made once before it
// CHECK-NEXT:     kept on chip: by no attribute; 262.1 kB fit the l2 (1.0 MB) of generic AVX-512 host
// CHECK-NEXT: ops of control flow 1
func.func @main(%x: tensor<8x256xf32> {dlc.name = "x", dlc.dtype = "float32", dlc.dims = ["", ""]})
    -> (tensor<8x256xf32> {dlc.name = "y", dlc.dtype = "float32", dlc.dims = ["", ""]}) {
  %w = arith.constant dense<"0x0000803F"> : tensor<256x256xf32>
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 12 : index
  %e = tensor.empty() : tensor<8x256xf32>
  %r = ctrl.loop %i to %n carry(%h = %x : tensor<8x256xf32>) {
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x256xf32>) -> tensor<8x256xf32>
    %p = linalg.matmul ins(%h, %w : tensor<8x256xf32>, tensor<256x256xf32>) outs(%f : tensor<8x256xf32>) -> tensor<8x256xf32>
    ctrl.next %p : tensor<8x256xf32>
  } loc("step")
  return %r : tensor<8x256xf32>
}
