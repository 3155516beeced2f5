// tile-softmax-maxima: the maximum of a softmax does not look for NaN.
//
//   M[r] = max_k X[r, k] by arith.maximumf   ->   the same by arith.maxnumf
//
// A maximum that hands on NaN takes three instructions on x86 (and on other machines), one that drops it takes one.
// Here it may be dropped. M is read by E = exp(X - M) alone, E by its sum L and by E / L:
//   a NaN in X makes its E NaN whatever M is, so L is NaN, so all of the row is NaN, as before;
//   a row without NaN has the same M as before, and so is the same: NaN where it has +inf (inf - inf) or nothing but
//   -inf.
// To run before the division becomes a product (tile-softmax-reciprocals), by which the softmax is recognised.
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/tile/softmax_match.h"
#include "ods/arith.h"
#include "ods/linalg.h"

static bool isDivision(MlirOperation op) {
  DlcSoftmax s;
  return dlcSoftmaxMatchDivision(op, &s);
}

static bool dropNan(DlcBuilder *b, MlirOperation division) {
  DlcSoftmax s;
  if (!dlcSoftmaxMatchDivision(division, &s)) return false;
  MlirBlock body = bodyOf(mlirOperationGetRegion(s.max, 0));
  MlirOperation larger = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(body), 0));
  if (!arith_maximumf_isa(larger)) return false;
  dlcBefore(b, larger) {
    MlirValue v = arith_maxnumf(b, mlirOperationGetOperand(larger, 0), mlirOperationGetOperand(larger, 1));
    if (!isNull(v)) mlirRewriterBaseReplaceOpWithValues(b->rewriter, larger, 1, &v);
  }
  return !b->failed;
}

MlirLogicalResult dlcRunTileSoftmaxMaxima(MlirOperation root, DlcPass *pass,
                                          const DlcTileSoftmaxMaximaOptions *options) {
  (void)options; // it has none
  return dlcRewriteAndCount(root, isDivision, dropNan, pass, DlcTileSoftmaxMaxima_rewritten);
}
