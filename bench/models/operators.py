"""Models of one operator, for the suites gemm and conv: written node by node, named by their sizes."""

import math
from dataclasses import dataclass

import numpy

from builder import Builder, floats
from model import Model

ELEMENT = 4  # bytes


class Operator(Model):
    """One operator at batch 1."""

    batches = (1,)
    module_name = False  # torch runs the nodes
    without = ()  # systems that are not for it

    flops = 0  # floating-point operations of a run
    bytes = 0  # of all inputs, constants and outputs, each once


class Product(Operator):
    """y[m][n] = a[m][k] b[k][n]; b is a second input, or with `constant` a constant."""

    asks_onnxruntime = False  # numpy knows

    def __init__(self, m, n, k, constant):
        super().__init__(f"{m}x{n}x{k}/{'constant' if constant else 'input'}")
        self.m, self.n, self.k, self.constant = m, n, k, constant
        self.without = () if constant else ("pytorch_packed",)
        self.flops = 2 * m * n * k
        self.bytes = ELEMENT * (m * k + k * n + m * n)

    def _draw(self, what, *shape):
        return self.random(what).standard_normal(shape, numpy.float32)

    def inputs(self, batch, variant=""):
        values = {"a": self._draw("a", self.m, self.k)}
        return values if self.constant else values | {"b": self._draw("b", self.k, self.n)}

    def expected(self, session, inputs):
        b = self._draw("b", self.k, self.n) if self.constant else inputs["b"]
        return [(inputs["a"].astype(numpy.float64) @ b.astype(numpy.float64)).astype(numpy.float32)]

    def write(self, path):
        graph = Builder()
        inputs = [floats("a", [self.m, self.k])]
        if self.constant:
            b = graph.constant(self._draw("b", self.k, self.n), "weight")
        else:
            b = "b"
            inputs.append(floats("b", [self.k, self.n]))
        graph.add("MatMul", "a", b)
        graph.nodes[-1].output[0] = "y"
        graph.save(path, "product", inputs, [floats("y", [self.m, self.n])])


@dataclass(frozen=True)
class Layer:
    """A convolution of a network, with what directly follows it: none, relu or relu6."""

    network: str
    inputs: int
    height: int
    width: int
    outputs: int
    kernel: tuple
    stride: tuple
    pads: tuple  # top, left, bottom, right
    groups: int
    activation: str

    def sizes(self):
        """All but the network it is from: equal layers of two networks are one case."""
        return (self.inputs, self.height, self.width, self.outputs, self.kernel, self.stride, self.pads, self.groups,
                self.activation)  # fmt: skip

    def name(self):
        kernel, stride = "x".join(map(str, self.kernel)), "x".join(map(str, self.stride))
        groups = f"-g{self.groups}" if self.groups > 1 else ""
        pads = "" if not any(self.pads) else "-p" + "x".join(map(str, self.pads))
        after = f"-{self.activation}" if self.activation != "none" else ""
        return f"{self.network}/{self.inputs}x{self.height}x{self.width}-{self.outputs}-{kernel}-s{stride}{pads}{groups}{after}"

    def line(self):
        fields = (self.network, self.inputs, self.height, self.width, self.outputs, *self.kernel, *self.stride,
                  *self.pads, self.groups, self.activation)  # fmt: skip
        return " ".join(map(str, fields))


def parse_layer(line):
    network, *numbers, activation = line.split()
    inputs, height, width, outputs, kh, kw, sh, sw, top, left, bottom, right, groups = map(int, numbers)
    return Layer(network, inputs, height, width, outputs, (kh, kw), (sh, sw), (top, left, bottom, right), groups, activation)


class Convolution(Operator):
    """A convolution with bias and activation at batch 1, its weights constant."""

    def __init__(self, layer):
        super().__init__(layer.name())
        self.layer = layer
        self.without = () if layer.pads[:2] == layer.pads[2:] else ("pytorch_packed",)
        height, width = self.result_size()
        per_output = layer.inputs // layer.groups * math.prod(layer.kernel)
        self.flops = 2 * layer.outputs * height * width * per_output
        self.bytes = ELEMENT * (layer.inputs * layer.height * layer.width + layer.outputs * (per_output + 1)
                                + layer.outputs * height * width)  # fmt: skip

    def result_size(self):
        layer, sizes = self.layer, (self.layer.height, self.layer.width)
        return [(sizes[i] + layer.pads[i] + layer.pads[i + 2] - layer.kernel[i]) // layer.stride[i] + 1 for i in range(2)]

    def inputs(self, batch, variant=""):
        layer = self.layer
        return {"x": self.random("x").standard_normal((batch, layer.inputs, layer.height, layer.width), numpy.float32)}

    def write(self, path):
        layer, graph, random = self.layer, Builder(), self.random("weights")
        shape = (layer.outputs, layer.inputs // layer.groups, *layer.kernel)
        weight = (random.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))).astype(numpy.float32)
        bias = (0.1 * random.standard_normal(layer.outputs)).astype(numpy.float32)
        y = graph.add("Conv", "x", graph.constant(weight, "weight"), graph.constant(bias, "bias"), kernel_shape=layer.kernel,
                      strides=layer.stride, pads=layer.pads, group=layer.groups)  # fmt: skip
        if layer.activation == "relu":
            y = graph.add("Relu", y)
        elif layer.activation == "relu6":
            y = graph.add("Clip", y, graph.constant(numpy.float32(0)), graph.constant(numpy.float32(6)))
        graph.nodes[-1].output[0] = "y"
        inputs = [floats("x", [1, layer.inputs, layer.height, layer.width])]
        graph.save(path, "convolution", inputs, [floats("y", [1, layer.outputs, *self.result_size()])])
