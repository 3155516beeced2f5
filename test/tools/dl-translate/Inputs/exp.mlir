func.func @main(%x: tensor<?xf32> {dlc.name = "x", dlc.dtype = "float32", dlc.dims = ["n"]}) -> (tensor<?xf32> {dlc.name = "y", dlc.dtype = "float32", dlc.dims = ["n"]}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
