"""Control flow: networks whose loops, branches and recursion depend on data (models/control_flow).

    WORKLOAD/DATA SET/f32/tN   times; of dlc, where the trace of that data set is there, `trace_ratio`: its
                               time over that of the system dlc:trace, the same nodes without loops and branches
                               where dlc gets recursion, dlc:loop is its program for the peers' graph
    WORKLOAD/compile           `compile_time` s of dlc
    team/barrier/tN            of dlc `barrier` ns: what a fork and join of the runtime's team costs beyond its items, and
                               `meeting` ns: one whose items wait for each other (native/barrier.c); medians
    WORKLOAD/iterations/f32/tN `ns_per_iteration`: the slope between two numbers of iterations
    WORKLOAD/ratios/f32/tN     over executed ratios: `ratio_slope` s from 0 % to 100 %, `ratio_error` %, by how much
                               a ratio lies off that line, and of dlc `ratio_zero_cost` %, what 0 % costs beyond
                               the trace of 0 %; both as a part of the time of 100 %
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import export
import measuring
import records as recording
from control_flow import WORKLOADS
from measuring import say
from systems import native
from systems.job import Job

QUICK = ("lstm", "attention", "seq2seq", "beam_search", "rnnt", "early_exit", "blockdrop", "rae", "scalar_map")
PLAN = measuring.Plan(rounds=6, round_seconds=0.25, warm_up=0.3, sample_seconds=3e-4)
QUICK_PLAN = measuring.Plan(rounds=3, round_seconds=0.15, warm_up=0.15, sample_seconds=3e-4)
TRACE, LOOP = "dlc:trace", "dlc:loop"


def run(options, records):
    suite = Suite(options, records)
    suite.measure_all()
    suite.print()


class Suite:
    """`suite` is its name in the records."""

    def __init__(self, options, records, suite="ctrl"):
        self.options, self.records, self.suite = options, records, suite
        self.variants = {"dlc": [], **{f"dlc:{name}": flags.split() for name, flags in options.variants}}
        self.peers = list(options.peer_names) if options.peers else []
        self.descriptions, self.cases = {}, []

    def measure_all(self):
        if self.suite == "ctrl":
            self.barriers()
        names = self.options.only or list(QUICK if self.options.quick else WORKLOADS)
        for name, folder in export.prepare(names, self.options.models).items():
            if folder:
                self.workload(name, folder)
            else:  # export has said why
                self.records.add_failure(self.suite, name, "dlc")

    def barriers(self):
        for threads in self.options.threads:
            ns = native.barrier_ns(self.options.build / "lib" / "libdlrt.so", threads) if threads > 1 else None
            for metric, value in zip(("barrier", "meeting"), ns or (), strict=False):
                self.records.add(self.suite, f"team/barrier/t{threads}", "dlc", metric, value, "ns")

    def value(self, case, system, metric):
        return self.records.value(self.suite, case, system, metric)

    def workload(self, name, folder):
        model = export.find(name) if name in WORKLOADS else None
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as scratch:
            recursive = (folder / "model.mlir").exists()  # ONNX has no form for that: its graph is another program
            source = folder / ("model.mlir" if recursive else "model.onnx")
            programs = {system: self.compile(name, source, flags, system, Path(scratch))
                        for system, flags in self.variants.items()}  # fmt: skip
            if recursive:
                programs[LOOP] = self.compile(name, folder / "model.onnx", [], LOOP, Path(scratch))
            slow = set()
            for data_set in self.data_sets(folder, model):
                trace = folder / f"trace-{data_set.name}.onnx"
                wanted = trace.exists() and not (self.options.quick and model and data_set.name != model.quick_trace)
                traced = {TRACE: self.compile(name, trace, [], TRACE, Path(scratch))} if wanted else {}
                for threads in self.options.threads:
                    case = f"{name}/{data_set.name}/f32/t{threads}"
                    job = Job(name if model else "", str(folder / "model.onnx"), str(data_set), threads,
                              runtime=str(self.options.build / "lib" / "libdlrt.so"), cache=str(folder))  # fmt: skip
                    systems = [*programs, *traced, *[p for p in self.peers if not model or p not in model.without]]
                    jobs = {system: replace(job, program=(programs | traced).get(system, "")) for system in systems}
                    self.measure(case, jobs, Path(scratch), slow)
        if model and model.trips:
            self.iterations(name, model)
        if model and model.ratios:
            self.ratios(name, model)

    def compile(self, name, source, flags, system, scratch):
        """The path of the program, or an empty text."""
        program = scratch / f"{system.replace(':', '-')}-{source.stem}.so"
        started = time.monotonic()
        refusal = measuring.compile_program(self.options, source, flags, program)
        if refusal:
            say(f"{name}: {system}: {refusal}")
            return ""
        if system != TRACE:
            self.records.add(self.suite, f"{name}/compile", system, "compile_time", time.monotonic() - started, "s")
        return str(program)

    def data_sets(self, folder, model):
        """The data sets to measure; for a quick run the default one and what a slope needs."""
        found = sorted(path.parent for path in folder.glob("b*/input_0.pb"))
        quick = {"b1", *((*model.trips, model.quick_trace) if model else ())}
        return [path for path in found if not self.options.quick or path.name in quick]

    def measure(self, case, jobs, scratch, slow):
        self.cases.append(case)
        with open(scratch / "worker.log", "a") as log, measuring.Pool(log) as pool:
            plan = QUICK_PLAN if self.options.quick else PLAN
            measured = measuring.measure_case(self.suite, case, jobs, pool, plan, self.records, slow)
        self.descriptions |= {system: result.description for system, result in measured.items()}
        if "dlc" in measured and TRACE in measured:
            ratio = measured["dlc"].time / measured[TRACE].time
            self.records.add(self.suite, case, "dlc", "trace_ratio", ratio, "x")

    def times(self, name, threads, data_sets):
        """{system: [seconds of each data set]} of the systems that have them all."""
        cases = [f"{name}/{data_set}/f32/t{threads}" for data_set in data_sets]
        times = {s: [self.value(case, s, "time") for case in cases] for s in [*self.variants, LOOP, *self.peers]}
        return {system: values for system, values in times.items() if all(values)}

    def iterations(self, name, model):
        few, many = model.trips.values()
        for threads in self.options.threads:
            for system, (less, more) in self.times(name, threads, model.trips).items():
                slope = (more - less) / (many - few) * 1e9
                self.records.add(self.suite, f"{name}/iterations/f32/t{threads}", system, "ns_per_iteration", slope, "ns")

    def ratios(self, name, model):
        for threads in self.options.threads:
            case = f"{name}/ratios/f32/t{threads}"
            for system, seconds in self.times(name, threads, model.ratios).items():
                start, slope, error = fit(list(model.ratios.values()), seconds)
                self.records.add(self.suite, case, system, "ratio_slope", slope, "s")
                self.records.add(self.suite, case, system, "ratio_error", 100 * error / seconds[-1], "%")
                outside = self.value(f"{name}/{next(iter(model.ratios))}/f32/t{threads}", TRACE, "time")
                if system == "dlc" and outside:
                    cost = 100 * (seconds[0] - outside) / seconds[-1]
                    self.records.add(self.suite, case, system, "ratio_zero_cost", cost, "%")

    def print(self):
        """Medians, and in brackets how many times as long as the peer dlc takes."""
        others = [*list(self.variants)[1:], *self.peers]
        others = [LOOP] * any(self.value(case, LOOP, "time") for case in self.cases) + others
        rows, ratios = [["case", "dlc", "/ trace", *others, *(["best", "CPU"] if self.peers else [])]], {}
        for case in self.cases:
            rows.append(self.row(case, others, ratios))
        for threads, pairs in ratios.items():
            means = [recording.geometric_mean([pair[i] for pair in pairs]) for i in range(2)]
            self.records.add(self.suite, f"geometric_mean/{threads}", "dlc", "ratio_to_best", means[0], "x")
            rows.append([f"geometric mean, {threads}", *[""] * (len(rows[0]) - 3), *[f"{mean:.2f}x" for mean in means]])
        print()
        recording.print_table(rows)
        self.print_figures()
        if others:
            print("\n(Nx): dlc takes N times as long as that peer; below 1 dlc is faster. best: the same against the fastest\n"
                  "peer of each case; CPU: CPU seconds of all threads against those of that peer. / trace: the time over that\n"
                  "of dlc's own program for the unrolled trace of the same inputs.")  # fmt: skip
        for system, description in self.descriptions.items():
            print(f"{system}: {description}")

    def row(self, case, others, ratios):
        ours, traced = self.value(case, "dlc", "time"), self.value(case, "dlc", "trace_ratio")
        row = [case, recording.format_seconds(ours) if ours else "failed", f"{traced:.2f}x" if traced else ""]
        for other in others:
            theirs = self.value(case, other, "time")
            absent = "failed" if self.value(case, other, "failed") else ""
            row.append((recording.format_seconds(theirs) if theirs else absent)
                       + (f" ({ours / theirs:.2f}x)" if ours and theirs else ""))  # fmt: skip
        best = measuring.best_peer(self.records, self.suite, case, self.peers)
        if not ours or not best:
            return [*row, "", ""] if self.peers else row
        pair = ours / best[1], self.value(case, "dlc", "cpu_time") / best[2]
        ratios.setdefault(case.rpartition("/")[2], []).append(pair)
        self.records.add(self.suite, case, "dlc", "ratio_to_best", pair[0], "x")
        return [*row, *[f"{ratio:.2f}x" for ratio in pair]]

    def print_figures(self):
        """What is no time of a case: slopes and compile seconds."""
        systems = [*self.variants, LOOP, *self.peers]
        rows = [["case", "metric", *systems]]
        measured = {(r["case"], r["metric"]): r["unit"] for r in self.records.list
                    if r["case"].split("/")[1] in ("barrier", "compile", "iterations", "ratios")}  # fmt: skip
        for (case, metric), unit in measured.items():
            values = [self.value(case, system, metric) for system in systems]
            rows.append([case, f"{metric}, {unit}", *["" if value is None else f"{value:.3g}" for value in values]])
        if len(rows) > 1:
            print()
            recording.print_table(rows)


def fit(xs, ys):
    """(start, slope, greatest distance) of the line through points by least squares."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)
    start = mean_y - slope * mean_x
    return start, slope, max(abs(y - start - slope * x) for x, y in zip(xs, ys, strict=True))
