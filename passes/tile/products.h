// What contractions do for each point of their loops, and what they start from.
#pragma once
#include "dlc/builder.h"

// Whether the body of a linalg op of two inputs and one output gives out + x * y, in any order, and nothing else.
bool dlcAddsProducts(MlirOperation op);
// The number that v, a linalg.fill of a constant of floats, is full of. False: it is no such fill.
bool dlcFloatFilled(MlirValue v, double *number);
