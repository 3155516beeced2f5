// Stacks of ctrl-skew-loops: see passes/ctrl/skew.h. Constants are stacked by the compiler, carries that all start from
// one number are filled, what else differs is copied before the loop.
#include <stdlib.h>
#include <string.h>
#include "dlc/ir.h"
#include "passes/ctrl/skew.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"

enum { SMALL = 1024 }; // bytes of a constant that is printed

static intptr_t rankOf(MlirValue v) { return mlirShapedTypeGetRank(typeOf(v)); }

//===--- parts --------------------------------------------------------------------------------===//
static void placeOf(DlcSkew *s, MlirValue stack, DlcNumber from, DlcNumber n, DlcNumbers *offsets, DlcNumbers *sizes) {
  for (intptr_t d = 0; d < rankOf(stack); ++d) {
    dlcNumbersAdd(offsets, d ? dlcKnown(0) : from);
    dlcNumbersAdd(sizes, d ? dlcSizeOf(s->batch.b, typeOf(stack), stack, d) : n);
  }
}

static DlcNumber firstSlot(DlcSkew *s, int64_t slot) {
  return dlcSum(s->batch.b, dlcDynamic(s->offset), dlcKnown(0), 1, slot);
}

MlirValue dlcSkewSlice(DlcSkew *s, MlirValue stack, int64_t slot) {
  DlcNumbers offsets = {0}, sizes = {0};
  placeOf(s, stack, slot ? firstSlot(s, slot) : dlcDynamic(s->offset), s->batch.count, &offsets, &sizes);
  return dlcSliceAt(s->batch.b, stack, &offsets, &sizes);
}

MlirValue dlcSkewInsert(DlcSkew *s, MlirValue part, MlirValue stack, int64_t slot) {
  DlcNumbers offsets = {0}, sizes = {0};
  placeOf(s, stack, slot ? firstSlot(s, slot) : dlcDynamic(s->offset), s->batch.count, &offsets, &sizes);
  return dlcInsertAt(s->batch.b, part, stack, &offsets, &sizes);
}

MlirValue dlcSkewSlot(DlcSkew *s, MlirValue stack, int64_t slot, MlirType type) {
  DlcNumbers offsets = {0}, sizes = {0};
  placeOf(s, stack, dlcKnown(slot), dlcKnown(1), &offsets, &sizes);
  return dlcSliceAs(s->batch.b, stack, &offsets, &sizes, type);
}

MlirValue dlcSkewPut(DlcSkew *s, MlirValue v, MlirValue stack, int64_t slot) {
  DlcNumbers offsets = {0}, sizes = {0};
  placeOf(s, stack, dlcKnown(slot), dlcKnown(1), &offsets, &sizes);
  return dlcInsertAt(s->batch.b, v, stack, &offsets, &sizes);
}

//===--- constants ------------------------------------------------------------------------------===//
typedef struct {
  char *to;
  size_t left;
} Bytes;
static void copyBytes(const void *bytes, size_t n, void *data) {
  Bytes *out = data;
  if (n > out->left) n = out->left;
  memcpy(out->to, bytes, n);
  out->to += n, out->left -= n;
}

// Null: the bytes of one of them are not there.
static MlirValue stackConstants(DlcSkew *s, const MlirValue *values) {
  int64_t shape[DLC_MAX_NUMBERS] = {s->stages.n}, each = 0, total = 0;
  for (intptr_t k = 0; k < s->stages.n; ++k)
    if (!arith_constant_isa(opOf(values[k]))) return (MlirValue){0};
  for (intptr_t d = 0; d < rankOf(values[0]); ++d) shape[d + 1] = mlirShapedTypeGetDimSize(typeOf(values[0]), d);
  MlirType element = mlirShapedTypeGetElementType(typeOf(values[0])),
           type = mlirRankedTensorTypeGet(rankOf(values[0]) + 1, shape, element, mlirAttributeGetNull());
  each = dlcStaticBytes(typeOf(values[0])), total = dlcStaticBytes(type);
  char *bytes = each > 0 && total > 0 ? malloc((size_t)total) : NULL;
  for (intptr_t k = 0; k < s->stages.n && bytes; ++k) {
    Bytes to = {bytes + (s->stages.n - 1 - k) * each, (size_t)each};
    if (!dlcForConstantBytes(arith_constant_value(opOf(values[k])), copyBytes, &to) || to.left)
      free(bytes), bytes = NULL;
  }
  if (!bytes) return (MlirValue){0};
  if (total > SMALL) return arith_constant(s->batch.b, dlcConstantOfBytes(type, "stacked", bytes));
  MlirAttribute dense = mlirDenseElementsAttrRawBufferGet(type, (size_t)total, bytes);
  free(bytes);
  return mlirAttributeIsNull(dense) ? (MlirValue){0} : arith_constant(s->batch.b, dense);
}

//===--- all ------------------------------------------------------------------------------------===//
static MlirValue emptyOf(DlcSkew *s, MlirValue v, int64_t slots) {
  s->batch.count = dlcKnown(slots);
  return dlcBatchEmpty(&s->batch, v);
}

static MlirValue stack(DlcSkew *s, const MlirValue *values, int64_t slots) {
  MlirValue all = emptyOf(s, values[0], slots);
  bool areSame = true;
  for (intptr_t k = 1; k < s->stages.n; ++k) areSame &= mlirValueEqual(values[k], values[0]);
  MlirOperation fill = opOf(values[0]);
  if (areSame && fill.ptr && linalg_fill_isa(fill))
    return dlcResult(dlcFill(s->batch.b, mlirOperationGetOperand(fill, 0), all), 0);
  for (intptr_t k = 0; k < s->stages.n; ++k) all = dlcSkewPut(s, values[k], all, s->stages.n - 1 - k);
  return all;
}

static MlirValue initOf(const DlcSkew *s, intptr_t row, intptr_t stage) {
  intptr_t number = mlirBlockArgumentGetArgNumber(dlcStageValue(&s->stages, &s->stages.carries, row, stage)) - 1;
  return at(ctrl_loop_init_args(s->batch.loop), number);
}

void dlcSkewMakeStacks(DlcSkew *s) {
  const DlcStages *stages = &s->stages;
  for (intptr_t i = 0; i < s->nWeights && !s->batch.b->failed; ++i) {
    const MlirValue *values = stages->outside.data + i * stages->n;
    s->weights[i] = stackConstants(s, values);
    if (isNull(s->weights[i])) s->weights[i] = stack(s, values, stages->n);
  }
  for (intptr_t p = 0; p < s->nStates && !s->batch.b->failed; ++p) {
    MlirValue *inits = malloc((size_t)stages->n * sizeof *inits);
    for (intptr_t k = 0; k < stages->n; ++k) inits[k] = initOf(s, p, k);
    bool isShared = s->shared[p] >= 0;
    MlirValue made = stack(s, inits, stages->n + isShared);
    *(isShared ? &s->inputs[s->shared[p]] : &s->states[p]) = made;
    free(inits);
  }
  for (intptr_t i = 0; i < s->nInputs && !s->batch.b->failed; ++i) {
    MlirValue first = dlcStageValue(stages, &stages->inputs, i, 0);
    if (isNull(s->inputs[i])) s->inputs[i] = emptyOf(s, dlcStageValue(stages, &stages->inputs, i, 1), stages->n + 1);
    if (!dlcIsMadeInside(first, s->batch.loop)) s->inputs[i] = dlcSkewPut(s, first, s->inputs[i], stages->n);
  }
}
