// tile-view-bytes: contractions of groups of four bytes become contractions of words.
//
//   linalg.generic {(m, n, k, byte)} ins(%a, %w : memref<8x3x4xi8>, memref<3x32x4xi8>) outs(%r : memref<8x32xi32>) {
//     out + extui(a) * extsi(w) }
// ->
//   linalg.generic {(m, n, k)} ins(words of %a, words of %w : memref<8x3xi32>, memref<3x32xi32>) outs(%r) {
//     tile.dot_bytes a, w, out }
//
// so that all that holds for products of 32 bits holds for them: register tiles, panels, blocks.
// Left alone: bytes that are not the innermost loop and dimension; strides not known to be multiples of four.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/tile.h"
#include "passes/tile/byte_products.h"

enum { GROUP = 4, MAX_RANK = 16 };

// Whether the last dimension holds a group, and the others can be counted in words.
static bool holdsGroups(MlirType t, int64_t *strides) {
  int64_t offset;
  if (!mlirTypeIsAMemRef(t)) return false;
  intptr_t rank = mlirShapedTypeGetRank(t);
  if (rank < 1 || rank > MAX_RANK || mlirShapedTypeGetDimSize(t, rank - 1) != GROUP ||
      mlirLogicalResultIsFailure(mlirMemRefTypeGetStridesAndOffset(t, strides, &offset)) || strides[rank - 1] != 1)
    return false;
  for (intptr_t i = 0; i < rank - 1; ++i)
    if (mlirShapedTypeIsDynamicStrideOrOffset(strides[i]) || strides[i] % GROUP) return false;
  return true;
}

static bool readsGroups(MlirOperation op, intptr_t operand, intptr_t byte) {
  MlirAffineMap map = linalg_generic_indexing_maps_at(op, operand);
  intptr_t n = mlirAffineMapGetNumResults(map);
  for (intptr_t i = 0; i < n; ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsFunctionOfDim(e, byte) != (i == n - 1)) return false;
  }
  return n && mlirAffineExprIsADim(mlirAffineMapGetResult(map, n - 1));
}

static bool isGrouped(MlirOperation op) {
  if (!dlcIsByteProduct(op) || mlirOperationGetNumResults(op)) return false;
  intptr_t byte = linalg_generic_iterator_types_n(op) - 1;
  int64_t strides[MAX_RANK];
  for (intptr_t i = 0; i < 2; ++i)
    if (!readsGroups(op, i, byte) || !holdsGroups(typeOf(at(linalg_generic_inputs(op), i)), strides)) return false;
  return linalg_generic_iterator_types_at(op, byte) == utils_IteratorType_reduction &&
         mlirTypeIsAMemRef(typeOf(at(linalg_generic_outputs(op), 0)));
}

//===--- views ------------------------------------------------------------------------------===//
static MlirType lineOf(DlcBuilder *b, MlirType element, MlirAttribute space) {
  int64_t dynamic = mlirShapedTypeGetDynamicSize();
  (void)b;
  return mlirMemRefTypeGet(element, 1, &dynamic, mlirAttributeGetNull(), space);
}

// The sizes of all dimensions but the last, known or not.
typedef struct {
  int64_t known[MAX_RANK], strides[MAX_RANK];
  MlirValue dynamic[MAX_RANK];
  intptr_t n, nDynamic;
} Shape;
static Shape shapeOf(MlirValue v, MlirOperation metadata) {
  MlirType t = typeOf(v);
  Shape s = {.n = mlirShapedTypeGetRank(t) - 1};
  holdsGroups(t, s.strides);
  for (intptr_t i = 0; i < s.n; ++i) {
    s.strides[i] /= GROUP, s.known[i] = mlirShapedTypeGetDimSize(t, i);
    if (mlirShapedTypeIsDynamicDim(t, i)) s.dynamic[s.nDynamic++] = dlcResult(metadata, 2 + i);
  }
  return s;
}

// A size that covers the buffer; nothing depends on it but the types.
static MlirValue viewAsWords(DlcBuilder *b, MlirValue v) {
  MlirType i8 = mlirIntegerTypeGet(b->ctx, 8), i32 = mlirIntegerTypeGet(b->ctx, 32);
  MlirAttribute space = mlirMemRefTypeGetMemorySpace(typeOf(v));
  MlirOperation metadata = memref_extract_strided_metadata(b, v);
  if (!metadata.ptr) return (MlirValue){0};
  Shape s = shapeOf(v, metadata);
  int64_t dynamic = mlirShapedTypeGetDynamicSize(), zero = 0, one = 1, words = 1;
  for (intptr_t i = 0; i < s.n; ++i) words += s.nDynamic ? 0 : s.strides[i] * (s.known[i] - 1);
  MlirValue offset = dlcResult(metadata, 1), nWords = constIndex(b, words);
  MlirValue nBytes = arith_addi(b, offset, constIndex(b, words * GROUP));
  MlirValue bytes = memref_reinterpret_cast(b, dlcResult(metadata, 0), (DlcValues){0}, vals(nBytes), (DlcValues){0},
                                            {&zero, 1}, {&dynamic, 1}, {&one, 1}, lineOf(b, i8, space));
  MlirValue line = memref_view(b, bytes, offset, vals(nWords), lineOf(b, i32, space));
  MlirAttribute layout = mlirStridedLayoutAttrGet(b->ctx, 0, s.n, s.strides);
  return memref_reinterpret_cast(b, line, (DlcValues){0}, valsN(s.nDynamic, s.dynamic), (DlcValues){0}, {&zero, 1},
                                 {s.known, s.n}, {s.strides, s.n}, mlirMemRefTypeGet(i32, s.n, s.known, layout, space));
}

//===--- the rewrite ------------------------------------------------------------------------===//
static MlirAffineMap withoutByte(MlirContext ctx, MlirAffineMap map, intptr_t nLoops, bool dropsLast) {
  MlirAffineExpr results[MAX_RANK];
  intptr_t n = mlirAffineMapGetNumResults(map) - dropsLast;
  for (intptr_t i = 0; i < n; ++i) results[i] = mlirAffineMapGetResult(map, i);
  return mlirAffineMapGet(ctx, nLoops, 0, n, results);
}

static void rewrite(DlcBuilder *b, MlirOperation op) {
  intptr_t n = linalg_generic_iterator_types_n(op) - 1;
  MlirType i32 = mlirIntegerTypeGet(b->ctx, 32);
  MlirValue ins[] = {viewAsWords(b, at(linalg_generic_inputs(op), 0)),
                     viewAsWords(b, at(linalg_generic_inputs(op), 1))};
  MlirAffineMap maps[3];
  for (intptr_t i = 0; i < 3; ++i) maps[i] = withoutByte(b->ctx, linalg_generic_indexing_maps_at(op, i), n, i < 2);
  MlirAttribute iterators[MAX_RANK];
  for (intptr_t i = 0; i < n && i < MAX_RANK; ++i)
    iterators[i] = dlcs_utils_IteratorType_attr(b->ctx, linalg_generic_iterator_types_at(op, i));
  MlirOperation made = linalg_generic(b, valsN(2, ins), linalg_generic_outputs(op), .indexing_maps = {maps, 3},
                                      .iterator_types = mlirArrayAttrGet(b->ctx, n, iterators));
  if (!made.ptr) return;
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), types(i32, i32, i32));
  dlcAtEnd(b, body) { linalg_yield(b, vals(tile_dot_bytes(b, argOf(body, 0), argOf(body, 1), argOf(body, 2)))); }
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, op);
}

MlirLogicalResult dlcRunTileViewBytes(MlirOperation root, DlcPass *pass, const DlcTileViewBytesOptions *options) {
  (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps ops = dlcCollect(root, isGrouped);
  for (intptr_t i = 0; i < ops.n && !b.failed; ++i) {
    dlcBefore(&b, ops.data[i]) rewrite(&b, ops.data[i]);
    dlcPassCount(pass, DlcTileViewBytes_viewed, 1);
  }
  free(ops.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
