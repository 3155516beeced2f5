/* What dl-run prints; see report.h. JSON is in report_json.c. */
#include "report.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "number.h"

/* Bytes for people: "1.5 MiB". */
static const char *format_bytes(int64_t bytes, char *text, size_t size) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = (double)bytes;
  int unit = 0;
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}

/* Seconds for people: "12.3 us". */
static const char *format_time(double seconds, char *text, size_t size) {
  if (seconds < 1e-3)
    snprintf(text, size, "%.2f us", seconds * 1e6);
  else if (seconds < 1)
    snprintf(text, size, "%.3f ms", seconds * 1e3);
  else
    snprintf(text, size, "%.3f s", seconds);
  return text;
}

static void print_tensor(const char *kind, const dlrt_tensor_info_t *tensor) {
  printf("  %s %s: %s [", kind, tensor->name, dlrt_dtype_name(tensor->dtype));
  for (int32_t d = 0; d < tensor->rank; ++d) {
    const char *name = tensor->dim_names[d];
    if (d) printf(", ");
    if (tensor->shape[d] == DLRT_DYNAMIC)
      printf("%s", name ? name : "?");
    else if (name)
      printf("%s=%" PRId64, name, tensor->shape[d]);
    else
      printf("%" PRId64, tensor->shape[d]);
  }
  printf("]\n");
}

void report_info(const dlrt_program_info_t *info) {
  char arena[32], scratch[32], weights[32];
  printf("program %s\n", info->name[0] ? info->name : info->path);
  if (info->producer[0]) printf("  made by %s\n", info->producer);
  if (info->target[0]) printf("  target %s\n", info->target);
  if (info->cpu_feature_count) {
    printf("  needs of the CPU:");
    for (int32_t i = 0; i < info->cpu_feature_count; ++i) printf(" %s", info->cpu_features[i]);
    printf("\n");
  }
  for (int32_t i = 0; i < info->input_count; ++i) print_tensor("input", &info->inputs[i]);
  for (int32_t i = 0; i < info->output_count; ++i) print_tensor("output", &info->outputs[i]);
  printf("  memory: arena %s, scratch %s for each worker, weights %s\n",
         format_bytes(info->arena_bytes, arena, sizeof arena),
         format_bytes(info->scratch_bytes, scratch, sizeof scratch),
         format_bytes(info->weight_bytes, weights, sizeof weights));
  printf("  %d task%s\n", info->task_count, info->task_count == 1 ? "" : "s");
  for (int32_t i = 0; i < info->task_count; ++i)
    printf("    %3d %s%s%s\n", i, info->tasks[i].name, info->tasks[i].schedule[0] ? ": " : "", info->tasks[i].schedule);
}

/* Smallest, largest and mean of the finite elements. */
static void print_range(dlrt_dtype_t dtype, const void *data, int64_t count) {
  double lo = INFINITY, hi = -INFINITY, sum = 0;
  int64_t odd = 0;
  for (int64_t i = 0; i < count; ++i) {
    double value = number_load(dtype, data, i);
    if (!isfinite(value)) {
      ++odd;
      continue;
    }
    if (value < lo) lo = value;
    if (value > hi) hi = value;
    sum += value;
  }
  if (count > odd) printf(", min %.6g, max %.6g, mean %.6g", lo, hi, sum / (double)(count - odd));
  if (odd) printf(", %" PRId64 " NaN or infinite", odd);
}

void report_outputs(const report_t *report) {
  for (int32_t i = 0; i < report->info->output_count; ++i) {
    const DLTensor *tensor = &report->outputs[i]->dl_tensor;
    dlrt_dtype_t dtype = number_dtype(tensor);
    int64_t count = number_count(tensor), shown = count < 6 ? count : 6;
    const void *data = (const char *)tensor->data + tensor->byte_offset;
    printf("output %s: %s [", report->info->outputs[i].name, dlrt_dtype_name(dtype));
    for (int32_t d = 0; d < tensor->ndim; ++d) printf("%s%" PRId64, d ? ", " : "", tensor->shape[d]);
    printf("]");
    print_range(dtype, data, count);
    if (shown) printf("\n  ");
    for (int64_t k = 0; k < shown; ++k) {
      char text[40];
      printf("%s%s", k ? ", " : "", number_format(dtype, data, k, text, sizeof text));
    }
    printf("%s\n", shown < count ? ", ..." : "");
  }
}

int report_comparisons(const report_t *report, bool quiet) {
  int differ = 0;
  for (int32_t i = 0; i < report->info->output_count; ++i) {
    const compare_report_t *c = &report->comparison[i];
    const char *name = report->info->outputs[i].name;
    if (!report->expected[i]) continue;
    differ += !c->equal;
    if (c->equal && quiet) continue;
    if (c->equal)
      printf("output %s agrees with what was expected: max absolute error %.3g, max relative error %.3g (rtol %g, atol "
             "%g)\n",
             name, c->max_abs, c->max_rel, report->options->rtol, report->options->atol);
    else
      printf("output %s DIFFERS: %s; max absolute error %.3g, max relative error %.3g (rtol %g, atol %g)\n", name,
             c->reason, c->max_abs, c->max_rel, report->options->rtol, report->options->atol);
  }
  return differ;
}

void report_bench(const bench_result_t *b, int32_t threads) {
  char t[8][32];
  printf("%" PRId64 " runs after %" PRId64 " to warm up, %d thread%s\n", b->runs, b->warmup, threads,
         threads == 1 ? "" : "s");
  printf("  latency median %s  mean %s  min %s  max %s\n", format_time(b->p50, t[0], 32),
         format_time(b->mean, t[1], 32), format_time(b->min, t[2], 32), format_time(b->max, t[3], 32));
  printf("          p10 %s  p90 %s  p99 %s\n", format_time(b->p10, t[4], 32), format_time(b->p90, t[5], 32),
         format_time(b->p99, t[6], 32));
  printf("  CPU time %s a run (%.2f CPUs busy)\n", format_time(b->cpu, t[7], 32), b->mean > 0 ? b->cpu / b->mean : 0);
}

static int by_wall(const void *a, const void *b) {
  const dlrt_profile_row_t *x = a, *y = b;
  return x->wall > y->wall ? -1 : x->wall < y->wall;
}

void report_profile(const dlrt_instance_t *instance, const dlrt_program_info_t *info) {
  dlrt_profile_summary_t summary;
  dlrt_profile_row_t *rows = calloc((size_t)info->task_count + 1, sizeof *rows);
  dlrt_profile_read(instance, &summary, rows);
  double total = summary.wall > 0 ? (double)summary.wall : 1;
  printf("profile of %" PRId64 " run%s, %.3f ms\n", summary.runs, summary.runs == 1 ? "" : "s",
         (double)summary.wall * 1e-6);
  if (rows)
    qsort(rows, (size_t)info->task_count, sizeof *rows, by_wall);
  else
    printf("  no memory to list the tasks\n");
  printf("  %10s %7s %8s %11s %8s  %s\n", "total ms", "share", "calls", "us a call", "threads", "task");
  for (int32_t i = 0; rows && i < info->task_count; ++i) {
    const dlrt_profile_row_t *r = &rows[i];
    if (!r->calls) continue;
    printf("  %10.3f %6.1f%% %8" PRId64 " %11.2f %8.2f  %s%s%s\n", (double)r->wall * 1e-6,
           100 * (double)r->wall / total, r->calls, (double)r->wall * 1e-3 / (double)r->calls,
           r->wall > 0 ? (double)r->busy / (double)r->wall : 0, r->task, r->schedule[0] ? ": " : "", r->schedule);
  }
  printf("  %10.3f %6.1f%% %37s outside of tasks\n", (double)(summary.wall - summary.task_wall) * 1e-6,
         100 * (double)(summary.wall - summary.task_wall) / total, "");
  free(rows);
}
