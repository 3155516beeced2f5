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
  // expected-error @+2 {{arm #1 must yield the result types}}
  // expected-note @+1 {{this yield}}
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
    // expected-note @+1 {{this loop; keep what is defined outside of it, or an out}}
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
  // expected-note @+1 {{this region}}
  ctrl.region at(grid) tokens {
    // expected-error @+1 {{every task yields a token}}
    ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) { }
    ctrl.yield
  }
  return
}

// -----

func.func @threads(%b: memref<4xf32>) {
  // expected-note @+1 {{this region}}
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

// -----

func.func @region_host() {
  // expected-error @+1 {{a region is at graph, grid or cluster, not at host}}
  ctrl.region at(host) { ctrl.yield }
  return
}

// -----

func.func @region_graph_threads() {
  // expected-error @+1 {{threads: workers, threads and workgroup belong to a grid region}}
  ctrl.region at(graph) threads(32) { ctrl.yield }
  return
}

// -----

func.func @region_workers() {
  // expected-error @+1 {{workers must be positive}}
  ctrl.region at(grid) workers(0) { ctrl.yield }
  return
}

// -----

func.func @region_level() {
  // expected-error @+1 {{unknown level 'warp'}}
  ctrl.region at(warp) { ctrl.yield }
  return
}

// -----

func.func @region_yield(%a: f32) {
  // expected-error @+1 {{yielded types must equal the result types}}
  %r = ctrl.region at(grid) -> (f64) { ctrl.yield %a : f32 }
  return
}

// -----

func.func @region_cluster(%b: memref<4x4xf32>) {
  // expected-note @+1 {{this region}}
  ctrl.region at(grid) cluster[2, 1] {
    // expected-error @+1 {{cluster differs from its region's}}
    ctrl.task (%i, %j) in (4, 4) outs(%y = %b : memref<4x4xf32>) cluster[1, 2] { }
    ctrl.yield
  }
  return
}

// -----

func.func @loop_flag_not_wanted(%n: index, %g: i1) {
  ctrl.loop %i to %n {
    // expected-error @+1 {{has 'while', its loop has not}}
    ctrl.next while(%g)
  }
  return
}

// -----

func.func @loop_arguments(%n: index, %a: f32) {
  // expected-error @+1 {{body takes the index and one argument a carry, of the carry's type}}
  %r = "ctrl.loop"(%n, %a) <{operandSegmentSizes = array<i32: 1, 1, 0>}> ({
  ^bb0(%i: index):
    "ctrl.next"(%a) <{operandSegmentSizes = array<i32: 0, 1>}> : (f32) -> ()
  }) : (index, f32) -> f32
  return
}

// -----

func.func @branch_i1_cases(%c: i1) {
  // expected-error @+1 {{on i1 has a then and an else arm and no cases}}
  "ctrl.branch"(%c) <{cases = array<i64: 1>}> ({ "ctrl.yield"() : () -> () }, { "ctrl.yield"() : () -> () }) : (i1) -> ()
  return
}

// -----

func.func @branch_arms(%c: index) {
  // expected-error @+1 {{has 1 arms for 1 cases and a default}}
  "ctrl.branch"(%c) <{cases = array<i64: 1>}> ({ "ctrl.yield"() : () -> () }) : (index) -> ()
  return
}

// -----

func.func @branch_no_else(%c: i1, %a: f32) {
  // expected-error @+2 {{arm #1 must yield the result types}}
  // expected-note @+1 {{an 'else' that is left out yields nothing}}
  %r = ctrl.branch %c : i1 -> (f32) { ctrl.yield %a : f32 }
  return
}

// -----

func.func @call_nobody(%a: f32) {
  // expected-error @+1 {{'nobody' is not a function}}
  %r = ctrl.call @nobody(%a) : (f32) -> f32
  return
}

// -----

func.func @negative_bound(%b: memref<4xf32>) {
  // expected-error @+1 {{bounds of grid dimension 0 must not be negative}}
  ctrl.task (%i) in (-4) outs(%y = %b : memref<4xf32>) { }
  return
}

// -----

func.func @token_in(%b: memref<4xf32>, %t: !ctrl.token) {
  // expected-error @+1 {{in #0 is a token: a token goes in 'after'}}
  ctrl.task (%i) in (4) ins(%x = %t : !ctrl.token) outs(%y = %b : memref<4xf32>) { }
  return
}

// -----

func.func @scalar_out(%b: f32) {
  // expected-error @+1 {{out #0 is f32: an out is a ranked tensor or a memref}}
  ctrl.task (%i) in (4) outs(%y = %b : f32) { }
  return
}

// -----

func.func @same_of_join(%b: memref<4xf32>, %t: !ctrl.token) {
  %j = ctrl.join %t, %t
  // expected-error @+1 {{'same' needs a token that one task yields}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) after(%j by <same>) pin affine_map<(i) -> (i)> { }
  return
}

// -----

func.func @same_other_pin(%b: memref<4xf32>) {
  %t = ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) pin affine_map<(i) -> (i)> -> !ctrl.token { }
  // expected-error @+1 {{'same' needs producer and consumer of equal rank and pin}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) after(%t by <same>) pin affine_map<(i) -> (3 - i)> { }
  return
}

// -----

func.func @window_map(%b: memref<4xf32>, %t: !ctrl.token) {
  // expected-error @+1 {{window map takes 2 indices, the grid has 1}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) after(%t by <window from affine_map<(i, j) -> (i)>>) { }
  return
}

// -----

func.func @signal_map(%b: memref<4xf32>) {
  // expected-error @+1 {{signal map takes 2 indices, the grid has 1}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) signal affine_map<(i, j) -> (i)> { }
  return
}

// -----

func.func @pin_map(%b: memref<4xf32>) {
  // expected-error @+1 {{pin maps the 1 indices to one worker}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) pin affine_map<(i) -> (i, i)> { }
  return
}

// -----

func.func @no_threads(%b: memref<4xf32>) {
  // expected-error @+1 {{threads must be positive}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) threads(0) { }
  return
}

// -----

func.func @cluster_rank(%b: memref<4xf32>) {
  // expected-error @+1 {{cluster needs one size a grid dimension: 2 sizes for 1}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) cluster[2, 1] { }
  return
}

// -----

func.func @predicate_type(%b: memref<4xf32>, %p: i32) {
  // expected-error @+1 {{'if' is an i1, or i1 by the leading grid dimensions, not i32}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) if(%p : i32) { }
  return
}

// -----

func.func @predicate_extent(%b: memref<4xf32>, %p: memref<3xi1>) {
  // expected-error @+1 {{'if' has 3 predicates for 4 indices of grid dimension 0}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) if(%p : memref<3xi1>) { }
  return
}

// -----

func.func @task_in_task(%b: memref<4xf32>) {
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) {
    // expected-error @+1 {{a task cannot run inside a task}}
    ctrl.task (%j) in (4) outs(%z = %y : memref<4xf32>) { }
  }
  return
}

// -----

func.func @workgroup_type(%b: memref<4xf32>) {
  // expected-error @+1 {{workgroup memory is a memref<Nxi8, #gpu.address_space<workgroup>>, not memref<64xf32>}}
  ctrl.task (%i) in (4) outs(%y = %b : memref<4xf32>) workgroup(%w : memref<64xf32>) { }
  return
}

// -----

func.func @not_combining(%a: tensor<4xf32>) {
  %r = ctrl.task (%i) in (4) outs(%y = %a : tensor<4xf32>) {
    ctrl.in_parallel {
      // expected-error @+1 {{only combining ops may stand in ctrl.in_parallel}}
      %c = arith.constant 0 : index
    }
  }
  return
}

// -----

func.func @join_nothing() {
  // expected-error @+1 {{joins no token: a complete one is ctrl.ready}}
  %t = "ctrl.join"() : () -> !ctrl.token
  return
}

// -----

func.func @await_nothing() {
  // expected-error @+1 {{awaits no token}}
  "ctrl.await"() : () -> ()
  return
}

// -----

// expected-error @+1 {{a window dependence needs a 'from' map}}
func.func private @dep_no_map() attributes {d = #ctrl.dep<window>}

// -----

// expected-error @+1 {{window has 1 sizes for 2 dimensions}}
func.func private @dep_sizes() attributes {d = #ctrl.dep<window from affine_map<(i) -> (i, i)> size [2]>}

// -----

// expected-error @+1 {{window sizes must be positive}}
func.func private @dep_zero() attributes {d = #ctrl.dep<window from affine_map<(i) -> (i)> size [0]>}
