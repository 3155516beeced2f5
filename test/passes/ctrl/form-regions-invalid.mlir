// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{mode=kernel workers=4}))' --split-input-file --verify-diagnostics
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{mode=device}))' --split-input-file 2>&1 | FileCheck %s
// CHECK: mode is auto, kernel or host

func.func @data(%size: memref<index>, %n: index) {
  %s = memref.load %size[] : memref<index>
  ctrl.loop %i to %n {
    // expected-error @below {{ctrl-form-regions: a buffer whose size has no bound where the program begins}}
    %t = memref.alloc(%s) : memref<?xf32>
    ctrl.task (%j) in (1) outs(%q = %t : memref<?xf32>) {
      linalg.exp ins(%q : memref<?xf32>) outs(%q : memref<?xf32>)
    }
    ctrl.next
  }
  return
}

// -----

func.func private @f()
func.func @calls(%n: index) {
  ctrl.loop %i to %n {
    // expected-error @below {{ctrl-form-regions: func.call has no place in a persistent kernel}}
    func.call @f() : () -> ()
    ctrl.next
  }
  return
}

// -----

func.func @output(%x: memref<8xf32>, %size: memref<index>, %n: index) -> memref<?xf32> {
  %s = memref.load %size[] : memref<index>
  ctrl.loop %i to %n {
    ctrl.next
  }
  %v = memref.reinterpret_cast %x to offset: [0], sizes: [%s], strides: [1] : memref<8xf32> to memref<?xf32>
  // expected-error @below {{ctrl-form-regions: an output whose size is not known where the program begins}}
  return %v : memref<?xf32>
}
