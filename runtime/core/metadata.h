/* The metadata of a program, parsed and checked; docs/program.md describes the JSON. */
#ifndef DLRT_CORE_METADATA_H
#define DLRT_CORE_METADATA_H
#include "dlrt/dlrt.h"

#define DLRT_METADATA_FORMAT 1
#define DLRT_MAX_TENSORS 4096

/* info points into the arrays and the pool, which dlrt_metadata_clear frees. */
typedef struct dlrt_metadata {
  dlrt_program_info_t info;
  dlrt_tensor_info_t *inputs;
  dlrt_tensor_info_t *outputs;
  dlrt_task_info_t *tasks;
  const char **features;
  char *pool;
} dlrt_metadata_t;

/* Parses size bytes of text. On success the caller owns *out; on error there is nothing to clear. The text itself is
 * not kept: info.metadata and info.path stay null. */
DLRT_MUST_USE dlrt_status_t dlrt_metadata_parse(const char *text, size_t size, dlrt_metadata_t *out);
void dlrt_metadata_clear(dlrt_metadata_t *metadata);

#endif
