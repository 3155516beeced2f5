// RUN: dl-opt %s --ctrl-distribute-to-threads --canonicalize --cse --split-input-file | FileCheck %s

// A fill and an elementwise op on the same buffer touch each element from one thread: no barrier. The transposition of
// what was written needs one.
// CHECK-LABEL: gpu.func @barriers
// CHECK-DAG: %[[T:.*]] = gpu.thread_id x
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK-DAG: %[[C4096:.*]] = arith.constant 4096 : index
// CHECK: scf.for %{{.*}} = %[[T]] to %[[C4096]] step %[[C64]]
// CHECK-NOT: gpu.barrier
// CHECK: arith.addf
// CHECK: gpu.barrier
// CHECK: memref.load
// CHECK-NEXT: memref.store
// CHECK-NOT: gpu.barrier
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @barriers(%a: memref<64x64xf32>, %b: memref<64x64xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %one = arith.constant 1.0 : f32
    %t = memref.alloc() : memref<64x64xf32>
    linalg.fill ins(%one : f32) outs(%t : memref<64x64xf32>)
    linalg.add ins(%a, %t : memref<64x64xf32>, memref<64x64xf32>) outs(%t : memref<64x64xf32>)
    linalg.transpose ins(%t : memref<64x64xf32>) outs(%b : memref<64x64xf32>) permutation = [1, 0]
    gpu.return
  }
}

// -----

// A long reduction to few outputs: a group of 32 threads each, and lane 0 stores.
// CHECK-LABEL: gpu.func @shuffles
// CHECK: %[[PART:.*]] = scf.for {{.*}} iter_args({{.*}}) -> (f32)
// CHECK: gpu.shuffle xor %[[PART]]
// CHECK-COUNT-4: gpu.shuffle xor
// CHECK: scf.if
// CHECK: memref.store
// The product has a register tile of 4 x 4: sixteen sums are carried.
// CHECK-LABEL: gpu.func @tiles
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32)
gpu.module @kernels {
  gpu.func @shuffles(%a: memref<4x1024xf32>, %s: memref<4xf32>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    linalg.reduce ins(%a : memref<4x1024xf32>) outs(%s : memref<4xf32>) dimensions = [1] (%x: f32, %acc: f32) {
      %v = arith.addf %x, %acc : f32
      linalg.yield %v : f32
    }
    gpu.return
  }
  gpu.func @tiles(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %c: memref<64x64xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
    linalg.matmul ins(%a, %b : memref<64x64xf32>, memref<64x64xf32>) outs(%c : memref<64x64xf32>)
    gpu.return
  }
}

// -----

// Scratch: what fits stands in workgroup memory, the rest in a piece of global memory for each item. A lone store is
// thread 0's. An assertion becomes a trap.
// CHECK-LABEL: gpu.func @scratch
// CHECK-SAME: (%[[O:.*]]: memref<64xf32>, %[[P:.*]]: i1, %[[G:.*]]: memref<i8>) workgroup(%[[W:.*]] : memref<256xi8, #gpu.address_space<workgroup>> {llvm.align = 128 : i64})
// CHECK-SAME: scratch = 65536 : i64, shared = 256 : i64
// CHECK-DAG: gpu.block_id x
// CHECK-DAG: llvm.intr.trap
// CHECK-DAG: memref.view %[[W]]
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @scratch(%o: memref<64xf32>, %p: i1) kernel attributes {dlc.kernel = {arguments = ["base 0", "scalar 1"], threads = 64 : i64, shared = 0 : i64, scratch = 0 : i64}, known_block_size = array<i32: 64, 1, 1>} {
    %one = arith.constant 1.0 : f32
    %c0 = arith.constant 0 : index
    cf.assert %p, "must hold"
    %small = memref.alloc() : memref<64xf32>
    %large = memref.alloc() : memref<128x128xf32>
    linalg.fill ins(%one : f32) outs(%small : memref<64xf32>)
    linalg.fill ins(%one : f32) outs(%large : memref<128x128xf32>)
    %v = memref.load %large[%c0, %c0] : memref<128x128xf32>
    memref.store %v, %small[%c0] : memref<64xf32>
    memref.copy %small, %o : memref<64xf32> to memref<64xf32>
    gpu.return
  }
}
