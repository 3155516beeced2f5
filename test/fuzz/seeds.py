"""Seeds for fuzz-opt-parser: every program of the tests on our dialects, a file each.
Where dl-opt is on PATH, also its generic form, through which bad attributes and
segments reach the verifiers.

    python3 test/fuzz/seeds.py CORPUS [TESTS...]      TESTS: folders, default test/dialects and test/passes
"""
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[1]
corpus = pathlib.Path(sys.argv[1])
corpus.mkdir(parents=True, exist_ok=True)


def add(text):
    if text.strip() and len(text) < 8192:
        (corpus / hashlib.sha1(text.encode()).hexdigest()).write_text(text)


def generic(text):
    command = ["dl-opt", "-", "--mlir-print-op-generic", "--mlir-print-local-scope"]
    return subprocess.run(command, input=text, capture_output=True, text=True).stdout


for folder in map(pathlib.Path, sys.argv[2:] or [root / "dialects", root / "passes"]):
    for path in sorted(folder.rglob("*.mlir")):
        for program in re.split(r"^// -----.*\n", path.read_text(), flags=re.M):
            text = "".join(line for line in program.splitlines(True) if not re.match(r"\s*//", line))
            add(text)
            if shutil.which("dl-opt"):
                add(generic(text))
print(len(list(corpus.iterdir())), "seeds in", corpus)
