"""A model of torch with its weights and values in float16: NAME.f16 for the model NAME.

The ONNX file is that of NAME with its types changed: tracing a module in float16 takes a CPU without such
arithmetic minutes. What is expected comes from the same rounded weights and inputs, computed in float32, so that
no system's rounding is the measure of the others.
"""

import numpy
import onnx
import torch
from onnx import TensorProto, numpy_helper

import export
from torch_model import TorchModel


class HalfModel(TorchModel):
    def __init__(self, name):
        super().__init__(name)
        self.base = base = export.find(export.split_name(name)[0])
        self.input_names, self.output_names = base.input_names, base.output_names
        self.batches, self.variants = base.batches, base.variants

    def module(self):
        return self.base.module().half()

    def write(self, path):
        self.base.write(path)
        model = onnx.load(path)
        _halve_graph(model.graph)
        onnx.save(model, path)

    def inputs(self, batch, variant=""):
        values = self.base.inputs(batch, variant)
        return {name: v.astype(numpy.float16) if v.dtype == numpy.float32 else v for name, v in values.items()}

    def expected(self, session, inputs):
        rounded = self.module().float()
        given = [torch.from_numpy(value) for value in inputs.values()]
        with torch.inference_mode():
            results = rounded(*[value.float() if value.is_floating_point() else value for value in given])
        results = results if isinstance(results, (tuple, list)) else [results]
        return [result.half().numpy() for result in results]


def _halve_graph(graph):
    """Makes every float32 of a graph float16: inputs, outputs, initialisers, constants, casts."""
    graph.ClearField("value_info")
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    for tensor in graph.initializer:
        _halve_tensor(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                _halve_tensor(attribute.t)
            elif node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16


def _halve_tensor(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(numpy.float16), tensor.name))
