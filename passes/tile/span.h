// What a tile of the root result needs of a dimension, as a form in where that
// tile begins and how large it is: symbolic offset, static bound. Everything that
// a schedule chooses (the tile) is a parameter, so that one propagation through a
// graph serves all candidate tiles; evaluating a form is a few additions.
//
// A span covers the elements
//   floor((sum(scale[d] * start[d]) + low) / divide) ..
//   floor((sum(scale[d] * (start[d] + tile[d] - 1)) + high) / divide)
// of its dimension, both included and cut to its extent. start and tile are those
// of the root tile in root dimension d. Scales are not negative.
#pragma once
#include "passes/tile/graph.h"

typedef struct {
  int32_t scale[DLC_MAX_RANK];
  int64_t low, high, divide;
  double share; // of what tiles ask for: the part that exists (a source of a concatenation is outside of most tiles)
} DlcSpan;

typedef struct {
  intptr_t rank;
  int64_t extent[DLC_MAX_RANK];
  DlcSpan span[DLC_MAX_RANK];
} DlcBox;

DlcSpan dlcSpanOfRange(int64_t low, int64_t high); // the same for every tile
DlcSpan dlcSpanOfRoot(intptr_t dimension);         // what the root tile covers of its own dimension
static inline DlcSpan dlcSpanWhole(int64_t extent) { return dlcSpanOfRange(0, extent > 0 ? extent - 1 : 0); }
// The hull. Spans that move differently with the tile have none but the whole.
DlcSpan dlcSpanJoin(const DlcSpan *a, const DlcSpan *b, int64_t extent);
// The values that an affine expression of loops takes; the whole extent where no form says it (differences, products of
// loops).
DlcSpan dlcSpanOfExpression(MlirAffineExpr expression, const DlcSpan *loops, intptr_t nLoops, int64_t extent);
// The same for span * by + add, floor(span / by) and span mod by; false: no form.
bool dlcSpanScale(DlcSpan *span, int64_t by);
bool dlcSpanAdd(DlcSpan *span, const DlcSpan *other);
bool dlcSpanDivide(DlcSpan *span, int64_t by);
void dlcSpanModulo(DlcSpan *span, int64_t by);
bool dlcSpanEqual(const DlcSpan *a, const DlcSpan *b);
bool dlcSpanMoves(const DlcSpan *span, intptr_t dimension); // with the tile, along a root dimension
// Elements that neighbouring tiles both ask for, 0 where the tiles divide the dimension. Dimensions from `rank` on are
// steps, of which a tile takes all (extent).
int64_t dlcSpanHalo(const DlcSpan *span, intptr_t rank, const int64_t *extent);
void dlcSpanDropHalo(DlcSpan *span, intptr_t rank); // leaves what the tile before did not have

// Elements for a root tile of sizes `tile`: a bound that holds for every tile.
int64_t dlcSpanSize(const DlcSpan *span, int64_t extent, const int64_t *tile);
// The mean over all tiles, from their mean sizes; the share included.
double dlcSpanMean(const DlcSpan *span, int64_t extent, const double *tile);
int64_t dlcSpanStart(const DlcSpan *span, const int64_t *start);
