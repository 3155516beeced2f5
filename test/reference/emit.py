"""The text of one node."""

from graph import Facts, Node, Value, draw, type_of


def number(value, dtype):
    """A constant as MLIR spells it."""
    if dtype in ("f32", "f16", "bf16"):
        if value in (float("inf"), float("-inf")):
            bits = {"f32": "7F800000", "f16": "7C00", "bf16": "7F80"}[dtype]
            return "0x" + (bits if value > 0 else {"7": "F"}[bits[0]] + bits[1:])
        return f"{value:.8e}"
    return {True: "true", False: "false"}[bool(value)] if dtype == "i1" else str(int(value))


def affine(loops, results):
    return f"affine_map<({', '.join(f'd{i}' for i in range(loops))}) -> ({', '.join(map(str, results))})>"


class Emit:
    """Collects a node's lines. `with Emit(graph, kind) as e` is not needed: `done` adds the node."""

    def __init__(self, graph, kind):
        self.graph, self.node = graph, Node(kind, [], [], [])
        self.prefix, self.serial = f"%n{graph.number()}_", 0

    def fresh(self):
        self.serial += 1
        return f"{self.prefix}{self.serial}"

    def line(self, text):
        self.node.lines.append(text)

    def op(self, text):
        """`text` with a fresh name for its result."""
        name = self.fresh()
        self.line(f"{name} = {text}")
        return name

    def use(self, value):
        if value not in self.node.inputs:
            self.node.inputs.append(value)
        return value.name

    def constant(self, value, dtype):
        return self.op(f"arith.constant {number(value, dtype)}" + (f" : {dtype}" if dtype != "i1" else ""))

    def index(self, value):
        return self.op(f"arith.constant {value} : index")

    def dim(self, value, axis):
        """The size as an index, also where it is static."""
        if not value.dims[axis].dynamic:
            return self.index(value.dims[axis].sizes[0])
        return self.op(f"tensor.dim {self.use(value)}, {self.index(axis)} : {value.type}")

    def empty(self, dtype, dims, sizes):
        """sizes: a name for each dimension, read where the dimension is dynamic."""
        names = ", ".join(s for d, s in zip(dims, sizes) if d.dynamic)
        return self.op(f"tensor.empty({names}) : {type_of(dtype, dims)}")

    def fill(self, value, dtype, dims, sizes):
        scalar, out, kind = self.constant(value, dtype), self.empty(dtype, dims, sizes), type_of(dtype, dims)
        return self.op(f"linalg.fill ins({scalar} : {dtype}) outs({out} : {kind}) -> {kind}")

    def generic(self, ins, outs, iterators, body):
        """ins and outs: (name, type, dtype, map results). body(names of block arguments) -> names to yield."""
        loops = len(iterators)
        maps = ", ".join(affine(loops, results) for *_, results in ins + outs)
        kinds = ", ".join('"reduction"' if i else '"parallel"' for i in iterators)
        spell = lambda rows: ", ".join(r[0] for r in rows) + " : " + ", ".join(r[1] for r in rows)
        result_types = ", ".join(o[1] for o in outs)
        name = self.fresh()
        heads = f"{name}:{len(outs)}" if len(outs) > 1 else name
        given = f" ins({spell(ins)})" if ins else ""
        properties = f"indexing_maps = [{maps}], iterator_types = [{kinds}]"
        self.line(f"{heads} = linalg.generic {{{properties}}}{given} outs({spell(outs)}) {{")
        arguments = [self.fresh() for _ in ins + outs]
        typed = ", ".join(f"{a}: {row[2]}" for a, row in zip(arguments, ins + outs))
        self.line(f"^bb0({typed}):")
        yields = body(arguments)
        self.line(f"  linalg.yield {', '.join(yields)} : {', '.join(o[2] for o in outs)}")
        self.line(f"}} -> {'(' + result_types + ')' if len(outs) > 1 else result_types}")
        return [f"{name}#{i}" for i in range(len(outs))] if len(outs) > 1 else [name]

    def result(self, name, dtype, dims, facts, limit=None):
        """Declares a result: the op that defines `name` is renamed to a value of the graph."""
        value = Value(f"%v{self.graph.number()}", dtype, tuple(dims), facts.settled(dtype), limit, self.node)
        if "#" in name:  # of several: the group keeps its name
            value.name = name
        else:
            self.node.lines = [_renamed(line, name, value.name) for line in self.node.lines]
        self.node.outputs.append(value)
        return value

    def done(self):
        self.graph.nodes.append(self.node)
        outputs = self.node.outputs
        return outputs[0] if len(outputs) == 1 else outputs


def _renamed(line, old, new):
    words = line.split(old)
    out = words[0]
    for word in words[1:]:
        follows = word[:1]
        out += (old if follows.isalnum() or follows == "_" else new) + word
    return out


def constant(graph, generator, dtype, dims, facts=None):
    """A constant tensor: a resource over bytes when it is large, as the importer does, else spelled out."""
    facts = facts or Facts(1.0, None, True)
    e = Emit(graph, "constant")
    array = draw(generator, dtype, tuple(d.sizes[0] for d in dims), facts)
    kind = type_of(dtype, dims)
    if array.size >= 16:
        key = f"r{graph.number()}"
        e.node.resources[key] = array
        name = e.op(f"arith.constant dense_resource<{key}> : {kind}")
    else:
        if dtype == "bf16":
            wide = (array.view("uint16").astype("uint32") << 16).view("float32")
        else:
            wide = array
        spelled = lambda a: number(a.item(), dtype) if a.ndim == 0 else "[" + ", ".join(spelled(x) for x in a) + "]"
        name = e.op(f"arith.constant dense<{spelled(wide)}> : {kind}")
    e.result(name, dtype, dims, facts)
    return e.done()
