// A program in the LLVM dialect as several modules, so that LLVM makes their code at the same time.
#pragma once
#include "mlir-c/IR.h"

enum { DLC_MOST_PARTS = 16 };
typedef struct {
  MlirModule modules[DLC_MOST_PARTS]; // owned; the largest first
  intptr_t n;
} DlcHostParts;

// Moves tasks (dlc_task_N with dlc_entry_N, into which it is inlined) out of `module` into modules of about equal size;
// of a small program none. What one module uses of another becomes hidden instead of internal. The same program is
// always split in the same way.
void dlcHostSplit(MlirOperation module, DlcHostParts *parts);
void dlcHostPartsDestroy(DlcHostParts *parts);
