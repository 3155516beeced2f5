// See passes/tile/fresh.h.
#include "passes/tile/fresh.h"
#include <stdlib.h>
#include "dlc/ir.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

// A task that reads no tensor.
static bool isFillTask(MlirOperation op) {
  if (!ctrl_task_isa(op)) return false;
  DlcValues ins = ctrl_task_ins(op);
  for (intptr_t i = 0; i < ins.n; ++i)
    if (mlirTypeIsAShaped(typeOf(at(ins, i)))) return false;
  return true;
}

bool dlcMakesFresh(MlirOperation op) {
  return tensor_empty_isa(op) || linalg_fill_isa(op) || tensor_insert_slice_isa(op) || isFillTask(op);
}

typedef struct {
  DlcOps ops;
  DlcPointerMap fresh; // their results
} Collection;

static MlirWalkResult addFresh(MlirOperation op, void *data) {
  Collection *c = data;
  if (!dlcMakesFresh(op) || mlirOperationGetNumResults(op) != 1) return MlirWalkResultAdvance;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (mlirTypeIsATensor(typeOf(v)) && dlcPointerMapGet(&c->fresh, v.ptr) < 0) return MlirWalkResultAdvance;
  }
  dlcPointerMapSet(&c->fresh, mlirOperationGetResult(op, 0).ptr, 1);
  if (c->ops.n == c->ops.cap)
    c->ops.data = realloc(c->ops.data, (size_t)(c->ops.cap = 2 * c->ops.cap + 64) * sizeof op);
  c->ops.data[c->ops.n++] = op;
  return MlirWalkResultAdvance;
}

DlcOps dlcCollectFresh(MlirOperation root) {
  Collection c = {0};
  mlirOperationWalk(root, addFresh, &c, MlirWalkPreOrder); // what is used stands before its users
  dlcPointerMapDestroy(&c.fresh);
  return c.ops;
}
