// Diagnostics: errors, warnings, remarks, and notes that go with them.
//
//   return dlcError(op, "needs %d sizes, has %d", want, have);      // 'place.alloc' op needs ...
//
//   DlcDiagnostic *d = dlcErrorBegin(op, "keeps operand #%d, which changes in the loop", i);
//   dlcNote(d, mlirOperationGetLocation(loop), "this loop");
//   return dlcReport(d);                                            // failure; d is gone
//
// Text is truncated at 512 bytes. Thread-safe as MLIR's own diagnostics are.
#pragma once
#include <stdbool.h>
#include "mlir-c/IR.h"
#include "mlir-c/Support.h"
#ifdef __cplusplus
extern "C" {
#endif
#define DLC_PRINTF(text, first) __attribute__((format(printf, text, first)))

typedef struct DlcDiagnostic DlcDiagnostic;

// On op's location, with the op's name before the text.
MlirLogicalResult dlcError(MlirOperation op, const char *format, ...) DLC_PRINTF(2, 3); // always failure
void dlcWarn(MlirOperation op, const char *format, ...) DLC_PRINTF(2, 3);
void dlcRemark(MlirOperation op, const char *format, ...) DLC_PRINTF(2, 3);
// On a location, without a name.
MlirLogicalResult dlcErrorAt(MlirLocation loc, const char *format, ...) DLC_PRINTF(2, 3); // always failure

// In two steps, to add notes. Every one that is begun must be reported.
DlcDiagnostic *dlcErrorBegin(MlirOperation op, const char *format, ...) DLC_PRINTF(2, 3);
DlcDiagnostic *dlcWarnBegin(MlirOperation op, const char *format, ...) DLC_PRINTF(2, 3);
DlcDiagnostic *dlcRemarkBegin(MlirOperation op, const char *format, ...) DLC_PRINTF(2, 3);
void dlcNote(DlcDiagnostic *d, MlirLocation loc, const char *format, ...) DLC_PRINTF(3, 4);
MlirLogicalResult dlcReport(DlcDiagnostic *d); // failure for an error, success for a warning

// Why an attribute is refused: its verifier has no place to report to.
typedef struct {
  char text[256];
} DlcMessage;
bool dlcExplain(DlcMessage *why, const char *format, ...) DLC_PRINTF(2, 3); // always false

// As text, for messages: dlcShowType(t).text lives to the end of the statement.
typedef struct {
  char text[160];
} DlcShown;
DlcShown dlcShowType(MlirType type);
DlcShown dlcShowAttribute(MlirAttribute attribute);
#ifdef __cplusplus
}
#endif
