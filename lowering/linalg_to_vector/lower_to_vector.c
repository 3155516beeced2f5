// tile-lower-to-vector: linalg on memrefs, and memref.copy, to scf loops around
// vector operations.
//
//   linalg.matmul ins(%a, %b : memref<?x?xf32, ..>, ..) outs(%c : ..)
// ->
//   scf.for rows by 6, scf.for columns by 4 vectors
//     %acc:24 = vector.load %c ..
//     %new:24 = scf.for %k iter_args(%acc) { 6 scalars of a, 4 vectors of b, 24 times a * b + acc }
//     vector.store %new, %c ..
//
// A long reduction over an input that does not stay in the cache is cut into blocks (block.c).
// One rule for all ops: the loops, maps and strides decide (plan.c). A fill of an
// output just before the op becomes the start of its accumulators, and so do a copy there and what finishes the result
// (edges.c). A body that
// has no vector form gives scalar loops. Ops on tensors are left alone; an op
// with more than 16 loops or 24 operands is refused.
#include <stdlib.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/passes.h"
#include "lowering/linalg_to_vector/nest.h"
#include "ods/linalg.h"

static bool isOutputOf(MlirOperation op, MlirValue v) {
  intptr_t n = mlirOperationGetNumOperands(op);
  MlirAttribute segments = dlcAttr(op, "operandSegmentSizes");
  intptr_t from = mlirAttributeIsNull(segments) ? n - 1 : mlirDenseI32ArrayGetElement(segments, 0);
  for (intptr_t i = from; i < n; ++i)
    if (mlirValueEqual(mlirOperationGetOperand(op, i), v)) return true;
  return false;
}
static MlirOperation previous(MlirOperation op) {
  MlirOperation before = {0};
  dlcForEachOp(other, mlirOperationGetBlock(op)) {
    if (mlirOperationEqual(other, op)) break;
    before = other;
  }
  return before;
}
static bool isRead(const Nest *nest, MlirValue buffer) {
  for (intptr_t i = 0; i < nest->nInputs; ++i)
    if (mlirValueEqual(nest->operand[i].source, buffer)) return true;
  return false;
}
static void eraseFrom(DlcOps *ops, MlirOperation op) {
  for (intptr_t i = 0; i < ops->n; ++i)
    if (mlirOperationEqual(ops->data[i], op)) ops->data[i] = (MlirOperation){0};
}
// Takes over the fills of outputs that stand right before the op, pure ops aside.
static void foldFills(DlcBuilder *b, Nest *nest, DlcOps *ops) {
  MlirOperation at_ = previous(nest->op);
  while (!mlirOperationIsNull(at_)) {
    MlirOperation before = previous(at_);
    if (linalg_fill_isa(at_)) {
      MlirValue buffer = mlirOperationGetOperand(at_, 1);
      if (!isOutputOf(nest->op, buffer) || isRead(nest, buffer)) return;
      for (intptr_t i = nest->nInputs; i < nest->nOperands; ++i)
        if (mlirValueEqual(nest->operand[i].source, buffer)) nest->operand[i].initial = mlirOperationGetOperand(at_, 0);
      eraseFrom(ops, at_);
      mlirRewriterBaseEraseOp(b->rewriter, at_);
    } else if (!dlcIsPure(at_))
      return;
    at_ = before;
  }
}
static bool isOnBuffers(MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (mlirTypeIsATensor(typeOf(mlirOperationGetOperand(op, i)))) return false;
  return true;
}
// The reduction with the op that finishes its result, written in that op's place; false: they do better apart.
static bool emitFinished(DlcBuilder *b, const Nest *nest, MlirOperation finish, Target target) {
  Nest whole = *nest;
  Plan plan;
  bool ok = false;
  dlcBefore(b, finish) {
    if (!dlcAddFinish(b, &whole, finish)) continue;
    dlcCoalesceLoops(&whole);
    dlcPlanNest(&whole, target, &plan);
    // Accumulators that are combined at the end, or wait in memory between blocks, are no vectors in registers.
    ok = plan.vector >= 0 && !whole.loop[plan.vector].isReduction && plan.blocked < 0;
    if (ok) dlcEmitNest(b, &whole, &plan);
  }
  return ok;
}
static MlirLogicalResult lower(MlirRewriterBase rewriter, MlirOperation op, Target target, DlcOps *ops, DlcPass *pass) {
  DlcBuilder builder = dlcBuilderAt(rewriter, op), *b = &builder;
  Nest nest;
  Plan plan;
  MlirOperation finish = dlcFinishOf(op), start = {0};
  if (!dlcReadNest(b, op, &nest)) {
    if (!b->failed)
      mlirEmitError(b->loc,
                    "cannot be lowered to vectors: more than 16 loops or 24 operands, or a layout without strides");
    return mlirLogicalResultFailure();
  }
  foldFills(b, &nest, ops);
  if (start = dlcStartOf(&nest), start.ptr && dlcAddStart(b, &nest, start)) {
    eraseFrom(ops, start);
    mlirRewriterBaseEraseOp(rewriter, start);
  }
  if (finish.ptr && emitFinished(b, &nest, finish, target)) {
    mlirRewriterBaseEraseOp(rewriter, finish), mlirRewriterBaseEraseOp(rewriter, op);
    dlcPassCount(pass, 0, 1);
    return dlcStatus(b);
  }
  if (finish.ptr) {
    if (mlirLogicalResultIsFailure(lower(rewriter, finish, target, ops, pass))) return mlirLogicalResultFailure();
    builder = dlcBuilderAt(rewriter, op);
  }
  dlcCoalesceLoops(&nest);
  dlcPlanNest(&nest, target, &plan);
  dlcPassCount(pass, plan.vector >= 0 ? 0 : 1, 1);
  dlcEmitNest(b, &nest, &plan);
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, op);
  return dlcStatus(b);
}
MlirLogicalResult dlcRunTileLowerToVector(MlirOperation root, DlcPass *pass,
                                          const DlcTileLowerToVectorOptions *options) {
  Target target = {options->vectorBits, options->registers, options->cacheBytes};
  if (target.vectorBits < 64 || target.vectorBits > 4096 || target.vectorBits & (target.vectorBits - 1) ||
      target.registers < 4 || target.registers > 64 || target.cacheBytes < 1) {
    mlirEmitError(mlirOperationGetLocation(root),
                  "tile-lower-to-vector: vector-bits must be a power of two from 64 to 4096, registers from 4 to 64, "
                  "cache-bytes at least 1");
    return mlirLogicalResultFailure();
  }
  DlcOps ops = dlcCollect(root, dlcIsNest);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = ops.n - 1; i >= 0 && mlirLogicalResultIsSuccess(result);
       --i) { // from the back: a fill is still there
    if (mlirOperationIsNull(ops.data[i]) || !isOnBuffers(ops.data[i]) || dlcReductionBefore(ops.data[i]).ptr) continue;
    result = lower(rewriter, ops.data[i], target, &ops, pass);
  }
  mlirIRRewriterDestroy(rewriter);
  free(ops.data);
  return mlirLogicalResultIsSuccess(result) ? dlcExpandDynamicShapes(root) : result;
}
