"""JAX on the CPU: the model as one jitted function, compiled by XLA ahead of the runs."""

import export
import jax
import numpy

from systems import System
from systems.onnx_jax import Graph

jax.config.update("jax_platforms", "cpu")


class Jax(System):
    name = "jax"
    description = "the ONNX graph as one jitted function, XLA's CPU backend on N cores"

    def load(self, job):
        model = export.find(job.model) if job.model else None
        own = model.jax_function() if hasattr(model, "jax_function") else None
        if own:
            function, weights = own
        else:
            graph = Graph(job.model_path)
            function, weights = graph.function, graph.weights
        weights = jax.device_put(weights)
        inputs = jax.device_put([_narrow(value) for value in job.inputs().values()])
        compiled = jax.jit(function).lower(weights, *inputs).compile()
        self.call = lambda: jax.block_until_ready(compiled(weights, *inputs))
        self.results = None
        self.types = [value.dtype for value in job.expected()]

    def run(self):
        self.results = self.call()

    def outputs(self):
        return [numpy.asarray(result).astype(wanted if wanted.kind == "i" else result.dtype)
                for result, wanted in zip(self.results, self.types, strict=True)]  # fmt: skip


def _narrow(value):
    """JAX computes with 32-bit integers unless told otherwise; token ids fit."""
    return value.astype(numpy.int32) if value.dtype == numpy.int64 else value
