// The mains of upstream's tools, with our dialects and passes: see dlc/tools.h.
#include "dlc/tools.h"
#include "Dialects.h"
#include "dlc/pass.h"
#include "mlir/CAPI/IR.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "llvm/ADT/STLExtras.h"
using namespace mlir;

static void insertAll(DialectRegistry &r) {
  registerAllDialects(r);
  registerAllExtensions(r);
  dlcInsertOurDialects(r);
}
void dlcInsertAllDialects(MlirDialectRegistry registry) { insertAll(*unwrap(registry)); }
void dlcRegisterEverything(void) {
  registerAllPasses();
  dlcRegisterAllPasses();
}
int dlcOptMain(int argc, char **argv) {
  dlcRegisterEverything();
  DialectRegistry r;
  insertAll(r);
  int status = asMainReturnCode(MlirOptMain(argc, argv, "dl-opt: the DLC optimizer driver\n", r));
  // MlirOptMain has destroyed the options: the command line has to say it.
  auto asks = [](StringRef argument) { return argument.ltrim('-') == "mlir-pass-statistics"; };
  if (llvm::any_of(ArrayRef(argv, argc), asks)) dlcPrintStatistics(stderr);
  return status;
}
int dlcTranslateMain(int argc, char **argv) {
  registerAllTranslations();
  return asMainReturnCode(mlirTranslateMain(argc, argv, "dl-translate: imports models, exports code\n"));
}
int dlcLspServerMain(int argc, char **argv) {
  DialectRegistry r;
  insertAll(r);
  return asMainReturnCode(MlirLspServerMain(argc, argv, r));
}
int dlcReduceMain(int argc, char **argv) {
  dlcRegisterEverything();
  DialectRegistry r;
  insertAll(r);
  MLIRContext ctx(r);
  return asMainReturnCode(mlirReduceMain(argc, argv, ctx));
}
