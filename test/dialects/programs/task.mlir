// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// one body, launched alone and as a stage of a persistent kernel; equal bodies share a function
!m = memref<4096x4096xf32, #place.pool<hbm>>
!wg = memref<196608xi8, #gpu.address_space<workgroup>>
func.func private @gemm_128x256(index, index, !m, !m, !m, !wg)
func.func @alone(%a: !m, %b: !m, %c: !m) {
  ctrl.task (%i, %j) in (32, 16) ins(%p = %a : !m, %q = %b : !m) outs(%o = %c : !m) workgroup(%wg : !wg) threads(384) cluster[2, 1] {
    func.call @gemm_128x256(%i, %j, %p, %q, %o, %wg) : (index, index, !m, !m, !m, !wg) -> ()
  }
  return
}
func.func @stage(%n: index, %a: !m, %b: !m, %c: !m) {
  ctrl.region at(grid) workers(132) threads(384) cluster[2, 1] workgroup(196608) tokens {
    %r = ctrl.ready
    %x, %y, %t = ctrl.loop %k to %n carry(%src = %a : !m, %dst = %c : !m, %tok = %r : !ctrl.token) at(grid) {
      %d = ctrl.task (%i, %j) in (32, 16) ins(%p = %src : !m, %q = %b : !m) outs(%o = %dst : !m) workgroup(%wg : !wg)
          after(%tok by #ctrl.dep<window from affine_map<(i, j) -> (i)>>) signal affine_map<(i, j) -> (i)> threads(384) cluster[2, 1] -> !ctrl.token {
        func.call @gemm_128x256(%i, %j, %p, %q, %o, %wg) : (index, index, !m, !m, !m, !wg) -> ()
      }
      ctrl.next %dst, %src, %d : !m, !m, !ctrl.token
    }
    ctrl.yield
  }
  return
}
