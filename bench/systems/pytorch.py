"""PyTorch on the CPU: eager, in the layout NHWC, TorchScript, and torch.compile with its Inductor.

The module is the one that the model was exported from; the light models and single
operators, which have none, are run by onnx_torch.py.
"""

import export
import torch

from systems import System, Unsupported
from systems.onnx_torch import OnnxModule


class Eager(System):
    name = "pytorch"
    description = "eager, inference mode, N intra-op threads"

    def load(self, job):
        torch.set_num_threads(job.threads)
        with torch.inference_mode():
            self.module = self.make(job)
            self.inputs = [self.prepare_input(torch.from_numpy(value.copy())) for value in job.inputs().values()]
        self.results = None

    def make(self, job):
        return self.prepare((job.model and export.find(job.model).module()) or OnnxModule(job.model_path))

    def prepare(self, module):
        return module

    def prepare_input(self, value):
        return value

    def run(self):
        with torch.inference_mode():
            self.results = self.module(*self.inputs)

    def repeat(self, count):
        with torch.inference_mode():
            for _ in range(count):
                self.results = self.module(*self.inputs)

    def outputs(self):
        results = self.results if isinstance(self.results, (tuple, list)) else [self.results]
        return [result.contiguous().numpy() for result in results]


class Scripted(Eager):
    name = "torchscript"
    description = "torch.jit.script, frozen, N intra-op threads"

    def make(self, job):
        model = export.find(job.model) if job.model else None
        module = model and getattr(model, "script_module", model.module)()
        if not module:
            raise Unsupported("there is no module for torch.jit.script")
        return torch.jit.freeze(torch.jit.script(module))


class Library(Eager):
    name = "pytorch_library"
    description = "eager, the network as one module of torch's library, N intra-op threads"

    def make(self, job):
        model = export.find(job.model) if job.model else None
        if not hasattr(model, "library_module"):
            raise Unsupported("torch's library has no such network")
        return model.library_module()


class ChannelsLast(Eager):
    name = "pytorch_channels_last"
    description = "eager, inference mode, images and weights in channels-last layout, N intra-op threads"

    def prepare(self, module):
        return module.to(memory_format=torch.channels_last)

    def prepare_input(self, value):
        return value.to(memory_format=torch.channels_last) if value.dim() == 4 else value


class Compiled(Eager):
    name = "pytorch_compile"
    description = "torch.compile with Inductor, weights frozen, N intra-op threads"

    def load(self, job):
        torch.set_num_threads(job.threads)
        self.module = self.make(job)
        self.inputs = [torch.from_numpy(value.copy()) for value in job.inputs().values()]
        self.results = None

    def prepare(self, module):
        import torch._inductor.config

        torch._inductor.config.freezing = True
        if hasattr(module, "step"):  # of a recurrence
            module.step = torch.compile(module.step)
            return module
        torch.compiler.reset()  # what it compiled before this model
        return torch.compile(module)

    def run(self):
        with torch.no_grad():  # Inductor freezes weights under no_grad, not in inference mode
            self.results = self.module(*self.inputs)

    def repeat(self, count):
        with torch.no_grad():
            for _ in range(count):
                self.results = self.module(*self.inputs)
