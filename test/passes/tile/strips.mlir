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
