// The barrier of a persistent kernel: one word of global memory.
//
// Each block adds 1 to it when all its threads have come; the first block adds what
// makes the sum of all blocks' 2^31. So the highest bit turns over when the last
// block comes, and the lower bits are zero again: every block waits until the bit
// differs from that of the word as it found it. Nothing is ever reset, neither
// between barriers nor between launches, and grids of different sizes may follow
// each other; the word is zero before the first launch. As in NVIDIA's cooperative
// groups (cooperative_groups/details/sync.h).
//
// What a block wrote before it arrived is seen by all blocks behind the barrier:
// fences at the scope of the device on both sides.
#include "dlc/ir.h"
#include "lowering/device/kernel.h"
#include "lowering/device/target.h"
#include "ods/gpu.h"

bool dlcDefineGridBarrier(MlirOperation kernels, const DlcDeviceTarget *target) {
  MlirContext ctx = mlirOperationGetContext(kernels);
  MlirAttribute one = mlirIntegerAttrGet(mlirIntegerTypeGet(ctx, 32), 1);
  dlcForEachOp(func, bodyOf(gpu_module_bodyRegion(kernels))) {
    if (gpu_func_isa(func) && target->alone && dlcKernelNumber(func, "blocks") >= 0)
      mlirOperationSetDiscardableAttributeByName(func, dlcText(target->alone), one);
  }
  MlirOperation declared = dlcLookupSymbol(kernels, DLC_GRID_BARRIER);
  if (!declared.ptr) return true;
  mlirContextGetOrLoadDialect(ctx, dlcText("nvvm"));
  mlirContextGetOrLoadDialect(ctx, dlcText("rocdl"));
  MlirOperation defined = mlirOperationCreateParse(ctx, dlcText(target->barrier), dlcText("grid barrier"));
  if (!defined.ptr) return false;
  mlirBlockInsertOwnedOperationBefore(mlirOperationGetBlock(declared), declared, defined);
  mlirOperationDestroy(declared);
  return true;
}
