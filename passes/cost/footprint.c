// See passes/cost/footprint.h. Offsets are those that place would give (passes/place/pack.h).
#include "passes/cost/footprint.h"
#include <stdlib.h>
#include "passes/place/pack.h"
#include "passes/tile/lines.h"

typedef struct {
  DlcPacked *buffers;
  int64_t n;
} List;
static void add(List *list, intptr_t first, intptr_t last, int64_t bytes) {
  if (bytes > 0)
    list->buffers[list->n++] =
        (DlcPacked){.start = first, .end = last < first ? first : last, .bytes = bytes, .alignment = 16};
}

static intptr_t lastReader(const DlcFlow *flow, intptr_t value) {
  intptr_t last = -1;
  for (intptr_t u = 0; u < flow->nUses; ++u)
    if (flow->uses[u].value == value && flow->uses[u].node > last) last = flow->uses[u].node;
  return last;
}

// The value whose buffer the result of value's node takes over: one that the node reads last, to accumulate on it. -1:
// none.
static intptr_t takenOver(const DlcFlow *flow, intptr_t node) {
  for (intptr_t u = 0; u < flow->nUses; ++u)
    if (flow->uses[u].node == node && flow->uses[u].isInit && flow->values[flow->uses[u].value].node >= 0 &&
        lastReader(flow, flow->uses[u].value) == node)
      return flow->uses[u].value;
  return -1;
}

static bool isTakenOver(const DlcFlow *flow, intptr_t value) {
  intptr_t last = lastReader(flow, value);
  return last >= 0 && takenOver(flow, last) == value;
}

// The first node of the chain of accumulations that ends in value.
static intptr_t firstWriter(const DlcFlow *flow, intptr_t value) {
  intptr_t first = flow->values[value].node;
  for (intptr_t v = takenOver(flow, first); v >= 0; v = takenOver(flow, first)) first = flow->values[v].node;
  return first;
}

// A line buffer or an exchange keeps what the readers need; recomputation too: the box is theirs in any case.
static int64_t bytesAt(const DlcFlow *flow, intptr_t value, const int64_t *tile) {
  int64_t bytes = dlcBoxBytes(&flow->values[value].box, flow->values[value].elementBytes, tile);
  for (intptr_t u = 0; u < flow->nUses; ++u) {
    if (flow->uses[u].value != value) continue;
    int64_t read = dlcBoxBytes(&flow->uses[u].box, flow->values[value].elementBytes, tile);
    if (flow->values[value].hasHalo && read > bytes) bytes = read;
  }
  return bytes;
}

static int64_t times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static void addStaged(List *list, const DlcFlow *flow, const DlcCostSchedule *schedule, const int64_t *tile) {
  for (intptr_t u = 0; u < flow->nUses; ++u) {
    const DlcFlowUse *use = &flow->uses[u];
    const DlcFlowValue *v = &flow->values[use->value];
    bool fromMemory = v->node < 0 || v->level >= tile_Level_l2;
    if (fromMemory && flow->nodes[use->node].contracts)
      add(list, use->node, use->node, times(dlcBoxBytes(&use->box, v->elementBytes, tile), schedule->stages));
  }
}

// Rows that are kept from strip to strip, with the channels of all steps.
static void addKept(List *list, const DlcFlow *flow, const int64_t *band, const int64_t *strip) {
  intptr_t d = dlcStripDimension(flow, band, strip);
  if (d < 0) return;
  DlcLineRows *rows = malloc((size_t)(flow->nValues + 1) * sizeof *rows);
  dlcLineRows(flow, d, rows);
  int64_t whole[DLC_MAX_RANK];
  for (intptr_t i = 0; i < flow->nDims; ++i) whole[i] = i < flow->rank ? strip[i] : flow->extent[i];
  for (intptr_t v = 0; v < flow->nValues; ++v) {
    const DlcFlowValue *value = &flow->values[v];
    if (!dlcIsLine(value) || rows[v].keep <= 0) continue;
    const DlcSpan *s = &value->box.span[rows[v].dimension];
    int64_t bytes = dlcBoxBytes(&value->box, value->elementBytes, whole);
    add(list, 0, flow->nNodes - 1, bytes / dlcSpanSize(s, value->box.extent[rows[v].dimension], whole) * rows[v].keep);
  }
  free(rows);
}

void dlcFootprints(const DlcFlow *flow, const DlcCostSchedule *schedule, const DlcDevice *device, DlcMemory item,
                   int64_t *footprint) {
  List list = {malloc((size_t)(2 * flow->nValues + flow->nUses + 1) * sizeof *list.buffers), 0};
  for (int level = DLC_REGISTER; level < DLC_GLOBAL; ++level) {
    if (level == DLC_L3 || (level == DLC_REGISTER && !schedule->has[DLC_REGISTER])) continue;
    // On a host the cache holds the tile of the workgroup fit, where there is one below the item.
    const int64_t *tile =
        schedule->tile[level == DLC_REGISTER || (level == DLC_WORKGROUP && schedule->has[level]) ? level : (int)item];
    list.n = 0;
    for (intptr_t v = 0; v < flow->nValues; ++v) {
      const DlcFlowValue *value = &flow->values[v];
      bool accumulates = level == DLC_REGISTER && value->node >= 0 && flow->nodes[value->node].contracts;
      if (value->node >= 0 && !isTakenOver(flow, v) &&
          (accumulates || (value->isRead && dlcMemoryOfLevel(value->level) == (DlcMemory)level)))
        add(&list, firstWriter(flow, v), lastReader(flow, v), bytesAt(flow, v, tile));
    }
    if (level == DLC_WORKGROUP && !device->isHost) addStaged(&list, flow, schedule, tile);
    if (level == DLC_WORKGROUP && item > DLC_WORKGROUP && schedule->has[level])
      addKept(&list, flow, schedule->tile[item], tile);
    footprint[level] = dlcPack(list.buffers, list.n);
    if (footprint[level] < 0) footprint[level] = INT64_MAX;
    int64_t sharing = device->memory[level].present && level == DLC_L2
                          ? (device->units + device->memory[level].instances - 1) / device->memory[level].instances
                          : 1;
    footprint[level] = times(footprint[level], sharing);
  }
  free(list.buffers);
}
