// Offsets for buffers in one arena.
#pragma once
#include <stdint.h>

typedef struct {
  int64_t start, end; // the steps at which the buffer lives, both included
  int64_t bytes;      // >= 0
  int64_t alignment;  // of the offset; a power of two
  int64_t offset;     // set by dlcPack
} DlcPacked;

// Largest first, each at the lowest offset that no buffer alive with it holds.
// Returns the bytes up to the end of the last, or -1 where they exceed int64_t.
int64_t dlcPack(DlcPacked *buffers, int64_t n);
static inline int64_t dlcAlignUp(int64_t v, int64_t alignment) { return (v + alignment - 1) / alignment * alignment; }
