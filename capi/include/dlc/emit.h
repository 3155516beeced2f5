// Code from LLVM modules, where llvm-c does not do.
#pragma once
#include <stdbool.h>
#include "llvm-c/TargetMachine.h"
#ifdef __cplusplus
extern "C" {
#endif
// LLVMTargetMachineEmitToFile, which ends the process when the file cannot be written to its end (a full disk). False:
// *message, to be freed with LLVMDisposeMessage, says why; part of the file may be there.
bool dlcEmitToFile(LLVMTargetMachineRef machine, LLVMModuleRef module, LLVMCodeGenFileType type, const char *path,
                   char **message);
#ifdef __cplusplus
}
#endif
