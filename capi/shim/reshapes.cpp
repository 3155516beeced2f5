// See dlc/analysis.h: moving reshapes out of the way of fusion, by upstream's patterns.
extern "C" {
#include "dlc/analysis.h"
}
#include "mlir/CAPI/IR.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
using namespace mlir;

namespace {
// A reshape of a constant is the constant in another shape, of the same bytes.
template <typename Reshape> struct FoldConstant : OpRewritePattern<Reshape> {
  using OpRewritePattern<Reshape>::OpRewritePattern;
  LogicalResult matchAndRewrite(Reshape op, PatternRewriter &rewriter) const override {
    auto constant = op.getSrc().template getDefiningOp<arith::ConstantOp>();
    ShapedType type = op.getResultType();
    if (!constant || !type.hasStaticShape()) return failure();
    TypedAttr value;
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
      value = DenseResourceElementsAttr::get(type, resource.getRawHandle());
    else if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
      value = dense.reshape(type);
    if (!value) return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, value);
    return success();
  }
};
} // namespace

extern "C" MlirLogicalResult dlcSinkReshapes(MlirOperation root, DlcReshapeControl reshape) {
  MLIRContext *ctx = unwrap(root)->getContext();
  RewritePatternSet patterns(ctx);
  linalg::populateFoldReshapeOpsByCollapsingPatterns(patterns, [=](OpOperand *use) {
    return isa_and_nonnull<tensor::ExpandShapeOp>(use->get().getDefiningOp()) &&
           isa<linalg::GenericOp>(use->getOwner()) && reshape.mayCollapse(wrap(use->getOwner()));
  });
  linalg::populateCollapseDimensions(patterns, [=](linalg::LinalgOp op) {
    intptr_t first = 0, n = reshape.joined(wrap(op), &first);
    SmallVector<ReassociationIndices> groups;
    if (n > 1) groups.push_back(llvm::to_vector(llvm::seq<int64_t>(first, first + n)));
    return groups;
  });
  linalg::ControlDropUnitDims control;
  control.controlFn = [](Operation *op) { // no loop: only sizes of one that an operand is not indexed by
    auto generic = dyn_cast<linalg::GenericOp>(op);
    SmallVector<unsigned> dims;
    if (!generic) return dims;
    for (auto [i, range] : llvm::enumerate(generic.getStaticLoopRanges()))
      if (range != 1) dims.push_back(unsigned(i));
    return dims;
  };
  linalg::populateFoldUnitExtentDimsPatterns(patterns, control);
  tensor::populateReassociativeReshapeFoldingPatterns(patterns);
  tensor::populateFoldTensorEmptyPatterns(patterns);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, ctx);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, ctx);
  patterns.add<FoldConstant<tensor::ExpandShapeOp>, FoldConstant<tensor::CollapseShapeOp>>(ctx);
  return wrap(applyPatternsGreedily(unwrap(root), std::move(patterns)));
}
