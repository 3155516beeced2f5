// See passes/cost/reuse.h. Going outwards, a loop multiplies what a stream fetches by its count; where everything that
// one iteration touches fits in the cache, only by how much more of the stream all iterations touch than one. (The
// footprint rule of loop-nest cache models; associativity and alignment are met by using three quarters of the cache.)
#include "passes/cost/reuse.h"
#include <string.h>

static double touched(const DlcStream *stream, const double *tile) {
  return dlcBoxMeanBytes(stream->box, stream->elementBytes, tile);
}

void dlcFetch(DlcStream *streams, intptr_t nStreams, const DlcCacheLoop *loops, intptr_t nLoops, const double *tile,
              double capacity) {
  double sizes[DLC_MAX_RANK];
  memcpy(sizes, tile, sizeof sizes);
  for (intptr_t s = 0; s < nStreams; ++s) streams[s].fetched = touched(&streams[s], sizes);
  for (intptr_t l = nLoops - 1; l >= 0; --l) {
    double all = 0, before[64];
    for (intptr_t s = 0; s < nStreams; ++s) {
      double bytes = touched(&streams[s], sizes);
      if (s < 64) before[s] = bytes;
      all += bytes;
    }
    sizes[loops[l].dim] *= loops[l].count;
    for (intptr_t s = 0; s < nStreams; ++s) {
      bool kept = (all <= 0.75 * capacity || (loops[l].together && capacity > 0)) && s < 64 && before[s] > 0;
      streams[s].fetched *= kept ? touched(&streams[s], sizes) / before[s] : loops[l].count;
    }
  }
}
