"""Tables and records of a run of the ONNX backend suite."""

import collections
import json
import re
from dataclasses import asdict

import scope

OUTCOMES = ("passed", "refused", "wrong", "crashed")
ROWS = (
    ("in", "tensors of the counted types"),
    ("quantised", "  with quantised operators"),
    ("training", "  with training operators"),
)


def counts(results):
    return collections.Counter(r.outcome for r in results)


def passed_percent(results):
    """Of the counted cases, how many passed, in percent; 100 when there are none."""
    counted = [r for r in results if r.scope in scope.COUNTED]
    return 100 * sum(r.outcome == "passed" for r in counted) / len(counted) if counted else 100.0


def table(results):
    lines = [f"{'':32}{'cases':>7}" + "".join(f"{o:>9}" for o in OUTCOMES) + f"{'passed %':>10}"]
    for name, title in ROWS:
        lines.append(_row(title, [r for r in results if r.scope == name]))
    lines.append(_row("counted", [r for r in results if r.scope in scope.COUNTED]))
    left_out = collections.Counter(r.scope for r in results if r.scope not in scope.COUNTED)
    words = {"type": "types out of scope", "random": "drawn at random", "disputed": "disputed expected values"}
    if left_out:
        lines.append("not counted: " + ", ".join(f"{n} {words[k]}" for k, n in left_out.most_common()))
    unnamed = sum(r.outcome == "refused" and not r.named for r in results)
    if unnamed:
        lines.append(f"refusals whose message names no operator of the model: {unnamed}")
    return "\n".join(lines)


def _row(title, results):
    n = counts(results)
    percent = f"{passed_percent(results):9.1f}%" if results else f"{'':10}"
    return f"{title:32}{len(results):7}" + "".join(f"{n[o]:9}" for o in OUTCOMES) + percent


def details(results):
    """What was wrong, crashed or refused: by message, numbers and names taken out, most first."""
    lines = []
    for outcome in ("wrong", "crashed", "refused"):
        groups = collections.defaultdict(list)
        for r in results:
            if r.outcome == outcome:
                groups[(_subject(r), _shape_of(r.message))].append(r)
        if groups:
            lines.append(f"\n{outcome}:")
        for (subject, _), members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            first = members[0]
            others = f" and {len(members) - 1} more" if len(members) > 1 else ""
            lines.append(f"{len(members):5}  {subject:24} {first.case}{others}")
            lines.append(f"       {'':24} {first.stage}: {first.message[:200]}")
    return "\n".join(lines)


def _subject(result):
    """The operator a message is about, else the case's only operator, else several."""
    for op in sorted(result.operators, key=len, reverse=True):
        if re.search(rf"\b{re.escape(op)}\b", result.message):
            return op
    return result.operators[0] if len(result.operators) == 1 else "several operators"


def _shape_of(message):
    """A message without what differs from case to case."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\S*/\S*|\d+", "_", message)


def write_json(path, results, suite_name, prefix):
    """Records of bench/run for the totals, and every case under `cases`."""
    counted = [r for r in results if r.scope in scope.COUNTED]
    n = counts(counted)
    records = [
        {"suite": suite_name, "case": prefix, "system": "dlc", "metric": o, "value": n[o], "unit": "cases"}
        for o in OUTCOMES
    ]
    records.append({"suite": suite_name, "case": prefix, "system": "dlc", "metric": "passed_percent",
                    "value": round(passed_percent(results), 3), "unit": "%"})  # fmt: skip
    text = json.dumps({"records": records, "cases": [asdict(r) for r in results]}, indent=1)
    path.write_text(text + "\n")
