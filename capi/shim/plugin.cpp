// libdlc.so as a plugin of a stock mlir-opt:
//   mlir-opt-22 --load-dialect-plugin=libdlc.so --load-pass-plugin=libdlc.so --pass-pipeline=...
#include "Dialects.h"
#include "dlc/pass.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
using namespace mlir;

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "dlc", "0.1", dlcRegisterAllPasses};
}
extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "dlc", "0.1", [](DialectRegistry *r) { dlcInsertOurDialects(*r); }};
}
