// ctrl-flatten-recursion: functions that call each other become one loop over an explicit stack.
//
//   func.func @f(%x, %n) -> T {                     %r:k = ctrl.loop %i carry(%pc, %depth, frames, registers) while(..)
//   {
//     ctrl.branch %leaf { .. } else {                 ctrl.branch %pc case 0 {       // @f begins
//       %a = ctrl.call @f(%x, %l)           ->          ctrl.branch %leaf { .. return: depth - 1 } else {
//       %b = ctrl.call @f(%x, %r)                         save in the frame; call: depth + 1, %pc = 0 }
//       %c = g(%a, %b) }                              } case 1 { .. behind the first call: save %a; call
//   }                                                 } default { .. behind the second one: %a from the frame; return }
//                                                     ctrl.next while(%more) .. }
//
// On tensors, before graphs are formed: what the body of a node computes then goes through the same passes as
// everything else, and the flattened program is loops and branches like any other to whatever comes behind. Frames are
// tensors with a row for each depth, one for each value that lives across a call. A segment only reads or only writes
// each, by tensor.insert and tensor.insert_slice, so that bufferisation updates all of them in place, without copies.
// What all calls pass on unchanged (weights, the tree) and what is computed from it alone stays outside of the loop. A
// tail call needs no frame. Members of a component that call each other share the loop: %pc says whose code it is.
//
// The bound of the depth is depth(%n) of the call from outside, else that of the recursive calls (a constant, or an
// argument that all calls pass on), else max-depth, lowered to what fits into max-bytes. Deeper recursion is a
// cf.assert.
//
// Refused: calls within loops, tasks and other ops that are no ctrl.branch; values that are no numbers and no tensors
// of static shape and live across a call; arguments and results that are neither numbers nor ranked tensors; siblings
// that depend on each other; frames of more than max-bytes.
#include <stdio.h>
#include <stdlib.h>
#include "dlc/passes.h"
#include "passes/ctrl/flatten.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/ctrl.h"
#include "ods/func.h"

typedef struct {
  DlcBuilder *b;
  const DlcCallGraph *graph;
  const DlcCtrlFlattenRecursionOptions *options;
  DlcPass *pass;
} Flatten;

//===--- the bound of the depth -----------------------------------------------------------------===//
typedef struct {
  bool isGiven;    // by the program
  MlirValue value; // null: constant
  int64_t constant;
} Bound;

static MlirLogicalResult refineBound(const DlcFlat *f, MlirOperation call, DlcValues arguments, Bound *bound) {
  MlirValue depth = ctrl_call_depth(call);
  int64_t constant;
  if (isNull(depth)) return mlirLogicalResultSuccess();
  bool isConstant = dlcConstantIndex(depth, &constant);
  if (bound->isGiven && isConstant != isNull(bound->value))
    return dlcError(call, "recursive calls of one function have a constant and a computed depth");
  if (isConstant) {
    if (!bound->isGiven || constant < bound->constant) bound->constant = constant;
    bound->isGiven = true;
    return mlirLogicalResultSuccess();
  }
  for (intptr_t i = 0; i < f->nMembers; ++i) {
    const DlcMember *m = &f->members[i];
    if (!mlirValueIsABlockArgument(depth) || !mlirBlockEqual(mlirBlockArgumentGetOwner(depth), m->body)) continue;
    int64_t entry = m->entryArgument[mlirBlockArgumentGetArgNumber(depth)];
    if (entry < 0) break;
    if (bound->isGiven && !mlirValueEqual(bound->value, at(arguments, entry)))
      return dlcError(call, "recursive calls of one function have two computed depths");
    bound->isGiven = true, bound->value = at(arguments, entry);
    return mlirLogicalResultSuccess();
  }
  return dlcError(call, "the depth of a recursive call must be a constant, or an argument that all calls pass on");
}

// Of the call from outside (null: there is none), else of the calls within the component.
static MlirLogicalResult findBound(const DlcFlat *f, MlirOperation site, DlcValues arguments, Bound *bound) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  MlirValue depth = ctrl_call_isa(site) ? ctrl_call_depth(site) : (MlirValue){0};
  if (!isNull(depth)) {
    bound->isGiven = true;
    if (!dlcConstantIndex(depth, &bound->constant)) bound->value = depth;
    return result;
  }
  for (intptr_t i = 0; i < f->nMembers; ++i) {
    DlcOps calls = dlcCollect(f->members[i].function, ctrl_call_isa);
    for (intptr_t k = 0; k < calls.n && mlirLogicalResultIsSuccess(result); ++k)
      if (dlcIsInnerCall(f, calls.data[k])) result = refineBound(f, calls.data[k], arguments, bound);
    free(calls.data);
  }
  return result;
}

// The most frames but one that memory allows; a constant that is more is lowered or refused, what is computed is
// checked when the program runs.
static MlirLogicalResult limitBound(const Flatten *t, const DlcFlat *f, MlirOperation at_, Bound *bound) {
  int64_t frame = dlcFlatFrameBytes(f);
  int64_t most = frame < 0 ? 0 : frame ? t->options->maxBytes / frame - 1 : INT64_MAX / 16;
  char name[128];
  dlcFunctionName(f->members[f->entry].function, name, sizeof name);
  if (most < 1)
    return dlcError(at_, "a frame of the recursion of '%s' takes %lld bytes: more than max-bytes allows", name,
                    (long long)frame);
  if (!isNull(bound->value)) {
    char message[256];
    snprintf(message, sizeof message, "the depth given for the recursion of @%s is not between 0 and %lld", name,
             (long long)most);
    MlirValue fits = arith_cmpi(f->b, arith_CmpIPredicate_ule, bound->value, constIndex(f->b, most));
    cf_assert(f->b, fits, dlcText(message));
    return mlirLogicalResultSuccess();
  }
  if (!bound->isGiven) bound->constant = t->options->maxDepth < most ? t->options->maxDepth : most;
  if (bound->constant < 0) return dlcError(at_, "the depth of the recursion of '%s' is negative", name);
  if (bound->constant > most)
    return dlcError(at_, "a recursion of '%s' of depth %lld takes more than max-bytes: frames of %lld bytes", name,
                    (long long)bound->constant, (long long)frame);
  return mlirLogicalResultSuccess();
}

//===--- one loop ---------------------------------------------------------------------------------===//
// Before the insertion point, for a call of `entry` at `op`.
static MlirLogicalResult emitLoop(Flatten *t, MlirOperation entry, MlirOperation op, DlcValues arguments,
                                  MlirValue *results) {
  DlcFlat f = {.b = t->b, .graph = t->graph, .component = dlcCallNodeOf(t->graph, entry)->component};
  Bound bound = {0};
  MlirLogicalResult result = dlcFlatPlan(&f, entry);
  if (mlirLogicalResultIsSuccess(result)) result = findBound(&f, op, arguments, &bound);
  if (mlirLogicalResultIsSuccess(result) && f.hasStack) result = limitBound(t, &f, op, &bound);
  if (mlirLogicalResultIsSuccess(result)) {
    dlcFlatEmit(&f, arguments, isNull(bound.value) ? constIndex(t->b, bound.constant) : bound.value, results);
    dlcPassCount(t->pass, DlcCtrlFlattenRecursion_loops, 1);
    dlcPassCount(t->pass, DlcCtrlFlattenRecursion_segments, (uint64_t)f.nSegments);
    result = dlcStatus(t->b);
  }
  dlcFlatDestroy(&f);
  return result;
}

static MlirLogicalResult replaceCall(Flatten *t, MlirOperation call) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  intptr_t n = mlirOperationGetNumResults(call);
  MlirValue *results = calloc((size_t)n + 1, sizeof *results);
  dlcBefore(t->b, call) result = emitLoop(t, dlcCalledFunction(call), call, dlcCallArguments(call), results);
  if (mlirLogicalResultIsSuccess(result)) mlirRewriterBaseReplaceOpWithValues(t->b->rewriter, call, n, results);
  free(results);
  return result;
}

// A function that others may call from outside of the module keeps its name: the loop is its body.
static MlirLogicalResult replaceFunction(Flatten *t, MlirOperation function) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  MlirType type = func_func_function_type(function);
  intptr_t nArguments = mlirFunctionTypeGetNumInputs(type), n = mlirFunctionTypeGetNumResults(type);
  MlirValue *results = calloc((size_t)n + 1, sizeof *results),
            *arguments = calloc((size_t)nArguments + 1, sizeof *arguments);
  DlcMapping map = dlcMappingCreate();
  dlcAfter(t->b, function) { // whoever looks for the name finds the first one, which calls itself
    MlirOperation made = dlcCloneShell(t->b, function, map);
    if (!made.ptr) break;
    MlirBlock body = dlcAddBlock(t->b, func_func_body(made), (DlcTypes){0});
    for (intptr_t i = 0; i < nArguments; ++i)
      arguments[i] = mlirBlockAddArgument(body, mlirFunctionTypeGetInput(type, i), t->b->loc);
    dlcAtEnd(t->b, body) {
      result = emitLoop(t, function, function, valsN(nArguments, arguments), results);
      if (mlirLogicalResultIsSuccess(result)) func_return(t->b, valsN(n, results));
    }
  }
  dlcMappingDestroy(map);
  free(results), free(arguments);
  return mlirLogicalResultIsSuccess(result) ? dlcStatus(t->b) : result;
}

//===--- components -------------------------------------------------------------------------------===//
static bool isPublic(MlirOperation function) { return !func_func_sym_visibility(function).length; }

static MlirLogicalResult flattenComponent(void *data, intptr_t component) {
  Flatten *t = data;
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < t->graph->n && mlirLogicalResultIsSuccess(result); ++i) {
    const DlcCallNode *node = &t->graph->nodes[i];
    if (node->component == component) {
      result = dlcCheckSiblings(node->function);
      continue;
    }
    DlcOps calls = dlcCollect(node->function, dlcIsCall);
    for (intptr_t k = 0; k < calls.n && mlirLogicalResultIsSuccess(result); ++k) {
      DlcCallNode *callee = dlcCallNodeOf(t->graph, dlcCalledFunction(calls.data[k]));
      if (callee && callee->component == component) result = replaceCall(t, calls.data[k]);
    }
    free(calls.data);
  }
  for (intptr_t i = 0; i < t->graph->n && mlirLogicalResultIsSuccess(result); ++i) {
    const DlcCallNode *node = &t->graph->nodes[i];
    if (node->component == component && isPublic(node->function)) result = replaceFunction(t, node->function);
  }
  return result;
}

static MlirLogicalResult flatten(Flatten *t) {
  const DlcCallGraph *g = t->graph;
  MlirLogicalResult result = dlcForEachRecursion(g, flattenComponent, t);
  if (mlirLogicalResultIsFailure(result)) return result;
  for (intptr_t i = 0; i < g->n; ++i) // a component's functions call each other: all at once, at the end
    if (g->nodes[i].recurses) mlirRewriterBaseEraseOp(t->b->rewriter, g->nodes[i].function);
  return dlcStatus(t->b);
}

MlirLogicalResult dlcRunCtrlFlattenRecursion(MlirOperation root, DlcPass *pass,
                                             const DlcCtrlFlattenRecursionOptions *options) {
  if (options->maxDepth < 0 || options->maxBytes < 0)
    return dlcError(root, "max-depth and max-bytes must not be negative");
  DlcOps calls = dlcCollect(root, dlcIsCall);
  bool none = !calls.n;
  free(calls.data);
  if (none) return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcCallGraph g = dlcCallGraphCreate(root);
  Flatten t = {&b, &g, options, pass};
  MlirLogicalResult result = flatten(&t);
  dlcCallGraphDestroy(&g);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
