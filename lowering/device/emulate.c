// ctrl-emulate-kernels: runs kernels on the host, thread after thread, to test
// their results where there is no device.
//
//   gpu.func @k(...) kernel {          func.func private @k(..., %block: index) {
//     A                                  scf.for %thread = 0 to 256 { A }
//     gpu.barrier                  ->    scf.for %thread = 0 to 256 { A's arithmetic again, B }
//     B                                }
//   }
//   gpu.launch_func @kernels::@k       scf.for %block = 0 to %grid { func.call @k(..., %block) }
//
// Takes what ctrl-distribute-to-threads{warp=1} leaves, so that the code under
// test is the code of the device but for shuffles. With `reverse` the threads
// run from the last to the first: a missing barrier shows as a difference.
// A persistent kernel has barriers of the whole grid, too. It becomes a function
// of all its blocks, cut into pieces there first: each piece runs block after
// block, and a block's thread after thread. What stands between the pieces is run
// once, as every block would. `reverse` turns the order of blocks, too.
// With `counts` the program counts its launches and the copies back to the host as
// it runs (emulate_counts.h).
// Refuses: more blocks than run at once, shuffles, barriers that only some threads reach, values that a thread
// loads before a barrier and uses after it.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "lowering/device/emulate_counts.h"
#include "lowering/device/kernel.h"
#include "ods/arith.h"
#include "ods/func.h"
#include "ods/gpu.h"
#include "ods/memref.h"
#include "ods/scf.h"

typedef struct {
  MlirOperation op;
  bool again; // recomputed after a barrier: pure, of values that are
} Step;
typedef struct {
  DlcBuilder *b;
  int64_t threads;
  bool reverse;
  bool isGrid;          // cut at barriers of the grid
  MlirValue block;      // null: of the whole grid
  MlirValue blocks;     // of the whole grid
  DlcMapping uniform;   // values that are the same in every thread
  DlcValueList varying; // the others
  Step *steps;          // the ops that make varying values or have effects in threads, in order
  intptr_t n, capacity, flushed;
  DlcValueList lost; // varying values that cannot be recomputed
  DlcValueList kept; // results of control flow, and where each is stored
  MlirBlock entry;   // of the function
} Emulator;

//===--- what an op is ---
typedef struct {
  Emulator *e;
  bool varies, barrier, shuffle;
} Look;
static MlirWalkResult look(MlirOperation op, void *data) {
  Look *l = data;
  if (gpu_thread_id_isa(op) || (l->e->isGrid && (gpu_block_id_isa(op) || gpu_barrier_isa(op)))) l->varies = true;
  if (l->e->isGrid ? dlcIsGridBarrier(op) : gpu_barrier_isa(op)) l->barrier = true;
  if (gpu_shuffle_isa(op)) l->shuffle = true;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op) && !l->varies; ++i)
    l->varies = dlcValueListFind(&l->e->varying, mlirOperationGetOperand(op, i)) >= 0;
  return MlirWalkResultAdvance;
}
typedef struct {
  Emulator *e;
  bool found;
} LostUse;
static MlirWalkResult findLost(MlirOperation op, void *data) {
  LostUse *l = data;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op) && !l->found; ++i)
    l->found = dlcValueListFind(&l->e->lost, mlirOperationGetOperand(op, i)) >= 0;
  return MlirWalkResultAdvance;
}
static bool usesLost(Emulator *e, MlirOperation op) {
  LostUse l = {e, false};
  mlirOperationWalk(op, findLost, &l, MlirWalkPreOrder);
  return l.found;
}

//===--- segments ---
static MlirOperation cloneOp(Emulator *e, MlirOperation op, DlcMapping map) {
  if (gpu_block_id_isa(op)) return dlcMap(map, dlcResult(op, 0), e->block), op;
  return dlcClone(e->b, op, map);
}
static MlirWalkResult replaceIds(MlirOperation op, void *data) {
  MlirValue *ids = data; // thread, block
  if (gpu_thread_id_isa(op)) mlirValueReplaceAllUsesOfWith(dlcResult(op, 0), ids[0]);
  if (gpu_block_id_isa(op)) mlirValueReplaceAllUsesOfWith(dlcResult(op, 0), ids[1]);
  return MlirWalkResultAdvance;
}

static bool emulateOp(Emulator *e, MlirOperation op);
static void forgetEmulator(Emulator *e) {
  dlcMappingDestroy(e->uniform);
  dlcValueListDestroy(&e->varying);
  dlcValueListDestroy(&e->lost);
  dlcValueListDestroy(&e->kept);
  free(e->steps);
}
// The pending steps, for every thread of every block.
static bool flush(Emulator *e);
static bool runBlocks(Emulator *e) {
  DlcBuilder *b = e->b;
  MlirOperation loop = scf_for(b, constIndex(b, 0), e->blocks, constIndex(b, 1));
  if (!loop.ptr) return false;
  MlirType idx = indexType(b);
  MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(idx));
  bool ok = true;
  dlcAtEnd(b, body) {
    MlirValue block = argOf(body, 0);
    if (e->reverse) block = arith_subi(b, arith_subi(b, e->blocks, constIndex(b, 1)), block);
    Emulator one = {
        .b = b, .threads = e->threads, .reverse = e->reverse, .block = block, .uniform = dlcMappingClone(e->uniform)};
    for (intptr_t i = 0; i < e->n && ok; ++i)
      if (i >= e->flushed || e->steps[i].again) ok = emulateOp(&one, e->steps[i].op);
    ok = ok && flush(&one);
    forgetEmulator(&one);
    scf_yield(b);
  }
  return ok && !b->failed;
}

// The pending steps, for every thread.
static bool runThreads(Emulator *e) {
  DlcBuilder *b = e->b;
  MlirOperation loop = scf_for(b, constIndex(b, 0), constIndex(b, e->threads), constIndex(b, 1));
  if (!loop.ptr) return false;
  MlirType idx = indexType(b);
  MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(idx));
  dlcAtEnd(b, body) {
    MlirValue thread = argOf(body, 0);
    if (e->reverse) thread = arith_subi(b, constIndex(b, e->threads - 1), thread);
    DlcMapping map = dlcMappingClone(e->uniform);
    for (intptr_t i = 0; i < e->n && !b->failed; ++i) {
      if (i < e->flushed && !e->steps[i].again) continue;
      MlirOperation op = e->steps[i].op;
      if (gpu_thread_id_isa(op))
        dlcMap(map, dlcResult(op, 0), thread);
      else {
        MlirOperation copy = cloneOp(e, op, map);
        if (copy.ptr) mlirOperationWalk(copy, replaceIds, (MlirValue[]){thread, e->block}, MlirWalkPreOrder);
      }
    }
    dlcMappingDestroy(map);
    scf_yield(b);
  }
  return !b->failed;
}
static void forget(DlcValueList *list, MlirValue v) {
  intptr_t i = dlcValueListFind(list, v);
  if (i >= 0) list->data[i] = list->data[--list->n];
}
// What was kept is the same in all of them from here on.
static void loadKept(Emulator *e) {
  for (intptr_t i = 0; i < e->kept.n; i += 2) {
    MlirValue v = e->kept.data[i];
    dlcMap(e->uniform, v, memref_load(e->b, dlcMapped(e->uniform, e->kept.data[i + 1]), (DlcValues){0}));
    forget(&e->varying, v), forget(&e->lost, v);
  }
  e->kept.n = 0;
}
static bool flush(Emulator *e) {
  if (e->flushed == e->n) return true;
  if (!(e->isGrid ? runBlocks(e) : runThreads(e))) return false;
  for (intptr_t i = e->flushed; i < e->n; ++i)
    for (intptr_t r = 0; r < mlirOperationGetNumResults(e->steps[i].op) && !e->steps[i].again; ++r)
      dlcValueListAppend(&e->lost, mlirOperationGetResult(e->steps[i].op, r));
  e->flushed = e->n;
  loadKept(e);
  return !e->b->failed;
}

static void addStep(Emulator *e, MlirOperation op) {
  if (e->n == e->capacity)
    e->steps = realloc(e->steps, (size_t)(e->capacity = e->capacity * 2 + 64) * sizeof *e->steps);
  bool again = dlcIsEffectFree(op);
  for (intptr_t i = 0; i < e->n && again; ++i)
    for (intptr_t r = 0; r < mlirOperationGetNumResults(e->steps[i].op) && again && !e->steps[i].again; ++r)
      for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
        again = again && !mlirValueEqual(mlirOperationGetOperand(op, k), mlirOperationGetResult(e->steps[i].op, r));
  e->steps[e->n++] = (Step){op, again};
  for (intptr_t r = 0; r < mlirOperationGetNumResults(op); ++r)
    dlcValueListAppend(&e->varying, mlirOperationGetResult(op, r));
}

// All blocks of a persistent kernel run its control flow on the same values: the numbers that it gives are stored by
// each, and are those of any. The stores are ops of the kernel, as other steps; the memory is the function's.
static void keepResults(Emulator *e, MlirOperation op) {
  for (intptr_t r = 0; r < mlirOperationGetNumResults(op); ++r) {
    MlirValue v = mlirOperationGetResult(op, r), place = {0}, slot = {0};
    if (!mlirTypeIsAInteger(typeOf(v)) && !mlirTypeIsAIndex(typeOf(v)) && !mlirTypeIsAFloat(typeOf(v)) &&
        !mlirTypeIsAMemRef(typeOf(v)))
      continue;
    MlirType type = mlirMemRefTypeContiguousGet(typeOf(v), 0, NULL, mlirAttributeGetNull());
    dlcAtStart(e->b, e->entry) slot = memref_alloca(e->b, (DlcValues){0}, (DlcValues){0}, type);
    MlirOperation store = {0};
    dlcAfter(e->b, op) {
      place = memref_alloca(e->b, (DlcValues){0}, (DlcValues){0}, type);
      store = memref_store(e->b, v, place, (DlcValues){0});
    }
    if (!store.ptr) return;
    dlcMap(e->uniform, place, slot);
    addStep(e, store);
    dlcValueListAppend(&e->kept, v), dlcValueListAppend(&e->kept, place);
  }
}

static bool emulateBlock(Emulator *e, MlirBlock from);
// Control flow that all threads take alike, around barriers.
static bool emulateControl(Emulator *e, MlirOperation op) {
  if (!flush(e)) return false;
  intptr_t before = e->n; // steps inside are of no use behind it
  DlcBuilder *b = e->b;
  MlirOperation copy = dlcCloneShell(b, op, e->uniform); // empty regions
  if (!copy.ptr) return false;
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r) {
    MlirBlock from = bodyOf(mlirOperationGetRegion(op, r));
    if (!from.ptr) continue;
    if (mlirBlockGetNextInRegion(from).ptr)
      return dlcRefuse(op, "ctrl-emulate-kernels: control flow of several blocks");
    MlirBlock to = dlcAddBlock(b, mlirOperationGetRegion(copy, r), types());
    for (intptr_t i = 0; i < mlirBlockGetNumArguments(from); ++i)
      dlcMap(e->uniform, argOf(from, i),
             mlirBlockAddArgument(to, typeOf(argOf(from, i)), mlirOperationGetLocation(op)));
    bool ok = false;
    MlirOperation end = mlirBlockGetTerminator(from);
    dlcAtEnd(b, to) ok = emulateBlock(e, from) && dlcClone(b, end, e->uniform).ptr;
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(end) && ok; ++i)
      if (dlcValueListFind(&e->varying, mlirOperationGetOperand(end, i)) >= 0)
        ok = dlcRefuse(op, "ctrl-emulate-kernels: control flow around a barrier yields a thread's value");
    if (!ok) return false;
    e->n = e->flushed = before;
  }
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    dlcMap(e->uniform, dlcResult(op, i), dlcResult(copy, i));
  return true;
}

// A load of a replica, which holds the same in every block.
static bool readsReplica(MlirOperation op) {
  MlirOperation from = memref_load_isa(op) ? opOf(memref_load_memref(op)) : (MlirOperation){0};
  while (from.ptr && !memref_view_isa(from) && mlirOperationGetNumOperands(from) > 0 &&
         mlirTypeIsAMemRef(typeOf(mlirOperationGetOperand(from, 0))))
    from = opOf(mlirOperationGetOperand(from, 0));
  return from.ptr && !mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(from, dlcText(DLC_REPLICA_ATTR)));
}
// As the first block does it.
static bool readReplica(Emulator *e, MlirOperation op) {
  if (!flush(e)) return false;
  MlirValue first = constIndex(e->b, 0);
  DlcMapping map = dlcMappingClone(e->uniform);
  for (intptr_t i = 0; i < e->n; ++i) {
    MlirOperation step = e->steps[i].op;
    if (gpu_block_id_isa(step) || gpu_thread_id_isa(step))
      dlcMap(map, dlcResult(step, 0), first);
    else if (e->steps[i].again)
      dlcClone(e->b, step, map);
  }
  MlirOperation load = dlcClone(e->b, op, map);
  if (load.ptr) dlcMap(e->uniform, dlcResult(op, 0), dlcResult(load, 0));
  dlcMappingDestroy(map);
  return load.ptr != NULL;
}

static bool emulateOp(Emulator *e, MlirOperation op) {
  if (e->isGrid ? dlcIsGridBarrier(op) : gpu_barrier_isa(op)) return flush(e);
  if (e->isGrid && readsReplica(op)) return readReplica(e, op);
  Look l = {e, false, false, false};
  mlirOperationWalk(op, look, &l, MlirWalkPreOrder);
  if (l.shuffle) return dlcRefuse(op, "ctrl-emulate-kernels: a shuffle; distribute with warp=1");
  if (l.barrier) {
    bool outside = false; // does the op's own condition vary?
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
      outside = outside || dlcValueListFind(&e->varying, mlirOperationGetOperand(op, i)) >= 0;
    if (outside) return dlcRefuse(op, "ctrl-emulate-kernels: a barrier that only some threads may reach");
    return emulateControl(e, op);
  }
  if (!l.varies) {
    if (!dlcIsEffectFree(op) && !flush(e)) return false;
    return cloneOp(e, op, e->uniform).ptr != NULL;
  }
  if (usesLost(e, op)) return dlcRefuse(op, "ctrl-emulate-kernels: a thread's value crosses a barrier");
  addStep(e, op);
  if (e->isGrid && mlirOperationGetNumRegions(op)) keepResults(e, op);
  return !e->kept.n || flush(e); // what is computed of them is the same in all blocks, too
}
static bool emulateBlock(Emulator *e, MlirBlock from) {
  MlirOperation end = mlirBlockGetTerminator(from);
  dlcForEachOp(op, from) {
    if (!mlirOperationEqual(op, end) && !emulateOp(e, op)) return false;
  }
  return flush(e);
}

//===--- functions and launches ---
static MlirType withoutSpace(MlirType t) {
  return mlirTypeIsAMemRef(t) ? dlcWithMemorySpace(t, (MlirAttribute){0}) : t;
}
static MlirWalkResult dropSpaces(MlirOperation op, void *data) {
  (void)data;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    mlirValueSetType(mlirOperationGetResult(op, i), withoutSpace(typeOf(mlirOperationGetResult(op, i))));
  if (memref_memory_space_cast_isa(op)) mlirValueReplaceAllUsesOfWith(dlcResult(op, 0), mlirOperationGetOperand(op, 0));
  return MlirWalkResultAdvance;
}

static MlirOperation makeFunction(DlcBuilder *b, MlirOperation kernel, MlirBlock *body) {
  MlirType type = gpu_func_function_type(kernel);
  intptr_t n = mlirFunctionTypeGetNumInputs(type);
  MlirType *inputs = malloc((size_t)(n + 1) * sizeof *inputs);
  for (intptr_t i = 0; i < n; ++i) inputs[i] = mlirFunctionTypeGetInput(type, i);
  inputs[n] = indexType(b); // the block; of a persistent kernel how many there are
  MlirStringRef name = mlirStringAttrGetValue(mlirOperationGetAttributeByName(kernel, dlcText("sym_name")));
  MlirOperation f = func_func(b, .sym_name = name, .function_type = mlirFunctionTypeGet(b->ctx, n + 1, inputs, 0, NULL),
                              .sym_visibility = dlcText("private"));
  if (f.ptr) *body = dlcAddBlock(b, func_func_body(f), typesN(n + 1, inputs));
  free(inputs);
  return f;
}

static bool emulateKernel(DlcBuilder *b, MlirOperation kernel, MlirOperation module, bool reverse) {
  MlirBlock body = {0}, entry = bodyOf(mlirOperationGetRegion(kernel, 0));
  MlirOperation f = {0};
  dlcAtEnd(b, bodyOf(mlirOperationGetRegion(module, 0))) f = makeFunction(b, kernel, &body);
  if (!f.ptr) return false;
  intptr_t n = mlirBlockGetNumArguments(body) - 1;
  DlcI32s size = gpu_func_known_block_size(kernel);
  bool isGrid = dlcKernelNumber(kernel, "blocks") >= 0;
  Emulator e = {.b = b,
                .threads = size.n ? size.data[0] : 1,
                .reverse = reverse,
                .isGrid = isGrid,
                .block = isGrid ? (MlirValue){0} : argOf(body, n),
                .blocks = isGrid ? argOf(body, n) : (MlirValue){0},
                .uniform = dlcMappingCreate(),
                .entry = body};
  bool ok = false;
  dlcAtEnd(b, body) {
    for (intptr_t i = 0; i < mlirBlockGetNumArguments(entry); ++i) // arguments, then workgroup memory
      dlcMap(e.uniform, argOf(entry, i),
             i < n ? argOf(body, i)
                   : memref_alloca(b, .memref_type = withoutSpace(typeOf(argOf(entry, i))), .alignment = SOME(128)));
    ok = emulateBlock(&e, entry);
    func_return(b);
  }
  if (ok) mlirOperationWalk(f, dropSpaces, NULL, MlirWalkPreOrder);
  forgetEmulator(&e);
  return ok;
}

static void callKernel(DlcBuilder *b, MlirOperation launch, MlirValue last) {
  DlcValueList given = {0};
  DlcValues operands = gpu_launch_func_kernelOperands(launch);
  for (intptr_t i = 0; i < operands.n; ++i) dlcValueListAppend(&given, at(operands, i));
  dlcValueListAppend(&given, last);
  func_call(b, .callee = mlirSymbolRefAttrGetLeafReference(gpu_launch_func_kernel(launch)),
            .operands = dlcValuesOf(&given));
  dlcValueListDestroy(&given);
}
static bool emulateLaunch(DlcBuilder *b, MlirOperation kernels, MlirOperation launch) {
  MlirOperation kernel = dlcKernelOf(kernels, launch);
  if (kernel.ptr && dlcKernelNumber(kernel, "blocks") >= 0) {
    int64_t blocks;
    if (!dlcConstantOf(gpu_launch_func_gridSizeX(launch), &blocks))
      return dlcRefuse(launch,
                       "ctrl-emulate-kernels: a persistent kernel is launched with a constant number of blocks");
    if (!dlcCheckResidence(launch, kernel, blocks)) return false;
    dlcBefore(b, launch) callKernel(b, launch, gpu_launch_func_gridSizeX(launch));
    mlirRewriterBaseEraseOp(b->rewriter, launch);
    return !b->failed;
  }
  dlcBefore(b, launch) {
    MlirOperation loop = scf_for(b, constIndex(b, 0), gpu_launch_func_gridSizeX(launch), constIndex(b, 1));
    if (!loop.ptr) return false;
    MlirType idx = indexType(b);
    MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(idx));
    dlcAtEnd(b, body) {
      callKernel(b, launch, argOf(body, 0));
      scf_yield(b);
    }
  }
  mlirRewriterBaseEraseOp(b->rewriter, launch);
  return !b->failed;
}

MlirLogicalResult dlcRunCtrlEmulateKernels(MlirOperation module, DlcPass *pass,
                                           const DlcCtrlEmulateKernelsOptions *options) {
  MlirOperation kernels = dlcFindKernels(module);
  if (!kernels.ptr) return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(module));
  DlcBuilder b = {rewriter, mlirOperationGetContext(module), mlirOperationGetLocation(module), false};
  bool ok = true;
  dlcForEachOp(func, bodyOf(gpu_module_bodyRegion(kernels))) {
    if (ok && gpu_func_isa(func)) ok = emulateKernel(&b, func, module, options->reverse);
  }
  if (ok && options->counts) ok = dlcCountDeviceUse(&b, module);
  DlcOps launches = dlcCollect(module, gpu_launch_func_isa);
  dlcPassCount(pass, 0, (uint64_t)launches.n);
  for (intptr_t i = 0; i < launches.n && ok; ++i) ok = emulateLaunch(&b, kernels, launches.data[i]);
  free(launches.data);
  if (ok) mlirRewriterBaseEraseOp(rewriter, kernels);
  if (ok) mlirOperationRemoveDiscardableAttributeByName(module, dlcText("gpu.container_module"));
  mlirIRRewriterDestroy(rewriter);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
