// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-lower-dots{form=vnni wide=true}))' | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-lower-dots{form=madd}))' | FileCheck %s --check-prefixes=CHECK,MADD
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-lower-dots))' | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-lower-dots{form=other}))' 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: tile-lower-dots: form=other is neither vnni, madd nor plain

// CHECK-LABEL: func @half
// CHECK-SAME: %[[A:.*]]: vector<8xi32>, %[[B:.*]]: vector<8xi32>, %[[S:.*]]: vector<8xi32>
// VNNI-DAG: %[[X:.*]] = vector.bitcast %[[A]] : vector<8xi32> to vector<32xi8>
// VNNI-DAG: %[[Y:.*]] = vector.bitcast %[[B]] : vector<8xi32> to vector<32xi8>
// VNNI: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"(%[[S]], %[[X]], %[[Y]])
// MADD-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// PLAIN-COUNT-4: arith.muli
func.func @half(%a: vector<8xi32>, %b: vector<8xi32>, %s: vector<8xi32>) -> vector<8xi32> {
  %r = tile.dot_bytes %a, %b, %s : vector<8xi32>
  return %r : vector<8xi32>
}

// CHECK-LABEL: func @whole
// VNNI: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// MADD-COUNT-4: arith.muli
func.func @whole(%a: vector<16xi32>, %b: vector<16xi32>, %s: vector<16xi32>) -> vector<16xi32> {
  %r = tile.dot_bytes %a, %b, %s : vector<16xi32>
  return %r : vector<16xi32>
}

// CHECK-LABEL: func @scalar
// CHECK-COUNT-4: arith.muli
// CHECK-NOT: tile.dot_bytes
func.func @scalar(%a: i32, %b: i32, %s: i32) -> i32 {
  %r = tile.dot_bytes %a, %b, %s : i32
  return %r : i32
}
