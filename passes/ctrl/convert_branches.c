// ctrl-convert-branches: a branch with a few scalar operations becomes both of its arms and selections.
//
//   %r = ctrl.branch %p : i1 -> (f32) {              %y = arith.addf %a, %b
//     %y = arith.addf %a, %b  ctrl.yield %y    ->    %r = arith.select %p, %y, %a : f32
//   } else { ctrl.yield %a }
//
// Innermost first, so that nested ones go too. Left alone: selectors of type index; results that are no numbers; arms
// with anything but arith and math ops that may run at any time (no integer division by what may be 0, no memory, no
// tensors), or that cost more than the option says.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/ctrl.h"

enum { SLOW = 10, MAX_RESULTS = 256 };
static const int64_t tooMuch = INT64_MAX / 4;

static bool isNumber(MlirType t) { return mlirTypeIsAInteger(t) || mlirTypeIsAIndex(t) || mlirTypeIsAFloat(t); }

static bool isSlow(MlirStringRef name) {
  if (!strncmp(name.data, "math.", 5)) return strncmp(name.data, "math.abs", 8) && strncmp(name.data, "math.fma", 8);
  return strstr(name.data, "div") || strstr(name.data, "rem");
}

static int64_t costOf(MlirOperation op) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  bool known = name.length > 6 && (!strncmp(name.data, "arith.", 6) || !strncmp(name.data, "math.", 5));
  if (!known || mlirOperationGetNumRegions(op) || !dlcIsPure(op)) return tooMuch;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    if (!isNumber(typeOf(mlirOperationGetResult(op, i)))) return tooMuch;
  return arith_constant_isa(op) ? 0 : isSlow(name) ? SLOW : 1;
}

static int64_t costOfArm(MlirBlock arm) {
  int64_t cost = 0;
  dlcForEachOp(op, arm) {
    if (!ctrl_yield_isa(op)) cost += costOf(op);
    if (cost >= tooMuch) return tooMuch;
  }
  return cost;
}

static bool isConverted(MlirOperation branch, int64_t most) {
  if (!mlirTypeIsAInteger(typeOf(ctrl_branch_selector(branch)))) return false;
  intptr_t n = mlirOperationGetNumResults(branch);
  for (intptr_t i = 0; i < n; ++i)
    if (!isNumber(typeOf(mlirOperationGetResult(branch, i)))) return false;
  int64_t cost = 0;
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(branch); ++i) {
    MlirBlock arm = bodyOf(mlirOperationGetRegion(branch, i));
    if (mlirBlockIsNull(arm)) return false;
    cost += costOfArm(arm);
  }
  return n <= MAX_RESULTS && cost <= most;
}

static void convert(DlcBuilder *b, MlirOperation branch) {
  MlirValue selector = ctrl_branch_selector(branch), values[2][MAX_RESULTS], results[MAX_RESULTS];
  intptr_t n = mlirOperationGetNumResults(branch);
  for (intptr_t k = 0; k < 2; ++k) {
    MlirBlock arm = bodyOf(mlirOperationGetRegion(branch, k));
    MlirOperation yield = mlirBlockGetTerminator(arm);
    for (intptr_t i = 0; i < n; ++i) values[k][i] = at(ctrl_yield_values(yield), i);
    mlirRewriterBaseEraseOp(b->rewriter, yield);
    mlirRewriterBaseInlineBlockBefore(b->rewriter, arm, branch, 0, NULL);
  }
  dlcBefore(b, branch) {
    for (intptr_t i = 0; i < n; ++i)
      results[i] = mlirValueEqual(values[0][i], values[1][i]) ? values[0][i]
                                                              : arith_select(b, selector, values[0][i], values[1][i]);
  }
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, branch, n, results);
}

MlirLogicalResult dlcRunCtrlConvertBranches(MlirOperation root, DlcPass *pass,
                                            const DlcCtrlConvertBranchesOptions *options) {
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps branches = dlcCollect(root, ctrl_branch_isa);
  for (intptr_t i = 0; i < branches.n && !b.failed; ++i) {
    if (!isConverted(branches.data[i], options->cost)) continue;
    convert(&b, branches.data[i]);
    dlcPassCount(pass, DlcCtrlConvertBranches_converted, 1);
  }
  free(branches.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
