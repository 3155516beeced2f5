"""Random graphs as data: values, nodes, and the MLIR text of the whole, in the form that the importer makes.

A node is text that uses and defines named values, so a graph can be cut anywhere: a value whose node is dropped becomes
an argument of @main (see Graph.cut). Every dimension knows its size in each data set; a dynamic one is `?` in types, and
its size is asked with tensor.dim.

Each value carries what is known of its numbers, so that what is generated is well conditioned:
    magnitude   |x| is at most that
    grid        x is a multiple of 2**-grid; sums and products of such numbers are exact while they fit a float
    exact       the compiler must get every bit: only then may a value go where small errors become large ones
                (comparisons, rounding, indices)
"""

import random
from dataclasses import dataclass, field

import numpy

NUMPY = {"f32": "float32", "f16": "float16", "i32": "int32", "i64": "int64", "i8": "int8", "i1": "bool", "bf16": "V2"}
DLC = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "i32": "int32", "i64": "int64", "i8": "int8", "i1": "bool"}
FLOATS = ("f32", "f16", "bf16")
SPECIAL = numpy.array([numpy.nan, numpy.inf, -numpy.inf, -0.0, 1e-42], "float32")
DIGITS = {"f32": 23, "f16": 10, "bf16": 7}  # of exact sums


@dataclass(frozen=True)
class Dim:
    sizes: tuple  # in each data set
    dynamic: bool = False

    @property
    def most(self):
        return max(self.sizes)

    def is_one(self):
        return not self.dynamic and self.sizes[0] == 1

    def map(self, function):
        return Dim(tuple(function(n) for n in self.sizes), self.dynamic)


@dataclass
class Facts:
    magnitude: float = 1.0
    grid: int | None = None
    exact: bool = False

    def settled(self, dtype):
        """With `exact` from the grid: whether all such numbers have few enough digits."""
        if self.grid is not None and self.magnitude * 2.0**self.grid > 2.0 ** DIGITS.get(dtype, 62):
            return Facts(self.magnitude, None, False)
        return Facts(self.magnitude, self.grid, self.exact or self.grid is not None)


@dataclass(eq=False)
class Value:
    name: str
    dtype: str
    dims: tuple
    facts: Facts
    limit: int | None = None  # integers: numbers are in 0 .. limit - 1
    node: "Node | None" = None  # None: an argument

    @property
    def rank(self):
        return len(self.dims)

    @property
    def type(self):
        return type_of(self.dtype, self.dims)

    @property
    def count(self):
        return count_of(self.dims)


def type_of(dtype, dims):
    return "tensor<" + "".join("?x" if d.dynamic else f"{d.sizes[0]}x" for d in dims) + dtype + ">"


def count_of(dims):
    n = 1
    for d in dims:
        n *= d.most
    return n


@dataclass(eq=False)
class Node:
    kind: str
    lines: list
    inputs: list
    outputs: list
    resources: dict = field(default_factory=dict)


class Graph:
    def __init__(self, seed, sets):
        self.seed, self.sets = seed, sets
        self.arguments, self.nodes, self.results = [], [], []
        self.serial, self.rng = 0, random.Random(seed)
        self.empty = False  # dynamic dimensions are now and then of size zero
        self.special = False  # floats of arguments are now and then infinite, NaN, or a zero with a sign

    def argument(self, dtype, dims, facts=None, limit=None):
        value = Value(f"%a{self.number()}", dtype, tuple(dims), facts or Facts(), limit)
        self.arguments.append(value)
        return value

    def number(self):
        self.serial += 1
        return self.serial

    def values(self):
        return self.arguments + [v for n in self.nodes for v in n.outputs]

    def users(self, value):
        return [n for n in self.nodes if value in n.inputs]

    # --- what reduction does ---
    def copy(self):
        other = Graph(self.seed, self.sets)
        other.special, other.empty = self.special, self.empty
        other.arguments, other.nodes, other.results = list(self.arguments), list(self.nodes), list(self.results)
        return other

    def cut(self, node):
        """The same graph with the node's results as arguments."""
        other = self.copy()
        other.nodes.remove(node)
        other.arguments += node.outputs
        return other.tidied()

    def only(self, results):
        other = self.copy()
        other.results = list(results)
        return other.tidied()

    def tidied(self):
        """Without nodes and arguments that no result needs."""
        needed, nodes = set(self.results), []
        for node in reversed(self.nodes):
            if any(v in needed for v in node.outputs):
                needed.update(node.inputs)
                nodes.append(node)
        self.nodes = nodes[::-1]
        self.arguments = [a for a in self.arguments if a in needed]
        return self

    # --- what is written ---
    def text(self):
        attributes = lambda v, i, kind: (
            f'{{dlc.dims = [{", ".join(self.dimension_name(d) for d in v.dims)}], dlc.dtype = "{DLC[v.dtype]}", '
            f'dlc.name = "{kind}{i}"}}'
        )
        arguments = ", ".join(f"{v.name}: {v.type} {attributes(v, i, 'x')}" for i, v in enumerate(self.arguments))
        results = ", ".join(f"{v.type} {attributes(v, i, 'y')}" for i, v in enumerate(self.results))
        out = [f"// Seed {self.seed}: " + ", ".join(n.kind for n in self.nodes)]
        out += ["module {", f"  func.func @main({arguments}) -> ({results}) {{"]
        for node in self.nodes:
            out += [f"    // {node.kind}"] + ["    " + line for line in node.lines]
        names, types = ", ".join(v.name for v in self.results), ", ".join(v.type for v in self.results)
        out += [f"    return {names} : {types}", "  }", "}"]
        resources = {k: v for n in self.nodes for k, v in n.resources.items()}
        if resources:
            out += ["", "{-#", "  dialect_resources: {", "    builtin: {"]
            out += [",\n".join(f'      {k}: "0x40000000{v.tobytes().hex()}"' for k, v in resources.items())]
            out += ["    }", "  }", "#-}"]
        text = "\n".join(out) + "\n"
        for value in self.arguments:  # one of several results that became an argument
            text = text.replace(value.name, value.name.replace("#", "_of_")) if "#" in value.name else text
        return text

    @staticmethod
    def dimension_name(dim):
        return '"n' + "_".join(map(str, dim.sizes)) + '"' if dim.dynamic else '""'

    def write(self, directory):
        """graph.mlir, and data sets 0/, 1/, ... as check-graphs wants them."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "graph.mlir").write_text(self.text())
        for index in range(self.sets):
            (directory / str(index)).mkdir(exist_ok=True)
            for position, argument in enumerate(self.arguments):
                # By its name: what the others are must not change it.
                identity = int("".join(c for c in argument.name if c.isdigit()))
                generator = numpy.random.default_rng([self.seed, index, identity])
                shape = tuple(d.sizes[index] for d in argument.dims)
                array = draw(generator, argument.dtype, shape, argument.facts, argument.limit)
                if self.special and argument.dtype == "f32":
                    chosen = generator.random(shape) < 0.01
                    array = numpy.where(chosen, generator.choice(SPECIAL, shape), array)
                numpy.save(directory / str(index) / f"{position}.npy", array)


def draw(generator, dtype, shape, facts, limit=None):
    """Numbers as the facts promise them."""
    if dtype == "i1":
        return generator.random(shape) < 0.5
    if limit is not None:
        return generator.integers(0, max(1, limit), shape, NUMPY[dtype])
    if dtype not in FLOATS:
        most = int(min(facts.magnitude, 120))
        return generator.integers(-most, most + 1, shape, NUMPY[dtype])
    if facts.grid is not None:
        most = int(min(facts.magnitude, 4.0) * 2**facts.grid)
        numbers = generator.integers(-most, most + 1, shape) / 2.0**facts.grid
    else:
        numbers = generator.uniform(-1, 1, shape) * min(facts.magnitude, 4.0)
    numbers = numpy.asarray(numbers, "float32")
    if dtype == "bf16":  # NumPy has no such type: the upper half of a float32, rounded
        bits = numbers.view("uint32")
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("uint16").view("V2")
    return numbers.astype(NUMPY[dtype])
