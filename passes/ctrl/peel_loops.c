// ctrl-peel-loops: the first iteration of a counted loop goes before it.
//
//   %r = ctrl.loop %i to %c8 carry(%x = %a : f32) { %y = f(%i, %x)  ctrl.next %y : f32 }
// becomes
//   %y = f(0, %a)
//   %r = ctrl.loop %i to %c7 carry(%x = %y : f32) { %j = %i + 1  %z = f(%j, %x)  ctrl.next %z : f32 }
//
// so that what only the first iteration does (a branch on %i == 0, the load of a
// first state) folds away. Left alone: loops with a 'while' flag, and loops whose
// bound is not a constant of at least two.
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/ctrl.h"

static bool peelFirst(DlcBuilder *b, MlirOperation loop) {
  int64_t bound;
  if (!isNull(ctrl_loop_go(loop)) || !dlcConstantIndex(ctrl_loop_bound(loop), &bound) || bound < 2) return false;
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  DlcValues inits = ctrl_loop_init_args(loop), yields = ctrl_next_values(mlirBlockGetTerminator(body));
  DlcMapping mapping = dlcMappingCreate();
  dlcMap(mapping, argOf(body, 0), constIndex(b, 0));
  for (intptr_t i = 0; i < inits.n; ++i) dlcMap(mapping, argOf(body, i + 1), at(inits, i));
  dlcForEachOp(op, body)
    if (!ctrl_next_isa(op)) dlcClone(b, op, mapping);

  MlirValue rest = constIndex(b, bound - 1);
  dlcModify(b, loop) {
    setValue(operandsOf(loop), 0, rest); // the bound comes first
    for (intptr_t i = 0; i < inits.n; ++i) setValue(inits, i, dlcMapped(mapping, at(yields, i)));
  }
  dlcAtStart(b, body) {
    MlirValue shifted = arith_addi(b, argOf(body, 0), constIndex(b, 1));
    mlirRewriterBaseReplaceAllUsesExcept(b->rewriter, argOf(body, 0), shifted, opOf(shifted));
  }
  dlcMappingDestroy(mapping);
  return true;
}

MlirLogicalResult dlcRunCtrlPeelLoops(MlirOperation root, DlcPass *pass, const DlcCtrlPeelLoopsOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, ctrl_loop_isa, peelFirst, pass, DlcCtrlPeelLoops_peeled);
}
