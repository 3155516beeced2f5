// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-gather-rows,resolve-ranked-shaped-type-result-dims,canonicalize,cse))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-gather-rows{fusion=none}))' --split-input-file | FileCheck %s --check-prefix=NONE
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-gather-rows{fusion=some}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: unknown fusion 'some'; known are none, register and all
// NONE-NOT: tensor.extract{{ }}

// Windows are put together again and added to an image: row (b, h, w) is (b, h / 7, w / 7, h % 7, w % 7) of the windows.
// CHECK-LABEL: func @joined
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x96xf32>, %[[Y:[a-z0-9]+]]: tensor<?x14x14x96xf32>
// CHECK-NOT:   linalg.transpose
// CHECK:       %[[G:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?x14x14x96xf32>) {
// CHECK-DAG:     %[[B:.*]] = linalg.index 0
// CHECK-DAG:     %[[H:.*]] = linalg.index 1
// CHECK-DAG:     %[[W:.*]] = linalg.index 2
// CHECK-DAG:     %[[C:.*]] = linalg.index 3
// CHECK-DAG:     arith.remui %[[H]], %c7
// CHECK-DAG:     arith.divui %[[H]], %c7
// CHECK-DAG:     arith.remui %[[W]], %c7
// CHECK-DAG:     arith.divui %[[W]], %c7
// CHECK:         tensor.extract %[[X]][%{{.*}}, %[[C]]] : tensor<?x96xf32>
// CHECK:       linalg.generic {{.*}} ins(%[[Y]], %[[G]] :
#same = affine_map<(b, h, w, c) -> (b, h, w, c)>
func.func @joined(%x: tensor<?x96xf32>, %y: tensor<?x14x14x96xf32>, %n: index) -> tensor<?x14x14x96xf32> {
  %e = tensor.empty(%n) : tensor<?x2x7x2x7x96xf32>
  %o = tensor.empty(%n) : tensor<?x14x14x96xf32>
  %v = tensor.expand_shape %x [[0, 1, 2, 3, 4], [5]] output_shape [%n, 2, 2, 7, 7, 96] : tensor<?x96xf32> into tensor<?x2x2x7x7x96xf32>
  %t = linalg.transpose ins(%v : tensor<?x2x2x7x7x96xf32>) outs(%e : tensor<?x2x7x2x7x96xf32>) permutation = [0, 1, 3, 2, 4, 5]
  %i = tensor.collapse_shape %t [[0], [1, 2], [3, 4], [5]] : tensor<?x2x7x2x7x96xf32> into tensor<?x14x14x96xf32>
  %r = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%y, %i : tensor<?x14x14x96xf32>, tensor<?x14x14x96xf32>) outs(%o : tensor<?x14x14x96xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<?x14x14x96xf32>
  return %r : tensor<?x14x14x96xf32>
}

// -----

// Rows that were centred, rolled and cut into windows, for a product: the mean is taken of the rows in their new order.
// CHECK-LABEL: func @centred
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x14x14x96xf32>
// CHECK-NOT:   tensor.insert_slice
// CHECK:       %[[G:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<196x96xf32>) {
// CHECK:         %[[AHEAD:.*]] = arith.addi %[[AT:.*]], %c3
// CHECK:         %[[BACK:.*]] = arith.addi %[[AT]], %c-11
// CHECK:         %[[H:.*]] = arith.minui %[[AHEAD]], %[[BACK]]
// CHECK:         tensor.extract %[[X]][%c0, %[[H]], %{{.*}}, %{{.*}}]
// CHECK:       %[[S:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[G]] : tensor<196x96xf32>) outs(%{{.*}} : tensor<196xf32>)
// CHECK:       %[[R:.*]] = linalg.generic {{.*}} ins(%[[G]], %[[S]], %arg1 :
// CHECK-NOT:   linalg.transpose
// CHECK:       linalg.matmul ins(%[[R]],
#whole = affine_map<(b, h, w, c) -> (b, h, w, c)>
#row = affine_map<(b, h, w, c) -> (b, h, w)>
#column = affine_map<(b, h, w, c) -> (c)>
func.func @centred(%x: tensor<1x14x14x96xf32>, %scale: tensor<96xf32>, %weight: tensor<96x32xf32>) -> (tensor<196x32xf32>, tensor<1x14x14x96xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x14x14x96xf32>
  %er = tensor.empty() : tensor<1x14x14xf32>
  %f = linalg.fill ins(%zero : f32) outs(%er : tensor<1x14x14xf32>) -> tensor<1x14x14xf32>
  %s = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x : tensor<1x14x14x96xf32>) outs(%f : tensor<1x14x14xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.addf %o, %a : f32
    linalg.yield %1 : f32
  } -> tensor<1x14x14xf32>
  %d = linalg.generic {indexing_maps = [#whole, #row, #column, #whole], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x, %s, %scale : tensor<1x14x14x96xf32>, tensor<1x14x14xf32>, tensor<96xf32>) outs(%e : tensor<1x14x14x96xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
    %1 = arith.subf %a, %b : f32
    %2 = arith.mulf %1, %c : f32
    linalg.yield %2 : f32
  } -> tensor<1x14x14x96xf32>
  %p = tensor.extract_slice %d[0, 3, 0, 0] [1, 11, 14, 96] [1, 1, 1, 1] : tensor<1x14x14x96xf32> to tensor<1x11x14x96xf32>
  %q = tensor.extract_slice %d[0, 0, 0, 0] [1, 3, 14, 96] [1, 1, 1, 1] : tensor<1x14x14x96xf32> to tensor<1x3x14x96xf32>
  %i = tensor.insert_slice %p into %e[0, 0, 0, 0] [1, 11, 14, 96] [1, 1, 1, 1] : tensor<1x11x14x96xf32> into tensor<1x14x14x96xf32>
  %j = tensor.insert_slice %q into %i[0, 11, 0, 0] [1, 3, 14, 96] [1, 1, 1, 1] : tensor<1x3x14x96xf32> into tensor<1x14x14x96xf32>
  %v = tensor.expand_shape %j [[0], [1, 2], [3, 4], [5]] output_shape [1, 2, 7, 2, 7, 96] : tensor<1x14x14x96xf32> into tensor<1x2x7x2x7x96xf32>
  %et = tensor.empty() : tensor<1x2x2x7x7x96xf32>
  %t = linalg.transpose ins(%v : tensor<1x2x7x2x7x96xf32>) outs(%et : tensor<1x2x2x7x7x96xf32>) permutation = [0, 1, 3, 2, 4, 5]
  %k = tensor.collapse_shape %t [[0, 1, 2, 3, 4], [5]] : tensor<1x2x2x7x7x96xf32> into tensor<196x96xf32>
  %em = tensor.empty() : tensor<196x32xf32>
  %fm = linalg.fill ins(%zero : f32) outs(%em : tensor<196x32xf32>) -> tensor<196x32xf32>
  %m = linalg.matmul ins(%k, %weight : tensor<196x96xf32>, tensor<96x32xf32>) outs(%fm : tensor<196x32xf32>) -> tensor<196x32xf32>
  return %m, %x : tensor<196x32xf32>, tensor<1x14x14x96xf32>
}

// -----

// A roll for itself is one op.
// CHECK-LABEL: func @roll
// CHECK-NOT:   tensor.insert_slice
// CHECK:       tensor.extract %arg0
// CHECK-NOT:   tensor.insert_slice
func.func @roll(%x: tensor<14x32xf32>) -> tensor<14x32xf32> {
  %e = tensor.empty() : tensor<14x32xf32>
  %p = tensor.extract_slice %x[11, 0] [3, 32] [1, 1] : tensor<14x32xf32> to tensor<3x32xf32>
  %q = tensor.extract_slice %x[0, 0] [11, 32] [1, 1] : tensor<14x32xf32> to tensor<11x32xf32>
  %i = tensor.insert_slice %p into %e[0, 0] [3, 32] [1, 1] : tensor<3x32xf32> into tensor<14x32xf32>
  %j = tensor.insert_slice %q into %i[3, 0] [11, 32] [1, 1] : tensor<11x32xf32> into tensor<14x32xf32>
  return %j : tensor<14x32xf32>
}

// -----

// A product reads transposed rows itself; what moves along rows, short rows, halves of which a part is missing, and
// halves of different values stay.
// CHECK-LABEL: func @stay
// CHECK-COUNT-3: linalg.transpose
// CHECK-COUNT-3: tensor.insert_slice
// CHECK-NOT:   tensor.extract{{ }}
#e = affine_map<(i, j, k) -> (i, j, k)>
func.func @stay(%x: tensor<8x4x32xf32>, %y: tensor<4x32x8xf32>, %z: tensor<4x8x8xf32>, %w: tensor<8x4x8xf32>, %r: tensor<14x32xf32>, %u: tensor<14x32xf32>) -> (tensor<4x8x32xf32>, tensor<4x32x8xf32>, tensor<4x8x8xf32>, tensor<14x32xf32>, tensor<14x32xf32>) {
  %et = tensor.empty() : tensor<4x8x32xf32>
  %t = linalg.transpose ins(%x : tensor<8x4x32xf32>) outs(%et : tensor<4x8x32xf32>) permutation = [1, 0, 2]
  %eu = tensor.empty() : tensor<4x32x8xf32>
  %across = linalg.transpose ins(%x : tensor<8x4x32xf32>) outs(%eu : tensor<4x32x8xf32>) permutation = [1, 2, 0]
  %a = linalg.generic {indexing_maps = [#e, #e, #e], iterator_types = ["parallel", "parallel", "parallel"]} ins(%across, %y : tensor<4x32x8xf32>, tensor<4x32x8xf32>) outs(%eu : tensor<4x32x8xf32>) {
  ^bb0(%b: f32, %c: f32, %d: f32):
    %s = arith.addf %b, %c : f32
    linalg.yield %s : f32
  } -> tensor<4x32x8xf32>
  %ev = tensor.empty() : tensor<4x8x8xf32>
  %short = linalg.transpose ins(%w : tensor<8x4x8xf32>) outs(%ev : tensor<4x8x8xf32>) permutation = [1, 0, 2]
  %g = linalg.generic {indexing_maps = [#e, #e, #e], iterator_types = ["parallel", "parallel", "parallel"]} ins(%short, %z : tensor<4x8x8xf32>, tensor<4x8x8xf32>) outs(%ev : tensor<4x8x8xf32>) {
  ^bb0(%b: f32, %c: f32, %d: f32):
    %s = arith.addf %b, %c : f32
    linalg.yield %s : f32
  } -> tensor<4x8x8xf32>
  %e0 = tensor.empty() : tensor<14x32xf32>
  %p = tensor.extract_slice %r[4, 0] [10, 32] [1, 1] : tensor<14x32xf32> to tensor<10x32xf32>
  %q = tensor.extract_slice %r[1, 0] [4, 32] [1, 1] : tensor<14x32xf32> to tensor<4x32xf32>
  %i = tensor.insert_slice %p into %e0[0, 0] [10, 32] [1, 1] : tensor<10x32xf32> into tensor<14x32xf32>
  %j = tensor.insert_slice %q into %i[10, 0] [4, 32] [1, 1] : tensor<4x32xf32> into tensor<14x32xf32>
  %o = tensor.extract_slice %u[0, 0] [4, 32] [1, 1] : tensor<14x32xf32> to tensor<4x32xf32>
  %k = tensor.extract_slice %r[4, 0] [10, 32] [1, 1] : tensor<14x32xf32> to tensor<10x32xf32>
  %l = tensor.insert_slice %k into %e0[0, 0] [10, 32] [1, 1] : tensor<10x32xf32> into tensor<14x32xf32>
  %m = tensor.insert_slice %o into %l[10, 0] [4, 32] [1, 1] : tensor<4x32xf32> into tensor<14x32xf32>
  return %t, %a, %g, %j, %m : tensor<4x8x32xf32>, tensor<4x32x8xf32>, tensor<4x8x8xf32>, tensor<14x32xf32>, tensor<14x32xf32>
}
