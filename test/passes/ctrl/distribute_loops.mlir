// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-distribute-loops,canonicalize,cse))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-distribute-loops{iterations=3}))' | FileCheck %s --check-prefix=FEW
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-distribute-loops{iterations=0}))' 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: ctrl-distribute-loops: iterations must be positive, bytes not negative
// FEW-NOT: "reduction"

// Two layers, h = x W + h U and g = h V + g Z: both products of what no recurrence makes for 32 steps at once.
// CHECK-LABEL: func @layers(
// CHECK-SAME: %[[X:.*]]: tensor<?x1x8xf32>, %[[W:[^:]*]]: tensor<8x8xf32>, %[[U:[^:]*]]: tensor<8x8xf32>, %[[V:[^:]*]]: tensor<8x8xf32>, %[[Z:[^:]*]]: tensor<8x8xf32>
// CHECK: %[[BLOCKS:.*]] = arith.ceildivsi %{{.*}}, %c32
// CHECK: ctrl.loop %[[C:.*]] to %[[BLOCKS]] carry(%[[H0:.*]] = %{{.*}}, %[[G0:.*]] = %{{.*}})
// CHECK: %[[START:.*]] = arith.muli %[[C]], %c32
// CHECK: %[[N:.*]] = affine.min
// CHECK: %[[XS:.*]] = tensor.extract_slice %[[X]][%[[START]], 0, 0] [%[[N]], 1, 8] [1, 1, 1] : tensor<?x1x8xf32> to tensor<?x1x8xf32>
// CHECK: %[[A:.*]] = linalg.generic {{.*}} ins(%[[XS]], %[[W]] : tensor<?x1x8xf32>, tensor<8x8xf32>)
// CHECK: %[[H:.*]]:2 = ctrl.loop %[[K:.*]] to %[[N]] carry(%[[HK:.*]] = %[[H0]]
// CHECK: linalg.matmul ins(%[[HK]], %[[U]]
// CHECK: tensor.extract_slice %[[A]][%[[K]], 0, 0] [1, 1, 8]
// CHECK: tensor.insert_slice
// CHECK: ctrl.next
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%[[H]]#1, %[[V]] : tensor<?x1x8xf32>, tensor<8x8xf32>)
// CHECK: %[[G:.*]] = ctrl.loop %{{.*}} to %[[N]] carry(%[[GK:.*]] = %[[G0]]
// CHECK: linalg.matmul ins(%[[GK]], %[[Z]]
// CHECK: tensor.extract_slice %[[B]]
// CHECK: ctrl.next %[[H]]#0, %[[G]]
func.func @layers(%x: tensor<?x1x8xf32>, %w: tensor<8x8xf32>, %u: tensor<8x8xf32>, %v: tensor<8x8xf32>, %z: tensor<8x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x1x8xf32>
  %e = tensor.empty() : tensor<1x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
  %r:2 = ctrl.loop %t to %n carry(%h = %f : tensor<1x8xf32>, %g = %f : tensor<1x8xf32>) {
    %xt = tensor.extract_slice %x[%t, 0, 0] [1, 1, 8] [1, 1, 1] : tensor<?x1x8xf32> to tensor<1x8xf32>
    %a = linalg.matmul ins(%xt, %w : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %b = linalg.matmul ins(%h, %u : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %h1 = linalg.add ins(%a, %b : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
    %c = linalg.matmul ins(%h1, %v : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %d = linalg.matmul ins(%g, %z : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %g1 = linalg.add ins(%c, %d : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
    ctrl.next %h1, %g1 : tensor<1x8xf32>, tensor<1x8xf32>
  }
  return %r#0, %r#1 : tensor<1x8xf32>, tensor<1x8xf32>
}

// What depends on the iteration is computed from it again, in the op for all of them; the known bound makes one block.
// CHECK-LABEL: func @gathered
// CHECK-NOT: ctrl.loop
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<8x1x8xf32>)
// CHECK: %[[T:.*]] = linalg.index 0
// CHECK: %[[TWICE:.*]] = arith.muli %[[T]], %c2
// CHECK: %[[J:.*]] = linalg.index 2
// CHECK: tensor.extract %{{.*}}[%[[TWICE]], %[[J]]]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK: ctrl.loop %{{.*}} to %c8
// CHECK-NOT: linalg.matmul
func.func @gathered(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<1x8xf32> {
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
  %r = ctrl.loop %t to %c8 carry(%h = %f : tensor<1x8xf32>) {
    %row = arith.muli %t, %c2 : index
    %xt = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<1x8xf32>) {
    ^bb0(%o: f32):
      %j = linalg.index 1 : index
      %s = tensor.extract %x[%row, %j] : tensor<?x8xf32>
      linalg.yield %s : f32
    } -> tensor<1x8xf32>
    %a = linalg.matmul ins(%xt, %w : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %h1 = linalg.add ins(%a, %h : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
    ctrl.next %h1 : tensor<1x8xf32>
  }
  return %r : tensor<1x8xf32>
}

// All of it is one recurrence; a flag ends it; a carried size grows; an assertion guards what follows: nothing to do.
// CHECK-LABEL: func @kept
// CHECK-COUNT-4: ctrl.loop
// CHECK-NOT: ctrl.loop
func.func @kept(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>, %n: index, %go: i1) -> (tensor<1x8xf32>, tensor<1x8xf32>, tensor<?x8xf32>, tensor<1x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
  %r = ctrl.loop %t to %n carry(%h = %f : tensor<1x8xf32>) {
    %h1 = linalg.matmul ins(%h, %w : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    ctrl.next %h1 : tensor<1x8xf32>
  }
  %q = ctrl.loop %t to %n carry(%h = %f : tensor<1x8xf32>) while(%go) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 8] [1, 1] : tensor<?x8xf32> to tensor<1x8xf32>
    %a = linalg.matmul ins(%xt, %w : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %h1 = linalg.add ins(%a, %h : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
    ctrl.next while(%go) %h1 : tensor<1x8xf32>
  }
  %s = ctrl.loop %t to %n carry(%h = %x : tensor<?x8xf32>) {
    %m = tensor.dim %h, %c0 : tensor<?x8xf32>
    %m1 = arith.addi %m, %c1 : index
    %xt = tensor.extract_slice %x[%t, 0] [1, 8] [1, 1] : tensor<?x8xf32> to tensor<1x8xf32>
    %a = linalg.matmul ins(%xt, %w : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %h1 = tensor.empty(%m1) : tensor<?x8xf32>
    %h2 = tensor.insert_slice %h into %h1[0, 0] [%m, 8] [1, 1] : tensor<?x8xf32> into tensor<?x8xf32>
    %h3 = tensor.insert_slice %a into %h2[%m, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<?x8xf32>
    ctrl.next %h3 : tensor<?x8xf32>
  }
  %u = ctrl.loop %t to %n carry(%h = %f : tensor<1x8xf32>) {
    cf.assert %go, "there must be such a row"
    %xt = tensor.extract_slice %x[%t, 0] [1, 8] [1, 1] : tensor<?x8xf32> to tensor<1x8xf32>
    %a = linalg.matmul ins(%xt, %w : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %h1 = linalg.add ins(%a, %h : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
    ctrl.next %h1 : tensor<1x8xf32>
  }
  return %r, %q, %s, %u : tensor<1x8xf32>, tensor<1x8xf32>, tensor<?x8xf32>, tensor<1x8xf32>
}
