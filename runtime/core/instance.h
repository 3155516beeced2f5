/* The inside of an instance, for the files that make up an invocation: instance.c (its life), run.c (tensors in and
 * out), frame.c (what compiled code calls). */
#ifndef DLRT_CORE_INSTANCE_H
#define DLRT_CORE_INSTANCE_H
#include <stdatomic.h>
#include <stdbool.h>
#include "core/profile.h"
#include "core/program.h"
#include "host/heap.h"
#include "host/memory.h"
#include "host/team.h"

/* An output during an invocation. */
typedef struct dlrt_output {
  DLManagedTensor *made; /* by the runtime; owned until it is handed over */
  const DLTensor *into;  /* the caller's, or null */
  void *data;            /* what compiled code got; null: not asked for yet */
  bool scatter;          /* data is a dense copy that still has to go to `into` */
  bool is_expected;      /* `into`'s shape is the metadata's: its memory is in `given`, data is set only when asked */
  int64_t shape[DLRT_MAX_RANK];
} dlrt_output_t;

/* What a tensor is compared with first: where a shape is known, there is nothing to compute. */
typedef struct dlrt_expected {
  DLDataType dtype;
  int32_t rank; /* -1: its shape is not known before the run, or empty; see run.c for how those are taken */
  const int64_t *shape;
  size_t alignment_mask; /* of an element */
} dlrt_expected_t;

/* The first dimension of the inputs that has the same name as this one. */
typedef struct dlrt_same_dim {
  int32_t input; /* -1: no name, or this is the first */
  int32_t dim;
} dlrt_same_dim_t;

struct dlrt_instance {
  dlrt_program_t *program; /* held */
  dlrt_frame_t frame;
  atomic_flag busy; /* someone runs it: a second thread is refused, not served wrongly */
  dlrt_team_t *team;
  int32_t threads; /* of the team */
  dlrt_budget_t budget;
  dlrt_heap_t *heap;
  dlrt_region_t arena;
  dlrt_region_t scratch;
  size_t scratch_stride;
  dlrt_view_t *views;         /* by input */
  dlrt_output_t *outputs;     /* by output */
  dlrt_expected_t *expected;  /* by input, then by output */
  void **given;               /* by output: of the frame */
  dlrt_same_dim_t *same_dims; /* by input and dimension, DLRT_MAX_RANK each */
  int64_t output_bytes;       /* of the budget, for outputs made in this invocation */
  dlrt_profile_t *profile;    /* null: never started */
  bool profiling;
  /* The first failure of this invocation: 0 none, 1 someone writes `failure`, 2 written. Any worker. */
  atomic_int failing;
  dlrt_status_t failure;
};

/* The table that frames point to. */
extern const dlrt_api_t dlrt_frame_api;

/* Runs the program's entry. *out_status is written only where it failed. */
void dlrt_frame_enter(dlrt_instance_t *instance, dlrt_status_t *out_status);
/* Memory for output `index`, in frame.c's name; run.c. Null when it failed, and then *out_status says why. */
void *dlrt_run_output(dlrt_instance_t *instance, int32_t index, const int64_t *shape, dlrt_status_t *out_status);
/* An allocation from the heap, or a status that says what limit was hit. */
void *dlrt_instance_alloc(dlrt_instance_t *instance, int64_t bytes, dlrt_status_t *out_status);

#endif
