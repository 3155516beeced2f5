// Operators that make or change shapes: Shape, Reshape, Squeeze, Unsqueeze,
// Flatten, Expand, ConstantOfShape, Constant, Transpose, Cast.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/tensor.h"
#include <string.h>

static void lowerConstant(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *v = onnxAttributeTensor(ctx, node, "value");
  const int64_t *ints;
  const float *floats;
  void *data;
  if (!v && onnxHasAttribute(node, "value_int")) {
    v = onnxNewConstant(ctx, ONNX_INT64, 0, NULL, &data);
    if (v) onnxPutInt(ONNX_INT64, data, 0, onnxInt(ctx, node, "value_int", 0));
  } else if (!v && onnxHasAttribute(node, "value_float")) {
    v = onnxScalarConstant(ctx, ONNX_FLOAT, onnxFloat(ctx, node, "value_float", 0));
  } else if (!v && onnxHasAttribute(node, "value_ints")) {
    int n = onnxInts(ctx, node, "value_ints", &ints);
    v = onnxNewConstant(ctx, ONNX_INT64, 1, (int64_t[]){n}, &data);
    if (v && n) memcpy(data, ints, (size_t)n * sizeof *ints);
  } else if (!v && onnxHasAttribute(node, "value_floats")) {
    int n = onnxFloats(ctx, node, "value_floats", &floats);
    v = onnxNewConstant(ctx, ONNX_FLOAT, 1, (int64_t[]){n}, &data);
    if (v && n) memcpy(data, floats, (size_t)n * sizeof *floats);
  }
  if (!v) onnxRefuse(ctx, "a constant that is no dense tensor of numbers is not supported");
  onnxSetOutput(ctx, node, 0, v);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }
static void lowerShape(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int64_t start = onnxInt(ctx, node, "start", 0), end = onnxInt(ctx, node, "end", x->rank);
  start = clamp(start < 0 ? start + x->rank : start, 0, x->rank),
  end = clamp(end < 0 ? end + x->rank : end, 0, x->rank);
  onnxSetOutput(ctx, node, 0,
                onnxNewElements(ctx, ONNX_INT64, 1, x->dims + start, end > start ? (int)(end - start) : 0));
}
static void lowerSize(OnnxContext *ctx, OnnxNode *node) {
  OnnxIndex n = onnxProduct(ctx, node->inputs[0]->rank, node->inputs[0]->dims);
  onnxSetOutput(ctx, node, 0, onnxNewElements(ctx, ONNX_INT64, 0, &n, 1));
}

// The sizes that an int64 vector input names; -1 after an error.
static int readShape(OnnxContext *ctx, OnnxValue *v, const OnnxIndex **sizes) {
  int n = onnxElements(ctx, v, sizes, true);
  if (n < 0 && !onnxFailed(ctx))
    onnxRefuse(ctx, "a shape of dynamic length (an output of dynamic rank) is not supported");
  if (n > ONNX_MAX_RANK) onnxRefuse(ctx, "rank %d is not supported", n), n = -1;
  return onnxFailed(ctx) ? -1 : n;
}
// Whether a size that is only known at run time could be -1 or 0, which Reshape reads as an order: not when it comes
// from dimensions by sums and products. (An empty dimension copied through Shape keeps its size in practice.)
static bool mayBeOrder(OnnxIndex a) { return !onnxIsConst(a) && !onnxIsNonNegative(a, 8); }
// Reads orders at run time: 0 copies the input's size, then -1 takes what is left.
static void resolveOrders(OnnxContext *ctx, const OnnxValue *x, int rank, bool allowZero, const bool *orders,
                          OnnxIndex *dims) {
  OnnxIndex known[ONNX_MAX_RANK], total = onnxProduct(ctx, x->rank, x->dims);
  for (int i = 0; i < rank; ++i) {
    if (orders[i] && !allowZero && i < x->rank)
      dims[i] = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, dims[i], onnxConst(0), x->dims[i], dims[i]);
    known[i] = orders[i] ? onnxSelectIndex(ctx, arith_CmpIPredicate_eq, dims[i], onnxConst(-1), onnxConst(1), dims[i])
                         : dims[i];
  }
  OnnxIndex product = onnxMax(ctx, onnxProduct(ctx, rank, known), onnxConst(1)), rest = onnxDiv(ctx, total, product);
  for (int i = 0; i < rank; ++i)
    if (orders[i]) dims[i] = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, dims[i], onnxConst(-1), rest, dims[i]);
}
static void lowerReshape(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool allowZero = onnxInt(ctx, node, "allowzero", 0) != 0;
  const OnnxIndex *wanted;
  OnnxIndex dims[ONNX_MAX_RANK], known[ONNX_MAX_RANK];
  int rank = readShape(ctx, node->inputs[1], &wanted), inferred = -1, n = 0;
  bool orders[ONNX_MAX_RANK] = {false}, any = false;
  for (int i = 0; i < rank; ++i) {
    dims[i] = wanted[i];
    any |= orders[i] = mayBeOrder(wanted[i]);
    if (onnxIs(wanted[i], -1)) {
      if (inferred >= 0) return onnxInvalid(ctx, "its shape has -1 twice");
      inferred = i;
      continue;
    }
    if (onnxIs(wanted[i], 0) && !allowZero) {
      if (i >= x->rank) return onnxInvalid(ctx, "its shape copies dimension %d of an input of rank %d", i, x->rank);
      dims[i] = x->dims[i];
    }
    known[n++] = dims[i];
  }
  if (rank < 0) return;
  if (inferred >= 0 && any) orders[inferred] = true;
  if (any)
    resolveOrders(ctx, x, rank, allowZero, orders, dims);
  else if (inferred >= 0)
    dims[inferred] = onnxQuotient(ctx, x->rank, x->dims, n, known);
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, x, rank, dims));
}
static void lowerFlatten(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int64_t axis = onnxInt(ctx, node, "axis", 1);
  if (axis < 0) axis += x->rank;
  if (axis < 0 || axis > x->rank) return onnxInvalid(ctx, "axis %lld does not exist", (long long)axis);
  OnnxIndex dims[2] = {onnxProduct(ctx, (int)axis, x->dims), onnxProduct(ctx, x->rank - (int)axis, x->dims + axis)};
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, x, 2, dims));
}
static void lowerSqueeze(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool mask[ONNX_MAX_RANK], given;
  OnnxValue *axes = node->opset >= 13 && node->inputCount > 1 ? node->inputs[1] : NULL;
  OnnxIndex dims[ONNX_MAX_RANK], runtime[ONNX_MAX_RANK];
  int n = 0;
  if (axes && !axes->data) {
    n = onnxRuntimeAxes(ctx, axes, x->rank, runtime);
    if (n > x->rank) onnxInvalid(ctx, "%d axes of a tensor of rank %d", n, x->rank);
    if (n < 0 || onnxFailed(ctx)) return;
    onnxDropMasked(ctx, x->rank, x->dims, runtime, x->rank - n, dims);
    return onnxSetOutput(ctx, node, 0, onnxReshape(ctx, x, x->rank - n, dims));
  }
  if (!onnxAxesMask(ctx, node, "axes", node->opset >= 13 ? 1 : -1, x->rank, mask, &given)) return;
  for (int i = 0; i < x->rank; ++i) {
    if (!given && !onnxIsConst(x->dims[i]))
      return onnxRefuse(ctx, "without axes, dynamic dimension %d could be 1 or not", i);
    if (given && mask[i]) onnxRequireEqual(ctx, x->dims[i], onnxConst(1), "the size of a squeezed dimension");
    if (given ? !mask[i] : !onnxIs(x->dims[i], 1)) dims[n++] = x->dims[i];
  }
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, x, n, dims));
}
static void lowerUnsqueeze(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool mask[2 * ONNX_MAX_RANK], given;
  const int64_t *axes;
  int added = node->opset >= 13 ? (node->inputCount > 1 ? (int)onnxCount(node->inputs[1]) : 0)
                                : onnxInts(ctx, node, "axes", &axes);
  if (added < 0 || x->rank + added > ONNX_MAX_RANK) return onnxRefuse(ctx, "this number of axes is not supported");
  OnnxIndex dims[ONNX_MAX_RANK], runtime[ONNX_MAX_RANK];
  int from = 0;
  if (node->opset >= 13 && node->inputCount > 1 && !node->inputs[1]->data) {
    if (onnxRuntimeAxes(ctx, node->inputs[1], x->rank + added, runtime) < 0) return;
    onnxSpreadUnmasked(ctx, x->rank + added, runtime, x->rank, x->dims, dims);
    return onnxSetOutput(ctx, node, 0, onnxReshape(ctx, x, x->rank + added, dims));
  }
  if (!onnxAxesMask(ctx, node, "axes", node->opset >= 13 ? 1 : -1, x->rank + added, mask, &given)) return;
  for (int i = 0; i < x->rank + added; ++i) {
    if (!mask[i] && from == x->rank) return onnxInvalid(ctx, "an axis is named twice");
    dims[i] = mask[i] ? onnxConst(1) : x->dims[from++];
  }
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, x, x->rank + added, dims));
}

static void lowerExpand(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  const OnnxIndex *wanted;
  OnnxIndex dims[ONNX_MAX_RANK];
  int n = readShape(ctx, node->inputs[1], &wanted);
  if (n < 0) return;
  int rank = n > x->rank ? n : x->rank;
  for (int i = 0; i < rank; ++i) {
    OnnxIndex a = i < rank - x->rank ? onnxConst(1) : x->dims[i - (rank - x->rank)];
    OnnxIndex b = i < rank - n ? onnxConst(1) : wanted[i - (rank - n)];
    // Either may be 1. A dynamic wanted size of 1 against a larger input is the input's size at run time.
    if (onnxIs(b, 1) || onnxSameIndex(a, b))
      dims[i] = a;
    else if (onnxIs(a, 1))
      dims[i] = b;
    else if (onnxIsConst(a) && !onnxIsConst(b))
      dims[i] = a;
    else if (!onnxIsConst(a) && onnxIsConst(b))
      dims[i] = b;
    else
      dims[i] = a, onnxRequireEqual(ctx, a, b, "sizes of a dimension to expand");
  }
  onnxSetOutput(ctx, node, 0, onnxExpand(ctx, x, rank, dims));
}
static void lowerConstantOfShape(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *value = onnxAttributeTensor(ctx, node, "value");
  const OnnxIndex *dims;
  int rank = readShape(ctx, node->inputs[0], &dims);
  if (rank < 0) return;
  if (!value) value = onnxScalarConstant(ctx, ONNX_FLOAT, 0);
  if (!value) return;
  if (onnxCount(value) != 1) return onnxInvalid(ctx, "attribute value has not one element");
  int64_t count = rank == 1 && onnxIsConst(dims[0]) ? dims[0].constant : rank ? -1 : 1;
  if (count >= 0 && count <= ONNX_MAX_ELEMENTS) { // small and of rank 0 or 1: may be part of a shape computation
    void *data;
    OnnxValue *v = onnxNewConstant(ctx, value->element, rank, &count, &data);
    size_t size = onnxElementSize(value->element);
    for (int64_t i = 0; v && i < count; ++i) memcpy((char *)data + (size_t)i * size, value->data, size);
    return onnxSetOutput(ctx, node, 0, v);
  }
  MlirValue scalar = onnxExtractScalar(ctx, value);
  onnxSetOutput(ctx, node, 0,
                onnxNewTensor(ctx, value->element, rank, dims, onnxFill(ctx, value->element, rank, dims, scalar)));
}

static void lowerTranspose(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  const int64_t *given;
  int64_t permutation[ONNX_MAX_RANK];
  bool seen[ONNX_MAX_RANK] = {false};
  int n = onnxInts(ctx, node, "perm", &given);
  if (n && n != x->rank) return onnxInvalid(ctx, "attribute perm has %d entries for rank %d", n, x->rank);
  for (int i = 0; i < x->rank; ++i) {
    permutation[i] = n ? given[i] : x->rank - 1 - i;
    if (permutation[i] < 0 || permutation[i] >= x->rank || seen[permutation[i]])
      return onnxInvalid(ctx, "attribute perm is no permutation");
    seen[permutation[i]] = true;
  }
  onnxSetOutput(ctx, node, 0, onnxTranspose(ctx, x, permutation));
}
static void lowerCast(OnnxContext *ctx, OnnxNode *node) {
  OnnxElement to = (OnnxElement)onnxInt(ctx, node, "to", 0);
  onnxInt(ctx, node, "saturate", 1); // both matter for float8 only, which is refused
  onnxString(ctx, node, "round_mode", "up");
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, node->inputs[0], to));
}
static void lowerCastLike(OnnxContext *ctx, OnnxNode *node) {
  onnxInt(ctx, node, "saturate", 1);
  onnxString(ctx, node, "round_mode", "up");
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, node->inputs[0], node->inputs[1]->element));
}

const OnnxOperator dlcOnnxShape[] = {{"Constant", 1, 0, 0, 0, lowerConstant},
                                     {"Shape", 1, 0, 1, 1, lowerShape},
                                     {"Size", 1, 0, 1, 1, lowerSize},
                                     {"Reshape", 5, 0, 2, 2, lowerReshape},
                                     {"Flatten", 1, 0, 1, 1, lowerFlatten},
                                     {"Squeeze", 1, 0, 1, 2, lowerSqueeze},
                                     {"Unsqueeze", 1, 0, 1, 2, lowerUnsqueeze},
                                     {"Expand", 8, 0, 2, 2, lowerExpand},
                                     {"ConstantOfShape", 9, 0, 1, 1, lowerConstantOfShape},
                                     {"Transpose", 1, 0, 1, 1, lowerTranspose},
                                     {"Cast", 6, 0, 1, 1, lowerCast},
                                     {"CastLike", 15, 0, 2, 2, lowerCastLike},
                                     {0}};
