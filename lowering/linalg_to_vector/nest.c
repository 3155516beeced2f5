// Reads a linalg op on memrefs, or a memref.copy, as a Nest: its loops with
// their sizes, and for each operand a flat view of the buffer with the number of
// elements that one step of each loop moves. All later accesses go through the
// flat view: %flat[sum of loop * stride], so that any layout is treated alike.
// A memref of i1 has one byte an element where a vector of i1 is packed bits: it
// is viewed as i8 (an unrealized cast, both lower to the same descriptor).
#include "nest.h"
#include <string.h>
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"

//===--- affine expressions ---
static void markLoops(MlirAffineExpr e, intptr_t nLoops, uint32_t *loops) {
  for (intptr_t d = 0; d < nLoops; ++d)
    if (mlirAffineExprIsFunctionOfDim(e, d)) *loops |= 1u << d;
}
static bool addLinear(MlirAffineExpr e, int64_t scale, int64_t *coefficient, int64_t *constant) {
  if (mlirAffineExprIsAConstant(e)) return *constant += scale * mlirAffineConstantExprGetValue(e), true;
  if (mlirAffineExprIsADim(e)) return coefficient[mlirAffineDimExprGetPosition(e)] += scale, true;
  if (!mlirAffineExprIsABinary(e)) return false;
  MlirAffineExpr l = mlirAffineBinaryOpExprGetLHS(e), r = mlirAffineBinaryOpExprGetRHS(e);
  if (mlirAffineExprIsAAdd(e))
    return addLinear(l, scale, coefficient, constant) && addLinear(r, scale, coefficient, constant);
  if (!mlirAffineExprIsAMul(e)) return false;
  if (mlirAffineExprIsAConstant(l))
    return addLinear(r, scale * mlirAffineConstantExprGetValue(l), coefficient, constant);
  return mlirAffineExprIsAConstant(r) && addLinear(l, scale * mlirAffineConstantExprGetValue(r), coefficient, constant);
}
static void readMap(Operand *o, intptr_t nLoops) {
  o->linear = true;
  for (intptr_t r = 0; r < o->rank; ++r) {
    MlirAffineExpr e = mlirAffineMapGetResult(o->map, r);
    markLoops(e, nLoops, &o->loops);
    o->resultIsLinear[r] = addLinear(e, 1, o->coefficient[r], &o->constant[r]);
    if (o->resultIsLinear[r]) continue;
    o->linear = false;
    markLoops(e, nLoops, &o->nonlinear);
  }
}

//===--- sizes and strides ---
MlirValue dlcSizeValue(DlcBuilder *b, Size s) { return isKnown(s) ? constIndex(b, s.known) : s.value; }
static Size timesKnown(DlcBuilder *b, Size s, int64_t n) {
  if (isKnown(s)) return known(s.known * n);
  if (n == 0 || n == 1) return n ? s : known(0);
  return (Size){DYNAMIC, arith_muli(b, s.value, constIndex(b, n))};
}
static Size plus(DlcBuilder *b, Size s, Size t) {
  if (isKnown(s) && isKnown(t)) return known(s.known + t.known);
  if (s.known == 0 || t.known == 0) return s.known == 0 ? t : s;
  return (Size){DYNAMIC, arith_addi(b, dlcSizeValue(b, s), dlcSizeValue(b, t))};
}
static void readLoopStrides(DlcBuilder *b, Operand *o, intptr_t nLoops) {
  for (intptr_t d = 0; d < nLoops; ++d) {
    o->loopStride[d] = known(0);
    for (intptr_t r = 0; r < o->rank; ++r)
      if (o->resultIsLinear[r] && o->coefficient[r][d])
        o->loopStride[d] = plus(b, o->loopStride[d], timesKnown(b, o->stride[r], o->coefficient[r][d]));
  }
}
Size dlcLoopStride(const Operand *o, int loop) { return o->isScalar ? known(0) : o->loopStride[loop]; }

//===--- the flat view ---
static bool isBool(MlirType t) { return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 1; }
static MlirType flatType(MlirContext ctx, MlirType element, MlirAttribute space) {
  int64_t dynamic = mlirShapedTypeGetDynamicSize(), stride = 1;
  MlirAttribute layout = mlirStridedLayoutAttrGet(ctx, mlirShapedTypeGetDynamicStrideOrOffset(), 1, &stride);
  return mlirMemRefTypeGet(element, 1, &dynamic, layout, space);
}
static MlirValue castTo(DlcBuilder *b, MlirValue v, MlirType t) {
  DlcOpState s = dlcOpBegin(b, "builtin.unrealized_conversion_cast");
  dlcOpOperand(&s, "input", v);
  dlcOpResult(&s, "output", t, true);
  return dlcOpEndValue(&s);
}
static void readDimensions(DlcBuilder *b, Operand *o, MlirOperation metadata) {
  MlirType type = typeOf(o->source);
  int64_t strides[maxRank], offset;
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  for (intptr_t r = 0; r < o->rank; ++r) {
    if (mlirShapedTypeIsDynamicDim(type, r))
      o->size[r] = (Size){DYNAMIC, dlcResult(metadata, 2 + r)};
    else
      o->size[r] = known(mlirShapedTypeGetDimSize(type, r));
    if (mlirShapedTypeIsDynamicStrideOrOffset(strides[r]))
      o->stride[r] = (Size){DYNAMIC, dlcResult(metadata, 2 + o->rank + r)};
    else
      o->stride[r] = known(strides[r]);
  }
  (void)b;
}
static void makeFlat(DlcBuilder *b, Operand *o) {
  MlirOperation metadata = memref_extract_strided_metadata(b, o->source);
  if (mlirOperationIsNull(metadata)) return;
  readDimensions(b, o, metadata);
  Size extent = known(1);
  for (intptr_t r = 0; r < o->rank; ++r)
    if (isKnown(o->size[r]))
      extent = plus(b, extent, timesKnown(b, o->stride[r], o->size[r].known));
    else
      extent = plus(b, extent, (Size){DYNAMIC, arith_muli(b, o->size[r].value, dlcSizeValue(b, o->stride[r]))});
  int64_t dynamic = mlirShapedTypeGetDynamicStrideOrOffset(), dynamicSize = mlirShapedTypeGetDynamicSize(), one = 1;
  MlirAttribute space = mlirMemRefTypeGetMemorySpace(typeOf(o->source));
  MlirValue offset = dlcResult(metadata, 1), size = dlcSizeValue(b, extent);
  o->flat = memref_reinterpret_cast(b, dlcResult(metadata, 0), vals(offset), vals(size), (DlcValues){0}, {&dynamic, 1},
                                    {&dynamicSize, 1}, {&one, 1}, flatType(b->ctx, o->element, space));
  if (!mlirTypeEqual(o->element, o->stored)) o->flat = castTo(b, o->flat, flatType(b->ctx, o->stored, space));
}

//===--- the op ---
bool dlcIsNest(MlirOperation op) { return dlcIsLinalgOp(op) || memref_copy_isa(op); }

static intptr_t countOutputs(MlirOperation op) {
  if (memref_copy_isa(op)) return 1;
  MlirAttribute segments = dlcAttr(op, "operandSegmentSizes");
  if (!mlirAttributeIsNull(segments)) return mlirDenseI32ArrayGetElement(segments, 1);
  return linalg_reduce_isa(op) ? mlirOperationGetNumOperands(op) / 2 : 1;
}
bool dlcIsStrided(MlirType t) {
  int64_t strides[maxRank], offset;
  return mlirTypeIsAMemRef(t) && mlirShapedTypeGetRank(t) <= maxRank &&
         mlirLogicalResultIsSuccess(mlirMemRefTypeGetStridesAndOffset(t, strides, &offset));
}
bool dlcReadBuffer(DlcBuilder *b, MlirValue memref, Operand *o) {
  *o = (Operand){.source = memref};
  if (!dlcIsStrided(typeOf(memref))) return false;
  o->rank = mlirShapedTypeGetRank(typeOf(memref));
  o->element = o->stored = mlirShapedTypeGetElementType(typeOf(memref));
  if (isBool(o->element)) o->stored = mlirIntegerTypeGet(b->ctx, 8);
  makeFlat(b, o);
  return !b->failed;
}
static bool readValue(DlcBuilder *b, Nest *nest, intptr_t i, MlirValue v, const MlirAffineMap *map) {
  Operand *o = &nest->operand[i];
  *o = (Operand){.source = v, .isOutput = i >= nest->nInputs && i < nest->nOperands};
  MlirType type = typeOf(o->source);
  if (mlirTypeIsATensor(type)) return false;
  if (!mlirTypeIsAShaped(type)) return o->isScalar = o->linear = true, o->element = o->stored = type, !o->isOutput;
  if (!dlcIsStrided(type)) return false;
  o->rank = mlirShapedTypeGetRank(type);
  o->element = o->stored = mlirShapedTypeGetElementType(type);
  if (isBool(o->element)) o->stored = mlirIntegerTypeGet(b->ctx, 8);
  if (map)
    o->map = *map;
  else if (mlirOperationGetNumRegions(nest->op))
    dlcLinalgMap(nest->op, i, &o->map);
  else
    o->map = mlirAffineMapMultiDimIdentityGet(b->ctx, o->rank);
  readMap(o, nest->nLoops);
  return true;
}
static bool readOperand(DlcBuilder *b, Nest *nest, intptr_t i) {
  return readValue(b, nest, i, mlirOperationGetOperand(nest->op, i), NULL);
}
static bool readAt(DlcBuilder *b, Nest *nest, intptr_t i, MlirValue v, MlirAffineMap map) {
  if (!readValue(b, nest, i, v, &map)) return false;
  if (!nest->operand[i].isScalar) makeFlat(b, &nest->operand[i]), readLoopStrides(b, &nest->operand[i], nest->nLoops);
  return !b->failed;
}
intptr_t dlcAddEdge(DlcBuilder *b, Nest *nest, MlirValue v, MlirAffineMap map) {
  intptr_t i = nest->nOperands + nest->nEdges;
  if (i >= maxOperands || !readAt(b, nest, i, v, map)) return -1;
  return ++nest->nEdges, i;
}
bool dlcReadOutput(DlcBuilder *b, Nest *nest, MlirValue v, MlirAffineMap map, MlirValue initial) {
  bool ok = readAt(b, nest, nest->nInputs, v, map);
  nest->operand[nest->nInputs].initial = initial;
  return ok;
}
// A loop has the size of a dimension that it alone indexes; a known size is preferred.
static bool readLoopSizes(Nest *nest) {
  for (intptr_t d = 0; d < nest->nLoops; ++d) {
    bool found = false;
    for (intptr_t i = 0; i < nest->nOperands; ++i) {
      Operand *o = &nest->operand[i];
      for (intptr_t r = 0; !o->isScalar && r < o->rank; ++r) {
        MlirAffineExpr e = mlirAffineMapGetResult(o->map, r);
        if (!mlirAffineExprIsADim(e) || mlirAffineDimExprGetPosition(e) != d || (found && !isKnown(o->size[r])))
          continue;
        if (!found || !isKnown(nest->loop[d].size)) nest->loop[d].size = o->size[r];
        found = true;
      }
    }
    if (!found) return false;
  }
  return true;
}
static bool isSmallEnough(MlirOperation op, intptr_t n) {
  for (intptr_t i = 0; i < n; ++i) {
    MlirType t = typeOf(mlirOperationGetOperand(op, i));
    if (mlirTypeIsATensor(t) || (mlirTypeIsAShaped(t) && !dlcIsStrided(t))) return false;
  }
  return n <= maxOperands;
}
bool dlcReadNest(DlcBuilder *b, MlirOperation op, Nest *nest) {
  *nest = (Nest){.op = op, .nOperands = mlirOperationGetNumOperands(op)};
  nest->nInputs = nest->nOperands - countOutputs(op);
  if (!isSmallEnough(op, nest->nOperands)) return false;
  bool isReduction[maxLoops] = {false};
  if (memref_copy_isa(op))
    nest->nLoops = mlirShapedTypeGetRank(typeOf(mlirOperationGetOperand(op, 0)));
  else
    nest->nLoops = dlcIteratorTypes(op, isReduction, maxLoops);
  if (nest->nLoops < 0 || nest->nLoops > maxLoops) return false;
  if (mlirOperationGetNumRegions(op)) nest->body = bodyOf(mlirOperationGetRegion(op, 0));
  for (intptr_t d = 0; d < nest->nLoops; ++d) {
    nest->loop[d].isReduction = isReduction[d];
    *(isReduction[d] ? &nest->reduction : &nest->parallel) |= 1u << d;
  }
  for (intptr_t i = 0; i < nest->nOperands; ++i)
    if (!readOperand(b, nest, i)) return false;
  for (intptr_t i = 0; i < nest->nOperands; ++i)
    if (!nest->operand[i].isScalar) makeFlat(b, &nest->operand[i]), readLoopStrides(b, &nest->operand[i], nest->nLoops);
  return !b->failed && readLoopSizes(nest);
}

Access dlcAccess(const Operand *o, int loop) {
  if (!(o->loops >> loop & 1)) return ACCESS_INVARIANT;
  if (o->nonlinear >> loop & 1) return ACCESS_NONE;
  Size s = o->loopStride[loop];
  if (s.known == 0) return ACCESS_INVARIANT;
  if (s.known == 1) return ACCESS_UNIT;
  return s.known == 2 ? ACCESS_TWO : ACCESS_GATHER;
}
