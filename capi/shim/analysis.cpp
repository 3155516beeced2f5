// See dlc/analysis.h.
#include "dlc/analysis.h"
#include "mlir/Analysis/AliasAnalysis.h"
#include "mlir/Analysis/Liveness.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/AffineMap.h"
#include "mlir/CAPI/Rewrite.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
using namespace mlir;

template <class T> static T &get(void *p) { return *static_cast<T *>(p); }
DlcDominance dlcDominanceCreate(MlirOperation root) { return {new DominanceInfo(unwrap(root))}; }
void dlcDominanceDestroy(DlcDominance d) { delete &get<DominanceInfo>(d.ptr); }
bool dlcProperlyDominates(DlcDominance d, MlirOperation a, MlirOperation b) {
  return get<DominanceInfo>(d.ptr).properlyDominates(unwrap(a), unwrap(b));
}
bool dlcValueDominates(DlcDominance d, MlirValue v, MlirOperation user) {
  return get<DominanceInfo>(d.ptr).dominates(unwrap(v), unwrap(user));
}

DlcLiveness dlcLivenessCreate(MlirOperation root) { return {new Liveness(unwrap(root))}; }
void dlcLivenessDestroy(DlcLiveness l) { delete &get<Liveness>(l.ptr); }
bool dlcIsDeadAfter(DlcLiveness l, MlirValue v, MlirOperation op) {
  return get<Liveness>(l.ptr).isDeadAfter(unwrap(v), unwrap(op));
}

DlcAliases dlcAliasesCreate(MlirOperation root) { return {new AliasAnalysis(unwrap(root))}; }
void dlcAliasesDestroy(DlcAliases a) { delete &get<AliasAnalysis>(a.ptr); }
DlcAliasResult dlcAlias(DlcAliases a, MlirValue x, MlirValue y) {
  AliasResult r = get<AliasAnalysis>(a.ptr).alias(unwrap(x), unwrap(y));
  return r.isNo() ? DLC_NO_ALIAS : r.isMay() ? DLC_MAY_ALIAS : r.isPartial() ? DLC_PARTIAL_ALIAS : DLC_MUST_ALIAS;
}

bool dlcForEachEffect(MlirOperation op, void (*each)(DlcEffect, MlirValue, void *), void *data) {
  auto effects = getEffectsRecursively(unwrap(op));
  if (!effects) return false;
  for (auto &e : *effects) {
    auto *kind = e.getEffect();
    DlcEffect k = isa<MemoryEffects::Read>(kind)       ? DLC_READ
                  : isa<MemoryEffects::Write>(kind)    ? DLC_WRITE
                  : isa<MemoryEffects::Allocate>(kind) ? DLC_ALLOCATE
                                                       : DLC_FREE;
    each(k, wrap(e.getValue()), data);
  }
  return true;
}
bool dlcIsPure(MlirOperation op) { return isPure(unwrap(op)); }
bool dlcIsEffectFree(MlirOperation op) { return isMemoryEffectFree(unwrap(op)); }

bool dlcIsTileable(MlirOperation op) { return isa_and_nonnull<TilingInterface>(unwrap(op)); }
bool dlcIsLinalgOp(MlirOperation op) { return isa_and_nonnull<linalg::LinalgOp>(unwrap(op)); }
intptr_t dlcIteratorTypes(MlirOperation op, bool *isReduction, intptr_t capacity) {
  auto t = dyn_cast<TilingInterface>(unwrap(op));
  if (!t) return -1;
  intptr_t n = 0;
  for (auto kind : t.getLoopIteratorTypes()) {
    if (n < capacity) isReduction[n] = kind != utils::IteratorType::parallel;
    ++n;
  }
  return n;
}
bool dlcStaticLoopRanges(MlirOperation op, int64_t *ranges, intptr_t capacity) {
  auto l = dyn_cast<linalg::LinalgOp>(unwrap(op));
  if (!l) return false;
  intptr_t n = 0;
  for (int64_t r : l.getStaticLoopRanges())
    if (n < capacity) ranges[n++] = r;
  return true;
}
bool dlcLinalgMap(MlirOperation op, intptr_t operand, MlirAffineMap *map) {
  auto l = dyn_cast<linalg::LinalgOp>(unwrap(op));
  if (l) *map = wrap(l.getMatchingIndexingMap(&l->getOpOperand(operand)));
  return bool(l);
}

MlirLogicalResult dlcTileAndFuse(MlirRewriterBase rewriter, MlirOperation root, intptr_t n, const int64_t *sizes,
                                 DlcFuseControl control, MlirOperation *forall) {
  RewriterBase &r = *unwrap(rewriter);
  *forall = {nullptr};
  auto t = dyn_cast<TilingInterface>(unwrap(root));
  if (!t) return wrap(failure());
  scf::SCFTileAndFuseOptions o;
  SmallVector<OpFoldResult> s;
  for (intptr_t i = 0; i < n; ++i) s.push_back(r.getIndexAttr(sizes[i]));
  o.tilingOptions.setTileSizes(s);
  o.tilingOptions.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  o.setFusionControlFn([&](tensor::ExtractSliceOp slice, OpResult p,
                           bool) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
    if (!control.fuse || !control.fuse(wrap(p.getOwner()), wrap(slice.getOperation()), control.data))
      return std::nullopt;
    return scf::SCFTileAndFuseOptions::ControlFnResult{false};
  });
  r.setInsertionPoint(t);
  auto result = scf::tileConsumerAndFuseProducersUsingSCF(r, t, o);
  if (failed(result)) return wrap(failure());
  for (auto &[from, to] : result->replacements) r.replaceAllUsesWith(from, to);
  if (!result->loops.empty()) *forall = wrap(result->loops.front().getOperation());
  if (t->use_empty()) r.eraseOp(t);
  return wrap(success());
}

bool dlcFuseProducer(MlirRewriterBase rewriter, MlirOperation slice, MlirOperation forall) {
  auto candidate = dyn_cast<tensor::ExtractSliceOp>(unwrap(slice));
  auto loop = dyn_cast<LoopLikeOpInterface>(unwrap(forall));
  if (!candidate || !loop) return false;
  LoopLikeOpInterface loops[] = {loop};
  auto result = scf::tileAndFuseProducerOfSlice(*unwrap(rewriter), candidate, loops);
  return result && !result->tiledOps.empty();
}

bool dlcFuseAndKeepProducer(MlirRewriterBase rewriter, MlirOperation slice, MlirOperation *forall) {
  RewriterBase &r = *unwrap(rewriter);
  auto candidate = dyn_cast<tensor::ExtractSliceOp>(unwrap(slice));
  auto loop = dyn_cast<LoopLikeOpInterface>(unwrap(*forall));
  if (!candidate || !loop) return false;
  LoopLikeOpInterface loops[] = {loop};
  unsigned result = loop->getNumResults();
  auto fused = scf::tileAndFuseProducerOfSlice(r, candidate, loops);
  if (!fused || fused->tiledOps.empty()) return false;
  if (failed(scf::yieldReplacementForFusedProducer(r, candidate, *fused, loops))) return false;
  Operation *made = loops[0].getOperation();
  *forall = wrap(made);
  r.replaceUsesWithIf(fused->origProducer, made->getResult(result), [&](OpOperand &use) {
    Operation *user = made->getBlock()->findAncestorOpInBlock(*use.getOwner());
    return user && made->isBeforeInBlock(user);
  });
  return true;
}

MlirLogicalResult dlcTileLoops(MlirRewriterBase rewriter, MlirOperation op, intptr_t n, const int64_t *sizes,
                               MlirOperation *loop) {
  RewriterBase &r = *unwrap(rewriter);
  auto t = dyn_cast<TilingInterface>(unwrap(op));
  if (!t) return wrap(failure());
  SmallVector<OpFoldResult> s;
  for (intptr_t i = 0; i < n; ++i) s.push_back(r.getIndexAttr(sizes[i]));
  scf::SCFTilingOptions o;
  o.setTileSizes(s);
  r.setInsertionPoint(t);
  auto result = scf::tileUsingSCF(r, t, o);
  if (failed(result) || result->loops.size() != 1) return wrap(failure());
  r.replaceOp(t, result->replacements);
  *loop = wrap(result->loops.front().getOperation());
  return wrap(success());
}

MlirOperation dlcCarry(MlirRewriterBase rewriter, MlirOperation loop, MlirValue init) {
  RewriterBase &r = *unwrap(rewriter);
  auto l = dyn_cast<LoopLikeOpInterface>(unwrap(loop));
  if (!l) return {nullptr};
  auto same = [](OpBuilder &, Location, ArrayRef<BlockArgument> arguments) {
    return SmallVector<Value>(arguments.begin(), arguments.end());
  };
  r.setInsertionPoint(l);
  auto made = l.replaceWithAdditionalYields(r, unwrap(init), /*replaceInitOperandUsesInLoop=*/false, same);
  return failed(made) ? MlirOperation{nullptr} : wrap(made->getOperation());
}

static int64_t upperBound(const ValueBoundsConstraintSet::Variable &variable) {
  auto bound = ValueBoundsConstraintSet::computeConstantBound(presburger::BoundType::UB, variable, nullptr,
                                                              /*closedUB=*/true);
  return failed(bound) ? -1 : *bound;
}
int64_t dlcUpperBound(MlirValue index) { return upperBound(unwrap(index)); }
int64_t dlcUpperBoundOfSize(MlirValue shaped, intptr_t dimension) { return upperBound({unwrap(shaped), dimension}); }
