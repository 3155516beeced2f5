// See passes/ctrl/skew_cost.h.
#include "passes/ctrl/skew_cost.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "ods/ctrl.h"

enum { ASSUMED_ITERATIONS = 64, MOST_LOOPS = 16 };
static const double margin = 0.9; // of the time of one stage after the other, which a wavefront must stay below

// Of an iteration of one stage.
typedef struct {
  double inTurn, atOnce; // operations in the recurrence; beside it
  double weights, kept;  // bytes that a wave reads of a stage; that the recurrence alone reads
  double results;        // of its largest op, which may be computed at the same time
  double tasks;
  MlirType element;
} Work;

static void addOp(Work *w, MlirOperation op, bool recurs, int64_t assumed) {
  int64_t ranges[MOST_LOOPS];
  bool isReduction[MOST_LOOPS], reduces = false;
  intptr_t n = dlcIsLinalgOp(op) ? dlcIteratorTypes(op, isReduction, MOST_LOOPS) : -1;
  if (n < 0 || n > MOST_LOOPS || !dlcStaticLoopRanges(op, ranges, MOST_LOOPS)) return;
  double operations = 1, results = 1;
  for (intptr_t i = 0; i < n; ++i) {
    double range = mlirShapedTypeIsDynamicSize(ranges[i]) ? (double)assumed : (double)ranges[i];
    operations *= range, reduces |= isReduction[i];
    if (!isReduction[i]) results *= range;
  }
  if (reduces) operations *= 2, w->tasks += recurs;
  *(recurs ? &w->inTurn : &w->atOnce) += operations;
  if (results > w->results) w->results = results;
  w->element = mlirShapedTypeGetElementType(typeOf(mlirOperationGetResult(op, 0)));
}

static bool readsOf(MlirOperation op, MlirValue v) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (mlirValueEqual(mlirOperationGetOperand(op, i), v)) return true;
  return false;
}

static Work workOf(const DlcSkew *s, int64_t assumed) {
  const DlcRecurrences *r = &s->recurrences;
  const DlcStages *t = &s->stages;
  Work w = {.tasks = 1, .element = mlirF32TypeGet(s->batch.b->ctx)}; // one for all that is no product
  for (intptr_t i = 0; i < r->nOps; ++i)
    if (dlcStageOf(t, r->ops[i]) == s->pattern) addOp(&w, r->ops[i], r->recurs[r->group[i]], assumed);
  for (intptr_t k = 0; k < t->outside.n; ++k) {
    MlirValue weight = dlcStageValue(t, &t->outside, k, s->pattern);
    double bytes = dlcIsStatic(typeOf(weight)) ? (double)dlcStaticBytes(typeOf(weight)) : 0;
    w.weights += bytes;
    bool isKept = false;
    for (intptr_t i = 0; i < r->nOps; ++i)
      isKept |= dlcStageOf(t, r->ops[i]) == s->pattern && r->recurs[r->group[i]] && readsOf(r->ops[i], weight);
    if (isKept) w.kept += bytes;
  }
  return w;
}

// The nearest one of which an instance holds so much: on a host all of it may be read by one core.
static const DlcMemoryLevel *levelFor(const DlcDevice *device, double bytes) {
  static const DlcMemory levels[] = {DLC_L2, DLC_L3};
  for (int i = 0; i < 2; ++i)
    if (device->memory[levels[i]].present && bytes <= (double)device->memory[levels[i]].capacity)
      return &device->memory[levels[i]];
  return &device->memory[DLC_GLOBAL];
}

// By so many units, a part of whose threads is at work.
static double seconds(const DlcDevice *device, const Work *w, double operations, double bytes, double units,
                      double part) {
  const DlcMemoryLevel *level = levelFor(device, bytes);
  double all = (double)device->units, most = level->bandwidth,
         each = level->unitBandwidth > 0 ? level->unitBandwidth : most / all;
  double compute = operations / (dlcDevicePeak(device, w->element, false) * units / all * part);
  double traffic = bytes / (each * units < most ? each * units : most);
  return compute > traffic ? compute : traffic;
}

// A host runs small tasks on one core; a device spreads them over as many units as they have work for.
static double stepSeconds(const DlcDevice *device, const Work *w, double operations, double bytes, double stages) {
  double units = (double)device->units, launch = w->tasks * device->launchSeconds, n = stages * operations,
         read = stages * bytes;
  if (device->isHost) {
    double alone = seconds(device, w, n, read, 1, 1), forked = launch + seconds(device, w, n, read, units, 1);
    return alone < forked ? alone : forked;
  }
  double filled = stages * w->results / (units * (double)device->threads), used = filled * units;
  if (filled > 1) return launch + seconds(device, w, n, read, units, 1);
  return used > 1 ? launch + seconds(device, w, n, read, used, 1) : launch + seconds(device, w, n, read, 1, used);
}

bool dlcSkewPays(const DlcSkew *s, const DlcDevice *device, int64_t assumed) {
  int64_t known;
  Work w = workOf(s, assumed);
  double iterations =
             dlcConstantIndex(ctrl_loop_bound(s->batch.loop), &known) ? (double)known : (double)ASSUMED_ITERATIONS,
         stages = (double)s->stages.n, atOnce = w.atOnce / dlcDevicePeak(device, w.element, false);
  double inTurn = iterations * stages * (stepSeconds(device, &w, w.inTurn, w.kept, 1) + atOnce),
         waves = (iterations + stages - 1) * stepSeconds(device, &w, w.inTurn + w.atOnce, w.weights, stages);
  return waves < margin * inTurn;
}
