/* The command line of dl-run. */
#ifndef DL_RUN_OPTIONS_H
#define DL_RUN_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>

/* NAME=VALUE, as given. NAME may itself hold '=': which one it is shows when the program's names are known. */
typedef struct assignment {
  const char *text;
  bool used;
} assignment_t;

typedef struct assignments {
  assignment_t *items;
  int count;
} assignments_t;

typedef struct options {
  const char *program;
  bool info, metadata, profile, quiet, pin;
  assignments_t inputs, expects, shapes, dims, ranges;
  const char *pb_dir, *output_dir, *trace, *json;
  double rtol, atol;
  uint64_t seed;
  int64_t bench;  /* timed runs, 0: one run, not timed */
  int64_t warmup; /* -1: not given */
  int64_t threads;
} options_t;

/* What to do after parsing. */
typedef enum { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG } options_result_t;

/* Fills *out. DONE: --help or --version was printed. WRONG: a message was. options_clear in every case. */
options_result_t options_parse(int argc, char **argv, options_t *out);
void options_clear(options_t *options);
/* The value of NAME=VALUE for this name, or null; marks it used. The last one counts. */
const char *options_find(assignments_t *list, const char *name);
/* The first assignment that nobody asked for, or null. */
const char *options_unused(const assignments_t *list);

#endif
