// See tools/dlc/choose.h.
#include "tools/dlc/choose.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/text.h"

static const double nearlyEqual = 1.02; // differences below are noise

static const char *labelOf(const DlcTrial *t, int i) { return t->graphs[i].label; }

// Whether graph i has the same tile and price in both.
static bool isSameTile(const DlcTrial *a, const DlcTrial *b, int i) {
  return !strcmp(a->graphs[i].line, b->graphs[i].line);
}

// Seconds in a run, or of a call, of all tasks of a label. Infinite: there are none.
static double secondsOf(const DlcTrial *t, const char *label, bool ofCall) {
  double sum = 0;
  bool found = false;
  for (int i = 0; i < t->nTasks; ++i)
    if (!strcmp(t->tasks[i].label, label)) sum += ofCall ? t->tasks[i].call : t->tasks[i].run, found = true;
  return found ? sum : HUGE_VAL;
}

//===--- groups -----------------------------------------------------------------------------===//
// group[i]: the first graph that graph i chooses with.
static int *groupGraphs(const DlcTrial *t) {
  int *group = malloc(((size_t)t->nGraphs + 1) * sizeof *group);
  for (int i = 0; group && i < t->nGraphs; ++i) {
    group[i] = i;
    for (int j = 0; j < i; ++j) {
      bool equal = !strcmp(labelOf(t, i), labelOf(t, j)) || !strcmp(t->graphs[i].fingerprint, t->graphs[j].fingerprint);
      int from = group[j] > group[i] ? group[j] : group[i], to = group[j] > group[i] ? group[i] : group[j];
      for (int k = 0; equal && from != to && k <= i; ++k)
        if (group[k] == from) group[k] = to;
    }
  }
  return group;
}

// Whether no graph before i has its label.
static bool isFirstOfLabel(const DlcTrial *t, int i) {
  for (int j = 0; j < i; ++j)
    if (!strcmp(labelOf(t, j), labelOf(t, i))) return false;
  return true;
}

static double secondsOfGroup(const DlcTrial *names, const DlcTrial *t, const int *group, int first) {
  double sum = 0;
  for (int i = first; i < names->nGraphs; ++i)
    if (group[i] == first && isFirstOfLabel(names, i)) sum += secondsOf(t, labelOf(names, i), false);
  return sum;
}

static bool isSameGroup(const DlcTrial *a, const DlcTrial *b, const int *group, int first) {
  for (int i = first; i < a->nGraphs; ++i)
    if (group[i] == first && !isSameTile(a, b, i)) return false;
  return true;
}

// The trial that a group takes; -1: it was not measured.
static int chooseFor(const DlcTrial *trials, int n, const int *group, int first) {
  double seconds[DLC_MOST_TRIALS], least = HUGE_VAL;
  for (int k = 0; k < n; ++k) {
    seconds[k] = secondsOfGroup(&trials[0], &trials[k], group, first);
    for (int j = 0; j < k; ++j) // the same program: its least time counts for all of them
      if (isSameGroup(&trials[j], &trials[k], group, first)) {
        if (seconds[k] < seconds[j]) seconds[j] = seconds[k];
        break;
      }
    if (seconds[k] < least) least = seconds[k];
  }
  for (int k = 0; k < n && least < HUGE_VAL; ++k)
    if (seconds[k] <= least * nearlyEqual) return k;
  return -1;
}

static const char *nameOf(const DlcTrial *t, const char *label) {
  for (int i = 0; i < t->nTasks; ++i)
    if (!strcmp(t->tasks[i].label, label)) return t->tasks[i].name;
  return NULL;
}

DlcChosen dlcChoose(const DlcTrial *trials, int n, FILE *choices) {
  const DlcTrial *plain = &trials[0];
  DlcChosen chosen = {0};
  int *group = groupGraphs(plain);
  for (int first = 0; group && first < plain->nGraphs; ++first) {
    int best = group[first] == first ? chooseFor(trials, n, group, first) : -1;
    for (int i = first; i < plain->nGraphs && best >= 0; ++i) {
      if (group[i] != first || !isFirstOfLabel(plain, i)) continue;
      ++chosen.kernels;
      if (!best) continue;
      ++chosen.changed;
      fprintf(choices, "%d %s\n", trials[best].number, nameOf(plain, labelOf(plain, i)));
    }
  }
  free(group);
  return chosen;
}

//===--- the log ----------------------------------------------------------------------------===//
// Whether all graphs of the label of graph i are equal; *count: how many they are.
static bool isLabelClear(const DlcTrial *t, int i, int *count) {
  *count = 0;
  for (int j = 0; j < t->nGraphs; ++j) {
    if (strcmp(labelOf(t, j), labelOf(t, i))) continue;
    if (strcmp(t->graphs[j].fingerprint, t->graphs[i].fingerprint)) return false;
    ++*count;
  }
  return true;
}

// Seconds of a call on average over the graphs that equal graph i, of which *count could be measured.
static double meanOf(const DlcTrial *t, int i, int *count) {
  double sum = 0;
  *count = 0;
  for (int j = i; j < t->nGraphs; ++j) {
    int n;
    if (strcmp(t->graphs[j].fingerprint, t->graphs[i].fingerprint) || !isFirstOfLabel(t, j) || !isLabelClear(t, j, &n))
      continue;
    double seconds = secondsOf(t, labelOf(t, j), true);
    if (!(seconds < HUGE_VAL)) continue;
    sum += seconds;
    *count += n;
  }
  return *count ? sum / *count : 0;
}

static bool isFirstOfKind(const DlcTrial *t, int i) {
  for (int j = 0; j < i; ++j)
    if (!strcmp(t->graphs[j].fingerprint, t->graphs[i].fingerprint)) return false;
  return true;
}

// The least of it over trial k and those behind it that have the same tile.
static double leastMeanOf(const DlcTrial *trials, int n, int k, int i, int *count) {
  double least = meanOf(&trials[k], i, count);
  for (int j = k + 1; j < n; ++j) {
    int others;
    if (!isSameTile(&trials[k], &trials[j], i)) continue;
    double seconds = meanOf(&trials[j], i, &others);
    if (others == *count && seconds < least) least = seconds;
  }
  return least;
}

void dlcLogTrials(const DlcTrial *trials, int n, const char *model, FILE *log) {
  DlcText name = {0};
  dlcTextJson(&name, mlirStringRefCreateFromCString(model));
  for (int k = 0; k < n; ++k) {
    const DlcTrial *t = &trials[k];
    for (int i = 0; i < t->nGraphs; ++i) {
      int count;
      bool isNew = isFirstOfKind(t, i);
      for (int j = 0; j < k && isNew; ++j) isNew = !isSameTile(&trials[j], t, i);
      double seconds = isNew ? leastMeanOf(trials, n, k, i, &count) : 0;
      if (isNew && count)
        fprintf(log,
                "{\"model\": %s, \"target\": \"%s\", \"candidate\": %d, \"threads\": %d, \"measured\": %.9g, "
                "\"count\": %d, %s\n",
                name.data, t->target, t->number, t->threads, seconds, count, t->graphs[i].line + 1);
    }
  }
  dlcTextDestroy(&name);
}
