// See lowering/host/metadata.h.
#include "lowering/host/metadata.h"
#include <stdio.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/ir.h"
#include "ods/func.h"

// The dtype of an element type; integers are taken as signed, since MLIR's have no sign.
static const char *dtypeOf(MlirType t) {
  if (mlirTypeIsAF16(t)) return "float16";
  if (mlirTypeIsABF16(t)) return "bfloat16";
  if (mlirTypeIsAF32(t)) return "float32";
  if (mlirTypeIsAF64(t)) return "float64";
  if (mlirTypeIsAIndex(t)) return "int64";
  if (!mlirTypeIsAInteger(t)) return NULL;
  switch (mlirIntegerTypeGetWidth(t)) {
  case 1:
    return "bool";
  case 8:
    return "int8";
  case 16:
    return "int16";
  case 32:
    return "int32";
  case 64:
    return "int64";
  default:
    return NULL;
  }
}

static MlirAttribute entryOf(MlirAttribute attrs, intptr_t i, const char *name) {
  if (mlirAttributeIsNull(attrs) || !mlirAttributeIsAArray(attrs) || i >= mlirArrayAttrGetNumElements(attrs))
    return (MlirAttribute){0};
  return mlirDictionaryAttrGetElementByName(mlirArrayAttrGetElement(attrs, i), dlcText(name));
}

static MlirStringRef stringOr(MlirAttribute a, const char *otherwise) {
  return mlirAttributeIsNull(a) || !mlirAttributeIsAString(a) ? dlcText(otherwise) : mlirStringAttrGetValue(a);
}

static bool describeTensor(DlcText *t, MlirOperation function, MlirType type, MlirAttribute attrs, intptr_t i,
                           const char *kind) {
  const char *dtype = mlirTypeIsAShaped(type) ? dtypeOf(mlirShapedTypeGetElementType(type)) : NULL;
  if (!dtype || !mlirShapedTypeHasRank(type)) {
    mlirEmitError(mlirOperationGetLocation(function),
                  "main has an input or output of a type that programs do not take");
    return false;
  }
  char name[32];
  snprintf(name, sizeof name, "%s%td", kind, i);
  dlcTextPrint(t, "%s{\"name\": ", i ? ", " : "");
  dlcTextJson(t, stringOr(entryOf(attrs, i, "dlc.name"), name));
  dlcTextPrint(t, ", \"dtype\": ");
  dlcTextJson(t, stringOr(entryOf(attrs, i, "dlc.dtype"), dtype));
  dlcTextPrint(t, ", \"shape\": [");
  intptr_t rank = mlirShapedTypeGetRank(type);
  for (intptr_t d = 0; d < rank; ++d)
    if (mlirShapedTypeIsDynamicDim(type, d))
      dlcTextPrint(t, "%snull", d ? ", " : "");
    else
      dlcTextPrint(t, "%s%lld", d ? ", " : "", (long long)mlirShapedTypeGetDimSize(type, d));
  dlcTextPrint(t, "], \"dim_names\": [");
  MlirAttribute dims = entryOf(attrs, i, "dlc.dims");
  for (intptr_t d = 0; d < rank; ++d) {
    bool named = !mlirAttributeIsNull(dims) && mlirAttributeIsAArray(dims) && d < mlirArrayAttrGetNumElements(dims);
    MlirStringRef s = named ? stringOr(mlirArrayAttrGetElement(dims, d), "") : (MlirStringRef){0};
    dlcTextPrint(t, "%s", d ? ", " : "");
    if (s.length)
      dlcTextJson(t, s);
    else
      dlcTextPrint(t, "null");
  }
  dlcTextPrint(t, "]}");
  return true;
}

char *dlcHostDescribeInterface(MlirOperation function) {
  DlcText t = {0};
  MlirType type = func_func_function_type(function);
  bool ok = true;
  dlcTextPrint(&t, "\"inputs\": [");
  for (intptr_t i = 0; ok && i < mlirFunctionTypeGetNumInputs(type); ++i)
    ok = describeTensor(&t, function, mlirFunctionTypeGetInput(type, i), func_func_arg_attrs(function), i, "input_");
  dlcTextPrint(&t, "], \"outputs\": [");
  for (intptr_t i = 0; ok && i < mlirFunctionTypeGetNumResults(type); ++i)
    ok = describeTensor(&t, function, mlirFunctionTypeGetResult(type, i), func_func_res_attrs(function), i, "output_");
  dlcTextPrint(&t, "]");
  if (ok) return t.data;
  dlcTextDestroy(&t);
  return NULL;
}

static int64_t numberOf(MlirOperation module, const char *name) {
  MlirAttribute a = mlirOperationGetDiscardableAttributeByName(module, dlcText(name));
  return mlirAttributeIsNull(a) ? 0 : mlirIntegerAttrGetValueInt(a);
}

void dlcHostDescribeProgram(DlcText *t, MlirOperation module, MlirStringRef name, MlirStringRef target,
                            MlirStringRef features) {
  dlcTextPrint(t, "{\"format\": 1, \"name\": ");
  dlcTextJson(t, name);
  dlcTextPrint(t, ", \"producer\": \"dlc 0.1\", \"target\": ");
  dlcTextJson(t, target);
  dlcTextPrint(t, ", \"cpu_features\": [");
  for (size_t from = 0, n = 0; from < features.length; ++n) {
    const char *comma = memchr(features.data + from, ',', features.length - from);
    size_t length = comma ? (size_t)(comma - features.data) - from : features.length - from;
    dlcTextPrint(t, "%s", n ? ", " : "");
    dlcTextJson(t, mlirStringRefCreate(features.data + from, length));
    from += length + 1;
  }
  MlirStringRef interface = stringOr(mlirOperationGetDiscardableAttributeByName(module, dlcText("dlc.interface")),
                                     "\"inputs\": [], \"outputs\": []");
  MlirStringRef tasks = stringOr(mlirOperationGetDiscardableAttributeByName(module, dlcText("dlc.tasks")), "");
  dlcTextPrint(t, "], %.*s, \"arena_bytes\": %lld, \"scratch_bytes\": %lld, \"weight_bytes\": %lld, \"tasks\": [%.*s]}",
               (int)interface.length, interface.data, (long long)numberOf(module, "dlc.arena_bytes"),
               (long long)numberOf(module, "dlc.scratch_bytes"), (long long)numberOf(module, "dlc.weight_bytes"),
               (int)tasks.length, tasks.data);
}
