// Rewrites of the math dialect that mlir-c does not show.
#pragma once
#include "mlir-c/IR.h"
#include "mlir-c/Support.h"
#ifdef __cplusplus
extern "C" {
#endif

// Under root, replaces the math ops named ("math.exp") on f32 scalars and vectors by polynomials; on f16 and bf16 they
// are computed in f32. Powers with small constant exponents become products. Failure: the rewriting did not come to an
// end.
MlirLogicalResult dlcApproximateMath(MlirOperation root, intptr_t n, const char *const *names);

#ifdef __cplusplus
}
#endif
