// The loop of ctrl-flatten-recursion: see passes/ctrl/flatten_recursion.c for what it looks like.
//
// The state that the loop carries is an array of values: whether to go on, then what Layout says. A frame is row
// `depth` of one tensor for each slot. Within a segment a slot is either read or written, never both, so that
// bufferisation updates each in place.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "passes/ctrl/flatten.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/tensor.h"

enum { MAX_RANK = 17, GO = 0 };

typedef struct {
  DlcFlat *f;
  DlcBuilder *b;
  DlcMapping map; // from the members' values to those of the loop
  MlirValue bound;
  intptr_t segment;                                     // that is being written
  intptr_t pc, depth, returns, slots, args, results, n; // places in the state; pc, depth and returns: 0 where absent
} Emit;

static void layOut(Emit *e) {
  const DlcFlat *f = e->f;
  intptr_t n = 1;
  if (f->nSegments > 1) e->pc = n++;
  if (f->hasStack) e->depth = n++;
  if (f->storesReturn) e->returns = n++;
  e->slots = n, n += f->slots.n;
  e->args = n, n += f->arguments.n;
  e->results = n, n += f->results.n;
  e->n = n;
}

static MlirValue constBool(DlcBuilder *b, bool v) {
  return arith_constant(b, mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 1), v));
}

//===--- parts of tensors -----------------------------------------------------------------------===//
// `part` as row `row` (null: the only one) of a tensor with one dimension more.
typedef struct {
  int64_t offsets[MAX_RANK], sizes[MAX_RANK], strides[MAX_RANK];
  intptr_t rank;
} Row;
static Row rowOf(MlirType part, bool isDynamic) {
  Row r = {.rank = mlirShapedTypeGetRank(part) + 1};
  for (intptr_t i = 0; i < r.rank; ++i) {
    r.sizes[i] = i ? mlirShapedTypeGetDimSize(part, i - 1) : 1;
    r.strides[i] = 1;
  }
  if (isDynamic) r.offsets[0] = mlirShapedTypeGetDynamicStrideOrOffset();
  return r;
}
static DlcValues rowIndex(const MlirValue *row) { return isNull(*row) ? (DlcValues){0} : valsN(1, row); }

static MlirValue takeRow(DlcBuilder *b, MlirValue rows, MlirType part, MlirValue row) {
  Row r = rowOf(part, !isNull(row));
  return tensor_extract_slice(b, rows, rowIndex(&row), .static_offsets = {r.offsets, r.rank},
                              .static_sizes = {r.sizes, r.rank}, .static_strides = {r.strides, r.rank},
                              .result_type = part);
}
static MlirValue putRow(DlcBuilder *b, MlirValue rows, MlirValue part, MlirValue row) {
  Row r = rowOf(typeOf(part), !isNull(row));
  return tensor_insert_slice(b, part, rows, rowIndex(&row), .static_offsets = {r.offsets, r.rank},
                             .static_sizes = {r.sizes, r.rank}, .static_strides = {r.strides, r.rank});
}

MlirType dlcRowsType(MlirType part, int64_t rows) {
  int64_t shape[MAX_RANK] = {rows};
  bool isTensor = mlirTypeIsARankedTensor(part);
  intptr_t rank = isTensor ? mlirShapedTypeGetRank(part) : 0;
  for (intptr_t i = 0; i < rank; ++i) shape[i + 1] = mlirShapedTypeGetDimSize(part, i);
  return mlirRankedTensorTypeGet(rank + 1, shape, isTensor ? mlirShapedTypeGetElementType(part) : part,
                                 mlirAttributeGetNull());
}

//===--- registers and slots --------------------------------------------------------------------===//
// A tensor of static shape is the only row of what is carried: then it is written in place.
static MlirValue readRegister(Emit *e, const MlirValue *state, intptr_t i, MlirType type) {
  return dlcIsSavedInSlices(type) ? takeRow(e->b, state[i], type, (MlirValue){0}) : state[i];
}
static void writeRegister(Emit *e, MlirValue *state, intptr_t i, MlirValue v) {
  state[i] = !isNull(v) && dlcIsSavedInSlices(typeOf(v)) ? putRow(e->b, state[i], v, (MlirValue){0}) : v;
}

static void loadSlot(Emit *e, const MlirValue *state, MlirValue v) {
  MlirValue rows = state[e->slots + dlcPointerMapGet(&e->f->slotOf, v.ptr)];
  bool isTensor = mlirTypeIsARankedTensor(typeOf(v));
  dlcMap(e->map, v,
         isTensor ? takeRow(e->b, rows, typeOf(v), state[e->depth])
                  : tensor_extract(e->b, rows, vals(state[e->depth])));
}
static void saveSlot(Emit *e, MlirValue *state, MlirValue v) {
  MlirValue *rows = &state[e->slots + dlcPointerMapGet(&e->f->slotOf, v.ptr)], now = dlcMapped(e->map, v);
  *rows = mlirTypeIsARankedTensor(typeOf(v)) ? putRow(e->b, *rows, now, state[e->depth])
                                             : tensor_insert(e->b, now, *rows, vals(state[e->depth]));
}

//===--- ends of segments -----------------------------------------------------------------------===//
// What segment `to` reads of the frame and is not in it since before this segment.
static void save(Emit *e, MlirValue *state, intptr_t to) {
  const DlcValueList *live = &e->f->segments[to].live, *have = &e->f->segments[e->segment].live;
  for (intptr_t i = 0; i < live->n; ++i)
    if (dlcValueListFind(have, live->data[i]) < 0) saveSlot(e, state, live->data[i]);
}

static void jump(Emit *e, MlirValue *state, intptr_t to) {
  save(e, state, to);
  state[e->pc] = constIndex(e->b, to);
  state[GO] = constBool(e->b, true);
}

static void checkDepth(Emit *e, MlirValue depth) {
  char name[128], message[320];
  int64_t bound;
  dlcFunctionName(e->f->members[e->f->entry].function, name, sizeof name);
  if (dlcConstantIndex(e->bound, &bound))
    snprintf(message, sizeof message, "the recursion of @%s is deeper than its bound, %lld calls", name,
             (long long)bound);
  else
    snprintf(message, sizeof message, "the recursion of @%s is deeper than its bound, which the program computed",
             name);
  cf_assert(e->b, arith_cmpi(e->b, arith_CmpIPredicate_slt, depth, e->bound), dlcText(message));
}

static void endInCall(Emit *e, MlirValue *state, MlirOperation call) {
  DlcBuilder *b = e->b;
  MlirOperation function = dlcCalledFunction(call);
  intptr_t callee = 0, back = dlcIsTailCall(call) ? -1 : dlcSegmentAt(e->f, call);
  while (!mlirOperationEqual(e->f->members[callee].function, function)) ++callee;
  const DlcMember *m = &e->f->members[callee];
  MlirValue depth = e->depth ? state[e->depth] : (MlirValue){0};
  if (back >= 0) {
    checkDepth(e, depth);
    save(e, state, back);
    if (e->returns) state[e->returns] = tensor_insert(b, constIndex(b, back), state[e->returns], vals(depth));
  }
  DlcValues given = dlcCallArguments(call);
  for (intptr_t i = 0; i < m->nArguments; ++i)
    if (m->registers[i] >= 0) writeRegister(e, state, e->args + m->registers[i], dlcMapped(e->map, at(given, i)));
  if (back >= 0) state[e->depth] = arith_addi(b, depth, constIndex(b, 1));
  if (e->pc) state[e->pc] = constIndex(b, callee);
  state[GO] = constBool(b, true);
}

static intptr_t onlyReturn(const DlcFlat *f) {
  for (intptr_t i = f->nMembers; i < f->nSegments; ++i)
    if (f->segments[i].kind == DLC_SEGMENT_RETURN) return i;
  return 0;
}

static void endInReturn(Emit *e, MlirValue *state, MlirOperation op) {
  DlcBuilder *b = e->b;
  const DlcMember *m = &e->f->members[e->f->segments[e->segment].member];
  for (intptr_t i = 0; i < m->nResults; ++i)
    writeRegister(e, state, e->results + m->results[i], dlcMapped(e->map, mlirOperationGetOperand(op, i)));
  if (!e->depth) {
    state[GO] = constBool(b, false);
    return;
  }
  MlirValue zero = constIndex(b, 0), depth = state[e->depth];
  MlirValue more = arith_cmpi(b, arith_CmpIPredicate_ne, depth, zero);
  // What is called from outside returns there: row 0 is then read for nothing, but it is there.
  depth = arith_select(b, more, arith_subi(b, depth, constIndex(b, 1)), zero);
  state[e->depth] = depth;
  state[e->pc] = e->returns ? tensor_extract(b, state[e->returns], vals(depth)) : constIndex(b, onlyReturn(e->f));
  state[GO] = more;
}

//===--- segments -------------------------------------------------------------------------------===//
static void emitFrom(Emit *e, MlirOperation op, MlirValue *state);

static MlirType stateType(const Emit *e, const MlirValue *state, intptr_t i) {
  return i == GO ? mlirIntegerTypeGet(e->b->ctx, 1) : typeOf(state[i]);
}

// A branch whose arms end the segment, each in its own way, or jump; its results are the new state.
static MlirOperation beginBranch(Emit *e, const MlirValue *state, MlirValue selector, DlcI64s cases, intptr_t arms) {
  MlirType *results = calloc((size_t)e->n, sizeof *results);
  for (intptr_t i = 0; i < e->n; ++i) results[i] = stateType(e, state, i);
  MlirOperation branch = ctrl_branch(e->b, selector, cases, typesN(e->n, results), .arms = {NULL, arms});
  free(results);
  return branch;
}
static void takeState(const Emit *e, MlirOperation branch, MlirValue *state) {
  for (intptr_t i = 0; i < e->n; ++i) state[i] = mlirOperationGetResult(branch, i);
}
static MlirValue *copyState(const Emit *e, const MlirValue *state) {
  MlirValue *copy = calloc((size_t)e->n, sizeof *copy);
  memcpy(copy, state, (size_t)e->n * sizeof *copy);
  return copy;
}

static void emitBranch(Emit *e, MlirOperation op, MlirValue *state) {
  DlcBuilder *b = e->b;
  intptr_t arms = mlirOperationGetNumRegions(op);
  MlirOperation branch =
      beginBranch(e, state, dlcMapped(e->map, ctrl_branch_selector(op)), ctrl_branch_cases(op), arms);
  if (!branch.ptr) return;
  for (intptr_t i = 0; i < arms && !b->failed; ++i) {
    MlirValue *inner = copyState(e, state);
    dlcAtEnd(b, dlcAddBlock(b, dlcRegion(branch, i), (DlcTypes){0})) {
      emitFrom(e, mlirBlockGetFirstOperation(bodyOf(mlirOperationGetRegion(op, i))), inner);
      ctrl_yield(b, valsN(e->n, inner));
    }
    free(inner);
  }
  takeState(e, branch, state);
}

static bool wasHoisted(const DlcFlat *f, MlirOperation op) {
  return mlirOperationGetNumResults(op) && dlcPointerMapGet(&f->isHoisted, mlirOperationGetResult(op, 0).ptr) > 0;
}

// The ops from op on, out of the branches around them, up to where the segment ends.
static void emitFrom(Emit *e, MlirOperation op, MlirValue *state) {
  while (!e->b->failed) {
    if (func_return_isa(op)) return endInReturn(e, state, op);
    if (dlcIsInnerCall(e->f, op)) return endInCall(e, state, op);
    if (ctrl_branch_isa(op) && dlcHoldsInnerCall(e->f, op)) return emitBranch(e, op, state);
    MlirOperation next = mlirOperationGetNextInBlock(op);
    if (next.ptr) {
      if (!wasHoisted(e->f, op)) dlcClone(e->b, op, e->map);
      op = next;
      continue;
    }
    MlirOperation parent = mlirOperationGetParentOperation(op);
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
      dlcMap(e->map, mlirOperationGetResult(parent, i), dlcMapped(e->map, mlirOperationGetOperand(op, i)));
    if (dlcIsJoin(parent)) return jump(e, state, dlcSegmentAt(e->f, parent));
    op = mlirOperationGetNextInBlock(parent);
  }
}

static void emitSegment(Emit *e, intptr_t segment, MlirValue *state) {
  const DlcSegment *s = &e->f->segments[segment];
  const DlcMember *m = &e->f->members[s->member];
  e->segment = segment;
  for (intptr_t i = 0; i < s->remade.n; ++i) dlcClone(e->b, opOf(s->remade.data[i]), e->map);
  for (intptr_t i = 0; i < s->live.n; ++i) loadSlot(e, state, s->live.data[i]);
  if (s->kind == DLC_SEGMENT_RETURN) {
    DlcMember *callee = e->f->members;
    while (!mlirOperationEqual(callee->function, dlcCalledFunction(s->op))) ++callee;
    for (intptr_t i = 0; i < callee->nResults; ++i) {
      MlirValue v = mlirOperationGetResult(s->op, i);
      dlcMap(e->map, v, readRegister(e, state, e->results + callee->results[i], typeOf(v)));
    }
  }
  for (intptr_t i = 0; s->kind == DLC_SEGMENT_ENTRY && i < m->nArguments; ++i)
    if (m->registers[i] >= 0)
      dlcMap(e->map, argOf(m->body, i), readRegister(e, state, e->args + m->registers[i], typeOf(argOf(m->body, i))));
  emitFrom(e, s->op.ptr ? mlirOperationGetNextInBlock(s->op) : mlirBlockGetFirstOperation(m->body), state);
}

//===--- the loop -------------------------------------------------------------------------------===//
static MlirValue zeroOf(DlcBuilder *b, MlirType type) {
  if (mlirTypeIsAFloat(type)) return arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, type, 0));
  if (!mlirTypeIsARankedTensor(type)) return arith_constant(b, mlirIntegerAttrGet(type, 0));
  if (dlcIsSavedInSlices(type)) return tensor_empty(b, (DlcValues){0}, dlcRowsType(type, 1));
  intptr_t rank = mlirShapedTypeGetRank(type), n = 0;
  MlirValue *sizes = calloc((size_t)rank + 1, sizeof *sizes);
  for (intptr_t i = 0; i < rank; ++i)
    if (mlirShapedTypeIsDynamicDim(type, i)) sizes[n++] = constIndex(b, 0);
  MlirValue empty = tensor_empty(b, valsN(n, sizes), type);
  free(sizes);
  return empty;
}

static MlirValue framesOf(Emit *e, MlirType type) {
  int64_t bound;
  if (dlcConstantIndex(e->bound, &bound)) return tensor_empty(e->b, (DlcValues){0}, dlcRowsType(type, bound + 1));
  MlirValue rows = arith_addi(e->b, e->bound, constIndex(e->b, 1));
  return tensor_empty(e->b, vals(rows), dlcRowsType(type, mlirShapedTypeGetDynamicSize()));
}

static void initialState(Emit *e, DlcValues arguments, MlirValue *state) {
  DlcFlat *f = e->f;
  const DlcMember *entry = &f->members[f->entry];
  state[GO] = constBool(e->b, true);
  if (e->pc) state[e->pc] = constIndex(e->b, f->entry);
  if (e->depth) state[e->depth] = constIndex(e->b, 0);
  if (e->returns) state[e->returns] = framesOf(e, indexType(e->b));
  for (intptr_t i = 0; i < f->slots.n; ++i) state[e->slots + i] = framesOf(e, f->slots.types[i]);
  for (intptr_t i = 0; i < f->arguments.n; ++i) state[e->args + i] = zeroOf(e->b, f->arguments.types[i]);
  for (intptr_t i = 0; i < f->results.n; ++i) state[e->results + i] = zeroOf(e->b, f->results.types[i]);
  for (intptr_t i = 0; i < entry->nArguments; ++i)
    if (entry->registers[i] >= 0) writeRegister(e, state, e->args + entry->registers[i], at(arguments, i));
}

static void emitSegments(Emit *e, MlirValue *state) {
  DlcBuilder *b = e->b;
  intptr_t n = e->f->nSegments;
  if (n == 1) return emitSegment(e, 0, state);
  int64_t *cases = calloc((size_t)n, sizeof *cases);
  for (intptr_t i = 0; i < n; ++i) cases[i] = i;
  MlirOperation branch = beginBranch(e, state, state[e->pc], (DlcI64s){cases, n - 1}, n);
  free(cases);
  for (intptr_t i = 0; branch.ptr && i < n; ++i) {
    MlirValue *inner = copyState(e, state);
    dlcAtEnd(b, dlcAddBlock(b, dlcRegion(branch, i), (DlcTypes){0})) {
      emitSegment(e, i, inner);
      ctrl_yield(b, valsN(e->n, inner));
    }
    free(inner);
  }
  if (branch.ptr) takeState(e, branch, state);
}

void dlcFlatEmit(DlcFlat *f, DlcValues arguments, MlirValue bound, MlirValue *results) {
  Emit e = {.f = f, .b = f->b, .map = dlcMappingCreate(), .bound = bound};
  layOut(&e);
  dlcFlatMapShared(f, e.b, e.map, arguments);
  MlirValue *state = calloc((size_t)e.n, sizeof *state);
  initialState(&e, arguments, state);
  DlcValues inits = valsN(e.n - 1, state + 1);
  MlirOperation loop = ctrl_loop(f->b, inits, typesOf(inits), .go = state[GO]);
  if (loop.ptr) {
    MlirBlock body = dlcAddBlock(f->b, ctrl_loop_body(loop), types(indexType(f->b)));
    for (intptr_t i = 1; i < e.n; ++i) state[i] = mlirBlockAddArgument(body, typeOf(state[i]), f->b->loc);
    dlcAtEnd(f->b, body) {
      emitSegments(&e, state);
      ctrl_next(f->b, valsN(e.n - 1, state + 1), .go = state[GO]);
    }
    for (intptr_t i = 1; i < e.n; ++i) state[i] = mlirOperationGetResult(loop, i - 1);
    const DlcMember *entry = &f->members[f->entry];
    MlirType type = func_func_function_type(entry->function);
    for (intptr_t i = 0; i < entry->nResults; ++i)
      results[i] = readRegister(&e, state, e.results + entry->results[i], mlirFunctionTypeGetResult(type, i));
  }
  free(state);
  dlcMappingDestroy(e.map);
}
