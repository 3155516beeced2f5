// A product of what is computed on the way, and a function of it that reads it twice.
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<784x192xf32> {dlc.name = "x", dlc.dtype = "float32"}, %w: tensor<192x768xf32> {dlc.name = "w", dlc.dtype = "float32"})
    -> (tensor<784x768xf32> {dlc.name = "y", dlc.dtype = "float32"}) {
  %zero = arith.constant 0.0 : f32
  %l = tensor.empty() : tensor<784x192xf32>
  %e = tensor.empty() : tensor<784x768xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<784x768xf32>) -> tensor<784x768xf32>
  %h = linalg.exp ins(%x : tensor<784x192xf32>) outs(%l : tensor<784x192xf32>) -> tensor<784x192xf32>
  %p = linalg.matmul ins(%h, %w : tensor<784x192xf32>, tensor<192x768xf32>) outs(%f : tensor<784x768xf32>) -> tensor<784x768xf32>
  %t = linalg.tanh ins(%p : tensor<784x768xf32>) outs(%e : tensor<784x768xf32>) -> tensor<784x768xf32>
  %y = linalg.mul ins(%p, %t : tensor<784x768xf32>, tensor<784x768xf32>) outs(%e : tensor<784x768xf32>) -> tensor<784x768xf32>
  return %y : tensor<784x768xf32>
}
