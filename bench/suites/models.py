"""Latency of whole models against the peers, interleaved, and their correctness (measuring.py)."""

import tempfile
from dataclasses import replace
from pathlib import Path

import export
import measuring
import records as recording
from measuring import say
from systems.job import BYTE_OF_LARGEST, Job

QUICK = ("squeezenet", "mobilenet", "lstm")
PLAN = measuring.Plan(rounds=6, round_seconds=0.25, warm_up=0.3)
QUICK_PLAN = measuring.Plan(rounds=3, round_seconds=0.25, warm_up=0.3)


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
            programs = {}
            for system, flags in variants.items():
                program = Path(scratch) / f"{system.replace(':', '-')}.so"
                refusal = measuring.compile_program(options, folder / "model.onnx", flags, program)
                programs[system] = "" if refusal else str(program)
                if refusal:
                    say(f"{name}: {system}: {refusal}")
            slow = set()  # systems that could not load this model in time
            for data_set in _data_sets(folder, options.quick):
                for threads in options.threads:
                    job = Job(name if name in names else "", str(folder / "model.onnx"), str(data_set), threads,
                              runtime=str(options.build / "lib" / "libdlrt.so"), cache=str(folder),
                              of_largest=BYTE_OF_LARGEST if name in export.BYTE_MODELS else None)  # fmt: skip
                    jobs = {system: replace(job, program=programs.get(system, "")) for system in chosen}
                    base, element = export.split_name(name)
                    case = f"{base}/{data_set.name}/{element}/t{threads}"
                    # A process for each case: the memory of one model is no burden of the next.
                    with open(Path(scratch) / "worker.log", "a") as log, measuring.Pool(log) as pool:
                        plan = QUICK_PLAN if options.quick else PLAN
                        measured = measuring.measure_case("models", case, jobs, pool, plan, records, slow)
                    descriptions |= {system: result.description for system, result in measured.items()}
    _print(records, chosen, descriptions)


def _data_sets(folder, quick):
    """The folders of the data sets to measure: b2 only where there is no b16."""
    found = sorted(path.parent for path in folder.glob("b*/input_0.pb"))
    names = {path.name for path in found}
    return [path for path in found if path.name == "b1" or not (quick or (path.name == "b2" and "b16" in names))]


def _print(records, chosen, descriptions):
    """Medians, and in brackets how many times as long as the peer dlc takes."""
    peers = [system for system in chosen if system != "dlc"]
    others = [peer for peer in peers if not peer.startswith("dlc")]
    rows, ratios, best_ratios, cpu_ratios = [["case", "dlc", *peers]], {peer: [] for peer in peers}, [], []
    rows[0] += ["best", "CPU"] if others else []
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
        best = measuring.best_peer(records, "models", case, others)
        if others and best and ours:
            best_ratios.append(ours / best[1])
            cpu_ratios.append(records.value("models", case, "dlc", "cpu_time") / best[2])
            records.add("models", case, "dlc", "ratio_to_best", best_ratios[-1], "x")
            row += [f"{best_ratios[-1]:.2f}x", f"{cpu_ratios[-1]:.2f}x"]
        elif others:
            row += ["", ""]
        rows.append(row)
    if any(ratios.values()):
        means = [f"({recording.geometric_mean(ratios[peer]):.2f}x)" if ratios[peer] else "" for peer in peers]
        if best_ratios:
            means += [f"{recording.geometric_mean(best_ratios):.2f}x", f"{recording.geometric_mean(cpu_ratios):.2f}x"]
        rows.append(["geometric mean of dlc / peer", "", *means, *[""] * (len(rows[0]) - 2 - len(means))])
    print()
    recording.print_table(rows)
    if peers:
        print("\n(Nx): dlc takes N times as long as that peer; below 1 dlc is faster. best: the same against the fastest")
        print("peer of each case; CPU: CPU seconds of all threads against those of that peer.")
        for system in chosen:
            if system in descriptions:
                print(f"{system}: {descriptions[system]}")
