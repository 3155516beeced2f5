// tile-softmax-reciprocals: a softmax divides once a row.
//
//   P[r, k] = E[r, k] / L[r]   ->   R[r] = 1 / L[r]; P[r, k] = E[r, k] * R[r]
//
// A vector division takes as long as ten multiplications or more. The product rounds twice: one unit in the last place
// more. Only in f32, and for a softmax that subtracts its maximum: L, a sum of exponentials of which one is 1, is then
// neither smaller than 1 nor so small that its reciprocal overflows; NaN, infinite and empty rows give what the
// quotient gives.
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/tile/softmax_match.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

static bool isDivision(MlirOperation op) {
  DlcSoftmax s;
  return !dlcParentNamed(op, "tile.graph").ptr && dlcSoftmaxMatchDivision(op, &s) &&
         mlirTypeIsAF32(mlirShapedTypeGetElementType(typeOf(mlirOperationGetResult(op, 0))));
}

// 1 / x of every element.
static MlirValue reciprocals(DlcBuilder *b, MlirValue x) {
  MlirType type = typeOf(x), element = mlirShapedTypeGetElementType(type);
  intptr_t rank = mlirShapedTypeGetRank(type), n = 0;
  MlirValue sizes[DLC_MAX_RANK];
  for (intptr_t d = 0; d < rank; ++d)
    if (mlirShapedTypeIsDynamicDim(type, d)) sizes[n++] = tensor_dim(b, x, constIndex(b, d));
  MlirValue empty = tensor_empty(b, valsN(n, sizes), type);
  MlirAffineMap identity = mlirAffineMapMultiDimIdentityGet(b->ctx, rank), maps[] = {identity, identity};
  MlirOperation op = linalg_generic(b, vals(x), vals(empty), .indexing_maps = {maps, 2},
                                    .iterator_types = dlcIterators(b, rank, NULL), .result_tensors_type = types(type));
  if (mlirOperationIsNull(op)) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(op), types(element, element));
  dlcAtEnd(b, body) {
    MlirValue one = arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, element, 1));
    linalg_yield(b, vals(arith_divf(b, one, argOf(body, 0))));
  }
  return dlcResult(op, 0);
}

static bool multiply(DlcBuilder *b, MlirOperation op) {
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  MlirOperation quotient = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(body), 0));
  MlirValue r = reciprocals(b, mlirOperationGetOperand(op, 1));
  if (!isNull(r)) mlirOperationSetOperand(op, 1, r);
  dlcBefore(b, quotient) {
    MlirValue product = arith_mulf(b, argOf(body, 0), argOf(body, 1));
    if (!isNull(product)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, quotient, 1, &product);
  }
  return !b->failed;
}

MlirLogicalResult dlcRunTileSoftmaxReciprocals(MlirOperation root, DlcPass *pass,
                                               const DlcTileSoftmaxReciprocalsOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, isDivision, multiply, pass, DlcTileSoftmaxReciprocals_rewritten);
}
