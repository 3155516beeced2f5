/* Conformance: programs that fail, and memory whose size is known only at run time. After each failure the instance
 * runs again. */
#include "programs/modes.h"
#include "suites.h"

static const int64_t many = 1000;

/* A mode that must fail, on one thread and on several. */
static void expect(int64_t mode, int64_t n, dlrt_code_t code, const char *text) {
  for (int32_t threads = 1; threads <= 4; threads += 3) {
    dlrt_options_t options = {.threads = threads, .memory_limit = 64 << 20};
    dlrt_instance_t *instance = harness_open("faults", &options);
    if (!instance) return;
    for (int round = 0; round < 3; ++round) {
      (void)CHECK_STATUS(harness_fault(instance, mode, n), code, text);
      (void)CHECK_OK(harness_fault(instance, MODE_COUNT, many));
    }
    dlrt_instance_destroy(instance);
  }
}

/* A mode that must succeed with y[0] = first. */
static void expect_first(int64_t mode, int64_t n, int64_t first) {
  for (int32_t threads = 1; threads <= 4; threads += 3) {
    dlrt_options_t options = {.threads = threads, .memory_limit = 64 << 20};
    dlrt_instance_t *instance = harness_open("faults", &options);
    DLManagedTensor *y = NULL;
    if (instance && CHECK_OK(harness_run_fault(instance, mode, n, &y))) CHECK(*(int64_t *)y->dl_tensor.data == first);
    dlrt_tensor_release(y);
    dlrt_instance_destroy(instance);
  }
}

static void task_fails(void) { expect(MODE_TASK_FAILS, many, DLRT_PROGRAM_FAILED, "item in the middle?is broken"); }
static void task_fails_silently(void) {
  expect(MODE_TASK_FAILS_SILENTLY, many, DLRT_PROGRAM_FAILED, "task 'outer' failed without giving a reason");
}
static void failure_ignored(void) {
  expect(MODE_FAILURE_IGNORED, many, DLRT_PROGRAM_FAILED, "without giving a reason");
}
static void entry_fails(void) { expect(MODE_ENTRY_FAILS, 1, DLRT_OUT_OF_MEMORY, "first"); }
static void entry_fails_silently(void) {
  expect(MODE_ENTRY_FAILS_SILENTLY, 1, DLRT_PROGRAM_FAILED, "failed without giving a reason");
}
static void unknown_code(void) { expect(MODE_UNKNOWN_CODE, 1, DLRT_PROGRAM_FAILED, "no reason given"); }
static void task_index(void) { expect(MODE_TASK_INDEX, 10, DLRT_INTERNAL, "task 2 of 2"); }
static void nested(void) { expect_first(MODE_NESTED, many, many * 16); }
static void nested_fails(void) { expect(MODE_NESTED_FAILS, many, DLRT_PROGRAM_FAILED, "inner loop is broken"); }
static void nested_lands(void) { expect(MODE_NESTED_LANDS, many, DLRT_OUT_OF_MEMORY, "no memory for a buffer"); }
static void no_output(void) { expect(MODE_NO_OUTPUT, 1, DLRT_INTERNAL, "gave output 'y' no value"); }
static void output_index(void) { expect(MODE_OUTPUT_INDEX, 1, DLRT_INTERNAL, "index 1 of 1"); }
static void output_twice(void) { expect_first(MODE_OUTPUT_TWICE, 5, 0); }
static void output_two_shapes(void) { expect(MODE_OUTPUT_TWO_SHAPES, 5, DLRT_INTERNAL, "the shape 6, before 5"); }
static void output_negative(void) {
  expect(MODE_COUNT, -5, DLRT_PROGRAM_FAILED, "output 'y' has the impossible shape");
}
static void output_over_limit(void) {
  expect(MODE_COUNT, 10 << 20, DLRT_OUT_OF_MEMORY, "output 'y' of shape 10485760 passes the memory limit");
}
static void alloc(void) { expect_first(MODE_ALLOC, 1 << 20, 0); }
static void alloc_nothing(void) { expect_first(MODE_ALLOC, 0, 0); }
static void alloc_over_limit(void) { expect(MODE_ALLOC, 100 << 20, DLRT_OUT_OF_MEMORY, "the limit is 67108864"); }
static void alloc_absurd(void) { expect(MODE_ALLOC, INT64_MAX, DLRT_OUT_OF_MEMORY, "9223372036854775807 bytes"); }
static void alloc_negative(void) { expect(MODE_ALLOC_NEGATIVE, 1, DLRT_INTERNAL, "alloc of -1 bytes"); }
static void alloc_in_task(void) { expect_first(MODE_ALLOC_IN_TASK, 1000, 0); }
static void alloc_in_task_over_limit(void) {
  expect(MODE_ALLOC_IN_TASK, 1 << 20, DLRT_OUT_OF_MEMORY, "no memory for a buffer of 1048576 bytes");
}
static void alloc_free_in_task(void) { expect_first(MODE_ALLOC_FREE_IN_TASK, 1 << 20, 0); }
static void heap_random(void) { expect_first(MODE_HEAP, 3000, 0); }
static void free_foreign(void) { expect(MODE_FREE_FOREIGN, 1, DLRT_INTERNAL, "no live buffer"); }
static void free_twice(void) { expect(MODE_FREE_TWICE, 1, DLRT_INTERNAL, "no live buffer"); }

/* What an invocation did not free is reclaimed, and the next one needs no more than it. */
static void reclaimed(void) {
  dlrt_options_t options = {.memory_limit = 16 << 20};
  dlrt_instance_t *instance = harness_open("faults", &options);
  dlrt_memory_info_t memory;
  for (int round = 0; instance && round < 20; ++round) {
    (void)CHECK_OK(harness_fault(instance, MODE_ALLOC_IN_TASK, 5000));
    dlrt_instance_memory(instance, &memory);
    CHECK(memory.heap_bytes < 12 << 20 && memory.peak_bytes <= memory.limit_bytes);
  }
  dlrt_instance_destroy(instance);
}

static const test_t tests[] = {{"fail/task", task_fails},
                               {"fail/task-silent", task_fails_silently},
                               {"fail/task-ignored", failure_ignored},
                               {"fail/entry-first-reason-counts", entry_fails},
                               {"fail/entry-silent", entry_fails_silently},
                               {"fail/unknown-code", unknown_code},
                               {"fail/task-index", task_index},
                               {"fail/nested", nested_fails},
                               {"fail/nested-lands", nested_lands},
                               {"fail/no-output", no_output},
                               {"fail/output-index", output_index},
                               {"fail/output-two-shapes", output_two_shapes},
                               {"fail/output-negative", output_negative},
                               {"fail/output-over-limit", output_over_limit},
                               {"fail/free-foreign", free_foreign},
                               {"fail/free-twice", free_twice},
                               {"memory/nested-scratch", nested},
                               {"memory/output-twice", output_twice},
                               {"memory/alloc", alloc},
                               {"memory/alloc-nothing", alloc_nothing},
                               {"memory/alloc-over-limit", alloc_over_limit},
                               {"memory/alloc-absurd", alloc_absurd},
                               {"memory/alloc-negative", alloc_negative},
                               {"memory/alloc-in-task", alloc_in_task},
                               {"memory/alloc-in-task-over-limit", alloc_in_task_over_limit},
                               {"memory/alloc-free-in-task", alloc_free_in_task},
                               {"memory/heap-random", heap_random},
                               {"memory/reclaimed", reclaimed}};
const suite_t fail_suite = SUITE(tests);
