"""RAE, a recursive autoencoder over binary trees: a leaf is a vector of 512, an inner node tanh(Linear(left, right)).

    value(node) = inp[node] if left[node] < 0 else tanh(W (value(left[node]), value(right[node])) + b)

Inputs are a forest: 127 nodes a tree, those of a tree in post-order with what is left over behind them, children as
numbers of nodes of the whole forest, -1 for none; and the roots. The torch module calls itself. ONNX has no
recursion: dlc gets the network as MLIR, in which a function calls itself (model.mlir, in the form in which dlc
imports models); the peers get a Loop over the inner nodes in post-order with a buffer of all values.
The trace knows the tree: it is a product a node. By default a tree of 65 nodes, 12 deep, as in the paper.
"""

from string import Template

import numpy
import torch
from onnx import TensorProto

from builder import Builder, floats, scalar
from control_flow.seq2seq import integers
from control_flow.workload import Workload, draw

WIDTH, NODES = 512, 127
LEAVES, DEPTH = 33, 12  # of the default tree


class Rae(Workload):
    variants = {1: ("chain", "balanced", "leaf")}
    traces = ("b1", "b1-balanced", "b1-chain")
    trips = {"b1": LEAVES - 1, "b1-balanced": 63}

    def weights(self):
        """W for the two children one above the other, and b."""
        random = self.random("weights")
        return draw(random, 2 * WIDTH, WIDTH, scale=1.2 * (2 * WIDTH) ** -0.5), draw(random, WIDTH, scale=0.1)

    def inputs(self, batch, variant=""):
        random = self.random(f"input{batch}{variant}")
        shapes = {"chain": chain(64), "balanced": balanced(64), "leaf": 0}
        if batch == 1:
            trees = [shapes[variant] if variant else random_tree(random, LEAVES, DEPTH)]
        else:
            trees = [random_tree(random, int(random.integers(2, 65))) for _ in range(batch)]
        left, right, roots = (numpy.concatenate(part) for part in zip(*map(number, trees, range(batch)), strict=True))
        return {"left": left, "right": right, "roots": roots, "inp": draw(random, batch * NODES, WIDTH)}

    def write_graph(self, path):
        main = Builder()
        weight, bias = (main.constant(w, "weight") for w in self.weights())
        zero, axis = main.constant(numpy.int64(0)), main.constant(numpy.array([0]))
        inner = main.add("Squeeze", main.add("NonZero", main.add("GreaterOrEqual", "left", zero)), axis)
        count = main.add("Squeeze", main.add("Shape", inner), axis)
        body = main.subgraph()
        step, go_on, values = (body.name(stem) for stem in ("step", "go_on", "values"))
        node = body.add("Gather", inner, body.add("Unsqueeze", step, axis))
        children = body.add("Concat", body.add("Gather", "left", node), body.add("Gather", "right", node), axis=0)
        pair = body.add("Reshape", body.add("Gather", values, children), body.constant(numpy.array([1, 2 * WIDTH])))
        value = body.add("Tanh", body.add("Add", body.add("MatMul", pair, weight), bias))
        new = body.add("ScatterND", values, body.add("Unsqueeze", node, axis), value)
        inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL), floats(values, ["nodes", WIDTH])]
        outputs = [scalar(body.add("Identity", go_on), TensorProto.BOOL), floats(new, ["nodes", WIDTH])]
        result = main.add("Loop", count, "", "inp", body=body.graph("node", inputs, outputs))
        main.rename(main.add("Gather", result, "roots", axis=0), "y")
        inputs = [integers("left", ["nodes"]), integers("right", ["nodes"]), integers("roots", ["trees"]),
                  floats("inp", ["nodes", WIDTH])]  # fmt: skip
        main.save(path, "rae", inputs, [floats("y", ["trees", WIDTH])])

    def recursive(self):
        """The network as MLIR, in which a function calls itself."""
        weight, bias = self.weights()
        return MLIR.substitute(width=WIDTH, both=2 * WIDTH, weight=_hex(weight), bias=_hex(bias))

    def write_more(self, folder):
        (folder / "model.mlir").write_text(self.recursive())
        for name, batch, variant in self.data_sets():
            if name in self.traces:
                self.write_trace(self.inputs(batch, variant), folder / f"trace-{name}.onnx")

    def write_trace(self, inputs, path):
        main = Builder()
        weight, bias = (main.constant(w, "weight") for w in self.weights())
        left, right = inputs["left"], inputs["right"]

        def value(node):
            if left[node] < 0:
                return main.add("Gather", "inp", main.constant(numpy.array([node])), axis=0)
            pair = main.add("Concat", value(left[node]), value(right[node]), axis=1)
            return main.add("Tanh", main.add("Add", main.add("MatMul", pair, weight), bias))

        main.rename(value(inputs["roots"][0]), "y")
        given = [integers("left", ["nodes"]), integers("right", ["nodes"]), integers("roots", ["trees"]),
                 floats("inp", ["nodes", WIDTH])]  # fmt: skip
        main.save(path, "trace", given, [floats("y", [1, WIDTH])])

    def module(self):
        return Recursive(*self.weights()).eval()

    def script_module(self):
        """TorchScript has no recursion."""
        return Ordered(*self.weights()).eval()

    def jax_function(self):
        import jax.numpy as jnp
        from jax import lax

        def function(weights, left, right, roots, inp):
            weight, bias = weights
            inner = left >= 0
            order = jnp.nonzero(inner, size=left.shape[0])[0]

            def combine(step, values):
                node = order[step]
                pair = jnp.concatenate([lax.dynamic_index_in_dim(values, side[node]) for side in (left, right)], 1)
                return lax.dynamic_update_slice_in_dim(values, jnp.tanh(pair @ weight + bias), node, 0)

            return [lax.fori_loop(0, inner.sum(), combine, inp)[roots]]

        return function, self.weights()


# A tree is 0, a leaf, or a pair of trees.
def chain(leaves):
    tree = 0
    for _ in range(leaves - 1):
        tree = (tree, 0)
    return tree


def balanced(leaves):
    return 0 if leaves == 1 else (balanced(leaves // 2), balanced(leaves - leaves // 2))


def random_tree(random, leaves, wanted=None):
    """A tree that is `wanted` deep, where that is given."""

    def grow(leaves):
        if leaves == 1:
            return 0
        here = int(random.integers(1, leaves))
        return grow(here), grow(leaves - here)

    tree = grow(leaves)
    while wanted is not None and depth(tree) != wanted:
        tree = grow(leaves)
    return tree


def depth(tree):
    return 1 + max(map(depth, tree)) if tree else 0


def number(tree, index):
    """(left, right, roots) of tree `index` of the forest."""
    sides, first = ([], []), index * NODES

    def visit(tree):
        children = [visit(child) for child in tree] if tree else [-1, -1]
        for side, child in zip(sides, children, strict=True):
            side.append(child)
        return first + len(sides[0]) - 1

    root = visit(tree)
    padded = [numpy.array(side + [-1] * (NODES - len(side)), numpy.int64) for side in sides]
    return *padded, numpy.array([root])


class Recursive(torch.nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.register_buffer("weight", torch.from_numpy(weight))
        self.register_buffer("bias", torch.from_numpy(bias))

    def step(self, left: torch.Tensor, right: torch.Tensor):
        return torch.tanh(torch.addmm(self.bias, torch.cat((left, right), 1), self.weight))

    def value(self, node, left, right, leaves):
        if left[node] < 0:
            return leaves[node : node + 1]
        children = (self.value(side[node], left, right, leaves) for side in (left, right))
        return self.step(*children)

    def forward(self, left, right, roots, leaves):
        left, right = left.tolist(), right.tolist()
        return torch.cat([self.value(root, left, right, leaves) for root in roots.tolist()])


class Ordered(torch.nn.Module):
    """The same as a loop over the inner nodes."""

    def __init__(self, weight, bias):
        super().__init__()
        self.register_buffer("weight", torch.from_numpy(weight))
        self.register_buffer("bias", torch.from_numpy(bias))

    def forward(self, left: torch.Tensor, right: torch.Tensor, roots: torch.Tensor, leaves: torch.Tensor):
        values = leaves.clone()
        lefts: list[int] = left.tolist()
        rights: list[int] = right.tolist()
        for node in range(len(lefts)):
            if lefts[node] >= 0:
                a, b = lefts[node], rights[node]
                pair = torch.cat((values[a : a + 1], values[b : b + 1]), 1)
                values[node : node + 1] = torch.tanh(torch.addmm(self.bias, pair, self.weight))
        return values[roots]


def _hex(array):
    """A blob of MLIR: the alignment, then the bytes."""
    return "0x04000000" + array.tobytes().hex().upper()


MLIR = Template("""\
#whole = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
module @rae {
  func.func private @value(%node: index, %left: tensor<?xi64>, %right: tensor<?xi64>, %inp: tensor<?x${width}xf32>) -> tensor<1x${width}xf32> {
    %none = arith.constant 0 : i64
    %l = tensor.extract %left[%node] : tensor<?xi64>
    %leaf = arith.cmpi slt, %l, %none : i64
    %result = scf.if %leaf -> (tensor<1x${width}xf32>) {
      %own = tensor.extract_slice %inp[%node, 0] [1, ${width}] [1, 1] : tensor<?x${width}xf32> to tensor<1x${width}xf32>
      scf.yield %own : tensor<1x${width}xf32>
    } else {
      %weight = arith.constant dense_resource<weight> : tensor<${both}x${width}xf32>
      %bias = arith.constant dense_resource<bias> : tensor<${width}xf32>
      %zero = arith.constant 0.0 : f32
      %r = tensor.extract %right[%node] : tensor<?xi64>
      %lnode = arith.index_cast %l : i64 to index
      %rnode = arith.index_cast %r : i64 to index
      %a = func.call @value(%lnode, %left, %right, %inp) : (index, tensor<?xi64>, tensor<?xi64>, tensor<?x${width}xf32>) -> tensor<1x${width}xf32>
      %b = func.call @value(%rnode, %left, %right, %inp) : (index, tensor<?xi64>, tensor<?xi64>, tensor<?x${width}xf32>) -> tensor<1x${width}xf32>
      %empty = tensor.empty() : tensor<1x${both}xf32>
      %first = tensor.insert_slice %a into %empty[0, 0] [1, ${width}] [1, 1] : tensor<1x${width}xf32> into tensor<1x${both}xf32>
      %pair = tensor.insert_slice %b into %first[0, ${width}] [1, ${width}] [1, 1] : tensor<1x${width}xf32> into tensor<1x${both}xf32>
      %e = tensor.empty() : tensor<1x${width}xf32>
      %filled = linalg.fill ins(%zero : f32) outs(%e : tensor<1x${width}xf32>) -> tensor<1x${width}xf32>
      %product = linalg.matmul ins(%pair, %weight : tensor<1x${both}xf32>, tensor<${both}x${width}xf32>) outs(%filled : tensor<1x${width}xf32>) -> tensor<1x${width}xf32>
      %y = linalg.generic {indexing_maps = [#whole, #columns, #whole], iterator_types = ["parallel", "parallel"]} ins(%product, %bias : tensor<1x${width}xf32>, tensor<${width}xf32>) outs(%e : tensor<1x${width}xf32>) {
      ^bb0(%x: f32, %add: f32, %out: f32):
        %sum = arith.addf %x, %add : f32
        %tanh = math.tanh %sum : f32
        linalg.yield %tanh : f32
      } -> tensor<1x${width}xf32>
      scf.yield %y : tensor<1x${width}xf32>
    }
    return %result : tensor<1x${width}xf32>
  }

  func.func @main(%left: tensor<?xi64> {dlc.dims = ["nodes"], dlc.dtype = "int64", dlc.name = "left"}, %right: tensor<?xi64> {dlc.dims = ["nodes"], dlc.dtype = "int64", dlc.name = "right"}, %roots: tensor<?xi64> {dlc.dims = ["trees"], dlc.dtype = "int64", dlc.name = "roots"}, %inp: tensor<?x${width}xf32> {dlc.dims = ["nodes", ""], dlc.dtype = "float32", dlc.name = "inp"}) -> (tensor<?x${width}xf32> {dlc.dims = ["trees", ""], dlc.dtype = "float32", dlc.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %trees = tensor.dim %roots, %c0 : tensor<?xi64>
    %empty = tensor.empty(%trees) : tensor<?x${width}xf32>
    %result = scf.for %tree = %c0 to %trees step %c1 iter_args(%values = %empty) -> (tensor<?x${width}xf32>) {
      %root = tensor.extract %roots[%tree] : tensor<?xi64>
      %node = arith.index_cast %root : i64 to index
      %value = func.call @value(%node, %left, %right, %inp) : (index, tensor<?xi64>, tensor<?xi64>, tensor<?x${width}xf32>) -> tensor<1x${width}xf32>
      %next = tensor.insert_slice %value into %values[%tree, 0] [1, ${width}] [1, 1] : tensor<1x${width}xf32> into tensor<?x${width}xf32>
      scf.yield %next : tensor<?x${width}xf32>
    }
    return %result : tensor<?x${width}xf32>
  }
}

{-#
  dialect_resources: {
    builtin: {
      weight: "$weight",
      bias: "$bias"
    }
  }
#-}
""")
