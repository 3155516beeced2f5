/* A loaded program: shared by its instances, immutable, counted. */
#ifndef DLRT_CORE_PROGRAM_H
#define DLRT_CORE_PROGRAM_H
#include <stdatomic.h>
#include "core/metadata.h"
#include "dlrt/dlrt.h"

struct dlrt_program {
  atomic_int holds;    /* the opener's and one for each instance; any thread */
  atomic_flag settled; /* its constants are where they stay, or on their way there */
  void *library;
  const dlrt_program_desc_t *desc; /* in the library */
  dlrt_metadata_t metadata;
  char *path;
};

void dlrt_program_hold(dlrt_program_t *program);

#endif
