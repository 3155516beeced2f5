// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// the cache is carried and destination-passed: one-shot analysis keeps it in place
func.func @attention(%x0: tensor<64x12x64xf32>, %wk: tensor<12x64x64xf32>, %kc0: tensor<64x12x64x64xf32>, %vc0: tensor<64x12x64x64xf32>, %steps: index) -> (tensor<64x12x64xf32>, tensor<64x12x64x64xf32>, tensor<64x12x64x64xf32>) {
  %c32 = arith.constant 32 : index
  %r:3 = ctrl.region at(grid) workers(132) threads(128) -> (tensor<64x12x64xf32>, tensor<64x12x64x64xf32>, tensor<64x12x64x64xf32>) {
    %x, %k, %v = ctrl.loop %i to %steps carry(%x = %x0 : tensor<64x12x64xf32>, %kc = %kc0 : tensor<64x12x64x64xf32>, %vc = %vc0 : tensor<64x12x64x64xf32>) at(grid) {
      %pos = arith.addi %i, %c32 : index
      %k1, %v1, %x1 = ctrl.task (%b, %h) in (64, 12) ins(%p = %pos : index, %w = %wk : tensor<12x64x64xf32>)
          outs(%ko = %kc : tensor<64x12x64x64xf32>, %vo = %vc : tensor<64x12x64x64xf32>, %xo = %x : tensor<64x12x64xf32>) threads(128) {
        %xi = tensor.extract_slice %xo[%b, %h, 0] [1, 1, 64] [1, 1, 1] : tensor<64x12x64xf32> to tensor<64xf32>
        %wh = tensor.extract_slice %w[%h, 0, 0] [1, 64, 64] [1, 1, 1] : tensor<12x64x64xf32> to tensor<64x64xf32>
        %old = tensor.extract_slice %ko[%b, %h, %p, 0] [1, 1, 1, 64] [1, 1, 1, 1] : tensor<64x12x64x64xf32> to tensor<64xf32>
        %zero = arith.constant 0.0 : f32
        %init = linalg.fill ins(%zero : f32) outs(%old : tensor<64xf32>) -> tensor<64xf32>
        %kn = linalg.vecmat ins(%xi, %wh : tensor<64xf32>, tensor<64x64xf32>) outs(%init : tensor<64xf32>) -> tensor<64xf32>
        ctrl.in_parallel {
          tensor.parallel_insert_slice %kn into %ko[%b, %h, %p, 0] [1, 1, 1, 64] [1, 1, 1, 1] : tensor<64xf32> into tensor<64x12x64x64xf32>
        }
      }
      ctrl.next %x1, %k1, %v1 : tensor<64x12x64xf32>, tensor<64x12x64x64xf32>, tensor<64x12x64x64xf32>
    }
    ctrl.yield %x, %k, %v : tensor<64x12x64xf32>, tensor<64x12x64x64xf32>, tensor<64x12x64x64xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<64x12x64xf32>, tensor<64x12x64x64xf32>, tensor<64x12x64x64xf32>
}
