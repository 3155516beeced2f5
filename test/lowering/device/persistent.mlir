// Persistent kernels give what they are to: of one block, of four, and of four from the last to the first with the
// threads of each from the last to the first, which shows missing barriers.
//
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{mode=auto workers=1 threads=1}),ctrl-region-to-kernel,gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},gpu.module(canonicalize,cse),ctrl-emulate-kernels)' | %{run-on-host} | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{workers=4 threads=32}),ctrl-region-to-kernel,gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1 shared-limit=64},gpu.module(canonicalize,cse),ctrl-emulate-kernels)' | %{run-on-host} | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{workers=4 threads=32}),ctrl-region-to-kernel,gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},gpu.module(canonicalize,cse),ctrl-emulate-kernels{reverse=true})' | %{run-on-host} | FileCheck %s
// One place that launches in each of the four functions, and no control flow or load of a buffer left beside them.
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{workers=4 threads=32}),ctrl-region-to-kernel,gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},ctrl-emulate-kernels)' --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: ctrl-emulate-kernels
// COUNT-NEXT: (S) 4 sites
// What is counted at run time is counted in @main: not here, where other functions launch.
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{workers=4 threads=32}),ctrl-region-to-kernel,gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},ctrl-emulate-kernels{counts=true})' -o /dev/null 2>&1 | FileCheck %s --check-prefix=ELSEWHERE
// ELSEWHERE: error: ctrl-emulate-kernels: counts need all launches in @main
//
// The same program for devices: a kernel each, with its loops.
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{workers=4 threads=64}))' -o %t.mlir
// RUN: dl-translate --mlir-to-ptx --chip=sm_80 %t.mlir -o %t.80.ptx
// RUN: dl-translate --mlir-to-ptx --chip=sm_90a %t.mlir -o %t.90a.ptx
// RUN: FileCheck %s --check-prefix=PTX --input-file=%t.90a.ptx
// RUN: dl-translate --mlir-to-gcn --chip=gfx942 %t.mlir | FileCheck %s --check-prefix=GCN

// PTX: .entry pingpong_0
// PTX: fence.acq_rel.gpu
// PTX: atom{{.*}}.add.u32
// PTX: ld.relaxed.gpu
// PTX: fence.acq_rel.gpu
// PTX: bar.sync
// GCN: buffer_wbl2 sc1
// GCN: global_atomic_add
// GCN: s_sleep
// GCN: buffer_inv sc1

func.func private @printMemrefF32(memref<*xf32>) attributes {llvm.emit_c_interface}

// x -> shifted by one item, twice as much, carried in buffers that the iterations make: they take turns.
func.func @pingpong(%x: memref<8x4xf32>, %steps: memref<index>) -> memref<8x4xf32> {
  %n = memref.load %steps[] : memref<index>
  %r = ctrl.loop %i to %n carry(%a = %x : memref<8x4xf32>) {
    %y = memref.alloc() : memref<8x4xf32>
    ctrl.task (%j) in (8) ins(%p = %a : memref<8x4xf32>) outs(%q = %y : memref<8x4xf32>) {
      %k = affine.apply affine_map<(j) -> ((j + 1) mod 8)>(%j)
      %s = memref.subview %p[%k, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
      %d = memref.subview %q[%j, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
      %t = memref.alloc() : memref<1x4xf32>
      linalg.add ins(%s, %s : memref<1x4xf32, strided<[4, 1], offset: ?>>, memref<1x4xf32, strided<[4, 1], offset: ?>>) outs(%t : memref<1x4xf32>)
      memref.copy %t, %d : memref<1x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
    }
    ctrl.next %y : memref<8x4xf32>
  }
  return %r : memref<8x4xf32>
}

// While the sum of all is below 100, rows are doubled; a branch, on a number that a task wrote, takes one away again.
func.func @until(%x: memref<8x4xf32>) -> memref<8x4xf32> {
  %true = arith.constant true
  %zero = arith.constant 0.0 : f32
  %limit = arith.constant 100.0 : f32
  %half = arith.constant 40.0 : f32
  %r = memref.alloc() : memref<8x4xf32>
  %sum = memref.alloc() : memref<f32>
  ctrl.task (%j) in (8) ins(%p = %x : memref<8x4xf32>) outs(%q = %r : memref<8x4xf32>) {
    %s = memref.subview %p[%j, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
    %d = memref.subview %q[%j, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
    memref.copy %s, %d : memref<1x4xf32, strided<[4, 1], offset: ?>> to memref<1x4xf32, strided<[4, 1], offset: ?>>
  }
  ctrl.loop %i while(%true) {
    ctrl.task (%j) in (2) outs(%q = %r : memref<8x4xf32>) {
      %k = affine.apply affine_map<(j) -> (j * 4)>(%j)
      %d = memref.subview %q[%k, 0] [4, 4] [1, 1] : memref<8x4xf32> to memref<4x4xf32, strided<[4, 1], offset: ?>>
      linalg.add ins(%d, %d : memref<4x4xf32, strided<[4, 1], offset: ?>>, memref<4x4xf32, strided<[4, 1], offset: ?>>) outs(%d : memref<4x4xf32, strided<[4, 1], offset: ?>>)
    }
    ctrl.task (%j) in (1) ins(%p = %r : memref<8x4xf32>) outs(%q = %sum : memref<f32>) {
      %z = arith.constant 0.0 : f32
      linalg.fill ins(%z : f32) outs(%q : memref<f32>)
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%p : memref<8x4xf32>) outs(%q : memref<f32>) {
      ^bb0(%v: f32, %acc: f32):
        %t = arith.addf %v, %acc : f32
        linalg.yield %t : f32
      }
    }
    %s = memref.load %sum[] : memref<f32>
    %more = arith.cmpf olt, %s, %limit : f32
    %big = arith.cmpf ogt, %s, %half : f32
    ctrl.branch %big : i1 {
      ctrl.task (%j) in (8) outs(%q = %r : memref<8x4xf32>) {
        %one = arith.constant 1.0 : f32
        %d = memref.subview %q[%j, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
        linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%d : memref<1x4xf32, strided<[4, 1], offset: ?>>) {
        ^bb0(%v: f32):
          %t = arith.subf %v, %one : f32
          linalg.yield %t : f32
        }
      }
      ctrl.yield
    }
    ctrl.next while(%more)
  }
  return %r : memref<8x4xf32>
}

// Nested loops: a buffer made in the inner one is carried by both. Numbers in a stack that every block has.
func.func @nested(%x: memref<8x4xf32>, %steps: memref<index>) -> memref<8x4xf32> {
  %n = memref.load %steps[] : memref<index>
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %stack = memref.alloc() : memref<16xindex>
  %r = ctrl.loop %i to %n carry(%a = %x : memref<8x4xf32>) {
    %m = arith.addi %i, %c1 : index
    memref.store %m, %stack[%i] : memref<16xindex>
    %top = memref.load %stack[%i] : memref<16xindex>
    %odd = arith.remui %i, %c2 : index
    %s = ctrl.loop %k to %top carry(%b = %a : memref<8x4xf32>) {
      %y = memref.alloc() : memref<8x4xf32>
      ctrl.task (%j) in (8) ins(%p = %b : memref<8x4xf32>, %st = %stack : memref<16xindex>, %ii = %i : index) outs(%q = %y : memref<8x4xf32>) {
        %k2 = affine.apply affine_map<(j) -> (7 - j)>(%j)
        %src = memref.subview %p[%k2, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
        %d = memref.subview %q[%j, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
        %v = memref.load %st[%ii] : memref<16xindex>
        %vi = arith.index_cast %v : index to i32
        %f = arith.sitofp %vi : i32 to f32
        linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%src : memref<1x4xf32, strided<[4, 1], offset: ?>>) outs(%d : memref<1x4xf32, strided<[4, 1], offset: ?>>) {
        ^bb0(%e: f32, %o: f32):
          %t = arith.addf %e, %f : f32
          linalg.yield %t : f32
        }
      }
      ctrl.next %y : memref<8x4xf32>
    }
    %t = ctrl.branch %odd : index -> (memref<8x4xf32>) case 0 {
      ctrl.yield %s : memref<8x4xf32>
    } default {
      ctrl.yield %a : memref<8x4xf32>
    }
    ctrl.next %t : memref<8x4xf32>
  }
  return %r : memref<8x4xf32>
}

// No task at all: one number, in every block; the first stores it.
func.func @scalar(%x: memref<f32>, %steps: memref<index>) -> memref<f32> {
  %c = arith.constant 2.0 : f32
  %v = memref.load %x[] : memref<f32>
  %n = memref.load %steps[] : memref<index>
  %r = ctrl.loop %i to %n carry(%a = %v : f32) {
    %t = arith.mulf %a, %c : f32
    ctrl.next %t : f32
  }
  %o = memref.alloc() : memref<f32>
  memref.store %r, %o[] : memref<f32>
  return %o : memref<f32>
}

func.func @print(%m: memref<8x4xf32>) {
  %s = memref.subview %m[0, 0] [8, 1] [1, 1] : memref<8x4xf32> to memref<8xf32, strided<[4]>>
  %u = memref.cast %s : memref<8xf32, strided<[4]>> to memref<*xf32>
  call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  return
}
func.func @main() {
  %x = memref.alloc() : memref<8x4xf32>
  %p = memref.alloc() : memref<f32>
  %n = memref.alloc() : memref<index>
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %one = arith.constant 1.0 : f32
  memref.store %c3, %n[] : memref<index>
  memref.store %one, %p[] : memref<f32>
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%x : memref<8x4xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    linalg.yield %f : f32
  }
  // CHECK: [24, 32, 40, 48, 56, 0, 8, 16]
  %a = call @pingpong(%x, %n) : (memref<8x4xf32>, memref<index>) -> memref<8x4xf32>
  call @print(%a) : (memref<8x4xf32>) -> ()
  // CHECK: [-1, 1, 3, 5, 7, 9, 11, 13]
  %b = call @until(%x) : (memref<8x4xf32>) -> memref<8x4xf32>
  call @print(%b) : (memref<8x4xf32>) -> ()
  // CHECK: [10, 11, 12, 13, 14, 15, 16, 17]
  %c = call @nested(%x, %n) : (memref<8x4xf32>, memref<index>) -> memref<8x4xf32>
  call @print(%c) : (memref<8x4xf32>) -> ()
  // CHECK: 8
  %d = call @scalar(%p, %n) : (memref<f32>, memref<index>) -> memref<f32>
  %u = memref.cast %d : memref<f32> to memref<*xf32>
  call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  // No iteration at all.
  // CHECK: [0, 1, 2, 3, 4, 5, 6, 7]
  memref.store %c0, %n[] : memref<index>
  %e = call @pingpong(%x, %n) : (memref<8x4xf32>, memref<index>) -> memref<8x4xf32>
  call @print(%e) : (memref<8x4xf32>) -> ()
  return
}
