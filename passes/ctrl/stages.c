// See passes/ctrl/stages.h. From what the stages give for their carries all of them are walked through at once, from
// results to operands: ops must be alike but for the values they read, and these must be found in the same way.
#include "passes/ctrl/stages.h"
#include <stdlib.h>
#include "dlc/ir.h"
#include "ods/ctrl.h"

enum { MOST_STAGES = 64, MOST_CARRIES = 64, MOST_DEPTH = 512 };

typedef struct {
  DlcStages *s;
  const intptr_t *groups; // of the stages
  intptr_t depth;
} Match;

//===--- rows ---------------------------------------------------------------------------------===//
static void addRow(const DlcStages *s, DlcStageRows *rows, const MlirValue *values) {
  if (rows->n == rows->capacity) {
    rows->capacity = 2 * rows->capacity + 16;
    rows->data = realloc(rows->data, (size_t)(rows->capacity * s->n) * sizeof *rows->data);
  }
  for (intptr_t k = 0; k < s->n; ++k) rows->data[rows->n * s->n + k] = values[k];
  ++rows->n;
}

static void addRowOnce(const DlcStages *s, DlcStageRows *rows, const MlirValue *values) {
  for (intptr_t i = 0; i < rows->n; ++i) {
    bool same = true;
    for (intptr_t k = 0; k < s->n && same; ++k) same = mlirValueEqual(dlcStageValue(s, rows, i, k), values[k]);
    if (same) return;
  }
  addRow(s, rows, values);
}

intptr_t dlcStageOf(const DlcStages *s, MlirOperation op) {
  int64_t found = op.ptr ? dlcPointerMapGet(&s->index, op.ptr) : -1;
  return found < 0 ? -1 : (intptr_t)found % s->n;
}

MlirValue dlcStageAlike(const DlcStages *s, MlirValue v, intptr_t stage) {
  intptr_t row = (intptr_t)dlcPointerMapGet(&s->index, opOf(v).ptr) / s->n;
  return mlirOperationGetResult(opOf(dlcStageValue(s, &s->ops, row, stage)), mlirOpResultGetResultNumber(v));
}

//===--- what the iteration decides -------------------------------------------------------------===//
static void addCommon(Match *m, MlirValue v) {
  DlcStages *s = m->s;
  intptr_t i = dlcRecurrencesFind(s->recurrences, v);
  if (i < 0 || dlcValueListFind(&s->common, v) >= 0) return;
  DlcValueList read = {0};
  dlcCaptures(opOf(v), &read);
  for (intptr_t k = 0; k < read.n; ++k) addCommon(m, read.data[k]);
  dlcValueListDestroy(&read);
  dlcValueListAdd(&s->common, v);
}

//===--- ops ------------------------------------------------------------------------------------===//
static bool haveSameAttributes(MlirOperation a, MlirOperation b) {
  intptr_t n = mlirOperationGetNumAttributes(a);
  if (n != mlirOperationGetNumAttributes(b)) return false;
  for (intptr_t i = 0; i < n; ++i) {
    MlirNamedAttribute x = mlirOperationGetAttribute(a, i), y = mlirOperationGetAttribute(b, i);
    if (!mlirIdentifierEqual(x.name, y.name) || !mlirAttributeEqual(x.attribute, y.attribute)) return false;
  }
  return true;
}

// But for their operands.
static bool areAlike(MlirOperation a, MlirOperation b) {
  if (!mlirIdentifierEqual(mlirOperationGetName(a), mlirOperationGetName(b)) ||
      mlirOperationGetNumOperands(a) != mlirOperationGetNumOperands(b) ||
      mlirOperationGetNumResults(a) != mlirOperationGetNumResults(b) ||
      mlirOperationGetNumRegions(a) != mlirOperationGetNumRegions(b) || !haveSameAttributes(a, b))
    return false;
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(a); ++i)
    if (!dlcIsRegionAlike(mlirOperationGetRegion(a, i), mlirOperationGetRegion(b, i))) return false;
  return true;
}

static bool matchValues(Match *m, const MlirValue *v);

// What the regions read beside operands is the same for all stages.
static bool matchCaptures(Match *m, MlirOperation op) {
  DlcValueList read = {0};
  bool ok = true;
  dlcCaptures(op, &read);
  for (intptr_t i = 0; i < read.n && ok; ++i) {
    bool isOperand = false;
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
      isOperand |= mlirValueEqual(mlirOperationGetOperand(op, k), read.data[i]);
    MlirValue same[MOST_STAGES];
    for (intptr_t k = 0; k < m->s->n; ++k) same[k] = read.data[i];
    ok = isOperand || matchValues(m, same);
  }
  dlcValueListDestroy(&read);
  return ok;
}

static bool matchOps(Match *m, const MlirValue *v) {
  DlcStages *s = m->s;
  MlirOperation ops[MOST_STAGES];
  MlirValue firsts[MOST_STAGES], operands[MOST_STAGES];
  int64_t known = dlcPointerMapGet(&s->index, opOf(v[0]).ptr), row = known < 0 ? -1 : known / s->n;
  for (intptr_t k = 0; k < s->n; ++k) {
    ops[k] = opOf(v[k]);
    if (!ops[k].ptr || dlcRecurrencesFind(s->recurrences, v[k]) < 0) return false;
    if (mlirOpResultGetResultNumber(v[k]) != mlirOpResultGetResultNumber(v[0])) return false;
    if (dlcPointerMapGet(&s->index, ops[k].ptr) != (row < 0 ? -1 : row * s->n + k)) return false;
  }
  if (row >= 0) return true;
  for (intptr_t k = 0; k < s->n; ++k) {
    if (!areAlike(ops[0], ops[k])) return false;
    if (dlcPointerMapGet(&s->index, ops[k].ptr) >= 0) return false; // of two stages
    firsts[k] = mlirOperationGetResult(ops[k], 0);
    dlcPointerMapSet(&s->index, ops[k].ptr, s->ops.n * s->n + k);
  }
  addRow(s, &s->ops, firsts);
  bool ok = ++m->depth < MOST_DEPTH && matchCaptures(m, ops[0]);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(ops[0]) && ok; ++i) {
    for (intptr_t k = 0; k < s->n; ++k) operands[k] = mlirOperationGetOperand(ops[k], i);
    ok = matchValues(m, operands);
  }
  --m->depth;
  return ok;
}

//===--- values ---------------------------------------------------------------------------------===//
static bool isOfStage(const Match *m, MlirValue v, intptr_t stage) {
  intptr_t i = dlcRecurrencesFind(m->s->recurrences, v);
  return i >= 0 && (m->s->recurrences->group[i] == m->groups[stage] || dlcStageOf(m->s, opOf(v)) == stage);
}

static bool matchOutside(Match *m, const MlirValue *v, bool areEqual) {
  if (areEqual) dlcValueListAdd(&m->s->fixed, v[0]);
  if (areEqual) return true;
  bool isTensor = mlirTypeIsARankedTensor(typeOf(v[0]));
  if (isTensor) addRowOnce(m->s, &m->s->outside, v);
  return isTensor;
}

// The carry of a stage that has the same number among its carries.
static bool matchCarries(const Match *m, const MlirValue *v) {
  const DlcStages *s = m->s;
  for (intptr_t i = 0; i < s->carries.n; ++i) {
    bool ok = true;
    for (intptr_t k = 0; k < s->n && ok; ++k) ok = mlirValueEqual(dlcStageValue(s, &s->carries, i, k), v[k]);
    if (ok) return true;
  }
  return false;
}

static bool matchInputs(Match *m, const MlirValue *v) {
  for (intptr_t k = 1; k < m->s->n; ++k)
    if (!isOfStage(m, v[k], k - 1)) return false;
  bool isCarry = !opOf(v[0]).ptr && mlirBlockEqual(mlirBlockArgumentGetOwner(v[0]), bodyOf(ctrl_loop_body(m->s->loop)));
  if (isCarry || isOfStage(m, v[0], 0) || !mlirTypeIsARankedTensor(typeOf(v[0]))) return false;
  addRowOnce(m->s, &m->s->inputs, v);
  return true;
}

static bool matchValues(Match *m, const MlirValue *v) {
  const DlcStages *s = m->s;
  bool areEqual = true, areOutside = true;
  for (intptr_t k = 0; k < s->n; ++k) {
    if (!mlirTypeEqual(typeOf(v[k]), typeOf(v[0]))) return false;
    areEqual &= mlirValueEqual(v[k], v[0]), areOutside &= !dlcIsMadeInside(v[k], s->loop);
  }
  if (areOutside) return matchOutside(m, v, areEqual);
  if (areEqual && dlcRecurrencesAreSteady(s->recurrences, s->loop, v[0])) {
    addCommon(m, v[0]);
    return true;
  }
  if (mlirValueIsABlockArgument(v[1])) return matchCarries(m, v);
  return isOfStage(m, v[1], 0) ? matchInputs(m, v) : matchOps(m, v);
}

//===--- stages ---------------------------------------------------------------------------------===//
static bool readCarries(Match *m) {
  DlcStages *s = m->s;
  const DlcRecurrences *r = s->recurrences;
  MlirBlock body = bodyOf(ctrl_loop_body(s->loop));
  DlcValues next = ctrl_next_values(mlirBlockGetTerminator(body));
  intptr_t taken[MOST_STAGES] = {0};
  for (;;) {
    MlirValue carries[MOST_STAGES], roots[MOST_STAGES];
    intptr_t ended = 0;
    for (intptr_t k = 0; k < s->n; ++k) {
      intptr_t i = taken[k];
      while (i < next.n && r->group[dlcRecurrencesFind(r, at(next, i))] != m->groups[k]) ++i;
      taken[k] = i + 1;
      ended += i == next.n;
      if (i < next.n) carries[k] = argOf(body, i + 1), roots[k] = at(next, i);
    }
    if (ended) return ended == s->n && s->carries.n;
    if (s->carries.n == MOST_CARRIES || !mlirTypeIsARankedTensor(typeOf(carries[0]))) return false;
    addRow(s, &s->carries, carries), addRow(s, &s->roots, roots);
  }
}

// The inputs of a stage are what the one before it makes; all ops of the recurrences were found.
static bool areComplete(Match *m) {
  DlcStages *s = m->s;
  const DlcRecurrences *r = s->recurrences;
  for (intptr_t i = 0; i < s->inputs.n; ++i) {
    MlirValue out[MOST_STAGES];
    if (dlcStageOf(s, opOf(dlcStageValue(s, &s->inputs, i, 0))) >= 0 ||
        dlcStageOf(s, opOf(dlcStageValue(s, &s->inputs, i, 1))) != 0)
      return false;
    for (intptr_t k = 0; k < s->n; ++k) out[k] = dlcStageAlike(s, dlcStageValue(s, &s->inputs, i, 1), k);
    for (intptr_t k = 1; k < s->n; ++k)
      if (!mlirValueEqual(out[k - 1], dlcStageValue(s, &s->inputs, i, k))) return false;
    addRow(s, &s->outputs, out);
  }
  for (intptr_t i = 0; i < r->nOps; ++i)
    for (intptr_t k = 0; k < s->n; ++k)
      if (r->group[i] == m->groups[k] && dlcStageOf(s, r->ops[i]) != k) return false;
  for (intptr_t i = 0; i < s->common.n; ++i)
    if (dlcStageOf(s, opOf(s->common.data[i])) >= 0) return false;
  return s->inputs.n > 0;
}

static bool matchGroups(DlcStages *s, intptr_t n, const intptr_t *groups) {
  MlirOperation loop = s->loop;
  const DlcRecurrences *r = s->recurrences;
  dlcStagesDestroy(s);
  *s = (DlcStages){.loop = loop, .recurrences = r, .n = n};
  Match m = {.s = s, .groups = groups};
  bool ok = readCarries(&m);
  for (intptr_t i = 0; i < s->roots.n && ok; ++i) ok = matchValues(&m, s->roots.data + i * n);
  return ok && areComplete(&m);
}

bool dlcStagesOf(MlirOperation loop, const DlcRecurrences *r, DlcStages *out) {
  *out = (DlcStages){.loop = loop, .recurrences = r};
  intptr_t groups[MOST_STAGES], n = 0;
  for (intptr_t first = 0; first < r->nGroups && n < 2; ++first) {
    if (!r->recurs[first]) continue;
    groups[0] = first, n = 1;
    for (intptr_t next = first + 1; next < r->nGroups && n < MOST_STAGES; ++next) {
      groups[n] = next;
      if (r->recurs[next] && matchGroups(out, n + 1, groups)) ++n;
    }
  }
  return n >= 2 && matchGroups(out, n, groups);
}

void dlcStagesDestroy(DlcStages *s) {
  free(s->roots.data), free(s->carries.data), free(s->ops.data);
  free(s->inputs.data), free(s->outputs.data), free(s->outside.data);
  dlcValueListDestroy(&s->common), dlcValueListDestroy(&s->fixed);
  dlcPointerMapDestroy(&s->index);
  *s = (DlcStages){0};
}
