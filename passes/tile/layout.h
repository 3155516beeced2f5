// The order in which the dimensions of tensors are stored, while tile-choose-layouts
// rewrites a function: a value that is stored in another order than its own has a
// second value, its stored form, of the permuted type. Dimension i of the stored
// form is dimension order[i] of the value.
#pragma once
#include "dlc/ir.h"

enum { DLC_LAYOUT_RANK = 16, DLC_LAYOUT_OPERANDS = 64 };

typedef struct {
  MlirValue value, stored; // stored null: nothing, the order is the value's own
  intptr_t rank;
  int order[DLC_LAYOUT_RANK];
} DlcLayout;

typedef struct {
  DlcBuilder *b;
  DlcLayout *data;
  intptr_t n, capacity;
  DlcPointerMap places; // of values in data
  DlcLayout *constants; // permuted ones
  intptr_t nConstants, constantCapacity;
} DlcLayouts;

void dlcLayoutsDestroy(DlcLayouts *layouts);
// How a ranked tensor is stored.
DlcLayout dlcLayoutOf(const DlcLayouts *layouts, MlirValue value);
// From here on, `value` is stored as `stored`.
void dlcLayoutsSet(DlcLayouts *layouts, MlirValue value, MlirValue stored, const int *order);
// `stored` takes the place of `value`, an op's result: at once where the order is its own.
void dlcLayoutsStore(DlcLayouts *layouts, MlirValue value, MlirValue stored, const int *order);
bool dlcIsOrdered(const int *order, intptr_t rank); // 0, 1, 2, ..
MlirType dlcPermutedType(MlirType tensor, const int *order);
// A constant of that type, its dimensions in the new order; null where its bytes cannot be read.
MlirAttribute dlcPermuteAttribute(MlirAttribute value, MlirType type, const int *order);
// The value in this order, before the builder's insertion point: its stored form, a fresh or filled tensor or a
// broadcast made again, a constant permuted now, or else a linalg.transpose.
MlirValue dlcInOrder(DlcLayouts *layouts, MlirValue value, const int *order);

// The linalg op as a linalg.generic whose results are in `order` (the same for all), each input as it is stored, loops
// in the order of memory. Null: it cannot be one.
MlirOperation dlcPermuteLinalg(DlcLayouts *layouts, MlirOperation op, const int *order);
// The loop behind each stored dimension of an input that varies along one; the traversal of memory. Count of loops.
intptr_t dlcTraversal(const DlcLayouts *layouts, MlirOperation op, intptr_t operand, int *loops);

// tensor.pad, slices, reshapes, tensor.dim: made again on the stored form of what they read, if it has one.
bool dlcIsPermutableTensorOp(MlirOperation op);
void dlcPermuteTensorOp(DlcLayouts *layouts, MlirOperation op);
