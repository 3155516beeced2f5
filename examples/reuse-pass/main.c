// A small compiler of its own that borrows one pass of DLC: it reads MLIR, fuses
// elementwise linalg ops with tile-fuse-elementwise, and says what came of it.
//
//   reuse-pass program.mlir
#include <stdio.h>
#include <stdlib.h>
#include "dlc/pass.h"
#include "dlc/tools.h"
#include "ods/linalg.h"

static char *readFile(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *text = calloc(1, 1 << 20);
  size_t n = fread(text, 1, (1 << 20) - 1, f);
  fclose(f);
  return n ? text : (free(text), NULL);
}

static intptr_t countGenerics(MlirOperation root) {
  DlcOps ops = dlcCollect(root, linalg_generic_isa); // the generated `isa` is the predicate
  free(ops.data);
  return ops.n;
}

int main(int argc, char **argv) {
  char *text = argc == 2 ? readFile(argv[1]) : NULL;
  if (!text) return fprintf(stderr, "reuse-pass: give the path of a program in MLIR\n"), 2;

  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  dlcRegisterAllPasses();
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  MlirModule module = mlirModuleCreateParse(ctx, mlirStringRefCreateFromCString(text));
  int status = 1;
  if (!mlirModuleIsNull(module)) {
    MlirOperation root = mlirModuleGetOperation(module);
    intptr_t before = countGenerics(root);
    if (dlcRunPipeline(root, "builtin.module(func.func(tile-fuse-elementwise))")) {
      printf("%d linalg.generic before, %d after\n", (int)before, (int)countGenerics(root));
      status = 0;
    }
    mlirModuleDestroy(module);
  }
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  free(text);
  return status;
}
