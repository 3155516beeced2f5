// What ctrl-batch-recursion leaves to ctrl-flatten-recursion, and why.
// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-batch-recursion{min-work=0 remarks=true})" --split-input-file --verify-diagnostics | FileCheck %s
// CHECK-NOT: ctrl.loop

// The second call depends on what the first one gives.
func.func private @ackermann(%m: index, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %m, %c0 : index
  %r = ctrl.branch %z : i1 -> (index) {
    %p = arith.addi %n, %c1 : index
    ctrl.yield %p : index
  } else {
    %p = arith.subi %m, %c1 : index
    // expected-note @+1 {{which calls are made depends on what this gives}}
    %q = ctrl.call @ackermann(%m, %p) : (index, index) -> index
    %s = ctrl.call @ackermann(%p, %q) : (index, index) -> index
    ctrl.yield %s : index
  }
  return %r : index
}
func.func @depends(%n: index) -> index {
  // expected-remark @+1 {{is not done for many calls at once}}
  %r = ctrl.call @ackermann(%n, %n) : (index, index) -> index
  return %r : index
}

// -----

// What is computed decides how far it goes.
func.func private @search(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<4xf32>
  // expected-note @+1 {{which calls are made depends on this, which is more than numbers}}
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %f = tensor.extract %y[%n] : tensor<4xf32>
  %zero = arith.constant 0.0 : f32
  %z = arith.cmpf olt, %f, %zero : f32
  %r = ctrl.branch %z : i1 -> (tensor<4xf32>) {
    ctrl.yield %x : tensor<4xf32>
  } else {
    %m = arith.subi %n, %c1 : index
    %a = ctrl.call @search(%m, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
    %b = ctrl.call @search(%m, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
    %s = linalg.add ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    ctrl.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
func.func @decides(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark @+1 {{is not done for many calls at once}}
  %r = ctrl.call @search(%n, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// A line, called once: one call of a height.
func.func private @line(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (index) {
    ctrl.yield %c1 : index
  } else {
    %m = arith.subi %n, %c1 : index
    %s = ctrl.call @line(%m) : (index) -> index
    %p = arith.muli %n, %s : index
    ctrl.yield %p : index
  }
  return %r : index
}
func.func @alone(%n: index) -> index {
  // expected-note @+2 {{it has no siblings}}
  // expected-remark @+1 {{is not done for many calls at once}}
  %r = ctrl.call @line(%n) : (index) -> index
  return %r : index
}

// -----

// Tensors are passed down.
func.func private @down(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %e = tensor.empty() : tensor<4xf32>
  %r = ctrl.branch %z : i1 -> (tensor<4xf32>) {
    ctrl.yield %x : tensor<4xf32>
  } else {
    %m = arith.subi %n, %c1 : index
    %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    %a = ctrl.call @down(%m, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
    %b = ctrl.call @down(%m, %y) : (index, tensor<4xf32>) -> tensor<4xf32>
    %s = linalg.add ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    ctrl.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
func.func @passes(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-note @+2 {{arguments that vary must be numbers, results numbers or tensors of static shape}}
  // expected-remark @+1 {{is not done for many calls at once}}
  %r = ctrl.call @down(%n, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// An assertion must stop what comes behind it.
func.func private @asserts(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (index) {
    ctrl.yield %c1 : index
  } else {
    %ok = arith.cmpi slt, %c0, %n : index
    // expected-note @+1 {{this has effects}}
    cf.assert %ok, "below zero"
    %m = arith.subi %n, %c1 : index
    %a = ctrl.call @asserts(%m) : (index) -> index
    %b = ctrl.call @asserts(%c0) : (index) -> index
    %s = arith.addi %a, %b : index
    ctrl.yield %s : index
  }
  return %r : index
}
func.func @stops(%n: index) -> index {
  // expected-remark @+1 {{is not done for many calls at once}}
  %r = ctrl.call @asserts(%n) : (index) -> index
  return %r : index
}

// -----

// A number that comes out of a tensor that the calls make: nothing here does that for many calls.
func.func private @picks(%n: index) -> (tensor<4xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%one : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %z = arith.cmpi eq, %n, %c0 : index
  %r:2 = ctrl.branch %z : i1 -> (tensor<4xf32>, f32) {
    ctrl.yield %f, %one : tensor<4xf32>, f32
  } else {
    %m = arith.subi %n, %c1 : index
    %a:2 = ctrl.call @picks(%m) : (index) -> (tensor<4xf32>, f32)
    %b:2 = ctrl.call @picks(%m) : (index) -> (tensor<4xf32>, f32)
    %s = linalg.add ins(%a#0, %b#0 : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    // expected-note @+1 {{this cannot be done for many calls at once}}
    %p = tensor.extract %s[%c1] : tensor<4xf32>
    ctrl.yield %s, %p : tensor<4xf32>, f32
  }
  return %r#0, %r#1 : tensor<4xf32>, f32
}
func.func @picked(%n: index) -> f32 {
  // expected-remark @+1 {{is not done for many calls at once}}
  %r:2 = ctrl.call @picks(%n) : (index) -> (tensor<4xf32>, f32)
  return %r#1 : f32
}

// -----

// Sizes that are known only when it runs have no row in a table.
func.func private @grows(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (tensor<?xf32>) {
    ctrl.yield %x : tensor<?xf32>
  } else {
    %m = arith.subi %n, %c1 : index
    %a = ctrl.call @grows(%m, %x) : (index, tensor<?xf32>) -> tensor<?xf32>
    %b = ctrl.call @grows(%m, %x) : (index, tensor<?xf32>) -> tensor<?xf32>
    %s = tensor.concat dim(0) %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    ctrl.yield %s : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
func.func @grown(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-note @+2 {{arguments that vary must be numbers, results numbers or tensors of static shape}}
  // expected-remark @+1 {{is not done for many calls at once}}
  %r = ctrl.call @grows(%n, %x) : (index, tensor<?xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}
