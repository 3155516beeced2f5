/* Host tensors as the runtime handles them. */
#ifndef DLRT_CORE_TENSOR_H
#define DLRT_CORE_TENSOR_H
#include <stdbool.h>
#include "dlrt/dlrt.h"

/* The bytes of a dense tensor; false on overflow or a negative size. */
bool dlrt_tensor_bytes(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape, size_t *out_bytes);
/* Where the first element is. */
void *dlrt_tensor_data(const DLTensor *tensor);
/* Whether compiled code may use its memory as it is: row-major, dense, aligned to its element. */
bool dlrt_tensor_is_dense(const DLTensor *tensor);
/* Copies between the strided `tensor` and dense row-major memory. */
void dlrt_tensor_gather(const DLTensor *tensor, void *dense);
void dlrt_tensor_scatter(const DLTensor *tensor, const void *dense);
/* dlrt_tensor_create with the contents undefined. */
DLRT_MUST_USE dlrt_status_t dlrt_tensor_make(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape,
                                             DLManagedTensor **out_tensor);
/* "2x3x4", "scalar" for rank 0, into text, which it returns. */
char *dlrt_shape_format(int32_t rank, const int64_t *shape, char *text, size_t size);

#endif
