// ctrl-task-to-gpu: each ctrl.task on buffers becomes a kernel and its launch.
//
//   ctrl.task (%i, %j) in (4, %n)                      gpu.module @kernels {
//       ins(%a = %A : memref<?x64xf32>)                  gpu.func @task_0(%n: index, %A: memref<f32>, %size: index,
//       ...) kernel outs(%o = %O : memref<...>) { body }      ->       { %a = memref.reinterpret_cast ..., %i, %j from
//       gpu.block_id, body }
//                                                      }
//                                                      gpu.launch_func @kernels::@task_0 blocks in (4 * n, 1, 1) ...
// Kernels take bare base pointers and what the types leave open (kernel.h). The
// body stays as it is (linalg on memrefs); ctrl-distribute-to-threads comes
// next. Tasks whose bodies print alike share one kernel. `after` and the token
// are dropped: launches run in program order. `keep`, `pin` and `cluster` are
// about speed only, since every item still reads and writes its operands.
// Refuses: tasks on tensors, operands that are not strided memrefs or scalars.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/passes.h"
#include "dlc/text.h"
#include "lowering/device/kernel.h"
#include "lowering/device/outline.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/gpu.h"
#include "ods/memref.h"
#include "ods/scf.h"

typedef struct {
  uint64_t hash;
  char *text; // the printed function, under a name common to all
  size_t length;
  MlirOperation func;
  MlirAttribute symbol;
} Kernel;
typedef struct {
  DlcBuilder *b;
  MlirOperation module, kernels;
  int64_t threads;
  Kernel *known;
  intptr_t n, capacity;
  intptr_t named;
} Outliner;

//===--- names and equality ---
typedef struct {
  char *data;
  size_t length, capacity;
} Buffer;
static void append(MlirStringRef s, void *data) {
  Buffer *buffer = data;
  if (buffer->length + s.length > buffer->capacity) {
    buffer->capacity = (buffer->length + s.length) * 2;
    buffer->data = realloc(buffer->data, buffer->capacity);
  }
  if (s.length) memcpy(buffer->data + buffer->length, s.data, s.length);
  buffer->length += s.length;
}
static Buffer print(MlirOperation op) {
  Buffer buffer = {0};
  MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
  mlirOpPrintingFlagsUseLocalScope(flags);
  mlirOpPrintingFlagsAssumeVerified(flags);
  mlirOperationPrintWithFlags(op, flags, append, &buffer);
  mlirOpPrintingFlagsDestroy(flags);
  return buffer;
}

// Letters, digits and _ of the task's label, else "task"; then a number.
static void nameKernel(Outliner *o, MlirOperation task, char *name, size_t size) {
  MlirAttribute label = mlirOperationGetDiscardableAttributeByName(task, dlcText("label"));
  if (mlirAttributeIsNull(label)) label = mlirOperationGetDiscardableAttributeByName(task, dlcText("dlc.label"));
  char stem[64] = "task";
  if (!mlirAttributeIsNull(label) && mlirAttributeIsAString(label)) {
    MlirStringRef s = mlirStringAttrGetValue(label);
    size_t n = 0;
    for (size_t i = 0; i < s.length && n + 1 < sizeof stem; ++i) {
      char c = s.data[i];
      bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (n && c >= '0' && c <= '9');
      stem[n++] = plain ? c : '_';
    }
    if (n) stem[n] = 0;
  }
  snprintf(name, size, "%s_%ld", stem, (long)o->named++);
}

static void setSymbol(MlirOperation op, const char *name) {
  mlirOperationSetAttributeByName(op, dlcText("sym_name"),
                                  mlirStringAttrGet(mlirOperationGetContext(op), dlcText(name)));
}

// The kernel to call: an equal one made before, or func under a new name. Consumes func.
static MlirAttribute shareKernel(Outliner *o, MlirOperation task, MlirOperation func) {
  Buffer text = print(func);
  uint64_t hash = dlcHashBytes(text.data, text.length);
  for (intptr_t i = 0; i < o->n; ++i) {
    Kernel *k = &o->known[i];
    if (k->hash != hash || k->length != text.length || memcmp(k->text, text.data, text.length)) continue;
    free(text.data);
    mlirRewriterBaseEraseOp(o->b->rewriter, func);
    return k->symbol;
  }
  char name[96];
  nameKernel(o, task, name, sizeof name);
  setSymbol(func, name);
  MlirAttribute leaf = mlirFlatSymbolRefAttrGet(o->b->ctx, dlcText(name));
  MlirAttribute symbol = mlirSymbolRefAttrGet(o->b->ctx, dlcText(DLC_KERNEL_MODULE), 1, &leaf);
  if (o->n == o->capacity)
    o->known = realloc(o->known, (size_t)(o->capacity = o->capacity * 2 + 16) * sizeof *o->known);
  o->known[o->n++] = (Kernel){hash, text.data, text.length, func, symbol};
  return symbol;
}

//===--- the pass ---
static MlirLogicalResult lowerTask(Outliner *o, MlirOperation task) {
  DlcKernelPlan plan = {0};
  if (!dlcPlanKernel(task, o->threads, &plan)) return mlirLogicalResultFailure();
  MlirOperation func = {0};
  dlcAtEnd(o->b, bodyOf(gpu_module_bodyRegion(o->kernels))) func = dlcBuildKernel(o->b, task, &plan);
  MlirLogicalResult status = mlirLogicalResultFailure();
  if (func.ptr) {
    MlirAttribute symbol = shareKernel(o, task, func);
    dlcBefore(o->b, task) {
      dlcLaunchKernel(o->b, task, &plan, symbol);
      if (mlirOperationGetNumResults(task) == 1) {
        MlirValue done = ctrl_ready(o->b, .token_type = typeOf(mlirOperationGetResult(task, 0)));
        if (done.ptr) mlirRewriterBaseReplaceAllUsesWith(o->b->rewriter, mlirOperationGetResult(task, 0), done);
      }
    }
    status = dlcStatus(o->b);
    if (mlirLogicalResultIsSuccess(status)) mlirRewriterBaseEraseOp(o->b->rewriter, task);
  }
  free(plan.arguments);
  return status;
}

MlirLogicalResult dlcRunCtrlTaskToGpu(MlirOperation module, DlcPass *pass, const DlcCtrlTaskToGpuOptions *options) {
  if (options->threads < 1 || options->threads > 1024 || (options->threads > 32 && options->threads % 32))
    return dlcRefuse(module, "ctrl-task-to-gpu: threads must be 1 to 32 or a multiple of 32 up to 1024, not %ld",
                     (long)options->threads),
           mlirLogicalResultFailure();
  DlcOps tasks = dlcCollect(module, ctrl_task_isa);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(module));
  DlcBuilder b = {rewriter, mlirOperationGetContext(module), mlirOperationGetLocation(module), false};
  Outliner o = {.b = &b, .module = module, .threads = options->threads};
  MlirLogicalResult status = mlirLogicalResultSuccess();
  if (!(o.kernels = dlcMakeKernels(&b, module)).ptr) status = mlirLogicalResultFailure();
  for (intptr_t i = 0; i < tasks.n && mlirLogicalResultIsSuccess(status); ++i) status = lowerTask(&o, tasks.data[i]);
  dlcPassCount(pass, 0, (uint64_t)tasks.n);
  dlcPassCount(pass, 1, (uint64_t)o.n);
  for (intptr_t i = 0; i < o.n; ++i) free(o.known[i].text);
  free(o.known);
  free(tasks.data);
  mlirIRRewriterDestroy(rewriter);
  return status;
}
