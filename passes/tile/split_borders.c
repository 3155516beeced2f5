// tile-split-borders: of a large padded tensor that no graph makes only the border is filled. What makes the source
// can then make it in its place.
//
//   %f = linalg.fill %c into %e     %p = tensor.insert_slice %x into %f[0, 1]
// ->
//   %b = ctrl.task outs(%o = %e) { fills of the slices of %o left and right of the source }
//   %p = tensor.insert_slice %x into %b[0, 1]
//
// The sides are little, and one task; on a device, and where a size is not known, they are fills and insertions, each
// of its own. A small tensor and one with many borders stay filled whole (dlcPadIsLarge).
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "passes/cost/device.h"
#include "passes/tile/pad.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "ods/tile.h"

static bool isSplit(MlirOperation op) {
  if (!dlcIsPad(op) || !dlcPadIsLarge(op)) return false;
  MlirOperation parent = mlirOperationGetParentOperation(op);
  return !tile_graph_isa(parent) && hasOneUse(tensor_insert_slice_dest(op));
}

//===--- one task -----------------------------------------------------------------------------===//
enum { MOST_SIDES = 2 * DLC_MAX_NUMBERS };
typedef struct {
  DlcNumbers offsets, sizes;
  MlirValue filled;
} Side;

static bool areKnown(const DlcSides *sides) {
  bool known = true;
  for (intptr_t i = 0; i < sides->rank; ++i)
    known &= dlcIsKnown(sides->low[i]) && dlcIsKnown(sides->source[i]) && dlcIsKnown(sides->high[i]);
  return known;
}

static void fillSides(DlcBuilder *b, MlirValue number, MlirValue out, const DlcSides *sides) {
  Side made[MOST_SIDES] = {0};
  intptr_t n = 0;
  number = dlcResult(dlcCloneAlone(b, opOf(number)), 0);
  for (intptr_t d = 0; d < sides->rank; ++d)
    for (int isHigh = 0; isHigh < 2; ++isHigh) {
      Side *side = &made[n];
      if (!dlcSideOf(b, sides, d, isHigh, &side->offsets, &side->sizes)) continue;
      side->filled = dlcResult(dlcFill(b, number, dlcSliceAt(b, out, &side->offsets, &side->sizes)), 0);
      ++n;
    }
  MlirOperation insert = ctrl_in_parallel(b);
  dlcAtEnd(b, dlcAddBlock(b, ctrl_in_parallel_body(insert), (DlcTypes){0})) for (intptr_t i = 0; i < n; ++i)
      dlcInsertInParallel(b, made[i].filled, out, &made[i].offsets, &made[i].sizes);
}

static MlirValue makeTask(DlcBuilder *b, MlirValue number, MlirValue into, const DlcSides *sides) {
  MlirOperation task = ctrl_task(b, (DlcValues){0}, (DlcValues){0}, (DlcValues){0}, vals(into), (DlcValues){0},
                                 .static_lbs = i64s(0), .static_ubs = i64s(1));
  if (mlirOperationIsNull(task)) return into;
  mlirOperationSetDiscardableAttributeByName(task, dlcText("label"), mlirStringAttrGet(b->ctx, dlcText("border")));
  MlirBlock body = dlcAddBlock(b, ctrl_task_body(task), types(indexType(b)));
  MlirValue out = mlirBlockAddArgument(body, typeOf(into), b->loc);
  dlcAtEnd(b, body) fillSides(b, number, out, sides);
  return dlcResult(task, 0);
}

static void split(DlcBuilder *b, MlirOperation pad, const DlcDevice *device) {
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
    bool isTask = device->isHost && areKnown(&sides) && dlcIsScalarConstant(opOf(number));
    into = isTask ? makeTask(b, number, into, &sides) : dlcFillSides(b, number, into, &sides);
    mlirOperationSetOperand(pad, 1, into);
  }
  if (!b->failed) mlirRewriterBaseEraseOp(b->rewriter, fill);
}

MlirLogicalResult dlcRunTileSplitBorders(MlirOperation root, DlcPass *pass, const DlcTileSplitBordersOptions *options) {
  (void)options; // it has none
  DlcDevice device;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps pads = dlcCollect(root, isSplit);
  for (intptr_t i = 0; i < pads.n && !b.failed; ++i) split(&b, pads.data[i], &device);
  dlcPassCount(pass, DlcTileSplitBorders_borders, (uint64_t)pads.n);
  free(pads.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
