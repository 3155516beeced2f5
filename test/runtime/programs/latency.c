/* Times, from inside a program, what compiled code pays for the runtime. Inputs mode int64 [], n int64 []; output
 * ns float64 [n]: the time of each of n repetitions. Modes:
 *   0  fork and join of one item a worker; every item waits until all have begun, so that all workers take part
 *   1  the same with empty items, which the caller may do alone
 *   2  parallel with so little work that it runs in line
 *   3  alloc and free of 1 KiB
 *   4  as 0, after a pause in which the workers fell asleep
 */
#include <stdatomic.h>
#include <time.h>
#include "program.h"

typedef struct meeting {
  atomic_int arrived;
  int32_t expected;
} meeting_t;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int32_t meet(dlrt_frame_t *frame, void *args, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  meeting_t *meeting = args;
  (void)frame;
  (void)worker;
  (void)scratch;
  atomic_fetch_add(&meeting->arrived, (int)(hi - lo));
  while (atomic_load_explicit(&meeting->arrived, memory_order_relaxed) < meeting->expected) {}
  return 0;
}

static int32_t nothing(dlrt_frame_t *frame, void *args, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  (void)frame;
  (void)args;
  (void)lo;
  (void)hi;
  (void)worker;
  (void)scratch;
  return 0;
}

static int32_t entry(dlrt_frame_t *frame) {
  const dlrt_api_t *api = frame->api;
  int64_t mode = *(const int64_t *)frame->inputs[0].data, n = *(const int64_t *)frame->inputs[1].data;
  int64_t threads = *(const int64_t *)frame->inputs[2].data;
  double *ns = api->output(frame, 0, &n);
  for (int64_t i = 0; i < n; ++i) {
    meeting_t meeting = {.expected = (int32_t)threads};
    if (mode == 4) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    double begin = now();
    int32_t failed = 0;
    if (mode == 0 || mode == 4)
      failed = api->parallel(frame, 0, meet, &meeting, threads, 0);
    else if (mode == 1)
      failed = api->parallel(frame, 0, nothing, NULL, threads, 0);
    else if (mode == 2)
      failed = api->parallel(frame, 0, nothing, NULL, threads, 10);
    else
      api->free(frame, api->alloc(frame, 1024));
    ns[i] = now() - begin;
    if (failed) return failed;
  }
  return 0;
}

static const dlrt_program_desc_t program = {
    .magic = DLRT_PROGRAM_MAGIC,
    .abi_version = DLRT_ABI_VERSION,
    .metadata = "{\"format\": 1, \"name\": \"latency\", \"inputs\": ["
                "{\"name\": \"mode\", \"dtype\": \"int64\", \"shape\": []},"
                "{\"name\": \"n\", \"dtype\": \"int64\", \"shape\": []},"
                "{\"name\": \"threads\", \"dtype\": \"int64\", \"shape\": []}], \"outputs\": ["
                "{\"name\": \"ns\", \"dtype\": \"float64\", \"shape\": [null]}], \"tasks\": [{\"name\": \"t\"}]}",
    .entry = entry,
};

PROGRAM(program)
