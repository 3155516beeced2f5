// Kernels for the tests of lowering/nvptx and lowering/amdgcn: a product with register tiles, a softmax with shuffles
// and workgroup memory, all types.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#min = affine_map<(d0)[s0] -> (-d0 * 16 + s0, 16)>
func.func @main(%A: memref<128x64xf32>, %B: memref<64x128xf32>, %C: memref<128x128xf32>, %S: memref<?x1000xf32>, %O: memref<?x1000xf32>, %n: index, %blocks: index) {
  ctrl.task (%i, %j) in (2, 2) ins(%a = %A : memref<128x64xf32>, %b = %B : memref<64x128xf32>) outs(%c = %C : memref<128x128xf32>) {
    %z = arith.constant 0.0 : f32
    %m = affine.apply affine_map<(d0) -> (d0 * 64)>(%i)
    %k = affine.apply affine_map<(d0) -> (d0 * 64)>(%j)
    %as = memref.subview %a[%m, 0] [64, 64] [1, 1] : memref<128x64xf32> to memref<64x64xf32, strided<[64, 1], offset: ?>>
    %bs = memref.subview %b[0, %k] [64, 64] [1, 1] : memref<64x128xf32> to memref<64x64xf32, strided<[128, 1], offset: ?>>
    %cs = memref.subview %c[%m, %k] [64, 64] [1, 1] : memref<128x128xf32> to memref<64x64xf32, strided<[128, 1], offset: ?>>
    linalg.fill ins(%z : f32) outs(%cs : memref<64x64xf32, strided<[128, 1], offset: ?>>)
    linalg.matmul ins(%as, %bs : memref<64x64xf32, strided<[64, 1], offset: ?>>, memref<64x64xf32, strided<[128, 1], offset: ?>>) outs(%cs : memref<64x64xf32, strided<[128, 1], offset: ?>>)
  }
  ctrl.task (%i) in (%blocks) ins(%a = %S : memref<?x1000xf32>, %r = %n : index) outs(%o = %O : memref<?x1000xf32>) {
    %z = arith.constant 0.0 : f32
    %ninf = arith.constant 0xFF800000 : f32
    %m = affine.apply affine_map<(d0) -> (d0 * 16)>(%i)
    %sz = affine.min #min(%i)[%r]
    %as = memref.subview %a[%m, 0] [%sz, 1000] [1, 1] : memref<?x1000xf32> to memref<?x1000xf32, strided<[1000, 1], offset: ?>>
    %os = memref.subview %o[%m, 0] [%sz, 1000] [1, 1] : memref<?x1000xf32> to memref<?x1000xf32, strided<[1000, 1], offset: ?>>
    %max = memref.alloc(%sz) : memref<?xf32>
    %sum = memref.alloc(%sz) : memref<?xf32>
    linalg.fill ins(%ninf : f32) outs(%max : memref<?xf32>)
    linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%as : memref<?x1000xf32, strided<[1000, 1], offset: ?>>) outs(%max : memref<?xf32>) {
    ^bb0(%x: f32, %acc: f32):
      %v = arith.maximumf %x, %acc : f32
      linalg.yield %v : f32
    }
    linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%as, %max : memref<?x1000xf32, strided<[1000, 1], offset: ?>>, memref<?xf32>) outs(%os : memref<?x1000xf32, strided<[1000, 1], offset: ?>>) {
    ^bb0(%x: f32, %mx: f32, %unused: f32):
      %d = arith.subf %x, %mx : f32
      %e = math.exp %d : f32
      linalg.yield %e : f32
    }
    linalg.fill ins(%z : f32) outs(%sum : memref<?xf32>)
    linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%os : memref<?x1000xf32, strided<[1000, 1], offset: ?>>) outs(%sum : memref<?xf32>) {
    ^bb0(%x: f32, %acc: f32):
      %v = arith.addf %acc, %x : f32
      linalg.yield %v : f32
    }
    linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%sum : memref<?xf32>) outs(%os : memref<?x1000xf32, strided<[1000, 1], offset: ?>>) {
    ^bb0(%s: f32, %x: f32):
      %q = arith.divf %x, %s : f32
      linalg.yield %q : f32
    }
  }
  return
}
// The types that kernels know, and mathematics on them.
func.func @types(%H: memref<64x64xf16>, %B: memref<64x64xbf16>, %F: memref<64x64xf32>, %D: memref<64xf64>, %I: memref<64xi8>, %P: memref<64xi1>, %O: memref<64x64xf32>, %Q: memref<64xi1>) {
  ctrl.task (%i) in (2) ins(%h = %H : memref<64x64xf16>, %b = %B : memref<64x64xbf16>) outs(%o = %O : memref<64x64xf32>) {
    %r = affine.apply affine_map<(i) -> (i * 32)>(%i)
    %hs = memref.subview %h[%r, 0] [32, 64] [1, 1] : memref<64x64xf16> to memref<32x64xf16, strided<[64, 1], offset: ?>>
    %os = memref.subview %o[%r, 0] [32, 64] [1, 1] : memref<64x64xf32> to memref<32x64xf32, strided<[64, 1], offset: ?>>
    %z = arith.constant 0.0 : f32
    linalg.fill ins(%z : f32) outs(%os : memref<32x64xf32, strided<[64, 1], offset: ?>>)
    linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%hs, %b : memref<32x64xf16, strided<[64, 1], offset: ?>>, memref<64x64xbf16>) outs(%os : memref<32x64xf32, strided<[64, 1], offset: ?>>) {
    ^bb0(%x: f16, %y: bf16, %acc: f32):
      %xf = arith.extf %x : f16 to f32
      %yf = arith.extf %y : bf16 to f32
      %p = arith.mulf %xf, %yf : f32
      %s = arith.addf %acc, %p : f32
      linalg.yield %s : f32
    }
  }
  ctrl.task (%i) in (1) ins(%h = %H : memref<64x64xf16>) outs(%b = %B : memref<64x64xbf16>, %o = %O : memref<64x64xf32>) {
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%h : memref<64x64xf16>) outs(%b, %o : memref<64x64xbf16>, memref<64x64xf32>) {
    ^bb0(%x: f16, %y: bf16, %u: f32):
      %t = math.tanh %x : f16
      %e = math.exp %y : bf16
      %l = math.log %u : f32
      %tf = arith.extf %t : f16 to f32
      %er = math.erf %tf : f32
      %sq = math.sqrt %er : f32
      %rs = math.rsqrt %l : f32
      %pw = math.powf %sq, %rs : f32
      %fl = math.floor %pw : f32
      %rd = math.roundeven %l : f32
      %sum = arith.addf %fl, %rd : f32
      linalg.yield %e, %sum : bf16, f32
    }
  }
  ctrl.task (%i) in (1) ins(%d = %D : memref<64xf64>, %k = %I : memref<64xi8>, %p = %P : memref<64xi1>) outs(%q = %Q : memref<64xi1>) {
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%d, %k, %p : memref<64xf64>, memref<64xi8>, memref<64xi1>) outs(%q : memref<64xi1>) {
    ^bb0(%x: f64, %n: i8, %b: i1, %o: i1):
      %s = math.sqrt %x : f64
      %c = math.ceil %s : f64
      %f = arith.sitofp %n : i8 to f64
      %g = arith.cmpf ogt, %c, %f : f64
      %r = arith.xori %g, %b : i1
      linalg.yield %r : i1
    }
  }
  return
}
