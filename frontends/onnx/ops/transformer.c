// RotaryEmbedding, TensorScatter, SwiGLU, CausalConvWithState: the smaller
// operators of transformer blocks.
#include "frontends/onnx/ops/table.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }

//===--- RotaryEmbedding ---
typedef struct {
  MlirValue cache, length;
  OnnxElement position;
} CacheData;
static void cacheBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  CacheData *d = data;
  MlirValue at = arith_index_cast(B, onnxConvert(ctx, args[0], d->position, ONNX_INT64), indexType(B)),
            zero = constIndex(B, 0);
  at = arith_select(B, arith_cmpi(B, arith_CmpIPredicate_ult, at, d->length), at, zero); // out of range reads row 0
  MlirValue where[] = {at, linalg_index(B, .dim = 2)};
  results[0] = tensor_extract(B, d->cache, valsN(2, where));
}
// Rows of a cache [positions, n] at [batch, length] positions.
static OnnxValue *readCache(OnnxContext *ctx, OnnxValue *cache, OnnxValue *positions) {
  if (!positions)
    return cache->rank == 3 ? cache : (onnxInvalid(ctx, "without position_ids, a cache of rank %d", cache->rank), NULL);
  if (cache->rank != 2 || positions->rank != 2)
    return onnxInvalid(ctx, "a cache of rank %d, positions of rank %d", cache->rank, positions->rank), NULL;
  if (!onnxIsInteger(positions->element)) return onnxRefuseElement(ctx, positions), NULL;
  OnnxIndex dims[] = {positions->dims[0], positions->dims[1], cache->dims[1]};
  CacheData d = {onnxTensor(ctx, cache), onnxIndexValue(ctx, cache->dims[0]), positions->element};
  OnnxAccess in = {onnxTensor(ctx, positions), onnxMap(ctx, 3, 2, (int[]){0, 1})};
  OnnxAccess out = {onnxEmpty(ctx, cache->element, 3, dims), onnxIdentity(ctx, 3)};
  MlirValue r;
  onnxGeneric(ctx, "ppp", 1, &in, 1, &out, cacheBody, &d, &r);
  return onnxNewTensor(ctx, cache->element, 3, dims, r);
}
static MlirValue rotateBody(OnnxContext *ctx, const MlirValue *in, void *data) { // a, cos, b, sin: a cos -+ b sin
  MlirValue x = arith_mulf(B, in[0], in[1]), y = arith_mulf(B, in[2], in[3]);
  return *(bool *)data ? arith_addf(B, x, y) : arith_subf(B, x, y);
}
// A part of the last dimension of x [batch, a, b, size].
static OnnxValue *part(OnnxContext *ctx, OnnxValue *x, OnnxIndex from, OnnxIndex size, int64_t step) {
  OnnxIndex offsets[4], sizes[4], steps[4];
  if (!x) return NULL;
  for (int i = 0; i < 4; ++i) offsets[i] = onnxConst(0), sizes[i] = x->dims[i], steps[i] = onnxConst(1);
  offsets[3] = from, sizes[3] = size, steps[3] = onnxConst(step);
  return onnxSlice(ctx, x, offsets, sizes, steps);
}
static OnnxValue *interleave(OnnxContext *ctx, OnnxValue *a, OnnxValue *b) {
  if (!a || !b) return NULL;
  OnnxIndex dims[5] = {a->dims[0], a->dims[1], a->dims[2], a->dims[3], onnxConst(1)};
  OnnxValue *both = onnxConcat(ctx, 2, (OnnxValue *[]){onnxReshape(ctx, a, 5, dims), onnxReshape(ctx, b, 5, dims)}, 4);
  dims[3] = onnxMul(ctx, a->dims[3], onnxConst(2));
  return onnxReshape(ctx, both, 4, dims);
}
static void lowerRotaryEmbedding(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *cos = readCache(ctx, node->inputs[1], optional(node, 3)),
            *sin = readCache(ctx, node->inputs[2], optional(node, 3));
  bool interleaved = onnxInt(ctx, node, "interleaved", 0) != 0, no = false, yes = true, swapped = x->rank == 3;
  int64_t rotated = onnxInt(ctx, node, "rotary_embedding_dim", 0), heads = onnxInt(ctx, node, "num_heads", 0);
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  if (x->rank != 3 && x->rank != 4) return onnxInvalid(ctx, "an input of rank %d", x->rank);
  if (swapped && heads < 1)
    return onnxInvalid(ctx, "attribute num_heads = %lld with an input of rank 3", (long long)heads);
  if (!cos || !sin) return;
  OnnxValue *whole = x;
  if (swapped)
    whole = onnxReshape(
        ctx, x, 4, (OnnxIndex[]){x->dims[0], x->dims[1], onnxConst(heads), onnxDiv(ctx, x->dims[2], onnxConst(heads))});
  if (!whole) return;
  OnnxIndex size = whole->dims[3], turned = rotated ? onnxConst(rotated) : size,
            half = onnxDiv(ctx, turned, onnxConst(2)), one = onnxConst(1), zero = onnxConst(0);
  if (rotated < 0 || (onnxIsConst(size) && rotated > size.constant))
    return onnxInvalid(ctx, "attribute rotary_embedding_dim = %lld", (long long)rotated);
  onnxRequireEqual(ctx, cos->dims[2], half, "the cache's width and half the rotated size");
  OnnxIndex shape[] = {cos->dims[0], swapped ? cos->dims[1] : one, swapped ? one : cos->dims[1], half};
  cos = onnxReshape(ctx, cos, 4, shape), sin = onnxReshape(ctx, sin, 4, shape);
  OnnxValue *a = part(ctx, whole, zero, half, interleaved ? 2 : 1),
            *b = part(ctx, whole, interleaved ? one : half, half, interleaved ? 2 : 1);
  OnnxValue *real = onnxElementwise(ctx, 4, (OnnxValue *[]){a, cos, b, sin}, x->element, rotateBody, &no, ONNX_WIDEN);
  OnnxValue *imaginary =
      onnxElementwise(ctx, 4, (OnnxValue *[]){a, sin, b, cos}, x->element, rotateBody, &yes, ONNX_WIDEN);
  OnnxValue *parts[3] = {real, imaginary}, *y;
  int n = 2;
  if (interleaved) parts[0] = interleave(ctx, real, imaginary), n = 1;
  if (!onnxSameIndex(turned, size)) parts[n++] = part(ctx, whole, turned, onnxSub(ctx, size, turned), 1);
  y = onnxFailed(ctx) ? NULL : onnxConcat(ctx, n, parts, 3);
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, y, x->rank, x->dims));
}

//===--- TensorScatter ---
typedef struct {
  int axis, rank;
  bool circular, hasIndices;
  OnnxElement element;
  MlirValue update, length, capacity;
} ScatterData;
// Element i of the cache comes from element i - start of the update, where there is one.
static void scatterBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) { // old, start, out
  ScatterData *d = data;
  MlirValue at[ONNX_MAX_RANK], zero = constIndex(B, 0), from = linalg_index(B, .dim = d->axis);
  if (d->hasIndices)
    from = arith_subi(B, from, arith_index_cast(B, onnxConvert(ctx, args[1], d->element, ONNX_INT64), indexType(B)));
  if (d->circular) {
    from = arith_remsi(B, from, d->capacity);
    from = arith_select(B, arith_cmpi(B, arith_CmpIPredicate_slt, from, zero), arith_addi(B, from, d->capacity), from);
  }
  MlirValue valid = arith_cmpi(B, arith_CmpIPredicate_ult, from, d->length);
  for (int i = 0; i < d->rank; ++i)
    at[i] = i == d->axis ? arith_select(B, valid, from, zero) : linalg_index(B, .dim = i);
  results[0] = arith_select(B, valid, tensor_extract(B, d->update, valsN(d->rank, at)), args[0]);
}
static void lowerTensorScatter(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *past = node->inputs[0], *update = node->inputs[1], *start = optional(node, 2);
  const char *mode = onnxString(ctx, node, "mode", "linear");
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", -2), past->rank);
  bool circular = !strcmp(mode, "circular");
  if (onnxFailed(ctx)) return;
  if (!circular && strcmp(mode, "linear")) return onnxInvalid(ctx, "attribute mode = \"%s\"", mode);
  if (update->rank != past->rank || update->element != past->element || !axis)
    return onnxInvalid(ctx, "the update does not fit the cache");
  if (start && (start->rank != 1 || !onnxIsInteger(start->element)))
    return onnxInvalid(ctx, "write_indices is no vector of integers");
  for (int i = 0; i < past->rank; ++i)
    if (i != axis) onnxRequireEqual(ctx, past->dims[i], update->dims[i], "sizes of cache and update");
  if (onnxIs(update->dims[axis], 0)) return onnxSetOutput(ctx, node, 0, past);
  if (start) onnxRequireEqual(ctx, start->dims[0], past->dims[0], "the length of write_indices and the batch size");
  ScatterData d = {axis,
                   past->rank,
                   circular,
                   start != NULL,
                   start ? start->element : ONNX_INT64,
                   onnxTensor(ctx, update),
                   onnxIndexValue(ctx, update->dims[axis]),
                   onnxIndexValue(ctx, past->dims[axis])};
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)past->rank);
  OnnxAccess ins[2] = {{onnxTensor(ctx, past), onnxIdentity(ctx, past->rank)}},
             out = {onnxEmpty(ctx, past->element, past->rank, past->dims), onnxIdentity(ctx, past->rank)};
  if (start) ins[1] = (OnnxAccess){onnxTensor(ctx, start), onnxMap(ctx, past->rank, 1, (int[]){0})};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1 + (start != NULL), ins, 1, &out, scatterBody, &d, &r);
  onnxSetOutput(ctx, node, 0, onnxNewTensor(ctx, past->element, past->rank, past->dims, r));
}

//===--- SwiGLU ---
typedef struct {
  OnnxElement element;
  double alpha;
} GateData;
static MlirValue swish(OnnxContext *ctx, MlirValue x, const GateData *d) { // x / (1 + exp(-alpha x))
  MlirValue one = onnxConstantScalar(ctx, d->element, 1);
  MlirValue power = math_exp(B, arith_mulf(B, x, onnxConstantScalar(ctx, d->element, -d->alpha)));
  return arith_mulf(B, x, arith_divf(B, one, arith_addf(B, one, power)));
}
static MlirValue gateBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  return arith_mulf(B, swish(ctx, in[0], data), in[1]);
}
static MlirValue swishBody(OnnxContext *ctx, const MlirValue *in, void *data) { return swish(ctx, in[0], data); }
static void lowerSwiGLU(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *a = node->inputs[0], *b = node->inputs[1];
  GateData d = {onnxWide(a->element), onnxFloat(ctx, node, "alpha", 1)};
  if (!onnxIsFloat(a->element)) return onnxRefuseElement(ctx, a);
  if (a->rank != b->rank || a->element != b->element) return onnxInvalid(ctx, "operands of different shapes or types");
  for (int i = 0; i < a->rank; ++i) onnxRequireEqual(ctx, a->dims[i], b->dims[i], "sizes of the operands");
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 2, node->inputs, a->element, gateBody, &d, ONNX_WIDEN));
}

//===--- CausalConvWithState ---
static void lowerCausalConvWithState(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *weight = node->inputs[1], *bias = optional(node, 2), *past = optional(node, 3), *all;
  const char *activation = onnxString(ctx, node, "activation", "none");
  bool gated = !strcmp(activation, "silu") || !strcmp(activation, "swish");
  if (!gated && strcmp(activation, "none")) return onnxInvalid(ctx, "attribute activation = \"%s\"", activation);
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  if (x->rank != 3 || weight->rank != 3 || (past && past->rank != 3) || (bias && bias->rank != 1))
    return onnxInvalid(ctx, "an operand of the wrong rank");
  onnxRequireEqual(ctx, weight->dims[0], x->dims[1], "the channels of input and weight"),
      onnxRequireEqual(ctx, weight->dims[1], onnxConst(1), "dimension 1 of the weight");
  OnnxElement e = onnxWide(x->element);
  OnnxIndex zero = onnxConst(0), one = onnxConst(1), before = onnxSub(ctx, weight->dims[2], one),
            none[] = {zero, zero, zero};
  if (past)
    all = onnxConcat(ctx, 2, (OnnxValue *[]){past, x}, 2);
  else
    all = onnxPad(ctx, x, (OnnxIndex[]){zero, zero, before}, none, onnxConstantScalar(ctx, x->element, 0));
  if (!all) return;
  if (past) onnxRequireEqual(ctx, past->dims[2], before, "the length of the state and the kernel's size less one");
  MlirContext c = B->ctx;
  MlirAffineExpr where[] = {mlirAffineDimExprGet(c, 0), mlirAffineDimExprGet(c, 1),
                            mlirAffineAddExprGet(mlirAffineDimExprGet(c, 2), mlirAffineDimExprGet(c, 3))};
  MlirValue init = onnxZeros(ctx, e, 3, x->dims);
  if (bias)
    init =
        onnxTensor(ctx, onnxExpand(ctx, onnxReshape(ctx, onnxCast(ctx, bias, e), 2, (OnnxIndex[]){bias->dims[0], one}),
                                   3, x->dims));
  MlirValue r = onnxContract(ctx, "pppr", all, mlirAffineMapGet(c, 4, 0, 3, where),
                             onnxReshape(ctx, weight, 2, (OnnxIndex[]){weight->dims[0], weight->dims[2]}),
                             onnxMap(ctx, 4, 2, (int[]){1, 3}), e, init, onnxMap(ctx, 4, 3, (int[]){0, 1, 2}));
  OnnxValue *y = onnxCast(ctx, onnxNewTensor(ctx, e, 3, x->dims, r), x->element);
  GateData d = {e, 1};
  if (gated) y = onnxElementwise(ctx, 1, &y, x->element, swishBody, &d, ONNX_WIDEN);
  onnxSetOutput(ctx, node, 0, y);
  if (!onnxWantsOutput(node, 1)) return;
  OnnxIndex steps[] = {one, one, one}, nothing[] = {x->dims[0], x->dims[1], zero};
  if (onnxIs(before, 0))
    return onnxSetOutput(ctx, node, 1,
                         onnxNewTensor(ctx, x->element, 3, nothing, onnxEmpty(ctx, x->element, 3, nothing)));
  onnxSetOutput(ctx, node, 1,
                onnxSlice(ctx, all, (OnnxIndex[]){zero, zero, onnxSub(ctx, all->dims[2], before)},
                          (OnnxIndex[]){x->dims[0], x->dims[1], before}, steps));
}

const OnnxOperator dlcOnnxTransformer[] = {{"RotaryEmbedding", 23, 0, 3, 4, lowerRotaryEmbedding},
                                           {"TensorScatter", 24, 0, 2, 3, lowerTensorScatter},
                                           {"SwiGLU", 28, 0, 2, 2, lowerSwiGLU},
                                           {"CausalConvWithState", 27, 0, 2, 4, lowerCausalConvWithState},
                                           {0}};
