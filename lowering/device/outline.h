// One task to one kernel: the plan of its arguments, the function, the launch.
#pragma once
#include "dlc/builder.h"

typedef enum {
  DLC_ARG_LOWER,
  DLC_ARG_UPPER,
  DLC_ARG_BASE,
  DLC_ARG_OFFSET,
  DLC_ARG_SIZE,
  DLC_ARG_STRIDE,
  DLC_ARG_SCALAR
} DlcArgKind;
typedef struct {
  DlcArgKind kind;
  intptr_t operand; // of the task: ins, outs, predicate; of a bound: the dimension
  intptr_t dim;
  MlirType type;
} DlcKernelArg;
typedef struct {
  DlcKernelArg *arguments; // free() by the caller
  intptr_t n, capacity;
  int64_t threads;
} DlcKernelPlan;

// False: one diagnostic, on the task.
bool dlcPlanKernel(MlirOperation task, int64_t threads, DlcKernelPlan *plan);
// At the insertion point, in a gpu.module. Null: one diagnostic.
MlirOperation dlcBuildKernel(DlcBuilder *b, MlirOperation task, const DlcKernelPlan *plan);
// At the insertion point, before the task.
void dlcLaunchKernel(DlcBuilder *b, MlirOperation task, const DlcKernelPlan *plan, MlirAttribute kernel);
