"""BlockDrop: a ResNet-32 for 32x32 images whose blocks are taken or skipped by data.

Each of the 15 blocks is an If: when no image of the batch takes the block, it
is skipped; inside, a second If tells apart whether every image takes it (the
block's output as it is) or only some (mixed by a mask). An image takes block i
when probs[image, i] > 0.5; the variants ratioN take N % of them. Source: Wu et al.,
"BlockDrop: Dynamic Inference Paths in Residual Networks", CVPR 2018; the size and
`probs` as an input are those of Cocktailer.
"""

import numpy

import torch
from torch.nn import functional

from builder import Builder, floats
from control_flow.workload import Workload, spread

STAGES, BLOCKS, CHANNELS, SIZE, CLASSES = 3, 5, 16, 32, 10
EPSILON = 1e-5
THRESHOLD = 0.5
TAKEN = {0: 0, 25: 4, 50: 7, 75: 11, 100: 15}  # percent -> blocks


class BlockDrop(Workload):
    variants = {1: ("ratio0", "ratio25", "ratio50", "ratio75", "ratio100"), 64: ("ratio100",)}
    traces = ("b1", "b1-ratio0", "b1-ratio100", "b64")
    ratios = {f"b1-ratio{percent}": taken / (STAGES * BLOCKS) for percent, taken in TAKEN.items()}

    def inputs(self, batch, variant=""):
        """By default one image takes 7 of the 15 blocks, as in the paper; of a batch each image takes its own."""
        random = self.random(f"input{batch}")
        image = random.standard_normal((batch, 3, SIZE, SIZE), numpy.float32)
        if variant or batch == 1:
            taken = spread(TAKEN[int(variant.removeprefix("ratio"))] if variant else 7, STAGES * BLOCKS)
        else:
            taken = random.uniform(0, 1, (batch, STAGES * BLOCKS)) < 0.5
        away = random.uniform(0.02, 0.5, (batch, STAGES * BLOCKS))  # from the threshold
        return {"image": image, "probs": (THRESHOLD + numpy.where(taken, away, -away)).astype(numpy.float32)}

    def weights(self):
        """{name: array}: stem, block S.B.0 and S.B.1 (convolution and norm each), head."""
        random = self.random("weights")

        def draw(*shape, mean=0.0, scale):
            return (mean + scale * random.standard_normal(shape)).astype(numpy.float32)

        def convolution(name, inputs, outputs):
            return {
                f"{name}.weight": draw(outputs, inputs, 3, 3, scale=(2 / (9 * inputs)) ** 0.5),
                f"{name}.scale": draw(outputs, mean=0.7, scale=0.1),
                f"{name}.bias": draw(outputs, scale=0.1),
                f"{name}.mean": draw(outputs, scale=0.1),
                f"{name}.variance": numpy.abs(draw(outputs, mean=1.0, scale=0.1)),
            }

        weights = convolution("stem", 3, CHANNELS)
        channels = CHANNELS
        for stage in range(STAGES):
            for block in range(BLOCKS):
                outputs = CHANNELS << stage
                weights |= convolution(f"{stage}.{block}.0", channels, outputs)
                weights |= convolution(f"{stage}.{block}.1", outputs, outputs)
                channels = outputs
        weights["head.weight"] = draw(CLASSES, channels, scale=channels**-0.5)
        weights["head.bias"] = draw(CLASSES, scale=0.1)
        return weights

    def write_graph(self, path):
        main = Builder()
        weights = {name: main.constant(value, "weight") for name, value in self.weights().items()}
        taken = main.add("Cast", main.add("Greater", "probs", main.constant(numpy.float32(THRESHOLD))), to=1)
        x = main.add("Relu", _convolution(main, weights, "stem", "image", 1))
        for stage in range(STAGES):
            for block in range(BLOCKS):
                x = _block(main, weights, taken, x, stage, block)
        pooled = main.add("Flatten", main.add("GlobalAveragePool", x), axis=1)
        main.rename(main.add("Gemm", pooled, weights["head.weight"], weights["head.bias"], transB=1), "logits")
        inputs = [floats("image", ["batch", 3, SIZE, SIZE]), floats("probs", ["batch", STAGES * BLOCKS])]
        main.save(path, "blockdrop", inputs, [floats("logits", ["batch", CLASSES])])

    def module(self):
        return Network(self.weights()).eval()


def _convolution(graph, weights, name, x, stride):
    y = graph.add("Conv", x, weights[f"{name}.weight"], kernel_shape=[3, 3], pads=[1] * 4, strides=[stride] * 2)
    parameters = [weights[f"{name}.{what}"] for what in ("scale", "bias", "mean", "variance")]
    return graph.add("BatchNormalization", y, *parameters, epsilon=EPSILON)


def _block(main, weights, taken, x, stage, block):
    """The value after one block; `taken` is [batch, blocks] of 0 and 1."""
    stride = 2 if stage and not block else 1
    shortcut = x
    if stride == 2:  # half the size, twice the channels: the new ones are zero
        pooled = main.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        shortcut = main.add("Concat", pooled, main.add("Sub", pooled, pooled), axis=1)
    index = main.constant(numpy.int64(stage * BLOCKS + block))
    action = main.add("Gather", taken, index, axis=1)
    count = main.add("ReduceSum", action, keepdims=0)
    some = main.add("Greater", count, main.constant(numpy.float32(0)))

    then, otherwise = main.subgraph(), main.subgraph()
    y = then.add("Relu", _convolution(then, weights, f"{stage}.{block}.0", x, stride))
    y = then.add("Relu", then.add("Add", shortcut, _convolution(then, weights, f"{stage}.{block}.1", y, 1)))
    every = then.add("Equal", then.add("ReduceMean", action, keepdims=0), then.constant(numpy.float32(1)))
    y = then.add("If", every, then_branch=_same(then, y), else_branch=_mix(then, action, y, shortcut))
    skipped = otherwise.add("Identity", shortcut)
    return main.add("If", some, then_branch=then.graph("take", [], [floats(y)]),
                    else_branch=otherwise.graph("skip", [], [floats(skipped)]))  # fmt: skip


def _same(parent, y):
    graph = parent.subgraph()
    return graph.graph("every_image", [], [floats(graph.add("Identity", y))])


def _mix(parent, action, y, shortcut):
    graph = parent.subgraph()
    mask = graph.add("Unsqueeze", action, graph.constant(numpy.array([1, 2, 3])))
    rest = graph.add("Sub", graph.constant(numpy.float32(1)), mask)
    mixed = graph.add("Add", graph.add("Mul", y, mask), graph.add("Mul", shortcut, rest))
    return graph.graph("some_images", [], [floats(mixed)])


class ConvNorm(torch.nn.Module):
    """A convolution and a batch norm, as named by weights()."""

    def __init__(self, weights, name, stride):
        super().__init__()
        self.stride, self.epsilon = stride, EPSILON
        for part in ("weight", "scale", "bias", "mean", "variance"):
            self.register_buffer(part, torch.from_numpy(weights[f"{name}.{part}"]))

    def forward(self, x):
        x = functional.conv2d(x, self.weight, None, self.stride, self.weight.shape[2] // 2)
        return functional.batch_norm(x, self.mean, self.variance, self.scale, self.bias, False, 0.0, self.epsilon)


class Block(torch.nn.Module):
    def __init__(self, weights, name, stride):
        super().__init__()
        self.halves = stride == 2
        self.first, self.second = ConvNorm(weights, f"{name}.0", stride), ConvNorm(weights, f"{name}.1", 1)

    def forward(self, x: torch.Tensor, action: torch.Tensor):
        shortcut = x
        if self.halves:
            pooled = functional.avg_pool2d(x, 2)
            shortcut = torch.cat((pooled, torch.zeros_like(pooled)), 1)
        if not bool(action.any()):
            return shortcut
        y = (shortcut + self.second(self.first(x).relu())).relu()
        if bool(action.all()):
            return y
        mask = action.to(x.dtype)[:, None, None, None]
        return y * mask + shortcut * (1 - mask)


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.threshold = THRESHOLD
        self.stem = ConvNorm(weights, "stem", 1)
        self.blocks = torch.nn.ModuleList(Block(weights, f"{stage}.{block}", 2 if stage and not block else 1)
                                          for stage in range(STAGES) for block in range(BLOCKS))  # fmt: skip
        self.register_buffer("head", torch.from_numpy(weights["head.weight"]))
        self.register_buffer("head_bias", torch.from_numpy(weights["head.bias"]))

    def forward(self, image, probs):
        taken = probs > self.threshold
        x = self.stem(image).relu()
        for index, block in enumerate(self.blocks):
            x = block(x, taken[:, index])
        return functional.linear(x.mean((2, 3)), self.head, self.head_bias)
