"""A model with 8-bit weights and values: NAME.i8 for the model NAME.

onnxruntime's static quantisation, as pairs of QuantizeLinear and DequantizeLinear: unsigned values, weights with a
sign and a scale for each channel; softmax stays in float32. What is expected is what onnxruntime computes in float32
without optimising, so that no system's rounding is the measure of the others. Steps of one layer become steps of the
next: systems that round differently, onnxruntime's own integers too, end far apart (systems/job.py has the tolerance).
"""

import tempfile
from pathlib import Path

import onnx
from onnx import version_converter

import export
from model import Model

LEAST_OPSET = 13  # of scales by channel
BATCH = 1  # what the ranges of values are taken from


class QuantisedModel(Model):
    asks_onnxruntime = False  # but for a session of its own, which does not optimise

    def __init__(self, name):
        super().__init__(name)
        self.base = export.find(export.split_name(name)[0])
        self.batches = self.base.batches

    def write(self, path):
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        with tempfile.TemporaryDirectory() as scratch:
            plain, prepared = Path(scratch) / "plain.onnx", Path(scratch) / "prepared.onnx"
            self.base.write(plain)
            _raise_opset(plain)
            quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
            # Of a softmax over a thousand classes 8 bits would leave a few steps.
            kept = [node.name for node in onnx.load(prepared).graph.node if node.op_type == "Softmax"]
            quantize_static(str(prepared), str(path), _Feeds(self.inputs(BATCH)), quant_format=QuantFormat.QDQ,
                            per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_exclude=kept)  # fmt: skip
        self.path = path

    def inputs(self, batch, variant=""):
        return self.base.inputs(batch, variant)

    def expected(self, session, inputs):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        plain = onnxruntime.InferenceSession(str(self.path), options, ["CPUExecutionProvider"])
        return plain.run(None, inputs)


class _Feeds:
    """What onnxruntime calls a calibration data reader."""

    def __init__(self, inputs):
        self.left = [inputs]

    def get_next(self):
        return self.left.pop() if self.left else None


def _raise_opset(path):
    model = onnx.load(path)
    opset = next(entry for entry in model.opset_import if not entry.domain)
    if opset.version < LEAST_OPSET:
        onnx.save(version_converter.convert_version(model, LEAST_OPSET), path)
