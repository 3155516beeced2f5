// See passes/ctrl/calls.h. Components by Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972),
// with a stack of its own: a chain of calls may be long.
#include "passes/ctrl/calls.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

//===--- edges --------------------------------------------------------------------------===//
typedef struct {
  intptr_t *data, n;
} Edges;

static Edges edgesOf(const DlcCallGraph *g, MlirOperation function) {
  DlcOps calls = dlcCollect(function, dlcIsCall);
  Edges e = {calloc((size_t)(calls.n + 1), sizeof(intptr_t)), 0};
  for (intptr_t i = 0; i < calls.n; ++i) {
    MlirOperation callee = dlcCalledFunction(calls.data[i]);
    int64_t to = callee.ptr ? dlcPointerMapGet(&g->index, callee.ptr) : -1;
    if (to >= 0) e.data[e.n++] = to;
  }
  free(calls.data);
  return e;
}

//===--- components -----------------------------------------------------------------------===//
typedef struct {
  const DlcCallGraph *g;
  Edges *edges;
  intptr_t *number, *low, *next; // of a node: order of the visit from 1; the lowest reached; the next edge
  intptr_t *open, nOpen;         // nodes whose component is not complete
  intptr_t *path, nPath;
  bool *isOpen;
  intptr_t count, nComponents, nDone;
  DlcCallNode *done;
} Search;

static void enter(Search *s, intptr_t v) {
  s->number[v] = s->low[v] = ++s->count;
  s->open[s->nOpen++] = v, s->isOpen[v] = true;
  s->path[s->nPath++] = v;
}

static bool callsItself(const Search *s, intptr_t v) {
  for (intptr_t i = 0; i < s->edges[v].n; ++i)
    if (s->edges[v].data[i] == v) return true;
  return false;
}

static void closeComponent(Search *s, intptr_t v) {
  intptr_t first = s->nOpen;
  while (s->open[--first] != v) {}
  bool recurses = s->nOpen - first > 1 || callsItself(s, v);
  for (intptr_t i = first; i < s->nOpen; ++i) {
    s->isOpen[s->open[i]] = false;
    s->done[s->nDone++] = (DlcCallNode){s->g->nodes[s->open[i]].function, s->nComponents, recurses};
  }
  s->nOpen = first;
  ++s->nComponents;
}

static void search(Search *s, intptr_t root) {
  enter(s, root);
  while (s->nPath) {
    intptr_t v = s->path[s->nPath - 1];
    if (s->next[v] < s->edges[v].n) {
      intptr_t w = s->edges[v].data[s->next[v]++];
      if (!s->number[w])
        enter(s, w);
      else if (s->isOpen[w] && s->number[w] < s->low[v])
        s->low[v] = s->number[w];
      continue;
    }
    --s->nPath;
    if (s->nPath && s->low[v] < s->low[s->path[s->nPath - 1]]) s->low[s->path[s->nPath - 1]] = s->low[v];
    if (s->low[v] == s->number[v]) closeComponent(s, v);
  }
}

static void findComponents(DlcCallGraph *g) {
  size_t n = (size_t)(g->n + 1);
  Search s = {.g = g,
              .edges = calloc(n, sizeof(Edges)),
              .number = calloc(n, sizeof(intptr_t)),
              .low = calloc(n, sizeof(intptr_t)),
              .next = calloc(n, sizeof(intptr_t)),
              .open = calloc(n, sizeof(intptr_t)),
              .path = calloc(n, sizeof(intptr_t)),
              .isOpen = calloc(n, sizeof(bool)),
              .done = calloc(n, sizeof(DlcCallNode))};
  for (intptr_t i = 0; i < g->n; ++i) s.edges[i] = edgesOf(g, g->nodes[i].function);
  for (intptr_t i = 0; i < g->n; ++i)
    if (!s.number[i]) search(&s, i);
  for (intptr_t i = 0; i < g->n; ++i) free(s.edges[i].data);
  free(s.edges), free(s.number), free(s.low), free(s.next), free(s.open), free(s.path), free(s.isOpen);
  free(g->nodes);
  g->nodes = s.done, g->nComponents = s.nComponents;
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
