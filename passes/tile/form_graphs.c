// tile-form-graphs: groups linalg ops on tensors into tile graphs.
//
//   %f = linalg.fill ins(%0) outs(%e)            %r = tile.graph ins(%x = %a, %y = %b) outs(%o = %e) {
//   %m = linalg.matmul ins(%a, %b) outs(%f)        %f = linalg.fill ins(%0) outs(%o)
//   %r = linalg.generic ins(%m) outs(%e2)   ->     %m = linalg.matmul ins(%x, %y) outs(..)
//                                                  %k = tile.edge %m at(workgroup)
//                                                  %r = linalg.generic ins(%k) ..  tile.yield %r }
//
// First every op is given to a graph: one grows from its root (the last op not yet in a graph) upwards, by the
// rules of passes/tile/graph.h. Then graphs of which one reads what the other's root makes, and others read as well,
// are joined where that pays: the value is kept in the tile and stored. What is no linalg op on ranked tensors stays
// outside.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "dlc/ir.h"
#include "passes/tile/build_graph.h"
#include "passes/tile/chain.h"
#include "passes/tile/connect.h"
#include "passes/tile/pad.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "ods/tile.h"

static bool borderPays(const DlcTileGraph *graph, MlirOperation pad, void *prices) {
  return dlcConnectPays(graph, pad, prices);
}
static bool never(const DlcTileGraph *graph, MlirOperation pad, void *data) {
  (void)graph, (void)pad, (void)data;
  return false;
}

//===--- the pass ---------------------------------------------------------------------===//
// Its border is filled by tile-split-borders, unless the tensor is made in a graph.
static bool fillsBorder(MlirOperation op) {
  if (!linalg_fill_isa(op) || !hasOneUse(mlirOperationGetResult(op, 0))) return false;
  MlirOperation user = mlirOpOperandGetOwner(mlirValueGetFirstUse(mlirOperationGetResult(op, 0)));
  return dlcIsPad(user) && dlcPadIsLarge(user);
}

static bool isRootCandidate(MlirOperation op) {
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumResults(op) == 0 || fillsBorder(op)) return false;
  for (MlirOperation p = mlirOperationGetParentOperation(op); p.ptr; p = mlirOperationGetParentOperation(p))
    if (tile_graph_isa(p) || ctrl_task_isa(p) || dlcIsLinalgOp(p)) return false;
  return mlirTypeIsARankedTensor(typeOf(mlirOperationGetResult(op, 0)));
}

// A fill with several uses would belong to no graph: each use gets its own.
static void splitFills(DlcBuilder *b, MlirOperation root) {
  DlcOps fills = dlcCollect(root, linalg_fill_isa);
  for (intptr_t i = 0; i < fills.n; ++i) {
    if (!mlirOperationGetNumResults(fills.data[i])) continue;
    MlirValue v = mlirOperationGetResult(fills.data[i], 0);
    while (!isNull(v) && !hasOneUse(v) && !mlirOpOperandIsNull(mlirValueGetFirstUse(v))) {
      MlirOpOperand use = mlirValueGetFirstUse(v);
      MlirValue copy = {0};
      dlcBefore(b, fills.data[i]) copy = dlcResult(dlcCloneAlone(b, fills.data[i]), 0);
      mlirOperationSetOperand(mlirOpOperandGetOwner(use), mlirOpOperandGetOperandNumber(use), copy);
    }
  }
  free(fills.data);
}

typedef struct {
  DlcTileGraph **data; // of the last root first; without nodes: joined to another
  intptr_t n;
} Graphs;

static void addGraph(Graphs *graphs, const DlcTileGraph *graph) {
  graphs->data = realloc(graphs->data, (size_t)(graphs->n + 1) * sizeof *graphs->data);
  DlcTileGraph *copy = graphs->data[graphs->n++] = malloc(sizeof *copy);
  *copy = *graph;
}

// Every op in one graph at most. chainsBy: null, or the prices by which contractions may follow each other.
static Graphs formAll(MlirOperation root, const DlcTileGraph *rules, DlcPrices *chainsBy) {
  DlcOps candidates = dlcCollect(root, isRootCandidate);
  DlcTileGraph *graph = malloc(sizeof *graph);
  Graphs graphs = {0};
  for (intptr_t i = candidates.n - 1; i >= 0; --i) {
    MlirOperation op = candidates.data[i];
    if (op.ptr == NULL || !dlcTileGraphStart(graph, op, rules->scratchBytes)) continue; // in one already
    graph->fusion = rules->fusion, graph->pays = rules->pays, graph->data = rules->data;
    dlcTileGraphGrow(graph);
    while (chainsBy && dlcChainJoin(graph, chainsBy)) dlcTileGraphGrow(graph);
    for (intptr_t k = 0; k < graph->n; ++k)
      for (intptr_t c = 0; c <= i; ++c)
        if (mlirOperationEqual(candidates.data[c], graph->nodes[k].op)) candidates.data[c].ptr = NULL;
    addGraph(&graphs, graph);
  }
  free(graph);
  free(candidates.data);
  return graphs;
}

// The graph whose root makes what a node reads; null: none.
static DlcTileGraph *producerOf(const Graphs *graphs, const DlcPointerMap *roots, MlirValue operand) {
  MlirOperation op = opOf(operand);
  int64_t at = op.ptr ? dlcPointerMapGet(roots, op.ptr) : -1;
  return at >= 0 && graphs->data[at]->n ? graphs->data[at] : NULL;
}

static bool joinOneStored(DlcTileGraph *graph, const Graphs *graphs, const DlcPointerMap *roots, DlcPrices *prices) {
  for (intptr_t k = 0; k < graph->n; ++k)
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(graph->nodes[k].op); ++i) {
      DlcTileGraph *other = producerOf(graphs, roots, mlirOperationGetOperand(graph->nodes[k].op, i));
      if (!other || other == graph || !dlcChainStore(graph, other, prices)) continue;
      other->n = 0;
      return true;
    }
  return false;
}

static void joinStored(Graphs *graphs, DlcPrices *prices) {
  DlcPointerMap roots = {0};
  for (intptr_t i = 0; i < graphs->n; ++i) dlcPointerMapSet(&roots, graphs->data[i]->nodes[0].op.ptr, i);
  for (intptr_t i = 0; i < graphs->n; ++i)
    while (graphs->data[i]->n && joinOneStored(graphs->data[i], graphs, &roots, prices)) {}
  dlcPointerMapDestroy(&roots);
}

MlirLogicalResult dlcRunTileFormGraphs(MlirOperation root, DlcPass *pass, const DlcTileFormGraphsOptions *options) {
  DlcFusion fusion;
  if (!dlcFusionRead(options->fusion, &fusion))
    return dlcErrorAt(mlirOperationGetLocation(root),
                      "tile-form-graphs: unknown fusion '%.*s'; known are none, register and all",
                      (int)options->fusion.length, options->fusion.data);
  bool byCost = mlirStringRefEqual(options->borders, dlcText("cost")),
       none = mlirStringRefEqual(options->borders, dlcText("none"));
  if (!byCost && !none && !mlirStringRefEqual(options->borders, dlcText("all")))
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-form-graphs: borders=%.*s is neither cost, all nor none",
                      (int)options->borders.length, options->borders.data);
  bool (*pays)(const DlcTileGraph *, MlirOperation, void *) = byCost ? borderPays : none ? never : NULL;
  DlcDevice device;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  DlcPrices prices = {.device = &device};
  bool chains = fusion == DLC_FUSE_ALL && options->chains && device.isHost;
  uint64_t stored = 0;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  splitFills(&b, root);
  const DlcTileGraph rules = {.scratchBytes = options->scratchBytes, .fusion = fusion, .pays = pays, .data = &prices};
  Graphs graphs = formAll(root, &rules, chains ? &prices : NULL);
  if (chains) joinStored(&graphs, &prices);
  for (intptr_t i = 0; i < graphs.n; ++i) {
    DlcTileGraph *graph = graphs.data[i];
    if (!graph->n || b.failed) continue;
    dlcBuildGraph(&b, graph);
    dlcPassCount(pass, DlcTileFormGraphs_graphs, 1);
    dlcPassCount(pass, DlcTileFormGraphs_nodes, (uint64_t)graph->n);
    for (intptr_t k = 1; k < graph->n; ++k) stored += graph->nodes[k].isStored;
    dlcOrderNodes(graph->n, graph->nodes);
    for (intptr_t k = graph->n - 1; k >= 0; --k) mlirRewriterBaseEraseOp(rewriter, graph->nodes[k].op); // users first
  }
  dlcPassCount(pass, DlcTileFormGraphs_stored, stored);
  for (intptr_t i = 0; i < graphs.n; ++i) free(graphs.data[i]);
  free(graphs.data);
  dlcPricesDestroy(&prices);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
