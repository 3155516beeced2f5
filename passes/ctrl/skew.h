// What the files of ctrl-skew-loops share. A wave is a batch of consecutive iterations of the body of one stage
// (passes/ctrl/batch_iterations.h): iteration t is that of stage wave - t. What stages have of their own is therefore
// stacked from the last stage to the first: slot n - 1 - k of a stack is stage k's.
#pragma once
#include "passes/ctrl/batch_iterations.h"
#include "passes/ctrl/stages.h"

enum { DLC_SKEW_CARRIED = 256 };

// When an op of the body runs that is of no stage. From 0 on: behind stage k's part of the wave, for its iteration.
enum { DLC_SKEW_STAGE = -3, DLC_SKEW_STEADY = -2, DLC_SKEW_BEFORE = -1 };

typedef struct {
  DlcBatch batch;
  intptr_t pattern; // the stage whose ops are written for all
  DlcRecurrences recurrences;
  DlcStages stages;
  DlcValueList given;
  intptr_t *when;   // of each op
  MlirValue wave;   // number of the one that is written
  MlirValue offset; // of its first stage in the stacks
  intptr_t nInputs, nStates, nWeights;
  intptr_t *shared;                  // of a carry of the stages: the input whose stack holds it as well; -1: none
  MlirValue *inputs;                 // stacks of n + 1: slot n is what stage 0 reads, slot 0 what the last one makes
  MlirValue *states;                 // stacks of n; null: see shared
  MlirValue *weights;                // stacks of n
  MlirValue carry[DLC_SKEW_CARRIED]; // what the loop carries beside, by number of the carry; null: a stage's
} DlcSkew;

// Stacks of all stages, before the loop.
void dlcSkewMakeStacks(DlcSkew *s);
// The part of a stack that is the wave's, from `slot` slots behind the first stage's on; and its insertion.
MlirValue dlcSkewSlice(DlcSkew *s, MlirValue stack, int64_t slot);
MlirValue dlcSkewInsert(DlcSkew *s, MlirValue part, MlirValue stack, int64_t slot);
// One slot of a stack, and its insertion.
MlirValue dlcSkewSlot(DlcSkew *s, MlirValue stack, int64_t slot, MlirType type);
MlirValue dlcSkewPut(DlcSkew *s, MlirValue v, MlirValue stack, int64_t slot);

// Finds `when`. False: an op would have to run at two times, or to keep what was made before.
bool dlcSkewPlanRest(DlcSkew *s);
// Writes what runs at one time, in a branch: before the wave's stages with what stage 0 reads, or behind stage `when`.
void dlcSkewWriteRest(DlcSkew *s, intptr_t when);
bool dlcSkewHasRest(const DlcSkew *s, intptr_t when);
