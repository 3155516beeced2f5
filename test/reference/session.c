// See session.h.
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "compare.h"
#include "number.h"
#include "session.h"
#include "dlc/tools.h"
#include "frontends/onnx/onnx.h"

MlirContext refContextCreate(void) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  dlcRegisterEverything();
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextLoadAllAvailableDialects(ctx);
  mlirDialectRegistryDestroy(registry);
  return ctx;
}

MlirModule refModuleLoad(MlirContext ctx, const char *path, bool *refused) {
  const char *dot = strrchr(path, '.');
  MlirModule module = {0};
  *refused = false;
  if (!dot || strcmp(dot, ".onnx")) return mlirModuleCreateParseFromFile(ctx, mlirStringRefCreateFromCString(path));
  DlcImportStatus status = dlcImportOnnx(ctx, path, NULL, &module);
  *refused = status == DLC_IMPORT_REFUSED;
  return status == DLC_IMPORT_OK ? module : (MlirModule){0};
}

double refBoundOf(const DLTensor *want) {
  switch (number_dtype(want)) {
  case DLRT_FLOAT16:
    return 5e-3;
  case DLRT_BFLOAT16:
    return 2e-2;
  case DLRT_FLOAT32:
  case DLRT_FLOAT64:
    return 1e-4;
  default:
    return 0;
  }
}

double refDistance(const DLTensor *a, const DLTensor *b) {
  compare_report_t report;
  compare_tensors(a, b, 0, INFINITY, &report);
  return report.max_abs;
}

bool refCompare(const DLTensor *got, const DLTensor *want, double bound, double slack, double *error, char *why,
                size_t size) {
  dlrt_dtype_t dtype = number_dtype(want);
  const char *elements = (const char *)want->data + want->byte_offset;
  double largest = 0;
  for (int64_t i = 0, n = number_count(want); i < n; ++i) {
    double v = fabs(number_load(dtype, elements, i));
    if (isfinite(v) && v > largest) largest = v;
  }
  compare_report_t report;
  compare_tensors(got, want, 0, bound * largest + slack, &report);
  *error = largest > 0 ? report.max_abs / largest : report.max_abs;
  snprintf(why, size, "%s (error %.2e, allowed %.2e)", report.reason, *error, bound);
  return report.equal;
}
