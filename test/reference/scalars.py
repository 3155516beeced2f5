"""Random arithmetic on numbers: the bodies of elementwise ops."""

import math
from dataclasses import dataclass

from graph import FLOATS, Facts


@dataclass
class Scalar:
    name: str
    dtype: str
    facts: Facts

    @property
    def is_float(self):
        return self.dtype in FLOATS


def is_exact(scalar):
    return scalar.facts.settled(scalar.dtype).exact


class Arithmetic:
    """Ops on scalars at the place where `e` stands; each knows what becomes of the facts."""

    def __init__(self, e, rng):
        self.e, self.rng = e, rng

    def constant(self, value, dtype, grid=None):
        return Scalar(self.e.constant(value, dtype), dtype, Facts(abs(value), grid, grid is not None).settled(dtype))

    def make(self, op, operands, facts, dtype=None, suffix=""):
        kind = operands[-1].dtype
        name = self.e.op(f"{op}{suffix} {', '.join(o.name for o in operands)} : {kind}")
        return Scalar(name, dtype or kind, facts.settled(dtype or kind))

    # --- floats ---
    def small(self, x, limit):
        """x times a power of two, so that |x| <= limit."""
        if x.facts.magnitude <= limit:
            return x
        shift = math.ceil(math.log2(x.facts.magnitude / limit))
        return self.multiply(x, self.constant(2.0**-shift, x.dtype, shift))

    def add(self, x, y, op="arith.addf"):
        a, b = x.facts, y.facts
        grid = max(a.grid, b.grid) if a.grid is not None and b.grid is not None else None
        return self.make(op, [x, y], Facts(a.magnitude + b.magnitude, grid))

    def multiply(self, x, y):
        a, b = x.facts, y.facts
        grid = a.grid + b.grid if a.grid is not None and b.grid is not None else None
        return self.make("arith.mulf", [x, y], Facts(a.magnitude * b.magnitude, grid))

    def either(self, op, x, y):
        """One of two numbers: maximum, minimum."""
        a, b = x.facts, y.facts
        grid = max(a.grid, b.grid) if a.grid is not None and b.grid is not None else None
        return self.make(op, [x, y], Facts(max(a.magnitude, b.magnitude), grid, is_exact(x) and is_exact(y)))

    def function(self, op, x, magnitude):
        if x.dtype != "f32":  # as the importer does it: in f32
            wide = self.cast(x, "f32")
            return self.cast(self.make(op, [wide], Facts(magnitude)), x.dtype)
        return self.make(op, [x], Facts(magnitude))

    def cast(self, x, dtype):
        order = ("i1", "i8", "i32", "i64")
        if x.dtype == dtype:
            return x
        if x.dtype in FLOATS and dtype in FLOATS:
            widens = dtype == "f32"
            if not widens and x.dtype != "f32":
                return self.cast(self.cast(x, "f32"), dtype)
            facts = Facts(x.facts.magnitude, x.facts.grid, widens and x.facts.exact)
            op = "arith.extf" if widens else "arith.truncf"
        elif x.dtype in FLOATS:
            op, facts = "arith.fptosi", Facts(x.facts.magnitude, None, True)
        elif dtype in FLOATS:
            op = "arith.uitofp" if x.dtype == "i1" else "arith.sitofp"
            facts = Facts(1.0 if x.dtype == "i1" else x.facts.magnitude, 0, True)
        else:
            widens = order.index(dtype) > order.index(x.dtype)
            op = "arith.trunci" if not widens else "arith.extui" if x.dtype == "i1" else "arith.extsi"
            facts = Facts(x.facts.magnitude, None, True)
        return Scalar(self.e.op(f"{op} {x.name} : {x.dtype} to {dtype}"), dtype, facts.settled(dtype))

    def compare(self, x, y):
        if x.is_float:
            predicate, op = self.rng.choice(["ogt", "olt", "oge", "ole", "oeq", "une"]), "arith.cmpf"
        else:
            predicate, op = self.rng.choice(["sgt", "slt", "sge", "sle", "eq", "ne"]), "arith.cmpi"
        return self.make(op, [x, y], Facts(1.0, None, True), "i1", f" {predicate},")

    def select(self, condition, x, y):
        grid = max(x.facts.grid, y.facts.grid) if x.facts.grid is not None and y.facts.grid is not None else None
        facts = Facts(max(x.facts.magnitude, y.facts.magnitude), grid, is_exact(x) and is_exact(y))
        name = self.e.op(f"arith.select {condition.name}, {x.name}, {y.name} : {x.dtype}")
        return Scalar(name, x.dtype, facts.settled(x.dtype))

    def sigmoid(self, x):
        x = self.small(x, 8)
        one = self.constant(1.0, x.dtype, 0)
        grown = self.add(self.function("math.exp", self.make("arith.negf", [x], x.facts), 3000.0), one)
        return self.make("arith.divf", [one, grown], Facts(1.0))

    def gelu(self, x):
        x = self.small(x, 8)
        scaled = self.multiply(x, self.constant(0.70710678, x.dtype))
        one = self.constant(1.0, x.dtype, 0)
        half = self.multiply(x, self.constant(0.5, x.dtype, 1))
        return self.multiply(half, self.add(self.function("math.erf", scaled, 1.0), one))

    def tame(self, x):
        return self.small(x, 64 if x.dtype != "f32" else 1e4) if x.is_float else x

    # --- one random op ---
    def step(self, pool):
        """A new number from some of the pool, which is of one type."""
        x, y = self.rng.choice(pool), self.rng.choice(pool)
        if x.dtype == "i1":
            return self.make(self.rng.choice(["arith.andi", "arith.ori", "arith.xori"]), [x, y], Facts(1.0, None, True))
        made = self.tame(self.float_step(x, y) if x.is_float else self.integer_step(x, y))
        return made

    def float_step(self, x, y):
        rng, one = self.rng, lambda: self.constant(1.0, x.dtype, 0)
        absolute = lambda v: self.make("math.absf", [v], v.facts)
        choices = {
            "add": (4, lambda: self.add(x, y)),
            "sub": (3, lambda: self.add(x, y, "arith.subf")),
            "mul": (4, lambda: self.multiply(self.tame(x), self.tame(y))),
            "scale": (2, lambda: self.multiply(x, self.constant(rng.choice([0.5, -0.25, 2.0, 1.5]), x.dtype, 2))),
            "shift": (2, lambda: self.add(x, self.constant(rng.choice([1.0, -0.5, 0.25]), x.dtype, 2))),
            "max": (2, lambda: self.either("arith.maximumf", x, y)),
            "min": (2, lambda: self.either("arith.minimumf", x, y)),
            "relu": (3, lambda: self.either("arith.maximumf", x, self.constant(0.0, x.dtype, 0))),
            "neg": (1, lambda: self.make("arith.negf", [x], x.facts)),
            "abs": (1, lambda: absolute(x)),
            "div": (2, lambda: self.make("arith.divf", [x, self.add(absolute(y), one())], Facts(x.facts.magnitude))),
            "exp": (2, lambda: self.function("math.exp", self.small(x, 3), 21.0)),
            "tanh": (2, lambda: self.function("math.tanh", self.small(x, 8), 1.0)),
            "erf": (1, lambda: self.function("math.erf", self.small(x, 8), 1.0)),
            "sigmoid": (2, lambda: self.sigmoid(x)),
            "gelu": (2, lambda: self.gelu(x)),
            "sin": (1, lambda: self.function("math.sin", self.small(x, 8), 1.0)),
            "sqrt": (1, lambda: self.function("math.sqrt", self.add(absolute(self.small(x, 64)), one()), 9.0)),
            "rsqrt": (1, lambda: self.function("math.rsqrt", self.add(absolute(self.small(x, 64)), one()), 1.0)),
            "log": (1, lambda: self.function("math.log", self.add(absolute(self.small(x, 64)), one()), 5.0)),
        }
        if is_exact(x):
            choices["floor"] = (1, lambda: self.make("math.floor", [x], Facts(x.facts.magnitude + 1, 0, True)))
            choices["ceil"] = (1, lambda: self.make("math.ceil", [x], Facts(x.facts.magnitude + 1, 0, True)))
            if is_exact(y):
                choices["select"] = (2, lambda: self.select(self.compare(x, y), self.add(x, y), y))
        names = list(choices)
        return choices[rng.choices(names, [choices[n][0] for n in names])[0]][1]()

    def integer_step(self, x, y):
        known = Facts(min(x.facts.magnitude + y.facts.magnitude, 1e9), None, True)
        positive = lambda: self.constant(self.rng.choice([1, 2, 3, 7, 16]), x.dtype, 0)
        name = self.rng.choice(["addi", "subi", "muli", "maxsi", "minsi", "andi", "ori", "xori", "divsi", "remsi", "shli",
                                "shrsi", "select", "cast"])  # fmt: skip
        if name == "select":
            return self.select(self.compare(x, y), y, positive())
        if name == "cast":
            return self.cast(self.cast(x, "i64" if x.dtype == "i32" else "i32"), x.dtype)
        if name in ("divsi", "remsi", "shli", "shrsi"):
            y = positive() if name in ("divsi", "remsi") else self.constant(self.rng.choice([0, 1, 3]), x.dtype, 0)
        return self.make(f"arith.{name}", [x, y], known)
