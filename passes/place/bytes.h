// Sizes in bytes that are computed when the program runs.
#pragma once
#include "dlc/builder.h"

// No memory has that many bytes: an allocation of them fails.
#define DLC_TOO_MANY_BYTES ((int64_t)1 << 56)

// unit * sizes[0] * sizes[1] ..., at most DLC_TOO_MANY_BYTES, which is also what a negative size gives: sizes may
// come from the data that a program is given, and a product that wraps around would allocate too little.
MlirValue dlcBytesOf(DlcBuilder *b, int64_t unit, DlcValues sizes);
// a + b, with the same bound.
MlirValue dlcAddBytes(DlcBuilder *b, MlirValue x, MlirValue y);
