// check-graphs: compiles programs and compares them with the reference interpreter, each in a process of its own.
//
// A graph is a directory: graph.mlir, and data sets 0/, 1/, ... of inputs 0.npy, 1.npy, ... For each one a line comes
// out: DIRECTORY, a tab, a word, a tab, more text:
//
//   ok         the largest error, seconds in the interpreter and in the compiler; "ill" when an error above the bound
//              is below four times that of the reference, as another run of it in double shows
//   wrong      which output differs, and how
//   refused    the compiler gave a diagnostic
//   failed     the program could not be loaded or run
//   undefined  the interpreter refused: the graph is not well formed, or has an op that it does not know
//   crashed    a signal, or no end within the time limit
//
// With --emulate a graph is compiled for a device first, and its kernels are then made host code that runs one thread
// after the other (ctrl-emulate-kernels).
// Diagnostics are in DIRECTORY/log, what the passes counted in DIRECTORY/statistics.
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "dlc/pass.h"
#include "file.h"
#include "lowering/compile.h"
#include "lowering/pipelines.h"
#include "passes/cost/device.h"
#include "reference.h"
#include "session.h"

enum { MAX_TENSORS = 64, MAX_SETS = 16, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: check-graphs [--target TARGET] [--halo HOW] [--limit SECONDS] [--threads N] [DIRECTORY...]\n"
    "\n"
    "Compares compiled graphs with the reference interpreter; directories come from standard "
    "input when none are named.\n";

typedef struct {
  MlirContext ctx;
  const char *directory, *target, *device, *halo; // device: to emulate, or NULL
  int limit, threads;
  bool ill;
  FILE *out; // the line of this graph
} Check;

static bool report(const Check *c, const char *word, const char *format, ...) DLC_PRINTF(3, 4);
static bool report(const Check *c, const char *word, const char *format, ...) {
  char text[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  for (char *p = text; *p; ++p)
    if (*p == '\n' || *p == '\t') *p = ' ';
  fprintf(c->out, "%s\t%s\t%s\n", c->directory, word, text);
  fflush(c->out);
  return false;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

//===--- one graph --------------------------------------------------------------------------===//
typedef struct {
  int nInputs, nOutputs, nSets;
  DLManagedTensor *inputs[MAX_SETS][MAX_TENSORS], *want[MAX_SETS][MAX_TENSORS];
} Data;

static void viewInputs(const Data *d, int set, const DLTensor **views) {
  for (int i = 0; i < d->nInputs; ++i) views[i] = &d->inputs[set][i]->dl_tensor;
}

static bool readInputs(const Check *c, Data *d) {
  char path[4096];
  for (d->nSets = 0; d->nSets < MAX_SETS; ++d->nSets) {
    snprintf(path, sizeof path, "%s/%d", c->directory, d->nSets);
    if (access(path, F_OK)) break;
    for (int i = 0; i < d->nInputs; ++i) {
      snprintf(path, sizeof path, "%s/%d/%d.npy", c->directory, d->nSets, i);
      dlrt_status_t status = file_read_tensor(path, &d->inputs[d->nSets][i], NULL);
      if (status.code) return report(c, "undefined", "%s", status.message);
    }
  }
  return d->nSets > 0 || report(c, "undefined", "there is no data set");
}

static bool interpret(const Check *c, MlirModule module, Data *d) {
  const DLTensor *views[MAX_TENSORS];
  RefProgram *program = refProgramCreate(module);
  if (!program) return report(c, "undefined", "the interpreter does not take the graph");
  d->nInputs = refProgramInputs(program), d->nOutputs = refProgramOutputs(program);
  bool ok = (d->nInputs <= MAX_TENSORS && d->nOutputs <= MAX_TENSORS) || report(c, "undefined", "too many tensors");
  ok = ok && readInputs(c, d);
  for (int set = 0; ok && set < d->nSets; ++set) {
    viewInputs(d, set, views);
    ok = refProgramRun(program, views, d->want[set]) || report(c, "undefined", "the interpreter refused set %d", set);
  }
  refProgramDestroy(program);
  return ok;
}

// What the reference's own rounding changes in an output; 0 where that cannot be said.
static double roundingOf(const Check *c, Data *d, int set, int output) {
  const DLTensor *views[MAX_TENSORS];
  DLManagedTensor *wide[MAX_TENSORS] = {0};
  double distance = 0;
  char path[4096];
  snprintf(path, sizeof path, "%s/graph.mlir", c->directory);
  MlirModule module = refModuleLoad(c->ctx, path, &(bool){false}); // the first one was compiled away
  RefProgram *program = mlirModuleIsNull(module) ? NULL : refProgramCreate(module);
  viewInputs(d, set, views);
  refComputeWide(true);
  if (program && refProgramRun(program, views, wide))
    distance = refDistance(&wide[output]->dl_tensor, &d->want[set][output]->dl_tensor);
  refComputeWide(false);
  refProgramDestroy(program);
  return distance;
}

static bool compareOutput(Check *c, Data *d, int set, int i, const DLTensor *got, double *largest) {
  const DLTensor *want = &d->want[set][i]->dl_tensor;
  double error = 0, bound = refBoundOf(want);
  char why[600];
  if (!refCompare(got, want, bound, 0, &error, why, sizeof why)) {
    double slack = bound > 0 ? 4 * roundingOf(c, d, set, i) : 0;
    if (slack == 0 || !refCompare(got, want, bound, slack, &error, why, sizeof why))
      return report(c, "wrong", "set %d output %d: %s", set, i, why);
    c->ill = true;
  } else if (error > *largest) {
    *largest = error;
  }
  return true;
}

static bool compareSets(Check *c, Data *d, dlrt_instance_t *instance, double *largest) {
  const DLTensor *views[MAX_TENSORS];
  for (int set = 0; set < d->nSets; ++set) {
    DLManagedTensor *got[MAX_TENSORS] = {0};
    viewInputs(d, set, views);
    dlrt_status_t status = dlrt_run(instance, views, d->nInputs, got, d->nOutputs);
    if (status.code) return report(c, "failed", "set %d: %s", set, status.message);
    for (int i = 0; i < d->nOutputs; ++i) {
      if (!compareOutput(c, d, set, i, &got[i]->dl_tensor, largest)) return false;
      dlrt_tensor_release(got[i]);
    }
  }
  return true;
}

static bool runProgram(Check *c, const char *path, Data *d, double *largest) {
  dlrt_program_t *program = NULL;
  dlrt_instance_t *instance = NULL;
  dlrt_options_t options = {.threads = c->threads, .spin = -1};
  dlrt_status_t status = dlrt_program_open(path, &program);
  if (!status.code) status = dlrt_instance_create(program, &options, &instance);
  bool ok = status.code ? report(c, "failed", "%s", status.message) : compareSets(c, d, instance, largest);
  dlrt_instance_destroy(instance);
  dlrt_program_close(program);
  return ok;
}

static void writeStatistics(const Check *c) {
  char path[4096];
  snprintf(path, sizeof path, "%s/statistics", c->directory);
  FILE *f = fopen(path, "w");
  if (f) dlcPrintStatistics(f), fclose(f);
}

// The pipeline of a device, and after it functions of loops instead of kernels.
static bool emulate(const Check *c, MlirOperation module) {
  static const char kernels[] =
      "builtin.module(ctrl-task-to-gpu{threads=64},gpu.module(canonicalize,cse),ctrl-distribute-to-threads{warp=1},"
      "ctrl-device-math,gpu.module(canonicalize,cse),ctrl-emulate-kernels{reverse=true},lower-affine,inline,symbol-dce,"
      "func.func(canonicalize,cse))";
  if (mlirLogicalResultIsFailure(dlcDeviceAttach(module, c->device))) return false;
  for (const DlcStage *s = dlcCommonStages; s->name; ++s)
    if (!dlcRunPipeline(module, s->text)) return false;
  for (const DlcStage *s = dlcDeviceStages; s->name; ++s)
    if (!dlcRunPipeline(module, s->text)) return false;
  return dlcRunPipeline(module, kernels);
}

static bool compile(const Check *c, MlirOperation module, const char *path) {
  DlcCompileOptions options = {.target = c->target, .name = "graph", .optimize = 1, .halo = c->halo};
  return (!c->device || emulate(c, module)) && mlirLogicalResultIsSuccess(dlcCompile(module, &options, path));
}

static void checkGraph(Check *c) {
  static Data data;
  char path[4096];
  double start = now(), interpreted, compiled, largest = 0;
  snprintf(path, sizeof path, "%s/graph.mlir", c->directory);
  MlirModule module = refModuleLoad(c->ctx, path, &(bool){false});
  if (mlirModuleIsNull(module)) {
    report(c, "undefined", "the graph cannot be read");
    return;
  }
  if (!interpret(c, module, &data)) return;
  interpreted = now();
  snprintf(path, sizeof path, "%s/program.so", c->directory);
  if (!compile(c, mlirModuleGetOperation(module), path)) {
    report(c, "refused", "the compiler gave a diagnostic");
    return;
  }
  compiled = now();
  writeStatistics(c);
  if (runProgram(c, path, &data, &largest))
    report(c, "ok", "error %.1e interpreter %.2f s compiler %.2f s%s", largest, interpreted - start,
           compiled - interpreted, c->ill ? " ill" : "");
}

//===--- processes --------------------------------------------------------------------------===//
static void runChild(Check *c, int to) {
  char path[4096];
  snprintf(path, sizeof path, "%s/log", c->directory);
  int log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (log >= 0) dup2(log, 2), close(log);
  c->out = fdopen(to, "w");
  alarm((unsigned)c->limit);
  if (c->out) checkGraph(c), fclose(c->out);
  _exit(0); // the parent's buffers are not ours
}

static bool inProcess(Check *c) {
  int ends[2], status = 0;
  char line[8192];
  size_t n = 0;
  if (pipe(ends)) return perror("check-graphs: pipe"), false;
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) return perror("check-graphs: fork"), false;
  if (!child) close(ends[0]), runChild(c, ends[1]);
  close(ends[1]);
  for (ssize_t got; n < sizeof line - 1 && (got = read(ends[0], line + n, sizeof line - 1 - n)) > 0;) n += (size_t)got;
  line[n] = 0;
  close(ends[0]);
  waitpid(child, &status, 0);
  c->out = stdout;
  bool ended = WIFEXITED(status) && !WEXITSTATUS(status);
  if (ended && n)
    fputs(line, stdout), fflush(stdout);
  else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    report(c, "crashed", "no end within %d s", c->limit);
  else if (WIFSIGNALED(status))
    report(c, "crashed", "%s", strsignal(WTERMSIG(status)));
  else
    report(c, "crashed", "exit status %d", WEXITSTATUS(status));
  return ended && strstr(line, "\tok\t");
}

int main(int argc, char **argv) {
  Check c = {.target = "host:native", .limit = 60, .threads = 2, .out = stdout};
  char line[4096], why[512];
  bool ok = true;
  int i = 1;
  for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
    if (!strcmp(argv[i], "--target"))
      c.target = argv[i + 1];
    else if (!strcmp(argv[i], "--emulate"))
      c.device = argv[i + 1];
    else if (!strcmp(argv[i], "--halo")) // as dlc takes it
      c.halo = argv[i + 1];
    else if (!strcmp(argv[i], "--limit"))
      c.limit = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--threads"))
      c.threads = atoi(argv[i + 1]);
    else
      return fputs(usage, stderr), EXIT_USAGE;
  }
  if ((i < argc && argv[i][0] == '-') || c.limit < 1 || c.threads < 1) return fputs(usage, stderr), EXIT_USAGE;
  if (!dlcKnowsTarget(c.target, why, sizeof why)) return fprintf(stderr, "check-graphs: %s\n", why), EXIT_USAGE;
  c.ctx = refContextCreate();
  if (i < argc) {
    for (; i < argc; ++i) c.directory = argv[i], ok &= inProcess(&c);
  } else {
    while (fgets(line, sizeof line, stdin)) {
      line[strcspn(line, "\n")] = 0;
      c.directory = line, ok &= inProcess(&c);
    }
  }
  mlirContextDestroy(c.ctx);
  return ok ? 0 : 1;
}
