// Registers translations of dl-translate whose work is a C callback, and their options: see dlc/tools.h.
#include "dlc/tools.h"
#include "mlir/CAPI/IR.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include <memory>
using namespace mlir;

void dlcRegisterToMlirTranslation(const char *name, const char *description, DlcToMlir callback) {
  TranslateToMLIRRegistration unused(
      name, description,
      [callback](llvm::SourceMgr &sources, MLIRContext *ctx) -> OwningOpRef<Operation *> {
        const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
        MlirOperation op = callback(wrap(ctx), buffer->getBufferStart(), buffer->getBufferSize(),
                                    buffer->getBufferIdentifier().str().c_str());
        return OwningOpRef<Operation *>(unwrap(op));
      },
      [](DialectRegistry &registry) { dlcInsertAllDialects(wrap(&registry)); });
}

void dlcRegisterFromMlirTranslation(const char *name, const char *description, DlcFromMlir callback) {
  TranslateFromMLIRRegistration unused(
      name, description,
      [callback](Operation *module, llvm::raw_ostream &out) -> LogicalResult {
        MlirStringCallback write = [](MlirStringRef text, void *data) {
          static_cast<llvm::raw_ostream *>(data)->write(text.data, text.length);
        };
        return success(mlirLogicalResultIsSuccess(callback(wrap(module), write, &out)));
      },
      [](DialectRegistry &registry) { dlcInsertAllDialects(wrap(&registry)); });
}

using Option = llvm::cl::opt<std::string>;
static llvm::StringMap<std::unique_ptr<Option>> &options() {
  static llvm::StringMap<std::unique_ptr<Option>> all;
  return all;
}
void dlcRegisterTranslateOption(const char *name, const char *help, const char *initial) {
  options()[name] =
      std::make_unique<Option>(llvm::StringRef(name), llvm::cl::desc(help), llvm::cl::init(std::string(initial)));
}
const char *dlcTranslateOption(const char *name) {
  auto it = options().find(name);
  return it == options().end() ? nullptr : it->second->c_str();
}
