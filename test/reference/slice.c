// The ops of tensor that move parts: slices, pad, concat, gather, scatter.
#include <string.h>
#include "reference.h"
#include "ods/tensor.h"

// A list of numbers, some in an attribute, the others operands from *next on.
static bool mixed(RefFrame *frame, const RefStep *s, DlcI64s fixed, int *next, int64_t *out) {
  if (fixed.n > REF_MAX_RANK) return refFail(s, "has more dimensions than the interpreter takes");
  for (int i = 0; i < (int)fixed.n; ++i) {
    bool dynamic = fixed.data[i] == mlirShapedTypeGetDynamicSize();
    if (dynamic && *next >= s->nIn) return refFail(s, "lacks an operand");
    out[i] = dynamic ? refIn(frame, s, (*next)++).i : fixed.data[i];
  }
  return true;
}

typedef struct {
  int rank;
  int64_t offsets[REF_MAX_RANK], sizes[REF_MAX_RANK], strides[REF_MAX_RANK], count;
} Part;

// Which elements of `whole` a slice is; its numbers are operands from `next` on.
static bool partOf(RefFrame *frame, const RefStep *s, const RefTensor *whole, DlcI64s offsets, DlcI64s sizes,
                   DlcI64s strides, int next, Part *p) {
  *p = (Part){.rank = whole->rank, .count = 1};
  if (offsets.n != whole->rank || sizes.n != whole->rank || strides.n != whole->rank)
    return refFail(s, "has numbers for another rank");
  if (!mixed(frame, s, offsets, &next, p->offsets) || !mixed(frame, s, sizes, &next, p->sizes) ||
      !mixed(frame, s, strides, &next, p->strides))
    return false;
  for (int i = 0; i < p->rank; ++i) {
    int64_t last = p->offsets[i] + (p->sizes[i] - 1) * p->strides[i];
    bool inside = p->sizes[i] == 0 ||
                  (p->offsets[i] >= 0 && p->offsets[i] < whole->sizes[i] && last >= 0 && last < whole->sizes[i]);
    if (p->sizes[i] < 0 || !inside)
      return refFail(s, "slice of dimension %d, %lld from %lld by %lld, is outside of 0..%lld", i,
                     (long long)p->sizes[i], (long long)p->offsets[i], (long long)p->strides[i],
                     (long long)whole->sizes[i]);
    p->count *= p->sizes[i];
  }
  return true;
}

static int64_t partOffset(const RefTensor *whole, const Part *p, const int64_t *idx) {
  int64_t at[REF_MAX_RANK];
  for (int i = 0; i < p->rank; ++i) at[i] = p->offsets[i] + idx[i] * p->strides[i];
  return refOffset(whole, at);
}

// The sizes of a slice's result, which may lack dimensions of one.
static bool droppedSizes(RefFrame *frame, const RefStep *s, const Part *p, int *rank, int64_t *sizes) {
  MlirType type = refSlotType(frame, s->out[0]);
  *rank = (int)mlirShapedTypeGetRank(type);
  int n = 0, drop = p->rank - *rank;
  for (int i = 0; i < p->rank; ++i) {
    bool keep = n < *rank &&
                (drop == 0 || mlirShapedTypeIsDynamicDim(type, n) || mlirShapedTypeGetDimSize(type, n) == p->sizes[i]);
    if (keep)
      sizes[n++] = p->sizes[i];
    else if (p->sizes[i] == 1 && drop > 0)
      --drop;
    else
      return refFail(s, "drops dimension %d, of size %lld", i, (long long)p->sizes[i]);
  }
  return n == *rank || refFail(s, "has a result of another rank");
}

static bool evalExtractSlice(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  int64_t sizes[REF_MAX_RANK], idx[REF_MAX_RANK] = {0};
  int rank;
  Part p;
  if (!partOf(frame, s, in, tensor_extract_slice_static_offsets(s->op), tensor_extract_slice_static_sizes(s->op),
              tensor_extract_slice_static_strides(s->op), 1, &p) ||
      !droppedSizes(frame, s, &p, &rank, sizes))
    return false;
  RefTensor *out = refTensorCreate(in->type, rank, sizes);
  for (int64_t k = 0; out && k < p.count; ++k, refNextIndex(p.rank, p.sizes, idx))
    out->elements[k] = in->elements[partOffset(in, &p, idx)];
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalInsertSlice(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0), *into = refTensorIn(frame, s, 1);
  int64_t idx[REF_MAX_RANK] = {0};
  Part p;
  if (!partOf(frame, s, into, tensor_insert_slice_static_offsets(s->op), tensor_insert_slice_static_sizes(s->op),
              tensor_insert_slice_static_strides(s->op), 2, &p))
    return false;
  if (p.count != in->count)
    return refFail(s, "inserts %lld elements as %lld", (long long)in->count, (long long)p.count);
  RefTensor *out = refTensorCopy(into);
  for (int64_t k = 0; out && k < p.count; ++k, refNextIndex(p.rank, p.sizes, idx))
    out->elements[partOffset(out, &p, idx)] = in->elements[k];
  return refSetTensor(frame, s, s->out[0], out);
}

//===--- pad --------------------------------------------------------------------------------===//
static bool padElement(RefFrame *frame, const RefStep *s, const int64_t *idx, int rank, RefValue *out) {
  const RefBlock *body = &s->blocks[0];
  if (body->nArgs != rank || body->nYields != 1) return refFail(s, "has a region that the interpreter does not know");
  for (int i = 0; i < rank; ++i) refSetNumber(frame, body->args[i], (RefValue){.i = idx[i]});
  if (!refRunBlock(frame, body)) return false;
  *out = frame->slots[body->yields[0]];
  return true;
}

static bool evalPad(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0);
  int64_t low[REF_MAX_RANK], high[REF_MAX_RANK], sizes[REF_MAX_RANK], idx[REF_MAX_RANK] = {0}, at[REF_MAX_RANK];
  int next = 1;
  if (!mixed(frame, s, tensor_pad_static_low(s->op), &next, low) ||
      !mixed(frame, s, tensor_pad_static_high(s->op), &next, high))
    return false;
  for (int i = 0; i < in->rank; ++i) {
    if (low[i] < 0 || high[i] < 0) return refFail(s, "pads dimension %d by a negative number", i);
    sizes[i] = low[i] + in->sizes[i] + high[i];
  }
  RefTensor *out = refTensorCreate(in->type, in->rank, sizes);
  for (int64_t k = 0; out && k < out->count; ++k, refNextIndex(in->rank, sizes, idx)) {
    for (int i = 0; i < in->rank; ++i) at[i] = idx[i] - low[i];
    int64_t offset = refOffset(in, at);
    if (offset >= 0)
      out->elements[k] = in->elements[offset];
    else if (!padElement(frame, s, idx, in->rank, &out->elements[k]))
      return refTensorRelease(out), false;
  }
  return refSetTensor(frame, s, s->out[0], out);
}

//===--- concat -----------------------------------------------------------------------------===//
static bool evalConcat(RefFrame *frame, const RefStep *s) {
  int64_t dim = tensor_concat_dim(s->op), sizes[REF_MAX_RANK], before = 0;
  const RefTensor *first = refTensorIn(frame, s, 0);
  if (dim < 0 || dim >= first->rank) return refFail(s, "has no such dimension");
  memcpy(sizes, first->sizes, sizeof sizes);
  for (int k = 1; k < s->nIn; ++k) {
    const RefTensor *t = refTensorIn(frame, s, k);
    for (int i = 0; i < first->rank; ++i)
      if (t->rank != first->rank || (i != dim && t->sizes[i] != first->sizes[i]))
        return refFail(s, "operand #%d has other sizes than the first", k);
    sizes[dim] += t->sizes[dim];
  }
  RefTensor *out = refTensorCreate(first->type, first->rank, sizes);
  for (int k = 0; out && k < s->nIn; before += refTensorIn(frame, s, k++)->sizes[dim]) {
    const RefTensor *t = refTensorIn(frame, s, k);
    int64_t idx[REF_MAX_RANK] = {0};
    for (int64_t e = 0; e < t->count; ++e, refNextIndex(t->rank, t->sizes, idx)) {
      int64_t at[REF_MAX_RANK];
      memcpy(at, idx, sizeof at);
      at[dim] += before;
      out->elements[refOffset(out, at)] = t->elements[e];
    }
  }
  return refSetTensor(frame, s, s->out[0], out);
}

//===--- gather and scatter -----------------------------------------------------------------===//
// Gathered dimensions come from the row of indices, the others from what follows the batch in idx (where they have
// size one, they may be left out).
static bool gatheredOffset(const RefStep *s, const RefTensor *whole, const RefTensor *indices, DlcI64s dims,
                           int64_t row, const int64_t *rest, int nRest, int64_t *offset) {
  int64_t at[REF_MAX_RANK];
  for (int i = 0, n = 0; i < whole->rank; ++i) {
    int64_t found = -1;
    for (int k = 0; k < (int)dims.n; ++k)
      if (dims.data[k] == i) found = indices->elements[row * dims.n + k].i;
    bool isGathered = false;
    for (int k = 0; k < (int)dims.n; ++k) isGathered |= dims.data[k] == i;
    at[i] = isGathered ? found : rest[n];
    if (!isGathered || nRest == whole->rank) ++n;
  }
  *offset = refOffset(whole, at);
  return *offset >= 0 || refFail(s, "row %lld of the indices is out of bounds", (long long)row);
}

static bool moveGathered(RefFrame *frame, const RefStep *s, const RefTensor *whole, const RefTensor *indices,
                         DlcI64s dims, const RefTensor *parts, RefValue *to, bool scatters) {
  int nBatch = indices->rank - 1, nRest = parts->rank - nBatch;
  int64_t idx[REF_MAX_RANK] = {0}, rows = dims.n ? indices->count / dims.n : 0;
  (void)frame;
  if (nBatch < 0 || !dims.n || indices->sizes[nBatch] != dims.n ||
      (nRest != whole->rank && nRest != whole->rank - (int)dims.n))
    return refFail(s, "has indices of a strange shape");
  for (int64_t k = 0; k < parts->count; ++k, refNextIndex(parts->rank, parts->sizes, idx)) {
    int64_t row = 0, offset;
    for (int i = 0; i < nBatch; ++i) row = row * indices->sizes[i] + idx[i];
    if (row >= rows || !gatheredOffset(s, whole, indices, dims, row, idx + nBatch, nRest, &offset)) return false;
    to[scatters ? offset : k] = scatters ? parts->elements[k] : whole->elements[offset];
  }
  return true;
}

static bool evalGather(RefFrame *frame, const RefStep *s) {
  const RefTensor *in = refTensorIn(frame, s, 0), *indices = refTensorIn(frame, s, 1);
  DlcI64s dims = tensor_gather_gather_dims(s->op);
  int64_t sizes[2 * REF_MAX_RANK];
  int rank = 0, wanted = (int)mlirShapedTypeGetRank(refSlotType(frame, s->out[0]));
  bool dropped = wanted == indices->rank - 1 + in->rank - (int)dims.n && dims.n;
  for (int i = 0; i + 1 < indices->rank; ++i) sizes[rank++] = indices->sizes[i];
  for (int i = 0; i < in->rank; ++i) {
    bool isGathered = false;
    for (int k = 0; k < (int)dims.n; ++k) isGathered |= dims.data[k] == i;
    if (!isGathered || !dropped) sizes[rank++] = isGathered ? 1 : in->sizes[i];
  }
  RefTensor *out = refTensorCreate(in->type, rank, sizes);
  if (out && !moveGathered(frame, s, in, indices, dims, out, out->elements, false)) return refTensorRelease(out), false;
  return refSetTensor(frame, s, s->out[0], out);
}

static bool evalScatter(RefFrame *frame, const RefStep *s) {
  RefTensor *out = refTensorCopy(refTensorIn(frame, s, 1));
  if (out && !moveGathered(frame, s, out, refTensorIn(frame, s, 2), tensor_scatter_scatter_dims(s->op),
                           refTensorIn(frame, s, 0), out->elements, true))
    return refTensorRelease(out), false;
  return refSetTensor(frame, s, s->out[0], out);
}

const RefOpSpec refSliceOps[] = {{"tensor.extract_slice", evalExtractSlice, NULL, NULL},
                                 {"tensor.insert_slice", evalInsertSlice, NULL, NULL},
                                 {"tensor.pad", evalPad, NULL, NULL},
                                 {"tensor.concat", evalConcat, NULL, NULL},
                                 {"tensor.gather", evalGather, NULL, NULL},
                                 {"tensor.scatter", evalScatter, NULL, NULL},
                                 {NULL, NULL, NULL, NULL}};
