// Whether an op joins a graph, by price.
#pragma once
#include "passes/cost/device.h"
#include "passes/tile/graph.h"

// A border (passes/tile/pad.h): the graph that makes its tiles against the graph, a fill and a copy on their own.
bool dlcConnectPays(const DlcTileGraph *graph, MlirOperation pad, const DlcDevice *device);
