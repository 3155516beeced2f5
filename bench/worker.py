#!/usr/bin/env python3
"""Runs one model on one system in a process of its own; bench/run talks to it.

    bench/worker.py SYSTEM JOB     JOB is the JSON of systems/job.py

Answers, a line of JSON each on standard output:

    {"ready": true, "load": S, "error": E, "message": M}    loaded, warmed up, compared
    {"times": [S, ...]}                                     for each line {"run": N} on standard input

and leaves at the end of standard input. A failure is {"failed": message}.
"""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent / "models"))

WARM_UP_SECONDS, WARM_UP_RUNS = 0.3, 3
MESSAGE_LENGTH = 200  # compilers print the operation, which may have hundreds of operands
REST_SECONDS = 0.03  # thread pools spin for a while after a run; let them go to sleep


def limit_cpus(threads):
    """Keeps the process, and every pool that asks how many CPUs there are, on as many CPUs as threads."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[:threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)


def measure(system, count):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        system.run()
        times.append(time.perf_counter() - started)
    return times


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    job_text = sys.argv[2]
    limit_cpus(json.loads(job_text)["threads"])
    try:
        import systems
        from systems.job import Job, compare

        job = Job(**json.loads(job_text))
        system = systems.find(sys.argv[1])()
        started = time.perf_counter()
        system.load(job)
        loaded = time.perf_counter() - started
        system.run()
        error, message = compare(system.outputs(), job.expected())
        started = time.perf_counter()
        runs = 0
        while runs < WARM_UP_RUNS or time.perf_counter() - started < WARM_UP_SECONDS:
            system.run()
            runs += 1
        each = (time.perf_counter() - started) / runs
        ready = {"ready": True, "load": loaded, "error": error, "message": message, "each": each,
                 "description": system.description}
        print(json.dumps(ready), file=answers)
        for line in sys.stdin:
            times = measure(system, json.loads(line)["run"])
            time.sleep(REST_SECONDS)
            print(json.dumps({"times": times}), file=answers)
    except Exception as failure:  # of any library: the one place where it becomes an answer
        text = (str(failure).strip().splitlines() or [""])[0]
        print(json.dumps({"failed": f"{type(failure).__name__}: {text[:MESSAGE_LENGTH]}"}), file=answers)
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # some libraries hang or crash when their threads are torn down
