"""A perceptron of 8 layers of width 512 with a classifier behind each, which stops when it is sure. Not of the paper.

An image of the batch leaves with the logits of the first classifier whose softmax exceeds 0.9, else with those of
the last; the next layer runs while some image has not left: in ONNX 7 Ifs, each in the last one. Outputs are
the logits and the number of the layer that gave them.
"""

import numpy
import torch
from onnx import TensorProto, helper

from builder import Builder, floats
from control_flow.seq2seq import integers
from control_flow.workload import Workload, choose_rows, draw

LAYERS, WIDTH, CLASSES, SURE = 8, 512, 10, 0.9
GAINS = (1.6, 1.6, 1.8, 1.8, 2.0, 2.0, 2.2, 2.2)  # of the classifiers: later ones are surer


class EarlyExit(Workload):
    variants = {1: ("exit1", "exit8"), 64: ("exit2",)}
    all_equal = ("exit2",)  # number of the layer

    def weights(self):
        """W, b, and V, d of the classifiers, each of all layers."""
        random = self.random("weights")
        gains = numpy.array(GAINS, numpy.float32)[:, None, None]
        return [draw(random, LAYERS, WIDTH, WIDTH, scale=(2 / WIDTH) ** 0.5), draw(random, LAYERS, WIDTH, scale=0.1),
                gains * draw(random, LAYERS, WIDTH, CLASSES, scale=WIDTH**-0.5), draw(random, LAYERS, CLASSES, scale=0.1)]  # fmt: skip

    def inputs(self, batch, variant=""):
        random = self.random(f"input{batch}{variant}")
        wanted = int(variant.removeprefix("exit")) if variant else None if batch > 1 else LAYERS // 2

        def fits(exits):
            if batch > 1 and wanted:
                return exits <= wanted
            return exits == wanted if wanted else exits > 0

        return {"x": choose_rows(batch, lambda n: [draw(random, n, WIDTH)], self.module().judge, fits)[0]}

    def write_graph(self, path):
        main = Builder()
        weights, biases, heads, head_biases = self.weights()
        parts = [[main.constant(w[i], "weight") for w in (weights, biases, heads, head_biases)] for i in range(LAYERS)]
        sure, axis = main.constant(numpy.float32(SURE)), main.constant(numpy.array([1]))
        x, logits, confidence = _layer(main, parts[0], "x")
        exits = main.add("ConstantOfShape", main.add("Slice", main.add("Shape", "x"), main.constant(numpy.array([0])), axis),
                         value=helper.make_tensor("one", TensorProto.INT64, [1], [1]))  # fmt: skip
        left = main.add("Greater", confidence, sure)
        logits, exits = _rest(main, main, parts, 1, sure, x, logits, exits, left)
        main.rename(logits, "logits")
        main.rename(exits, "exit")
        main.save(path, "early_exit", [floats("x", ["batch", WIDTH])], _results("logits", "exit"))

    def module(self):
        return Network(self.weights()).eval()


def _results(logits, exits):
    return [floats(logits, ["batch", CLASSES]), integers(exits, ["batch"])]


def _layer(graph, part, x):
    weight, bias, head, head_bias = part
    x = graph.add("Relu", graph.add("Add", graph.add("MatMul", x, weight), bias))
    logits = graph.add("Add", graph.add("MatMul", x, head), head_bias)
    return x, logits, graph.add("ReduceMax", graph.add("Softmax", logits, axis=-1), axes=[1], keepdims=0)


def _rest(main, graph, parts, index, sure, x, logits, exits, left):
    """(logits, exits) after the layers from `index` on, which run if some image has not left."""
    if index == LAYERS:
        return logits, exits
    stays = graph.add("Cast", graph.add("Not", left), to=TensorProto.INT64)
    some = graph.add("Greater", graph.add("ReduceMax", stays, keepdims=0), main.constant(numpy.int64(0)))
    then, otherwise = graph.subgraph(), graph.subgraph()
    x, new_logits, confidence = _layer(then, parts[index], x)
    column = then.add("Unsqueeze", left, main.constant(numpy.array([1])))
    new_logits = then.add("Where", column, logits, new_logits)
    new_exits = then.add("Where", left, exits, main.constant(numpy.int64(index + 1)))
    new_left = then.add("Or", left, then.add("Greater", confidence, sure))
    taken = _rest(main, then, parts, index + 1, sure, x, new_logits, new_exits, new_left)
    kept = [otherwise.add("Identity", name) for name in (logits, exits)]
    return graph.add("If", some, outputs=2, then_branch=then.graph(f"layer{index + 1}", [], _results(*taken)),
                     else_branch=otherwise.graph(f"exit{index}", [], _results(*kept)))  # fmt: skip


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.layers, self.sure = LAYERS, SURE
        for name, value in zip(("weights", "biases", "heads", "head_biases"), weights, strict=True):
            self.register_buffer(name, torch.from_numpy(value))

    def step(self, x: torch.Tensor, layer: int):
        x = torch.relu(torch.addmm(self.biases[layer], x, self.weights[layer]))
        logits = torch.addmm(self.head_biases[layer], x, self.heads[layer])
        return x, logits, torch.softmax(logits, 1).amax(1)

    def forward(self, x: torch.Tensor):
        x, logits, confidence = self.step(x, 0)
        left = confidence > self.sure
        exits = torch.ones([x.shape[0]], dtype=torch.int64)
        for layer in range(1, self.layers):
            if bool(left.all()):
                return logits, exits
            x, new_logits, confidence = self.step(x, layer)
            logits = torch.where(left[:, None], logits, new_logits)
            exits = torch.where(left, exits, layer + 1)
            left = left | (confidence > self.sure)
        return logits, exits

    @torch.jit.unused
    def judge(self, x: torch.Tensor):
        """For each row the smallest margin, and the layer that it leaves at."""
        exits, margin = torch.zeros(len(x), dtype=torch.int64), torch.full([len(x)], torch.inf)
        for layer in range(self.layers):
            x, _, confidence = self.step(x, layer)
            margin = torch.minimum(margin, (confidence - self.sure).abs())
            exits = torch.where((exits == 0) & ((confidence > self.sure) | (layer + 1 == self.layers)), layer + 1, exits)
        return margin, exits
