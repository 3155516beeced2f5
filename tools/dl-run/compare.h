/* Comparison of a result with what was expected. */
#ifndef DL_RUN_COMPARE_H
#define DL_RUN_COMPARE_H
#include <stdbool.h>
#include "dlrt/dlrt.h"

typedef struct compare_report {
  bool equal;
  int64_t count;      /* elements compared */
  int64_t mismatches; /* outside of the tolerance */
  int64_t first;      /* index of the first mismatch in row-major order, -1: none */
  double max_abs;     /* over elements that are finite on both sides */
  double max_rel;     /* |got - want| / |want|, where want is not 0 */
  char reason[400];   /* one line that says what differs; empty when equal */
} compare_report_t;

/* numpy.allclose(got, want, rtol, atol, equal_nan=True): |got - want| <= atol + rtol * |want|; integers and bools
 * must be the same, and so must dtypes and shapes. Both are dense. */
void compare_tensors(const DLTensor *got, const DLTensor *want, double rtol, double atol, compare_report_t *out);

#endif
