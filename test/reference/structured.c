// linalg: any LinalgOp through its indexing maps and its region, linalg.index, and the ops that are none: softmax,
// pack and unpack.
#include <math.h>
#include "reference.h"
#include "dlc/analysis.h"
#include "ods/linalg.h"

//===--- LinalgOps --------------------------------------------------------------------------===//
typedef struct {
  bool isTensor;
  int rank; // results of the map
  const RefAffine **map;
} Operand;
typedef struct {
  int nLoops, nInputs;
  Operand *operands;
  // What says how often a loop runs: a dimension of an operand that is indexed by it alone.
  struct {
    int operand, dimension;
  } *sizes;
} Structured;

bool refPrepareStructured(RefBuild *b, RefStep *s) {
  MlirAffineMap map;
  Structured *d = s->data = refAllocate(b->program, sizeof *d);
  d->nInputs = s->nIn - s->nOut;
  d->operands = refAllocate(b->program, (size_t)(s->nIn + 1) * sizeof *d->operands);
  if (s->nIn < 1 || d->nInputs < 0 || !dlcLinalgMap(s->op, 0, &map)) return refFail(s, "has no indexing maps");
  d->nLoops = (int)mlirAffineMapGetNumDims(map);
  if (d->nLoops > 2 * REF_MAX_RANK) return refFail(s, "has more loops than the interpreter takes");
  d->sizes = refAllocate(b->program, (size_t)(d->nLoops + 1) * sizeof *d->sizes);
  for (int i = 0; i < d->nLoops; ++i) d->sizes[i].operand = -1;
  for (int k = 0; k < s->nIn; ++k) {
    Operand *o = &d->operands[k];
    if (!dlcLinalgMap(s->op, k, &map)) return refFail(s, "has no map for operand #%d", k);
    if (mlirAffineMapGetNumSymbols(map)) return refFail(s, "has symbols in a map");
    o->isTensor = mlirTypeIsARankedTensor(mlirValueGetType(mlirOperationGetOperand(s->op, k)));
    o->rank = (int)mlirAffineMapGetNumResults(map);
    o->map = refAllocate(b->program, (size_t)(o->rank + 1) * sizeof *o->map);
    for (int i = 0; i < o->rank; ++i) {
      o->map[i] = refAffineOf(b->program, mlirAffineMapGetResult(map, i));
      if (o->map[i]->kind == REF_DIM && d->sizes[o->map[i]->value].operand < 0)
        d->sizes[o->map[i]->value].operand = k, d->sizes[o->map[i]->value].dimension = i;
    }
  }
  for (int i = 0; i < d->nLoops; ++i)
    if (d->sizes[i].operand < 0) return refFail(s, "has no operand that gives the size of loop %d", i);
  if (s->nBlocks != 1 || s->blocks[0].nArgs > s->nIn || s->blocks[0].nYields != s->nOut)
    return refFail(s, "has a region that the interpreter does not know");
  return true;
}

// Where operand k is read or written in this iteration; -1 after a diagnostic.
static int64_t place(const RefStep *s, const RefTensor *t, int k, const int64_t *iteration) {
  const Operand *o = &((const Structured *)s->data)->operands[k];
  int64_t offset = 0;
  bool failed = false;
  for (int i = 0; i < o->rank; ++i) {
    const RefAffine *e = o->map[i];
    int64_t at = e->kind == REF_DIM ? iteration[e->value] : refAffineEval(e, iteration, NULL, &failed);
    if (failed || at < 0 || at >= t->sizes[i]) {
      refFail(s, "operand #%d: index %lld of dimension %d is outside of 0..%lld", k, (long long)at, i,
              (long long)t->sizes[i]);
      return -1;
    }
    offset = offset * t->sizes[i] + at;
  }
  return offset;
}

static bool runIteration(RefFrame *frame, const RefStep *s, RefTensor **out) {
  const Structured *d = s->data;
  const RefBlock *body = &s->blocks[0];
  int64_t written[16] = {0};
  for (int k = 0; k < s->nIn; ++k) {
    const Operand *o = &d->operands[k];
    RefValue v = refIn(frame, s, k);
    if (o->isTensor) {
      const RefTensor *t = k < d->nInputs ? v.tensor : out[k - d->nInputs];
      int64_t offset = place(s, t, k, frame->iteration);
      if (offset < 0) return false;
      if (k >= d->nInputs) written[k - d->nInputs] = offset;
      v = t->elements[offset];
    }
    if (k < body->nArgs) refSetNumber(frame, body->args[k], v);
  }
  if (!refRunBlock(frame, body)) return false;
  for (int k = 0; k < s->nOut; ++k) out[k]->elements[written[k]] = frame->slots[body->yields[k]];
  return true;
}

bool refEvalStructured(RefFrame *frame, const RefStep *s) {
  const Structured *d = s->data;
  int64_t sizes[2 * REF_MAX_RANK], iteration[2 * REF_MAX_RANK] = {0};
  RefTensor *out[16] = {0};
  bool ok = s->nOut <= 16, empty = false;
  if (!ok) return refFail(s, "has more results than the interpreter takes");
  for (int i = 0; i < d->nLoops; ++i) {
    sizes[i] = refTensorIn(frame, s, d->sizes[i].operand)->sizes[d->sizes[i].dimension];
    empty |= !sizes[i];
  }
  for (int k = 0; ok && k < s->nOut; ++k) {
    out[k] = refTensorCopy(refTensorIn(frame, s, d->nInputs + k));
    if (!out[k]) ok = refFail(s, "its result does not fit into memory");
  }
  const int64_t *around = frame->iteration;
  int nAround = frame->nIteration;
  frame->iteration = iteration, frame->nIteration = d->nLoops;
  if (ok && !empty) do
      ok = runIteration(frame, s, out);
    while (ok && refNextIndex(d->nLoops, sizes, iteration));
  frame->iteration = around, frame->nIteration = nAround;
  for (int k = 0; k < s->nOut; ++k)
    if (ok)
      ok = refSetTensor(frame, s, s->out[k], out[k]);
    else
      refTensorRelease(out[k]);
  return ok;
}

static bool evalIndex(RefFrame *frame, const RefStep *s) {
  int64_t dim = linalg_index_dim(s->op);
  if (!frame->iteration || dim < 0 || dim >= frame->nIteration) return refFail(s, "stands in no such loop");
  refSetNumber(frame, s->out[0], (RefValue){.i = frame->iteration[dim]});
  return true;
}

//===--- softmax ----------------------------------------------------------------------------===//
static bool evalSoftmax(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  int64_t dim = linalg_softmax_dimension(s->op), stride = 1;
  if (dim < 0 || dim >= in->rank) return refFail(s, "has no such dimension");
  RefTensor *out = refTensorCopy(in);
  int64_t n = in->sizes[dim];
  for (int i = (int)dim + 1; i < in->rank; ++i) stride *= in->sizes[i];
  for (int64_t row = 0; out && n && row < in->count / n; ++row) {
    RefValue *at = out->elements + row / stride * stride * n + row % stride;
    double largest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; ++i) largest = fmax(largest, at[i * stride].f);
    for (int64_t i = 0; i < n; ++i) sum += at[i * stride].f = exp(at[i * stride].f - largest);
    for (int64_t i = 0; i < n; ++i) at[i * stride].f = refRound(in->type, at[i * stride].f / sum);
  }
  return refSetTensor(frame, s, s->out[0], out);
}

//===--- pack and unpack --------------------------------------------------------------------===//
// Element idx of the packed tensor is element at of the plain one.
static void unpackedIndex(const RefTensor *packed, int rank, DlcI64s order, DlcI64s tiled, const int64_t *idx,
                          int64_t *at) {
  for (int i = 0; i < rank; ++i) at[order.n ? order.data[i] : i] = idx[i];
  for (int i = 0; i < (int)tiled.n; ++i)
    at[tiled.data[i]] = at[tiled.data[i]] * packed->sizes[rank + i] + idx[rank + i];
}

static bool checkPacked(const RefStep *s, const RefTensor *plain, const RefTensor *packed, DlcI64s order,
                        DlcI64s tiled) {
  bool ok = packed->rank == plain->rank + (int)tiled.n && (!order.n || order.n == plain->rank);
  for (int i = 0; ok && i < (int)order.n; ++i) ok = order.data[i] >= 0 && order.data[i] < plain->rank;
  for (int i = 0; ok && i < (int)tiled.n; ++i) ok = tiled.data[i] >= 0 && tiled.data[i] < plain->rank;
  return ok || refFail(s, "has ranks that do not fit its tiles");
}

static bool evalPack(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  DlcI64s order = linalg_pack_outer_dims_perm(s->op), tiled = linalg_pack_inner_dims_pos(s->op);
  RefTensor *out = refTensorCopy(refTensorIn(frame, s, 1));
  if (!out) return refFail(s, "its result does not fit into memory");
  if (!checkPacked(s, in, out, order, tiled)) return refTensorRelease(out), false;
  MlirValue padding = linalg_pack_padding_value(s->op);
  int64_t idx[REF_MAX_RANK] = {0}, at[REF_MAX_RANK];
  for (int64_t k = 0; k < out->count; ++k, refNextIndex(out->rank, out->sizes, idx)) {
    unpackedIndex(out, in->rank, order, tiled, idx, at);
    int64_t offset = refOffset(in, at);
    if (offset < 0 && isNull(padding)) return refTensorRelease(out), refFail(s, "has no value for its padding");
    out->elements[k] = offset < 0 ? refIn(frame, s, 2) : in->elements[offset];
  }
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalUnpack(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  DlcI64s order = linalg_unpack_outer_dims_perm(s->op), tiled = linalg_unpack_inner_dims_pos(s->op);
  RefTensor *out = refTensorCopy(refTensorIn(frame, s, 1));
  if (!out) return refFail(s, "its result does not fit into memory");
  if (!checkPacked(s, out, in, order, tiled)) return refTensorRelease(out), false;
  int64_t idx[REF_MAX_RANK] = {0}, at[REF_MAX_RANK];
  for (int64_t k = 0; k < in->count; ++k, refNextIndex(in->rank, in->sizes, idx)) {
    unpackedIndex(in, out->rank, order, tiled, idx, at);
    int64_t offset = refOffset(out, at);
    if (offset >= 0) out->elements[offset] = in->elements[k]; // else padding
  }
  return refSetTensor(frame, s, s->out[0], out);
}

const RefOpSpec refLinalgOps[] = {{"linalg.index", evalIndex, NULL, NULL},
                                  {"linalg.softmax", evalSoftmax, NULL, NULL},
                                  {"linalg.pack", evalPack, NULL, NULL},
                                  {"linalg.unpack", evalUnpack, NULL, NULL},
                                  {NULL, NULL, NULL, NULL}};
