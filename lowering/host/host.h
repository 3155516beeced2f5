// A bufferised, placed program becomes functions that call the runtime.
//
//   func @main(inputs) -> outputs       func @main(frame, arena, weights, inputs) -> i32
//     %a = place.alloc offset(64)         %a = memref.view %arena[64]
//     %d = place.alloc(%n)         ->     %d = memref.view (call @dlc_alloc(frame, bytes))
//     ctrl.task (%i) in (8) ..            call @dlc_launch_0(frame, site, items, cost, operands)
//     return %r                           .. into call @dlc_output_0(frame, sizes)
//                                       func @dlc_task_0(frame, lo, hi, scratch, operands) -> i32
//
// The functions named dlc_launch_N, dlc_alloc, dlc_free, dlc_output_N and
// dlc_check_N are declared here and get their bodies after conversion to the LLVM
// dialect (glue.c), where a memref is a list of scalars and the table of the runtime
// (runtime/include/dlrt/abi.h) can be read.
#pragma once
#include "dlc/builder.h"
#include "dlc/ir.h"
#include "dlc/text.h"

enum { DLC_MAX_OPERANDS = 512 };

// State of one lowering, shared by its files.
typedef struct {
  DlcBuilder *b;
  MlirOperation module, function;
  MlirValue frame, arena, weights; // arguments of main
  MlirType pointer, i32;
  int64_t scratchBytes; // the most that a task needs
  intptr_t nTasks, nSites, nChecks;
  char **taskTexts; // what they print as: equal bodies are one function
  DlcText sites;    // JSON objects: the name of each task of the program
} DlcHost;

// Declares `name` once and calls it before the insertion point.
MlirOperation dlcHostCall(DlcHost *h, const char *name, DlcValues operands, DlcTypes results);
// ctrl.loop, ctrl.branch and ctrl.region become scf; their order is the program's.
MlirLogicalResult dlcHostLowerControl(DlcHost *h);
// Each ctrl.task becomes a function and a call that runs it on the team.
MlirLogicalResult dlcHostOutlineTasks(DlcHost *h);
typedef struct {
  double item; // nanoseconds of an item, of dynamic sizes as large as they can be; 0: not known
  // An operand of dynamic size that items write, and the most that one writes of it; null: all sizes are static.
  MlirValue written;
  double elements;
} DlcTaskCost;
DlcTaskCost dlcHostTaskCost(MlirOperation task);
// cf.assert becomes a check that makes the invocation fail.
void dlcHostLowerAsserts(DlcHost *h, MlirOperation root, MlirValue frame);
