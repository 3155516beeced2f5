// What a schedule costs on a device: an analytic bound. Whoever chooses asks here.
//
//   seconds = launch + max(compute, bytes / bandwidth of each level) + fill
//
// On a host, whose cores hide less, a third of the other terms adds to the largest, and some more the fewer items each
// core has (they do not end together).
//
// The parts are those of the whole grid, cut short by its tail: `items` work items
// on `units` units keep items / (ceil(items / units) * units) of them busy.
//
// Bytes are counted between a level and what is nearer to the units:
//   l2        what work items ask for: the boxes of the inputs times the items (of
//             one cluster once), and what they store. Without an l2: at global.
//   global    what misses the caches. A cache keeps what one iteration of a loop
//             over the grid touches, if that fits; the next iteration then fetches
//             only what is new to it, else all again. Items that run at once share
//             what they read in any case.
//   workgroup intermediates that live there, and what contractions read of it by
//             register tiles.
//   register  not counted: arithmetic is priced by its peak.
// Overlaps of neighbouring tiles are in the boxes (passes/tile/propagate.h), so a
// halo costs what it reads and computes again.
//
// What another kernel made not long before, and results, are in the last cache if they fill no more than half of it.
//
// On a host the workgroup level is a cache and bytes at l2 are what misses it.
#pragma once
#include "passes/cost/device.h"
#include "passes/tile/propagate.h"

// A #tile.schedule, resolved for a flow.
typedef struct {
  bool has[DLC_MEMORIES];
  int64_t tile[DLC_MEMORIES][DLC_MAX_RANK]; // over the root's dimensions, then the steps; no zeros
  int64_t stages; // copies of a step of the inputs of contractions in workgroup memory; 0: they are read where they are
  int64_t cluster[DLC_MAX_RANK];
  tile_Raster order;
  int64_t group;
} DlcCostSchedule;

typedef struct {
  double seconds;
  double uncertainty;           // standard deviation of log(measured / seconds), as expected before measuring
  double compute, launch, fill; // seconds
  double traffic[DLC_MEMORIES]; // seconds
  double read[DLC_MEMORIES], written[DLC_MEMORIES]; // bytes
  double transactions[DLC_MEMORIES];
  double operations, recomputed; // recomputed: those of them that overlaps cause
  double resident;               // bytes at global that the last cache keeps from one kernel to the next: no time
  double stored;                 // bytes of intermediates that are stored as a whole
  double least;                  // bytes at global if every input were read once and every result written once
  int64_t items;
  double waves;                    // items / what runs at once
  int64_t footprint[DLC_MEMORIES]; // bytes that one instance must hold, by allocation over the order of the ops
  bool fits;
  DlcMemory over; // where it does not
  int bound;      // the level that decides, or -1: compute
} DlcCost;

// False: the schedule is null or not of the flow's rank; *out is then one item.
bool dlcCostScheduleRead(MlirAttribute schedule, const DlcFlow *flow, DlcCostSchedule *out);
// The attribute that reads as this schedule: sizes that are whole extents as 0, where no higher level cuts the
// dimension. Roles and hints (`with`) are not part of it. Null, after a diagnostic, where the levels do not nest.
MlirAttribute dlcCostScheduleWrite(const DlcCostSchedule *schedule, const DlcFlow *flow, MlirContext ctx);
// The level whose tile is one work item.
DlcMemory dlcCostItemLevel(const DlcCostSchedule *schedule, const DlcDevice *device);
// Any schedule of a flow may be asked for. The levels of its edges are part of the flow (DlcFlowLevels), since overlaps
// and what is computed depend on them.
void dlcCostOfFlow(const DlcFlow *flow, const DlcCostSchedule *schedule, const DlcDevice *device, DlcCost *out);
// Of a tile.graph with its schedule and edges. False: it has no flow (see propagate.h).
bool dlcCostOfGraph(MlirOperation graph, const DlcDevice *device, DlcCost *out);
static inline double dlcCostBytes(const DlcCost *cost, DlcMemory level) {
  return cost->read[level] + cost->written[level];
}
enum { DLC_ASSUMED_EXTENT = 64 }; // of a dynamic size
static inline DlcMemory dlcMemoryOfLevel(tile_Level level) {
  static const DlcMemory of[] = {DLC_REGISTER, DLC_WORKGROUP, DLC_CLUSTER, DLC_L2, DLC_GLOBAL};
  return of[level];
}
