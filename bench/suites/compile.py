"""What compiling costs: seconds and peak memory, by pipeline stage, and how it grows.

    MODEL/TARGET        metric `compile_time` s and `peak_memory` B of the whole dlc process
    MODEL/TARGET/STAGE  the same of one stage, from dlc --timing-json; the memory is the
                        process's peak at the end of the stage
    scaling/KIND        metric `ratio`: seconds for ten times the layers, over ten; 1 is linear
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import export
import records as recording
from models import scaling

QUICK = ("squeezenet", "mobilenet_v2")
TARGETS = {"host": "host", "nvptx": "nvptx:sm_90a", "amdgcn": "amdgcn:gfx942"}
SCALING_LAYERS = {"residual": 8, "encoder": 4}
FACTOR = 10
LIMIT_SECONDS = 600


def run(options, records):
    names = options.only or (list(QUICK) if options.quick else list(export.MODELS))
    export.write(names, options.models)
    targets = ("host",) if options.quick else TARGETS
    with tempfile.TemporaryDirectory(prefix="bench-compile-") as scratch:
        for name in names:
            for target in targets:
                _model(options, records, name, target, Path(scratch))
        if not options.only:
            for kind in SCALING_LAYERS:
                _scaling(options, records, kind, Path(scratch))
    _print(records)


class CompileFailed(Exception):
    """dlc did not make a program; the message says why."""


def _compile(options, model, target, scratch):
    """(seconds, peak bytes, stages) of one run of dlc."""
    timing, log = scratch / "timing.json", scratch / "dlc.log"
    timing.unlink(missing_ok=True)
    command = [options.build / "bin" / "dlc", model, "-o", scratch / "program", "-O2",
               f"--target={TARGETS[target]}", "--timing-json", timing]  # fmt: skip
    with open(log, "wb") as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=errors, stderr=errors)
        status, usage = _wait(process, started)
        seconds = time.monotonic() - started
    if status:
        lines = log.read_text(errors="replace").strip().splitlines()
        raise CompileFailed(f"{status}: {lines[0] if lines else 'no message'}")
    stages = json.loads(timing.read_text())["stages"] if timing.exists() else []
    return seconds, usage.ru_maxrss * 1024, stages


def _wait(process, started):
    """(what went wrong or an empty text, resource usage)"""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return f"left with {process.returncode}" if process.returncode else "", usage
        if time.monotonic() - started > LIMIT_SECONDS:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -9
            return f"took longer than {LIMIT_SECONDS} s", usage
        time.sleep(0.005)


def _model(options, records, name, target, scratch):
    case = f"{name}/{target}"
    try:
        seconds, peak, stages = _compile(options, options.models / name / "model.onnx", target, scratch)
    except (CompileFailed, OSError) as failure:
        records.add_failure("compile", case, "dlc")
        print(f"{case}: {failure}", flush=True)
        return
    records.add("compile", case, "dlc", "compile_time", round(seconds, 4), "s")
    records.add("compile", case, "dlc", "peak_memory", peak, "B")
    for stage in stages:
        records.add("compile", f"{case}/{stage['name']}", "dlc", "compile_time", stage["seconds"], "s")
        if "peak_bytes" in stage:
            records.add("compile", f"{case}/{stage['name']}", "dlc", "peak_memory", stage["peak_bytes"], "B")
    print(f"{case}: {recording.format_seconds(seconds)}, {recording.format_bytes(peak)}", flush=True)


def _scaling(options, records, kind, scratch):
    case = f"scaling/{kind}"
    seconds = []
    try:
        for factor in (1, FACTOR):
            path = scratch / f"{kind}.onnx"
            scaling.write(path, kind, factor * SCALING_LAYERS[kind])
            repeated = [_compile(options, path, "host", scratch)[0] for _ in range(3 if factor == 1 else 1)]
            seconds.append(recording.median(repeated))
            records.add("compile", f"{case}/{factor}x", "dlc", "compile_time", round(seconds[-1], 4), "s")
    except (CompileFailed, OSError) as failure:
        records.add_failure("compile", case, "dlc")
        print(f"{case}: {failure}", flush=True)
        return
    ratio = seconds[1] / seconds[0] / FACTOR
    records.add("compile", case, "dlc", "ratio", round(ratio, 3), "x")
    print(f"{case}: {FACTOR} times the layers take {ratio * FACTOR:.1f} times as long", flush=True)


def _print(records):
    rows = [["case", "time", "peak memory"]]
    for case in records.cases("compile"):
        seconds = records.value("compile", case, "dlc", "compile_time")
        ratio = records.value("compile", case, "dlc", "ratio")
        peak = records.value("compile", case, "dlc", "peak_memory")
        first = f"{ratio:.2f} of linear" if ratio else recording.format_seconds(seconds) if seconds is not None else "failed"
        rows.append([case, first, recording.format_bytes(peak) if peak else ""])
    print()
    recording.print_table(rows)
