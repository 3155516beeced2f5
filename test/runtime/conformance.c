/* The conformance suite: what every driver of the runtime must do, tried on hand-written programs (programs/).
 *
 *   conformance host            runs all; prints a line for each test and the counts; exit 1 when one failed
 *   conformance host NAME       those whose name contains NAME
 *
 * ctest runs it as dlrt-conformance-host; with DLRT_SANITIZE=address,undefined or =thread it is the sanitizer test. The
 * environment DLRT_TEST_PROGRAMS says where the programs are when the build directory has moved.
 */
#include <stdlib.h>
#include <string.h>
#include "suites.h"

int main(int argc, char **argv) {
  static const suite_t *const suites[] = {&load_suite, &run_suite, &fail_suite, &team_suite, &profile_suite};
  if (argc < 2 || argc > 3 || strcmp(argv[1], "host")) {
    fprintf(stderr, "usage: conformance DRIVER [NAME]\ndrivers: host\n");
    return 2;
  }
  harness_driver = argv[1];
  if (getenv("DLRT_TEST_PROGRAMS")) harness_programs = getenv("DLRT_TEST_PROGRAMS");
  int ran = 0, failed = 0;
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; ++i)
    failed += harness_run(suites[i]->tests, suites[i]->count, argc == 3 ? argv[2] : NULL, &ran);
  printf("%s: %d tests, %d failed\n", harness_driver, ran, failed);
  return failed || !ran;
}
