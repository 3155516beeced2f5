// How long an item of a task takes, roughly: with it the runtime runs small tasks on one thread and gives threads
// chunks that are worth their bookkeeping. Counted are the operations of linalg ops, as if in full vectors, and the
// bytes of their operands, as if from an L2; of the branches of an scf.if the longer one.
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

static double bytesOf(MlirType type) {
  if (!mlirTypeIsAShaped(type)) return 0;
  if (!dlcIsStatic(type)) return -1;
  int64_t bytes = dlcStaticBytes(type);
  return bytes < 0 ? -1 : (double)bytes;
}

// The points of an op's loops; negative: not known.
static double pointsOf(MlirOperation op) {
  bool reduces[MAX_LOOPS];
  int64_t range[MAX_LOOPS];
  double points = 1;
  intptr_t n = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  if (n < 0 || n > MAX_LOOPS || !dlcStaticLoopRanges(op, range, MAX_LOOPS)) return -1;
  for (intptr_t d = 0; d < n; ++d) {
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
    double of = bytesOf(typeOf(mlirOperationGetOperand(op, i)));
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

int64_t dlcHostTaskCost(MlirOperation task) {
  double cost = costOfBlock(bodyOf(ctrl_task_body(task)));
  return cost < 0 || cost > 1e15 ? 0 : cost < 1 ? 1 : (int64_t)cost;
}
