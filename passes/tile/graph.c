// See passes/tile/graph.h.
#include "passes/tile/graph.h"
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "passes/tile/pad.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "ods/tile.h"

bool dlcFusionRead(MlirStringRef text, DlcFusion *fusion) {
  static const char *const names[] = {"none", "register", "all"};
  for (int i = 0; i < 3; ++i)
    if (mlirStringRefEqual(text, dlcText(names[i]))) return *fusion = (DlcFusion)i, true;
  return false;
}

MlirLogicalResult dlcFusionOption(MlirOperation root, const char *pass, MlirStringRef text, DlcFusion *fusion) {
  if (dlcFusionRead(text, fusion)) return mlirLogicalResultSuccess();
  return dlcErrorAt(mlirOperationGetLocation(root), "%s: unknown fusion '%.*s'; known are none, register and all", pass,
                    (int)text.length, text.data);
}

//===--- one op -----------------------------------------------------------------===//
// The map of result 0: that of the first out operand.
static bool resultMap(MlirOperation op, MlirAffineMap *map) {
  return dlcLinalgMap(op, mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op), map);
}

// A reduction with reuse: some operand does not vary along every loop.
static bool isContraction(MlirOperation op, const DlcTileNode *node) {
  bool reduces = false;
  for (intptr_t i = 0; i < node->nLoops; ++i) reduces |= node->isReduction[i];
  if (!reduces) return false;
  intptr_t nIn = mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op);
  for (intptr_t i = 0; i < nIn; ++i) {
    MlirAffineMap map;
    if (!dlcLinalgMap(op, i, &map)) return false;
    if (mlirAffineMapGetNumResults(map) && !mlirAffineMapIsPermutation(map)) return true;
  }
  return false;
}

static bool startNode(MlirOperation op, DlcTileNode *node) {
  *node = (DlcTileNode){.op = op};
  bool isPad = dlcIsPad(op);
  intptr_t n = isPad ? mlirShapedTypeGetRank(typeOf(mlirOperationGetResult(op, 0)))
                     : dlcIteratorTypes(op, node->isReduction, DLC_MAX_LOOPS);
  if (n < 0 || n > DLC_MAX_LOOPS) return false;
  node->nLoops = n;
  for (intptr_t i = 0; i < n; ++i) node->loopToRoot[i] = DLC_WHOLE;
  node->contracts = !isPad && isContraction(op, node);
  return true;
}

// Sets loopToRoot from what the dimensions of result 0 follow; false where a
// result is not indexed by plain loops.
static bool bindLoops(DlcTileNode *node, const int *dimToRoot) {
  if (dlcIsPad(node->op)) return memcpy(node->loopToRoot, dimToRoot, (size_t)node->nLoops * sizeof *dimToRoot), true;
  MlirAffineMap map;
  if (!resultMap(node->op, &map)) return false;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (!mlirAffineExprIsADim(e)) return false;
    node->loopToRoot[mlirAffineDimExprGetPosition(e)] = dimToRoot[i];
  }
  return true;
}

//===--- joining ------------------------------------------------------------------===//
static int follow(const DlcTileGraph *graph, int root) {
  return root != DLC_WHOLE && graph->tileable[root] ? root : DLC_WHOLE;
}

// The dimension of the root that an expression of loops moves with. False: it is more than one, or it moves by windows
// and that may not be.
static bool followExpression(const DlcTileNode *user, MlirAffineExpr e, const DlcTileGraph *graph, bool windows,
                             int *root) {
  *root = DLC_WHOLE; // a constant, or an expression of loops that all run whole
  if (mlirAffineExprIsADim(e)) return *root = follow(graph, user->loopToRoot[mlirAffineDimExprGetPosition(e)]), true;
  for (intptr_t l = 0; l < user->nLoops; ++l) {
    int moves = mlirAffineExprIsFunctionOfDim(e, l) ? follow(graph, user->loopToRoot[l]) : DLC_WHOLE;
    if (moves == DLC_WHOLE) continue;
    if (!windows || *root != DLC_WHOLE) return false;
    *root = moves;
  }
  return true;
}

// What each dimension of the value that `user` reads as `operand` follows; isPad: of a pad.
static bool readDims(const DlcTileNode *user, intptr_t operand, const DlcTileGraph *graph, bool isPad, int *dimToRoot) {
  MlirAffineMap map;
  bool isInit = operand >= mlirOperationGetNumOperands(user->op) - mlirOperationGetNumResults(user->op),
       windows = !isInit && (isPad || graph->chains);
  if (dlcIsPad(user->op)) { // its fill; its source, where overlaps are priced
    for (intptr_t i = 0; i < user->nLoops; ++i) dimToRoot[i] = user->loopToRoot[i];
    return operand == 1 || graph->chains;
  }
  if ((isPad && isInit) || !dlcLinalgMap(user->op, operand, &map)) return false;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (!followExpression(user, mlirAffineMapGetResult(map, i), graph, windows, &dimToRoot[i])) return false;
  return true;
}

void dlcTileVaries(const DlcTileNode *node, intptr_t operand, bool *varies) {
  MlirAffineMap map;
  bool isPad = dlcIsPad(node->op);
  if (!isPad && !dlcLinalgMap(node->op, operand, &map)) return;
  for (intptr_t l = 0; l < node->nLoops; ++l)
    for (intptr_t i = 0; node->loopToRoot[l] != DLC_WHOLE && i < (isPad ? 1 : mlirAffineMapGetNumResults(map)); ++i)
      if (isPad || mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, i), l)) varies[node->loopToRoot[l]] = true;
}

int dlcTileInnerBorder(const DlcTileGraph *graph) {
  int inner = DLC_WHOLE;
  for (intptr_t n = 0; n < graph->n; ++n) {
    const DlcTileNode *node = &graph->nodes[n];
    if (!dlcIsPad(node->op)) continue;
    MlirOperation source = opOf(tensor_insert_slice_source(node->op));
    if (tile_edge_isa(source)) source = opOf(tile_edge_value(source));
    if (!source.ptr || !dlcTileGraphFind(graph, source)) continue;
    DlcPadShape shape;
    dlcPadRead(node->op, &shape);
    for (intptr_t i = 0; i < shape.rank; ++i)
      if (dlcPadHasBorder(&shape, i) && node->loopToRoot[i] != DLC_WHOLE) inner = node->loopToRoot[i];
  }
  return inner != DLC_WHOLE && graph->extent[inner] < 0 ? DLC_WHOLE : inner;
}

intptr_t dlcTileGraphResults(const DlcTileGraph *graph, MlirValue *results) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(graph->nodes[0].op) && n < DLC_MAX_RESULTS; ++i)
    results[n++] = mlirOperationGetResult(graph->nodes[0].op, i);
  for (intptr_t i = 1; i < graph->n && n < DLC_MAX_RESULTS; ++i)
    if (graph->nodes[i].isStored) results[n++] = mlirOperationGetResult(graph->nodes[i].op, 0);
  return n;
}

const DlcTileNode *dlcTileGraphFind(const DlcTileGraph *graph, MlirOperation op) {
  for (intptr_t i = 0; i < graph->n; ++i)
    if (mlirOperationEqual(graph->nodes[i].op, op)) return &graph->nodes[i];
  return NULL;
}

// What the uses of a value say of its tile.
typedef struct {
  int dimToRoot[DLC_MAX_RANK];
  // isPart: of some dimension one place is read; isStart: an accumulation starts from it, and takes its place
  bool isRead, overlaps, isPart, isStart, isStored;
} Reading;

static bool usesAgree(const DlcTileGraph *graph, MlirValue value, bool isPad, Reading *r);

// What one of the graph's nodes reads.
static bool readBy(const DlcTileGraph *graph, const DlcTileNode *user, intptr_t operand, bool isPad, intptr_t rank,
                   Reading *r) {
  int dims[DLC_MAX_RANK];
  if (!readDims(user, operand, graph, isPad, dims) ||
      (r->isRead && memcmp(dims, r->dimToRoot, (size_t)rank * sizeof *dims)))
    return false;
  memcpy(r->dimToRoot, dims, (size_t)rank * sizeof *dims);
  r->isRead = true;
  r->isStart |=
      !dlcIsPad(user->op) && operand >= mlirOperationGetNumOperands(user->op) - mlirOperationGetNumResults(user->op);
  MlirAffineMap map;
  bool isPlain = !dlcIsPad(user->op) && dlcLinalgMap(user->op, operand, &map), isWindow = !isPlain;
  for (intptr_t i = 0; isPlain && i < mlirAffineMapGetNumResults(map); ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    r->isPart |= mlirAffineExprIsAConstant(e);
    isWindow |= !mlirAffineExprIsADim(e) && !mlirAffineExprIsAConstant(e);
  }
  r->overlaps |= user->overlaps || isWindow;
  return true;
}

// Behind the root in its block, or in an op there.
static bool isBehindRoot(const DlcTileGraph *graph, MlirOperation op) {
  MlirOperation root = graph->nodes[0].op;
  op = dlcAncestorIn(op, mlirOperationGetBlock(root));
  return op.ptr && !mlirOperationEqual(op, root) && mlirOperationIsBeforeInBlock(root, op);
}

// All uses are in the graph and read the same tile; others are behind it and read what is stored.
static bool usesAgree(const DlcTileGraph *graph, MlirValue value, bool isPad, Reading *r) {
  intptr_t rank = mlirShapedTypeGetRank(typeOf(value));
  dlcForEachUse(use, value) {
    MlirOperation owner = mlirOpOperandGetOwner(use);
    const DlcTileNode *user = dlcTileGraphFind(graph, owner);
    if (!user && !tile_edge_isa(owner) && graph->stores && isBehindRoot(graph, owner))
      r->isStored = true;
    else if (tile_edge_isa(owner) ? !usesAgree(graph, tile_edge_result(owner), isPad, r)
                                  : !user || !readBy(graph, user, mlirOpOperandGetOperandNumber(use), isPad, rank, r))
      return false;
  }
  return r->isRead;
}

// What the results of the graph's op are made in: a fresh tensor, through fills at most.
static bool startsFresh(MlirOperation op) {
  MlirOperation init = opOf(mlirOperationGetOperand(op, mlirOperationGetNumOperands(op) - 1));
  while (init.ptr && linalg_fill_isa(init))
    init = opOf(mlirOperationGetOperand(init, mlirOperationGetNumOperands(init) - 1));
  return init.ptr ? tensor_empty_isa(init) : true;
}

static bool mayStore(const DlcTileGraph *graph, const DlcTileNode *node, const Reading *r) {
  MlirValue results[DLC_MAX_RESULTS];
  return !r->overlaps && !r->isPart && !r->isStart && !dlcIsPad(node->op) && !linalg_fill_isa(node->op) &&
         startsFresh(node->op) && dlcTileGraphResults(graph, results) < DLC_MAX_RESULTS;
}

// The part of the intermediate that is not cut by tiling must be small.
static bool fitsScratch(const DlcTileGraph *graph, MlirType type, const int *dimToRoot, const bool *tileable) {
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(type));
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i) {
    if (dimToRoot[i] != DLC_WHOLE && tileable[dimToRoot[i]]) continue;
    if (mlirShapedTypeIsDynamicDim(type, i)) return false;
    int64_t extent = mlirShapedTypeGetDimSize(type, i);
    if (extent > 0 && bytes > graph->scratchBytes / extent) return false;
    bytes *= extent;
  }
  return bytes <= graph->scratchBytes;
}

// The same for what is in the graph already, where a dimension is cut no more.
static bool allFitScratch(const DlcTileGraph *graph, const bool *tileable) {
  for (intptr_t i = 1; i < graph->n; ++i) {
    const DlcTileNode *node = &graph->nodes[i];
    MlirAffineMap map;
    int dims[DLC_MAX_RANK];
    bool isPad = dlcIsPad(node->op);
    if (!isPad && !resultMap(node->op, &map)) return false;
    MlirType type = typeOf(mlirOperationGetResult(node->op, 0));
    for (intptr_t d = 0; d < mlirShapedTypeGetRank(type); ++d)
      dims[d] = node->loopToRoot[isPad ? d : mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, d))];
    if (!linalg_fill_isa(node->op) && !fitsScratch(graph, type, dims, tileable)) return false;
  }
  return true;
}

// Work items that the tileable dimensions allow; a dynamic one allows many. The last one is cut into vectors.
static int64_t parallelism(const DlcTileGraph *graph, const bool *tileable) {
  enum { VECTOR = 16, DYNAMIC = 64, MOST = 4096 };
  int64_t items = 1;
  for (intptr_t i = 0; i < graph->rank; ++i) {
    if (!tileable[i]) continue;
    int64_t parts = graph->extent[i] < 0 ? DYNAMIC : graph->extent[i] > MOST ? MOST : graph->extent[i];
    items *= i == graph->rank - 1 && graph->rank > 1 ? (parts + VECTOR - 1) / VECTOR : parts;
  }
  return items;
}

// Enough to occupy a machine, or all that there was.
enum { ENOUGH_ITEMS = 16 };

static bool restrictTiles(DlcTileGraph *graph, const DlcTileNode *node, MlirType type, const int *dimToRoot,
                          intptr_t rank) {
  bool tileable[DLC_MAX_RANK] = {false}, lost = false;
  for (intptr_t i = 0; i < rank; ++i)
    if (dimToRoot[i] != DLC_WHOLE) tileable[dimToRoot[i]] = graph->tileable[dimToRoot[i]];
  if (linalg_fill_isa(node->op) || dlcIsPad(node->op))
    memcpy(tileable, graph->tileable, sizeof tileable); // costs nothing, or what the price says, to repeat
  for (intptr_t i = 0; i < graph->rank; ++i) lost |= graph->tileable[i] && !tileable[i];
  if (lost && (graph->rigid || node->contracts) && !graph->chains) return false;
  if (node->contracts && !graph->chains)
    for (intptr_t l = 0; l < node->nLoops; ++l)
      if (!node->isReduction[l] && (node->loopToRoot[l] == DLC_WHOLE || !tileable[node->loopToRoot[l]])) return false;
  int64_t before = parallelism(graph, graph->tileable), after = parallelism(graph, tileable);
  if (after < before && after < ENOUGH_ITEMS) return false;
  if (!fitsScratch(graph, type, dimToRoot, tileable) || (lost && !allFitScratch(graph, tileable))) return false;
  memcpy(graph->tileable, tileable, sizeof tileable);
  graph->rigid |= node->contracts;
  return true;
}

static bool isElementwise(const DlcTileNode *node) {
  for (intptr_t i = 0; i < node->nLoops; ++i)
    if (node->isReduction[i]) return false;
  return true;
}

// A register can hold what one loop iteration hands to one other: every element is read once, on one side by an
// elementwise op.
static bool staysInRegisters(const DlcTileGraph *graph, const DlcTileNode *node) {
  dlcForEachUse(use, mlirOperationGetResult(node->op, 0)) {
    const DlcTileNode *user = dlcTileGraphFind(graph, mlirOpOperandGetOwner(use));
    MlirAffineMap map;
    if (!user || !dlcLinalgMap(user->op, mlirOpOperandGetOperandNumber(use), &map) ||
        !mlirAffineMapIsPermutation(map) || !(isElementwise(user) || isElementwise(node)))
      return false;
  }
  return true;
}

static bool mayJoin(const DlcTileGraph *graph, const DlcTileNode *node) {
  return graph->fusion == DLC_FUSE_ALL || linalg_fill_isa(node->op) ||
         (graph->fusion == DLC_FUSE_REGISTER && staysInRegisters(graph, node));
}

bool dlcTileGraphJoin(DlcTileGraph *graph, MlirOperation op) {
  MlirOperation root = graph->nodes[0].op;
  bool isPad = dlcIsPad(op);
  if (graph->n == DLC_MAX_NODES || (!dlcIsLinalgOp(op) && !isPad) || (isPad && graph->fusion != DLC_FUSE_ALL) ||
      mlirOperationGetNumResults(op) != 1 || dlcTileGraphFind(graph, op))
    return false;
  if (!mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(root))) return false;
  MlirValue value = mlirOperationGetResult(op, 0);
  MlirType type = typeOf(value);
  intptr_t rank = mlirShapedTypeGetRank(type);
  DlcTileNode node;
  Reading reading = {.isRead = false};
  if (rank > DLC_MAX_RANK || !startNode(op, &node) || !mayJoin(graph, &node) ||
      !usesAgree(graph, value, isPad, &reading) || !bindLoops(&node, reading.dimToRoot))
    return false;
  node.overlaps = reading.overlaps, node.isStored = reading.isStored;
  if (node.isStored && !mayStore(graph, &node, &reading)) return false;
  if (isPad && graph->pays && !graph->pays(graph, op, graph->data)) return false;
  if (!restrictTiles(graph, &node, type, reading.dimToRoot, rank)) return false;
  graph->nodes[graph->n++] = node;
  return true;
}

bool dlcTileGraphStart(DlcTileGraph *graph, MlirOperation root, int64_t scratchBytes) {
  *graph = (DlcTileGraph){.scratchBytes = scratchBytes, .fusion = DLC_FUSE_ALL};
  DlcTileNode *node = &graph->nodes[0];
  MlirType type = typeOf(mlirOperationGetResult(root, 0));
  graph->n = 1, graph->rank = mlirShapedTypeGetRank(type);
  if (graph->rank > DLC_MAX_RANK || mlirOperationGetNumResults(root) > DLC_MAX_RESULTS || !startNode(root, node))
    return false;
  int dims[DLC_MAX_RANK];
  for (intptr_t i = 0; i < graph->rank; ++i) {
    dims[i] = (int)i, graph->tileable[i] = true;
    graph->extent[i] = mlirShapedTypeIsDynamicDim(type, i) ? -1 : mlirShapedTypeGetDimSize(type, i);
  }
  graph->rigid = node->contracts;
  if (bindLoops(node, dims)) return true;
  for (intptr_t i = 0; i < graph->rank; ++i) graph->tileable[i] = false; // a scatter: one item
  return true;
}

// Tries the producers of every node until none joins: a value with several
// users joins once the last of them has.
void dlcTileGraphGrow(DlcTileGraph *graph) {
  for (bool changed = true; changed;) {
    changed = false;
    for (intptr_t i = 0; i < graph->n; ++i)
      for (intptr_t k = 0; k < mlirOperationGetNumOperands(graph->nodes[i].op); ++k) {
        MlirOperation producer = opOf(mlirOperationGetOperand(graph->nodes[i].op, k));
        if (tile_edge_isa(producer)) producer = opOf(tile_edge_value(producer));
        if (producer.ptr && dlcTileGraphJoin(graph, producer)) changed = true;
      }
  }
}
