/* dl-run: loads a compiled program, runs it, checks and times it. The whole course is in run_program():
 *
 *   options -> program -> [--info] -> inputs -> instance -> run | bench -> compare -> files and reports
 *
 * Exit codes: 0 success, 1 a result differs, 2 wrong usage, 3 a file, the program or the runtime failed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "compare.h"
#include "file.h"
#include "inputs.h"
#include "npy.h"
#include "options.h"
#include "report.h"
#include "status.h"

enum { EXIT_DIFFERS = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

/* All that one use of dl-run holds. */
typedef struct session {
  options_t options;
  dlrt_program_t *program;
  dlrt_instance_t *instance;
  const dlrt_program_info_t *info;
  inputs_t inputs;
  const DLTensor **views; /* of the inputs */
  DLManagedTensor **outputs;
  compare_report_t *comparisons;
  bench_result_t bench;
  bool ran;
} session_t;

static dlrt_status_t start_profile(dlrt_instance_t *instance) { return dlrt_profile_start(instance, 0); }

static dlrt_status_t make_instance(session_t *s) {
  dlrt_options_t options = {.threads = (int32_t)s->options.threads, .pin = s->options.pin};
  return dlrt_instance_create(s->program, &options, &s->instance);
}

/* One run, which makes the outputs, or, for --bench, further ones into the same outputs. */
static dlrt_status_t run_or_bench(session_t *s) {
  int32_t inputs = s->info->input_count, outputs = s->info->output_count;
  bool profile = s->options.profile || s->options.trace;
  for (int32_t i = 0; i < inputs; ++i) s->views[i] = &s->inputs.given[i]->dl_tensor;
  dlrt_status_t status = status_ok();
  if (profile && !s->options.bench) status = start_profile(s->instance);
  if (!status.code) status = dlrt_run(s->instance, s->views, inputs, s->outputs, outputs);
  if (status.code) return status;
  s->ran = true;
  if (!s->options.bench) return status;
  int64_t warmup = s->options.warmup;
  if (warmup < 0) warmup = s->options.bench / 10 > 3 ? s->options.bench / 10 : 3;
  return bench_run(s->instance, s->views, inputs, s->outputs, outputs, warmup, s->options.bench,
                   profile ? start_profile : NULL, &s->bench);
}

/* DIR/NAME.npy; characters of the name that a file name should not have become '_', and a name that would then clash
 * with an earlier one gets its number. */
static char *output_path(const session_t *s, int32_t index) {
  const char *dir = s->options.output_dir, *name = s->info->outputs[index].name;
  size_t size = strlen(dir) + strlen(name) + 32;
  char *path = malloc(size);
  if (!path) return NULL;
  size_t used = (size_t)snprintf(path, size, "%s/", dir);
  bool changed = name[0] == '.';
  for (const char *c = name; *c; ++c) {
    bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
                 (strchr("._-+", *c) && c != name) || *c == '_';
    path[used++] = plain ? *c : '_';
    changed |= !plain;
  }
  snprintf(path + used, size - used, changed ? "_%d.npy" : ".npy", index);
  return path;
}

static dlrt_status_t write_outputs(const session_t *s) {
  dlrt_status_t status = file_make_directory(s->options.output_dir);
  for (int32_t i = 0; i < s->info->output_count && !status.code; ++i) {
    file_writer_t writer;
    char *path = output_path(s, i);
    if (!path) return status_make(DLRT_OUT_OF_MEMORY, "out of memory");
    status = file_begin(&writer, path);
    if (!status.code) status = file_commit(&writer, npy_write(&s->outputs[i]->dl_tensor, writer.stream));
    if (!status.code && !s->options.quiet) printf("wrote %s\n", path);
    free(path);
  }
  return status;
}

static dlrt_status_t write_trace(const session_t *s) {
  file_writer_t writer;
  dlrt_status_t status = file_begin(&writer, s->options.trace);
  if (!status.code) status = file_commit(&writer, dlrt_profile_write_trace(s->instance, writer.stream));
  if (!status.code && !s->options.quiet) printf("wrote %s\n", s->options.trace);
  return status;
}

static dlrt_status_t write_json(const report_t *report) {
  if (!strcmp(report->options->json, "-")) {
    report_json(report, stdout);
    return status_ok();
  }
  file_writer_t writer;
  dlrt_status_t status = file_begin(&writer, report->options->json);
  if (status.code) return status;
  report_json(report, writer.stream);
  return file_commit(&writer, status);
}

static dlrt_status_t make_tables(session_t *s) {
  s->views = calloc((size_t)s->info->input_count + 1, sizeof *s->views);
  s->outputs = calloc((size_t)s->info->output_count + 1, sizeof *s->outputs);
  s->comparisons = calloc((size_t)s->info->output_count + 1, sizeof *s->comparisons);
  return s->views && s->outputs && s->comparisons ? status_ok() : status_make(DLRT_OUT_OF_MEMORY, "out of memory");
}

/* Everything after the options; *out_exit is what the process ends with. */
static dlrt_status_t run_program(session_t *s, int *out_exit) {
  *out_exit = EXIT_FAILED;
  dlrt_status_t status = dlrt_program_open(s->options.program, &s->program);
  if (status.code) return status;
  s->info = dlrt_program_info(s->program);
  if (s->options.metadata) puts(s->info->metadata);
  if (s->options.info) report_info(s->info);
  if (s->options.metadata || s->options.info) return *out_exit = EXIT_SUCCESS, status;
  status = inputs_check_names(s->info, &s->options);
  if (status.code) return *out_exit = EXIT_USAGE, status;
  status = make_tables(s);
  if (!status.code) status = inputs_load(s->info, &s->options, &s->inputs);
  if (!status.code) status = make_instance(s);
  if (!status.code) status = run_or_bench(s);
  if (status.code) return status;
  for (int32_t i = 0; i < s->info->output_count; ++i)
    if (s->inputs.expected[i])
      compare_tensors(&s->outputs[i]->dl_tensor, &s->inputs.expected[i]->dl_tensor, s->options.rtol, s->options.atol,
                      &s->comparisons[i]);
  *out_exit = EXIT_SUCCESS;
  return status;
}

static report_t make_report(const session_t *s, dlrt_status_t status) {
  return (report_t){.options = &s->options,
                    .info = s->info,
                    .instance = s->instance,
                    .outputs = s->ran ? s->outputs : NULL,
                    .expected = s->inputs.expected,
                    .comparison = s->comparisons,
                    .bench = s->bench,
                    .status = status};
}

/* What goes to the terminal and into files after a run. */
static dlrt_status_t deliver(session_t *s, int *exit_code) {
  report_t report = make_report(s, status_ok());
  dlrt_status_t status = status_ok();
  bool quiet = s->options.quiet || (s->options.json && !strcmp(s->options.json, "-"));
  if (!quiet) report_outputs(&report);
  if (report_comparisons(&report, quiet)) *exit_code = EXIT_DIFFERS;
  if (s->options.output_dir) status = write_outputs(s);
  if (s->bench.runs && !quiet) report_bench(&s->bench, dlrt_instance_threads(s->instance));
  if (s->options.profile && !quiet) report_profile(s->instance, s->info);
  if (s->options.trace && !status.code) status = write_trace(s);
  return status;
}

static void clear_session(session_t *s) {
  for (int32_t i = 0; s->outputs && i < s->info->output_count; ++i) dlrt_tensor_release(s->outputs[i]);
  free(s->outputs);
  free(s->views);
  free(s->comparisons);
  inputs_clear(&s->inputs);
  dlrt_instance_destroy(s->instance);
  dlrt_program_close(s->program);
  options_clear(&s->options);
}

int main(int argc, char **argv) {
  session_t session = {0};
  int exit_code = EXIT_SUCCESS;
  switch (options_parse(argc, argv, &session.options)) {
  case OPTIONS_DONE:
    break;
  case OPTIONS_WRONG:
    exit_code = EXIT_USAGE;
    break;
  case OPTIONS_RUN: {
    dlrt_status_t status = run_program(&session, &exit_code);
    if (!status.code && session.ran) status = deliver(&session, &exit_code);
    if (session.options.json) {
      report_t report = make_report(&session, status);
      dlrt_status_t written = write_json(&report);
      if (!status.code) status = written;
    }
    if (status.code) {
      fprintf(stderr, "dl-run: %s\n", status.message);
      if (exit_code != EXIT_USAGE) exit_code = EXIT_FAILED;
    }
  }
  }
  clear_session(&session);
  errno = 0;
  if (fflush(stdout) || ferror(stdout)) {
    fprintf(stderr, "dl-run: cannot write to standard output: %s\n", strerror(errno));
    if (exit_code == EXIT_SUCCESS) exit_code = EXIT_FAILED;
  }
  return exit_code;
}
