// RUN: dl-opt %s --split-input-file --verify-diagnostics

func.func @no_bound(%a: f32) {
  // expected-error @+1 {{needs a bound, a 'while' flag, or both}}
  %r = ctrl.loop %i carry(%x = %a : f32) { ctrl.next %x : f32 }
  return
}

// -----

func.func @while_missing(%a: f32, %g: i1) {
  %r = ctrl.loop %i carry(%x = %a : f32) while(%g) {
    // expected-error @+1 {{must say whether to go on}}
    ctrl.next %x : f32 }
  return
}

// -----

func.func @carry_type(%a: f32, %b: f64, %n: index) {
  // expected-error @+1 {{along control flow edge}}
  %r = ctrl.loop %i to %n carry(%x = %a : f32) {
    // expected-note @+1 {{region branch point}}
    ctrl.next %b : f64 }
  return
}

// -----

func.func @level_up(%n: index) {
  ctrl.region at(grid) {
    // expected-error @+1 {{at(host) is above its scope, grid}}
    ctrl.loop %i to %n at(host) { ctrl.next }
    ctrl.yield
  }
  return
}

// -----

func.func @no_region(%n: index) {
  // expected-error @+1 {{needs a ctrl.region at(grid) or a task around it}}
  ctrl.loop %i to %n at(grid) { ctrl.next }
  return
}

// -----

func.func @kernel_in_kernel() {
  ctrl.region at(grid) {
    // expected-error @+1 {{a kernel cannot hold another kernel}}
    ctrl.region at(cluster) { ctrl.yield }
    ctrl.yield
  }
  return
}

// -----

func.func @arms(%c: i1, %a: f32, %b: f64) {
  // expected-error @+1 {{arm #1 must yield the result types}}
  %r = ctrl.branch %c : i1 -> (f32) { ctrl.yield %a : f32 } else { ctrl.yield %b : f64 }
  return
}

// -----

func.func @case_twice(%c: index) {
  // expected-error @+1 {{case 3 twice}}
  ctrl.branch %c : index case 3 { ctrl.yield } case 3 { ctrl.yield } default { ctrl.yield }
  return
}

// -----

func.func @mixed(%a: tensor<4xf32>, %b: memref<4xf32>) {
  // expected-error @+1 {{mixes tensors and buffers}}
  ctrl.task (%i) in (4) ins(%x = %a : tensor<4xf32>) outs(%y = %b : memref<4xf32>) { }
  return
}

// -----

func.func @token_on_tensor(%a: tensor<4xf32>, %t: !ctrl.token) {
  // expected-error @+1 {{on tensors is ordered by its values}}
  %r = ctrl.task (%i) in (4) outs(%y = %a : tensor<4xf32>) after(%t by #ctrl.dep<all>) { }
  return
}

// -----

func.func @captures(%a: tensor<4xf32>, %k: index) {
  %r = ctrl.task (%i) in (4) outs(%y = %a : tensor<4xf32>) { // expected-note {{required by region isolation constraints}}
    // expected-error @+1 {{using value defined outside the region}}
    %s = tensor.extract %y[%k] : tensor<4xf32>
  }
  return
}

// -----

func.func @rank(%b: memref<4xf32>) {
  // expected-error @+1 {{1 indices for a grid of rank 2}}
  ctrl.task (%i) in (4, 4) outs(%y = %b : memref<4xf32>) { }
  return
}

// -----

func.func @keep_outside(%b: memref<4xf32>, %w: memref<4xf32>) {
  // expected-error @+1 {{keeps across executions only inside a ctrl.region}}
  ctrl.task (%i) in (4) ins(%x = %w : memref<4xf32> keep workgroup) outs(%y = %b : memref<4xf32>) pin affine_map<(i) -> (i)> { }
  return
}

// -----

func.func @keep_unpinned(%b: memref<4xf32>, %w: memref<4xf32>) {
  ctrl.region at(grid) {
    // expected-error @+1 {{keeps only when its items are pinned}}
    ctrl.task (%i) in (4) ins(%x = %w : memref<4xf32> keep workgroup) outs(%y = %b : memref<4xf32>) { }
    ctrl.yield
  }
  return
}

// -----

func.func @keep_changes(%b: memref<4xf32>, %w: memref<4xf32>, %n: index) {
  ctrl.region at(grid) {
    %p, %q = ctrl.loop %i to %n carry(%u = %w : memref<4xf32>, %v = %b : memref<4xf32>) at(grid) {
      // expected-error @+1 {{keeps operand #0, which changes in the loop}}
      ctrl.task (%j) in (4) ins(%x = %u : memref<4xf32> keep workgroup) outs(%y = %v : memref<4xf32>) pin affine_map<(i) -> (i)> { }
      ctrl.next %v, %u : memref<4xf32>, memref<4xf32>
    }
    ctrl.yield
  }
  return
}

// -----

func.func @keep_l2(%b: memref<4xf32>) {
  ctrl.region at(grid) {
    // expected-error @+1 {{keeps only on chip}}
    ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32> keep l2) pin affine_map<(i) -> (i)> { }
    ctrl.yield
  }
  return
}

// -----

func.func @window_rank(%b: memref<4xf32>) {
  %t = ctrl.task (%i, %j) in (4, 4) outs(%y = %b : memref<4xf32>) signal affine_map<(i, j) -> (i)> -> !ctrl.token { }
  // expected-error @+1 {{window has 2 dimensions, the producer signals 1}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) after(%t by #ctrl.dep<window from affine_map<(i) -> (i, 0)>>) { }
  return
}

// -----

func.func @same_unpinned(%b: memref<4xf32>) {
  %t = ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) -> !ctrl.token { }
  // expected-error @+1 {{'same' needs a pin}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) after(%t by #ctrl.dep<same>) { }
  return
}

// -----

// expected-error @+1 {{only a window dependence has a map and sizes}}
func.func private @dep() attributes {d = #ctrl.dep<all size [3]>}

// -----

func.func @tokens_region(%b: memref<4xf32>) {
  ctrl.region at(grid) tokens {
    // expected-error @+1 {{every task yields a token}}
    ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) { }
    ctrl.yield
  }
  return
}

// -----

func.func @threads(%b: memref<4xf32>) {
  ctrl.region at(grid) threads(128) {
    // expected-error @+1 {{needs 384 threads, its region has 128}}
    ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) threads(384) { }
    ctrl.yield
  }
  return
}

// -----

func.func @insert_in(%a: tensor<4xf32>, %b: tensor<4xf32>) {
  %r = ctrl.task (%i) in (4) ins(%x = %a : tensor<4xf32>) outs(%y = %b : tensor<4xf32>) {
    ctrl.in_parallel {
      // expected-error @+1 {{must insert into an out of the task}}
      tensor.parallel_insert_slice %x into %x[0] [4] [1] : tensor<4xf32> into tensor<4xf32>
    }
  }
  return
}

// -----

func.func @call_type(%a: f32) {
  // expected-error @+1 {{types differ from those of 'call_type'}}
  %r = ctrl.call @call_type(%a) : (f32) -> f32
  return
}
