"""Attention of 12 heads with a cache of 64 keys and values, in a loop that fills it from position 32 on.

Each step writes its key and value into the cache and gives softmax(q.K^T / 8).V.W_o, over the
whole cache and without a mask, to the next step as its x. How many steps is an input.
"""

import numpy
import torch
from onnx import TensorProto

from builder import Builder, floats, scalar
from control_flow.workload import Workload, draw

HEADS, WIDTH, LENGTH, START, STEPS = 12, 64, 64, 32, 32
SCALE = 0.125


class Attention(Workload):
    variants = {1: ("steps0", "steps8")}
    trips = {"b1-steps8": 8, "b1": STEPS}

    def weights(self):
        """W_q, W_k, W_v, W_o; queries and keys of a scale that makes the softmax prefer some positions."""
        random = self.random("weights")
        return [draw(random, HEADS, WIDTH, WIDTH, scale=scale * WIDTH**-0.5) for scale in (1.5, 1.5, 1.0, 1.0)]

    def inputs(self, batch, variant=""):
        random = self.random(f"input{batch}")
        cache = draw(random, 2, batch, HEADS, LENGTH, WIDTH)
        cache[:, :, :, START:] = 0
        steps = int(variant.removeprefix("steps")) if variant else STEPS
        x = draw(random, batch, HEADS, 1, WIDTH)
        return {"x": x, "keys": cache[0], "values": cache[1], "steps": numpy.array(steps)}

    def write_graph(self, path):
        main = Builder()
        w_q, w_k, w_v, w_o = (main.constant(w, "weight") for w in self.weights())
        start, scale = main.constant(numpy.int64(START)), main.constant(numpy.float32(SCALE))
        extents = main.add("Shape", "x")
        body = main.subgraph()
        names = [body.name(stem) for stem in ("step", "go_on", "x", "keys", "values")]
        step, go_on, x, keys, values = names
        position = body.add("Expand", body.add("Add", step, start), extents)
        keys = body.add("ScatterElements", keys, position, body.add("MatMul", x, w_k), axis=2)
        values = body.add("ScatterElements", values, position, body.add("MatMul", x, w_v), axis=2)
        query = body.add("MatMul", x, w_q)
        scores = body.add("MatMul", query, body.add("Transpose", keys, perm=[0, 1, 3, 2]))
        weights = body.add("Softmax", body.add("Mul", scores, scale), axis=-1)
        x = body.add("MatMul", body.add("MatMul", weights, values), w_o)
        shapes = [["batch", HEADS, rows, WIDTH] for rows in (1, LENGTH, LENGTH)]
        inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL)]
        inputs += [floats(name, shape) for name, shape in zip(names[2:], shapes, strict=True)]
        outputs = [scalar(body.add("Identity", go_on), TensorProto.BOOL)]
        outputs += [floats(name, shape) for name, shape in zip((x, keys, values), shapes, strict=True)]
        graph = body.graph("step", inputs, outputs)
        results = main.add("Loop", "steps", "", "x", "keys", "values", outputs=3, body=graph)
        given = [floats(name, shape) for name, shape in zip(("x", "keys", "values"), shapes, strict=True)]
        wanted = ("y", "new_keys", "new_values")
        for result, name in zip(results, wanted, strict=True):
            main.rename(result, name)
        main.save(path, "attention", [*given, scalar("steps", TensorProto.INT64)],
                  [floats(name, shape) for name, shape in zip(wanted, shapes, strict=True)])  # fmt: skip

    def module(self):
        return Network(self.weights()).eval()


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.start, self.scale = START, SCALE
        for name, value in zip(("w_q", "w_k", "w_v", "w_o"), weights, strict=True):
            self.register_buffer(name, torch.from_numpy(value))

    def step(self, x: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, at: torch.Tensor):
        """`at` is the place of this step in the cache."""
        keys.index_copy_(2, at, torch.matmul(x, self.w_k))
        values.index_copy_(2, at, torch.matmul(x, self.w_v))
        scores = torch.matmul(torch.matmul(x, self.w_q), keys.transpose(2, 3)) * self.scale
        return torch.matmul(torch.matmul(torch.softmax(scores, -1), values), self.w_o)

    def forward(self, x: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, steps: torch.Tensor):
        keys, values = keys.clone(), values.clone()
        places = torch.arange(self.start, self.start + int(steps))[:, None]
        for at in places.unbind():
            x = self.step(x, keys, values, at)
        return x, keys, values
