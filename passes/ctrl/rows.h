// Rows of tensors that loops read one of in each iteration, made in the iteration: through ops that work row by row, up
// to what an earlier loop put into a tensor row by row. For passes/ctrl/join_loops.h.
#pragma once
#include "dlc/ir.h"

typedef struct {
  DlcBuilder *b;
  MlirValue step;             // the iteration
  const MlirOperation *loops; // whose bodies are joined
  intptr_t n;
  DlcMapping map;                           // of what their bodies make
  bool (*depends)(MlirValue v, void *data); // on what one of them gives
  void *data;
  DlcPointerMap index; // of a tensor to its row in ..
  DlcValueList made;
} DlcRows;
void dlcRowsDestroy(DlcRows *rows); // and map

// The insertion of a row by which `loop` makes what it carries as number `carry`, and that is all that reads the carry.
// Null: it is no such tensor.
MlirOperation dlcScanOf(MlirOperation loop, intptr_t carry);
// Whether op, in the body of `loop`, reads the row of a tensor from outside that is its iteration's.
bool dlcIsRowOf(MlirOperation loop, MlirOperation op);
// The row of v, with one as its first size, at the insertion point. Null: there is none.
MlirValue dlcRowOf(DlcRows *rows, MlirValue v);
// The same as a tensor of another type, of the same sizes but for ones.
MlirValue dlcRowAs(DlcRows *rows, MlirValue row, MlirType type);
