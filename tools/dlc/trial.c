// See tools/dlc/trial.h.
#define _GNU_SOURCE // getline
#include "tools/dlc/trial.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/text.h"

// A line without its end; NULL: there is none.
static char *nextLine(FILE *f, char **line, size_t *capacity) {
  ssize_t n = getline(line, capacity, f);
  if (n <= 0) return NULL;
  if ((*line)[n - 1] == '\n') (*line)[n - 1] = 0;
  return *line;
}

//===--- graphs -----------------------------------------------------------------------------===//
// {"label": LABEL, "fingerprint": "HEX", ..: the quotes of the key cannot stand in LABEL, where they are escaped.
static bool addGraph(DlcTrial *t, const char *line) {
  static const char head[] = "{\"label\": ", key[] = ", \"fingerprint\": \"";
  const char *label = line + sizeof head - 1, *end = strstr(line, key);
  if (strncmp(line, head, sizeof head - 1) || !end) return false;
  const char *hex = end + sizeof key - 1, *quote = strchr(hex, '"');
  if (!quote) return false;
  t->graphs = realloc(t->graphs, (size_t)(t->nGraphs + 1) * sizeof *t->graphs);
  t->graphs[t->nGraphs++] =
      (DlcTrialGraph){strdup(line), strndup(label, (size_t)(end - label)), strndup(hex, (size_t)(quote - hex))};
  return true;
}

bool dlcTrialReadGraphs(DlcTrial *t, const char *path) {
  FILE *f = fopen(path, "r");
  char *line = NULL;
  size_t capacity = 0;
  bool ok = f != NULL;
  if (ok) errno = 0;
  while (ok && nextLine(f, &line, &capacity)) ok = addGraph(t, line);
  if (f) ok = !ferror(f) && ok;
  if (f && !ok && !errno) errno = EINVAL;
  free(line);
  if (f) fclose(f);
  return ok;
}

bool dlcTrialIsLike(const DlcTrial *a, const DlcTrial *b) {
  bool same = a->nGraphs == b->nGraphs;
  for (int i = 0; same && i < a->nGraphs; ++i)
    same =
        !strcmp(a->graphs[i].label, b->graphs[i].label) && !strcmp(a->graphs[i].fingerprint, b->graphs[i].fingerprint);
  return same;
}

//===--- tasks ------------------------------------------------------------------------------===//
static void addTask(DlcTrial *t, int i, double run, double call, const char *name) {
  if (i < t->nTasks) { // a later round of the same program
    DlcTrialTask *old = &t->tasks[i];
    if (run < old->run) old->run = run;
    if (call < old->call) old->call = call;
    return;
  }
  DlcText label = {0};
  dlcTextJson(&label, mlirStringRefCreateFromCString(name));
  t->tasks = realloc(t->tasks, (size_t)(t->nTasks + 1) * sizeof *t->tasks);
  t->tasks[t->nTasks++] = (DlcTrialTask){strdup(name), label.data, run, call};
}

static bool readLine(DlcTrial *t, const char *line, int *task, char *why, int size) {
  double run, call;
  int at = 0;
  if (!strncmp(line, "error ", 6)) return snprintf(why, (size_t)size, "%s", line + 6), false;
  if (sscanf(line, "threads %d", &t->threads) == 1 || sscanf(line, "target %127s", t->target) == 1) return true;
  if (sscanf(line, "run %lf", &run) == 1) {
    if (!t->rounds || run < t->run) t->run = run;
    return true;
  }
  if (sscanf(line, "task %lf %lf %n", &run, &call, &at) < 2 || !at)
    return snprintf(why, (size_t)size, "an unreadable result"), false;
  addTask(t, (*task)++, run, call, line + at);
  return true;
}

bool dlcTrialReadRound(DlcTrial *t, const char *path, char *why, int size) {
  FILE *f = fopen(path, "r");
  char *line = NULL;
  size_t capacity = 0;
  int task = 0;
  if (!f) return snprintf(why, (size_t)size, "%s", strerror(errno)), false;
  bool ok = true;
  while (ok && nextLine(f, &line, &capacity)) ok = readLine(t, line, &task, why, size);
  free(line);
  fclose(f);
  if (ok) ++t->rounds;
  return ok;
}

void dlcTrialDestroy(DlcTrial *t) {
  for (int i = 0; i < t->nGraphs; ++i) {
    free(t->graphs[i].line), free(t->graphs[i].label), free(t->graphs[i].fingerprint);
  }
  for (int i = 0; i < t->nTasks; ++i) free(t->tasks[i].name), free(t->tasks[i].label);
  free(t->graphs), free(t->tasks);
  *t = (DlcTrial){0};
}
