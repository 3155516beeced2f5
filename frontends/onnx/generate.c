// Tensors computed from their own indices, counted loops, and indices that come from data.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <string.h>

//===--- tensors from indices ---
typedef struct {
  int rank;
  OnnxAtIndex body;
  void *data;
} Generation;
static void generateBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  (void)args;
  Generation *g = data;
  MlirValue at[ONNX_MAX_RANK];
  for (int i = 0; i < g->rank; ++i) at[i] = linalg_index(&ctx->builder, .dim = i);
  results[0] = g->body(ctx, at, g->data);
}
OnnxValue *onnxGenerate(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims, OnnxAtIndex body,
                        void *data) {
  if (ctx->status) return NULL;
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)rank);
  OnnxAccess out = {onnxEmpty(ctx, e, rank, dims), onnxIdentity(ctx, rank)};
  Generation g = {rank, body, data};
  MlirValue r;
  onnxGeneric(ctx, iterators, 0, NULL, 1, &out, generateBody, &g, &r);
  return onnxNewTensor(ctx, e, rank, dims, r);
}
MlirValue onnxAt(OnnxContext *ctx, OnnxValue *x, const MlirValue *at) {
  MlirValue tensor = onnxTensor(ctx, x);
  return ctx->status ? (MlirValue){0} : tensor_extract(&ctx->builder, tensor, valsN(x->rank, at));
}
MlirValue onnxPutAt(OnnxContext *ctx, MlirValue tensor, MlirValue scalar, int rank, const MlirValue *at) {
  return ctx->status ? (MlirValue){0} : tensor_insert(&ctx->builder, scalar, tensor, valsN(rank, at));
}

//===--- loops ---
enum { MAX_CARRIED = 16 };
void onnxCountedLoop(OnnxContext *ctx, OnnxIndex bound, int n, const MlirValue *carried, OnnxLoopBody body, void *data,
                     MlirValue *results) {
  for (int i = 0; i < n; ++i) results[i] = (MlirValue){0};
  if (ctx->status) return;
  DlcBuilder *b = &ctx->builder;
  MlirType types[MAX_CARRIED + 1] = {indexType(b)};
  MlirValue inside[MAX_CARRIED], next[MAX_CARRIED] = {0}, end = onnxIndexValue(ctx, bound);
  for (int i = 0; i < n; ++i) {
    if (isNull(carried[i])) return;
    types[i + 1] = typeOf(carried[i]);
  }
  MlirRegion region = mlirRegionCreate();
  MlirBlock block = dlcAddBlock(b, region, typesN(n + 1, types));
  OnnxScope scope, *previous = ctx->scope; // what the body computes is not seen outside
  onnxEnterScope(ctx, &scope, true);
  dlcAtEnd(b, block) {
    for (int i = 0; i < n; ++i) inside[i] = argOf(block, i + 1);
    body(ctx, argOf(block, 0), inside, next, data);
    if (!ctx->status) ctrl_next(b, valsN(n, next));
  }
  onnxLeaveScope(ctx, &scope, previous);
  if (ctx->status) return mlirRegionDestroy(region);
  MlirOperation op = ctrl_loop(b, valsN(n, carried), .bound = end, .body = region);
  for (int i = 0; i < n; ++i) results[i] = dlcResult(op, i);
}

typedef struct {
  OnnxHolds holds;
  void *data;
} Positions;
static void positionsBody(OnnxContext *ctx, MlirValue i, const MlirValue *carried, MlirValue *next, void *data) {
  Positions *p = data;
  DlcBuilder *b = &ctx->builder;
  // Written at every iteration and kept when the count moves on: count <= i, so there is room.
  next[0] = onnxPutAt(ctx, carried[0], onnxFromIndex(ctx, i, ONNX_INT64), 1, &carried[1]);
  MlirValue one = arith_index_castui(b, p->holds(ctx, i, p->data), indexType(b));
  next[1] = arith_addi(b, carried[1], one);
}
OnnxValue *onnxPositions(OnnxContext *ctx, OnnxIndex n, OnnxHolds holds, void *data, OnnxIndex *count) {
  *count = onnxConst(0);
  Positions p = {holds, data};
  MlirValue carried[2] = {onnxZeros(ctx, ONNX_INT64, 1, &n), onnxIndexValue(ctx, onnxConst(0))}, results[2];
  onnxCountedLoop(ctx, n, 2, carried, positionsBody, &p, results);
  if (ctx->status) return NULL;
  *count = (OnnxIndex){.value = results[1]};
  return onnxNewTensor(ctx, ONNX_INT64, 1, &n, results[0]);
}

//===--- indices ---
MlirValue onnxToIndex(OnnxContext *ctx, MlirValue scalar, OnnxElement e) {
  DlcBuilder *b = &ctx->builder;
  if (ctx->status) return scalar;
  return onnxIsUnsigned(e) ? arith_index_castui(b, scalar, indexType(b)) : arith_index_cast(b, scalar, indexType(b));
}
MlirValue onnxFromIndex(OnnxContext *ctx, MlirValue at, OnnxElement e) {
  DlcBuilder *b = &ctx->builder;
  if (ctx->status) return at;
  if (onnxIsFloat(e)) return onnxConvert(ctx, arith_index_cast(b, at, mlirIntegerTypeGet(b->ctx, 64)), ONNX_INT64, e);
  return arith_index_cast(b, at, onnxElementType(ctx, e));
}
MlirValue onnxWrapIndex(OnnxContext *ctx, MlirValue at, OnnxIndex size) {
  if (ctx->status) return at;
  DlcBuilder *b = &ctx->builder;
  MlirValue zero = onnxIndexValue(ctx, onnxConst(0)), last = onnxIndexValue(ctx, onnxSub(ctx, size, onnxConst(1)));
  MlirValue negative = arith_cmpi(b, arith_CmpIPredicate_slt, at, zero);
  at = arith_select(b, negative, arith_addi(b, at, onnxIndexValue(ctx, size)), at);
  return arith_maxsi(b, arith_minsi(b, at, last), zero);
}

static bool checkKnown(OnnxContext *ctx, OnnxValue *indices, int n, const OnnxIndex *sizes, bool negative) {
  int64_t count = onnxCount(indices);
  for (int i = 0; i < n; ++i)
    if (!onnxIsConst(sizes[i])) return false;
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = onnxGetInt(indices, i), size = sizes[i % n].constant;
    if (at < size && at >= (negative ? -size : 0)) continue;
    onnxInvalid(ctx, "index %lld of a dimension of size %lld", (long long)at, (long long)size);
    break;
  }
  return true;
}
void onnxRequireIndices(OnnxContext *ctx, OnnxValue *indices, int n, const OnnxIndex *sizes, bool negative) {
  if (ctx->status || !n || (indices->data && checkKnown(ctx, indices, n, sizes, negative))) return;
  DlcBuilder *b = &ctx->builder;
  bool mask[ONNX_MAX_RANK] = {false};
  int columns = n > 1 ? 1 : 0;
  for (int i = 0; i < indices->rank - columns; ++i) mask[i] = true;
  OnnxValue *least = onnxReduceWith(ctx, ONNX_REDUCE_MIN, indices, mask, false);
  OnnxValue *most = onnxReduceWith(ctx, ONNX_REDUCE_MAX, indices, mask, false);
  if (ctx->status) return;
  for (int i = 0; i < n; ++i) {
    MlirValue column = onnxIndexValue(ctx, onnxConst(i)), size = onnxIndexValue(ctx, sizes[i]);
    MlirValue low = onnxIndexValue(ctx, negative ? onnxSub(ctx, onnxConst(0), sizes[i]) : onnxConst(0));
    MlirValue first = onnxToIndex(ctx, onnxAt(ctx, least, &column), indices->element);
    MlirValue last = onnxToIndex(ctx, onnxAt(ctx, most, &column), indices->element);
    MlirValue above = arith_cmpi(b, arith_CmpIPredicate_sge, first, low),
              below = arith_cmpi(b, arith_CmpIPredicate_slt, last, size);
    onnxAssert(ctx, arith_andi(b, above, below), "an index is out of range");
  }
}
