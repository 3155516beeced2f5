// The command line of dlc, and what it asks for as one call.
#pragma once
#include <stdbool.h>

enum { DLC_EXIT_REFUSED = 2, DLC_EXIT_USAGE = 64 };

typedef struct {
  const char *model, *output, *target, *device, *emit, *temps, *timingJson, *fusion, *control, *winograd, *report,
      *controlReport, *by, *halo, *choices, *regions, *wavefront;
  int optimize, threads, assumed, candidate, depth;
  bool printPipeline, saveTemps, timing, timePasses, verbose;
  int tune; // how many candidates are measured; 0: none
  const char *tuneLog, *tuneInputs;
  double tuneSeconds;
} DlcOptions;

// Compiles the model. The exit status of dlc; what is wrong was said on standard error.
int dlcCompileModel(const DlcOptions *options);
