// See tools/dlc/measure.h: the runtime and dl-run's inputs, in this process. Runs are timed without a profile first,
// then tasks with one.
#include "tools/dlc/measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dlrt/dlrt.h"
#include "inputs.h"
#include "status.h"

enum { LEAST_RUNS = 3, SHAPE_BYTES = 1024 };

typedef struct {
  const DlcMeasure *asked;
  dlrt_program_t *program;
  const dlrt_program_info_t *info;
  dlrt_instance_t *instance;
  options_t options;
  inputs_t inputs;
  const DLTensor **views;
  DLManagedTensor **outputs;
  dlrt_profile_row_t *rows;
  struct {
    double run, call; // the least seconds
    int64_t calls;
  } *tasks;
  double least; // seconds of a run
} Session;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// dl-run's --shape for each input with a dynamic size.
static dlrt_status_t assumeShapes(Session *s) {
  s->options.shapes.items = calloc((size_t)s->info->input_count + 1, sizeof *s->options.shapes.items);
  if (!s->options.shapes.items) return status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->info->input_count; ++i) {
    const dlrt_tensor_info_t *input = &s->info->inputs[i];
    bool dynamic = false;
    size_t size = strlen(input->name) + SHAPE_BYTES, n = 0;
    char *text = malloc(size);
    if (!text) return status_make(DLRT_OUT_OF_MEMORY, "out of memory");
    n += (size_t)snprintf(text, size, "%s=", input->name);
    for (int32_t d = 0; d < input->rank; ++d) {
      bool isDynamic = input->shape[d] == DLRT_DYNAMIC;
      n += (size_t)snprintf(text + n, size - n, "%s%lld", d ? "x" : "",
                            (long long)(isDynamic ? s->asked->assumed : input->shape[d]));
      dynamic |= isDynamic;
    }
    if (dynamic)
      s->options.shapes.items[s->options.shapes.count++].text = text;
    else
      free(text);
  }
  return status_ok();
}

static dlrt_status_t prepare(Session *s) {
  dlrt_status_t status = dlrt_program_open(s->asked->program, &s->program);
  if (status.code) return status;
  s->info = dlrt_program_info(s->program);
  s->options.pb_dir = s->asked->inputs;
  s->views = calloc((size_t)s->info->input_count + 1, sizeof *s->views);
  s->outputs = calloc((size_t)s->info->output_count + 1, sizeof *s->outputs);
  s->rows = calloc((size_t)s->info->task_count + 1, sizeof *s->rows);
  s->tasks = calloc((size_t)s->info->task_count + 1, sizeof *s->tasks);
  if (!s->views || !s->outputs || !s->rows || !s->tasks) return status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  status = assumeShapes(s);
  if (!status.code) status = inputs_load(s->info, &s->options, &s->inputs);
  for (int32_t i = 0; i < s->info->input_count && !status.code; ++i) s->views[i] = &s->inputs.given[i]->dl_tensor;
  if (!status.code) status = dlrt_instance_create(s->program, NULL, &s->instance);
  return status;
}

static dlrt_status_t runOnce(Session *s) {
  return dlrt_run(s->instance, s->views, s->info->input_count, s->outputs, s->info->output_count);
}

static void keepLeast(double *least, double seconds, bool isFirst) {
  if (isFirst || seconds < *least) *least = seconds;
}

// The profile of one run: what disturbs another run is not in it.
static dlrt_status_t profileOnce(Session *s, bool isFirst) {
  dlrt_profile_summary_t sum;
  dlrt_status_t status = dlrt_profile_start(s->instance, 1);
  if (!status.code) status = runOnce(s);
  if (status.code) return status;
  dlrt_profile_read(s->instance, &sum, s->rows);
  for (int32_t i = 0; i < s->info->task_count; ++i) {
    const dlrt_profile_row_t *row = &s->rows[i];
    s->tasks[i].calls = row->calls;
    keepLeast(&s->tasks[i].run, 1e-9 * (double)row->wall, isFirst);
    if (row->calls) keepLeast(&s->tasks[i].call, 1e-9 * (double)row->wall / (double)row->calls, isFirst);
  }
  return status;
}

// Again and again for half of the time, and a few times at least.
static dlrt_status_t runSome(Session *s, bool withProfile) {
  dlrt_status_t status = status_ok();
  double begin = now();
  for (int i = 0; !status.code && (i < LEAST_RUNS || now() - begin < s->asked->seconds / 2); ++i) {
    double from = now();
    status = withProfile ? profileOnce(s, !i) : runOnce(s);
    if (!withProfile) keepLeast(&s->least, now() - from, !i);
  }
  return status;
}

static void writeResult(const Session *s, FILE *f) {
  fprintf(f, "threads %d\ntarget %s\nrun %.9g\n", dlrt_instance_threads(s->instance), s->info->target, s->least);
  for (int32_t i = 0; i < s->info->task_count; ++i)
    if (s->tasks[i].calls && !strpbrk(s->info->tasks[i].name, "\r\n")) // a choice is a line
      fprintf(f, "task %.9g %.9g %s\n", s->tasks[i].run, s->tasks[i].call, s->info->tasks[i].name);
}

static dlrt_status_t measure(Session *s, FILE *f) {
  dlrt_status_t status = prepare(s);
  if (!status.code) status = runOnce(s); // pages of the program and of its memory
  if (!status.code) status = runSome(s, false);
  if (!status.code) status = runSome(s, true);
  if (!status.code) writeResult(s, f);
  return status;
}

int dlcMeasureProgram(void *data) {
  Session s = {.asked = data};
  FILE *f = fopen(s.asked->result, "w");
  if (!f) return 1;
  dlrt_status_t status = measure(&s, f);
  if (status.code) fprintf(f, "error %s\n", status.message);
  bool ok = !ferror(f);
  return fclose(f) || !ok; // memory goes with the process
}
