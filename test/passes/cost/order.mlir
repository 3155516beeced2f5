// RUN: dl-opt %s --tile-set-device=device=a100 -o %t.row.mlir
// RUN: sed 's/ stages 3>\]>/ stages 3>] order <grouped by 8>>/' %s | dl-opt --tile-set-device=device=a100 -o %t.group.mlir
// RUN: passes-cost %t.row.mlir cost | FileCheck %s --check-prefix=ROW
// RUN: passes-cost %t.group.mlir cost | FileCheck %s --check-prefix=GROUP
// A matmul whose operands (268 MB each) are larger than the l2; 64 x 64 tiles, of which 108 run at once, in 37.9 waves. Row by
// row a wave needs all of B and 1.7 rows of tiles of A: 37.9 * 268 MB + 268 MB. In groups of 8 rows a wave needs 8 rows of tiles
// and 13.5 columns, 4.2 MB each: 37.9 * 21.5 * 4.2 MB.
// ROW: items 4096 waves 37.93
// ROW: l2: {{[0-9]+}} bytes, 34359738368 read
// ROW: global: {{[0-9]+}} bytes, 104490{{[0-9]+}} read
// GROUP: items 4096 waves 37.93
// GROUP: l2: {{[0-9]+}} bytes, 34359738368 read
// GROUP: global: {{[0-9]+}} bytes, 342006{{[0-9]+}} read
func.func @main(%a: tensor<8192x8192xf32>, %b: tensor<8192x8192xf32>, %o: tensor<8192x8192xf32>) -> tensor<8192x8192xf32> {
  %r = tile.graph "matmul" ins(%x = %a : tensor<8192x8192xf32>, %y = %b : tensor<8192x8192xf32>) outs(%c = %o : tensor<8192x8192xf32>) schedule <[<workgroup [128, 128] step [32] stages 3>]> {
    %z = arith.constant 0.0 : f32
    %f = linalg.fill ins(%z : f32) outs(%c : tensor<8192x8192xf32>) -> tensor<8192x8192xf32>
    %k = linalg.matmul ins(%x, %y : tensor<8192x8192xf32>, tensor<8192x8192xf32>) outs(%f : tensor<8192x8192xf32>) -> tensor<8192x8192xf32>
    tile.yield %k : tensor<8192x8192xf32>
  }
  return %r : tensor<8192x8192xf32>
}
