"""Worker processes from the side of bench/run."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

CLOSE_SECONDS = 5
# glibc gives large blocks back when they are freed and has the kernel clear new pages for the next run, which makes
# systems that allocate in every run (PyTorch) several times slower. Here memory that was freed is kept.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(64 << 20)}
WORKER = Path(__file__).resolve().parents[1] / "worker.py"


class WorkerFailed(Exception):
    """The system could not load or run the model; the message says why."""


class WorkerTooSlow(WorkerFailed):
    """It took longer than the limit."""


class Worker:
    """One system with a number of threads, and one model at a time. `close` ends the process."""

    def __init__(self, system, threads, log, python=sys.executable):
        self.system, self.threads = system, threads
        self.process = subprocess.Popen([python, WORKER, system, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1,
                                        start_new_session=True, env=os.environ | KEEP_MEMORY)  # fmt: skip

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

    def ask(self, request, seconds):
        with contextlib.suppress(BrokenPipeError):  # it died: the answer says so
            self.process.stdin.write(json.dumps(request) + "\n")
        return self.answer(seconds)

    def load(self, job, warm_up, seconds):
        """Loads a job in place of the last one; what the worker says of it."""
        return self.ask({"load": asdict(job), "warm_up": warm_up}, seconds)

    def measure(self, runs, calls, seconds):
        """(seconds a call of each of `runs` samples of `calls` calls, CPU seconds a call)"""
        answer = self.ask({"run": runs, "calls": calls}, seconds)
        return answer["times"], answer["cpu"]

    def close(self, patience=CLOSE_SECONDS):
        """Ends the process, and by force when it has not ended by itself after `patience` seconds."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
