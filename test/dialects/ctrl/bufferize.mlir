// One-shot bufferisation of ctrl: in place where that is right, a copy where it is not.
// RUN: dl-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --cse --split-input-file | FileCheck %s

// An out is written in place.
// CHECK-LABEL: func.func @task_in_place
// CHECK-SAME: (%[[X:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4xf32>)
// CHECK-NOT: alloc
// CHECK: ctrl.task (%{{.*}}) in (4) ins(%{{.*}} = %[[X]] : memref<4xf32>) outs(%{{.*}} = %[[Y]] : memref<4xf32>)
// CHECK: memref.subview
// CHECK: memref.copy
// CHECK-NOT: ctrl.in_parallel
// CHECK: return
func.func @task_in_place(%x: tensor<4xf32>, %y: tensor<4xf32> {bufferization.writable = true}) -> tensor<4xf32> {
  %r = ctrl.task (%i) in (4) ins(%a = %x : tensor<4xf32>) outs(%b = %y : tensor<4xf32>) {
    %s = tensor.extract_slice %a[%i] [1] [1] : tensor<4xf32> to tensor<1xf32>
    ctrl.in_parallel { tensor.parallel_insert_slice %s into %b[%i] [1] [1] : tensor<1xf32> into tensor<4xf32> }
  }
  return %r : tensor<4xf32>
}

// -----

// The out is read after the task has written it: the task must write a copy.
// CHECK-LABEL: func.func @task_old_value_read_later
// CHECK-SAME: (%[[Y:.*]]: memref<4xf32>
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.copy %[[Y]], %[[A]]
// CHECK: ctrl.task {{.*}} outs(%{{.*}} = %[[A]]
// CHECK: memref.load %[[Y]]
func.func @task_old_value_read_later(%y: tensor<4xf32>, %k: index, %v: f32) -> (tensor<4xf32>, f32) {
  %r = ctrl.task (%i) in (4) ins(%u = %v : f32) outs(%b = %y : tensor<4xf32>) {
    %s = tensor.from_elements %u : tensor<1xf32>
    ctrl.in_parallel { tensor.parallel_insert_slice %s into %b[%i] [1] [1] : tensor<1xf32> into tensor<4xf32> }
  }
  %old = tensor.extract %y[%k] : tensor<4xf32>
  return %r, %old : tensor<4xf32>, f32
}

// -----

// The same tensor in and out: another item may read what this one writes.
// CHECK-LABEL: func.func @task_in_is_out
// CHECK-SAME: (%[[Y:.*]]: memref<4xf32>
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.copy %[[Y]], %[[A]]
// CHECK: ctrl.task {{.*}} ins(%{{.*}} = %[[Y]] : memref<4xf32>, %{{.*}}) outs(%{{.*}} = %[[A]]
func.func @task_in_is_out(%y: tensor<4xf32>) -> tensor<4xf32> {
  %c3 = arith.constant 3 : index
  %r = ctrl.task (%i) in (4) ins(%a = %y : tensor<4xf32>, %last = %c3 : index) outs(%b = %y : tensor<4xf32>) {
    %m = arith.subi %last, %i : index
    %s = tensor.extract_slice %a[%m] [1] [1] : tensor<4xf32> to tensor<1xf32>
    ctrl.in_parallel { tensor.parallel_insert_slice %s into %b[%i] [1] [1] : tensor<1xf32> into tensor<4xf32> }
  }
  return %r : tensor<4xf32>
}

// -----

// A write to an in stays inside the body.
// CHECK-LABEL: func.func @task_writes_in
// CHECK: ctrl.task
// CHECK-SAME: ins(%[[IN:.*]] = %{{.*}} : memref<4xf32>) outs
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.copy %[[IN]], %[[A]]
// CHECK: memref.store %{{.*}}, %[[A]]
func.func @task_writes_in(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %r = ctrl.task (%i) in (4) ins(%a = %x : tensor<4xf32>) outs(%b = %y : tensor<4xf32>) {
    %f = arith.constant 1.0 : f32
    %w = tensor.insert %f into %a[%i] : tensor<4xf32>
    %s = tensor.extract_slice %w[0] [1] [1] : tensor<4xf32> to tensor<1xf32>
    ctrl.in_parallel { tensor.parallel_insert_slice %s into %b[%i] [1] [1] : tensor<1xf32> into tensor<4xf32> }
  }
  return %r : tensor<4xf32>
}

// -----

// Dynamic extents and a predicate by item.
// CHECK-LABEL: func.func @task_dynamic
// CHECK-SAME: (%[[X:.*]]: memref<?xf32>, %[[P:.*]]: memref<?xi1>
// CHECK: ctrl.task (%{{.*}}) in (%{{.*}}) outs(%{{.*}} = %{{.*}} : memref<?xf32>) if(%[[P]] : memref<?xi1>)
func.func @task_dynamic(%x: tensor<?xf32>, %p: tensor<?xi1>, %n: index, %v: f32) -> tensor<?xf32> {
  %r = ctrl.task (%i) in (%n) outs(%b = %x : tensor<?xf32>) if(%p : tensor<?xi1>) {
    %f = arith.constant 1.0 : f32
    %s = tensor.from_elements %f : tensor<1xf32>
    ctrl.in_parallel { tensor.parallel_insert_slice %s into %b[%i] [1] [1] : tensor<1xf32> into tensor<?xf32> }
  }
  return %r : tensor<?xf32>
}

// -----

// A carry that is updated: one buffer for all iterations.
// CHECK-LABEL: func.func @loop_in_place
// CHECK-SAME: (%[[X:.*]]: memref<4xf32>,
// CHECK-NOT: alloc
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%[[A:.*]] = %[[X]] : memref<4xf32>)
// CHECK-NOT: memref.copy
// CHECK: memref.store %{{.*}}, %[[A]]
// CHECK-NEXT: ctrl.next %[[A]]
// CHECK: return
func.func @loop_in_place(%x: tensor<4xf32> {bufferization.writable = true}, %n: index, %v: f32) -> tensor<4xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>) {
    %b = tensor.insert %v into %a[%i] : tensor<4xf32>
    ctrl.next %b : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// The init is read after the loop: the loop works on a copy.
// CHECK-LABEL: func.func @loop_init_read_later
// CHECK-SAME: (%[[X:.*]]: memref<4xf32>,
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.copy %[[X]], %[[A]]
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%{{.*}} = %[[A]] : memref<4xf32>)
// CHECK: memref.load %[[X]]
func.func @loop_init_read_later(%x: tensor<4xf32>, %n: index, %v: f32) -> (tensor<4xf32>, f32) {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>) {
    %b = tensor.insert %v into %a[%i] : tensor<4xf32>
    ctrl.next %b : tensor<4xf32>
  }
  %c = arith.constant 0 : index
  %old = tensor.extract %x[%c] : tensor<4xf32>
  return %r, %old : tensor<4xf32>, f32
}

// -----

// A fresh tensor in each iteration: it is copied into the carry's buffer, and nothing that is allocated in an
// iteration outlives it. The init's contents count (the loop may run zero times).
// CHECK-LABEL: func.func @loop_fresh
// CHECK-SAME: (%[[X:.*]]: memref<4xf32>,
// CHECK: %[[C:.*]] = memref.alloc
// CHECK: memref.copy %[[X]], %[[C]]
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%[[A:.*]] = %[[C]] : memref<4xf32>)
// CHECK: %[[F:.*]] = memref.alloc
// CHECK: memref.store %{{.*}}, %[[F]]
// CHECK: memref.copy %[[F]], %[[A]]
// CHECK-NEXT: ctrl.next %[[A]]
func.func @loop_fresh(%x: tensor<4xf32> {bufferization.writable = false}, %n: index, %v: f32) -> tensor<4xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>) {
    %c = arith.constant 0 : index
    %0 = tensor.extract %a[%c] : tensor<4xf32>
    %e = tensor.from_elements %0, %v, %0, %v : tensor<4xf32>
    ctrl.next %e : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// A value from outside is not the carry's: it is copied in each iteration.
// CHECK-LABEL: func.func @loop_yields_outer
// CHECK-SAME: (%[[X:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4xf32>
// CHECK: ctrl.loop %{{.*}} carry(%[[A:[a-z0-9]+]] =
// CHECK: memref.store %{{.*}}, %[[A]]
// CHECK: memref.copy %[[Y]], %[[A]]
// CHECK: ctrl.next %[[A]]
func.func @loop_yields_outer(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index, %v: f32) -> (tensor<4xf32>, f32) {
  %c = arith.constant 0 : index
  %f = arith.constant 0.0 : f32
  %r, %s = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>, %z = %f : f32) {
    %b = tensor.insert %v into %a[%c] : tensor<4xf32>
    %t = tensor.extract %b[%i] : tensor<4xf32>
    ctrl.next %y, %t : tensor<4xf32>, f32
  }
  return %r, %s : tensor<4xf32>, f32
}

// -----

// Ping-pong: two carries swap their buffers, without a copy in the loop.
// CHECK-LABEL: func.func @loop_swap
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%[[A:.*]] = %{{.*}} : memref<4xf32>, %[[B:.*]] = %{{.*}} : memref<4xf32>)
// CHECK-NOT: alloc
// CHECK: ctrl.task {{.*}} ins(%{{.*}} = %[[A]] : memref<4xf32>) outs(%{{.*}} = %[[B]] : memref<4xf32>)
// CHECK: ctrl.next %[[B]], %[[A]]
func.func @loop_swap(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %r, %q = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>, %b = %y : tensor<4xf32>) {
    %w = ctrl.task (%j) in (4) ins(%p = %a : tensor<4xf32>) outs(%o = %b : tensor<4xf32>) {
      %s = tensor.extract_slice %p[%j] [1] [1] : tensor<4xf32> to tensor<1xf32>
      ctrl.in_parallel { tensor.parallel_insert_slice %s into %o[%j] [1] [1] : tensor<1xf32> into tensor<4xf32> }
    }
    ctrl.next %w, %a : tensor<4xf32>, tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// It looks like a swap, but the old value of a carry is still wanted after it was written: no swap, two copies, in the
// right order (the value that lives in %a is saved or moved before %a is overwritten).
// CHECK-LABEL: func.func @loop_no_swap
// CHECK: ctrl.loop %{{.*}} carry(%[[A:.*]] = %{{.*}} : memref<4xf32>, %[[B:.*]] = %{{.*}} : memref<4xf32>, %{{.*}} : f32)
// CHECK: %[[NEW:.*]] = memref.alloc
// CHECK: memref.copy %[[B]], %[[NEW]]
// CHECK: memref.store %{{.*}}, %[[NEW]]
// CHECK: memref.load %[[B]]
// CHECK: %[[SAVE:.*]] = memref.alloc
// CHECK: memref.copy %[[A]], %[[SAVE]]
// CHECK: memref.copy %[[NEW]], %[[A]]
// CHECK: memref.copy %[[SAVE]], %[[B]]
// CHECK: ctrl.next %[[A]], %[[B]]
func.func @loop_no_swap(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index, %v: f32) -> (tensor<4xf32>, tensor<4xf32>, f32) {
  %f = arith.constant 0.0 : f32
  %r, %q, %s = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>, %b = %y : tensor<4xf32>, %z = %f : f32) {
    %w = tensor.insert %v into %b[%i] : tensor<4xf32>
    %old = tensor.extract %b[%i] : tensor<4xf32>
    ctrl.next %w, %a, %old : tensor<4xf32>, tensor<4xf32>, f32
  }
  return %r, %q, %s : tensor<4xf32>, tensor<4xf32>, f32
}

// -----

// One value for two carries: each keeps a buffer of its own.
// CHECK-LABEL: func.func @loop_same_twice
// CHECK: ctrl.loop %{{.*}} carry(%[[A:.*]] = %{{.*}} : memref<4xf32>, %[[B:.*]] = %{{.*}} : memref<4xf32>)
// CHECK: memref.store %{{.*}}, %[[A]]
// CHECK-NOT: alloc
// CHECK: memref.copy %[[A]], %[[B]]
// CHECK-NEXT: ctrl.next %[[A]], %[[B]]
func.func @loop_same_twice(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index, %v: f32) -> (tensor<4xf32>, tensor<4xf32>) {
  %r, %q = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>, %b = %y : tensor<4xf32>) {
    %w = tensor.insert %v into %a[%i] : tensor<4xf32>
    ctrl.next %w, %w : tensor<4xf32>, tensor<4xf32>
  }
  return %r, %q : tensor<4xf32>, tensor<4xf32>
}

// -----

// The same init for two carries that are both written: one of them works on a copy.
// CHECK-LABEL: func.func @loop_same_init
// CHECK-SAME: (%[[X:.*]]: memref<4xf32>
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.copy %[[X]], %[[A]]
// CHECK: ctrl.loop %{{.*}} carry(%{{.*}} = %[[I:.*]] : memref<4xf32>, %{{.*}} = %[[J:.*]] : memref<4xf32>)
func.func @loop_same_init(%x: tensor<4xf32> {bufferization.writable = true}, %n: index, %v: f32, %u: f32) -> (tensor<4xf32>, tensor<4xf32>) {
  %r, %q = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>, %b = %x : tensor<4xf32>) {
    %w = tensor.insert %v into %a[%i] : tensor<4xf32>
    %z = tensor.insert %u into %b[%i] : tensor<4xf32>
    ctrl.next %w, %z : tensor<4xf32>, tensor<4xf32>
  }
  return %r, %q : tensor<4xf32>, tensor<4xf32>
}

// -----

// Dynamic extents that provably stay: the carry's buffer is reused.
// CHECK-LABEL: func.func @loop_dynamic_same_extent
// CHECK: ctrl.loop %{{.*}} while(%{{.*}})
// CHECK: memref.copy %{{.*}}, %[[A:.*]] : memref<?xf32> to memref<?xf32>
// CHECK-NEXT: ctrl.next while(%{{.*}}) %[[A]]
func.func @loop_dynamic_same_extent(%x: tensor<?xf32>, %go: i1) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %r = ctrl.loop %i carry(%a = %x : tensor<?xf32>) while(%go) {
    %n = tensor.dim %a, %c0 : tensor<?xf32>
    %e = tensor.empty(%n) : tensor<?xf32>
    %m = linalg.exp ins(%a : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    ctrl.next while(%go) %m : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// Extents that grow: a fresh buffer in each iteration.
// CHECK-LABEL: func.func @loop_dynamic_grows
// CHECK: ctrl.loop %{{.*}} carry(%[[A:.*]] = %{{.*}} : memref<?xf32>)
// CHECK: %[[F:.*]] = memref.alloc(%{{.*}}) {{.*}} : memref<?xf32>
// CHECK: ctrl.next %[[G:.*]] : memref<?xf32>
func.func @loop_dynamic_grows(%x: tensor<?xf32>, %n: index, %v: f32) -> tensor<?xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<?xf32>) {
    %b = tensor.pad %a low[0] high[1] { ^bb0(%k: index): tensor.yield %v : f32 } : tensor<?xf32> to tensor<?xf32>
    ctrl.next %b : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// Arms that yield different buffers.
// CHECK-LABEL: func.func @branch_different_buffers
// CHECK-SAME: (%[[C:.*]]: i1, %[[X:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4xf32>)
// CHECK: %[[R:.*]] = ctrl.branch %[[C]] : i1 -> (memref<4xf32>)
// CHECK-NEXT: ctrl.yield %[[X]]
// CHECK: else
// CHECK-NEXT: ctrl.yield %[[Y]]
// CHECK: return %[[R]]
func.func @branch_different_buffers(%c: i1, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %r = ctrl.branch %c : i1 -> (tensor<4xf32>) { ctrl.yield %x : tensor<4xf32> } else { ctrl.yield %y : tensor<4xf32> }
  return %r : tensor<4xf32>
}

// -----

// The result of a branch may be %x: writing to it in place would change %x, which is read later.
// CHECK-LABEL: func.func @branch_result_written
// CHECK-SAME: (%[[C:.*]]: i1, %[[X:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4xf32>, %[[V:.*]]: f32
// CHECK: %[[R:.*]] = ctrl.branch
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.copy %[[R]], %[[A]]
// CHECK: memref.store %[[V]], %[[A]]
// CHECK: memref.load %[[X]]
func.func @branch_result_written(%c: i1, %x: tensor<4xf32> {bufferization.writable = true}, %y: tensor<4xf32> {bufferization.writable = true}, %v: f32, %k: index)
    -> (tensor<4xf32>, f32) {
  %r = ctrl.branch %c : i1 -> (tensor<4xf32>) { ctrl.yield %x : tensor<4xf32> } else { ctrl.yield %y : tensor<4xf32> }
  %w = tensor.insert %v into %r[%k] : tensor<4xf32>
  %old = tensor.extract %x[%k] : tensor<4xf32>
  return %w, %old : tensor<4xf32>, f32
}

// -----

// Arms with buffers of different layouts: a slice and a fresh tensor.
// CHECK-LABEL: func.func @branch_layouts
// CHECK: %{{.*}} = ctrl.branch %{{.*}} : index -> (memref<4xf32, strided<[?], offset: ?>>)
// CHECK: case 1
// CHECK: memref.subview
// CHECK: memref.cast {{.*}} to memref<4xf32, strided<[?], offset: ?>>
// CHECK: default
// CHECK: memref.cast {{.*}} : memref<4xf32> to memref<4xf32, strided<[?], offset: ?>>
func.func @branch_layouts(%c: index, %x: tensor<8xf32>, %v: f32, %k: index) -> f32 {
  %r = ctrl.branch %c : index -> (tensor<4xf32>)
    case 1 {
      %s = tensor.extract_slice %x[4] [4] [1] : tensor<8xf32> to tensor<4xf32>
      ctrl.yield %s : tensor<4xf32>
    }
    default {
      %e = tensor.from_elements %v, %v, %v, %v : tensor<4xf32>
      ctrl.yield %e : tensor<4xf32>
    }
  %w = tensor.extract %r[%k] : tensor<4xf32>
  return %w : f32
}

// -----

// A branch in a loop: in one arm the carry is updated in place, in the other a fresh tensor takes its place.
// CHECK-LABEL: func.func @branch_in_loop
// CHECK: ctrl.loop %{{.*}} carry(%[[A:.*]] = %{{.*}} : memref<4xf32>)
// CHECK: %[[B:.*]] = ctrl.branch
// CHECK: memref.store %{{.*}}, %[[A]]
// CHECK: ctrl.yield %[[A]]
// CHECK: memref.copy %[[B]], %[[S:.*]] :
// CHECK: memref.copy %[[S]], %[[A]]
// CHECK: ctrl.next %[[A]]
func.func @branch_in_loop(%c: i1, %x: tensor<4xf32>, %n: index, %v: f32) -> tensor<4xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>) {
    %b = ctrl.branch %c : i1 -> (tensor<4xf32>) {
      %w = tensor.insert %v into %a[%i] : tensor<4xf32>
      ctrl.yield %w : tensor<4xf32>
    } else {
      %e = tensor.from_elements %v, %v, %v, %v : tensor<4xf32>
      ctrl.yield %e : tensor<4xf32>
    }
    ctrl.next %b : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// Both arms update the carry in place: no copy at all.
// CHECK-LABEL: func.func @branch_both_in_place
// CHECK: ctrl.loop %{{.*}} carry(%[[A:.*]] = %{{.*}} : memref<4xf32>)
// CHECK-NOT: alloc
// CHECK-NOT: memref.copy
// CHECK: return
func.func @branch_both_in_place(%c: i1, %x: tensor<4xf32> {bufferization.writable = true}, %n: index, %v: f32) -> tensor<4xf32> {
  %r = ctrl.loop %i to %n carry(%a = %x : tensor<4xf32>) {
    %b = ctrl.branch %c : i1 -> (tensor<4xf32>) {
      %w = tensor.insert %v into %a[%i] : tensor<4xf32>
      ctrl.yield %w : tensor<4xf32>
    } else {
      ctrl.yield %a : tensor<4xf32>
    }
    ctrl.next %b : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// A grid region around a loop, nested loops, and a result that leaves them.
// CHECK-LABEL: func.func @nested
// CHECK-SAME: (%[[X:.*]]: memref<4x4xf32>
// CHECK-NOT: alloc
// CHECK-NOT: memref.copy
// CHECK: %[[R:.*]] = ctrl.region at({{ ?}}grid) -> (memref<4x4xf32>)
// CHECK: ctrl.loop %{{.*}} carry(%[[A:.*]] = %[[X]] : memref<4x4xf32>)
// CHECK: ctrl.loop %{{.*}} carry(%[[B:.*]] = %[[A]] : memref<4x4xf32>)
// CHECK: memref.store %{{.*}}, %[[B]]
// CHECK: return
func.func @nested(%x: tensor<4x4xf32> {bufferization.writable = true}, %n: index, %v: f32) -> tensor<4x4xf32> {
  %r = ctrl.region at(grid) -> (tensor<4x4xf32>) {
    %o = ctrl.loop %i to %n carry(%a = %x : tensor<4x4xf32>) {
      %p = ctrl.loop %j to %n carry(%b = %a : tensor<4x4xf32>) {
        %w = tensor.insert %v into %b[%i, %j] : tensor<4x4xf32>
        ctrl.next %w : tensor<4x4xf32>
      }
      ctrl.next %p : tensor<4x4xf32>
    }
    ctrl.yield %o : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}
