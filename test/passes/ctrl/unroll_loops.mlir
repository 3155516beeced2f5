// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-unroll-loops{factor=2 full=3},cse))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-unroll-loops{factor=2 full=3},ctrl-unroll-loops{factor=2 full=3},cse))' | FileCheck %s
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-unroll-loops{factor=0}))' 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: ctrl-unroll-loops: factor is 1 to 4096, full 0 to 4096

// CHECK-LABEL: func @short
// CHECK-NOT: ctrl.loop
// CHECK-COUNT-3: arith.mulf
// CHECK-NOT: arith.mulf
func.func @short(%a: f32) -> f32 {
  %c3 = arith.constant 3 : index
  %r = ctrl.loop %i to %c3 carry(%x = %a : f32) {
    %y = arith.mulf %x, %x : f32
    ctrl.next %y : f32
  }
  return %r : f32
}

// Five iterations: two times two, and one.
// CHECK-LABEL: func @known
// CHECK: %[[Q:.*]] = ctrl.loop %[[J:.*]] to %c2{{.*}} carry(%[[X:.*]] = %{{.*}} : f32)
// CHECK: %[[Y:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK: %[[Z:.*]] = arith.mulf %[[Y]], %[[Y]]
// CHECK: ctrl.next %[[Z]]
// CHECK: %[[R:.*]] = arith.mulf %[[Q]], %[[Q]]
// CHECK: return %[[R]]
func.func @known(%a: f32) -> f32 {
  %c5 = arith.constant 5 : index
  %r = ctrl.loop %i to %c5 carry(%x = %a : f32) {
    %y = arith.mulf %x, %x : f32
    ctrl.next %y : f32
  }
  return %r : f32
}

// CHECK-LABEL: func @dynamic(
// CHECK-SAME: %[[N:.*]]: index
// CHECK: %[[MOST:.*]] = arith.maxsi %[[N]],
// CHECK: %[[WHOLE:.*]] = arith.divui %[[MOST]], %c2
// CHECK: %[[Q:.*]] = ctrl.loop %[[J:.*]] to %[[WHOLE]] carry(%[[X:.*]] = %c0
// CHECK: %[[FIRST:.*]] = arith.muli %[[J]], %c2
// CHECK: %[[Y:.*]] = arith.addi %[[X]], %[[FIRST]]
// CHECK: %[[SECOND:.*]] = arith.addi %[[FIRST]], %c1
// CHECK: arith.addi %[[Y]], %[[SECOND]]
// CHECK: %[[LEFT:.*]] = arith.remui %[[MOST]], %c2
// CHECK: %[[DONE:.*]] = arith.muli %[[WHOLE]], %c2
// CHECK: ctrl.loop %[[K:.*]] to %[[LEFT]] carry(%{{.*}} = %[[Q]]
// CHECK: arith.addi %[[DONE]], %[[K]]
func.func @dynamic(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %r = ctrl.loop %i to %n carry(%x = %c0 : index) {
    %y = arith.addi %x, %i : index
    ctrl.next %y : index
  }
  return %r : index
}

// CHECK-LABEL: func @flagged(
// CHECK-SAME: %[[N:.*]]: index, %[[GO:.*]]: i1
// CHECK: %[[BOUND:.*]] = arith.ceildivsi %[[N]], %c2
// CHECK: ctrl.loop %[[J:.*]] to %[[BOUND]] carry(%{{.*}} = %c0{{.*}} : index) while(%[[GO]])
// CHECK: %[[F:.*]] = arith.cmpi ult
// CHECK: %[[THERE:.*]] = arith.cmpi slt, %{{.*}}, %[[N]]
// CHECK: %[[BOTH:.*]] = arith.andi %[[F]], %[[THERE]]
// CHECK: %[[B:.*]]:2 = ctrl.branch %[[BOTH]] : i1 -> (index, i1)
// CHECK: ctrl.next while(%[[B]]#1) %[[B]]#0
func.func @flagged(%n: index, %go: i1) -> index {
  %c0 = arith.constant 0 : index
  %c9 = arith.constant 9 : index
  %r = ctrl.loop %i to %n carry(%x = %c0 : index) while(%go) {
    %y = arith.addi %x, %i : index
    %more = arith.cmpi ult, %y, %c9 : index
    ctrl.next while(%more) %y : index
  }
  return %r : index
}
