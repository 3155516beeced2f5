"""Random programs of functions, loops and branches on 64-bit numbers and vectors of three of them.

A program is a tree. It is written as MLIR (func, scf, arith, linalg), and evaluated here, so that nothing of the
compiler is between a program and what it should give.

    main(n, x)      calls function 0 with the depth n; functions call each other with a smaller depth, up to 0
    Block           statements, each of which makes values that those behind it may use
    If, Switch      arms that give a number and a vector
    For, While      carry a number and a vector; counts are the low bits of a number, a flag is a bit of one
    Chain           a For of recurrences that each read the one before it, alike but for weights, among others (chain.py)
    Call            of a function, also of the own one; not in loops, from where recursion is refused

Every other program is one whose calls can be done at once (ctrl-batch-recursion): functions take numbers alone, what is
called depends on nothing that a call gives, and vectors are mixed by a matrix that all calls read. In some of these main
calls function 0 three times, in a loop.
"""

import dataclasses
import random

import chain

LENGTH, TREES = 3, 3
MASK = (1 << 64) - 1
NUMBER, VECTOR, SQUARE = "i64", f"tensor<{LENGTH}xi64>", f"tensor<{LENGTH}x{LENGTH}xi64>"
OPERATIONS = {"addi": lambda a, b: a + b, "subi": lambda a, b: a - b, "muli": lambda a, b: a * b,
              "xori": lambda a, b: a ^ b}  # fmt: skip


MATRIX = [[1, -2, 3], [0, 5, -1], [7, 1, 2]]


def mix(vector):
    return [wrap(sum(vector[i] * MATRIX[i][j] for i in range(LENGTH))) for j in range(LENGTH)]


def wrap(n):
    """As a signed number of 64 bits."""
    n &= MASK
    return n - (1 << 64) if n >> 63 else n


@dataclasses.dataclass
class Block:
    statements: list
    numbers: list  # given at the end
    vectors: list


@dataclasses.dataclass
class Operation:
    kind: str
    operands: list
    result: str
    isVector: bool  # of kind "mix": of the first operand alone


@dataclasses.dataclass
class Select:  # If: by a bit, two arms; Switch: by two bits, the last arm is the default
    selector: str
    arms: list
    number: str
    vector: str


@dataclasses.dataclass
class Loop:
    bits: str  # a number: its two lowest bits count, its third decides whether the loop is flagged
    number: str  # carried, and its start
    start: str
    vector: str
    vectorStart: str
    counter: str
    body: Block
    flagged: bool
    results: tuple


@dataclasses.dataclass
class Call:
    function: int
    numbers: list
    vectors: list
    results: list
    vectorResults: list


@dataclasses.dataclass
class Function:
    numbers: list  # parameters
    vectors: list
    leaf: Block = None
    node: Block = None


class Maker:
    """Makes program number `seed`."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.chains = chain.Maker(self, seed)
        self.names = 0
        self.functions = []
        self.isTree = seed % 2 == 0
        self.isForest = self.isTree and seed % 3 == 0
        shapes = [(self.random.randint(0, 2), 0 if self.isTree else self.random.randint(0, 1), self.random.randint(1, 2),
                   self.isTree or self.random.randint(0, 1))
                  for _ in range(self.random.randint(1, 3))]  # fmt: skip
        self.results = [shape[2:] for shape in shapes]
        for numbers, vectors, _, _ in shapes:
            self.functions.append(Function([self.name() for _ in range(numbers)], [self.name() for _ in range(vectors)]))
        for i, function in enumerate(self.functions):
            function.leaf = self.block([*function.numbers, "k", "one"], [*function.vectors, "g"], 0, 0, self.results[i])
            calls = self.random.randint(2 * self.isTree, 3)
            depth = 1 if self.isTree else 2
            function.node = self.block([*function.numbers, "k", "one"], [*function.vectors, "g"], depth, calls, self.results[i])
        self.end = self.chainAtEnd() if self.chains.wants() else None

    def name(self):
        self.names += 1
        return f"v{self.names}"

    def chainAtEnd(self):
        """A chain on what function 0 gives, in main: the vector w0, or x. Numbers would be those of a loop, which the
        emulator of devices takes for different in each block."""
        given = ["depth"], ["w0", "x"] if self.results[0][1] else ["x"]
        statements = [self.chains.make(*given)]
        vector = given[1][0]
        for made in statements[0].results:
            statements.append(Operation("xori", [vector, made], self.name(), True))
            vector = statements[-1].result
        return Block(statements, [], [vector])

    def block(self, numbers, vectors, depth, calls, results, control=()):
        """`control`: of the numbers, those that do not depend on what calls give; of trees alone."""
        numbers, vectors, statements, chained = list(numbers), list(vectors), [], []
        control = list(control or numbers)
        if depth == 2 and self.chains.wants():
            statements.append(self.chains.make(numbers, vectors))
            chained = statements[-1].results
        for _ in range(self.random.randint(1 + 2 * self.isTree, 4)):
            kind = self.random.random()
            if calls and kind < 0.4:
                statements.append(self.call(numbers, vectors, control))
                calls -= 1
            elif self.isTree and kind < 0.5:
                statements.append(self.operation(control, vectors, False))
                numbers.append(control[-1])
            elif self.isTree and kind < 0.6:
                statements.append(Operation("mix", self.random.choices(vectors, k=1), self.name(), True))
                vectors.append(statements[-1].result)
            elif not depth or kind < (0.85 if self.isTree else 0.7):
                statements.append(self.operation(numbers, vectors))
            else:
                statements.append(self.nested(numbers, vectors, depth, calls, control))
                calls = 0
        vectors = self.random.choices(vectors, k=results[1])
        for i in range(len(vectors) if chained else 0):  # what nobody reads is not there
            statements.append(Operation("xori", [vectors[i], self.chains.random.choice(chained)], self.name(), True))
            vectors[i] = statements[-1].result
        return Block(statements, self.random.choices(numbers, k=results[0]), vectors)

    def operation(self, numbers, vectors, isVector=None):
        isVector = self.random.random() < 0.4 if isVector is None else isVector
        values = vectors if isVector else numbers
        made = Operation(self.random.choice(list(OPERATIONS)), self.random.choices(values, k=2), self.name(), isVector)
        values.append(made.result)
        return made

    def call(self, numbers, vectors, control):
        i = self.random.randrange(len(self.functions))
        function, (n, v) = self.functions[i], self.results[i]
        made = Call(i, self.random.choices(control if self.isTree else numbers, k=len(function.numbers)),
                    self.random.choices(vectors, k=len(function.vectors)), [self.name() for _ in range(n)],
                    [self.name() for _ in range(v)])  # fmt: skip
        numbers += made.results
        vectors += made.vectorResults
        return made

    def nested(self, numbers, vectors, depth, calls, control):
        if self.isTree or self.random.random() < 0.5:
            count = self.random.choice([2, 2, 2, 2, 4] if self.isTree else [2, 2, 4])
            arms = [self.block(numbers, vectors, depth - 1, calls, (1, 1), control) for _ in range(count)]
            made = Select(self.random.choice(control if self.isTree else numbers), arms, self.name(), self.name())
            numbers.append(made.number), vectors.append(made.vector)
            return made
        carried, vector, counter = self.name(), self.name(), self.name()
        start, vectorStart = self.random.choice(numbers), self.random.choice(vectors)
        body = self.block([*numbers, carried, counter], [*vectors, vector], depth - 1, 0, (1, 1))
        made = Loop(self.random.choice(numbers), carried, start, vector, vectorStart, counter, body,
                    self.random.random() < 0.4, (self.name(), self.name()))  # fmt: skip
        numbers.append(made.results[0]), vectors.append(made.results[1])
        return made


# --- evaluation ---
class Evaluator:
    def __init__(self, functions):
        self.functions = functions

    def function(self, i, depth, numbers, vectors, given):
        f = self.functions[i]
        env = dict(zip([*f.numbers, *f.vectors], [*numbers, *vectors], strict=True))
        env |= {"k": depth, "one": 1, "g": given, "n": depth}
        return self.block(f.node if depth else f.leaf, env)

    def block(self, block, env):
        for statement in block.statements:
            getattr(self, type(statement).__name__.lower())(statement, env)
        return [env[n] for n in block.numbers], [env[v] for v in block.vectors]

    def operation(self, s, env):
        if s.kind == "mix":
            env[s.result] = mix(env[s.operands[0]])
            return
        apply, (a, b) = OPERATIONS[s.kind], (env[o] for o in s.operands)
        env[s.result] = [wrap(apply(x, y)) for x, y in zip(a, b, strict=True)] if s.isVector else wrap(apply(a, b))

    def select(self, s, env):
        (env[s.number],), (env[s.vector],) = self.block(s.arms[env[s.selector] & (len(s.arms) - 1)], dict(env))

    def loop(self, s, env):
        number, vector, count = env[s.start], env[s.vectorStart], env[s.bits] & 3
        for i in range(count):
            if s.flagged and number & 4:
                break
            inner = dict(env) | {s.number: number, s.vector: vector, s.counter: i}
            (number,), (vector,) = self.block(s.body, inner)
        env[s.results[0]], env[s.results[1]] = number, vector

    def chain(self, s, env):
        s.evaluate(self, env)

    def call(self, s, env):
        numbers, vectors = self.function(s.function, env["n"] - 1, [env[n] for n in s.numbers],
                                         [env[v] for v in s.vectors], env["g"])  # fmt: skip
        env |= dict(zip([*s.results, *s.vectorResults], [*numbers, *vectors], strict=True))


def evaluateCalls(maker, depth, x):
    f, evaluator = maker.functions[0], Evaluator(maker.functions)
    if not maker.isForest:
        return evaluator.function(0, depth, [depth] * len(f.numbers), [x] * len(f.vectors), x)
    numbers, vector = [0] * maker.results[0][0], [0] * LENGTH
    for tree in range(TREES):
        more, (other,) = evaluator.function(0, depth, [wrap(depth + tree)] * len(f.numbers), [], x)
        numbers = [wrap(a + b) for a, b in zip(numbers, more, strict=True)]
        vector = [wrap(a + b) for a, b in zip(vector, other, strict=True)]
    return numbers, [vector]


def evaluate(maker, depth, x):
    numbers, vectors = evaluateCalls(maker, depth, x)
    if maker.end:
        env = {"depth": depth, "w0": vectors[0] if vectors else x, "x": x}
        vectors = Evaluator(maker.functions).block(maker.end, env)[1]
    return numbers, vectors


# --- MLIR ---
class Writer:
    def __init__(self, maker):
        self.maker, self.lines, self.fresh = maker, [], 0

    def temporary(self):
        self.fresh += 1
        return f"%t{self.fresh}"

    def emit(self, text, makes=True):
        name = self.temporary() if makes else ""
        self.lines.append(f"{name} = {text}" if makes else text)
        return name

    def types(self, numbers, vectors):
        return ", ".join([NUMBER] * numbers + [VECTOR] * vectors)

    def block(self, block, end):
        for statement in block.statements:
            getattr(self, type(statement).__name__.lower())(statement)
        values = ", ".join(f"%{v}" for v in [*block.numbers, *block.vectors])
        self.emit(f"{end} {values} : {self.types(len(block.numbers), len(block.vectors))}", False)

    def operation(self, s):
        if s.kind == "mix":
            empty = self.emit(f"tensor.empty() : {VECTOR}")
            filled = self.emit(f"linalg.fill ins(%zero : i64) outs({empty} : {VECTOR}) -> {VECTOR}")
            matrix = self.emit(f"arith.constant dense<{MATRIX}> : {SQUARE}")
            self.emit(f"%{s.result} = linalg.vecmat ins(%{s.operands[0]}, {matrix} : {VECTOR}, {SQUARE})"
                      f" outs({filled} : {VECTOR}) -> {VECTOR}", False)  # fmt: skip
            return None
        a, b = (f"%{o}" for o in s.operands)
        if not s.isVector:
            return self.emit(f"%{s.result} = arith.{s.kind} {a}, {b} : i64", False)
        empty = self.emit(f"tensor.empty() : {VECTOR}")
        self.lines += [f"%{s.result} = linalg.generic {{indexing_maps = [#id, #id, #id], iterator_types = [\"parallel\"]}}"
                       f" ins({a}, {b} : {VECTOR}, {VECTOR}) outs({empty} : {VECTOR}) {{", "^bb0(%p: i64, %q: i64, %o: i64):",
                       f"%s = arith.{s.kind} %p, %q : i64", "linalg.yield %s : i64", f"}} -> {VECTOR}"]  # fmt: skip

    def name(self, of, pair):
        """Gives the results of an op with several the names of the program."""
        for i, (result, isVector) in enumerate(pair):
            if isVector:
                self.emit(f"%{result} = tensor.cast {of}#{i} : {VECTOR} to {VECTOR}", False)
            else:
                self.emit(f"%{result} = arith.addi {of}#{i}, %zero : i64", False)

    def bits(self, value, mask):
        return self.emit(f"arith.andi %{value}, {self.emit(f'arith.constant {mask} : i64')} : i64")

    def select(self, s):
        low, made = self.bits(s.selector, len(s.arms) - 1), self.temporary()
        if len(s.arms) == 2:
            # Arm 0 where the bit is not set.
            self.emit(f"{made}:2 = scf.if {self.emit(f'arith.cmpi eq, {low}, %zero : i64')} -> (i64, {VECTOR}) {{", False)
            self.block(s.arms[0], "scf.yield")
            self.emit("} else {", False)
            self.block(s.arms[1], "scf.yield")
        else:
            self.emit(f"{made}:2 = scf.index_switch {self.emit(f'arith.index_cast {low} : i64 to index')}"
                      f" -> i64, {VECTOR}", False)  # fmt: skip
            for i, arm in enumerate(s.arms):
                self.emit("default {" if i == len(s.arms) - 1 else f"case {i} {{", False)
                self.block(arm, "scf.yield")
                self.emit("}", False)
        if len(s.arms) == 2:
            self.emit("}", False)
        self.name(made, [(s.number, False), (s.vector, True)])

    def loop(self, s):
        count = self.emit(f"arith.index_cast {self.bits(s.bits, 3)} : i64 to index")
        made, index = self.temporary(), self.temporary()
        start = f"(%{s.number} = %{s.start}, %{s.vector} = %{s.vectorStart})"
        if s.flagged:
            return self.whileLoop(s, count, made)
        self.emit(f"{made}:2 = scf.for {index} = %c0 to {count} step %c1 iter_args{start} -> (i64, {VECTOR}) {{", False)
        self.emit(f"%{s.counter} = arith.index_cast {index} : index to i64", False)
        self.block(s.body, "scf.yield")
        self.emit("}", False)
        self.name(made, [(s.results[0], False), (s.results[1], True)])

    def whileLoop(self, s, count, made):
        i, n, v, inner = self.temporary(), self.temporary(), self.temporary(), self.temporary()
        self.emit(f"{made}:3 = scf.while ({i} = %c0, {n} = %{s.start}, {v} = %{s.vectorStart}) : (index, i64, {VECTOR})"
                  f" -> (index, i64, {VECTOR}) {{", False)  # fmt: skip
        bit = self.emit(f"arith.andi {n}, {self.emit('arith.constant 4 : i64')} : i64")
        clear = self.emit(f"arith.cmpi eq, {bit}, %zero : i64")
        more = self.emit(f"arith.cmpi slt, {i}, {count} : index")
        self.emit(f"scf.condition({self.emit(f'arith.andi {clear}, {more} : i1')}) {i}, {n}, {v} : index, i64, {VECTOR}", False)
        self.emit("} do {", False)
        self.emit(f"^bb0({inner}: index, %{s.number}: i64, %{s.vector}: {VECTOR}):", False)
        self.emit(f"%{s.counter} = arith.index_cast {inner} : index to i64", False)
        next_ = self.emit(f"arith.addi {inner}, %c1 : index")
        self.block(s.body, f"scf.yield {next_},")
        # Types of all three, where block() writes those of the two it knows.
        self.lines[-1] = self.lines[-1].replace(" : ", " : index, ", 1)
        self.emit("}", False)
        counted = self.temporary()
        self.emit(f"{counted} = arith.addi {made}#0, %c0 : index", False)
        self.emit(f"%{s.results[0]} = arith.addi {made}#1, %zero : i64", False)
        self.emit(f"%{s.results[1]} = tensor.cast {made}#2 : {VECTOR} to {VECTOR}", False)

    def chain(self, s):
        s.write(self)

    def call(self, s):
        self.callTo(s.function, self.emit("arith.subi %n, %c1 : index"), [f"%{n}" for n in s.numbers],
                    [f"%{v}" for v in s.vectors], "%g", s.results, s.vectorResults)  # fmt: skip

    def callTo(self, i, depth, numbers, vectors, given, results, vectorResults):
        made = self.temporary()
        types = ", ".join(["index", *[NUMBER] * len(numbers), *[VECTOR] * (len(vectors) + 1)])
        self.emit(f"{made}:{len(results) + len(vectorResults)} = func.call @f{i}({', '.join([depth, *numbers, *vectors, given])})"
                  f" : ({types}) -> ({self.types(len(results), len(vectorResults))})", False)  # fmt: skip
        self.name(made, [(r, False) for r in results] + [(r, True) for r in vectorResults])

    def constants(self):
        self.lines += ["%c0 = arith.constant 0 : index", "%c1 = arith.constant 1 : index", "%zero = arith.constant 0 : i64"]

    def function(self, i):
        f, (numbers, vectors) = self.maker.functions[i], self.maker.results[i]
        parameters = ["%n: index", *[f"%{n}: i64" for n in f.numbers], *[f"%{v}: {VECTOR}" for v in [*f.vectors, "g"]]]
        types = self.types(numbers, vectors)
        self.emit(f"func.func private @f{i}({', '.join(parameters)}) -> ({types}) {{", False)
        self.constants()
        self.lines += ["%one = arith.constant 1 : i64", "%k = arith.index_cast %n : index to i64"]
        leaf, made = self.emit("arith.cmpi eq, %n, %c0 : index"), self.temporary()
        self.emit(f"{made}:{numbers + vectors} = scf.if {leaf} -> ({types}) {{", False)
        self.block(f.leaf, "scf.yield")
        self.emit("} else {", False)
        self.block(f.node, "scf.yield")
        self.emit("}", False)
        self.emit(f"return {', '.join(f'{made}#{k}' for k in range(numbers + vectors))} : {types}", False)
        self.emit("}", False)

    def main(self):
        f, (numbers, vectors) = self.maker.functions[0], self.maker.results[0]
        result = f'tensor<{numbers}xi64> {{dlc.name = "r", dlc.dtype = "int64", dlc.dims = [""]}}'
        tensor = f'{VECTOR} {{dlc.name = "t", dlc.dtype = "int64", dlc.dims = [""]}}'
        self.emit('func.func @main(%d: tensor<i64> {dlc.name = "n", dlc.dtype = "int64", dlc.dims = []}, %x: ' + VECTOR
                  + ' {dlc.name = "x", dlc.dtype = "int64", dlc.dims = [""]}) -> (' + f"{result}, {tensor}) {{", False)  # fmt: skip
        self.constants()
        value = self.emit("tensor.extract %d[] : tensor<i64>")
        depth = self.emit(f"arith.index_cast {value} : i64 to index")
        results, vectorResults = [f"r{i}" for i in range(numbers)], [f"w{i}" for i in range(vectors)]
        if self.maker.isForest:
            self.forest(depth, value, len(f.numbers), results, vectorResults)
        else:
            self.callTo(0, depth, [value] * len(f.numbers), ["%x"] * len(f.vectors), "%x", results, vectorResults)
        packed = self.emit(f"tensor.from_elements {', '.join('%' + r for r in results)} : tensor<{numbers}xi64>")
        self.emit(f"%depth = arith.addi {value}, %zero : i64", False)
        given = vectorResults[0] if vectors else "x"
        for statement in self.maker.end.statements if self.maker.end else []:
            getattr(self, type(statement).__name__.lower())(statement)
            given = statement.result if isinstance(statement, Operation) else given
        self.emit(f"return {packed}, %{given} : tensor<{numbers}xi64>, {VECTOR}", False)
        self.emit("}", False)

    def forest(self, depth, value, nNumbers, results, vectorResults):
        """Function 0 for value, value + 1, ..; the sums of its results."""
        made, sums = self.temporary(), [f"s{r}" for r in results]
        count, start = self.emit(f"arith.constant {TREES} : index"), self.emit(f"tensor.empty() : {VECTOR}")
        zeros = self.emit(f"linalg.fill ins(%zero : i64) outs({start} : {VECTOR}) -> {VECTOR}")
        carried = [f"%{s} = %zero" for s in sums] + [f"%sum = {zeros}"]
        types = self.types(len(results), 1)
        self.emit(f"{made}:{len(sums) + 1} = scf.for %tree = %c0 to {count} step %c1 iter_args({', '.join(carried)})"
                  f" -> ({types}) {{", False)  # fmt: skip
        number = self.emit(f"arith.addi {value}, {self.emit('arith.index_cast %tree : index to i64')} : i64")
        calls = [f"c{r}" for r in results]
        self.callTo(0, depth, [number] * nNumbers, [], "%x", calls, ["call"])
        for s, c in zip(sums, calls, strict=True):
            self.operation(Operation("addi", [s, c], f"n{s}", False))
        self.operation(Operation("addi", ["sum", "call"], "nsum", True))
        self.emit(f"scf.yield {', '.join([*(f'%n{s}' for s in sums), '%nsum'])} : {types}", False)
        self.emit("}", False)
        self.name(made, [(r, False) for r in results] + [(vectorResults[0], True)])

    def text(self):
        self.emit("#id = affine_map<(i) -> (i)>", False)
        for i in range(len(self.maker.functions)):
            self.function(i)
        self.main()
        return "\n".join(self.lines) + "\n"
