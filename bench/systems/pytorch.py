"""PyTorch on the CPU: eager, and torch.compile with its Inductor.

The module is the one that the model was exported from; the light models, which
have none, are run by onnx_torch.py.
"""

import export
import torch

from systems.onnx_torch import OnnxModule


class Eager:
    name = "pytorch"
    description = "eager, inference mode, N intra-op threads"

    def load(self, job):
        torch.set_num_threads(job.threads)
        self.module = self.prepare((job.model and export.find(job.model).module()) or OnnxModule(job.model_path))
        self.inputs = [torch.from_numpy(value.copy()) for value in job.inputs().values()]
        self.results = None

    def prepare(self, module):
        return module

    def run(self):
        with torch.inference_mode():
            self.results = self.module(*self.inputs)

    def outputs(self):
        results = self.results if isinstance(self.results, (tuple, list)) else [self.results]
        return [result.numpy() for result in results]


class Compiled(Eager):
    name = "pytorch_compile"
    description = "torch.compile with Inductor, weights frozen, N intra-op threads"

    def prepare(self, module):
        import torch._inductor.config

        torch._inductor.config.freezing = True
        if hasattr(module, "step"):  # of a recurrence
            module.step = torch.compile(module.step)
            return module
        return torch.compile(module)

    def run(self):
        with torch.no_grad():  # Inductor freezes weights under no_grad, not in inference mode
            self.results = self.module(*self.inputs)
