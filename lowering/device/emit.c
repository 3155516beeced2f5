// See device.h. The way of a module:
//
//   ctrl.task on buffers
//     -> ctrl-task-to-gpu, ctrl-distribute-to-threads       kernels of scf, arith, memref, gpu
//     -> math without libraries, the target's pipeline      the LLVM dialect, in gpu.module @kernels
//     -> LLVM IR, O2, the target's backend                   PTX, assembly, or an object
//     -> ld.lld -shared (AMD)                                an hsaco
// Nothing that a driver could not resolve gets out: a call to a function that is
// no intrinsic of the backend is refused by name.
#include "lowering/device/device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/pass.h"
#include "llvm-c/Core.h"
#include "llvm-c/Error.h"
#include "llvm-c/Target.h"
#include "llvm-c/Transforms/PassBuilder.h"
#include "lowering/device/kernel.h"
#include "lowering/device/link.h"
#include "lowering/device/math.h"
#include "lowering/device/metadata.h"
#include "lowering/device/target.h"
#include "mlir-c/RegisterEverything.h"
#include "mlir-c/Target/LLVMIR.h"
#include "ods/ctrl.h"
#include "ods/gpu.h"

void dlcDeviceImageDestroy(DlcDeviceImage *image) {
  free(image->bytes);
  free(image->metadata);
  *image = (DlcDeviceImage){0};
}

//===--- MLIR ---
static bool knowsChip(MlirOperation module, const DlcDeviceTarget *target, const char *chip) {
  char known[256] = "";
  for (const char *const *c = target->chips; *c; ++c) {
    if (!strcmp(*c, chip)) return true;
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", *c);
  }
  return dlcRefuse(module, "%s: unknown chip '%s'; known are %s", target->name, chip, known);
}

static bool isWork(MlirOperation op) { return ctrl_task_isa(op) || ctrl_region_isa(op); }
// Kernels in the LLVM dialect; null: one diagnostic.
static MlirOperation lowerModule(MlirOperation module, const DlcDeviceTarget *target) {
  char text[1024];
  DlcOps tasks = dlcCollect(module, isWork);
  free(tasks.data);
  if (tasks.n || !dlcFindKernels(module).ptr) { // a program without work has an image without kernels
    snprintf(text, sizeof text,
             "builtin.module(ctrl-region-to-kernel,ctrl-task-to-gpu,gpu.module(canonicalize,cse),"
             "ctrl-distribute-to-threads{warp=%ld shared-limit=%ld},gpu.module(canonicalize,cse))",
             (long)target->warp, (long)target->sharedLimit);
    if (!dlcRunPipeline(module, text)) return (MlirOperation){0};
  }
  return dlcFindKernels(module);
}
static bool lowerKernels(MlirOperation kernels, const DlcDeviceTarget *target, const char *chip) {
  char text[1024];
  if (mlirLogicalResultIsFailure(dlcLowerDeviceMath(kernels)) || !dlcDefineGridBarrier(kernels, target)) return false;
  target->pipeline(chip, text, sizeof text);
  return dlcRunPipeline(kernels, text);
}

//===--- LLVM ---
typedef struct {
  LLVMContextRef ctx;
  LLVMModuleRef module;
  LLVMTargetMachineRef machine;
} Backend;

static bool makeMachine(MlirOperation module, const DlcDeviceTarget *target, const char *chip, Backend *b) {
  target->initialize();
  LLVMTargetRef t;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(target->triple, &t, &message)) {
    dlcRefuse(module, "%s: this LLVM has no backend for it: %s", target->name, message);
    return LLVMDisposeMessage(message), false;
  }
  b->machine = LLVMCreateTargetMachine(t, target->triple, chip, target->features(chip), LLVMCodeGenLevelDefault,
                                       LLVMRelocPIC, LLVMCodeModelDefault);
  return b->machine || dlcRefuse(module, "%s: no target machine for %s", target->name, chip);
}

// A declaration that is used must be an intrinsic that the backend selects.
static bool isResolved(const char *name) {
  if (strncmp(name, "llvm.", 5)) return false;
  static const char *const foreign[] = {"sin",  "cos",  "tan",    "asin",  "acos",  "atan", "atan2", "sinh",
                                        "cosh", "tanh", "exp",    "exp2",  "exp10", "log",  "log2",  "log10",
                                        "pow",  "powi", "sincos", "ldexp", "frexp", NULL};
  for (const char *const *f = foreign; *f; ++f) {
    size_t n = strlen(*f);
    if (!strncmp(name + 5, *f, n) && (name[5 + n] == '.' || !name[5 + n])) return false;
  }
  return true;
}
static bool checkCalls(MlirOperation module, LLVMModuleRef m) {
  for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f)) {
    size_t length;
    const char *name = LLVMGetValueName2(f, &length);
    if (!LLVMIsDeclaration(f) || !LLVMGetFirstUse(f) || isResolved(name)) continue;
    return dlcRefuse(module, "a kernel calls %s, which no device resolves", name);
  }
  return true;
}

static bool optimise(MlirOperation module, Backend *b) {
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMErrorRef error = LLVMRunPasses(b->module, "default<O2>", b->machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  dlcRefuse(module, "optimising device code failed: %s", message);
  return LLVMDisposeErrorMessage(message), false;
}

static bool translate(MlirOperation kernels, const DlcDeviceTarget *target, const char *chip, Backend *b) {
  mlirRegisterAllLLVMTranslations(mlirOperationGetContext(kernels));
  b->ctx = LLVMContextCreate();
  b->module = mlirTranslateModuleToLLVMIR(kernels, b->ctx);
  if (!b->module) return false; // it has said why
  LLVMSetTarget(b->module, target->triple);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(b->machine);
  LLVMSetModuleDataLayout(b->module, layout);
  LLVMDisposeTargetData(layout);
  if (target->finish) target->finish(b->module, chip);
  return true;
}

static bool emit(MlirOperation module, Backend *b, bool assembly, LLVMMemoryBufferRef *out) {
  char *message = NULL;
  LLVMCodeGenFileType type = assembly ? LLVMAssemblyFile : LLVMObjectFile;
  if (!LLVMTargetMachineEmitToMemoryBuffer(b->machine, b->module, type, &message, out)) return true;
  dlcRefuse(module, "device code generation failed: %s", message);
  return LLVMDisposeMessage(message), false;
}

static bool keep(MlirOperation module, LLVMMemoryBufferRef buffer, DlcDeviceForm form, DlcDeviceImage *out) {
  const char *bytes = LLVMGetBufferStart(buffer);
  size_t size = LLVMGetBufferSize(buffer);
  if (form == DLC_DEVICE_IMAGE)
    return mlirLogicalResultIsSuccess(dlcLinkDeviceObject(module, bytes, size, &out->bytes, &out->size));
  out->bytes = malloc(size + 1);
  memcpy(out->bytes, bytes, size);
  out->bytes[size] = 0;
  out->size = size;
  return true;
}

static bool generate(MlirOperation kernels, const DlcDeviceTarget *target, const char *chip, DlcDeviceForm form,
                     DlcDeviceImage *out) {
  Backend b = {0};
  LLVMMemoryBufferRef buffer = NULL;
  bool ok = makeMachine(kernels, target, chip, &b) && translate(kernels, target, chip, &b) &&
            checkCalls(kernels, b.module) && optimise(kernels, &b) && checkCalls(kernels, b.module) &&
            emit(kernels, &b, form == DLC_DEVICE_ASSEMBLY, &buffer) && keep(kernels, buffer, form, out);
  if (buffer) LLVMDisposeMemoryBuffer(buffer);
  if (b.module) LLVMDisposeModule(b.module);
  if (b.machine) LLVMDisposeTargetMachine(b.machine);
  if (b.ctx) LLVMContextDispose(b.ctx);
  return ok;
}

static MlirLogicalResult emitDevice(MlirOperation module, const DlcDeviceTarget *target, const char *chip,
                                    DlcDeviceForm form, DlcDeviceImage *out) {
  *out = (DlcDeviceImage){0};
  if (!knowsChip(module, target, chip)) return mlirLogicalResultFailure();
  MlirOperation copy = mlirOperationClone(module);
  MlirOperation kernels = lowerModule(copy, target);
  bool ok = kernels.ptr != NULL;
  if (ok) out->metadata = dlcDescribeKernels(kernels, target->name, chip);
  ok = ok && lowerKernels(kernels, target, chip) && generate(kernels, target, chip, form, out);
  mlirOperationDestroy(copy);
  if (!ok) dlcDeviceImageDestroy(out);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}

MlirLogicalResult dlcEmitPtx(MlirOperation module, const char *chip, DlcDeviceImage *out) {
  return emitDevice(module, &dlcNvptxTarget, chip, DLC_DEVICE_ASSEMBLY, out);
}
MlirLogicalResult dlcEmitGcn(MlirOperation module, const char *chip, DlcDeviceImage *out) {
  return emitDevice(module, &dlcAmdgcnTarget, chip, DLC_DEVICE_ASSEMBLY, out);
}
MlirLogicalResult dlcEmitHsaco(MlirOperation module, const char *chip, DlcDeviceImage *out) {
  return emitDevice(module, &dlcAmdgcnTarget, chip, DLC_DEVICE_IMAGE, out);
}
