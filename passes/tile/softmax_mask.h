// Which keys a mask rules out by their place alone: what an elementwise op of scores makes of those right of a
// diagonal.
#pragma once
#include "passes/tile/softmax_match.h"

// The least c such that for all keys k >= r + c of a row r the result is -inf whatever the (finite) score; INT64_MAX:
// none.
int64_t dlcMaskedFrom(MlirOperation step, const int *loopLabels);
