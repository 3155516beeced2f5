"""What the workloads of this package share: what they promise, drawing weights and rows, an LSTM cell.

A workload is the network as a torch module with Python's control flow, which torch.jit.script
takes, and the same network as ONNX with Loop and If. Where a value decides the path (an argmax,
a gate, a beam) it does so by more than MARGIN, so that rounding cannot flip it: rows of inputs
are drawn until enough of them do (`choose_rows`), and every data set is checked when it is
written. Expected outputs are those of the module run eagerly.
"""

import numpy
import torch

from control_flow import trace
from model import ExportError, Model

MARGIN = 1e-2
SEARCH_MARGIN = 1.5e-2  # of rows that are drawn: the check must hold where rounding differs
GATES = 4  # of an LSTM: input, forget, cell, output


class Workload(Model):
    batches = (1, 64)
    traces = ("b1",)  # data sets whose unrolled trace is written beside the model
    quick_trace = "b1"  # the one that a quick run compiles
    trips = {}  # data set -> iterations of its loop, of two data sets: their difference in time is that in iterations
    ratios = {}  # data set -> part of the blocks that it executes
    without = ("pytorch_library",)  # systems that are not for it
    revision = 1

    def write(self, path):
        self.path = path
        self.write_graph(path)

    def write_graph(self, path):
        raise NotImplementedError

    def script_module(self):
        """The module for TorchScript, where it cannot take the one of `module`."""
        return self.module()

    def jax_function(self):
        """(function, weights) where systems/onnx_jax.py cannot make them of the graph: it is called with the weights
        and the inputs."""
        return None

    def expected(self, session, inputs):
        from systems.job import compare

        with torch.inference_mode():
            results = self.module()(*[torch.from_numpy(value.copy()) for value in inputs.values()])
        results = [r.numpy() for r in (results if isinstance(results, tuple) else (results,))]
        error, message = compare(session.run(None, inputs), results)
        if message:
            raise ExportError(f"the module and the ONNX graph differ: {message}")
        margin = trace.smallest_margin(self.path, inputs)
        if margin < MARGIN:
            raise ExportError(f"a decision has a margin of {margin:.2g}, less than {MARGIN}")
        return results

    def write_more(self, folder):
        for name, batch, variant in self.data_sets():
            if name in self.traces:
                trace.write(self.path, self.inputs(batch, variant), folder / f"trace-{name}.onnx")


def draw(random, *shape, mean=0.0, scale=1.0):
    return (mean + scale * random.standard_normal(shape)).astype(numpy.float32)


def draw_lstm(random, inputs, width, scale=1.0):
    """(w_ih [inputs, 4 width], w_hh [width, 4 width], b_ih, b_hh), gates as in torch: input, forget, cell, output."""
    return (
        draw(random, inputs, GATES * width, scale=scale * inputs**-0.5),
        draw(random, width, GATES * width, scale=width**-0.5),
        draw(random, GATES * width, scale=0.1),
        draw(random, GATES * width, scale=0.1),
    )


def add_lstm_cell(graph, weights, x, h, c):
    """The nodes of one LSTM step: (h, c). `weights` are four names."""
    w_ih, w_hh, b_ih, b_hh = weights
    from_input = graph.add("Add", graph.add("MatMul", x, w_ih), b_ih)
    from_hidden = graph.add("Add", graph.add("MatMul", h, w_hh), b_hh)
    gates = graph.add("Split", graph.add("Add", from_input, from_hidden), outputs=GATES, axis=1)
    i, f, o = (graph.add("Sigmoid", gates[index]) for index in (0, 1, 3))
    g = graph.add("Tanh", gates[2])
    c = graph.add("Add", graph.add("Mul", f, c), graph.add("Mul", i, g))
    return graph.add("Mul", o, graph.add("Tanh", c)), c


class LstmCell(torch.nn.LSTMCell):
    """torch's own, with weights of draw_lstm."""

    def __init__(self, weights):
        w_ih, w_hh, b_ih, b_hh = (torch.from_numpy(w) for w in weights)
        super().__init__(w_ih.shape[0], w_hh.shape[0])
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), (w_ih.T, w_hh.T, b_ih, b_hh), strict=True):
                parameter.copy_(value)


def choose_rows(count, draw_rows, judge, wanted=None):
    """`count` rows for which the network decides clearly. `draw_rows(n)` draws a list of arrays of n rows; `judge`
    gives for each of their rows the smallest margin, and a number; `wanted`, given the numbers, says which rows will
    do. Returns the arrays."""
    chosen, found = None, 0
    for _ in range(200):
        rows = draw_rows(max(64, count))
        with torch.inference_mode():
            margins, numbers = judge(*[torch.from_numpy(row) for row in rows])
        good = margins.numpy() > SEARCH_MARGIN
        if wanted:
            good &= wanted(numbers.numpy())
        picked = [row[good] for row in rows]
        chosen = picked if chosen is None else [numpy.concatenate(pair) for pair in zip(chosen, picked, strict=True)]
        found = len(chosen[0])
        if found >= count:
            return [row[:count] for row in chosen]
    raise ExportError(f"only {found} of {count} rows have a margin of {SEARCH_MARGIN} at every decision")


def top_gap(scores):
    """By how much the largest of each row exceeds the next."""
    best = scores.topk(2, -1).values
    return best[:, 0] - best[:, 1]


def spread(taken, blocks):
    """Which of `blocks` are taken, as far from each other as they can be."""
    return numpy.array([(index + 1) * taken // blocks > index * taken // blocks for index in range(blocks)])
