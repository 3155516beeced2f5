// Entry points of the tools, and what they have in common.
#pragma once
#include "mlir-c/IR.h"
#ifdef __cplusplus
extern "C" {
#endif
// All of upstream's dialects, extensions and translations, and ctrl, tile, place.
void dlcInsertAllDialects(MlirDialectRegistry registry);
// Upstream's passes and ours.
void dlcRegisterEverything(void);
int dlcOptMain(int argc, char **argv);
int dlcTranslateMain(int argc, char **argv);
int dlcLspServerMain(int argc, char **argv);
int dlcReduceMain(int argc, char **argv);
#ifdef __cplusplus
}
#endif
