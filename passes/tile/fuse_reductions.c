// tile-fuse-reductions: an elementwise op and a reduction of what it makes run as one.
//
//   %e = linalg.generic [parallel, parallel] ins(%x) outs(%d) { exp }
//   %s = linalg.generic [parallel, reduction] ins(%e) outs(%0) { + }
// ->
//   %e, %s = linalg.generic [parallel, reduction] ins(%x) outs(%d, %0) { exp, + }
//
// The elements are reduced while they are in registers; they are stored where the reduction runs, as an output that
// moves along all loops of it (lowering/linalg_to_vector/nest.h: dlcIsStored).
//
// Only in tasks of the host, and where the reduction reads the elements once each, in the order of its loops. Nothing
// between the two reads them.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/cost/device.h"
#include "passes/tile/graph.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"

enum { MOST_OPERANDS = 16 };

// Whether the loops are all parallel; or, of a reduction, whether some are not.
static bool isKind(MlirOperation op, bool isReduction) {
  bool reduces[DLC_MAX_LOOPS], any = false;
  if (!linalg_generic_isa(op) || mlirOperationGetNumResults(op) != 1) return false;
  intptr_t n = dlcIteratorTypes(op, reduces, DLC_MAX_LOOPS);
  for (intptr_t i = 0; i < n && i < DLC_MAX_LOOPS; ++i) any |= reduces[i];
  return n > 0 && n <= DLC_MAX_LOOPS && any == isReduction;
}
static MlirBlock bodyOfOp(MlirOperation op) { return bodyOf(mlirOperationGetRegion(op, 0)); }
static MlirValue outOf(MlirOperation op) { return mlirOperationGetOperand(op, mlirOperationGetNumOperands(op) - 1); }
static bool readsIndices(MlirOperation op) {
  DlcOps indices = dlcCollect(op, linalg_index_isa);
  free(indices.data);
  return indices.n > 0;
}

// The op that makes input 0 of a reduction, if both may run as one; null: none.
static MlirOperation producerOf(MlirOperation op) {
  MlirOperation none = {0};
  MlirAffineMap read, made;
  if (!isKind(op, true) || mlirOperationGetNumOperands(op) != 2 || !dlcParentNamed(op, "ctrl.task").ptr) return none;
  MlirValue e = mlirOperationGetOperand(op, 0);
  MlirOperation producer = opOf(e);
  if (!producer.ptr || !mlirBlockEqual(mlirOperationGetBlock(producer), mlirOperationGetBlock(op)) ||
      !isKind(producer, false) || mlirOperationGetNumOperands(producer) > MOST_OPERANDS || readsIndices(producer) ||
      readsIndices(op) || !dlcLinalgMap(op, 0, &read) ||
      !dlcLinalgMap(producer, mlirOperationGetNumOperands(producer) - 1, &made))
    return none;
  // The same loops in the same order, all of which the elements move along.
  if (!mlirAffineMapIsPermutation(read) || !mlirAffineMapEqual(read, made)) return none;
  MlirBlock body = bodyOfOp(producer);
  if (!mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, mlirOperationGetNumOperands(producer) - 1)))) return none;
  dlcForEachUse(use, e) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (mlirOperationEqual(user, op)) continue;
    if (!mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(op)) ||
        !mlirOperationIsBeforeInBlock(op, user))
      return none;
  }
  return producer;
}
static bool isFusible(MlirOperation op) { return producerOf(op).ptr; }

static void cloneBody(DlcBuilder *b, MlirBlock from, DlcMapping map) {
  MlirOperation yield = mlirBlockGetTerminator(from);
  dlcForEachOp(op, from)
    if (!mlirOperationEqual(op, yield)) dlcClone(b, op, map);
}
static MlirValue yieldedBy(MlirBlock body) { return mlirOperationGetOperand(mlirBlockGetTerminator(body), 0); }

static void writeBody(DlcBuilder *b, MlirBlock body, MlirOperation producer, MlirOperation op, intptr_t nIns) {
  MlirBlock first = bodyOfOp(producer), second = bodyOfOp(op);
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < nIns; ++i) dlcMap(map, argOf(first, i), argOf(body, i));
  dlcMap(map, argOf(second, 1), argOf(body, nIns + 1));
  dlcAtEnd(b, body) {
    cloneBody(b, first, map);
    MlirValue e = dlcMapped(map, yieldedBy(first));
    dlcMap(map, argOf(second, 0), e);
    cloneBody(b, second, map);
    linalg_yield(b, vals(e, dlcMapped(map, yieldedBy(second))));
  }
  dlcMappingDestroy(map);
}

static bool fuse(DlcBuilder *b, MlirOperation op) {
  MlirOperation producer = producerOf(op); // of two reductions of one tensor the first took it
  if (!producer.ptr) return false;
  intptr_t nIns = mlirOperationGetNumOperands(producer) - 1;
  MlirValue ins[MOST_OPERANDS], outs[] = {outOf(producer), outOf(op)};
  MlirAffineMap maps[MOST_OPERANDS + 1];
  MlirType arguments[MOST_OPERANDS + 1], results[] = {typeOf(outs[0]), typeOf(outs[1])};
  for (intptr_t i = 0; i <= nIns; ++i) {
    if (i < nIns) ins[i] = mlirOperationGetOperand(producer, i);
    dlcLinalgMap(producer, i, &maps[i]);
    arguments[i] = typeOf(argOf(bodyOfOp(producer), i));
  }
  dlcLinalgMap(op, 1, &maps[nIns + 1]);
  arguments[nIns + 1] = typeOf(argOf(bodyOfOp(op), 1));
  MlirOperation made =
      linalg_generic(b, valsN(nIns, ins), valsN(2, outs), .indexing_maps = {maps, nIns + 2},
                     .iterator_types = linalg_generic_iterator_types(op), .result_tensors_type = typesN(2, results));
  if (mlirOperationIsNull(made)) return false;
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), typesN(nIns + 2, arguments));
  writeBody(b, body, producer, op, nIns);
  if (b->failed) return false;
  MlirValue sum = dlcResult(made, 1), e = dlcResult(made, 0);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &sum);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, producer, 1, &e);
  return true;
}

MlirLogicalResult dlcRunTileFuseReductions(MlirOperation root, DlcPass *pass,
                                           const DlcTileFuseReductionsOptions *options) {
  (void)options; // it has none
  DlcDevice device;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  if (!device.isHost) return mlirLogicalResultSuccess();
  return dlcRewriteAndCount(root, isFusible, fuse, pass, DlcTileFuseReductions_fused);
}
