"""What a worker is asked to run, and the data that belongs to it."""

from dataclasses import dataclass
from pathlib import Path

import numpy

RTOL = 1e-3
ATOL_OF_LARGEST = 1e-4  # absolute tolerance, as a part of the largest expected value
HALF_OF_LARGEST = 5e-3  # the same of float16
BYTE_OF_LARGEST = 0.2  # the same of a quantised network, whose steps add up from layer to layer


@dataclass
class Job:
    model: str  # name in bench/models, empty for a model that is not from there
    model_path: str
    data_set: str  # folder with input_N.pb and output_N.pb
    threads: int
    program: str = ""  # what dlc made of the model
    runtime: str = ""  # libdlrt.so
    cache: str = ""  # a folder for what a peer compiles
    of_largest: float | None = None  # tolerance, as a part of the largest expected value; none: by the type
    from_c: bool = False  # call dlc from C (systems/native.py) and not, like most peers, from Python

    def inputs(self):
        """{name: array}, in the order of the graph's inputs."""
        return self._read("input")

    def expected(self):
        return list(self._read("output").values())

    def _read(self, stem):
        import onnx
        from onnx import numpy_helper

        values = {}
        paths = Path(self.data_set).glob(f"{stem}_*.pb")
        for path in sorted(paths, key=lambda p: int(p.stem.rpartition("_")[2])):
            tensor = onnx.load_tensor(str(path))
            values[tensor.name] = numpy_helper.to_array(tensor)
        return values


def compare(got, expected, of_largest=None):
    """(largest error as a multiple of the tolerance, message or empty): each element may be
    off by RTOL of itself and of_largest (ATOL_OF_LARGEST, HALF_OF_LARGEST) of the largest value of its tensor."""
    if len(got) != len(expected):
        return numpy.inf, f"{len(got)} outputs instead of {len(expected)}"
    worst = 0.0
    for index, (a, b) in enumerate(zip(got, expected, strict=True)):
        a = numpy.asarray(a)
        if a.shape != b.shape or a.dtype != b.dtype:
            return numpy.inf, f"output {index} is {a.dtype}{list(a.shape)} instead of {b.dtype}{list(b.shape)}"
        if not b.size:
            continue
        if not numpy.isfinite(a).all():
            return numpy.inf, f"output {index} holds values that are not finite"
        part = of_largest or (HALF_OF_LARGEST if b.dtype == numpy.float16 else ATOL_OF_LARGEST)
        a, b = a.astype(numpy.float64), b.astype(numpy.float64)
        allowed = RTOL * numpy.abs(b) + part * numpy.abs(b).max()
        worst = max(worst, float((numpy.abs(a - b) / numpy.maximum(allowed, 1e-300)).max()))
    return worst, "" if worst <= 1 else f"an output is off by {worst:.3g} times the tolerance"
