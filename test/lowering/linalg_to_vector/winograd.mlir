// RUN: dl-opt %s --pass-pipeline='builtin.module(tile-lower-winograd)' --split-input-file | FileCheck %s
// RUN: not dl-opt %s --pass-pipeline='builtin.module(tile-lower-winograd{vector-bits=48})' --split-input-file 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: tile-lower-winograd: vector-bits must be a power of two from 32 to 512

#in = affine_map<(n, y, x, f, c, i, j) -> (n, y + i, x + j, c)>
#w = affine_map<(n, y, x, f, c, i, j) -> (c, i, j, f)>
#out = affine_map<(n, y, x, f, c, i, j) -> (n, y, x, f)>
#channel = affine_map<(n, y, x, f) -> (f)>
#all = affine_map<(n, y, x, f) -> (n, y, x, f)>
#panel = affine_map<(i) -> (16 * i)>

// The item's panel of the transformed filter; the bias is where the output starts; a tile at the end of each row is
// narrower.
// CHECK: memref.global "private" constant @__winograd_0 : memref<3x16x16x16xf32> = dense_resource<winograd_{{[0-9]+}}>
// CHECK-LABEL: func @bias
// CHECK: %[[U:.*]] = memref.get_global @__winograd_0
// CHECK: ctrl.task (%[[I:.*]]) in (3) ins({{.*}}, %[[W:.*]] = %[[U]] : memref<3x16x16x16xf32>, %[[B:.*]] = %
// CHECK-NOT: linalg.yield %{{.*}} : f32
// CHECK: %[[V:.*]] = memref.alloc() {{.*}} : memref<{{.*}}xf32>
// CHECK: %[[M:.*]] = memref.alloc() {{.*}} : memref<{{.*}}xf32>
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-16: vector.store {{.*}}, %[[V]]
// CHECK: %[[P:.*]] = memref.subview %[[W]][%{{.*}}, 0, 0, 0] [1, 16, 16, 16]
// CHECK: linalg.fill
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[P]] :
// CHECK-COUNT-16: vector.load %[[M]]
// CHECK: vector.load %{{.*}} : memref<16xf32, {{.*}}>, vector<16xf32>
// CHECK: vector.store %{{.*}}, %{{.*}} : memref<1x4x3x16xf32
memref.global "private" constant @filter : memref<16x3x3x48xf32> = dense<0.5>
func.func @bias(%x: memref<1x6x5x16xf32>, %b: memref<48xf32>, %y: memref<1x4x3x48xf32>) {
  %g = memref.get_global @filter : memref<16x3x3x48xf32>
  ctrl.task (%i) in (3) ins(%xs = %x : memref<1x6x5x16xf32>, %ws = %g : memref<16x3x3x48xf32>, %bs = %b : memref<48xf32>) outs(%ys = %y : memref<1x4x3x48xf32>) {
    %f = affine.apply #panel(%i)
    %v = memref.subview %ws[0, 0, 0, %f] [16, 3, 3, 16] [1, 1, 1, 1] : memref<16x3x3x48xf32> to memref<16x3x3x16xf32, strided<[432, 144, 48, 1], offset: ?>>
    %c = memref.subview %bs[%f] [16] [1] : memref<48xf32> to memref<16xf32, strided<[1], offset: ?>>
    %o = memref.subview %ys[0, 0, 0, %f] [1, 4, 3, 16] [1, 1, 1, 1] : memref<1x4x3x48xf32> to memref<1x4x3x16xf32, strided<[576, 144, 48, 1], offset: ?>>
    linalg.generic {indexing_maps = [#channel, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c : memref<16xf32, strided<[1], offset: ?>>) outs(%o : memref<1x4x3x16xf32, strided<[576, 144, 48, 1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    }
    linalg.generic {indexing_maps = [#in, #w, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%xs, %v : memref<1x6x5x16xf32>, memref<16x3x3x16xf32, strided<[432, 144, 48, 1], offset: ?>>) outs(%o : memref<1x4x3x16xf32, strided<[576, 144, 48, 1], offset: ?>>) attrs = {tile.winograd = 2 : i64} {
    ^bb0(%in: f32, %filter: f32, %out: f32):
      %p = arith.mulf %in, %filter : f32
      %s = arith.addf %out, %p : f32
      linalg.yield %s : f32
    }
  }
  return
}

// -----

// A filter that is no constant, and one that another op reads too, stay.
#in = affine_map<(n, y, x, f, c, i, j) -> (n, y + i, x + j, c)>
#w = affine_map<(n, y, x, f, c, i, j) -> (c, i, j, f)>
#out = affine_map<(n, y, x, f, c, i, j) -> (n, y, x, f)>
// CHECK-LABEL: func @stays
// CHECK: linalg.generic
// CHECK-SAME: tile.winograd = 2
// CHECK-NOT: vector.load
func.func @stays(%x: memref<1x6x6x16xf32>, %g: memref<16x3x3x16xf32>, %y: memref<1x4x4x16xf32>) {
  ctrl.task (%i) in (1) ins(%xs = %x : memref<1x6x6x16xf32>, %ws = %g : memref<16x3x3x16xf32>) outs(%ys = %y : memref<1x4x4x16xf32>) {
    linalg.generic {indexing_maps = [#in, #w, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%xs, %ws : memref<1x6x6x16xf32>, memref<16x3x3x16xf32>) outs(%ys : memref<1x4x4x16xf32>) attrs = {tile.winograd = 2 : i64} {
    ^bb0(%in: f32, %filter: f32, %out: f32):
      %p = arith.mulf %in, %filter : f32
      %s = arith.addf %out, %p : f32
      linalg.yield %s : f32
    }
  }
  return
}
