// Types, numbers and tensors of the reference interpreter: see reference.h.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

bool refTypeOf(MlirType type, RefType *out) {
  if (mlirTypeIsAShaped(type) && !mlirTypeIsARankedTensor(type)) return false;
  if (mlirTypeIsAShaped(type)) type = mlirShapedTypeGetElementType(type);
  if (mlirTypeIsAInteger(type)) {
    *out = (RefType){REF_INTEGER, (int)mlirIntegerTypeGetWidth(type)};
    return out->bits >= 1 && out->bits <= 64;
  }
  if (mlirTypeIsAIndex(type)) return *out = (RefType){REF_INTEGER, 64}, true;
  if (mlirTypeIsABF16(type)) return *out = (RefType){REF_BF16, 16}, true;
  if (mlirTypeIsAF16(type)) return *out = (RefType){REF_F16, 16}, true;
  if (mlirTypeIsAF32(type)) return *out = (RefType){REF_F32, 32}, true;
  if (mlirTypeIsAF64(type)) return *out = (RefType){REF_F64, 64}, true;
  return false;
}

// To `digits` binary digits, ties to even, with gradual underflow below 2^minimum.
static double roundTo(double x, int digits, int minimum, double largest) {
  if (x == 0 || !isfinite(x)) return x;
  int e = ilogb(x);
  int last = (e > minimum ? e : minimum) - (digits - 1); // exponent of the last place
  double r = ldexp(nearbyint(ldexp(x, -last)), last);
  return fabs(r) > largest ? copysign(INFINITY, x) : r;
}

static bool computesWide;
void refComputeWide(bool wide) { computesWide = wide; }

double refRound(RefType type, double value) {
  if (computesWide) return value;
  switch (type.kind) {
  case REF_F32:
    return (double)(float)value;
  case REF_F16:
    return roundTo(value, 11, -14, 65504.0);
  case REF_BF16:
    return roundTo(value, 8, -126, 0x1.fep127);
  default:
    return value;
  }
}

int64_t refWrap(RefType type, uint64_t value) {
  int unused = 64 - type.bits;
  return (int64_t)(value << unused) >> unused;
}

size_t refBytes(RefType type) { return type.bits <= 8 ? 1 : type.bits <= 16 ? 2 : type.bits <= 32 ? 4 : 8; }

//===--- bytes ------------------------------------------------------------------------------===//
static double halfFromBits(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double v = exponent == 31  ? (fraction ? NAN : INFINITY)
             : exponent == 0 ? ldexp(fraction, -24)
                             : ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -v : v;
}

static uint16_t halfToBits(double v) {
  uint16_t sign = signbit(v) ? 0x8000 : 0;
  double a = fabs(v);
  if (isnan(v)) return sign | 0x7e00;
  if (isinf(v)) return sign | 0x7c00;
  if (a < 0x1p-14) return (uint16_t)(sign | (int)ldexp(a, 24));
  int e = ilogb(a);
  return (uint16_t)(sign | (e + 15) << 10 | ((int)ldexp(a, 10 - e) & 1023));
}

RefValue refLoad(RefType type, const void *bytes) {
  uint64_t raw = 0;
  float single;
  double wide;
  memcpy(&raw, bytes, refBytes(type)); // little-endian, as all targets are
  uint32_t low = (uint32_t)raw, high = (uint32_t)raw << 16;
  switch (type.kind) {
  case REF_INTEGER:
    return (RefValue){.i = refWrap(type, raw)};
  case REF_F16:
    return (RefValue){.f = halfFromBits((uint16_t)raw)};
  case REF_BF16:
    return memcpy(&single, &high, 4), (RefValue){.f = (double)single};
  case REF_F32:
    return memcpy(&single, &low, 4), (RefValue){.f = (double)single};
  case REF_F64:
    break;
  }
  return memcpy(&wide, &raw, 8), (RefValue){.f = wide};
}

void refStore(RefType type, void *bytes, RefValue value) {
  uint64_t raw = refUnsigned(type, value.i);
  float single = (float)value.f;
  uint32_t bits;
  memcpy(&bits, &single, 4);
  if (type.kind == REF_F32) raw = bits;
  if (type.kind == REF_BF16) raw = bits >> 16 | (isnan(single) ? 0x40 : 0); // it was rounded before
  if (type.kind == REF_F16) raw = halfToBits(value.f);
  if (type.kind == REF_F64) memcpy(&raw, &value.f, 8);
  memcpy(bytes, &raw, refBytes(type));
}

//===--- tensors ----------------------------------------------------------------------------===//
RefTensor *refTensorCreate(RefType type, int rank, const int64_t *sizes) {
  int64_t count = 1;
  if (rank > REF_MAX_RANK) return NULL;
  for (int i = 0; i < rank; ++i)
    if (sizes[i] < 0 || __builtin_mul_overflow(count, sizes[i], &count)) return NULL;
  if (count > (INT64_C(1) << 31)) return NULL;
  RefTensor *t = calloc(1, sizeof *t);
  RefValue *elements = malloc((size_t)(count ? count : 1) * sizeof *elements);
  if (!t || !elements) return free(t), free(elements), NULL;
  *t = (RefTensor){.uses = 1, .type = type, .rank = rank, .count = count, .elements = elements};
  for (int i = 0; i < rank; ++i) t->sizes[i] = sizes[i];
  RefValue unwritten = {.f = (double)NAN};
  if (type.kind == REF_INTEGER) unwritten.i = refWrap(type, UINT64_C(0xA5A5A5A5A5A5A5A5));
  for (int64_t i = 0; i < count; ++i) elements[i] = unwritten;
  return t;
}

RefTensor *refTensorCopy(const RefTensor *tensor) {
  RefTensor *t = refTensorCreate(tensor->type, tensor->rank, tensor->sizes);
  if (t) memcpy(t->elements, tensor->elements, (size_t)t->count * sizeof *t->elements);
  return t;
}

void refTensorRelease(RefTensor *tensor) {
  if (!tensor || --tensor->uses) return;
  free(tensor->elements);
  free(tensor);
}

bool refNextIndex(int rank, const int64_t *sizes, int64_t *idx) {
  for (int i = rank - 1; i >= 0; --i) {
    if (++idx[i] < sizes[i]) return true;
    idx[i] = 0;
  }
  return false;
}

int64_t refOffset(const RefTensor *tensor, const int64_t *idx) {
  int64_t offset = 0;
  for (int i = 0; i < tensor->rank; ++i) {
    if (idx[i] < 0 || idx[i] >= tensor->sizes[i]) return -1;
    offset = offset * tensor->sizes[i] + idx[i];
  }
  return offset;
}

//===--- affine expressions -----------------------------------------------------------------===//
static int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t refAffineEval(const RefAffine *e, const int64_t *dims, const int64_t *symbols, bool *failed) {
  if (e->kind == REF_DIM) return dims[e->value];
  if (e->kind == REF_SYMBOL) return symbols[e->value];
  if (e->kind == REF_CONSTANT) return e->value;
  int64_t a = refAffineEval(e->lhs, dims, symbols, failed), b = refAffineEval(e->rhs, dims, symbols, failed);
  if (e->kind == REF_ADD) return a + b;
  if (e->kind == REF_MUL) return a * b;
  if (b <= 0) return *failed = true, 0;
  int64_t floored = floorDivide(a, b);
  return e->kind == REF_MOD ? a - floored * b : e->kind == REF_FLOORDIV ? floored : -floorDivide(-a, b);
}
