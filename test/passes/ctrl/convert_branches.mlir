// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-convert-branches))" | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-convert-branches{cost=0}))" | FileCheck %s --check-prefix=NONE
// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-convert-branches))" --mlir-pass-statistics 2>&1 | FileCheck %s --check-prefix=STATISTICS
// STATISTICS: ctrl-convert-branches
// STATISTICS-NEXT: (S) {{ *}}3 converted - branches converted
// NONE-COUNT-2: ctrl.branch
// NONE: arith.select

// CHECK-LABEL: func @cheap
// CHECK-SAME: (%[[P:.*]]: i1, %[[Q:.*]]: i1, %[[A:.*]]: f32, %[[B:.*]]: f32)
// CHECK-NOT: ctrl.branch
// CHECK: %[[S:.*]] = arith.addf %[[A]], %[[B]]
// CHECK: %[[M:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK: %[[I:.*]] = arith.select %[[Q]], %[[M]], %[[B]] : f32
// CHECK: %[[O:.*]] = arith.select %[[P]], %[[S]], %[[I]] : f32
// CHECK: return %[[O]], %[[A]]
func.func @cheap(%p: i1, %q: i1, %a: f32, %b: f32) -> (f32, f32) {
  %r:2 = ctrl.branch %p : i1 -> (f32, f32) {
    %s = arith.addf %a, %b : f32
    ctrl.yield %s, %a : f32, f32
  } else {
    %t = ctrl.branch %q : i1 -> (f32) {
      %m = arith.mulf %a, %a : f32
      ctrl.yield %m : f32
    } else {
      ctrl.yield %b : f32
    }
    ctrl.yield %t, %a : f32, f32
  }
  return %r#0, %r#1 : f32, f32
}

// Nothing in the arms: even for nothing.
// CHECK-LABEL: func @free
// CHECK: arith.select
func.func @free(%p: i1, %a: i64, %b: i64) -> i64 {
  %r = ctrl.branch %p : i1 -> (i64) { ctrl.yield %a : i64 } else { ctrl.yield %b : i64 }
  return %r : i64
}

// A division that may fail, a function that is dear, tensors, memory, a switch, an arm without results.
// CHECK-LABEL: func @left_alone
// CHECK-COUNT-6: ctrl.branch
// CHECK-NOT: arith.select
func.func @left_alone(%p: i1, %k: index, %a: i32, %x: f32, %t: tensor<4xf32>, %m: memref<f32>) -> (i32, f32, f32, f32, f32) {
  %0 = ctrl.branch %p : i1 -> (i32) {
    %d = arith.divsi %a, %a : i32
    ctrl.yield %d : i32
  } else { ctrl.yield %a : i32 }
  %1 = ctrl.branch %p : i1 -> (f32) {
    %e = math.exp %x : f32
    ctrl.yield %e : f32
  } else { ctrl.yield %x : f32 }
  %2 = ctrl.branch %p : i1 -> (f32) {
    %e = tensor.extract %t[%k] : tensor<4xf32>
    ctrl.yield %e : f32
  } else { ctrl.yield %x : f32 }
  %3 = ctrl.branch %p : i1 -> (f32) {
    %e = memref.load %m[] : memref<f32>
    ctrl.yield %e : f32
  } else { ctrl.yield %x : f32 }
  %4 = ctrl.branch %k : index -> (f32) case 1 { ctrl.yield %x : f32 } default { ctrl.yield %x : f32 }
  ctrl.branch %p : i1 {
    memref.store %x, %m[] : memref<f32>
    ctrl.yield
  }
  return %0, %1, %2, %3, %4 : i32, f32, f32, f32, f32
}
