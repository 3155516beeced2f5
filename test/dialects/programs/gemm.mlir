// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// one graph, two schedules
#h100 = #tile.schedule<[<cluster [256, 256]>, <workgroup [128, 256] step [64] stages 4 with {copy = "tma", swizzle = 128 : i64}>, <register [64, 256] step [16] with {unit = "wgmma"}>]
                       cluster [2, 1] roles <producers 1 consumers 2 regs [40, 232]> order <grouped by 8> with {store = "tma", stmatrix}>
#avx512 = #tile.schedule<[<l2 [96, 1024] step [384] with {pack = "ab"}>, <workgroup [96, 32] step [384]>, <register [14, 32] step [1] with {unit = "fma"}>] order <row>>
func.func @gemm_h100(%A: tensor<4096x4096xbf16>, %B: tensor<4096x4096xbf16>, %C: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> {
  %r = tile.graph "gemm" ins(%a = %A : tensor<4096x4096xbf16>, %b = %B : tensor<4096x4096xbf16>) outs(%c = %C : tensor<4096x4096xf32>) schedule #h100 {
    %0 = linalg.matmul ins(%a, %b : tensor<4096x4096xbf16>, tensor<4096x4096xbf16>) outs(%c : tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
    %1 = tile.edge %0 at(register) : tensor<4096x4096xf32>
    %2 = math.tanh %1 : tensor<4096x4096xf32>
    tile.yield %2 : tensor<4096x4096xf32>
  }
  return %r : tensor<4096x4096xf32>
}
func.func @gemm_host(%A: tensor<?x1024xf32>, %B: tensor<1024x1024xf32>, %C: tensor<?x1024xf32>) -> tensor<?x1024xf32> {
  %r = tile.graph "gemm" ins(%a = %A : tensor<?x1024xf32>, %b = %B : tensor<1024x1024xf32>) outs(%c = %C : tensor<?x1024xf32>) schedule #avx512 {
    %0 = linalg.matmul ins(%a, %b : tensor<?x1024xf32>, tensor<1024x1024xf32>) outs(%c : tensor<?x1024xf32>) -> tensor<?x1024xf32>
    tile.yield %0 : tensor<?x1024xf32>
  }
  return %r : tensor<?x1024xf32>
}
