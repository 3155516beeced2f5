// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{workers=4},canonicalize,cse))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(ctrl-form-regions{mode=host}))' --split-input-file | FileCheck %s --check-prefix=HOST
// HOST-NOT: ctrl.region

// The buffer of an iteration is read in the next one: it has two places, and is where the carried one is not. What the
// loop gives is copied to a buffer of the function's own. The trip count is loaded inside.
// CHECK-LABEL: func.func @carried
// CHECK-DAG: %[[DIM:.*]] = memref.dim %arg0
// CHECK-DAG: %[[R:.*]] = memref.alloc(%[[DIM]])
// CHECK-DAG: %[[A:.*]] = memref.alloc(%[[DIM]])
// CHECK-DAG: %[[B:.*]] = memref.alloc(%[[DIM]])
// CHECK: ctrl.region at(grid) workers(4) threads(256) {
// CHECK: memref.load %arg1
// CHECK: %[[H:.*]] = ctrl.loop {{.*}} carry(%[[C:.*]] = %arg0
// CHECK: memref.extract_aligned_pointer_as_index %[[C]]
// CHECK: arith.cmpi ne
// CHECK: %[[Y:.*]] = arith.select {{.*}} : memref<?xf32>
// CHECK: ctrl.task {{.*}} outs({{.*}} = %[[Y]]
// CHECK: ctrl.next %[[Y]]
// CHECK: ctrl.task {{.*}} ins({{.*}} = %[[H]] {{.*}} outs({{.*}} = %[[OUT:.*]] : memref<?xf32>
// CHECK: ctrl.yield
// CHECK: return %[[OUT]]
func.func @carried(%x: memref<?xf32>, %steps: memref<index>) -> memref<?xf32> {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %t = memref.load %steps[] : memref<index>
  %h = ctrl.loop %i to %t carry(%a = %x : memref<?xf32>) {
    %y = memref.alloc(%n) : memref<?xf32>
    ctrl.task (%j) in (1) ins(%p = %a : memref<?xf32>) outs(%q = %y : memref<?xf32>) {
      linalg.exp ins(%p : memref<?xf32>) outs(%q : memref<?xf32>)
    }
    ctrl.next %y : memref<?xf32>
  }
  return %h : memref<?xf32>
}

// -----

// A size that an iteration computes has a bound at the entry: the buffer is a view of as many bytes.
// CHECK-LABEL: func.func @bounded
// CHECK: %[[M:.*]] = memref.alloc() {{.*}} : memref<128xi8>
// CHECK: ctrl.region
// CHECK: ctrl.loop
// CHECK: %[[N:.*]] = affine.min
// CHECK: memref.view %[[M]][{{.*}}][%[[N]]] : memref<128xi8> to memref<?xf32>
func.func @bounded(%n: index, %out: memref<32xf32>) {
  ctrl.loop %i to %n {
    %m = affine.min affine_map<(i)[n] -> (32, n - i)>(%i)[%n]
    %t = memref.alloc(%m) : memref<?xf32>
    ctrl.task (%j) in (1) ins(%a = %t : memref<?xf32>, %k = %m : index) outs(%b = %out : memref<32xf32>) {
      %s = memref.subview %b[0] [%k] [1] : memref<32xf32> to memref<?xf32>
      memref.copy %a, %s : memref<?xf32> to memref<?xf32>
    }
    ctrl.next
  }
  return
}

// -----

// Without control flow a kernel for each task will do. What cannot be one kernel stays as it is: the size of a buffer
// that comes from data.
// CHECK-LABEL: func.func @straight
// CHECK-NOT: ctrl.region
// CHECK-LABEL: func.func @data
// CHECK-NOT: ctrl.region
func.func @straight(%x: memref<8xf32>) {
  ctrl.task (%j) in (1) outs(%q = %x : memref<8xf32>) {
    linalg.exp ins(%q : memref<8xf32>) outs(%q : memref<8xf32>)
  }
  return
}
func.func @data(%size: memref<index>, %n: index) {
  %s = memref.load %size[] : memref<index>
  ctrl.loop %i to %n {
    %t = memref.alloc(%s) : memref<?xf32>
    ctrl.task (%j) in (1) outs(%q = %t : memref<?xf32>) {
      linalg.exp ins(%q : memref<?xf32>) outs(%q : memref<?xf32>)
    }
    ctrl.next
  }
  return
}
