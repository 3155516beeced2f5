// AMD through LLVM's AMDGPU backend: assembly, or an object that ld.lld makes an hsaco.
#include <stdio.h>
#include <string.h>
#include "lowering/device/target.h"
#include "llvm-c/Core.h"
#include "llvm-c/Target.h"

static const char *const chips[] = {"gfx906", "gfx908", "gfx90a", "gfx942", "gfx950", NULL};

static const char *features(const char *chip) {
  (void)chip;
  return "";
}
static void initialize(void) {
  LLVMInitializeAMDGPUTargetInfo();
  LLVMInitializeAMDGPUTarget();
  LLVMInitializeAMDGPUTargetMC();
  LLVMInitializeAMDGPUAsmPrinter();
}
static void pipeline(const char *chip, char *text, size_t size) {
  snprintf(text, size,
           "gpu.module(affine-expand-index-ops,lower-affine,expand-strided-metadata,lower-affine,arith-expand,"
           "canonicalize,cse,loop-invariant-code-motion,convert-scf-to-cf,convert-math-to-llvm,"
           "convert-gpu-to-rocdl{chipset=%s use-bare-ptr-memref-call-conv=1 "
           "index-bitwidth=64},canonicalize,reconcile-unrealized-casts)",
           chip);
}
// Code object 5 is what every ROCm since 5.4 loads.
static void finish(LLVMModuleRef module, const char *chip) {
  (void)chip;
  LLVMContextRef ctx = LLVMGetModuleContext(module);
  static const char key[] = "amdhsa_code_object_version";
  if (LLVMGetModuleFlag(module, key, strlen(key))) return;
  LLVMMetadataRef version = LLVMValueAsMetadata(LLVMConstInt(LLVMInt32TypeInContext(ctx), 500, 0));
  LLVMAddModuleFlag(module, LLVMModuleFlagBehaviorError, key, strlen(key), version);
}
// A wave's fence waits for its own stores only, and drops its own view of memory: all threads make both fences.
static const char barrier[] =
    "llvm.func internal @dlc_grid_barrier(%word: !llvm.ptr, %step: i32) attributes {always_inline} {"
    "  llvm.fence syncscope(\"agent\") release"
    "  rocdl.s.barrier"
    "  %thread = rocdl.workitem.id.x : i32"
    "  %zero = llvm.mlir.constant(0 : i32) : i32"
    "  %leads = llvm.icmp \"eq\" %thread, %zero : i32"
    "  llvm.cond_br %leads, ^arrive, ^done"
    " ^arrive:"
    "  %found = llvm.atomicrmw add %word, %step syncscope(\"agent\") acq_rel : !llvm.ptr, i32"
    "  llvm.br ^wait"
    " ^wait:"
    "  rocdl.s.sleep 1"
    "  %now = llvm.load %word atomic syncscope(\"agent\") monotonic {alignment = 4 : i64} : !llvm.ptr -> i32"
    "  %changed = llvm.xor %found, %now : i32"
    "  %turned = llvm.icmp \"slt\" %changed, %zero : i32"
    "  llvm.cond_br %turned, ^done, ^wait"
    " ^done:"
    "  rocdl.s.barrier"
    "  llvm.fence syncscope(\"agent\") acquire"
    "  llvm.return"
    "}";
const DlcDeviceTarget dlcAmdgcnTarget = {.name = "amdgcn",
                                         .triple = "amdgcn-amd-amdhsa",
                                         .chips = chips,
                                         .features = features,
                                         .initialize = initialize,
                                         .warp = 32,
                                         .sharedLimit = 64 * 1024,
                                         .pipeline = pipeline,
                                         .finish = finish,
                                         .barrier = barrier};
