// See lowering/pipelines.h. What is between the stages:
//
//   raise       linalg on tensors, ctrl; one function
//   simplify    the same, folded
//   control     the same, loops and branches rewritten
//   tile        + tile.graph, scheduled
//   task        ctrl.task on tensors
//   bufferize   ctrl.task on memrefs
//   place       place.alloc with offsets, workgroup memory of tasks
//   host        functions and runtime calls; linalg on memrefs in task functions
//   vector      scf and vector
//   llvm        the LLVM dialect
#include "lowering/pipelines.h"
#include <stdio.h>
#include "dlc/pass.h"
#include "lowering/linalg_to_vector/pipeline.h"

const DlcStage dlcCommonStages[] = {
    {"raise", "Make ctrl of calls, recursion and scf",
     "builtin.module(lift-cf-to-scf,ctrl-raise{entry=main},func.func(convert-elementwise-to-linalg),ctrl-batch-"
     "recursion,"
     "ctrl-flatten-recursion,symbol-dce)"},
    {"simplify", "Fold and tidy linalg on tensors",
     "builtin.module(func.func(convert-elementwise-to-linalg,canonicalize,cse))"},
    {DLC_CONTROL_STAGE,
     "Run loops as wavefronts or split them, make numbers of small tensors and selections of small branches",
     "builtin.module(func.func(ctrl-hoist-invariants,ctrl-skew-loops,ctrl-distribute-loops,canonicalize,cse,"
     "ctrl-detensorize,ctrl-convert-branches))"},
    {"tile", "Form and schedule tile graphs",
     "builtin.module(func.func(tile-integer-contractions,tile-tabulate-products,canonicalize,cse,tile-sink-reshapes,"
     "tile-hoist-slices,"
     "tile-slice-transposed,tile-winograd,tile-choose-layouts,tile-group-bytes,tile-widen-operands,"
     "tile-decompose-pads,tile-gather-rows,"
     "resolve-ranked-shaped-type-result-dims,canonicalize,cse,tile-fuse-elementwise,tile-online-softmax,"
     "tile-softmax-maxima,tile-softmax-reciprocals,"
     "tile-merge-siblings,tile-split-reductions,tile-transpose-operands,tile-dense-operands,cse,ctrl-sink-fills,"
     "tile-form-graphs,tile-split-borders,tile-form-graphs,tile-schedule))"},
    {"task", "Lower tile graphs to tasks",
     "builtin.module(func.func(tile-to-tasks,cse,tile-pack-constants,canonicalize,cse))"},
    {"bufferize", "Bufferise the program",
     "builtin.module(func.func(tile-split-fresh-tensors,tile-reuse-destinations,tile-fuse-reductions,"
     "tile-order-destinations,ctrl-slice-outs,ctrl-protect-inputs),"
     "eliminate-empty-tensors,one-shot-bufferize{bufferize-function-"
     "boundaries "
     "function-boundary-type-conversion=identity-layout-map "
     "allow-return-allocs-from-loops=1},func.func(canonicalize,cse,canonicalize))"},
    {0}};

const DlcStage dlcHostStages[] = {
    {"place", "Give every buffer its place",
     "builtin.module(tile-lower-winograd,func.func(ctrl-form-tasks,place-plan,ctrl-split-edges,canonicalize,cse))"},
    {"host", "Make functions and runtime calls", "builtin.module(ctrl-to-host)"},
    {"vector", "Lower linalg to vector loops",
     "builtin.module(func.func(canonicalize,cse,tile-view-bytes,tile-lower-to-vector,tile-lower-dots,tile-approximate-"
     "math))"},
    {"llvm", "Lower to the LLVM dialect", "builtin.module(" DLC_VECTOR_TO_LLVM ")"},
    {0}};

const DlcStage dlcDeviceStages[] = {
    {"device-tasks", "Make tasks of what stands outside of them", "builtin.module(func.func(ctrl-form-tasks))"},
    {"device-regions", "Make one kernel of a program with control flow",
     "builtin.module(func.func(canonicalize,cse,ctrl-form-regions,canonicalize,cse))"},
    {0}};

static void registerAll(const DlcStage *stages) {
  for (; stages->name; ++stages) {
    char argument[64];
    snprintf(argument, sizeof argument, "dlc-%s", stages->name);
    dlcRegisterPipeline(argument, stages->summary, stages->text);
  }
}

void dlcRegisterPipelines(void) {
  registerAll(dlcCommonStages);
  registerAll(dlcHostStages);
  registerAll(dlcDeviceStages);
}
