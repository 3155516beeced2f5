// ctrl-check-siblings: whether calls marked `siblings` are independent of each other.
//
//   %a = ctrl.call @f(%x) siblings : (f32) -> f32
//   %b = ctrl.call @f(%a) siblings : (f32) -> f32     refused: it needs the first one's result
//
// Two siblings of a function may run at the same time: no value may flow from one to the arguments of the other, or to
// a branch or loop around it; and neither may have effects on memory that both can see. On tensors a call has none; on
// buffers a callee that may write to memory that is not its own is refused. The program is not changed.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/ctrl/calls.h"
#include "ods/ctrl.h"
#include "ods/func.h"

static bool isSibling(MlirOperation op) { return ctrl_call_isa(op) && ctrl_call_siblings(op); }

//===--- values -----------------------------------------------------------------------------===//
static void addResults(DlcValueList *list, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) dlcValueListAppend(list, mlirOperationGetResult(op, i));
}

// Everything that a use of a value in op may change: its results, what its regions start with, and where it ends a
// region, what that region's op gives.
static void addReached(DlcValueList *list, MlirOperation op) {
  addResults(list, op);
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) {
    MlirBlock block = bodyOf(mlirOperationGetRegion(op, i));
    for (intptr_t k = 0; block.ptr && k < mlirBlockGetNumArguments(block); ++k)
      dlcValueListAppend(list, argOf(block, k));
  }
  MlirOperation parent = mlirOperationGetParentOperation(op);
  bool ends = !mlirOperationGetNextInBlock(op).ptr && !func_return_isa(op);
  if (!ends || func_func_isa(parent)) return;
  addResults(list, parent);
  MlirBlock block = bodyOf(mlirOperationGetRegion(parent, 0)); // the next iteration of a loop
  for (intptr_t k = 0; ctrl_loop_isa(parent) && k < mlirBlockGetNumArguments(block); ++k)
    dlcValueListAppend(list, argOf(block, k));
}

// Marks each op that a result of `from` reaches.
static DlcPointerMap reachedFrom(MlirOperation from) {
  DlcPointerMap seen = {0};
  DlcValueList open = {0};
  addResults(&open, from);
  while (open.n) {
    MlirValue v = open.data[--open.n];
    if (dlcPointerMapGet(&seen, v.ptr) > 0) continue;
    dlcPointerMapSet(&seen, v.ptr, 1);
    dlcForEachUse(use, v) {
      MlirOperation user = mlirOpOperandGetOwner(use);
      dlcPointerMapSet(&seen, user.ptr, 1);
      addReached(&open, user);
    }
  }
  dlcValueListDestroy(&open);
  return seen;
}

static bool isReached(const DlcPointerMap *reached, MlirOperation call) {
  for (MlirOperation op = call; op.ptr && !func_func_isa(op); op = mlirOperationGetParentOperation(op))
    if (dlcPointerMapGet(reached, op.ptr) > 0) return true; // the call, or what decides whether it runs
  return false;
}

//===--- memory -----------------------------------------------------------------------------===//
static void seeEffect(DlcEffect effect, MlirValue on, void *data) {
  bool isOwn = !isNull(on) && !mlirValueIsABlockArgument(on) && dlcOpIs(opOf(on), "memref.alloc", 12);
  if (effect != DLC_READ && effect != DLC_ALLOCATE && !isOwn) *(bool *)data = true;
}

static bool isLeaf(MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i)
    if (bodyOf(mlirOperationGetRegion(op, i)).ptr) return dlcIsLinalgOp(op) || ctrl_task_isa(op);
  return true;
}

// Whether a function, or one that it calls, may write to memory that is not its own.
static bool mayWrite(MlirOperation function, DlcPointerMap *seen) {
  if (dlcPointerMapGet(seen, function.ptr) > 0) return false; // asked further out
  dlcPointerMapSet(seen, function.ptr, 1);
  DlcOps ops = dlcCollect(function, isLeaf);
  bool writes = false;
  for (intptr_t i = 0; i < ops.n && !writes; ++i) {
    MlirOperation op = ops.data[i];
    if (dlcIsCall(op)) {
      MlirOperation callee = dlcCalledFunction(op);
      writes = !callee.ptr || !bodyOf(func_func_body(callee)).ptr || mayWrite(callee, seen);
    } else {
      bool isKnown = dlcForEachEffect(op, seeEffect, &writes);
      writes |= !isKnown;
    }
  }
  free(ops.data);
  return writes;
}

static bool hasBuffers(MlirOperation call) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(call); ++i) {
    MlirType type = typeOf(mlirOperationGetOperand(call, i));
    if (mlirTypeIsAMemRef(type) || mlirTypeIsAUnrankedMemRef(type)) return true;
  }
  return false;
}

static MlirLogicalResult checkMemory(MlirOperation call) {
  if (!hasBuffers(call)) return mlirLogicalResultSuccess();
  MlirOperation callee = dlcCalledFunction(call);
  DlcPointerMap seen = {0};
  bool writes = !callee.ptr || mayWrite(callee, &seen);
  dlcPointerMapDestroy(&seen);
  if (writes) return dlcError(call, "is no sibling of other calls: it may write to a buffer that they can see");
  return mlirLogicalResultSuccess();
}

//===--- the pass -----------------------------------------------------------------------------===//
MlirLogicalResult dlcCheckSiblings(MlirOperation function) {
  DlcOps calls = dlcCollect(function, isSibling);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < calls.n && mlirLogicalResultIsSuccess(result); ++i) {
    DlcPointerMap reached = reachedFrom(calls.data[i]);
    for (intptr_t k = 0; k < calls.n && mlirLogicalResultIsSuccess(result); ++k) {
      if (k == i || !isReached(&reached, calls.data[k])) continue;
      DlcDiagnostic *d = dlcErrorBegin(calls.data[k], "is no sibling of a call whose result it depends on");
      dlcNote(d, mlirOperationGetLocation(calls.data[i]), "this call");
      result = dlcReport(d);
    }
    dlcPointerMapDestroy(&reached);
    if (mlirLogicalResultIsSuccess(result) && calls.n > 1) result = checkMemory(calls.data[i]);
  }
  free(calls.data);
  return result;
}

MlirLogicalResult dlcRunCtrlCheckSiblings(MlirOperation root, DlcPass *pass,
                                          const DlcCtrlCheckSiblingsOptions *options) {
  (void)pass, (void)options; // it has none
  return dlcCheckSiblings(root);
}
