"""The trace of an ONNX model: the nodes that it executes for given inputs, without Loop and If.

`write` makes it a model of its own: bodies of loops as often as they ran, of branches the one
that was taken, what only the conditions used removed. `smallest_margin` watches the same
execution and tells by how little a decision was made. Every node runs in an onnxruntime session
of its own, made once; a caller may give another way to open a model, which has the same `run`.
"""

import numpy
import onnx
from onnx import helper, numpy_helper

COMPARISONS = ("Greater", "GreaterOrEqual", "Less", "LessOrEqual")


def write(path, inputs, out, open_model=None):
    trace = Trace(path, inputs, open_model)
    graph = helper.make_graph(trace.live_nodes(), "trace", trace.graph.input, trace.graph.output,
                              [tensor for name, tensor in trace.tensors.items() if name in trace.used])  # fmt: skip
    model = helper.make_model(graph, opset_imports=trace.model.opset_import, ir_version=trace.model.ir_version,
                              producer_name="bench/models")  # fmt: skip
    onnx.save(model, out)


def smallest_margin(path, inputs, open_model=None):
    """Over all argmax, top-k and comparisons of floats that are not whole numbers."""
    graph = onnx.load(path).graph
    if not any(node.op_type in ("ArgMax", "TopK", *COMPARISONS) for node in _all_nodes(graph)):
        return numpy.inf
    return Trace(path, inputs, open_model).margin


def _all_nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _all_nodes(attribute.g)


class Trace:
    """An execution. Values are pairs: the name in the trace, and the array."""

    def __init__(self, path, inputs, open_model=None):
        self._open = open_model or _open
        self.model = onnx.load(path)
        self.graph = self.model.graph
        self.nodes, self.tensors, self.margin = [], {}, numpy.inf
        self._sessions, self._constants, self._count = {}, {}, 0
        values = {name: (name, value) for name, value in inputs.items()}
        values[""] = ("", None)
        results = self._run(self.graph, values)
        for output, (name, _) in zip(self.graph.output, results, strict=True):
            self.nodes.append(helper.make_node("Identity", [name], [output.name]))

    def live_nodes(self):
        """The nodes that the outputs need; `used` are then the names they read."""
        self.used, live = {output.name for output in self.graph.output}, []
        for node in reversed(self.nodes):
            if any(name in self.used for name in node.output):
                live.append(node)
                self.used.update(node.input)
        return live[::-1]

    def _name(self, stem):
        self._count += 1
        return f"{stem}.{self._count}"

    def _constant(self, stem, array):
        name = self._name(stem)
        self.tensors[name] = numpy_helper.from_array(numpy.asarray(array), name)
        return name, numpy.asarray(array)

    def _run(self, graph, outer):
        """The values of the graph's outputs."""
        values = dict(outer)
        for tensor in graph.initializer:
            if tensor.name not in self._constants:  # names are unique over the whole model
                self._constants[tensor.name] = (tensor.name, numpy_helper.to_array(tensor))
                self.tensors[tensor.name] = tensor
            values[tensor.name] = self._constants[tensor.name]
        for node in graph.node:
            inputs = [values[name] for name in node.input]
            if node.op_type == "If":
                results = self._run(_subgraph(node, "then_branch" if inputs[0][1].all() else "else_branch"), values)
            elif node.op_type == "Loop":
                results = self._loop(_subgraph(node, "body"), inputs, values)
            else:
                results = self._node(node, inputs)
            values.update(zip(node.output, results, strict=True))
        return [values[output.name] for output in graph.output]

    def _loop(self, body, inputs, outer):
        (_, most), (_, go_on), *carried = inputs
        names = [value.name for value in body.input]
        scanned = [[] for _ in body.output[1 + len(carried) :]]
        step = 0
        while (most is None or step < most) and (go_on is None or go_on):
            state = [self._constant("step", numpy.int64(step)), self._constant("go_on", numpy.bool_(True)), *carried]
            (_, go_on), *results = self._run(body, {**outer, **dict(zip(names, state, strict=True))})
            carried, rows = results[: len(carried)], results[len(carried) :]
            for collected, row in zip(scanned, rows, strict=True):
                collected.append(self._helper("Unsqueeze", [row, self._constant("axes", numpy.array([0]))]))
            step += 1
        return [*carried, *[self._helper("Concat", rows, axis=0) for rows in scanned]]

    def _helper(self, op, inputs, **attributes):
        """A node that the model does not have."""
        node = helper.make_node(op, [f"x{i}" for i in range(len(inputs))], ["y"], **attributes)
        return self._node(node, inputs)[0]

    def _node(self, node, inputs):
        self._watch(node, inputs)
        outputs = [(self._name(name) if name else "", None) for name in node.output]
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = outputs[0][0]
        copy.input[:] = [name for name, _ in inputs]
        copy.output[:] = [name for name, _ in outputs]
        self.nodes.append(copy)
        arrays = self._evaluate(node, [array for _, array in inputs])
        return [(name, array) for (name, _), array in zip(outputs, arrays, strict=True)]

    def _evaluate(self, node, arrays):
        key = id(node)
        if key not in self._sessions:
            self._sessions[key] = (node, self._open(_single(node, arrays, self.model)))  # the node lives as long as its id
        session = self._sessions[key][1]
        given = {f"x{i}": array for i, array in enumerate(arrays) if array is not None}
        return session.run(None, given)

    def _watch(self, node, inputs):
        arrays = [array for _, array in inputs]
        if not arrays or arrays[0] is None or arrays[0].dtype.kind != "f":
            return
        gaps = None
        if node.op_type in COMPARISONS:
            if not all((array == numpy.round(array)).all() for array in arrays):  # whole numbers are exact
                gaps = numpy.abs(arrays[0].astype(numpy.float64) - arrays[1])
        elif node.op_type in ("ArgMax", "TopK"):
            axis = next((a.i for a in node.attribute if a.name == "axis"), 0 if node.op_type == "ArgMax" else -1)
            best = 1 if node.op_type == "ArgMax" else int(arrays[1].item())
            ordered = -numpy.sort(-arrays[0].astype(numpy.float64), axis)
            gaps = -numpy.diff(numpy.take(ordered, range(min(best + 1, ordered.shape[axis])), axis), axis=axis)
        if gaps is not None and gaps.size:
            self.margin = min(self.margin, float(gaps.min()))


def _subgraph(node, name):
    return next(attribute.g for attribute in node.attribute if attribute.name == name)


def _single(node, arrays, model):
    """A model of this node alone."""
    single = onnx.NodeProto()
    single.CopyFrom(node)
    single.input[:] = ["" if array is None else f"x{i}" for i, array in enumerate(arrays)]
    single.output[:] = [f"y{i}" if name else "" for i, name in enumerate(node.output)]
    inputs = [helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(array.dtype), None)
              for i, array in enumerate(arrays) if array is not None]  # fmt: skip
    outputs = [onnx.ValueInfoProto(name=name) for name in single.output if name]
    graph = helper.make_graph([single], "node", inputs, outputs)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def _open(model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
