// RUN: passes-cost %s flow | FileCheck %s
// What a tile of the root needs of every value: "form : size" a dimension, i0 where the tile begins in dimension 0.

#map = affine_map<(d0, d1) -> (d0, d1)>
#swap = affine_map<(d0, d1) -> (d1, d0)>
#row = affine_map<(d0, d1) -> (d0)>

// Convolution: strides and dilations. i4: the step, along the channels, here whole; windows are no steps.
// CHECK-LABEL: strided:
// CHECK: of linalg.conv_2d_nhwc_hwcf stored [i0 : 1, i1 : 4, i2 : 8, i3 : 16]
// CHECK-NEXT: in 0 [i0 : 1, 2 i1 : 9, 3 i2 : 26, i4 : 8]
// CHECK-NEXT: in 1 [0 : 3, 0 : 3, i4 : 8, i3 : 16]
func.func @strided(%x: tensor<2x33x64x8xf32>, %w: tensor<3x3x8x32xf32>, %o: tensor<2x16x20x32xf32>) -> tensor<2x16x20x32xf32> {
  %r = tile.graph "strided" ins(%a = %x : tensor<2x33x64x8xf32>, %b = %w : tensor<3x3x8x32xf32>) outs(%c = %o : tensor<2x16x20x32xf32>) schedule <[<workgroup [1, 4, 8, 16]>]> {
    %z = arith.constant 0.0 : f32
    %f = linalg.fill ins(%z : f32) outs(%c : tensor<2x16x20x32xf32>) -> tensor<2x16x20x32xf32>
    %k = linalg.conv_2d_nhwc_hwcf {strides = dense<[2, 3]> : tensor<2xi64>, dilations = dense<[1, 2]> : tensor<2xi64>} ins(%a, %b : tensor<2x33x64x8xf32>, tensor<3x3x8x32xf32>) outs(%f : tensor<2x16x20x32xf32>) -> tensor<2x16x20x32xf32>
    tile.yield %k : tensor<2x16x20x32xf32>
  }
  return %r : tensor<2x16x20x32xf32>
}

// Pooling, and its window operand that holds no data.
// CHECK-LABEL: pooled:
// CHECK: of linalg.pooling_nhwc_max stored [i0 : 1, i1 : 4, i2 : 4, i3 : 8]
// CHECK-NEXT: in 0 [i0 : 1, 2 i1 : 9, 2 i2 : 9, i3 : 8]
// CHECK-NOT: in
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

// A value with two users that need different parts: the hull; kept in the tile and stored as well (what
// no tile needs would be missing: here the first column).
// CHECK-LABEL: hull:
// CHECK: of linalg.generic stored [i0 : 8, i1 : 8] at global
// CHECK-NEXT: of linalg.generic not all stored shared [i0 : 11, i1 + 1 : 10] at workgroup
// CHECK-NEXT: in 0 [i0 : 11, i1 + 1 : 10]
func.func @hull(%x: tensor<19x19xf32>, %o: tensor<16x16xf32>, %p: tensor<19x19xf32>) -> (tensor<16x16xf32>, tensor<19x19xf32>) {
  %r:2 = tile.graph "hull" ins(%a = %x : tensor<19x19xf32>) outs(%c = %o : tensor<16x16xf32>, %d = %p : tensor<19x19xf32>) schedule <[<workgroup [8, 8]>]> {
    %e = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<19x19xf32>) outs(%d : tensor<19x19xf32>) {
    ^bb0(%i: f32, %j: f32):
      %q = math.exp %i : f32
      linalg.yield %q : f32
    } -> tensor<19x19xf32>
    %k = tile.edge %e at(workgroup) : tensor<19x19xf32>
    %s = tensor.extract_slice %k[0, 1] [16, 16] [1, 1] : tensor<19x19xf32> to tensor<16x16xf32>
    %t = tensor.extract_slice %k[3, 3] [16, 16] [1, 1] : tensor<19x19xf32> to tensor<16x16xf32>
    %m = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%s, %t : tensor<16x16xf32>, tensor<16x16xf32>) outs(%c : tensor<16x16xf32>) {
    ^bb0(%i: f32, %l: f32, %j: f32):
      %q = arith.addf %i, %l : f32
      linalg.yield %q : f32
    } -> tensor<16x16xf32>
    tile.yield %m, %e : tensor<16x16xf32>, tensor<19x19xf32>
  }
  return %r#0, %r#1 : tensor<16x16xf32>, tensor<19x19xf32>
}

// A transposed read; a tile of the merged dimension as rows of the split one; of a split one as a range of the merged one.
// CHECK-LABEL: reshaped:
// CHECK: in 0 [i1 / 8 : 2, 0 : 8, i0 : 4]
// CHECK-NEXT: in 1 [8 i0 : 32]
func.func @reshaped(%x: tensor<4x8x16xf32>, %y: tensor<512xf32>, %o: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = tile.graph "reshaped" ins(%a = %x : tensor<4x8x16xf32>, %b = %y : tensor<512xf32>) outs(%c = %o : tensor<16x32xf32>) schedule <[<workgroup [4, 16]>]> {
    %m = tensor.collapse_shape %a [[0, 1], [2]] : tensor<4x8x16xf32> into tensor<32x16xf32>
    %n = tensor.extract_slice %b[0] [128] [1] : tensor<512xf32> to tensor<128xf32>
    %s = tensor.expand_shape %n [[0, 1]] output_shape [16, 8] : tensor<128xf32> into tensor<16x8xf32>
    %k = linalg.generic {indexing_maps = [#swap, affine_map<(d0, d1) -> (d0, d1 mod 8)>, #map], iterator_types = ["parallel", "parallel"]} ins(%m, %s : tensor<32x16xf32>, tensor<16x8xf32>) outs(%c : tensor<16x32xf32>) {
    ^bb0(%i: f32, %l: f32, %j: f32):
      %q = arith.addf %i, %l : f32
      linalg.yield %q : f32
    } -> tensor<16x32xf32>
    tile.yield %k : tensor<16x32xf32>
  }
  return %r : tensor<16x32xf32>
}

// Concatenation by insertions, and by its own op: a tile needs of each source its share on average. The fresh tensor is nothing.
// CHECK-LABEL: concat:
// CHECK: of tensor.concat stored [i0 : 4, i1 : 8]
// CHECK: in 0 [i0 : 4, i1 : 8 of 0.25]
// CHECK: in 1 [i0 : 4, i1 + -8 : 8 of 0.75]
func.func @concat(%x: tensor<16x8xf32>, %y: tensor<16x24xf32>, %o: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = tile.graph "concat" ins(%a = %x : tensor<16x8xf32>, %b = %y : tensor<16x24xf32>) outs(%c = %o : tensor<16x32xf32>) schedule <[<workgroup [4, 8]>]> {
    %k = tensor.concat dim(1) %a, %b : (tensor<16x8xf32>, tensor<16x24xf32>) -> tensor<16x32xf32>
    tile.yield %k : tensor<16x32xf32>
  }
  return %r : tensor<16x32xf32>
}
// CHECK-LABEL: insert:
// CHECK: of tensor.insert_slice stored [i0 : 16, i1 : 32]
// CHECK-NEXT: in 1 [i0 : 16, i1 + -8 : 24 of 0.75]
// CHECK-NEXT: in 0 [i0 : 16, i1 : 8 of 0.25]
func.func @insert(%x: tensor<16x8xf32>, %y: tensor<16x24xf32>, %o: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = tile.graph "insert" ins(%a = %x : tensor<16x8xf32>, %b = %y : tensor<16x24xf32>) outs(%c = %o : tensor<16x32xf32>) schedule <[<workgroup [0, 0]>]> {
    %e = tensor.empty() : tensor<16x32xf32>
    %s = tensor.insert_slice %a into %e[0, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<16x32xf32>
    %k = tensor.insert_slice %b into %s[0, 8] [16, 24] [1, 1] : tensor<16x24xf32> into tensor<16x32xf32>
    tile.yield %k : tensor<16x32xf32>
  }
  return %r : tensor<16x32xf32>
}

// A pad shifts; a reduction with several results shares one loop box; a gather needs all of what it indexes.
// CHECK-LABEL: padded:
// CHECK: of tensor.pad stored [i0 : 4, i1 : 8]
// CHECK: in 0 [i0 + -2 : 4 of 0.80, i1 + -1 : 8 of 0.94]
func.func @padded(%x: tensor<16x30xf32>, %o: tensor<20x32xf32>) -> tensor<20x32xf32> {
  %r = tile.graph "padded" ins(%a = %x : tensor<16x30xf32>) outs(%c = %o : tensor<20x32xf32>) schedule <[<workgroup [4, 8]>]> {
    %z = arith.constant 0.0 : f32
    %k = tensor.pad %a low[2, 1] high[2, 1] {
    ^bb0(%i: index, %j: index):
      tensor.yield %z : f32
    } : tensor<16x30xf32> to tensor<20x32xf32>
    tile.yield %k : tensor<20x32xf32>
  }
  return %r : tensor<20x32xf32>
}
// CHECK-LABEL: several:
// CHECK: of linalg.generic stored [i0 : 4] at global
// CHECK: of linalg.generic stored [i0 : 4] at global
// CHECK: in 0 [i0 : 4, i1 : 32]
func.func @several(%x: tensor<16x32xf32>, %o: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %r:2 = tile.graph "several" ins(%a = %x : tensor<16x32xf32>) outs(%c = %o : tensor<16xf32>, %d = %o : tensor<16xf32>) schedule <[<workgroup [4]>]> {
    %z = arith.constant 0.0 : f32
    %f = linalg.fill ins(%z : f32) outs(%c : tensor<16xf32>) -> tensor<16xf32>
    %g = linalg.fill ins(%z : f32) outs(%d : tensor<16xf32>) -> tensor<16xf32>
    %k:2 = linalg.generic {indexing_maps = [#map, #row, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<16x32xf32>) outs(%f, %g : tensor<16xf32>, tensor<16xf32>) {
    ^bb0(%i: f32, %j: f32, %l: f32):
      %q = arith.addf %i, %j : f32
      %t = arith.maximumf %i, %l : f32
      linalg.yield %q, %t : f32, f32
    } -> (tensor<16xf32>, tensor<16xf32>)
    tile.yield %k#0, %k#1 : tensor<16xf32>, tensor<16xf32>
  }
  return %r#0, %r#1 : tensor<16xf32>, tensor<16xf32>
}
// CHECK-LABEL: gather:
// CHECK: in 0 [i0 : 4]
// CHECK: in 1 gathered [0 : 1000, 0 : 32]
func.func @gather(%x: tensor<16xi64>, %t: tensor<1000x32xf32>, %o: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = tile.graph "gather" ins(%a = %x : tensor<16xi64>, %b = %t : tensor<1000x32xf32>) outs(%c = %o : tensor<16x32xf32>) schedule <[<workgroup [4, 8]>]> {
    %k = linalg.generic {indexing_maps = [#row, #map], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<16xi64>) outs(%c : tensor<16x32xf32>) {
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

// A streamed reduction: its inputs follow the step, the dimension after the root's.
// CHECK-LABEL: streamed:
// CHECK: of linalg.generic [i0 : 4, i2 : 32] at workgroup
// CHECK-NEXT: in 2 [i2 : 32, i1 : 8]
// CHECK-NEXT: in 0 [i0 : 4, 0 : 8]
// CHECK-NEXT: in 1 [i2 : 32, 0 : 8]
func.func @streamed(%q: tensor<16x8xf32>, %kk: tensor<128x8xf32>, %vv: tensor<128x8xf32>, %o: tensor<16x8xf32>) -> tensor<16x8xf32> {
  %r = tile.graph "streamed" ins(%a = %q : tensor<16x8xf32>, %b = %kk : tensor<128x8xf32>, %v = %vv : tensor<128x8xf32>) outs(%c = %o : tensor<16x8xf32>) schedule <[<workgroup [4, 0] step [32]>]> {
    %z = arith.constant 0.0 : f32
    %f = linalg.fill ins(%z : f32) outs(%c : tensor<16x8xf32>) -> tensor<16x8xf32>
    %k = tile.reduce ins(%qa = %a : tensor<16x8xf32>, %ka = %b : tensor<128x8xf32> along 0, %va = %v : tensor<128x8xf32> along 0) inits(%acc = %f : tensor<16x8xf32>) {
      %c0 = arith.constant 0 : index
      %zero = arith.constant 0.0 : f32
      %n = tensor.dim %ka, %c0 : tensor<?x8xf32>
      %e = tensor.empty(%n) : tensor<16x?xf32>
      %s0 = linalg.fill ins(%zero : f32) outs(%e : tensor<16x?xf32>) -> tensor<16x?xf32>
      %s = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%qa, %ka : tensor<16x8xf32>, tensor<?x8xf32>) outs(%s0 : tensor<16x?xf32>) {
      ^bb0(%i: f32, %j: f32, %l: f32):
        %p = arith.mulf %i, %j : f32
        %t = arith.addf %l, %p : f32
        linalg.yield %t : f32
      } -> tensor<16x?xf32>
      %d = linalg.matmul ins(%s, %va : tensor<16x?xf32>, tensor<?x8xf32>) outs(%acc : tensor<16x8xf32>) -> tensor<16x8xf32>
      tile.yield %d : tensor<16x8xf32>
    }
    tile.yield %k : tensor<16x8xf32>
  }
  return %r : tensor<16x8xf32>
}
