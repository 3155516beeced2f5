#!/usr/bin/env python3
"""Runs models on one system in a process of its own; bench/run talks to it.

    bench/worker.py SYSTEM THREADS

Each line on standard input asks for something, and gets a line of JSON on standard output:

    {"load": JOB, "warm_up": S}    {"ready": true, "load": S, "each": S, "error": E, "message": M, ..}: the job of
                                   systems/job.py loaded, its outputs compared, run for S seconds to warm up
    {"run": N, "calls": K}         {"times": [S, ..], "cpu": S}: N samples of K calls, seconds a call; CPU
                                   seconds of all threads a call

or {"failed": message}. It leaves at the end of standard input.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent / "models"))

WARM_UP_RUNS, WARM_UP_LIMIT = 3, 1.0  # runs, where they take no more than so many seconds
MESSAGE_LENGTH = 200  # compilers print the operation, which may have hundreds of operands
REST_SECONDS = 0.03  # thread pools spin for a while after a run; let them go to sleep


def limit_cpus(threads):
    """Keeps the process, and every pool that asks how many CPUs there are, on as many CPUs as threads."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[:threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)


class Server:
    """Answers the lines; holds the system with the model that was loaded last."""

    def __init__(self, system, threads):
        self.system_name, self.threads, self.system = system, threads, None

    def answer(self, request):
        return self.load(**request) if "load" in request else self.measure(**request)

    def load(self, load, warm_up):
        import systems
        from systems.job import Job, compare

        if self.system:
            self.system.close()
            self.system = None
            gc.collect()
        job = Job(**load)
        system = systems.find(self.system_name)()
        started = time.perf_counter()
        system.load(job)
        loaded = time.perf_counter() - started
        self.system = system
        system.run()
        error, message = compare(system.outputs(), job.expected(), job.of_largest)
        started = time.perf_counter()
        runs, elapsed = 0, 0.0
        while not runs or elapsed < warm_up or (runs < WARM_UP_RUNS and elapsed < WARM_UP_LIMIT):
            system.run()
            runs, elapsed = runs + 1, time.perf_counter() - started
        each = elapsed / runs
        return {"ready": True, "load": loaded, "error": error, "message": message, "each": each,
                "description": system.description}  # fmt: skip

    def measure(self, run, calls=1):
        times, cpu = [], time.process_time()
        for _ in range(run):
            started = time.perf_counter()
            self.system.repeat(calls)
            times.append((time.perf_counter() - started) / calls)
        cpu = (time.process_time() - cpu) / (run * calls)
        if self.threads > 1:
            time.sleep(REST_SECONDS)
        return {"times": times, "cpu": cpu}


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    system, threads = sys.argv[1], int(sys.argv[2])
    limit_cpus(threads)
    server = Server(system, threads)
    for line in sys.stdin:
        try:
            answer = server.answer(json.loads(line))
        except Exception as failure:  # of any library: the one place where it becomes an answer
            text = (str(failure).strip().splitlines() or [""])[0]
            answer = {"failed": f"{type(failure).__name__}: {text[:MESSAGE_LENGTH]}"}
        print(json.dumps(answer), file=answers)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # some libraries hang or crash when their threads are torn down
