"""Runs the examples of a page: every block fenced as ```mlir goes through dl-opt.

A block is a program of its own. Its first line may be `// dl-opt OPTIONS`; where
it holds CHECK lines, FileCheck compares what dl-opt prints with them. What is
printed parses as the same program, in the custom form, the generic form and as bytecode.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

page = pathlib.Path(sys.argv[1])


def fail(number, what):
    sys.exit(f"{page}: example {number}: {what}")


def optimize(number, program, *options):
    run = subprocess.run(["dl-opt", "-", *options], input=program, capture_output=True)
    if run.returncode:
        fail(number, "dl-opt says\n" + run.stderr.decode())
    return run.stdout


def run_example(number, block):
    options = re.match(r"// dl-opt (.*)\n", block)
    printed = optimize(number, block.encode(), *shlex.split(options.group(1) if options else ""))
    for form in ([], ["--mlir-print-op-generic"], ["--emit-bytecode"]):
        if optimize(number, optimize(number, printed, *form)) != printed:
            fail(number, f"does not survive {form or 'printing'}")
    if "CHECK" in block:
        with tempfile.NamedTemporaryFile("w", suffix=".mlir") as checks:
            checks.write(block)
            checks.flush()
            check = subprocess.run(["FileCheck", checks.name], input=printed, capture_output=True)
            if check.returncode:
                fail(number, check.stderr.decode())


blocks = re.findall(r"^```mlir\n(.*?)^```", page.read_text(), re.M | re.S)
if not blocks:
    sys.exit(f"{page}: no example")
for number, block in enumerate(blocks, 1):
    run_example(number, block)
print(f"{page.name}: {len(blocks)} examples")
