// From a module in the LLVM dialect (after the stages of lowering/pipelines.h) to
// host code.
#pragma once
#include <stdbool.h>
#include "mlir-c/IR.h"
#include "lowering/host/cpu.h"
#include "lowering/output.h"

typedef enum { DLC_HOST_LLVM_IR, DLC_HOST_ASSEMBLY, DLC_HOST_OBJECT, DLC_HOST_PROGRAM } DlcHostForm;
typedef struct {
  const DlcHostCpu *cpu;
  int optimize;        // 0 to 3: LLVM's pipeline
  const char *weights; // file that dlcHostTakeWeights wrote, for a program as an object; NULL: there are none
  int threads;         // that LLVM may use; 0: one for each CPU
} DlcHostEmitOptions;

// Writes the constants that ctrl-to-host gave offsets to `path`, as they are or as an object that holds them at
// dlc_weights, and erases their globals: between the stages "host" and "vector". *bytes: of the constants; with 0 no
// file is made. Failure: one diagnostic, no file.
MlirLogicalResult dlcHostTakeWeights(MlirOperation module, const char *path, bool asObject, int64_t *bytes);

// Makes the output, and takes the module apart. Failure: one diagnostic.
MlirLogicalResult dlcHostEmit(MlirOperation module, DlcHostForm form, const DlcHostEmitOptions *options,
                              DlcOutput *out);
