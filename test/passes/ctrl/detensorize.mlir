// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-detensorize))" | FileCheck %s
// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(ctrl-detensorize))" --mlir-pass-statistics 2>&1 | FileCheck %s --check-prefix=STATISTICS
// STATISTICS: ctrl-detensorize
// STATISTICS-DAG: {{[1-9][0-9]*}} carries
// STATISTICS-DAG: {{[1-9][0-9]*}} insertions
// STATISTICS-DAG: {{[1-9][0-9]*}} ops
#s = affine_map<() -> ()>
#d = affine_map<(d0) -> (d0)>
#r = affine_map<(d0) -> ()>

// A loop over numbers; it may run no time at all.
// CHECK-LABEL: func @map
// CHECK-SAME: (%[[N:.*]]: tensor<i64>, %[[A:.*]]: tensor<1xf32>)
// CHECK: %[[E:.*]] = tensor.extract %[[A]][%{{.*}}] : tensor<1xf32>
// CHECK: %[[L:.*]] = ctrl.loop %{{.*}} to %{{.*}} carry(%[[X:.*]] = %[[E]] : f32) {
// CHECK-NOT: tensor
// CHECK: %[[M:.*]] = arith.mulf %{{.*}}, %[[X]] : f32
// CHECK: %[[O:.*]] = arith.subf %{{.*}}, %[[X]] : f32
// CHECK: %[[Y:.*]] = arith.mulf %[[M]], %[[O]] : f32
// CHECK: ctrl.next %[[Y]] : f32
// CHECK: %[[R:.*]] = tensor.from_elements %[[L]] : tensor<1xf32>
// CHECK: return %[[R]]
func.func @map(%count: tensor<i64>, %a: tensor<1xf32>) -> tensor<1xf32> {
  %k = arith.constant dense<2.8> : tensor<1xf32>
  %one = arith.constant dense<1.0> : tensor<1xf32>
  %c = tensor.extract %count[] : tensor<i64>
  %n = arith.index_cast %c : i64 to index
  %r = ctrl.loop %i to %n carry(%x = %a : tensor<1xf32>) {
    %e = tensor.empty() : tensor<1xf32>
    %m = linalg.generic {indexing_maps = [#d, #d, #d], iterator_types = ["parallel"]}
        ins(%k, %x : tensor<1xf32>, tensor<1xf32>) outs(%e : tensor<1xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %v = arith.mulf %p, %q : f32
      linalg.yield %v : f32
    } -> tensor<1xf32>
    %s = linalg.sub ins(%one, %x : tensor<1xf32>, tensor<1xf32>) outs(%e : tensor<1xf32>) -> tensor<1xf32>
    %y = arith.mulf %m, %s : tensor<1xf32>
    ctrl.next %y : tensor<1xf32>
  }
  return %r : tensor<1xf32>
}

// Conditions, with shapes between: integers of any width, bools, halves.
// CHECK-LABEL: func @kinds
// CHECK: ctrl.loop %{{.*}} carry(%[[I:.*]] = %{{.*}} : i8, %[[H:.*]] = %{{.*}} : f16, %[[B:.*]] = %{{.*}} : bf16, %[[F:.*]] = %{{.*}} : i1) while
// CHECK-NOT: tensor
// CHECK: arith.addi %[[I]], %{{.*}} : i8
// CHECK: arith.addf %[[H]], %[[H]] : f16
// CHECK: arith.negf %[[B]] : bf16
// CHECK: %[[G:.*]] = arith.cmpi slt
// CHECK: ctrl.next while(%[[G]]) %{{.*}} : i8, f16, bf16, i1
func.func @kinds(%i0: tensor<1x1xi8>, %h0: tensor<f16>, %b0: tensor<1xbf16>, %f0: tensor<i1>)
    -> (tensor<1x1xi8>, tensor<f16>, tensor<1xbf16>, tensor<i1>) {
  %true = arith.constant true
  %one = arith.constant dense<1> : tensor<i8>
  %most = arith.constant dense<100> : tensor<i8>
  %r:4 = ctrl.loop %t carry(%i = %i0 : tensor<1x1xi8>, %h = %h0 : tensor<f16>, %b = %b0 : tensor<1xbf16>, %f = %f0 : tensor<i1>) while(%true) {
    %flat = tensor.collapse_shape %i [] : tensor<1x1xi8> into tensor<i8>
    %i1 = arith.addi %flat, %one : tensor<i8>
    %h1 = arith.addf %h, %h : tensor<f16>
    %b1 = arith.negf %b : tensor<1xbf16>
    %go = arith.cmpi slt, %i1, %most : tensor<i8>
    %f1 = arith.xori %f, %go : tensor<i1>
    %wide = tensor.expand_shape %i1 [] output_shape [1, 1] : tensor<i8> into tensor<1x1xi8>
    %g = tensor.extract %go[] : tensor<i1>
    ctrl.next while(%g) %wide, %h1, %b1, %f1 : tensor<1x1xi8>, tensor<f16>, tensor<1xbf16>, tensor<i1>
  }
  return %r#0, %r#1, %r#2, %r#3 : tensor<1x1xi8>, tensor<f16>, tensor<1xbf16>, tensor<i1>
}

// A number that a larger op reads as well is made a tensor for it; a slice is read, a result inserted.
// CHECK-LABEL: func @mixed
// CHECK: ctrl.loop %[[I:.*]] to %{{.*}} carry(%[[P:.*]] = %{{.*}} : i64, %[[ALL:.*]] = %{{.*}} : tensor<?xi64>, %{{.*}} = %{{.*}} : tensor<64xi64>)
// CHECK: %[[T:.*]] = tensor.from_elements %[[P]] : tensor<i64>
// CHECK: %[[X:.*]] = tensor.extract %{{.*}}[%[[I]]] : tensor<?xi64>
// CHECK: %[[Q:.*]] = arith.addi %[[P]], %[[X]] : i64
// CHECK: linalg.generic {{.*}} ins(%[[T]] : tensor<i64>) outs(%{{.*}} : tensor<64xi64>)
// CHECK: %[[IN:.*]] = tensor.insert %[[Q]] into %[[ALL]][%[[I]]] : tensor<?xi64>
// CHECK: ctrl.next %[[Q]], %[[IN]]
func.func @mixed(%p0: tensor<i64>, %xs: tensor<?xi64>, %all0: tensor<?xi64>, %big0: tensor<64xi64>, %n: index) -> (tensor<?xi64>, tensor<64xi64>) {
  %r:3 = ctrl.loop %i to %n carry(%p = %p0 : tensor<i64>, %all = %all0 : tensor<?xi64>, %big = %big0 : tensor<64xi64>) {
    %s = tensor.extract_slice %xs[%i] [1] [1] : tensor<?xi64> to tensor<1xi64>
    %x = tensor.collapse_shape %s [] : tensor<1xi64> into tensor<i64>
    %q = arith.addi %p, %x : tensor<i64>
    %b = linalg.generic {indexing_maps = [#r, #d], iterator_types = ["parallel"]} ins(%p : tensor<i64>) outs(%big : tensor<64xi64>) {
    ^bb0(%v: i64, %o: i64):
      %w = arith.addi %v, %o : i64
      linalg.yield %w : i64
    } -> tensor<64xi64>
    %q1 = tensor.expand_shape %q [] output_shape [1] : tensor<i64> into tensor<1xi64>
    %in = tensor.insert_slice %q1 into %all[%i] [1] [1] : tensor<1xi64> into tensor<?xi64>
    ctrl.next %q, %in, %b : tensor<i64>, tensor<?xi64>, tensor<64xi64>
  }
  return %r#1, %r#2 : tensor<?xi64>, tensor<64xi64>
}

// What a reduction makes is extracted, and what decides from there on works on numbers.
// CHECK-LABEL: func @decides
// CHECK: ctrl.loop %{{.*}} carry(%{{.*}} = %{{.*}} : tensor<64xf32>) while
// CHECK: %[[F:.*]] = linalg.fill
// CHECK: %[[S:.*]] = linalg.generic {{.*}} outs(%[[F]] : tensor<f32>)
// CHECK: %[[E:.*]] = tensor.extract %[[S]][] : tensor<f32>
// CHECK: %[[G:.*]] = arith.cmpf ogt, %[[E]], %{{.*}} : f32
// CHECK: ctrl.next while(%[[G]])
func.func @decides(%x0: tensor<64xf32>) -> tensor<64xf32> {
  %true = arith.constant true
  %zero = arith.constant 0.0 : f32
  %least = arith.constant dense<0.5> : tensor<f32>
  %r = ctrl.loop %i carry(%x = %x0 : tensor<64xf32>) while(%true) {
    %y = linalg.exp ins(%x : tensor<64xf32>) outs(%x : tensor<64xf32>) -> tensor<64xf32>
    %e = tensor.empty() : tensor<f32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
    %s = linalg.generic {indexing_maps = [#d, #r], iterator_types = ["reduction"]} ins(%y : tensor<64xf32>) outs(%f : tensor<f32>) {
    ^bb0(%v: f32, %o: f32):
      %w = arith.addf %v, %o : f32
      linalg.yield %w : f32
    } -> tensor<f32>
    %c = arith.cmpf ogt, %s, %least : tensor<f32>
    %g = tensor.extract %c[] : tensor<i1>
    ctrl.next while(%g) %y : tensor<64xf32>
  }
  return %r : tensor<64xf32>
}

// Results of branches, a table that is looked up in, indices of loops.
// CHECK-LABEL: func @arms
// CHECK: %[[B:.*]] = ctrl.branch %{{.*}} : i1 -> (f32) {
// CHECK: tensor.extract %{{.*}}[%{{.*}}] : tensor<9xf32>
// CHECK: ctrl.yield %{{.*}} : f32
// CHECK: } else {
// CHECK: ctrl.yield %{{.*}} : f32
// CHECK: tensor.from_elements %[[B]] : tensor<1xf32>
func.func @arms(%p: i1, %table: tensor<9xf32>, %k: tensor<1xi64>, %b: tensor<1xf32>) -> tensor<1xf32> {
  %r = ctrl.branch %p : i1 -> (tensor<1xf32>) {
    %e = tensor.empty() : tensor<1xf32>
    %y = linalg.generic {indexing_maps = [#d, #d], iterator_types = ["parallel"]} ins(%k : tensor<1xi64>) outs(%e : tensor<1xf32>) {
    ^bb0(%v: i64, %o: f32):
      %at = arith.index_cast %v : i64 to index
      %i = linalg.index 0 : index
      %sum = arith.addi %at, %i : index
      %w = tensor.extract %table[%sum] : tensor<9xf32>
      linalg.yield %w : f32
    } -> tensor<1xf32>
    ctrl.yield %y : tensor<1xf32>
  } else {
    ctrl.yield %b : tensor<1xf32>
  }
  return %r : tensor<1xf32>
}

// Left alone: what a larger op makes, and what is only on the way from one larger op to another; straight-line code.
// CHECK-LABEL: func @tasks
// CHECK: ctrl.loop %{{.*}} to %{{.*}} carry(%{{.*}} = %{{.*}} : tensor<64xf32>, %{{.*}} = %{{.*}} : tensor<f32>)
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK: arith.divf %{{.*}} : tensor<f32>
// CHECK: linalg.generic
// CHECK: ctrl.next %{{.*}} : tensor<64xf32>, tensor<f32>
// CHECK: arith.negf %{{.*}} : tensor<f32>
func.func @tasks(%x0: tensor<64xf32>, %s0: tensor<f32>, %n: index) -> (tensor<64xf32>, tensor<f32>) {
  %zero = arith.constant 0.0 : f32
  %count = arith.constant dense<64.0> : tensor<f32>
  %r:2 = ctrl.loop %i to %n carry(%x = %x0 : tensor<64xf32>, %last = %s0 : tensor<f32>) {
    %e = tensor.empty() : tensor<f32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
    %s = linalg.generic {indexing_maps = [#d, #r], iterator_types = ["reduction"]} ins(%x : tensor<64xf32>) outs(%f : tensor<f32>) {
    ^bb0(%v: f32, %o: f32):
      %w = arith.addf %v, %o : f32
      linalg.yield %w : f32
    } -> tensor<f32>
    %mean = arith.divf %s, %count : tensor<f32>
    %y = linalg.generic {indexing_maps = [#r, #d], iterator_types = ["parallel"]} ins(%mean : tensor<f32>) outs(%x : tensor<64xf32>) {
    ^bb0(%v: f32, %o: f32):
      %w = arith.subf %o, %v : f32
      linalg.yield %w : f32
    } -> tensor<64xf32>
    ctrl.next %y, %s : tensor<64xf32>, tensor<f32>
  }
  %m = arith.negf %r#1 : tensor<f32>
  return %r#0, %m : tensor<64xf32>, tensor<f32>
}

// Left alone: sizes that are not known; bodies with effects; what stands in a task.
// CHECK-LABEL: func @refused
// CHECK: ctrl.loop %{{.*}} carry(%{{.*}} = %{{.*}} : tensor<?xf32>, %{{.*}} = %{{.*}} : tensor<f32>, %{{.*}} = %{{.*}} : tensor<1xf32>)
// CHECK: arith.addf %{{.*}} : tensor<?xf32>
// CHECK: linalg.generic
// CHECK: cf.assert
// CHECK: ctrl.task
// CHECK: linalg.exp
func.func @refused(%x0: tensor<?xf32>, %y0: tensor<f32>, %z0: tensor<1xf32>, %n: index) -> (tensor<?xf32>, tensor<f32>, tensor<1xf32>) {
  %r:3 = ctrl.loop %i to %n carry(%x = %x0 : tensor<?xf32>, %y = %y0 : tensor<f32>, %z = %z0 : tensor<1xf32>) {
    %x1 = arith.addf %x, %x : tensor<?xf32>
    %y1 = linalg.generic {indexing_maps = [#s, #s], iterator_types = []} ins(%y : tensor<f32>) outs(%y0 : tensor<f32>) {
    ^bb0(%v: f32, %o: f32):
      %good = arith.cmpf ord, %v, %v : f32
      cf.assert %good, "not a number"
      linalg.yield %v : f32
    } -> tensor<f32>
    %z1 = ctrl.task (%k) in (1) outs(%o = %z : tensor<1xf32>) {
      %w = linalg.exp ins(%o : tensor<1xf32>) outs(%o : tensor<1xf32>) -> tensor<1xf32>
      ctrl.in_parallel {
        tensor.parallel_insert_slice %w into %o[0] [1] [1] : tensor<1xf32> into tensor<1xf32>
      }
    }
    ctrl.next %x1, %y1, %z1 : tensor<?xf32>, tensor<f32>, tensor<1xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<?xf32>, tensor<f32>, tensor<1xf32>
}
