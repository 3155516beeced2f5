// See passes/tile/pad.h.
#include "passes/tile/pad.h"
#include "dlc/ir.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_RANK = 16 };

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

//===--- one dimension ----------------------------------------------------------------------------===//
// A number that is known, or a value.
typedef struct {
  int64_t known; // dynamic: see value
  MlirValue value;
} Size;
static bool isKnown(Size s) { return !mlirShapedTypeIsDynamicSize(s.known); }
static Size known(int64_t n) { return (Size){.known = n}; }
static Size dynamic(MlirValue v) { return (Size){mlirShapedTypeGetDynamicSize(), v}; }

// The operands of an affine map that is being written.
typedef struct {
  MlirValue values[3];
  intptr_t n;
} Operands;
static MlirAffineExpr termOf(DlcBuilder *b, Size s, Operands *operands) {
  if (isKnown(s)) return mlirAffineConstantExprGet(b->ctx, s.known);
  operands->values[operands->n++] = s.value;
  return mlirAffineDimExprGet(b->ctx, operands->n - 1);
}
static MlirAffineExpr sumOf(DlcBuilder *b, Size x, Size y, int64_t sign, int64_t add, Operands *operands) {
  MlirAffineExpr e = mlirAffineAddExprGet(mlirAffineConstantExprGet(b->ctx, add), termOf(b, x, operands));
  MlirAffineExpr scaled = mlirAffineMulExprGet(termOf(b, y, operands), mlirAffineConstantExprGet(b->ctx, sign));
  return mlirAffineAddExprGet(e, scaled);
}

static Size sum(DlcBuilder *b, Size x, Size y, int64_t sign, int64_t add) { // x + sign * y + add
  if (isKnown(x) && isKnown(y)) return known(x.known + sign * y.known + add);
  Operands operands = {0};
  MlirAffineExpr e = sumOf(b, x, y, sign, add, &operands);
  return dynamic(affine_apply(b, mlirAffineMapGet(b->ctx, operands.n, 0, 1, &e), valsN(operands.n, operands.values)));
}

// max or min of x + sign * y + add and `bound`.
static Size limit(DlcBuilder *b, Size x, Size y, int64_t sign, int64_t add, bool isMax, Size bound) {
  if (isKnown(x) && isKnown(y) && isKnown(bound)) {
    int64_t a = x.known + sign * y.known + add;
    return known((isMax ? a > bound.known : a < bound.known) ? a : bound.known);
  }
  Operands operands = {0};
  MlirAffineExpr limits[2];
  limits[0] = sumOf(b, x, y, sign, add, &operands);
  limits[1] = termOf(b, bound, &operands);
  MlirAffineMap map = mlirAffineMapGet(b->ctx, operands.n, 0, 2, limits);
  DlcValues values = valsN(operands.n, operands.values);
  return dynamic(isMax ? affine_max(b, map, values) : affine_min(b, map, values));
}

//===--- a slice ------------------------------------------------------------------------------------===//
typedef struct {
  intptr_t rank, nDynamic;
  int64_t fixed[MAX_RANK];
  MlirValue values[MAX_RANK];
} Sizes;
static void add(Sizes *s, Size size) {
  s->fixed[s->rank++] = size.known;
  if (!isKnown(size)) s->values[s->nDynamic++] = size.value;
}
static DlcValues valuesOf(const Sizes *s) { return valsN(s->nDynamic, s->values); }
static DlcI64s fixedOf(const Sizes *s) { return (DlcI64s){s->fixed, s->rank}; }
static Size take(DlcI64s fixed, DlcValues values, intptr_t i, intptr_t *next) {
  return mlirShapedTypeIsDynamicSize(fixed.data[i]) ? dynamic(at(values, (*next)++)) : known(fixed.data[i]);
}

// Dimension i has no border: the source fills it.
static bool isPlain(MlirOperation pad, intptr_t i, Size inserted) {
  MlirType type = typeOf(tensor_insert_slice_result(pad));
  if (tensor_insert_slice_static_offsets(pad).data[i]) return false;
  if (isKnown(inserted)) return mlirShapedTypeGetDimSize(type, i) == inserted.known;
  MlirOperation fresh = opOf(mlirOperationGetOperand(opOf(tensor_insert_slice_dest(pad)), 1));
  if (!fresh.ptr || !tensor_empty_isa(fresh) || !mlirShapedTypeIsDynamicDim(type, i)) return false;
  intptr_t k = 0;
  for (intptr_t d = 0; d < i; ++d) k += mlirShapedTypeIsDynamicDim(type, d);
  return mlirValueEqual(mlirOperationGetOperand(fresh, k), inserted.value);
}

// Elements along dimension d that have to be filled: all where the source does not cover the tile, else none. Tiles
// within the source, which are most, are then not written twice.
static Size toFill(DlcBuilder *b, const Size *sizes, const Size *covered, intptr_t rank, intptr_t d) {
  Size missing = known(0);
  for (intptr_t i = 0; i < rank; ++i) {
    bool same = isKnown(sizes[i]) ? isKnown(covered[i]) && sizes[i].known == covered[i].known
                                  : !isKnown(covered[i]) && mlirValueEqual(sizes[i].value, covered[i].value);
    if (same) continue;
    missing = sum(b, missing, sum(b, sizes[i], covered[i], -1, 0), 1, 0);
  }
  return limit(b, known(0), missing, sizes[d].known, 0, false, sizes[d]);
}

static MlirValue fillTile(DlcBuilder *b, MlirOperation pad, const Size *sizes, const Size *covered, intptr_t rank,
                          MlirType type) {
  Sizes whole = {0}, zeros = {0}, part = {0};
  int64_t ones[MAX_RANK], shape[MAX_RANK];
  intptr_t cut = -1;
  for (intptr_t i = 0; i < rank; ++i) {
    add(&whole, sizes[i]), ones[i] = 1;
    if (cut < 0 && isKnown(sizes[i]) && !(isKnown(covered[i]) && covered[i].known == sizes[i].known)) cut = i;
  }
  MlirValue fresh = tensor_empty(b, valuesOf(&whole), type),
            value = mlirOperationGetOperand(opOf(tensor_insert_slice_dest(pad)), 0);
  if (cut < 0) return dlcResult(dlcFill(b, value, fresh), 0);
  for (intptr_t i = 0; i < rank; ++i) {
    Size size = i == cut ? toFill(b, sizes, covered, rank, cut) : sizes[i];
    add(&zeros, known(0)), add(&part, size), shape[i] = size.known;
  }
  MlirType partType = mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(type), (MlirAttribute){0});
  DlcI64s steps = {ones, rank};
  MlirValue outs = tensor_extract_slice(b, fresh, (DlcValues){0}, valuesOf(&part), (DlcValues){0}, fixedOf(&zeros),
                                        fixedOf(&part), steps, partType);
  MlirValue filled = dlcResult(dlcFill(b, value, outs), 0);
  return tensor_insert_slice(b, filled, fresh, (DlcValues){0}, valuesOf(&part), (DlcValues){0}, fixedOf(&zeros),
                             fixedOf(&part), steps);
}

bool dlcPadOfSlice(DlcBuilder *b, MlirOperation slice) {
  if (!tensor_extract_slice_isa(slice) || !dlcIsPad(opOf(tensor_extract_slice_source(slice)))) return false;
  MlirOperation pad = opOf(tensor_extract_slice_source(slice));
  MlirType type = typeOf(tensor_extract_slice_result(slice)), from = typeOf(tensor_insert_slice_source(pad));
  DlcI64s offsets = tensor_extract_slice_static_offsets(slice), sizes = tensor_extract_slice_static_sizes(slice),
          low = tensor_insert_slice_static_offsets(pad), inserted = tensor_insert_slice_static_sizes(pad),
          strides = tensor_extract_slice_static_strides(slice);
  if (mlirShapedTypeGetRank(type) != offsets.n) return false;
  for (intptr_t i = 0; i < strides.n; ++i)
    if (strides.data[i] != 1) return false;
  Sizes start = {0}, count = {0}, where = {0};
  Size tile[MAX_RANK], covers[MAX_RANK];
  bool isBorder = false; // nothing of the source is in the tile, wherever that is
  intptr_t nextOffset = 0, nextSize = 0, nextInserted = 0;
  int64_t shape[MAX_RANK], ones[MAX_RANK];
  MlirValue made = {0};
  dlcBefore(b, slice) {
    for (intptr_t i = 0; i < offsets.n; ++i) {
      Size o = take(offsets, tensor_extract_slice_offsets(slice), i, &nextOffset);
      Size s = take(sizes, tensor_extract_slice_sizes(slice), i, &nextSize);
      Size n = take(inserted, tensor_insert_slice_sizes(pad), i, &nextInserted);
      bool plain = isPlain(pad, i, n);
      Size lo = plain ? o : limit(b, o, known(0), 1, -low.data[i], true, known(0));
      Size end = plain ? s : limit(b, o, s, 1, -low.data[i], false, n);
      Size c = plain ? s : limit(b, end, lo, -1, 0, true, known(0));
      add(&start, lo), add(&count, c);
      tile[i] = s, covers[i] = c;
      isBorder |= isKnown(c) && c.known == 0;
      add(&where, plain ? known(0) : sum(b, lo, o, -1, low.data[i]));
      shape[i] = c.known, ones[i] = 1;
    }
    if (isBorder) { // slices of size zero would stand beyond the ends of what they are parts of
      made = fillTile(b, pad, tile, covers, offsets.n, type);
      break;
    }
    MlirType part = mlirRankedTensorTypeGet(offsets.n, shape, mlirShapedTypeGetElementType(from), (MlirAttribute){0});
    DlcI64s steps = {ones, offsets.n};
    MlirValue covered = tensor_extract_slice(b, tensor_insert_slice_source(pad), valuesOf(&start), valuesOf(&count),
                                             (DlcValues){0}, fixedOf(&start), fixedOf(&count), steps, part);
    made = tensor_insert_slice(b, covered, fillTile(b, pad, tile, covers, offsets.n, type), valuesOf(&where),
                               valuesOf(&count), (DlcValues){0}, fixedOf(&where), fixedOf(&count), steps);
  }
  if (b->failed) return false;
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, slice, 1, &made);
  return true;
}
