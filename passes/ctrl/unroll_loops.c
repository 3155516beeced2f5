// ctrl-unroll-loops: several iterations of a loop as one.
//
//   %r = ctrl.loop %i to %n carry(%x = %a) { %y = f(%i, %x)  ctrl.next %y }        factor 2
// becomes
//   %q = ctrl.loop %j to %n / 2 carry(%x = %a) { %y = f(2 * %j, %x)  %z = f(2 * %j + 1, %y)  ctrl.next %z }
//   %r = ctrl.loop %k to %n % 2 carry(%x = %q) { %y = f(%n / 2 * 2 + %k, %x)  ctrl.next %y }
//
// A loop of at most `full` iterations goes away altogether; what is left over of a known bound is no loop either. With
// a flag each further iteration is in a branch:
//
//   ctrl.loop carry(%x = %a) while(%go) { %y, %f = f(%x)  ctrl.next while(%f) %y }
// becomes
//   ctrl.loop carry(%x = %a) while(%go) {
//     %y, %f = f(%x)
//     %z, %g = ctrl.branch %f { %u, %h = f(%y)  yield %u, %h } else { yield %y, %f }
//     ctrl.next while(%g) %z }
//
// Loops that hold other loops are left alone, and so are those that were unrolled: they carry the attribute `unrolled`.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/ctrl.h"

enum { MOST_CARRIED = 256, MOST_COPIES = 4096 };
static const char mark[] = "unrolled";

// The values that an iteration carries, and in loops with one the flag after it.
typedef struct {
  intptr_t n;
  MlirValue carry[MOST_CARRIED], go;
} State;

static MlirBlock blockOf(MlirOperation loop) { return bodyOf(ctrl_loop_body(loop)); }
static MlirOperation endOf(MlirOperation loop) { return mlirBlockGetTerminator(blockOf(loop)); }

static State stateBefore(MlirOperation loop) {
  State s = {.n = ctrl_loop_init_args(loop).n, .go = ctrl_loop_go(loop)};
  for (intptr_t i = 0; i < s.n; ++i) s.carry[i] = at(ctrl_loop_init_args(loop), i);
  return s;
}

// One iteration, at the insertion point.
static void iterate(DlcBuilder *b, MlirOperation loop, MlirValue iteration, State *s) {
  MlirBlock body = blockOf(loop);
  MlirOperation end = endOf(loop);
  DlcMapping map = dlcMappingCreate();
  dlcMap(map, argOf(body, 0), iteration);
  for (intptr_t i = 0; i < s->n; ++i) dlcMap(map, argOf(body, i + 1), s->carry[i]);
  dlcForEachOp(op, body)
    if (!mlirOperationEqual(op, end)) dlcClone(b, op, map);
  for (intptr_t i = 0; i < s->n; ++i) s->carry[i] = dlcMapped(map, at(ctrl_next_values(end), i));
  if (!isNull(s->go)) s->go = dlcMapped(map, ctrl_next_go(end));
  dlcMappingDestroy(map);
}

static MlirBlock bodyWith(DlcBuilder *b, MlirOperation made, State *s) {
  MlirType types[MOST_CARRIED + 1] = {indexType(b)};
  for (intptr_t i = 0; i < s->n; ++i) types[i + 1] = typeOf(s->carry[i]);
  MlirBlock body = dlcAddBlock(b, ctrl_loop_body(made), typesN(s->n + 1, types));
  mlirOperationSetDiscardableAttributeByName(made, dlcText(mark), mlirUnitAttrGet(b->ctx));
  for (intptr_t i = 0; i < s->n; ++i) s->carry[i] = argOf(body, i + 1);
  return body;
}

static void takeResults(MlirOperation made, State *s) {
  for (intptr_t i = 0; i < s->n; ++i) s->carry[i] = dlcResult(made, i);
}

// `count` loops of `copies` iterations each, from `from` on.
static void writeCounted(DlcBuilder *b, MlirOperation loop, MlirValue count, int64_t copies, MlirValue from, State *s) {
  MlirOperation made = ctrl_loop(b, valsN(s->n, s->carry), .bound = count, .at = ctrl_loop_at(loop));
  if (mlirOperationIsNull(made)) return;
  State inner = *s;
  MlirBlock body = bodyWith(b, made, &inner);
  dlcAtEnd(b, body) {
    MlirValue first = argOf(body, 0);
    if (copies > 1) first = arith_muli(b, first, constIndex(b, copies));
    if (!isNull(from)) first = arith_addi(b, from, first);
    for (int64_t k = 0; k < copies; ++k) iterate(b, loop, k ? arith_addi(b, first, constIndex(b, k)) : first, &inner);
    ctrl_next(b, valsN(inner.n, inner.carry));
  }
  takeResults(made, s);
}

static void unrollCounted(DlcBuilder *b, MlirOperation loop, int64_t factor, int64_t full, State *s) {
  int64_t bound;
  bool isKnown = dlcConstantIndex(ctrl_loop_bound(loop), &bound);
  if (isKnown && bound <= full) {
    for (int64_t i = 0; i < bound; ++i) iterate(b, loop, constIndex(b, i), s);
    return;
  }
  MlirValue size = constIndex(b, factor), n = ctrl_loop_bound(loop);
  if (!isKnown) n = arith_maxsi(b, n, constIndex(b, 0));
  MlirValue whole = isKnown ? constIndex(b, bound / factor) : arith_divui(b, n, size);
  writeCounted(b, loop, whole, factor, (MlirValue){0}, s);
  if (!isKnown)
    writeCounted(b, loop, arith_remui(b, n, size), 1, arith_muli(b, whole, size), s);
  else
    for (int64_t i = bound / factor * factor; i < bound; ++i) iterate(b, loop, constIndex(b, i), s);
}

//===--- with a flag --------------------------------------------------------------------------===//
static void yieldState(DlcBuilder *b, const State *s) {
  MlirValue values[MOST_CARRIED + 1];
  for (intptr_t i = 0; i < s->n; ++i) values[i] = s->carry[i];
  values[s->n] = s->go;
  ctrl_yield(b, valsN(s->n + 1, values));
}

static void iterateIf(DlcBuilder *b, MlirOperation loop, MlirValue iteration, State *s) {
  MlirValue condition = s->go, bound = ctrl_loop_bound(loop);
  if (!isNull(bound)) condition = arith_andi(b, condition, arith_cmpi(b, arith_CmpIPredicate_slt, iteration, bound));
  MlirType types[MOST_CARRIED + 1];
  for (intptr_t i = 0; i < s->n; ++i) types[i] = typeOf(s->carry[i]);
  types[s->n] = typeOf(s->go);
  MlirRegion arms[] = {mlirRegionCreate(), mlirRegionCreate()};
  State inner = *s;
  dlcAtEnd(b, dlcAddBlock(b, arms[0], (DlcTypes){0})) iterate(b, loop, iteration, &inner), yieldState(b, &inner);
  dlcAtEnd(b, dlcAddBlock(b, arms[1], (DlcTypes){0})) yieldState(b, s);
  MlirOperation branch =
      ctrl_branch(b, condition, (DlcI64s){0}, typesN(s->n + 1, types), .arms = {arms, 2}, .at = ctrl_loop_at(loop));
  if (mlirOperationIsNull(branch)) return;
  takeResults(branch, s);
  s->go = dlcResult(branch, s->n);
}

static void unrollFlagged(DlcBuilder *b, MlirOperation loop, int64_t factor, State *s) {
  MlirValue bound = ctrl_loop_bound(loop), size = constIndex(b, factor);
  if (!isNull(bound)) bound = arith_ceildivsi(b, bound, size);
  MlirOperation made = ctrl_loop(b, valsN(s->n, s->carry), .bound = bound, .go = s->go, .at = ctrl_loop_at(loop));
  if (mlirOperationIsNull(made)) return;
  State inner = *s;
  MlirBlock body = bodyWith(b, made, &inner);
  dlcAtEnd(b, body) {
    MlirValue first = arith_muli(b, argOf(body, 0), size);
    iterate(b, loop, first, &inner);
    for (int64_t k = 1; k < factor && !b->failed; ++k)
      iterateIf(b, loop, arith_addi(b, first, constIndex(b, k)), &inner);
    ctrl_next(b, valsN(inner.n, inner.carry), .go = inner.go);
  }
  takeResults(made, s);
}

static MlirWalkResult countLoop(MlirOperation op, void *loops) {
  *(intptr_t *)loops += ctrl_loop_isa(op);
  return MlirWalkResultAdvance;
}

// Of nested loops the innermost: each level of copies would multiply the program.
static bool isLoop(MlirOperation op) {
  if (!ctrl_loop_isa(op) || ctrl_loop_init_args(op).n >= MOST_CARRIED ||
      !mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(op, dlcText(mark))))
    return false;
  intptr_t loops = 0;
  mlirOperationWalk(op, countLoop, &loops, MlirWalkPreOrder);
  return loops == 1;
}

MlirLogicalResult dlcRunCtrlUnrollLoops(MlirOperation root, DlcPass *pass, const DlcCtrlUnrollLoopsOptions *options) {
  if (options->factor < 1 || options->factor > MOST_COPIES || options->full < 0 || options->full > MOST_COPIES)
    return dlcErrorAt(mlirOperationGetLocation(root), "ctrl-unroll-loops: factor is 1 to %d, full 0 to %d", MOST_COPIES,
                      MOST_COPIES);
  DlcOps loops = dlcCollect(root, isLoop); // innermost first
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < loops.n && mlirLogicalResultIsSuccess(result); ++i) {
    MlirOperation loop = loops.data[i];
    int64_t bound;
    bool isCounted = isNull(ctrl_loop_go(loop)),
         isShort = isCounted && dlcConstantIndex(ctrl_loop_bound(loop), &bound) && bound <= options->full;
    if (options->factor == 1 && !isShort) continue;
    DlcBuilder b = dlcBuilderAt(rewriter, loop);
    State s = stateBefore(loop);
    if (isCounted)
      unrollCounted(&b, loop, options->factor, options->full, &s);
    else
      unrollFlagged(&b, loop, options->factor, &s);
    if (!b.failed) mlirRewriterBaseReplaceOpWithValues(rewriter, loop, s.n, s.carry);
    dlcPassCount(pass, DlcCtrlUnrollLoops_unrolled, 1);
    result = dlcStatus(&b);
  }
  mlirIRRewriterDestroy(rewriter);
  free(loops.data);
  return result;
}
