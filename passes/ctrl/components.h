// The strongly connected components of a graph whose nodes are numbers: nodes that reach each other.
#pragma once
#include <stdint.h>

// Edges from a node to what it needs. Zero-initialised; to be destroyed.
typedef struct {
  intptr_t *from, *to, n, capacity;
} DlcEdges;
void dlcEdgesAdd(DlcEdges *edges, intptr_t from, intptr_t to);
void dlcEdgesDestroy(DlcEdges *edges);

// Sets the component of each of n nodes; what a component needs has smaller numbers. The number of components.
intptr_t dlcFindComponents(intptr_t n, const DlcEdges *edges, intptr_t *component);
