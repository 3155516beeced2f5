// tile-reuse-destinations: what an elementwise op reads for the last time lies where the op's result is to be.
//
//   %e = linalg.generic ins(%x) outs(%fresh)                  %d = tensor.extract_slice %out ..
//   .. reads %e ..                                            %e = linalg.generic ins(%x) outs(%d)
//   %d = tensor.extract_slice %out ..                   ->    .. reads %e ..
//   %y = linalg.generic ins(%e, %r) outs(%d)                  %y = linalg.generic ins(%e, %r) outs(%e)
//
// As the exponentials of a softmax, which are written once more as its result. They need no memory of their own, and
// the result's comes into the cache while the exponentials are made, instead of behind them.
//
// Each element is read before it is written, so that one-shot bufferisation leaves both in %d.
//
// Only in tasks of the host, where both places are memory and the cache lies before them. Both ops are elementwise with
// the same map for %e and %y; nothing behind the second one reads %e; %d is written by it alone.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/cost/device.h"
#include "passes/tile/graph.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

// A generic of parallel loops and one result, which its body does not read.
static bool isElementwise(MlirOperation op) {
  bool reduces[DLC_MAX_LOOPS];
  if (!linalg_generic_isa(op) || mlirOperationGetNumResults(op) != 1) return false;
  intptr_t n = dlcIteratorTypes(op, reduces, DLC_MAX_LOOPS), out = mlirOperationGetNumOperands(op) - 1;
  if (n < 0 || n > DLC_MAX_LOOPS) return false;
  for (intptr_t i = 0; i < n; ++i)
    if (reduces[i]) return false;
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  MlirAffineMap map;
  return dlcLinalgMap(op, out, &map) && mlirAffineMapIsPermutation(map) &&
         mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, out)));
}
static MlirValue outOf(MlirOperation op) { return mlirOperationGetOperand(op, mlirOperationGetNumOperands(op) - 1); }

// All uses of v are linalg ops of its block that stand before `last`, or are it.
static bool diesAt(MlirValue v, MlirOperation last) {
  dlcForEachUse(use, v) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!dlcIsLinalgOp(user) || !mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(last))) return false;
    if (!mlirOperationEqual(user, last) && !mlirOperationIsBeforeInBlock(user, last)) return false;
    if (dlcIsLinalgOut(user, v)) return false;
  }
  return true;
}
static intptr_t countReads(MlirValue v, MlirOperation op) {
  intptr_t n = 0;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) n += mlirValueEqual(mlirOperationGetOperand(op, k), v);
  return n;
}
// Whether what the slice is made of is there before op.
static bool mayMoveBefore(MlirOperation slice, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(slice); ++i) {
    MlirOperation producer = opOf(mlirOperationGetOperand(slice, i));
    if (producer.ptr && mlirBlockEqual(mlirOperationGetBlock(producer), mlirOperationGetBlock(op)) &&
        !mlirOperationIsBeforeInBlock(producer, op))
      return false;
  }
  return true;
}

// The input of op that may lie in its destination; negative: none.
static intptr_t inputFor(MlirOperation op, MlirOperation slice) {
  intptr_t out = mlirOperationGetNumOperands(op) - 1;
  MlirAffineMap own, map;
  dlcLinalgMap(op, out, &own);
  for (intptr_t k = 0; k < out; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    MlirOperation producer = opOf(v);
    if (!producer.ptr || !isElementwise(producer) || !dlcLinalgMap(op, k, &map) || !mlirAffineMapEqual(map, own))
      continue;
    MlirValue fresh = outOf(producer);
    if (mlirTypeEqual(typeOf(v), typeOf(outOf(op))) && tensor_empty_isa(opOf(fresh)) && hasOneUse(fresh) &&
        mlirBlockEqual(mlirOperationGetBlock(producer), mlirOperationGetBlock(op)) && countReads(v, op) == 1 &&
        diesAt(v, op) && mayMoveBefore(slice, producer))
      return k;
  }
  return -1;
}

static bool isLast(MlirOperation op) {
  MlirOperation slice = isElementwise(op) ? opOf(outOf(op)) : (MlirOperation){0};
  return tensor_extract_slice_isa(slice) && hasOneUse(outOf(op)) && dlcParentNamed(op, "ctrl.task").ptr &&
         mlirBlockEqual(mlirOperationGetBlock(slice), mlirOperationGetBlock(op)) && inputFor(op, slice) >= 0;
}

static bool reuse(DlcBuilder *b, MlirOperation op) {
  (void)b; // nothing is made
  MlirOperation slice = opOf(outOf(op));
  intptr_t k = inputFor(op, slice), out = mlirOperationGetNumOperands(op) - 1;
  if (k < 0) return false;
  MlirOperation producer = opOf(mlirOperationGetOperand(op, k));
  mlirOperationMoveBefore(slice, producer);
  mlirOperationSetOperand(producer, mlirOperationGetNumOperands(producer) - 1, tensor_extract_slice_result(slice));
  mlirOperationSetOperand(op, out, mlirOperationGetOperand(op, k));
  return true;
}

MlirLogicalResult dlcRunTileReuseDestinations(MlirOperation root, DlcPass *pass,
                                              const DlcTileReuseDestinationsOptions *options) {
  (void)options; // it has none
  DlcDevice device;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  if (!device.isHost) return mlirLogicalResultSuccess();
  return dlcRewriteAndCount(root, isLast, reuse, pass, DlcTileReuseDestinations_reused);
}
