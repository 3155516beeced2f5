/* What an instance records of its tasks while profiling is on. Each worker writes only its own recorder, and nobody
 * reads before the invocation has ended, so that nothing here is locked. */
#ifndef DLRT_CORE_PROFILE_H
#define DLRT_CORE_PROFILE_H
#include <stdint.h>
#include "dlrt/dlrt.h"

#define DLRT_EVENT_RUN (-1) /* task of an event that spans a whole invocation */

typedef struct dlrt_event {
  int32_t task;
  int64_t fork; /* which call of parallel: chunks of one worker in it make one event */
  int64_t begin, end;
  int64_t items;
} dlrt_event_t;

typedef struct dlrt_task_sums {
  int64_t calls, wall, busy;
} dlrt_task_sums_t;

typedef struct dlrt_recorder {
  _Alignas(128) int64_t count; /* events ever; the newest `capacity` are kept */
  dlrt_event_t *events;
  dlrt_task_sums_t *sums; /* by task */
} dlrt_recorder_t;

typedef struct dlrt_profile {
  int64_t capacity;
  int32_t task_count, worker_count;
  int64_t runs, run_wall;
  int64_t forks;
  dlrt_event_t *events;   /* all recorders' */
  dlrt_task_sums_t *sums; /* all recorders' */
  dlrt_recorder_t recorders[];
} dlrt_profile_t;

int64_t dlrt_clock_now(void);
/* Null when out of memory or absurd. */
dlrt_profile_t *dlrt_profile_create(int64_t capacity, int32_t task_count, int32_t worker_count);
void dlrt_profile_destroy(dlrt_profile_t *profile);
/* A chunk of `items` items of a task ran on a worker. */
void dlrt_profile_chunk(dlrt_profile_t *profile, int32_t worker, int32_t task, int64_t fork, int64_t begin, int64_t end,
                        int64_t items);
/* A call of parallel ended on `worker`; wall 0 for a nested one. */
void dlrt_profile_call(dlrt_profile_t *profile, int32_t worker, int32_t task, int64_t wall);
void dlrt_profile_run(dlrt_profile_t *profile, int64_t begin, int64_t end);

#endif
