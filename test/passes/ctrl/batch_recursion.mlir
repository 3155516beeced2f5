// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-batch-recursion{min-work=4 max-calls=100 block=8},func.func(canonicalize,cse))" --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-batch-recursion{min-work=5000 remarks=true})" --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=LITTLE
// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-batch-recursion{min-work=0 least-width=3},ctrl-flatten-recursion,symbol-dce)" --split-input-file | FileCheck %s --check-prefix=FLAT
// RUN: dl-opt %s --pass-pipeline="builtin.module(ctrl-batch-recursion{min-work=0 max-bytes=1000 remarks=true})" --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: not dl-opt %s --pass-pipeline="builtin.module(ctrl-batch-recursion{block=0})" 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: {{.*}}ctrl-batch-recursion: max-calls, max-bytes and block must be positive, others not negative
// LITTLE: is not done for many calls at once
// LITTLE: its calls do less than min-work
// SMALL: a call takes too much of max-bytes
// FLAT-NOT: call @

// A tree: calls are numbered, their heights and places found, then each bin is done in blocks of eight, the weights
// being read once for all of a block. The call stays, for what has no room.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[I:.*]]: index, %[[T:.*]]: tensor<31xindex>, %[[X:.*]]: tensor<?x4xf32>, %[[W:.*]]: tensor<4x4xf32>)
// The queue: room for a hundred calls, two more that one may make, and a row for none.
// CHECK: %[[ARGS:.*]] = tensor.insert %[[I]] into %{{.*}}[%c0] : tensor<103xindex>
// CHECK: %[[N:.*]]:5 = ctrl.loop %[[CALL:.*]] carry(%[[COUNT:.*]] = %c1 : index, {{.*}}, %[[A:.*]] = %[[ARGS]] : tensor<103xindex>) while
// CHECK: %[[NODE:.*]] = tensor.extract %[[A]][%[[CALL]]]
// CHECK: %[[LEFT:.*]] = tensor.extract %[[T]][%[[NODE]]]
// CHECK: ctrl.branch
// CHECK: tensor.insert %c0 into
// CHECK: } else {
// CHECK: tensor.insert %[[LEFT]] into %[[A]][%[[COUNT]]]
// CHECK: arith.addi %[[COUNT]], %c2
// CHECK: ctrl.next while
// CHECK: arith.cmpi sle, %[[N]]#0, %c100
// Heights.
// CHECK: %[[H:.*]]:2 = ctrl.loop
// CHECK: arith.maxsi
// A depth that is not given: 1024.
// CHECK: arith.cmpi sle, %[[H]]#1, %c1024
// CHECK: ctrl.branch %{{.*}} : i1 -> (tensor<4xf32>)
// CHECK: ctrl.loop %[[BIN:.*]] to %{{.*}} carry(%[[V:.*]] = %{{.*}} : tensor<100x4xf32>)
// CHECK: arith.remui %[[BIN]], %c2
// CHECK: case 0 {
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%[[V0:.*]] = %[[V]]
// CHECK: affine.min
// CHECK: %[[ROWS:.*]] = linalg.generic
// CHECK: tensor.extract %[[X]]
// CHECK: tensor.insert_slice %[[ROWS]] into %[[V0]][%{{.*}}, 0] [%{{.*}}, 4] [1, 1] : tensor<?x4xf32> into tensor<100x4xf32>
// CHECK: default {
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%[[V1:.*]] = %[[V]]
// CHECK: %[[L:.*]] = linalg.generic
// CHECK: tensor.extract %[[V1]][
// CHECK: %[[R:.*]] = linalg.generic
// CHECK: tensor.extract %[[V1]][
// CHECK: linalg.generic {{.*}} ins(%[[L]], %[[R]] : tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK: linalg.generic {{.*}}"reduction"]} ins(%{{.*}}, %[[W]] : tensor<?x4xf32>, tensor<4x4xf32>)
// CHECK: tensor.insert_slice %{{.*}} into %[[V1]]
// CHECK-NOT: ctrl.call
// CHECK: tensor.extract_slice
// CHECK: } else {
// CHECK-NEXT: ctrl.call @tree(%[[I]], %[[T]], %[[X]], %[[W]])
// FLAT-LABEL: func.func @main
func.func private @tree(%i: index, %t: tensor<31xindex>, %x: tensor<?x4xf32>, %w: tensor<4x4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %l = tensor.extract %t[%i] : tensor<31xindex>
  %z = arith.cmpi eq, %l, %c0 : index
  %e = tensor.empty() : tensor<4xf32>
  %r = ctrl.branch %z : i1 -> (tensor<4xf32>) {
    %own = tensor.extract_slice %x[%i, 0] [1, 4] [1, 1] : tensor<?x4xf32> to tensor<4xf32>
    ctrl.yield %own : tensor<4xf32>
  } else {
    %k = arith.addi %l, %c1 : index
    %a = ctrl.call @tree(%l, %t, %x, %w) : (index, tensor<31xindex>, tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<4xf32>
    %b = ctrl.call @tree(%k, %t, %x, %w) : (index, tensor<31xindex>, tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<4xf32>
    %s = linalg.add ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    %m = linalg.vecmat ins(%s, %w : tensor<4xf32>, tensor<4x4xf32>) outs(%f : tensor<4xf32>) -> tensor<4xf32>
    ctrl.yield %m : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
func.func @main(%i: index, %t: tensor<31xindex>, %x: tensor<?x4xf32>, %w: tensor<4x4xf32>) -> tensor<4xf32> {
  %r = ctrl.call @tree(%i, %t, %x, %w) : (index, tensor<31xindex>, tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// A forest: the calls of all iterations are roots of one table, though each of them is but a line. Parts that are put
// together, a number beside the tensor, a depth, two functions that call each other.
// CHECK-LABEL: func.func @forest
// CHECK-SAME: (%[[ROOTS:.*]]: tensor<?xindex>, %[[W:.*]]: tensor<8x4xf32>
// CHECK: %[[TREES:.*]] = tensor.dim %[[ROOTS]]
// CHECK: ctrl.loop %[[TREE:.*]] to %{{.*}} carry({{.*}}) {
// CHECK-NEXT: tensor.extract %[[ROOTS]][%[[TREE]]]
// Which function it is of is a column.
// CHECK: ctrl.loop {{.*}} while
// CHECK: ctrl.branch %{{.*}} : index
// CHECK: ctrl.branch %{{.*}} : i1 -> (tensor<?x4xf32>, index)
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%{{.*}} = %{{.*}} : tensor<{{.*}}x4xf32>, %{{.*}} = %{{.*}} : tensor<{{.*}}xindex>)
// CHECK: case 0 {
// CHECK: case 1 {
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [%{{.*}}, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 4] [%{{.*}}, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
// CHECK: linalg.generic {{.*}}"reduction"]} ins(%{{.*}}, %[[W]] : tensor<?x8xf32>, tensor<8x4xf32>)
// CHECK: default {
// CHECK: ctrl.loop %[[TREE:.*]] to %[[TREES]] carry
// CHECK-NOT: call
// CHECK: ctrl.next
// CHECK: } else {
// CHECK: ctrl.loop %{{.*}} to %[[TREES]]
// CHECK: ctrl.call @even
func.func private @even(%n: index, %w: tensor<8x4xf32>) -> (tensor<4xf32>, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %z = arith.cmpi eq, %n, %c0 : index
  %r:2 = ctrl.branch %z : i1 -> (tensor<4xf32>, index) {
    ctrl.yield %f, %c0 : tensor<4xf32>, index
  } else {
    %m = arith.subi %n, %c1 : index
    %a, %k = ctrl.call @odd(%m, %w) : (index, tensor<8x4xf32>) -> (tensor<4xf32>, index)
    %pair = tensor.concat dim(0) %a, %f : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
    %y = linalg.vecmat ins(%pair, %w : tensor<8xf32>, tensor<8x4xf32>) outs(%f : tensor<4xf32>) -> tensor<4xf32>
    %sum = arith.addi %k, %n : index
    ctrl.yield %y, %sum : tensor<4xf32>, index
  }
  return %r#0, %r#1 : tensor<4xf32>, index
}
func.func private @odd(%n: index, %w: tensor<8x4xf32>) -> (tensor<4xf32>, index) {
  %c1 = arith.constant 1 : index
  %m = arith.subi %n, %c1 : index
  %e = tensor.empty() : tensor<4xf32>
  %a, %k = ctrl.call @even(%m, %w) : (index, tensor<8x4xf32>) -> (tensor<4xf32>, index)
  %y = linalg.exp ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y, %k : tensor<4xf32>, index
}
func.func @forest(%roots: tensor<?xindex>, %w: tensor<8x4xf32>, %all: tensor<?x4xf32>) -> (tensor<?x4xf32>, index) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %roots, %c0 : tensor<?xindex>
  %r:2 = ctrl.loop %i to %n carry(%to = %all : tensor<?x4xf32>, %last = %c0 : index) {
    %root = tensor.extract %roots[%i] : tensor<?xindex>
    %y, %k = ctrl.call @even(%root, %w) : (index, tensor<8x4xf32>) -> (tensor<4xf32>, index)
    %next = tensor.insert_slice %y into %to[%i, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<?x4xf32>
    ctrl.next %next, %k : tensor<?x4xf32>, index
  }
  return %r#0, %r#1 : tensor<?x4xf32>, index
}
