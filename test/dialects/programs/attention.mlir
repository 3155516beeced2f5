// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// QK^T -> softmax -> PV after the online rewrite: one streamed reduction with three coupled accumulators
#fa = #tile.schedule<[<workgroup [128, 64] step [176] stages 2 with {copy = "tma"}>, <register [64, 64] step [176] with {unit = "wgmma"}>] roles <producers 1 consumers 2 regs [24, 240]>>
func.func @attention(%Q: tensor<2048x64xf32>, %K: tensor<2048x64xf32>, %V: tensor<2048x64xf32>, %o0: tensor<2048x64xf32>) -> tensor<2048x64xf32> {
  %o = tile.graph "attn" ins(%q = %Q : tensor<2048x64xf32>, %k = %K : tensor<2048x64xf32>, %v = %V : tensor<2048x64xf32>) outs(%out = %o0 : tensor<2048x64xf32>) schedule #fa {
    %zero = arith.constant 0.0 : f32
    %ninf = arith.constant 0xFF800000 : f32
    %e = tensor.empty() : tensor<2048xf32>
    %m0 = linalg.fill ins(%ninf : f32) outs(%e : tensor<2048xf32>) -> tensor<2048xf32>
    %l0 = linalg.fill ins(%zero : f32) outs(%e : tensor<2048xf32>) -> tensor<2048xf32>
    %a0 = linalg.fill ins(%zero : f32) outs(%out : tensor<2048x64xf32>) -> tensor<2048x64xf32>
    %m, %l, %acc = tile.reduce ins(%qs = %q : tensor<2048x64xf32>, %ks = %k : tensor<2048x64xf32> along 0, %vs = %v : tensor<2048x64xf32> along 0)
        inits(%mi = %m0 : tensor<2048xf32>, %li = %l0 : tensor<2048xf32>, %ai = %a0 : tensor<2048x64xf32>) {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %ks, %c0 : tensor<?x64xf32>
      %se = tensor.empty(%n) : tensor<2048x?xf32>
      %sf = linalg.fill ins(%zero : f32) outs(%se : tensor<2048x?xf32>) -> tensor<2048x?xf32>
      %s = linalg.generic {indexing_maps = [affine_map<(i, j, d) -> (i, d)>, affine_map<(i, j, d) -> (j, d)>, affine_map<(i, j, d) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%qs, %ks : tensor<2048x64xf32>, tensor<?x64xf32>) outs(%sf : tensor<2048x?xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
        %t = arith.mulf %x, %y : f32
        %u = arith.addf %t, %z : f32
        linalg.yield %u : f32
      } -> tensor<2048x?xf32>
      %sr = tile.edge %s at(register) : tensor<2048x?xf32>
      %m1 = linalg.reduce { arith.maximumf } ins(%sr : tensor<2048x?xf32>) outs(%mi : tensor<2048xf32>) dimensions = [1]
      %p = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
          ins(%sr, %m1 : tensor<2048x?xf32>, tensor<2048xf32>) outs(%se : tensor<2048x?xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
        %t = arith.subf %x, %y : f32
        %u = math.exp %t : f32
        linalg.yield %u : f32
      } -> tensor<2048x?xf32>
      %pr = tile.edge %p at(register) : tensor<2048x?xf32>
      %d = arith.subf %mi, %m1 : tensor<2048xf32>
      %scale = math.exp %d : tensor<2048xf32>
      %ls = arith.mulf %li, %scale : tensor<2048xf32>
      %l1 = linalg.reduce { arith.addf } ins(%pr : tensor<2048x?xf32>) outs(%ls : tensor<2048xf32>) dimensions = [1]
      %as = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%scale : tensor<2048xf32>) outs(%ai : tensor<2048x64xf32>) {
      ^bb0(%x: f32, %y: f32):
        %t = arith.mulf %x, %y : f32
        linalg.yield %t : f32
      } -> tensor<2048x64xf32>
      %a1 = linalg.matmul ins(%pr, %vs : tensor<2048x?xf32>, tensor<?x64xf32>) outs(%as : tensor<2048x64xf32>) -> tensor<2048x64xf32>
      tile.yield %m1, %l1, %a1 : tensor<2048xf32>, tensor<2048xf32>, tensor<2048x64xf32>
    } merge {
    ^bb0(%ma: tensor<2048xf32>, %la: tensor<2048xf32>, %aa: tensor<2048x64xf32>, %mb: tensor<2048xf32>, %lb: tensor<2048xf32>, %ab: tensor<2048x64xf32>):
      %mm = arith.maximumf %ma, %mb : tensor<2048xf32>
      tile.yield %mm, %la, %aa : tensor<2048xf32>, tensor<2048xf32>, tensor<2048x64xf32>
    }
    %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%l : tensor<2048xf32>) outs(%acc : tensor<2048x64xf32>) {
    ^bb0(%x: f32, %y: f32):
      %t = arith.divf %y, %x : f32
      linalg.yield %t : f32
    } -> tensor<2048x64xf32>
    tile.yield %r : tensor<2048x64xf32>
  }
  return %o : tensor<2048x64xf32>
}
