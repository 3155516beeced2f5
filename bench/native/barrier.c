// A program (runtime/include/dlrt/abi.h) that times what stands between two tasks. The runtime's team is given one item
// a thread and joined, again and again. Inputs: n, threads; output [3, n]: nanoseconds of such a fork and join, each
// the mean of BATCH of them,
//   0  of items that wait until all have begun, so that all threads take part;
//   1  of items that compute for some hundred ns, each on its own;
//   2  of one such item alone, without the team: 1 less 2 is what the barrier costs.
//
// bench/systems/native.py compiles it; suites/ctrl.py runs it.
#include <stdatomic.h>
#include <time.h>
#include "dlrt/abi.h"

enum { BATCH = 64, LINE = 64, STEPS = 500, MOST_THREADS = 256 };
enum { MEET, WORK, ALONE, MODES };

typedef struct {
  _Alignas(LINE) atomic_int arrived; // in all forks so far
  _Alignas(LINE) int wanted;
} Meeting;

typedef struct {
  _Alignas(LINE) uint64_t sum;
} Sums;
static Sums sums[MOST_THREADS]; // by worker

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int32_t meet(dlrt_frame_t *frame, void *args, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  Meeting *meeting = args;
  (void)frame, (void)worker, (void)scratch;
  atomic_fetch_add_explicit(&meeting->arrived, (int)(hi - lo), memory_order_release);
  while (atomic_load_explicit(&meeting->arrived, memory_order_acquire) < meeting->wanted) {}
  return 0;
}

// A chain of dependent operations, of the same length each time.
static uint64_t compute(uint64_t x) {
  for (int i = 0; i < STEPS; ++i) x = x * UINT64_C(0x5851f42d4c957f2d) + 1;
  return x;
}

static int32_t work(dlrt_frame_t *frame, void *args, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  Sums *sums = args;
  (void)frame, (void)scratch;
  for (int64_t i = lo; i < hi; ++i) sums[worker].sum = compute(sums[worker].sum);
  return 0;
}

static int32_t timeBatch(dlrt_frame_t *frame, int mode, int64_t threads, double *ns) {
  Meeting meeting = {.wanted = 0};
  double begin = now();
  for (int k = 0; k < BATCH; ++k) {
    int32_t failed = 0;
    meeting.wanted += (int)threads;
    if (mode == MEET)
      failed = frame->api->parallel(frame, -1, meet, &meeting, threads, 0);
    else if (mode == WORK)
      failed = frame->api->parallel(frame, -1, work, sums, threads, 0);
    else
      failed = work(frame, sums, 0, 1, 0, NULL);
    if (failed) return failed;
  }
  *ns = (now() - begin) / BATCH;
  return 0;
}

static int32_t entry(dlrt_frame_t *frame) {
  int64_t n = *(const int64_t *)frame->inputs[0].data, threads = *(const int64_t *)frame->inputs[1].data;
  int64_t shape[] = {MODES, n};
  double *ns = frame->api->output(frame, 0, shape);
  if (threads > MOST_THREADS) return frame->api->fail(frame, DLRT_PROGRAM_FAILED, "too many threads"), 1;
  for (int64_t i = 0; i < n; ++i)
    for (int mode = 0; mode < MODES; ++mode)
      if (timeBatch(frame, mode, threads, &ns[mode * n + i])) return 1;
  return 0;
}

static const dlrt_program_desc_t program = {
    .magic = DLRT_PROGRAM_MAGIC,
    .abi_version = DLRT_ABI_VERSION,
    .metadata = "{\"format\": 1, \"name\": \"barrier\", \"inputs\": ["
                "{\"name\": \"n\", \"dtype\": \"int64\", \"shape\": []},"
                "{\"name\": \"threads\", \"dtype\": \"int64\", \"shape\": []}], \"outputs\": ["
                "{\"name\": \"ns\", \"dtype\": \"float64\", \"shape\": [3, null]}], \"tasks\": []}",
    .entry = entry,
};

__attribute__((visibility("default"))) const dlrt_program_desc_t *dlc_program(void) { return &program; }
