"""libdlrt from Python: runtime/include/dlrt/dlrt.h and dlpack.h, as far as a benchmark needs them."""

import ctypes
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p

import numpy

# numpy kind -> DLDataTypeCode; bool is a type of its own
CODES = {"i": 0, "u": 1, "f": 2, "b": 6}


class Status(Structure):
    _fields_ = [("code", c_int32), ("message", c_char * 508)]


class Options(Structure):
    _fields_ = [("threads", c_int32), ("pin", c_int32), ("memory_limit", c_int64), ("spin", c_int64)]


class Tensor(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("ndim", c_int32),
        ("code", c_uint8),
        ("bits", c_uint8),
        ("lanes", c_uint16),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class ManagedTensor(Structure):
    _fields_ = [("tensor", Tensor), ("manager", c_void_p), ("deleter", c_void_p)]


class RuntimeFailure(Exception):
    """A call of the runtime failed; the message is its status."""


class Library:
    def __init__(self, path):
        self.library = library = ctypes.CDLL(path)
        for name, arguments in (
            ("dlrt_program_open", [c_char_p, POINTER(c_void_p)]),
            ("dlrt_instance_create", [c_void_p, POINTER(Options), POINTER(c_void_p)]),
            ("dlrt_run", [c_void_p, POINTER(POINTER(Tensor)), c_int32, POINTER(POINTER(ManagedTensor)), c_int32]),
        ):
            function = getattr(library, name)
            function.argtypes, function.restype = arguments, Status
        for name, argument in (
            ("dlrt_tensor_release", POINTER(ManagedTensor)),
            ("dlrt_instance_destroy", c_void_p),
            ("dlrt_program_close", c_void_p),
        ):
            function = getattr(library, name)
            function.argtypes, function.restype = [argument], None

    def check(self, status):
        if status.code:
            raise RuntimeFailure(status.message.decode(errors="replace"))


class Instance:
    """A program with its threads, and fixed inputs."""

    def __init__(self, library, path, threads, inputs, output_count):
        self.library = library
        self.program, self.handle = c_void_p(), c_void_p()
        library.check(library.library.dlrt_program_open(str(path).encode(), byref(self.program)))
        options = Options(threads=threads)
        library.check(library.library.dlrt_instance_create(self.program, byref(options), byref(self.handle)))
        self.arrays = [numpy.asarray(array, order="C") for array in inputs]
        self.tensors = [_tensor(array) for array in self.arrays]
        self.inputs = (POINTER(Tensor) * len(inputs))(*[ctypes.pointer(t) for t in self.tensors])
        self.outputs = (POINTER(ManagedTensor) * output_count)()  # made by the first run, then written to

    def run(self):
        call = self.library.library.dlrt_run
        self.library.check(call(self.handle, self.inputs, len(self.inputs), self.outputs, len(self.outputs)))

    def repeat(self, count, loops):
        """Runs it `count` times, in C where `loops` is there (systems/native.py)."""
        if not loops:
            for _ in range(count):
                self.run()
            return
        status = Status()
        loops.benchRepeatDlrt(self.library.library.dlrt_run, self.handle, self.inputs, len(self.inputs), self.outputs,
                              len(self.outputs), c_int64(count), byref(status))  # fmt: skip
        self.library.check(status)

    def close(self):
        for output in self.outputs:
            if output:
                self.library.library.dlrt_tensor_release(output)
        self.library.library.dlrt_instance_destroy(self.handle)
        self.library.library.dlrt_program_close(self.program)

    def read_outputs(self):
        return [_array(output.contents.tensor) for output in self.outputs]


def _tensor(array):
    shape = (c_int64 * max(1, array.ndim))(*array.shape)
    return Tensor(array.ctypes.data, 1, 0, array.ndim, CODES[array.dtype.kind], 8 * array.dtype.itemsize, 1, shape)


def _array(tensor):
    kind = next(kind for kind, code in CODES.items() if code == tensor.code)
    dtype = numpy.dtype(bool) if kind == "b" else numpy.dtype(f"{kind}{tensor.bits // 8}")
    shape = [tensor.shape[i] for i in range(tensor.ndim)]
    size = int(numpy.prod(shape, dtype=numpy.int64)) * dtype.itemsize
    if not size:
        return numpy.empty(shape, dtype)
    data = ctypes.string_at(tensor.data + tensor.byte_offset, size)
    return numpy.frombuffer(data, dtype).reshape(shape)
