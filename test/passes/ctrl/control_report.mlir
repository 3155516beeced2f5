// RUN: dl-opt %s --tile-set-device=device=host-avx512 --ctrl-report -o /dev/null | FileCheck %s
// RUN: dl-opt %s --tile-set-device=device=h100 --ctrl-report -o /dev/null | FileCheck %s --check-prefix=DEVICE
// RUN: dl-opt %s --ctrl-report=file=%t.txt | FileCheck %s --check-prefix=MODULE
// RUN: FileCheck %s --check-prefix=FILE < %t.txt
// RUN: not dl-opt %s --ctrl-report=file=%t.absent/x 2>&1 | FileCheck %s --check-prefix=WRITE

// FILE: ops of control flow 7
// MODULE: ctrl.loop
// WRITE: ctrl-report: cannot write {{.*}}absent/x: No such file or directory

// On buffers: a state written in place, two that change places, one that is copied, a number; a branch inside.
// CHECK:      on generic AVX-512 host
// CHECK-NEXT: function buffers
// CHECK-NEXT:   0 loop at control_report.mlir:{{[0-9]+}}
// CHECK-NEXT:     runs at host: in no region and in no task, and no level was chosen
// CHECK-NEXT:     iterations: at most 10, while its flag holds
// CHECK-NEXT:     an iteration: 2 to 3 forks of the team, each joined before what follows; 1 tasks of one item
// CHECK-NEXT:     reads in every iteration: 1 constants (256 B), 1 values made once before it (256 B, such as before), 1 inputs; 1 buffers written again and again
// CHECK-NEXT:     kept on chip: by no attribute; 512 B fit the l2
// CHECK-NEXT:     carry 0, memref<64xf32>: written in place
// CHECK-NEXT:     carry 1, memref<64xf32>: takes the place of carry 2, no copy
// CHECK-NEXT:     carry 2, memref<64xf32>: takes the place of carry 1, no copy
// CHECK-NEXT:     carry 3, memref<64xf32>: copied, 256 B
// CHECK-NEXT:     carry 4, i64: a number
// CHECK-NEXT:     1 branch at control_report.mlir:{{[0-9]+}} of 2 arms
// CHECK-NEXT:       runs at host: in no region and in no task, and no level was chosen
// CHECK-NEXT:       arm 0: 1 forks of the team, each joined before what follows
// CHECK-NEXT:       arm 1: synchronises nothing: no tasks
// DEVICE:     on NVIDIA H100
// DEVICE:       an iteration: 2 to 3 launches of kernels, each ended before the next one; 1 tasks of one item
memref.global "private" constant @weights : memref<64xf32> = dense<2.0>
func.func @buffers(%a: memref<64xf32>, %p: memref<64xf32>, %q: memref<64xf32>, %x: memref<64xf32>, %more: i1) {
  %ten = arith.constant 10 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %w = memref.get_global @weights : memref<64xf32>
  %once = memref.alloc() : memref<64xf32>
  %s = memref.alloc() : memref<64xf32>
  %t = memref.alloc() : memref<64xf32>
  ctrl.task (%i) in (64) ins(%v = %w : memref<64xf32>) outs(%o = %once : memref<64xf32>) attributes {label = "before"} {
    %e = memref.load %v[%i] : memref<64xf32>
    memref.store %e, %o[%i] : memref<64xf32>
  }
  %r:5 = ctrl.loop %k to %ten carry(%c0 = %a : memref<64xf32>, %c1 = %p : memref<64xf32>, %c2 = %q : memref<64xf32>, %c3 = %s : memref<64xf32>, %n = %zero : i64) while(%more) {
    ctrl.task (%i) in (64) ins(%v = %w : memref<64xf32>, %u = %once : memref<64xf32>) outs(%o = %c0 : memref<64xf32>) {
      %e = memref.load %v[%i] : memref<64xf32>
      memref.store %e, %o[%i] : memref<64xf32>
    }
    ctrl.task (%i) in (1) ins(%v = %c1 : memref<64xf32>) outs(%o = %c2 : memref<64xf32>) {
      %e = memref.load %v[%i] : memref<64xf32>
      memref.store %e, %o[%i] : memref<64xf32>
    }
    ctrl.branch %more : i1 {
      ctrl.task (%i) in (64) ins(%v = %x : memref<64xf32>) outs(%o = %c0 : memref<64xf32>) {
        %e = memref.load %v[%i] : memref<64xf32>
        memref.store %e, %o[%i] : memref<64xf32>
      }
      ctrl.yield
    }
    ctrl.task (%i) in (4) ins(%v = %c0 : memref<64xf32>) outs(%o = %t : memref<64xf32>) attributes {label = "copy"} {
      linalg.copy ins(%v : memref<64xf32>) outs(%o : memref<64xf32>)
    }
    %m = arith.addi %n, %one : i64
    ctrl.next while(%more) %c0, %c2, %c1, %t, %m : memref<64xf32>, memref<64xf32>, memref<64xf32>, memref<64xf32>, i64
  }
  return
}

// On tensors little is known; levels are those of attributes and of regions around.
// CHECK-NEXT: function tensors
// CHECK-NEXT:   2 loop step
// CHECK-NEXT:     runs at host: its attribute says so
// CHECK-NEXT:     iterations: known when it begins
// CHECK-NEXT:     an iteration: holds 1 ops that are no tasks yet: synchronisation not known
// CHECK-NEXT:     reads in every iteration: 0 constants (0 B), 0 values made once before it (0 B), 1 inputs; 0 buffers written again and again
// CHECK-NEXT:     kept on chip: nothing to keep
// CHECK-NEXT:     carry 0, tensor<8xf32>: a tensor: whether in place is known after bufferisation
// CHECK-NEXT:   3 loop at
// CHECK-NEXT:     runs at host:
// CHECK-NEXT:     iterations: while its flag holds, not known before
// CHECK-NEXT:     an iteration: synchronises nothing: no tasks
func.func @tensors(%a: tensor<8xf32>, %y: tensor<8xf32>, %n: index, %go: i1) -> tensor<8xf32> {
  %r = ctrl.loop %i to %n carry(%x = %a : tensor<8xf32>) at(host) {
    %s = linalg.add ins(%x, %y : tensor<8xf32>, tensor<8xf32>) outs(%x : tensor<8xf32>) -> tensor<8xf32>
    ctrl.next %s : tensor<8xf32>
  } loc("step")
  %b = ctrl.loop %i carry(%x = %go : i1) while(%go) {
    ctrl.next while(%x) %x : i1
  }
  return %r : tensor<8xf32>
}

// CHECK:      function region
// CHECK-NEXT:   4 region at
// CHECK-NEXT:     runs at grid: its attribute says so
// CHECK-NEXT:     one launch, 132 workers, 384 threads each; order inside by program
// CHECK-NEXT:     a run: synchronises nothing: no tasks; those of 1 loop inside on top
// CHECK-NEXT:     5 loop at
// CHECK-NEXT:       runs at grid: in a region that does
// CHECK-NEXT:       iterations: 7
// CHECK-NEXT:       an iteration: 1 barriers at most, one behind each task of several items
func.func @region(%x: memref<64xf32>) {
  %seven = arith.constant 7 : index
  ctrl.region at(grid) workers(132) threads(384) {
    ctrl.loop %k to %seven {
      ctrl.task (%i) in (64) outs(%o = %x : memref<64xf32>) threads(128) { }
      ctrl.next
    }
    ctrl.yield
  }
  return
}

// CHECK: function calls
// CHECK-NEXT: 6 call at
// CHECK:      not flattened to a loop over a stack yet; depth at most 9
func.func @calls(%n: index) {
  %nine = arith.constant 9 : index
  ctrl.call @calls(%n) depth(%nine) : (index) -> ()
  return
}
