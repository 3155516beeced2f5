"""Worker processes from the side of bench/run."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

WORKER = Path(__file__).resolve().parents[1] / "worker.py"


class WorkerFailed(Exception):
    """The system could not load or run the model; the message says why."""


class WorkerTooSlow(WorkerFailed):
    """It took longer than the limit."""


class Worker:
    """One system with one model. `close` ends the process; it is a context manager too."""

    def __init__(self, system, job, log, python=sys.executable):
        self.system, self.log = system, log
        self.process = subprocess.Popen([python, WORKER, system, job.to_json()], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1,
                                        start_new_session=True)  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def answer(self, seconds):
        """The next line of the worker; raises when it fails, dies, or takes longer."""
        deadline = time.monotonic() + seconds
        ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise WorkerTooSlow(f"took longer than {seconds:g} s")
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise WorkerFailed(f"died with {signal.Signals(-code).name}" if code < 0 else f"left with {code}")
        answer = json.loads(line)
        if "failed" in answer:
            raise WorkerFailed(answer["failed"])
        return answer

    def measure(self, runs, seconds):
        with contextlib.suppress(BrokenPipeError):  # it died: the answer says so
            self.process.stdin.write(json.dumps({"run": runs}) + "\n")
        return self.answer(seconds)["times"]

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
