// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-check-siblings))" --split-input-file --verify-diagnostics | FileCheck %s

// Independent: values from one source, arms of a branch, a result that both join in.
// CHECK-LABEL: func.func @tree
func.func @tree(%x: f32, %leaf: i1) -> f32 {
  %r = ctrl.branch %leaf : i1 -> (f32) {
    ctrl.yield %x : f32
  } else {
    %h = arith.addf %x, %x : f32
    %a = ctrl.call @tree(%h, %leaf) siblings : (f32, i1) -> f32
    %b = ctrl.call @tree(%h, %leaf) siblings : (f32, i1) -> f32
    %s = arith.addf %a, %b : f32
    // Not marked: it may depend on both.
    %c = ctrl.call @tree(%s, %leaf) : (f32, i1) -> f32
    ctrl.yield %c : f32
  }
  return %r : f32
}

// -----

func.func @chain(%x: f32) -> f32 {
  // expected-note @+1 {{this call}}
  %a = ctrl.call @chain(%x) siblings : (f32) -> f32
  %h = arith.addf %a, %x : f32
  // expected-error @+1 {{is no sibling of a call whose result it depends on}}
  %b = ctrl.call @chain(%h) siblings : (f32) -> f32
  return %b : f32
}

// -----

// The first result decides whether the second call runs.
func.func @decides(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  // expected-note @+1 {{this call}}
  %a = ctrl.call @decides(%x) siblings : (f32) -> f32
  %p = arith.cmpf olt, %a, %zero : f32
  %r = ctrl.branch %p : i1 -> (f32) {
    ctrl.yield %x : f32
  } else {
    // expected-error @+1 {{is no sibling of a call whose result it depends on}}
    %b = ctrl.call @decides(%x) siblings : (f32) -> f32
    ctrl.yield %b : f32
  }
  return %r : f32
}

// -----

// Through a branch's result.
func.func @around(%x: f32, %p: i1) -> f32 {
  %r = ctrl.branch %p : i1 -> (f32) {
    // expected-note @+1 {{this call}}
    %a = ctrl.call @around(%x, %p) siblings : (f32, i1) -> f32
    ctrl.yield %a : f32
  } else {
    ctrl.yield %x : f32
  }
  // expected-error @+1 {{is no sibling of a call whose result it depends on}}
  %b = ctrl.call @around(%r, %p) siblings : (f32, i1) -> f32
  return %b : f32
}

// -----

// Buffers that are only read may be shared.
// CHECK-LABEL: func.func @reads
func.func @reads(%m: memref<4xf32>, %i: index) -> f32 {
  %a = ctrl.call @reads(%m, %i) siblings : (memref<4xf32>, index) -> f32
  %b = ctrl.call @reads(%m, %i) siblings : (memref<4xf32>, index) -> f32
  %v = memref.load %m[%i] : memref<4xf32>
  %s = arith.addf %a, %b : f32
  %t = arith.addf %s, %v : f32
  return %t : f32
}

// -----

func.func @writes(%m: memref<4xf32>, %i: index) {
  // expected-error @+1 {{is no sibling of other calls: it may write to a buffer that they can see}}
  ctrl.call @writes(%m, %i) siblings : (memref<4xf32>, index) -> ()
  ctrl.call @writes(%m, %i) siblings : (memref<4xf32>, index) -> ()
  %f = arith.constant 1.0 : f32
  memref.store %f, %m[%i] : memref<4xf32>
  return
}
