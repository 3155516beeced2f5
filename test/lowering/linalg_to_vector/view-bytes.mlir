// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-view-bytes))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-view-bytes,tile-lower-to-vector))' --split-input-file | FileCheck %s --check-prefix=VECTOR

#in = affine_map<(m, n, k, byte) -> (m, k, byte)>
#w = affine_map<(m, n, k, byte) -> (k, n, byte)>
#out = affine_map<(m, n, k, byte) -> (m, n)>

// CHECK-LABEL: func @groups
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<?x3x4xi8, strided<[16, 4, 1], offset: ?>>
// CHECK: %[[BASE:[a-z0-9_]+]], %[[OFFSET:[a-z0-9_]+]], %[[SIZES:[a-z0-9_]+]]:3, %{{.*}} = memref.extract_strided_metadata %[[A]]
// CHECK: %[[BYTES:.*]] = memref.reinterpret_cast %[[BASE]]
// CHECK: %[[LINE:.*]] = memref.view %[[BYTES]][%[[OFFSET]]]
// CHECK: %[[WORDS:.*]] = memref.reinterpret_cast %[[LINE]] to offset: [0], sizes: [%[[SIZES]]#0, 3], strides: [4, 1] : memref<?xi32> to memref<?x3xi32, strided<[4, 1]>>
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[WORDS]], %{{.*}} : memref<?x3xi32, strided<[4, 1]>>, memref<3x32xi32, strided<[32, 1]>>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: i32, %[[Y:.*]]: i32, %[[S:.*]]: i32):
// CHECK-NEXT: tile.dot_bytes %[[X]], %[[Y]], %[[S]] : i32
// VECTOR-LABEL: func @groups
// VECTOR: tile.dot_bytes {{.*}} : vector<16xi32>
func.func @groups(%a: memref<?x3x4xi8, strided<[16, 4, 1], offset: ?>>, %b: memref<3x32x4xi8>, %r: memref<?x32xi32>) {
  linalg.generic {indexing_maps = [#in, #w, #out], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<?x3x4xi8, strided<[16, 4, 1], offset: ?>>, memref<3x32x4xi8>) outs(%r : memref<?x32xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %xw = arith.extui %x : i8 to i32
    %yw = arith.extsi %y : i8 to i32
    %p = arith.muli %xw, %yw : i32
    %t = arith.addi %s, %p : i32
    linalg.yield %t : i32
  }
  return
}

// -----

#in = affine_map<(m, n, k, byte) -> (m, k, byte)>
#w = affine_map<(m, n, k, byte) -> (k, n, byte)>
#out = affine_map<(m, n, k, byte) -> (m, n)>

// Rows that are no whole words apart.
// CHECK-LABEL: func @odd
// CHECK-NOT: memref.view
func.func @odd(%a: memref<8x3x4xi8, strided<[15, 4, 1]>>, %b: memref<3x32x4xi8>, %r: memref<8x32xi32>) {
  linalg.generic {indexing_maps = [#in, #w, #out], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<8x3x4xi8, strided<[15, 4, 1]>>, memref<3x32x4xi8>) outs(%r : memref<8x32xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %xw = arith.extui %x : i8 to i32
    %yw = arith.extsi %y : i8 to i32
    %p = arith.muli %xw, %yw : i32
    %t = arith.addi %s, %p : i32
    linalg.yield %t : i32
  }
  return
}
