"""The records of a benchmark run.

A record is {"suite", "case", "system", "metric", "value", "unit"}. `case` says
all that was varied, for instance bert/b1/f32/t2: batch 1, float32, two threads.
Latency is the metric `time` in seconds. A case that could not be measured has one
record of metric `failed`, value 1.
"""

import json
import math
import os


class Records:
    def __init__(self):
        self.list = []

    def add(self, suite, case, system, metric, value, unit):
        self.list.append(
            {"suite": suite, "case": case, "system": system, "metric": metric, "value": value, "unit": unit}
        )

    def add_failure(self, suite, case, system):
        self.add(suite, case, system, "failed", 1, "case")

    def value(self, suite, case, system, metric):
        """The value of a record, or None."""
        wanted = (suite, case, system, metric)
        for r in self.list:
            if (r["suite"], r["case"], r["system"], r["metric"]) == wanted:
                return r["value"]
        return None

    def cases(self, suite):
        return list(dict.fromkeys(r["case"] for r in self.list if r["suite"] == suite))

    def systems(self, suite):
        return list(dict.fromkeys(r["system"] for r in self.list if r["suite"] == suite))

    def write(self, path):
        """Writes all or nothing: a reader never sees half a file. A pipe or a device stays one."""
        if path.exists() and not path.is_file():
            path.write_text(json.dumps(self.list, indent=1) + "\n")
            return
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            unfinished.write_text(json.dumps(self.list, indent=1) + "\n")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def geometric_mean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else math.nan


def format_seconds(seconds):
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1 or unit == "us":
            return f"{seconds * factor:.3g} {unit}"
    return ""


def format_bytes(size):
    return f"{size / 2**20:.0f} MiB"


def print_table(rows):
    """Rows of texts under the first row; the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
