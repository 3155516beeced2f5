// Fresh tensors: what holds no data of the program, only constants that are cheap to
// write again. A tensor.empty; a fill of a fresh tensor, as linalg.fill or as a
// ctrl.task that reads no tensor; a fresh tensor inserted into another.
#pragma once
#include "dlc/builder.h"

// Whether the op is of a kind that a fresh tensor is made by; its operands may not be.
bool dlcMakesFresh(MlirOperation op);
// The ops that make fresh tensors, in program order. free(ops.data).
DlcOps dlcCollectFresh(MlirOperation root);
