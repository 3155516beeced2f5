// A value that is kept in a tile and stored as well: a sum that a normalisation reads, and the next layer.
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs))' -split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs{chains=false}))' -split-input-file | FileCheck %s --check-prefix=APART
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs,tile-schedule,tile-to-tasks,cse))' -split-input-file | FileCheck %s --check-prefix=TASK
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-form-graphs,tile-schedule),tile-report)' -split-input-file -o /dev/null | FileCheck %s --check-prefix=REPORT

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func @residual
// CHECK: %[[G:.*]]:2 = tile.graph {{.*}} outs(%[[N:.*]] = %{{.*}} : tensor<512x96xf32>, %[[S:.*]] = %{{.*}} : tensor<512x96xf32>)
// CHECK: linalg.matmul
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} outs(%[[S]]
// CHECK: %[[K:.*]] = tile.edge %[[Y]] at(workgroup)
// CHECK: %[[C:.*]] = linalg.generic {{.*}} ins(%[[K]], {{.*}} outs(%[[N]]
// CHECK: tile.yield %[[C]], %[[Y]]
// CHECK-NOT: tile.graph
// CHECK: return %[[G]]#1, %[[G]]#0
// APART-LABEL: func @residual
// APART-COUNT-2: tile.graph

// Written where it is stored, read there by the item.
// TASK-LABEL: func @residual
// TASK: ctrl.task (%{{.*}}) in (8) {{.*}} outs(%[[N:.*]] = %{{.*}} : tensor<512x96xf32>, %[[S:.*]] = %{{.*}} : tensor<512x96xf32>)
// TASK: %[[P:.*]] = tensor.extract_slice %[[S]]
// TASK: %[[Y:.*]] = linalg.generic {{.*}} outs(%[[P]] : tensor<64x96xf32>)
// TASK: linalg.generic {{.*}} ins(%[[Y]] : tensor<64x96xf32>)
// TASK-NOT: tensor.extract_slice %[[S]]
// TASK: %[[C:.*]] = linalg.generic {{.*}} ins(%[[Y]], %{{.*}} : tensor<64x96xf32>
// TASK: tensor.parallel_insert_slice %[[C]] into %[[N]]
// TASK-NEXT: tensor.parallel_insert_slice %[[Y]] into %[[S]]
// REPORT: generic -> generic at workgroup {{.*}}: 196.6 kB stored, not read
func.func @residual(%x: tensor<512x96xf32>, %h: tensor<512x384xf32>, %w: tensor<384x96xf32>) -> (tensor<512x96xf32>, tensor<512x96xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<512x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<512x96xf32>) -> tensor<512x96xf32>
  %m = linalg.matmul ins(%h, %w : tensor<512x384xf32>, tensor<384x96xf32>) outs(%f : tensor<512x96xf32>) -> tensor<512x96xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %m : tensor<512x96xf32>, tensor<512x96xf32>) outs(%e : tensor<512x96xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<512x96xf32>
  %re = tensor.empty() : tensor<512xf32>
  %rf = linalg.fill ins(%zero : f32) outs(%re : tensor<512xf32>) -> tensor<512xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%y : tensor<512x96xf32>) outs(%rf : tensor<512xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<512xf32>
  %c = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%y, %sum : tensor<512x96xf32>, tensor<512xf32>) outs(%e : tensor<512x96xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.subf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<512x96xf32>
  return %y, %c : tensor<512x96xf32>, tensor<512x96xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// The other reader stands before the root, which needs what it makes: nothing is stored.
// CHECK-LABEL: func @between
// CHECK-COUNT-2: = tile.graph
// CHECK-NOT: :2 = tile.graph
func.func private @middle(tensor<256x256xf32>) -> tensor<256xf32>
func.func @between(%x: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %e = tensor.empty() : tensor<256x256xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<256x256xf32>) outs(%e : tensor<256x256xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.mulf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<256x256xf32>
  %between = func.call @middle(%y) : (tensor<256x256xf32>) -> tensor<256xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%y, %between : tensor<256x256xf32>, tensor<256xf32>) outs(%e : tensor<256x256xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<256x256xf32>
  return %r : tensor<256x256xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#window = affine_map<(d0, d1, d2) -> (d0 + d2, d1)>
#w = affine_map<(d0, d1, d2) -> (d2)>
#out = affine_map<(d0, d1, d2) -> (d0, d1)>

// Windows read it: neighbouring tiles overlap, and none of them may store the rows they share.
// CHECK-LABEL: func @windows
// CHECK-NOT: :2 = tile.graph
func.func @windows(%x: tensor<514x64xf32>, %k: tensor<3xf32>, %o: tensor<512x64xf32>) -> (tensor<514x64xf32>, tensor<512x64xf32>) {
  %e = tensor.empty() : tensor<514x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<514x64xf32>) outs(%e : tensor<514x64xf32>) {
  ^bb0(%a: f32, %q: f32):
    %s = arith.mulf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<514x64xf32>
  %r = linalg.generic {indexing_maps = [#window, #w, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%y, %k : tensor<514x64xf32>, tensor<3xf32>) outs(%o : tensor<512x64xf32>) {
  ^bb0(%a: f32, %b: f32, %q: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %q, %p : f32
    linalg.yield %s : f32
  } -> tensor<512x64xf32>
  return %y, %r : tensor<514x64xf32>, tensor<512x64xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#col = affine_map<(d0, d1) -> (d1)>

// A product starts from it, and takes its place: it is a graph of its own.
// CHECK-LABEL: func @start
// CHECK-COUNT-2: = tile.graph
// CHECK-NOT: :2 = tile.graph
func.func @start(%bias: tensor<96xf32>, %h: tensor<512x384xf32>, %w: tensor<384x96xf32>) -> (tensor<512x96xf32>, tensor<512x96xf32>) {
  %e = tensor.empty() : tensor<512x96xf32>
  %b = linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]} ins(%bias : tensor<96xf32>) outs(%e : tensor<512x96xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<512x96xf32>
  %m = linalg.matmul ins(%h, %w : tensor<512x384xf32>, tensor<384x96xf32>) outs(%b : tensor<512x96xf32>) -> tensor<512x96xf32>
  return %m, %b : tensor<512x96xf32>, tensor<512x96xf32>
}

// -----

#one = affine_map<(d0) -> (d0)>

// More results than a graph may have: it stays what it is.
// CHECK-LABEL: func @many
// CHECK-NOT: tile.graph
func.func @many(%x: tensor<8xf32>, %o0: tensor<8xf32>, %o1: tensor<8xf32>, %o2: tensor<8xf32>, %o3: tensor<8xf32>, %o4: tensor<8xf32>, %o5: tensor<8xf32>, %o6: tensor<8xf32>, %o7: tensor<8xf32>, %o8: tensor<8xf32>, %o9: tensor<8xf32>, %o10: tensor<8xf32>, %o11: tensor<8xf32>, %o12: tensor<8xf32>, %o13: tensor<8xf32>, %o14: tensor<8xf32>, %o15: tensor<8xf32>, %o16: tensor<8xf32>) -> tensor<8xf32> {
  %r:17 = linalg.generic {indexing_maps = [#one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one, #one], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%o0, %o1, %o2, %o3, %o4, %o5, %o6, %o7, %o8, %o9, %o10, %o11, %o12, %o13, %o14, %o15, %o16 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  ^bb0(%a: f32, %b0: f32, %b1: f32, %b2: f32, %b3: f32, %b4: f32, %b5: f32, %b6: f32, %b7: f32, %b8: f32, %b9: f32, %b10: f32, %b11: f32, %b12: f32, %b13: f32, %b14: f32, %b15: f32, %b16: f32):
    linalg.yield %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a : f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32
  } -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %r#16 : tensor<8xf32>
}
