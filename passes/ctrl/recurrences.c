// See passes/ctrl/recurrences.h.
#include "passes/ctrl/recurrences.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/ctrl/components.h"
#include "ods/ctrl.h"
#include "ods/tensor.h"

intptr_t dlcRecurrencesFind(const DlcRecurrences *r, MlirValue v) {
  MlirOperation op = opOf(v);
  return op.ptr ? dlcPointerMapGet(&r->index, op.ptr) : -1;
}

static MlirValue nextOf(MlirOperation loop, intptr_t carry) {
  return at(ctrl_next_values(mlirBlockGetTerminator(bodyOf(ctrl_loop_body(loop)))), carry);
}

static bool addOp(DlcRecurrences *r, MlirOperation loop, intptr_t i, DlcEdges *edges) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  DlcValueList used = {0};
  bool ok = true;
  dlcCaptures(r->ops[i], &used);
  for (intptr_t k = 0; k < used.n && ok; ++k) {
    intptr_t producer = dlcRecurrencesFind(r, used.data[k]);
    if (producer >= 0) dlcEdgesAdd(edges, i, producer);
    if (opOf(used.data[k]).ptr || !mlirBlockEqual(mlirBlockArgumentGetOwner(used.data[k]), body)) continue;
    intptr_t carry = mlirBlockArgumentGetArgNumber(used.data[k]) - 1;
    if (carry < 0) continue;
    producer = dlcRecurrencesFind(r, nextOf(loop, carry));
    ok = producer >= 0;
    if (ok) dlcEdgesAdd(edges, i, producer), dlcEdgesAdd(edges, producer, i);
  }
  dlcValueListDestroy(&used);
  return ok;
}

static void findGroups(DlcRecurrences *r, const DlcEdges *edges) {
  free(r->recurs);
  r->nGroups = dlcFindComponents(r->nOps, edges, r->group);
  r->recurs = calloc((size_t)r->nGroups + 1, sizeof *r->recurs);
  for (intptr_t i = 0; i < edges->n; ++i)
    r->recurs[r->group[edges->from[i]]] |= r->group[edges->from[i]] == r->group[edges->to[i]];
}

// What a recurrence puts into a carried tensor in each iteration is put there where it is made.
static bool joinScans(DlcRecurrences *r, DlcEdges *edges) {
  bool joined = false;
  for (intptr_t i = 0; i < r->nOps; ++i) {
    MlirOperation op = r->ops[i];
    if (!tensor_insert_slice_isa(op) || opOf(tensor_insert_slice_dest(op)).ptr) continue;
    intptr_t producer = dlcRecurrencesFind(r, tensor_insert_slice_source(op));
    if (producer < 0 || !r->recurs[r->group[producer]]) continue;
    dlcEdgesAdd(edges, producer, i);
    joined = true;
  }
  return joined;
}

bool dlcRecurrencesAreSteady(const DlcRecurrences *r, MlirOperation loop, MlirValue v) {
  intptr_t i = dlcRecurrencesFind(r, v);
  if (i >= 0) return r->steady[i];
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  return opOf(v).ptr || !mlirBlockEqual(mlirBlockArgumentGetOwner(v), body) || mlirValueEqual(v, argOf(body, 0));
}

static void findSteady(DlcRecurrences *r, MlirOperation loop) {
  r->steady = calloc((size_t)r->nOps + 1, sizeof *r->steady);
  for (intptr_t i = 0; i < r->nOps; ++i) { // producers first
    DlcValueList read = {0};
    dlcCaptures(r->ops[i], &read);
    r->steady[i] = dlcIsPure(r->ops[i]);
    for (intptr_t k = 0; k < read.n && r->steady[i]; ++k) r->steady[i] = dlcRecurrencesAreSteady(r, loop, read.data[k]);
    dlcValueListDestroy(&read);
  }
}

bool dlcRecurrencesOf(MlirOperation loop, bool withScans, DlcRecurrences *out) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirOperation end = mlirBlockGetTerminator(body);
  *out = (DlcRecurrences){0};
  intptr_t n = 0;
  dlcForEachOp(op, body) ++n;
  out->ops = malloc((size_t)(n + 1) * sizeof *out->ops), out->group = calloc((size_t)n + 1, sizeof *out->group);
  dlcForEachOp(op, body) {
    if (mlirOperationEqual(op, end)) continue;
    dlcPointerMapSet(&out->index, op.ptr, out->nOps);
    out->ops[out->nOps++] = op;
  }
  DlcEdges edges = {0};
  bool ok = true;
  DlcValues next = ctrl_next_values(end);
  for (intptr_t i = 0; i < next.n && ok; ++i) {
    intptr_t producer = dlcRecurrencesFind(out, at(next, i));
    ok = producer >= 0;
    if (ok) dlcEdgesAdd(&edges, producer, producer);
  }
  for (intptr_t i = 0; i < out->nOps && ok; ++i) ok = addOp(out, loop, i, &edges);
  if (ok) {
    findGroups(out, &edges);
    if (withScans && joinScans(out, &edges)) findGroups(out, &edges);
    findSteady(out, loop);
  }
  dlcEdgesDestroy(&edges);
  return ok;
}

void dlcRecurrencesDestroy(DlcRecurrences *r) {
  free(r->ops), free(r->group), free(r->recurs), free(r->steady);
  dlcPointerMapDestroy(&r->index);
  *r = (DlcRecurrences){0};
}
