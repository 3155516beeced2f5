// The program's metadata: JSON as runtime/include/dlrt/abi.h shows it.
#pragma once
#include "dlc/text.h"
#include "mlir-c/IR.h"

// `"inputs": [..], "outputs": [..]` of main, from its types and the attributes dlc.name, dlc.dtype and dlc.dims of its
// arguments and results. Owned; NULL: a diagnostic was emitted.
char *dlcHostDescribeInterface(MlirOperation function);
// All of it, after ctrl-to-host.
void dlcHostDescribeProgram(DlcText *t, MlirOperation module, MlirStringRef name, MlirStringRef target,
                            MlirStringRef features);
