"""A stack of 10 LSTM layers of width 256 in an ONNX Loop over time.

The Loop runs once a time step; its body runs the 10 cells one after the other
(MatMul, Split, Sigmoid, Tanh), carries their 20 states, and takes its step of
the input by Gather. Batch and sequence length are dynamic. The size is that of
the LSTM in Zhang et al., "Cocktailer: Analyzing and Optimizing Dynamic Control
Flow in Deep Learning", OSDI 2023, which returns the last hidden state.
"""

import numpy
from onnx import TensorProto

from builder import Builder, floats, scalar
from model import Model

LAYERS, WIDTH, STEPS = 10, 256, 64
GATES = 4  # input, forget, cell, output


class Lstm(Model):
    variants = {1: ("seq7",), 2: ("seq100",)}

    def weights(self):
        """A list of (w_ih, w_hh, b_ih, b_hh), one for each layer. Their scale keeps the
        hidden states of the last layer apart for different inputs."""
        random = self.random("weights")

        def draw(*shape, scale):
            return (random.standard_normal(shape) * scale).astype(numpy.float32)

        return [
            (
                draw(WIDTH, GATES * WIDTH, scale=3.0 * WIDTH**-0.5),
                draw(WIDTH, GATES * WIDTH, scale=1.0 * WIDTH**-0.5),
                draw(GATES * WIDTH, scale=0.1),
                draw(GATES * WIDTH, scale=0.1),
            )
            for _ in range(LAYERS)
        ]

    def inputs(self, batch, variant=""):
        steps = int(variant.removeprefix("seq")) if variant else STEPS
        return {"x": self.random(f"input{batch}{variant}").standard_normal((steps, batch, WIDTH), numpy.float32)}

    def write(self, path):
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
        return _torch_module(self.weights())


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
        x, c = _cell(body, layer, x, h, c)
        new_hidden.append(x)
        new_cells.append(c)
    outputs = [scalar(body.add("Identity", go_on), TensorProto.BOOL)]
    outputs += [floats(name, ["batch", WIDTH]) for name in new_hidden + new_cells]
    return body.graph("step", inputs, outputs)


def _cell(body, layer, x, h, c):
    w_ih, w_hh, b_ih, b_hh = layer
    from_input = body.add("Add", body.add("MatMul", x, w_ih), b_ih)
    from_hidden = body.add("Add", body.add("MatMul", h, w_hh), b_hh)
    gates = body.add("Split", body.add("Add", from_input, from_hidden), outputs=GATES, axis=1)
    i, f, o = (body.add("Sigmoid", gates[index]) for index in (0, 1, 3))
    g = body.add("Tanh", gates[2])
    c = body.add("Add", body.add("Mul", f, c), body.add("Mul", i, g))
    return body.add("Mul", o, body.add("Tanh", c)), c


def _torch_module(weights):
    import torch

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = torch.nn.ParameterList(torch.from_numpy(w) for layer in weights for w in layer)

        def step(self, value, hidden, cells):
            """One time step; what a peer that compiles should compile, since 64 of them unrolled
            are too much for it."""
            hidden, cells = list(hidden), list(cells)
            for layer in range(LAYERS):
                w_ih, w_hh, b_ih, b_hh = self.weights[4 * layer : 4 * layer + 4]
                gates = torch.addmm(b_ih, value, w_ih) + torch.addmm(b_hh, hidden[layer], w_hh)
                i, f, g, o = gates.chunk(GATES, 1)
                cells[layer] = f.sigmoid() * cells[layer] + i.sigmoid() * g.tanh()
                value = hidden[layer] = o.sigmoid() * cells[layer].tanh()
            return hidden, cells

        def forward(self, x):
            hidden = cells = [x.new_zeros(x.shape[1], WIDTH) for _ in range(LAYERS)]
            for step in range(x.shape[0]):
                hidden, cells = self.step(x[step], hidden, cells)
            return hidden[-1]

    return Network().eval()
