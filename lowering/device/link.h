// The linker as a child process.
#pragma once
#include <stddef.h>
#include "mlir-c/IR.h"
#include "mlir-c/Support.h"

// ld.lld -shared of one object in memory. *bytes is owned by the caller. Failure: one diagnostic on op, with what the
// linker said.
MlirLogicalResult dlcLinkDeviceObject(MlirOperation op, const char *object, size_t size, char **bytes, size_t *length);
