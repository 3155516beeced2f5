// Buffers that a kernel allocates: in workgroup memory while they fit, else in
// a piece of global memory that the launcher gives for each work item.
#pragma once
#include "dlc/builder.h"

// Plans all memref.alloc and memref.alloca of the kernel, and rewrites its argument list and dlc.kernel. False: one
// diagnostic, where a size has no constant bound or workgroup memory that was asked for exceeds limit.
bool dlcPlanScratch(DlcBuilder *b, MlirOperation func, int64_t limit);
// Gives the scratch argument to a launch of a kernel that wants one.
bool dlcGiveScratch(DlcBuilder *b, MlirOperation launch, MlirOperation func);
