// tile-split-fresh-tensors: each use of a fresh tensor (fresh.h) has its own.
//
//   %e = tensor.empty                        %e = tensor.empty   %f = tensor.empty
//   %a = ctrl.task ... outs(%o = %e)    ->   %a = ctrl.task ... outs(%o = %e)
//   %b = ctrl.task ... outs(%o = %e)         %b = ctrl.task ... outs(%o = %f)
//
// CSE makes one of all fresh tensors of a type. One-shot bufferisation then asks, of every
// pair of a read and a write of anything made in it, whether they conflict: time that grows
// with the square of the layers. And of two padded images of one shape, whose borders are
// alike, the second would be made as a copy of the first. A fresh tensor stands just before
// its use, so that its buffer does not live before that. Uses that only read share what
// is not a tensor.empty. Refuses nothing.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/ctrl.h"
#include "ods/tensor.h"
#include "passes/tile/fresh.h"

// The op of block that is user or holds it.
static MlirOperation ancestorIn(MlirBlock block, MlirOperation user) {
  while (!mlirBlockEqual(mlirOperationGetBlock(user), block)) user = mlirOperationGetParentOperation(user);
  return user;
}

// Gives the use a copy just before it, though never in a loop that the fresh tensor is not in.
static void split(DlcBuilder *b, MlirOperation fresh, MlirOpOperand use) {
  MlirOperation user = mlirOpOperandGetOwner(use);
  MlirValue copy = {0};
  dlcBefore(b, ancestorIn(mlirOperationGetBlock(fresh), user)) copy = dlcResult(dlcCloneAlone(b, fresh), 0);
  mlirOperationSetOperand(user, mlirOpOperandGetOperandNumber(use), copy);
}

// Whether the use writes to the tensor, or wants it to be somewhere.
static bool claims(MlirOpOperand use) {
  MlirOperation user = mlirOpOperandGetOwner(use);
  intptr_t i = mlirOpOperandGetOperandNumber(use);
  if (tensor_insert_slice_isa(user)) return true;
  if (ctrl_task_isa(user)) return i >= ctrl_task_outs(user).first;
  return dlcIsLinalgOut(user, mlirOperationGetOperand(user, i));
}

// A use to be given a copy; null: none.
static MlirOpOperand claimToSplit(MlirOperation fresh) {
  MlirValue v = mlirOperationGetResult(fresh, 0);
  if (hasOneUse(v)) return (MlirOpOperand){0};
  dlcForEachUse(use, v)
    if (tensor_empty_isa(fresh) || claims(use)) return use;
  return (MlirOpOperand){0};
}

// Copies for each fresh tensor that there was: a tensor that is inserted into itself again and again would ask for
// twice as many every time. Beyond that they are shared, and bufferisation copies.
enum { MOST_COPIES = 16 };

MlirLogicalResult dlcRunTileSplitFreshTensors(MlirOperation root, DlcPass *pass,
                                              const DlcTileSplitFreshTensorsOptions *options) {
  (void)options;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  intptr_t copies = 0, most = -1;
  // From the back, and until nothing is left: the copy of an op is one more use of what the op is made of.
  for (bool changed = true; changed && !b.failed;) {
    changed = false;
    DlcOps fresh = dlcCollectFresh(root);
    if (most < 0) most = MOST_COPIES * fresh.n;
    for (intptr_t i = fresh.n - 1; i >= 0 && !b.failed; --i) {
      MlirValue v = mlirOperationGetResult(fresh.data[i], 0);
      bool isEmpty = tensor_empty_isa(fresh.data[i]);
      if (mlirOpOperandIsNull(mlirValueGetFirstUse(v))) continue;
      for (MlirOpOperand use; use = claimToSplit(fresh.data[i]), use.ptr && !b.failed && (isEmpty || copies < most);) {
        split(&b, fresh.data[i], use);
        dlcPassCount(pass, DlcTileSplitFreshTensors_copies, 1);
        if (!isEmpty) ++copies, changed = true;
      }
      if (!isEmpty || !hasOneUse(v)) continue;
      MlirOperation user = mlirOpOperandGetOwner(mlirValueGetFirstUse(v));
      mlirOperationMoveBefore(fresh.data[i], ancestorIn(mlirOperationGetBlock(fresh.data[i]), user));
    }
    free(fresh.data);
  }
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
