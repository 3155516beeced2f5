// Line buffers in a tile graph: where tiles are gone through strip by strip along one dimension of the root (rows), the
// rows of a value that windows share from one strip to the next are kept, and only new ones are made.
#pragma once
#include "passes/tile/propagate.h"

// Of a value. For rows r .. r + t - 1 of the root a strip takes its rows scale * r + start .. scale * (r + t) + start +
// keep - 1, of which the first `keep` are those that the strip before took last.
typedef struct {
  intptr_t dimension;                 // of the value, that has the rows; -1: none
  int64_t scale, start, keep, unread; // unread: rows before `start` that the readers took with the first strip
  bool isCut;                         // the last strip asks for rows beyond the end
  const char *why;                    // it cannot be kept, if it has to be; null: it can
} DlcLineRows;

// Along `dimension` of the root. A value is kept where its `halo` is `line`; what is above it then makes fewer rows.
// out: one for each value of the flow.
void dlcLineRows(const DlcFlow *flow, intptr_t dimension, DlcLineRows *out);
// Sets `halo` to `line` for each value made in the flow of which strips share rows. False: there is none, or one of
// them cannot be kept; nothing is set then.
bool dlcLinesChoose(DlcFlow *flow, intptr_t dimension);
// Whether each strip of each band makes a row of every value at least that is no border: an op of no rows may need less
// than none of what it reads.
bool dlcStripsReach(const DlcFlow *flow, intptr_t dimension, int64_t band, int64_t strip, const DlcLineRows *rows);
void dlcLinesForget(DlcFlow *flow); // what was chosen
static inline bool dlcIsLine(const DlcFlowValue *value) { return value->hasHalo && value->halo == tile_HaloKind_line; }
// The dimension of the root along which `strip` is smaller than `band`, sizes of 0 being the whole; -1: none, or
// several.
intptr_t dlcStripDimension(const DlcFlow *flow, const int64_t *band, const int64_t *strip);
