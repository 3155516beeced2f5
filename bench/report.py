"""What the compiler says of a model's kernels: tile-report after its stage `tile`.

These are figures of its cost model for a device, no measurements: bytes and transactions
by level of memory, kernels, bytes of intermediates.
"""

import json
import subprocess

DEVICE = "host-avx512"
LIMIT_SECONDS = 600


class ReportFailed(Exception):
    """The compiler gave no report; the message says why."""


def tile_report(options, model, scratch, dynamic=1, device=DEVICE, tile=None):
    """The report as a dictionary. Dynamic sizes count as `dynamic`. `tile` are passes in place of the stage `tile`."""
    staged, out = scratch / "report.mlir", scratch / "report.json"
    stage = "simplify" if tile else "tile"
    _run([options.build / "bin" / "dlc", model, f"--emit-mlir={stage}", "-o", staged])
    out.unlink(missing_ok=True)
    passes = [tile] if tile else []
    passes += [f"tile-set-device{{device={device}}}", f"tile-report{{format=json file={out} dynamic={dynamic}}}"]
    _run([options.build / "bin" / "dl-opt", staged, f"--pass-pipeline=builtin.module({','.join(passes)})", "-o", "/dev/null"])
    staged.unlink()
    try:
        return json.loads(out.read_text())
    except (OSError, ValueError) as error:
        raise ReportFailed(str(error)) from None


def _run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LIMIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReportFailed(str(error)) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise ReportFailed(f"{command[0].name} left with {done.returncode}: {lines[0] if lines else 'no message'}")


def least_bytes(model_path, data_set):
    """The bytes of all inputs, outputs and constants of floats, each once: what must be moved."""
    import onnx
    from onnx import TensorProto, numpy_helper

    graph = onnx.load(model_path).graph
    used = {name for node in graph.node for name in node.input}
    constants = [i for i in graph.initializer if i.name in used and i.data_type == TensorProto.FLOAT]
    moved = [onnx.load_tensor(str(path)) for path in data_set.glob("*_*.pb")]
    return sum(numpy_helper.to_array(tensor).nbytes for tensor in (*constants, *moved))
