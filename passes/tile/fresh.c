// See passes/tile/fresh.h.
#include "passes/tile/fresh.h"
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

bool dlcIsFresh(MlirOperation op) {
  if (!op.ptr || !dlcMakesFresh(op)) return false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (mlirTypeIsATensor(typeOf(v)) && !dlcIsFresh(opOf(v))) return false;
  }
  return true;
}
