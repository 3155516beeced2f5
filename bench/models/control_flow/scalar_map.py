"""A loop of almost nothing: x = 2.8 x (1 - x), 100,000 times. What an iteration costs by itself.

The factor is one with which the map runs into a fixed point, so that it does not matter
whether products and sums are rounded apart.
"""

import numpy
import torch
from onnx import TensorProto

from builder import Builder, floats, scalar
from control_flow.workload import Workload

FACTOR, STEPS = 2.8, 100_000


class ScalarMap(Workload):
    batches = (1,)
    variants = {1: ("steps0", "steps100", "steps10000")}
    traces = ("b1-steps100",)
    quick_trace = "b1-steps100"
    trips = {"b1-steps10000": 10_000, "b1": STEPS}

    def inputs(self, batch, variant=""):
        steps = int(variant.removeprefix("steps")) if variant else STEPS
        return {"x": numpy.array(0.3, numpy.float32), "steps": numpy.array(steps)}

    def write_graph(self, path):
        main = Builder()
        factor, one = main.constant(numpy.float32(FACTOR)), main.constant(numpy.float32(1))
        body = main.subgraph()
        step, go_on, x = (body.name(stem) for stem in ("step", "go_on", "x"))
        y = body.add("Mul", body.add("Mul", factor, x), body.add("Sub", one, x))
        inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL), floats(x, [])]
        outputs = [scalar(body.add("Identity", go_on), TensorProto.BOOL), floats(y, [])]
        main.rename(main.add("Loop", "steps", "", "x", body=body.graph("step", inputs, outputs)), "y")
        main.save(path, "scalar_map", [floats("x", []), scalar("steps", TensorProto.INT64)], [floats("y", [])])

    def module(self):
        return Network().eval()


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = FACTOR

    def step(self, x: torch.Tensor):
        return self.factor * x * (1 - x)

    def forward(self, x: torch.Tensor, steps: torch.Tensor):
        for _ in range(int(steps)):
            x = self.step(x)
        return x
