// RUN: dl-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(tile-split-fresh-tensors))' | FileCheck %s

// CHECK-LABEL: func @shared
// CHECK: %[[A:.*]] = tensor.empty(%{{.*}})
// CHECK-NEXT: linalg.fill ins(%{{.*}}) outs(%[[A]]
// CHECK-NEXT: %[[B:.*]] = tensor.empty(%{{.*}})
// CHECK-NEXT: linalg.fill ins(%{{.*}}) outs(%[[B]]
func.func @shared(%n: index, %x: f32) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %a = linalg.fill ins(%x : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = linalg.fill ins(%x : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
}

// Just before the use, but not in the loop.
// CHECK-LABEL: func @loop
// CHECK: "test.before"
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: scf.for
func.func @loop(%n: index, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<8xf32>
  "test.before"() : () -> ()
  scf.for %i = %c0 to %n step %c1 {
    %a = linalg.fill ins(%x : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
    "test.use"(%a) : (tensor<8xf32>) -> ()
  }
  return
}

// Twice in one op counts as two uses.
// CHECK-LABEL: func @both
// CHECK-COUNT-2: tensor.empty
// CHECK: return
func.func @both() -> (tensor<8xf32>, tensor<8xf32>) {
  %e = tensor.empty() : tensor<8xf32>
  return %e, %e : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func @single
// CHECK-COUNT-1: tensor.empty
// CHECK-NOT: tensor.empty
func.func @single(%x: f32) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %a = linalg.fill ins(%x : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %a : tensor<8xf32>
}

// CHECK-LABEL: func @unused
func.func @unused() {
  %e = tensor.empty() : tensor<8xf32>
  return
}

// Two padded tensors with one border: the border, and the tensor that it is inserted into, are made twice.
// CHECK-LABEL: func @borders
// CHECK-COUNT-2: linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @borders(%z: f32, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<6xf32>, tensor<6xf32>) {
  %e = tensor.empty() : tensor<6xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
  %p = tensor.insert_slice %a into %f[1] [4] [1] : tensor<4xf32> into tensor<6xf32>
  %q = tensor.insert_slice %b into %f[1] [4] [1] : tensor<4xf32> into tensor<6xf32>
  return %p, %q : tensor<6xf32>, tensor<6xf32>
}

// What only reads a filled tensor shares it.
// CHECK-LABEL: func @readers
// CHECK-COUNT-1: linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @readers(%z: f32) {
  %e = tensor.empty() : tensor<6xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
  "test.use"(%f) : (tensor<6xf32>) -> ()
  "test.use"(%f) : (tensor<6xf32>) -> ()
  return
}

// A tensor that is inserted into itself again and again: the copies stay in proportion.
// CHECK-LABEL: func @doubling
// CHECK: return
func.func @doubling(%z: f32) -> tensor<6xf32> {
  %e = tensor.empty() : tensor<6xf32>
  %t0 = linalg.fill ins(%z : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
  %t1 = tensor.insert_slice %t0 into %t0[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t2 = tensor.insert_slice %t1 into %t1[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t3 = tensor.insert_slice %t2 into %t2[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t4 = tensor.insert_slice %t3 into %t3[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t5 = tensor.insert_slice %t4 into %t4[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t6 = tensor.insert_slice %t5 into %t5[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t7 = tensor.insert_slice %t6 into %t6[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t8 = tensor.insert_slice %t7 into %t7[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t9 = tensor.insert_slice %t8 into %t8[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t10 = tensor.insert_slice %t9 into %t9[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t11 = tensor.insert_slice %t10 into %t10[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t12 = tensor.insert_slice %t11 into %t11[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t13 = tensor.insert_slice %t12 into %t12[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t14 = tensor.insert_slice %t13 into %t13[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t15 = tensor.insert_slice %t14 into %t14[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t16 = tensor.insert_slice %t15 into %t15[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t17 = tensor.insert_slice %t16 into %t16[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t18 = tensor.insert_slice %t17 into %t17[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t19 = tensor.insert_slice %t18 into %t18[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t20 = tensor.insert_slice %t19 into %t19[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t21 = tensor.insert_slice %t20 into %t20[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t22 = tensor.insert_slice %t21 into %t21[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t23 = tensor.insert_slice %t22 into %t22[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t24 = tensor.insert_slice %t23 into %t23[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t25 = tensor.insert_slice %t24 into %t24[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t26 = tensor.insert_slice %t25 into %t25[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t27 = tensor.insert_slice %t26 into %t26[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t28 = tensor.insert_slice %t27 into %t27[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t29 = tensor.insert_slice %t28 into %t28[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t30 = tensor.insert_slice %t29 into %t29[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t31 = tensor.insert_slice %t30 into %t30[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t32 = tensor.insert_slice %t31 into %t31[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t33 = tensor.insert_slice %t32 into %t32[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t34 = tensor.insert_slice %t33 into %t33[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t35 = tensor.insert_slice %t34 into %t34[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t36 = tensor.insert_slice %t35 into %t35[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t37 = tensor.insert_slice %t36 into %t36[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t38 = tensor.insert_slice %t37 into %t37[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t39 = tensor.insert_slice %t38 into %t38[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  %t40 = tensor.insert_slice %t39 into %t39[0] [6] [1] : tensor<6xf32> into tensor<6xf32>
  return %t40 : tensor<6xf32>
}
