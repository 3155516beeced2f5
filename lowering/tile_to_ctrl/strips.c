// See lowering/tile_to_ctrl/strips.h.
//
//   scf.for %r step 4 iter_args(%o) {                 scf.for %r step 4 iter_args(%o, %k = first 2 rows of %p) {
//     %s = 6 rows of %p at %r                           %e = tensor.empty of 6 rows
//     .. windows(%s) ..                       ->        %s = %k inserted at 0, 4 rows of %p at %r + 2 at 2
//   }                                                   .. windows(%s) ..
//                                                       %l = copy of 2 rows of %s at 4 to %k
//                                                       yield .., %l }
//
// Where a reduction runs by steps in the strip, what is kept is carried through that loop as well, with the channels of
// all steps, of which a step takes and leaves its own.
//
// How many rows a strip shares with the one before comes from the graph's flow (passes/tile/lines.h). Refuses what that
// cannot say, strips without bands, and columns that vary with the strips.
#include "lowering/tile_to_ctrl/strips.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "passes/tile/number.h"
#include "ods/affine.h"
#include "ods/linalg.h"
#include "ods/scf.h"
#include "ods/tensor.h"

enum { ASSUMED = 64 };

//===--- what is kept -----------------------------------------------------------------------------===//
static MlirLogicalResult refuse(MlirLocation loc, const char *why) {
  return dlcErrorAt(loc, "tile-to-tasks: a line buffer cannot be made: %s", why);
}

static bool isLine(MlirOperation op) {
  return tile_edge_isa(op) && !mlirAttributeIsNull(tile_edge_halo(op)) &&
         tile_halo_kind(tile_edge_halo(op)) == tile_HaloKind_line;
}

static MlirLogicalResult readTiles(MlirOperation graph, const DlcFlow *flow, MlirLocation loc, DlcStrips *strips) {
  MlirAttribute schedule = tile_graph_schedule(graph);
  if (mlirAttributeIsNull(schedule) || tile_schedule_fit_n(schedule) != 2 ||
      tile_fit_level(tile_schedule_fit_at(schedule, 1)) != tile_Level_workgroup)
    return refuse(loc, "the schedule has no bands of rows above strips, which are the tile at workgroup");
  DlcI64s band = tile_fit_tile(tile_schedule_fit_at(schedule, 0)),
          strip = tile_fit_tile(tile_schedule_fit_at(schedule, 1));
  intptr_t d = dlcStripDimension(flow, band.data, strip.data);
  if (d < 0) return refuse(loc, "strips and bands differ in no dimension, or in several");
  if (mlirShapedTypeIsDynamicDim(typeOf(mlirOperationGetResult(graph, 0)), d))
    return refuse(loc, "the number of rows is not known");
  strips->rank = flow->rank, strips->dimension = d, strips->strip[d] = strip.data[d];
  int64_t rows = strips->band = band.data[d] > 0 ? band.data[d] : flow->extent[d];
  strips->divides = rows % strip.data[d] == 0 && flow->extent[d] % rows % strip.data[d] == 0;
  return mlirLogicalResultSuccess();
}

static DlcLine *lineOf(const DlcStrips *strips, MlirOperation op) {
  for (intptr_t i = 0; i < strips->n && op.ptr; ++i)
    if (mlirOperationEqual(strips->lines[i].op, op)) return (DlcLine *)&strips->lines[i];
  return NULL;
}

static MlirLogicalResult readLine(const DlcStrips *strips, MlirAttribute halo, const DlcLineRows *rows, DlcLine *line) {
  line->rows = *rows;
  if (rows->dimension < 0 || rows->dimension != tile_halo_dims(halo).data[0])
    return refuse(line->loc, "its dimension does not move with the strips");
  if (rows->why) return refuse(line->loc, rows->why);
  if (rows->keep <= 0) return refuse(line->loc, "strips share no rows of it");
  int64_t needed = rows->scale * strips->strip[strips->dimension] + rows->keep;
  if (tile_halo_rows(halo) == needed) return mlirLogicalResultSuccess();
  return dlcErrorAt(line->loc, "tile-to-tasks: a line buffer of %lld rows for strips that take %lld",
                    (long long)tile_halo_rows(halo), (long long)needed);
}

static MlirLogicalResult readLines(MlirOperation graph, const DlcFlow *flow, DlcStrips *strips) {
  DlcLineRows *rows = calloc((size_t)flow->nValues + 1, sizeof *rows);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  dlcLineRows(flow, strips->dimension, rows);
  dlcForEachOp(op, bodyOf(tile_graph_body(graph))) {
    if (!isLine(op) || mlirLogicalResultIsFailure(result) || strips->n == DLC_MAX_NODES) continue;
    MlirValue value = tile_edge_value(op);
    DlcLine line = {.op = opOf(value), .loc = mlirOperationGetLocation(op)};
    intptr_t v = 0;
    while (v < flow->nValues && !mlirValueEqual(flow->values[v].value, value)) ++v;
    if (v == flow->nValues || flow->values[v].node < 0)
      result = refuse(line.loc, "no op of the graph makes it");
    else
      result = readLine(strips, tile_edge_halo(op), &rows[v], &line);
    line.extent = v < flow->nValues && line.rows.dimension >= 0 ? flow->values[v].box.extent[line.rows.dimension] : 0;
    if (!lineOf(strips, line.op)) strips->lines[strips->n++] = line;
  }
  int64_t band = strips->band, strip = strips->strip[strips->dimension];
  if (mlirLogicalResultIsSuccess(result) && !dlcStripsReach(flow, strips->dimension, band, strip, rows))
    result = refuse(strips->lines[0].loc, "of some strip all that is new is border");
  free(rows);
  return result;
}

MlirLogicalResult dlcStripsRead(MlirOperation graph, DlcStrips *strips) {
  *strips = (DlcStrips){0};
  MlirOperation first = {0};
  dlcForEachOp(op, bodyOf(tile_graph_body(graph)))
    if (isLine(op) && !first.ptr) first = op;
  if (!first.ptr) return mlirLogicalResultSuccess();
  DlcFlow flow;
  MlirLocation loc = mlirOperationGetLocation(first);
  if (!dlcFlowOfGraph(&flow, graph, ASSUMED)) return refuse(loc, "the graph has no flow");
  MlirLogicalResult result = readTiles(graph, &flow, loc, strips);
  if (mlirLogicalResultIsSuccess(result)) result = readLines(graph, &flow, strips);
  dlcFlowDestroy(&flow);
  return result;
}

bool dlcStripsWait(const DlcStrips *strips, MlirOperation op) {
  const DlcLine *line = lineOf(strips, op);
  return line && !line->isDone;
}

//===--- slices ---------------------------------------------------------------------------------------===//
static bool isSameIndex(MlirValue x, MlirValue y) {
  MlirOperation a = opOf(x), b = opOf(y);
  if (mlirValueEqual(x, y)) return true;
  if (!a.ptr || !b.ptr || mlirOperationGetNumOperands(a) != mlirOperationGetNumOperands(b) ||
      mlirOperationGetNumRegions(a) || !dlcIsPure(a) ||
      !mlirIdentifierEqual(mlirOperationGetName(a), mlirOperationGetName(b)) ||
      !mlirAttributeEqual(mlirOperationGetAttributeByName(a, dlcText("map")),
                          mlirOperationGetAttributeByName(b, dlcText("map"))) ||
      !mlirAttributeEqual(mlirOperationGetAttributeByName(a, dlcText("value")),
                          mlirOperationGetAttributeByName(b, dlcText("value"))))
    return false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(a); ++i)
    if (!isSameIndex(mlirOperationGetOperand(a, i), mlirOperationGetOperand(b, i))) return false;
  return true;
}

static bool isSameBox(MlirOperation a, MlirOperation b) {
  DlcI64s lists[2][2] = {{tensor_extract_slice_static_offsets(a), tensor_extract_slice_static_sizes(a)},
                         {tensor_extract_slice_static_offsets(b), tensor_extract_slice_static_sizes(b)}};
  for (int k = 0; k < 2; ++k)
    if (lists[0][k].n != lists[1][k].n ||
        memcmp(lists[0][k].data, lists[1][k].data, (size_t)lists[0][k].n * sizeof(int64_t)))
      return false;
  for (intptr_t i = 1; i < mlirOperationGetNumOperands(a); ++i)
    if (!isSameIndex(mlirOperationGetOperand(a, i), mlirOperationGetOperand(b, i))) return false;
  return true;
}

// What strips read of the value: one part. Null: nothing, or (failed) several.
static MlirOperation findSlice(DlcBuilder *b, const DlcLine *line, MlirOperation loop) {
  DlcOps slices = dlcCollect(loop, tensor_extract_slice_isa);
  MlirOperation found = {0};
  for (intptr_t i = 0; i < slices.n && !b->failed; ++i) {
    MlirOperation s = slices.data[i];
    if (!mlirOperationEqual(opOf(tensor_extract_slice_source(s)), line->op) || dlcIsUnused(s)) continue;
    if (!dlcIsBox(s) || (found.ptr && !isSameBox(found, s))) {
      b->failed = true;
      refuse(line->loc, "a strip reads two parts of it");
    } else if (found.ptr) { // the later one in the program goes
      bool isLater = mlirBlockEqual(mlirOperationGetBlock(found), mlirOperationGetBlock(s)) &&
                     mlirOperationIsBeforeInBlock(found, s);
      MlirOperation first = isLater ? found : s, second = isLater ? s : found;
      MlirValue v = tensor_extract_slice_result(first);
      mlirRewriterBaseReplaceOpWithValues(b->rewriter, second, 1, &v);
      found = first;
    } else {
      found = s;
    }
  }
  free(slices.data);
  return b->failed ? (MlirOperation){0} : found;
}

//===--- buffers --------------------------------------------------------------------------------------===//
typedef struct {
  DlcBuilder *b;
  const DlcStrips *strips;
  const DlcLine *line;
  MlirOperation loop, inner, slice; // inner: the loop over steps in the strip, or null
  intptr_t rank;
  DlcNumber offset[DLC_MAX_NUMBERS], size[DLC_MAX_NUMBERS]; // of the slice
  bool isStepped[DLC_MAX_NUMBERS];                          // along it the slice is a step's
  MlirValue bandRow;                                        // of the root; null: 0
} Buffer;

static bool dependsOn(MlirValue v, MlirValue on) {
  if (mlirValueEqual(v, on)) return true;
  MlirOperation op = opOf(v);
  for (intptr_t i = 0; op.ptr && i < mlirOperationGetNumOperands(op); ++i)
    if (dependsOn(mlirOperationGetOperand(op, i), on)) return true;
  return false;
}

// Along other dimensions than that of the rows a slice is the same in each strip, or that of a step.
static bool readSlice(Buffer *f) {
  DlcI64s offsets = tensor_extract_slice_static_offsets(f->slice), sizes = tensor_extract_slice_static_sizes(f->slice);
  MlirType type = typeOf(mlirOperationGetResult(f->line->op, 0));
  MlirValue row = argOf(bodyOf(scf_for_region(f->loop)), 0);
  intptr_t nextOffset = 0, nextSize = 0;
  f->rank = offsets.n;
  for (intptr_t i = 0; i < f->rank; ++i) {
    f->offset[i] = dlcNumberTake(offsets, tensor_extract_slice_offsets(f->slice), i, &nextOffset);
    f->size[i] = dlcNumberTake(sizes, tensor_extract_slice_sizes(f->slice), i, &nextSize);
    if (i == f->line->rows.dimension) continue;
    if (!dlcIsKnown(f->size[i]) && dlcIsMadeInside(f->size[i].value, f->loop)) return false;
    if (dlcIsKnown(f->offset[i]) || !dlcIsMadeInside(f->offset[i].value, f->loop)) continue;
    f->isStepped[i] = true;
    if (!f->inner.ptr || dependsOn(f->offset[i].value, row) || mlirShapedTypeIsDynamicDim(type, i)) return false;
  }
  return true;
}

// scale * (first row of the strip) + add; isBand: of the band.
static DlcNumber rowAt(const Buffer *f, bool isBand, int64_t add) {
  MlirValue rows[2];
  intptr_t n = 0;
  MlirContext ctx = f->b->ctx;
  if (!isNull(f->bandRow)) rows[n++] = f->bandRow;
  if (!isBand) rows[n++] = argOf(bodyOf(scf_for_region(f->loop)), 0);
  MlirAffineExpr sum = mlirAffineConstantExprGet(ctx, add);
  for (intptr_t i = 0; i < n; ++i)
    sum = mlirAffineAddExprGet(
        sum, mlirAffineMulExprGet(mlirAffineDimExprGet(ctx, i), mlirAffineConstantExprGet(ctx, f->line->rows.scale)));
  if (!n) return dlcKnown(add);
  return dlcDynamic(affine_apply(f->b, mlirAffineMapGet(ctx, n, 0, 1, &sum), valsN(n, rows)));
}

// The slice with other rows: of the value (of all steps, where `all`), in the buffer, which begins where it does, or in
// what is kept, which has those of all steps.
typedef enum { OF_VALUE, OF_ALL, IN_BUFFER, IN_KEPT } Place;
typedef struct {
  DlcNumbers offsets, sizes;
} Box;
static Box boxAt(const Buffer *f, Place place, DlcNumber row, DlcNumber rows) {
  Box box = {0};
  for (intptr_t i = 0; i < f->rank; ++i) {
    bool isRow = i == f->line->rows.dimension, all = f->isStepped[i] && place == OF_ALL;
    bool fromZero = all || place == IN_BUFFER || (place == IN_KEPT && !f->isStepped[i]);
    int64_t whole = mlirShapedTypeGetDimSize(typeOf(mlirOperationGetResult(f->line->op, 0)), i);
    dlcNumbersAdd(&box.offsets, isRow ? row : fromZero ? dlcKnown(0) : f->offset[i]);
    dlcNumbersAdd(&box.sizes, isRow ? rows : all ? dlcKnown(whole) : f->size[i]);
  }
  return box;
}
static MlirValue sliceRows(const Buffer *f, MlirValue v, Place place, DlcNumber row, DlcNumber rows) {
  Box box = boxAt(f, place, row, rows);
  return dlcSliceAt(f->b, v, &box.offsets, &box.sizes);
}
static MlirValue insertRows(const Buffer *f, MlirValue v, MlirValue into, Place place, int64_t row, DlcNumber rows) {
  Box box = boxAt(f, place, dlcKnown(row), rows);
  return dlcInsertAt(f->b, v, into, &box.offsets, &box.sizes);
}
static MlirValue emptyRows(const Buffer *f, int64_t rows) {
  Box box = boxAt(f, IN_BUFFER, dlcKnown(0), dlcKnown(rows));
  MlirType element = mlirShapedTypeGetElementType(typeOf(tensor_extract_slice_result(f->slice)));
  MlirType type = mlirRankedTensorTypeGet(box.sizes.rank, box.sizes.fixed, element, mlirAttributeGetNull());
  return tensor_empty(f->b, dlcNumbersValues(&box.sizes), type);
}

// Rows of the value that the strip adds: fewer in the last one of a band that strips do not divide, and where the value
// ends.
static DlcNumber newRows(const Buffer *f) {
  const DlcLine *line = f->line;
  DlcNumber all = dlcKnown(line->rows.scale * f->strips->strip[f->strips->dimension]), rows = all;
  if (!f->strips->divides) {
    DlcNumber left = dlcSum(f->b, dlcDynamic(scf_for_upperBound(f->loop)),
                            dlcDynamic(argOf(bodyOf(scf_for_region(f->loop)), 0)), -1, 0);
    MlirAffineExpr e = mlirAffineMulExprGet(mlirAffineDimExprGet(f->b->ctx, 0),
                                            mlirAffineConstantExprGet(f->b->ctx, line->rows.scale));
    left = dlcDynamic(affine_apply(f->b, mlirAffineMapGet(f->b->ctx, 1, 0, 1, &e), vals(left.value)));
    rows = dlcLimit(f->b, left, dlcKnown(0), 1, 0, false, all);
  }
  if (line->rows.isCut) {
    DlcNumber at = rowAt(f, false, line->rows.start + line->rows.keep);
    rows = dlcLimit(f->b, dlcKnown(line->extent), at, -1, 0, false, rows);
  }
  return rows;
}

// What strips ask for, in the buffer: from its beginning on, unless borders of other values cut it.
static MlirValue readBuffer(const Buffer *f, MlirValue buffer) {
  const DlcLine *line = f->line;
  DlcNumber at = f->offset[line->rows.dimension], size = f->size[line->rows.dimension];
  int64_t whole = line->rows.scale * f->strips->strip[f->strips->dimension] + line->rows.keep;
  if (dlcIsKnown(size) && size.known == whole) return buffer;
  return sliceRows(f, buffer, IN_BUFFER, dlcSum(f->b, at, rowAt(f, false, line->rows.start), -1, 0), size);
}

// The loop with a further value, and that value in it.
static MlirValue carry(Buffer *f, MlirOperation *loop, MlirValue init) {
  if (f->b->failed) return (MlirValue){0};
  *loop = dlcCarry(f->b->rewriter, *loop, init);
  if (!loop->ptr) {
    f->b->failed = true;
    refuse(f->line->loc, "a loop carries no more values");
    return (MlirValue){0};
  }
  MlirBlock body = bodyOf(scf_for_region(*loop));
  return argOf(body, mlirBlockGetNumArguments(body) - 1);
}

static void setLastYield(MlirOperation loop, MlirValue v) {
  MlirOperation yield = mlirBlockGetTerminator(bodyOf(scf_for_region(loop)));
  mlirOperationSetOperand(yield, mlirOperationGetNumOperands(yield) - 1, v);
}

static void fillBuffer(Buffer *f) {
  DlcBuilder *b = f->b;
  const DlcLine *line = f->line;
  MlirValue value = mlirOperationGetResult(line->op, 0), first = {0}, buffer = {0}, next = {0};
  int64_t added = line->rows.scale * f->strips->strip[f->strips->dimension];
  DlcNumber keep = dlcKnown(line->rows.keep);
  dlcBefore(b, f->loop) first = sliceRows(f, value, OF_ALL, rowAt(f, true, line->rows.start), keep);
  MlirValue kept = carry(f, &f->loop, first);
  if (f->inner.ptr) kept = carry(f, &f->inner, kept);
  if (b->failed || !readSlice(f)) return; // once more: the loops' indices are new
  dlcBefore(b, f->slice) {
    DlcNumber rows = newRows(f);
    MlirValue old = f->inner.ptr ? sliceRows(f, kept, IN_KEPT, dlcKnown(0), keep) : kept;
    buffer = insertRows(f, old, emptyRows(f, added + line->rows.keep), IN_BUFFER, 0, keep);
    MlirValue made = sliceRows(f, value, OF_VALUE, rowAt(f, false, line->rows.start + line->rows.keep), rows);
    buffer = insertRows(f, made, buffer, IN_BUFFER, line->rows.keep, rows);
    MlirValue read = readBuffer(f, buffer);
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, f->slice, 1, &read);
  }
  MlirOperation around = f->inner.ptr ? f->inner : f->loop;
  dlcBefore(b, mlirBlockGetTerminator(bodyOf(scf_for_region(around)))) {
    MlirValue last = sliceRows(f, buffer, IN_BUFFER, dlcKnown(added), keep);
    next = f->inner.ptr ? insertRows(f, last, kept, IN_KEPT, 0, keep)
                        : dlcResult(linalg_copy(b, vals(last), vals(kept), types(typeOf(kept))), 0);
  }
  if (b->failed) return;
  setLastYield(around, next);
  if (f->inner.ptr) setLastYield(f->loop, dlcResult(f->inner, mlirOperationGetNumResults(f->inner) - 1));
}

// The forall's index of the rows; null: an item has all rows.
static MlirValue bandRow(const DlcStrips *strips, MlirOperation forall) {
  return strips->bandIndex < 0 ? (MlirValue){0} : argOf(bodyOf(scf_forall_region(forall)), strips->bandIndex);
}

// The loop over steps that the slice stands in. False: it is not in it, nor in the strip itself.
static bool findInner(const MlirOperation *steps, MlirOperation loop, MlirOperation slice, MlirOperation *inner) {
  *inner = dlcParentNamed(slice, "scf.for");
  if (mlirOperationEqual(*inner, loop)) return *inner = (MlirOperation){0}, true;
  return mlirOperationEqual(*inner, *steps);
}

bool dlcStripsKeep(DlcBuilder *b, DlcStrips *strips, MlirOperation forall, MlirOperation *loop, MlirOperation *steps) {
  DlcLine *line = NULL;
  for (intptr_t i = 0; i < strips->n; ++i)
    if (!strips->lines[i].isDone && (!line || mlirOperationIsBeforeInBlock(line->op, strips->lines[i].op)))
      line = &strips->lines[i];
  if (!line || b->failed) return false;
  line->isDone = true;
  Buffer f = {.b = b, .strips = strips, .line = line, .loop = *loop, .bandRow = bandRow(strips, forall)};
  f.slice = findSlice(b, line, *loop);
  if (b->failed || !f.slice.ptr) return !b->failed;
  if (!findInner(steps, *loop, f.slice, &f.inner) || !readSlice(&f)) {
    b->failed = true;
    refuse(line->loc, "its columns vary with the strips");
    return false;
  }
  fillBuffer(&f);
  *loop = f.loop;
  if (f.inner.ptr) *steps = f.inner;
  return !b->failed;
}
