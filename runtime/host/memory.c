/* Regions and budgets; see memory.h. */
#define _GNU_SOURCE
#include "host/memory.h"
#include <sys/mman.h>

#define PAGE ((size_t)4096)
#define HUGE ((size_t)2 << 20)
#define MAX_REGION ((size_t)1 << 47)

void dlrt_budget_init(dlrt_budget_t *budget, int64_t limit) {
  budget->limit = limit;
  atomic_init(&budget->held, 0);
  atomic_init(&budget->peak, 0);
}

bool dlrt_budget_take(dlrt_budget_t *budget, int64_t bytes) {
  int64_t held = atomic_load_explicit(&budget->held, memory_order_relaxed), now;
  do {
    if (__builtin_add_overflow(held, bytes, &now) || now > budget->limit) return false;
  } while (
      !atomic_compare_exchange_weak_explicit(&budget->held, &held, now, memory_order_relaxed, memory_order_relaxed));
  int64_t peak = atomic_load_explicit(&budget->peak, memory_order_relaxed);
  while (peak < now && !atomic_compare_exchange_weak_explicit(&budget->peak, &peak, now, memory_order_relaxed,
                                                              memory_order_relaxed)) {}
  return true;
}

void dlrt_budget_give(dlrt_budget_t *budget, int64_t bytes) {
  atomic_fetch_sub_explicit(&budget->held, bytes, memory_order_relaxed);
}

bool dlrt_region_map(size_t bytes, dlrt_region_t *out_region) {
  out_region->data = NULL;
  out_region->bytes = 0;
  if (!bytes) return true;
  if (bytes > MAX_REGION) return false;
  bytes = dlrt_round_up(bytes, PAGE);
  size_t slack = bytes >= HUGE ? HUGE : 0;
  char *base = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return false;
  if (slack) {
    /* Cut what stands over at both ends of the aligned part. */
    char *aligned = (char *)dlrt_round_up((uintptr_t)base, HUGE);
    size_t before = (size_t)(aligned - base);
    if (before) munmap(base, before);
    if (slack - before) munmap(aligned + bytes, slack - before);
    base = aligned;
    /* Advice: where the kernel has no huge pages the call fails and small ones serve. */
    (void)madvise(base, bytes, MADV_HUGEPAGE);
  }
  out_region->data = base;
  out_region->bytes = bytes;
  return true;
}

void dlrt_region_unmap(dlrt_region_t *region) {
  if (region->data) munmap(region->data, region->bytes);
  region->data = NULL;
  region->bytes = 0;
}
