// Programs for CPUs that do not round to bf16 bring the function that does; others need none.
// REQUIRES: lld
// RUN: dlc %s --target=host:x86-64-v2 -o %t.ll && FileCheck %s --input-file=%t.ll
// RUN: dlc %s --target=host:x86-64-v2 -o %t.so && llvm-nm -D %t.so | FileCheck %s --check-prefix=SYMBOLS --implicit-check-not=truncsf
// CHECK: define hidden bfloat @__truncsfbf2(float
// SYMBOLS: T dlc_program
func.func @main(%x: tensor<64xf32> {dlc.name = "x", dlc.dtype = "float32", dlc.dims = [""]})
    -> (tensor<64xbf16> {dlc.name = "y", dlc.dtype = "bfloat16", dlc.dims = [""]}) {
  %e = tensor.empty() : tensor<64xbf16>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf32>) outs(%e : tensor<64xbf16>) {
  ^bb0(%v: f32, %w: bf16):
    %t = arith.truncf %v : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<64xbf16>
  return %r : tensor<64xbf16>
}
