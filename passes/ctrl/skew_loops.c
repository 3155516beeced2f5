// ctrl-skew-loops: a wavefront over the stages of a loop's body.
//
//   ctrl.loop %t to %n carry(%h = .., %g = ..) {
//     %h1 = cell(x[%t], %h, U)
//     %g1 = cell(%h1, %g, V)
//     ctrl.next %h1, %g1 }
// becomes
//   %W = [V, U]                                                  // one constant
//   ctrl.loop %w to %n + 1 carry(%S = [%g, %h], %I = [.., ..]) {  // wave %w: stage k runs its iteration %w - k
//     %I1 = put x[%w] into %I                                    // if %w < %n
//     %s, %i, %v = the parts of %S, %I, %W of the stages that run
//     %r = cell(%i, %s, %v)                                      // for all of them as one
//     ctrl.next (put %r into %S), (put %r into %I1, a stage further) }
//
// Loop skewing (Lamport, "The parallel execution of DO loops", CACM 1974; Wolfe, "Loop skewing: the wavefront method
// revisited", IJPP 1986), with the stages, found by their likeness (passes/ctrl/stages.h), as the inner loop. n
// iterations of s stages take n + s - 1 steps in place of n * s, each of up to s times the work. A stage depends on
// itself an iteration earlier and on the stage before it in the same iteration, which both ran in the wave before: that
// nothing else is read is what the search for stages shows.
//
// Stages that are loops of their own are one loop first (passes/ctrl/join_loops.h), if a wavefront comes of it.
//
// What is of no stage runs in branches, for the iteration of the stage it reads, or for that of stage 0 (skew_rest.c).
//
// Left alone: loops with a flag or with effects; stages with loops, branches or numbers that they carry, or whose sizes
// differ; bodies in which something reads of two stages. When it pays: skew_cost.h.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/ctrl/join_loops.h"
#include "passes/ctrl/skew.h"
#include "passes/ctrl/skew_cost.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/ctrl.h"

typedef struct {
  const DlcCtrlSkewLoopsOptions *options;
  const DlcDevice *device; // null: it is not asked
  intptr_t skewed, stages, joined, slower;
} Counts;

static MlirValue ofPattern(const DlcSkew *s, const DlcStageRows *rows, intptr_t i) {
  return dlcStageValue(&s->stages, rows, i, s->pattern);
}

//===--- whether ------------------------------------------------------------------------------===//
static bool isCounted(MlirOperation op) {
  if (!ctrl_loop_isa(op) || !isNull(ctrl_loop_go(op)) || isNull(ctrl_loop_bound(op)) || ctrl_loop_at(op).has ||
      ctrl_loop_init_args(op).n >= DLC_SKEW_CARRIED)
    return false;
  dlcForEachOp(each, bodyOf(ctrl_loop_body(op)))
    if (!ctrl_next_isa(each) && !dlcIsEffectFree(each)) return false;
  return true;
}

// Stacks hold what is of one size for all stages.
static bool areSized(const DlcSkew *s) {
  const DlcStages *t = &s->stages;
  DlcValues inits = ctrl_loop_init_args(s->batch.loop);
  bool ok = true;
  for (intptr_t i = 0; i < t->carries.n; ++i)
    for (intptr_t k = 0; k < t->n && ok; ++k)
      ok = dlcBatchAreAlike(&s->batch, ofPattern(s, &t->carries, i),
                            at(inits, mlirBlockArgumentGetArgNumber(dlcStageValue(t, &t->carries, i, k)) - 1));
  for (intptr_t i = 0; i < t->inputs.n; ++i)
    for (intptr_t k = 0; k < t->n && ok; ++k)
      ok = dlcBatchAreAlike(&s->batch, ofPattern(s, &t->inputs, i), dlcStageValue(t, &t->inputs, i, k));
  for (intptr_t i = 0; i < t->outside.n; ++i)
    for (intptr_t k = 0; k < t->n && ok; ++k)
      ok = dlcBatchAreAlike(&s->batch, ofPattern(s, &t->outside, i), dlcStageValue(t, &t->outside, i, k));
  return ok;
}

// The ops that a wave runs as one, in the order of the body.
static intptr_t opsOfWave(const DlcSkew *s, intptr_t *which) {
  const DlcRecurrences *r = &s->recurrences;
  intptr_t n = 0;
  for (intptr_t i = 0; i < r->nOps; ++i) {
    bool isOfStage = dlcStageOf(&s->stages, r->ops[i]) == s->pattern, isCommon = false;
    for (intptr_t k = 0; k < mlirOperationGetNumResults(r->ops[i]); ++k)
      isCommon |= dlcValueListFind(&s->stages.common, mlirOperationGetResult(r->ops[i], k)) >= 0;
    if (isOfStage || isCommon) which[n++] = i;
  }
  return n;
}

// Whether each value that the pattern reads stands for one stack, or for itself: where a stage reads twice what others
// read of two, it is none.
static bool isPattern(DlcSkew *s) {
  const DlcStages *t = &s->stages;
  const DlcStageRows *rows[] = {&t->carries, &t->inputs, &t->outside};
  intptr_t n = 0;
  bool ok = true;
  s->given.n = 0;
  for (int list = 0; list < 3; n += rows[list++]->n)
    for (intptr_t i = 0; i < rows[list]->n; ++i) dlcValueListAdd(&s->given, ofPattern(s, rows[list], i));
  DlcValueList itself = {0};
  for (intptr_t i = 0; i < t->fixed.n; ++i) dlcValueListAdd(&itself, t->fixed.data[i]);
  for (intptr_t i = 0; i < t->common.n; ++i) {
    dlcValueListAdd(&itself, t->common.data[i]);
    dlcCaptures(opOf(t->common.data[i]), &itself);
  }
  for (intptr_t i = 0; i < s->given.n && ok; ++i) ok = dlcValueListFind(&itself, s->given.data[i]) < 0;
  dlcValueListDestroy(&itself);
  return ok && s->given.n == n;
}

static bool canSkew(DlcSkew *s) {
  const DlcStages *t = &s->stages;
  for (s->pattern = t->n - 1; s->pattern >= 0 && !isPattern(s);) --s->pattern;
  if (s->pattern < 0) return false;
  s->batch.given = &s->given;
  intptr_t *which = malloc((size_t)(s->recurrences.nOps + 1) * sizeof *which), n = opsOfWave(s, which);
  bool ok = dlcBatchClassifyThese(&s->batch, n, which) && areSized(s) && dlcSkewPlanRest(s);
  for (intptr_t i = 0; i < t->outputs.n && ok; ++i) ok = dlcBatchHasFixedSizes(&s->batch, ofPattern(s, &t->outputs, i));
  for (intptr_t i = 0; i < t->roots.n + t->outputs.n && ok; ++i) { // must be tensors of the wave
    MlirValue v = i < t->roots.n ? ofPattern(s, &t->roots, i) : ofPattern(s, &t->outputs, i - t->roots.n);
    ok = s->batch.kind[dlcRecurrencesFind(&s->recurrences, v)] == DLC_BATCHED;
  }
  free(which);
  return ok;
}

//===--- stacks ---------------------------------------------------------------------------------===//
static void allocateStacks(DlcSkew *s) {
  const DlcStages *t = &s->stages;
  s->nInputs = t->inputs.n, s->nStates = t->carries.n, s->nWeights = t->outside.n;
  s->inputs = calloc((size_t)s->nInputs + 1, sizeof *s->inputs);
  s->states = calloc((size_t)s->nStates + 1, sizeof *s->states);
  s->weights = calloc((size_t)s->nWeights + 1, sizeof *s->weights);
  s->shared = calloc((size_t)s->nStates + 1, sizeof *s->shared);
  bool *taken = calloc((size_t)s->nInputs + 1, sizeof *taken);
  for (intptr_t p = 0; p < s->nStates; ++p) {
    s->shared[p] = -1;
    for (intptr_t i = 0; i < s->nInputs && s->shared[p] < 0; ++i)
      if (!taken[i] && mlirValueEqual(ofPattern(s, &t->outputs, i), ofPattern(s, &t->roots, p)))
        s->shared[p] = i, taken[i] = true;
  }
  free(taken);
}

// The stacks that the loop carries, in one order.
static intptr_t stacksOf(DlcSkew *s, MlirValue **places) {
  intptr_t n = 0;
  for (intptr_t p = 0; p < s->nStates; ++p)
    if (s->shared[p] < 0) places[n++] = &s->states[p];
  for (intptr_t i = 0; i < s->nInputs; ++i) places[n++] = &s->inputs[i];
  return n;
}

// All that it carries.
static intptr_t carriedOf(DlcSkew *s, MlirValue **places) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < ctrl_loop_init_args(s->batch.loop).n; ++i)
    if (!isNull(s->carry[i])) places[n++] = &s->carry[i];
  return n + stacksOf(s, places + n);
}

//===--- a wave ---------------------------------------------------------------------------------===//
// The least of the bound, and of two that follow from the number of stages: all known to be at most that number.
static MlirValue countOf(DlcSkew *s) {
  DlcBuilder *b = s->batch.b;
  int64_t stages = s->stages.n;
  MlirAffineExpr n = mlirAffineDimExprGet(b->ctx, 0), wave = mlirAffineDimExprGet(b->ctx, 1);
  MlirAffineExpr left = mlirAffineAddExprGet(n, mlirAffineMulExprGet(wave, mlirAffineConstantExprGet(b->ctx, -1)));
  MlirAffineExpr limits[] = {mlirAffineConstantExprGet(b->ctx, stages), n,
                             mlirAffineAddExprGet(wave, mlirAffineConstantExprGet(b->ctx, 1)),
                             mlirAffineAddExprGet(left, mlirAffineConstantExprGet(b->ctx, stages - 1))};
  return affine_min(b, mlirAffineMapGet(b->ctx, 2, 0, 4, limits), vals(ctrl_loop_bound(s->batch.loop), s->wave));
}

static void mapGiven(DlcSkew *s) {
  const DlcStages *t = &s->stages;
  for (intptr_t i = 0; i < s->nInputs; ++i)
    dlcMap(s->batch.batched, ofPattern(s, &t->inputs, i), dlcSkewSlice(s, s->inputs[i], 1));
  for (intptr_t p = 0; p < s->nStates; ++p) {
    MlirValue stack = s->shared[p] >= 0 ? s->inputs[s->shared[p]] : s->states[p];
    dlcMap(s->batch.batched, ofPattern(s, &t->carries, p), dlcSkewSlice(s, stack, 0));
  }
  for (intptr_t i = 0; i < s->nWeights; ++i)
    dlcMap(s->batch.batched, ofPattern(s, &t->outside, i), dlcSkewSlice(s, s->weights[i], 0));
}

static void writeStages(DlcSkew *s) {
  const DlcStages *t = &s->stages;
  mapGiven(s);
  for (intptr_t i = 0; i < s->recurrences.nOps && !s->batch.b->failed; ++i)
    if (s->batch.kind[i] == DLC_BATCHED) dlcBatchWrite(&s->batch, i);
  for (intptr_t p = 0; p < s->nStates && !s->batch.b->failed; ++p)
    if (s->shared[p] < 0)
      s->states[p] = dlcSkewInsert(s, dlcMapped(s->batch.batched, ofPattern(s, &t->roots, p)), s->states[p], 0);
  for (intptr_t i = 0; i < s->nInputs && !s->batch.b->failed; ++i)
    s->inputs[i] = dlcSkewInsert(s, dlcMapped(s->batch.batched, ofPattern(s, &t->outputs, i)), s->inputs[i], 0);
}

static void writeWave(DlcSkew *s, MlirBlock body, MlirValue **places, intptr_t n) {
  DlcBuilder *b = s->batch.b;
  int64_t last = s->stages.n - 1;
  MlirValue now[2 * DLC_SKEW_CARRIED];
  s->wave = argOf(body, 0);
  for (intptr_t i = 0; i < n; ++i) *places[i] = argOf(body, i + 1);
  DlcNumber start = dlcLimit(b, dlcDynamic(s->wave), dlcKnown(0), 1, -last, true, dlcKnown(0));
  s->batch.start = start.value, s->batch.count = dlcDynamic(countOf(s));
  s->offset = dlcSum(b, start, dlcDynamic(s->wave), -1, last).value;
  if (dlcSkewHasRest(s, DLC_SKEW_BEFORE)) dlcSkewWriteRest(s, DLC_SKEW_BEFORE);
  writeStages(s);
  for (intptr_t k = 0; k < s->stages.n && !b->failed; ++k)
    if (dlcSkewHasRest(s, k)) dlcSkewWriteRest(s, k);
  for (intptr_t i = 0; i < n; ++i) now[i] = *places[i];
  ctrl_next(b, valsN(n, now));
}

// None where the loop does not run.
static MlirValue wavesOf(DlcSkew *s) {
  DlcBuilder *b = s->batch.b;
  MlirValue bound = ctrl_loop_bound(s->batch.loop), none = constIndex(b, 0);
  int64_t known;
  if (dlcConstantIndex(bound, &known)) return constIndex(b, known > 0 ? known + s->stages.n - 1 : 0);
  return arith_select(b, arith_cmpi(b, arith_CmpIPredicate_sgt, bound, none),
                      arith_addi(b, bound, constIndex(b, s->stages.n - 1)), none);
}

static void writeLoop(DlcSkew *s) {
  DlcBuilder *b = s->batch.b;
  MlirValue *places[2 * DLC_SKEW_CARRIED], inits[2 * DLC_SKEW_CARRIED];
  MlirType arguments[2 * DLC_SKEW_CARRIED + 1] = {indexType(b)};
  dlcSkewMakeStacks(s);
  if (b->failed) return;
  intptr_t n = carriedOf(s, places);
  for (intptr_t i = 0; i < n; ++i) inits[i] = *places[i], arguments[i + 1] = typeOf(inits[i]);
  MlirOperation loop = ctrl_loop(b, valsN(n, inits), .bound = wavesOf(s));
  MlirBlock body = dlcAddBlock(b, ctrl_loop_body(loop), typesN(n + 1, arguments));
  dlcAtEnd(b, body) writeWave(s, body, places, n);
  for (intptr_t i = 0; i < n; ++i) *places[i] = dlcResult(loop, i);
}

static void replace(DlcSkew *s) {
  const DlcStages *t = &s->stages;
  MlirOperation loop = s->batch.loop;
  MlirValue results[DLC_SKEW_CARRIED];
  for (intptr_t i = 0; i < mlirOperationGetNumResults(loop); ++i) results[i] = s->carry[i];
  for (intptr_t p = 0; p < s->nStates && !s->batch.b->failed; ++p)
    for (intptr_t k = 0; k < t->n; ++k) {
      intptr_t i = mlirBlockArgumentGetArgNumber(dlcStageValue(t, &t->carries, p, k)) - 1;
      MlirValue stack = s->shared[p] >= 0 ? s->inputs[s->shared[p]] : s->states[p];
      results[i] = dlcSkewSlot(s, stack, t->n - 1 - k, typeOf(dlcResult(loop, i)));
    }
  dlcBatchDestroy(&s->batch);
  if (!s->batch.b->failed)
    mlirRewriterBaseReplaceOpWithValues(s->batch.b->rewriter, loop, mlirOperationGetNumResults(loop), results);
}

static void setCarries(DlcSkew *s) {
  DlcValues inits = ctrl_loop_init_args(s->batch.loop);
  for (intptr_t i = 0; i < inits.n; ++i) s->carry[i] = at(inits, i);
  for (intptr_t p = 0; p < s->nStates; ++p)
    for (intptr_t k = 0; k < s->stages.n; ++k)
      s->carry[mlirBlockArgumentGetArgNumber(dlcStageValue(&s->stages, &s->stages.carries, p, k)) - 1] = (MlirValue){0};
}

static bool pays(const DlcSkew *s, Counts *counts) {
  if (!counts->device) return true;
  bool ok = dlcSkewPays(s, counts->device, counts->options->assumeSize);
  counts->slower += !ok;
  return ok;
}

//===--- all of it ------------------------------------------------------------------------------===//
static DlcSkew *createSkew(DlcBuilder *b, MlirOperation loop) {
  DlcSkew *s = calloc(1, sizeof *s);
  s->batch.b = b, s->batch.loop = loop, s->batch.recurrences = &s->recurrences, s->batch.batched = dlcMappingCreate();
  return s;
}

static void destroySkew(DlcSkew *s) {
  dlcBatchDestroy(&s->batch);
  dlcStagesDestroy(&s->stages);
  dlcRecurrencesDestroy(&s->recurrences);
  dlcMappingDestroy(s->batch.batched);
  dlcValueListDestroy(&s->given);
  free(s->when), free(s->batch.kind), free(s->inputs), free(s->states), free(s->weights), free(s->shared);
  free(s);
}

static bool plan(DlcSkew *s, Counts *counts) {
  if (!dlcRecurrencesOf(s->batch.loop, false, &s->recurrences)) return false;
  size_t n = (size_t)s->recurrences.nOps + 1;
  s->when = calloc(n, sizeof *s->when), s->batch.kind = calloc(n, sizeof *s->batch.kind);
  return dlcStagesOf(s->batch.loop, &s->recurrences, &s->stages) && canSkew(s) && pays(s, counts);
}

static void write(DlcSkew *s, Counts *counts) {
  allocateStacks(s);
  setCarries(s);
  counts->stages += s->stages.n, ++counts->skewed;
  writeLoop(s);
  replace(s);
}

static bool skew(DlcBuilder *b, MlirOperation loop, Counts *counts) {
  DlcSkew *s = createSkew(b, loop);
  bool ok = plan(s, counts);
  if (ok) write(s, counts);
  destroySkew(s);
  return ok;
}

// Of several loops, of which those that are gone are left out of `loops`.
static bool skewJoined(DlcBuilder *b, DlcOps *loops, intptr_t first, Counts *counts) {
  DlcJoinedLoops joined;
  if (!dlcJoinLoops(b, loops->data[first], isCounted, &joined)) return false;
  DlcSkew *s = createSkew(b, joined.loop);
  bool ok = plan(s, counts);
  if (ok) {
    for (intptr_t q = 0; q < joined.n; ++q)
      for (intptr_t i = 0; i < loops->n; ++i)
        if (mlirOperationEqual(loops->data[i], joined.loops[q])) loops->data[i] = (MlirOperation){0};
    counts->joined += joined.n;
    dlcTakeJoined(b, &joined);
    mlirRewriterBaseSetInsertionPointBefore(b->rewriter, joined.loop);
    write(s, counts);
  }
  destroySkew(s);
  if (!ok) dlcDropJoined(b, &joined);
  return ok;
}

static bool isText(MlirStringRef text, const char *s) { return mlirStringRefEqual(text, dlcText(s)); }

MlirLogicalResult dlcRunCtrlSkewLoops(MlirOperation root, DlcPass *pass, const DlcCtrlSkewLoopsOptions *options) {
  bool asks = isText(options->when, "auto");
  DlcDevice device;
  if (isText(options->when, "off")) return mlirLogicalResultSuccess();
  if ((!asks && !isText(options->when, "on")) || options->assumeSize < 1) {
    dlcErrorAt(mlirOperationGetLocation(root), "ctrl-skew-loops: when is auto, on or off, and assume-size is positive");
    return mlirLogicalResultFailure();
  }
  if (asks && mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  DlcOps loops = dlcCollect(root, isCounted);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  Counts counts = {.options = options, .device = asks ? &device : NULL};
  for (intptr_t i = 0; i < loops.n && mlirLogicalResultIsSuccess(result); ++i) {
    if (!loops.data[i].ptr) continue;
    DlcBuilder b = dlcBuilderAt(rewriter, loops.data[i]);
    if (!skewJoined(&b, &loops, i, &counts) && !b.failed) {
      mlirRewriterBaseSetInsertionPointBefore(rewriter, loops.data[i]);
      skew(&b, loops.data[i], &counts);
    }
    result = dlcStatus(&b);
  }
  mlirIRRewriterDestroy(rewriter);
  free(loops.data);
  dlcPassCount(pass, DlcCtrlSkewLoops_skewed, (uint64_t)counts.skewed);
  dlcPassCount(pass, DlcCtrlSkewLoops_stages, (uint64_t)counts.stages);
  dlcPassCount(pass, DlcCtrlSkewLoops_joined, (uint64_t)counts.joined);
  dlcPassCount(pass, DlcCtrlSkewLoops_slower, (uint64_t)counts.slower);
  return result;
}
