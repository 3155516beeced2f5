// tile-report: shows what the tile graphs of a module decided and what it costs; the module stays as it is. Refuses an
// unknown format, a file that cannot be written and a device description that cannot be read.
#include "passes/tile/report.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"

//===--- what the formats share --------------------------------------------------------------------===//
const DlcReportKernel *dlcReportKernelOf(const DlcReport *report, MlirOperation op) {
  for (intptr_t i = 0; i < report->n; ++i)
    if (mlirOperationEqual(report->kernels[i].op, op)) return &report->kernels[i];
  return NULL;
}

double dlcReportValueBytes(const DlcReport *report, MlirValue value) {
  MlirType type = typeOf(value);
  if (!mlirTypeIsARankedTensor(type)) return 0;
  double bytes = (double)dlcElementBytes(mlirShapedTypeGetElementType(type));
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(type); ++d)
    bytes *= mlirShapedTypeIsDynamicDim(type, d) ? (double)report->dynamic : (double)mlirShapedTypeGetDimSize(type, d);
  return bytes;
}

bool dlcReportIsReturned(MlirValue value) {
  dlcForEachUse(use, value)
    if (dlcOpIs(mlirOpOperandGetOwner(use), "func.return", 11)) return true;
  return false;
}

bool dlcReportIsUsed(MlirValue value) { return !mlirOpOperandIsNull(mlirValueGetFirstUse(value)); }

double dlcReportAloneBytes(const DlcReport *report, const DlcReportKernel *k) {
  double bytes = 0;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(k->op); ++i)
    bytes += dlcReportValueBytes(report, mlirOperationGetOperand(k->op, i));
  return bytes;
}

static void addKernel(const DlcReport *report, const DlcReportKernel *k, DlcReportSums *sums) {
  ++sums->kernels;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(k->op); ++i) {
    MlirValue v = mlirOperationGetResult(k->op, i);
    if (dlcReportIsUsed(v) && !dlcReportIsReturned(v)) sums->intermediates += dlcReportValueBytes(report, v);
  }
  if (!k->isGraph) {
    ++sums->alone, sums->bytes[DLC_GLOBAL] += dlcReportAloneBytes(report, k);
    return;
  }
  for (intptr_t i = 0; i < k->flow.nUses; ++i)
    if (k->flow.values[k->flow.uses[i].value].node >= 0) ++sums->edges[k->flow.uses[i].level];
  for (int level = 0; level < DLC_MEMORIES; ++level)
    sums->bytes[level] += dlcCostBytes(&k->cost, (DlcMemory)level),
        sums->transactions[level] += k->cost.transactions[level];
  sums->seconds += k->cost.seconds, sums->intermediates += k->cost.stored;
}

DlcReportSums dlcReportSum(const DlcReport *report) {
  DlcReportSums sums = {0};
  for (intptr_t i = 0; i < report->n; ++i) addKernel(report, &report->kernels[i], &sums);
  return sums;
}

DlcReportBytes dlcReportShow(double bytes) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 999.95 && unit < 4) bytes /= 1000, ++unit;
  DlcReportBytes shown;
  snprintf(shown.text, sizeof shown.text, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return shown;
}

DlcReportName dlcReportName(MlirOperation op) {
  DlcReportName name;
  MlirStringRef label = tile_graph_isa(op) ? tile_graph_label(op) : (MlirStringRef){0};
  if (!label.length) label = dlcLabelOf(op);
  snprintf(name.text, sizeof name.text, "%.*s", (int)(label.length < 90 ? label.length : 90), label.data);
  return name;
}

//===--- collecting ----------------------------------------------------------------------------------===//
static bool isKernel(MlirOperation op) {
  if (tile_graph_isa(op)) return true;
  if (!dlcIsLinalgOp(op) || !mlirOperationGetNumResults(op)) return false;
  for (MlirOperation p = mlirOperationGetParentOperation(op); p.ptr; p = mlirOperationGetParentOperation(p))
    if (tile_graph_isa(p) || dlcIsLinalgOp(p)) return false;
  return true;
}

static void collect(DlcReport *report) {
  DlcOps ops = dlcCollect(report->module, isKernel);
  report->kernels = calloc((size_t)ops.n + 1, sizeof *report->kernels);
  for (intptr_t i = 0; i < ops.n; ++i) {
    DlcReportKernel *k = &report->kernels[report->n++];
    k->op = ops.data[i];
    k->isGraph = tile_graph_isa(k->op) && dlcFlowOfGraph(&k->flow, k->op, report->dynamic);
    if (!k->isGraph) continue;
    dlcCostScheduleRead(tile_graph_schedule(k->op), &k->flow, &k->schedule);
    dlcCostOfFlow(&k->flow, &k->schedule, &report->device, &k->cost);
  }
  free(ops.data);
}

static void destroy(DlcReport *report) {
  for (intptr_t i = 0; i < report->n; ++i)
    if (report->kernels[i].isGraph) dlcFlowDestroy(&report->kernels[i].flow);
  free(report->kernels);
}

MlirLogicalResult dlcRunTileReport(MlirOperation root, DlcPass *pass, const DlcTileReportOptions *options) {
  (void)pass;
  DlcReport report = {.module = root, .dynamic = options->dynamic};
  bool dot = mlirStringRefEqual(options->format, dlcText("dot")),
       json = mlirStringRefEqual(options->format, dlcText("json")),
       lines = mlirStringRefEqual(options->format, dlcText("jsonl")),
       standard = mlirStringRefEqual(options->file, dlcText("-"));
  MlirLocation loc = mlirOperationGetLocation(root);
  if (!dot && !json && !lines && !mlirStringRefEqual(options->format, dlcText("text")))
    return dlcErrorAt(loc, "tile-report: unknown format '%.*s'; known are text, dot, json and jsonl",
                      (int)options->format.length, options->format.data);
  if (options->dynamic < 1) return dlcErrorAt(loc, "tile-report: dynamic is at least 1");
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &report.device))) return mlirLogicalResultFailure();
  char *path = strndup(options->file.data, options->file.length);
  FILE *out = standard ? stdout : fopen(path, "w");
  bool ok = out != NULL;
  if (ok) {
    collect(&report);
    (dot ? dlcReportDot : json ? dlcReportJson : lines ? dlcReportLines : dlcReportText)(&report, out);
    destroy(&report);
    ok = !ferror(out) && !fflush(out);
    if (!standard && fclose(out)) ok = false;
  }
  MlirLogicalResult result =
      ok ? mlirLogicalResultSuccess()
         : dlcErrorAt(loc, "tile-report: cannot write %s: %s", standard ? "standard output" : path, strerror(errno));
  free(path);
  return result;
}
