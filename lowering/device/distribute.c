// ctrl-distribute-to-threads: the structured ops of a kernel become loops over
// the threads of a block.
//
//   gpu.func @k(...) kernel {                        gpu.func @k(...) kernel {
//     linalg.fill ins(%z) outs(%t)           ->        scf.for %l = %thread to %n step 256 { memref.store ... }
//     linalg.matmul ins(%a, %b) outs(%t)               gpu.barrier
//                                                      scf.for ... { scf.for %k ... iter_args(%acc) ... }
// What stands between them (scf control flow, loads, index arithmetic) is run
// by all threads alike; a lone memref.store by thread 0; cf.assert becomes a
// trap. A barrier stands between two accesses that may touch the same element
// from different threads, and at the ends of every piece of control flow that
// touches memory. Buffers of the body: scratch.h.
// Refuses: ops with effects on memory that are none of these, by name.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "lowering/device/kernel.h"
#include "lowering/device/nest.h"
#include "lowering/device/scratch.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/gpu.h"
#include "ods/linalg.h"
#include "ods/llvm.h"
#include "ods/memref.h"
#include "ods/scf.h"

typedef struct {
  MlirValue root, view; // root null: may be any buffer
  bool write, own;      // own: element e by thread e mod T only
} Access;
typedef struct {
  DlcTeam team;
  Access *pending; // since the last barrier
  intptr_t n, capacity;
  uint64_t barriers, tiled, shuffled;
} Distributor;

//===--- accesses ---
static bool isPiece(MlirOperation op) { // of the workspace of a persistent kernel
  return memref_view_isa(op) &&
         (!mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(op, dlcText(DLC_PIECE_ATTR))) ||
          !mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(op, dlcText(DLC_REPLICA_ATTR))));
}
static MlirValue rootOf(MlirValue v) {
  for (;;) {
    MlirOperation op = opOf(v);
    if (!op.ptr) break;
    if (isPiece(op)) return v;
    if (memref_subview_isa(op) || memref_cast_isa(op) || memref_reinterpret_cast_isa(op) ||
        memref_expand_shape_isa(op) || memref_collapse_shape_isa(op) || memref_view_isa(op) ||
        memref_memory_space_cast_isa(op) || memref_transpose_isa(op) || memref_extract_strided_metadata_isa(op))
      v = mlirOperationGetOperand(op, 0);
    else if (memref_alloc_isa(op) || memref_alloca_isa(op))
      return v;
    else
      return (MlirValue){0};
  }
  MlirOperation owner = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
  return gpu_func_isa(owner) ? v : (MlirValue){0};
}
static bool mayAlias(const Access *a, const Access *b) {
  if (!a->root.ptr || !b->root.ptr || mlirValueEqual(a->root, b->root)) return true;
  // Operands of one task may be one buffer; an allocation is no other's.
  return mlirValueIsABlockArgument(a->root) && mlirValueIsABlockArgument(b->root);
}
static bool conflict(const Access *a, const Access *b) {
  if (!a->write && !b->write) return false;
  if (a->own && b->own && mlirValueEqual(a->view, b->view)) return false;
  return mayAlias(a, b);
}
static void placeBarrier(Distributor *d) {
  if (!d->n) return;
  gpu_barrier(d->team.b);
  ++d->barriers;
  d->n = 0;
}
static void note(Distributor *d, Access a) {
  if (d->n == d->capacity) d->pending = realloc(d->pending, (size_t)(d->capacity = d->capacity * 2 + 32) * sizeof a);
  d->pending[d->n++] = a;
}
// A barrier at the insertion point if any of the accesses to come needs one; then they are pending.
static void order(Distributor *d, const Access *coming, intptr_t n) {
  bool needed = false;
  for (intptr_t i = 0; i < n; ++i)
    for (intptr_t j = 0; j < d->n && !needed; ++j) needed = conflict(&coming[i], &d->pending[j]);
  if (needed) placeBarrier(d);
  for (intptr_t i = 0; i < n; ++i) note(d, coming[i]);
}

typedef struct {
  Access *data;
  intptr_t n, capacity;
} Accesses;
static void add(Accesses *list, MlirValue view, bool write, bool own) {
  if (list->n == list->capacity)
    list->data = realloc(list->data, (size_t)(list->capacity = list->capacity * 2 + 16) * sizeof(Access));
  list->data[list->n++] = (Access){rootOf(view), view, write, own};
}
static MlirWalkResult addNested(MlirOperation op, void *list) {
  if (memref_load_isa(op)) add(list, memref_load_memref(op), false, false);
  if (memref_store_isa(op)) add(list, memref_store_memref(op), true, false);
  return MlirWalkResultAdvance;
}

//===--- ops ---
static bool distributeNest(Distributor *d, MlirOperation op) {
  DlcThreadNest nest;
  if (!dlcReadThreadNest(&d->team, op, &nest)) return false;
  Accesses coming = {0};
  for (intptr_t k = 0; k < nest.operands; ++k) {
    if (!mlirTypeIsAMemRef(typeOf(nest.values[k]))) continue;
    bool write = k >= nest.ins, own = dlcNestIsPrivate(&nest, k);
    if (write || nest.used[k]) add(&coming, nest.values[k], write, own);
  }
  if (!nest.isCopy) mlirOperationWalk(op, addNested, &coming, MlirWalkPreOrder);
  order(d, coming.data, coming.n);
  free(coming.data);
  dlcEmitThreadNest(&d->team, &nest);
  d->tiled += nest.kind == DLC_NEST_TILED;
  d->shuffled += nest.kind == DLC_NEST_SHUFFLED;
  if (d->team.b->failed) return false;
  mlirRewriterBaseEraseOp(d->team.b->rewriter, op);
  return true;
}

static bool storeOnce(Distributor *d, MlirOperation op) {
  DlcBuilder *b = d->team.b;
  MlirValue view = memref_store_memref(op);
  order(d, &(Access){rootOf(view), view, true, false}, 1);
  MlirOperation guard = scf_if(b, arith_cmpi(b, arith_CmpIPredicate_eq, d->team.thread, constIndex(b, 0)));
  if (!guard.ptr) return false;
  dlcAtEnd(b, dlcAddBlock(b, scf_if_thenRegion(guard), types())) {
    memref_store(b, memref_store_value(op), view, memref_store_indices(op));
    scf_yield(b);
  }
  mlirRewriterBaseEraseOp(b->rewriter, op);
  return !b->failed;
}

static bool trapUnless(Distributor *d, MlirOperation op) {
  DlcBuilder *b = d->team.b;
  MlirValue yes = arith_constant(b, .value = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 1), 1));
  MlirOperation guard = scf_if(b, arith_xori(b, cf_assert_arg(op), yes));
  if (!guard.ptr) return false;
  dlcAtEnd(b, dlcAddBlock(b, scf_if_thenRegion(guard), types())) {
    llvm_intr_trap(b);
    scf_yield(b);
  }
  mlirRewriterBaseEraseOp(b->rewriter, op);
  return !b->failed;
}

static bool distributeBlock(Distributor *d, MlirBlock block);
static bool enterControlFlow(Distributor *d, MlirOperation op) {
  if (!scf_for_isa(op) && !scf_if_isa(op) && !scf_while_isa(op) && !scf_index_switch_isa(op) &&
      !scf_execute_region_isa(op)) {
    MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
    return dlcRefuse(op, "%.*s has no form inside a kernel", (int)name.length, name.data);
  }
  placeBarrier(d);
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r)
    for (MlirBlock block = bodyOf(mlirOperationGetRegion(op, r)); block.ptr; block = mlirBlockGetNextInRegion(block)) {
      if (!distributeBlock(d, block)) return false;
      dlcBefore(d->team.b, mlirBlockGetTerminator(block)) placeBarrier(d);
    }
  return true;
}

static bool distributeOp(Distributor *d, MlirOperation op) {
  // Bufferisation leaves copies of a buffer to itself.
  if (memref_dealloc_isa(op) || (memref_copy_isa(op) && mlirValueEqual(memref_copy_source(op), memref_copy_target(op))))
    return mlirRewriterBaseEraseOp(d->team.b->rewriter, op), true;
  if (dlcIsLinalgOp(op) || memref_copy_isa(op)) return distributeNest(d, op);
  if (memref_alloc_isa(op) || memref_alloca_isa(op) || memref_assume_alignment_isa(op)) return true;
  if (memref_store_isa(op)) return storeOnce(d, op);
  if (memref_load_isa(op)) {
    order(d, &(Access){rootOf(memref_load_memref(op)), memref_load_memref(op), false, false}, 1);
    return true;
  }
  if (cf_assert_isa(op)) return trapUnless(d, op);
  if (dlcIsGridBarrier(op)) return d->n = 0, true; // one of the block, too
  if (dlcIsEffectFree(op)) return true;
  if (mlirOperationGetNumRegions(op)) return enterControlFlow(d, op);
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return dlcRefuse(op, "%.*s has no form inside a kernel", (int)name.length, name.data);
}

static bool distributeBlock(Distributor *d, MlirBlock block) {
  MlirOperation end = mlirBlockGetTerminator(block);
  for (MlirOperation op = mlirBlockGetFirstOperation(block), next; op.ptr && !mlirOperationEqual(op, end); op = next) {
    next = mlirOperationGetNextInBlock(op);
    bool ok = false;
    dlcBefore(d->team.b, op) ok = distributeOp(d, op);
    if (!ok) return false;
  }
  return true;
}

//===--- the pass ---
// Products and sums of a model may become one fused operation, as compilers for devices do by default. Here, before
// polynomials with their exact intermediates come in.
static MlirWalkResult allowContraction(MlirOperation op, void *contract) {
  if (arith_mulf_isa(op) || arith_addf_isa(op) || arith_subf_isa(op))
    dlcSetAttr(op, "fastmath", *(MlirAttribute *)contract);
  return MlirWalkResultAdvance;
}
// Workgroup memory is known now.
static bool checkResidence(MlirOperation func) {
  int64_t blocks = dlcKernelNumber(func, "blocks"), units = dlcKernelNumber(func, "units");
  int64_t each = dlcKernelNumber(func, "unitShared"), shared = dlcKernelNumber(func, "shared");
  if (blocks < 0 || units < 0) return true;
  if (each > 0 && shared > 0 && each / shared * units < dlcKernelNumber(func, "resident"))
    dlcSetKernelNumber(func, "resident", each / shared * units);
  return dlcCheckResidence(func, func, blocks);
}
static bool distributeKernel(Distributor *d, MlirOperation func, int64_t limit) {
  DlcBuilder *b = d->team.b;
  DlcI32s size = gpu_func_known_block_size(func);
  if (size.n != 3 || size.data[0] < 1) return dlcRefuse(func, "a kernel without known_block_size");
  d->team.threads = size.data[0];
  d->n = 0;
  MlirBlock entry = bodyOf(mlirOperationGetRegion(func, 0));
  dlcAtStart(b, entry) d->team.thread = gpu_thread_id(b, gpu_Dimension_x);
  return distributeBlock(d, entry) && dlcPlanScratch(b, func, limit) && checkResidence(func);
}

static bool hasScratch(MlirOperation func) {
  MlirAttribute about = mlirOperationGetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR));
  return !mlirAttributeIsNull(about) &&
         mlirIntegerAttrGetValueInt(mlirDictionaryAttrGetElementByName(about, dlcText("scratch"))) > 0;
}
static bool giveScratch(DlcBuilder *b, MlirOperation module, MlirOperation kernels) {
  bool ok = true;
  DlcOps launches = dlcCollect(module, gpu_launch_func_isa);
  dlcForEachOp(func, bodyOf(gpu_module_bodyRegion(kernels))) {
    if (!gpu_func_isa(func) || !hasScratch(func)) continue;
    for (intptr_t i = 0; i < launches.n && ok; ++i)
      if (launches.data[i].ptr && mlirOperationEqual(dlcKernelOf(kernels, launches.data[i]), func)) {
        ok = dlcGiveScratch(b, launches.data[i], func);
        launches.data[i].ptr = NULL;
      }
  }
  free(launches.data);
  return ok;
}

MlirLogicalResult dlcRunCtrlDistributeToThreads(MlirOperation module, DlcPass *pass,
                                                const DlcCtrlDistributeToThreadsOptions *options) {
  MlirOperation kernels = dlcFindKernels(module);
  if (!kernels.ptr) return mlirLogicalResultSuccess();
  if (options->warp < 1 || options->warp > 64 || (options->warp & (options->warp - 1)))
    return dlcRefuse(module, "ctrl-distribute-to-threads: warp must be a power of two up to 64, not %ld",
                     (long)options->warp),
           mlirLogicalResultFailure();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(module));
  DlcBuilder b = {rewriter, mlirOperationGetContext(module), mlirOperationGetLocation(module), false};
  Distributor d = {.team = {.b = &b, .warp = options->warp}};
  bool ok = true;
  dlcForEachOp(func, bodyOf(gpu_module_bodyRegion(kernels))) {
    if (ok && gpu_func_isa(func)) ok = distributeKernel(&d, func, options->sharedLimit);
  }
  ok = ok && giveScratch(&b, module, kernels);
  MlirAttribute contract = mlirAttributeParseGet(b.ctx, dlcText("#arith.fastmath<contract>"));
  if (ok) mlirOperationWalk(kernels, allowContraction, &contract, MlirWalkPreOrder);
  dlcPassCount(pass, 0, d.barriers);
  dlcPassCount(pass, 1, d.tiled);
  dlcPassCount(pass, 2, d.shuffled);
  free(d.pending);
  mlirIRRewriterDestroy(rewriter);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
