// Axes that only the running program knows. Their number is static, so ranks
// are; which dimensions they name is arithmetic on sizes: a mask of zeros and
// ones, and prefix sums over it.
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include <string.h>

static OnnxIndex choose(OnnxContext *ctx, OnnxIndex a, int64_t b, OnnxIndex x, OnnxIndex y) {
  return onnxSelectIndex(ctx, arith_CmpIPredicate_eq, a, onnxConst(b), x, y);
}
int onnxRuntimeAxes(OnnxContext *ctx, OnnxValue *axes, int rank, OnnxIndex *mask) {
  const OnnxIndex *list;
  int n = onnxElements(ctx, axes, &list, true);
  if (n < 0) return onnxRefuse(ctx, "axes of dynamic number are not supported"), -1;
  for (int i = 0; i < rank; ++i) {
    mask[i] = onnxConst(0);
    for (int k = 0; k < n; ++k)
      mask[i] = choose(ctx, list[k], i, onnxConst(1), choose(ctx, list[k], i - rank, onnxConst(1), mask[i]));
  }
  return ctx->status ? -1 : n;
}
void onnxDropMasked(OnnxContext *ctx, int rank, const OnnxIndex *dims, const OnnxIndex *mask, int kept,
                    OnnxIndex *out) {
  for (int j = 0; j < kept; ++j) {
    OnnxIndex before = onnxConst(0); // kept dimensions so far
    out[j] = onnxConst(1);
    for (int i = 0; i < rank; ++i) {
      OnnxIndex here = choose(ctx, before, j, dims[i], out[j]);
      out[j] = choose(ctx, mask[i], 0, here, out[j]);
      before = onnxAdd(ctx, before, onnxSub(ctx, onnxConst(1), mask[i]));
    }
  }
}
void onnxSpreadUnmasked(OnnxContext *ctx, int rank, const OnnxIndex *mask, int n, const OnnxIndex *dims,
                        OnnxIndex *out) {
  OnnxIndex before = onnxConst(0);
  for (int i = 0; i < rank; ++i) {
    OnnxIndex size = onnxConst(1);
    for (int j = 0; j < n; ++j) size = choose(ctx, before, j, dims[j], size);
    out[i] = choose(ctx, mask[i], 0, size, onnxConst(1));
    before = onnxAdd(ctx, before, onnxSub(ctx, onnxConst(1), mask[i]));
  }
}

static void copyBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  (void)ctx, (void)data;
  results[0] = args[0];
}
OnnxValue *onnxSeparateMasked(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *mask) {
  int n = x->rank;
  if (2 * n > ONNX_MAX_RANK)
    return onnxRefuse(ctx, "axes known at run time only are not supported for rank %d", n), NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  MlirAffineExpr in[ONNX_MAX_RANK];
  MlirContext c = ctx->builder.ctx;
  for (int i = 0; i < n; ++i) {
    dims[i] = choose(ctx, mask[i], 0, x->dims[i], onnxConst(1));
    dims[n + i] = choose(ctx, mask[i], 0, onnxConst(1), x->dims[i]);
    in[i] = mlirAffineAddExprGet(mlirAffineDimExprGet(c, i), mlirAffineDimExprGet(c, n + i));
  }
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)(2 * n));
  OnnxAccess from = {onnxTensor(ctx, x), mlirAffineMapGet(c, 2 * n, 0, n, in)};
  OnnxAccess to = {onnxEmpty(ctx, x->element, 2 * n, dims), onnxIdentity(ctx, 2 * n)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &from, 1, &to, copyBody, NULL, &r);
  return onnxNewTensor(ctx, x->element, 2 * n, dims, r);
}
