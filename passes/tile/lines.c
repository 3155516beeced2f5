// See passes/tile/lines.h. The halo of a value, of all that a tile asks for, is what its own reader's windows share and
// what the readers of that share in turn. Where these keep what they made, strips ask for the first part only.
#include "passes/tile/lines.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/tile/pad.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

static intptr_t rowsOf(const DlcBox *box, intptr_t dimension) {
  for (intptr_t d = 0; d < box->rank; ++d)
    if (dlcSpanMoves(&box->span[d], dimension)) return d;
  return -1;
}

static int64_t scaleOf(const DlcBox *box, intptr_t dimension) {
  intptr_t d = rowsOf(box, dimension);
  return d < 0 ? 0 : box->span[d].scale[dimension];
}

// Rows that two strips of one row each share, of all that is asked for.
static int64_t haloOf(const DlcBox *box, intptr_t dimension) {
  const DlcSpan *s = &box->span[rowsOf(box, dimension)];
  return s->high - s->low + 1 - s->scale[dimension];
}

// Rows at the beginning of what a strip takes of the value that its readers do not ask for, since they keep what they
// made of them; -1: they ask for rows that do not move with the strip.
static int64_t unreadOf(const DlcFlow *flow, intptr_t dimension, intptr_t value, const int64_t *unread) {
  int64_t scale = scaleOf(&flow->values[value].box, dimension), least = flow->values[value].isYielded ? 0 : INT64_MAX;
  for (intptr_t u = 0; u < flow->nUses; ++u) {
    if (flow->uses[u].value != value) continue;
    for (intptr_t v = 0; v < flow->nValues; ++v) {
      if (flow->values[v].node != flow->uses[u].node) continue;
      int64_t below = scaleOf(&flow->values[v].box, dimension), own = unread[v];
      if (!below || scale % below || own < 0) return -1;
      if (dlcIsLine(&flow->values[v])) own = haloOf(&flow->values[v].box, dimension);
      if (own * (scale / below) < least) least = own * (scale / below);
    }
  }
  return least == INT64_MAX ? 0 : least;
}

static bool readersAgree(const DlcFlow *flow, intptr_t value) {
  const DlcFlowUse *first = NULL;
  for (intptr_t u = 0; u < flow->nUses; ++u) {
    const DlcFlowUse *use = &flow->uses[u];
    if (use->value != value) continue;
    for (intptr_t d = 0; first && d < use->box.rank; ++d)
      if (use->box.rank != first->box.rank || !dlcSpanEqual(&use->box.span[d], &first->box.span[d])) return false;
    first = use;
  }
  return true;
}

// A strip takes several parts of the value: its readers do not agree, or a part each is taken of what they make.
static bool isSplit(const DlcFlow *flow, intptr_t value, const bool *split) {
  for (intptr_t u = 0; u < flow->nUses; ++u)
    for (intptr_t v = 0; v < flow->nValues && flow->uses[u].value == value; ++v)
      if (flow->values[v].node == flow->uses[u].node && split[v]) return true;
  return !readersAgree(flow, value);
}

static void readRows(const DlcFlow *flow, intptr_t dimension, intptr_t value, int64_t unread, bool split,
                     DlcLineRows *out) {
  const DlcBox *box = &flow->values[value].box;
  const DlcSpan *s = &box->span[out->dimension];
  int64_t others = 0;
  for (intptr_t r = 0; r < DLC_MAX_RANK; ++r) others += r != dimension && s->scale[r];
  for (intptr_t i = 0; i < box->rank; ++i) others += i != out->dimension && dlcSpanMoves(&box->span[i], dimension);
  out->scale = s->scale[dimension], out->unread = unread, out->start = s->low + unread,
  out->keep = haloOf(box, dimension) - unread;
  int64_t beyond = out->scale * (flow->extent[dimension] - 1) + s->high - (box->extent[out->dimension] - 1);
  out->isCut = beyond > 0;
  if (others || s->divide != 1 || unread < 0)
    out->why = "its rows do not follow the rows of the result alone";
  else if (out->start < 0)
    out->why = "the first strip reads rows before its beginning";
  else if (beyond > out->scale)
    out->why = "the last strip reads more rows beyond its end than one row of the result moves";
  else if (split)
    out->why = "a strip reads two parts of it";
}

// Of what the graph computes: not a border around an input, nor a fill.
static bool isMade(const DlcFlow *flow, intptr_t value) {
  const DlcFlowValue *v = &flow->values[value];
  if (v->node < 0 || v->isYielded || flow->nodes[v->node].kind == DLC_NODE_FILL) return false;
  MlirOperation op = flow->nodes[v->node].op;
  if (!dlcIsPad(op)) return flow->nodes[v->node].kind == DLC_NODE_COMPUTE;
  for (intptr_t u = 0; u < flow->nUses; ++u)
    if (flow->uses[u].node == v->node && flow->values[flow->uses[u].value].node >= 0) return true;
  return false;
}

// Users first. chooses: what is made and has rows to keep becomes a line; true: one did. What is taken in parts is
// computed for each of them, which contractions are too expensive for.
static bool walk(DlcFlow *flow, intptr_t dimension, bool chooses, DlcLineRows *out) {
  int64_t *unread = calloc((size_t)flow->nValues + 1, sizeof *unread);
  bool *split = calloc((size_t)flow->nValues + 1, sizeof *split), any = false, failed = false;
  for (intptr_t v = 0; v < flow->nValues; ++v) out[v] = (DlcLineRows){.dimension = -1};
  for (intptr_t node = flow->nNodes - 1; node >= 0; --node)
    for (intptr_t v = 0; v < flow->nValues; ++v) {
      if (flow->values[v].node != node || !scaleOf(&flow->values[v].box, dimension)) continue;
      out[v].dimension = rowsOf(&flow->values[v].box, dimension);
      unread[v] = unreadOf(flow, dimension, v, unread);
      split[v] = isSplit(flow, v, split);
      readRows(flow, dimension, v, unread[v], split[v], &out[v]);
      if (!chooses || out[v].keep <= 0 || !isMade(flow, v)) continue;
      failed |= split[v] ? flow->nodes[node].contracts : out[v].why != NULL;
      if (split[v]) continue;
      flow->values[v].hasHalo = any = true, flow->values[v].halo = tile_HaloKind_line;
    }
  free(unread), free(split);
  return any && !failed;
}

void dlcLineRows(const DlcFlow *flow, intptr_t dimension, DlcLineRows *out) {
  DlcFlow same = *flow; // it is not changed
  walk(&same, dimension, false, out);
}

void dlcLinesForget(DlcFlow *flow) {
  for (intptr_t v = 0; v < flow->nValues; ++v)
    if (dlcIsLine(&flow->values[v])) flow->values[v].hasHalo = false, flow->values[v].halo = tile_HaloKind_recompute;
}

bool dlcLinesChoose(DlcFlow *flow, intptr_t dimension) {
  DlcLineRows *rows = calloc((size_t)flow->nValues + 1, sizeof *rows);
  bool ok = true;
  for (intptr_t v = 0; v < flow->nValues; ++v) ok &= !flow->values[v].hasHalo; // someone chose before
  if (ok && !(ok = walk(flow, dimension, true, rows))) dlcLinesForget(flow);
  free(rows);
  return ok;
}

// From the first to the last row of those that are asked for, one is of the source.
static bool meetsSource(int64_t first, int64_t last, int64_t low, int64_t source) {
  return first <= last && last >= low && first < low + source;
}

bool dlcStripsReach(const DlcFlow *flow, intptr_t dimension, int64_t band, int64_t strip, const DlcLineRows *rows) {
  int64_t extent = flow->extent[dimension], lastBand = (extent - 1) / band * band,
          lastStrip = lastBand + (extent - lastBand - 1) / strip * strip, least = extent - lastStrip;
  for (intptr_t v = 0; v < flow->nValues; ++v) {
    const DlcFlowValue *value = &flow->values[v];
    if (rows[v].dimension < 0 || value->node < 0 || !dlcIsPad(flow->nodes[value->node].op)) continue;
    DlcPadShape shape;
    dlcPadRead(flow->nodes[value->node].op, &shape);
    if (!dlcPadHasBorder(&shape, rows[v].dimension)) continue;
    if (!dlcIsKnown(shape.source[rows[v].dimension])) return false;
    int64_t low = shape.low[rows[v].dimension], source = shape.source[rows[v].dimension].known, scale = rows[v].scale;
    int64_t keep = dlcIsLine(value) ? rows[v].keep : 0, before = rows[v].start - rows[v].unread, // of the first strip
        made = rows[v].start + keep, last = rows[v].start + rows[v].keep - 1;
    int64_t first[] = {0, lastBand}, strips[] = {0, lastStrip};
    for (int i = 0; i < 2; ++i) {
      if (!meetsSource(scale * strips[i] + made, scale * (strips[i] + least) + last, low, source)) return false;
      if (made > before && !meetsSource(scale * first[i] + before, scale * first[i] + made - 1, low, source))
        return false;
    }
    if (keep && !meetsSource(rows[v].start, made - 1, low, source)) return false;
    if (keep && !meetsSource(scale * lastBand + rows[v].start, scale * lastBand + made - 1, low, source)) return false;
  }
  return true;
}

intptr_t dlcStripDimension(const DlcFlow *flow, const int64_t *band, const int64_t *strip) {
  intptr_t dimension = -1;
  for (intptr_t d = 0; d < flow->rank; ++d) {
    int64_t outer = band[d] > 0 ? band[d] : flow->extent[d], inner = strip[d] > 0 ? strip[d] : outer;
    if (outer == inner) continue;
    if (dimension >= 0) return -1;
    dimension = d;
  }
  return dimension;
}
