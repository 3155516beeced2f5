// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(place-plan))' -split-input-file -verify-diagnostics | FileCheck %s

func.func private @use(memref<16xf32>)

// The first and the third do not live at the same time: they share bytes.
// CHECK-LABEL: func @shared
// CHECK-SAME: place.arena_bytes = 128
// CHECK: %[[A:.*]] = place.alloc offset(0)
// CHECK: place.alloc offset(64)
// CHECK: place.alloc offset(0)
func.func @shared() {
  %a = memref.alloc() : memref<16xf32>
  func.call @use(%a) : (memref<16xf32>) -> ()
  %b = memref.alloc() : memref<16xf32>
  memref.copy %a, %b : memref<16xf32> to memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  memref.copy %b, %c : memref<16xf32> to memref<16xf32>
  func.call @use(%c) : (memref<16xf32>) -> ()
  return
}

// -----

func.func private @use(memref<16xf32>)

// What a view still shows is alive.
// CHECK-LABEL: func @viewed
// CHECK-SAME: place.arena_bytes = 128
func.func @viewed() {
  %a = memref.alloc() : memref<16xf32>
  %v = memref.expand_shape %a [[0, 1]] output_shape [4, 4] : memref<16xf32> into memref<4x4xf32>
  %b = memref.alloc() : memref<16xf32>
  func.call @use(%b) : (memref<16xf32>) -> ()
  %w = memref.collapse_shape %v [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  func.call @use(%w) : (memref<16xf32>) -> ()
  return
}

// -----

func.func private @use(memref<?xf32>)

// CHECK-LABEL: func @dynamic
// CHECK: %[[D:.*]] = place.alloc(%{{.*}}) : memref<?xf32>
// CHECK: call @use(%[[D]])
// CHECK-NEXT: place.release %[[D]]
func.func @dynamic(%n: index) {
  %a = memref.alloc(%n) : memref<?xf32>
  func.call @use(%a) : (memref<?xf32>) -> ()
  return
}

// -----

// A buffer made in an iteration and carried to the next one is not planned, nor released in it.
// CHECK-LABEL: func @carried
// CHECK: ctrl.loop
// CHECK: place.alloc : memref<16xf32>
// CHECK-NOT: place.release
func.func @carried(%n: index, %x: memref<16xf32>) -> memref<16xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : memref<16xf32>) {
    %b = memref.alloc() : memref<16xf32>
    memref.copy %a, %b : memref<16xf32> to memref<16xf32>
    ctrl.next %b : memref<16xf32>
  }
  return %r : memref<16xf32>
}

// -----

// CHECK-LABEL: func @task
// CHECK: workgroup(%[[W:.*]]: memref<128xi8, #gpu.address_space<workgroup>>)
// CHECK: memref.view %[[W]]
func.func @task(%x: memref<64x16xf32>) {
  ctrl.task (%i) in (64) outs(%o = %x : memref<64x16xf32>) {
    %a = memref.alloc() : memref<16xf32>
    %b = memref.alloc() : memref<16xf32>
    memref.copy %a, %b : memref<16xf32> to memref<16xf32>
    memref.copy %b, %a : memref<16xf32> to memref<16xf32>
  }
  return
}

// -----

func.func @unbounded(%x: memref<?xf32>) {
  ctrl.task (%i) in (64) outs(%o = %x : memref<?xf32>) {
    %zero = arith.constant 0 : index
    %n = memref.dim %o, %zero : memref<?xf32>
    // expected-error @+1 {{a buffer inside a task needs a size with a constant bound}}
    %a = memref.alloc(%n) : memref<?xf32>
    memref.copy %o, %a : memref<?xf32> to memref<?xf32>
  }
  return
}
