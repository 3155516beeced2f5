"""Checks bench/run with networks of two operators, so that it takes seconds.

    check_run.py BENCH_RUN BUILD     prints what is wrong and leaves with 1

What holds: the records have the form that bench/README.md gives; a model that is refused, a
model with wrong outputs and a file that cannot be written give what they should; Ctrl-C ends
with 130, with the records so far in the file and no process or unfinished file left.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FIELDS = {"suite": str, "case": str, "system": str, "metric": str, "value": (int, float), "unit": str}
UNITS = {"time": "s", "compile_time": "s", "cpu_time": "s", "peak_memory": "B", "ratio": "x", "failed": "case",
         "speed_to_best": "x", "cpu_speed_to_best": "x", "percent_of_fma_rate": "%", "percent_of_bandwidth": "%",
         "fma_rate": "FLOP/s", "read_bandwidth": "B/s", "kernels": "kernels", "transactions": "transactions",
         "trace_ratio": "x", "compile_cpu_time": "s", "bytes_moved": "B", "intermediates": "B", "barrier": "ns",
         "meeting": "ns"}  # fmt: skip
# Stands for dlc: takes a minute for the model `slow`, and is dlc for the others.
SLOW_DLC = """#!/bin/sh
case $1 in */slow/*) echo $$ > "$(dirname "$0")/started"; exec sleep 60;; esac
exec %s "$@"
"""


def write_model(folder, operator="Relu", off=0.0):
    """y = OPERATOR(2 x + 1) with a data set whose output is `off` by as much."""
    (folder / "b1").mkdir(parents=True)
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in "xy")
    weight = numpy_helper.from_array(2 * numpy.eye(4, dtype=numpy.float32), "weight")
    bias = numpy_helper.from_array(numpy.ones(4, numpy.float32), "bias")
    nodes = [helper.make_node("Gemm", ["x", "weight", "bias"], ["t"]), helper.make_node(operator, ["t"], ["y"], "last")]
    graph = helper.make_graph(nodes, folder.name, [x], [y], [weight, bias])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx")
    given = numpy.linspace(-3, 3, 4, dtype=numpy.float32).reshape(1, 4)
    wanted = numpy.maximum(2 * given + 1, 0) + numpy.float32(off)
    for stem, value, name in (("input", given, "x"), ("output", wanted, "y")):
        (folder / "b1" / f"{stem}_0.pb").write_bytes(numpy_helper.from_array(value, name).SerializeToString())
    return folder


class Check:
    def __init__(self, bench, build, scratch):
        self.bench, self.build, self.scratch, self.bad = bench, build, scratch, []

    def expect(self, condition, what):
        if not condition:
            self.bad.append(what)

    def command(self, suite, models, out, build=None):
        only = [word for model in models for word in ("--only", str(model))]
        return [sys.executable, self.bench, suite, "--quick", *only, "--json", str(out), "--build", build or self.build,
                "--models", str(self.scratch / "models"), "--tables", str(self.scratch / "tables")]  # fmt: skip

    def run(self, suite, *models, status=0):
        """The records, after the exit status and their form were checked; and what was printed."""
        out = self.scratch / "records.json"
        done = subprocess.run(self.command(suite, models, out), capture_output=True, text=True)
        text = done.stdout + done.stderr
        self.expect(done.returncode == status, f"{suite} left with {done.returncode}, not {status}:\n{text}")
        records = json.loads(out.read_text())
        self.check_form(records, suite)
        return records, text

    def check_form(self, records, suite):
        seen = set()
        for r in records:
            good = isinstance(r, dict) and list(r) == list(FIELDS) and all(isinstance(r[f], t) for f, t in FIELDS.items())
            self.expect(good, f"not a record: {r}")
            if not good:
                continue
            self.expect(r["suite"] == suite, f"a record of another suite: {r}")
            unit = "%" if r["case"].startswith("reduction/") else UNITS.get(r["metric"])
            self.expect(unit == r["unit"], f"metric and unit do not fit: {r}")
            may_be_none = unit == "%" or r["metric"] == "intermediates"
            self.expect(r["value"] > 0 or (may_be_none and r["value"] == r["value"]), f"no sensible value: {r}")
            key = (r["case"], r["system"], r["metric"])
            self.expect(key not in seen, f"{key} twice")
            seen.add(key)


def metrics(records, case):
    return {r["metric"] for r in records if r["case"] == case and r["system"] == "dlc"}


def is_running(process):
    """Whether the process is there and no zombie, which nobody has to have collected yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def check_suites(check, good, refused, wrong):
    threads = len(os.sched_getaffinity(0))
    case = f"/b1/f32/t{threads}"
    records, text = check.run("models", good, refused, wrong, status=1)
    check.expect(metrics(records, f"good{case}") == {"time", "cpu_time"}, f"no time of the good model:\n{text}")
    for name in ("refused", "wrong"):
        check.expect(metrics(records, f"{name}{case}") == {"failed"}, f"the model {name} has not failed:\n{text}")
    check.expect("Flub" in text, f"the refusal does not show:\n{text}")
    check.expect("off by" in text, f"the wrong output does not show:\n{text}")
    records, text = check.run("models", good)
    records, text = check.run("compile", good, refused, status=1)
    check.expect(metrics(records, "good/host") == {"compile_time", "cpu_time", "peak_memory"}, f"{records}")
    check.expect(metrics(records, "good/host/import") == {"compile_time", "peak_memory"}, f"{records}")
    check.expect(metrics(records, "refused/host") == {"failed"}, f"{records}")


def check_ctrl(check, good, wrong):
    """A model beside which its trace is, here the same nodes."""
    case = f"/b1/f32/t{len(os.sched_getaffinity(0))}"
    (good / "trace-b1.onnx").write_bytes((good / "model.onnx").read_bytes())
    records, text = check.run("ctrl", good, wrong, status=1)
    check.expect(metrics(records, f"good{case}") == {"time", "cpu_time", "trace_ratio"}, f"no ratio to the trace:\n{text}")
    threads = len(os.sched_getaffinity(0))
    if threads > 1 and (os.environ.get("CC") or shutil.which("cc") or shutil.which("clang")):  # as systems/native.py
        team = metrics(records, f"team/barrier/t{threads}")
        check.expect(team == {"barrier", "meeting"}, f"what the team costs was not measured:\n{text}")
    check.expect(metrics(records, "good/compile") == {"compile_time"}, f"no seconds of dlc:\n{text}")
    check.expect(metrics(records, f"wrong{case}") == {"failed"}, f"the wrong model has not failed:\n{text}")


def check_paper(check, good):
    threads = len(os.sched_getaffinity(0))
    records, text = check.run("paper-welder", good)
    case = f"good/b1/f32/t{threads}"
    wanted = {"time", "cpu_time", "kernels", "bytes_moved", "transactions", "intermediates", "compile_time",
              "compile_cpu_time"}  # fmt: skip
    check.expect(metrics(records, case) == wanted, f"the metrics of {case}:\n{text}")
    check.expect({"time", "kernels"} <= metrics(records, f"reduction/{case}"), f"the reductions of {case}:\n{text}")
    lines = (check.scratch / "tables" / "welder.csv").read_text().splitlines()
    check.expect(len(lines) == 4 and lines[1].startswith(f"good,1,f32,{threads},dlc:none,"), f"welder.csv: {lines}")


def check_control_paper(check, good):
    case = f"good/b1/f32/t{len(os.sched_getaffinity(0))}"
    records, text = check.run("paper-cocktailer", good)
    systems = {r["system"] for r in records if r["case"] == case and r["metric"] == "time"}
    check.expect(systems == {"dlc", "dlc:none", "dlc:fused", "dlc:trace"}, f"the systems of {case}:\n{text}")
    lines = (check.scratch / "tables" / "cocktailer.csv").read_text().splitlines()
    check.expect([line.split(",")[0] for line in lines] == ["figure", "14", "19", "19", "19"], f"cocktailer.csv: {lines}")


def check_operators(check):
    """A suite of operators on the smallest of its cases."""
    threads = len(os.sched_getaffinity(0))
    case = f"8x62x42/constant/f32/t{threads}"
    records, text = check.run("gemm", "8x62x42/*")
    check.expect({"time", "cpu_time"} <= metrics(records, case), f"no time of a product:\n{text}")
    check.expect(case in text and "GFLOP/s" in text, f"no table of products:\n{text}")
    done = subprocess.run(check.command("gemm", ["nonsense"], check.scratch / "x"), capture_output=True, text=True)
    check.expect(done.returncode == 2 and "no case of gemm" in done.stderr, f"a case that is not there: {done}")


def check_usage(check, good):
    nowhere = check.scratch / "nowhere" / "records.json"
    done = subprocess.run(check.command("models", [good], nowhere), capture_output=True, text=True)
    check.expect(done.returncode == 2 and "cannot be written" in done.stderr, f"a folder that is not there: {done}")
    done = subprocess.run(check.command("models", ["nonsense"], check.scratch / "x"), capture_output=True, text=True)
    check.expect(done.returncode == 2 and "no model nonsense" in done.stderr, f"a model that is not there: {done}")


def check_interrupt(check, suite, number, good, slow):
    """The first model is measured; dlc is at the second when the signal comes."""
    stand_in = check.scratch / f"build-{suite}"
    (stand_in / "bin").mkdir(parents=True)
    (stand_in / "lib").symlink_to(Path(check.build) / "lib")
    tool = stand_in / "bin" / "dlc"
    tool.write_text(SLOW_DLC % (Path(check.build) / "bin" / "dlc"))
    tool.chmod(0o755)
    folder = check.scratch / f"out-{suite}"
    folder.mkdir()
    out, started = folder / "records.json", stand_in / "bin" / "started"
    process = subprocess.Popen(check.command(suite, [good, slow], out, stand_in), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True,
                               preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and not (started.exists() and started.read_text()):
        time.sleep(0.05)
    process.send_signal(number)
    try:
        text, _ = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        check.bad.append(f"{suite}: signal {number} did not end it")
        return
    check.expect(process.returncode == 130, f"{suite}: left with {process.returncode} after a signal:\n{text}")
    check.expect("Traceback" not in text and "interrupted" in text, f"{suite}: {text}")
    check.expect([p.name for p in folder.iterdir()] == ["records.json"], f"{suite}: {list(folder.iterdir())}")
    records = json.loads(out.read_text())
    check.check_form(records, suite)
    check.expect(any(r["case"].startswith("good/") for r in records), f"{suite}: no records of the first model")
    check.expect(not is_running(started.read_text().strip()), f"{suite}: dlc goes on after the signal")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        check = Check(sys.argv[1], sys.argv[2], scratch)
        good, slow = write_model(scratch / "good"), write_model(scratch / "slow")
        wrong = write_model(scratch / "wrong", off=0.5)
        check_suites(check, good, write_model(scratch / "refused", "Flub"), wrong)
        check_ctrl(check, good, wrong)
        check_paper(check, good)
        check_control_paper(check, good)
        check_operators(check)
        check_usage(check, good)
        check_interrupt(check, "models", signal.SIGINT, good, slow)
        check_interrupt(check, "compile", signal.SIGTERM, good, slow)
    print(*check.bad, sep="\n")
    return 1 if check.bad else 0


if __name__ == "__main__":
    sys.exit(main())
