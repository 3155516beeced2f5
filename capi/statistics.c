// Statistics of passes: counters by pass and name, and the report that
// --mlir-pass-statistics asks for. MLIR's own Pass::Statistic counts nothing in
// an LLVM that is built without LLVM_FORCE_ENABLE_STATS, as distributions' are,
// and its layout then differs between a library with assertions and one without.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "dlc/pass.h"

typedef struct Counters {
  const DlcPassSpec *spec;
  struct Counters *next;
  uint64_t counts[];
} Counters;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Counters *all; // in the order of first use

static int statisticsOf(const DlcPassSpec *spec) {
  int n = 0;
  while (spec->statistics[n].name) ++n;
  return n;
}

static Counters *countersOf(const DlcPassSpec *spec) {
  Counters **c = &all;
  while (*c && (*c)->spec != spec) c = &(*c)->next;
  if (!*c && (*c = calloc(1, sizeof(Counters) + (size_t)statisticsOf(spec) * sizeof(uint64_t)))) (*c)->spec = spec;
  return *c;
}

void dlcCountStatistic(const DlcPassSpec *spec, int statistic, uint64_t n) {
  pthread_mutex_lock(&lock);
  Counters *c = countersOf(spec);
  if (c) c->counts[statistic] += n; // out of memory: only the report is the poorer
  pthread_mutex_unlock(&lock);
}

MlirLogicalResult dlcRewriteAndCount(MlirOperation root, bool (*is)(MlirOperation),
                                     bool (*rewrite)(DlcBuilder *b, MlirOperation op), DlcPass *pass, int statistic) {
  intptr_t count = 0;
  MlirLogicalResult result = dlcRewriteEach(root, is, rewrite, &count);
  dlcPassCount(pass, statistic, (uint64_t)count);
  return result;
}

void dlcPrintStatistics(FILE *out) {
  pthread_mutex_lock(&lock);
  for (const Counters *c = all; c; c = c->next) {
    fprintf(out, "%s\n", c->spec->argument);
    for (int i = 0; i < statisticsOf(c->spec); ++i)
      fprintf(out, "  (S) %8llu %s - %s\n", (unsigned long long)c->counts[i], c->spec->statistics[i].name,
              c->spec->statistics[i].help);
  }
  pthread_mutex_unlock(&lock);
}
