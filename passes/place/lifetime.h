// When the buffers of a region live. Ops are numbered in the order of the text; a
// buffer lives from its allocation to the last use of it or of a view of it.
#pragma once
#include "dlc/ir.h"

typedef struct {
  MlirOperation alloc;
  MlirBlock scope;    // the block that it lives in: its own, or that of an op whose result it becomes
  int64_t start, end; // op numbers, both included
  MlirOperation last; // op of `scope` that holds the last use
  bool survives;      // an iteration of a loop: lives until the program ends, where it is not known better:
  MlirOperation
      loop; // ctrl.loop: it lives in the iteration that made it and in the next one, and after the last; else null
} DlcLifetime;

typedef struct {
  DlcLifetime *data;
  intptr_t n;
} DlcLifetimes;

// Of every memref.alloc in the regions of `root`, in textual order. With `tasks`, of
// those inside ctrl.task too; else a task is one op that uses its operands.
DlcLifetimes dlcComputeLifetimes(MlirOperation root, bool tasks);
void dlcLifetimesDestroy(DlcLifetimes lifetimes);
