"""Checks the traces of bench/models/control_flow/trace.py on a Loop with an If.

    check_trace.py BENCH     prints what is wrong and leaves with 1
"""

import sys
import tempfile
from pathlib import Path

import numpy
import onnx
from onnx.reference import ReferenceEvaluator


def write_model(path):
    """`steps` times: x = 2 x where the largest of x is less than 3, else x - 0.5; the largest of each step."""
    from builder import Builder, floats, scalar

    main = Builder()
    limit, two, half = (main.constant(numpy.float32(value)) for value in (3, 2, 0.5))
    body = main.subgraph()
    step, go_on, x = (body.name(stem) for stem in ("step", "go_on", "x"))
    largest = body.add("ReduceMax", x, keepdims=0)
    then, otherwise = body.subgraph(), body.subgraph()
    doubled, less = then.add("Mul", x, two), otherwise.add("Sub", x, half)
    y = body.add("If", body.add("Less", largest, limit), then_branch=then.graph("grow", [], [floats(doubled)]),
                 else_branch=otherwise.graph("shrink", [], [floats(less)]))  # fmt: skip
    inputs = [scalar(step, onnx.TensorProto.INT64), scalar(go_on, onnx.TensorProto.BOOL), floats(x, [2])]
    outputs = [scalar(body.add("Identity", go_on), onnx.TensorProto.BOOL), floats(y, [2]), floats(largest, [])]
    graph = body.graph("step", inputs, outputs)
    y, seen = main.add("Loop", "steps", "", "x", outputs=2, body=graph)
    main.rename(y, "y")
    main.rename(seen, "seen")
    main.save(path, "trace", [floats("x", [2]), scalar("steps", onnx.TensorProto.INT64)],
              [floats("y", [2]), floats("seen", ["steps"])])  # fmt: skip


def check(scratch):
    from control_flow import trace

    model, traced = scratch / "model.onnx", scratch / "trace.onnx"
    write_model(model)
    inputs = {"x": numpy.array([1.0, 0.25], numpy.float32), "steps": numpy.array(4)}
    trace.write(model, inputs, traced, ReferenceEvaluator)
    operators = [node.op_type for node in onnx.load(traced).graph.node]
    yield {"Loop", "If", "Less"}.isdisjoint(operators), f"a trace has no control flow: {operators}"
    yield (operators.count("Mul"), operators.count("Sub")) == (2, 2), f"1, 2, 4, 3.5: {operators}"
    y, seen = ReferenceEvaluator(str(traced)).run(None, inputs)
    yield (y.tolist(), seen.tolist()) == ([3, 0], [1, 2, 4, 3.5]), f"the trace gives {y} and {seen}"
    margin = trace.smallest_margin(model, inputs, ReferenceEvaluator)
    yield margin == 0.5, f"3.5 is the nearest to 3, not by {margin}"


def main():
    sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]) / "models")]
    with tempfile.TemporaryDirectory() as scratch:
        bad = [what for good, what in check(Path(scratch)) if not good]
    print(*bad, sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
