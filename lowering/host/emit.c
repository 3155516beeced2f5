// See lowering/host/emit.h. LLVM-C makes the code: the target machine is chosen,
// never guessed. Constants come in through .incbin, so that LLVM never sees them
// as values; ld.lld makes the shared object, of which dlc_program is the only
// exported symbol.
#include "lowering/host/emit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/emit.h"
#include "dlc/text.h"
#include "llvm-c/Core.h"
#include "llvm-c/Error.h"
#include "llvm-c/Target.h"
#include "llvm-c/TargetMachine.h"
#include "llvm-c/Transforms/PassBuilder.h"
#include "lowering/device/kernel.h"
#include "lowering/device/link.h"
#include "mlir-c/RegisterEverything.h"
#include "mlir-c/Target/LLVMIR.h"

static const char triple[] = "x86_64-unknown-linux-gnu";

static bool refuse(MlirOperation op, const char *what, const char *path) {
  dlcRefuse(op, "%s %s: %s", what, path, strerror(errno));
  return false;
}

static LLVMTargetMachineRef makeMachine(MlirOperation op, const DlcHostEmitOptions *options) {
  LLVMInitializeX86TargetInfo(), LLVMInitializeX86Target(), LLVMInitializeX86TargetMC(), LLVMInitializeX86AsmPrinter(),
      LLVMInitializeX86AsmParser();
  LLVMTargetRef target;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(triple, &target, &message)) {
    dlcRefuse(op, "no x86-64 backend: %s", message);
    LLVMDisposeMessage(message);
    return NULL;
  }
  LLVMCodeGenOptLevel level = options->optimize == 0   ? LLVMCodeGenLevelNone
                              : options->optimize == 1 ? LLVMCodeGenLevelLess
                                                       : LLVMCodeGenLevelDefault;
  return LLVMCreateTargetMachine(target, triple, options->cpu->cpu, options->cpu->features, level, LLVMRelocPIC,
                                 LLVMCodeModelDefault);
}

// The symbol dlc_weights, from the file or empty.
static void addWeights(LLVMModuleRef module, const char *path) {
  DlcText t = {0};
  dlcTextPrint(
      &t, ".section .dlc.weights,\"a\",@progbits\n.globl dlc_weights\n.hidden dlc_weights\n.balign 64\ndlc_weights:\n");
  if (path) {
    dlcTextPrint(&t, ".incbin ");
    dlcTextJson(&t, mlirStringRefCreateFromCString(path));
    dlcTextPrint(&t, "\n");
  }
  dlcTextPrint(&t, ".byte 0\n.text\n");
  LLVMAppendModuleInlineAsm(module, t.data, t.n);
  dlcTextDestroy(&t);
}

static bool optimize(MlirOperation op, LLVMModuleRef module, LLVMTargetMachineRef machine, int level) {
  char pipeline[32];
  snprintf(pipeline, sizeof pipeline, "default<O%d>", level);
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetLoopVectorization(options,
                                             0); // loops are vectors already; what is left is scalar for a reason
  LLVMPassBuilderOptionsSetSLPVectorization(options, 0);
  LLVMPassBuilderOptionsSetLoopUnrolling(options, 0);
  LLVMErrorRef error = LLVMRunPasses(module, pipeline, machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  dlcRefuse(op, "LLVM's pipeline failed: %s", message);
  LLVMDisposeErrorMessage(message);
  return false;
}

// `shown` is the output that a message names.
static bool writeModule(MlirOperation op, LLVMModuleRef module, LLVMTargetMachineRef machine, DlcHostForm form,
                        const char *path, const char *shown) {
  char *message = NULL;
  if (form != DLC_HOST_LLVM_IR) {
    bool ok =
        dlcEmitToFile(machine, module, form == DLC_HOST_ASSEMBLY ? LLVMAssemblyFile : LLVMObjectFile, path, &message);
    if (!ok) dlcRefuse(op, "cannot write %s: %s", shown, message);
    if (message) LLVMDisposeMessage(message);
    return ok;
  }
  char *text = LLVMPrintModuleToString(module);
  FILE *f = fopen(path, "wb");
  bool ok = f && fputs(text, f) >= 0;
  if (f && fclose(f)) ok = false;
  if (!ok) refuse(op, "cannot write", shown);
  LLVMDisposeMessage(text);
  return ok;
}

static bool linkProgram(MlirOperation op, const DlcOutput *out) {
  const char *const args[] = {"ld.lld",
                              "-shared",
                              "--hash-style=gnu",
                              "-z",
                              "noexecstack",
                              "--gc-sections",
                              "-L/lib/x86_64-linux-gnu",
                              "-L/usr/lib/x86_64-linux-gnu",
                              "-L/lib64",
                              "-L/usr/lib64",
                              "--no-as-needed",
                              "-l:libm.so.6",
                              "-o",
                              out->files[DLC_OUTPUT_WHOLE],
                              out->files[DLC_OUTPUT_OBJECT],
                              NULL};
  return mlirLogicalResultIsSuccess(dlcRunLinker(op, args, out->files[DLC_OUTPUT_LOG]));
}

// Makes the whole file, and for a program an object beside it.
static bool emitTo(MlirOperation op, LLVMModuleRef module, LLVMTargetMachineRef machine, DlcHostForm form,
                   const DlcOutput *out) {
  if (form != DLC_HOST_PROGRAM) return writeModule(op, module, machine, form, out->files[DLC_OUTPUT_WHOLE], out->path);
  return writeModule(op, module, machine, DLC_HOST_OBJECT, out->files[DLC_OUTPUT_OBJECT], out->path) &&
         linkProgram(op, out);
}

MlirLogicalResult dlcHostEmit(MlirOperation op, DlcHostForm form, const DlcHostEmitOptions *options, DlcOutput *out) {
  LLVMContextRef ctx = LLVMContextCreate();
  LLVMModuleRef module = NULL;
  LLVMTargetMachineRef machine = makeMachine(op, options);
  bool ok = machine != NULL;
  if (ok) {
    mlirRegisterAllLLVMTranslations(mlirOperationGetContext(op));
    module = mlirTranslateModuleToLLVMIR(op, ctx); // emits its own diagnostic
    ok = module != NULL;
  }
  if (ok) {
    LLVMSetTarget(module, triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetModuleDataLayout(module, layout);
    LLVMDisposeTargetData(layout);
    addWeights(module, options->weights);
    ok = optimize(op, module, machine, options->optimize) && emitTo(op, module, machine, form, out);
    if (ok && !dlcOutputCommit(out)) ok = refuse(op, "cannot write", out->path);
  }
  if (module) LLVMDisposeModule(module);
  if (machine) LLVMDisposeTargetMachine(machine);
  LLVMContextDispose(ctx);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
