// See passes/ctrl/join_loops.h.
#include "passes/ctrl/join_loops.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/ctrl/rows.h"
#include "ods/ctrl.h"

enum { MOST_CARRIED = 256 };

//===--- the ops around the loops -------------------------------------------------------------===//
// From the first loop to the last one, in order.
typedef struct {
  const DlcJoinedLoops *joined;
  MlirOperation *ops;
  intptr_t n;
  DlcPointerMap index;
  bool *depends, *needed; // on what a loop gives; by something that stays
  bool lastDepends;
} Between;

static bool isJoined(const DlcJoinedLoops *j, MlirOperation op) {
  for (intptr_t q = 0; q < j->n; ++q)
    if (mlirOperationEqual(j->loops[q], op)) return true;
  return false;
}

static bool dependsOn(const Between *w, MlirValue v) {
  MlirOperation op = opOf(v);
  intptr_t i = op.ptr ? dlcPointerMapGet(&w->index, op.ptr) : -1;
  return i >= 0 && w->depends[i];
}

// Something reads v that stays where it is, or goes behind the loops.
static bool isRead(const Between *w, MlirValue v) {
  dlcForEachUse(use, v) {
    MlirOperation user = dlcAncestorIn(mlirOpOperandGetOwner(use), mlirOperationGetBlock(w->joined->loops[0]));
    intptr_t i = user.ptr ? dlcPointerMapGet(&w->index, user.ptr) : -1;
    if (i < 0 || (w->needed[i] && !isJoined(w->joined, user))) return true;
  }
  return false;
}

static bool isOpRead(const Between *w, MlirOperation op) {
  for (intptr_t r = 0; r < mlirOperationGetNumResults(op); ++r)
    if (isRead(w, mlirOperationGetResult(op, r))) return true;
  return false;
}

// False: an op that would move has effects, or the last loop reads nothing of the others.
static bool lookBetween(const DlcJoinedLoops *joined, Between *w) {
  *w = (Between){.joined = joined};
  MlirOperation last = joined->loops[joined->n - 1];
  for (MlirOperation op = joined->loops[0];; op = mlirOperationGetNextInBlock(op)) {
    ++w->n;
    if (mlirOperationEqual(op, last)) break;
  }
  w->ops = malloc((size_t)w->n * sizeof *w->ops);
  w->depends = calloc((size_t)w->n, sizeof *w->depends), w->needed = calloc((size_t)w->n, sizeof *w->needed);
  MlirOperation op = joined->loops[0];
  for (intptr_t i = 0; i < w->n; ++i, op = mlirOperationGetNextInBlock(op)) {
    DlcValueList read = {0};
    dlcCaptures(op, &read);
    for (intptr_t k = 0; k < read.n && !w->depends[i]; ++k) w->depends[i] = dependsOn(w, read.data[k]);
    dlcValueListDestroy(&read);
    w->lastDepends = w->depends[i];
    w->depends[i] |= isJoined(joined, op);
    w->ops[i] = op;
    dlcPointerMapSet(&w->index, op.ptr, i);
  }
  bool ok = true;
  for (intptr_t i = w->n - 1; i >= 0; --i) {
    bool isPure = dlcIsEffectFree(w->ops[i]);
    ok &= isPure || !w->depends[i];
    w->needed[i] = !isPure || isOpRead(w, w->ops[i]);
  }
  return ok && w->lastDepends;
}

static void forgetBetween(Between *w) {
  free(w->ops), free(w->depends), free(w->needed);
  dlcPointerMapDestroy(&w->index);
}

//===--- the one loop -----------------------------------------------------------------------------===//
typedef struct {
  DlcBuilder *b;
  DlcJoinedLoops *joined;
  Between between;
  DlcRows rows;
  bool isKept[DLC_JOINED_LOOPS * 8]; // by result, one loop after the other
  intptr_t n;                        // carries that are kept
  MlirValue inits[MOST_CARRIED];
} Join;

static bool dependsForRows(MlirValue v, void *data) { return dependsOn(&((Join *)data)->between, v); }

// Which carries there are: not the tensors into which rows are put that nobody reads.
static bool chooseCarries(Join *j) {
  DlcJoinedLoops *joined = j->joined;
  intptr_t all = 0;
  for (intptr_t q = 0; q < joined->n; ++q) {
    DlcValues inits = ctrl_loop_init_args(joined->loops[q]);
    for (intptr_t i = 0; i < inits.n; ++i, ++all) {
      if (all == DLC_COUNT(j->isKept) || j->n == MOST_CARRIED || dependsOn(&j->between, at(inits, i))) return false;
      bool isScan = dlcScanOf(joined->loops[q], i).ptr != NULL;
      j->isKept[all] = !isScan || isRead(&j->between, mlirOperationGetResult(joined->loops[q], i));
      if (j->isKept[all]) j->inits[j->n++] = at(inits, i);
    }
  }
  joined->results = malloc((size_t)(all + 1) * sizeof *joined->results);
  intptr_t next = 0;
  for (intptr_t i = 0; i < all; ++i) joined->results[i] = j->isKept[i] ? next++ : -1;
  return true;
}

// A slice of a row that is made here, or the op itself.
static bool cloneOp(Join *j, MlirOperation loop, MlirOperation op) {
  MlirValue row = {0};
  if (dlcIsRowOf(loop, op)) {
    row = dlcRowOf(&j->rows, mlirOperationGetOperand(op, 0));
    if (isNull(row)) return false;
    row = dlcRowAs(&j->rows, row, typeOf(mlirOperationGetResult(op, 0)));
    if (isNull(row)) return false;
    dlcMap(j->rows.map, mlirOperationGetResult(op, 0), row);
    return true;
  }
  DlcValueList read = {0};
  bool ok = true;
  dlcCaptures(op, &read);
  for (intptr_t k = 0; k < read.n && ok; ++k) ok = !dependsOn(&j->between, read.data[k]);
  dlcValueListDestroy(&read);
  if (ok) dlcClone(j->b, op, j->rows.map);
  return ok;
}

static bool fillBody(Join *j, MlirBlock body) {
  const DlcJoinedLoops *joined = j->joined;
  MlirValue now[MOST_CARRIED];
  intptr_t all = 0, kept = 0;
  j->rows.step = argOf(body, 0);
  for (intptr_t q = 0; q < joined->n; ++q) {
    MlirOperation loop = joined->loops[q];
    MlirBlock from = bodyOf(ctrl_loop_body(loop));
    MlirOperation end = mlirBlockGetTerminator(from);
    intptr_t first = all, carries = ctrl_loop_init_args(loop).n, place = kept;
    dlcMap(j->rows.map, argOf(from, 0), argOf(body, 0));
    for (intptr_t i = 0; i < carries; ++i, ++all)
      if (j->isKept[all]) dlcMap(j->rows.map, argOf(from, i + 1), argOf(body, ++place));
    dlcForEachOp(op, from) {
      bool isDropped = mlirOperationEqual(op, end);
      for (intptr_t i = 0; i < carries && !isDropped; ++i)
        isDropped = !j->isKept[first + i] && mlirOperationEqual(op, dlcScanOf(loop, i));
      if (!isDropped && (!cloneOp(j, loop, op) || j->b->failed)) return false;
    }
    for (intptr_t i = 0; i < carries; ++i)
      if (j->isKept[first + i]) now[kept++] = dlcMapped(j->rows.map, at(ctrl_next_values(end), i));
  }
  ctrl_next(j->b, valsN(kept, now));
  return !j->b->failed;
}

static void erase(DlcBuilder *b, MlirOperation op) { mlirRewriterBaseEraseOp(b->rewriter, op); }

static bool join(DlcBuilder *b, DlcJoinedLoops *joined) {
  Join *j = calloc(1, sizeof *j);
  MlirOperation last = joined->loops[joined->n - 1];
  j->b = b, j->joined = joined;
  j->rows = (DlcRows){
      .b = b, .loops = joined->loops, .n = joined->n, .map = dlcMappingCreate(), .depends = dependsForRows, .data = j};
  bool ok = lookBetween(joined, &j->between) && chooseCarries(j);
  if (ok) dlcBefore(b, last) {
      MlirType arguments[MOST_CARRIED + 1] = {indexType(b)};
      for (intptr_t i = 0; i < j->n; ++i) arguments[i + 1] = typeOf(j->inits[i]);
      joined->loop = ctrl_loop(b, valsN(j->n, j->inits), .bound = ctrl_loop_bound(last));
      MlirBlock body = dlcAddBlock(b, ctrl_loop_body(joined->loop), typesN(j->n + 1, arguments));
      dlcAtEnd(b, body) {
        ok = fillBody(j, body);
        if (!ok && !b->failed) ctrl_next(b, slice(valsN(j->n, j->inits), 0, j->n)); // a loop that can be erased
      }
    }
  if (!ok) dlcDropJoined(b, joined);
  dlcRowsDestroy(&j->rows);
  forgetBetween(&j->between);
  free(j);
  return ok;
}

//===--- which ------------------------------------------------------------------------------------===//
bool dlcJoinLoops(DlcBuilder *b, MlirOperation first, bool (*isCounted)(MlirOperation), DlcJoinedLoops *out) {
  *out = (DlcJoinedLoops){.n = 1, .loops = {first}};
  MlirValue bound = ctrl_loop_bound(first);
  for (MlirOperation op = mlirOperationGetNextInBlock(first); op.ptr && out->n < DLC_JOINED_LOOPS && !b->failed;
       op = mlirOperationGetNextInBlock(op)) {
    if (!ctrl_loop_isa(op) || !isCounted(op) || !mlirValueEqual(ctrl_loop_bound(op), bound)) continue;
    out->loops[out->n++] = op;
    if (join(b, out))
      dlcDropJoined(b, out);
    else
      --out->n;
  }
  return out->n > 1 && !b->failed && join(b, out);
}

void dlcDropJoined(DlcBuilder *b, DlcJoinedLoops *joined) {
  if (joined->loop.ptr && !b->failed) erase(b, joined->loop);
  free(joined->results);
  joined->loop = (MlirOperation){0}, joined->results = NULL;
}

void dlcTakeJoined(DlcBuilder *b, DlcJoinedLoops *joined) {
  Between w;
  MlirOperation behind = joined->loops[joined->n - 1];
  lookBetween(joined, &w);
  for (intptr_t i = 0; i < w.n; ++i) { // the one loop stands among them, and depends on none
    if (isJoined(joined, w.ops[i]) || !w.depends[i] || !w.needed[i]) continue;
    mlirOperationMoveAfter(w.ops[i], behind);
    behind = w.ops[i];
  }
  intptr_t all = 0;
  for (intptr_t q = 0; q < joined->n; ++q)
    for (intptr_t i = 0; i < mlirOperationGetNumResults(joined->loops[q]); ++i, ++all)
      if (joined->results[all] >= 0)
        mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(joined->loops[q], i),
                                      mlirOperationGetResult(joined->loop, joined->results[all]));
  for (intptr_t i = w.n - 1; i >= 0; --i)
    if (isJoined(joined, w.ops[i]) || (w.depends[i] && !w.needed[i])) erase(b, w.ops[i]);
  forgetBetween(&w);
  free(joined->results);
  joined->results = NULL;
}
