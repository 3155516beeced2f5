// See outline.h.
#include "lowering/device/outline.h"
#include <stdio.h>
#include <stdlib.h>
#include "lowering/device/kernel.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/gpu.h"
#include "ods/memref.h"
#include "ods/scf.h"

//===--- the arguments ---
static intptr_t countOperands(MlirOperation task) {
  return ctrl_task_ins(task).n + ctrl_task_outs(task).n + !isNull(ctrl_task_pred(task));
}
static MlirValue operandOf(MlirOperation task, intptr_t k) {
  DlcValues ins = ctrl_task_ins(task), outs = ctrl_task_outs(task);
  return k < ins.n ? at(ins, k) : k < ins.n + outs.n ? at(outs, k - ins.n) : ctrl_task_pred(task);
}

static void addArgument(DlcKernelPlan *plan, DlcArgKind kind, intptr_t operand, intptr_t dim, MlirType type) {
  if (plan->n == plan->capacity)
    plan->arguments =
        realloc(plan->arguments, (size_t)(plan->capacity = plan->capacity * 2 + 16) * sizeof *plan->arguments);
  plan->arguments[plan->n++] = (DlcKernelArg){kind, operand, dim, type};
}

typedef struct {
  int64_t rank, offset, shape[DLC_KERNEL_RANK], strides[DLC_KERNEL_RANK];
  bool identity; // dynamic strides follow from the sizes
} Layout;
static bool layoutOf(MlirType t, Layout *l) {
  l->rank = mlirShapedTypeGetRank(t);
  if (l->rank > DLC_KERNEL_RANK ||
      mlirLogicalResultIsFailure(mlirMemRefTypeGetStridesAndOffset(t, l->strides, &l->offset)))
    return false;
  MlirAffineMap map = mlirMemRefTypeGetAffineMap(t);
  l->identity = mlirAffineMapIsIdentity(map);
  for (int64_t d = 0; d < l->rank; ++d) l->shape[d] = mlirShapedTypeGetDimSize(t, d);
  return true;
}

bool dlcPlanOperand(MlirOperation task, MlirValue v, intptr_t k, DlcKernelPlan *plan) {
  MlirType t = typeOf(v), idx = mlirIndexTypeGet(mlirTypeGetContext(t));
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(task));
  int n = (int)name.length;
  if (!mlirTypeIsAMemRef(t)) {
    if (dlcBytesOfElement(t)) return addArgument(plan, DLC_ARG_SCALAR, k, 0, t), true;
    if (mlirTypeIsATensor(t))
      return dlcRefuse(task, "%.*s: operand %ld is a tensor; kernels are made after bufferisation", n, name.data,
                       (long)k);
    return dlcRefuse(task, "%.*s: operand %ld is neither a ranked memref nor a scalar that kernels know", n, name.data,
                     (long)k);
  }
  Layout l;
  if (!layoutOf(t, &l))
    return dlcRefuse(task, "%.*s: the layout of operand %ld is not strided, or its rank is above %d", n, name.data,
                     (long)k, DLC_KERNEL_RANK);
  MlirType element = mlirShapedTypeGetElementType(t);
  if (!dlcBytesOfElement(element))
    return dlcRefuse(task, "%.*s: the element type of operand %ld has no form in kernels", n, name.data, (long)k);
  addArgument(plan, DLC_ARG_BASE, k, 0, mlirMemRefTypeContiguousGet(element, 0, NULL, (MlirAttribute){0}));
  if (mlirShapedTypeIsDynamicStrideOrOffset(l.offset)) addArgument(plan, DLC_ARG_OFFSET, k, 0, idx);
  for (int64_t d = 0; d < l.rank; ++d)
    if (mlirShapedTypeIsDynamicSize(l.shape[d])) addArgument(plan, DLC_ARG_SIZE, k, d, idx);
  for (int64_t d = 0; d < l.rank && !l.identity; ++d)
    if (mlirShapedTypeIsDynamicStrideOrOffset(l.strides[d])) addArgument(plan, DLC_ARG_STRIDE, k, d, idx);
  return true;
}

bool dlcPlanKernel(MlirOperation task, int64_t threads, DlcKernelPlan *plan) {
  DlcOptI64 own = ctrl_task_threads(task);
  plan->threads = own.has ? own.value : threads;
  if (plan->threads < 1 || plan->threads > 1024)
    return dlcRefuse(task, "ctrl.task: threads(%ld) is not 1 to 1024", (long)plan->threads);
  MlirType idx = mlirIndexTypeGet(mlirOperationGetContext(task));
  DlcI64s lower = ctrl_task_static_lbs(task), upper = ctrl_task_static_ubs(task);
  for (intptr_t d = 0; d < lower.n; ++d) {
    if (mlirShapedTypeIsDynamicSize(lower.data[d])) addArgument(plan, DLC_ARG_LOWER, d, 0, idx);
    if (mlirShapedTypeIsDynamicSize(upper.data[d])) addArgument(plan, DLC_ARG_UPPER, d, 0, idx);
  }
  for (intptr_t k = 0; k < countOperands(task); ++k)
    if (!dlcPlanOperand(task, operandOf(task, k), k, plan)) return false;
  return true;
}

MlirAttribute dlcDescribePlan(MlirContext ctx, const DlcKernelPlan *plan) {
  static const char *const names[] = {"lower", "upper", "base", "offset", "size", "stride", "scalar"};
  MlirAttribute *parts = malloc((size_t)(plan->n + 1) * sizeof *parts);
  for (intptr_t i = 0; i < plan->n; ++i) {
    const DlcKernelArg *a = &plan->arguments[i];
    char s[64];
    bool hasDim = a->kind == DLC_ARG_SIZE || a->kind == DLC_ARG_STRIDE;
    snprintf(s, sizeof s, hasDim ? "%s %ld %ld" : "%s %ld", names[a->kind], (long)a->operand, (long)a->dim);
    parts[i] = mlirStringAttrGet(ctx, dlcText(s));
  }
  MlirAttribute arguments = mlirArrayAttrGet(ctx, plan->n, parts);
  free(parts);
  MlirType i64 = mlirIntegerTypeGet(ctx, 64);
  MlirNamedAttribute entries[] = {
      mlirNamedAttributeGet(mlirIdentifierGet(ctx, dlcText("arguments")), arguments),
      mlirNamedAttributeGet(mlirIdentifierGet(ctx, dlcText("threads")), mlirIntegerAttrGet(i64, plan->threads)),
      mlirNamedAttributeGet(mlirIdentifierGet(ctx, dlcText("shared")), mlirIntegerAttrGet(i64, 0)),
      mlirNamedAttributeGet(mlirIdentifierGet(ctx, dlcText("scratch")), mlirIntegerAttrGet(i64, 0))};
  return mlirDictionaryAttrGet(ctx, 4, entries);
}

//===--- the function ---
typedef struct {
  DlcBuilder *b;
  const DlcKernelPlan *plan;
  MlirBlock entry;
} Entry;
static MlirValue argument(Entry *e, DlcArgKind kind, intptr_t operand, intptr_t dim) {
  for (intptr_t i = 0; i < e->plan->n; ++i) {
    const DlcKernelArg *a = &e->plan->arguments[i];
    if (a->kind == kind && a->operand == operand && a->dim == dim) return argOf(e->entry, i);
  }
  return (MlirValue){0};
}

// The memref of operand k again, in the default memory space.
static MlirValue rebuildOperand(Entry *e, MlirType t, intptr_t k) {
  if (!mlirTypeIsAMemRef(t)) return argument(e, DLC_ARG_SCALAR, k, 0);
  Layout l;
  layoutOf(t, &l);
  MlirValue sizes[DLC_KERNEL_RANK], strides[DLC_KERNEL_RANK], all[DLC_KERNEL_RANK],
      offset = argument(e, DLC_ARG_OFFSET, k, 0);
  intptr_t nSizes = 0, nStrides = 0;
  for (int64_t d = 0; d < l.rank; ++d) {
    bool open = mlirShapedTypeIsDynamicSize(l.shape[d]);
    all[d] = open ? argument(e, DLC_ARG_SIZE, k, d) : constIndex(e->b, l.shape[d]);
    if (open) sizes[nSizes++] = all[d];
  }
  MlirValue stride = {0};
  MlirValue running[DLC_KERNEL_RANK];
  for (int64_t d = l.rank - 1; d >= 0 && l.identity; --d) { // row-major
    running[d] = stride.ptr ? stride : constIndex(e->b, 1);
    stride = stride.ptr ? arith_muli(e->b, stride, all[d]) : all[d];
  }
  for (int64_t d = 0; d < l.rank; ++d)
    if (mlirShapedTypeIsDynamicStrideOrOffset(l.strides[d]))
      strides[nStrides++] = l.identity ? running[d] : argument(e, DLC_ARG_STRIDE, k, d);
  return memref_reinterpret_cast(e->b, .source = argument(e, DLC_ARG_BASE, k, 0),
                                 .offsets = valsN(isNull(offset) ? 0 : 1, &offset), .sizes = valsN(nSizes, sizes),
                                 .strides = valsN(nStrides, strides), .static_offsets = {&l.offset, 1},
                                 .static_sizes = {l.shape, l.rank}, .static_strides = {l.strides, l.rank},
                                 .result_type = dlcWithMemorySpace(t, (MlirAttribute){0}));
}

static MlirValue boundOf(Entry *e, MlirOperation task, intptr_t d, bool upper) {
  int64_t known = (upper ? ctrl_task_static_ubs(task) : ctrl_task_static_lbs(task)).data[d];
  if (!mlirShapedTypeIsDynamicSize(known)) return constIndex(e->b, known);
  return argument(e, upper ? DLC_ARG_UPPER : DLC_ARG_LOWER, d, 0);
}

void dlcFindItem(DlcBuilder *b, MlirValue number, intptr_t rank, const MlirValue *lower, const MlirValue *upper,
                 MlirValue *item) {
  MlirValue rest = number;
  for (intptr_t d = rank - 1; d >= 0; --d) {
    MlirValue extent = arith_subi(b, upper[d], lower[d]);
    item[d] = arith_addi(b, d ? arith_remui(b, rest, extent) : rest, lower[d]);
    if (d) rest = arith_divui(b, rest, extent);
  }
}
static void findItem(Entry *e, MlirOperation task, MlirValue *item) {
  MlirValue lower[DLC_KERNEL_RANK], upper[DLC_KERNEL_RANK];
  intptr_t rank = ctrl_task_static_lbs(task).n;
  MlirValue number = gpu_block_id(e->b, gpu_Dimension_x);
  for (intptr_t d = rank - 1; d >= 0; --d) lower[d] = boundOf(e, task, d, false), upper[d] = boundOf(e, task, d, true);
  dlcFindItem(e->b, number, rank, lower, upper, item);
}

MlirValue dlcRebuildOperand(DlcBuilder *b, const DlcKernelPlan *plan, MlirBlock entry, MlirType t, intptr_t k) {
  Entry e = {b, plan, entry};
  return rebuildOperand(&e, t, k);
}

// The condition under which an item runs; null: always.
static MlirValue findPredicate(Entry *e, MlirOperation task, const MlirValue *item) {
  MlirValue pred = ctrl_task_pred(task);
  if (isNull(pred)) return pred;
  MlirValue here = rebuildOperand(e, typeOf(pred), countOperands(task) - 1);
  if (!mlirTypeIsAMemRef(typeOf(pred))) return here;
  MlirValue indices[DLC_KERNEL_RANK];
  intptr_t rank = mlirShapedTypeGetRank(typeOf(pred));
  for (intptr_t d = 0; d < rank; ++d) indices[d] = item[d];
  return memref_load(e->b, here, valsN(rank, indices));
}

static bool cloneBlock(DlcBuilder *b, MlirBlock body, DlcMapping map, int depth);
// A body that was outlined comes back: a kernel calls nothing.
static bool inlineCall(DlcBuilder *b, MlirOperation call, DlcMapping map, int depth) {
  MlirStringRef name = func_call_callee(call);
  char text[256];
  snprintf(text, sizeof text, "%.*s", (int)name.length, name.data);
  MlirOperation callee = dlcLookupSymbol(dlcParentNamed(call, "builtin.module"), text);
  MlirBlock body = func_func_isa(callee) ? bodyOf(func_func_body(callee)) : (MlirBlock){0};
  if (!body.ptr || mlirBlockGetNextInRegion(body).ptr || depth > 16)
    return dlcRefuse(call, "a kernel cannot call @%s: %s", text,
                     depth > 16 ? "the calls nest too deeply" : "it has no body of one block");
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(call); ++i)
    dlcMap(map, argOf(body, i), dlcMapped(map, mlirOperationGetOperand(call, i)));
  if (!cloneBlock(b, body, map, depth + 1)) return false;
  MlirOperation end = mlirBlockGetTerminator(body);
  for (intptr_t i = 0; i < mlirOperationGetNumResults(call); ++i)
    dlcMap(map, dlcResult(call, i), dlcMapped(map, mlirOperationGetOperand(end, i)));
  return true;
}
static bool cloneBlock(DlcBuilder *b, MlirBlock body, DlcMapping map, int depth) {
  dlcForEachOp(op, body) {
    if (ctrl_in_parallel_isa(op) || func_return_isa(op)) continue;
    if (func_call_isa(op) ? !inlineCall(b, op, map, depth) : !dlcClone(b, op, map).ptr) return false;
  }
  return true;
}
bool dlcCloneTaskBody(DlcBuilder *b, MlirOperation task, DlcMapping map) {
  return cloneBlock(b, bodyOf(ctrl_task_body(task)), map, 0);
}

static bool dropSpace(MlirValue v) {
  MlirType t = typeOf(v);
  if (!mlirTypeIsAMemRef(t) || mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(t)) || dlcIsWorkgroupMemory(t))
    return false;
  mlirValueSetType(v, dlcWithMemorySpace(t, (MlirAttribute){0}));
  return true;
}
// Pools are the host program's matter: in a kernel every buffer is in global memory, or in the workgroup's.
static MlirWalkResult dropPools(MlirOperation op, void *data) {
  (void)data;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) dropSpace(mlirOperationGetResult(op, i));
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r)
    for (MlirBlock block = bodyOf(mlirOperationGetRegion(op, r)); block.ptr; block = mlirBlockGetNextInRegion(block))
      for (intptr_t i = 0; i < mlirBlockGetNumArguments(block); ++i) dropSpace(mlirBlockGetArgument(block, i));
  return MlirWalkResultAdvance;
}

void dlcDropPools(MlirOperation func) { mlirOperationWalk(func, dropPools, NULL, MlirWalkPreOrder); }

static bool fillFunction(Entry *e, MlirOperation task) {
  DlcBuilder *b = e->b;
  MlirBlock body = bodyOf(ctrl_task_body(task));
  MlirValue item[DLC_KERNEL_RANK];
  intptr_t rank = ctrl_task_static_lbs(task).n, operands = ctrl_task_ins(task).n + ctrl_task_outs(task).n;
  findItem(e, task, item);
  DlcMapping map = dlcMappingCreate();
  for (intptr_t d = 0; d < rank; ++d) dlcMap(map, argOf(body, d), item[d]);
  for (intptr_t k = 0; k < operands && !b->failed; ++k)
    dlcMap(map, argOf(body, rank + k), rebuildOperand(e, typeOf(operandOf(task, k)), k));
  if (ctrl_task_workgroup(task) && !b->failed) // planned with the body's other scratch
    dlcMap(map, argOf(body, rank + operands), memref_alloc(b, .memref_type = typeOf(argOf(body, rank + operands))));
  MlirValue runs = b->failed ? (MlirValue){0} : findPredicate(e, task, item);
  bool ok = !b->failed;
  if (ok && runs.ptr) {
    MlirOperation guard = scf_if(b, runs);
    MlirBlock then = dlcAddBlock(b, scf_if_thenRegion(guard), types());
    dlcAtEnd(b, then) {
      ok = dlcCloneTaskBody(b, task, map);
      scf_yield(b);
    }
  } else if (ok) {
    ok = dlcCloneTaskBody(b, task, map);
  }
  dlcMappingDestroy(map);
  gpu_return(b);
  return ok && !b->failed;
}

MlirOperation dlcBeginKernel(DlcBuilder *b, const DlcKernelPlan *plan) {
  MlirType *inputs = malloc((size_t)(plan->n + 1) * sizeof *inputs);
  MlirLocation *locs = malloc((size_t)(plan->n + 1) * sizeof *locs);
  for (intptr_t i = 0; i < plan->n; ++i) inputs[i] = plan->arguments[i].type, locs[i] = b->loc;
  MlirRegion region = mlirRegionCreate();
  mlirRegionAppendOwnedBlock(region, mlirBlockCreate(plan->n, inputs, locs));
  MlirOperation func = gpu_func(b, .function_type = mlirFunctionTypeGet(b->ctx, plan->n, inputs, 0, NULL),
                                .known_block_size = {(int32_t[]){(int32_t)plan->threads, 1, 1}, 3}, .body = region);
  free(inputs);
  free(locs);
  if (!func.ptr) return func;
  mlirOperationSetAttributeByName(func, dlcText("sym_name"), mlirStringAttrGet(b->ctx, dlcText("kernel")));
  mlirOperationSetAttributeByName(func, dlcText("gpu.kernel"), mlirUnitAttrGet(b->ctx));
  mlirOperationSetAttributeByName(func, dlcText(DLC_KERNEL_ATTR), dlcDescribePlan(b->ctx, plan));
  return func;
}
MlirOperation dlcBuildKernel(DlcBuilder *b, MlirOperation task, const DlcKernelPlan *plan) {
  b->loc = mlirOperationGetLocation(task);
  MlirOperation func = dlcBeginKernel(b, plan);
  if (!func.ptr) return func;
  Entry e = {b, plan, bodyOf(mlirOperationGetRegion(func, 0))};
  bool ok = false;
  dlcAtEnd(b, e.entry) ok = fillFunction(&e, task);
  if (!ok) return mlirRewriterBaseEraseOp(b->rewriter, func), (MlirOperation){0};
  dlcDropPools(func);
  return func;
}

//===--- the launch ---
typedef struct {
  MlirOperation op; // memref.extract_strided_metadata: base, offset, sizes, strides
  intptr_t rank;
} Metadata;

MlirValue dlcTaskBound(DlcBuilder *b, MlirOperation task, intptr_t d, bool upper) {
  DlcI64s known = upper ? ctrl_task_static_ubs(task) : ctrl_task_static_lbs(task);
  if (!mlirShapedTypeIsDynamicSize(known.data[d])) return constIndex(b, known.data[d]);
  intptr_t nth = 0;
  for (intptr_t i = 0; i < d; ++i) nth += mlirShapedTypeIsDynamicSize(known.data[i]);
  return at(upper ? ctrl_task_ubs(task) : ctrl_task_lbs(task), nth);
}

static MlirValue countItems(DlcBuilder *b, MlirOperation task) {
  MlirValue items = constIndex(b, 1);
  for (intptr_t d = 0; d < ctrl_task_static_lbs(task).n; ++d) {
    MlirValue extent = arith_subi(b, dlcTaskBound(b, task, d, true), dlcTaskBound(b, task, d, false));
    items = arith_muli(b, items, extent);
  }
  return items;
}

// Kernels know no pools.
static MlirValue baseOf(DlcBuilder *b, MlirOperation parts, MlirType type) {
  MlirValue base = dlcResult(parts, 0);
  return mlirTypeEqual(typeOf(base), type) ? base : memref_memory_space_cast(b, base, type);
}

void dlcLaunchPlan(DlcBuilder *b, DlcValues operands, DlcValues bounds, const DlcKernelPlan *plan, MlirAttribute kernel,
                   MlirValue blocks) {
  Metadata *parts = calloc((size_t)operands.n + 1, sizeof *parts);
  MlirValue *given = malloc((size_t)(plan->n + 1) * sizeof *given);
  intptr_t bound = 0;
  for (intptr_t k = 0; k < operands.n; ++k) {
    MlirType t = typeOf(at(operands, k));
    if (!mlirTypeIsAMemRef(t)) continue;
    parts[k].rank = mlirShapedTypeGetRank(t);
    parts[k].op = memref_extract_strided_metadata(b, at(operands, k));
  }
  for (intptr_t i = 0; i < plan->n && !b->failed; ++i) {
    const DlcKernelArg *a = &plan->arguments[i];
    bool isBound = a->kind == DLC_ARG_LOWER || a->kind == DLC_ARG_UPPER;
    Metadata *m = isBound ? NULL : &parts[a->operand];
    given[i] = isBound                     ? at(bounds, bound++)
               : a->kind == DLC_ARG_SCALAR ? at(operands, a->operand)
               : a->kind == DLC_ARG_BASE   ? baseOf(b, m->op, a->type)
               : a->kind == DLC_ARG_OFFSET ? dlcResult(m->op, 1)
               : a->kind == DLC_ARG_SIZE   ? dlcResult(m->op, 2 + a->dim)
                                           : dlcResult(m->op, 2 + m->rank + a->dim);
  }
  if (!b->failed) {
    MlirValue one = constIndex(b, 1);
    gpu_launch_func(b, .kernel = kernel, .gridSizeX = blocks, .gridSizeY = one, .gridSizeZ = one,
                    .blockSizeX = constIndex(b, plan->threads), .blockSizeY = one, .blockSizeZ = one,
                    .kernelOperands = valsN(plan->n, given));
  }
  free(parts);
  free(given);
}

void dlcLaunchKernel(DlcBuilder *b, MlirOperation task, const DlcKernelPlan *plan, MlirAttribute kernel) {
  DlcValueList operands = {0}, bounds = {0};
  for (intptr_t k = 0; k < countOperands(task); ++k) dlcValueListAppend(&operands, operandOf(task, k));
  for (intptr_t i = 0; i < plan->n; ++i) {
    const DlcKernelArg *a = &plan->arguments[i];
    if (a->kind == DLC_ARG_LOWER || a->kind == DLC_ARG_UPPER)
      dlcValueListAppend(&bounds, dlcTaskBound(b, task, a->operand, a->kind == DLC_ARG_UPPER));
  }
  MlirValue items = countItems(b, task);
  if (!b->failed) dlcLaunchPlan(b, dlcValuesOf(&operands), dlcValuesOf(&bounds), plan, kernel, items);
  dlcValueListDestroy(&operands);
  dlcValueListDestroy(&bounds);
}
