// See passes/place/lifetime.h. Values that may share memory form classes: a view
// and what it views, a loop's carried values with all that is carried in their
// place, a branch's result with what its arms yield. Any other op with buffers
// among its operands and results is taken to pass each on as each.
#include "passes/place/lifetime.h"
#include <stdlib.h>
#include "ods/ctrl.h"
#include "ods/memref.h"

typedef struct {
  MlirOperation root;
  bool tasks;
  DlcPointerMap start, end; // op -> number
  DlcPointerMap id;         // value -> index of its class
  int64_t *parent;          // of classes: union-find
  MlirValue *values;        // by index
  int64_t nValues, capacity, nOps;
  DlcOps allocs;
} Analysis;

static bool isBuffer(MlirValue v) { return mlirTypeIsAMemRef(typeOf(v)) || mlirTypeIsAUnrankedMemRef(typeOf(v)); }

static int64_t find(Analysis *a, int64_t i) {
  while (a->parent[i] != i) i = a->parent[i] = a->parent[a->parent[i]];
  return i;
}

static int64_t idOf(Analysis *a, MlirValue v) {
  int64_t i = dlcPointerMapGet(&a->id, v.ptr);
  if (i >= 0) return i;
  if (a->nValues == a->capacity) {
    a->capacity = 2 * a->capacity + 64;
    a->parent = realloc(a->parent, (size_t)a->capacity * sizeof *a->parent);
    a->values = realloc(a->values, (size_t)a->capacity * sizeof *a->values);
  }
  i = a->nValues++;
  a->parent[i] = i, a->values[i] = v;
  dlcPointerMapSet(&a->id, v.ptr, i);
  return i;
}

static void unite(Analysis *a, MlirValue x, MlirValue y) {
  if (!isBuffer(x) || !isBuffer(y)) return;
  int64_t i = idOf(a, x), j = idOf(a, y); // before the lists are looked at: they may move
  a->parent[find(a, i)] = find(a, j);
}

//===--- classes ------------------------------------------------------------------===//
static void uniteLoop(Analysis *a, MlirOperation loop) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  DlcValues inits = ctrl_loop_init_args(loop), next = ctrl_next_values(mlirBlockGetTerminator(body));
  for (intptr_t i = 0; i < inits.n; ++i) {
    unite(a, at(inits, i), argOf(body, 1 + i));
    unite(a, at(inits, i), at(next, i));
    unite(a, at(inits, i), mlirOperationGetResult(loop, i));
  }
}

static void uniteArms(Analysis *a, MlirOperation op) {
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r) {
    MlirBlock body = bodyOf(mlirOperationGetRegion(op, r));
    if (!body.ptr) continue;
    MlirOperation yield = mlirBlockGetTerminator(body);
    for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
      unite(a, mlirOperationGetResult(op, i), mlirOperationGetOperand(yield, i));
  }
}

static void uniteAll(Analysis *a, MlirOperation op) {
  MlirValue first = {0};
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op) && !first.ptr; ++i)
    if (isBuffer(mlirOperationGetResult(op, i))) first = mlirOperationGetResult(op, i);
  if (!first.ptr) return;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) unite(a, first, mlirOperationGetResult(op, i));
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) unite(a, first, mlirOperationGetOperand(op, i));
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r)
    for (MlirBlock b = mlirRegionGetFirstBlock(mlirOperationGetRegion(op, r)); b.ptr; b = mlirBlockGetNextInRegion(b)) {
      for (intptr_t i = 0; i < mlirBlockGetNumArguments(b); ++i) unite(a, first, argOf(b, i));
      MlirOperation end = mlirBlockGetTerminator(b);
      for (intptr_t i = 0; end.ptr && i < mlirOperationGetNumOperands(end); ++i)
        unite(a, first, mlirOperationGetOperand(end, i));
    }
}

static void visit(Analysis *a, MlirOperation op);
static void visitRegions(Analysis *a, MlirOperation op) {
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r)
    for (MlirBlock b = mlirRegionGetFirstBlock(mlirOperationGetRegion(op, r)); b.ptr; b = mlirBlockGetNextInRegion(b)) {
      dlcForEachOp(inner, b) visit(a, inner);
    }
}

static void visit(Analysis *a, MlirOperation op) {
  dlcPointerMapSet(&a->start, op.ptr, a->nOps++);
  if (memref_alloc_isa(op)) {
    if (a->allocs.n == a->allocs.cap) {
      a->allocs.cap = 2 * a->allocs.cap + 64;
      a->allocs.data = realloc(a->allocs.data, (size_t)a->allocs.cap * sizeof op);
    }
    a->allocs.data[a->allocs.n++] = op;
    idOf(a, mlirOperationGetResult(op, 0));
  } else if (ctrl_loop_isa(op))
    uniteLoop(a, op);
  else if (ctrl_branch_isa(op) || ctrl_region_isa(op))
    uniteArms(a, op);
  else if (!ctrl_task_isa(op))
    uniteAll(a, op);
  if (a->tasks || !ctrl_task_isa(op)) visitRegions(a, op);
  dlcPointerMapSet(&a->end, op.ptr, a->nOps++);
}

//===--- lifetimes ------------------------------------------------------------------===//
// The op of `block` that op is, or is inside of; null: neither.
static MlirOperation liftTo(MlirBlock block, MlirOperation op) {
  while (op.ptr && !mlirBlockEqual(mlirOperationGetBlock(op), block)) {
    MlirBlock up = mlirOperationGetBlock(op);
    if (!up.ptr) return (MlirOperation){0};
    op = mlirBlockGetParentOperation(up);
  }
  return op;
}

// Moves the scope out of the op that it is in. False: that is the root.
static bool leaveScope(const Analysis *a, DlcLifetime *life) {
  MlirOperation holder = mlirBlockGetParentOperation(life->scope);
  if (mlirOperationEqual(holder, a->root)) return false;
  if (!ctrl_branch_isa(holder) && !ctrl_region_isa(holder)) life->survives = true;
  life->scope = mlirOperationGetBlock(holder);
  life->start = dlcPointerMapGet(&a->start, holder.ptr);
  life->last = holder;
  return true;
}

static void extendTo(const Analysis *a, DlcLifetime *life, MlirOperation user) {
  MlirOperation lifted = liftTo(life->scope, user);
  while (!lifted.ptr && leaveScope(a, life)) lifted = liftTo(life->scope, user);
  // What a body ends with leaves the body with it.
  while (lifted.ptr && mlirOperationEqual(lifted, mlirBlockGetTerminator(life->scope)) &&
         mlirOperationGetNumOperands(lifted) && leaveScope(a, life))
    lifted = liftTo(life->scope, user);
  if (!lifted.ptr) return;
  int64_t end = dlcPointerMapGet(&a->end, lifted.ptr);
  if (end > life->end) life->end = end, life->last = lifted;
}

static void computeLifetime(Analysis *a, DlcLifetime *life, const int64_t *members, int64_t n) {
  MlirOperation op = life->alloc;
  life->scope = mlirOperationGetBlock(op), life->last = op;
  life->start = dlcPointerMapGet(&a->start, op.ptr), life->end = dlcPointerMapGet(&a->end, op.ptr);
  for (bool settled = false; !settled;) { // a wider scope lifts earlier uses further
    MlirBlock before = life->scope;
    for (int64_t i = 0; i < n; ++i) {
      MlirValue v = a->values[members[i]];
      dlcForEachUse(use, v) extendTo(a, life, mlirOpOperandGetOwner(use));
    }
    settled = mlirBlockEqual(before, life->scope);
  }
}

//===--- across iterations ----------------------------------------------------------===//
typedef struct {
  const Analysis *a;
  MlirBlock body;
  const bool *carried;
  DlcPointerMap seen;
} Origin;

// Whether v, in an iteration, may be one of the marked carried buffers that the iteration began with.
static bool mayBeCarried(Origin *o, MlirValue v) {
  if (!isBuffer(v) || dlcPointerMapGet(&o->seen, v.ptr) >= 0) return false;
  dlcPointerMapSet(&o->seen, v.ptr, 1);
  if (mlirValueIsABlockArgument(v)) {
    MlirBlock owner = mlirBlockArgumentGetOwner(v);
    intptr_t i = mlirBlockArgumentGetArgNumber(v);
    if (mlirBlockEqual(owner, o->body)) return i >= 1 && o->carried[i - 1];
    MlirOperation holder = mlirBlockGetParentOperation(owner);
    if (!ctrl_loop_isa(holder)) return !mlirOperationEqual(holder, o->a->root);
    return i >= 1 && (mayBeCarried(o, at(ctrl_loop_init_args(holder), i - 1)) ||
                      mayBeCarried(o, at(ctrl_next_values(mlirBlockGetTerminator(owner)), i - 1)));
  }
  MlirOperation op = opOf(v);
  intptr_t n = mlirOpResultGetResultNumber(v);
  if (memref_alloc_isa(op)) return false;
  if (ctrl_loop_isa(op))
    return mayBeCarried(o, at(ctrl_loop_init_args(op), n)) || mayBeCarried(o, argOf(bodyOf(ctrl_loop_body(op)), n + 1));
  if (ctrl_branch_isa(op) || ctrl_region_isa(op)) {
    for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r) {
      MlirBlock arm = bodyOf(mlirOperationGetRegion(op, r));
      if (arm.ptr && mayBeCarried(o, mlirOperationGetOperand(mlirBlockGetTerminator(arm), n))) return true;
    }
    return false;
  }
  if (mlirOperationGetNumRegions(op)) return true;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (mayBeCarried(o, mlirOperationGetOperand(op, i))) return true;
  return false;
}

// The loop of `alloc`, when what it carries on is carried once: no buffer of the class that the loop began an
// iteration with is among those that it ends it with.
static MlirOperation loopOfTurns(Analysis *a, MlirOperation alloc, MlirBlock scope) {
  MlirOperation none = {0}, loop = mlirBlockGetParentOperation(mlirOperationGetBlock(alloc));
  while (ctrl_branch_isa(loop) || ctrl_region_isa(loop))
    loop = mlirBlockGetParentOperation(mlirOperationGetBlock(loop));
  if (!ctrl_loop_isa(loop)) return none;
  MlirOperation outer = loop; // the scope is that of the loop, or of a branch's result that holds it: no loop between
  while (!mlirBlockEqual(mlirOperationGetBlock(outer), scope)) {
    outer = mlirBlockGetParentOperation(mlirOperationGetBlock(outer));
    if (!ctrl_branch_isa(outer) && !ctrl_region_isa(outer)) return none;
  }
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  DlcValues next = ctrl_next_values(mlirBlockGetTerminator(body));
  int64_t class = find(a, idOf(a, mlirOperationGetResult(alloc, 0)));
  bool *carried = calloc((size_t)next.n + 1, sizeof *carried), once = true;
  for (intptr_t i = 0; i < next.n; ++i) carried[i] = isBuffer(at(next, i)) && find(a, idOf(a, at(next, i))) == class;
  for (intptr_t i = 0; i < next.n && once; ++i) {
    if (!carried[i]) continue;
    Origin origin = {a, body, carried, {0}};
    once = !mayBeCarried(&origin, at(next, i));
    dlcPointerMapDestroy(&origin.seen);
  }
  free(carried);
  return once ? loop : none;
}

DlcLifetimes dlcComputeLifetimes(MlirOperation root, bool tasks) {
  Analysis a = {.root = root, .tasks = tasks};
  visitRegions(&a, root);
  DlcLifetimes all = {calloc((size_t)a.allocs.n + 1, sizeof(DlcLifetime)), a.allocs.n};
  // The members of each class, one after another.
  int64_t *first = calloc((size_t)a.nValues + 1, sizeof *first),
          *members = calloc((size_t)a.nValues + 1, sizeof *members);
  for (int64_t i = 0; i < a.nValues; ++i) ++first[find(&a, i) + 1];
  for (int64_t i = 0; i < a.nValues; ++i) first[i + 1] += first[i];
  int64_t *next = calloc((size_t)a.nValues + 1, sizeof *next);
  for (int64_t i = 0; i < a.nValues; ++i) {
    int64_t c = find(&a, i);
    members[first[c] + next[c]++] = i;
  }
  for (intptr_t i = 0; i < all.n; ++i) {
    int64_t c = find(&a, idOf(&a, mlirOperationGetResult(a.allocs.data[i], 0)));
    all.data[i].alloc = a.allocs.data[i];
    computeLifetime(&a, &all.data[i], members + first[c], first[c + 1] - first[c]);
    if (all.data[i].survives) all.data[i].loop = loopOfTurns(&a, all.data[i].alloc, all.data[i].scope);
  }
  free(first), free(members), free(next), free(a.parent), free(a.values), free(a.allocs.data);
  dlcPointerMapDestroy(&a.start), dlcPointerMapDestroy(&a.end), dlcPointerMapDestroy(&a.id);
  return all;
}
void dlcLifetimesDestroy(DlcLifetimes lifetimes) { free(lifetimes.data); }
