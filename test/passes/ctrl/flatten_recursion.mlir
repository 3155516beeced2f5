// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-flatten-recursion)" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-flatten-recursion{max-depth=7})" --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=SEVEN

// Linear: one place to return to, so a frame holds only what lives across the call.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[N:.*]]: index)
// CHECK: %[[FRAMES:.*]] = tensor.empty() : tensor<1025xindex>
// CHECK: ctrl.loop %{{.*}} carry(%[[PC:.*]] = %{{.*}} : index, %[[DEPTH:.*]] = %{{.*}} : index, %[[S:.*]] = %[[FRAMES]] : tensor<1025xindex>, %[[ARG:.*]] = %[[N]] : index, %[[RES:.*]] = %{{.*}} : index) while
// CHECK: ctrl.branch %[[PC]] : index
// CHECK: case 0 {
// CHECK: ctrl.branch %{{.*}} : i1
// CHECK: arith.cmpi slt, %[[DEPTH]], %{{.*}}
// CHECK: cf.assert %{{.*}}, "the recursion of @factorial is deeper than its bound, 1024 calls"
// CHECK: tensor.insert %[[ARG]] into %[[S]][%[[DEPTH]]]
// CHECK: default {
// CHECK: %[[SAVED:.*]] = tensor.extract %[[S]][%[[DEPTH]]]
// CHECK: arith.muli %[[SAVED]], %[[RES]]
// CHECK-NOT: call
// CHECK: return
// SEVEN: tensor.empty() : tensor<8xindex>
// SEVEN: bound, 7 calls
func.func private @factorial(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (index) {
    ctrl.yield %c1 : index
  } else {
    %m = arith.subi %n, %c1 : index
    %s = ctrl.call @factorial(%m) : (index) -> index
    %p = arith.muli %n, %s : index
    ctrl.yield %p : index
  }
  return %r : index
}
func.func @main(%n: index) -> index {
  %r = ctrl.call @factorial(%n) : (index) -> index
  return %r : index
}

// -----

// Tail calls, mutual: no frame, no depth; what is passed on stays outside; arguments of one type share a register.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[N:.*]]: index, %[[X:.*]]: f32, %[[A:.*]]: f32)
// CHECK-NOT: tensor
// CHECK: ctrl.loop %{{.*}} carry(%{{.*}} = %{{.*}} : index, %[[M:.*]] = %[[N]] : index, %[[ACC:.*]] = %[[A]] : f32, %{{.*}} = %{{.*}} : f32) while
// CHECK: arith.addf %[[ACC]], %[[X]]
// CHECK-NOT: cf.assert
// CHECK: arith.mulf %[[ACC]], %[[X]]
// CHECK: return
func.func private @ping(%n: index, %x: f32, %acc: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (f32) {
    ctrl.yield %acc : f32
  } else {
    %m = arith.subi %n, %c1 : index
    %b = arith.addf %acc, %x : f32
    %s = ctrl.call @pong(%b, %x, %m) : (f32, f32, index) -> f32
    ctrl.yield %s : f32
  }
  return %r : f32
}
func.func private @pong(%acc: f32, %x: f32, %n: index) -> f32 {
  %b = arith.mulf %acc, %x : f32
  %s = ctrl.call @ping(%n, %x, %b) : (index, f32, f32) -> f32
  return %s : f32
}
func.func @main(%n: index, %x: f32, %a: f32) -> f32 {
  %r = ctrl.call @ping(%n, %x, %a) : (index, f32, f32) -> f32
  return %r : f32
}

// -----

// A tree with tensors: the return place is in the frame, the first result is saved in a row of a larger tensor. The depth
// is what the caller gives; weights and constants are outside.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[I:.*]]: index, %[[T:.*]]: tensor<31xindex>, %[[W:.*]]: tensor<?x4xf32>)
// CHECK: %[[BACK:.*]] = tensor.empty() : tensor<13xindex>
// CHECK: tensor.empty() : tensor<13x4xf32>
// CHECK: ctrl.loop
// CHECK-SAME: tensor<13x4xf32>
// CHECK-SAME: tensor<1x4xf32>
// CHECK: case 0 {
// CHECK: tensor.extract_slice %[[W]]
// CHECK: case 1 {
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<13x4xf32>
// CHECK: default {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0] [1, 4] [1, 1] : tensor<13x4xf32> to tensor<4xf32>
// CHECK: linalg.add
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<1x4xf32>
// CHECK: return
func.func private @sum(%i: index, %t: tensor<31xindex>, %w: tensor<?x4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %l = tensor.extract %t[%i] : tensor<31xindex>
  %z = arith.cmpi eq, %l, %c0 : index
  %e = tensor.empty() : tensor<4xf32>
  %r = ctrl.branch %z : i1 -> (tensor<4xf32>) {
    %x = tensor.extract_slice %w[%i, 0] [1, 4] [1, 1] : tensor<?x4xf32> to tensor<4xf32>
    ctrl.yield %x : tensor<4xf32>
  } else {
    %k = arith.addi %l, %c1 : index
    %a = ctrl.call @sum(%l, %t, %w) siblings : (index, tensor<31xindex>, tensor<?x4xf32>) -> tensor<4xf32>
    %b = ctrl.call @sum(%k, %t, %w) siblings : (index, tensor<31xindex>, tensor<?x4xf32>) -> tensor<4xf32>
    %s = linalg.add ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    ctrl.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
func.func @main(%i: index, %t: tensor<31xindex>, %w: tensor<?x4xf32>) -> tensor<4xf32> {
  %depth = arith.constant 12 : index
  %r = ctrl.call @sum(%i, %t, %w) depth(%depth) : (index, tensor<31xindex>, tensor<?x4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// A depth that is computed: checked against memory, frames of that many rows.
// CHECK-LABEL: func.func @main
// CHECK: arith.cmpi ule
// CHECK: cf.assert %{{.*}}, "the depth given for the recursion of @down is not between 0 and 134217727"
// CHECK: tensor.empty(%{{.*}}) : tensor<?xindex>
// CHECK: cf.assert %{{.*}}, "the recursion of @down is deeper than its bound, which the program computed"
func.func private @down(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (index) {
    ctrl.yield %c1 : index
  } else {
    %m = arith.subi %n, %c1 : index
    %s = ctrl.call @down(%m) : (index) -> index
    %p = arith.addi %n, %s : index
    ctrl.yield %p : index
  }
  return %r : index
}
func.func @main(%n: index) -> index {
  %r = ctrl.call @down(%n) depth(%n) : (index) -> index
  return %r : index
}

// -----

// A public function that recurses keeps its name and what is said about it, and is the loop.
// CHECK-LABEL: func.func @main
// CHECK-SAME: {dlc.name = "n"}
// CHECK: ctrl.loop
// CHECK-NOT: func.func
func.func @main(%n: index {dlc.name = "n"}) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (index) {
    ctrl.yield %c1 : index
  } else {
    %m = arith.subi %n, %c1 : index
    %s = ctrl.call @main(%m) : (index) -> index
    %p = arith.addi %n, %s : index
    ctrl.yield %p : index
  }
  return %r : index
}

// -----

// Much follows a branch with a call in one arm: it is written once, as a segment that both jump to.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-1: linalg.exp
// CHECK-NOT: linalg.exp
func.func private @join(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.cmpi eq, %n, %c0 : index
  %r = ctrl.branch %z : i1 -> (tensor<4xf32>) {
    ctrl.yield %x : tensor<4xf32>
  } else {
    %m = arith.subi %n, %c1 : index
    %s = ctrl.call @join(%m, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
    ctrl.yield %s : tensor<4xf32>
  }
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.exp ins(%r : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @main(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  %r = ctrl.call @join(%n, %x) : (index, tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Calls that do not recurse are left alone.
// CHECK-LABEL: func.func private @plain
// CHECK-LABEL: func.func @calls
// CHECK: ctrl.call @plain
func.func private @plain(%x: f32) -> f32 {
  return %x : f32
}
func.func @calls(%x: f32) -> f32 {
  %r = ctrl.call @plain(%x) : (f32) -> f32
  return %r : f32
}

// -----

func.func @in_loop(%n: index, %x: f32) -> f32 {
  // expected-note @+1 {{this op}}
  %r = ctrl.loop %i to %n carry(%a = %x : f32) {
    // expected-error @+1 {{recurses inside of an op that is no ctrl.branch: it cannot be flattened}}
    %s = ctrl.call @in_loop(%i, %a) : (index, f32) -> f32
    ctrl.next %s : f32
  }
  return %r : f32
}

// -----

func.func @dynamic(%n: index, %x: tensor<?xf32>, %p: i1) -> tensor<?xf32> {
  %r = ctrl.branch %p : i1 -> (tensor<?xf32>) {
    ctrl.yield %x : tensor<?xf32>
  } else {
    %y = tensor.empty(%n) : tensor<?xf32>
    %z = linalg.exp ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) -> tensor<?xf32>
    // expected-error @+1 {{a value of type tensor<?xf32> lives across this recursive call: only numbers and tensors of static shape can be kept in a frame}}
    %s = ctrl.call @dynamic(%n, %z, %p) : (index, tensor<?xf32>, i1) -> tensor<?xf32>
    %t = linalg.add ins(%s, %z : tensor<?xf32>, tensor<?xf32>) outs(%y : tensor<?xf32>) -> tensor<?xf32>
    ctrl.yield %t : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// expected-error @+1 {{recurses with an argument of type memref<4xf32>, which changes from call to call: only numbers and ranked tensors can}}
func.func @buffers(%a: memref<4xf32>, %b: memref<4xf32>) {
  ctrl.call @buffers(%b, %a) : (memref<4xf32>, memref<4xf32>) -> ()
  return
}

// -----

func.func @dependent(%n: index) -> index {
  // expected-note @+1 {{this call}}
  %a = ctrl.call @dependent(%n) siblings : (index) -> index
  // expected-error @+1 {{is no sibling of a call whose result it depends on}}
  %b = ctrl.call @dependent(%a) siblings : (index) -> index
  return %b : index
}

// -----

func.func @depth(%n: index) -> index {
  %c1 = arith.constant 1 : index
  %m = arith.subi %n, %c1 : index
  // expected-error @+1 {{the depth of a recursive call must be a constant, or an argument that all calls pass on}}
  %a = ctrl.call @depth(%m) depth(%n) : (index) -> index
  %b = arith.addi %a, %n : index
  return %b : index
}

// -----

func.func private @large(%n: index, %x: tensor<1000000x1000xf32>) -> index {
  %c0 = arith.constant 0 : index
  %y = tensor.empty() : tensor<1000000x1000xf32>
  %z = linalg.exp ins(%x : tensor<1000000x1000xf32>) outs(%y : tensor<1000000x1000xf32>) -> tensor<1000000x1000xf32>
  %a = ctrl.call @large(%n, %z) : (index, tensor<1000000x1000xf32>) -> index
  %v = tensor.extract %z[%n, %c0] : tensor<1000000x1000xf32>
  %w = arith.fptosi %v : f32 to i64
  %i = arith.index_cast %w : i64 to index
  %b = arith.addi %a, %i : index
  return %b : index
}
func.func @calls_large(%n: index, %x: tensor<1000000x1000xf32>) -> index {
  // expected-error @+1 {{a frame of the recursion of 'large' takes 4000000000 bytes: more than max-bytes allows}}
  %r = ctrl.call @large(%n, %x) : (index, tensor<1000000x1000xf32>) -> index
  return %r : index
}

// -----

func.func private @deep(%n: index) -> index {
  %a = ctrl.call @deep(%n) : (index) -> index
  %b = arith.addi %a, %a : index
  return %b : index
}
func.func @negative(%n: index) -> index {
  %c = arith.constant -1 : index
  // expected-error @+1 {{the depth of the recursion of 'deep' is negative}}
  %r = ctrl.call @deep(%n) depth(%c) : (index) -> index
  return %r : index
}

// -----

func.func @two_depths(%n: index, %d: index, %e: index) -> index {
  %a = ctrl.call @two_depths(%n, %d, %e) depth(%d) : (index, index, index) -> index
  // expected-error @+1 {{recursive calls of one function have two computed depths}}
  %b = ctrl.call @two_depths(%a, %d, %e) depth(%e) : (index, index, index) -> index
  %c = arith.addi %a, %b : index
  return %c : index
}
