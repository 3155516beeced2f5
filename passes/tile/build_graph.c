// See passes/tile/build_graph.h.
#include "passes/tile/build_graph.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "ods/tile.h"

// The operand, of the op that makes a result or of one above it, through which its out enters the graph.
typedef struct {
  MlirOperation op;
  intptr_t operand;
} Entry;
static Entry outerInit(const DlcTileGraph *graph, MlirValue result) {
  MlirOperation op = opOf(result);
  Entry e = {op,
             mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op) + mlirOpResultGetResultNumber(result)};
  for (op = opOf(mlirOperationGetOperand(op, e.operand)); op.ptr && dlcTileGraphFind(graph, op);
       op = opOf(mlirOperationGetOperand(e.op, e.operand)))
    e = (Entry){op, mlirOperationGetNumOperands(op) - 1};
  return e;
}

// The outs of the graph. A fresh tensor becomes the graph's own, so that no other
// op starts from the same one.
static void collectOuts(DlcBuilder *b, const DlcTileGraph *graph, DlcValueList *outs) {
  MlirValue results[DLC_MAX_RESULTS];
  intptr_t n = dlcTileGraphResults(graph, results);
  for (intptr_t i = 0; i < n; ++i) {
    Entry e = outerInit(graph, results[i]);
    MlirValue init = mlirOperationGetOperand(e.op, e.operand);
    if (tensor_empty_isa(opOf(init))) {
      dlcBefore(b, e.op) { init = dlcResult(dlcCloneAlone(b, opOf(init)), 0); }
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

static int compareOrder(const void *a, const void *b) {
  MlirOperation x = ((const DlcTileNode *)a)->op, y = ((const DlcTileNode *)b)->op;
  return mlirOperationEqual(x, y) ? 0 : mlirOperationIsBeforeInBlock(x, y) ? -1 : 1;
}

void dlcOrderNodes(intptr_t n, DlcTileNode *nodes) { qsort(nodes, (size_t)n, sizeof *nodes, compareOrder); }

static void remake(DlcBuilder *b, DlcMapping map, const DlcValueList *remade) {
  for (intptr_t i = remade->n - 1; i >= 0; --i) { // an operand was added after its user
    MlirOperation made = dlcClone(b, opOf(remade->data[i]), map);
    dlcMap(map, remade->data[i], dlcResult(made, 0));
  }
}

static void fillGraph(DlcBuilder *b, const DlcTileGraph *graph, MlirBlock body, const DlcValueList *ins,
                      const DlcValueList *outs, const DlcValueList *remade) {
  MlirOperation root = graph->nodes[0].op;
  MlirValue results[DLC_MAX_RESULTS], yields[DLC_MAX_RESULTS];
  intptr_t nResults = dlcTileGraphResults(graph, results);
  DlcMapping map = dlcMappingCreate();
  DlcTileNode *ordered = malloc((size_t)graph->n * sizeof *ordered);
  memcpy(ordered, graph->nodes, (size_t)graph->n * sizeof *ordered);
  dlcOrderNodes(graph->n, ordered);
  dlcAtEnd(b, body) {
    for (intptr_t i = 0; i < ins->n; ++i) dlcMap(map, ins->data[i], argOf(body, i));
    for (intptr_t i = 0; i < outs->n; ++i) dlcMap(map, outs->data[i], argOf(body, ins->n + i));
    remake(b, map, remade);
    for (intptr_t i = 0; i < graph->n; ++i) {
      MlirOperation made = dlcClone(b, ordered[i].op, map);
      for (intptr_t k = 0; k < nResults; ++k)
        if (mlirOperationEqual(opOf(results[k]), ordered[i].op)) yields[k] = dlcMapped(map, results[k]);
      if (mlirOperationEqual(ordered[i].op, root) || linalg_fill_isa(made)) continue; // no tile of a fill is ever read
      MlirValue result = mlirOperationGetResult(ordered[i].op, 0);
      dlcMap(map, result, tile_edge(b, dlcMapped(map, result), .level = tile_Level_workgroup));
    }
    tile_yield(b, valsN(nResults, yields));
  }
  free(ordered);
  dlcMappingDestroy(map);
}

void dlcBuildGraph(DlcBuilder *b, const DlcTileGraph *graph) {
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
      MlirValue results[DLC_MAX_RESULTS];
      intptr_t n = dlcTileGraphResults(graph, results);
      for (intptr_t i = 0; i < n; ++i)
        mlirRewriterBaseReplaceAllUsesWith(b->rewriter, results[i], mlirOperationGetResult(made, i));
    }
  }
  dlcValueListDestroy(&ins), dlcValueListDestroy(&remade), dlcValueListDestroy(&outs);
}
