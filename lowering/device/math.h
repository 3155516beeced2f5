// Mathematics without a device library: what is left is arithmetic and what the
// backends select natively.
#pragma once
#include "mlir-c/IR.h"
#include "mlir-c/Support.h"

// Under gpu.module. Failure: one diagnostic, on the op that has no form on devices.
MlirLogicalResult dlcLowerDeviceMath(MlirOperation kernels);
