/* Element types, and tensors in host memory; see tensor.h and dlrt.h. */
#include "core/tensor.h"
#include <stdlib.h>
#include <string.h>
#include "core/status.h"
#include "host/topology.h"

#define ASK_FROM ((size_t)1 << 30)

typedef struct dtype_row {
  const char *name;
  uint8_t code, bits;
} dtype_row_t;

static const dtype_row_t dtypes[DLRT_DTYPE_COUNT] = {
    [DLRT_FLOAT16] = {"float16", kDLFloat, 16}, [DLRT_BFLOAT16] = {"bfloat16", kDLBfloat, 16},
    [DLRT_FLOAT32] = {"float32", kDLFloat, 32}, [DLRT_FLOAT64] = {"float64", kDLFloat, 64},
    [DLRT_INT8] = {"int8", kDLInt, 8},          [DLRT_INT16] = {"int16", kDLInt, 16},
    [DLRT_INT32] = {"int32", kDLInt, 32},       [DLRT_INT64] = {"int64", kDLInt, 64},
    [DLRT_UINT8] = {"uint8", kDLUInt, 8},       [DLRT_UINT16] = {"uint16", kDLUInt, 16},
    [DLRT_UINT32] = {"uint32", kDLUInt, 32},    [DLRT_UINT64] = {"uint64", kDLUInt, 64},
    [DLRT_BOOL] = {"bool", kDLBool, 8},
};

const char *dlrt_dtype_name(dlrt_dtype_t dtype) { return dtypes[dtype].name; }

size_t dlrt_dtype_size(dlrt_dtype_t dtype) { return dtypes[dtype].bits / 8; }

DLDataType dlrt_dtype_to_dlpack(dlrt_dtype_t dtype) {
  return (DLDataType){.code = dtypes[dtype].code, .bits = dtypes[dtype].bits, .lanes = 1};
}

int dlrt_dtype_from_dlpack(DLDataType type, dlrt_dtype_t *out_dtype) {
  for (int i = 0; i < DLRT_DTYPE_COUNT; ++i)
    if (dtypes[i].code == type.code && dtypes[i].bits == type.bits && type.lanes == 1) {
      *out_dtype = (dlrt_dtype_t)i;
      return 0;
    }
  return -1;
}

int dlrt_dtype_from_name(const char *name, dlrt_dtype_t *out_dtype) {
  for (int i = 0; i < DLRT_DTYPE_COUNT; ++i)
    if (!strcmp(dtypes[i].name, name)) {
      *out_dtype = (dlrt_dtype_t)i;
      return 0;
    }
  return -1;
}

bool dlrt_tensor_bytes(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape, size_t *out_bytes) {
  size_t bytes = dlrt_dtype_size(dtype);
  bool empty = false;
  *out_bytes = 0;
  for (int32_t i = 0; i < rank; ++i) {
    if (shape[i] < 0) return false;
    if (!shape[i]) empty = true;
    /* A zero anywhere makes it empty, whatever the others multiply to. */
    else if (__builtin_mul_overflow(bytes, (size_t)shape[i], &bytes))
      bytes = SIZE_MAX;
  }
  if (empty) return true;
  *out_bytes = bytes;
  return bytes <= (size_t)INT64_MAX;
}

void *dlrt_tensor_data(const DLTensor *tensor) {
  return tensor->data ? (char *)tensor->data + tensor->byte_offset : NULL;
}

bool dlrt_tensor_is_dense(const DLTensor *tensor) {
  size_t element = tensor->dtype.bits / 8u;
  if ((uintptr_t)dlrt_tensor_data(tensor) % element) return false;
  if (!tensor->strides) return true;
  int64_t expected = 1;
  bool dense = true;
  for (int32_t i = tensor->ndim; i-- > 0;) {
    if (!tensor->shape[i]) return true; /* nothing to be out of place */
    /* The stride of a dimension of size 1 is never used; frameworks put anything there. */
    if (tensor->shape[i] != 1 && tensor->strides[i] != expected) dense = false;
    if (__builtin_mul_overflow(expected, tensor->shape[i], &expected)) return false;
  }
  return dense;
}

/* Copies one row of n elements; a step is in bytes. */
static void copy_row(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t n, size_t element) {
  if (to_step == (int64_t)element && from_step == (int64_t)element) {
    memcpy(to, from, (size_t)n * element);
    return;
  }
  for (int64_t i = 0; i < n; ++i) memcpy(to + i * to_step, from + i * from_step, element);
}

/* Walks the strided tensor row by row beside its dense image. */
static void copy_strided(const DLTensor *tensor, char *dense, bool gather) {
  int64_t element = tensor->dtype.bits / 8, index[DLRT_MAX_RANK] = {0};
  int32_t rank = tensor->ndim;
  char *at = dlrt_tensor_data(tensor);
  int64_t row = rank ? tensor->shape[rank - 1] : 1, strides[DLRT_MAX_RANK], step = element;
  for (int32_t i = rank; i-- > 0;) {
    if (!tensor->shape[i]) return;
    strides[i] = tensor->strides ? tensor->strides[i] * element : step;
    if (!tensor->strides) step *= tensor->shape[i];
  }
  int64_t row_step = rank ? strides[rank - 1] : element;
  for (;;) {
    if (gather)
      copy_row(dense, element, at, row_step, row, (size_t)element);
    else
      copy_row(at, row_step, dense, element, row, (size_t)element);
    dense += row * element;
    int32_t i = rank - 2;
    for (; i >= 0; --i) {
      at += strides[i];
      if (++index[i] < tensor->shape[i]) break;
      at -= strides[i] * tensor->shape[i];
      index[i] = 0;
    }
    if (i < 0) return;
  }
}

void dlrt_tensor_gather(const DLTensor *tensor, void *dense) { copy_strided(tensor, dense, true); }

void dlrt_tensor_scatter(const DLTensor *tensor, const void *dense) {
  /* copy_strided only reads dense in this direction. */
  copy_strided(tensor, (char *)(uintptr_t)dense, false);
}

/* A tensor of the runtime's own is one block: this, then the elements. */
typedef struct owned_tensor {
  _Alignas(DLRT_ALIGNMENT) DLManagedTensor managed;
  int64_t shape[DLRT_MAX_RANK];
} owned_tensor_t;

static void delete_owned(DLManagedTensor *self) { free(self); }

dlrt_status_t dlrt_tensor_make(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape, DLManagedTensor **out_tensor) {
  size_t bytes, total = 0;
  *out_tensor = NULL;
  if (rank < 0 || rank > (int32_t)DLRT_MAX_RANK)
    return dlrt_status_make(DLRT_INVALID_ARGUMENT, "rank %d is not in 0..%u", rank, DLRT_MAX_RANK);
  bool good = dlrt_tensor_bytes(dtype, rank, shape, &bytes) &&
              !__builtin_add_overflow(bytes, sizeof(owned_tensor_t) + 2 * DLRT_ALIGNMENT - 1, &total);
  total &= ~(size_t)(DLRT_ALIGNMENT - 1);
  /* More than the machine has is refused here: the allocator might promise it and the first touch would end the
   * process. Asking for the machine's memory reads files, so small tensors do not. */
  good = good && (total < ASK_FROM || total <= (uint64_t)dlrt_topology_memory());
  owned_tensor_t *owned = good ? aligned_alloc(DLRT_ALIGNMENT, total) : NULL;
  if (!owned) {
    char text[128];
    return dlrt_status_make(DLRT_OUT_OF_MEMORY, "no memory for a tensor %s of %s",
                            dlrt_shape_format(rank, shape, text, sizeof text), dlrt_dtype_name(dtype));
  }
  memset(owned, 0, sizeof *owned);
  if (rank) memcpy(owned->shape, shape, (size_t)rank * sizeof *shape);
  DLTensor *t = &owned->managed.dl_tensor;
  t->data = owned + 1;
  t->device.device_type = kDLCPU;
  t->ndim = rank;
  t->dtype = dlrt_dtype_to_dlpack(dtype);
  t->shape = owned->shape;
  owned->managed.deleter = delete_owned;
  *out_tensor = &owned->managed;
  return dlrt_status_ok();
}

dlrt_status_t dlrt_tensor_create(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape, DLManagedTensor **out_tensor) {
  *out_tensor = NULL;
  if ((unsigned)dtype >= DLRT_DTYPE_COUNT) return dlrt_status_make(DLRT_INVALID_ARGUMENT, "no such dtype");
  for (int32_t i = 0; i < rank && i < (int32_t)DLRT_MAX_RANK; ++i)
    if (shape[i] < 0)
      return dlrt_status_make(DLRT_INVALID_ARGUMENT, "dimension %d has the negative size %lld", i, (long long)shape[i]);
  dlrt_status_t status = dlrt_tensor_make(dtype, rank, shape, out_tensor);
  size_t bytes;
  if (!status.code && dlrt_tensor_bytes(dtype, rank, shape, &bytes)) memset((*out_tensor)->dl_tensor.data, 0, bytes);
  return status;
}

void dlrt_tensor_release(DLManagedTensor *tensor) {
  if (tensor && tensor->deleter) tensor->deleter(tensor);
}

char *dlrt_shape_format(int32_t rank, const int64_t *shape, char *text, size_t size) {
  size_t used = 0;
  snprintf(text, size, "%s", rank ? "" : "scalar");
  for (int32_t i = 0; i < rank && used < size; ++i) {
    int n = shape[i] == DLRT_DYNAMIC ? snprintf(text + used, size - used, "%s?", i ? "x" : "")
                                     : snprintf(text + used, size - used, "%s%lld", i ? "x" : "", (long long)shape[i]);
    if (n < 0) break;
    used += (size_t)n;
  }
  return text;
}
