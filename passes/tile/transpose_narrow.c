// tile-transpose-narrow: a matrix of few columns is transposed before a product reads it.
//
//   %c = linalg.matmul ins(%a, %b : tensor<252x205xf32>, tensor<205x4xf32>)
// ->
//   %t = linalg.transpose ins(%b) outs(.. : tensor<4x205xf32>)
//   %c = linalg.matmul indexing_maps = [.., (m, n, k) -> (n, k), ..] ins(%a, %t)
//
// Vectors along four columns leave most of their lanes empty; along the reduction, where %t is contiguous, they are
// full. Left alone: short reductions, which would be spent on adding lanes up; few rows, for which transposing does not
// pay; sizes not known.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/tile/layout.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_COLUMNS = 5, LEAST_DEPTH = 96, LEAST_ROWS = 8 };

// The operands' maps are (m, k), (k, n), (m, n).
static bool isPlain(MlirOperation op) {
  static const unsigned wanted[3][2] = {{0, 2}, {2, 1}, {0, 1}};
  for (intptr_t i = 0; i < 3; ++i) {
    MlirAffineMap map;
    if (!dlcLinalgMap(op, i, &map) || mlirAffineMapGetNumResults(map) != 2) return false;
    for (intptr_t r = 0; r < 2; ++r)
      if (mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, r)) != wanted[i][r]) return false;
  }
  return true;
}

static bool isNarrow(MlirOperation op) {
  MlirType left = typeOf(mlirOperationGetOperand(op, 0)), right = typeOf(mlirOperationGetOperand(op, 1));
  if (!mlirTypeIsARankedTensor(right) || !dlcIsStatic(left) || !dlcIsStatic(right) || !isPlain(op)) return false;
  int64_t depth = mlirShapedTypeGetDimSize(right, 0), columns = mlirShapedTypeGetDimSize(right, 1);
  return columns > 1 && columns <= MOST_COLUMNS && depth >= LEAST_DEPTH &&
         mlirShapedTypeGetDimSize(left, 0) >= LEAST_ROWS;
}

// A constant is transposed now.
static MlirValue transposed(DlcBuilder *b, MlirValue matrix) {
  MlirType type = typeOf(matrix);
  const int order[] = {1, 0};
  if (arith_constant_isa(opOf(matrix))) {
    MlirAttribute value = dlcPermuteAttribute(arith_constant_value(opOf(matrix)), type, order);
    if (!mlirAttributeIsNull(value)) return arith_constant(b, value);
  }
  int64_t permutation[] = {1, 0};
  MlirType turned = dlcPermutedType(type, order);
  return dlcResult(
      linalg_transpose(b, matrix, tensor_empty(b, (DlcValues){0}, turned), {permutation, 2}, types(turned)), 0);
}

static MlirLogicalResult transpose(DlcBuilder *b, MlirOperation op, void *data) {
  (void)data;
  if (mlirOperationGetNumResults(op) != 1 || !isNarrow(op)) return mlirLogicalResultFailure();
  MlirValue right = mlirOperationGetOperand(op, 1), init = mlirOperationGetOperand(op, 2);
  MlirValue turned = transposed(b, right);
  if (isNull(turned)) return mlirLogicalResultFailure();
  MlirAffineExpr m = mlirAffineDimExprGet(b->ctx, 0), n = mlirAffineDimExprGet(b->ctx, 1),
                 k = mlirAffineDimExprGet(b->ctx, 2);
  MlirAffineMap maps[] = {mlirAffineMapGet(b->ctx, 3, 0, 2, (MlirAffineExpr[]){m, k}),
                          mlirAffineMapGet(b->ctx, 3, 0, 2, (MlirAffineExpr[]){n, k}),
                          mlirAffineMapGet(b->ctx, 3, 0, 2, (MlirAffineExpr[]){m, n})};
  MlirOperation product = linalg_matmul(b, vals(mlirOperationGetOperand(op, 0), turned), vals(init),
                                        types(typeOf(init)), .indexing_maps = {maps, 3});
  if (mlirOperationIsNull(product)) return mlirLogicalResultFailure();
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, product);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileTransposeNarrow(MlirOperation root, DlcPass *pass,
                                            const DlcTileTransposeNarrowOptions *options) {
  (void)pass, (void)options; // it has none
  static const DlcPattern patterns[] = {{"linalg.matmul", 1, transpose}, {0}};
  return dlcApplyPatterns(root, 1, patterns, NULL);
}
