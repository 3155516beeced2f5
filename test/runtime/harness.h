/* What the tests of the runtime share: a list of tests, checks that go on after a failure, and short ways to make
 * tensors and runs. */
#ifndef TEST_RUNTIME_HARNESS_H
#define TEST_RUNTIME_HARNESS_H
#include <stdbool.h>
#include "dlrt/dlrt.h"

typedef struct test {
  const char *name;
  void (*run)(void);
} test_t;

/* Runs those whose name contains `filter` (null: all), prints a line each; returns how many failed. */
int harness_run(const test_t *tests, int count, const char *filter, int *out_ran);

/* Records a failure of the running test. Any thread. */
void harness_fail(const char *file, int line, const char *what);
#define CHECK(condition) ((condition) ? (void)0 : harness_fail(__FILE__, __LINE__, "not true: " #condition))
/* The status has this code, and its message holds this text. */
#define CHECK_STATUS(status, code, text) harness_check_status(__FILE__, __LINE__, (status), (code), (text))
bool harness_check_status(const char *file, int line, dlrt_status_t status, dlrt_code_t code, const char *text);
#define CHECK_OK(status) harness_check_status(__FILE__, __LINE__, (status), DLRT_OK, "")

/* The driver under test, "host". */
extern const char *harness_driver;
/* Where the programs are. */
extern const char *harness_programs;
/* DIR/NAME.so, in a static buffer of the calling thread. */
const char *harness_path(const char *name);
/* A path for a temporary file of this process; static buffer of the calling thread. */
const char *harness_temporary(const char *name);
void harness_write_file(const char *path, const void *data, size_t size);
/* The whole file, on the heap; null when it cannot be read (a failed check). */
void *harness_read_file(const char *path, size_t *out_size);

/* An instance of a test program; null after a failed check. The instance alone holds the program. */
dlrt_instance_t *harness_open(const char *program, const dlrt_options_t *options);
DLManagedTensor *harness_tensor(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape);

/* One run of programs/faults.c in a mode of modes.h; the caller releases *out_y (null on failure). */
dlrt_status_t harness_run_fault(dlrt_instance_t *instance, int64_t mode, int64_t n, DLManagedTensor **out_y);
/* The same, result dropped. */
dlrt_status_t harness_fault(dlrt_instance_t *instance, int64_t mode, int64_t n);
/* One run of programs/sum.c with `rows` rows, checked. */
void harness_check_sum(dlrt_instance_t *instance, int64_t rows);

#endif
