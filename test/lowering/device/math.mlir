// Elementary functions of kernels against libm, in f64 and f32: the number of arguments where they differ by more than
// 1e-13 or 4e-7, relative; infinities and NaN must agree. Arguments: a grid, and the edges of the number line.
//
// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-task-to-gpu{threads=32},gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},ctrl-device-math,gpu.module(canonicalize,cse),ctrl-emulate-kernels)' | %{run-on-host} | FileCheck %s
// CHECK-COUNT-48: {{^}}0{{$}}
// CHECK-NOT: {{[0-9]}}
//
// The kernels without a library, on each target:
// RUN: dl-translate --mlir-to-ptx --chip=sm_80 %s | FileCheck %s --check-prefix=PTX
// PTX-NOT: call
// PTX: .entry task_0
// RUN: dl-translate --mlir-to-gcn --chip=gfx90a %s | FileCheck %s --check-prefix=GCN
// GCN: task_0:

#id = affine_map<(i) -> (i)>
func.func private @printI64(i64)
func.func private @printNewline()

func.func @fill_f64(%x: memref<?xf64>, %y: memref<?xf64>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} outs(%x, %y : memref<?xf64>, memref<?xf64>) {
  ^bb0(%a: f64, %b: f64):
    %i = linalg.index 0 : index
    %c = arith.constant 1399 : index
    %d = arith.constant 211 : index
    %k = arith.remui %i, %c : index
    %l = arith.remui %i, %d : index
    %ki = arith.index_cast %k : index to i64
    %li = arith.index_cast %l : index to i64
    %kf = arith.sitofp %ki : i64 to f64
    %lf = arith.sitofp %li : i64 to f64
    %m = arith.constant 699.0 : f64
    %n = arith.constant 80.0 : f64
    %s = arith.constant 0.02171 : f64
    %h = arith.constant 0.125 : f64
    %ks = arith.subf %kf, %m : f64
    %ls = arith.subf %lf, %n : f64
    %v = arith.mulf %ks, %s : f64
    %w = arith.mulf %ls, %h : f64
    linalg.yield %v, %w : f64, f64
  }
  %i0 = arith.constant 0 : index
  %s0 = arith.constant 0.0 : f64
  memref.store %s0, %x[%i0] : memref<?xf64>
  %i1 = arith.constant 1 : index
  %s1 = arith.constant -0.0 : f64
  memref.store %s1, %x[%i1] : memref<?xf64>
  %i2 = arith.constant 2 : index
  %s2 = arith.constant 1.0 : f64
  memref.store %s2, %x[%i2] : memref<?xf64>
  %i3 = arith.constant 3 : index
  %s3 = arith.constant -1.0 : f64
  memref.store %s3, %x[%i3] : memref<?xf64>
  %i4 = arith.constant 4 : index
  %s4 = arith.constant 0.5 : f64
  memref.store %s4, %x[%i4] : memref<?xf64>
  %i5 = arith.constant 5 : index
  %s5 = arith.constant -0.5 : f64
  memref.store %s5, %x[%i5] : memref<?xf64>
  %i6 = arith.constant 6 : index
  %s6 = arith.constant 2.0 : f64
  memref.store %s6, %x[%i6] : memref<?xf64>
  %i7 = arith.constant 7 : index
  %s7 = arith.constant -2.0 : f64
  memref.store %s7, %x[%i7] : memref<?xf64>
  %i8 = arith.constant 8 : index
  %s8 = arith.constant 0x7FF0000000000000 : f64
  memref.store %s8, %x[%i8] : memref<?xf64>
  %i9 = arith.constant 9 : index
  %s9 = arith.constant 0xFFF0000000000000 : f64
  memref.store %s9, %x[%i9] : memref<?xf64>
  %i10 = arith.constant 10 : index
  %s10 = arith.constant 0x7FF8000000000000 : f64
  memref.store %s10, %x[%i10] : memref<?xf64>
  %i11 = arith.constant 11 : index
  %s11 = arith.constant 1.0e-300 : f64
  memref.store %s11, %x[%i11] : memref<?xf64>
  %i12 = arith.constant 12 : index
  %s12 = arith.constant 4.9e-324 : f64
  memref.store %s12, %x[%i12] : memref<?xf64>
  %i13 = arith.constant 13 : index
  %s13 = arith.constant 1.0e15 : f64
  memref.store %s13, %x[%i13] : memref<?xf64>
  %i14 = arith.constant 14 : index
  %s14 = arith.constant -1.0e15 : f64
  memref.store %s14, %x[%i14] : memref<?xf64>
  %i15 = arith.constant 15 : index
  %s15 = arith.constant 3.0 : f64
  memref.store %s15, %x[%i15] : memref<?xf64>
  %i16 = arith.constant 16 : index
  %s16 = arith.constant -3.0 : f64
  memref.store %s16, %x[%i16] : memref<?xf64>
  %i17 = arith.constant 17 : index
  %s17 = arith.constant 1.0e-8 : f64
  memref.store %s17, %x[%i17] : memref<?xf64>
  %i18 = arith.constant 18 : index
  %s18 = arith.constant -1.0e-8 : f64
  memref.store %s18, %x[%i18] : memref<?xf64>
  %i19 = arith.constant 19 : index
  %s19 = arith.constant 1.0e10 : f64
  memref.store %s19, %x[%i19] : memref<?xf64>
  %i20 = arith.constant 20 : index
  %s20 = arith.constant 710.0 : f64
  memref.store %s20, %x[%i20] : memref<?xf64>
  %i21 = arith.constant 21 : index
  %s21 = arith.constant 709.0 : f64
  memref.store %s21, %x[%i21] : memref<?xf64>
  %i22 = arith.constant 22 : index
  %s22 = arith.constant -740.0 : f64
  memref.store %s22, %x[%i22] : memref<?xf64>
  %i23 = arith.constant 23 : index
  %s23 = arith.constant 88.5 : f64
  memref.store %s23, %x[%i23] : memref<?xf64>
  %i24 = arith.constant 24 : index
  %s24 = arith.constant -100.0 : f64
  memref.store %s24, %x[%i24] : memref<?xf64>
  %i25 = arith.constant 25 : index
  %s25 = arith.constant 0.9999999 : f64
  memref.store %s25, %x[%i25] : memref<?xf64>
  %i26 = arith.constant 26 : index
  %s26 = arith.constant 1.0000001 : f64
  memref.store %s26, %x[%i26] : memref<?xf64>
  return
}
func.func @compare_f64(%a: memref<?xf64>, %b: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %n = memref.dim %a, %c0 : memref<?xf64>
  %tiny = arith.constant 1.0e-37 : f64
  %eps = arith.constant 1.0e-13 : f64
  %wrong = scf.for %i = %c0 to %n step %c1 iter_args(%w = %zero) -> i64 {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = memref.load %b[%i] : memref<?xf64>
    %d = arith.subf %x, %y : f64
    %ad = math.absf %d : f64
    %ay = math.absf %y : f64
    %p = arith.mulf %ay, %eps : f64
    %t = arith.addf %p, %tiny : f64
    %close = arith.cmpf ole, %ad, %t : f64
    %same = arith.cmpf oeq, %x, %y : f64
    %nx = arith.cmpf uno, %x, %x : f64
    %ny = arith.cmpf uno, %y, %y : f64
    %nn = arith.andi %nx, %ny : i1
    %g = arith.ori %close, %same : i1
    %good = arith.ori %g, %nn : i1
    %more = arith.addi %w, %one : i64
    %next = arith.select %good, %w, %more : i64
    scf.yield %next : i64
  }
  call @printI64(%wrong) : (i64) -> ()
  call @printNewline() : () -> ()
  return
}
func.func @test_f64() {
  %n = arith.constant 4000 : index
  %x = memref.alloc(%n) : memref<?xf64>
  %y = memref.alloc(%n) : memref<?xf64>
  call @fill_f64(%x, %y) : (memref<?xf64>, memref<?xf64>) -> ()
  %a0 = memref.alloc(%n) : memref<?xf64>
  %b0 = memref.alloc(%n) : memref<?xf64>
  %a1 = memref.alloc(%n) : memref<?xf64>
  %b1 = memref.alloc(%n) : memref<?xf64>
  %a2 = memref.alloc(%n) : memref<?xf64>
  %b2 = memref.alloc(%n) : memref<?xf64>
  %a3 = memref.alloc(%n) : memref<?xf64>
  %b3 = memref.alloc(%n) : memref<?xf64>
  %a4 = memref.alloc(%n) : memref<?xf64>
  %b4 = memref.alloc(%n) : memref<?xf64>
  %a5 = memref.alloc(%n) : memref<?xf64>
  %b5 = memref.alloc(%n) : memref<?xf64>
  %a6 = memref.alloc(%n) : memref<?xf64>
  %b6 = memref.alloc(%n) : memref<?xf64>
  %a7 = memref.alloc(%n) : memref<?xf64>
  %b7 = memref.alloc(%n) : memref<?xf64>
  %a8 = memref.alloc(%n) : memref<?xf64>
  %b8 = memref.alloc(%n) : memref<?xf64>
  %a9 = memref.alloc(%n) : memref<?xf64>
  %b9 = memref.alloc(%n) : memref<?xf64>
  %a10 = memref.alloc(%n) : memref<?xf64>
  %b10 = memref.alloc(%n) : memref<?xf64>
  %a11 = memref.alloc(%n) : memref<?xf64>
  %b11 = memref.alloc(%n) : memref<?xf64>
  %a12 = memref.alloc(%n) : memref<?xf64>
  %b12 = memref.alloc(%n) : memref<?xf64>
  %a13 = memref.alloc(%n) : memref<?xf64>
  %b13 = memref.alloc(%n) : memref<?xf64>
  %a14 = memref.alloc(%n) : memref<?xf64>
  %b14 = memref.alloc(%n) : memref<?xf64>
  %a15 = memref.alloc(%n) : memref<?xf64>
  %b15 = memref.alloc(%n) : memref<?xf64>
  %a16 = memref.alloc(%n) : memref<?xf64>
  %b16 = memref.alloc(%n) : memref<?xf64>
  %a17 = memref.alloc(%n) : memref<?xf64>
  %b17 = memref.alloc(%n) : memref<?xf64>
  %a18 = memref.alloc(%n) : memref<?xf64>
  %b18 = memref.alloc(%n) : memref<?xf64>
  %a19 = memref.alloc(%n) : memref<?xf64>
  %b19 = memref.alloc(%n) : memref<?xf64>
  %a20 = memref.alloc(%n) : memref<?xf64>
  %b20 = memref.alloc(%n) : memref<?xf64>
  %a21 = memref.alloc(%n) : memref<?xf64>
  %b21 = memref.alloc(%n) : memref<?xf64>
  %a22 = memref.alloc(%n) : memref<?xf64>
  %b22 = memref.alloc(%n) : memref<?xf64>
  %a23 = memref.alloc(%n) : memref<?xf64>
  %b23 = memref.alloc(%n) : memref<?xf64>
  ctrl.task (%i) in (1) ins(%kx = %x : memref<?xf64>, %ky = %y : memref<?xf64>)
      outs(%o0 = %a0 : memref<?xf64>, %o1 = %a1 : memref<?xf64>, %o2 = %a2 : memref<?xf64>, %o3 = %a3 : memref<?xf64>, %o4 = %a4 : memref<?xf64>, %o5 = %a5 : memref<?xf64>, %o6 = %a6 : memref<?xf64>, %o7 = %a7 : memref<?xf64>, %o8 = %a8 : memref<?xf64>, %o9 = %a9 : memref<?xf64>, %o10 = %a10 : memref<?xf64>, %o11 = %a11 : memref<?xf64>, %o12 = %a12 : memref<?xf64>, %o13 = %a13 : memref<?xf64>, %o14 = %a14 : memref<?xf64>, %o15 = %a15 : memref<?xf64>, %o16 = %a16 : memref<?xf64>, %o17 = %a17 : memref<?xf64>, %o18 = %a18 : memref<?xf64>, %o19 = %a19 : memref<?xf64>, %o20 = %a20 : memref<?xf64>, %o21 = %a21 : memref<?xf64>, %o22 = %a22 : memref<?xf64>, %o23 = %a23 : memref<?xf64>) {
    linalg.generic {indexing_maps = [#id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id], iterator_types = ["parallel"]}
        ins(%kx, %ky : memref<?xf64>, memref<?xf64>)
        outs(%o0, %o1, %o2, %o3, %o4, %o5, %o6, %o7, %o8, %o9, %o10, %o11, %o12, %o13, %o14, %o15, %o16, %o17, %o18, %o19, %o20, %o21, %o22, %o23 : memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>) {
    ^bb0(%p: f64, %q: f64, %u0: f64, %u1: f64, %u2: f64, %u3: f64, %u4: f64, %u5: f64, %u6: f64, %u7: f64, %u8: f64, %u9: f64, %u10: f64, %u11: f64, %u12: f64, %u13: f64, %u14: f64, %u15: f64, %u16: f64, %u17: f64, %u18: f64, %u19: f64, %u20: f64, %u21: f64, %u22: f64, %u23: f64):
      %v0 = math.exp %p : f64
      %v1 = math.exp2 %p : f64
      %v2 = math.expm1 %p : f64
      %v3 = math.log %p : f64
      %v4 = math.log2 %p : f64
      %v5 = math.log10 %p : f64
      %v6 = math.log1p %p : f64
      %v7 = math.sin %p : f64
      %v8 = math.cos %p : f64
      %v9 = math.tan %p : f64
      %v10 = math.asin %p : f64
      %v11 = math.acos %p : f64
      %v12 = math.atan %p : f64
      %v13 = math.sinh %p : f64
      %v14 = math.cosh %p : f64
      %v15 = math.tanh %p : f64
      %v16 = math.asinh %p : f64
      %v17 = math.acosh %p : f64
      %v18 = math.atanh %p : f64
      %v19 = math.erf %p : f64
      %v20 = math.erfc %p : f64
      %v21 = math.cbrt %p : f64
      %v22 = math.powf %p, %q : f64
      %v23 = arith.remf %p, %q : f64
      linalg.yield %v0, %v1, %v2, %v3, %v4, %v5, %v6, %v7, %v8, %v9, %v10, %v11, %v12, %v13, %v14, %v15, %v16, %v17, %v18, %v19, %v20, %v21, %v22, %v23 : f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64
    }
  }
    linalg.generic {indexing_maps = [#id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id], iterator_types = ["parallel"]}
        ins(%x, %y : memref<?xf64>, memref<?xf64>)
        outs(%b0, %b1, %b2, %b3, %b4, %b5, %b6, %b7, %b8, %b9, %b10, %b11, %b12, %b13, %b14, %b15, %b16, %b17, %b18, %b19, %b20, %b21, %b22, %b23 : memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>, memref<?xf64>) {
    ^bb0(%p: f64, %q: f64, %u0: f64, %u1: f64, %u2: f64, %u3: f64, %u4: f64, %u5: f64, %u6: f64, %u7: f64, %u8: f64, %u9: f64, %u10: f64, %u11: f64, %u12: f64, %u13: f64, %u14: f64, %u15: f64, %u16: f64, %u17: f64, %u18: f64, %u19: f64, %u20: f64, %u21: f64, %u22: f64, %u23: f64):
      %v0 = math.exp %p : f64
      %v1 = math.exp2 %p : f64
      %v2 = math.expm1 %p : f64
      %v3 = math.log %p : f64
      %v4 = math.log2 %p : f64
      %v5 = math.log10 %p : f64
      %v6 = math.log1p %p : f64
      %v7 = math.sin %p : f64
      %v8 = math.cos %p : f64
      %v9 = math.tan %p : f64
      %v10 = math.asin %p : f64
      %v11 = math.acos %p : f64
      %v12 = math.atan %p : f64
      %v13 = math.sinh %p : f64
      %v14 = math.cosh %p : f64
      %v15 = math.tanh %p : f64
      %v16 = math.asinh %p : f64
      %v17 = math.acosh %p : f64
      %v18 = math.atanh %p : f64
      %v19 = math.erf %p : f64
      %v20 = math.erfc %p : f64
      %v21 = math.cbrt %p : f64
      %v22 = math.powf %p, %q : f64
      %v23 = arith.remf %p, %q : f64
      linalg.yield %v0, %v1, %v2, %v3, %v4, %v5, %v6, %v7, %v8, %v9, %v10, %v11, %v12, %v13, %v14, %v15, %v16, %v17, %v18, %v19, %v20, %v21, %v22, %v23 : f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64
    }
  call @compare_f64(%a0, %b0) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a1, %b1) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a2, %b2) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a3, %b3) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a4, %b4) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a5, %b5) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a6, %b6) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a7, %b7) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a8, %b8) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a9, %b9) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a10, %b10) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a11, %b11) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a12, %b12) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a13, %b13) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a14, %b14) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a15, %b15) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a16, %b16) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a17, %b17) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a18, %b18) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a19, %b19) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a20, %b20) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a21, %b21) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a22, %b22) : (memref<?xf64>, memref<?xf64>) -> ()
  call @compare_f64(%a23, %b23) : (memref<?xf64>, memref<?xf64>) -> ()
  return
}

func.func @fill_f32(%x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} outs(%x, %y : memref<?xf32>, memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %i = linalg.index 0 : index
    %c = arith.constant 1399 : index
    %d = arith.constant 211 : index
    %k = arith.remui %i, %c : index
    %l = arith.remui %i, %d : index
    %ki = arith.index_cast %k : index to i64
    %li = arith.index_cast %l : index to i64
    %kf = arith.sitofp %ki : i64 to f64
    %lf = arith.sitofp %li : i64 to f64
    %m = arith.constant 699.0 : f64
    %n = arith.constant 80.0 : f64
    %s = arith.constant 0.02171 : f64
    %h = arith.constant 0.125 : f64
    %ks = arith.subf %kf, %m : f64
    %ls = arith.subf %lf, %n : f64
    %v = arith.mulf %ks, %s : f64
    %w = arith.mulf %ls, %h : f64
    %vn = arith.truncf %v : f64 to f32
    %wn = arith.truncf %w : f64 to f32
    linalg.yield %vn, %wn : f32, f32
  }
  %i0 = arith.constant 0 : index
  %s0 = arith.constant 0.0 : f64
  %t0 = arith.truncf %s0 : f64 to f32
  memref.store %t0, %x[%i0] : memref<?xf32>
  %i1 = arith.constant 1 : index
  %s1 = arith.constant -0.0 : f64
  %t1 = arith.truncf %s1 : f64 to f32
  memref.store %t1, %x[%i1] : memref<?xf32>
  %i2 = arith.constant 2 : index
  %s2 = arith.constant 1.0 : f64
  %t2 = arith.truncf %s2 : f64 to f32
  memref.store %t2, %x[%i2] : memref<?xf32>
  %i3 = arith.constant 3 : index
  %s3 = arith.constant -1.0 : f64
  %t3 = arith.truncf %s3 : f64 to f32
  memref.store %t3, %x[%i3] : memref<?xf32>
  %i4 = arith.constant 4 : index
  %s4 = arith.constant 0.5 : f64
  %t4 = arith.truncf %s4 : f64 to f32
  memref.store %t4, %x[%i4] : memref<?xf32>
  %i5 = arith.constant 5 : index
  %s5 = arith.constant -0.5 : f64
  %t5 = arith.truncf %s5 : f64 to f32
  memref.store %t5, %x[%i5] : memref<?xf32>
  %i6 = arith.constant 6 : index
  %s6 = arith.constant 2.0 : f64
  %t6 = arith.truncf %s6 : f64 to f32
  memref.store %t6, %x[%i6] : memref<?xf32>
  %i7 = arith.constant 7 : index
  %s7 = arith.constant -2.0 : f64
  %t7 = arith.truncf %s7 : f64 to f32
  memref.store %t7, %x[%i7] : memref<?xf32>
  %i8 = arith.constant 8 : index
  %s8 = arith.constant 0x7FF0000000000000 : f64
  %t8 = arith.truncf %s8 : f64 to f32
  memref.store %t8, %x[%i8] : memref<?xf32>
  %i9 = arith.constant 9 : index
  %s9 = arith.constant 0xFFF0000000000000 : f64
  %t9 = arith.truncf %s9 : f64 to f32
  memref.store %t9, %x[%i9] : memref<?xf32>
  %i10 = arith.constant 10 : index
  %s10 = arith.constant 0x7FF8000000000000 : f64
  %t10 = arith.truncf %s10 : f64 to f32
  memref.store %t10, %x[%i10] : memref<?xf32>
  %i11 = arith.constant 11 : index
  %s11 = arith.constant 1.0e-300 : f64
  %t11 = arith.truncf %s11 : f64 to f32
  memref.store %t11, %x[%i11] : memref<?xf32>
  %i12 = arith.constant 12 : index
  %s12 = arith.constant 4.9e-324 : f64
  %t12 = arith.truncf %s12 : f64 to f32
  memref.store %t12, %x[%i12] : memref<?xf32>
  %i13 = arith.constant 13 : index
  %s13 = arith.constant 1.0e15 : f64
  %t13 = arith.truncf %s13 : f64 to f32
  memref.store %t13, %x[%i13] : memref<?xf32>
  %i14 = arith.constant 14 : index
  %s14 = arith.constant -1.0e15 : f64
  %t14 = arith.truncf %s14 : f64 to f32
  memref.store %t14, %x[%i14] : memref<?xf32>
  %i15 = arith.constant 15 : index
  %s15 = arith.constant 3.0 : f64
  %t15 = arith.truncf %s15 : f64 to f32
  memref.store %t15, %x[%i15] : memref<?xf32>
  %i16 = arith.constant 16 : index
  %s16 = arith.constant -3.0 : f64
  %t16 = arith.truncf %s16 : f64 to f32
  memref.store %t16, %x[%i16] : memref<?xf32>
  %i17 = arith.constant 17 : index
  %s17 = arith.constant 1.0e-8 : f64
  %t17 = arith.truncf %s17 : f64 to f32
  memref.store %t17, %x[%i17] : memref<?xf32>
  %i18 = arith.constant 18 : index
  %s18 = arith.constant -1.0e-8 : f64
  %t18 = arith.truncf %s18 : f64 to f32
  memref.store %t18, %x[%i18] : memref<?xf32>
  %i19 = arith.constant 19 : index
  %s19 = arith.constant 1.0e10 : f64
  %t19 = arith.truncf %s19 : f64 to f32
  memref.store %t19, %x[%i19] : memref<?xf32>
  %i20 = arith.constant 20 : index
  %s20 = arith.constant 710.0 : f64
  %t20 = arith.truncf %s20 : f64 to f32
  memref.store %t20, %x[%i20] : memref<?xf32>
  %i21 = arith.constant 21 : index
  %s21 = arith.constant 709.0 : f64
  %t21 = arith.truncf %s21 : f64 to f32
  memref.store %t21, %x[%i21] : memref<?xf32>
  %i22 = arith.constant 22 : index
  %s22 = arith.constant -740.0 : f64
  %t22 = arith.truncf %s22 : f64 to f32
  memref.store %t22, %x[%i22] : memref<?xf32>
  %i23 = arith.constant 23 : index
  %s23 = arith.constant 88.5 : f64
  %t23 = arith.truncf %s23 : f64 to f32
  memref.store %t23, %x[%i23] : memref<?xf32>
  %i24 = arith.constant 24 : index
  %s24 = arith.constant -100.0 : f64
  %t24 = arith.truncf %s24 : f64 to f32
  memref.store %t24, %x[%i24] : memref<?xf32>
  %i25 = arith.constant 25 : index
  %s25 = arith.constant 0.9999999 : f64
  %t25 = arith.truncf %s25 : f64 to f32
  memref.store %t25, %x[%i25] : memref<?xf32>
  %i26 = arith.constant 26 : index
  %s26 = arith.constant 1.0000001 : f64
  %t26 = arith.truncf %s26 : f64 to f32
  memref.store %t26, %x[%i26] : memref<?xf32>
  return
}
func.func @compare_f32(%a: memref<?xf32>, %b: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %n = memref.dim %a, %c0 : memref<?xf32>
  %tiny = arith.constant 1.0e-37 : f32
  %eps = arith.constant 4.0e-7 : f32
  %wrong = scf.for %i = %c0 to %n step %c1 iter_args(%w = %zero) -> i64 {
    %x = memref.load %a[%i] : memref<?xf32>
    %y = memref.load %b[%i] : memref<?xf32>
    %d = arith.subf %x, %y : f32
    %ad = math.absf %d : f32
    %ay = math.absf %y : f32
    %p = arith.mulf %ay, %eps : f32
    %t = arith.addf %p, %tiny : f32
    %close = arith.cmpf ole, %ad, %t : f32
    %same = arith.cmpf oeq, %x, %y : f32
    %nx = arith.cmpf uno, %x, %x : f32
    %ny = arith.cmpf uno, %y, %y : f32
    %nn = arith.andi %nx, %ny : i1
    %g = arith.ori %close, %same : i1
    %good = arith.ori %g, %nn : i1
    %more = arith.addi %w, %one : i64
    %next = arith.select %good, %w, %more : i64
    scf.yield %next : i64
  }
  call @printI64(%wrong) : (i64) -> ()
  call @printNewline() : () -> ()
  return
}
func.func @test_f32() {
  %n = arith.constant 4000 : index
  %x = memref.alloc(%n) : memref<?xf32>
  %y = memref.alloc(%n) : memref<?xf32>
  call @fill_f32(%x, %y) : (memref<?xf32>, memref<?xf32>) -> ()
  %a0 = memref.alloc(%n) : memref<?xf32>
  %b0 = memref.alloc(%n) : memref<?xf32>
  %a1 = memref.alloc(%n) : memref<?xf32>
  %b1 = memref.alloc(%n) : memref<?xf32>
  %a2 = memref.alloc(%n) : memref<?xf32>
  %b2 = memref.alloc(%n) : memref<?xf32>
  %a3 = memref.alloc(%n) : memref<?xf32>
  %b3 = memref.alloc(%n) : memref<?xf32>
  %a4 = memref.alloc(%n) : memref<?xf32>
  %b4 = memref.alloc(%n) : memref<?xf32>
  %a5 = memref.alloc(%n) : memref<?xf32>
  %b5 = memref.alloc(%n) : memref<?xf32>
  %a6 = memref.alloc(%n) : memref<?xf32>
  %b6 = memref.alloc(%n) : memref<?xf32>
  %a7 = memref.alloc(%n) : memref<?xf32>
  %b7 = memref.alloc(%n) : memref<?xf32>
  %a8 = memref.alloc(%n) : memref<?xf32>
  %b8 = memref.alloc(%n) : memref<?xf32>
  %a9 = memref.alloc(%n) : memref<?xf32>
  %b9 = memref.alloc(%n) : memref<?xf32>
  %a10 = memref.alloc(%n) : memref<?xf32>
  %b10 = memref.alloc(%n) : memref<?xf32>
  %a11 = memref.alloc(%n) : memref<?xf32>
  %b11 = memref.alloc(%n) : memref<?xf32>
  %a12 = memref.alloc(%n) : memref<?xf32>
  %b12 = memref.alloc(%n) : memref<?xf32>
  %a13 = memref.alloc(%n) : memref<?xf32>
  %b13 = memref.alloc(%n) : memref<?xf32>
  %a14 = memref.alloc(%n) : memref<?xf32>
  %b14 = memref.alloc(%n) : memref<?xf32>
  %a15 = memref.alloc(%n) : memref<?xf32>
  %b15 = memref.alloc(%n) : memref<?xf32>
  %a16 = memref.alloc(%n) : memref<?xf32>
  %b16 = memref.alloc(%n) : memref<?xf32>
  %a17 = memref.alloc(%n) : memref<?xf32>
  %b17 = memref.alloc(%n) : memref<?xf32>
  %a18 = memref.alloc(%n) : memref<?xf32>
  %b18 = memref.alloc(%n) : memref<?xf32>
  %a19 = memref.alloc(%n) : memref<?xf32>
  %b19 = memref.alloc(%n) : memref<?xf32>
  %a20 = memref.alloc(%n) : memref<?xf32>
  %b20 = memref.alloc(%n) : memref<?xf32>
  %a21 = memref.alloc(%n) : memref<?xf32>
  %b21 = memref.alloc(%n) : memref<?xf32>
  %a22 = memref.alloc(%n) : memref<?xf32>
  %b22 = memref.alloc(%n) : memref<?xf32>
  %a23 = memref.alloc(%n) : memref<?xf32>
  %b23 = memref.alloc(%n) : memref<?xf32>
  ctrl.task (%i) in (1) ins(%kx = %x : memref<?xf32>, %ky = %y : memref<?xf32>)
      outs(%o0 = %a0 : memref<?xf32>, %o1 = %a1 : memref<?xf32>, %o2 = %a2 : memref<?xf32>, %o3 = %a3 : memref<?xf32>, %o4 = %a4 : memref<?xf32>, %o5 = %a5 : memref<?xf32>, %o6 = %a6 : memref<?xf32>, %o7 = %a7 : memref<?xf32>, %o8 = %a8 : memref<?xf32>, %o9 = %a9 : memref<?xf32>, %o10 = %a10 : memref<?xf32>, %o11 = %a11 : memref<?xf32>, %o12 = %a12 : memref<?xf32>, %o13 = %a13 : memref<?xf32>, %o14 = %a14 : memref<?xf32>, %o15 = %a15 : memref<?xf32>, %o16 = %a16 : memref<?xf32>, %o17 = %a17 : memref<?xf32>, %o18 = %a18 : memref<?xf32>, %o19 = %a19 : memref<?xf32>, %o20 = %a20 : memref<?xf32>, %o21 = %a21 : memref<?xf32>, %o22 = %a22 : memref<?xf32>, %o23 = %a23 : memref<?xf32>) {
    linalg.generic {indexing_maps = [#id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id], iterator_types = ["parallel"]}
        ins(%kx, %ky : memref<?xf32>, memref<?xf32>)
        outs(%o0, %o1, %o2, %o3, %o4, %o5, %o6, %o7, %o8, %o9, %o10, %o11, %o12, %o13, %o14, %o15, %o16, %o17, %o18, %o19, %o20, %o21, %o22, %o23 : memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) {
    ^bb0(%p: f32, %q: f32, %u0: f32, %u1: f32, %u2: f32, %u3: f32, %u4: f32, %u5: f32, %u6: f32, %u7: f32, %u8: f32, %u9: f32, %u10: f32, %u11: f32, %u12: f32, %u13: f32, %u14: f32, %u15: f32, %u16: f32, %u17: f32, %u18: f32, %u19: f32, %u20: f32, %u21: f32, %u22: f32, %u23: f32):
      %v0 = math.exp %p : f32
      %v1 = math.exp2 %p : f32
      %v2 = math.expm1 %p : f32
      %v3 = math.log %p : f32
      %v4 = math.log2 %p : f32
      %v5 = math.log10 %p : f32
      %v6 = math.log1p %p : f32
      %v7 = math.sin %p : f32
      %v8 = math.cos %p : f32
      %v9 = math.tan %p : f32
      %v10 = math.asin %p : f32
      %v11 = math.acos %p : f32
      %v12 = math.atan %p : f32
      %v13 = math.sinh %p : f32
      %v14 = math.cosh %p : f32
      %v15 = math.tanh %p : f32
      %v16 = math.asinh %p : f32
      %v17 = math.acosh %p : f32
      %v18 = math.atanh %p : f32
      %v19 = math.erf %p : f32
      %v20 = math.erfc %p : f32
      %v21 = math.cbrt %p : f32
      %v22 = math.powf %p, %q : f32
      %v23 = arith.remf %p, %q : f32
      linalg.yield %v0, %v1, %v2, %v3, %v4, %v5, %v6, %v7, %v8, %v9, %v10, %v11, %v12, %v13, %v14, %v15, %v16, %v17, %v18, %v19, %v20, %v21, %v22, %v23 : f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32
    }
  }
    linalg.generic {indexing_maps = [#id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id, #id], iterator_types = ["parallel"]}
        ins(%x, %y : memref<?xf32>, memref<?xf32>)
        outs(%b0, %b1, %b2, %b3, %b4, %b5, %b6, %b7, %b8, %b9, %b10, %b11, %b12, %b13, %b14, %b15, %b16, %b17, %b18, %b19, %b20, %b21, %b22, %b23 : memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) {
    ^bb0(%p: f32, %q: f32, %u0: f32, %u1: f32, %u2: f32, %u3: f32, %u4: f32, %u5: f32, %u6: f32, %u7: f32, %u8: f32, %u9: f32, %u10: f32, %u11: f32, %u12: f32, %u13: f32, %u14: f32, %u15: f32, %u16: f32, %u17: f32, %u18: f32, %u19: f32, %u20: f32, %u21: f32, %u22: f32, %u23: f32):
      %v0 = math.exp %p : f32
      %v1 = math.exp2 %p : f32
      %v2 = math.expm1 %p : f32
      %v3 = math.log %p : f32
      %v4 = math.log2 %p : f32
      %v5 = math.log10 %p : f32
      %v6 = math.log1p %p : f32
      %v7 = math.sin %p : f32
      %v8 = math.cos %p : f32
      %v9 = math.tan %p : f32
      %v10 = math.asin %p : f32
      %v11 = math.acos %p : f32
      %v12 = math.atan %p : f32
      %v13 = math.sinh %p : f32
      %v14 = math.cosh %p : f32
      %v15 = math.tanh %p : f32
      %v16 = math.asinh %p : f32
      %v17 = math.acosh %p : f32
      %v18 = math.atanh %p : f32
      %v19 = math.erf %p : f32
      %v20 = math.erfc %p : f32
      %v21 = math.cbrt %p : f32
      %v22 = math.powf %p, %q : f32
      %v23 = arith.remf %p, %q : f32
      linalg.yield %v0, %v1, %v2, %v3, %v4, %v5, %v6, %v7, %v8, %v9, %v10, %v11, %v12, %v13, %v14, %v15, %v16, %v17, %v18, %v19, %v20, %v21, %v22, %v23 : f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32
    }
  call @compare_f32(%a0, %b0) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a1, %b1) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a2, %b2) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a3, %b3) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a4, %b4) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a5, %b5) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a6, %b6) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a7, %b7) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a8, %b8) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a9, %b9) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a10, %b10) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a11, %b11) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a12, %b12) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a13, %b13) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a14, %b14) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a15, %b15) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a16, %b16) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a17, %b17) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a18, %b18) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a19, %b19) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a20, %b20) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a21, %b21) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a22, %b22) : (memref<?xf32>, memref<?xf32>) -> ()
  call @compare_f32(%a23, %b23) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}
func.func @main() {
  call @test_f64() : () -> ()
  call @test_f32() : () -> ()
  return
}
