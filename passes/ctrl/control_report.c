// ctrl-report: shows for people where the control flow of a module runs and what its iterations cost; the module stays
// as it is. It says what the IR shows where it runs, so more after tasks were made and buffers placed (dlc
// --ctrl-report); what the IR does not show is said to be not known. Refuses a file that cannot be written and a device
// description that cannot be read.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/memref.h"
#include "passes/cost/device.h"
#include "passes/ctrl/report.h"

typedef struct {
  FILE *out;
  DlcDevice device;
  long long ops;
} Report;

typedef struct {
  char text[32];
} Shown;
static Shown showBytes(double bytes) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  Shown s;
  int unit = 0;
  while (bytes >= 999.95 && unit < 4) bytes /= 1000, ++unit;
  snprintf(s.text, sizeof s.text, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return s;
}

// The label of a task is an attribute, that of other ops in their location.
static MlirStringRef labelOf(MlirOperation op) {
  MlirAttribute label = mlirOperationGetDiscardableAttributeByName(op, dlcText("label"));
  return mlirAttributeIsNull(label) || !mlirAttributeIsAString(label) ? dlcLabelOf(op) : mlirStringAttrGetValue(label);
}

static void indent(const Report *r, int depth) { fprintf(r->out, "%*s", 2 * depth, ""); }

//===--- what and where ---------------------------------------------------------------------------===//
static void showName(const Report *r, MlirOperation op, const char *kind) {
  MlirStringRef label = dlcLabelOf(op), name = mlirIdentifierStr(mlirOperationGetName(op));
  MlirLocation loc = mlirOperationGetLocation(op);
  fprintf(r->out, "%s", kind);
  if (label.length &&
      !(name.length > label.length && !strncmp(name.data + name.length - label.length, label.data, label.length)))
    fprintf(r->out, " %.*s", (int)label.length, label.data);
  else if (mlirLocationIsAFileLineColRange(loc)) {
    MlirStringRef file = mlirIdentifierStr(mlirLocationFileLineColRangeGetFilename(loc));
    const char *base = file.data;
    for (size_t i = 0; i < file.length; ++i)
      if (file.data[i] == '/') base = file.data + i + 1;
    fprintf(r->out, " at %.*s:%d", (int)(file.data + file.length - base), base,
            mlirLocationFileLineColRangeGetStartLine(loc));
  }
}

static bool levelOf(MlirOperation op, ctrl_Level *level) {
  ctrl_Level_opt at = ctrl_loop_isa(op)     ? ctrl_loop_at(op)
                      : ctrl_branch_isa(op) ? ctrl_branch_at(op)
                      : ctrl_call_isa(op)   ? ctrl_call_at(op)
                                            : (ctrl_Level_opt){0};
  if (ctrl_region_isa(op)) at = (ctrl_Level_opt){true, ctrl_region_at(op)};
  *level = at.value;
  return at.has;
}

// Where it is evaluated; the level of what is around it counts where it has none of its own.
static ctrl_Level showWhere(const Report *r, MlirOperation op, int depth) {
  ctrl_Level level;
  MlirOperation task = dlcParentNamed(op, "ctrl.task"), region = dlcParentNamed(op, "ctrl.region");
  indent(r, depth);
  if (levelOf(op, &level))
    fprintf(r->out, "runs at %s: its attribute says so\n", ctrl_Level_str(level));
  else if (task.ptr) {
    level = r->device.isHost ? ctrl_Level_thread : ctrl_Level_block;
    fprintf(r->out, "runs at %s: each item of task %.*s evaluates it\n", ctrl_Level_str(level),
            (int)labelOf(task).length, labelOf(task).data);
  } else if (region.ptr) {
    level = ctrl_region_at(region);
    fprintf(r->out, "runs at %s: in a region that does\n", ctrl_Level_str(level));
  } else {
    level = ctrl_Level_host;
    fprintf(r->out, "runs at host: in no region and in no task, and no level was chosen\n");
  }
  return level;
}

//===--- iterations -------------------------------------------------------------------------------===//
static void showTrips(const Report *r, MlirOperation loop, int depth) {
  MlirValue bound = ctrl_loop_bound(loop);
  int64_t n = -1;
  bool hasFlag = !isNull(ctrl_loop_go(loop));
  indent(r, depth);
  if (isNull(bound))
    fprintf(r->out, "iterations: while its flag holds, not known before\n");
  else if (dlcConstantIndex(bound, &n))
    fprintf(r->out, "iterations: %s%lld%s\n", hasFlag ? "at most " : "", (long long)n,
            hasFlag ? ", while its flag holds" : "");
  else if ((n = dlcUpperBound(bound)) >= 0)
    fprintf(r->out, "iterations: at most %lld%s\n", (long long)n,
            hasFlag ? ", while its flag holds" : ", known when it begins");
  else
    fprintf(r->out, "iterations: known when it begins%s\n", hasFlag ? " at most, while its flag holds" : "");
}

static void showCount(const Report *r, const DlcControlWork *w) {
  if (w->least == w->most)
    fprintf(r->out, "%lld", (long long)w->most);
  else
    fprintf(r->out, "%lld to %lld", (long long)w->least, (long long)w->most);
}

static void showWork(const Report *r, const DlcControlWork *w, const char *what, ctrl_Level level, bool tokens,
                     int depth) {
  indent(r, depth);
  fprintf(r->out, "%s ", what);
  if (w->unscheduled) {
    fprintf(r->out, "holds %lld ops that are no tasks yet: synchronisation not known\n", (long long)w->unscheduled);
    return;
  }
  if (!w->most && !w->single)
    fprintf(r->out, "synchronises nothing: no tasks");
  else if (tokens)
    fprintf(r->out, "waits for tokens in %lld tasks", (long long)w->waits);
  else {
    showCount(r, w);
    fprintf(r->out, "%s",
            level == ctrl_Level_host && r->device.isHost ? " forks of the team, each joined before what follows"
            : level == ctrl_Level_host                   ? " launches of kernels, each ended before the next one"
            : level == ctrl_Level_graph                  ? " kernels of a graph"
                                                         : " barriers at most, one behind each task of several items");
    if (w->single) fprintf(r->out, "; %lld tasks of one item", (long long)w->single);
  }
  if (w->loops) fprintf(r->out, "; those of %lld loop%s inside on top", (long long)w->loops, w->loops > 1 ? "s" : "");
  fputc('\n', r->out);
}

static void showReads(const Report *r, MlirOperation loop, const DlcControlWork *w, int depth) {
  DlcControlReads reads = dlcControlReads(loop);
  double bytes = reads.constantBytes + reads.madeBytes;
  indent(r, depth);
  fprintf(r->out, "reads in every iteration: %lld constants (%s), %lld values made once before it (%s%s",
          (long long)reads.constants, showBytes(reads.constantBytes).text, (long long)reads.made,
          showBytes(reads.madeBytes).text, reads.dynamic ? " and those of dynamic size" : "");
  if (reads.example.ptr) {
    MlirStringRef label = labelOf(reads.example);
    fprintf(r->out, ", such as %.*s", (int)label.length, label.data);
  }
  fprintf(r->out, "), %lld inputs; %lld buffers written again and again\n", (long long)reads.inputs,
          (long long)reads.scratch);
  indent(r, depth);
  if (w->kept)
    fprintf(r->out, "kept on chip: operands of %lld tasks, as `keep` says\n", (long long)w->kept);
  else if (!reads.constants && !reads.made)
    fprintf(r->out, "kept on chip: nothing to keep\n");
  else {
    DlcMemory fits = DLC_MEMORIES;
    for (int m = DLC_GLOBAL - 1; m >= DLC_L2; --m)
      if (r->device.memory[m].present && bytes <= (double)r->device.memory[m].capacity) fits = (DlcMemory)m;
    fprintf(r->out, "kept on chip: by no attribute; ");
    if (reads.dynamic)
      fprintf(r->out, "whether a cache holds them is not known, sizes are dynamic\n");
    else if (fits == DLC_MEMORIES)
      fprintf(r->out, "%s are more than the caches of %s hold\n", showBytes(bytes).text, r->device.name);
    else
      fprintf(r->out, "%s fit the %s (%s) of %s\n", showBytes(bytes).text, dlcMemoryNames[fits],
              showBytes((double)r->device.memory[fits].capacity).text, r->device.name);
  }
}

static void printText(MlirStringRef s, void *file) { fwrite(s.data, 1, s.length, file); }

static void showCarries(const Report *r, MlirOperation loop, int depth) {
  static const char *const kinds[] = {[DLC_CARRY_NUMBER] = "a number",
                                      [DLC_CARRY_SAME] = "not changed",
                                      [DLC_CARRY_IN_PLACE] = "written in place",
                                      [DLC_CARRY_MOVED] = "takes the place of carry",
                                      [DLC_CARRY_COPIED] = "copied",
                                      [DLC_CARRY_BUFFER] = "made in a buffer of its own, not copied",
                                      [DLC_CARRY_TENSOR] = "a tensor: whether in place is known after bufferisation"};
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  for (intptr_t i = 0; i + 1 < mlirBlockGetNumArguments(body); ++i) {
    intptr_t other = 0;
    DlcCarryKind kind = dlcCarryKind(loop, i, &other);
    MlirType type = typeOf(argOf(body, i + 1));
    indent(r, depth);
    fprintf(r->out, "carry %td, ", i);
    mlirTypePrint(type, printText, r->out);
    fprintf(r->out, ": %s", kinds[kind]);
    if (kind == DLC_CARRY_MOVED) fprintf(r->out, " %td, no copy", other);
    if (kind == DLC_CARRY_COPIED && dlcIsStatic(type))
      fprintf(r->out, ", %s", showBytes((double)dlcStaticBytes(type)).text);
    fputc('\n', r->out);
  }
}

//===--- ops ------------------------------------------------------------------------------------------===//
static bool isInTokens(MlirOperation op) {
  MlirOperation region = ctrl_region_isa(op) ? op : dlcParentNamed(op, "ctrl.region");
  return region.ptr && ctrl_region_tokens(region);
}

static void showLoop(const Report *r, MlirOperation loop, int depth) {
  showName(r, loop, "loop"), fputc('\n', r->out);
  ctrl_Level level = showWhere(r, loop, depth + 1);
  DlcControlWork w = dlcControlWork(bodyOf(ctrl_loop_body(loop)));
  showTrips(r, loop, depth + 1);
  showWork(r, &w, "an iteration:", level, isInTokens(loop), depth + 1);
  showReads(r, loop, &w, depth + 1);
  showCarries(r, loop, depth + 1);
}

static void showBranch(const Report *r, MlirOperation branch, int depth) {
  intptr_t n = mlirOperationGetNumRegions(branch);
  char what[32];
  showName(r, branch, "branch"), fprintf(r->out, " of %td arms\n", n);
  ctrl_Level level = showWhere(r, branch, depth + 1);
  if (arith_constant_isa(opOf(ctrl_branch_selector(branch))))
    indent(r, depth + 1), fprintf(r->out, "always the same arm\n");
  for (intptr_t i = 0; i < n; ++i) {
    MlirBlock arm = bodyOf(mlirOperationGetRegion(branch, i));
    DlcControlWork w = arm.ptr ? dlcControlWork(arm) : (DlcControlWork){0};
    snprintf(what, sizeof what, "arm %td:", i);
    showWork(r, &w, what, level, isInTokens(branch), depth + 1);
  }
}

static void showRegion(const Report *r, MlirOperation region, int depth) {
  DlcControlWork w = dlcControlWork(bodyOf(ctrl_region_body(region)));
  showName(r, region, "region"), fputc('\n', r->out);
  ctrl_Level level = showWhere(r, region, depth + 1);
  indent(r, depth + 1);
  fprintf(r->out, "one launch");
  if (ctrl_region_workers(region).has) fprintf(r->out, ", %lld workers", (long long)ctrl_region_workers(region).value);
  if (ctrl_region_threads(region).has)
    fprintf(r->out, ", %lld threads each", (long long)ctrl_region_threads(region).value);
  fprintf(r->out, "; order inside by %s\n", ctrl_region_tokens(region) ? "tokens" : "program");
  showWork(r, &w, "a run:", level, ctrl_region_tokens(region), depth + 1);
}

static void showCall(const Report *r, MlirOperation call, int depth) {
  int64_t n;
  showName(r, call, "call"), fputc('\n', r->out);
  showWhere(r, call, depth + 1);
  indent(r, depth + 1);
  MlirValue deepest = ctrl_call_depth(call);
  if (!isNull(deepest) && dlcConstantIndex(deepest, &n))
    fprintf(r->out, "not flattened to a loop over a stack yet; depth at most %lld\n", (long long)n);
  else
    fprintf(r->out, "not flattened to a loop over a stack yet; depth not known\n");
}

static void showBlock(Report *r, MlirBlock block, int depth);
static void showOp(Report *r, MlirOperation op, int depth) {
  static const struct {
    bool (*isa)(MlirOperation op);
    void (*show)(const Report *r, MlirOperation op, int depth);
  } kinds[] = {{ctrl_loop_isa, showLoop},
               {ctrl_branch_isa, showBranch},
               {ctrl_region_isa, showRegion},
               {ctrl_call_isa, showCall}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i)
    if (kinds[i].isa(op)) {
      indent(r, depth);
      fprintf(r->out, "%lld ", r->ops++);
      kinds[i].show(r, op, depth);
      ++depth;
      break;
    }
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i)
    for (MlirBlock b = bodyOf(mlirOperationGetRegion(op, i)); b.ptr; b = mlirBlockGetNextInRegion(b))
      showBlock(r, b, depth);
}
static void showBlock(Report *r, MlirBlock block, int depth) {
  dlcForEachOp(op, block) showOp(r, op, depth);
}

static void showModule(Report *r, MlirOperation root) {
  fprintf(r->out, "on %s\n", r->device.name);
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(root, 0))) {
    if (!func_func_isa(op)) continue;
    MlirStringRef name = func_func_sym_name(op);
    fprintf(r->out, "function %.*s\n", (int)name.length, name.data);
    showOp(r, op, 1);
  }
  fprintf(r->out, "ops of control flow %lld\n", r->ops);
}

MlirLogicalResult dlcRunCtrlReport(MlirOperation root, DlcPass *pass, const DlcCtrlReportOptions *options) {
  (void)pass;
  Report r = {0};
  bool standard = mlirStringRefEqual(options->file, dlcText("-"));
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &r.device))) return mlirLogicalResultFailure();
  char *path = strndup(options->file.data, options->file.length);
  r.out = standard ? stdout : fopen(path, "w");
  bool ok = r.out != NULL;
  if (ok) {
    showModule(&r, root);
    ok = !ferror(r.out) && !fflush(r.out);
    if (!standard && fclose(r.out)) ok = false;
  }
  MlirLogicalResult result = ok ? mlirLogicalResultSuccess()
                                : dlcErrorAt(mlirOperationGetLocation(root), "ctrl-report: cannot write %s: %s",
                                             standard ? "standard output" : path, strerror(errno));
  free(path);
  return result;
}
