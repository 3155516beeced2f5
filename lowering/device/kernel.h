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
MlirOperation dlcMakeKernels(DlcBuilder *b, MlirOperation module); // found, or made; null: one diagnostic
// An entry of a kernel's `dlc.kernel`: -1 where it has none.
int64_t dlcKernelNumber(MlirOperation func, const char *key);
void dlcSetKernelEntry(MlirOperation func, const char *key, MlirAttribute value);
static inline void dlcSetKernelNumber(MlirOperation func, const char *key, int64_t n) {
  dlcSetKernelEntry(func, key, mlirIntegerAttrGet(mlirIntegerTypeGet(mlirOperationGetContext(func), 64), n));
}
// gpu.launch_func -> its kernel; null: none of that name.
MlirOperation dlcKernelOf(MlirOperation kernels, MlirOperation launch);

// A persistent kernel (region_to_kernel.c) waits for all its blocks: they must all run at once. Its dlc.kernel also has
//   blocks       of its launch, also given as a scalar
//   workspace    the operand that is its workspace, whose first DLC_BARRIER_BYTES are zero before its first launch
//   resident     how many blocks of it the device described runs at once, whatever registers they take
// and it calls DLC_GRID_BARRIER, which the target defines (grid_barrier.c).
// Its views of the workspace carry one of these: pieces do not overlap; of a replica, each block has its own.
#define DLC_PIECE_ATTR "dlc.piece"
#define DLC_REPLICA_ATTR "dlc.replica"
#define DLC_GRID_BARRIER "dlc_grid_barrier"
enum { DLC_BARRIER_BYTES = 256 };
bool dlcIsGridBarrier(MlirOperation op);
// False, with one diagnostic on op, where more blocks wait for each other than run at once.
bool dlcCheckResidence(MlirOperation op, MlirOperation kernel, int64_t blocks);
