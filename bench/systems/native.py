"""native/*.c, compiled for this CPU: loops around library calls, what the machine can do at most, and a program for the
runtime that times its team.

Compiled once into the folder `native/out` and found there by the workers. Where there is no C compiler, `library`
gives None: systems then loop in Python, and the machine's rates are not known.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from ctypes import c_double, c_int, c_int64
from pathlib import Path

import numpy

from systems import dlrt

FOLDER = Path(__file__).resolve().parents[1] / "native"
FLAGS = ["-O3", "-march=native", "-ffp-contract=fast", "-std=gnu17", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread"]
READ_BYTES = 512 << 20  # far more than any cache
REPEATS = 256
BARRIERS = 2000  # times 64 of them


def path(name="loops"):
    """Where the library is, or would be, for this source."""
    source = (FOLDER / f"{name}.c").read_bytes()
    return FOLDER / "out" / f"{name}-{hashlib.sha256(source).hexdigest()[:12]}.so"


def prepare(name="loops"):
    """Compiles it where it is not there yet; whether it is there now."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("clang")
    if path(name).exists():
        return True
    if not compiler:
        print("bench/run: there is no C compiler: calls are timed from Python, the machine's rates are left out",
              file=sys.stderr)  # fmt: skip
        return False
    path(name).parent.mkdir(exist_ok=True)
    unfinished = path(name).with_suffix(f".{os.getpid()}")
    include = FOLDER.parents[1] / "runtime" / "include"
    command = [compiler, *FLAGS, f"-I{include}", FOLDER / f"{name}.c", "-o", unfinished]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"bench/run: native/{name}.c: {done.stderr.strip()}", file=sys.stderr)
        return False
    unfinished.rename(path(name))
    return True


def library():
    if not path().exists():
        return None
    loaded = ctypes.CDLL(str(path()))
    loaded.benchProbe.argtypes, loaded.benchProbe.restype = [c_int, c_int, c_int, c_int64], c_double
    for name in ("benchRepeatDlrt", "benchRepeatSgemm", "benchRepeatSgemv"):
        getattr(loaded, name).restype = None
    return loaded


def fma_rate(threads):
    """Floating-point operations a second of `threads` threads, float32, or 0."""
    loaded = library()
    return loaded.benchProbe(threads, REPEATS, 0, 0) if loaded else 0.0


def read_bandwidth(threads):
    """Bytes a second that `threads` threads read from memory, or 0."""
    loaded = library()
    return loaded.benchProbe(threads, REPEATS, 1, READ_BYTES) if loaded else 0.0


def barrier_ns(runtime, threads):
    """Nanoseconds of the runtime's team: (what a fork and join costs beyond the longest item, a fork and join whose
    items wait for each other), medians; or None."""
    if not prepare("barrier"):
        return None
    numbers = [numpy.array(number) for number in (BARRIERS, threads)]
    instance = dlrt.Instance(dlrt.Library(str(runtime)), path("barrier"), threads, numbers, 1)
    try:
        instance.run()  # starts the threads
        instance.run()
        meeting, working, alone = numpy.median(instance.read_outputs()[0], axis=1)
    finally:
        instance.close()
    return float(working - alone), float(meeting)
