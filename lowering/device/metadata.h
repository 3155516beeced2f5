// What a launcher must know of kernels, as JSON: see DlcDeviceImage.
#pragma once
#include "mlir-c/IR.h"

char *dlcDescribeKernels(MlirOperation kernels, const char *target, const char *chip); // free() by the caller
