// See lowering/host/emit.h. LLVM-C makes the code: the target machine is chosen,
// never guessed. Of a program the tasks are modules of their own (parts.h), whose
// code is made on several threads. Constants are an object beside them, or come in
// through .incbin, so that LLVM never sees them as values; ld.lld makes the shared
// object, of which dlc_program is the only exported symbol.
#include "lowering/host/emit.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dlc/emit.h"
#include "dlc/text.h"
#include "llvm-c/Core.h"
#include "llvm-c/Error.h"
#include "llvm-c/Target.h"
#include "llvm-c/TargetMachine.h"
#include "llvm-c/Transforms/PassBuilder.h"
#include "lowering/device/kernel.h"
#include "lowering/device/link.h"
#include "lowering/host/parts.h"
#include "mlir-c/RegisterEverything.h"
#include "mlir-c/Target/LLVMIR.h"

static const char triple[] = "x86_64-unknown-linux-gnu";

static bool refuse(MlirOperation op, const char *what, const char *path) {
  dlcRefuse(op, "%s %s: %s", what, path, strerror(errno));
  return false;
}

static LLVMTargetMachineRef makeMachine(MlirOperation op, const DlcHostEmitOptions *options) {
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

// What LLVM's O1 does for our code in a quarter of its time: loops are vectors and register tiles already, and what is
// the same in all iterations has mostly left them. The first passes take the arguments of launches that are the same
// constants everywhere; the entries of tasks are inlined; then addresses are simplified and shared.
static const char quick[] = "ipsccp,deadargelim,function(early-cse<memssa>,simplifycfg),cgscc(inline),"
                            "function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
                            "loop-mssa(loop-rotate,licm),instcombine<no-verify-fixpoint>,gvn,dse,adce,simplifycfg),"
                            "globaldce";

static bool optimize(MlirOperation op, LLVMModuleRef module, LLVMTargetMachineRef machine, int level) {
  char pipeline[sizeof quick];
  if (level == 1)
    memcpy(pipeline, quick, sizeof quick);
  else
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

// What one thread makes: the code of a module.
typedef struct {
  MlirOperation module;
  DlcHostForm form;
  const char *path;    // of the file
  const char *shown;   // the output that a message names
  const char *weights; // to include
  bool hasWeights;     // it defines them
} Job;

static bool runJob(const Job *job, const DlcHostEmitOptions *options) {
  LLVMContextRef ctx = LLVMContextCreate();
  LLVMModuleRef module = NULL;
  LLVMTargetMachineRef machine = makeMachine(job->module, options);
  bool ok = machine && (module = mlirTranslateModuleToLLVMIR(job->module, ctx)); // emits its own diagnostic
  if (ok) {
    LLVMSetTarget(module, triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetModuleDataLayout(module, layout);
    LLVMDisposeTargetData(layout);
    if (job->hasWeights) addWeights(module, job->weights);
    ok = optimize(job->module, module, machine, options->optimize) &&
         writeModule(job->module, module, machine, job->form, job->path, job->shown);
  }
  if (module) LLVMDisposeModule(module);
  if (machine) LLVMDisposeTargetMachine(machine);
  LLVMContextDispose(ctx);
  return ok;
}

//===--- several threads -------------------------------------------------------------------===//
enum { MOST_THREADS = 64 };
typedef struct {
  const Job *jobs;
  const DlcHostEmitOptions *options;
  pthread_mutex_t lock;
  intptr_t n, next;
  bool failed; // no further job is begun: one diagnostic was emitted
} Queue;

static void *work(void *data) {
  Queue *q = data;
  pthread_mutex_lock(&q->lock);
  while (q->next < q->n && !q->failed) {
    const Job *job = &q->jobs[q->next++];
    pthread_mutex_unlock(&q->lock);
    bool ok = runJob(job, q->options);
    pthread_mutex_lock(&q->lock);
    q->failed |= !ok;
  }
  pthread_mutex_unlock(&q->lock);
  return NULL;
}

static bool runJobs(const Job *jobs, intptr_t n, const DlcHostEmitOptions *options) {
  pthread_t threads[MOST_THREADS];
  Queue q = {.jobs = jobs, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER, .n = n};
  long wanted = options->threads ? options->threads : sysconf(_SC_NPROCESSORS_ONLN);
  intptr_t started = 0;
  while (started < n - 1 && started + 1 < wanted && started < MOST_THREADS &&
         !pthread_create(&threads[started], NULL, work, &q))
    ++started;
  work(&q); // at least this thread
  for (intptr_t i = 0; i < started; ++i) pthread_join(threads[i], NULL);
  pthread_mutex_destroy(&q.lock);
  return !q.failed;
}

//===--- programs ----------------------------------------------------------------------------===//
static bool linkProgram(MlirOperation op, const DlcOutput *out, intptr_t parts, const char *weights) {
  const char *args[DLC_MOST_PARTS + 32] = {"ld.lld",
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
                                           out->files[DLC_OUTPUT_OBJECT]};
  int n = 0;
  while (args[n]) ++n;
  for (intptr_t i = 0; i < parts; ++i) args[n++] = out->files[DLC_OUTPUT_PART + i];
  if (weights) args[n++] = weights;
  return mlirLogicalResultIsSuccess(dlcRunLinker(op, args, out->files[DLC_OUTPUT_LOG]));
}

// Makes an object of each part, and of them the whole file.
static bool emitProgram(MlirOperation op, const DlcHostEmitOptions *options, const DlcOutput *out) {
  _Static_assert((int)DLC_MOST_PARTS <= (int)DLC_OUTPUT_PARTS, "a file for each part");
  DlcHostParts parts;
  dlcHostSplit(op, &parts);
  Job jobs[DLC_MOST_PARTS + 1];
  intptr_t n = 0;
  // Where control flow is long the largest, and the only one that is never split.
  jobs[n++] = (Job){op, DLC_HOST_OBJECT, out->files[DLC_OUTPUT_OBJECT], out->path, NULL, !options->weights};
  for (intptr_t i = 0; i < parts.n; ++i)
    jobs[n++] = (Job){mlirModuleGetOperation(parts.modules[i]),
                      DLC_HOST_OBJECT,
                      out->files[DLC_OUTPUT_PART + i],
                      out->path,
                      NULL,
                      false};
  bool ok = runJobs(jobs, n, options) && linkProgram(op, out, parts.n, options->weights);
  dlcHostPartsDestroy(&parts);
  return ok;
}

static void initialize(MlirContext ctx) {
  LLVMInitializeX86TargetInfo(), LLVMInitializeX86Target(), LLVMInitializeX86TargetMC(), LLVMInitializeX86AsmPrinter(),
      LLVMInitializeX86AsmParser();
  mlirRegisterAllLLVMTranslations(ctx);
}

MlirLogicalResult dlcHostEmit(MlirOperation op, DlcHostForm form, const DlcHostEmitOptions *options, DlcOutput *out) {
  initialize(mlirOperationGetContext(op));
  Job whole = {op, form, out->files[DLC_OUTPUT_WHOLE], out->path, options->weights, true};
  bool ok = form == DLC_HOST_PROGRAM ? emitProgram(op, options, out) : runJob(&whole, options);
  if (ok && !dlcOutputCommit(out)) ok = refuse(op, "cannot write", out->path);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
