// RUN: dl-opt %s --tile-set-device=device=h100 -o %t.mlir
// RUN: passes-cost %t.mlir cost | FileCheck %s
// RUN: passes-cost %t.mlir schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: passes-cost %S/halo.mlir schedule | FileCheck %s --check-prefix=WHOLE
// RUN: passes-cost %S/halo.mlir flow cost register | FileCheck %s --check-prefix=REGISTER
// RUN: passes-cost %S/halo.mlir flow cost global | FileCheck %s --check-prefix=GLOBAL

// Clusters of two items share what they read of B: 16 x 16 clusters ask for 256 rows and 256 columns of 4096 halves. Workgroup
// memory holds four stages of 128 x 64 and 64 x 256 halves, registers the accumulators of 64 x 256. The result is written once.
// CHECK-LABEL: hopper:
// CHECK-NEXT: items 512 waves 3.88
// CHECK-NEXT: workgroup: {{.*}} footprint 196608
// CHECK-NEXT: cluster: 0 bytes
// CHECK-NEXT: l2: 1140850688 bytes, 1073741824 read
// CHECK: operations 137438953472 recomputed 0
// CHECK: compute 143.25 {{.*}}, fits
func.func @main(%a: tensor<4096x4096xf16>, %b: tensor<4096x4096xf16>, %o: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> {
  %r = tile.graph "hopper" ins(%x = %a : tensor<4096x4096xf16>, %y = %b : tensor<4096x4096xf16>) outs(%c = %o : tensor<4096x4096xf32>)
      schedule <[<cluster [256, 256]>, <workgroup [128, 256] step [64] stages 4>, <register [64, 256] step [16]>] cluster [2, 1] order <grouped by 8>> {
    %z = arith.constant 0.0 : f32
    %f = linalg.fill ins(%z : f32) outs(%c : tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
    %k = linalg.matmul ins(%x, %y : tensor<4096x4096xf16>, tensor<4096x4096xf16>) outs(%f : tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
    tile.yield %k : tensor<4096x4096xf32>
  }
  return %r : tensor<4096x4096xf32>
}

// What is written reads the same.
// SCHEDULE: #tile.schedule<[<cluster[256, 256]>, <workgroup[128, 256] step[64] stages 4>, <register[64, 256] step[16]>] cluster[2, 1] order <grouped by 8>>
// WHOLE: line:
// WHOLE-NEXT: #tile.schedule<[<workgroup[0, 8, 0, 0]>]>

// A scheduler may ask for levels that no edge has yet.
// REGISTER: of linalg.conv_2d_nhwc_hwcf [i0 : 1, i1 : 10, i2 : 18, i3 : 16] at register
// REGISTER: stored 0
// GLOBAL: of linalg.conv_2d_nhwc_hwcf [i0 : 1, i1 : 8, i2 : 16, i3 : 16] at global
// GLOBAL: stored 278784
