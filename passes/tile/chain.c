// See passes/tile/chain.h.
#include "passes/tile/chain.h"
#include <math.h>
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/tile/connect.h"
#include "ods/tile.h"

// What joining must save at least, of the cheaper of the two: the code of one contraction alone is better than its
// price says (panels, blocks).
static const double leastSaved = 0.1;

static double priceOf(const DlcTileGraph *graph, const DlcDevice *device) {
  MlirOperation ops[DLC_MAX_NODES];
  for (intptr_t i = 0; i < graph->n; ++i) ops[i] = graph->nodes[i].op;
  return dlcConnectPrice(graph, graph->n, ops, graph->nodes[0].op, device);
}

// Joins the nodes of `other`, users first; false: not all may.
static bool joinAll(DlcTileGraph *graph, const DlcTileGraph *other) {
  intptr_t left = other->n;
  for (bool changed = true; changed && left;) {
    changed = false;
    for (intptr_t i = 0; i < other->n; ++i)
      if (!dlcTileGraphFind(graph, other->nodes[i].op) && dlcTileGraphJoin(graph, other->nodes[i].op))
        changed = true, --left;
  }
  return !left;
}

// Windows: strips of rows share what lies between them, which has a price of its own.
static bool hasWindows(const DlcTileGraph *graph) {
  for (intptr_t i = 0; i < graph->n; ++i) {
    MlirOperation op = graph->nodes[i].op;
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op) && graph->nodes[i].contracts; ++k) {
      MlirAffineMap map;
      if (!dlcLinalgMap(op, k, &map) || !mlirAffineMapIsProjectedPermutation(map)) return true;
    }
  }
  return false;
}

static bool joinProducer(DlcTileGraph *graph, MlirOperation producer, DlcTileGraph *other, DlcTileGraph *both,
                         const DlcDevice *device) {
  if (!dlcIsLinalgOp(producer) || mlirOperationGetNumResults(producer) != 1 || dlcTileGraphFind(graph, producer) ||
      !mlirTypeIsARankedTensor(typeOf(mlirOperationGetResult(producer, 0))) ||
      !dlcTileGraphStart(other, producer, graph->scratchBytes))
    return false;
  other->fusion = graph->fusion, other->pays = graph->pays, other->data = graph->data;
  dlcTileGraphGrow(other);
  if (!graph->rigid || !other->rigid || graph->n + other->n > DLC_MAX_NODES) return false;
  if (hasWindows(graph) || hasWindows(other)) return false;
  *both = *graph;
  both->chains = true;
  if (!joinAll(both, other)) return false;
  double one = priceOf(both, device), first = priceOf(other, device), second = priceOf(graph, device);
  if (!(one > 0 && first > 0 && second > 0 && one < first + second - leastSaved * fmin(first, second))) return false;
  *graph = *both;
  graph->chains = false;
  return true;
}

bool dlcChainJoin(DlcTileGraph *graph, const DlcDevice *device) {
  DlcTileGraph *other = malloc(2 * sizeof *other);
  bool joined = false;
  for (intptr_t i = 0; i < graph->n && !joined; ++i) {
    MlirOperation op = graph->nodes[i].op;
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op) && !joined; ++k) {
      MlirOperation producer = opOf(mlirOperationGetOperand(op, k));
      if (tile_edge_isa(producer)) producer = opOf(tile_edge_value(producer));
      joined = producer.ptr && joinProducer(graph, producer, other, other + 1, device);
    }
  }
  free(other);
  return joined;
}
