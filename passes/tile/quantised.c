// See passes/tile/quantised.h. What an importer writes for a DequantizeLinear is
//
//   %w = linalg.generic ins(%bytes) { arith.extui }            (or extsi)
//   %c = linalg.generic ins(%w, %zero) { arith.subi }
//   %x = linalg.generic ins(%c, %scale) { arith.mulf (arith.sitofp %c), %scale }
//
// with pads, reshapes and transpositions anywhere between.
#include "passes/tile/quantised.h"
#include "passes/tile/pad.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include "ods/tensor.h"

//===--- constants --------------------------------------------------------------------------===//
typedef struct {
  char *data;
  size_t n, capacity;
} Bytes;

static void takeBytes(const void *bytes, size_t n, void *data) {
  Bytes *b = data;
  if (b->n + n > b->capacity) b->data = realloc(b->data, b->capacity = 2 * (b->n + n));
  memcpy(b->data + b->n, bytes, n);
  b->n += n;
}

// The elements of a constant of `size` bytes each; null: v is no such constant. free() it.
static void *constantElements(MlirValue v, size_t size, int64_t *n) {
  MlirOperation op = opOf(v);
  Bytes bytes = {0};
  if (!arith_constant_isa(op) || !mlirTypeIsARankedTensor(typeOf(v)) || !dlcIsStatic(typeOf(v))) return NULL;
  *n = 1;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(typeOf(v)); ++i) *n *= mlirShapedTypeGetDimSize(typeOf(v), i);
  if (*n < 1 || !dlcForConstantBytes(arith_constant_value(op), takeBytes, &bytes)) return free(bytes.data), NULL;
  if (bytes.n != (size_t)*n * size) return free(bytes.data), NULL;
  return bytes.data;
}

static bool isInteger(MlirType tensor, unsigned width) {
  MlirType e = mlirTypeIsAShaped(tensor) ? mlirShapedTypeGetElementType(tensor) : tensor;
  return mlirTypeIsAInteger(e) && mlirIntegerTypeGetWidth(e) == width;
}
static bool isFloat(MlirType tensor) {
  return mlirTypeIsAF32(mlirTypeIsAShaped(tensor) ? mlirShapedTypeGetElementType(tensor) : tensor);
}

bool dlcSplatFloat(MlirValue v, float *out) {
  int64_t n = 0;
  float *all = isFloat(typeOf(v)) ? constantElements(v, sizeof *all, &n) : NULL;
  bool isSplat = all != NULL;
  for (int64_t i = 1; i < n && isSplat; ++i) isSplat = !memcmp(&all[i], &all[0], sizeof *all);
  if (isSplat) *out = all[0];
  free(all);
  return isSplat;
}
bool dlcSplatInteger(MlirValue v, int64_t *out) {
  int64_t n = 0;
  int32_t *all = isInteger(typeOf(v), 32) ? constantElements(v, sizeof *all, &n) : NULL;
  bool isSplat = all != NULL;
  for (int64_t i = 1; i < n && isSplat; ++i) isSplat = all[i] == all[0];
  if (isSplat) *out = all[0];
  free(all);
  return isSplat;
}

//===--- bodies -----------------------------------------------------------------------------===//
bool dlcIsPlainElementwise(MlirOperation op) {
  if (!linalg_generic_isa(op) || linalg_generic_outputs(op).n != 1 || mlirOperationGetNumResults(op) != 1) return false;
  for (intptr_t i = 0; i < linalg_generic_iterator_types_n(op); ++i)
    if (linalg_generic_iterator_types_at(op, i) != utils_IteratorType_parallel) return false;
  intptr_t nIn = linalg_generic_inputs(op).n;
  return nIn >= 1 && mlirAffineMapIsIdentity(linalg_generic_indexing_maps_at(op, 0)) &&
         mlirAffineMapIsIdentity(linalg_generic_indexing_maps_at(op, nIn));
}

static MlirOperation yielded(MlirOperation op) {
  return opOf(mlirOperationGetOperand(mlirBlockGetTerminator(bodyOf(linalg_generic_region(op))), 0));
}
static bool isArgument(MlirOperation op, MlirValue v, intptr_t i) {
  return mlirValueEqual(v, argOf(bodyOf(linalg_generic_region(op)), i));
}
static MlirValue input(MlirOperation op, intptr_t i) { return at(linalg_generic_inputs(op), i); }

typedef enum { OTHER, WIDEN_SIGNED, WIDEN_UNSIGNED, CENTRE, SCALE } Kind;

static Kind kindOf(MlirOperation op) {
  if (!dlcIsPlainElementwise(op)) return OTHER;
  MlirOperation last = yielded(op);
  intptr_t n = linalg_generic_inputs(op).n;
  if (!last.ptr) return OTHER;
  MlirValue first = mlirOperationGetOperand(last, 0);
  bool isWord = isInteger(typeOf(mlirOperationGetResult(op, 0)), 32);
  if (n == 1 && isWord && isInteger(typeOf(input(op, 0)), 8) && isArgument(op, first, 0)) {
    if (arith_extui_isa(last)) return WIDEN_UNSIGNED;
    if (arith_extsi_isa(last)) return WIDEN_SIGNED;
  }
  if (n != 2) return OTHER;
  MlirValue second = mlirOperationGetNumOperands(last) == 2 ? mlirOperationGetOperand(last, 1) : (MlirValue){0};
  if (arith_subi_isa(last) && isWord && isArgument(op, first, 0) && isArgument(op, second, 1)) return CENTRE;
  if (arith_mulf_isa(last) && isFloat(typeOf(mlirOperationGetResult(op, 0))) && isArgument(op, second, 1) &&
      isFloat(typeOf(input(op, 1))) && arith_sitofp_isa(opOf(first)) && isInteger(typeOf(input(op, 0)), 32) &&
      isArgument(op, mlirOperationGetOperand(opOf(first), 0), 0))
    return SCALE;
  return OTHER;
}

//===--- moves ------------------------------------------------------------------------------===//
static bool padsWithZero(MlirOperation op) {
  MlirOperation value = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(bodyOf(tensor_pad_region(op))), 0));
  if (!arith_constant_isa(value)) return false;
  MlirAttribute a = arith_constant_value(value);
  if (mlirAttributeIsAFloat(a)) return mlirFloatAttrGetValueDouble(a) == 0;
  return mlirAttributeIsAInteger(a) && mlirIntegerAttrGetValueInt(a) == 0;
}

// What an op that only moves elements reads; null: it is none.
static MlirValue movedBy(MlirOperation op) {
  if (tensor_collapse_shape_isa(op)) return tensor_collapse_shape_src(op);
  if (tensor_expand_shape_isa(op)) return tensor_expand_shape_src(op);
  if (linalg_transpose_isa(op)) return mlirOperationGetOperand(op, 0);
  if (tensor_pad_isa(op) && padsWithZero(op)) return tensor_pad_source(op);
  return (MlirValue){0};
}

static MlirValue transposeBytes(DlcBuilder *b, MlirOperation op, MlirValue bytes, MlirType type) {
  MlirValue init = mlirOperationGetOperand(op, 1), sizes[DLC_QUANTISED_RANK];
  intptr_t n = 0;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    if (mlirShapedTypeIsDynamicDim(type, i)) sizes[n++] = tensor_dim(b, init, constIndex(b, i));
  MlirValue empty = tensor_empty(b, valsN(n, sizes), type);
  return dlcResult(linalg_transpose(b, bytes, empty, linalg_transpose_permutation(op), types(type)), 0);
}

MlirValue dlcMoveBytes(DlcBuilder *b, const DlcQuantised *q, MlirValue bytes) {
  for (intptr_t i = q->nMoves - 1; i >= 0 && !b->failed; --i) {
    MlirOperation op = q->moves[i];
    MlirType type = dlcWithElement(typeOf(mlirOperationGetResult(op, 0)), mlirShapedTypeGetElementType(typeOf(bytes)));
    if (tensor_pad_isa(op))
      bytes = dlcPadLike(b, op, bytes, mlirIntegerAttrGet(mlirShapedTypeGetElementType(type), (int8_t)q->zero));
    else if (linalg_transpose_isa(op))
      bytes = transposeBytes(b, op, bytes, type);
    else if (tensor_collapse_shape_isa(op))
      bytes = tensor_collapse_shape(b, bytes, tensor_collapse_shape_reassociation(op), type);
    else
      bytes = tensor_expand_shape(b, bytes, tensor_expand_shape_reassociation(op), tensor_expand_shape_output_shape(op),
                                  tensor_expand_shape_static_output_shape(op), type);
  }
  return bytes;
}

//===--- values -----------------------------------------------------------------------------===//
bool dlcReadQuantised(MlirValue v, DlcQuantised *q) {
  *q = (DlcQuantised){.scale = 1};
  bool isCentred = false;
  for (;;) {
    MlirOperation op = opOf(v);
    MlirValue moved = op.ptr ? movedBy(op) : (MlirValue){0};
    if (!op.ptr) return false;
    if (!isNull(moved)) {
      if (q->nMoves == DLC_MOST_MOVES || mlirShapedTypeGetRank(typeOf(moved)) > DLC_QUANTISED_RANK) return false;
      q->moves[q->nMoves++] = op, v = moved;
      continue;
    }
    Kind kind = kindOf(op);
    if (kind == SCALE && !q->isScaled && !isCentred && dlcSplatFloat(input(op, 1), &q->scale)) {
      q->isScaled = true;
    } else if (kind == CENTRE && !isCentred && dlcSplatInteger(input(op, 1), &q->zero)) {
      isCentred = true;
    } else if (kind == WIDEN_SIGNED || kind == WIDEN_UNSIGNED) {
      q->bytes = input(op, 0), q->isUnsigned = kind == WIDEN_UNSIGNED;
      int64_t low = q->isUnsigned ? 0 : -128;
      return q->zero >= low && q->zero <= low + 255; // a pad can be made of it
    } else
      return false;
    v = input(op, 0);
  }
}

// A zero point of eight bits: one of its own, widened by the body.
static bool splatByte(MlirValue v, bool isUnsigned, int64_t *out) {
  int64_t n = 0;
  int8_t *all = isInteger(typeOf(v), 8) ? constantElements(v, 1, &n) : NULL;
  bool isOne = all && n == 1;
  if (isOne) *out = isUnsigned ? (uint8_t)all[0] : all[0];
  free(all);
  return isOne;
}

static bool isFloatConstant(MlirValue v, double *out) {
  MlirOperation op = opOf(v);
  if (!arith_constant_isa(op) || !mlirAttributeIsAFloat(arith_constant_value(op))) return false;
  return *out = mlirFloatAttrGetValueDouble(arith_constant_value(op)), true;
}

// roundeven(x / scale) [+ zero], where `last` is the clamped value.
static bool readRounding(MlirOperation op, MlirOperation last, DlcQuantising *q) {
  if (arith_addf_isa(last)) {
    MlirOperation zero = opOf(mlirOperationGetOperand(last, 1));
    bool isWidened = q->isUnsigned ? arith_uitofp_isa(zero) : arith_sitofp_isa(zero);
    if (linalg_generic_inputs(op).n != 3 || !isWidened || !isArgument(op, mlirOperationGetOperand(zero, 0), 2) ||
        !splatByte(input(op, 2), q->isUnsigned, &q->zero))
      return false;
    last = opOf(mlirOperationGetOperand(last, 0));
  } else if (linalg_generic_inputs(op).n != 2)
    return false;
  MlirOperation quotient = math_roundeven_isa(last) ? opOf(mlirOperationGetOperand(last, 0)) : (MlirOperation){0};
  return arith_divf_isa(quotient) && isArgument(op, mlirOperationGetOperand(quotient, 0), 0) &&
         isArgument(op, mlirOperationGetOperand(quotient, 1), 1) && dlcSplatFloat(input(op, 1), &q->scale);
}

bool dlcReadQuantising(MlirOperation op, DlcQuantising *q) {
  *q = (DlcQuantising){0};
  if (!dlcIsPlainElementwise(op) || linalg_generic_inputs(op).n < 2 || !isFloat(typeOf(input(op, 0))) ||
      !isInteger(typeOf(mlirOperationGetResult(op, 0)), 8))
    return false;
  MlirOperation narrow = yielded(op);
  MlirOperation whole = arith_trunci_isa(narrow) ? opOf(mlirOperationGetOperand(narrow, 0)) : (MlirOperation){0};
  MlirOperation most = arith_fptosi_isa(whole) ? opOf(mlirOperationGetOperand(whole, 0)) : (MlirOperation){0};
  MlirOperation least = arith_minnumf_isa(most) ? opOf(mlirOperationGetOperand(most, 0)) : (MlirOperation){0};
  double low, high;
  if (!arith_maxnumf_isa(least) || !isFloatConstant(mlirOperationGetOperand(most, 1), &high) ||
      !isFloatConstant(mlirOperationGetOperand(least, 1), &low) || high - low != 255 || (low != 0 && low != -128))
    return false;
  q->x = input(op, 0), q->isUnsigned = low == 0;
  MlirOperation rounded = opOf(mlirOperationGetOperand(least, 0));
  return rounded.ptr && readRounding(op, rounded, q) && q->scale > 0;
}

//===--- constants of integers --------------------------------------------------------------===//
void dlcIntegersDestroy(DlcIntegers *c) { free(c->value), free(c->scale), *c = (DlcIntegers){0}; }

static void setShape(DlcIntegers *c, MlirType type) {
  c->rank = mlirShapedTypeGetRank(type), c->n = 1;
  for (intptr_t i = 0; i < c->rank; ++i) c->n *= c->shape[i] = mlirShapedTypeGetDimSize(type, i);
}

static MlirValue throughReshapes(MlirValue v) {
  for (;;) {
    MlirOperation op = opOf(v);
    if (tensor_collapse_shape_isa(op))
      v = tensor_collapse_shape_src(op);
    else if (tensor_expand_shape_isa(op))
      v = tensor_expand_shape_src(op);
    else
      return v;
  }
}

// Steps of operand 1 of an elementwise op for each dimension; false: it is not read by plain loops.
static bool stepsOf(MlirOperation op, const DlcIntegers *c, int64_t *steps) {
  MlirAffineMap map = linalg_generic_indexing_maps_at(op, 1);
  MlirType type = typeOf(input(op, 1));
  int64_t step = 1;
  memset(steps, 0, DLC_QUANTISED_RANK * sizeof *steps);
  for (intptr_t i = mlirAffineMapGetNumResults(map) - 1; i >= 0; --i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) < c->rank)
      steps[mlirAffineDimExprGetPosition(e)] += step;
    else if (!mlirAffineExprIsAConstant(e) || mlirAffineConstantExprGetValue(e))
      return false;
    step *= mlirShapedTypeGetDimSize(type, i);
  }
  return true;
}

// Calls each for all elements, with the place of the element of operand 1 that belongs to it.
static void forElements(DlcIntegers *c, const int64_t *steps, const void *other,
                        void (*each)(DlcIntegers *c, int64_t i, const void *other, int64_t place)) {
  int64_t at_[DLC_QUANTISED_RANK] = {0}, place = 0;
  for (int64_t i = 0; i < c->n; ++i) {
    each(c, i, other, place);
    for (intptr_t d = c->rank - 1; d >= 0; --d) {
      place += steps[d];
      if (++at_[d] < c->shape[d]) break;
      place -= steps[d] * c->shape[d], at_[d] = 0;
    }
  }
}
static void subtract(DlcIntegers *c, int64_t i, const void *zeros, int64_t place) {
  c->value[i] -= ((const int32_t *)zeros)[place];
}
static void scaleBy(DlcIntegers *c, int64_t i, const void *scales, int64_t place) {
  c->scale[i] = ((const float *)scales)[place];
}

static bool applyOperand(MlirOperation op, Kind kind, DlcIntegers *c) {
  int64_t n, steps[DLC_QUANTISED_RANK];
  void *other = constantElements(throughReshapes(input(op, 1)), 4, &n);
  bool ok = other && c->rank <= DLC_QUANTISED_RANK && stepsOf(op, c, steps);
  if (ok && kind == SCALE) c->scale = malloc((size_t)c->n * sizeof *c->scale);
  if (ok) forElements(c, steps, other, kind == SCALE ? scaleBy : subtract);
  free(other);
  return ok;
}

static bool readConstant(MlirValue v, DlcIntegers *c) {
  int64_t n;
  setShape(c, typeOf(v));
  if (isInteger(typeOf(v), 32)) return (c->value = constantElements(v, 4, &n)) != NULL;
  int8_t *bytes = isInteger(typeOf(v), 8) ? constantElements(v, 1, &n) : NULL;
  if (!bytes) return false;
  c->value = malloc((size_t)n * sizeof *c->value);
  for (int64_t i = 0; i < n; ++i) c->value[i] = bytes[i];
  free(bytes);
  return true;
}

static bool readInto(MlirValue v, DlcIntegers *c) {
  MlirOperation op = opOf(v);
  if (!mlirTypeIsARankedTensor(typeOf(v)) || !dlcIsStatic(typeOf(v)) ||
      mlirShapedTypeGetRank(typeOf(v)) > DLC_QUANTISED_RANK)
    return false;
  if (arith_constant_isa(op)) return readConstant(v, c);
  if (tensor_collapse_shape_isa(op) || tensor_expand_shape_isa(op)) {
    if (!readInto(mlirOperationGetOperand(op, 0), c)) return false;
    setShape(c, typeOf(v));
    return true;
  }
  Kind kind = op.ptr ? kindOf(op) : OTHER;
  if (kind == OTHER || !readInto(input(op, 0), c) || (c->scale && kind == SCALE)) return false;
  for (int64_t i = 0; i < c->n && kind == WIDEN_UNSIGNED; ++i) c->value[i] &= 255;
  return kind == CENTRE || kind == SCALE ? applyOperand(op, kind, c) : true;
}

bool dlcReadIntegers(MlirValue v, DlcIntegers *c) {
  *c = (DlcIntegers){0};
  if (readInto(v, c)) return true;
  dlcIntegersDestroy(c);
  return false;
}

static bool copies(MlirOperation op) {
  if (!linalg_generic_isa(op) || linalg_generic_inputs(op).n != 1 || mlirOperationGetNumResults(op) != 1) return false;
  MlirValue v = mlirOperationGetOperand(mlirBlockGetTerminator(bodyOf(linalg_generic_region(op))), 0);
  return isArgument(op, v, 0) && mlirAffineMapIsIdentity(linalg_generic_indexing_maps_at(op, 1));
}

void *dlcReadBroadcast(MlirValue v, intptr_t dim, int64_t n) {
  MlirOperation op = opOf(v);
  if (!op.ptr || !copies(op)) return NULL;
  MlirAffineMap map = linalg_generic_indexing_maps_at(op, 0);
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    bool isDim = mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) == dim;
    if (!isDim && mlirShapedTypeGetDimSize(typeOf(input(op, 0)), i) != 1) return NULL;
  }
  MlirValue source = throughReshapes(input(op, 0));
  int64_t count = 0;
  void *elements =
      isFloat(typeOf(source)) || isInteger(typeOf(source), 32) ? constantElements(source, 4, &count) : NULL;
  DlcIntegers c;
  if (!elements && dlcReadIntegers(source, &c)) {
    float *scaled = c.scale;
    for (int64_t i = 0; i < c.n && scaled; ++i) scaled[i] *= (float)c.value[i];
    elements = scaled ? (void *)scaled : c.value, count = c.n;
    free(scaled ? (void *)c.value : NULL);
  }
  if (count == n) return elements;
  return free(elements), NULL;
}
