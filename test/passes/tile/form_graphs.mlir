// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs,tile-schedule,canonicalize))' -split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{fusion=none}))' -split-input-file | FileCheck %s --check-prefix=NONE
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{fusion=register}))' -split-input-file | FileCheck %s --check-prefix=REGISTER
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{fusion=some}))' -split-input-file 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: unknown fusion 'some'; known are none, register and all

#id = affine_map<(d0, d1) -> (d0, d1)>
#col = affine_map<(d0, d1) -> (d1)>

// A product with its bias: one graph, the product an edge in workgroup memory. The weights are larger than the rows: columns are cut.
// NONE-LABEL: func @linear
// NONE-COUNT-2: tile.graph
// NONE-NOT: tile.graph
// NONE-LABEL: func @normalise
// NONE-COUNT-2: tile.graph
// REGISTER-LABEL: func @linear
// REGISTER-COUNT-1: tile.graph
// REGISTER-NOT: tile.graph
// CHECK-LABEL: func @linear
// CHECK: tile.graph {{.*}} schedule #tile.schedule<[<workgroup[0, 64]>]>
// CHECK: linalg.fill
// CHECK: %[[M:.*]] = linalg.matmul
// CHECK: tile.edge %[[M]] at({{ *}}workgroup)
// CHECK: linalg.generic
// CHECK: tile.yield
// CHECK-NOT: tile.graph
func.func @linear(%a: tensor<128x256xf32>, %b: tensor<256x512xf32>, %bias: tensor<512xf32>) -> tensor<128x512xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<128x512xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<128x512xf32>) -> tensor<128x512xf32>
  %m = linalg.matmul ins(%a, %b : tensor<128x256xf32>, tensor<256x512xf32>) outs(%f : tensor<128x512xf32>) -> tensor<128x512xf32>
  %r = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]} ins(%m, %bias : tensor<128x512xf32>, tensor<512xf32>) outs(%e : tensor<128x512xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<128x512xf32>
  return %r : tensor<128x512xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// x / sum(x): rows are independent, columns are not.
// A sum is read once for each column: it is no value of a register.
// REGISTER-LABEL: func @normalise
// REGISTER-COUNT-2: tile.graph
// CHECK-LABEL: func @normalise
// CHECK: tile.graph {{.*}} schedule #tile.schedule<[<workgroup[{{[1-9][0-9]*}}, 0]>]>
// CHECK-NOT: tile.graph
func.func @normalise(%x: tensor<128x512xf32>) -> tensor<128x512xf32> {
  %zero = arith.constant 0.0 : f32
  %re = tensor.empty() : tensor<128xf32>
  %si = linalg.fill ins(%zero : f32) outs(%re : tensor<128xf32>) -> tensor<128xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<128x512xf32>) outs(%si : tensor<128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<128xf32>
  %e = tensor.empty() : tensor<128x512xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : tensor<128x512xf32>, tensor<128xf32>) outs(%e : tensor<128x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<128x512xf32>
  return %r : tensor<128x512xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A product of a product: two graphs by the rules alone. Of both the tiles are rows, and by price that is one graph.
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{chains=false}))' -split-input-file | FileCheck %s --check-prefix=APART
// APART-LABEL: func @two_products
// APART-COUNT-2: tile.graph
// CHECK-LABEL: func @two_products
// CHECK: tile.graph {{.*}} schedule #tile.schedule<[<workgroup[{{[0-9]+}}, 0]>]>
// CHECK: %[[M:.*]] = linalg.matmul
// CHECK: tile.edge %[[M]] at({{ *}}workgroup)
// CHECK: linalg.matmul
// CHECK: tile.yield
// CHECK-NOT: tile.graph
func.func @two_products(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>
  %m = linalg.matmul ins(%a, %b : tensor<64x64xf32>, tensor<64x64xf32>) outs(%f : tensor<64x64xf32>) -> tensor<64x64xf32>
  %n = linalg.matmul ins(%m, %b : tensor<64x64xf32>, tensor<64x64xf32>) outs(%f : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %n : tensor<64x64xf32>
}

// -----

// The rows between are long: they do not stay near, and the right operands, read whole by each of few row tiles, do not
// either.
// CHECK-LABEL: func @long_rows
// CHECK-COUNT-2: tile.graph
// CHECK-LABEL: func @windows
func.func @long_rows(%a: tensor<64x1024xf32>, %b: tensor<1024x8192xf32>, %c: tensor<8192x1024xf32>) -> tensor<64x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x8192xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x8192xf32>) -> tensor<64x8192xf32>
  %m = linalg.matmul ins(%a, %b : tensor<64x1024xf32>, tensor<1024x8192xf32>) outs(%f : tensor<64x8192xf32>) -> tensor<64x8192xf32>
  %d = tensor.empty() : tensor<64x1024xf32>
  %g = linalg.fill ins(%zero : f32) outs(%d : tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %n = linalg.matmul ins(%m, %c : tensor<64x8192xf32>, tensor<8192x1024xf32>) outs(%g : tensor<64x1024xf32>) -> tensor<64x1024xf32>
  return %n : tensor<64x1024xf32>
}

#image = affine_map<(d0, d1, d2, d3) -> (d0 + d2, d3)>
#filter = affine_map<(d0, d1, d2, d3) -> (d2, d3, d1)>
#out = affine_map<(d0, d1, d2, d3) -> (d0, d1)>

// A convolution and the product that reads it: what lies between never leaves the tile.
// CHECK: tile.graph
// CHECK-NOT: tile.graph
// CHECK-LABEL: func @strips
func.func @windows(%a: tensor<4098x16xf32>, %w: tensor<3x16x16xf32>, %b: tensor<16x16xf32>) -> tensor<4096x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4096x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4096x16xf32>) -> tensor<4096x16xf32>
  %m = linalg.generic {indexing_maps = [#image, #filter, #out], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%a, %w : tensor<4098x16xf32>, tensor<3x16x16xf32>) outs(%f : tensor<4096x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<4096x16xf32>
  %n = linalg.matmul ins(%m, %b : tensor<4096x16xf32>, tensor<16x16xf32>) outs(%f : tensor<4096x16xf32>) -> tensor<4096x16xf32>
  return %n : tensor<4096x16xf32>
}

// Windows behind a border, of a product: tiles compute the rows that they share.
// CHECK: tile.graph
// CHECK: linalg.matmul
// CHECK: tensor.insert_slice
// CHECK: linalg.generic
// CHECK-NOT: tile.graph
// CHECK: return
func.func @strips(%a: tensor<65536x16xf32>, %b: tensor<16x64xf32>, %w: tensor<3x64xf32>) -> tensor<65536x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<65536x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<65536x64xf32>) -> tensor<65536x64xf32>
  %m = linalg.matmul ins(%a, %b : tensor<65536x16xf32>, tensor<16x64xf32>) outs(%f : tensor<65536x64xf32>) -> tensor<65536x64xf32>
  %d = tensor.empty() : tensor<65538x64xf32>
  %g = linalg.fill ins(%zero : f32) outs(%d : tensor<65538x64xf32>) -> tensor<65538x64xf32>
  %p = tensor.insert_slice %m into %g[1, 0] [65536, 64] [1, 1] : tensor<65536x64xf32> into tensor<65538x64xf32>
  %n = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0 + d2, d1)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%p, %w : tensor<65538x64xf32>, tensor<3x64xf32>) outs(%f : tensor<65536x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %q = arith.mulf %x, %y : f32
    %s = arith.addf %o, %q : f32
    linalg.yield %s : f32
  } -> tensor<65536x64xf32>
  return %n : tensor<65536x64xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// A fresh tensor that is read is an operand, with its own size, and not made again for a tile.
// CHECK-LABEL: func @read_empty
// CHECK: %[[E:.*]] = tensor.empty(%{{.*}}) : tensor<?xf32>
// CHECK: tile.graph {{.*}} ins({{.*}} = %[[E]]
// CHECK-NOT: tensor.empty
func.func @read_empty(%n: index) -> tensor<?xf32> {
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tensor.empty(%n) : tensor<?xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%e : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.negf %x : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}
