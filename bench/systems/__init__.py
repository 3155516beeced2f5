"""The systems that run a model: ours and the peers, one file each.

Each is a class derived from System, used by bench/worker.py in a process of its
own, so that a crash, a thread pool or an allocator of one does not touch the
others. One process may load one model after the other, each into a new object.
"""

import importlib
import importlib.util

# name -> (module of this package, class, Python packages it needs)
SYSTEMS = {
    "dlc": ("dlc", "Dlc", ("numpy",)),
    "onnxruntime": ("ort", "OnnxRuntime", ("onnxruntime",)),
    "openvino": ("ov", "OpenVino", ("openvino",)),
    "pytorch": ("pytorch", "Eager", ("torch",)),
    "pytorch_compile": ("pytorch", "Compiled", ("torch",)),
    "torchscript": ("pytorch", "Scripted", ("torch",)),
    "pytorch_library": ("pytorch", "Library", ("torch",)),
    "pytorch_channels_last": ("pytorch", "ChannelsLast", ("torch",)),
    "pytorch_packed": ("torch_packed", "Packed", ("torch",)),
    "openblas": ("openblas", "OpenBlas", ("numpy",)),
    "jax": ("xla", "Jax", ("jax",)),
    "iree": ("iree_runtime", "Iree", ("iree.compiler", "iree.runtime")),
}
PEERS = tuple(name for name in SYSTEMS if name != "dlc")


def missing_package(name):
    """The first package that the system lacks here, or an empty text."""
    for package in SYSTEMS[name][2]:
        try:
            if importlib.util.find_spec(package) is None:
                return package
        except ModuleNotFoundError:  # of a parent package
            return package
    return ""


def find(name):
    module, cls, _ = SYSTEMS[name]
    return getattr(importlib.import_module(f"systems.{module}"), cls)


class System:
    """What bench/worker.py asks of a system."""

    name = ""  # as in the records
    description = ""  # the settings it runs with, in a few words

    def load(self, job):
        """Makes the model ready to run on job's inputs with job.threads threads; raises when it cannot."""
        raise NotImplementedError

    def run(self):
        """Runs it once, to the end."""
        raise NotImplementedError

    def repeat(self, count):
        """Runs it `count` times; a library that is called from C does so without Python in between."""
        for _ in range(count):
            self.run()

    def outputs(self):
        """The outputs of the last run, a list of numpy arrays."""
        raise NotImplementedError

    def close(self):
        """Gives back what the garbage collector does not see."""


class Unsupported(Exception):
    """The system cannot run this model; the message says why."""
