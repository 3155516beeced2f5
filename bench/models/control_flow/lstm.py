"""A stack of 10 LSTM layers of width 256 in an ONNX Loop over time.

The Loop runs once a time step; its body runs the 10 cells one after the other
(MatMul, Split, Sigmoid, Tanh), carries their 20 states, and takes its step of
the input by Gather. Batch and sequence length are dynamic. Returns the last
hidden state of the last layer.
"""

import numpy
import torch
from onnx import TensorProto

from builder import Builder, floats, scalar
from control_flow.workload import GATES, LstmCell, Workload, add_lstm_cell, draw

LAYERS, WIDTH, STEPS = 10, 256, 64


class Lstm(Workload):
    variants = {1: ("seq0", "seq16"), 64: ("seq100",)}
    traces = ("b1-seq16", "b1")
    quick_trace = "b1-seq16"
    all_equal = ("seq0",)
    without = ()
    trips = {"b1-seq16": 16, "b1": STEPS}

    def weights(self):
        """A list of (w_ih, w_hh, b_ih, b_hh), one for each layer. Their scale keeps the
        hidden states of the last layer apart for different inputs."""
        random = self.random("weights")
        return [
            (
                draw(random, WIDTH, GATES * WIDTH, scale=3.0 * WIDTH**-0.5),
                draw(random, WIDTH, GATES * WIDTH, scale=1.0 * WIDTH**-0.5),
                draw(random, GATES * WIDTH, scale=0.1),
                draw(random, GATES * WIDTH, scale=0.1),
            )
            for _ in range(LAYERS)
        ]

    def inputs(self, batch, variant=""):
        steps = int(variant.removeprefix("seq")) if variant else STEPS
        return {"x": self.random(f"input{batch}{variant}").standard_normal((steps, batch, WIDTH), numpy.float32)}

    def write_graph(self, path):
        main = Builder()
        weights = [[main.constant(w, "weight") for w in layer] for layer in self.weights()]
        steps, batch = (main.add("Gather", main.add("Shape", "x"), main.constant(numpy.int64(i))) for i in (0, 1))
        axis = main.constant(numpy.array([0]))
        extents = main.add("Concat", main.add("Unsqueeze", batch, axis), main.constant(numpy.array([WIDTH])), axis=0)
        zeros = main.add("ConstantOfShape", extents)
        body = _body(main, weights)
        states = main.add("Loop", steps, "", *[zeros] * (2 * LAYERS), outputs=2 * LAYERS, body=body)
        main.rename(states[LAYERS - 1], "h")
        main.save(path, "lstm", [floats("x", ["seq", "batch", WIDTH])], [floats("h", ["batch", WIDTH])])

    def module(self):
        return Network(self.weights()).eval()

    def library_module(self):
        """torch's LSTM of many layers, which oneDNN computes layer by layer."""
        library = torch.nn.LSTM(WIDTH, WIDTH, LAYERS)
        with torch.no_grad():
            for index, (w_ih, w_hh, b_ih, b_hh) in enumerate(self.weights()):
                for name, value in (("weight_ih", w_ih.T), ("weight_hh", w_hh.T), ("bias_ih", b_ih), ("bias_hh", b_hh)):
                    getattr(library, f"{name}_l{index}").copy_(torch.from_numpy(value))
        return Library(library).eval()


def _body(main, weights):
    body = main.subgraph()
    step, go_on = body.name("step"), body.name("go_on")
    hidden = [body.name("h") for _ in weights]
    cells = [body.name("c") for _ in weights]
    inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL)]
    inputs += [floats(name, ["batch", WIDTH]) for name in hidden + cells]
    x = body.add("Gather", "x", step, axis=0)
    new_hidden, new_cells = [], []
    for layer, h, c in zip(weights, hidden, cells, strict=True):
        x, c = add_lstm_cell(body, layer, x, h, c)
        new_hidden.append(x)
        new_cells.append(c)
    outputs = [scalar(body.add("Identity", go_on), TensorProto.BOOL)]
    outputs += [floats(name, ["batch", WIDTH]) for name in new_hidden + new_cells]
    return body.graph("step", inputs, outputs)


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.width = WIDTH
        self.cells = torch.nn.ModuleList(LstmCell(layer) for layer in weights)

    def step(self, value: torch.Tensor, hidden: list[torch.Tensor], cells: list[torch.Tensor]):
        """One time step; what a peer that compiles should compile, since 64 of them unrolled
        are too much for it."""
        new_hidden: list[torch.Tensor] = []
        new_cells: list[torch.Tensor] = []
        for layer, cell in enumerate(self.cells):
            value, c = cell(value, (hidden[layer], cells[layer]))
            new_hidden.append(value)
            new_cells.append(c)
        return new_hidden, new_cells

    def forward(self, x: torch.Tensor):
        zeros = x.new_zeros(x.shape[1], self.width)
        hidden = [zeros for _ in range(len(self.cells))]
        cells = hidden
        for step in range(x.shape[0]):
            hidden, cells = self.step(x[step], hidden, cells)
        return hidden[-1]


class Library(torch.nn.Module):
    def __init__(self, library):
        super().__init__()
        self.library = library

    def forward(self, x):
        return self.library(x)[1][0][-1]
