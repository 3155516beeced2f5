// tile-decompose-pads: a padded tensor is a fresh one, filled, with the source in
// its middle; fills and copies are then cut into work items like everything else.
//
//   %p = tensor.pad %x low[0, 1] high[0, 1] { yield %c }
// ->
//   %e = tensor.empty   %f = linalg.fill %c outs(%e)   %p = tensor.insert_slice %x into %f[0, 1]
//
// Refuses (leaves as it is): a pad whose value depends on the index.
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

typedef struct {
  MlirValue value;
  int64_t known;
} Amount; // value null: known

static intptr_t amountsOf(DlcI64s fixed, DlcValues dynamic, Amount *out) {
  intptr_t next = 0;
  for (intptr_t i = 0; i < fixed.n; ++i)
    out[i] =
        mlirShapedTypeIsDynamicSize(fixed.data[i]) ? (Amount){at(dynamic, next++), 0} : (Amount){{0}, fixed.data[i]};
  return fixed.n;
}
static MlirValue valueOf(DlcBuilder *b, Amount a) { return isNull(a.value) ? constIndex(b, a.known) : a.value; }

static MlirLogicalResult decompose(DlcBuilder *b, MlirOperation pad, void *data) {
  (void)data;
  MlirValue source = tensor_pad_source(pad), fill = padValue(pad);
  MlirType from = typeOf(source), to = typeOf(tensor_pad_result(pad));
  intptr_t rank = mlirShapedTypeGetRank(to), nEmpty = 0, nOffsets = 0, nSizes = 0;
  if (isNull(fill) || rank > MAX_RANK) return mlirLogicalResultFailure();
  Amount low[MAX_RANK], high[MAX_RANK];
  amountsOf(tensor_pad_static_low(pad), tensor_pad_low(pad), low);
  amountsOf(tensor_pad_static_high(pad), tensor_pad_high(pad), high);
  MlirValue emptySizes[MAX_RANK], offsets[MAX_RANK], sizes[MAX_RANK];
  int64_t staticOffsets[MAX_RANK], staticSizes[MAX_RANK], ones[MAX_RANK];
  if (dlcIsScalarConstant(opOf(fill))) fill = dlcResult(dlcCloneAlone(b, opOf(fill)), 0);
  for (intptr_t i = 0; i < rank; ++i) {
    MlirValue extent = {0};
    ones[i] = 1;
    staticSizes[i] = mlirShapedTypeGetDimSize(from, i);
    if (mlirShapedTypeIsDynamicDim(from, i)) sizes[nSizes++] = extent = tensor_dim(b, source, constIndex(b, i));
    if (mlirShapedTypeIsDynamicDim(to, i)) {
      if (isNull(extent)) extent = constIndex(b, staticSizes[i]);
      emptySizes[nEmpty++] = arith_addi(b, arith_addi(b, extent, valueOf(b, low[i])), valueOf(b, high[i]));
    }
    staticOffsets[i] = isNull(low[i].value) ? low[i].known : mlirShapedTypeGetDynamicSize();
    if (!isNull(low[i].value)) offsets[nOffsets++] = low[i].value;
  }
  MlirValue empty = tensor_empty(b, valsN(nEmpty, emptySizes), to);
  MlirValue filled = dlcResult(dlcFill(b, fill, empty), 0);
  MlirValue result = tensor_insert_slice(b, source, filled, valsN(nOffsets, offsets), valsN(nSizes, sizes),
                                         (DlcValues){0}, {staticOffsets, rank}, {staticSizes, rank}, {ones, rank});
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
