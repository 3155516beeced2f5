// See lowering/compile.h: the stages of lowering/pipelines.h in order, then the
// code of the target.
#include "lowering/compile.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dlc/ir.h"
#include "dlc/pass.h"
#include "lowering/device/device.h"
#include "lowering/device/kernel.h"
#include "lowering/host/emit.h"
#include "lowering/output.h"
#include "lowering/pipelines.h"
#include "passes/cost/device.h"

//===--- targets -----------------------------------------------------------------------===//
typedef enum { HOST, NVPTX, AMDGCN, NO_TARGET } Kind;
typedef struct {
  Kind kind;
  const char *chip;
} Target;

static Target parseTarget(const char *text) {
  static const struct {
    const char *name, *chip;
    Kind kind;
  } known[] = {{"host", "native", HOST}, {"nvptx", "sm_90a", NVPTX}, {"amdgcn", "gfx942", AMDGCN}};
  for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
    size_t n = strlen(known[i].name);
    if (!strncmp(text, known[i].name, n) && (!text[n] || (text[n] == ':' && text[n + 1])))
      return (Target){known[i].kind, text[n] ? text + n + 1 : known[i].chip};
  }
  return (Target){NO_TARGET, NULL};
}

bool dlcKnowsTarget(const char *target, char *why, size_t size) {
  static const char *const chips[] = {"sm_80",  "sm_86",  "sm_89",  "sm_90",  "sm_90a", "sm_100a",
                                      "gfx906", "gfx908", "gfx90a", "gfx942", "gfx950"};
  Target t = parseTarget(target);
  DlcHostCpu cpu;
  bool known = false;
  if (t.kind == HOST && (known = dlcHostCpu(t.chip, &cpu))) dlcHostCpuDestroy(&cpu);
  for (size_t i = 0; i < sizeof chips / sizeof *chips; ++i)
    known |= (t.kind == NVPTX && chips[i][0] == 's' && !strcmp(chips[i], t.chip)) ||
             (t.kind == AMDGCN && chips[i][0] == 'g' && !strcmp(chips[i], t.chip));
  if (!known)
    snprintf(why, size,
             "unknown target '%s'; targets are host[:native|x86-64-v2|x86-64-v3|x86-64-v4], "
             "nvptx[:sm_80|sm_86|sm_89|sm_90|sm_90a|sm_100a], amdgcn[:gfx906|gfx908|gfx90a|gfx942|gfx950]",
             target);
  return known;
}

bool dlcKnowsStage(const char *target, const char *name) {
  for (const DlcStage *s = dlcCommonStages; s->name; ++s)
    if (!strcmp(s->name, name)) return true;
  for (const DlcStage *s = parseTarget(target).kind == HOST ? dlcHostStages : dlcDeviceStages; s->name; ++s)
    if (!strcmp(s->name, name)) return true;
  return false;
}

// The description in devices/ that is nearest to a target.
static const char *deviceOf(Target t) {
  DlcHostCpu cpu;
  if (t.kind == NVPTX)
    return !strcmp(t.chip, "sm_90") || !strcmp(t.chip, "sm_90a") || !strcmp(t.chip, "sm_100a") ? "h100" : "a100";
  if (t.kind == AMDGCN || !dlcHostCpu(t.chip, &cpu)) return "mi300x";
  const char *name = cpu.vectorBits == 512 ? "host-avx512" : "host-avx2";
  dlcHostCpuDestroy(&cpu);
  return name;
}

static bool describeDevice(MlirOperation module, const char *device, Target t) {
  if (!device && dlcDeviceAttached(module)) return true;
  return mlirLogicalResultIsSuccess(dlcDeviceAttach(module, device ? device : deviceOf(t)));
}

//===--- stages --------------------------------------------------------------------------===//
// What a target sets of a pass's options.
typedef struct {
  const char *pass;
  char options[512]; // names of files, of up to 380 characters, among them
} Setting;

typedef struct {
  MlirOperation module;
  const DlcCompileOptions *options;
  Setting settings[25];
  int nSettings;
} Run;

static void begin(const Run *r, const char *stage) {
  if (r->options->begin) r->options->begin(stage, r->options->data);
}
static void end(const Run *r, const char *stage) {
  if (r->options->end) r->options->end(stage, r->module, r->options->data);
}

// Where the name of a pass ends in the text of a pipeline; null: it is not there.
static char *behindPass(char *text, const char *pass) {
  for (char *at = strstr(text, pass); at; at = strstr(at + 1, pass)) {
    char *end = at + strlen(pass);
    if (at > text && strchr("(,", at[-1]) && strchr("{,)", *end)) return end;
  }
  return NULL;
}

// Writes `text` with the settings behind the names of their passes, wherever these are. False: there is no room.
static bool applySettings(const Run *r, const char *text, char *out, size_t size) {
  size_t n = (size_t)snprintf(out, size, "%s", text);
  for (int i = 0; i < r->nSettings; ++i) {
    const Setting *s = &r->settings[i];
    size_t length = strlen(s->options);
    for (char *at = behindPass(out, s->pass); at; at = behindPass(at + length, s->pass)) {
      if (n + length >= size) return false;
      bool hasOthers = *at == '{';
      memmove(at + length, at, strlen(at) + 1);
      memcpy(at, s->options, length);
      if (hasOthers) at[length - 1] = ' ', at[length] = ' '; // one pair of braces
      n += length;
    }
  }
  return n < size;
}

static bool endsWith(const char *s, const char *suffix) {
  size_t n = strlen(s), m = strlen(suffix);
  return n >= m && !strcmp(s + n - m, suffix);
}

// What the tile graphs decided, once they have.
static bool report(const Run *r) {
  const char *file = r->options->report;
  if (strlen(file) > 3000 || strpbrk(file, "{}\"' ,=;()"))
    return dlcRefuse(r->module, "the report cannot be written to '%s': a name with blanks or brackets", file), false;
  char text[4096];
  snprintf(text, sizeof text, "builtin.module(tile-report{format=%s file=%s dynamic=%lld})",
           endsWith(file, ".json")    ? "json"
           : endsWith(file, ".jsonl") ? "jsonl"
           : endsWith(file, ".dot")   ? "dot"
                                      : "text",
           file, (long long)(r->options->assumed ? r->options->assumed : 64));
  return dlcRunPipeline(r->module, text);
}

// Where control flow runs, once everything is in tasks.
static bool reportControl(const Run *r) {
  const char *file = r->options->controlReport;
  if (strlen(file) > 3000 || strpbrk(file, "{}\"' ,=;()"))
    return dlcRefuse(r->module, "the report cannot be written to '%s': a name with blanks or brackets", file), false;
  char text[4096];
  snprintf(text, sizeof text, "builtin.module(ctrl-report{file=%s})", file);
  return dlcRunPipeline(r->module, text);
}

static bool runStage(const Run *r, const char *name, const char *plain) {
  char text[8192];
  if (!applySettings(r, plain, text, sizeof text))
    return dlcRefuse(r->module, "the pipeline of stage %s is too long", name), false;
  begin(r, name);
  bool ok = dlcRunPipelineWith(r->module, text, &(DlcRunOptions){.verifyOnce = true, .time = r->options->timePasses});
  if (ok && r->options->report && !strcmp(name, "tile")) ok = report(r);
  bool areTasks = !strcmp(name, "place") || !strcmp(name, "device-tasks");
  if (ok && r->options->controlReport && areTasks) ok = reportControl(r);
  if (ok) end(r, name);
  return ok;
}

static bool isLeftOut(const Run *r, const char *stage) {
  return !strcmp(stage, DLC_CONTROL_STAGE) && r->options->control && !strcmp(r->options->control, "none");
}

static bool runStages(const Run *r, const DlcStage *stages) {
  for (; stages->name; ++stages)
    if (!isLeftOut(r, stages->name) && !runStage(r, stages->name, stages->text)) return false;
  return true;
}

//===--- settings ---------------------------------------------------------------------------===//
static void setSchedule(Run *r, bool isHost) {
  if (r->options->halo) {
    Setting *halo = &r->settings[r->nSettings++];
    halo->pass = "tile-schedule";
    snprintf(halo->options, sizeof halo->options, "{halo=%s}", r->options->halo);
  }
  bool rules = r->options->by && !strcmp(r->options->by, "rules");
  const DlcCompileOptions *o = r->options;
  if (o->by || o->choices || o->candidate || o->report) {
    Setting *s = &r->settings[r->nSettings++];
    s->pass = "tile-schedule";
    snprintf(s->options, sizeof s->options, "{by=%s candidate=%lld explain=%s%s%s}", o->by ? o->by : "cost",
             (long long)o->candidate, o->report ? "true" : "false", o->choices ? " choices=" : "",
             o->choices ? o->choices : "");
  }
  if (isHost && !rules) return;
  Setting *s = &r->settings[r->nSettings++]; // a device's kernels with borders spill registers
  s->pass = "tile-form-graphs";
  snprintf(s->options, sizeof s->options, "{borders=none}");
}

// Devices' kernels have no vectors to write the transforms with.
static void setWinograd(Run *r, bool isHost) {
  const char *when = r->options->winograd;
  if (isHost && (!when || !strcmp(when, "auto"))) return;
  Setting *s = &r->settings[r->nSettings++];
  s->pass = "tile-winograd";
  if (!isHost || !strcmp(when, "off"))
    snprintf(s->options, sizeof s->options, "{mode=off}");
  else
    snprintf(s->options, sizeof s->options, "{outputs=%.4s}", when);
}

// Attention as one stream is fusion at all levels.
static void setFusion(Run *r) {
  static const char *const passes[] = {"tile-fuse-elementwise", "tile-form-graphs", "tile-gather-rows",
                                       "tile-slice-transposed", "tile-merge-siblings"};
  for (int i = 0; i < (int)DLC_COUNT(passes) && r->options->fusion; ++i) {
    Setting *s = &r->settings[r->nSettings++];
    s->pass = passes[i];
    snprintf(s->options, sizeof s->options, "{fusion=%s}", r->options->fusion);
  }
  if (!r->options->fusion || !strcmp(r->options->fusion, "all")) return;
  Setting *s = &r->settings[r->nSettings++];
  s->pass = "tile-online-softmax";
  snprintf(s->options, sizeof s->options, "{when=none}");
}

// AMD's scalar registers hold about 50 pointers. LLVM 22's allocator spills the others, and crashes on some kernels.
enum { AMD_BUFFERS = 60 };
static void setRegions(Run *r, Kind kind) {
  if (kind == HOST) return;
  Setting *s = &r->settings[r->nSettings++];
  s->pass = "ctrl-form-regions";
  snprintf(s->options, sizeof s->options, "{mode=%s most-buffers=%d}",
           r->options->regions ? r->options->regions : "auto", kind == AMDGCN ? AMD_BUFFERS : 0);
}

static void setWavefront(Run *r) {
  if (!r->options->wavefront) return;
  Setting *s = &r->settings[r->nSettings++];
  s->pass = "ctrl-skew-loops";
  snprintf(s->options, sizeof s->options, "{when=%.4s}", r->options->wavefront);
}

// In a device's kernel each block has its own copy of what control is read from, up to 64 KiB (region_to_kernel.c):
// tables of calls stay below that, also where there are two ways through a function.
enum { MOST_DEVICE_CALLS = 4000 };
static void setRecursion(Run *r, Kind kind) {
  if (kind != HOST) {
    Setting *s = &r->settings[r->nSettings++];
    s->pass = "ctrl-batch-recursion";
    snprintf(s->options, sizeof s->options, "{max-calls=%d}", MOST_DEVICE_CALLS);
  }
  if (!r->options->depth) return;
  const char *const passes[] = {"ctrl-batch-recursion", "ctrl-flatten-recursion"};
  for (int i = 0; i < 2; ++i) {
    Setting *s = &r->settings[r->nSettings++];
    s->pass = passes[i];
    snprintf(s->options, sizeof s->options, "{max-depth=%lld}", (long long)r->options->depth);
  }
}

enum { MOST_PARTS = 16 }; // more do not read faster
// For this CPU's registers, and the caches of the device that the module describes.
static void setForHost(Run *r, const DlcHostCpu *cpu, const DlcDevice *device) {
  int64_t l2 = device->isHost && device->memory[DLC_L2].present ? device->memory[DLC_L2].capacity : 1 << 20;
  int vectors = cpu->registers >= 32 ? 4 : 2; // of a register tile's row
  Setting *schedule = &r->settings[r->nSettings++], *registers = &r->settings[r->nSettings++];
  Setting *parts = &r->settings[r->nSettings++], *winograd = &r->settings[r->nSettings++];
  Setting *bytes = &r->settings[r->nSettings++], *dots = &r->settings[r->nSettings++];
  schedule->pass = "tile-schedule", registers->pass = "tile-lower-to-vector", parts->pass = "tile-split-reductions";
  winograd->pass = "tile-lower-winograd";
  snprintf(winograd->options, sizeof winograd->options, "{vector-bits=%d}", cpu->vectorBits);
  bytes->pass = "tile-group-bytes", dots->pass = "tile-lower-dots";
  snprintf(bytes->options, sizeof bytes->options, "{group=4}");
  snprintf(dots->options, sizeof dots->options, "{form=%s wide=%s}", cpu->dots,
           cpu->vectorBits == 512 ? "true" : "false");
  int64_t units = !device->isHost ? 2 : device->units > MOST_PARTS ? MOST_PARTS : device->units;
  snprintf(parts->options, sizeof parts->options, "{parts=%lld}", (long long)units); // one for each core
  snprintf(schedule->options, sizeof schedule->options, "{panel-bytes=%lld panel-columns=%d}", (long long)l2 * 4,
           vectors * cpu->vectorBits / 32); // a deep panel passes through the L2 in blocks
  snprintf(registers->options, sizeof registers->options, "{vector-bits=%d registers=%d cache-bytes=%lld}",
           cpu->vectorBits, cpu->registers, (long long)l2 * 3 / 8);
}

//===--- the pipeline as text ---------------------------------------------------------------===//
static void printStages(const Run *r, const DlcStage *stages, FILE *out) {
  char text[8192];
  for (; stages->name; ++stages) {
    if (applySettings(r, stages->text, text, sizeof text))
      fprintf(out, "%-12s %s\n             %s\n", stages->name, stages->summary, text);
  }
}

void dlcPrintPipeline(const char *target, FILE *out) {
  Target t = parseTarget(target);
  Run r = {0};
  DlcHostCpu cpu;
  if (t.kind == HOST && dlcHostCpu(t.chip, &cpu)) {
    setForHost(&r, &cpu, &(DlcDevice){0}); // no module, no description of its own
    dlcHostCpuDestroy(&cpu);
  }
  printStages(&r, dlcCommonStages, out);
  printStages(&r, t.kind == HOST ? dlcHostStages : dlcDeviceStages, out);
  if (t.kind == HOST)
    fprintf(out, "%-12s LLVM's backend, then ld.lld -shared\n", "code");
  else
    fprintf(out, "%-12s ctrl-region-to-kernel, ctrl-task-to-gpu, ctrl-distribute-to-threads, then LLVM's backend%s\n",
            "code", t.kind == AMDGCN ? " and ld.lld -shared" : "");
}

//===--- the host ---------------------------------------------------------------------------===//
static bool runGlue(const Run *r, const DlcHostCpu *cpu) {
  char text[2600];
  // An option's value is quoted: names are cut to what a pipeline's text can hold.
  char name[128];
  size_t n = 0;
  for (const char *c = r->options->name ? r->options->name : "program"; *c && n < sizeof name - 1; ++c)
    name[n++] = strchr("{}\"'\\ ,=;()", *c) || (unsigned char)*c < 0x20 ? '_' : *c;
  name[n] = 0;
  snprintf(text, sizeof text, "builtin.module(ctrl-host-glue{name=%s target=host:%s features=\"%s\"})",
           n ? name : "program", cpu->cpu, cpu->required);
  return runStage(r, "glue", text);
}

static DlcHostForm formOf(const char *path) {
  return endsWith(path, ".ll")  ? DLC_HOST_LLVM_IR
         : endsWith(path, ".s") ? DLC_HOST_ASSEMBLY
         : endsWith(path, ".o") ? DLC_HOST_OBJECT
                                : DLC_HOST_PROGRAM;
}

// LLVM IR names the file of its constants instead of holding them: FILE.ll.weights, which stays.
static bool keepWeights(const Run *r, const DlcOutput *out, char *path, size_t size) {
  if (!out->isRegular)
    return dlcRefuse(r->module, "the constants of LLVM IR stand in a file beside it, and %s is no file", out->path),
           false;
  if (snprintf(path, size, "%s.weights", out->path) >= (int)size)
    return dlcRefuse(r->module, "the output path is too long"), false;
  if (rename(out->files[DLC_OUTPUT_WEIGHTS], path))
    return dlcRefuse(r->module, "cannot write %s: %s", path, strerror(errno)), false;
  return true;
}

static bool emitHost(const Run *r, const DlcHostCpu *cpu, DlcOutput *out, DlcHostForm form, bool hasWeights) {
  char kept[4096];
  bool keeps = hasWeights && form == DLC_HOST_LLVM_IR;
  if (keeps && !keepWeights(r, out, kept, sizeof kept)) return false;
  begin(r, "code");
  DlcHostEmitOptions emit = {cpu, r->options->optimize,
                             keeps        ? kept
                             : hasWeights ? out->files[DLC_OUTPUT_WEIGHTS]
                                          : NULL,
                             r->options->threads};
  bool ok = mlirLogicalResultIsSuccess(dlcHostEmit(r->module, form, &emit, out));
  if (ok)
    end(r, "code");
  else if (keeps)
    unlink(kept);
  return ok;
}

static bool compileHost(Run *r, const char *chip, DlcOutput *out, DlcHostForm form) {
  DlcHostCpu cpu;
  int64_t weightBytes = 0;
  DlcDevice device;
  if (!mlirLogicalResultIsSuccess(dlcDeviceOf(r->module, &device))) return false;
  if (!dlcHostCpu(chip, &cpu)) return dlcRefuse(r->module, "unknown CPU '%s'", chip), false;
  setForHost(r, &cpu, &device);
  bool ok = runStages(r, dlcCommonStages);
  for (const DlcStage *s = dlcHostStages; ok && s->name; ++s) {
    ok = runStage(r, s->name, s->text);
    if (ok && !strcmp(s->name, "host"))
      ok = mlirLogicalResultIsSuccess(
          dlcHostTakeWeights(r->module, out->files[DLC_OUTPUT_WEIGHTS], form == DLC_HOST_PROGRAM, &weightBytes));
  }
  ok = ok && runGlue(r, &cpu) && emitHost(r, &cpu, out, form, weightBytes != 0);
  dlcHostCpuDestroy(&cpu);
  return ok;
}

//===--- devices ------------------------------------------------------------------------------===//
static bool writeImage(MlirOperation op, DlcOutput *out, const DlcDeviceImage *image) {
  FILE *f = fopen(out->files[DLC_OUTPUT_WHOLE], "wb");
  bool ok = f && fwrite(image->bytes, 1, image->size, f) == image->size;
  if (f && fclose(f)) ok = false;
  ok = ok && dlcOutputCommit(out);
  if (!ok) dlcRefuse(op, "cannot write %s: %s", out->path, strerror(errno));
  return ok;
}

static bool compileDevice(const Run *r, Target t, DlcOutput *out, bool assembly) {
  if (!runStages(r, dlcCommonStages) || !runStages(r, dlcDeviceStages)) return false;
  begin(r, "code");
  DlcDeviceImage image = {0};
  MlirLogicalResult result = t.kind == NVPTX ? dlcEmitPtx(r->module, t.chip, &image)
                             : assembly      ? dlcEmitGcn(r->module, t.chip, &image)
                                             : dlcEmitHsaco(r->module, t.chip, &image);
  bool ok = mlirLogicalResultIsSuccess(result) && writeImage(r->module, out, &image);
  dlcDeviceImageDestroy(&image);
  if (ok) end(r, "code");
  return ok;
}

MlirLogicalResult dlcCompile(MlirOperation module, const DlcCompileOptions *options, const char *path) {
  Run r = {.module = module, .options = options};
  Target t = parseTarget(options->target);
  DlcOutput out;
  if (t.kind == NO_TARGET) return dlcRefuse(module, "unknown target '%s'", options->target), mlirLogicalResultFailure();
  if (!dlcOutputBegin(path, &out)) // before the work
    return dlcRefuse(module, "cannot write %s: %s", path, strerror(errno)), mlirLogicalResultFailure();
  bool ok = describeDevice(module, options->device, t);
  setWavefront(&r), setRecursion(&r, t.kind), setRegions(&r, t.kind), setFusion(&r), setWinograd(&r, t.kind == HOST),
      setSchedule(&r, t.kind == HOST);
  if (ok)
    ok = t.kind == HOST ? compileHost(&r, t.chip, &out, formOf(path ? path : ""))
                        : compileDevice(&r, t, &out, endsWith(path ? path : "", ".s"));
  dlcOutputEnd(&out);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
