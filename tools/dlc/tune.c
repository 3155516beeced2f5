// See tools/dlc/tune.h. The order of the work: compile without tuning, compile each candidate, measure all of them
// round after round (what disturbs this machine for a while then disturbs all), choose, compile with the choices,
// measure that against the program without tuning, and go back to that one where it is not slower.
#define _GNU_SOURCE // nftw
#include "tools/dlc/tune.h"
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lowering/output.h"
#include "tools/dlc/child.h"
#include "tools/dlc/choose.h"
#include "tools/dlc/measure.h"
#include "tools/dlc/trial.h"

enum { MOST_ROUNDS = 7, ASSUMED = 64 }; // the tile report's default
// Parts of the time: until no further candidate is compiled, and until no further round begins.
static const double compileUntil = 0.6, measureUntil = 0.85;
// Of a run's measurement: about how long, and how much longer than expected it may take.
static const double roundSeconds = 0.4, leastLimit = 10, slowestRatio = 20;
static const double endless = 1e6; // what the user asked for, not tuning

typedef struct {
  const DlcOptions *options;
  double begin, compiled; // seconds; `compiled`: of the first compilation
  DlcOutput files;        // small ones
  DlcOutput programs[DLC_MOST_TRIALS];
  DlcTrial trials[DLC_MOST_TRIALS];
  bool isOut[DLC_MOST_TRIALS]; // could not be measured
  int n;
  bool transient; // a line of progress stands on the terminal
} Tuner;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *choicesFile(const Tuner *t) { return t->files.files[DLC_OUTPUT_WHOLE]; }
static const char *resultFile(const Tuner *t) { return t->files.files[DLC_OUTPUT_OBJECT]; }
static const char *programFile(const Tuner *t, int i) { return t->programs[i].files[DLC_OUTPUT_WHOLE]; }

//===--- what is said -----------------------------------------------------------------------===//
static void endProgress(Tuner *t) {
  if (t->transient) fprintf(stderr, "\r\033[K");
  t->transient = false;
}

__attribute__((format(printf, 2, 3))) static void say(Tuner *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  endProgress(t);
  fprintf(stderr, "dlc: --tune: ");
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
}

// On a terminal one line that changes; with --verbose a line each.
__attribute__((format(printf, 2, 3))) static void progress(Tuner *t, const char *format, ...) {
  if (!t->options->verbose && !isatty(2)) return;
  va_list args;
  va_start(args, format);
  endProgress(t);
  fprintf(stderr, "dlc: --tune, %.0f s: ", now() - t->begin);
  vfprintf(stderr, format, args);
  va_end(args);
  t->transient = !t->options->verbose;
  if (!t->transient) fputc('\n', stderr);
}

//===--- children ---------------------------------------------------------------------------===//
static int compileModel(void *options) { return dlcCompileModel(options); }

// The options of the user with nothing written but the program and the report.
static DlcOptions quiet(const Tuner *t, const char *output) {
  DlcOptions o = *t->options;
  o.output = output, o.report = NULL, o.controlReport = NULL, o.timingJson = NULL;
  o.timing = o.timePasses = o.verbose = o.saveTemps = false;
  return o;
}

// 0, or the exit status of dlc after a message. `number`: as --candidate, 0: as without tuning.
static int compileTrial(Tuner *t, int number, double seconds) {
  int i = t->n;
  char why[128], report[4096];
  DlcTrial *trial = &t->trials[i];
  *trial = (DlcTrial){.number = number};
  if (!dlcOutputBegin(t->options->output, &t->programs[i]))
    return say(t, "cannot write %s: %s", t->options->output, strerror(errno)), 1;
  snprintf(report, sizeof report, "%s.jsonl", t->files.files[DLC_OUTPUT_LOG]);
  DlcOptions o = quiet(t, programFile(t, i));
  o.candidate = number, o.report = report;
  progress(t, number ? "compiling candidate %d of %d" : "compiling", number, t->options->tune);
  DlcChildEnd end = dlcChildRun(compileModel, &o, seconds);
  if (end.status) {
    dlcChildSay(&end, seconds, why, sizeof why);
    if (number || end.status < 0) say(t, "the compilation of candidate %d %s", number, why);
    return unlink(report), end.status > 0 ? end.status : 1;
  }
  bool read = dlcTrialReadGraphs(trial, report);
  if (!read) say(t, "cannot read the report of candidate %d: %s", number, strerror(errno));
  unlink(report);
  return read ? 0 : 1;
}

// One round of a program. False after a message that names it by `what`.
static bool measure(Tuner *t, const char *program, DlcTrial *trial, double limit, const char *what) {
  const DlcOptions *o = t->options;
  DlcMeasure work = {program, o->tuneInputs, o->assumed ? o->assumed : ASSUMED, roundSeconds, resultFile(t)};
  char why[600];
  DlcChildEnd end = dlcChildRun(dlcMeasureProgram, &work, limit);
  if (end.status)
    dlcChildSay(&end, limit, why, sizeof why);
  else if (dlcTrialReadRound(trial, work.result, why, sizeof why))
    return true;
  say(t, "%s cannot be measured: %s", what, why);
  return false;
}

// How long a round may take, by how long a run without tuning took.
static double limitOf(const Tuner *t) {
  double expected = slowestRatio * (t->trials[0].run * 10 + roundSeconds);
  return expected > leastLimit ? expected : leastLimit;
}

//===--- cleaning up ------------------------------------------------------------------------===//
static int removeOne(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info, (void)kind, (void)at;
  return remove(path), 0;
}

// What a compilation that crashed left in there as well.
static void endProgram(DlcOutput *out) {
  if (out->directory) nftw(out->directory, removeOne, 8, FTW_DEPTH | FTW_PHYS);
  dlcOutputEnd(out);
}

static void endTuner(Tuner *t) {
  endProgress(t);
  for (int i = 0; i < DLC_MOST_TRIALS; ++i) {
    endProgram(&t->programs[i]);
    dlcTrialDestroy(&t->trials[i]);
  }
  dlcOutputEnd(&t->files);
}

//===--- the work ---------------------------------------------------------------------------===//
// The earlier trial with the same tiles; -1: none.
static int findEqual(const Tuner *t, const DlcTrial *trial) {
  for (int i = 0; i < t->n; ++i) {
    bool same = true;
    for (int g = 0; same && g < trial->nGraphs; ++g) same = !strcmp(t->trials[i].graphs[g].line, trial->graphs[g].line);
    if (same) return i;
  }
  return -1;
}

// The program without tuning, then as many candidates as there are and the time allows.
static int compileTrials(Tuner *t) {
  int status = compileTrial(t, 0, endless);
  if (status) return status;
  t->n = 1;
  t->compiled = now() - t->begin;
  double until = t->begin + compileUntil * t->options->tuneSeconds, limit = 5 * t->compiled + leastLimit;
  for (int number = 1; number <= t->options->tune; ++number) {
    if (now() + t->compiled > until) {
      say(t, "the time allows %d of %d candidates: see --tune-seconds", number - 1, t->options->tune);
      break;
    }
    DlcTrial *trial = &t->trials[t->n];
    bool bad = compileTrial(t, number, limit) != 0;
    if (!bad && !dlcTrialIsLike(&t->trials[0], trial)) say(t, "candidate %d has other graphs", number), bad = true;
    int equal = bad ? -1 : findEqual(t, trial);
    bool isLast = equal >= 0 && t->trials[equal].number && t->trials[equal].number == number - 1; // so are those behind
    if (!bad && equal < 0) {
      ++t->n;
      continue;
    }
    endProgram(&t->programs[t->n]);
    dlcTrialDestroy(trial);
    if (isLast) break;
  }
  return 0;
}

// All programs in turn, again and again. False after a message: that without tuning does not run.
static bool measureTrials(Tuner *t) {
  double until = t->begin + measureUntil * t->options->tuneSeconds, round = 0;
  for (int r = 0; r < MOST_ROUNDS && (!r || now() + round < until); ++r) {
    double begin = now();
    for (int i = 0; i < t->n; ++i) {
      char what[32];
      if (t->isOut[i]) continue;
      progress(t, "round %d, program %d of %d", r + 1, i + 1, t->n);
      snprintf(what, sizeof what, "candidate %d", t->trials[i].number);
      double limit = i || r ? limitOf(t) : t->options->tuneSeconds;
      if (measure(t, programFile(t, i), &t->trials[i], limit, i ? what : "the program without tuning")) continue;
      if (!i) return false;
      t->isOut[i] = true;
    }
    round = now() - begin;
  }
  return true;
}

static bool writeLog(Tuner *t, const DlcTrial *trials, int n) {
  const char *path = t->options->tuneLog, *slash = strrchr(t->options->model, '/');
  DlcOutput out;
  if (!path) return true;
  bool ok = dlcOutputBegin(path, &out);
  if (ok) {
    FILE *f = fopen(out.files[DLC_OUTPUT_WHOLE], "w");
    if (f) dlcLogTrials(trials, n, slash ? slash + 1 : t->options->model, f);
    ok = f && !ferror(f);
    if (f && fclose(f)) ok = false;
    ok = ok && dlcOutputCommit(&out);
  }
  if (!ok) say(t, "cannot write %s: %s", path, strerror(errno));
  dlcOutputEnd(&out);
  return ok;
}

static bool choose(Tuner *t, DlcChosen *chosen) {
  DlcTrial measured[DLC_MOST_TRIALS];
  int n = 0;
  for (int i = 0; i < t->n; ++i)
    if (!t->isOut[i]) measured[n++] = t->trials[i];
  FILE *f = fopen(choicesFile(t), "w");
  if (f) *chosen = dlcChoose(measured, n, f);
  bool ok = f && !ferror(f);
  if (f && fclose(f)) ok = false;
  if (!ok) return say(t, "cannot write %s: %s", choicesFile(t), strerror(errno)), false;
  return writeLog(t, measured, n);
}

typedef struct {
  double plain, tuned; // the least seconds of a run
  double ratio;        // of tuned to plain, in the round in the middle
} Comparison;

static int byValue(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The program at the user's path and that without tuning, in turn like the trials. A round's two runs follow each other
// closely, so that their ratio holds where the machine is faster in one round than in another. False after a message.
static bool compare(Tuner *t, Comparison *c) {
  double end = t->begin + t->options->tuneSeconds, round = 0, ratios[MOST_ROUNDS];
  int n = 0;
  bool ok = true;
  *c = (Comparison){0};
  for (; ok && n < MOST_ROUNDS && (!n || now() + round < end); ++n) {
    DlcTrial plain = {0}, tuned = {0};
    double begin = now();
    progress(t, "round %d of the tuned program", n + 1);
    ok = measure(t, programFile(t, 0), &plain, limitOf(t), "the program without tuning") &&
         measure(t, t->options->output, &tuned, limitOf(t), "the tuned program");
    ratios[n] = ok ? tuned.run / plain.run : 0;
    if (!n || plain.run < c->plain) c->plain = plain.run;
    if (!n || tuned.run < c->tuned) c->tuned = tuned.run;
    dlcTrialDestroy(&plain), dlcTrialDestroy(&tuned);
    round = now() - begin;
  }
  qsort(ratios, (size_t)n, sizeof *ratios, byValue);
  c->ratio = ratios[n / 2];
  return ok;
}

static int compileLast(Tuner *t, bool isTuned) {
  DlcOptions o = *t->options;
  o.choices = isTuned ? choicesFile(t) : NULL;
  progress(t, isTuned ? "compiling the choices" : "compiling without them");
  endProgress(t);
  DlcChildEnd end = dlcChildRun(compileModel, &o, endless);
  if (end.status >= 0) return end.status;
  char why[128];
  dlcChildSay(&end, endless, why, sizeof why);
  return say(t, "the compilation %s", why), 1;
}

static int finish(Tuner *t, DlcChosen chosen) {
  Comparison c;
  int status = compileLast(t, chosen.changed != 0);
  if (status) return status;
  if (!chosen.changed)
    return say(t, "0 of %d kernels changed: %.4f ms as priced", chosen.kernels, 1e3 * t->trials[0].run), 0;
  bool gains = compare(t, &c) && c.ratio < 1;
  say(t, "%d of %d kernels changed: %.4f ms as priced, %.4f ms as tuned, %.3fx%s", chosen.changed, chosen.kernels,
      1e3 * c.plain, 1e3 * c.tuned, c.ratio, gains ? "" : ": no gain, left as priced");
  return gains ? 0 : compileLast(t, false);
}

int dlcTuneModel(const DlcOptions *options) {
  Tuner t = {.options = options, .begin = now()};
  DlcChosen chosen = {0};
  if (!dlcOutputBegin(NULL, &t.files))
    return fprintf(stderr, "dlc: --tune: no scratch files: %s\n", strerror(errno)), 1;
  int status = compileTrials(&t);
  if (!status) status = !measureTrials(&t) || !choose(&t, &chosen);
  if (!status) status = finish(&t, chosen);
  endTuner(&t);
  return status;
}
