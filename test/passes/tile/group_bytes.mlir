// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-group-bytes{group=4}))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-group-bytes))' --split-input-file | FileCheck %s --check-prefix=OFF
// OFF-NOT: expand_shape

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Five rows: two groups, the last one filled up with zeros on both sides.
// CHECK-DAG: #[[IN:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d1, d3)>
// CHECK-LABEL: func @product
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<?x5xi8>
// CHECK-DAG: %[[C:.*]] = arith.constant dense_resource<{{.*}}> : tensor<2x2x4xi8>
// CHECK: %[[P:.*]] = tensor.pad %[[A]] low[0, 0] high[0, 3]
// CHECK: %[[G:.*]] = tensor.expand_shape %[[P]] {{\[}}[0], [1, 2]] output_shape [%{{.*}}, 2, 4]
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[W]], {{.*}}], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%[[G]], %[[C]] : tensor<?x2x4xi8>, tensor<2x2x4xi8>)
// CHECK: "0x010000000103050702040608090000000A000000"
func.func @product(%a: tensor<?x5xi8>, %o: tensor<?x2xi32>) -> tensor<?x2xi32> {
  %w = arith.constant dense<[[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]> : tensor<5x2xi8>
  %r = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %w : tensor<?x5xi8>, tensor<5x2xi8>) outs(%o : tensor<?x2xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %xw = arith.extui %x : i8 to i32
    %yw = arith.extsi %y : i8 to i32
    %p = arith.muli %xw, %yw : i32
    %t = arith.addi %s, %p : i32
    linalg.yield %t : i32
  } -> tensor<?x2xi32>
  return %r : tensor<?x2xi32>
}

// -----

#in = affine_map<(x, f, k, c) -> (x + k, c)>
#filter = affine_map<(x, f, k, c) -> (k, c, f)>
#out = affine_map<(x, f, k, c) -> (x, f)>

// The border stays next to the contraction.
// CHECK-LABEL: func @border
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<6x4xi8>
// CHECK: %[[G:.*]] = tensor.expand_shape %[[A]]
// CHECK: %[[P:.*]] = tensor.pad %[[G]] low[1, 0, 0] high[1, 0, 0]
// CHECK: tensor<6x1x4xi8> to tensor<8x1x4xi8>
// CHECK: linalg.generic {{.*}} ins(%[[P]], %{{.*}} : tensor<8x1x4xi8>, tensor<3x1x2x4xi8>)
func.func @border(%a: tensor<6x4xi8>, %o: tensor<6x2xi32>) -> tensor<6x2xi32> {
  %seven = arith.constant 7 : i8
  %w = arith.constant dense<[[[1, 2], [3, 4], [5, 6], [7, 8]], [[1, 2], [3, 4], [5, 6], [7, 8]], [[1, 2], [3, 4], [5, 6], [7, 9]]]> : tensor<3x4x2xi8>
  %b = tensor.pad %a low[1, 0] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %seven : i8
  } : tensor<6x4xi8> to tensor<8x4xi8>
  %r = linalg.generic {indexing_maps = [#in, #filter, #out], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%b, %w : tensor<8x4xi8>, tensor<3x4x2xi8>) outs(%o : tensor<6x2xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %xw = arith.extui %x : i8 to i32
    %yw = arith.extsi %y : i8 to i32
    %p = arith.muli %xw, %yw : i32
    %t = arith.addi %s, %p : i32
    linalg.yield %t : i32
  } -> tensor<6x2xi32>
  return %r : tensor<6x2xi32>
}

// -----

#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// What is summed up is not the last dimension.
// CHECK-LABEL: func @across
// CHECK-NOT: expand_shape
func.func @across(%a: tensor<4x3xi8>, %o: tensor<3x2xi32>) -> tensor<3x2xi32> {
  %w = arith.constant dense<[[1, 2], [3, 4], [5, 6], [7, 8]]> : tensor<4x2xi8>
  %r = linalg.generic {indexing_maps = [#km, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %w : tensor<4x3xi8>, tensor<4x2xi8>) outs(%o : tensor<3x2xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %xw = arith.extui %x : i8 to i32
    %yw = arith.extsi %y : i8 to i32
    %p = arith.muli %xw, %yw : i32
    %t = arith.addi %s, %p : i32
    linalg.yield %t : i32
  } -> tensor<3x2xi32>
  return %r : tensor<3x2xi32>
}
