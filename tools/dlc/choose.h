// Which candidate each graph takes, from measured trials.
#pragma once
#include <stdio.h>
#include "tools/dlc/trial.h"

enum { DLC_MOST_TRIALS = 17 };
// trials[0] is the program as without tuning; all have its graphs, and were measured. Graphs that are equal, or have
// one label, choose as one: the first trial, in their order, that is within 2 % of the fastest.
typedef struct {
  int kernels; // labels that were measured
  int changed; // of which so many choose another trial than the first
} DlcChosen;
// Writes the choices that differ from trials[0] as lines "N LABEL", for --choices.
DlcChosen dlcChoose(const DlcTrial *trials, int n, FILE *choices);

// Writes a line of JSON for each distinct graph and tile: model, target, candidate, threads, the least seconds of a
// call on average over the equal graphs, how many these are, then the line of the tile report. Graphs that share their
// label with others are left out, since the profile does not tell them apart.
void dlcLogTrials(const DlcTrial *trials, int n, const char *model, FILE *log);
