"""What every model of the benchmark is, and how its data sets are made.

A model writes itself as an ONNX file, draws seeded inputs, and, where there is
one, gives the same network as a torch module for the peers. `save` lays it out:

    DIR/NAME/model.onnx
    DIR/NAME/b1/input_0.pb ... output_0.pb ...     batch 1, outputs by onnxruntime
    DIR/NAME/b2/...                                batch 2, where the batch is dynamic
    DIR/NAME/b1-VARIANT/...                        other inputs of the same batch, where they
                                                   take another way through the network

so that `dl-run PROG.so --input-pb-dir DIR/NAME/b1` checks a compiled program.
"""

import json
import shutil
import zlib

import numpy
import onnx
from onnx import numpy_helper


class Model:
    """One network. `write` and `inputs` must depend on the name alone."""

    batches = (1, 2)  # more than one only where the batch is dynamic
    variants = {}  # batch -> names of further inputs of that batch
    all_equal = ()  # variants whose outputs may hold one value throughout
    revision = 0  # to be raised when what is written changes
    asks_onnxruntime = True  # for what it expects

    def __init__(self, name):
        self.name = name

    def write(self, path):
        """Writes the ONNX file."""
        raise NotImplementedError

    def inputs(self, batch, variant=""):
        """{input name: array}, in the order of the graph's inputs."""
        raise NotImplementedError

    def expected(self, session, inputs):
        """The outputs for the inputs, a list; `session` is onnxruntime's of the written file, or
        None where the model has no need of it (asks_onnxruntime)."""
        return session.run(None, inputs)

    def write_more(self, folder):
        """Writes further files beside the model, when the data sets are there."""

    def module(self):
        """The network as a torch module with the same weights, called with the inputs in
        order; None where there is none."""
        return None

    def data_sets(self):
        """(folder name, batch, variant) of every data set."""
        for batch in self.batches:
            for variant in ("", *self.variants.get(batch, ())):
                yield f"b{batch}" + (f"-{variant}" if variant else ""), batch, variant

    def random(self, what=""):
        return numpy.random.default_rng(zlib.crc32(f"{self.name}/{what}".encode()))

    def seed_torch(self):
        import torch

        torch.manual_seed(zlib.crc32(self.name.encode()))


class ExportError(Exception):
    """A model came out wrong; the message says how."""


def save(model, folder):
    """Writes model and data sets below `folder`; a stamp makes a second call free."""
    stamp = folder / "stamp.json"
    wanted = {"format": 1, "onnx": onnx.__version__, "data_sets": [d[0] for d in model.data_sets()]}
    wanted = json.dumps(wanted | ({"revision": model.revision} if model.revision else {}))
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    path = folder / "model.onnx"
    model.write(path)
    onnx.checker.check_model(str(path), full_check=True)
    session = open_session(path) if model.asks_onnxruntime else None
    names = [output.name for output in onnx.load(path, load_external_data=False).graph.output]
    for name, batch, variant in model.data_sets():
        inputs = model.inputs(batch, variant)
        outputs = dict(zip(names, model.expected(session, inputs), strict=True))
        _save_data_set(inputs, outputs, folder / name, variant in model.all_equal)
    model.write_more(folder)
    stamp.write_text(wanted)
    return True


def open_session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def _save_data_set(inputs, outputs, folder, may_be_equal):
    folder.mkdir()
    for name, value in outputs.items():
        if not numpy.isfinite(value).all():
            raise ExportError(f"output {name} holds values that are not finite")
        if value.size > 1 and not may_be_equal and not value.astype(numpy.float64).std() > 0:
            raise ExportError(f"all values of output {name} are equal, which would hide mistakes")
    for stem, values in (("input", inputs), ("output", outputs)):
        for index, (name, value) in enumerate(values.items()):
            tensor = numpy_helper.from_array(value, name)
            (folder / f"{stem}_{index}.pb").write_bytes(tensor.SerializeToString())
