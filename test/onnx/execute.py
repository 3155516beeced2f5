"""Compiles and runs one case, and says how it ended.

    passed    compiled, ran, and every output of every data set matches
    refused   dlc left with 2, its sign for "this model is beyond me": allowed, if
              the message names the operator
    wrong     the program ran and gave other values, another shape or another type
    crashed   everything else: a signal, a sanitizer's report, a time-out, an error of
              dlc that is no refusal, a failure at run time, a program left behind by a
              compilation that failed

Also says whether a refusal's message names an operator of the model.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import onnx

import cases
import scope
import tolerance

EXIT_REFUSED = 2  # of dlc
EXIT_MISMATCH = 1  # of dl-run
SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|MemorySanitizer|runtime error:)")


@dataclass
class Result:
    case: str
    kind: str
    scope: str
    outcome: str
    operators: list = field(default_factory=list)
    stage: str = ""  # what ended it: dlc, dl-run
    message: str = ""  # its first line that says something
    named: bool = True  # a refusal names an operator of the model
    seconds: float = 0.0


@dataclass
class Tools:
    dlc: Path
    dl_run: Path
    timeout: float
    keep: Path | None = None
    dlc_flags: tuple = ()
    interpret: Path | None = None  # instead of dlc and dl-run


def execute(case, tools):
    """The Result of a case; out-of-scope cases are not run and have the outcome `skipped`."""
    model = onnx.load(case.model_path)
    where, reason = scope.classify(case.name, model)
    if where in scope.COUNTED:
        wrong_data = next(filter(None, (scope.contradiction(model, d) for d in case.data_sets())), "")
        where, reason = ("disputed", wrong_data) if wrong_data else (where, reason)
    operators = sorted({op for _, op in scope.operators(model)})
    result = Result(case.name, case.kind, where, "skipped", operators, message=reason)
    if where not in scope.COUNTED:
        return result
    started = time.monotonic()
    if tools.keep:
        folder = tools.keep / case.kind / case.name
        folder.mkdir(parents=True, exist_ok=True)
        _compile_and_run(case, model, tools, folder, result)
    else:
        with tempfile.TemporaryDirectory(prefix="onnx-case-") as folder:
            _compile_and_run(case, model, tools, Path(folder), result)
    result.seconds = round(time.monotonic() - started, 3)
    return result


def _interpret(case, model, tools, folder, result):
    """The reference interpreter on what the importer makes: whether that is right before anything is compiled."""
    number = lambda path: int(path.stem.rpartition("_")[2])
    rtol, _ = tolerance.of_case(case, model)
    for data_set in case.data_sets():
        data_set = cases.with_bfloat16(data_set, model, folder)
        inputs, outputs = (sorted(data_set.glob(f"{kind}_*.pb"), key=number) for kind in ("input", "output"))
        command = [tools.interpret, case.model_path, *inputs, "--bound", repr(rtol), "--expect", *outputs]
        code, text = _run(command, tools.timeout, folder / f"{data_set.name}.log")
        if code != 0 or SANITIZER.search(text):
            outcomes = {EXIT_REFUSED: "refused", EXIT_MISMATCH: "wrong"}
            result.stage = "interpret"
            result.outcome = "crashed" if SANITIZER.search(text) else outcomes.get(code, "crashed")
            result.message = _summary(code, text, EXIT_REFUSED)
            result.named = any(re.search(rf"\b{re.escape(op)}\b", text) for op in result.operators)
            return
    result.outcome = "passed"


def _compile_and_run(case, model, tools, folder, result):
    if tools.interpret:
        _interpret(case, model, tools, folder, result)
        return
    program = folder / "program.so"
    program.unlink(missing_ok=True)
    command = [tools.dlc, case.model_path, "-o", program, *tools.dlc_flags]
    code, text = _run(command, tools.timeout, folder / "dlc.log")
    if code != 0 or SANITIZER.search(text):
        result.stage = "dlc"
        result.outcome = "refused" if code == EXIT_REFUSED and not SANITIZER.search(text) else "crashed"
        result.message = _summary(code, text, EXIT_REFUSED)
        result.named = any(re.search(rf"\b{re.escape(op)}\b", text) for op in result.operators)
        if program.exists():
            result.outcome = "crashed"
            result.message = "the program was left behind by a compilation that failed: " + result.message
        return
    rtol, atol = tolerance.of_case(case, model)
    for data_set in case.data_sets():
        data_set = cases.with_bfloat16(data_set, model, folder)
        command = [tools.dl_run, program, "--input-pb-dir", data_set, "--rtol", repr(rtol), "--atol", repr(atol)]
        code, text = _run(command, tools.timeout, folder / f"{data_set.name}.log")
        if code != 0 or SANITIZER.search(text):
            result.stage = "dl-run"
            result.outcome = "wrong" if code == EXIT_MISMATCH and not SANITIZER.search(text) else "crashed"
            result.message = _summary(code, text, EXIT_MISMATCH)
            return
    result.outcome = "passed"


def _run(command, timeout, log):
    """(exit status or the text "time-out", output and errors)"""
    environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=1")}
    with open(log, "w+b") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                   env=environment, start_new_session=True)  # fmt: skip
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = "time-out"
        out.seek(0)
        return code, out.read().decode(errors="replace")


def _summary(code, text, expected):
    if code == "time-out":
        return "took longer than the limit"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = next((line for line in lines if SANITIZER.search(line)), "")
    said = said or next((line for line in lines if "error: " in line), lines[0] if lines else "no message")
    said = said.rpartition("error: ")[2]  # the place before it is the model's path
    if code < 0:
        return f"{_signal_name(-code)}: {said}"
    return said if code == expected else f"exit {code}: {said}"


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
