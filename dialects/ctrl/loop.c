// ctrl.loop and ctrl.next: verifiers and canonicalisation.
#include <stdlib.h>
#include "dialects/ctrl/ctrl.h"
#include "dlc/ir.h"

MlirLogicalResult dlcCtrlLoopVerify(MlirOperation op) {
  if (isNull(ctrl_loop_bound(op)) && isNull(ctrl_loop_go(op)))
    return dlcError(op, "needs a bound, a 'while' flag, or both: it would never end");
  if (!dlcSameTypes(ctrl_loop_init_args(op), resultsOf(op))) return dlcError(op, "carried and result types differ");
  // Here, not in the verifier of regions: MLIR's own check of the control flow comes before that one and says less.
  MlirBlock body = bodyOf(ctrl_loop_body(op));
  DlcValues inits = ctrl_loop_init_args(op);
  bool good = mlirBlockGetNumArguments(body) == inits.n + 1 && mlirTypeIsAIndex(typeOf(argOf(body, 0)));
  for (intptr_t i = 0; i < inits.n && good; ++i) good = mlirTypeEqual(typeOf(argOf(body, i + 1)), typeOf(at(inits, i)));
  if (!good) return dlcError(op, "body takes the index and one argument a carry, of the carry's type");
  return dlcCtrlVerifyAt(op, ctrl_loop_at(op));
}
MlirLogicalResult dlcCtrlLoopVerifyRegions(MlirOperation op) {
  MlirBlock body = bodyOf(ctrl_loop_body(op));
  MlirOperation next = dlcEndOf(body, "ctrl.next");
  if (!next.ptr) return dlcError(op, "body must end in ctrl.next");
  bool mayStop = !isNull(ctrl_loop_go(op)), says = !isNull(ctrl_next_go(next));
  if (mayStop && !says) return dlcError(next, "must say whether to go on: the loop has 'while'");
  if (!mayStop && says) return dlcError(next, "has 'while', its loop has not");
  return mlirLogicalResultSuccess();
}

// What the ops of a loop's body see instead of its arguments, once the body stands alone.
static void inlineBody(DlcBuilder *b, MlirOperation op, MlirValue *arguments) {
  MlirBlock body = bodyOf(ctrl_loop_body(op));
  MlirOperation next = mlirBlockGetTerminator(body);
  mlirRewriterBaseInlineBlockBefore(b->rewriter, body, op, mlirBlockGetNumArguments(body), arguments);
  DlcValues values = ctrl_next_values(next);
  MlirValue *with = dlcCopyValues(values);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, values.n, with);
  mlirRewriterBaseEraseOp(b->rewriter, next);
  free(with);
}

// A loop that cannot run is its inits.
static MlirLogicalResult removeZeroTrip(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  int64_t bound = 1, go = 1;
  bool knowsBound = !isNull(ctrl_loop_bound(op)) && dlcConstantIndex(ctrl_loop_bound(op), &bound);
  bool knowsGo = !isNull(ctrl_loop_go(op)) && dlcConstantIndex(ctrl_loop_go(op), &go);
  if (!(knowsBound && bound <= 0) && !(knowsGo && !go)) return mlirLogicalResultFailure();
  DlcValues inits = ctrl_loop_init_args(op);
  MlirValue *with = dlcCopyValues(inits);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, inits.n, with);
  free(with);
  return mlirLogicalResultSuccess();
}

// A loop that surely runs once is its body. With a flag that is not known it may run no time at all.
static MlirLogicalResult inlineSingleTrip(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  int64_t bound, go = 1;
  if (isNull(ctrl_loop_bound(op)) || !dlcConstantIndex(ctrl_loop_bound(op), &bound) || bound != 1)
    return mlirLogicalResultFailure();
  if (!isNull(ctrl_loop_go(op)) && (!dlcConstantIndex(ctrl_loop_go(op), &go) || !go)) return mlirLogicalResultFailure();
  DlcValues inits = ctrl_loop_init_args(op);
  MlirValue *arguments = malloc((size_t)(inits.n + 1) * sizeof *arguments);
  arguments[0] = constIndex(b, 0);
  for (intptr_t i = 0; i < inits.n; ++i) arguments[i + 1] = at(inits, i);
  inlineBody(b, op, arguments);
  free(arguments);
  return mlirLogicalResultSuccess();
}

//===--- carries that carry nothing ---
// Unchanged: yielded as it came. Unused: neither the body nor anybody after the loop reads it.
static bool isIdle(MlirOperation op, MlirOperation next, intptr_t i) {
  MlirValue argument = argOf(bodyOf(ctrl_loop_body(op)), i + 1), yielded = at(ctrl_next_values(next), i);
  if (mlirValueEqual(argument, yielded)) return true;
  MlirValue result = mlirOperationGetResult(op, i);
  return mlirOpOperandIsNull(mlirValueGetFirstUse(argument)) && mlirOpOperandIsNull(mlirValueGetFirstUse(result));
}
static void copyDiscardable(MlirOperation from, MlirOperation to) {
  for (intptr_t i = 0; i < mlirOperationGetNumDiscardableAttributes(from); ++i) {
    MlirNamedAttribute a = mlirOperationGetDiscardableAttribute(from, i);
    mlirOperationSetDiscardableAttributeByName(to, mlirIdentifierStr(a.name), a.attribute);
  }
}
typedef struct {
  intptr_t n;
  MlirValue *inits, *yields, *arguments, *results;
  intptr_t *slot;
} Carries;
static Carries keptCarries(MlirOperation op, MlirOperation next) {
  intptr_t n = ctrl_loop_init_args(op).n;
  size_t room = (size_t)(n + 1);
  Carries c = {0,
               calloc(room, sizeof(MlirValue)),
               calloc(room, sizeof(MlirValue)),
               calloc(room, sizeof(MlirValue)),
               calloc(room, sizeof(MlirValue)),
               calloc(room, sizeof(intptr_t))};
  for (intptr_t i = 0; i < n; ++i) {
    c.slot[i] = isIdle(op, next, i) ? -1 : c.n;
    if (c.slot[i] < 0) continue;
    c.inits[c.n] = at(ctrl_loop_init_args(op), i);
    c.yields[c.n++] = at(ctrl_next_values(next), i);
  }
  return c;
}
static void freeCarries(Carries *c) {
  free(c->inits), free(c->yields), free(c->arguments), free(c->results), free(c->slot);
}

static MlirLogicalResult dropIdleCarries(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  MlirBlock body = bodyOf(ctrl_loop_body(op));
  MlirOperation next = mlirBlockGetTerminator(body);
  intptr_t n = ctrl_loop_init_args(op).n;
  Carries c = keptCarries(op, next);
  if (c.n == n) return freeCarries(&c), mlirLogicalResultFailure();
  MlirOperation loop = ctrl_loop(b, .bound = ctrl_loop_bound(op), .init_args = valsN(c.n, c.inits),
                                 .go = ctrl_loop_go(op), .at = ctrl_loop_at(op));
  if (b->failed) return freeCarries(&c), mlirLogicalResultFailure();
  copyDiscardable(op, loop);
  MlirBlock newBody = dlcAddBlock(b, ctrl_loop_body(loop), types(indexType(b)));
  for (intptr_t i = 0; i < c.n; ++i) mlirBlockAddArgument(newBody, typeOf(c.inits[i]), b->loc);
  c.arguments[0] = argOf(newBody, 0);
  for (intptr_t i = 0; i < n; ++i) {
    MlirValue init = at(ctrl_loop_init_args(op), i);
    c.arguments[i + 1] = c.slot[i] < 0 ? init : argOf(newBody, c.slot[i] + 1);
    c.results[i] = c.slot[i] < 0 ? init : mlirOperationGetResult(loop, c.slot[i]);
  }
  dlcBefore(b, next) ctrl_next(b, .go = ctrl_next_go(next), .values = valsN(c.n, c.yields));
  mlirRewriterBaseEraseOp(b->rewriter, next);
  mlirRewriterBaseMergeBlocks(b->rewriter, body, newBody, n + 1, c.arguments);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, n, c.results);
  freeCarries(&c);
  return dlcStatus(b);
}
const DlcPattern dlcCtrlLoopPatterns[] = {
    {"ctrl.loop", 3, removeZeroTrip}, {"ctrl.loop", 2, inlineSingleTrip}, {"ctrl.loop", 1, dropIdleCarries}, {0}};
