// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{halo=line}))' | FileCheck %s --check-prefix=LINE
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{halo=recompute}))' | FileCheck %s --check-prefix=RECOMPUTE
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{halo=line explain=true}))' | dl-opt --tile-report -o /dev/null | FileCheck %s --check-prefix=REPORT
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{halo=some}))' 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// What windows read of the border around a product is kept from strip to strip: rows of the strip and two more.
// LINE: schedule #tile.schedule<[<l2[0, {{[1-9][0-9]*}}, 0, 0]>, <workgroup[0, {{[1-9][0-9]*}}, 0, 0]>]>
// LINE: tile.edge %{{.*}} at(workgroup) : tensor<1x60x30x32xf32>
// LINE: tile.edge %{{.*}} at(workgroup) halo <line dims[1] rows {{[0-9]+}}> : tensor<1x62x32x32xf32>
// RECOMPUTE: schedule #tile.schedule<[<workgroup[
// RECOMPUTE-NOT: halo
// REPORT: at l2 in strips of [1, {{[0-9]+}}, 30, 32]
// REPORT: overlap 2 along 1 made once: its reader keeps rows
// REPORT: overlap 2 along 1 in a line buffer
// REPORT: candidate {{[0-9]+}}: [1, {{[0-9]+}}, 0, 0] in bands of [1, {{[0-9]+}}, 0, 0] {{.*}}, strips
// UNKNOWN: halo=some is neither cost, line nor recompute
func.func @strips(%x: tensor<1x60x30x16xf32>, %w: tensor<1x1x16x32xf32>, %v: tensor<3x3x32xf32>) -> tensor<1x60x30x32xf32> {
  %o = tensor.empty() : tensor<1x60x30x32xf32>
  %r = tile.graph ins(%a = %x : tensor<1x60x30x16xf32>, %b = %w : tensor<1x1x16x32xf32>, %c = %v : tensor<3x3x32xf32>) outs(%d = %o : tensor<1x60x30x32xf32>) {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x60x30x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x60x30x16xf32>, tensor<1x1x16x32xf32>) outs(%f : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %k = tile.edge %p at(workgroup) : tensor<1x60x30x32xf32>
    %e1 = tensor.empty() : tensor<1x62x32x32xf32>
    %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<1x62x32x32xf32>) -> tensor<1x62x32x32xf32>
    %q = tensor.insert_slice %k into %f1[0, 1, 1, 0] [1, 60, 30, 32] [1, 1, 1, 1] : tensor<1x60x30x32xf32> into tensor<1x62x32x32xf32>
    %k1 = tile.edge %q at(workgroup) : tensor<1x62x32x32xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    %t = linalg.depthwise_conv_2d_nhwc_hwc ins(%k1, %c : tensor<1x62x32x32xf32>, tensor<3x3x32xf32>) outs(%g : tensor<1x60x30x32xf32>) -> tensor<1x60x30x32xf32>
    tile.yield %t : tensor<1x60x30x32xf32>
  }
  return %r : tensor<1x60x30x32xf32>
}
