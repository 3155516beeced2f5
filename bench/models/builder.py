"""Writes ONNX graphs node by node, subgraphs too; names are made unique."""

import onnx
from onnx import TensorProto, helper, numpy_helper

IR_VERSION, OPSET = 8, 17


class Builder:
    """One graph. A subgraph shares the counter of its parent, so that no name is used twice,
    and sees the parent's values by name."""

    def __init__(self, parent=None):
        self.parent = parent
        self.nodes, self.initializers = [], []
        self._counter = parent._counter if parent else [0]

    def subgraph(self):
        return Builder(self)

    def name(self, stem):
        self._counter[0] += 1
        return f"{stem}_{self._counter[0]}"

    def constant(self, array, stem="constant"):
        """The name of an initialiser of this graph."""
        name = self.name(stem)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def add(self, op, *inputs, outputs=1, **attributes):
        """The name of the node's output, or a list of names when `outputs` is not 1."""
        names = [self.name(op.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, names[0], **attributes))
        return names[0] if outputs == 1 else names

    def rename(self, value, name):
        """Gives a value the name of a graph's output."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name))

    def graph(self, name, inputs, outputs):
        return helper.make_graph(self.nodes, name, inputs, outputs, self.initializers)

    def save(self, path, name, inputs, outputs):
        graph = self.graph(name, inputs, outputs)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="bench/models")
        onnx.save(model, path)


def floats(name, shape=None):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def scalar(name, element):
    return helper.make_tensor_value_info(name, element, [])
