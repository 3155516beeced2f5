// See passes/ctrl/call_table.h.
#include "passes/ctrl/call_table.h"
#include <stdlib.h>
#include <string.h>
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/tensor.h"

enum { COUNT, PATH, CHILDREN, MOST_STATE = CHILDREN + DLC_MOST_CALLS + DLC_MOST_ARGUMENTS };

//===--- columns --------------------------------------------------------------------------------===//
intptr_t dlcCallTableColumns(const DlcCallPaths *p) { return p->f->arguments.n + (p->f->nMembers > 1); }
static bool hasMembers(const DlcCallTable *t) { return t->paths->f->nMembers > 1; }

int64_t dlcCallTableRowBytes(const DlcCallPaths *p) {
  int64_t bytes = 8 * (3 + p->nPaths + 2 * (p->mostCalls + dlcCallTableColumns(p)));
  for (intptr_t i = 0; i < p->f->results.n; ++i) {
    MlirType type = p->f->results.types[i];
    int64_t part = mlirTypeIsARankedTensor(type) ? dlcStaticBytes(type) : dlcElementBytes(type);
    if (part < 0 || __builtin_add_overflow(bytes, part, &bytes)) return -1;
  }
  return bytes;
}

// The last row stands for no call: it is lower than all.
int64_t dlcCallTableRows(const DlcCallTable *t) { return t->capacity + t->paths->mostCalls + 1; }
static MlirValue noCall(DlcCallTable *t) { return constIndex(t->b, dlcCallTableRows(t) - 1); }

static MlirValue column(DlcCallTable *t, MlirType element, int64_t rows) {
  return tensor_empty(t->b, (DlcValues){0}, dlcRowsType(element, rows));
}
static MlirValue get(DlcBuilder *b, MlirValue from, MlirValue row) { return tensor_extract(b, from, vals(row)); }
static MlirValue put(DlcBuilder *b, MlirValue into, MlirValue row, MlirValue v) {
  return tensor_insert(b, v, into, vals(row));
}
static MlirType argumentType(const DlcCallTable *t, intptr_t i) {
  const DlcPool *pool = &t->paths->f->arguments;
  return i < pool->n ? pool->types[i] : indexType(t->b);
}
static MlirValue plusOne(DlcBuilder *b, MlirValue v) { return arith_addi(b, v, constIndex(b, 1)); }
static MlirValue isLess(DlcBuilder *b, MlirValue x, MlirValue y) {
  return arith_cmpi(b, arith_CmpIPredicate_slt, x, y);
}

//===--- loops ------------------------------------------------------------------------------------===//
// A counted loop (go: null) or one with a flag; its state becomes the arguments of the body, and behind it the results.
typedef struct {
  MlirOperation op;
  MlirBlock body;
  MlirValue i;
} Loop;
static Loop beginLoop(DlcBuilder *b, MlirValue bound, MlirValue go, intptr_t n, MlirValue *state) {
  DlcValues inits = valsN(n, state);
  Loop loop = {.op = ctrl_loop(b, inits, typesOf(inits), .bound = bound, .go = go)};
  if (!loop.op.ptr) return loop;
  loop.body = dlcAddBlock(b, ctrl_loop_body(loop.op), types(indexType(b)));
  for (intptr_t k = 0; k < n; ++k) state[k] = mlirBlockAddArgument(loop.body, typeOf(state[k]), b->loc);
  loop.i = argOf(loop.body, 0);
  return loop;
}
static void endLoop(const Loop *loop, intptr_t n, MlirValue *state) {
  for (intptr_t k = 0; k < n; ++k) state[k] = dlcResult(loop->op, k);
}

//===--- the first calls ----------------------------------------------------------------------------===//
// The arguments of the entry that vary, in row `number`.
static void putRoot(DlcCallTable *t, const DlcCallSite *site, MlirValue number, DlcMapping map) {
  const DlcFlat *f = t->paths->f;
  const DlcMember *entry = &f->members[f->entry];
  DlcValues given = dlcCallArguments(site->call);
  for (intptr_t i = 0; i < entry->nArguments; ++i) {
    intptr_t place = entry->registers[i];
    if (place >= 0) t->argument[place] = put(t->b, t->argument[place], number, dlcMapped(map, at(given, i)));
  }
  intptr_t last = f->arguments.n;
  if (hasMembers(t)) t->argument[last] = put(t->b, t->argument[last], number, constIndex(t->b, f->entry));
}

static void putRoots(DlcCallTable *t, const DlcCallSite *site, MlirValue roots) {
  DlcBuilder *b = t->b;
  intptr_t n = dlcCallTableColumns(t->paths);
  DlcMapping map = dlcMappingCreate();
  if (!site->loop.ptr) {
    putRoot(t, site, constIndex(b, 0), map);
  } else if (n) {
    Loop loop = beginLoop(b, arith_minsi(b, roots, constIndex(b, t->capacity)), (MlirValue){0}, n, t->argument);
    MlirBlock from = bodyOf(ctrl_loop_body(site->loop));
    if (loop.op.ptr) dlcAtEnd(b, loop.body) {
        dlcMap(map, argOf(from, 0), loop.i);
        dlcForEachOp(op, from)
          if (dlcPointerMapGet(&site->arguments, op.ptr) > 0) dlcClone(b, op, map);
        putRoot(t, site, loop.i, map);
        ctrl_next(b, valsN(n, t->argument));
      }
    endLoop(&loop, n, t->argument);
  }
  dlcMappingDestroy(map);
}

//===--- numbers ------------------------------------------------------------------------------------===//
typedef struct {
  DlcCallTable *t;
  intptr_t path, n; // paths so far; size of the state
  MlirValue i;      // the call
} Number;

static void endPath(Number *s, MlirValue *state) {
  DlcCallTable *t = s->t;
  DlcBuilder *b = t->b;
  const DlcFlat *f = t->paths->f;
  const DlcCallPath *path = &t->paths->paths[s->path];
  MlirValue *arguments = state + CHILDREN + t->paths->mostCalls, count = state[COUNT];
  state[PATH] = put(b, state[PATH], s->i, constIndex(b, s->path++));
  for (intptr_t k = 0; k < t->paths->mostCalls; ++k) {
    bool isCall = k < path->calls.n;
    MlirValue number = !isCall ? noCall(t) : k ? arith_addi(b, count, constIndex(b, k)) : count;
    state[CHILDREN + k] = put(b, state[CHILDREN + k], s->i, number);
    if (!isCall) continue;
    intptr_t callee = dlcFlatMemberOf(f, dlcCalledFunction(path->calls.data[k]));
    const DlcMember *m = &f->members[callee];
    DlcValues given = dlcCallArguments(path->calls.data[k]);
    for (intptr_t i = 0; i < m->nArguments; ++i) {
      MlirValue *to = &arguments[m->registers[i] >= 0 ? m->registers[i] : 0];
      if (m->registers[i] >= 0) *to = put(b, *to, number, dlcMapped(t->map, at(given, i)));
    }
    MlirValue *who = &arguments[f->arguments.n];
    if (hasMembers(t)) *who = put(b, *who, number, constIndex(b, callee));
  }
  if (path->calls.n) state[COUNT] = arith_addi(b, count, constIndex(b, path->calls.n));
}

static MlirOperation beginBranch(DlcBuilder *b, MlirValue selector, DlcI64s cases, intptr_t arms, intptr_t n,
                                 const MlirValue *state) {
  return ctrl_branch(b, selector, cases, typesOf(valsN(n, state)), .arms = {NULL, arms});
}

static void follow(Number *s, MlirOperation op, MlirValue *state);

// Arm i of a branch that gives the new state: the code from op on.
static void fillArm(Number *s, MlirOperation branch, intptr_t i, MlirOperation op, const MlirValue *state) {
  DlcBuilder *b = s->t->b;
  MlirValue inner[MOST_STATE];
  memcpy(inner, state, (size_t)s->n * sizeof *inner);
  if (branch.ptr) dlcAtEnd(b, dlcAddBlock(b, dlcRegion(branch, i), (DlcTypes){0})) {
      follow(s, op, inner);
      ctrl_yield(b, valsN(s->n, inner));
    }
}

static void follow(Number *s, MlirOperation op, MlirValue *state) {
  DlcCallTable *t = s->t;
  while (!t->b->failed) {
    if (func_return_isa(op)) return endPath(s, state);
    if (ctrl_branch_isa(op)) {
      intptr_t arms = mlirOperationGetNumRegions(op);
      MlirOperation branch =
          beginBranch(t->b, dlcMapped(t->map, ctrl_branch_selector(op)), ctrl_branch_cases(op), arms, s->n, state);
      for (intptr_t i = 0; i < arms; ++i)
        fillArm(s, branch, i, mlirBlockGetFirstOperation(bodyOf(mlirOperationGetRegion(op, i))), state);
      for (intptr_t k = 0; k < s->n; ++k) state[k] = dlcResult(branch, k);
      return;
    }
    if (dlcPointerMapGet(&t->paths->inControl, op.ptr) > 0) dlcClone(t->b, op, t->map);
    MlirOperation next = mlirOperationGetNextInBlock(op), parent = mlirOperationGetParentOperation(op);
    for (intptr_t k = 0; !next.ptr && k < mlirOperationGetNumOperands(op); ++k)
      dlcMap(t->map, mlirOperationGetResult(parent, k), dlcMapped(t->map, mlirOperationGetOperand(op, k)));
    op = next.ptr ? next : mlirOperationGetNextInBlock(parent);
  }
}

// What one call calls, whichever member it is of.
static void numberCall(Number *s, MlirValue *state) {
  DlcCallTable *t = s->t;
  DlcBuilder *b = t->b;
  const DlcFlat *f = t->paths->f;
  MlirValue *arguments = state + CHILDREN + t->paths->mostCalls, values[DLC_MOST_ARGUMENTS];
  for (intptr_t i = 0; i < dlcCallTableColumns(t->paths); ++i) values[i] = get(b, arguments[i], s->i);
  for (intptr_t m = 0; m < f->nMembers; ++m)
    for (intptr_t k = 0; k < f->members[m].nArguments; ++k)
      if (f->members[m].registers[k] >= 0)
        dlcMap(t->map, argOf(f->members[m].body, k), values[f->members[m].registers[k]]);
  if (f->nMembers == 1) return follow(s, mlirBlockGetFirstOperation(f->members[0].body), state);
  int64_t *cases = calloc((size_t)f->nMembers, sizeof *cases);
  for (intptr_t m = 0; m < f->nMembers; ++m) cases[m] = m;
  MlirOperation branch =
      beginBranch(b, values[f->arguments.n], (DlcI64s){cases, f->nMembers - 1}, f->nMembers, s->n, state);
  free(cases);
  for (intptr_t m = 0; m < f->nMembers; ++m)
    fillArm(s, branch, m, mlirBlockGetFirstOperation(f->members[m].body), state);
  for (intptr_t k = 0; k < s->n; ++k) state[k] = dlcResult(branch, k);
}

// Heights from the last call on: those that a call makes have larger numbers.
static void findHeights(DlcCallTable *t, MlirValue count) {
  DlcBuilder *b = t->b;
  MlirValue none = constIndex(b, -1),
            state[] = {put(b, column(t, indexType(b), dlcCallTableRows(t)), noCall(t), none), none};
  MlirValue last = arith_subi(b, count, constIndex(b, 1));
  Loop loop = beginLoop(b, count, (MlirValue){0}, 2, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) {
      MlirValue i = arith_subi(b, last, loop.i), height = none;
      for (intptr_t k = 0; k < t->paths->mostCalls; ++k) {
        MlirValue of = get(b, state[0], get(b, t->child[k], i));
        height = k ? arith_maxsi(b, height, of) : of;
      }
      height = plusOne(b, height);
      MlirValue next[] = {put(b, state[0], i, height), arith_maxsi(b, state[1], height)};
      ctrl_next(b, valsN(2, next));
    }
  endLoop(&loop, 2, state);
  t->heights = state[0], t->height = state[1];
}

MlirValue dlcCallTableSite(DlcCallTable *t, const DlcCallSite *site) {
  return site->loop.ptr ? ctrl_loop_bound(site->loop) : constIndex(t->b, 1);
}

void dlcCallTableNumber(DlcCallTable *t, const DlcCallSite *site, int64_t maxDepth) {
  DlcBuilder *b = t->b;
  intptr_t calls = t->paths->mostCalls, columns = dlcCallTableColumns(t->paths);
  int64_t rows = dlcCallTableRows(t);
  MlirValue capacity = constIndex(b, t->capacity), zero = constIndex(b, 0), state[MOST_STATE];
  MlirValue roots = arith_maxsi(b, dlcCallTableSite(t, site), zero);
  for (intptr_t i = 0; i < columns; ++i) t->argument[i] = column(t, argumentType(t, i), rows);
  putRoots(t, site, roots);
  state[COUNT] = roots, state[PATH] = column(t, indexType(b), rows);
  for (intptr_t k = 0; k < calls; ++k) state[CHILDREN + k] = column(t, indexType(b), rows);
  for (intptr_t i = 0; i < columns; ++i) state[CHILDREN + calls + i] = t->argument[i];
  Number s = {t, 0, CHILDREN + calls + columns, {0}};
  MlirValue some = isLess(b, zero, roots), few = arith_cmpi(b, arith_CmpIPredicate_sle, roots, capacity);
  Loop loop = beginLoop(b, (MlirValue){0}, arith_andi(b, some, few), s.n, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) {
      s.i = loop.i;
      numberCall(&s, state);
      MlirValue more = isLess(b, plusOne(b, loop.i), state[COUNT]);
      few = arith_cmpi(b, arith_CmpIPredicate_sle, state[COUNT], capacity);
      ctrl_next(b, valsN(s.n, state), .go = arith_andi(b, more, few));
    }
  endLoop(&loop, s.n, state);
  t->count = state[COUNT], t->path = state[PATH];
  for (intptr_t k = 0; k < calls; ++k) t->child[k] = state[CHILDREN + k];
  for (intptr_t i = 0; i < columns; ++i) t->argument[i] = state[CHILDREN + calls + i];
  t->fits = arith_cmpi(b, arith_CmpIPredicate_sle, t->count, capacity);
  findHeights(t, arith_select(b, t->fits, t->count, zero));
  MlirValue depth = ctrl_call_isa(site->call) ? ctrl_call_depth(site->call) : (MlirValue){0};
  if (isNull(depth)) depth = constIndex(b, maxDepth);
  t->fits = arith_andi(b, t->fits, arith_cmpi(b, arith_CmpIPredicate_sle, t->height, depth));
}

//===--- order --------------------------------------------------------------------------------------===//
// How many places are before each bin, then the place of each number; `first` is two bins ahead of what it counts
// until all have a place.
static void findPlaces(DlcCallTable *t) {
  DlcBuilder *b = t->b;
  int64_t paths = t->paths->nPaths;
  MlirValue zero = constIndex(b, 0), one = constIndex(b, 1), two = constIndex(b, 2);
  t->bins = arith_muli(b, plusOne(b, t->height), constIndex(b, paths));
  MlirValue state[] = {column(t, indexType(b), t->capacity * paths + 2), {0}};
  Loop loop = beginLoop(b, arith_addi(b, t->bins, two), (MlirValue){0}, 1, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) ctrl_next(b, vals(put(b, state[0], loop.i, zero)));
  endLoop(&loop, 1, state);
  loop = beginLoop(b, t->count, (MlirValue){0}, 1, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) {
      MlirValue bin = arith_muli(b, get(b, t->heights, loop.i), constIndex(b, paths));
      MlirValue ahead = arith_addi(b, arith_addi(b, bin, get(b, t->path, loop.i)), two);
      ctrl_next(b, vals(put(b, state[0], ahead, plusOne(b, get(b, state[0], ahead)))));
    }
  endLoop(&loop, 1, state);
  loop = beginLoop(b, t->bins, (MlirValue){0}, 1, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) {
      MlirValue next = plusOne(b, loop.i);
      MlirValue sum = arith_addi(b, get(b, state[0], loop.i), get(b, state[0], next));
      ctrl_next(b, vals(put(b, state[0], next, sum)));
    }
  endLoop(&loop, 1, state);
  state[1] = put(b, column(t, indexType(b), dlcCallTableRows(t)), noCall(t), zero);
  loop = beginLoop(b, t->count, (MlirValue){0}, 2, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) {
      MlirValue bin = arith_muli(b, get(b, t->heights, loop.i), constIndex(b, paths));
      bin = arith_addi(b, arith_addi(b, bin, get(b, t->path, loop.i)), one);
      MlirValue place = get(b, state[0], bin);
      MlirValue next[] = {put(b, state[0], bin, plusOne(b, place)), put(b, state[1], loop.i, place)};
      ctrl_next(b, valsN(2, next));
    }
  endLoop(&loop, 2, state);
  t->first = state[0], t->place = state[1];
}

void dlcCallTableOrder(DlcCallTable *t) {
  DlcBuilder *b = t->b;
  intptr_t calls = t->paths->mostCalls, columns = dlcCallTableColumns(t->paths), n = calls + columns;
  MlirValue state[MOST_STATE];
  findPlaces(t);
  for (intptr_t k = 0; k < calls; ++k) state[k] = column(t, indexType(b), t->capacity);
  for (intptr_t i = 0; i < columns; ++i) state[calls + i] = column(t, argumentType(t, i), t->capacity);
  Loop loop = beginLoop(b, t->count, (MlirValue){0}, n, state);
  if (loop.op.ptr) dlcAtEnd(b, loop.body) {
      MlirValue place = get(b, t->place, loop.i);
      for (intptr_t k = 0; k < calls; ++k)
        state[k] = put(b, state[k], place, get(b, t->place, get(b, t->child[k], loop.i)));
      for (intptr_t i = 0; i < columns; ++i)
        state[calls + i] = put(b, state[calls + i], place, get(b, t->argument[i], loop.i));
      ctrl_next(b, valsN(n, state));
    }
  endLoop(&loop, n, state);
  memcpy(t->child, state, (size_t)calls * sizeof *state);
  memcpy(t->argument, state + calls, (size_t)columns * sizeof *state);
}
