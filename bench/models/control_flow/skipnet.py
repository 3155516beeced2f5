"""SkipNet: a ResNet-101 for 224x224 images in which a recurrent gate decides before each block but the first.

A gate takes the last value: average pool, 1x1 convolution to 10 channels, a step of one LSTM of width 10 that all
gates share, 1x1 convolution, sigmoid > 0.5. A block that is not taken leaves the shortcut: the value, or
in the first block of a stage its projection. The bias of each gate's last convolution is an input, so that
the share of blocks that run can be chosen: 70 % by default, N % with ratioN. Source: Wang et al., "SkipNet:
Learning Dynamic Routing in Convolutional Networks", ECCV 2018; size and gates are those of Cocktailer.
"""

import numpy
import torch
from torch.nn import functional

from builder import Builder, floats
from control_flow.blockdrop import EPSILON, ConvNorm
from control_flow.workload import LstmCell, Workload, add_lstm_cell, draw, draw_lstm, spread

STAGES, EXPANSION, STEM, SIZE, CLASSES = (3, 4, 23, 3), 4, 64, 224, 1000
EMBEDDING = 10
GATED = sum(STAGES) - 1
TAKEN = {0: 0, 25: 8, 50: 16, 75: 24, 100: 32}  # percent -> gated blocks
DEFAULT_TAKEN = 22
PARTS = (("a", 1), ("b", 3), ("c", 1))  # of a block: convolutions and their kernels


def blocks():
    """(name, inputs, width, stride, stage) of every block; the outputs are EXPANSION times the width."""
    inputs = STEM
    for stage, count in enumerate(STAGES):
        width = STEM << stage
        for index in range(count):
            yield f"{stage}.{index}", inputs, width, 2 if stage and not index else 1, stage
            inputs = EXPANSION * width


class SkipNet(Workload):
    batches = (1,)
    variants = {1: ("ratio0", "ratio25", "ratio50", "ratio75", "ratio100")}
    traces = ("b1", "b1-ratio0")
    ratios = {f"b1-ratio{percent}": taken / GATED for percent, taken in TAKEN.items()}

    def weights(self):
        """{name: array}: stem, block S.I.a, .b, .c and, of the first of a stage, .down; gate.I, lstm, head."""
        random, weights = self.random("weights"), {}

        def convolution(name, inputs, outputs, kernel, gain=1.0):
            weights.update({
                f"{name}.weight": draw(random, outputs, inputs, kernel, kernel, scale=(2 / (kernel**2 * inputs)) ** 0.5),
                f"{name}.scale": draw(random, outputs, mean=gain, scale=0.1 * gain),
                f"{name}.bias": draw(random, outputs, scale=0.1),
                f"{name}.mean": draw(random, outputs, scale=0.1),
                f"{name}.variance": numpy.abs(draw(random, outputs, mean=1.0, scale=0.1)),
            })  # fmt: skip

        convolution("stem", 3, STEM, 7)
        for index, (name, inputs, width, _, _) in enumerate(blocks()):
            outputs = EXPANSION * width
            sizes = {"a": (inputs, width), "b": (width, width), "c": (width, outputs)}
            for part, kernel in PARTS:
                convolution(f"{name}.{part}", *sizes[part], kernel, 0.3 if part == "c" else 1.0)
            if name.endswith(".0"):
                convolution(f"{name}.down", inputs, outputs, 1, 0.7)
            if index < GATED:  # the gate behind this block is that of the next
                weights[f"gate.{index}.weight"] = draw(random, EMBEDDING, outputs, 1, 1, scale=2 * outputs**-0.5)
                weights[f"gate.{index}.bias"] = draw(random, EMBEDDING, scale=0.1)
        for part, value in zip(("w_ih", "w_hh", "b_ih", "b_hh"), draw_lstm(random, EMBEDDING, EMBEDDING), strict=True):
            weights[f"lstm.{part}"] = value
        weights["gate.weight"] = draw(random, 1, EMBEDDING, 1, 1, scale=EMBEDDING**-0.5)
        weights["head.weight"] = draw(random, CLASSES, outputs, scale=outputs**-0.5)
        weights["head.bias"] = draw(random, CLASSES, scale=0.1)
        return weights

    def inputs(self, batch, variant=""):
        """What a gate adds itself is less than 2 here, in both directions."""
        random = self.random("input")
        image = random.standard_normal((batch, 3, SIZE, SIZE), numpy.float32)
        taken = spread(TAKEN[int(variant.removeprefix("ratio"))] if variant else DEFAULT_TAKEN, GATED)
        return {"image": image, "gate_bias": numpy.where(taken, 2, -2).astype(numpy.float32)}

    def write_graph(self, path):
        main = Builder()
        weights = {name: main.constant(value, "weight") for name, value in self.weights().items()}
        x = main.add("Relu", _convolution(main, weights, "stem", "image", 7, 2))
        x = main.add("MaxPool", x, kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2])
        h = c = main.constant(numpy.zeros((1, EMBEDDING), numpy.float32))
        for index, (name, _, _, stride, _) in enumerate(blocks()):
            if not index:
                x = _body(main, weights, name, x, _shortcut(main, weights, name, x, stride), stride)
                continue
            taken, h, c = _gate(main, weights, index - 1, x, h, c)
            shortcut = _shortcut(main, weights, name, x, stride)
            then, otherwise = main.subgraph(), main.subgraph()
            y, kept = _body(then, weights, name, x, shortcut, stride), otherwise.add("Identity", shortcut)
            x = main.add("If", taken, then_branch=then.graph("take", [], [floats(y)]),
                         else_branch=otherwise.graph("skip", [], [floats(kept)]))  # fmt: skip
        pooled = main.add("Flatten", main.add("GlobalAveragePool", x), axis=1)
        main.rename(main.add("Gemm", pooled, weights["head.weight"], weights["head.bias"], transB=1), "logits")
        inputs = [floats("image", [1, 3, SIZE, SIZE]), floats("gate_bias", [GATED])]
        main.save(path, "skipnet", inputs, [floats("logits", [1, CLASSES])])

    def module(self):
        return Network(self.weights()).eval()


def _convolution(graph, weights, name, x, kernel, stride):
    y = graph.add("Conv", x, weights[f"{name}.weight"], kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4, strides=[stride] * 2)
    parameters = [weights[f"{name}.{what}"] for what in ("scale", "bias", "mean", "variance")]
    return graph.add("BatchNormalization", y, *parameters, epsilon=EPSILON)


def _shortcut(graph, weights, name, x, stride):
    return _convolution(graph, weights, f"{name}.down", x, 1, stride) if f"{name}.down.weight" in weights else x


def _body(graph, weights, name, x, shortcut, stride):
    """A bottleneck; the convolution of 3x3 takes the stride."""
    y = graph.add("Relu", _convolution(graph, weights, f"{name}.a", x, 1, 1))
    y = graph.add("Relu", _convolution(graph, weights, f"{name}.b", y, 3, stride))
    return graph.add("Relu", graph.add("Add", _convolution(graph, weights, f"{name}.c", y, 1, 1), shortcut))


def _gate(graph, weights, index, x, h, c):
    """(whether the next block is taken, h, c)"""
    pooled = graph.add("GlobalAveragePool", x)
    embedded = graph.add("Conv", pooled, weights[f"gate.{index}.weight"], weights[f"gate.{index}.bias"], kernel_shape=[1, 1])
    cell = [weights[f"lstm.{part}"] for part in ("w_ih", "w_hh", "b_ih", "b_hh")]
    h, c = add_lstm_cell(graph, cell, graph.add("Flatten", embedded, axis=1), h, c)
    image = graph.add("Unsqueeze", h, graph.constant(numpy.array([2, 3])))
    bias = graph.add("Slice", "gate_bias", *(graph.constant(numpy.array([i])) for i in (index, index + 1)))
    share = graph.add("Sigmoid", graph.add("Conv", image, weights["gate.weight"], bias, kernel_shape=[1, 1]))
    taken = graph.add("Greater", share, graph.constant(numpy.float32(0.5)))
    return graph.add("Reshape", taken, graph.constant(numpy.array([], numpy.int64))), h, c


class Gate(torch.nn.Module):
    def __init__(self, weights, index, cell):
        super().__init__()
        self.cell, self.index = cell, index
        for name, part in (("weight", f"gate.{index}.weight"), ("bias", f"gate.{index}.bias"), ("last", "gate.weight")):
            self.register_buffer(name, torch.from_numpy(weights[part]))

    def forward(self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, biases: torch.Tensor):
        embedded = functional.conv2d(functional.adaptive_avg_pool2d(x, 1), self.weight, self.bias)
        h, c = self.cell(embedded.flatten(1), (h, c))
        share = functional.conv2d(h[:, :, None, None], self.last, biases[self.index : self.index + 1])
        return torch.sigmoid(share) > 0.5, h, c


class Block(torch.nn.Module):
    def __init__(self, weights, name, stride):
        super().__init__()
        strides = {"a": 1, "b": stride, "c": 1}
        self.a, self.b, self.c = (ConvNorm(weights, f"{name}.{part}", strides[part]) for part, _ in PARTS)
        projects = f"{name}.down.weight" in weights
        self.down = ConvNorm(weights, f"{name}.down", stride) if projects else torch.nn.Identity()

    def body(self, x: torch.Tensor, shortcut: torch.Tensor):
        return (self.c(self.b(self.a(x).relu()).relu()) + shortcut).relu()

    def forward(self, x: torch.Tensor, taken: torch.Tensor):
        shortcut = self.down(x)
        return self.body(x, shortcut) if bool(taken) else shortcut


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.width = EMBEDDING
        self.stem = ConvNorm(weights, "stem", 2)
        self.blocks = torch.nn.ModuleList(Block(weights, name, stride) for name, _, _, stride, _ in blocks())
        cell = LstmCell([weights[f"lstm.{part}"] for part in ("w_ih", "w_hh", "b_ih", "b_hh")])
        self.gates = torch.nn.ModuleList(Gate(weights, index, cell) for index in range(GATED))
        self.register_buffer("head", torch.from_numpy(weights["head.weight"]))
        self.register_buffer("head_bias", torch.from_numpy(weights["head.bias"]))

    def forward(self, image: torch.Tensor, gate_bias: torch.Tensor):
        x = functional.max_pool2d(self.stem(image).relu(), 3, 2, 1)
        h = torch.zeros([1, self.width])
        c = h
        taken = torch.ones([1], dtype=torch.bool)
        for block, gate in zip(self.blocks, self.gates):
            x = block(x, taken)
            taken, h, c = gate(x, h, c, gate_bias)
        x = self.blocks[-1](x, taken)
        return functional.linear(x.mean((2, 3)), self.head, self.head_bias)
