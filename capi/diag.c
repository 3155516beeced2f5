// See dlc/diag.h.
#include "dlc/diag.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { maxText = 512 };
// The shim: severity 0 error, 1 warning, 2 remark. A null op means `loc` alone.
DlcDiagnostic *dlcDiagnosticBegin(int severity, MlirOperation op, MlirLocation loc, const char *text);
void dlcDiagnosticNote(DlcDiagnostic *d, MlirLocation loc, const char *text);

#define FORMAT(text, format)                                                                                           \
  char text[maxText];                                                                                                  \
  va_list arguments;                                                                                                   \
  va_start(arguments, format);                                                                                         \
  vsnprintf(text, sizeof text, format, arguments);                                                                     \
  va_end(arguments)

MlirLogicalResult dlcError(MlirOperation op, const char *format, ...) {
  FORMAT(text, format);
  return dlcReport(dlcDiagnosticBegin(0, op, mlirOperationGetLocation(op), text));
}
void dlcWarn(MlirOperation op, const char *format, ...) {
  FORMAT(text, format);
  (void)dlcReport(dlcDiagnosticBegin(1, op, mlirOperationGetLocation(op), text));
}
void dlcRemark(MlirOperation op, const char *format, ...) {
  FORMAT(text, format);
  (void)dlcReport(dlcDiagnosticBegin(2, op, mlirOperationGetLocation(op), text));
}
MlirLogicalResult dlcErrorAt(MlirLocation loc, const char *format, ...) {
  FORMAT(text, format);
  return dlcReport(dlcDiagnosticBegin(0, (MlirOperation){0}, loc, text));
}
DlcDiagnostic *dlcErrorBegin(MlirOperation op, const char *format, ...) {
  FORMAT(text, format);
  return dlcDiagnosticBegin(0, op, mlirOperationGetLocation(op), text);
}
DlcDiagnostic *dlcWarnBegin(MlirOperation op, const char *format, ...) {
  FORMAT(text, format);
  return dlcDiagnosticBegin(1, op, mlirOperationGetLocation(op), text);
}
DlcDiagnostic *dlcRemarkBegin(MlirOperation op, const char *format, ...) {
  FORMAT(text, format);
  return dlcDiagnosticBegin(2, op, mlirOperationGetLocation(op), text);
}
void dlcNote(DlcDiagnostic *d, MlirLocation loc, const char *format, ...) {
  FORMAT(text, format);
  dlcDiagnosticNote(d, loc, text);
}
bool dlcExplain(DlcMessage *why, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why->text, sizeof why->text, format, arguments);
  va_end(arguments);
  return false;
}

static void append(MlirStringRef piece, void *data) {
  DlcShown *shown = data;
  size_t used = strlen(shown->text), room = sizeof shown->text - 1 - used;
  memcpy(shown->text + used, piece.data, piece.length < room ? piece.length : room);
}
DlcShown dlcShowType(MlirType type) {
  DlcShown shown = {0};
  mlirTypePrint(type, append, &shown);
  return shown;
}
DlcShown dlcShowAttribute(MlirAttribute attribute) {
  DlcShown shown = {0};
  mlirAttributePrint(attribute, append, &shown);
  return shown;
}
