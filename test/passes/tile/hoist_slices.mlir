// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-hoist-slices,canonicalize,cse))' --split-input-file | FileCheck %s

// The halves of a product with a bias and an exp behind it: each from its half of the constants.
// CHECK-LABEL: func @gate
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x2xf32>
// CHECK-NOT:   tensor.extract_slice
// CHECK-DAG:   %[[P:.*]] = linalg.matmul ins(%[[X]], %{{.*}} : tensor<?x2xf32>, tensor<2x3xf32>) outs(%{{.*}} : tensor<?x3xf32>)
// CHECK-DAG:   %[[A:.*]] = linalg.generic {{.*}} ins(%[[P]], %{{.*}} : tensor<?x3xf32>, tensor<3xf32>)
// CHECK-DAG:   %[[E:.*]] = linalg.exp ins(%[[A]] : tensor<?x3xf32>)
// CHECK-NOT:   tensor<?x6xf32>
// CHECK:       linalg.mul ins(%{{.*}}, %{{.*}} : tensor<?x3xf32>, tensor<?x3xf32>)
// CHECK-DAG:   part{{.*}}: "0x040000000000803F0000004000004040000020410000304100004041"
// CHECK-DAG:   part{{.*}}: "0x04000000000080400000A0400000C040000050410000604100007041"
// CHECK-DAG:   part{{.*}}: "0x040000000000803F0000004000004040"
#same = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @gate(%x: tensor<?x2xf32>, %n: index) -> tensor<?x3xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]]> : tensor<2x6xf32>
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<?x6xf32>
  %h = tensor.empty(%n) : tensor<?x3xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x6xf32>) -> tensor<?x6xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x6xf32>) outs(%z : tensor<?x6xf32>) -> tensor<?x6xf32>
  %b = linalg.generic {indexing_maps = [#same, #column, #same], iterator_types = ["parallel", "parallel"]} ins(%p, %c : tensor<?x6xf32>, tensor<6xf32>) outs(%e : tensor<?x6xf32>) {
  ^bb0(%a: f32, %d: f32, %o: f32):
    %s = arith.addf %a, %d : f32
    linalg.yield %s : f32
  } -> tensor<?x6xf32>
  %y = linalg.exp ins(%b : tensor<?x6xf32>) outs(%e : tensor<?x6xf32>) -> tensor<?x6xf32>
  %l = tensor.extract_slice %y[0, 0] [%n, 3] [1, 1] : tensor<?x6xf32> to tensor<?x3xf32>
  %r = tensor.extract_slice %y[0, 3] [%n, 3] [1, 1] : tensor<?x6xf32> to tensor<?x3xf32>
  %g = linalg.mul ins(%l, %r : tensor<?x3xf32>, tensor<?x3xf32>) outs(%h : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %g : tensor<?x3xf32>
}

// -----

// Through a pad and a depthwise window.
// CHECK-LABEL: func @windows
// CHECK-NOT:   tensor.extract_slice
// CHECK-DAG:   linalg.conv_2d_nchw_fchw ins(%{{.*}}, %{{.*}} : tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>)
// CHECK-DAG:   tensor.pad %{{.*}} low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK-DAG:   linalg.depthwise_conv_2d_nchw_chw ins(%{{.*}}, %{{.*}} : tensor<1x2x6x6xf32>, tensor<2x3x3xf32>)
// CHECK:       linalg.mul
func.func @windows(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<0.5> : tensor<4x3x1x1xf32>
  %k = arith.constant dense<0.25> : tensor<4x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4x4x4xf32>
  %h = tensor.empty() : tensor<1x2x4x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %p = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x3x4x4xf32>, tensor<4x3x1x1xf32>) outs(%z : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %q = tensor.pad %p low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %l: index, %m: index):
    tensor.yield %zero : f32
  } : tensor<1x4x4x4xf32> to tensor<1x4x6x6xf32>
  %d = linalg.depthwise_conv_2d_nchw_chw ins(%q, %k : tensor<1x4x6x6xf32>, tensor<4x3x3xf32>) outs(%z : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %l = tensor.extract_slice %d[0, 0, 0, 0] [1, 2, 4, 4] [1, 1, 1, 1] : tensor<1x4x4x4xf32> to tensor<1x2x4x4xf32>
  %r = tensor.extract_slice %d[0, 2, 0, 0] [1, 2, 4, 4] [1, 1, 1, 1] : tensor<1x4x4x4xf32> to tensor<1x2x4x4xf32>
  %g = linalg.mul ins(%l, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) outs(%h : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %g : tensor<1x2x4x4xf32>
}

// -----

// A constant that is read along its rows and along its columns is cut for one of them only.
// CHECK-LABEL: func @twice
// CHECK: %[[P:.*]] = linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<4x2xf32>, tensor<2x2xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[P]], %{{.*}}, %{{.*}} : tensor<4x2xf32>, tensor<2xf32>, tensor<4xf32>)
#both = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#across = affine_map<(i, j) -> (j)>
func.func @twice(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<0.5> : tensor<2x4xf32>
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %h = tensor.empty() : tensor<4x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = linalg.generic {indexing_maps = [#both, #across, #row, #both], iterator_types = ["parallel", "parallel"]} ins(%p, %c, %c : tensor<4x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %d: f32, %f: f32, %o: f32):
    %s = arith.addf %a, %d : f32
    %t = arith.mulf %s, %f : f32
    linalg.yield %t : f32
  } -> tensor<4x4xf32>
  %l = tensor.extract_slice %b[0, 0] [4, 2] [1, 1] : tensor<4x4xf32> to tensor<4x2xf32>
  %r = tensor.extract_slice %b[0, 2] [4, 2] [1, 1] : tensor<4x4xf32> to tensor<4x2xf32>
  %g = linalg.mul ins(%l, %r : tensor<4x2xf32>, tensor<4x2xf32>) outs(%h : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %g : tensor<4x2xf32>
}

// -----

// Rows of another number than the product has: not the halves of a gate.
// CHECK-LABEL: func @fewer_rows
// CHECK-COUNT-2: tensor.extract_slice
func.func @fewer_rows(%x: tensor<?x2xf32>, %n: index, %m: index) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %w = arith.constant dense<0.5> : tensor<2x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x4xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  %l = tensor.extract_slice %p[0, 0] [%m, 2] [1, 1] : tensor<?x4xf32> to tensor<?x2xf32>
  %r = tensor.extract_slice %p[0, 2] [%m, 2] [1, 1] : tensor<?x4xf32> to tensor<?x2xf32>
  return %l, %r : tensor<?x2xf32>, tensor<?x2xf32>
}

// -----

// Left alone: four parts; halves of something that is read elsewhere as well; halves along the reduced operand's rows.
// CHECK-LABEL: func @others
// CHECK-COUNT-8: tensor.extract_slice
func.func @others(%x: tensor<4x2xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x4xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %w = arith.constant dense<0.5> : tensor<2x4xf32>
  %v = arith.constant dense<0.25> : tensor<2x4xf32>
  %u = arith.constant dense<0.75> : tensor<2x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %a = tensor.extract_slice %p[0, 0] [4, 1] [1, 1] : tensor<4x4xf32> to tensor<4x1xf32>
  %b = tensor.extract_slice %p[0, 1] [4, 1] [1, 1] : tensor<4x4xf32> to tensor<4x1xf32>
  %c = tensor.extract_slice %p[0, 2] [4, 1] [1, 1] : tensor<4x4xf32> to tensor<4x1xf32>
  %d = tensor.extract_slice %p[0, 3] [4, 1] [1, 1] : tensor<4x4xf32> to tensor<4x1xf32>
  %q = linalg.matmul ins(%x, %v : tensor<4x2xf32>, tensor<2x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %f = tensor.extract_slice %q[0, 0] [4, 2] [1, 1] : tensor<4x4xf32> to tensor<4x2xf32>
  %g = tensor.extract_slice %q[0, 2] [4, 2] [1, 1] : tensor<4x4xf32> to tensor<4x2xf32>
  %r = linalg.matmul ins(%x, %u : tensor<4x2xf32>, tensor<2x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %h = tensor.extract_slice %r[0, 0] [2, 4] [1, 1] : tensor<4x4xf32> to tensor<2x4xf32>
  %i = tensor.extract_slice %r[2, 0] [2, 4] [1, 1] : tensor<4x4xf32> to tensor<2x4xf32>
  return %a, %b, %c, %d, %q, %f, %g, %h, %i : tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x4xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}
