// Device images from modules: PTX for NVIDIA, hsaco for AMD.
//
// The module holds ctrl.tasks on buffers, or gpu.module @kernels as the pass
// ctrl-distribute-to-threads leaves it. It is not changed. Passes must be
// registered (dlcRegisterEverything), and translations to LLVM IR are added to
// the module's context. Failure: one diagnostic. May run on several threads for
// modules of different contexts.
#pragma once
#include <stddef.h>
#include "mlir-c/IR.h"
#include "mlir-c/Support.h"

typedef enum { DLC_DEVICE_ASSEMBLY, DLC_DEVICE_OBJECT, DLC_DEVICE_IMAGE } DlcDeviceForm;
typedef struct {
  char *bytes; // owned; text ends with an additional NUL
  size_t size;
  // JSON, owned: {"target", "chip", "kernels": [{"name", "threads", "shared", "scratch", "arguments": [...]}]}, the
  // arguments as lowering/device/kernel.h describes them. A persistent kernel also has "blocks", the size of its grid,
  // "resident", the largest one that the device is sure to run at once, and "workspace", the operand whose first 256
  // bytes are zero before the first launch.
  char *metadata;
} DlcDeviceImage;
void dlcDeviceImageDestroy(DlcDeviceImage *image);

// PTX text. Chips: sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100a.
MlirLogicalResult dlcEmitPtx(MlirOperation module, const char *chip, DlcDeviceImage *out);
// Assembly text, or a code object linked by ld.lld ($DLC_LLD, else LLVM's own, else the one on PATH). Chips: gfx906,
// gfx908, gfx90a, gfx942, gfx950.
MlirLogicalResult dlcEmitGcn(MlirOperation module, const char *chip, DlcDeviceImage *out);
MlirLogicalResult dlcEmitHsaco(MlirOperation module, const char *chip, DlcDeviceImage *out);

// Adds --mlir-to-ptx, --mlir-to-gcn, --mlir-to-hsaco and --chip to dl-translate.
void dlcRegisterDeviceTranslations(void);
