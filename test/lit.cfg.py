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
