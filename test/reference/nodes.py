"""Nodes: each function adds one op (and what it needs) to a graph and gives back its value."""

from emit import Emit
from graph import FLOATS, Dim, Facts, type_of
from scalars import Arithmetic, Scalar


def d(axis):
    return f"d{axis}"


def identity(rank):
    return [d(i) for i in range(rank)]


def broadcast_map(value, loops):
    """The map of an operand whose dimensions are the last of `loops`, or one."""
    first = len(loops) - value.rank
    return [("0" if dim.is_one() and not loops[first + i].is_one() else d(first + i)) for i, dim in enumerate(value.dims)]


def sizes_of(e, loops, operands):
    """Names of the dynamic loop sizes, asked of operands: rows (value, map)."""
    names = []
    for i, dim in enumerate(loops):
        name = None
        for value, results in operands:
            if dim.dynamic and name is None and d(i) in results:
                axis = results.index(d(i))
                if value.dims[axis].dynamic:
                    name = e.dim(value, axis)
        names.append(name)
    return names


def elementwise(graph, operands, loops, dtype, body, kind="elementwise", init=None):
    """operands: rows (value, map results). body(Arithmetic, scalars) -> the scalar to yield. init: a value to start
    from, whose number is the last scalar."""
    e = Emit(graph, kind)
    ins = [(e.use(v), v.type, v.dtype, results) for v, results in operands]
    out = e.use(init) if init else e.empty(dtype, loops, sizes_of(e, loops, operands))
    facts = []

    def run(names):
        given = [Scalar(n, v.dtype, v.facts) for n, (v, _) in zip(names, operands)]
        if init:
            given.append(Scalar(names[-1], init.dtype, init.facts))
        made = body(Arithmetic(e, graph.rng), given)
        facts.append(made.facts)
        return [made.name]

    (name,) = e.generic(ins, [(out, type_of(dtype, loops), dtype, identity(len(loops)))], [False] * len(loops), run)
    e.result(name, dtype, loops, facts[0])
    return e.done()


def same_shape(graph, values, dtype, body, kind="elementwise"):
    loops = merged(values)
    return elementwise(graph, [(v, broadcast_map(v, loops)) for v in values], loops, dtype, body, kind)


def merged(values):
    """The shape that values broadcast to."""
    rank = max(v.rank for v in values)
    loops = []
    for i in range(rank):
        dims = [v.dims[i - rank + v.rank] for v in values if i - rank + v.rank >= 0]
        wide = [x for x in dims if not x.is_one()]
        fixed = [x for x in wide if not x.dynamic]
        loops.append((fixed or wide or dims)[0])
    return loops


def convert(graph, value, dtype):
    return same_shape(graph, [value], dtype, lambda a, s: a.cast(s[0], dtype), "convert")


def reduce(graph, value, axes, how):
    """how: sum, max, min, mean_square (a sum of squares), product. In f32 where the value is a float."""
    e = Emit(graph, f"reduce_{how}")
    kept = [i for i in range(value.rank) if i not in axes]
    dims, n = [value.dims[i] for i in kept], 1
    for i in axes:
        n *= value.dims[i].most
    is_float = value.dtype in FLOATS
    dtype = "f32" if is_float else value.dtype
    big = float("inf") if is_float else 2 ** ({"i8": 8, "i32": 32, "i64": 64}[dtype] - 1) - 1
    start = {"max": -big, "min": big, "product": 1}.get(how, 0)
    out = e.fill(start, dtype, dims, [e.dim(value, i) if value.dims[i].dynamic else None for i in kept])

    def run(names):
        a = Arithmetic(e, graph.rng)
        x, total = a.cast(Scalar(names[0], value.dtype, value.facts), dtype), Scalar(names[1], dtype, Facts())
        if how == "mean_square":
            x = a.multiply(x, x) if is_float else a.make("arith.muli", [x, x], Facts())
        ops = {"max": ("maximumf", "maxsi"), "min": ("minimumf", "minsi"), "product": ("mulf", "muli")}
        op = ops.get(how, ("addf", "addi"))[0 if is_float else 1]
        return [a.make(f"arith.{op}", [total, x], Facts()).name]

    ins = [(e.use(value), value.type, value.dtype, identity(value.rank))]
    outs = [(out, type_of(dtype, dims), dtype, [d(i) for i in kept])]
    (name,) = e.generic(ins, outs, [i in axes for i in range(value.rank)], run)
    e.result(name, dtype, dims, reduced_facts(value.facts, n, how))
    return e.done()


def reduced_facts(facts, n, how):
    magnitude = {"max": facts.magnitude, "min": facts.magnitude, "product": max(facts.magnitude, 1.0) ** min(n, 16),
                 "mean_square": n * facts.magnitude**2}.get(how, n * facts.magnitude)  # fmt: skip
    grid = None if facts.grid is None else {"max": facts.grid, "min": facts.grid, "sum": facts.grid}.get(how)
    if how == "mean_square" and facts.grid is not None:
        grid = 2 * facts.grid
    return Facts(magnitude, grid, facts.exact and how in ("max", "min"))


def arg_extreme(graph, value, axis, greatest):
    """The extreme number along an axis and its first place: a reduction of two results."""
    e = Emit(graph, "arg_extreme")
    kept = [i for i in range(value.rank) if i != axis]
    dims = [value.dims[i] for i in kept]
    sizes = [e.dim(value, i) if value.dims[i].dynamic else None for i in kept]
    is_float = value.dtype in FLOATS
    big = float("inf") if is_float else 2**31 - 1
    best = e.fill(-big if greatest else big, value.dtype, dims, sizes)
    place = e.fill(2**63 - 1, "i64", dims, sizes)
    maps = [d(i) for i in kept]

    def run(names):
        x, most, at = names
        kind, op = value.dtype, "arith.cmpf o" if is_float else "arith.cmpi s"
        here = e.op(f"arith.index_cast {e.op(f'linalg.index {axis} : index')} : index to i64")
        better = e.op(f"{op}{'gt' if greatest else 'lt'}, {x}, {most} : {kind}")
        equal = e.op(f"arith.cmp{'f oeq' if is_float else 'i eq'}, {x}, {most} : {kind}")
        before = e.op(f"arith.cmpi slt, {here}, {at} : i64")
        tie = e.op(f"arith.andi {equal}, {before} : i1")
        taken = e.op(f"arith.ori {better}, {tie} : i1")
        return [e.op(f"arith.select {taken}, {x}, {most} : {kind}"), e.op(f"arith.select {taken}, {here}, {at} : i64")]

    ins = [(e.use(value), value.type, value.dtype, identity(value.rank))]
    outs = [(best, type_of(value.dtype, dims), value.dtype, maps), (place, type_of("i64", dims), "i64", maps)]
    number, at = e.generic(ins, outs, [i == axis for i in range(value.rank)], run)
    e.result(number, value.dtype, dims, value.facts)
    e.result(at, "i64", dims, Facts(2.0**40, None, True), None)
    return e.done()


# --- moves ---------------------------------------------------------------------------------
def transpose(graph, value, order):
    e = Emit(graph, "transpose")
    dims = [value.dims[i] for i in order]
    out = e.empty(value.dtype, dims, [e.dim(value, i) if value.dims[i].dynamic else None for i in order])
    kind = type_of(value.dtype, dims)
    name = e.op(f"linalg.transpose ins({e.use(value)} : {value.type}) outs({out} : {kind}) permutation = {order}")
    e.result(name, value.dtype, dims, value.facts, value.limit)
    return e.done()


def collapse(graph, value, groups):
    e = Emit(graph, "collapse")
    dims = [product([value.dims[i] for i in g]) for g in groups]
    name = e.op(f"tensor.collapse_shape {e.use(value)} {groups} : {value.type} into {type_of(value.dtype, dims)}")
    e.result(name, value.dtype, dims, value.facts, value.limit)
    return e.done()


def product(dims):
    sizes = [1] * len(dims[0].sizes)
    for dim in dims:
        sizes = [a * b for a, b in zip(sizes, dim.sizes)]
    return Dim(tuple(sizes), any(x.dynamic for x in dims))


def expand(graph, value, parts):
    """parts: for each dimension the list of dimensions it becomes; a dynamic one may only get ones beside it."""
    e = Emit(graph, "expand")
    dims = [x for p in parts for x in p]
    groups, at = [], 0
    for p in parts:
        groups.append(list(range(at, at + len(p))))
        at += len(p)
    shape = []
    for i, p in enumerate(parts):
        shape += [e.dim(value, i) if x.dynamic else str(x.sizes[0]) for x in p]
    kind = type_of(value.dtype, dims)
    name = e.op(f"tensor.expand_shape {e.use(value)} {groups} output_shape [{', '.join(shape)}] : {value.type} into {kind}")
    e.result(name, value.dtype, dims, value.facts, value.limit)
    return e.done()


def insert_ones(graph, value, axes):
    """The value with dimensions of one at `axes` of the result, as after a reduction that keeps dimensions."""
    one = Dim((1,) * graph.sets)
    if not value.rank:
        return expand_scalar(graph, value, len(axes))
    parts, rank = [[] for _ in range(value.rank)], value.rank + len(axes)
    kept = [i for i in range(rank) if i not in axes]
    for i in range(rank):
        if i in axes:
            parts[max(0, sum(k < i for k in kept) - 1)].append(one)
        else:
            parts[kept.index(i)].append(value.dims[kept.index(i)])
    return expand(graph, value, parts)


def expand_scalar(graph, value, n):
    e = Emit(graph, "expand")
    dims = [Dim((1,) * graph.sets)] * n
    ones = ", ".join(["1"] * n)
    kind = type_of(value.dtype, dims)
    name = e.op(f"tensor.expand_shape {e.use(value)} [] output_shape [{ones}] : {value.type} into {kind}")
    e.result(name, value.dtype, dims, value.facts, value.limit)
    return e.done()


def pad(graph, value, low, high, number):
    e = Emit(graph, "pad")
    dims = [Dim(tuple(n + a + b for n in x.sizes), x.dynamic) for x, a, b in zip(value.dims, low, high)]
    scalar = e.constant(number, value.dtype)
    e.use(value)
    name = e.op(f"tensor.pad {value.name} low{low} high{high} {{")
    e.line("^bb0(" + ", ".join(f"{e.fresh()}: index" for _ in dims) + "):")
    e.line(f"  tensor.yield {scalar} : {value.dtype}")
    e.line(f"}} : {value.type} to {type_of(value.dtype, dims)}")
    most = max(value.facts.magnitude, abs(number) if abs(number) < 1e30 else 0)
    e.result(name, value.dtype, dims, Facts(most, value.facts.grid, value.facts.exact))
    return e.done()


def pad_edge(graph, value, low, high):
    """Padding that repeats the edge, as the importer writes it: elements are fetched at indices that are clamped."""
    e = Emit(graph, "pad_edge")
    dims = [Dim(tuple(n + a + b for n in x.sizes), x.dynamic) for x, a, b in zip(value.dims, low, high)]
    sizes, last, zero = [], [], e.index(0)
    e.use(value)
    for i, x in enumerate(value.dims):
        here = e.dim(value, i)
        sizes.append(e.op(f"arith.addi {here}, {e.index(low[i] + high[i])} : index") if x.dynamic else None)
        last.append(e.op(f"arith.subi {here}, {e.index(1)} : index"))
    before = [e.index(n) for n in low]

    def run(_names):
        at = []
        for i in range(value.rank):
            moved = e.op(f"arith.subi {e.op(f'linalg.index {i} : index')}, {before[i]} : index")
            at.append(e.op(f"arith.minsi {e.op(f'arith.maxsi {moved}, {zero} : index')}, {last[i]} : index"))
        return [e.op(f"tensor.extract {value.name}[{', '.join(at)}] : {value.type}")]

    out = (e.empty(value.dtype, dims, sizes), type_of(value.dtype, dims), value.dtype, identity(len(dims)))
    (name,) = e.generic([], [out], [False] * len(dims), run)
    e.result(name, value.dtype, dims, value.facts, value.limit)
    return e.done()


def slice_of(graph, value, offsets, counts, strides):
    """counts: a Dim each; a dynamic one reaches to the end of its dimension."""
    e = Emit(graph, "slice")
    names = []
    for i, n in enumerate(counts):
        if n.dynamic:
            room = e.op(f"arith.subi {e.dim(value, i)}, {e.index(offsets[i])} : index")
            names.append(e.op(f"arith.ceildivsi {room}, {e.index(strides[i])} : index"))
        else:
            names.append(str(n.sizes[0]))
    kind = type_of(value.dtype, counts)
    place = f"{list(offsets)} [{', '.join(names)}] {list(strides)}"
    name = e.op(f"tensor.extract_slice {e.use(value)}{place} : {value.type} to {kind}")
    e.result(name, value.dtype, counts, value.facts, value.limit)
    return e.done()


def concat(graph, values, axis):
    """Slices inserted into an empty tensor, as the importer does it."""
    e = Emit(graph, "concat")
    first = values[0]
    total = Dim(tuple(map(sum, zip(*(v.dims[axis].sizes for v in values)))), any(v.dims[axis].dynamic for v in values))
    dims = [total if i == axis else x for i, x in enumerate(first.dims)]
    text = lambda v, i: e.dim(v, i) if v.dims[i].dynamic else str(v.dims[i].sizes[0])
    offset, sizes = "0", [text(first, i) if x.dynamic and i != axis else None for i, x in enumerate(first.dims)]
    offsets = []
    for v in values:
        offsets.append(offset)
        index = lambda t: t if t.startswith("%") else e.index(int(t))
        here = text(v, axis)
        both = offset.startswith("%") or here.startswith("%")
        offset = e.op(f"arith.addi {index(offset)}, {index(here)} : index") if both else str(int(offset) + int(here))
    sizes[axis] = offset
    name, kind = e.empty(first.dtype, dims, sizes), type_of(first.dtype, dims)
    for v, at in zip(values, offsets):
        place = ", ".join(at if i == axis else "0" for i in range(v.rank))
        counts = ", ".join(text(v, i) for i in range(v.rank))
        ones = ", ".join(["1"] * v.rank)
        name = e.op(f"tensor.insert_slice {e.use(v)} into {name}[{place}] [{counts}] [{ones}] : {v.type} into {kind}")
    grids = [v.facts.grid for v in values]
    most, exact = max(v.facts.magnitude for v in values), all(v.facts.exact for v in values)
    e.result(name, first.dtype, dims, Facts(most, None if None in grids else max(grids), exact))
    return e.done()


def gather(graph, value, indices, axis):
    """Elements along an axis at run-time places, as the importer writes Gather."""
    e = Emit(graph, "gather")
    n = indices.rank
    dims = list(value.dims[:axis]) + list(indices.dims) + list(value.dims[axis + 1 :])
    e.use(value)
    size, zero, one = e.dim(value, axis), e.index(0), e.index(1)
    last = e.op(f"arith.subi {size}, {one} : index")
    sizes = [e.dim(value, i) if x.dynamic else None for i, x in enumerate(value.dims[:axis])]
    sizes += [e.dim(indices, i) if x.dynamic else None for i, x in enumerate(indices.dims)]
    sizes += [e.dim(value, axis + 1 + i) if x.dynamic else None for i, x in enumerate(value.dims[axis + 1 :])]

    def run(names):
        at = e.op(f"arith.index_cast {names[0]} : {indices.dtype} to index")
        negative = e.op(f"arith.cmpi slt, {at}, {zero} : index")
        at = e.op(f"arith.select {negative}, {e.op(f'arith.addi {at}, {size} : index')}, {at} : index")
        at = e.op(f"arith.minsi {e.op(f'arith.maxsi {at}, {zero} : index')}, {last} : index")
        loop = lambda i: e.op(f"linalg.index {i} : index")
        place = [loop(i) for i in range(axis)] + [at] + [loop(i + n - 1) for i in range(axis + 1, value.rank)]
        return [e.op(f"tensor.extract {value.name}[{', '.join(place)}] : {value.type}")]

    ins = [(e.use(indices), indices.type, indices.dtype, [d(axis + i) for i in range(n)])]
    out = (e.empty(value.dtype, dims, sizes), type_of(value.dtype, dims), value.dtype, identity(len(dims)))
    (name,) = e.generic(ins, [out], [False] * len(dims), run)
    e.result(name, value.dtype, dims, value.facts, value.limit)
    return e.done()


# --- contractions --------------------------------------------------------------------------
def contraction_facts(a, b, depth):
    grid = a.facts.grid + b.facts.grid if a.facts.grid is not None and b.facts.grid is not None else None
    return Facts(a.facts.magnitude * b.facts.magnitude * depth, grid)


def added_facts(facts, init):
    if init is None:
        return facts
    grid = max(facts.grid, init.facts.grid) if facts.grid is not None and init.facts.grid is not None else None
    return Facts(facts.magnitude + init.facts.magnitude, grid)


def accumulator(e, dtype, loops, kept, operands, init):
    """What a contraction adds to: a value, or zeros."""
    if init is not None:
        return e.use(init)
    sizes = sizes_of(e, loops, operands)
    return e.fill(0, dtype, [loops[i] for i in kept], [sizes[i] for i in kept])


def contraction(graph, a, b, a_map, b_map, loops, kept, init=None, kind="contraction"):
    """A generic contraction: maps are lists of loop names, `kept` the loops of the result in order."""
    e = Emit(graph, kind)
    dtype = "f32" if a.dtype in FLOATS else "i32"
    dims = [loops[i] for i in kept]
    out = accumulator(e, dtype, loops, kept, [(a, a_map), (b, b_map)], init)

    def run(names):
        arithmetic = Arithmetic(e, graph.rng)
        x, y = (arithmetic.cast(Scalar(n, v.dtype, v.facts), dtype) for n, v in zip(names, (a, b)))
        f = "f" if dtype == "f32" else "i"
        p = arithmetic.make(f"arith.mul{f}", [x, y], Facts())
        return [arithmetic.make(f"arith.add{f}", [Scalar(names[2], dtype, Facts()), p], Facts()).name]

    ins = [(e.use(v), v.type, v.dtype, m) for v, m in ((a, a_map), (b, b_map))]
    outs = [(out, type_of(dtype, dims), dtype, [d(i) for i in kept])]
    (name,) = e.generic(ins, outs, [i not in kept for i in range(len(loops))], run)
    depth = 1
    for i, x in enumerate(loops):
        depth *= 1 if i in kept else x.most
    e.result(name, dtype, dims, added_facts(contraction_facts(a, b, depth), init))
    return e.done()


def named(graph, op, a, b, dims, sizes, depth, init=None, attributes=""):
    """A named op of linalg with two inputs. sizes: of the result, (value, axis) or a function of Emit, where dynamic."""
    e = Emit(graph, op)
    dtype = "f32" if a.dtype in FLOATS else "i32"
    if init is None:
        out = e.fill(0, dtype, dims, [s(e) if x.dynamic else None for x, s in zip(dims, sizes)])
    else:
        out = e.use(init)
    kind = type_of(dtype, dims)
    name = e.op(f"linalg.{op}{attributes} ins({e.use(a)}, {e.use(b)} : {a.type}, {b.type}) outs({out} : {kind}) -> {kind}")
    e.result(name, dtype, dims, added_facts(contraction_facts(a, b, depth), init))
    return e.done()
