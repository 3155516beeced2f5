// Whether an op joins a graph, by price.
#pragma once
#include "passes/tile/prices.h"

// A border (passes/tile/pad.h): the graph that makes its tiles against the graph, a fill and a copy on their own.
bool dlcConnectPays(const DlcTileGraph *graph, MlirOperation pad, DlcPrices *prices);
// Seconds of the best tile of a kernel of these ops, which are put in order; negative: not known. graph: whose
// dimensions may be cut (null: all may).
double dlcConnectPrice(const DlcTileGraph *graph, intptr_t n, MlirOperation *ops, MlirOperation root,
                       DlcPrices *prices);
