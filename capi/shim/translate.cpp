// Registers a translation of dl-translate whose work is a C callback: see dlc/tools.h.
#include "dlc/tools.h"
#include "mlir/CAPI/IR.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"
using namespace mlir;

void dlcRegisterToMlirTranslation(const char *name, const char *description, DlcToMlir callback) {
  TranslateToMLIRRegistration unused(
      name, description,
      [callback](llvm::SourceMgr &sources, MLIRContext *ctx) -> OwningOpRef<Operation *> {
        const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
        MlirOperation op = callback(wrap(ctx), buffer->getBufferStart(), buffer->getBufferSize(), buffer->getBufferIdentifier().str().c_str());
        return OwningOpRef<Operation *>(unwrap(op));
      },
      [](DialectRegistry &registry) { dlcInsertAllDialects(wrap(&registry)); });
}
