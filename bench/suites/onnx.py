"""The ONNX backend suite's counts as records: passed, refused, wrong, crashed, by set.

test/onnx/run does the work; see there for what the words mean and which cases count.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import records as recording

RUNNER = Path(__file__).resolve().parents[2] / "test" / "onnx" / "run"
QUICK = "^test_(abs|add|conv|gemm|if|loop11|matmul|maxpool|reduce_sum|reshape|softmax)"
NOT_STARTED = 2


def run(options, records):
    for name in ("pip", "debian"):
        case = f"{name}/quick" if options.quick else name
        with tempfile.TemporaryDirectory(prefix="bench-onnx-") as scratch:
            counts = Path(scratch) / "counts.json"
            command = [sys.executable, RUNNER, "--set", name, "--build", options.build, "--json", counts, "--brief"]
            print(f"{case}:", flush=True)
            done = subprocess.run(command + (["--filter", QUICK] if options.quick else []))
            if done.returncode == NOT_STARTED or not counts.exists():
                records.add_failure("onnx", case, "dlc")
                continue
            for record in json.loads(counts.read_text())["records"]:
                records.add("onnx", case, "dlc", record["metric"], record["value"], record["unit"])
    _print(records)


def _print(records):
    metrics = ("passed", "refused", "wrong", "crashed", "passed_percent")
    rows = [["case", *metrics]]
    for case in records.cases("onnx"):
        values = [records.value("onnx", case, "dlc", metric) for metric in metrics]
        rows.append([case, *["failed" if v is None else f"{v:g}" for v in values]])
    print()
    recording.print_table(rows)
