// Constants, and the ops of tensor that look at elements or shapes: see slice.c for those that move parts.
#include <stdlib.h>
#include <string.h>
#include "reference.h"
#include "ods/tensor.h"

//===--- constants --------------------------------------------------------------------------===//
typedef struct {
  RefTensor *tensor;
  int64_t n;
} Filling;

static void fillBytes(const void *bytes, size_t n, void *data) {
  Filling *f = data;
  size_t size = refBytes(f->tensor->type);
  for (size_t at = 0; at + size <= n && f->n < f->tensor->count; at += size)
    f->tensor->elements[f->n++] = refLoad(f->tensor->type, (const char *)bytes + at);
}

static bool evalTensorConstant(RefFrame *frame, const RefStep *s) {
  MlirAttribute value = dlcAttr(s->op, "value");
  MlirType type = mlirValueGetType(mlirOperationGetResult(s->op, 0));
  int64_t sizes[REF_MAX_RANK];
  int rank = (int)mlirShapedTypeGetRank(type);
  for (int i = 0; i < rank && i < REF_MAX_RANK; ++i) sizes[i] = mlirShapedTypeGetDimSize(type, i);
  Filling f = {refTensorCreate(s->type, rank, sizes), 0};
  if (!f.tensor) return refFail(s, "does not fit into memory");
  if (!dlcForConstantBytes(value, fillBytes, &f) || f.n != f.tensor->count) {
    refTensorRelease(f.tensor);
    return refFail(s, "has %lld of the bytes that its type needs", (long long)f.n);
  }
  return refSetTensor(frame, s, s->out[0], f.tensor);
}

static bool evalConstant(RefFrame *frame, const RefStep *s) {
  frame->slots[s->out[0]] = *(const RefValue *)s->data;
  return true;
}

static bool prepareConstant(RefBuild *b, RefStep *s) {
  MlirAttribute value = dlcAttr(s->op, "value");
  if (mlirTypeIsAShaped(mlirValueGetType(mlirOperationGetResult(s->op, 0)))) return s->eval = evalTensorConstant, true;
  RefValue *v = s->data = refAllocate(b->program, sizeof *v);
  if (mlirAttributeIsAInteger(value))
    v->i = refWrap(s->type, (uint64_t)mlirIntegerAttrGetValueInt(value));
  else if (mlirAttributeIsAFloat(value))
    v->f = mlirFloatAttrGetValueDouble(value);
  else
    return refFail(s, "has a value that the interpreter does not know");
  return true;
}

//===--- shapes -----------------------------------------------------------------------------===//
// Sizes of the result: static ones of its type, the others from operands first, first + 1, ...
static bool resultSizes(RefFrame *frame, const RefStep *s, int first, int *rank, int64_t *sizes) {
  MlirType type = refSlotType(frame, s->out[0]);
  *rank = (int)mlirShapedTypeGetRank(type);
  if (*rank > REF_MAX_RANK) return refFail(s, "has more dimensions than the interpreter takes");
  for (int i = 0; i < *rank; ++i) {
    bool dynamic = mlirShapedTypeIsDynamicDim(type, i);
    if (dynamic && first >= s->nIn) return refFail(s, "lacks a size");
    sizes[i] = dynamic ? refIn(frame, s, first++).i : mlirShapedTypeGetDimSize(type, i);
    if (sizes[i] < 0) return refFail(s, "has a negative size");
  }
  return true;
}

static bool evalEmpty(RefFrame *frame, const RefStep *s) {
  int64_t sizes[REF_MAX_RANK];
  int rank;
  return resultSizes(frame, s, 0, &rank, sizes) &&
         refSetTensor(frame, s, s->out[0], refTensorCreate(s->type, rank, sizes));
}

static bool evalSplat(RefFrame *frame, const RefStep *s) {
  int64_t sizes[REF_MAX_RANK];
  int rank;
  if (!resultSizes(frame, s, 1, &rank, sizes)) return false;
  RefTensor *out = refTensorCreate(s->type, rank, sizes);
  for (int64_t i = 0; out && i < out->count; ++i) out->elements[i] = refIn(frame, s, 0);
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalGenerate(RefFrame *frame, const RefStep *s) {
  int64_t sizes[REF_MAX_RANK], idx[REF_MAX_RANK] = {0};
  int rank;
  if (!resultSizes(frame, s, 0, &rank, sizes)) return false;
  RefTensor *out = refTensorCreate(s->type, rank, sizes);
  const RefBlock *body = &s->blocks[0];
  for (int64_t k = 0; out && k < out->count; ++k, refNextIndex(rank, sizes, idx)) {
    for (int i = 0; i < rank && i < body->nArgs; ++i) refSetNumber(frame, body->args[i], (RefValue){.i = idx[i]});
    if (!refRunBlock(frame, body)) return refTensorRelease(out), false;
    out->elements[k] = frame->slots[body->yields[0]];
  }
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalFromElements(RefFrame *frame, const RefStep *s) {
  int64_t sizes[REF_MAX_RANK];
  int rank;
  if (!resultSizes(frame, s, s->nIn, &rank, sizes)) return false;
  RefTensor *out = refTensorCreate(s->type, rank, sizes);
  if (out && out->count != s->nIn) return refTensorRelease(out), refFail(s, "has another number of elements");
  for (int i = 0; out && i < s->nIn; ++i) out->elements[i] = refIn(frame, s, i);
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalDim(RefFrame *frame, const RefStep *s) {
  const RefTensor *t = refTensorIn(frame, s, 0);
  int64_t dim = refIn(frame, s, 1).i;
  if (dim < 0 || dim >= t->rank) return refFail(s, "asks for dimension %lld of %d", (long long)dim, t->rank);
  refSetNumber(frame, s->out[0], (RefValue){.i = t->sizes[dim]});
  return true;
}

static bool evalRank(RefFrame *frame, const RefStep *s) {
  refSetNumber(frame, s->out[0], (RefValue){.i = refTensorIn(frame, s, 0)->rank});
  return true;
}

static bool evalCast(RefFrame *frame, const RefStep *s) { return refCopySlot(frame, s, s->out[0], s->in[0]); }

//===--- elements ---------------------------------------------------------------------------===//
static int64_t elementAt(RefFrame *frame, const RefStep *s, const RefTensor *t, int first) {
  int64_t idx[REF_MAX_RANK];
  if (s->nIn - first != t->rank) return refFail(s, "has another number of indices than dimensions"), -1;
  for (int i = 0; i < t->rank; ++i) idx[i] = refIn(frame, s, first + i).i;
  int64_t offset = refOffset(t, idx);
  for (int i = 0; offset < 0 && i < t->rank; ++i)
    if (idx[i] < 0 || idx[i] >= t->sizes[i]) {
      refFail(s, "index %lld of dimension %d is outside of 0..%lld", (long long)idx[i], i, (long long)t->sizes[i]);
      break;
    }
  return offset;
}

static bool evalExtract(RefFrame *frame, const RefStep *s) {
  const RefTensor *t = refTensorIn(frame, s, 0);
  int64_t offset = elementAt(frame, s, t, 1);
  if (offset < 0) return false;
  refSetNumber(frame, s->out[0], t->elements[offset]);
  return true;
}

static bool evalInsert(RefFrame *frame, const RefStep *s) {
  int64_t offset = elementAt(frame, s, refTensorIn(frame, s, 1), 2);
  if (offset < 0) return false;
  RefTensor *out = refTensorCopy(refTensorIn(frame, s, 1));
  if (out) out->elements[offset] = refIn(frame, s, 0);
  return refSetTensor(frame, s, s->out[0], out);
}

//===--- reshapes ---------------------------------------------------------------------------===//
static bool reshapeTo(RefFrame *frame, const RefStep *s, int rank, const int64_t *sizes) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  RefTensor *out = refTensorCreate(in->type, rank, sizes);
  if (out && out->count != in->count)
    return refTensorRelease(out),
           refFail(s, "makes %lld elements of %lld", (long long)out->count, (long long)in->count);
  if (out) memcpy(out->elements, in->elements, (size_t)in->count * sizeof *in->elements);
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalExpand(RefFrame *frame, const RefStep *s) {
  DlcI64s fixed = tensor_expand_shape_static_output_shape(s->op);
  int64_t sizes[REF_MAX_RANK], product = 1;
  const RefTensor *in = refTensorIn(frame, s, 0);
  MlirAttribute groups = tensor_expand_shape_reassociation(s->op);
  int next = 1, n = 0;
  if (fixed.n > REF_MAX_RANK) return refFail(s, "has more dimensions than the interpreter takes");
  for (int i = 0; i < (int)fixed.n; ++i) {
    bool dynamic = fixed.data[i] == mlirShapedTypeGetDynamicSize();
    if (dynamic && next >= s->nIn) return refFail(s, "lacks a size");
    sizes[i] = dynamic ? refIn(frame, s, next++).i : fixed.data[i];
  }
  for (int g = 0; g < (int)dlcArraySize(groups) && g < in->rank; ++g, product = 1) {
    for (intptr_t k = dlcArraySize(mlirArrayAttrGetElement(groups, g)); k > 0 && n < (int)fixed.n; --k)
      product *= sizes[n++];
    if (product != in->sizes[g])
      return refFail(s, "splits dimension %d, of size %lld, into %lld", g, (long long)in->sizes[g], (long long)product);
  }
  return reshapeTo(frame, s, (int)fixed.n, sizes);
}

static bool evalCollapse(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  MlirAttribute groups = tensor_collapse_shape_reassociation(s->op);
  int64_t sizes[REF_MAX_RANK];
  int rank = (int)dlcArraySize(groups), n = 0;
  if (rank > REF_MAX_RANK) return refFail(s, "has more dimensions than the interpreter takes");
  for (int g = 0; g < rank; ++g) {
    sizes[g] = 1;
    for (intptr_t k = dlcArraySize(mlirArrayAttrGetElement(groups, g)); k > 0 && n < in->rank; --k)
      sizes[g] *= in->sizes[n++];
  }
  return reshapeTo(frame, s, rank, sizes);
}

static bool evalReshape(RefFrame *frame, const RefStep *s) {
  const RefTensor *shape = refTensorIn(frame, s, 1);
  int64_t sizes[REF_MAX_RANK];
  if (shape->rank != 1 || shape->count > REF_MAX_RANK) return refFail(s, "has a shape that is none");
  for (int i = 0; i < (int)shape->count; ++i) sizes[i] = shape->elements[i].i;
  return reshapeTo(frame, s, (int)shape->count, sizes);
}

const RefOpSpec refTensorOps[] = {{"arith.constant", evalConstant, NULL, prepareConstant},
                                  {"tensor.empty", evalEmpty, NULL, NULL},
                                  {"tensor.splat", evalSplat, NULL, NULL},
                                  {"tensor.generate", evalGenerate, NULL, NULL},
                                  {"tensor.from_elements", evalFromElements, NULL, NULL},
                                  {"tensor.dim", evalDim, NULL, NULL},
                                  {"tensor.rank", evalRank, NULL, NULL},
                                  {"tensor.cast", evalCast, NULL, NULL},
                                  {"tensor.extract", evalExtract, NULL, NULL},
                                  {"tensor.insert", evalInsert, NULL, NULL},
                                  {"tensor.expand_shape", evalExpand, NULL, NULL},
                                  {"tensor.collapse_shape", evalCollapse, NULL, NULL},
                                  {"tensor.reshape", evalReshape, NULL, NULL},
                                  {NULL, NULL, NULL, NULL}};
