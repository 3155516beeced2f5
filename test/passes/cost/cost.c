// RUN: not passes-cost %t.absent.mlir 2>&1 | FileCheck %s
// CHECK: absent.mlir
// Prints the flow and the cost of each tile.graph of an MLIR file: what cost/*.mlir and tile/propagate.mlir check.
//   passes-cost FILE [flow] [cost] [schedule] [LEVEL]    LEVEL: of all edges, instead of what the file says
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/tools.h"
#include "passes/cost/cost.h"
#include "ods/tile.h"

static void showSpan(const DlcSpan *s, int64_t extent, const int64_t *tile) {
  bool any = false;
  for (int d = 0; d < DLC_MAX_RANK; ++d) {
    if (!s->scale[d]) continue;
    printf(any ? " + " : "");
    if (s->scale[d] > 1) printf("%d ", s->scale[d]);
    printf("i%d", d), any = true;
  }
  if (s->low || !any) printf(any ? " + %lld" : "%lld", (long long)s->low);
  if (s->divide > 1) printf(" / %lld", (long long)s->divide);
  printf(" : %lld", (long long)dlcSpanSize(s, extent, tile));
  if (s->share < 1) printf(" of %.2f", s->share);
}

static void showBox(const DlcBox *box, const int64_t *tile) {
  printf("[");
  for (intptr_t d = 0; d < box->rank; ++d) printf(d ? ", " : ""), showSpan(&box->span[d], box->extent[d], tile);
  printf("]");
}

static void showName(MlirStringRef text, void *data) { (void)data, fwrite(text.data, 1, text.length, stdout); }

static void showFlow(const DlcFlow *flow, const int64_t *tile) {
  for (intptr_t i = 0; i < flow->nValues; ++i) {
    const DlcFlowValue *v = &flow->values[i];
    if (!v->isRead && !v->isYielded) continue;
    printf("  %s", v->node < 0 ? "in" : "of ");
    if (v->node >= 0)
      showName(mlirIdentifierStr(mlirOperationGetName(flow->nodes[v->node].op)), NULL);
    else
      printf(" %d", mlirValueIsABlockArgument(v->value) ? (int)mlirBlockArgumentGetArgNumber(v->value) : -1);
    printf("%s%s%s ", v->isYielded ? v->isCovered ? " stored" : " not all stored" : "", v->isShared ? " shared" : "",
           v->isGathered ? " gathered" : "");
    showBox(&v->box, tile);
    if (v->node >= 0) printf(" at %s", tile_Level_str(v->level));
    printf("\n");
  }
}

static void showCost(const DlcCost *c, const DlcDevice *device) {
  printf("  items %lld waves %.2f\n", (long long)c->items, c->waves);
  for (int level = DLC_WORKGROUP; level < DLC_MEMORIES; ++level)
    if (device->memory[level].present)
      printf("  %s: %.0f bytes, %.0f read, %.0f transactions, footprint %lld\n", dlcMemoryNames[level],
             dlcCostBytes(c, level), c->read[level], c->transactions[level], (long long)c->footprint[level]);
  printf("  operations %.0f recomputed %.0f stored %.0f least %.0f\n", c->operations, c->recomputed, c->stored,
         c->least);
  printf("  microseconds %.2f = compute %.2f l2 %.2f global %.2f launch %.2f fill %.2f, by %s, +- %.2f, %s\n",
         c->seconds * 1e6, c->compute * 1e6, c->traffic[DLC_L2] * 1e6, c->traffic[DLC_GLOBAL] * 1e6, c->launch * 1e6,
         c->fill * 1e6, c->bound < 0 ? "compute" : dlcMemoryNames[c->bound], c->uncertainty,
         c->fits ? "fits" : dlcMemoryNames[c->over]);
}

static tile_Level levelOfAll(MlirValue value, MlirOperation reader, void *data) {
  (void)value, (void)reader;
  return *(const tile_Level *)data;
}

static bool flowAtLevel(DlcFlow *flow, MlirOperation graph, tile_Level level) {
  MlirBlock body = bodyOf(tile_graph_body(graph));
  MlirOperation ops[64], yield = mlirBlockGetTerminator(body);
  MlirValue results[8];
  intptr_t n = 0, nResults = mlirOperationGetNumOperands(yield);
  dlcForEachOp(op, body)
    if (n < 64 && !mlirOperationEqual(op, yield)) ops[n++] = op;
  for (intptr_t i = 0; i < nResults && i < 8; ++i) results[i] = mlirOperationGetOperand(yield, i);
  return dlcFlowOfOps(flow, n, ops, nResults < 8 ? nResults : 8, results, &(DlcFlowLevels){levelOfAll, &level},
                      DLC_ASSUMED_EXTENT);
}

static int show(MlirOperation graph, bool wantsFlow, bool wantsCost, bool wantsSchedule, int level) {
  DlcFlow flow;
  DlcDevice device;
  DlcCostSchedule schedule;
  DlcCost cost;
  showName(tile_graph_label(graph), NULL);
  if (mlirLogicalResultIsFailure(dlcDeviceOf(graph, &device))) return 1;
  if (!(level < 0 ? dlcFlowOfGraph(&flow, graph, DLC_ASSUMED_EXTENT) : flowAtLevel(&flow, graph, (tile_Level)level)))
    return printf(": no flow\n"), 0;
  dlcCostScheduleRead(tile_graph_schedule(graph), &flow, &schedule);
  printf(": %d nodes on %s\n", (int)flow.nNodes, device.name);
  if (wantsFlow) showFlow(&flow, schedule.tile[dlcCostItemLevel(&schedule, &device)]);
  if (wantsSchedule) {
    printf("  ");
    mlirAttributePrint(dlcCostScheduleWrite(&schedule, &flow, mlirOperationGetContext(graph)), showName, NULL);
    printf("\n");
  }
  dlcCostOfFlow(&flow, &schedule, &device, &cost);
  if (wantsCost) showCost(&cost, &device);
  dlcFlowDestroy(&flow);
  return 0;
}

int main(int argc, char **argv) {
  bool wantsFlow = false, wantsCost = false, wantsSchedule = false;
  int level = -1;
  for (int i = 2; i < argc; ++i) {
    wantsFlow |= !strcmp(argv[i], "flow"), wantsCost |= !strcmp(argv[i], "cost"),
        wantsSchedule |= !strcmp(argv[i], "schedule");
    for (int k = 0; k <= tile_Level_global; ++k)
      if (!strcmp(argv[i], tile_Level_str((tile_Level)k))) level = k;
  }
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextLoadAllAvailableDialects(ctx);
  MlirModule module = mlirModuleCreateParseFromFile(ctx, mlirStringRefCreateFromCString(argc > 1 ? argv[1] : ""));
  int status = 1;
  if (!mlirModuleIsNull(module)) {
    DlcOps graphs = dlcCollect(mlirModuleGetOperation(module), tile_graph_isa);
    status = 0;
    for (intptr_t i = 0; i < graphs.n; ++i) status |= show(graphs.data[i], wantsFlow, wantsCost, wantsSchedule, level);
    free(graphs.data);
    mlirModuleDestroy(module);
  }
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return status;
}
