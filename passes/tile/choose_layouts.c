// tile-choose-layouts: stores the results of contractions with constants so that
// vectors of the constant are vectors of the result: channels last, for convolutions.
//
//   %r = linalg.conv_2d_nchw_fchw ins(%x, %w : .., tensor<16x3x3x3xf32>) outs(%i : tensor<1x16x7x7xf32>)
//   %y = elementwise(%r) -> tensor<1x16x7x7xf32>
// ->
//   %r = linalg.generic ins(%x, %w : .., tensor<3x3x3x16xf32>) outs(%i : tensor<1x7x7x16xf32>)
//   %y = elementwise(%r) -> tensor<1x7x7x16xf32>
//
// The dimensions that vary with the constant become the result's last. What reads
// it keeps the order: elementwise ops, poolings, reductions, pads, slices, branches
// and reshapes that leave the moved dimensions whole. Any linalg op reads any order
// through its maps; what else there is, and the function's results, get the order
// that they had by a linalg.transpose. Constants are permuted now. An input that
// such a contraction uses often is moved before it.
//
// Left as they are: results of less than three dimensions or with fewer than
// `least` moved elements, where vectors along them do not pay.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/byte_products.h"
#include "passes/tile/layout.h"
#include "passes/tile/winograd.h"

//===--- the order of a linalg op's results -------------------------------------------------===//
static intptr_t inputsOf(MlirOperation op) { return mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op); }

// Which dimensions of the results vary with an operand.
static bool variesWith(MlirOperation op, intptr_t operand, bool *varies) {
  MlirAffineMap result, map;
  if (!dlcLinalgMap(op, inputsOf(op), &result) || !dlcLinalgMap(op, operand, &map)) return false;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(result); ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(result, i);
    if (!mlirAffineExprIsADim(e)) return false;
    intptr_t loop = mlirAffineDimExprGetPosition(e);
    varies[i] = false;
    for (intptr_t k = 0; k < mlirAffineMapGetNumResults(map); ++k)
      varies[i] |= mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, k), loop);
  }
  return true;
}

// A contraction with one constant: what varies with it goes last.
static bool orderByConstant(MlirOperation op, int64_t least, int *order) {
  MlirType type = typeOf(mlirOperationGetResult(op, 0));
  intptr_t rank = mlirShapedTypeGetRank(type), constant = -1, nMoved = 0, n = 0;
  if (mlirOperationGetNumResults(op) != 1 || rank < 3 || !dlcReduces(op)) return false;
  for (intptr_t i = 0; i < inputsOf(op); ++i)
    if (mlirTypeIsARankedTensor(typeOf(mlirOperationGetOperand(op, i))) &&
        mlirShapedTypeGetRank(typeOf(mlirOperationGetOperand(op, i))) > 1 &&
        arith_constant_isa(opOf(mlirOperationGetOperand(op, i)))) {
      if (constant >= 0) return false;
      constant = i;
    }
  bool varies[DLC_LAYOUT_RANK], isReused = false;
  if (constant < 0 || !variesWith(op, constant, varies)) return false;
  for (intptr_t i = 0; i < inputsOf(op); ++i) { // what nothing else varies with: one element of it, many of the result
    bool other[DLC_LAYOUT_RANK];
    if (i == constant || !variesWith(op, i, other)) continue;
    for (intptr_t d = 0; d < rank; ++d) isReused |= varies[d] && !other[d];
  }
  if (!isReused) return false; // of a depthwise convolution: it follows its input
  int64_t last = 0;
  for (int pass = 0; pass < 2; ++pass)
    for (int i = 0; i < rank; ++i)
      if (varies[i] == pass) {
        order[n++] = i, nMoved += pass;
        if (pass) last = mlirShapedTypeGetDimSize(type, i);
      }
  return nMoved && nMoved < rank && last >= least; // a dynamic size is negative
}

static double elementsOf(MlirType type) {
  double n = 1;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    n *= mlirShapedTypeIsDynamicDim(type, i) ? 64 : (double)mlirShapedTypeGetDimSize(type, i);
  return n;
}

// The largest input that is stored in another order, unless one that is not is larger; -1: none.
static intptr_t leadingInput(const DlcLayouts *layouts, MlirOperation op) {
  intptr_t best = -1;
  double most = 0;
  for (intptr_t i = 0; i < inputsOf(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (!mlirTypeIsARankedTensor(typeOf(v)) || arith_constant_isa(opOf(v))) continue;
    double n = elementsOf(typeOf(v));
    bool isMoved = !isNull(dlcLayoutOf(layouts, v).stored);
    if (best >= 0 && (n < most || (n <= most && !isMoved))) continue;
    best = i, most = n;
  }
  return best >= 0 && isNull(dlcLayoutOf(layouts, mlirOperationGetOperand(op, best)).stored) ? -1 : best;
}

// A dimension of one element that the input does not have goes where its right neighbour is (or behind the left one):
// reshapes that join them stay what they are.
static intptr_t addUnits(MlirType type, intptr_t n, int *order) {
  for (int i = (int)mlirShapedTypeGetRank(type) - 1; i >= 0; --i) {
    intptr_t at = 0, isThere = 0;
    for (intptr_t k = 0; k < n; ++k) isThere |= order[k] == i;
    if (isThere || mlirShapedTypeIsDynamicDim(type, i) || mlirShapedTypeGetDimSize(type, i) != 1) continue;
    while (at < n && order[at] != i + 1) ++at;
    for (intptr_t k = 0; k < n && at == n; ++k)
      if (order[k] == i - 1) at = k + 1;
    memmove(&order[at + 1], &order[at], (size_t)(n - at) * sizeof *order);
    order[at] = i, ++n;
  }
  return n;
}

// As the leading input is stored.
static bool orderByInput(const DlcLayouts *layouts, MlirOperation op, int *order) {
  intptr_t input = leadingInput(layouts, op), n = 0;
  int loops[DLC_LAYOUT_RANK];
  MlirAffineMap result;
  if (input < 0 || !dlcLinalgMap(op, inputsOf(op), &result)) return false;
  intptr_t rank = mlirAffineMapGetNumResults(result), nLoops = dlcTraversal(layouts, op, input, loops);
  for (intptr_t l = 0; l < nLoops; ++l)
    for (int i = 0; i < rank; ++i) {
      MlirAffineExpr e = mlirAffineMapGetResult(result, i);
      if (!mlirAffineExprIsADim(e)) return false;
      if (mlirAffineDimExprGetPosition(e) == loops[l]) order[n++] = i;
    }
  return addUnits(typeOf(mlirOperationGetResult(op, 0)), n, order) == rank;
}

static bool haveOneMap(MlirOperation op) {
  MlirAffineMap first, other;
  if (!dlcLinalgMap(op, inputsOf(op), &first)) return false;
  for (intptr_t i = inputsOf(op) + 1; i < mlirOperationGetNumOperands(op); ++i)
    if (!dlcLinalgMap(op, i, &other) || !mlirAffineMapEqual(first, other)) return false;
  return true;
}

static bool readsMoved(const DlcLayouts *layouts, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (mlirTypeIsARankedTensor(typeOf(v)) && !isNull(dlcLayoutOf(layouts, v).stored)) return true;
  }
  return false;
}

static void identity(int *order, intptr_t rank) {
  for (int i = 0; i < rank; ++i) order[i] = i;
}

// A transposition moves nothing: it is another reading of what is stored.
static void rewriteTranspose(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, mlirOperationGetOperand(op, 0));
  DlcI64s permutation = linalg_transpose_permutation(op);
  int order[DLC_LAYOUT_RANK]; // stored i is dimension in.order[i] of the input, which is d of the result
  for (intptr_t i = 0; i < in.rank; ++i)
    for (int d = 0; d < in.rank; ++d)
      if (permutation.data[d] == in.order[i]) order[i] = d;
  dlcLayoutsStore(layouts, mlirOperationGetResult(op, 0), in.stored, order);
}

//===--- inputs that are worth being moved -------------------------------------------------===//
static const double manyUses = 1024, leastReduced = 16;
static const double manyUsesOfBytes = 128, leastReducedBytes = 3; // these are summed up in groups of four

// The order of an input with what it is summed over last, if it has another one; isOften: every element of it is used
// often enough for it to be moved.
static bool orderOfInput(MlirOperation op, intptr_t input, int *order, bool *isOften) {
  int64_t ranges[DLC_LAYOUT_RANK];
  bool isReduction[DLC_LAYOUT_RANK], isLast[DLC_LAYOUT_RANK] = {false};
  MlirAffineMap map;
  intptr_t nLoops = dlcIteratorTypes(op, isReduction, DLC_LAYOUT_RANK), n = 0;
  if (nLoops < 0 || nLoops > DLC_LAYOUT_RANK || !dlcStaticLoopRanges(op, ranges, DLC_LAYOUT_RANK) ||
      !dlcLinalgMap(op, input, &map))
    return false;
  intptr_t rank = mlirAffineMapGetNumResults(map);
  double uses = 1, reduced = 1;
  for (intptr_t l = 0; l < nLoops; ++l) {
    bool isPlain = false;
    for (intptr_t i = 0; i < rank; ++i) {
      MlirAffineExpr e = mlirAffineMapGetResult(map, i);
      if (!mlirAffineExprIsADim(e) || mlirAffineDimExprGetPosition(e) != l) continue;
      isPlain = true;
      if (isReduction[l]) isLast[i] = true, reduced *= (double)ranges[l];
    }
    bool isWindow = isReduction[l] && !isPlain, isAbsent = true;
    for (intptr_t i = 0; i < rank; ++i) isAbsent &= !mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, i), l);
    if (ranges[l] > 0 && (isWindow || isAbsent)) uses *= (double)ranges[l];
  }
  for (int last = 0; last < 2; ++last)
    for (int i = 0; i < rank; ++i)
      if (isLast[i] == last) order[n++] = i;
  bool isByte = dlcIsByteProduct(op);
  *isOften = (uses >= (isByte ? manyUsesOfBytes : manyUses) || dlcWinogradOf(op)) &&
             reduced >= (isByte ? leastReducedBytes : leastReduced);
  return !dlcIsOrdered(order, rank);
}

// Whether a value in this order is what it was transposed from.
static bool isTransposed(MlirValue value, const int *order) {
  MlirOperation op = opOf(value);
  if (!op.ptr || !linalg_transpose_isa(op)) return false;
  DlcI64s permutation = linalg_transpose_permutation(op);
  for (intptr_t i = 0; i < permutation.n; ++i)
    if (permutation.data[order[i]] != i) return false;
  return true;
}

// Stores a value of the op's own block in this order; of a padded one, what is padded.
static void moveValue(DlcLayouts *layouts, MlirOperation op, MlirValue value, const int *order) {
  MlirOperation producer = opOf(value);
  MlirBlock block = producer.ptr ? mlirOperationGetBlock(producer) : mlirBlockArgumentGetOwner(value);
  if (!mlirBlockEqual(block, mlirOperationGetBlock(op)) || !isNull(dlcLayoutOf(layouts, value).stored)) return;
  if (tensor_pad_isa(producer)) {
    moveValue(layouts, op, tensor_pad_source(producer), order);
    dlcPermuteTensorOp(layouts, producer);
    return;
  }
  MlirValue moved = dlcInOrder(layouts, value, order);
  if (!isNull(moved)) dlcLayoutsSet(layouts, value, moved, order);
}

static void moveInputs(DlcLayouts *layouts, MlirOperation op) {
  for (intptr_t i = 0; i < inputsOf(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    int order[DLC_LAYOUT_RANK];
    bool isOften;
    if (!mlirTypeIsARankedTensor(typeOf(v)) || mlirShapedTypeGetRank(typeOf(v)) > DLC_LAYOUT_RANK ||
        arith_constant_isa(opOf(v)) || !isNull(dlcLayoutOf(layouts, v).stored) || !orderOfInput(op, i, order, &isOften))
      continue;
    if (isTransposed(v, order) && isNull(dlcLayoutOf(layouts, mlirOperationGetOperand(opOf(v), 0)).stored))
      dlcLayoutsSet(layouts, v, mlirOperationGetOperand(opOf(v), 0), order);
    else if (isOften)
      moveValue(layouts, op, v, order);
  }
}

static void rewriteLinalg(DlcLayouts *layouts, MlirOperation op, int64_t least) {
  intptr_t nResults = mlirOperationGetNumResults(op);
  int order[DLC_LAYOUT_RANK];
  if (!nResults || mlirShapedTypeGetRank(typeOf(mlirOperationGetResult(op, 0))) > DLC_LAYOUT_RANK) return;
  bool isOrdered = haveOneMap(op) && orderByConstant(op, least, order);
  if (isOrdered) moveInputs(layouts, op);
  bool isMoved = readsMoved(layouts, op);
  if (!isOrdered) isOrdered = haveOneMap(op) && isMoved && orderByInput(layouts, op, order);
  if (!isOrdered && !isMoved) return;
  intptr_t rank = mlirShapedTypeGetRank(typeOf(mlirOperationGetResult(op, 0)));
  if (!isOrdered) identity(order, DLC_LAYOUT_RANK);
  if (!isMoved && dlcIsOrdered(order, rank)) return;
  if (linalg_transpose_isa(op)) {
    rewriteTranspose(layouts, op);
    return;
  }
  MlirOperation made = dlcPermuteLinalg(layouts, op, order);
  for (intptr_t i = 0; i < nResults && made.ptr; ++i)
    dlcLayoutsStore(layouts, mlirOperationGetResult(op, i), dlcResult(made, i), order);
}

//===--- branches -----------------------------------------------------------------------------===//
// The order in which some case of a branch stores result `i`.
static bool orderByCases(const DlcLayouts *layouts, MlirOperation branch, intptr_t i, int *order) {
  bool isMoved = false;
  MlirType type = typeOf(mlirOperationGetResult(branch, i));
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(branch); ++r) {
    MlirBlock body = bodyOf(mlirOperationGetRegion(branch, r));
    if (!body.ptr) return false;
    MlirValue v = mlirOperationGetOperand(mlirBlockGetTerminator(body), i);
    if (!mlirTypeEqual(typeOf(v), type)) return false;
    DlcLayout layout = dlcLayoutOf(layouts, v);
    if (isMoved || isNull(layout.stored)) continue;
    memcpy(order, layout.order, (size_t)layout.rank * sizeof *order);
    isMoved = true;
  }
  return isMoved;
}

// The result is stored in the order, and read in its own by a transposition, which is then seldom needed.
static void moveResult(DlcLayouts *layouts, MlirOperation branch, intptr_t i, const int *order) {
  DlcBuilder *b = layouts->b;
  MlirValue result = mlirOperationGetResult(branch, i), sizes[DLC_LAYOUT_RANK];
  MlirType type = typeOf(result);
  intptr_t rank = mlirShapedTypeGetRank(type), nSizes = 0;
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(branch); ++r) {
    MlirOperation yield = mlirBlockGetTerminator(bodyOf(mlirOperationGetRegion(branch, r)));
    dlcBefore(b, yield) {
      MlirValue v = dlcInOrder(layouts, mlirOperationGetOperand(yield, i), order);
      if (!isNull(v)) mlirOperationSetOperand(yield, i, v);
    }
  }
  mlirValueSetType(result, dlcPermutedType(type, order));
  int64_t places[DLC_LAYOUT_RANK];
  for (intptr_t k = 0; k < rank; ++k) places[order[k]] = k;
  dlcAfter(b, branch) {
    MlirOperation users[DLC_LAYOUT_RANK + 1];
    intptr_t nUsers = 0;
    for (intptr_t d = 0; d < rank; ++d)
      if (mlirShapedTypeIsDynamicDim(type, d)) {
        sizes[nSizes] = tensor_dim(b, result, constIndex(b, places[d]));
        users[nUsers++] = opOf(sizes[nSizes++]);
      }
    MlirValue empty = tensor_empty(b, valsN(nSizes, sizes), type);
    MlirOperation back = linalg_transpose(b, result, empty, {places, rank}, .result_type = types(type));
    if (!back.ptr) break;
    users[nUsers++] = back;
    mlirValueReplaceAllUsesExcept(result, dlcResult(back, 0), nUsers, users);
    dlcLayoutsSet(layouts, dlcResult(back, 0), result, order);
  }
}

static void rewriteBranch(DlcLayouts *layouts, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirType type = typeOf(mlirOperationGetResult(op, i));
    int order[DLC_LAYOUT_RANK];
    if (mlirTypeIsARankedTensor(type) && mlirShapedTypeGetRank(type) <= DLC_LAYOUT_RANK &&
        orderByCases(layouts, op, i, order))
      moveResult(layouts, op, i, order);
  }
}

//===--- the function -------------------------------------------------------------------------===//
static void rewrite(DlcLayouts *layouts, MlirOperation op, int64_t least) {
  if (ctrl_branch_isa(op))
    rewriteBranch(layouts, op);
  else if (dlcIsPermutableTensorOp(op))
    dlcPermuteTensorOp(layouts, op);
  else
    rewriteLinalg(layouts, op, least);
}

static MlirWalkResult collectInOrder(MlirOperation op, void *data) {
  DlcOps *ops = data;
  if (!ctrl_branch_isa(op) && !dlcIsPermutableTensorOp(op) && !(dlcIsLinalgOp(op) && mlirOperationGetNumResults(op)))
    return MlirWalkResultAdvance;
  if (ops->n == ops->cap) ops->data = realloc(ops->data, (size_t)(ops->cap = 2 * ops->cap + 64) * sizeof op);
  ops->data[ops->n++] = op;
  return MlirWalkResultAdvance;
}

static bool isUsed(MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    if (!mlirOpOperandIsNull(mlirValueGetFirstUse(mlirOperationGetResult(op, i)))) return true;
  return false;
}

// Whether what is stored was made later than the value, for one of its readers: the value is there as well.
static bool isCopyOf(MlirOperation op, MlirValue stored) {
  MlirOperation copy = opOf(stored);
  return copy.ptr && mlirBlockEqual(mlirOperationGetBlock(copy), mlirOperationGetBlock(op)) &&
         mlirOperationIsBeforeInBlock(op, copy);
}

// What still reads a value in its own order gets it by a transposition.
static void restore(DlcLayouts *layouts, MlirOperation op) {
  dlcAfter(layouts->b, op) for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirValue value = mlirOperationGetResult(op, i), given;
    if (mlirOpOperandIsNull(mlirValueGetFirstUse(value)) || !mlirTypeIsARankedTensor(typeOf(value)) ||
        isNull(dlcLayoutOf(layouts, value).stored) || isCopyOf(op, dlcLayoutOf(layouts, value).stored))
      continue;
    int order[DLC_LAYOUT_RANK];
    identity(order, DLC_LAYOUT_RANK);
    given = dlcInOrder(layouts, value, order);
    if (!isNull(given)) mlirValueReplaceAllUsesOfWith(value, given);
  }
}

MlirLogicalResult dlcRunTileChooseLayouts(MlirOperation root, DlcPass *pass,
                                          const DlcTileChooseLayoutsOptions *options) {
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcLayouts layouts = {.b = &b};
  DlcOps ops = {0};
  mlirOperationWalk(root, collectInOrder, &ops, MlirWalkPostOrder); // a branch behind its cases
  for (intptr_t i = 0; i < ops.n && !b.failed; ++i)
    dlcBefore(&b, ops.data[i]) rewrite(&layouts, ops.data[i], options->least);
  for (intptr_t i = ops.n - 1; i >= 0 && !b.failed; --i) { // users first
    if (ctrl_branch_isa(ops.data[i])) continue;
    restore(&layouts, ops.data[i]);
    if (!isUsed(ops.data[i])) mlirRewriterBaseEraseOp(rewriter, ops.data[i]);
  }
  dlcPassCount(pass, DlcTileChooseLayouts_stored, (uint64_t)layouts.n);
  dlcLayoutsDestroy(&layouts);
  free(ops.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
