// See lowering/tile_to_ctrl/fuse.h.
//
//   %h = f(%x)  %p = pad(%h)  %d = windows(%p)  %r = sum over k of %d %w     (step: of k)
// ->
//   scf.forall (%i) {
//     scf.for %k step 32 iter_args(%a) {
//       %h = f(part of %x)                          // the rows of the tile and those that windows reach beyond
//       %p = %h inserted into a tile of borders
//       %d = windows(%p)  %r = %a + sum of %d and part of %w } }
//
// A value that is kept and stored becomes one more result of the loop over items.
//
// Upstream's tile-and-fuse goes as far as plain slices do. The rest is pulled in here, users first: a tile of a border
// is made in the item, which leaves a slice of what it is put around.
#include "lowering/tile_to_ctrl/fuse.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "passes/tile/pad.h"
#include "ods/scf.h"
#include "ods/tensor.h"

enum { MAX_LOOPS = 24 };
// On the reduction that runs by steps, and on its tile; on the root that is cut into strips.
static const char streamed[] = "dlc.streamed", stripped[] = "dlc.stripped";

typedef struct {
  DlcNodes nodes;
  const bool *isLate; // made in the steps
  DlcStrips *strips;
} Fusion;

static intptr_t indexOf(const DlcNodes *nodes, MlirOperation op) {
  for (intptr_t i = 0; i < nodes->n && op.ptr; ++i)
    if (mlirOperationEqual(nodes->ops[i], op)) return i;
  return -1;
}

static bool isFused(MlirOperation producer, MlirOperation slice, void *data) {
  (void)slice;
  const Fusion *fusion = data;
  intptr_t i = indexOf(&fusion->nodes, producer);
  return i >= 0 && !fusion->isLate[i] && !fusion->nodes.isStored[i];
}

//===--- steps --------------------------------------------------------------------------------===//
static bool isStreamed(MlirOperation op) {
  return !mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(op, dlcText(streamed)));
}

static bool isStripped(MlirOperation op) {
  return !mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(op, dlcText(stripped)));
}

// What `op` reads, and all above.
static void markLate(const DlcNodes *nodes, MlirValue v, bool *isLate) {
  MlirOperation op = opOf(v);
  intptr_t i = indexOf(nodes, op);
  if (i < 0 || isLate[i]) return;
  isLate[i] = true;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
    markLate(nodes, mlirOperationGetOperand(op, k), isLate);
}

// The reduction nearest to the root, as passes/tile/propagate.h takes it: the last one in the order of the program.
// False: there is none.
static bool markStreamed(DlcBuilder *b, MlirOperation root, const DlcNodes *nodes, bool *isLate) {
  MlirOperation last = dlcReduces(root) ? root : (MlirOperation){0};
  for (intptr_t i = 0; i < nodes->n && !mlirOperationEqual(last, root); ++i)
    if (dlcReduces(nodes->ops[i]) && (!last.ptr || mlirOperationIsBeforeInBlock(last, nodes->ops[i])))
      last = nodes->ops[i];
  if (!last.ptr) return false;
  mlirOperationSetDiscardableAttributeByName(last, dlcText(streamed), mlirUnitAttrGet(b->ctx));
  intptr_t nIn = mlirOperationGetNumOperands(last) - mlirOperationGetNumResults(last);
  for (intptr_t k = 0; k < nIn; ++k) markLate(nodes, mlirOperationGetOperand(last, k), isLate);
  return true;
}

// step: of each reduction that is no place in a window. Null: there is none, or more than one is cut.
static MlirOperation tileByStep(DlcBuilder *b, MlirOperation forall, DlcI64s step) {
  DlcOps found = dlcCollect(forall, isStreamed);
  MlirOperation loop = {0};
  bool isReduction[MAX_LOOPS];
  int64_t sizes[MAX_LOOPS] = {0};
  intptr_t n = found.n == 1 ? dlcIteratorTypes(found.data[0], isReduction, MAX_LOOPS) : 0, next = 0;
  for (intptr_t l = 0; l < n && next < step.n; ++l)
    if (isReduction[l] && !dlcIsWindowLoop(found.data[0], l)) sizes[l] = step.data[next++];
  if (found.n == 1) mlirOperationRemoveDiscardableAttributeByName(found.data[0], dlcText(streamed));
  if (found.n == 1 && mlirLogicalResultIsFailure(dlcTileLoops(b->rewriter, found.data[0], n, sizes, &loop)))
    loop = (MlirOperation){0};
  free(found.data);
  return loop;
}

// Slices and indices that are the same in every step: what is made for such a slice is made once, before the steps.
static void hoist(MlirOperation loop) {
  MlirBlock body = bodyOf(mlirOperationGetRegion(loop, 0));
  for (MlirOperation next, op = mlirBlockGetFirstOperation(body); op.ptr; op = next) {
    next = mlirOperationGetNextInBlock(op);
    bool isInvariant = mlirOperationGetNumResults(op) == 1 && dlcIsPure(op) && !mlirOperationGetNumRegions(op) &&
                       (tensor_extract_slice_isa(op) || mlirTypeIsAIndex(typeOf(mlirOperationGetResult(op, 0))));
    for (intptr_t k = 0; isInvariant && k < mlirOperationGetNumOperands(op); ++k)
      isInvariant = !dlcIsMadeInside(mlirOperationGetOperand(op, k), loop);
    if (isInvariant) mlirOperationMoveBefore(op, loop);
  }
}

//===--- the rest ---------------------------------------------------------------------------------===//
// A step's slice of a tile becomes one of what the tile is a slice of.
static bool composeSlice(DlcBuilder *b, MlirOperation slice) {
  MlirOperation tile = opOf(tensor_extract_slice_source(slice));
  if (!dlcIsBox(slice) || !dlcIsBox(tile)) return false;
  DlcNumbers offsets = {0}, sizes = {0};
  intptr_t nextOuter = 0, nextInner = 0, nextSize = 0;
  dlcBefore(b, slice) {
    for (intptr_t i = 0; i < tensor_extract_slice_static_sizes(slice).n; ++i) {
      DlcNumber outer = dlcNumberTake(tensor_extract_slice_static_offsets(tile), tensor_extract_slice_offsets(tile), i,
                                      &nextOuter),
                inner = dlcNumberTake(tensor_extract_slice_static_offsets(slice), tensor_extract_slice_offsets(slice),
                                      i, &nextInner);
      bool isStart = dlcIsKnown(inner) && inner.known == 0;
      dlcNumbersAdd(&offsets, isStart ? outer : dlcSum(b, outer, inner, 1, 0));
      dlcNumbersAdd(&sizes, dlcNumberTake(tensor_extract_slice_static_sizes(slice), tensor_extract_slice_sizes(slice),
                                          i, &nextSize));
    }
    MlirValue made = dlcSliceAt(b, tensor_extract_slice_source(tile), &offsets, &sizes);
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, slice, 1, &made);
  }
  return !b->failed;
}

// isLate: what waits for the loop over steps, or null.
static bool fuseSlice(DlcBuilder *b, MlirOperation slice, MlirOperation forall, const Fusion *fusion,
                      const bool *isLate) {
  const DlcNodes *nodes = &fusion->nodes;
  MlirOperation part, source = opOf(tensor_extract_slice_source(slice));
  if (dlcIsUnused(slice)) return mlirRewriterBaseEraseOp(b->rewriter, slice), false;
  if (dlcIsBox(source) && indexOf(nodes, opOf(tensor_extract_slice_source(source))) >= 0) return composeSlice(b, slice);
  if (dlcStripsWait(fusion->strips, source) ||
      (isLate && indexOf(nodes, source) >= 0 && isLate[indexOf(nodes, source)]))
    return false;
  if (dlcPadOfSlice(b, slice, &part)) return true;
  intptr_t i = indexOf(nodes, source);
  return i >= 0 && !nodes->isStored[i] && dlcFuseProducer(b->rewriter, slice, forall);
}

// loops: those that run in an item, innermost first.
static void fuseRest(DlcBuilder *b, MlirOperation forall, const MlirOperation *loops, const Fusion *fusion,
                     const bool *isLate) {
  for (bool changed = true; changed && !b->failed;) {
    changed = false;
    for (int i = 0; i < 2; ++i)
      if (loops[i].ptr) hoist(loops[i]);
    DlcOps slices = dlcCollect(forall, tensor_extract_slice_isa);
    for (intptr_t i = slices.n - 1; i >= 0 && !b->failed; --i)
      changed |= fuseSlice(b, slices.data[i], forall, fusion, isLate);
    free(slices.data);
  }
}

//===--- kept and stored ----------------------------------------------------------------------------===//
static bool isSliceOfValue(MlirOperation op) { return tensor_extract_slice_isa(op); }

// The slice that all readers of op's tile take in the item: they agree on it (passes/tile/graph.h). Null: none reads
// it.
static MlirOperation joinSlices(DlcBuilder *b, MlirOperation forall, MlirOperation op) {
  DlcOps slices = dlcCollect(forall, isSliceOfValue);
  MlirOperation first = {0};
  for (intptr_t i = 0; i < slices.n; ++i) {
    if (!mlirOperationEqual(opOf(tensor_extract_slice_source(slices.data[i])), op)) continue;
    if (!first.ptr) {
      first = slices.data[i];
      continue;
    }
    MlirValue tile = tensor_extract_slice_result(first);
    if (mlirTypeEqual(typeOf(tile), typeOf(tensor_extract_slice_result(slices.data[i]))))
      mlirRewriterBaseReplaceOpWithValues(b->rewriter, slices.data[i], 1, &tile);
  }
  free(slices.data);
  return first;
}

// Pulls in what is stored, users first, since they say which tile it is, and what is above it.
static MlirOperation fuseStored(DlcBuilder *b, MlirOperation forall, const MlirOperation *loops, Fusion *fusion) {
  const DlcNodes *nodes = &fusion->nodes;
  for (;;) {
    intptr_t last = -1;
    for (intptr_t i = 0; i < nodes->n; ++i)
      if (nodes->isStored[i] && (last < 0 || mlirOperationIsBeforeInBlock(nodes->ops[last], nodes->ops[i]))) last = i;
    if (last < 0) return forall;
    MlirOperation slice = joinSlices(b, forall, nodes->ops[last]);
    if (!slice.ptr || !dlcFuseAndKeepProducer(b->rewriter, slice, &forall)) return (MlirOperation){0};
    nodes->isStored[last] = false;
    fuseRest(b, forall, loops, fusion, NULL);
  }
}

//===--- scratch ----------------------------------------------------------------------------------===//
static bool isRead(MlirValue value) {
  dlcForEachUse(use, value) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!dlcIsLinalgOp(user) ||
        mlirOpOperandGetOperandNumber(use) < mlirOperationGetNumOperands(user) - mlirOperationGetNumResults(user))
      return true;
  }
  return false;
}

// A part of a fresh tensor that is only written. Rank-reducing slices excepted: their sizes are not those of the
// result.
static bool isSliceOfEmpty(MlirOperation op) {
  if (!tensor_extract_slice_isa(op) || !tensor_empty_isa(opOf(tensor_extract_slice_source(op)))) return false;
  if (isRead(tensor_extract_slice_result(op))) return false;
  return tensor_extract_slice_static_sizes(op).n == mlirShapedTypeGetRank(typeOf(tensor_extract_slice_result(op)));
}

// A slice of a fresh tensor is a fresh tensor, of the size of the tile.
static void makeScratch(DlcBuilder *b, MlirOperation forall) {
  DlcOps slices = dlcCollect(forall, isSliceOfEmpty);
  for (intptr_t i = 0; i < slices.n && !b->failed; ++i) {
    MlirValue slice = tensor_extract_slice_result(slices.data[i]), made = {0};
    dlcBefore(b, slices.data[i]) made = tensor_empty(b, tensor_extract_slice_sizes(slices.data[i]), typeOf(slice));
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, slices.data[i], 1, &made);
  }
  free(slices.data);
}

//===--- strips -----------------------------------------------------------------------------------//
static bool isInit(MlirOperation producer, MlirOperation slice, void *data) {
  const Fusion *fusion = data;
  dlcForEachUse(use, tensor_extract_slice_result(slice)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!dlcIsLinalgOp(user) || !dlcIsLinalgOut(user, tensor_extract_slice_result(slice))) return false;
  }
  return indexOf(&fusion->nodes, producer) >= 0;
}

static intptr_t findIndex(intptr_t nLoops, const int64_t *sizes, intptr_t wanted) {
  intptr_t index = 0;
  for (intptr_t l = 0; l < wanted && l < nLoops; ++l) index += sizes[l] != 0;
  return sizes[wanted] ? index : -1;
}

// What the results of a strip start from is made in the strip.
static void sinkInits(DlcBuilder *b, MlirOperation loop) {
  for (bool changed = true; changed && !b->failed;) {
    changed = false;
    DlcOps slices = dlcCollect(loop, tensor_extract_slice_isa);
    for (intptr_t i = 0; i < slices.n && !changed; ++i) {
      MlirValue source = tensor_extract_slice_source(slices.data[i]);
      bool isCarried = mlirValueIsABlockArgument(source) &&
                       mlirBlockEqual(mlirBlockArgumentGetOwner(source), bodyOf(mlirOperationGetRegion(loop, 0)));
      changed = isCarried && dlcFuseProducer(b->rewriter, slices.data[i], loop);
    }
    free(slices.data);
  }
}

// The items first, each with nothing but the root and what its results start from; then their strips.
static MlirOperation tileByStrip(DlcBuilder *b, MlirOperation root, Fusion *fusion, intptr_t nLoops,
                                 const int64_t *sizes, MlirOperation *loop) {
  int64_t strip[MAX_LOOPS] = {0};
  MlirOperation forall = {0};
  DlcStrips *strips = fusion->strips;
  if (nLoops > MAX_LOOPS) return forall;
  memcpy(strip, strips->loops, (size_t)nLoops * sizeof *strip);
  for (intptr_t l = 0; l < nLoops; ++l)
    if (strip[l]) strips->bandIndex = findIndex(nLoops, sizes, l);
  DlcFuseControl control = {.fuse = isInit, .data = fusion};
  mlirOperationSetDiscardableAttributeByName(root, dlcText(stripped), mlirUnitAttrGet(b->ctx));
  if (mlirLogicalResultIsFailure(dlcTileAndFuse(b->rewriter, root, nLoops, sizes, control, &forall)) || !forall.ptr)
    return (MlirOperation){0};
  DlcOps found = dlcCollect(forall, isStripped);
  bool ok = found.n == 1;
  if (ok) mlirOperationRemoveDiscardableAttributeByName(found.data[0], dlcText(stripped));
  ok = ok && mlirLogicalResultIsSuccess(dlcTileLoops(b->rewriter, found.data[0], nLoops, strip, loop));
  free(found.data);
  if (ok) sinkInits(b, *loop);
  return ok ? forall : (MlirOperation){0};
}

static MlirOperation fuseStrips(DlcBuilder *b, MlirOperation root, Fusion *fusion, intptr_t nLoops,
                                const int64_t *sizes, DlcI64s step) {
  MlirOperation loops[2] = {{0}}, forall = tileByStrip(b, root, fusion, nLoops, sizes, &loops[1]);
  if (!forall.ptr) return forall;
  if (step.n) {
    fuseRest(b, forall, loops, fusion, fusion->isLate);
    if (b->failed || !(loops[0] = tileByStep(b, forall, step)).ptr) return (MlirOperation){0};
  }
  do fuseRest(b, forall, loops, fusion, NULL);
  while (dlcStripsKeep(b, fusion->strips, forall, &loops[1], &loops[0]));
  if (!b->failed) makeScratch(b, forall);
  return forall;
}

MlirOperation dlcFuseNodes(DlcBuilder *b, MlirOperation root, DlcNodes nodes, intptr_t nLoops, const int64_t *sizes,
                           DlcI64s step, DlcStrips *strips) {
  MlirOperation forall = {0}, loops[2] = {{0}};
  bool *isLate = calloc((size_t)nodes.n + 1, sizeof *isLate);
  Fusion fusion = {nodes, isLate, strips};
  DlcFuseControl control = {.fuse = isFused, .data = &fusion};
  bool ok = !step.n || markStreamed(b, root, &nodes, isLate);
  if (ok && strips->n) {
    forall = fuseStrips(b, root, &fusion, nLoops, sizes, step);
    free(isLate);
    return forall;
  }
  ok = ok && mlirLogicalResultIsSuccess(dlcTileAndFuse(b->rewriter, root, nLoops, sizes, control, &forall)) &&
       forall.ptr;
  if (ok && step.n) ok = (loops[0] = tileByStep(b, forall, step)).ptr;
  if (ok) fuseRest(b, forall, loops, &fusion, NULL);
  if (ok) ok = (forall = fuseStored(b, forall, loops, &fusion)).ptr;
  if (ok) makeScratch(b, forall);
  free(isLate);
  return ok ? forall : (MlirOperation){0};
}
