// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// 1x1 -> dw3x3 -> 1x1; the expanded value is kept in a line buffer; the dw result feeds the projection from registers *and* is stored
#sched = #tile.schedule<[<workgroup [1, 8, 56, 0] step [96] stages 2>, <register [1, 1, 8, 24] step [16]>] order <row> with {unroll = 4 : i64}>
func.func @mbconv(%x: tensor<1x56x56x24xf32>, %w1: tensor<24x144xf32>, %w2: tensor<3x3x144xf32>, %w3: tensor<144x24xf32>, %y0: tensor<1x54x54x24xf32>, %d0: tensor<1x54x54x144xf32>)
    -> (tensor<1x54x54x24xf32>, tensor<1x54x54x144xf32>) {
  %y:2 = tile.graph "mbconv" ins(%a = %x : tensor<1x56x56x24xf32>, %p = %w1 : tensor<24x144xf32>, %q = %w2 : tensor<3x3x144xf32>, %s = %w3 : tensor<144x24xf32>)
      outs(%o = %y0 : tensor<1x54x54x24xf32>, %do = %d0 : tensor<1x54x54x144xf32>) schedule #sched {
    %zero = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<1x56x56x144xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<1x56x56x144xf32>) -> tensor<1x56x56x144xf32>
    %exp = linalg.generic {indexing_maps = [affine_map<(n, h, w, c, k) -> (n, h, w, k)>, affine_map<(n, h, w, c, k) -> (k, c)>, affine_map<(n, h, w, c, k) -> (n, h, w, c)>],
                           iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%a, %p : tensor<1x56x56x24xf32>, tensor<24x144xf32>) outs(%f0 : tensor<1x56x56x144xf32>) {
    ^bb0(%u: f32, %v: f32, %acc: f32):
      %m = arith.mulf %u, %v : f32
      %t = arith.addf %m, %acc : f32
      linalg.yield %t : f32
    } -> tensor<1x56x56x144xf32>
    %line = tile.edge %exp at(workgroup) halo <line dims [1] rows 3> : tensor<1x56x56x144xf32>
    %f1 = linalg.fill ins(%zero : f32) outs(%do : tensor<1x54x54x144xf32>) -> tensor<1x54x54x144xf32>
    %dw = linalg.depthwise_conv_2d_nhwc_hwc ins(%line, %q : tensor<1x56x56x144xf32>, tensor<3x3x144xf32>) outs(%f1 : tensor<1x54x54x144xf32>) -> tensor<1x54x54x144xf32>
    %reg = tile.edge %dw at(register) : tensor<1x54x54x144xf32>
    %f2 = linalg.fill ins(%zero : f32) outs(%o : tensor<1x54x54x24xf32>) -> tensor<1x54x54x24xf32>
    %prj = linalg.generic {indexing_maps = [affine_map<(n, h, w, c, k) -> (n, h, w, k)>, affine_map<(n, h, w, c, k) -> (k, c)>, affine_map<(n, h, w, c, k) -> (n, h, w, c)>],
                           iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%reg, %s : tensor<1x54x54x144xf32>, tensor<144x24xf32>) outs(%f2 : tensor<1x54x54x24xf32>) {
    ^bb0(%u: f32, %v: f32, %acc: f32):
      %m = arith.mulf %u, %v : f32
      %t = arith.addf %m, %acc : f32
      linalg.yield %t : f32
    } -> tensor<1x54x54x24xf32>
    tile.yield %prj, %dw : tensor<1x54x54x24xf32>, tensor<1x54x54x144xf32>
  }
  return %y#0, %y#1 : tensor<1x54x54x24xf32>, tensor<1x54x54x144xf32>
}
