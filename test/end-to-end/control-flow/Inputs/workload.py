#!/usr/bin/env python3
"""A control-flow workload of bench/models, of a small size, with inputs.

    workload.py NAME DIR [SIZE=N ..]

writes DIR/model.onnx (of rae DIR/model.mlir, which calls itself) by the code that exports the benchmark's models, whose
sizes it changes, and for each data set DIR/set-SET/input_N.pb. The sets go different ways: no iteration and several, all branches and none.
"""

import pathlib
import sys
import types

import numpy
from onnx import numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "bench/models"))


class _Anything(type):
    """A class that has every attribute: torch, where it is not installed. Writing a graph computes nothing with it."""

    def __getattr__(cls, name):
        return cls

    def __call__(cls, *arguments, **_):
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else cls


def stub_torch():
    try:
        import torch  # noqa: F401
    except ImportError:
        anything = _Anything("anything", (), {})
        for name in ("torch", "torch.nn"):
            module = types.ModuleType(name)
            module.__getattr__ = lambda _: anything
            module.__path__ = []
            sys.modules[name] = module


def draw(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape).astype(numpy.float32)


def lstm():
    return {"WIDTH": 4}, {f"steps{n}": {"x": draw(n, n, 2, 4)} for n in (0, 1, 3)}


def nasrnn():
    return {"WIDTH": 4}, {f"steps{n}": {"x": draw(n, n, 2, 4)} for n in (0, 4)}


def attention():
    sizes = {"HEADS": 2, "WIDTH": 4, "LENGTH": 6, "START": 2}
    caches = {"keys": draw(2, 2, 2, 6, 4), "values": draw(3, 2, 2, 6, 4)}
    return sizes, {f"steps{n}": {"x": draw(1, 2, 2, 1, 4), **caches, "steps": numpy.array(n)} for n in (0, 3)}


def seq2seq():
    sizes = {"WIDTH": 4, "TOKENS": 7, "MOST": 6, "END_BIAS": -1.0}
    return sizes, {f"seed{n}": {"h0": draw(n, 2, 4), "c0": draw(n + 9, 2, 4)} for n in (1, 2, 3)}


def beam_search():
    sizes, sets = seq2seq()
    return {**sizes, "BEAMS": 3}, sets


def rnnt():
    sizes = {"FEATURES": 4, "PREDICTION": 4, "JOINT": 4, "TOKENS": 5, "MOST": 2, "BLANK": 4}
    return sizes, {f"frames{n}": {"x": draw(n, n, 2, 4)} for n in (0, 1, 5)}


def early_exit():
    """Rows of zeros are unsure to the end; large ones leave at once."""
    some = draw(1, 3, 4)
    sets = {"late": 0 * some, "soon": 100 * some, "mixed": numpy.array([[0], [3], [100]], numpy.float32) * some}
    return {"WIDTH": 4, "CLASSES": 3}, {name: {"x": x} for name, x in sets.items()}


def blockdrop():
    sizes = {"STAGES": 2, "BLOCKS": 2, "CHANNELS": 2, "SIZE": 8, "CLASSES": 3}
    ways = {"none": numpy.zeros((2, 4)), "all": numpy.ones((2, 4)), "mixed": numpy.array([[1, 0, 0, 1], [1, 1, 0, 0]])}
    return sizes, {w: {"image": draw(1, 2, 3, 8, 8), "probs": p.astype(numpy.float32)} for w, p in ways.items()}


def skipnet():
    sizes = {"STAGES": (1, 2), "EXPANSION": 2, "STEM": 2, "SIZE": 16, "CLASSES": 3, "EMBEDDING": 2, "GATED": 2}
    ways = {"none": (-9, -9), "all": (9, 9), "first": (9, -9), "second": (-9, 9)}
    image = draw(1, 1, 3, 16, 16)
    return sizes, {w: {"image": image, "gate_bias": numpy.array(b, numpy.float32)} for w, b in ways.items()}


def rae():
    """Children of each node, -1 of a leaf; children come first."""
    trees = {
        "leaf": ([-1], [-1], [0]),
        "chain": ([-1, -1, 0, -1, 2, -1, 4], [-1, -1, 1, -1, 3, -1, 5], [6]),
        "balanced": ([-1, -1, 0, -1, -1, 3, 2], [-1, -1, 1, -1, -1, 4, 5], [6]),
        "forest": ([-1, -1, 0, -1], [-1, -1, 1, -1], [2, 3, 0]),
    }
    sets = {}
    for name, (left, right, roots) in trees.items():
        links = zip(("left", "right", "roots"), (left, right, roots), strict=True)
        sets[name] = {key: numpy.array(value) for key, value in links} | {"inp": draw(1, len(left), 4)}
    return {"WIDTH": 4}, sets


def scalar_map():
    return {}, {f"steps{n}": {"x": numpy.array(0.3, numpy.float32), "steps": numpy.array(n)} for n in (0, 7)}


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    stub_torch()
    import importlib

    from control_flow import WORKLOADS

    path, kind = WORKLOADS[name]
    sizes, sets = globals()[name]()
    sizes |= {key: int(value) for key, value in (size.split("=") for size in sys.argv[3:])}
    module = importlib.import_module(path)
    if name == "early_exit":  # a gain for each layer
        sizes["GAINS"] = module.GAINS[: sizes.get("LAYERS", module.LAYERS)]
    for each in {module, importlib.import_module("control_flow.seq2seq")}:  # of which beam search takes what is common
        for key, value in sizes.items():
            setattr(each, key, value)
    folder.mkdir(parents=True, exist_ok=True)
    workload = getattr(module, kind)(name)
    workload.write(folder / "model.onnx")
    if name == "rae":
        (folder / "model.mlir").write_text(workload.recursive())
    for key, inputs in sets.items():
        (folder / f"set-{key}").mkdir(exist_ok=True)
        for index, (tensor, value) in enumerate(inputs.items()):
            (folder / f"set-{key}" / f"input_{index}.pb").write_bytes(numpy_helper.from_array(value, tensor).SerializeToString())


if __name__ == "__main__":
    main()
