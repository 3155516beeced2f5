// One compiled and measured candidate of dlc --tune, as files tell it.
#pragma once
#include <stdbool.h>

// A tile graph of the model: a line of the tile report (format jsonl).
typedef struct {
  char *line;        // the JSON object
  char *label;       // quoted and escaped, as JSON has it
  char *fingerprint; // equal for equal graphs
} DlcTrialGraph;

typedef struct {
  char *name;       // as the program has it
  char *label;      // the same quoted and escaped, as graphs have it
  double run, call; // the least seconds, in a run and in a call, of all rounds
} DlcTrialTask;

typedef struct {
  int number; // 0: as without tuning; else as --candidate
  DlcTrialGraph *graphs;
  int nGraphs;
  DlcTrialTask *tasks; // in the order of the program
  int nTasks, threads, rounds;
  char target[128];
  double run; // the least seconds
} DlcTrial;

// False: it cannot be read (errno).
bool dlcTrialReadGraphs(DlcTrial *trial, const char *path);
// Takes what dlcMeasureProgram wrote; of several rounds the least. False, with a reason in `why`.
bool dlcTrialReadRound(DlcTrial *trial, const char *path, char *why, int size);
void dlcTrialDestroy(DlcTrial *trial);
// Whether both have graphs of the same names.
bool dlcTrialIsLike(const DlcTrial *a, const DlcTrial *b);
