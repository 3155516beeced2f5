// tile-group-bytes: contractions of bytes sum up groups of four of them.
//
//   %r = linalg.generic {(m, n, k)} ins(%a, %w : tensor<8x10xi8>, tensor<10x32xi8>) outs(.. : tensor<8x32xi32>)
// ->
//   %p = tensor.pad %a high[0, 2]
//   %g = tensor.expand_shape %p : tensor<8x12xi8> into tensor<8x3x4xi8>
//   %r = linalg.generic {(m, n, k, byte)} ins(%g, constant of tensor<3x32x4xi8>) outs(.. : tensor<8x32xi32>)
//
// The groups lie along the last dimension of the input, which must be summed up; the columns n are the last dimension
// of the result. A border of the input is made again around the groups, so that it stays next to the contraction.
//
// Left as it is: an input whose last dimension is a window or no reduction (as of depthwise convolutions), a constant
// without columns.
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/pad.h"
#include "passes/tile/byte_products.h"

enum { GROUP = 4, MAX_RANK = 15 };

typedef struct {
  MlirOperation op;
  intptr_t nLoops, summed, column;   // loops
  intptr_t rank, summedAt, columnAt; // of the constant, and its dimensions
  int64_t size, groups;
} Grouping;

static intptr_t plainLoop(MlirAffineMap map, intptr_t i) {
  MlirAffineExpr e = mlirAffineMapGetResult(map, i);
  return mlirAffineExprIsADim(e) ? mlirAffineDimExprGetPosition(e) : -1;
}

static intptr_t dimensionOf(MlirAffineMap map, intptr_t loop) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (plainLoop(map, i) == loop) return i;
  return -1;
}

static bool varies(MlirAffineMap map, intptr_t loop) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, i), loop)) return true;
  return false;
}

static bool readGrouping(MlirOperation op, Grouping *g) {
  if (!dlcIsByteProduct(op) || mlirOperationGetNumResults(op) != 1) return false;
  MlirAffineMap in = linalg_generic_indexing_maps_at(op, 0), constant = linalg_generic_indexing_maps_at(op, 1),
                out = linalg_generic_indexing_maps_at(op, 2);
  intptr_t nIn = mlirAffineMapGetNumResults(in), nOut = mlirAffineMapGetNumResults(out);
  *g =
      (Grouping){.op = op, .nLoops = linalg_generic_iterator_types_n(op), .rank = mlirAffineMapGetNumResults(constant)};
  MlirValue weights = at(linalg_generic_inputs(op), 1);
  if (!nIn || !nOut || g->rank < 2 || nIn >= MAX_RANK || g->rank >= MAX_RANK || g->nLoops >= MAX_RANK ||
      !arith_constant_isa(opOf(weights)) || !mlirAffineMapIsProjectedPermutation(constant))
    return false;
  g->summed = plainLoop(in, nIn - 1), g->column = plainLoop(out, nOut - 1);
  if (g->summed < 0 || g->column < 0 ||
      linalg_generic_iterator_types_at(op, g->summed) != utils_IteratorType_reduction || varies(in, g->column))
    return false;
  g->summedAt = dimensionOf(constant, g->summed), g->columnAt = dimensionOf(constant, g->column);
  if (g->summedAt < 0 || g->columnAt < 0) return false;
  for (intptr_t i = 0; i < nIn - 1; ++i)
    if (mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(in, i), g->summed)) return false;
  g->size = mlirShapedTypeGetDimSize(typeOf(weights), g->summedAt);
  g->groups = (g->size + GROUP - 1) / GROUP;
  return mlirShapedTypeGetDimSize(typeOf(at(linalg_generic_inputs(op), 0)), nIn - 1) == g->size;
}

//===--- the constant -----------------------------------------------------------------------===//
// Its dimensions in their new order: what is neither summed up in groups nor columns, then groups and columns.
static void orderOf(const Grouping *g, intptr_t *order) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < g->rank; ++i)
    if (i != g->summedAt && i != g->columnAt) order[n++] = i;
  order[n++] = g->summedAt, order[n] = g->columnAt;
}

typedef struct {
  const Grouping *g;
  MlirType type; // of the constant as it is
  int8_t *out;   // null: not what was expected
  int64_t n;
} Packing;

static void packBytes(const void *bytes, size_t n, void *data) {
  Packing *p = data;
  const Grouping *g = p->g;
  intptr_t order[MAX_RANK];
  int64_t place[MAX_RANK] = {0}, step[MAX_RANK], all = 1;
  orderOf(g, order);
  p->n = GROUP;
  for (intptr_t i = g->rank - 1; i >= 0; --i) { // elements of the result from one to the next along each dimension
    int64_t size = mlirShapedTypeGetDimSize(p->type, order[i]);
    all *= size;
    step[order[i]] = p->n, p->n *= order[i] == g->summedAt ? g->groups : size;
  }
  if ((int64_t)n != all) return; // a splat, or no bytes
  p->out = calloc((size_t)p->n, 1);
  for (int64_t from = 0; from < all; ++from) {
    int64_t to = 0;
    for (intptr_t d = 0; d < g->rank; ++d)
      to += d == g->summedAt ? place[d] / GROUP * step[d] + place[d] % GROUP : place[d] * step[d];
    p->out[to] = ((const int8_t *)bytes)[from];
    for (intptr_t d = g->rank - 1; d >= 0 && ++place[d] == mlirShapedTypeGetDimSize(p->type, d); --d) place[d] = 0;
  }
}

static MlirValue packConstant(DlcBuilder *b, const Grouping *g) {
  MlirValue weights = at(linalg_generic_inputs(g->op), 1);
  Packing p = {g, typeOf(weights), NULL, 0};
  MlirAttribute value = arith_constant_value(opOf(weights));
  if (mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value)) return (MlirValue){0};
  if (!dlcForConstantBytes(value, packBytes, &p) || !p.out) return (MlirValue){0};
  intptr_t order[MAX_RANK];
  int64_t shape[MAX_RANK + 1];
  orderOf(g, order);
  for (intptr_t i = 0; i < g->rank; ++i) shape[i] = mlirShapedTypeGetDimSize(p.type, order[i]);
  shape[g->rank - 2] = g->groups;
  shape[g->rank] = GROUP;
  MlirType type = mlirRankedTensorTypeGet(g->rank + 1, shape, mlirIntegerTypeGet(b->ctx, 8), mlirAttributeGetNull());
  return arith_constant(b, dlcConstantOfBytes(type, "bytes", p.out));
}

//===--- the input --------------------------------------------------------------------------===//
static MlirType typeWith(MlirType type, intptr_t rank, const int64_t *shape) {
  return mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(type), mlirAttributeGetNull());
}

// The last dimension with zeros up to whole groups.
static MlirValue fillGroups(DlcBuilder *b, MlirValue v, int64_t missing) {
  intptr_t rank = mlirShapedTypeGetRank(typeOf(v));
  int64_t low[MAX_RANK] = {0}, high[MAX_RANK] = {0}, shape[MAX_RANK];
  for (intptr_t i = 0; i < rank; ++i) shape[i] = mlirShapedTypeGetDimSize(typeOf(v), i);
  if (!missing) return v;
  high[rank - 1] = missing, shape[rank - 1] += missing;
  return dlcPadWith(b, v, (DlcI64s){low, rank}, (DlcValues){0}, (DlcI64s){high, rank}, (DlcValues){0}, false,
                    typeWith(typeOf(v), rank, shape), mlirIntegerAttrGet(mlirShapedTypeGetElementType(typeOf(v)), 0));
}

static MlirValue splitGroups(DlcBuilder *b, MlirValue v) {
  intptr_t rank = mlirShapedTypeGetRank(typeOf(v)), nSizes = 0;
  int64_t shape[MAX_RANK + 1];
  MlirAttribute groups[MAX_RANK], members[2];
  MlirValue sizes[MAX_RANK];
  for (intptr_t i = 0; i < rank; ++i) {
    shape[i] = mlirShapedTypeGetDimSize(typeOf(v), i);
    if (mlirShapedTypeIsDynamicDim(typeOf(v), i)) sizes[nSizes++] = tensor_dim(b, v, constIndex(b, i));
    for (intptr_t k = 0; k < 2; ++k) members[k] = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), i + k);
    groups[i] = mlirArrayAttrGet(b->ctx, i == rank - 1 ? 2 : 1, members);
  }
  shape[rank - 1] /= GROUP, shape[rank] = GROUP;
  return tensor_expand_shape(b, v, mlirArrayAttrGet(b->ctx, rank, groups), valsN(nSizes, sizes), {shape, rank + 1},
                             typeWith(typeOf(v), rank + 1, shape));
}

// A pad with one number that leaves the last dimension as it is.
static bool isBorder(MlirOperation op, int64_t *value) {
  if (!tensor_pad_isa(op)) return false;
  MlirOperation fill = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(bodyOf(tensor_pad_region(op))), 0));
  DlcI64s low = tensor_pad_static_low(op), high = tensor_pad_static_high(op);
  if (!arith_constant_isa(fill) || low.data[low.n - 1] || high.data[high.n - 1]) return false;
  *value = mlirIntegerAttrGetValueInt(arith_constant_value(fill));
  return true;
}

static MlirValue groupInput(DlcBuilder *b, const Grouping *g) {
  MlirValue in = at(linalg_generic_inputs(g->op), 0);
  MlirOperation pad = opOf(in);
  int64_t value, low[MAX_RANK + 1] = {0}, high[MAX_RANK + 1] = {0}, shape[MAX_RANK + 1];
  if (!isBorder(pad, &value)) return splitGroups(b, fillGroups(b, in, g->groups * GROUP - g->size));
  MlirValue grouped = splitGroups(b, fillGroups(b, tensor_pad_source(pad), g->groups * GROUP - g->size));
  if (isNull(grouped)) return grouped;
  intptr_t rank = mlirShapedTypeGetRank(typeOf(in));
  for (intptr_t i = 0; i < rank; ++i) {
    low[i] = tensor_pad_static_low(pad).data[i], high[i] = tensor_pad_static_high(pad).data[i];
    shape[i] = mlirShapedTypeGetDimSize(typeOf(in), i);
  }
  shape[rank - 1] = g->groups, shape[rank] = GROUP;
  return dlcPadWith(b, grouped, (DlcI64s){low, rank + 1}, tensor_pad_low(pad), (DlcI64s){high, rank + 1},
                    tensor_pad_high(pad), false, typeWith(typeOf(in), rank + 1, shape),
                    mlirIntegerAttrGet(mlirShapedTypeGetElementType(typeOf(in)), value));
}

//===--- the rewrite ------------------------------------------------------------------------===//
// The results of a map over one loop more, with `last` behind them.
static MlirAffineMap widen(MlirContext ctx, MlirAffineMap map, intptr_t nLoops, const intptr_t *order, bool hasByte) {
  MlirAffineExpr results[MAX_RANK + 1];
  intptr_t n = mlirAffineMapGetNumResults(map);
  for (intptr_t i = 0; i < n; ++i) results[i] = mlirAffineMapGetResult(map, order ? order[i] : i);
  if (hasByte) results[n++] = mlirAffineDimExprGet(ctx, nLoops);
  return mlirAffineMapGet(ctx, nLoops + 1, 0, n, results);
}

static bool group(DlcBuilder *b, MlirOperation op) {
  Grouping g;
  if (!readGrouping(op, &g)) return false;
  MlirValue weights = packConstant(b, &g);
  if (isNull(weights)) return false;
  MlirValue in = groupInput(b, &g);
  intptr_t order[MAX_RANK];
  orderOf(&g, order);
  MlirAffineMap maps[] = {widen(b->ctx, linalg_generic_indexing_maps_at(op, 0), g.nLoops, NULL, true),
                          widen(b->ctx, linalg_generic_indexing_maps_at(op, 1), g.nLoops, order, true),
                          widen(b->ctx, linalg_generic_indexing_maps_at(op, 2), g.nLoops, NULL, false)};
  MlirAttribute iterators[MAX_RANK + 1];
  for (intptr_t i = 0; i <= g.nLoops; ++i)
    iterators[i] = dlcs_utils_IteratorType_attr(b->ctx, i < g.nLoops ? linalg_generic_iterator_types_at(op, i)
                                                                     : utils_IteratorType_reduction);
  MlirOperation made = linalg_generic(b, vals(in, weights), linalg_generic_outputs(op), .indexing_maps = {maps, 3},
                                      .iterator_types = mlirArrayAttrGet(b->ctx, g.nLoops + 1, iterators));
  if (!made.ptr) return false;
  DlcMapping map = dlcMappingCreate();
  dlcCloneRegion(b, linalg_generic_region(op), linalg_generic_region(made), map);
  dlcMappingDestroy(map);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, made);
  return true;
}

MlirLogicalResult dlcRunTileGroupBytes(MlirOperation root, DlcPass *pass, const DlcTileGroupBytesOptions *options) {
  if (options->group != 1 && options->group != GROUP)
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-group-bytes: group is 1 or 4");
  if (options->group == 1) return mlirLogicalResultSuccess();
  return dlcRewriteAndCount(root, dlcIsByteProduct, group, pass, DlcTileGroupBytes_grouped);
}
