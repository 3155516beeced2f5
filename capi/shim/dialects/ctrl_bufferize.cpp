//===- ctrl_bufferize.cpp - one-shot bufferisation of ctrl ----------------===//
// C++ because BufferizableOpInterface is a C++ interface whose analysis calls
// back into the ops.
//
//   task    outs are written in place, ins are read only.
//   loop    Invariant: when an iteration begins, no two carries share a buffer
//           and none shares one with a value from outside but its own init.
//           resolveConflicts keeps it: a yielded tensor (1) lives in the buffer
//           of its own carry, or (2) is one of a cycle of carries that swap
//           their buffers, or (3) is copied into the buffer of its own carry,
//           or (4), where its extents may differ from the carry's, is copied
//           into a fresh buffer. Swapping costs no copy (ping-pong).
//   branch, region  a result is what an arm yields; arms that yield buffers of
//           different layouts meet in the fully dynamic layout.
//===----------------------------------------------------------------------===//
#include "Dialects.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
using namespace mlir;
using namespace mlir::bufferization;

namespace dlc::ctrl {
static bool isTensor(Value v) { return isa<TensorType>(v.getType()); }

// Where buffers of types `a` and `b` meet: their type when equal, else the fully
// dynamic layout; failure when they live in different memory spaces.
static FailureOr<BufferLikeType> joinTypes(Operation *op, Value tensor, BufferLikeType a, BufferLikeType b) {
  if (a == b) return a;
  auto x = cast<BaseMemRefType>(a), y = cast<BaseMemRefType>(b);
  if (x.getMemorySpace() != y.getMemorySpace())
    return op->emitOpError("joins buffers of different memory spaces, ") << x << " and " << y;
  return cast<BufferLikeType>(
      getMemRefTypeWithFullyDynamicLayout(cast<TensorType>(tensor.getType()), x.getMemorySpace()));
}

// The buffer of v, cast to `type`.
static FailureOr<Value> bufferAs(RewriterBase &rewriter, Value v, Type type, const BufferizationOptions &options,
                                 BufferizationState &state) {
  FailureOr<Value> buffer = getBuffer(rewriter, v, options, state);
  if (failed(buffer) || buffer->getType() == type) return buffer;
  return memref::CastOp::create(rewriter, v.getLoc(), type, *buffer).getResult();
}

// Gives the tensor arguments of a body that was moved into a bufferised op the
// types of the buffers; their uses read a tensor of the old type.
static void bufferizeArguments(RewriterBase &rewriter, Block &body, unsigned first, TypeRange types) {
  rewriter.setInsertionPointToStart(&body);
  for (auto [i, type] : llvm::enumerate(types)) {
    BlockArgument arg = body.getArgument(first + i);
    if (!isTensor(arg)) continue;
    Type tensorType = arg.getType();
    arg.setType(type);
    auto tensor = ToTensorOp::create(rewriter, arg.getLoc(), tensorType, arg);
    rewriter.replaceAllUsesExcept(arg, tensor.getResult(), tensor);
  }
}

//===--- task -----------------------------------------------------------------===//
// Index of the out that the operand is, or -1.
static int outIndex(TaskOp task, OpOperand &operand) {
  if (task.getOuts().empty()) return -1;
  int i = int(operand.getOperandNumber()) - int(task.getOuts().getBeginOperandIndex());
  return i >= 0 && i < int(task.getOuts().size()) ? i : -1;
}
// A skipped item, or an empty grid, leaves its out: outs are read as well.
bool TaskOp::bufferizesToMemoryRead(OpOperand &, const AnalysisState &) { return true; }
bool TaskOp::bufferizesToMemoryWrite(OpOperand &operand, const AnalysisState &) {
  return outIndex(*this, operand) >= 0;
}
AliasingValueList TaskOp::getAliasingValues(OpOperand &operand, const AnalysisState &) {
  int i = outIndex(*this, operand);
  if (i < 0) return {};
  return {{getResult(i), BufferRelation::Equivalent}};
}
bool TaskOp::isWritable(Value v, const AnalysisState &) {
  auto arg = dyn_cast<BlockArgument>(v);
  return !arg || arg.getArgNumber() >= getRank() + getIns().size();
}
bool TaskOp::isParallelRegion(unsigned) { return true; }
bool TaskOp::isRepetitiveRegion(unsigned) { return true; }
FailureOr<BufferLikeType> TaskOp::getBufferType(Value v, const BufferizationOptions &options,
                                                const BufferizationState &state, SmallVector<Value> &stack) {
  Value operand;
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    unsigned i = arg.getArgNumber() - getRank();
    operand = i < getIns().size() ? getIns()[i] : getOuts()[i - getIns().size()];
  } else {
    operand = getOuts()[cast<OpResult>(v).getResultNumber()];
  }
  if (auto buffer = dyn_cast<BufferLikeType>(operand.getType())) return buffer;
  return bufferization::getBufferType(operand, options, state, stack);
}
LogicalResult TaskOp::bufferize(RewriterBase &rewriter, const BufferizationOptions &options,
                                BufferizationState &state) {
  rewriter.setInsertionPoint(*this);
  SmallVector<Value> operands;
  for (Value v : (*this)->getOperands()) {
    if (isTensor(v)) {
      FailureOr<Value> buffer = getBuffer(rewriter, v, options, state);
      if (failed(buffer)) return failure();
      v = *buffer;
    }
    operands.push_back(v);
  }
  OperationState newState(getLoc(), getOperationName(), operands, TypeRange(), (*this)->getAttrs());
  newState.addRegion();
  auto task = cast<TaskOp>(rewriter.create(newState));
  rewriter.inlineRegionBefore(getBody(), task.getBody(), task.getBody().end());
  SmallVector<Type> types(task.getIns().getTypes());
  llvm::append_range(types, task.getOuts().getTypes());
  bufferizeArguments(rewriter, task.getBody().front(), task.getRank(), types);
  replaceOpWithBufferizedValues(rewriter, *this, SmallVector<Value>(task.getOuts()));
  return success();
}

//===--- loop: which carries swap buffers -----------------------------------------===//
// The carry whose buffer v lives in when every destination on the way is written
// in place, or -1. A guess from the IR alone: the analysis confirms it later.
static int carryOf(LoopOp loop, Value v) {
  for (int hops = 0; hops < 256; ++hops) {
    if (auto arg = dyn_cast<BlockArgument>(v))
      return arg.getOwner() == &loop.getBody().front() ? int(arg.getArgNumber()) - 1 : -1;
    Operation *def = v.getDefiningOp();
    unsigned i = cast<OpResult>(v).getResultNumber();
    if (auto task = dyn_cast<TaskOp>(def)) {
      v = task.getOuts()[i];
    } else if (auto inner = dyn_cast<LoopOp>(def)) {
      if (carryOf(inner, inner.getNext().getValues()[i]) != int(i)) return -1;
      v = inner.getInitArgs()[i];
    } else if (auto dps = dyn_cast<DestinationStyleOpInterface>(def)) {
      v = dps.getTiedOpOperand(cast<OpResult>(v))->get();
    } else {
      return -1;
    }
  }
  return -1;
}
// from[i]: the carry that carry i takes its next buffer from, where i is in a
// cycle of at least two carries of one type; else -1.
static SmallVector<int> swapCandidates(LoopOp loop) {
  OperandRange yielded = loop.getNext().getValues();
  int n = yielded.size();
  SmallVector<int> source(n, -1), from(n, -1);
  for (int i = 0; i < n; ++i)
    if (isTensor(yielded[i])) source[i] = carryOf(loop, yielded[i]);
  for (int i = 0; i < n; ++i) {
    SmallVector<int> cycle{i};
    int k = source[i];
    while (k >= 0 && k != i && int(cycle.size()) <= n && yielded[k].getType() == yielded[i].getType()) {
      cycle.push_back(k);
      k = source[k];
    }
    if (k == i && cycle.size() > 1) from[i] = source[i];
  }
  return from;
}
static unsigned carryIndex(LoopOp loop, OpOperand &operand) {
  return operand.getOperandNumber() - (loop.getBound() ? 1 : 0);
}

//===--- loop: does a carry keep its extents ----------------------------------------===//
// An extent as a constant or as an SSA value; two that are equal here are equal.
using Extent = std::pair<Value, int64_t>; // {null, constant}, {index value, -1}, {tensor, dimension}
static Extent extentOf(Value v, int64_t dim, LoopOp loop) {
  for (int hops = 0; hops < 256; ++hops) {
    auto type = cast<RankedTensorType>(v.getType());
    if (!type.isDynamicDim(dim)) return {Value(), type.getDimSize(dim)};
    if (auto arg = dyn_cast<BlockArgument>(v)) {
      // Induction: a carry has the extents of its init if every yield has them.
      if (auto outer = dyn_cast<LoopOp>(arg.getOwner()->getParentOp()); outer && outer == loop) {
        v = loop.getInitArgs()[arg.getArgNumber() - 1];
        continue;
      }
      return {v, dim};
    }
    Operation *def = v.getDefiningOp();
    unsigned i = cast<OpResult>(v).getResultNumber();
    if (auto task = dyn_cast<TaskOp>(def)) {
      v = task.getOuts()[i];
    } else if (auto dps = dyn_cast<DestinationStyleOpInterface>(def)) {
      v = dps.getTiedOpOperand(cast<OpResult>(v))->get();
    } else if (auto cast = dyn_cast<tensor::CastOp>(def)) {
      if (!isa<RankedTensorType>(cast.getSource().getType())) return {v, dim};
      v = cast.getSource();
    } else if (auto empty = dyn_cast<tensor::EmptyOp>(def)) {
      Value size = empty.getDynamicSize(dim);
      if (auto constant = getConstantIntValue(size)) return {Value(), *constant};
      auto of = size.getDefiningOp<tensor::DimOp>();
      if (!of || !of.getConstantIndex() || !isa<RankedTensorType>(of.getSource().getType())) return {size, -1};
      v = of.getSource();
      dim = *of.getConstantIndex();
    } else {
      return {v, dim};
    }
  }
  return {v, dim};
}
static bool keepsExtents(LoopOp loop, unsigned i) {
  Value yielded = loop.getNext().getValues()[i], init = loop.getInitArgs()[i];
  auto type = dyn_cast<RankedTensorType>(init.getType());
  if (!type) return false;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (extentOf(yielded, d, loop) != extentOf(init, d, loop)) return false;
  return true;
}
// The induction of extentOf needs every carry to keep its extents.
static bool allKeepExtents(LoopOp loop) {
  for (unsigned i = 0; i < loop.getInitArgs().size(); ++i)
    if (isTensor(loop.getInitArgs()[i]) && !keepsExtents(loop, i)) return false;
  return true;
}
static bool fitsOwnBuffer(LoopOp loop, unsigned i) {
  return cast<TensorType>(loop.getInitArgs()[i].getType()).hasStaticShape() || allKeepExtents(loop);
}

//===--- loop: the interface ----------------------------------------------------------===//
// With no iteration a result is its init, whose contents then matter.
bool LoopOp::bufferizesToMemoryRead(OpOperand &operand, const AnalysisState &state) {
  std::optional<APInt> trips = getStaticTripCount();
  if (!trips || !trips->isStrictlyPositive()) return true;
  return state.isValueRead(getTiedLoopRegionIterArg(&operand));
}
bool LoopOp::bufferizesToMemoryWrite(OpOperand &, const AnalysisState &) { return true; }
AliasingValueList LoopOp::getAliasingValues(OpOperand &operand, const AnalysisState &state) {
  unsigned i = carryIndex(*this, operand);
  SmallVector<int> from = swapCandidates(*this);
  Value yielded = getNext().getValues()[i];
  if (from[i] < 0) { // own buffer, or a fresh one
    bool own = fitsOwnBuffer(*this, i) || state.areEquivalentBufferizedValues(yielded, getRegionIterArgs()[i]);
    return {{getResult(i), own ? BufferRelation::Equivalent : BufferRelation::Unknown, /*isDefinite=*/own}};
  }
  AliasingValueList list; // any of the cycle: it depends on the number of iterations
  int k = i;
  do {
    list.addAlias({getResult(k), BufferRelation::Unknown, /*isDefinite=*/false});
    k = from[k];
  } while (k != int(i));
  return list;
}
bool LoopOp::isWritable(Value, const AnalysisState &) { return true; }
bool LoopOp::isRepetitiveRegion(unsigned) { return true; }

LogicalResult LoopOp::resolveConflicts(RewriterBase &rewriter, const AnalysisState &analysis,
                                       const BufferizationState &state) {
  auto iface = cast<BufferizableOpInterface>(getOperation());
  if (failed(iface.resolveTensorOpOperandConflicts(rewriter, analysis, state))) return failure();
  NextOp next = getNext();
  unsigned n = next.getValues().size();
  SmallVector<int> from = swapCandidates(*this);
  auto livesIn = [&](unsigned yield, unsigned carry) {
    return analysis.areEquivalentBufferizedValues(next.getValues()[yield], getRegionIterArgs()[carry]);
  };
  SmallVector<bool> stays(n, true), intoCarry(n, false);
  for (unsigned i = 0; i < n; ++i) {
    if (!isTensor(next.getValues()[i]) || livesIn(i, i)) continue;
    bool swaps = from[i] >= 0; // all of the cycle, or none of it
    for (int k = i, first = true; swaps && (first || k != int(i)); k = from[k], first = false)
      swaps = livesIn(k, from[k]);
    stays[i] = swaps;
    intoCarry[i] = !swaps && fitsOwnBuffer(*this, i);
  }
  rewriter.setInsertionPoint(next);
  SmallVector<Value> values(next.getValues());
  for (unsigned i = 0; i < n; ++i) {
    if (stays[i]) continue;
    // A value that lives in a carry which is about to be overwritten is saved first.
    bool save = !intoCarry[i];
    for (unsigned k = 0; k < n && !save; ++k)
      save = intoCarry[k] && analysis.areAliasingBufferizedValues(values[i], getRegionIterArgs()[k]);
    if (!save) continue;
    auto copy = allocateTensorForShapedValue(rewriter, next.getLoc(), values[i], analysis.getOptions(), state);
    if (failed(copy)) return failure();
    values[i] = *copy;
  }
  for (unsigned i = 0; i < n; ++i)
    if (intoCarry[i])
      values[i] = MaterializeInDestinationOp::create(rewriter, next.getLoc(), values[i].getType(), values[i],
                                                     getRegionIterArgs()[i])
                      .getResult();
  rewriter.modifyOpInPlace(next, [&] { next.getValuesMutable().assign(values); });
  return success();
}

// One type for the init, the argument, the yield and the result. Carries of one
// tensor type may swap, so all of them get one buffer type; and a fresh buffer
// must be allowed to take the place of one with a static layout.
static FailureOr<BufferLikeType> carryType(LoopOp loop, unsigned i, const BufferizationOptions &options,
                                           const BufferizationState &state, SmallVector<Value> &stack) {
  Value init = loop.getInitArgs()[i];
  auto typeOf = [&](Value v) -> FailureOr<BufferLikeType> {
    if (auto buffer = dyn_cast<BufferLikeType>(v.getType())) return buffer;
    return bufferization::getBufferType(v, options, state, stack);
  };
  FailureOr<BufferLikeType> type = typeOf(init);
  if (failed(type)) return failure();
  Value argument = loop.getRegionIterArgs()[i], result = loop.getResult(i);
  Value tensor = isTensor(argument) ? argument : result;
  if (!isTensor(tensor)) return type;
  for (auto [other, arg] : llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs())) {
    if (other == init || arg.getType() != tensor.getType()) continue;
    FailureOr<BufferLikeType> otherType = typeOf(other);
    if (failed(otherType)) return failure();
    if (cast<BaseMemRefType>(*otherType).getMemorySpace() != cast<BaseMemRefType>(*type).getMemorySpace()) continue;
    type = joinTypes(loop, tensor, *type, *otherType);
  }
  auto ranked = dyn_cast<MemRefType>(*type);
  if (ranked && !ranked.getLayout().isIdentity() && !ranked.hasStaticShape())
    return cast<BufferLikeType>(
        getMemRefTypeWithFullyDynamicLayout(cast<TensorType>(tensor.getType()), ranked.getMemorySpace()));
  return type;
}
FailureOr<BufferLikeType> LoopOp::getBufferType(Value v, const BufferizationOptions &options,
                                                const BufferizationState &state, SmallVector<Value> &stack) {
  auto arg = dyn_cast<BlockArgument>(v);
  return carryType(*this, arg ? arg.getArgNumber() - 1 : cast<OpResult>(v).getResultNumber(), options, state, stack);
}
LogicalResult LoopOp::bufferize(RewriterBase &rewriter, const BufferizationOptions &options,
                                BufferizationState &state) {
  rewriter.setInsertionPoint(*this);
  SmallVector<Value> inits;
  for (auto [i, init] : llvm::enumerate(getInitArgs())) {
    if (!isTensor(init)) {
      inits.push_back(init);
      continue;
    }
    SmallVector<Value> stack;
    FailureOr<BufferLikeType> type = carryType(*this, i, options, state, stack);
    if (failed(type)) return failure();
    FailureOr<Value> buffer = bufferAs(rewriter, init, *type, options, state);
    if (failed(buffer)) return failure();
    inits.push_back(*buffer);
  }
  auto loop = LoopOp::create(rewriter, getLoc(), ValueRange(inits).getTypes(), getBound(), inits, getGo(), getAtAttr());
  loop->setDiscardableAttrs((*this)->getDiscardableAttrDictionary());
  rewriter.inlineRegionBefore(getBody(), loop.getBody(), loop.getBody().end());
  bufferizeArguments(rewriter, loop.getBody().front(), 1, ValueRange(inits).getTypes());
  replaceOpWithBufferizedValues(rewriter, *this, loop.getResults());
  return success();
}

//===--- next -------------------------------------------------------------------------===//
bool NextOp::bufferizesToMemoryRead(OpOperand &, const AnalysisState &) { return true; }
bool NextOp::bufferizesToMemoryWrite(OpOperand &, const AnalysisState &) { return false; }
bool NextOp::mustBufferizeInPlace(OpOperand &, const AnalysisState &) { return true; }
AliasingValueList NextOp::getAliasingValues(OpOperand &, const AnalysisState &) { return {}; }
LogicalResult NextOp::bufferize(RewriterBase &rewriter, const BufferizationOptions &options,
                                BufferizationState &state) {
  // Inner ops come first: the argument of the loop is still a tensor here.
  auto loop = cast<LoopOp>((*this)->getParentOp());
  for (auto [i, value] : llvm::enumerate(SmallVector<Value>(getValues()))) {
    if (!isTensor(value)) continue;
    SmallVector<Value> stack;
    FailureOr<BufferLikeType> type = carryType(loop, i, options, state, stack);
    if (failed(type)) return failure();
    FailureOr<Value> buffer = bufferAs(rewriter, value, *type, options, state);
    if (failed(buffer)) return failure();
    rewriter.modifyOpInPlace(*this, [&, index = i] { getValuesMutable()[index].set(*buffer); });
  }
  return success();
}

//===--- region and branch ------------------------------------------------------------===//
bool YieldOp::bufferizesToMemoryRead(OpOperand &, const AnalysisState &) { return true; }
bool YieldOp::bufferizesToMemoryWrite(OpOperand &, const AnalysisState &) { return false; }
bool YieldOp::mustBufferizeInPlace(OpOperand &, const AnalysisState &) { return true; }
AliasingValueList YieldOp::getAliasingValues(OpOperand &operand, const AnalysisState &) {
  Operation *parent = (*this)->getParentOp();
  return {{parent->getResult(operand.getOperandNumber()), BufferRelation::Equivalent,
           /*isDefinite=*/isa<RegionOp>(parent)}};
}
LogicalResult YieldOp::bufferize(RewriterBase &rewriter, const BufferizationOptions &options,
                                 BufferizationState &state) {
  for (OpOperand &operand : (*this)->getOpOperands()) {
    if (!isTensor(operand.get())) continue;
    FailureOr<Value> buffer = getBuffer(rewriter, operand.get(), options, state);
    if (failed(buffer)) return failure();
    rewriter.modifyOpInPlace(*this, [&] { operand.set(*buffer); });
  }
  return success();
}

static AliasingOpOperandList yieldedOperands(Operation *op, Value result, bool isDefinite) {
  AliasingOpOperandList list;
  unsigned i = cast<OpResult>(result).getResultNumber();
  for (Region &arm : op->getRegions())
    list.addAlias({&arm.front().getTerminator()->getOpOperand(i), BufferRelation::Equivalent, isDefinite});
  return list;
}
static FailureOr<BufferLikeType> yieldedType(Operation *op, Value result, const BufferizationOptions &options,
                                             const BufferizationState &state, SmallVector<Value> &stack) {
  unsigned i = cast<OpResult>(result).getResultNumber();
  FailureOr<BufferLikeType> joined = failure();
  for (auto [k, arm] : llvm::enumerate(op->getRegions())) {
    Value yielded = arm.front().getTerminator()->getOperand(i);
    FailureOr<BufferLikeType> type = failure();
    if (auto buffer = dyn_cast<BufferLikeType>(yielded.getType()))
      type = buffer;
    else
      type = bufferization::getBufferType(yielded, options, state, stack);
    if (failed(type)) return failure();
    joined = k ? joinTypes(op, result, *joined, *type) : type;
    if (failed(joined)) return failure();
  }
  return joined;
}
// Runs after the terminators were bufferised.
static LogicalResult bufferizeArms(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                                   BufferizationState &state) {
  SmallVector<Type> types;
  for (Value result : op->getResults()) {
    if (!isTensor(result)) {
      types.push_back(result.getType());
      continue;
    }
    FailureOr<BufferLikeType> type = bufferization::getBufferType(result, options, state);
    if (failed(type)) return failure();
    types.push_back(*type);
  }
  for (Region &arm : op->getRegions()) {
    Operation *yield = arm.front().getTerminator();
    rewriter.setInsertionPoint(yield);
    for (OpOperand &operand : yield->getOpOperands()) {
      Type type = types[operand.getOperandNumber()];
      if (operand.get().getType() == type) continue;
      Value cast = memref::CastOp::create(rewriter, yield->getLoc(), type, operand.get());
      rewriter.modifyOpInPlace(yield, [&] { operand.set(cast); });
    }
  }
  rewriter.setInsertionPoint(op);
  OperationState newState(op->getLoc(), op->getName(), op->getOperands(), types, op->getAttrs());
  for (unsigned i = 0; i < op->getNumRegions(); ++i) newState.addRegion();
  Operation *newOp = rewriter.create(newState);
  for (unsigned i = 0; i < op->getNumRegions(); ++i)
    rewriter.inlineRegionBefore(op->getRegion(i), newOp->getRegion(i), newOp->getRegion(i).end());
  replaceOpWithBufferizedValues(rewriter, op, newOp->getResults());
  return success();
}

AliasingOpOperandList RegionOp::getAliasingOpOperands(Value v, const AnalysisState &) {
  return yieldedOperands(*this, v, /*isDefinite=*/true);
}
bool RegionOp::isWritable(Value, const AnalysisState &) { return true; }
FailureOr<BufferLikeType> RegionOp::getBufferType(Value v, const BufferizationOptions &options,
                                                  const BufferizationState &state, SmallVector<Value> &stack) {
  return yieldedType(*this, v, options, state, stack);
}
LogicalResult RegionOp::bufferize(RewriterBase &rewriter, const BufferizationOptions &options,
                                  BufferizationState &state) {
  return bufferizeArms(*this, rewriter, options, state);
}

AliasingOpOperandList BranchOp::getAliasingOpOperands(Value v, const AnalysisState &) {
  return yieldedOperands(*this, v, /*isDefinite=*/false);
}
bool BranchOp::isWritable(Value, const AnalysisState &) { return true; }
FailureOr<BufferLikeType> BranchOp::getBufferType(Value v, const BufferizationOptions &options,
                                                  const BufferizationState &state, SmallVector<Value> &stack) {
  return yieldedType(*this, v, options, state, stack);
}
LogicalResult BranchOp::bufferize(RewriterBase &rewriter, const BufferizationOptions &options,
                                  BufferizationState &state) {
  return bufferizeArms(*this, rewriter, options, state);
}
} // namespace dlc::ctrl
