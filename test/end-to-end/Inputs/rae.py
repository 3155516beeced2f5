# The recursive autoencoder: a node is a leaf's input, or tanh(Linear(cat(left, right))) of its children.
#
#   rae.py DIR SIZE NODES [DEPTH]
#
# Writes DIR/rae.mlir, for vectors of SIZE and trees of at most NODES nodes, whose depth is bounded by DEPTH where that is
# given; and for each of some trees DIR/TREE/, with NAME.npy for each input and expected.npy, computed in double precision.
import os
import sys
import numpy as np

folder, size, nodes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
depth = sys.argv[4] if len(sys.argv) > 4 else None
random = np.random.RandomState(size + nodes)
weight = (random.randn(2 * size, size) / (2 * size) ** 0.5).astype("f")
bias = (0.1 * random.randn(size)).astype("f")


def dense(a):
    return 'dense<"0x%s"> : tensor<%sxf32>' % (a.tobytes().hex().upper(), "x".join(map(str, a.shape)))


def tree_of(leaves, split):
    """Children of each node, the root last; split(n): leaves of the left side."""
    children = []

    def build(n):
        pair = (0, 0) if n == 1 else (build(split(n)), build(n - split(n)))
        children.append(pair)
        return len(children) - 1

    build(leaves)
    return children


def height(children, i):
    return 0 if children[i] == (0, 0) else 1 + max(height(children, k) for k in children[i])


def value(children, inp, i):
    if children[i] == (0, 0):
        return inp[i].astype("d")
    pair = np.concatenate([value(children, inp, k) for k in children[i]])
    return np.tanh(pair @ weight.astype("d") + bias)


# A chain over `leaves` leaves has a depth of leaves - 1.
most = (nodes + 1) // 2
trees = {
    "leaf": tree_of(1, None),
    "chain": tree_of(most, lambda n: n - 1),
    "right": tree_of(most, lambda n: 1),
    "balanced": tree_of(most, lambda n: n // 2),
    # 65 nodes of depth 12 where there is room: two leaves leave the longest path at each of the first levels.
    "mixed": tree_of(min(most, 33), lambda n: max(1, n - 3) if n > 3 else 1),
}
if __name__ == "__main__":
    for name, children in trees.items():
        os.makedirs(f"{folder}/{name}", exist_ok=True)
        inp = random.randn(nodes, size).astype("f")
        left, right, leaf = np.zeros(nodes, "i8"), np.zeros(nodes, "i8"), np.ones(nodes, bool)
        for i, (l, r) in enumerate(children):
            left[i], right[i], leaf[i] = l, r, (l, r) == (0, 0)
        root = len(children) - 1
        for key, array in dict(inp=inp, left=left, right=right, leaf=leaf, root=np.array(root, "i8")).items():
            np.save(f"{folder}/{name}/{key}.npy", array)
        np.save(f"{folder}/{name}/expected.npy", value(children, inp, root)[None].astype("f"))
        print(f"{name}: {len(children)} nodes, depth {height(children, root)}")

    vector, table, pair = f"tensor<1x{size}xf32>", f"tensor<{nodes}xi64>", f"tensor<1x{2 * size}xf32>"
    tree = f"%left: {table}, %right: {table}, %leaf: tensor<{nodes}xi1>, %inp: tensor<{nodes}x{size}xf32>"
    types = f"(index, {table}, {table}, tensor<{nodes}xi1>, tensor<{nodes}x{size}xf32>) -> {vector}"
    bound = f" depth(%bound)" if depth else ""

    def argument(name, dtype, dims):
        return '{dlc.name = "%s", dlc.dtype = "%s", dlc.dims = [%s]}' % (name, dtype, ", ".join(['""'] * dims))

    signature = tree.replace(f"%left: {table}", f"%left: {table} " + argument("left", "int64", 1))
    signature = signature.replace(f"%right: {table}", f"%right: {table} " + argument("right", "int64", 1))
    signature = signature.replace(f"%leaf: tensor<{nodes}xi1>", f"%leaf: tensor<{nodes}xi1> " + argument("leaf", "bool", 1))
    signature += " " + argument("inp", "float32", 2)
    open(f"{folder}/rae.mlir", "w").write(f"""
func.func private @rae(%i: index, {tree}) -> {vector} {{
  %is_leaf = tensor.extract %leaf[%i] : tensor<{nodes}xi1>
  %r = scf.if %is_leaf -> ({vector}) {{
    %x = tensor.extract_slice %inp[%i, 0] [1, {size}] [1, 1] : tensor<{nodes}x{size}xf32> to {vector}
    scf.yield %x : {vector}
  }} else {{
    %w = arith.constant {dense(weight)}
    %b = arith.constant {dense(bias)}
    %zero = arith.constant 0.0 : f32
    %l64 = tensor.extract %left[%i] : {table}
    %r64 = tensor.extract %right[%i] : {table}
    %l = arith.index_cast %l64 : i64 to index
    %r = arith.index_cast %r64 : i64 to index
    %x = ctrl.call @rae(%l, %left, %right, %leaf, %inp) siblings : {types}
    %y = ctrl.call @rae(%r, %left, %right, %leaf, %inp) siblings : {types}
    %xy = tensor.concat dim(1) %x, %y : ({vector}, {vector}) -> {pair}
    %e = tensor.empty() : {vector}
    %f = linalg.fill ins(%zero : f32) outs(%e : {vector}) -> {vector}
    %m = linalg.matmul ins(%xy, %w : {pair}, tensor<{2 * size}x{size}xf32>) outs(%f : {vector}) -> {vector}
    %t = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>,
        affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}}
        ins(%m, %b : {vector}, tensor<{size}xf32>) outs(%e : {vector}) {{
    ^bb0(%a: f32, %c: f32, %o: f32):
      %s = arith.addf %a, %c : f32
      %h = math.tanh %s : f32
      linalg.yield %h : f32
    }} -> {vector}
    scf.yield %t : {vector}
  }}
  return %r : {vector}
}}
func.func @main({signature}, %root: tensor<i64> {argument("root", "int64", 0)}) -> ({vector} {argument("out", "float32", 2)}) {{
  %bound = arith.constant {depth or 0} : index
  %r64 = tensor.extract %root[] : tensor<i64>
  %i = arith.index_cast %r64 : i64 to index
  %r = ctrl.call @rae(%i, %left, %right, %leaf, %inp){bound} : {types}
  return %r : {vector}
}}
""")
