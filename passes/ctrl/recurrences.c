// See passes/ctrl/recurrences.h. Components by Tarjan's algorithm (SIAM J. Comput. 1(2), 1972), which finds those that
// others depend on first.
#include "passes/ctrl/recurrences.h"
#include <stdlib.h>
#include "ods/ctrl.h"
#include "ods/tensor.h"

// Edges: op to what it needs.
typedef struct {
  intptr_t *from, *to, n, capacity;
  intptr_t *first, *needed; // of op i: needed[first[i]] to needed[first[i + 1] - 1]
} Edges;

static void addEdge(Edges *e, intptr_t from, intptr_t to) {
  if (e->n == e->capacity) {
    e->capacity = 2 * e->capacity + 64;
    e->from = realloc(e->from, (size_t)e->capacity * sizeof *e->from);
    e->to = realloc(e->to, (size_t)e->capacity * sizeof *e->to);
  }
  e->from[e->n] = from, e->to[e->n++] = to;
}

// Counting sort by `from`.
static void sortEdges(Edges *e, intptr_t nOps) {
  free(e->first), free(e->needed);
  e->first = calloc((size_t)nOps + 2, sizeof *e->first), e->needed = malloc((size_t)(e->n + 1) * sizeof *e->needed);
  for (intptr_t i = 0; i < e->n; ++i) ++e->first[e->from[i] + 2];
  for (intptr_t i = 2; i < nOps + 2; ++i) e->first[i] += e->first[i - 1];
  for (intptr_t i = 0; i < e->n; ++i) e->needed[e->first[e->from[i] + 1]++] = e->to[i];
}

intptr_t dlcRecurrencesFind(const DlcRecurrences *r, MlirValue v) {
  MlirOperation op = opOf(v);
  return op.ptr ? dlcPointerMapGet(&r->index, op.ptr) : -1;
}

static MlirValue nextOf(MlirOperation loop, intptr_t carry) {
  return at(ctrl_next_values(mlirBlockGetTerminator(bodyOf(ctrl_loop_body(loop)))), carry);
}

static bool addOp(DlcRecurrences *r, MlirOperation loop, intptr_t i, Edges *edges) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  DlcValueList used = {0};
  bool ok = true;
  dlcCaptures(r->ops[i], &used);
  for (intptr_t k = 0; k < used.n && ok; ++k) {
    intptr_t producer = dlcRecurrencesFind(r, used.data[k]);
    if (producer >= 0) addEdge(edges, i, producer);
    if (opOf(used.data[k]).ptr || !mlirBlockEqual(mlirBlockArgumentGetOwner(used.data[k]), body)) continue;
    intptr_t carry = mlirBlockArgumentGetArgNumber(used.data[k]) - 1;
    if (carry < 0) continue;
    producer = dlcRecurrencesFind(r, nextOf(loop, carry));
    ok = producer >= 0;
    if (ok) addEdge(edges, i, producer), addEdge(edges, producer, i);
  }
  dlcValueListDestroy(&used);
  return ok;
}

typedef struct {
  const Edges *edges;
  intptr_t *order, *low, *stack, *next, nStack, count;
  bool *isOpen;
} Search;

// Iterative: bodies may be long.
static void search(DlcRecurrences *r, Search *s, intptr_t root, intptr_t *path) {
  intptr_t depth = 0;
  path[depth] = root;
  s->order[root] = s->low[root] = ++s->count, s->stack[s->nStack++] = root, s->isOpen[root] = true;
  while (depth >= 0) {
    intptr_t v = path[depth];
    if (s->next[v] < s->edges->first[v + 1]) {
      intptr_t w = s->edges->needed[s->next[v]++];
      if (!s->order[w]) {
        s->order[w] = s->low[w] = ++s->count, s->stack[s->nStack++] = w, s->isOpen[w] = true;
        path[++depth] = w;
      } else if (s->isOpen[w] && s->order[w] < s->low[v]) {
        s->low[v] = s->order[w];
      }
      continue;
    }
    if (s->low[v] == s->order[v]) {
      intptr_t w;
      do {
        w = s->stack[--s->nStack];
        s->isOpen[w] = false, r->group[w] = r->nGroups;
      } while (w != v);
      ++r->nGroups;
    }
    --depth;
    if (depth >= 0 && s->low[v] < s->low[path[depth]]) s->low[path[depth]] = s->low[v];
  }
}

static void findGroups(DlcRecurrences *r, Edges *edges) {
  sortEdges(edges, r->nOps);
  free(r->recurs);
  r->nGroups = 0;
  size_t n = (size_t)r->nOps + 1;
  Search s = {.edges = edges,
              .order = calloc(n, sizeof(intptr_t)),
              .low = calloc(n, sizeof(intptr_t)),
              .stack = malloc(n * sizeof(intptr_t)),
              .next = malloc(n * sizeof(intptr_t)),
              .isOpen = calloc(n, sizeof(bool))};
  intptr_t *path = malloc(n * sizeof *path);
  for (intptr_t i = 0; i < r->nOps; ++i) s.next[i] = edges->first[i];
  for (intptr_t i = 0; i < r->nOps; ++i)
    if (!s.order[i]) search(r, &s, i, path);
  r->recurs = calloc((size_t)r->nGroups + 1, sizeof *r->recurs);
  for (intptr_t v = 0; v < r->nOps; ++v)
    for (intptr_t k = edges->first[v]; k < edges->first[v + 1]; ++k)
      r->recurs[r->group[v]] |= r->group[edges->needed[k]] == r->group[v];
  free(s.order), free(s.low), free(s.stack), free(s.next), free(s.isOpen), free(path);
}

// What a recurrence puts into a carried tensor in each iteration is put there where it is made.
static bool joinScans(DlcRecurrences *r, Edges *edges) {
  bool joined = false;
  for (intptr_t i = 0; i < r->nOps; ++i) {
    MlirOperation op = r->ops[i];
    if (!tensor_insert_slice_isa(op) || opOf(tensor_insert_slice_dest(op)).ptr) continue;
    intptr_t producer = dlcRecurrencesFind(r, tensor_insert_slice_source(op));
    if (producer < 0 || !r->recurs[r->group[producer]]) continue;
    addEdge(edges, producer, i);
    joined = true;
  }
  return joined;
}

bool dlcRecurrencesOf(MlirOperation loop, DlcRecurrences *out) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirOperation end = mlirBlockGetTerminator(body);
  *out = (DlcRecurrences){0};
  intptr_t n = 0;
  dlcForEachOp(op, body) ++n;
  out->ops = malloc((size_t)(n + 1) * sizeof *out->ops), out->group = calloc((size_t)n + 1, sizeof *out->group);
  dlcForEachOp(op, body) {
    if (mlirOperationEqual(op, end)) continue;
    dlcPointerMapSet(&out->index, op.ptr, out->nOps);
    out->ops[out->nOps++] = op;
  }
  Edges edges = {0};
  bool ok = true;
  DlcValues next = ctrl_next_values(end);
  for (intptr_t i = 0; i < next.n && ok; ++i) {
    intptr_t producer = dlcRecurrencesFind(out, at(next, i));
    ok = producer >= 0;
    if (ok) addEdge(&edges, producer, producer);
  }
  for (intptr_t i = 0; i < out->nOps && ok; ++i) ok = addOp(out, loop, i, &edges);
  if (ok) {
    findGroups(out, &edges);
    if (joinScans(out, &edges)) findGroups(out, &edges);
  }
  free(edges.from), free(edges.to), free(edges.first), free(edges.needed);
  return ok;
}

void dlcRecurrencesDestroy(DlcRecurrences *r) {
  free(r->ops), free(r->group), free(r->recurs);
  dlcPointerMapDestroy(&r->index);
  *r = (DlcRecurrences){0};
}
