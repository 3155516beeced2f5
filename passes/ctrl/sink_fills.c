// ctrl-sink-fills: what a reduction starts from is filled where the reduction is.
//
//   %f = linalg.fill %zero, %e                       ctrl.branch %p {
//   ctrl.branch %p {                           ->      %f = linalg.fill %zero, (tensor.empty)
//     %r = reduction ins(%x) outs(%f) }                %r = reduction ins(%x) outs(%f) }
//
// CSE makes one of all equal fills, also of those in loops and arms, and leaves it before them: the reduction would
// then be one task, the fill another, and in a loop each iteration would begin with a copy. To run with no CSE between
// it and the forming of graphs. Left alone: fills of anything but fresh tensors, and other uses than as an init of a
// linalg op between tasks.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/ctrl/control.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

static bool isFreshFill(MlirOperation op) {
  return linalg_fill_isa(op) && mlirOperationGetNumResults(op) == 1 &&
         tensor_empty_isa(opOf(mlirOperationGetOperand(op, 1)));
}

static bool isStartElsewhere(MlirOperation user, MlirOperation fill, MlirValue v) {
  return !mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(fill)) && dlcIsLinalgOp(user) &&
         dlcIsHostCode(user) && dlcIsLinalgOut(user, v);
}

static MlirValue fillBefore(DlcBuilder *b, MlirOperation user, MlirOperation fill) {
  MlirValue made = {0};
  dlcBefore(b, user) {
    b->loc = mlirOperationGetLocation(fill);
    MlirOperation empty = dlcCloneAlone(b, opOf(mlirOperationGetOperand(fill, 1)));
    MlirOperation clone = dlcCloneAlone(b, fill);
    mlirOperationSetOperand(clone, 1, dlcResult(empty, 0));
    made = dlcResult(clone, 0);
  }
  return made;
}

MlirLogicalResult dlcRunCtrlSinkFills(MlirOperation root, DlcPass *pass, const DlcCtrlSinkFillsOptions *options) {
  (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps fills = dlcCollect(root, isFreshFill);
  for (intptr_t i = 0; i < fills.n && !b.failed; ++i) {
    MlirOperation fill = fills.data[i];
    MlirValue filled = mlirOperationGetResult(fill, 0);
    for (MlirOpOperand use = mlirValueGetFirstUse(filled), next; !mlirOpOperandIsNull(use); use = next) {
      next = mlirOpOperandGetNextUse(use);
      MlirOperation user = mlirOpOperandGetOwner(use);
      if (!isStartElsewhere(user, fill, filled)) continue;
      mlirOperationSetOperand(user, mlirOpOperandGetOperandNumber(use), fillBefore(&b, user, fill));
      dlcPassCount(pass, DlcCtrlSinkFills_fills, 1);
    }
    if (dlcIsUnused(fill)) mlirRewriterBaseEraseOp(rewriter, fill);
  }
  free(fills.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
