// Concat, Split, Slice, Gather.
#include "frontends/onnx/ops/table.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

static void lowerConcat(OnnxContext *ctx, OnnxNode *node) {
  for (int i = 0; i < node->inputCount; ++i)
    if (!node->inputs[i]) return onnxInvalid(ctx, "input %d is missing", i);
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 1), node->inputs[0]->rank);
  if (!onnxFailed(ctx)) onnxSetOutput(ctx, node, 0, onnxConcat(ctx, node->inputCount, node->inputs, axis));
}

//===--- Split ---
static bool splitSizes(OnnxContext *ctx, OnnxNode *node, OnnxIndex whole, OnnxIndex *sizes) {
  const int64_t *given = NULL;
  const OnnxIndex *list = NULL;
  int n = node->outputCount, count = 0;
  if (node->opset < 13)
    count = onnxInts(ctx, node, "split", &given);
  else if (node->inputCount > 1 && node->inputs[1]) {
    count = onnxElements(ctx, node->inputs[1], &list, true);
    if (count < 0) return onnxRefuse(ctx, "an input split of dynamic length is not supported"), false;
  }
  if (count && count != n) return onnxInvalid(ctx, "%d sizes for %d outputs", count, n), false;
  OnnxIndex sum = onnxConst(0), part = onnxCeilDiv(ctx, whole, onnxConst(n));
  if (!count) { // equal parts; the last one may be smaller
    int64_t outputs = node->opset >= 18 ? onnxInt(ctx, node, "num_outputs", n) : n;
    if (outputs != n)
      return onnxInvalid(ctx, "attribute num_outputs = %lld for %d outputs", (long long)outputs, n), false;
    for (int i = 0; i < n; ++i) {
      sizes[i] = i + 1 < n ? part : onnxSub(ctx, whole, onnxMul(ctx, part, onnxConst(n - 1)));
      if (onnxIsConst(sizes[i]) && sizes[i].constant < 0)
        return onnxInvalid(ctx, "%d outputs of a dimension of size %lld", n, (long long)whole.constant), false;
    }
    return !onnxFailed(ctx);
  }
  for (int i = 0; i < n; ++i) {
    sizes[i] = list ? list[i] : onnxConst(given[i]);
    if (onnxIsConst(sizes[i]) && sizes[i].constant < 0) return onnxInvalid(ctx, "a negative size"), false;
    sum = onnxAdd(ctx, sum, sizes[i]);
  }
  onnxRequireEqual(ctx, sum, whole, "the sum of the sizes and the split dimension");
  return !onnxFailed(ctx);
}
static void lowerSplit(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), x->rank);
  OnnxIndex *sizes = onnxAllocate(ctx, (size_t)node->outputCount * sizeof *sizes + 1);
  if (onnxFailed(ctx) || !node->outputCount || !splitSizes(ctx, node, x->dims[axis], sizes)) return;
  OnnxIndex offsets[ONNX_MAX_RANK], extents[ONNX_MAX_RANK], steps[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) offsets[i] = onnxConst(0), extents[i] = x->dims[i], steps[i] = onnxConst(1);
  for (int k = 0; k < node->outputCount; ++k) {
    extents[axis] = sizes[k];
    onnxSetOutput(ctx, node, k, onnxSlice(ctx, x, offsets, extents, steps));
    offsets[axis] = onnxAdd(ctx, offsets[axis], sizes[k]);
  }
}

//===--- Slice ---
// One dimension: where it starts, how many, and the step, by ONNX's clamping rules.
typedef struct {
  OnnxIndex start, size, step;
} Range;
static OnnxIndex clampIndex(OnnxContext *ctx, OnnxIndex at, OnnxIndex low, OnnxIndex high) {
  return onnxMax(ctx, low, onnxMin(ctx, at, high));
}
static OnnxIndex fromEnd(OnnxContext *ctx, OnnxIndex at, OnnxIndex size) {
  if (onnxIsConst(at)) { // the least integers mean "to the very beginning": adding a size must not overflow
    if (at.constant >= 0) return at;
    return onnxIsConst(size) || at.constant > -((int64_t)1 << 40) ? onnxAdd(ctx, size, at)
                                                                  : onnxConst(-((int64_t)1 << 40));
  }
  return onnxSelectIndex(ctx, arith_CmpIPredicate_slt, at, onnxConst(0), onnxAdd(ctx, at, size), at);
}
static bool isSize(OnnxIndex at, OnnxIndex size) {
  return onnxSameIndex(at, size) || (onnxIsConst(at) && at.constant >= (int64_t)1 << 31);
}
static Range readRange(OnnxContext *ctx, OnnxIndex start, OnnxIndex end, int64_t step, OnnxIndex size) {
  OnnxIndex zero = onnxConst(0), one = onnxConst(1), last = onnxSub(ctx, size, one);
  Range r = {.step = onnxConst(step)};
  if (step > 0) {
    r.start = onnxIs(start, 0) ? zero : clampIndex(ctx, fromEnd(ctx, start, size), zero, size);
    OnnxIndex stop = isSize(end, size) ? size : clampIndex(ctx, fromEnd(ctx, end, size), zero, size);
    r.size = onnxCeilDiv(ctx, onnxSub(ctx, stop, r.start), onnxConst(step));
  } else {
    r.start = isSize(start, size) ? last : clampIndex(ctx, fromEnd(ctx, start, size), zero, last);
    OnnxIndex stop = clampIndex(ctx, fromEnd(ctx, end, size), onnxConst(-1), last);
    r.size = onnxCeilDiv(ctx, onnxSub(ctx, r.start, stop), onnxConst(step == INT64_MIN ? INT64_MAX : -step));
  }
  // A dimension that is taken whole has no negative size to guard against.
  if (!onnxSameIndex(r.size, size)) r.size = onnxMax(ctx, r.size, zero);
  return r;
}

// The same for a step whose sign only the running program knows: both, and a choice.
static Range readRuntimeRange(OnnxContext *ctx, OnnxIndex start, OnnxIndex end, OnnxIndex step, OnnxIndex size) {
  OnnxIndex zero = onnxConst(0), last = onnxSub(ctx, size, onnxConst(1)), first = fromEnd(ctx, start, size),
            stop = fromEnd(ctx, end, size);
  OnnxIndex magnitude = onnxMax(ctx, onnxMax(ctx, step, onnxSub(ctx, zero, step)), onnxConst(1));
  OnnxIndex up = clampIndex(ctx, first, zero, size), down = clampIndex(ctx, first, zero, last);
  OnnxIndex distanceUp = onnxSub(ctx, clampIndex(ctx, stop, zero, size), up),
            distanceDown = onnxSub(ctx, down, clampIndex(ctx, stop, onnxConst(-1), last));
  Range r = {.step = step};
  r.start = onnxSelectIndex(ctx, arith_CmpIPredicate_sgt, step, zero, up, down);
  OnnxIndex distance =
      onnxMax(ctx, onnxSelectIndex(ctx, arith_CmpIPredicate_sgt, step, zero, distanceUp, distanceDown), zero);
  r.size = onnxCeilDiv(ctx, distance, magnitude);
  return r;
}

typedef struct {
  int rank;
  const Range *ranges;
  OnnxValue *x;
} ReverseData;
static void reverseBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  (void)args;
  ReverseData *d = data;
  MlirValue at[ONNX_MAX_RANK];
  for (int i = 0; i < d->rank; ++i) {
    OnnxIndex loop = {.value = linalg_index(B, .dim = i)};
    at[i] = onnxIndexValue(ctx, onnxAdd(ctx, d->ranges[i].start, onnxMul(ctx, loop, d->ranges[i].step)));
  }
  results[0] = tensor_extract(B, onnxTensor(ctx, d->x), valsN(d->rank, at));
}
static OnnxValue *gatherRanges(OnnxContext *ctx, OnnxValue *x, const Range *ranges, const OnnxIndex *sizes) {
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)x->rank);
  onnxTensor(ctx, x); // outside the body
  OnnxAccess out = {onnxEmpty(ctx, x->element, x->rank, sizes), onnxIdentity(ctx, x->rank)};
  ReverseData d = {x->rank, ranges, x};
  MlirValue r;
  onnxGeneric(ctx, iterators, 0, NULL, 1, &out, reverseBody, &d, &r);
  return onnxNewTensor(ctx, x->element, x->rank, sizes, r);
}
static OnnxValue *sliceElements(OnnxContext *ctx, OnnxValue *x, const Range *r) {
  const OnnxIndex *list;
  OnnxIndex picked[ONNX_MAX_ELEMENTS];
  if (x->rank != 1 || !onnxIsConst(r->start) || !onnxIsConst(r->size) || !onnxIsConst(r->step) || !x->elements)
    return NULL;
  int n = onnxElements(ctx, x, &list, false);
  if (n < 0) return NULL;
  for (int64_t i = 0; i < r->size.constant; ++i) picked[i] = list[r->start.constant + i * r->step.constant];
  return onnxNewElements(ctx, x->element, 1, picked, (int)r->size.constant);
}
static OnnxValue *sliceConstant(OnnxContext *ctx, OnnxValue *x, const Range *ranges, const OnnxIndex *sizes) {
  int64_t extents[ONNX_MAX_RANK], at[ONNX_MAX_RANK] = {0}, strides[ONNX_MAX_RANK], stride = 1;
  for (int i = x->rank; i-- > 0;) {
    strides[i] = stride, stride *= x->dims[i].constant, extents[i] = sizes[i].constant;
    if (!onnxIsConst(ranges[i].start) || !onnxIsConst(sizes[i]) || !onnxIsConst(ranges[i].step)) return NULL;
  }
  void *data;
  OnnxValue *v = onnxNewConstant(ctx, x->element, x->rank, extents, &data);
  if (!v) return NULL;
  size_t size = onnxElementSize(x->element);
  int64_t n = onnxCount(v);
  for (int64_t k = 0; k < n; ++k) {
    int64_t from = 0;
    for (int i = 0; i < x->rank; ++i) from += (ranges[i].start.constant + at[i] * ranges[i].step.constant) * strides[i];
    memcpy((char *)data + (size_t)k * size, (const char *)x->data + (size_t)from * size, size);
    for (int i = x->rank; i-- > 0 && ++at[i] == extents[i];) at[i] = 0;
  }
  return v;
}
// Axes or steps that the program computes: every dimension looks for itself among the axes.
static void sliceAtRunTime(OnnxContext *ctx, OnnxNode *node, int n, const OnnxIndex *starts, const OnnxIndex *ends,
                           const OnnxIndex *axes, const OnnxIndex *steps) {
  OnnxValue *x = node->inputs[0];
  Range ranges[ONNX_MAX_RANK];
  OnnxIndex sizes[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) {
    OnnxIndex start = onnxConst(0), end = x->dims[i], step = onnxConst(1);
    for (int k = 0; k < n; ++k) {
      OnnxIndex axis = axes ? axes[k] : onnxConst(k);
      OnnxIndex *targets[] = {&start, &end, &step}, given[] = {starts[k], ends[k], steps ? steps[k] : onnxConst(1)};
      for (int t = 0; t < 3; ++t) {
        OnnxIndex fromBack =
            onnxSelectIndex(ctx, arith_CmpIPredicate_eq, axis, onnxConst(i - x->rank), given[t], *targets[t]);
        *targets[t] = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, axis, onnxConst(i), given[t], fromBack);
      }
    }
    ranges[i] = readRuntimeRange(ctx, start, end, step, x->dims[i]), sizes[i] = ranges[i].size;
  }
  onnxSetOutput(ctx, node, 0, gatherRanges(ctx, x, ranges, sizes));
}
static void sliceBy(OnnxContext *ctx, OnnxNode *node, int n, const OnnxIndex *starts, const OnnxIndex *ends,
                    const OnnxIndex *axes, const OnnxIndex *steps) {
  OnnxValue *x = node->inputs[0];
  Range ranges[ONNX_MAX_RANK];
  OnnxIndex offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], strides[ONNX_MAX_RANK];
  bool reverse = false;
  for (int i = 0; i < x->rank; ++i) ranges[i] = (Range){onnxConst(0), x->dims[i], onnxConst(1)};
  for (int i = 0; i < n; ++i) {
    OnnxIndex axisIdx = axes ? axes[i] : onnxConst(i), step = steps ? steps[i] : onnxConst(1);
    if (!onnxIsConst(axisIdx) || !onnxIsConst(step)) return sliceAtRunTime(ctx, node, n, starts, ends, axes, steps);
    int axis = (int)onnxAxis(ctx, axisIdx.constant, x->rank);
    if (!step.constant) return onnxInvalid(ctx, "a step of 0");
    if (onnxFailed(ctx)) return;
    ranges[axis] = readRange(ctx, starts[i], ends[i], step.constant, x->dims[axis]);
    reverse |= step.constant < 0;
  }
  for (int i = 0; i < x->rank; ++i)
    offsets[i] = ranges[i].start, sizes[i] = ranges[i].size, strides[i] = ranges[i].step;
  if (onnxFailed(ctx)) return;
  OnnxValue *r = sliceElements(ctx, x, ranges);
  if (!r && x->data) r = sliceConstant(ctx, x, ranges, sizes);
  if (!r) r = reverse ? gatherRanges(ctx, x, ranges, sizes) : onnxSlice(ctx, x, offsets, sizes, strides);
  onnxSetOutput(ctx, node, 0, r);
}
static OnnxIndex *constants(OnnxContext *ctx, int n, const int64_t *list) {
  OnnxIndex *r = onnxAllocate(ctx, (size_t)n * sizeof *r + 1);
  for (int i = 0; i < n; ++i) r[i] = onnxConst(list[i]);
  return r;
}
static void lowerSliceByAttributes(OnnxContext *ctx, OnnxNode *node) {
  const int64_t *starts, *ends, *axes;
  int n = onnxInts(ctx, node, "starts", &starts), m = onnxInts(ctx, node, "ends", &ends),
      k = onnxInts(ctx, node, "axes", &axes);
  if (n != m || (k && k != n) || n > ONNX_MAX_RANK) return onnxInvalid(ctx, "starts, ends and axes differ in length");
  sliceBy(ctx, node, n, constants(ctx, n, starts), constants(ctx, n, ends), k ? constants(ctx, n, axes) : NULL, NULL);
}
static void lowerSlice(OnnxContext *ctx, OnnxNode *node) {
  const OnnxIndex *lists[5] = {NULL};
  int n = -1;
  for (int i = 1; i < node->inputCount; ++i) {
    if (!node->inputs[i]) continue;
    int count = onnxElements(ctx, node->inputs[i], &lists[i], true);
    if (count < 0) return onnxRefuse(ctx, "input %d of dynamic length is not supported", i);
    if (n >= 0 && n != count) return onnxInvalid(ctx, "starts, ends, axes and steps differ in length");
    n = count;
  }
  sliceBy(ctx, node, n, lists[1], lists[2], lists[3], lists[4]);
}

//===--- Gather ---
typedef struct {
  int axis, rank, indexRank;
  OnnxValue *x;
  OnnxIndex size;
  OnnxElement indexElement;
} GatherData;
static void gatherBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  GatherData *d = data;
  MlirValue at[ONNX_MAX_RANK], picked = arith_index_cast(B, args[0], indexType(B));
  MlirValue wrapped = arith_addi(B, picked, onnxIndexValue(ctx, d->size));
  MlirValue negative = arith_cmpi(B, arith_CmpIPredicate_slt, picked, onnxIndexValue(ctx, onnxConst(0)));
  picked = arith_select(B, negative, wrapped, picked);
  // An index out of range is the model's error; it must not read outside the tensor.
  picked = arith_minsi(B, arith_maxsi(B, picked, onnxIndexValue(ctx, onnxConst(0))),
                       onnxIndexValue(ctx, onnxSub(ctx, d->size, onnxConst(1))));
  for (int i = 0; i < d->rank; ++i) {
    int loop = i < d->axis ? i : i + d->indexRank - 1;
    at[i] = i == d->axis ? picked : linalg_index(B, .dim = loop);
  }
  results[0] = tensor_extract(B, onnxTensor(ctx, d->x), valsN(d->rank, at));
}
static OnnxValue *gatherElements(OnnxContext *ctx, OnnxValue *x, OnnxValue *indices) {
  const OnnxIndex *list, *which;
  OnnxIndex picked[ONNX_MAX_ELEMENTS];
  if (x->rank != 1 || indices->rank > 1) return NULL;
  int n = x->element == ONNX_INT64 || x->element == ONNX_INT32 ? onnxElements(ctx, x, &list, false) : -1;
  int m = indices->data ? onnxElements(ctx, indices, &which, false) : -1;
  if (n < 0 || m < 0) return NULL;
  for (int i = 0; i < m; ++i) {
    int64_t k = which[i].constant < 0 ? which[i].constant + n : which[i].constant;
    if (k < 0 || k >= n) return onnxInvalid(ctx, "index %lld of %d elements", (long long)which[i].constant, n), NULL;
    picked[i] = list[k];
  }
  return onnxNewElements(ctx, x->element, indices->rank, picked, m);
}
// One constant index is a slice: no copy is needed.
static OnnxValue *gatherOne(OnnxContext *ctx, OnnxValue *x, OnnxValue *indices, int axis, int rank,
                            const OnnxIndex *dims) {
  if (!indices->data || onnxCount(indices) != 1) return NULL;
  OnnxIndex offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK], at = onnxConst(onnxGetInt(indices, 0));
  for (int i = 0; i < x->rank; ++i) offsets[i] = onnxConst(0), sizes[i] = x->dims[i], steps[i] = onnxConst(1);
  if (at.constant < 0) at = onnxAdd(ctx, at, x->dims[axis]);
  if (onnxIsConst(at) && onnxIsConst(x->dims[axis]) && (at.constant < 0 || at.constant >= x->dims[axis].constant))
    return onnxInvalid(ctx, "index %lld of a dimension of size %lld", (long long)at.constant,
                       (long long)x->dims[axis].constant),
           NULL;
  offsets[axis] = at, sizes[axis] = onnxConst(1);
  return onnxReshape(ctx, onnxSlice(ctx, x, offsets, sizes, steps), rank, dims);
}
static void lowerGather(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *indices = node->inputs[1];
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), x->rank), rank = x->rank + indices->rank - 1;
  if (onnxFailed(ctx)) return;
  if (!onnxIsInteger(indices->element))
    return onnxInvalid(ctx, "indices of element type %s", onnxElementName(indices->element));
  if (rank > ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", rank);
  OnnxIndex dims[ONNX_MAX_RANK];
  int loops[ONNX_MAX_RANK], n = 0;
  for (int i = 0; i < axis; ++i) dims[n++] = x->dims[i];
  for (int i = 0; i < indices->rank; ++i) loops[i] = n, dims[n++] = indices->dims[i];
  for (int i = axis + 1; i < x->rank; ++i) dims[n++] = x->dims[i];
  OnnxValue *r = gatherElements(ctx, x, indices);
  if (!r && !onnxFailed(ctx)) r = gatherOne(ctx, x, indices, axis, rank, dims);
  if (r || onnxFailed(ctx)) return onnxSetOutput(ctx, node, 0, r);
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)rank);
  onnxTensor(ctx, x); // outside the body
  OnnxAccess in = {onnxTensor(ctx, indices), onnxMap(ctx, rank, indices->rank, loops)};
  OnnxAccess out = {onnxEmpty(ctx, x->element, rank, dims), onnxIdentity(ctx, rank)};
  GatherData d = {axis, x->rank, indices->rank, x, x->dims[axis], indices->element};
  MlirValue result;
  onnxGeneric(ctx, iterators, 1, &in, 1, &out, gatherBody, &d, &result);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, x->element, rank, dims, result));
}

const OnnxOperator dlcOnnxMove[] = {{"Concat", 4, 0, 1, -1, lowerConcat},          {"Split", 2, 0, 1, 2, lowerSplit},
                                    {"Slice", 1, 9, 1, 1, lowerSliceByAttributes}, {"Slice", 10, 0, 3, 5, lowerSlice},
                                    {"Gather", 1, 0, 2, 2, lowerGather},           {0}};
