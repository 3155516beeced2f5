// ctrl-distribute-loops: the recurrences of a loop one after the other, and the rest at once.
//
//   ctrl.loop %t to %n carry(%h = .., %g = ..) {
//     %a = f(x[%t] * W)                             // in no recurrence
//     %h1 = cell(%a, %h * U)  %g1 = cell(%h1 * V, %g * Z)
//     ctrl.next %h1, %g1 }
// becomes
//   ctrl.loop %c to ceildiv(%n, 32) carry(%h = .., %g = ..) {
//     %A = f(x[32 * %c ..] * W)                     // of up to 32 iterations
//     %h1, %H = ctrl.loop carry(%h, %H) { .. cell(%A[%k], %h * U), put into %H[%k] .. }
//     %B = %H * V
//     %g1 = ctrl.loop carry(%g) { .. cell(%B[%k], %g * Z) .. }
//     ctrl.next %h1, %g1 }
//
// Loop distribution over the strongly connected components of the body (Kennedy and McKinley, Supercomputing '90), with
// strip mining, which bounds what is kept between the loops. Products of one row become products of many; each
// recurrence runs over its own weights while they are in the cache.
//
// Left alone: loops with a flag, with effects (assertions), or that carry something of sizes that change; bodies with
// nothing to gain. The order
// of what is computed within an iteration's value does not change.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/ctrl/batch_iterations.h"
#include "ods/arith.h"
#include "ods/ctrl.h"

enum { FEWEST = 4, MOST_CARRIED = 256 };

typedef struct {
  const DlcCtrlDistributeLoopsOptions *options;
  intptr_t distributed, recurrences, batched;
} Counts;

typedef struct {
  DlcBatch batch;
  DlcRecurrences recurrences;
  MlirValue carry[MOST_CARRIED]; // now
  Counts *counts;
} Split;

static DlcValues nextValues(MlirOperation loop) {
  return ctrl_next_values(mlirBlockGetTerminator(bodyOf(ctrl_loop_body(loop))));
}

//===--- whether ------------------------------------------------------------------------------===//
// Another group reads it.
static bool crosses(const DlcRecurrences *r, MlirValue v) {
  intptr_t own = r->group[dlcRecurrencesFind(r, v)];
  dlcForEachUse(use, v) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    intptr_t i = -1;
    for (; user.ptr && i < 0; user = mlirOperationGetParentOperation(user)) i = dlcPointerMapGet(&r->index, user.ptr);
    if (i >= 0 && r->group[i] != own) return true;
  }
  return false;
}

static bool contractsWithOutside(const DlcBatch *batch, MlirOperation op) {
  bool reduces = dlcIsLinalgOp(op) && dlcReduces(op);
  for (intptr_t k = 0; k + mlirOperationGetNumResults(op) < mlirOperationGetNumOperands(op) && reduces; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    if (!dlcIsMadeInside(v, batch->loop) && mlirTypeIsARankedTensor(typeOf(v)) && mlirShapedTypeGetRank(typeOf(v)) >= 2)
      return true;
  }
  return false;
}

// What is kept of an iteration must be tensors of fixed sizes. *bytes: as far as it is known.
static bool canKeep(const Split *s, int64_t *bytes) {
  const DlcRecurrences *r = &s->recurrences;
  *bytes = 0;
  for (intptr_t i = 0; i < r->nOps; ++i) {
    if (s->batch.kind[i] == DLC_REPEATED) continue;
    for (intptr_t k = 0; k < mlirOperationGetNumResults(r->ops[i]); ++k) {
      MlirValue v = mlirOperationGetResult(r->ops[i], k);
      bool isKept = s->batch.kind[i] == DLC_BATCHED || crosses(r, v);
      if (isKept && !dlcBatchHasFixedSizes(&s->batch, v)) return false;
      int64_t size = isKept && dlcIsStatic(typeOf(v)) ? dlcStaticBytes(typeOf(v)) : 0;
      if (size < 0 || __builtin_add_overflow(*bytes, size, bytes)) return false;
    }
  }
  return true;
}

static bool pays(const Split *s) {
  bool batches = false, recurs = false;
  for (intptr_t i = 0; i < s->recurrences.nOps; ++i) {
    recurs |= s->recurrences.recurs[s->recurrences.group[i]];
    batches |= s->batch.kind[i] == DLC_BATCHED && contractsWithOutside(&s->batch, s->recurrences.ops[i]);
  }
  return batches && recurs;
}

//===--- a recurrence -------------------------------------------------------------------------===//
typedef struct {
  intptr_t group, n;            // n: of carries
  intptr_t carry[MOST_CARRIED]; // their numbers
  DlcValueList outs;            // what other groups read
} Recurrence;

static void readRecurrence(const Split *s, intptr_t group, Recurrence *out) {
  const DlcRecurrences *r = &s->recurrences;
  *out = (Recurrence){.group = group};
  DlcValues next = nextValues(s->batch.loop);
  for (intptr_t i = 0; i < next.n; ++i)
    if (r->group[dlcRecurrencesFind(r, at(next, i))] == group) out->carry[out->n++] = i;
  for (intptr_t i = 0; i < r->nOps; ++i)
    for (intptr_t k = 0; r->group[i] == group && k < mlirOperationGetNumResults(r->ops[i]); ++k)
      if (crosses(r, mlirOperationGetResult(r->ops[i], k)))
        dlcValueListAppend(&out->outs, mlirOperationGetResult(r->ops[i], k));
}

// What op reads of other groups, and of the iteration.
static void mapReads(Split *s, MlirOperation op, intptr_t group, MlirValue step, MlirValue iteration, DlcMapping map) {
  const DlcRecurrences *r = &s->recurrences;
  MlirValue own = argOf(bodyOf(ctrl_loop_body(s->batch.loop)), 0);
  DlcValueList read = {0};
  dlcCaptures(op, &read);
  for (intptr_t i = 0; i < read.n; ++i) {
    MlirValue v = read.data[i];
    intptr_t producer = dlcRecurrencesFind(r, v);
    if (!mlirValueEqual(dlcMapped(map, v), v)) continue;
    if (mlirValueEqual(v, own))
      dlcMap(map, v, iteration);
    else if (producer >= 0 && s->batch.kind[producer] == DLC_REPEATED)
      dlcMap(map, v, dlcBatchRepeat(&s->batch, v, iteration));
    else if (producer >= 0 && r->group[producer] != group)
      dlcMap(map, v, dlcBatchSlice(&s->batch, v, step));
  }
  dlcValueListDestroy(&read);
}

static void fillLoop(Split *s, const Recurrence *recurrence, MlirBlock body) {
  DlcBuilder *b = s->batch.b;
  const DlcRecurrences *r = &s->recurrences;
  MlirBlock from = bodyOf(ctrl_loop_body(s->batch.loop));
  DlcValues next = nextValues(s->batch.loop);
  MlirValue step = argOf(body, 0), iteration = arith_addi(b, s->batch.start, step), values[2 * MOST_CARRIED];
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < recurrence->n; ++i) dlcMap(map, argOf(from, recurrence->carry[i] + 1), argOf(body, i + 1));
  for (intptr_t i = 0; i < r->nOps; ++i) {
    if (r->group[i] != recurrence->group) continue;
    mapReads(s, r->ops[i], recurrence->group, step, iteration, map);
    dlcClone(b, r->ops[i], map);
  }
  intptr_t n = 0;
  for (intptr_t i = 0; i < recurrence->n; ++i) values[n++] = dlcMapped(map, at(next, recurrence->carry[i]));
  for (intptr_t i = 0; i < recurrence->outs.n; ++i, ++n)
    values[n] = dlcBatchInsert(&s->batch, dlcMapped(map, recurrence->outs.data[i]), argOf(body, n + 1), step);
  ctrl_next(b, valsN(n, values));
  dlcMappingDestroy(map);
}

static bool writeLoop(Split *s, intptr_t group) {
  DlcBuilder *b = s->batch.b;
  Recurrence recurrence;
  readRecurrence(s, group, &recurrence);
  intptr_t n = 0;
  MlirValue inits[2 * MOST_CARRIED];
  MlirType arguments[2 * MOST_CARRIED + 1] = {indexType(b)};
  bool fits = recurrence.n + recurrence.outs.n < 2 * MOST_CARRIED;
  for (intptr_t i = 0; i < recurrence.n && fits; ++i) inits[n++] = s->carry[recurrence.carry[i]];
  for (intptr_t i = 0; i < recurrence.outs.n && fits; ++i)
    inits[n++] = dlcBatchEmpty(&s->batch, recurrence.outs.data[i]);
  if (fits && !b->failed) {
    for (intptr_t i = 0; i < n; ++i) arguments[i + 1] = typeOf(inits[i]);
    MlirOperation loop = ctrl_loop(b, valsN(n, inits), .bound = dlcNumberValue(b, s->batch.count));
    MlirBlock body = dlcAddBlock(b, ctrl_loop_body(loop), typesN(n + 1, arguments));
    dlcAtEnd(b, body) fillLoop(s, &recurrence, body);
    for (intptr_t i = 0; i < recurrence.n; ++i) s->carry[recurrence.carry[i]] = dlcResult(loop, i);
    for (intptr_t i = 0; i < recurrence.outs.n; ++i)
      dlcMap(s->batch.batched, recurrence.outs.data[i], dlcResult(loop, recurrence.n + i));
  }
  dlcValueListDestroy(&recurrence.outs);
  ++s->counts->recurrences;
  return fits;
}

//===--- all of it ------------------------------------------------------------------------------===//
// Groups in order: what they need stands before them.
static void writeGroups(Split *s) {
  const DlcRecurrences *r = &s->recurrences;
  for (intptr_t g = 0; g < r->nGroups && !s->batch.b->failed; ++g) {
    intptr_t first = 0;
    while (r->group[first] != g) ++first;
    if (s->batch.kind[first] == DLC_REPEATED) continue;
    if (s->batch.kind[first] == DLC_IN_TURN) {
      if (!writeLoop(s, g)) s->batch.b->failed = true;
      continue;
    }
    dlcBatchWrite(&s->batch, first);
    ++s->counts->batched;
  }
}

static void writeBlocks(Split *s, int64_t iterations) {
  DlcBuilder *b = s->batch.b;
  MlirOperation loop = s->batch.loop;
  MlirValue bound = ctrl_loop_bound(loop);
  DlcValues inits = ctrl_loop_init_args(loop);
  int64_t known;
  bool isKnown = dlcConstantIndex(bound, &known);
  if (isKnown && known <= iterations) {
    s->batch.start = constIndex(b, 0), s->batch.count = dlcKnown(known);
    writeGroups(s);
    return;
  }
  MlirValue size = constIndex(b, iterations);
  MlirOperation blocks = ctrl_loop(b, inits, .bound = arith_ceildivsi(b, bound, size));
  MlirType arguments[MOST_CARRIED + 1] = {indexType(b)};
  for (intptr_t i = 0; i < inits.n; ++i) arguments[i + 1] = typeOf(at(inits, i));
  MlirBlock body = dlcAddBlock(b, ctrl_loop_body(blocks), typesN(inits.n + 1, arguments));
  dlcAtEnd(b, body) {
    for (intptr_t i = 0; i < inits.n; ++i) s->carry[i] = argOf(body, i + 1);
    s->batch.start = arith_muli(b, argOf(body, 0), size);
    DlcNumber end = isKnown ? dlcKnown(known) : dlcDynamic(bound), all = dlcKnown(iterations);
    bool isEven = isKnown && known % iterations == 0;
    s->batch.count = isEven ? all : dlcLimit(b, end, dlcDynamic(s->batch.start), -1, 0, false, all);
    writeGroups(s);
    ctrl_next(b, valsN(inits.n, s->carry));
  }
  for (intptr_t i = 0; i < inits.n; ++i) s->carry[i] = dlcResult(blocks, i);
}

// What stands behind an assertion relies on it, and would no longer stand behind it.
static bool isFreeOfEffects(MlirOperation loop) {
  dlcForEachOp(op, bodyOf(ctrl_loop_body(loop)))
    if (!ctrl_next_isa(op) && !dlcIsEffectFree(op)) return false;
  return true;
}

static bool isCounted(MlirOperation op) {
  return ctrl_loop_isa(op) && isNull(ctrl_loop_go(op)) && !isNull(ctrl_loop_bound(op)) && !ctrl_loop_at(op).has &&
         ctrl_loop_init_args(op).n < MOST_CARRIED && isFreeOfEffects(op);
}

// Iterations of a block; 0: the loop stays as it is.
static int64_t blockOf(Split *s) {
  const DlcCtrlDistributeLoopsOptions *options = s->counts->options;
  int64_t bytes, iterations = options->iterations, known;
  dlcBatchClassify(&s->batch);
  if (!pays(s) || !canKeep(s, &bytes)) return 0;
  if (bytes && options->bytes / bytes < iterations) iterations = options->bytes / bytes;
  if (dlcConstantIndex(ctrl_loop_bound(s->batch.loop), &known) && known < FEWEST) return 0;
  return iterations >= FEWEST ? iterations : 0;
}

static void distribute(DlcBuilder *b, MlirOperation loop, Counts *counts) {
  Split s = {.batch = {.b = b, .loop = loop}, .counts = counts};
  if (dlcRecurrencesOf(loop, true, &s.recurrences)) {
    s.batch.recurrences = &s.recurrences, s.batch.batched = dlcMappingCreate();
    s.batch.kind = calloc((size_t)s.recurrences.nOps + 1, sizeof *s.batch.kind);
    int64_t iterations = blockOf(&s);
    if (iterations) {
      DlcValues inits = ctrl_loop_init_args(loop);
      for (intptr_t i = 0; i < inits.n; ++i) s.carry[i] = at(inits, i);
      writeBlocks(&s, iterations);
      dlcBatchDestroy(&s.batch);
      if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, loop, inits.n, s.carry);
      ++counts->distributed;
    }
    dlcBatchDestroy(&s.batch);
    free(s.batch.kind);
    dlcMappingDestroy(s.batch.batched);
  }
  dlcRecurrencesDestroy(&s.recurrences);
}

MlirLogicalResult dlcRunCtrlDistributeLoops(MlirOperation root, DlcPass *pass,
                                            const DlcCtrlDistributeLoopsOptions *options) {
  if (options->iterations < 1 || options->bytes < 0) {
    dlcErrorAt(mlirOperationGetLocation(root),
               "ctrl-distribute-loops: iterations must be positive, bytes not negative");
    return mlirLogicalResultFailure();
  }
  DlcOps loops = dlcCollect(root, isCounted);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  Counts counts = {.options = options};
  for (intptr_t i = 0; i < loops.n && mlirLogicalResultIsSuccess(result); ++i) {
    DlcBuilder b = dlcBuilderAt(rewriter, loops.data[i]);
    distribute(&b, loops.data[i], &counts);
    result = dlcStatus(&b);
  }
  mlirIRRewriterDestroy(rewriter);
  free(loops.data);
  dlcPassCount(pass, DlcCtrlDistributeLoops_distributed, (uint64_t)counts.distributed);
  dlcPassCount(pass, DlcCtrlDistributeLoops_recurrences, (uint64_t)counts.recurrences);
  dlcPassCount(pass, DlcCtrlDistributeLoops_batched, (uint64_t)counts.batched);
  return result;
}
