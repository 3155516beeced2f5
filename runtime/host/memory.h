/* Memory from the system: whole regions, and the account that an instance keeps of what it holds. */
#ifndef DLRT_HOST_MEMORY_H
#define DLRT_HOST_MEMORY_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an instance holds, against its limit. Any thread may take and give. */
typedef struct dlrt_budget {
  int64_t limit;
  _Atomic int64_t held;
  _Atomic int64_t peak;
} dlrt_budget_t;

void dlrt_budget_init(dlrt_budget_t *budget, int64_t limit);
/* False, and nothing taken, when it would pass the limit. */
bool dlrt_budget_take(dlrt_budget_t *budget, int64_t bytes);
void dlrt_budget_give(dlrt_budget_t *budget, int64_t bytes);

/* A mapping of zeroed pages, which cost memory only once touched; from 2 MiB on it is aligned to 2 MiB and huge pages
 * are asked for. */
typedef struct dlrt_region {
  void *data; /* null: empty */
  size_t bytes;
} dlrt_region_t;

/* False when the system refuses. bytes 0 gives an empty region. */
bool dlrt_region_map(size_t bytes, dlrt_region_t *out_region);
void dlrt_region_unmap(dlrt_region_t *region);

/* Rounds up to a multiple of a power of two; SIZE_MAX stays out of reach of callers, who bound their sizes first. */
static inline size_t dlrt_round_up(size_t bytes, size_t to) { return (bytes + to - 1) & ~(to - 1); }

#endif
