// GatherElements, GatherND, ScatterElements (Scatter), ScatterND: positions that come from data. Gathers are parallel
// linalg.generics that read with tensor.extract; scatters are loops, in the order of the updates, since an element may
// be written twice, or slices where all updates have one index. Indices are asserted to be in range, and clamped
// besides.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include <string.h>

#define B onnxBuilder(ctx)

static bool indicesAreIntegers(OnnxContext *ctx, const OnnxValue *indices) {
  if (!onnxIsInteger(indices->element))
    onnxInvalid(ctx, "indices of element type %s", onnxElementName(indices->element));
  return !onnxFailed(ctx);
}
// Along the other dimensions the indices may be shorter than the data, but not longer.
static void requireInside(OnnxContext *ctx, const OnnxValue *indices, const OnnxValue *x, int axis) {
  for (int i = 0; i < x->rank && !onnxFailed(ctx); ++i) {
    OnnxIndex a = indices->dims[i], b = x->dims[i];
    if (i == axis || onnxSameIndex(a, b)) continue;
    if (onnxIsConst(a) && onnxIsConst(b)) {
      if (a.constant > b.constant)
        onnxInvalid(ctx, "indices have size %lld in dimension %d of size %lld", (long long)a.constant, i,
                    (long long)b.constant);
      continue;
    }
    onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_sle, onnxIndexValue(ctx, a), onnxIndexValue(ctx, b)),
               "indices are larger than the data");
  }
}

//===--- GatherElements ---
typedef struct {
  OnnxValue *x, *indices;
  int axis;
} GatherElements;
static MlirValue gatherElement(OnnxContext *ctx, const MlirValue *at, void *data) {
  GatherElements *d = data;
  MlirValue from[ONNX_MAX_RANK], picked = onnxToIndex(ctx, onnxAt(ctx, d->indices, at), d->indices->element);
  for (int i = 0; i < d->x->rank; ++i) from[i] = i == d->axis ? onnxWrapIndex(ctx, picked, d->x->dims[i]) : at[i];
  return onnxAt(ctx, d->x, from);
}
static void lowerGatherElements(OnnxContext *ctx, OnnxNode *node) {
  GatherElements d = {node->inputs[0], node->inputs[1], 0};
  d.axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), d.x->rank);
  if (d.indices->rank != d.x->rank)
    return onnxInvalid(ctx, "indices of rank %d for data of rank %d", d.indices->rank, d.x->rank);
  if (onnxFailed(ctx) || !indicesAreIntegers(ctx, d.indices)) return;
  requireInside(ctx, d.indices, d.x, d.axis);
  if (onnxFailed(ctx)) return;
  onnxRequireIndices(ctx, d.indices, 1, &d.x->dims[d.axis], true);
  onnxTensor(ctx, d.x), onnxTensor(ctx, d.indices); // outside the body
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, d.x->element, d.x->rank, d.indices->dims, gatherElement, &d));
}

//===--- GatherND ---
typedef struct {
  OnnxValue *x, *indices;
  int batch, width; // batch dimensions; how many indices make a position
} GatherND;
static MlirValue gatherPosition(OnnxContext *ctx, const MlirValue *at, void *data) {
  GatherND *d = data;
  MlirValue from[ONNX_MAX_RANK], index[ONNX_MAX_RANK];
  int last = d->indices->rank - 1;
  for (int i = 0; i < last; ++i) index[i] = at[i];
  for (int i = 0; i < d->x->rank; ++i) {
    if (i < d->batch)
      from[i] = at[i];
    else if (i >= d->batch + d->width)
      from[i] = at[last + i - d->batch - d->width];
    else {
      index[last] = onnxIndexValue(ctx, onnxConst(i - d->batch));
      from[i] =
          onnxWrapIndex(ctx, onnxToIndex(ctx, onnxAt(ctx, d->indices, index), d->indices->element), d->x->dims[i]);
    }
  }
  return onnxAt(ctx, d->x, from);
}
static void lowerGatherND(OnnxContext *ctx, OnnxNode *node) {
  GatherND d = {.x = node->inputs[0], .indices = node->inputs[1]};
  int64_t batch = onnxInt(ctx, node, "batch_dims", 0);
  int last = d.indices->rank - 1;
  if (!indicesAreIntegers(ctx, d.indices)) return;
  if (last < 0 || !d.x->rank) return onnxInvalid(ctx, "data or indices of rank 0");
  if (!onnxIsConst(d.indices->dims[last]))
    return onnxRefuse(ctx, "a dynamic last dimension of the indices (a dynamic rank) is not supported");
  int64_t width = d.indices->dims[last].constant;
  if (batch < 0 || batch > last || batch >= d.x->rank)
    return onnxInvalid(ctx, "attribute batch_dims = %lld does not fit", (long long)batch);
  if (width < 1 || width > d.x->rank - batch)
    return onnxInvalid(ctx, "%lld indices for data of rank %d", (long long)width, d.x->rank);
  d.batch = (int)batch, d.width = (int)width;
  for (int i = 0; i < d.batch; ++i)
    onnxRequireEqual(ctx, d.indices->dims[i], d.x->dims[i], "sizes of a batch dimension");
  int rank = last + d.x->rank - d.batch - d.width;
  if (rank > ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", rank);
  OnnxIndex dims[2 * ONNX_MAX_RANK];
  for (int i = 0; i < last; ++i) dims[i] = d.indices->dims[i];
  for (int i = last; i < rank; ++i) dims[i] = d.x->dims[d.batch + d.width + i - last];
  if (onnxFailed(ctx)) return;
  onnxRequireIndices(ctx, d.indices, d.width, d.x->dims + d.batch, true);
  onnxTensor(ctx, d.x), onnxTensor(ctx, d.indices); // outside the body
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, d.x->element, rank, dims, gatherPosition, &d));
}

//===--- scatters ---
typedef enum { REPLACE, ADD, MUL, MAX, MIN } Update;
typedef struct {
  OnnxValue *x, *indices, *updates;
  Update update;
  int axis, width;
} Scatter;
static bool readUpdate(OnnxContext *ctx, OnnxNode *node, Scatter *d) {
  static const char *const names[] = {"none", "add", "mul", "max", "min"};
  const char *name = onnxString(ctx, node, "reduction", "none");
  *d = (Scatter){.x = node->inputs[0], .indices = node->inputs[1], .updates = node->inputs[2]};
  for (; d->update <= MIN && strcmp(names[d->update], name); ++d->update) {}
  if (d->update > MIN) return onnxRefuse(ctx, "attribute reduction = \"%s\" is not supported", name), false;
  if (d->update != REPLACE && d->x->element == ONNX_BOOL) return onnxRefuseElement(ctx, d->x), false;
  if (d->updates->element != d->x->element) return onnxInvalid(ctx, "data and updates of different types"), false;
  return !onnxFailed(ctx) && indicesAreIntegers(ctx, d->indices);
}
static MlirValue combine(OnnxContext *ctx, Update update, OnnxElement e, MlirValue old, MlirValue new) {
  static const OnnxArithmetic kinds[] = {[ADD] = ONNX_ADD, [MUL] = ONNX_MUL, [MAX] = ONNX_MAX, [MIN] = ONNX_MIN};
  return update == REPLACE ? new : onnxArithmetic(ctx, kinds[update], e, old, new);
}

typedef struct {
  Update update;
  OnnxElement element;
} CombineData;
static MlirValue combineBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  CombineData *d = data;
  return combine(ctx, d->update, d->element, in[0], in[1]);
}
// `into` with `part`, of these sizes, at `to`.
static MlirValue putSlice(OnnxContext *ctx, const Scatter *d, OnnxValue *part, MlirValue into, const OnnxIndex *to,
                          const OnnxIndex *sizes) {
  if (d->update != REPLACE) {
    CombineData how = {d->update, onnxWide(d->x->element)};
    OnnxIndex steps[ONNX_MAX_RANK];
    for (int k = 0; k < d->x->rank; ++k) steps[k] = onnxConst(1);
    OnnxValue *target = onnxNewTensor(ctx, d->x->element, d->x->rank, d->x->dims, into);
    OnnxValue *old = onnxSlice(ctx, target, to, sizes, steps);
    part = onnxElementwise(ctx, 2, (OnnxValue *[]){old, part}, d->x->element, combineBody, &how, ONNX_WIDEN);
  }
  return onnxInsertSlice(ctx, onnxTensor(ctx, part), into, d->x->rank, to, sizes);
}

// One update, at position i of the flattened updates.
static void scatterElement(OnnxContext *ctx, MlirValue i, const MlirValue *carried, MlirValue *next, void *data) {
  Scatter *d = data;
  MlirValue from[ONNX_MAX_RANK], to[ONNX_MAX_RANK];
  OnnxIndex rest = {.value = i};
  for (int k = d->x->rank; k-- > 0;) {
    from[k] = onnxIndexValue(ctx, k ? onnxRem(ctx, rest, d->indices->dims[k]) : rest);
    if (k) rest = onnxDiv(ctx, rest, d->indices->dims[k]);
  }
  if (onnxFailed(ctx)) return;
  MlirValue picked = onnxToIndex(ctx, onnxAt(ctx, d->indices, from), d->indices->element);
  for (int k = 0; k < d->x->rank; ++k) to[k] = k == d->axis ? onnxWrapIndex(ctx, picked, d->x->dims[k]) : from[k];
  MlirValue new = onnxAt(ctx, d->updates, from);
  if (d->update != REPLACE) {
    OnnxElement e = d->x->element, wide = onnxWide(e);
    OnnxValue *target = onnxNewTensor(ctx, e, d->x->rank, d->x->dims, carried[0]);
    MlirValue old = onnxConvert(ctx, onnxAt(ctx, target, to), e, wide);
    new = onnxConvert(ctx, combine(ctx, d->update, wide, old, onnxConvert(ctx, new, e, wide)), wide, e);
  }
  next[0] = onnxPutAt(ctx, carried[0], new, d->x->rank, to);
}
// All updates have one index, `index`, as in a cache of keys: they are a slice. It must be in range even where there is
// no update.
static void placeAtOne(OnnxContext *ctx, OnnxNode *node, const Scatter *d, OnnxValue *index) {
  OnnxValue *x = d->x;
  OnnxIndex to[ONNX_MAX_RANK];
  OnnxValue *number = onnxReshape(ctx, index, 0, NULL);
  onnxRequireIndices(ctx, number, 1, &x->dims[d->axis], true);
  MlirValue picked = onnxToIndex(ctx, onnxAt(ctx, number, NULL), number->element);
  for (int i = 0; i < x->rank; ++i) to[i] = onnxConst(0);
  to[d->axis] = (OnnxIndex){.value = onnxWrapIndex(ctx, picked, x->dims[d->axis])};
  MlirValue r = putSlice(ctx, d, d->updates, onnxTensor(ctx, x), to, d->indices->dims);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, x->element, x->rank, x->dims, r));
}
static void lowerScatterElements(OnnxContext *ctx, OnnxNode *node) {
  Scatter d;
  if (!readUpdate(ctx, node, &d)) return;
  OnnxValue *x = d.x, *indices = d.indices;
  d.axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), x->rank);
  if (indices->rank != x->rank || d.updates->rank != x->rank)
    return onnxInvalid(ctx, "data, indices and updates of different rank");
  if (onnxFailed(ctx)) return;
  requireInside(ctx, indices, x, d.axis);
  for (int i = 0; i < x->rank; ++i)
    onnxRequireEqual(ctx, indices->dims[i], d.updates->dims[i], "sizes of indices and updates");
  bool isEmpty = onnxIs(x->dims[d.axis], 0);
  if (indices->spread && onnxIs(indices->dims[d.axis], 1) && !isEmpty)
    return placeAtOne(ctx, node, &d, indices->spread);
  onnxRequireIndices(ctx, indices, 1, &x->dims[d.axis], true);
  MlirValue target = onnxTensor(ctx, x), r;
  onnxTensor(ctx, indices), onnxTensor(ctx, d.updates); // outside the body
  OnnxIndex count = onnxProduct(ctx, x->rank, indices->dims);
  if (onnxIs(count, 0)) return onnxSetOutput(ctx, node, 0, x);
  onnxCountedLoop(ctx, count, 1, &target, scatterElement, &d, &r);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, x->element, x->rank, x->dims, r));
}

// One row of indices, and the slice that it places.
static void scatterSlice(OnnxContext *ctx, MlirValue i, const MlirValue *carried, MlirValue *next, void *data) {
  Scatter *d = data;
  OnnxIndex from[ONNX_MAX_RANK], to[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK];
  for (int k = 0; k < d->x->rank; ++k) {
    from[k] = to[k] = onnxConst(0), steps[k] = onnxConst(1);
    sizes[k] = k < d->width ? onnxConst(1) : d->x->dims[k];
    if (k >= d->width) continue;
    MlirValue at[2] = {i, onnxIndexValue(ctx, onnxConst(k))};
    MlirValue picked = onnxToIndex(ctx, onnxAt(ctx, d->indices, at), d->indices->element);
    to[k] = (OnnxIndex){.value = onnxWrapIndex(ctx, picked, d->x->dims[k])};
  }
  from[0] = (OnnxIndex){.value = i};
  next[0] = putSlice(ctx, d, onnxSlice(ctx, d->updates, from, sizes, steps), carried[0], to, sizes);
}
static void lowerScatterND(OnnxContext *ctx, OnnxNode *node) {
  Scatter d;
  if (!readUpdate(ctx, node, &d)) return;
  OnnxValue *x = d.x, *indices = d.indices;
  int last = indices->rank - 1;
  if (last < 0 || !x->rank) return onnxInvalid(ctx, "data or indices of rank 0");
  if (!onnxIsConst(indices->dims[last]))
    return onnxRefuse(ctx, "a dynamic last dimension of the indices is not supported");
  int64_t width = indices->dims[last].constant;
  if (width < 1 || width > x->rank || d.updates->rank != last + x->rank - width)
    return onnxInvalid(ctx, "indices and updates do not fit data of rank %d", x->rank);
  d.width = (int)width;
  OnnxIndex rows = onnxProduct(ctx, last, indices->dims), shape[ONNX_MAX_RANK] = {rows};
  for (int i = 0; i < d.updates->rank; ++i)
    onnxRequireEqual(ctx, d.updates->dims[i], i < last ? indices->dims[i] : x->dims[d.width + i - last],
                     "sizes of indices and updates");
  onnxRequireIndices(ctx, indices, d.width, x->dims, true);
  for (int i = 1; i < x->rank; ++i) shape[i] = i < d.width ? onnxConst(1) : x->dims[i];
  d.updates = onnxReshape(ctx, d.updates, x->rank, shape);
  d.indices = onnxReshape(ctx, indices, 2, (OnnxIndex[]){rows, onnxConst(width)});
  MlirValue target = onnxTensor(ctx, x), r;
  onnxTensor(ctx, d.indices), onnxTensor(ctx, d.updates); // outside the body
  if (onnxFailed(ctx)) return;
  if (onnxIs(rows, 0)) return onnxSetOutput(ctx, node, 0, x);
  onnxCountedLoop(ctx, rows, 1, &target, scatterSlice, &d, &r);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, x->element, x->rank, x->dims, r));
}

const OnnxOperator dlcOnnxIndex[] = {
    {"GatherElements", 11, 0, 2, 2, lowerGatherElements}, {"GatherND", 11, 0, 2, 2, lowerGatherND},
    {"Scatter", 9, 0, 3, 3, lowerScatterElements},        {"ScatterElements", 11, 0, 3, 3, lowerScatterElements},
    {"ScatterND", 11, 0, 3, 3, lowerScatterND},           {0}};
