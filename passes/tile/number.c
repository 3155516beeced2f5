// See passes/tile/number.h.
#include "passes/tile/number.h"
#include "ods/affine.h"
#include "ods/tensor.h"

bool dlcNumbersEqual(DlcNumber x, DlcNumber y) {
  return dlcIsKnown(x) ? dlcIsKnown(y) && x.known == y.known : !dlcIsKnown(y) && mlirValueEqual(x.value, y.value);
}

MlirValue dlcNumberValue(DlcBuilder *b, DlcNumber n) { return dlcIsKnown(n) ? constIndex(b, n.known) : n.value; }

DlcNumber dlcSizeOf(DlcBuilder *b, MlirType type, MlirValue asked, intptr_t dimension) {
  if (!mlirShapedTypeIsDynamicDim(type, dimension)) return dlcKnown(mlirShapedTypeGetDimSize(type, dimension));
  return dlcDynamic(tensor_dim(b, asked, constIndex(b, dimension)));
}

//===--- arithmetic -------------------------------------------------------------------------------===//
// The operands of an affine map that is being written.
typedef struct {
  MlirValue values[3];
  intptr_t n;
} Operands;
static MlirAffineExpr termOf(DlcBuilder *b, DlcNumber n, Operands *operands) {
  if (dlcIsKnown(n)) return mlirAffineConstantExprGet(b->ctx, n.known);
  operands->values[operands->n++] = n.value;
  return mlirAffineDimExprGet(b->ctx, operands->n - 1);
}
static MlirAffineExpr sumOf(DlcBuilder *b, DlcNumber x, DlcNumber y, int64_t sign, int64_t add, Operands *operands) {
  MlirAffineExpr e = mlirAffineAddExprGet(mlirAffineConstantExprGet(b->ctx, add), termOf(b, x, operands));
  MlirAffineExpr scaled = mlirAffineMulExprGet(termOf(b, y, operands), mlirAffineConstantExprGet(b->ctx, sign));
  return mlirAffineAddExprGet(e, scaled);
}

DlcNumber dlcSum(DlcBuilder *b, DlcNumber x, DlcNumber y, int64_t sign, int64_t add) {
  if (dlcIsKnown(x) && dlcIsKnown(y)) return dlcKnown(x.known + sign * y.known + add);
  Operands operands = {0};
  MlirAffineExpr e = sumOf(b, x, y, sign, add, &operands);
  return dlcDynamic(
      affine_apply(b, mlirAffineMapGet(b->ctx, operands.n, 0, 1, &e), valsN(operands.n, operands.values)));
}

DlcNumber dlcLimit(DlcBuilder *b, DlcNumber x, DlcNumber y, int64_t sign, int64_t add, bool isMax, DlcNumber bound) {
  if (dlcIsKnown(x) && dlcIsKnown(y) && dlcIsKnown(bound)) {
    int64_t a = x.known + sign * y.known + add;
    return dlcKnown((isMax ? a > bound.known : a < bound.known) ? a : bound.known);
  }
  Operands operands = {0};
  MlirAffineExpr limits[2];
  limits[0] = sumOf(b, x, y, sign, add, &operands);
  limits[1] = termOf(b, bound, &operands);
  MlirAffineMap map = mlirAffineMapGet(b->ctx, operands.n, 0, 2, limits);
  DlcValues values = valsN(operands.n, operands.values);
  return dlcDynamic(isMax ? affine_max(b, map, values) : affine_min(b, map, values));
}

//===--- lists ------------------------------------------------------------------------------------===//
void dlcNumbersAdd(DlcNumbers *list, DlcNumber n) {
  list->fixed[list->rank++] = n.known;
  if (!dlcIsKnown(n)) list->values[list->nDynamic++] = n.value;
}

DlcNumber dlcNumberTake(DlcI64s fixed, DlcValues values, intptr_t i, intptr_t *next) {
  return mlirShapedTypeIsDynamicSize(fixed.data[i]) ? dlcDynamic(at(values, (*next)++)) : dlcKnown(fixed.data[i]);
}

DlcNumbers dlcNumbersOf(const DlcNumber *numbers, intptr_t n) {
  DlcNumbers list = {0};
  for (intptr_t i = 0; i < n; ++i) dlcNumbersAdd(&list, numbers[i]);
  return list;
}

DlcNumbers dlcNumbersPermuted(DlcI64s fixed, DlcValues values, const int *order) {
  DlcNumber all[DLC_MAX_NUMBERS], permuted[DLC_MAX_NUMBERS];
  intptr_t next = 0;
  for (intptr_t i = 0; i < fixed.n; ++i) all[i] = dlcNumberTake(fixed, values, i, &next);
  for (intptr_t i = 0; i < fixed.n; ++i) permuted[i] = all[order[i]];
  return dlcNumbersOf(permuted, fixed.n);
}

//===--- boxes ------------------------------------------------------------------------------------===//
bool dlcIsBox(MlirOperation slice) {
  if (!slice.ptr || !tensor_extract_slice_isa(slice)) return false;
  DlcI64s strides = tensor_extract_slice_static_strides(slice);
  for (intptr_t i = 0; i < strides.n; ++i)
    if (strides.data[i] != 1) return false;
  return strides.n == mlirShapedTypeGetRank(typeOf(tensor_extract_slice_result(slice)));
}

static const int64_t ones[DLC_MAX_NUMBERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

MlirValue dlcSliceAt(DlcBuilder *b, MlirValue v, const DlcNumbers *offsets, const DlcNumbers *sizes) {
  MlirType element = mlirShapedTypeGetElementType(typeOf(v));
  return dlcSliceAs(b, v, offsets, sizes,
                    mlirRankedTensorTypeGet(sizes->rank, sizes->fixed, element, mlirAttributeGetNull()));
}

MlirValue dlcSliceAs(DlcBuilder *b, MlirValue v, const DlcNumbers *offsets, const DlcNumbers *sizes, MlirType type) {
  return tensor_extract_slice(b, v, dlcNumbersValues(offsets), dlcNumbersValues(sizes), (DlcValues){0},
                              dlcNumbersFixed(offsets), dlcNumbersFixed(sizes), {ones, sizes->rank}, type);
}

MlirValue dlcInsertAt(DlcBuilder *b, MlirValue v, MlirValue into, const DlcNumbers *offsets, const DlcNumbers *sizes) {
  return tensor_insert_slice(b, v, into, dlcNumbersValues(offsets), dlcNumbersValues(sizes), (DlcValues){0},
                             dlcNumbersFixed(offsets), dlcNumbersFixed(sizes), {ones, sizes->rank});
}

void dlcInsertInParallel(DlcBuilder *b, MlirValue v, MlirValue into, const DlcNumbers *offsets,
                         const DlcNumbers *sizes) {
  tensor_parallel_insert_slice(b, v, into, dlcNumbersValues(offsets), dlcNumbersValues(sizes), (DlcValues){0},
                               dlcNumbersFixed(offsets), dlcNumbersFixed(sizes), {ones, sizes->rank});
}
