// See region_hazards.h. What is pending since the last barrier is six sets of
// roots: read and written, by each kind of doer. A loop's body is looked at until
// what is pending where it begins grows no more; that adds barriers, and never
// takes one away.
#include "lowering/device/region_hazards.h"
#include <stdlib.h>
#include <string.h>
#include "ods/ctrl.h"
#include "ods/memref.h"
#include "passes/ctrl/control.h"

typedef enum { ALL, FIRST, SPREAD, DOERS } Doer;
typedef struct {
  uint64_t *bits; // [write][doer] sets
} State;
typedef struct {
  DlcHazards *h;
  intptr_t words;
  bool dry, wanted; // dry: only say whether a barrier would be added
} Walk;

static uint64_t *setOf(const Walk *w, State s, bool write, Doer doer) {
  return s.bits + (write * DOERS + (int)doer) * w->words;
}
static size_t bytesOf(const Walk *w) { return (size_t)(2 * DOERS * w->words + 1) * sizeof(uint64_t); }
static State emptyState(const Walk *w) { return (State){calloc(1, bytesOf(w))}; }
static State copyState(const Walk *w, State s) {
  State c = emptyState(w);
  memcpy(c.bits, s.bits, bytesOf(w));
  return c;
}
static bool mergeState(const Walk *w, State into, State from) {
  uint64_t changed = 0;
  for (intptr_t i = 0; i < 2 * DOERS * w->words; ++i) {
    changed |= from.bits[i] & ~into.bits[i];
    into.bits[i] |= from.bits[i];
  }
  return changed != 0;
}
static void clearState(const Walk *w, State s) { memset(s.bits, 0, bytesOf(w)); }

//===--- what an op touches ---
static bool isStore(MlirOperation op) { return memref_store_isa(op); }
static bool storesInto(const DlcHazards *h, MlirOperation op, bool onlyShared) {
  DlcOps stores = dlcCollect(op, isStore);
  bool found = false;
  for (intptr_t i = 0; i < stores.n && !found; ++i)
    found = !onlyShared || !dlcIsReplica(h, memref_store_memref(stores.data[i]));
  free(stores.data);
  return found;
}
static bool isControl(MlirOperation op) { return ctrl_loop_isa(op) || ctrl_branch_isa(op); }
static bool holdsTasks(MlirOperation op) {
  DlcOps tasks = dlcCollect(op, ctrl_task_isa);
  free(tasks.data);
  return tasks.n > 0;
}
bool dlcIsSerial(const DlcHazards *h, MlirOperation op) {
  return isControl(op) && mlirOperationGetNumResults(op) == 0 && !holdsTasks(op) && storesInto(h, op, true);
}
bool dlcIsReplica(const DlcHazards *h, MlirValue buffer) {
  const uint64_t *set = dlcRootsOf(&h->roots, buffer);
  return set && dlcRootsMeet(&h->roots, set, h->replicas);
}

typedef struct {
  Walk *w;
  State touched;
  Doer doer;
} Touch;
static void touch(Touch *t, MlirValue v, bool write) {
  if (!mlirTypeIsAMemRef(typeOf(v)) || dlcIsReplica(t->w->h, v)) return;
  const uint64_t *from = dlcRootsOf(&t->w->h->roots, v);
  uint64_t *into = setOf(t->w, t->touched, write, t->doer);
  for (intptr_t i = 0; i < t->w->words; ++i) into[i] |= from ? from[i] : ~(uint64_t)0;
}
static MlirWalkResult touchNested(MlirOperation op, void *data) {
  if (memref_load_isa(op)) touch(data, memref_load_memref(op), false);
  if (memref_store_isa(op)) touch(data, memref_store_memref(op), true);
  return MlirWalkResultAdvance;
}
static void touchTask(Touch *t, MlirOperation task) {
  DlcValues ins = ctrl_task_ins(task), outs = ctrl_task_outs(task);
  for (intptr_t i = 0; i < ins.n; ++i) touch(t, at(ins, i), false);
  for (intptr_t i = 0; i < outs.n; ++i) touch(t, at(outs, i), true);
  if (!isNull(ctrl_task_pred(task))) touch(t, ctrl_task_pred(task), false);
}

static bool doConflict(const Walk *w, State pending, State coming) {
  for (int write = 0; write < 2; ++write)
    for (int other = write ? 0 : 1; other < 2; ++other) // two reads never do
      for (int a = 0; a < DOERS; ++a)
        for (int b = 0; b < DOERS; ++b) {
          if (a == FIRST && b == FIRST) continue; // one after the other
          if (dlcRootsMeet(&w->h->roots, setOf(w, pending, other, (Doer)a), setOf(w, coming, write, (Doer)b)))
            return true;
        }
  return false;
}
static void placeBarrier(Walk *w, MlirOperation op, State state) {
  w->wanted = true;
  if (w->dry) return;
  if (dlcPointerMapGet(&w->h->before, op.ptr) < 0) {
    dlcPointerMapSet(&w->h->before, op.ptr, 1);
    ++w->h->barriers;
  }
  clearState(w, state);
}
static bool hasBarrier(const Walk *w, MlirOperation op) { return dlcPointerMapGet(&w->h->before, op.ptr) >= 0; }

static void visitPlain(Walk *w, MlirOperation op, State state) {
  bool isTask = ctrl_task_isa(op);
  bool isFirst = memref_store_isa(op) || dlcIsSerial(w->h, op) || (isTask && dlcHasOneItem(op));
  Touch t = {w, emptyState(w), isFirst ? FIRST : isTask ? SPREAD : ALL};
  if (isTask)
    touchTask(&t, op);
  else
    mlirOperationWalk(op, touchNested, &t, MlirWalkPreOrder);
  if (!hasBarrier(w, op) && doConflict(w, state, t.touched)) placeBarrier(w, op, state);
  mergeState(w, state, t.touched);
  free(t.touched.bits);
}

//===--- control flow ---
static void visitBlock(Walk *w, MlirBlock block, State state);
// Until nothing new is pending where an iteration begins; `head` is that.
static void settle(Walk *w, MlirBlock body, State head) {
  for (bool grew = true; grew && !(w->dry && w->wanted);) {
    State s = copyState(w, head);
    visitBlock(w, body, s);
    grew = mergeState(w, head, s);
    free(s.bits);
  }
}
static void visitLoop(Walk *w, MlirOperation loop, State state) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  State alone = emptyState(w);
  settle(w, body, alone); // what the iterations need
  State both = copyState(w, state);
  mergeState(w, both, alone);
  if (!w->dry && !hasBarrier(w, loop)) {
    w->dry = true, w->wanted = false;
    State trial = copyState(w, both);
    settle(w, body, trial);
    free(trial.bits);
    w->dry = false;
    if (w->wanted) placeBarrier(w, loop, state);
    clearState(w, both);
    mergeState(w, both, state);
    mergeState(w, both, alone);
  }
  settle(w, body, both);
  memcpy(state.bits, both.bits, bytesOf(w));
  free(alone.bits);
  free(both.bits);
}
static void visitBranch(Walk *w, MlirOperation branch, State state) {
  State all = emptyState(w);
  intptr_t arms = mlirOperationGetNumRegions(branch);
  bool mayPass = false;
  for (intptr_t r = 0; r < arms; ++r) {
    MlirBlock arm = bodyOf(mlirOperationGetRegion(branch, r));
    mayPass = mayPass || !arm.ptr;
    if (!arm.ptr) continue;
    State s = copyState(w, state);
    visitBlock(w, arm, s);
    mergeState(w, all, s);
    free(s.bits);
  }
  if (mayPass || arms < 2) mergeState(w, all, state);
  memcpy(state.bits, all.bits, bytesOf(w));
  free(all.bits);
}
static void visitBlock(Walk *w, MlirBlock block, State state) {
  dlcForEachOp(op, block) {
    if (hasBarrier(w, op)) clearState(w, state);
    if (w->dry && w->wanted) return;
    if (dlcIsSerial(w->h, op) || !isControl(op))
      visitPlain(w, op, state);
    else if (ctrl_loop_isa(op))
      visitLoop(w, op, state);
    else
      visitBranch(w, op, state);
  }
}

//===--- replicas ---
static void addSet(const DlcHazards *h, uint64_t *into, MlirValue v) {
  const uint64_t *set = mlirTypeIsAMemRef(typeOf(v)) ? dlcRootsOf(&h->roots, v) : NULL;
  for (intptr_t i = 0; set && i < h->roots.words; ++i) into[i] |= set[i];
}
static void dropWritten(DlcHazards *h, MlirOperation region) {
  uint64_t *lost = calloc((size_t)h->roots.words + 1, sizeof *lost);
  DlcOps tasks = dlcCollect(region, ctrl_task_isa);
  for (intptr_t i = 0; i < tasks.n; ++i) {
    DlcValues outs = ctrl_task_outs(tasks.data[i]);
    for (intptr_t k = 0; k < outs.n; ++k) addSet(h, lost, at(outs, k));
  }
  free(tasks.data);
  DlcOps stores = dlcCollect(region, isStore); // those in what the first block may run alone
  for (intptr_t i = 0; i < stores.n; ++i)
    for (MlirOperation p = mlirOperationGetParentOperation(stores.data[i]); !mlirOperationEqual(p, region);
         p = mlirOperationGetParentOperation(p))
      if (isControl(p) && mlirOperationGetNumResults(p) == 0 && !holdsTasks(p))
        addSet(h, lost, memref_store_memref(stores.data[i]));
  free(stores.data);
  for (intptr_t i = 0; i < h->roots.words; ++i) h->replicas[i] &= ~lost[i];
  free(lost);
}
// A buffer that may be a replica and may be another: none of the two is one.
static void dropMixed(DlcHazards *h) {
  DlcBufferRoots *r = &h->roots;
  for (bool changed = true; changed;) {
    changed = false;
    for (intptr_t v = 0; v < r->nValues; ++v) {
      const uint64_t *set = r->sets + v * r->words;
      uint64_t in = 0, out = 0;
      for (intptr_t i = 0; i < r->words; ++i) in |= set[i] & h->replicas[i], out |= set[i] & ~h->replicas[i];
      if (!in || !out) continue;
      for (intptr_t i = 0; i < r->words; ++i) h->replicas[i] &= ~set[i];
      changed = true;
    }
  }
}
static void chooseReplicas(DlcHazards *h, MlirOperation region, bool (*mayCopy)(MlirValue)) {
  h->replicas = calloc((size_t)h->roots.words + 1, sizeof *h->replicas);
  for (intptr_t i = 0; i < h->roots.nRoots; ++i)
    if (mayCopy(h->roots.roots[i])) h->replicas[i / 64] |= (uint64_t)1 << (i % 64);
  dropWritten(h, region);
  dropMixed(h);
}

DlcHazards dlcFindHazards(MlirOperation function, MlirOperation region, bool (*mayCopy)(MlirValue root)) {
  DlcHazards h = {.roots = dlcFindBufferRoots(function)};
  chooseReplicas(&h, region, mayCopy);
  Walk w = {.h = &h, .words = h.roots.words};
  State state = emptyState(&w);
  visitBlock(&w, bodyOf(ctrl_region_body(region)), state);
  free(state.bits);
  return h;
}
void dlcHazardsDestroy(DlcHazards *h) {
  dlcBufferRootsDestroy(&h->roots);
  free(h->replicas);
  dlcPointerMapDestroy(&h->before);
}
