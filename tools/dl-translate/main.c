#include "dlc/tools.h"
#include "frontends/onnx/onnx.h"
#include "lowering/device/device.h"
#include "lowering/host/translations.h"
#include <stdlib.h>
#include <string.h>

// External data is looked for beside the file; a model on standard input has none.
static MlirOperation importOnnx(MlirContext ctx, const void *data, size_t size, const char *name) {
  MlirModule module;
  const char *slash = strrchr(name, '/');
  char *directory = slash ? strndup(name, (size_t)(slash - name + 1)) : strdup(".");
  bool fromFile = strcmp(name, "<stdin>") != 0;
  DlcImportStatus status = dlcImportOnnxMemory(ctx, data, size, name, fromFile ? directory : NULL, NULL, &module);
  free(directory);
  return status == DLC_IMPORT_OK ? mlirModuleGetOperation(module) : (MlirOperation){0};
}

int main(int argc, char **argv) {
  dlcRegisterToMlirTranslation("import-onnx", "import an ONNX model", importOnnx);
  dlcRegisterDeviceTranslations();
  dlcRegisterHostTranslations();
  return dlcTranslateMain(argc, argv);
}
