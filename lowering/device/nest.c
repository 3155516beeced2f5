// Reading a nest, and choosing how threads share it: see nest.h.
#include "lowering/device/nest.h"
#include "dlc/analysis.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"

static bool isDim(MlirAffineExpr e, intptr_t d) {
  return mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) == d;
}
static bool hasDim(MlirAffineMap map, intptr_t d) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (isDim(mlirAffineMapGetResult(map, i), d)) return true;
  return false;
}
static bool dependsOn(MlirAffineMap map, intptr_t d) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    if (mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, i), d)) return true;
  return false;
}
static intptr_t countInits(MlirOperation op) {
  if (linalg_reduce_isa(op)) return mlirOperationGetNumOperands(op) / 2;
  if (linalg_map_isa(op) || linalg_transpose_isa(op) || linalg_broadcast_isa(op)) return 1;
  return dlcOperandSegment(op, 1).n;
}

//===--- reading ---
static bool readOperands(DlcThreadNest *n) {
  n->isCopy = memref_copy_isa(n->op);
  n->operands = mlirOperationGetNumOperands(n->op);
  if (n->operands > DLC_MAX_OPERANDS)
    return dlcRefuse(n->op, "an op with more than %d operands has no form in kernels", DLC_MAX_OPERANDS);
  n->ins = n->operands - (n->isCopy ? 1 : countInits(n->op));
  MlirBlock body = n->isCopy ? (MlirBlock){0} : bodyOf(mlirOperationGetRegion(n->op, 0));
  for (intptr_t k = 0; k < n->operands; ++k) {
    n->values[k] = mlirOperationGetOperand(n->op, k);
    MlirType t = typeOf(n->values[k]);
    if (mlirTypeIsATensor(t)) return dlcRefuse(n->op, "a structured op on tensors inside a kernel: bufferise first");
    if (n->isCopy) {
      n->maps[k] = mlirAffineMapMultiDimIdentityGet(mlirOperationGetContext(n->op), mlirShapedTypeGetRank(t));
      n->used[k] = k < n->ins;
    } else {
      if (!dlcLinalgMap(n->op, k, &n->maps[k])) return dlcRefuse(n->op, "no indexing map");
      n->used[k] = k < mlirBlockGetNumArguments(body) && !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, k)));
    }
  }
  return true;
}

static bool readExtents(DlcBuilder *b, DlcThreadNest *n) {
  n->loops = mlirAffineMapGetNumDims(n->maps[0]);
  if (n->loops > DLC_KERNEL_RANK) return dlcRefuse(n->op, "more than %d loops", DLC_KERNEL_RANK);
  for (intptr_t d = 0; d < n->loops; ++d) {
    n->known[d] = n->bounds[d] = -1;
    for (intptr_t k = 0; k < n->operands; ++k) {
      if (!mlirTypeIsAMemRef(typeOf(n->values[k]))) continue;
      for (intptr_t i = 0; i < mlirAffineMapGetNumResults(n->maps[k]); ++i) {
        if (!isDim(mlirAffineMapGetResult(n->maps[k], i), d)) continue;
        MlirType t = typeOf(n->values[k]);
        bool open = mlirShapedTypeIsDynamicDim(t, i);
        if (n->extents[d].ptr && (open || n->known[d] >= 0)) continue;
        n->extents[d] =
            open ? memref_dim(b, n->values[k], constIndex(b, i)) : constIndex(b, mlirShapedTypeGetDimSize(t, i));
        if (!open) n->known[d] = n->bounds[d] = mlirShapedTypeGetDimSize(t, i);
      }
    }
    if (!n->extents[d].ptr) return dlcRefuse(n->op, "the extent of loop %ld follows from no operand", (long)d);
    if (n->known[d] < 0 && !dlcUpperBoundOf(n->extents[d], &n->bounds[d])) n->bounds[d] = -1;
  }
  return true;
}

static void splitLoops(DlcThreadNest *n) {
  bool reduction[DLC_KERNEL_RANK] = {false};
  if (!n->isCopy) dlcIteratorTypes(n->op, reduction, DLC_KERNEL_RANK);
  for (intptr_t d = 0; d < n->loops; ++d) {
    bool shared = !reduction[d];
    for (intptr_t k = n->ins; k < n->operands; ++k) shared = shared && hasDim(n->maps[k], d);
    if (shared)
      n->outer[n->nOuter++] = d;
    else
      n->inner[n->nInner++] = d;
  }
  for (intptr_t k = n->ins; k < n->operands; ++k)
    for (intptr_t i = 0; i < n->nInner; ++i) n->inMemory[k] = n->inMemory[k] || dependsOn(n->maps[k], n->inner[i]);
}

static int64_t product(const DlcThreadNest *n, const intptr_t *dims, intptr_t count, const int64_t *of) {
  int64_t p = 1;
  for (intptr_t i = 0; i < count; ++i)
    if (of[dims[i]] < 0 || __builtin_mul_overflow(p, of[dims[i]], &p)) return -1;
  (void)n;
  return p;
}

//===--- choosing ---
// An input is read at sums of loops: every copy then keeps places of its own in registers, beside its sum.
static bool readsWindows(const DlcThreadNest *n) {
  for (intptr_t k = 0; k < n->ins; ++k)
    for (intptr_t i = 0; !mlirAffineMapIsNull(n->maps[k]) && i < mlirAffineMapGetNumResults(n->maps[k]); ++i)
      if (mlirAffineExprIsAAdd(mlirAffineMapGetResult(n->maps[k], i))) return true;
  return false;
}

enum { MOST_WINDOWS = 8 }; // copies; ptxas spilled with 16

// The innermost outer loops are tried with the largest tile that leaves every thread of the block some work.
static void chooseTile(const DlcTeam *team, DlcThreadNest *n) {
  for (intptr_t i = 0; i < n->nOuter; ++i) n->tile[i] = 1;
  bool isWindowed = readsWindows(n);
  int64_t total = product(n, n->outer, n->nOuter, n->known);
  if (n->operands - n->ins != 1 || n->inMemory[n->ins] || !n->nInner || n->nOuter < 1 || total < 0) return;
  if (product(n, n->inner, n->nInner, n->bounds) >= 0 && product(n, n->inner, n->nInner, n->bounds) < 4) return;
  static const int64_t tries[][2] = {{4, 4}, {2, 4}, {4, 2}, {8, 2}, {8, 1}, {1, 8},
                                     {2, 2}, {4, 1}, {1, 4}, {2, 1}, {1, 2}};
  // The last two loops that have more than one iteration.
  intptr_t last = -1, before = -1;
  for (intptr_t i = n->nOuter - 1; i >= 0 && before < 0; --i) {
    if (n->known[n->outer[i]] <= 1) continue;
    if (last < 0)
      last = i;
    else
      before = i;
  }
  for (size_t t = 0; t < sizeof tries / sizeof *tries && last >= 0; ++t) {
    int64_t f0 = tries[t][0], f1 = tries[t][1];
    if (before < 0 && f0 > 1) continue;
    if (n->known[n->outer[last]] % f1 || (before >= 0 && n->known[n->outer[before]] % f0)) continue;
    if (total / (f0 * f1) < team->threads) continue;
    if (isWindowed && f0 * f1 > MOST_WINDOWS) continue;
    if (before >= 0) n->tile[before] = f0;
    n->tile[last] = f1;
    n->kind = DLC_NEST_TILED;
    return;
  }
}

static bool isCombiner(MlirOperation op) {
  return arith_addf_isa(op) || arith_mulf_isa(op) || arith_maximumf_isa(op) || arith_minimumf_isa(op) ||
         arith_maxnumf_isa(op) || arith_minnumf_isa(op) || arith_addi_isa(op) || arith_muli_isa(op) ||
         arith_maxsi_isa(op) || arith_minsi_isa(op) || arith_maxui_isa(op) || arith_minui_isa(op) ||
         arith_andi_isa(op) || arith_ori_isa(op) || arith_xori_isa(op);
}
// The body is `yield combine(accumulator, f(inputs))`, in 32 bits, which a shuffle moves.
static MlirOperation findCombiner(const DlcThreadNest *n) {
  MlirOperation none = {0};
  if (n->isCopy || n->operands - n->ins != 1 || n->inMemory[n->ins]) return none;
  MlirBlock body = bodyOf(mlirOperationGetRegion(n->op, 0));
  if (n->ins >= mlirBlockGetNumArguments(body)) return none;
  MlirValue acc = argOf(body, n->ins);
  MlirType t = typeOf(acc);
  bool fits = mlirTypeIsAF32(t) || (mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 32);
  MlirOperation yield = mlirBlockGetTerminator(body);
  if (!fits || mlirOperationGetNumOperands(yield) != 1 || !hasOneUse(acc)) return none;
  MlirOperation op = opOf(mlirOperationGetOperand(yield, 0));
  if (!isCombiner(op)) return none;
  bool left = mlirValueEqual(mlirOperationGetOperand(op, 0), acc),
       right = mlirValueEqual(mlirOperationGetOperand(op, 1), acc);
  return left != right ? op : none;
}
static void chooseShuffles(const DlcTeam *team, DlcThreadNest *n) {
  if (team->warp < 2 || team->threads % team->warp || !n->nInner) return;
  MlirOperation op = findCombiner(n);
  if (!op.ptr) return;
  int64_t inner = product(n, n->inner, n->nInner, n->known), outer = product(n, n->outer, n->nOuter, n->bounds);
  if (inner >= 0 && inner < 2 * team->warp) return;
  intptr_t shaped = 0;
  for (intptr_t k = 0; k < n->ins; ++k) shaped += n->used[k] && mlirTypeIsAMemRef(typeOf(n->values[k]));
  bool few = outer >= 0 && outer < team->threads;
  // Alone, an input is read once: what counts is that neighbours read neighbours.
  MlirAffineMap map = n->maps[0];
  intptr_t results = mlirAffineMapGetNumResults(map);
  bool along = shaped == 1 && results && isDim(mlirAffineMapGetResult(map, results - 1), n->inner[n->nInner - 1]);
  if (!few && !along) return;
  n->combiner = op;
  n->kind = DLC_NEST_SHUFFLED;
}

bool dlcReadThreadNest(const DlcTeam *team, MlirOperation op, DlcThreadNest *n) {
  *n = (DlcThreadNest){.op = op};
  if (!readOperands(n) || !readExtents(team->b, n)) return false;
  splitLoops(n);
  for (intptr_t i = 0; i < n->nOuter; ++i) n->tile[i] = 1;
  chooseShuffles(team, n);
  if (n->kind == DLC_NEST_PLAIN) chooseTile(team, n);
  return !team->b->failed;
}

bool dlcNestIsPrivate(const DlcThreadNest *n, intptr_t k) {
  if (n->kind != DLC_NEST_PLAIN || mlirAffineMapGetNumResults(n->maps[k]) != n->nOuter) return false;
  for (intptr_t i = 0; i < n->nOuter; ++i)
    if (!isDim(mlirAffineMapGetResult(n->maps[k], i), n->outer[i])) return false;
  return true;
}
