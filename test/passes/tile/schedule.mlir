// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{explain=true}))' --split-input-file | FileCheck %s --check-prefix=EXPLAIN
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{candidate=2}))' --split-input-file | FileCheck %s --check-prefix=SECOND
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{by=rules}))' --split-input-file | FileCheck %s --check-prefix=RULES
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{by=luck}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=LUCK
// LUCK: by=luck is neither cost nor rules
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{panel-bytes=524288}))' --split-input-file | FileCheck %s --check-prefix=PANEL
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-schedule{elements=0}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: elements, workers and panel-columns are at least 1

// Every cut of rows reads the right operand once more, every cut of columns the left one: the tile becomes a square.
// CHECK-LABEL: func @square
// CHECK: #tile.schedule<[<workgroup[128, 128]>]>

// The right operand is too large to stay near and is read again for every row: each item copies its 64 columns of it.
// PANEL-LABEL: func @square
// PANEL: #tile.schedule<[<workgroup[1024, 64]>]>
// PANEL: %[[P:.*]] = tile.edge %{{.*}} at(workgroup) : tensor<1024x1024xf32>
// PANEL: linalg.matmul ins(%{{.*}}, %[[P]]
func.func @square(%a: tensor<1024x1024xf32>, %b: tensor<1024x1024xf32>, %c: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
  %r = tile.graph ins(%x = %a : tensor<1024x1024xf32>, %y = %b : tensor<1024x1024xf32>) outs(%o = %c : tensor<1024x1024xf32>) {
    %m = linalg.matmul ins(%x, %y : tensor<1024x1024xf32>, tensor<1024x1024xf32>) outs(%o : tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    tile.yield %m : tensor<1024x1024xf32>
  }
  return %r : tensor<1024x1024xf32>
}

// -----

// Not for few rows.
// PANEL-LABEL: func @few_rows
// PANEL-NOT: tile.edge
// PANEL: return
// CHECK-LABEL: func @few_rows
func.func @few_rows(%a: tensor<8x1024xf32>, %b: tensor<1024x512xf32>, %c: tensor<8x512xf32>) -> tensor<8x512xf32> {
  %r = tile.graph ins(%x = %a : tensor<8x1024xf32>, %y = %b : tensor<1024x512xf32>) outs(%o = %c : tensor<8x512xf32>) {
    %m = linalg.matmul ins(%x, %y : tensor<8x1024xf32>, tensor<1024x512xf32>) outs(%o : tensor<8x512xf32>) -> tensor<8x512xf32>
    tile.yield %m : tensor<8x512xf32>
  }
  return %r : tensor<8x512xf32>
}

// -----

// A panel must fit.
// PANEL-LABEL: func @deep
// PANEL-NOT: tile.edge
// PANEL: return
func.func @deep(%a: tensor<512x8192xf32>, %b: tensor<8192x512xf32>, %c: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %r = tile.graph ins(%x = %a : tensor<512x8192xf32>, %y = %b : tensor<8192x512xf32>) outs(%o = %c : tensor<512x512xf32>) {
    %m = linalg.matmul ins(%x, %y : tensor<512x8192xf32>, tensor<8192x512xf32>) outs(%o : tensor<512x512xf32>) -> tensor<512x512xf32>
    tile.yield %m : tensor<512x512xf32>
  }
  return %r : tensor<512x512xf32>
}

// -----

// The panels of a constant are made before the program runs: one row is enough, and any depth.
// PANEL-LABEL: func @constant
// PANEL: #tile.schedule<[<workgroup[1, 64]>]>
// PANEL: tile.edge %{{.*}} at(workgroup) : tensor<16384x512xf32>
func.func @constant(%a: tensor<1x16384xf32>, %c: tensor<1x512xf32>) -> tensor<1x512xf32> {
  %b = arith.constant dense_resource<__elided__> : tensor<16384x512xf32>
  %r = tile.graph ins(%x = %a : tensor<1x16384xf32>, %y = %b : tensor<16384x512xf32>) outs(%o = %c : tensor<1x512xf32>) {
    %m = linalg.matmul ins(%x, %y : tensor<1x16384xf32>, tensor<16384x512xf32>) outs(%o : tensor<1x512xf32>) -> tensor<1x512xf32>
    tile.yield %m : tensor<1x512xf32>
  }
  return %r : tensor<1x512xf32>
}

// -----

// A result without dimensions has no columns.
// PANEL-LABEL: func @dot
// PANEL-NOT: tile.edge
// PANEL: return
func.func @dot(%a: tensor<65536xf32>, %b: tensor<65536xf32>, %c: tensor<f32>) -> tensor<f32> {
  %r = tile.graph ins(%x = %a : tensor<65536xf32>, %y = %b : tensor<65536xf32>) outs(%o = %c : tensor<f32>) {
    %m = linalg.dot ins(%x, %y : tensor<65536xf32>, tensor<65536xf32>) outs(%o : tensor<f32>) -> tensor<f32>
    tile.yield %m : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

// One row, columns that nothing divides well: the rules make three items, which two cores do not share evenly.
// RULES-LABEL: func @row
// RULES: #tile.schedule<[<workgroup[0, 496]>]>
// EXPLAIN-LABEL: func @row
// EXPLAIN: tile.alternatives = ["[0, 128] {{.*}} us by global, search", "[0, 256] {{.*}}", {{.*}}"[0, 496] {{.*}}, rules"
// SECOND-LABEL: func @row
// SECOND: #tile.schedule<[<workgroup[0, 256]>]>
// CHECK-LABEL: func @row
// CHECK: #tile.schedule<[<workgroup[0, 128]>]>
func.func @row(%a: tensor<1x96xf32>, %b: tensor<96x1000xf32>, %c: tensor<1x1000xf32>) -> tensor<1x1000xf32> {
  %r = tile.graph ins(%x = %a : tensor<1x96xf32>, %y = %b : tensor<96x1000xf32>) outs(%o = %c : tensor<1x1000xf32>) {
    %m = linalg.matmul ins(%x, %y : tensor<1x96xf32>, tensor<96x1000xf32>) outs(%o : tensor<1x1000xf32>) -> tensor<1x1000xf32>
    tile.yield %m : tensor<1x1000xf32>
  }
  return %r : tensor<1x1000xf32>
}

// -----

// A large operand that meets few rows streams by whole rows, cut in two for two threads.
// PANEL-LABEL: func @streams
// PANEL: #tile.schedule<[<workgroup[0, 1024]>]>
// PANEL-NOT: tile.edge
// PANEL: return
func.func @streams(%a: tensor<1x1024xf32>, %b: tensor<1024x2048xf32>, %c: tensor<1x2048xf32>) -> tensor<1x2048xf32> {
  %r = tile.graph ins(%x = %a : tensor<1x1024xf32>, %y = %b : tensor<1024x2048xf32>) outs(%o = %c : tensor<1x2048xf32>) {
    %m = linalg.matmul ins(%x, %y : tensor<1x1024xf32>, tensor<1024x2048xf32>) outs(%o : tensor<1x2048xf32>) -> tensor<1x2048xf32>
    tile.yield %m : tensor<1x2048xf32>
  }
  return %r : tensor<1x2048xf32>
}

// -----

// The rows that a register tile needs are those of the image and of the columns in it together: there is an item for
// each thread also where the batch is one.
// RULES-LABEL: func @image
// RULES: #tile.schedule<[<workgroup[{{[0-9]+}}, 2, 0, 0]>]>
func.func @image(%a: tensor<?x14x14x384xf32>, %b: tensor<384x64xf32>, %c: tensor<?x14x14x64xf32>) -> tensor<?x14x14x64xf32> {
  %r = tile.graph ins(%x = %a : tensor<?x14x14x384xf32>, %y = %b : tensor<384x64xf32>) outs(%o = %c : tensor<?x14x14x64xf32>) {
    %m = linalg.generic {indexing_maps = [affine_map<(n, h, w, f, k) -> (n, h, w, k)>, affine_map<(n, h, w, f, k) -> (k, f)>, affine_map<(n, h, w, f, k) -> (n, h, w, f)>],
        iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%x, %y : tensor<?x14x14x384xf32>, tensor<384x64xf32>) outs(%o : tensor<?x14x14x64xf32>) {
    ^bb0(%i: f32, %j: f32, %s: f32):
      %p = arith.mulf %i, %j : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
    } -> tensor<?x14x14x64xf32>
    tile.yield %m : tensor<?x14x14x64xf32>
  }
  return %r : tensor<?x14x14x64xf32>
}

// -----

// Every cut of the image's dimensions reads the filter once more: the outermost is cut first, and rows stay whole.
// RULES-LABEL: func @outermost
// RULES: #tile.schedule<[<workgroup[1, {{[1-9]}}, 0, 0]>]>
func.func @outermost(%x: tensor<?x56x56x64xf32>, %w: tensor<64xf32>, %e: tensor<?x56x56x64xf32>) -> tensor<?x56x56x64xf32> {
  %r = tile.graph ins(%a = %x : tensor<?x56x56x64xf32>, %b = %w : tensor<64xf32>) outs(%o = %e : tensor<?x56x56x64xf32>) {
    %m = linalg.generic {indexing_maps = [affine_map<(n, y, x, c) -> (n, y, x, c)>, affine_map<(n, y, x, c) -> (c)>, affine_map<(n, y, x, c) -> (n, y, x, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a, %b : tensor<?x56x56x64xf32>, tensor<64xf32>) outs(%o : tensor<?x56x56x64xf32>) {
    ^bb0(%in: f32, %f: f32, %out: f32):
      %p = arith.mulf %in, %f : f32
      linalg.yield %p : f32
    } -> tensor<?x56x56x64xf32>
    tile.yield %m : tensor<?x56x56x64xf32>
  }
  return %r : tensor<?x56x56x64xf32>
}

// -----

// The root stores the columns of the product first: they are cut into panels all the same.
// PANEL-LABEL: func @columns_first
// PANEL: #tile.schedule<[<workgroup[64, {{64|128}}]>]>
// PANEL: tile.edge %{{.*}} at(workgroup) : tensor<512x1024xf32>
func.func @columns_first(%a: tensor<512x512xf32>, %e: tensor<1024x512xf32>) -> tensor<1024x512xf32> {
  %b = arith.constant dense_resource<weights> : tensor<512x1024xf32>
  %r = tile.graph ins(%x = %a : tensor<512x512xf32>, %y = %b : tensor<512x1024xf32>) outs(%o = %e : tensor<1024x512xf32>) {
    %i = tensor.empty() : tensor<512x1024xf32>
    %m = linalg.matmul ins(%x, %y : tensor<512x512xf32>, tensor<512x1024xf32>) outs(%i : tensor<512x1024xf32>) -> tensor<512x1024xf32>
    %k = tile.edge %m at(workgroup) : tensor<512x1024xf32>
    %t = linalg.transpose ins(%k : tensor<512x1024xf32>) outs(%o : tensor<1024x512xf32>) permutation = [1, 0]
    tile.yield %t : tensor<1024x512xf32>
  }
  return %r : tensor<1024x512xf32>
}
