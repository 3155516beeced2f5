// What the passes of this folder share: the names that a kernel carries between
// them, and small questions about memrefs.
//
// A kernel is a gpu.func in gpu.module @kernels. Its attribute `dlc.kernel` is
//   {arguments = ["upper 0", "base 0", "size 0 1", ...], threads = 256 : i64, shared = 0 : i64, scratch = 0 : i64}
// `arguments` says what the launcher gives, in order:
//   lower D, upper D    a bound of the grid that is not static (index)
//   base K              pointer of operand K of the task (ins, then outs)
//   offset K            in elements, where the type leaves it open (index)
//   size K D, stride K D  likewise (index)
//   scalar K            operand K, by value
//   predicate           the task's `if`: i1 by value, or as `base`, `size` ... of operand number ins + outs
//   scratch             pointer to `scratch` bytes for each work item, 256-byte aligned
// The grid is one-dimensional: one block a work item, in row-major order. An
// empty grid is not launched.
#pragma once
#include "dlc/builder.h"
#include "dlc/ir.h"
#include "dlc/pass.h"

#define DLC_KERNEL_ATTR "dlc.kernel"
#define DLC_KERNEL_MODULE "kernels"
enum { DLC_KERNEL_RANK = 32 }; // of a memref and of a loop nest, at most

// Counts and constants.
bool dlcConstantOf(MlirValue v, int64_t *out);   // of an integer or index
bool dlcUpperBoundOf(MlirValue v, int64_t *out); // an inclusive constant bound of an index, where one is known
MlirAttribute dlcWorkgroupSpace(MlirContext ctx);
bool dlcIsWorkgroupMemory(MlirType memref);
MlirType dlcWithMemorySpace(MlirType memref, MlirAttribute space); // space null: the default one
int64_t dlcBytesOfElement(MlirType element);                       // in memory; 0: no scalar type that kernels know
// One diagnostic on op, printf-like; false.
bool dlcRefuse(MlirOperation op, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The module of the kernels; null when there is none.
MlirOperation dlcFindKernels(MlirOperation module);
