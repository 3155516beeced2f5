// Prices that were searched for before: those of equal ops are asked for once, as a network's layers ask again and
// again.
//
// Equal: the same ops with the same attributes and bodies on values of the same types, in the same places among each
// other, with the same results; locations and names aside. What stands outside is known by its type and by what kind of
// op makes it.
#pragma once
#include "dlc/text.h"
#include "passes/cost/device.h"
#include "passes/tile/graph.h"

typedef struct {
  uint64_t hash;
  DlcText key; // bytes, zeros among them
  double seconds;
} DlcPrice;

typedef struct {
  const DlcDevice *device;
  DlcPrice *data;
  intptr_t n;
} DlcPrices;

// Of ops in the order of the program. graph: whose results and dimensions, or null.
DlcText dlcPriceKeyOf(const DlcTileGraph *graph, intptr_t n, const MlirOperation *ops, MlirOperation root);
bool dlcPricesFind(const DlcPrices *prices, const DlcText *key, double *seconds);
void dlcPricesAdd(DlcPrices *prices, DlcText key, double seconds); // takes the key
void dlcPricesDestroy(DlcPrices *prices);
