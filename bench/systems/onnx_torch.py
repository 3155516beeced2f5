"""The networks of bench/models/light.py, and single operators, as a torch module.

Runs the nodes of an ONNX graph in order, each as the torch function that a
person would write for it; knows the operators of those networks and no more.
"""

import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional

from systems import Unsupported


class OnnxModule(torch.nn.Module):
    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        self.shapes = {}  # integer constants and scalars: arguments, not tensors
        self.tensors = {}  # ONNX name -> name of a buffer
        for initializer in graph.initializer:
            array = numpy_helper.to_array(initializer)
            if array.dtype.kind == "i" or not array.ndim:
                self.shapes[initializer.name] = array.tolist()
            else:
                self.tensors[initializer.name] = f"tensor{len(self.tensors)}"
                self.register_buffer(self.tensors[initializer.name], torch.from_numpy(array.copy()))
        self.input_names = [i.name for i in graph.input]
        self.output_names = [o.name for o in graph.output]
        self.steps = [_step(node) for node in graph.node]

    def forward(self, *inputs):
        values = dict(zip(self.input_names, inputs, strict=True))
        values.update({name: getattr(self, buffer) for name, buffer in self.tensors.items()})
        values.update(self.shapes)
        for function, names, output, attributes in self.steps:
            values[output] = function(*[values[name] for name in names], **attributes)
        return tuple(values[name] for name in self.output_names)


def _step(node):
    if node.op_type not in OPERATORS:
        raise Unsupported(f"operator {node.op_type} is none of those that onnx_torch.py knows")
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    for name in ("auto_pad", "ceil_mode", "storage_order"):
        if attributes.pop(name, b"NOTSET") not in (b"NOTSET", 0):
            raise Unsupported(f"{node.op_type} with {name}")
    return OPERATORS[node.op_type], list(node.input), node.output[0], attributes


def _pad(x, pads, value=0.0):
    """x padded in its last dimensions, and what symmetric padding is left to the operator."""
    half = len(pads) // 2
    if pads[:half] == pads[half:] and value == 0.0:
        return x, pads[:half]
    order = [pads[i + side * half] for i in reversed(range(half)) for side in (0, 1)]
    return functional.pad(x, order, value=value), [0] * half


def _conv(x, weight, bias=None, kernel_shape=None, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1):
    x, padding = _pad(x, list(pads))
    return functional.conv2d(x, weight, bias, tuple(strides), tuple(padding), tuple(dilations), group)


def _max_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0)):
    x, _ = _pad(x, list(pads), float("-inf"))
    return functional.max_pool2d(x, tuple(kernel_shape), tuple(strides))


def _average_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), count_include_pad=0):
    pads = list(pads)
    if pads[:2] != pads[2:] and not count_include_pad:
        ones = torch.ones_like(x[:1, :1])
        share = _average_pool(ones, kernel_shape, strides, pads, 1)
        return _average_pool(x, kernel_shape, strides, pads, 1) / share
    x, padding = _pad(x, pads)
    return functional.avg_pool2d(x, tuple(kernel_shape), tuple(strides), tuple(padding),
                                 count_include_pad=bool(count_include_pad))  # fmt: skip


def _gemm(a, b, c, alpha=1.0, beta=1.0, transA=0, transB=0):  # noqa: N803 (ONNX's names)
    return torch.addmm(c, a.T if transA else a, b.T if transB else b, beta=beta, alpha=alpha)


def _batch_norm(x, scale, bias, mean, variance, epsilon=1e-5, momentum=0.9, spatial=1):
    return functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)


def _local_response_norm(x, size, alpha=1e-4, beta=0.75, bias=1.0):
    return functional.local_response_norm(x, size, alpha, beta, bias)


def _softmax(x, axis=1):
    """As before opset 13: over all dimensions from `axis` on."""
    return torch.softmax(x.flatten(axis), axis).reshape(x.shape)


def _unsqueeze(x, axes):
    for axis in sorted(axes):
        x = x.unsqueeze(axis)
    return x


def _reshape(x, shape):
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape)])


OPERATORS = {
    "Add": torch.add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": lambda *parts, axis: torch.cat(parts, axis),
    "Conv": _conv,
    "Dropout": lambda x, ratio=0.5: x,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
    "LRN": _local_response_norm,
    "Clip": torch.clamp,
    "MatMul": torch.matmul,
    "MaxPool": _max_pool,
    "Mul": torch.mul,
    "Relu": torch.relu,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "Sum": lambda first, *rest: sum(rest, first),
    "Transpose": lambda x, perm: x.permute(perm),
    "Unsqueeze": _unsqueeze,
}
