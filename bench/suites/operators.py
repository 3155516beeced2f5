"""What the suites gemm, conv and fused share: many small models, each on all systems.

A system keeps one process for each number of threads and loads one model after the
other. Ratios here are speeds: above 1 dlc is faster than the peer.
"""

import fnmatch
import tempfile
from dataclasses import replace
from pathlib import Path

import measuring
import records as recording
from measuring import say
from suites import NothingToMeasure
from systems import native
from systems.job import Job

PLAN = measuring.Plan(rounds=6, round_seconds=0.06, warm_up=0.1, sample_seconds=3e-4)
QUICK_PLAN = measuring.Plan(rounds=3, round_seconds=0.04, warm_up=0.05, sample_seconds=3e-4)


class Suite:
    """One run of a suite. `finish`, called with (case, model, threads) when a case was measured, may add records;
    `columns` are the metrics of dlc that the table shows as well, {title: (metric, format)}. With `from_c` dlc
    is called from C, where a peer is so too."""

    def __init__(self, name, options, records, columns=None, finish=None, from_c=False):
        self.name, self.options, self.records, self.from_c = name, options, records, from_c
        self.columns, self.finish = columns or {}, finish
        self.variants = {"dlc": [], **{f"dlc:{variant}": flags.split() for variant, flags in options.variants}}
        self.peers = list(options.peer_names) if options.peers else []
        self.descriptions = {}
        self.cases = []

    def run(self, models):
        """Measures the models, which --only may choose from by name, and prints the table."""
        native.prepare()
        chosen = [m for m in models if not self.options.only or any(fnmatch.fnmatch(m.name, p) for p in self.options.only)]
        if not chosen:
            raise NothingToMeasure(f"no case of {self.name} is called {' or '.join(self.options.only)}")
        with tempfile.TemporaryDirectory(prefix=f"bench-{self.name}-") as scratch:
            with open(Path(scratch) / "worker.log", "a") as log, measuring.Pool(log) as pool:
                for model in chosen:
                    self._model(model, pool, Path(scratch))
        self._print()

    def folder(self, model):
        return self.options.models / self.name / model.name.replace("/", "-")

    def _model(self, model, pool, scratch):
        from model import ExportError, save

        folder = self.folder(model)
        try:
            save(model, folder)
        except (ExportError, ImportError) as error:
            self.records.add_failure(self.name, model.name, "dlc")
            say(f"{model.name}: {error}")
            return
        programs = {}
        for system, flags in self.variants.items():
            program = scratch / f"{system.replace(':', '-')}-{len(self.cases)}.so"
            refusal = measuring.compile_program(self.options, folder / "model.onnx", flags, program)
            programs[system] = "" if refusal else str(program)
            if refusal:
                say(f"{model.name}: {system}: {refusal}")
        for threads in self.options.threads:
            job = Job(model.name if model.module_name else "", str(folder / "model.onnx"), str(folder / "b1"), threads,
                      runtime=str(self.options.build / "lib" / "libdlrt.so"), cache=str(folder), from_c=self.from_c)  # fmt: skip
            jobs = {system: replace(job, program=programs.get(system, "")) for system in self.systems()
                    if system not in model.without}  # fmt: skip
            case = f"{model.name}/f32/t{threads}"
            self.cases.append(case)
            plan = QUICK_PLAN if self.options.quick else PLAN
            measured = measuring.measure_case(self.name, case, jobs, pool, plan, self.records)
            self.descriptions |= {system: result.description for system, result in measured.items()}
            if self.finish and "dlc" in measured:
                self.finish(case, model, threads)
        for program in filter(None, programs.values()):
            Path(program).unlink()

    def systems(self):
        return [*self.variants, *self.peers]

    def value(self, case, system, metric):
        return self.records.value(self.name, case, system, metric)

    def _row(self, case, speeds):
        ours = self.value(case, "dlc", "time")
        row = [case, recording.format_seconds(ours) if ours else "failed"]
        for metric, form in self.columns.values():
            value = self.value(case, "dlc", metric)
            row.append("" if value is None else form.format(value))
        for system in self.systems()[1:]:
            theirs = self.value(case, system, "time")
            absent = "failed" if self.value(case, system, "failed") else ""
            row.append((recording.format_seconds(theirs) if theirs else absent)
                       + (f" ({theirs / ours:.2f}x)" if ours and theirs else ""))  # fmt: skip
        best = measuring.best_peer(self.records, self.name, case, self.peers)
        if not ours or not best:
            return [*row, "", ""] if self.peers else row
        peer, seconds, cpu = best
        speed, cpu_speed = seconds / ours, cpu / self.value(case, "dlc", "cpu_time")
        speeds.setdefault(case.rpartition("/")[2], []).append((speed, cpu_speed))
        self.records.add(self.name, case, "dlc", "speed_to_best", speed, "x")
        self.records.add(self.name, case, "dlc", "cpu_speed_to_best", cpu_speed, "x")
        return [*row, f"{speed:.2f}x", f"{cpu_speed:.2f}x"]

    def _print(self):
        rows, speeds = [["case", "dlc", *self.columns, *self.systems()[1:]]], {}
        rows[0] += ["best", "CPU"] if self.peers else []
        rows += [self._row(case, speeds) for case in self.cases]
        for threads, pairs in speeds.items():
            means = [recording.geometric_mean([pair[i] for pair in pairs]) for i in range(2)]
            self.records.add(self.name, f"geometric_mean/{threads}", "dlc", "speed_to_best", means[0], "x")
            self.records.add(self.name, f"geometric_mean/{threads}", "dlc", "cpu_speed_to_best", means[1], "x")
            empty = [""] * (len(rows[0]) - 3)
            rows.append([f"geometric mean, {threads}", *empty, *[f"{mean:.2f}x" for mean in means]])
        print()
        recording.print_table(rows)
        if self.peers:
            faster = sum(speed > 1 for pairs in speeds.values() for speed, _ in pairs)
            count = sum(map(len, speeds.values()))
            print(f"\n(Nx): dlc is N times as fast as that peer; best: as the fastest peer of each case; CPU: by CPU seconds\n"
                  f"of all threads, dlc's against that peer's. Faster than every peer in {faster} of {count} cases.")  # fmt: skip
            for system, description in self.descriptions.items():
                print(f"{system}: {description}")
