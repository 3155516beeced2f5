// Values: tensors in the IR, constants, and small integer tensors known element
// by element; and how each becomes an IR value when an operator needs one.
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include "ods/tensor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_CONSTANT = 1024 }; // bytes up to which a constant is printed inline
static const int64_t maxFolded = (int64_t)4 << 30;

void *onnxAllocate(OnnxContext *ctx, size_t size) {
  size = (size + 15) & ~(size_t)15;
  OnnxArenaChunk *chunk = ctx->arena;
  if (!chunk || chunk->size - chunk->used < size) {
    size_t capacity = size > 65536 ? size : 65536;
    chunk = calloc(1, sizeof *chunk + capacity);
    if (!chunk) abort(); // a few bytes a node: nothing to go on with
    chunk->size = capacity, chunk->next = ctx->arena, ctx->arena = chunk;
  }
  void *p = (char *)(chunk + 1) + chunk->used;
  chunk->used += size;
  return p;
}

//===--- the bytes of constants ---
OnnxData *onnxDataTake(OnnxContext *ctx, void *bytes, Onnx__ModelProto *model) {
  OnnxData *data = calloc(1, sizeof *data);
  if (ctx->dataCount == ctx->dataCapacity) {
    ctx->dataCapacity = ctx->dataCapacity ? 2 * ctx->dataCapacity : 64;
    ctx->datas = realloc(ctx->datas, (size_t)ctx->dataCapacity * sizeof *ctx->datas);
  }
  if (!data || !ctx->datas) abort();
  *data = (OnnxData){.bytes = bytes, .model = model, .references = 1};
  return ctx->datas[ctx->dataCount++] = data;
}
void onnxDataRelease(OnnxData *data) {
  if (--data->references) return;
  free(data->bytes);
  onnxUnload(data->model);
  free(data);
}
static void releaseResource(void *data, const void *bytes, size_t size, size_t align) {
  (void)bytes, (void)size, (void)align;
  onnxDataRelease(data);
}

//===--- shapes ---
int64_t onnxStaticDim(OnnxIndex d) { return onnxIsConst(d) ? d.constant : mlirShapedTypeGetDynamicSize(); }
bool onnxIsStatic(const OnnxValue *v) {
  for (int i = 0; i < v->rank; ++i)
    if (!onnxIsConst(v->dims[i])) return false;
  return true;
}
int64_t onnxCount(const OnnxValue *v) {
  int64_t n = 1;
  for (int i = 0; i < v->rank; ++i)
    if (!onnxIsConst(v->dims[i]) || __builtin_mul_overflow(n, v->dims[i].constant, &n)) return -1;
  return n;
}
MlirType onnxTypeOf(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims) {
  int64_t sizes[ONNX_MAX_RANK];
  MlirType element = onnxElementType(ctx, e);
  if (ctx->status) return (MlirType){0};
  int64_t bytes = 1;
  for (int i = 0; i < rank; ++i) {
    sizes[i] = onnxStaticDim(dims[i]);
    if (!onnxIsConst(dims[i])) continue;
    if (sizes[i] < 0)
      return onnxInvalid(ctx, "dimension %d has the negative size %lld", i, (long long)sizes[i]), (MlirType){0};
    if (sizes[i] && (__builtin_mul_overflow(bytes, sizes[i], &bytes) || bytes > (int64_t)1 << 40))
      return onnxInvalid(ctx, "a tensor of more than 2^40 elements"), (MlirType){0};
  }
  return mlirRankedTensorTypeGet(rank, sizes, element, mlirAttributeGetNull());
}
MlirType onnxTensorType(OnnxContext *ctx, const OnnxValue *v) { return onnxTypeOf(ctx, v->element, v->rank, v->dims); }

//===--- new values ---
static OnnxValue *newValue(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims) {
  OnnxValue *v = onnxAllocate(ctx, sizeof *v);
  OnnxIndex *copy = onnxAllocate(ctx, (size_t)rank * sizeof *copy + 1);
  if (rank) memcpy(copy, dims, (size_t)rank * sizeof *copy);
  *v = (OnnxValue){.name = "", .element = e, .rank = rank, .dims = copy};
  return v;
}
OnnxValue *onnxNewTensor(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims, MlirValue tensor) {
  if (ctx->status || isNull(tensor)) return NULL;
  MlirType type = onnxTypeOf(ctx, e, rank, dims);
  if (ctx->status) return NULL;
  OnnxValue *v = newValue(ctx, e, rank, dims);
  if (!mlirTypeEqual(typeOf(tensor), type)) tensor = tensor_cast(&ctx->builder, tensor, type);
  v->tensor = tensor;
  return v;
}
OnnxValue *onnxNewConstant(OnnxContext *ctx, OnnxElement e, int rank, const int64_t *dims, void **data) {
  if (ctx->status) return NULL;
  OnnxIndex sizes[ONNX_MAX_RANK];
  size_t bytes = onnxElementSize(e);
  for (int i = 0; i < rank; ++i) {
    sizes[i] = onnxConst(dims[i]);
    if (dims[i] < 0 || __builtin_mul_overflow(bytes, (size_t)dims[i], &bytes))
      return onnxInvalid(ctx, "a constant of impossible size"), NULL;
  }
  if (!onnxElementSize(e)) return onnxElementType(ctx, e), NULL;
  ctx->foldedBytes += (int64_t)(bytes < (size_t)maxFolded ? bytes : (size_t)maxFolded);
  void *memory = ctx->foldedBytes < maxFolded ? calloc(1, bytes ? bytes : 1) : NULL;
  if (!memory) return onnxRefuse(ctx, "constants computed at import take too much memory"), NULL;
  OnnxValue *v = newValue(ctx, e, rank, sizes);
  v->owner = onnxDataTake(ctx, memory, NULL);
  v->data = *data = memory;
  return v;
}
OnnxValue *onnxNewElements(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *elements, int n) {
  if (ctx->status) return NULL;
  bool constant = true;
  for (int i = 0; i < n; ++i) constant &= onnxIsConst(elements[i]);
  if (constant) {
    void *data;
    OnnxValue *v = onnxNewConstant(ctx, e, rank, (int64_t[]){n}, &data);
    for (int i = 0; v && i < n; ++i) onnxPutInt(e, data, i, elements[i].constant);
    return v;
  }
  OnnxValue *v = newValue(ctx, e, rank, (OnnxIndex[]){onnxConst(n)});
  OnnxIndex *copy = onnxAllocate(ctx, (size_t)n * sizeof *copy + 1);
  memcpy(copy, elements, (size_t)n * sizeof *copy);
  v->elements = copy;
  return v;
}
OnnxValue *onnxScalarConstant(OnnxContext *ctx, OnnxElement e, double x) {
  void *data;
  OnnxValue *v = onnxNewConstant(ctx, e, 0, NULL, &data);
  if (v) onnxPutFloat(e, data, 0, x);
  return v;
}

//===--- into the IR ---
static MlirAttribute boolAttribute(MlirType type, const uint8_t *bytes, int64_t n) {
  int *flags = malloc((size_t)n * sizeof *flags + 1);
  if (!flags) abort();
  for (int64_t i = 0; i < n; ++i) flags[i] = bytes[i] != 0;
  MlirAttribute a = mlirDenseElementsAttrBoolGet(type, n, flags);
  free(flags);
  return a;
}
static bool isSplat(const char *bytes, size_t size, size_t element) {
  return size > element && !memcmp(bytes, bytes + element, size - element);
}
static MlirAttribute constantAttribute(OnnxContext *ctx, OnnxValue *v, MlirType type) {
  size_t element = onnxElementSize(v->element), size = (size_t)onnxCount(v) * element;
  if (v->element == ONNX_BOOL) return boolAttribute(type, v->data, onnxCount(v));
  if (isSplat(v->data, size, element)) return mlirDenseElementsAttrRawBufferGet(type, (intptr_t)element, v->data);
  if (size <= SMALL_CONSTANT) return mlirDenseElementsAttrRawBufferGet(type, (intptr_t)size, v->data);
  char name[64];
  snprintf(name, sizeof name, "onnx_%d", ctx->resourceCount++);
  ++v->owner->references;
  return mlirUnmanagedDenseResourceElementsAttrGet(type, mlirStringRefCreateFromCString(name), (void *)v->data, size,
                                                   element, false, releaseResource, v->owner);
}
static MlirValue materialiseConstant(OnnxContext *ctx, OnnxValue *v) {
  MlirType type = onnxTensorType(ctx, v);
  if (ctx->status) return (MlirValue){0};
  MlirAttribute attr = constantAttribute(ctx, v, type);
  DlcBuilder *b = &ctx->builder;
  MlirValue r = {0};
  MlirOperation last = ctx->lastConstant;
  if (last.ptr)
    dlcAfter(b, last) r = arith_constant(b, attr);
  else
    dlcAtStart(b, ctx->entry) r = arith_constant(b, attr);
  if (!isNull(r)) ctx->lastConstant = opOf(r);
  return r;
}
void onnxRemember(OnnxContext *ctx, OnnxValue *v) {
  if (ctx->materialisedCount == ctx->materialisedCapacity) {
    ctx->materialisedCapacity = ctx->materialisedCapacity ? 2 * ctx->materialisedCapacity : 64;
    ctx->materialised = realloc(ctx->materialised, (size_t)ctx->materialisedCapacity * sizeof(OnnxValue *));
    if (!ctx->materialised) abort();
  }
  ctx->materialised[ctx->materialisedCount++] = v;
}
static MlirValue indexToElement(OnnxContext *ctx, OnnxIndex a, OnnxElement e) {
  if (onnxIsConst(a)) return onnxConstantInt(ctx, e, a.constant);
  DlcBuilder *b = &ctx->builder;
  if (onnxIsFloat(e))
    return onnxConvert(ctx, arith_index_cast(b, a.value, mlirIntegerTypeGet(b->ctx, 64)), ONNX_INT64, e);
  return arith_index_cast(b, a.value, onnxElementType(ctx, e));
}
static MlirValue materialiseElements(OnnxContext *ctx, OnnxValue *v) {
  int n = (int)onnxCount(v);
  MlirType type = onnxTensorType(ctx, v);
  MlirValue *scalars = onnxAllocate(ctx, (size_t)n * sizeof *scalars + 1);
  for (int i = 0; i < n; ++i) scalars[i] = indexToElement(ctx, v->elements[i], v->element);
  if (ctx->status) return (MlirValue){0};
  return tensor_from_elements(&ctx->builder, valsN(n, scalars), type);
}
MlirValue onnxTensor(OnnxContext *ctx, OnnxValue *v) {
  if (ctx->status || !v) return (MlirValue){0};
  if (!isNull(v->tensor)) return v->tensor;
  if (v->data) return v->tensor = materialiseConstant(ctx, v);
  v->tensor = materialiseElements(ctx, v);
  onnxRemember(ctx, v);
  return v->tensor;
}

//===--- elements ---
MlirValue onnxExtractScalar(OnnxContext *ctx, OnnxValue *v) {
  if (ctx->status || !v) return (MlirValue){0};
  MlirValue at[ONNX_MAX_RANK];
  for (int i = 0; i < v->rank; ++i) {
    onnxRequireEqual(ctx, v->dims[i], onnxConst(1), "the size of a tensor with one element");
    at[i] = onnxIndexValue(ctx, onnxConst(0));
  }
  if (v->data && onnxCount(v) == 1)
    return onnxIsFloat(v->element) ? onnxConstantScalar(ctx, v->element, onnxGetFloat(v, 0))
                                   : onnxConstantInt(ctx, v->element, onnxGetInt(v, 0));
  return tensor_extract(&ctx->builder, onnxTensor(ctx, v), valsN(v->rank, at));
}
static OnnxIndex toIndex(OnnxContext *ctx, MlirValue scalar, OnnxElement e) {
  DlcBuilder *b = &ctx->builder;
  if (onnxIsUnsigned(e)) return (OnnxIndex){.value = arith_index_castui(b, scalar, indexType(b))};
  return (OnnxIndex){.value = arith_index_cast(b, scalar, indexType(b))};
}
OnnxIndex onnxScalarIndex(OnnxContext *ctx, OnnxValue *v) {
  if (ctx->status || !v) return onnxConst(0);
  if (v->elements && onnxCount(v) == 1) return v->elements[0];
  if (v->data && onnxCount(v) == 1) return onnxConst(onnxGetInt(v, 0));
  if (!onnxIsInteger(v->element))
    return onnxInvalid(ctx, "an integer is needed, not %s", onnxElementName(v->element)), onnxConst(0);
  return toIndex(ctx, onnxExtractScalar(ctx, v), v->element);
}
int onnxElements(OnnxContext *ctx, OnnxValue *v, const OnnxIndex **out, bool extract) {
  *out = NULL;
  if (ctx->status || !v || v->rank > 1) return -1;
  int64_t n = onnxCount(v);
  if (n < 0 || n > ONNX_MAX_ELEMENTS || onnxIsFloat(v->element)) return -1;
  if (!v->elements && !v->data && !(extract && onnxIsInteger(v->element))) return -1;
  if (v->elements) return *out = v->elements, (int)n;
  OnnxIndex *list = onnxAllocate(ctx, (size_t)n * sizeof *list + 1);
  for (int i = 0; i < n; ++i) {
    if (v->data) {
      list[i] = onnxConst(onnxGetInt(v, i));
      continue;
    }
    MlirValue at = onnxIndexValue(ctx, onnxConst(i));
    list[i] = toIndex(ctx, tensor_extract(&ctx->builder, onnxTensor(ctx, v), valsN(v->rank, &at)), v->element);
  }
  *out = list;
  return (int)n;
}
void onnxSetOutput(OnnxContext *ctx, OnnxNode *node, int i, OnnxValue *v) {
  if (!ctx->status && i < node->outputCount) node->outputs[i] = v;
}
bool onnxWantsOutput(const OnnxNode *node, int i) { return i < node->outputCount && node->proto->output[i][0]; }
