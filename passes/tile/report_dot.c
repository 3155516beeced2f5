// tile-report format=dot: a cluster a kernel, a box an op, a line a use, coloured by the level at which it reads.
#include <string.h>
#include "dlc/analysis.h"
#include "passes/tile/report.h"

static const char *colourOf(tile_Level level) {
  static const char *const colours[] = {"forestgreen", "dodgerblue", "slateblue", "darkorange", "firebrick"};
  return colours[level];
}

static void showQuoted(const char *text, FILE *out) {
  for (; *text; ++text) fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static long long numberOf(const DlcReport *r, const DlcReportKernel *k) { return k - r->kernels; }

static void showNodes(const DlcReport *r, const DlcReportKernel *k, FILE *out) {
  long long number = numberOf(r, k);
  fprintf(out, "  subgraph cluster_%lld {\n    label=\"", number);
  showQuoted(dlcReportName(k->op).text, out);
  if (k->isGraph) {
    fprintf(out, "\\n%lld items of [", (long long)k->cost.items);
    const int64_t *tile = k->schedule.tile[dlcCostItemLevel(&k->schedule, &r->device)];
    for (intptr_t d = 0; d < k->flow.rank; ++d) fprintf(out, d ? ", %lld" : "%lld", (long long)tile[d]);
    fprintf(out, "]\\n%.2f us by %s, %s", k->cost.seconds * 1e6,
            k->cost.bound < 0 ? "compute" : dlcMemoryNames[k->cost.bound],
            dlcReportShow(dlcCostBytes(&k->cost, DLC_GLOBAL)).text);
  }
  fprintf(out, "\";\n");
  if (!k->isGraph) fprintf(out, "    k%lld [label=\"not in a graph\"];\n", number);
  for (intptr_t i = 0; i < k->flow.nNodes; ++i) {
    if (k->flow.nodes[i].kind == DLC_NODE_FILL) continue;
    fprintf(out, "    k%lld_%d [label=\"", number, (int)i);
    showQuoted(dlcReportName(k->flow.nodes[i].op).text, out);
    fprintf(out, "\"];\n");
  }
  fprintf(out, "  }\n");
}

// Inside of a graph: from the op that makes a value to the one that reads it.
static void showInnerEdges(const DlcReport *r, const DlcReportKernel *k, FILE *out) {
  long long number = numberOf(r, k);
  for (intptr_t i = 0; i < k->flow.nUses; ++i) {
    const DlcFlowUse *use = &k->flow.uses[i];
    const DlcFlowValue *v = &k->flow.values[use->value];
    if (v->node < 0) continue;
    fprintf(out, "  k%lld_%d -> k%lld_%d [color=%s, label=\"%s\\n%s\"];\n", number, (int)v->node, number,
            (int)use->node, colourOf(use->level), tile_Level_str(use->level),
            dlcReportShow(dlcBoxWholeBytes(&v->box, v->elementBytes)).text);
  }
}

// The kernel that made a value, through ops that only index or hand on.
static const DlcReportKernel *makerOf(const DlcReport *r, MlirValue value) {
  for (MlirOperation op = opOf(value); op.ptr; op = opOf(mlirOperationGetOperand(op, 0))) {
    const DlcReportKernel *k = dlcReportKernelOf(r, op);
    if (k || !mlirOperationGetNumOperands(op)) return k;
  }
  return NULL;
}

static void showEnd(const DlcReport *r, const DlcReportKernel *k, intptr_t node, FILE *out) {
  fprintf(out, k->isGraph ? "k%lld_%d" : "k%lld", numberOf(r, k), (int)node);
}

// What an operand of a kernel reads of another: through memory.
static void showOuterEdge(const DlcReport *r, const DlcReportKernel *k, MlirValue value, intptr_t node, FILE *out) {
  const DlcReportKernel *maker = makerOf(r, value);
  if (!maker || maker == k) return;
  fprintf(out, "  ");
  intptr_t made =
      maker->isGraph && maker->flow.nValues && maker->flow.values[0].node >= 0 ? maker->flow.values[0].node : 0;
  showEnd(r, maker, made, out);
  fprintf(out, " -> "), showEnd(r, k, node, out);
  fprintf(out, " [color=%s, penwidth=2, label=\"%s\"];\n", colourOf(tile_Level_global),
          dlcReportShow(dlcReportValueBytes(r, value)).text);
}

static void showOuterEdges(const DlcReport *r, const DlcReportKernel *k, FILE *out) {
  if (!k->isGraph) {
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(k->op); ++i)
      showOuterEdge(r, k, mlirOperationGetOperand(k->op, i), 0, out);
    return;
  }
  MlirBlock body = bodyOf(tile_graph_body(k->op));
  for (intptr_t i = 0; i < k->flow.nUses; ++i) {
    const DlcFlowValue *v = &k->flow.values[k->flow.uses[i].value];
    if (v->node >= 0 || !mlirValueIsABlockArgument(v->value) ||
        !mlirBlockEqual(mlirBlockArgumentGetOwner(v->value), body))
      continue;
    showOuterEdge(r, k, mlirOperationGetOperand(k->op, mlirBlockArgumentGetArgNumber(v->value)), k->flow.uses[i].node,
                  out);
  }
}

void dlcReportDot(const DlcReport *r, FILE *out) {
  fprintf(out, "digraph tiles {\n  label=\"");
  showQuoted(r->device.name, out);
  fprintf(out, "\";\n  node [shape=box, fontname=sans, fontsize=10];\n  edge [fontname=sans, fontsize=8];\n  graph "
               "[fontname=sans, fontsize=10, style=rounded];\n");
  for (intptr_t i = 0; i < r->n; ++i) showNodes(r, &r->kernels[i], out);
  for (intptr_t i = 0; i < r->n; ++i) showInnerEdges(r, &r->kernels[i], out), showOuterEdges(r, &r->kernels[i], out);
  fprintf(out, "}\n");
}
