// The tile of a tile.graph that holds a tile.reduce: of the root result, and the step of the stream.
#pragma once
#include "passes/cost/cost.h"

typedef struct {
  int64_t tile[DLC_MAX_RANK]; // of the root: 0: whole
  intptr_t rank;
  int64_t step;
} DlcReduceTile;

// The tile.reduce of a graph, or null.
MlirOperation dlcReduceOf(MlirOperation graph);
// The step of the stream by the graph's schedule; the most that a step is where it says none.
int64_t dlcReduceStep(MlirOperation graph);
// Finds the cheapest: seconds, launch included; negative: none fits, or the graph has no flow. Dimensions that not
// every accumulator follows stay whole; of the others that which the accumulators have last is cut into rows, the rest
// into single elements.
double dlcReduceSearch(MlirOperation graph, const DlcDevice *device, DlcReduceTile *out);
