"""A model of torch with its weights and values in float16: NAME.f16 for the model NAME.

What is expected comes from the same rounded weights and inputs, computed in float32, so that
no system's rounding is the measure of the others.
"""

import numpy
import torch

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
