"""The suites of bench/run, one file each: `run(options, records)` measures and prints."""

SUITES = ("models", "gemm", "conv", "fused", "ctrl", "paper-welder", "paper-cocktailer", "compile", "onnx")

# The systems that --peers measures, where they are installed.
PEERS = {
    "models": ("onnxruntime", "openvino", "pytorch", "pytorch_compile", "jax", "iree"),
    "paper-welder": ("onnxruntime", "openvino", "pytorch", "pytorch_compile"),
    "gemm": ("openblas", "openvino", "onnxruntime", "pytorch", "pytorch_packed"),
    "conv": ("openvino", "onnxruntime", "pytorch", "pytorch_channels_last", "pytorch_packed"),
    "ctrl": ("onnxruntime", "openvino", "pytorch", "torchscript", "pytorch_compile", "pytorch_library", "jax"),
    "paper-cocktailer": ("onnxruntime", "openvino", "pytorch", "torchscript", "pytorch_compile", "pytorch_library", "jax"),
    "fused": ("openvino", "onnxruntime", "pytorch", "pytorch_channels_last", "pytorch_compile"),
}


class NothingToMeasure(Exception):
    """The options leave no case; the message says why."""
