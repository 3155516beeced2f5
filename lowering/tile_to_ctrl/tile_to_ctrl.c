// tile-to-tasks: lowers each scheduled tile graph to one ctrl.task.
//
//   %r = tile.graph ins(%a = %A, ..) outs(%o = %O) schedule #tile.schedule<[<workgroup [64, 128]>]> { .. }
// ->
//   %r = ctrl.task (%i, %j) in (16, 6) ins(%a = %A, ..) outs(%o = %O) {
//     // the root on its tile at [64 i, 128 j], every other node on the tile that the root needs
//     ctrl.in_parallel { tensor.parallel_insert_slice %t into %o[64 i, 128 j] .. }
//   }
//
// The graph is first inlined; upstream's tile-and-fuse makes one scf.forall of it,
// which is then turned into the task. An edge at(workgroup) on an input of the graph
// becomes a copy of the tile that the item reads of it. Without a tile the whole graph is one item.
// A graph with a tile.reduce has tiles of its own making: lowering/tile_to_ctrl/stream.h.
// Halos in line buffers: lowering/tile_to_ctrl/strips.h.
// Refuses: a graph without a schedule of which a dimension is tiled; a root that
// upstream cannot tile; halos that neighbours exchange.
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "lowering/tile_to_ctrl/fuse.h"
#include "lowering/tile_to_ctrl/stream.h"
#include "passes/tile/graph.h"
#include "passes/tile/reduce_search.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/scf.h"
#include "ods/tensor.h"
#include "ods/tile.h"

//===--- what a task is made of --------------------------------------------------===//
// From the values that a body uses to the arguments of the task.
typedef struct {
  DlcValueList ins, constants;
  DlcValues outs;
  MlirStringRef label;
} Parts;

static void addCaptures(Parts *parts, MlirOperation op, MlirOperation scope) {
  DlcValueList used = {0};
  dlcCaptures(op, &used);
  for (intptr_t i = 0; i < used.n; ++i) {
    MlirOperation producer = opOf(used.data[i]);
    if (dlcIsMadeInside(used.data[i], scope)) continue;
    dlcValueListAdd(producer.ptr && dlcIsScalarConstant(producer) ? &parts->constants : &parts->ins, used.data[i]);
  }
  dlcValueListDestroy(&used);
}

static void destroyParts(Parts *parts) { dlcValueListDestroy(&parts->ins), dlcValueListDestroy(&parts->constants); }

// An empty task and the mapping of its operands to its arguments.
static MlirOperation beginTask(DlcBuilder *b, const Parts *parts, DlcI64s grid, DlcValues dynamicGrid, DlcMapping map,
                               MlirBlock *body) {
  int64_t zeros[DLC_MAX_RANK] = {0};
  MlirOperation task = ctrl_task(b, (DlcValues){0}, dynamicGrid, dlcValuesOf(&parts->ins), parts->outs, (DlcValues){0},
                                 .static_lbs = {zeros, grid.n}, .static_ubs = grid);
  if (mlirOperationIsNull(task)) return task;
  if (parts->label.length)
    mlirOperationSetDiscardableAttributeByName(task, dlcText("label"), mlirStringAttrGet(b->ctx, parts->label));
  MlirType indices[DLC_MAX_RANK];
  for (intptr_t i = 0; i < grid.n; ++i) indices[i] = indexType(b);
  *body = dlcAddBlock(b, ctrl_task_body(task), typesN(grid.n, indices));
  for (intptr_t i = 0; i < parts->ins.n; ++i)
    dlcMap(map, parts->ins.data[i], mlirBlockAddArgument(*body, typeOf(parts->ins.data[i]), b->loc));
  for (intptr_t i = 0; i < parts->outs.n; ++i) mlirBlockAddArgument(*body, typeOf(at(parts->outs, i)), b->loc);
  dlcAtEnd(b, *body) {
    for (intptr_t i = 0; i < parts->constants.n; ++i)
      dlcMap(map, parts->constants.data[i], dlcResult(dlcClone(b, opOf(parts->constants.data[i]), map), 0));
  }
  return task;
}

static MlirValue outArg(MlirBlock body, const Parts *parts, intptr_t i) {
  return argOf(body, mlirBlockGetNumArguments(body) - parts->outs.n + i);
}

// Whether an edge asks for a copy: an input of the graph that is to be read from nearer memory.
static bool isCopied(MlirOperation edge) {
  return mlirValueIsABlockArgument(tile_edge_value(edge)) && tile_edge_level(edge) == tile_Level_workgroup;
}

static MlirValue copyTile(DlcBuilder *b, MlirValue tile) {
  MlirValue sizes[DLC_MAX_RANK];
  intptr_t n = 0;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(typeOf(tile)); ++i)
    if (mlirShapedTypeIsDynamicDim(typeOf(tile), i)) sizes[n++] = tensor_dim(b, tile, constIndex(b, i));
  return dlcResult(
      linalg_copy(b, vals(tile), vals(tensor_empty(b, valsN(n, sizes), typeOf(tile))), types(typeOf(tile))), 0);
}

// Clones op. An edge of an input that is still there is a copy of what it reads; any other has done its work and
// becomes its value.
static void cloneNode(DlcBuilder *b, MlirOperation op, DlcMapping map, bool copies) {
  if (tile_edge_isa(op)) {
    MlirValue value = dlcMapped(map, tile_edge_value(op));
    dlcMap(map, tile_edge_result(op), copies || isCopied(op) ? copyTile(b, value) : value);
  } else {
    dlcClone(b, op, map);
  }
}

//===--- tiled -----------------------------------------------------------------------===//
// Items of one dimension: ceil(bound / step).
static bool gridOf(DlcBuilder *b, MlirOperation forall, int64_t *grid, MlirValue *dynamic, intptr_t *nDynamic) {
  DlcI64s ubs = scf_forall_staticUpperBound(forall), steps = scf_forall_staticStep(forall);
  DlcValues values = scf_forall_dynamicUpperBound(forall);
  intptr_t next = 0;
  *nDynamic = 0;
  if (ubs.n > DLC_MAX_RANK || scf_forall_dynamicStep(forall).n) return false;
  for (intptr_t i = 0; i < ubs.n; ++i) {
    if (!mlirShapedTypeIsDynamicSize(ubs.data[i])) {
      grid[i] = (ubs.data[i] + steps.data[i] - 1) / steps.data[i];
      continue;
    }
    grid[i] = mlirShapedTypeGetDynamicSize();
    MlirValue bound = at(values, next++);
    dynamic[(*nDynamic)++] = steps.data[i] == 1 ? bound : arith_ceildivsi(b, bound, constIndex(b, steps.data[i]));
  }
  return true;
}

// Tiling leaves slices of the originals behind: they must not be captured.
static void eraseUnused(DlcBuilder *b, MlirBlock body) {
  MlirOperation op = mlirBlockGetTerminator(body);
  for (MlirOperation end = op; op.ptr;) {
    MlirOperation previous = dlcPreviousInBlock(op);
    if (!mlirOperationEqual(op, end) && dlcIsUnused(op) && dlcIsEffectFree(op))
      mlirRewriterBaseEraseOp(b->rewriter, op);
    op = previous;
  }
}

static MlirOperation forallToTask(DlcBuilder *b, MlirOperation forall, MlirStringRef label) {
  Parts parts = {.outs = scf_forall_outputs(forall), .label = label};
  MlirBlock from = bodyOf(scf_forall_region(forall)), to = {0};
  int64_t grid[DLC_MAX_RANK];
  MlirValue dynamic[DLC_MAX_RANK];
  intptr_t nDynamic;
  MlirOperation task = {0};
  dlcBefore(b, forall) {
    if (!gridOf(b, forall, grid, dynamic, &nDynamic)) break;
    DlcI64s steps = scf_forall_staticStep(forall);
    eraseUnused(b, from);
    dlcForEachOp(op, from) addCaptures(&parts, op, forall);
    DlcMapping map = dlcMappingCreate();
    task = beginTask(b, &parts, (DlcI64s){grid, steps.n}, valsN(nDynamic, dynamic), map, &to);
    if (task.ptr) dlcAtEnd(b, to) {
        for (intptr_t i = 0; i < steps.n; ++i) {
          MlirAffineMap scale =
              mlirAffineMapGet(b->ctx, 1, 0, 1,
                               (MlirAffineExpr[]){mlirAffineMulExprGet(
                                   mlirAffineDimExprGet(b->ctx, 0), mlirAffineConstantExprGet(b->ctx, steps.data[i]))});
          dlcMap(map, argOf(from, i), steps.data[i] == 1 ? argOf(to, i) : affine_apply(b, scale, vals(argOf(to, i))));
        }
        for (intptr_t i = 0; i < parts.outs.n; ++i) dlcMap(map, argOf(from, steps.n + i), outArg(to, &parts, i));
        MlirOperation end = mlirBlockGetTerminator(from);
        dlcForEachOp(op, from)
          if (!mlirOperationEqual(op, end)) cloneNode(b, op, map, true);
        MlirOperation insert = ctrl_in_parallel(b);
        MlirBlock inserts = dlcAddBlock(b, ctrl_in_parallel_body(insert), (DlcTypes){0});
        dlcAtEnd(b, inserts) dlcForEachOp(op, bodyOf(scf_forall_in_parallel_region(end))) dlcClone(b, op, map);
      }
    dlcMappingDestroy(map);
  }
  destroyParts(&parts);
  if (!task.ptr || b->failed) return (MlirOperation){0};
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, forall, task);
  return task;
}

//===--- one item ----------------------------------------------------------------------===//
// Ends the item: every source becomes the whole of its out.
static void insertWholes(DlcBuilder *b, DlcValues sources, const Parts *parts, MlirBlock body) {
  MlirValue sizes[DLC_MAX_RANK][DLC_MAX_RANK]; // dynamic ones: they stand in the body, the insertions in the terminator
  intptr_t nSizes[DLC_MAX_RANK] = {0};
  for (intptr_t k = 0; k < sources.n; ++k)
    for (intptr_t i = 0; i < mlirShapedTypeGetRank(typeOf(at(sources, k))); ++i)
      if (mlirShapedTypeIsDynamicDim(typeOf(at(sources, k)), i))
        sizes[k][nSizes[k]++] = tensor_dim(b, outArg(body, parts, k), constIndex(b, i));
  MlirOperation insert = ctrl_in_parallel(b);
  dlcAtEnd(b, dlcAddBlock(b, ctrl_in_parallel_body(insert), (DlcTypes){0})) for (intptr_t k = 0; k < sources.n; ++k) {
    MlirType type = typeOf(at(sources, k));
    intptr_t rank = mlirShapedTypeGetRank(type);
    int64_t zeros[DLC_MAX_RANK] = {0}, extents[DLC_MAX_RANK], ones[DLC_MAX_RANK];
    for (intptr_t i = 0; i < rank; ++i) extents[i] = mlirShapedTypeGetDimSize(type, i), ones[i] = 1;
    tensor_parallel_insert_slice(b, at(sources, k), outArg(body, parts, k), (DlcValues){0}, valsN(nSizes[k], sizes[k]),
                                 (DlcValues){0}, {zeros, rank}, {extents, rank}, {ones, rank});
  }
}

static MlirOperation graphToItem(DlcBuilder *b, MlirOperation graph) {
  Parts parts = {.outs = tile_graph_outs(graph), .label = tile_graph_label(graph)};
  DlcValues ins = tile_graph_ins(graph);
  MlirBlock from = bodyOf(tile_graph_body(graph)), to = {0};
  MlirOperation yield = mlirBlockGetTerminator(from), task = {0};
  for (intptr_t i = 0; i < ins.n; ++i) dlcValueListAppend(&parts.ins, at(ins, i));
  dlcBefore(b, graph) {
    DlcMapping map = dlcMappingCreate();
    task = beginTask(b, &parts, i64s(1), (DlcValues){0}, map, &to);
    if (task.ptr) dlcAtEnd(b, to) {
        for (intptr_t i = 0; i < ins.n; ++i) dlcMap(map, argOf(from, i), argOf(to, 1 + i));
        for (intptr_t i = 0; i < parts.outs.n; ++i) dlcMap(map, argOf(from, ins.n + i), outArg(to, &parts, i));
        dlcForEachOp(op, from)
          if (!tile_yield_isa(op)) cloneNode(b, op, map, false);
        DlcValues results = tile_yield_values(yield);
        MlirValue sources[DLC_MAX_RANK];
        for (intptr_t i = 0; i < results.n; ++i) sources[i] = dlcMapped(map, at(results, i));
        insertWholes(b, valsN(results.n, sources), &parts, to);
      }
    dlcMappingDestroy(map);
  }
  destroyParts(&parts);
  if (task.ptr && !b->failed) mlirRewriterBaseReplaceOpWithOperation(b->rewriter, graph, task);
  return task;
}

//===--- the graph ---------------------------------------------------------------------===//
// Tile sizes over the loops of root, from those over its result.
static bool loopTiles(MlirOperation root, DlcI64s tile, int64_t *sizes, intptr_t *nLoops) {
  bool isReduction[DLC_MAX_LOOPS];
  MlirAffineMap map;
  *nLoops = dlcIteratorTypes(root, isReduction, DLC_MAX_LOOPS);
  if (*nLoops < 0 || *nLoops > DLC_MAX_LOOPS) return false;
  if (!dlcLinalgMap(root, mlirOperationGetNumOperands(root) - mlirOperationGetNumResults(root), &map)) return false;
  memset(sizes, 0, (size_t)*nLoops * sizeof *sizes);
  for (intptr_t i = 0; i < tile.n && i < mlirAffineMapGetNumResults(map); ++i) {
    if (!tile.data[i]) continue;
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (!mlirAffineExprIsADim(e)) return false;
    sizes[mlirAffineDimExprGetPosition(e)] = tile.data[i];
  }
  return true;
}

// A step without a tile: one item, all of the root's first dimension. False: its size is not known.
static bool coverByOne(MlirOperation root, int64_t *sizes) {
  MlirType type = typeOf(mlirOperationGetResult(root, 0));
  if (!mlirShapedTypeGetRank(type) || mlirShapedTypeIsDynamicDim(type, 0)) return false;
  int64_t all = mlirShapedTypeGetDimSize(type, 0);
  intptr_t n;
  return loopTiles(root, (DlcI64s){&all, 1}, sizes, &n);
}

// The tile of a work item: the workgroup fit.
static DlcI64s itemTile(MlirOperation graph) {
  MlirAttribute schedule = tile_graph_schedule(graph);
  return mlirAttributeIsNull(schedule) ? (DlcI64s){0} : dlcScheduleTile(schedule);
}

static bool isTiled(DlcI64s tile) {
  for (intptr_t i = 0; i < tile.n; ++i)
    if (tile.data[i]) return true;
  return false;
}

// The step of the reductions nearest to the root; empty: all at once.
static DlcI64s stepOf(MlirOperation graph) {
  MlirAttribute schedule = tile_graph_schedule(graph);
  if (mlirAttributeIsNull(schedule) || !tile_schedule_fit_n(schedule)) return (DlcI64s){0};
  DlcI64s step = tile_fit_step(tile_schedule_fit_at(schedule, tile_schedule_fit_n(schedule) - 1));
  return isTiled(step) ? step : (DlcI64s){0};
}

// A fit below the one of the items, which may be the whole.
static bool hasStrips(MlirOperation graph) {
  MlirAttribute schedule = tile_graph_schedule(graph);
  intptr_t n = mlirAttributeIsNull(schedule) ? 0 : tile_schedule_fit_n(schedule);
  return n > 1 && isTiled(tile_fit_tile(tile_schedule_fit_at(schedule, n - 1)));
}

// Results of other ops than the root.
static bool storesMore(MlirOperation graph) {
  MlirOperation yield = mlirBlockGetTerminator(bodyOf(tile_graph_body(graph)));
  for (intptr_t i = 1; i < mlirOperationGetNumOperands(yield); ++i)
    if (!mlirOperationEqual(opOf(mlirOperationGetOperand(yield, i)), opOf(mlirOperationGetOperand(yield, 0))))
      return true;
  return false;
}

// Moves the body of the graph before it; the graph is gone after it.
static MlirOperation inlineGraph(DlcBuilder *b, MlirOperation graph, DlcNodes *nodes) {
  MlirBlock body = bodyOf(tile_graph_body(graph));
  dlcForEachOp(op, body) {
    if (tile_yield_isa(op)) continue;
    if (tile_edge_isa(op) && !isCopied(op)) { // met by one tile of the item, overlaps by computing them again
      MlirValue v = tile_edge_value(op);
      mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &v);
      continue;
    }
    nodes->ops = realloc(nodes->ops, (size_t)(nodes->n + 1) * sizeof op);
    nodes->isStored = realloc(nodes->isStored, (size_t)(nodes->n + 1) * sizeof *nodes->isStored);
    nodes->isStored[nodes->n] = false;
    nodes->ops[nodes->n++] = op;
  }
  intptr_t nIns = tile_graph_ins(graph).n, n = nIns + tile_graph_outs(graph).n;
  MlirValue *args = malloc((size_t)(n ? n : 1) * sizeof *args);
  for (intptr_t i = 0; i < n; ++i)
    args[i] = i < nIns ? at(tile_graph_ins(graph), i) : at(tile_graph_outs(graph), i - nIns);
  MlirOperation yield = mlirBlockGetTerminator(body), root = opOf(mlirOperationGetOperand(yield, 0));
  mlirRewriterBaseInlineBlockBefore(b->rewriter, body, graph, n, args);
  MlirValue results[DLC_MAX_RANK];
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(yield); ++i) {
    results[i] = mlirOperationGetOperand(yield, i);
    for (intptr_t k = 0; k < nodes->n; ++k) nodes->isStored[k] |= mlirOperationEqual(nodes->ops[k], opOf(results[i]));
  }
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, graph, mlirOperationGetNumOperands(yield), results);
  mlirRewriterBaseEraseOp(b->rewriter, yield);
  free(args);
  return root;
}

// What neighbours would give each other is promised in vain.
static bool exchangesHalos(MlirOperation graph) {
  dlcForEachOp(op, bodyOf(tile_graph_body(graph))) {
    if (!tile_edge_isa(op) || mlirAttributeIsNull(tile_edge_halo(op))) continue;
    if (tile_halo_kind(tile_edge_halo(op)) != tile_HaloKind_exchange) continue;
    dlcErrorAt(mlirOperationGetLocation(op), "tile-to-tasks: of halos 'exchange' has no lowering");
    return true;
  }
  return false;
}

static void eraseNode(DlcNodes *nodes, intptr_t i) {
  --nodes->n;
  nodes->ops[i] = nodes->ops[nodes->n], nodes->isStored[i] = nodes->isStored[nodes->n];
}

static MlirLogicalResult lowerTiled(DlcBuilder *b, MlirOperation graph, DlcI64s tile) {
  MlirStringRef label = tile_graph_label(graph);
  MlirLocation loc = mlirOperationGetLocation(graph);
  DlcNodes nodes = {0};
  DlcI64s step = stepOf(graph);
  DlcStrips strips;
  if (mlirLogicalResultIsFailure(dlcStripsRead(graph, &strips))) return mlirLogicalResultFailure();
  if ((step.n || strips.n) && storesMore(graph))
    return dlcErrorAt(loc, "tile-to-tasks: a value that is kept and stored is not made by steps or strips");
  MlirOperation root = inlineGraph(b, graph, &nodes), forall = {0};
  int64_t sizes[DLC_MAX_LOOPS];
  intptr_t nLoops = 0;
  bool ok = loopTiles(root, tile, sizes, &nLoops) && (isTiled(tile) || coverByOne(root, sizes));
  // The root is erased by tiling: it must not be looked at again.
  for (intptr_t i = 0; i < nodes.n; ++i)
    if (mlirOperationEqual(nodes.ops[i], root)) eraseNode(&nodes, i--);
  if (ok && strips.n) ok = loopTiles(root, (DlcI64s){strips.strip, strips.rank}, strips.loops, &nLoops);
  if (ok) forall = dlcFuseNodes(b, root, nodes, nLoops, sizes, step, &strips);
  ok = ok && forall.ptr && !b->failed;
  if (!ok && !b->failed)
    mlirEmitError(loc, "tile-to-tasks: this graph cannot be tiled by its schedule: its root has no loop for "
                       "each dimension that is cut, or several reductions are");
  ok = ok && forallToTask(b, forall, label).ptr;
  for (bool erased = ok; erased;) { // originals that every tile replaced
    erased = false;
    for (intptr_t i = 0; i < nodes.n; ++i)
      if (dlcIsUnused(nodes.ops[i])) {
        mlirRewriterBaseEraseOp(b->rewriter, nodes.ops[i]);
        eraseNode(&nodes, i--);
        erased = true;
      }
  }
  free(nodes.ops), free(nodes.isStored);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}

// With a stream (tile.reduce).
static MlirLogicalResult lowerStream(DlcBuilder *b, MlirOperation graph, DlcI64s tile) {
  MlirStringRef label = tile_graph_label(graph);
  MlirOperation forall = {0};
  if (mlirLogicalResultIsFailure(dlcStreamToForall(b, graph, tile, dlcReduceStep(graph), &forall)))
    return mlirLogicalResultFailure();
  return forallToTask(b, forall, label).ptr ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}

MlirLogicalResult dlcRunTileToTasks(MlirOperation root, DlcPass *pass, const DlcTileToTasksOptions *options) {
  (void)pass, (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps graphs = dlcCollect(root, tile_graph_isa);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < graphs.n && mlirLogicalResultIsSuccess(result); ++i) {
    DlcI64s tile = itemTile(graphs.data[i]);
    if (mlirOperationGetNumResults(graphs.data[i]) > DLC_MAX_RESULTS)
      result = dlcError(graphs.data[i], "tile-to-tasks: more than %d results", DLC_MAX_RESULTS);
    else if (exchangesHalos(graphs.data[i]))
      result = mlirLogicalResultFailure();
    else if (dlcReduceOf(graphs.data[i]).ptr)
      result = lowerStream(&b, graphs.data[i], tile);
    else if (isTiled(tile) || hasStrips(graphs.data[i]) || stepOf(graphs.data[i]).n)
      result = lowerTiled(&b, graphs.data[i], tile);
    else if (!graphToItem(&b, graphs.data[i]).ptr)
      result = mlirLogicalResultFailure();
    if (b.failed) result = mlirLogicalResultFailure();
  }
  free(graphs.data);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
