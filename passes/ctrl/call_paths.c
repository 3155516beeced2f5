// See passes/ctrl/call_paths.h.
#include "passes/ctrl/call_paths.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "ods/ctrl.h"
#include "ods/func.h"

static bool refuse(DlcCallPaths *p, MlirOperation op, const char *why) {
  if (!p->refusal) p->refusal = why, p->refusedAt = op;
  return false;
}

static bool isTerminator(MlirOperation op) { return func_return_isa(op) || ctrl_yield_isa(op); }

static void addOp(DlcOps *ops, MlirOperation op) {
  if (ops->n == ops->cap) {
    ops->cap = ops->cap ? 2 * ops->cap : 32;
    ops->data = realloc(ops->data, (size_t)ops->cap * sizeof *ops->data);
  }
  ops->data[ops->n++] = op;
}
static DlcOps copyOps(const DlcOps *ops) {
  DlcOps copy = {0};
  for (intptr_t i = 0; i < ops->n; ++i) addOp(&copy, ops->data[i]);
  return copy;
}

//===--- paths ----------------------------------------------------------------------------------===//
static bool isAllowed(DlcCallPaths *p, MlirOperation op, DlcCallPath *path) {
  if (dlcIsInnerCall(p->f, op)) {
    if (path->calls.n == DLC_MOST_CALLS)
      return refuse(p, op, "this is one call too many of one way through the function");
    if (ctrl_call_isa(op) && !isNull(ctrl_call_depth(op))) return refuse(p, op, "this says how deep it may be");
    addOp(&path->calls, op);
    if (path->calls.n > p->mostCalls) p->mostCalls = path->calls.n;
    return true;
  }
  if (ctrl_branch_isa(op) || isTerminator(op)) return true;
  if (dlcHoldsInnerCall(p->f, op)) return refuse(p, op, "this recurses inside of something that is no branch");
  return dlcIsEffectFree(op) || refuse(p, op, "this has effects");
}

// Adds the paths that go on at op behind what is in *path, which is taken over.
static bool follow(DlcCallPaths *p, MlirOperation op, DlcCallPath *path) {
  bool ok = true;
  for (bool ends = false; ok && !ends;) {
    addOp(&path->steps, op);
    ok = isAllowed(p, op, path);
    if (ok && func_return_isa(op)) {
      if (p->nPaths == DLC_MOST_PATHS)
        return free(path->steps.data), free(path->calls.data), refuse(p, op, "there are too many ways to here");
      p->paths[p->nPaths++] = *path;
      return true;
    }
    ends = ctrl_branch_isa(op);
    for (intptr_t i = 0; ok && ends && i < mlirOperationGetNumRegions(op); ++i) {
      DlcCallPath arm = {path->member, copyOps(&path->steps), copyOps(&path->calls), {0}};
      ok = follow(p, mlirBlockGetFirstOperation(bodyOf(mlirOperationGetRegion(op, i))), &arm);
    }
    MlirOperation next = mlirOperationGetNextInBlock(op);
    op = next.ptr ? next : mlirOperationGetNextInBlock(mlirOperationGetParentOperation(op));
  }
  free(path->steps.data), free(path->calls.data);
  return ok;
}

//===--- what the results need --------------------------------------------------------------------===//
static void markNeeded(DlcCallPath *path) {
  DlcPointerMap values = {0};
  for (intptr_t i = path->steps.n; i-- > 0;) {
    MlirOperation op = path->steps.data[i];
    if (ctrl_branch_isa(op)) continue;
    if (isTerminator(op)) {
      MlirOperation parent = mlirOperationGetParentOperation(op);
      for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
        if (func_return_isa(op) || dlcPointerMapGet(&values, mlirOperationGetResult(parent, k).ptr) > 0)
          dlcPointerMapSet(&values, mlirOperationGetOperand(op, k).ptr, 1);
      continue;
    }
    bool isNeeded = false;
    for (intptr_t k = 0; k < mlirOperationGetNumResults(op); ++k)
      isNeeded |= dlcPointerMapGet(&values, mlirOperationGetResult(op, k).ptr) > 0;
    if (!isNeeded) continue;
    dlcPointerMapSet(&path->isNeeded, op.ptr, 1);
    if (dlcIsCall(op)) continue; // its arguments are the control part's
    DlcValueList used = {0};
    dlcCaptures(op, &used);
    for (intptr_t k = 0; k < used.n; ++k) dlcPointerMapSet(&values, used.data[k].ptr, 1);
    dlcValueListDestroy(&used);
  }
  dlcPointerMapDestroy(&values);
}

//===--- the control part -------------------------------------------------------------------------===//
static bool isNumberOp(MlirOperation op) {
  bool ok = !mlirOperationGetNumRegions(op) && dlcIsPure(op);
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    ok &= dlcIsRecursiveScalar(typeOf(mlirOperationGetResult(op, i)));
  return ok;
}

static bool control(DlcCallPaths *p, const DlcMember *m, MlirValue v) {
  MlirOperation op = opOf(v);
  if (dlcFlatIsShared(p->f, m, v) || !op.ptr) return true; // an argument, of a type that registers can have
  if (dlcPointerMapGet(&p->inControl, op.ptr) > 0) return true;
  if (dlcIsInnerCall(p->f, op)) return refuse(p, op, "which calls are made depends on what this gives");
  if (ctrl_branch_isa(op)) { // whichever arm: the same value of a path
    bool ok = true;
    for (intptr_t i = 0; ok && i < mlirOperationGetNumRegions(op); ++i) {
      MlirOperation end = mlirBlockGetTerminator(bodyOf(mlirOperationGetRegion(op, i)));
      ok = control(p, m, mlirOperationGetOperand(end, mlirOpResultGetResultNumber(v)));
    }
    return ok;
  }
  if (!isNumberOp(op)) return refuse(p, op, "which calls are made depends on this, which is more than numbers");
  dlcPointerMapSet(&p->inControl, op.ptr, 1);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!control(p, m, mlirOperationGetOperand(op, i))) return false;
  return true;
}

static bool findControl(DlcCallPaths *p, const DlcCallPath *path) {
  const DlcMember *m = &p->f->members[path->member];
  for (intptr_t i = 0; i < path->steps.n; ++i) {
    MlirOperation op = path->steps.data[i];
    if (ctrl_branch_isa(op) && !control(p, m, ctrl_branch_selector(op))) return false;
    if (!dlcIsInnerCall(p->f, op)) continue;
    const DlcMember *callee = &p->f->members[dlcFlatMemberOf(p->f, dlcCalledFunction(op))];
    DlcValues given = dlcCallArguments(op);
    for (intptr_t k = 0; k < given.n; ++k)
      if (callee->registers[k] >= 0 && !control(p, m, at(given, k))) return false;
  }
  return true;
}

//===--- all of it --------------------------------------------------------------------------------===//
static bool checkTypes(DlcCallPaths *p) {
  for (intptr_t i = 0; i < p->f->arguments.n; ++i)
    if (!dlcIsRecursiveScalar(p->f->arguments.types[i]))
      return refuse(p, p->f->members[p->f->entry].function, "an argument of this that varies is no number");
  for (intptr_t i = 0; i < p->f->results.n; ++i)
    if (!dlcIsRecursiveScalar(p->f->results.types[i]) && !dlcIsSavedInSlices(p->f->results.types[i]))
      return refuse(p, p->f->members[p->f->entry].function, "a result of this has sizes that are not known");
  return true;
}

bool dlcCallPathsOf(const DlcFlat *f, DlcCallPaths *out) {
  *out = (DlcCallPaths){.f = f};
  bool ok = checkTypes(out);
  for (intptr_t i = 0; i < f->nMembers && ok; ++i) {
    DlcCallPath start = {.member = i};
    ok = follow(out, mlirBlockGetFirstOperation(f->members[i].body), &start);
  }
  for (intptr_t i = 0; i < out->nPaths && ok; ++i) {
    markNeeded(&out->paths[i]);
    ok = findControl(out, &out->paths[i]);
  }
  return ok;
}

void dlcCallPathsDestroy(DlcCallPaths *p) {
  for (intptr_t i = 0; i < p->nPaths; ++i) {
    free(p->paths[i].steps.data), free(p->paths[i].calls.data);
    dlcPointerMapDestroy(&p->paths[i].isNeeded);
  }
  dlcPointerMapDestroy(&p->inControl);
}
