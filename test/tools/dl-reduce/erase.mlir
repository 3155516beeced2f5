// dl-reduce parses our dialects and drops what the test script does not miss.
// RUN: dl-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/has-await.sh' | FileCheck %s

// CHECK-NOT: func.func @unrelated
// CHECK: ctrl.await
func.func @unrelated(%n: index) {
  ctrl.loop %i to %n { ctrl.next }
  return
}
func.func @waits(%t: !ctrl.token) {
  ctrl.await %t
  return
}
