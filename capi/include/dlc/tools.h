// Entry points of the tools, and what they have in common.
#pragma once
#include <stddef.h>
#include "mlir-c/IR.h"
#ifdef __cplusplus
extern "C" {
#endif
// All of upstream's dialects, extensions and translations, and ctrl, tile, place.
void dlcInsertAllDialects(MlirDialectRegistry registry);
// Upstream's passes and ours.
void dlcRegisterEverything(void);
// Adds a translation into MLIR to dl-translate: the callback gets the input's bytes and file name, and returns an owned
// module, or null after a diagnostic. Before dlcTranslateMain.
typedef MlirOperation (*DlcToMlir)(MlirContext ctx, const void *data, size_t size, const char *name);
void dlcRegisterToMlirTranslation(const char *name, const char *description, DlcToMlir callback);
int dlcOptMain(int argc, char **argv);
int dlcTranslateMain(int argc, char **argv);
int dlcLspServerMain(int argc, char **argv);
int dlcReduceMain(int argc, char **argv);
#ifdef __cplusplus
}
#endif
