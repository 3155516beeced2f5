// The ops of a graph as a tile.graph in the place of its root.
//
// What is between them is read through edges at(workgroup); the results are the root's and, after them, what is kept in
// the tile and stored. What the results start from is an out of the graph: a fresh tensor that nothing else starts
// from.
#pragma once
#include "passes/tile/graph.h"

// Puts nodes in the order of their block, users last.
void dlcOrderNodes(intptr_t n, DlcTileNode *nodes);
// All uses of the results read those of the tile.graph; the ops are left behind.
void dlcBuildGraph(DlcBuilder *b, const DlcTileGraph *graph);
