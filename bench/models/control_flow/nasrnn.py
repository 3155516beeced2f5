"""NASRNN: a recurrent cell of eight gates that a search found, over 1000 time steps.

    a = x.W_ih + m.W_hh, [8, batch, 256], each of its own activation
    p0 = tanh(a0 a1), p1 = tanh(a2 + a3), p2 = tanh(a4 a5), p3 = sigmoid(a6 + a7)
    c = tanh(p0 + c) p1;  m = tanh(c tanh(p2 + p3))
"""

import numpy
import torch
from onnx import TensorProto

from builder import Builder, floats, scalar
from control_flow.workload import Workload, draw

WIDTH, STEPS, GATES = 256, 1000, 8
ACTIVATIONS = ("Sigmoid", "Relu", "Sigmoid", "Relu", "Tanh", "Sigmoid", "Tanh", "Sigmoid")


class NasRnn(Workload):
    variants = {1: ("steps0", "steps100")}
    traces = ("b1-steps100",)
    quick_trace = "b1-steps100"
    all_equal = ("steps0",)
    trips = {"b1-steps100": 100, "b1": STEPS}

    def weights(self):
        """W_ih and W_hh, of a scale with which rounding errors do not grow from step to step."""
        random = self.random("weights")
        return [draw(random, GATES, WIDTH, WIDTH, scale=scale * WIDTH**-0.5) for scale in (1.0, 0.5)]

    def inputs(self, batch, variant=""):
        steps = int(variant.removeprefix("steps")) if variant else STEPS
        return {"x": self.random(f"input{batch}{variant}").standard_normal((steps, batch, WIDTH), numpy.float32)}

    def write_graph(self, path):
        main = Builder()
        w_ih, w_hh = (main.constant(w, "weight") for w in self.weights())
        steps, batch = (main.add("Gather", main.add("Shape", "x"), main.constant(numpy.int64(i))) for i in (0, 1))
        axis = main.constant(numpy.array([0]))
        extents = main.add("Concat", main.add("Unsqueeze", batch, axis), main.constant(numpy.array([WIDTH])), axis=0)
        zeros = main.add("ConstantOfShape", extents)
        body = main.subgraph()
        step, go_on, c, m = (body.name(stem) for stem in ("step", "go_on", "c", "m"))
        from_input = body.add("MatMul", body.add("Gather", "x", step, axis=0), w_ih)
        gates = body.add("Add", from_input, body.add("MatMul", m, w_hh))
        gates = body.add("Split", gates, outputs=GATES, axis=0)
        squeezed = [body.add("Squeeze", gate, axis) for gate in gates]
        a = [body.add(op, gate) for op, gate in zip(ACTIVATIONS, squeezed, strict=True)]
        p0, p2 = (body.add("Tanh", body.add("Mul", a[i], a[i + 1])) for i in (0, 4))
        p1 = body.add("Tanh", body.add("Add", a[2], a[3]))
        p3 = body.add("Sigmoid", body.add("Add", a[6], a[7]))
        new_c = body.add("Mul", body.add("Tanh", body.add("Add", p0, c)), p1)
        new_m = body.add("Tanh", body.add("Mul", new_c, body.add("Tanh", body.add("Add", p2, p3))))
        inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL)]
        inputs += [floats(name, ["batch", WIDTH]) for name in (c, m)]
        outputs = [scalar(body.add("Identity", go_on), TensorProto.BOOL)]
        outputs += [floats(name, ["batch", WIDTH]) for name in (new_c, new_m)]
        _, result = main.add("Loop", steps, "", zeros, zeros, outputs=2, body=body.graph("step", inputs, outputs))
        main.rename(result, "m")
        main.save(path, "nasrnn", [floats("x", ["seq", "batch", WIDTH])], [floats("m", ["batch", WIDTH])])

    def module(self):
        return Network(*self.weights()).eval()


class Network(torch.nn.Module):
    def __init__(self, w_ih, w_hh):
        super().__init__()
        self.width = WIDTH
        self.register_buffer("w_ih", torch.from_numpy(w_ih))
        self.register_buffer("w_hh", torch.from_numpy(w_hh))

    def step(self, x: torch.Tensor, c: torch.Tensor, m: torch.Tensor):
        a = torch.matmul(x, self.w_ih) + torch.matmul(m, self.w_hh)
        p0 = torch.tanh(torch.sigmoid(a[0]) * torch.relu(a[1]))
        p1 = torch.tanh(torch.sigmoid(a[2]) + torch.relu(a[3]))
        p2 = torch.tanh(torch.tanh(a[4]) * torch.sigmoid(a[5]))
        p3 = torch.sigmoid(torch.tanh(a[6]) + torch.sigmoid(a[7]))
        c = torch.tanh(p0 + c) * p1
        return c, torch.tanh(c * torch.tanh(p2 + p3))

    def forward(self, x: torch.Tensor):
        c = x.new_zeros(x.shape[1], self.width)
        m = c
        for step in range(x.shape[0]):
            c, m = self.step(x[step], c, m)
        return m
