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

// The parts, for kernels of more than a task. Operand k of op: a buffer or a scalar. False: one diagnostic, on op.
bool dlcPlanOperand(MlirOperation op, MlirValue v, intptr_t k, DlcKernelPlan *plan);
MlirAttribute dlcDescribePlan(MlirContext ctx, const DlcKernelPlan *plan);
// gpu.func @kernel of the plan's arguments with an empty entry block, at the insertion point. Null: one diagnostic.
MlirOperation dlcBeginKernel(DlcBuilder *b, const DlcKernelPlan *plan);
// Operand k, of type t at the launch, inside the kernel whose entry is given.
MlirValue dlcRebuildOperand(DlcBuilder *b, const DlcKernelPlan *plan, MlirBlock entry, MlirType t, intptr_t k);
// Launches at the insertion point; `bounds` has the plan's lower and upper arguments, in order.
void dlcLaunchPlan(DlcBuilder *b, DlcValues operands, DlcValues bounds, const DlcKernelPlan *plan, MlirAttribute kernel,
                   MlirValue blocks);
// The item's coordinates from its number, row-major, within lower .. upper.
void dlcFindItem(DlcBuilder *b, MlirValue number, intptr_t rank, const MlirValue *lower, const MlirValue *upper,
                 MlirValue *item);
// The ops of a task's body, calls inlined. False: one diagnostic.
bool dlcCloneTaskBody(DlcBuilder *b, MlirOperation task, DlcMapping map);
void dlcDropPools(MlirOperation func); // memory spaces other than workgroup's
MlirValue dlcTaskBound(DlcBuilder *b, MlirOperation task, intptr_t d, bool upper); // outside of it

// False: one diagnostic, on the task.
bool dlcPlanKernel(MlirOperation task, int64_t threads, DlcKernelPlan *plan);
// At the insertion point, in a gpu.module. Null: one diagnostic.
MlirOperation dlcBuildKernel(DlcBuilder *b, MlirOperation task, const DlcKernelPlan *plan);
// At the insertion point, before the task.
void dlcLaunchKernel(DlcBuilder *b, MlirOperation task, const DlcKernelPlan *plan, MlirAttribute kernel);
