/* The command line; see options.h. */
#include "options.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlrt/dlrt.h"

static const char help[] =
    "dl-run - run a compiled program, check and time it\n"
    "\n"
    "usage: dl-run PROGRAM.so [options]\n"
    "\n"
    "Without further options it runs the program once on seeded random inputs and prints what comes out.\n"
    "\n"
    "About the program\n"
    "  --info                  print names, shapes, types, target, memory and tasks; do not run\n"
    "  --metadata              print the program's metadata (JSON); do not run\n"
    "\n"
    "Inputs (any that is given no file is random)\n"
    "  --input NAME=FILE       read input NAME from a .npy file or an ONNX TensorProto (.pb)\n"
    "  --input-pb-dir DIR      an ONNX test_data_set: DIR/input_N.pb are the inputs, DIR/output_N.pb, where there,\n"
    "                          what is expected\n"
    "  --shape NAME=2x3x224    shape of random input NAME\n"
    "  --dim NAME=N            size of the dynamic dimension called NAME in random inputs\n"
    "  --range NAME=LO:HI      random input NAME is drawn from [LO, HI), for instance token numbers\n"
    "                          (else floats from [-1, 1), integers from [0, 2))\n"
    "  --seed N                seed of the random inputs (default 0)\n"
    "\n"
    "Outputs\n"
    "  --expect NAME=FILE      compare output NAME with a .npy or .pb file: |got - want| <= atol + rtol * |want|,\n"
    "                          NaN equals NaN, integers and bools are compared exactly\n"
    "  --rtol X, --atol X      tolerances (default 1e-3 and 1e-7)\n"
    "  --output-dir DIR        write every output to DIR/NAME.npy\n"
    "  --quiet                 print errors and mismatches only\n"
    "\n"
    "Measuring\n"
    "  --bench N               time N runs: percentiles of latency, CPU time\n"
    "  --warmup N              runs before the timed ones (default: N/10, at least 3)\n"
    "  --threads N             threads, the calling one included (default: DLRT_NUM_THREADS, else all CPUs allowed)\n"
    "  --pin                   keep each worker thread on one CPU\n"
    "  --profile               print the time spent in each task\n"
    "  --trace FILE.json       write a trace for chrome://tracing or ui.perfetto.dev\n"
    "  --json FILE             write all of the above as JSON (- for standard output)\n"
    "\n"
    "  --help, --version\n"
    "\n"
    "Environment: DLRT_NUM_THREADS, DLRT_PIN=0|1, DLRT_MEMORY_LIMIT=BYTES[K|M|G], DLRT_SPIN_US,\n"
    "DLRT_HUGE_CONSTANTS=0|1.\n"
    "Exit: 0 success, 1 a result differs from what was expected, 2 wrong usage, 3 a file or the program failed.\n";

typedef enum { KIND_FLAG, KIND_TEXT, KIND_COUNT, KIND_SEED, KIND_NUMBER, KIND_ASSIGNMENT } kind_t;

typedef struct option {
  const char *name;
  kind_t kind;
  void *to;
} option_t;

static bool complain(const char *format, const char *a, const char *b) {
  fputs("dl-run: ", stderr);
  fprintf(stderr, format, a, b);
  fputs("; see dl-run --help\n", stderr);
  return false;
}

static bool add_assignment(assignments_t *list, const char *option, const char *text) {
  if (!strchr(text, '=') || text[0] == '=') return complain("--%s %s: NAME=VALUE expected", option, text);
  assignment_t *grown = realloc(list->items, (size_t)(list->count + 1) * sizeof *grown);
  if (!grown) return complain("out of memory%s%s", "", "");
  list->items = grown;
  list->items[list->count++] = (assignment_t){.text = text};
  return true;
}

static bool set_value(const option_t *option, const char *text) {
  char *end = NULL;
  errno = 0;
  switch (option->kind) {
  case KIND_FLAG:
    break;
  case KIND_TEXT:
    *(const char **)option->to = text;
    return true;
  case KIND_ASSIGNMENT:
    return add_assignment(option->to, option->name, text);
  case KIND_COUNT: {
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > 1000000000)
      return complain("--%s %s: a whole number of 0..1000000000 expected", option->name, text);
    *(int64_t *)option->to = value;
    return true;
  }
  case KIND_SEED: {
    unsigned long long value = strtoull(text, &end, 0);
    if (errno || end == text || *end || strchr(text, '-'))
      return complain("--%s %s: a whole number expected", option->name, text);
    *(uint64_t *)option->to = value;
    return true;
  }
  case KIND_NUMBER: {
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < 0)
      return complain("--%s %s: a number of at least 0 expected", option->name, text);
    *(double *)option->to = value;
    return true;
  }
  }
  return false;
}

/* One option with its value, from argv[*at] on; moves *at past it. */
static bool parse_one(int argc, char **argv, int *at, const option_t *table) {
  const char *name = argv[*at] + 2, *value = strchr(name, '=');
  size_t length = value ? (size_t)(value - name) : strlen(name);
  while (table->name && (strlen(table->name) != length || memcmp(table->name, name, length))) ++table;
  if (!table->name) return complain("unknown option %s%s", argv[*at], "");
  ++*at;
  if (table->kind == KIND_FLAG) {
    if (value) return complain("--%s takes no value%s", table->name, "");
    *(bool *)table->to = true;
    return true;
  }
  if (value) return set_value(table, value + 1);
  if (*at == argc) return complain("--%s: value expected%s", table->name, "");
  return set_value(table, argv[(*at)++]);
}

options_result_t options_parse(int argc, char **argv, options_t *out) {
  bool want_help = false, want_version = false;
  *out = (options_t){.rtol = 1e-3, .atol = 1e-7, .warmup = -1};
  const option_t table[] = {{"info", KIND_FLAG, &out->info},
                            {"metadata", KIND_FLAG, &out->metadata},
                            {"input", KIND_ASSIGNMENT, &out->inputs},
                            {"input-pb-dir", KIND_TEXT, &out->pb_dir},
                            {"shape", KIND_ASSIGNMENT, &out->shapes},
                            {"dim", KIND_ASSIGNMENT, &out->dims},
                            {"range", KIND_ASSIGNMENT, &out->ranges},
                            {"seed", KIND_SEED, &out->seed},
                            {"expect", KIND_ASSIGNMENT, &out->expects},
                            {"rtol", KIND_NUMBER, &out->rtol},
                            {"atol", KIND_NUMBER, &out->atol},
                            {"output-dir", KIND_TEXT, &out->output_dir},
                            {"quiet", KIND_FLAG, &out->quiet},
                            {"bench", KIND_COUNT, &out->bench},
                            {"warmup", KIND_COUNT, &out->warmup},
                            {"threads", KIND_COUNT, &out->threads},
                            {"pin", KIND_FLAG, &out->pin},
                            {"profile", KIND_FLAG, &out->profile},
                            {"trace", KIND_TEXT, &out->trace},
                            {"json", KIND_TEXT, &out->json},
                            {"help", KIND_FLAG, &want_help},
                            {"version", KIND_FLAG, &want_version},
                            {NULL, KIND_FLAG, NULL}};
  for (int i = 1; i < argc;) {
    if (!strcmp(argv[i], "-h")) {
      want_help = true;
      ++i;
    } else if (!strncmp(argv[i], "--", 2) && argv[i][2]) {
      if (!parse_one(argc, argv, &i, table)) return OPTIONS_WRONG;
    } else if (argv[i][0] == '-') {
      complain("unknown option %s%s", argv[i], "");
      return OPTIONS_WRONG;
    } else if (out->program) {
      complain("one program expected, got %s and %s", out->program, argv[i]);
      return OPTIONS_WRONG;
    } else {
      out->program = argv[i++];
    }
  }
  if (want_help)
    fputs(help, stdout);
  else if (want_version)
    printf("dl-run %s\n", dlrt_version());
  if (want_help || want_version) return OPTIONS_DONE;
  if (!out->program) return complain("no program given%s%s", "", ""), OPTIONS_WRONG;
  return OPTIONS_RUN;
}

void options_clear(options_t *options) {
  free(options->inputs.items);
  free(options->expects.items);
  free(options->shapes.items);
  free(options->dims.items);
  free(options->ranges.items);
  *options = (options_t){0};
}

const char *options_find(assignments_t *list, const char *name) {
  const char *found = NULL;
  size_t length = strlen(name);
  for (int i = 0; i < list->count; ++i) {
    assignment_t *item = &list->items[i];
    if (strncmp(item->text, name, length) || item->text[length] != '=') continue;
    item->used = true;
    found = item->text + length + 1;
  }
  return found;
}

const char *options_unused(const assignments_t *list) {
  for (int i = 0; i < list->count; ++i)
    if (!list->items[i].used) return list->items[i].text;
  return NULL;
}
