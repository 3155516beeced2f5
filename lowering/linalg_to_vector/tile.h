// The register tile that is being written: a few points (instances) of the
// unrolled loops, each with its values. Instances are numbered in mixed radix
// over the plan's factors; a value that does not vary along a level lives in the
// instance whose coordinate there is zero.
#pragma once
#include "vary.h"
#include "ods/vector.h"

typedef struct {
  MlirValue key;   // of the scalar body
  uint32_t levels; // along which it varies
  Vary vary;
  MlirValue value[maxInstances];  // a vector where it varies anyhow, else the scalar, or the first lane's
  MlirValue vector[maxInstances]; // the scalar, broadcast
} Slot;

typedef struct {
  DlcBuilder *b;
  const Nest *nest;
  const Plan *plan;
  int vectorLevel;          // -1: none
  int64_t count[maxLevels]; // instances in this form, at most the plan's factor
  MlirValue iv[maxLoops];
  MlirValue blockStart; // of the blocked reduction, and its length
  Size blockSize;
  MlirValue isFirstBlock;                   // null: there is but one
  MlirValue mask[maxInstances];             // by coordinate along the vector level; null: all lanes
  MlirValue valid[maxInstances];            // the number of lanes behind a mask
  MlirValue row[maxOperands][maxInstances]; // the part of an address that reductions do not change
  int64_t displacement[maxOperands][maxInstances];
  MlirValue accumulator[maxOperands][maxInstances]; // by output
  Slot *slots;
  intptr_t nSlots, capSlots;
} Tile;

int64_t dlcTileSize(const Tile *t);
int64_t dlcCoordinate(const Tile *t, int64_t instance, int level);
bool dlcIsInstance(const Tile *t, int64_t instance,
                   uint32_t levels); // in this form, for a value that varies along `levels`
int64_t dlcInstanceFor(const Tile *t, int64_t instance, uint32_t levels);
uint32_t dlcLevelsOf(const Tile *t, const Operand *o);
bool dlcReducesLanes(const Tile *t);                         // the vector loop is a reduction
MlirValue dlcLoopIndex(Tile *t, int loop, int64_t instance); // of the first lane
MlirType dlcVectorOf(const Tile *t, MlirType element);
MlirValue dlcMaskOf(const Tile *t, int64_t instance);
MlirValue dlcSplat(Tile *t, MlirType element, MlirAttribute scalar);

void dlcSetRows(Tile *t);
MlirValue dlcLoadOperand(Tile *t, intptr_t operand, int64_t instance);
bool dlcLoadTransposed(Tile *t, intptr_t operand,
                       MlirValue *values); // all instances; false: the operand is no case for it
// Loads a vector at %flat[first + lane * step]; or, scattered, at %flat[first of the lane].
MlirValue dlcLoadLanes(Tile *t, const Operand *o, MlirValue first, Size step, int64_t instance);
MlirValue dlcLoadScattered(Tile *t, const Operand *o, MlirValue places, int64_t instance);
MlirValue dlcAddScaled(DlcBuilder *b, MlirValue value, MlirValue idx,
                       Size stride); // value + idx * stride; null is zero
void dlcStoreOperand(Tile *t, intptr_t operand, int64_t instance, MlirValue v);
MlirValue dlcAddressOf(Tile *t, intptr_t operand, int64_t instance);
MlirValue dlcOldValue(Tile *t, intptr_t output, int64_t instance); // of an output, before the reduction
vector_CombiningKind dlcCombiningKind(MlirOperation combiner);
void dlcFinishLanes(Tile *t, intptr_t output); // combines the lanes of its accumulators and stores them
// `in` if it is the larger one (or the smaller one: `op` is maxnumf or minnumf), else `old`, which is no NaN.
MlirValue dlcTakeLarger(Tile *t, MlirOperation op, MlirValue in, MlirValue old);
void dlcEvaluateFinish(Tile *t); // accumulators: to what is stored; not for reductions along the lanes
void dlcEvaluateBody(Tile *t);   // accumulators: old to new
