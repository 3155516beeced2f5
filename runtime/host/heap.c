/* A two-level segregated-fit allocator (M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time
 * systems", ECRTS 2004): free blocks hang in bins by size, eight to each power of two; two bitmaps find a bin that
 * surely fits; a freed block joins its free neighbours. Every block has a header of one cache line before it, so that
 * payloads are aligned.
 *
 * Regions grow on demand. An invocation that needed several is followed by one that gets a single region of their
 * total size: a steady state then has no region boundary and asks the system for nothing.
 */
#include "host/heap.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "dlrt/abi.h"

#define LINE ((size_t)DLRT_ALIGNMENT)
#define SUB_BITS 3u
#define SUBS (1u << SUB_BITS)
#define LEVELS 48u /* up to 2^47 bytes */
#define MIN_REGION ((size_t)1 << 20)
#define MAX_GROWTH ((size_t)256 << 20)
#define MAX_BYTES ((size_t)1 << 46)
#define MARK_USED 0x64655355u
#define MARK_FREE 0x65657246u

typedef struct block block_t;
struct block {
  _Alignas(DLRT_ALIGNMENT) size_t bytes; /* of the payload, a multiple of LINE; 0: the end of a region */
  uint32_t mark;
  block_t *before;      /* the neighbour at lower addresses, null at a region's start */
  block_t *next, *prev; /* in the bin, while free */
};
_Static_assert(sizeof(block_t) == DLRT_ALIGNMENT, "payloads would not be aligned");

typedef struct chunk {
  struct chunk *next;
  dlrt_region_t region;
} chunk_t;

struct dlrt_heap {
  pthread_mutex_t lock; /* guards all below */
  dlrt_budget_t *budget;
  chunk_t *chunks;
  size_t total;  /* bytes of all chunks */
  bool used;     /* since the last reset */
  size_t wanted; /* size of the first chunk, learned from earlier invocations */
  uint64_t levels;
  uint8_t subs[LEVELS];
  block_t *bins[LEVELS][SUBS];
};

static block_t *after(block_t *block) { return (block_t *)(void *)((char *)block + sizeof *block + block->bytes); }

/* The bin that a block of `bytes` belongs to. bytes >= LINE. */
static void find_bin(size_t bytes, unsigned *level, unsigned *sub) {
  *level = 63u - (unsigned)__builtin_clzll(bytes);
  *sub = (unsigned)(bytes >> (*level - SUB_BITS)) & (SUBS - 1);
}

static void insert_free(dlrt_heap_t *heap, block_t *block) {
  unsigned level, sub;
  find_bin(block->bytes, &level, &sub);
  block->mark = MARK_FREE;
  block->prev = NULL;
  block->next = heap->bins[level][sub];
  if (block->next) block->next->prev = block;
  heap->bins[level][sub] = block;
  heap->levels |= UINT64_C(1) << level;
  heap->subs[level] |= (uint8_t)(1u << sub);
}

static void remove_free(dlrt_heap_t *heap, block_t *block) {
  unsigned level, sub;
  find_bin(block->bytes, &level, &sub);
  if (block->prev)
    block->prev->next = block->next;
  else
    heap->bins[level][sub] = block->next;
  if (block->next) block->next->prev = block->prev;
  if (heap->bins[level][sub]) return;
  heap->subs[level] &= (uint8_t)~(1u << sub);
  if (!heap->subs[level]) heap->levels &= ~(UINT64_C(1) << level);
}

/* A free block of at least `bytes`, still in its bin: any block of the next larger bin fits. */
static block_t *find_free(dlrt_heap_t *heap, size_t bytes) {
  unsigned level, sub;
  size_t step = ((size_t)1 << (63u - (unsigned)__builtin_clzll(bytes))) >> SUB_BITS;
  find_bin(dlrt_round_up(bytes, step), &level, &sub);
  unsigned subs = heap->subs[level] & (0xffu << sub);
  if (!subs) {
    uint64_t levels = heap->levels & (~UINT64_C(0) << level << 1);
    if (!levels) return NULL;
    level = (unsigned)__builtin_ctzll(levels);
    subs = heap->subs[level];
  }
  return heap->bins[level][__builtin_ctz(subs)];
}

/* Makes the region one free block, closed by an end mark. */
static void format_chunk(dlrt_heap_t *heap, chunk_t *chunk) {
  block_t *first = chunk->region.data;
  first->bytes = chunk->region.bytes - 2 * sizeof *first;
  first->before = NULL;
  block_t *end = after(first);
  end->bytes = 0;
  end->mark = MARK_USED;
  end->before = first;
  insert_free(heap, first);
}

static bool add_chunk(dlrt_heap_t *heap, size_t bytes) {
  chunk_t *chunk = malloc(sizeof *chunk);
  if (!chunk) return false;
  bytes = dlrt_round_up(bytes, 4096);
  if (!dlrt_budget_take(heap->budget, (int64_t)bytes)) {
    free(chunk);
    return false;
  }
  if (!dlrt_region_map(bytes, &chunk->region)) {
    dlrt_budget_give(heap->budget, (int64_t)bytes);
    free(chunk);
    return false;
  }
  chunk->next = heap->chunks;
  heap->chunks = chunk;
  heap->total += bytes;
  format_chunk(heap, chunk);
  return true;
}

/* Grows generously, and by the bare need when that is refused. The need: find_free looks in the next larger bin. */
static bool grow(dlrt_heap_t *heap, size_t bytes) {
  size_t step = ((size_t)1 << (63u - (unsigned)__builtin_clzll(bytes))) >> SUB_BITS;
  size_t need = dlrt_round_up(bytes, step) + 2 * sizeof(block_t);
  size_t ample = heap->total < MAX_GROWTH ? heap->total : MAX_GROWTH;
  if (!heap->chunks && heap->wanted > ample) ample = heap->wanted;
  if (ample < MIN_REGION) ample = MIN_REGION;
  return (ample > need && add_chunk(heap, ample)) || add_chunk(heap, need);
}

static void release_chunks(dlrt_heap_t *heap) {
  while (heap->chunks) {
    chunk_t *chunk = heap->chunks;
    heap->chunks = chunk->next;
    dlrt_budget_give(heap->budget, (int64_t)chunk->region.bytes);
    dlrt_region_unmap(&chunk->region);
    free(chunk);
  }
  heap->total = 0;
}

dlrt_heap_t *dlrt_heap_create(dlrt_budget_t *budget) {
  dlrt_heap_t *heap = calloc(1, sizeof *heap);
  if (!heap) return NULL;
  if (pthread_mutex_init(&heap->lock, NULL)) {
    free(heap);
    return NULL;
  }
  heap->budget = budget;
  return heap;
}

void dlrt_heap_destroy(dlrt_heap_t *heap) {
  if (!heap) return;
  release_chunks(heap);
  pthread_mutex_destroy(&heap->lock);
  free(heap);
}

/* Cuts the tail off a used block when it makes a block of its own. */
static void trim(dlrt_heap_t *heap, block_t *block, size_t bytes) {
  size_t rest = block->bytes - bytes;
  if (rest < sizeof(block_t) + LINE) return;
  block->bytes = bytes;
  block_t *tail = after(block);
  tail->bytes = rest - sizeof *tail;
  tail->before = block;
  after(tail)->before = tail;
  insert_free(heap, tail);
}

void *dlrt_heap_alloc(dlrt_heap_t *heap, size_t bytes) {
  if (bytes > MAX_BYTES) return NULL;
  bytes = bytes ? dlrt_round_up(bytes, LINE) : LINE;
  pthread_mutex_lock(&heap->lock);
  heap->used = true;
  block_t *block = find_free(heap, bytes);
  if (!block && grow(heap, bytes)) block = find_free(heap, bytes);
  if (block) {
    remove_free(heap, block);
    block->mark = MARK_USED;
    trim(heap, block, bytes);
  }
  pthread_mutex_unlock(&heap->lock);
  return block ? (char *)block + sizeof *block : NULL;
}

/* Whether `data` can be a payload of this heap, so that its header may be looked at. */
static bool owns(const dlrt_heap_t *heap, const void *data) {
  uintptr_t at = (uintptr_t)data;
  if (at % LINE) return false;
  for (const chunk_t *c = heap->chunks; c; c = c->next) {
    uintptr_t base = (uintptr_t)c->region.data;
    if (at >= base + sizeof(block_t) && at < base + c->region.bytes) return true;
  }
  return false;
}

bool dlrt_heap_free(dlrt_heap_t *heap, void *data) {
  if (!data) return true;
  pthread_mutex_lock(&heap->lock);
  block_t *block = (block_t *)(void *)((char *)data - sizeof *block);
  bool good = owns(heap, data) && block->mark == MARK_USED && block->bytes;
  if (good) {
    block_t *next = after(block), *before = block->before;
    if (next->mark == MARK_FREE) {
      remove_free(heap, next);
      block->bytes += sizeof *next + next->bytes;
      next->mark = 0;
    }
    block->mark = MARK_FREE;
    if (before && before->mark == MARK_FREE) {
      remove_free(heap, before);
      before->bytes += sizeof *block + block->bytes;
      block = before;
    }
    after(block)->before = block;
    insert_free(heap, block);
  }
  pthread_mutex_unlock(&heap->lock);
  return good;
}

void dlrt_heap_reset(dlrt_heap_t *heap) {
  if (!heap->used) return; /* whoever allocated has been waited for */
  pthread_mutex_lock(&heap->lock);
  heap->used = false;
  heap->levels = 0;
  memset(heap->subs, 0, sizeof heap->subs);
  memset(heap->bins, 0, sizeof heap->bins);
  if (heap->chunks && heap->chunks->next) {
    heap->wanted = heap->total;
    release_chunks(heap);
  } else if (heap->chunks) {
    format_chunk(heap, heap->chunks);
  }
  pthread_mutex_unlock(&heap->lock);
}

size_t dlrt_heap_bytes(const dlrt_heap_t *heap) { return heap->total; }
