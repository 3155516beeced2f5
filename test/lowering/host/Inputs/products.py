"""Prints a program of several products whose sizes differ, each of which is a task of its own."""

N = 12
print('func.func @main(%v0: tensor<37x41xf32> {dlc.name = "x", dlc.dtype = "float32", dlc.dims = ["", ""]})')
last = 41 + 10 * N
print(f'    -> (tensor<37x{last}xf32> {{dlc.name = "y", dlc.dtype = "float32", dlc.dims = ["", ""]}}) {{')
print("  %zero = arith.constant 0.0 : f32")
for i in range(N):
    k, n = 41 + 10 * i, 51 + 10 * i
    left, right, out = f"tensor<37x{k}xf32>", f"tensor<{k}x{n}xf32>", f"tensor<37x{n}xf32>"
    rows = ", ".join("[" + ", ".join(f"{(r * 7 + c * 3 + i) % 11 / 64 - 0.08:.4f}" for c in range(n)) + "]" for r in range(k))
    print(f"  %w{i} = arith.constant dense<[{rows}]> : {right}")
    print(f"  %e{i} = tensor.empty() : {out}")
    print(f"  %f{i} = linalg.fill ins(%zero : f32) outs(%e{i} : {out}) -> {out}")
    print(f"  %v{i + 1} = linalg.matmul ins(%v{i}, %w{i} : {left}, {right}) outs(%f{i} : {out}) -> {out}")
print(f"  return %v{N} : {out}\n}}")
