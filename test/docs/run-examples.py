"""Runs the examples of a page: every block fenced as ```mlir goes through dl-opt.

A block is a program of its own. Its first line may be `// dl-opt OPTIONS`; where
it holds CHECK lines, FileCheck compares what dl-opt prints with them.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

page = pathlib.Path(sys.argv[1])
blocks = re.findall(r"^```mlir\n(.*?)^```", page.read_text(), re.M | re.S)
if not blocks:
    sys.exit(f"{page}: no example")
for i, block in enumerate(blocks):
    options = re.match(r"// dl-opt (.*)\n", block)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"{page.stem}-{i}.mlir")
        path.write_text(block)
        run = subprocess.run(
            ["dl-opt", path, *shlex.split(options.group(1) if options else "")], capture_output=True, text=True
        )
        if run.returncode:
            sys.exit(f"{page}: example {i + 1}: dl-opt says\n{run.stderr}")
        if "CHECK" in block:
            check = subprocess.run(["FileCheck", path], input=run.stdout, text=True, capture_output=True)
            if check.returncode:
                sys.exit(f"{page}: example {i + 1}:\n{check.stderr}")
print(f"{page.name}: {len(blocks)} examples")
