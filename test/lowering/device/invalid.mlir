// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-task-to-gpu,ctrl-distribute-to-threads,ctrl-device-math)' --split-input-file --verify-diagnostics

func.func @tensors(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{ctrl.task: operand 0 is a tensor; kernels are made after bufferisation}}
  %r = ctrl.task (%i) in (4) outs(%o = %a : tensor<4xf32>) {
    ctrl.in_parallel {
    }
  }
  return %r : tensor<4xf32>
}

// -----

func.func @layout(%a: memref<4xf32, affine_map<(i) -> (i mod 2)>>) {
  // expected-error @below {{ctrl.task: the layout of operand 0 is not strided, or its rank is above 32}}
  ctrl.task (%i) in (4) outs(%o = %a : memref<4xf32, affine_map<(i) -> (i mod 2)>>) {
  }
  return
}

// -----

func.func @scratch(%n: index) {
  ctrl.task (%i) in (4) ins(%m = %n : index) outs() {
    // expected-error @below {{memref.alloc in a kernel: size 0 has no constant upper bound}}
    %t = memref.alloc(%m) : memref<?xf32>
    %z = arith.constant 0.0 : f32
    linalg.fill ins(%z : f32) outs(%t : memref<?xf32>)
  }
  return
}

// -----

func.func private @elsewhere(memref<4xf32>)
func.func @call(%a: memref<4xf32>) {
  ctrl.task (%i) in (4) outs(%o = %a : memref<4xf32>) {
    // expected-error @below {{a kernel cannot call @elsewhere: it has no body of one block}}
    func.call @elsewhere(%o) : (memref<4xf32>) -> ()
  }
  return
}

// -----

func.func @foreign(%a: memref<4xf32>) {
  ctrl.task (%i) in (4) outs(%o = %a : memref<4xf32>) {
    %z = arith.constant 0.0 : f32
    // expected-error @below {{scf.forall has no form inside a kernel}}
    scf.forall (%k) in (4) {
      memref.store %z, %o[%k] : memref<4xf32>
    }
  }
  return
}
