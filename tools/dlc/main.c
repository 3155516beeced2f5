// dlc: a model in, a program out.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dlc/tools.h"
#include "frontends/onnx/onnx.h"
#include "lowering/compile.h"
#include "lowering/output.h"
#include "mlir-c/IR.h"
#include "mlir-c/Diagnostics.h"
#include "mlir-c/Support.h"
#include "tools/dlc/dlc.h"
#include "tools/dlc/tune.h"

enum { MAX_STAGES = 32 };

static const char usage[] =
    "usage: dlc MODEL [-o FILE] [options]\n"
    "\n"
    "Compiles a model (.onnx, or MLIR text or bytecode: .mlir, .mlirbc) to a program.\n"
    "\n"
    "  -o FILE             output (default: the model's name with .so, .ptx or .hsaco). For the host a name that ends "
    "in\n"
    "                      .ll, .s or .o gives LLVM IR (and FILE.ll.weights, which it names), assembly or an object; "
    "for\n"
    "                      amdgcn .s gives assembly\n"
    "  --target=TARGET     host[:native|x86-64-v2|x86-64-v3|x86-64-v4] (default host:native),\n"
    "                      nvptx[:sm_80|sm_86|sm_89|sm_90|sm_90a|sm_100a], "
    "amdgcn[:gfx906|gfx908|gfx90a|gfx942|gfx950]\n"
    "  --device=DEVICE     what the compiler chooses for: a name in devices/ (a100, h100, host-avx2, ..) or a file "
    "that ends\n"
    "                      in .mlir (default: the model's own description, else the nearest to the target)\n"
    "  --winograd=WHEN     convolutions by Winograd's algorithm: auto (where it is predicted to be faster: results\n"
    "                      then differ by up to about 1e-5 of the largest, and NaN stands for infinities;\n"
    "                      default), off, or 2 or 4, the outputs of a transform, wherever it can be\n"
    "  --fusion=LEVEL      how far ops are joined: none, register (elementwise ops only) or all (default)\n"
    "  --control=LEVEL     how loops and branches are rewritten (hoisted, split, made numbers and selections): none, "
    "or\n"
    "                      all (default)\n"
    "  --wavefront=WHEN    alike recurrences of a loop, each of which reads the one before it (the layers of a "
    "recurrent\n"
    "                      network), as a wavefront: auto (where it is predicted to be faster; default), on (wherever "
    "it\n"
    "                      can be) or off\n"
    "  --schedule=HOW      how tiles are chosen: cost (default) or rules\n"
    "  --halo=HOW          what tiles share through windows: recompute (computed by each), line (rows kept in line\n"
    "                      buffers wherever they can be), or cost (default): the cheaper one\n"
    "  --candidate=N       every graph takes its N-th tile in the order of predicted time (default: the best one)\n"
    "  --choices=FILE      lines 'N LABEL': the candidates that graphs take\n"
    "  --tune[=K]          measure the K best-priced tiles of each graph (1 to 16, default 4) on this host and take "
    "the\n"
    "                      fastest; for the host, -o NAME.so. The program runs in child processes, on random inputs "
    "with\n"
    "                      --assume-size for dynamic sizes and DLRT_NUM_THREADS threads; needs room for K + 2 "
    "programs\n"
    "  --tune-inputs=DIR   inputs for that: DIR/input_N.pb, as dl-run --input-pb-dir\n"
    "  --tune-log=FILE     write what was measured as JSON, a line for each graph and tile: seconds, and what the "
    "cost\n"
    "                      model sees\n"
    "  --tune-seconds=N    about how long that may take without the last compilation (default 120)\n"
    "  --regions=WHERE     where a device's control flow runs: kernel (the whole program is one persistent kernel), "
    "host\n"
    "                      (a kernel for each task) or auto (kernel for programs with loops or branches that can be "
    "one;\n"
    "                      default)\n"
    "  --max-depth=N       how deep functions may recurse where the program does not say it (default 1024, less where "
    "frames\n"
    "                      are large: 1 GiB in all); a call beyond it fails when the program runs\n"
    "  --tile-report=FILE  write what the tile graphs decided and what it costs: kernels, bytes by level, "
    "intermediates;\n"
    "                      .json for programs, .jsonl a line for each graph, .dot for Graphviz, else text; -: standard "
    "output\n"
    "  --ctrl-report=FILE  write where control flow runs and what its iterations cost: forks, barriers, what is read "
    "and "
    "carried;\n"
    "                      -: standard output\n"
    "  --assume-size=N     what the report takes a dynamic size as (default 64)\n"
    "  -O0 .. -O3          effort of LLVM's optimiser (default -O1; the loops are vectorised before it)\n"
    "  --print-pipeline    print the stages of the target and their passes, and stop\n"
    "  --emit-mlir=STAGE   stop after a stage (import, or one of --print-pipeline) and write its MLIR to -o (default: "
    "-)\n"
    "  --save-temps[=DIR]  write the MLIR after each stage to DIR/NN-STAGE.mlir (default: the output's name + .temps)\n"
    "  --timing[=passes]   print seconds and peak memory of each stage, or the seconds of each pass as well\n"
    "  --timing-json=FILE  the same as JSON\n"
    "  --verbose, -v       show each stage as it begins\n"
    "  --threads=N         threads of the compiler (default: all)\n"
    "  --help, -h          this text\n"
    "\n"
    "Exit status: 0 done; 2 the model needs something that is not supported; 64 wrong usage; 1 any other error.\n";

typedef struct {
  const DlcOptions *options;
  struct {
    char name[32];
    double seconds;
    long peakKib;
  } stages[MAX_STAGES];
  int n;
  struct timespec start;
  bool stopped; // after --emit-mlir's stage
  bool failed;
} Progress;

//===--- time --------------------------------------------------------------------------------===//
static double secondsSince(const struct timespec *start) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - start->tv_sec) + 1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

static long peakKib(void) {
  struct rusage usage_;
  return getrusage(RUSAGE_SELF, &usage_) ? 0 : usage_.ru_maxrss;
}

static bool showsProgress(const Progress *p) { return p->options->verbose || (isatty(2) && !p->options->timing); }

static void beginStage(const char *stage, void *data) {
  Progress *p = data;
  clock_gettime(CLOCK_MONOTONIC, &p->start);
  if (p->options->verbose)
    fprintf(stderr, "dlc: %s ...\n", stage);
  else if (showsProgress(p))
    fprintf(stderr, "\r\033[Kdlc: %s ...", stage);
}

static void writeText(MlirStringRef s, void *file) { fwrite(s.data, 1, s.length, file); }

// Text of the module, without the bytes of its large constants.
static void printModule(MlirOperation module, FILE *f) {
  MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
  mlirOpPrintingFlagsElideLargeElementsAttrs(flags, 32);
  mlirOpPrintingFlagsElideLargeResourceString(flags, 64);
  mlirOperationPrintWithFlags(module, flags, writeText, f);
  mlirOpPrintingFlagsDestroy(flags);
  fputc('\n', f);
}

// True, or false after a message.
static bool finish(DlcOutput *out, FILE *f, const char *path) {
  bool ok = f && !ferror(f);
  if (f && fclose(f)) ok = false;
  ok = ok && dlcOutputCommit(out);
  if (!ok) fprintf(stderr, "dlc: cannot write %s: %s\n", path, strerror(errno));
  dlcOutputEnd(out);
  return ok;
}

static bool writeModule(MlirOperation module, const char *path) {
  DlcOutput out;
  if (!strcmp(path, "-")) {
    printModule(module, stdout);
    if (!fflush(stdout) && !ferror(stdout)) return true;
    return perror("dlc: cannot write to standard output"), false;
  }
  if (!dlcOutputBegin(path, &out)) return fprintf(stderr, "dlc: cannot write %s: %s\n", path, strerror(errno)), false;
  FILE *f = fopen(out.files[DLC_OUTPUT_WHOLE], "w");
  if (f) printModule(module, f);
  return finish(&out, f, path);
}

static void endStage(const char *stage, MlirOperation module, void *data) {
  Progress *p = data;
  if (p->n < MAX_STAGES) {
    snprintf(p->stages[p->n].name, sizeof p->stages[p->n].name, "%s", stage);
    p->stages[p->n].seconds = secondsSince(&p->start);
    p->stages[p->n].peakKib = peakKib();
  }
  ++p->n;
  if (p->options->saveTemps && strcmp(stage, "code")) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%02d-%s.mlir", p->options->temps, p->n, stage);
    if (!writeModule(module, path)) p->failed = true;
  }
  if (p->options->emit && !strcmp(stage, p->options->emit)) {
    if (!writeModule(module, p->options->output ? p->options->output : "-")) p->failed = true;
    exit(p->failed); // everything that follows is not asked for
  }
}

static void printTiming(const Progress *p, double total) {
  if (showsProgress(p) && !p->options->verbose) fprintf(stderr, "\r\033[K");
  if (!p->options->timing) return;
  fprintf(stderr, "%-12s %9s %10s\n", "stage", "seconds", "peak MiB");
  for (int i = 0; i < p->n && i < MAX_STAGES; ++i)
    fprintf(stderr, "%-12s %9.3f %10.1f\n", p->stages[i].name, p->stages[i].seconds,
            (double)p->stages[i].peakKib / 1024);
  fprintf(stderr, "%-12s %9.3f %10.1f\n", "total", total, (double)peakKib() / 1024);
}

static bool writeTimingJson(const Progress *p, double total, DlcOutput *out) {
  FILE *f = fopen(out->files[DLC_OUTPUT_WHOLE], "w");
  if (f) {
    fprintf(f, "{\"total_seconds\": %.6f, \"peak_bytes\": %lld, \"stages\": [", total, (long long)peakKib() * 1024);
    for (int i = 0; i < p->n && i < MAX_STAGES; ++i)
      fprintf(f, "%s{\"name\": \"%s\", \"seconds\": %.6f, \"peak_bytes\": %lld}", i ? ", " : "", p->stages[i].name,
              p->stages[i].seconds, (long long)p->stages[i].peakKib * 1024);
    fprintf(f, "]}\n");
  }
  return finish(out, f, p->options->timingJson);
}

//===--- command line ------------------------------------------------------------------------===//
static bool takesValue(const char *arg, const char *name, const char **value) {
  size_t n = strlen(name);
  if (strncmp(arg, name, n) || arg[n] != '=') return false;
  *value = arg + n + 1;
  return true;
}

static bool endsWith(const char *s, const char *suffix) {
  size_t n = strlen(s), m = strlen(suffix);
  return n >= m && !strcmp(s + n - m, suffix);
}

static int wrongUsage(const char *what, const char *arg) {
  fprintf(stderr, "dlc: %s '%s'; see dlc --help\n", what, arg);
  return DLC_EXIT_USAGE;
}

// Options whose value is a number, as given; NULL: not given.
typedef struct {
  const char *threads, *assumed, *candidate, *depth, *tune, *seconds;
} Numbers;

// A number from 1 to `most`. 0: it is one, or was not given.
static int readNumber(const char *text, const char *wrong, int most, int *out) {
  char *end = NULL;
  if (!text) return 0;
  long value = strtol(text, &end, 10);
  if (value < 1 || value > most || *end) return wrongUsage(wrong, text);
  return *out = (int)value, 0;
}

static int readNumbers(const Numbers *n, DlcOptions *o) {
  int status = readNumber(n->threads, "--threads takes a number from 1, not", INT_MAX, &o->threads);
  if (!status) status = readNumber(n->assumed, "--assume-size takes a number from 1, not", INT_MAX, &o->assumed);
  if (!status) status = readNumber(n->depth, "--max-depth takes a number from 1, not", INT_MAX, &o->depth);
  if (!status) status = readNumber(n->candidate, "--candidate takes a number from 1, not", INT_MAX, &o->candidate);
  if (!status) status = readNumber(n->tune, "--tune takes a number from 1 to 16, not", DLC_TUNE_MOST, &o->tune);
  char *end = NULL;
  if (!status && n->seconds && (!((o->tuneSeconds = strtod(n->seconds, &end)) > 0) || *end || !(o->tuneSeconds <= 1e6)))
    return wrongUsage("--tune-seconds takes seconds, not", n->seconds);
  return status;
}

// Whether a value is one of the words, which a blank separates, or was not given.
static bool isOneOf(const char *value, const char *words) {
  size_t n = value ? strlen(value) : 0;
  for (const char *at = words; value && at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
    if (!strncmp(at, value, n) && (at[n] == ' ' || !at[n])) return true;
  return !value;
}

static int checkWords(const DlcOptions *o) {
  if (!isOneOf(o->winograd, "auto off 2 4")) return wrongUsage("--winograd is auto, off, 2 or 4, not", o->winograd);
  if (!isOneOf(o->regions, "auto kernel host")) return wrongUsage("--regions is auto, kernel or host, not", o->regions);
  if (o->regions && !strncmp(o->target, "host", 4))
    return wrongUsage("for devices only, as --target=nvptx", "--regions");
  if (!isOneOf(o->fusion, "none register all")) return wrongUsage("--fusion is none, register or all, not", o->fusion);
  if (!isOneOf(o->control, "none all")) return wrongUsage("--control is none or all, not", o->control);
  if (o->choices && (strlen(o->choices) > 380 || strpbrk(o->choices, "{}\"' ,=;()")))
    return wrongUsage("--choices takes a short name without blanks and brackets, not", o->choices);
  if (!isOneOf(o->by, "cost rules")) return wrongUsage("--schedule is cost or rules, not", o->by);
  if (!isOneOf(o->wavefront, "auto on off")) return wrongUsage("--wavefront is auto, on or off, not", o->wavefront);
  if (!isOneOf(o->halo, "cost line recompute")) return wrongUsage("--halo is cost, line or recompute, not", o->halo);
  return 0;
}

// What tuning cannot be combined with. 0: nothing.
static int checkTune(const DlcOptions *o, bool hasSeconds) {
  if (!o->tune && (hasSeconds || o->tuneLog || o->tuneInputs))
    return wrongUsage("only with --tune:", hasSeconds ? "--tune-seconds" : o->tuneLog ? "--tune-log" : "--tune-inputs");
  if (!o->tune) return 0;
  if (strncmp(o->target, "host", 4)) return wrongUsage("--tune runs programs on this host, not for", o->target);
  if (o->emit) return wrongUsage("--tune measures whole programs, not a stage:", "--emit-mlir");
  if (o->candidate || o->choices || (o->by && !strcmp(o->by, "rules")))
    return wrongUsage("--tune chooses tiles itself, not by", o->candidate ? "--candidate"
                                                             : o->choices ? "--choices"
                                                                          : "--schedule=rules");
  if (o->output && !endsWith(o->output, ".so")) return wrongUsage("--tune makes a program, NAME.so, not", o->output);
  return 0;
}

// 0: go on.
static int parseArguments(int argc, char **argv, DlcOptions *o) {
  Numbers n = {0};
  for (int i = 1; i < argc; ++i) {
    const char *arg = argv[i];
    if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) return fputs(usage, stdout), -1;
    if (!strcmp(arg, "-o")) {
      if (++i == argc) return wrongUsage("a file name must follow", arg);
      o->output = argv[i];
    } else if (takesValue(arg, "--target", &o->target) || takesValue(arg, "--device", &o->device) ||
               takesValue(arg, "--emit-mlir", &o->emit) || takesValue(arg, "--timing-json", &o->timingJson) ||
               takesValue(arg, "--threads", &n.threads) || takesValue(arg, "--fusion", &o->fusion) ||
               takesValue(arg, "--control", &o->control) || takesValue(arg, "--winograd", &o->winograd) ||
               takesValue(arg, "--tile-report", &o->report) || takesValue(arg, "--ctrl-report", &o->controlReport) ||
               takesValue(arg, "--assume-size", &n.assumed) || takesValue(arg, "--schedule", &o->by) ||
               takesValue(arg, "--halo", &o->halo) || takesValue(arg, "--choices", &o->choices) ||
               takesValue(arg, "--candidate", &n.candidate) || takesValue(arg, "--max-depth", &n.depth) ||
               takesValue(arg, "--regions", &o->regions) || takesValue(arg, "--wavefront", &o->wavefront) ||
               takesValue(arg, "--tune", &n.tune) || takesValue(arg, "--tune-log", &o->tuneLog) ||
               takesValue(arg, "--tune-inputs", &o->tuneInputs) || takesValue(arg, "--tune-seconds", &n.seconds)) {
    } else if (!strcmp(arg, "--timing-json") || !strcmp(arg, "--target") || !strcmp(arg, "--emit-mlir")) {
      if (++i == argc) return wrongUsage("a value must follow", arg);
      *(arg[2] == 'e' ? &o->emit : arg[3] == 'a' ? &o->target : &o->timingJson) = argv[i];
    } else if (takesValue(arg, "--save-temps", &o->temps))
      o->saveTemps = true;
    else if (!strcmp(arg, "--save-temps"))
      o->saveTemps = true;
    else if (!strcmp(arg, "--tune"))
      o->tune = DLC_TUNE_CANDIDATES;
    else if (!strcmp(arg, "--print-pipeline"))
      o->printPipeline = true;
    else if (!strcmp(arg, "--timing") || !strcmp(arg, "--timing=passes"))
      o->timing = true, o->timePasses = arg[8];
    else if (!strcmp(arg, "--verbose") || !strcmp(arg, "-v"))
      o->verbose = true;
    else if (arg[0] == '-' && arg[1] == 'O' && arg[2] >= '0' && arg[2] <= '3' && !arg[3])
      o->optimize = arg[2] - '0';
    else if (arg[0] == '-' && arg[1])
      return wrongUsage("unknown option", arg);
    else if (o->model)
      return wrongUsage("a second model", arg);
    else
      o->model = arg;
  }
  int status = readNumbers(&n, o);
  if (!status) status = checkWords(o);
  if (!status) status = checkTune(o, n.seconds != NULL);
  if (status) return status;
  if (!o->model && !o->printPipeline) return fputs(usage, stderr), DLC_EXIT_USAGE;
  return 0;
}

static const char *baseName(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

// The model's file name without its ending.
static void stemOf(const char *path, char *out, size_t size) {
  snprintf(out, size, "%s", baseName(path));
  char *dot = strrchr(out, '.');
  if (dot && dot != out) *dot = 0;
}

static void defaultNames(DlcOptions *o, char *output, char *temps, size_t size) {
  char stem[1024];
  if (!o->output && !o->emit) {
    stemOf(o->model, stem, sizeof stem);
    snprintf(output, size, "%s%s", stem,
             !strncmp(o->target, "nvptx", 5)    ? ".ptx"
             : !strncmp(o->target, "amdgcn", 6) ? ".hsaco"
                                                : ".so");
    o->output = output;
  }
  if (o->saveTemps && !o->temps) {
    snprintf(temps, size, "%s.temps", o->output ? o->output : "dlc");
    o->temps = temps;
  }
}

//===--- main ---------------------------------------------------------------------------------===//
static int load(MlirContext ctx, const DlcOptions *o, const char *name, MlirModule *module) {
  if (!endsWith(o->model, ".onnx")) {
    *module = mlirModuleCreateParseFromFile(ctx, mlirStringRefCreateFromCString(o->model));
    return mlirModuleIsNull(*module) ? 1 : 0;
  }
  DlcImportStatus status =
      dlcImportOnnx(ctx, o->model, &(DlcImportOptions){.name = name, .warnings = o->verbose}, module);
  return status == DLC_IMPORT_OK ? 0 : status == DLC_IMPORT_REFUSED ? DLC_EXIT_REFUSED : 1;
}

int dlcCompileModel(const DlcOptions *o) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  dlcRegisterEverything();
  MlirContext ctx = mlirContextCreateWithRegistry(registry, o->threads != 1);
  mlirContextLoadAllAvailableDialects(ctx);
  Progress progress = {.options = o};
  struct timespec start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  DlcOutput timing = {0};
  if (o->timingJson && !dlcOutputBegin(o->timingJson, &timing))
    return fprintf(stderr, "dlc: cannot write %s: %s\n", o->timingJson, strerror(errno)), 1;
  char name[1024];
  stemOf(o->model, name, sizeof name);
  MlirModule module = {0};
  beginStage("import", &progress);
  int status = load(ctx, o, name, &module);
  if (!status) {
    endStage("import", mlirModuleGetOperation(module), &progress);
    DlcCompileOptions options = {.target = o->target,
                                 .name = name,
                                 .device = o->device,
                                 .optimize = o->optimize,
                                 .threads = o->threads,
                                 .fusion = o->fusion,
                                 .control = o->control,
                                 .winograd = o->winograd,
                                 .regions = o->regions,
                                 .by = o->by,
                                 .wavefront = o->wavefront,
                                 .halo = o->halo,
                                 .choices = o->choices,
                                 .candidate = o->candidate,
                                 .report = o->report,
                                 .controlReport = o->controlReport,
                                 .depth = o->depth,
                                 .assumed = o->assumed,
                                 .timePasses = o->timePasses,
                                 .begin = beginStage,
                                 .end = endStage,
                                 .data = &progress};
    if (mlirLogicalResultIsFailure(dlcCompile(mlirModuleGetOperation(module), &options, o->emit ? NULL : o->output)))
      status = 1;
    mlirModuleDestroy(module);
  }
  double total = secondsSince(&start);
  printTiming(&progress, total);
  if (!status && (progress.failed || (o->timingJson && !writeTimingJson(&progress, total, &timing)))) status = 1;
  dlcOutputEnd(&timing);
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return status;
}

int main(int argc, char **argv) {
  DlcOptions o = {.target = "host", .optimize = 1, .tuneSeconds = DLC_TUNE_SECONDS};
  int status = parseArguments(argc, argv, &o);
  if (status) return status < 0 ? 0 : status;
  char why[512], output[2048], temps[2048];
  if (!dlcKnowsTarget(o.target, why, sizeof why)) return fprintf(stderr, "dlc: %s\n", why), DLC_EXIT_USAGE;
  if (o.emit && strcmp(o.emit, "import") && !dlcKnowsStage(o.target, o.emit))
    return wrongUsage("--emit-mlir: the target has no stage", o.emit);
  if (o.printPipeline) return dlcPrintPipeline(o.target, stdout), 0;
  defaultNames(&o, output, temps, sizeof output);
  dlcOutputEndWithProcess();
  if (o.saveTemps && mkdir(o.temps, 0777) && errno != EEXIST) return perror(o.temps), 1;
  return o.tune ? dlcTuneModel(&o) : dlcCompileModel(&o);
}
