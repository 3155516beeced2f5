// tile-report format=text.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/tile/lines.h"
#include "passes/tile/report.h"

static void showSizes(const int64_t *sizes, intptr_t n, FILE *out) {
  fputc('[', out);
  for (intptr_t d = 0; d < n; ++d) fprintf(out, d ? ", %lld" : "%lld", (long long)sizes[d]);
  fputc(']', out);
}

static void showBox(const DlcBox *box, const int64_t *tile, FILE *out) {
  int64_t sizes[DLC_MAX_RANK];
  for (intptr_t d = 0; d < box->rank; ++d) sizes[d] = dlcSpanSize(&box->span[d], box->extent[d], tile);
  showSizes(sizes, box->rank, out);
}

static void showTime(const DlcReport *r, const DlcCost *c, FILE *out) {
  fprintf(out, "    %.2f us by %s (+- %.0f %%): compute %.2f", c->seconds * 1e6,
          c->bound < 0 ? "compute" : dlcMemoryNames[c->bound], c->uncertainty * 100, c->compute * 1e6);
  for (int level = DLC_WORKGROUP; level < DLC_MEMORIES; ++level)
    if (r->device.memory[level].present && c->traffic[level] > 0)
      fprintf(out, ", %s %.2f", dlcMemoryNames[level], c->traffic[level] * 1e6);
  fprintf(out, ", launch %.2f, fill %.2f\n", c->launch * 1e6, c->fill * 1e6);
}

static void showBytes(const DlcReport *r, const DlcCost *c, FILE *out) {
  fprintf(out, "    moves");
  for (int level = DLC_GLOBAL, first = 1; level >= DLC_WORKGROUP; --level)
    if (r->device.memory[level].present && dlcCostBytes(c, (DlcMemory)level) > 0)
      fprintf(out, "%s %s at %s", first ? "" : ",", dlcReportShow(dlcCostBytes(c, (DlcMemory)level)).text,
              dlcMemoryNames[level]),
          first = 0;
  if (c->least > 0) fprintf(out, "; %.2fx the least", dlcCostBytes(c, DLC_GLOBAL) / c->least);
  if (c->recomputed > 0) fprintf(out, "; %.1f %% of the operations are overlap", 100 * c->recomputed / c->operations);
  fputc('\n', out);
  for (int level = DLC_REGISTER; level < DLC_GLOBAL; ++level) {
    const DlcMemoryLevel *m = &r->device.memory[level];
    if (!m->present || !c->footprint[level]) continue;
    fprintf(out, "    holds %s of %s at %s%s\n", dlcReportShow((double)c->footprint[level]).text,
            dlcReportShow((double)m->capacity).text, dlcMemoryNames[level],
            c->footprint[level] <= m->capacity ? ""
            : c->fits                          ? ": the rest is in the l2"
                                               : ": does not fit");
  }
}

// The dimensions along which neighbouring tiles need the same elements. rows: what strips of a band keep; null: there
// are none.
static void showHalo(const DlcReportKernel *k, const DlcFlowUse *use, const int64_t *tile, const DlcLineRows *rows,
                     FILE *out) {
  bool any = false;
  for (intptr_t d = 0; d < use->box.rank; ++d) {
    int64_t halo = dlcSpanHalo(&use->box.span[d], k->flow.rank, k->flow.extent);
    if (halo && dlcSpanSize(&use->box.span[d], use->box.extent[d], tile) < use->box.extent[d])
      fprintf(out, "%s %lld along %d", any ? "," : ", overlap", (long long)halo, (int)d), any = true;
  }
  const DlcFlowValue *v = &k->flow.values[use->value];
  bool isMadeOnce = rows && rows[use->value].dimension >= 0 && rows[use->value].keep <= 0;
  if (any && use->level < tile_Level_l2)
    fprintf(out, " %s",
            isMadeOnce                                          ? "made once: its reader keeps rows"
            : !v->hasHalo || v->halo == tile_HaloKind_recompute ? "computed again"
            : v->halo == tile_HaloKind_line                     ? "in a line buffer"
                                                                : "from the neighbour");
  else if (any)
    fprintf(out, " read again");
}

// What strips of the items keep of each value; null: items have no strips. free() it.
static DlcLineRows *stripRows(const DlcReport *r, const DlcReportKernel *k) {
  DlcMemory item = dlcCostItemLevel(&k->schedule, &r->device);
  if (item <= DLC_WORKGROUP || !k->schedule.has[DLC_WORKGROUP]) return NULL;
  intptr_t dimension = dlcStripDimension(&k->flow, k->schedule.tile[item], k->schedule.tile[DLC_WORKGROUP]);
  if (dimension < 0) return NULL;
  DlcLineRows *rows = calloc((size_t)k->flow.nValues + 1, sizeof *rows);
  dlcLineRows(&k->flow, dimension, rows);
  return rows;
}

static void showEdges(const DlcReport *r, const DlcReportKernel *k, FILE *out) {
  const int64_t *tile = k->schedule.tile[dlcCostItemLevel(&k->schedule, &r->device)];
  DlcLineRows *rows = stripRows(r, k);
  for (intptr_t i = 0; i < k->flow.nUses; ++i) {
    const DlcFlowUse *use = &k->flow.uses[i];
    const DlcFlowValue *v = &k->flow.values[use->value];
    if (v->node < 0) continue;
    fprintf(out, "    %s -> %s at %s ", dlcReportName(k->flow.nodes[v->node].op).text,
            dlcReportName(k->flow.nodes[use->node].op).text, tile_Level_str(use->level));
    showBox(&use->box, tile, out);
    showHalo(k, use, tile, rows, out);
    double whole = dlcBoxWholeBytes(&v->box, v->elementBytes);
    if (use->level < tile_Level_l2 && !v->isYielded)
      fprintf(out, ": %s stay out of memory", dlcReportShow(whole).text);
    else if (use->level < tile_Level_l2)
      fprintf(out, ": %s stored, not read", dlcReportShow(whole).text);
    else
      fprintf(out, ": %s stored", dlcReportShow(whole).text);
    fputc('\n', out);
  }
  free(rows);
}

// Why the results of a kernel are in memory.
static void showResults(const DlcReport *r, const DlcReportKernel *k, FILE *out) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(k->op); ++i) {
    MlirValue v = mlirOperationGetResult(k->op, i);
    intptr_t users = 0;
    MlirOperation last = {0};
    dlcForEachUse(use, v) {
      MlirOperation user = mlirOpOperandGetOwner(use);
      if (!mlirOperationEqual(user, last)) ++users;
      last = user;
    }
    fprintf(out, "    result %d, %s, in memory: ", (int)i, dlcReportShow(dlcReportValueBytes(r, v)).text);
    if (dlcReportIsReturned(v))
      fprintf(out, "returned%s\n", users > 1 ? ", and read" : "");
    else if (!users)
      fprintf(out, "unused\n");
    else if (users > 1)
      fprintf(out, "%d ops read it\n", (int)users);
    else if (dlcReportKernelOf(r, last))
      fprintf(out, "%s does not join\n", dlcReportName(last).text);
    else
      fprintf(out, "%.*s is no part of a graph\n", (int)mlirIdentifierStr(mlirOperationGetName(last)).length,
              mlirIdentifierStr(mlirOperationGetName(last)).data);
  }
}

static void showKernel(const DlcReport *r, const DlcReportKernel *k, FILE *out) {
  long long number = k - r->kernels;
  if (!k->isGraph) {
    fprintf(out, "  %lld %s: %s, moves %s\n", number, dlcReportName(k->op).text,
            tile_graph_isa(k->op) ? "cannot be priced" : "not in a graph",
            dlcReportShow(dlcReportAloneBytes(r, k)).text);
  } else {
    DlcMemory item = dlcCostItemLevel(&k->schedule, &r->device);
    fprintf(out, "  %lld %s: %d ops, %lld items of ", number, dlcReportName(k->op).text, (int)k->flow.nNodes,
            (long long)k->cost.items);
    showSizes(k->schedule.tile[item], k->flow.rank, out);
    fprintf(out, " at %s", dlcMemoryNames[item]);
    if (item > DLC_WORKGROUP && k->schedule.has[DLC_WORKGROUP])
      fprintf(out, " in strips of "), showSizes(k->schedule.tile[DLC_WORKGROUP], k->flow.rank, out);
    fprintf(out, ", %.2f waves\n", k->cost.waves);
    if (k->flow.isDynamic) fprintf(out, "    dynamic sizes taken as %lld\n", (long long)r->dynamic);
    showTime(r, &k->cost, out);
    showBytes(r, &k->cost, out);
    showEdges(r, k, out);
    MlirAttribute others =
        mlirOperationGetDiscardableAttributeByName(k->op, mlirStringRefCreateFromCString("tile.alternatives"));
    for (intptr_t i = 0; i < dlcArraySize(others) && i < 4; ++i) {
      MlirStringRef note = mlirStringAttrGetValue(mlirArrayAttrGetElement(others, i));
      fprintf(out, "    candidate %lld: %.*s\n", (long long)i + 1, (int)note.length, note.data);
    }
  }
  showResults(r, k, out);
}

void dlcReportText(const DlcReport *r, FILE *out) {
  DlcReportSums sums = dlcReportSum(r);
  fprintf(out, "on %s\n", r->device.name);
  for (intptr_t i = 0; i < r->n; ++i) showKernel(r, &r->kernels[i], out);
  fprintf(out, "kernels %lld", (long long)sums.kernels);
  if (sums.alone) fprintf(out, ", %lld of them not in a graph", (long long)sums.alone);
  fprintf(out, "\nedges");
  for (int level = 0; level <= tile_Level_global; ++level)
    fprintf(out, "%s %s %lld", level ? "," : "", tile_Level_str((tile_Level)level), (long long)sums.edges[level]);
  fprintf(out, "\nmoved");
  for (int level = DLC_GLOBAL, first = 1; level >= DLC_WORKGROUP; --level)
    if (r->device.memory[level].present)
      fprintf(out, "%s %s at %s", first ? "" : ",", dlcReportShow(sums.bytes[level]).text, dlcMemoryNames[level]),
          first = 0;
  fprintf(out, "; %.0f transactions at global\n", sums.transactions[DLC_GLOBAL]);
  fprintf(out, "intermediates in memory (IRS) %s\n", dlcReportShow(sums.intermediates).text);
  fprintf(out, "predicted %.2f us\n", sums.seconds * 1e6);
}
