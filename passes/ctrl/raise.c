// ctrl-raise: calls and scf of functions become ctrl.
//
//   func.call of what does not recurse   ->  the callee's ops
//   func.call of what recurses           ->  ctrl.call
//   scf.if, scf.index_switch             ->  ctrl.branch
//   scf.for %i = %l to %u step %s        ->  ctrl.loop %k to ceil((%u - %l) / %s), %i = %l + %k * %s
//   scf.while (%a = %x) { before } do { after }
//     ->  before(%x); ctrl.loop carry(..) while(%go) { after; before; ctrl.next while(%go) .. }
//
// Only what stands in functions, loops and branches: scf in the bodies of tasks, graphs and linalg ops is code of a
// work item. A branch of lift-cf-to-scf leaves ub.poison for values that no path reads; it becomes zeros.
// Refused: inlining functions of several blocks (lift-cf-to-scf goes before).
#include <stdlib.h>
#include <string.h>
#include "dlc/passes.h"
#include "passes/ctrl/calls.h"
#include "passes/ctrl/control.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/scf.h"
#include "ods/tensor.h"

static bool isPoison(MlirOperation op) { return dlcOpIs(op, "ub.poison", 9); }
static bool isScf(MlirOperation op) {
  return scf_if_isa(op) || scf_for_isa(op) || scf_while_isa(op) || scf_index_switch_isa(op);
}
//===--- calls ----------------------------------------------------------------------------===//
static MlirLogicalResult inlineCall(DlcBuilder *b, MlirOperation call, MlirOperation callee) {
  MlirBlock body = bodyOf(func_func_body(callee));
  char name[128];
  if (mlirBlockGetNextInRegion(body).ptr)
    return dlcError(call, "cannot be inlined: '%s' has several blocks; lift its control flow to scf first",
                    dlcFunctionName(callee, name, sizeof name));
  DlcMapping map = dlcMappingCreate();
  DlcValues arguments = dlcCallArguments(call);
  for (intptr_t i = 0; i < arguments.n; ++i) dlcMap(map, argOf(body, i), at(arguments, i));
  dlcBefore(b, call) dlcForEachOp(op, body) if (!func_return_isa(op)) dlcClone(b, op, map);
  MlirOperation end = mlirBlockGetTerminator(body);
  MlirValue *with = dlcCopyValues(operandsOf(end));
  intptr_t n = mlirOperationGetNumOperands(end);
  for (intptr_t i = 0; i < n; ++i) with[i] = dlcMapped(map, with[i]);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, call, n, with);
  free(with);
  dlcMappingDestroy(map);
  return dlcStatus(b);
}

static MlirLogicalResult raiseCall(DlcBuilder *b, MlirOperation call) {
  MlirOperation made = {0};
  dlcBefore(b, call) made = ctrl_call(b, func_call_callee(call), func_call_operands(call), typesOf(resultsOf(call)));
  if (made.ptr) mlirRewriterBaseReplaceOpWithOperation(b->rewriter, call, made);
  return dlcStatus(b);
}

// Callees come first, so that what is inlined holds no call that is to be inlined.
static MlirLogicalResult raiseCalls(DlcBuilder *b, const DlcCallGraph *g, DlcPass *pass) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < g->n && mlirLogicalResultIsSuccess(result); ++i) {
    DlcOps calls = dlcCollect(g->nodes[i].function, dlcIsCall);
    for (intptr_t k = 0; k < calls.n && mlirLogicalResultIsSuccess(result); ++k) {
      DlcCallNode *callee = dlcCallNodeOf(g, dlcCalledFunction(calls.data[k]));
      if (!callee || (callee->recurses && ctrl_call_isa(calls.data[k]))) continue; // declared only; raised
      result = callee->recurses ? raiseCall(b, calls.data[k]) : inlineCall(b, calls.data[k], callee->function);
      dlcPassCount(pass, callee->recurses ? DlcCtrlRaise_recursive : DlcCtrlRaise_inlined, 1);
    }
    free(calls.data);
  }
  return result;
}

static bool isNamed(MlirOperation op, MlirStringRef name) {
  return func_func_isa(op) && mlirStringRefEqual(func_func_sym_name(op), name);
}
// All functions but the entry become private, where there is one of that name.
static void hideOthers(DlcBuilder *b, MlirOperation module, MlirStringRef entry) {
  bool exists = false;
  MlirBlock body = bodyOf(mlirOperationGetRegion(module, 0));
  dlcForEachOp(op, body) exists |= isNamed(op, entry);
  dlcForEachOp(op, body)
    if (exists && func_func_isa(op) && !isNamed(op, entry))
      func_func_set_sym_visibility(op, mlirStringAttrGet(b->ctx, dlcText("private")));
}

//===--- branches ---------------------------------------------------------------------------===//
static void moveArm(DlcBuilder *b, MlirRegion from, MlirOperation branch, intptr_t arm) {
  MlirBlock to = dlcAddBlock(b, dlcRegion(branch, arm), (DlcTypes){0}), old = bodyOf(from);
  dlcAtEnd(b, to) {
    if (!old.ptr) { // an else that is left out
      ctrl_yield(b);
      break;
    }
    mlirRewriterBaseMergeBlocks(b->rewriter, old, to, 0, NULL);
    MlirOperation end = mlirBlockGetTerminator(to);
    dlcBefore(b, end) ctrl_yield(b, operandsOf(end));
    mlirRewriterBaseEraseOp(b->rewriter, end);
  }
}

static void raiseIf(DlcBuilder *b, MlirOperation op) {
  MlirOperation branch =
      ctrl_branch(b, mlirOperationGetOperand(op, 0), .results_type = typesOf(resultsOf(op)), .arms = {NULL, 2});
  if (!branch.ptr) return;
  for (intptr_t i = 0; i < 2; ++i) moveArm(b, dlcRegion(op, i), branch, i);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, branch);
}

static void raiseSwitch(DlcBuilder *b, MlirOperation op) {
  DlcI64s cases = scf_index_switch_cases(op);
  MlirOperation branch =
      ctrl_branch(b, scf_index_switch_arg(op), cases, typesOf(resultsOf(op)), .arms = {NULL, cases.n + 1});
  if (!branch.ptr) return;
  for (intptr_t i = 0; i < cases.n; ++i) moveArm(b, dlcRegion(op, i + 1), branch, i);
  moveArm(b, scf_index_switch_defaultRegion(op), branch, cases.n); // last, where scf has it first
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, branch);
}

//===--- loops ------------------------------------------------------------------------------===//
static MlirValue toIndex(DlcBuilder *b, MlirValue v, bool isUnsigned) {
  if (mlirTypeIsAIndex(typeOf(v))) return v;
  return isUnsigned ? arith_index_castui(b, v, indexType(b)) : arith_index_cast(b, v, indexType(b));
}

static MlirValue countTrips(DlcBuilder *b, MlirValue lower, MlirValue upper, MlirValue step, bool isUnsigned) {
  int64_t from, by;
  bool isNormal = dlcConstantIndex(lower, &from) && !from && dlcConstantIndex(step, &by) && by == 1;
  if (isNormal && !isUnsigned) return upper;
  MlirValue span = arith_subi(b, upper, lower);
  if (!isUnsigned) return arith_ceildivsi(b, span, step); // below one: no trip
  MlirValue some = arith_cmpi(b, arith_CmpIPredicate_ult, lower, upper);
  return arith_select(b, some, arith_ceildivui(b, span, step), constIndex(b, 0));
}

// A loop around the inits, with an empty body of the right arguments.
static MlirOperation makeLoop(DlcBuilder *b, DlcValues inits, MlirValue bound, MlirValue go) {
  MlirOperation loop = ctrl_loop(b, inits, typesOf(inits), .bound = bound, .go = go);
  if (!loop.ptr) return loop;
  MlirBlock body = dlcAddBlock(b, ctrl_loop_body(loop), types(indexType(b)));
  for (intptr_t i = 0; i < inits.n; ++i) mlirBlockAddArgument(body, typeOf(at(inits, i)), b->loc);
  return loop;
}

static void raiseFor(DlcBuilder *b, MlirOperation op) {
  bool isUnsigned = scf_for_unsignedCmp(op);
  MlirValue lower = toIndex(b, scf_for_lowerBound(op), isUnsigned), step = toIndex(b, scf_for_step(op), isUnsigned);
  MlirValue upper = toIndex(b, scf_for_upperBound(op), isUnsigned);
  MlirValue trips = countTrips(b, lower, upper, step, isUnsigned);
  DlcValues inits = scf_for_initArgs(op);
  MlirOperation loop = makeLoop(b, inits, trips, (MlirValue){0});
  if (!loop.ptr) return;
  MlirBlock body = bodyOf(ctrl_loop_body(loop)), old = bodyOf(scf_for_region(op));
  MlirValue *arguments = calloc((size_t)inits.n + 1, sizeof *arguments);
  for (intptr_t i = 0; i < inits.n; ++i) arguments[i + 1] = argOf(body, i + 1);
  dlcAtEnd(b, body) {
    MlirType type = typeOf(argOf(old, 0));
    MlirValue i = argOf(body, 0);
    int64_t by, from;
    if (!dlcConstantIndex(step, &by) || by != 1) i = arith_muli(b, i, step);
    if (!dlcConstantIndex(lower, &from) || from) i = arith_addi(b, i, lower);
    arguments[0] = mlirTypeIsAIndex(type) ? i : arith_index_cast(b, i, type);
    mlirRewriterBaseMergeBlocks(b->rewriter, old, body, inits.n + 1, arguments);
    MlirOperation end = mlirBlockGetTerminator(body);
    dlcBefore(b, end) ctrl_next(b, operandsOf(end));
    mlirRewriterBaseEraseOp(b->rewriter, end);
  }
  free(arguments);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, loop);
}

// Clones the block that decides whether to go on; gives the flag and, to be freed, the values that it passes on.
static MlirValue decide(DlcBuilder *b, MlirBlock before, DlcValues with, MlirValue **passed) {
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < with.n; ++i) dlcMap(map, argOf(before, i), at(with, i));
  MlirOperation end = mlirBlockGetTerminator(before);
  dlcForEachOp(op, before)
    if (!mlirOperationEqual(op, end)) dlcClone(b, op, map);
  MlirValue go = dlcMapped(map, mlirOperationGetOperand(end, 0));
  *passed = dlcCopyValues(operandsOf(end));
  for (intptr_t i = 1; i < mlirOperationGetNumOperands(end); ++i) (*passed)[i - 1] = dlcMapped(map, (*passed)[i]);
  dlcMappingDestroy(map);
  return go;
}

static void raiseWhile(DlcBuilder *b, MlirOperation op) {
  MlirBlock before = bodyOf(scf_while_before(op)), after = bodyOf(scf_while_after(op));
  MlirValue *passed = NULL, *again = NULL;
  MlirValue go = decide(b, before, scf_while_inits(op), &passed);
  intptr_t n = mlirOperationGetNumResults(op);
  MlirOperation loop = makeLoop(b, valsN(n, passed), (MlirValue){0}, go);
  free(passed);
  if (!loop.ptr) return;
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirValue *arguments = calloc((size_t)n + 1, sizeof *arguments);
  for (intptr_t i = 0; i < n; ++i) arguments[i] = argOf(body, i + 1);
  dlcAtEnd(b, body) {
    mlirRewriterBaseMergeBlocks(b->rewriter, after, body, n, arguments);
    MlirOperation end = mlirBlockGetTerminator(body);
    dlcBefore(b, end) {
      go = decide(b, before, operandsOf(end), &again);
      ctrl_next(b, valsN(n, again), .go = go);
    }
    mlirRewriterBaseEraseOp(b->rewriter, end);
  }
  free(arguments), free(again);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, loop);
}

static void raisePoison(DlcBuilder *b, MlirOperation op) {
  MlirType type = typeOf(mlirOperationGetResult(op, 0));
  MlirValue zero = {0}, sizes[16];
  if (mlirTypeIsAIndex(type) || mlirTypeIsAInteger(type))
    zero = arith_constant(b, mlirIntegerAttrGet(type, 0));
  else if (mlirTypeIsAFloat(type))
    zero = arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, type, 0));
  else if (mlirTypeIsARankedTensor(type) && mlirShapedTypeGetRank(type) <= 16) {
    intptr_t n = 0;
    for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
      if (mlirShapedTypeIsDynamicDim(type, i)) sizes[n++] = constIndex(b, 0);
    zero = tensor_empty(b, valsN(n, sizes), type);
  }
  if (!isNull(zero)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &zero);
}

//===--- the pass -----------------------------------------------------------------------------===//
static bool isRaised(MlirOperation op) { return isScf(op) || isPoison(op); }

static MlirLogicalResult raiseScf(DlcBuilder *b, MlirOperation module, DlcPass *pass) {
  DlcOps ops = dlcCollect(module, isRaised); // innermost first
  for (intptr_t i = 0; i < ops.n && !b->failed; ++i) {
    MlirOperation op = ops.data[i];
    if (!dlcIsHostCode(op)) continue;
    dlcBefore(b, op) {
      if (isPoison(op)) {
        raisePoison(b, op);
        break;
      }
      if (scf_if_isa(op))
        raiseIf(b, op);
      else if (scf_index_switch_isa(op))
        raiseSwitch(b, op);
      else if (scf_for_isa(op))
        raiseFor(b, op);
      else
        raiseWhile(b, op);
      dlcPassCount(pass, DlcCtrlRaise_raised, 1);
    }
  }
  free(ops.data);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunCtrlRaise(MlirOperation root, DlcPass *pass, const DlcCtrlRaiseOptions *options) {
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps calls = dlcCollect(root, dlcIsCall);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  hideOthers(&b, root, options->entry);
  if (calls.n) {
    DlcCallGraph g = dlcCallGraphCreate(root);
    result = raiseCalls(&b, &g, pass);
    dlcCallGraphDestroy(&g);
  }
  free(calls.data);
  if (mlirLogicalResultIsSuccess(result)) result = raiseScf(&b, root, pass);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
