// NVIDIA through LLVM's NVPTX backend: PTX text.
#include <stdio.h>
#include <string.h>
#include "lowering/device/target.h"
#include "llvm-c/Target.h"

static const char *const chips[] = {"sm_80", "sm_86", "sm_89", "sm_90", "sm_90a", "sm_100a", NULL};

// The PTX version: the least that knows the chip, for old drivers.
static const char *features(const char *chip) {
  if (!strcmp(chip, "sm_100a")) return "+ptx86";
  if (!strncmp(chip, "sm_90", 5) || !strcmp(chip, "sm_89")) return "+ptx80";
  return "+ptx74";
}
static void initialize(void) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
}
static void pipeline(const char *chip, char *text, size_t size) {
  (void)chip;
  snprintf(text, size,
           "gpu.module(affine-expand-index-ops,lower-affine,expand-strided-metadata,lower-affine,arith-expand,"
           "canonicalize,cse,loop-invariant-code-motion,convert-scf-to-cf,convert-math-to-llvm,"
           "convert-gpu-to-nvvm{use-bare-ptr-memref-call-conv=1 "
           "index-bitwidth=64},canonicalize,reconcile-unrealized-casts)");
}
const DlcDeviceTarget dlcNvptxTarget = {.name = "nvptx",
                                        .triple = "nvptx64-nvidia-cuda",
                                        .chips = chips,
                                        .features = features,
                                        .initialize = initialize,
                                        .warp = 32,
                                        .sharedLimit = 48 * 1024, // what needs no request at launch
                                        .pipeline = pipeline};
