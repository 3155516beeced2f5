// tile-decompose-pads: a padded tensor is a fresh one whose border is filled, with
// the source in its middle; fills and copies are then cut into work items like
// everything else, and what makes the source can make it in its place.
//
//   %p = tensor.pad %x low[0, 1] high[0, 1] { yield %c }
// ->
//   %e = tensor.empty
//   %l = linalg.fill %c   %0 = tensor.insert_slice %l into %e[0, 0]     (left of the source)
//   %r = linalg.fill %c   %1 = tensor.insert_slice %r into %0[0, ..]    (right of it)
//   %p = tensor.insert_slice %x into %1[0, 1]
//
// A small tensor, one with many borders and one with borders of dynamic width is
// filled whole. Refuses (leaves as it is): a pad whose value depends on the index.
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/tensor.h"

enum { MAX_RANK = 16 };

// The value outside of the source, if it is one value.
static MlirValue padValue(MlirOperation pad) {
  MlirBlock body = bodyOf(tensor_pad_region(pad));
  MlirValue v = mlirOperationGetOperand(mlirBlockGetTerminator(body), 0);
  MlirOperation producer = opOf(v);
  if (!producer.ptr) return dlcBlockIsInside(mlirBlockArgumentGetOwner(v), pad) ? (MlirValue){0} : v;
  return dlcIsInside(producer, pad) && !dlcIsScalarConstant(producer) ? (MlirValue){0} : v;
}

typedef struct {
  MlirValue value;
  int64_t known;
} Amount; // value null: known

static intptr_t amountsOf(DlcI64s fixed, DlcValues dynamic, Amount *out) {
  intptr_t next = 0;
  for (intptr_t i = 0; i < fixed.n; ++i)
    out[i] =
        mlirShapedTypeIsDynamicSize(fixed.data[i]) ? (Amount){at(dynamic, next++), 0} : (Amount){{0}, fixed.data[i]};
  return fixed.n;
}
static MlirValue valueOf(DlcBuilder *b, Amount a) { return isNull(a.value) ? constIndex(b, a.known) : a.value; }

// A box of the padded tensor: where it starts and how long it is, by dimension.
typedef struct {
  intptr_t rank;
  Amount offset[MAX_RANK], size[MAX_RANK];
} Box;

static intptr_t split(const Amount *amounts, intptr_t n, int64_t *known, MlirValue *dynamic) {
  intptr_t nDynamic = 0;
  for (intptr_t i = 0; i < n; ++i) {
    known[i] = isNull(amounts[i].value) ? amounts[i].known : mlirShapedTypeGetDynamicSize();
    if (!isNull(amounts[i].value)) dynamic[nDynamic++] = amounts[i].value;
  }
  return nDynamic;
}

static MlirValue insert(DlcBuilder *b, MlirValue source, MlirValue into, const Box *box) {
  int64_t offsets[MAX_RANK], sizes[MAX_RANK], ones[MAX_RANK];
  MlirValue dynamicOffsets[MAX_RANK], dynamicSizes[MAX_RANK];
  intptr_t nOffsets = split(box->offset, box->rank, offsets, dynamicOffsets),
           nSizes = split(box->size, box->rank, sizes, dynamicSizes);
  for (intptr_t i = 0; i < box->rank; ++i) ones[i] = 1;
  return tensor_insert_slice(b, source, into, valsN(nOffsets, dynamicOffsets), valsN(nSizes, dynamicSizes),
                             (DlcValues){0}, {offsets, box->rank}, {sizes, box->rank}, {ones, box->rank});
}

static MlirValue makeEmpty(DlcBuilder *b, const Amount *size, intptr_t rank, MlirType element) {
  int64_t sizes[MAX_RANK];
  MlirValue dynamic[MAX_RANK];
  intptr_t n = split(size, rank, sizes, dynamic);
  return tensor_empty(b, valsN(n, dynamic), mlirRankedTensorTypeGet(rank, sizes, element, mlirAttributeGetNull()));
}

typedef struct {
  intptr_t rank;
  Amount low[MAX_RANK], high[MAX_RANK], source[MAX_RANK], padded[MAX_RANK]; // the latter two: sizes
} Pad;

static void readPad(DlcBuilder *b, MlirOperation pad, Pad *p) {
  MlirValue source = tensor_pad_source(pad);
  MlirType from = typeOf(source), to = typeOf(tensor_pad_result(pad));
  p->rank = mlirShapedTypeGetRank(to);
  amountsOf(tensor_pad_static_low(pad), tensor_pad_low(pad), p->low);
  amountsOf(tensor_pad_static_high(pad), tensor_pad_high(pad), p->high);
  for (intptr_t i = 0; i < p->rank; ++i) {
    p->source[i] = (Amount){.known = mlirShapedTypeGetDimSize(from, i)};
    if (mlirShapedTypeIsDynamicDim(from, i)) p->source[i].value = tensor_dim(b, source, constIndex(b, i));
    p->padded[i] = (Amount){.known = mlirShapedTypeGetDimSize(to, i)};
    if (!mlirShapedTypeIsDynamicDim(to, i)) continue;
    bool isSame = isNull(p->low[i].value) && isNull(p->high[i].value) && !p->low[i].known && !p->high[i].known;
    p->padded[i].value =
        isSame ? p->source[i].value
               : arith_addi(b, arith_addi(b, valueOf(b, p->source[i]), valueOf(b, p->low[i])), valueOf(b, p->high[i]));
  }
}

enum { MOST_BORDERS = 4, SMALL_BYTES = 16384 };
static bool hasBorder(Amount a) { return !isNull(a.value) || a.known != 0; }

static bool isFilledWhole(const Pad *p, MlirType element) {
  int64_t bytes = dlcElementBytes(element), borders = 0;
  for (intptr_t i = 0; i < p->rank; ++i) {
    if (!isNull(p->low[i].value) || !isNull(p->high[i].value) || p->low[i].known < 0 || p->high[i].known < 0)
      return true;
    borders += hasBorder(p->low[i]) + hasBorder(p->high[i]);
    if (isNull(p->padded[i].value) && bytes < SMALL_BYTES) bytes *= p->padded[i].known;
  }
  return borders > MOST_BORDERS || bytes < SMALL_BYTES;
}

// One side of dimension `d`: dimensions before it as long as the source, those behind it whole.
static MlirValue fillSide(DlcBuilder *b, const Pad *p, intptr_t d, bool isHigh, MlirValue fill, MlirValue into) {
  Box box = {.rank = p->rank};
  for (intptr_t i = 0; i < p->rank; ++i) {
    box.offset[i] = i < d ? p->low[i] : (Amount){0};
    box.size[i] = i < d ? p->source[i] : i > d ? p->padded[i] : isHigh ? p->high[d] : p->low[d];
  }
  if (isHigh && isNull(p->source[d].value))
    box.offset[d] = (Amount){.known = p->low[d].known + p->source[d].known};
  else if (isHigh)
    box.offset[d] = (Amount){.value = arith_addi(b, p->source[d].value, valueOf(b, p->low[d]))};
  MlirType element = mlirShapedTypeGetElementType(typeOf(into));
  MlirValue side = dlcResult(dlcFill(b, fill, makeEmpty(b, box.size, box.rank, element)), 0);
  return insert(b, side, into, &box);
}

static MlirLogicalResult decompose(DlcBuilder *b, MlirOperation pad, void *data) {
  (void)data;
  MlirValue fill = padValue(pad), source = tensor_pad_source(pad);
  MlirType to = typeOf(tensor_pad_result(pad)), element = mlirShapedTypeGetElementType(to);
  if (isNull(fill) || mlirShapedTypeGetRank(to) > MAX_RANK) return mlirLogicalResultFailure();
  if (dlcIsScalarConstant(opOf(fill))) fill = dlcResult(dlcCloneAlone(b, opOf(fill)), 0);
  Pad p;
  readPad(b, pad, &p);
  MlirValue result = makeEmpty(b, p.padded, p.rank, element);
  if (isFilledWhole(&p, element))
    result = dlcResult(dlcFill(b, fill, result), 0);
  else
    for (intptr_t d = 0; d < p.rank; ++d)
      for (int isHigh = 0; isHigh < 2; ++isHigh)
        if (hasBorder(isHigh ? p.high[d] : p.low[d])) result = fillSide(b, &p, d, isHigh, fill, result);
  Box middle = {.rank = p.rank};
  for (intptr_t i = 0; i < p.rank; ++i) middle.offset[i] = p.low[i], middle.size[i] = p.source[i];
  result = insert(b, source, result, &middle);
  if (b->failed) return mlirLogicalResultFailure();
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, pad, 1, &result);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileDecomposePads(MlirOperation root, DlcPass *pass,
                                          const DlcTileDecomposePadsOptions *options) {
  (void)pass, (void)options; // it has none
  static const DlcPattern patterns[] = {{"tensor.pad", 1, decompose}};
  return dlcApplyPatterns(root, DLC_COUNT(patterns), patterns, NULL);
}
