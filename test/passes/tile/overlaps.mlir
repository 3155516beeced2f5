// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-to-tasks,canonicalize,cse))' | FileCheck %s

// Products on both sides of windows behind a border, by steps of 32 of what lies between: each makes the rows of its
// tile and those that the windows reach beyond it, where there are any, between filled sides.
// CHECK-LABEL: func @strips
// CHECK: ctrl.task (%[[I:.*]]) in (32)
// CHECK-DAG: %[[LOW:.*]] = affine.max #{{.*}}(%[[I]])
// CHECK-DAG: %[[N:.*]] = affine.min #{{.*}}(%{{.*}})
// CHECK: %[[A:.*]] = tensor.extract_slice %{{.*}}[%[[LOW]], 0] [%{{.*}}, 16] {{.*}} : tensor<4096x16xf32> to tensor<?x16xf32>
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %c64 step %c32 iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<128x16xf32>)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<130x32xf32>
// CHECK: linalg.fill {{.*}} -> tensor<?x32xf32>
// CHECK: linalg.fill {{.*}} -> tensor<?x32xf32>
// CHECK: %[[M:.*]] = linalg.matmul ins(%[[A]], %{{.*}} : tensor<?x16xf32>, tensor<16x32xf32>)
// CHECK: %[[P:.*]] = tensor.insert_slice %[[M]] into %{{.*}} : tensor<?x32xf32> into tensor<130x32xf32>
// CHECK: %[[W:.*]] = linalg.generic {{.*}} ins(%[[P]], %{{.*}} : tensor<130x32xf32>, tensor<3x32xf32>) outs(%{{.*}} : tensor<128x32xf32>)
// CHECK: %[[S:.*]] = linalg.matmul ins(%[[W]], %{{.*}} : tensor<128x32xf32>, tensor<32x16xf32>) outs(%[[ACC]]
// CHECK: scf.yield %[[S]]
// CHECK-NOT: linalg.matmul
// CHECK: return
func.func @strips(%a: tensor<4096x16xf32>, %b: tensor<16x64xf32>, %w: tensor<3x64xf32>, %c: tensor<64x16xf32>) -> tensor<4096x16xf32> {
  %e = tensor.empty() : tensor<4096x16xf32>
  %r = tile.graph ins(%x = %a : tensor<4096x16xf32>, %y = %b : tensor<16x64xf32>, %z = %w : tensor<3x64xf32>, %v = %c : tensor<64x16xf32>)
      outs(%o = %e : tensor<4096x16xf32>) schedule #tile.schedule<[<workgroup [128, 0] step [32]>]> {
    %zero = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<4096x64xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4096x64xf32>) -> tensor<4096x64xf32>
    %m = linalg.matmul ins(%x, %y : tensor<4096x16xf32>, tensor<16x64xf32>) outs(%f0 : tensor<4096x64xf32>) -> tensor<4096x64xf32>
    %k0 = tile.edge %m at(workgroup) : tensor<4096x64xf32>
    %e1 = tensor.empty() : tensor<4098x64xf32>
    %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4098x64xf32>) -> tensor<4098x64xf32>
    %p = tensor.insert_slice %k0 into %f1[1, 0] [4096, 64] [1, 1] : tensor<4096x64xf32> into tensor<4098x64xf32>
    %k1 = tile.edge %p at(workgroup) : tensor<4098x64xf32>
    %f2 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4096x64xf32>) -> tensor<4096x64xf32>
    %d = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0 + d2, d1)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction"]} ins(%k1, %z : tensor<4098x64xf32>, tensor<3x64xf32>) outs(%f2 : tensor<4096x64xf32>) {
    ^bb0(%i: f32, %j: f32, %q: f32):
      %n = arith.mulf %i, %j : f32
      %s = arith.addf %q, %n : f32
      linalg.yield %s : f32
    } -> tensor<4096x64xf32>
    %k2 = tile.edge %d at(workgroup) : tensor<4096x64xf32>
    %f3 = linalg.fill ins(%zero : f32) outs(%o : tensor<4096x16xf32>) -> tensor<4096x16xf32>
    %t = linalg.matmul ins(%k2, %v : tensor<4096x64xf32>, tensor<64x16xf32>) outs(%f3 : tensor<4096x16xf32>) -> tensor<4096x16xf32>
    tile.yield %t : tensor<4096x16xf32>
  }
  return %r : tensor<4096x16xf32>
}

// A step is of the channels alone: the places of a window are no loop that runs by steps.
// CHECK-LABEL: func @channels
// CHECK: scf.for %{{.*}} = %{{.*}} to %c64 step %c32 iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<128x16xf32>)
// CHECK: linalg.matmul ins(%{{.*}} : tensor<130x16xf32>, tensor<16x32xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<130x32xf32>, tensor<3x32x16xf32>) outs(%[[ACC]] : tensor<128x16xf32>)
// CHECK: scf.yield
func.func @channels(%a: tensor<4098x16xf32>, %b: tensor<16x64xf32>, %w: tensor<3x64x16xf32>) -> tensor<4096x16xf32> {
  %e = tensor.empty() : tensor<4096x16xf32>
  %r = tile.graph ins(%x = %a : tensor<4098x16xf32>, %y = %b : tensor<16x64xf32>, %z = %w : tensor<3x64x16xf32>)
      outs(%o = %e : tensor<4096x16xf32>) schedule #tile.schedule<[<workgroup [128, 0] step [32]>]> {
    %zero = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<4098x64xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4098x64xf32>) -> tensor<4098x64xf32>
    %m = linalg.matmul ins(%x, %y : tensor<4098x16xf32>, tensor<16x64xf32>) outs(%f0 : tensor<4098x64xf32>) -> tensor<4098x64xf32>
    %k = tile.edge %m at(workgroup) : tensor<4098x64xf32>
    %f1 = linalg.fill ins(%zero : f32) outs(%o : tensor<4096x16xf32>) -> tensor<4096x16xf32>
    %d = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0 + d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%k, %z : tensor<4098x64xf32>, tensor<3x64x16xf32>) outs(%f1 : tensor<4096x16xf32>) {
    ^bb0(%i: f32, %j: f32, %q: f32):
      %n = arith.mulf %i, %j : f32
      %s = arith.addf %q, %n : f32
      linalg.yield %s : f32
    } -> tensor<4096x16xf32>
    tile.yield %d : tensor<4096x16xf32>
  }
  return %r : tensor<4096x16xf32>
}

// A step without a tile: one item.
// CHECK-LABEL: func @steps
// CHECK: ctrl.task (%{{.*}}) in (1)
// CHECK: scf.for %{{.*}} = %{{.*}} to %c64 step %c32 iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<8x16xf32>)
// CHECK: linalg.matmul ins(%{{.*}} : tensor<8x32xf32>, tensor<32x16xf32>) outs(%[[ACC]] : tensor<8x16xf32>)
func.func @steps(%a: tensor<8x64xf32>, %b: tensor<64x16xf32>) -> tensor<8x16xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %r = tile.graph ins(%x = %a : tensor<8x64xf32>, %y = %b : tensor<64x16xf32>) outs(%o = %e : tensor<8x16xf32>)
      schedule #tile.schedule<[<workgroup [0, 0] step [32]>]> {
    %m = linalg.matmul ins(%x, %y : tensor<8x64xf32>, tensor<64x16xf32>) outs(%o : tensor<8x16xf32>) -> tensor<8x16xf32>
    tile.yield %m : tensor<8x16xf32>
  }
  return %r : tensor<8x16xf32>
}
