// RUN: dl-opt %s --allow-unregistered-dialect --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @branch_true
// CHECK-SAME: (%[[A:.*]]: f32, %[[B:.*]]: f32)
// CHECK-NOT: ctrl.branch
// CHECK: return %[[A]]
func.func @branch_true(%a: f32, %b: f32) -> f32 {
  %c = arith.constant true
  %r = ctrl.branch %c : i1 -> (f32) { ctrl.yield %a : f32 } else { ctrl.yield %b : f32 }
  return %r : f32
}

// CHECK-LABEL: func.func @branch_default
// CHECK-NOT: ctrl.branch
// CHECK: "test.default"
// CHECK-NOT: "test.one"
func.func @branch_default() {
  %c = arith.constant 7 : index
  ctrl.branch %c : index case 1 { "test.one"() : () -> () ctrl.yield } default { "test.default"() : () -> () ctrl.yield }
  return
}

// CHECK-LABEL: func.func @branch_unknown
// CHECK: ctrl.branch
func.func @branch_unknown(%c: i1, %a: f32, %b: f32) -> f32 {
  %r = ctrl.branch %c : i1 -> (f32) { ctrl.yield %a : f32 } else { ctrl.yield %b : f32 }
  return %r : f32
}

// A result that both arms give alike, and one that nothing reads.
// CHECK-LABEL: func.func @branch_results
// CHECK-SAME: (%[[C:.*]]: i1, %[[A:.*]]: f32, %[[B:.*]]: f32)
// CHECK: %[[R:.*]] = ctrl.branch %[[C]] : i1 -> (f32) {
// CHECK: %[[X:.*]] = "test.x"
// CHECK: ctrl.yield %[[X]] : f32
// CHECK: ctrl.yield %[[B]] : f32
// CHECK: return %[[A]], %[[R]]
func.func @branch_results(%c: i1, %a: f32, %b: f32) -> (f32, f32) {
  %r:3 = ctrl.branch %c : i1 -> (f32, f32, f32) {
    %x = "test.x"() : () -> f32
    ctrl.yield %a, %x, %x : f32, f32, f32
  } else {
    ctrl.yield %a, %b, %b : f32, f32, f32
  }
  return %r#0, %r#1 : f32, f32
}

// -----

// CHECK-LABEL: func.func @loop_never
// CHECK-SAME: (%[[A:.*]]: f32)
// CHECK-NOT: ctrl.loop
// CHECK: return %[[A]]
func.func @loop_never(%a: f32) -> f32 {
  %n = arith.constant 0 : index
  %r = ctrl.loop %i to %n carry(%x = %a : f32) {
    %y = "test.body"(%x) : (f32) -> f32
    ctrl.next %y : f32
  }
  return %r : f32
}

// CHECK-LABEL: func.func @loop_flag_false
// CHECK-NOT: ctrl.loop
func.func @loop_flag_false(%a: f32, %n: index) -> f32 {
  %f = arith.constant false
  %r = ctrl.loop %i to %n carry(%x = %a : f32) while(%f) {
    %y, %g = "test.body"(%x) : (f32) -> (f32, i1)
    ctrl.next while(%g) %y : f32
  }
  return %r : f32
}

// CHECK-LABEL: func.func @loop_once
// CHECK-SAME: (%[[A:.*]]: f32)
// CHECK: %[[Z:.*]] = arith.constant 0 : index
// CHECK-NOT: ctrl.loop
// CHECK: %[[Y:.*]] = "test.body"(%[[A]], %[[Z]])
// CHECK: return %[[Y]]
func.func @loop_once(%a: f32) -> f32 {
  %n = arith.constant 1 : index
  %r = ctrl.loop %i to %n carry(%x = %a : f32) {
    %y = "test.body"(%x, %i) : (f32, index) -> f32
    ctrl.next %y : f32
  }
  return %r : f32
}

// A bound of one and a flag that is not known: it may not run at all.
// CHECK-LABEL: func.func @loop_once_or_never
// CHECK: ctrl.loop
func.func @loop_once_or_never(%a: f32, %go: i1) -> f32 {
  %n = arith.constant 1 : index
  %r = ctrl.loop %i to %n carry(%x = %a : f32) while(%go) {
    %y, %g = "test.body"(%x) : (f32) -> (f32, i1)
    ctrl.next while(%g) %y : f32
  }
  return %r : f32
}

// CHECK-LABEL: func.func @loop_twice
// CHECK: ctrl.loop
func.func @loop_twice(%a: f32) -> f32 {
  %n = arith.constant 2 : index
  %r = ctrl.loop %i to %n carry(%x = %a : f32) {
    %y = "test.body"(%x) : (f32) -> f32
    ctrl.next %y : f32
  }
  return %r : f32
}

// A carry that never changes and one that nobody reads.
// CHECK-LABEL: func.func @loop_idle_carries
// CHECK-SAME: (%[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32, %[[N:.*]]: index)
// CHECK: %[[R:.*]] = ctrl.loop %{{.*}} to %[[N]] carry(%[[X:.*]] = %[[A]] : f32) attributes {note = "kept"}
// CHECK: %[[Y:.*]] = "test.body"(%[[X]], %[[B]])
// CHECK: ctrl.next %[[Y]] : f32
// CHECK: return %[[R]], %[[B]]
func.func @loop_idle_carries(%a: f32, %b: f32, %c: f32, %n: index) -> (f32, f32) {
  %r:3 = ctrl.loop %i to %n carry(%x = %a : f32, %u = %b : f32, %v = %c : f32) attributes {note = "kept"} {
    %y = "test.body"(%x, %u) : (f32, f32) -> f32
    ctrl.next %y, %u, %y : f32, f32, f32
  }
  return %r#0, %r#1 : f32, f32
}

// Carries that swap are not idle, and neither is one that only the result shows.
// CHECK-LABEL: func.func @loop_busy_carries
// CHECK: ctrl.loop %{{.*}} carry(%[[X:.*]] = %{{.*}} : f32, %[[Y:.*]] = %{{.*}} : f32, %{{.*}} = %{{.*}} : f32)
// CHECK: ctrl.next %[[Y]], %[[X]], %[[X]]
func.func @loop_busy_carries(%a: f32, %b: f32, %c: f32, %n: index) -> (f32, f32) {
  %r:3 = ctrl.loop %i to %n carry(%x = %a : f32, %y = %b : f32, %z = %c : f32) {
    ctrl.next %y, %x, %x : f32, f32, f32
  }
  return %r#0, %r#2 : f32, f32
}

// -----

// CHECK-LABEL: func.func @join_one
// CHECK-SAME: (%[[T:.*]]: !ctrl.token)
// CHECK-NOT: ctrl.join
// CHECK: return %[[T]]
func.func @join_one(%t: !ctrl.token) -> !ctrl.token {
  %r = ctrl.join %t
  return %r : !ctrl.token
}

// CHECK-LABEL: func.func @join_ready
// CHECK-SAME: (%[[T:.*]]: !ctrl.token, %[[U:.*]]: !ctrl.token)
// CHECK-NOT: ctrl.ready
// CHECK: ctrl.join %[[T]], %[[U]]{{$}}
func.func @join_ready(%t: !ctrl.token, %u: !ctrl.token) -> !ctrl.token {
  %a = ctrl.ready
  %b = ctrl.join %t, %a
  %r = ctrl.join %b, %u, %t
  return %r : !ctrl.token
}

// CHECK-LABEL: func.func @join_only_ready
// CHECK: %[[R:.*]] = ctrl.ready
// CHECK: return %[[R]]
func.func @join_only_ready() -> !ctrl.token {
  %a = ctrl.ready
  %b = ctrl.ready
  %r = ctrl.join %a, %b
  return %r : !ctrl.token
}

// CHECK-LABEL: func.func @join_two
// CHECK: ctrl.join
func.func @join_two(%t: !ctrl.token, %u: !ctrl.token) -> !ctrl.token {
  %r = ctrl.join %t, %u
  return %r : !ctrl.token
}

// CHECK-LABEL: func.func @await
// CHECK-SAME: (%[[T:.*]]: !ctrl.token)
// CHECK-NEXT: ctrl.await %[[T]]{{$}}
// CHECK-NEXT: return
func.func @await(%t: !ctrl.token) {
  %a = ctrl.ready
  ctrl.await %a
  ctrl.await %a, %t
  return
}

// -----

// CHECK-LABEL: func.func @region_empty
// CHECK-SAME: (%[[A:.*]]: f32)
// CHECK-NOT: ctrl.region
// CHECK: return %[[A]]
func.func @region_empty(%a: f32) -> f32 {
  %r = ctrl.region at(grid) -> (f32) { ctrl.yield %a : f32 }
  return %r : f32
}

// CHECK-LABEL: func.func @region_with_work
// CHECK: ctrl.region at(grid)
func.func @region_with_work(%a: f32) -> f32 {
  %r = ctrl.region at(grid) -> (f32) { %b = "test.body"(%a) : (f32) -> f32 ctrl.yield %b : f32 }
  return %r : f32
}

// -----

// CHECK-LABEL: func.func @task_no_items
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>)
// CHECK-NOT: ctrl.task
// CHECK: return %[[A]]
func.func @task_no_items(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %r = ctrl.task (%i, %j) in (4, %c0) outs(%y = %a : tensor<4xf32>) { }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func.func @task_no_items_token
// CHECK: %[[R:.*]] = ctrl.ready
// CHECK-NOT: ctrl.task
// CHECK: return %[[R]]
func.func @task_no_items_token(%a: memref<4xf32>) -> !ctrl.token {
  %r = ctrl.task (%i) in (3 to 3) outs(%y = %a : memref<4xf32>) -> !ctrl.token { }
  return %r : !ctrl.token
}

// CHECK-LABEL: func.func @task_constant_bounds
// CHECK-SAME: (%[[A:.*]]: memref<4xf32>, %[[N:.*]]: index, %[[P:.*]]: i1)
// CHECK: ctrl.task (%{{.*}}, %{{.*}}) in (2 to %[[N]], 4) outs(%{{.*}} = %[[A]] : memref<4xf32>) if(%[[P]] : i1)
func.func @task_constant_bounds(%a: memref<4xf32>, %n: index, %p: i1) {
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  ctrl.task (%i, %j) in (%c2 to %n, %c4) outs(%y = %a : memref<4xf32>) if(%p : i1) { }
  return
}
