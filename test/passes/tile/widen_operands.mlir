// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-widen-operands))' --split-input-file | FileCheck %s

// CHECK-LABEL: func @product
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<64x128xf16>, %[[B:[a-z0-9]+]]: tensor<128x256xf16>
// CHECK: %[[W:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[A]] : tensor<64x128xf16>) outs(%{{.*}} : tensor<64x128xf32>)
// CHECK: arith.extf
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[W]], %[[B]] : tensor<64x128xf32>, tensor<128x256xf16>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[Y:.*]]: f16, %[[S:.*]]: f32):
// CHECK-NEXT: %[[YW:.*]] = arith.extf %[[Y]]
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[X]], %[[YW]]
// CHECK-NEXT: arith.addf %[[S]], %[[P]]
func.func @product(%a: tensor<64x128xf16>, %b: tensor<128x256xf16>, %o: tensor<64x256xf32>) -> tensor<64x256xf32> {
  %r = linalg.matmul ins(%a, %b : tensor<64x128xf16>, tensor<128x256xf16>) outs(%o : tensor<64x256xf32>) -> tensor<64x256xf32>
  return %r : tensor<64x256xf32>
}

// -----

#in = affine_map<(x, f, k, c) -> (x + k, c)>
#filter = affine_map<(x, f, k, c) -> (k, c, f)>
#out = affine_map<(x, f, k, c) -> (x, f)>

// The border is made again around what was widened.
// CHECK-LABEL: func @border
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<62x16xbf16>
// CHECK: %[[W:.*]] = linalg.generic {{.*}} ins(%[[A]] : tensor<62x16xbf16>) outs(%{{.*}} : tensor<62x16xf32>)
// CHECK: %[[B:.*]] = tensor.pad %[[W]] low[1, 0] high[1, 0]
// CHECK: linalg.generic {{.*}} ins(%[[B]], %{{.*}} : tensor<64x16xf32>, tensor<3x16x64xbf16>)
func.func @border(%a: tensor<62x16xbf16>, %w: tensor<3x16x64xbf16>, %o: tensor<62x64xf32>) -> tensor<62x64xf32> {
  %zero = arith.constant 0.0 : bf16
  %b = tensor.pad %a low[1, 0] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : bf16
  } : tensor<62x16xbf16> to tensor<64x16xbf16>
  %r = linalg.generic {indexing_maps = [#in, #filter, #out], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%b, %w : tensor<64x16xbf16>, tensor<3x16x64xbf16>) outs(%o : tensor<62x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %s: f32):
    %xw = arith.extf %x : bf16 to f32
    %yw = arith.extf %y : bf16 to f32
    %p = arith.mulf %xw, %yw : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<62x64xf32>
  return %r : tensor<62x64xf32>
}

// -----

// One row: every element is read but for a few panels. And what is of f32 already.
// CHECK-LABEL: func @row
// CHECK-NOT: linalg.generic
// CHECK: linalg.matmul
// CHECK: linalg.matmul
func.func @row(%a: tensor<1x128xf16>, %b: tensor<128x512xf16>, %o: tensor<1x512xf32>, %c: tensor<64x128xf32>, %d: tensor<128x512xf32>, %p: tensor<64x512xf32>) -> (tensor<1x512xf32>, tensor<64x512xf32>) {
  %r = linalg.matmul ins(%a, %b : tensor<1x128xf16>, tensor<128x512xf16>) outs(%o : tensor<1x512xf32>) -> tensor<1x512xf32>
  %s = linalg.matmul ins(%c, %d : tensor<64x128xf32>, tensor<128x512xf32>) outs(%p : tensor<64x512xf32>) -> tensor<64x512xf32>
  return %r, %s : tensor<1x512xf32>, tensor<64x512xf32>
}
