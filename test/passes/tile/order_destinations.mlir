// RUN: dl-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(tile-order-destinations))' | FileCheck %s

// The filled tensor, its size and its origin come before what is inserted into it.
// CHECK-LABEL: func @pad
// CHECK: tensor.dim
// CHECK: arith.addi
// CHECK: tensor.empty
// CHECK: linalg.fill
// CHECK: "test.make"
// CHECK: tensor.insert_slice
func.func @pad(%a: tensor<?xf32>, %z: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %x = "test.make"() : () -> tensor<4xf32>
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %m = arith.addi %n, %c2 : index
  %e = tensor.empty(%m) : tensor<?xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %r = tensor.insert_slice %x into %f[1] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %r : tensor<?xf32>
}

// A destination that needs the tensor itself, or another op that is not cheap, stays.
// CHECK-LABEL: func @stays
// CHECK: "test.make"
// CHECK-NEXT: "test.size"
// CHECK-NEXT: tensor.empty
// CHECK: return
func.func @stays(%z: f32) -> tensor<?xf32> {
  %x = "test.make"() : () -> tensor<4xf32>
  %n = "test.size"(%x) : (tensor<4xf32>) -> index
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = tensor.insert_slice %x into %e[1] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %r : tensor<?xf32>
}

// Borders on both sides that are one value: it is not moved before itself.
// CHECK-LABEL: func @both_sides
// CHECK: linalg.fill
// CHECK-NEXT: tensor.insert_slice
// CHECK-NEXT: tensor.insert_slice
// CHECK-NEXT: return
func.func @both_sides(%z: f32, %e: tensor<2xf32>, %f: tensor<8xf32>) -> tensor<8xf32> {
  %s = linalg.fill ins(%z : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %l = tensor.insert_slice %s into %f[0] [2] [1] : tensor<2xf32> into tensor<8xf32>
  %r = tensor.insert_slice %s into %l[6] [2] [1] : tensor<2xf32> into tensor<8xf32>
  return %r : tensor<8xf32>
}

// A size whose arithmetic doubles at every step is visited once an op, not once a path.
// CHECK-LABEL: func @doubling
// CHECK: arith.addi
// CHECK: tensor.empty
// CHECK: "test.make"
func.func @doubling(%z: f32, %n0: index) -> tensor<?xf32> {
  %x = "test.make"() : () -> tensor<4xf32>
  %n1 = arith.addi %n0, %n0 : index
  %n2 = arith.addi %n1, %n1 : index
  %n3 = arith.addi %n2, %n2 : index
  %n4 = arith.addi %n3, %n3 : index
  %n5 = arith.addi %n4, %n4 : index
  %n6 = arith.addi %n5, %n5 : index
  %n7 = arith.addi %n6, %n6 : index
  %n8 = arith.addi %n7, %n7 : index
  %n9 = arith.addi %n8, %n8 : index
  %n10 = arith.addi %n9, %n9 : index
  %n11 = arith.addi %n10, %n10 : index
  %n12 = arith.addi %n11, %n11 : index
  %n13 = arith.addi %n12, %n12 : index
  %n14 = arith.addi %n13, %n13 : index
  %n15 = arith.addi %n14, %n14 : index
  %n16 = arith.addi %n15, %n15 : index
  %n17 = arith.addi %n16, %n16 : index
  %n18 = arith.addi %n17, %n17 : index
  %n19 = arith.addi %n18, %n18 : index
  %n20 = arith.addi %n19, %n19 : index
  %n21 = arith.addi %n20, %n20 : index
  %n22 = arith.addi %n21, %n21 : index
  %n23 = arith.addi %n22, %n22 : index
  %n24 = arith.addi %n23, %n23 : index
  %n25 = arith.addi %n24, %n24 : index
  %n26 = arith.addi %n25, %n25 : index
  %n27 = arith.addi %n26, %n26 : index
  %n28 = arith.addi %n27, %n27 : index
  %n29 = arith.addi %n28, %n28 : index
  %n30 = arith.addi %n29, %n29 : index
  %n31 = arith.addi %n30, %n30 : index
  %n32 = arith.addi %n31, %n31 : index
  %n33 = arith.addi %n32, %n32 : index
  %n34 = arith.addi %n33, %n33 : index
  %n35 = arith.addi %n34, %n34 : index
  %n36 = arith.addi %n35, %n35 : index
  %n37 = arith.addi %n36, %n36 : index
  %n38 = arith.addi %n37, %n37 : index
  %n39 = arith.addi %n38, %n38 : index
  %n40 = arith.addi %n39, %n39 : index
  %n41 = arith.addi %n40, %n40 : index
  %n42 = arith.addi %n41, %n41 : index
  %n43 = arith.addi %n42, %n42 : index
  %n44 = arith.addi %n43, %n43 : index
  %n45 = arith.addi %n44, %n44 : index
  %n46 = arith.addi %n45, %n45 : index
  %n47 = arith.addi %n46, %n46 : index
  %n48 = arith.addi %n47, %n47 : index
  %e = tensor.empty(%n48) : tensor<?xf32>
  %r = tensor.insert_slice %x into %e[1] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %r : tensor<?xf32>
}
