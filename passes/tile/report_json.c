// tile-report format=json and format=jsonl: what a program reads; seconds and bytes, unrounded.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/text.h"
#include "passes/tile/report.h"

static void showText(const char *text, FILE *out) {
  fputc('"', out);
  for (; *text; ++text) {
    if (*text == '"' || *text == '\\')
      fprintf(out, "\\%c", *text);
    else if ((unsigned char)*text < 0x20)
      fprintf(out, "\\u%04x", (unsigned)*text);
    else
      fputc(*text, out);
  }
  fputc('"', out);
}

// One figure a level that the device has.
static void showLevels(const DlcReport *r, const char *name, const double *values, FILE *out) {
  fprintf(out, ", \"%s\": {", name);
  for (int level = DLC_WORKGROUP, first = 1; level < DLC_MEMORIES; ++level)
    if (r->device.memory[level].present)
      fprintf(out, "%s\"%s\": %.17g", first ? "" : ", ", dlcMemoryNames[level], values[level]), first = 0;
  fputc('}', out);
}

// `gap`: where JSON for people goes on in a new line.
static void showGraph(const DlcReport *r, const DlcReportKernel *k, const char *gap, FILE *out) {
  const DlcCost *c = &k->cost;
  DlcMemory item = dlcCostItemLevel(&k->schedule, &r->device);
  double bytes[DLC_MEMORIES], footprint[DLC_MEMORIES];
  for (int level = 0; level < DLC_MEMORIES; ++level)
    bytes[level] = dlcCostBytes(c, (DlcMemory)level), footprint[level] = (double)c->footprint[level];
  fprintf(out, ", \"ops\": %lld, \"level\": \"%s\", \"tile\": [", (long long)k->flow.nNodes, dlcMemoryNames[item]);
  for (intptr_t d = 0; d < k->flow.rank; ++d) fprintf(out, d ? ", %lld" : "%lld", (long long)k->schedule.tile[item][d]);
  if (item > DLC_WORKGROUP && k->schedule.has[DLC_WORKGROUP]) {
    fprintf(out, "], \"strip\": [");
    for (intptr_t d = 0; d < k->flow.rank; ++d)
      fprintf(out, d ? ", %lld" : "%lld", (long long)k->schedule.tile[DLC_WORKGROUP][d]);
  }
  fprintf(out,
          "], \"dynamic\": %s, \"items\": %lld, \"waves\": %.17g, \"fits\": %s,%s \"seconds\": %.9g, "
          "\"uncertainty\": %.3g, \"bound\": \"%s\", \"compute\": %.9g, \"launch\": %.9g, \"fill\": %.9g",
          k->flow.isDynamic ? "true" : "false", (long long)c->items, c->waves, c->fits ? "true" : "false", gap,
          c->seconds, c->uncertainty, c->bound < 0 ? "compute" : dlcMemoryNames[c->bound], c->compute, c->launch,
          c->fill);
  showLevels(r, "traffic", c->traffic, out);
  fprintf(out, ",%s \"operations\": %.17g, \"recomputed\": %.17g, \"stored\": %.17g, \"least\": %.17g", gap,
          c->operations, c->recomputed, c->stored, c->least);
  showLevels(r, "bytes", bytes, out);
  showLevels(r, "transactions", c->transactions, out);
  showLevels(r, "footprint", footprint, out);
}

// What was priced, as text: "[1, 128, 64] 895.59 us by compute, rules".
static void showCandidates(const DlcReportKernel *k, FILE *out) {
  MlirAttribute others =
      mlirOperationGetDiscardableAttributeByName(k->op, mlirStringRefCreateFromCString("tile.alternatives"));
  fprintf(out, ", \"candidates\": [");
  for (intptr_t i = 0; i < dlcArraySize(others); ++i) {
    MlirStringRef note = mlirStringAttrGetValue(mlirArrayAttrGetElement(others, i));
    char text[600];
    snprintf(text, sizeof text, "%.*s", (int)note.length, note.data);
    if (i) fprintf(out, ", ");
    showText(text, out);
  }
  fputc(']', out);
}

void dlcReportJson(const DlcReport *r, FILE *out) {
  DlcReportSums sums = dlcReportSum(r);
  fprintf(out, "{\"device\": "), showText(r->device.name, out), fprintf(out, ", \"kernels\": [");
  for (intptr_t i = 0; i < r->n; ++i) {
    const DlcReportKernel *k = &r->kernels[i];
    fprintf(out, i ? ",\n  {\"label\": " : "\n  {\"label\": ");
    showText(dlcReportName(k->op).text, out);
    fprintf(out, ", \"graph\": %s", k->isGraph ? "true" : "false");
    if (k->isGraph)
      showGraph(r, k, "\n   ", out), showCandidates(k, out);
    else
      fprintf(out, ", \"bytes\": {\"global\": %.17g}", dlcReportAloneBytes(r, k));
    fprintf(out, "}");
  }
  fprintf(out,
          "],\n \"kernel_count\": %lld, \"alone\": %lld, \"seconds\": %.9g, \"intermediates\": %.17g, \"edges\": {",
          (long long)sums.kernels, (long long)sums.alone, sums.seconds, sums.intermediates);
  for (int level = 0; level <= tile_Level_global; ++level)
    fprintf(out, "%s\"%s\": %lld", level ? ", " : "", tile_Level_str((tile_Level)level), (long long)sums.edges[level]);
  fprintf(out, "}");
  showLevels(r, "bytes", sums.bytes, out);
  showLevels(r, "transactions", sums.transactions, out);
  fprintf(out, "}\n");
}

//===--- lines ------------------------------------------------------------------------------------===//
static bool isEdge(MlirOperation op) { return tile_edge_isa(op); }

// Of the text of the graph without its name and its tile.
static uint64_t fingerprintOf(MlirOperation graph) {
  MlirOperation copy = mlirOperationClone(graph);
  DlcText text = {0};
  tile_graph_set_label(copy, (MlirAttribute){0});
  tile_graph_set_schedule(copy, (MlirAttribute){0});
  mlirOperationRemoveDiscardableAttributeByName(copy, mlirStringRefCreateFromCString("tile.alternatives"));
  DlcOps edges = dlcCollect(copy, isEdge);
  for (intptr_t i = 0; i < edges.n; ++i) tile_edge_set_halo(edges.data[i], (MlirAttribute){0});
  free(edges.data);
  MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
  mlirOpPrintingFlagsUseLocalScope(flags); // else values are numbered by what stands before
  mlirOperationPrintWithFlags(copy, flags, dlcTextCallback, &text);
  mlirOpPrintingFlagsDestroy(flags);
  mlirOperationDestroy(copy);
  uint64_t hash = dlcHashBytes(text.data, text.n);
  dlcTextDestroy(&text);
  return hash;
}

void dlcReportLines(const DlcReport *r, FILE *out) {
  for (intptr_t i = 0; i < r->n; ++i) {
    const DlcReportKernel *k = &r->kernels[i];
    if (!k->isGraph) continue;
    DlcText label = {0};
    MlirStringRef name = tile_graph_label(k->op);
    dlcTextJson(&label, name.length ? name : dlcLabelOf(k->op));
    fprintf(out, "{\"label\": %s, \"fingerprint\": \"%016llx\", \"device\": ", label.data,
            (unsigned long long)fingerprintOf(k->op));
    showText(r->device.name, out);
    showGraph(r, k, "", out);
    fprintf(out, "}\n");
    dlcTextDestroy(&label);
  }
}
