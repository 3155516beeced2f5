// RUN: dl-opt %s --pass-pipeline="builtin.module(func.func(place-plan))" | FileCheck %s

// Forty buffers that a loop carries, and one that it makes, which may lie on none of them. The lists of the analysis
// grow while the loop is read.
// CHECK: func @main{{.*}}place.arena_bytes = 2624
func.func @main(%n: index) {
  %x = arith.constant 1.0 : f32
  %a0 = memref.alloc() : memref<16xf32>
  %a1 = memref.alloc() : memref<16xf32>
  %a2 = memref.alloc() : memref<16xf32>
  %a3 = memref.alloc() : memref<16xf32>
  %a4 = memref.alloc() : memref<16xf32>
  %a5 = memref.alloc() : memref<16xf32>
  %a6 = memref.alloc() : memref<16xf32>
  %a7 = memref.alloc() : memref<16xf32>
  %a8 = memref.alloc() : memref<16xf32>
  %a9 = memref.alloc() : memref<16xf32>
  %a10 = memref.alloc() : memref<16xf32>
  %a11 = memref.alloc() : memref<16xf32>
  %a12 = memref.alloc() : memref<16xf32>
  %a13 = memref.alloc() : memref<16xf32>
  %a14 = memref.alloc() : memref<16xf32>
  %a15 = memref.alloc() : memref<16xf32>
  %a16 = memref.alloc() : memref<16xf32>
  %a17 = memref.alloc() : memref<16xf32>
  %a18 = memref.alloc() : memref<16xf32>
  %a19 = memref.alloc() : memref<16xf32>
  %a20 = memref.alloc() : memref<16xf32>
  %a21 = memref.alloc() : memref<16xf32>
  %a22 = memref.alloc() : memref<16xf32>
  %a23 = memref.alloc() : memref<16xf32>
  %a24 = memref.alloc() : memref<16xf32>
  %a25 = memref.alloc() : memref<16xf32>
  %a26 = memref.alloc() : memref<16xf32>
  %a27 = memref.alloc() : memref<16xf32>
  %a28 = memref.alloc() : memref<16xf32>
  %a29 = memref.alloc() : memref<16xf32>
  %a30 = memref.alloc() : memref<16xf32>
  %a31 = memref.alloc() : memref<16xf32>
  %a32 = memref.alloc() : memref<16xf32>
  %a33 = memref.alloc() : memref<16xf32>
  %a34 = memref.alloc() : memref<16xf32>
  %a35 = memref.alloc() : memref<16xf32>
  %a36 = memref.alloc() : memref<16xf32>
  %a37 = memref.alloc() : memref<16xf32>
  %a38 = memref.alloc() : memref<16xf32>
  %a39 = memref.alloc() : memref<16xf32>
  linalg.fill ins(%x : f32) outs(%a0 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a1 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a2 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a3 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a4 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a5 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a6 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a7 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a8 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a9 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a10 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a11 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a12 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a13 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a14 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a15 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a16 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a17 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a18 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a19 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a20 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a21 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a22 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a23 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a24 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a25 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a26 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a27 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a28 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a29 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a30 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a31 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a32 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a33 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a34 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a35 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a36 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a37 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a38 : memref<16xf32>)
  linalg.fill ins(%x : f32) outs(%a39 : memref<16xf32>)
  %r:40 = ctrl.loop %i to %n carry(%b0 = %a0 : memref<16xf32>, %b1 = %a1 : memref<16xf32>, %b2 = %a2 : memref<16xf32>, %b3 = %a3 : memref<16xf32>, %b4 = %a4 : memref<16xf32>, %b5 = %a5 : memref<16xf32>, %b6 = %a6 : memref<16xf32>, %b7 = %a7 : memref<16xf32>, %b8 = %a8 : memref<16xf32>, %b9 = %a9 : memref<16xf32>, %b10 = %a10 : memref<16xf32>, %b11 = %a11 : memref<16xf32>, %b12 = %a12 : memref<16xf32>, %b13 = %a13 : memref<16xf32>, %b14 = %a14 : memref<16xf32>, %b15 = %a15 : memref<16xf32>, %b16 = %a16 : memref<16xf32>, %b17 = %a17 : memref<16xf32>, %b18 = %a18 : memref<16xf32>, %b19 = %a19 : memref<16xf32>, %b20 = %a20 : memref<16xf32>, %b21 = %a21 : memref<16xf32>, %b22 = %a22 : memref<16xf32>, %b23 = %a23 : memref<16xf32>, %b24 = %a24 : memref<16xf32>, %b25 = %a25 : memref<16xf32>, %b26 = %a26 : memref<16xf32>, %b27 = %a27 : memref<16xf32>, %b28 = %a28 : memref<16xf32>, %b29 = %a29 : memref<16xf32>, %b30 = %a30 : memref<16xf32>, %b31 = %a31 : memref<16xf32>, %b32 = %a32 : memref<16xf32>, %b33 = %a33 : memref<16xf32>, %b34 = %a34 : memref<16xf32>, %b35 = %a35 : memref<16xf32>, %b36 = %a36 : memref<16xf32>, %b37 = %a37 : memref<16xf32>, %b38 = %a38 : memref<16xf32>, %b39 = %a39 : memref<16xf32>) {
    %t = memref.alloc() : memref<16xf32>
    linalg.fill ins(%x : f32) outs(%t : memref<16xf32>)
    linalg.add ins(%t, %b0 : memref<16xf32>, memref<16xf32>) outs(%b0 : memref<16xf32>)
    linalg.add ins(%t, %b1 : memref<16xf32>, memref<16xf32>) outs(%b1 : memref<16xf32>)
    linalg.add ins(%t, %b2 : memref<16xf32>, memref<16xf32>) outs(%b2 : memref<16xf32>)
    linalg.add ins(%t, %b3 : memref<16xf32>, memref<16xf32>) outs(%b3 : memref<16xf32>)
    linalg.add ins(%t, %b4 : memref<16xf32>, memref<16xf32>) outs(%b4 : memref<16xf32>)
    linalg.add ins(%t, %b5 : memref<16xf32>, memref<16xf32>) outs(%b5 : memref<16xf32>)
    linalg.add ins(%t, %b6 : memref<16xf32>, memref<16xf32>) outs(%b6 : memref<16xf32>)
    linalg.add ins(%t, %b7 : memref<16xf32>, memref<16xf32>) outs(%b7 : memref<16xf32>)
    linalg.add ins(%t, %b8 : memref<16xf32>, memref<16xf32>) outs(%b8 : memref<16xf32>)
    linalg.add ins(%t, %b9 : memref<16xf32>, memref<16xf32>) outs(%b9 : memref<16xf32>)
    linalg.add ins(%t, %b10 : memref<16xf32>, memref<16xf32>) outs(%b10 : memref<16xf32>)
    linalg.add ins(%t, %b11 : memref<16xf32>, memref<16xf32>) outs(%b11 : memref<16xf32>)
    linalg.add ins(%t, %b12 : memref<16xf32>, memref<16xf32>) outs(%b12 : memref<16xf32>)
    linalg.add ins(%t, %b13 : memref<16xf32>, memref<16xf32>) outs(%b13 : memref<16xf32>)
    linalg.add ins(%t, %b14 : memref<16xf32>, memref<16xf32>) outs(%b14 : memref<16xf32>)
    linalg.add ins(%t, %b15 : memref<16xf32>, memref<16xf32>) outs(%b15 : memref<16xf32>)
    linalg.add ins(%t, %b16 : memref<16xf32>, memref<16xf32>) outs(%b16 : memref<16xf32>)
    linalg.add ins(%t, %b17 : memref<16xf32>, memref<16xf32>) outs(%b17 : memref<16xf32>)
    linalg.add ins(%t, %b18 : memref<16xf32>, memref<16xf32>) outs(%b18 : memref<16xf32>)
    linalg.add ins(%t, %b19 : memref<16xf32>, memref<16xf32>) outs(%b19 : memref<16xf32>)
    linalg.add ins(%t, %b20 : memref<16xf32>, memref<16xf32>) outs(%b20 : memref<16xf32>)
    linalg.add ins(%t, %b21 : memref<16xf32>, memref<16xf32>) outs(%b21 : memref<16xf32>)
    linalg.add ins(%t, %b22 : memref<16xf32>, memref<16xf32>) outs(%b22 : memref<16xf32>)
    linalg.add ins(%t, %b23 : memref<16xf32>, memref<16xf32>) outs(%b23 : memref<16xf32>)
    linalg.add ins(%t, %b24 : memref<16xf32>, memref<16xf32>) outs(%b24 : memref<16xf32>)
    linalg.add ins(%t, %b25 : memref<16xf32>, memref<16xf32>) outs(%b25 : memref<16xf32>)
    linalg.add ins(%t, %b26 : memref<16xf32>, memref<16xf32>) outs(%b26 : memref<16xf32>)
    linalg.add ins(%t, %b27 : memref<16xf32>, memref<16xf32>) outs(%b27 : memref<16xf32>)
    linalg.add ins(%t, %b28 : memref<16xf32>, memref<16xf32>) outs(%b28 : memref<16xf32>)
    linalg.add ins(%t, %b29 : memref<16xf32>, memref<16xf32>) outs(%b29 : memref<16xf32>)
    linalg.add ins(%t, %b30 : memref<16xf32>, memref<16xf32>) outs(%b30 : memref<16xf32>)
    linalg.add ins(%t, %b31 : memref<16xf32>, memref<16xf32>) outs(%b31 : memref<16xf32>)
    linalg.add ins(%t, %b32 : memref<16xf32>, memref<16xf32>) outs(%b32 : memref<16xf32>)
    linalg.add ins(%t, %b33 : memref<16xf32>, memref<16xf32>) outs(%b33 : memref<16xf32>)
    linalg.add ins(%t, %b34 : memref<16xf32>, memref<16xf32>) outs(%b34 : memref<16xf32>)
    linalg.add ins(%t, %b35 : memref<16xf32>, memref<16xf32>) outs(%b35 : memref<16xf32>)
    linalg.add ins(%t, %b36 : memref<16xf32>, memref<16xf32>) outs(%b36 : memref<16xf32>)
    linalg.add ins(%t, %b37 : memref<16xf32>, memref<16xf32>) outs(%b37 : memref<16xf32>)
    linalg.add ins(%t, %b38 : memref<16xf32>, memref<16xf32>) outs(%b38 : memref<16xf32>)
    linalg.add ins(%t, %b39 : memref<16xf32>, memref<16xf32>) outs(%b39 : memref<16xf32>)
    ctrl.next %b0, %b1, %b2, %b3, %b4, %b5, %b6, %b7, %b8, %b9, %b10, %b11, %b12, %b13, %b14, %b15, %b16, %b17, %b18, %b19, %b20, %b21, %b22, %b23, %b24, %b25, %b26, %b27, %b28, %b29, %b30, %b31, %b32, %b33, %b34, %b35, %b36, %b37, %b38, %b39 : memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>, memref<16xf32>
  }
  return
}
