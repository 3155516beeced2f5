// Our dialects and passes in a stock mlir-opt.
// REQUIRES: plugin
// RUN: mlir-opt %s --load-dialect-plugin=%{libdlc} --load-pass-plugin=%{libdlc} --pass-pipeline="builtin.module(canonicalize)" | FileCheck %s

// RUN: mlir-opt %s --load-dialect-plugin=%{libdlc} --load-pass-plugin=%{libdlc} --pass-pipeline="builtin.module(func.func(tile-schedule{elements=7}))" --dump-pass-pipeline 2>&1 | FileCheck %s --check-prefix=OPTIONS
// OPTIONS: tile-schedule{{{.*}}elements=7 {{.*}}workers=8}

// CHECK-LABEL: func.func @join
func.func @join(%t: !ctrl.token, %u: !ctrl.token) -> !ctrl.token {
  // CHECK: ctrl.join %{{.*}}, %{{.*}}{{$}}
  %r = ctrl.join %t, %u, %t
  return %r : !ctrl.token
}
