// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// (4a) a branch for the whole batch, then a mask by sample
func.func private @block(tensor<64x16x32x32xf32>) -> tensor<64x16x32x32xf32>
func.func @blockdrop(%x: tensor<64x16x32x32xf32>, %action: tensor<64xi1>, %any: i1) -> tensor<64x16x32x32xf32> {
  %y = ctrl.branch %any : i1 -> (tensor<64x16x32x32xf32>) {
    %b = func.call @block(%x) : (tensor<64x16x32x32xf32>) -> tensor<64x16x32x32xf32>
    ctrl.yield %b : tensor<64x16x32x32xf32>
  } else {
    ctrl.yield %x : tensor<64x16x32x32xf32>
  }
  return %y : tensor<64x16x32x32xf32>
}
// (4b) if-converted: items of inactive samples do nothing and leave the out as it is - the else value is the out operand
func.func @blockdrop_if_converted(%x: tensor<64x16x32x32xf32>, %action: tensor<64xi1>) -> tensor<64x16x32x32xf32> {
  %y = ctrl.region at(grid) workers(132) threads(256) -> (tensor<64x16x32x32xf32>) {
    %r = ctrl.task (%b, %h) in (64, 32) ins(%i = %x : tensor<64x16x32x32xf32>) outs(%o = %x : tensor<64x16x32x32xf32>) if(%action : tensor<64xi1>) threads(256) {
      %s = tensor.extract_slice %i[%b, 0, %h, 0] [1, 16, 1, 32] [1, 1, 1, 1] : tensor<64x16x32x32xf32> to tensor<16x32xf32>
      %t = math.tanh %s : tensor<16x32xf32>
      ctrl.in_parallel { tensor.parallel_insert_slice %t into %o[%b, 0, %h, 0] [1, 16, 1, 32] [1, 1, 1, 1] : tensor<16x32xf32> into tensor<64x16x32x32xf32> }
    }
    ctrl.yield %r : tensor<64x16x32x32xf32>
  }
  return %y : tensor<64x16x32x32xf32>
}
