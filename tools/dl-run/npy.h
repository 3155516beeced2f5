/* NumPy's array files. */
#ifndef DL_RUN_NPY_H
#define DL_RUN_NPY_H
#include "dlrt/dlrt.h"

/* Reads a whole .npy file (versions 1 to 3) in memory; big-endian and Fortran-ordered arrays are converted. bfloat16,
 * which NumPy has no name for, is "V2". The caller owns *out_tensor. Messages give the offset but not the file. */
DLRT_MUST_USE dlrt_status_t npy_read(const uint8_t *data, size_t size, DLManagedTensor **out_tensor);
/* Writes a dense tensor as version 1.0 to stream. */
DLRT_MUST_USE dlrt_status_t npy_write(const DLTensor *tensor, FILE *stream);

#endif
