// Passes in C. A pass is a row of dlcPassSpecs, generated from passes/Passes.td,
// and a function dlcRun<Name>(root, pass, options) written by hand. Registered
// passes have the options, statistics and reproducers of any MLIR pass.
//
// A run function emits its own diagnostics, on the op concerned, and returns
// failure to stop the pipeline. It may run on several threads at once, for
// different roots: no mutable state outside the root. The root's own op may not
// be erased or replaced.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "mlir-c/IR.h"
#include "dlc/builder.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct DlcPass DlcPass;

typedef enum { DLC_OPTION_BOOL, DLC_OPTION_I64, DLC_OPTION_F64, DLC_OPTION_STRING, DLC_OPTION_I64S } DlcOptionKind;
typedef struct {
  const char *argument, *help;
  DlcOptionKind kind;
  size_t offset; // in the options struct
  const char *initial;
} DlcOptionSpec;
typedef struct {
  const char *name, *help;
} DlcStatisticSpec;

typedef struct {
  const char *argument, *summary;
  const char *anchor; // op name, or "" for any op
  size_t optionsSize;
  const DlcOptionSpec *options;       // ends with a null argument
  const DlcStatisticSpec *statistics; // ends with a null name
  const char *const *dialects;        // whose ops the pass makes; ends with NULL
  MlirLogicalResult (*run)(MlirOperation root, DlcPass *pass, const void *options);
} DlcPassSpec;

extern const DlcPassSpec dlcPassSpecs[]; // ends with a null argument

// Makes the pass known to the textual pipeline parser. `spec` must live forever.
void dlcRegisterPass(const DlcPassSpec *spec);
void dlcRegisterAllPasses(void); // all rows of dlcPassSpecs and all our pipelines; once is enough, twice is harmless
// A named pipeline that stands for `text`.
void dlcRegisterPipeline(const char *argument, const char *summary, const char *text);
// Statistics count over all runs in this process; --mlir-pass-statistics of dl-opt reports them at its end.
void dlcPassCount(DlcPass *pass, int statistic, uint64_t n); // adds n
// dlcRewriteEach, which counts for a statistic how often `rewrite` was true.
MlirLogicalResult dlcRewriteAndCount(MlirOperation root, bool (*is)(MlirOperation),
                                     bool (*rewrite)(DlcBuilder *b, MlirOperation op), DlcPass *pass, int statistic);
void dlcCountStatistic(const DlcPassSpec *spec, int statistic, uint64_t n);
void dlcPrintStatistics(FILE *out); // a line for each of the passes that counted

// Runs `text` ("builtin.module(canonicalize)") on root, whose op is the outermost name; false: a diagnostic was
// emitted.
bool dlcRunPipeline(MlirOperation root, const char *text);
// The same; `verifyOnce`: the IR is verified behind the last pass instead of behind each; `time`: the seconds of each
// pass, on standard error.
typedef struct {
  bool verifyOnce, time;
} DlcRunOptions;
bool dlcRunPipelineWith(MlirOperation root, const char *text, const DlcRunOptions *options);

#ifdef __cplusplus
}
#endif
