// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-softmax-reciprocals))' -split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// One division a row, a product an element.
// CHECK-LABEL: func @softmax
// CHECK: math.exp
// CHECK: %[[L:.*]] = linalg.generic {{.*}}reduction
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[L]] : tensor<?xf32>)
// CHECK: arith.divf %{{.*}}, %{{.*}}
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[R]] :
// CHECK: arith.mulf
// CHECK-NOT: arith.divf
func.func @softmax(%x: tensor<?x512xf32>) -> tensor<?x512xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %re = tensor.empty(%n) : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?x512xf32>
  %mi = linalg.fill ins(%low : f32) outs(%re : tensor<?xf32>) -> tensor<?xf32>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x512xf32>) outs(%mi : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.maximumf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %m : tensor<?x512xf32>, tensor<?xf32>) outs(%e : tensor<?x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %q = math.exp %d : f32
    linalg.yield %q : f32
  } -> tensor<?x512xf32>
  %li = linalg.fill ins(%zero : f32) outs(%re : tensor<?xf32>) -> tensor<?xf32>
  %l = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<?x512xf32>) outs(%li : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %l : tensor<?x512xf32>, tensor<?xf32>) outs(%e : tensor<?x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<?x512xf32>
  return %r : tensor<?x512xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Of any other divisor the reciprocal may overflow.
// CHECK-LABEL: func @quotient
// CHECK: arith.divf
// CHECK-NOT: arith.mulf
func.func @quotient(%x: tensor<8x512xf32>, %y: tensor<8xf32>) -> tensor<8x512xf32> {
  %e = tensor.empty() : tensor<8x512xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<8x512xf32>, tensor<8xf32>) outs(%e : tensor<8x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<8x512xf32>
  return %r : tensor<8x512xf32>
}
