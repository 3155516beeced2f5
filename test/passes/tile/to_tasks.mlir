// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-to-tasks,cse,canonicalize))' -split-input-file -verify-diagnostics | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func @tiled
// CHECK: ctrl.task (%[[I:.*]], %[[J:.*]]) in (4, 2) ins(%[[X:.*]] = %{{.*}} : tensor<64x128xf32>) outs(%[[O:.*]] = %{{.*}} : tensor<64x128xf32>)
// CHECK: tensor.extract_slice %[[X]]{{.*}} [16, 64]
// CHECK: ctrl.in_parallel
// CHECK-NEXT: tensor.parallel_insert_slice {{.*}} into %[[O]]{{.*}} [16, 64]
func.func @tiled(%a: tensor<64x128xf32>, %out: tensor<64x128xf32>) -> tensor<64x128xf32> {
  %r = tile.graph "exp" ins(%x = %a : tensor<64x128xf32>) outs(%o = %out : tensor<64x128xf32>) schedule #tile.schedule<[<workgroup[16, 64]>]> {
    %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<64x128xf32>) outs(%o : tensor<64x128xf32>) {
    ^bb0(%v: f32, %w: f32):
      %e = math.exp %v : f32
      linalg.yield %e : f32
    } -> tensor<64x128xf32>
    tile.yield %g : tensor<64x128xf32>
  }
  return %r : tensor<64x128xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A dynamic extent makes a dynamic grid; the last tile may be smaller.
// CHECK-LABEL: func @dynamic
// CHECK: %[[N:.*]] = arith.ceildivsi
// CHECK: ctrl.task (%{{.*}}) in (%[[N]])
// CHECK: affine.min
func.func @dynamic(%a: tensor<?x128xf32>, %out: tensor<?x128xf32>) -> tensor<?x128xf32> {
  %r = tile.graph "exp" ins(%x = %a : tensor<?x128xf32>) outs(%o = %out : tensor<?x128xf32>) schedule #tile.schedule<[<workgroup[16, 0]>]> {
    %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<?x128xf32>) outs(%o : tensor<?x128xf32>) {
    ^bb0(%v: f32, %w: f32):
      %e = math.exp %v : f32
      linalg.yield %e : f32
    } -> tensor<?x128xf32>
    tile.yield %g : tensor<?x128xf32>
  }
  return %r : tensor<?x128xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// Nothing to tile: one item.
// CHECK-LABEL: func @scalar
// CHECK: ctrl.task (%{{.*}}) in (1)
// CHECK: tensor.parallel_insert_slice
func.func @scalar(%a: tensor<64xf32>, %out: tensor<f32>) -> tensor<f32> {
  %r = tile.graph "sum" ins(%x = %a : tensor<64xf32>) outs(%o = %out : tensor<f32>) {
    %g = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<64xf32>) outs(%o : tensor<f32>) {
    ^bb0(%v: f32, %w: f32):
      %e = arith.addf %v, %w : f32
      linalg.yield %e : f32
    } -> tensor<f32>
    tile.yield %g : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// A fresh tensor that is read keeps the size it has outside: the task gets it as an operand.
// CHECK-LABEL: func @read_empty
// CHECK: %[[E:.*]] = tensor.empty
// CHECK: ctrl.task
// CHECK-SAME: = %[[E]] : tensor<?xf32>
// CHECK-NOT: tensor.empty
// CHECK: return
func.func @read_empty(%n: index) -> tensor<?xf32> {
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tensor.empty(%n) : tensor<?xf32>
  %r = tile.graph ins(%x = %e : tensor<?xf32>) outs(%y = %o : tensor<?xf32>) schedule #tile.schedule<[<workgroup[64]>]> {
    %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.negf %a : f32
      linalg.yield %s : f32
    } -> tensor<?xf32>
    tile.yield %m : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// An input that is read through an edge at(workgroup) is copied: the columns of the item.
// CHECK-LABEL: func @panel
// CHECK: ctrl.task
// CHECK: %[[S:.*]] = tensor.extract_slice %{{.*}} [256, 64] [1, 1]
// CHECK: %[[P:.*]] = linalg.copy ins(%[[S]] : tensor<256x64xf32>) outs(%{{.*}} : tensor<256x64xf32>)
// CHECK: linalg.matmul ins(%{{.*}}, %[[P]]
func.func @panel(%a: tensor<512x256xf32>, %b: tensor<256x512xf32>, %c: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %r = tile.graph ins(%x = %a : tensor<512x256xf32>, %y = %b : tensor<256x512xf32>) outs(%o = %c : tensor<512x512xf32>) schedule #tile.schedule<[<workgroup [512, 64]>]> {
    %e = tile.edge %y at(workgroup) : tensor<256x512xf32>
    %m = linalg.matmul ins(%x, %e : tensor<512x256xf32>, tensor<256x512xf32>) outs(%o : tensor<512x512xf32>) -> tensor<512x512xf32>
    tile.yield %m : tensor<512x512xf32>
  }
  return %r : tensor<512x512xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#one = affine_map<(d0) -> (d0)>

// A stream: a loop over its steps in each item, one of code of its own for what is left, and no more steps than those
// that change something. Places are those of the whole.
// CHECK-LABEL: func @stream
// CHECK: ctrl.task (%[[I:.*]]) in (32)
// CHECK: %[[FULL:.*]] = arith.minsi
// CHECK: %[[A:.*]] = scf.for %[[K:.*]] = %{{.*}} to %[[FULL]] step %{{.*}} -> (tensor<8xf32>)
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, %[[K]]] [8, 64] [1, 1]
// CHECK: %[[PLACE:.*]] = linalg.index 1
// CHECK: arith.addi %[[PLACE]], %[[K]]
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[A]])
// CHECK: [8, 36] [1, 1]
// CHECK: ctrl.in_parallel
func.func @stream(%a: tensor<256x100xf32>, %e: tensor<256xf32>) -> tensor<256xf32> {
  %r = tile.graph ins(%x = %a : tensor<256x100xf32>) outs(%o = %e : tensor<256xf32>) schedule #tile.schedule<[<workgroup[8] step[64]>]> {
    %zero = arith.constant 0.0 : f32
    %f = tensor.empty() : tensor<256xf32>
    %z = linalg.fill ins(%zero : f32) outs(%f : tensor<256xf32>) -> tensor<256xf32>
    %s = tile.reduce ins(%y = %x : tensor<256x100xf32> along 1) inits(%acc = %z : tensor<256xf32>) attributes {until = affine_map<(d0) -> (d0 + 1)>} {
      %n = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%y : tensor<256x?xf32>) outs(%acc : tensor<256xf32>) {
      ^bb0(%p: f32, %q: f32):
        %i = linalg.index 0 : index
        %k = linalg.index 1 : index
        %c = arith.cmpi sle, %k, %i : index
        %v = arith.select %c, %p, %zero : f32
        %t = arith.addf %q, %v : f32
        linalg.yield %t : f32
      } -> tensor<256xf32>
      tile.yield %n : tensor<256xf32>
    }
    %u = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%s : tensor<256xf32>) outs(%o : tensor<256xf32>) {
    ^bb0(%p: f32, %q: f32):
      linalg.yield %p : f32
    } -> tensor<256xf32>
    tile.yield %u : tensor<256xf32>
  }
  return %r : tensor<256xf32>
}

// -----

func.func @exchange(%a: tensor<66x64xf32>, %out: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %r = tile.graph ins(%x = %a : tensor<66x64xf32>) outs(%o = %out : tensor<64x64xf32>) schedule #tile.schedule<[<workgroup[16, 64]>]> {
    // expected-error @below {{of halos 'exchange' has no lowering}}
    %e = tile.edge %x at(workgroup) halo <exchange dims [0]> : tensor<66x64xf32>
    %g = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0 + 1, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%e : tensor<66x64xf32>) outs(%o : tensor<64x64xf32>) {
    ^bb0(%i: f32, %j: f32):
      linalg.yield %i : f32
    } -> tensor<64x64xf32>
    tile.yield %g : tensor<64x64xf32>
  }
  return %r : tensor<64x64xf32>
}

// -----

#two = affine_map<(d0, d1, d2) -> (d0, d2)>
#three = affine_map<(d0, d1, d2) -> (d2, d1)>
#out = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @stored_by_steps(%a: tensor<64x64xf32>, %w: tensor<64x64xf32>, %o: tensor<64x64xf32>, %o2: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  // expected-error @below {{a value that is kept and stored is not made by steps or strips}}
  %r:2 = tile.graph ins(%x = %a : tensor<64x64xf32>, %v = %w : tensor<64x64xf32>) outs(%p = %o : tensor<64x64xf32>, %q = %o2 : tensor<64x64xf32>) schedule #tile.schedule<[<workgroup[16, 0] step[32]>]> {
    %s = linalg.exp ins(%x : tensor<64x64xf32>) outs(%q : tensor<64x64xf32>) -> tensor<64x64xf32>
    %e = tile.edge %s at(workgroup) : tensor<64x64xf32>
    %m = linalg.generic {indexing_maps = [#two, #three, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%e, %v : tensor<64x64xf32>, tensor<64x64xf32>) outs(%p : tensor<64x64xf32>) {
    ^bb0(%i: f32, %j: f32, %k: f32):
      %t = arith.mulf %i, %j : f32
      %u = arith.addf %k, %t : f32
      linalg.yield %u : f32
    } -> tensor<64x64xf32>
    tile.yield %m, %s : tensor<64x64xf32>, tensor<64x64xf32>
  }
  return %r#0, %r#1 : tensor<64x64xf32>, tensor<64x64xf32>
}

// -----

func.func @many(%x: tensor<8xf32>, %o0: tensor<8xf32>, %o1: tensor<8xf32>, %o2: tensor<8xf32>, %o3: tensor<8xf32>, %o4: tensor<8xf32>, %o5: tensor<8xf32>, %o6: tensor<8xf32>, %o7: tensor<8xf32>, %o8: tensor<8xf32>, %o9: tensor<8xf32>, %o10: tensor<8xf32>, %o11: tensor<8xf32>, %o12: tensor<8xf32>, %o13: tensor<8xf32>, %o14: tensor<8xf32>, %o15: tensor<8xf32>, %o16: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // expected-error @below {{tile-to-tasks: more than 16 results}}
  %r:17 = tile.graph ins(%a = %x : tensor<8xf32>) outs(%p0 = %o0 : tensor<8xf32>, %p1 = %o1 : tensor<8xf32>, %p2 = %o2 : tensor<8xf32>, %p3 = %o3 : tensor<8xf32>, %p4 = %o4 : tensor<8xf32>, %p5 = %o5 : tensor<8xf32>, %p6 = %o6 : tensor<8xf32>, %p7 = %o7 : tensor<8xf32>, %p8 = %o8 : tensor<8xf32>, %p9 = %o9 : tensor<8xf32>, %p10 = %o10 : tensor<8xf32>, %p11 = %o11 : tensor<8xf32>, %p12 = %o12 : tensor<8xf32>, %p13 = %o13 : tensor<8xf32>, %p14 = %o14 : tensor<8xf32>, %p15 = %o15 : tensor<8xf32>, %p16 = %o16 : tensor<8xf32>) {
    tile.yield %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }
  return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5, %r#6, %r#7, %r#8, %r#9, %r#10, %r#11, %r#12, %r#13, %r#14, %r#15, %r#16 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}
