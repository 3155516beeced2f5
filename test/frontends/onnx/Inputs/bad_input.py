#!/usr/bin/env python3
"""Gives dlc damaged models: bad_input.py DIRECTORY

Whatever it is given, dlc leaves with 0, 1 or 2; a failure says one error that names the
file, and leaves no program behind.
"""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import onnx.parser
from onnx import TensorProto, helper, numpy_helper

SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|runtime error:)")
TRUNCATIONS, FLIPS = 24, 48

MODEL = """
<ir_version: 8, opset_import: ["" : 18]>
g (float[N, 2, 5, 5] x, int64 trips, bool first) => (float[N, 3] y, float[N, 3] z)
<int64[2] shape = {0, -1}> {
  c = Conv<kernel_shape = [3, 3]>(x, w)
  r = Relu(c)
  f = Reshape(r, shape)
  y = MatMul(f, u)
  z = Loop (trips, first, y) <body = b (int64 i, bool go, float[N, 3] s) => (bool again, float[N, 3] t) {
    again = Identity(go)
    t = Tanh(s)
  }>
}
"""


def model():
    m = onnx.parser.parse_model(MODEL)
    draw = numpy.random.default_rng(0)
    for name, dims in (("w", (3, 2, 3, 3)), ("u", (27, 3))):
        m.graph.initializer.append(numpy_helper.from_array(draw.random(dims, dtype=numpy.float32), name))
    return m


class Failure(Exception):
    pass


def compile_(path, statuses, text=""):
    program = path.with_suffix(".so")
    done = subprocess.run(["dlc", str(path), "-o", str(program)], capture_output=True, text=True, errors="replace")
    said = done.stdout + done.stderr
    if done.returncode not in statuses or SANITIZER.search(said):
        raise Failure(f"{path.name}: status {done.returncode}, expected {statuses}:\n{said}")
    if done.returncode == 0:
        return
    if said.count("error: ") != 1 or path.name not in said or text not in said:
        raise Failure(f"{path.name}: expected one error with its name and '{text}':\n{said}")
    if program.exists():
        raise Failure(f"{path.name}: a program was left behind")


def damaged(folder):
    whole = model().SerializeToString()
    (folder / "whole.onnx").write_bytes(whole)
    compile_(folder / "whole.onnx", (0,))
    for k in range(TRUNCATIONS):
        path = folder / f"truncated{k}.onnx"
        path.write_bytes(whole[: len(whole) * k // TRUNCATIONS])
        compile_(path, (1, 2))
    draw = random.Random(1)
    for k in range(FLIPS):
        bits = bytearray(whole)
        for _ in range(1 + k % 3):
            bits[draw.randrange(len(bits))] ^= 1 << draw.randrange(8)
        path = folder / f"flipped{k}.onnx"
        path.write_bytes(bits)
        compile_(path, (0, 1, 2))


def external(folder, name, expected, **entries):
    """A model whose one weight, four floats, lies in another file."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        weight.external_data.add(key=key, value=value)
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", values[:1], values[1:], [weight])
    path = folder / f"{name}.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString())
    compile_(path, (1,) if expected else (0,), expected)


def external_data(root):
    folder = root / "model"
    (folder / "inner").mkdir(parents=True)
    data = numpy.arange(4, dtype=numpy.float32).tobytes()
    for path in (root / "outside.bin", folder / "w.bin", folder / "inner" / "w.bin"):
        path.write_bytes(data)
    os.symlink(root / "outside.bin", folder / "link.bin")
    os.symlink(root, folder / "up")
    os.mkfifo(folder / "pipe")
    external(folder, "good", "", location="w.bin")
    external(folder, "good_inner", "", location="inner/./w.bin", offset="0", length="16")
    inside = 'tensor "w": cannot open external data'
    external(folder, "missing", inside, location="nowhere.bin")
    external(folder, "parent", inside, location="../outside.bin")
    external(folder, "hidden_parent", inside, location="inner/../../outside.bin")
    external(folder, "absolute", inside, location=str(root / "outside.bin"))
    external(folder, "link", inside, location="link.bin")
    external(folder, "folder_link", inside, location="up/outside.bin")
    external(folder, "nothing", 'tensor "w": its external data has no valid location', offset="0")
    external(folder, "negative", 'tensor "w": its external data has no valid location', location="w.bin", offset="-4")
    external(folder, "short", 'tensor "w": external data "w.bin" is shorter than offset 8', location="w.bin", offset="8")
    external(folder, "far", 'tensor "w": external data "w.bin" is shorter', location="w.bin", offset=str(2**63 - 1))
    external(folder, "length", 'tensor "w": external data of 12 bytes, its shape needs 16', location="w.bin", length="12")
    external(folder, "folder", 'tensor "w": external data "inner"', location="inner")
    external(folder, "pipe", 'tensor "w": external data "pipe"', location="pipe")


def main():
    root = Path(sys.argv[1])
    root.mkdir(parents=True)
    try:
        damaged(root)
        external_data(root)
    except Failure as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
