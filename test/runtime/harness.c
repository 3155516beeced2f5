/* The tests' harness; see harness.h. */
#include "harness.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *harness_driver = "host";
const char *harness_programs = DLRT_TEST_PROGRAMS;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int failures; /* of the running test; under lock */

void harness_fail(const char *file, int line, const char *what) {
  pthread_mutex_lock(&lock);
  ++failures;
  printf("  %s:%d: %s\n", file, line, what);
  pthread_mutex_unlock(&lock);
}

bool harness_check_status(const char *file, int line, dlrt_status_t status, dlrt_code_t code, const char *text) {
  if (status.code == code && strstr(status.message, text) && !strchr(status.message, '\n')) return true;
  char what[1200];
  snprintf(what, sizeof what, "status is %s \"%s\", expected %s \"...%s...\"", dlrt_code_name((int32_t)status.code),
           status.message, dlrt_code_name((int32_t)code), text);
  harness_fail(file, line, what);
  return false;
}

int harness_run(const test_t *tests, int count, const char *filter, int *out_ran) {
  int failed = 0;
  for (int i = 0; i < count; ++i) {
    if (filter && !strstr(tests[i].name, filter)) continue;
    failures = 0;
    tests[i].run();
    printf("%s %s\n", failures ? "FAIL" : "ok  ", tests[i].name);
    fflush(stdout);
    failed += failures != 0;
    ++*out_ran;
  }
  return failed;
}

const char *harness_path(const char *name) {
  static _Thread_local char path[4096];
  snprintf(path, sizeof path, "%s/%s.so", harness_programs, name);
  return path;
}

const char *harness_temporary(const char *name) {
  static _Thread_local char path[4096];
  const char *dir = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/dlrt-test-%ld-%s", dir && *dir ? dir : "/tmp", (long)getpid(), name);
  return path;
}

void harness_write_file(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  CHECK(file);
  if (!file) return;
  CHECK(fwrite(data, 1, size, file) == size);
  CHECK(!fclose(file));
}

void *harness_read_file(const char *path, size_t *out_size) {
  *out_size = 0;
  FILE *file = fopen(path, "rb");
  CHECK(file);
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  void *data = malloc(size > 0 ? (size_t)size : 1);
  CHECK(data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
  *out_size = (size_t)size;
  return data;
}

dlrt_instance_t *harness_open(const char *program_name, const dlrt_options_t *options) {
  dlrt_program_t *program;
  dlrt_instance_t *instance = NULL;
  if (!CHECK_OK(dlrt_program_open(harness_path(program_name), &program))) return NULL;
  (void)CHECK_OK(dlrt_instance_create(program, options, &instance));
  dlrt_program_close(program);
  return instance;
}

DLManagedTensor *harness_tensor(dlrt_dtype_t dtype, int32_t rank, const int64_t *shape) {
  DLManagedTensor *tensor;
  if (CHECK_OK(dlrt_tensor_create(dtype, rank, shape, &tensor))) return tensor;
  abort(); /* a test cannot go on without its tensors */
}

dlrt_status_t harness_run_fault(dlrt_instance_t *instance, int64_t mode, int64_t n, DLManagedTensor **out_y) {
  DLManagedTensor *a = harness_tensor(DLRT_INT64, 0, NULL), *b = harness_tensor(DLRT_INT64, 0, NULL);
  *(int64_t *)a->dl_tensor.data = mode;
  *(int64_t *)b->dl_tensor.data = n;
  const DLTensor *inputs[2] = {&a->dl_tensor, &b->dl_tensor};
  *out_y = NULL;
  dlrt_status_t status = dlrt_run(instance, inputs, 2, out_y, 1);
  if (status.code) CHECK(!*out_y);
  dlrt_tensor_release(a);
  dlrt_tensor_release(b);
  return status;
}

dlrt_status_t harness_fault(dlrt_instance_t *instance, int64_t mode, int64_t n) {
  DLManagedTensor *y;
  dlrt_status_t status = harness_run_fault(instance, mode, n, &y);
  dlrt_tensor_release(y);
  return status;
}

void harness_check_sum(dlrt_instance_t *instance, int64_t rows) {
  const int64_t shape[2] = {rows, 4};
  DLManagedTensor *a = harness_tensor(DLRT_FLOAT32, 2, shape), *b = harness_tensor(DLRT_FLOAT32, 2, shape), *y = NULL;
  float *fa = a->dl_tensor.data, *fb = b->dl_tensor.data;
  for (int64_t i = 0; i < rows * 4; ++i) {
    fa[i] = (float)i;
    fb[i] = (float)(i % 7);
  }
  const DLTensor *inputs[2] = {&a->dl_tensor, &b->dl_tensor};
  if (CHECK_OK(dlrt_run(instance, inputs, 2, &y, 1))) {
    const float *fy = y->dl_tensor.data;
    int64_t wrong = 0;
    for (int64_t i = 0; i < rows * 4; ++i) wrong += fy[i] != (float)i + 2 * (float)(i % 7);
    CHECK(!wrong);
    CHECK(y->dl_tensor.ndim == 2 && y->dl_tensor.shape[0] == rows && y->dl_tensor.shape[1] == 4);
    CHECK((uintptr_t)y->dl_tensor.data % DLRT_ALIGNMENT == 0);
  }
  dlrt_tensor_release(y);
  dlrt_tensor_release(a);
  dlrt_tensor_release(b);
}
