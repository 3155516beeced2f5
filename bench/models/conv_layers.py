#!/usr/bin/env python3
"""Prints suites/conv-layers.txt: the distinct convolutions of four networks at batch 1.

    bench/.venv/bin/python bench/models/conv_layers.py > bench/suites/conv-layers.txt

Read from the light models of the package `onnx` and from models/mobilenet.py, with what
follows each directly: what a batch norm or a scaling by channel (folded into the
convolution) gives to, when that is a Relu or a Clip, is its activation.
"""

import tempfile
from pathlib import Path

import onnx
from onnx import helper, shape_inference

import export
import operators

NETWORKS = ("resnet50", "mobilenet", "vgg19", "inception_v2")
FOLDED = ("BatchNormalization", "Mul", "Add")
ACTIVATIONS = {"Relu": "relu", "Clip": "relu6"}
NO_PADS = (0, 0, 0, 0)


def layers(name, path):
    graph = shape_inference.infer_shapes(onnx.load(path)).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*graph.value_info, *graph.input)}
    weights = {i.name: list(i.dims) for i in graph.initializer} | shapes
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        assert set(attributes.get("dilations", [1])) == {1} and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
        kernel = tuple(weights[node.input[1]][2:])
        _, inputs, height, width = shapes[node.input[0]]
        yield operators.Layer(name, inputs, height, width, weights[node.input[1]][0], kernel,
                              tuple(attributes.get("strides", (1, 1))), tuple(attributes.get("pads", NO_PADS)),
                              attributes.get("group", 1), _activation(graph, node, weights))  # fmt: skip


def _activation(graph, node, constants):
    """Of the one op after it, past those that are folded; a sum with another value ends the search."""
    value = node.output[0]
    while True:
        users = [n for n in graph.node if value in n.input]
        if len(users) != 1:
            return "none"
        user = users[0]
        others = [name for name in user.input if name != value]
        if user.op_type in ACTIVATIONS:
            return ACTIVATIONS[user.op_type]
        if user.op_type not in FOLDED or (user.op_type != "BatchNormalization" and not _constant(graph, others[0])):
            return "none"
        value = user.output[0]


def _constant(graph, name):
    """Whether a value comes from constants only."""
    maker = next((n for n in graph.node if name in n.output), None)
    if maker is None:
        return any(i.name == name for i in graph.initializer)
    return all(_constant(graph, i) for i in maker.input)


def distinct():
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in NETWORKS:
            path = Path(scratch) / f"{name}.onnx"
            export.find(name).write(path)
            for layer in layers(name, path):
                found.setdefault(layer.sizes(), layer)
    return list(found.values())


if __name__ == "__main__":
    print("# network C H W outputs kernel(h w) stride(h w) pads(t l b r) groups activation; by models/conv_layers.py")
    print(*[layer.line() for layer in distinct()], sep="\n")
