// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-approximate-math))' | FileCheck %s

// 2^n exp(r); the comparisons keep NaN, the last product makes 0 and infinity.
// CHECK-LABEL: func.func @exp
// CHECK-NOT:   math.exp
// CHECK:       arith.cmpf ogt
// CHECK-NEXT:  arith.select
// CHECK:       arith.cmpf olt
// CHECK-NEXT:  arith.select
// CHECK:       arith.shli
// CHECK:       arith.bitcast
// CHECK:       arith.mulf
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// Denormal arguments are scaled before.
// CHECK-LABEL: func.func @log
// CHECK:       arith.cmpf olt
// CHECK:       arith.mulf
// CHECK-NOT:   math.log
func.func @log(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.log %x : vector<16xf32>
  return %y : vector<16xf32>
}

// The cube of GELU needs no pow.
// CHECK-LABEL: func.func @cube
// CHECK:       arith.mulf
// CHECK:       arith.mulf
// CHECK-NOT:   math.powf
func.func @cube(%x: vector<16xf32>) -> vector<16xf32> {
  %three = arith.constant dense<3.0> : vector<16xf32>
  %y = math.powf %x, %three : vector<16xf32>
  return %y : vector<16xf32>
}

// The polynomial of sin is wrong for large arguments; f64 has none.
// CHECK-LABEL: func.func @left
// CHECK:       math.sin
// CHECK:       math.exp {{.*}} : vector<8xf64>
func.func @left(%x: vector<16xf32>, %z: vector<8xf64>) -> (vector<16xf32>, vector<8xf64>) {
  %y = math.sin %x : vector<16xf32>
  %w = math.exp %z : vector<8xf64>
  return %y, %w : vector<16xf32>, vector<8xf64>
}
