"""PyTorch with weights packed ahead: one convolution (oneDNN), its activation fused, or one product.

These are the operators that Inductor takes for frozen weights; they are called as it calls them. For a
product oneDNN's and MKL's are tried, and the faster is taken.
"""

import time

import onnx
import torch
from onnx import helper, numpy_helper

from systems import Unsupported
from systems.pytorch import Eager

TRIES = 5
ACTIVATIONS = {"Relu": ("relu", []), "Clip": ("hardtanh", [0.0, 6.0])}


class Packed(Eager):
    name = "pytorch_packed"
    description = "weights packed by oneDNN or MKL, channels last, activation fused, N intra-op threads"

    def make(self, job):
        graph = onnx.load(job.model_path).graph
        constants = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
        first, *rest = graph.node
        if len(rest) > 1 or any(node.op_type not in ACTIVATIONS for node in rest) or first.input[1] not in constants:
            raise Unsupported("it runs one operator with a constant weight")
        activation = ACTIVATIONS[rest[0].op_type] if rest else ("none", [])
        operands = [constants[name] for name in first.input[1:]]
        example = next(iter(job.inputs().values()))
        if first.op_type == "MatMul":
            return _linear(operands[0], torch.from_numpy(example.copy()), activation)
        if first.op_type == "Conv":
            return _convolution({a.name: helper.get_attribute_value(a) for a in first.attribute}, *operands, example, activation)
        raise Unsupported(f"it knows no {first.op_type}")

    def prepare_input(self, value):
        return value.to(memory_format=torch.channels_last) if value.dim() == 4 else value


def _linear(weight, example, activation):
    if activation[0] != "none":
        raise Unsupported("it fuses no activation into a product")
    weight, rows = weight.t().contiguous(), example.shape[0]
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    ways = [lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")]
    if torch.backends.mkl.is_available():
        packed_by_mkl = torch.ops.mkl._mkl_reorder_linear_weight(weight, rows)
        ways.append(lambda x: torch.ops.mkl._mkl_linear(x, packed_by_mkl, weight, None, rows))
    return min(ways, key=lambda way: _time(way, example))


def _time(way, example):
    """The shortest of a few runs."""
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        way(example)
        times.append(time.perf_counter() - started)
    return min(times)


def _convolution(attributes, weight, bias, example, activation):
    pads, strides = list(attributes["pads"]), list(attributes["strides"])
    if pads[:2] != pads[2:]:
        raise Unsupported("it pads both sides alike")
    groups, dilations = attributes["group"], [1, 1]
    packed = torch.ops.mkldnn._reorder_convolution_weight(weight, pads[:2], strides, dilations, groups,
                                                          list(example.shape))  # fmt: skip
    name, scalars = activation
    run = torch.ops.mkldnn._convolution_pointwise
    return lambda x: run(x, packed, bias, pads[:2], strides, dilations, groups, name, scalars, "")
