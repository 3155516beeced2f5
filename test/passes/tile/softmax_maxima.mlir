// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-softmax-maxima))' -split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A NaN of the row makes its exponential, the sum and so the whole row NaN without the maximum's help.
// CHECK-LABEL: func @softmax
// CHECK-NOT: arith.maximumf
// CHECK: arith.maxnumf
// CHECK: math.exp
func.func @softmax(%x: tensor<8x512xf16>) -> tensor<8x512xf16> {
  %zero = arith.constant 0.0 : f16
  %low = arith.constant 0xFC00 : f16
  %re = tensor.empty() : tensor<8xf16>
  %e = tensor.empty() : tensor<8x512xf16>
  %mi = linalg.fill ins(%low : f16) outs(%re : tensor<8xf16>) -> tensor<8xf16>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x512xf16>) outs(%mi : tensor<8xf16>) {
  ^bb0(%a: f16, %o: f16):
    %s = arith.maximumf %a, %o : f16
    linalg.yield %s : f16
  } -> tensor<8xf16>
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %m : tensor<8x512xf16>, tensor<8xf16>) outs(%e : tensor<8x512xf16>) {
  ^bb0(%a: f16, %b: f16, %o: f16):
    %d = arith.subf %a, %b : f16
    %q = math.exp %d : f16
    linalg.yield %q : f16
  } -> tensor<8x512xf16>
  %li = linalg.fill ins(%zero : f16) outs(%re : tensor<8xf16>) -> tensor<8xf16>
  %l = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<8x512xf16>) outs(%li : tensor<8xf16>) {
  ^bb0(%a: f16, %o: f16):
    %s = arith.addf %a, %o : f16
    linalg.yield %s : f16
  } -> tensor<8xf16>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %l : tensor<8x512xf16>, tensor<8xf16>) outs(%e : tensor<8x512xf16>) {
  ^bb0(%a: f16, %b: f16, %o: f16):
    %q = arith.divf %a, %b : f16
    linalg.yield %q : f16
  } -> tensor<8x512xf16>
  return %r : tensor<8x512xf16>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// The maximum is a result as well: a NaN has to be seen.
// CHECK-LABEL: func @returned
// CHECK: arith.maximumf
func.func @returned(%x: tensor<8x512xf32>) -> (tensor<8x512xf32>, tensor<8xf32>) {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %re = tensor.empty() : tensor<8xf32>
  %e = tensor.empty() : tensor<8x512xf32>
  %mi = linalg.fill ins(%low : f32) outs(%re : tensor<8xf32>) -> tensor<8xf32>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x512xf32>) outs(%mi : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.maximumf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %m : tensor<8x512xf32>, tensor<8xf32>) outs(%e : tensor<8x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %q = math.exp %d : f32
    linalg.yield %q : f32
  } -> tensor<8x512xf32>
  %li = linalg.fill ins(%zero : f32) outs(%re : tensor<8xf32>) -> tensor<8xf32>
  %l = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<8x512xf32>) outs(%li : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %l : tensor<8x512xf32>, tensor<8xf32>) outs(%e : tensor<8x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<8x512xf32>
  return %r, %m : tensor<8x512xf32>, tensor<8xf32>
}
