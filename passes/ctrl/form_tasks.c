// ctrl-form-tasks: what bufferisation left outside tasks becomes tasks.
//
//   memref.copy %a, %b              ctrl.task (%i, %j) in (8, 4) ins(%x = %a) outs(%y = %b) {
//                             ->      memref.copy (slice of %x at [%i, 16 %j]), (slice of %y ..) }
//
// Copies and fills are cut along their outer dimensions into items of some 16
// thousand elements; any other linalg op on buffers becomes one item. Ops inside
// tasks stay as they are.
#include <stdio.h>
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/ctrl/form_tasks.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/memref.h"

enum { MAX_RANK = 16, ITEM_ELEMENTS = 16384, DYNAMIC_EXTENT = 64 };

static bool isBare(MlirOperation op) {
  if (!memref_copy_isa(op) && !(dlcIsLinalgOp(op) && mlirOperationGetNumResults(op) == 0)) return false;
  for (MlirOperation p = mlirOperationGetParentOperation(op); p.ptr; p = mlirOperationGetParentOperation(p))
    if (ctrl_task_isa(p) || dlcIsLinalgOp(p)) return false;
  return true;
}

// How the outer dimensions of a buffer are cut: items of `chunk` along dimension `last`, of 1 along those before.
typedef struct {
  intptr_t last;
  int64_t chunk;
} Cut;

static int64_t extentOf(MlirType t, intptr_t i) {
  return mlirShapedTypeIsDynamicDim(t, i) ? DYNAMIC_EXTENT : mlirShapedTypeGetDimSize(t, i);
}

static Cut chooseCut(MlirType type) {
  intptr_t rank = mlirShapedTypeGetRank(type), last = rank - 1;
  int64_t inner = 1; // elements within one step of `last`
  while (last > 0 && inner * extentOf(type, last) <= ITEM_ELEMENTS) inner *= extentOf(type, last--);
  int64_t chunk = inner > 0 ? ITEM_ELEMENTS / inner : 1;
  return (Cut){last, chunk < 1 ? 1 : chunk};
}

//===--- copies and fills ----------------------------------------------------------------===//
typedef struct {
  intptr_t rank, nDynamic;
  int64_t offsets[MAX_RANK], sizes[MAX_RANK], strides[MAX_RANK];
  MlirValue dynamicOffsets[MAX_RANK], dynamicSizes[MAX_RANK];
  intptr_t nOffsets, nSizes;
} Slice;

static void addOffset(Slice *s, intptr_t i, MlirValue v) {
  s->offsets[i] = mlirShapedTypeGetDynamicStrideOrOffset(), s->dynamicOffsets[s->nOffsets++] = v;
}
static void addSize(Slice *s, intptr_t i, MlirValue v) {
  s->sizes[i] = mlirShapedTypeGetDynamicSize(), s->dynamicSizes[s->nSizes++] = v;
}

// The part of a buffer that the item with indices args[0..cut.last] covers.
static Slice sliceOf(DlcBuilder *b, MlirValue buffer, Cut cut, MlirBlock body) {
  MlirType type = typeOf(buffer);
  Slice s = {.rank = mlirShapedTypeGetRank(type)};
  for (intptr_t i = 0; i < s.rank; ++i) {
    s.strides[i] = 1;
    bool dynamic = mlirShapedTypeIsDynamicDim(type, i);
    int64_t extent = dynamic ? -1 : mlirShapedTypeGetDimSize(type, i);
    if (i > cut.last) {
      s.sizes[i] = extent;
      if (dynamic) addSize(&s, i, memref_dim(b, buffer, constIndex(b, i)));
      continue;
    }
    int64_t chunk = i < cut.last ? 1 : cut.chunk;
    MlirValue start = argOf(body, i);
    if (chunk != 1) start = arith_muli(b, start, constIndex(b, chunk));
    addOffset(&s, i, start);
    s.sizes[i] = chunk;
    if (dynamic || extent % chunk) { // the last one may be shorter
      MlirValue end = dynamic ? memref_dim(b, buffer, constIndex(b, i)) : constIndex(b, extent);
      addSize(&s, i, arith_minsi(b, arith_subi(b, end, start), constIndex(b, chunk)));
    }
  }
  return s;
}

static MlirValue takeSlice(DlcBuilder *b, MlirValue buffer, const Slice *s) {
  MlirType type = dlcSubviewType(typeOf(buffer), s->rank, s->offsets, s->sizes, s->strides);
  return memref_subview(b, buffer, valsN(s->nOffsets, s->dynamicOffsets), valsN(s->nSizes, s->dynamicSizes),
                        (DlcValues){0}, {s->offsets, s->rank}, {s->sizes, s->rank}, {s->strides, s->rank}, type);
}

// Grid of the cut, from the shape of `buffer`.
static DlcI64s gridOf(DlcBuilder *b, MlirValue buffer, Cut cut, int64_t *grid, MlirValue *dynamic, intptr_t *nDynamic) {
  *nDynamic = 0;
  for (intptr_t i = 0; i <= cut.last; ++i) {
    int64_t chunk = i < cut.last ? 1 : cut.chunk;
    if (!mlirShapedTypeIsDynamicDim(typeOf(buffer), i)) {
      grid[i] = (mlirShapedTypeGetDimSize(typeOf(buffer), i) + chunk - 1) / chunk;
      continue;
    }
    MlirValue extent = memref_dim(b, buffer, constIndex(b, i));
    grid[i] = mlirShapedTypeGetDynamicSize();
    dynamic[(*nDynamic)++] = chunk == 1 ? extent : arith_ceildivsi(b, extent, constIndex(b, chunk));
  }
  return (DlcI64s){grid, cut.last + 1};
}

static MlirBlock beginTask(DlcBuilder *b, DlcValues ins, DlcValues outs, DlcI64s grid, DlcValues dynamic,
                           const char *label) {
  int64_t zeros[MAX_RANK] = {0};
  MlirType indices[MAX_RANK];
  for (intptr_t i = 0; i < grid.n; ++i) indices[i] = indexType(b);
  MlirOperation task = ctrl_task(b, (DlcValues){0}, dynamic, ins, outs, (DlcValues){0}, {zeros, grid.n}, grid,
                                 .results_type = (DlcTypes){0});
  if (mlirOperationIsNull(task)) return (MlirBlock){0};
  mlirOperationSetDiscardableAttributeByName(task, dlcText("label"), mlirStringAttrGet(b->ctx, dlcText(label)));
  MlirBlock body = dlcAddBlock(b, ctrl_task_body(task), typesN(grid.n, indices));
  for (intptr_t i = 0; i < ins.n; ++i) mlirBlockAddArgument(body, typeOf(at(ins, i)), b->loc);
  for (intptr_t i = 0; i < outs.n; ++i) mlirBlockAddArgument(body, typeOf(at(outs, i)), b->loc);
  return body;
}

static void endTask(DlcBuilder *b) {
  MlirOperation end = ctrl_in_parallel(b);
  if (!mlirOperationIsNull(end)) dlcAddBlock(b, ctrl_in_parallel_body(end), (DlcTypes){0});
}

// One source, a buffer or a scalar, spread over one target.
static void cutOp(DlcBuilder *b, MlirOperation op) {
  bool copies = memref_copy_isa(op);
  MlirValue source = mlirOperationGetOperand(op, 0), target = mlirOperationGetOperand(op, 1), dynamic[MAX_RANK];
  Cut cut = chooseCut(typeOf(target));
  int64_t grid[MAX_RANK];
  intptr_t nDynamic;
  dlcBefore(b, op) {
    DlcI64s items = gridOf(b, target, cut, grid, dynamic, &nDynamic);
    MlirBlock body =
        beginTask(b, vals(source), vals(target), items, valsN(nDynamic, dynamic), copies ? "copy" : "fill");
    dlcAtEnd(b, body) {
      MlirValue from = argOf(body, items.n), to = argOf(body, items.n + 1);
      Slice s = sliceOf(b, to, cut, body);
      if (copies)
        memref_copy(b, takeSlice(b, from, &s), takeSlice(b, to, &s));
      else
        dlcFill(b, from, takeSlice(b, to, &s));
      endTask(b);
    }
  }
  mlirRewriterBaseEraseOp(b->rewriter, op);
}

//===--- anything else -----------------------------------------------------------------------===//
static void wrapOp(DlcBuilder *b, MlirOperation op) {
  DlcValueList used = {0}, constants = {0}, ins = {0}, outs = {0};
  dlcCaptures(op, &used);
  intptr_t nOperands = mlirOperationGetNumOperands(op);
  MlirValue out = mlirOperationGetOperand(op, nOperands - 1);
  for (intptr_t i = 0; i < used.n; ++i) {
    bool written = mlirValueEqual(used.data[i], out) || dlcIsLinalgOut(op, used.data[i]);
    dlcValueListAdd(dlcIsScalarConstant(opOf(used.data[i])) ? &constants : written ? &outs : &ins, used.data[i]);
  }
  dlcBefore(b, op) {
    MlirStringRef label = dlcLabelOf(op);
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)label.length, label.data);
    MlirBlock body = beginTask(b, dlcValuesOf(&ins), dlcValuesOf(&outs), i64s(1), (DlcValues){0}, name);
    dlcAtEnd(b, body) {
      DlcMapping map = dlcMappingCreate();
      for (intptr_t i = 0; i < ins.n; ++i) dlcMap(map, ins.data[i], argOf(body, 1 + i));
      for (intptr_t i = 0; i < outs.n; ++i) dlcMap(map, outs.data[i], argOf(body, 1 + ins.n + i));
      for (intptr_t i = 0; i < constants.n; ++i)
        dlcMap(map, constants.data[i], dlcResult(dlcClone(b, opOf(constants.data[i]), map), 0));
      dlcClone(b, op, map);
      endTask(b);
      dlcMappingDestroy(map);
    }
  }
  mlirRewriterBaseEraseOp(b->rewriter, op);
  dlcValueListDestroy(&used), dlcValueListDestroy(&constants), dlcValueListDestroy(&ins), dlcValueListDestroy(&outs);
}

static bool canCut(MlirOperation op) {
  if (!memref_copy_isa(op) && !linalg_fill_isa(op)) return false;
  MlirType type = typeOf(mlirOperationGetOperand(op, 1));
  return mlirTypeIsAMemRef(type) && mlirShapedTypeGetRank(type) > 0 && mlirShapedTypeGetRank(type) <= MAX_RANK;
}

void dlcFormTasks(DlcBuilder *b, MlirOperation root) {
  DlcOps ops = dlcCollect(root, isBare);
  for (intptr_t i = 0; i < ops.n; ++i)
    if (canCut(ops.data[i]))
      cutOp(b, ops.data[i]);
    else
      wrapOp(b, ops.data[i]);
  free(ops.data);
}

MlirLogicalResult dlcRunCtrlFormTasks(MlirOperation root, DlcPass *pass, const DlcCtrlFormTasksOptions *options) {
  (void)pass, (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  dlcFormTasks(&b, root);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
