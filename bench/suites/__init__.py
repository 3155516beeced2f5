"""The suites of bench/run, one file each: `run(options, records)` measures and prints."""

SUITES = ("models", "compile", "onnx")
