// tile-decompose-pads: a padded tensor is a filled one with the source in its middle.
//
//   %p = tensor.pad %x low[0, 1] high[0, 1] { yield %c }
// ->
//   %f = linalg.fill %c     %p = tensor.insert_slice %x into %f[0, 1]
//
// Graphs make tiles of that (passes/tile/pad.h); of what no graph makes, tile-split-borders lets only the border be
// filled. Refuses (leaves as it is): a pad whose value depends on the index.
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/tensor.h"

enum { MAX_RANK = 16 };

// The value outside of the source, if it is one value.
static MlirValue padValue(MlirOperation pad) {
  MlirBlock body = bodyOf(tensor_pad_region(pad));
  MlirValue v = mlirOperationGetOperand(mlirBlockGetTerminator(body), 0);
  MlirOperation producer = opOf(v);
  if (!producer.ptr) return dlcBlockIsInside(mlirBlockArgumentGetOwner(v), pad) ? (MlirValue){0} : v;
  return dlcIsInside(producer, pad) && !dlcIsScalarConstant(producer) ? (MlirValue){0} : v;
}

// The operand of dimension `d` where the list has a dynamic one; moves on to the next.
static MlirValue amountOf(DlcBuilder *b, DlcI64s fixed, DlcValues dynamic, intptr_t d, intptr_t *next) {
  return mlirShapedTypeIsDynamicSize(fixed.data[d]) ? at(dynamic, (*next)++) : constIndex(b, fixed.data[d]);
}

static MlirLogicalResult decompose(DlcBuilder *b, MlirOperation pad, void *data) {
  (void)data;
  MlirValue fill = padValue(pad), source = tensor_pad_source(pad);
  MlirType from = typeOf(source), to = typeOf(tensor_pad_result(pad));
  intptr_t rank = mlirShapedTypeGetRank(to), nPadded = 0, nSizes = 0, nextLow = 0, nextHigh = 0;
  if (isNull(fill) || rank > MAX_RANK) return mlirLogicalResultFailure();
  if (dlcIsScalarConstant(opOf(fill))) fill = dlcResult(dlcCloneAlone(b, opOf(fill)), 0);
  DlcI64s low = tensor_pad_static_low(pad), high = tensor_pad_static_high(pad);
  MlirValue padded[MAX_RANK], sizes[MAX_RANK];
  int64_t extents[MAX_RANK], ones[MAX_RANK];
  for (intptr_t i = 0; i < rank; ++i) {
    extents[i] = mlirShapedTypeGetDimSize(from, i), ones[i] = 1;
    bool grows = low.data[i] || high.data[i];
    MlirValue before = amountOf(b, low, tensor_pad_low(pad), i, &nextLow),
              behind = amountOf(b, high, tensor_pad_high(pad), i, &nextHigh);
    MlirValue size = constIndex(b, extents[i]);
    if (mlirShapedTypeIsDynamicDim(from, i)) sizes[nSizes++] = size = tensor_dim(b, source, constIndex(b, i));
    if (!mlirShapedTypeIsDynamicDim(to, i)) continue;
    padded[nPadded++] = grows ? arith_addi(b, arith_addi(b, size, before), behind) : size;
  }
  MlirValue filled = dlcResult(dlcFill(b, fill, tensor_empty(b, valsN(nPadded, padded), to)), 0);
  MlirValue result = tensor_insert_slice(b, source, filled, tensor_pad_low(pad), valsN(nSizes, sizes), (DlcValues){0},
                                         low, {extents, rank}, {ones, rank});
  if (b->failed) return mlirLogicalResultFailure();
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, pad, 1, &result);
  return dlcStatus(b);
}

MlirLogicalResult dlcRunTileDecomposePads(MlirOperation root, DlcPass *pass,
                                          const DlcTileDecomposePadsOptions *options) {
  (void)pass, (void)options; // it has none
  static const DlcPattern patterns[] = {{"tensor.pad", 1, decompose}};
  return dlcApplyPatterns(root, DLC_COUNT(patterns), patterns, NULL);
}
