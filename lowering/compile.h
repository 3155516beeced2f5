// The compiler as one call: a module of linalg on tensors and ctrl becomes a
// program for the host or an image for a device.
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "mlir-c/IR.h"

typedef struct {
  const char *target; // "host", "host:x86-64-v3", "nvptx:sm_90a", "amdgcn:gfx942", ..
  const char *name;   // of the program
  const char
      *device;  // what the cost model asks: a name in devices/ or a file; NULL: the module's own, else the target's
  int optimize; // 0 to 3
  int threads;  // of LLVM; 0: one for each CPU
  const char *fusion;    // "none", "register", "all" or NULL: all
  const char *control;   // whether loops and branches are rewritten: "none", "all" or NULL: all
  const char *winograd;  // "auto", "off", "2" or "4" (outputs of a transform, wherever it can be), or NULL: auto
  const char *wavefront; // alike recurrences of a loop as a wavefront: "auto", "on", "off" or NULL: auto
  const char *halo;      // what tiles share: "cost", "line", "recompute" or NULL: cost
  const char *regions;   // of devices: "auto", "kernel" or "host" (modes of ctrl-form-regions), or NULL: auto
  const char *by;        // how tiles are chosen: "cost", "rules" or NULL: cost
  const char *choices;   // a file of candidates to take (passes/tile/choices.h), or NULL
  int64_t candidate;     // the candidate that every graph takes, from 1 in the order of price; 0: the best one
  const char *report;    // a file for the report of the tile graphs: .json, .jsonl, .dot or else text; "-": standard
                         // output; or NULL
  const char *controlReport; // a file for the report of the control flow; "-": standard output; or NULL
  int64_t depth;   // of recursion, the most where the program says nothing; 0: the default of ctrl-flatten-recursion
  int64_t assumed; // what the report takes a dynamic size as; 0: its default
  bool timePasses; // the seconds of each pass, on standard error
  // Called before and after each stage, with its name; `module` after it. May be NULL.
  void (*begin)(const char *stage, void *data);
  void (*end)(const char *stage, MlirOperation module, void *data);
  void *data;
} DlcCompileOptions;

// False and a message on stderr's behalf in `why`: not a target.
bool dlcKnowsTarget(const char *target, char *why, size_t size);
// A stage of the target with MLIR after it, besides "import".
bool dlcKnowsStage(const char *target, const char *name);
// The stages that a target runs through, a line each, for people.
void dlcPrintPipeline(const char *target, FILE *out);

// Changes module on the way. path NULL: the caller leaves from `end`, no output is made. Writes `path` whole or not at
// all: a shared object for the host (".ll": LLVM IR, with `path`.weights for its constants, ".s": assembly, ".o": an
// object), PTX for nvptx, an hsaco for amdgcn (".s": assembly). Failure: diagnostics on the module's context.
MlirLogicalResult dlcCompile(MlirOperation module, const DlcCompileOptions *options, const char *path);
