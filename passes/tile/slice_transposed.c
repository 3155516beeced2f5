// tile-slice-transposed: parts of a transposed tensor are cut out first, and each is transposed for itself.
//
//   %t = linalg.transpose ins(%x : tensor<64x49x3x8x32xf32>) permutation = [2, 0, 3, 1, 4]
//   %q = extract_slice %t[0, 0, 0, 0, 0] .. to tensor<64x8x49x32xf32>, %k = extract_slice %t[1, ..
// ->
//   %p = extract_slice %x[0, 0, 0, 0, 0] .. : tensor<64x49x3x8x32xf32> to tensor<64x49x8x32xf32>
//   %q = linalg.transpose ins(%p) permutation = [0, 2, 1, 3]
//
// A slice costs nothing, and a transposition next to the op that reads it becomes a part of that op. Left alone: what
// something else than slices reads as well, and slices that overlap, of which more would be transposed than before.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/tile/graph.h"
#include "passes/tile/number.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_RANK = 16, MOST_SLICES = 16 };

typedef struct {
  MlirOperation op;
  bool isKept[MOST_RANK]; // the other dimensions are of size one and dropped
} Part;

// Which dimensions the result of a slice has. False: it cannot be told.
static bool readPart(MlirOperation op, Part *part) {
  if (!tensor_extract_slice_isa(op)) return false;
  DlcI64s sizes = tensor_extract_slice_static_sizes(op);
  MlirType type = typeOf(tensor_extract_slice_result(op));
  intptr_t rank = mlirShapedTypeGetRank(type), next = 0, drop = sizes.n - rank;
  *part = (Part){.op = op};
  if (sizes.n > MOST_RANK) return false;
  for (intptr_t d = 0; d < sizes.n; ++d) {
    bool isSame = next < rank && mlirShapedTypeGetDimSize(type, next) == sizes.data[d];
    bool isDropped = drop > 0 && sizes.data[d] == 1 && !isSame;
    if (!isDropped && !isSame) return false;
    part->isKept[d] = !isDropped, next += !isDropped, drop -= isDropped;
  }
  return next == rank;
}

// Whether slices a and b have no element in common, as far as is seen.
static bool areApart(MlirOperation a, MlirOperation b) {
  DlcI64s from[] = {tensor_extract_slice_static_offsets(a), tensor_extract_slice_static_offsets(b)},
          size[] = {tensor_extract_slice_static_sizes(a), tensor_extract_slice_static_sizes(b)},
          step[] = {tensor_extract_slice_static_strides(a), tensor_extract_slice_static_strides(b)};
  int64_t unknown = mlirShapedTypeGetDynamicSize();
  for (intptr_t d = 0; d < from[0].n; ++d) {
    bool known = true;
    int64_t end[2];
    for (int i = 0; i < 2; ++i) {
      known &= from[i].data[d] >= 0 && size[i].data[d] != unknown && step[i].data[d] == 1;
      end[i] = from[i].data[d] + size[i].data[d];
    }
    if (known && (end[0] <= from[1].data[d] || end[1] <= from[0].data[d])) return true;
  }
  return false;
}

static bool readParts(MlirValue whole, Part *parts, intptr_t *n) {
  *n = 0;
  dlcForEachUse(use, whole) {
    if (*n == MOST_SLICES || !readPart(mlirOpOperandGetOwner(use), &parts[*n])) return false;
    for (intptr_t i = 0; i < *n; ++i)
      if (!areApart(parts[i].op, parts[*n].op)) return false;
    ++*n;
  }
  return *n > 0;
}

// A fresh tensor like the result of the slice.
static MlirValue freshLike(DlcBuilder *b, const Part *part) {
  DlcI64s fixed = tensor_extract_slice_static_sizes(part->op);
  DlcNumbers kept = {0};
  intptr_t next = 0;
  for (intptr_t d = 0; d < fixed.n; ++d) {
    DlcNumber size = dlcNumberTake(fixed, tensor_extract_slice_sizes(part->op), d, &next);
    if (part->isKept[d]) dlcNumbersAdd(&kept, size);
  }
  return tensor_empty(b, dlcNumbersValues(&kept), typeOf(tensor_extract_slice_result(part->op)));
}

static void turn(DlcBuilder *b, const Part *part, MlirValue source, DlcI64s order) {
  MlirOperation op = part->op;
  int back[MOST_RANK]; // the transposed tensor's dimensions, in the order of the source
  intptr_t n = 0;
  int64_t place[MOST_RANK], kept[MOST_RANK];
  for (intptr_t d = 0; d < order.n; ++d) back[order.data[d]] = (int)d;
  DlcNumbers offsets =
                 dlcNumbersPermuted(tensor_extract_slice_static_offsets(op), tensor_extract_slice_offsets(op), back),
             sizes = dlcNumbersPermuted(tensor_extract_slice_static_sizes(op), tensor_extract_slice_sizes(op), back),
             strides =
                 dlcNumbersPermuted(tensor_extract_slice_static_strides(op), tensor_extract_slice_strides(op), back),
             shape = {0};
  for (intptr_t d = 0; d < order.n; ++d) {
    place[d] = shape.rank;
    if (part->isKept[back[d]]) dlcNumbersAdd(&shape, dlcKnown(sizes.fixed[d]));
  }
  for (intptr_t d = 0; d < order.n; ++d)
    if (part->isKept[d]) kept[n++] = place[order.data[d]];
  MlirType whole = typeOf(source),
           type = mlirRankedTensorTypeGet(shape.rank, shape.fixed, mlirShapedTypeGetElementType(whole),
                                          mlirRankedTensorTypeGetEncoding(whole));
  dlcBefore(b, op) {
    MlirValue cut = tensor_extract_slice(b, source, dlcNumbersValues(&offsets), dlcNumbersValues(&sizes),
                                         dlcNumbersValues(&strides), dlcNumbersFixed(&offsets), dlcNumbersFixed(&sizes),
                                         dlcNumbersFixed(&strides), type);
    MlirOperation made =
        linalg_transpose(b, cut, freshLike(b, part), {kept, n}, types(typeOf(tensor_extract_slice_result(op))));
    if (!b->failed) mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, made);
  }
}

static MlirLogicalResult sliceParts(DlcBuilder *b, MlirOperation op, void *pass) {
  Part parts[MOST_SLICES];
  intptr_t n;
  if (!mlirOperationGetNumResults(op) || !readParts(mlirOperationGetResult(op, 0), parts, &n))
    return mlirLogicalResultFailure();
  for (intptr_t i = 0; i < n && !b->failed; ++i)
    turn(b, &parts[i], linalg_transpose_input(op), linalg_transpose_permutation(op));
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, op);
  dlcPassCount(pass, DlcTileSliceTransposed_sliced, (uint64_t)n);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileSliceTransposed(MlirOperation root, DlcPass *pass,
                                            const DlcTileSliceTransposedOptions *options) {
  DlcFusion fusion;
  if (mlirLogicalResultIsFailure(dlcFusionOption(root, "tile-slice-transposed", options->fusion, &fusion)))
    return mlirLogicalResultFailure();
  if (fusion == DLC_FUSE_NONE) return mlirLogicalResultSuccess();
  static const DlcPattern patterns[] = {{"linalg.transpose", 1, sliceParts}};
  return dlcApplyPatterns(root, DLC_COUNT(patterns), patterns, pass);
}
