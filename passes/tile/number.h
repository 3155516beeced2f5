// Sizes and offsets that are known or are index values, as slices have them.
#pragma once
#include "dlc/builder.h"

enum { DLC_MAX_NUMBERS = 16 };

typedef struct {
  int64_t known; // dynamic: see value
  MlirValue value;
} DlcNumber;

static inline bool dlcIsKnown(DlcNumber n) { return !mlirShapedTypeIsDynamicSize(n.known); }
static inline DlcNumber dlcKnown(int64_t n) { return (DlcNumber){.known = n}; }
static inline DlcNumber dlcDynamic(MlirValue v) { return (DlcNumber){mlirShapedTypeGetDynamicSize(), v}; }
// As an index value: a constant where it is known.
MlirValue dlcNumberValue(DlcBuilder *b, DlcNumber n);
// The size of a tensor's dimension; `asked`, of the same shape, is what a dynamic one is read from.
DlcNumber dlcSizeOf(DlcBuilder *b, MlirType type, MlirValue asked, intptr_t dimension);
// Both known and equal, or the same value.
bool dlcNumbersEqual(DlcNumber x, DlcNumber y);
// x + sign * y + add
DlcNumber dlcSum(DlcBuilder *b, DlcNumber x, DlcNumber y, int64_t sign, int64_t add);
// The larger (isMax) or the smaller one of x + sign * y + add and `bound`.
DlcNumber dlcLimit(DlcBuilder *b, DlcNumber x, DlcNumber y, int64_t sign, int64_t add, bool isMax, DlcNumber bound);

// A list as ops with dynamic operands have it.
typedef struct {
  intptr_t rank, nDynamic;
  int64_t fixed[DLC_MAX_NUMBERS];
  MlirValue values[DLC_MAX_NUMBERS];
} DlcNumbers;
void dlcNumbersAdd(DlcNumbers *list, DlcNumber n);
static inline DlcValues dlcNumbersValues(const DlcNumbers *list) { return valsN(list->nDynamic, list->values); }
static inline DlcI64s dlcNumbersFixed(const DlcNumbers *list) { return (DlcI64s){list->fixed, list->rank}; }
DlcNumbers dlcNumbersOf(const DlcNumber *numbers, intptr_t n);
// Number i of such a list; `next` counts the values that were taken.
DlcNumber dlcNumberTake(DlcI64s fixed, DlcValues values, intptr_t i, intptr_t *next);
// Such a list, number order[i] of which becomes number i.
DlcNumbers dlcNumbersPermuted(DlcI64s fixed, DlcValues values, const int *order);

// A tensor.extract_slice of full rank, and of steps of one: a box.
bool dlcIsBox(MlirOperation slice);
// slice of v, and v put into a slice of `into` (dlcInsertInParallel: by the end of a task or a forall); steps are one.
MlirValue dlcSliceAt(DlcBuilder *b, MlirValue v, const DlcNumbers *offsets, const DlcNumbers *sizes);
// The same as a tensor of `type`, which may lack dimensions of size one.
MlirValue dlcSliceAs(DlcBuilder *b, MlirValue v, const DlcNumbers *offsets, const DlcNumbers *sizes, MlirType type);
MlirValue dlcInsertAt(DlcBuilder *b, MlirValue v, MlirValue into, const DlcNumbers *offsets, const DlcNumbers *sizes);
void dlcInsertInParallel(DlcBuilder *b, MlirValue v, MlirValue into, const DlcNumbers *offsets,
                         const DlcNumbers *sizes);
