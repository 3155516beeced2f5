/* Timing of repeated runs. */
#ifndef DL_RUN_BENCH_H
#define DL_RUN_BENCH_H
#include "dlrt/dlrt.h"

/* Seconds of one run, and CPU seconds of all threads for one run on average. runs 0: not measured. */
typedef struct bench_result {
  int64_t runs, warmup;
  double min, p10, p50, p90, p99, max, mean, cpu;
} bench_result_t;

/* Runs warmup + runs times, writing the results into outputs, which are all given. `start` (may be null) is called
 * between warm-up and the timed runs. */
DLRT_MUST_USE dlrt_status_t bench_run(dlrt_instance_t *instance, const DLTensor *const *inputs, int32_t input_count,
                                      DLManagedTensor **outputs, int32_t output_count, int64_t warmup, int64_t runs,
                                      dlrt_status_t (*start)(dlrt_instance_t *), bench_result_t *out);

#endif
