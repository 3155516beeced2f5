// See dlc/diag.h. C++ because mlir-c can neither warn nor attach notes.
#include "dlc/diag.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/Diagnostics.h"
using namespace mlir;

struct DlcDiagnostic {
  InFlightDiagnostic diagnostic;
  bool isError;
};

extern "C" DlcDiagnostic *dlcDiagnosticBegin(int severity, MlirOperation op, MlirLocation loc, const char *text) {
  Operation *o = unwrap(op);
  auto begin = [&] {
    if (!o)
      return severity == 0   ? emitError(unwrap(loc))
             : severity == 1 ? emitWarning(unwrap(loc))
                             : emitRemark(unwrap(loc));
    return severity == 0 ? o->emitOpError() : severity == 1 ? o->emitWarning() : o->emitRemark();
  };
  auto *d = new DlcDiagnostic{begin(), severity == 0};
  // emitOpError puts the name itself; warnings and remarks get it here.
  if (o && severity != 0) d->diagnostic << "'" << o->getName() << "' op ";
  d->diagnostic << text;
  return d;
}
extern "C" void dlcDiagnosticNote(DlcDiagnostic *d, MlirLocation loc, const char *text) {
  d->diagnostic.attachNote(unwrap(loc)) << text;
}
MlirLogicalResult dlcReport(DlcDiagnostic *d) {
  bool isError = d->isError;
  d->diagnostic.report();
  delete d;
  return wrap(success(!isError));
}
