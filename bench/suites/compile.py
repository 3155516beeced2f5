"""What compiling costs: seconds and peak memory, by pipeline stage, and how it grows.

    MODEL/TARGET        metric `compile_time` s, `cpu_time` s and `peak_memory` B of the whole dlc process
    MODEL/TARGET/STAGE  the same of one stage, from dlc --timing-json; the memory is the
                        process's peak at the end of the stage
    scaling/KIND        metric `ratio`: CPU seconds for ten times the layers, over ten; 1 is linear
"""

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import export
import records as recording
from models import scaling

QUICK = ("squeezenet", "mobilenet")
TARGETS = {"host": "host", "nvptx": "nvptx:sm_90a", "amdgcn": "amdgcn:gfx942"}
SUFFIXES = {"host": ".so", "nvptx": ".ptx", "amdgcn": ".hsaco"}
# Linux counts the memory of the process that calls exec towards the peak of the program it
# becomes, and this one has torch in it; a shell that forks is small.
SMALL_PARENT = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]
SCALING_LAYERS = {"residual": 8, "encoder": 4}
FACTOR = 10
LIMIT_SECONDS = 600


def run(options, records):
    names = options.only or (list(QUICK) if options.quick else list(export.MODELS))
    folders = export.prepare(names, options.models)
    targets = ("host",) if options.quick else TARGETS
    with tempfile.TemporaryDirectory(prefix="bench-compile-") as scratch:
        for name, folder in folders.items():
            for target in targets:
                if folder:
                    _model(options, records, name, folder / "model.onnx", target, Path(scratch))
                else:  # export has said why
                    records.add_failure("compile", f"{name}/{target}", "dlc")
        if not options.only:
            for kind in SCALING_LAYERS:
                _scaling(options, records, kind, Path(scratch))
    _print(records)


@dataclass
class Cost:
    seconds: float
    cpu: float  # seconds of all threads
    peak: int  # bytes
    stages: list  # of {"name", "seconds", "peak_bytes"}


class CompileFailed(Exception):
    """dlc did not make a program; the message says why."""


def _compile(options, model, target, scratch):
    """The Cost of one run of dlc."""
    timing, log = scratch / "timing.json", scratch / "dlc.log"
    timing.unlink(missing_ok=True)
    dlc = [options.build / "bin" / "dlc", model, "-o", scratch / f"program{SUFFIXES[target]}", "-O2",
           f"--target={TARGETS[target]}", f"--timing-json={timing}"]  # fmt: skip
    with open(log, "wb") as errors:
        started, before = time.monotonic(), _cpu_seconds()
        process = subprocess.Popen(SMALL_PARENT + dlc, stdout=errors, stderr=errors, start_new_session=True)
        try:
            status = process.wait(LIMIT_SECONDS)
        except BaseException as reason:  # too slow, or Ctrl-C, which a process group of its own does not see
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(reason, subprocess.TimeoutExpired):
                raise
            raise CompileFailed(f"took longer than {LIMIT_SECONDS} s") from None
        seconds, cpu = time.monotonic() - started, _cpu_seconds() - before
    if status:
        lines = log.read_text(errors="replace").strip().splitlines()
        raise CompileFailed(f"dlc left with {status}: {lines[0] if lines else 'no message'}")
    measured = json.loads(timing.read_text())
    return Cost(seconds, cpu, measured["peak_bytes"], measured["stages"])


def _cpu_seconds():
    """Of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _model(options, records, name, model, target, scratch):
    case = f"{name}/{target}"
    try:
        cost = _compile(options, model, target, scratch)
    except (CompileFailed, OSError) as failure:
        records.add_failure("compile", case, "dlc")
        print(f"{case}: {failure}", flush=True)
        return
    records.add("compile", case, "dlc", "compile_time", round(cost.seconds, 4), "s")
    records.add("compile", case, "dlc", "cpu_time", round(cost.cpu, 4), "s")
    records.add("compile", case, "dlc", "peak_memory", cost.peak, "B")
    for stage in cost.stages:
        records.add("compile", f"{case}/{stage['name']}", "dlc", "compile_time", stage["seconds"], "s")
        if "peak_bytes" in stage:
            records.add("compile", f"{case}/{stage['name']}", "dlc", "peak_memory", stage["peak_bytes"], "B")
    print(f"{case}: {recording.format_seconds(cost.seconds)}, {recording.format_bytes(cost.peak)}", flush=True)


def _scaling(options, records, kind, scratch):
    case = f"scaling/{kind}"
    seconds = []
    try:
        for factor in (1, FACTOR):
            path = scratch / f"{kind}.onnx"
            scaling.write(path, kind, factor * SCALING_LAYERS[kind])
            repeated = [_compile(options, path, "host", scratch).cpu for _ in range(3 if factor == 1 else 1)]
            seconds.append(recording.median(repeated))
            records.add("compile", f"{case}/{factor}x", "dlc", "cpu_time", round(seconds[-1], 4), "s")
    except (CompileFailed, OSError) as failure:
        records.add_failure("compile", case, "dlc")
        print(f"{case}: {failure}", flush=True)
        return
    ratio = seconds[1] / seconds[0] / FACTOR
    records.add("compile", case, "dlc", "ratio", round(ratio, 3), "x")
    print(f"{case}: {FACTOR} times the layers take {ratio * FACTOR:.1f} times as long", flush=True)


def _print(records):
    rows = [["case", "time", "CPU time", "peak memory"]]
    for case in records.cases("compile"):
        seconds, cpu, peak, ratio, failed = (
            records.value("compile", case, "dlc", metric)
            for metric in ("compile_time", "cpu_time", "peak_memory", "ratio", "failed")
        )
        first = "failed" if failed else f"{ratio:.2f} of linear" if ratio else ""
        times = ["" if value is None else recording.format_seconds(value) for value in (seconds, cpu)]
        rows.append([case, first or times[0], times[1], recording.format_bytes(peak) if peak else ""])
    print()
    recording.print_table(rows)
