// See passes/tile/search.h.
#include "passes/tile/search.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "passes/tile/lines.h"

// A batch of one, and of some; what is priced once where nothing is dynamic.
static const int64_t assumedSizes[DLC_ASSUMED_SIZES] = {1, DLC_ASSUMED_EXTENT};
enum { MOST_ROUNDS = 24, KEPT_A_ROUND = 3, MOST_SEEN = 512 };

int64_t dlcNiceSize(int64_t extent, int64_t wanted, int64_t unit) {
  if (wanted >= extent) return extent;
  wanted = wanted < unit ? unit : wanted / unit * unit;
  for (int64_t s = wanted; s > wanted / 2; s -= unit)
    if (extent % s == 0) return s;
  return wanted;
}

static void beginAnywhere(DlcSearch *search, const DlcDevice *device) {
  *search = (DlcSearch){.device = device};
  for (int i = 0; i < DLC_MAX_RANK; ++i) search->tileable[i] = true, search->least[i] = search->unit[i] = 1;
}

bool dlcSearchBegin(DlcSearch *search, MlirOperation graph, const DlcDevice *device) {
  beginAnywhere(search, device);
  for (int i = 0; i < DLC_ASSUMED_SIZES; ++i) {
    if (!dlcFlowOfGraph(&search->flow[i], graph, assumedSizes[i])) return dlcSearchEnd(search), false;
    search->n = i + 1;
    if (!search->flow[i].isDynamic) break;
  }
  return true;
}

static tile_Level inWorkgroup(MlirValue value, MlirOperation reader, void *data) {
  (void)value, (void)reader, (void)data;
  return tile_Level_workgroup;
}

bool dlcSearchBeginOps(DlcSearch *search, intptr_t n, const MlirOperation *ops, intptr_t nResults,
                       const MlirValue *results, const DlcDevice *device) {
  static const DlcFlowLevels levels = {.of = inWorkgroup};
  beginAnywhere(search, device);
  for (int i = 0; i < DLC_ASSUMED_SIZES; ++i) {
    if (!dlcFlowOfOps(&search->flow[i], n, ops, nResults, results, &levels, assumedSizes[i]))
      return dlcSearchEnd(search), false;
    search->n = i + 1;
    if (!search->flow[i].isDynamic) break;
  }
  return true;
}

void dlcSearchEnd(DlcSearch *search) {
  for (intptr_t i = 0; i < search->n; ++i) dlcFlowDestroy(&search->flow[i]);
  search->n = 0;
}

//===--- a candidate --------------------------------------------------------------------------===//
static void scheduleOf(const DlcFlow *flow, const DlcDevice *device, const int64_t *tile, int64_t step,
                       DlcCostSchedule *out) {
  *out = (DlcCostSchedule){.stages = device->isHost}; // kernels of devices stage no inputs yet
  out->has[DLC_WORKGROUP] = true;
  for (intptr_t d = 0; d < flow->nDims; ++d) {
    int64_t extent = flow->extent[d] > 0 ? flow->extent[d] : 1, size = d < flow->rank ? tile[d] : step;
    out->tile[DLC_WORKGROUP][d] = size > 0 && size < extent ? size : extent;
    if (d < flow->rank) out->cluster[d] = 1;
  }
}

static void addLevel(const DlcFlow *flow, DlcMemory level, const int64_t *tile, DlcCostSchedule *out) {
  memcpy(out->tile[level], out->tile[DLC_WORKGROUP], sizeof *out->tile);
  out->has[level] = true;
  for (intptr_t d = 0; d < flow->rank; ++d) {
    int64_t extent = flow->extent[d] > 0 ? flow->extent[d] : 1;
    out->tile[level][d] = tile[d] > 0 && tile[d] < extent ? tile[d] : extent;
  }
}

static void insert(DlcCandidates *out, const DlcCandidate *c) {
  intptr_t at = out->n;
  while (at > 0 && out->at[at - 1].price > c->price) --at;
  if (at >= out->most) return;
  intptr_t moved = (out->n < out->most ? out->n : out->most - 1) - at;
  memmove(&out->at[at + 1], &out->at[at], (size_t)moved * sizeof *out->at);
  out->at[at] = *c;
  if (out->n < out->most) ++out->n;
}

// band: null, or the tile that is one item, in which `tile` is a strip.
static double addTile(const DlcSearch *search, const int64_t *band, const int64_t *tile, const char *origin,
                      DlcCandidates *out) {
  DlcCandidate c = {.origin = origin, .fits = true};
  double sum = 0;
  for (intptr_t i = search->n - 1; i >= 0; --i) {
    scheduleOf(&search->flow[i], search->device, tile, search->step, &c.schedule);
    if (band) addLevel(&search->flow[i], DLC_L2, band, &c.schedule);
    dlcCostOfFlow(&search->flow[i], &c.schedule, search->device, &c.cost);
    sum += log(c.cost.seconds - c.cost.launch); // the launch is the same for all tiles
    c.fits &= c.cost.fits && (!search->scratchBytes || c.cost.footprint[DLC_WORKGROUP] <= search->scratchBytes);
  }
  c.price = exp(sum / (double)search->n);
  // What is given: the size that a dynamic dimension is cut to may be larger than the assumed one.
  for (intptr_t d = 0; d < search->flow[0].rank; ++d) {
    c.schedule.tile[DLC_WORKGROUP][d] = tile[d];
    if (band) c.schedule.tile[DLC_L2][d] = band[d];
  }
  if (c.fits) insert(out, &c);
  return c.fits ? c.price : -1;
}

double dlcSearchAdd(const DlcSearch *search, const int64_t *tile, const char *origin, DlcCandidates *out) {
  return addTile(search, NULL, tile, origin, out);
}

// Results of other ops than the root: they are made once, and as a whole by the item.
static bool storesMore(const DlcFlow *flow) {
  for (intptr_t r = 1; r < flow->nResults; ++r)
    if (flow->values[r].node != flow->values[0].node) return true;
  return false;
}

//===--- strips -------------------------------------------------------------------------------//
// All dimensions from `d` on are of known size.
static bool isStaticFrom(const DlcSearch *search, intptr_t d) {
  for (intptr_t i = 1; i < search->n; ++i)
    for (intptr_t k = d; k < search->flow[0].rank; ++k)
      if (search->flow[i].extent[k] != search->flow[0].extent[k]) return false;
  return true;
}

static bool chooseLines(DlcSearch *search, intptr_t d) {
  intptr_t chosen = 0;
  while (chosen < search->n && dlcLinesChoose(&search->flow[chosen], d)) ++chosen;
  for (intptr_t i = 0; i < chosen && chosen < search->n; ++i) dlcLinesForget(&search->flow[i]);
  return chosen == search->n;
}

// Bands of one image, and strips that divide them if they can. The dimensions behind the rows are those of `like`.
static void addBands(const DlcSearch *search, const bool *tileable, intptr_t d, const int64_t *like,
                     DlcCandidates *out) {
  static const int64_t parts[] = {1, 2, 3, 4, 6, 8, 16, 32}, strips[] = {1, 2, 3, 4, 6, 8, 12, 16};
  int64_t band[DLC_MAX_RANK] = {0}, strip[DLC_MAX_RANK] = {0}, extent = search->flow[0].extent[d], before = 0;
  DlcLineRows *lines = calloc((size_t)search->flow[0].nValues + 1, sizeof *lines);
  dlcLineRows(&search->flow[0], d, lines);
  for (intptr_t i = 0; i < search->flow[0].rank; ++i)
    band[i] = strip[i] = i < d ? tileable[i] : i > d && like ? like[i] : 0;
  for (size_t p = 0; p < sizeof parts / sizeof *parts; ++p) {
    int64_t rows = dlcNiceSize(extent, (extent + parts[p] - 1) / parts[p], 1), last = 0;
    if (rows == before) continue;
    before = rows;
    for (size_t k = 0; k < sizeof strips / sizeof *strips; ++k) {
      int64_t height = dlcNiceSize(rows, strips[k], 1);
      if (height == last || 2 * height > rows || !dlcStripsReach(&search->flow[0], d, rows, height, lines)) continue;
      last = height, band[d] = rows < extent ? rows : 0, strip[d] = height;
      addTile(search, band, strip, "strips", out);
    }
  }
  free(lines);
}

static bool isCutFrom(const DlcSearch *search, intptr_t d, const int64_t *tile) {
  for (intptr_t i = d; i < search->flow[0].rank; ++i)
    if (tile[i] > 0 && tile[i] < search->flow[0].extent[i]) return true;
  return false;
}

intptr_t dlcSearchBands(DlcSearch *search, const bool *tileable, DlcCandidates *out) {
  if (!search->device->isHost || storesMore(&search->flow[0])) return -1;
  DlcCostSchedule best = {0};
  if (out->n) best = out->at[0].schedule;
  for (intptr_t d = 0; d < search->flow[0].rank; ++d) {
    if (!tileable[d] || !isStaticFrom(search, d) || !chooseLines(search, d)) continue;
    int64_t steps[DLC_MAX_STEPS];
    intptr_t n = dlcSearchSteps(search, steps);
    for (intptr_t i = 0; i < n; ++i) {
      search->step = steps[i];
      addBands(search, tileable, d, NULL, out);
    }
    search->step = 0;
    const int64_t *like = best.tile[DLC_WORKGROUP];
    if (isCutFrom(search, d + 1, like)) addBands(search, tileable, d, like, out);
    return d;
  }
  return -1;
}

//===--- steps --------------------------------------------------------------------------------===//
// An intermediate that a step makes a part of.
static bool makesByStep(const DlcFlow *flow) {
  bool makes = false;
  for (intptr_t v = 0; v < flow->nValues; ++v)
    for (intptr_t d = 0; d < flow->values[v].box.rank && flow->values[v].node >= 0; ++d)
      makes |= dlcSpanMoves(&flow->values[v].box.span[d], flow->rank);
  return makes;
}

// Whether something that the streamed node is part of is read more than once: each reader's tile has its own copy of
// what it reads (tile_to_ctrl/fuse.c), down to the node, and one node runs by steps.
static bool isReadTwice(const DlcFlow *flow) {
  bool *depends = calloc((size_t)flow->nNodes + 1, sizeof *depends), twice = !depends;
  if (depends) depends[flow->streamed] = true;
  for (intptr_t u = 0; depends && u < flow->nUses; ++u) { // in order of the users
    intptr_t made = flow->values[flow->uses[u].value].node;
    if (made >= 0 && depends[made]) depends[flow->uses[u].node] = true;
  }
  for (intptr_t v = 0; depends && v < flow->nValues; ++v)
    twice |= flow->values[v].node >= 0 && depends[flow->values[v].node] && flow->values[v].isShared;
  free(depends);
  return twice;
}

intptr_t dlcSearchSteps(const DlcSearch *search, int64_t *steps) {
  static const int64_t sizes[DLC_MAX_STEPS - 1] = {64, 32};
  const DlcFlow *flow = &search->flow[0];
  intptr_t n = 0;
  steps[n++] = 0;
  if (!search->device->isHost || flow->nDims != flow->rank + 1 || flow->streamed < 0 ||
      !flow->nodes[flow->streamed].contracts || !makesByStep(flow) || storesMore(flow) || isReadTwice(flow))
    return n;
  for (intptr_t i = 0; i < DLC_MAX_STEPS - 1; ++i)
    if (flow->extent[flow->rank] > sizes[i] && flow->extent[flow->rank] % sizes[i] == 0) steps[n++] = sizes[i];
  return n;
}

int64_t dlcCandidateStep(const DlcSearch *search, const DlcCandidate *candidate) {
  const DlcFlow *flow = &search->flow[0];
  if (flow->nDims == flow->rank) return 0;
  int64_t step = candidate->schedule.tile[DLC_WORKGROUP][flow->rank];
  return step < flow->extent[flow->rank] ? step : 0;
}

//===--- growing --------------------------------------------------------------------------------===//
typedef struct {
  const DlcSearch *search;
  DlcCandidates *out;
  int64_t seen[MOST_SEEN][DLC_MAX_RANK];
  intptr_t nSeen;
} Growth;

static int64_t extentOf(const DlcSearch *s, intptr_t d) { return s->flow[s->n - 1].extent[d]; }

static bool isNew(Growth *g, const int64_t *tile) {
  size_t bytes = (size_t)g->search->flow[0].rank * sizeof *tile;
  for (intptr_t i = 0; i < g->nSeen; ++i)
    if (!memcmp(g->seen[i], tile, bytes)) return false;
  if (g->nSeen == MOST_SEEN) return false;
  memcpy(g->seen[g->nSeen++], tile, bytes);
  return true;
}

static bool resizePower(const DlcSearch *s, int64_t *tile, intptr_t d, bool larger) {
  int64_t extent = extentOf(s, d), now = tile[d] ? tile[d] : extent, size = 1;
  while (larger ? size <= now : 2 * size < now) size *= 2;
  if (size < s->least[d]) size = s->least[d];
  if (size > extent) size = extent;
  if (larger ? size <= now : size >= now) return false;
  tile[d] = size;
  return true;
}

// Twice or half of a dimension; false: it is as large or as small as it gets.
static bool resize(const DlcSearch *s, int64_t *tile, intptr_t d, bool larger) {
  int64_t extent = extentOf(s, d), now = tile[d] ? tile[d] : extent, unit = s->unit[d];
  bool isStatic = s->flow[0].extent[d] == extent, divides = isStatic && extent % unit == 0;
  int64_t wanted = now;
  for (int tries = 0; tries < 40;
       ++tries) { // where sizes divide the extent so do the tiles: items of one shape are better code
    wanted = larger ? 2 * wanted : wanted / 2;
    if (wanted < s->least[d]) wanted = s->least[d];
    int64_t size = dlcNiceSize(extent, wanted, unit);
    if (size >= extent) size = extent;
    if (larger ? size <= now : size >= now) return false;
    if (divides && extent % size && (larger || size > s->least[d])) continue;
    tile[d] = size;
    return true;
  }
  return false;
}

static bool expand(Growth *g, const DlcCandidate *from) {
  bool better = false;
  double best = g->out->at[0].price;
  for (intptr_t d = 0; d < g->search->flow[0].rank; ++d)
    for (int larger = 0; larger < 2 && g->search->tileable[d]; ++larger) {
      int64_t tile[DLC_MAX_RANK];
      memcpy(tile, from->schedule.tile[DLC_WORKGROUP], sizeof tile);
      bool resized = (g->search->powers ? resizePower : resize)(g->search, tile, d, larger);
      if (!resized || !isNew(g, tile)) continue;
      double price = dlcSearchAdd(g->search, tile, "search", g->out);
      better |= price > 0 && price < best * 0.999;
    }
  return better;
}

void dlcSearchGrow(const DlcSearch *search, DlcCandidates *out) {
  Growth g = {.search = search, .out = out};
  for (intptr_t i = 0; i < out->n; ++i) isNew(&g, out->at[i].schedule.tile[DLC_WORKGROUP]);
  bool better = true;
  for (int round = 0; round < MOST_ROUNDS && better; ++round) {
    DlcCandidate from[KEPT_A_ROUND];
    intptr_t n = out->n < KEPT_A_ROUND ? out->n : KEPT_A_ROUND;
    memcpy(from, out->at, (size_t)n * sizeof *from);
    better = false;
    for (intptr_t i = 0; i < n; ++i) better |= expand(&g, &from[i]);
  }
}

double dlcSearchBest(DlcSearch *search) {
  DlcCandidates found = {.most = 4};
  int64_t small[DLC_MAX_RANK] = {0}, whole[DLC_MAX_RANK] = {0};
  for (intptr_t d = 0; d < search->flow[0].rank; ++d) {
    int64_t extent = extentOf(search, d);
    small[d] = !search->tileable[d] || search->least[d] > extent ? extent : search->least[d], whole[d] = extent;
  }
  int64_t steps[DLC_MAX_STEPS];
  intptr_t n = dlcSearchSteps(search, steps);
  for (intptr_t i = 0; i < n; ++i) {
    search->step = steps[i];
    dlcSearchAdd(search, small, "small", &found);
    dlcSearchAdd(search, whole, "whole", &found);
    if (found.n) dlcSearchGrow(search, &found);
  }
  return found.n ? found.at[0].price + found.at[0].cost.launch : -1;
}
