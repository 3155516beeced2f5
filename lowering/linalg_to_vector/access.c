// Addresses, loads and stores of a register tile. How an operand is read follows
// from its step along the vector loop:
//   0    scalar load, broadcast by its user      2    two loads and a shuffle
//   1    vector.load, or a masked load           else vector.gather
// A masked lane is never read.
#include "tile.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/memref.h"
#include "ods/vector.h"

int64_t dlcTileSize(const Tile *t) {
  int64_t n = 1;
  for (intptr_t l = 0; l < t->plan->nLevels; ++l) n *= t->plan->factor[l];
  return n;
}
int64_t dlcCoordinate(const Tile *t, int64_t instance, int level) {
  for (intptr_t l = t->plan->nLevels - 1; l > level; --l) instance /= t->plan->factor[l];
  return instance % t->plan->factor[level];
}
bool dlcIsInstance(const Tile *t, int64_t instance, uint32_t levels) {
  for (int l = 0; l < t->plan->nLevels; ++l)
    if (dlcCoordinate(t, instance, l) >= (levels >> l & 1 ? t->count[l] : 1)) return false;
  return true;
}
int64_t dlcInstanceFor(const Tile *t, int64_t instance, uint32_t levels) {
  int64_t result = 0;
  for (int l = 0; l < t->plan->nLevels; ++l)
    result = result * t->plan->factor[l] + (levels >> l & 1 ? dlcCoordinate(t, instance, l) : 0);
  return result;
}
uint32_t dlcLevelsOf(const Tile *t, const Operand *o) {
  uint32_t levels = 0;
  for (int l = 0; l < t->plan->nLevels; ++l)
    if (!o->isScalar && dlcAccess(o, t->plan->level[l]) != ACCESS_INVARIANT) levels |= 1u << l;
  return levels;
}
bool dlcReducesLanes(const Tile *t) { return t->vectorLevel >= 0 && t->nest->loop[t->plan->vector].isReduction; }
static int64_t unitOf(const Tile *t, int level) { return level == t->vectorLevel ? t->plan->lanes : 1; }
static int levelOf(const Tile *t, int loop) {
  for (int l = 0; l < t->plan->nLevels; ++l)
    if (t->plan->level[l] == loop) return l;
  return -1;
}
static MlirValue addKnown(DlcBuilder *b, MlirValue v, int64_t n) { return n ? arith_addi(b, v, constIndex(b, n)) : v; }
MlirValue dlcLoopIndex(Tile *t, int loop, int64_t instance) {
  int level = levelOf(t, loop);
  return level < 0 ? t->iv[loop] : addKnown(t->b, t->iv[loop], dlcCoordinate(t, instance, level) * unitOf(t, level));
}
MlirType dlcVectorOf(const Tile *t, MlirType element) { return mlirVectorTypeGet(1, &t->plan->lanes, element); }
MlirValue dlcMaskOf(const Tile *t, int64_t instance) {
  return t->vectorLevel < 0 ? (MlirValue){0} : t->mask[dlcCoordinate(t, instance, t->vectorLevel)];
}
MlirValue dlcSplat(Tile *t, MlirType element, MlirAttribute scalar) {
  return arith_constant(t->b, mlirDenseElementsAttrSplatGet(dlcVectorOf(t, element), scalar));
}

//===--- addresses ---
// value + iv * stride, where null is zero.
MlirValue dlcAddScaled(DlcBuilder *b, MlirValue value, MlirValue iv, Size stride) {
  if (stride.known == 0) return value;
  MlirValue term = isOne(stride) ? iv : arith_muli(b, iv, dlcSizeValue(b, stride));
  return isNull(value) ? term : arith_addi(b, value, term);
}
static MlirValue addLoops(Tile *t, const Operand *o, uint32_t loops, MlirValue value) {
  for (int d = 0; d < t->nest->nLoops; ++d)
    if (loops >> d & 1 && !(o->nonlinear >> d & 1)) value = dlcAddScaled(t->b, value, t->iv[d], o->loopStride[d]);
  return value;
}
static void setRow(Tile *t, intptr_t i, int64_t instance, MlirValue base, int64_t displacement) {
  const Operand *o = &t->nest->operand[i];
  for (int l = 0; l < t->plan->nLevels; ++l) {
    int64_t steps = dlcCoordinate(t, instance, l) * unitOf(t, l);
    Size s = o->nonlinear >> t->plan->level[l] & 1 ? known(0) : o->loopStride[t->plan->level[l]];
    if (!steps || s.known == 0) continue;
    if (isKnown(s))
      displacement += steps * s.known;
    else
      base = dlcAddScaled(t->b, base, constIndex(t->b, steps), s);
  }
  t->row[i][instance] = base, t->displacement[i][instance] = displacement;
}
void dlcSetRows(Tile *t) {
  for (intptr_t i = 0; i < t->nest->nOperands + t->nest->nEdges; ++i) {
    const Operand *o = &t->nest->operand[i];
    if (o->isScalar) continue;
    int64_t displacement = 0;
    MlirValue base = addLoops(t, o, t->nest->parallel, (MlirValue){0});
    for (intptr_t r = 0; r < o->rank; ++r)
      if (o->resultIsLinear[r] && o->constant[r]) {
        if (isKnown(o->stride[r]))
          displacement += o->constant[r] * o->stride[r].known;
        else
          base = dlcAddScaled(t->b, base, constIndex(t->b, o->constant[r]), o->stride[r]);
      }
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, dlcLevelsOf(t, o))) setRow(t, i, k, base, displacement);
  }
}
static MlirValue addNonlinear(Tile *t, const Operand *o, int64_t instance, MlirValue value) {
  MlirValue ivs[maxLoops];
  intptr_t nLoops = t->nest->nLoops;
  for (int d = 0; d < nLoops; ++d) ivs[d] = dlcLoopIndex(t, d, instance);
  for (intptr_t r = 0; r < o->rank; ++r) {
    if (o->resultIsLinear[r]) continue;
    MlirAffineExpr e = mlirAffineMapGetResult(o->map, r);
    MlirValue idx = affine_apply(t->b, mlirAffineMapGet(t->b->ctx, nLoops, 0, 1, &e), valsN(nLoops, ivs));
    value = dlcAddScaled(t->b, value, idx, o->stride[r]);
  }
  return value;
}
MlirValue dlcAddressOf(Tile *t, intptr_t i, int64_t instance) {
  const Operand *o = &t->nest->operand[i];
  MlirValue value = addLoops(t, o, t->nest->reduction, t->row[i][instance]);
  if (!o->linear) value = addNonlinear(t, o, instance, value);
  return isNull(value) ? constIndex(t->b, t->displacement[i][instance])
                       : addKnown(t->b, value, t->displacement[i][instance]);
}

//===--- loads ---
static MlirAttribute zeroOf(MlirType t) {
  if (mlirTypeIsAFloat(t)) return mlirFloatAttrDoubleGet(mlirTypeGetContext(t), t, 0);
  return mlirIntegerAttrGet(t, 0);
}
static MlirValue zeros(Tile *t, MlirType element) { return dlcSplat(t, element, zeroOf(element)); }
static MlirValue loadUnit(Tile *t, const Operand *o, MlirValue at_, MlirValue mask) {
  MlirType type = dlcVectorOf(t, o->stored);
  if (isNull(mask)) return vector_load(t->b, o->flat, vals(at_), type);
  return vector_maskedload(t->b, o->flat, vals(at_), mask, zeros(t, o->stored), type);
}
// Elements 0, 2, 4, ...: a vector at 0, and one at lanes - 1 whose last element is the last one needed.
static MlirValue loadTwo(Tile *t, const Operand *o, MlirValue at_, int64_t instance) {
  DlcBuilder *b = t->b;
  int64_t lanes = t->plan->lanes, order[maxInstances * 2];
  MlirValue mask[2] = {{0}, {0}};
  if (!isNull(dlcMaskOf(t, instance))) {
    MlirValue valid = t->valid[dlcCoordinate(t, instance, t->vectorLevel)], two = constIndex(b, 2);
    MlirType type = dlcVectorOf(t, mlirIntegerTypeGet(b->ctx, 1));
    MlirValue last = arith_subi(b, arith_muli(b, valid, two), constIndex(b, 1));
    mask[0] = vector_create_mask(b, vals(last), type);
    mask[1] = vector_create_mask(b, vals(arith_subi(b, last, constIndex(b, lanes - 1))), type);
  }
  MlirValue low = loadUnit(t, o, at_, mask[0]), high = loadUnit(t, o, addKnown(b, at_, lanes - 1), mask[1]);
  for (int64_t k = 0; k < lanes; ++k) order[k] = 2 * k < lanes ? 2 * k : 2 * k + 1;
  return vector_shuffle(b, low, high, (DlcI64s){order, lanes});
}
static MlirValue gather(Tile *t, const Operand *o, MlirValue first, MlirValue steps, MlirValue mask) {
  if (isNull(mask)) mask = dlcSplat(t, mlirIntegerTypeGet(t->b->ctx, 1), mlirBoolAttrGet(t->b->ctx, 1));
  return vector_gather(t->b, o->flat, vals(first), steps, mask, zeros(t, o->stored), dlcVectorOf(t, o->stored));
}
static MlirValue fromStored(Tile *t, const Operand *o, MlirValue v, bool isVector) {
  if (mlirTypeEqual(o->stored, o->element)) return v;
  MlirValue zero = isVector ? zeros(t, o->stored) : arith_constant(t->b, zeroOf(o->stored));
  return arith_cmpi(t->b, arith_CmpIPredicate_ne, v, zero);
}
MlirValue dlcLoadScattered(Tile *t, const Operand *o, MlirValue places, int64_t instance) {
  return fromStored(t, o, gather(t, o, constIndex(t->b, 0), places, dlcMaskOf(t, instance)), true);
}
MlirValue dlcLoadLanes(Tile *t, const Operand *o, MlirValue first, Size step, int64_t instance) {
  DlcBuilder *b = t->b;
  if (step.known == 1) return fromStored(t, o, loadUnit(t, o, first, dlcMaskOf(t, instance)), true);
  if (step.known == 2) return fromStored(t, o, loadTwo(t, o, first, instance), true);
  MlirType type = dlcVectorOf(t, indexType(b));
  MlirValue steps = arith_muli(b, vector_step(b, type), vector_broadcast(b, dlcSizeValue(b, step), type));
  return fromStored(t, o, gather(t, o, first, steps, dlcMaskOf(t, instance)), true);
}
// What the same point of the next block will load goes to the L2 now. Behind the end it is fetched in vain.
static void prefetch(Tile *t, const Operand *o, MlirValue from) {
  MlirValue place = dlcAddScaled(t->b, from, constIndex(t->b, t->plan->block), o->loopStride[t->plan->blocked]);
  memref_prefetch(t->b, o->flat, vals(place), .isWrite = false, .localityHint = 2, .isDataCache = true);
}
MlirValue dlcLoadOperand(Tile *t, intptr_t i, int64_t instance) {
  const Operand *o = &t->nest->operand[i];
  if (o->isScalar) return o->source;
  MlirValue from = dlcAddressOf(t, i, instance);
  if (t->plan->streamed >> i & 1) prefetch(t, o, from);
  if (t->vectorLevel >= 0 && dlcAccess(o, t->plan->vector) != ACCESS_INVARIANT)
    return dlcLoadLanes(t, o, from, o->loopStride[t->plan->vector], instance);
  return fromStored(t, o, memref_load(t->b, o->flat, vals(from)), false);
}

//===--- transposed loads ---
// Where an operand is contiguous along another level, with as many points as
// lanes: vectors along that level are loaded, and transposed in log2(lanes)
// rounds; a round exchanges, in each pair of rows k apart, the parts of the lanes
// whose bit k differs from the row's.
static int contiguousLevel(const Tile *t, const Operand *o) {
  if (t->vectorLevel < 0 || o->isScalar || dlcAccess(o, t->plan->vector) != ACCESS_GATHER ||
      t->count[t->vectorLevel] != 1 || !isNull(t->mask[0]))
    return -1;
  for (int l = 0; l < t->plan->nLevels; ++l)
    if (l != t->vectorLevel && dlcAccess(o, t->plan->level[l]) == ACCESS_UNIT && t->count[l] == t->plan->lanes)
      return l;
  return -1;
}
static void transposeRound(Tile *t, MlirValue *rows, int64_t k) {
  int64_t lanes = t->plan->lanes, low[maxInstances], high[maxInstances];
  for (int64_t j = 0; j < lanes; ++j) {
    low[j] = j & k ? lanes + j - k : j;
    high[j] = j & k ? lanes + j : j + k;
  }
  for (int64_t i = 0; i < lanes; ++i) {
    if (i & k) continue;
    MlirValue x = rows[i], y = rows[i + k];
    rows[i] = vector_shuffle(t->b, x, y, (DlcI64s){low, lanes});
    rows[i + k] = vector_shuffle(t->b, x, y, (DlcI64s){high, lanes});
  }
}
bool dlcLoadTransposed(Tile *t, intptr_t i, MlirValue *values) {
  const Operand *o = &t->nest->operand[i];
  int level = contiguousLevel(t, o);
  if (level < 0) return false;
  MlirValue rows[maxInstances];
  Size step = o->loopStride[t->plan->vector];
  for (int64_t k = 0; k < dlcTileSize(t); ++k) {
    if (!dlcIsInstance(t, k, dlcLevelsOf(t, o)) || dlcCoordinate(t, k, level)) continue;
    MlirValue first = dlcAddressOf(t, i, k);
    for (int64_t j = 0; j < t->plan->lanes; ++j)
      rows[j] = vector_load(t->b, o->flat, vals(j ? dlcAddScaled(t->b, first, constIndex(t->b, j), step) : first),
                            dlcVectorOf(t, o->stored));
    for (int64_t round = 1; round < t->plan->lanes; round *= 2) transposeRound(t, rows, round);
    for (int64_t m = 0; m < dlcTileSize(t); ++m)
      if (dlcIsInstance(t, m, dlcLevelsOf(t, o)) && dlcInstanceFor(t, m, ~(1u << level)) == k)
        values[m] = fromStored(t, o, rows[dlcCoordinate(t, m, level)], true);
  }
  return true;
}

//===--- stores ---
void dlcStoreOperand(Tile *t, intptr_t i, int64_t instance, MlirValue v) {
  const Operand *o = &t->nest->operand[i];
  bool isVector = t->vectorLevel >= 0 && dlcAccess(o, t->plan->vector) != ACCESS_INVARIANT;
  MlirValue to = dlcAddressOf(t, i, instance), mask = dlcMaskOf(t, instance);
  if (!mlirTypeEqual(o->stored, o->element)) v = arith_extui(t->b, v, isVector ? dlcVectorOf(t, o->stored) : o->stored);
  if (!isVector)
    memref_store(t->b, v, o->flat, vals(to));
  else if (isNull(mask))
    vector_store(t->b, v, o->flat, vals(to));
  else
    vector_maskedstore(t->b, o->flat, vals(to), mask, v);
}
