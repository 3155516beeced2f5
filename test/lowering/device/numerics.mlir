// Kernels give what the same linalg ops give through upstream's loops: for one
// thread, for 64 threads in order, and for 64 threads backwards, which shows
// missing barriers. Each check prints the number of elements that differ.
//
// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-task-to-gpu{threads=1},gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},ctrl-device-math,gpu.module(canonicalize,cse),ctrl-emulate-kernels)' | %{run-on-host} | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-task-to-gpu{threads=64},gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1 shared-limit=4096},ctrl-device-math,gpu.module(canonicalize,cse),ctrl-emulate-kernels)' | %{run-on-host} | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-task-to-gpu{threads=64},gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},ctrl-device-math,gpu.module(canonicalize,cse),ctrl-emulate-kernels{reverse=true})' | %{run-on-host} | FileCheck %s

#id1 = affine_map<(i) -> (i)>
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#col = affine_map<(i, j) -> (j)>
#min32 = affine_map<(i)[s] -> (32, s - i * 32)>
#x32 = affine_map<(i) -> (i * 32)>

func.func private @printI64(i64)
func.func private @printNewline()

// Values in -1 .. 1 that repeat every 101.
func.func @fill(%m: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id1], iterator_types = ["parallel"]} outs(%m : memref<?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %a = arith.constant 7919 : index
    %c = arith.constant 101 : index
    %p = arith.muli %i, %a : index
    %r = arith.remui %p, %c : index
    %k = arith.index_cast %r : index to i32
    %f = arith.sitofp %k : i32 to f32
    %fifty = arith.constant 50.0 : f32
    %one = arith.constant 1.0 : f32
    %q = arith.divf %f, %fifty : f32
    %v = arith.subf %q, %one : f32
    linalg.yield %v : f32
  }
  return
}
func.func @compare(%a: memref<?xf32>, %b: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %n = memref.dim %a, %c0 : memref<?xf32>
  %wrong = scf.for %i = %c0 to %n step %c1 iter_args(%w = %zero) -> i64 {
    %x = memref.load %a[%i] : memref<?xf32>
    %y = memref.load %b[%i] : memref<?xf32>
    %d = arith.subf %x, %y : f32
    %ad = math.absf %d : f32
    %ay = math.absf %y : f32
    %f1 = arith.constant 1.0 : f32
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %ay, %f1 : f32
    %t = arith.mulf %s, %eps : f32
    %good = arith.cmpf ole, %ad, %t : f32
    %more = arith.addi %w, %one : i64
    %next = arith.select %good, %w, %more : i64
    scf.yield %next : i64
  }
  call @printI64(%wrong) : (i64) -> ()
  call @printNewline() : () -> ()
  return
}

// Products with partial tiles: sizes are not known.
func.func @matmul_dynamic(%A: memref<?x?xf32>, %B: memref<?x?xf32>, %C: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = memref.dim %C, %c0 : memref<?x?xf32>
  %n = memref.dim %C, %c1 : memref<?x?xf32>
  %c32 = arith.constant 32 : index
  %gm = arith.ceildivui %m, %c32 : index
  %gn = arith.ceildivui %n, %c32 : index
  ctrl.task (%i, %j) in (%gm, %gn) ins(%a = %A : memref<?x?xf32>, %b = %B : memref<?x?xf32>) outs(%c = %C : memref<?x?xf32>) {
    %z = arith.constant 0.0 : f32
    %d0 = arith.constant 0 : index
    %d1 = arith.constant 1 : index
    %mm = memref.dim %c, %d0 : memref<?x?xf32>
    %nn = memref.dim %c, %d1 : memref<?x?xf32>
    %kk = memref.dim %a, %d1 : memref<?x?xf32>
    %r = affine.apply #x32(%i)
    %s = affine.apply #x32(%j)
    %h = affine.min #min32(%i)[%mm]
    %w = affine.min #min32(%j)[%nn]
    %as = memref.subview %a[%r, 0] [%h, %kk] [1, 1] : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    %bs = memref.subview %b[0, %s] [%kk, %w] [1, 1] : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    %cs = memref.subview %c[%r, %s] [%h, %w] [1, 1] : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    linalg.fill ins(%z : f32) outs(%cs : memref<?x?xf32, strided<[?, 1], offset: ?>>)
    linalg.matmul ins(%as, %bs : memref<?x?xf32, strided<[?, 1], offset: ?>>, memref<?x?xf32, strided<[?, 1], offset: ?>>) outs(%cs : memref<?x?xf32, strided<[?, 1], offset: ?>>)
  }
  return
}
func.func @test_matmul_dynamic() {
  %z = arith.constant 0.0 : f32
  %A = memref.alloc() : memref<70x33xf32>
  %B = memref.alloc() : memref<33x50xf32>
  %C = memref.alloc() : memref<70x50xf32>
  %R = memref.alloc() : memref<70x50xf32>
  %fa = memref.collapse_shape %A [[0, 1]] : memref<70x33xf32> into memref<2310xf32>
  %fb = memref.collapse_shape %B [[0, 1]] : memref<33x50xf32> into memref<1650xf32>
  %da = memref.cast %fa : memref<2310xf32> to memref<?xf32>
  %db = memref.cast %fb : memref<1650xf32> to memref<?xf32>
  call @fill(%da) : (memref<?xf32>) -> ()
  call @fill(%db) : (memref<?xf32>) -> ()
  %a = memref.cast %A : memref<70x33xf32> to memref<?x?xf32>
  %b = memref.cast %B : memref<33x50xf32> to memref<?x?xf32>
  %c = memref.cast %C : memref<70x50xf32> to memref<?x?xf32>
  call @matmul_dynamic(%a, %b, %c) : (memref<?x?xf32>, memref<?x?xf32>, memref<?x?xf32>) -> ()
  linalg.fill ins(%z : f32) outs(%R : memref<70x50xf32>)
  linalg.matmul ins(%A, %B : memref<70x33xf32>, memref<33x50xf32>) outs(%R : memref<70x50xf32>)
  %fc = memref.collapse_shape %C [[0, 1]] : memref<70x50xf32> into memref<3500xf32>
  %fr = memref.collapse_shape %R [[0, 1]] : memref<70x50xf32> into memref<3500xf32>
  %dc = memref.cast %fc : memref<3500xf32> to memref<?xf32>
  %dr = memref.cast %fr : memref<3500xf32> to memref<?xf32>
  call @compare(%dc, %dr) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

// Register tiles; the sum over k in two steps, through scratch and a loop around barriers.
func.func @test_matmul_steps() {
  %z0 = arith.constant 0.0 : f32
  %A = memref.alloc() : memref<64x48xf32>
  %B = memref.alloc() : memref<48x64xf32>
  %C = memref.alloc() : memref<64x64xf32>
  %R = memref.alloc() : memref<64x64xf32>
  %fa = memref.collapse_shape %A [[0, 1]] : memref<64x48xf32> into memref<3072xf32>
  %fb = memref.collapse_shape %B [[0, 1]] : memref<48x64xf32> into memref<3072xf32>
  %da = memref.cast %fa : memref<3072xf32> to memref<?xf32>
  %db = memref.cast %fb : memref<3072xf32> to memref<?xf32>
  call @fill(%da) : (memref<?xf32>) -> ()
  call @fill(%db) : (memref<?xf32>) -> ()
  ctrl.task (%i, %j) in (2, 2) ins(%a = %A : memref<64x48xf32>, %b = %B : memref<48x64xf32>) outs(%c = %C : memref<64x64xf32>) {
    %z = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %c48 = arith.constant 48 : index
    %r = affine.apply #x32(%i)
    %s = affine.apply #x32(%j)
    %acc = memref.alloc() : memref<32x32xf32>
    %pa = memref.alloc() : memref<32x16xf32>
    linalg.fill ins(%z : f32) outs(%acc : memref<32x32xf32>)
    scf.for %k = %c0 to %c48 step %c16 {
      %as = memref.subview %a[%r, %k] [32, 16] [1, 1] : memref<64x48xf32> to memref<32x16xf32, strided<[48, 1], offset: ?>>
      %bs = memref.subview %b[%k, %s] [16, 32] [1, 1] : memref<48x64xf32> to memref<16x32xf32, strided<[64, 1], offset: ?>>
      memref.copy %as, %pa : memref<32x16xf32, strided<[48, 1], offset: ?>> to memref<32x16xf32>
      linalg.matmul ins(%pa, %bs : memref<32x16xf32>, memref<16x32xf32, strided<[64, 1], offset: ?>>) outs(%acc : memref<32x32xf32>)
    }
    %cs = memref.subview %c[%r, %s] [32, 32] [1, 1] : memref<64x64xf32> to memref<32x32xf32, strided<[64, 1], offset: ?>>
    memref.copy %acc, %cs : memref<32x32xf32> to memref<32x32xf32, strided<[64, 1], offset: ?>>
    memref.dealloc %acc : memref<32x32xf32>
  }
  linalg.fill ins(%z0 : f32) outs(%R : memref<64x64xf32>)
  linalg.matmul ins(%A, %B : memref<64x48xf32>, memref<48x64xf32>) outs(%R : memref<64x64xf32>)
  %fc = memref.collapse_shape %C [[0, 1]] : memref<64x64xf32> into memref<4096xf32>
  %fr = memref.collapse_shape %R [[0, 1]] : memref<64x64xf32> into memref<4096xf32>
  %dc = memref.cast %fc : memref<4096xf32> to memref<?xf32>
  %dr = memref.cast %fr : memref<4096xf32> to memref<?xf32>
  call @compare(%dc, %dr) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

// A convolution with stride and dilation into scratch, then bias and relu; rows of the image are items.
func.func @test_conv() {
  %z0 = arith.constant 0.0 : f32
  %X = memref.alloc() : memref<1x3x17x20xf32>
  %W = memref.alloc() : memref<8x3x3x3xf32>
  %B = memref.alloc() : memref<8xf32>
  %Y = memref.alloc() : memref<1x8x7x8xf32>
  %R = memref.alloc() : memref<1x8x7x8xf32>
  %fx = memref.collapse_shape %X [[0, 1, 2, 3]] : memref<1x3x17x20xf32> into memref<1020xf32>
  %fw = memref.collapse_shape %W [[0, 1, 2, 3]] : memref<8x3x3x3xf32> into memref<216xf32>
  %dx = memref.cast %fx : memref<1020xf32> to memref<?xf32>
  %dw = memref.cast %fw : memref<216xf32> to memref<?xf32>
  %db = memref.cast %B : memref<8xf32> to memref<?xf32>
  call @fill(%dx) : (memref<?xf32>) -> ()
  call @fill(%dw) : (memref<?xf32>) -> ()
  call @fill(%db) : (memref<?xf32>) -> ()
  ctrl.task (%i) in (7) ins(%x = %X : memref<1x3x17x20xf32>, %w = %W : memref<8x3x3x3xf32>, %b = %B : memref<8xf32>) outs(%y = %Y : memref<1x8x7x8xf32>) {
    %z = arith.constant 0.0 : f32
    %r = affine.apply affine_map<(i) -> (i * 2)>(%i)
    %xs = memref.subview %x[0, 0, %r, 0] [1, 3, 5, 20] [1, 1, 1, 1] : memref<1x3x17x20xf32> to memref<1x3x5x20xf32, strided<[1020, 340, 20, 1], offset: ?>>
    %t = memref.alloc() : memref<1x8x1x8xf32>
    linalg.fill ins(%z : f32) outs(%t : memref<1x8x1x8xf32>)
    linalg.conv_2d_nchw_fchw {dilations = dense<2> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%xs, %w : memref<1x3x5x20xf32, strided<[1020, 340, 20, 1], offset: ?>>, memref<8x3x3x3xf32>) outs(%t : memref<1x8x1x8xf32>)
    %ys = memref.subview %y[0, 0, %i, 0] [1, 8, 1, 8] [1, 1, 1, 1] : memref<1x8x7x8xf32> to memref<1x8x1x8xf32, strided<[448, 56, 8, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> (c)>, affine_map<(n, c, h, w) -> (n, c, h, w)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%t, %b : memref<1x8x1x8xf32>, memref<8xf32>) outs(%ys : memref<1x8x1x8xf32, strided<[448, 56, 8, 1], offset: ?>>) {
    ^bb0(%in: f32, %bias: f32, %out: f32):
      %s = arith.addf %in, %bias : f32
      %v = arith.maximumf %s, %z : f32
      linalg.yield %v : f32
    }
  }
  linalg.fill ins(%z0 : f32) outs(%R : memref<1x8x7x8xf32>)
  linalg.conv_2d_nchw_fchw {dilations = dense<2> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%X, %W : memref<1x3x17x20xf32>, memref<8x3x3x3xf32>) outs(%R : memref<1x8x7x8xf32>)
  linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (c)>, affine_map<(n, c, h, w) -> (n, c, h, w)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%B : memref<8xf32>) outs(%R : memref<1x8x7x8xf32>) {
  ^bb0(%bias: f32, %out: f32):
    %s = arith.addf %out, %bias : f32
    %v = arith.maximumf %s, %z0 : f32
    linalg.yield %v : f32
  }
  %fy = memref.collapse_shape %Y [[0, 1, 2, 3]] : memref<1x8x7x8xf32> into memref<448xf32>
  %fr = memref.collapse_shape %R [[0, 1, 2, 3]] : memref<1x8x7x8xf32> into memref<448xf32>
  %dy = memref.cast %fy : memref<448xf32> to memref<?xf32>
  %dr = memref.cast %fr : memref<448xf32> to memref<?xf32>
  call @compare(%dy, %dr) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

// Softmax, with row maxima and sums in scratch; the last item is partial.
func.func @softmax(%x: memref<?x37xf32, strided<[37, 1], offset: ?>>, %y: memref<?x37xf32, strided<[37, 1], offset: ?>>, %max: memref<?xf32>, %sum: memref<?xf32>) {
  %z = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  linalg.fill ins(%ninf : f32) outs(%max : memref<?xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<?x37xf32, strided<[37, 1], offset: ?>>) outs(%max : memref<?xf32>) {
  ^bb0(%v: f32, %acc: f32):
    %r = arith.maximumf %v, %acc : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %max : memref<?x37xf32, strided<[37, 1], offset: ?>>, memref<?xf32>) outs(%y : memref<?x37xf32, strided<[37, 1], offset: ?>>) {
  ^bb0(%v: f32, %m: f32, %unused: f32):
    %d = arith.subf %v, %m : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  }
  linalg.fill ins(%z : f32) outs(%sum : memref<?xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%y : memref<?x37xf32, strided<[37, 1], offset: ?>>) outs(%sum : memref<?xf32>) {
  ^bb0(%v: f32, %acc: f32):
    %r = arith.addf %acc, %v : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%sum : memref<?xf32>) outs(%y : memref<?x37xf32, strided<[37, 1], offset: ?>>) {
  ^bb0(%s: f32, %v: f32):
    %q = arith.divf %v, %s : f32
    linalg.yield %q : f32
  }
  return
}
func.func @test_softmax() {
  %n = arith.constant 21 : index
  %items = arith.constant 3 : index
  %X = memref.alloc(%n) : memref<?x37xf32>
  %Y = memref.alloc(%n) : memref<?x37xf32>
  %R = memref.alloc(%n) : memref<?x37xf32>
  %fx = memref.collapse_shape %X [[0, 1]] : memref<?x37xf32> into memref<?xf32>
  call @fill(%fx) : (memref<?xf32>) -> ()
  ctrl.task (%i) in (%items) ins(%x = %X : memref<?x37xf32>, %rows = %n : index) outs(%y = %Y : memref<?x37xf32>) {
    %r = affine.apply affine_map<(i) -> (i * 8)>(%i)
    %h = affine.min affine_map<(i)[s] -> (s - i * 8, 8)>(%i)[%rows]
    %xs = memref.subview %x[%r, 0] [%h, 37] [1, 1] : memref<?x37xf32> to memref<?x37xf32, strided<[37, 1], offset: ?>>
    %ys = memref.subview %y[%r, 0] [%h, 37] [1, 1] : memref<?x37xf32> to memref<?x37xf32, strided<[37, 1], offset: ?>>
    %max = memref.alloc(%h) : memref<?xf32>
    %sum = memref.alloc(%h) : memref<?xf32>
    func.call @softmax(%xs, %ys, %max, %sum) : (memref<?x37xf32, strided<[37, 1], offset: ?>>, memref<?x37xf32, strided<[37, 1], offset: ?>>, memref<?xf32>, memref<?xf32>) -> ()
  }
  %max = memref.alloc(%n) : memref<?xf32>
  %sum = memref.alloc(%n) : memref<?xf32>
  %x = memref.cast %X : memref<?x37xf32> to memref<?x37xf32, strided<[37, 1], offset: ?>>
  %y = memref.cast %R : memref<?x37xf32> to memref<?x37xf32, strided<[37, 1], offset: ?>>
  call @softmax(%x, %y, %max, %sum) : (memref<?x37xf32, strided<[37, 1], offset: ?>>, memref<?x37xf32, strided<[37, 1], offset: ?>>, memref<?xf32>, memref<?xf32>) -> ()
  %fy = memref.collapse_shape %Y [[0, 1]] : memref<?x37xf32> into memref<?xf32>
  %fr = memref.collapse_shape %R [[0, 1]] : memref<?x37xf32> into memref<?xf32>
  call @compare(%fy, %fr) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

// A gather under a predicate: items 0 and 2 of 3 run; then a transposition of the whole by one item.
func.func @test_gather() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %true = arith.constant true
  %false = arith.constant false
  %five = arith.constant 5.0 : f32
  %T = memref.alloc() : memref<40x6xf32>
  %I = memref.alloc() : memref<12xi64>
  %P = memref.alloc() : memref<3xi1>
  %Y = memref.alloc() : memref<12x6xf32>
  %R = memref.alloc() : memref<12x6xf32>
  %YT = memref.alloc() : memref<6x12xf32>
  %RT = memref.alloc() : memref<6x12xf32>
  %ft = memref.collapse_shape %T [[0, 1]] : memref<40x6xf32> into memref<240xf32>
  %dt = memref.cast %ft : memref<240xf32> to memref<?xf32>
  call @fill(%dt) : (memref<?xf32>) -> ()
  memref.store %true, %P[%c0] : memref<3xi1>
  memref.store %false, %P[%c1] : memref<3xi1>
  memref.store %true, %P[%c2] : memref<3xi1>
  linalg.generic {indexing_maps = [#id1], iterator_types = ["parallel"]} outs(%I : memref<12xi64>) {
  ^bb0(%o: i64):
    %i = linalg.index 0 : index
    %c37 = arith.constant 37 : index
    %c40 = arith.constant 40 : index
    %p = arith.muli %i, %c37 : index
    %r = arith.remui %p, %c40 : index
    %v = arith.index_cast %r : index to i64
    linalg.yield %v : i64
  }
  linalg.fill ins(%five : f32) outs(%Y : memref<12x6xf32>)
  linalg.fill ins(%five : f32) outs(%R : memref<12x6xf32>)
  ctrl.task (%i) in (3) ins(%t = %T : memref<40x6xf32>, %ix = %I : memref<12xi64>) outs(%y = %Y : memref<12x6xf32>) if(%P : memref<3xi1>) {
    %r = affine.apply affine_map<(i) -> (i * 4)>(%i)
    %is = memref.subview %ix[%r] [4] [1] : memref<12xi64> to memref<4xi64, strided<[1], offset: ?>>
    %ys = memref.subview %y[%r, 0] [4, 6] [1, 1] : memref<12x6xf32> to memref<4x6xf32, strided<[6, 1], offset: ?>>
    linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%is : memref<4xi64, strided<[1], offset: ?>>) outs(%ys : memref<4x6xf32, strided<[6, 1], offset: ?>>) {
    ^bb0(%k: i64, %o: f32):
      %j = linalg.index 1 : index
      %kk = arith.index_cast %k : i64 to index
      %v = memref.load %t[%kk, %j] : memref<40x6xf32>
      linalg.yield %v : f32
    }
  }
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%I : memref<12xi64>) outs(%R : memref<12x6xf32>) {
  ^bb0(%k: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %four = arith.constant 4 : index
    %item = arith.divui %i, %four : index
    %runs = memref.load %P[%item] : memref<3xi1>
    %kk = arith.index_cast %k : i64 to index
    %v = memref.load %T[%kk, %j] : memref<40x6xf32>
    %w = arith.select %runs, %v, %o : f32
    linalg.yield %w : f32
  }
  ctrl.task (%i) in (1) ins(%y = %Y : memref<12x6xf32>) outs(%t = %YT : memref<6x12xf32>) {
    linalg.transpose ins(%y : memref<12x6xf32>) outs(%t : memref<6x12xf32>) permutation = [1, 0]
  }
  linalg.transpose ins(%R : memref<12x6xf32>) outs(%RT : memref<6x12xf32>) permutation = [1, 0]
  %fy = memref.collapse_shape %YT [[0, 1]] : memref<6x12xf32> into memref<72xf32>
  %fr = memref.collapse_shape %RT [[0, 1]] : memref<6x12xf32> into memref<72xf32>
  %dy = memref.cast %fy : memref<72xf32> to memref<?xf32>
  %dr = memref.cast %fr : memref<72xf32> to memref<?xf32>
  call @compare(%dy, %dr) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

// Two results of one reduction (value and place of the maximum); a running sum, which no thread may share; stores of
// single elements.
func.func @argmax(%x: memref<9x50xf32>, %m: memref<9xf32>, %k: memref<9xf32>, %s: memref<50xf32>) {
  %ninf = arith.constant 0xFF800000 : f32
  %z = arith.constant 0.0 : f32
  linalg.fill ins(%ninf : f32) outs(%m : memref<9xf32>)
  linalg.fill ins(%z : f32) outs(%k : memref<9xf32>)
  linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<9x50xf32>) outs(%m, %k : memref<9xf32>, memref<9xf32>) {
  ^bb0(%v: f32, %best: f32, %at: f32):
    %j = linalg.index 1 : index
    %i = arith.index_cast %j : index to i32
    %f = arith.sitofp %i : i32 to f32
    %more = arith.cmpf ogt, %v, %best : f32
    %b = arith.select %more, %v, %best : f32
    %a = arith.select %more, %f, %at : f32
    linalg.yield %b, %a : f32, f32
  }
  linalg.fill ins(%z : f32) outs(%s : memref<50xf32>)
  linalg.generic {indexing_maps = [#id, #col], iterator_types = ["reduction", "parallel"]} ins(%x : memref<9x50xf32>) outs(%s : memref<50xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.addf %v, %o : f32
    linalg.yield %r : f32
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c50 = arith.constant 50 : index
  scf.for %i = %c1 to %c50 step %c1 {
    %p = arith.subi %i, %c1 : index
    %a = memref.load %s[%p] : memref<50xf32>
    %b = memref.load %s[%i] : memref<50xf32>
    %r = arith.addf %a, %b : f32
    memref.store %r, %s[%i] : memref<50xf32>
  }
  return
}
func.func @test_argmax() {
  %X = memref.alloc() : memref<9x50xf32>
  %M = memref.alloc() : memref<9xf32>
  %K = memref.alloc() : memref<9xf32>
  %S = memref.alloc() : memref<50xf32>
  %M2 = memref.alloc() : memref<9xf32>
  %K2 = memref.alloc() : memref<9xf32>
  %S2 = memref.alloc() : memref<50xf32>
  %fx = memref.collapse_shape %X [[0, 1]] : memref<9x50xf32> into memref<450xf32>
  %dx = memref.cast %fx : memref<450xf32> to memref<?xf32>
  call @fill(%dx) : (memref<?xf32>) -> ()
  ctrl.task (%i) in (1) ins(%x = %X : memref<9x50xf32>) outs(%m = %M : memref<9xf32>, %k = %K : memref<9xf32>, %s = %S : memref<50xf32>) {
    func.call @argmax(%x, %m, %k, %s) : (memref<9x50xf32>, memref<9xf32>, memref<9xf32>, memref<50xf32>) -> ()
  }
  call @argmax(%X, %M2, %K2, %S2) : (memref<9x50xf32>, memref<9xf32>, memref<9xf32>, memref<50xf32>) -> ()
  %dm = memref.cast %M : memref<9xf32> to memref<?xf32>
  %dm2 = memref.cast %M2 : memref<9xf32> to memref<?xf32>
  call @compare(%dm, %dm2) : (memref<?xf32>, memref<?xf32>) -> ()
  %dk = memref.cast %K : memref<9xf32> to memref<?xf32>
  %dk2 = memref.cast %K2 : memref<9xf32> to memref<?xf32>
  call @compare(%dk, %dk2) : (memref<?xf32>, memref<?xf32>) -> ()
  %ds = memref.cast %S : memref<50xf32> to memref<?xf32>
  %ds2 = memref.cast %S2 : memref<50xf32> to memref<?xf32>
  call @compare(%ds, %ds2) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

func.func @main() {
  // CHECK: {{^}}0{{$}}
  call @test_matmul_dynamic() : () -> ()
  // CHECK-NEXT: {{^}}0{{$}}
  call @test_matmul_steps() : () -> ()
  // CHECK-NEXT: {{^}}0{{$}}
  call @test_conv() : () -> ()
  // CHECK-NEXT: {{^}}0{{$}}
  call @test_softmax() : () -> ()
  // CHECK-NEXT: {{^}}0{{$}}
  call @test_gather() : () -> ()
  // CHECK-NEXT: {{^}}0{{$}}
  // CHECK-NEXT: {{^}}0{{$}}
  // CHECK-NEXT: {{^}}0{{$}}
  call @test_argmax() : () -> ()
  return
}
