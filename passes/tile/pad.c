// See passes/tile/pad.h.
#include "passes/tile/pad.h"
#include "dlc/ir.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_RANK = DLC_MAX_NUMBERS };

bool dlcIsPad(MlirOperation op) {
  if (!tensor_insert_slice_isa(op)) return false;
  MlirOperation fill = opOf(tensor_insert_slice_dest(op));
  MlirType source = typeOf(tensor_insert_slice_source(op)), type = typeOf(tensor_insert_slice_result(op));
  DlcI64s strides = tensor_insert_slice_static_strides(op);
  if (!fill.ptr || !linalg_fill_isa(fill)) return false;
  if (mlirShapedTypeGetRank(source) != mlirShapedTypeGetRank(type) || mlirShapedTypeGetRank(type) > MAX_RANK ||
      tensor_insert_slice_offsets(op).n)
    return false;
  for (intptr_t i = 0; i < strides.n; ++i)
    if (strides.data[i] != 1) return false;
  return true;
}

MlirType dlcWithElement(MlirType tensor, MlirType element) {
  int64_t shape[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(tensor);
  for (intptr_t i = 0; i < rank; ++i) shape[i] = mlirShapedTypeGetDimSize(tensor, i);
  return mlirRankedTensorTypeGet(rank, shape, element, mlirAttributeGetNull());
}

MlirValue dlcPadWith(DlcBuilder *b, MlirValue v, DlcI64s low, DlcValues lows, DlcI64s high, DlcValues highs,
                     bool nofold, MlirType type, MlirAttribute fill) {
  MlirValue number = arith_constant(b, fill);
  MlirValue made = tensor_pad(b, v, lows, highs, low, high, type, .nofold = nofold);
  if (isNull(made)) return made;
  MlirType indices[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(type);
  for (intptr_t i = 0; i < rank; ++i) indices[i] = indexType(b);
  dlcAtEnd(b, dlcAddBlock(b, tensor_pad_region(opOf(made)), typesN(rank, indices))) tensor_yield(b, number);
  return made;
}

MlirValue dlcPadLike(DlcBuilder *b, MlirOperation like, MlirValue v, MlirAttribute fill) {
  return dlcPadWith(b, v, tensor_pad_static_low(like), tensor_pad_low(like), tensor_pad_static_high(like),
                    tensor_pad_high(like), tensor_pad_nofold(like),
                    dlcWithElement(typeOf(dlcResult(like, 0)), mlirShapedTypeGetElementType(typeOf(v))), fill);
}

//===--- borders ------------------------------------------------------------------------------------===//
void dlcPadRead(MlirOperation pad, DlcPadShape *shape) {
  MlirType type = typeOf(tensor_insert_slice_result(pad));
  MlirOperation fresh = opOf(mlirOperationGetOperand(opOf(tensor_insert_slice_dest(pad)), 1));
  DlcI64s low = tensor_insert_slice_static_offsets(pad), inserted = tensor_insert_slice_static_sizes(pad);
  intptr_t nextInserted = 0, nextFresh = 0;
  *shape = (DlcPadShape){.rank = low.n, .known = true};
  for (intptr_t i = 0; i < low.n; ++i) {
    shape->low[i] = low.data[i];
    shape->source[i] = dlcNumberTake(inserted, tensor_insert_slice_sizes(pad), i, &nextInserted);
    shape->padded[i] = dlcKnown(mlirShapedTypeGetDimSize(type, i));
    if (!mlirShapedTypeIsDynamicDim(type, i)) continue;
    bool isFresh = fresh.ptr && tensor_empty_isa(fresh);
    if (isFresh) shape->padded[i] = dlcDynamic(mlirOperationGetOperand(fresh, nextFresh++));
    shape->known &= isFresh;
  }
}

bool dlcPadHasBorder(const DlcPadShape *shape, intptr_t i) {
  return shape->low[i] || !dlcNumbersEqual(shape->source[i], shape->padded[i]);
}

bool dlcPadIsLarge(MlirOperation pad) {
  enum { MOST_BORDERS = 4, SMALL_BYTES = 16384 };
  DlcPadShape shape;
  dlcPadRead(pad, &shape);
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(typeOf(tensor_insert_slice_result(pad)))), borders = 0;
  for (intptr_t i = 0; i < shape.rank; ++i) {
    const DlcNumber *source = &shape.source[i], *padded = &shape.padded[i];
    bool isExact = dlcIsKnown(*source) && dlcIsKnown(*padded);
    if (dlcPadHasBorder(&shape, i))
      borders += (shape.low[i] != 0) + !(isExact && shape.low[i] + source->known == padded->known);
    if (dlcIsKnown(*padded) && bytes < SMALL_BYTES) bytes *= padded->known;
  }
  return shape.known && borders <= MOST_BORDERS && bytes >= SMALL_BYTES;
}

// Where a side begins along its own dimension: one of no thickness within the tensor all the same.
static DlcNumber startOfHigh(DlcBuilder *b, const DlcSides *sides, intptr_t d) {
  DlcNumber last = dlcSum(b, sides->whole[d], dlcKnown(0), 1, -1);
  return dlcLimit(b, sides->low[d], sides->source[d], 1, 0, false, last);
}

bool dlcSideOf(DlcBuilder *b, const DlcSides *sides, intptr_t d, bool isHigh, DlcNumbers *offsets, DlcNumbers *sizes) {
  DlcNumber thick = isHigh ? sides->high[d] : sides->low[d];
  if (dlcIsKnown(thick) && thick.known == 0) return false;
  for (intptr_t i = 0; i < sides->rank; ++i) {
    dlcNumbersAdd(offsets, i == d && isHigh ? startOfHigh(b, sides, d) : i < d ? sides->low[i] : dlcKnown(0));
    dlcNumbersAdd(sizes, i < d ? sides->source[i] : i > d ? sides->whole[i] : thick);
  }
  return true;
}

MlirValue dlcFillSides(DlcBuilder *b, MlirValue number, MlirValue into, const DlcSides *sides) {
  MlirType element = mlirShapedTypeGetElementType(typeOf(into));
  for (intptr_t d = 0; d < sides->rank; ++d)
    for (int isHigh = 0; isHigh < 2; ++isHigh) {
      DlcNumbers offsets = {0}, sizes = {0};
      if (!dlcSideOf(b, sides, d, isHigh, &offsets, &sizes)) continue;
      MlirType type = mlirRankedTensorTypeGet(sizes.rank, sizes.fixed, element, mlirAttributeGetNull());
      MlirValue side = dlcResult(dlcFill(b, number, tensor_empty(b, dlcNumbersValues(&sizes), type)), 0);
      into = dlcInsertAt(b, side, into, &offsets, &sizes);
    }
  return into;
}

//===--- a slice ------------------------------------------------------------------------------------===//
// Along one dimension: the tile from `offset` on, `size` long. Where it starts in the source and how much of it is
// there.
static void coverDimension(DlcBuilder *b, const DlcPadShape *pad, intptr_t i, DlcNumber offset, DlcNumber size,
                           DlcSides *sides, DlcNumbers *start) {
  sides->whole[i] = sides->source[i] = size;
  sides->low[i] = sides->high[i] = dlcKnown(0);
  if (!dlcPadHasBorder(pad, i)) {
    dlcNumbersAdd(start, offset);
    return;
  }
  DlcNumber first = dlcLimit(b, offset, dlcKnown(0), 1, -pad->low[i], true, dlcKnown(0)),
            end = dlcLimit(b, offset, size, 1, -pad->low[i], false, pad->source[i]),
            there = dlcLimit(b, end, first, -1, 0, true, dlcKnown(0)),
            covered = dlcLimit(b, there, dlcKnown(0), 1, 0, false, size), // a bound for buffers
      before = dlcLimit(b, first, offset, -1, pad->low[i], false, size);
  dlcNumbersAdd(start, first);
  sides->source[i] = covered, sides->low[i] = before;
  sides->high[i] = dlcSum(b, size, dlcSum(b, before, covered, 1, 0), -1, 0);
}

bool dlcPadOfSlice(DlcBuilder *b, MlirOperation slice, MlirOperation *ofSource) {
  *ofSource = (MlirOperation){0};
  if (!dlcIsBox(slice) || !dlcIsPad(opOf(tensor_extract_slice_source(slice)))) return false;
  MlirOperation pad = opOf(tensor_extract_slice_source(slice));
  MlirType type = typeOf(tensor_extract_slice_result(slice));
  DlcI64s offsets = tensor_extract_slice_static_offsets(slice), sizes = tensor_extract_slice_static_sizes(slice);
  DlcPadShape shape;
  dlcPadRead(pad, &shape);
  DlcSides sides = {.rank = shape.rank};
  DlcNumbers start = {0}, count = {0}, where = {0}, whole = {0};
  bool isBorder = false; // nothing of the source is in the tile, wherever that is
  intptr_t nextOffset = 0, nextSize = 0;
  dlcBefore(b, slice) {
    for (intptr_t i = 0; i < offsets.n; ++i) {
      coverDimension(b, &shape, i, dlcNumberTake(offsets, tensor_extract_slice_offsets(slice), i, &nextOffset),
                     dlcNumberTake(sizes, tensor_extract_slice_sizes(slice), i, &nextSize), &sides, &start);
      dlcNumbersAdd(&count, sides.source[i]), dlcNumbersAdd(&where, sides.low[i]);
      dlcNumbersAdd(&whole, sides.whole[i]);
      isBorder |= dlcIsKnown(sides.source[i]) && sides.source[i].known == 0;
    }
    MlirValue number = mlirOperationGetOperand(opOf(tensor_insert_slice_dest(pad)), 0),
              made = tensor_empty(b, dlcNumbersValues(&whole), type);
    if (isBorder) { // slices of size zero would stand beyond the ends of what they are parts of
      made = dlcResult(dlcFill(b, number, made), 0);
    } else { // filled first: what makes the source can then make it in its place
      made = dlcFillSides(b, number, made, &sides);
      MlirValue covered = dlcSliceAt(b, tensor_insert_slice_source(pad), &start, &count);
      *ofSource = opOf(covered);
      made = dlcInsertAt(b, covered, made, &where, &count);
    }
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, slice, 1, &made);
  }
  return !b->failed;
}
