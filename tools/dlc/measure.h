// Times a compiled program on this host, task by task.
#pragma once
#include <stdint.h>

typedef struct {
  const char *program;
  const char *inputs; // a folder of input_N.pb, or NULL: drawn at random, as dl-run does
  int64_t assumed;    // the dynamic sizes of inputs that are drawn
  double seconds;     // about how long; a few runs at least
  const char *result; // the file to write
} DlcMeasure;

// Runs the program and writes to `result`: "threads N", "target TEXT", "run S", the least seconds of a run, and for
// each task "task S C NAME", its seconds in a run and in a call. What fails, "error WHY" in their place. 0: it is
// written. Runs the program's code: to be called in a child process. `data`: a DlcMeasure.
int dlcMeasureProgram(void *data);
