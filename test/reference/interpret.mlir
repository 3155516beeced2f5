// The interpreter itself, by programs that assert what they compute.
// RUN: split-file %s %t
// RUN: interpret %t/good.mlir
// RUN: not interpret %t/bounds.mlir 2>&1 | FileCheck %s --check-prefix=BOUNDS
// RUN: not interpret %t/unknown.mlir 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not interpret %t/zero.mlir 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not interpret %t/sizes.mlir 2>&1 | FileCheck %s --check-prefix=SIZES

//--- good.mlir
#row = affine_map<(i, j) -> (i)>
#all = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>
func.func private @double(%x: i32) -> i32 {
  %r = arith.addi %x, %x : i32
  return %r : i32
}
func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0 : i32
  %a = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>

  // Structured ops: a named one, a reduction with an index, one that adds to what stands in its out.
  %t0 = tensor.empty() : tensor<3x2xi32>
  %t = linalg.transpose ins(%a : tensor<2x3xi32>) outs(%t0 : tensor<3x2xi32>) permutation = [1, 0]
  %m0 = tensor.splat %zero : tensor<2x2xi32>
  %m = linalg.matmul ins(%a, %t : tensor<2x3xi32>, tensor<3x2xi32>) outs(%m0 : tensor<2x2xi32>) -> tensor<2x2xi32>
  %m01 = tensor.extract %m[%c0, %c1] : tensor<2x2xi32>
  %c32 = arith.constant 32 : i32
  %ok0 = arith.cmpi eq, %m01, %c32 : i32
  cf.assert %ok0, "matmul"
  %s0 = tensor.from_elements %zero, %zero : tensor<2xi32>
  %s = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<2x3xi32>) outs(%s0 : tensor<2xi32>) {
  ^bb0(%x: i32, %sum: i32):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i32
    %y = arith.muli %x, %k : i32
    %n = arith.addi %sum, %y : i32
    linalg.yield %n : i32
  } -> tensor<2xi32>
  %s1 = tensor.extract %s[%c1] : tensor<2xi32>
  %c17 = arith.constant 17 : i32
  %ok1 = arith.cmpi eq, %s1, %c17 : i32
  cf.assert %ok1, "reduction with an index"

  // Parts: pad, slice with a stride and a dropped dimension, concat, reshapes.
  %p = tensor.pad %a low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    %v = arith.index_cast %j : index to i32
    tensor.yield %v : i32
  } : tensor<2x3xi32> to tensor<3x5xi32>
  %p24 = tensor.extract %p[%c2, %c2] : tensor<3x5xi32>
  %c6 = arith.constant 6 : i32
  %ok2 = arith.cmpi eq, %p24, %c6 : i32
  cf.assert %ok2, "pad keeps its source"
  %sl = tensor.extract_slice %p[0, 0] [1, 3] [1, 2] : tensor<3x5xi32> to tensor<3xi32>
  %sl2 = tensor.extract %sl[%c2] : tensor<3xi32>
  %c4 = arith.constant 4 : i32
  %ok3 = arith.cmpi eq, %sl2, %c4 : i32
  cf.assert %ok3, "slice of a padded row"
  %cc = tensor.concat dim(1) %a, %m : (tensor<2x3xi32>, tensor<2x2xi32>) -> tensor<2x5xi32>
  %flat = tensor.collapse_shape %cc [[0, 1]] : tensor<2x5xi32> into tensor<10xi32>
  %wide = tensor.expand_shape %flat [[0, 1]] output_shape [5, 2] : tensor<10xi32> into tensor<5x2xi32>
  %w41 = tensor.extract %wide[%c2, %c0] : tensor<5x2xi32>
  %ok4 = arith.cmpi eq, %w41, %c32 : i32
  cf.assert %ok4, "concat, collapse, expand"
  %ins = tensor.insert_slice %sl into %a[1, 0] [1, 3] [1, 1] : tensor<3xi32> into tensor<2x3xi32>
  %i10 = tensor.extract %ins[%c1, %c1] : tensor<2x3xi32>
  %two = arith.constant 2 : i32
  %ok5 = arith.cmpi eq, %i10, %two : i32
  cf.assert %ok5, "insert_slice"

  // Control: a loop whose carries change places, with a flag; a branch; a call; scf.
  %true = arith.constant true
  %l:2 = ctrl.loop %i to %c3 carry(%x = %zero : i32, %y = %two : i32) while(%true) {
    %z = arith.addi %x, %y : i32
    %more = arith.cmpi ult, %i, %c1 : index
    ctrl.next while(%more) %y, %z : i32, i32
  }
  %ok6 = arith.cmpi eq, %l#1, %c4 : i32
  cf.assert %ok6, "loop of two iterations"
  %b = ctrl.branch %c2 : index -> (i32) case 1 {
    ctrl.yield %zero : i32
  } case 2 {
    %d = func.call @double(%c32) : (i32) -> i32
    ctrl.yield %d : i32
  } default {
    ctrl.yield %c32 : i32
  }
  %c64 = arith.constant 64 : i32
  %ok7 = arith.cmpi eq, %b, %c64 : i32
  cf.assert %ok7, "branch and call"
  %f = scf.for %i = %c0 to %c3 step %c2 iter_args(%x = %zero) -> (i32) {
    %r = scf.if %ok7 -> (i32) {
      %y = arith.addi %x, %two : i32
      scf.yield %y : i32
    } else {
      scf.yield %x : i32
    }
    scf.yield %r : i32
  }
  %ok8 = arith.cmpi eq, %f, %c4 : i32
  cf.assert %ok8, "scf.for and if"

  // Numbers: narrow floats are rounded, integers wrap, an i1 that is extended is -1 or 1.
  %h0 = arith.constant 2049.0 : f32
  %h = arith.truncf %h0 : f32 to f16
  %h1 = arith.extf %h : f16 to f32
  %h2 = arith.constant 2048.0 : f32
  %ok9 = arith.cmpf oeq, %h1, %h2 : f32
  cf.assert %ok9, "f16 rounds to even"
  %i8 = arith.constant 127 : i8
  %one8 = arith.constant 1 : i8
  %wrapped = arith.addi %i8, %one8 : i8
  %ok10 = arith.cmpi slt, %wrapped, %one8 : i8
  cf.assert %ok10, "i8 wraps"
  %ext = arith.extui %true : i1 to i8
  %ok11 = arith.cmpi eq, %ext, %one8 : i8
  cf.assert %ok11, "extui of true"
  %nan = arith.constant 0x7FC00000 : f32
  %mx = arith.maximumf %nan, %h0 : f32
  %ok12 = arith.cmpf uno, %mx, %mx : f32
  cf.assert %ok12, "maximumf gives NaN on"
  %ap = affine.apply affine_map<(d)[s] -> (d mod 5 + s floordiv 2)>(%c3)[%c3]
  %ok13 = arith.cmpi ugt, %ap, %c3 : index
  cf.assert %ok13, "affine.apply"

  // Packed and unpacked again.
  %k0 = tensor.empty() : tensor<1x2x2x2xi32>
  %packed = linalg.pack %a padding_value(%zero : i32) inner_dims_pos = [0, 1] inner_tiles = [2, 2] into %k0
      : tensor<2x3xi32> -> tensor<1x2x2x2xi32>
  %pk = tensor.extract %packed[%c0, %c1, %c1, %c0] : tensor<1x2x2x2xi32>
  %ok14 = arith.cmpi eq, %pk, %c6 : i32
  cf.assert %ok14, "pack"
  %u0 = tensor.empty() : tensor<2x3xi32>
  %unpacked = linalg.unpack %packed inner_dims_pos = [0, 1] inner_tiles = [2, 2] into %u0
      : tensor<1x2x2x2xi32> -> tensor<2x3xi32>
  %uk = tensor.extract %unpacked[%c1, %c2] : tensor<2x3xi32>
  %ok15 = arith.cmpi eq, %uk, %c6 : i32
  cf.assert %ok15, "unpack"
  return
}

//--- bounds.mlir
func.func @main() {
  %a = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
  %e = tensor.empty() : tensor<3xi32>
  // BOUNDS: bounds.mlir":10:10): error: 'tensor.extract' op index 3 of dimension 0 is outside of 0..3
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<3xi32>) {
  ^bb0(%out: i32):
    %i = linalg.index 0 : index
    %c1 = arith.constant 1 : index
    %j = arith.addi %i, %c1 : index
    %v = tensor.extract %a[%j] : tensor<3xi32>
    linalg.yield %v : i32
  } -> tensor<3xi32>
  return
}

//--- unknown.mlir
func.func @main() {
  %c1 = arith.constant 1 : index
  // UNKNOWN: unknown.mlir":4:{{.*}}error: 'index.add' op is not known to the interpreter
  %r = index.add %c1, %c1
  return
}

//--- zero.mlir
func.func @main() {
  %a = arith.constant dense<[4, 0]> : tensor<2xi32>
  // ZERO: error: 'arith.divsi' op divides by zero
  %r = arith.divsi %a, %a : tensor<2xi32>
  return
}

//--- sizes.mlir
func.func @main() {
  %n = arith.constant 4 : index
  %a = tensor.empty(%n) : tensor<?xi32>
  // SIZES: error: 'tensor.cast' op a value of type tensor<3xi32> has sizes 4
  %b = tensor.cast %a : tensor<?xi32> to tensor<3xi32>
  return
}
