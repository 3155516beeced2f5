// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-choose-layouts,canonicalize,cse))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-choose-layouts{least=17},canonicalize,cse))' --split-input-file | FileCheck %s --check-prefix=FEW

#bias = affine_map<(d0, d1, d2, d3) -> (d1)>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// A convolution, its bias, a pad, a slice and reshapes keep the channels last; the result of the function does not.
// CHECK: #[[IN:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d1 + d5, d2 + d6)>
// CHECK: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
// CHECK-LABEL: func @conv
// CHECK: dense<5.000000e-01> : tensor<3x3x3x16xf32>
// CHECK: %[[I:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x8x8x16xf32>)
// CHECK: %[[R:.*]] = linalg.generic {indexing_maps = [#[[IN]], #[[W]], {{.*}} outs(%[[I]] : tensor<1x8x8x16xf32>)
// CHECK: %[[P:.*]] = tensor.pad %{{.*}} low[0, 1, 1, 0] high[0, 1, 1, 0]
// CHECK: %[[S:.*]] = tensor.extract_slice %[[P]][0, 1, 2, 0] [1, 4, 4, 16]
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[S]] : {{.*}} permutation = [0, 3, 1, 2]
// CHECK: return %[[T]]
// FEW: linalg.conv_2d_nchw_fchw
func.func @conv(%x: tensor<1x3x10x10xf32>) -> tensor<1x16x4x4xf32> {
  %w = arith.constant dense<0.5> : tensor<16x3x3x3xf32>
  %b = arith.constant dense<0.25> : tensor<16xf32>
  %e = tensor.empty() : tensor<1x16x8x8xf32>
  %i = linalg.generic {indexing_maps = [#bias, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%b : tensor<16xf32>) outs(%e : tensor<1x16x8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<1x16x8x8xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x3x10x10xf32>, tensor<16x3x3x3xf32>) outs(%i : tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %r low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a1: index, %a2: index, %a3: index, %a4: index):
    tensor.yield %z : f32
  } : tensor<1x16x8x8xf32> to tensor<1x16x10x10xf32>
  %s = tensor.extract_slice %p[0, 0, 1, 2][1, 16, 4, 4][1, 1, 1, 1] : tensor<1x16x10x10xf32> to tensor<1x16x4x4xf32>
  %c = tensor.collapse_shape %s [[0], [1], [2, 3]] : tensor<1x16x4x4xf32> into tensor<1x16x16xf32>
  %d = tensor.expand_shape %c [[0], [1], [2, 3]] output_shape [1, 16, 4, 4] : tensor<1x16x16xf32> into tensor<1x16x4x4xf32>
  return %d : tensor<1x16x4x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#left = affine_map<(d0, d1, d2, d3) -> (d1, d3)>
#right = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
#out = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// A constant on the left: its bytes are permuted now. A sum over pixels needs no transposition, a transposition none
// either, an index follows its loop, a constant addend is permuted as well, a dynamic size is found again.

// CHECK-LABEL: func @pointwise
// CHECK: arith.constant dense_resource<permuted{{.*}}> : tensor<3x8xf32>
// CHECK: tensor.dim %arg0, %c0
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x5x8xf32>)
// CHECK: linalg.index 2
// CHECK-NOT: linalg.transpose
// CHECK: return
// CHECK: permuted_{{[0-9]+}}: "0x040000000000803F000080400000E0400000803F
func.func @pointwise(%x: tensor<?x3x5xf32>) -> (tensor<?x8xf32>, tensor<?x5x8xf32>) {
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<8x3xf32>
  %z = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x5xf32>
  %e = tensor.empty(%n) : tensor<?x8x5xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<?x8x5xf32>) -> tensor<?x8x5xf32>
  %r = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%w, %x : tensor<8x3xf32>, tensor<?x3x5xf32>) outs(%i : tensor<?x8x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  } -> tensor<?x8x5xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%r : tensor<?x8x5xf32>) outs(%e : tensor<?x8x5xf32>) {
  ^bb0(%a: f32, %b: f32):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i32
    %f = arith.sitofp %k : i32 to f32
    %s = arith.addf %a, %f : f32
    linalg.yield %s : f32
  } -> tensor<?x8x5xf32>
  %e2 = tensor.empty(%n) : tensor<?x8xf32>
  %i2 = linalg.fill ins(%z : f32) outs(%e2 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%y : tensor<?x8x5xf32>) outs(%i2 : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<?x8xf32>
  %dim = tensor.dim %y, %c0 : tensor<?x8x5xf32>
  %e3 = tensor.empty(%dim) : tensor<?x5x8xf32>
  %t = linalg.transpose ins(%y : tensor<?x8x5xf32>) outs(%e3 : tensor<?x5x8xf32>) permutation = [0, 2, 1]
  return %sum, %t : tensor<?x8xf32>, tensor<?x5x8xf32>
}

// -----

#out = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// Channels that are taken apart and put together in another order are moved before the reshape.
// CHECK-LABEL: func @shuffle
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x5x8xf32>)
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3]] output_shape [1, 5, 2, 4]
// CHECK: linalg.transpose ins(%{{.*}} : tensor<1x5x2x4xf32>) outs(%{{.*}} : tensor<1x5x4x2xf32>) permutation = [0, 1, 3, 2]
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1], [2, 3]]
func.func @shuffle(%x: tensor<1x3x5xf32>) -> tensor<1x8x5xf32> {
  %w = arith.constant dense<1.0> : tensor<8x3xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x8x5xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x8x5xf32>) -> tensor<1x8x5xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%w, %x : tensor<8x3xf32>, tensor<1x3x5xf32>) outs(%i : tensor<1x8x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  } -> tensor<1x8x5xf32>
  %g = tensor.expand_shape %r [[0], [1, 2], [3]] output_shape [1, 2, 4, 5] : tensor<1x8x5xf32> into tensor<1x2x4x5xf32>
  %te = tensor.empty() : tensor<1x4x2x5xf32>
  %t = linalg.transpose ins(%g : tensor<1x2x4x5xf32>) outs(%te : tensor<1x4x2x5xf32>) permutation = [0, 2, 1, 3]
  %c = tensor.collapse_shape %t [[0], [1, 2], [3]] : tensor<1x4x2x5xf32> into tensor<1x8x5xf32>
  return %c : tensor<1x8x5xf32>
}

// -----

// A depthwise convolution alone stays as it is: no element of its constant is used for several channels.
// CHECK-LABEL: func @depthwise
// CHECK: linalg.depthwise_conv_2d_nchw_chw
func.func @depthwise(%x: tensor<1x16x9x9xf32>, %i: tensor<1x16x7x7xf32>) -> tensor<1x16x7x7xf32> {
  %w = arith.constant dense<0.5> : tensor<16x3x3xf32>
  %r = linalg.depthwise_conv_2d_nchw_chw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x16x9x9xf32>, tensor<16x3x3xf32>) outs(%i : tensor<1x16x7x7xf32>) -> tensor<1x16x7x7xf32>
  return %r : tensor<1x16x7x7xf32>
}

// -----

// Each element of the input is used 9 * 128 times, and summed over 32 channels: it is moved, before it is padded.
// CHECK-LABEL: func @wide
// CHECK: %[[T:.*]] = linalg.transpose ins(%arg0 : tensor<1x32x7x7xf32>) {{.*}} permutation = [0, 2, 3, 1]
// CHECK: tensor.pad %[[T]] low[0, 1, 1, 0]
func.func @wide(%x: tensor<1x32x7x7xf32>, %i: tensor<1x128x7x7xf32>) -> tensor<1x128x7x7xf32> {
  %w = arith.constant dense<0.5> : tensor<128x32x3x3xf32>
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a1: index, %a2: index, %a3: index, %a4: index):
    tensor.yield %z : f32
  } : tensor<1x32x7x7xf32> to tensor<1x32x9x9xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%p, %w : tensor<1x32x9x9xf32>, tensor<128x32x3x3xf32>) outs(%i : tensor<1x128x7x7xf32>) -> tensor<1x128x7x7xf32>
  return %r : tensor<1x128x7x7xf32>
}

// -----

// The result of a branch is stored as its cases make it; the other case gets a transposition.
// CHECK-LABEL: func @branch
// CHECK: %[[R:.*]] = ctrl.branch %arg0 : i1 -> (tensor<1x5x8xf32>)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x5x8xf32>)
// CHECK: ctrl.yield %{{.*}} : tensor<1x5x8xf32>
// CHECK: linalg.transpose ins(%arg2 : tensor<1x8x5xf32>) {{.*}} permutation = [0, 2, 1]
// CHECK: ctrl.yield %{{.*}} : tensor<1x5x8xf32>
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @branch(%c: i1, %x: tensor<1x3x5xf32>, %other: tensor<1x8x5xf32>) -> tensor<1x5x8xf32> {
  %w = arith.constant dense<1.0> : tensor<8x3xf32>
  %z = arith.constant 0.0 : f32
  %r = ctrl.branch %c : i1 -> (tensor<1x8x5xf32>) {
    %e = tensor.empty() : tensor<1x8x5xf32>
    %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x8x5xf32>) -> tensor<1x8x5xf32>
    %m = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%w, %x : tensor<8x3xf32>, tensor<1x3x5xf32>) outs(%i : tensor<1x8x5xf32>) {
    ^bb0(%a: f32, %b: f32, %d: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %d, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x8x5xf32>
    ctrl.yield %m : tensor<1x8x5xf32>
  } else {
    ctrl.yield %other : tensor<1x8x5xf32>
  }
  %te = tensor.empty() : tensor<1x5x8xf32>
  %t = linalg.transpose ins(%r : tensor<1x8x5xf32>) outs(%te : tensor<1x5x8xf32>) permutation = [0, 2, 1]
  return %t : tensor<1x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// An input that is moved for a convolution and read otherwise too: the copy is the convolution's alone.
// CHECK-LABEL: func @moved_input
// CHECK: %[[A:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x16x8x8xf32>)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[A]] : {{.*}} permutation = [0, 2, 3, 1]
// CHECK: linalg.generic {{.*}} ins(%[[T]], %
// CHECK: return %{{.*}}, %[[A]] :
func.func @moved_input(%x: tensor<1x16x8x8xf32>, %i: tensor<1x128x6x6xf32>) -> (tensor<1x128x6x6xf32>, tensor<1x16x8x8xf32>) {
  %w = arith.constant dense<0.5> : tensor<128x16x3x3xf32>
  %e = tensor.empty() : tensor<1x16x8x8xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<1x16x8x8xf32>) outs(%e : tensor<1x16x8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    linalg.yield %n : f32
  } -> tensor<1x16x8x8xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%a, %w : tensor<1x16x8x8xf32>, tensor<128x16x3x3xf32>) outs(%i : tensor<1x128x6x6xf32>) -> tensor<1x128x6x6xf32>
  return %r, %a : tensor<1x128x6x6xf32>, tensor<1x16x8x8xf32>
}

// -----

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#in = affine_map<(n, f, h, w, c, k, l) -> (n, c, h + k, w + l)>
#filter = affine_map<(n, f, h, w, c, k, l) -> (f, c, k, l)>
#out = affine_map<(n, f, h, w, c, k, l) -> (n, f, h, w)>

// Bytes of three channels are moved too: they are summed up in groups. The value that is moved stays for the copy.
// CHECK-LABEL: func @bytes
// CHECK: %[[V:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x3x8x8xi8>)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[V]] : tensor<1x3x8x8xi8>) outs(%{{.*}} : tensor<1x8x8x3xi8>) permutation = [0, 2, 3, 1]
// CHECK: linalg.generic {{.*}} ins(%[[T]], %{{.*}} : tensor<1x8x8x3xi8>, tensor<3x3x3x16xi8>)
func.func @bytes(%x: tensor<1x3x8x8xi8>, %init: tensor<1x16x6x6xi32>) -> tensor<1x16x6x6xi32> {
  %w = arith.constant dense<3> : tensor<16x3x3x3xi8>
  %e = tensor.empty() : tensor<1x3x8x8xi8>
  %v = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<1x3x8x8xi8>) outs(%e : tensor<1x3x8x8xi8>) {
  ^bb0(%a: i8, %o: i8):
    %r = arith.xori %a, %a : i8
    linalg.yield %r : i8
  } -> tensor<1x3x8x8xi8>
  %r = linalg.generic {indexing_maps = [#in, #filter, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%v, %w : tensor<1x3x8x8xi8>, tensor<16x3x3x3xi8>) outs(%init : tensor<1x16x6x6xi32>) {
  ^bb0(%a: i8, %b: i8, %o: i32):
    %aw = arith.extui %a : i8 to i32
    %bw = arith.extsi %b : i8 to i32
    %p = arith.muli %aw, %bw : i32
    %s = arith.addi %o, %p : i32
    linalg.yield %s : i32
  } -> tensor<1x16x6x6xi32>
  return %r : tensor<1x16x6x6xi32>
}

// -----

// What is inserted follows the larger tensor that it is inserted into; a fresh one follows it.
// CHECK-LABEL: func @inserted
// CHECK: %[[R:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x8x8x16xf32>)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[R]]
// CHECK: tensor.insert_slice %[[T]] into %arg1[0, 0, %arg2, 0] [1, 16, 8, 8] {{.*}} into tensor<1x16x64x8xf32>
// CHECK: tensor.insert_slice %[[R]] into %{{.*}}[0, 0, 0, 0] [1, 8, 8, 16] {{.*}} into tensor<1x9x8x16xf32>
func.func @inserted(%x: tensor<1x3x10x10xf32>, %cache: tensor<1x16x64x8xf32>, %at: index) -> (tensor<1x16x64x8xf32>, tensor<1x16x9x8xf32>) {
  %w = arith.constant dense<0.5> : tensor<16x3x3x3xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x16x8x8xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x3x10x10xf32>, tensor<16x3x3x3xf32>) outs(%i : tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %kept = tensor.insert_slice %r into %cache[0, 0, %at, 0] [1, 16, 8, 8] [1, 1, 1, 1] : tensor<1x16x8x8xf32> into tensor<1x16x64x8xf32>
  %f = tensor.empty() : tensor<1x16x9x8xf32>
  %made = tensor.insert_slice %r into %f[0, 0, 0, 0] [1, 16, 8, 8] [1, 1, 1, 1] : tensor<1x16x8x8xf32> into tensor<1x16x9x8xf32>
  return %kept, %made : tensor<1x16x64x8xf32>, tensor<1x16x9x8xf32>
}

// -----

#image = affine_map<(n, g, f, t, c, k) -> (n, g, c, t + k)>
#filter = affine_map<(n, g, f, t, c, k) -> (g, f, c, k)>
#result = affine_map<(n, g, f, t, c, k) -> (n, g, f, t)>
#x3 = affine_map<(n, o, t, c) -> (n, c, t)>
#w3 = affine_map<(n, o, t, c) -> (o, c)>
#r3 = affine_map<(n, o, t, c) -> (n, o, t)>

// A depthwise convolution over one dimension, by groups of one filter: it follows its input, and the filters of a group,
// a dimension that the input has not, stay next to the places, with which they are joined later.
// CHECK: #[[IN1:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d2 + d5, d3)>
// CHECK-LABEL: func @depthwise_1d
// CHECK: dense<2.500000e-01> : tensor<1x1x5x64xf32>
// CHECK: linalg.generic {indexing_maps = [#[[IN1]], {{.*}} outs(%{{.*}} : tensor<1x1x60x64xf32>)
// CHECK: tensor.collapse_shape %{{.*}} {{\[}}[0], [1, 2], [3]]
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: linalg.transpose
// CHECK-NEXT: return
func.func @depthwise_1d(%x: tensor<1x32x64xf32>) -> tensor<1x64x60xf32> {
  %pointwise = arith.constant dense<0.5> : tensor<64x32xf32>
  %w = arith.constant dense<0.25> : tensor<64x1x1x5xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x64x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x64x64xf32>) -> tensor<1x64x64xf32>
  %m = linalg.generic {indexing_maps = [#x3, #w3, #r3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %pointwise : tensor<1x32x64xf32>, tensor<64x32xf32>) outs(%i : tensor<1x64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x64x64xf32>
  %grouped = tensor.expand_shape %m [[0], [1], [2, 3]] output_shape [1, 64, 1, 64] : tensor<1x64x64xf32> into tensor<1x64x1x64xf32>
  %e2 = tensor.empty() : tensor<1x64x1x60xf32>
  %i2 = linalg.fill ins(%z : f32) outs(%e2 : tensor<1x64x1x60xf32>) -> tensor<1x64x1x60xf32>
  %d = linalg.generic {indexing_maps = [#image, #filter, #result], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%grouped, %w : tensor<1x64x1x64xf32>, tensor<64x1x1x5xf32>) outs(%i2 : tensor<1x64x1x60xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x64x1x60xf32>
  %r = tensor.collapse_shape %d [[0], [1], [2, 3]] : tensor<1x64x1x60xf32> into tensor<1x64x60xf32>
  return %r : tensor<1x64x60xf32>
}

// -----

#x3 = affine_map<(n, o, t, c) -> (n, c, t)>
#w3 = affine_map<(n, o, t, c) -> (o, c)>
#r3 = affine_map<(n, o, t, c) -> (n, o, t)>

// An input that was transposed for the convolution is read as it was before, however seldom.
// CHECK: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-LABEL: func @transposed_input
// CHECK-SAME: %[[IN:.*]]: tensor<1x64x32xf32>
// CHECK-NOT: linalg.transpose
// CHECK: linalg.generic {indexing_maps = [#[[X]], {{.*}} ins(%[[IN]], {{.*}} outs(%{{.*}} : tensor<1x64x64xf32>)
func.func @transposed_input(%x: tensor<1x64x32xf32>) -> tensor<1x64x64xf32> {
  %pointwise = arith.constant dense<0.5> : tensor<64x32xf32>
  %z = arith.constant 0.0 : f32
  %et = tensor.empty() : tensor<1x32x64xf32>
  %t = linalg.transpose ins(%x : tensor<1x64x32xf32>) outs(%et : tensor<1x32x64xf32>) permutation = [0, 2, 1]
  %e = tensor.empty() : tensor<1x64x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x64x64xf32>) -> tensor<1x64x64xf32>
  %m = linalg.generic {indexing_maps = [#x3, #w3, #r3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%t, %pointwise : tensor<1x32x64xf32>, tensor<64x32xf32>) outs(%i : tensor<1x64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x64x64xf32>
  return %m : tensor<1x64x64xf32>
}
