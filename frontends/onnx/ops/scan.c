// CumSum and CumProd. Short dimensions, and axes known at run time only, become
// one generic that combines all elements up to each place; longer ones a loop
// that carries the running result, slice by slice.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

enum { SHORT = 64 };

typedef struct {
  OnnxArithmetic kind;
  OnnxElement element, from;
  bool exclusive, reverse;
  int rank, axis;                 // axis -1: known at run time only
  MlirValue x, axisValue, length; // the last two with axis -1
} ScanData;
// Loops are the dimensions, then j along the axis: the element counts when it is not behind the place.
static void prefixBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) { // window, out
  ScanData *d = data;
  MlirValue at[ONNX_MAX_RANK], j = linalg_index(B, .dim = d->rank), here = {0};
  for (int i = 0; i < d->rank; ++i) {
    MlirValue loop = linalg_index(B, .dim = i);
    if (d->axis >= 0) {
      at[i] = i == d->axis ? j : loop;
      if (i == d->axis) here = loop;
      continue;
    }
    MlirValue isAxis = arith_cmpi(B, arith_CmpIPredicate_eq, d->axisValue, constIndex(B, i));
    at[i] = arith_select(B, isAxis, arith_minsi(B, j, arith_subi(B, d->length, constIndex(B, 1))), loop);
    here = i ? arith_select(B, isAxis, loop, here) : loop;
  }
  arith_CmpIPredicate p = d->reverse     ? (d->exclusive ? arith_CmpIPredicate_sgt : arith_CmpIPredicate_sge)
                          : d->exclusive ? arith_CmpIPredicate_slt
                                         : arith_CmpIPredicate_sle;
  MlirValue x = onnxConvert(ctx, tensor_extract(B, d->x, valsN(d->rank, at)), d->from, d->element);
  MlirValue counts = arith_cmpi(B, p, j, here);
  if (d->axis < 0) counts = arith_andi(B, counts, arith_cmpi(B, arith_CmpIPredicate_slt, j, d->length));
  results[0] = arith_select(B, counts, onnxArithmetic(ctx, d->kind, d->element, args[1], x), args[1]);
}
static OnnxValue *scanByPrefixes(OnnxContext *ctx, OnnxValue *x, OnnxIndex length, ScanData *d) {
  int loops = x->rank + 1, same[ONNX_MAX_RANK];
  char iterators[ONNX_MAX_RANK + 2] = {0};
  memset(iterators, 'p', (size_t)x->rank);
  iterators[x->rank] = 'r';
  for (int i = 0; i < x->rank; ++i) same[i] = i;
  d->x = onnxTensor(ctx, x);
  OnnxAccess window = {onnxEmpty(ctx, ONNX_INT8, 1, &length), onnxMap(ctx, loops, 1, (int[]){x->rank})};
  OnnxAccess out = {onnxFill(ctx, d->element, x->rank, x->dims, onnxConstantInt(ctx, d->element, d->kind == ONNX_MUL)),
                    onnxMap(ctx, loops, x->rank, same)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &window, 1, &out, prefixBody, d, &r);
  return onnxCast(ctx, onnxNewTensor(ctx, d->element, x->rank, x->dims, r), x->element);
}

typedef struct {
  const ScanData *scan;
  OnnxValue *x;
  OnnxIndex last;
} StepData;
static void scanStep(OnnxContext *ctx, MlirValue step, const MlirValue *carried, MlirValue *next,
                     void *data) { // running, all
  StepData *s = data;
  const ScanData *d = s->scan;
  OnnxValue *x = s->x;
  OnnxIndex offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK], at = {.value = step};
  for (int i = 0; i < x->rank; ++i)
    offsets[i] = onnxConst(0), sizes[i] = i == d->axis ? onnxConst(1) : x->dims[i], steps[i] = onnxConst(1);
  offsets[d->axis] = d->reverse ? onnxSub(ctx, s->last, at) : at;
  OnnxValue *before = onnxNewTensor(ctx, d->element, x->rank, sizes, carried[0]);
  next[0] = onnxTensor(
      ctx, onnxBinary(ctx, d->kind, before, onnxCast(ctx, onnxSlice(ctx, x, offsets, sizes, steps), d->element)));
  next[1] = onnxInsertSlice(ctx, d->exclusive ? carried[0] : next[0], carried[1], x->rank, offsets, sizes);
}
static OnnxValue *scanInLoop(OnnxContext *ctx, OnnxValue *x, const ScanData *d) {
  OnnxIndex sizes[ONNX_MAX_RANK], length = x->dims[d->axis];
  for (int i = 0; i < x->rank; ++i) sizes[i] = i == d->axis ? onnxConst(1) : x->dims[i];
  MlirValue init[2] = {onnxFill(ctx, d->element, x->rank, sizes, onnxConstantInt(ctx, d->element, d->kind == ONNX_MUL)),
                       onnxEmpty(ctx, d->element, x->rank, x->dims)},
            results[2];
  StepData s = {d, x, onnxSub(ctx, length, onnxConst(1))};
  onnxTensor(ctx, x);
  onnxCountedLoop(ctx, length, 2, init, scanStep, &s, results);
  return onnxCast(ctx, onnxNewTensor(ctx, d->element, x->rank, x->dims, results[1]), x->element);
}

static void lowerCumulative(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *axis = node->inputs[1];
  ScanData d = {.kind = strcmp(node->type, "CumProd") ? ONNX_ADD : ONNX_MUL,
                .element = onnxWide(x->element),
                .from = x->element,
                .rank = x->rank};
  d.exclusive = onnxInt(ctx, node, "exclusive", 0) != 0, d.reverse = onnxInt(ctx, node, "reverse", 0) != 0;
  if (x->element == ONNX_BOOL) return onnxRefuseElement(ctx, x);
  if (!onnxIsInteger(axis->element)) return onnxRefuseElement(ctx, axis);
  if (!x->rank) return onnxInvalid(ctx, "an input of rank 0");
  if (x->rank == ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", x->rank);
  OnnxIndex at = onnxScalarIndex(ctx, axis), rank = onnxConst(x->rank);
  d.axis = x->rank == 1 ? 0 : onnxIsConst(at) ? (int)onnxAxis(ctx, at.constant, x->rank) : -1;
  if (onnxFailed(ctx)) return;
  if (d.axis >= 0) {
    OnnxIndex n = x->dims[d.axis];
    bool isShort = onnxIsConst(n) && n.constant <= SHORT;
    return onnxSetOutput(ctx, node, 0, isShort ? scanByPrefixes(ctx, x, n, &d) : scanInLoop(ctx, x, &d));
  }
  at = onnxSelectIndex(ctx, arith_CmpIPredicate_slt, at, onnxConst(0), onnxAdd(ctx, at, rank), at);
  d.axisValue = onnxIndexValue(ctx, at);
  onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_ult, d.axisValue, onnxIndexValue(ctx, rank)),
             "the axis must exist");
  OnnxIndex length = x->dims[0], longest = x->dims[0];
  for (int i = 0; i < x->rank; ++i) {
    if (!onnxIsConst(x->dims[i]))
      return onnxRefuse(ctx, "an axis that is not constant on an input of dynamic shape is not supported");
    length = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, at, onnxConst(i), x->dims[i], length),
    longest = onnxMax(ctx, longest, x->dims[i]);
  }
  d.length = onnxIndexValue(ctx, length);
  onnxSetOutput(ctx, node, 0, scanByPrefixes(ctx, x, longest, &d));
}

const OnnxOperator dlcOnnxScanning[] = {
    {"CumSum", 11, 0, 2, 2, lowerCumulative}, {"CumProd", 26, 0, 2, 2, lowerCumulative}, {0}};
