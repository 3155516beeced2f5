// ctrl-to-host: see lowering/host/host.h for the IR before and after.
// Refuses: more than one function with a body; recursion; tokens; outputs that are
// no buffers of a number type.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/passes.h"
#include "lowering/host/host.h"
#include "lowering/host/metadata.h"
#include "passes/ctrl/form_tasks.h"
#include "passes/place/arena.h"
#include "passes/place/bytes.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/func.h"
#include "ods/memref.h"
#include "ods/place.h"

enum { MAX_RANK = 16, MAX_RESULTS = 256, ALIGNMENT = 64 };

static MlirLogicalResult refuse(MlirOperation op, const char *why) {
  mlirEmitError(mlirOperationGetLocation(op), why);
  return mlirLogicalResultFailure();
}

MlirOperation dlcHostCall(DlcHost *h, const char *name, DlcValues operands, DlcTypes results) {
  DlcBuilder *b = h->b;
  if (mlirOperationIsNull(dlcLookupSymbol(h->module, name))) {
    MlirType ins[DLC_MAX_OPERANDS + 8], outs[1];
    for (intptr_t i = 0; i < operands.n; ++i) ins[i] = typeOf(at(operands, i));
    for (intptr_t i = 0; i < results.n; ++i) outs[i] = results.data[i];
    dlcAtStart(b, bodyOf(mlirOperationGetRegion(h->module, 0)))
        func_func(b, dlcText(name), mlirFunctionTypeGet(b->ctx, operands.n, ins, results.n, outs),
                  .sym_visibility = dlcText("private"));
  }
  return func_call(b, dlcText(name), operands, results);
}

void dlcHostLowerAsserts(DlcHost *h, MlirOperation root, MlirValue frame) {
  DlcOps asserts = dlcCollect(root, cf_assert_isa);
  for (intptr_t i = 0; i < asserts.n; ++i) {
    char name[32];
    snprintf(name, sizeof name, "dlc_check_%td", h->nChecks++);
    MlirStringRef message = cf_assert_msg(asserts.data[i]);
    dlcBefore(h->b, asserts.data[i]) dlcHostCall(h, name, vals(frame, cf_assert_arg(asserts.data[i])), types(h->i32));
    MlirOperation declared = dlcLookupSymbol(h->module, name);
    if (!mlirOperationIsNull(declared))
      mlirOperationSetDiscardableAttributeByName(declared, dlcText("dlc.message"),
                                                 mlirStringAttrGet(h->b->ctx, message));
    mlirRewriterBaseEraseOp(h->b->rewriter, asserts.data[i]);
  }
  free(asserts.data);
}

//===--- main's arguments and results ------------------------------------------------------===//
static MlirType bytesType(DlcHost *h) {
  int64_t dynamic = mlirShapedTypeGetDynamicSize();
  return mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(h->b->ctx, 8), 1, &dynamic, mlirAttributeGetNull());
}

static void addArguments(DlcHost *h) {
  MlirBlock entry = bodyOf(func_func_body(h->function));
  h->frame = mlirBlockInsertArgument(entry, 0, h->pointer, h->b->loc);
  h->arena = mlirBlockInsertArgument(entry, 1, bytesType(h), h->b->loc);
  h->weights = mlirBlockInsertArgument(entry, 2, bytesType(h), h->b->loc);
}

static void setFunctionType(DlcHost *h) {
  MlirBlock entry = bodyOf(func_func_body(h->function));
  MlirType args[DLC_MAX_OPERANDS];
  intptr_t n = mlirBlockGetNumArguments(entry);
  for (intptr_t i = 0; i < n; ++i) args[i] = typeOf(argOf(entry, i));
  func_func_set_function_type(h->function, mlirTypeAttrGet(mlirFunctionTypeGet(h->b->ctx, n, args, 1, &h->i32)));
  mlirOperationRemoveAttributeByName(h->function, dlcText("arg_attrs"));
  mlirOperationRemoveAttributeByName(h->function, dlcText("res_attrs"));
}

static intptr_t sizesOf(DlcBuilder *b, MlirValue buffer, MlirValue *sizes) {
  MlirType type = typeOf(buffer);
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    sizes[i] = mlirShapedTypeIsDynamicDim(type, i) ? memref_dim(b, buffer, constIndex(b, i))
                                                   : constIndex(b, mlirShapedTypeGetDimSize(type, i));
  return mlirShapedTypeGetRank(type);
}

static MlirValue callOutput(DlcHost *h, intptr_t index, DlcValues sizes, MlirType type) {
  MlirValue operands[MAX_RANK + 1] = {h->frame};
  for (intptr_t i = 0; i < sizes.n; ++i) operands[1 + i] = at(sizes, i);
  char name[32];
  snprintf(name, sizeof name, "dlc_output_%td", index);
  return dlcResult(dlcHostCall(h, name, valsN(sizes.n + 1, operands), types(type)), 0);
}

static MlirLogicalResult lowerReturn(DlcHost *h) {
  DlcBuilder *b = h->b;
  MlirOperation ret = mlirBlockGetTerminator(bodyOf(func_func_body(h->function)));
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(ret); ++i) {
    MlirValue buffer = mlirOperationGetOperand(ret, i), sizes[MAX_RANK], out;
    if (!mlirTypeIsAMemRef(typeOf(buffer)) || mlirShapedTypeGetRank(typeOf(buffer)) > MAX_RANK)
      return refuse(ret, "ctrl-to-host: main returns something that is no buffer of at most 16 dimensions");
    MlirOperation alloc = opOf(buffer);
    if (dlcIsOutputBuffer(buffer)) {
      dlcBefore(b, alloc) {
        MlirType type = typeOf(buffer);
        DlcValues dynamic = place_alloc_sizes(alloc);
        intptr_t next = 0, rank = mlirShapedTypeGetRank(type);
        for (intptr_t k = 0; k < rank; ++k)
          sizes[k] = mlirShapedTypeIsDynamicDim(type, k) ? at(dynamic, next++)
                                                         : constIndex(b, mlirShapedTypeGetDimSize(type, k));
        out = callOutput(h, i, valsN(rank, sizes), type);
      }
      mlirRewriterBaseReplaceAllUsesWith(b->rewriter, buffer, out);
      mlirRewriterBaseEraseOp(b->rewriter, alloc);
      continue;
    }
    dlcBefore(b, ret) {
      intptr_t rank = sizesOf(b, buffer, sizes);
      int64_t shape[MAX_RANK];
      for (intptr_t k = 0; k < rank; ++k) shape[k] = mlirShapedTypeGetDimSize(typeOf(buffer), k);
      MlirType type = mlirMemRefTypeContiguousGet(mlirShapedTypeGetElementType(typeOf(buffer)), rank, shape,
                                                  mlirAttributeGetNull());
      out = callOutput(h, i, valsN(rank, sizes), type);
      memref_copy(b, buffer, out);
    }
  }
  dlcBefore(b, ret) func_return(b, vals(arith_constant(b, mlirIntegerAttrGet(h->i32, 0))));
  mlirRewriterBaseEraseOp(b->rewriter, ret);
  return dlcStatus(b);
}

//===--- buffers ---------------------------------------------------------------------------===//
static bool isPlace(MlirOperation op) {
  return place_alloc_isa(op) || place_release_isa(op) || memref_get_global_isa(op) ||
         memref_memory_space_cast_isa(op) || place_move_isa(op);
}

static void lowerAlloc(DlcHost *h, MlirOperation op) {
  DlcBuilder *b = h->b;
  MlirType type = typeOf(mlirOperationGetResult(op, 0));
  MlirValue view = {0};
  dlcBefore(b, op) {
    if (place_alloc_offset(op).has) {
      view = memref_view(b, h->arena, constIndex(b, place_alloc_offset(op).value), place_alloc_sizes(op), type);
      break;
    }
    int64_t unit = dlcElementBytes(mlirShapedTypeGetElementType(type));
    for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
      if (!mlirShapedTypeIsDynamicDim(type, i) &&
          __builtin_mul_overflow(unit, mlirShapedTypeGetDimSize(type, i), &unit))
        unit = DLC_TOO_MANY_BYTES;
    MlirValue bytes = dlcBytesOf(b, unit, place_alloc_sizes(op));
    MlirValue memory = dlcResult(dlcHostCall(h, "dlc_alloc", vals(h->frame, bytes), types(bytesType(h))), 0);
    view = memref_view(b, memory, constIndex(b, 0), place_alloc_sizes(op), type);
  }
  if (!isNull(view)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &view);
}

static void lowerRelease(DlcHost *h, MlirOperation op) {
  DlcBuilder *b = h->b;
  dlcBefore(b, op)
      dlcHostCall(h, "dlc_free", vals(h->frame, memref_extract_aligned_pointer_as_index(b, place_release_buffer(op))),
                  (DlcTypes){0});
  mlirRewriterBaseEraseOp(b->rewriter, op);
}

// A constant is a part of the program's weights, at an offset that the global remembers.
static MlirLogicalResult lowerGlobal(DlcHost *h, MlirOperation op, int64_t *weights) {
  MlirStringRef name = memref_get_global_name(op);
  char text[512];
  snprintf(text, sizeof text, "%.*s", (int)name.length, name.data);
  MlirOperation global = dlcLookupSymbol(h->module, text);
  if (mlirOperationIsNull(global)) return refuse(op, "ctrl-to-host: no such global");
  MlirType type = typeOf(mlirOperationGetResult(op, 0));
  int64_t offset = *weights, bytes = dlcStaticBytes(type);
  if (bytes < 0 || __builtin_add_overflow(*weights, bytes + ALIGNMENT, &(int64_t){0}))
    return refuse(op, "ctrl-to-host: the constants exceed 2^63 bytes");
  MlirAttribute known = mlirOperationGetDiscardableAttributeByName(global, dlcText("dlc.offset"));
  if (!mlirAttributeIsNull(known))
    offset = mlirIntegerAttrGetValueInt(known);
  else {
    mlirOperationSetDiscardableAttributeByName(global, dlcText("dlc.offset"),
                                               mlirIntegerAttrGet(mlirIntegerTypeGet(h->b->ctx, 64), offset));
    *weights = (offset + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
  MlirValue view = {0};
  dlcBefore(h->b, op) view = memref_view(h->b, h->weights, constIndex(h->b, offset), (DlcValues){0}, type);
  if (!isNull(view)) mlirRewriterBaseReplaceOpWithValues(h->b->rewriter, op, 1, &view);
  return dlcStatus(h->b);
}

static MlirLogicalResult lowerBuffers(DlcHost *h, int64_t *weights) {
  DlcOps ops = dlcCollect(h->function, isPlace);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < ops.n && mlirLogicalResultIsSuccess(result); ++i) {
    MlirOperation op = ops.data[i];
    if (place_alloc_isa(op))
      lowerAlloc(h, op);
    else if (place_release_isa(op))
      lowerRelease(h, op);
    else if (memref_get_global_isa(op))
      result = lowerGlobal(h, op, weights);
    else if (place_move_isa(op))
      result = refuse(op, "ctrl-to-host: moves between pools are not lowered for the host");
    else { // all spaces are one here
      MlirValue source = mlirOperationGetOperand(op, 0);
      mlirRewriterBaseReplaceOpWithValues(h->b->rewriter, op, 1, &source);
    }
  }
  free(ops.data);
  return result;
}

//===--- the pass --------------------------------------------------------------------------===//
static MlirLogicalResult findMain(DlcHost *h) {
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(h->module, 0))) {
    if (!func_func_isa(op) || !bodyOf(func_func_body(op)).ptr) continue;
    if (!mlirOperationIsNull(h->function))
      return refuse(op, "ctrl-to-host: a program is one function with a body; inline the others");
    h->function = op;
  }
  if (mlirOperationIsNull(h->function))
    return refuse(h->module, "ctrl-to-host: the module holds no function with a body");
  MlirBlock entry = bodyOf(func_func_body(h->function));
  if (mlirBlockGetNextInRegion(entry).ptr)
    return refuse(h->function, "ctrl-to-host: main is to be one block; raise its control flow to ctrl first");
  for (intptr_t i = 0; i < mlirBlockGetNumArguments(entry); ++i)
    if (!mlirTypeIsAMemRef(typeOf(argOf(entry, i))))
      return refuse(h->function, "ctrl-to-host: the arguments of main must be buffers");
  return mlirLogicalResultSuccess();
}

static void setNumber(DlcHost *h, const char *name, int64_t n) {
  mlirOperationSetDiscardableAttributeByName(h->module, dlcText(name),
                                             mlirIntegerAttrGet(mlirIntegerTypeGet(h->b->ctx, 64), n));
}

static int64_t arenaBytes(DlcHost *h) {
  MlirAttribute a = mlirOperationGetDiscardableAttributeByName(h->function, dlcText("place.arena_bytes"));
  return mlirAttributeIsNull(a) ? 0 : mlirIntegerAttrGetValueInt(a);
}

static MlirLogicalResult lower(DlcHost *h) {
  int64_t weights = 0;
  if (mlirLogicalResultIsFailure(findMain(h))) return mlirLogicalResultFailure();
  char *interface = dlcHostDescribeInterface(h->function);
  if (!interface) return mlirLogicalResultFailure();
  dlcEraseMemorySpaces(h->function);
  addArguments(h);
  MlirLogicalResult result = lowerReturn(h);
  dlcFormTasks(h->b, h->function);
  if (mlirLogicalResultIsSuccess(result)) result = lowerBuffers(h, &weights);
  if (mlirLogicalResultIsSuccess(result)) result = dlcHostOutlineTasks(h);
  if (mlirLogicalResultIsSuccess(result)) result = dlcHostLowerControl(h);
  if (mlirLogicalResultIsSuccess(result)) {
    dlcHostLowerAsserts(h, h->function, h->frame);
    setFunctionType(h);
    mlirOperationSetDiscardableAttributeByName(h->module, dlcText("dlc.interface"),
                                               mlirStringAttrGet(h->b->ctx, dlcText(interface)));
    mlirOperationSetDiscardableAttributeByName(
        h->module, dlcText("dlc.tasks"),
        mlirStringAttrGet(h->b->ctx, mlirStringRefCreate(h->sites.data ? h->sites.data : "", h->sites.n)));
    setNumber(h, "dlc.arena_bytes", arenaBytes(h));
    setNumber(h, "dlc.scratch_bytes", h->scratchBytes);
    setNumber(h, "dlc.weight_bytes", weights);
    func_func_set_sym_name(h->function, mlirStringAttrGet(h->b->ctx, dlcText("dlc_main")));
    result = dlcStatus(h->b);
  }
  free(interface);
  return result;
}

MlirLogicalResult dlcRunCtrlToHost(MlirOperation root, DlcPass *pass, const DlcCtrlToHostOptions *options) {
  (void)pass, (void)options; // it has none
  MlirContext ctx = mlirOperationGetContext(root);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(ctx);
  DlcBuilder b = {rewriter, ctx, mlirOperationGetLocation(root), false};
  DlcHost h = {.b = &b,
               .module = root,
               .pointer = mlirTypeParseGet(ctx, dlcText("!llvm.ptr")),
               .i32 = mlirIntegerTypeGet(ctx, 32)};
  MlirLogicalResult result = lower(&h);
  for (intptr_t i = 0; i < h.nTasks; ++i) free(h.taskTexts[i]);
  free(h.taskTexts);
  dlcTextDestroy(&h.sites);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
