// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-to-tasks,canonicalize,cse))' -split-input-file -verify-diagnostics | FileCheck %s

// A band of rows is gone through by strips of 4: of the border around the product 2 rows are kept, 4 are made.
// CHECK-LABEL: func @strips
// CHECK: ctrl.task (%{{.*}}, %[[BAND:.*]]) in (1, 3)
// CHECK: %[[FIRST:.*]] = tensor.insert_slice %{{.*}} into %{{.*}} : tensor<1x?x30x32xf32> into tensor<1x2x32x32xf32>
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c20 step %c4 iter_args(%[[OUT:.*]] = %{{.*}}, %[[KEPT:.*]] = %[[FIRST]]) -> (tensor<1x20x30x32xf32>, tensor<1x2x32x32xf32>)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<1x6x32x32xf32>
// CHECK: %[[OLD:.*]] = tensor.insert_slice %[[KEPT]] into %[[E]][0, 0, 0, 0] [1, 2, 32, 32]
// CHECK: linalg.conv_2d_nhwc_hwcf
// CHECK: %[[MADE:.*]] = tensor.insert_slice %{{.*}} : tensor<1x?x30x32xf32> into tensor<1x4x32x32xf32>
// CHECK: %[[ALL:.*]] = tensor.insert_slice %[[MADE]] into %[[OLD]][0, 2, 0, 0] [1, 4, 32, 32]
// CHECK: %[[START:.*]] = linalg.fill {{.*}} -> tensor<1x4x30x32xf32>
// CHECK: linalg.depthwise_conv_2d_nhwc_hwc ins(%[[ALL]], %{{.*}}) outs(%[[START]]
// CHECK: %[[LAST:.*]] = tensor.extract_slice %[[ALL]][0, 4, 0, 0] [1, 2, 32, 32]
// CHECK: %[[NEXT:.*]] = linalg.copy ins(%[[LAST]] : {{.*}}) outs(%[[KEPT]]
// CHECK: scf.yield %{{.*}}, %[[NEXT]]
func.func @strips(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 20, 0, 0]>, <workgroup [1, 4, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 6> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

// Neither do strips divide bands nor bands the rows: the last strips are shorter.
// CHECK-LABEL: func @rests
// CHECK: ctrl.task (%{{.*}}, %[[BAND:.*]]) in (1, 4)
// CHECK: %[[ROWS:.*]] = affine.min #{{.*}}(%[[BAND]])
// CHECK: scf.for %[[ROW:.*]] = %c0 to %[[ROWS]] step %c5
// CHECK: tensor.empty() : tensor<1x7x32x32xf32>
// CHECK: linalg.depthwise_conv_2d_nhwc_hwc ins(%{{.*}} : tensor<1x?x32x32xf32>
// CHECK: tensor.extract_slice %{{.*}}[0, 5, 0, 0] [1, 2, 32, 32] {{.*}} : tensor<1x7x32x32xf32>
func.func @rests(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 17, 0, 0]>, <workgroup [1, 5, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 7> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

// By steps of 32 channels: what is kept is carried through both loops with all 64, and a step takes and leaves its own.
// CHECK-LABEL: func @steps
// CHECK: ctrl.task (%{{.*}}) in (8)
// CHECK: scf.for %{{.*}} = %c0 to %c512 step %c128 iter_args(%{{.*}}, %[[KEPT:.*]] = %{{.*}}) -> (tensor<512x16xf32>, tensor<2x64xf32>)
// CHECK: scf.for %[[K:.*]] = %c0 to %c64 step %c32 iter_args(%{{.*}}, %[[INNER:.*]] = %[[KEPT]]) -> (tensor<128x16xf32>, tensor<2x64xf32>)
// CHECK: %[[OLD:.*]] = tensor.extract_slice %[[INNER]][0, %[[K]]] [2, 32]
// CHECK: tensor.insert_slice %[[OLD]] into %{{.*}}[0, 0] [2, 32] [1, 1] : tensor<2x32xf32> into tensor<130x32xf32>
// CHECK: linalg.matmul
// CHECK: %[[ALL:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[2, 0] [128, 32]
// CHECK: linalg.generic {{.*}} ins(%[[ALL]]
// CHECK: linalg.matmul
// CHECK: %[[LAST:.*]] = tensor.extract_slice %[[ALL]][128, 0] [2, 32]
// CHECK: %[[NEXT:.*]] = tensor.insert_slice %[[LAST]] into %[[INNER]][0, %[[K]]] [2, 32]
// CHECK: scf.yield %{{.*}}, %[[NEXT]]
func.func @steps(%a: tensor<4096x16xf32>, %b: tensor<16x64xf32>, %w: tensor<3x64xf32>, %c: tensor<64x16xf32>) -> tensor<4096x16xf32> {
  %e = tensor.empty() : tensor<4096x16xf32>
  %r = tile.graph ins(%x = %a : tensor<4096x16xf32>, %y = %b : tensor<16x64xf32>, %z = %w : tensor<3x64xf32>, %v = %c : tensor<64x16xf32>)
      outs(%o = %e : tensor<4096x16xf32>) schedule #tile.schedule<[<l2 [512, 0]>, <workgroup [128, 0] step [32]>]> {
    %zero = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<4096x64xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4096x64xf32>) -> tensor<4096x64xf32>
    %m = linalg.matmul ins(%x, %y : tensor<4096x16xf32>, tensor<16x64xf32>) outs(%f0 : tensor<4096x64xf32>) -> tensor<4096x64xf32>
    %k0 = tile.edge %m at(workgroup) : tensor<4096x64xf32>
    %e1 = tensor.empty() : tensor<4098x64xf32>
    %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4098x64xf32>) -> tensor<4098x64xf32>
    %p = tensor.insert_slice %k0 into %f1[1, 0] [4096, 64] [1, 1] : tensor<4096x64xf32> into tensor<4098x64xf32>
    %k1 = tile.edge %p at(workgroup) halo <line dims [0] rows 130> : tensor<4098x64xf32>
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

// -----

func.func @no_band(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<workgroup [1, 4, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    // expected-error @below {{the schedule has no bands of rows above strips}}
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 6> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

func.func @alike(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 4, 0, 0]>, <workgroup [1, 4, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    // expected-error @below {{strips and bands differ in no dimension}}
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 6> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

func.func @columns(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 20, 0, 0]>, <workgroup [1, 4, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    // expected-error @below {{its dimension does not move with the strips}}
    %k1 = tile.edge %q at(workgroup) halo <line dims [2] rows 6> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

func.func @rows(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 20, 0, 0]>, <workgroup [1, 4, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    // expected-error @below {{a line buffer of 3 rows for strips that take 6}}
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 3> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

func.func @border(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 20, 0, 0]>, <workgroup [1, 1, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    // expected-error @below {{of some strip all that is new is border}}
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 3> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}

// -----

func.func @parts(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) schedule <[<l2 [1, 20, 0, 0]>, <workgroup [1, 4, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    // expected-error @below {{a strip reads two parts of it}}
    %k1 = tile.edge %q at(workgroup) halo <line dims [1] rows 6> : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %kt = tile.edge %t at(workgroup) : tensor<1x60x30x32xf32>
    %s = linalg.generic {indexing_maps = [affine_map<(i, r, c, f) -> (i, r, c, f)>, affine_map<(i, r, c, f) -> (i, r + 1, c + 1, f)>, affine_map<(i, r, c, f) -> (i, r, c, f)>],
                         iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%kt, %k1 : tensor<1x60x30x32xf32>, tensor<1x62x32x32xf32>) outs(%d : tensor<1x60x30x32xf32>) {
    ^bb0(%m: f32, %n: f32, %y: f32):
      %sum = arith.addf %m, %n : f32
      linalg.yield %sum : f32
    } -> tensor<1x60x30x32xf32>
    tile.yield %s : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}
