"""Checks test/onnx/run itself: each way that a case can end, with stand-ins for dlc and dl-run.

The stand-ins are shell scripts that do, by the name of the case, what a good, a
refusing, a failing or a crashing tool does. Prints what differs and leaves with 1.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent

# case -> outcome that the runner must give
CASES = {
    "test_good": "passed",
    "test_refusing": "refused",
    "test_mute": "refused",
    "test_failing": "crashed",
    "test_segfault": "crashed",
    "test_sanitizer": "crashed",
    "test_slow": "crashed",
    "test_leftover": "crashed",
    "test_different": "wrong",
    "test_runtime": "crashed",
}
DLC = """#!/bin/sh
case $1 in
*test_refusing*) echo 'loc("x"): error: node "y" (Abs, opset 13): not supported' >&2; exit 2;;
*test_mute*) exit 2;;
*test_failing*) echo 'error: a pass failed' >&2; exit 1;;
*test_segfault*) kill -SEGV $$;;
*test_sanitizer*) echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2; exit 2;;
*test_slow*) sleep 60;;
*test_leftover*) : > "$3"; exit 2;;
esac
echo "$1" > "$3"
"""
DL_RUN = """#!/bin/sh
[ "$2" = --input-pb-dir ] && [ -f "$3/input_0.pb" ] || exit 2
case $(cat "$1") in
*test_different*) echo 'output y differs'; exit 1;;
*test_runtime*) echo 'out of memory' >&2; exit 3;;
esac
"""


def write_case(root, name, element=TensorProto.FLOAT):
    folder = root / "node" / name / "test_data_set_0"
    folder.mkdir(parents=True)
    x, y = (helper.make_tensor_value_info(n, element, [2]) for n in "xy")
    graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], name, [x], [y])
    onnx.save(helper.make_model(graph), folder.parent / "model.onnx")
    for file in ("input_0", "output_0"):
        tensor = numpy_helper.from_array(numpy.ones(2, numpy.float32), "x")
        (folder / f"{file}.pb").write_bytes(tensor.SerializeToString())


def write_tool(path, text):
    path.write_text(text)
    path.chmod(0o755)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        root = scratch / "cache" / f"onnx-{onnx.__version__}"
        for name in CASES:
            write_case(root, name)
        write_case(root, "test_bernoulli")
        write_case(root, "test_foreign", TensorProto.FLOAT8E4M3FN)
        sys.path.insert(0, str(HERE))
        import cases

        (root / "stamp").write_text(cases.stamp())
        (scratch / "bin").mkdir()
        write_tool(scratch / "bin" / "dlc", DLC)
        write_tool(scratch / "bin" / "dl-run", DL_RUN)
        command = [sys.executable, HERE / "run", "--build", scratch, "--cache", scratch / "cache", "--timeout", "3",
                   "--jobs", "2", "--json", scratch / "out.json"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        results = {r["case"]: r for r in json.loads((scratch / "out.json").read_text())["cases"]}
    wanted = {**CASES, "test_bernoulli": "skipped", "test_foreign": "skipped"}
    bad = [f"{n}: {results[n]['outcome']} instead of {o}" for n, o in wanted.items() if results[n]["outcome"] != o]
    if results["test_mute"]["named"] or not results["test_refusing"]["named"]:
        bad.append("which refusals name an operator was not seen")
    if done.returncode != 1:
        bad.append(f"the runner left with {done.returncode} instead of 1")
    print(done.stdout, *bad, sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
