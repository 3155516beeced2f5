// How the values of a nest's body vary along its vector loop: not at all, by one
// a lane, or anyhow; and from that, whether the body can be evaluated on vectors
// and what its loads cost.
#include "vary.h"
#include <math.h>
#include <string.h>
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/tile.h"

static bool hasPrefix(MlirOperation op, const char *prefix) {
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  size_t length = strlen(prefix);
  return n.length > length && !memcmp(n.data, prefix, length);
}
bool dlcIsElementwise(MlirOperation op) {
  return hasPrefix(op, "arith.") || hasPrefix(op, "math.") || tile_dot_bytes_isa(op);
}
static bool isVectorElement(MlirType t) { return mlirTypeIsAFloat(t) || mlirTypeIsAInteger(t) || mlirTypeIsAIndex(t); }

//===--- one op ---
static bool addLinear(MlirAffineExpr e, int64_t scale, intptr_t nDims, int64_t *coefficients, int64_t *constant) {
  if (mlirAffineExprIsAConstant(e)) return *constant += scale * mlirAffineConstantExprGetValue(e), true;
  if (mlirAffineExprIsADim(e)) return coefficients[mlirAffineDimExprGetPosition(e)] += scale, true;
  if (mlirAffineExprIsASymbol(e)) return coefficients[nDims + mlirAffineSymbolExprGetPosition(e)] += scale, true;
  if (!mlirAffineExprIsABinary(e)) return false;
  MlirAffineExpr l = mlirAffineBinaryOpExprGetLHS(e), r = mlirAffineBinaryOpExprGetRHS(e);
  if (mlirAffineExprIsAAdd(e))
    return addLinear(l, scale, nDims, coefficients, constant) && addLinear(r, scale, nDims, coefficients, constant);
  if (!mlirAffineExprIsAMul(e) || !mlirAffineExprIsAConstant(r)) return false;
  return addLinear(l, scale * mlirAffineConstantExprGetValue(r), nDims, coefficients, constant);
}
bool dlcLinearApply(MlirOperation op, int64_t *coefficients, int64_t *constant) {
  MlirAffineMap map = affine_apply_map(op);
  intptr_t nDims = mlirAffineMapGetNumDims(map), n = nDims + mlirAffineMapGetNumSymbols(map);
  if (n > maxApply) return false;
  memset(coefficients, 0, sizeof *coefficients * maxApply), *constant = 0;
  return addLinear(mlirAffineMapGetResult(map, 0), 1, nDims, coefficients, constant);
}
Vary dlcVaryOf(MlirOperation op, const Vary *operands) {
  intptr_t n = mlirOperationGetNumOperands(op), steps = 0, any = 0;
  for (intptr_t i = 0; i < n; ++i) steps += operands[i] == VARY_STEP, any += operands[i] == VARY_ANY;
  if (!steps && !any) return VARY_NONE;
  if (any) return VARY_ANY;
  int64_t coefficients[maxApply], constant, sum = 0;
  if (affine_apply_isa(op) && dlcLinearApply(op, coefficients, &constant)) {
    for (intptr_t i = 0; i < n; ++i)
      if (operands[i] == VARY_STEP) sum += coefficients[i];
    return sum == 1 ? VARY_STEP : VARY_ANY;
  }
  bool isIndex = n == 2 && mlirTypeIsAIndex(typeOf(mlirOperationGetOperand(op, 0)));
  if (isIndex && steps == 1 && (arith_addi_isa(op) || (arith_subi_isa(op) && operands[0] == VARY_STEP)))
    return VARY_STEP;
  return VARY_ANY;
}

//===--- the body ---
typedef struct {
  MlirValue value;
  Vary vary;
} Varying;
typedef struct {
  Varying value[1024];
  intptr_t n;
} Body;
static Vary lookUp(const Body *b, MlirValue v) {
  for (intptr_t i = b->n - 1; i >= 0; --i)
    if (mlirValueEqual(b->value[i].value, v)) return b->value[i].vary;
  return VARY_NONE;
}
static bool add(Body *b, MlirValue v, Vary vary) {
  return b->n < DLC_COUNT(b->value) && (b->value[b->n++] = (Varying){v, vary}, true);
}
static void addArguments(const Nest *nest, int loop, Body *b) {
  for (intptr_t i = 0; i < nest->nOperands && i < mlirBlockGetNumArguments(nest->body); ++i) {
    const Operand *o = &nest->operand[i];
    if (!o->isScalar && (dlcAccess(o, loop) != ACCESS_INVARIANT || (o->isOutput && nest->loop[loop].isReduction)))
      add(b, argOf(nest->body, i), VARY_ANY);
  }
}
static bool hasVectorForm(MlirOperation op) {
  int64_t coefficients[maxApply], constant;
  if (affine_apply_isa(op)) return dlcLinearApply(op, coefficients, &constant);
  return dlcIsElementwise(op) || (memref_load_isa(op) && dlcIsStrided(typeOf(memref_load_memref(op))));
}
// Adds what the op's results are; false: the op cannot be evaluated on vectors along the loop.
static bool addOp(MlirOperation op, int loop, Body *b) {
  Vary operands[maxBodyOperands], vary;
  intptr_t n = mlirOperationGetNumOperands(op);
  if (mlirOperationGetNumRegions(op) || n > maxBodyOperands) return false;
  if (linalg_yield_isa(op)) return true;
  for (intptr_t i = 0; i < n; ++i) operands[i] = lookUp(b, mlirOperationGetOperand(op, i));
  if (linalg_index_isa(op))
    vary = linalg_index_dim(op) == loop ? VARY_STEP : VARY_NONE;
  else
    vary = dlcVaryOf(op, operands);
  if (vary == VARY_NONE) return linalg_index_isa(op) || memref_load_isa(op) || dlcIsPure(op);
  if (!linalg_index_isa(op) && !hasVectorForm(op)) return false;
  if (memref_load_isa(op)) vary = VARY_ANY;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirValue r = mlirOperationGetResult(op, i);
    if (!isVectorElement(typeOf(r)) || !add(b, r, vary)) return false;
  }
  return true;
}
static double loadCost(MlirOperation load, const Body *b, int64_t lanes) {
  DlcValues indices = memref_load_indices(load);
  intptr_t nSteps = 0, nAny = 0;
  for (intptr_t i = 0; i < indices.n; ++i) {
    Vary v = lookUp(b, at(indices, i));
    nSteps += v == VARY_STEP, nAny += v == VARY_ANY;
  }
  if (!nSteps && !nAny) return 0.25;
  return nSteps == 1 && !nAny && lookUp(b, at(indices, indices.n - 1)) == VARY_STEP ? 1 : 1.5 * (double)lanes;
}
bool dlcBodyIsVectorisable(const Nest *nest, int loop, int64_t lanes, double *cost) {
  Body b;
  b.n = 0, *cost = 0;
  for (intptr_t i = 0; i < nest->nOperands; ++i)
    if (!isVectorElement(nest->operand[i].element)) return false;
  if (mlirBlockIsNull(nest->body)) return true;
  addArguments(nest, loop, &b);
  dlcForEachOp(op, nest->body) {
    if (!addOp(op, loop, &b)) return false;
    if (memref_load_isa(op)) *cost += loadCost(op, &b, lanes);
  }
  return true;
}
// Widening an argument costs something where it is loaded, and not at every point of a register tile.
static bool widensArgument(MlirOperation op) {
  bool widens = arith_extf_isa(op) || arith_extsi_isa(op) || arith_extui_isa(op);
  return widens && mlirValueIsABlockArgument(mlirOperationGetOperand(op, 0));
}
int64_t dlcBodyCost(const Nest *nest) {
  int64_t n = 0;
  if (nest->body.ptr)
    dlcForEachOp(op, nest->body)
      n += hasPrefix(op, "math.") ? 12
           : tile_dot_bytes_isa(op)
               ? 2
               : !linalg_yield_isa(op) && !arith_constant_isa(op) && !(nest->reduction && widensArgument(op));
  return n;
}
MlirOperation dlcCombiner(const Nest *nest, intptr_t output) {
  static const char *const names[] = {"addf", "mulf", "maximumf", "maxnumf", "minimumf", "minnumf", "addi", "muli",
                                      "andi", "ori",  "xori",     "maxsi",   "maxui",    "minsi",   "minui"};
  MlirOperation none = {0};
  intptr_t arg = nest->nInputs + output;
  if (!nest->body.ptr || arg >= mlirBlockGetNumArguments(nest->body)) return none;
  MlirValue old = argOf(nest->body, arg);
  MlirOperation op = opOf(at(operandsOf(mlirBlockGetTerminator(nest->body)), output));
  if (mlirOperationIsNull(op) || !mlirBlockEqual(mlirOperationGetBlock(op), nest->body) || !hasOneUse(old)) return none;
  if (!mlirOperationEqual(mlirOpOperandGetOwner(mlirValueGetFirstUse(old)), op)) return none;
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  for (intptr_t i = 0; i < DLC_COUNT(names); ++i)
    if (hasPrefix(op, "arith.") && n.length == 6 + strlen(names[i]) && !memcmp(n.data + 6, names[i], n.length - 6))
      return op;
  return none;
}
bool dlcIsStored(const Nest *nest, intptr_t output) {
  intptr_t arg = nest->nInputs + output;
  if (!nest->reduction || (nest->operand[arg].loops & nest->reduction) != nest->reduction) return false;
  return nest->body.ptr && arg < mlirBlockGetNumArguments(nest->body) &&
         mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(nest->body, arg)));
}
bool dlcDropsNaN(const Nest *nest, intptr_t output) {
  MlirOperation op = dlcCombiner(nest, output);
  MlirValue initial = nest->operand[nest->nInputs + output].initial;
  if (!op.ptr || !(arith_maxnumf_isa(op) || arith_minnumf_isa(op)) || isNull(initial)) return false;
  MlirOperation c = opOf(initial);
  return arith_constant_isa(c) && mlirAttributeIsAFloat(arith_constant_value(c)) &&
         !isnan(mlirFloatAttrGetValueDouble(arith_constant_value(c)));
}
