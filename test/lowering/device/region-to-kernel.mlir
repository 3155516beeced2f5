// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-region-to-kernel,canonicalize,cse)' --split-input-file | FileCheck %s

// Two tasks of a loop: the second reads what the first wrote, and the first, in the next iteration, what the second
// wrote. Two barriers, both in the loop; none at its end. The loop is in the kernel, and the launch outside of any.
// CHECK-LABEL: gpu.func @loop_0
// CHECK-SAME: dlc.kernel = {{{.*}}blocks = 4 : i64{{.*}}workspace = 3 : i64
// CHECK: %[[BLOCK:.*]] = gpu.block_id x
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK-NEXT: llvm.call @dlc_grid_barrier
// CHECK-NEXT: scf.for %{{.*}} = %[[BLOCK]] to
// CHECK: linalg.exp
// CHECK: llvm.call @dlc_grid_barrier
// CHECK-NEXT: scf.for %{{.*}} = %[[BLOCK]] to
// CHECK: linalg.abs
// CHECK-NOT: dlc_grid_barrier
// CHECK: gpu.return
// CHECK-LABEL: func.func @loop
// CHECK-NOT: ctrl.loop
// CHECK: gpu.launch_func @kernels::@loop_0 blocks in (%c4
// CHECK-NOT: gpu.launch_func
// CHECK: return
func.func @loop(%x: memref<8x16xf32>, %n: index) {
  %t = memref.alloc() : memref<8x16xf32>
  ctrl.region at(grid) workers(4) threads(32) {
    ctrl.loop %i to %n {
      ctrl.task (%j) in (8) ins(%a = %x : memref<8x16xf32>) outs(%b = %t : memref<8x16xf32>) {
        %s = memref.subview %a[%j, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
        %d = memref.subview %b[%j, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
        linalg.exp ins(%s : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%d : memref<1x16xf32, strided<[16, 1], offset: ?>>)
      }
      ctrl.task (%j) in (2) ins(%a = %t : memref<8x16xf32>) outs(%b = %x : memref<8x16xf32>) {
        %r = affine.apply affine_map<(j) -> (j * 4)>(%j)
        %s = memref.subview %a[%r, 0] [4, 16] [1, 1] : memref<8x16xf32> to memref<4x16xf32, strided<[16, 1], offset: ?>>
        %d = memref.subview %b[%r, 0] [4, 16] [1, 1] : memref<8x16xf32> to memref<4x16xf32, strided<[16, 1], offset: ?>>
        linalg.abs ins(%s : memref<4x16xf32, strided<[16, 1], offset: ?>>) outs(%d : memref<4x16xf32, strided<[16, 1], offset: ?>>)
      }
      ctrl.next
    }
    ctrl.yield
  }
  return
}

// -----

// Tasks of one item follow each other on the first block: no barrier of the grid. Nor between tasks that touch
// different buffers, or only read the same one.
// CHECK-LABEL: gpu.module @kernels
// CHECK-NOT: dlc_grid_barrier
// CHECK: gpu.func @first_0
// CHECK-NOT: dlc_grid_barrier
// CHECK: gpu.return
func.func @first(%x: memref<16xf32>, %y: memref<16xf32>, %z: memref<4x16xf32>, %n: index) {
  ctrl.region at(grid) workers(4) threads(32) {
    ctrl.loop %i to %n {
      ctrl.task (%j) in (1) ins(%a = %x : memref<16xf32>) outs(%b = %y : memref<16xf32>) {
        linalg.exp ins(%a : memref<16xf32>) outs(%b : memref<16xf32>)
      }
      ctrl.task (%j) in (1) ins(%a = %y : memref<16xf32>) outs(%b = %x : memref<16xf32>) {
        linalg.exp ins(%a : memref<16xf32>) outs(%b : memref<16xf32>)
      }
      ctrl.next
    }
    ctrl.task (%j) in (4) outs(%b = %z : memref<4x16xf32>) {
      %d = memref.subview %b[%j, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
      %c = arith.constant 1.0 : f32
      linalg.fill ins(%c : f32) outs(%d : memref<1x16xf32, strided<[16, 1], offset: ?>>)
    }
    ctrl.yield
  }
  return
}

// -----

// A while loop on a flag that a task writes: every block loads it behind a barrier, and a barrier keeps the next
// iteration from writing it before all have.
// CHECK-LABEL: gpu.func @flag_0
// CHECK: scf.while
// CHECK: scf.condition
// CHECK: } do {
// CHECK: llvm.call @dlc_grid_barrier
// CHECK-NEXT: scf.for
// CHECK: memref.store
// CHECK: llvm.call @dlc_grid_barrier
// CHECK-NEXT: memref.load
// CHECK-NOT: dlc_grid_barrier
// CHECK: scf.yield
func.func @flag(%x: memref<i1>, %go: i1) {
  ctrl.region at(grid) workers(4) threads(32) {
    ctrl.loop %i while(%go) {
      ctrl.task (%j) in (1) outs(%b = %x : memref<i1>) {
        %v = memref.load %b[] : memref<i1>
        %t = arith.constant true
        %w = arith.xori %v, %t : i1
        memref.store %w, %b[] : memref<i1>
      }
      %g = memref.load %x[] : memref<i1>
      ctrl.next while(%g)
    }
    ctrl.yield
  }
  return
}

// -----

// A number that every block knows, in a buffer of its own: each block has a copy, and no barrier stands around it. The
// stores into a buffer of others are the first block's alone.
// CHECK-LABEL: gpu.module @kernels
// CHECK-NOT: dlc_grid_barrier
// CHECK: gpu.func @replica_0
// CHECK: %[[BLOCK:.*]] = gpu.block_id x
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[BLOCK]]
// CHECK: %[[MINE:.*]] = arith.muli %[[BLOCK]]
// CHECK: memref.view {{.*}} {dlc.replica}
// CHECK: scf.for
// CHECK: memref.store
// CHECK: scf.for
// CHECK: scf.if %[[FIRST]] {
// CHECK: scf.for
// CHECK: memref.store
// CHECK-NOT: dlc_grid_barrier
// CHECK: gpu.return
func.func @replica(%x: memref<4xindex>, %y: memref<8xf32>, %n: index) {
  %k = memref.alloc() : memref<index>
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  ctrl.region at(grid) workers(4) threads(32) {
    ctrl.loop %i to %n {
      memref.store %i, %k[] : memref<index>
      ctrl.task (%j) in (1) ins(%a = %k : memref<index>) outs(%b = %x : memref<4xindex>) {
        %v = memref.load %a[] : memref<index>
        memref.store %v, %b[%j] : memref<4xindex>
      }
      ctrl.next
    }
    ctrl.loop %i to %n {
      memref.store %f, %y[%i] : memref<8xf32>
      ctrl.next
    }
    ctrl.yield
  }
  return
}
