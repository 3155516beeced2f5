"""What the compiler says of a model's kernels: dlc's --tile-report.

These are figures of its cost model for a device, no measurements: bytes and transactions
by level of memory, kernels, bytes of intermediates.
"""

import json
import subprocess


class ReportFailed(Exception):
    """The compiler gave no report; the message says why."""


def _fixed(model, scratch, size):
    """The model with inputs and outputs of that size where they are dynamic. A report takes a product of dynamic sizes
    for one: rows of a batch of images would count as one row."""
    import onnx

    loaded = onnx.load(model, load_external_data=False)
    values = [*loaded.graph.input, *loaded.graph.output]
    dynamic = [d for value in values for d in value.type.tensor_type.shape.dim if not d.HasField("dim_value")]
    if not dynamic or any(tensor.external_data for tensor in loaded.graph.initializer):
        return model
    for dim in dynamic:
        dim.dim_value = size
    del loaded.graph.value_info[:]
    onnx.save(loaded, str(scratch / "fixed.onnx"))
    return scratch / "fixed.onnx"


def tile_report(options, model, scratch, flags=(), assumed=1, limit=600):
    """The report as a dictionary, of the model with `assumed` for dynamic sizes."""
    out = scratch / "report.json"
    out.unlink(missing_ok=True)
    model = _fixed(model, scratch, assumed)
    command = [options.build / "bin" / "dlc", model, "--emit-mlir=tile", "-o", scratch / "report.mlir", *flags,
               f"--tile-report={out}", f"--assume-size={assumed}"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit)
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise ReportFailed(f"dlc left with {done.returncode}: {lines[0] if lines else 'no message'}")
        return json.loads(out.read_text())
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ReportFailed(str(error)) from None


def figures(report):
    """[(metric, value, unit)] of a report's sums."""
    return [("kernels", report["kernel_count"], "kernels"), ("bytes_moved", report["bytes"]["global"], "B"),
            ("transactions", report["transactions"]["global"], "transactions"),
            ("intermediates", report["intermediates"], "B")]  # fmt: skip


def least_bytes(model_path, data_set):
    """The bytes of all inputs, outputs and constants of floats, each once: what must be moved."""
    import onnx
    from onnx import TensorProto, numpy_helper

    graph = onnx.load(model_path).graph
    used = {name for node in graph.node for name in node.input}
    constants = [i for i in graph.initializer if i.name in used and i.data_type == TensorProto.FLOAT]
    moved = [onnx.load_tensor(str(path)) for path in data_set.glob("*_*.pb")]
    return sum(numpy_helper.to_array(tensor).nbytes for tensor in (*constants, *moved))
