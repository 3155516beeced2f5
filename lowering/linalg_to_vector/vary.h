// How a value of a nest's body varies along the vector loop: see vary.c.
#pragma once
#include "nest.h"

enum { maxApply = 32, maxBodyOperands = 32 };
typedef enum { VARY_NONE, VARY_STEP, VARY_ANY } Vary; // STEP: by one a lane

bool dlcIsElementwise(MlirOperation op); // arith and math: the same op exists on vectors
// Of the results of an op of the body that is no linalg.index; loads give VARY_ANY where they vary.
Vary dlcVaryOf(MlirOperation op, const Vary *operands);
// An affine.apply as a sum: coefficients of its operands. False: it is not linear.
bool dlcLinearApply(MlirOperation op, int64_t *coefficients, int64_t *constant);
