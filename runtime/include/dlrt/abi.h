/* The contract between a compiled program and the runtime.
 *
 * A program is an ELF shared object that exports one function, dlc_program,
 * and imports nothing but libc and libm. Whatever else its code needs it calls
 * through the table that the frame of an invocation points to, so that a
 * program loads in any process, with any linker scope, and two versions of the
 * runtime can stand side by side.
 *
 * Compiled code reads these structs by field offset: fields are only ever
 * appended, and DLRT_ABI_VERSION changes when a meaning does.
 * lowering/host/abi.h mirrors the offsets; test/runtime/abi.c holds them together.
 */
#ifndef DLRT_ABI_H
#define DLRT_ABI_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLRT_ABI_VERSION 1u
#define DLRT_PROGRAM_MAGIC 0x31434c44u /* "DLC1" in memory */
#define DLRT_ALIGNMENT 64u             /* of arena, scratch and every allocation, in bytes */
#define DLRT_MAX_RANK 16u

typedef struct dlrt_frame dlrt_frame_t;

/* Work items [lo, hi) of one task. `worker` < the team's size; `scratch` is that
 * worker's own memory, dlrt_program_desc_t.scratch_bytes long. Nonzero: stop, the
 * reason has been given to fail(). */
typedef int32_t (*dlrt_task_fn)(dlrt_frame_t *frame, void *args, int64_t lo, int64_t hi, int32_t worker, void *scratch);

typedef struct dlrt_api {
  /* Runs fn over [0, items) on the team and returns when all are done; nonzero when
   * one failed. `task` indexes the program's task table, for profile and trace.
   * `cost`: estimated nanoseconds of one item (0: not known); the team may run few
   * cheap items on the calling thread alone. */
  int32_t (*parallel)(dlrt_frame_t *frame, int32_t task, dlrt_task_fn fn, void *args, int64_t items, int64_t cost);
  /* A buffer whose size is known only at run time. Lives until freed or the end of the
   * invocation. Never null: on exhaustion fail() has been called and the frame's
   * landing pad is taken. */
  void *(*alloc)(dlrt_frame_t *frame, int64_t bytes);
  void (*free)(dlrt_frame_t *frame, void *buffer);
  /* Memory of output `index`, given its shape (rank as in the metadata); row-major. */
  void *(*output)(dlrt_frame_t *frame, int32_t index, const int64_t *shape);
  /* Records the reason why this invocation fails; the first one counts. Compiled code
   * returns nonzero after it. */
  void (*fail)(dlrt_frame_t *frame, int32_t code, const char *message);
} dlrt_api_t;

/* A tensor as compiled code sees it: row-major, dense. */
typedef struct dlrt_view {
  void *data;
  const int64_t *shape;
} dlrt_view_t;

/* One invocation. Made by the runtime, read by compiled code. */
struct dlrt_frame {
  const dlrt_api_t *api;
  void *arena;               /* dlrt_program_desc_t.arena_bytes */
  const dlrt_view_t *inputs; /* in the order of the metadata */
  void *scratch;             /* the calling thread's, for tasks that run in line */
  void *runtime;             /* the runtime's own */
};

/* Entry: runs the program once; nonzero when it failed. */
typedef int32_t (*dlrt_entry_fn)(dlrt_frame_t *frame);

typedef struct dlrt_program_desc {
  uint32_t magic;
  uint32_t abi_version;
  int64_t arena_bytes;   /* planned buffers */
  int64_t scratch_bytes; /* workgroup memory of a worker */
  const char *metadata;  /* JSON, zero-terminated; see docs/program.md */
  dlrt_entry_fn entry;
} dlrt_program_desc_t;

/* The only exported symbol of a program: "dlc_program". */
typedef const dlrt_program_desc_t *(*dlrt_program_fn)(void);

/* The metadata, by example:
 * {"format": 1, "name": "mobilenet", "producer": "dlc 0.1", "target": "host:znver4",
 *  "cpu_features": ["avx2", "avx512f", ...],        checked before the entry is called
 *  "inputs":  [{"name": "x", "dtype": "float32", "shape": [null, 3, 224, 224], "dim_names": ["batch", null, null, null]}],
 *  "outputs": [{"name": "y", "dtype": "float32", "shape": [null, 1000], "dim_names": ["batch", null]}],
 *  "arena_bytes": 123, "scratch_bytes": 0, "weight_bytes": 456,
 *  "tasks": [{"name": "conv_0", "schedule": "..."}]}
 * dtypes: float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool.
 * A dimension that is equal by name in two inputs must be equal at run time. */

#ifdef __cplusplus
}
#endif
#endif
