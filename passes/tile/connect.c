// See passes/tile/connect.h.
#include "passes/tile/connect.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/tile/pad.h"
#include "passes/tile/search.h"
#include "ods/tensor.h"

static int compareOrder(const void *a, const void *b) {
  const MlirOperation *x = a, *y = b;
  return mlirOperationEqual(*x, *y) ? 0 : mlirOperationIsBeforeInBlock(*x, *y) ? -1 : 1;
}

static double searchPrice(const DlcTileGraph *graph, intptr_t n, const MlirOperation *ops, MlirOperation root,
                          const DlcDevice *device) {
  enum { HOST_COLUMNS = 64, DEVICE_COLUMNS = 32 };
  DlcSearch search;
  MlirValue results[DLC_MAX_RESULTS] = {mlirOperationGetResult(root, 0)};
  intptr_t rank = mlirShapedTypeGetRank(typeOf(results[0])), nResults = graph ? dlcTileGraphResults(graph, results) : 1;
  if (!dlcSearchBeginOps(&search, n, ops, nResults, results, device)) return -1;
  search.powers = !device->isHost;
  int64_t columns = device->isHost ? HOST_COLUMNS : DEVICE_COLUMNS;
  for (intptr_t d = 0; d < rank; ++d) {
    search.tileable[d] = !graph || graph->tileable[d];
    if (d == rank - 1) search.least[d] = search.unit[d] = columns;
  }
  int inner = graph ? dlcTileInnerBorder(graph) : DLC_WHOLE;
  if (inner != DLC_WHOLE) search.tileable[inner] = false;
  double seconds = dlcSearchBest(&search);
  if (seconds < 0 && inner != DLC_WHOLE) {
    search.tileable[inner] = graph->tileable[inner];
    seconds = dlcSearchBest(&search);
  }
  dlcSearchEnd(&search);
  return seconds;
}

double dlcConnectPrice(const DlcTileGraph *graph, intptr_t n, MlirOperation *ops, MlirOperation root,
                       DlcPrices *prices) {
  double seconds;
  qsort(ops, (size_t)n, sizeof *ops, compareOrder);
  DlcText key = dlcPriceKeyOf(graph, n, ops, root);
  if (dlcPricesFind(prices, &key, &seconds))
    dlcTextDestroy(&key);
  else
    dlcPricesAdd(prices, key, seconds = searchPrice(graph, n, ops, root, prices->device));
  return seconds;
}

// What a pad costs outside of the graph: the fill, of which only the border stays if it is large, and the copy, unless
// what makes the source makes it in its place.
static double priceApart(MlirOperation pad, DlcPrices *prices) {
  MlirOperation fill = opOf(tensor_insert_slice_dest(pad)), source = opOf(tensor_insert_slice_source(pad));
  MlirOperation border[] = {fill, pad};
  double copied = dlcConnectPrice(NULL, 2, border, pad, prices), filled = dlcConnectPrice(NULL, 1, &fill, fill, prices);
  if (!dlcPadIsLarge(pad)) return copied + filled;
  bool inPlace = source.ptr && dlcIsLinalgOp(source) && hasOneUse(tensor_insert_slice_source(pad));
  return prices->device->launchSeconds + (inPlace ? 0 : copied);
}

bool dlcConnectPays(const DlcTileGraph *graph, MlirOperation pad, DlcPrices *prices) {
  MlirOperation ops[DLC_MAX_NODES + 2], fill = opOf(tensor_insert_slice_dest(pad));
  intptr_t n = 0;
  for (intptr_t i = 0; i < graph->n; ++i) ops[n++] = graph->nodes[i].op;
  double without = dlcConnectPrice(graph, n, ops, graph->nodes[0].op, prices);
  ops[n++] = pad, ops[n++] = fill;
  double with = dlcConnectPrice(graph, n, ops, graph->nodes[0].op, prices);
  return with > 0 && without > 0 && with < without + priceApart(pad, prices);
}
