// The linker as a child process.
#pragma once
#include <stddef.h>
#include "mlir-c/IR.h"
#include "mlir-c/Support.h"

// Runs ld.lld ($DLC_LLD, else LLVM's own, else the one on PATH); args[0] is its name, the last is NULL. What it prints
// goes to `log`, which is removed. Failure: one diagnostic on op.
MlirLogicalResult dlcRunLinker(MlirOperation op, const char *const *args, const char *log);

// ld.lld -shared of one object in memory. *bytes is owned by the caller. Failure: one diagnostic on op, with what the
// linker said.
MlirLogicalResult dlcLinkDeviceObject(MlirOperation op, const char *object, size_t size, char **bytes, size_t *length);
