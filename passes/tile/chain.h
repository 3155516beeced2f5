// Contractions and row reductions that follow each other in one graph, row tile by row tile: the first one's rows of
// results stay in a tile of the item, with what elementwise ops make of them, and the second one reads them there.
//
//   {matmul, gelu}  {matmul}   ->   {matmul, gelu, matmul}, tiled over the rows
//
// Nothing is computed twice: the columns of neither are cut any more, and that is what it costs (less to run at once,
// right operands that every row tile reads whole). Whether it pays is the price of the one graph against that of both.
//
// Windows, behind a border or without one, are no obstacle: a tile then computes the rows, too, that they reach beyond
// it, and that is in the price. Long rows between two contractions are made by steps of the second one's reduction
// (passes/tile/search.h). Winograd's algorithm has tiles of its own, and stays apart.
#pragma once
#include "passes/tile/prices.h"

// Joins another graph to `graph`, which reads its root's result; other ops do as well: it is kept and stored.
bool dlcChainStore(DlcTileGraph *graph, const DlcTileGraph *other, DlcPrices *prices);
// Joins the graph that would be formed of a producer of `graph` to it, if that pays; false: no producer's does.
bool dlcChainJoin(DlcTileGraph *graph, DlcPrices *prices);
