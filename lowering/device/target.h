// A kind of device, as the emitter sees it. One folder each under lowering/,
// with the same file names.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "llvm-c/TargetMachine.h"
#include "mlir-c/IR.h"

typedef struct {
  const char *name, *triple;
  const char *const *chips;                                    // ends with NULL
  const char *(*features)(const char *chip);                   // of the LLVM target machine
  void (*initialize)(void);                                    // LLVM's parts; once is enough, twice is harmless
  int64_t warp;                                                // threads that a shuffle reaches
  int64_t sharedLimit;                                         // bytes of workgroup memory of a kernel
  void (*pipeline)(const char *chip, char *text, size_t size); // of passes on gpu.module: to the LLVM dialect
  void (*finish)(LLVMModuleRef module, const char *chip);      // before optimisation; may be NULL
  const char *barrier;                                         // llvm.func @dlc_grid_barrier: see grid_barrier.c
  const char *alone; // attribute (1 : i32) of kernels of which a unit runs one block: all its registers; may be NULL
} DlcDeviceTarget;

// Gives the grid barrier its body, where kernels call it, and persistent kernels `alone`. False: one diagnostic.
bool dlcDefineGridBarrier(MlirOperation kernels, const DlcDeviceTarget *target);

extern const DlcDeviceTarget dlcNvptxTarget, dlcAmdgcnTarget;
