// tile-transpose-operands: an operand of a product that lies across the way in which register tiles read it is
// transposed before.
//
//   %c = linalg.generic {(m, n, k) -> (k, m), (k, n), (m, n)} ins(%a, %b : tensor<512x1024xf32>, ..)
// ->
//   %t = linalg.transpose ins(%a) outs(.. : tensor<1024x512xf32>)
//   %c = linalg.generic {(m, n, k) -> (m, k), (k, n), (m, n)} ins(%t, %b)
//
// The left operand where it is (k, m): every step of the reduction would read another line of the cache, and where rows
// are a power of two apart always of the same set. The right one where it is (n, k) and k short: the lanes of a vector
// along k would be added up after a few steps; or where there are many rows, for which panels pay. Left alone: small
// products, and sizes not known.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { LEAST_LEFT = 128, LEAST_ROWS = 32, LEAST_COLUMNS = 16, SHORT = 192, MANY_ROWS = 256 };

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

static void turn(DlcBuilder *b, MlirOperation op, intptr_t operand) {
  MlirValue matrix = mlirOperationGetOperand(op, operand);
  MlirType type = typeOf(matrix);
  int64_t order[] = {1, 0}, shape[] = {mlirShapedTypeGetDimSize(type, 1), mlirShapedTypeGetDimSize(type, 0)};
  MlirType turned = mlirRankedTensorTypeGet(2, shape, mlirShapedTypeGetElementType(type), mlirAttributeGetNull());
  MlirValue result =
      dlcResult(linalg_transpose(b, matrix, tensor_empty(b, (DlcValues){0}, turned), {order, 2}, types(turned)), 0);
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
  bool left = hasDims(op, 0, 2, 0) && size[0] >= LEAST_LEFT && size[1] >= LEAST_LEFT && size[2] >= LEAST_LEFT;
  bool right = hasDims(op, 1, 1, 2) && size[0] >= LEAST_ROWS && size[1] >= LEAST_COLUMNS &&
               (size[2] <= SHORT || size[0] >= MANY_ROWS);
  if (!left && !right) return mlirLogicalResultFailure();
  if (left) turn(b, op, 0);
  if (right) turn(b, op, 1);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileTransposeOperands(MlirOperation root, DlcPass *pass,
                                              const DlcTileTransposeOperandsOptions *options) {
  (void)pass, (void)options; // it has none
  static const DlcPattern patterns[] = {{"linalg.generic", 1, transpose}, {0}};
  return dlcApplyPatterns(root, 1, patterns, NULL);
}
