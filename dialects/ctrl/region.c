// ctrl.region: verifier and canonicalisation.
#include <stdlib.h>
#include "dialects/ctrl/ctrl.h"

MlirLogicalResult dlcCtrlRegionVerify(MlirOperation op) {
  ctrl_Level level = ctrl_region_at(op);
  if (level == ctrl_Level_host || level >= ctrl_Level_block)
    return dlcError(op, "a region is at graph, grid or cluster, not at %s", ctrl_Level_str(level));
  if (mlirLogicalResultIsFailure(dlcCtrlVerifyAt(op, (ctrl_Level_opt){true, level}))) return mlirLogicalResultFailure();
  if (dlcCtrlScopeOf(op) >= ctrl_Level_grid) return dlcError(op, "a kernel cannot hold another kernel");
  DlcOptI64 sizes[] = {ctrl_region_workers(op), ctrl_region_threads(op), ctrl_region_workgroup_bytes(op)};
  static const char *const names[] = {"workers", "threads", "workgroup"};
  for (int i = 0; i < 3; ++i) {
    if (!sizes[i].has) continue;
    if (level == ctrl_Level_graph)
      return dlcError(op,
                      "%s: workers, threads and workgroup belong to a grid region; the tasks of a graph have their own",
                      names[i]);
    if (sizes[i].value < 1) return dlcError(op, "%s must be positive", names[i]);
  }
  DlcI64s cluster = ctrl_region_cluster(op);
  for (intptr_t i = 0; i < cluster.n; ++i)
    if (cluster.data[i] < 1) return dlcError(op, "cluster sizes must be positive");
  MlirOperation yield = dlcEndOf(bodyOf(ctrl_region_body(op)), "ctrl.yield");
  if (!yield.ptr) return dlcError(op, "body must end in ctrl.yield");
  if (!dlcSameTypes(ctrl_yield_values(yield), resultsOf(op)))
    return dlcError(op, "yielded types must equal the result types");
  return mlirLogicalResultSuccess();
}

static bool sameSizes(DlcI64s a, DlcI64s b) {
  if (a.n != b.n) return false;
  for (intptr_t i = 0; i < a.n; ++i)
    if (a.data[i] != b.data[i]) return false;
  return true;
}
typedef struct {
  MlirOperation region;
  bool bad;
} TaskCheck;
// What a task of this region must fit: the kernel holds the maximum of its stages.
static MlirWalkResult checkTask(MlirOperation op, void *data) {
  TaskCheck *check = data;
  MlirOperation region = check->region;
  if (ctrl_region_isa(op) && !mlirOperationEqual(op, region)) return MlirWalkResultSkip; // has its own
  if (!ctrl_task_isa(op)) return MlirWalkResultAdvance;
  DlcOptI64 threads = ctrl_task_threads(op), have = ctrl_region_threads(region);
  DlcI64s cluster = ctrl_task_cluster(op);
  DlcDiagnostic *d = NULL;
  if (ctrl_region_tokens(region) && isNull(dlcTaskToken(op)))
    d = dlcErrorBegin(op, "in a region with 'tokens' every task yields a token");
  else if (threads.has && have.has && threads.value > have.value)
    d = dlcErrorBegin(op, "needs %lld threads, its region has %lld", (long long)threads.value, (long long)have.value);
  else if (cluster.n && ctrl_region_at(region) != ctrl_Level_graph && !sameSizes(cluster, ctrl_region_cluster(region)))
    d = dlcErrorBegin(op, "cluster differs from its region's: a kernel has one cluster shape");
  if (!d) return MlirWalkResultSkip; // no task in a task
  dlcNote(d, mlirOperationGetLocation(region), "this region");
  (void)dlcReport(d);
  check->bad = true;
  return MlirWalkResultInterrupt;
}
MlirLogicalResult dlcCtrlRegionVerifyRegions(MlirOperation op) {
  TaskCheck check = {.region = op};
  mlirOperationWalk(op, checkTask, &check, MlirWalkPreOrder);
  return check.bad ? mlirLogicalResultFailure() : mlirLogicalResultSuccess();
}

// A region that holds nothing launches nothing: its results are what it yields.
static MlirLogicalResult removeEmpty(DlcBuilder *b, MlirOperation op, void *options) {
  (void)options;
  MlirOperation yield = mlirBlockGetFirstOperation(bodyOf(ctrl_region_body(op)));
  if (!ctrl_yield_isa(yield)) return mlirLogicalResultFailure();
  DlcValues values = ctrl_yield_values(yield);
  MlirValue *with = dlcCopyValues(values);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, values.n, with);
  free(with);
  return mlirLogicalResultSuccess();
}
const DlcPattern dlcCtrlRegionPatterns[] = {{"ctrl.region", 1, removeEmpty}, {0}};
