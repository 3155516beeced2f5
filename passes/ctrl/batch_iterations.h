// Ops of a loop's body for several iterations at once.
//
//   %m = linalg.matmul ins(%x, %w) outs(%f)          for one iteration
//   %m = linalg.generic over (t, i, j, k) ..         for those from `start` on, `count` of them, x and m as
//                                                    tensors with the iterations as their first dimension
#pragma once
#include "passes/ctrl/recurrences.h"
#include "passes/tile/number.h"

// How an op is written when its loop is split.
typedef enum {
  DLC_REPEATED, // a pure op on scalars that knows the iteration and what is outside alone, and what makes a fresh
                // tensor: wherever it is needed
  DLC_BATCHED,  // for all iterations at once
  DLC_IN_TURN,  // in a loop: it is of a recurrence, or nothing here knows how to batch it
} DlcIteration;

typedef struct {
  DlcBuilder *b;
  MlirOperation loop;
  const DlcRecurrences *recurrences;
  DlcIteration *kind; // of each op
  MlirValue start;    // of the iterations that are written
  DlcNumber count;
  DlcMapping batched; // a value of the body to the tensor of all iterations
  // Values of which `batched` has the tensor from the start, and that differ from iteration to iteration: they may be
  // from before the loop, or its carries. NULL: none.
  const DlcValueList *given;
  struct DlcBatchSizes *sizes;
} DlcBatch;

// Sets the kind of each op. The loop must stay as it is until dlcBatchDestroy.
void dlcBatchClassify(DlcBatch *batch);
// The same of these ops alone, in the order of the body, recurrences or not, which read what is given. False: one of
// them is DLC_IN_TURN.
bool dlcBatchClassifyThese(DlcBatch *batch, intptr_t n, const intptr_t *which);
void dlcBatchDestroy(DlcBatch *batch);
// Writes op i, which is DLC_BATCHED, at the insertion point.
void dlcBatchWrite(DlcBatch *batch, intptr_t i);
// A scalar or index of the body that is DLC_REPEATED, for the iteration `at`.
MlirValue dlcBatchRepeat(DlcBatch *batch, MlirValue v, MlirValue iteration);
// The part of the tensor of all iterations that is iteration `at` (from `start` on) of value v.
MlirValue dlcBatchSlice(DlcBatch *batch, MlirValue v, MlirValue at);
MlirValue dlcBatchInsert(DlcBatch *batch, MlirValue v, MlirValue into, MlirValue at);
// A fresh tensor for all iterations of v.
MlirValue dlcBatchEmpty(DlcBatch *batch, MlirValue v);
// Whether all sizes of v, which the body makes or carries, are the same in every iteration, and are known before it.
bool dlcBatchHasFixedSizes(const DlcBatch *batch, MlirValue v);
bool dlcBatchAreAlike(const DlcBatch *batch, MlirValue a, MlirValue b); // of equal type and equal fixed sizes
