// One plan for all the buffers of a function.
#pragma once
#include "dlc/ir.h"

typedef struct {
  int64_t arena;   // bytes, of the part whose size is known now
  int64_t buffers; // bytes of all the buffers in it
} DlcArena;

// Replaces every memref.alloc of the function (not those inside tasks) as said in passes/place/plan.c.
MlirLogicalResult dlcPlanArena(DlcBuilder *b, MlirOperation function, DlcArena *arena);

// A buffer of the function's own that it returns, once: it is memory of the caller's, not of the arena.
bool dlcIsOutputBuffer(MlirValue buffer);
