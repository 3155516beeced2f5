// RUN: passes-cost %s cost | FileCheck %s
// What crosses the boundaries of tiles: concatenations and slices read only what a tile covers; windows read their overlap.
module attributes {dlti.target_system_spec = #dlti.target_system_spec<"GPU" = #dlti.target_device_spec<
    "name" = "small", "host" = false, "compute_units" = 4 : i64, "threads" = 1024 : i64, "warp" = 32 : i64, "vector_bits" = 32 : i64,
    "registers" = 255 : i64, "launch_seconds" = 1.0e-6, "vector_peak" = #dlti.map<"f32" = 1.0e12>,
    "memory" = #dlti.map<"register" = #dlti.map<"capacity" = 262144, "instances" = 4, "bandwidth" = 1.0e13>,
                         "workgroup" = #dlti.map<"capacity" = 65536, "instances" = 4, "bandwidth" = 2.0e12>,
                         "global" = #dlti.map<"capacity" = 1000000000, "instances" = 1, "bandwidth" = 1.0e11, "read_transaction" = 32, "write_transaction" = 32>>>>} {

// Each source once, by whatever tiles, and the result once; rows of 32 bytes and, of the parts of tiles, of less.
// CHECK-LABEL: concat:
// CHECK: global: 4096 bytes, 2048 read, 192 transactions
// CHECK: least 4096
func.func @concat(%x: tensor<16x8xf32>, %y: tensor<16x24xf32>, %o: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = tile.graph "concat" ins(%a = %x : tensor<16x8xf32>, %b = %y : tensor<16x24xf32>) outs(%c = %o : tensor<16x32xf32>) schedule <[<workgroup [4, 8]>]> {
    %e = tensor.empty() : tensor<16x32xf32>
    %s = tensor.insert_slice %a into %e[0, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<16x32xf32>
    %k = tensor.insert_slice %b into %s[0, 8] [16, 24] [1, 1] : tensor<16x24xf32> into tensor<16x32xf32>
    tile.yield %k : tensor<16x32xf32>
  }
  return %r : tensor<16x32xf32>
}

// One half of an input, times the other (a gate): all of it, once.
// CHECK-LABEL: gate:
// CHECK: global: {{[0-9]+}} bytes, 8192 read
func.func @gate(%x: tensor<32x64xf32>, %o: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %r = tile.graph "gate" ins(%a = %x : tensor<32x64xf32>) outs(%c = %o : tensor<32x32xf32>) schedule <[<workgroup [4, 0]>]> {
    %s = tensor.extract_slice %a[0, 0] [32, 32] [1, 1] : tensor<32x64xf32> to tensor<32x32xf32>
    %t = tensor.extract_slice %a[0, 32] [32, 32] [1, 1] : tensor<32x64xf32> to tensor<32x32xf32>
    %k = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]} ins(%s, %t : tensor<32x32xf32>, tensor<32x32xf32>) outs(%c : tensor<32x32xf32>) {
    ^bb0(%i: f32, %l: f32, %j: f32):
      %q = arith.mulf %i, %l : f32
      linalg.yield %q : f32
    } -> tensor<32x32xf32>
    tile.yield %k : tensor<32x32xf32>
  }
  return %r : tensor<32x32xf32>
}

// 16 tiles of 9 x 9 x 8 elements for 4 x 4 results at stride 2, window 3.
// CHECK-LABEL: pooled:
// CHECK: items 16
// CHECK: global: {{[0-9]+}} bytes, 41472 read
// CHECK: recomputed 0
func.func @pooled(%x: tensor<1x33x33x8xf32>, %o: tensor<1x16x16x8xf32>) -> tensor<1x16x16x8xf32> {
  %r = tile.graph "pooled" ins(%a = %x : tensor<1x33x33x8xf32>) outs(%c = %o : tensor<1x16x16x8xf32>) schedule <[<workgroup [1, 4, 4, 8]>]> {
    %z = arith.constant 0.0 : f32
    %win = tensor.empty() : tensor<3x3xf32>
    %f = linalg.fill ins(%z : f32) outs(%c : tensor<1x16x16x8xf32>) -> tensor<1x16x16x8xf32>
    %k = linalg.pooling_nhwc_max {strides = dense<2> : tensor<2xi64>} ins(%a, %win : tensor<1x33x33x8xf32>, tensor<3x3xf32>) outs(%f : tensor<1x16x16x8xf32>) -> tensor<1x16x16x8xf32>
    tile.yield %k : tensor<1x16x16x8xf32>
  }
  return %r : tensor<1x16x16x8xf32>
}

// Tiles that do not divide: 3 of 16 rows cover 40, and what they read is 40 rows.
// CHECK-LABEL: tail:
// CHECK: items 3
// CHECK: global: {{[0-9]+}} bytes, 5120 read
func.func @tail(%x: tensor<40x32xf32>, %o: tensor<40x32xf32>) -> tensor<40x32xf32> {
  %r = tile.graph "tail" ins(%a = %x : tensor<40x32xf32>) outs(%c = %o : tensor<40x32xf32>) schedule <[<workgroup [16, 0]>]> {
    %k = linalg.exp ins(%a : tensor<40x32xf32>) outs(%c : tensor<40x32xf32>) -> tensor<40x32xf32>
    tile.yield %k : tensor<40x32xf32>
  }
  return %r : tensor<40x32xf32>
}

// A gather reads an element at a time.
// CHECK-LABEL: gather:
// CHECK: global: {{[0-9]+}} bytes, 2560 read, {{.*}}footprint 0
func.func @gather(%x: tensor<16xi64>, %t: tensor<1000x32xf32>, %o: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = tile.graph "gather" ins(%a = %x : tensor<16xi64>, %b = %t : tensor<1000x32xf32>) outs(%c = %o : tensor<16x32xf32>) schedule <[<workgroup [4, 8]>]> {
    %k = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<16xi64>) outs(%c : tensor<16x32xf32>) {
    ^bb0(%i: i64, %j: f32):
      %row = arith.index_cast %i : i64 to index
      %col = linalg.index 1 : index
      %v = tensor.extract %b[%row, %col] : tensor<1000x32xf32>
      linalg.yield %v : f32
    } -> tensor<16x32xf32>
    tile.yield %k : tensor<16x32xf32>
  }
  return %r : tensor<16x32xf32>
}
}
