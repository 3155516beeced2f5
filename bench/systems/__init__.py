"""The systems that run a model: ours and the peers, one file each.

A system is a class with

    name            as in the records
    requires        the Python packages it needs
    load(job)       makes the model ready to run on job's inputs with job.threads threads;
                    raises when it cannot
    run()           runs it once, to the end
    outputs()       the outputs of the last run, a list of numpy arrays
    description     class attribute: the settings it runs with, in a few words

and is used by bench/worker.py in a process of its own, so that a crash, a
thread pool or an allocator of one does not touch the others.
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


class Unsupported(Exception):
    """The system cannot run this model; the message says why."""
