// tile-split-borders: of a large padded tensor that no graph makes only the border is filled. What makes the source
// can then make it in its place.
//
//   %f = linalg.fill %c into %e     %p = tensor.insert_slice %x into %f[0, 1]
// ->
//   %l = linalg.fill %c   %0 = tensor.insert_slice %l into %e[0, 0]     (left of the source)
//   %r = linalg.fill %c   %1 = tensor.insert_slice %r into %0[0, ..]    (right of it)
//   %p = tensor.insert_slice %x into %1[0, 1]
//
// A small tensor and one with many borders stay filled whole (dlcPadIsLarge).
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/tile/pad.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "ods/tile.h"

static bool isSplit(MlirOperation op) {
  if (!dlcIsPad(op) || !dlcPadIsLarge(op)) return false;
  MlirOperation parent = mlirOperationGetParentOperation(op);
  return !tile_graph_isa(parent) && hasOneUse(tensor_insert_slice_dest(op));
}

static void split(DlcBuilder *b, MlirOperation pad) {
  DlcPadShape shape;
  dlcPadRead(pad, &shape);
  MlirOperation fill = opOf(tensor_insert_slice_dest(pad));
  MlirValue number = mlirOperationGetOperand(fill, 0), into = mlirOperationGetOperand(fill, 1);
  DlcSides sides = {.rank = shape.rank};
  dlcBefore(b, pad) {
    for (intptr_t i = 0; i < shape.rank; ++i) {
      bool plain = !dlcPadHasBorder(&shape, i);
      sides.low[i] = dlcKnown(shape.low[i]), sides.source[i] = shape.source[i], sides.whole[i] = shape.padded[i];
      sides.high[i] = plain ? dlcKnown(0) : dlcSum(b, shape.padded[i], shape.source[i], -1, -shape.low[i]);
    }
    into = dlcFillSides(b, number, into, &sides);
    mlirOperationSetOperand(pad, 1, into);
  }
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, fill);
}

MlirLogicalResult dlcRunTileSplitBorders(MlirOperation root, DlcPass *pass, const DlcTileSplitBordersOptions *options) {
  (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps pads = dlcCollect(root, isSplit);
  for (intptr_t i = 0; i < pads.n && !b.failed; ++i) split(&b, pads.data[i]);
  dlcPassCount(pass, DlcTileSplitBorders_borders, (uint64_t)pads.n);
  free(pads.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
