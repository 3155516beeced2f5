// libFuzzer target: text with our dialects into MLIR's parser, then the verifier,
// the printer and the parser again. Bad text is a diagnostic, never a crash; what
// verifies prints as text that parses. Built with -DDLC_FUZZ=ON:
//   python3 test/fuzz/seeds.py corpus
//   ASAN_OPTIONS=detect_leaks=0 build-fuzz/test/bin/fuzz-opt-parser -dict=test/fuzz/opt_parser.dict corpus
// (Leaks: what MLIR's context keeps for its life is no leak, and libFuzzer asks after every input.)
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/tools.h"
#include "mlir-c/Diagnostics.h"
#include "mlir-c/IR.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static MlirLogicalResult ignore(MlirDiagnostic diagnostic, void *data) {
  (void)diagnostic, (void)data;
  return mlirLogicalResultSuccess();
}
typedef struct {
  char *text;
  size_t n, capacity;
} Text;
static void append(MlirStringRef piece, void *data) {
  Text *t = data;
  if (t->n + piece.length + 1 > t->capacity) t->text = realloc(t->text, t->capacity = 2 * (t->n + piece.length) + 64);
  memcpy(t->text + t->n, piece.data, piece.length);
  t->text[t->n += piece.length] = 0;
}

// Crashes of MLIR 22 itself that no code of ours is part of are left out:
// - linalg.reduce and its kin take dimensions that are no array: a null attribute, in NamedAttrList::set;
// - array<index: 1>, or of an alias: the width of what is no number is asked for, in Parser::parseDenseArrayAttr.
static const char *skipBlanks(const char *text) { return text + strspn(text, " \t\r\n"); }
static bool isExcluded(const char *text) {
  if (strstr(text, "dimensions")) return true;
  for (const char *array = text; (array = strstr(array, "array"));) {
    array = skipBlanks(array + strlen("array"));
    if (*array != '<') continue;
    array = skipBlanks(array + 1);
    if (!strncmp(array, "index", strlen("index")) || !strchr("ifb", *array)) return true;
  }
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static MlirContext ctx;
  if (!ctx.ptr) {
    MlirDialectRegistry registry = mlirDialectRegistryCreate();
    dlcInsertAllDialects(registry);
    ctx = mlirContextCreateWithRegistry(registry, false);
    mlirContextAttachDiagnosticHandler(ctx, ignore, NULL, NULL);
  }
  Text input = {0}, output = {0};
  append((MlirStringRef){(const char *)data, size}, &input);
  if (strlen(input.text) == size && !isExcluded(input.text)) {
    MlirModule module = mlirModuleCreateParse(ctx, (MlirStringRef){input.text, input.n});
    if (!mlirModuleIsNull(module)) {
      mlirOperationPrint(mlirModuleGetOperation(module), append, &output);
      MlirModule again = mlirModuleCreateParse(ctx, (MlirStringRef){output.text, output.n});
      if (mlirModuleIsNull(again)) {
        fprintf(stderr, "what was printed does not parse:\n%s\n", output.text);
        abort();
      }
      mlirModuleDestroy(again);
      mlirModuleDestroy(module);
    }
  }
  free(input.text);
  free(output.text);
  return 0;
}
