"""Where the cases of the ONNX backend suite come from.

A case is a folder, named as in the suite:

    ROOT/KIND/test_NAME/model.onnx
                        data.json                 rtol and atol, as the suite states them
                        test_data_set_0/input_0.pb ... output_0.pb ...

The package `onnx` carries the `node` and `simple` cases as Python code, which
`generate` runs and writes out, and the `pytorch-operator` and
`pytorch-converted` cases as files, which it copies. The suite seeds numpy
before each case, so the folder depends on the versions of onnx and numpy only;
a stamp in it names them, and it is made again when they change.

Debian's libonnx-testdata holds an older generation of the same folders.
"""

import json
import shutil
from pathlib import Path

DEBIAN_ROOT = Path("/usr/share/libonnx-testdata/data")
KINDS = ("node", "simple", "pytorch-operator", "pytorch-converted")
DEFAULT_RTOL, DEFAULT_ATOL = 1e-3, 1e-7
FORMAT = 1  # of the folder; raise it when `generate` writes something else


class CasesMissing(Exception):
    """The cases cannot be had; the message says why and what to install."""


class Case:
    """One folder of the suite."""

    def __init__(self, path, kind):
        self.path, self.kind, self.name = path, kind, path.name
        self.model_path = path / "model.onnx"
        self.rtol, self.atol = DEFAULT_RTOL, DEFAULT_ATOL
        data = path / "data.json"
        if data.exists():
            values = json.loads(data.read_text())
            self.rtol = values.get("rtol", DEFAULT_RTOL)
            self.atol = values.get("atol", DEFAULT_ATOL)

    def data_sets(self):
        return sorted(self.path.glob("test_data_set_*"))


def load(root):
    """All cases below `root` that come with a model, by kind, then name."""
    found = []
    for kind in KINDS:
        folder = root / kind
        if folder.is_dir():
            paths = sorted(p for p in folder.iterdir() if (p / "model.onnx").exists())
            found += [Case(path, kind) for path in paths]
    return found


def with_bfloat16(data_set, model, folder):
    """`data_set`, or a copy below `folder` in which values that the model calls bfloat16 are so.

    numpy had no such type when Debian's set was made, and the bits were stored as uint16.
    """
    import onnx

    changed = {}
    for stem, declared in (("input", model.graph.input), ("output", model.graph.output)):
        for index, info in enumerate(declared):
            path = data_set / f"{stem}_{index}.pb"
            if info.type.tensor_type.elem_type != onnx.TensorProto.BFLOAT16 or not path.exists():
                continue
            value = onnx.TensorProto.FromString(path.read_bytes())
            if value.data_type == onnx.TensorProto.UINT16:
                value.data_type = onnx.TensorProto.BFLOAT16
                changed[path.name] = value.SerializeToString()
    if not changed:
        return data_set
    copy = folder / data_set.name
    copy.mkdir(exist_ok=True)
    for path in data_set.glob("*.pb"):
        (copy / path.name).write_bytes(changed.get(path.name) or path.read_bytes())
    return copy


def debian():
    if not DEBIAN_ROOT.is_dir():
        raise CasesMissing(f"{DEBIAN_ROOT} is not there: install Debian's libonnx-testdata")
    return load(DEBIAN_ROOT)


def pip(cache):
    """The cases of the installed package `onnx`, made in `cache` on the first call."""
    try:
        import onnx
        import numpy  # noqa: F401
    except ImportError as error:
        raise CasesMissing(f"the Python package {error.name} is not installed: run utils/setup-python") from error
    root = cache / f"onnx-{onnx.__version__}"
    path = root / "stamp"
    if not path.exists() or path.read_text() != stamp():
        generate(root)
        path.write_text(stamp())
    return load(root)


def stamp():
    """What the folder that `generate` writes depends on."""
    import numpy
    import onnx

    return f"format {FORMAT}, onnx {onnx.__version__}, numpy {numpy.__version__}\n"


def generate(root):
    """Writes every case of the installed package `onnx` below `root`."""
    import numpy
    import onnx.backend.test.case.model as models
    import onnx.backend.test.case.node as nodes
    import onnx.backend.test.loader as loader

    if root.exists():
        shutil.rmtree(root)
    with numpy.errstate(all="ignore"):  # some cases overflow or divide by zero on purpose
        written = [c for c in [*nodes.collect_testcases(), *models.collect_testcases()] if c.model]
    for case in written:
        _write(root / case.kind / case.name, case)
    for kind in ("pytorch-operator", "pytorch-converted"):
        shutil.copytree(Path(loader.DATA_DIR) / kind, root / kind)


def _write(folder, case):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    (folder / "data.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))
    for index, (inputs, outputs) in enumerate(case.data_sets):
        data_set = folder / f"test_data_set_{index}"
        data_set.mkdir()
        _write_values(data_set, "input", inputs, case.model.graph.input)
        _write_values(data_set, "output", outputs, case.model.graph.output)


def _write_values(data_set, stem, values, declared):
    import numpy
    from onnx import TensorProto, numpy_helper

    for index, (value, info) in enumerate(zip(values, declared, strict=False)):
        if isinstance(value, TensorProto):
            proto = value
        elif info.type.HasField("map_type"):
            proto = numpy_helper.from_dict(value, info.name)
        elif info.type.HasField("sequence_type"):
            proto = numpy_helper.from_list(value, info.name)
        elif info.type.HasField("optional_type"):
            proto = numpy_helper.from_optional(value, info.name)
        else:
            proto = numpy_helper.from_array(numpy.asarray(value), info.name)
        (data_set / f"{stem}_{index}.pb").write_bytes(proto.SerializeToString())
