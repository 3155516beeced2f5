// ctrl-batch-recursion: the calls of a recursion that do not need each other, all of one height at once.
//
//   %r = ctrl.call @f(%i, %t)              %table = loops over numbers: which calls there are, how high each is
//                                    ->    %r = ctrl.branch %fits {
//   func.func @f(%i, %t) {                   ctrl.loop %bin carry(%values) {   // height, and which way through @f
//     ctrl.branch %leaf { leaf(%i) }           leaves: %values = leaf(rows of arguments), ..
//     else { %a = ctrl.call @f(%l)             nodes:  %values = node(rows of %values), ..   // weights are read once
//            %b = ctrl.call @f(%r)           }
//            node(%a, %b) } }              } else { ctrl.call @f(%i, %t) }
//
// Which calls are made must not depend on what calls give, so it is found before anything is computed ("inspector and
// executor", Saltz, Mirchandani and Crowley, IEEE Trans. Computers 40(5), 1991; batching by height: Looks et al., "Deep
// learning with dynamic computation graphs", ICLR 2017): passes/ctrl/call_paths.h. That also proves that the calls of
// one call are independent: nothing here has effects, and no value flows from one to another. The table is
// passes/ctrl/call_table.h, the batches are passes/ctrl/call_batches.h. A counted loop that does nothing but make one
// call in each iteration from what is known before it, and keep what it gives, is a forest: all its calls are roots of
// one table.
//
// The table has room for `max-calls`, less where they take more than max-bytes. More calls than that, a recursion
// deeper than the call allows, or (`least-width`) one with too few calls of a height take the other arm, for
// ctrl-flatten-recursion. Left to it altogether: control that depends on results, values passed on that are no numbers,
// effects, ops that cannot be batched, recursions without siblings outside of such a loop, and those whose calls do
// fewer than min-work multiply-adds with something that all of them read. `remarks` says which.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/ctrl/call_batches.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/tensor.h"

enum { FEWEST_CALLS = 16, MOST_VALUES = 32, MOST_RANK = 12 };

typedef struct {
  DlcBuilder *b;
  const DlcCallGraph *graph;
  const DlcCtrlBatchRecursionOptions *options;
  DlcPass *pass;
} Pass;

static MlirLogicalResult refuse(const Pass *t, MlirOperation call, const char *why, MlirLocation where) {
  dlcPassCount(t->pass, DlcCtrlBatchRecursion_left, 1);
  if (!t->options->remarks) return mlirLogicalResultSuccess();
  DlcDiagnostic *d = dlcRemarkBegin(call, "is not done for many calls at once");
  dlcNote(d, where, "%s", why);
  return dlcReport(d);
}
static MlirLogicalResult refuseCall(const Pass *t, MlirOperation call, const char *why) {
  return refuse(t, call, why, mlirOperationGetLocation(call));
}

//===--- the place of the call --------------------------------------------------------------------===//
static bool isKnownBefore(DlcCallSite *site, MlirValue v) {
  if (!dlcIsMadeInside(v, site->loop)) return true;
  MlirOperation op = opOf(v);
  if (!op.ptr) return mlirBlockArgumentGetArgNumber(v) == 0; // the iteration
  if (mlirOperationGetNumRegions(op) || !dlcIsPure(op)) return false;
  dlcPointerMapSet(&site->arguments, op.ptr, 1);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!isKnownBefore(site, mlirOperationGetOperand(op, i))) return false;
  return true;
}

// Whether the loop around the call can make all calls first: they have no effects, and neither has the rest.
static bool isForest(const DlcFlat *f, DlcCallSite *site) {
  MlirOperation loop = site->loop;
  if (!ctrl_loop_isa(loop) || !isNull(ctrl_loop_go(loop)) || isNull(ctrl_loop_bound(loop)) || ctrl_loop_at(loop).has ||
      (ctrl_call_isa(site->call) && !isNull(ctrl_call_depth(site->call))))
    return false;
  dlcForEachOp(op, bodyOf(ctrl_loop_body(loop)))
    if (!mlirOperationEqual(op, site->call) && !ctrl_next_isa(op) && !dlcIsEffectFree(op)) return false;
  DlcValues given = dlcCallArguments(site->call);
  const DlcMember *entry = &f->members[f->entry];
  for (intptr_t i = 0; i < given.n; ++i) {
    bool isVaried = entry->registers[i] >= 0;
    if (isVaried ? !isKnownBefore(site, at(given, i)) : dlcIsMadeInside(at(given, i), loop)) return false;
  }
  return true;
}

//===--- both arms ----------------------------------------------------------------------------------===//
static MlirOperation onlyCall(MlirOperation root) {
  DlcOps calls = dlcCollect(root, dlcIsCall);
  MlirOperation call = calls.n ? calls.data[0] : (MlirOperation){0};
  free(calls.data);
  return call;
}

// A copy of the call, or of the loop around it.
static MlirOperation copySite(DlcBuilder *b, const DlcCallSite *site) {
  DlcMapping map = dlcMappingCreate();
  MlirOperation copy = dlcClone(b, site->loop.ptr ? site->loop : site->call, map);
  dlcMappingDestroy(map);
  return copy;
}

static void takeResults(DlcCallTable *t, MlirOperation call, const MlirValue *values, MlirValue number,
                        MlirValue *results) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(call); ++i) results[i] = dlcCallResult(t, values, number, i);
}

static void writeBatches(const Pass *p, DlcCallTable *t, const DlcCallSite *site) {
  DlcBuilder *b = t->b;
  MlirValue values[MOST_VALUES], results[MOST_VALUES];
  dlcCallTableOrder(t);
  dlcCallBatchesWrite(t, p->options->block, values);
  intptr_t n = mlirOperationGetNumResults(site->call);
  if (b->failed) return;
  if (!site->loop.ptr) {
    takeResults(t, site->call, values, constIndex(b, 0), results);
    ctrl_yield(b, valsN(n, results));
    return;
  }
  MlirOperation loop = copySite(b, site), call = loop.ptr ? onlyCall(loop) : loop;
  if (!call.ptr) return;
  dlcBefore(b, call) takeResults(t, call, values, argOf(bodyOf(ctrl_loop_body(loop)), 0), results);
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, call, n, results);
  ctrl_yield(b, resultsOf(loop));
}

static void replaceSite(const Pass *p, DlcCallTable *t, const DlcCallSite *site) {
  DlcBuilder *b = t->b;
  MlirOperation op = site->loop.ptr ? site->loop : site->call;
  dlcCallTableNumber(t, site, p->options->maxDepth);
  MlirValue wide = arith_muli(b, arith_addi(b, t->height, constIndex(b, 1)), constIndex(b, p->options->leastWidth));
  wide = arith_cmpi(b, arith_CmpIPredicate_sle, wide, t->count);
  MlirValue go = p->options->leastWidth ? arith_andi(b, t->fits, wide) : t->fits;
  MlirOperation branch = ctrl_branch(b, go, (DlcI64s){0}, typesOf(resultsOf(op)), .arms = {NULL, 2});
  if (!branch.ptr) return;
  dlcAtEnd(b, dlcAddBlock(b, dlcRegion(branch, 0), (DlcTypes){0})) writeBatches(p, t, site);
  dlcAtEnd(b, dlcAddBlock(b, dlcRegion(branch, 1), (DlcTypes){0})) ctrl_yield(b, resultsOf(copySite(b, site)));
  if (!b->failed) mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, branch);
}

//===--- one call -----------------------------------------------------------------------------------===//
static int64_t capacityOf(const Pass *p, const DlcCallPaths *paths) {
  int64_t bytes = dlcCallTableRowBytes(paths);
  int64_t most = bytes > 0 ? p->options->maxBytes / bytes : 0;
  return most < p->options->maxCalls ? most : p->options->maxCalls;
}

// f has its members, what they share and its registers.
static MlirLogicalResult batchCall(const Pass *p, const DlcFlat *f, DlcCallSite *site) {
  DlcCallPaths paths;
  DlcCallBatchFacts facts = {0};
  MlirOperation before = site->loop.ptr ? site->loop : site->call;
  MlirLogicalResult result = mlirLogicalResultSuccess();
  if (!dlcCallPathsOf(f, &paths)) {
    result = refuse(p, site->call, paths.refusal, mlirOperationGetLocation(paths.refusedAt));
  } else if (paths.mostCalls < 2 && !site->loop.ptr) {
    result = refuseCall(p, site->call, "it has no siblings");
  } else if (dlcCallTableColumns(&paths) > DLC_MOST_ARGUMENTS || capacityOf(p, &paths) < FEWEST_CALLS) {
    result = refuseCall(p, site->call, "a call takes too much of max-bytes");
  } else {
    DlcCallTable t = {.b = p->b, .paths = &paths, .map = dlcMappingCreate(), .capacity = capacityOf(p, &paths)};
    dlcBefore(p->b, before) {
      MlirOperation first = dlcPreviousInBlock(before);
      dlcFlatMapShared(f, p->b, t.map, dlcCallArguments(site->call));
      bool fits = dlcCallBatchesFit(&t, before, &facts);
      if (fits && facts.work >= p->options->minWork) {
        replaceSite(p, &t, site);
        dlcPassCount(p->pass, DlcCtrlBatchRecursion_batched, 1);
        dlcPassCount(p->pass, DlcCtrlBatchRecursion_paths, (uint64_t)paths.nPaths);
      } else {
        result = fits ? refuseCall(p, site->call, "its calls do less than min-work")
                      : refuse(p, site->call, facts.refusal, facts.refusedAt);
        dlcEraseBetween(p->b, first, before);
      }
    }
    dlcMappingDestroy(t.map);
  }
  dlcCallPathsDestroy(&paths);
  return mlirLogicalResultIsSuccess(result) ? dlcStatus(p->b) : result;
}

static bool hasRegisters(const DlcFlat *f) {
  for (intptr_t i = 0; i < f->nMembers; ++i)
    for (intptr_t k = 0; k < f->members[i].nArguments; ++k) {
      MlirType type = typeOf(argOf(f->members[i].body, k));
      if (f->members[i].entryArgument[k] < 0 && !dlcIsRecursiveScalar(type)) return false;
    }
  for (intptr_t i = 0; i < f->nMembers; ++i) {
    MlirType type = func_func_function_type(f->members[i].function);
    for (intptr_t k = 0; k < f->members[i].nResults; ++k) {
      MlirType result = mlirFunctionTypeGetResult(type, k);
      bool isRow = dlcIsSavedInSlices(result) && mlirShapedTypeGetRank(result) <= MOST_RANK;
      if (!dlcIsRecursiveScalar(result) && !isRow) return false;
    }
  }
  return true;
}

static MlirLogicalResult batchSite(const Pass *p, MlirOperation call, intptr_t component) {
  DlcFlat f = {.b = p->b, .graph = p->graph, .component = component};
  DlcCallSite site = {.call = call};
  MlirLogicalResult result = mlirLogicalResultSuccess();
  if (!dlcFlatShare(&f, dlcCalledFunction(call))) {
    result = refuseCall(p, call, "a function has several blocks");
  } else if (!hasRegisters(&f)) {
    result = refuseCall(p, call, "arguments that vary must be numbers, results numbers or tensors of static shape");
  } else {
    result = dlcFlatTakeRegisters(&f);
    site.loop = mlirOperationGetParentOperation(call);
    if (!isForest(&f, &site)) site.loop = (MlirOperation){0};
    if (mlirLogicalResultIsSuccess(result)) result = batchCall(p, &f, &site);
  }
  dlcPointerMapDestroy(&site.arguments);
  dlcFlatDestroy(&f);
  return result;
}

//===--- the pass -------------------------------------------------------------------------------------===//
static MlirLogicalResult batchComponent(void *data, intptr_t component) {
  const Pass *p = data;
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < p->graph->n && mlirLogicalResultIsSuccess(result); ++i) {
    const DlcCallNode *node = &p->graph->nodes[i];
    if (node->component == component) continue;
    DlcOps calls = dlcCollect(node->function, dlcIsCall);
    for (intptr_t k = 0; k < calls.n && mlirLogicalResultIsSuccess(result); ++k) {
      DlcCallNode *callee = dlcCallNodeOf(p->graph, dlcCalledFunction(calls.data[k]));
      if (callee && callee->component == component) result = batchSite(p, calls.data[k], component);
    }
    free(calls.data);
  }
  return result;
}

MlirLogicalResult dlcRunCtrlBatchRecursion(MlirOperation root, DlcPass *pass,
                                           const DlcCtrlBatchRecursionOptions *options) {
  if (options->maxCalls < 1 || options->maxBytes < 1 || options->block < 1 || options->minWork < 0 ||
      options->maxDepth < 0 || options->leastWidth < 0)
    return dlcError(root, "ctrl-batch-recursion: max-calls, max-bytes and block must be positive, others not negative");
  DlcOps calls = dlcCollect(root, dlcIsCall);
  bool none = !calls.n;
  free(calls.data);
  if (none) return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcCallGraph g = dlcCallGraphCreate(root);
  Pass p = {&b, &g, options, pass};
  MlirLogicalResult result = dlcForEachRecursion(&g, batchComponent, &p);
  dlcCallGraphDestroy(&g);
  mlirIRRewriterDestroy(rewriter);
  return mlirLogicalResultIsSuccess(result) ? dlcStatus(&b) : result;
}
