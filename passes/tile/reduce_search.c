// See passes/tile/reduce_search.h.
#include "passes/tile/reduce_search.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "ods/tile.h"

// Steps are long enough that what is done once a step (rescaling), which the price counts once a tile, is little.
// Rows are at least two vectors, and few are one tile: with less than that the contractions wait for their loads, which
// the price does not see.
enum { LEAST_ROWS = 32, FEW_ROWS = 64, MOST_ROWS = 256, LEAST_STEP = 128, MOST_STEP = 512, VECTOR = 16 };

MlirOperation dlcReduceOf(MlirOperation graph) {
  dlcForEachOp(op, bodyOf(tile_graph_body(graph)))
    if (tile_reduce_isa(op)) return op;
  return (MlirOperation){0};
}

int64_t dlcReduceStep(MlirOperation graph) {
  MlirAttribute schedule = tile_graph_schedule(graph);
  if (mlirAttributeIsNull(schedule) || !tile_schedule_fit_n(schedule)) return MOST_STEP;
  DlcI64s step = tile_fit_step(tile_schedule_fit_at(schedule, 0));
  return step.n && step.data[0] > 0 ? step.data[0] : MOST_STEP;
}

// Which dimensions of the root every accumulator that it reads follows; `rows`: the one that they have last, along
// which vectors go.
static bool findTileable(const DlcFlow *flow, MlirOperation graph, MlirOperation reduce, bool *tileable,
                         intptr_t *rows) {
  MlirOperation root = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(bodyOf(tile_graph_body(graph))), 0));
  const DlcFlowNode *node = NULL;
  for (intptr_t i = 0; i < flow->nNodes; ++i)
    if (mlirOperationEqual(flow->nodes[i].op, root)) node = &flow->nodes[i];
  if (!node || !dlcIsLinalgOp(root)) return false;
  for (intptr_t d = 0; d < flow->rank; ++d) tileable[d] = true;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(root); ++k) {
    MlirAffineMap map;
    MlirOperation maker = opOf(mlirOperationGetOperand(root, k));
    while (tile_edge_isa(maker)) maker = opOf(tile_edge_value(maker));
    if (!mlirOperationEqual(maker, reduce) || !dlcLinalgMap(root, k, &map)) continue;
    for (intptr_t d = 0; d < flow->rank; ++d) {
      bool follows = false;
      for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
        DlcSpan s = dlcSpanOfExpression(mlirAffineMapGetResult(map, i), node->loop, node->nLoops, 1 << 30);
        follows |= dlcSpanMoves(&s, d);
        if (i == mlirAffineMapGetNumResults(map) - 1 && dlcSpanMoves(&s, d)) *rows = d;
      }
      tileable[d] &= follows;
    }
  }
  return true;
}

static double priceOf(const DlcFlow *flow, const DlcDevice *device, const DlcReduceTile *t) {
  DlcCostSchedule schedule = {.stages = device->isHost};
  DlcCost cost;
  schedule.has[DLC_WORKGROUP] = true;
  for (intptr_t d = 0; d < flow->nDims; ++d) {
    int64_t size = d < flow->rank ? t->tile[d] : t->step;
    schedule.tile[DLC_WORKGROUP][d] = size > 0 && size < flow->extent[d] ? size : flow->extent[d];
    schedule.cluster[d] = 1;
  }
  dlcCostOfFlow(flow, &schedule, device, &cost);
  return cost.fits ? cost.seconds : -1;
}

// The mean of the prices at the sizes that dynamic ones are assumed to have (passes/tile/search.h).
static double meanPrice(const DlcFlow *flows, intptr_t n, const DlcDevice *device, const DlcReduceTile *t) {
  double sum = 0;
  for (intptr_t i = 0; i < n; ++i) {
    double price = priceOf(&flows[i], device, t) - device->launchSeconds;
    if (price <= 0) return -1;
    sum += log(price);
  }
  return exp(sum / (double)n) + device->launchSeconds;
}

static void searchTile(const DlcFlow *flows, intptr_t n, const bool *tileable, intptr_t rows, const DlcDevice *device,
                       double *best, DlcReduceTile *out) {
  const DlcFlow *flow = &flows[n - 1];
  if (rows < 0 || !tileable[rows]) return;
  bool few = flow->extent[rows] <= FEW_ROWS && flow->extent[rows] == flows[0].extent[rows];
  for (int64_t r = few ? FEW_ROWS : LEAST_ROWS; r <= (few ? FEW_ROWS : MOST_ROWS); r += VECTOR)
    for (int64_t step = LEAST_STEP; step <= MOST_STEP; step *= 2) {
      DlcReduceTile t = {.rank = flow->rank, .step = step};
      for (intptr_t d = 0; d < flow->rank; ++d) t.tile[d] = !tileable[d] ? 0 : d == rows ? r : 1;
      double price = meanPrice(flows, n, device, &t);
      if (price > 0 && (*best < 0 || price < 0.999 * *best)) *best = price, *out = t;
    }
}

double dlcReduceSearch(MlirOperation graph, const DlcDevice *device, DlcReduceTile *out) {
  static const int64_t assumed[] = {1, DLC_ASSUMED_EXTENT};
  DlcFlow flows[2];
  bool tileable[DLC_MAX_RANK], ok = true;
  MlirOperation reduce = dlcReduceOf(graph);
  double best = -1;
  intptr_t n = 0, rows = -1;
  while (reduce.ptr && n < 2 && ok && (!n || flows[0].isDynamic))
    if ((ok = dlcFlowOfGraph(&flows[n], graph, assumed[n]))) ++n;
  if (ok && n && flows[0].nDims == flows[0].rank + 1 && findTileable(&flows[0], graph, reduce, tileable, &rows))
    searchTile(flows, n, tileable, rows, device, &best, out);
  while (n) dlcFlowDestroy(&flows[--n]);
  return best;
}
