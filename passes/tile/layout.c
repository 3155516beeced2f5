// See passes/tile/layout.h.
#include "passes/tile/layout.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

void dlcLayoutsDestroy(DlcLayouts *layouts) {
  free(layouts->data), free(layouts->constants);
  dlcPointerMapDestroy(&layouts->places);
}

bool dlcIsOrdered(const int *order, intptr_t rank) {
  for (intptr_t i = 0; i < rank; ++i)
    if (order[i] != i) return false;
  return true;
}

DlcLayout dlcLayoutOf(const DlcLayouts *layouts, MlirValue value) {
  int64_t place = dlcPointerMapGet(&layouts->places, value.ptr);
  if (place >= 0) return layouts->data[place];
  DlcLayout own = {.value = value, .rank = mlirShapedTypeGetRank(typeOf(value))};
  for (int i = 0; i < own.rank && i < DLC_LAYOUT_RANK; ++i) own.order[i] = i;
  return own;
}

static DlcLayout *append(DlcLayout **data, intptr_t *n, intptr_t *capacity) {
  if (*n == *capacity) *data = realloc(*data, (size_t)(*capacity = 2 * *capacity + 64) * sizeof **data);
  return &(*data)[(*n)++];
}

void dlcLayoutsSet(DlcLayouts *layouts, MlirValue value, MlirValue stored, const int *order) {
  DlcLayout *layout = append(&layouts->data, &layouts->n, &layouts->capacity);
  *layout = (DlcLayout){.value = value, .stored = stored, .rank = mlirShapedTypeGetRank(typeOf(value))};
  memcpy(layout->order, order, (size_t)layout->rank * sizeof *order);
  dlcPointerMapSet(&layouts->places, value.ptr, layouts->n - 1);
}

void dlcLayoutsStore(DlcLayouts *layouts, MlirValue value, MlirValue stored, const int *order) {
  if (isNull(stored)) return;
  if (!dlcIsOrdered(order, mlirShapedTypeGetRank(typeOf(value))))
    dlcLayoutsSet(layouts, value, stored, order);
  else
    mlirValueReplaceAllUsesOfWith(value, stored);
}

MlirType dlcPermutedType(MlirType tensor, const int *order) {
  int64_t sizes[DLC_LAYOUT_RANK];
  intptr_t rank = mlirShapedTypeGetRank(tensor);
  for (intptr_t i = 0; i < rank; ++i) sizes[i] = mlirShapedTypeGetDimSize(tensor, order[i]);
  return mlirRankedTensorTypeGet(rank, sizes, mlirShapedTypeGetElementType(tensor), mlirAttributeGetNull());
}

//===--- constants ----------------------------------------------------------------------===//
typedef struct {
  MlirType type;
  const int *order;
  size_t element;
  char *out; // null: not what was expected
} Bytes;

static void permuteBytes(const void *bytes, size_t n, void *data) {
  Bytes *p = data;
  intptr_t rank = mlirShapedTypeGetRank(p->type);
  size_t size[DLC_LAYOUT_RANK], stride[DLC_LAYOUT_RANK], at[DLC_LAYOUT_RANK] = {0}, total = p->element;
  for (intptr_t i = rank - 1; i >= 0; --i) {
    size[i] = (size_t)mlirShapedTypeGetDimSize(p->type, i), stride[i] = total;
    total *= size[i];
  }
  if (total != n || !n || !(p->out = malloc(n))) return;
  const char *from = bytes;
  for (size_t done = 0; done < n; done += p->element) {
    memcpy(p->out + done, from, p->element);
    for (intptr_t i = rank - 1; i >= 0; --i) { // the next index, the last stored dimension first
      int d = p->order[i];
      from += stride[d];
      if (++at[i] < size[d]) break;
      from -= stride[d] * size[d], at[i] = 0;
    }
  }
}

MlirAttribute dlcPermuteAttribute(MlirAttribute value, MlirType type, const int *order) {
  MlirType permuted = dlcPermutedType(type, order), element = mlirShapedTypeGetElementType(type);
  if (mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value))
    return mlirDenseElementsAttrReshapeGet(value, permuted);
  Bytes bytes = {type, order, (size_t)dlcElementBytes(element), NULL};
  bool isBool = mlirTypeIsAInteger(element) && mlirIntegerTypeGetWidth(element) == 1;
  if (isBool || !dlcIsStatic(type) || !dlcForConstantBytes(value, permuteBytes, &bytes) || !bytes.out)
    return mlirAttributeGetNull();
  return dlcConstantOfBytes(permuted, "permuted", bytes.out);
}

static MlirValue permuteConstant(DlcLayouts *layouts, MlirValue value, const int *order) {
  for (intptr_t i = 0; i < layouts->nConstants; ++i) {
    const DlcLayout *c = &layouts->constants[i];
    if (mlirValueEqual(c->value, value) && !memcmp(c->order, order, (size_t)c->rank * sizeof *order)) return c->stored;
  }
  MlirAttribute attr = dlcPermuteAttribute(arith_constant_value(opOf(value)), typeOf(value), order);
  if (mlirAttributeIsNull(attr)) return (MlirValue){0};
  DlcLayout made = {.value = value, .rank = mlirShapedTypeGetRank(typeOf(value))};
  memcpy(made.order, order, (size_t)made.rank * sizeof *order);
  dlcAfter(layouts->b, opOf(value)) made.stored = arith_constant(layouts->b, attr);
  *append(&layouts->constants, &layouts->nConstants, &layouts->constantCapacity) = made;
  return made.stored;
}

//===--- values in an order ----------------------------------------------------------------===//
// The dynamic sizes of a tensor's stored form, for a tensor.empty in `order`.
static MlirValue emptyInOrder(DlcLayouts *layouts, MlirValue value, const int *order) {
  DlcBuilder *b = layouts->b;
  DlcLayout now = dlcLayoutOf(layouts, value);
  MlirValue sizes[DLC_LAYOUT_RANK], source = isNull(now.stored) ? value : now.stored;
  intptr_t n = 0;
  for (intptr_t i = 0; i < now.rank; ++i) {
    if (!mlirShapedTypeIsDynamicDim(typeOf(value), order[i])) continue;
    intptr_t place = 0;
    while (now.order[place] != order[i]) ++place;
    sizes[n++] = tensor_dim(b, source, constIndex(b, place));
  }
  return tensor_empty(b, valsN(n, sizes), dlcPermutedType(typeOf(value), order));
}

static MlirValue freshInOrder(DlcLayouts *layouts, MlirOperation empty, const int *order) {
  MlirType type = typeOf(mlirOperationGetResult(empty, 0));
  MlirValue sizes[DLC_LAYOUT_RANK];
  intptr_t n = 0;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i) {
    if (!mlirShapedTypeIsDynamicDim(type, order[i])) continue;
    intptr_t before = 0; // dynamic dimensions that come first in the value's own order
    for (int d = 0; d < order[i]; ++d) before += mlirShapedTypeIsDynamicDim(type, d);
    sizes[n++] = mlirOperationGetOperand(empty, before);
  }
  return tensor_empty(layouts->b, valsN(n, sizes), dlcPermutedType(type, order));
}

// An elementwise op of smaller tensors: cheaper to make again than to move.
static bool isBroadcast(MlirOperation op) {
  if (!linalg_generic_isa(op) || mlirOperationGetNumResults(op) != 1) return false;
  for (intptr_t i = 0; i < linalg_generic_iterator_types_n(op); ++i)
    if (linalg_generic_iterator_types_at(op, i) != utils_IteratorType_parallel) return false;
  for (intptr_t i = 0; i < linalg_generic_inputs(op).n; ++i)
    if (mlirAffineMapIsPermutation(linalg_generic_indexing_maps_at(op, i))) return false;
  return true;
}

static MlirValue transpose(DlcLayouts *layouts, MlirValue value, const int *order) {
  DlcLayout now = dlcLayoutOf(layouts, value);
  int64_t permutation[DLC_LAYOUT_RANK];
  for (intptr_t i = 0; i < now.rank; ++i)
    for (intptr_t j = 0; j < now.rank; ++j)
      if (now.order[j] == order[i]) permutation[i] = j;
  MlirValue init = emptyInOrder(layouts, value, order), source = isNull(now.stored) ? value : now.stored;
  return dlcResult(
      linalg_transpose(layouts->b, source, init, {permutation, now.rank}, .result_type = types(typeOf(init))), 0);
}

MlirValue dlcInOrder(DlcLayouts *layouts, MlirValue value, const int *order) {
  DlcLayout now = dlcLayoutOf(layouts, value);
  if (!memcmp(now.order, order, (size_t)now.rank * sizeof *order)) return isNull(now.stored) ? value : now.stored;
  if (!isNull(now.stored)) return transpose(layouts, value, order);
  MlirOperation op = opOf(value);
  MlirValue made = {0};
  if (arith_constant_isa(op)) made = permuteConstant(layouts, value, order);
  if (tensor_empty_isa(op)) made = freshInOrder(layouts, op, order);
  if (linalg_fill_isa(op))
    made = dlcResult(
        dlcFill(layouts->b, mlirOperationGetOperand(op, 0), dlcInOrder(layouts, mlirOperationGetOperand(op, 1), order)),
        0);
  if (op.ptr && isBroadcast(op)) made = dlcResult(dlcPermuteLinalg(layouts, op, order), 0);
  return isNull(made) && !layouts->b->failed ? transpose(layouts, value, order) : made;
}
