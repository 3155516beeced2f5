// tile-order-destinations: makes what a tensor is inserted into before the tensor
// itself, so that bufferisation can let the tensor be made in its place.
//
//   %x = ctrl.task ..                             %f = linalg.fill ..
//   %f = linalg.fill ..                    ->     %x = ctrl.task ..
//   %p = tensor.insert_slice %x into %f           %p = tensor.insert_slice %x into %f
//
// Moves fills, insertions, fresh tensors and the arithmetic of their sizes. A
// destination that needs anything else which comes behind the tensor stays.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/tensor.h"
#include "passes/tile/fresh.h"

enum { MOST_MOVED = 64 };

typedef struct {
  MlirOperation before;
  MlirOperation ops[MOST_MOVED];
  intptr_t n;
} Move;

static bool isMovable(MlirOperation op) {
  if (dlcMakesFresh(op) || tensor_dim_isa(op)) return true;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return name.length > 6 && (!memcmp(name.data, "arith.", 6) || !memcmp(name.data, "affine", 6)) && dlcIsPure(op) &&
         mlirOperationGetNumRegions(op) == 0;
}

static bool isBehind(const Move *move, MlirOperation op) {
  return mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(move->before)) &&
         (mlirOperationEqual(op, move->before) || mlirOperationIsBeforeInBlock(move->before, op));
}

static bool isCollected(const Move *move, MlirOperation op) {
  for (intptr_t i = 0; i < move->n; ++i)
    if (mlirOperationEqual(move->ops[i], op)) return true;
  return false;
}

// Adds the op and what it needs of the ops behind; false: one of them is to stay.
static bool collect(Move *move, MlirOperation op) {
  if (!op.ptr || !isBehind(move, op) || isCollected(move, op)) return true;
  if (move->n == MOST_MOVED || !isMovable(op) || mlirOperationEqual(op, move->before)) return false;
  move->ops[move->n++] = op;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!collect(move, opOf(mlirOperationGetOperand(op, i)))) return false;
  return true;
}

static int compareOrder(const void *a, const void *b) {
  const MlirOperation *x = a, *y = b;
  return mlirOperationEqual(*x, *y) ? 0 : mlirOperationIsBeforeInBlock(*x, *y) ? -1 : 1;
}

MlirLogicalResult dlcRunTileOrderDestinations(MlirOperation root, DlcPass *pass,
                                              const DlcTileOrderDestinationsOptions *options) {
  (void)options; // it has none
  DlcOps inserts = dlcCollect(root, tensor_insert_slice_isa);
  for (intptr_t i = 0; i < inserts.n; ++i) {
    MlirOperation source = opOf(tensor_insert_slice_source(inserts.data[i])),
                  into = opOf(tensor_insert_slice_dest(inserts.data[i]));
    if (!source.ptr || !into.ptr || mlirOperationEqual(source, into)) continue;
    Move move = {.before = source};
    if (!mlirBlockEqual(mlirOperationGetBlock(source), mlirOperationGetBlock(into)) || !collect(&move, into)) continue;
    qsort(move.ops, (size_t)move.n, sizeof *move.ops, compareOrder);
    for (intptr_t k = 0; k < move.n; ++k) mlirOperationMoveBefore(move.ops[k], source);
    dlcPassCount(pass, DlcTileOrderDestinations_moved, (uint64_t)move.n);
  }
  free(inserts.data);
  return mlirLogicalResultSuccess();
}
