#!/usr/bin/env python3
"""The kernels of PTX or AMDGCN assembly, a line each: loops (labels that a later branch goes back to), branches,
barriers of the grid (atomic additions to its word), calls.

    kernels.py FILE
"""

import re
import sys

KERNEL = re.compile(r"\.entry (\w+)\(|^\s*\.globl\s+(\w+)")
LABEL = re.compile(r"^(\$L\w+|\.LBB\w+):")
BRANCH = re.compile(r"\s(?:bra(?:\.uni)?|s_c?branch\w*)\s+([$.]L\w+)")
BARRIER = re.compile(r"\batom\S*\.add|\bglobal_atomic_add")
CALL = re.compile(r"\s(?:call|s_swappc_b64)\b")


def main():
    kernels, kernel = [], None
    with open(sys.argv[1]) as f:
        for line in f:
            if match := KERNEL.search(line):
                kernel = {"name": match[1] or match[2], "labels": set(), "loops": set(), "branches": 0, "barriers": 0, "calls": 0}
                kernels.append(kernel)
            if not kernel:
                continue
            if match := LABEL.match(line):
                kernel["labels"].add(match[1])
            if match := BRANCH.search(line):
                kernel["branches"] += 1
                if match[1] in kernel["labels"]:
                    kernel["loops"].add(match[1])
            kernel["barriers"] += bool(BARRIER.search(line))
            kernel["calls"] += bool(CALL.search(line))
    print(f"{len(kernels)} kernels")
    for k in kernels:
        print(f"kernel {k['name']}: {len(k['loops'])} loops, {k['branches']} branches, {k['barriers']} barriers, {k['calls']} calls")


if __name__ == "__main__":
    main()
