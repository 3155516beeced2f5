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
#include "passes/tile/layout.h"

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

static bool reduces(MlirOperation op) {
  bool isReduction[DLC_LAYOUT_RANK];
  intptr_t n = dlcIteratorTypes(op, isReduction, DLC_LAYOUT_RANK);
  for (intptr_t i = 0; i < n; ++i)
    if (isReduction[i]) return true;
  return false;
}

// A contraction with one constant: what varies with it goes last.
static bool orderByConstant(MlirOperation op, int64_t least, int *order) {
  MlirType type = typeOf(mlirOperationGetResult(op, 0));
  intptr_t rank = mlirShapedTypeGetRank(type), constant = -1, nMoved = 0, n = 0;
  if (mlirOperationGetNumResults(op) != 1 || rank < 3 || !reduces(op)) return false;
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
  return n == rank;
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

static void store(DlcLayouts *layouts, MlirValue value, MlirValue stored, const int *order) {
  if (isNull(stored)) return;
  if (!dlcIsOrdered(order, mlirShapedTypeGetRank(typeOf(value))))
    dlcLayoutsSet(layouts, value, stored, order);
  else
    mlirValueReplaceAllUsesOfWith(value, stored);
}

// A transposition moves nothing: it is another reading of what is stored.
static void rewriteTranspose(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, mlirOperationGetOperand(op, 0));
  DlcI64s permutation = linalg_transpose_permutation(op);
  int order[DLC_LAYOUT_RANK]; // stored i is dimension in.order[i] of the input, which is d of the result
  for (intptr_t i = 0; i < in.rank; ++i)
    for (int d = 0; d < in.rank; ++d)
      if (permutation.data[d] == in.order[i]) order[i] = d;
  store(layouts, mlirOperationGetResult(op, 0), in.stored, order);
}

//===--- inputs that are worth being moved -------------------------------------------------===//
static const double manyUses = 1024, leastReduced = 16;
static void rewritePad(DlcLayouts *layouts, MlirOperation op);

// The order of an input with what it is summed over last, if every element of it is used often enough.
static bool orderOfInput(MlirOperation op, intptr_t input, int *order) {
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
  return uses >= manyUses && reduced >= leastReduced && !dlcIsOrdered(order, rank);
}

// Stores a value of the op's own block in this order; of a padded one, what is padded.
static void moveValue(DlcLayouts *layouts, MlirOperation op, MlirValue value, const int *order) {
  MlirOperation producer = opOf(value);
  MlirBlock block = producer.ptr ? mlirOperationGetBlock(producer) : mlirBlockArgumentGetOwner(value);
  if (!mlirBlockEqual(block, mlirOperationGetBlock(op)) || !isNull(dlcLayoutOf(layouts, value).stored)) return;
  if (tensor_pad_isa(producer)) {
    moveValue(layouts, op, tensor_pad_source(producer), order);
    rewritePad(layouts, producer);
    return;
  }
  MlirValue moved = dlcInOrder(layouts, value, order);
  if (!isNull(moved)) dlcLayoutsSet(layouts, value, moved, order);
}

static void moveInputs(DlcLayouts *layouts, MlirOperation op) {
  for (intptr_t i = 0; i < inputsOf(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    int order[DLC_LAYOUT_RANK];
    if (mlirTypeIsARankedTensor(typeOf(v)) && mlirShapedTypeGetRank(typeOf(v)) <= DLC_LAYOUT_RANK &&
        !arith_constant_isa(opOf(v)) && isNull(dlcLayoutOf(layouts, v).stored) && orderOfInput(op, i, order))
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
    store(layouts, mlirOperationGetResult(op, i), dlcResult(made, i), order);
}

//===--- other ops of tensors ---------------------------------------------------------------===//
// Lists of known and dynamic numbers, one a dimension, in another order.
typedef struct {
  int64_t known[DLC_LAYOUT_RANK];
  MlirValue dynamic[DLC_LAYOUT_RANK];
  intptr_t n, nDynamic;
} Mixed;
static Mixed permuteMixed(DlcI64s known, DlcValues dynamic, const int *order) {
  Mixed m = {.n = known.n};
  MlirValue all[DLC_LAYOUT_RANK] = {{0}};
  intptr_t next = 0;
  for (intptr_t i = 0; i < known.n; ++i) // sizes and offsets have one mark
    if (mlirShapedTypeIsDynamicSize(known.data[i])) all[i] = at(dynamic, next++);
  for (intptr_t i = 0; i < known.n; ++i) {
    m.known[i] = known.data[order[i]];
    if (!isNull(all[order[i]])) m.dynamic[m.nDynamic++] = all[order[i]];
  }
  return m;
}
#define KNOWN(m) ((DlcI64s){(m).known, (m).n})
#define DYNAMIC_OF(m) valsN((m).nDynamic, (m).dynamic)

static void rewritePad(DlcLayouts *layouts, MlirOperation op) {
  DlcBuilder *b = layouts->b;
  DlcLayout in = dlcLayoutOf(layouts, tensor_pad_source(op));
  if (isNull(in.stored)) return;
  Mixed low = permuteMixed(tensor_pad_static_low(op), tensor_pad_low(op), in.order),
        high = permuteMixed(tensor_pad_static_high(op), tensor_pad_high(op), in.order);
  MlirType type = dlcPermutedType(typeOf(tensor_pad_result(op)), in.order);
  MlirValue made = tensor_pad(b, in.stored, DYNAMIC_OF(low), DYNAMIC_OF(high), KNOWN(low), KNOWN(high), type,
                              .nofold = tensor_pad_nofold(op));
  if (isNull(made)) return;
  MlirBlock from = bodyOf(tensor_pad_region(op));
  MlirType indices[DLC_LAYOUT_RANK];
  for (intptr_t i = 0; i < in.rank; ++i) indices[i] = indexType(b);
  MlirBlock body = dlcAddBlock(b, tensor_pad_region(opOf(made)), typesN(in.rank, indices));
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < in.rank; ++i) dlcMap(map, argOf(from, in.order[i]), argOf(body, i));
  dlcAtEnd(b, body) dlcForEachOp(inner, from) dlcClone(b, inner, map);
  dlcMappingDestroy(map);
  store(layouts, tensor_pad_result(op), made, in.order);
}

// A part of the same number of dimensions.
static void rewriteExtract(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, tensor_extract_slice_source(op));
  MlirType type = typeOf(tensor_extract_slice_result(op));
  if (isNull(in.stored) || mlirShapedTypeGetRank(type) != in.rank) return;
  Mixed offsets = permuteMixed(tensor_extract_slice_static_offsets(op), tensor_extract_slice_offsets(op), in.order),
        sizes = permuteMixed(tensor_extract_slice_static_sizes(op), tensor_extract_slice_sizes(op), in.order),
        strides = permuteMixed(tensor_extract_slice_static_strides(op), tensor_extract_slice_strides(op), in.order);
  MlirValue made =
      tensor_extract_slice(layouts->b, in.stored, DYNAMIC_OF(offsets), DYNAMIC_OF(sizes), DYNAMIC_OF(strides),
                           KNOWN(offsets), KNOWN(sizes), KNOWN(strides), dlcPermutedType(type, in.order));
  store(layouts, tensor_extract_slice_result(op), made, in.order);
}

static void rewriteInsert(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout source = dlcLayoutOf(layouts, tensor_insert_slice_source(op)),
            dest = dlcLayoutOf(layouts, tensor_insert_slice_dest(op));
  if ((isNull(source.stored) && isNull(dest.stored)) || source.rank != dest.rank) return;
  const int *order = isNull(dest.stored) ? source.order : dest.order;
  Mixed offsets = permuteMixed(tensor_insert_slice_static_offsets(op), tensor_insert_slice_offsets(op), order),
        sizes = permuteMixed(tensor_insert_slice_static_sizes(op), tensor_insert_slice_sizes(op), order),
        strides = permuteMixed(tensor_insert_slice_static_strides(op), tensor_insert_slice_strides(op), order);
  MlirValue from = dlcInOrder(layouts, source.value, order), to = dlcInOrder(layouts, dest.value, order);
  MlirValue made = tensor_insert_slice(layouts->b, from, to, DYNAMIC_OF(offsets), DYNAMIC_OF(sizes),
                                       DYNAMIC_OF(strides), KNOWN(offsets), KNOWN(sizes), KNOWN(strides));
  store(layouts, tensor_insert_slice_result(op), made, order);
}

static void rewriteDim(DlcLayouts *layouts, MlirOperation op) {
  MlirValue tensor = tensor_dim_source(op);
  int64_t idx;
  if (!mlirTypeIsARankedTensor(typeOf(tensor)) || !dlcConstantIndex(tensor_dim_index(op), &idx)) return;
  DlcLayout in = dlcLayoutOf(layouts, tensor);
  for (intptr_t i = 0; !isNull(in.stored) && i < in.rank; ++i)
    if (in.order[i] == idx) {
      MlirValue made = tensor_dim(layouts->b, in.stored, constIndex(layouts->b, i));
      if (!isNull(made)) mlirValueReplaceAllUsesOfWith(tensor_dim_result(op), made);
      return;
    }
}

//===--- reshapes ---------------------------------------------------------------------------===//
// The groups of a reassociation: dimensions [first, first + n) each, of the longer side.
typedef struct {
  intptr_t n, first[DLC_LAYOUT_RANK + 1];
} Groups;
static Groups readGroups(MlirAttribute reassociation) {
  Groups g = {.n = dlcArraySize(reassociation)};
  for (intptr_t i = 0; i < g.n; ++i)
    g.first[i + 1] = g.first[i] + dlcArraySize(mlirArrayAttrGetElement(reassociation, i));
  return g;
}

static MlirAttribute groupsInOrder(DlcBuilder *b, const Groups *g, const int *order) {
  MlirAttribute groups[DLC_LAYOUT_RANK], members[DLC_LAYOUT_RANK];
  int64_t next = 0;
  for (intptr_t i = 0; i < g->n; ++i) {
    intptr_t n = g->first[order[i] + 1] - g->first[order[i]];
    for (intptr_t k = 0; k < n; ++k) members[k] = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), next++);
    groups[i] = mlirArrayAttrGet(b->ctx, n, members);
  }
  return mlirArrayAttrGet(b->ctx, g->n, groups);
}

// The order of the longer side: groups in `order`, each whole.
static void unfold(const Groups *g, const int *order, int *out) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < g->n; ++i)
    for (intptr_t d = g->first[order[i]]; d < g->first[order[i] + 1]; ++d) out[n++] = (int)d;
}

static void rewriteExpand(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, tensor_expand_shape_src(op));
  if (isNull(in.stored)) return;
  Groups g = readGroups(tensor_expand_shape_reassociation(op));
  int order[DLC_LAYOUT_RANK];
  unfold(&g, in.order, order);
  Mixed shape = permuteMixed(tensor_expand_shape_static_output_shape(op), tensor_expand_shape_output_shape(op), order);
  MlirValue made =
      tensor_expand_shape(layouts->b, in.stored, groupsInOrder(layouts->b, &g, in.order), DYNAMIC_OF(shape),
                          KNOWN(shape), dlcPermutedType(typeOf(tensor_expand_shape_result(op)), order));
  store(layouts, tensor_expand_shape_result(op), made, order);
}

// Groups in the order of their first stored dimensions; the source is moved where a group is not stored whole.
static void rewriteCollapse(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, tensor_collapse_shape_src(op));
  if (isNull(in.stored)) return;
  Groups g = readGroups(tensor_collapse_shape_reassociation(op));
  int order[DLC_LAYOUT_RANK], whole[DLC_LAYOUT_RANK];
  intptr_t n = 0;
  for (intptr_t i = 0; i < in.rank; ++i)
    for (int k = 0; k < g.n; ++k)
      if (g.first[k] == in.order[i] && g.first[k + 1] > g.first[k]) order[n++] = k;
  if (n != g.n) return; // to no dimension at all
  unfold(&g, order, whole);
  MlirValue source = dlcInOrder(layouts, in.value, whole);
  MlirValue made = tensor_collapse_shape(layouts->b, source, groupsInOrder(layouts->b, &g, order),
                                         dlcPermutedType(typeOf(tensor_collapse_shape_result(op)), order));
  store(layouts, tensor_collapse_shape_result(op), made, order);
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
static bool isTensorOp(MlirOperation op) {
  return tensor_pad_isa(op) || tensor_extract_slice_isa(op) || tensor_insert_slice_isa(op) || tensor_dim_isa(op) ||
         tensor_expand_shape_isa(op) || tensor_collapse_shape_isa(op) || ctrl_branch_isa(op);
}

static void rewrite(DlcLayouts *layouts, MlirOperation op, int64_t least) {
  if (tensor_pad_isa(op))
    rewritePad(layouts, op);
  else if (tensor_extract_slice_isa(op))
    rewriteExtract(layouts, op);
  else if (tensor_insert_slice_isa(op))
    rewriteInsert(layouts, op);
  else if (tensor_dim_isa(op))
    rewriteDim(layouts, op);
  else if (tensor_expand_shape_isa(op))
    rewriteExpand(layouts, op);
  else if (tensor_collapse_shape_isa(op))
    rewriteCollapse(layouts, op);
  else if (ctrl_branch_isa(op))
    rewriteBranch(layouts, op);
  else
    rewriteLinalg(layouts, op, least);
}

static MlirWalkResult collectInOrder(MlirOperation op, void *data) {
  DlcOps *ops = data;
  if (!isTensorOp(op) && !(dlcIsLinalgOp(op) && mlirOperationGetNumResults(op))) return MlirWalkResultAdvance;
  if (ops->n == ops->cap) ops->data = realloc(ops->data, (size_t)(ops->cap = 2 * ops->cap + 64) * sizeof op);
  ops->data[ops->n++] = op;
  return MlirWalkResultAdvance;
}

static bool isUsed(MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    if (!mlirOpOperandIsNull(mlirValueGetFirstUse(mlirOperationGetResult(op, i)))) return true;
  return false;
}

// What still reads a value in its own order gets it by a transposition.
static void restore(DlcLayouts *layouts, MlirOperation op) {
  dlcAfter(layouts->b, op) for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirValue value = mlirOperationGetResult(op, i), given;
    if (mlirOpOperandIsNull(mlirValueGetFirstUse(value)) || !mlirTypeIsARankedTensor(typeOf(value)) ||
        isNull(dlcLayoutOf(layouts, value).stored))
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
