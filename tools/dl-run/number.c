/* Elements as numbers; see number.h. The 16-bit floats are converted here by their bits (IEEE 754 binary16, and
 * bfloat16 as the upper half of binary32), so that no compiler support library is needed. */
#include "number.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static float half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0x1f) return float_from_bits(sign | 0x7f800000 | fraction << 13);
  if (exponent) return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  float value = ldexpf((float)fraction, -24); /* zero and subnormal */
  return sign ? -value : value;
}

static uint16_t float_to_half(double value) {
  uint16_t sign = signbit(value) ? 0x8000 : 0;
  double size = fabs(value);
  if (isnan(value)) return (uint16_t)(sign | 0x7e00);
  if (size >= 65520.0) return (uint16_t)(sign | 0x7c00); /* half way past the largest */
  int exponent;
  frexp(size, &exponent); /* size = m * 2^exponent, m in [0.5, 1) */
  if (size < 0x1p-14) return (uint16_t)(sign | (uint16_t)nearbyint(ldexp(size, 24)));
  /* 11 significant bits; rounding up to 2048 carries into the exponent by itself. */
  int bits = (int)nearbyint(ldexp(size, 11 - exponent));
  return (uint16_t)(sign | (((exponent + 14) << 10) + (bits - 1024)));
}

static uint16_t float_to_bfloat(double value) {
  float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  if (isnan(value)) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

double number_load(dlrt_dtype_t dtype, const void *data, int64_t i) {
  switch (dtype) {
  case DLRT_FLOAT16:
    return (double)half_to_float(((const uint16_t *)data)[i]);
  case DLRT_BFLOAT16:
    return (double)float_from_bits((uint32_t)((const uint16_t *)data)[i] << 16);
  case DLRT_FLOAT32:
    return (double)((const float *)data)[i];
  case DLRT_FLOAT64:
    return ((const double *)data)[i];
  case DLRT_INT8:
    return ((const int8_t *)data)[i];
  case DLRT_INT16:
    return ((const int16_t *)data)[i];
  case DLRT_INT32:
    return ((const int32_t *)data)[i];
  case DLRT_INT64:
    return (double)((const int64_t *)data)[i];
  case DLRT_UINT8:
  case DLRT_BOOL:
    return ((const uint8_t *)data)[i];
  case DLRT_UINT16:
    return ((const uint16_t *)data)[i];
  case DLRT_UINT32:
    return ((const uint32_t *)data)[i];
  case DLRT_UINT64:
    return (double)((const uint64_t *)data)[i];
  case DLRT_DTYPE_COUNT:
    break;
  }
  return 0;
}

void number_store(dlrt_dtype_t dtype, void *data, int64_t i, double value) {
  switch (dtype) {
  case DLRT_FLOAT16:
    ((uint16_t *)data)[i] = float_to_half(value);
    return;
  case DLRT_BFLOAT16:
    ((uint16_t *)data)[i] = float_to_bfloat(value);
    return;
  case DLRT_FLOAT32:
    ((float *)data)[i] = (float)value;
    return;
  case DLRT_FLOAT64:
    ((double *)data)[i] = value;
    return;
  case DLRT_INT8:
    ((int8_t *)data)[i] = (int8_t)value;
    return;
  case DLRT_INT16:
    ((int16_t *)data)[i] = (int16_t)value;
    return;
  case DLRT_INT32:
    ((int32_t *)data)[i] = (int32_t)value;
    return;
  case DLRT_INT64:
    ((int64_t *)data)[i] = (int64_t)value;
    return;
  case DLRT_UINT8:
    ((uint8_t *)data)[i] = (uint8_t)value;
    return;
  case DLRT_BOOL:
    ((uint8_t *)data)[i] = value != 0;
    return;
  case DLRT_UINT16:
    ((uint16_t *)data)[i] = (uint16_t)value;
    return;
  case DLRT_UINT32:
    ((uint32_t *)data)[i] = (uint32_t)value;
    return;
  case DLRT_UINT64:
    ((uint64_t *)data)[i] = (uint64_t)value;
    return;
  case DLRT_DTYPE_COUNT:
    return;
  }
}

bool number_is_float(dlrt_dtype_t dtype) {
  return dtype == DLRT_FLOAT16 || dtype == DLRT_BFLOAT16 || dtype == DLRT_FLOAT32 || dtype == DLRT_FLOAT64;
}

char *number_format(dlrt_dtype_t dtype, const void *data, int64_t i, char *text, size_t size) {
  if (dtype == DLRT_INT64)
    snprintf(text, size, "%" PRId64, ((const int64_t *)data)[i]);
  else if (dtype == DLRT_UINT64)
    snprintf(text, size, "%" PRIu64, ((const uint64_t *)data)[i]);
  else if (dtype == DLRT_BOOL)
    snprintf(text, size, "%s", ((const uint8_t *)data)[i] ? "true" : "false");
  else
    snprintf(text, size, dtype == DLRT_FLOAT64 ? "%.17g" : "%.9g", number_load(dtype, data, i));
  return text;
}

dlrt_dtype_t number_dtype(const DLTensor *tensor) {
  dlrt_dtype_t dtype = DLRT_FLOAT32;
  (void)dlrt_dtype_from_dlpack(tensor->dtype, &dtype);
  return dtype;
}

int64_t number_count(const DLTensor *tensor) {
  int64_t count = 1;
  /* Where one size is 0 the others may be anything, also too much to multiply. */
  for (int32_t i = 0; i < tensor->ndim; ++i)
    if (!tensor->shape[i]) return 0;
  for (int32_t i = 0; i < tensor->ndim; ++i) count *= tensor->shape[i];
  return count;
}
