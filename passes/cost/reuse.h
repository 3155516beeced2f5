// How many bytes a nest of loops fetches through a cache.
#pragma once
#include "passes/tile/propagate.h"

enum { DLC_MAX_CACHE_LOOPS = 2 * DLC_MAX_RANK };

// A loop: `count` iterations that move the tile along a dimension. together: they run at once, so that what they share
// is fetched once, whether the cache could keep all of it or not (they stream through it side by side).
typedef struct {
  intptr_t dim;
  double count;
  bool together;
} DlcCacheLoop;
typedef struct {
  const DlcBox *box;
  int64_t elementBytes;
  double fetched;
} DlcStream; // fetched: the answer, bytes

// Sets `fetched` of each stream for one run of the nest, outermost loop first, around a body that touches every
// stream's box for a tile of sizes `tile`. Capacity 0: no cache.
void dlcFetch(DlcStream *streams, intptr_t nStreams, const DlcCacheLoop *loops, intptr_t nLoops, const double *tile,
              double capacity);
