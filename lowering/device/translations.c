// The device translations of dl-translate: see device.h.
#include "dlc/tools.h"
#include "lowering/device/device.h"
#include "lowering/device/kernel.h"

typedef MlirLogicalResult (*Emit)(MlirOperation module, const char *chip, DlcDeviceImage *out);
static MlirLogicalResult write(MlirOperation module, Emit emit, const char *standard, MlirStringCallback sink,
                               void *data) {
  const char *chip = dlcTranslateOption("chip");
  DlcDeviceImage image;
  dlcRegisterEverything();
  if (mlirLogicalResultIsFailure(emit(module, chip && *chip ? chip : standard, &image)))
    return mlirLogicalResultFailure();
  sink((MlirStringRef){image.bytes, image.size}, data);
  dlcDeviceImageDestroy(&image);
  return mlirLogicalResultSuccess();
}
static MlirLogicalResult toPtx(MlirOperation m, MlirStringCallback sink, void *data) {
  return write(m, dlcEmitPtx, "sm_90a", sink, data);
}
static MlirLogicalResult toGcn(MlirOperation m, MlirStringCallback sink, void *data) {
  return write(m, dlcEmitGcn, "gfx942", sink, data);
}
static MlirLogicalResult toHsaco(MlirOperation m, MlirStringCallback sink, void *data) {
  return write(m, dlcEmitHsaco, "gfx942", sink, data);
}

void dlcRegisterDeviceTranslations(void) {
  dlcRegisterFromMlirTranslation("mlir-to-ptx", "tasks or kernels to PTX (--chip, default sm_90a)", toPtx);
  dlcRegisterFromMlirTranslation("mlir-to-gcn", "tasks or kernels to AMDGCN assembly (--chip, default gfx942)", toGcn);
  dlcRegisterFromMlirTranslation("mlir-to-hsaco",
                                 "tasks or kernels to a linked AMDGCN code object (--chip, default gfx942)", toHsaco);
  dlcRegisterTranslateOption("chip", "the device that --mlir-to-ptx, --mlir-to-gcn and --mlir-to-hsaco compile for",
                             "");
}
