// What the programs of this folder share: a context, tensors in files, and how results are compared.
#pragma once
#include <stdbool.h>
#include "dlrt/dlrt.h"
#include "mlir-c/IR.h"

// Knows all dialects; single-threaded, so that the process may fork.
MlirContext refContextCreate(void);
// Reads a model: .onnx, else MLIR. Null: a diagnostic was emitted; refused: because the importer does not support the
// model.
MlirModule refModuleLoad(MlirContext ctx, const char *path, bool *refused);

// The largest max|got - want| / max|want| that a data type allows: 1e-4 for float32 and float64, 5e-3 for float16, 2e-2
// for bfloat16, 0 for integers.
double refBoundOf(const DLTensor *want);
// Compares by that measure, with `slack` more for each element (NaN and infinities must stand in the same places).
// error: what was found; false: `why` says what differs.
bool refCompare(const DLTensor *got, const DLTensor *want, double bound, double slack, double *error, char *why,
                size_t size);
// The largest |a - b| of two tensors of one shape and type, where both are finite.
double refDistance(const DLTensor *a, const DLTensor *b);
