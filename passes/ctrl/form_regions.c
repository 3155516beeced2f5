// ctrl-form-regions: the body of a function on buffers becomes one ctrl.region,
// what one launch of a persistent kernel runs.
//
//   %n = memref.dim %x                              %n = memref.dim %x
//   %h = ctrl.loop %i to %n carry(%a = %x) {        %y0, %y1 = memref.alloc(%n), memref.alloc(%n)
//     %y = memref.alloc(%n)                    ->   %r = memref.alloc(%n)
//     ctrl.task ins(%a) outs(%y)                    ctrl.region at(grid) workers(132) threads(256) {
//     ctrl.next %y                                    %h = ctrl.loop %i to %n carry(%a = %x) {
//   }                                                   %y = arith.select %a is not %y0, %y0, %y1
//   return %h                                           ..
//                                                     ctrl.task .. copies %h to %r
//                                                   }
//                                                   return %r
//
// Nothing is allocated inside: a buffer's memory is allocated before the region,
// once for all iterations; more than once where loops carry the buffer on: it is
// then in the first place that no carried one is in. Sizes that are not known at
// the entry need a bound there: such a buffer is a view of bytes. Constants, sizes
// of inputs and assertions about them stay on the host, and nothing else.
// Refuses: calls, tokens and places; outputs whose size depends on data; buffers
// without a bound at the entry.
#include <stdlib.h>
#include <stdio.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "mlir-c/Diagnostics.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "passes/cost/device.h"
#include "passes/ctrl/buffer_roots.h"
#include "passes/ctrl/form_tasks.h"
#include "passes/ctrl/outer_sizes.h"
#include "passes/place/bytes.h"

enum { MAX_RANK = 16, MAX_LIVE = 7, ALIGNMENT = 64 };

// Where a buffer of the region is.
typedef struct {
  MlirOperation alloc;
  bool exact;                // of the type it has inside; else bytes
  MlirValue sizes[MAX_RANK]; // of its dynamic extents
  intptr_t nSizes;
  MlirValue live[MAX_LIVE]; // carried values that may be earlier ones of it: it is where none of them is
  intptr_t nLive;
} Buffer;
typedef struct {
  DlcOuterSizes sizes;
  MlirOperation function, region, end;
  MlirOperation *inside; // what moves into the region, in order
  intptr_t nInside;
  DlcBufferRoots roots;
  Buffer *buffers;
  intptr_t n;
  bool strict; // say why not
} Former;

static bool refuse(const Former *f, MlirOperation op, const char *why) {
  char text[256];
  snprintf(text, sizeof text, "ctrl-form-regions: %s", why);
  if (f->strict) mlirEmitError(mlirOperationGetLocation(op), text);
  return false;
}

//===--- what may be inside ---
static bool isControl(MlirOperation op) { return ctrl_loop_isa(op) || ctrl_branch_isa(op); }
static bool isView(MlirOperation op) {
  return memref_subview_isa(op) || memref_cast_isa(op) || memref_reinterpret_cast_isa(op) || memref_view_isa(op) ||
         memref_expand_shape_isa(op) || memref_collapse_shape_isa(op) || memref_memory_space_cast_isa(op);
}
static bool isMovable(MlirOperation op) {
  return memref_alloc_isa(op) || memref_load_isa(op) || memref_store_isa(op) || memref_copy_isa(op) ||
         memref_dealloc_isa(op) || cf_assert_isa(op) || memref_get_global_isa(op) ||
         (dlcIsLinalgOp(op) && mlirOperationGetNumResults(op) == 0) ||
         (dlcIsEffectFree(op) && !mlirOperationGetNumRegions(op));
}
static bool checkBlock(Former *f, MlirBlock block) {
  MlirOperation end = mlirBlockGetTerminator(block);
  dlcForEachOp(op, block) {
    if (mlirOperationEqual(op, end)) continue;
    if (ctrl_task_isa(op)) {
      if (mlirOperationGetNumResults(op)) return refuse(f, op, "a task with a token, or on tensors");
      continue;
    }
    if (isControl(op)) {
      for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r) {
        MlirBlock inner = bodyOf(mlirOperationGetRegion(op, r));
        if (inner.ptr && !checkBlock(f, inner)) return false;
      }
      continue;
    }
    if (ctrl_ready_isa(op) || ctrl_join_isa(op) || !isMovable(op)) {
      MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
      char why[160];
      snprintf(why, sizeof why, "%.*s has no place in a persistent kernel", (int)name.length, name.data);
      return refuse(f, op, why);
    }
  }
  return true;
}

// What stays before the region: it needs nothing but the arguments' shapes.
static void markOutside(Former *f) {
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(f->function, 0))) {
    if (mlirOperationEqual(op, f->region)) break;
    bool stays = !isView(op) && !mlirOperationGetNumRegions(op) &&
                 (dlcIsPure(op) || cf_assert_isa(op) || memref_dim_isa(op) || memref_get_global_isa(op));
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(op) && stays; ++i) {
      MlirValue v = mlirOperationGetOperand(op, i);
      stays = mlirValueIsABlockArgument(v) || dlcPointerMapGet(&f->sizes.outside, opOf(v).ptr) >= 0;
    }
    if (stays)
      dlcPointerMapSet(&f->sizes.outside, op.ptr, 1);
    else {
      f->inside = realloc(f->inside, (size_t)(f->nInside + 1) * sizeof *f->inside);
      f->inside[f->nInside++] = op;
    }
  }
}

//===--- buffers ---
// An earlier buffer of an allocation is read through what the loops around it carry, or not at all.
static bool findLive(Former *f, Buffer *buffer) {
  MlirValue v = mlirOperationGetResult(buffer->alloc, 0);
  for (MlirOperation p = mlirOperationGetParentOperation(buffer->alloc); !mlirOperationEqual(p, f->function);
       p = mlirOperationGetParentOperation(p)) {
    if (!ctrl_loop_isa(p)) continue;
    MlirBlock body = bodyOf(ctrl_loop_body(p));
    for (intptr_t i = 1; i < mlirBlockGetNumArguments(body); ++i) {
      if (!mlirTypeIsAMemRef(typeOf(argOf(body, i))) || !dlcMayBe(&f->roots, argOf(body, i), v)) continue;
      if (buffer->nLive == MAX_LIVE) return refuse(f, buffer->alloc, "a buffer of which loops carry more than 7");
      buffer->live[buffer->nLive++] = argOf(body, i);
    }
  }
  return true;
}
static bool planBuffer(Former *f, MlirOperation alloc, Buffer *buffer) {
  MlirType type = typeOf(mlirOperationGetResult(alloc, 0));
  *buffer = (Buffer){.alloc = alloc, .exact = true};
  if (mlirShapedTypeGetRank(type) > MAX_RANK || !mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type)))
    return refuse(f, alloc, "a buffer with a layout, or of more than 16 dimensions");
  DlcValues sizes = memref_alloc_dynamicSizes(alloc);
  buffer->nSizes = sizes.n;
  for (intptr_t i = 0; i < sizes.n; ++i) {
    MlirValue exact = dlcOuterValue(&f->sizes, at(sizes, i));
    buffer->sizes[i] = isNull(exact) ? dlcOuterBound(&f->sizes, at(sizes, i)) : exact;
    buffer->exact = buffer->exact && !isNull(exact);
    if (isNull(buffer->sizes[i])) return refuse(f, alloc, "a buffer whose size has no bound where the program begins");
  }
  return findLive(f, buffer);
}
static bool isOwnAlloc(MlirOperation op) {
  if (!memref_alloc_isa(op)) return false;
  for (MlirOperation p = mlirOperationGetParentOperation(op); p.ptr; p = mlirOperationGetParentOperation(p))
    if (ctrl_task_isa(p)) return false;
  return true;
}
static bool planBuffers(Former *f) {
  DlcOps allocs = dlcCollect(f->function, isOwnAlloc);
  f->buffers = calloc((size_t)allocs.n + 1, sizeof *f->buffers);
  bool ok = true;
  for (intptr_t i = 0; i < allocs.n && ok; ++i) ok = planBuffer(f, allocs.data[i], &f->buffers[f->n++]);
  free(allocs.data);
  return ok;
}

static int64_t unitBytes(MlirType type) {
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(type));
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    if (!mlirShapedTypeIsDynamicDim(type, i) &&
        __builtin_mul_overflow(bytes, mlirShapedTypeGetDimSize(type, i), &bytes))
      return DLC_TOO_MANY_BYTES;
  return bytes;
}
static MlirValue allocateOutside(Former *f, const Buffer *buffer) {
  DlcBuilder *b = f->sizes.b;
  MlirType type = typeOf(mlirOperationGetResult(buffer->alloc, 0));
  DlcValues sizes = valsN(buffer->nSizes, buffer->sizes);
  MlirValue v = {0};
  dlcBefore(b, f->region) {
    if (buffer->exact)
      v = memref_alloc(b, .memref_type = type, .dynamicSizes = sizes, .alignment = SOME(ALIGNMENT));
    else {
      MlirValue bytes = dlcBytesOf(b, unitBytes(type), sizes);
      int64_t open = mlirShapedTypeGetDynamicSize();
      MlirType t = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &open, (MlirAttribute){0});
      v = memref_alloc(b, .memref_type = t, .dynamicSizes = valsN(1, &bytes), .alignment = SOME(ALIGNMENT));
    }
  }
  return v;
}
static MlirValue seenInside(Former *f, const Buffer *buffer, MlirValue memory) {
  if (buffer->exact) return memory;
  return memref_view(f->sizes.b, memory, constIndex(f->sizes.b, 0), memref_alloc_dynamicSizes(buffer->alloc),
                     typeOf(mlirOperationGetResult(buffer->alloc, 0)));
}
static MlirValue addressOf(DlcBuilder *b, MlirValue buffer) {
  return memref_extract_aligned_pointer_as_index(b, buffer);
}
// One more place than there are live buffers: the first one that none of them is in.
static MlirValue chooseFree(Former *f, const Buffer *buffer, const MlirValue *places) {
  DlcBuilder *b = f->sizes.b;
  MlirValue addresses[MAX_LIVE];
  for (intptr_t i = 0; i < buffer->nLive; ++i) addresses[i] = addressOf(b, buffer->live[i]);
  MlirValue chosen = seenInside(f, buffer, places[buffer->nLive]);
  for (intptr_t k = buffer->nLive - 1; k >= 0 && !b->failed; --k) {
    MlirValue here = addressOf(b, places[k]), free = {0};
    for (intptr_t i = 0; i < buffer->nLive; ++i) {
      MlirValue other = arith_cmpi(b, arith_CmpIPredicate_ne, addresses[i], here);
      free = i ? arith_andi(b, free, other) : other;
    }
    chosen = arith_select(b, free, seenInside(f, buffer, places[k]), chosen);
  }
  return chosen;
}
static void replaceBuffer(Former *f, const Buffer *buffer) {
  DlcBuilder *b = f->sizes.b;
  MlirValue places[MAX_LIVE + 1], v = {0};
  for (intptr_t i = 0; i <= buffer->nLive; ++i) places[i] = allocateOutside(f, buffer);
  if (b->failed) return;
  dlcBefore(b, buffer->alloc) v = chooseFree(f, buffer, places);
  if (!isNull(v)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, buffer->alloc, 1, &v);
}

//===--- outputs ---
static bool isWhole(const Former *f, MlirValue v) { // an allocation of the function's own, of exact size
  for (intptr_t i = 0; i < f->n; ++i)
    if (mlirOperationEqual(opOf(v), f->buffers[i].alloc)) return f->buffers[i].exact && !f->buffers[i].nLive;
  return false;
}
// Null of a value that needs no copy; `ok` false: its size is not known.
static bool planOutput(Former *f, MlirValue v, MlirValue *sizes, intptr_t *n) {
  *n = 0;
  MlirType type = typeOf(v);
  if (!mlirTypeIsAMemRef(type) || !mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type)) ||
      mlirShapedTypeGetRank(type) > MAX_RANK)
    return refuse(f, f->end, "an output that is no plain buffer");
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(type); ++d) {
    if (!mlirShapedTypeIsDynamicDim(type, d)) continue;
    sizes[*n] = dlcOuterExtent(&f->sizes, v, d);
    if (isNull(sizes[(*n)++])) return refuse(f, f->end, "an output whose size is not known where the program begins");
  }
  return true;
}
static bool needsCopy(const Former *f, MlirValue v, intptr_t i) {
  if (mlirValueIsABlockArgument(v)) return false;
  if (dlcPointerMapGet(&f->sizes.outside, opOf(v).ptr) >= 0) return false;
  for (intptr_t k = 0; k < i; ++k) // returned twice: two outputs
    if (mlirValueEqual(mlirOperationGetOperand(f->end, k), v)) return true;
  return !isWhole(f, v);
}

typedef struct {
  MlirValue from, to;
} Copy;
static bool planOutputs(Former *f) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(f->end); ++i) {
    MlirValue v = mlirOperationGetOperand(f->end, i), sizes[MAX_RANK];
    intptr_t n;
    if (needsCopy(f, v, i) && !planOutput(f, v, sizes, &n)) return false;
  }
  return true;
}
static void copyOutputs(Former *f, MlirBlock body) {
  DlcBuilder *b = f->sizes.b;
  for (intptr_t i = mlirOperationGetNumOperands(f->end) - 1; i >= 0; --i) {
    MlirValue v = mlirOperationGetOperand(f->end, i), sizes[MAX_RANK], out = {0};
    intptr_t n;
    if (!needsCopy(f, v, i) || !planOutput(f, v, sizes, &n)) continue;
    dlcBefore(b, f->region) out =
        memref_alloc(b, .memref_type = typeOf(v), .dynamicSizes = valsN(n, sizes), .alignment = SOME(ALIGNMENT));
    if (isNull(out)) return;
    mlirOperationSetOperand(f->end, i, out);
    dlcAtEnd(b, body) memref_copy(b, v, out);
  }
}

//===--- the region ---
static int64_t mostThreads(MlirOperation function, int64_t most) {
  DlcOps tasks = dlcCollect(function, ctrl_task_isa);
  for (intptr_t i = 0; i < tasks.n; ++i) {
    DlcOptI64 own = ctrl_task_threads(tasks.data[i]);
    if (own.has && own.value > most) most = own.value;
  }
  free(tasks.data);
  return most;
}
static void commit(Former *f) {
  DlcBuilder *b = f->sizes.b;
  MlirBlock body = bodyOf(ctrl_region_body(f->region));
  for (intptr_t i = 0; i < f->nInside; ++i) {
    mlirOperationRemoveFromParent(f->inside[i]);
    mlirBlockAppendOwnedOperation(body, f->inside[i]);
  }
  copyOutputs(f, body);
  for (intptr_t i = 0; i < f->n && !b->failed; ++i) replaceBuffer(f, &f->buffers[i]);
  DlcOps frees = dlcCollect(f->region, memref_dealloc_isa);
  for (intptr_t i = 0; i < frees.n; ++i) mlirRewriterBaseEraseOp(b->rewriter, frees.data[i]);
  free(frees.data);
  dlcAtEnd(b, body) ctrl_yield(b);
  dlcFormTasks(b, f->region);
}

static bool isMode(const DlcCtrlFormRegionsOptions *options, const char *mode) {
  return mlirStringRefEqual(options->mode, dlcText(mode));
}
static bool isWork(MlirOperation op) { return ctrl_task_isa(op) || isControl(op); }
static bool holds(MlirOperation root, bool (*is)(MlirOperation)) {
  DlcOps ops = dlcCollect(root, is);
  free(ops.data);
  return ops.n > 0;
}

// What was computed for a region that is not formed has no use.
static MlirLogicalResult formRegion(DlcBuilder *b, MlirOperation function, const DlcCtrlFormRegionsOptions *options,
                                    int64_t workers, uint64_t *formed) {
  MlirBlock entry = bodyOf(mlirOperationGetRegion(function, 0));
  Former f = {.function = function, .end = mlirBlockGetTerminator(entry), .strict = isMode(options, "kernel")};
  f.sizes = (DlcOuterSizes){.b = b, .function = function};
  dlcBefore(b, f.end) f.region = ctrl_region(b, .at = ctrl_Level_grid, .workers = SOME(workers),
                                             .threads = SOME(mostThreads(function, options->threads)));
  if (!f.region.ptr) return mlirLogicalResultFailure();
  if (!bodyOf(ctrl_region_body(f.region)).ptr) dlcAddBlock(b, ctrl_region_body(f.region), types());
  f.sizes.before = f.region;
  bool ok = true;
  dlcForEachOp(op, entry) { // the region itself is new, and empty
    if (!ok || mlirOperationEqual(op, f.region)) break;
    if (ctrl_region_isa(op)) ok = refuse(&f, op, "a region in a function that becomes one");
  }
  markOutside(&f);
  mlirOperationRemoveFromParent(f.region);
  ok = ok && checkBlock(&f, entry);
  mlirBlockInsertOwnedOperationBefore(entry, f.end, f.region);
  f.roots = dlcFindBufferRoots(function);
  ok = ok && planBuffers(&f) && planOutputs(&f);
  if (ok)
    commit(&f), ++*formed;
  else
    mlirRewriterBaseEraseOp(b->rewriter, f.region);
  free(f.buffers);
  free(f.inside);
  dlcBufferRootsDestroy(&f.roots);
  dlcOuterSizesDestroy(&f.sizes);
  return ok || !f.strict ? dlcStatus(b) : mlirLogicalResultFailure();
}

// Each is a pointer that the kernel is given.
static bool isBuffer(MlirOperation op) { return memref_get_global_isa(op) || isOwnAlloc(op); }
static bool hasTooMany(MlirOperation function, int64_t most) {
  DlcOps ops = dlcCollect(function, isBuffer);
  free(ops.data);
  return most && ops.n > most;
}
static bool takeOptions(MlirOperation root, const DlcCtrlFormRegionsOptions *options, int64_t *workers) {
  Former f = {.strict = true};
  if (!isMode(options, "auto") && !isMode(options, "kernel") && !isMode(options, "host"))
    return refuse(&f, root, "mode is auto, kernel or host");
  DlcDevice device;
  *workers = options->workers;
  if (*workers < 0 || options->threads < 1 || options->threads > 1024)
    return refuse(&f, root, "workers must not be negative, and threads 1 to 1024");
  if (*workers) return true;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return false;
  *workers = device.units > 0 ? device.units : 1;
  return true;
}

MlirLogicalResult dlcRunCtrlFormRegions(MlirOperation root, DlcPass *pass, const DlcCtrlFormRegionsOptions *options) {
  int64_t workers;
  if (!takeOptions(root, options, &workers)) return mlirLogicalResultFailure();
  MlirBlock entry = bodyOf(mlirOperationGetRegion(root, 0));
  if (isMode(options, "host") || !entry.ptr || mlirBlockGetNextInRegion(entry).ptr ||
      !func_return_isa(mlirBlockGetTerminator(entry)) || !holds(root, isMode(options, "kernel") ? isWork : isControl))
    return mlirLogicalResultSuccess();
  if (isMode(options, "auto") && hasTooMany(root, options->mostBuffers)) return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  uint64_t formed = 0;
  MlirLogicalResult result = formRegion(&b, root, options, workers, &formed);
  dlcPassCount(pass, 0, formed);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
