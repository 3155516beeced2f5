// See passes/place/pack.h. The rule is the greedy-by-size strategy of Pisarchyk and
// Lee, "Efficient memory management for deep neural net inference" (2020).
#include "passes/place/pack.h"
#include <stdlib.h>

static int bySize(const void *x, const void *y) {
  const DlcPacked *a = *(DlcPacked *const *)x, *b = *(DlcPacked *const *)y;
  if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
  return a < b ? -1 : a > b; // stable: as given
}
static int byOffset(const void *x, const void *y) {
  const DlcPacked *a = *(DlcPacked *const *)x, *b = *(DlcPacked *const *)y;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

int64_t dlcPack(DlcPacked *buffers, int64_t n) {
  DlcPacked **order = malloc((size_t)(n + 1) * sizeof *order), **live = malloc((size_t)(n + 1) * sizeof *live);
  int64_t peak = 0;
  for (int64_t i = 0; i < n; ++i) order[i] = &buffers[i];
  qsort(order, (size_t)n, sizeof *order, bySize);
  for (int64_t i = 0; i < n && peak >= 0; ++i) {
    int64_t nLive = 0, offset = 0, end;
    for (int64_t k = 0; k < i; ++k)
      if (order[k]->start <= order[i]->end && order[i]->start <= order[k]->end && order[k]->bytes)
        live[nLive++] = order[k];
    qsort(live, (size_t)nLive, sizeof *live, byOffset);
    for (int64_t k = 0; k < nLive && live[k]->offset - offset < order[i]->bytes; ++k) {
      int64_t after = dlcAlignUp(live[k]->offset + live[k]->bytes, order[i]->alignment);
      if (after > offset) offset = after;
    }
    order[i]->offset = offset;
    if (__builtin_add_overflow(offset, order[i]->bytes, &end) || end > INT64_MAX - order[i]->alignment)
      peak = -1;
    else if (end > peak)
      peak = end;
  }
  free(order), free(live);
  return peak;
}
