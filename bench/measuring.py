"""Latency of one case on several systems, interleaved: what the suites of models and of operators share.

Each system runs in a process of its own. A case goes in rounds: in each, every system
runs for a while, the others asleep, in an order that turns; the median over all samples
of all rounds counts. Outputs are compared with those that onnxruntime gave when the model was
exported; a system whose outputs differ gets a failure, not a time.
"""

import statistics
import subprocess
import sys
from dataclasses import dataclass

import records as recording
from systems.client import CLOSE_SECONDS, Worker, WorkerFailed, WorkerTooSlow

LOAD_SECONDS, RUN_LIMIT_SECONDS = 300, 120
COMPILE_SECONDS = 600


@dataclass
class Plan:
    """How long a case is measured."""

    rounds: int
    round_seconds: float  # of each system in each round
    warm_up: float  # seconds
    sample_seconds: float = 0.0  # a sample is as many calls as take so long, so that the clock does not matter
    most_samples: int = 200  # of a round

    def runs(self, each):
        """(samples of a round, calls of a sample) where a call takes `each` seconds."""
        calls = max(1, round(self.sample_seconds / each))
        return max(1, min(self.most_samples, round(self.round_seconds / each / calls))), calls


@dataclass
class Measured:
    time: float  # seconds, median
    cpu: float  # seconds of all threads
    description: str


class Pool:
    """Worker processes, one for each system and number of threads; a context manager that ends them."""

    def __init__(self, log):
        self.log, self.workers = log, {}

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        for worker in self.workers.values():
            worker.close(0 if kind else CLOSE_SECONDS)  # after Ctrl-C nobody waits for a run to end
        self.workers.clear()

    def load(self, system, job, warm_up):
        """Loads the job in the system's worker; (worker, what it says of itself)."""
        key = (system, job.threads)
        if key not in self.workers:
            self.workers[key] = Worker(system.partition(":")[0], job.threads, self.log)
        try:
            ready = self.workers[key].load(job, warm_up, LOAD_SECONDS)
        except WorkerFailed:
            self.drop(*key)  # it may be dead, or still at work
            raise
        if ready["message"]:
            raise WorkerFailed(f"wrong: {ready['message']}")
        return self.workers[key], ready

    def drop(self, system, threads):
        worker = self.workers.pop((system, threads), None)
        if worker:
            worker.close()


def compile_program(options, model, flags, program):
    """Compiles a model for the host; why there is no program, or an empty text."""
    command = [options.build / "bin" / "dlc", model, "-o", program, "-O2", *flags]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=COMPILE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return f"dlc left with {done.returncode}: {lines[0] if lines else 'no message'}" if done.returncode else ""


def measure_case(suite, case, jobs, pool, plan, records, slow=None):
    """Measures `jobs`, {system: job}, and adds the records; {system: Measured}. `slow` is a set of systems that
    are left out; one that could not load in time is added to it."""
    slow = set() if slow is None else slow
    workers, samples, cpu, runs, descriptions = {}, {}, {}, {}, {}

    def fail(system, failure):
        workers.pop(system, None)
        records.add_failure(suite, case, system)
        say(f"{case}: {system}: {failure}")

    for system, job in jobs.items():
        try:
            if system.startswith("dlc") and not job.program:
                raise WorkerFailed("the model was not compiled")
            if system in slow:
                raise WorkerFailed("took too long with another data set of this model")
            worker, ready = pool.load(system, job, plan.warm_up)
        except WorkerFailed as failure:
            if isinstance(failure, WorkerTooSlow):
                slow.add(system)
            fail(system, failure)
            continue
        workers[system], samples[system], cpu[system] = worker, [], []
        runs[system], descriptions[system] = plan.runs(ready["each"]), ready["description"]
    for turn in range(plan.rounds):
        order = list(workers)
        for system in order[turn % max(1, len(order)) :] + order[: turn % max(1, len(order))]:
            try:
                times, seconds = workers[system].measure(*runs[system], RUN_LIMIT_SECONDS)
            except WorkerFailed as failure:
                fail(system, failure)
                pool.drop(system, jobs[system].threads)
                continue
            samples[system] += times
            cpu[system].append(seconds)
    measured = {s: Measured(recording.median(samples[s]), statistics.median(cpu[s]), descriptions[s]) for s in workers}
    for system, result in measured.items():
        records.add(suite, case, system, "time", result.time, "s")
        records.add(suite, case, system, "cpu_time", result.cpu, "s")
    say(f"{case}: " + ", ".join(f"{s} {recording.format_seconds(m.time)}" for s, m in measured.items()))
    return measured


def best_peer(records, suite, case, peers):
    """(name, seconds, CPU seconds) of the fastest peer of a case, or None."""
    times = [(records.value(suite, case, peer, "time"), peer) for peer in peers]
    times = [(seconds, peer) for seconds, peer in times if seconds]
    if not times:
        return None
    seconds, peer = min(times)
    return peer, seconds, records.value(suite, case, peer, "cpu_time")


def say(text):
    """Progress: standard output is for the table."""
    print(text, file=sys.stderr, flush=True)
