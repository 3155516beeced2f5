// Element types, and reading and writing the elements of constants.
#include "frontends/onnx/import.h"
#include <math.h>
#include <string.h>

static const char *const names[] = {
    "undefined", "float32",    "uint8",      "int8",         "uint16",         "int16",      "int32",
    "int64",     "string",     "bool",       "float16",      "float64",        "uint32",     "uint64",
    "complex64", "complex128", "bfloat16",   "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
    "uint4",     "int4",       "float4e2m1", "float8e8m0",   "uint2",          "int2"};
const char *onnxElementName(OnnxElement e) { return (size_t)e < sizeof names / sizeof *names ? names[e] : "unknown"; }
size_t onnxElementSize(OnnxElement e) {
  switch (e) {
  case ONNX_UINT8:
  case ONNX_INT8:
  case ONNX_BOOL:
    return 1;
  case ONNX_UINT16:
  case ONNX_INT16:
  case ONNX_FLOAT16:
  case ONNX_BFLOAT16:
    return 2;
  case ONNX_FLOAT:
  case ONNX_INT32:
  case ONNX_UINT32:
    return 4;
  case ONNX_DOUBLE:
  case ONNX_INT64:
  case ONNX_UINT64:
    return 8;
  default:
    return 0;
  }
}
bool onnxIsFloat(OnnxElement e) {
  return e == ONNX_FLOAT || e == ONNX_FLOAT16 || e == ONNX_BFLOAT16 || e == ONNX_DOUBLE;
}
bool onnxIsInteger(OnnxElement e) { return onnxElementSize(e) && !onnxIsFloat(e) && e != ONNX_BOOL; }
bool onnxIsUnsigned(OnnxElement e) {
  return e == ONNX_UINT8 || e == ONNX_UINT16 || e == ONNX_UINT32 || e == ONNX_UINT64 || e == ONNX_BOOL;
}
OnnxElement onnxWide(OnnxElement e) { return e == ONNX_FLOAT16 || e == ONNX_BFLOAT16 ? ONNX_FLOAT : e; }

MlirType onnxElementType(OnnxContext *ctx, OnnxElement e) {
  MlirContext c = ctx->builder.ctx;
  switch (e) {
  case ONNX_FLOAT:
    return mlirF32TypeGet(c);
  case ONNX_DOUBLE:
    return mlirF64TypeGet(c);
  case ONNX_FLOAT16:
    return mlirF16TypeGet(c);
  case ONNX_BFLOAT16:
    return mlirBF16TypeGet(c);
  case ONNX_BOOL:
    return mlirIntegerTypeGet(c, 1);
  default:
    break;
  }
  if (onnxIsInteger(e)) return mlirIntegerTypeGet(c, (unsigned)onnxElementSize(e) * 8);
  onnxRefuse(ctx, "element type %s is not supported", onnxElementName(e));
  return (MlirType){0};
}

static float halfToFloat(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 0x3ff;
  if (exponent == 0) return (sign ? -1.0f : 1.0f) * ldexpf((float)mantissa, -24);
  uint32_t bits = exponent == 31 ? sign | 0x7f800000 | mantissa << 13 : sign | (exponent + 112) << 23 | mantissa << 13;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}
static uint16_t floatToHalf(double x) {
  uint16_t sign = signbit(x) ? 0x8000 : 0;
  x = fabs(x);
  if (isnan(x)) return sign | 0x7e00;
  if (x >= 65520) return sign | 0x7c00;
  int exponent = 0;
  frexp(x, &exponent); // x = m * 2^exponent, m in [0.5, 1)
  if (x == 0 || exponent < -13) return sign | (uint16_t)rint(ldexp(x, 24));
  // An overflow of the mantissa carries into the exponent, which is what rounding up means.
  uint32_t mantissa = (uint32_t)rint(ldexp(x, 11 - exponent)) - 1024;
  return sign | (uint16_t)((uint32_t)(exponent + 14) * 1024 + mantissa);
}
static uint16_t floatToBrain(double x) {
  float f = (float)x;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if (isnan(x)) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#define READ(T) (*(const T *)memcpy(&(T){0}, (const char *)data + (size_t)i * sizeof(T), sizeof(T)))
double onnxGetFloat(const OnnxValue *v, int64_t i) {
  const void *data = v->data;
  switch (v->element) {
  case ONNX_FLOAT:
    return READ(float);
  case ONNX_DOUBLE:
    return READ(double);
  case ONNX_FLOAT16:
    return halfToFloat(READ(uint16_t));
  case ONNX_BFLOAT16: {
    uint32_t bits = (uint32_t)READ(uint16_t) << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
  }
  case ONNX_UINT64:
    return (double)READ(uint64_t);
  default:
    return (double)onnxGetInt(v, i);
  }
}
int64_t onnxGetInt(const OnnxValue *v, int64_t i) {
  const void *data = v->data;
  switch (v->element) {
  case ONNX_INT8:
    return READ(int8_t);
  case ONNX_UINT8:
    return READ(uint8_t);
  case ONNX_BOOL:
    return READ(uint8_t) != 0;
  case ONNX_INT16:
    return READ(int16_t);
  case ONNX_UINT16:
    return READ(uint16_t);
  case ONNX_INT32:
    return READ(int32_t);
  case ONNX_UINT32:
    return READ(uint32_t);
  case ONNX_INT64:
  case ONNX_UINT64:
    return READ(int64_t);
  default:
    break;
  }
  double x = onnxGetFloat(v, i);
  return x >= 9.2e18 ? INT64_MAX : x <= -9.2e18 || isnan(x) ? INT64_MIN : (int64_t)x;
}
#define WRITE(T, x) memcpy((char *)data + (size_t)i * sizeof(T), &(T){x}, sizeof(T))
void onnxPutFloat(OnnxElement e, void *data, int64_t i, double x) {
  switch (e) {
  case ONNX_FLOAT:
    WRITE(float, (float)x);
    break;
  case ONNX_DOUBLE:
    WRITE(double, x);
    break;
  case ONNX_FLOAT16:
    WRITE(uint16_t, floatToHalf(x));
    break;
  case ONNX_BFLOAT16:
    WRITE(uint16_t, floatToBrain(x));
    break;
  case ONNX_BOOL:
    WRITE(uint8_t, x != 0);
    break;
  case ONNX_UINT64:
    WRITE(uint64_t, x >= 1.8446744073709552e19 || isnan(x) ? UINT64_MAX : x < 0 ? (uint64_t)(int64_t)x : (uint64_t)x);
    break;
  default:
    onnxPutInt(e, data, i,
               x >= 9.2233720368547758e18 || x <= -9.2233720368547758e18 || isnan(x) ? INT64_MIN : (int64_t)x);
  }
}
void onnxPutInt(OnnxElement e, void *data, int64_t i, int64_t x) {
  switch (onnxElementSize(e)) {
  case 1:
    WRITE(uint8_t, (uint8_t)(e == ONNX_BOOL ? x != 0 : x));
    break;
  case 2:
    if (onnxIsFloat(e))
      onnxPutFloat(e, data, i, (double)x);
    else
      WRITE(uint16_t, (uint16_t)x);
    break;
  case 4:
    if (e == ONNX_FLOAT)
      onnxPutFloat(e, data, i, (double)x);
    else
      WRITE(uint32_t, (uint32_t)x);
    break;
  case 8:
    if (e == ONNX_DOUBLE)
      onnxPutFloat(e, data, i, (double)x);
    else
      WRITE(int64_t, x);
    break;
  default:
    break;
  }
}
