"""Seq2seq: a greedy LSTM decoder of width 256 over 3797 tokens, whose output decides how long it runs.

    token = 1; id = 0
    while max(token) > 0 and id < 50:  h, c = LSTM(embedding[token], h, c); token = argmax(linear(h)); id += 1

Inputs are the encoder's states; outputs the tokens, 0 behind the last step, and h. Token 0 ends; its
bias makes it about as probable as such lengths need.
"""

import numpy
import torch
from onnx import TensorProto, helper

from builder import Builder, floats, scalar
from control_flow.workload import LstmCell, Workload, add_lstm_cell, choose_rows, draw, draw_lstm, top_gap

WIDTH, TOKENS, START, MOST = 256, 3797, 1, 50
LOGIT_SCALE, END_BIAS = 6.0, 62.0


class Seq2Seq(Workload):
    variants = {1: ("short", "full")}
    most = MOST
    lengths = {"short": (2, 10), "full": (MOST, MOST), "": (30, 45)}  # of batch 1: least and most steps

    def weights(self):
        """(embedding, the LSTM's four, the linear layer's two)"""
        random = self.random("weights")
        embedding = draw(random, TOKENS, WIDTH, scale=1.5)
        cell = draw_lstm(random, WIDTH, WIDTH, 2.0)
        linear, bias = draw(random, WIDTH, TOKENS, scale=LOGIT_SCALE), draw(random, TOKENS, scale=0.1)
        bias[0] += END_BIAS
        return embedding, cell, linear, bias

    def add_weights(self, graph):
        """The names of `weights` as constants of a graph."""
        embedding, cell, linear, bias = self.weights()
        cell = [graph.constant(w, "weight") for w in cell]
        return graph.constant(embedding, "weight"), cell, graph.constant(linear, "weight"), graph.constant(bias, "weight")

    def inputs(self, batch, variant=""):
        random = self.random(f"input{batch}{variant}")
        least, most = self.lengths[variant] if batch == 1 else (1, self.most)
        states = choose_rows(batch, lambda n: list(draw(random, 2, n, WIDTH, scale=0.5)), self.module().judge,
                             lambda steps: (steps >= least) & (steps <= most))  # fmt: skip
        return {"h0": states[0], "c0": states[1]}

    def write_graph(self, path):
        main = Builder()
        embedding, cell, linear, bias = self.add_weights(main)
        zero, most = main.constant(numpy.int64(0)), main.constant(numpy.int64(MOST))
        batch = main.add("Slice", main.add("Shape", "h0"), main.constant(numpy.array([0])), main.constant(numpy.array([1])))
        first = main.add("Expand", main.constant(numpy.array([START])), batch)
        extents = main.add("Concat", main.constant(numpy.array([MOST])), batch, axis=0)
        empty = main.add("ConstantOfShape", extents, value=helper.make_tensor("zero", TensorProto.INT64, [1], [0]))
        begin = main.add("Greater", main.add("ReduceMax", first, keepdims=0), zero)

        body = main.subgraph()
        names = [body.name(stem) for stem in ("id", "go_on", "token", "h", "c", "tokens")]
        step, go_on, token, h, c, tokens = names
        h, c = add_lstm_cell(body, cell, body.add("Gather", embedding, token, axis=0), h, c)
        token = body.add("ArgMax", body.add("Add", body.add("MatMul", h, linear), bias), axis=1, keepdims=0)
        place = body.add("Reshape", step, body.constant(numpy.array([1, 1])))
        tokens = body.add("ScatterND", tokens, place, body.add("Unsqueeze", token, body.constant(numpy.array([0]))))
        more = body.add("Greater", body.add("ReduceMax", token, keepdims=0), zero)

        def states(names):
            token, h, c, tokens = names
            return [integers(token, ["batch"]), floats(h, ["batch", WIDTH]), floats(c, ["batch", WIDTH]),
                    integers(tokens, [MOST, "batch"])]  # fmt: skip

        inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL), *states(names[2:])]
        outputs = [scalar(more, TensorProto.BOOL), *states((token, h, c, tokens))]
        graph = body.graph("step", inputs, outputs)
        _, h, _, tokens = main.add("Loop", most, begin, first, "h0", "c0", empty, outputs=4, body=graph)
        main.rename(tokens, "tokens")
        main.rename(h, "h")
        main.save(path, "seq2seq", [floats(name, ["batch", WIDTH]) for name in ("h0", "c0")],
                  [integers("tokens", [MOST, "batch"]), floats("h", ["batch", WIDTH])])  # fmt: skip

    def module(self):
        return Network(*self.weights()).eval()


def integers(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


class Decoder(torch.nn.Module):
    """Embedding, LSTM and linear layer."""

    def __init__(self, embedding, cell, linear, bias):
        super().__init__()
        self.start, self.most = START, MOST
        self.cell = LstmCell(cell)
        self.register_buffer("embedding", torch.from_numpy(embedding))
        self.register_buffer("linear", torch.from_numpy(linear))
        self.register_buffer("bias", torch.from_numpy(bias))

    def logits(self, token: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        h, c = self.cell(self.embedding[token], (h, c))
        return torch.addmm(self.bias, h, self.linear), h, c


class Network(Decoder):
    def step(self, token: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        logits, h, c = self.logits(token, h, c)
        return logits.argmax(1), h, c

    def forward(self, h: torch.Tensor, c: torch.Tensor):
        token = torch.full([h.shape[0]], self.start, dtype=torch.int64)
        tokens = torch.zeros([self.most, h.shape[0]], dtype=torch.int64)
        step = 0
        while bool(token.max() > 0) and step < self.most:
            token, h, c = self.step(token, h, c)
            tokens[step] = token
            step += 1
        return tokens, h

    @torch.jit.unused
    def judge(self, h: torch.Tensor, c: torch.Tensor):
        """For each row the smallest margin, and the number of steps it would take alone."""
        token = torch.full([h.shape[0]], self.start)
        margin, steps = torch.full([h.shape[0]], torch.inf), torch.zeros(h.shape[0], dtype=torch.int64)
        running = torch.ones(h.shape[0], dtype=torch.bool)
        for _ in range(self.most):
            steps += running
            logits, h, c = self.logits(token, h, c)
            margin = torch.minimum(margin, top_gap(logits))
            token = logits.argmax(1)
            running &= token > 0
        return margin, steps
