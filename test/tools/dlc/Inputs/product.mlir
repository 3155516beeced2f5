// A product and what is made of it, one tile graph.
func.func @main(%x: tensor<96x64xf32> {dlc.name = "x", dlc.dtype = "float32"}, %w: tensor<64x80xf32> {dlc.name = "w", dlc.dtype = "float32"})
    -> (tensor<96x80xf32> {dlc.name = "y", dlc.dtype = "float32"}) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<96x80xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<96x80xf32>) -> tensor<96x80xf32>
  %p = linalg.matmul ins(%x, %w : tensor<96x64xf32>, tensor<64x80xf32>) outs(%f : tensor<96x80xf32>) -> tensor<96x80xf32>
  %y = linalg.exp ins(%p : tensor<96x80xf32>) outs(%e : tensor<96x80xf32>) -> tensor<96x80xf32>
  return %y : tensor<96x80xf32>
}
