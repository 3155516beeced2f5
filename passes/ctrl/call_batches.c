// See passes/ctrl/call_batches.h.
#include "passes/ctrl/call_batches.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/ctrl/batch_iterations.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_RANK = DLC_MAX_NUMBERS - 1, MOST_RESULTS = 32 };

typedef struct {
  DlcCallTable *t;
  const DlcCallPath *path;
  MlirOperation loop; // over the calls of a batch: its argument is a place
  const MlirValue *values;
} Path;

//===--- one call -------------------------------------------------------------------------------===//
static MlirValue emptyOf(DlcBuilder *b, MlirType type) { return tensor_empty(b, (DlcValues){0}, type); }

// What tensor.extract_slice gives, element by element: the offsets may be another one's for each call.
static MlirValue gather(DlcBuilder *b, MlirValue source, const DlcNumber *offsets, const int64_t *sizes,
                        const int64_t *strides, MlirType type) {
  intptr_t rank = mlirShapedTypeGetRank(type), next = 0;
  MlirValue fresh = emptyOf(b, type), at_[MOST_RANK];
  if (isNull(fresh)) return fresh;
  MlirAffineMap map = mlirAffineMapMultiDimIdentityGet(b->ctx, rank);
  MlirOperation made =
      linalg_generic(b, (DlcValues){0}, vals(fresh), .indexing_maps = {&map, 1},
                     .iterator_types = dlcIterators(b, rank, NULL), .result_tensors_type = types(type));
  if (!made.ptr) return fresh;
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), types(mlirShapedTypeGetElementType(type)));
  dlcAtEnd(b, body) {
    for (intptr_t d = 0; d < mlirShapedTypeGetRank(typeOf(source)); ++d) {
      at_[d] = dlcNumberValue(b, offsets[d]);
      if (next == rank || mlirShapedTypeGetDimSize(type, next) != sizes[d]) continue; // of size one, and dropped
      MlirValue i = linalg_index(b, .dim = next++);
      if (strides[d] != 1) i = arith_muli(b, i, constIndex(b, strides[d]));
      at_[d] = arith_addi(b, at_[d], i);
    }
    linalg_yield(b, vals(tensor_extract(b, source, valsN(mlirShapedTypeGetRank(typeOf(source)), at_))));
  }
  return dlcResult(made, 0);
}

// Row `row` of the tables of results.
static MlirValue gatherRow(DlcBuilder *b, MlirValue rows, MlirType type, MlirValue row) {
  if (!mlirTypeIsARankedTensor(type)) return tensor_extract(b, rows, vals(row));
  DlcNumber offsets[MOST_RANK] = {dlcDynamic(row)};
  int64_t sizes[MOST_RANK] = {-1}, strides[MOST_RANK] = {1}; // -1: its dimension is always dropped
  for (intptr_t d = 1; d <= mlirShapedTypeGetRank(type); ++d)
    offsets[d] = dlcKnown(0), sizes[d] = mlirShapedTypeGetDimSize(type, d - 1), strides[d] = 1;
  return gather(b, rows, offsets, sizes, strides, type);
}

static bool isGathered(const Path *p, MlirOperation op, DlcMapping map) {
  if (!tensor_extract_slice_isa(op) || !dlcIsStatic(typeOf(dlcResult(op, 0)))) return false;
  MlirValue source = dlcMapped(map, tensor_extract_slice_source(op));
  return !dlcIsMadeInside(source, p->loop) && mlirShapedTypeGetRank(typeOf(source)) < MOST_RANK &&
         !tensor_extract_slice_sizes(op).n && !tensor_extract_slice_strides(op).n;
}

static MlirValue gatherSlice(DlcBuilder *b, MlirOperation op, DlcMapping map) {
  DlcNumber offsets[MOST_RANK];
  intptr_t next = 0;
  DlcI64s fixed = tensor_extract_slice_static_offsets(op);
  for (intptr_t d = 0; d < fixed.n; ++d) {
    offsets[d] = dlcNumberTake(fixed, tensor_extract_slice_offsets(op), d, &next);
    if (!dlcIsKnown(offsets[d])) offsets[d].value = dlcMapped(map, offsets[d].value);
  }
  return gather(b, dlcMapped(map, tensor_extract_slice_source(op)), offsets, tensor_extract_slice_static_sizes(op).data,
                tensor_extract_slice_static_strides(op).data, typeOf(dlcResult(op, 0)));
}

// A value as a tensor that an op of the body makes, and that is no fresh one.
static MlirValue asTensor(const Path *p, MlirValue v) {
  DlcBuilder *b = p->t->b;
  if (!mlirTypeIsARankedTensor(typeOf(v))) {
    MlirType type = mlirRankedTensorTypeGet(0, NULL, typeOf(v), mlirAttributeGetNull());
    return tensor_from_elements(b, vals(v), type);
  }
  if (dlcIsMadeInside(v, p->loop) && !tensor_empty_isa(opOf(v)) && !linalg_fill_isa(opOf(v))) return v;
  MlirValue fresh = emptyOf(b, typeOf(v));
  return dlcResult(linalg_copy(b, vals(v), vals(fresh), types(typeOf(v))), 0);
}

// tensor.concat as insertions, which can be batched.
static MlirValue concatenate(const Path *p, MlirOperation op, DlcMapping map) {
  DlcBuilder *b = p->t->b;
  MlirType type = typeOf(dlcResult(op, 0));
  MlirValue into = emptyOf(b, type);
  intptr_t dim = tensor_concat_dim(op);
  int64_t start = 0;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) {
    MlirValue part = asTensor(p, dlcMapped(map, mlirOperationGetOperand(op, k)));
    DlcNumbers offsets = {0}, sizes = {0};
    for (intptr_t d = 0; d < mlirShapedTypeGetRank(type); ++d) {
      dlcNumbersAdd(&offsets, dlcKnown(d == dim ? start : 0));
      dlcNumbersAdd(&sizes, dlcKnown(mlirShapedTypeGetDimSize(typeOf(part), d)));
    }
    into = dlcInsertAt(b, part, into, &offsets, &sizes);
    start += mlirShapedTypeGetDimSize(typeOf(part), dim);
  }
  return into;
}
static bool isConcatenation(MlirOperation op) {
  bool ok = tensor_concat_isa(op) && mlirShapedTypeGetRank(typeOf(dlcResult(op, 0))) < MOST_RANK;
  for (intptr_t k = 0; ok && k < mlirOperationGetNumOperands(op); ++k)
    ok = dlcIsStatic(typeOf(mlirOperationGetOperand(op, k)));
  return ok;
}

static void writeCall(const Path *p, intptr_t k, MlirValue place, DlcMapping map) {
  const DlcFlat *f = p->t->paths->f;
  MlirOperation call = p->path->calls.data[k];
  const DlcMember *m = &f->members[dlcFlatMemberOf(f, dlcCalledFunction(call))];
  MlirValue child = tensor_extract(p->t->b, p->t->child[k], vals(place));
  for (intptr_t i = 0; i < m->nResults; ++i) {
    MlirValue v = mlirOperationGetResult(call, i);
    dlcMap(map, v, gatherRow(p->t->b, p->values[m->results[i]], typeOf(v), child));
  }
}

// What reads nothing of the call is made once, before the loop.
static void writeOp(const Path *p, MlirOperation op, DlcMapping map) {
  DlcBuilder *b = p->t->b;
  DlcValueList used = {0};
  dlcCaptures(op, &used);
  bool isSame = dlcIsPure(op);
  for (intptr_t i = 0; i < used.n && isSame; ++i) isSame = !dlcIsMadeInside(dlcMapped(map, used.data[i]), p->loop);
  dlcValueListDestroy(&used);
  if (isSame) {
    dlcBefore(b, p->loop) dlcClone(b, op, map);
  } else if (isGathered(p, op, map)) {
    dlcMap(map, dlcResult(op, 0), gatherSlice(b, op, map));
  } else if (tensor_cast_isa(op) && mlirTypeEqual(typeOf(dlcResult(op, 0)), typeOf(mlirOperationGetOperand(op, 0)))) {
    dlcMap(map, dlcResult(op, 0), dlcMapped(map, mlirOperationGetOperand(op, 0)));
  } else if (isConcatenation(op)) {
    dlcMap(map, dlcResult(op, 0), concatenate(p, op, map));
  } else {
    MlirValue part = tensor_insert_slice_isa(op) ? tensor_insert_slice_source(op) : (MlirValue){0};
    if (!isNull(part)) dlcMap(map, part, asTensor(p, dlcMapped(map, part)));
    dlcClone(b, op, map);
  }
}

// The ops of the path for the call at `place`, in the body of the loop. results: of the member.
static void writePath(const Path *p, MlirValue place, MlirValue *results) {
  DlcCallTable *t = p->t;
  DlcBuilder *b = t->b;
  const DlcMember *m = &t->paths->f->members[p->path->member];
  DlcMapping map = dlcMappingClone(t->map);
  for (intptr_t i = 0; i < m->nArguments; ++i)
    if (m->registers[i] >= 0)
      dlcMap(map, argOf(m->body, i), tensor_extract(b, t->argument[m->registers[i]], vals(place)));
  intptr_t calls = 0;
  for (intptr_t i = 0; i < p->path->steps.n && !b->failed; ++i) {
    MlirOperation op = p->path->steps.data[i];
    bool isNeeded = dlcPointerMapGet(&p->path->isNeeded, op.ptr) > 0;
    intptr_t n = mlirOperationGetNumOperands(op);
    if (dlcIsInnerCall(t->paths->f, op)) {
      if (isNeeded) writeCall(p, calls, place, map);
      ++calls;
    } else if (ctrl_yield_isa(op)) {
      for (intptr_t k = 0; k < n; ++k)
        dlcMap(map, mlirOperationGetResult(mlirOperationGetParentOperation(op), k),
               dlcMapped(map, mlirOperationGetOperand(op, k)));
    } else if (func_return_isa(op)) {
      for (intptr_t k = 0; k < n; ++k) results[k] = asTensor(p, dlcMapped(map, mlirOperationGetOperand(op, k)));
    } else if (isNeeded && !ctrl_branch_isa(op) && !dlcFlatIsShared(t->paths->f, m, dlcResult(op, 0))) {
      writeOp(p, op, map);
    }
  }
  dlcMappingDestroy(map);
}

//===--- many calls -------------------------------------------------------------------------------===//
// The multiply-adds of an op with a matrix, or more, from outside of the loop.
static int64_t workOf(MlirOperation op, MlirOperation loop) {
  bool isReduction[DLC_MAX_NUMBERS], reduces = false, hasWeights = false;
  int64_t ranges[DLC_MAX_NUMBERS], work = 1;
  intptr_t n = dlcIsLinalgOp(op) ? dlcIteratorTypes(op, isReduction, DLC_MAX_NUMBERS) : 0;
  if (n < 1 || n > DLC_MAX_NUMBERS || !dlcStaticLoopRanges(op, ranges, DLC_MAX_NUMBERS)) return 0;
  for (intptr_t i = 0; i < n; ++i)
    if (reduces |= isReduction[i], __builtin_mul_overflow(work, ranges[i], &work)) return INT64_MAX;
  for (intptr_t k = 0; k + mlirOperationGetNumResults(op) < mlirOperationGetNumOperands(op); ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    hasWeights |=
        !dlcIsMadeInside(v, loop) && mlirTypeIsARankedTensor(typeOf(v)) && mlirShapedTypeGetRank(typeOf(v)) >= 2;
  }
  return reduces && hasWeights ? work : 0;
}

static bool refuse(DlcCallBatchFacts *facts, MlirOperation op, const char *why) {
  if (facts && !facts->refusal) facts->refusal = why, facts->refusedAt = mlirOperationGetLocation(op);
  return false;
}

// Whether all ops are done for all calls at once.
static bool isBatch(const DlcBatch *batch, const MlirValue *results, intptr_t n, DlcCallBatchFacts *facts) {
  const DlcRecurrences *r = batch->recurrences;
  int64_t work = 0;
  for (intptr_t i = 0; i < r->nOps; ++i) {
    if (batch->kind[i] == DLC_IN_TURN) return refuse(facts, r->ops[i], "this cannot be done for many calls at once");
    if (__builtin_add_overflow(work, workOf(r->ops[i], batch->loop), &work)) work = INT64_MAX;
  }
  if (facts && work > facts->work) facts->work = work;
  for (intptr_t i = 0; i < n; ++i) {
    intptr_t made = dlcRecurrencesFind(r, results[i]);
    if (made < 0 || batch->kind[made] != DLC_BATCHED) return false;
  }
  return true;
}

static MlirValue putRows(DlcBatch *batch, MlirValue rows, MlirValue part) {
  DlcNumbers offsets = {0}, sizes = {0};
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(typeOf(rows)); ++d) {
    dlcNumbersAdd(&offsets, d ? dlcKnown(0) : dlcDynamic(batch->start));
    dlcNumbersAdd(&sizes, d ? dlcKnown(mlirShapedTypeGetDimSize(typeOf(rows), d)) : batch->count);
  }
  return dlcInsertAt(batch->b, part, rows, &offsets, &sizes);
}

// The calls from `start` on, `count` of them, at the insertion point. facts: only asks whether it can be done, and
// leaves the loop over single calls.
static bool writeBatch(DlcCallTable *t, intptr_t path, MlirValue start, DlcNumber count, MlirValue *values,
                       DlcCallBatchFacts *facts) {
  DlcBuilder *b = t->b;
  const DlcMember *m = &t->paths->f->members[t->paths->paths[path].member];
  MlirValue results[MOST_RESULTS];
  DlcRecurrences r = {0};
  DlcBatch batch = {.b = b, .recurrences = &r, .start = start, .count = count};
  batch.loop = ctrl_loop(b, (DlcValues){0}, .bound = dlcNumberValue(b, count));
  Path p = {t, &t->paths->paths[path], batch.loop, values};
  if (!batch.loop.ptr) return false;
  MlirBlock body = dlcAddBlock(b, ctrl_loop_body(batch.loop), types(indexType(b)));
  dlcAtEnd(b, body) {
    writePath(&p, argOf(body, 0), results);
    ctrl_next(b, (DlcValues){0});
  }
  bool ok = !b->failed && dlcRecurrencesOf(batch.loop, true, &r);
  if (ok) {
    batch.kind = calloc((size_t)r.nOps + 1, sizeof *batch.kind), batch.batched = dlcMappingCreate();
    dlcBatchClassify(&batch);
    ok = isBatch(&batch, results, m->nResults, facts);
    for (intptr_t i = 0; ok && !facts && i < r.nOps; ++i)
      if (batch.kind[i] == DLC_BATCHED) dlcBatchWrite(&batch, i);
    for (intptr_t i = 0; ok && !facts && i < m->nResults; ++i)
      values[m->results[i]] = putRows(&batch, values[m->results[i]], dlcMapped(batch.batched, results[i]));
    dlcBatchDestroy(&batch);
    dlcMappingDestroy(batch.batched), free(batch.kind);
  }
  dlcRecurrencesDestroy(&r);
  if (!facts) mlirRewriterBaseEraseOp(b->rewriter, batch.loop);
  return ok;
}

//===--- whether ----------------------------------------------------------------------------------===//
void dlcEraseBetween(DlcBuilder *b, MlirOperation first, MlirOperation end) {
  for (MlirOperation op = dlcPreviousInBlock(end), before; op.ptr && !mlirOperationEqual(op, first); op = before) {
    before = dlcPreviousInBlock(op);
    mlirRewriterBaseEraseOp(b->rewriter, op);
  }
}

bool dlcCallBatchesFit(DlcCallTable *t, MlirOperation before, DlcCallBatchFacts *facts) {
  DlcBuilder *b = t->b;
  const DlcFlat *f = t->paths->f;
  MlirOperation first = dlcPreviousInBlock(before);
  MlirValue values[MOST_RESULTS];
  bool ok = f->results.n <= MOST_RESULTS;
  for (intptr_t i = 0; i < f->nMembers; ++i) ok &= f->members[i].nResults <= MOST_RESULTS;
  if (!ok) return refuse(facts, before, "this has too many results");
  for (intptr_t i = 0; i < f->results.n; ++i) values[i] = emptyOf(b, dlcRowsType(f->results.types[i], t->capacity));
  for (intptr_t k = 0; k < t->paths->mostCalls; ++k) t->child[k] = emptyOf(b, dlcRowsType(indexType(b), t->capacity));
  for (intptr_t i = 0; i < f->arguments.n; ++i)
    t->argument[i] = emptyOf(b, dlcRowsType(f->arguments.types[i], t->capacity));
  MlirValue zero = constIndex(b, 0);
  for (intptr_t i = 0; i < t->paths->nPaths && ok; ++i)
    ok = writeBatch(t, i, zero, dlcDynamic(constIndex(b, 1)), values, facts);
  if (!ok) refuse(facts, before, "a result of this is not made for many calls at once");
  dlcEraseBetween(b, first, before);
  return ok && !b->failed;
}

//===--- all of them --------------------------------------------------------------------------------===//
typedef struct {
  DlcCallTable *t;
  int64_t block;
  intptr_t n; // of values
} All;

// A loop that carries the values; its body is the block, its arguments are put into values.
static MlirOperation beginLoop(DlcBuilder *b, MlirValue bound, intptr_t n, MlirValue *values, MlirBlock *body) {
  MlirOperation loop = ctrl_loop(b, valsN(n, values), .bound = bound);
  *body = loop.ptr ? dlcAddBlock(b, ctrl_loop_body(loop), types(indexType(b))) : (MlirBlock){0};
  for (intptr_t i = 0; i < n && loop.ptr; ++i) values[i] = mlirBlockAddArgument(*body, typeOf(values[i]), b->loc);
  return loop;
}

// The calls of a bin, in blocks.
static void writeBin(const All *a, intptr_t path, MlirValue start, MlirValue end, MlirValue *values) {
  DlcBuilder *b = a->t->b;
  MlirBlock body;
  MlirValue size = constIndex(b, a->block), n = arith_subi(b, end, start);
  MlirOperation loop = beginLoop(b, arith_ceildivsi(b, n, size), a->n, values, &body);
  if (loop.ptr) dlcAtEnd(b, body) {
      MlirValue done = arith_muli(b, argOf(body, 0), size);
      DlcNumber count = dlcLimit(b, dlcDynamic(n), dlcDynamic(done), -1, 0, false, dlcKnown(a->block));
      if (!writeBatch(a->t, path, arith_addi(b, start, done), count, values, NULL)) b->failed = true;
      ctrl_next(b, valsN(a->n, values));
    }
  for (intptr_t i = 0; i < a->n; ++i) values[i] = dlcResult(loop, i);
}

static void writePaths(const All *a, MlirValue path, MlirValue start, MlirValue end, MlirValue *values) {
  DlcBuilder *b = a->t->b;
  intptr_t n = a->t->paths->nPaths;
  if (n == 1) return writeBin(a, 0, start, end, values);
  int64_t cases[DLC_MOST_PATHS];
  for (intptr_t i = 0; i < n; ++i) cases[i] = i;
  MlirOperation branch = ctrl_branch(b, path, (DlcI64s){cases, n - 1}, typesOf(valsN(a->n, values)), .arms = {NULL, n});
  for (intptr_t i = 0; branch.ptr && i < n; ++i) {
    MlirValue inner[MOST_RESULTS];
    memcpy(inner, values, (size_t)a->n * sizeof *inner);
    dlcAtEnd(b, dlcAddBlock(b, dlcRegion(branch, i), (DlcTypes){0})) {
      writeBin(a, i, start, end, inner);
      ctrl_yield(b, valsN(a->n, inner));
    }
  }
  for (intptr_t i = 0; i < a->n; ++i) values[i] = dlcResult(branch, i);
}

void dlcCallBatchesWrite(DlcCallTable *t, int64_t block, MlirValue *values) {
  DlcBuilder *b = t->b;
  const DlcFlat *f = t->paths->f;
  All a = {t, block, f->results.n};
  MlirBlock body;
  for (intptr_t i = 0; i < a.n; ++i) values[i] = emptyOf(b, dlcRowsType(f->results.types[i], t->capacity));
  MlirOperation loop = beginLoop(b, t->bins, a.n, values, &body);
  if (loop.ptr) dlcAtEnd(b, body) {
      MlirValue bin = argOf(body, 0), start = tensor_extract(b, t->first, vals(bin));
      MlirValue end = tensor_extract(b, t->first, vals(arith_addi(b, bin, constIndex(b, 1))));
      writePaths(&a, arith_remui(b, bin, constIndex(b, t->paths->nPaths)), start, end, values);
      ctrl_next(b, valsN(a.n, values));
    }
  for (intptr_t i = 0; i < a.n; ++i) values[i] = dlcResult(loop, i);
}

MlirValue dlcCallResult(DlcCallTable *t, const MlirValue *values, MlirValue number, intptr_t i) {
  DlcBuilder *b = t->b;
  const DlcFlat *f = t->paths->f;
  const DlcMember *entry = &f->members[f->entry];
  MlirValue rows = values[entry->results[i]], place = tensor_extract(b, t->place, vals(number));
  MlirType type = f->results.types[entry->results[i]];
  if (!mlirTypeIsARankedTensor(type)) return tensor_extract(b, rows, vals(place));
  DlcNumbers offsets = {0}, sizes = {0};
  for (intptr_t d = 0; d <= mlirShapedTypeGetRank(type); ++d) {
    dlcNumbersAdd(&offsets, d ? dlcKnown(0) : dlcDynamic(place));
    dlcNumbersAdd(&sizes, dlcKnown(d ? mlirShapedTypeGetDimSize(type, d - 1) : 1));
  }
  return dlcSliceAs(b, rows, &offsets, &sizes, type);
}
