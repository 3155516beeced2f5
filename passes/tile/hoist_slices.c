// tile-hoist-slices: of a contraction with a constant that is cut into two halves of its channels, a gate, each half is
// computed for itself, from its part of the constant.
//
//   %y = conv1x1(%x, %w : 128 x 64) + %bias                 %p = conv1x1(%x, %w[0:64]) + %bias[0:64]
//   %p = extract_slice %y[0, 0 ..], %q = %y[0, 64 ..]  ->   %q = conv1x1(%x, %w[64:128]) + %bias[64:128]
//   %g = %p * %q                                            %g = %p * %q
//
// No graph can hold a slice; the halves and what joins them fuse. The slices move up through elementwise ops,
// depthwise windows and pads, as long as nothing else reads what lies between, to where constants vary along the
// channels. Left alone: more than two parts (the gates of an LSTM), parts that are not equal, and other dimensions than
// one along which a constant of a contraction varies.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/constants.h"

enum { MAX_LOOPS = 16, MAX_OPERANDS = 16, MOST_DEPTH = 24 };

typedef struct {
  intptr_t axis; // of the value that is cut
  int64_t offset, size;
} Part;

static MlirValue operand(MlirOperation op, intptr_t i) { return mlirOperationGetOperand(op, i); }

//===--- what may be cut ----------------------------------------------------------------------===//
// The loop of the result's axis; -1: none, or a reduction.
static intptr_t loopOf(MlirOperation op, intptr_t axis) {
  MlirAffineMap map;
  bool reduces[MAX_LOOPS];
  intptr_t n = mlirOperationGetNumOperands(op);
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumResults(op) != 1 || n > MAX_OPERANDS || n < 1) return -1;
  intptr_t loops = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  if (loops < 0 || loops > MAX_LOOPS || !dlcLinalgMap(op, n - 1, &map)) return -1;
  MlirAffineExpr e = mlirAffineMapGetResult(map, axis);
  intptr_t loop = mlirAffineExprIsADim(e) ? mlirAffineDimExprGetPosition(e) : -1;
  return loop >= 0 && !reduces[loop] ? loop : -1;
}

// Where the operand varies along the loop: an axis, -1 nowhere, -2 in another way than along one axis.
static intptr_t axisAlong(MlirOperation op, intptr_t i, intptr_t loop) {
  MlirAffineMap map;
  if (!dlcLinalgMap(op, i, &map)) return mlirTypeIsARankedTensor(typeOf(operand(op, i))) ? -2 : -1;
  intptr_t axis = -1;
  for (intptr_t r = 0; r < mlirAffineMapGetNumResults(map); ++r) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, r);
    if (!mlirAffineExprIsFunctionOfDim(e, loop)) continue;
    if (axis >= 0 || !mlirAffineExprIsADim(e)) return -2;
    axis = r;
  }
  return axis;
}

static MlirWalkResult findIndex(MlirOperation op, void *data) {
  return *(bool *)data |= linalg_index_isa(op), MlirWalkResultAdvance;
}
static bool readsIndex(MlirOperation op) {
  bool found = false;
  mlirOperationWalk(op, findIndex, &found, MlirWalkPreOrder);
  return found;
}

// A pad by a constant that leaves the axis as it is.
static bool isPadBeside(MlirOperation op, intptr_t axis) {
  if (!tensor_pad_isa(op) || !mlirTypeIsARankedTensor(typeOf(dlcResult(op, 0)))) return false;
  MlirOperation yield = mlirBlockGetTerminator(bodyOf(tensor_pad_region(op)));
  DlcI64s low = tensor_pad_static_low(op), high = tensor_pad_static_high(op);
  return low.data[axis] == 0 && high.data[axis] == 0 && arith_constant_isa(opOf(operand(yield, 0)));
}

// Whether the value can be made in parts along the axis by parts of constants alone; *contracts: by a contraction's.
static bool isCuttable(MlirValue v, intptr_t axis, int depth, bool *contracts) {
  MlirOperation op = opOf(v);
  if (!op.ptr || depth > MOST_DEPTH) return false;
  if (dlcIsTensorConstant(v) || tensor_empty_isa(op)) return true;
  if (depth && !hasOneUse(v) && !linalg_fill_isa(op)) return false;
  if (isPadBeside(op, axis)) return isCuttable(operand(op, 0), axis, depth + 1, contracts);
  intptr_t loop = loopOf(op, axis);
  if (loop < 0 || readsIndex(op)) return false;
  bool reduces[MAX_LOOPS], reduction = false, constant = false;
  intptr_t loops = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  for (intptr_t d = 0; d < loops; ++d) reduction |= reduces[d];
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    intptr_t along = axisAlong(op, i, loop);
    if (along == -2 || (along >= 0 && !isCuttable(operand(op, i), along, depth + 1, contracts))) return false;
    constant |= along >= 0 && dlcIsTensorConstant(operand(op, i));
  }
  *contracts |= reduction && constant;
  return true;
}

//===--- cutting ------------------------------------------------------------------------------===//
static MlirValue cut(DlcBuilder *b, MlirValue v, Part part) {
  MlirOperation op = opOf(v);
  if (dlcIsTensorConstant(v)) return dlcSliceConstant(b, v, part.axis, part.offset, part.size);
  if (tensor_empty_isa(op))
    return tensor_empty(b, tensor_empty_dynamicSizes(op), dlcWithSize(typeOf(v), part.axis, part.size));
  intptr_t n = mlirOperationGetNumOperands(op), loop = tensor_pad_isa(op) ? -1 : loopOf(op, part.axis);
  MlirValue operands[MAX_OPERANDS];
  if (n > MAX_OPERANDS) return (MlirValue){0};
  for (intptr_t i = 0; i < n; ++i) {
    operands[i] = operand(op, i);
    intptr_t along = loop >= 0 ? axisAlong(op, i, loop) : i == 0 ? part.axis : -1;
    if (along >= 0) operands[i] = cut(b, operands[i], (Part){along, part.offset, part.size});
    if (isNull(operands[i])) return operands[i];
  }
  return b->failed ? (MlirValue){0} : dlcCloneResized(b, op, operands, part.axis, part.size);
}

//===--- gates --------------------------------------------------------------------------------===//
static bool isUnit(DlcI64s x) {
  for (intptr_t i = 0; i < x.n; ++i)
    if (x.data[i] != 1) return false;
  return true;
}

// The size of a dynamic dimension, where it is that of the fresh tensor which an op starts from; else null.
static MlirValue sizeOf(MlirValue v, intptr_t d) {
  for (MlirOperation op = opOf(v); dlcIsLinalgOp(op); op = opOf(v))
    v = operand(op, mlirOperationGetNumOperands(op) - 1);
  if (!tensor_empty_isa(opOf(v))) return (MlirValue){0};
  intptr_t n = 0;
  for (intptr_t i = 0; i < d; ++i) n += mlirShapedTypeIsDynamicDim(typeOf(v), i);
  return at(tensor_empty_dynamicSizes(opOf(v)), n);
}

// Whether a dimension is read whole, of dynamic ones as far as is seen.
static bool isWhole(MlirOperation slice, intptr_t d, intptr_t *dynamic) {
  MlirValue source = tensor_extract_slice_source(slice);
  int64_t size = tensor_extract_slice_static_sizes(slice).data[d];
  bool isDynamic = size == mlirShapedTypeGetDynamicSize();
  MlirValue given = isDynamic ? at(tensor_extract_slice_sizes(slice), (*dynamic)++) : (MlirValue){0};
  if (tensor_extract_slice_static_offsets(slice).data[d] != 0) return false;
  if (!isDynamic) return size == mlirShapedTypeGetDimSize(typeOf(source), d);
  MlirValue whole = mlirShapedTypeIsDynamicDim(typeOf(source), d) ? sizeOf(source, d) : (MlirValue){0};
  return !isNull(whole) && mlirValueEqual(whole, given);
}

// A slice that cuts one dimension of known size only.
static bool readSlice(MlirOperation op, Part *part) {
  if (!tensor_extract_slice_isa(op)) return false;
  MlirType from = typeOf(tensor_extract_slice_source(op));
  int64_t unknown = mlirShapedTypeGetDynamicSize();
  DlcI64s offsets = tensor_extract_slice_static_offsets(op), sizes = tensor_extract_slice_static_sizes(op);
  intptr_t rank = mlirShapedTypeGetRank(from), dynamic = 0;
  if (rank != mlirShapedTypeGetRank(typeOf(dlcResult(op, 0))) || rank > DLC_CONSTANT_RANK ||
      !isUnit(tensor_extract_slice_static_strides(op)))
    return false;
  *part = (Part){-1, 0, 0};
  for (intptr_t d = 0; d < rank; ++d) {
    if (isWhole(op, d, &dynamic)) continue;
    if (part->axis >= 0 || mlirShapedTypeIsDynamicDim(from, d) || sizes.data[d] == unknown || offsets.data[d] < 0)
      return false;
    *part = (Part){d, offsets.data[d], sizes.data[d]};
  }
  return part->axis >= 0;
}

typedef struct {
  MlirOperation slice[2];
  Part part[2];
} Gate;

// Two equal halves, which are all that is read of the value.
static bool readGate(MlirValue v, Gate *gate) {
  intptr_t n = 0;
  for (MlirOpOperand use = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(use);
       use = mlirOpOperandGetNextUse(use), ++n) {
    if (n == 2 || !readSlice(gate->slice[n] = mlirOpOperandGetOwner(use), &gate->part[n])) return false;
  }
  if (n != 2) return false;
  const Part *p = &gate->part[0], *q = &gate->part[1];
  return p->axis == q->axis && p->size == q->size && p->offset + q->offset == p->size && p->offset != q->offset &&
         2 * p->size == mlirShapedTypeGetDimSize(typeOf(v), p->axis);
}

static bool isLinalgOnTensors(MlirOperation op) { return dlcIsLinalgOp(op) && mlirOperationGetNumResults(op) == 1; }

static bool hoist(DlcBuilder *b, MlirOperation op) {
  MlirValue v = mlirOperationGetResult(op, 0);
  Gate gate;
  bool contracts = false;
  if (!readGate(v, &gate) || !isCuttable(v, gate.part[0].axis, 0, &contracts) || !contracts) return false;
  for (int i = 0; i < 2 && !b->failed; ++i) {
    MlirValue half = cut(b, v, gate.part[i]);
    if (isNull(half)) return false;
    if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, gate.slice[i], 1, &half);
  }
  return !b->failed;
}

MlirLogicalResult dlcRunTileHoistSlices(MlirOperation root, DlcPass *pass, const DlcTileHoistSlicesOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, isLinalgOnTensors, hoist, pass, DlcTileHoistSlices_hoisted);
}
