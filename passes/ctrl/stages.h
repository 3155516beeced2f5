// Stages of a loop's body: recurrences that do the same with other values, each on what the one before it makes in the
// same iteration (the layers of a recurrent network, in a loop over time).
#pragma once
#include "passes/ctrl/recurrences.h"

// Rows of one value for each stage.
typedef struct {
  MlirValue *data; // row i, stage k: data[i * stages + k]
  intptr_t n, capacity;
} DlcStageRows;

typedef struct {
  MlirOperation loop;
  const DlcRecurrences *recurrences; // without scans
  intptr_t n;                        // stages
  DlcStageRows roots;                // what the body gives for its carries, row by row the carries of ..
  DlcStageRows carries;              // .. which are arguments of the body
  DlcStageRows ops;                  // a row an op: its first result
  DlcStageRows inputs;               // of stage k > 0 what stage k - 1 makes; of stage 0 something of no stage
  DlcStageRows outputs;              // row by row of the inputs: what stage k makes that is the input of stage k + 1
  DlcStageRows outside;              // values from before the loop, not all equal: tensors
  DlcValueList fixed;                // values from before the loop that all stages read alike
  DlcValueList common;               // ops of the body that all stages read: what the iteration alone decides
  DlcPointerMap index;               // of an op that is of a stage: row * n + stage
} DlcStages;

// The longest chain of stages that begins first. False: there are none. To be destroyed in either case.
bool dlcStagesOf(MlirOperation loop, const DlcRecurrences *recurrences, DlcStages *out);
void dlcStagesDestroy(DlcStages *s);
static inline MlirValue dlcStageValue(const DlcStages *s, const DlcStageRows *rows, intptr_t row, intptr_t stage) {
  return rows->data[row * s->n + stage];
}
// The stage that op is of; -1: of none.
intptr_t dlcStageOf(const DlcStages *s, MlirOperation op);
// The value of stage `stage` that is v, which another stage makes.
MlirValue dlcStageAlike(const DlcStages *s, MlirValue v, intptr_t stage);
