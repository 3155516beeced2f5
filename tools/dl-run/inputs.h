/* Where a run's inputs and expectations come from. */
#ifndef DL_RUN_INPUTS_H
#define DL_RUN_INPUTS_H
#include "dlrt/dlrt.h"
#include "options.h"

/* Tensors by number of input and of output; null: none (expected only). Owned. */
typedef struct inputs {
  DLManagedTensor **given;
  DLManagedTensor **expected;
  int32_t given_count, expected_count;
} inputs_t;

/* Whether every NAME=... of the options names something of the program. */
DLRT_MUST_USE dlrt_status_t inputs_check_names(const dlrt_program_info_t *info, options_t *options);
/* Reads or draws all inputs and reads all expectations. inputs_clear in every case. */
DLRT_MUST_USE dlrt_status_t inputs_load(const dlrt_program_info_t *info, options_t *options, inputs_t *out);
void inputs_clear(inputs_t *inputs);

#endif
