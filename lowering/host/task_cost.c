// How long an item of a task takes, roughly: with it the runtime runs small tasks on one thread and gives threads
// chunks that are worth their bookkeeping. Counted are the operations of linalg ops, as if in full vectors, and the
// bytes of their operands, as if from an L2; of the branches of an scf.if the longer one. Dynamic sizes count as the
// largest that they can be: the program scales that by what is written when it runs.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "lowering/host/host.h"
#include "ods/ctrl.h"
#include "ods/memref.h"
#include "ods/scf.h"

enum { MAX_LOOPS = 32 };
// Operations and bytes a nanosecond: half of what one core with AVX-512 does at 3.6 GHz.
static const double operationsPerNs = 64, bytesPerNs = 32, callOperations = 12;

// Of a shaped value, at the most; negative: not known.
static double elementsOf(MlirValue v) {
  double n = 1;
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(typeOf(v)); ++d) {
    bool isDynamic = mlirShapedTypeIsDynamicDim(typeOf(v), d);
    int64_t size = isDynamic ? dlcUpperBoundOfSize(v, d) : mlirShapedTypeGetDimSize(typeOf(v), d);
    if (size < 0) return -1;
    n *= (double)size;
  }
  return n;
}

static double bytesOf(MlirValue v) {
  if (!mlirTypeIsAShaped(typeOf(v))) return 0;
  if (!mlirShapedTypeHasRank(typeOf(v))) return -1;
  double elements = elementsOf(v), bytes = (double)dlcElementBytes(mlirShapedTypeGetElementType(typeOf(v)));
  return elements < 0 || bytes < 0 ? -1 : elements * bytes;
}

// How far a loop goes, at the most, as an operand that it alone indexes shows; negative: not known.
static int64_t boundOfLoop(MlirOperation op, intptr_t loop) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirAffineMap map;
    if (!dlcLinalgMap(op, i, &map)) return -1;
    for (intptr_t r = 0; r < mlirAffineMapGetNumResults(map); ++r) {
      MlirAffineExpr e = mlirAffineMapGetResult(map, r);
      if (mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) == loop)
        return dlcUpperBoundOfSize(mlirOperationGetOperand(op, i), r);
    }
  }
  return -1;
}

// The points of an op's loops, at the most; negative: not known.
static double pointsOf(MlirOperation op) {
  bool reduces[MAX_LOOPS];
  int64_t range[MAX_LOOPS];
  double points = 1;
  intptr_t n = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  if (n < 0 || n > MAX_LOOPS || !dlcStaticLoopRanges(op, range, MAX_LOOPS)) return -1;
  for (intptr_t d = 0; d < n; ++d) {
    if (range[d] < 0) range[d] = boundOfLoop(op, d);
    if (range[d] < 0) return -1;
    points *= (double)range[d];
  }
  return points;
}

static double operationsOf(MlirOperation op) {
  double n = -1; // the yield
  if (mlirOperationGetNumRegions(op))
    dlcForEachOp(inner, bodyOf(mlirOperationGetRegion(op, 0))) {
      MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(inner));
      n += name.length > 5 && !memcmp(name.data, "math.", 5) ? callOperations : 1;
    }
  return n < 0 ? 0 : n;
}

// Nanoseconds of one op; negative: not known.
static double costOfBlock(MlirBlock block);
static double costOf(MlirOperation op) {
  if (scf_if_isa(op)) {
    double then = costOfBlock(bodyOf(mlirOperationGetRegion(op, 0))),
           otherwise = costOfBlock(bodyOf(mlirOperationGetRegion(op, 1)));
    return then < 0 || otherwise < 0 ? -1 : then > otherwise ? then : otherwise;
  }
  bool isCopy = memref_copy_isa(op);
  if (!isCopy && !dlcIsLinalgOp(op)) return mlirOperationGetNumRegions(op) ? -1 : 0;
  double points = isCopy ? 0 : pointsOf(op), bytes = 0;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op) && bytes >= 0; ++i) {
    double of = bytesOf(mlirOperationGetOperand(op, i));
    bytes = of < 0 ? -1 : bytes + of;
  }
  if (points < 0 || bytes < 0) return -1;
  return points * operationsOf(op) / operationsPerNs + bytes / bytesPerNs;
}
static double costOfBlock(MlirBlock block) {
  double sum = 0;
  if (mlirBlockIsNull(block)) return 0;
  dlcForEachOp(op, block) {
    double cost = ctrl_in_parallel_isa(op) ? 0 : costOf(op);
    if (cost < 0) return -1;
    sum += cost;
  }
  return sum;
}

//===--- what is written ----------------------------------------------------------------------===//
// Of an operand, by one item, at the most; negative: not known.
static double writtenOf(MlirValue argument) {
  dlcForEachUse(use, argument) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (memref_subview_isa(user)) return elementsOf(dlcResult(user, 0));
  }
  return -1;
}

DlcTaskCost dlcHostTaskCost(MlirOperation task) {
  MlirBlock body = bodyOf(ctrl_task_body(task));
  double item = costOfBlock(body);
  DlcTaskCost cost = {.item = item < 0 || item > 1e15 ? 0 : item < 1 ? 1 : item};
  DlcValues outs = ctrl_task_outs(task);
  intptr_t first = mlirBlockGetNumArguments(body) - outs.n;
  for (intptr_t i = 0; i < outs.n && cost.item > 0 && isNull(cost.written); ++i) {
    MlirValue out = at(outs, i);
    if (!mlirTypeIsAMemRef(typeOf(out)) || mlirShapedTypeHasStaticShape(typeOf(out))) continue;
    double elements = writtenOf(argOf(body, first + i));
    if (elements > 0) cost.written = out, cost.elements = elements;
  }
  return cost;
}
