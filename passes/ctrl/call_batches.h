// The computing part of a recursion, for many calls at once: bins of the table (passes/ctrl/call_table.h) in order,
// each of calls of one height that take one path.
//
//   for each bin: for up to `block` of its calls, from %s on, %n of them:
//     %a = rows of %values that child 0 of each says                       (a linalg.generic that gathers)
//     %y = the ops of the path, %n times: as of a loop (passes/ctrl/batch_iterations.h)
//     %values = %y into %values[%s ..][%n ..]
//
// %values has a row for each call, in the order of the table: what a batch gives is contiguous.
#pragma once
#include "passes/ctrl/call_table.h"

typedef struct {
  int64_t work;        // multiply-adds of one call with something that all calls read, at most over the paths
  const char *refusal; // what cannot be done for many calls at once
  MlirLocation refusedAt;
} DlcCallBatchFacts;

// Whether each path can be a batch, found by writing all of them for a table that is not there; what was written is
// erased again. Stands before `before`.
bool dlcCallBatchesFit(DlcCallTable *t, MlirOperation before, DlcCallBatchFacts *facts);
// Erases what stands behind `first` (null: from the start of the block) and before `end`.
void dlcEraseBetween(DlcBuilder *b, MlirOperation first, MlirOperation end);
// Writes the loop. values: for each place of the results (DlcFlat's pool) the rows of all calls.
void dlcCallBatchesWrite(DlcCallTable *t, int64_t block, MlirValue *values);
// Result i of the root call `number`, behind it.
MlirValue dlcCallResult(DlcCallTable *t, const MlirValue *values, MlirValue number, intptr_t i);
