"""JAX on the CPU: the model as one jitted function, compiled by XLA ahead of the runs."""

import jax
import numpy

from systems import System
from systems.onnx_jax import Graph

jax.config.update("jax_platforms", "cpu")


class Jax(System):
    name = "jax"
    description = "the ONNX graph as one jitted function, XLA's CPU backend on N cores"

    def load(self, job):
        graph = Graph(job.model_path)
        weights = jax.device_put(graph.weights)
        inputs = jax.device_put([_narrow(value) for value in job.inputs().values()])
        compiled = jax.jit(graph.function).lower(weights, *inputs).compile()
        self.call = lambda: jax.block_until_ready(compiled(weights, *inputs))
        self.results = None

    def run(self):
        self.results = self.call()

    def outputs(self):
        return [numpy.asarray(result) for result in self.results]


def _narrow(value):
    """JAX computes with 32-bit integers unless told otherwise; token ids fit."""
    return value.astype(numpy.int32) if value.dtype == numpy.int64 else value
