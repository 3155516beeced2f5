// scf.if, for, while and index_switch; ctrl.loop, branch and call; func.call and cf.assert.
#include "reference.h"
#include "ods/cf.h"
#include "ods/ctrl.h"
#include "ods/scf.h"

// Values of a block's end, or others, become the arguments of a block or an op's results. They may be permuted, so all
// are read before any is written.
static bool moveSlots(RefFrame *frame, const RefStep *s, int n, const int *to, const int *from) {
  RefValue values[256];
  bool ok = n <= 256 || refFail(s, "carries more values than the interpreter takes");
  if (!ok) return false;
  for (int i = 0; i < n; ++i) {
    values[i] = frame->slots[from[i]];
    if (refIsTensorSlot(frame, to[i])) ++values[i].tensor->uses;
  }
  for (int i = 0; i < n; ++i)
    if (!refIsTensorSlot(frame, to[i]))
      refSetNumber(frame, to[i], values[i]);
    else if (ok)
      ok = refSetTensor(frame, s, to[i], values[i].tensor);
    else
      refTensorRelease(values[i].tensor);
  return ok;
}

static bool runArm(RefFrame *frame, const RefStep *s, int arm) {
  if (arm < 0 || arm >= s->nBlocks) return s->nOut == 0 || refFail(s, "has no such arm");
  const RefBlock *b = &s->blocks[arm];
  if (!refRunBlock(frame, b)) return false;
  if (b->nYields < s->nOut) return refFail(s, "has an arm with fewer values than results");
  return moveSlots(frame, s, s->nOut, s->out, b->yields);
}

static bool evalIf(RefFrame *frame, const RefStep *s) {
  bool taken = refIn(frame, s, 0).i;
  if (!taken && (s->nBlocks < 2 || mlirOperationIsNull(s->blocks[1].terminator))) return true;
  return runArm(frame, s, taken ? 0 : 1);
}

static bool evalIndexSwitch(RefFrame *frame, const RefStep *s) {
  DlcI64s cases = scf_index_switch_cases(s->op);
  for (int i = 0; i < (int)cases.n; ++i)
    if (cases.data[i] == refIn(frame, s, 0).i) return runArm(frame, s, 1 + i);
  return runArm(frame, s, 0);
}

static bool evalBranch(RefFrame *frame, const RefStep *s) {
  int64_t selector = refIn(frame, s, 0).i;
  if (mlirTypeIsAInteger(mlirValueGetType(ctrl_branch_selector(s->op)))) return runArm(frame, s, selector ? 0 : 1);
  DlcI64s cases = ctrl_branch_cases(s->op);
  for (int i = 0; i < (int)cases.n; ++i)
    if (cases.data[i] == selector) return runArm(frame, s, i);
  return runArm(frame, s, (int)cases.n);
}

//===--- loops ------------------------------------------------------------------------------===//
static bool evalFor(RefFrame *frame, const RefStep *s) {
  int64_t lower = refIn(frame, s, 0).i, upper = refIn(frame, s, 1).i, step = refIn(frame, s, 2).i;
  const RefBlock *b = &s->blocks[0];
  if (step <= 0) return refFail(s, "has a step that is not positive");
  if (scf_for_unsignedCmp(s->op) && (lower < 0 || upper < 0)) return refFail(s, "has bounds beyond the interpreter");
  if (!moveSlots(frame, s, s->nOut, s->out, s->in + 3)) return false;
  for (int64_t i = lower; i < upper; i += step) {
    refSetNumber(frame, b->args[0], (RefValue){.i = i});
    if (!moveSlots(frame, s, s->nOut, b->args + 1, s->out) || !refRunBlock(frame, b) ||
        !moveSlots(frame, s, s->nOut, s->out, b->yields))
      return false;
  }
  return true;
}

static bool evalWhile(RefFrame *frame, const RefStep *s) {
  const RefBlock *before = &s->blocks[0], *after = &s->blocks[1];
  if (!moveSlots(frame, s, s->nIn, before->args, s->in)) return false;
  for (;;) {
    if (!refRunBlock(frame, before)) return false;
    const int *passed = before->yields + 1; // scf.condition(flag) values
    if (!frame->slots[before->yields[0]].i) return moveSlots(frame, s, s->nOut, s->out, passed);
    if (!moveSlots(frame, s, after->nArgs, after->args, passed) || !refRunBlock(frame, after) ||
        !moveSlots(frame, s, before->nArgs, before->args, after->yields))
      return false;
  }
}

static bool evalLoop(RefFrame *frame, const RefStep *s) {
  const RefBlock *b = &s->blocks[0];
  bool hasBound = !isNull(ctrl_loop_bound(s->op)), hasGo = !isNull(ctrl_loop_go(s->op));
  bool nextGo = !isNull(ctrl_next_go(b->terminator));
  int64_t bound = hasBound ? refIn(frame, s, 0).i : INT64_MAX;
  bool go = !hasGo || refIn(frame, s, s->nIn - 1).i;
  if (!moveSlots(frame, s, s->nOut, s->out, s->in + hasBound)) return false;
  for (int64_t i = 0; i < bound && go; ++i) {
    refSetNumber(frame, b->args[0], (RefValue){.i = i});
    if (!moveSlots(frame, s, s->nOut, b->args + 1, s->out) || !refRunBlock(frame, b) ||
        !moveSlots(frame, s, s->nOut, s->out, b->yields + nextGo))
      return false;
    if (nextGo) go = frame->slots[b->yields[0]].i;
  }
  return true;
}

//===--- calls ------------------------------------------------------------------------------===//
static bool evalCall(RefFrame *frame, const RefStep *s) {
  MlirAttribute callee = dlcAttr(s->op, "callee");
  bool isCtrl = ctrl_call_isa(s->op);
  int nIn = isCtrl ? (int)ctrl_call_args(s->op).n : s->nIn;
  RefValue in[256], out[256];
  if (nIn > 256 || s->nOut > 256) return refFail(s, "has more operands than the interpreter takes");
  for (int i = 0; i < nIn; ++i) in[i] = refIn(frame, s, i);
  if (!refCall(frame->program, mlirFlatSymbolRefAttrGetValue(callee), s->op, frame->depth + 1, nIn, in, s->nOut, out))
    return false;
  bool ok = true;
  for (int i = 0; i < s->nOut; ++i)
    if (!refIsTensorSlot(frame, s->out[i]))
      refSetNumber(frame, s->out[i], out[i]);
    else if (ok)
      ok = refSetTensor(frame, s, s->out[i], out[i].tensor);
    else
      refTensorRelease(out[i].tensor);
  return ok;
}

static bool evalAssert(RefFrame *frame, const RefStep *s) {
  MlirStringRef message = cf_assert_msg(s->op);
  return refIn(frame, s, 0).i || refFail(s, "%.*s", (int)message.length, message.data);
}

const RefOpSpec refControlOps[] = {
    {"scf.if", evalIf, NULL, NULL},          {"scf.index_switch", evalIndexSwitch, NULL, NULL},
    {"scf.for", evalFor, NULL, NULL},        {"scf.while", evalWhile, NULL, NULL},
    {"ctrl.branch", evalBranch, NULL, NULL}, {"ctrl.loop", evalLoop, NULL, NULL},
    {"ctrl.call", evalCall, NULL, NULL},     {"func.call", evalCall, NULL, NULL},
    {"cf.assert", evalAssert, NULL, NULL},   {NULL, NULL, NULL, NULL}};
