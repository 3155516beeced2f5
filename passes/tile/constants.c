// See passes/tile/constants.h. Along an axis a constant is rows of bytes, one for each index of the dimensions before
// it.
#include "passes/tile/constants.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/ir.h"
#include "ods/arith.h"

MlirType dlcWithSize(MlirType tensor, intptr_t axis, int64_t size) {
  int64_t shape[DLC_CONSTANT_RANK];
  intptr_t rank = mlirShapedTypeGetRank(tensor);
  for (intptr_t i = 0; i < rank; ++i) shape[i] = i == axis ? size : mlirShapedTypeGetDimSize(tensor, i);
  return mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(tensor), mlirAttributeGetNull());
}

bool dlcIsTensorConstant(MlirValue v) {
  MlirType type = typeOf(v);
  if (!arith_constant_isa(opOf(v)) || !mlirTypeIsARankedTensor(type) || !dlcIsStatic(type)) return false;
  MlirType element = mlirShapedTypeGetElementType(type);
  bool isBool = mlirTypeIsAInteger(element) && mlirIntegerTypeGetWidth(element) == 1;
  return dlcStaticBytes(type) > 0 && mlirShapedTypeGetRank(type) <= DLC_CONSTANT_RANK && !isBool;
}

// Bytes of the part of a row that is `size` long along the axis.
static size_t rowBytes(MlirType type, intptr_t axis, int64_t size) {
  size_t bytes = (size_t)dlcElementBytes(mlirShapedTypeGetElementType(type)) * (size_t)size;
  for (intptr_t d = axis + 1; d < mlirShapedTypeGetRank(type); ++d) bytes *= (size_t)mlirShapedTypeGetDimSize(type, d);
  return bytes;
}

typedef struct {
  char *out;          // where the first row goes
  size_t row, pitch;  // of the constant, and of what is written
  size_t from, count; // the part of each row that is copied
  size_t got;         // bytes read so far
} Rows;

// The bytes of a constant come in one piece or, of a splat, in several.
static void copyRows(const void *bytes, size_t n, void *data) {
  Rows *r = data;
  for (size_t done = 0; done < n;) {
    size_t in = r->got % r->row, step = r->row - in < n - done ? r->row - in : n - done;
    size_t first = in > r->from ? in : r->from, end = in + step < r->from + r->count ? in + step : r->from + r->count;
    if (first < end)
      memcpy(r->out + r->got / r->row * r->pitch + (first - r->from), (const char *)bytes + done + (first - in),
             end - first);
    r->got += step, done += step;
  }
}

// All rows were there.
static bool copyConstant(MlirValue constant, Rows *rows) {
  return dlcForConstantBytes(arith_constant_value(opOf(constant)), copyRows, rows) &&
         (int64_t)rows->got == dlcStaticBytes(typeOf(constant));
}

MlirValue dlcJoinConstants(DlcBuilder *b, intptr_t n, const MlirValue *constants, intptr_t axis) {
  int64_t size = 0;
  for (intptr_t i = 0; i < n; ++i) size += mlirShapedTypeGetDimSize(typeOf(constants[i]), axis);
  MlirType type = dlcWithSize(typeOf(constants[0]), axis, size);
  int64_t total = dlcStaticBytes(type);
  size_t pitch = rowBytes(type, axis, size), place = 0;
  char *bytes = total > 0 ? malloc((size_t)total) : NULL;
  for (intptr_t i = 0; i < n && bytes; ++i) {
    size_t row = rowBytes(type, axis, mlirShapedTypeGetDimSize(typeOf(constants[i]), axis));
    Rows rows = {.out = bytes + place, .row = row, .pitch = pitch, .count = row};
    if (!copyConstant(constants[i], &rows)) free(bytes), bytes = NULL;
    place += row;
  }
  return bytes ? arith_constant(b, dlcConstantOfBytes(type, "joined", bytes)) : (MlirValue){0};
}

MlirValue dlcSliceConstant(DlcBuilder *b, MlirValue constant, intptr_t axis, int64_t offset, int64_t size) {
  MlirType whole = typeOf(constant), type = dlcWithSize(whole, axis, size);
  MlirAttribute value = arith_constant_value(opOf(constant));
  if (mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value))
    return arith_constant(b, mlirDenseElementsAttrSplatGet(type, mlirDenseElementsAttrGetSplatValue(value)));
  int64_t total = dlcStaticBytes(type);
  size_t count = rowBytes(type, axis, size);
  char *bytes = total > 0 ? malloc((size_t)total) : NULL;
  if (!bytes) return (MlirValue){0};
  Rows rows = {.out = bytes,
               .row = rowBytes(whole, axis, mlirShapedTypeGetDimSize(whole, axis)),
               .pitch = count,
               .from = rowBytes(whole, axis, offset),
               .count = count};
  if (!copyConstant(constant, &rows)) return free(bytes), (MlirValue){0};
  return arith_constant(b, dlcConstantOfBytes(type, "part", bytes));
}

MlirValue dlcCloneResized(DlcBuilder *b, MlirOperation op, const MlirValue *operands, intptr_t axis, int64_t size) {
  MlirOperation copy = dlcCloneAlone(b, op);
  if (b->failed) return (MlirValue){0};
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) mlirOperationSetOperand(copy, i, operands[i]);
  MlirValue result = mlirOperationGetResult(copy, 0);
  mlirValueSetType(result, dlcWithSize(typeOf(result), axis, size));
  return result;
}
