// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-to-host)' -split-input-file -verify-diagnostics | FileCheck %s

// Two tasks with one body are one function; a buffer that is returned is the output's memory; a dynamic one comes from the runtime.
// CHECK-DAG: func.func private @dlc_free(!llvm.ptr, index)
// CHECK-DAG: func.func private @dlc_launch_0(!llvm.ptr, i32, index, index, memref<8x16xf32>, memref<8x16xf32>) -> i32
// CHECK-DAG: func.func private @dlc_launch_1(!llvm.ptr, i32, index, index, index, memref<?xf32>, memref<?xf32>) -> i32
// CHECK-DAG: func.func private @dlc_output_0(!llvm.ptr, index, index) -> memref<8x16xf32>
// CHECK: func.func private @dlc_task_0(%[[F:[a-z0-9_]+]]: !llvm.ptr, %[[LO:[a-z0-9]+]]: index, %[[HI:[a-z0-9_]+]]: index, %{{.*}}: memref<?xi8>, %[[A:[a-z0-9_]+]]: memref<8x16xf32>, %[[B:[a-z0-9_]+]]: memref<8x16xf32>) -> i32
// CHECK: scf.for %{{.*}} = %[[LO]] to %[[HI]]
// A copy between buffers is a task as well.
// CHECK: func.func private @dlc_task_1({{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>) -> i32
// CHECK: memref.copy
// CHECK-NOT: @dlc_task_2
// CHECK: func.func @dlc_main(%[[FRAME:[a-z0-9_]+]]: !llvm.ptr, %[[ARENA:[a-z0-9_]+]]: memref<?xi8>, %{{.*}}: memref<?xi8>, %[[X:[a-z0-9_]+]]: memref<8x16xf32>, %{{[a-z0-9]+}}: memref<?xf32>) -> i32
// CHECK: %[[TEMP:[a-z0-9_]+]] = memref.view %[[ARENA]]
// CHECK: %[[OUT:[a-z0-9_]+]] = call @dlc_output_0(%[[FRAME]]
// An item moves 128 bytes: 4 ns, as the runtime is told.
// CHECK: %[[COST:[a-z0-9_]+]] = arith.constant 4 : index
// CHECK: call @dlc_launch_0(%[[FRAME]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %[[COST]], %[[X]], %[[TEMP]])
// CHECK: call @dlc_launch_0(%[[FRAME]]{{.*}}, %[[TEMP]], %[[OUT]])
// CHECK: call @dlc_alloc
// CHECK: call @dlc_launch_1(%[[FRAME]]
// CHECK: call @dlc_free
func.func @main(%x: memref<8x16xf32>, %y: memref<?xf32>) -> memref<8x16xf32> attributes {place.arena_bytes = 512 : i64} {
  %zero = arith.constant 0 : index
  %a = place.alloc offset(0) : memref<8x16xf32>
  %b = place.alloc offset(512) : memref<8x16xf32>
  ctrl.task (%i) in (8) ins(%p = %x : memref<8x16xf32>) outs(%q = %a : memref<8x16xf32>) {
    %s = memref.subview %p[%i, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    %t = memref.subview %q[%i, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    linalg.copy ins(%s : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%t : memref<1x16xf32, strided<[16, 1], offset: ?>>)
  }
  ctrl.task (%i) in (8) ins(%p = %a : memref<8x16xf32>) outs(%q = %b : memref<8x16xf32>) {
    %s = memref.subview %p[%i, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    %t = memref.subview %q[%i, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    linalg.copy ins(%s : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%t : memref<1x16xf32, strided<[16, 1], offset: ?>>)
  }
  %n = memref.dim %y, %zero : memref<?xf32>
  %d = place.alloc(%n) : memref<?xf32>
  memref.copy %y, %d : memref<?xf32> to memref<?xf32>
  place.release %d : memref<?xf32>
  return %b : memref<8x16xf32>
}

// -----

// CHECK: {{^}}//{{ -----}}
// CHECK: func @dlc_main
// CHECK: scf.for
// CHECK: scf.if
// CHECK: call @dlc_check_0
func.func @main(%x: memref<4xf32>, %n: memref<index>) -> memref<4xf32> attributes {place.arena_bytes = 0 : i64} {
  %c = memref.load %n[] : memref<index>
  %zero = arith.constant 0 : index
  ctrl.loop %i to %c {
    %p = arith.cmpi eq, %i, %zero : index
    ctrl.branch %p : i1 {
      cf.assert %p, "node \22x\22: out of range"
      ctrl.yield
    }
    ctrl.next
  }
  return %x : memref<4xf32>
}

// -----

func.func @main(%x: f32) -> memref<4xf32> { // expected-error {{the arguments of main must be buffers}}
  %a = memref.alloc() : memref<4xf32>
  return %a : memref<4xf32>
}

// -----

func.func @main(%x: memref<4xf32>) -> memref<4xf32> {
  return %x : memref<4xf32>
}
func.func @other() { // expected-error {{a program is one function with a body}}
  return
}

// -----

// A workgroup buffer of bytes is used as it is. Its size is that of the type, not what the scratch says of itself.
// CHECK-LABEL: func.func private @dlc_output_0(!llvm.ptr, index) -> memref<64xi8>
// CHECK: func.func private @dlc_task_0({{.*}}, %[[SCRATCH:.*]]: memref<?xi8>, %[[OUT:.*]]: memref<64xi8>)
// CHECK-NOT: memref.cast
// CHECK: %[[BYTES:.*]] = memref.view %[[SCRATCH]][%{{.*}}][] : memref<?xi8> to memref<64xi8>
// CHECK: linalg.fill ins(%{{.*}} : i8) outs(%[[BYTES]] : memref<64xi8>)
// CHECK: memref.copy %[[BYTES]], %[[OUT]]
func.func @main() -> (memref<64xi8> {dlc.name = "y", dlc.dtype = "int8", dlc.dims = [""]}) {
  %0 = place.alloc : memref<64xi8>
  ctrl.task (%i) in (1) outs(%o = %0 : memref<64xi8>) workgroup(%w : memref<64xi8, #gpu.address_space<workgroup>>) {
    %c = arith.constant 7 : i8
    %b = memref.memory_space_cast %w : memref<64xi8, #gpu.address_space<workgroup>> to memref<64xi8>
    linalg.fill ins(%c : i8) outs(%b : memref<64xi8>)
    memref.copy %b, %o : memref<64xi8> to memref<64xi8>
  }
  return %0 : memref<64xi8>
}

// -----

// Of a dynamic size: an item of 64 rows moves 1024 bytes at the most, 32 ns, which is 256/1024 ns an element; the runtime
// is told what the rows that there are take.
// CHECK: {{^}}//{{ -----}}
// CHECK: func @dlc_main
// CHECK: %[[ITEMS:.*]] = arith.ceildivsi
// CHECK: %[[D0:.*]] = memref.dim %[[OUT:[a-z0-9_]+]], %c0
// CHECK: %[[A:.*]] = arith.muli %c256{{.*}}, %[[D0]]
// CHECK: %[[D1:.*]] = memref.dim %[[OUT]], %c1
// CHECK: %[[ALL:.*]] = arith.muli %[[A]], %[[D1]]
// CHECK: %[[SOME:.*]] = arith.maxui %{{.*}}, %c1
// CHECK: %[[SHARED:.*]] = arith.muli %[[SOME]], %c1024
// CHECK: %[[COST:.*]] = arith.divui %[[ALL]], %[[SHARED]]
// CHECK: %[[LEAST:.*]] = arith.maxui %[[COST]], %c1
// CHECK: call @dlc_launch_0({{.*}}, %[[LEAST]],
#rows = affine_map<(i)[n] -> (64, n - i * 64)>
#from = affine_map<(i) -> (i * 64)>
func.func @main(%x: memref<?x2xf32>, %y: memref<?x2xf32>) attributes {place.arena_bytes = 0 : i64} {
  %zero = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %zero : memref<?x2xf32>
  %items = arith.ceildivsi %n, %c64 : index
  ctrl.task (%i) in (%items) ins(%m = %n : index, %p = %x : memref<?x2xf32>) outs(%q = %y : memref<?x2xf32>) {
    %r = affine.min #rows(%i)[%m]
    %f = affine.apply #from(%i)
    %s = memref.subview %p[%f, 0] [%r, 2] [1, 1] : memref<?x2xf32> to memref<?x2xf32, strided<[2, 1], offset: ?>>
    %t = memref.subview %q[%f, 0] [%r, 2] [1, 1] : memref<?x2xf32> to memref<?x2xf32, strided<[2, 1], offset: ?>>
    linalg.copy ins(%s : memref<?x2xf32, strided<[2, 1], offset: ?>>) outs(%t : memref<?x2xf32, strided<[2, 1], offset: ?>>)
  }
  return
}
