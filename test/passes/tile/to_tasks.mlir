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
