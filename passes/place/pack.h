// Offsets for buffers in one arena.
#pragma once
#include <stdint.h>

typedef struct {
  int64_t start, end; // the steps at which the buffer lives, both included
  int64_t bytes;      // >= 0
  int64_t offset;     // set by dlcPack, a multiple of the alignment
} DlcPacked;

// Largest first, each at the lowest offset that no buffer alive with it holds.
// Returns the bytes of the arena, or -1 where they exceed int64_t.
int64_t dlcPack(DlcPacked *buffers, int64_t n, int64_t alignment);
