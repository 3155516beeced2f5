# Writes DIR/convolution.mlir, a padded 3x3 convolution with a bias and a ReLU whose constants are random, and
# DIR/x.npy and DIR/y.npy, an input and the result in double precision: convolution.py DIR N C F H W
import sys
import numpy as np

folder, (n, c, f, h, w) = sys.argv[1], map(int, sys.argv[2:])
random = np.random.RandomState(n + c + f + h + w)
x = random.randn(n, c, h, w).astype("f")
filters = (random.randn(f, c, 3, 3) / (3 * c**0.5)).astype("f")
bias = random.randn(f).astype("f")

padded = np.pad(x.astype("d"), ((0, 0), (0, 0), (1, 1), (1, 1)))
windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
y = np.maximum(np.einsum("nchwij,fcij->nfhw", windows, filters.astype("d")) + bias[:, None, None], 0)
np.save(folder + "/x.npy", x)
np.save(folder + "/y.npy", y.astype("f"))


def dense(a):
    return 'dense<"0x%s"> : tensor<%sxf32>' % (a.tobytes().hex().upper(), "x".join(map(str, a.shape)))


image, result, big = f"tensor<{n}x{c}x{h}x{w}xf32>", f"tensor<{n}x{f}x{h}x{w}xf32>", f"tensor<{n}x{c}x{h + 2}x{w + 2}xf32>"
open(folder + "/convolution.mlir", "w").write(f"""
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>
#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#parallel = ["parallel", "parallel", "parallel", "parallel"]
func.func @main(%x: {image} {{dlc.name = "x", dlc.dtype = "float32", dlc.dims = ["", "", "", ""]}})
    -> ({result} {{dlc.name = "y", dlc.dtype = "float32", dlc.dims = ["", "", "", ""]}}) {{
  %w = arith.constant {dense(filters)}
  %b = arith.constant {dense(bias)}
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {{
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  }} : {image} to {big}
  %e = tensor.empty() : {result}
  %start = linalg.generic {{indexing_maps = [#channel, #all], iterator_types = {["parallel"] * 4}}}
      ins(%b : tensor<{f}xf32>) outs(%e : {result}) {{
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }} -> {result}
  %r = linalg.conv_2d_nchw_fchw {{dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}}
      ins(%p, %w : {big}, tensor<{f}x{c}x3x3xf32>) outs(%start : {result}) -> {result}
  %y = linalg.generic {{indexing_maps = [#all, #all], iterator_types = {["parallel"] * 4}}}
      ins(%r : {result}) outs(%e : {result}) {{
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  }} -> {result}
  return %y : {result}
}}
""".replace("['", '["').replace("']", '"]').replace("', '", '", "').replace('#parallel = ["parallel", "parallel", "parallel", "parallel"]\n', ""))
