// See outer_sizes.h.
#include "passes/ctrl/outer_sizes.h"
#include "dlc/analysis.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/ctrl.h"
#include "ods/memref.h"

void dlcOuterSizesDestroy(DlcOuterSizes *s) {
  dlcPointerMapDestroy(&s->outside);
  dlcPointerMapDestroy(&s->made);
  dlcPointerMapDestroy(&s->busy);
}

// An extent: `self` where it is that of the carried value that was asked for.
typedef struct {
  MlirValue v; // null: unknown
  bool self, exact;
} Extent;
static const Extent unknown = {{0}, false, false};
static Extent exactly(MlirValue v) { return (Extent){v, false, true}; }
static Extent extentOf(DlcOuterSizes *s, MlirValue buffer, intptr_t d);

//===--- equality ---
static bool areAsserted(DlcOuterSizes *s, MlirValue x, MlirValue y) {
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(s->function, 0))) {
    MlirOperation compare = cf_assert_isa(op) ? opOf(cf_assert_arg(op)) : (MlirOperation){0};
    if (!arith_cmpi_isa(compare) || arith_cmpi_predicate(compare) != arith_CmpIPredicate_eq) continue;
    MlirValue a = mlirOperationGetOperand(compare, 0), c = mlirOperationGetOperand(compare, 1);
    if ((mlirValueEqual(a, x) && mlirValueEqual(c, y)) || (mlirValueEqual(a, y) && mlirValueEqual(c, x))) return true;
  }
  return false;
}
static bool isSame(DlcOuterSizes *s, MlirValue x, MlirValue y, int depth) {
  if (mlirValueEqual(x, y)) return true;
  if (areAsserted(s, x, y)) return true;
  MlirOperation a = opOf(x), c = opOf(y);
  if (!a.ptr || !c.ptr || depth > 8 || mlirOperationGetNumRegions(a) || !dlcIsEffectFree(a)) return false;
  if (!mlirIdentifierEqual(mlirOperationGetName(a), mlirOperationGetName(c)) ||
      mlirOpResultGetResultNumber(x) != mlirOpResultGetResultNumber(y) ||
      mlirOperationGetNumOperands(a) != mlirOperationGetNumOperands(c) ||
      mlirOperationGetNumAttributes(a) != mlirOperationGetNumAttributes(c))
    return false;
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(a); ++i) {
    MlirNamedAttribute p = mlirOperationGetAttribute(a, i), q = mlirOperationGetAttribute(c, i);
    if (!mlirIdentifierEqual(p.name, q.name) || !mlirAttributeEqual(p.attribute, q.attribute)) return false;
  }
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(a); ++i)
    if (!isSame(s, mlirOperationGetOperand(a, i), mlirOperationGetOperand(c, i), depth + 1)) return false;
  return true;
}

// One of two that a buffer may have.
static Extent either(DlcOuterSizes *s, Extent x, Extent y) {
  if (x.self) return y;
  if (y.self) return x;
  if (isNull(x.v) || isNull(y.v)) return unknown;
  if (isSame(s, x.v, y.v, 0)) return (Extent){x.v, false, x.exact && y.exact};
  MlirValue v = {0};
  dlcBefore(s->b, s->before) v = arith_maxsi(s->b, x.v, y.v);
  return (Extent){v, false, false};
}

//===--- values ---
static bool isOutside(DlcOuterSizes *s, MlirValue v) {
  if (mlirValueIsABlockArgument(v))
    return mlirBlockEqual(mlirBlockArgumentGetOwner(v), bodyOf(mlirOperationGetRegion(s->function, 0)));
  return dlcPointerMapGet(&s->outside, opOf(v).ptr) >= 0;
}
// op on what `outer` gives for its operands, before the region; null: it gives nothing for one of them.
static MlirOperation cloneOutside(DlcOuterSizes *s, MlirOperation op, MlirValue (*outer)(DlcOuterSizes *, MlirValue)) {
  MlirOperation clone = {0};
  DlcMapping map = dlcMappingCreate();
  bool ok = true;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op) && ok; ++i) {
    MlirValue operand = outer(s, mlirOperationGetOperand(op, i));
    ok = !isNull(operand);
    if (ok) dlcMap(map, mlirOperationGetOperand(op, i), operand);
  }
  if (ok) dlcBefore(s->b, s->before) clone = dlcClone(s->b, op, map);
  dlcMappingDestroy(map);
  if (clone.ptr) dlcPointerMapSet(&s->outside, clone.ptr, 1);
  return clone;
}

static MlirValue copyOutside(DlcOuterSizes *s, MlirOperation op, intptr_t result) {
  int64_t known = dlcPointerMapGet(&s->made, op.ptr);
  if (known >= 0) return mlirOperationGetResult((MlirOperation){(void *)(intptr_t)known}, result);
  if (mlirOperationGetNumRegions(op) || !dlcIsPure(op)) return (MlirValue){0};
  MlirOperation clone = cloneOutside(s, op, dlcOuterValue);
  if (!clone.ptr) return (MlirValue){0};
  dlcPointerMapSet(&s->made, op.ptr, (int64_t)(intptr_t)clone.ptr);
  return dlcResult(clone, result);
}

static Extent valueOf(DlcOuterSizes *s, MlirValue v) {
  if (isOutside(s, v)) return exactly(v);
  MlirOperation op = opOf(v);
  int64_t d;
  if (!op.ptr) return unknown;
  if (memref_dim_isa(op) && dlcConstantIndex(memref_dim_index(op), &d) && d >= 0 &&
      d < mlirShapedTypeGetRank(typeOf(memref_dim_source(op))))
    return extentOf(s, memref_dim_source(op), d);
  return exactly(copyOutside(s, op, mlirOpResultGetResultNumber(v)));
}
MlirValue dlcOuterValue(DlcOuterSizes *s, MlirValue v) {
  Extent e = valueOf(s, v);
  return e.exact ? e.v : (MlirValue){0};
}

static MlirValue constantOutside(DlcOuterSizes *s, int64_t n) {
  MlirValue v = {0};
  dlcBefore(s->b, s->before) v = constIndex(s->b, n);
  dlcPointerMapSet(&s->outside, opOf(v).ptr, 1);
  return v;
}
// Of sizes, which are not negative, in sums and products: those of their bounds.
static bool grows(MlirAffineExpr e) {
  if (mlirAffineExprIsAConstant(e)) return mlirAffineConstantExprGetValue(e) >= 0;
  if (mlirAffineExprIsADim(e) || mlirAffineExprIsASymbol(e)) return true;
  if (!mlirAffineExprIsAAdd(e) && !mlirAffineExprIsAMul(e)) return false;
  return grows(mlirAffineBinaryOpExprGetLHS(e)) && grows(mlirAffineBinaryOpExprGetRHS(e));
}
static MlirValue boundOfParts(DlcOuterSizes *s, MlirOperation op) {
  bool ok = arith_addi_isa(op) || arith_muli_isa(op) ||
            (affine_apply_isa(op) && grows(mlirAffineMapGetResult(affine_apply_map(op), 0)));
  MlirOperation clone = ok ? cloneOutside(s, op, dlcOuterBound) : (MlirOperation){0};
  return clone.ptr ? dlcResult(clone, 0) : (MlirValue){0};
}
MlirValue dlcOuterBound(DlcOuterSizes *s, MlirValue v) {
  Extent e = valueOf(s, v);
  if (!isNull(e.v)) return e.v;
  MlirOperation op = opOf(v);
  if (arith_minsi_isa(op) || arith_minui_isa(op))
    for (intptr_t i = 0; i < 2; ++i) {
      MlirValue bound = dlcOuterBound(s, mlirOperationGetOperand(op, i));
      if (!isNull(bound)) return bound;
    }
  MlirValue parts = op.ptr ? boundOfParts(s, op) : (MlirValue){0};
  if (!isNull(parts)) return parts;
  int64_t constant = dlcUpperBound(v);
  return constant >= 0 ? constantOutside(s, constant) : (MlirValue){0};
}

//===--- extents ---
// The operand that gives the dynamic extent d of a view whose `sizes` are those of the dynamic extents in order.
static Extent nthSize(DlcOuterSizes *s, MlirType type, intptr_t d, DlcValues sizes) {
  intptr_t nth = 0;
  for (intptr_t i = 0; i < d; ++i) nth += mlirShapedTypeIsDynamicDim(type, i);
  return nth < sizes.n ? valueOf(s, at(sizes, nth)) : unknown;
}

static Extent collapsed(DlcOuterSizes *s, MlirOperation op, intptr_t d) {
  MlirAttribute group = mlirArrayAttrGetElement(memref_collapse_shape_reassociation(op), d);
  Extent all = unknown;
  for (intptr_t i = 0; i < mlirArrayAttrGetNumElements(group); ++i) {
    intptr_t from = (intptr_t)mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(group, i));
    Extent e = extentOf(s, mlirOperationGetOperand(op, 0), from);
    if (isNull(e.v) || e.self) return unknown;
    if (isNull(all.v)) {
      all = e;
      continue;
    }
    dlcBefore(s->b, s->before) all.v = arith_muli(s->b, all.v, e.v);
    all.exact = all.exact && e.exact;
    dlcPointerMapSet(&s->outside, opOf(all.v).ptr, 1);
  }
  return all;
}

// Of carried value k of a loop: what it starts with, and what an iteration leaves.
static Extent carried(DlcOuterSizes *s, MlirOperation loop, intptr_t k, intptr_t d) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirValue arg = argOf(body, k + 1);
  if (dlcPointerMapGet(&s->busy, arg.ptr) == d + 1) return (Extent){{0}, true, true};
  dlcPointerMapSet(&s->busy, arg.ptr, d + 1);
  Extent first = extentOf(s, at(ctrl_loop_init_args(loop), k), d);
  Extent then =
      isNull(first.v) && !first.self ? unknown : extentOf(s, at(ctrl_next_values(mlirBlockGetTerminator(body)), k), d);
  dlcPointerMapSet(&s->busy, arg.ptr, 0);
  return either(s, first, then);
}
static Extent armed(DlcOuterSizes *s, MlirOperation branch, intptr_t k, intptr_t d) {
  Extent all = {{0}, true, true};
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(branch); ++r) {
    MlirBlock arm = bodyOf(mlirOperationGetRegion(branch, r));
    if (arm.ptr) all = either(s, all, extentOf(s, mlirOperationGetOperand(mlirBlockGetTerminator(arm), k), d));
  }
  return all;
}

static Extent extentOfArgument(DlcOuterSizes *s, MlirValue buffer, intptr_t d) {
  MlirOperation holder = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(buffer));
  if (ctrl_loop_isa(holder)) return carried(s, holder, mlirBlockArgumentGetArgNumber(buffer) - 1, d);
  if (!mlirOperationEqual(holder, s->function)) return unknown;
  MlirValue v = {0};
  dlcBefore(s->b, s->before) v = memref_dim(s->b, buffer, constIndex(s->b, d));
  dlcPointerMapSet(&s->outside, opOf(v).ptr, 1);
  return exactly(v);
}

static Extent extentOf(DlcOuterSizes *s, MlirValue buffer, intptr_t d) {
  MlirType type = typeOf(buffer);
  if (!mlirShapedTypeIsDynamicDim(type, d)) return exactly(constantOutside(s, mlirShapedTypeGetDimSize(type, d)));
  if (mlirValueIsABlockArgument(buffer)) return extentOfArgument(s, buffer, d);
  MlirOperation op = opOf(buffer);
  intptr_t result = mlirOpResultGetResultNumber(buffer);
  if (memref_alloc_isa(op)) return nthSize(s, type, d, memref_alloc_dynamicSizes(op));
  if (memref_subview_isa(op)) return nthSize(s, type, d, memref_subview_sizes(op)); // open sizes are never dropped
  if (memref_expand_shape_isa(op)) return nthSize(s, type, d, memref_expand_shape_output_shape(op));
  if (memref_view_isa(op)) return nthSize(s, type, d, memref_view_sizes(op));
  if (memref_reinterpret_cast_isa(op)) return nthSize(s, type, d, memref_reinterpret_cast_sizes(op));
  if (memref_cast_isa(op)) return extentOf(s, memref_cast_source(op), d);
  if (memref_collapse_shape_isa(op)) return collapsed(s, op, d);
  if (ctrl_loop_isa(op)) return carried(s, op, result, d);
  if (ctrl_branch_isa(op)) return armed(s, op, result, d);
  if (arith_select_isa(op))
    return either(s, extentOf(s, mlirOperationGetOperand(op, 1), d), extentOf(s, mlirOperationGetOperand(op, 2), d));
  return unknown;
}
MlirValue dlcOuterExtent(DlcOuterSizes *s, MlirValue buffer, intptr_t d) {
  Extent e = extentOf(s, buffer, d);
  return e.exact && !e.self ? e.v : (MlirValue){0};
}
