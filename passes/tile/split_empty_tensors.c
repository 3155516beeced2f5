// tile-split-empty-tensors: each use of a fresh tensor has its own.
//
//   %e = tensor.empty                        %e = tensor.empty   %f = tensor.empty
//   %a = ctrl.task ... outs(%o = %e)    ->   %a = ctrl.task ... outs(%o = %e)
//   %b = ctrl.task ... outs(%o = %e)         %b = ctrl.task ... outs(%o = %f)
//
// CSE makes one of all fresh tensors of a type. One-shot bufferisation then asks, of every
// pair of a read and a write of anything made in it, whether they conflict: time that grows
// with the square of the layers. A fresh tensor stands just before its use, so that its
// buffer does not live before that. Refuses nothing.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/tensor.h"

// The op of block that is user or holds it.
static MlirOperation ancestorIn(MlirBlock block, MlirOperation user) {
  while (!mlirBlockEqual(mlirOperationGetBlock(user), block)) user = mlirOperationGetParentOperation(user);
  return user;
}

// Gives the use a copy of empty just before it, though never in a loop that empty is not in.
static void split(DlcBuilder *b, MlirOperation empty, MlirOpOperand use) {
  MlirOperation user = mlirOpOperandGetOwner(use);
  MlirValue copy = {0};
  dlcBefore(b, ancestorIn(mlirOperationGetBlock(empty), user)) copy = dlcResult(dlcCloneAlone(b, empty), 0);
  mlirOperationSetOperand(user, mlirOpOperandGetOperandNumber(use), copy);
}

MlirLogicalResult dlcRunTileSplitEmptyTensors(MlirOperation root, DlcPass *pass,
                                              const DlcTileSplitEmptyTensorsOptions *options) {
  (void)options;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps empties = dlcCollect(root, tensor_empty_isa);
  for (intptr_t i = 0; i < empties.n && !b.failed; ++i) {
    MlirValue v = mlirOperationGetResult(empties.data[i], 0);
    if (mlirOpOperandIsNull(mlirValueGetFirstUse(v))) continue;
    for (; !hasOneUse(v); dlcPassCount(pass, DlcTileSplitEmptyTensors_copies, 1))
      split(&b, empties.data[i], mlirValueGetFirstUse(v));
    MlirOperation user = mlirOpOperandGetOwner(mlirValueGetFirstUse(v));
    mlirOperationMoveBefore(empties.data[i], ancestorIn(mlirOperationGetBlock(empties.data[i]), user));
  }
  free(empties.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
