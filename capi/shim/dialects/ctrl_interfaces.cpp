//===- ctrl_interfaces.cpp - control flow, loops, calls and effects of ctrl --------===//
// C++ because MLIR's analyses ask through C++ interfaces.
//===--------------------------------------------------------------------------===//
#include "Dialects.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/CAPI/IR.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
using namespace mlir;

namespace dlc::ctrl {
//===--- region ---===//
void RegionOp::getSuccessorRegions(RegionBranchPoint p, SmallVectorImpl<RegionSuccessor> &s) {
  if (p.isParent())
    s.push_back(RegionSuccessor(&getBody()));
  else
    s.push_back(RegionSuccessor(getOperation(), getResults()));
}
void RegionOp::getRegionInvocationBounds(ArrayRef<Attribute>, SmallVectorImpl<InvocationBounds> &b) {
  b.push_back(InvocationBounds(1, 1));
}

//===--- branch ---===//
void BranchOp::getSuccessorRegions(RegionBranchPoint p, SmallVectorImpl<RegionSuccessor> &s) {
  if (!p.isParent()) {
    s.push_back(RegionSuccessor(getOperation(), getResults()));
    return;
  }
  for (Region &a : getArms()) s.push_back(RegionSuccessor(&a));
}
void BranchOp::getEntrySuccessorRegions(ArrayRef<Attribute> ops, SmallVectorImpl<RegionSuccessor> &s) {
  auto c = dyn_cast_or_null<IntegerAttr>(ops[0]);
  if (!c) return getSuccessorRegions(RegionBranchPoint::parent(), s);
  unsigned i;
  if (getCases().empty() && getArms().size() == 2)
    i = c.getValue().isZero() ? 1 : 0;
  else {
    i = getArms().size() - 1;
    for (auto [k, v] : llvm::enumerate(getCases()))
      if (v == c.getInt()) i = k;
  }
  s.push_back(RegionSuccessor(&getArms()[i]));
}
void BranchOp::getRegionInvocationBounds(ArrayRef<Attribute>, SmallVectorImpl<InvocationBounds> &b) {
  b.assign(getArms().size(), InvocationBounds(0, 1));
}

//===--- loop ---===//
NextOp LoopOp::getNext() { return cast<NextOp>(getBody().front().getTerminator()); }
OperandRange LoopOp::getEntrySuccessorOperands(RegionSuccessor) { return getInits(); }
void LoopOp::getSuccessorRegions(RegionBranchPoint, SmallVectorImpl<RegionSuccessor> &s) {
  s.push_back(RegionSuccessor(&getBody(), getRegionIterArgs()));
  s.push_back(RegionSuccessor(getOperation(), getResults()));
}
MutableOperandRange NextOp::getMutableSuccessorOperands(RegionSuccessor) { return getValuesMutable(); }
SmallVector<Region *> LoopOp::getLoopRegions() { return {&getBody()}; }
std::optional<SmallVector<Value>> LoopOp::getLoopInductionVars() { return SmallVector<Value>{getIv()}; }
std::optional<SmallVector<OpFoldResult>> LoopOp::getLoopLowerBounds() {
  return SmallVector<OpFoldResult>{OpFoldResult(IntegerAttr::get(IndexType::get(getContext()), 0))};
}
std::optional<SmallVector<OpFoldResult>> LoopOp::getLoopSteps() {
  return SmallVector<OpFoldResult>{OpFoldResult(IntegerAttr::get(IndexType::get(getContext()), 1))};
}
std::optional<SmallVector<OpFoldResult>> LoopOp::getLoopUpperBounds() {
  if (!getBound() || getGo()) return std::nullopt;
  return SmallVector<OpFoldResult>{OpFoldResult(getBound())};
}
MutableArrayRef<OpOperand> LoopOp::getInitsMutable() {
  return (*this)->getOpOperands().slice(getBound() ? 1 : 0, getInitArgs().size());
}
Block::BlockArgListType LoopOp::getRegionIterArgs() { return getBody().front().getArguments().drop_front(1); }
std::optional<MutableArrayRef<OpOperand>> LoopOp::getYieldedValuesMutable() {
  NextOp n = getNext();
  return n->getOpOperands().drop_front(n.getGo() ? 1 : 0);
}
std::optional<ResultRange> LoopOp::getLoopResults() { return getResults(); }
std::optional<APInt> LoopOp::getStaticTripCount() {
  if (getGo() || !getBound()) return std::nullopt;
  if (auto c = getConstantIntValue(OpFoldResult(getBound()))) return APInt(64, *c);
  return std::nullopt;
}

//===--- call ---===//
LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &t) {
  auto f = t.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getCalleeAttr());
  if (!f) return emitOpError("'") << getCallee() << "' is not a function";
  if (f.getArgumentTypes() != ArrayRef<Type>(SmallVector<Type>(getArgs().getTypes())) ||
      f.getResultTypes() != ArrayRef<Type>(SmallVector<Type>(getResultTypes())))
    return emitOpError("types differ from those of '") << getCallee() << "', " << f.getFunctionType();
  return success();
}
//===--- task ---===//
Value TaskOp::getToken() {
  return getNumResults() && isa<TokenType>(getResults().back().getType()) ? getResults().back() : Value();
}
// What the items do to the operands. That a body does nothing else is checked by a pass.
void TaskOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &e) {
  for (OpOperand &o : getPredMutable())
    if (isa<BaseMemRefType>(o.get().getType())) e.emplace_back(MemoryEffects::Read::get(), &o);
  for (OpOperand &o : getInsMutable())
    if (isa<BaseMemRefType>(o.get().getType())) e.emplace_back(MemoryEffects::Read::get(), &o);
  for (OpOperand &o : getOutsMutable())
    if (isa<BaseMemRefType>(o.get().getType())) {
      e.emplace_back(MemoryEffects::Read::get(), &o);
      e.emplace_back(MemoryEffects::Write::get(), &o);
    }
}
llvm::iterator_range<Block::iterator> InParallelOp::getYieldingOps() {
  Block &b = getBody().front();
  return {b.begin(), b.end()};
}
OpResult InParallelOp::getParentResult(int64_t i) { return (*this)->getParentOp()->getResult(i); }
} // namespace dlc::ctrl

// See dlc/analysis.h.
extern "C" bool dlcCombinesInto(MlirOperation op, MlirValue *into) {
  auto combining = dyn_cast<ParallelCombiningOpInterface>(unwrap(op));
  if (!combining) return false;
  auto destinations = combining.getUpdatedDestinations();
  *into = destinations.empty() ? MlirValue{nullptr} : wrap(destinations[0].get());
  return !destinations.empty();
}
