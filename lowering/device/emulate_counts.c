// See lowering/device/emulate_counts.h.
#include "lowering/device/emulate_counts.h"
#include <stdlib.h>
#include "dlc/ir.h"
#include "lowering/device/kernel.h"
#include "ods/arith.h"
#include "ods/func.h"
#include "ods/gpu.h"
#include "ods/memref.h"

enum { LAUNCHES, COPIES, COUNTS };

static bool isView(MlirOperation op) {
  return memref_subview_isa(op) || memref_cast_isa(op) || memref_reinterpret_cast_isa(op) ||
         memref_collapse_shape_isa(op) || memref_expand_shape_isa(op) || memref_memory_space_cast_isa(op) ||
         memref_extract_strided_metadata_isa(op);
}

// Whether the host has the memory itself: an input of the function, or a constant. Of what a loop or a branch gives it
// is not known.
static bool isOfHost(MlirValue buffer, MlirOperation function) {
  while (mlirValueIsAOpResult(buffer) && isView(mlirOpResultGetOwner(buffer)))
    buffer = mlirOperationGetOperand(mlirOpResultGetOwner(buffer), 0);
  if (mlirValueIsAOpResult(buffer)) return memref_get_global_isa(mlirOpResultGetOwner(buffer));
  return mlirOperationEqual(mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(buffer)), function);
}

static void countAt(DlcBuilder *b, MlirOperation op, MlirValue counts, int which) {
  dlcBefore(b, op) {
    MlirValue place[] = {constIndex(b, which)};
    MlirValue one = arith_constant(b, mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), 1));
    memref_store(b, arith_addi(b, memref_load(b, counts, valsN(1, place)), one), counts, valsN(1, place));
  }
}

static MlirAttribute describeResult(MlirContext ctx) {
  MlirAttribute dims[] = {mlirStringAttrGet(ctx, dlcText(""))};
  MlirNamedAttribute entries[] = {
      {mlirIdentifierGet(ctx, dlcText("dlc.dims")), mlirArrayAttrGet(ctx, 1, dims)},
      {mlirIdentifierGet(ctx, dlcText("dlc.dtype")), mlirStringAttrGet(ctx, dlcText("int64"))},
      {mlirIdentifierGet(ctx, dlcText("dlc.name")), mlirStringAttrGet(ctx, dlcText("emulated"))}};
  return mlirDictionaryAttrGet(ctx, 3, entries);
}

// One more result for the function, given by its return.
static void addResult(DlcBuilder *b, MlirOperation main, MlirOperation end, MlirValue counts) {
  MlirType type = func_func_function_type(main);
  intptr_t nInputs = mlirFunctionTypeGetNumInputs(type), n = mlirFunctionTypeGetNumResults(type);
  MlirAttribute old = func_func_res_attrs(main);
  MlirType *inputs = malloc((size_t)(nInputs + 1) * sizeof *inputs),
           *results = malloc((size_t)(n + 1) * sizeof *results);
  MlirAttribute *attrs = malloc((size_t)(n + 1) * sizeof *attrs);
  MlirValue *values = malloc((size_t)(n + 1) * sizeof *values);
  for (intptr_t i = 0; i < nInputs; ++i) inputs[i] = mlirFunctionTypeGetInput(type, i);
  for (intptr_t i = 0; i < n; ++i) {
    results[i] = mlirFunctionTypeGetResult(type, i), values[i] = mlirOperationGetOperand(end, i);
    attrs[i] = mlirAttributeIsNull(old) ? mlirDictionaryAttrGet(b->ctx, 0, NULL) : mlirArrayAttrGetElement(old, i);
  }
  results[n] = typeOf(counts), values[n] = counts, attrs[n] = describeResult(b->ctx);
  dlcSetAttr(main, "function_type", mlirTypeAttrGet(mlirFunctionTypeGet(b->ctx, nInputs, inputs, n + 1, results)));
  dlcSetAttr(main, "res_attrs", mlirArrayAttrGet(b->ctx, n + 1, attrs));
  dlcBefore(b, end) func_return(b, valsN(n + 1, values));
  mlirRewriterBaseEraseOp(b->rewriter, end);
  free(inputs), free(results), free(attrs), free(values);
}

static MlirValue makeCounts(DlcBuilder *b, MlirBlock body) {
  int64_t size = COUNTS;
  MlirType i64 = mlirIntegerTypeGet(b->ctx, 64);
  MlirType type = mlirMemRefTypeContiguousGet(i64, 1, &size, (MlirAttribute){0});
  MlirValue counts = {0};
  dlcBefore(b, mlirBlockGetFirstOperation(body)) {
    counts = memref_alloc(b, .memref_type = type);
    for (int i = 0; i < COUNTS; ++i) {
      MlirValue place[] = {constIndex(b, i)};
      memref_store(b, arith_constant(b, mlirIntegerAttrGet(i64, 0)), counts, valsN(1, place));
    }
  }
  return counts;
}

bool dlcCountDeviceUse(DlcBuilder *b, MlirOperation module) {
  MlirOperation main = dlcLookupSymbol(module, "main");
  MlirRegion region = main.ptr && func_func_isa(main) ? func_func_body(main) : (MlirRegion){0};
  MlirBlock body = region.ptr ? mlirRegionGetFirstBlock(region) : (MlirBlock){0};
  if (!body.ptr || mlirBlockGetNextInRegion(body).ptr)
    return dlcRefuse(module, "ctrl-emulate-kernels: counts need a function @main of one block");
  DlcOps all = dlcCollect(module, gpu_launch_func_isa), launches = dlcCollect(main, gpu_launch_func_isa),
         loads = dlcCollect(main, memref_load_isa);
  bool ok = all.n == launches.n;
  if (ok) {
    MlirOperation end = mlirBlockGetTerminator(body);
    MlirValue counts = makeCounts(b, body);
    for (intptr_t i = 0; i < launches.n; ++i) countAt(b, launches.data[i], counts, LAUNCHES);
    for (intptr_t i = 0; i < loads.n; ++i)
      if (!isOfHost(mlirOperationGetOperand(loads.data[i], 0), main)) countAt(b, loads.data[i], counts, COPIES);
    addResult(b, main, end, counts);
  } else
    dlcRefuse(module, "ctrl-emulate-kernels: counts need all launches in @main");
  free(all.data), free(launches.data), free(loads.data);
  return ok && !b->failed;
}
