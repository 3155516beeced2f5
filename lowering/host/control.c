// ctrl.loop, ctrl.branch and ctrl.region on buffers to scf, evaluated by the
// calling thread: see lowering/host/host.h.
//
//   ctrl.loop %t to %n carry(%a = %x) while(%go) { .. ctrl.next while(%g) %y }
// ->
//   scf.while (%t = 0, %a = %x, %go) { scf.condition(%go && %t < %n) } do { .. scf.yield %t + 1, %y, %g }
//
// A loop with a bound alone becomes scf.for.
#include <stdlib.h>
#include "mlir-c/Diagnostics.h"
#include "lowering/host/host.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/scf.h"

enum { MAX_CARRIED = 256 };

static MlirLogicalResult refuse(MlirOperation op, const char *why) {
  mlirEmitError(mlirOperationGetLocation(op), why);
  return mlirLogicalResultFailure();
}

// Moves the ops of `from`, but for its terminator, to the end of the insertion block.
static void moveBody(DlcBuilder *b, MlirBlock from, intptr_t n, const MlirValue *args) {
  mlirRewriterBaseMergeBlocks(b->rewriter, from, mlirRewriterBaseGetInsertionBlock(b->rewriter), n, args);
}

static void lowerFor(DlcBuilder *b, MlirOperation loop) {
  MlirBlock from = bodyOf(ctrl_loop_body(loop));
  MlirOperation next = mlirBlockGetTerminator(from), made = {0};
  dlcBefore(b, loop) {
    made = scf_for(b, constIndex(b, 0), ctrl_loop_bound(loop), constIndex(b, 1), ctrl_loop_init_args(loop));
    if (mlirOperationIsNull(made)) return;
    MlirBlock body = dlcAddBlock(b, scf_for_region(made), types(indexType(b)));
    DlcValues inits = ctrl_loop_init_args(loop);
    MlirValue args[MAX_CARRIED + 1] = {argOf(body, 0)};
    for (intptr_t i = 0; i < inits.n; ++i) args[1 + i] = mlirBlockAddArgument(body, typeOf(at(inits, i)), b->loc);
    dlcAtEnd(b, body) {
      moveBody(b, from, inits.n + 1, args);
      scf_yield(b, ctrl_next_values(next));
    }
  }
  mlirRewriterBaseEraseOp(b->rewriter, next);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, loop, made);
}

static void lowerWhile(DlcBuilder *b, MlirOperation loop) {
  MlirBlock from = bodyOf(ctrl_loop_body(loop));
  MlirOperation next = mlirBlockGetTerminator(from), made = {0};
  DlcValues inits = ctrl_loop_init_args(loop);
  intptr_t n = inits.n + 2; // the counter, the flag, the carried values
  MlirValue values[MAX_CARRIED + 2], args[MAX_CARRIED + 2];
  MlirType carried[MAX_CARRIED + 2];
  dlcBefore(b, loop) {
    values[0] = constIndex(b, 0), values[1] = ctrl_loop_go(loop);
    for (intptr_t i = 0; i < inits.n; ++i) values[2 + i] = at(inits, i);
    for (intptr_t i = 0; i < n; ++i) carried[i] = typeOf(values[i]);
    made = scf_while(b, valsN(n, values), .results_type = typesN(n, carried));
    if (mlirOperationIsNull(made)) return;
    MlirBlock before = dlcAddBlock(b, scf_while_before(made), typesN(n, carried));
    dlcAtEnd(b, before) {
      MlirValue go = argOf(before, 1), bound = ctrl_loop_bound(loop);
      if (!isNull(bound)) go = arith_andi(b, go, arith_cmpi(b, arith_CmpIPredicate_slt, argOf(before, 0), bound));
      for (intptr_t i = 0; i < n; ++i) args[i] = argOf(before, i);
      scf_condition(b, go, valsN(n, args));
    }
    MlirBlock after = dlcAddBlock(b, scf_while_after(made), typesN(n, carried));
    dlcAtEnd(b, after) {
      args[0] = argOf(after, 0);
      for (intptr_t i = 0; i < inits.n; ++i) args[1 + i] = argOf(after, 2 + i);
      moveBody(b, from, inits.n + 1, args);
      values[0] = arith_addi(b, argOf(after, 0), constIndex(b, 1)), values[1] = ctrl_next_go(next);
      for (intptr_t i = 0; i < inits.n; ++i) values[2 + i] = at(ctrl_next_values(next), i);
      scf_yield(b, valsN(n, values));
    }
  }
  mlirRewriterBaseEraseOp(b->rewriter, next);
  for (intptr_t i = 0; i < inits.n; ++i) values[i] = mlirOperationGetResult(made, 2 + i);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, loop, inits.n, values);
}

static MlirLogicalResult lowerLoop(DlcBuilder *b, MlirOperation loop) {
  if (ctrl_loop_init_args(loop).n > MAX_CARRIED)
    return refuse(loop, "ctrl-to-host: a loop that carries more than 256 values");
  if (isNull(ctrl_loop_go(loop)))
    lowerFor(b, loop);
  else
    lowerWhile(b, loop);
  return dlcStatus(b);
}

//===--- branch -----------------------------------------------------------------------===//
static void moveArm(DlcBuilder *b, MlirOperation branch, intptr_t arm, MlirRegion to) {
  MlirBlock from = bodyOf(mlirOperationGetRegion(branch, arm));
  MlirOperation yield = mlirBlockGetTerminator(from);
  dlcAtEnd(b, dlcAddBlock(b, to, (DlcTypes){0})) {
    moveBody(b, from, 0, NULL);
    scf_yield(b, ctrl_yield_values(yield));
  }
  mlirRewriterBaseEraseOp(b->rewriter, yield);
}

static MlirLogicalResult lowerBranch(DlcBuilder *b, MlirOperation branch) {
  DlcI64s cases = ctrl_branch_cases(branch);
  DlcTypes results = typesOf(resultsOf(branch));
  MlirOperation made = {0};
  dlcBefore(b, branch) {
    if (mlirTypeIsAIndex(typeOf(ctrl_branch_selector(branch)))) {
      made = scf_index_switch(b, ctrl_branch_selector(branch), cases, results, .caseRegions = {NULL, cases.n});
      if (mlirOperationIsNull(made)) break;
      moveArm(b, branch, cases.n, mlirOperationGetRegion(made, 0)); // the default comes first
      for (intptr_t i = 0; i < cases.n; ++i) moveArm(b, branch, i, mlirOperationGetRegion(made, 1 + i));
    } else {
      made = scf_if(b, ctrl_branch_selector(branch), results);
      if (mlirOperationIsNull(made)) break;
      for (intptr_t i = 0; i < 2; ++i) moveArm(b, branch, i, mlirOperationGetRegion(made, i));
    }
  }
  if (!mlirOperationIsNull(made)) mlirRewriterBaseReplaceOpWithOperation(b->rewriter, branch, made);
  return dlcStatus(b);
}

// On the host a region is its body: the team takes every task of it in turn.
static MlirLogicalResult lowerRegion(DlcBuilder *b, MlirOperation region) {
  if (ctrl_region_tokens(region)) return refuse(region, "ctrl-to-host: tokens are not lowered for the host");
  MlirBlock body = bodyOf(ctrl_region_body(region));
  MlirOperation yield = mlirBlockGetTerminator(body);
  mlirRewriterBaseInlineBlockBefore(b->rewriter, body, region, 0, NULL);
  MlirValue values[MAX_CARRIED];
  intptr_t n = mlirOperationGetNumOperands(yield);
  if (n > MAX_CARRIED) return refuse(region, "ctrl-to-host: a region with more than 256 results");
  for (intptr_t i = 0; i < n; ++i) values[i] = mlirOperationGetOperand(yield, i);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, region, n, values);
  mlirRewriterBaseEraseOp(b->rewriter, yield);
  return dlcStatus(b);
}

static bool isControl(MlirOperation op) { return ctrl_loop_isa(op) || ctrl_branch_isa(op) || ctrl_region_isa(op); }
static bool isRefused(MlirOperation op) {
  return ctrl_call_isa(op) || ctrl_await_isa(op) || ctrl_join_isa(op) || ctrl_ready_isa(op);
}

MlirLogicalResult dlcHostLowerControl(DlcHost *h) {
  DlcOps refused = dlcCollect(h->function, isRefused);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  if (refused.n)
    result = refuse(refused.data[0],
                    "ctrl-to-host: calls and tokens are not lowered for the host yet; flatten the recursion first");
  free(refused.data);
  DlcOps ops = dlcCollect(h->function, isControl); // innermost first
  for (intptr_t i = 0; i < ops.n && mlirLogicalResultIsSuccess(result); ++i) {
    MlirOperation op = ops.data[i];
    result = ctrl_loop_isa(op)     ? lowerLoop(h->b, op)
             : ctrl_branch_isa(op) ? lowerBranch(h->b, op)
                                   : lowerRegion(h->b, op);
  }
  free(ops.data);
  return result;
}
