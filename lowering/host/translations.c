// dl-translate --mlir-to-obj and --mlir-to-so: host code from a module of linalg on
// tensors and ctrl, as dlc makes it. (--mlir-to-llvmir is upstream's: of a module in
// the LLVM dialect, which dl-opt's --dlc-* pipelines make.)
#include "lowering/host/translations.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dlc/tools.h"
#include "lowering/compile.h"
#include "lowering/device/kernel.h"

enum { CHUNK = 1 << 16 };

static bool copyFile(const char *path, MlirStringCallback sink, void *data) {
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  char *buffer = malloc(CHUNK);
  for (size_t n; (n = fread(buffer, 1, CHUNK, f)) > 0;) sink(mlirStringRefCreate(buffer, n), data);
  bool ok = !ferror(f);
  fclose(f);
  free(buffer);
  return ok;
}

static MlirLogicalResult emit(MlirOperation module, const char *ending, MlirStringCallback sink, void *data) {
  char directory[1024], path[1100], target[128], why[512];
  const char *root = getenv("TMPDIR"), *cpu = dlcTranslateOption("cpu");
  snprintf(target, sizeof target, "host:%s", cpu && *cpu ? cpu : "native");
  if (!dlcKnowsTarget(target, why, sizeof why)) return dlcRefuse(module, "%s", why), mlirLogicalResultFailure();
  snprintf(directory, sizeof directory, "%s/dlc-XXXXXX", root && *root ? root : "/tmp");
  if (!mkdtemp(directory))
    return dlcRefuse(module, "cannot make %s: %s", directory, strerror(errno)), mlirLogicalResultFailure();
  snprintf(path, sizeof path, "%s/program%s", directory, ending);
  dlcRegisterEverything();
  MlirOperation copy = mlirOperationClone(module); // translations do not change what they are given
  DlcCompileOptions options = {.target = target, .name = "program", .optimize = 1};
  MlirLogicalResult result = dlcCompile(copy, &options, path);
  if (mlirLogicalResultIsSuccess(result) && !copyFile(path, sink, data)) {
    dlcRefuse(module, "cannot read %s: %s", path, strerror(errno));
    result = mlirLogicalResultFailure();
  }
  mlirOperationDestroy(copy);
  unlink(path);
  rmdir(directory);
  return result;
}

static MlirLogicalResult toObject(MlirOperation m, MlirStringCallback sink, void *data) {
  return emit(m, ".o", sink, data);
}
static MlirLogicalResult toProgram(MlirOperation m, MlirStringCallback sink, void *data) {
  return emit(m, ".so", sink, data);
}

void dlcRegisterHostTranslations(void) {
  dlcRegisterTranslateOption("cpu", "CPU of --mlir-to-obj and --mlir-to-so: native, x86-64-v2, x86-64-v3, x86-64-v4",
                             "native");
  dlcRegisterFromMlirTranslation("mlir-to-obj", "host object of a module of linalg on tensors and ctrl", toObject);
  dlcRegisterFromMlirTranslation("mlir-to-so", "host program (shared object) of a module of linalg on tensors and ctrl",
                                 toProgram);
}
