"""Figures 14 to 19 of the control-flow paper (Zhang et al., "Cocktailer", OSDI 2023), remade on this machine.

The suite ctrl measures, and dlc at two lower levels beside it: `dlc:none`, nothing fused and control flow as it is
written; `dlc:fused`, fused, control flow as it is written. Records are those of ctrl, under this suite's name.

    14  end to end: its workloads, batch 1 and 64, every system
    15  loops, 16  branches, 18  recursion: control flow against the unrolled trace of the same inputs
    17  executed ratio: time over the part of the blocks that run
    19  what fusion, and then rewriting control flow, bring at batch 1

--tables DIR gets cocktailer.csv, a line a figure, data set and system, and a plot a figure (17 a plot a workload).
--quick takes the data sets of ctrl's quick run, so figure 17 is empty.
"""

import argparse
import csv

import export
import plots
import records as recording
from suites import ctrl

SUITE = "paper-cocktailer"
LEVELS = {"none": "--control=none --fusion=none", "fused": "--control=none"}
PAPER = ("lstm", "nasrnn", "attention", "seq2seq", "blockdrop", "skipnet", "rae")
LOOPS, BRANCHES, RECURSION = ("lstm", "nasrnn", "attention", "seq2seq"), ("blockdrop", "skipnet"), ("rae",)
# figure -> (title, workloads or all that were measured, which data sets, which of our systems; peers are in 14 to 18)
FIGURES = {
    "14": ("end to end", None, lambda data_set: data_set in ("b1", "b64"), ("dlc",)),
    "15": ("loops", LOOPS, None, ("dlc", ctrl.TRACE)),
    "16": ("branches", BRANCHES, None, ("dlc", ctrl.TRACE)),
    "17": ("executed ratio", BRANCHES, lambda data_set: "ratio" in data_set, ("dlc",)),
    "18": ("recursion", RECURSION, None, ("dlc", ctrl.TRACE, ctrl.LOOP)),
    "19": ("breakdown", None, lambda data_set: data_set == "b1", ("dlc:none", "dlc:fused", "dlc")),
}
WITHOUT_PEERS = ("19",)


def run(options, records):
    chosen = argparse.Namespace(**vars(options))
    quick = [name for name in PAPER if name in ctrl.QUICK]
    chosen.only = options.only or list(quick if options.quick else PAPER)
    chosen.variants = [*LEVELS.items(), *options.variants]
    suite = ctrl.Suite(chosen, records, SUITE)
    suite.measure_all()
    suite.print()
    figures = Figures(suite)
    figures.print()
    figures.write(options.tables)


class Figures:
    def __init__(self, suite):
        self.suite = suite

    def cases(self, figure):
        """The cases that a figure shows: without a choice of data sets those that have a trace."""
        _, workloads, chooses, _ = FIGURES[figure]
        for case in self.suite.cases:
            workload, data_set, *_ = case.split("/")
            shown = chooses(data_set) if chooses else self.time(case, ctrl.TRACE) is not None
            if shown and (workloads is None or workload in workloads):
                yield case

    def systems(self, figure):
        return [*FIGURES[figure][3], *([] if figure in WITHOUT_PEERS else self.suite.peers)]

    def time(self, case, system):
        return self.suite.value(case, system, "time")

    def over_ours(self, case, system):
        """The time of a system as a multiple of dlc's; None where one is missing."""
        ours, time = self.time(case, "dlc"), self.time(case, system)
        return time / ours if ours and time else None

    def print(self):
        print("\nTime of each system as a multiple of dlc's, by figure of the paper:")
        for figure, (title, *_) in FIGURES.items():
            cases, systems = list(self.cases(figure)), self.systems(figure)
            rows = [[f"{figure}: {title}", *systems]]
            for case in cases:
                values = [self.over_ours(case, system) for system in systems]
                rows.append([case, *["-" if value is None else f"{value:.2f}" for value in values]])
            if not cases:
                rows.append(["no case measured", *[""] * len(systems)])
            recording.print_table(rows)
            print()

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "cocktailer.csv"
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["figure", "workload", "data_set", "threads", "system", "time", "cpu_time", "over_dlc"])
            for figure in FIGURES:
                for case in self.cases(figure):
                    workload, data_set, _, threads = case.split("/")
                    for system in self.systems(figure):
                        values = [self.time(case, system), self.suite.value(case, system, "cpu_time"),
                                  self.over_ours(case, system)]  # fmt: skip
                        writer.writerow([figure, workload, data_set, threads[1:], system,
                                         *["" if value is None else value for value in values]])  # fmt: skip
        print(f"written: {path}")
        if plots.available():
            self.plot(folder)

    def plot(self, folder):
        for figure in FIGURES:
            cases, names = list(self.cases(figure)), {system: system for system in self.systems(figure)}
            if figure == "17":
                self.plot_ratios(folder, names)
            elif cases:
                plots.bars(folder / f"cocktailer-{figure}.svg", cases, names, self.over_ours, "time over dlc's", True)

    def plot_ratios(self, folder, systems):
        for workload in BRANCHES:
            ratios = export.find(workload).ratios
            for threads in self.suite.options.threads:
                cases = [f"{workload}/{data_set}/f32/t{threads}" for data_set in ratios]
                times = {system: [self.time(case, system) for case in cases] for system in systems}
                times = {system: [1e3 * t for t in values] for system, values in times.items() if all(values)}
                if times:
                    path = folder / f"cocktailer-17-{workload}-t{threads}.svg"
                    plots.lines(path, [100 * part for part in ratios.values()], times, "ms", "blocks that run, %")
