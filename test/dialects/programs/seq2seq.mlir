// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// while max(token) > 0 and id < 50: a bounded while; argmax is a reduction with two coupled accumulators and feeds back
func.func private @decoder(tensor<64xi32>, tensor<64x256xf32>) -> (tensor<64x3797xf32>, tensor<64x256xf32>)
func.func @seq2seq(%tok0: tensor<64xi32>, %h0: tensor<64x256xf32>, %out0: tensor<50x64xi32>, %vi: tensor<64xf32>, %ii: tensor<64xi32>, %ids: tensor<64x3797xi32>) -> (tensor<50x64xi32>, index) {
  %n = arith.constant 50 : index
  %true = arith.constant true
  %z = arith.constant 0 : index
  %one = arith.constant 1 : index
  %len, %out, %tok, %h = ctrl.loop %id to %n carry(%len = %z : index, %o = %out0 : tensor<50x64xi32>, %tok = %tok0 : tensor<64xi32>, %h = %h0 : tensor<64x256xf32>) while(%true) {
    %logits, %h1 = func.call @decoder(%tok, %h) : (tensor<64xi32>, tensor<64x256xf32>) -> (tensor<64x3797xf32>, tensor<64x256xf32>)
    %v, %next = tile.graph "argmax" ins(%x = %logits : tensor<64x3797xf32>, %ix = %ids : tensor<64x3797xi32>) outs(%bv = %vi : tensor<64xf32>, %bi = %ii : tensor<64xi32>) {
      %m, %k = tile.reduce ins(%xs = %x : tensor<64x3797xf32> along 1, %is = %ix : tensor<64x3797xi32> along 1) inits(%am = %bv : tensor<64xf32>, %ai = %bi : tensor<64xi32>) {
        %r:2 = linalg.generic {indexing_maps = [affine_map<(b, v) -> (b, v)>, affine_map<(b, v) -> (b, v)>, affine_map<(b, v) -> (b)>, affine_map<(b, v) -> (b)>], iterator_types = ["parallel", "reduction"]}
          ins(%xs, %is : tensor<64x?xf32>, tensor<64x?xi32>) outs(%am, %ai : tensor<64xf32>, tensor<64xi32>) {
        ^bb0(%xv: f32, %iv: i32, %mv: f32, %mi: i32):
          %g = arith.cmpf ogt, %xv, %mv : f32
          %s = arith.select %g, %xv, %mv : f32
          %t = arith.select %g, %iv, %mi : i32
          linalg.yield %s, %t : f32, i32
        } -> (tensor<64xf32>, tensor<64xi32>)
        tile.yield %r#0, %r#1 : tensor<64xf32>, tensor<64xi32>
      } merge {
      ^bb0(%m0: tensor<64xf32>, %i0: tensor<64xi32>, %m1: tensor<64xf32>, %i1: tensor<64xi32>):
        %g = arith.cmpf oge, %m0, %m1 : tensor<64xf32>
        %s = arith.select %g, %m0, %m1 : tensor<64xi1>, tensor<64xf32>
        %t = arith.select %g, %i0, %i1 : tensor<64xi1>, tensor<64xi32>
        tile.yield %s, %t : tensor<64xf32>, tensor<64xi32>
      }
      tile.yield %m, %k : tensor<64xf32>, tensor<64xi32>
    }
    %o1 = tensor.insert_slice %next into %o[%id, 0] [1, 64] [1, 1] : tensor<64xi32> into tensor<50x64xi32>
    %best = tensor.extract %next[%z] : tensor<64xi32>
    %zero = arith.constant 0 : i32
    %go = arith.cmpi sgt, %best, %zero : i32
    %l1 = arith.addi %len, %one : index
    ctrl.next while(%go) %l1, %o1, %next, %h1 : index, tensor<50x64xi32>, tensor<64xi32>, tensor<64x256xf32>
  }
  return %out, %len : tensor<50x64xi32>, index
}
