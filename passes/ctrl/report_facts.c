// See passes/ctrl/report.h. Everything is read off the IR as it stands; buffers are followed through their views.
#include "passes/ctrl/report.h"
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "passes/ctrl/control.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/tensor.h"
#include "ods/tile.h"

//===--- synchronisation --------------------------------------------------------------------===//
static void addWork(DlcControlWork *to, const DlcControlWork *w) {
  to->least += w->least, to->most += w->most, to->single += w->single, to->waits += w->waits;
  to->loops += w->loops, to->kept += w->kept, to->unscheduled += w->unscheduled;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// One of the arms runs.
static DlcControlWork workOfBranch(MlirOperation branch) {
  DlcControlWork all = {0};
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(branch); ++i) {
    MlirBlock arm = bodyOf(mlirOperationGetRegion(branch, i));
    DlcControlWork w = arm.ptr ? dlcControlWork(arm) : (DlcControlWork){0};
    all.least = i && all.least < w.least ? all.least : w.least;
    all.most = larger(all.most, w.most), all.single = larger(all.single, w.single);
    all.waits = larger(all.waits, w.waits), all.loops += w.loops, all.kept += w.kept;
    all.unscheduled = larger(all.unscheduled, w.unscheduled);
  }
  if (mlirOperationGetNumRegions(branch) < 2) all.least = 0; // the arm that is left out
  return all;
}

DlcControlWork dlcControlWork(MlirBlock block) {
  DlcControlWork all = {0};
  dlcForEachOp(op, block) {
    if (ctrl_task_isa(op)) {
      bool isSingle = dlcHasOneItem(op);
      all.single += isSingle, all.least += !isSingle, all.most += !isSingle;
      all.waits += ctrl_task_after(op).n > 0;
      all.kept += !mlirAttributeIsNull(ctrl_task_keep(op));
    } else if (ctrl_loop_isa(op))
      ++all.loops;
    else if (ctrl_branch_isa(op)) {
      DlcControlWork w = workOfBranch(op);
      addWork(&all, &w);
    } else if (ctrl_region_isa(op)) {
      DlcControlWork w = dlcControlWork(bodyOf(ctrl_region_body(op)));
      addWork(&all, &w);
    } else
      all.unscheduled += tile_graph_isa(op) || dlcIsLinalgOp(op);
  }
  return all;
}

//===--- buffers ------------------------------------------------------------------------------===//
static bool isBuffer(MlirValue v) { return mlirTypeIsAMemRef(typeOf(v)); }

// An op that gives a part or another view of its first operand.
static bool isView(MlirOperation op) {
  return op.ptr && mlirOperationGetNumResults(op) == 1 && mlirOperationGetNumOperands(op) > 0 && dlcIsPure(op) &&
         isBuffer(mlirOperationGetResult(op, 0)) && isBuffer(mlirOperationGetOperand(op, 0));
}
static MlirValue rootOf(MlirValue v) {
  while (isView(opOf(v))) v = mlirOperationGetOperand(opOf(v), 0);
  return v;
}

static bool isCopy(MlirOperation op) {
  if (memref_copy_isa(op) || linalg_copy_isa(op)) return true;
  if (!ctrl_task_isa(op)) return false;
  intptr_t copies = 0, others = 0;
  dlcForEachOp(inner, bodyOf(ctrl_task_body(op))) {
    copies += linalg_copy_isa(inner) || memref_copy_isa(inner);
    others += !dlcIsPure(inner) && !linalg_copy_isa(inner) && !memref_copy_isa(inner) && !ctrl_in_parallel_isa(inner);
  }
  return copies == 1 && !others;
}

static bool writes(MlirOperation op, MlirOpOperand use) {
  intptr_t i = mlirOpOperandGetOperandNumber(use);
  if (ctrl_task_isa(op)) {
    DlcValues outs = ctrl_task_outs(op);
    return i >= outs.first && i < outs.first + outs.n;
  }
  return memref_copy_isa(op) ? i == 1 : memref_store_isa(op) ? i == 1 : dlcIsLinalgOut(op, mlirOpOperandGetValue(use));
}

typedef struct {
  bool inside, before, copies; // written in the loop, out of it; in the loop by a copy
  MlirOperation maker;         // one that writes it out of the loop, or null
} Writers;
static void findWriters(MlirValue buffer, MlirOperation loop, Writers *w) {
  dlcForEachUse(use, buffer) {
    MlirOperation op = mlirOpOperandGetOwner(use);
    if (isView(op) && mlirOpOperandGetOperandNumber(use) == 0)
      findWriters(mlirOperationGetResult(op, 0), loop, w);
    else if (writes(op, use)) {
      bool inside = dlcIsInside(op, loop);
      w->inside |= inside, w->before |= !inside, w->copies |= inside && isCopy(op);
      if (!inside) w->maker = op;
    }
  }
}

//===--- what a loop reads ----------------------------------------------------------------------===//
static void addBytes(DlcControlReads *r, MlirType type, double *bytes) {
  if (dlcIsStatic(type))
    *bytes += (double)dlcStaticBytes(type);
  else
    ++r->dynamic;
}

static void classify(DlcControlReads *r, MlirValue v, MlirOperation loop) {
  MlirOperation producer = opOf(v);
  if (!mlirTypeIsARankedTensor(typeOf(v)) && !isBuffer(v)) return;
  if (arith_constant_isa(producer) || memref_get_global_isa(producer)) {
    ++r->constants;
    addBytes(r, typeOf(v), &r->constantBytes);
    return;
  }
  if (tensor_empty_isa(producer)) return; // no bytes
  Writers w = {0};
  if (isBuffer(v)) findWriters(v, loop, &w);
  if (w.inside)
    ++r->scratch;
  else if (!producer.ptr && !w.before)
    ++r->inputs;
  else if (!isBuffer(v) || w.before) {
    ++r->made;
    addBytes(r, typeOf(v), &r->madeBytes);
    r->example = isBuffer(v) ? w.maker : producer;
  }
}

DlcControlReads dlcControlReads(MlirOperation loop) {
  DlcControlReads reads = {0};
  DlcValueList captured = {0}, roots = {0};
  dlcForEachOp(op, bodyOf(ctrl_loop_body(loop))) dlcCaptures(op, &captured);
  for (intptr_t i = 0; i < captured.n; ++i)
    if (!dlcIsMadeInside(captured.data[i], loop)) dlcValueListAdd(&roots, rootOf(captured.data[i]));
  for (intptr_t i = 0; i < roots.n; ++i) classify(&reads, roots.data[i], loop);
  dlcValueListDestroy(&captured), dlcValueListDestroy(&roots);
  return reads;
}

//===--- carried values ---------------------------------------------------------------------------===//
DlcCarryKind dlcCarryKind(MlirOperation loop, intptr_t i, intptr_t *other) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirValue arg = argOf(body, i + 1), next = at(ctrl_next_values(mlirBlockGetTerminator(body)), i);
  Writers w = {0};
  if (!mlirTypeIsAShaped(typeOf(arg))) return DLC_CARRY_NUMBER;
  MlirValue root = rootOf(next);
  if (mlirValueEqual(root, arg)) {
    if (isBuffer(arg)) findWriters(arg, loop, &w);
    return w.inside ? DLC_CARRY_IN_PLACE : DLC_CARRY_SAME;
  }
  for (intptr_t k = 1; k < mlirBlockGetNumArguments(body); ++k)
    if (mlirValueEqual(root, argOf(body, k))) return *other = k - 1, DLC_CARRY_MOVED;
  if (!isBuffer(arg)) return DLC_CARRY_TENSOR;
  findWriters(root, loop, &w);
  return w.copies ? DLC_CARRY_COPIED : DLC_CARRY_BUFFER;
}
