// What the cost model knows of a device, read from a DLTI description
// (devices/README.md says what each entry means). A new device is data: a file.
#pragma once
#include "dlc/builder.h"

// Where bytes can be, nearest to the units first. Those of #tile.level, and l3, which is only a cache.
typedef enum { DLC_REGISTER, DLC_WORKGROUP, DLC_CLUSTER, DLC_L2, DLC_L3, DLC_GLOBAL, DLC_MEMORIES } DlcMemory;
typedef enum { DLC_F64, DLC_F32, DLC_TF32, DLC_F16, DLC_BF16, DLC_I8, DLC_PRECISIONS } DlcPrecision;
extern const char *const dlcMemoryNames[DLC_MEMORIES];
extern const char *const dlcPrecisionNames[DLC_PRECISIONS];

typedef struct {
  bool present;
  int64_t capacity, instances;               // bytes of one instance
  double bandwidth, unitBandwidth;           // bytes/s of all instances; of what one unit can get
  int64_t readTransaction, writeTransaction; // bytes
  double latency;                            // seconds
} DlcMemoryLevel;

typedef struct {
  char name[64];
  bool isHost;
  int64_t units, threads, warp, vectorBits, registers;
  double vectorPeak[DLC_PRECISIONS], matrixPeak[DLC_PRECISIONS]; // operations/s of the device; 0: it has none
  double launchSeconds;
  DlcMemoryLevel memory[DLC_MEMORIES];
} DlcDevice;

// The device that describes op: the first of the nearest dlti.target_system_spec at op or around it that has "memory".
// Without one: DLC_DEFAULT_DEVICE, for which dlti must be loaded (a dependentDialect of the pass). Failure: one
// diagnostic, on the op that carries the description; *device is then not to be used.
#define DLC_DEFAULT_DEVICE "host-avx512"
MlirLogicalResult dlcDeviceOf(MlirOperation op, DlcDevice *device);
// From a #dlti.target_device_spec; diagnostics at op.
MlirLogicalResult dlcDeviceRead(MlirOperation op, MlirAttribute spec, DlcDevice *device);
// Gives op the description in a file, or the built-in one of a name; a path holds '/' or ends in ".mlir".
MlirLogicalResult dlcDeviceAttach(MlirOperation op, const char *nameOrFile);
bool dlcDeviceAttached(MlirOperation op); // has one of its own
// The peak for a kind of element: integers as i8, wider integers as f32. matrix: of a contraction.
double dlcDevicePeak(const DlcDevice *device, MlirType element, bool matrix);

// The files of devices/, made by the build; ends with a null name.
typedef struct {
  const char *name, *text;
} DlcDeviceText;
extern const DlcDeviceText dlcDeviceTexts[];
