"""native/loops.c, compiled for this CPU: loops around library calls, and what the machine can do at most.

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

FOLDER = Path(__file__).resolve().parents[1] / "native"
FLAGS = ["-O3", "-march=native", "-ffp-contract=fast", "-std=gnu17", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread"]
READ_BYTES = 512 << 20  # far more than any cache
REPEATS = 256


def path():
    """Where the library is, or would be, for this source."""
    source = (FOLDER / "loops.c").read_bytes()
    return FOLDER / "out" / f"loops-{hashlib.sha256(source).hexdigest()[:12]}.so"


def prepare():
    """Compiles it where it is not there yet; whether it is there now."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("clang")
    if path().exists():
        return True
    if not compiler:
        print("bench/run: there is no C compiler: calls are timed from Python, the machine's rates are left out",
              file=sys.stderr)  # fmt: skip
        return False
    path().parent.mkdir(exist_ok=True)
    unfinished = path().with_suffix(f".{os.getpid()}")
    done = subprocess.run([compiler, *FLAGS, FOLDER / "loops.c", "-o", unfinished], capture_output=True, text=True)
    if done.returncode:
        print(f"bench/run: native/loops.c: {done.stderr.strip()}", file=sys.stderr)
        return False
    unfinished.rename(path())
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
