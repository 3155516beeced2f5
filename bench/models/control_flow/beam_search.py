"""Beam search of width 4 with the decoder of seq2seq.

A step adds the logarithm of the softmax to the scores of the beams, takes the best 4 of all 4 x 3797
continuations, and reorders states and histories by the beams that these come from. It goes on while the best
beam of any row has not given token 0, for at most 32 steps. Outputs are the histories, [32, batch x 4], and
the scores. Not of the paper.
"""

import numpy
import torch
from onnx import TensorProto, helper

from builder import Builder, floats, scalar
from control_flow.seq2seq import START, TOKENS, WIDTH, Decoder, Seq2Seq, integers
from control_flow.workload import add_lstm_cell

BEAMS, MOST = 4, 32
NEVER = -1e9  # the score of a beam that is not there yet


class BeamSearch(Seq2Seq):
    variants = {1: ("short", "full")}
    most = MOST
    lengths = {"short": (2, 8), "full": (MOST, MOST), "": (16, 28)}

    def write_graph(self, path):
        main = Builder()
        embedding, cell, linear, bias = self.add_weights(main)

        def numbers(*values):
            return main.constant(numpy.array(values))

        zero, most, beams, tokens_per_beam = (main.constant(numpy.int64(n)) for n in (0, MOST, BEAMS, TOKENS))
        batch = main.add("Slice", main.add("Shape", "h0"), numbers(0), numbers(1))
        rows = main.add("Mul", batch, beams)
        spread = main.add("Concat", batch, numbers(BEAMS, WIDTH), axis=0)
        flat = numbers(-1, WIDTH)
        h, c = (main.add("Reshape", main.add("Expand", main.add("Unsqueeze", x, numbers(1)), spread), flat) for x in ("h0", "c0"))
        first = main.add("Expand", numbers(START), rows)
        row = main.constant(numpy.array([[0] + [NEVER] * (BEAMS - 1)], numpy.float32))
        scores = main.add("Expand", row, main.add("Concat", batch, numbers(BEAMS), axis=0))
        extents = main.add("Concat", numbers(MOST), rows, axis=0)
        empty = main.add("ConstantOfShape", extents, value=helper.make_tensor("zero", TensorProto.INT64, [1], [0]))
        count = main.add("Squeeze", batch, numbers(0))
        offsets = main.add("Mul", main.add("Range", zero, count, main.constant(numpy.int64(1))), beams)
        offsets = main.add("Unsqueeze", offsets, numbers(1))
        begin = main.add("Greater", main.add("ReduceMax", first, keepdims=0), zero)

        body = main.subgraph()
        names = [body.name(stem) for stem in ("id", "go_on", "token", "h", "c", "scores", "tokens")]
        step, go_on, token, h_in, c_in, scores_in, tokens = names
        new_h, new_c = add_lstm_cell(body, cell, body.add("Gather", embedding, token, axis=0), h_in, c_in)
        logits = body.add("Add", body.add("MatMul", new_h, linear), bias)
        gains = body.add("Reshape", body.add("LogSoftmax", logits, axis=-1), numbers(-1, BEAMS, TOKENS))
        total = body.add("Add", gains, body.add("Unsqueeze", scores_in, numbers(2)))
        total = body.add("Reshape", total, numbers(-1, BEAMS * TOKENS))
        new_scores, best = body.add("TopK", total, numbers(BEAMS), outputs=2, axis=-1)
        beam = body.add("Div", best, tokens_per_beam)
        chosen = body.add("Sub", best, body.add("Mul", beam, tokens_per_beam))
        source = body.add("Reshape", body.add("Add", beam, offsets), numbers(-1))
        new_h, new_c = (body.add("Gather", x, source, axis=0) for x in (new_h, new_c))
        new_token = body.add("Reshape", chosen, numbers(-1))
        place = body.add("Reshape", step, numbers(1, 1))
        history = body.add("Gather", tokens, source, axis=1)
        history = body.add("ScatterND", history, place, body.add("Unsqueeze", new_token, numbers(0)))
        leader = body.add("Gather", chosen, zero, axis=1)
        more = body.add("Greater", body.add("ReduceMax", leader, keepdims=0), zero)

        def states(names):
            token, h, c, scores, tokens = names
            return [integers(token, ["rows"]), floats(h, ["rows", WIDTH]), floats(c, ["rows", WIDTH]),
                    floats(scores, ["batch", BEAMS]), integers(tokens, [MOST, "rows"])]  # fmt: skip

        inputs = [scalar(step, TensorProto.INT64), scalar(go_on, TensorProto.BOOL), *states(names[2:])]
        outputs = [scalar(more, TensorProto.BOOL), *states((new_token, new_h, new_c, new_scores, history))]
        graph = body.graph("step", inputs, outputs)
        results = main.add("Loop", most, begin, first, h, c, scores, empty, outputs=5, body=graph)
        main.rename(results[4], "tokens")
        main.rename(results[3], "scores")
        main.save(path, "beam_search", [floats(name, ["batch", WIDTH]) for name in ("h0", "c0")],
                  [integers("tokens", [MOST, "rows"]), floats("scores", ["batch", BEAMS])])  # fmt: skip

    def module(self):
        return Network(*self.weights()).eval()


class Network(Decoder):
    def __init__(self, embedding, cell, linear, bias):
        super().__init__(embedding, cell, linear, bias)
        self.beams, self.tokens, self.most, self.never = BEAMS, TOKENS, MOST, NEVER

    def totals(self, token: torch.Tensor, h: torch.Tensor, c: torch.Tensor, scores: torch.Tensor):
        logits, h, c = self.logits(token, h, c)
        gains = torch.log_softmax(logits, 1).reshape(-1, self.beams, self.tokens)
        return (gains + scores[:, :, None]).reshape(-1, self.beams * self.tokens), h, c

    def follow(self, best: torch.Tensor, h: torch.Tensor, c: torch.Tensor, offsets: torch.Tensor):
        """(the tokens [batch, beams], the rows that they come from, states in their order)"""
        beam = torch.div(best, self.tokens, rounding_mode="floor")
        source = (beam + offsets).reshape(-1)
        return best - beam * self.tokens, source, h[source], c[source]

    def step(self, token: torch.Tensor, h: torch.Tensor, c: torch.Tensor, scores: torch.Tensor, offsets: torch.Tensor):
        total, h, c = self.totals(token, h, c, scores)
        scores, best = total.topk(self.beams, -1)
        chosen, source, h, c = self.follow(best, h, c, offsets)
        return chosen, source, h, c, scores

    def begin(self, h: torch.Tensor, c: torch.Tensor):
        batch = h.shape[0]
        h, c = h.repeat_interleave(self.beams, 0), c.repeat_interleave(self.beams, 0)
        scores = torch.full([batch, self.beams], self.never)
        scores[:, 0] = 0
        offsets = torch.arange(batch)[:, None] * self.beams
        return torch.full([batch * self.beams], self.start, dtype=torch.int64), h, c, scores, offsets

    def forward(self, h: torch.Tensor, c: torch.Tensor):
        token, h, c, scores, offsets = self.begin(h, c)
        tokens = torch.zeros([self.most, token.shape[0]], dtype=torch.int64)
        step, more = 0, bool(token.max() > 0)
        while more and step < self.most:
            chosen, source, h, c, scores = self.step(token, h, c, scores, offsets)
            token = chosen.reshape(-1)
            tokens = tokens[:, source]
            tokens[step] = token
            more = bool(chosen[:, 0].max() > 0)
            step += 1
        return tokens, scores

    @torch.jit.unused
    def judge(self, h: torch.Tensor, c: torch.Tensor):
        token, h, c, scores, offsets = self.begin(h, c)
        margin, steps = torch.full([len(scores)], torch.inf), torch.zeros(len(scores), dtype=torch.int64)
        running = torch.ones(len(scores), dtype=torch.bool)
        for _ in range(self.most):
            steps += running
            total, h, c = self.totals(token, h, c, scores)
            best, place = total.topk(self.beams + 1, -1)
            margin = torch.minimum(margin, (best[:, :-1] - best[:, 1:]).amin(1))
            scores, place = best[:, :-1], place[:, :-1]
            chosen, _, h, c = self.follow(place, h, c, offsets)
            token = chosen.reshape(-1)
            running &= chosen[:, 0] > 0
        return margin, steps
