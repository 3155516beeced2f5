/* Timing; see bench.h. */
#include "bench.h"
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include "status.h"

static double wall_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_seconds(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Linear between the two nearest ranks, as numpy.percentile has it. */
static double percentile(const double *sorted, int64_t count, double percent) {
  double at = percent / 100 * (double)(count - 1);
  int64_t below = (int64_t)at;
  if (below + 1 >= count) return sorted[count - 1];
  return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void summarise(double *seconds, bench_result_t *out) {
  qsort(seconds, (size_t)out->runs, sizeof *seconds, by_size);
  for (int64_t i = 0; i < out->runs; ++i) out->mean += seconds[i] / (double)out->runs;
  out->min = seconds[0];
  out->p10 = percentile(seconds, out->runs, 10);
  out->p50 = percentile(seconds, out->runs, 50);
  out->p90 = percentile(seconds, out->runs, 90);
  out->p99 = percentile(seconds, out->runs, 99);
  out->max = seconds[out->runs - 1];
}

dlrt_status_t bench_run(dlrt_instance_t *instance, const DLTensor *const *inputs, int32_t input_count,
                        DLManagedTensor **outputs, int32_t output_count, int64_t warmup, int64_t runs,
                        dlrt_status_t (*start)(dlrt_instance_t *), bench_result_t *out) {
  *out = (bench_result_t){0};
  dlrt_status_t status = status_ok();
  double *seconds = malloc((size_t)runs * sizeof *seconds);
  if (!seconds) return status_make(DLRT_OUT_OF_MEMORY, "no memory for %lld times", (long long)runs);
  for (int64_t i = 0; i < warmup && !status.code; ++i)
    status = dlrt_run(instance, inputs, input_count, outputs, output_count);
  if (!status.code && start) status = start(instance);
  double cpu = cpu_seconds();
  for (int64_t i = 0; i < runs && !status.code; ++i) {
    double begin = wall_seconds();
    status = dlrt_run(instance, inputs, input_count, outputs, output_count);
    seconds[i] = wall_seconds() - begin;
  }
  if (!status.code) {
    *out = (bench_result_t){.runs = runs, .warmup = warmup, .cpu = (cpu_seconds() - cpu) / (double)runs};
    summarise(seconds, out);
  }
  free(seconds);
  return status;
}
