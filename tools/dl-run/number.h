/* Elements of any type as numbers. */
#ifndef DL_RUN_NUMBER_H
#define DL_RUN_NUMBER_H
#include <stdbool.h>
#include "dlrt/dlrt.h"

/* Element `index` of a dense array; integers of 64 bits are rounded to double. */
double number_load(dlrt_dtype_t dtype, const void *data, int64_t index);
/* Rounds to nearest even for the float types; for integers the value must fit. */
void number_store(dlrt_dtype_t dtype, void *data, int64_t index, double value);
bool number_is_float(dlrt_dtype_t dtype);
/* Element `index` as text, exact for integers; returns text. */
char *number_format(dlrt_dtype_t dtype, const void *data, int64_t index, char *text, size_t size);
/* The dtype of a tensor that the runtime or a reader of ours made. */
dlrt_dtype_t number_dtype(const DLTensor *tensor);
/* Product of the shape. */
int64_t number_count(const DLTensor *tensor);

#endif
