"""The tables of the tile-graph paper (Shi et al., "Welder", OSDI 2023), remade on this machine.

Its ten models in float32 and float16, each compiled with fusion off (`dlc:none`), elementwise ops in registers
(`dlc:register`) and at all levels (`dlc`):

    nafnet/b1/f32/t2     `time`, `cpu_time` measured, interleaved with the peers'; of the compiler's
                         report `kernels`, `bytes_moved`, `transactions`, `intermediates` (the paper's
                         IRS); `compile_time`, `compile_cpu_time`
    reduction/nafnet/b1/f32/t2
                         what register fusion takes from fusion off (`dlc:register`), and all levels
                         from register fusion (`dlc`), of each metric, in percent

--tables DIR gets welder.csv, a line a case and system, and a plot for each metric. The peers' numbers
of kernels and bytes are not known, but their times are. PyTorch is left out in float16: without
kernels of its own for that on most CPUs it takes 30 times as long as others.
"""

import csv
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import export
import measuring
import plots
import records as recording
import report
from measuring import say
from systems.job import Job

MODELS = ("bert", "vit", "swin", "bsrn", "nafnet", "restormer", "mobilevit", "conformer", "mobilenet", "nerf")
QUICK = ("nafnet", "vit", "swin")  # those of which the paper tells what the levels bring
LEVELS = {"dlc:none": "none", "dlc:register": "register", "dlc": "all"}
METRICS = ("time", "kernels", "transactions", "intermediates", "bytes_moved", "compile_time", "compile_cpu_time")
SECONDS = ("time", "compile_time", "compile_cpu_time")
# What the paper says of NAFNet, ViT and Swin, batch 64, on a V100: percent less of each.
PAPER = {"dlc:register": {"time": 52, "kernels": 67, "transactions": 52, "intermediates": 66},
         "dlc": {"time": 29, "kernels": 60, "transactions": 25, "intermediates": 65}}  # fmt: skip
BEFORE = {"dlc:register": "dlc:none", "dlc": "dlc:register"}
PLAN = measuring.Plan(rounds=5, round_seconds=0.25, warm_up=0.1)
QUICK_PLAN = measuring.Plan(rounds=3, round_seconds=0.1, warm_up=0.05)
SUITE = "paper-welder"


def run(options, records):
    names = options.only or (QUICK if options.quick else [*MODELS, *(name + export.HALF_SUFFIX for name in MODELS)])
    folders = export.prepare(names, options.models)
    peers = list(options.peer_names) if options.peers else []
    cases = []
    for name, folder in folders.items():
        if not folder:  # export has said why
            records.add_failure(SUITE, name, "dlc")
            continue
        batches = [1] if options.quick else [batch for batch in (1, 16) if (folder / f"b{batch}").is_dir()]
        for batch in batches:
            with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as scratch:
                cases += _measure(options, records, name, folder, batch, peers, Path(scratch))
    _add_reductions(records, cases)
    _print(records, cases, peers)
    _write(options.tables, records, cases, [*LEVELS, *peers])


def _measure(options, records, name, folder, batch, peers, scratch):
    """Measures one model at one batch on every number of threads; the cases."""
    programs, figures = {}, {}
    for system, level in LEVELS.items():
        program = scratch / f"{level}.so"
        started, cpu = time.monotonic(), _cpu_seconds()
        refusal = measuring.compile_program(options, folder / "model.onnx", [f"--fusion={level}"], program)
        seconds, cpu = time.monotonic() - started, _cpu_seconds() - cpu
        if refusal:
            say(f"{name}: {system}: {refusal}")
            continue
        programs[system], figures[system] = str(program), [("compile_time", seconds, "s"), ("compile_cpu_time", cpu, "s")]
        try:
            told = report.tile_report(options, folder / "model.onnx", scratch, [f"--fusion={level}"], batch)
            figures[system] += report.figures(told)
        except report.ReportFailed as failure:
            say(f"{name}: {system}: no report: {failure}")
    cases = []
    for threads in options.threads:
        base, element = export.split_name(name)
        case = f"{base}/b{batch}/{element}/t{threads}"
        job = Job(name if name in export.KNOWN else "", str(folder / "model.onnx"), str(folder / f"b{batch}"), threads,
                  runtime=str(options.build / "lib" / "libdlrt.so"), cache=str(folder))  # fmt: skip
        chosen = [*LEVELS, *(peer for peer in peers if element == "f32" or not peer.startswith("pytorch"))]
        jobs = {system: replace(job, program=programs.get(system, "")) for system in chosen}
        with open(scratch / "worker.log", "a") as log, measuring.Pool(log) as pool:
            measuring.measure_case(SUITE, case, jobs, pool, QUICK_PLAN if options.quick else PLAN, records)
        for system, values in figures.items():
            for metric, value, unit in values:
                records.add(SUITE, case, system, metric, value, unit)
        cases.append(case)
    return cases


def _cpu_seconds():
    """Of all processes that we started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def reduction(before, after):
    """By how many percent `after` is less than `before`; None where it cannot be said."""
    return None if before is None or after is None or not before else 100 * (1 - after / before)


def _add_reductions(records, cases):
    for case in cases:
        for system, before in BEFORE.items():
            for metric in METRICS:
                less = reduction(records.value(SUITE, case, before, metric), records.value(SUITE, case, system, metric))
                if less is not None:
                    records.add(SUITE, f"reduction/{case}", system, metric, less, "%")


def _format(metric, value):
    if value is None:
        return "-"
    if metric in SECONDS:
        return recording.format_seconds(value)
    if metric in ("intermediates", "bytes_moved"):
        return f"{value / 1e6:.1f} MB"
    return f"{value:.0f}" if value < 1e5 else f"{value / 1e6:.2f} M"


def _print(records, cases, peers):
    rows = [["case", "fusion", *METRICS, "best peer"]]
    for case in cases:
        best = measuring.best_peer(records, SUITE, case, peers)
        for system, level in LEVELS.items():
            values = [records.value(SUITE, case, system, metric) for metric in METRICS]
            cells = [_format(metric, value) for metric, value in zip(METRICS, values, strict=True)]
            if records.value(SUITE, case, system, "failed"):
                cells[0] = "failed"
            last = f"{best[0]} {recording.format_seconds(best[1])}" if best and system == "dlc" else ""
            rows.append([case if level == "none" else "", level, *cells, last])
    print()
    recording.print_table(rows)
    print("\nLess than the level before, in percent (the paper's NAFNet, ViT and Swin at batch 64 on a V100):")
    rows = [["case", "fusion", *METRICS]]
    for case in cases:
        for system in BEFORE:
            values = [records.value(SUITE, f"reduction/{case}", system, metric) for metric in METRICS]
            rows.append([case, LEVELS[system], *["-" if value is None else f"{value:.0f}" for value in values]])
    for system, told in PAPER.items():
        rows.append(["the paper", LEVELS[system], *[str(told.get(metric, "")) for metric in METRICS]])
    recording.print_table(rows)


def _write(folder, records, cases, systems):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "welder.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "batch", "type", "threads", "system", *METRICS, "cpu_time"])
        for case in cases:
            model, batch, element, threads = case.split("/")
            for system in systems:
                values = [records.value(SUITE, case, system, metric) for metric in (*METRICS, "cpu_time")]
                writer.writerow([model, batch[1:], element, threads[1:], system,
                                 *["" if value is None else value for value in values]])  # fmt: skip
    print(f"\nwritten: {path}")
    if plots.available():
        for metric in METRICS:
            _plot(folder / f"welder-{metric}.svg", metric, records, cases, systems)


def _plot(path, metric, records, cases, systems):
    """Bars for each case, as a part of fusion off; of times, the peers' too."""

    def part(case, system):
        value = records.value(SUITE, case, system, metric)
        return None if value is None else value / records.value(SUITE, case, "dlc:none", metric)

    shown = [case for case in cases if records.value(SUITE, case, "dlc:none", metric)]
    names = {system: f"fusion {LEVELS[system]}" if system in LEVELS else system for system in systems}
    plots.bars(path, shown, names, part, f"{metric} over that with fusion off")
