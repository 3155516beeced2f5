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
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_RANK = 16, MOST_SLICES = 16 };

typedef struct {
  MlirOperation op;
  intptr_t rank;          // of the transposed tensor
  bool isKept[MOST_RANK]; // the other dimensions are of size one and dropped
} Part;

static int64_t staticAt(DlcI64s values, intptr_t d) { return values.data[d]; }

// Which dimensions the result of a slice has. False: it cannot be told.
static bool readPart(MlirOperation op, Part *part) {
  if (!tensor_extract_slice_isa(op)) return false;
  DlcI64s sizes = tensor_extract_slice_static_sizes(op);
  MlirType type = typeOf(tensor_extract_slice_result(op));
  intptr_t rank = mlirShapedTypeGetRank(type), next = 0, drop = sizes.n - rank;
  *part = (Part){.op = op, .rank = sizes.n};
  if (sizes.n > MOST_RANK) return false;
  for (intptr_t d = 0; d < sizes.n; ++d) {
    bool isSame = next < rank && mlirShapedTypeGetDimSize(type, next) == staticAt(sizes, d);
    bool isDropped = drop > 0 && staticAt(sizes, d) == 1 && !isSame;
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
      known &= staticAt(from[i], d) >= 0 && staticAt(size[i], d) != unknown && staticAt(step[i], d) == 1;
      end[i] = staticAt(from[i], d) + staticAt(size[i], d);
    }
    if (known && (end[0] <= staticAt(from[1], d) || end[1] <= staticAt(from[0], d))) return true;
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

// One of the three lists of a slice of the transposed tensor, in the order of what was transposed.
typedef struct {
  int64_t fixed[MOST_RANK];
  MlirValue given[MOST_RANK];
  intptr_t nGiven;
} List;
static List turned(DlcI64s fixed, DlcValues given, const intptr_t *back) {
  List list = {.nGiven = 0};
  int64_t unknown = mlirShapedTypeGetDynamicSize();
  for (intptr_t d = 0; d < fixed.n; ++d) {
    intptr_t from = back[d], before = 0;
    list.fixed[d] = fixed.data[from];
    for (intptr_t i = 0; i < from; ++i) before += fixed.data[i] == unknown;
    if (fixed.data[from] == unknown) list.given[list.nGiven++] = at(given, before);
  }
  return list;
}

static MlirValue freshLike(DlcBuilder *b, MlirOperation op) {
  MlirValue sizes[MOST_RANK];
  intptr_t n = 0;
  MlirValue v = dlcResult(op, 0);
  Part part;
  if (!readPart(op, &part)) return (MlirValue){0};
  DlcI64s fixed = tensor_extract_slice_static_sizes(op);
  for (intptr_t d = 0, given = 0; d < fixed.n; ++d)
    if (mlirShapedTypeIsDynamicSize(fixed.data[d])) sizes[n++] = at(tensor_extract_slice_sizes(op), given++);
  return tensor_empty(b, valsN(n, sizes), typeOf(v));
}

static void turn(DlcBuilder *b, const Part *part, MlirValue source, DlcI64s order) {
  MlirOperation op = part->op;
  intptr_t back[MOST_RANK], rank = 0, n = 0;
  int64_t shape[MOST_RANK], place[MOST_RANK], kept[MOST_RANK];
  for (intptr_t d = 0; d < order.n; ++d) back[order.data[d]] = d;
  List offsets = turned(tensor_extract_slice_static_offsets(op), tensor_extract_slice_offsets(op), back),
       sizes = turned(tensor_extract_slice_static_sizes(op), tensor_extract_slice_sizes(op), back),
       strides = turned(tensor_extract_slice_static_strides(op), tensor_extract_slice_strides(op), back);
  for (intptr_t d = 0; d < order.n; ++d)
    if (part->isKept[back[d]]) place[d] = rank, shape[rank++] = sizes.fixed[d];
  for (intptr_t d = 0; d < order.n; ++d)
    if (part->isKept[d]) kept[n++] = place[order.data[d]];
  MlirType whole = typeOf(source), type = mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(whole),
                                                                  mlirRankedTensorTypeGetEncoding(whole));
  dlcBefore(b, op) {
    MlirValue cut =
        tensor_extract_slice(b, source, valsN(offsets.nGiven, offsets.given), valsN(sizes.nGiven, sizes.given),
                             valsN(strides.nGiven, strides.given), {offsets.fixed, order.n}, {sizes.fixed, order.n},
                             {strides.fixed, order.n}, type);
    MlirOperation made =
        linalg_transpose(b, cut, freshLike(b, op), {kept, n}, types(typeOf(tensor_extract_slice_result(op))));
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
