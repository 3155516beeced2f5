// Elementary functions in double precision from arithmetic, for devices without
// a library. The sources: argument reductions as in fdlibm, Taylor series that
// end below 2^-56, and erfc by Chebyshev (Numerical Recipes, 6.2.2, fitted anew).
// Errors are a few units in the last place of a double; rounded to f32 they are
// below 0.51. Trigonometric functions of |x| >= 2^50 give NaN.
#pragma once
#include "dlc/builder.h"

// The f64 value of the math op (or arith.remf) named `name`, "sin" or "remf", of f64 arguments; null: not one of these.
MlirValue dlcDoubleMath(DlcBuilder *b, MlirStringRef name, MlirValue x, MlirValue y);
bool dlcHasDoubleMath(MlirStringRef name);
