"""The light models of pip onnx, with random weights in place of constants.

The package holds nine networks whose weights are cut down to one value each
(ConstantOfShape of 0.02, constant initialisers), which hides any mistake in a
layout. Here every float weight becomes an initialiser of seeded random values:

    convolution, Gemm     He-normal by fan-in, then scaled by a power of two so that
                          the layer's output has a standard deviation near 1
    bias                  normal, 0.1
    BatchNormalization    scale 0.5 to 1.5, mean and bias normal 0.1, variance 0.5 to 1.5
    Mul / Add by channel  as scale and bias

The scaling runs the network node by node on the first input, as in Mishkin and
Matas, "All you need is a good init" (ICLR 2016); without it the 16 residual sums
of ResNet-50 saturate its softmax. Graph inputs that only restate initialisers
are dropped (IR 4 allows it), so that every system may fold weights. The batch
of these models is static.
"""

import math
from pathlib import Path

import numpy
import onnx
import onnx.backend.test
from onnx import helper, numpy_helper

from model import Model

FOLDER = Path(onnx.backend.test.__file__).parent / "data" / "light"
FILES = {
    "alexnet": "light_bvlc_alexnet",
    "densenet121": "light_densenet121",
    "inception_v1": "light_inception_v1",
    "inception_v2": "light_inception_v2",
    "resnet50": "light_resnet50",
    "shufflenet": "light_shufflenet",
    "squeezenet": "light_squeezenet",
    "vgg19": "light_vgg19",
    "zfnet512": "light_zfnet512",
}
MIN_IR_VERSION = 4  # initialisers need not be graph inputs


class LightModel(Model):
    batches = (1,)

    def write(self, path):
        model = onnx.load(FOLDER / f"{FILES[self.name]}.onnx")
        weights = _take_weights(model.graph)
        inputs = _drop_restated_inputs(model, weights)
        roles = _roles(model.graph, weights)
        random = self.random("weights")
        for name in weights:
            weights[name] = _draw(random, roles.get(name, "other"), weights[name])
        feeds = self.inputs(1)
        assert [i.name for i in inputs] == list(feeds)
        _calibrate(model, weights, feeds)
        model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in weights.items())
        model.ir_version = max(model.ir_version, MIN_IR_VERSION)
        model.producer_name = "light models with random weights"
        onnx.save(model, path)

    def inputs(self, batch, variant=""):
        name = "gpu_0/data_0" if self.name in ("resnet50", "shufflenet", "zfnet512") else "data_0"
        return {name: self.random("input").standard_normal((batch, 3, 224, 224), numpy.float32)}


def _take_weights(graph):
    """Removes the float constants from the graph; {name: array of the old values}."""
    initializers = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    weights = {name: value for name, value in initializers.items() if value.dtype == numpy.float32}
    kept = []
    for node in graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in initializers:
            value = numpy_helper.to_array(node.attribute[0].t)
            weights[node.output[0]] = numpy.full(initializers[node.input[0]], value.item(), value.dtype)
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input}
    left = [i for i in graph.initializer if i.name in used and i.name not in weights]
    for field, values in (("node", kept), ("initializer", left)):
        graph.ClearField(field)
        getattr(graph, field).extend(values)
    return {name: value for name, value in weights.items() if name in used}


def _drop_restated_inputs(model, weights):
    used = {name for node in model.graph.node for name in node.input}
    constants = {i.name for i in model.graph.initializer} | set(weights)
    inputs = [i for i in model.graph.input if i.name in used and i.name not in constants]
    model.graph.ClearField("input")
    model.graph.input.extend(inputs)
    return inputs


def _roles(graph, weights):
    """{weight: what it is to the node that uses it}."""
    by_position = {
        "Conv": (None, "weight", "bias"),
        "Gemm": (None, "weight", "bias"),
        "BatchNormalization": (None, "scale", "bias", "mean", "variance"),
        "Mul": ("scale", "scale"),
        "Add": ("bias", "bias"),
    }
    roles, aliases = {}, _aliases(graph, weights)
    for node in graph.node:
        for position, name in enumerate(node.input):
            name = aliases.get(name, name)
            if name in weights and node.op_type in by_position:
                roles[name] = by_position[node.op_type][position]
    return roles


def _aliases(graph, weights):
    """{value that is a weight in another shape: that weight}."""
    shaped = [node for node in graph.node if node.op_type in ("Unsqueeze", "Reshape") and node.input[0] in weights]
    return {node.output[0]: node.input[0] for node in shaped}


def _draw(random, role, old):
    if role == "weight":
        fan_in = math.prod(old.shape[1:])  # Conv is [out, in, ...]; these Gemms transpose B
        values = random.standard_normal(old.shape) * math.sqrt(2 / fan_in)
    elif role in ("scale", "variance"):
        values = random.uniform(0.5, 1.5, old.shape)
    elif role in ("bias", "mean"):
        values = random.normal(0, 0.1, old.shape)
    else:
        return old
    return values.astype(numpy.float32)


def _calibrate(model, weights, feeds):
    """Scales the weight of each convolution and Gemm in place, by running node after node."""
    values = {**{i.name: numpy_helper.to_array(i) for i in model.graph.initializer}, **weights, **feeds}
    aliases = _aliases(model.graph, weights)
    remaining = {}
    for node in model.graph.node:
        for name in node.input:
            remaining[name] = remaining.get(name, 0) + 1
    for node in model.graph.node:
        outputs = _run_node(model, node, values)
        if node.op_type in ("Conv", "Gemm"):
            factor = 2.0 ** round(-math.log2(float(outputs[0].std())))
            if factor != 1:
                weight = aliases.get(node.input[1], node.input[1])
                weights[weight] = weights[weight] * numpy.float32(factor)
                values[node.input[1]] = values[node.input[1]] * numpy.float32(factor)
                outputs = _run_node(model, node, values)
        values.update(zip(node.output, outputs, strict=False))
        for name in node.input:
            remaining[name] -= 1
            if not remaining[name] and name not in weights:
                values.pop(name, None)


def _run_node(model, node, values):
    import onnxruntime

    names = list(dict.fromkeys(name for name in node.input if name))
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(values[n].dtype), values[n].shape)
             for n in names]  # fmt: skip
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    graph = helper.make_graph([node], "node", infos, outputs[:1])
    single = helper.make_model(graph, opset_imports=model.opset_import, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(single.SerializeToString(), options, ["CPUExecutionProvider"])
    return session.run(None, {name: values[name] for name in names})
