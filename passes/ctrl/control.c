// See passes/ctrl/control.h.
#include "passes/ctrl/control.h"
#include "dlc/ir.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/linalg.h"
#include "ods/scf.h"
#include "ods/tensor.h"

bool dlcIsControl(MlirOperation op) {
  return ctrl_loop_isa(op) || ctrl_branch_isa(op) || scf_for_isa(op) || scf_while_isa(op) || scf_if_isa(op) ||
         scf_index_switch_isa(op);
}

MlirOperation dlcControlOf(MlirOperation op) {
  MlirOperation p = mlirOperationGetParentOperation(op);
  while (p.ptr && !dlcIsControl(p) && !func_func_isa(p)) p = mlirOperationGetParentOperation(p);
  return p.ptr && dlcIsControl(p) ? p : (MlirOperation){0};
}

bool dlcIsHostCode(MlirOperation op) {
  MlirOperation p = mlirOperationGetParentOperation(op);
  while (p.ptr && (dlcIsControl(p) || ctrl_region_isa(p))) p = mlirOperationGetParentOperation(p);
  return p.ptr && func_func_isa(p);
}

bool dlcHasOneItem(MlirOperation task) {
  DlcI64s lower = ctrl_task_static_lbs(task), upper = ctrl_task_static_ubs(task);
  for (intptr_t d = 0; d < upper.n; ++d)
    if (mlirShapedTypeIsDynamicSize(lower.data[d]) || mlirShapedTypeIsDynamicSize(upper.data[d]) ||
        upper.data[d] - lower.data[d] > 1)
      return false;
  return true;
}

MlirValue dlcYielded(MlirOperation op, intptr_t region, intptr_t i) {
  MlirOperation end = mlirBlockGetTerminator(bodyOf(mlirOperationGetRegion(op, region)));
  return at(ctrl_loop_isa(op) ? ctrl_next_values(end) : ctrl_yield_values(end), i);
}

bool dlcIsFreshIn(MlirValue v, MlirOperation loop) {
  MlirOperation op = opOf(v);
  if (!op.ptr || !dlcIsMadeInside(v, loop) || !(tensor_empty_isa(op) || linalg_fill_isa(op))) return false;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) {
    MlirValue operand = mlirOperationGetOperand(op, k);
    if (dlcIsMadeInside(operand, loop) && !dlcIsFreshIn(operand, loop)) return false;
  }
  return true;
}
