"""Kinds that lie off the beaten track: unusual maps, bodies, loop orders, and reductions."""

import nodes
from emit import Emit
from graph import Dim, Facts, type_of
from layers import WORK, Layers
from layers import WEIGHTS as COMMON
from nodes import d, identity
from scalars import Arithmetic, Scalar


class Oddities(Layers):
    def f32_tensor(self, ranks, most=8000):
        """A float32 tensor of at most so many elements."""
        found = self.tensor(ranks, lambda v: v.count <= most, "f32")
        return found if found.count <= most else self.argument("f32", self.dims(self.rng.choice(ranks), most))

    def shuffled_contraction(self):
        """A x B with several reduced loops, loops and dimensions in any order."""
        a = self.f32_tensor((2, 3, 4))
        reduced = self.rng.sample(range(a.rank), self.rng.choice([1, 1, 2]) if a.rank > 2 else 1)
        work, extra = a.count, []
        for _ in range(self.rng.choice([1, 1, 2])):
            extra.append(self.fixed(self.size(max(1, min(128, WORK // max(1, work))))))
            work *= extra[-1].most
        shared = [i for i in range(a.rank) if i not in reduced and self.chance(0.25)]
        # Loops: those of a, then those of b alone; shuffled.
        loops = list(a.dims) + extra
        order = self.rng.sample(range(len(loops)), len(loops))
        place = {old: new for new, old in enumerate(order)}
        of_b = reduced + shared + list(range(a.rank, len(loops)))
        self.rng.shuffle(of_b)
        kept = [i for i in range(len(loops)) if i not in reduced]
        self.rng.shuffle(kept)
        if nodes.product([loops[i] for i in of_b]).most > 60_000:
            return None
        b = self.argument("f32", [loops[i] for i in of_b], 0.4)
        names = lambda rows: [d(place[i]) for i in rows]
        maps = names(range(a.rank)), names(of_b)
        return self.odd_contraction(a, b, *maps, [loops[i] for i in order], [place[i] for i in kept])

    def odd_contraction(self, a, b, a_map, b_map, loops, kept):
        """Like nodes.contraction, sometimes with another body."""
        if self.chance(0.6):
            return nodes.contraction(self.graph, a, b, a_map, b_map, loops, kept, None, "shuffled")
        how = self.rng.choice(["distance", "max_plus", "scaled", "absolute"])
        e = Emit(self.graph, f"shuffled_{how}")
        dims = [loops[i] for i in kept]
        sizes = nodes.sizes_of(e, loops, [(a, a_map), (b, b_map)])
        start = float("-inf") if how == "max_plus" else 0
        out = e.fill(start, "f32", dims, [sizes[i] for i in kept])

        def body(names):
            x, y, z = names
            if how == "max_plus":
                return [e.op(f"arith.maximumf {z}, {e.op(f'arith.addf {x}, {y} : f32')} : f32")]
            if how == "scaled":
                p = e.op(f"arith.mulf {e.op(f'arith.mulf {x}, {y} : f32')}, {e.constant(0.5, 'f32')} : f32")
            else:
                m = e.op(f"arith.subf {x}, {y} : f32")
                p = e.op(f"arith.mulf {m}, {m} : f32" if how == "distance" else f"math.absf {m} : f32")
            return [e.op(f"arith.addf {p}, {z} : f32" if self.chance(0.5) else f"arith.addf {z}, {p} : f32")]

        ins = [(e.use(v), v.type, "f32", m) for v, m in ((a, a_map), (b, b_map))]
        outs = [(out, type_of("f32", dims), "f32", [d(i) for i in kept])]
        (name,) = e.generic(ins, outs, [i not in kept for i in range(len(loops))], body)
        depth = nodes.product([x for i, x in enumerate(loops) if i not in kept]).most
        e.result(name, "f32", dims, Facts((a.facts.magnitude + b.facts.magnitude + 1) ** 2 * depth))
        return e.done()

    def moments(self):
        """A sum and a sum of squares at once, the results transposed, with loops in any order."""
        v = self.f32_tensor((2, 3, 4), 40_000)
        axes = self.rng.sample(range(v.rank), self.rng.choice([1, 1, 2]))
        kept = [i for i in range(v.rank) if i not in axes]
        self.rng.shuffle(kept)
        order = self.rng.sample(range(v.rank), v.rank)
        e = Emit(self.graph, "moments")
        dims = [v.dims[i] for i in kept]
        sizes = [e.dim(v, i) if v.dims[i].dynamic else None for i in kept]
        first, second = (e.fill(0, "f32", dims, sizes) for _ in range(2))
        loop = lambda rows: [d(order.index(i)) for i in rows]

        def body(names):
            square = e.op(f"arith.mulf {names[0]}, {names[0]} : f32")
            return [e.op(f"arith.addf {names[1]}, {names[0]} : f32"), e.op(f"arith.addf {names[2]}, {square} : f32")]

        kind = type_of("f32", dims)
        ins = [(e.use(v), v.type, "f32", loop(range(v.rank)))]
        outs = [(first, kind, "f32", loop(kept)), (second, kind, "f32", loop(kept))]
        n = nodes.product([v.dims[i] for i in axes]).most
        made = e.generic(ins, outs, [order[i] in axes for i in range(v.rank)], body)
        for name, how in zip(made, ("sum", "mean_square")):
            e.result(name, "f32", dims, nodes.reduced_facts(v.facts, n, how))
        return e.done()

    def onto(self):
        """A reduction, or an elementwise op, that goes on from a value that others also read."""
        v = self.f32_tensor((2, 3))
        if v.dims[0].dynamic:
            return None
        start = self.pick(lambda o: o.dtype == "f32" and o.dims == v.dims[:1], 1.0) or self.argument("f32", v.dims[:1], 0.2)
        e = Emit(self.graph, "onto")
        ins = [(e.use(v), v.type, "f32", identity(v.rank))]
        outs = [(e.use(start), start.type, "f32", ["d0"])]
        op = self.rng.choice(["addf", "maximumf"])
        body = lambda names: [e.op(f"arith.{op} {names[1]}, {names[0]} : f32")]
        (name,) = e.generic(ins, outs, [False] + [True] * (v.rank - 1), body)
        n = nodes.product(v.dims[1:]).most
        e.result(name, "f32", v.dims[:1], Facts(start.facts.magnitude + n * v.facts.magnitude))
        return e.done()

    def strided(self):
        """An elementwise op that reads every second element of an operand, or a diagonal of it."""
        v = self.f32_tensor((2, 3), 40_000)
        if any(x.dynamic for x in v.dims):
            return None
        step = self.rng.choice([1, 2, 3])
        if v.rank == 2 and v.dims[0] == v.dims[1]:  # its diagonal
            loops, operand = [v.dims[0]], ["d0", "d0"]
        else:
            loops = [self.fixed(-(-x.sizes[0] // step)) for x in v.dims]
            operand = [f"d{i} * {step}" for i in range(v.rank)]
        other = self.operand_for(loops, "f32")
        rows = [(v, operand), (other, nodes.broadcast_map(other, loops))]
        return nodes.elementwise(self.graph, rows, loops, "f32", lambda a, s: a.add(s[0], s[1]), "strided")

    def into(self):
        """A value computed, then part of it overwritten with another."""
        v = self.f32_tensor((1, 2, 3), 40_000)
        if any(x.dynamic for x in v.dims) or any(x.most < 2 for x in v.dims):
            return None
        counts = [self.rng.randint(1, x.sizes[0] - 1) for x in v.dims]
        part = self.operand_like(counts)
        offsets = [self.rng.randint(0, x.sizes[0] - n) for x, n in zip(v.dims, counts)]
        e = Emit(self.graph, "into")
        ones = ", ".join("1" for _ in counts)
        types = f"{part.type} into {v.type}"
        name = e.op(f"tensor.insert_slice {e.use(part)} into {e.use(v)}{offsets} {counts} [{ones}] : {types}")
        exact = part.facts.exact and v.facts.exact
        e.result(name, "f32", v.dims, Facts(max(v.facts.magnitude, part.facts.magnitude), None, exact))
        return e.done()

    def operand_like(self, counts):
        dims = [self.fixed(n) for n in counts]
        return self.pick(lambda o: o.dtype == "f32" and list(o.dims) == dims, 1.0) or self.argument("f32", dims, 0.2)

    def while_loop(self):
        """A loop that ends by what it computes: how often is known at run time only."""
        v = self.f32_tensor((1, 2), 4000)
        times = self.graph.argument("i64", [], Facts(1.0, None, True), 5)
        e = Emit(self.graph, "while_loop")
        limit = e.op(f"arith.index_cast {e.op(f'tensor.extract {e.use(times)}[] : tensor<i64>')} : i64 to index")
        sizes = [e.dim(v, i) if x.dynamic else None for i, x in enumerate(v.dims)]
        i, x, name = e.fresh(), e.fresh(), e.fresh()
        go, one, five = e.constant(True, "i1"), e.index(1), e.index(3)
        e.line(f"{name} = ctrl.loop {i} to {five} carry({x} = {e.use(v)} : {v.type}) while({go}) {{")
        out = e.empty("f32", v.dims, sizes)
        a = Arithmetic(e, self.rng)

        def body(names):
            half = a.constant(0.75, "f32")
            return [a.function("math.tanh", a.multiply(Scalar(names[0], "f32", Facts(1.0)), half), 1.0).name]

        rows = [(x, v.type, "f32", identity(v.rank))], [(out, v.type, "f32", identity(v.rank))]
        (new,) = e.generic(*rows, [False] * v.rank, body)
        more = e.op(f"arith.cmpi slt, {e.op(f'arith.addi {i}, {one} : index')}, {limit} : index")
        e.line(f"  ctrl.next while({more}) {new} : {v.type}")
        e.line("}")
        e.result(name, "f32", v.dims, Facts(max(1.0, v.facts.magnitude)))
        return e.done()

    def quantised(self):
        """An 8-bit product scaled back, as quantised models have it: rounded, clamped, i8 again."""
        m, k, n = self.size(64), self.size(96), self.size(64)
        a = self.argument("i8", [self.fixed(m), self.fixed(k)], 0.0)
        b = self.argument("i8", [self.fixed(k), self.fixed(n)], 0.7)
        loops = [self.fixed(x) for x in (m, n, k)]
        if self.chance(0.6):
            a, b, kind = self.centred(a), self.widened(self.argument("i8", b.dims, 1.0), True), "product_centred"
        else:
            kind = "product_i8"
        total = nodes.contraction(self.graph, a, b, [d(0), d(2)], [d(2), d(1)], loops, [0, 1], None, kind)

        def body(arithmetic, s):
            x = arithmetic.cast(Scalar(s[0].name, "i32", Facts(2.0**20, None, True)), "f32")
            x = arithmetic.multiply(x, arithmetic.constant(2.0**-7, "f32", 7))
            x = arithmetic.make("math.roundeven", [x], Facts(2.0**13, 0, True))
            low, high = arithmetic.constant(-128.0, "f32", 0), arithmetic.constant(127.0, "f32", 0)
            x = arithmetic.either("arith.maximumf", x, low)
            return arithmetic.cast(arithmetic.either("arith.minimumf", x, high), "i8")

        return nodes.same_shape(self.graph, [total], "i8", body, "requantise")

    def widened(self, v, is_signed):
        """Bytes as i32."""

        def body(arithmetic, s):
            name = arithmetic.e.op(f"arith.{'extsi' if is_signed else 'extui'} {s[0].name} : i8 to i32")
            return Scalar(name, "i32", Facts(255.0, None, True))

        return nodes.same_shape(self.graph, [v], "i32", body, "widened")

    def centred(self, v):
        """Bytes less their zero point, as the importer has them before a product."""
        is_signed = self.chance(0.5)
        wide = self.widened(v, is_signed)
        zero = self.argument("i32", [], 1.0)

        def body(arithmetic, s):
            return arithmetic.make("arith.subi", s, Facts(400.0, None, True))

        return nodes.same_shape(self.graph, [wide, zero], "i32", body, "centred")

    def twins(self):
        """Two products of one input, and a sum of both: what gated layers and Q, K, V look like."""
        a = self.f32_tensor((2,), 6000)
        m, k = a.dims
        n = self.fixed(self.fit(m.most, k.most, WORK // 3))
        made = []
        for _ in range(self.rng.choice([2, 2, 3])):
            b = self.argument("f32", [k, n], 0.8)
            sizes = [lambda e: e.dim(a, 0), lambda e, b=b: e.dim(b, 1)]
            made.append(nodes.named(self.graph, "matmul", a, b, [m, n], sizes, k.most))
        return nodes.same_shape(self.graph, made[:2], "f32", lambda x, s: x.multiply(x.sigmoid(s[0]), s[1]), "gate")

    def separable(self):
        """A depthwise convolution, an activation, and a 1 x 1 convolution."""
        v = self.image(False, 3)
        if any(x.dynamic for x in v.dims[1:]):
            return None
        v = nodes.pad(self.graph, v, [0, 0, 1, 1], [0, 0, 1, 1], 0.0)
        c, f = v.dims[1], self.fixed(self.size(48))
        spatial = [x.map(lambda n: n - 2) for x in v.dims[2:]]
        three, one = self.fixed(3), self.fixed(1)
        attributes = " {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}"
        w = self.argument("f32", [c, three, three], 0.8)
        sizes = [lambda e: e.dim(v, 0), None, None, None]
        dims, op = [v.dims[0], c] + spatial, "depthwise_conv_2d_nchw_chw"
        deep = nodes.named(self.graph, op, v, w, dims, sizes, 9, None, attributes)
        deep = self.epilogue(deep, 1)
        w = self.argument("f32", [f, c, one, one], 0.8)
        dims = [v.dims[0], f] + spatial
        out = nodes.named(self.graph, "conv_2d_nchw_fchw", deep, w, dims, sizes, c.most, None, attributes)
        return self.epilogue(out, 1)


    def deep(self):
        """A product over a long reduction, of few rows, or of few columns; vectors too."""
        k = self.rng.choice([500, 769, 1024, 1500, 2048, 3000, 4097])
        m = self.rng.choice([1, 1, 2, 3, 4, 6, 8, 13, 16, 33])
        n = self.rng.choice([x for x in (1, 2, 7, 16, 31, 64, 65, 96, 128, 320, 1000) if m * k * x <= 3 * WORK])
        rows = self.fixed(m)
        if self.graph.sets > 1:
            rows = Dim((m, self.rng.choice([1, 2, 5])), True)
        a = self.argument("f32", [rows, self.fixed(k)], 0.0)
        turned = self.chance(0.4)
        b = self.argument("f32", [self.fixed(x) for x in ((n, k) if turned else (k, n))], 0.6)
        if turned:
            loops = [rows, self.fixed(n), self.fixed(k)]
            return self.epilogue(nodes.contraction(self.graph, a, b, ["d0", "d2"], ["d1", "d2"], loops, [0, 1], None, "deep"))
        sizes = [lambda e: e.dim(a, 0), None]
        return self.epilogue(nodes.named(self.graph, "matmul", a, b, [rows, self.fixed(n)], sizes, k))

    def long_rows(self):
        """Reductions of rows that are longer than a tile."""
        n = self.rng.choice([4000, 5001, 8192, 10_000])
        v = self.argument("f32", [self.fixed(self.rng.choice([1, 2, 3, 7])), self.fixed(n)], 0.0)
        if self.chance(0.4):
            return self.softmax_of(v, 1)
        out = nodes.reduce(self.graph, v, [self.rng.choice([0, 1, 1])], self.rng.choice(["sum", "max", "mean_square"]))
        return nodes.arg_extreme(self.graph, v, 1, True) if self.chance(0.3) else out

    def wide_convolution(self):
        """Enough constant filters to fill registers and panels, and images whose sizes leave tails."""
        if self.graph.special:  # Winograd's sums and differences make NaN of infinities (dlc --help)
            return None
        last, c = self.chance(0.5), self.rng.choice([3, 16, 24, 32, 64])
        f, k = self.rng.choice([24, 48, 64, 96, 100, 128, 160]), self.rng.choice([1, 3])
        rows = [self.rng.choice([7, 8, 9, 14, 17]) for _ in range(2)]
        while rows[0] * rows[1] * k * k * c * f > 4 * WORK and (rows[0] > 4 or c > 3):
            rows[0], c = max(4, rows[0] // 2), max(3, c // 2)
        h, w = (self.fixed(n + k - 1) for n in rows)
        v = self.argument("f32", [self.fixed(1), h, w, self.fixed(c)] if last else [self.fixed(1), self.fixed(c), h, w], 0.0)
        shape = [k, k, c, f] if last else [f, c, k, k]
        weights = self.argument("f32", [self.fixed(n) for n in shape], 1.0)
        stride = self.rng.choice([1, 1, 2])
        out = [self.fixed((n - 1) // stride + 1) for n in rows]
        dims = [v.dims[0]] + (out + [self.fixed(f)] if last else [self.fixed(f)] + out)
        attributes = f" {{dilations = dense<1> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>}}"
        op = "conv_2d_nhwc_hwcf" if last else "conv_2d_nchw_fchw"
        made = nodes.named(self.graph, op, v, weights, dims, [None] * 4, k * k * c, None, attributes)
        return self.epilogue(made, 3 if last else 1)


WEIGHTS = {
    **COMMON, "wide_convolution": 3, "deep": 4, "long_rows": 1, "shuffled_contraction": 4, "moments": 2, "onto": 2, "strided": 2, "into": 2,
    "while_loop": 1, "quantised": 1, "twins": 2, "separable": 2,
}  # fmt: skip
