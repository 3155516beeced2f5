// tile-schedule: gives every tile.graph without a schedule one workgroup fit, the
// tile of the root result that is one work item.
//
// Starting from the whole result, dimensions are halved until a tile is small
// enough and there are items for every worker. Each time it is the dimension whose
// cut makes the least memory be read again: by each part, the inputs that do not
// vary along it (the weights of a convolution for its rows, the image for its
// channels); among equals the outermost, so that rows stay contiguous. The
// dimensions that a register tile needs, the last one and the one that a
// contraction reuses its vectors along, are not cut below it. A size that divides
// the extent is preferred: every item is then of one static shape.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/tile/choices.h"
#include "passes/tile/lines.h"
#include "passes/tile/pad.h"
#include "passes/tile/reduce_search.h"
#include "passes/tile/winograd.h"
#include "ods/arith.h"
#include "ods/tensor.h"
#include "ods/tile.h"

enum { LEAST_ROWS = 16, LEAST_COLUMNS = 64, VECTOR = 16, DYNAMIC_EXTENT = 64 };
// An input larger than the first that meets at most so many rows streams; it does so best by whole rows.
enum { STREAMED_BYTES = 400000, STREAMED_ROWS = 24, MOST_COLUMNS = 4096 };

// An input: every part of a dimension that it does not vary along reads it again.
typedef struct {
  double bytes;
  bool varies[DLC_MAX_RANK];
} Input;
enum { MOST_INPUTS = 64 };

typedef struct {
  const DlcTileGraph *graph;
  int64_t tile[DLC_MAX_RANK];
  int64_t least[DLC_MAX_RANK], required[DLC_MAX_RANK]; // required: least, at first
  Input inputs[MOST_INPUTS];
  intptr_t nInputs;
  int64_t step; // of the reduction nearest to the root; 0: it is not cut
  bool hasBand; // `tile` is a strip of it
  intptr_t lines;
  int64_t band[DLC_MAX_RANK];
} Choice;

static int64_t extentOf(const DlcTileGraph *graph, intptr_t i) {
  return graph->extent[i] < 0 ? DYNAMIC_EXTENT : graph->extent[i];
}

static double bytesOf(MlirType type) {
  if (!mlirTypeIsARankedTensor(type)) return 0;
  double bytes = (double)dlcElementBytes(mlirShapedTypeGetElementType(type));
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    bytes *= mlirShapedTypeIsDynamicDim(type, i) ? (double)DYNAMIC_EXTENT : (double)mlirShapedTypeGetDimSize(type, i);
  return bytes;
}

// Columns of a tile at least, where an operand streams: all, or where nothing else makes items half of them.
static void keepRowsWhole(Choice *c, const DlcTileNode *node, MlirValue v, const bool *varies) {
  intptr_t last = c->graph->rank - 1;
  int64_t rows = 1, others = 1;
  if (last < 0 || !varies[last] || !node->contracts || bytesOf(typeOf(v)) < (double)STREAMED_BYTES) return;
  for (intptr_t i = 0; i < last; ++i) *(varies[i] ? &others : &rows) *= extentOf(c->graph, i);
  int64_t columns = extentOf(c->graph, last), half = (columns / 2 + LEAST_COLUMNS - 1) / LEAST_COLUMNS * LEAST_COLUMNS;
  if (rows > STREAMED_ROWS) return;
  c->least[last] = others > 1 ? columns : half > MOST_COLUMNS ? MOST_COLUMNS : half;
}

static void weighNode(Choice *c, const DlcTileNode *node) {
  intptr_t nIn = mlirOperationGetNumOperands(node->op) - mlirOperationGetNumResults(node->op), rank = c->graph->rank;
  for (intptr_t k = 0; k < nIn; ++k) {
    MlirValue v = mlirOperationGetOperand(node->op, k);
    bool varies[DLC_MAX_RANK] = {false};
    dlcTileVaries(node, k, varies);
    if (mlirValueIsABlockArgument(v)) keepRowsWhole(c, node, v, varies);
    bool variesAlongLast = rank > 0 && varies[rank - 1];
    if (mlirValueIsABlockArgument(v) && c->nInputs < MOST_INPUTS) {
      Input *input = &c->inputs[c->nInputs++];
      input->bytes = bytesOf(typeOf(v));
      memcpy(input->varies, varies, sizeof varies);
    }
    // A vector of this operand is used for every index of a dimension that it does not vary along.
    for (intptr_t i = 0; i < rank; ++i)
      if (node->contracts && variesAlongLast && !varies[i]) c->least[i] = LEAST_ROWS;
  }
}

// A dynamic extent may be one: it is not counted on for parallelism.
static int64_t countItems(const Choice *c) {
  int64_t items = 1;
  for (intptr_t i = 0; i < c->graph->rank; ++i)
    if (c->tile[i] > 0 && items < (1 << 20) && c->graph->extent[i] >= 0)
      items *= (c->graph->extent[i] + c->tile[i] - 1) / c->tile[i];
  return items;
}

// Elements of one tile: dimensions that are not tiled count whole.
static int64_t countElements(const Choice *c) {
  int64_t n = 1;
  for (intptr_t i = 0; i < c->graph->rank; ++i) {
    int64_t size = c->tile[i] > 0 ? c->tile[i] : extentOf(c->graph, i);
    if (size > 0 && n < (1LL << 40)) n *= size;
  }
  return n;
}

// Bytes read again when the dimension is cut once more: all that does not vary along it, as often as it is read by now.
static double costOfCut(const Choice *c, intptr_t i) {
  double cost = 0;
  for (intptr_t k = 0; k < c->nInputs; ++k) {
    double times = 1;
    for (intptr_t d = 0; d < c->graph->rank; ++d)
      if (!c->inputs[k].varies[d] && c->tile[d] > 0) times *= (double)extentOf(c->graph, d) / (double)c->tile[d];
    if (!c->inputs[k].varies[i]) cost += c->inputs[k].bytes * times;
  }
  return cost;
}

// Halves the dimension that is cheapest to cut, one of known extent where more items are wanted; false: none can be.
static bool cutOnce(Choice *c, bool forItems) {
  intptr_t best = -1;
  for (intptr_t i = 0; i < c->graph->rank; ++i)
    if (c->tile[i] > c->least[i] && (!forItems || c->graph->extent[i] >= 0) &&
        (best < 0 || costOfCut(c, i) < 0.999 * costOfCut(c, best)))
      best = i;
  if (best < 0) return false;
  int64_t unit = best == c->graph->rank - 1 ? VECTOR : 1, half = c->tile[best] / 2;
  if (half < c->least[best]) half = c->least[best];
  int64_t extent = c->graph->extent[best] < 0 ? INT64_MAX : c->graph->extent[best];
  half = extent == INT64_MAX ? half : dlcNiceSize(extent, half, unit);
  if (half < c->tile[best])
    c->tile[best] = half;
  else
    c->least[best] = c->tile[best]; // as small as it gets
  return true;
}

// The rows that a register tile needs may lie in several dimensions, of an image for instance: the innermost first.
static void shareRows(Choice *c) {
  int64_t wanted = LEAST_ROWS;
  for (intptr_t i = c->graph->rank - 2; i >= 0; --i) {
    if (c->least[i] != LEAST_ROWS) continue;
    int64_t extent = c->graph->extent[i];
    c->least[i] = extent < 0 || extent > wanted ? wanted : extent;
    wanted = (wanted + c->least[i] - 1) / (c->least[i] > 0 ? c->least[i] : 1);
  }
}

static void chooseTile(Choice *c, int64_t elements, int64_t workers) {
  const DlcTileGraph *graph = c->graph;
  for (intptr_t i = 0; i < graph->rank; ++i) {
    c->tile[i] = graph->tileable[i] ? extentOf(graph, i) : 0;
    c->least[i] = i == graph->rank - 1 ? LEAST_COLUMNS : 1;
  }
  for (intptr_t i = 0; i < graph->n; ++i) weighNode(c, &graph->nodes[i]);
  shareRows(c);
  memcpy(c->required, c->least, sizeof c->required);
  while (countElements(c) > elements && cutOnce(c, false)) {}
  while (countItems(c) < workers && countElements(c) > elements / 32 && cutOnce(c, true)) {}
  for (intptr_t i = 0; i < graph->rank; ++i) // one tile: not tiled at all
    if (graph->extent[i] >= 0 && c->tile[i] >= graph->extent[i]) c->tile[i] = 0;
}

// Elements of a tile. A graph that runs over rows again and again, as softmax does, and contracts nothing, has tiles of
// which what is read, what is between and what is made stay in the innermost cache: an item costs next to nothing
// there.
static int64_t elementsOf(const DlcTileGraph *graph, const DlcDevice *device, int64_t most) {
  enum { HELD = 3, ELEMENT = 4 };
  bool reduces = false;
  for (intptr_t i = 0; i < graph->n; ++i) {
    if (graph->nodes[i].contracts) return most;
    for (intptr_t l = 0; l < graph->nodes[i].nLoops; ++l) reduces |= graph->nodes[i].isReduction[l];
  }
  int64_t held = (int64_t)device->memory[DLC_WORKGROUP].capacity / (HELD * ELEMENT);
  return reduces && graph->n > 1 && device->isHost && held > 0 && held < most ? held : most;
}

//===--- by cost --------------------------------------------------------------------------===//
// The cut tile, as a schedule writes it: a dimension that is not cut is 0.
static void writeTile(const DlcTileGraph *graph, const int64_t *from, int64_t *tile) {
  for (intptr_t i = 0; i < graph->rank; ++i)
    tile[i] = graph->tileable[i] && !(graph->extent[i] >= 0 && from[i] >= graph->extent[i]) ? from[i] : 0;
}

// Reads an operand in another order than its own: what that costs in a core depends on its caches and on the code more
// than the price knows, and whatever the tile, all is read and written once.
static bool transposes(const DlcTileNode *node) {
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(node->op) && !node->contracts; ++k) {
    MlirAffineMap map;
    if (!dlcLinalgMap(node->op, k, &map) || !mlirAffineMapIsProjectedPermutation(map)) continue;
    for (intptr_t i = 1; i < mlirAffineMapGetNumResults(map); ++i)
      if (mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, i)) <
          mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, i - 1)))
        return true;
  }
  return false;
}

// What a device's register allocator makes of a contraction's unrolled loops is not in the price, and of some tiles it
// makes spills.
static bool contracts(const DlcTileNode *node) { return node->contracts; }

// Why no other tile than that of the rules is looked for; null: it is.
static const char *keepsRules(const DlcTileGraph *graph, const DlcDevice *device) {
  if (dlcTileInnerBorder(graph) != DLC_WHOLE) return NULL; // they know nothing of overlaps
  for (intptr_t i = 0; i < graph->n; ++i)
    if ((device->isHost ? transposes : contracts)(&graph->nodes[i]))
      return device->isHost ? "the rules' tile: an op transposes"
                            : "the rules' tile: a contraction, whose spills have no price";
  return NULL;
}

static void limitSearch(DlcSearch *search, const Choice *c, const DlcTileScheduleOptions *options) {
  // Kernels of devices keep intermediates in the workgroup memory that needs no opting in; more goes to global memory.
  enum { DEVICE_SCRATCH = 49152, DEVICE_COLUMNS = 32 };
  const DlcTileGraph *graph = c->graph;
  bool isHost = search->device->isHost;
  search->scratchBytes = isHost ? 0 : DEVICE_SCRATCH, search->powers = !isHost;
  for (intptr_t i = 0; i < graph->rank; ++i) {
    bool isLast = i == graph->rank - 1;
    search->tileable[i] = graph->tileable[i];
    search->least[i] = isHost ? c->required[i] : isLast ? DEVICE_COLUMNS : 1;
    search->unit[i] = !isLast ? 1 : !isHost ? DEVICE_COLUMNS : graph->rigid ? options->panelColumns : VECTOR;
  }
}

// Smaller tiles than the rules' until one fits: their size is that of the result, and what is between may be larger.
static void addSmaller(const DlcSearch *search, Choice c, DlcCandidates *found) {
  double price = -1;
  for (intptr_t i = 0; i < c.graph->rank; ++i)
    if (c.graph->tileable[i] && !c.tile[i]) c.tile[i] = extentOf(c.graph, i);
  while (price < 0 && cutOnce(&c, false)) price = dlcSearchAdd(search, c.tile, "smaller", found);
}

static void keepWhole(DlcSearch *search, Choice *c, int dimension, bool isWhole) {
  search->tileable[dimension] = !isWhole && c->graph->tileable[dimension];
  c->least[dimension] = isWhole ? extentOf(c->graph, dimension) : c->required[dimension];
  if (isWhole) c->tile[dimension] = 0;
}

// From the tile of the rules on; its price, negative where it does not fit.
static double searchTiles(DlcSearch *search, const Choice *c, DlcCandidates *found) {
  int64_t steps[DLC_MAX_STEPS];
  intptr_t nSteps = dlcSearchSteps(search, steps);
  double own = -1;
  for (intptr_t i = 0; i < nSteps; ++i) {
    search->step = steps[i];
    double price = dlcSearchAdd(search, c->tile, "rules", found);
    if (!i) own = price;
    if (price < 0) addSmaller(search, *c, found);
    if (found->n) dlcSearchGrow(search, found);
  }
  return own;
}

// Says on the edges of the values that a strip takes some rows of from the one before that it does; how many they are.
static intptr_t markLines(const DlcFlow *flow, intptr_t dimension, int64_t strip, MlirContext ctx) {
  intptr_t lines = 0;
  DlcLineRows *rows = calloc((size_t)flow->nValues + 1, sizeof *rows);
  dlcLineRows(flow, dimension, rows);
  for (intptr_t v = 0; v < flow->nValues; ++v) {
    if (!dlcIsLine(&flow->values[v])) continue;
    MlirAttribute halo = tile_halo_get(ctx, .kind = tile_HaloKind_line, .dims = i64s(rows[v].dimension),
                                       .rows = rows[v].scale * strip + rows[v].keep);
    ++lines;
    dlcForEachUse(use, flow->values[v].value)
      if (tile_edge_isa(mlirOpOperandGetOwner(use))) tile_edge_set_halo(mlirOpOperandGetOwner(use), halo);
  }
  free(rows);
  return lines;
}

static bool isBand(const DlcCandidate *c) { return c->schedule.has[DLC_L2]; }

static void take(Choice *c, const DlcSearch *search, const DlcCandidate *from, intptr_t rows, MlirContext ctx) {
  writeTile(c->graph, from->schedule.tile[DLC_WORKGROUP], c->tile);
  c->step = dlcCandidateStep(search, from);
  if (!isBand(from)) return;
  c->hasBand = true;
  writeTile(c->graph, from->schedule.tile[DLC_L2], c->band);
  c->lines = markLines(&search->flow[0], rows, from->schedule.tile[DLC_WORKGROUP][rows], ctx);
}

// Replaces the choice by the candidate that is asked for, else by the cheapest if it is so by more than the margin.
static void improve(Choice *c, MlirOperation op, const DlcDevice *device, const DlcTileScheduleOptions *options,
                    const DlcChoices *choices) {
  DlcSearch search;
  DlcCandidates found = {.most = DLC_MAX_CANDIDATES};
  const char *why = keepsRules(c->graph, device);
  if (why || !dlcSearchBegin(&search, op, device)) {
    if (options->explain) dlcNoteCandidates(op, NULL, 0, why ? why : "the rules' tile: not priced");
    return;
  }
  limitSearch(&search, c, options);
  int inner = dlcTileInnerBorder(c->graph);
  double own = -1;
  for (int cut = 0; cut < 2 && !found.n; ++cut) { // rows of overlapping tiles are whole, if they fit
    if (inner != DLC_WHOLE) keepWhole(&search, c, inner, !cut);
    own = searchTiles(&search, c, &found);
    if (inner == DLC_WHOLE) break;
  }
  bool always = mlirStringRefEqual(options->halo, dlcText("line"));
  search.step = 0;
  intptr_t rows = mlirStringRefEqual(options->halo, dlcText("recompute"))
                      ? -1
                      : dlcSearchBands(&search, c->graph->tileable, &found);
  if (options->explain) dlcNoteCandidates(op, &found, c->graph->rank, "the rules' tile: none fits");
  int64_t asked = dlcChoicesOf(choices, tile_graph_label(op));
  if (!asked) asked = options->candidate;
  intptr_t k = asked > found.n ? found.n - 1 : asked > 0 ? asked - 1 : 0;
  for (intptr_t i = 0; i < found.n && always && !asked; ++i)
    if (isBand(&found.at[i])) k = i, asked = i + 1;
  bool cheaper = found.n && (own < 0 || found.at[0].price < own * (1 - (device->isHost ? options->margin : 0)));
  if (found.n && (asked > 0 || cheaper)) take(c, &search, &found.at[k], rows, mlirOperationGetContext(op));
  dlcSearchEnd(&search);
}

//===--- panels -------------------------------------------------------------------------===//
// An input of a contraction with vectors along the root's last dimension, used again for each of many rows: cut into
// columns it is a panel that stays in the worker's cache, where its rows lie side by side. Of a constant the panels are
// made now (tile-pack-constants), so that few rows are enough.
typedef struct {
  MlirOperation node;
  intptr_t operand, column; // column: the root's dimension that is cut into panels
  int64_t rows;
  bool reuses[DLC_MAX_RANK], isPackable;
} Panel;
enum { PANEL_ROWS = 48, MOST_CONSTANT_ROWS = 128, SMALL_BYTES = 262144 };

// An input of the graph whose panels can be made now.
static bool isPackable(MlirValue argument) {
  MlirBlock body = mlirBlockArgumentGetOwner(argument);
  MlirOperation graph = mlirBlockGetParentOperation(body);
  intptr_t i = mlirBlockArgumentGetArgNumber(argument);
  if (!tile_graph_isa(graph) || i >= tile_graph_ins(graph).n || mlirShapedTypeGetRank(typeOf(argument)) < 2)
    return false;
  MlirOperation constant = opOf(at(tile_graph_ins(graph), i));
  if (!arith_constant_isa(constant) || !hasOneUse(argument)) return false;
  MlirAttribute value = arith_constant_value(constant);
  return !(mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value));
}

// The root's dimension that follows the vectors of a node's result, its last one.
static int columnOf(const DlcTileNode *node) {
  MlirAffineMap map;
  if (!dlcLinalgMap(node->op, mlirOperationGetNumOperands(node->op) - 1, &map) || !mlirAffineMapGetNumResults(map))
    return -1;
  MlirAffineExpr e = mlirAffineMapGetResult(map, mlirAffineMapGetNumResults(map) - 1);
  return mlirAffineExprIsADim(e) ? node->loopToRoot[mlirAffineDimExprGetPosition(e)] : -1;
}

static bool isPanel(const DlcTileGraph *graph, const DlcTileNode *node, intptr_t k,
                    const DlcTileScheduleOptions *options, Panel *panel) {
  MlirValue v = mlirOperationGetOperand(node->op, k);
  MlirAffineMap map;
  bool varies[DLC_MAX_RANK] = {false};
  intptr_t column = columnOf(node);
  if (column < 0 || column >= graph->rank || !mlirValueIsABlockArgument(v) || !mlirTypeIsARankedTensor(typeOf(v)) ||
      !dlcIsStatic(typeOf(v)) || !dlcLinalgMap(node->op, k, &map) || !mlirAffineMapIsProjectedPermutation(map))
    return false;
  dlcTileVaries(node, k, varies);
  if (!varies[column] || bytesOf(typeOf(v)) < (double)SMALL_BYTES || graph->extent[column] < options->panelColumns)
    return false;
  double bytes = (double)dlcElementBytes(mlirShapedTypeGetElementType(typeOf(v))) * (double)options->panelColumns;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (node->isReduction[mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, i))])
      bytes *= (double)mlirShapedTypeGetDimSize(typeOf(v), i);
  *panel = (Panel){.node = node->op, .operand = k, .column = column, .rows = 1};
  for (intptr_t i = 0; i < graph->rank; ++i) {
    if (i == column) continue;
    panel->reuses[i] = !varies[i];
    if (!varies[i]) panel->rows *= graph->extent[i] < 0 ? 0 : graph->extent[i];
  }
  MlirAffineExpr columns = mlirAffineMapGetResult(map, mlirAffineMapGetNumResults(map) - 1);
  panel->isPackable = node->loopToRoot[mlirAffineDimExprGetPosition(columns)] == column && isPackable(v);
  return panel->isPackable ||
         (column == graph->rank - 1 && bytes <= (double)options->panelBytes && panel->rows >= PANEL_ROWS);
}

static bool findPanel(const DlcTileGraph *graph, const DlcTileScheduleOptions *options, Panel *panel) {
  for (intptr_t n = 0; n < graph->n; ++n) {
    const DlcTileNode *node = &graph->nodes[n];
    if (!node->contracts) continue;
    intptr_t nIn = mlirOperationGetNumOperands(node->op) - mlirOperationGetNumResults(node->op);
    for (intptr_t k = 0; k < nIn; ++k)
      if (isPanel(graph, node, k, options, panel)) return true;
  }
  return false;
}

// One panel wide, all rows high: less only where there would be too few items.
static bool choosePanelTile(Choice *c, const Panel *panel, const DlcTileScheduleOptions *options) {
  const DlcTileGraph *graph = c->graph;
  for (intptr_t i = 0; i < graph->rank; ++i) {
    if (!graph->tileable[i]) return false;
    c->tile[i] = i == panel->column ? options->panelColumns : panel->reuses[i] ? graph->extent[i] : 1;
    if (c->tile[i] < 0 || (i != panel->column && panel->isPackable && c->tile[i] > MOST_CONSTANT_ROWS))
      c->tile[i] = MOST_CONSTANT_ROWS;
  }
  int64_t rows = panel->rows;
  for (intptr_t i = 0; i < graph->rank; ++i)
    while (panel->reuses[i] && countItems(c) < options->workers && rows >= 2 * PANEL_ROWS && c->tile[i] > 1) {
      int64_t half = dlcNiceSize(graph->extent[i], (c->tile[i] + 1) / 2, 1);
      if (half >= c->tile[i]) break;
      rows = rows / c->tile[i] * half, c->tile[i] = half;
    }
  return true;
}

//===--- Winograd ----------------------------------------------------------------------------===//
// The root's dimension that one of a node's result follows, if both are of that size; -1: none.
static int rootDimension(const DlcTileGraph *graph, const DlcTileNode *node, int dimension, int64_t size) {
  MlirAffineMap map;
  if (!dlcLinalgMap(node->op, 2, &map)) return -1;
  MlirAffineExpr e = mlirAffineMapGetResult(map, dimension);
  int at = mlirAffineExprIsADim(e) ? node->loopToRoot[mlirAffineDimExprGetPosition(e)] : DLC_WHOLE;
  return at >= 0 && graph->tileable[at] && graph->extent[at] == size ? at : -1;
}

// Items as a marked convolution wants them (tile-winograd).
static bool chooseWinogradTile(Choice *c, const DlcDevice *device) {
  const DlcTileGraph *graph = c->graph;
  for (intptr_t n = 0; n < graph->n; ++n) {
    const DlcTileNode *node = &graph->nodes[n];
    DlcConvolution conv;
    DlcWinograd w;
    int64_t outputs = dlcWinogradOf(node->op);
    if (!outputs || !dlcWinogradApplies(node->op, &conv) || !dlcWinogradPrice(&conv, device, outputs, &w)) continue;
    const DlcConvolutionDims *d = &conv.output;
    const int dimensions[] = {d->image, d->row, d->column, d->channel};
    const int64_t wanted[] = {w.images, w.rows, w.columns, w.filters},
                  sizes[] = {conv.images, conv.rows, conv.columns, conv.filters};
    for (intptr_t i = 0; i < graph->rank; ++i) c->tile[i] = 0;
    bool fits = true;
    for (int i = 0; i < 4; ++i) {
      int at = rootDimension(graph, node, dimensions[i], sizes[i]);
      if (at >= 0 && (sizes[i] < 0 || wanted[i] < sizes[i])) c->tile[at] = wanted[i];
      fits &= at >= 0 || wanted[i] == sizes[i];
    }
    if (fits) return true;
  }
  return false;
}

static void readThroughPanel(const Panel *panel) {
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(panel->node));
  DlcBuilder b = dlcBuilderAt(rewriter, panel->node);
  MlirValue v = mlirOperationGetOperand(panel->node, panel->operand);
  mlirOperationSetOperand(panel->node, panel->operand, tile_edge(&b, v, .level = tile_Level_workgroup));
  mlirIRRewriterDestroy(rewriter);
}

// Of a tile; band: null, or what it is a strip of.
static MlirAttribute makeSchedule(MlirContext ctx, const int64_t *band, const int64_t *tile, intptr_t rank,
                                  int64_t step) {
  MlirAttribute fits[2];
  intptr_t n = 0;
  if (band) fits[n++] = tile_fit_get(ctx, .level = tile_Level_l2, .tile = {band, rank});
  fits[n++] = tile_fit_get(ctx, .level = tile_Level_workgroup, .tile = {tile, rank}, .step = {&step, step ? 1 : 0});
  return tile_schedule_get(ctx, .fit = {fits, n});
}

MlirLogicalResult dlcRunTileSchedule(MlirOperation root, DlcPass *pass, const DlcTileScheduleOptions *options) {
  if (options->elements < 1 || options->workers < 1 || options->panelColumns < 1) {
    mlirEmitError(mlirOperationGetLocation(root), "tile-schedule: elements, workers and panel-columns are at least 1");
    return mlirLogicalResultFailure();
  }
  bool byCost = mlirStringRefEqual(options->by, dlcText("cost"));
  if (!byCost && !mlirStringRefEqual(options->by, dlcText("rules")))
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-schedule: by=%.*s is neither cost nor rules",
                      (int)options->by.length, options->by.data);
  const char *const halos[] = {"cost", "line", "recompute"};
  bool known = false;
  for (int i = 0; i < 3; ++i) known |= mlirStringRefEqual(options->halo, dlcText(halos[i]));
  if (!known)
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-schedule: halo=%.*s is neither cost, line nor recompute",
                      (int)options->halo.length, options->halo.data);
  DlcDevice device;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  DlcChoices choices;
  if (!dlcChoicesRead(options->choices, &choices))
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-schedule: cannot read %.*s: %s",
                      (int)options->choices.length, options->choices.data, strerror(errno));
  DlcOps graphs = dlcCollect(root, tile_graph_isa);
  DlcTileGraph *graph = malloc(sizeof *graph);
  for (intptr_t i = 0; i < graphs.n; ++i) {
    MlirOperation op = graphs.data[i];
    if (!mlirAttributeIsNull(tile_graph_schedule(op))) continue;
    DlcReduceTile stream;
    if (dlcReduceOf(op).ptr) {
      if (dlcReduceSearch(op, &device, &stream) > 0)
        tile_graph_set_schedule(op,
                                makeSchedule(mlirOperationGetContext(op), NULL, stream.tile, stream.rank, stream.step));
      continue;
    }
    MlirOperation yield = mlirBlockGetTerminator(bodyOf(tile_graph_body(op)));
    MlirOperation node = opOf(mlirOperationGetOperand(yield, 0));
    if (!node.ptr || !dlcTileGraphStart(graph, node, INT64_MAX)) continue;
    graph->chains = graph->stores = true; // whoever formed the graph asked whether they pay
    dlcTileGraphGrow(graph);
    Choice choice = {.graph = graph};
    Panel panel;
    if (chooseWinogradTile(&choice, &device)) {
      if (options->explain) dlcNoteCandidates(op, NULL, 0, "the tile of Winograd's algorithm");
    } else if (options->panelBytes > 0 && findPanel(graph, options, &panel) &&
               choosePanelTile(&choice, &panel, options)) {
      readThroughPanel(&panel);
      if (options->explain) dlcNoteCandidates(op, NULL, 0, "the rules' tile: an input is read through panels");
    } else {
      int64_t elements = elementsOf(graph, &device, options->elements);
      chooseTile(&choice, elements, options->workers);
      if (elements < options->elements && options->explain)
        dlcNoteCandidates(op, NULL, 0, "the rules' tile: its rows stay in the innermost cache");
      if (byCost && elements == options->elements) improve(&choice, op, &device, options, &choices);
    }
    dlcPassCount(pass, DlcTileSchedule_lines, (uint64_t)choice.lines);
    if (graph->rank)
      tile_graph_set_schedule(op, makeSchedule(mlirOperationGetContext(op), choice.hasBand ? choice.band : NULL,
                                               choice.tile, graph->rank, choice.step));
  }
  dlcChoicesDestroy(&choices);
  free(graph);
  free(graphs.data);
  return mlirLogicalResultSuccess();
}
