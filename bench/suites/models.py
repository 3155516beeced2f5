"""Latency of whole models against the peers, interleaved, and their correctness.

Each system runs in its own process. A case goes in rounds: in each, every system
runs for about a quarter of a second, in an order that turns; the median over all
runs of all rounds counts. Outputs are compared with those that onnxruntime gave when the
model was exported; a system whose outputs differ gets a failure, not a time.
"""

import contextlib
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import export
import records as recording
from systems.client import Worker, WorkerFailed, WorkerTooSlow
from systems.job import Job

QUICK = ("squeezenet", "mobilenet", "lstm")
LOAD_SECONDS, ROUND_SECONDS, RUN_LIMIT_SECONDS = 300, 0.25, 120
ROUNDS, QUICK_ROUNDS, MOST_RUNS = 6, 3, 200


def run(options, records):
    names = options.only or (list(QUICK) if options.quick else list(export.MODELS))
    folders = export.prepare(names, options.models)
    variants = {"dlc": [], **{f"dlc:{name}": flags.split() for name, flags in options.variants}}
    chosen = [*variants, *(options.peer_names if options.peers else ())]
    descriptions = {}
    for name, folder in folders.items():
        if not folder:  # export has said why
            records.add_failure("models", name, "dlc")
            continue
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as scratch:
            programs = {system: _compile(options, folder, flags, system, Path(scratch))
                        for system, flags in variants.items()}  # fmt: skip
            slow = set()  # systems that could not load this model in time
            for data_set in sorted(path.parent for path in folder.glob("b*/input_0.pb")):
                if options.quick and data_set.name != "b1":
                    continue
                for threads in options.threads:
                    job = Job(name if name in names else "", str(folder / "model.onnx"), str(data_set), threads,
                              runtime=str(options.build / "lib" / "libdlrt.so"), cache=str(folder))  # fmt: skip
                    jobs = {system: replace(job, program=str(programs.get(system) or "")) for system in chosen}
                    case = f"{name}/{data_set.name}/f32/t{threads}"
                    descriptions |= _run_case(case, jobs, options, records, Path(scratch), slow)
    _print(records, chosen, descriptions)


def _compile(options, folder, flags, system, scratch):
    """The program, or None after dlc's message has been shown."""
    program = scratch / f"{system.replace(':', '-')}.so"
    command = [options.build / "bin" / "dlc", folder / "model.onnx", "-o", program, "-O2", *flags]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LOAD_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{folder.name}: {system}: {error}")
        return None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        print(f"{folder.name}: {system}: dlc left with {done.returncode}: {lines[0] if lines else 'no message'}")
        return None
    return program


def _run_case(case, jobs, options, records, scratch, slow):
    """Measures one case on all systems but the slow ones, to which it adds; {system: its settings in words}."""
    with contextlib.ExitStack() as stack:
        workers, samples, runs, descriptions = {}, {}, {}, {}
        for system, job in jobs.items():
            try:
                if system.startswith("dlc") and not job.program:
                    raise WorkerFailed("the model was not compiled")
                if system in slow:
                    raise WorkerFailed("took too long with another data set of this model")
                log = stack.enter_context(open(scratch / "worker.log", "a"))
                worker = stack.enter_context(Worker(system.partition(":")[0], job, log))
                ready = _load(worker, system, slow)
                if ready["message"]:
                    raise WorkerFailed(f"wrong: {ready['message']}")
                descriptions[system] = ready["description"]
                workers[system], samples[system] = worker, []
                runs[system] = max(1, min(MOST_RUNS, round(ROUND_SECONDS / ready["each"])))
            except WorkerFailed as failure:
                _fail(case, system, failure, records)
        for turn in range(QUICK_ROUNDS if options.quick else ROUNDS):
            order = list(workers)
            for system in order[turn % max(1, len(order)) :] + order[: turn % max(1, len(order))]:
                try:
                    samples[system] += workers[system].measure(runs[system], RUN_LIMIT_SECONDS)
                except WorkerFailed as failure:
                    del workers[system]
                    _fail(case, system, failure, records)
        for system in workers:
            records.add("models", case, system, "time", recording.median(samples[system]), "s")
    times = [f"{s} {recording.format_seconds(recording.median(samples[s]))}" for s in workers]
    print(f"{case}: {', '.join(times)}", flush=True)
    return descriptions


def _load(worker, system, slow):
    try:
        return worker.answer(LOAD_SECONDS)
    except WorkerTooSlow:
        slow.add(system)
        raise


def _fail(case, system, failure, records):
    records.add_failure("models", case, system)
    print(f"{case}: {system}: {failure}", flush=True)


def _print(records, chosen, descriptions):
    """Medians, and in brackets how many times as long as the peer dlc takes."""
    peers = [system for system in chosen if system != "dlc"]
    rows, ratios = [["case", "dlc", *peers]], {peer: [] for peer in peers}
    for case in records.cases("models"):
        ours = records.value("models", case, "dlc", "time")
        row = [case, recording.format_seconds(ours) if ours else "failed"]
        for peer in peers:
            theirs = records.value("models", case, peer, "time")
            if theirs and ours:
                ratios[peer].append(ours / theirs)
                row.append(f"{recording.format_seconds(theirs)} ({ours / theirs:.2f}x)")
            else:
                row.append(recording.format_seconds(theirs) if theirs else "failed")
        rows.append(row)
    if any(ratios.values()):
        means = [f"({recording.geometric_mean(ratios[peer]):.2f}x)" if ratios[peer] else "" for peer in peers]
        rows.append(["geometric mean of dlc / peer", "", *means])
    print()
    recording.print_table(rows)
    if peers:
        print("\n(Nx): dlc takes N times as long as that peer; below 1 dlc is faster.")
        for system in chosen:
            if system in descriptions:
                print(f"{system}: {descriptions[system]}")
