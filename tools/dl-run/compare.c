/* Comparison; see compare.h. */
#include "compare.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "number.h"

static const void *elements(const DLTensor *tensor) { return (const char *)tensor->data + tensor->byte_offset; }

/* "[0, 3, 1]" of the row-major index. */
static void format_index(const DLTensor *tensor, int64_t index, char *text, size_t size) {
  int64_t at[64] = {0};
  size_t used = 0;
  for (int32_t d = tensor->ndim; d-- > 0; index /= tensor->shape[d]) at[d] = index % tensor->shape[d];
  used += (size_t)snprintf(text, size, "[");
  for (int32_t d = 0; d < tensor->ndim && used < size; ++d)
    used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, d ? ", " : "", at[d]);
  if (used < size) snprintf(text + used, size - used, "]");
}

static bool same_shape(const DLTensor *a, const DLTensor *b) {
  return a->ndim == b->ndim && (!a->ndim || !memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape));
}

static void format_shape(const DLTensor *tensor, char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "%s", tensor->ndim ? "" : "scalar");
  for (int32_t d = 0; d < tensor->ndim && used < size; ++d)
    used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, d ? "x" : "", tensor->shape[d]);
}

/* Whether one pair of numbers agrees; keeps the largest errors. */
static bool agree(double got, double want, double rtol, double atol, compare_report_t *out) {
  if (isnan(got) || isnan(want)) return isnan(got) && isnan(want);
  if (isinf(got) || isinf(want)) return got == want;
  double error = fabs(got - want), size = fabs(want);
  if (error > out->max_abs) out->max_abs = error;
  if (size > 0 && error / size > out->max_rel) out->max_rel = error / size;
  return error <= atol + rtol * size;
}

static void explain(const DLTensor *got, const DLTensor *want, dlrt_dtype_t dtype, compare_report_t *out) {
  char index[200], have[40], wanted[40];
  format_index(got, out->first, index, sizeof index);
  snprintf(out->reason, sizeof out->reason,
           "%" PRId64 " of %" PRId64 " elements differ, first at %s: got %s, expected %s", out->mismatches, out->count,
           index, number_format(dtype, elements(got), out->first, have, sizeof have),
           number_format(dtype, elements(want), out->first, wanted, sizeof wanted));
}

void compare_tensors(const DLTensor *got, const DLTensor *want, double rtol, double atol, compare_report_t *out) {
  dlrt_dtype_t dtype = number_dtype(got), expected = number_dtype(want);
  *out = (compare_report_t){.first = -1};
  if (dtype != expected) {
    snprintf(out->reason, sizeof out->reason, "the result is %s, expected is %s", dlrt_dtype_name(dtype),
             dlrt_dtype_name(expected));
    return;
  }
  if (!same_shape(got, want)) {
    char have[160], wanted[160];
    format_shape(got, have, sizeof have);
    format_shape(want, wanted, sizeof wanted);
    snprintf(out->reason, sizeof out->reason, "the result has the shape %s, expected is %s", have, wanted);
    return;
  }
  size_t bytes = dlrt_dtype_size(dtype);
  const char *a = elements(got), *b = elements(want);
  bool exact = !number_is_float(dtype);
  out->count = number_count(got);
  for (int64_t i = 0; i < out->count; ++i) {
    /* Doubles cannot tell all 64-bit integers apart: those are compared by their bytes. */
    bool good = agree(number_load(dtype, a, i), number_load(dtype, b, i), rtol, atol, out);
    if (exact) good = !memcmp(a + (size_t)i * bytes, b + (size_t)i * bytes, bytes);
    if (good) continue;
    if (!out->mismatches++) out->first = i;
  }
  out->equal = !out->mismatches;
  if (!out->equal) explain(got, want, dtype, out);
}
