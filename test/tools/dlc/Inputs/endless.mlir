// Where the input is not negative everywhere, it never ends.
func.func @main(%x: tensor<f32> {dlc.name = "x", dlc.dtype = "float32"}) -> (tensor<f32> {dlc.name = "y", dlc.dtype = "float32"}) {
  %limit = arith.constant -2.0 : f32
  %r = scf.while (%v = %x) : (tensor<f32>) -> tensor<f32> {
    %n = tensor.extract %v[] : tensor<f32>
    %more = arith.cmpf ogt, %n, %limit : f32
    scf.condition(%more) %v : tensor<f32>
  } do {
  ^bb0(%v: tensor<f32>):
    %e = tensor.empty() : tensor<f32>
    %s = linalg.abs ins(%v : tensor<f32>) outs(%e : tensor<f32>) -> tensor<f32>
    scf.yield %s : tensor<f32>
  }
  return %r : tensor<f32>
}
