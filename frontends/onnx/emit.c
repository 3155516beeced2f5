// linalg on tensors: generics, broadcasting, elementwise operators, reductions.
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <stdio.h>
#include <string.h>

enum { MAX_OPERANDS = 64 };

DlcBuilder *onnxBuilder(OnnxContext *ctx) { return &ctx->builder; }

MlirAffineMap onnxIdentity(OnnxContext *ctx, int loops) {
  return mlirAffineMapMultiDimIdentityGet(ctx->builder.ctx, loops);
}
MlirAffineMap onnxMap(OnnxContext *ctx, int loops, int n, const int *dims) {
  MlirAffineExpr exprs[ONNX_MAX_RANK];
  for (int i = 0; i < n; ++i)
    exprs[i] =
        dims[i] < 0 ? mlirAffineConstantExprGet(ctx->builder.ctx, 0) : mlirAffineDimExprGet(ctx->builder.ctx, dims[i]);
  return mlirAffineMapGet(ctx->builder.ctx, loops, 0, n, exprs);
}

MlirValue onnxEmpty(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims) {
  if (ctx->status) return (MlirValue){0};
  MlirValue sizes[ONNX_MAX_RANK];
  int n = 0;
  for (int i = 0; i < rank; ++i)
    if (!onnxIsConst(dims[i])) sizes[n++] = dims[i].value;
  MlirType type = onnxTypeOf(ctx, e, rank, dims);
  return ctx->status ? (MlirValue){0} : tensor_empty(&ctx->builder, valsN(n, sizes), type);
}
MlirValue onnxFill(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims, MlirValue scalar) {
  MlirValue empty = onnxEmpty(ctx, e, rank, dims);
  if (ctx->status) return empty;
  return dlcResult(linalg_fill(&ctx->builder, vals(scalar), vals(empty), types(typeOf(empty))), 0);
}
MlirAttribute onnxScalarAttribute(OnnxContext *ctx, OnnxElement e, double x) {
  MlirType type = onnxElementType(ctx, e);
  if (ctx->status) return (MlirAttribute){0};
  if (onnxIsFloat(e)) return mlirFloatAttrDoubleGet(ctx->builder.ctx, type, x);
  return mlirIntegerAttrGet(type, (int64_t)x);
}
MlirValue onnxConstantScalar(OnnxContext *ctx, OnnxElement e, double x) {
  MlirAttribute attr = onnxScalarAttribute(ctx, e, x);
  return ctx->status ? (MlirValue){0} : arith_constant(&ctx->builder, attr);
}
MlirValue onnxConstantInt(OnnxContext *ctx, OnnxElement e, int64_t x) {
  if (onnxIsFloat(e)) return onnxConstantScalar(ctx, e, (double)x);
  MlirType type = onnxElementType(ctx, e);
  if (e == ONNX_BOOL) x = x != 0;
  return ctx->status ? (MlirValue){0} : arith_constant(&ctx->builder, mlirIntegerAttrGet(type, x));
}
MlirValue onnxZeros(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims) {
  return onnxFill(ctx, e, rank, dims, onnxConstantInt(ctx, e, 0));
}

//===--- linalg.generic ---
static MlirAttribute iteratorAttribute(OnnxContext *ctx, const char *iterators) {
  MlirAttribute list[MAX_OPERANDS];
  intptr_t n = 0;
  for (; iterators[n] && n < MAX_OPERANDS; ++n)
    list[n] = dlcs_utils_IteratorType_attr(ctx->builder.ctx, iterators[n] == 'r' ? utils_IteratorType_reduction
                                                                                 : utils_IteratorType_parallel);
  return mlirArrayAttrGet(ctx->builder.ctx, n, list);
}
static bool isEmptyNest(int n, const MlirValue *operands) {
  for (int k = 0; k < n; ++k) {
    MlirType type = typeOf(operands[k]);
    for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
      if (!mlirShapedTypeIsDynamicDim(type, i) && mlirShapedTypeGetDimSize(type, i) == 0) return true;
  }
  return false;
}
void onnxGeneric(OnnxContext *ctx, const char *iterators, int n, const OnnxAccess *ins, int m, const OnnxAccess *outs,
                 OnnxGenericBody body, void *data, MlirValue *results) {
  for (int i = 0; i < m; ++i) results[i] = (MlirValue){0};
  if (ctx->status) return;
  if (n + m > MAX_OPERANDS) return onnxRefuse(ctx, "more than %d operands are not supported", MAX_OPERANDS);
  MlirValue operands[MAX_OPERANDS], scalars[MAX_OPERANDS], yields[MAX_OPERANDS];
  MlirAffineMap maps[MAX_OPERANDS];
  MlirType elements[MAX_OPERANDS];
  for (int i = 0; i < n + m; ++i) {
    const OnnxAccess *a = i < n ? &ins[i] : &outs[i - n];
    if (isNull(a->tensor)) return;
    operands[i] = a->tensor, maps[i] = a->map, elements[i] = mlirShapedTypeGetElementType(typeOf(a->tensor));
  }
  DlcBuilder *b = &ctx->builder;
  if (isEmptyNest(n + m, operands)) { // nothing is computed, and empty tiles are no business of later passes
    for (int i = 0; i < m; ++i) results[i] = outs[i].tensor;
    return;
  }
  MlirOperation op = linalg_generic(b, valsN(n, operands), valsN(m, operands + n), .indexing_maps = {maps, n + m},
                                    .iterator_types = iteratorAttribute(ctx, iterators),
                                    .result_tensors_type = typesOf(valsN(m, operands + n)));
  if (!op.ptr) return;
  MlirBlock block = dlcAddBlock(b, linalg_generic_region(op), typesN(n + m, elements));
  intptr_t mark = ctx->cacheCount; // what the body computes is not seen outside
  dlcAtEnd(b, block) {
    for (int i = 0; i < n + m; ++i) scalars[i] = argOf(block, i);
    body(ctx, scalars, yields, data);
    if (!ctx->status) linalg_yield(b, valsN(m, yields));
  }
  ctx->cacheCount = mark;
  for (int i = 0; i < m; ++i) results[i] = dlcResult(op, i);
}

//===--- broadcasting ---
// What is known of one dimension of the result from one dimension of an input.
static void joinDim(OnnxContext *ctx, OnnxIndex *joined, OnnxIndex d) {
  if (onnxSameIndex(*joined, d) || onnxIs(d, 1)) return;
  if (onnxIs(*joined, 1)) {
    *joined = d;
    return;
  }
  onnxRequireEqual(ctx, *joined, d, "sizes of dimensions to broadcast");
  if (onnxIsConst(d)) *joined = d;
}
int onnxBroadcastShape(OnnxContext *ctx, int n, OnnxValue **inputs, OnnxIndex *out) {
  int rank = 0;
  for (int i = 0; i < n && !ctx->status; ++i)
    if (inputs[i]->rank > rank) rank = inputs[i]->rank;
  if (ctx->status) return 0;
  for (int d = 0; d < rank; ++d) out[d] = onnxConst(1);
  for (int pass = 0; pass < 2; ++pass) // static sizes first: a dynamic one is then asserted to agree
    for (int i = 0; i < n; ++i)
      for (int d = 0; d < inputs[i]->rank; ++d)
        if (onnxIsConst(inputs[i]->dims[d]) == !pass)
          joinDim(ctx, &out[rank - inputs[i]->rank + d], inputs[i]->dims[d]);
  for (int i = 0; i < n && !ctx->status; ++i) {
    OnnxIndex dims[ONNX_MAX_RANK];
    bool refined = false;
    for (int d = 0; d < inputs[i]->rank; ++d) {
      OnnxIndex whole = out[rank - inputs[i]->rank + d];
      dims[d] = onnxIs(inputs[i]->dims[d], 1) ? onnxConst(1) : whole;
      refined |= onnxIsConst(dims[d]) && !onnxIsConst(inputs[i]->dims[d]);
    }
    if (refined) inputs[i] = onnxNewTensor(ctx, inputs[i]->element, inputs[i]->rank, dims, onnxTensor(ctx, inputs[i]));
  }
  return rank;
}
// Before opset 7 broadcasting was asked for, and b's dimensions were laid against a's from `axis` on.
OnnxValue *onnxAlignOld(OnnxContext *ctx, OnnxNode *node, OnnxValue *a, OnnxValue *b) {
  bool broadcast = onnxInt(ctx, node, "broadcast", 0) != 0;
  int64_t axis = onnxInt(ctx, node, "axis", a->rank - b->rank);
  if (!broadcast || onnxFailed(ctx)) return b;
  if (axis < 0) axis += a->rank;
  if (axis < 0 || axis + b->rank > a->rank) return onnxInvalid(ctx, "attribute axis = %lld", (long long)axis), NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  int rank = a->rank - (int)axis;
  for (int i = 0; i < rank; ++i) dims[i] = i < b->rank ? b->dims[i] : onnxConst(1);
  return onnxReshape(ctx, b, rank, dims);
}
static MlirAffineMap broadcastMap(OnnxContext *ctx, const OnnxValue *v, int rank, const OnnxIndex *dims) {
  int loops[ONNX_MAX_RANK];
  for (int d = 0; d < v->rank; ++d) {
    int loop = rank - v->rank + d;
    loops[d] = onnxIs(v->dims[d], 1) && !onnxIs(dims[loop], 1) ? -1 : loop;
  }
  return onnxMap(ctx, rank, v->rank, loops);
}

typedef struct {
  int n, flags;
  OnnxValue *const *inputs;
  OnnxElement result;
  OnnxBody body;
  void *data;
} Elementwise;
static void elementwiseBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  Elementwise *e = data;
  MlirValue scalars[MAX_OPERANDS];
  for (int i = 0; i < e->n; ++i) {
    OnnxElement from = e->inputs[i]->element;
    scalars[i] = e->flags & ONNX_EXACT_TYPES ? args[i] : onnxConvert(ctx, args[i], from, onnxWide(from));
  }
  MlirValue r = e->body(ctx, scalars, e->data);
  results[0] = e->flags & ONNX_EXACT_TYPES ? r : onnxConvert(ctx, r, onnxWide(e->result), e->result);
}
OnnxValue *onnxElementwise(OnnxContext *ctx, int n, OnnxValue *const *given, OnnxElement result, OnnxBody body,
                           void *data, int flags) {
  if (ctx->status) return NULL;
  if (n >= MAX_OPERANDS) return onnxRefuse(ctx, "more than %d inputs are not supported", MAX_OPERANDS - 1), NULL;
  OnnxValue *inputs[MAX_OPERANDS];
  for (int i = 0; i < n; ++i)
    if (!(inputs[i] = given[i])) return NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  int rank = onnxBroadcastShape(ctx, n, inputs, dims);
  if (ctx->status) return NULL;
  OnnxAccess ins[MAX_OPERANDS];
  for (int i = 0; i < n; ++i)
    ins[i] = (OnnxAccess){onnxTensor(ctx, inputs[i]), broadcastMap(ctx, inputs[i], rank, dims)};
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)rank);
  OnnxAccess out = {onnxEmpty(ctx, result, rank, dims), onnxIdentity(ctx, rank)};
  Elementwise e = {n, flags, inputs, result, body, data};
  MlirValue r;
  onnxGeneric(ctx, iterators, n, ins, 1, &out, elementwiseBody, &e, &r);
  return onnxNewTensor(ctx, result, rank, dims, r);
}

//===--- reductions ---
typedef struct {
  OnnxElement from, accumulator;
  OnnxCombine combine;
  void *data;
} Reduction;
static void reductionBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  Reduction *r = data;
  results[0] = r->combine(ctx, args[1], onnxConvert(ctx, args[0], r->from, r->accumulator), r->data);
}
OnnxValue *onnxReduce(OnnxContext *ctx, OnnxValue *x, const bool *mask, bool keepDims, OnnxElement accumulator,
                      MlirAttribute init, OnnxCombine combine, void *data) {
  if (ctx->status || !x) return NULL;
  OnnxIndex kept[ONNX_MAX_RANK], with1[ONNX_MAX_RANK];
  int loops[ONNX_MAX_RANK], n = 0;
  char iterators[ONNX_MAX_RANK + 1] = {0};
  for (int i = 0; i < x->rank; ++i) {
    iterators[i] = mask[i] ? 'r' : 'p';
    with1[i] = mask[i] ? onnxConst(1) : x->dims[i];
    if (!mask[i]) loops[n] = i, kept[n++] = x->dims[i];
  }
  OnnxAccess in = {onnxTensor(ctx, x), onnxIdentity(ctx, x->rank)};
  MlirValue start = ctx->status ? (MlirValue){0} : arith_constant(&ctx->builder, init);
  OnnxAccess out = {onnxFill(ctx, accumulator, n, kept, start), onnxMap(ctx, x->rank, n, loops)};
  Reduction r = {x->element, accumulator, combine, data};
  MlirValue result;
  onnxGeneric(ctx, iterators, 1, &in, 1, &out, reductionBody, &r, &result);
  OnnxValue *v = onnxNewTensor(ctx, accumulator, n, kept, result);
  return keepDims ? onnxReshape(ctx, v, x->rank, with1) : v;
}
