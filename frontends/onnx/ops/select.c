// Compress and NonZero: how many there are is known when the data is. A loop lists the positions, a parallel generic
// fetches what lies there.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"

#define B onnxBuilder(ctx)

typedef struct {
  OnnxValue *x, *positions;
  int axis;
} PickData;
static MlirValue pickBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  PickData *d = data;
  MlirValue from[ONNX_MAX_RANK];
  for (int i = 0; i < d->x->rank; ++i) from[i] = at[i];
  from[d->axis] = onnxToIndex(ctx, onnxAt(ctx, d->positions, &at[d->axis]), ONNX_INT64);
  return onnxAt(ctx, d->x, from);
}
static MlirValue conditionHolds(OnnxContext *ctx, MlirValue i, void *data) { return onnxAt(ctx, data, &i); }
static void lowerCompress(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *condition = node->inputs[1];
  PickData d = {.x = x};
  if (condition->element != ONNX_BOOL || condition->rank != 1)
    return onnxInvalid(ctx, "the condition is no vector of bool");
  if (onnxHasAttribute(node, "axis"))
    d.axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), x->rank);
  else {
    OnnxIndex count = onnxProduct(ctx, x->rank, x->dims);
    d.x = onnxReshape(ctx, x, 1, &count);
  }
  if (onnxFailed(ctx)) return;
  OnnxIndex n = onnxMin(ctx, condition->dims[0], d.x->dims[d.axis]),
            dims[ONNX_MAX_RANK];                    // the condition may be shorter
  onnxTensor(ctx, d.x), onnxTensor(ctx, condition); // outside the bodies
  for (int i = 0; i < d.x->rank; ++i) dims[i] = d.x->dims[i];
  d.positions = onnxPositions(ctx, n, conditionHolds, condition, &dims[d.axis]);
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, x->element, d.x->rank, dims, pickBody, &d));
}

typedef struct {
  OnnxValue *x, *positions;
} NonZeroData;
static MlirValue isNonZero(OnnxContext *ctx, MlirValue i, void *data) {
  NonZeroData *d = data;
  OnnxElement wide = onnxWide(d->x->element);
  MlirValue x = onnxConvert(ctx, onnxAt(ctx, d->x, &i), d->x->element, wide);
  return onnxConvert(ctx, x, wide, ONNX_BOOL);
}
typedef struct {
  int rank;
  const OnnxIndex *dims;
  OnnxValue *positions;
} CoordinateData;
// Row r has the coordinates in dimension r.
static MlirValue coordinateBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  CoordinateData *d = data;
  OnnxIndex rest = {.value = onnxToIndex(ctx, onnxAt(ctx, d->positions, &at[1]), ONNX_INT64)};
  MlirValue r = onnxIndexValue(ctx, onnxConst(0));
  for (int i = d->rank; i-- > 0;) {
    OnnxIndex size = onnxMax(ctx, d->dims[i], onnxConst(1));
    MlirValue here = arith_cmpi(B, arith_CmpIPredicate_eq, at[0], onnxIndexValue(ctx, onnxConst(i)));
    r = arith_select(B, here, onnxIndexValue(ctx, i ? onnxRem(ctx, rest, size) : rest), r);
    rest = onnxDiv(ctx, rest, size);
  }
  return onnxFromIndex(ctx, r, ONNX_INT64);
}
static void lowerNonZero(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  OnnxIndex n = onnxProduct(ctx, x->rank, x->dims), dims[2] = {onnxConst(x->rank)};
  NonZeroData d = {.x = onnxReshape(ctx, x, 1, &n)};
  onnxTensor(ctx, d.x); // outside the body
  if (onnxFailed(ctx)) return;
  CoordinateData c = {x->rank, x->dims, onnxPositions(ctx, n, isNonZero, &d, &dims[1])};
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, ONNX_INT64, 2, dims, coordinateBody, &c));
}

const OnnxOperator dlcOnnxSelect[] = {
    {"Compress", 9, 0, 2, 2, lowerCompress}, {"NonZero", 9, 0, 1, 1, lowerNonZero}, {0}};
