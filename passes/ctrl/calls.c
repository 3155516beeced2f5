// See passes/ctrl/calls.h.
#include "passes/ctrl/calls.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "passes/ctrl/components.h"
#include "ods/ctrl.h"
#include "ods/func.h"

bool dlcIsCall(MlirOperation op) { return func_call_isa(op) || ctrl_call_isa(op); }
MlirStringRef dlcCallee(MlirOperation call) {
  return func_call_isa(call) ? func_call_callee(call) : ctrl_call_callee(call);
}
DlcValues dlcCallArguments(MlirOperation call) {
  return func_call_isa(call) ? func_call_operands(call) : ctrl_call_args(call);
}
MlirOperation dlcFunctionOf(MlirOperation op) { return dlcParentNamed(op, "func.func"); }

MlirOperation dlcCalledFunction(MlirOperation call) {
  MlirStringRef name = dlcCallee(call);
  MlirOperation function = dlcFunctionOf(call), found = {0};
  if (!function.ptr || !name.data) return found;
  char *text = malloc(name.length + 1); // a reference need not end in a zero
  memcpy(text, name.data, name.length), text[name.length] = 0;
  found = dlcLookupSymbol(mlirOperationGetParentOperation(function), text);
  free(text);
  return func_func_isa(found) ? found : (MlirOperation){0};
}

const char *dlcFunctionName(MlirOperation function, char *text, size_t size) {
  MlirStringRef name = func_func_sym_name(function);
  snprintf(text, size, "%.*s", (int)name.length, name.data);
  return text;
}

//===--- components -----------------------------------------------------------------------===//
// Which function of the graph calls which.
static DlcEdges findCalls(const DlcCallGraph *g) {
  DlcEdges edges = {0};
  for (intptr_t i = 0; i < g->n; ++i) {
    DlcOps calls = dlcCollect(g->nodes[i].function, dlcIsCall);
    for (intptr_t k = 0; k < calls.n; ++k) {
      MlirOperation callee = dlcCalledFunction(calls.data[k]);
      int64_t to = callee.ptr ? dlcPointerMapGet(&g->index, callee.ptr) : -1;
      if (to >= 0) dlcEdgesAdd(&edges, i, to);
    }
    free(calls.data);
  }
  return edges;
}

static int compareComponents(const void *a, const void *b) {
  intptr_t x = ((const DlcCallNode *)a)->component, y = ((const DlcCallNode *)b)->component;
  return (x > y) - (x < y);
}

// Puts the nodes in the order of their components.
static void findComponents(DlcCallGraph *g) {
  DlcEdges edges = findCalls(g);
  intptr_t *component = calloc((size_t)g->n + 1, sizeof *component);
  g->nComponents = dlcFindComponents(g->n, &edges, component);
  for (intptr_t i = 0; i < g->n; ++i) g->nodes[i].component = component[i];
  for (intptr_t i = 0; i < edges.n; ++i)
    g->nodes[edges.from[i]].recurses |= component[edges.from[i]] == component[edges.to[i]];
  dlcEdgesDestroy(&edges);
  free(component);
  qsort(g->nodes, (size_t)g->n, sizeof *g->nodes, compareComponents);
  for (intptr_t i = 0; i < g->n; ++i) dlcPointerMapSet(&g->index, g->nodes[i].function.ptr, i);
}

DlcCallGraph dlcCallGraphCreate(MlirOperation module) {
  DlcCallGraph g = {0};
  intptr_t capacity = 0;
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(module, 0))) {
    if (!func_func_isa(op) || !bodyOf(func_func_body(op)).ptr) continue;
    if (g.n == capacity) {
      capacity = capacity ? 2 * capacity : 16;
      g.nodes = realloc(g.nodes, (size_t)capacity * sizeof *g.nodes);
    }
    dlcPointerMapSet(&g.index, op.ptr, g.n);
    g.nodes[g.n++] = (DlcCallNode){op, 0, false};
  }
  findComponents(&g);
  return g;
}

void dlcCallGraphDestroy(DlcCallGraph *g) {
  free(g->nodes);
  dlcPointerMapDestroy(&g->index);
  *g = (DlcCallGraph){0};
}

DlcCallNode *dlcCallNodeOf(const DlcCallGraph *g, MlirOperation function) {
  int64_t i = function.ptr ? dlcPointerMapGet(&g->index, function.ptr) : -1;
  return i < 0 ? NULL : &g->nodes[i];
}

MlirLogicalResult dlcForEachRecursion(const DlcCallGraph *g, MlirLogicalResult (*each)(void *data, intptr_t component),
                                      void *data) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < g->n && mlirLogicalResultIsSuccess(result); ++i)
    if (g->nodes[i].recurses && (!i || g->nodes[i - 1].component != g->nodes[i].component))
      result = each(data, g->nodes[i].component);
  return result;
}
