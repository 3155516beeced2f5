// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-skew-loops{when=on},canonicalize,cse))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-skew-loops{when=on}))' --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATISTICS
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-skew-loops{when=off},ctrl-skew-loops))' | FileCheck %s --check-prefix=HOST
// RUN: dl-opt %s --pass-pipeline='builtin.module(tile-set-device{device=a100},func.func(ctrl-skew-loops))' | FileCheck %s --check-prefix=DEVICE
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-skew-loops{when=sometimes}))' 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: ctrl-skew-loops: when is auto, on or off, and assume-size is positive
// STATISTICS: (S) 4 skewed
// STATISTICS: (S) 10 stages
// STATISTICS: (S) 2 joined

// Three layers h = relu(x W + h U): a loop over n + 2 waves, none where n is 0; what a wave runs is one op each.
// CHECK-LABEL: func @layers(
// CHECK-SAME: %[[X:.*]]: tensor<?x1x8xf32>
// CHECK-DAG: %[[WS:.*]] = arith.constant dense<"0x00004040{{.*}}00000040{{.*}}0000803F"> : tensor<3x8x8xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: %[[IS:.*]] = linalg.fill {{.*}} -> tensor<4x1x8xf32>
// CHECK: %[[SOME:.*]] = arith.cmpi sgt, %[[N]], %c0
// CHECK: %[[LAST:.*]] = arith.addi %[[N]], %c2
// CHECK: %[[WAVES:.*]] = arith.select %[[SOME]], %[[LAST]], %c0
// CHECK: %[[R:.*]] = ctrl.loop %[[WAVE:.*]] to %[[WAVES]] carry(%[[I:.*]] = %[[IS]] : tensor<4x1x8xf32>)
// CHECK: %[[START:.*]] = affine.max #{{.*}}(%[[WAVE]])
// CHECK: %[[COUNT:.*]] = affine.min #{{.*}}(%[[WAVE]])[%[[N]]]
// CHECK: %[[OFFSET:.*]] = affine.apply
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[WAVE]], %[[N]]
// CHECK: %[[J:.*]] = ctrl.branch %[[IN]]
// CHECK:   %[[XT:.*]] = tensor.extract_slice %[[X]][%[[WAVE]], 0, 0] [1, 1, 8]
// CHECK:   %[[PUT:.*]] = tensor.insert_slice %[[XT]] into %[[I]][3, 0, 0] [1, 1, 8]
// CHECK:   ctrl.yield %[[PUT]]
// CHECK: else
// CHECK:   ctrl.yield %[[I]]
// CHECK: %[[NEXT:.*]] = affine.apply
// CHECK: %[[READ:.*]] = tensor.extract_slice %[[J]][%[[NEXT]], 0, 0] [%[[COUNT]], 1, 8]
// CHECK: %[[STATE:.*]] = tensor.extract_slice %[[J]][%[[OFFSET]], 0, 0] [%[[COUNT]], 1, 8]
// CHECK: %[[W:.*]] = tensor.extract_slice %[[WS]][%[[OFFSET]], 0, 0] [%[[COUNT]], 8, 8]
// CHECK: linalg.generic {{.*}}"reduction"]} ins(%[[READ]], %[[W]] : tensor<?x1x8xf32>, tensor<?x8x8xf32>)
// CHECK: linalg.generic {{.*}}"reduction"]} ins(%[[STATE]], %{{.*}} : tensor<?x1x8xf32>, tensor<?x8x8xf32>)
// CHECK: %[[H:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?x1x8xf32>)
// CHECK: %[[NEW:.*]] = tensor.insert_slice %[[H]] into %[[J]][%[[OFFSET]], 0, 0] [%[[COUNT]], 1, 8]
// CHECK: ctrl.next %[[NEW]]
// CHECK: tensor.extract_slice %[[R]][2, 0, 0] [1, 1, 8]
// CHECK: tensor.extract_slice %[[R]][0, 0, 0] [1, 1, 8]
// HOST-LABEL: func @layers
// HOST: ctrl.next %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}} :
// DEVICE-LABEL: func @layers
// DEVICE: ctrl.loop %{{.*}} carry(%{{[^,]*}}) {
// DEVICE: affine.min
#id = affine_map<(i, j) -> (i, j)>
func.func @layers(%x: tensor<?x1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w0 = arith.constant dense<1.0> : tensor<8x8xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x8xf32>
  %w2 = arith.constant dense<3.0> : tensor<8x8xf32>
  %u0 = arith.constant dense<4.0> : tensor<8x8xf32>
  %u1 = arith.constant dense<5.0> : tensor<8x8xf32>
  %u2 = arith.constant dense<6.0> : tensor<8x8xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x8xf32>
  %e = tensor.empty() : tensor<1x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
  %r:3 = ctrl.loop %t to %n carry(%h0 = %f : tensor<1x8xf32>, %h1 = %f : tensor<1x8xf32>, %h2 = %f : tensor<1x8xf32>) {
    %xt = tensor.extract_slice %x[%t, 0, 0] [1, 1, 8] [1, 1, 1] : tensor<?x1x8xf32> to tensor<1x8xf32>
    %a0 = linalg.matmul ins(%xt, %w0 : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %b0 = linalg.matmul ins(%h0, %u0 : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %g0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%a0, %b0 : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %s = arith.addf %p, %q : f32
      %m = arith.maximumf %s, %zero : f32
      linalg.yield %m : f32
    } -> tensor<1x8xf32>
    %a1 = linalg.matmul ins(%g0, %w1 : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %b1 = linalg.matmul ins(%h1, %u1 : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %g1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%a1, %b1 : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %s = arith.addf %p, %q : f32
      %m = arith.maximumf %s, %zero : f32
      linalg.yield %m : f32
    } -> tensor<1x8xf32>
    %a2 = linalg.matmul ins(%g1, %w2 : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %b2 = linalg.matmul ins(%h2, %u2 : tensor<1x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
    %g2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%a2, %b2 : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %s = arith.addf %p, %q : f32
      %m = arith.maximumf %s, %zero : f32
      linalg.yield %m : f32
    } -> tensor<1x8xf32>
    ctrl.next %g0, %g1, %g2 : tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>
  }
  return %r#0, %r#2 : tensor<1x8xf32>, tensor<1x8xf32>
}

// What the last stage gives is put away for its iteration, which is `wave` - 1; weights that are no constants are copied
// into a stack before the loop.
// CHECK-LABEL: func @scan(
// CHECK-SAME: %{{.*}}: tensor<5x4xi64>, %[[U:[^:]*]]: tensor<4xi64>, %[[V:[^:]*]]: tensor<4xi64>
// CHECK: tensor.insert_slice %[[U]] into %{{.*}}[1, 0] [1, 4]
// CHECK: %[[UV:.*]] = tensor.insert_slice %[[V]] into %{{.*}}[0, 0] [1, 4]
// CHECK: ctrl.loop %[[WAVE:.*]] to %c6 carry(%[[Y:.*]] = %{{.*}} : tensor<5x4xi64>, {{.*}} : tensor<3x4xi64>)
// CHECK: tensor.extract_slice %[[UV]]
// CHECK: %[[T:.*]] = arith.subi %[[WAVE]], %c1
// CHECK: %[[IS:.*]] = arith.cmpi ult, %[[T]], %c5
// CHECK: ctrl.branch %[[IS]]
// CHECK: tensor.extract_slice %{{.*}} [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
// CHECK: tensor.insert_slice %{{.*}} into %[[Y]][%[[T]], 0] [1, 4]
func.func @scan(%x: tensor<5x4xi64>, %u: tensor<4xi64>, %v: tensor<4xi64>, %h: tensor<4xi64>, %g: tensor<4xi64>) -> tensor<5x4xi64> {
  %c5 = arith.constant 5 : index
  %e = tensor.empty() : tensor<4xi64>
  %y = tensor.empty() : tensor<5x4xi64>
  %r:3 = ctrl.loop %t to %c5 carry(%y0 = %y : tensor<5x4xi64>, %h0 = %h : tensor<4xi64>, %g0 = %g : tensor<4xi64>) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<5x4xi64> to tensor<4xi64>
    %a = linalg.add ins(%xt, %h0 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %h1 = linalg.mul ins(%a, %u : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b = linalg.add ins(%h1, %g0 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %g1 = linalg.mul ins(%b, %v : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %y1 = tensor.insert_slice %g1 into %y0[%t, 0] [1, 4] [1, 1] : tensor<4xi64> into tensor<5x4xi64>
    ctrl.next %y1, %h1, %g1 : tensor<5x4xi64>, tensor<4xi64>, tensor<4xi64>
  }
  return %r#0 : tensor<5x4xi64>
}

// Residual layers, h = x + h and x' = x + h: two values go from stage to stage. The first one lacks the sum of its input
// and is no stage, but runs before those that are; what all stages read of the iteration is read for each of its own.
// CHECK-LABEL: func @residual(
// CHECK-SAME: %{{[^:]*}}: tensor<?x4xi64>, %[[M:[^:]*]]: tensor<?x4xi64>
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%{{.*}} : tensor<4xi64>, %{{.*}} : tensor<4x4xi64>, %{{.*}} : tensor<4x4xi64>)
// CHECK: ctrl.branch
// CHECK: linalg.add
// CHECK: ctrl.yield
// CHECK: tensor.extract_slice %[[M]][%{{.*}}, 0] [%{{.*}}, 4]
func.func @residual(%x: tensor<?x4xi64>, %m: tensor<?x4xi64>, %n: index, %h: tensor<4xi64>) -> tensor<4xi64> {
  %e = tensor.empty() : tensor<4xi64>
  %r:4 = ctrl.loop %t to %n carry(%a = %h : tensor<4xi64>, %b = %h : tensor<4xi64>, %c = %h : tensor<4xi64>, %d = %h : tensor<4xi64>) {
    %x0 = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %mt = tensor.extract_slice %m[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %a1 = linalg.add ins(%x0, %a : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %a2 = linalg.mul ins(%a1, %mt : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %x1 = linalg.add ins(%x0, %a2 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b1 = linalg.add ins(%x1, %b : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b2 = linalg.mul ins(%b1, %mt : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %x2 = linalg.add ins(%x1, %b2 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %c1 = linalg.add ins(%x2, %c : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %c2 = linalg.mul ins(%c1, %mt : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %x3 = linalg.add ins(%x2, %c2 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %d1 = linalg.add ins(%x3, %d : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %d2 = linalg.mul ins(%d1, %mt : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    ctrl.next %a2, %b2, %c2, %d2 : tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<4xi64>
  }
  return %r#3 : tensor<4xi64>
}

// Left alone: one stage; stages that do not read each other; something that reads of two of them; stages that differ in
// an op; that start from tensors whose sizes are not known to be equal; a loop with a flag.
// CHECK-LABEL: func @refused(
// CHECK-NOT: affine.min
func.func @refused(%x: tensor<?x4xi64>, %n: index, %h: tensor<4xi64>, %go: i1, %d: tensor<?xi64>, %f: tensor<?xi64>) -> (tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<?xi64>, tensor<4xi64>) {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<4xi64>
  %one = ctrl.loop %t to %n carry(%a = %h : tensor<4xi64>) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %a1 = linalg.add ins(%xt, %a : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    ctrl.next %a1 : tensor<4xi64>
  }
  %apart:2 = ctrl.loop %t to %n carry(%a = %h : tensor<4xi64>, %b = %one : tensor<4xi64>) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %a1 = linalg.add ins(%xt, %a : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b1 = linalg.add ins(%xt, %b : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    ctrl.next %a1, %b1 : tensor<4xi64>, tensor<4xi64>
  }
  %both:3 = ctrl.loop %t to %n carry(%a = %apart#0 : tensor<4xi64>, %b = %apart#1 : tensor<4xi64>, %c = %h : tensor<4xi64>) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %a1 = linalg.add ins(%xt, %a : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b1 = linalg.add ins(%a1, %b : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %m = linalg.mul ins(%a1, %b1 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %c1 = linalg.sub ins(%c, %m : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    ctrl.next %a1, %b1, %c1 : tensor<4xi64>, tensor<4xi64>, tensor<4xi64>
  }
  %differ:2 = ctrl.loop %t to %n carry(%a = %both#0 : tensor<4xi64>, %b = %both#2 : tensor<4xi64>) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %a1 = linalg.add ins(%xt, %a : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b1 = linalg.sub ins(%a1, %b : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    ctrl.next %a1, %b1 : tensor<4xi64>, tensor<4xi64>
  }
  %size = tensor.dim %d, %c0 : tensor<?xi64>
  %q = tensor.empty(%size) : tensor<?xi64>
  %sizes:2 = ctrl.loop %t to %n carry(%a = %d : tensor<?xi64>, %b = %f : tensor<?xi64>) {
    %a1 = linalg.add ins(%d, %a : tensor<?xi64>, tensor<?xi64>) outs(%q : tensor<?xi64>) -> tensor<?xi64>
    %b1 = linalg.add ins(%a1, %b : tensor<?xi64>, tensor<?xi64>) outs(%q : tensor<?xi64>) -> tensor<?xi64>
    ctrl.next %a1, %b1 : tensor<?xi64>, tensor<?xi64>
  }
  %flag:2 = ctrl.loop %t to %n carry(%a = %h : tensor<4xi64>, %b = %h : tensor<4xi64>) while(%go) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<?x4xi64> to tensor<4xi64>
    %a1 = linalg.add ins(%xt, %a : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %b1 = linalg.add ins(%a1, %b : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %more = arith.cmpi ne, %t, %c0 : index
    ctrl.next while(%more) %a1, %b1 : tensor<4xi64>, tensor<4xi64>
  }
  return %one, %apart#0, %both#2, %differ#1, %sizes#1, %flag#1 : tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<?xi64>, tensor<4xi64>
}

// Loops of their own, of which the later one reads rows of what the earlier one put away, through a product of all rows: the
// product moves into the loop, as that of the first layer does. What nobody reads is not put away any more.
// CHECK-LABEL: func @apart(
// CHECK: ctrl.loop %[[WAVE:.*]] to %{{.*}} carry(%{{[^,]*}} : tensor<?x1x4xi64>, %[[I:.*]] = %{{.*}} : tensor<3x1x4xi64>) {
// CHECK: ctrl.branch
// CHECK: tensor.extract_slice %{{.*}}[%[[WAVE]], 0, 0] [1, 1, 4] [1, 1, 1] : tensor<?x1x4xi64> to tensor<1x4xi64>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x1x1x4xi64>, tensor<?x4x4xi64>)
// CHECK-NOT: ctrl.loop
// CHECK: return
func.func @apart(%x: tensor<?x1x4xi64>, %w: tensor<4x4xi64>, %v: tensor<4x4xi64>, %h: tensor<1x4xi64>) -> (tensor<?x1x4xi64>, tensor<1x4xi64>, tensor<1x4xi64>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i64
  %n = tensor.dim %x, %c0 : tensor<?x1x4xi64>
  %e = tensor.empty() : tensor<1x4xi64>
  %all = tensor.empty(%n) : tensor<?x1x4xi64>
  %zeros = linalg.fill ins(%zero : i64) outs(%all : tensor<?x1x4xi64>) -> tensor<?x1x4xi64>
  %p = linalg.generic {indexing_maps = [affine_map<(t, b, j, k) -> (t, b, k)>, affine_map<(t, b, j, k) -> (j, k)>, affine_map<(t, b, j, k) -> (t, b, j)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x1x4xi64>, tensor<4x4xi64>) outs(%zeros : tensor<?x1x4xi64>) {
  ^bb0(%a: i64, %b: i64, %o: i64):
    %m = arith.muli %a, %b : i64
    %s = arith.addi %o, %m : i64
    linalg.yield %s : i64
  } -> tensor<?x1x4xi64>
  %r:2 = ctrl.loop %t to %n carry(%h0 = %h : tensor<1x4xi64>, %y0 = %all : tensor<?x1x4xi64>) {
    %pt = tensor.extract_slice %p[%t, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<?x1x4xi64> to tensor<1x4xi64>
    %h1 = linalg.add ins(%pt, %h0 : tensor<1x4xi64>, tensor<1x4xi64>) outs(%e : tensor<1x4xi64>) -> tensor<1x4xi64>
    %y1 = tensor.insert_slice %h1 into %y0[%t, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<1x4xi64> into tensor<?x1x4xi64>
    ctrl.next %h1, %y1 : tensor<1x4xi64>, tensor<?x1x4xi64>
  }
  %q = linalg.generic {indexing_maps = [affine_map<(t, b, j, k) -> (t, b, k)>, affine_map<(t, b, j, k) -> (j, k)>, affine_map<(t, b, j, k) -> (t, b, j)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%r#1, %v : tensor<?x1x4xi64>, tensor<4x4xi64>) outs(%zeros : tensor<?x1x4xi64>) {
  ^bb0(%a: i64, %b: i64, %o: i64):
    %m = arith.muli %a, %b : i64
    %s = arith.addi %o, %m : i64
    linalg.yield %s : i64
  } -> tensor<?x1x4xi64>
  %u:2 = ctrl.loop %t to %n carry(%g0 = %h : tensor<1x4xi64>, %z0 = %all : tensor<?x1x4xi64>) {
    %qt = tensor.extract_slice %q[%t, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<?x1x4xi64> to tensor<1x4xi64>
    %g1 = linalg.add ins(%qt, %g0 : tensor<1x4xi64>, tensor<1x4xi64>) outs(%e : tensor<1x4xi64>) -> tensor<1x4xi64>
    %z1 = tensor.insert_slice %g1 into %z0[%t, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<1x4xi64> into tensor<?x1x4xi64>
    ctrl.next %g1, %z1 : tensor<1x4xi64>, tensor<?x1x4xi64>
  }
  return %u#1, %u#0, %r#0 : tensor<?x1x4xi64>, tensor<1x4xi64>, tensor<1x4xi64>
}

// Not joined: the later loop reads the rows in another order, or all of them.
// CHECK-LABEL: func @whole(
// CHECK-COUNT-2: ctrl.loop
// CHECK-NOT: affine.min
// CHECK: return
func.func @whole(%x: tensor<8x4xi64>, %h: tensor<4xi64>) -> tensor<4xi64> {
  %c8 = arith.constant 8 : index
  %c7 = arith.constant 7 : index
  %e = tensor.empty() : tensor<4xi64>
  %all = tensor.empty() : tensor<8x4xi64>
  %r:2 = ctrl.loop %t to %c8 carry(%h0 = %h : tensor<4xi64>, %y0 = %all : tensor<8x4xi64>) {
    %xt = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<8x4xi64> to tensor<4xi64>
    %h1 = linalg.add ins(%xt, %h0 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    %y1 = tensor.insert_slice %h1 into %y0[%t, 0] [1, 4] [1, 1] : tensor<4xi64> into tensor<8x4xi64>
    ctrl.next %h1, %y1 : tensor<4xi64>, tensor<8x4xi64>
  }
  %u = ctrl.loop %t to %c8 carry(%g0 = %h : tensor<4xi64>) {
    %back = arith.subi %c7, %t : index
    %yt = tensor.extract_slice %r#1[%back, 0] [1, 4] [1, 1] : tensor<8x4xi64> to tensor<4xi64>
    %g1 = linalg.add ins(%yt, %g0 : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi64>) -> tensor<4xi64>
    ctrl.next %g1 : tensor<4xi64>
  }
  return %u : tensor<4xi64>
}
