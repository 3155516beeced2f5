"""Patterns that are worth fusing, against the best peer of each; models/patterns.py lists them.

    PATTERN/SIZES/f32/tN     times, and the metrics of the compiler's report (report.py); `bytes_ratio`:
                             the bytes moved from and to memory over those of all inputs, constants
                             and outputs
"""

import tempfile
from pathlib import Path

from measuring import say

QUICK = ("softmax/6144x512", "layer_norm/128x768", "attention/128", "attention/512-causal", "mlp_gelu/128x768x3072",
         "separable/144x56-24", "nafnet_mixing/16x256", "restormer_feed_forward/96x128")  # fmt: skip


def run(options, records):
    import patterns
    import report
    from suites import operators

    chosen = [p for p in patterns.all_patterns() if options.only or not options.quick or p.name in QUICK]
    reports = {}

    def finish(case, model, threads):
        if model.name not in reports:
            reports[model.name] = _report(model)
        for metric, value, unit in reports[model.name]:
            records.add("fused", case, "dlc", metric, value, unit)

    def _report(model):
        folder = suite.folder(model)
        with tempfile.TemporaryDirectory(prefix="bench-report-") as scratch:
            try:
                sums = report.figures(report.tile_report(options, folder / "model.onnx", Path(scratch)))
            except report.ReportFailed as failure:
                say(f"{model.name}: no report: {failure}")
                return []
        moved = next(value for metric, value, _ in sums if metric == "bytes_moved")
        return [*sums, ("bytes_ratio", moved / report.least_bytes(folder / "model.onnx", folder / "b1"), "x")]

    columns = {"kernels": ("kernels", "{:.0f}"), "bytes / least": ("bytes_ratio", "{:.2f}")}
    suite = operators.Suite("fused", options, records, columns, finish)
    suite.run(chosen)
