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
const DlcPattern dlcCtrlBranchPatterns[] = {{"ctrl.branch", 1, foldConstantSelector}, {0}};
