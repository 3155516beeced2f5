/* The contract between a compiled program and the runtime.
 *
 * A program is an ELF shared object that exports one function, dlc_program,
 * and imports nothing but libc and libm. Whatever else its code needs it calls
 * through the table that the frame of an invocation points to, so that a
 * program loads in any process, with any linker scope, and two versions of the
 * runtime can stand side by side.
 *
 * Compiled code reads these structs by field offset: fields are only ever
 * appended, and DLRT_ABI_VERSION changes with them: a runtime runs the programs of its version and of those before.
 * lowering/host/glue.c has the offsets as numbers; test/runtime/abi.c holds them fast.
 */
#ifndef DLRT_ABI_H
#define DLRT_ABI_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLRT_ABI_VERSION 2u            /* 2: frames say where outputs lie. Programs of version 1 run as well. */
#define DLRT_PROGRAM_MAGIC 0x31434c44u /* "DLC1" in memory */
#define DLRT_ALIGNMENT 64u             /* of arena, scratch and every allocation, in bytes */
#define DLRT_MAX_RANK 16u

typedef struct dlrt_frame dlrt_frame_t;

/* Reasons of failure, of this interface and of dlrt.h. */
typedef enum dlrt_code {
  DLRT_OK = 0,
  DLRT_INVALID_ARGUMENT = 1, /* an input's count, dtype, shape, or an argument of the API */
  DLRT_NOT_FOUND = 2,        /* no such file, no such name */
  DLRT_INVALID_PROGRAM = 3,  /* the file is no program, or a damaged one */
  DLRT_INCOMPATIBLE = 4,     /* a sound program, but for another ABI or another CPU */
  DLRT_OUT_OF_MEMORY = 5,    /* the system's memory or the limit is exhausted */
  DLRT_PROGRAM_FAILED = 6,   /* the program itself called fail() or returned nonzero */
  DLRT_IO = 7,               /* reading or writing a file failed */
  DLRT_INTERNAL = 8          /* a broken promise between program and runtime */
} dlrt_code_t;

/* Work items [lo, hi) of one task, 0 <= lo < hi <= items. It may be called any number of times on a
 * thread, for disjoint ranges, in any order. `worker` < the team's size; `scratch` is that
 * worker's own memory, dlrt_program_desc_t.scratch_bytes long, contents undefined at each
 * call. Nonzero: stop, the reason has been given to fail(); the other threads stop after the
 * range they are in. A task function may itself call parallel: that runs in line, with the same
 * `worker` and with scratch of its own. */
typedef int32_t (*dlrt_task_fn)(dlrt_frame_t *frame, void *args, int64_t lo, int64_t hi, int32_t worker, void *scratch);

typedef struct dlrt_api {
  /* Runs fn over [0, items) on the team and returns when all are done; nonzero when
   * one failed. `task` indexes the program's task table, for profile and trace; negative:
   * not recorded.
   * `cost`: estimated nanoseconds of one item (0: not known); the team may run few
   * cheap items on the calling thread alone. */
  int32_t (*parallel)(dlrt_frame_t *frame, int32_t task, dlrt_task_fn fn, void *args, int64_t items, int64_t cost);
  /* A buffer whose size is known only at run time, DLRT_ALIGNMENT aligned. Lives until
   * freed or the end of the invocation. Never null, also for 0 bytes. When it cannot be
   * given (negative size, memory limit, exhaustion) the call does not return: the reason
   * is recorded and the thread lands where the runtime entered compiled code, as if that
   * code had returned nonzero there (see "Landing" below). Any thread of the team may call it. */
  void *(*alloc)(dlrt_frame_t *frame, int64_t bytes);
  /* Gives a buffer of alloc back before the end of the invocation; null is ignored. */
  void (*free)(dlrt_frame_t *frame, void *buffer);
  /* Memory of output `index`, given its shape (rank as in the metadata); row-major, aligned
   * to its element at least. Never null; lands like alloc when the shape is refused or memory
   * is out. Asked a second time with the same shape it gives the same memory. Every output
   * must be asked for, from the entry, before the entry returns 0. */
  void *(*output)(dlrt_frame_t *frame, int32_t index, const int64_t *shape);
  /* Records the reason why this invocation fails; the first one counts. `code`: a
   * dlrt_code_t, other values read as DLRT_PROGRAM_FAILED. `message` is copied (the first
   * 400 bytes). Compiled code returns nonzero after it. */
  void (*fail)(dlrt_frame_t *frame, int32_t code, const char *message);
} dlrt_api_t;

/* Landing. The runtime marks a place (setjmp) before it enters compiled code: the entry, and on
 * each thread a task function. alloc and output leave compiled code by jumping there when they
 * cannot give memory, so that compiled code needs no check after each of them. This is sound
 * because compiled code owns nothing: every buffer is the runtime's and is reclaimed at the end of
 * the invocation. Compiled code therefore holds no lock and no other resource across a call. */

/* A tensor as compiled code sees it: row-major, dense. `data` is aligned to its element at
 * least, not to DLRT_ALIGNMENT: it may be the caller's memory. Not null, also when empty.
 * Inputs are read only. */
typedef struct dlrt_view {
  void *data;
  const int64_t *shape;
} dlrt_view_t;

/* One invocation. Made by the runtime, read by compiled code. */
struct dlrt_frame {
  const dlrt_api_t *api;
  void *arena;               /* dlrt_program_desc_t.arena_bytes */
  const dlrt_view_t *inputs; /* in the order of the metadata */
  void *scratch;             /* worker 0's: of the thread that runs the entry */
  void *runtime;             /* the runtime's own */
  /* By output: its memory, where the caller gave it and its shape is the metadata's, known and not empty; else null,
   * and output() has to be asked. What lies here need not be asked for. */
  void *const *outputs;
};

/* Entry: runs the program once; nonzero when it failed. */
typedef int32_t (*dlrt_entry_fn)(dlrt_frame_t *frame);

typedef struct dlrt_program_desc {
  uint32_t magic;
  uint32_t abi_version;
  int64_t arena_bytes;   /* planned buffers */
  int64_t scratch_bytes; /* workgroup memory of a worker */
  const char *metadata;  /* JSON, zero-terminated UTF-8; see docs/program.md */
  dlrt_entry_fn entry;
} dlrt_program_desc_t;

/* The only exported symbol of a program: "dlc_program". */
typedef const dlrt_program_desc_t *(*dlrt_program_fn)(void);

/* The metadata, by example:
 * {"format": 1, "name": "mobilenet", "producer": "dlc 0.1", "target": "host:znver4",
 *  "cpu_features": ["avx2", "avx512f", ...],        checked before the entry is called
 *  "inputs":  [{"name": "x", "dtype": "float32", "shape": [null, 3, 224, 224], "dim_names": ["batch", null, null,
 * null]}], "outputs": [{"name": "y", "dtype": "float32", "shape": [null, 1000], "dim_names": ["batch", null]}],
 *  "arena_bytes": 123, "scratch_bytes": 0, "weight_bytes": 456,
 *  "tasks": [{"name": "conv_0", "schedule": "..."}]}
 * dtypes: float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool.
 * A dimension that is equal by name in two inputs must be equal at run time. */

#ifdef __cplusplus
}
#endif
#endif
