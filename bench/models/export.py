#!/usr/bin/env python3
"""Writes the benchmark's networks as ONNX, with inputs and onnxruntime's outputs.

    bench/models/export.py                   all of them, into bench/models/out
    bench/models/export.py resnet50 bert     these
    bench/models/export.py --list            their names

Weights and inputs are seeded. A model that is already there is left as it is,
unless --force is given. Needs onnx, onnxruntime and numpy, and torch for the
models that are no light models: bench/setup-peers installs all four.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from control_flow import WORKLOADS

LIGHT = ("resnet50", "squeezenet", "alexnet", "densenet121", "inception_v1", "inception_v2", "shufflenet", "vgg19",
         "zfnet512")  # fmt: skip
# name -> (module, class); a module is imported only when its model is asked for.
MODELS = {
    "bert": ("bert", "Bert"),
    "vit": ("vit", "VisionTransformer"),
    "swin": ("swin", "SwinTransformer"),
    "bsrn": ("bsrn", "Bsrn"),
    "nafnet": ("nafnet", "NafNet"),
    "restormer": ("restormer", "Restormer"),
    "mobilevit": ("mobilevit", "MobileVit"),
    "conformer": ("conformer", "Conformer"),
    "mobilenet": ("mobilenet", "MobileNetV2"),
    "nerf": ("nerf", "Nerf"),
    "bert-dynamic": ("bert", "DynamicBert"),
    **{name: WORKLOADS[name] for name in ("lstm", "blockdrop")},
    **{name: ("light", "LightModel") for name in LIGHT},
}
# NAME.f16: those of them that are there with weights and values in float16 as well (half.py).
HALF_SUFFIX = ".f16"
HALF_OF = ("bert", "vit", "swin", "bsrn", "nafnet", "restormer", "mobilevit", "conformer", "mobilenet", "nerf")
HALF_MODELS = {name + HALF_SUFFIX: ("half", "HalfModel") for name in HALF_OF}
# NAME.i8: those that are there with 8-bit weights and values (quantised.py).
BYTE_SUFFIX = ".i8"
BYTE_OF = ("bert", "vit", "mobilenet", "resnet50", "squeezenet")
BYTE_MODELS = {name + BYTE_SUFFIX: ("quantised", "QuantisedModel") for name in BYTE_OF}
KNOWN = MODELS | HALF_MODELS | BYTE_MODELS | WORKLOADS
DEFAULT_OUT = Path(__file__).resolve().parent / "out"


def find(name):
    """The model of this name, or the pattern (models/patterns.py)."""
    if name not in KNOWN:
        return importlib.import_module("patterns").find(name)
    module, factory = KNOWN[name]
    return getattr(importlib.import_module(module), factory)(name)


def split_name(name):
    """(the name without its element type, the element type), as cases have them: bert.f16 gives bert, f16."""
    if name in BYTE_MODELS:
        return name.removesuffix(BYTE_SUFFIX), "i8"
    return (name.removesuffix(HALF_SUFFIX), "f16") if name in HALF_MODELS else (name, "f32")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to write (default: all in float32)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help="where to (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="write models that are there already again")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    options = parser.parse_args()
    if options.list:
        print("\n".join(KNOWN))
        return 0
    for name in options.names:
        if name not in KNOWN:
            parser.error(f"there is no model {name}; the models are {', '.join(KNOWN)}")
    return write(options.names or list(MODELS), options.out, options.force)


def prepare(names, out):
    """{name: folder} of the named models, written below `out` where they are not there yet, or
    None for the folder of one that could not be. A name may also be a folder of the same layout."""
    failed = write([name for name in names if name in KNOWN], out)
    folders = {Path(name).resolve().name: out / name if name in KNOWN else Path(name).resolve() for name in names}
    return {name: None if name in failed else folder for name, folder in folders.items()}


def write(names, out, force=False):
    """Writes the named models below `out`; the names of those that failed."""
    try:
        from model import ExportError, save
    except ImportError as error:
        sys.exit(f"export.py: the Python package {error.name} is not installed: run bench/setup-peers")
    failed = []
    for name in names:
        started = time.monotonic()
        folder = out / name
        if force:
            (folder / "stamp.json").unlink(missing_ok=True)
        try:
            fresh = save(find(name), folder)
        except (ExportError, ImportError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed.append(name)
            continue
        what = f"written in {time.monotonic() - started:.1f} s" if fresh else "there already"
        print(f"{name:14} {what}: {folder}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
