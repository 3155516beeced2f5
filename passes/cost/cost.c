// See passes/cost/cost.h. The figures of Welder (OSDI'23), section 2, are its unit test.
#include "passes/cost/cost.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/cost/footprint.h"
#include "passes/cost/reuse.h"
#include "passes/tile/lines.h"

enum { THREADS_OF_ITEM = 256 };
typedef struct {
  const DlcFlow *flow;
  const DlcCostSchedule *schedule;
  const DlcDevice *device;
  DlcCost *out;
  DlcMemory item;
  double count[DLC_MAX_RANK];   // work items along each dimension of the root
  double mean[DLC_MAX_RANK];    // size of an item, averaged over the grid; of a step all of it
  double cluster[DLC_MAX_RANK]; // of a cluster of items
  double clusters;              // items of one
  bool hasProduced;             // it is known what other kernels made
  double active;                // units that are busy, on average
} Run;

//===--- the schedule ------------------------------------------------------------------------===//
static void fillTile(const DlcFlow *flow, const struct tile_fit *fit, int64_t *tile) {
  for (intptr_t d = 0; d < flow->nDims; ++d) {
    int64_t size = fit && d < flow->rank                 ? fit->tile.data[d]
                   : fit && d - flow->rank < fit->step.n ? fit->step.data[d - flow->rank]
                                                         : 0;
    tile[d] = size > 0 && size < flow->extent[d] ? size : flow->extent[d] > 0 ? flow->extent[d] : 1;
  }
}

bool dlcCostScheduleRead(MlirAttribute schedule, const DlcFlow *flow, DlcCostSchedule *out) {
  *out = (DlcCostSchedule){.stages = 1};
  for (intptr_t d = 0; d < flow->rank; ++d) out->cluster[d] = 1;
  out->has[DLC_WORKGROUP] = true;
  fillTile(flow, NULL, out->tile[DLC_WORKGROUP]);
  if (mlirAttributeIsNull(schedule)) return false;
  struct tile_schedule s = tile_schedule_read(schedule);
  for (intptr_t i = 0; i < s.fit.n; ++i)
    if (tile_fit_tile(s.fit.data[i]).n != flow->rank) return false;
  out->has[DLC_WORKGROUP] = false;
  for (intptr_t i = 0; i < s.fit.n; ++i) {
    struct tile_fit fit = tile_fit_read(s.fit.data[i]);
    DlcMemory level = dlcMemoryOfLevel(fit.level);
    out->has[level] = true;
    fillTile(flow, &fit, out->tile[level]);
    if (fit.stages > out->stages) out->stages = fit.stages;
  }
  for (intptr_t d = 0; d < s.cluster.n && d < flow->rank; ++d) out->cluster[d] = s.cluster.data[d];
  if (!mlirAttributeIsNull(s.order)) out->order = tile_order_raster(s.order), out->group = tile_order_group(s.order);
  return true;
}

static MlirAttribute writeFit(const DlcCostSchedule *schedule, const DlcFlow *flow, int level, bool *cut,
                              MlirContext ctx) {
  static const tile_Level of[DLC_MEMORIES] = {tile_Level_reg, tile_Level_workgroup, tile_Level_cluster,
                                              tile_Level_l2,  tile_Level_l2,        tile_Level_global};
  int64_t tile[DLC_MAX_RANK], step[DLC_MAX_RANK];
  bool stepped = false;
  for (intptr_t d = 0; d < flow->nDims; ++d) {
    int64_t size = schedule->tile[level][d];
    cut[d] |= size < flow->extent[d];
    if (d < flow->rank)
      tile[d] = cut[d] ? size : 0;
    else
      step[d - flow->rank] = cut[d] ? size : 0;
    stepped |= d >= flow->rank && cut[d];
  }
  bool pipelined = level == DLC_WORKGROUP && stepped && schedule->stages > 1;
  return tile_fit_get(ctx, .level = of[level], .tile = {tile, flow->rank},
                      .step = {step, stepped ? flow->nDims - flow->rank : 0},
                      .stages = pipelined ? schedule->stages : 0);
}

MlirAttribute dlcCostScheduleWrite(const DlcCostSchedule *schedule, const DlcFlow *flow, MlirContext ctx) {
  MlirAttribute fits[DLC_MEMORIES], order = {0};
  bool cut[DLC_MAX_RANK] = {false}, clustered = false;
  intptr_t n = 0;
  for (int level = DLC_GLOBAL; level >= DLC_REGISTER; --level)
    if (schedule->has[level] && level != DLC_L3) fits[n++] = writeFit(schedule, flow, level, cut, ctx);
  for (intptr_t i = 0; i < n; ++i)
    if (mlirAttributeIsNull(fits[i])) return fits[i];
  for (intptr_t d = 0; d < flow->rank; ++d) clustered |= schedule->cluster[d] > 1;
  if (schedule->order != tile_Raster_row) order = tile_order_get(ctx, schedule->order, .group = schedule->group);
  return tile_schedule_get(ctx, .fit = {fits, n}, .cluster = {schedule->cluster, clustered ? flow->rank : 0},
                           .order = order);
}

DlcMemory dlcCostItemLevel(const DlcCostSchedule *schedule, const DlcDevice *device) {
  if (!device->isHost && schedule->has[DLC_WORKGROUP]) return DLC_WORKGROUP;
  for (int level = DLC_GLOBAL; level > DLC_REGISTER; --level)
    if (schedule->has[level]) return (DlcMemory)level;
  return DLC_REGISTER;
}

// Items along each dimension, and how many units they keep busy.
static void countItems(Run *r) {
  const int64_t *tile = r->schedule->tile[r->item];
  double items = 1;
  r->clusters = 1;
  for (intptr_t d = 0; d < r->flow->nDims; ++d) {
    double extent = (double)(r->flow->extent[d] > 0 ? r->flow->extent[d] : 1);
    bool isStep = d >= r->flow->rank;
    r->count[d] = isStep ? 1 : ceil(extent / (double)tile[d]);
    r->mean[d] = isStep ? extent : extent / r->count[d];
    double together = isStep ? 1 : fmin((double)r->schedule->cluster[d], r->count[d]);
    r->cluster[d] = r->mean[d] * together, r->clusters *= together;
    items *= r->count[d];
  }
  double units = (double)r->device->units;
  r->out->items = items < 9e18 ? (int64_t)items : INT64_MAX;
  r->active = items / ceil(items / units);
}

//===--- bytes between the grid and memory -----------------------------------------------------===//
// Whether the last cache still holds a value that a kernel wrote when the next one reads it.
static bool isResident(const Run *r, double bytes) {
  const DlcMemoryLevel *cache = &r->device->memory[r->device->memory[DLC_L3].present ? DLC_L3 : DLC_L2];
  return cache->present && bytes <= 0.5 * (double)cache->capacity * (double)cache->instances;
}

static double readsOfUses(const Run *r, intptr_t value, const double *tile) {
  double bytes = 0;
  for (intptr_t u = 0; u < r->flow->nUses; ++u)
    if (r->flow->uses[u].value == value)
      bytes += dlcBoxMeanBytes(&r->flow->uses[u].box, r->flow->values[value].elementBytes, tile);
  return bytes;
}

// What is read by index: its elements one at a time, since neighbours need not be used.
static double gathered(const Run *r, double *transactions, const DlcMemoryLevel *level) {
  double bytes = 0;
  for (intptr_t n = 0; n < r->flow->nNodes; ++n) {
    const DlcFlowNode *node = &r->flow->nodes[n];
    double elements = node->gathers * dlcNodeMeanPoints(node, r->mean) * (double)r->out->items;
    bytes += elements * (double)node->gatherBytes;
    double of = (double)node->gatherBytes / (double)level->readTransaction;
    *transactions += elements * (node->gathersRows ? of : ceil(of));
  }
  return bytes;
}

// Transactions for a byte: runs of a box that lie together in memory are rounded up.
static double transactionsOf(const DlcBox *box, int64_t elementBytes, const double *tile, int64_t transaction) {
  double run = (double)elementBytes;
  for (intptr_t d = box->rank - 1; d >= 0; --d) {
    double size = dlcSpanMean(&box->span[d], box->extent[d], tile);
    run *= size;
    if (size < (double)box->extent[d]) break;
  }
  return run > 0 ? ceil(run / (double)transaction) / run : 0;
}

// A value that the grid reads from memory: an input, or an intermediate that is stored as a whole.
static bool comesFromMemory(const DlcFlowValue *v) {
  return v->isRead && !v->isGathered && v->elementBytes && (v->node < 0 || v->level == tile_Level_global);
}

// Marks the innermost iterations, `together` of them, as running at once; a loop of which only some do is cut in two.
static intptr_t markTogether(DlcCacheLoop *loops, intptr_t n, double together) {
  for (intptr_t i = n - 1; i >= 0 && together > 1; --i) {
    double inner = fmin(together, loops[i].count);
    if (inner < loops[i].count) {
      memmove(&loops[i + 1], &loops[i], (size_t)(n - i) * sizeof *loops);
      loops[i].count /= inner, loops[i + 1].count = inner, ++n, ++i;
      together = inner;
    }
    loops[i].together = true, together /= inner;
  }
  return n;
}

// The loops over the items in the order in which they are taken, shared by `parts` that each take a piece of the
// outermost.
static intptr_t gridLoops(const Run *r, double parts, DlcCacheLoop *loops) {
  intptr_t n = 0, rank = r->flow->rank;
  double count[DLC_MAX_RANK], group = 1;
  for (intptr_t d = 0; d < rank; ++d) count[d] = ceil(r->count[d] / fmin((double)r->schedule->cluster[d], r->count[d]));
  bool column = r->schedule->order == tile_Raster_column;
  if (r->schedule->order == tile_Raster_grouped || r->schedule->order == tile_Raster_hilbert) {
    double wave = (double)r->device->units / r->clusters; // a hilbert curve covers squares, as many as run at once
    group = r->schedule->order == tile_Raster_grouped ? (double)r->schedule->group : ceil(sqrt(wave > 1 ? wave : 1));
  }
  if (group > 1 && rank > 1 && count[0] > 1) {
    group = fmin(group, count[0]);
    loops[n++] = (DlcCacheLoop){0, count[0] / group, false};
    for (intptr_t d = 1; d < rank; ++d) loops[n++] = (DlcCacheLoop){d, count[d], false};
    loops[n++] = (DlcCacheLoop){0, group, false};
  } else {
    for (intptr_t i = 0; i < rank; ++i)
      loops[n++] = (DlcCacheLoop){column ? rank - 1 - i : i, count[column ? rank - 1 - i : i], false};
  }
  double resident = r->out->waves > 0 ? (double)r->out->items / r->out->waves / r->clusters / fmax(1, parts) : 1;
  for (intptr_t i = 0; i < n && parts > 1; ++i) {
    double cut = fmin(parts, loops[i].count);
    loops[i].count /= cut, parts /= cut;
  }
  return markTogether(loops, n, resident);
}

// What `parts` caches, each taking its part of the items, fetch of each stream.
static void fetchThrough(const Run *r, DlcStream *streams, intptr_t n, double parts, double capacity) {
  DlcCacheLoop loops[DLC_MAX_CACHE_LOOPS];
  parts = fmin(parts, (double)r->out->items / r->clusters);
  intptr_t nLoops = gridLoops(r, parts, loops);
  dlcFetch(streams, n, loops, nLoops, r->cluster, capacity);
  for (intptr_t i = 0; i < n; ++i) streams[i].fetched *= parts < 1 ? 1 : parts;
}

static void addRead(const Run *r, DlcMemory level, const DlcStream *stream, double bytes) {
  const DlcMemoryLevel *m = &r->device->memory[level];
  if (!m->present) return;
  r->out->read[level] += bytes;
  r->out->transactions[level] +=
      bytes * transactionsOf(stream->box, stream->elementBytes, r->cluster, m->readTransaction);
}

static void addWrite(const Run *r, DlcMemory level, const DlcFlowValue *v, double bytes) {
  const DlcMemoryLevel *m = &r->device->memory[level];
  if (!m->present) return;
  r->out->written[level] += bytes;
  r->out->transactions[level] += bytes * transactionsOf(&v->box, v->elementBytes, r->mean, m->writeTransaction);
}

// Inputs, and intermediates that are stored as a whole: what items ask for at the l2, then what each cache misses.
static void priceMemoryReads(Run *r) {
  const DlcFlow *f = r->flow;
  static const DlcMemory caches[] = {DLC_L2, DLC_L3};
  DlcStream *streams = malloc((size_t)(f->nValues + 1) * sizeof *streams);
  double *moved = malloc((size_t)(f->nValues + 1) * sizeof *moved);
  intptr_t n = 0;
  for (intptr_t v = 0; v < f->nValues; ++v)
    if (comesFromMemory(&f->values[v])) streams[n++] = (DlcStream){&f->values[v].box, f->values[v].elementBytes, 0};
  fetchThrough(r, streams, n, 1, 0);
  for (intptr_t i = 0; i < n; ++i) moved[i] = streams[i].fetched;
  for (int c = 0; c < 2; ++c) {
    const DlcMemoryLevel *cache = &r->device->memory[caches[c]];
    if (!cache->present) continue;
    for (intptr_t i = 0; i < n; ++i) addRead(r, caches[c], &streams[i], moved[i]);
    fetchThrough(r, streams, n, (double)cache->instances, (double)cache->capacity);
    for (intptr_t i = 0; i < n; ++i) moved[i] = fmin(moved[i], streams[i].fetched);
  }
  for (intptr_t i = 0; i < n; ++i) addRead(r, DLC_GLOBAL, &streams[i], moved[i]);
  for (intptr_t v = 0, i = 0; v < f->nValues; ++v) {
    if (!comesFromMemory(&f->values[v])) continue;
    if (f->values[v].isProduced && isResident(r, dlcBoxWholeBytes(&f->values[v].box, f->values[v].elementBytes)))
      r->out->resident += moved[i];
    ++i;
  }
  free(streams), free(moved);
}

static void priceGathers(Run *r) {
  static const DlcMemory levels[] = {DLC_L2, DLC_L3, DLC_GLOBAL};
  for (int i = 0; i < 3; ++i)
    if (r->device->memory[levels[i]].present)
      r->out->read[levels[i]] += gathered(r, &r->out->transactions[levels[i]], &r->device->memory[levels[i]]);
}

// A level that the device lacks is the next further one.
static DlcMemory presentLevel(const DlcDevice *device, DlcMemory level) {
  while (level < DLC_GLOBAL && (!device->memory[level].present || level == DLC_L3)) ++level;
  return level;
}

// Sizes of what an item works on at a time: a strip of it, all steps, or all.
static void stripOf(const Run *r, double *strip) {
  bool hasStrips = r->item > DLC_WORKGROUP && r->schedule->has[DLC_WORKGROUP];
  for (intptr_t d = 0; d < r->flow->nDims; ++d)
    strip[d] = hasStrips && d < r->flow->rank ? (double)r->schedule->tile[DLC_WORKGROUP][d] : r->mean[d];
}

// The largest box that an item streams past its intermediates. A cache of a host keeps these while both fill no more
// than half of it: what it is given last stays, and not all sets fill alike.
static double mostStreamed(const Run *r) {
  double most = 0, strip[DLC_MAX_RANK];
  stripOf(r, strip);
  for (intptr_t i = 0; i < r->flow->nValues; ++i) {
    const DlcFlowValue *v = &r->flow->values[i];
    if (v->isYielded || comesFromMemory(v)) most = fmax(most, dlcBoxMeanBytes(&v->box, v->elementBytes, strip));
  }
  return most;
}

// Results and stored intermediates go to memory once; what lives at a nearer level is written and read there by every
// item.
static void priceValues(Run *r) {
  const DlcFlow *f = r->flow;
  double streamed = mostStreamed(r);
  for (intptr_t i = 0; i < f->nValues; ++i) {
    const DlcFlowValue *v = &f->values[i];
    double whole = dlcBoxWholeBytes(&v->box, v->elementBytes), items = (double)r->out->items;
    bool isInner = v->node >= 0 && v->isRead,
         isStored = v->node >= 0 && (v->isYielded || (isInner && v->level == tile_Level_global));
    if (v->node < 0 && v->isRead) r->out->least += whole;
    if (v->node >= 0 && v->isYielded) r->out->least += whole;
    if (isStored) addWrite(r, DLC_L2, v, whole), addWrite(r, DLC_L3, v, whole), addWrite(r, DLC_GLOBAL, v, whole);
    if (isStored && r->hasProduced && isResident(r, whole)) r->out->resident += whole;
    if (isInner && v->level == tile_Level_global && !v->isYielded) r->out->stored += whole;
    DlcMemory level = presentLevel(r->device, dlcMemoryOfLevel(v->level));
    if (!isInner || level == DLC_GLOBAL || level == DLC_REGISTER) continue;
    double written = dlcBoxMeanBytes(&v->box, v->elementBytes, r->mean) * items,
           read = readsOfUses(r, i, r->mean) * items;
    r->out->written[level] += written, r->out->read[level] += read;
    r->out->transactions[level] += written / (double)r->device->memory[level].writeTransaction +
                                   read / (double)r->device->memory[level].readTransaction;
    const DlcMemoryLevel *l1 = &r->device->memory[DLC_WORKGROUP], *l2 = &r->device->memory[DLC_L2];
    if (level != DLC_WORKGROUP || !r->device->isHost || !l2->present ||
        (double)r->out->footprint[DLC_WORKGROUP] + streamed <= 0.5 * (double)l1->capacity)
      continue;
    r->out->written[DLC_L2] += written, r->out->read[DLC_L2] += read; // the cache loses it in between
    r->out->transactions[DLC_L2] += written / (double)l2->writeTransaction + read / (double)l2->readTransaction;
  }
}

// Rows that are kept from one strip to the next: into a line buffer, and out of it.
static void priceLines(Run *r) {
  const DlcFlow *f = r->flow;
  const int64_t *band = r->schedule->tile[r->item], *strip = r->schedule->tile[DLC_WORKGROUP];
  intptr_t d = r->item > DLC_WORKGROUP && r->schedule->has[DLC_WORKGROUP] ? dlcStripDimension(f, band, strip) : -1;
  if (d < 0) return;
  const DlcMemory levels[] = {DLC_WORKGROUP, DLC_L2};
  bool stays = (double)r->out->footprint[DLC_WORKGROUP] <= 0.5 * (double)r->device->memory[DLC_WORKGROUP].capacity;
  DlcLineRows *rows = malloc((size_t)(f->nValues + 1) * sizeof *rows);
  dlcLineRows(f, d, rows);
  for (intptr_t i = 0; i < f->nValues; ++i) {
    const DlcFlowValue *v = &f->values[i];
    if (!dlcIsLine(v) || rows[i].keep <= 0) continue;
    const DlcSpan *s = &v->box.span[rows[i].dimension];
    double whole = dlcSpanMean(s, v->box.extent[rows[i].dimension], r->mean),
           bytes = dlcBoxMeanBytes(&v->box, v->elementBytes, r->mean) / whole * (double)rows[i].keep;
    bytes *= 2 * (double)r->out->items * ceil((double)band[d] / (double)strip[d]);
    for (int l = 0; l < (stays ? 1 : 2); ++l)
      if (r->device->memory[levels[l]].present) addWrite(r, levels[l], v, bytes), r->out->read[levels[l]] += bytes;
  }
  free(rows);
}

// Between two steps of its reduction a host's streamed node stores what it accumulates, and loads it again.
static void priceSteps(Run *r) {
  const DlcFlow *f = r->flow;
  double steps = 1;
  int inner = r->schedule->has[DLC_WORKGROUP] ? DLC_WORKGROUP : (int)r->item; // bands have no steps, their strips do
  for (intptr_t d = f->rank; d < f->nDims; ++d)
    steps *= ceil((double)f->extent[d] / (double)r->schedule->tile[inner][d]);
  double strip[DLC_MAX_RANK];
  stripOf(r, strip);
  if (!r->device->isHost || f->streamed < 0 || steps <= 1) return;
  const DlcMemory levels[] = {DLC_WORKGROUP, DLC_L2};
  for (intptr_t i = 0; i < f->nValues; ++i) {
    const DlcFlowValue *v = &f->values[i];
    if (v->node != f->streamed) continue;
    double one = dlcBoxMeanBytes(&v->box, v->elementBytes, r->mean), bytes = one * (double)r->out->items * (steps - 1);
    bool stays =
        dlcBoxMeanBytes(&v->box, v->elementBytes, strip) <= 0.5 * (double)r->device->memory[DLC_WORKGROUP].capacity;
    for (int l = 0; l < (stays ? 1 : 2); ++l)
      if (r->device->memory[levels[l]].present) addWrite(r, levels[l], v, bytes), r->out->read[levels[l]] += bytes;
  }
}

//===--- bytes within an item -----------------------------------------------------------------------===//
static MlirType elementOf(const DlcFlowNode *node) {
  MlirType t = typeOf(mlirOperationGetNumOperands(node->op) ? mlirOperationGetOperand(node->op, 0)
                                                            : mlirOperationGetResult(node->op, 0));
  if (!node->contracts) t = typeOf(mlirOperationGetResult(node->op, 0));
  return mlirTypeIsAShaped(t) ? mlirShapedTypeGetElementType(t) : t;
}

static bool isMatrix(const DlcFlowNode *node) { return node->contracts && node->operations <= 2; } // multiply and add

// The tile of a contraction's loops that registers hold: the schedule's, else one as its lowering would take.
static void registerTile(const Run *r, const DlcFlowNode *node, const double *item, double *tile) {
  double sizes[DLC_MAX_RANK];
  bool has = r->schedule->has[DLC_REGISTER];
  for (intptr_t d = 0; has && d < r->flow->nDims; ++d) sizes[d] = (double)r->schedule->tile[DLC_REGISTER][d];
  intptr_t columns = -1, rows = -1;
  for (intptr_t l = 0; l < node->nLoops; ++l) {
    tile[l] = node->isReduction[l] ? 1 : has ? dlcSpanMean(&node->loop[l], node->extent[l], sizes) : 1;
    if (tile[l] > item[l]) tile[l] = item[l];
    if (!node->isReduction[l] && item[l] > 1) columns = l;
  }
  for (intptr_t l = 0; l < node->nLoops; ++l)
    if (!node->isReduction[l] && l != columns && item[l] > 1 && (rows < 0 || item[l] > item[rows])) rows = l;
  if (has || columns < 0) return;
  MlirType element = elementOf(node);
  bool units = !r->device->isHost && isMatrix(node) &&
               dlcDevicePeak(r->device, element, true) > dlcDevicePeak(r->device, element, false);
  double lanes = fmax(1, (double)(r->device->vectorBits / 8) / fmax(1, (double)dlcElementBytes(element)));
  tile[columns] = fmin(item[columns], r->device->isHost ? 2 * lanes : units ? 64 : 8);
  double left = floor(((double)r->device->registers - 4) / ceil(tile[columns] / lanes)); // the rest: operands
  if (rows >= 0) tile[rows] = fmin(item[rows], r->device->isHost ? left : units ? 64 : 8);
}

static intptr_t innerLoops(const DlcFlowNode *node, const double *from, const double *to, DlcCacheLoop *loops) {
  intptr_t n = 0;
  for (int pass = 0; pass < 2; ++pass) // reductions innermost: accumulators stay in registers
    for (intptr_t l = 0; l < node->nLoops; ++l)
      if (node->isReduction[l] == pass && from[l] > to[l]) loops[n++] = (DlcCacheLoop){l, from[l] / to[l], false};
  return n;
}

// What a contraction reads in one item, through a cache of `capacity` bytes (0: none) around its register tiles.
static double readInItem(const Run *r, const DlcFlowNode *node, double capacity) {
  enum { MOST = 8 };
  DlcBox boxes[MOST];
  DlcStream streams[MOST];
  DlcSpan loops[DLC_MAX_RANK];
  DlcCacheLoop nest[2 * DLC_MAX_RANK];
  double item[DLC_MAX_RANK] = {0}, block[DLC_MAX_RANK] = {0}, tile[DLC_MAX_RANK] = {0}, sizes[DLC_MAX_RANK], bytes = 0;
  intptr_t n = 0, nIn = mlirOperationGetNumOperands(node->op) - mlirOperationGetNumResults(node->op);
  if (node->nLoops > DLC_MAX_RANK) return 0;
  bool blocked = r->item > DLC_WORKGROUP && r->schedule->has[DLC_WORKGROUP];
  for (intptr_t d = 0; blocked && d < r->flow->nDims; ++d) sizes[d] = (double)r->schedule->tile[DLC_WORKGROUP][d];
  for (intptr_t l = 0; l < node->nLoops; ++l) {
    loops[l] = dlcSpanOfRoot(l);
    item[l] = fmax(1, dlcSpanMean(&node->loop[l], node->extent[l], r->mean));
    block[l] = blocked ? fmin(item[l], fmax(1, dlcSpanMean(&node->loop[l], node->extent[l], sizes))) : item[l];
  }
  registerTile(r, node, block, tile);
  for (intptr_t k = 0; k < nIn && n < MOST; ++k) {
    MlirAffineMap map;
    MlirType type = typeOf(mlirOperationGetOperand(node->op, k));
    if (!mlirTypeIsARankedTensor(type) || mlirShapedTypeGetRank(type) > DLC_MAX_RANK ||
        !dlcLinalgMap(node->op, k, &map))
      continue;
    boxes[n].rank = mlirShapedTypeGetRank(type);
    for (intptr_t d = 0; d < boxes[n].rank; ++d) {
      boxes[n].extent[d] = mlirShapedTypeIsDynamicDim(type, d) ? INT32_MAX : mlirShapedTypeGetDimSize(type, d);
      boxes[n].span[d] = dlcSpanOfExpression(mlirAffineMapGetResult(map, d), loops, node->nLoops, boxes[n].extent[d]);
    }
    streams[n] = (DlcStream){&boxes[n], dlcElementBytes(mlirShapedTypeGetElementType(type)), 0};
    ++n;
  }
  intptr_t outer = innerLoops(node, item, block, nest), inner = innerLoops(node, block, tile, nest + outer);
  dlcFetch(streams, n, nest, outer + inner, tile, capacity);
  for (intptr_t i = 0; i < n; ++i) bytes += streams[i].fetched;
  return bytes;
}

static void priceItems(Run *r) {
  double fromL1 = 0, missed = 0, items = (double)r->out->items, asked = r->out->read[DLC_L2];
  const DlcMemoryLevel *l1 = &r->device->memory[DLC_WORKGROUP], *l2 = &r->device->memory[DLC_L2];
  for (intptr_t i = 0; i < r->flow->nNodes; ++i) {
    if (!r->flow->nodes[i].contracts) continue;
    fromL1 += readInItem(r, &r->flow->nodes[i], 0) * items;
    if (r->device->isHost) missed += readInItem(r, &r->flow->nodes[i], (double)l1->capacity) * items;
  }
  r->out->read[DLC_WORKGROUP] += fromL1;
  r->out->transactions[DLC_WORKGROUP] += fromL1 / (double)l1->readTransaction;
  if (!l2->present || missed <= asked) return;
  r->out->read[DLC_L2] += missed - asked;
  r->out->transactions[DLC_L2] += (missed - asked) / (double)l2->readTransaction;
}

//===--- seconds --------------------------------------------------------------------------------------===//
// The part of its vectors that a host fills: the last parallel loop goes along them, its tail is masked.
static double filledVectors(const Run *r, const DlcFlowNode *node) {
  double lanes = (double)(r->device->vectorBits / 8) / fmax(1, (double)dlcElementBytes(elementOf(node)));
  for (intptr_t l = node->nLoops - 1; r->device->isHost && lanes > 1 && l >= 0; --l) {
    double size = dlcSpanMean(&node->loop[l], node->extent[l], r->mean);
    if (!node->isReduction[l] && size > 1) return size / (ceil(size / lanes) * lanes);
  }
  return 1;
}

// The part of an item's threads that have a point of their own each time all of them take one.
static double filledThreads(const Run *r, const DlcFlowNode *node) {
  double points = 1, threads = THREADS_OF_ITEM;
  for (intptr_t l = 0; l < node->nLoops && !r->device->isHost; ++l)
    if (!node->isReduction[l]) points *= dlcSpanMean(&node->loop[l], node->extent[l], r->mean);
  return r->device->isHost ? 1 : points / (ceil(points / threads) * threads);
}

// Operations, with those that overlapping tiles repeat.
static void priceCompute(Run *r) {
  double seconds = 0;
  for (intptr_t i = 0; i < r->flow->nNodes; ++i) {
    const DlcFlowNode *node = &r->flow->nodes[i];
    if (!(node->operations > 0)) continue;
    double points = dlcNodeMeanPoints(node, r->mean) * (double)r->out->items, whole = dlcNodePoints(node);
    r->out->operations += points * node->operations;
    if (points > whole * (1 + 1e-9)) r->out->recomputed += (points - whole) * node->operations;
    // A peak counts a multiplication with an addition as two: other operations come at half of it.
    double peak = dlcDevicePeak(r->device, elementOf(node), isMatrix(node)) / (node->contracts ? 1 : 2);
    seconds += points * node->operations / peak / filledVectors(r, node) / filledThreads(r, node);
  }
  r->out->compute = seconds * (double)r->device->units / r->active;
}

static void priceTime(Run *r) {
  DlcCost *c = r->out;
  double second = 0, sum = c->compute;
  c->launch = r->device->launchSeconds, c->bound = -1, c->seconds = c->compute;
  for (int level = DLC_WORKGROUP; level < DLC_MEMORIES; ++level) {
    const DlcMemoryLevel *m = &r->device->memory[level];
    double bytes = c->read[level] + c->written[level];
    if (!m->present || !(bytes > 0)) continue;
    double moved =
        fmax(bytes, c->transactions[level] *
                        (double)(m->readTransaction < m->writeTransaction ? m->readTransaction : m->writeTransaction));
    if (level == DLC_GLOBAL) moved *= fmax(0, 1 - c->resident / bytes);
    c->traffic[level] = moved / fmin(m->bandwidth, m->unitBandwidth * r->active);
    sum += c->traffic[level];
    if (c->traffic[level] > c->seconds)
      second = c->seconds, c->seconds = c->traffic[level], c->bound = level;
    else if (c->traffic[level] > second)
      second = c->traffic[level];
    // The first bytes of a wave are waited for, unless stages or other items of the unit hide them.
    if (c->read[level] > 0) c->fill += m->latency * (r->schedule->stages > 1 ? 1 : ceil(c->waves));
  }
  bool close = second > 0.7 * c->seconds;
  if (r->device->isHost) c->seconds += (sum - c->seconds) / 3, c->seconds *= 1 + 0.06 / fmax(1, c->waves);
  c->seconds += c->launch + c->fill;
  double variance = 0.25 * 0.25; // an analytic bound of a program that is well lowered
  if (r->flow->isDynamic) variance += 0.25 * 0.25;
  if (close) variance += 0.1 * 0.1; // what should overlap may add up instead
  for (intptr_t i = 0; i < r->flow->nNodes; ++i)
    variance += r->flow->nodes[i].kind == DLC_NODE_OTHER ? 0.25 * 0.25 : r->flow->nodes[i].gathers > 0 ? 0.2 * 0.2 : 0;
  c->uncertainty = sqrt(variance);
}

static void countWaves(Run *r) {
  DlcCost *c = r->out;
  const DlcMemoryLevel *m = &r->device->memory[DLC_WORKGROUP];
  double resident = r->device->isHost ? 1 : fmax(1, (double)(r->device->threads / THREADS_OF_ITEM));
  if (!r->device->isHost && c->footprint[DLC_WORKGROUP] > 0)
    resident = fmin(resident, fmax(1, floor((double)m->capacity / (double)c->footprint[DLC_WORKGROUP])));
  c->waves = (double)c->items / ((double)r->device->units * resident);
  c->fits = true;
  for (int level = DLC_REGISTER; level < DLC_GLOBAL; ++level) {
    bool isCache =
        level == DLC_WORKGROUP && r->device->isHost; // what exceeds it is slower, as long as the next one holds it
    const DlcMemoryLevel *held = &r->device->memory[isCache && r->device->memory[DLC_L2].present ? DLC_L2 : level];
    if (c->fits && held->present && c->footprint[level] > held->capacity) c->fits = false, c->over = (DlcMemory)level;
  }
}

void dlcCostOfFlow(const DlcFlow *flow, const DlcCostSchedule *schedule, const DlcDevice *device, DlcCost *out) {
  *out = (DlcCost){0};
  Run r = {
      .flow = flow, .schedule = schedule, .device = device, .out = out, .item = dlcCostItemLevel(schedule, device)};
  for (intptr_t v = 0; v < flow->nValues; ++v) r.hasProduced |= flow->values[v].isProduced;
  countItems(&r);
  dlcFootprints(flow, schedule, device, r.item, out->footprint);
  countWaves(&r);
  priceMemoryReads(&r);
  priceGathers(&r);
  priceItems(&r);
  priceValues(&r);
  priceSteps(&r);
  priceLines(&r);
  priceCompute(&r);
  priceTime(&r);
}

bool dlcCostOfGraph(MlirOperation graph, const DlcDevice *device, DlcCost *out) {
  DlcFlow flow;
  DlcCostSchedule schedule;
  if (!dlcFlowOfGraph(&flow, graph, DLC_ASSUMED_EXTENT)) return false;
  dlcCostScheduleRead(tile_graph_schedule(graph), &flow, &schedule);
  dlcCostOfFlow(&flow, &schedule, device, out);
  dlcFlowDestroy(&flow);
  return true;
}
