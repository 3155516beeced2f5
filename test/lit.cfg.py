# How lit runs the tests. Loaded by the lit.site.cfg.py that CMake writes into
# the build tree: run `lit -sv build/test`, or a part: `lit -v build/test/dialects`.
import os
import lit.formats

config.name = "DLC"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".c"]
# Inputs hold data for tests; fuzz targets have no RUN lines.
config.excludes = ["Inputs", "fuzz", "lit.cfg.py", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(os.path.abspath(__file__))
config.test_exec_root = config.dlc_build_dir + "/test"

# Our tools, the C test programs, then LLVM's FileCheck, not, mlir-opt, ...
config.environment["PATH"] = os.pathsep.join(
    [
        config.dlc_build_dir + "/bin",
        config.dlc_build_dir + "/test/bin",
        config.llvm_root + "/bin",
        os.environ["PATH"],
    ]
)
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "HOME", "CCACHE_DIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

# What is freed is overwritten at once: reading it fails always, not now and then.
config.environment["GLIBC_TUNABLES"] = "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"

config.substitutions += [
    ("%{libdlc}", config.dlc_build_dir + "/lib/libdlc.so"),
    ("%{build}", config.dlc_build_dir),
    ("%{source}", config.dlc_source_dir),
    ("%{llvm}", config.llvm_root),
    ("%{cc}", config.c_compiler),
    ("%{cxx}", config.cxx_compiler),
    ("%{cmake}", config.cmake),
]

# A library built with sanitizers cannot be loaded by a program without them.
config.available_features.add("sanitize" if config.sanitize else "plugin")
if os.path.exists(config.llvm_root + "/bin/ld.lld"):
    config.available_features.add("lld")

# Kernels that ctrl-emulate-kernels has made host code: to LLVM, and run. Not the passes under test: upstream's.
host_pipeline = "builtin.module(canonicalize,convert-linalg-to-loops,convert-math-to-libm,lower-affine,expand-strided-metadata,lower-affine,convert-scf-to-cf,convert-to-llvm,reconcile-unrealized-casts)"
config.substitutions.append(
    (
        "%{run-on-host}",
        "mlir-opt --pass-pipeline='%s' | mlir-runner -O1 -e main -entry-point-result=void --shared-libs=%s/lib/libmlir_c_runner_utils.so,%s/lib/libmlir_runner_utils.so"
        % (host_pipeline, config.llvm_root, config.llvm_root),
    )
)
# ptxas comes from no Debian package (PyPI nvidia-cuda-nvcc, or a CUDA toolkit): DLC_PTXAS, else PATH.
import shutil

ptxas = os.environ.get("DLC_PTXAS") or shutil.which("ptxas")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%{ptxas}", ptxas))
else:
    lit_config.note("no ptxas (set DLC_PTXAS): PTX is not checked, tests that need it are unsupported")

# Tests that build ONNX models need the Python packages of utils/requirements.txt.
import importlib.util
import sys

config.substitutions.append(("%{python}", sys.executable))
if importlib.util.find_spec("onnx") and importlib.util.find_spec("numpy"):
    config.available_features.add("python-onnx")
else:
    lit_config.note("no Python package onnx (utils/setup-python): tests that need it are unsupported")
