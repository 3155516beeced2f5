// Dependences and tokens: #ctrl.dep, ctrl.ready, ctrl.join, ctrl.await.
#include <stdlib.h>
#include "dialects/ctrl/ctrl.h"
#include "dlc/ir.h"

bool dlcCtrlDepVerify(const struct ctrl_dep *a, DlcMessage *why) {
  bool isWindow = a->kind == ctrl_DepKind_window;
  if (!isWindow && (a->from.ptr || a->size.n)) return dlcExplain(why, "only a window dependence has a map and sizes");
  if (!isWindow) return true;
  if (!a->from.ptr) return dlcExplain(why, "a window dependence needs a 'from' map");
  intptr_t rank = mlirAffineMapGetNumResults(a->from);
  if (a->size.n && a->size.n != rank)
    return dlcExplain(why, "window has %d sizes for %d dimensions", (int)a->size.n, (int)rank);
  for (intptr_t i = 0; i < a->size.n; ++i)
    if (a->size.data[i] <= 0) return dlcExplain(why, "window sizes must be positive");
  return true;
}

MlirLogicalResult dlcCtrlJoinVerify(MlirOperation op) {
  if (!mlirOperationGetNumOperands(op)) return dlcError(op, "joins no token: a complete one is ctrl.ready");
  return mlirLogicalResultSuccess();
}
MlirLogicalResult dlcCtrlAwaitVerify(MlirOperation op) {
  if (!mlirOperationGetNumOperands(op)) return dlcError(op, "awaits no token");
  return mlirLogicalResultSuccess();
}

// The join of one token, perhaps named several times, is that token.
MlirValue dlcCtrlJoinFold(MlirOperation op) {
  DlcValues tokens = operandsOf(op);
  for (intptr_t i = 1; i < tokens.n; ++i)
    if (!mlirValueEqual(at(tokens, i), at(tokens, 0))) return (MlirValue){0};
  return at(tokens, 0);
}

// Complete tokens and repeated ones add nothing; a join of a join is one join.
static void addTokens(DlcValueList *list, MlirOperation op) {
  DlcValues tokens = operandsOf(op);
  for (intptr_t i = 0; i < tokens.n; ++i) {
    MlirOperation def = opOf(at(tokens, i));
    if (ctrl_join_isa(def))
      addTokens(list, def);
    else if (!ctrl_ready_isa(def))
      dlcValueListAdd(list, at(tokens, i));
  }
}
static MlirLogicalResult flatten(DlcBuilder *b, MlirOperation op, bool isJoin) {
  DlcValueList list = {0};
  addTokens(&list, op);
  bool same = list.n == mlirOperationGetNumOperands(op);
  for (intptr_t i = 0; same && i < list.n; ++i) same = mlirValueEqual(list.data[i], mlirOperationGetOperand(op, i));
  if (same) return dlcValueListDestroy(&list), mlirLogicalResultFailure();
  if (list.n) {
    dlcModify(b, op) mlirOperationSetOperands(op, list.n, list.data);
  } else if (isJoin) {
    MlirValue ready = ctrl_ready(b, ctrl_token_get(b->ctx));
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &ready);
  } else {
    mlirRewriterBaseEraseOp(b->rewriter, op);
  }
  dlcValueListDestroy(&list);
  return dlcStatus(b);
}
static MlirLogicalResult flattenJoin(DlcBuilder *b, MlirOperation op, void *options) {
  return (void)options, flatten(b, op, true);
}
static MlirLogicalResult flattenAwait(DlcBuilder *b, MlirOperation op, void *options) {
  return (void)options, flatten(b, op, false);
}
const DlcPattern dlcCtrlJoinPatterns[] = {{"ctrl.join", 1, flattenJoin}, {0}};
const DlcPattern dlcCtrlAwaitPatterns[] = {{"ctrl.await", 1, flattenAwait}, {0}};
