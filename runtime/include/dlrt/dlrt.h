/* The runtime's interface to applications: load compiled programs, run them, profile them.
 *
 *   dlrt_program_t  *program;   a loaded shared object; immutable
 *   dlrt_instance_t *instance;  what one invocation at a time needs: threads, arena, scratch
 *
 *   dlrt_status_t status = dlrt_program_open("resnet.so", &program);
 *   if (!status.code) status = dlrt_instance_create(program, NULL, &instance);
 *   if (!status.code) status = dlrt_run(instance, inputs, 1, outputs, 1);
 *   if (status.code) fprintf(stderr, "%s\n", status.message);
 *
 * Threads: a program may be used by any number of threads at once, an instance by one at a time
 * (by different ones one after another). Different instances, of the same program or of others, are
 * independent: each has its own team of threads, which sleeps when it has no work. After fork() the
 * child may use no instance made before.
 *
 * Errors: a dlrt_status_t, a plain value. Out-parameters are cleared at entry and stay clear on
 * error. Nothing here exits, aborts, or writes to the terminal.
 *
 * Pointers are non-null unless the comment says otherwise. Sizes are bytes, times are nanoseconds.
 */
#ifndef DLRT_DLRT_H
#define DLRT_DLRT_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "dlrt/abi.h"
#include "dlrt/dlpack.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DLRT_API __attribute__((visibility("default")))
#define DLRT_MUST_USE __attribute__((warn_unused_result))

#define DLRT_VERSION "0.1"

/* code: DLRT_OK or why not (dlrt/abi.h). message: one line, no newline, empty when DLRT_OK; it
 * names the file, the input or the task, and the values that disagree. Too long ones are cut. */
typedef struct dlrt_status {
  dlrt_code_t code;
  char message[508];
} dlrt_status_t;

/* "invalid argument" for DLRT_INVALID_ARGUMENT, ...; never null. Static. */
DLRT_API const char *dlrt_code_name(int32_t code);
/* DLRT_VERSION of the library that is loaded. Static. */
DLRT_API const char *dlrt_version(void);

/* ---- element types ---- */

typedef enum dlrt_dtype {
  DLRT_FLOAT16,
  DLRT_BFLOAT16,
  DLRT_FLOAT32,
  DLRT_FLOAT64,
  DLRT_INT8,
  DLRT_INT16,
  DLRT_INT32,
  DLRT_INT64,
  DLRT_UINT8,
  DLRT_UINT16,
  DLRT_UINT32,
  DLRT_UINT64,
  DLRT_BOOL,
  DLRT_DTYPE_COUNT
} dlrt_dtype_t;

/* The metadata's spelling, "float32"; static. `dtype` is one of the enumerators. */
DLRT_API const char *dlrt_dtype_name(dlrt_dtype_t dtype);
DLRT_API size_t dlrt_dtype_size(dlrt_dtype_t dtype);
DLRT_API DLDataType dlrt_dtype_to_dlpack(dlrt_dtype_t dtype);
/* 0 and *out_dtype set when there is one, else -1. */
DLRT_API int dlrt_dtype_from_dlpack(DLDataType type, dlrt_dtype_t *out_dtype);
DLRT_API int dlrt_dtype_from_name(const char *name, dlrt_dtype_t *out_dtype);

/* ---- tensors ---- */

/* A new zeroed row-major tensor in host memory, aligned to DLRT_ALIGNMENT. rank <= DLRT_MAX_RANK, no
 * negative size. The caller owns *out_tensor and releases it with dlrt_tensor_release (or through its
 * deleter, as DLPack has it). */
DLRT_API DLRT_MUST_USE dlrt_status_t dlrt_tensor_create(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape,
                                                        DLManagedTensor **out_tensor);
/* Calls the deleter when there is one; null is ignored. */
DLRT_API void dlrt_tensor_release(DLManagedTensor *tensor);

/* ---- programs ---- */

typedef struct dlrt_program dlrt_program_t;
typedef struct dlrt_instance dlrt_instance_t;

#define DLRT_DYNAMIC (-1) /* in dlrt_tensor_info_t.shape: known only at run time */

typedef struct dlrt_tensor_info {
  const char *name;
  dlrt_dtype_t dtype;
  int32_t rank;
  int64_t shape[DLRT_MAX_RANK];         /* DLRT_DYNAMIC or the size */
  const char *dim_names[DLRT_MAX_RANK]; /* null: no name */
} dlrt_tensor_info_t;

typedef struct dlrt_task_info {
  const char *name;
  const char *schedule; /* how the compiler ran it, in words; may be empty */
} dlrt_task_info_t;

/* What the metadata of a program says; docs/program.md. Strings are UTF-8. */
typedef struct dlrt_program_info {
  const char *path;
  const char *name;
  const char *producer;
  const char *target;
  int32_t cpu_feature_count;
  const char *const *cpu_features;
  int32_t input_count;
  const dlrt_tensor_info_t *inputs;
  int32_t output_count;
  const dlrt_tensor_info_t *outputs;
  int32_t task_count;
  const dlrt_task_info_t *tasks;
  int64_t arena_bytes;
  int64_t scratch_bytes;
  int64_t weight_bytes;
  const char *metadata; /* the JSON itself */
} dlrt_program_info_t;

/* Loads the program in file `path`. The file is examined before any of it is executed: it must be a
 * whole ELF shared object for this machine that exports dlc_program; then magic, ABI version,
 * metadata and CPU features are checked. A program is native code: open only what you would execute.
 * Errors: NOT_FOUND, IO, INVALID_PROGRAM, INCOMPATIBLE, OUT_OF_MEMORY. */
DLRT_API DLRT_MUST_USE dlrt_status_t dlrt_program_open(const char *path, dlrt_program_t **out_program);
/* Gives the caller's hold on the program up; null is ignored. Instances hold their program
 * themselves, so that the order of closing does not matter. */
DLRT_API void dlrt_program_close(dlrt_program_t *program);
/* Valid as long as the program is held. */
DLRT_API const dlrt_program_info_t *dlrt_program_info(const dlrt_program_t *program);

/* ---- instances ---- */

/* All zero: the defaults, which the environment may set. */
typedef struct dlrt_options {
  int32_t threads;      /* workers including the caller, at most 1024. 0: DLRT_NUM_THREADS, else the CPUs that this
                           process may run on (affinity mask, cgroup quota) */
  int32_t pin;          /* 1: each worker but the caller stays on one CPU; -1: not. 0: DLRT_PIN, else not */
  int64_t memory_limit; /* bytes that the instance may hold. 0: DLRT_MEMORY_LIMIT (suffix K, M, G), else the memory
                           of the machine or of the cgroup */
  int64_t spin;         /* ns that a worker without work stays awake; -1: none. 0: DLRT_SPIN_US, else 50 us, and
                           none when the team is larger than the number of CPUs */
} dlrt_options_t;

/* Makes what one invocation at a time needs. `options` may be null. Threads are started by the first
 * task that is worth it. Errors: INVALID_ARGUMENT, OUT_OF_MEMORY. */
DLRT_API DLRT_MUST_USE dlrt_status_t dlrt_instance_create(dlrt_program_t *program, const dlrt_options_t *options,
                                                          dlrt_instance_t **out_instance);
/* Not while it runs; null is ignored. Outputs that it made live on. */
DLRT_API void dlrt_instance_destroy(dlrt_instance_t *instance);
/* Workers including the caller. */
DLRT_API int32_t dlrt_instance_threads(const dlrt_instance_t *instance);

/* Runs the program once on the calling thread and the instance's team.
 *
 * inputs: input_count tensors in the order of the metadata, in host memory, borrowed during the
 * call and not written to. dtype, rank and shape must be those of the metadata; dimensions of the same
 * name must be equal. Any strides; what is not row-major and dense is copied first.
 *
 * outputs: output_count entries. A null entry is set to a new tensor that the caller owns. Another is the
 * caller's tensor (its deleter is not called): the result is written there, and its dtype and shape must
 * be the result's; it must not overlap an input.
 *
 * On error every entry that was null is null again; the contents of the caller's own are undefined.
 * The instance can run again. A second thread that runs it meanwhile is refused. Errors: INVALID_ARGUMENT,
 * OUT_OF_MEMORY, PROGRAM_FAILED, INTERNAL. */
DLRT_API DLRT_MUST_USE dlrt_status_t dlrt_run(dlrt_instance_t *instance, const DLTensor *const *inputs,
                                              int32_t input_count, DLManagedTensor **outputs, int32_t output_count);

typedef struct dlrt_memory_info {
  int64_t arena_bytes;   /* planned buffers */
  int64_t scratch_bytes; /* of all workers */
  int64_t heap_bytes;    /* cached for alloc() and for copies of inputs */
  int64_t peak_bytes;    /* the most held at once, with outputs made here during an invocation */
  int64_t limit_bytes;
} dlrt_memory_info_t;

DLRT_API void dlrt_instance_memory(const dlrt_instance_t *instance, dlrt_memory_info_t *out_info);

/* ---- profile and trace ---- */

/* One line for each task of the program. */
typedef struct dlrt_profile_row {
  const char *task;     /* of the program's metadata */
  const char *schedule; /* of the program's metadata */
  int64_t calls;
  int64_t wall; /* ns from fork to join, summed over calls */
  int64_t busy; /* ns in the task's code, summed over workers */
} dlrt_profile_row_t;

typedef struct dlrt_profile_summary {
  int64_t runs;
  int64_t wall;      /* ns of all runs */
  int64_t task_wall; /* the part of it in tasks: the sum of the rows */
  int64_t dropped;   /* trace events that were overwritten; rows count them nevertheless */
} dlrt_profile_summary_t;

/* Starts recording from nothing: for each worker the newest `events` events (0: 65536) and sums for
 * each task. Not while the instance runs, like all four. Errors: OUT_OF_MEMORY, INVALID_ARGUMENT. */
DLRT_API DLRT_MUST_USE dlrt_status_t dlrt_profile_start(dlrt_instance_t *instance, int64_t events);
/* Stops recording; what was recorded can still be read. */
DLRT_API void dlrt_profile_stop(dlrt_instance_t *instance);
/* rows: null, or room for as many as the program has tasks. All zero when never started. */
DLRT_API void dlrt_profile_read(const dlrt_instance_t *instance, dlrt_profile_summary_t *out_summary,
                                dlrt_profile_row_t *rows);
/* Writes the recorded events in Chrome's trace event format (chrome://tracing, ui.perfetto.dev).
 * Errors: INVALID_ARGUMENT when never started, IO. */
DLRT_API DLRT_MUST_USE dlrt_status_t dlrt_profile_write_trace(const dlrt_instance_t *instance, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
