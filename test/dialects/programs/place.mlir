// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// (9a) training step of three layers on buffers: offload a1, recompute a2, await by token
!hbm = memref<1024x1024xf32, #place.pool<hbm>>
!hst = memref<1024x1024xf32, #place.pool<host>>
module attributes {dlti.map = #dlti.map<"pools" = #dlti.map<"hbm" = #dlti.map<"bytes" = 85899345920 : i64>, "host" = #dlti.map<"bytes" = 137438953472 : i64>>>} {
func.func private @fwd(index, !hbm, !hbm, !hbm)
func.func private @bwd(index, !hbm, !hbm, !hbm)
func.func @step(%x: !hbm, %w1: !hbm, %w2: !hbm, %w3: !hbm, %g: !hbm) {
  %a1 = place.alloc offset(0) : !hbm
  %a2 = place.alloc offset(4194304) : !hbm
  %a3 = place.alloc offset(8388608) : !hbm
  %s1 = place.alloc offset(0) : !hst
  %f1 = ctrl.task (%i) in (64) ins(%p = %x : !hbm, %w = %w1 : !hbm) outs(%o = %a1 : !hbm) -> !ctrl.token { func.call @fwd(%i, %p, %w, %o) : (index, !hbm, !hbm, !hbm) -> () }
  %f2 = ctrl.task (%i) in (64) ins(%p = %a1 : !hbm, %w = %w2 : !hbm) outs(%o = %a2 : !hbm) after(%f1 by #ctrl.dep<all>) -> !ctrl.token { func.call @fwd(%i, %p, %w, %o) : (index, !hbm, !hbm, !hbm) -> () }
  %out = place.move %a1 to %s1 after(%f1) on "d2h" : !hbm to !hst
  %f3 = ctrl.task (%i) in (64) ins(%p = %a2 : !hbm, %w = %w3 : !hbm) outs(%o = %a3 : !hbm) after(%f2 by #ctrl.dep<all>) -> !ctrl.token { func.call @fwd(%i, %p, %w, %o) : (index, !hbm, !hbm, !hbm) -> () }
  place.release %a1 after(%out, %f2) : !hbm
  place.release %a2 after(%f3) : !hbm
  %b1 = place.alloc offset(0) : !hbm
  %in = place.move %s1 to %b1 after(%out, %f2) on "h2d" : !hst to !hbm
  %b2 = place.alloc offset(4194304) : !hbm
  // recompute a2 from the prefetched a1: a clone of f2 into a fresh buffer, needs no op of its own
  %r2 = ctrl.task (%i) in (64) ins(%p = %b1 : !hbm, %w = %w2 : !hbm) outs(%o = %b2 : !hbm) after(%in by #ctrl.dep<all>, %f3 by #ctrl.dep<all>) -> !ctrl.token attributes {place.recompute = "a2"} { func.call @fwd(%i, %p, %w, %o) : (index, !hbm, !hbm, !hbm) -> () }
  %k3 = ctrl.task (%i) in (64) ins(%p = %b2 : !hbm, %w = %w3 : !hbm) outs(%o = %g : !hbm) after(%r2 by #ctrl.dep<all>) -> !ctrl.token { func.call @bwd(%i, %p, %w, %o) : (index, !hbm, !hbm, !hbm) -> () }
  %done = ctrl.join %k3, %in
  ctrl.await %done
  return
}
// (9b) weights of L layers streamed from the host, double buffered: carries swap, two tokens travel with them
func.func @stream(%L: index, %W: memref<?x1024x1024xf32, #place.pool<host>>, %x: !hbm, %y: !hbm) {
  %c1 = arith.constant 1 : index
  %wa = place.alloc offset(0) : !hbm
  %wb = place.alloc offset(4194304) : !hbm
  %w0 = memref.subview %W[0, 0, 0] [1, 1024, 1024] [1, 1, 1] : memref<?x1024x1024xf32, #place.pool<host>> to memref<1024x1024xf32, strided<[1024, 1]>, #place.pool<host>>
  %m0 = place.move %w0 to %wa on "h2d" : memref<1024x1024xf32, strided<[1024, 1]>, #place.pool<host>> to !hbm
  %idle = ctrl.ready
  %r:6 = ctrl.loop %l to %L carry(%cur = %wa : !hbm, %nxt = %wb : !hbm, %mv = %m0 : !ctrl.token, %used = %idle : !ctrl.token, %in = %x : !hbm, %out = %y : !hbm) at(host) {
    %l1 = arith.addi %l, %c1 : index
    %more = arith.cmpi ult, %l1, %L : index
    %pre = ctrl.branch %more : i1 at(host) -> (!ctrl.token) {
      %wn = memref.subview %W[%l1, 0, 0] [1, 1024, 1024] [1, 1, 1] : memref<?x1024x1024xf32, #place.pool<host>> to memref<1024x1024xf32, strided<[1024, 1], offset: ?>, #place.pool<host>>
      %m = place.move %wn to %nxt after(%used) on "h2d" : memref<1024x1024xf32, strided<[1024, 1], offset: ?>, #place.pool<host>> to !hbm
      ctrl.yield %m : !ctrl.token
    } else {
      %n = ctrl.ready
      ctrl.yield %n : !ctrl.token
    }
    %t = ctrl.task (%i) in (64) ins(%p = %in : !hbm, %w = %cur : !hbm) outs(%o = %out : !hbm) after(%mv by #ctrl.dep<all>, %used by #ctrl.dep<all>) -> !ctrl.token { func.call @fwd(%i, %p, %w, %o) : (index, !hbm, !hbm, !hbm) -> () }
    ctrl.next %nxt, %cur, %pre, %t, %out, %in : !hbm, !hbm, !ctrl.token, !ctrl.token, !hbm, !hbm
  }
  ctrl.await %r#3
  return
}
}
