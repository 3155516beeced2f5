// ctrl-split-edges: items at the edge of a task's grid get code of their own, so that
// the code of all others has sizes that are known.
//
//   ctrl.task (%i) in (16) .. {                   ctrl.task (%i) in (16) .. {
//     %n = affine.min (1000 - 64 * %i, 64)          %n = affine.min (1000 - 64 * %i, 64)
//     f(%n)                                  ->     %full = arith.cmpi eq, %n, 64
//   }                                               scf.if %full { f(64) } else { f(40) } }
//
// What is left for the last item is a constant where the extent is static, else %n. Only tasks on buffers with a
// reduction, where code for known sizes is much better; at most two sizes of a task are split, which makes four bodies.
// Of an extent that is not known only a large full size is: few items of a batch would have it.
// Left alone: minima of anything but the task's indices and operands.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/scf.h"

enum { MOST_SPLIT = 2, MAX_LOOPS = 16, MOST_OPS = 64, LEAST_DYNAMIC = 32 };

// A size of the body: `full`, but for the last items. rest: of those; -1: known at run time only.
typedef struct {
  MlirOperation op;
  int64_t full, rest;
} Edge;

static bool isArgumentOf(MlirValue v, MlirBlock body) {
  return mlirValueIsABlockArgument(v) && mlirBlockEqual(mlirBlockArgumentGetOwner(v), body);
}

// full * c + extent, where -c is full: the extent; -1: another form.
static int64_t extentIn(MlirAffineExpr e, int64_t full) {
  if (!mlirAffineExprIsAAdd(e)) return -1;
  MlirAffineExpr step = mlirAffineBinaryOpExprGetLHS(e), extent = mlirAffineBinaryOpExprGetRHS(e);
  if (!mlirAffineExprIsAMul(step) || !mlirAffineExprIsAConstant(extent)) return -1;
  MlirAffineExpr factor = mlirAffineBinaryOpExprGetRHS(step);
  if (!mlirAffineExprIsADim(mlirAffineBinaryOpExprGetLHS(step)) || !mlirAffineExprIsAConstant(factor)) return -1;
  return mlirAffineConstantExprGetValue(factor) == -full ? mlirAffineConstantExprGetValue(extent) : -1;
}

static bool readEdge(MlirOperation op, MlirBlock body, Edge *edge) {
  if (!affine_min_isa(op)) return false;
  MlirAffineMap map = affine_min_map(op);
  if (mlirAffineMapGetNumResults(map) != 2) return false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (!isArgumentOf(mlirOperationGetOperand(op, i), body)) return false;
  MlirAffineExpr e = mlirAffineMapGetResult(map, 0), other = mlirAffineMapGetResult(map, 1);
  if (mlirAffineExprIsAConstant(e)) {
    MlirAffineExpr swapped = e;
    e = other, other = swapped;
  }
  if (!mlirAffineExprIsAConstant(other)) return false;
  *edge = (Edge){op, mlirAffineConstantExprGetValue(other), -1};
  int64_t extent = extentIn(e, edge->full);
  if (extent > 0 && edge->full > 0 && mlirAffineMapGetNumInputs(map) == 1) edge->rest = extent % edge->full;
  return edge->full > 1 && (edge->rest >= 0 || edge->full >= LEAST_DYNAMIC);
}

static bool isReduction(MlirOperation op) {
  bool reduces[MAX_LOOPS];
  intptr_t n = dlcIsLinalgOp(op) && !mlirOperationGetNumResults(op) ? dlcIteratorTypes(op, reduces, MAX_LOOPS) : 0;
  for (intptr_t i = 0; i < n && i < MAX_LOOPS; ++i)
    if (reduces[i]) return true;
  return false;
}

static intptr_t findEdges(MlirBlock body, Edge *edges) {
  intptr_t n = 0, nOps = 0;
  bool reduces = false;
  dlcForEachOp(op, body) {
    reduces |= isReduction(op);
    ++nOps;
    if (n < MOST_SPLIT && readEdge(op, body, &edges[n])) ++n;
  }
  return reduces && nOps <= MOST_OPS ? n : 0;
}

static void cloneBody(DlcBuilder *b, const DlcOps *ops, DlcMapping map) {
  DlcMapping own = dlcMappingClone(map);
  for (intptr_t i = 0; i < ops->n; ++i) dlcClone(b, ops->data[i], own);
  dlcMappingDestroy(own);
}

// The body for each of the cases of edges from `k` on.
static void writeCases(DlcBuilder *b, const DlcOps *ops, const Edge *edges, intptr_t n, intptr_t k, DlcMapping map) {
  if (k == n) {
    cloneBody(b, ops, map);
    return;
  }
  MlirValue size = mlirOperationGetResult(edges[k].op, 0), full = constIndex(b, edges[k].full);
  MlirOperation choice = scf_if(b, arith_cmpi(b, arith_CmpIPredicate_eq, size, full));
  if (b->failed) return;
  MlirBlock cases[] = {dlcAddBlock(b, dlcRegion(choice, 0), (DlcTypes){0}),
                       dlcAddBlock(b, dlcRegion(choice, 1), (DlcTypes){0})};
  for (int i = 0; i < 2; ++i) dlcAtEnd(b, cases[i]) {
      int64_t known = i ? edges[k].rest : edges[k].full;
      DlcMapping own = dlcMappingClone(map);
      if (known > 0) dlcMap(own, size, constIndex(b, known));
      writeCases(b, ops, edges, n, k + 1, own);
      dlcMappingDestroy(own);
      scf_yield(b);
    }
}

static bool isEdge(const Edge *edges, intptr_t n, MlirOperation op) {
  for (intptr_t i = 0; i < n; ++i)
    if (mlirOperationEqual(edges[i].op, op)) return true;
  return false;
}

static bool splitTask(DlcBuilder *b, MlirOperation task) {
  MlirBlock body = bodyOf(ctrl_task_body(task));
  Edge edges[MOST_SPLIT];
  intptr_t n = findEdges(body, edges);
  if (mlirOperationGetNumResults(task) || !n) return false;
  DlcOps ops = {0};
  MlirOperation end = mlirBlockGetTerminator(body);
  for (intptr_t i = n - 1; i >= 0; --i) mlirOperationMoveBefore(edges[i].op, mlirBlockGetFirstOperation(body));
  dlcForEachOp(op, body) {
    if (mlirOperationEqual(op, end) || isEdge(edges, n, op)) continue;
    if (ops.n == ops.cap) ops.data = realloc(ops.data, (size_t)(ops.cap = 2 * ops.cap + 16) * sizeof op);
    ops.data[ops.n++] = op;
  }
  DlcMapping map = dlcMappingCreate();
  mlirRewriterBaseSetInsertionPointAfter(b->rewriter, edges[n - 1].op);
  writeCases(b, &ops, edges, n, 0, map);
  dlcMappingDestroy(map);
  for (intptr_t i = ops.n - 1; i >= 0 && !b->failed; --i) mlirRewriterBaseEraseOp(b->rewriter, ops.data[i]);
  free(ops.data);
  return true;
}

MlirLogicalResult dlcRunCtrlSplitEdges(MlirOperation root, DlcPass *pass, const DlcCtrlSplitEdgesOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, ctrl_task_isa, splitTask, pass, DlcCtrlSplitEdges_split);
}
