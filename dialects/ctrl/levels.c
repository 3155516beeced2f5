// Levels of evaluation: who evaluates a control-flow op. See ctrl.h.
#include <string.h>
#include "dialects/ctrl/ctrl.h"

ctrl_Level dlcCtrlScopeOf(MlirOperation op) {
  for (MlirOperation p = mlirOperationGetParentOperation(op); p.ptr; p = mlirOperationGetParentOperation(p)) {
    if (ctrl_task_isa(p)) return ctrl_Level_block;
    if (ctrl_region_isa(p)) return ctrl_region_at(p);
    ctrl_Level_opt at = {0};
    if (ctrl_loop_isa(p)) at = ctrl_loop_at(p);
    if (ctrl_branch_isa(p)) at = ctrl_branch_at(p);
    if (at.has) return at.value;
  }
  return ctrl_Level_host;
}

MlirLogicalResult dlcCtrlVerifyAt(MlirOperation op, ctrl_Level_opt at) {
  if (!at.has) return mlirLogicalResultSuccess();
  ctrl_Level scope = dlcCtrlScopeOf(op);
  if (at.value < scope)
    return dlcError(op, "at(%s) is above its scope, %s: a level never rises from the outside in",
                    ctrl_Level_str(at.value), ctrl_Level_str(scope));
  if (ctrl_region_isa(op)) return mlirLogicalResultSuccess();
  if (scope <= ctrl_Level_grid && at.value != scope)
    return dlcError(op, "at(%s) in scope %s: needs a ctrl.region at(%s) or a task around it", ctrl_Level_str(at.value),
                    ctrl_Level_str(scope), ctrl_Level_str(at.value));
  return mlirLogicalResultSuccess();
}

MlirOperation dlcEndOf(MlirBlock block, const char *name) {
  if (mlirOperationIsNull(mlirBlockGetFirstOperation(block))) return (MlirOperation){0};
  MlirOperation last = mlirBlockGetTerminator(block);
  return dlcOpIs(last, name, strlen(name)) ? last : (MlirOperation){0};
}
bool dlcSameTypes(DlcValues a, DlcValues b) {
  if (a.n != b.n) return false;
  for (intptr_t i = 0; i < a.n; ++i)
    if (!mlirTypeEqual(typeOf(at(a, i)), typeOf(at(b, i)))) return false;
  return true;
}

// The callee is checked where the symbol table is at hand: ctrl_interfaces.cpp.
MlirLogicalResult dlcCtrlCallVerify(MlirOperation op) { return dlcCtrlVerifyAt(op, ctrl_call_at(op)); }
