// ctrl.task: canonicalisation.
#include <stdlib.h>
#include "dialects/ctrl/ctrl.h"
#include "dlc/ir.h"

// A grid without items leaves its outs as they are, and is complete at once.
static MlirLogicalResult removeEmptyGrid(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  DlcI64s lower = ctrl_task_static_lbs(op), upper = ctrl_task_static_ubs(op);
  bool isEmpty = false;
  for (intptr_t i = 0; i < upper.n; ++i)
    isEmpty |= lower.data[i] != mlirShapedTypeGetDynamicSize() && upper.data[i] != mlirShapedTypeGetDynamicSize() &&
               upper.data[i] <= lower.data[i];
  if (!isEmpty) return mlirLogicalResultFailure();
  intptr_t n = mlirOperationGetNumResults(op);
  bool token = !isNull(dlcTaskToken(op));
  MlirValue *with = malloc((size_t)(n + 1) * sizeof *with);
  for (intptr_t i = 0; i < n - token; ++i) with[i] = at(ctrl_task_outs(op), i);
  if (token) with[n - 1] = ctrl_ready(b, ctrl_token_get(b->ctx));
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, n, with);
  free(with);
  return dlcStatus(b);
}

// Constant bounds become static ones.
static bool absorb(MlirContext ctx, DlcValues dynamic, DlcI64s fixed, MlirAttribute *attribute, MlirValue *kept,
                   intptr_t *nKept) {
  int64_t *sizes = malloc((size_t)(fixed.n + 1) * sizeof *sizes);
  bool any = false;
  intptr_t next = 0;
  for (intptr_t i = 0; i < fixed.n; ++i) {
    sizes[i] = fixed.data[i];
    if (sizes[i] != mlirShapedTypeGetDynamicSize()) continue;
    MlirValue v = at(dynamic, next++);
    int64_t constant;
    // A negative bound is an empty grid at run time and refused as a static one.
    if (dlcConstantIndex(v, &constant))
      sizes[i] = constant < 0 ? 0 : constant, any = true;
    else
      kept[(*nKept)++] = v;
  }
  *attribute = mlirDenseI64ArrayGet(ctx, fixed.n, sizes);
  free(sizes);
  return any;
}
static MlirLogicalResult makeBoundsStatic(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  DlcValues lbs = ctrl_task_lbs(op), ubs = ctrl_task_ubs(op), all = operandsOf(op);
  MlirValue *operands = malloc((size_t)(all.n + 1) * sizeof *operands);
  intptr_t n = 0, nLower;
  MlirAttribute lower, upper;
  bool any = absorb(b->ctx, lbs, ctrl_task_static_lbs(op), &lower, operands, &n);
  nLower = n;
  any |= absorb(b->ctx, ubs, ctrl_task_static_ubs(op), &upper, operands, &n);
  if (!any) return free(operands), mlirLogicalResultFailure();
  int32_t segments[] = {(int32_t)nLower,
                        (int32_t)(n - nLower),
                        (int32_t)ctrl_task_ins(op).n,
                        (int32_t)ctrl_task_outs(op).n,
                        (int32_t)ctrl_task_after(op).n,
                        !isNull(ctrl_task_pred(op))};
  for (intptr_t i = lbs.n + ubs.n; i < all.n; ++i) operands[n++] = at(all, i);
  dlcModify(b, op) {
    mlirOperationSetOperands(op, n, operands);
    ctrl_task_set_static_lbs(op, lower);
    ctrl_task_set_static_ubs(op, upper);
    dlcSetAttr(op, "operandSegmentSizes", mlirDenseI32ArrayGet(b->ctx, 6, segments));
  }
  free(operands);
  return mlirLogicalResultSuccess();
}
const DlcPattern dlcCtrlTaskPatterns[] = {{"ctrl.task", 2, removeEmptyGrid}, {"ctrl.task", 1, makeBoundsStatic}, {0}};
