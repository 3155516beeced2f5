"""OpenBLAS, the one that numpy's wheels bring: a model of one MatMul as calls of its CBLAS, from C.

A product with one row or column is tried as gemm and as gemv, and the faster is taken.
"""

import ctypes
import time
from ctypes import c_int64, c_void_p
from pathlib import Path

import numpy
import onnx
from onnx import numpy_helper

from systems import System, Unsupported, native

TRIES = 3


class OpenBlas(System):
    name = "openblas"
    description = "numpy's OpenBLAS, N threads, called from C"

    def load(self, job):
        self.a, self.b = _operands(job)
        self.c = numpy.empty((self.a.shape[0], self.b.shape[1]), numpy.float32)
        self.loops, blas = native.library(), _library()
        self.calls = []
        if self.loops and blas:
            sizes = [c_int64(n) for n in (*self.c.shape, self.a.shape[1])]
            arrays = [c_void_p(array.ctypes.data) for array in (self.a, self.b, self.c)]
            self.calls = [(self.loops.benchRepeatSgemm, blas.scipy_cblas_sgemm64_, sizes, arrays)]
            if 1 in self.c.shape:
                self.calls.append((self.loops.benchRepeatSgemv, blas.scipy_cblas_sgemv64_, sizes, arrays))
            self.calls.sort(key=self._time)

    def _time(self, call):
        self.repeat(1, call)
        started = time.perf_counter()
        self.repeat(TRIES, call)
        return time.perf_counter() - started

    def run(self):
        self.repeat(1)

    def repeat(self, count, call=None):
        if not self.calls:
            for _ in range(count):
                numpy.matmul(self.a, self.b, out=self.c)
            return
        loop, function, sizes, arrays = call or self.calls[0]
        loop(function, *sizes, *arrays, c_int64(count))

    def outputs(self):
        return [self.c]


def _operands(job):
    graph = onnx.load(job.model_path).graph
    if len(graph.node) != 1 or graph.node[0].op_type != "MatMul":
        raise Unsupported("it multiplies two matrices and does nothing else")
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer} | job.inputs()
    return [numpy.ascontiguousarray(values[name]) for name in graph.node[0].input]


def _library():
    """The library with 64-bit integers that numpy has loaded, or None for a numpy built otherwise."""
    found = list((Path(numpy.__file__).parents[1] / "numpy.libs").glob("libscipy_openblas64_*"))
    return ctypes.CDLL(str(found[0])) if found else None
