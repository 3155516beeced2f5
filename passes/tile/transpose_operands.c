// tile-transpose-operands: an operand of a product that lies across the way in which register tiles read it is
// transposed before; a constant when compiling.
//
//   %c = linalg.generic {(m, n, k) -> (k, m), (k, n), (m, n)} ins(%a, %b : tensor<512x1024xf32>, ..)
// ->
//   %t = linalg.transpose ins(%a) outs(.. : tensor<1024x512xf32>)
//   %c = linalg.generic {(m, n, k) -> (m, k), (k, n), (m, n)} ins(%t, %b)
//
// - The left operand where it is (k, m): every step of the reduction would read another line of the cache, and where
//   rows are a power of two apart always of the same set.
// - The right one where it is (n, k) and k short: the lanes of a vector along k would be added up after a few steps; or
//   where there are many rows, for which panels pay.
// - The right one where it is (k, n) with a few columns, which leave most lanes of a vector empty: as (n, k), vectors
//   run along the reduction, unless that is short or the rows too few for it to pay.
// Left alone: small products, and sizes not known.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/layout.h"

enum { LEAST_LEFT = 128, LEAST_ROWS = 32, LEAST_COLUMNS = 16, SHORT = 192, MANY_ROWS = 256 };
enum { FEW_COLUMNS = 5, NARROW_DEPTH = 96, NARROW_ROWS = 8 };

static bool hasDims(MlirOperation op, intptr_t operand, unsigned first, unsigned second) {
  MlirAffineMap map;
  if (!dlcLinalgMap(op, operand, &map) || mlirAffineMapGetNumResults(map) != 2) return false;
  MlirAffineExpr x = mlirAffineMapGetResult(map, 0), y = mlirAffineMapGetResult(map, 1);
  return mlirAffineExprIsADim(x) && mlirAffineExprIsADim(y) && mlirAffineDimExprGetPosition(x) == (intptr_t)first &&
         mlirAffineDimExprGetPosition(y) == (intptr_t)second;
}

// A product of two matrices over loops m, n, k: its sizes.
static bool isProduct(MlirOperation op, int64_t *size) {
  bool isReduction[8];
  if (mlirOperationGetNumOperands(op) != 3 || mlirOperationGetNumResults(op) != 1 ||
      dlcIteratorTypes(op, isReduction, 8) != 3 || isReduction[0] || isReduction[1] || !isReduction[2] ||
      !hasDims(op, 2, 0, 1))
    return false;
  for (intptr_t i = 0; i < 3; ++i)
    if (!mlirTypeIsARankedTensor(typeOf(mlirOperationGetOperand(op, i))) ||
        !dlcIsStatic(typeOf(mlirOperationGetOperand(op, i))))
      return false;
  return dlcStaticLoopRanges(op, size, 3);
}

static MlirValue transposed(DlcBuilder *b, MlirValue matrix) {
  static const int order[] = {1, 0};
  MlirType type = typeOf(matrix), turned = dlcPermutedType(type, order);
  if (arith_constant_isa(opOf(matrix))) {
    MlirAttribute value = dlcPermuteAttribute(arith_constant_value(opOf(matrix)), type, order);
    if (!mlirAttributeIsNull(value)) return arith_constant(b, value);
  }
  MlirValue fresh = tensor_empty(b, (DlcValues){0}, turned);
  return dlcResult(linalg_transpose(b, matrix, fresh, i64s(1, 0), types(turned)), 0);
}

static void turn(DlcBuilder *b, MlirOperation op, intptr_t operand) {
  MlirValue result = transposed(b, mlirOperationGetOperand(op, operand));
  if (b->failed) return;
  MlirAffineMap maps[3];
  for (intptr_t i = 0; i < 3; ++i) dlcLinalgMap(op, i, &maps[i]);
  MlirAffineExpr swapped[] = {mlirAffineMapGetResult(maps[operand], 1), mlirAffineMapGetResult(maps[operand], 0)};
  maps[operand] = mlirAffineMapGet(b->ctx, 3, 0, 2, swapped);
  dlcModify(b, op) {
    mlirOperationSetOperand(op, operand, result);
    dlcSetAttr(op, "indexing_maps", dlcMapArray(b->ctx, (DlcMaps){maps, 3}));
  }
}

static MlirLogicalResult transpose(DlcBuilder *b, MlirOperation op, void *data) {
  (void)data;
  int64_t size[3];
  if (!isProduct(op, size)) return mlirLogicalResultFailure();
  int64_t rows = size[0], columns = size[1], depth = size[2];
  bool left = hasDims(op, 0, 2, 0) && rows >= LEAST_LEFT && columns >= LEAST_LEFT && depth >= LEAST_LEFT;
  bool across =
      hasDims(op, 1, 1, 2) && rows >= LEAST_ROWS && columns >= LEAST_COLUMNS && (depth <= SHORT || rows >= MANY_ROWS);
  bool narrow =
      hasDims(op, 1, 2, 1) && columns > 1 && columns <= FEW_COLUMNS && depth >= NARROW_DEPTH && rows >= NARROW_ROWS;
  if (!left && !across && !narrow) return mlirLogicalResultFailure();
  if (left) turn(b, op, 0);
  if (across || narrow) turn(b, op, 1);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileTransposeOperands(MlirOperation root, DlcPass *pass,
                                              const DlcTileTransposeOperandsOptions *options) {
  (void)pass, (void)options; // it has none
  static const DlcPattern patterns[] = {{"linalg.generic", 1, transpose}, {"linalg.matmul", 1, transpose}};
  return dlcApplyPatterns(root, DLC_COUNT(patterns), patterns, NULL);
}
