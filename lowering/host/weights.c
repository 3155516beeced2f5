// The constants of a program as one file: see lowering/host/emit.h.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dlc/ir.h"
#include "lowering/device/kernel.h"
#include "lowering/host/emit.h"
#include "ods/memref.h"

typedef struct {
  FILE *file;
  int64_t at;
  bool ok;
} Writer;
static void take(const void *bytes, size_t n, void *data) {
  Writer *w = data;
  w->ok = w->ok && fwrite(bytes, 1, n, w->file) == n;
  w->at += (int64_t)n;
}

static bool padTo(Writer *w, int64_t offset) {
  static const char zeros[64];
  while (w->ok && w->at < offset) take(zeros, (size_t)(offset - w->at < 64 ? offset - w->at : 64), w);
  return w->ok && w->at == offset;
}

typedef struct {
  int64_t offset;
  MlirOperation global;
} Placed;
static int byOffset(const void *x, const void *y) {
  const Placed *a = x, *b = y;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static MlirLogicalResult writeAll(Writer *w, const Placed *placed, intptr_t n, const char *path) {
  for (intptr_t i = 0; i < n; ++i) {
    MlirAttribute value = memref_global_initial_value(placed[i].global);
    if (!padTo(w, placed[i].offset) || (!mlirAttributeIsNull(value) && !dlcForConstantBytes(value, take, w)) || !w->ok)
      return dlcRefuse(placed[i].global, w->ok ? "the value of this constant cannot be read" : "cannot write %s: %s",
                       path, strerror(errno)),
             mlirLogicalResultFailure();
  }
  return mlirLogicalResultSuccess();
}

MlirLogicalResult dlcHostTakeWeights(MlirOperation module, const char *path, int64_t *bytes) {
  DlcOps globals = dlcCollect(module, memref_global_isa);
  Placed *placed = calloc((size_t)globals.n + 1, sizeof *placed);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  intptr_t n = 0;
  for (intptr_t i = 0; i < globals.n; ++i) {
    MlirAttribute offset = mlirOperationGetDiscardableAttributeByName(globals.data[i], dlcText("dlc.offset"));
    if (!mlirAttributeIsNull(offset)) placed[n++] = (Placed){mlirIntegerAttrGetValueInt(offset), globals.data[i]};
  }
  qsort(placed, (size_t)n, sizeof *placed, byOffset);
  *bytes = 0;
  if (n) {
    Writer w = {.file = fopen(path, "wb"), .ok = true};
    if (!w.file)
      result = (dlcRefuse(module, "cannot write %s: %s", path, strerror(errno)), mlirLogicalResultFailure());
    else {
      result = writeAll(&w, placed, n, path);
      if (fclose(w.file) && mlirLogicalResultIsSuccess(result))
        result = (dlcRefuse(module, "cannot write %s: %s", path, strerror(errno)), mlirLogicalResultFailure());
      if (mlirLogicalResultIsFailure(result)) unlink(path);
    }
    *bytes = w.at;
  }
  for (intptr_t i = 0; i < globals.n; ++i) mlirOperationDestroy(globals.data[i]);
  free(placed), free(globals.data);
  return result;
}
