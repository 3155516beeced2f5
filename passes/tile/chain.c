// See passes/tile/chain.h.
#include "passes/tile/chain.h"
#include <math.h>
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/tile/connect.h"
#include "passes/tile/pad.h"
#include "passes/tile/winograd.h"
#include "ods/tensor.h"
#include "ods/tile.h"

// What joining must save at least, of the cheaper of the two: the code of one contraction alone is better than its
// price says (panels, blocks). Through windows it may cost more: what stays out of memory leaves its bandwidth to the
// rest, and a graph alone has borders to fill. With 0.4 Restormer's feed-forwards are one kernel, of 0.84x, 0.92x and
// 1.0x the CPU time of several (48x256, 96x128, 192x64); MobileNetV2, ResNet-50, NAFNet, MobileViT: alike.
static const double leastSaved = 0.1, leastSavedByWindows = -0.4;

// What may join: a producer of a node, read by windows through `pad` (null: there is none).
typedef struct {
  MlirOperation producer, pad;
} Link;

static double priceOf(const DlcTileGraph *graph, DlcPrices *prices) {
  MlirOperation ops[DLC_MAX_NODES];
  for (intptr_t i = 0; i < graph->n; ++i) ops[i] = graph->nodes[i].op;
  return dlcConnectPrice(graph, graph->n, ops, graph->nodes[0].op, prices);
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

// Winograd's algorithm has tiles of its own.
static bool hasOwnTiles(const DlcTileGraph *graph) {
  for (intptr_t i = 0; i < graph->n; ++i)
    if (dlcWinogradOf(graph->nodes[i].op)) return true;
  return false;
}

// The graph with the border, if it is not in it, and what is above.
static bool joinBoth(DlcTileGraph *both, const DlcTileGraph *graph, const Link *link, const DlcTileGraph *other) {
  *both = *graph;
  both->chains = true, both->pays = NULL; // priced as a whole
  if (link->pad.ptr && !dlcTileGraphFind(both, link->pad) &&
      !(dlcTileGraphJoin(both, link->pad) && dlcTileGraphJoin(both, opOf(tensor_insert_slice_dest(link->pad)))))
    return false;
  bool joined = joinAll(both, other);
  both->chains = graph->chains, both->pays = graph->pays;
  return joined;
}

// price: of the graph as it is; 0: not known yet. least: what must be saved, of the cheaper of the two.
static bool paysTogether(const DlcTileGraph *both, const DlcTileGraph *graph, const DlcTileGraph *other, double least,
                         double *price, DlcPrices *prices) {
  double one = priceOf(both, prices), first = one > 0 ? priceOf(other, prices) : -1,
         second = first <= 0    ? -1
                  : *price != 0 ? *price
                                : (*price = priceOf(graph, prices));
  return one > 0 && first > 0 && second > 0 && one < first + second - least * fmin(first, second);
}

static bool joinLink(DlcTileGraph *graph, const Link *link, DlcTileGraph *other, DlcTileGraph *both, DlcPrices *prices,
                     double *price) {
  MlirOperation producer = link->producer;
  if (!dlcIsLinalgOp(producer) || mlirOperationGetNumResults(producer) != 1 || dlcTileGraphFind(graph, producer) ||
      !mlirTypeIsARankedTensor(typeOf(mlirOperationGetResult(producer, 0))) ||
      !dlcTileGraphStart(other, producer, graph->scratchBytes))
    return false;
  other->fusion = graph->fusion, other->pays = graph->pays, other->data = graph->data;
  dlcTileGraphGrow(other);
  if (graph->n + other->n + 2 > DLC_MAX_NODES || hasOwnTiles(other) || !joinBoth(both, graph, link, other))
    return false;
  if (!paysTogether(both, graph, other, link->pad.ptr ? leastSavedByWindows : leastSaved, price, prices)) return false;
  *graph = *both;
  return true;
}

// The producer of an operand of a node.
static Link linkOf(MlirValue operand) {
  Link link = {.producer = opOf(operand)};
  if (tile_edge_isa(link.producer)) link.producer = opOf(tile_edge_value(link.producer));
  if (!link.producer.ptr || !dlcIsPad(link.producer)) return link;
  link.pad = link.producer, link.producer = opOf(tensor_insert_slice_source(link.pad));
  return link;
}

bool dlcChainJoin(DlcTileGraph *graph, DlcPrices *prices) {
  if (hasOwnTiles(graph)) return false;
  DlcTileGraph *other = malloc(2 * sizeof *other);
  bool joined = false;
  double price = 0;
  for (intptr_t i = 0; i < graph->n && !joined; ++i) {
    MlirOperation op = graph->nodes[i].op;
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op) && !joined; ++k) {
      Link link = linkOf(mlirOperationGetOperand(op, k));
      joined = link.producer.ptr && joinLink(graph, &link, other, other + 1, prices, &price);
    }
  }
  free(other);
  return joined;
}

// Rows of what windows read may stay in line buffers, or be made step by step: not where a graph stores.
static bool hasWindows(const DlcTileGraph *graph) {
  for (intptr_t i = 0; i < graph->n; ++i)
    if (graph->nodes[i].overlaps) return true;
  return false;
}

bool dlcChainStore(DlcTileGraph *graph, const DlcTileGraph *other, DlcPrices *prices) {
  if (graph->n + other->n > DLC_MAX_NODES || mlirOperationGetNumResults(other->nodes[0].op) != 1 ||
      hasOwnTiles(graph) || hasOwnTiles(other) || hasWindows(graph) || hasWindows(other))
    return false;
  DlcTileGraph *both = malloc(sizeof *both);
  double price = 0;
  *both = *graph;
  both->chains = both->stores = true, both->pays = NULL;
  bool joined = joinAll(both, other) && paysTogether(both, graph, other, leastSaved, &price, prices);
  both->chains = graph->chains, both->stores = graph->stores, both->pays = graph->pays;
  if (joined) *graph = *both;
  free(both);
  return joined;
}
