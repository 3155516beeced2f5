/* y = a + 2 * b over [batch, 4] float32, batch dynamic and shared by both inputs: what an ordinary compiled program
 * does, by hand. One task with an item a row; the doubled b goes through the arena when it fits there, and through
 * alloc() otherwise. */
#include "program.h"

enum { COLUMNS = 4, ARENA_ROWS = 1024 };

typedef struct args {
  const float *a, *b;
  float *twice, *y;
} args_t;

static int32_t double_rows(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  const args_t *args = ctx;
  float *row = scratch; /* a worker's own: two threads that shared it would be seen by the sanitizer and the result */
  (void)frame;
  (void)worker;
  for (int64_t i = lo; i < hi; ++i) {
    for (int64_t j = 0; j < COLUMNS; ++j) row[j] = 2 * args->b[i * COLUMNS + j];
    for (int64_t j = 0; j < COLUMNS; ++j) args->twice[i * COLUMNS + j] = row[j];
  }
  return 0;
}

static int32_t add_rows(dlrt_frame_t *frame, void *ctx, int64_t lo, int64_t hi, int32_t worker, void *scratch) {
  const args_t *args = ctx;
  (void)frame;
  (void)worker;
  (void)scratch;
  for (int64_t i = lo * COLUMNS; i < hi * COLUMNS; ++i) args->y[i] = args->a[i] + args->twice[i];
  return 0;
}

static int32_t entry(dlrt_frame_t *frame) {
  const int64_t rows = frame->inputs[0].shape[0];
  const int64_t shape[2] = {rows, COLUMNS};
  args_t args = {.a = frame->inputs[0].data, .b = frame->inputs[1].data};
  args.twice = rows <= ARENA_ROWS ? frame->arena : frame->api->alloc(frame, rows * COLUMNS * 4);
  args.y = frame->api->output(frame, 0, shape);
  if (frame->api->parallel(frame, 0, double_rows, &args, rows, 0)) return 1;
  if (frame->api->parallel(frame, 1, add_rows, &args, rows, 0)) return 1;
  if (rows > ARENA_ROWS) frame->api->free(frame, args.twice);
  return 0;
}

#define TENSOR(name)                                                                                                   \
  "{\"name\": \"" name "\", \"dtype\": \"float32\", \"shape\": [null, 4], \"dim_names\": [\"batch\", null]}"

static const dlrt_program_desc_t program = {
    .magic = DLRT_PROGRAM_MAGIC,
    .abi_version = DLRT_ABI_VERSION,
    .arena_bytes = ARENA_ROWS * COLUMNS * 4,
    .scratch_bytes = COLUMNS * 4,
    .metadata = "{\"format\": 1, \"name\": \"sum\", \"producer\": \"by hand\", \"target\": \"host\", "
                "\"cpu_features\": [], \"inputs\": [" TENSOR("a") ", " TENSOR("b") "], \"outputs\": [" TENSOR(
                    "y") "], "
                         "\"arena_bytes\": 16384, \"scratch_bytes\": 16, \"weight_bytes\": 0, "
                         "\"tasks\": [{\"name\": \"double\", \"schedule\": \"rows\"}, {\"name\": \"add\"}]}",
    .entry = entry,
};

PROGRAM(program)
