// Imports ONNX models: a model file, or its bytes, becomes an MLIR module with
// one func.func @main of linalg, tensor, arith, math and ctrl on tensors.
//
// Each argument and result of @main carries dlc.name, dlc.dtype (signedness
// lives here, MLIR's integers are signless) and dlc.dims (symbolic names, "" for
// anonymous or static dimensions). Large constants are dense resources over
// memory that the MLIR context owns from then on.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "mlir-c/IR.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  DLC_IMPORT_OK,
  DLC_IMPORT_REFUSED, // a valid model that needs what the importer does not support
  DLC_IMPORT_INVALID, // no valid model, or it cannot be read
} DlcImportStatus;

typedef struct {
  const char *name; // of the module; NULL: the graph's own
  bool warnings;    // also emit warnings (ignored shape hints)
} DlcImportOptions;

// Reads the model at `path`. On success *out is owned by the caller; otherwise it is null, and exactly one error
// diagnostic, which names file and node, went to the context. `options` may be NULL. Not thread-safe per context.
DlcImportStatus dlcImportOnnx(MlirContext ctx, const char *path, const DlcImportOptions *options, MlirModule *out);

// The same from memory, which is not needed after the call. External data is looked for under `directory`; NULL
// refuses it. `path` is the name shown in diagnostics and locations.
DlcImportStatus dlcImportOnnxMemory(MlirContext ctx, const void *data, size_t size, const char *path,
                                    const char *directory, const DlcImportOptions *options, MlirModule *out);
#ifdef __cplusplus
}
#endif
