// ctrl-hoist-invariants: what is the same in every iteration is made once, before the loop.
//
//   ctrl.loop %i to %n carry(%h = ..) { %p = %x * %w   ctrl.next f(%h, %p) }
// becomes
//   %p = %x * %w
//   ctrl.loop %i to %n carry(%h = ..) { ctrl.next f(%h, %p) }
//
// Unlike upstream's loop-invariant-code-motion it leaves fresh tensors and fills where they are: a product that adds to
// zeros from before the loop would copy them in every iteration.
//
// A loop may run no time at all, and what stands behind an assertion relies on it: nothing that reads by index moves,
// nor what follows an op with an effect.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/ctrl/control.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

static bool isInvariant(MlirOperation op, MlirOperation loop) {
  if (!dlcMayRunEarly(op) || tensor_empty_isa(op) || linalg_fill_isa(op)) return false;
  DlcValueList read = {0};
  bool ok = true;
  dlcCaptures(op, &read);
  for (intptr_t i = 0; i < read.n && ok; ++i)
    ok = !dlcIsMadeInside(read.data[i], loop) || dlcIsFreshIn(read.data[i], loop);
  dlcValueListDestroy(&read);
  return ok;
}

// The same value, made at the insertion point if it is fresh.
static MlirValue makeAgain(DlcBuilder *b, MlirValue v, MlirOperation loop) {
  if (!dlcIsMadeInside(v, loop)) return v;
  DlcMapping map = dlcMappingCreate();
  MlirOperation op = opOf(v);
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
    dlcMap(map, mlirOperationGetOperand(op, k), makeAgain(b, mlirOperationGetOperand(op, k), loop));
  MlirOperation made = dlcClone(b, op, map);
  dlcMappingDestroy(map);
  return dlcResult(made, 0);
}

// Fresh tensors that are operands; one that only a region reads keeps the op where it is.
static bool moveBefore(DlcBuilder *b, MlirOperation op, MlirOperation loop) {
  DlcValueList read = {0};
  dlcCaptures(op, &read);
  bool ok = true;
  for (intptr_t i = 0; i < read.n && ok; ++i) {
    bool isOperand = !dlcIsMadeInside(read.data[i], loop);
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
      isOperand |= mlirValueEqual(mlirOperationGetOperand(op, k), read.data[i]);
    ok = isOperand;
  }
  dlcValueListDestroy(&read);
  if (!ok) return false;
  dlcBefore(b, loop) for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
      mlirOperationSetOperand(op, k, makeAgain(b, mlirOperationGetOperand(op, k), loop));
  mlirOperationMoveBefore(op, loop);
  return true;
}

static bool hoist(DlcBuilder *b, MlirOperation loop) {
  bool any = false;
  dlcForEachOp(op, bodyOf(ctrl_loop_body(loop))) {
    if (ctrl_next_isa(op) || !dlcIsEffectFree(op)) break;
    if (isInvariant(op, loop)) any |= moveBefore(b, op, loop);
  }
  return any;
}

MlirLogicalResult dlcRunCtrlHoistInvariants(MlirOperation root, DlcPass *pass,
                                            const DlcCtrlHoistInvariantsOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, ctrl_loop_isa, hoist, pass, DlcCtrlHoistInvariants_loops);
}
