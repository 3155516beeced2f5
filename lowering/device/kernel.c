// See kernel.h.
#include "lowering/device/kernel.h"
#include "dlc/analysis.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/gpu.h"
#include "ods/llvm.h"
#include "ods/memref.h"

bool dlcRefuse(MlirOperation op, const char *format, ...) {
  char message[512];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  mlirEmitError(mlirOperationGetLocation(op), message);
  return false;
}

bool dlcConstantOf(MlirValue v, int64_t *out) {
  if (!arith_constant_isa(opOf(v))) return false;
  MlirAttribute a = arith_constant_value(opOf(v));
  if (!mlirAttributeIsAInteger(a)) return false;
  *out = mlirIntegerAttrGetValueInt(a);
  return true;
}

static bool boundOfMin(MlirOperation min, int64_t *out) {
  MlirAffineMap map = affine_min_map(min);
  bool found = false;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (!mlirAffineExprIsAConstant(e)) continue;
    int64_t c = mlirAffineConstantExprGetValue(e);
    if (!found || c < *out) *out = c;
    found = true;
  }
  return found;
}
static bool boundOfDim(MlirOperation dim, int64_t *out) {
  int64_t idx;
  MlirType t = typeOf(memref_dim_source(dim));
  if (!dlcConstantOf(memref_dim_index(dim), &idx) || !mlirTypeIsAMemRef(t)) return false;
  if (idx < 0 || idx >= mlirShapedTypeGetRank(t)) return false;
  if (!mlirShapedTypeIsDynamicDim(t, idx)) return *out = mlirShapedTypeGetDimSize(t, idx), true;
  MlirOperation from = opOf(memref_dim_source(dim));
  if (memref_alloc_isa(from)) {
    intptr_t nth = 0;
    for (int64_t d = 0; d < idx; ++d) nth += mlirShapedTypeIsDynamicDim(t, d);
    return dlcUpperBoundOf(at(memref_alloc_dynamicSizes(from), nth), out);
  }
  if (!memref_subview_isa(from) ||
      mlirShapedTypeGetRank(typeOf(memref_subview_source(from))) != mlirShapedTypeGetRank(t))
    return false;
  DlcI64s sizes = memref_subview_static_sizes(from);
  intptr_t nth = 0;
  for (int64_t d = 0; d < idx; ++d) nth += mlirShapedTypeIsDynamicSize(sizes.data[d]);
  return dlcUpperBoundOf(at(memref_subview_sizes(from), nth), out);
}
bool dlcUpperBoundOf(MlirValue v, int64_t *out) {
  if (dlcConstantOf(v, out)) return true;
  MlirOperation op = opOf(v);
  if (affine_min_isa(op)) return boundOfMin(op, out);
  if (memref_dim_isa(op)) return boundOfDim(op, out);
  if (arith_minsi_isa(op) || arith_minui_isa(op)) {
    int64_t a, b;
    bool hasA = dlcUpperBoundOf(mlirOperationGetOperand(op, 0), &a),
         hasB = dlcUpperBoundOf(mlirOperationGetOperand(op, 1), &b);
    if (hasA && hasB)
      *out = a < b ? a : b;
    else if (hasA)
      *out = a;
    else if (hasB)
      *out = b;
    return hasA || hasB;
  }
  int64_t bound = affine_apply_isa(op) ? dlcUpperBound(v) : -1; // of windows that a clipped tile reads
  return bound >= 0 ? (*out = bound, true) : false;
}

MlirAttribute dlcWorkgroupSpace(MlirContext ctx) {
  return mlirAttributeParseGet(ctx, dlcText("#gpu.address_space<workgroup>"));
}
bool dlcIsWorkgroupMemory(MlirType memref) {
  MlirAttribute space = mlirMemRefTypeGetMemorySpace(memref);
  return !mlirAttributeIsNull(space) && mlirAttributeEqual(space, dlcWorkgroupSpace(mlirTypeGetContext(memref)));
}
MlirType dlcWithMemorySpace(MlirType memref, MlirAttribute space) {
  int64_t shape[DLC_KERNEL_RANK];
  int64_t rank = mlirShapedTypeGetRank(memref);
  assert(rank <= DLC_KERNEL_RANK);
  for (int64_t i = 0; i < rank; ++i) shape[i] = mlirShapedTypeGetDimSize(memref, i);
  return mlirMemRefTypeGet(mlirShapedTypeGetElementType(memref), rank, shape, mlirMemRefTypeGetLayout(memref), space);
}

int64_t dlcBytesOfElement(MlirType t) {
  if (mlirTypeIsAIndex(t)) return 8;
  if (mlirTypeIsAInteger(t)) {
    unsigned bits = mlirIntegerTypeGetWidth(t);
    return bits == 1 ? 1 : bits == 8 || bits == 16 || bits == 32 || bits == 64 ? bits / 8 : 0;
  }
  if (mlirTypeIsAF64(t)) return 8;
  if (mlirTypeIsAF32(t)) return 4;
  if (mlirTypeIsAF16(t) || mlirTypeIsABF16(t)) return 2;
  return 0;
}

MlirOperation dlcFindKernels(MlirOperation module) {
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(module, 0))) {
    if (gpu_module_isa(op) && mlirStringRefEqual(gpu_module_sym_name(op), dlcText(DLC_KERNEL_MODULE))) return op;
  }
  return (MlirOperation){0};
}

MlirOperation dlcMakeKernels(DlcBuilder *b, MlirOperation module) {
  MlirOperation kernels = dlcFindKernels(module);
  if (kernels.ptr) return kernels;
  dlcAtStart(b, bodyOf(mlirOperationGetRegion(module, 0))) {
    kernels = gpu_module(b, .sym_name = dlcText(DLC_KERNEL_MODULE));
    if (kernels.ptr && !bodyOf(gpu_module_bodyRegion(kernels)).ptr)
      mlirRegionAppendOwnedBlock(gpu_module_bodyRegion(kernels), mlirBlockCreate(0, NULL, NULL));
  }
  if (kernels.ptr) mlirOperationSetAttributeByName(module, dlcText("gpu.container_module"), mlirUnitAttrGet(b->ctx));
  return kernels;
}

MlirOperation dlcKernelOf(MlirOperation kernels, MlirOperation launch) {
  MlirStringRef leaf = mlirSymbolRefAttrGetLeafReference(gpu_launch_func_kernel(launch));
  dlcForEachOp(func, bodyOf(gpu_module_bodyRegion(kernels))) {
    if (!gpu_func_isa(func)) continue;
    MlirAttribute name = mlirOperationGetAttributeByName(func, dlcText("sym_name"));
    if (mlirStringRefEqual(leaf, mlirStringAttrGetValue(name))) return func;
  }
  return (MlirOperation){0};
}

//===--- what a kernel says of itself ---
int64_t dlcKernelNumber(MlirOperation func, const char *key) {
  MlirAttribute about = mlirOperationGetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR));
  if (mlirAttributeIsNull(about) || !mlirAttributeIsADictionary(about)) return -1;
  MlirAttribute n = mlirDictionaryAttrGetElementByName(about, dlcText(key));
  return mlirAttributeIsNull(n) || !mlirAttributeIsAInteger(n) ? -1 : mlirIntegerAttrGetValueInt(n);
}
void dlcSetKernelEntry(MlirOperation func, const char *key, MlirAttribute value) {
  enum { MOST = 16 };
  MlirAttribute about = mlirOperationGetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR));
  MlirContext ctx = mlirOperationGetContext(func);
  MlirNamedAttribute entries[MOST + 1];
  intptr_t n = 0;
  for (intptr_t i = 0; !mlirAttributeIsNull(about) && i < mlirDictionaryAttrGetNumElements(about) && n < MOST; ++i) {
    MlirNamedAttribute e = mlirDictionaryAttrGetElement(about, i);
    if (!mlirStringRefEqual(mlirIdentifierStr(e.name), dlcText(key))) entries[n++] = e;
  }
  entries[n++] = mlirNamedAttributeGet(mlirIdentifierGet(ctx, dlcText(key)), value);
  mlirOperationSetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR), mlirDictionaryAttrGet(ctx, n, entries));
}

bool dlcIsGridBarrier(MlirOperation op) {
  return llvm_call_isa(op) && mlirStringRefEqual(llvm_call_callee(op), dlcText(DLC_GRID_BARRIER));
}
bool dlcCheckResidence(MlirOperation op, MlirOperation kernel, int64_t blocks) {
  int64_t resident = dlcKernelNumber(kernel, "resident");
  if (resident < 0 || blocks <= resident) return true;
  return dlcRefuse(op,
                   "%ld blocks of a kernel that waits for all of them: this device is sure to run %ld of them at once",
                   (long)blocks, (long)resident);
}
