// ctrl.task to a function and a call: see lowering/host/host.h.
//
//   ctrl.task (%i, %j) in (4, %n) ins(..) outs(..) workgroup(%w) { body }
// ->
//   func @dlc_task_0(frame, lo, hi, scratch, n, ins, outs) -> i32 {
//     scf.for %v = lo to hi { (%i, %j) = delinearize %v; body }  return 0 }
//   call @dlc_launch_0(frame, site, 4 * n, 0, n, ins, outs)
//
// Tasks that print as the same function share it.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "lowering/host/host.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/memref.h"
#include "ods/scf.h"

enum { MAX_RANK = 16 };

static MlirLogicalResult refuse(MlirOperation op, const char *why) {
  mlirEmitError(mlirOperationGetLocation(op), why);
  return mlirLogicalResultFailure();
}

static MlirLogicalResult checkTask(MlirOperation task) {
  if (ctrl_task_results(task).n || ctrl_task_after(task).n)
    return refuse(task, "ctrl-to-host: a task with tokens or tensors; bufferise first");
  MlirValue pred = ctrl_task_pred(task);
  if (!isNull(pred) && !mlirTypeIsAInteger(typeOf(pred)))
    return refuse(task, "ctrl-to-host: a predicate by item is not lowered for the host");
  if (ctrl_task_static_ubs(task).n > MAX_RANK) return refuse(task, "ctrl-to-host: a grid of more than 16 dimensions");
  if (mlirOperationGetNumOperands(task) > DLC_MAX_OPERANDS)
    return refuse(task, "ctrl-to-host: a task of more than 512 operands");
  return mlirLogicalResultSuccess();
}

//===--- bounds --------------------------------------------------------------------------===//
typedef struct {
  intptr_t rank;
  MlirValue lower[MAX_RANK], extent[MAX_RANK];
} Grid;

// From static numbers and, in order, dynamic values.
static Grid makeGrid(DlcBuilder *b, DlcI64s lbs, DlcI64s ubs, DlcValues dynamicLbs, DlcValues dynamicUbs) {
  Grid g = {.rank = ubs.n};
  intptr_t nextLower = 0, nextUpper = 0;
  for (intptr_t i = 0; i < ubs.n; ++i) {
    bool lowerIsDynamic = mlirShapedTypeIsDynamicSize(lbs.data[i]),
         upperIsDynamic = mlirShapedTypeIsDynamicSize(ubs.data[i]);
    g.lower[i] = lowerIsDynamic ? at(dynamicLbs, nextLower++) : constIndex(b, lbs.data[i]);
    if (!lowerIsDynamic && !upperIsDynamic) {
      g.extent[i] = constIndex(b, ubs.data[i] > lbs.data[i] ? ubs.data[i] - lbs.data[i] : 0);
      continue;
    }
    MlirValue upper = upperIsDynamic ? at(dynamicUbs, nextUpper++) : constIndex(b, ubs.data[i]);
    g.extent[i] = arith_maxsi(b, arith_subi(b, upper, g.lower[i]), constIndex(b, 0));
  }
  return g;
}

static MlirValue countItems(DlcBuilder *b, const Grid *g) {
  MlirValue n = constIndex(b, 1);
  for (intptr_t i = 0; i < g->rank; ++i) n = arith_muli(b, n, g->extent[i]);
  return n;
}

// The indices of item v, last one fastest.
static void itemIndices(DlcBuilder *b, const Grid *g, MlirValue v, MlirValue *indices) {
  for (intptr_t i = g->rank - 1; i >= 0; --i) {
    MlirValue index = i ? arith_remui(b, v, g->extent[i]) : v;
    if (i) v = arith_divui(b, v, g->extent[i]);
    indices[i] = arith_addi(b, index, g->lower[i]);
  }
}

//===--- the function --------------------------------------------------------------------===//
static int64_t workgroupBytes(MlirOperation task) {
  if (!ctrl_task_workgroup(task)) return 0;
  MlirBlock body = bodyOf(ctrl_task_body(task));
  return dlcStaticBytes(typeOf(argOf(body, mlirBlockGetNumArguments(body) - 1)));
}

// frame, lo, hi, scratch come before the operands.
enum { FIRST_OPERAND = 4 };

static MlirOperation beginFunction(DlcHost *h, MlirOperation task, const char *name) {
  DlcBuilder *b = h->b;
  intptr_t n = mlirOperationGetNumOperands(task);
  MlirType args[DLC_MAX_OPERANDS + FIRST_OPERAND] = {h->pointer, indexType(b), indexType(b)};
  int64_t dynamic = mlirShapedTypeGetDynamicSize();
  args[3] = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &dynamic, mlirAttributeGetNull());
  for (intptr_t i = 0; i < n; ++i) args[FIRST_OPERAND + i] = typeOf(mlirOperationGetOperand(task, i));
  MlirType type = mlirFunctionTypeGet(b->ctx, n + FIRST_OPERAND, args, 1, &h->i32);
  MlirOperation f = func_func(b, dlcText(name), type, .sym_visibility = dlcText("private"));
  if (!mlirOperationIsNull(f)) dlcAddBlock(b, func_func_body(f), typesN(n + FIRST_OPERAND, args));
  return f;
}

static DlcValues argumentsOf(MlirBlock entry, DlcValues operands, MlirValue *storage) {
  // The operands of a segment are consecutive, and so are their arguments.
  for (intptr_t i = 0; i < operands.n; ++i) storage[i] = argOf(entry, FIRST_OPERAND + operands.first + i);
  return valsN(operands.n, storage);
}

static void fillFunction(DlcHost *h, MlirOperation f, MlirOperation task) {
  DlcBuilder *b = h->b;
  MlirBlock entry = bodyOf(func_func_body(f)), from = bodyOf(ctrl_task_body(task));
  MlirValue lower[MAX_RANK], upper[MAX_RANK], args[DLC_MAX_OPERANDS + MAX_RANK + 1];
  dlcAtEnd(b, entry) {
    Grid g = makeGrid(b, ctrl_task_static_lbs(task), ctrl_task_static_ubs(task),
                      argumentsOf(entry, ctrl_task_lbs(task), lower), argumentsOf(entry, ctrl_task_ubs(task), upper));
    MlirOperation loop = scf_for(b, argOf(entry, 1), argOf(entry, 2), constIndex(b, 1), (DlcValues){0});
    if (mlirOperationIsNull(loop)) return;
    MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(indexType(b)));
    dlcAtEnd(b, body) {
      intptr_t n = g.rank;
      itemIndices(b, &g, argOf(body, 0), args);
      DlcValues ins = ctrl_task_ins(task), outs = ctrl_task_outs(task);
      for (intptr_t i = 0; i < ins.n; ++i) args[n++] = argOf(entry, FIRST_OPERAND + ins.first + i);
      for (intptr_t i = 0; i < outs.n; ++i) args[n++] = argOf(entry, FIRST_OPERAND + outs.first + i);
      if (ctrl_task_workgroup(task)) {
        int64_t bytes = workgroupBytes(task);
        MlirType scratch =
            mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &bytes, mlirAttributeGetNull());
        // Not a cast, which folds into its uses: they would read the size of the scratch, which nobody gives.
        args[n++] = memref_view(b, argOf(entry, 3), constIndex(b, 0), (DlcValues){0}, scratch);
      }
      MlirOperation end = mlirBlockGetTerminator(from);
      mlirRewriterBaseEraseOp(b->rewriter, end);
      mlirRewriterBaseMergeBlocks(b->rewriter, from, body, n, args);
      scf_yield(b);
    }
    func_return(b, vals(arith_constant(b, mlirIntegerAttrGet(h->i32, 0))));
  }
  dlcHostLowerAsserts(h, f, argOf(entry, 0));
}

//===--- equal bodies are one function ------------------------------------------------------===//
// The number of the function, of which f is a new one or a copy of an earlier one. f carries a neutral name.
static intptr_t numberFunction(DlcHost *h, MlirOperation f) {
  DlcText text = {0};
  MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
  mlirOpPrintingFlagsUseLocalScope(flags); // else the whole module is numbered, each time
  mlirOperationPrintWithFlags(f, flags, dlcTextCallback, &text);
  mlirOpPrintingFlagsDestroy(flags);
  for (intptr_t i = 0; i < h->nTasks; ++i)
    if (!strcmp(h->taskTexts[i], text.data)) {
      mlirRewriterBaseEraseOp(h->b->rewriter, f);
      free(text.data);
      return i;
    }
  char name[32];
  snprintf(name, sizeof name, "dlc_task_%td", h->nTasks);
  func_func_set_sym_name(f, mlirStringAttrGet(h->b->ctx, dlcText(name)));
  h->taskTexts = realloc(h->taskTexts, (size_t)(h->nTasks + 1) * sizeof *h->taskTexts);
  h->taskTexts[h->nTasks] = text.data;
  return h->nTasks++;
}

//===--- the call -----------------------------------------------------------------------------===//
static void addSite(DlcHost *h, MlirOperation task) {
  MlirAttribute label = mlirOperationGetDiscardableAttributeByName(task, dlcText("label"));
  MlirStringRef s =
      mlirAttributeIsNull(label) || !mlirAttributeIsAString(label) ? dlcText("task") : mlirStringAttrGetValue(label);
  dlcTextPrint(&h->sites, "%s{\"name\": ", h->nSites ? ", " : "");
  dlcTextJson(&h->sites, s);
  dlcTextPrint(&h->sites, "}");
  ++h->nSites;
}

enum { PARTS_OF_NS = 1024, MOST_PARTS = 1 << 24 };
// Nanoseconds of an item: where the size of what it writes is dynamic, by how much that is now.
static MlirValue costOf(DlcBuilder *b, const DlcTaskCost *cost, MlirValue items) {
  if (isNull(cost->written)) return constIndex(b, (int64_t)cost->item);
  MlirType type = typeOf(cost->written);
  double parts = ceil(cost->item * (double)PARTS_OF_NS / cost->elements); // of an element
  MlirValue all = constIndex(b, parts < (double)MOST_PARTS ? (int64_t)parts : MOST_PARTS), one = constIndex(b, 1);
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(type); ++d)
    all = arith_muli(b, all, memref_dim(b, cost->written, constIndex(b, d)));
  MlirValue shared = arith_muli(b, arith_maxui(b, items, one), constIndex(b, PARTS_OF_NS));
  return arith_maxui(b, arith_divui(b, all, shared), one);
}

static void launch(DlcHost *h, MlirOperation task, intptr_t number, const DlcTaskCost *cost) {
  DlcBuilder *b = h->b;
  MlirValue operands[DLC_MAX_OPERANDS + 4];
  intptr_t n = mlirOperationGetNumOperands(task);
  for (intptr_t i = 0; i < n; ++i) operands[4 + i] = mlirOperationGetOperand(task, i);
  char name[32];
  snprintf(name, sizeof name, "dlc_launch_%td", number);
  operands[0] = h->frame;
  operands[1] = arith_constant(b, mlirIntegerAttrGet(h->i32, h->nSites));
  Grid g =
      makeGrid(b, ctrl_task_static_lbs(task), ctrl_task_static_ubs(task), ctrl_task_lbs(task), ctrl_task_ubs(task));
  operands[2] = countItems(b, &g);
  if (!isNull(ctrl_task_pred(task))) operands[2] = arith_select(b, ctrl_task_pred(task), operands[2], constIndex(b, 0));
  operands[3] = costOf(b, cost, operands[2]);
  addSite(h, task);
  dlcHostCall(h, name, valsN(n + 4, operands), types(h->i32));
}

MlirLogicalResult dlcHostOutlineTasks(DlcHost *h) {
  DlcOps tasks = dlcCollect(h->function, ctrl_task_isa);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < tasks.n && mlirLogicalResultIsSuccess(result); ++i) {
    MlirOperation task = tasks.data[i], f = {0};
    result = checkTask(task);
    if (mlirLogicalResultIsFailure(result)) break;
    if (workgroupBytes(task) > h->scratchBytes) h->scratchBytes = workgroupBytes(task);
    dlcBefore(h->b, h->function) f = beginFunction(h, task, "dlc_task");
    if (mlirOperationIsNull(f)) break;
    DlcTaskCost cost = dlcHostTaskCost(task); // filling takes the body
    fillFunction(h, f, task);
    intptr_t number = numberFunction(h, f);
    dlcBefore(h->b, task) launch(h, task, number, &cost);
    mlirRewriterBaseEraseOp(h->b->rewriter, task);
    result = dlcStatus(h->b);
  }
  free(tasks.data);
  return result;
}
