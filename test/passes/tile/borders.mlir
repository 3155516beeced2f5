// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs))' | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{borders=none}))' | FileCheck %s --check-prefix=NONE
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{borders=all},tile-schedule{elements=4096},tile-to-tasks,canonicalize,cse))' | FileCheck %s --check-prefix=TASK
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{borders=some}))' 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: borders=some is neither cost, all nor none

#window = affine_map<(d0, d1, d2) -> (d0 + d2, d1)>
#taps = affine_map<(d0, d1, d2) -> (d2, d1)>
#out = affine_map<(d0, d1, d2) -> (d0, d1)>

// A convolution along rows with one row of zeros around: its tiles take the rows that they need, and one more on each side.
// CHECK-LABEL: func @rows
// CHECK: tile.graph
// CHECK: %[[F:.*]] = linalg.fill
// CHECK: %[[P:.*]] = tensor.insert_slice %{{.*}} into %[[F]][1, 0] [2048, 512]
// CHECK: %[[T:.*]] = tile.edge %[[P]] at(workgroup) : tensor<2050x512xf32>
// CHECK: linalg.generic {{.*}} ins(%[[T]]
// CHECK-NOT: tile.graph

// NONE-LABEL: func @rows
// NONE-COUNT-2: tile.graph
// NONE-NOT: tile.edge

// The sides of a tile that reach beyond the source are filled, then the part of the source that it covers, clipped.
// TASK-LABEL: func @rows
// TASK: ctrl.task (%[[I:.*]], %[[J:.*]]) in
// TASK-DAG: %[[LOW:.*]] = affine.max #{{.*}}(%[[I]])
// TASK-DAG: %[[END:.*]] = affine.min #{{.*}}(%[[I]])
// TASK: %[[THERE:.*]] = affine.max #{{.*}}(%[[END]], %[[LOW]])
// TASK: %[[N:.*]] = affine.min #{{.*}}(%[[THERE]])
// TASK: %[[AT:.*]] = affine.min #{{.*}}(%[[LOW]], %[[I]])
// TASK: %[[HIGH:.*]] = affine.apply #{{.*}}(%[[AT]], %[[N]])
// TASK: linalg.fill
// TASK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [%[[AT]], 64]
// TASK: linalg.fill
// TASK: tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}, 0] [%[[HIGH]], 64]
// TASK: %[[S:.*]] = tensor.extract_slice %{{.*}}[%[[LOW]], %{{.*}}] [%[[N]], 64]
// TASK: tensor.insert_slice %[[S]] into %{{.*}}[%[[AT]], 0] [%[[N]], 64]
// TASK: linalg.generic
func.func @rows(%x: tensor<2048x512xf32>, %w: tensor<3x512xf32>) -> tensor<2048x512xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2050x512xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2050x512xf32>) -> tensor<2050x512xf32>
  %p = tensor.insert_slice %x into %f[1, 0] [2048, 512] [1, 1] : tensor<2048x512xf32> into tensor<2050x512xf32>
  %r = tensor.empty() : tensor<2048x512xf32>
  %s = linalg.fill ins(%zero : f32) outs(%r : tensor<2048x512xf32>) -> tensor<2048x512xf32>
  %c = linalg.generic {indexing_maps = [#window, #taps, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%p, %w : tensor<2050x512xf32>, tensor<3x512xf32>) outs(%s : tensor<2048x512xf32>) {
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<2048x512xf32>
  return %c : tensor<2048x512xf32>
}

// A window that reads the border alone: there is no part of the source to take.
// CHECK-LABEL: func @border
// TASK-LABEL: func @border
// TASK: ctrl.task
// TASK: %[[F:.*]] = linalg.fill {{.*}} -> tensor<{{[0-9]+}}x1xf32>
// TASK-NOT: tensor.insert_slice
// TASK: linalg.generic {{.*}} ins(%[[F]]
#first = affine_map<(d0, d1, d2) -> (d0, d1 * 2 + d2)>
#tap = affine_map<(d0, d1, d2) -> (d2)>
func.func @border(%x: tensor<32x2xf32>, %w: tensor<1xf32>) -> tensor<32x1xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<32x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<32x3xf32>) -> tensor<32x3xf32>
  %p = tensor.insert_slice %x into %f[0, 1] [32, 2] [1, 1] : tensor<32x2xf32> into tensor<32x3xf32>
  %r = tensor.empty() : tensor<32x1xf32>
  %s = linalg.fill ins(%zero : f32) outs(%r : tensor<32x1xf32>) -> tensor<32x1xf32>
  %c = linalg.generic {indexing_maps = [#first, #tap, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%p, %w : tensor<32x3xf32>, tensor<1xf32>) outs(%s : tensor<32x1xf32>) {
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<32x1xf32>
  return %c : tensor<32x1xf32>
}
