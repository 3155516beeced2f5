/* A program that does what input `mode` says, well or badly, so that tests see what the runtime makes of it.
 * Inputs mode int64 [], n int64 []; output y int64 [?]. Modes are named in modes.h. */
#include "modes.h"
#include "program.h"

#define CODE_OUT_OF_MEMORY DLRT_OUT_OF_MEMORY
enum { SCRATCH = 256, INNER = 16 };

typedef struct args {
  int64_t mode, n;
  int64_t *y;
} args_t;

/* y[i] += 1: what was done twice or not at all shows. */
static int32_t count_items(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  const args_t *args = ctx;
  (void)frame;
  (void)worker;
  (void)scratch;
  for (int64_t i = lo; i < hi; ++i) ++args->y[i];
  return 0;
}

static int32_t fail_in_the_middle(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker,
                                  void *scratch) {
  const args_t *args = ctx;
  (void)worker;
  (void)scratch;
  if (lo > args->n / 2 || hi <= args->n / 2) return 0;
  if (args->mode == MODE_TASK_FAILS) frame->api->fail(frame, DLRT_PROGRAM_FAILED, "item in the middle\nis broken");
  return 7;
}

static int32_t inner(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  args_t *args = ctx;
  unsigned char *own = scratch;
  (void)worker;
  for (int64_t i = 0; i < SCRATCH; ++i) own[i] = 0xee; /* the outer task must not see this */
  if (args->mode == MODE_NESTED_FAILS && hi == INNER) {
    frame->api->fail(frame, DLRT_PROGRAM_FAILED, "inner loop is broken");
    return 1;
  }
  if (args->mode == MODE_NESTED_LANDS) frame->api->alloc(frame, INT64_MAX);
  __atomic_fetch_add(&args->y[0], hi - lo, __ATOMIC_RELAXED);
  return 0;
}

static int32_t outer(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  unsigned char *own = scratch;
  for (int64_t i = lo; i < hi; ++i) {
    for (int64_t k = 0; k < SCRATCH; ++k) own[k] = (unsigned char)worker;
    if (frame->api->parallel(frame, 1, inner, ctx, INNER, 0)) return 1;
    for (int64_t k = 0; k < SCRATCH; ++k)
      if (own[k] != (unsigned char)worker) {
        frame->api->fail(frame, DLRT_INTERNAL, "scratch was overwritten");
        return 1;
      }
  }
  return 0;
}

static int32_t alloc_in_task(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  const args_t *args = ctx;
  (void)worker;
  (void)scratch;
  for (int64_t i = lo; i < hi; ++i) {
    unsigned char *data = frame->api->alloc(frame, args->n);
    data[0] = data[args->n - 1] = (unsigned char)i;
    if (data[0] != (unsigned char)i || (uintptr_t)data % DLRT_ALIGNMENT) return 1;
    if (args->mode == MODE_ALLOC_FREE_IN_TASK) frame->api->free(frame, data);
  }
  return 0;
}

static uint64_t next_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *state >> 33;
}

/* Blocks of random sizes are allocated and freed in random order, each filled with its own byte. */
static int32_t exercise_heap(dlrt_frame_t *frame, int64_t rounds) {
  enum { SLOTS = 64 };
  unsigned char *slots[SLOTS] = {0};
  int64_t sizes[SLOTS] = {0};
  uint64_t state = 1;
  for (int64_t round = 0; round < rounds; ++round) {
    uint64_t k = next_random(&state) % SLOTS;
    for (int64_t i = 0; slots[k] && i < sizes[k]; i += i + 61 < sizes[k] ? 61 : 1)
      if (slots[k][i] != (unsigned char)(k + 1)) {
        frame->api->fail(frame, DLRT_INTERNAL, "two blocks overlap");
        return 1;
      }
    frame->api->free(frame, slots[k]);
    sizes[k] = (int64_t)(next_random(&state) % (next_random(&state) % 8 ? 5000 : 300000));
    slots[k] = frame->api->alloc(frame, sizes[k]);
    if ((uintptr_t)slots[k] % DLRT_ALIGNMENT) frame->api->fail(frame, DLRT_INTERNAL, "a block is not aligned");
    for (int64_t i = 0; i < sizes[k]; ++i) slots[k][i] = (unsigned char)(k + 1);
  }
  return 0;
}

static int32_t run_memory_mode(dlrt_frame_t *frame, args_t *args) {
  const dlrt_api_t *api = frame->api;
  switch (args->mode) {
  case MODE_ALLOC:
    ((volatile char *)api->alloc(frame, args->n))[0] = 1;
    return 0;
  case MODE_ALLOC_NEGATIVE:
    api->alloc(frame, -1);
    return 0;
  case MODE_ALLOC_IN_TASK:
  case MODE_ALLOC_FREE_IN_TASK:
    return api->parallel(frame, 0, alloc_in_task, args, 1000, 0);
  case MODE_HEAP:
    return exercise_heap(frame, args->n);
  case MODE_FREE_FOREIGN: {
    static _Alignas(DLRT_ALIGNMENT) char foreign[DLRT_ALIGNMENT];
    api->free(frame, foreign);
    return 0;
  }
  case MODE_FREE_TWICE: {
    char *data = api->alloc(frame, 100);
    api->free(frame, data);
    api->free(frame, data);
    return 0;
  }
  default:
    return 0;
  }
}

static int32_t run_output_mode(dlrt_frame_t *frame, const args_t *args) {
  int64_t shape[1] = {args->n}, other[1] = {args->n + 1};
  switch (args->mode) {
  case MODE_OUTPUT_INDEX:
    frame->api->output(frame, 1, shape);
    return 0;
  case MODE_OUTPUT_TWICE:
    return frame->api->output(frame, 0, shape) != args->y;
  case MODE_OUTPUT_TWO_SHAPES:
    frame->api->output(frame, 0, other);
    return 0;
  default:
    return 0;
  }
}

static int32_t entry(dlrt_frame_t *frame) {
  const dlrt_api_t *api = frame->api;
  args_t args = {.mode = *(const int64_t *)frame->inputs[0].data, .n = *(const int64_t *)frame->inputs[1].data};
  int64_t length = args.mode >= MODE_FIRST_SMALL ? 1 : args.n;
  if (args.mode == MODE_NO_OUTPUT) return 0;
  args.y = api->output(frame, 0, &length);
  for (int64_t i = 0; i < length; ++i) args.y[i] = 0;
  switch (args.mode) {
  case MODE_COUNT:
    return api->parallel(frame, 0, count_items, &args, args.n, 0);
  case MODE_COUNT_CHEAP:
    return api->parallel(frame, 0, count_items, &args, args.n, 1);
  case MODE_COUNT_DEAR:
    return api->parallel(frame, 0, count_items, &args, args.n, 1000000);
  case MODE_COUNT_UNRECORDED:
    return api->parallel(frame, -1, count_items, &args, args.n, 0);
  case MODE_TASK_FAILS:
  case MODE_TASK_FAILS_SILENTLY:
    return api->parallel(frame, 0, fail_in_the_middle, &args, args.n, 0);
  case MODE_FAILURE_IGNORED:
    api->parallel(frame, 0, fail_in_the_middle, &args, args.n, 0);
    return 0;
  case MODE_ENTRY_FAILS:
    api->fail(frame, CODE_OUT_OF_MEMORY, "first");
    api->fail(frame, 99, "second");
    return 1;
  case MODE_ENTRY_FAILS_SILENTLY:
    return 1;
  case MODE_UNKNOWN_CODE:
    api->fail(frame, 12345, NULL);
    return 1;
  case MODE_TASK_INDEX:
    return api->parallel(frame, 2, count_items, &args, args.n, 0);
  case MODE_NESTED:
  case MODE_NESTED_FAILS:
  case MODE_NESTED_LANDS:
    return api->parallel(frame, 0, outer, &args, args.n, 0);
  case MODE_OUTPUT_INDEX:
  case MODE_OUTPUT_TWICE:
  case MODE_OUTPUT_TWO_SHAPES:
    return run_output_mode(frame, &args);
  default:
    return run_memory_mode(frame, &args);
  }
}

static const dlrt_program_desc_t program = {
    .magic = DLRT_PROGRAM_MAGIC,
    .abi_version = DLRT_ABI_VERSION,
    .scratch_bytes = SCRATCH,
    .metadata = "{\"format\": 1, \"name\": \"faults\", \"inputs\": ["
                "{\"name\": \"mode\", \"dtype\": \"int64\", \"shape\": []},"
                "{\"name\": \"n\", \"dtype\": \"int64\", \"shape\": []}], \"outputs\": ["
                "{\"name\": \"y\", \"dtype\": \"int64\", \"shape\": [null]}],"
                "\"tasks\": [{\"name\": \"outer\", \"schedule\": \"says \\\"hi\\\"\"}, {\"name\": \"inner\"}]}",
    .entry = entry,
};

PROGRAM(program)
