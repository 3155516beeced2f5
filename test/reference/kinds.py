"""What random graphs are made of: each kind picks values, or new arguments, and adds one or several nodes."""

import nodes
from emit import Emit, constant
from graph import FLOATS, Dim, Facts, count_of, type_of
from nodes import d
from scalars import Scalar

SIZES = (1, 1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 16, 17, 23, 31, 32, 32, 33, 47, 48, 64, 65, 96, 128)
LONG = (255, 257, 512, 1000, 2048, 3000)
WORK = 1_200_000  # multiplications of a contraction


class Kinds:
    def __init__(self, graph, generator, floats, most):
        self.graph, self.rng, self.generator, self.floats = graph, graph.rng, generator, floats
        self.most = most  # elements of a tensor

    # --- sizes, arguments, choices ---
    def chance(self, p):
        return self.rng.random() < p

    def size(self, most=128):
        if most > 128 and self.chance(0.5):
            return self.rng.choice([n for n in LONG if n <= most] or [128])
        return self.rng.choice([n for n in SIZES if n <= max(1, most)])

    def fixed(self, n):
        return Dim((n,) * self.graph.sets)

    def dim(self, most=128):
        """A dimension, dynamic now and then where the graph has several data sets."""
        if self.graph.sets > 1 and self.chance(0.4):
            sizes = [self.size(most) for _ in range(self.graph.sets)]
            if self.graph.empty and self.chance(0.3):
                sizes[self.rng.randrange(len(sizes))] = 0
            return Dim(tuple(sizes), True)
        return self.fixed(self.size(most))

    def dtype(self):
        return self.rng.choice(self.floats)

    def facts(self, dtype):
        if dtype not in FLOATS:
            return Facts(100.0, None, True)
        return Facts(2.0, 2, True) if self.chance(0.4) else Facts(1.0, None, True)

    def argument(self, dtype, dims, constants=0.25):
        """A new argument, or a constant."""
        facts = self.facts(dtype)
        if not any(x.dynamic for x in dims) and self.chance(constants) and dtype != "i1":
            return constant(self.graph, self.generator, dtype, tuple(dims), facts)
        return self.graph.argument(dtype, dims, facts)

    def pick(self, good, p=0.8):
        """A value of the graph, the later the likelier; None: none is good."""
        found = [v for v in self.graph.values() if good(v)]
        if not found or not self.chance(p):
            return None
        return found[-1 - min(int(self.rng.expovariate(0.5)), len(found) - 1)]

    def dims(self, rank, most=None):
        most = most or self.most
        out, left = [], most
        for i in range(rank):
            long = 3000 if rank - i == 1 and self.chance(0.1) else 128
            x = self.dim(min(long, max(1, int(left ** (1.6 / (rank - i))) if i + 1 < rank else left)))
            out.append(x)
            left //= max(1, x.most)
        self.rng.shuffle(out)
        return out

    def tensor(self, ranks=(1, 2, 3, 4), good=lambda v: True, dtype=None, integers=0.15):
        """A value of one of these ranks, or a new one."""
        kinds = (dtype,) if dtype else tuple(self.floats) + ("i32", "i64", "i8")
        found = self.pick(lambda v: v.rank in ranks and v.dtype in kinds and v.count <= self.most and good(v))
        if found:
            return found
        chosen = dtype or (self.rng.choice(["i32", "i64", "i8"]) if self.chance(integers) else self.dtype())
        return self.argument(chosen, self.dims(self.rng.choice(ranks)), constants=0.05)

    def float_tensor(self, ranks=(1, 2, 3, 4), good=lambda v: True):
        return self.tensor(ranks, lambda v: v.dtype in FLOATS and good(v), None, 0)

    def f32(self, value):
        return value if value.dtype == "f32" else nodes.convert(self.graph, value, "f32")

    # --- elementwise ---
    def operand_for(self, dims, dtype):
        """A value that broadcasts to dims: one of the graph, or new with ones and without leading dimensions."""
        fits = lambda v: v.dtype == dtype and v.rank <= len(dims) and all(
            x.is_one() or x == dims[len(dims) - v.rank + i] for i, x in enumerate(v.dims)
        )
        found = self.pick(fits, 0.6)
        if found:
            return found
        shape = [self.fixed(1) if self.chance(0.3) else x for x in dims]
        shape = shape[self.rng.choice([0, 0, len(dims) - 1, self.rng.randrange(len(dims) + 1)]) :] if dims else []
        return self.argument(dtype, shape)

    def elementwise(self):
        base = self.tensor((0, 1, 2, 3, 4, 5))
        loops = list(base.dims)
        for i, x in enumerate(loops):  # the base itself may be what is broadcast
            if x.is_one() and self.chance(0.3):
                loops[i] = self.fixed(self.size(max(1, self.most // max(1, base.count))))
        operands = [(base, nodes.broadcast_map(base, loops))]
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            v = self.operand_for(loops, base.dtype)
            operands.append((v, nodes.broadcast_map(v, loops)))
        if self.chance(0.12) and len(loops) > 1:
            operands.append(self.permuted(loops, base.dtype))
        return nodes.elementwise(self.graph, operands, loops, self.result_type(base), self.body(len(loops)))

    def permuted(self, loops, dtype):
        """An operand that is read transposed."""
        order = self.rng.sample(range(len(loops)), len(loops))
        value = self.argument(dtype, [loops[i] for i in order])
        return value, [d(i) for i in order]

    def result_type(self, base):
        self.turns_to = base.dtype
        if base.dtype in ("f32", "i32") and self.chance(0.06):
            self.turns_to = "i1"
        return self.turns_to

    def body(self, loops):
        turns_to, steps = self.turns_to, self.rng.choice([1, 1, 2, 2, 3, 4, 6])
        index = self.chance(0.06) and loops > 0

        def run(a, scalars):
            pool = list(scalars)
            if index and pool[0].dtype == "f32":
                at = a.e.op(f"linalg.index {self.rng.randrange(loops)} : index")
                wide = Scalar(a.e.op(f"arith.index_cast {at} : index to i32"), "i32", Facts(128.0, None, True))
                pool.append(a.cast(wide, "f32"))
            for _ in range(steps):
                pool.append(a.step(pool))
            last = pool[-1]
            for x in scalars[1:]:  # so that no operand is read in vain
                last = a.add(last, x) if last.is_float else a.step([last, x])
            last = a.tame(last)
            if turns_to == "i1":
                exact = next((x for x in reversed(pool) if not x.is_float or x.facts.settled(x.dtype).exact), None)
                return a.compare(exact, a.constant(0, exact.dtype, 0)) if exact else a.constant(True, "i1", 0)
            return last

        return run

    def on_tensors(self):
        """arith on whole tensors."""
        a = self.tensor((1, 2, 3), lambda v: v.dtype in ("f32", "i32"))
        if a.dtype not in ("f32", "i32"):
            return None
        b = self.pick(lambda v: v.dtype == a.dtype and v.dims == a.dims) or a
        # What MLIR folds to a constant when both are the same value has no static shape to be one of.
        op = self.rng.choice(["addf", "mulf", "maximumf", "subf"] if a.dtype == "f32" else ["addi", "muli", "maxsi", "ori"])
        e = Emit(self.graph, "on_tensors")
        name = e.op(f"arith.{op} {e.use(a)}, {e.use(b)} : {a.type}")
        e.result(name, a.dtype, a.dims, Facts(max(1, a.facts.magnitude) * max(1, b.facts.magnitude) * 2))
        return e.done()

    def where(self):
        """A comparison kept as a tensor of i1, and what selects by it."""
        x = self.tensor((1, 2, 3), lambda v: v.facts.exact and v.dtype in ("f32", "i32"))
        if not x.facts.exact:
            return None
        y = self.operand_for(x.dims, x.dtype)
        if not y.facts.exact:
            return None
        mask = nodes.same_shape(self.graph, [x, y], "i1", lambda a, s: a.compare(s[0], s[1]), "compare")
        z = self.operand_for(mask.dims, "f32")
        w = self.operand_for(mask.dims, "f32")
        return nodes.same_shape(self.graph, [mask, z, w], "f32", lambda a, s: a.select(*s), "select")

    def cast(self):
        v = self.tensor((1, 2, 3))
        if v.dtype in FLOATS:
            exact = v.facts.exact and v.facts.magnitude < 1e4 and not self.graph.special
            to = self.rng.choice([f for f in self.floats if f != v.dtype] + (["i32"] if exact else []) or ["f32"])
        else:
            to = "f32" if v.facts.magnitude < 1e4 else "i64" if v.dtype == "i32" else "i32"
        return nodes.convert(self.graph, v, to) if to != v.dtype else None

    # --- reductions ---
    def axes(self, rank):
        if self.chance(0.4):
            return [rank - 1]
        return sorted(self.rng.sample(range(rank), min(rank, self.rng.choice([1, 1, 2, rank]))))

    def reduction(self):
        v = self.tensor((1, 2, 3, 4))
        axes = self.axes(v.rank)
        out = nodes.reduce(self.graph, v, axes, self.rng.choice(["sum", "sum", "max", "min", "mean_square"]))
        if self.chance(0.4):
            out = nodes.insert_ones(self.graph, out, axes)
        return out

    def arg_extreme(self):
        v = self.tensor((1, 2, 3), lambda v: v.facts.exact and v.dtype in ("f32", "i32"))
        if not v.facts.exact or v.dtype not in ("f32", "i32"):
            return None
        return nodes.arg_extreme(self.graph, v, self.rng.randrange(v.rank), self.chance(0.7))

    def softmax(self):
        v = self.float_tensor((1, 2, 3, 4))
        return self.softmax_of(v, self.rng.choice([v.rank - 1, v.rank - 1, self.rng.randrange(v.rank)]))

    def softmax_of(self, v, axis):
        g = self.graph
        v = nodes.same_shape(g, [v], "f32", lambda a, s: a.small(a.cast(s[0], "f32"), 16))
        top = nodes.insert_ones(g, nodes.reduce(g, v, [axis], "max"), [axis])
        rise = lambda a, s: a.function("math.exp", a.add(s[0], s[1], "arith.subf"), 1.0)
        risen = nodes.same_shape(g, [v, top], "f32", rise, "softmax_exp")
        total = nodes.insert_ones(g, nodes.reduce(g, risen, [axis], "sum"), [axis])
        return nodes.same_shape(g, [risen, total], "f32", lambda a, s: a.make("arith.divf", s, Facts(1.0)), "softmax_div")

    def normalize(self):
        """LayerNorm, or RMSNorm, over the last one or two dimensions."""
        g, v = self.graph, self.f32(self.float_tensor((2, 3, 4), lambda v: not v.dims[-1].dynamic))
        if v.dims[-1].dynamic:
            return None
        n = 2 if v.rank > 2 and self.chance(0.2) and not v.dims[-2].dynamic else 1
        axes, count = list(range(v.rank - n, v.rank)), float(nodes.product(v.dims[v.rank - n :]).most)
        centre = v
        divide = lambda a, s: a.make("arith.divf", [s[0], a.constant(count, "f32")], Facts(s[0].facts.magnitude / count))
        if self.chance(0.7):
            mean = nodes.same_shape(g, [nodes.insert_ones(g, nodes.reduce(g, v, axes, "sum"), axes)], "f32", divide, "mean")
            centre = nodes.same_shape(g, [v, mean], "f32", lambda a, s: a.add(s[0], s[1], "arith.subf"), "centre")
        square = nodes.insert_ones(g, nodes.reduce(g, centre, axes, "mean_square"), axes)
        spread = lambda a, s: a.function("math.rsqrt", a.add(divide(a, s), a.constant(0.0625, "f32", 4)), 4.0)
        scale = nodes.same_shape(g, [square], "f32", spread, "scale")
        gain = self.argument("f32", v.dims[-n:], 0.7)
        scaled = lambda a, s: a.multiply(a.multiply(s[0], s[1]), s[2])
        return nodes.same_shape(g, [centre, scale, gain], "f32", scaled, "normalize")

    # --- moves ---
    def transpose(self):
        v = self.tensor((2, 3, 4, 5))
        return nodes.transpose(self.graph, v, self.rng.sample(range(v.rank), v.rank))

    def reshape(self):
        """Collapses neighbours, or splits a dimension, or both, which is any reshape."""
        v = self.tensor((1, 2, 3, 4))
        if v.rank > 1 and self.chance(0.5):
            at = self.rng.randrange(v.rank - 1)
            groups = [[i] for i in range(at)] + [[at, at + 1]] + [[i] for i in range(at + 2, v.rank)]
            if self.chance(0.2):
                groups = [list(range(v.rank))]
            v = nodes.collapse(self.graph, v, groups)
            if self.chance(0.5):
                return v
        divisors = self.rng.sample([2, 3, 4, 7, 16], 5)
        splits = lambda x: not x.dynamic and next((p for p in divisors if x.sizes[0] % p == 0), None)
        parts = []
        for x in v.dims:
            p = splits(x) if len(parts) + v.rank < 6 and self.chance(0.6) else None
            halves = [self.fixed(p), self.fixed(x.sizes[0] // p)] if p else [x]
            parts.append(halves[::-1] if self.chance(0.5) else halves)
        return nodes.expand(self.graph, v, parts)

    def pad(self):
        v = self.tensor((1, 2, 3, 4))
        amount = lambda: self.rng.choice([0, 0, 1, 1, 2, 3])
        low, high = [amount() for _ in v.dims], [amount() for _ in v.dims]
        if self.chance(0.3) and all(min(x.sizes) for x in v.dims):
            return nodes.pad_edge(self.graph, v, low, high)
        infinite = v.dtype == "f32" and self.chance(0.1)
        return nodes.pad(self.graph, v, low, high, float("-inf") if infinite else self.rng.choice([0, 0, 1]) * 1.0)

    def slice(self):
        v = self.tensor((1, 2, 3, 4))
        offsets, counts, strides = [], [], []
        for x in v.dims:
            room, step = min(x.sizes), self.rng.choice([1, 1, 1, 2, 3])
            offset = self.rng.choice([0, 0, 0, 1, 2, 5])
            offset = offset if offset < room else 0
            whole = x.map(lambda n: -(-(n - offset) // step))
            if not x.dynamic and self.chance(0.4):
                whole = self.fixed(self.rng.randint(1, whole.sizes[0]))
            offsets.append(offset), counts.append(whole), strides.append(step)
        return nodes.slice_of(self.graph, v, offsets, counts, strides)

    def concat(self):
        a = self.tensor((1, 2, 3, 4))
        axis = self.rng.randrange(a.rank)
        parts = [a]
        for _ in range(self.rng.choice([1, 1, 2])):
            fits = lambda v: v.dtype == a.dtype and v.rank == a.rank and all(
                x == y for i, (x, y) in enumerate(zip(v.dims, a.dims)) if i != axis
            )
            other = self.pick(fits, 0.6)
            parts.append(other or self.argument(a.dtype, [self.dim(16) if i == axis else x for i, x in enumerate(a.dims)]))
        self.rng.shuffle(parts)
        return nodes.concat(self.graph, parts, axis)

    def split(self):
        """Two parts of a dimension, both used."""
        v = self.tensor((1, 2, 3), lambda v: not v.dims[-1].dynamic and v.dims[-1].most > 1)
        n = v.dims[-1].sizes[0]
        if v.dims[-1].dynamic or n < 2:
            return None
        at = n // 2 if self.chance(0.6) else self.rng.randrange(1, n)
        part = lambda first, count: nodes.slice_of(
            self.graph, v, [0] * (v.rank - 1) + [first], list(v.dims[:-1]) + [self.fixed(count)], [1] * v.rank
        )
        a, b = part(0, at), part(at, n - at)
        if at == n - at and v.dtype == "f32":
            return nodes.same_shape(self.graph, [a, b], "f32", lambda x, s: x.multiply(s[0], x.sigmoid(s[1])), "gate")
        return b

    def gather(self):
        v = self.tensor((1, 2, 3))
        axis = self.rng.randrange(v.rank)
        dims = [self.dim(16) for _ in range(self.rng.choice([0, 1, 1, 2]))]
        if count_of(list(v.dims) + dims) > 4 * self.most or not min(v.dims[axis].sizes):
            return None
        indices = self.graph.argument(self.rng.choice(["i64", "i32"]), dims, Facts(1.0, None, True), min(v.dims[axis].sizes))
        return nodes.gather(self.graph, v, indices, axis)
