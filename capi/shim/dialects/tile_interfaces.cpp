//===- tile_interfaces.cpp - tiling through tile.edge --------------------------------===//
// Upstream's tile-and-fuse passes through an edge as through any elementwise op,
// and the mark stays on the tile.
//===--------------------------------------------------------------------------===//
#include "Dialects.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"
using namespace mlir;

namespace dlc::tile {
SmallVector<utils::IteratorType> EdgeOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(cast<RankedTensorType>(getValue().getType()).getRank(),
                                          utils::IteratorType::parallel);
}
SmallVector<Range> EdgeOp::getIterationDomain(OpBuilder &b) {
  SmallVector<Range> r;
  OpFoldResult z = b.getIndexAttr(0), o = b.getIndexAttr(1);
  for (OpFoldResult s : tensor::getMixedSizes(b, getLoc(), getValue())) r.push_back({z, s, o});
  return r;
}
FailureOr<TilingResult> EdgeOp::getTiledImplementation(OpBuilder &b, ArrayRef<OpFoldResult> off,
                                                       ArrayRef<OpFoldResult> sz) {
  SmallVector<OpFoldResult> one(off.size(), b.getIndexAttr(1));
  auto s = tensor::ExtractSliceOp::create(b, getLoc(), getValue(), off, sz, one);
  auto e = EdgeOp::create(b, getLoc(), s.getType(), s, getLevelAttr(), getHaloAttr());
  return TilingResult{{e}, {e.getResult()}, {s}};
}
LogicalResult EdgeOp::getResultTilePosition(OpBuilder &, unsigned, ArrayRef<OpFoldResult> off,
                                            ArrayRef<OpFoldResult> sz, SmallVector<OpFoldResult> &ro,
                                            SmallVector<OpFoldResult> &rs) {
  ro.assign(off.begin(), off.end());
  rs.assign(sz.begin(), sz.end());
  return success();
}
FailureOr<TilingResult> EdgeOp::generateResultTileValue(OpBuilder &b, unsigned, ArrayRef<OpFoldResult> off,
                                                        ArrayRef<OpFoldResult> sz) {
  return getTiledImplementation(b, off, sz);
}

} // namespace dlc::tile
