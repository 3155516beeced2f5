"""The greedy decoder of an RNN transducer: a while in a while, with an if. Not of the paper.

    for each frame of the encoder's output:
        while some row has not said blank, and at most 4 times:
            token = argmax(joint(frame, prediction));  a row that says blank is done with this frame
            if some row is not done:  those write their token and step their prediction network

The prediction network is an LSTM of width 320 over an embedding, the joint network relu(frame.W_f + h.W_h + b)
of width 512 and a linear layer to 29 tokens, of which the last is the blank: the sizes of MLPerf's RNN-T but for
one layer of prediction. Outputs are the tokens of each row, blank behind the last, and how many they are.
"""

import numpy
import torch
from onnx import TensorProto, helper

from builder import Builder, floats, scalar
from control_flow.seq2seq import integers
from control_flow.workload import LstmCell, Workload, add_lstm_cell, choose_rows, draw, draw_lstm, top_gap

FEATURES, PREDICTION, JOINT, TOKENS, MOST, FRAMES = 512, 320, 512, 29, 4, 64
BLANK = TOKENS - 1


class RnnT(Workload):
    variants = {1: ("frames0", "frames16")}
    all_equal = ("frames0",)
    traces = ("b1-frames16", "b1")
    quick_trace = "b1-frames16"
    trips = {"b1-frames16": 16, "b1": FRAMES}

    def weights(self):
        """(embedding, the LSTM's four, then W_f, W_h, b, W, b of the joint network)"""
        random = self.random("weights")
        embedding, cell = draw(random, TOKENS, PREDICTION), draw_lstm(random, PREDICTION, PREDICTION, 2.0)
        joint = [draw(random, FEATURES, JOINT, scale=FEATURES**-0.5), draw(random, PREDICTION, JOINT, scale=2 * PREDICTION**-0.5),
                 draw(random, JOINT, scale=0.1), draw(random, JOINT, TOKENS, scale=8 * JOINT**-0.5),
                 draw(random, TOKENS, scale=0.1)]  # fmt: skip
        joint[4][BLANK] += 10
        return embedding, cell, joint

    def inputs(self, batch, variant=""):
        random = self.random(f"input{batch}{variant}")
        frames = int(variant.removeprefix("frames")) if variant else FRAMES
        if not frames:
            return {"x": numpy.zeros((0, batch, FEATURES), numpy.float32)}
        rows = choose_rows(batch, lambda n: [draw(random, n, frames, FEATURES)], self.module().judge,
                           lambda tokens: tokens > frames // 4)  # fmt: skip
        return {"x": numpy.ascontiguousarray(rows[0].transpose(1, 0, 2))}

    def write_graph(self, path):
        main = Builder()
        embedding, cell, joint = self.weights()
        cell, joint = ([main.constant(w, "weight") for w in part] for part in (cell, joint))
        embedding = main.constant(embedding, "weight")
        blank, most = main.constant(numpy.int64(BLANK)), main.constant(numpy.int64(MOST))
        true = main.constant(numpy.bool_(True))

        def numbers(*values):
            return main.constant(numpy.array(values))

        shape = main.add("Shape", "x")
        frames = main.add("Gather", shape, main.constant(numpy.int64(0)))
        batch = main.add("Slice", shape, numbers(1), numbers(2))
        zeros = main.add("ConstantOfShape", main.add("Concat", batch, numbers(PREDICTION), axis=0))
        first = main.add("Expand", numbers(BLANK), batch)
        none = main.add("Expand", numbers(0), batch)
        room = main.add("Mul", main.add("Slice", shape, numbers(0), numbers(1)), numbers(MOST))
        empty = main.add("Expand", blank, main.add("Concat", batch, room, axis=0))
        # The blank before the first token is stepped over, so that `h` is what the next token depends on.
        h, c = add_lstm_cell(main, cell, main.add("Gather", embedding, first, axis=0), zeros, zeros)
        nobody = main.add("Expand", main.constant(numpy.bool_(False)), batch)

        def states(names):
            h, c, tokens, count = names
            return [floats(h, ["batch", PREDICTION]), floats(c, ["batch", PREDICTION]), integers(tokens, ["batch", "room"]),
                    integers(count, ["batch"])]  # fmt: skip

        stems = ("h", "c", "tokens", "count")
        outer = main.subgraph()
        frame, go_on, *outside = (outer.name(stem) for stem in ("frame", "go_on", *stems))
        features = outer.add("MatMul", outer.add("Gather", "x", frame, axis=0), joint[0])

        inner = outer.subgraph()
        step, go_on_inner, done, *inside = (inner.name(stem) for stem in ("step", "go_on", "done", *stems))
        hidden = inner.add("Add", inner.add("Add", features, inner.add("MatMul", inside[0], joint[1])), joint[2])
        logits = inner.add("Add", inner.add("MatMul", inner.add("Relu", hidden), joint[3]), joint[4])
        token = inner.add("ArgMax", logits, axis=1, keepdims=0)
        new_done = inner.add("Or", done, inner.add("Equal", token, blank))
        speaks = inner.add("Not", new_done)
        some = inner.add("Greater", inner.add("ReduceMax", inner.add("Cast", speaks, to=TensorProto.INT64), keepdims=0),
                         main.constant(numpy.int64(0)))  # fmt: skip
        then = self._emit(inner, cell, embedding, numbers, blank, token, speaks, inside)
        otherwise = inner.subgraph()
        kept = [otherwise.add("Identity", name) for name in inside]
        results = inner.add("If", some, outputs=4, then_branch=then(states),
                            else_branch=otherwise.graph("nobody_speaks", [], states(kept)))  # fmt: skip
        inputs = [scalar(step, TensorProto.INT64), scalar(go_on_inner, TensorProto.BOOL),
                  helper.make_tensor_value_info(done, TensorProto.BOOL, ["batch"]), *states(inside)]  # fmt: skip
        outputs = [scalar(inner.add("Identity", some), TensorProto.BOOL),
                   helper.make_tensor_value_info(new_done, TensorProto.BOOL, ["batch"]), *states(results)]  # fmt: skip
        spoken = outer.add("Loop", most, true, nobody, *outside, outputs=5, body=inner.graph("say", inputs, outputs))[1:]
        inputs = [scalar(frame, TensorProto.INT64), scalar(go_on, TensorProto.BOOL), *states(outside)]
        outputs = [scalar(outer.add("Identity", go_on), TensorProto.BOOL), *states(spoken)]
        results = main.add("Loop", frames, "", h, c, empty, none, outputs=4, body=outer.graph("frame", inputs, outputs))
        main.rename(results[2], "tokens")
        main.rename(results[3], "count")
        main.save(path, "rnnt", [floats("x", ["frames", "batch", FEATURES])],
                  [integers("tokens", ["batch", "room"]), integers("count", ["batch"])])  # fmt: skip

    @staticmethod
    def _emit(inner, cell, embedding, numbers, blank, token, speaks, inside):
        """The branch in which some row speaks; called with `states` it gives the graph."""
        then = inner.subgraph()
        h, c, tokens, count = inside
        # A row that does not speak writes a blank where its next token will be, if there is room.
        last = then.add("Sub", then.add("Gather", then.add("Shape", tokens), numbers(1), axis=0), numbers(1))
        place = then.add("Unsqueeze", then.add("Min", count, last), numbers(1))
        held = then.add("GatherElements", tokens, place, axis=1)
        column = then.add("Unsqueeze", speaks, numbers(1))
        said = then.add("Where", column, then.add("Unsqueeze", token, numbers(1)), held)
        tokens = then.add("ScatterElements", tokens, place, said, axis=1)
        count = then.add("Add", count, then.add("Cast", speaks, to=TensorProto.INT64))
        new_h, new_c = add_lstm_cell(then, cell, then.add("Gather", embedding, token, axis=0), h, c)
        h, c = then.add("Where", column, new_h, h), then.add("Where", column, new_c, c)
        return lambda states: then.graph("speak", [], states((h, c, tokens, count)))

    def module(self):
        return Network(*self.weights()).eval()


class Network(torch.nn.Module):
    def __init__(self, embedding, cell, joint):
        super().__init__()
        self.blank, self.most, self.width = BLANK, MOST, PREDICTION
        self.cell = LstmCell(cell)
        self.register_buffer("embedding", torch.from_numpy(embedding))
        for name, value in zip(("from_frame", "from_state", "bias", "linear", "linear_bias"), joint, strict=True):
            self.register_buffer(name, torch.from_numpy(value))

    def logits(self, features: torch.Tensor, h: torch.Tensor):
        hidden = torch.relu(features + torch.addmm(self.bias, h, self.from_state))
        return torch.addmm(self.linear_bias, hidden, self.linear)

    def say(self, features: torch.Tensor, h: torch.Tensor, done: torch.Tensor):
        token = self.logits(features, h).argmax(1)
        done = done | (token == self.blank)
        return token, done, ~done

    def advance(self, token: torch.Tensor, speaks: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        new_h, new_c = self.cell(self.embedding[token], (h, c))
        return torch.where(speaks[:, None], new_h, h), torch.where(speaks[:, None], new_c, c)

    def begin(self, batch: int):
        zeros = torch.zeros([batch, self.width])
        first = torch.full([batch], self.blank, dtype=torch.int64)
        return self.cell(self.embedding[first], (zeros, zeros))

    def forward(self, x: torch.Tensor):
        frames, batch = x.shape[0], x.shape[1]
        h, c = self.begin(batch)
        tokens = torch.full([batch, frames * self.most], self.blank, dtype=torch.int64)
        count = torch.zeros([batch], dtype=torch.int64)
        for frame in range(frames):
            features = torch.matmul(x[frame], self.from_frame)
            done = torch.zeros([batch], dtype=torch.bool)
            step, more = 0, True
            while more and step < self.most:
                token, done, speaks = self.say(features, h, done)
                more = bool(speaks.any())
                if more:
                    place = count.clamp(max=tokens.shape[1] - 1)[:, None]
                    said = torch.where(speaks[:, None], token[:, None], tokens.gather(1, place))
                    tokens.scatter_(1, place, said)
                    count += speaks.to(torch.int64)
                    h, c = self.advance(token, speaks, h, c)
                step += 1
        return tokens, count

    @torch.jit.unused
    def judge(self, x: torch.Tensor):
        """For each row of [rows, frames, features] the smallest margin, and how many tokens it says."""
        h, c = self.begin(len(x))
        margin, count = torch.full([len(x)], torch.inf), torch.zeros(len(x), dtype=torch.int64)
        for frame in range(x.shape[1]):
            features = torch.matmul(x[:, frame], self.from_frame)
            done = torch.zeros([len(x)], dtype=torch.bool)
            for _ in range(self.most):
                margin = torch.minimum(margin, top_gap(self.logits(features, h)))
                token, done, speaks = self.say(features, h, done)
                count += speaks
                h, c = self.advance(token, speaks, h, c)
        return margin, count
