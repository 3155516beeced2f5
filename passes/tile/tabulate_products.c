// tile-tabulate-products: rows of a constant table that go into a product with a constant matrix are rows of the
// product of the two, which is made when compiling.
//
//   %r = linalg.generic { tensor.extract %table[%row, %column] } -> tensor<?x256xf32>      (tokens' embeddings)
//   %p = linalg.matmul ins(%r, %w : tensor<?x256xf32>, tensor<256x1024xf32>) outs(zeros)
// ->
//   %p = linalg.generic { tensor.extract %tableTimesW[%row, %column] } -> tensor<?x1024xf32>
//
// Left alone: tables whose product takes more bytes or multiplications than the options allow, element types other than
// f32, products that start from something other than zeros.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/tile/products.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_LOOPS = 8, MAX_OPERANDS = 8 };

//===--- what is looked for ---------------------------------------------------------------------===//
static bool isMatrixOfFloats(MlirValue v) {
  MlirType type = typeOf(v);
  return arith_constant_isa(opOf(v)) && mlirTypeIsARankedTensor(type) && mlirShapedTypeGetRank(type) == 2 &&
         mlirShapedTypeHasStaticShape(type) && mlirTypeIsAF32(mlirShapedTypeGetElementType(type));
}

// (.., k) x (k, n) -> (.., n), the right one a constant: a sum of products, from zeros.
static bool isProduct(MlirOperation op) {
  bool isReduction[MAX_LOOPS];
  MlirAffineMap maps[3];
  intptr_t n = dlcIsLinalgOp(op) && mlirOperationGetNumOperands(op) == 3 && mlirOperationGetNumResults(op) == 1
                   ? dlcIteratorTypes(op, isReduction, MAX_LOOPS)
                   : -1;
  if (n < 2 || n > MAX_LOOPS || !dlcAddsProducts(op)) return false;
  for (intptr_t i = 0; i < 3; ++i)
    if (!dlcLinalgMap(op, i, &maps[i])) return false;
  intptr_t rank = mlirAffineMapGetNumResults(maps[2]);
  if (rank != n - 1 || mlirAffineMapGetNumResults(maps[0]) != rank || mlirAffineMapGetNumResults(maps[1]) != 2)
    return false;
  MlirAffineExpr k = mlirAffineMapGetResult(maps[0], rank - 1), column = mlirAffineMapGetResult(maps[2], rank - 1);
  bool ok = mlirAffineExprIsADim(k) && isReduction[mlirAffineDimExprGetPosition(k)] &&
            mlirAffineExprEqual(mlirAffineMapGetResult(maps[1], 0), k) &&
            mlirAffineExprEqual(mlirAffineMapGetResult(maps[1], 1), column);
  for (intptr_t i = 0; i + 1 < rank; ++i)
    ok &= mlirAffineExprEqual(mlirAffineMapGetResult(maps[0], i), mlirAffineMapGetResult(maps[2], i));
  double start;
  return ok && isMatrixOfFloats(mlirOperationGetOperand(op, 1)) &&
         dlcFloatFilled(mlirOperationGetOperand(op, 2), &start) && start == 0;
}

// The tensor.extract of a row of a constant matrix that all there is of op's body is for; null: op is no such op.
static MlirOperation findLookup(MlirOperation op) {
  MlirOperation none = {0};
  bool isReduction[MAX_LOOPS];
  if (!op.ptr || !linalg_generic_isa(op) || mlirOperationGetNumResults(op) != 1) return none;
  intptr_t n = dlcIteratorTypes(op, isReduction, MAX_LOOPS), nOperands = mlirOperationGetNumOperands(op);
  if (n < 1 || n > MAX_LOOPS || nOperands > MAX_OPERANDS) return none;
  for (intptr_t i = 0; i < nOperands; ++i) {
    MlirAffineMap map;
    if (!dlcLinalgMap(op, i, &map)) return none;
    if (i == nOperands - 1 && !mlirAffineMapIsIdentity(map)) return none;
    for (intptr_t r = 0; r < mlirAffineMapGetNumResults(map) && i < nOperands - 1; ++r)
      if (mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, r), n - 1)) return none; // the row, of the column
  }
  MlirBlock body = bodyOf(linalg_generic_region(op));
  MlirOperation lookup = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(body), 0));
  if (!lookup.ptr || !tensor_extract_isa(lookup) || !dlcIsInside(lookup, op) ||
      !isMatrixOfFloats(tensor_extract_tensor(lookup)) ||
      !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, nOperands - 1))))
    return none;
  MlirOperation column = opOf(at(tensor_extract_indices(lookup), 1));
  if (!column.ptr || !linalg_index_isa(column) || (intptr_t)linalg_index_dim(column) != n - 1) return none;
  dlcForEachOp(inner, body) {
    bool isOther = !mlirOperationEqual(inner, lookup);
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(inner) && isOther; ++i) {
      MlirValue v = mlirOperationGetOperand(inner, i);
      if (mlirValueEqual(v, dlcResult(column, 0)) || mlirValueEqual(v, tensor_extract_tensor(lookup))) return none;
    }
    if (mlirOperationGetNumRegions(inner) ||
        (linalg_index_isa(inner) && !mlirOperationEqual(inner, column) && (intptr_t)linalg_index_dim(inner) == n - 1))
      return none;
  }
  return mlirValueEqual(at(tensor_extract_indices(lookup), 0), dlcResult(column, 0)) ? none : lookup;
}

//===--- the table ------------------------------------------------------------------------------===//
typedef struct {
  int64_t rows, depth, columns;
  const float *left, *right;
  float *product;
} Product;

static void multiply(const void *bytes, size_t n, void *data) {
  Product *p = data;
  if (n != (size_t)(p->depth * p->columns) * sizeof(float)) return;
  p->right = bytes;
  p->product = calloc((size_t)(p->rows * p->columns), sizeof(float));
  for (int64_t i = 0; i < p->rows && p->product; ++i)
    for (int64_t k = 0; k < p->depth; ++k) {
      float factor = p->left[i * p->depth + k];
      for (int64_t j = 0; j < p->columns; ++j) p->product[i * p->columns + j] += factor * p->right[k * p->columns + j];
    }
}

typedef struct {
  Product product;
  MlirAttribute right;
} Factors;

static void takeLeft(const void *bytes, size_t n, void *data) {
  Factors *f = data;
  if (n != (size_t)(f->product.rows * f->product.depth) * sizeof(float)) return;
  f->product.left = bytes;
  dlcForConstantBytes(f->right, multiply, &f->product);
}

// Null: it would be too large, or bytes are not there.
static MlirValue tabulate(DlcBuilder *b, MlirValue table, MlirValue matrix, const DlcTileTabulateProductsOptions *o) {
  MlirValue none = {0};
  MlirType left = typeOf(table), right = typeOf(matrix);
  Factors f = {.right = arith_constant_value(opOf(matrix))};
  Product *p = &f.product;
  p->rows = mlirShapedTypeGetDimSize(left, 0), p->depth = mlirShapedTypeGetDimSize(left, 1);
  p->columns = mlirShapedTypeGetDimSize(right, 1);
  int64_t elements, multiplications;
  if (!p->rows || !p->depth || !p->columns || __builtin_mul_overflow(p->rows, p->columns, &elements) ||
      __builtin_mul_overflow(elements, p->depth, &multiplications) || elements > o->bytes / (int64_t)sizeof(float) ||
      multiplications > o->multiplications)
    return none;
  dlcForConstantBytes(arith_constant_value(opOf(table)), takeLeft, &f);
  if (!p->product) return none;
  int64_t shape[] = {p->rows, p->columns};
  MlirType type = mlirRankedTensorTypeGet(2, shape, mlirShapedTypeGetElementType(left), mlirAttributeGetNull());
  MlirAttribute value = dlcConstantOfBytes(type, "tabulated", p->product);
  return mlirAttributeIsNull(value) ? none : arith_constant(b, value);
}

//===--- the pass -------------------------------------------------------------------------------===//
static void replace(DlcBuilder *b, MlirOperation product, MlirOperation gather, MlirValue table, MlirValue tabulated) {
  MlirOperation fill = opOf(mlirOperationGetOperand(product, 2));
  intptr_t n = mlirOperationGetNumOperands(gather);
  MlirValue inputs[MAX_OPERANDS];
  MlirAffineMap maps[MAX_OPERANDS];
  for (intptr_t i = 0; i < n; ++i) dlcLinalgMap(gather, i, &maps[i]), inputs[i] = mlirOperationGetOperand(gather, i);
  MlirOperation made =
      linalg_generic(b, valsN(n - 1, inputs), vals(mlirOperationGetOperand(fill, 1)), .indexing_maps = {maps, n},
                     .iterator_types = linalg_generic_iterator_types(gather),
                     .result_tensors_type = types(typeOf(mlirOperationGetResult(product, 0))));
  if (!made.ptr) return;
  DlcMapping map = dlcMappingCreate();
  dlcMap(map, table, tabulated);
  dlcCloneRegion(b, linalg_generic_region(gather), linalg_generic_region(made), map);
  dlcMappingDestroy(map);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, product, made);
}

MlirLogicalResult dlcRunTileTabulateProducts(MlirOperation root, DlcPass *pass,
                                             const DlcTileTabulateProductsOptions *options) {
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  DlcOps products = dlcCollect(root, isProduct);
  for (intptr_t i = 0; i < products.n && mlirLogicalResultIsSuccess(result); ++i) {
    MlirOperation gather = opOf(mlirOperationGetOperand(products.data[i], 0)), lookup = findLookup(gather);
    if (!lookup.ptr) continue;
    DlcBuilder b = dlcBuilderAt(rewriter, products.data[i]);
    MlirValue table = tensor_extract_tensor(lookup),
              tabulated = tabulate(&b, table, mlirOperationGetOperand(products.data[i], 1), options);
    if (isNull(tabulated)) continue;
    replace(&b, products.data[i], gather, table, tabulated);
    if (dlcIsUnused(gather)) mlirRewriterBaseEraseOp(rewriter, gather);
    dlcPassCount(pass, DlcTileTabulateProducts_tabulated, 1);
    result = dlcStatus(&b);
  }
  free(products.data);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
