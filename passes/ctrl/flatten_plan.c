// What ctrl-flatten-recursion finds out about a component of the call graph before it writes the loop: what never
// changes, where code is cut into segments, and which values live across the cuts.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/ctrl/flatten.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/tensor.h"

enum { FEW_OPS = 8, MANY_OPS = 1000 }; // what is that short is written twice instead of jumped to

//===--- calls ----------------------------------------------------------------------------===//
bool dlcIsInnerCall(const DlcFlat *f, MlirOperation op) {
  if (!dlcIsCall(op)) return false;
  DlcCallNode *callee = dlcCallNodeOf(f->graph, dlcCalledFunction(op));
  return callee && callee->component == f->component;
}

bool dlcHoldsInnerCall(const DlcFlat *f, MlirOperation op) {
  if (!mlirOperationGetNumRegions(op)) return dlcIsInnerCall(f, op);
  DlcOps calls = dlcCollect(op, dlcIsCall);
  bool holds = false;
  for (intptr_t i = 0; i < calls.n; ++i) holds |= dlcIsInnerCall(f, calls.data[i]);
  free(calls.data);
  return holds;
}

static bool endsBlock(MlirOperation op) { return !mlirOperationGetNextInBlock(op).ptr; }

// Whether op, which ends a block, passes on exactly these values.
static bool passesOn(MlirOperation op, DlcValues values) {
  if (!endsBlock(op) || mlirOperationGetNumOperands(op) != values.n) return false;
  for (intptr_t i = 0; i < values.n; ++i)
    if (!mlirValueEqual(mlirOperationGetOperand(op, i), at(values, i))) return false;
  return true;
}

bool dlcIsTailCall(MlirOperation call) {
  for (MlirOperation op = call;;) {
    MlirOperation next = mlirOperationGetNextInBlock(op);
    if (!next.ptr || !passesOn(next, resultsOf(op))) return false;
    if (func_return_isa(next)) return true;
    op = mlirOperationGetParentOperation(next);
  }
}

// How many ops follow, a region or a call being many.
static intptr_t countRest(MlirOperation op) {
  intptr_t n = 0;
  MlirOperation end = op;
  for (MlirOperation next = mlirOperationGetNextInBlock(op); next.ptr; next = mlirOperationGetNextInBlock(next)) {
    end = next;
    n += endsBlock(next) ? 0 : mlirOperationGetNumRegions(next) || dlcIsCall(next) ? MANY_OPS : 1;
  }
  MlirOperation parent = mlirOperationGetParentOperation(end);
  if (n > FEW_OPS || func_func_isa(parent)) return n;
  intptr_t more = countRest(parent);
  return more > FEW_OPS ? n : n + more; // that is a segment, to which one op jumps
}
bool dlcIsJoin(MlirOperation branch) { return countRest(branch) > FEW_OPS; }

intptr_t dlcSegmentAt(const DlcFlat *f, MlirOperation op) {
  for (intptr_t i = f->nMembers; i < f->nSegments; ++i)
    if (mlirOperationEqual(f->segments[i].op, op)) return i;
  return -1;
}

//===--- what all calls share -----------------------------------------------------------------===//
intptr_t dlcFlatMemberOf(const DlcFlat *f, MlirOperation function) {
  for (intptr_t i = 0; i < f->nMembers; ++i)
    if (mlirOperationEqual(f->members[i].function, function)) return i;
  return -1;
}

// The argument of the entry that a value always is; -1: none.
static int64_t entryArgumentOf(const DlcMember *m, MlirValue v) {
  if (!mlirValueIsABlockArgument(v) || !mlirBlockEqual(mlirBlockArgumentGetOwner(v), m->body)) return -1;
  return m->entryArgument[mlirBlockArgumentGetArgNumber(v)];
}

enum { UNKNOWN = -2 }; // no call was seen yet

// Greatest fixed point: every argument is whatever its calls say until two of them differ.
static bool meetCalls(DlcFlat *f, intptr_t member) {
  const DlcMember *m = &f->members[member];
  DlcOps calls = dlcCollect(m->function, dlcIsCall);
  bool changed = false;
  for (intptr_t i = 0; i < calls.n; ++i) {
    if (!dlcIsInnerCall(f, calls.data[i])) continue;
    DlcMember *to = &f->members[dlcFlatMemberOf(f, dlcCalledFunction(calls.data[i]))];
    DlcValues given = dlcCallArguments(calls.data[i]);
    for (intptr_t k = 0; k < to->nArguments && k < given.n; ++k) {
      int64_t is = entryArgumentOf(m, at(given, k)), was = to->entryArgument[k];
      if (is == UNKNOWN || is == was || was == -1) continue;
      to->entryArgument[k] = was == UNKNOWN ? is : -1;
      changed = true;
    }
  }
  free(calls.data);
  return changed;
}

static void findShared(DlcFlat *f) {
  for (intptr_t i = 0; i < f->nMembers; ++i)
    for (intptr_t k = 0; k < f->members[i].nArguments; ++k)
      f->members[i].entryArgument[k] = i == f->entry ? k : UNKNOWN;
  for (bool changed = true; changed;) {
    changed = false;
    for (intptr_t i = 0; i < f->nMembers; ++i) changed |= meetCalls(f, i);
  }
  for (intptr_t i = 0; i < f->nMembers; ++i) // what nobody reaches
    for (intptr_t k = 0; k < f->members[i].nArguments; ++k)
      if (f->members[i].entryArgument[k] == UNKNOWN) f->members[i].entryArgument[k] = -1;
}

bool dlcFlatIsShared(const DlcFlat *f, const DlcMember *m, MlirValue v) {
  return dlcPointerMapGet(&f->isHoisted, v.ptr) > 0 || entryArgumentOf(m, v) >= 0;
}

static bool hasSharedOperands(const DlcFlat *f, const DlcMember *m, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!dlcFlatIsShared(f, m, mlirOperationGetOperand(op, i))) return false;
  return true;
}

// Fresh tensors whose sizes are shared are made again where they are used.
static bool isRemade(const DlcFlat *f, const DlcMember *m, MlirValue v) {
  MlirOperation op = opOf(v);
  return tensor_empty_isa(op) && hasSharedOperands(f, m, op);
}

static bool isHoistable(const DlcFlat *f, const DlcMember *m, MlirOperation op) {
  if (arith_constant_isa(op)) return true;
  if (endsBlock(op) || mlirOperationGetNumRegions(op) || tensor_empty_isa(op) || !dlcMayRunEarly(op)) return false;
  return hasSharedOperands(f, m, op);
}

static void hoist(DlcFlat *f, const DlcMember *m, MlirBlock block) {
  dlcForEachOp(op, block) {
    if (isHoistable(f, m, op)) {
      if (f->hoisted.n == f->hoisted.cap) {
        f->hoisted.cap = f->hoisted.cap ? 2 * f->hoisted.cap : 16;
        f->hoisted.data = realloc(f->hoisted.data, (size_t)f->hoisted.cap * sizeof *f->hoisted.data);
      }
      f->hoisted.data[f->hoisted.n++] = op;
      for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
        dlcPointerMapSet(&f->isHoisted, mlirOperationGetResult(op, i).ptr, 1);
    } else if (ctrl_branch_isa(op) && dlcHoldsInnerCall(f, op)) {
      for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) hoist(f, m, bodyOf(mlirOperationGetRegion(op, i)));
    }
  }
}

//===--- segments -------------------------------------------------------------------------------===//
// The ops that are run behind op, up to the end of the function, those around it excluded.
static void addRest(MlirOperation op, DlcPointerMap *rest, DlcOps *ops) {
  for (; !func_func_isa(op); op = mlirOperationGetParentOperation(op))
    for (MlirOperation next = mlirOperationGetNextInBlock(op); next.ptr; next = mlirOperationGetNextInBlock(next)) {
      if (ops->n == ops->cap) {
        ops->cap = ops->cap ? 2 * ops->cap : 64;
        ops->data = realloc(ops->data, (size_t)ops->cap * sizeof *ops->data);
      }
      ops->data[ops->n++] = next;
      dlcPointerMapSet(rest, next.ptr, 1);
    }
}

static bool isAround(MlirOperation outer, MlirOperation op) { return outer.ptr && dlcIsInside(op, outer); }

static void findLive(const DlcFlat *f, DlcSegment *s) {
  const DlcMember *m = &f->members[s->member];
  DlcPointerMap rest = {0};
  DlcOps ops = {0};
  DlcValueList used = {0};
  addRest(s->op, &rest, &ops);
  for (intptr_t i = 0; i < ops.n; ++i) dlcCaptures(ops.data[i], &used);
  for (intptr_t i = 0; i < used.n; ++i) {
    MlirValue v = used.data[i];
    MlirOperation def = opOf(v);
    bool isOwn = mlirOperationEqual(def, s->op); // of a branch: it comes from its arms, by the frame
    if (def.ptr && dlcPointerMapGet(&rest, def.ptr) > 0) continue;
    if (isOwn ? s->kind == DLC_SEGMENT_RETURN : isAround(def, s->op)) continue;
    if (dlcFlatIsShared(f, m, v)) continue;
    dlcValueListAdd(isRemade(f, m, v) ? &s->remade : &s->live, v);
  }
  dlcPointerMapDestroy(&rest);
  dlcValueListDestroy(&used);
  free(ops.data);
}

static void addSegment(DlcFlat *f, DlcSegmentKind kind, MlirOperation op, intptr_t member) {
  f->segments = realloc(f->segments, (size_t)(f->nSegments + 1) * sizeof *f->segments);
  f->segments[f->nSegments++] = (DlcSegment){.kind = kind, .op = op, .member = member};
}

// Only branches may stand around a call: a loop would need a place in the frame for where it is.
static MlirLogicalResult refusePlace(const DlcFlat *f, MlirOperation around) {
  DlcOps calls = dlcCollect(around, dlcIsCall);
  DlcDiagnostic *d = NULL;
  for (intptr_t i = 0; i < calls.n && !d; ++i)
    if (dlcIsInnerCall(f, calls.data[i]))
      d = dlcErrorBegin(calls.data[i], "recurses inside of an op that is no ctrl.branch: it cannot be flattened");
  free(calls.data);
  dlcNote(d, mlirOperationGetLocation(around), "this op");
  return dlcReport(d);
}

static MlirLogicalResult cut(DlcFlat *f, intptr_t member, MlirBlock block) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  dlcForEachOp(op, block) {
    if (mlirLogicalResultIsFailure(result)) break;
    if (!dlcHoldsInnerCall(f, op)) continue;
    if (dlcIsInnerCall(f, op)) {
      if (!dlcIsTailCall(op)) addSegment(f, DLC_SEGMENT_RETURN, op, member), f->hasStack = true;
    } else if (ctrl_branch_isa(op)) {
      for (intptr_t i = 0; i < mlirOperationGetNumRegions(op) && mlirLogicalResultIsSuccess(result); ++i)
        result = cut(f, member, bodyOf(mlirOperationGetRegion(op, i)));
      if (dlcIsJoin(op)) addSegment(f, DLC_SEGMENT_JOIN, op, member);
    } else {
      result = refusePlace(f, op);
    }
  }
  return result;
}

//===--- registers and slots --------------------------------------------------------------------===//
enum { MAX_RANK = 16 };
bool dlcIsSavedInSlices(MlirType type) {
  return mlirTypeIsARankedTensor(type) && dlcIsStatic(type) && mlirShapedTypeGetRank(type) <= MAX_RANK &&
         dlcElementBytes(mlirShapedTypeGetElementType(type)) > 0;
}
bool dlcIsRecursiveScalar(MlirType type) {
  return mlirTypeIsAIndex(type) || mlirTypeIsAInteger(type) || mlirTypeIsAFloat(type);
}

// A place for a value of this type that is not yet taken by the same owner.
static intptr_t takePlace(DlcPool *pool, MlirType type, bool *taken) {
  for (intptr_t i = 0; i < pool->n; ++i)
    if (!taken[i] && mlirTypeEqual(pool->types[i], type)) return taken[i] = true, i;
  pool->types = realloc(pool->types, (size_t)(pool->n + 1) * sizeof *pool->types);
  pool->types[pool->n] = type;
  return taken[pool->n] = true, pool->n++;
}

static MlirLogicalResult takeRegisters(DlcFlat *f, DlcMember *m, intptr_t most) {
  bool *taken = calloc((size_t)most + 1, sizeof *taken);
  MlirType function = func_func_function_type(m->function);
  for (intptr_t i = 0; i < m->nArguments; ++i) {
    MlirType type = mlirFunctionTypeGetInput(function, i);
    m->registers[i] = m->entryArgument[i] >= 0 ? -1 : takePlace(&f->arguments, type, taken);
    if (m->registers[i] >= 0 && !dlcIsRecursiveScalar(type) && !mlirTypeIsARankedTensor(type))
      return free(taken), dlcError(m->function,
                                   "recurses with an argument of type %s, which changes from call to call: only "
                                   "numbers and ranked tensors can",
                                   dlcShowType(type).text);
  }
  memset(taken, 0, (size_t)most * sizeof *taken);
  for (intptr_t i = 0; i < m->nResults; ++i) {
    MlirType type = mlirFunctionTypeGetResult(function, i);
    m->results[i] = takePlace(&f->results, type, taken);
    if (!dlcIsRecursiveScalar(type) && !mlirTypeIsARankedTensor(type))
      return free(taken),
             dlcError(m->function, "recurses with a result of type %s: it must be a number or a ranked tensor",
                      dlcShowType(type).text);
  }
  free(taken);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult takeSlots(DlcFlat *f, intptr_t member, intptr_t most) {
  bool *taken = calloc((size_t)most + 1, sizeof *taken);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = f->nMembers; i < f->nSegments && mlirLogicalResultIsSuccess(result); ++i) {
    const DlcSegment *s = &f->segments[i];
    if (s->member != member) continue;
    for (intptr_t k = 0; k < s->live.n && mlirLogicalResultIsSuccess(result); ++k) {
      MlirValue v = s->live.data[k];
      MlirType type = typeOf(v);
      if (dlcPointerMapGet(&f->slotOf, v.ptr) >= 0) continue;
      if (!dlcIsRecursiveScalar(type) && !dlcIsSavedInSlices(type))
        result = dlcError(s->op,
                          "a value of type %s lives across this recursive call: only numbers and tensors of static "
                          "shape can be kept in a frame",
                          dlcShowType(type).text);
      else
        dlcPointerMapSet(&f->slotOf, v.ptr, takePlace(&f->slots, type, taken));
    }
  }
  free(taken);
  return result;
}

static intptr_t countLive(const DlcFlat *f) {
  intptr_t n = 0;
  for (intptr_t i = f->nMembers; i < f->nSegments; ++i) n += f->segments[i].live.n;
  return n;
}

int64_t dlcFlatFrameBytes(const DlcFlat *f) {
  int64_t bytes = f->storesReturn ? 8 : 0;
  for (intptr_t i = 0; i < f->slots.n; ++i) {
    MlirType type = f->slots.types[i];
    int64_t part = mlirTypeIsARankedTensor(type) ? dlcStaticBytes(type) : dlcElementBytes(type);
    if (part < 0 || __builtin_add_overflow(bytes, part, &bytes)) return -1;
  }
  return bytes;
}

//===--- all of it -------------------------------------------------------------------------------===//
static void addMember(DlcFlat *f, MlirOperation function) {
  MlirType type = func_func_function_type(function);
  f->members = realloc(f->members, (size_t)(f->nMembers + 1) * sizeof *f->members);
  DlcMember *m = &f->members[f->nMembers++];
  *m = (DlcMember){.function = function,
                   .body = bodyOf(func_func_body(function)),
                   .nArguments = mlirFunctionTypeGetNumInputs(type),
                   .nResults = mlirFunctionTypeGetNumResults(type)};
  m->entryArgument = calloc((size_t)m->nArguments + 1, sizeof *m->entryArgument);
  m->registers = calloc((size_t)m->nArguments + 1, sizeof *m->registers);
  m->results = calloc((size_t)m->nResults + 1, sizeof *m->results);
}

bool dlcFlatShare(DlcFlat *f, MlirOperation entry) {
  for (intptr_t i = 0; i < f->graph->n; ++i)
    if (f->graph->nodes[i].component == f->component) addMember(f, f->graph->nodes[i].function);
  f->entry = dlcFlatMemberOf(f, entry);
  for (intptr_t i = 0; i < f->nMembers; ++i)
    if (mlirBlockGetNextInRegion(f->members[i].body).ptr) return false;
  findShared(f);
  for (intptr_t i = 0; i < f->nMembers; ++i) hoist(f, &f->members[i], f->members[i].body);
  return true;
}

MlirLogicalResult dlcFlatTakeRegisters(DlcFlat *f) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  intptr_t most = 0;
  for (intptr_t i = 0; i < f->nMembers; ++i) most += f->members[i].nArguments + f->members[i].nResults;
  for (intptr_t i = 0; i < f->nMembers && mlirLogicalResultIsSuccess(result); ++i)
    result = takeRegisters(f, &f->members[i], most);
  return result;
}

void dlcFlatMapShared(const DlcFlat *f, DlcBuilder *b, DlcMapping map, DlcValues arguments) {
  for (intptr_t i = 0; i < f->nMembers; ++i) {
    const DlcMember *m = &f->members[i];
    for (intptr_t k = 0; k < m->nArguments; ++k)
      if (m->entryArgument[k] >= 0) dlcMap(map, argOf(m->body, k), at(arguments, m->entryArgument[k]));
  }
  for (intptr_t i = 0; i < f->hoisted.n; ++i) dlcClone(b, f->hoisted.data[i], map);
}

MlirLogicalResult dlcFlatPlan(DlcFlat *f, MlirOperation entry) {
  bool isOneBlock = dlcFlatShare(f, entry);
  for (intptr_t i = 0; i < f->nMembers && !isOneBlock; ++i)
    if (mlirBlockGetNextInRegion(f->members[i].body).ptr)
      return dlcError(f->members[i].function,
                      "recurses and has several blocks; lift its control flow to scf and raise it first");
  for (intptr_t i = 0; i < f->nMembers; ++i) addSegment(f, DLC_SEGMENT_ENTRY, (MlirOperation){0}, i);
  MlirLogicalResult result = dlcFlatTakeRegisters(f);
  for (intptr_t i = 0; i < f->nMembers && mlirLogicalResultIsSuccess(result); ++i)
    result = cut(f, i, f->members[i].body);
  intptr_t returns = 0;
  for (intptr_t i = f->nMembers; i < f->nSegments; ++i) {
    findLive(f, &f->segments[i]);
    returns += f->segments[i].kind == DLC_SEGMENT_RETURN;
  }
  f->storesReturn = returns > 1;
  intptr_t most = countLive(f);
  for (intptr_t i = 0; i < f->nMembers && mlirLogicalResultIsSuccess(result); ++i) result = takeSlots(f, i, most);
  return result;
}

void dlcFlatDestroy(DlcFlat *f) {
  for (intptr_t i = 0; i < f->nMembers; ++i)
    free(f->members[i].entryArgument), free(f->members[i].registers), free(f->members[i].results);
  for (intptr_t i = 0; i < f->nSegments; ++i)
    dlcValueListDestroy(&f->segments[i].live), dlcValueListDestroy(&f->segments[i].remade);
  free(f->members), free(f->segments);
  free(f->arguments.types), free(f->results.types), free(f->slots.types);
  free(f->hoisted.data);
  dlcPointerMapDestroy(&f->slotOf), dlcPointerMapDestroy(&f->isHoisted);
}
