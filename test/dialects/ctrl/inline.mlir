// Calls in bodies of ctrl are inlined, and so are functions that hold ctrl.
// RUN: dl-opt %s --inline --symbol-dce | FileCheck %s
func.func private @double(%x: f32) -> f32 {
  %r = arith.addf %x, %x : f32
  return %r : f32
}
func.func private @twice(%p: i1, %x: f32) -> f32 {
  %r = ctrl.branch %p : i1 -> (f32) {
    %y = func.call @double(%x) : (f32) -> f32
    ctrl.yield %y : f32
  } else {
    ctrl.yield %x : f32
  }
  return %r : f32
}
// CHECK-LABEL: func.func @main
// CHECK: ctrl.loop
// CHECK:   ctrl.branch
// CHECK:     arith.addf
// CHECK-NOT: call
func.func @main(%p: i1, %x: f32, %n: index) -> f32 {
  %r = ctrl.loop %i to %n carry(%y = %x : f32) {
    %z = func.call @twice(%p, %y) : (i1, f32) -> f32
    ctrl.next %z : f32
  }
  return %r : f32
}
