// What a work item must hold at each level.
#pragma once
#include "passes/cost/cost.h"

// Bytes by level, from an allocation of what lives there over the order of the ops: intermediates from the op that
// makes them to the last that reads them, and on a device, at the workgroup level, one step (times the stages) of each
// input of a contraction. At l2: what all items that run at once hold there. At register: of the register tile, where
// the schedule has one.
void dlcFootprints(const DlcFlow *flow, const DlcCostSchedule *schedule, const DlcDevice *device, DlcMemory item,
                   int64_t *footprint);
