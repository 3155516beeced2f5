/* What the hand-written programs of the tests share. */
#ifndef TEST_RUNTIME_PROGRAM_H
#define TEST_RUNTIME_PROGRAM_H
#include "dlrt/abi.h"

/* The one symbol that a program exports. */
#define PROGRAM(desc)                                                                                                  \
  __attribute__((visibility("default"))) const dlrt_program_desc_t *dlc_program(void);                                 \
  const dlrt_program_desc_t *dlc_program(void) { return &(desc); }

#endif
