/* Memory whose size is known only at run time, for one instance: allocated and freed in constant time, all of it
 * reclaimed at the end of the invocation, and the regions kept for the next one. */
#ifndef DLRT_HOST_HEAP_H
#define DLRT_HOST_HEAP_H
#include "host/memory.h"

typedef struct dlrt_heap dlrt_heap_t;

/* Null when out of memory. The budget outlives the heap. */
dlrt_heap_t *dlrt_heap_create(dlrt_budget_t *budget);
/* Null is ignored. */
void dlrt_heap_destroy(dlrt_heap_t *heap);

/* DLRT_ALIGNMENT aligned, uninitialised; null when the budget or the system refuses. Any thread. */
void *dlrt_heap_alloc(dlrt_heap_t *heap, size_t bytes);
/* False when `data` is no live block of this heap (nothing is done then). Null is a no-op. Any thread. */
bool dlrt_heap_free(dlrt_heap_t *heap, void *data);
/* Reclaims everything. No other thread may be in the heap. */
void dlrt_heap_reset(dlrt_heap_t *heap);
/* Bytes of the regions it holds. */
size_t dlrt_heap_bytes(const dlrt_heap_t *heap);

#endif
