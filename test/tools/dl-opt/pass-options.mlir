// Options, statistics, pipeline printing and timing of passes written in C, as of any MLIR pass.
// RUN: dl-opt --help | FileCheck %s --check-prefix=HELP
// RUN: dl-opt --show-dialects %s | FileCheck %s --check-prefix=DIALECTS
// RUN: dl-opt --pass-pipeline="builtin.module(func.func(tile-schedule{elements=7 workers=3}))" --dump-pass-pipeline %s 2>&1 | FileCheck %s --check-prefix=PIPELINE
// RUN: dl-opt --pass-pipeline="builtin.module(func.func(tile-fuse-elementwise))" --mlir-pass-statistics %s 2>&1 | FileCheck %s --check-prefix=STATISTICS
// RUN: not dl-opt --pass-pipeline="builtin.module(func.func(tile-schedule{nonsense=1}))" %s 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: dl-opt --mlir-timing --canonicalize %s 2>&1 | FileCheck %s --check-prefix=TIMING

// HELP: OVERVIEW: dl-opt
// HELP-DAG: --tile-schedule
// HELP-DAG: --elements=<
// HELP-DAG: --split-input-file
// HELP-DAG: --mlir-pass-statistics
// DIALECTS: ctrl{{.*}}place{{.*}}tile
// PIPELINE: tile-schedule{{{.*}}elements=7 {{.*}}workers=3}
// STATISTICS: tile-fuse-elementwise
// STATISTICS-NEXT: (S) {{ *}}1 fused
// UNKNOWN: no such option nonsense
// TIMING: Execution time report
#id = affine_map<(i) -> (i)>
func.func @f(%x: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.mulf %v, %v : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.negf %v : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  return %b : tensor<64xf32>
}
