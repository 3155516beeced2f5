// MatMul and Gemm. Broadcasting of batch dimensions lives in indexing maps;
// when B is a plain matrix the leading dimensions of A become rows, so that
// [B, S, K] x [K, N] is one linalg.matmul. Gemm's bias is the start of the sum.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include <string.h>

#define B onnxBuilder(ctx)

typedef struct {
  OnnxElement a, b, accumulator;
} ContractData;
static void contractBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  ContractData *d = data;
  MlirValue x = onnxConvert(ctx, args[0], d->a, d->accumulator), y = onnxConvert(ctx, args[1], d->b, d->accumulator);
  MlirValue product = onnxArithmetic(ctx, ONNX_MUL, d->accumulator, x, y);
  results[0] = onnxArithmetic(ctx, ONNX_ADD, d->accumulator, args[2], product);
}
MlirValue onnxContract(OnnxContext *ctx, const char *iterators, OnnxValue *a, MlirAffineMap mapA, OnnxValue *b,
                       MlirAffineMap mapB, OnnxElement accumulator, MlirValue init, MlirAffineMap mapOut) {
  if (onnxFailed(ctx) || !a || !b) return (MlirValue){0};
  OnnxAccess ins[] = {{onnxTensor(ctx, a), mapA}, {onnxTensor(ctx, b), mapB}}, out = {init, mapOut};
  ContractData d = {a->element, b->element, accumulator};
  MlirValue r;
  onnxGeneric(ctx, iterators, 2, ins, 1, &out, contractBody, &d, &r);
  return r;
}

// a[m, k] x b[k, n], either one stored transposed; init has type [m, n] of the accumulator.
static OnnxValue *multiply(OnnxContext *ctx, OnnxValue *a, bool transA, OnnxValue *b, bool transB, MlirValue init) {
  if (onnxFailed(ctx) || !a || !b) return NULL;
  if (transA && a->data) a = onnxTranspose(ctx, a, (int64_t[]){1, 0}), transA = false;
  if (transB && b->data) b = onnxTranspose(ctx, b, (int64_t[]){1, 0}), transB = false;
  if (!a || !b) return NULL;
  OnnxElement e = onnxWide(a->element);
  OnnxIndex dims[] = {a->dims[transA], b->dims[!transB]};
  onnxRequireEqual(ctx, a->dims[!transA], b->dims[transB], "the inner sizes");
  if (isNull(init)) init = onnxZeros(ctx, e, 2, dims);
  MlirValue x = onnxTensor(ctx, a), y = onnxTensor(ctx, b), r;
  if (onnxFailed(ctx)) return NULL;
  if (!transA && !transB)
    r = dlcResult(linalg_matmul(B, vals(x, y), vals(init), types(typeOf(init))), 0);
  else {
    MlirAffineMap mapA = onnxMap(ctx, 3, 2, transA ? (int[]){2, 0} : (int[]){0, 2});
    MlirAffineMap mapB = onnxMap(ctx, 3, 2, transB ? (int[]){1, 2} : (int[]){2, 1});
    r = onnxContract(ctx, "ppr", a, mapA, b, mapB, e, init, onnxMap(ctx, 3, 2, (int[]){0, 1}));
  }
  return onnxNewTensor(ctx, e, 2, dims, r);
}

static OnnxValue *batchMultiply(OnnxContext *ctx, OnnxValue *a, OnnxValue *b) {
  OnnxElement e = onnxWide(a->element);
  OnnxIndex dims[ONNX_MAX_RANK];
  int rank = (a->rank > b->rank ? a->rank : b->rank) - 2, mapsA[ONNX_MAX_RANK], mapsB[ONNX_MAX_RANK],
      mapsOut[ONNX_MAX_RANK];
  for (int i = 0; i < rank; ++i) {
    int da = i - (rank - a->rank + 2), db = i - (rank - b->rank + 2);
    OnnxIndex x = da < 0 ? onnxConst(1) : a->dims[da], y = db < 0 ? onnxConst(1) : b->dims[db];
    if (!onnxIs(x, 1) && !onnxIs(y, 1)) onnxRequireEqual(ctx, x, y, "batch sizes");
    dims[i] = onnxIs(x, 1) || (onnxIsConst(y) && !onnxIs(y, 1)) ? y : x;
    if (da >= 0) mapsA[da] = onnxIs(x, 1) && !onnxIs(dims[i], 1) ? -1 : i;
    if (db >= 0) mapsB[db] = onnxIs(y, 1) && !onnxIs(dims[i], 1) ? -1 : i;
    mapsOut[i] = i;
  }
  mapsA[a->rank - 2] = rank, mapsA[a->rank - 1] = rank + 2;
  mapsB[b->rank - 2] = rank + 2, mapsB[b->rank - 1] = rank + 1;
  mapsOut[rank] = rank, mapsOut[rank + 1] = rank + 1;
  dims[rank] = a->dims[a->rank - 2], dims[rank + 1] = b->dims[b->rank - 1];
  onnxRequireEqual(ctx, a->dims[a->rank - 1], b->dims[b->rank - 2], "the inner sizes");
  char iterators[ONNX_MAX_RANK + 4] = {0};
  memset(iterators, 'p', (size_t)rank + 2);
  iterators[rank + 2] = 'r';
  MlirValue r =
      onnxContract(ctx, iterators, a, onnxMap(ctx, rank + 3, a->rank, mapsA), b, onnxMap(ctx, rank + 3, b->rank, mapsB),
                   e, onnxZeros(ctx, e, rank + 2, dims), onnxMap(ctx, rank + 3, rank + 2, mapsOut));
  return onnxNewTensor(ctx, e, rank + 2, dims, r);
}

OnnxValue *onnxMatMul(OnnxContext *ctx, OnnxValue *a, OnnxValue *b) {
  if (onnxFailed(ctx) || !a || !b) return NULL;
  if (a->element != b->element || a->element == ONNX_BOOL)
    return onnxInvalid(ctx, "operands of %s and %s", onnxElementName(a->element), onnxElementName(b->element)), NULL;
  if (!a->rank || !b->rank) return onnxInvalid(ctx, "an operand of rank 0"), NULL;
  OnnxElement e = a->element;
  bool vectorA = a->rank == 1, vectorB = b->rank == 1;
  if (vectorA) a = onnxReshape(ctx, a, 2, (OnnxIndex[]){onnxConst(1), a->dims[0]});
  if (vectorB) b = onnxReshape(ctx, b, 2, (OnnxIndex[]){b->dims[0], onnxConst(1)});
  if (!a || !b) return NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  int rank = a->rank > b->rank ? a->rank : b->rank, n = 0;
  OnnxValue *r;
  int dynamic = 0; // rows of several dynamic sizes could not be taken apart again for free
  for (int i = 0; i + 1 < a->rank; ++i) dynamic += !onnxIsConst(a->dims[i]);
  if (b->rank == 2 && (dynamic < 2 || a->rank == 2)) {
    OnnxIndex rows = onnxProduct(ctx, a->rank - 1, a->dims), inner = a->dims[a->rank - 1];
    OnnxValue *flat = onnxReshape(ctx, a, 2, (OnnxIndex[]){rows, inner});
    r = multiply(ctx, flat, false, b, false, (MlirValue){0});
    if (!r) return NULL;
    memcpy(dims, a->dims, (size_t)rank * sizeof *dims);
    dims[rank - 1] = b->dims[1];
    r = onnxReshape(ctx, r, rank, dims);
  } else
    r = batchMultiply(ctx, a, b);
  r = onnxCast(ctx, r, e);
  if (!r || (!vectorA && !vectorB)) return r;
  for (int i = 0; i < rank; ++i)
    if (!(vectorA && i == rank - 2) && !(vectorB && i == rank - 1)) dims[n++] = r->dims[i];
  return onnxReshape(ctx, r, n, dims);
}
static void lowerMatMul(OnnxContext *ctx, OnnxNode *node) {
  onnxSetOutput(ctx, node, 0, onnxMatMul(ctx, node->inputs[0], node->inputs[1]));
}

static OnnxValue *scale(OnnxContext *ctx, OnnxValue *x, double by) {
  return by == 1 || !x ? x : onnxBinary(ctx, ONNX_MUL, x, onnxScalarConstant(ctx, x->element, by));
}
static void lowerGemm(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *a = node->inputs[0], *b = node->inputs[1], *c = node->inputCount > 2 ? node->inputs[2] : NULL;
  double alpha = onnxFloat(ctx, node, "alpha", 1), beta = onnxFloat(ctx, node, "beta", 1);
  bool transA = onnxInt(ctx, node, "transA", 0) != 0, transB = onnxInt(ctx, node, "transB", 0) != 0;
  if (node->opset < 7) onnxInt(ctx, node, "broadcast", 0); // of C, which is broadcast anyway where it fits
  if (a->rank != 2 || b->rank != 2) return onnxInvalid(ctx, "operands of rank %d and %d", a->rank, b->rank);
  if (a->element != b->element || a->element == ONNX_BOOL) return onnxRefuseElement(ctx, b);
  if (!onnxIsFloat(a->element) && (alpha != 1 || beta != 1))
    return onnxRefuse(ctx, "alpha and beta on integers are not supported");
  OnnxElement e = onnxWide(a->element);
  OnnxIndex dims[] = {a->dims[transA], b->dims[!transB]};
  MlirValue init = {0};
  if (c) c = scale(ctx, onnxCast(ctx, c, e), beta);
  if (c && c->rank > 2) return onnxInvalid(ctx, "input C of rank %d", c->rank);
  if (c && alpha == 1) init = onnxTensor(ctx, onnxExpand(ctx, c, 2, dims)), c = NULL;
  OnnxValue *r = scale(ctx, multiply(ctx, a, transA, b, transB, init), alpha);
  if (c) r = onnxBinary(ctx, ONNX_ADD, r, c);
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, r, a->element));
}

const OnnxOperator dlcOnnxMatMul[] = {{"MatMul", 1, 0, 2, 2, lowerMatMul}, {"Gemm", 6, 0, 2, 3, lowerGemm}, {0}};
