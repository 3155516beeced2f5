/* What dl-run prints and what it writes as JSON. */
#ifndef DL_RUN_REPORT_H
#define DL_RUN_REPORT_H
#include "bench.h"
#include "compare.h"
#include "dlrt/dlrt.h"
#include "options.h"

/* Everything that is known after a run; the JSON writer takes what is there. */
typedef struct report {
  const options_t *options;
  const dlrt_program_info_t *info;    /* null: the program did not load */
  const dlrt_instance_t *instance;    /* null: not made */
  DLManagedTensor *const *outputs;    /* null: not run */
  DLManagedTensor *const *expected;   /* by output; null entries: nothing expected */
  const compare_report_t *comparison; /* by output, where something is expected */
  bench_result_t bench;
  dlrt_status_t status;
} report_t;

void report_info(const dlrt_program_info_t *info);
/* Shape, range and first elements of each output. */
void report_outputs(const report_t *report);
/* One line for each comparison; `quiet`: only those that differ. Returns how many differ. */
int report_comparisons(const report_t *report, bool quiet);
void report_bench(const bench_result_t *bench, int32_t threads);
void report_profile(const dlrt_instance_t *instance, const dlrt_program_info_t *info);
void report_json(const report_t *report, FILE *stream);

#endif
