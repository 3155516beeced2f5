// What an emulated program would have asked of its device, counted when it runs.
#pragma once
#include "dlc/builder.h"

// Before ctrl-emulate-kernels replaces launches: the function @main gets one more result, memref<2xi64> "emulated", the
// kernels that were launched, and the loads that the host made of what is neither an input nor a constant: each is a
// copy from the device that the host waits for. False after one diagnostic: there is no @main, it is not one block, or
// kernels are launched elsewhere.
bool dlcCountDeviceUse(DlcBuilder *b, MlirOperation module);
