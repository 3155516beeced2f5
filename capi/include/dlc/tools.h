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
// Likewise out of MLIR: the callback may change the module, and writes its output through write(bytes, sink). Failure:
// after a diagnostic.
typedef MlirLogicalResult (*DlcFromMlir)(MlirOperation module, MlirStringCallback write, void *sink);
void dlcRegisterFromMlirTranslation(const char *name, const char *description, DlcFromMlir callback);
// An option --NAME=VALUE of dl-translate. Its value, once the command line is read, lives to the end; null: no such
// option.
void dlcRegisterTranslateOption(const char *name, const char *help, const char *initial);
const char *dlcTranslateOption(const char *name);
int dlcOptMain(int argc, char **argv);
int dlcTranslateMain(int argc, char **argv);
int dlcLspServerMain(int argc, char **argv);
int dlcReduceMain(int argc, char **argv);
#ifdef __cplusplus
}
#endif
