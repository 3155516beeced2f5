// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-lower-to-vector,canonicalize,cse))' --split-input-file | FileCheck %s

// The fill becomes the start of the accumulators; the register tile holds them over the whole reduction. A scalar of a
// is loaded just before its products: in another order LLVM runs out of registers.
// CHECK-LABEL: func.func @matmul
// CHECK-NOT:   linalg
// CHECK:       %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK:       scf.for
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} iter_args(%{{.*}} = %[[ZERO]]
// CHECK:             vector.load
// CHECK:             arith.mulf {{.*}} fastmath<contract> : vector<16xf32>
// CHECK:             arith.addf {{.*}} fastmath<contract> : vector<16xf32>
// CHECK:             memref.load
// CHECK:             arith.mulf
// CHECK:           vector.store
func.func @matmul(%a: memref<48x32xf32>, %b: memref<32x128xf32>, %c: memref<48x128xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<48x128xf32>)
  linalg.matmul ins(%a, %b : memref<48x32xf32>, memref<32x128xf32>) outs(%c : memref<48x128xf32>)
  return
}

// -----

// The sum of a row: the reduction is the vector loop, the lanes are combined behind it.
// CHECK-LABEL: func.func @row_sum(
// CHECK:       scf.for
// CHECK:         arith.addf {{.*}} : vector<16xf32>
// CHECK:       vector.reduction <add>
func.func @row_sum(%a: memref<1x128xf32>, %s: memref<1xf32>) {
  linalg.reduce {arith.addf} ins(%a : memref<1x128xf32>) outs(%s : memref<1xf32>) dimensions = [1]
  return
}

// -----

// Of several rows the lanes are combined together: within 128 bits, by such parts, and the halves of what is left. The
// sums go to memory as one vector.
// CHECK-LABEL: func.func @row_sums(
// CHECK-NOT:   vector.reduction
// CHECK:       %[[R:.*]]:8 = scf.for
// CHECK:       vector.shuffle %[[R]]#0, %[[R]]#1 [0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29]
// CHECK:       vector.shuffle %[[R]]#0, %[[R]]#1 [2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31]
// CHECK:       vector.shuffle {{.*}} [0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29]
// CHECK:       vector.shuffle {{.*}} [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]
// CHECK:       vector.shuffle {{.*}} [0, 1, 2, 3, 8, 9, 10, 11] : vector<16xf32>
// CHECK:       vector.shuffle {{.*}} [4, 5, 6, 7, 12, 13, 14, 15] : vector<16xf32>
// CHECK:       vector.load {{.*}}, vector<8xf32>
// CHECK:       vector.store {{.*}}, vector<8xf32>
func.func @row_sums(%a: memref<8x128xf32>, %s: memref<8xf32>) {
  linalg.reduce {arith.addf} ins(%a : memref<8x128xf32>) outs(%s : memref<8xf32>) dimensions = [1]
  return
}

// -----

// Sums that do not lie next to each other are stored one by one.
// CHECK-LABEL: func.func @scattered_row_sums(
// CHECK-NOT:   vector.reduction
// CHECK:       vector.extract {{.*}}[0] : f32 from vector<8xf32>
// CHECK:       memref.store
// CHECK:       vector.extract {{.*}}[7] : f32 from vector<8xf32>
// CHECK:       memref.store
func.func @scattered_row_sums(%a: memref<8x128xf32>, %s: memref<8xf32, strided<[3]>>) {
  linalg.reduce {arith.addf} ins(%a : memref<8x128xf32>) outs(%s : memref<8xf32, strided<[3]>>) dimensions = [1]
  return
}

// -----

// A dynamic tail is one masked vector at a time.
// CHECK-LABEL: func.func @exp
// CHECK:       scf.for
// CHECK:         vector.load
// CHECK:         math.exp {{.*}} : vector<16xf32>
// CHECK:       scf.for
// CHECK:         vector.create_mask
// CHECK:         vector.maskedload
// CHECK:         vector.maskedstore
func.func @exp(%x: memref<?xf32, strided<[1], offset: ?>>, %y: memref<?xf32, strided<[1], offset: ?>>) {
  linalg.exp ins(%x : memref<?xf32, strided<[1], offset: ?>>) outs(%y : memref<?xf32, strided<[1], offset: ?>>)
  return
}

// -----

// A body without a vector form gives scalar loops.
// CHECK-LABEL: func.func @calls
// CHECK-NOT:   vector
// CHECK:       func.call @f
func.func private @f(f32) -> f32
func.func @calls(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  linalg.map ins(%x : memref<4x4xf32>) outs(%y : memref<4x4xf32>) (%in: f32, %out: f32) {
    %r = func.call @f(%in) : (f32) -> f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A bool has one byte in memory, a vector of bool is packed: memory is viewed as i8.
// CHECK-LABEL: func.func @not
// CHECK:       builtin.unrealized_conversion_cast {{.*}} : memref<{{.*}}xi1{{.*}}> to memref<{{.*}}xi8
// CHECK:       vector.load {{.*}} : memref<{{.*}}xi8
// CHECK-NOT:   vector.store {{.*}}xi1
func.func @not(%x: memref<64xi1>, %y: memref<64xi1>) {
  %true = arith.constant true
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : memref<64xi1>) outs(%y : memref<64xi1>) {
  ^bb0(%in: i1, %out: i1):
    %r = arith.xori %in, %true : i1
    linalg.yield %r : i1
  }
  return
}

// -----

// A transposition: 16 rows are loaded along the input's contiguous loop and exchanged in four rounds.
// CHECK-LABEL: func.func @transpose
// CHECK-NOT:   vector.gather
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
func.func @transpose(%x: memref<64x32xf32>, %y: memref<32x64xf32>) {
  linalg.transpose ins(%x : memref<64x32xf32>) outs(%y : memref<32x64xf32>) permutation = [1, 0]
  return
}

// -----

// Rows of a table: the place varies along the lanes by one, so it is a vector.load; in the other a gather.
// CHECK-LABEL: func.func @lookup
// CHECK:       memref.load %{{.*}} : memref<{{.*}}xi32
// CHECK:       vector.load %{{.*}} : memref<{{.*}}xf32
// CHECK-NOT:   vector.gather
// CHECK-LABEL: func.func @scatter_lookup
// CHECK:       vector.gather
#id = affine_map<(d0, d1) -> (d0)>
#io = affine_map<(d0, d1) -> (d0, d1)>
func.func @lookup(%idx: memref<?xi32>, %table: memref<100x64xf32>, %y: memref<?x64xf32>) {
  linalg.generic {indexing_maps = [#id, #io], iterator_types = ["parallel", "parallel"]} ins(%idx : memref<?xi32>) outs(%y : memref<?x64xf32>) {
  ^bb0(%i: i32, %out: f32):
    %row = arith.index_cast %i : i32 to index
    %column = linalg.index 1 : index
    %v = memref.load %table[%row, %column] : memref<100x64xf32>
    linalg.yield %v : f32
  }
  return
}
func.func @scatter_lookup(%idx: memref<?x64xi32>, %table: memref<100xf32>, %y: memref<?x64xf32>) {
  linalg.generic {indexing_maps = [#io, #io], iterator_types = ["parallel", "parallel"]} ins(%idx : memref<?x64xi32>) outs(%y : memref<?x64xf32>) {
  ^bb0(%i: i32, %out: f32):
    %row = arith.index_cast %i : i32 to index
    %v = memref.load %table[%row] : memref<100xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

// A tiled linalg.index is an affine.apply that still goes up by one a lane.
// CHECK-LABEL: func.func @tiled_lookup
// CHECK:       vector.load %{{.*}} : memref<{{.*}}xf32
// CHECK-NOT:   vector.gather
func.func @tiled_lookup(%offset: index, %table: memref<64xf32>, %y: memref<16xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%y : memref<16xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %j = affine.apply affine_map<(d0)[s0] -> (d0 + s0)>(%offset)[%i]
    %v = memref.load %table[%j] : memref<64xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

// A deep panel: blocks of 1000 of its 2000 rows, each for all rows of the left operand.
// CHECK-LABEL: func.func @deep
// CHECK:       scf.for %[[K:.*]] = %c0 to %c2000 step %c1000 {
// CHECK:         %[[FIRST:.*]] = arith.cmpi eq, %[[K]], %c0
// CHECK:         scf.for {{.*}} to %c96 step %c6
// CHECK:           %[[OLD:.*]] = vector.load
// CHECK:           %[[ACC:.*]] = arith.select %[[FIRST]], %{{.*}}, %[[OLD]] : vector<16xf32>
// CHECK:           %[[END:.*]] = arith.addi %[[K]], %c1000
// CHECK:           scf.for {{.*}} = %[[K]] to %[[END]] step %c1 iter_args(%{{.*}} = %[[ACC]]
// CHECK-NOT:         prefetch
func.func @deep(%a: memref<96x2000xf32>, %b: memref<2000x64xf32>, %c: memref<96x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<96x64xf32>)
  linalg.matmul ins(%a, %b : memref<96x2000xf32>, memref<2000x64xf32>) outs(%c : memref<96x64xf32>)
  return
}

// -----

// One row: eight rows of the right operand stream side by side, and the next eight are fetched ahead.
// CHECK-LABEL: func.func @thin
// CHECK:       scf.for %[[K:.*]] = %c0 to %c1024 step %c8 {
// CHECK:         scf.for {{.*}} to %c1024 step %c128
// CHECK:           scf.for {{.*}} iter_args
// CHECK:             memref.prefetch {{.*}}, read, locality<2>, data
// CHECK:             vector.load
func.func @thin(%a: memref<1x1024xf32>, %b: memref<1024x1024xf32>, %c: memref<1x1024xf32>) {
  linalg.matmul ins(%a, %b : memref<1x1024xf32>, memref<1024x1024xf32>) outs(%c : memref<1x1024xf32>)
  return
}

// -----

// Rows and columns of an image that both operands have whole are one loop of 49; in part of a wider image they are two.
// CHECK-LABEL: func.func @image
// CHECK:       scf.for %{{.*}} = %c0{{.*}} to %c48
// CHECK-LABEL: func.func @part
// CHECK-NOT:   to %c48
// CHECK:       return
#in = affine_map<(h, w, c, k) -> (h, w, k)>
#weight = affine_map<(h, w, c, k) -> (k, c)>
#out = affine_map<(h, w, c, k) -> (h, w, c)>
func.func @image(%x: memref<7x7x20xf32>, %w: memref<20x16xf32>, %y: memref<7x7x16xf32>) {
  linalg.generic {indexing_maps = [#in, #weight, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : memref<7x7x20xf32>, memref<20x16xf32>) outs(%y : memref<7x7x16xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  }
  return
}
func.func @part(%x: memref<7x7x20xf32>, %w: memref<20x16xf32>, %y: memref<7x7x16xf32, strided<[144, 16, 1]>>) {
  linalg.generic {indexing_maps = [#in, #weight, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : memref<7x7x20xf32>, memref<20x16xf32>) outs(%y : memref<7x7x16xf32, strided<[144, 16, 1]>>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Rows of a number not known: tiles of 14, then of 7, 4, 2 and 1.
// CHECK-LABEL: func.func @rows
// CHECK:         scf.for {{.*}} step %c14
// CHECK:         arith.remui %{{.*}}, %c7
// CHECK:         scf.for {{.*}} step %c7
// CHECK:         scf.for {{.*}} step %c4
// CHECK:         scf.for {{.*}} step %c2
// CHECK:         scf.for {{.*}} step %c1
func.func @rows(%a: memref<?x64xf32>, %b: memref<64x32xf32>, %c: memref<?x32xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x32xf32>)
  linalg.matmul ins(%a, %b : memref<?x64xf32>, memref<64x32xf32>) outs(%c : memref<?x32xf32>)
  return
}

// -----

// A group that is expanded into several dynamic sizes.
// CHECK-LABEL: func.func @expand
// CHECK-SAME:    %[[X:.*]]: memref<?x8xf32>, %[[B:.*]]: index, %[[T:.*]]: index
// CHECK:         %[[S:.*]] = arith.muli %[[T]], %c8
// CHECK:         memref.reinterpret_cast %[[X]] to offset: [0], sizes: [%[[B]], %[[T]], 8], strides: [%[[S]], 8, 1]
func.func @expand(%x: memref<?x8xf32>, %b: index, %t: index) -> memref<?x?x8xf32> {
  %e = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %t, 8] : memref<?x8xf32> into memref<?x?x8xf32>
  return %e : memref<?x?x8xf32>
}

// -----

// A maximum that drops NaN and starts from -inf is a comparison and a selection, one instruction on x86; the rows,
// each of which is read once, follow each other.
// CHECK-LABEL: func.func @row_maximum
// CHECK:       arith.constant dense<0xFF800000> : vector<16xf32>
// CHECK:       scf.for %{{.*}} step %c1
// CHECK:         %[[IN:.*]] = vector.load
// CHECK-NEXT:    %[[LARGER:.*]] = arith.cmpf ogt, %[[IN]], %[[OLD:.*]] : vector<16xf32>
// CHECK-NEXT:    arith.select %[[LARGER]], %[[IN]], %[[OLD]]
// CHECK-NOT:   maxnumf
// CHECK:       vector.reduction <maxnumf>, %{{.*}} fastmath<reassoc,nnan,nsz>
func.func @row_maximum(%a: memref<9x512xf32>, %m: memref<9xf32>) {
  %low = arith.constant 0xFF800000 : f32
  linalg.fill ins(%low : f32) outs(%m : memref<9xf32>)
  linalg.reduce {arith.maxnumf} ins(%a : memref<9x512xf32>) outs(%m : memref<9xf32>) dimensions = [1]
  return
}

// -----

// What is reduced is stored as well, where it is made; the rest of the row behind a mask.
// CHECK-LABEL: func.func @store_and_sum
// CHECK:       scf.for
// CHECK:         %[[E:.*]] = math.exp
// CHECK:         arith.addf %{{.*}}, %[[E]]
// CHECK:         vector.store %[[E]], %{{.*}} : memref<{{.*}}>, vector<16xf32>
// CHECK:       vector.maskedstore
// CHECK:       vector.reduction <add>
func.func @store_and_sum(%a: memref<8x523xf32>, %e: memref<8x523xf32>, %s: memref<8xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%s : memref<8xf32>)
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%a : memref<8x523xf32>) outs(%e, %s : memref<8x523xf32>, memref<8xf32>) {
  ^bb0(%x: f32, %o: f32, %old: f32):
    %y = math.exp %x : f32
    %n = arith.addf %old, %y : f32
    linalg.yield %y, %n : f32, f32
  }
  return
}

// -----

// The accumulators of a depthwise convolution start from the bias and are clamped before they are stored: the scratch
// memory between the three ops is not touched.
// CHECK-LABEL: func.func @bias_and_clamp
// CHECK-SAME:  %[[SCRATCH:[a-z0-9]+]]: memref<8192xi8>
// CHECK-NOT:   %[[SCRATCH]]
// CHECK-NOT:   vector.store
// CHECK:       scf.for {{.*}} iter_args
// CHECK:         arith.mulf
// CHECK:         arith.addf
// CHECK:       arith.maximumf
// CHECK:       arith.minimumf
// CHECK:       vector.store
// CHECK-NOT:   arith.maximumf {{.*}} : f32
// CHECK:       return
#out = affine_map<(h, w, c) -> (h, w, c)>
#channel = affine_map<(h, w, c) -> (c)>
#nothing = affine_map<(h, w, c) -> ()>
#window = affine_map<(h, w, c, i, j) -> (h + i, w + j, c)>
#weight = affine_map<(h, w, c, i, j) -> (i, j, c)>
#result = affine_map<(h, w, c, i, j) -> (h, w, c)>
func.func @bias_and_clamp(%s: memref<8192xi8>, %x: memref<6x10x32xf32>, %f: memref<3x3x32xf32>, %b: memref<32xf32>, %low: memref<f32>, %high: memref<f32>, %y: memref<4x8x32xf32>) {
  %c0 = arith.constant 0 : index
  %o = memref.view %s[%c0][] : memref<8192xi8> to memref<4x8x32xf32>
  linalg.generic {indexing_maps = [#channel, #out], iterator_types = ["parallel", "parallel", "parallel"]} ins(%b : memref<32xf32>) outs(%o : memref<4x8x32xf32>) {
  ^bb0(%u: f32, %v: f32):
    linalg.yield %u : f32
  }
  linalg.generic {indexing_maps = [#window, #weight, #result], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%x, %f : memref<6x10x32xf32>, memref<3x3x32xf32>) outs(%o : memref<4x8x32xf32>) {
  ^bb0(%u: f32, %w: f32, %v: f32):
    %p = arith.mulf %u, %w : f32
    %q = arith.addf %v, %p : f32
    linalg.yield %q : f32
  }
  linalg.generic {indexing_maps = [#out, #nothing, #nothing, #out], iterator_types = ["parallel", "parallel", "parallel"]} ins(%o, %low, %high : memref<4x8x32xf32>, memref<f32>, memref<f32>) outs(%y : memref<4x8x32xf32>) {
  ^bb0(%u: f32, %l: f32, %h: f32, %v: f32):
    %p = arith.maximumf %u, %l : f32
    %q = arith.minimumf %p, %h : f32
    linalg.yield %q : f32
  }
  return
}

// -----

// The sums have to be seen in memory: they are an argument, and the clamped ones go elsewhere.
// CHECK-LABEL: func.func @seen
// CHECK:       vector.store
// CHECK:       scf.for
// CHECK:         arith.maximumf
// CHECK:         vector.store
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
func.func @seen(%x: memref<8x16xf32>, %w: memref<16x32xf32>, %o: memref<8x32xf32>, %y: memref<8x32xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%o : memref<8x32xf32>)
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : memref<8x16xf32>, memref<16x32xf32>) outs(%o : memref<8x32xf32>) {
  ^bb0(%u: f32, %t: f32, %v: f32):
    %p = arith.mulf %u, %t : f32
    %q = arith.addf %v, %p : f32
    linalg.yield %q : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%o : memref<8x32xf32>) outs(%y : memref<8x32xf32>) {
  ^bb0(%u: f32, %v: f32):
    %p = arith.maximumf %u, %zero : f32
    linalg.yield %p : f32
  }
  return
}
