/* A benchmark: what compiled code and callers pay for the runtime, in nanoseconds.
 *
 *   dlrt-latency [THREADS] [REPETITIONS]     (default 2 and 20000)
 *
 * Not a test: it only prints. Times include one reading of the clock, about 20 ns.
 */
#include <stdlib.h>
#include <time.h>
#include "harness.h"

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void print_row(const char *what, double *ns, int64_t n) {
  qsort(ns, (size_t)n, sizeof *ns, by_size);
  printf("%-52s %9.0f %9.0f %9.0f %9.0f\n", what, ns[0], ns[n / 2], ns[n * 9 / 10], ns[n * 99 / 100]);
}

static void measure(dlrt_instance_t *instance, const char *what, int64_t mode, int64_t n) {
  const int64_t values[3] = {mode, n, dlrt_instance_threads(instance)};
  DLManagedTensor *in[3], *out = NULL;
  const DLTensor *views[3];
  for (int i = 0; i < 3; ++i) {
    in[i] = harness_tensor(DLRT_INT64, 0, NULL);
    *(int64_t *)in[i]->dl_tensor.data = values[i];
    views[i] = &in[i]->dl_tensor;
  }
  if (CHECK_OK(dlrt_run(instance, views, 3, &out, 1))) print_row(what, out->dl_tensor.data, n);
  dlrt_tensor_release(out);
  for (int i = 0; i < 3; ++i) dlrt_tensor_release(in[i]);
}

/* A whole dlrt_run of a program that does almost nothing, into the caller's output. */
static void measure_run(dlrt_instance_t *instance, int64_t n) {
  const int64_t shape[1] = {0};
  DLManagedTensor *in[3], *out = harness_tensor(DLRT_FLOAT64, 1, shape);
  const DLTensor *views[3];
  double *ns = malloc((size_t)n * sizeof *ns);
  for (int i = 0; i < 3; ++i) {
    in[i] = harness_tensor(DLRT_INT64, 0, NULL);
    views[i] = &in[i]->dl_tensor;
  }
  for (int64_t i = 0; ns && i < n; ++i) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    (void)CHECK_OK(dlrt_run(instance, views, 3, &out, 1));
    clock_gettime(CLOCK_MONOTONIC, &b);
    ns[i] = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
  }
  if (ns) print_row("dlrt_run of an empty program", ns, n);
  free(ns);
  dlrt_tensor_release(out);
  for (int i = 0; i < 3; ++i) dlrt_tensor_release(in[i]);
}

int main(int argc, char **argv) {
  dlrt_options_t options = {.threads = argc > 1 ? atoi(argv[1]) : 2};
  int64_t n = argc > 2 ? atoll(argv[2]) : 20000;
  if (getenv("DLRT_TEST_PROGRAMS")) harness_programs = getenv("DLRT_TEST_PROGRAMS");
  dlrt_instance_t *instance = harness_open("latency", &options);
  if (!instance || n < 1) return 1;
  printf("%d threads; ns%48s %9s %9s %9s %9s\n", dlrt_instance_threads(instance), "", "min", "median", "p90", "p99");
  measure(instance, "fork and join, all workers take part (first)", 0, n < 100 ? n : 100);
  measure(instance, "fork and join, all workers take part", 0, n);
  measure(instance, "fork and join, empty items", 1, n);
  measure(instance, "parallel in line", 2, n);
  measure(instance, "alloc and free of 1 KiB", 3, n);
  measure(instance, "fork and join after 1 ms idle (workers asleep)", 4, n < 500 ? n : 500);
  measure_run(instance, n);
  dlrt_instance_destroy(instance);
  return 0;
}
