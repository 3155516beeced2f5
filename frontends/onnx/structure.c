// Data movement: transpose, cast, expand, slice, pad, concat.
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include <stdlib.h>
#include <string.h>

//===--- transpose ---
static void permuteBytes(const OnnxValue *x, const int64_t *permutation, char *out) {
  int64_t strides[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], at[ONNX_MAX_RANK] = {0}, stride = 1;
  size_t element = onnxElementSize(x->element);
  int64_t natural[ONNX_MAX_RANK], n = onnxCount(x), from = 0;
  for (int i = x->rank; i-- > 0;) natural[i] = stride, stride *= x->dims[i].constant;
  for (int i = 0; i < x->rank; ++i) strides[i] = natural[permutation[i]], sizes[i] = x->dims[permutation[i]].constant;
  for (int64_t i = 0; i < n; ++i) {
    memcpy(out + (size_t)i * element, (const char *)x->data + (size_t)from * element, element);
    for (int d = x->rank; d-- > 0;) {
      from += strides[d];
      if (++at[d] < sizes[d]) break;
      from -= strides[d] * sizes[d], at[d] = 0;
    }
  }
}
// Matrices, the big ones among weights: in blocks that fit the cache.
#define TRANSPOSE(T)                                                                                                   \
  for (int64_t i0 = 0; i0 < rows; i0 += BLOCK)                                                                         \
    for (int64_t j0 = 0; j0 < columns; j0 += BLOCK)                                                                    \
      for (int64_t i = i0; i < rows && i < i0 + BLOCK; ++i)                                                            \
        for (int64_t j = j0; j < columns && j < j0 + BLOCK; ++j)                                                       \
  ((T *)out)[j * rows + i] = ((const T *)in)[i * columns + j]
static void transposeMatrix(const void *in, void *out, size_t element, int64_t rows, int64_t columns) {
  enum { BLOCK = 32 };
  if (element == 1)
    TRANSPOSE(uint8_t);
  else if (element == 2)
    TRANSPOSE(uint16_t);
  else if (element == 4)
    TRANSPOSE(uint32_t);
  else
    TRANSPOSE(uint64_t);
}
#undef TRANSPOSE

OnnxValue *onnxTranspose(OnnxContext *ctx, OnnxValue *x, const int64_t *permutation) {
  if (ctx->status || !x) return NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  int64_t sizes[ONNX_MAX_RANK];
  bool identity = true;
  for (int i = 0; i < x->rank; ++i) {
    dims[i] = x->dims[permutation[i]], sizes[i] = dims[i].constant;
    identity &= permutation[i] == i;
  }
  if (identity) return x;
  if (x->data) {
    void *data;
    OnnxValue *v = onnxNewConstant(ctx, x->element, x->rank, sizes, &data);
    bool aligned = (uintptr_t)x->data % onnxElementSize(x->element) == 0;
    if (v && x->rank == 2 && aligned)
      transposeMatrix(x->data, data, onnxElementSize(x->element), sizes[1], sizes[0]);
    else if (v)
      permuteBytes(x, permutation, data);
    return v;
  }
  MlirValue empty = onnxEmpty(ctx, x->element, x->rank, dims), in = onnxTensor(ctx, x);
  if (ctx->status) return NULL;
  MlirOperation op = linalg_transpose(&ctx->builder, in, empty, {permutation, x->rank}, types(typeOf(empty)));
  return onnxNewTensor(ctx, x->element, x->rank, dims, dlcResult(op, 0));
}

//===--- cast ---
typedef struct {
  OnnxElement from, to;
} CastData;
static MlirValue castBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  CastData *d = data;
  return onnxConvert(ctx, in[0], d->from, d->to);
}
OnnxValue *onnxCast(OnnxContext *ctx, OnnxValue *x, OnnxElement to) {
  if (ctx->status || !x || x->element == to) return x;
  onnxElementType(ctx, to);
  if (ctx->status) return NULL;
  const OnnxIndex *elements;
  if (x->elements && (to == ONNX_INT64 || to == ONNX_INT32)) {
    int n = onnxElements(ctx, x, &elements, false);
    return onnxNewElements(ctx, to, x->rank, elements, n);
  }
  if (x->data && onnxCount(x) <= 1 << 22) {
    int64_t sizes[ONNX_MAX_RANK], n = onnxCount(x);
    for (int i = 0; i < x->rank; ++i) sizes[i] = x->dims[i].constant;
    void *data;
    OnnxValue *v = onnxNewConstant(ctx, to, x->rank, sizes, &data);
    bool integers = !onnxIsFloat(x->element) && !onnxIsFloat(to);
    for (int64_t i = 0; v && i < n; ++i) {
      if (integers)
        onnxPutInt(to, data, i, onnxGetInt(x, i));
      else
        onnxPutFloat(to, data, i, onnxGetFloat(x, i));
    }
    return v;
  }
  CastData d = {x->element, to};
  return onnxElementwise(ctx, 1, &x, to, castBody, &d, ONNX_EXACT_TYPES);
}

//===--- expand ---
static void copyBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  (void)ctx, (void)data;
  results[0] = args[0];
}
static bool isOne(const OnnxValue *x) {
  for (int i = 0; i < x->rank; ++i)
    if (!onnxIs(x->dims[i], 1)) return false;
  return true;
}
OnnxValue *onnxExpand(OnnxContext *ctx, OnnxValue *x, int rank, const OnnxIndex *dims) {
  if (ctx->status || !x) return NULL;
  bool same = rank == x->rank;
  int loops[ONNX_MAX_RANK];
  for (int i = 0; same && i < rank; ++i) same = onnxSameIndex(x->dims[i], dims[i]);
  if (same) return x;
  for (int i = 0; i < x->rank; ++i) {
    int d = rank - x->rank + i;
    loops[i] = onnxIs(x->dims[i], 1) && !onnxIs(dims[d], 1) ? -1 : d;
    if (loops[i] >= 0) onnxRequireEqual(ctx, x->dims[i], dims[d], "sizes of a dimension to expand");
  }
  char iterators[ONNX_MAX_RANK + 1] = {0};
  memset(iterators, 'p', (size_t)rank);
  OnnxAccess in = {onnxTensor(ctx, x), onnxMap(ctx, rank, x->rank, loops)};
  OnnxAccess out = {onnxEmpty(ctx, x->element, rank, dims), onnxIdentity(ctx, rank)};
  MlirValue r;
  onnxGeneric(ctx, iterators, 1, &in, 1, &out, copyBody, NULL, &r);
  OnnxValue *expanded = onnxNewTensor(ctx, x->element, rank, dims, r);
  if (expanded && isOne(x)) expanded->spread = x;
  return expanded;
}

//===--- slices ---
typedef struct {
  MlirValue dynamic[ONNX_MAX_RANK];
  int64_t fixed[ONNX_MAX_RANK];
  int n;
} Mixed;
static Mixed mix(int rank, const OnnxIndex *list) {
  Mixed m = {.n = 0};
  for (int i = 0; i < rank; ++i) {
    m.fixed[i] = onnxStaticDim(list[i]);
    if (!onnxIsConst(list[i])) m.dynamic[m.n++] = list[i].value;
  }
  return m;
}
static bool isEmpty(int rank, const OnnxIndex *sizes) {
  for (int i = 0; i < rank; ++i)
    if (onnxIs(sizes[i], 0)) return true;
  return false;
}
OnnxValue *onnxSlice(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *offsets, const OnnxIndex *sizes,
                     const OnnxIndex *steps) {
  if (ctx->status || !x) return NULL;
  bool whole = true;
  for (int i = 0; i < x->rank; ++i)
    whole &= onnxIs(offsets[i], 0) && onnxSameIndex(sizes[i], x->dims[i]) && onnxIs(steps[i], 1);
  if (whole) return x;
  if (isEmpty(x->rank, sizes) || isEmpty(x->rank, x->dims)) { // of nothing, nothing can be taken
    OnnxIndex dims[ONNX_MAX_RANK];
    for (int i = 0; i < x->rank; ++i) dims[i] = onnxIs(x->dims[i], 0) ? onnxConst(0) : sizes[i];
    return onnxNewTensor(ctx, x->element, x->rank, dims, onnxEmpty(ctx, x->element, x->rank, dims));
  }
  Mixed o = mix(x->rank, offsets), s = mix(x->rank, sizes), t = mix(x->rank, steps);
  MlirType type = onnxTypeOf(ctx, x->element, x->rank, sizes);
  MlirValue in = onnxTensor(ctx, x);
  if (ctx->status) return NULL;
  MlirValue r =
      tensor_extract_slice(&ctx->builder, in, valsN(o.n, o.dynamic), valsN(s.n, s.dynamic), valsN(t.n, t.dynamic),
                           {o.fixed, x->rank}, {s.fixed, x->rank}, {t.fixed, x->rank}, type);
  return onnxNewTensor(ctx, x->element, x->rank, sizes, r);
}
MlirValue onnxInsertSlice(OnnxContext *ctx, MlirValue source, MlirValue dest, int rank, const OnnxIndex *offsets,
                          const OnnxIndex *sizes) {
  if (ctx->status || isNull(source) || isNull(dest)) return (MlirValue){0};
  if (isEmpty(rank, sizes)) return dest;
  OnnxIndex ones[ONNX_MAX_RANK];
  for (int i = 0; i < rank; ++i) ones[i] = onnxConst(1);
  Mixed o = mix(rank, offsets), s = mix(rank, sizes), t = mix(rank, ones);
  return tensor_insert_slice(&ctx->builder, source, dest, valsN(o.n, o.dynamic), valsN(s.n, s.dynamic), valsN(0, NULL),
                             {o.fixed, rank}, {s.fixed, rank}, {t.fixed, rank});
}

OnnxValue *onnxPad(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *low, const OnnxIndex *high, MlirValue scalar) {
  if (ctx->status || !x) return NULL;
  OnnxIndex dims[ONNX_MAX_RANK];
  MlirType indices[ONNX_MAX_RANK];
  bool none = true;
  for (int i = 0; i < x->rank; ++i) {
    dims[i] = onnxAdd(ctx, onnxAdd(ctx, x->dims[i], low[i]), high[i]);
    none &= onnxIs(low[i], 0) && onnxIs(high[i], 0);
    indices[i] = indexType(&ctx->builder);
  }
  if (none) return x;
  Mixed l = mix(x->rank, low), h = mix(x->rank, high);
  MlirType type = onnxTypeOf(ctx, x->element, x->rank, dims);
  MlirValue in = onnxTensor(ctx, x);
  if (ctx->status) return NULL;
  MlirRegion body = mlirRegionCreate();
  MlirBlock block = dlcAddBlock(&ctx->builder, body, typesN(x->rank, indices));
  dlcAtEnd(&ctx->builder, block) tensor_yield(&ctx->builder, scalar);
  MlirValue r = tensor_pad(&ctx->builder, in, valsN(l.n, l.dynamic), valsN(h.n, h.dynamic), {l.fixed, x->rank},
                           {h.fixed, x->rank}, type, .region = body);
  return onnxNewTensor(ctx, x->element, x->rank, dims, r);
}

//===--- concat ---
static OnnxValue *concatElements(OnnxContext *ctx, int n, OnnxValue *const *inputs) {
  int total = 0;
  const OnnxIndex *list;
  OnnxIndex all[ONNX_MAX_ELEMENTS];
  bool useful = false;
  for (int i = 0; i < n; ++i) useful |= inputs[i]->elements != NULL || inputs[i]->data != NULL;
  if (!useful) return NULL;
  // Scalars that the program computes still serve as sizes: read them one by one when they are few.
  for (int i = 0; i < n; ++i) {
    bool extract = inputs[i]->rank == 1 && onnxCount(inputs[i]) >= 0 && onnxCount(inputs[i]) <= 2;
    int count = inputs[i]->element == ONNX_INT64 ? onnxElements(ctx, inputs[i], &list, extract) : -1;
    if (count < 0 || total + count > ONNX_MAX_ELEMENTS) return NULL;
    if (count) memcpy(all + total, list, (size_t)count * sizeof *all);
    total += count;
  }
  return onnxNewElements(ctx, ONNX_INT64, 1, all, total);
}
OnnxValue *onnxConcat(OnnxContext *ctx, int n, OnnxValue *const *inputs, int axis) {
  if (ctx->status) return NULL;
  OnnxIndex dims[ONNX_MAX_RANK], offsets[ONNX_MAX_RANK];
  OnnxValue *first = inputs[0];
  if (n == 1) return first;
  for (int i = 0; i < first->rank; ++i) dims[i] = first->dims[i], offsets[i] = onnxConst(0);
  for (int k = 1; k < n; ++k) {
    if (inputs[k]->rank != first->rank || inputs[k]->element != first->element)
      return onnxInvalid(ctx, "inputs differ in rank or element type"), NULL;
    for (int i = 0; i < first->rank; ++i) {
      if (i == axis)
        dims[i] = onnxAdd(ctx, dims[i], inputs[k]->dims[i]);
      else {
        onnxRequireEqual(ctx, dims[i], inputs[k]->dims[i], "sizes of the dimensions not joined");
        if (onnxIsConst(inputs[k]->dims[i])) dims[i] = inputs[k]->dims[i];
      }
    }
  }
  if (ctx->status) return NULL;
  OnnxValue *known = first->rank == 1 ? concatElements(ctx, n, inputs) : NULL;
  if (known || ctx->status) return known;
  MlirValue r = onnxEmpty(ctx, first->element, first->rank, dims);
  for (int k = 0; k < n; ++k) {
    OnnxIndex sizes[ONNX_MAX_RANK];
    for (int i = 0; i < first->rank; ++i) sizes[i] = i == axis ? inputs[k]->dims[i] : dims[i];
    OnnxValue *part = onnxNewTensor(ctx, first->element, first->rank, sizes, onnxTensor(ctx, inputs[k]));
    r = onnxInsertSlice(ctx, onnxTensor(ctx, part), r, first->rank, offsets, sizes);
    offsets[axis] = onnxAdd(ctx, offsets[axis], inputs[k]->dims[axis]);
  }
  return onnxNewTensor(ctx, first->element, first->rank, dims, r);
}
