/* Conformance: profile and trace. */
#include <stdlib.h>
#include <string.h>
#include "programs/modes.h"
#include "suites.h"

/* The trace of an instance as text, on the heap. */
static char *get_trace(const dlrt_instance_t *instance) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  CHECK(stream);
  if (!stream) return NULL;
  (void)CHECK_OK(dlrt_profile_write_trace(instance, stream));
  fclose(stream);
  return text;
}

static int occurrences(const char *text, const char *what) {
  int count = 0;
  for (; (text = strstr(text, what)); ++text) ++count;
  return count;
}

static void summary(void) {
  dlrt_options_t options = {.threads = 2};
  dlrt_instance_t *instance = harness_open("faults", &options);
  dlrt_profile_summary_t sums;
  dlrt_profile_row_t rows[2];
  if (!instance) return;
  dlrt_profile_read(instance, &sums, rows);
  CHECK(!sums.runs && !sums.wall && !rows[0].calls && !strcmp(rows[0].task, "outer"));
  (void)CHECK_OK(dlrt_profile_start(instance, 0));
  for (int i = 0; i < 5; ++i) (void)CHECK_OK(harness_fault(instance, MODE_NESTED, 100));
  dlrt_profile_stop(instance);
  (void)CHECK_OK(harness_fault(instance, MODE_NESTED, 100)); /* not recorded */
  dlrt_profile_read(instance, &sums, rows);
  CHECK(sums.runs == 5 && sums.wall > 0 && sums.task_wall > 0 && sums.task_wall <= sums.wall && !sums.dropped);
  CHECK(rows[0].calls == 5 && rows[0].wall > 0 && rows[0].busy > 0);
  CHECK(rows[1].calls == 500 && rows[1].wall == 0 && rows[1].busy > 0); /* nested: busy only */
  CHECK(!strcmp(rows[1].task, "inner") && !strcmp(rows[0].schedule, "says \"hi\""));
  (void)CHECK_OK(dlrt_profile_start(instance, 0));
  dlrt_profile_read(instance, &sums, NULL);
  CHECK(!sums.runs && !sums.task_wall);
  dlrt_instance_destroy(instance);
}

static void trace(void) {
  dlrt_options_t options = {.threads = 2};
  dlrt_instance_t *instance = harness_open("faults", &options);
  if (!instance) return;
  (void)CHECK_OK(dlrt_profile_start(instance, 0));
  for (int i = 0; i < 3; ++i) (void)CHECK_OK(harness_fault(instance, MODE_COUNT, 1000));
  char *text = get_trace(instance);
  if (text) {
    CHECK(text[0] == '{' && !strcmp(text + strlen(text) - 3, "]}\n"));
    CHECK(occurrences(text, "\"name\":\"run\"") == 3);
    CHECK(occurrences(text, "\"name\":\"outer\"") >= 3);
    CHECK(strstr(text, "says \\\"hi\\\"") && strstr(text, "worker 1"));
    CHECK(occurrences(text, "{") == occurrences(text, "}"));
  }
  free(text);
  dlrt_instance_destroy(instance);
}

/* A ring that is too small keeps the newest events and says how many it lost; the sums stay whole. */
static void small_ring(void) {
  dlrt_options_t options = {.threads = 1};
  dlrt_instance_t *instance = harness_open("faults", &options);
  dlrt_profile_summary_t sums;
  dlrt_profile_row_t rows[2];
  if (!instance) return;
  (void)CHECK_OK(dlrt_profile_start(instance, 4));
  for (int i = 0; i < 10; ++i) (void)CHECK_OK(harness_fault(instance, MODE_COUNT, 10));
  dlrt_profile_read(instance, &sums, rows);
  CHECK(sums.dropped == 16 && rows[0].calls == 10); /* 10 tasks and 10 runs, 4 kept */
  char *text = get_trace(instance);
  if (text) CHECK(occurrences(text, "\"ph\":\"X\"") == 4);
  free(text);
  (void)CHECK_STATUS(dlrt_profile_start(instance, -1), DLRT_INVALID_ARGUMENT, "events");
  dlrt_instance_destroy(instance);
}

static void never_started(void) {
  dlrt_instance_t *instance = harness_open("sum", NULL);
  if (!instance) return;
  (void)CHECK_STATUS(dlrt_profile_write_trace(instance, stdout), DLRT_INVALID_ARGUMENT, "never started");
  (void)CHECK_OK(dlrt_profile_start(instance, 0));
  FILE *full = fopen("/dev/full", "w");
  if (full) {
    (void)CHECK_STATUS(dlrt_profile_write_trace(instance, full), DLRT_IO, "cannot write");
    fclose(full);
  }
  dlrt_instance_destroy(instance);
}

static const test_t tests[] = {{"profile/summary", summary},
                               {"profile/trace", trace},
                               {"profile/small-ring", small_ring},
                               {"profile/errors", never_started}};
const suite_t profile_suite = SUITE(tests);
