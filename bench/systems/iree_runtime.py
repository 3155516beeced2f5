"""IREE's CPU backend: imported from ONNX, compiled for this CPU, run on N threads.

The compiled module, or why there is none, is kept beside the model, since IREE takes minutes for a large one.
"""

import subprocess
import sys
from pathlib import Path

import iree.runtime
import numpy

from systems import System, Unsupported

IMPORT_OPSET = 17  # older models are converted to it by IREE's importer
SETTINGS = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu",
            "--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"]  # fmt: skip


class Iree(System):
    name = "iree"
    description = "llvm-cpu for this CPU, -O3, local-task with N workers"

    def load(self, job):
        folder = Path(job.cache)
        module, refusal = folder / "iree.vmfb", folder / "iree.failed"
        if refusal.exists():
            raise Unsupported(refusal.read_text())
        if not module.exists():
            _compile(Path(job.model_path), folder, module)
        iree.runtime.flags.parse_flags(f"--task_topology_max_group_count={job.threads}")
        config = iree.runtime.Config("local-task")
        bound = iree.runtime.load_vm_module(iree.runtime.VmModule.mmap(config.vm_instance, str(module)), config)
        self.function = bound[_entry(bound)]
        inputs = job.inputs().values()
        self.inputs = [iree.runtime.asdevicearray(config.device, numpy.ascontiguousarray(v)) for v in inputs]
        self.results = None

    def run(self):
        results = self.function(*self.inputs)
        results = results if isinstance(results, (tuple, list)) else [results]
        self.results = [result.to_host() for result in results]

    def outputs(self):
        return self.results


def _entry(module):
    """The function that the importer made of the graph; the others are how it is called asynchronously."""
    names = [name for name in module.vm_module.function_names if not name.startswith("__") and "$async" not in name]
    if len(names) != 1:
        raise Unsupported(f"the module has the functions {', '.join(names)}; one was expected")
    return names[0]


def _compile(model, folder, module):
    tools = Path(sys.executable).parent
    imported, unfinished = folder / "iree.mlir", folder / "iree.vmfb.unfinished"
    steps = (
        [tools / "iree-import-onnx", model, "-o", imported, "--opset-version", str(IMPORT_OPSET)],
        [tools / "iree-compile", imported, "-o", unfinished, *SETTINGS],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, errors="replace")
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no message"]
            message = f"{Path(step[0]).name} failed: {lines[0]}"
            if done.returncode > 0:  # not killed: it would fail again, after minutes
                (folder / "iree.failed").write_text(message)
            raise Unsupported(message)
    imported.unlink()
    unfinished.rename(module)
