// RUN: dl-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @edge_global
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>)
// CHECK-NEXT: return %[[A]]
func.func @edge_global(%a: tensor<4xf32>) -> tensor<4xf32> {
  %e = tile.edge %a at(global) : tensor<4xf32>
  return %e : tensor<4xf32>
}

// CHECK-LABEL: func.func @edge_twice
// CHECK-NEXT: %[[E:.*]] = tile.edge %{{.*}} at(register)
// CHECK-NEXT: return %[[E]]
func.func @edge_twice(%a: tensor<4xf32>) -> tensor<4xf32> {
  %e = tile.edge %a at(register) : tensor<4xf32>
  %f = tile.edge %e at(register) : tensor<4xf32>
  return %f : tensor<4xf32>
}

// Another level, or another halo, is another edge.
// CHECK-LABEL: func.func @edge_other
// CHECK: at(workgroup) halo <recompute dims[0]>
// CHECK: at(workgroup) :
// CHECK: at(register) :
func.func @edge_other(%a: tensor<4xf32>) -> tensor<4xf32> {
  %e = tile.edge %a at(workgroup) halo <recompute dims [0]> : tensor<4xf32>
  %f = tile.edge %e at(workgroup) : tensor<4xf32>
  %g = tile.edge %f at(register) : tensor<4xf32>
  return %g : tensor<4xf32>
}
