"""Kinds that are layers of networks: contractions with their epilogues, convolutions, pooling, attention, loops."""

import nodes
from emit import Emit
from graph import FLOATS, Dim, Facts, type_of
from kinds import WORK, Kinds
from nodes import d, identity


class Layers(Kinds):
    # --- contractions ---
    def epilogue(self, v, channel=None):
        """Bias and activation, most of the time."""
        if not self.chance(0.6) or v.dtype not in FLOATS:
            return v
        bias = self.argument("f32", [v.dims[-1] if channel is None else v.dims[channel]], 0.7)
        loops = list(v.dims)
        operands = [(v, identity(v.rank)), (bias, [d(v.rank - 1 if channel is None else channel)])]
        act = self.rng.choice(["relu", "gelu", "sigmoid", "none", "residual"])
        if act == "residual":
            other = self.pick(lambda o: o.dtype == "f32" and o.dims == v.dims and o is not v, 1.0)
            operands += [(other, identity(v.rank))] if other else []

        def body(a, s):
            x = a.add(s[0], s[1])
            if len(s) > 2:
                return a.add(x, s[2])
            if act == "relu":
                return a.either("arith.maximumf", x, a.constant(0.0, "f32", 0))
            return a.gelu(x) if act == "gelu" else a.sigmoid(x) if act == "sigmoid" else x

        return nodes.elementwise(self.graph, operands, loops, "f32", body, "epilogue")

    def starts(self, dims):
        """What a contraction may add to: None for zeros."""
        if not self.chance(0.25) or any(x.dynamic for x in dims):
            return None
        found = self.pick(lambda v: v.dtype == "f32" and list(v.dims) == list(dims))
        return found or self.argument("f32", dims, 0.0)

    def fit(self, m, k, most=WORK):
        """Columns that keep the work small."""
        return self.size(max(1, most // max(1, m * k)))

    def matmul(self):
        a = self.tensor((2,), lambda v: v.dtype in FLOATS or v.dtype == "i8", None, 0.1)
        if a.dtype not in ("i8",) + FLOATS:
            return None
        m, k = a.dims
        n = self.fixed(self.fit(m.most, k.most)) if self.chance(0.8) else self.dim(self.fit(m.most, k.most))
        b = self.pick(lambda v: v.dtype == a.dtype and v.rank == 2 and v.dims[0] == k and m.most * v.count <= WORK, 0.3)
        b = b or self.argument(a.dtype, [k, n], 0.6)
        n = b.dims[1]
        init = self.starts([m, n]) if a.dtype in FLOATS else None
        if a.dtype == "f32" and self.chance(0.6):
            sizes = [lambda e: e.dim(a, 0), lambda e: e.dim(b, 1)]
            out = nodes.named(self.graph, "matmul", a, b, [m, n], sizes, k.most, init)
        else:
            out = nodes.contraction(self.graph, a, b, [d(0), d(2)], [d(2), d(1)], [m, n, k], [0, 1], init)
        return self.epilogue(out)

    def panels(self):
        """A product with a constant that is large enough to be laid out in panels."""
        n, k = self.rng.choice([(256, 256), (512, 128), (320, 256), (128, 512), (192, 400), (1024, 65)])
        m = self.dim(max(1, 3 * WORK // (n * k)))
        a = self.pick(lambda v: v.dtype == "f32" and v.rank == 2 and v.dims[1] == self.fixed(k) and v.dims[0].most <= 32)
        a = a or self.argument("f32", [m, self.fixed(k)], 0.0)
        b = self.argument("f32", [self.fixed(k), self.fixed(n)], 1.0)
        sizes = [lambda e: e.dim(a, 0), lambda e: e.dim(b, 1)]
        return self.epilogue(nodes.named(self.graph, "matmul", a, b, [a.dims[0], b.dims[1]], sizes, k))

    def batch_matmul(self):
        batch, m, k = self.dims(3, 8000)
        a = self.tensor((3,), lambda v: v.dtype in FLOATS and v.count <= 8000)
        if a.dtype not in FLOATS:
            return None
        batch, m, k = a.dims
        n = self.fixed(self.fit(batch.most * m.most, k.most))
        turned, shared = self.chance(0.4), self.chance(0.3)
        shape = [n, k] if turned else [k, n]
        b = self.argument(a.dtype, shape if shared else [batch] + shape, 0.3)
        if a.dtype == "f32" and not turned and not shared and self.chance(0.5):
            sizes = [lambda e: e.dim(a, 0), lambda e: e.dim(a, 1), None]
            return self.epilogue(nodes.named(self.graph, "batch_matmul", a, b, [batch, m, n], sizes, k.most))
        b_map = ([] if shared else [d(0)]) + ([d(2), d(3)] if turned else [d(3), d(2)])
        out = nodes.contraction(self.graph, a, b, [d(0), d(1), d(3)], b_map, [batch, m, n, k], [0, 1, 2])
        return self.epilogue(out)

    def outer(self):
        """Contractions with unusual maps: loops in another order, operands that lack loops, matrix times vector."""
        v = self.tensor((2, 3), lambda v: v.dtype == "f32" and v.count <= 8000, "f32")
        k = v.dims[-1]
        w = self.argument("f32", [k], 0.3)
        loops, last = list(v.dims), v.rank - 1
        out = nodes.contraction(self.graph, v, w, identity(v.rank), [d(last)], loops, list(range(last)), None, "matvec")
        if self.chance(0.5) and out.rank == 1 and out.count <= 200:
            other = self.argument("f32", [self.dim(100)], 0.2)
            dims = [out.dims[0], other.dims[0]]
            return nodes.elementwise(
                self.graph, [(out, [d(0)]), (other, [d(1)])], dims, "f32", lambda a, s: a.multiply(s[0], s[1]), "outer"
            )
        return out

    def mlp(self):
        a = self.f32(self.float_tensor((2,), lambda v: v.count <= 4000))
        for _ in range(2):
            m, k = a.dims
            n = self.fixed(self.fit(m.most, k.most, WORK // 3))
            b = self.argument("f32", [k, n], 0.8 if not k.dynamic else 0)
            sizes = [lambda e, a=a: e.dim(a, 0), lambda e, b=b: e.dim(b, 1)]
            a = self.epilogue(nodes.named(self.graph, "matmul", a, b, [m, n], sizes, k.most))
        return a

    def gated(self):
        """A layer whose channels are two halves, of which one scales the other."""
        v = self.f32(self.float_tensor((2, 3), lambda v: v.count <= 4000))
        k, rows = v.dims[-1], v.count // max(1, v.dims[-1].most)
        n = self.fixed(2 * max(1, self.fit(rows, k.most, WORK // 2) // 2))
        loops = list(v.dims[:-1]) + [n, k]
        weights = self.argument("f32", [k, n], 0.8 if not k.dynamic else 0)
        left = [d(i) for i in range(v.rank - 1)] + [d(v.rank)]
        out = list(range(v.rank))
        y = nodes.contraction(self.graph, v, weights, left, [d(v.rank), d(v.rank - 1)], loops, out, None, "gated")
        y = self.epilogue(y)
        half = self.fixed(n.sizes[0] // 2)
        parts = [nodes.slice_of(self.graph, y, [0] * (y.rank - 1) + [first], list(y.dims[:-1]) + [half], [1] * y.rank)
                 for first in (0, half.sizes[0])]  # fmt: skip
        return nodes.same_shape(self.graph, parts, "f32", lambda a, s: a.multiply(s[0], a.sigmoid(s[1])), "gate")

    def siblings(self):
        """Products of one matrix with several constants, each with what follows it."""
        a = self.f32(self.float_tensor((2,), lambda v: v.count <= 2000))
        m, k = a.dims
        made = []
        for _ in range(self.rng.choice([2, 3])):
            n = self.fixed(self.fit(m.most, k.most, WORK // 3))
            b = self.argument("f32", [k, n], 0.9 if not k.dynamic else 0)
            sizes = [lambda e: e.dim(a, 0), lambda e, b=b: e.dim(b, 1)]
            made.append(self.epilogue(nodes.named(self.graph, "matmul", a, b, [m, n], sizes, k.most)))
        return self.rng.choice(made)

    def attention(self):
        g, dtype = self.graph, self.dtype()
        heads, depth = self.fixed(self.rng.choice([1, 2, 3])), self.fixed(self.rng.choice([4, 8, 16, 20]))
        rows, columns = self.dim(48), self.dim(48)
        if self.chance(0.4):  # more keys than a step of a stream has
            heads, rows, columns = self.fixed(1), self.dim(20), self.dim(400)
        q, k, v = (self.argument(dtype, [heads, n, depth], 0.0) for n in (rows, columns, columns))
        turned = self.chance(0.5)
        if turned:
            k = nodes.transpose(g, k, [0, 2, 1])
        k_map = [d(0), d(3), d(2)] if turned else [d(0), d(2), d(3)]
        loops = [heads, rows, columns, depth]
        scores = nodes.contraction(g, q, k, [d(0), d(1), d(3)], k_map, loops, [0, 1, 2], None, "scores")
        scores = nodes.same_shape(g, [scores], "f32", lambda a, s: a.multiply(s[0], a.constant(0.25, "f32", 2)), "scale")
        if self.chance(0.3):
            mask = self.argument("f32", [rows, columns], 0.3)
            scores = nodes.same_shape(g, [scores, mask], "f32", lambda a, s: a.add(s[0], s[1]), "mask")
        weights = self.softmax_of(scores, 2)
        v = self.f32(v)
        loops = [heads, rows, depth, columns]
        out = nodes.contraction(g, weights, v, [d(0), d(1), d(3)], [d(0), d(3), d(2)], loops, [0, 1, 2], None, "mix")
        if self.chance(0.5):
            out = nodes.transpose(g, out, [1, 0, 2])
            out = nodes.collapse(g, out, [[0], [1, 2]])
        return out

    # --- windows ---
    def image(self, channels_last=False, least=1):
        """A float32 tensor N x C x H x W (or N x H x W x C) with room for windows."""
        first = 1 if channels_last else 2
        good = lambda v: all(min(v.dims[i].sizes) >= least for i in (first, first + 1)) and v.count <= 16_000
        found = self.pick(lambda v: v.rank == 4 and v.dtype == "f32" and good(v))
        if found:
            return found
        spatial = [Dim(tuple(max(n, least + 2) for n in self.dim(33).sizes), x.dynamic) for x in (self.dim(24), self.dim(24))]
        spatial = [x if x.dynamic else self.fixed(x.sizes[0]) for x in spatial]
        channels = self.fixed(self.rng.choice([1, 2, 3, 4, 8, 12, 16, 24, 32]))
        batch = self.dim(2)
        return self.argument("f32", [batch] + spatial + [channels] if channels_last else [batch, channels] + spatial, 0.0)

    def window(self, v, axes):
        """Kernel sizes, strides and dilations that fit, and the result's sizes."""
        kernel, stride, dilation, dims = [], [], [], []
        for i in axes:
            room = min(v.dims[i].sizes)
            k, s, x = self.rng.choice([1, 1, 2, 3, 3, 5]), self.rng.choice([1, 1, 1, 2, 3]), self.rng.choice([1, 1, 1, 2])
            if (k - 1) * x + 1 > room:
                k, x = min(k, room), 1
            kernel.append(k), stride.append(s), dilation.append(x)
            dims.append(v.dims[i].map(lambda n, k=k, s=s, x=x: (n - (k - 1) * x - 1) // s + 1))
        return kernel, stride, dilation, dims

    @staticmethod
    def window_size(v, axis, k, s, x):
        """Emits the size of the result along an axis."""

        def size(e):
            less = e.op(f"arith.subi {e.dim(v, axis)}, {e.index((k - 1) * x + 1)} : index")
            return e.op(f"arith.addi {e.op(f'arith.divsi {less}, {e.index(s)} : index')}, {e.index(1)} : index")

        return size

    def padded(self, v, axes):
        if not self.chance(0.6):
            return v
        amounts = [self.rng.choice([0, 1, 1, 2]) if i in axes else 0 for i in range(v.rank)]
        high = [self.rng.choice([n, n, max(0, n - 1)]) for n in amounts]
        return nodes.pad(self.graph, v, amounts, high, 0.0)

    def convolution(self):
        """The named ones: NCHW and NHWC, plain and depthwise."""
        last, deep = self.chance(0.3), self.chance(0.35)
        v = self.image(last)
        axes, channel = ((1, 2), 3) if last else ((2, 3), 1)
        if v.dims[channel].dynamic:
            return None
        v = self.padded(v, axes)
        c = v.dims[channel].sizes[0]
        kernel, stride, dilation, spatial = self.window(v, axes)
        taps = kernel[0] * kernel[1]
        f = c if deep else self.size(max(1, min(64, WORK // max(1, v.count * taps))))
        ks = [self.fixed(n) for n in kernel]
        depth = ([] if deep else [self.fixed(c)])
        weights = ks + depth + [self.fixed(f)] if last else [self.fixed(f)] + depth + ks
        w = self.argument("f32", weights, 0.7)
        op = ("depthwise_conv_2d_nhwc_hwc" if last else "depthwise_conv_2d_nchw_chw") if deep else (
            "conv_2d_nhwc_hwcf" if last else "conv_2d_nchw_fchw")  # fmt: skip
        batch = lambda e: e.dim(v, 0)
        sizes = [self.window_size(v, i, *row) for i, row in zip(axes, zip(kernel, stride, dilation))]
        dims = [v.dims[0]] + spatial + [self.fixed(f)] if last else [v.dims[0], self.fixed(f)] + spatial
        sizes = [batch] + sizes + [None] if last else [batch, None] + sizes
        attributes = f" {{dilations = dense<{dilation}> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>}}"
        init = self.spread_bias(dims, channel, sizes) if self.chance(0.5) else None
        out = nodes.named(self.graph, op, v, w, dims, sizes, taps * (1 if deep else c), init, attributes)
        return self.epilogue(out, channel)

    def pointwise(self, v, most):
        """A product along the channels of N x H x W x C."""
        k, n = v.dims[3], self.fixed(self.rng.choice([1, 3, 8, 16, most]))
        weights = self.argument("f32", [k, n], 0.8)
        loops = list(v.dims[:3]) + [n, k]
        left, right, out = [d(0), d(1), d(2), d(4)], [d(4), d(3)], [0, 1, 2, 3]
        return self.epilogue(nodes.contraction(self.graph, v, weights, left, right, loops, out, None, "pointwise"), 3)

    def strips(self):
        """A product, windows behind a border, dense ones too, and mostly a gate and a product: what may be one graph
        with overlaps, by steps of the channels between."""
        v = self.image(True)
        if v.dims[3].dynamic:
            return None
        paths, most = [], self.rng.choice([32, 64]) if v.count // v.dims[3].most * 64 * 9 <= WORK else 32
        for _ in range(self.rng.choice([1, 2])):
            y = nodes.pad(self.graph, self.pointwise(v, most), [0, 1, 1, 0], [0, 1, 1, 0], 0.0)
            c, stride, f = y.dims[3], self.rng.choice([1, 1, 2]) if not paths else 1, self.rng.choice([3, 8, 16])
            deep = self.chance(0.7) or y.count * 9 * f > 2 * WORK
            f = c if deep else self.fixed(f)
            w = self.argument("f32", [self.fixed(3), self.fixed(3), c] + ([] if deep else [f]), 0.7)
            row = lambda i, y=y, s=stride: self.window_size(y, i, 3, s, 1)
            sizes = [lambda e, y=y: e.dim(y, 0), row(1), row(2), None]
            dims = [y.dims[0]] + [x.map(lambda n, s=stride: (n - 3) // s + 1) for x in y.dims[1:3]] + [f]
            attributes = f" {{dilations = dense<1> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>}}"
            op, length = ("depthwise_conv_2d_nhwc_hwc", 9) if deep else ("conv_2d_nhwc_hwcf", 9 * c.most)
            paths.append(nodes.named(self.graph, op, y, w, dims, sizes, length, None, attributes))
        if len(paths) == 2 and [x.sizes for x in paths[0].dims] == [x.sizes for x in paths[1].dims]:
            paths[0] = nodes.same_shape(self.graph, paths, "f32", lambda a, s: a.multiply(s[0], s[1]), "gate")
        return self.pointwise(paths[0], 16) if self.chance(0.7) else paths[0]

    def spread_bias(self, dims, channel, sizes):
        """A bias as the importer gives it to convolutions: broadcast into what they add to."""
        if any(x.dynamic for x in dims):
            return None
        ones = [x if i == channel else self.fixed(1) for i, x in enumerate(dims)]
        bias = self.argument("f32", ones, 0.7)
        rows = [(bias, ["0" if i != channel else d(i) for i in range(len(dims))])]
        return nodes.elementwise(self.graph, rows, dims, "f32", lambda a, s: s[0], "bias")

    def grouped(self):
        """A convolution with groups, as the importer writes it: dimensions split, and a generic of five of them."""
        v = self.image()
        if any(x.dynamic for x in v.dims):
            return None
        v = self.padded(v, (2, 3))
        c = v.dims[1].sizes[0]
        groups = self.rng.choice([g for g in (1, 2, 3, 4, 8) if c % g == 0])
        kernel, stride, dilation, spatial = self.window(v, (2, 3))
        split = [[v.dims[0]], [self.fixed(groups), self.fixed(c // groups)], [v.dims[2]], [v.dims[3]]]
        x = nodes.expand(self.graph, v, split)
        f = self.rng.choice([1, 2, 3, 8, 16])
        w = self.argument("f32", [self.fixed(n) for n in (groups, f, c // groups, *kernel)], 0.7)
        at = [f"d{3 + i} * {stride[i]} + d{6 + i} * {dilation[i]}" for i in (0, 1)]
        x_map, w_map = [d(0), d(1), d(5)] + at, [d(1), d(2), d(5), d(6), d(7)]
        loops = [v.dims[0], self.fixed(groups), self.fixed(f)] + spatial + [self.fixed(n) for n in (c // groups, *kernel)]
        out = nodes.contraction(self.graph, x, w, x_map, w_map, loops, [0, 1, 2, 3, 4], None, "grouped_conv")
        return nodes.collapse(self.graph, out, [[0], [1, 2], [3], [4]])

    def convolution_1d(self):
        """Along one dimension, and the transposed loop order of correlations in audio models."""
        v = self.tensor((3,), lambda v: v.dtype == "f32" and not v.dims[1].dynamic and not v.dims[2].dynamic, "f32")
        if v.dims[1].dynamic or v.dims[2].dynamic or v.count > 16_000:
            return None
        v = self.padded(v, (2,))
        (k,), (s,), (x,), (n,) = self.window(v, (2,))
        c, f = v.dims[1].sizes[0], self.size(max(1, min(64, WORK // max(1, v.count * k))))
        w = self.argument("f32", [self.fixed(i) for i in (f, c, k)], 0.7)
        loops = [v.dims[0], self.fixed(f), n, self.fixed(c), self.fixed(k)]
        x_map, w_map = [d(0), d(3), f"d2 * {s} + d4 * {x}"], [d(1), d(3), d(4)]
        return self.epilogue(nodes.contraction(self.graph, v, w, x_map, w_map, loops, [0, 1, 2], None, "conv_1d"), 1)

    def pool(self):
        v = self.image()
        average = self.chance(0.4)
        if self.chance(0.4):
            amounts = [0, 0] + [self.rng.choice([0, 1]) for _ in range(2)]
            v = nodes.pad(self.graph, v, amounts, amounts, 0.0 if average else float("-inf"))
        if v.dims[1].dynamic:
            return None
        kernel, stride, dilation, spatial = self.window(v, (2, 3))
        e = Emit(self.graph, "pool_average" if average else "pool_max")
        dims = [v.dims[0], v.dims[1]] + spatial
        sizes = [e.dim(v, 0) if dims[0].dynamic else None, None]
        for i in (0, 1):
            size = self.window_size(v, 2 + i, kernel[i], stride[i], dilation[i])
            sizes.append(size(e) if spatial[i].dynamic else None)
        window, kind = [self.fixed(n) for n in kernel], type_of("f32", dims)
        shape = e.empty("f32", window, [None, None])
        out = e.fill(0.0 if average else float("-inf"), "f32", dims, sizes)
        at = [f"d{2 + i} * {stride[i]} + d{4 + i} * {dilation[i]}" for i in (0, 1)]
        op = "addf" if average else "maximumf"
        ins = [(e.use(v), v.type, "f32", [d(0), d(1)] + at), (shape, type_of("f32", window), "f32", [d(4), d(5)])]
        outs = [(out, kind, "f32", identity(4))]
        body = lambda names: [e.op(f"arith.{op} {names[2]}, {names[0]} : f32")]
        (name,) = e.generic(ins, outs, [False] * 4 + [True] * 2, body)
        taps = kernel[0] * kernel[1]
        e.result(name, "f32", dims, nodes.reduced_facts(v.facts, taps, "sum" if average else "max"))
        made = e.done()
        if not average:
            return made
        divide = lambda a, s: a.make("arith.divf", [s[0], a.constant(float(taps), "f32")], s[0].facts)
        return nodes.same_shape(self.graph, [made], "f32", divide, "divide")

    # --- sequences and control ---
    def running_sum(self):
        """A sum of what stands before, as the importer writes CumSum."""
        v = self.tensor((1, 2), lambda v: v.dtype == "f32" and v.count <= 2000 and not v.dims[-1].dynamic, "f32")
        if v.dims[-1].dynamic or v.count > 4000:
            return None
        e = Emit(self.graph, "running_sum")
        rank, n = v.rank, v.dims[-1]
        out = e.fill(0.0, "f32", list(v.dims), [e.dim(v, i) if x.dynamic else None for i, x in enumerate(v.dims)])
        shape = e.empty("i8", [n], [None])
        e.use(v)

        def body(names):
            loop = [e.op(f"linalg.index {i} : index") for i in range(rank + 1)]
            x = e.op(f"tensor.extract {v.name}[{', '.join(loop[: rank - 1] + [loop[rank]])}] : {v.type}")
            before = e.op(f"arith.cmpi sle, {loop[rank]}, {loop[rank - 1]} : index")
            return [e.op(f"arith.select {before}, {e.op(f'arith.addf {names[1]}, {x} : f32')}, {names[1]} : f32")]

        ins = [(shape, type_of("i8", [n]), "i8", [d(rank)])]
        outs = [(out, v.type, "f32", identity(rank))]
        (name,) = e.generic(ins, outs, [False] * rank + [True], body)
        e.result(name, "f32", v.dims, nodes.reduced_facts(v.facts, n.most, "sum"))
        return e.done()

    def loop(self):
        """ctrl.loop: a state that each row of a tensor changes, and the states put together: Scan's form."""
        v = self.tensor((2,), lambda v: v.dtype == "f32" and not any(x.dynamic for x in v.dims), "f32")
        if any(x.dynamic for x in v.dims):
            return None
        rows, n = (x.sizes[0] for x in v.dims)
        state = self.argument("f32", [v.dims[1]], 0.0)
        e = Emit(self.graph, "loop")
        count, out = e.index(rows), e.empty("f32", v.dims, [None, None])
        e.use(v)
        row, names = type_of("f32", [v.dims[1]]), [e.fresh() for _ in range(3)]
        name = e.fresh()
        carry = f"{names[1]} = {e.use(state)} : {row}, {names[2]} = {out} : {v.type}"
        e.line(f"{name}:2 = ctrl.loop {names[0]} to {count} carry({carry}) {{")
        x = e.op(f"tensor.extract_slice {v.name}[{names[0]}, 0] [1, {n}] [1, 1] : {v.type} to {row}")
        to = e.empty("f32", [v.dims[1]], [None])

        def body(args):
            half = e.constant(0.5, "f32")
            return [e.op(f"arith.addf {e.op(f'arith.mulf {args[1]}, {half} : f32')}, {args[0]} : f32")]

        ins = [(x, row, "f32", ["d0"]), (names[1], row, "f32", ["d0"])]
        (new,) = e.generic(ins, [(to, row, "f32", ["d0"])], [False], body)
        kept = e.op(f"tensor.insert_slice {new} into {names[2]}[{names[0]}, 0] [1, {n}] [1, 1] : {row} into {v.type}")
        e.line(f"  ctrl.next {new}, {kept} : {row}, {v.type}")
        e.line("}")
        facts = Facts(2 * max(v.facts.magnitude, state.facts.magnitude))
        e.result(f"{name}#0", "f32", [v.dims[1]], facts)
        e.result(f"{name}#1", "f32", v.dims, facts)
        return e.done()

    def branch(self):
        """ctrl.branch on a number that is only known at run time."""
        v = self.tensor((1, 2, 3), lambda v: v.dtype == "f32", "f32")
        flag = self.graph.argument("i1", [], Facts(1.0, None, True))
        e = Emit(self.graph, "branch")
        sizes = [e.dim(v, i) if x.dynamic else None for i, x in enumerate(v.dims)]
        taken = e.op(f"tensor.extract {e.use(flag)}[] : tensor<i1>")
        name = e.fresh()
        e.line(f"{name} = ctrl.branch {taken} : i1 -> ({v.type}) {{")
        out = e.empty("f32", v.dims, sizes)
        rows = [(e.use(v), v.type, "f32", identity(v.rank))], [(out, v.type, "f32", identity(v.rank))]
        (made,) = e.generic(*rows, [False] * v.rank, lambda a: [e.op(f"arith.addf {a[0]}, {a[0]} : f32")])
        e.line(f"  ctrl.yield {made} : {v.type}")
        e.line("} else {")
        e.line(f"  ctrl.yield {v.name} : {v.type}")
        e.line("}")
        e.result(name, "f32", v.dims, Facts(2 * v.facts.magnitude))
        return e.done()


WEIGHTS = {
    "elementwise": 30, "on_tensors": 2, "where": 3, "cast": 3, "reduction": 9, "arg_extreme": 3, "softmax": 4, "normalize": 4,
    "transpose": 6, "reshape": 8, "pad": 5, "slice": 5, "concat": 4, "split": 3, "gather": 4, "matmul": 9, "panels": 4,
    "batch_matmul": 4, "outer": 2, "mlp": 3, "gated": 3, "siblings": 2, "attention": 3, "convolution": 9, "strips": 4, "grouped": 3, "convolution_1d": 2, "pool": 5,
    "running_sum": 1, "loop": 1, "branch": 1,
}  # fmt: skip
