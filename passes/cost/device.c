// See passes/cost/device.h. One table says which entries there are, and what must be there; an entry that is in one of
// our maps and not in the table is refused, since a misspelt one would otherwise be a wrong figure.
#include "passes/cost/device.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"

const char *const dlcMemoryNames[DLC_MEMORIES] = {"register", "workgroup", "cluster", "l2", "l3", "global"};
const char *const dlcPrecisionNames[DLC_PRECISIONS] = {"f64", "f32", "tf32", "f16", "bf16", "i8"};
static const char specName[] = "dlti.target_system_spec";

typedef enum { INTEGER, REAL } Kind;
typedef struct {
  const char *key;
  Kind kind;
  bool required;
  size_t offset;
} Field;
static const Field deviceFields[] = {{"compute_units", INTEGER, true, offsetof(DlcDevice, units)},
                                     {"threads", INTEGER, true, offsetof(DlcDevice, threads)},
                                     {"warp", INTEGER, true, offsetof(DlcDevice, warp)},
                                     {"vector_bits", INTEGER, true, offsetof(DlcDevice, vectorBits)},
                                     {"registers", INTEGER, true, offsetof(DlcDevice, registers)},
                                     {"launch_seconds", REAL, true, offsetof(DlcDevice, launchSeconds)},
                                     {0}};
static const Field levelFields[] = {{"capacity", INTEGER, true, offsetof(DlcMemoryLevel, capacity)},
                                    {"instances", INTEGER, true, offsetof(DlcMemoryLevel, instances)},
                                    {"bandwidth", REAL, true, offsetof(DlcMemoryLevel, bandwidth)},
                                    {"unit_bandwidth", REAL, false, offsetof(DlcMemoryLevel, unitBandwidth)},
                                    {"read_transaction", INTEGER, false, offsetof(DlcMemoryLevel, readTransaction)},
                                    {"write_transaction", INTEGER, false, offsetof(DlcMemoryLevel, writeTransaction)},
                                    {"latency", REAL, false, offsetof(DlcMemoryLevel, latency)},
                                    {0}};

//===--- entries ---------------------------------------------------------------------------===//
static bool isText(MlirStringRef s, const char *text) {
  return s.length == strlen(text) && !memcmp(s.data, text, s.length);
}

static MlirAttribute find(MlirAttribute map, const char *key) {
  for (intptr_t i = 0; i < dlcDltiSize(map); ++i) {
    MlirStringRef name;
    MlirAttribute value = dlcDltiAt(map, i, &name);
    if (isText(name, key)) return value;
  }
  return (MlirAttribute){0};
}

static bool refuse(MlirOperation op, const char *where, const char *key, const char *what) {
  dlcError(op, "the device description: %s%s'%s' %s", where, *where ? " " : "", key, what);
  return false;
}

static bool readNumber(MlirOperation op, const char *where, const Field *field, MlirAttribute value, void *object) {
  void *at = (char *)object + field->offset;
  bool isInteger = !mlirAttributeIsNull(value) && mlirAttributeIsAInteger(value);
  bool isReal = !mlirAttributeIsNull(value) && mlirAttributeIsAFloat(value);
  if (field->kind == INTEGER && isInteger) {
    int64_t v = mlirIntegerAttrGetValueInt(value);
    *(int64_t *)at = v;
    return v > 0 ? true : refuse(op, where, field->key, "must be positive");
  }
  if (field->kind == INTEGER || (!isInteger && !isReal))
    return refuse(op, where, field->key, field->kind == INTEGER ? "must be an integer" : "must be a number");
  double v = isReal ? mlirFloatAttrGetValueDouble(value) : (double)mlirIntegerAttrGetValueInt(value);
  *(double *)at = v;
  return v > 0 && v < 1e300 ? true : refuse(op, where, field->key, "must be positive");
}

static bool readFields(MlirOperation op, const char *where, const Field *fields, MlirAttribute map, void *object) {
  for (; fields->key; ++fields) {
    MlirAttribute value = find(map, fields->key);
    if (mlirAttributeIsNull(value) && !fields->required) continue;
    if (mlirAttributeIsNull(value)) return refuse(op, where, fields->key, "is missing");
    if (!readNumber(op, where, fields, value, object)) return false;
  }
  return true;
}

static bool knowsField(const Field *fields, MlirStringRef key) {
  for (; fields->key; ++fields)
    if (isText(key, fields->key)) return true;
  return false;
}

static int indexOf(const char *const *names, int n, MlirStringRef key) {
  for (int i = 0; i < n; ++i)
    if (isText(key, names[i])) return i;
  return -1;
}

//===--- parts -----------------------------------------------------------------------------===//
static bool refuseUnknown(MlirOperation op, const char *where, MlirStringRef key) {
  dlcError(op, "the device description: '%s' has an unknown entry '%.*s'", where, (int)key.length, key.data);
  return false;
}

static bool readPeaks(MlirOperation op, const char *where, MlirAttribute map, double *peaks) {
  for (intptr_t i = 0; i < dlcDltiSize(map); ++i) {
    MlirStringRef key;
    MlirAttribute value = dlcDltiAt(map, i, &key);
    int k = indexOf(dlcPrecisionNames, DLC_PRECISIONS, key);
    if (k < 0) return refuseUnknown(op, where, key);
    if (!readNumber(op, where, &(Field){dlcPrecisionNames[k], REAL, true, 0}, value, &peaks[k])) return false;
  }
  return true;
}

static bool readLevel(MlirOperation op, const char *name, MlirAttribute map, int64_t units, DlcMemoryLevel *level) {
  *level = (DlcMemoryLevel){.present = true, .readTransaction = 1, .writeTransaction = 1};
  if (!dlcIsDlti(map)) return refuse(op, "", name, "must be a #dlti.map");
  for (intptr_t i = 0; i < dlcDltiSize(map); ++i) {
    MlirStringRef key;
    dlcDltiAt(map, i, &key);
    if (!knowsField(levelFields, key)) return refuseUnknown(op, name, key);
  }
  if (!readFields(op, name, levelFields, map, level)) return false;
  double share = level->bandwidth / (double)(level->instances < units ? level->instances : units);
  if (!(level->unitBandwidth > 0)) level->unitBandwidth = share;
  return true;
}

static bool readMemory(MlirOperation op, MlirAttribute map, DlcDevice *device) {
  for (intptr_t i = 0; i < dlcDltiSize(map); ++i) {
    MlirStringRef key;
    MlirAttribute value = dlcDltiAt(map, i, &key);
    int k = indexOf(dlcMemoryNames, DLC_MEMORIES, key);
    if (k < 0) return refuseUnknown(op, "memory", key);
    if (!readLevel(op, dlcMemoryNames[k], value, device->units, &device->memory[k])) return false;
  }
  static const DlcMemory needed[] = {DLC_REGISTER, DLC_WORKGROUP, DLC_GLOBAL};
  for (int i = 0; i < 3; ++i)
    if (!device->memory[needed[i]].present) return refuse(op, "memory", dlcMemoryNames[needed[i]], "is missing");
  return true;
}

static bool readSpec(MlirOperation op, MlirAttribute spec, DlcDevice *device) {
  *device = (DlcDevice){0};
  MlirAttribute name = find(spec, "name"), host = find(spec, "host"), vector = find(spec, "vector_peak"),
                memory = find(spec, "memory");
  if (mlirAttributeIsNull(name) || !mlirAttributeIsAString(name)) return refuse(op, "", "name", "must be a string");
  MlirStringRef text = mlirStringAttrGetValue(name);
  snprintf(device->name, sizeof device->name, "%.*s", (int)text.length, text.data);
  if (mlirAttributeIsNull(host) || !mlirAttributeIsABool(host)) return refuse(op, "", "host", "must be true or false");
  device->isHost = mlirBoolAttrGetValue(host);
  if (!readFields(op, "", deviceFields, spec, device)) return false;
  if (!dlcIsDlti(vector)) return refuse(op, "", "vector_peak", "must be a #dlti.map");
  if (!dlcIsDlti(memory)) return refuse(op, "", "memory", "must be a #dlti.map");
  if (!readPeaks(op, "vector_peak", vector, device->vectorPeak)) return false;
  if (!(device->vectorPeak[DLC_F32] > 0)) return refuse(op, "vector_peak", "f32", "is missing");
  MlirAttribute matrix = find(spec, "matrix_peak");
  if (!mlirAttributeIsNull(matrix) && (!dlcIsDlti(matrix) || !readPeaks(op, "matrix_peak", matrix, device->matrixPeak)))
    return dlcIsDlti(matrix) ? false : refuse(op, "", "matrix_peak", "must be a #dlti.map");
  return readMemory(op, memory, device);
}

MlirLogicalResult dlcDeviceRead(MlirOperation op, MlirAttribute spec, DlcDevice *device) {
  return readSpec(op, spec, device) ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}

//===--- where a description is ----------------------------------------------------------------===//
bool dlcDeviceAttached(MlirOperation op) {
  return !mlirAttributeIsNull(mlirOperationGetDiscardableAttributeByName(op, dlcText(specName)));
}

// The first device of a system that has "memory"; null: none has.
static MlirAttribute deviceIn(MlirAttribute system) {
  for (intptr_t i = 0; i < dlcDltiSize(system); ++i) {
    MlirStringRef key;
    MlirAttribute spec = dlcDltiAt(system, i, &key);
    if (!mlirAttributeIsNull(find(spec, "memory"))) return spec;
  }
  return (MlirAttribute){0};
}

// The description in text (file false) or in a file; the attribute outlives the module that carries it.
static MlirAttribute parseSystem(MlirContext ctx, const char *source, bool file) {
  MlirModule module =
      file ? mlirModuleCreateParseFromFile(ctx, dlcText(source)) : mlirModuleCreateParse(ctx, dlcText(source));
  if (mlirModuleIsNull(module)) return (MlirAttribute){0}; // a diagnostic says where
  MlirOperation op = mlirModuleGetOperation(module);
  MlirAttribute system = mlirOperationGetDiscardableAttributeByName(op, dlcText(specName));
  DlcDevice device;
  if (mlirAttributeIsNull(deviceIn(system)))
    dlcErrorAt(mlirOperationGetLocation(op), "%s has no device with 'memory' in a dlti.target_system_spec",
               file ? source : "it"),
        system = (MlirAttribute){0};
  else if (mlirLogicalResultIsFailure(dlcDeviceRead(op, deviceIn(system), &device)))
    system = (MlirAttribute){0};
  mlirModuleDestroy(module);
  return system;
}

static const char *builtIn(const char *name) {
  for (const DlcDeviceText *t = dlcDeviceTexts; t->name; ++t)
    if (!strcmp(t->name, name)) return t->text;
  return NULL;
}

MlirLogicalResult dlcDeviceOf(MlirOperation op, DlcDevice *device) {
  for (MlirOperation at = op; at.ptr; at = mlirOperationGetParentOperation(at)) {
    MlirAttribute spec = deviceIn(mlirOperationGetDiscardableAttributeByName(at, dlcText(specName)));
    if (!mlirAttributeIsNull(spec)) return dlcDeviceRead(at, spec, device);
  }
  MlirAttribute system = parseSystem(mlirOperationGetContext(op), builtIn(DLC_DEFAULT_DEVICE), false);
  return mlirAttributeIsNull(system) ? mlirLogicalResultFailure() : dlcDeviceRead(op, deviceIn(system), device);
}

MlirLogicalResult dlcDeviceAttach(MlirOperation op, const char *name) {
  size_t n = strlen(name);
  bool isFile = strchr(name, '/') || (n > 5 && !strcmp(name + n - 5, ".mlir"));
  const char *text = isFile ? name : builtIn(name);
  if (!text) {
    char known[256] = "";
    for (const DlcDeviceText *t = dlcDeviceTexts; t->name; ++t)
      snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", *known ? ", " : "", t->name);
    return dlcErrorAt(mlirOperationGetLocation(op), "unknown device '%s'; known are %s, and files that end in .mlir",
                      name, known);
  }
  MlirAttribute system = parseSystem(mlirOperationGetContext(op), text, isFile);
  if (mlirAttributeIsNull(system)) return mlirLogicalResultFailure();
  mlirOperationSetDiscardableAttributeByName(op, dlcText(specName), system);
  return mlirLogicalResultSuccess();
}

//===--- questions --------------------------------------------------------------------------===//
double dlcDevicePeak(const DlcDevice *device, MlirType element, bool matrix) {
  DlcPrecision p = mlirTypeIsAF64(element)                                                ? DLC_F64
                   : mlirTypeIsAF16(element)                                              ? DLC_F16
                   : mlirTypeIsABF16(element)                                             ? DLC_BF16
                   : mlirTypeIsAInteger(element) && mlirIntegerTypeGetWidth(element) <= 8 ? DLC_I8
                                                                                          : DLC_F32;
  double peak = matrix ? device->matrixPeak[p] : 0;
  if (device->vectorPeak[p] > peak) peak = device->vectorPeak[p];
  return peak > 0 ? peak : device->vectorPeak[DLC_F32];
}
