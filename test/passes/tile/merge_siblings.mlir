// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-merge-siblings,canonicalize,cse))' --split-input-file | FileCheck %s

// Two products with their biases.
// CHECK-LABEL: func @biases
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32>, %[[N:[a-z0-9]+]]: index
// CHECK-DAG:   %[[W:.*]] = arith.constant dense_resource<joined{{.*}}> : tensor<4x5xf32>
// CHECK-DAG:   %[[B:.*]] = arith.constant dense_resource<joined{{.*}}> : tensor<5xf32>
// CHECK:       %[[M:.*]] = linalg.matmul ins(%[[X]], %[[W]] : tensor<?x4xf32>, tensor<4x5xf32>) outs(%{{.*}} : tensor<?x5xf32>)
// CHECK:       %[[S:.*]] = linalg.generic {{.*}} ins(%[[M]], %[[B]] : tensor<?x5xf32>, tensor<5xf32>) outs(%{{.*}} : tensor<?x5xf32>)
// CHECK-DAG:   %[[P:.*]] = tensor.extract_slice %[[S]][0, 0] [%[[N]], 2] [1, 1] : tensor<?x5xf32> to tensor<?x2xf32>
// CHECK-DAG:   %[[Q:.*]] = tensor.extract_slice %[[S]][0, 2] [%[[N]], 3] [1, 1] : tensor<?x5xf32> to tensor<?x3xf32>
// CHECK:       return %[[P]], %[[Q]]
#same = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @biases(%x: tensor<?x4xf32>, %n: index) -> (tensor<?x2xf32>, tensor<?x3xf32>) {
  %v = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %w = arith.constant dense<0.5> : tensor<4x3xf32>
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %d = arith.constant dense<[3.0, 4.0, 5.0]> : tensor<3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %f = tensor.empty(%n) : tensor<?x3xf32>
  %ez = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2xf32>) -> tensor<?x2xf32>
  %fz = linalg.fill ins(%zero : f32) outs(%f : tensor<?x3xf32>) -> tensor<?x3xf32>
  %p = linalg.matmul ins(%x, %v : tensor<?x4xf32>, tensor<4x2xf32>) outs(%ez : tensor<?x2xf32>) -> tensor<?x2xf32>
  %q = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x3xf32>) outs(%fz : tensor<?x3xf32>) -> tensor<?x3xf32>
  %pb = linalg.generic {indexing_maps = [#same, #column, #same], iterator_types = ["parallel", "parallel"]} ins(%p, %c : tensor<?x2xf32>, tensor<2xf32>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<?x2xf32>
  %qb = linalg.generic {indexing_maps = [#same, #column, #same], iterator_types = ["parallel", "parallel"]} ins(%q, %d : tensor<?x3xf32>, tensor<3xf32>) outs(%f : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<?x3xf32>
  return %pb, %qb : tensor<?x2xf32>, tensor<?x3xf32>
}

// -----

// What follows is not alike: only the products are merged.
// CHECK-LABEL: func @apart
// CHECK:       linalg.matmul {{.*}} outs(%{{.*}} : tensor<8x7xf32>)
// CHECK-NOT:   linalg.matmul
// CHECK:       tensor.extract_slice %{{.*}}[0, 0] [8, 4]
// CHECK:       tensor.extract_slice %{{.*}}[0, 4] [8, 3]
// CHECK:       linalg.exp
func.func @apart(%x: tensor<8x2xf32>) -> (tensor<8x4xf32>, tensor<8x3xf32>) {
  %v = arith.constant dense<1.0> : tensor<2x4xf32>
  %w = arith.constant dense<2.0> : tensor<2x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = tensor.empty() : tensor<8x3xf32>
  %ez = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %fz = linalg.fill ins(%zero : f32) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %p = linalg.matmul ins(%x, %v : tensor<8x2xf32>, tensor<2x4xf32>) outs(%ez : tensor<8x4xf32>) -> tensor<8x4xf32>
  %q = linalg.matmul ins(%x, %w : tensor<8x2xf32>, tensor<2x3xf32>) outs(%fz : tensor<8x3xf32>) -> tensor<8x3xf32>
  %r = linalg.exp ins(%q : tensor<8x3xf32>) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  return %p, %r : tensor<8x4xf32>, tensor<8x3xf32>
}

// -----

// Other left operands, and right ones that are no constants.
// CHECK-LABEL: func @others
// CHECK-NOT:   tensor.extract_slice
// CHECK:       return
func.func @others(%x: tensor<8x2xf32>, %y: tensor<8x2xf32>, %u: tensor<2x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  %v = arith.constant dense<1.0> : tensor<2x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %ez = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %p = linalg.matmul ins(%x, %v : tensor<8x2xf32>, tensor<2x4xf32>) outs(%ez : tensor<8x4xf32>) -> tensor<8x4xf32>
  %q = linalg.matmul ins(%y, %v : tensor<8x2xf32>, tensor<2x4xf32>) outs(%ez : tensor<8x4xf32>) -> tensor<8x4xf32>
  %r = linalg.matmul ins(%x, %u : tensor<8x2xf32>, tensor<2x4xf32>) outs(%ez : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %p, %q, %r : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// The halves of a gate fuse with what reads both.
// CHECK-LABEL: func @gate
// CHECK-NOT:   tensor.extract_slice
// CHECK:       return
func.func @gate(%x: tensor<8x2xf32>) -> tensor<8x4xf32> {
  %v = arith.constant dense<1.0> : tensor<2x4xf32>
  %w = arith.constant dense<2.0> : tensor<2x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %ez = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %p = linalg.matmul ins(%x, %v : tensor<8x2xf32>, tensor<2x4xf32>) outs(%ez : tensor<8x4xf32>) -> tensor<8x4xf32>
  %q = linalg.matmul ins(%x, %w : tensor<8x2xf32>, tensor<2x4xf32>) outs(%ez : tensor<8x4xf32>) -> tensor<8x4xf32>
  %r = linalg.mul ins(%p, %q : tensor<8x4xf32>, tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// -----

// The constant may stand on the left, where its columns are the last of the result.
// CHECK-LABEL: func @left
// CHECK:       linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x7xf32>, tensor<8x2xf32>)
// CHECK-NOT:   linalg.generic
// CHECK:       return
#w = affine_map<(i, j, k) -> (k, j)>
#x = affine_map<(i, j, k) -> (i, k)>
#y = affine_map<(i, j, k) -> (i, j)>
func.func @left(%x: tensor<8x2xf32>) -> (tensor<8x4xf32>, tensor<8x3xf32>) {
  %v = arith.constant dense<1.0> : tensor<2x4xf32>
  %w = arith.constant dense<2.0> : tensor<2x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = tensor.empty() : tensor<8x3xf32>
  %ez = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %fz = linalg.fill ins(%zero : f32) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %p = linalg.generic {indexing_maps = [#w, #x, #y], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v, %x : tensor<2x4xf32>, tensor<8x2xf32>) outs(%ez : tensor<8x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x4xf32>
  %q = linalg.generic {indexing_maps = [#w, #x, #y], iterator_types = ["parallel", "parallel", "reduction"]} ins(%w, %x : tensor<2x3xf32>, tensor<8x2xf32>) outs(%fz : tensor<8x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x3xf32>
  return %p, %q : tensor<8x4xf32>, tensor<8x3xf32>
}

// -----

// Two steps with the same matrices: these stand side by side once.
// CHECK-LABEL: func @steps
// CHECK:       dense_resource<joined{{.*}}> : tensor<4x5xf32>
// CHECK-NOT:   dense_resource
// CHECK:       linalg.matmul {{.*}} outs(%{{.*}} : tensor<8x5xf32>)
// CHECK:       linalg.matmul {{.*}} outs(%{{.*}} : tensor<8x5xf32>)
func.func @steps(%x: tensor<8x4xf32>, %y: tensor<8x4xf32>) -> (tensor<8x2xf32>, tensor<8x3xf32>, tensor<8x2xf32>, tensor<8x3xf32>) {
  %v = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %w = arith.constant dense<0.5> : tensor<4x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x2xf32>
  %f = tensor.empty() : tensor<8x3xf32>
  %ez = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %fz = linalg.fill ins(%zero : f32) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %p = linalg.matmul ins(%x, %v : tensor<8x4xf32>, tensor<4x2xf32>) outs(%ez : tensor<8x2xf32>) -> tensor<8x2xf32>
  %q = linalg.matmul ins(%x, %w : tensor<8x4xf32>, tensor<4x3xf32>) outs(%fz : tensor<8x3xf32>) -> tensor<8x3xf32>
  %r = linalg.matmul ins(%y, %v : tensor<8x4xf32>, tensor<4x2xf32>) outs(%ez : tensor<8x2xf32>) -> tensor<8x2xf32>
  %s = linalg.matmul ins(%y, %w : tensor<8x4xf32>, tensor<4x3xf32>) outs(%fz : tensor<8x3xf32>) -> tensor<8x3xf32>
  return %p, %q, %r, %s : tensor<8x2xf32>, tensor<8x3xf32>, tensor<8x2xf32>, tensor<8x3xf32>
}
