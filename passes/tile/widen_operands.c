// tile-widen-operands: what a contraction reads element by element is widened once.
//
//   %r = linalg.generic {(m, n, k)} ins(%a, %b : tensor<64x768xf16>, tensor<768x3072xf16>) outs(.. :
//   tensor<64x3072xf32>) {
//     out + extf(a) * extf(b) }
// ->
//   %w = elementwise extf(%a) : tensor<64x768xf32>
//   %r = linalg.generic {(m, n, k)} ins(%w, %b : tensor<64x768xf32>, tensor<768x3072xf16>) outs(..) { out + a * extf(b)
//   }
//
// Vectors run along n: those of %b are converted whole and used for many rows, but each element of %a would be
// converted alone, again for every panel of columns. A border is made around what was widened, so that it stays next to
// the contraction. The other operand, most of all weights, stays as narrow as it is.
//
// Left alone: constants, operands that vary along the last dimension of the result, and those that few elements of it
// need.
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/pad.h"

enum { MAX_RANK = 16 };
static const double dynamicSize = 64, leastUses = 16, leastRows = 4, leastWork = 65536;

static bool isNarrow(MlirValue v) {
  if (!mlirTypeIsARankedTensor(typeOf(v)) || mlirShapedTypeGetRank(typeOf(v)) > MAX_RANK) return false;
  MlirType e = mlirShapedTypeGetElementType(typeOf(v));
  return mlirTypeIsAFloat(e) && mlirFloatTypeGetWidth(e) == 16;
}

static bool variesAlong(MlirAffineMap map, intptr_t loop) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, i), loop)) return true;
  return false;
}

// A linalg op on tensors, named or generic.
typedef struct {
  MlirOperation op;
  intptr_t nLoops, nIn, n; // operands
  bool isReduction[MAX_RANK];
  MlirAffineMap map[MAX_RANK];
} Contraction;

static bool readContraction(MlirOperation op, Contraction *c) {
  *c = (Contraction){.op = op, .n = mlirOperationGetNumOperands(op)};
  bool reduces = false;
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumResults(op) != 1 || mlirOperationGetNumRegions(op) != 1 || c->n < 3 ||
      c->n > MAX_RANK)
    return false;
  c->nLoops = dlcIteratorTypes(op, c->isReduction, MAX_RANK), c->nIn = c->n - 1;
  if (c->nLoops < 0 || c->nLoops > MAX_RANK) return false;
  for (intptr_t i = 0; i < c->nLoops; ++i) reduces |= c->isReduction[i];
  for (intptr_t i = 0; i < c->n; ++i)
    if (!dlcLinalgMap(op, i, &c->map[i])) return false;
  return reduces;
}

static MlirBlock body(const Contraction *c) { return bodyOf(mlirOperationGetRegion(c->op, 0)); }

// The body does nothing with the operand but widen it to f32.
static bool isOnlyWidened(const Contraction *c, intptr_t operand) {
  MlirValue arg = argOf(body(c), operand);
  if (mlirOpOperandIsNull(mlirValueGetFirstUse(arg))) return false;
  dlcForEachUse(use, arg) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!arith_extf_isa(user) || !mlirTypeIsAF32(typeOf(mlirOperationGetResult(user, 0)))) return false;
  }
  return true;
}

// How often an element of the operand is used, how many rows of the result need it, and all; sizes not known count as
// dynamicSize.
static bool isUsedOften(const Contraction *c, MlirAffineMap map) {
  int64_t ranges[MAX_RANK];
  double uses = 1, rows = 1, work = 1;
  if (!dlcStaticLoopRanges(c->op, ranges, MAX_RANK)) return false;
  for (intptr_t l = 0; l < c->nLoops; ++l) {
    double size = ranges[l] < 0 ? dynamicSize : (double)ranges[l];
    work *= size;
    if (!variesAlong(map, l)) uses *= size;
    if (variesAlong(map, l) && !c->isReduction[l]) rows *= size;
  }
  return uses >= leastUses && rows >= leastRows && work >= leastWork;
}

static bool isReadByElement(const Contraction *c, intptr_t operand) {
  MlirAffineMap out = c->map[c->nIn];
  MlirValue v = mlirOperationGetOperand(c->op, operand);
  if (!isNarrow(v) || arith_constant_isa(opOf(v)) || !isOnlyWidened(c, operand) || !mlirAffineMapGetNumResults(out))
    return false;
  MlirAffineExpr last = mlirAffineMapGetResult(out, mlirAffineMapGetNumResults(out) - 1);
  if (!mlirAffineExprIsADim(last)) return false;
  intptr_t lanes = mlirAffineDimExprGetPosition(last);
  bool hasVectors = false;
  for (intptr_t i = 0; i < c->nIn; ++i) hasVectors |= variesAlong(c->map[i], lanes);
  return hasVectors && !variesAlong(c->map[operand], lanes) && isUsedOften(c, c->map[operand]);
}

//===--- building ---------------------------------------------------------------------------===//
static MlirValue widenTensor(DlcBuilder *b, MlirValue v) {
  MlirType f32 = mlirF32TypeGet(b->ctx), type = dlcWithElement(typeOf(v), f32);
  intptr_t rank = mlirShapedTypeGetRank(type), nSizes = 0;
  MlirValue sizes[MAX_RANK];
  MlirAttribute iterators[MAX_RANK];
  for (intptr_t i = 0; i < rank; ++i) {
    if (mlirShapedTypeIsDynamicDim(type, i)) sizes[nSizes++] = tensor_dim(b, v, constIndex(b, i));
    iterators[i] = dlcs_utils_IteratorType_attr(b->ctx, utils_IteratorType_parallel);
  }
  MlirAffineMap identity = mlirAffineMapMultiDimIdentityGet(b->ctx, rank), maps[] = {identity, identity};
  MlirOperation op =
      linalg_generic(b, vals(v), vals(tensor_empty(b, valsN(nSizes, sizes), type)), .indexing_maps = {maps, 2},
                     .iterator_types = mlirArrayAttrGet(b->ctx, rank, iterators));
  if (!op.ptr) return (MlirValue){0};
  MlirBlock one = dlcAddBlock(b, linalg_generic_region(op), types(mlirShapedTypeGetElementType(typeOf(v)), f32));
  dlcAtEnd(b, one) linalg_yield(b, vals(arith_extf(b, argOf(one, 0), f32)));
  return dlcResult(op, 0);
}

// The number that a border is filled with; false: it is none, or no constant.
static bool borderOf(MlirOperation op, double *fill) {
  if (!tensor_pad_isa(op)) return false;
  MlirOperation value = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(bodyOf(tensor_pad_region(op))), 0));
  if (!arith_constant_isa(value) || !mlirAttributeIsAFloat(arith_constant_value(value))) return false;
  return *fill = mlirFloatAttrGetValueDouble(arith_constant_value(value)), true;
}

static MlirValue widen(DlcBuilder *b, MlirValue v) {
  MlirOperation pad = opOf(v);
  double fill;
  if (!borderOf(pad, &fill)) return widenTensor(b, v);
  MlirValue inside = widenTensor(b, tensor_pad_source(pad));
  return isNull(inside) ? inside
                        : dlcPadLike(b, pad, inside, mlirFloatAttrDoubleGet(b->ctx, mlirF32TypeGet(b->ctx), fill));
}

// The op with the operand, which is of f32 now.
static MlirOperation readWide(DlcBuilder *b, const Contraction *c, intptr_t operand, MlirValue wide) {
  MlirValue ins[MAX_RANK], out = mlirOperationGetOperand(c->op, c->nIn);
  MlirType elements[MAX_RANK];
  MlirAttribute iterators[MAX_RANK];
  MlirBlock from = body(c);
  for (intptr_t i = 0; i < c->n; ++i) {
    ins[i] = i == operand ? wide : mlirOperationGetOperand(c->op, i);
    elements[i] = i == operand ? mlirF32TypeGet(b->ctx) : typeOf(argOf(from, i));
  }
  for (intptr_t l = 0; l < c->nLoops; ++l)
    iterators[l] = dlcs_utils_IteratorType_attr(b->ctx, c->isReduction[l] ? utils_IteratorType_reduction
                                                                          : utils_IteratorType_parallel);
  MlirOperation made = linalg_generic(b, valsN(c->nIn, ins), vals(out), .indexing_maps = {c->map, c->n},
                                      .iterator_types = mlirArrayAttrGet(b->ctx, c->nLoops, iterators));
  if (!made.ptr) return made;
  MlirBlock to = dlcAddBlock(b, linalg_generic_region(made), typesN(c->n, elements));
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < c->n; ++i) dlcMap(map, argOf(from, i), argOf(to, i));
  dlcAtEnd(b, to) dlcForEachOp(inner, from) {
    if (arith_extf_isa(inner) && mlirValueEqual(mlirOperationGetOperand(inner, 0), argOf(from, operand)))
      dlcMap(map, mlirOperationGetResult(inner, 0), argOf(to, operand));
    else
      dlcClone(b, inner, map);
  }
  dlcMappingDestroy(map);
  return made;
}

// Widens one operand; false: none is to be widened.
static bool widenOperand(DlcBuilder *b, MlirOperation op) {
  Contraction c;
  if (!readContraction(op, &c)) return false;
  for (intptr_t i = 0; i < c.nIn; ++i) {
    if (!isReadByElement(&c, i)) continue;
    MlirValue wide = widen(b, mlirOperationGetOperand(op, i));
    MlirOperation made = isNull(wide) ? (MlirOperation){0} : readWide(b, &c, i, wide);
    if (!b->failed) mlirRewriterBaseReplaceOpWithOperation(b->rewriter, op, made);
    return true;
  }
  return false;
}

MlirLogicalResult dlcRunTileWidenOperands(MlirOperation root, DlcPass *pass,
                                          const DlcTileWidenOperandsOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, dlcIsLinalgOp, widenOperand, pass, DlcTileWidenOperands_widened);
}
