// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-peel-loops))" | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-peel-loops))" --mlir-pass-statistics 2>&1 | FileCheck %s --check-prefix=STATISTICS
// STATISTICS: ctrl-peel-loops
// STATISTICS-NEXT: (S) {{ *}}1 peeled - loops peeled

// CHECK-LABEL: func.func @counted
// CHECK-SAME: (%[[A:.*]]: f32)
// CHECK: %[[Z:.*]] = arith.constant 0 : index
// CHECK: %[[F:.*]] = arith.index_cast %[[Z]] : index to i32
// CHECK: %[[S:.*]] = arith.sitofp %[[F]]
// CHECK: %[[Y:.*]] = arith.addf %[[A]], %[[S]]
// CHECK: %[[B:.*]] = arith.constant 7 : index
// CHECK: %[[R:.*]] = ctrl.loop %[[I:.*]] to %[[B]] carry(%[[X:.*]] = %[[Y]] : f32)
// CHECK: %[[ONE:.*]] = arith.constant 1 : index
// CHECK: %[[J:.*]] = arith.addi %[[I]], %[[ONE]]
// CHECK: arith.index_cast %[[J]]
// CHECK: return %[[R]]
func.func @counted(%a: f32) -> f32 {
  %n = arith.constant 8 : index
  %r = ctrl.loop %i to %n carry(%x = %a : f32) {
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    %y = arith.addf %x, %f : f32
    ctrl.next %y : f32
  }
  return %r : f32
}

// A bound that is not known, a flag, a single iteration: left alone.
// CHECK-LABEL: func.func @left_alone
// CHECK-NOT: arith.addf
// CHECK: ctrl.loop
// CHECK: arith.addf
// CHECK: ctrl.loop
// CHECK: arith.addf
// CHECK: ctrl.loop
// CHECK: arith.addf
// CHECK-NOT: arith.addf
func.func @left_alone(%a: f32, %n: index, %go: i1) -> (f32, f32, f32) {
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %r = ctrl.loop %i to %n carry(%x = %a : f32) { %y = arith.addf %x, %x : f32 ctrl.next %y : f32 }
  %s = ctrl.loop %i to %c8 carry(%x = %a : f32) while(%go) { %y = arith.addf %x, %x : f32 ctrl.next while(%go) %y : f32 }
  %t = ctrl.loop %i to %c1 carry(%x = %a : f32) { %y = arith.addf %x, %x : f32 ctrl.next %y : f32 }
  return %r, %s, %t : f32, f32, f32
}
