// See passes/ctrl/components.h. Tarjan's algorithm ("Depth-first search and linear graph algorithms", SIAM J. Comput.
// 1(2), 1972), which finds those that others need first; with a stack of its own, since chains may be long.
#include "passes/ctrl/components.h"
#include <stdbool.h>
#include <stdlib.h>

void dlcEdgesAdd(DlcEdges *e, intptr_t from, intptr_t to) {
  if (e->n == e->capacity) {
    e->capacity = 2 * e->capacity + 64;
    e->from = realloc(e->from, (size_t)e->capacity * sizeof *e->from);
    e->to = realloc(e->to, (size_t)e->capacity * sizeof *e->to);
  }
  e->from[e->n] = from, e->to[e->n++] = to;
}

void dlcEdgesDestroy(DlcEdges *e) {
  free(e->from), free(e->to);
  *e = (DlcEdges){0};
}

typedef struct {
  intptr_t *first, *needed;     // of node v: needed[first[v]] to needed[first[v + 1] - 1]
  intptr_t *order, *low, *next; // of a node: order of the visit from 1; the lowest reached; the next edge
  intptr_t *open, nOpen;        // nodes whose component is not complete
  intptr_t *path, nPath;
  bool *isOpen;
  intptr_t count, nComponents, *component;
} Search;

// Counting sort by `from`.
static void sortEdges(Search *s, intptr_t n, const DlcEdges *edges) {
  s->first = calloc((size_t)n + 2, sizeof *s->first);
  s->needed = malloc((size_t)(edges->n + 1) * sizeof *s->needed);
  for (intptr_t i = 0; i < edges->n; ++i) ++s->first[edges->from[i] + 2];
  for (intptr_t i = 2; i < n + 2; ++i) s->first[i] += s->first[i - 1];
  for (intptr_t i = 0; i < edges->n; ++i) s->needed[s->first[edges->from[i] + 1]++] = edges->to[i];
}

static void enter(Search *s, intptr_t v) {
  s->order[v] = s->low[v] = ++s->count, s->next[v] = s->first[v];
  s->open[s->nOpen++] = v, s->isOpen[v] = true;
  s->path[s->nPath++] = v;
}

static void closeComponent(Search *s, intptr_t v) {
  intptr_t w;
  do {
    w = s->open[--s->nOpen];
    s->isOpen[w] = false, s->component[w] = s->nComponents;
  } while (w != v);
  ++s->nComponents;
}

static void search(Search *s, intptr_t root) {
  enter(s, root);
  while (s->nPath) {
    intptr_t v = s->path[s->nPath - 1];
    if (s->next[v] < s->first[v + 1]) {
      intptr_t w = s->needed[s->next[v]++];
      if (!s->order[w])
        enter(s, w);
      else if (s->isOpen[w] && s->order[w] < s->low[v])
        s->low[v] = s->order[w];
      continue;
    }
    --s->nPath;
    if (s->nPath && s->low[v] < s->low[s->path[s->nPath - 1]]) s->low[s->path[s->nPath - 1]] = s->low[v];
    if (s->low[v] == s->order[v]) closeComponent(s, v);
  }
}

intptr_t dlcFindComponents(intptr_t n, const DlcEdges *edges, intptr_t *component) {
  size_t size = (size_t)n + 1;
  Search s = {.order = calloc(size, sizeof(intptr_t)),
              .low = calloc(size, sizeof(intptr_t)),
              .next = calloc(size, sizeof(intptr_t)),
              .open = calloc(size, sizeof(intptr_t)),
              .path = calloc(size, sizeof(intptr_t)),
              .isOpen = calloc(size, sizeof(bool)),
              .component = component};
  sortEdges(&s, n, edges);
  for (intptr_t v = 0; v < n; ++v)
    if (!s.order[v]) search(&s, v);
  free(s.first), free(s.needed), free(s.order), free(s.low), free(s.next), free(s.open), free(s.path), free(s.isOpen);
  return s.nComponents;
}
