/* What compiled code calls: the dlrt_api_t of a frame, and the places where it lands when a call cannot succeed
 * (abi.h, "Landing").
 */
#include <setjmp.h>
#include <string.h>
#include "core/instance.h"
#include "core/status.h"

#define INLINE_BELOW 2000 /* ns of a whole loop: less is not worth a fork */
#define PART_WORTH 1000   /* ns of work that make another thread worth it */
#define CHUNK_WORTH 500   /* ns of work that make a chunk worth its bookkeeping */

/* What is not on the way of a usual call; its large locals would be on that of every call. */
#define APART __attribute__((noinline))

/* A place in the runtime on this thread's stack, beneath compiled code. */
typedef struct landing {
  jmp_buf place;
  struct landing *outer;
  bool in_task;
  int32_t worker;
} landing_t;

/* The innermost landing of this thread. Eight bytes, for which libraries that are loaded late have room as well. */
static _Thread_local landing_t *current __attribute__((tls_model("initial-exec")));

/* One call of parallel. */
typedef struct loop {
  dlrt_instance_t *instance;
  dlrt_task_fn fn;
  void *args;
  int32_t task;
  int64_t fork; /* its number while profiling */
} loop_t;

static void set_failure(dlrt_instance_t *instance, const dlrt_status_t *failure) {
  int none = 0;
  if (!atomic_compare_exchange_strong(&instance->failing, &none, 1)) return;
  instance->failure = *failure;
  atomic_store(&instance->failing, 2);
}

/* Leaves compiled code on this thread. */
static _Noreturn void land(void) { longjmp(current->place, 1); }

static void api_fail(dlrt_frame_t *frame, int32_t code, const char *message) {
  if (code <= DLRT_OK || code > DLRT_INTERNAL) code = DLRT_PROGRAM_FAILED;
  dlrt_status_t failure = dlrt_status_make((dlrt_code_t)code, "%.400s", message ? message : "no reason given");
  set_failure(frame->runtime, &failure);
}

static void *api_alloc(dlrt_frame_t *frame, int64_t bytes) {
  dlrt_status_t status;
  void *data = dlrt_instance_alloc(frame->runtime, bytes, &status);
  if (data) return data;
  set_failure(frame->runtime, &status);
  land();
}

static void api_free(dlrt_frame_t *frame, void *buffer) {
  dlrt_instance_t *instance = frame->runtime;
  if (dlrt_heap_free(instance->heap, buffer)) return;
  dlrt_status_t status = dlrt_status_make(DLRT_INTERNAL, "free() of %p, which is no live buffer of alloc()", buffer);
  set_failure(instance, &status);
}

static void *api_output(dlrt_frame_t *frame, int32_t index, const int64_t *shape) {
  dlrt_status_t status;
  void *data = dlrt_run_output(frame->runtime, index, shape, &status);
  if (data) return data;
  set_failure(frame->runtime, &status);
  land();
}

/* Only these two functions call setjmp; neither has a variable that changes after it. */
static int32_t call_task(const loop_t *loop, landing_t *here, int64_t lo, int64_t hi, void *scratch) {
  if (_setjmp(here->place)) return 1;
  return loop->fn(&loop->instance->frame, loop->args, lo, hi, here->worker, scratch);
}

static int32_t call_entry(dlrt_instance_t *instance, landing_t *here) {
  if (_setjmp(here->place)) return 1;
  return instance->program->desc->entry(&instance->frame);
}

static bool is_recorded(const loop_t *loop) { return loop->instance->profiling && loop->task >= 0; }

static APART void give_no_reason(const loop_t *loop) {
  const dlrt_program_info_t *info = &loop->instance->program->metadata.info;
  dlrt_status_t status = dlrt_status_make(DLRT_PROGRAM_FAILED, "task '%s' failed without giving a reason",
                                          loop->task >= 0 ? info->tasks[loop->task].name : "");
  set_failure(loop->instance, &status);
}

static int32_t run_range(const loop_t *loop, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  dlrt_instance_t *instance = loop->instance;
  landing_t here; /* the place is set by who lands there */
  here.outer = current, here.in_task = true, here.worker = worker;
  int64_t begin = is_recorded(loop) ? dlrt_clock_now() : 0;
  current = &here;
  int32_t failed = call_task(loop, &here, lo, hi, scratch);
  current = here.outer;
  if (is_recorded(loop))
    dlrt_profile_chunk(instance->profile, worker, loop->task, loop->fork, begin, dlrt_clock_now(), hi - lo);
  if (failed && !atomic_load(&instance->failing)) give_no_reason(loop);
  return failed;
}

/* A chunk, as the team calls it. */
static int32_t run_chunk(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
  const loop_t *loop = ctx;
  dlrt_instance_t *instance = loop->instance;
  char *scratch = instance->scratch.data;
  return run_range(loop, lo, hi, worker, scratch ? scratch + (size_t)worker * instance->scratch_stride : NULL);
}

/* A loop inside a task: in line. The task is still using the worker's scratch, so it gets its own. */
static APART int32_t run_nested(loop_t *loop, int64_t items) {
  dlrt_instance_t *instance = loop->instance;
  int32_t worker = current->worker;
  void *scratch = NULL;
  if (instance->program->desc->scratch_bytes)
    scratch = api_alloc(&instance->frame, instance->program->desc->scratch_bytes);
  /* A number that no other call has: forks are counted by worker 0, from 0 up. */
  if (is_recorded(loop)) loop->fork = -dlrt_clock_now();
  int32_t failed = run_range(loop, 0, items, worker, scratch);
  dlrt_heap_free(instance->heap, scratch);
  if (is_recorded(loop)) dlrt_profile_call(instance->profile, worker, loop->task, 0);
  return failed;
}

/* The whole loop on the thread that runs the entry, and nothing of it is recorded: no landing of its own, a failure
 * may end the entry with it. Until it returns the entry's landing stands for the task's, so that loops inside are in
 * line. */
static int32_t run_alone(const loop_t *loop, int64_t items) {
  dlrt_instance_t *instance = loop->instance;
  landing_t *here = current;
  here->in_task = true;
  int32_t failed = loop->fn(&instance->frame, loop->args, 0, items, 0, instance->scratch.data);
  here->in_task = false;
  if (failed && !atomic_load(&instance->failing)) give_no_reason(loop);
  return failed;
}

static int32_t fork_join(loop_t *loop, int64_t items, int64_t cost) {
  dlrt_instance_t *instance = loop->instance;
  int32_t parts = instance->threads;
  int64_t grain = 1;
  if (parts > 1 && cost > 0) {
    int64_t total;
    if (__builtin_mul_overflow(items, cost, &total)) total = INT64_MAX;
    if (total < INLINE_BELOW)
      parts = 1;
    else if (total / PART_WORTH < parts)
      parts = (int32_t)(total / PART_WORTH);
    grain = cost < CHUNK_WORTH ? CHUNK_WORTH / cost : 1;
  }
  if (parts <= 1 || items == 1) return is_recorded(loop) ? run_chunk(loop, 0, items, 0) : run_alone(loop, items);
  return dlrt_team_run(instance->team, run_chunk, loop, items, grain, parts);
}

static APART int32_t refuse_task(dlrt_instance_t *instance, int32_t task) {
  dlrt_status_t status = dlrt_status_make(DLRT_INTERNAL, "parallel() with task %d of %d", task,
                                          instance->program->metadata.info.task_count);
  set_failure(instance, &status);
  return 1;
}

static int32_t api_parallel(dlrt_frame_t *frame, int32_t task, dlrt_task_fn fn, void *args, int64_t items,
                            int64_t cost) {
  dlrt_instance_t *instance = frame->runtime;
  loop_t loop = {.instance = instance, .fn = fn, .args = args, .task = task < 0 ? -1 : task};
  if (items <= 0) return 0;
  if (task >= instance->program->metadata.info.task_count) return refuse_task(instance, task);
  if (current->in_task) return run_nested(&loop, items);
  if (!is_recorded(&loop)) return fork_join(&loop, items, cost);
  loop.fork = instance->profile->forks++;
  int64_t begin = dlrt_clock_now();
  int32_t failed = fork_join(&loop, items, cost);
  dlrt_profile_call(instance->profile, 0, task, dlrt_clock_now() - begin);
  return failed;
}

const dlrt_api_t dlrt_frame_api = {
    .parallel = api_parallel, .alloc = api_alloc, .free = api_free, .output = api_output, .fail = api_fail};

void dlrt_frame_enter(dlrt_instance_t *instance, dlrt_status_t *out_status) {
  landing_t here;
  here.outer = current, here.in_task = false, here.worker = 0;
  int64_t begin = instance->profiling ? dlrt_clock_now() : 0;
  atomic_store_explicit(&instance->failing, 0, memory_order_relaxed); /* no worker is inside */
  current = &here;
  int32_t failed = call_entry(instance, &here);
  current = here.outer;
  if (instance->profiling) dlrt_profile_run(instance->profile, begin, dlrt_clock_now());
  if (atomic_load(&instance->failing))
    *out_status = instance->failure;
  else if (failed)
    *out_status = dlrt_status_make(DLRT_PROGRAM_FAILED, "the program failed without giving a reason");
}
