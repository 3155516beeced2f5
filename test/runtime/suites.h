/* The conformance suite's parts: one file each. */
#ifndef TEST_RUNTIME_SUITES_H
#define TEST_RUNTIME_SUITES_H
#include "harness.h"

typedef struct suite {
  const test_t *tests;
  int count;
} suite_t;

#define SUITE(tests) {(tests), (int)(sizeof(tests) / sizeof(tests)[0])}

extern const suite_t load_suite, run_suite, fail_suite, team_suite, profile_suite;

#endif
