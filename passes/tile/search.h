// Which tile a graph should have: candidates, each priced by passes/cost, the best of them kept.
//
// The search grows and shrinks tiles from where it starts (the caller's own choices, whole dimensions, single vectors)
// by one dimension at a time, keeps the few best of each round and ends when a round finds none better: some hundred
// prices a graph. Sizes that divide the extent come first.
//
// A dynamic size is priced at several sizes, and the price is their geometric mean: a tile is chosen that serves both a
// batch of one and one of many.
#pragma once
#include "passes/cost/cost.h"

enum { DLC_MAX_CANDIDATES = 16, DLC_ASSUMED_SIZES = 2 };

typedef struct {
  DlcCostSchedule schedule;
  const char *origin; // who proposed it: a word for reports
  double price;       // seconds
  bool fits;
  DlcCost cost; // at the first assumed size
} DlcCandidate;

typedef struct {
  DlcCandidate at[DLC_MAX_CANDIDATES]; // by price
  intptr_t n, most;                    // most: how many are kept
} DlcCandidates;

typedef struct {
  DlcFlow flow[DLC_ASSUMED_SIZES];
  intptr_t n; // one where all sizes are static
  const DlcDevice *device;
  bool tileable[DLC_MAX_RANK];
  int64_t least[DLC_MAX_RANK], unit[DLC_MAX_RANK]; // of a tile: no dimension is cut below, sizes are multiples
  bool powers;          // sizes are powers of two, so that threads find their place by shifts
  int64_t scratchBytes; // of intermediates that an item may hold; 0: as much as the device has
  int64_t step;         // of the streamed reduction, of tiles that are added; 0: all of it at once
} DlcSearch;

// False: the graph has no flow (see passes/tile/propagate.h). All dimensions are tileable, down to one element.
bool dlcSearchBegin(DlcSearch *search, MlirOperation graph, const DlcDevice *device);
// The same for n ops in program order that a graph could be made of, all it makes inside being at the workgroup level.
bool dlcSearchBeginOps(DlcSearch *search, intptr_t n, const MlirOperation *ops, intptr_t nResults,
                       const MlirValue *results, const DlcDevice *device);
// Seconds of the best tile that can be found, launch included; negative: none fits, or there is no flow.
double dlcSearchBest(DlcSearch *search);
void dlcSearchEnd(DlcSearch *search);
// Prices a tile of the root (0: whole) and adds it, if it fits and is among the best; its price, or a negative number.
double dlcSearchAdd(const DlcSearch *search, const int64_t *tile, const char *origin, DlcCandidates *out);
// Adds bands of rows that are gone through by strips, with line buffers (passes/tile/lines.h), where tiles overlap
// along one of the dimensions that are tileable; which one, and the values of the flows that are kept are lines then.
// -1: there is none. Of outer dimensions a band has one, of inner ones all, or what the best tile of `out` has.
intptr_t dlcSearchBands(DlcSearch *search, const bool *tileable, DlcCandidates *out);
// Looks for better tiles than those in `out`, which must not be empty.
void dlcSearchGrow(const DlcSearch *search, DlcCandidates *out);
// The steps that are worth a try for the reduction nearest to the root: 0, all at once, and where an intermediate is
// made step by step, so that it is small, some that divide it. How many; at most DLC_MAX_STEPS.
enum { DLC_MAX_STEPS = 3 };
intptr_t dlcSearchSteps(const DlcSearch *search, int64_t *steps);
int64_t dlcCandidateStep(const DlcSearch *search, const DlcCandidate *candidate); // 0: not cut
// The largest divisor of `extent` in (wanted / 2, wanted] that is a multiple of `unit`, else a multiple of `unit`.
int64_t dlcNiceSize(int64_t extent, int64_t wanted, int64_t unit);
