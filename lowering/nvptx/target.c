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
// One thread's fence is enough: it is cumulative over what the block's barrier ordered before it.
static const char barrier[] =
    "llvm.func internal @dlc_grid_barrier(%word: !llvm.ptr, %step: i32) attributes {always_inline} {"
    "  nvvm.barrier0"
    "  %thread = nvvm.read.ptx.sreg.tid.x : i32"
    "  %zero = llvm.mlir.constant(0 : i32) : i32"
    "  %leads = llvm.icmp \"eq\" %thread, %zero : i32"
    "  llvm.cond_br %leads, ^arrive, ^done"
    " ^arrive:"
    "  llvm.fence syncscope(\"device\") acq_rel"
    "  %found = llvm.atomicrmw add %word, %step syncscope(\"device\") monotonic : !llvm.ptr, i32"
    "  llvm.br ^wait"
    " ^wait:"
    "  %now = llvm.load %word atomic syncscope(\"device\") monotonic {alignment = 4 : i64} : !llvm.ptr -> i32"
    "  %changed = llvm.xor %found, %now : i32"
    "  %turned = llvm.icmp \"slt\" %changed, %zero : i32"
    "  llvm.cond_br %turned, ^go, ^wait"
    " ^go:"
    "  llvm.fence syncscope(\"device\") acq_rel"
    "  llvm.br ^done"
    " ^done:"
    "  nvvm.barrier0"
    "  llvm.return"
    "}";
const DlcDeviceTarget dlcNvptxTarget = {.name = "nvptx",
                                        .triple = "nvptx64-nvidia-cuda",
                                        .chips = chips,
                                        .features = features,
                                        .initialize = initialize,
                                        .warp = 32,
                                        .sharedLimit = 48 * 1024, // what needs no request at launch
                                        .pipeline = pipeline,
                                        .barrier = barrier,
                                        .alone = "nvvm.minctasm"};
