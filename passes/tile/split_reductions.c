// tile-split-reductions: a product of one row with a matrix that streams from memory becomes several, each of a part of
// the matrix's rows, and their sum.
//
//   %y = linalg.matmul ins(%a, %b : tensor<1x4096xf32>, tensor<4096x4096xf32>) outs(%c)
// ->
//   %p = linalg.batch_matmul ins(%a', %b' : tensor<2x1x2048xf32>, tensor<2x2048x4096xf32>) outs(zeros)
//   %y = linalg.generic                    // %c + %p[0] + %p[1]
//
// Work items are then parts that lie contiguously in memory, which columns do not: a core reads its part as fast as
// memory gives it, and with several parts all cores have one. Left alone: constants, whose columns are laid out in
// panels when compiling; matrices that a cache holds; reductions that the parts do not divide; sizes not known.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

static MlirType tensorOf(MlirType like, intptr_t rank, const int64_t *shape) {
  return mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(like), mlirAttributeGetNull());
}
static MlirAttribute parsed(DlcBuilder *b, const char *text) { return mlirAttributeParseGet(b->ctx, dlcText(text)); }

static bool isRowTimesMatrix(MlirOperation op, const DlcTileSplitReductionsOptions *options) {
  MlirValue row = mlirOperationGetOperand(op, 0), matrix = mlirOperationGetOperand(op, 1);
  MlirAffineMap map;
  MlirType type = typeOf(matrix);
  if (!mlirTypeIsARankedTensor(type) || !dlcIsStatic(type) || !dlcIsStatic(typeOf(row)) ||
      !mlirTypeIsAFloat(mlirShapedTypeGetElementType(type)))
    return false;
  if (!dlcLinalgMap(op, 1, &map) || mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, 0)) != 2) return false;
  if (!dlcLinalgMap(op, 0, &map) || mlirAffineMapGetNumResults(map) != 2 ||
      mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, 0)) != 0)
    return false;
  return mlirShapedTypeGetDimSize(typeOf(row), 0) == 1 && !arith_constant_isa(opOf(matrix)) &&
         mlirShapedTypeGetDimSize(type, 0) % options->parts == 0 && dlcStaticBytes(type) >= options->bytes;
}

// %init + the sum of `parts`[s, 0, n] over s.
static MlirValue addParts(DlcBuilder *b, MlirValue parts, MlirValue init) {
  MlirAffineExpr m = mlirAffineDimExprGet(b->ctx, 0), n = mlirAffineDimExprGet(b->ctx, 1),
                 s = mlirAffineDimExprGet(b->ctx, 2);
  MlirAffineMap maps[] = {mlirAffineMapGet(b->ctx, 3, 0, 3, (MlirAffineExpr[]){s, m, n}),
                          mlirAffineMapGet(b->ctx, 3, 0, 2, (MlirAffineExpr[]){m, n})};
  MlirType element = mlirShapedTypeGetElementType(typeOf(init));
  MlirOperation sum = linalg_generic(b, vals(parts), vals(init), .indexing_maps = {maps, 2},
                                     .iterator_types = dlcIterators(b, 3, (bool[]){false, false, true}),
                                     .result_tensors_type = types(typeOf(init)));
  if (mlirOperationIsNull(sum)) return (MlirValue){0};
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(sum), types(element, element));
  dlcAtEnd(b, body) linalg_yield(b, vals(arith_addf(b, argOf(body, 1), argOf(body, 0))));
  return dlcResult(sum, 0);
}

static MlirLogicalResult split(DlcBuilder *b, MlirOperation op, void *data) {
  const DlcTileSplitReductionsOptions *options = data;
  if (!mlirOperationGetNumResults(op) || !isRowTimesMatrix(op, options)) return mlirLogicalResultFailure();
  MlirValue row = mlirOperationGetOperand(op, 0), matrix = mlirOperationGetOperand(op, 1),
            init = mlirOperationGetOperand(op, 2);
  int64_t depth = mlirShapedTypeGetDimSize(typeOf(matrix), 0), columns = mlirShapedTypeGetDimSize(typeOf(matrix), 1);
  int64_t parts = options->parts, flat[] = {depth}, rows[] = {parts, 1, depth / parts},
          blocks[] = {parts, depth / parts, columns}, partial[] = {parts, 1, columns};
  MlirType type = typeOf(matrix), element = mlirShapedTypeGetElementType(type);
  MlirValue line = tensor_collapse_shape(b, row, parsed(b, "[[0, 1]]"), tensorOf(type, 1, flat));
  MlirValue left =
      tensor_expand_shape(b, line, parsed(b, "[[0, 1, 2]]"), (DlcValues){0}, {rows, 3}, tensorOf(type, 3, rows));
  MlirValue right = tensor_expand_shape(b, matrix, parsed(b, "[[0, 1], [2]]"), (DlcValues){0}, {blocks, 3},
                                        tensorOf(type, 3, blocks));
  MlirValue zero = arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, element, 0));
  MlirValue zeros = dlcResult(dlcFill(b, zero, tensor_empty(b, (DlcValues){0}, tensorOf(type, 3, partial))), 0);
  if (b->failed) return mlirLogicalResultFailure();
  MlirValue products = dlcResult(linalg_batch_matmul(b, vals(left, right), vals(zeros), types(typeOf(zeros))), 0);
  MlirValue result = addParts(b, products, init);
  if (b->failed) return mlirLogicalResultFailure();
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &result);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileSplitReductions(MlirOperation root, DlcPass *pass,
                                            const DlcTileSplitReductionsOptions *options) {
  (void)pass;
  if (options->parts < 1 || options->bytes < 0)
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-split-reductions: parts is at least 1, bytes at least 0");
  static const DlcPattern patterns[] = {{"linalg.matmul", 1, split}, {0}};
  DlcTileSplitReductionsOptions copy = *options;
  return options->parts == 1 ? mlirLogicalResultSuccess() : dlcApplyPatterns(root, 1, patterns, &copy);
}
