// place-plan: gives every buffer its place.
//
//   %a = memref.alloc() : memref<64x128xf32>         %a = place.alloc offset(4096) : memref<64x128xf32>
//   %d = memref.alloc(%n) : memref<?x128xf32>   ->   %d = memref.view %arena[%offset][%n] : memref<?xi8> to ..
//   ctrl.task (..) { %t = memref.alloc() .. }        ctrl.task (..) workgroup(%w : memref<8192xi8, ..>) { memref.view
//   %w .. }
//
// Buffers share one arena: those that do not live at the same time may have the
// same bytes. The bytes of those of static size are the function's attribute
// place.arena_bytes; those whose sizes are known when the function is entered are
// views of one more buffer, allocated there (passes/place/arena.c).
// Buffers whose size depends on data come from the runtime and are released after
// their last use, as do those that outlive the next iteration of their loop, which
// live until the program ends. A buffer that the function returns is the caller's.
// What a task allocates becomes part of the worker's workgroup memory; a dynamic
// size must have a constant bound there.
// Refuses: buffers with a layout; sizes that overflow; unbounded ones in a task.
#include <stdlib.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/place/arena.h"
#include "passes/place/lifetime.h"
#include "passes/place/pack.h"
#include "ods/ctrl.h"
#include "ods/memref.h"

enum { ALIGNMENT = 64, MAX_RANK = 16 };

static MlirLogicalResult refuse(MlirOperation op, const char *why) {
  mlirEmitError(mlirOperationGetLocation(op), why);
  return mlirLogicalResultFailure();
}

static bool hasIdentityLayout(MlirType memref) { return mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(memref)); }

// The most bytes that the buffer can need; -1: no bound.
static int64_t boundedBytes(MlirOperation alloc) {
  MlirType type = typeOf(mlirOperationGetResult(alloc, 0));
  DlcValues sizes = memref_alloc_dynamicSizes(alloc);
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(type)), next = 0;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i) {
    int64_t extent =
        mlirShapedTypeIsDynamicDim(type, i) ? dlcUpperBound(at(sizes, next++)) : mlirShapedTypeGetDimSize(type, i);
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return -1;
  }
  return bytes;
}

//===--- workgroup memory --------------------------------------------------------------===//
static MlirValue addWorkgroup(DlcBuilder *b, MlirOperation task, int64_t bytes) {
  MlirAttribute space = mlirAttributeParseGet(b->ctx, dlcText("#gpu.address_space<workgroup>"));
  MlirType type = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &bytes, space);
  ctrl_task_set_workgroup(task, mlirUnitAttrGet(b->ctx));
  return mlirBlockAddArgument(bodyOf(ctrl_task_body(task)), type, mlirOperationGetLocation(task));
}

// In the space of a view of workgroup memory; its uses see it as ordinary memory.
static MlirValue viewWorkgroup(DlcBuilder *b, MlirOperation alloc, MlirValue workgroup, int64_t offset) {
  MlirType type = typeOf(mlirOperationGetResult(alloc, 0));
  int64_t shape[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(type);
  for (intptr_t i = 0; i < rank; ++i) shape[i] = mlirShapedTypeGetDimSize(type, i);
  MlirType there = mlirMemRefTypeContiguousGet(mlirShapedTypeGetElementType(type), rank, shape,
                                               mlirMemRefTypeGetMemorySpace(typeOf(workgroup)));
  MlirValue view = memref_view(b, workgroup, constIndex(b, offset), memref_alloc_dynamicSizes(alloc), there);
  return memref_memory_space_cast(b, view, type);
}

static MlirLogicalResult planTask(DlcBuilder *b, MlirOperation task) {
  DlcLifetimes lives = dlcComputeLifetimes(task, true);
  DlcPacked *packed = calloc((size_t)lives.n + 1, sizeof *packed);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < lives.n && mlirLogicalResultIsSuccess(result); ++i) {
    MlirType type = typeOf(mlirOperationGetResult(lives.data[i].alloc, 0));
    int64_t bytes = boundedBytes(lives.data[i].alloc);
    if (mlirShapedTypeGetRank(type) > MAX_RANK || !hasIdentityLayout(type))
      result = refuse(
          lives.data[i].alloc,
          "place-plan: a buffer with a layout, or of more than 16 dimensions, cannot be placed in workgroup memory");
    else if (bytes < 0)
      result = refuse(lives.data[i].alloc, "place-plan: a buffer inside a task needs a size with a constant bound");
    else if (lives.data[i].survives)
      result = refuse(lives.data[i].alloc, "place-plan: a buffer inside a task must not outlive an iteration");
    packed[i] = (DlcPacked){lives.data[i].start, lives.data[i].end, bytes, ALIGNMENT, 0};
  }
  if (lives.n && mlirLogicalResultIsSuccess(result)) {
    int64_t bytes = dlcAlignUp(dlcPack(packed, lives.n), ALIGNMENT);
    MlirValue workgroup = addWorkgroup(b, task, bytes > 0 ? bytes : ALIGNMENT);
    for (intptr_t i = 0; i < lives.n; ++i) {
      MlirOperation alloc = lives.data[i].alloc;
      MlirValue view = {0};
      dlcBefore(b, alloc) view = viewWorkgroup(b, alloc, workgroup, packed[i].offset);
      if (!isNull(view)) mlirRewriterBaseReplaceAllUsesWith(b->rewriter, mlirOperationGetResult(alloc, 0), view);
      mlirRewriterBaseEraseOp(b->rewriter, alloc);
    }
  }
  free(packed);
  dlcLifetimesDestroy(lives);
  return result;
}

static void eraseDeallocs(DlcBuilder *b, MlirOperation root) {
  DlcOps deallocs = dlcCollect(root, memref_dealloc_isa);
  for (intptr_t i = 0; i < deallocs.n; ++i) mlirRewriterBaseEraseOp(b->rewriter, deallocs.data[i]);
  free(deallocs.data);
}

MlirLogicalResult dlcRunPlacePlan(MlirOperation root, DlcPass *pass, const DlcPlacePlanOptions *options) {
  if (mlirRegionIsNull(mlirOperationGetFirstRegion(root)) || !bodyOf(mlirOperationGetFirstRegion(root)).ptr)
    return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  eraseDeallocs(&b, root);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  DlcOps tasks = dlcCollect(root, ctrl_task_isa);
  for (intptr_t i = 0; options->workgroup && i < tasks.n && mlirLogicalResultIsSuccess(result); ++i)
    result = planTask(&b, tasks.data[i]);
  free(tasks.data);
  DlcArena arena;
  if (mlirLogicalResultIsSuccess(result)) result = dlcPlanArena(&b, root, &arena);
  if (mlirLogicalResultIsSuccess(result)) {
    mlirOperationSetDiscardableAttributeByName(root, dlcText("place.arena_bytes"),
                                               mlirIntegerAttrGet(mlirIntegerTypeGet(b.ctx, 64), arena.arena));
    dlcPassCount(pass, DlcPlacePlan_arena, (uint64_t)arena.arena);
    dlcPassCount(pass, DlcPlacePlan_buffers, (uint64_t)arena.buffers);
  }
  mlirIRRewriterDestroy(rewriter);
  return b.failed ? mlirLogicalResultFailure() : result;
}
