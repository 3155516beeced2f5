// Writing a nest as loops over threads: see nest.h.
#include <stdlib.h>
#include "lowering/device/nest.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/gpu.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/scf.h"

enum { MAX_COPIES = DLC_MAX_TILE * DLC_MAX_TILE };
typedef struct {
  const DlcTeam *team;
  DlcBuilder *b;
  const DlcThreadNest *n;
  intptr_t copies; // outputs of a thread at a time
  MlirValue iv[MAX_COPIES][DLC_KERNEL_RANK];
} Emitter;

//===--- indices ---
static MlirValue constI32(DlcBuilder *b, int64_t v) {
  return arith_constant(b, .value = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 32), v));
}

// Splits linear into indices of the given extents, row-major. In 32 bits where the bounds allow it: wide divisions are
// slow.
static void delinearize(DlcBuilder *b, MlirValue linear, intptr_t n, const MlirValue *extents, bool narrow,
                        MlirValue *out) {
  MlirType i32 = mlirIntegerTypeGet(b->ctx, 32), idx = indexType(b);
  if (n == 1) {
    out[0] = linear;
    return;
  }
  MlirValue rest = narrow ? arith_index_cast(b, linear, i32) : linear;
  for (intptr_t i = n - 1; i >= 0; --i) {
    MlirValue part = rest;
    if (i) {
      int64_t c;
      MlirValue extent = !narrow                         ? extents[i]
                         : dlcConstantOf(extents[i], &c) ? constI32(b, c)
                                                         : arith_index_cast(b, extents[i], i32);
      part = arith_remui(b, rest, extent);
      rest = arith_divui(b, rest, extent);
    }
    out[i] = narrow ? arith_index_castui(b, part, idx) : part;
  }
}

static MlirValue multiply(DlcBuilder *b, intptr_t n, const MlirValue *extents) {
  MlirValue p = n ? extents[0] : constIndex(b, 1);
  for (intptr_t i = 1; i < n; ++i) p = arith_muli(b, p, extents[i]);
  return p;
}
static bool fitsNarrow(const DlcThreadNest *n, const intptr_t *dims, intptr_t count) {
  int64_t p = 1;
  for (intptr_t i = 0; i < count; ++i)
    if (n->bounds[dims[i]] < 0 || __builtin_mul_overflow(p, n->bounds[dims[i]], &p) || p > INT32_MAX) return false;
  return true;
}

// The element of operand k that copy c touches.
static intptr_t indexOperand(Emitter *e, intptr_t k, intptr_t c, MlirValue *out) {
  MlirAffineMap map = e->n->maps[k];
  intptr_t results = mlirAffineMapGetNumResults(map);
  for (intptr_t i = 0; i < results; ++i) {
    MlirAffineExpr x = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsADim(x))
      out[i] = e->iv[c][mlirAffineDimExprGetPosition(x)];
    else if (mlirAffineExprIsAConstant(x))
      out[i] = constIndex(e->b, mlirAffineConstantExprGetValue(x));
    else {
      MlirAffineMap one = mlirAffineMapGet(e->b->ctx, e->n->loops, 0, 1, &x);
      out[i] = affine_apply(e->b, one, valsN(e->n->loops, e->iv[c]));
    }
  }
  return results;
}
static MlirValue loadOperand(Emitter *e, intptr_t k, intptr_t c) {
  MlirValue v = e->n->values[k], at[DLC_KERNEL_RANK];
  if (!mlirTypeIsAMemRef(typeOf(v))) return v;
  intptr_t rank = indexOperand(e, k, c, at);
  return memref_load(e->b, v, valsN(rank, at));
}
static void storeOperand(Emitter *e, intptr_t k, intptr_t c, MlirValue v) {
  MlirValue at[DLC_KERNEL_RANK];
  intptr_t rank = indexOperand(e, k, c, at);
  memref_store(e->b, v, e->n->values[k], valsN(rank, at));
}

//===--- the body ---
typedef struct {
  Emitter *e;
  intptr_t copy;
} IndexScope;
static MlirWalkResult replaceIndex(MlirOperation op, void *data) {
  IndexScope *s = data;
  if (linalg_index_isa(op)) mlirValueReplaceAllUsesOfWith(dlcResult(op, 0), s->e->iv[s->copy][linalg_index_dim(op)]);
  return MlirWalkResultAdvance;
}
static void cloneBodyOp(Emitter *e, MlirOperation op, intptr_t c, DlcMapping map) {
  if (linalg_index_isa(op)) {
    dlcMap(map, dlcResult(op, 0), e->iv[c][linalg_index_dim(op)]);
    return;
  }
  MlirOperation copy = dlcClone(e->b, op, map);
  if (!copy.ptr || !mlirOperationGetNumRegions(copy)) return;
  IndexScope s = {e, c};
  mlirOperationWalk(copy, replaceIndex, &s, MlirWalkPreOrder);
  DlcOps dead = dlcCollect(copy, linalg_index_isa);
  for (intptr_t i = 0; i < dead.n; ++i) mlirRewriterBaseEraseOp(e->b->rewriter, dead.data[i]);
  free(dead.data);
}

// One iteration for copy c. acc: a value for each output that is in registers; replaced.
static void emitBody(Emitter *e, intptr_t c, MlirValue *acc) {
  const DlcThreadNest *n = e->n;
  if (n->isCopy) {
    acc[0] = loadOperand(e, 0, c);
    return;
  }
  MlirBlock body = bodyOf(mlirOperationGetRegion(n->op, 0));
  DlcMapping map = dlcMappingCreate();
  for (intptr_t k = 0; k < n->operands; ++k) {
    if (!n->used[k]) continue;
    bool inRegister = k >= n->ins && !n->inMemory[k];
    dlcMap(map, argOf(body, k), inRegister ? acc[k - n->ins] : loadOperand(e, k, c));
  }
  MlirOperation yield = mlirBlockGetTerminator(body);
  dlcForEachOp(op, body) {
    if (!mlirOperationEqual(op, yield)) cloneBodyOp(e, op, c, map);
  }
  for (intptr_t k = n->ins; k < n->operands; ++k) {
    MlirValue v = dlcMapped(map, mlirOperationGetOperand(yield, k - n->ins));
    if (n->inMemory[k])
      storeOperand(e, k, c, v);
    else
      acc[k - n->ins] = v;
  }
  dlcMappingDestroy(map);
}

// The registers live through inner loop `level` and those below.
static void emitInner(Emitter *e, intptr_t level, intptr_t nAcc, MlirValue *acc) {
  const DlcThreadNest *n = e->n;
  intptr_t outs = n->operands - n->ins;
  if (e->b->failed) return;
  if (level == n->nInner) {
    for (intptr_t c = 0; c < e->copies; ++c) emitBody(e, c, acc + c * outs);
    return;
  }
  // Only what is in registers is carried.
  MlirValue carried[MAX_COPIES * DLC_MAX_TILE * DLC_MAX_TILE];
  intptr_t nCarried = 0;
  for (intptr_t i = 0; i < nAcc; ++i)
    if (!n->inMemory[n->ins + i % outs]) carried[nCarried++] = acc[i];
  intptr_t d = n->inner[level];
  MlirOperation loop = scf_for(e->b, constIndex(e->b, 0), n->extents[d], constIndex(e->b, 1), valsN(nCarried, carried));
  if (!loop.ptr) return;
  MlirType argTypes[MAX_COPIES * DLC_MAX_TILE * DLC_MAX_TILE + 1] = {indexType(e->b)};
  for (intptr_t i = 0; i < nCarried; ++i) argTypes[i + 1] = typeOf(carried[i]);
  MlirBlock body = dlcAddBlock(e->b, scf_for_region(loop), typesN(nCarried + 1, argTypes));
  dlcAtEnd(e->b, body) {
    for (intptr_t c = 0; c < e->copies; ++c) e->iv[c][d] = argOf(body, 0);
    for (intptr_t i = 0, j = 0; i < nAcc; ++i)
      if (!n->inMemory[n->ins + i % outs]) acc[i] = argOf(body, ++j);
    emitInner(e, level + 1, nAcc, acc);
    for (intptr_t i = 0, j = 0; i < nAcc; ++i)
      if (!n->inMemory[n->ins + i % outs]) carried[j++] = acc[i];
    scf_yield(e->b, valsN(nCarried, carried));
  }
  for (intptr_t i = 0, j = 0; i < nAcc; ++i)
    if (!n->inMemory[n->ins + i % outs]) acc[i] = dlcResult(loop, j++);
}

//===--- plain and tiled ---
// The block of a loop from start below end by step.
static MlirBlock beginLoop(DlcBuilder *b, MlirValue start, MlirValue end, int64_t step) {
  MlirOperation loop = scf_for(b, start, end, constIndex(b, step));
  if (!loop.ptr) return (MlirBlock){0};
  MlirType idx = indexType(b);
  return dlcAddBlock(b, scf_for_region(loop), types(idx));
}

static void emitCopies(Emitter *e) {
  const DlcThreadNest *n = e->n;
  intptr_t outs = n->operands - n->ins, nAcc = e->copies * outs;
  MlirValue acc[MAX_COPIES * DLC_MAX_TILE * DLC_MAX_TILE] = {{0}};
  for (intptr_t c = 0; c < e->copies; ++c)
    for (intptr_t k = 0; k < outs; ++k)
      if (!n->inMemory[n->ins + k] && (n->used[n->ins + k] || n->nInner))
        acc[c * outs + k] = loadOperand(e, n->ins + k, c);
  emitInner(e, 0, nAcc, acc);
  for (intptr_t c = 0; c < e->copies && !e->b->failed; ++c)
    for (intptr_t k = 0; k < outs; ++k)
      if (!n->inMemory[n->ins + k]) storeOperand(e, n->ins + k, c, acc[c * outs + k]);
}

// iv of every copy from the tile's index: copies stand a whole tile grid apart, so that neighbours stay neighbours.
static void placeCopies(Emitter *e, const MlirValue *at) {
  const DlcThreadNest *n = e->n;
  for (intptr_t c = 0; c < e->copies; ++c) {
    intptr_t rest = c;
    for (intptr_t i = n->nOuter - 1; i >= 0; --i) {
      int64_t f = n->tile[i];
      MlirValue v = at[i];
      if (rest % f) v = arith_addi(e->b, v, constIndex(e->b, rest % f * (n->known[n->outer[i]] / f)));
      e->iv[c][n->outer[i]] = v;
      rest /= f;
    }
  }
}

static void emitThreadLoop(Emitter *e) {
  const DlcThreadNest *n = e->n;
  MlirValue extents[DLC_KERNEL_RANK], at[DLC_KERNEL_RANK];
  e->copies = 1;
  for (intptr_t i = 0; i < n->nOuter; ++i) {
    intptr_t d = n->outer[i];
    extents[i] = n->tile[i] > 1 ? constIndex(e->b, n->known[d] / n->tile[i]) : n->extents[d];
    e->copies *= n->tile[i];
  }
  MlirValue total = multiply(e->b, n->nOuter, extents);
  MlirBlock body = beginLoop(e->b, e->team->thread, total, e->team->threads);
  if (!body.ptr) return;
  dlcAtEnd(e->b, body) {
    if (n->nOuter) delinearize(e->b, argOf(body, 0), n->nOuter, extents, fitsNarrow(n, n->outer, n->nOuter), at);
    placeCopies(e, at);
    emitCopies(e);
    scf_yield(e->b);
  }
}

//===--- shuffled ---
static MlirValue identityOf(DlcBuilder *b, MlirOperation op) {
  MlirType t = typeOf(dlcResult(op, 0));
  if (mlirTypeIsAF32(t)) {
    double v = arith_mulf_isa(op)                                ? 1.0
               : arith_maximumf_isa(op) || arith_maxnumf_isa(op) ? -__builtin_inf()
               : arith_minimumf_isa(op) || arith_minnumf_isa(op) ? __builtin_inf()
                                                                 : -0.0;
    return arith_constant(b, .value = mlirFloatAttrDoubleGet(b->ctx, t, v));
  }
  int64_t v = arith_muli_isa(op)                          ? 1
              : arith_maxsi_isa(op)                       ? INT32_MIN
              : arith_minsi_isa(op)                       ? INT32_MAX
              : arith_minui_isa(op) || arith_andi_isa(op) ? -1
                                                          : 0;
  return arith_constant(b, .value = mlirIntegerAttrGet(t, v));
}
static MlirValue combine(DlcBuilder *b, MlirOperation op, MlirValue left, MlirValue right) {
  DlcMapping map = dlcMappingCreate();
  dlcMap(map, mlirOperationGetOperand(op, 0), left);
  dlcMap(map, mlirOperationGetOperand(op, 1), right);
  MlirValue v = dlcResult(dlcClone(b, op, map), 0);
  dlcMappingDestroy(map);
  return v;
}

// The lane's part of the inner loops, collapsed.
static MlirValue emitLane(Emitter *e, MlirValue lane) {
  DlcBuilder *b = e->b;
  const DlcThreadNest *n = e->n;
  MlirValue extents[DLC_KERNEL_RANK], at[DLC_KERNEL_RANK];
  for (intptr_t i = 0; i < n->nInner; ++i) extents[i] = n->extents[n->inner[i]];
  MlirValue start = identityOf(b, n->combiner);
  MlirOperation loop =
      scf_for(b, lane, multiply(b, n->nInner, extents), constIndex(b, e->team->warp), valsN(1, &start));
  if (!loop.ptr) return start;
  MlirType idx = indexType(b), t = typeOf(start);
  MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(idx, t));
  dlcAtEnd(b, body) {
    delinearize(b, argOf(body, 0), n->nInner, extents, fitsNarrow(n, n->inner, n->nInner), at);
    for (intptr_t i = 0; i < n->nInner; ++i) e->iv[0][n->inner[i]] = at[i];
    MlirValue acc = argOf(body, 1);
    emitBody(e, 0, &acc);
    scf_yield(b, valsN(1, &acc));
  }
  return dlcResult(loop, 0);
}

static void emitShuffled(Emitter *e) {
  DlcBuilder *b = e->b;
  const DlcThreadNest *n = e->n;
  int64_t warp = e->team->warp;
  MlirValue width = constIndex(b, warp), lane = arith_remui(b, e->team->thread, width),
            group = arith_divui(b, e->team->thread, width);
  MlirValue extents[DLC_KERNEL_RANK], at[DLC_KERNEL_RANK];
  for (intptr_t i = 0; i < n->nOuter; ++i) extents[i] = n->extents[n->outer[i]];
  e->copies = 1;
  MlirBlock body = beginLoop(b, group, multiply(b, n->nOuter, extents), e->team->threads / warp);
  if (!body.ptr) return;
  dlcAtEnd(b, body) {
    if (n->nOuter) delinearize(b, argOf(body, 0), n->nOuter, extents, fitsNarrow(n, n->outer, n->nOuter), at);
    placeCopies(e, at);
    MlirValue part = emitLane(e, lane);
    for (int64_t offset = warp / 2; offset >= 1 && !b->failed; offset /= 2) {
      MlirOperation other = gpu_shuffle(b, part, constI32(b, offset), constI32(b, warp), gpu_ShuffleMode_XOR);
      if (other.ptr) part = combine(b, n->combiner, part, dlcResult(other, 0));
    }
    MlirOperation first = scf_if(b, arith_cmpi(b, arith_CmpIPredicate_eq, lane, constIndex(b, 0)));
    if (first.ptr) dlcAtEnd(b, dlcAddBlock(b, scf_if_thenRegion(first), types())) {
        storeOperand(e, n->ins, 0, combine(b, n->combiner, loadOperand(e, n->ins, 0), part));
        scf_yield(b);
      }
    scf_yield(b);
  }
}

void dlcEmitThreadNest(const DlcTeam *team, DlcThreadNest *nest) {
  Emitter e = {.team = team, .b = team->b, .n = nest};
  if (nest->kind == DLC_NEST_SHUFFLED)
    emitShuffled(&e);
  else
    emitThreadLoop(&e);
}
