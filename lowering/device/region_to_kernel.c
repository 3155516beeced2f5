// ctrl-region-to-kernel: a ctrl.region at the grid becomes one persistent kernel
// and its launch, with the control flow of the region inside.
//
//   ctrl.region at(grid) workers(132) {             gpu.func @main_0(...) {
//     ctrl.loop %i to %n {                            scf.for %i = 0 to %n {
//       ctrl.task (%j) in (64) ins(%a) outs(%b)         scf.for %item = %block to 64 step %blocks { .. }
//       ctrl.task (%j) in (64) ins(%b) outs(%a)  ->     llvm.call @dlc_grid_barrier
//       ctrl.next                                       scf.for %item = %block to 64 step %blocks { .. }
//     }                                                 llvm.call @dlc_grid_barrier
//     ctrl.yield                                      }
//   }                                               }
//                                                   gpu.launch_func @kernels::@main_0 blocks in (132, 1, 1)
//
// Every block runs the control flow, on the same values. Barriers of the grid
// stand where region_hazards.h says. Buffers that the region alone uses are pieces
// of one workspace (workspace.h); those that hold nothing but numbers that every
// block computes are copied for each block. The kernel is refused where the device
// is not sure to run all its blocks at once: they would wait for ever.
// Refuses: regions with tokens, results or clusters; what has no form in a kernel.
#include <stdio.h>
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "lowering/device/kernel.h"
#include "lowering/device/outline.h"
#include "lowering/device/region_hazards.h"
#include "lowering/device/workspace.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/gpu.h"
#include "ods/llvm.h"
#include "ods/memref.h"
#include "ods/scf.h"
#include "passes/cost/device.h"

enum { MAX_CARRIED = 256, MOST_REPLICA_BYTES = 65536 };
typedef struct {
  DlcBuilder *b;
  MlirOperation module, kernels, region;
  int64_t blocks;
  DlcHazards h;
  DlcWorkspace workspace;
  DlcValueList operands; // of the kernel
  DlcKernelPlan plan;
  intptr_t size, memory; // operands: the grid's size; the workspace, -1: none
  DlcMapping map;
  MlirValue block, grid, isFirst, word, step; // in the kernel
  bool alone;                                 // inside what the first block runs alone
} Lowering;

//===--- barriers ---
static void declareBarrier(Lowering *l) {
  DlcBuilder *b = l->b;
  if (dlcLookupSymbol(l->kernels, DLC_GRID_BARRIER).ptr) return;
  static const char text[] = "llvm.func @" DLC_GRID_BARRIER "(!llvm.ptr, i32)";
  MlirOperation func = mlirOperationCreateParse(b->ctx, dlcText(text), dlcText("grid barrier"));
  if (!func.ptr) {
    b->failed = true;
    return;
  }
  mlirBlockInsertOwnedOperation(bodyOf(gpu_module_bodyRegion(l->kernels)), 0, func);
}
// The word's address; what a block adds on arrival: 1, the first one what turns the highest bit over.
static void beginBarriers(Lowering *l, MlirValue memory) {
  DlcBuilder *b = l->b;
  MlirType i32 = mlirIntegerTypeGet(b->ctx, 32), i64 = mlirIntegerTypeGet(b->ctx, 64);
  MlirValue address = arith_index_cast(b, memref_extract_aligned_pointer_as_index(b, memory), i64);
  l->word = llvm_inttoptr(b, address, mlirTypeParseGet(b->ctx, dlcText("!llvm.ptr")));
  MlirValue half = arith_constant(b, .value = mlirIntegerAttrGet(i32, -2147483647 - 1));
  MlirValue one = arith_constant(b, .value = mlirIntegerAttrGet(i32, 1));
  MlirValue others = arith_subi(b, arith_index_cast(b, l->grid, i32), one);
  l->step = arith_select(b, l->isFirst, arith_subi(b, half, others), one);
}
static void emitBarrier(Lowering *l) {
  MlirValue operands[] = {l->word, l->step};
  llvm_call(l->b, .callee = dlcText(DLC_GRID_BARRIER), .callee_operands = valsN(2, operands));
}

//===--- ops ---
static bool emitBlock(Lowering *l, MlirBlock from);
static MlirValue mapped(Lowering *l, MlirValue v) { return dlcMapped(l->map, v); }

static MlirValue countItems(Lowering *l, const MlirValue *lower, const MlirValue *upper, intptr_t rank) {
  MlirValue items = constIndex(l->b, 1);
  for (intptr_t d = 0; d < rank; ++d) items = arith_muli(l->b, items, arith_subi(l->b, upper[d], lower[d]));
  return items;
}
static MlirValue predicateOf(Lowering *l, MlirOperation task, const MlirValue *item) {
  MlirValue pred = ctrl_task_pred(task);
  if (isNull(pred) || !mlirTypeIsAMemRef(typeOf(pred))) return isNull(pred) ? pred : mapped(l, pred);
  return memref_load(l->b, mapped(l, pred), valsN(mlirShapedTypeGetRank(typeOf(pred)), item));
}
static bool emitItem(Lowering *l, MlirOperation task, MlirValue number, const MlirValue *lower,
                     const MlirValue *upper) {
  DlcBuilder *b = l->b;
  MlirBlock body = bodyOf(ctrl_task_body(task));
  DlcValues ins = ctrl_task_ins(task), outs = ctrl_task_outs(task);
  intptr_t rank = ctrl_task_static_lbs(task).n;
  MlirValue item[DLC_KERNEL_RANK];
  dlcFindItem(b, number, rank, lower, upper, item);
  DlcMapping map = dlcMappingCreate();
  for (intptr_t d = 0; d < rank; ++d) dlcMap(map, argOf(body, d), item[d]);
  for (intptr_t i = 0; i < ins.n; ++i) dlcMap(map, argOf(body, rank + i), mapped(l, at(ins, i)));
  for (intptr_t i = 0; i < outs.n; ++i) dlcMap(map, argOf(body, rank + ins.n + i), mapped(l, at(outs, i)));
  if (ctrl_task_workgroup(task)) {
    MlirValue arg = argOf(body, rank + ins.n + outs.n);
    dlcMap(map, arg, memref_alloc(b, .memref_type = typeOf(arg)));
  }
  MlirValue runs = predicateOf(l, task, item);
  bool ok = !b->failed;
  if (ok && !isNull(runs)) {
    MlirOperation guard = scf_if(b, runs);
    dlcAtEnd(b, dlcAddBlock(b, scf_if_thenRegion(guard), types())) {
      ok = dlcCloneTaskBody(b, task, map);
      scf_yield(b);
    }
  } else if (ok)
    ok = dlcCloneTaskBody(b, task, map);
  dlcMappingDestroy(map);
  return ok && !b->failed;
}
static bool emitTask(Lowering *l, MlirOperation task) {
  DlcBuilder *b = l->b;
  intptr_t rank = ctrl_task_static_lbs(task).n;
  MlirValue lower[DLC_KERNEL_RANK], upper[DLC_KERNEL_RANK];
  if (rank > DLC_KERNEL_RANK) return dlcRefuse(task, "ctrl.task: a grid of more than %d dimensions", DLC_KERNEL_RANK);
  if (mlirOperationGetNumResults(task)) return dlcRefuse(task, "ctrl-region-to-kernel: a task with results");
  for (intptr_t d = 0; d < rank; ++d) {
    lower[d] = mapped(l, dlcTaskBound(b, task, d, false));
    upper[d] = mapped(l, dlcTaskBound(b, task, d, true));
  }
  MlirOperation loop = scf_for(b, l->block, countItems(l, lower, upper, rank), l->grid);
  if (!loop.ptr) return false;
  MlirType idx = indexType(b);
  MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(idx));
  bool ok = false;
  dlcAtEnd(b, body) {
    ok = emitItem(l, task, argOf(body, 0), lower, upper);
    scf_yield(b);
  }
  return ok && !b->failed;
}

// The one buffer that v always is; null: it may be several, or a part. Nothing carries such a value.
static MlirValue fixedBuffer(Lowering *l, MlirValue v) {
  MlirValue none = {0}, root = {0};
  const uint64_t *set = mlirTypeIsAMemRef(typeOf(v)) ? dlcRootsOf(&l->h.roots, v) : NULL;
  if (!set || !dlcIsStatic(typeOf(v)) || !mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(typeOf(v)))) return none;
  for (intptr_t i = 0; i < l->h.roots.nRoots; ++i) {
    if (!(set[i / 64] >> (i % 64) & 1)) continue;
    if (root.ptr) return none;
    root = l->h.roots.roots[i];
  }
  return root.ptr && mlirTypeEqual(typeOf(root), typeOf(v)) ? root : none;
}
// Those of `values` that are carried, since what `as` stands in the same place is no fixed buffer.
static intptr_t mapCarried(Lowering *l, DlcValues values, DlcValues as, MlirValue *to) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < values.n; ++i)
    if (isNull(fixedBuffer(l, at(as, i)))) to[n++] = mapped(l, at(values, i));
  return n;
}
// Maps each of `values` to its fixed buffer, or to the next one of op's results.
static void bindCarried(Lowering *l, DlcValues values, MlirOperation op, intptr_t first) {
  for (intptr_t i = 0; i < values.n; ++i) {
    MlirValue fixed = fixedBuffer(l, at(values, i));
    if (!isNull(fixed))
      dlcMap(l->map, at(values, i), mapped(l, fixed));
    else
      dlcMap(l->map, at(values, i), mlirOperationGetResult(op, first++));
  }
}
// A loop's body sees the same buffer as its result.
static void bindArguments(Lowering *l, MlirOperation loop, MlirBlock from, MlirBlock to, intptr_t first) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(loop); ++i) {
    MlirValue fixed = fixedBuffer(l, mlirOperationGetResult(loop, i));
    dlcMap(l->map, argOf(from, i + 1), isNull(fixed) ? argOf(to, first++) : mapped(l, fixed));
  }
}
static bool emitFor(Lowering *l, MlirOperation loop) {
  DlcBuilder *b = l->b;
  MlirBlock from = bodyOf(ctrl_loop_body(loop));
  MlirValue values[MAX_CARRIED];
  intptr_t n = mapCarried(l, ctrl_loop_init_args(loop), resultsOf(loop), values);
  MlirOperation made =
      scf_for(b, constIndex(b, 0), mapped(l, ctrl_loop_bound(loop)), constIndex(b, 1), valsN(n, values));
  if (!made.ptr) return false;
  MlirType idx = indexType(b);
  MlirBlock body = dlcAddBlock(b, scf_for_region(made), types(idx));
  for (intptr_t i = 0; i < n; ++i) mlirBlockAddArgument(body, typeOf(values[i]), b->loc);
  dlcMap(l->map, argOf(from, 0), argOf(body, 0));
  bindArguments(l, loop, from, body, 1);
  bool ok = false;
  dlcAtEnd(b, body) {
    ok = emitBlock(l, from);
    mapCarried(l, ctrl_next_values(mlirBlockGetTerminator(from)), resultsOf(loop), values);
    if (ok) scf_yield(b, valsN(n, values));
  }
  bindCarried(l, resultsOf(loop), made, 0);
  return ok && !b->failed;
}
static bool emitWhile(Lowering *l, MlirOperation loop) {
  DlcBuilder *b = l->b;
  MlirBlock from = bodyOf(ctrl_loop_body(loop));
  MlirOperation next = mlirBlockGetTerminator(from);
  MlirValue values[MAX_CARRIED + 2], args[MAX_CARRIED + 2];
  MlirType carried[MAX_CARRIED + 2];
  values[0] = constIndex(b, 0), values[1] = mapped(l, ctrl_loop_go(loop)); // the counter, the flag, the carried values
  intptr_t n = 2 + mapCarried(l, ctrl_loop_init_args(loop), resultsOf(loop), values + 2);
  for (intptr_t i = 0; i < n; ++i) carried[i] = typeOf(values[i]);
  MlirOperation made = scf_while(b, valsN(n, values), .results_type = typesN(n, carried));
  if (!made.ptr) return false;
  MlirBlock before = dlcAddBlock(b, scf_while_before(made), typesN(n, carried));
  dlcAtEnd(b, before) {
    MlirValue go = argOf(before, 1), bound = ctrl_loop_bound(loop);
    if (!isNull(bound))
      go = arith_andi(b, go, arith_cmpi(b, arith_CmpIPredicate_slt, argOf(before, 0), mapped(l, bound)));
    for (intptr_t i = 0; i < n; ++i) args[i] = argOf(before, i);
    scf_condition(b, go, valsN(n, args));
  }
  MlirBlock after = dlcAddBlock(b, scf_while_after(made), typesN(n, carried));
  dlcMap(l->map, argOf(from, 0), argOf(after, 0));
  bindArguments(l, loop, from, after, 2);
  bool ok = false;
  dlcAtEnd(b, after) {
    ok = emitBlock(l, from);
    values[0] = arith_addi(b, argOf(after, 0), constIndex(b, 1)), values[1] = mapped(l, ctrl_next_go(next));
    mapCarried(l, ctrl_next_values(next), resultsOf(loop), values + 2);
    if (ok) scf_yield(b, valsN(n, values));
  }
  bindCarried(l, resultsOf(loop), made, 2);
  return ok && !b->failed;
}

static bool emitArm(Lowering *l, MlirOperation branch, MlirBlock from, MlirRegion to) {
  DlcBuilder *b = l->b;
  MlirValue values[MAX_CARRIED];
  bool ok = false;
  dlcAtEnd(b, dlcAddBlock(b, to, types())) {
    ok = !from.ptr || emitBlock(l, from);
    intptr_t n =
        from.ptr ? mapCarried(l, ctrl_yield_values(mlirBlockGetTerminator(from)), resultsOf(branch), values) : 0;
    if (ok) scf_yield(b, valsN(n, values));
  }
  return ok;
}
static bool emitBranch(Lowering *l, MlirOperation branch) {
  DlcBuilder *b = l->b;
  DlcI64s cases = ctrl_branch_cases(branch);
  MlirType results[MAX_CARRIED];
  intptr_t n = 0;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(branch); ++i)
    if (isNull(fixedBuffer(l, mlirOperationGetResult(branch, i))))
      results[n++] = typeOf(mlirOperationGetResult(branch, i));
  MlirValue selector = mapped(l, ctrl_branch_selector(branch));
  bool isSwitch = mlirTypeIsAIndex(typeOf(selector)), ok = true;
  intptr_t arms = mlirOperationGetNumRegions(branch);
  MlirOperation made = isSwitch
                           ? scf_index_switch(b, selector, cases, typesN(n, results), .caseRegions = {NULL, cases.n})
                           : scf_if(b, selector, typesN(n, results));
  if (!made.ptr) return false;
  for (intptr_t i = 0; i < arms && ok; ++i) {
    MlirBlock from = bodyOf(mlirOperationGetRegion(branch, i));
    if (!isSwitch && !from.ptr) continue;
    intptr_t to = !isSwitch ? i : i == cases.n ? 0 : i + 1; // the default comes first
    ok = emitArm(l, branch, from, mlirOperationGetRegion(made, to));
  }
  bindCarried(l, resultsOf(branch), made, 0);
  return ok && !b->failed;
}

static bool emitControl(Lowering *l, MlirOperation op) {
  if (mlirOperationGetNumResults(op) > MAX_CARRIED)
    return dlcRefuse(op, "ctrl-region-to-kernel: more than %d values are carried", MAX_CARRIED);
  return ctrl_branch_isa(op) ? emitBranch(l, op) : isNull(ctrl_loop_go(op)) ? emitFor(l, op) : emitWhile(l, op);
}
static bool emitOp(Lowering *l, MlirOperation op);
// By the first block.
static bool emitAlone(Lowering *l, MlirOperation op) {
  MlirOperation guard = scf_if(l->b, l->isFirst);
  if (!guard.ptr) return false;
  bool ok = false;
  l->alone = true;
  dlcAtEnd(l->b, dlcAddBlock(l->b, scf_if_thenRegion(guard), types())) {
    ok = emitOp(l, op);
    scf_yield(l->b);
  }
  l->alone = false;
  return ok;
}
// expand-strided-metadata of LLVM 22 crashes on some reshapes with sizes that are not known: as reinterpretations.
static bool isOpenReshape(MlirOperation op) {
  if (!memref_collapse_shape_isa(op) && !memref_expand_shape_isa(op)) return false;
  MlirType t = typeOf(dlcResult(op, 0)), from = typeOf(mlirOperationGetOperand(op, 0));
  bool open = false;
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(t); ++d) open = open || mlirShapedTypeIsDynamicDim(t, d);
  return open && mlirShapedTypeGetRank(from) <= DLC_KERNEL_RANK && mlirShapedTypeGetRank(t) <= DLC_KERNEL_RANK &&
         mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(from)) &&
         mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(t));
}
static MlirValue extentOf(Lowering *l, MlirOperation op, MlirValue source, intptr_t d) {
  DlcBuilder *b = l->b;
  MlirType t = typeOf(dlcResult(op, 0));
  if (!mlirShapedTypeIsDynamicDim(t, d)) return constIndex(b, mlirShapedTypeGetDimSize(t, d));
  intptr_t nth = 0;
  for (intptr_t i = 0; i < d; ++i) nth += mlirShapedTypeIsDynamicDim(t, i);
  if (memref_expand_shape_isa(op)) return mapped(l, at(memref_expand_shape_output_shape(op), nth));
  MlirAttribute group = mlirArrayAttrGetElement(memref_collapse_shape_reassociation(op), d);
  MlirValue size = constIndex(b, 1);
  for (intptr_t i = 0; i < mlirArrayAttrGetNumElements(group); ++i) {
    int64_t from = mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(group, i));
    size = arith_muli(b, size, memref_dim(b, source, constIndex(b, from)));
  }
  return size;
}
static bool emitReshape(Lowering *l, MlirOperation op) {
  DlcBuilder *b = l->b;
  MlirType t = typeOf(dlcResult(op, 0));
  MlirValue source = mapped(l, mlirOperationGetOperand(op, 0)), sizes[DLC_KERNEL_RANK], strides[DLC_KERNEL_RANK];
  int64_t zero = 0, known = 1, shape[DLC_KERNEL_RANK], steps[DLC_KERNEL_RANK];
  intptr_t rank = mlirShapedTypeGetRank(t), nSizes = 0, nStrides = 0;
  MlirValue stride = constIndex(b, 1);
  for (intptr_t d = rank - 1; d >= 0; --d) { // row-major; static where the type says so
    bool isOpen = mlirShapedTypeIsDynamicDim(t, d);
    sizes[d] = extentOf(l, op, source, d), strides[d] = stride;
    shape[d] = mlirShapedTypeGetDimSize(t, d);
    steps[d] = known < 0 ? mlirShapedTypeGetDynamicStrideOrOffset() : known;
    known = known < 0 || isOpen ? -1 : known * shape[d];
    stride = arith_muli(b, stride, sizes[d]);
  }
  for (intptr_t d = 0; d < rank; ++d) {
    if (mlirShapedTypeIsDynamicDim(t, d)) sizes[nSizes++] = sizes[d];
    if (mlirShapedTypeIsDynamicStrideOrOffset(steps[d])) strides[nStrides++] = strides[d];
  }
  MlirValue v = memref_reinterpret_cast(
      b, .source = source, .sizes = valsN(nSizes, sizes), .strides = valsN(nStrides, strides),
      .static_offsets = {&zero, 1}, .static_sizes = {shape, rank}, .static_strides = {steps, rank}, .result_type = t);
  if (!isNull(v)) dlcMap(l->map, dlcResult(op, 0), v);
  return !isNull(v);
}
static bool emitOp(Lowering *l, MlirOperation op) {
  if (ctrl_task_isa(op)) return emitTask(l, op);
  if (isOpenReshape(op)) return emitReshape(l, op);
  bool isStore = memref_store_isa(op) && !dlcIsReplica(&l->h, memref_store_memref(op));
  if (!l->alone && (isStore || dlcIsSerial(&l->h, op))) return emitAlone(l, op);
  if (ctrl_loop_isa(op) || ctrl_branch_isa(op)) return emitControl(l, op);
  if (memref_load_isa(op) || memref_store_isa(op) || cf_assert_isa(op) || memref_get_global_isa(op) ||
      (dlcIsEffectFree(op) && !mlirOperationGetNumRegions(op)))
    return dlcClone(l->b, op, l->map).ptr != NULL;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return dlcRefuse(op, "%.*s has no form in a persistent kernel", (int)name.length, name.data);
}
static bool emitBlock(Lowering *l, MlirBlock from) {
  MlirOperation end = mlirBlockGetTerminator(from);
  dlcForEachOp(op, from) {
    if (mlirOperationEqual(op, end)) continue;
    l->b->loc = mlirOperationGetLocation(op);
    if (dlcPointerMapGet(&l->h.before, op.ptr) >= 0) emitBarrier(l);
    if (!emitOp(l, op) || l->b->failed) return false;
  }
  return true;
}

//===--- the kernel ---
static bool mayReplicate(MlirValue root) {
  MlirType t = typeOf(root);
  if (!dlcIsLocalBuffer(root)) return false;
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(t));
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(t); ++d)
    if (mlirShapedTypeIsDynamicDim(t, d) || __builtin_mul_overflow(bytes, mlirShapedTypeGetDimSize(t, d), &bytes))
      return false;
  return bytes <= MOST_REPLICA_BYTES;
}
// Operands: what the region captures, but for its own buffers, whose places and sizes are; then the workspace.
static bool planOperands(Lowering *l, const DlcValueList *captured) {
  for (intptr_t i = 0; i < captured->n; ++i) {
    MlirValue v = captured->data[i];
    if (dlcIsScalarConstant(opOf(v)) || (mlirTypeIsAMemRef(typeOf(v)) && dlcIsLocalBuffer(v))) continue;
    dlcValueListAdd(&l->operands, v);
  }
  for (intptr_t i = 0; i < l->workspace.n; ++i) {
    const DlcWorkspacePiece *p = &l->workspace.data[i];
    DlcValues sizes = memref_alloc_dynamicSizes(opOf(p->buffer));
    if (p->offset < 0) dlcValueListAdd(&l->operands, p->at);
    for (intptr_t k = 0; k < sizes.n; ++k)
      if (!dlcIsScalarConstant(opOf(at(sizes, k)))) dlcValueListAdd(&l->operands, at(sizes, k));
  }
  l->size = l->operands.n;
  dlcBefore(l->b, l->region) dlcValueListAppend(&l->operands, constIndex(l->b, l->blocks)); // gpu.grid_dim calls on AMD
  l->memory = isNull(l->workspace.memory) ? -1 : l->operands.n;
  if (l->memory >= 0) dlcValueListAdd(&l->operands, l->workspace.memory);
  for (intptr_t k = 0; k < l->operands.n; ++k)
    if (!dlcPlanOperand(l->region, l->operands.data[k], k, &l->plan)) return false;
  return true;
}
static MlirValue inKernel(Lowering *l, MlirValue v) {
  MlirValue known = mapped(l, v);
  if (!mlirValueEqual(known, v) || !dlcIsScalarConstant(opOf(v))) return known;
  return dlcResult(dlcClone(l->b, opOf(v), l->map), 0);
}
static void viewPieces(Lowering *l, MlirValue memory) {
  DlcBuilder *b = l->b;
  for (intptr_t i = 0; i < l->workspace.n && !b->failed; ++i) {
    const DlcWorkspacePiece *p = &l->workspace.data[i];
    DlcValues sizes = memref_alloc_dynamicSizes(opOf(p->buffer));
    MlirValue given[DLC_KERNEL_RANK], start = constIndex(b, p->offset < 0 ? 0 : p->offset);
    for (intptr_t k = 0; k < sizes.n; ++k) given[k] = inKernel(l, at(sizes, k));
    if (p->replica) start = arith_addi(b, start, arith_muli(b, l->block, constIndex(b, p->bytes)));
    MlirValue v = memref_view(b, .source = p->offset < 0 ? mapped(l, p->at) : memory, .byte_shift = start,
                              .sizes = valsN(sizes.n, given), .result0_type = typeOf(p->buffer));
    if (isNull(v)) return;
    mlirOperationSetDiscardableAttributeByName(opOf(v), dlcText(p->replica ? DLC_REPLICA_ATTR : DLC_PIECE_ATTR),
                                               mlirUnitAttrGet(b->ctx));
    dlcMap(l->map, p->buffer, v);
  }
}
static bool fillKernel(Lowering *l, const DlcValueList *captured, MlirBlock entry) {
  DlcBuilder *b = l->b;
  l->block = gpu_block_id(b, gpu_Dimension_x);
  l->grid = dlcRebuildOperand(b, &l->plan, entry, indexType(b), l->size);
  l->isFirst = arith_cmpi(b, arith_CmpIPredicate_eq, l->block, constIndex(b, 0));
  for (intptr_t k = 0; k < l->operands.n && !b->failed; ++k)
    if (k != l->size)
      dlcMap(l->map, l->operands.data[k], dlcRebuildOperand(b, &l->plan, entry, typeOf(l->operands.data[k]), k));
  for (intptr_t i = 0; i < captured->n && !b->failed; ++i)
    if (dlcIsScalarConstant(opOf(captured->data[i]))) inKernel(l, captured->data[i]);
  if (l->memory >= 0 && !b->failed) {
    MlirValue memory = mapped(l, l->workspace.memory);
    if (l->h.barriers) beginBarriers(l, memory);
    viewPieces(l, memory);
  }
  bool ok = !b->failed && emitBlock(l, bodyOf(ctrl_region_body(l->region)));
  if (ok) gpu_return(b);
  return ok && !b->failed;
}

// Blocks of the kernel that the device is sure to run at once: registers as many as ptxas may take.
static int64_t residentBlocks(const DlcDevice *device, int64_t threads) {
  int64_t each = device->threads / threads, words = device->memory[DLC_REGISTER].capacity / 4;
  if (device->memory[DLC_REGISTER].present && words > 0) {
    int64_t most = words / threads < 256 ? words / threads : 256; // of a thread
    if (most > 0 && words / (most * threads) < each) each = words / (most * threads);
  }
  return device->units * (each > 0 ? each : 1);
}
static void describeResidence(Lowering *l, MlirOperation func, const DlcDevice *device) {
  dlcSetKernelNumber(func, "blocks", l->blocks);
  if (l->memory >= 0) dlcSetKernelNumber(func, "workspace", l->memory);
  if (device->isHost) return; // nothing is known of the device
  dlcSetKernelNumber(func, "resident", residentBlocks(device, l->plan.threads));
  dlcSetKernelNumber(func, "units", device->units);
  if (device->memory[DLC_WORKGROUP].present)
    dlcSetKernelNumber(func, "unitShared", device->memory[DLC_WORKGROUP].capacity);
}

static void nameKernel(Lowering *l, MlirOperation func, intptr_t number) {
  MlirOperation in = dlcParentNamed(l->region, "func.func");
  MlirStringRef stem = in.ptr ? func_func_sym_name(in) : dlcText("region");
  char name[160];
  snprintf(name, sizeof name, "%.*s_%ld", (int)(stem.length < 128 ? stem.length : 128), stem.data, (long)number);
  for (char *c = name; *c; ++c)
    if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'))) *c = '_';
  mlirOperationSetAttributeByName(func, dlcText("sym_name"), mlirStringAttrGet(l->b->ctx, dlcText(name)));
}
static bool buildKernel(Lowering *l, const DlcValueList *captured, const DlcDevice *device, intptr_t number) {
  DlcBuilder *b = l->b;
  MlirOperation func = {0};
  b->loc = mlirOperationGetLocation(l->region);
  dlcAtEnd(b, bodyOf(gpu_module_bodyRegion(l->kernels))) func = dlcBeginKernel(b, &l->plan);
  if (!func.ptr) return false;
  MlirBlock entry = bodyOf(mlirOperationGetRegion(func, 0));
  bool ok = false;
  dlcAtEnd(b, entry) ok = fillKernel(l, captured, entry);
  if (!ok) return false;
  dlcDropPools(func);
  nameKernel(l, func, number);
  describeResidence(l, func, device);
  if (l->h.barriers && !dlcCheckResidence(l->region, func, l->blocks)) return false;
  MlirAttribute leaf = mlirFlatSymbolRefAttrGet(
      b->ctx, mlirStringAttrGetValue(mlirOperationGetAttributeByName(func, dlcText("sym_name"))));
  MlirAttribute symbol = mlirSymbolRefAttrGet(b->ctx, dlcText(DLC_KERNEL_MODULE), 1, &leaf);
  dlcBefore(b, l->region)
      dlcLaunchPlan(b, dlcValuesOf(&l->operands), (DlcValues){0}, &l->plan, symbol, constIndex(b, l->blocks));
  return !b->failed;
}

// The region's own buffers are in the workspace now.
static void eraseLocals(Lowering *l) {
  for (intptr_t i = 0; i < l->workspace.n; ++i) {
    MlirOperation alloc = opOf(l->workspace.data[i].buffer);
    for (MlirOpOperand use = mlirValueGetFirstUse(dlcResult(alloc, 0)); !mlirOpOperandIsNull(use);
         use = mlirValueGetFirstUse(dlcResult(alloc, 0)))
      mlirRewriterBaseEraseOp(l->b->rewriter, mlirOpOperandGetOwner(use)); // memref.dealloc
    mlirRewriterBaseEraseOp(l->b->rewriter, alloc);
  }
}
static bool lowerRegion(Lowering *l, const DlcDevice *device, int64_t threads, intptr_t number) {
  MlirOperation region = l->region;
  DlcOptI64 workers = ctrl_region_workers(region), own = ctrl_region_threads(region);
  if (ctrl_region_at(region) != ctrl_Level_grid || ctrl_region_tokens(region) || ctrl_region_cluster(region).n ||
      mlirOperationGetNumResults(region))
    return dlcRefuse(region, "ctrl-region-to-kernel: only regions at the grid, without tokens, clusters and results");
  l->blocks = workers.has ? workers.value : device->isHost ? 1 : device->units;
  l->plan.threads = own.has ? own.value : threads;
  if (l->blocks < 1 || l->plan.threads < 1 || l->plan.threads > 1024 || (l->plan.threads > 32 && l->plan.threads % 32))
    return dlcRefuse(region, "ctrl-region-to-kernel: workers must be positive, threads 1 to 32 or a multiple of 32");
  MlirOperation function = dlcParentNamed(region, "func.func");
  l->h = dlcFindHazards(function.ptr ? function : region, region, mayReplicate);
  DlcValueList captured = {0};
  dlcCaptures(region, &captured);
  l->workspace = dlcMakeWorkspace(l->b, region, &l->h, &captured, l->blocks);
  l->map = dlcMappingCreate();
  bool ok = !l->b->failed && planOperands(l, &captured);
  if (ok && l->h.barriers) declareBarrier(l);
  ok = ok && !l->b->failed && buildKernel(l, &captured, device, number);
  if (ok) {
    mlirRewriterBaseEraseOp(l->b->rewriter, region);
    eraseLocals(l);
  }
  dlcMappingDestroy(l->map);
  dlcValueListDestroy(&captured);
  return ok;
}

MlirLogicalResult dlcRunCtrlRegionToKernel(MlirOperation module, DlcPass *pass,
                                           const DlcCtrlRegionToKernelOptions *options) {
  DlcDevice device;
  DlcOps regions = dlcCollect(module, ctrl_region_isa);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(module));
  DlcBuilder b = {rewriter, mlirOperationGetContext(module), mlirOperationGetLocation(module), false};
  bool ok = !regions.n || mlirLogicalResultIsSuccess(dlcDeviceOf(module, &device));
  uint64_t barriers = 0;
  MlirOperation kernels = {0};
  if (ok && regions.n) ok = (kernels = dlcMakeKernels(&b, module)).ptr != NULL;
  for (intptr_t i = 0; i < regions.n && ok; ++i) {
    Lowering l = {.b = &b, .module = module, .kernels = kernels, .region = regions.data[i]};
    ok = lowerRegion(&l, &device, options->threads, i);
    barriers += (uint64_t)l.h.barriers;
    dlcHazardsDestroy(&l.h);
    dlcWorkspaceDestroy(&l.workspace);
    dlcValueListDestroy(&l.operands);
    free(l.plan.arguments);
  }
  dlcPassCount(pass, 0, (uint64_t)regions.n);
  dlcPassCount(pass, 1, barriers);
  free(regions.data);
  mlirIRRewriterDestroy(rewriter);
  return ok && !b.failed ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
