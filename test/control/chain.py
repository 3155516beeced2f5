"""Chains of recurrences in one loop, for the random programs: what ctrl-skew-loops makes wavefronts of.

A chain is a few stages, all in one loop or each in a loop of its own, which reads rows of what the one before it put into
a tensor. They do the same with vectors of their own: each reads what the one before it made in the same iteration,
vectors that it carries, and weights. Around them are recurrences that the first stage reads, that read of a
stage, or neither; now and then a stage differs from the others, and is none.
"""

import dataclasses
import random

LENGTH = 3
VECTOR, MATRIX = f"tensor<{LENGTH}xi64>", f"tensor<{LENGTH}x{LENGTH}xi64>"
KINDS = ("addi", "subi", "muli", "xori")


def wrapped(n):
    n &= (1 << 64) - 1
    return n - (1 << 64) if n >> 63 else n


@dataclasses.dataclass
class Step:
    """result = left KIND right; of "product" left is a matrix, of "turn" right is the iteration."""

    kind: str
    left: object
    right: str
    result: str

    def evaluate(self, env):
        if self.kind == "product":
            x = env[self.right]
            return [wrapped(sum(a * b for a, b in zip(row, x, strict=True))) for row in self.left]
        a = env[self.left] if isinstance(self.left, str) else self.left
        b = [env[self.right]] * LENGTH if self.kind == "turn" else env[self.right]
        apply = {"addi": int.__add__, "turn": int.__add__, "subi": int.__sub__, "muli": int.__mul__, "xori": int.__xor__}
        return [wrapped(apply[self.kind](x, y)) for x, y in zip(a, b, strict=True)]

    def write(self, writer):
        empty = writer.emit(f"tensor.empty() : {VECTOR}")
        maps, ins, types, iterators = "#id, #id, #id", "", f"{VECTOR}, {VECTOR}", '"parallel"'
        body = [f"%s = arith.{self.kind} %p, %q : i64", "linalg.yield %s : i64"]
        if self.kind == "product":
            empty = writer.emit(f"linalg.fill ins(%zero : i64) outs({empty} : {VECTOR}) -> {VECTOR}")
            maps = "affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>"
            ins, types = f"{writer.emit(f'arith.constant dense<{self.left}> : {MATRIX}')}, %{self.right}", f"{MATRIX}, {VECTOR}"
            iterators += ', "reduction"'
            body = ["%m = arith.muli %p, %q : i64", "%s = arith.addi %m, %o : i64", "linalg.yield %s : i64"]
        elif self.kind == "turn":
            maps, ins, types = "#id, #id", f"%{self.left}", VECTOR
            body[0] = f"%s = arith.addi %p, %{self.right} : i64"
        else:
            left = f"%{self.left}" if isinstance(self.left, str) else writer.emit(f"arith.constant dense<{self.left}> : {VECTOR}")
            ins = f"{left}, %{self.right}"
        arguments = "%p: i64, %o: i64" if self.kind == "turn" else "%p: i64, %q: i64, %o: i64"
        writer.lines += [f"%{self.result} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{iterators}]}} ins({ins}"
                         f" : {types}) outs({empty} : {VECTOR}) {{", f"^bb0({arguments}):", *body, f"}} -> {VECTOR}"]  # fmt: skip


@dataclasses.dataclass
class Chain:
    bits: str  # a number: its three lowest bits count
    counter: str
    carried: list  # (name, its start, what comes next)
    steps: list
    results: list  # names of what is carried, at the end
    number: tuple  # (name, its start, its result): the sum of the iterations' numbers
    parts: list  # of stages in loops of their own: how many are carried, the steps, what is put into a tensor

    def evaluate(self, evaluator, env):
        values, total = [env[start] for _, start, _ in self.carried], env[self.number[1]]
        for i in range(env[self.bits] & 7):
            inner = dict(env) | {name: v for (name, _, _), v in zip(self.carried, values, strict=True)} | {self.counter: i}
            for step in self.steps:
                inner[step.result] = step.evaluate(inner)
            values, total = [inner[after] for _, _, after in self.carried], wrapped(total + i)
        env |= dict(zip(self.results, values, strict=True)) | {self.number[2]: total}

    def writeApart(self, writer):
        count = writer.emit(f"arith.index_cast {writer.bits(self.bits, 7)} : i64 to index")
        table, first, read = f"tensor<7x{LENGTH}xi64>", 0, None
        slice_ = f"0] [1, {LENGTH}] [1, 1]"
        for carried, steps, out in self.parts:
            carries, results = self.carried[first : first + carried], self.results[first : first + carried]
            empty, made, index, rows = (writer.emit(f"tensor.empty() : {table}"), *[writer.temporary() for _ in range(3)])
            starts = ", ".join([f"{rows} = {empty}", *[f"%{n} = %{s}" for n, s, _ in carries]])
            types = ", ".join([table] + [VECTOR] * carried)
            writer.emit(f"{made}:{carried + 1} = scf.for {index} = %c0 to {count} step %c1 iter_args({starts}) -> ({types}) {{", False)
            writer.emit(f"%{self.counter} = arith.index_cast {index} : index to i64", False)
            if read:
                writer.emit(f"%{read[1]} = tensor.extract_slice {read[0]}[{index}, {slice_} : {table} to {VECTOR}", False)
            for step in steps:
                step.write(writer)
            row = writer.emit(f"tensor.insert_slice %{out} into {rows}[{index}, {slice_} : {VECTOR} into {table}")
            writer.emit(f"scf.yield {', '.join([row, *[f'%{after}' for _, _, after in carries]])} : {types}", False)
            writer.emit("}", False)
            for i, result in enumerate(results):
                writer.emit(f"%{result} = tensor.cast {made}#{i + 1} : {VECTOR} to {VECTOR}", False)
            read, first = (f"{made}#0", out), first + carried
        name, start, result = self.number
        total, index = writer.temporary(), writer.temporary()
        writer.emit(f"{total} = scf.for {index} = %c0 to {count} step %c1 iter_args(%{name} = %{start}) -> (i64) {{", False)
        number = writer.emit(f"arith.index_cast {index} : index to i64")
        writer.emit(f"scf.yield {writer.emit(f'arith.addi %{name}, {number} : i64')} : i64", False)
        writer.emit("}", False)
        writer.emit(f"%{result} = arith.addi {total}, %zero : i64", False)

    def write(self, writer):
        if self.parts:
            return self.writeApart(writer)
        name, start, result = self.number
        count = writer.emit(f"arith.index_cast {writer.bits(self.bits, 7)} : i64 to index")
        made, index = writer.temporary(), writer.temporary()
        starts = ", ".join([f"%{name} = %{start}", *[f"%{n} = %{s}" for n, s, _ in self.carried]])
        types = ", ".join(["i64"] + [VECTOR] * len(self.carried))
        writer.emit(f"{made}:{len(self.carried) + 1} = scf.for {index} = %c0 to {count} step %c1 iter_args({starts}) -> ({types}) {{", False)
        writer.emit(f"%{self.counter} = arith.index_cast {index} : index to i64", False)
        for step in self.steps:
            step.write(writer)
        total = writer.emit(f"arith.addi %{name}, %{self.counter} : i64")
        writer.emit(f"scf.yield {', '.join([total, *[f'%{after}' for _, _, after in self.carried]])} : {types}", False)
        writer.emit("}", False)
        writer.name(made, [(result, False), *[(r, True) for r in self.results]])


class Maker:
    def __init__(self, program, seed):
        self.program, self.random = program, random.Random(f"chain {seed}")

    def wants(self):
        return self.random.random() < 0.6

    def name(self):
        return self.program.name()

    def matrix(self):
        return [[self.random.randint(-3, 3) for _ in range(LENGTH)] for _ in range(LENGTH)]

    def template(self, states):
        """Steps of a stage: operands are ("read" or "state" or "made" or "weight", which), ("shared", 0)."""
        steps = []
        for i in range(states):  # what is carried depends on what is read, and on what was carried
            steps.append((self.random.choice(KINDS), ("made", len(steps) - 1) if i else ("read", 0), ("state", i)))
            if self.random.random() < 0.7:
                steps.append((self.random.choice([*KINDS, "product"]), ("weight", 0), ("made", len(steps) - 1)))
        for i in range(self.random.randint(0, 2)):
            operands = [("read", 0), ("shared", 0), *[("state", k) for k in range(states)], *[("made", k) for k in range(len(steps))]]
            steps.append((self.random.choice(KINDS), *self.random.choices(operands, k=2)))
        return steps

    def stage(self, template, read, states, shared, vectors, steps):
        made = []
        for kind, left, right in template:
            places = {"read": [read], "state": states, "made": made, "shared": [shared]}
            if left[0] == "weight" and kind == "product":
                value = self.matrix()
            elif left[0] == "weight":
                value = self.random.choice([self.random.choice(vectors), [self.random.randint(-9, 9) for _ in range(LENGTH)]])
            else:
                value = places[left[0]][left[1]]
            steps.append(Step(kind, value, places[right[0]][right[1]], self.name()))
            made.append(steps[-1].result)
        return made

    def make(self, numbers, vectors):
        states = self.random.randint(1, 2)
        template = self.template(states)
        # Larger constants than those of three matrices are not written to text.
        stages = self.random.randint(2, 3 if any(kind == "product" for kind, _, _ in template) else 5)
        counter, steps, carried = self.name(), [], []
        shared = Step("turn", self.random.choice(vectors), counter, self.name())
        steps.append(shared)
        read, different, apart = shared.result, self.random.random(), self.random.random() < 0.3
        if self.random.random() < 0.3:  # a recurrence before
            lead, after = self.name(), self.name()
            steps.append(Step(self.random.choice(KINDS), lead, read, after))
            carried.append((lead, self.random.choice(vectors), after))
            read = after
        elif self.random.random() < 0.2:
            read = self.random.choice(vectors)
        outputs, same, ends = [], self.random.choice(vectors), []
        for k in range(stages):
            ends.append((len(carried), len(steps)))
            names = [self.name() for _ in range(states)]
            if different < 0.15 and k == stages // 2:
                steps.append(Step("xori", read, shared.result, self.name()))
                read = steps[-1].result
            made = self.stage(template, read, names, shared.result, vectors, steps)
            for i, name in enumerate(names):
                start = same if different > 0.6 else self.random.choice(vectors)
                carried.append((name, start, made[len(made) - 1 - i]))
            read = made[-1]
            outputs.append(read)
        for _ in range(self.random.choice([0, 1, 1, 2])):  # recurrences behind, of the last stage for the most part
            total, after = self.name(), self.name()
            of = outputs[-1] if apart or self.random.random() < 0.7 else self.random.choice(outputs)
            steps.append(Step(self.random.choice(KINDS), total, of, after))
            carried.append((total, self.random.choice(vectors), after))
        parts = []
        if apart:
            ends = [(0, 1), *ends[1:], (len(carried), len(steps))]
            parts = [(end[0] - begin[0], [shared, *steps[begin[1] : end[1]]], out)
                     for begin, end, out in zip(ends, ends[1:], outputs, strict=False)]  # fmt: skip
        elif self.random.random() < 0.3:
            self.random.shuffle(carried)
        made = Chain(self.random.choice(numbers), counter, carried, steps, [self.name() for _ in carried],
                     (self.name(), self.random.choice(numbers), self.name()), parts)  # fmt: skip
        numbers.append(made.number[2])
        vectors += made.results
        return made
