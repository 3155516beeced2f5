// Our dialects and passes in a stock mlir-opt.
// REQUIRES: plugin
// RUN: mlir-opt %s --load-dialect-plugin=%{libdlc} --load-pass-plugin=%{libdlc} --pass-pipeline="builtin.module(canonicalize)" | FileCheck %s

// CHECK-LABEL: func.func @join
func.func @join(%t: !ctrl.token, %u: !ctrl.token) -> !ctrl.token {
  // CHECK: ctrl.join %{{.*}}, %{{.*}}{{$}}
  %r = ctrl.join %t, %u, %t
  return %r : !ctrl.token
}
