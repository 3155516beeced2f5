// Which memory a buffer may be: through views, selections, loops and branches.
#pragma once
#include "dlc/builder.h"
#include "dlc/ir.h"

typedef struct {
  DlcPointerMap ids; // value -> its number
  MlirValue *roots;  // allocations, arguments, globals, and what is not seen through
  intptr_t nRoots, capacity, nValues, valueCapacity, words;
  uint64_t *sets; // of each value: `words` words of bits by root
} DlcBufferRoots;
// Of the buffers in the regions of root outside of tasks, and those that they are made of.
DlcBufferRoots dlcFindBufferRoots(MlirOperation root);
void dlcBufferRootsDestroy(DlcBufferRoots *r);
// The roots of a buffer as bits; null: a value that was not there.
const uint64_t *dlcRootsOf(const DlcBufferRoots *r, MlirValue buffer);
bool dlcMayBe(const DlcBufferRoots *r, MlirValue buffer, MlirValue root);
bool dlcRootsMeet(const DlcBufferRoots *r, const uint64_t *a, const uint64_t *b);
intptr_t dlcRootNumber(const DlcBufferRoots *r, MlirValue root); // -1: none
