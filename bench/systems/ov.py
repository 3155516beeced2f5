"""OpenVINO's CPU device, tuned for latency, in float32."""

import numpy
import openvino
from openvino._pyopenvino import InferRequest as Binding  # what the public one calls, 12 us later

from systems import System


class OpenVino(System):
    name = "openvino"
    description = "CPU device, latency hint, float32, one stream of N threads"

    def load(self, job):
        core = openvino.Core()
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(job.threads),
            "INFERENCE_PRECISION_HINT": "f32",  # else bfloat16 where the CPU has it
        }
        model = core.read_model(job.model_path)
        inputs = job.inputs()
        # The shapes of this run, so that it need not run its dynamic-shape kernels.
        model.reshape({name: list(value.shape) for name, value in inputs.items()})
        self.compiled = core.compile_model(model, "CPU", settings)
        self.request = self.compiled.create_infer_request()
        for name, value in inputs.items():
            self.request.set_tensor(name, openvino.Tensor(numpy.asarray(value, order="C")))

    def run(self):
        Binding.infer(self.request, {}, True, False)  # inputs are set; outputs are not copied

    def outputs(self):
        return [self.request.get_output_tensor(i).data.copy() for i in range(len(self.compiled.outputs))]
