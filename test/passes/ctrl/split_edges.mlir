// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-split-edges,canonicalize,cse))' --split-input-file | FileCheck %s

#offset = affine_map<(d0) -> (d0 * 64)>
#size = affine_map<(d0) -> (d0 * -64 + 1000, 64)>

// 1000 = 15 * 64 + 40.
// CHECK-LABEL: func @columns
// CHECK: ctrl.task (%[[J:.*]]) in (16)
// CHECK: %[[N:.*]] = affine.min #{{.*}}(%[[J]])
// CHECK: %[[FULL:.*]] = arith.cmpi eq, %[[N]], %c64
// CHECK: scf.if %[[FULL]] {
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : memref<8x16xf32>, memref<16x64xf32, {{.*}}) outs(%{{.*}} : memref<8x64xf32
// CHECK: } else {
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : memref<8x16xf32>, memref<16x40xf32, {{.*}}) outs(%{{.*}} : memref<8x40xf32
func.func @columns(%a: memref<8x16xf32>, %b: memref<16x1000xf32>, %c: memref<8x1000xf32>) {
  ctrl.task (%j) in (16) ins(%x = %a : memref<8x16xf32>, %y = %b : memref<16x1000xf32>) outs(%z = %c : memref<8x1000xf32>) {
    %o = affine.apply #offset(%j)
    %n = affine.min #size(%j)
    %p = memref.subview %y[0, %o] [16, %n] [1, 1] : memref<16x1000xf32> to memref<16x?xf32, strided<[1000, 1], offset: ?>>
    %t = memref.subview %z[0, %o] [8, %n] [1, 1] : memref<8x1000xf32> to memref<8x?xf32, strided<[1000, 1], offset: ?>>
    linalg.matmul ins(%x, %p : memref<8x16xf32>, memref<16x?xf32, strided<[1000, 1], offset: ?>>) outs(%t : memref<8x?xf32, strided<[1000, 1], offset: ?>>)
  }
  return
}

// -----

#offset = affine_map<(d0) -> (d0 * 64)>
#size = affine_map<(d0)[s0] -> (d0 * -64 + s0, 64)>

// Of an extent that is not known only the full size is.
// CHECK-LABEL: func @dynamic
// CHECK: scf.if
// CHECK: linalg.matmul {{.*}} outs(%{{.*}} : memref<8x64xf32
// CHECK: } else {
// CHECK: linalg.matmul {{.*}} outs(%{{.*}} : memref<8x?xf32
func.func @dynamic(%a: memref<8x16xf32>, %b: memref<16x?xf32>, %c: memref<8x?xf32>, %extent: index, %items: index) {
  ctrl.task (%j) in (%items) ins(%x = %a : memref<8x16xf32>, %y = %b : memref<16x?xf32>, %e = %extent : index) outs(%z = %c : memref<8x?xf32>) {
    %o = affine.apply #offset(%j)
    %n = affine.min #size(%j)[%e]
    %p = memref.subview %y[0, %o] [16, %n] [1, 1] : memref<16x?xf32> to memref<16x?xf32, strided<[?, 1], offset: ?>>
    %t = memref.subview %z[0, %o] [8, %n] [1, 1] : memref<8x?xf32> to memref<8x?xf32, strided<[?, 1], offset: ?>>
    linalg.matmul ins(%x, %p : memref<8x16xf32>, memref<16x?xf32, strided<[?, 1], offset: ?>>) outs(%t : memref<8x?xf32, strided<[?, 1], offset: ?>>)
  }
  return
}

// -----

#offset = affine_map<(d0) -> (d0 * 64)>
#size = affine_map<(d0) -> (d0 * -64 + 1000, 64)>

// Nothing is gained where nothing is reduced.
// CHECK-LABEL: func @elementwise
// CHECK-NOT: scf.if
// CHECK: return
func.func @elementwise(%a: memref<1000xf32>, %c: memref<1000xf32>) {
  ctrl.task (%j) in (16) ins(%x = %a : memref<1000xf32>) outs(%z = %c : memref<1000xf32>) {
    %o = affine.apply #offset(%j)
    %n = affine.min #size(%j)
    %p = memref.subview %x[%o] [%n] [1] : memref<1000xf32> to memref<?xf32, strided<[1], offset: ?>>
    %t = memref.subview %z[%o] [%n] [1] : memref<1000xf32> to memref<?xf32, strided<[1], offset: ?>>
    linalg.exp ins(%p : memref<?xf32, strided<[1], offset: ?>>) outs(%t : memref<?xf32, strided<[1], offset: ?>>)
  }
  return
}
