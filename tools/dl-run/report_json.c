/* The JSON that --json writes: one object; members that do not apply are left out. Numbers that JSON cannot say
 * (infinite, not a number) are null. Times are seconds, sizes bytes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "number.h"
#include "report.h"

static void put_string(FILE *stream, const char *text) {
  fputc('"', stream);
  for (; *text; ++text) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(stream, "\\%c", c);
    else if (c < 0x20)
      fprintf(stream, "\\u%04x", c);
    else
      fputc(c, stream);
  }
  fputc('"', stream);
}

static void put_number(FILE *stream, const char *key, double value, const char *after) {
  fprintf(stream, "\"%s\": ", key);
  if (isfinite(value))
    fprintf(stream, "%.9g", value);
  else
    fputs("null", stream);
  fputs(after, stream);
}

static void put_member(FILE *stream, const char *key, const char *value, const char *after) {
  fprintf(stream, "\"%s\": ", key);
  put_string(stream, value);
  fputs(after, stream);
}

static void put_comparison(FILE *stream, const compare_report_t *c) {
  fprintf(stream, ", \"expected\": {\"equal\": %s, \"elements\": %" PRId64 ", \"mismatches\": %" PRId64 ", ",
          c->equal ? "true" : "false", c->count, c->mismatches);
  put_number(stream, "max_abs", c->max_abs, ", ");
  put_number(stream, "max_rel", c->max_rel, ", ");
  put_member(stream, "reason", c->reason, "}");
}

static void put_outputs(FILE *stream, const report_t *report) {
  fputs(",\n  \"outputs\": [", stream);
  for (int32_t i = 0; i < report->info->output_count; ++i) {
    const DLTensor *tensor = &report->outputs[i]->dl_tensor;
    fputs(i ? ",\n    {" : "\n    {", stream);
    put_member(stream, "name", report->info->outputs[i].name, ", ");
    put_member(stream, "dtype", dlrt_dtype_name(number_dtype(tensor)), ", \"shape\": [");
    for (int32_t d = 0; d < tensor->ndim; ++d) fprintf(stream, "%s%" PRId64, d ? ", " : "", tensor->shape[d]);
    fputc(']', stream);
    if (report->expected[i]) put_comparison(stream, &report->comparison[i]);
    fputc('}', stream);
  }
  fputs("]", stream);
}

static void put_bench(FILE *stream, const bench_result_t *b) {
  fprintf(stream, ",\n  \"bench\": {\"runs\": %" PRId64 ", \"warmup\": %" PRId64 ", ", b->runs, b->warmup);
  put_number(stream, "min", b->min, ", ");
  put_number(stream, "p10", b->p10, ", ");
  put_number(stream, "median", b->p50, ", ");
  put_number(stream, "p90", b->p90, ", ");
  put_number(stream, "p99", b->p99, ", ");
  put_number(stream, "max", b->max, ", ");
  put_number(stream, "mean", b->mean, ", ");
  put_number(stream, "cpu", b->cpu, "}");
}

static void put_profile(FILE *stream, const report_t *report) {
  dlrt_profile_summary_t summary;
  dlrt_profile_row_t *rows = calloc((size_t)report->info->task_count + 1, sizeof *rows);
  dlrt_profile_read(report->instance, &summary, rows);
  fprintf(stream, ",\n  \"profile\": {\"runs\": %" PRId64 ", ", summary.runs);
  put_number(stream, "wall", (double)summary.wall * 1e-9, ", \"tasks\": [");
  for (int32_t i = 0; rows && i < report->info->task_count; ++i) {
    fputs(i ? ",\n    {" : "\n    {", stream);
    put_member(stream, "name", rows[i].task, ", ");
    put_member(stream, "schedule", rows[i].schedule, ", ");
    fprintf(stream, "\"calls\": %" PRId64 ", ", rows[i].calls);
    put_number(stream, "wall", (double)rows[i].wall * 1e-9, ", ");
    put_number(stream, "busy", (double)rows[i].busy * 1e-9, "}");
  }
  fputs("]}", stream);
  free(rows);
}

void report_json(const report_t *report, FILE *stream) {
  fputs("{\n  ", stream);
  put_member(stream, "file", report->options->program, "");
  if (report->status.code) {
    fputs(",\n  \"error\": {", stream);
    put_member(stream, "code", dlrt_code_name((int32_t)report->status.code), ", ");
    put_member(stream, "message", report->status.message, "}");
  }
  if (report->info) {
    fputs(",\n  ", stream);
    put_member(stream, "program", report->info->name, ",\n  ");
    put_member(stream, "target", report->info->target, "");
  }
  if (report->instance) {
    dlrt_memory_info_t memory;
    dlrt_instance_memory(report->instance, &memory);
    fprintf(stream,
            ",\n  \"threads\": %d,\n  \"memory\": {\"arena\": %" PRId64 ", \"scratch\": %" PRId64 ", \"heap\": %" PRId64
            ", \"peak\": %" PRId64 ", \"weights\": %" PRId64 "}",
            dlrt_instance_threads(report->instance), memory.arena_bytes, memory.scratch_bytes, memory.heap_bytes,
            memory.peak_bytes, report->info->weight_bytes);
  }
  if (report->outputs) put_outputs(stream, report);
  if (report->bench.runs) put_bench(stream, &report->bench);
  if (report->outputs && (report->options->profile || report->options->trace)) put_profile(stream, report);
  fputs("\n}\n", stream);
}
