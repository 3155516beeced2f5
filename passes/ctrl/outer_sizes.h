// Sizes of buffers, computed where a function begins.
#pragma once
#include "dlc/builder.h"
#include "dlc/ir.h"

typedef struct {
  DlcBuilder *b;
  MlirOperation function;
  MlirOperation before;  // what is computed stands before it, in the entry block
  DlcPointerMap outside; // op -> 1: it stands before `before`, or is going to
  DlcPointerMap made;    // op -> its copy before `before`
  DlcPointerMap busy;    // carried values that are being looked at
} DlcOuterSizes;
void dlcOuterSizesDestroy(DlcOuterSizes *s);

// The value that v has wherever it is defined, which is one: it depends on nothing but the function's arguments'
// shapes. Null: there is none.
MlirValue dlcOuterValue(DlcOuterSizes *s, MlirValue v);
// The extent of a buffer, likewise: through views and whatever carries it.
MlirValue dlcOuterExtent(DlcOuterSizes *s, MlirValue buffer, intptr_t d);
// A value that v never exceeds. Null: none is known.
MlirValue dlcOuterBound(DlcOuterSizes *s, MlirValue v);
