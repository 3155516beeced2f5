// RUN: passes-cost %s flow cost | FileCheck %s
// 1x1 convolution into a depthwise 3x3 one (the half-block of NAFNet and MobileNetV2). A tile of 8 x 16 rows and columns
// needs 10 x 18 of what is between: 180 / 128 times as much to compute. That is priced, not forbidden.
module attributes {dlti.target_system_spec = #dlti.target_system_spec<"GPU" = #dlti.target_device_spec<
    "name" = "small", "host" = false, "compute_units" = 4 : i64, "threads" = 1024 : i64, "warp" = 32 : i64, "vector_bits" = 32 : i64,
    "registers" = 255 : i64, "launch_seconds" = 1.0e-6, "vector_peak" = #dlti.map<"f32" = 1.0e12>,
    "memory" = #dlti.map<"register" = #dlti.map<"capacity" = 262144, "instances" = 4, "bandwidth" = 1.0e13>,
                         "workgroup" = #dlti.map<"capacity" = 65536, "instances" = 4, "bandwidth" = 2.0e12>,
                         "global" = #dlti.map<"capacity" = 1000000000, "instances" = 1, "bandwidth" = 1.0e11, "read_transaction" = 32, "write_transaction" = 32>>>>} {

// 32 items read 10 x 18 x 16 inputs and 16 x 16 + 9 x 16 weights: 419,840 bytes; 64 x 64 x 16 results: 262,144 bytes.
// At once in the workgroup: what is between, 11,520 bytes, and a step of the inputs of one of the two.
// CHECK-LABEL: recompute: 4 nodes on small
// CHECK: of linalg.conv_2d_nhwc_hwcf [i0 : 1, i1 : 10, i2 : 18, i3 : 16] at workgroup
// CHECK: in 0 [i0 : 1, i1 : 10, i2 : 18, 0 : 16]
// CHECK: items 32
// CHECK: workgroup: {{.*}} footprint 24064
// CHECK: global: 681984 bytes,
// 2 * 16 * 16 * 180 * 32 and 2 * 9 * 16 * 128 * 32 operations; once would be 2 * 16 * 16 * 66 * 66 of the first.
// CHECK: operations 4128768 recomputed 718848 stored 0
func.func @recompute(%x: tensor<1x66x66x16xf32>, %w: tensor<1x1x16x16xf32>, %v: tensor<3x3x16xf32>, %o: tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32> {
  %r = tile.graph "recompute" ins(%a = %x : tensor<1x66x66x16xf32>, %b = %w : tensor<1x1x16x16xf32>, %c = %v : tensor<3x3x16xf32>) outs(%d = %o : tensor<1x64x64x16xf32>) schedule <[<workgroup [1, 8, 16, 16]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x66x66x16xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x66x66x16xf32>, tensor<1x1x16x16xf32>) outs(%f : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %k = tile.edge %p at(workgroup) halo <recompute dims [1, 2]> : tensor<1x66x66x16xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    %q = linalg.depthwise_conv_2d_nhwc_hwc ins(%k, %c : tensor<1x66x66x16xf32>, tensor<3x3x16xf32>) outs(%g : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    tile.yield %q : tensor<1x64x64x16xf32>
  }
  return %r : tensor<1x64x64x16xf32>
}

// The same in strips of rows with a line buffer: a strip computes its new rows only, and holds those that it reads.
// CHECK-LABEL: line: 4 nodes
// CHECK: of linalg.conv_2d_nhwc_hwcf [i0 : 1, i1 : 8, i2 : 66, i3 : 16] at workgroup
// CHECK: in 0 [i0 : 1, i1 : 8, i2 : 66, 0 : 16]
// CHECK: operations {{[0-9]+}} recomputed 0 stored 0
// CHECK: , workgroup
func.func @line(%x: tensor<1x66x66x16xf32>, %w: tensor<1x1x16x16xf32>, %v: tensor<3x3x16xf32>, %o: tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32> {
  %r = tile.graph "line" ins(%a = %x : tensor<1x66x66x16xf32>, %b = %w : tensor<1x1x16x16xf32>, %c = %v : tensor<3x3x16xf32>) outs(%d = %o : tensor<1x64x64x16xf32>) schedule <[<workgroup [1, 8, 0, 0]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x66x66x16xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x66x66x16xf32>, tensor<1x1x16x16xf32>) outs(%f : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %k = tile.edge %p at(workgroup) halo <line dims [1] rows 10> : tensor<1x66x66x16xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    %q = linalg.depthwise_conv_2d_nhwc_hwc ins(%k, %c : tensor<1x66x66x16xf32>, tensor<3x3x16xf32>) outs(%g : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    tile.yield %q : tensor<1x64x64x16xf32>
  }
  return %r : tensor<1x64x64x16xf32>
}

// Not connected: what is between is stored as a whole, once, and read with its overlap.
// CHECK-LABEL: apart: 4 nodes
// CHECK: of linalg.conv_2d_nhwc_hwcf [i0 : 1, i1 : 8, i2 : 16, i3 : 16] at global
// CHECK: recomputed 0 stored 278784
func.func @apart(%x: tensor<1x66x66x16xf32>, %w: tensor<1x1x16x16xf32>, %v: tensor<3x3x16xf32>, %o: tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32> {
  %r = tile.graph "apart" ins(%a = %x : tensor<1x66x66x16xf32>, %b = %w : tensor<1x1x16x16xf32>, %c = %v : tensor<3x3x16xf32>) outs(%d = %o : tensor<1x64x64x16xf32>) schedule <[<workgroup [1, 8, 16, 16]>]> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<1x66x66x16xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %p = linalg.conv_2d_nhwc_hwcf ins(%a, %b : tensor<1x66x66x16xf32>, tensor<1x1x16x16xf32>) outs(%f : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    %q = linalg.depthwise_conv_2d_nhwc_hwc ins(%p, %c : tensor<1x66x66x16xf32>, tensor<3x3x16xf32>) outs(%g : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    tile.yield %q : tensor<1x64x64x16xf32>
  }
  return %r : tensor<1x64x64x16xf32>
}
}
