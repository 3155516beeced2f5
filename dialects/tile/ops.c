// tile.graph, tile.edge, tile.reduce: verifiers and folds.
#include <stdlib.h>
#include <string.h>
#include "dialects/ctrl/ctrl.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "ods/tile.h"

static MlirLogicalResult success(void) { return mlirLogicalResultSuccess(); }
static bool isFrom(MlirOperation op, const char *dialect, size_t n) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return name.length > n && !memcmp(name.data, dialect, n) && name.data[n] == '.';
}

//===--- graph ---
MlirLogicalResult dlcTileGraphVerify(MlirOperation op) {
  if (!dlcSameTypes(tile_graph_outs(op), resultsOf(op))) return dlcError(op, "results must have the types of the outs");
  return success();
}
// The reduction loops of the streamed node, the one nearest the root, that are no places in a window; 0: none. A
// tile.reduce streams along one.
static intptr_t streamedReductions(MlirBlock body) {
  intptr_t found = 0;
  dlcForEachOp(op, body) {
    bool isReduction[16], reduces = false;
    intptr_t loops = dlcIsLinalgOp(op) ? dlcIteratorTypes(op, isReduction, 16) : 0, steps = 0;
    for (intptr_t i = 0; i < loops && i < 16; ++i)
      reduces |= isReduction[i], steps += isReduction[i] && !dlcIsWindowLoop(op, i);
    if (tile_reduce_isa(op))
      found = 1;
    else if (reduces)
      found = steps;
  }
  return found;
}
static MlirLogicalResult verifySchedule(MlirOperation op, MlirBlock body) {
  MlirAttribute schedule = tile_graph_schedule(op);
  if (mlirAttributeIsNull(schedule)) return success();
  if (!mlirOperationGetNumResults(op)) return dlcError(op, "schedules no result");
  intptr_t rank = mlirShapedTypeGetRank(typeOf(mlirOperationGetResult(op, 0))), streamed = streamedReductions(body);
  for (intptr_t i = 0; i < tile_schedule_fit_n(schedule); ++i) {
    struct tile_fit fit = tile_fit_read(tile_schedule_fit_at(schedule, i));
    if (fit.tile.n != rank)
      return dlcError(op, "schedule tiles %d dimensions, the root result has %d", (int)fit.tile.n, (int)rank);
    if (fit.step.n && fit.step.n != streamed)
      return dlcError(op, "schedule steps over %d reductions, the streamed node has %d", (int)fit.step.n,
                      (int)streamed);
  }
  return success();
}
MlirLogicalResult dlcTileGraphVerifyRegions(MlirOperation op) {
  MlirBlock body = bodyOf(tile_graph_body(op));
  DlcValues operands = operandsOf(op);
  bool good = mlirBlockGetNumArguments(body) == operands.n;
  for (intptr_t i = 0; i < operands.n && good; ++i)
    good = mlirTypeEqual(typeOf(argOf(body, i)), typeOf(at(operands, i)));
  if (!good) return dlcError(op, "body arguments must be the ins and the outs");
  MlirOperation yield = dlcEndOf(body, "tile.yield");
  if (!yield.ptr || !dlcSameTypes(tile_yield_values(yield), resultsOf(op)))
    return dlcError(op, "must end in tile.yield of the result types");
  dlcForEachOp(inner, body) {
    if (tile_graph_isa(inner)) return dlcError(inner, "cannot stand in another tile.graph: a graph is straight-line");
    if (isFrom(inner, "ctrl", 4)) return dlcError(inner, "control flow cannot stand in a tile.graph");
    if (!dlcIsEffectFree(inner)) return dlcError(inner, "in a tile.graph must be free of effects");
  }
  return verifySchedule(op, body);
}

//===--- edge ---
MlirLogicalResult dlcTileEdgeVerify(MlirOperation op) {
  MlirAttribute halo = tile_edge_halo(op);
  if (mlirAttributeIsNull(halo)) return success();
  tile_Level level = tile_edge_level(op);
  int64_t rank = mlirShapedTypeGetRank(typeOf(tile_edge_value(op)));
  DlcI64s dims = tile_halo_dims(halo);
  for (intptr_t i = 0; i < dims.n; ++i)
    if (dims.data[i] >= rank)
      return dlcError(op, "halo dimension %lld of a value of rank %lld", (long long)dims.data[i], (long long)rank);
  if (tile_halo_kind(halo) == tile_HaloKind_exchange && level == tile_Level_reg)
    return dlcError(op, "registers cannot be exchanged with a neighbour tile");
  if (level >= tile_Level_l2) return dlcError(op, "has no halo at %s: the whole value is there", tile_Level_str(level));
  return success();
}
// No edge means global; an edge of an equal edge adds nothing.
MlirValue dlcTileEdgeFold(MlirOperation op) {
  MlirValue value = tile_edge_value(op);
  if (tile_edge_level(op) == tile_Level_global) return value;
  MlirOperation inner = opOf(value);
  bool same = tile_edge_isa(inner) && tile_edge_level(inner) == tile_edge_level(op) &&
              mlirAttributeEqual(tile_edge_halo(inner), tile_edge_halo(op));
  return same ? value : (MlirValue){0};
}

//===--- reduce ---
MlirLogicalResult dlcTileReduceVerify(MlirOperation op) {
  DlcValues ins = tile_reduce_ins(op);
  DlcI64s along = tile_reduce_along(op);
  if (!dlcSameTypes(tile_reduce_inits(op), resultsOf(op)))
    return dlcError(op, "results must have the types of the inits");
  if (along.n != ins.n) return dlcError(op, "needs one 'along' an input: %d for %d", (int)along.n, (int)ins.n);
  int64_t extent = -1;
  bool any = false;
  for (intptr_t i = 0; i < ins.n; ++i) {
    MlirType t = typeOf(at(ins, i));
    int64_t d = along.data[i];
    if (d < -1) return dlcError(op, "along must be a dimension");
    if (d < 0) continue;
    any = true;
    if (d >= mlirShapedTypeGetRank(t))
      return dlcError(op, "along %lld of a value of rank %lld", (long long)d, (long long)mlirShapedTypeGetRank(t));
    if (mlirShapedTypeIsDynamicDim(t, d)) continue;
    int64_t size = mlirShapedTypeGetDimSize(t, d);
    if (extent >= 0 && extent != size)
      return dlcError(op, "streams extents %lld and %lld together", (long long)extent, (long long)size);
    extent = size;
  }
  if (!any) return dlcError(op, "streams no input: one needs 'along'");
  MlirAttribute until = dlcAttr(op, "until");
  if (!mlirAttributeIsNull(until)) {
    MlirAffineMap map = mlirAffineMapAttrGetValue(until);
    if (mlirAffineMapGetNumResults(map) != 1 || mlirAffineMapGetNumSymbols(map))
      return dlcError(op, "until must be one expression of dimensions");
  }
  return success();
}
// The type of an input inside the step: its streamed dimension is open.
static MlirType stepType(MlirType t, int64_t along) {
  if (along < 0) return t;
  int64_t rank = mlirShapedTypeGetRank(t);
  int64_t *shape = malloc((size_t)(rank + 1) * sizeof *shape);
  for (int64_t d = 0; d < rank; ++d)
    shape[d] = d == along ? mlirShapedTypeGetDynamicSize() : mlirShapedTypeGetDimSize(t, d);
  MlirType r =
      mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(t), mlirRankedTensorTypeGetEncoding(t));
  free(shape);
  return r;
}
static bool yieldsAccumulators(MlirOperation op, MlirRegion region) {
  MlirOperation yield = dlcEndOf(bodyOf(region), "tile.yield");
  return yield.ptr && dlcSameTypes(tile_yield_values(yield), tile_reduce_inits(op));
}
MlirLogicalResult dlcTileReduceVerifyRegions(MlirOperation op) {
  DlcValues ins = tile_reduce_ins(op), inits = tile_reduce_inits(op);
  DlcI64s along = tile_reduce_along(op);
  MlirBlock step = bodyOf(tile_reduce_step(op)), merge = bodyOf(tile_reduce_merge(op));
  bool good = mlirBlockGetNumArguments(step) == ins.n + inits.n;
  for (intptr_t i = 0; i < ins.n && good; ++i)
    good = mlirTypeEqual(typeOf(argOf(step, i)), stepType(typeOf(at(ins, i)), along.data[i]));
  for (intptr_t i = 0; i < inits.n && good; ++i)
    good = mlirTypeEqual(typeOf(argOf(step, ins.n + i)), typeOf(at(inits, i)));
  if (!good)
    return dlcError(op, "step takes a slice of each input ('?' along the streamed dimension), then the accumulators");
  if (!yieldsAccumulators(op, tile_reduce_step(op))) return dlcError(op, "step must yield the accumulators");
  if (mlirBlockIsNull(merge)) return success();
  good = mlirBlockGetNumArguments(merge) == 2 * inits.n;
  for (intptr_t i = 0; i < 2 * inits.n && good; ++i)
    good = mlirTypeEqual(typeOf(argOf(merge, i)), typeOf(at(inits, i % inits.n)));
  if (!good) return dlcError(op, "merge takes the accumulators twice");
  if (!yieldsAccumulators(op, tile_reduce_merge(op))) return dlcError(op, "merge must yield the accumulators");
  return success();
}
