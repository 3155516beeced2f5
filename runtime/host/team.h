/* A team of threads: the caller and size-1 workers that share the items of one loop at a time.
 *
 * Fork: the caller publishes the loop and opens a gate. Workers that are awake see it within some hundred ns; those
 * that sleep are woken. Each first takes chunks of its own contiguous part of the items, so that the same items of
 * successive loops stay on the same core, then steals chunks from the others. Join: the caller closes the gate when no
 * chunk is left and waits for the workers that are inside. A worker that came too late, because it slept or was
 * descheduled, is not waited for: others did its part.
 */
#ifndef DLRT_HOST_TEAM_H
#define DLRT_HOST_TEAM_H
#include <stdint.h>

#define DLRT_MAX_THREADS 1024

typedef struct dlrt_team dlrt_team_t;

/* Items [lo, hi) on worker `worker` (0: the caller). Nonzero: no further chunks are begun. */
typedef int32_t (*dlrt_chunk_fn)(void *ctx, int64_t lo, int64_t hi, int32_t worker);

/* 1 <= size <= DLRT_MAX_THREADS. pin: workers 1.. each stay on a CPU of the creator's affinity mask. spin: ns that a
 * thread waits awake before it sleeps. Null when out of memory. No thread is started yet. */
dlrt_team_t *dlrt_team_create(int32_t size, int pin, int64_t spin);
/* Ends the threads. Not while it runs; null is ignored. */
void dlrt_team_destroy(dlrt_team_t *team);
int32_t dlrt_team_size(const dlrt_team_t *team);

/* Runs fn over [0, items), items > 0, on at most `parts` threads, in chunks of at least `grain` items, and returns when
 * all is done; nonzero when a call of fn gave nonzero. One caller at a time, and never from inside fn. The first call
 * starts the threads; if the system refuses some, it goes on with fewer. */
int32_t dlrt_team_run(dlrt_team_t *team, dlrt_chunk_fn fn, void *ctx, int64_t items, int64_t grain, int32_t parts);

#endif
