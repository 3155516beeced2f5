// What is of no stage, of ctrl-skew-loops: see passes/ctrl/skew.h. What stages read runs with stage 0, for iteration
// `wave`; what reads of stage k runs behind it, for iteration `wave` - k. Each is in a branch that is taken where there
// is such an iteration. What the iteration alone decides is computed wherever it is read.
#include <stdlib.h>
#include "dlc/ir.h"
#include "passes/ctrl/skew.h"
#include "ods/arith.h"
#include "ods/ctrl.h"

static intptr_t producerOfNext(const DlcSkew *s, intptr_t carry) {
  MlirOperation end = mlirBlockGetTerminator(bodyOf(ctrl_loop_body(s->batch.loop)));
  return dlcRecurrencesFind(&s->recurrences, at(ctrl_next_values(end), carry));
}

//===--- when ---------------------------------------------------------------------------------===//
enum { UNKNOWN = -4, NEVER = -5 };

static intptr_t joined(intptr_t a, intptr_t b) {
  if (a == UNKNOWN || a == b) return b;
  return b == UNKNOWN ? a : NEVER;
}

// Of what op reads of other groups.
static intptr_t whenOf(const DlcSkew *s, intptr_t i) {
  const DlcRecurrences *r = &s->recurrences;
  DlcValueList read = {0};
  intptr_t when = UNKNOWN;
  dlcCaptures(r->ops[i], &read);
  for (intptr_t k = 0; k < read.n && when != NEVER; ++k) {
    intptr_t j = dlcRecurrencesFind(r, read.data[k]);
    if (j < 0 || r->steady[j] || r->group[j] == r->group[i]) continue;
    when = joined(when, s->when[j] == DLC_SKEW_STAGE ? dlcStageOf(&s->stages, r->ops[j]) : s->when[j]);
  }
  dlcValueListDestroy(&read);
  return when;
}

bool dlcSkewPlanRest(DlcSkew *s) {
  const DlcRecurrences *r = &s->recurrences;
  for (intptr_t i = 0; i < r->nOps; ++i)
    s->when[i] = dlcStageOf(&s->stages, r->ops[i]) >= 0 ? DLC_SKEW_STAGE : r->steady[i] ? DLC_SKEW_STEADY : UNKNOWN;
  for (intptr_t i = 0; i < ctrl_loop_init_args(s->batch.loop).n; ++i) { // what is carried is made in some branch
    intptr_t *when = &s->when[producerOfNext(s, i)];
    if (*when == DLC_SKEW_STEADY) *when = DLC_SKEW_BEFORE;
  }
  for (intptr_t g = 0; g < r->nGroups; ++g) {
    intptr_t when = UNKNOWN;
    for (intptr_t i = 0; i < r->nOps; ++i)
      if (r->group[i] == g && s->when[i] == UNKNOWN) when = joined(when, whenOf(s, i));
    if (when == NEVER) return false;
    for (intptr_t i = 0; i < r->nOps; ++i)
      if (r->group[i] == g && s->when[i] == UNKNOWN) s->when[i] = when == UNKNOWN ? DLC_SKEW_BEFORE : when;
  }
  return true;
}

//===--- writing --------------------------------------------------------------------------------===//
static bool readsInside(const DlcSkew *s, intptr_t input) {
  return dlcIsMadeInside(dlcStageValue(&s->stages, &s->stages.inputs, input, 0), s->batch.loop);
}

bool dlcSkewHasRest(const DlcSkew *s, intptr_t when) {
  for (intptr_t i = 0; i < s->recurrences.nOps; ++i)
    if (s->when[i] == when) return true;
  for (intptr_t i = 0; i < s->nInputs && when == DLC_SKEW_BEFORE; ++i)
    if (readsInside(s, i)) return true;
  return false;
}

// Marks the steady ops that v needs.
static void need(const DlcSkew *s, MlirValue v, bool *needed) {
  const DlcRecurrences *r = &s->recurrences;
  intptr_t i = dlcRecurrencesFind(r, v);
  if (i < 0 || needed[i] || !r->steady[i]) return;
  needed[i] = true;
  DlcValueList read = {0};
  dlcCaptures(r->ops[i], &read);
  for (intptr_t k = 0; k < read.n; ++k) need(s, read.data[k], needed);
  dlcValueListDestroy(&read);
}

static void needAll(const DlcSkew *s, intptr_t when, bool *needed) {
  const DlcRecurrences *r = &s->recurrences;
  for (intptr_t i = 0; i < r->nOps; ++i) {
    if (s->when[i] != when) continue;
    DlcValueList read = {0};
    dlcCaptures(r->ops[i], &read);
    for (intptr_t k = 0; k < read.n; ++k) need(s, read.data[k], needed);
    dlcValueListDestroy(&read);
    needed[i] = true;
  }
  for (intptr_t i = 0; i < s->nInputs && when == DLC_SKEW_BEFORE; ++i)
    need(s, dlcStageValue(&s->stages, &s->stages.inputs, i, 0), needed);
}

// What op reads of a stage, of the iteration `step`.
static void mapStage(DlcSkew *s, MlirOperation op, MlirValue step, DlcMapping map) {
  const DlcRecurrences *r = &s->recurrences;
  DlcValueList read = {0};
  dlcCaptures(op, &read);
  for (intptr_t k = 0; k < read.n; ++k) {
    MlirValue v = read.data[k];
    intptr_t j = dlcRecurrencesFind(r, v);
    if (j < 0 || r->steady[j] || s->when[j] != DLC_SKEW_STAGE || !mlirValueEqual(dlcMapped(map, v), v)) continue;
    MlirValue like = dlcStageAlike(&s->stages, v, s->pattern), from = arith_subi(s->batch.b, step, s->batch.start);
    dlcMap(map, v, dlcBatchSlice(&s->batch, like, from));
  }
  dlcValueListDestroy(&read);
}

static void writeOps(DlcSkew *s, intptr_t when, MlirValue step, DlcMapping map) {
  const DlcRecurrences *r = &s->recurrences;
  MlirBlock body = bodyOf(ctrl_loop_body(s->batch.loop));
  bool *needed = calloc((size_t)r->nOps + 1, sizeof *needed);
  needAll(s, when, needed);
  dlcMap(map, argOf(body, 0), step);
  for (intptr_t i = 0; i < ctrl_loop_init_args(s->batch.loop).n; ++i)
    if (!isNull(s->carry[i])) dlcMap(map, argOf(body, i + 1), s->carry[i]);
  for (intptr_t i = 0; i < r->nOps; ++i) {
    if (!needed[i]) continue;
    mapStage(s, r->ops[i], step, map);
    dlcClone(s->batch.b, r->ops[i], map);
  }
  free(needed);
}

// What a branch gives: carries, and what stage 0 reads.
typedef struct {
  intptr_t n, carries[DLC_SKEW_CARRIED], inputs[DLC_SKEW_CARRIED], nCarries, nInputs;
} Given;

static Given givenAt(const DlcSkew *s, intptr_t when) {
  Given g = {0};
  for (intptr_t i = 0; i < ctrl_loop_init_args(s->batch.loop).n; ++i)
    if (!isNull(s->carry[i]) && s->when[producerOfNext(s, i)] == when) g.carries[g.nCarries++] = i;
  for (intptr_t i = 0; i < s->nInputs && when == DLC_SKEW_BEFORE; ++i)
    if (readsInside(s, i)) g.inputs[g.nInputs++] = i;
  g.n = g.nCarries + g.nInputs;
  return g;
}

static MlirValue *placeIn(DlcSkew *s, const Given *g, intptr_t i) {
  return i < g->nCarries ? &s->carry[g->carries[i]] : &s->inputs[g->inputs[i - g->nCarries]];
}

static void writeArm(DlcSkew *s, const Given *g, intptr_t when, MlirValue step) {
  DlcValues next = ctrl_next_values(mlirBlockGetTerminator(bodyOf(ctrl_loop_body(s->batch.loop))));
  MlirValue values[2 * DLC_SKEW_CARRIED];
  DlcMapping map = dlcMappingCreate();
  writeOps(s, when, step, map);
  for (intptr_t i = 0; i < g->nCarries; ++i) values[i] = dlcMapped(map, at(next, g->carries[i]));
  for (intptr_t i = 0; i < g->nInputs && !s->batch.b->failed; ++i) {
    MlirValue v = dlcStageValue(&s->stages, &s->stages.inputs, g->inputs[i], 0);
    values[g->nCarries + i] = dlcSkewPut(s, dlcMapped(map, v), s->inputs[g->inputs[i]], s->stages.n);
  }
  ctrl_yield(s->batch.b, valsN(g->n, values));
  dlcMappingDestroy(map);
}

void dlcSkewWriteRest(DlcSkew *s, intptr_t when) {
  DlcBuilder *b = s->batch.b;
  Given g = givenAt(s, when);
  if (!g.n) return;
  MlirType types[2 * DLC_SKEW_CARRIED];
  MlirValue now[2 * DLC_SKEW_CARRIED];
  for (intptr_t i = 0; i < g.n; ++i) now[i] = *placeIn(s, &g, i), types[i] = typeOf(now[i]);
  MlirValue step = when > 0 ? arith_subi(b, s->wave, constIndex(b, when)) : s->wave;
  // Unsigned: an iteration before the first one is beyond the last one.
  MlirValue is = arith_cmpi(b, arith_CmpIPredicate_ult, step, ctrl_loop_bound(s->batch.loop));
  MlirOperation branch = ctrl_branch(b, is, (DlcI64s){0}, typesN(g.n, types), .arms = {NULL, 2});
  if (mlirOperationIsNull(branch)) return;
  MlirBlock taken = dlcAddBlock(b, mlirOperationGetRegion(branch, 0), (DlcTypes){0}),
            other = dlcAddBlock(b, mlirOperationGetRegion(branch, 1), (DlcTypes){0});
  dlcAtEnd(b, taken) writeArm(s, &g, when, step);
  dlcAtEnd(b, other) ctrl_yield(b, valsN(g.n, now));
  for (intptr_t i = 0; i < g.n; ++i) *placeIn(s, &g, i) = dlcResult(branch, i);
}
