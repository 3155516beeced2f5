// See scratch.h.
//
//   %t = memref.alloc() : memref<64x64xf32>   ->   gpu.func ... workgroup(%w : memref<16384xi8, workgroup>)
//                                                    %v = memref.view %w[0][] ; %t = memref.memory_space_cast %v
// The cast makes a generic pointer of it; LLVM infers the address space again.
#include "lowering/device/scratch.h"
#include <stdlib.h>
#include "lowering/device/kernel.h"
#include "ods/arith.h"
#include "ods/gpu.h"
#include "ods/memref.h"
#include "ods/scf.h"

enum { ALIGNMENT = 128 };
typedef struct {
  MlirOperation op, stage;
  int64_t offset, bytes;
  bool shared;
} Piece;
typedef struct {
  int64_t shared, global;
} Sizes;

static bool isAllocation(MlirOperation op) { return memref_alloc_isa(op) || memref_alloca_isa(op); }

static bool countBytes(MlirOperation op, int64_t *bytes) {
  MlirType t = typeOf(dlcResult(op, 0));
  *bytes = dlcBytesOfElement(mlirShapedTypeGetElementType(t));
  if (!*bytes) return dlcRefuse(op, "memref.alloc in a kernel: its element type has no form there");
  if (!mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(t)))
    return dlcRefuse(op, "memref.alloc in a kernel: only the default layout is supported");
  DlcValues sizes = dlcOperandSegment(op, 0);
  intptr_t nth = 0;
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(t); ++d) {
    int64_t n = mlirShapedTypeGetDimSize(t, d);
    if (mlirShapedTypeIsDynamicDim(t, d) && !dlcUpperBoundOf(at(sizes, nth++), &n))
      return dlcRefuse(op, "memref.alloc in a kernel: size %ld has no constant upper bound", (long)d);
    if (n < 0 || __builtin_mul_overflow(*bytes, n, bytes))
      return dlcRefuse(op, "memref.alloc in a kernel: absurd size");
  }
  return true;
}

// The stage of a persistent kernel that holds op: its loop over items. Null: there is none.
static MlirOperation stageOf(MlirOperation op, MlirOperation func) {
  MlirOperation stage = {0};
  for (MlirOperation p = mlirOperationGetParentOperation(op); !mlirOperationEqual(p, func);
       p = mlirOperationGetParentOperation(p))
    if (scf_for_isa(p) && gpu_block_id_isa(opOf(scf_for_lowerBound(p)))) stage = p;
  return stage;
}
// The stages of a block run one after the other, with a barrier at the end of each: they share bytes, but none with
// what is outside of stages.
static bool overlaps(const Piece *p, MlirOperation stage) {
  return !p->stage.ptr || !stage.ptr || mlirOperationEqual(p->stage, stage);
}
static int64_t endOf(const Piece *pieces, intptr_t n, MlirOperation stage, bool shared) {
  int64_t end = 0;
  for (intptr_t i = 0; i < n; ++i)
    if (pieces[i].op.ptr && pieces[i].shared == shared && overlaps(&pieces[i], stage) &&
        pieces[i].offset + pieces[i].bytes > end)
      end = pieces[i].offset + pieces[i].bytes;
  return end;
}

// Those that must be in workgroup memory first, then the others, in program order while they fit.
static bool place(MlirOperation func, DlcOps allocs, Piece *pieces, int64_t limit, Sizes *sizes) {
  for (int round = 0; round < 2; ++round)
    for (intptr_t i = 0; i < allocs.n; ++i) {
      int64_t bytes;
      bool must = dlcIsWorkgroupMemory(typeOf(dlcResult(allocs.data[i], 0)));
      if (must != (round == 0)) continue;
      if (!countBytes(allocs.data[i], &bytes)) return false;
      bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      MlirOperation stage = stageOf(allocs.data[i], func);
      int64_t start = endOf(pieces, allocs.n, stage, true);
      bool shared = start + bytes <= limit;
      if (must && !shared)
        return dlcRefuse(allocs.data[i], "workgroup memory of a kernel exceeds the limit of %ld bytes", (long)limit);
      if (!shared) start = endOf(pieces, allocs.n, stage, false);
      int64_t *most = shared ? &sizes->shared : &sizes->global;
      pieces[i] = (Piece){allocs.data[i], stage, start, bytes, shared};
      if (start + bytes > *most) *most = start + bytes;
    }
  return true;
}

//===--- the function's arguments ---
static MlirValue addWorkgroup(DlcBuilder *b, MlirOperation func, int64_t bytes) {
  MlirBlock entry = bodyOf(mlirOperationGetRegion(func, 0));
  MlirType t = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &bytes, dlcWorkgroupSpace(b->ctx));
  MlirAttribute one = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), 1);
  mlirOperationSetAttributeByName(func, dlcText("workgroup_attributions"), one);
  mlirOperationSetAttributeByName(func, dlcText("workgroup_attrib_attrs"),
                                  mlirAttributeParseGet(b->ctx, dlcText("[{llvm.align = 128 : i64}]")));
  return mlirBlockAddArgument(entry, t, mlirOperationGetLocation(func));
}

static MlirValue addScratchArgument(DlcBuilder *b, MlirOperation func) {
  MlirType old = gpu_func_function_type(func);
  intptr_t n = mlirFunctionTypeGetNumInputs(old);
  MlirType *inputs = malloc((size_t)(n + 1) * sizeof *inputs), byte = mlirIntegerTypeGet(b->ctx, 8);
  for (intptr_t i = 0; i < n; ++i) inputs[i] = mlirFunctionTypeGetInput(old, i);
  inputs[n] = mlirMemRefTypeContiguousGet(byte, 0, NULL, (MlirAttribute){0});
  mlirOperationSetAttributeByName(func, dlcText("function_type"),
                                  mlirTypeAttrGet(mlirFunctionTypeGet(b->ctx, n + 1, inputs, 0, NULL)));
  MlirValue v =
      mlirBlockInsertArgument(bodyOf(mlirOperationGetRegion(func, 0)), n, inputs[n], mlirOperationGetLocation(func));
  free(inputs);
  return v;
}

// Scratch up to this item's as bytes, and where this item's begins.
static MlirValue viewScratch(DlcBuilder *b, MlirValue base, int64_t bytes, MlirValue *start) {
  // Not the grid's size, which costs a call on AMD: views are not checked, so the end of this item's piece will do.
  MlirValue each = constIndex(b, bytes);
  *start = arith_muli(b, gpu_block_id(b, gpu_Dimension_x), each);
  MlirValue all = arith_addi(b, *start, each);
  int64_t open = mlirShapedTypeGetDynamicSize(), one = 1, zero = 0;
  return memref_reinterpret_cast(
      b, .source = base, .sizes = valsN(1, &all), .static_offsets = {&zero, 1}, .static_sizes = {&open, 1},
      .static_strides = {&one, 1},
      .result_type = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &open, (MlirAttribute){0}));
}

static void describe(DlcBuilder *b, MlirOperation func, Sizes sizes) {
  MlirAttribute old = mlirOperationGetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR));
  if (mlirAttributeIsNull(old)) return;
  MlirAttribute list = mlirDictionaryAttrGetElementByName(old, dlcText("arguments"));
  intptr_t n = mlirArrayAttrGetNumElements(list);
  MlirAttribute *parts = malloc((size_t)(n + 1) * sizeof *parts);
  for (intptr_t i = 0; i < n; ++i) parts[i] = mlirArrayAttrGetElement(list, i);
  if (sizes.global) parts[n++] = mlirStringAttrGet(b->ctx, dlcText("scratch"));
  dlcSetKernelEntry(func, "arguments", mlirArrayAttrGet(b->ctx, n, parts));
  dlcSetKernelNumber(func, "shared", sizes.shared);
  dlcSetKernelNumber(func, "scratch", sizes.global);
  free(parts);
}

static void replaceAllocation(DlcBuilder *b, const Piece *p, MlirValue bytes, MlirValue start) {
  dlcBefore(b, p->op) {
    MlirType t = typeOf(dlcResult(p->op, 0));
    MlirAttribute space = p->shared ? dlcWorkgroupSpace(b->ctx) : (MlirAttribute){0};
    MlirValue shift = constIndex(b, p->offset);
    if (start.ptr) shift = arith_addi(b, start, shift);
    MlirValue v = memref_view(b, .source = bytes, .byte_shift = shift, .sizes = dlcOperandSegment(p->op, 0),
                              .result0_type = dlcWithMemorySpace(t, space));
    if (v.ptr && !mlirTypeEqual(typeOf(v), t)) v = memref_memory_space_cast(b, v, t);
    if (v.ptr) mlirRewriterBaseReplaceOpWithValues(b->rewriter, p->op, 1, &v);
  }
}

bool dlcPlanScratch(DlcBuilder *b, MlirOperation func, int64_t limit) {
  DlcOps allocs = dlcCollect(func, isAllocation);
  Piece *pieces = calloc((size_t)allocs.n + 1, sizeof *pieces);
  Sizes sizes = {0};
  bool ok = place(func, allocs, pieces, limit, &sizes);
  if (ok) {
    MlirValue shared = {0}, global = {0}, start = {0};
    if (sizes.global) {
      sizes.global = (sizes.global + 255) / 256 * 256;
      MlirValue base = addScratchArgument(b, func);
      dlcAtStart(b, bodyOf(mlirOperationGetRegion(func, 0))) global = viewScratch(b, base, sizes.global, &start);
    }
    if (sizes.shared) shared = addWorkgroup(b, func, sizes.shared);
    for (intptr_t i = 0; i < allocs.n && !b->failed; ++i)
      replaceAllocation(b, &pieces[i], pieces[i].shared ? shared : global, pieces[i].shared ? (MlirValue){0} : start);
    describe(b, func, sizes);
    ok = !b->failed;
  }
  free(pieces);
  free(allocs.data);
  return ok;
}

bool dlcGiveScratch(DlcBuilder *b, MlirOperation launch, MlirOperation func) {
  MlirAttribute about = mlirOperationGetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR));
  if (mlirAttributeIsNull(about)) return true;
  int64_t bytes = mlirIntegerAttrGetValueInt(mlirDictionaryAttrGetElementByName(about, dlcText("scratch")));
  if (!bytes) return true;
  dlcBefore(b, launch) {
    DlcValues old = gpu_launch_func_kernelOperands(launch);
    MlirValue *given = malloc((size_t)(old.n + 1) * sizeof *given);
    for (intptr_t i = 0; i < old.n; ++i) given[i] = at(old, i);
    MlirValue size = arith_muli(b, gpu_launch_func_gridSizeX(launch), constIndex(b, bytes));
    int64_t open = mlirShapedTypeGetDynamicSize();
    MlirType t = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &open, (MlirAttribute){0});
    MlirValue buffer = memref_alloc(b, .memref_type = t, .dynamicSizes = valsN(1, &size), .alignment = SOME(256));
    MlirOperation parts = buffer.ptr ? memref_extract_strided_metadata(b, buffer) : (MlirOperation){0};
    given[old.n] = dlcResult(parts, 0);
    if (!b->failed) {
      gpu_launch_func(b, .kernel = gpu_launch_func_kernel(launch), .gridSizeX = gpu_launch_func_gridSizeX(launch),
                      .gridSizeY = gpu_launch_func_gridSizeY(launch), .gridSizeZ = gpu_launch_func_gridSizeZ(launch),
                      .blockSizeX = gpu_launch_func_blockSizeX(launch),
                      .blockSizeY = gpu_launch_func_blockSizeY(launch),
                      .blockSizeZ = gpu_launch_func_blockSizeZ(launch), .kernelOperands = valsN(old.n + 1, given));
      memref_dealloc(b, buffer);
    }
    free(given);
  }
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, launch);
  return !b->failed;
}
