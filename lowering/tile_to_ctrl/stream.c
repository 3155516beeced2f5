// See lowering/tile_to_ctrl/stream.h.
//
//   tile.graph { %q = f(Q); %r = tile.reduce ins(%k = K along 0) inits(%a) { .. }; O = g(%r) }
// ->
//   scf.forall (%i) = (0) to (rows) step (64) shared_outs(%o = O) {
//     %q = f(slice of Q)
//     %r = scf.for %at = 0 to keys step 128 iter_args(%a) { .. slice of K at %at .. }
//     scf.forall.in_parallel { insert g(%r) into %o }
//   }
//
// Ops are cloned with the sizes of their parts. What part that is comes from the graph's flow
// (passes/tile/propagate.h): each loop follows a dimension of the root or the stream as it is, or runs whole; a halo is
// refused. Scratch is made before the loop of the stream, for a whole step.
#include "lowering/tile_to_ctrl/stream.h"
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/analysis.h"
#include "passes/tile/number.h"
#include "passes/tile/propagate.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/scf.h"
#include "ods/tensor.h"

enum { ASSUMED = 64, WHOLE = -1 };

static const DlcNumber zero = {0, {0}};

typedef struct {
  DlcBuilder *b;
  MlirOperation graph;
  DlcFlow flow;
  DlcMapping map;
  DlcNumber offset[DLC_MAX_RANK], size[DLC_MAX_RANK]; // of the root's dimensions
  DlcNumber streamOffset, streamSize;
  int64_t step;
  MlirOperation loop; // of the stream: scratch is made before it; null: there is none
  bool failed;
} Stream;

static void *refuse(Stream *s, MlirOperation op, const char *why) {
  if (!s->failed)
    dlcErrorAt(mlirOperationGetLocation(op), "tile-to-tasks: a graph with tile.reduce cannot be lowered: %s", why);
  s->failed = true;
  return NULL;
}

//===--- parts ------------------------------------------------------------------------------------===//
static const DlcFlowNode *nodeOf(Stream *s, MlirOperation op) {
  for (intptr_t i = 0; i < s->flow.nNodes; ++i)
    if (mlirOperationEqual(s->flow.nodes[i].op, op)) return &s->flow.nodes[i];
  return NULL;
}

// What a loop follows: a dimension of the root, the stream (the root's rank), or WHOLE. False: none of these.
static bool follows(const Stream *s, const DlcFlowNode *node, intptr_t l, intptr_t *what) {
  const DlcSpan *span = &node->loop[l];
  *what = WHOLE;
  for (intptr_t d = 0; d < DLC_MAX_RANK; ++d) {
    if (!span->scale[d]) continue;
    if (*what != WHOLE || span->scale[d] != 1 || d > s->flow.rank) return false;
    *what = d;
  }
  if (span->divide != 1 || span->low != 0) return false;
  return *what != WHOLE ? span->high == 0 : span->high >= node->extent[l] - 1;
}

static DlcNumber offsetOf(const Stream *s, intptr_t what) {
  return what == WHOLE ? zero : what == s->flow.rank ? s->streamOffset : s->offset[what];
}

// Of dimension i of operand k: where the part begins and how large it is. `source`: what it is a part of.
typedef struct {
  DlcNumber offset[DLC_MAX_RANK], size[DLC_MAX_RANK];
  bool streams[DLC_MAX_RANK];
  intptr_t rank;
} Part;
static bool partOf(Stream *s, const DlcFlowNode *node, intptr_t k, MlirValue source, Part *part) {
  MlirAffineMap map;
  *part = (Part){.rank = mlirShapedTypeGetRank(typeOf(mlirOperationGetOperand(node->op, k)))};
  if (part->rank > DLC_MAX_RANK || !dlcLinalgMap(node->op, k, &map)) return false;
  for (intptr_t i = 0; i < part->rank; ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    intptr_t what = WHOLE;
    if (mlirAffineExprIsADim(e)) {
      if (!follows(s, node, mlirAffineDimExprGetPosition(e), &what)) return false;
    } else if (!mlirAffineExprIsAConstant(e)) {
      return false;
    }
    part->offset[i] = offsetOf(s, what), part->streams[i] = what == s->flow.rank;
    MlirType type = typeOf(mlirOperationGetOperand(node->op, k));
    if (what != WHOLE)
      part->size[i] = what == s->flow.rank ? s->streamSize : s->size[what];
    else if (isNull(source) && mlirShapedTypeIsDynamicDim(type, i))
      return false;
    else
      part->size[i] = dlcSizeOf(s->b, type, source, i);
  }
  return true;
}

static MlirValue slicePart(Stream *s, MlirValue source, const Part *part) {
  DlcNumbers offsets = dlcNumbersOf(part->offset, part->rank), sizes = dlcNumbersOf(part->size, part->rank);
  bool isWhole = true;
  for (intptr_t i = 0; i < part->rank; ++i)
    isWhole &= dlcIsKnown(part->size[i]) && part->size[i].known == mlirShapedTypeGetDimSize(typeOf(source), i);
  return isWhole ? source : dlcSliceAt(s->b, source, &offsets, &sizes);
}

// Scratch for a part, before the loop of the stream; of less than a step a part of that for a whole one.
static MlirValue makeScratch(Stream *s, const Part *part, MlirType like) {
  Part whole = *part;
  for (intptr_t i = 0; i < part->rank; ++i)
    if (part->streams[i] && !dlcIsKnown(part->size[i])) whole.size[i] = dlcKnown(s->step);
  DlcNumbers sizes = dlcNumbersOf(whole.size, whole.rank);
  MlirType type =
      mlirRankedTensorTypeGet(sizes.rank, sizes.fixed, mlirShapedTypeGetElementType(like), mlirAttributeGetNull());
  MlirValue made = {0};
  if (s->loop.ptr)
    dlcBefore(s->b, s->loop) made = tensor_empty(s->b, dlcNumbersValues(&sizes), type);
  else
    made = tensor_empty(s->b, dlcNumbersValues(&sizes), type);
  Part part0 = *part;
  for (intptr_t i = 0; i < part->rank; ++i) part0.offset[i] = zero;
  return isNull(made) ? made : slicePart(s, made, &part0);
}

//===--- ops ------------------------------------------------------------------------------------------===//
// What a value of the graph is a part of outside of it; null: it is made in the graph. `inner`: the value behind edges
// and arguments of the step.
static MlirValue outsideOf(Stream *s, MlirValue v, MlirValue *inner) {
  MlirBlock body = bodyOf(tile_graph_body(s->graph));
  for (;;) {
    MlirOperation op = opOf(v);
    if (tile_edge_isa(op)) {
      v = tile_edge_value(op);
    } else if (!op.ptr && !mlirBlockEqual(mlirBlockArgumentGetOwner(v), body)) {
      MlirOperation reduce = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
      intptr_t k = mlirBlockArgumentGetArgNumber(v);
      if (!tile_reduce_isa(reduce) || k >= tile_reduce_ins(reduce).n) break; // an accumulator
      v = at(tile_reduce_ins(reduce), k);
    } else {
      break;
    }
  }
  *inner = v;
  return !opOf(v).ptr && mlirBlockEqual(mlirBlockArgumentGetOwner(v), body) ? dlcMapped(s->map, v) : (MlirValue){0};
}

static MlirValue operandOf(Stream *s, const DlcFlowNode *node, intptr_t k) {
  MlirValue v = mlirOperationGetOperand(node->op, k), inner;
  if (!mlirTypeIsARankedTensor(typeOf(v))) return dlcMapped(s->map, v);
  MlirValue outside = outsideOf(s, v, &inner);
  Part part;
  if (!partOf(s, node, k, outside, &part)) return refuse(s, node->op, "an operand is no plain part of a tile"), v;
  if (!isNull(outside)) return slicePart(s, outside, &part);
  if (tensor_empty_isa(opOf(inner))) return makeScratch(s, &part, typeOf(v));
  MlirValue made = dlcMapped(s->map, inner);
  if (mlirValueEqual(made, inner)) return refuse(s, node->op, "an operand is made by no linalg op"), v;
  for (intptr_t i = 0; i < part.rank; ++i) // a tile already, but along the stream if it was made outside of it
    if (!part.streams[i]) part.offset[i] = zero;
  bool streamed = !mlirValueEqual(inner, v) && !tile_edge_isa(opOf(v));
  return streamed ? slicePart(s, made, &part) : made;
}

// Places of a part are places of the whole.
static void shiftIndices(Stream *s, const DlcFlowNode *node, MlirOperation made) {
  DlcOps indices = dlcCollect(made, linalg_index_isa);
  for (intptr_t i = 0; i < indices.n; ++i) {
    intptr_t what;
    int64_t l = linalg_index_dim(indices.data[i]);
    if (!follows(s, node, l, &what)) continue;
    DlcNumber offset = offsetOf(s, what);
    if (dlcIsKnown(offset) && offset.known == 0) continue;
    MlirValue index = linalg_index_result(indices.data[i]), constant = {0};
    if (dlcIsKnown(offset)) dlcBefore(s->b, made) constant = constIndex(s->b, offset.known);
    dlcAfter(s->b, indices.data[i]) {
      MlirValue place = arith_addi(s->b, index, dlcIsKnown(offset) ? constant : offset.value);
      if (!isNull(place)) mlirRewriterBaseReplaceAllUsesExcept(s->b->rewriter, index, place, opOf(place));
    }
  }
  free(indices.data);
}

static void emitLinalg(Stream *s, MlirOperation op) {
  const DlcFlowNode *node = nodeOf(s, op);
  if (!node) { // nothing needs it
    return;
  }
  intptr_t n = mlirOperationGetNumOperands(op), nResults = mlirOperationGetNumResults(op);
  MlirValue operands[64];
  if (n > 64) {
    refuse(s, op, "more than 64 operands");
    return;
  }
  for (intptr_t k = 0; k < n && !s->failed; ++k) operands[k] = operandOf(s, node, k);
  if (s->failed || s->b->failed) return;
  DlcMapping own = dlcMappingClone(s->map); // an op of a step is cloned more than once, with arguments of its own
  MlirOperation made = dlcClone(s->b, op, own);
  dlcMappingDestroy(own);
  for (intptr_t k = 0; k < n; ++k) mlirOperationSetOperand(made, k, operands[k]);
  for (intptr_t r = 0; r < nResults; ++r) {
    mlirValueSetType(mlirOperationGetResult(made, r), typeOf(operands[n - nResults + r]));
    dlcMap(s->map, mlirOperationGetResult(op, r), mlirOperationGetResult(made, r));
  }
  shiftIndices(s, node, made);
}

static void emitReduce(Stream *s, MlirOperation op);
static void emitBlock(Stream *s, MlirBlock block) {
  dlcForEachOp(op, block) {
    if (s->failed || s->b->failed) return;
    if (dlcIsLinalgOp(op))
      emitLinalg(s, op);
    else if (tile_reduce_isa(op))
      emitReduce(s, op);
    else if (arith_constant_isa(op))
      dlcMap(s->map, mlirOperationGetResult(op, 0), dlcResult(dlcClone(s->b, op, s->map), 0));
    else if (!tensor_empty_isa(op) && !tensor_dim_isa(op) && !tile_edge_isa(op) && !tile_yield_isa(op))
      refuse(s, op, "an op in it is not of linalg");
  }
}

//===--- the stream --------------------------------------------------------------------------------------===//
static void mapAccumulators(Stream *s, MlirOperation op, const MlirValue *values) {
  intptr_t nIns = tile_reduce_ins(op).n;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    dlcMap(s->map, argOf(bodyOf(tile_reduce_step(op)), nIns + i), values[i]);
}
// One step: the accumulators before it become those after it.
static void emitStep(Stream *s, MlirOperation op, MlirValue *acc) {
  MlirBlock step = bodyOf(tile_reduce_step(op));
  mapAccumulators(s, op, acc);
  emitBlock(s, step);
  MlirOperation yield = mlirBlockGetTerminator(step);
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    acc[i] = dlcMapped(s->map, mlirOperationGetOperand(yield, i));
}

// Steps of `size` from `from` to `to`.
static void emitLoop(Stream *s, MlirOperation op, DlcNumber from, DlcNumber to, DlcNumber size, MlirValue *acc) {
  DlcBuilder *b = s->b;
  intptr_t n = mlirOperationGetNumResults(op);
  MlirType arguments[DLC_MAX_RANK + 1] = {indexType(b)};
  for (intptr_t i = 0; i < n; ++i) arguments[i + 1] = typeOf(acc[i]);
  MlirValue low = dlcNumberValue(b, from), high = dlcNumberValue(b, to), by = constIndex(b, s->step);
  MlirOperation loop = scf_for(b, low, high, by, valsN(n, acc), typesN(n, arguments + 1));
  MlirBlock body = dlcAddBlock(b, dlcRegion(loop, 0), typesN(n + 1, arguments));
  if (b->failed) return;
  MlirOperation outer = s->loop;
  s->loop = loop, s->streamOffset = dlcDynamic(argOf(body, 0)), s->streamSize = size;
  dlcAtEnd(b, body) {
    MlirValue carried[DLC_MAX_RANK];
    for (intptr_t i = 0; i < n; ++i) carried[i] = argOf(body, i + 1);
    emitStep(s, op, carried);
    if (!s->failed && !b->failed) scf_yield(b, valsN(n, carried));
  }
  s->loop = outer;
  for (intptr_t i = 0; i < n; ++i) acc[i] = dlcResult(loop, i);
}

// The first place of the stream that changes nothing for any element of the tile.
static MlirValue untilOf(Stream *s, MlirOperation op) {
  MlirAttribute attr = dlcAttr(op, "until");
  MlirValue places[DLC_MAX_RANK];
  if (mlirAttributeIsNull(attr)) return (MlirValue){0};
  MlirAffineMap map = mlirAffineMapAttrGetValue(attr);
  for (intptr_t d = 0; d < mlirAffineMapGetNumDims(map); ++d) { // the last element
    MlirValue end = arith_addi(s->b, dlcNumberValue(s->b, s->offset[d]), dlcNumberValue(s->b, s->size[d]));
    places[d] = arith_subi(s->b, end, constIndex(s->b, 1));
  }
  return affine_apply(s->b, map, valsN(mlirAffineMapGetNumDims(map), places));
}
static DlcNumber atMost(Stream *s, DlcNumber n, MlirValue most) {
  return isNull(most) ? n : dlcDynamic(arith_minsi(s->b, dlcNumberValue(s->b, n), most));
}

static void emitReduce(Stream *s, MlirOperation op) {
  DlcBuilder *b = s->b;
  DlcI64s along = tile_reduce_along(op);
  intptr_t n = mlirOperationGetNumResults(op);
  MlirValue acc[DLC_MAX_RANK], inner, streamed = {0};
  DlcNumber extent = zero;
  for (intptr_t i = 0; i < along.n; ++i) { // all are as long; a known size is preferred
    MlirValue v = at(tile_reduce_ins(op), i);
    if (along.data[i] < 0 || (!isNull(streamed) && mlirShapedTypeIsDynamicDim(typeOf(v), along.data[i]))) continue;
    streamed = outsideOf(s, v, &inner);
    if (isNull(streamed)) streamed = dlcMapped(s->map, inner);
    extent = dlcSizeOf(b, typeOf(v), streamed, along.data[i]);
  }
  if (n > DLC_MAX_RANK || isNull(streamed)) {
    refuse(s, op, "too many accumulators");
    return;
  }
  for (intptr_t i = 0; i < n; ++i) acc[i] = dlcMapped(s->map, at(tile_reduce_inits(op), i));
  MlirValue until = untilOf(s, op);
  if (dlcIsKnown(extent) && extent.known <= s->step) { // one step, whatever the bound
    s->streamOffset = zero, s->streamSize = extent;
    emitStep(s, op, acc);
  } else if (dlcIsKnown(extent)) {
    int64_t rest = extent.known % s->step, full = extent.known - rest;
    emitLoop(s, op, zero, atMost(s, dlcKnown(full), until), dlcKnown(s->step), acc);
    if (rest) emitLoop(s, op, dlcKnown(full), atMost(s, extent, until), dlcKnown(rest), acc);
  } else {
    MlirValue rest = arith_remui(b, extent.value, constIndex(b, s->step));
    DlcNumber full = dlcDynamic(arith_subi(b, extent.value, rest));
    emitLoop(s, op, zero, atMost(s, full, until), dlcKnown(s->step), acc);
    if (!s->failed) emitLoop(s, op, full, atMost(s, extent, until), dlcDynamic(rest), acc);
  }
  for (intptr_t i = 0; i < n && !s->failed; ++i) dlcMap(s->map, mlirOperationGetResult(op, i), acc[i]);
}

//===--- the grid ------------------------------------------------------------------------------------------===//
static MlirOperation beginForall(Stream *s, DlcI64s tile, MlirValue out, MlirBlock *body) {
  DlcBuilder *b = s->b;
  int64_t lows[DLC_MAX_RANK] = {0}, highs[DLC_MAX_RANK], steps[DLC_MAX_RANK];
  MlirValue dynamic[DLC_MAX_RANK];
  MlirType indices[DLC_MAX_RANK + 1];
  intptr_t n = 0, nDynamic = 0;
  for (intptr_t d = 0; d < s->flow.rank; ++d) {
    int64_t extent = mlirShapedTypeGetDimSize(typeOf(out), d);
    bool isDynamic = mlirShapedTypeIsDynamicDim(typeOf(out), d);
    s->offset[d] = zero;
    s->size[d] = dlcSizeOf(b, typeOf(out), out, d);
    if (d >= tile.n || !tile.data[d] || (!isDynamic && tile.data[d] >= extent)) continue;
    highs[n] = isDynamic ? mlirShapedTypeGetDynamicSize() : extent, steps[n] = tile.data[d],
    indices[n++] = indexType(b);
    if (isDynamic) dynamic[nDynamic++] = s->size[d].value;
  }
  if (!n) highs[0] = steps[0] = 1, indices[n++] = indexType(b);
  MlirOperation forall = scf_forall(b, (DlcValues){0}, valsN(nDynamic, dynamic), (DlcValues){0}, {lows, n}, {highs, n},
                                    {steps, n}, vals(out), types(typeOf(out)));
  indices[n] = typeOf(out);
  if (!mlirOperationIsNull(forall)) *body = dlcAddBlock(b, scf_forall_region(forall), typesN(n + 1, indices));
  return forall;
}

// Of the dimensions that are cut: min(tile, extent - offset) where a tile may be smaller.
static void setTile(Stream *s, DlcI64s tile, MlirBlock body) {
  DlcBuilder *b = s->b;
  intptr_t n = 0;
  for (intptr_t d = 0; d < s->flow.rank; ++d) {
    DlcNumber extent = s->size[d];
    if (d >= tile.n || !tile.data[d] || (dlcIsKnown(extent) && tile.data[d] >= extent.known)) continue;
    MlirValue iv = argOf(body, n++);
    s->offset[d] = dlcDynamic(iv);
    s->size[d] = dlcKnown(tile.data[d]);
    if (tile.data[d] == 1 || (dlcIsKnown(extent) && extent.known % tile.data[d] == 0)) continue;
    s->size[d] = dlcLimit(b, extent, dlcDynamic(iv), -1, 0, false, dlcKnown(tile.data[d]));
  }
}

static void storeTile(Stream *s, MlirValue tile, MlirValue out) {
  DlcNumbers offsets = dlcNumbersOf(s->offset, s->flow.rank), sizes = dlcNumbersOf(s->size, s->flow.rank);
  MlirOperation end = scf_forall_in_parallel(s->b);
  dlcAtEnd(s->b, dlcAddBlock(s->b, scf_forall_in_parallel_region(end), (DlcTypes){0}))
      dlcInsertInParallel(s->b, tile, out, &offsets, &sizes);
}

MlirLogicalResult dlcStreamToForall(DlcBuilder *b, MlirOperation graph, DlcI64s tile, int64_t step,
                                    MlirOperation *forall) {
  Stream s = {.b = b, .graph = graph, .step = step, .map = dlcMappingCreate()};
  MlirBlock from = bodyOf(tile_graph_body(graph)), body = {0};
  DlcValues ins = tile_graph_ins(graph), outs = tile_graph_outs(graph);
  MlirValue root = mlirOperationGetOperand(mlirBlockGetTerminator(from), 0);
  if (outs.n != 1 || step < 1 || !dlcIsLinalgOp(opOf(root)) || !dlcFlowOfGraph(&s.flow, graph, ASSUMED)) {
    refuse(&s, graph, "it has one result, made by a linalg op, and a step");
  } else
    dlcBefore(b, graph) {
      *forall = beginForall(&s, tile, at(outs, 0), &body);
      if (b->failed) break;
      for (intptr_t i = 0; i < ins.n; ++i) dlcMap(s.map, argOf(from, i), at(ins, i));
      dlcMap(s.map, argOf(from, ins.n), argOf(body, mlirBlockGetNumArguments(body) - 1));
      dlcAtEnd(b, body) {
        setTile(&s, tile, body);
        emitBlock(&s, from);
        if (s.failed || b->failed) break;
        storeTile(&s, dlcMapped(s.map, root), argOf(body, mlirBlockGetNumArguments(body) - 1));
      }
    }
  dlcFlowDestroy(&s.flow);
  dlcMappingDestroy(s.map);
  if (s.failed || b->failed) return mlirLogicalResultFailure();
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, graph, *forall);
  return mlirLogicalResultSuccess();
}
