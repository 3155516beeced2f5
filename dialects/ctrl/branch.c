// ctrl.branch: verifier and canonicalisation.
#include <stdlib.h>
#include "dialects/ctrl/ctrl.h"
#include "dlc/ir.h"

static bool isTwoWay(MlirOperation op) {
  MlirType t = typeOf(ctrl_branch_selector(op));
  return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 1;
}
MlirLogicalResult dlcCtrlBranchVerify(MlirOperation op) {
  DlcI64s cases = ctrl_branch_cases(op);
  intptr_t arms = mlirOperationGetNumRegions(op);
  if (isTwoWay(op) && (arms != 2 || cases.n)) return dlcError(op, "on i1 has a then and an else arm and no cases");
  if (!isTwoWay(op) && arms != cases.n + 1)
    return dlcError(op, "has %d arms for %d cases and a default", (int)arms, (int)cases.n);
  for (intptr_t i = 0; i < cases.n; ++i)
    for (intptr_t k = 0; k < i; ++k)
      if (cases.data[i] == cases.data[k]) return dlcError(op, "case %lld twice", (long long)cases.data[i]);
  // Here, not in the verifier of regions: MLIR's own check of the control flow comes before that one and says less.
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) {
    MlirOperation yield = dlcEndOf(bodyOf(dlcRegion(op, i)), "ctrl.yield");
    if (!yield.ptr) return dlcError(op, "arm #%d must end in ctrl.yield", (int)i);
    if (!dlcSameTypes(ctrl_yield_values(yield), resultsOf(op))) {
      DlcDiagnostic *d = dlcErrorBegin(op, "arm #%d must yield the result types", (int)i);
      dlcNote(d, mlirOperationGetLocation(yield), "this yield%s",
              isTwoWay(op) && i == 1 ? " (an 'else' that is left out yields nothing)" : "");
      return dlcReport(d);
    }
  }
  return dlcCtrlVerifyAt(op, ctrl_branch_at(op));
}

// The arm that a constant selects takes the place of the branch.
static MlirLogicalResult foldConstantSelector(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  int64_t selector;
  if (!dlcConstantIndex(ctrl_branch_selector(op), &selector)) return mlirLogicalResultFailure();
  DlcI64s cases = ctrl_branch_cases(op);
  intptr_t arm = cases.n;
  if (isTwoWay(op))
    arm = selector ? 0 : 1; // i1 true may read as -1
  else
    for (intptr_t i = 0; i < cases.n; ++i)
      if (cases.data[i] == selector) arm = i;
  MlirBlock block = bodyOf(dlcRegion(op, arm));
  MlirOperation yield = mlirBlockGetTerminator(block);
  DlcValues values = ctrl_yield_values(yield);
  MlirValue *with = dlcCopyValues(values);
  mlirRewriterBaseInlineBlockBefore(b->rewriter, block, op, 0, NULL);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, values.n, with);
  mlirRewriterBaseEraseOp(b->rewriter, yield);
  free(with);
  return mlirLogicalResultSuccess();
}
//===--- results that are none ---
// What every arm gives for a result, made outside of the branch; null: there is no such value.
static MlirValue givenByAll(MlirOperation op, intptr_t result) {
  MlirValue given = {0};
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) {
    MlirValue v = at(ctrl_yield_values(mlirBlockGetTerminator(bodyOf(dlcRegion(op, i)))), result);
    if (i && !mlirValueEqual(v, given)) return (MlirValue){0};
    given = v;
  }
  return dlcIsMadeInside(given, op) ? (MlirValue){0} : given;
}
static bool isDropped(MlirOperation op, intptr_t result) {
  return mlirOpOperandIsNull(mlirValueGetFirstUse(dlcResult(op, result))) || !isNull(givenByAll(op, result));
}

// Results that nothing reads, or for which all arms give the same value, which is there without the branch.
static MlirLogicalResult dropResults(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  intptr_t n = mlirOperationGetNumResults(op), kept = 0, arms = mlirOperationGetNumRegions(op);
  for (intptr_t i = 0; i < n; ++i) kept += !isDropped(op, i);
  if (kept == n) return mlirLogicalResultFailure();
  MlirType *kinds = calloc((size_t)n + 1, sizeof *kinds);
  MlirValue *with = calloc((size_t)n + 1, sizeof *with), *values = calloc((size_t)n + 1, sizeof *values);
  intptr_t *from = calloc((size_t)n + 1, sizeof *from), k = 0;
  for (intptr_t i = 0; i < n; ++i)
    if (!isDropped(op, i)) from[k] = i, kinds[k++] = typeOf(dlcResult(op, i));
  MlirOperation made = ctrl_branch(b, ctrl_branch_selector(op), ctrl_branch_cases(op), typesN(kept, kinds),
                                   .at = ctrl_branch_at(op), .arms = {NULL, arms});
  for (intptr_t i = 0; i < n && made.ptr; ++i) with[i] = givenByAll(op, i);
  for (k = 0; k < kept && made.ptr; ++k) with[from[k]] = dlcResult(made, k);
  for (intptr_t i = 0; i < n && made.ptr; ++i) // what nothing reads needs some value of its type
    if (isNull(with[i])) with[i] = dlcResult(op, i);
  for (intptr_t i = 0; i < arms && made.ptr; ++i) {
    MlirBlock body = bodyOf(dlcRegion(op, i));
    MlirOperation yield = mlirBlockGetTerminator(body);
    for (k = 0; k < kept; ++k) values[k] = at(ctrl_yield_values(yield), from[k]);
    dlcBefore(b, yield) ctrl_yield(b, valsN(kept, values));
    mlirRewriterBaseEraseOp(b->rewriter, yield);
    mlirRewriterBaseMergeBlocks(b->rewriter, body, dlcAddBlock(b, dlcRegion(made, i), (DlcTypes){0}), 0, NULL);
  }
  if (made.ptr) {
    for (intptr_t i = 0; i < mlirOperationGetNumDiscardableAttributes(op); ++i) {
      MlirNamedAttribute a = mlirOperationGetDiscardableAttribute(op, i);
      mlirOperationSetDiscardableAttributeByName(made, mlirIdentifierStr(a.name), a.attribute);
    }
    for (intptr_t i = 0; i < n; ++i)
      if (!mlirValueEqual(with[i], dlcResult(op, i)))
        mlirRewriterBaseReplaceAllUsesWith(b->rewriter, dlcResult(op, i), with[i]);
    mlirRewriterBaseEraseOp(b->rewriter, op);
  }
  free(kinds), free(with), free(values), free(from);
  return dlcStatus(b);
}
const DlcPattern dlcCtrlBranchPatterns[] = {
    {"ctrl.branch", 2, foldConstantSelector}, {"ctrl.branch", 1, dropResults}, {0}};
