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
func.func private @use2(memref<?x4xf32>)

// Sizes that are known at the entry, wherever they are computed: their buffers are views of the arena's part that is made there. %a and %c
// do not live at the same time: they have the same bytes.
// CHECK-LABEL: func @dynamic(%arg0: index, %arg1: memref<?xf32>
// CHECK: %[[ARENA:.*]] = place.alloc(%{{.*}}) : memref<?xi8>
// CHECK: %[[A:.*]] = memref.view %[[ARENA]][%{{.*}}][%arg0] : memref<?xi8> to memref<?xf32>
// CHECK-NEXT: call @use(%[[A]])
// CHECK-NOT: place.release
// CHECK: memref.view %[[ARENA]]{{.*}} to memref<?x4xf32>
// CHECK: memref.view %[[ARENA]]{{.*}} to memref<?xf32>
// CHECK-NOT: place.alloc
func.func @dynamic(%n: index, %x: memref<?xf32>, %go: i1) {
  %zero = arith.constant 0 : index
  %a = memref.alloc(%n) : memref<?xf32>
  func.call @use(%a) : (memref<?xf32>) -> ()
  ctrl.branch %go : i1 {
    %m = memref.dim %x, %zero : memref<?xf32>
    %b = memref.alloc(%m) : memref<?x4xf32>
    func.call @use2(%b) : (memref<?x4xf32>) -> ()
    ctrl.yield
  }
  %c = memref.alloc(%n) : memref<?xf32>
  func.call @use(%c) : (memref<?xf32>) -> ()
  return
}

// -----

func.func private @use(memref<?xf32>)

// A size that depends on data.
// CHECK-LABEL: func @data
// CHECK: %[[D:.*]] = place.alloc(%{{.*}}) : memref<?xf32>
// CHECK: call @use(%[[D]])
// CHECK-NEXT: place.release %[[D]]
func.func @data(%x: memref<index>) {
  %n = memref.load %x[] : memref<index>
  %a = memref.alloc(%n) : memref<?xf32>
  func.call @use(%a) : (memref<?xf32>) -> ()
  return
}

// -----

// What the function returns is the caller's, not in the arena.
// CHECK-LABEL: func @returned
// CHECK-SAME: place.arena_bytes = 0
// CHECK: %[[R:.*]] = place.alloc : memref<16xf32>
// CHECK-NOT: release
// CHECK: return %[[R]]
func.func @returned(%x: memref<16xf32>) -> memref<16xf32> {
  %a = memref.alloc() : memref<16xf32>
  memref.copy %x, %a : memref<16xf32> to memref<16xf32>
  return %a : memref<16xf32>
}

// -----

// A buffer made in an iteration and read in the next one has two places, in turn; what the loop ends with is one of them.
// CHECK-LABEL: func @carried
// CHECK-SAME: place.arena_bytes = 192
// CHECK: ctrl.loop %[[I:.*]] to
// CHECK: %[[BOTH:.*]] = place.alloc offset([[AT:.*]]) : memref<128xi8>
// CHECK: arith.andi %[[I]]
// CHECK: memref.view %[[BOTH]]
// CHECK: place.alloc offset(
func.func @carried(%n: index, %x: memref<16xf32>) -> memref<16xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : memref<16xf32>) {
    %b = memref.alloc() : memref<16xf32>
    memref.copy %a, %b : memref<16xf32> to memref<16xf32>
    ctrl.next %b : memref<16xf32>
  }
  %c = memref.alloc() : memref<16xf32>
  memref.copy %r, %c : memref<16xf32> to memref<16xf32>
  memref.copy %c, %x : memref<16xf32> to memref<16xf32>
  return %r : memref<16xf32>
}

// -----

// One that an iteration may pass on again outlives the next: it has memory of its own.
// CHECK-LABEL: func @passed_on
// CHECK: ctrl.loop
// CHECK: place.alloc : memref<16xf32>
// CHECK-NOT: place.release
func.func @passed_on(%n: index, %x: memref<16xf32>, %go: i1) -> memref<16xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : memref<16xf32>) {
    %k = ctrl.branch %go : i1 -> (memref<16xf32>) {
      %b = memref.alloc() : memref<16xf32>
      memref.copy %a, %b : memref<16xf32> to memref<16xf32>
      ctrl.yield %b : memref<16xf32>
    } else {
      ctrl.yield %a : memref<16xf32>
    }
    ctrl.next %k : memref<16xf32>
  }
  return %r : memref<16xf32>
}

// -----

// CHECK-LABEL: func @swapped
// CHECK: ctrl.loop
// CHECK: place.alloc : memref<16xf32>
func.func @swapped(%n: index, %x: memref<16xf32>, %y: memref<16xf32>) {
  %r, %s = ctrl.loop %i to %n carry(%a = %x : memref<16xf32>, %c = %y : memref<16xf32>) {
    %b = memref.alloc() : memref<16xf32>
    memref.copy %a, %b : memref<16xf32> to memref<16xf32>
    ctrl.next %b, %a : memref<16xf32>, memref<16xf32>
  }
  return
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
