// tile-form-graphs: groups linalg ops on tensors into tile graphs.
//
//   %f = linalg.fill ins(%0) outs(%e)            %r = tile.graph ins(%x = %a, %y = %b) outs(%o = %e) {
//   %m = linalg.matmul ins(%a, %b) outs(%f)        %f = linalg.fill ins(%0) outs(%o)
//   %r = linalg.generic ins(%m) outs(%e2)   ->     %m = linalg.matmul ins(%x, %y) outs(..)
//                                                  %k = tile.edge %m at(workgroup)
//                                                  %r = linalg.generic ins(%k) ..  tile.yield %r }
//
// A graph grows from its root (the last op not yet in a graph) upwards, by the
// rules of passes/tile/graph.h. What is no linalg op on ranked tensors stays outside.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "dlc/ir.h"
#include "passes/tile/chain.h"
#include "passes/tile/connect.h"
#include "passes/tile/pad.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "ods/tile.h"

//===--- building -------------------------------------------------------------------===//
// The operand, of root or of an op above it, through which out `i` enters the graph.
typedef struct {
  MlirOperation op;
  intptr_t operand;
} Entry;
static Entry outerInit(const DlcTileGraph *graph, intptr_t i) {
  MlirOperation op = graph->nodes[0].op;
  Entry e = {op, mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op) + i};
  for (op = opOf(mlirOperationGetOperand(op, e.operand)); op.ptr && dlcTileGraphFind(graph, op);
       op = opOf(mlirOperationGetOperand(e.op, e.operand)))
    e = (Entry){op, mlirOperationGetNumOperands(op) - 1};
  return e;
}

// The outs of the graph. A fresh tensor becomes the graph's own, so that no other
// op starts from the same one.
static void collectOuts(DlcBuilder *b, const DlcTileGraph *graph, DlcValueList *outs) {
  MlirOperation root = graph->nodes[0].op;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(root); ++i) {
    Entry e = outerInit(graph, i);
    MlirValue init = mlirOperationGetOperand(e.op, e.operand);
    if (tensor_empty_isa(opOf(init))) {
      dlcBefore(b, root) { init = dlcResult(dlcCloneAlone(b, opOf(init)), 0); }
      mlirOperationSetOperand(e.op, e.operand, init);
    }
    dlcValueListAppend(outs, init);
  }
}

static bool isRead(const DlcTileGraph *graph, MlirValue value) {
  for (intptr_t i = 0; i < graph->n; ++i) {
    MlirOperation op = graph->nodes[i].op;
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op); ++k)
      if (mlirValueEqual(mlirOperationGetOperand(op, k), value)) return true;
  }
  return false;
}

// Scalar constants and fresh tensors are made again inside: operands are for data. A fresh tensor that is read has the
// size of data, and not of a tile.
static bool isRemade(const DlcTileGraph *graph, MlirOperation op) {
  return dlcIsScalarConstant(op) || (tensor_empty_isa(op) && !isRead(graph, mlirOperationGetResult(op, 0)));
}

static void collectIns(const DlcTileGraph *graph, const DlcValueList *outs, DlcValueList *ins, DlcValueList *remade) {
  DlcValueList used = {0};
  for (intptr_t i = 0; i < graph->n; ++i) dlcCaptures(graph->nodes[i].op, &used);
  for (intptr_t i = 0; i < used.n; ++i) { // grows: what a remade op uses is used
    MlirOperation producer = opOf(used.data[i]);
    if ((producer.ptr && dlcTileGraphFind(graph, producer)) || dlcValueListFind(outs, used.data[i]) >= 0) continue;
    if (!producer.ptr || !isRemade(graph, producer)) {
      dlcValueListAdd(ins, used.data[i]);
      continue;
    }
    dlcValueListAdd(remade, used.data[i]);
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(producer); ++k)
      dlcValueListAdd(&used, mlirOperationGetOperand(producer, k));
  }
  dlcValueListDestroy(&used);
}

// The nodes in the order of the block.
static int compareOrder(const void *a, const void *b) {
  MlirOperation x = ((const DlcTileNode *)a)->op, y = ((const DlcTileNode *)b)->op;
  return mlirOperationEqual(x, y) ? 0 : mlirOperationIsBeforeInBlock(x, y) ? -1 : 1;
}

static void remake(DlcBuilder *b, DlcMapping map, const DlcValueList *remade) {
  for (intptr_t i = remade->n - 1; i >= 0; --i) { // an operand was added after its user
    MlirOperation made = dlcClone(b, opOf(remade->data[i]), map);
    dlcMap(map, remade->data[i], dlcResult(made, 0));
  }
}

static void fillGraph(DlcBuilder *b, const DlcTileGraph *graph, MlirBlock body, const DlcValueList *ins,
                      const DlcValueList *outs, const DlcValueList *remade) {
  MlirOperation root = graph->nodes[0].op;
  DlcMapping map = dlcMappingCreate();
  DlcTileNode *ordered = malloc((size_t)graph->n * sizeof *ordered);
  memcpy(ordered, graph->nodes, (size_t)graph->n * sizeof *ordered);
  qsort(ordered, (size_t)graph->n, sizeof *ordered, compareOrder);
  dlcAtEnd(b, body) {
    for (intptr_t i = 0; i < ins->n; ++i) dlcMap(map, ins->data[i], argOf(body, i));
    for (intptr_t i = 0; i < outs->n; ++i) dlcMap(map, outs->data[i], argOf(body, ins->n + i));
    remake(b, map, remade);
    for (intptr_t i = 0; i < graph->n; ++i) {
      MlirOperation made = dlcClone(b, ordered[i].op, map);
      if (mlirOperationEqual(ordered[i].op, root) || linalg_fill_isa(made)) continue; // no tile of a fill is ever read
      MlirValue result = mlirOperationGetResult(ordered[i].op, 0);
      dlcMap(map, result, tile_edge(b, dlcMapped(map, result), .level = tile_Level_workgroup));
    }
    MlirValue yields[DLC_MAX_RANK];
    for (intptr_t i = 0; i < outs->n; ++i) yields[i] = dlcMapped(map, mlirOperationGetResult(root, i));
    tile_yield(b, valsN(outs->n, yields));
  }
  free(ordered);
  dlcMappingDestroy(map);
}

static void buildGraph(DlcBuilder *b, const DlcTileGraph *graph) {
  MlirOperation root = graph->nodes[0].op;
  DlcValueList ins = {0}, remade = {0}, outs = {0};
  collectOuts(b, graph, &outs);
  collectIns(graph, &outs, &ins, &remade);
  dlcBefore(b, root) {
    MlirOperation made = tile_graph(b, dlcValuesOf(&ins), dlcValuesOf(&outs), .label = dlcLabelOf(root));
    if (!mlirOperationIsNull(made)) {
      MlirBlock body = dlcAddBlock(b, tile_graph_body(made), typesOf(dlcValuesOf(&ins)));
      for (intptr_t i = 0; i < outs.n; ++i) mlirBlockAddArgument(body, typeOf(outs.data[i]), b->loc);
      fillGraph(b, graph, body, &ins, &outs, &remade);
      for (intptr_t i = 0; i < outs.n; ++i)
        mlirRewriterBaseReplaceAllUsesWith(b->rewriter, mlirOperationGetResult(root, i),
                                           mlirOperationGetResult(made, i));
    }
  }
  dlcValueListDestroy(&ins), dlcValueListDestroy(&remade), dlcValueListDestroy(&outs);
}

static bool borderPays(const DlcTileGraph *graph, MlirOperation pad, void *device) {
  return dlcConnectPays(graph, pad, device);
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
  bool chains = fusion == DLC_FUSE_ALL && options->chains && device.isHost;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  splitFills(&b, root);
  DlcOps candidates = dlcCollect(root, isRootCandidate);
  DlcTileGraph *graph = malloc(sizeof *graph);
  for (intptr_t i = candidates.n - 1; i >= 0 && !b.failed; --i) {
    MlirOperation op = candidates.data[i];
    if (op.ptr == NULL) continue; // joined an earlier graph
    if (!dlcTileGraphStart(graph, op, options->scratchBytes)) continue;
    graph->fusion = fusion, graph->pays = pays, graph->data = &device;
    dlcTileGraphGrow(graph);
    while (chains && dlcChainJoin(graph, &device)) dlcTileGraphGrow(graph);
    buildGraph(&b, graph);
    dlcPassCount(pass, DlcTileFormGraphs_graphs, 1);
    dlcPassCount(pass, DlcTileFormGraphs_nodes, (uint64_t)graph->n);
    qsort(graph->nodes, (size_t)graph->n, sizeof(DlcTileNode), compareOrder);
    for (intptr_t k = graph->n - 1; k >= 0; --k) { // users first
      for (intptr_t c = 0; c <= i; ++c)
        if (mlirOperationEqual(candidates.data[c], graph->nodes[k].op)) candidates.data[c].ptr = NULL;
      mlirRewriterBaseEraseOp(rewriter, graph->nodes[k].op);
    }
  }
  free(graph);
  free(candidates.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
