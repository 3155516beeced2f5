#!/usr/bin/env python3
"""Tries the models of a file in ONNX's text format.

    models.py FILE DIRECTORY

Each model begins at a line "#--- NAME" and is written to DIRECTORY/NAME.onnx. What is
expected of it is said in comments below that line:

    # refused: TEXT     dlc leaves with 2 and one error that contains TEXT
    # invalid: TEXT     dlc leaves with 1 and one error that contains TEXT
    (neither)           the program gives what onnx.reference gives, on seeded inputs:
    # N = 3             the size of dimension N; further lines run the program again
    # x = [1, 2]        the value of input x, a Python expression; `random` is numpy's generator
    # y = [1.5]         the value expected of output y, instead of onnx.reference's; it may name the inputs
    # rtol = 1e-2       another tolerance than 1e-5

Floats are drawn from [-1, 1), integers from [0, 5). A failed compilation must leave no file.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import onnx.parser
import onnx.reference
from onnx import TensorProto

SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|runtime error:)")


class Failure(Exception):
    pass


def read(path):
    """{name: (text, [(key, value)])}"""
    found, name = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("#---"):
            name = line[4:].strip()
            found[name] = ([], [])
        elif name and (match := re.match(r"# *(refused|invalid|\w+) *[:=] *(.*)", line)):
            found[name][1].append((match[1], match[2].strip()))
        elif name and not line.startswith("#"):
            found[name][0].append(line)
    return {name: ("\n".join(text), said) for name, (text, said) in found.items()}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    text = done.stdout + done.stderr
    if done.returncode < 0 or SANITIZER.search(text):
        raise Failure(f"{Path(command[0]).name} ended with {done.returncode}:\n{text}")
    return done.returncode, text


def expect_error(path, status, text):
    program = path.with_suffix(".so")
    code, said = run("dlc", path, "-o", program)
    if code != status or said.count("error: ") != 1 or text not in said:
        raise Failure(f"expected status {status} and one error with '{text}', got {code}:\n{said}")
    if program.exists():
        raise Failure("a program was left behind")


def array(info, sizes, given, random, known=()):
    dtype = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
    if info.name in given:
        return numpy.array(eval(given[info.name], {"random": random, "numpy": numpy, **dict(known)})).astype(dtype)
    dims = [d.dim_value if d.HasField("dim_value") else sizes[d.dim_param] for d in info.type.tensor_type.shape.dim]
    if dtype == bool:
        return random.random(dims) < 0.5
    if numpy.issubdtype(dtype, numpy.integer):
        return random.integers(0, 5, dims).astype(dtype)
    return (random.random(dims) * 2 - 1).astype(dtype)


def compare(path, model, sizes, given, rtol):
    random = numpy.random.default_rng(0)
    feeds = {info.name: array(info, sizes, given, random) for info in model.graph.input}
    names = [o.name for o in model.graph.output]
    if all(name in given for name in names):
        wanted = [array(o, sizes, given, random, feeds) for o in model.graph.output]
    else:
        wanted = onnx.reference.ReferenceEvaluator(model).run(None, feeds)
    command = ["dl-run", path.with_suffix(".so"), "--quiet", "--rtol", rtol, "--atol", rtol]
    for option, values in (("--input", feeds), ("--expect", dict(zip(names, wanted, strict=True)))):
        for name, value in values.items():
            file = path.with_name(f"{path.stem}.{name}.pb")
            file.write_bytes(onnx.numpy_helper.from_array(numpy.asarray(value), name).SerializeToString())
            command += [option, f"{name}={file}"]
    code, said = run(*command)
    if code:
        raise Failure(f"with {sizes}: {said}")


def runs_of(said):
    """What holds in each run: a name that is said again begins another one, which keeps what it does not change."""
    runs, fresh = [{}], set()
    for key, value in said:
        if key in fresh:
            runs.append(dict(runs[-1]))
            fresh = set()
        fresh.add(key)
        runs[-1][key] = value
    return runs


def try_model(path, text, said):
    model = onnx.parser.parse_model(text)
    path.write_bytes(model.SerializeToString())
    for key, value in said:
        if key in ("refused", "invalid"):
            return expect_error(path, 2 if key == "refused" else 1, value)
    code, message = run("dlc", path, "-o", path.with_suffix(".so"))
    if code:
        raise Failure(message)
    symbols = {d.dim_param for i in model.graph.input for d in i.type.tensor_type.shape.dim if d.dim_param}
    for values in runs_of(said):
        sizes = {key: int(value) for key, value in values.items() if key in symbols}
        compare(path, model, sizes, values, values.get("rtol", "1e-5"))


def main():
    directory = Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    failed = 0
    models = read(Path(sys.argv[1]))
    for name, (text, said) in models.items():
        try:
            try_model(directory / f"{name}.onnx", text, said)
        except Exception as error:
            failed += 1
            print(f"{name}: {error}")
    print(f"{len(models) - failed} of {len(models)} models do as they should")
    return 1 if failed or not models else 0


if __name__ == "__main__":
    sys.exit(main())
