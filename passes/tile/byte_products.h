// Contractions of unsigned bytes with bytes that have a sign, as tile-integer-contractions makes them.
#pragma once
#include "dlc/builder.h"

// A linalg.generic on inputs of i8 and an output of i32 that yields out + extui(input 0) * extsi(input 1).
bool dlcIsByteProduct(MlirOperation op);
