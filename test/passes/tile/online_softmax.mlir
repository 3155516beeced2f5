// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-online-softmax))' -split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-online-softmax{when=none}))' -split-input-file | FileCheck %s --check-prefix=NONE
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-online-softmax{when=often}))' -split-input-file 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: when=often is neither cost, all nor none
// NONE-NOT: tile.reduce

#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> ()>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#map3 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
#map4 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// Attention with a causal mask, the factors on queries and keys, the keys transposed: one graph that streams keys and
// values as they lie. Of a row no key behind it counts.
// CHECK-DAG: #[[UNTIL:.*]] = affine_map<(d0, d1, d2, d3) -> (d2 + 1)>
// CHECK-LABEL: func @causal
// CHECK-NOT: linalg
// CHECK: tile.graph {{.*}}ins(%[[Q:.*]] = %arg0 : tensor<1x2x512x64xf32>, %[[K:.*]] = %arg1 : tensor<1x2x512x64xf32>, %[[V:.*]] = %arg2 : tensor<1x2x512x64xf32>,
// CHECK: linalg.generic {{.*}} ins(%[[Q]],
// CHECK: tile.reduce ins(%{{.*}} = %[[K]] : tensor<1x2x512x64xf32> along 2, %{{.*}} = %[[V]] : tensor<1x2x512x64xf32> along 2) inits(
// CHECK-SAME: until = #[[UNTIL]]
// CHECK-COUNT-2: math.exp
// CHECK: tile.yield %{{.*}}, %{{.*}}, %{{.*}} : tensor<1x2x512xf32>, tensor<1x2x512xf32>, tensor<1x2x64x512xf32>
// CHECK: arith.divf
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @causal(%arg0: tensor<1x2x512x64xf32>, %arg1: tensor<1x2x512x64xf32>, %arg2: tensor<1x2x512x64xf32>) -> (tensor<1x2x512x64xf32>) {
  %cst = arith.constant dense<0.353553385> : tensor<f32>
  %cst_0 = arith.constant dense<0xFF800000> : tensor<f32>
  %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
  %cst_2 = arith.constant dense<1.000000e+00> : tensor<f32>
  %cst_3 = arith.constant 0xFF800000 : f32
  %cst_4 = arith.constant 0.000000e+00 : f32
  %0 = tensor.empty() : tensor<1x2x64x512xf32>
  %transposed = linalg.transpose ins(%arg1 : tensor<1x2x512x64xf32>) outs(%0 : tensor<1x2x64x512xf32>) permutation = [0, 1, 3, 2] 
  %1 = tensor.empty() : tensor<1x2x512x64xf32>
  %2 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0, %cst : tensor<1x2x512x64xf32>, tensor<f32>) outs(%1 : tensor<1x2x512x64xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512x64xf32>
  %3 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed, %cst : tensor<1x2x64x512xf32>, tensor<f32>) outs(%0 : tensor<1x2x64x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x64x512xf32>
  %4 = tensor.empty() : tensor<1x2x512x512xf32>
  %5 = linalg.fill ins(%cst_4 : f32) outs(%4 : tensor<1x2x512x512xf32>) -> tensor<1x2x512x512xf32>
  %6 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%2, %3 : tensor<1x2x512x64xf32>, tensor<1x2x64x512xf32>) outs(%5 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    %18 = arith.addf %out, %17 : f32
    linalg.yield %18 : f32
  } -> tensor<1x2x512x512xf32>
  %7 = linalg.generic {indexing_maps = [#map, #map1, #map1, #map1, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%6, %cst_2, %cst_1, %cst_0, %cst_1 : tensor<1x2x512x512xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) outs(%4 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %in_6: f32, %in_7: f32, %in_8: f32, %out: f32):
    %17 = linalg.index 2 : index
    %18 = linalg.index 3 : index
    %19 = arith.cmpi sle, %18, %17 : index
    %20 = arith.select %19, %in_5, %cst_4 : f32
    %21 = arith.cmpf oeq, %20, %in_6 : f32
    %22 = arith.select %21, %in_7, %in_8 : f32
    %23 = arith.addf %in, %22 : f32
    linalg.yield %23 : f32
  } -> tensor<1x2x512x512xf32>
  %8 = tensor.empty() : tensor<1x2x512xf32>
  %9 = linalg.fill ins(%cst_3 : f32) outs(%8 : tensor<1x2x512xf32>) -> tensor<1x2x512xf32>
  %10 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%7 : tensor<1x2x512x512xf32>) outs(%9 : tensor<1x2x512xf32>) {
  ^bb0(%in: f32, %out: f32):
    %17 = arith.maximumf %out, %in : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512xf32>
  %11 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %10 : tensor<1x2x512x512xf32>, tensor<1x2x512xf32>) outs(%4 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.subf %in, %in_5 : f32
    %18 = math.exp %17 : f32
    linalg.yield %18 : f32
  } -> tensor<1x2x512x512xf32>
  %12 = linalg.fill ins(%cst_4 : f32) outs(%8 : tensor<1x2x512xf32>) -> tensor<1x2x512xf32>
  %13 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%11 : tensor<1x2x512x512xf32>) outs(%12 : tensor<1x2x512xf32>) {
  ^bb0(%in: f32, %out: f32):
    %17 = arith.addf %out, %in : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512xf32>
  %14 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11, %13 : tensor<1x2x512x512xf32>, tensor<1x2x512xf32>) outs(%4 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.divf %in, %in_5 : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512x512xf32>
  %15 = linalg.fill ins(%cst_4 : f32) outs(%1 : tensor<1x2x512x64xf32>) -> tensor<1x2x512x64xf32>
  %16 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%14, %arg2 : tensor<1x2x512x512xf32>, tensor<1x2x512x64xf32>) outs(%15 : tensor<1x2x512x64xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    %18 = arith.addf %out, %17 : f32
    linalg.yield %18 : f32
  } -> tensor<1x2x512x64xf32>
  return %16 : tensor<1x2x512x64xf32>
}

// -----

#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> ()>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#map3 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
#map4 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// The weights are a result as well: they have to be made.
// CHECK-LABEL: func @kept
// CHECK-NOT: tile.reduce
func.func @kept(%arg0: tensor<1x2x512x64xf32>, %arg1: tensor<1x2x512x64xf32>, %arg2: tensor<1x2x512x64xf32>) -> (tensor<1x2x512x64xf32>, tensor<1x2x512x512xf32>) {
  %cst = arith.constant dense<0.353553385> : tensor<f32>
  %cst_0 = arith.constant dense<0xFF800000> : tensor<f32>
  %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
  %cst_2 = arith.constant dense<1.000000e+00> : tensor<f32>
  %cst_3 = arith.constant 0xFF800000 : f32
  %cst_4 = arith.constant 0.000000e+00 : f32
  %0 = tensor.empty() : tensor<1x2x64x512xf32>
  %transposed = linalg.transpose ins(%arg1 : tensor<1x2x512x64xf32>) outs(%0 : tensor<1x2x64x512xf32>) permutation = [0, 1, 3, 2] 
  %1 = tensor.empty() : tensor<1x2x512x64xf32>
  %2 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0, %cst : tensor<1x2x512x64xf32>, tensor<f32>) outs(%1 : tensor<1x2x512x64xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512x64xf32>
  %3 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed, %cst : tensor<1x2x64x512xf32>, tensor<f32>) outs(%0 : tensor<1x2x64x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x64x512xf32>
  %4 = tensor.empty() : tensor<1x2x512x512xf32>
  %5 = linalg.fill ins(%cst_4 : f32) outs(%4 : tensor<1x2x512x512xf32>) -> tensor<1x2x512x512xf32>
  %6 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%2, %3 : tensor<1x2x512x64xf32>, tensor<1x2x64x512xf32>) outs(%5 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    %18 = arith.addf %out, %17 : f32
    linalg.yield %18 : f32
  } -> tensor<1x2x512x512xf32>
  %7 = linalg.generic {indexing_maps = [#map, #map1, #map1, #map1, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%6, %cst_2, %cst_1, %cst_0, %cst_1 : tensor<1x2x512x512xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) outs(%4 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %in_6: f32, %in_7: f32, %in_8: f32, %out: f32):
    %17 = linalg.index 2 : index
    %18 = linalg.index 3 : index
    %19 = arith.cmpi sle, %18, %17 : index
    %20 = arith.select %19, %in_5, %cst_4 : f32
    %21 = arith.cmpf oeq, %20, %in_6 : f32
    %22 = arith.select %21, %in_7, %in_8 : f32
    %23 = arith.addf %in, %22 : f32
    linalg.yield %23 : f32
  } -> tensor<1x2x512x512xf32>
  %8 = tensor.empty() : tensor<1x2x512xf32>
  %9 = linalg.fill ins(%cst_3 : f32) outs(%8 : tensor<1x2x512xf32>) -> tensor<1x2x512xf32>
  %10 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%7 : tensor<1x2x512x512xf32>) outs(%9 : tensor<1x2x512xf32>) {
  ^bb0(%in: f32, %out: f32):
    %17 = arith.maximumf %out, %in : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512xf32>
  %11 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %10 : tensor<1x2x512x512xf32>, tensor<1x2x512xf32>) outs(%4 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.subf %in, %in_5 : f32
    %18 = math.exp %17 : f32
    linalg.yield %18 : f32
  } -> tensor<1x2x512x512xf32>
  %12 = linalg.fill ins(%cst_4 : f32) outs(%8 : tensor<1x2x512xf32>) -> tensor<1x2x512xf32>
  %13 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%11 : tensor<1x2x512x512xf32>) outs(%12 : tensor<1x2x512xf32>) {
  ^bb0(%in: f32, %out: f32):
    %17 = arith.addf %out, %in : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512xf32>
  %14 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11, %13 : tensor<1x2x512x512xf32>, tensor<1x2x512xf32>) outs(%4 : tensor<1x2x512x512xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.divf %in, %in_5 : f32
    linalg.yield %17 : f32
  } -> tensor<1x2x512x512xf32>
  %15 = linalg.fill ins(%cst_4 : f32) outs(%1 : tensor<1x2x512x64xf32>) -> tensor<1x2x512x64xf32>
  %16 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%14, %arg2 : tensor<1x2x512x512xf32>, tensor<1x2x512x64xf32>) outs(%15 : tensor<1x2x512x64xf32>) {
  ^bb0(%in: f32, %in_5: f32, %out: f32):
    %17 = arith.mulf %in, %in_5 : f32
    %18 = arith.addf %out, %17 : f32
    linalg.yield %18 : f32
  } -> tensor<1x2x512x64xf32>
  return %16, %14 : tensor<1x2x512x64xf32>, tensor<1x2x512x512xf32>
}

// -----

#whole = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#rows = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#query = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#key = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#value = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
#scores = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#five = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#window = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4)>
#head = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>

// A mask for each window of an image, added between two reshapes of the scores, behind a bias for each head: the graph
// sees images and windows, of which the windows are one dimension of the mask.
// CHECK-LABEL: func @windows
// CHECK-SAME:    %[[MASK:[a-z0-9]+]]: tensor<16x49x49xf32>, %[[BIAS:[a-z0-9]+]]: tensor<3x49x49xf32>, %[[IMAGES:[a-z0-9]+]]: index
// CHECK-DAG: %[[Q:.*]] = tensor.expand_shape %arg0 {{\[\[}}0, 1], [2], [3], [4]] output_shape [%[[IMAGES]], 16, 3, 49, 32]
// CHECK-DAG: %[[K:.*]] = tensor.expand_shape %arg1
// CHECK-DAG: %[[V:.*]] = tensor.expand_shape %arg2
// CHECK: %[[O:.*]] = tile.graph {{.*}}ins(%{{.*}} = %[[Q]] : tensor<?x16x3x49x32xf32>, %{{.*}} = %[[K]] : {{.*}}, %{{.*}} = %[[V]] : {{.*}}, %{{.*}} = %[[BIAS]] : {{.*}}, %{{.*}} = %[[MASK]] :
// CHECK: tile.reduce
// CHECK: tensor.collapse_shape %[[O]] {{\[\[}}0, 1], [2], [3], [4]] : tensor<?x16x3x49x32xf32> into tensor<?x3x49x32xf32>
func.func @windows(%q: tensor<?x3x49x32xf32>, %k: tensor<?x3x49x32xf32>, %v: tensor<?x3x49x32xf32>, %mask: tensor<16x49x49xf32>, %bias: tensor<3x49x49xf32>, %images: index, %n: index) -> tensor<?x3x49x32xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %e = tensor.empty(%n) : tensor<?x3x49x49xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x3x49x49xf32>) -> tensor<?x3x49x49xf32>
  %s = linalg.generic {indexing_maps = [#query, #key, #scores], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<?x3x49x32xf32>, tensor<?x3x49x32xf32>) outs(%f : tensor<?x3x49x49xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %o, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x3x49x49xf32>
  %t = linalg.generic {indexing_maps = [#whole, #head, #whole], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s, %bias : tensor<?x3x49x49xf32>, tensor<3x49x49xf32>) outs(%e : tensor<?x3x49x49xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?x3x49x49xf32>
  %x = tensor.expand_shape %t [[0, 1], [2], [3], [4]] output_shape [%images, 16, 3, 49, 49] : tensor<?x3x49x49xf32> into tensor<?x16x3x49x49xf32>
  %ex = tensor.empty(%images) : tensor<?x16x3x49x49xf32>
  %y = linalg.generic {indexing_maps = [#five, #window, #five], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%x, %mask : tensor<?x16x3x49x49xf32>, tensor<16x49x49xf32>) outs(%ex : tensor<?x16x3x49x49xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?x16x3x49x49xf32>
  %z = tensor.collapse_shape %y [[0, 1], [2], [3], [4]] : tensor<?x16x3x49x49xf32> into tensor<?x3x49x49xf32>
  %er = tensor.empty(%n) : tensor<?x3x49xf32>
  %fm = linalg.fill ins(%lowest : f32) outs(%er : tensor<?x3x49xf32>) -> tensor<?x3x49xf32>
  %m = linalg.generic {indexing_maps = [#whole, #rows], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%z : tensor<?x3x49x49xf32>) outs(%fm : tensor<?x3x49xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.maximumf %o, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x3x49xf32>
  %p = linalg.generic {indexing_maps = [#whole, #rows, #whole], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%z, %m : tensor<?x3x49x49xf32>, tensor<?x3x49xf32>) outs(%e : tensor<?x3x49x49xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.subf %a, %b : f32
    %2 = math.exp %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x3x49x49xf32>
  %fl = linalg.fill ins(%zero : f32) outs(%er : tensor<?x3x49xf32>) -> tensor<?x3x49xf32>
  %l = linalg.generic {indexing_maps = [#whole, #rows], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%p : tensor<?x3x49x49xf32>) outs(%fl : tensor<?x3x49xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.addf %o, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x3x49xf32>
  %d = linalg.generic {indexing_maps = [#whole, #rows, #whole], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p, %l : tensor<?x3x49x49xf32>, tensor<?x3x49xf32>) outs(%e : tensor<?x3x49x49xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.divf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?x3x49x49xf32>
  %eo = tensor.empty(%n) : tensor<?x3x49x32xf32>
  %fo = linalg.fill ins(%zero : f32) outs(%eo : tensor<?x3x49x32xf32>) -> tensor<?x3x49x32xf32>
  %r = linalg.generic {indexing_maps = [#query, #value, #scores], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%d, %v : tensor<?x3x49x49xf32>, tensor<?x3x49x32xf32>) outs(%fo : tensor<?x3x49x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %o, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x3x49x32xf32>
  return %r : tensor<?x3x49x32xf32>
}
