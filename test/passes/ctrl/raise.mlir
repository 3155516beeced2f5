// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-raise)" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-raise{entry=main},symbol-dce)" --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=ENTRY

// CHECK-LABEL: func.func @branches
// CHECK: %[[R:.*]] = ctrl.branch %{{.*}} : i1 -> (f32) {
// CHECK: ctrl.yield %{{.*}} : f32
// CHECK: } else {
// CHECK: ctrl.yield %{{.*}} : f32
// CHECK: ctrl.branch %{{.*}} : index -> (f32)
// CHECK: case 3 {
// CHECK: ctrl.yield %[[R]] : f32
// CHECK: case 5 {
// CHECK: default {
// An else that is left out.
// CHECK: ctrl.branch %{{.*}} : i1 {
// CHECK-NEXT: memref.store
// CHECK-NOT: scf
// CHECK: return
func.func @branches(%p: i1, %k: index, %a: f32, %b: f32, %m: memref<f32>) -> f32 {
  %r = scf.if %p -> (f32) {
    scf.yield %a : f32
  } else {
    scf.yield %b : f32
  }
  %s = scf.index_switch %k -> f32
  case 3 {
    scf.yield %r : f32
  }
  case 5 {
    scf.yield %b : f32
  }
  default {
    scf.yield %a : f32
  }
  scf.if %p {
    memref.store %s, %m[] : memref<f32>
  }
  return %s : f32
}

// -----

// From %l in steps of %s; the index is made of the count.
// CHECK-LABEL: func.func @counted
// CHECK-SAME: (%[[L:.*]]: index, %[[U:.*]]: index, %[[S:.*]]: index, %[[X:.*]]: f32)
// CHECK: %[[SPAN:.*]] = arith.subi %[[U]], %[[L]]
// CHECK: %[[N:.*]] = arith.ceildivsi %[[SPAN]], %[[S]]
// CHECK: ctrl.loop %[[K:.*]] to %[[N]] carry(%[[A:.*]] = %[[X]] : f32) {
// CHECK: %[[KS:.*]] = arith.muli %[[K]], %[[S]]
// CHECK: %[[I:.*]] = arith.addi %[[KS]], %[[L]]
// CHECK: arith.index_cast %[[I]] : index to i32
// CHECK: ctrl.next %{{.*}} : f32
func.func @counted(%l: index, %u: index, %s: index, %x: f32) -> f32 {
  %r = scf.for %i = %l to %u step %s iter_args(%a = %x) -> (f32) {
    %j = arith.index_cast %i : index to i32
    %f = arith.sitofp %j : i32 to f32
    %b = arith.addf %a, %f : f32
    scf.yield %b : f32
  }
  return %r : f32
}
// From zero by one: nothing to compute.
// CHECK-LABEL: func.func @normal
// CHECK-SAME: (%[[U:.*]]: index, %{{.*}}: f32)
// CHECK-NOT: arith.muli
// CHECK: ctrl.loop %{{.*}} to %[[U]] carry
func.func @normal(%u: index, %x: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %u step %c1 iter_args(%a = %x) -> (f32) {
    %b = arith.mulf %a, %a : f32
    scf.yield %b : f32
  }
  return %r : f32
}
// Unsigned, of 8 bits: 250 is more than 3.
// CHECK-LABEL: func.func @unsigned
// CHECK: arith.index_castui %{{.*}} : i8 to index
// CHECK: arith.cmpi ult
// CHECK: arith.ceildivui
// CHECK: arith.index_cast %{{.*}} : index to i8
func.func @unsigned(%l: i8, %u: i8, %s: i8, %x: i8) -> i8 {
  %r = scf.for unsigned %i = %l to %u step %s iter_args(%a = %x) -> (i8) : i8 {
    %b = arith.xori %a, %i : i8
    scf.yield %b : i8
  }
  return %r : i8
}

// -----

// The condition is asked before the loop, and at the end of each iteration.
// CHECK-LABEL: func.func @while
// CHECK-SAME: (%[[N:.*]]: index)
// CHECK: %[[GO:.*]] = arith.cmpi ult, %[[N]]
// CHECK: %[[R:.*]] = ctrl.loop %{{.*}} carry(%[[K:.*]] = %[[N]] : index) while(%[[GO]]) {
// CHECK: %[[D:.*]] = arith.addi %[[K]], %[[K]]
// CHECK: %[[MORE:.*]] = arith.cmpi ult, %[[D]]
// CHECK: ctrl.next while(%[[MORE]]) %[[D]] : index
// CHECK: return %[[R]]
func.func @while(%n: index) -> index {
  %c100 = arith.constant 100 : index
  %r = scf.while (%k = %n) : (index) -> index {
    %more = arith.cmpi ult, %k, %c100 : index
    scf.condition(%more) %k : index
  } do {
  ^bb0(%k: index):
    %d = arith.addi %k, %k : index
    scf.yield %d : index
  }
  return %r : index
}

// -----

// The body of a linalg op, and of a task, is code of an item: it stays.
// CHECK-LABEL: func.func @items
// CHECK: linalg.generic
// CHECK: scf.if
// CHECK: ctrl.task
// CHECK: scf.for
func.func @items(%x: tensor<4xf32>, %m: memref<4xf32>) -> tensor<4xf32> {
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : tensor<4xf32>) {
  ^bb0(%a: f32):
    %zero = arith.constant 0.0 : f32
    %p = arith.cmpf olt, %a, %zero : f32
    %b = scf.if %p -> (f32) {
      scf.yield %zero : f32
    } else {
      scf.yield %a : f32
    }
    linalg.yield %b : f32
  } -> tensor<4xf32>
  ctrl.task (%i) in (1) outs(%o = %m : memref<4xf32>) {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c1 = arith.constant 1 : index
    %f = arith.constant 1.0 : f32
    scf.for %k = %c0 to %c4 step %c1 {
      memref.store %f, %o[%k] : memref<4xf32>
    }
  }
  return %r : tensor<4xf32>
}

// -----

// Functions that do not recurse become part of those that call them, through several levels and in loops; those that
// recurse are called.
// CHECK-LABEL: func.func private @square
// CHECK-LABEL: func.func private @fourth
// CHECK: arith.mulf
// CHECK: arith.mulf
// CHECK-LABEL: func.func private @down
// CHECK: ctrl.call @down
// CHECK-LABEL: func.func @main
// CHECK: ctrl.loop
// CHECK: arith.mulf
// CHECK: arith.mulf
// CHECK: ctrl.call @down
// CHECK: func.call @outside
// CHECK: return
// ENTRY-NOT: @square
// ENTRY: func.func private @down
// ENTRY: func.func @main
// ENTRY-NOT: @fourth
func.func private @square(%x: f32) -> f32 {
  %r = arith.mulf %x, %x : f32
  return %r : f32
}
func.func private @fourth(%x: f32) -> f32 {
  %a = call @square(%x) : (f32) -> f32
  %b = ctrl.call @square(%a) : (f32) -> f32
  return %b : f32
}
func.func private @outside(f32) -> f32
func.func private @down(%x: f32, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = arith.cmpi eq, %n, %c0 : index
  %r = scf.if %p -> (f32) {
    scf.yield %x : f32
  } else {
    %m = arith.subi %n, %c1 : index
    %s = func.call @down(%x, %m) : (f32, index) -> f32
    scf.yield %s : f32
  }
  return %r : f32
}
func.func @main(%x: f32, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f32) {
    %b = func.call @fourth(%a) : (f32) -> f32
    %c = func.call @down(%b, %i) : (f32, index) -> f32
    %d = func.call @outside(%c) : (f32) -> f32
    scf.yield %d : f32
  }
  return %r : f32
}

// -----

// Nothing to do.
// CHECK-LABEL: func.func @plain
// CHECK-NEXT: return
func.func @plain(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

func.func private @blocks(%p: i1, %x: f32) -> f32 {
  cf.cond_br %p, ^a, ^b
^a:
  return %x : f32
^b:
  %y = arith.negf %x : f32
  return %y : f32
}
func.func @refused(%p: i1, %x: f32) -> f32 {
  // expected-error @+1 {{cannot be inlined: 'blocks' has several blocks; lift its control flow to scf first}}
  %r = call @blocks(%p, %x) : (i1, f32) -> f32
  return %r : f32
}
