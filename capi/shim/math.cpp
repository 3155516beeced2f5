// See dlc/math.h.
#include "dlc/math.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"
using namespace mlir;

MlirLogicalResult dlcApproximateMath(MlirOperation root, intptr_t n, const char *const *names) {
  llvm::StringSet<> wanted;
  for (intptr_t i = 0; i < n; ++i) wanted.insert(names[i]);
  auto isWanted = [&](StringRef name) { return wanted.contains(name); };
  RewritePatternSet patterns(unwrap(root)->getContext());
  populateMathF32ExpansionPatterns(patterns, isWanted);
  populateMathPolynomialApproximationPatterns(patterns, isWanted);
  populateMathAlgebraicSimplificationPatterns(patterns); // powers with small constant exponents
  return wrap(applyPatternsGreedily(unwrap(root), std::move(patterns)));
}
