// dlc --tune: the tiles of a model chosen by measuring.
#pragma once
#include "tools/dlc/dlc.h"

enum { DLC_TUNE_CANDIDATES = 4, DLC_TUNE_MOST = 16, DLC_TUNE_SECONDS = 120 };

// Compiles the model as it is without tuning and once for each of the best-priced options->tune candidates, measures
// these programs in turn on this host, and compiles it with the fastest candidate of each graph, if that is faster as a
// whole. The exit status of dlc; what is wrong was said on standard error.
//
// For the host, and an output that is a program. Compilation and measurement are child processes with a time limit: a
// candidate that crashes or hangs is left out. About options->tuneSeconds without the last compilation; the first
// compilation and one round are made in any case. Not safe with other threads in the process.
int dlcTuneModel(const DlcOptions *options);
