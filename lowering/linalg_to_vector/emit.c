// Writes a nest as scf loops around register tiles:
//
//   for the parallel loops outside the tile
//     for the tile's loops, by their factors; rests as smaller tiles or masked
//       accumulators = old values of the outputs, or the folded fill
//       for the reductions, accumulators carried in registers
//         body
//       outputs = accumulators
//
// With a blocked reduction all of this stands in a loop over the blocks, and from the second one on the accumulators
// start from what the block before has stored.
// Where the vector loop is itself a reduction, it is the innermost one, each lane
// sums up its own part, and the lanes are combined behind the loops.
#include "tile.h"
#include <stdlib.h>
#include <string.h>
#include "ods/arith.h"
#include "ods/scf.h"
#include "ods/vector.h"

static uint32_t accumulatorLevels(const Tile *t, intptr_t output) {
  return dlcLevelsOf(t, &t->nest->operand[t->nest->nInputs + output]) | (dlcReducesLanes(t) ? 1u << t->vectorLevel : 0);
}
static intptr_t nOutputs(const Tile *t) { return t->nest->nOperands - t->nest->nInputs; }
static void setMask(Tile *t, int64_t j, MlirValue valid) {
  t->valid[j] = valid;
  t->mask[j] =
      isNull(valid) ? valid : vector_create_mask(t->b, vals(valid), dlcVectorOf(t, mlirIntegerTypeGet(t->b->ctx, 1)));
}
static void clearMasks(Tile *t) {
  for (int64_t j = 0; j < maxInstances; ++j) t->mask[j] = t->valid[j] = (MlirValue){0};
}

//===--- loops that carry the accumulators ---
static intptr_t flatten(const Tile *t, MlirValue *flat, const MlirValue *from, Tile *to) {
  intptr_t n = 0;
  for (intptr_t o = 0; o < nOutputs(t); ++o)
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (!dlcIsStored(t->nest, o) && dlcIsInstance(t, k, accumulatorLevels(t, o))) {
        if (from)
          to->accumulator[o][k] = from[n];
        else
          flat[n] = t->accumulator[o][k];
        ++n;
      }
  return n;
}
typedef void (*Inside)(Tile *t, intptr_t k);
static void carry(Tile *t, int loop, MlirValue from, MlirValue to, MlirValue step, Inside inside, intptr_t k) {
  DlcBuilder *b = t->b;
  MlirValue flat[maxOperands * maxInstances], outerIv = t->iv[loop];
  intptr_t n = flatten(t, flat, NULL, NULL);
  MlirType inputs[maxOperands * maxInstances + 1] = {indexType(b)};
  for (intptr_t i = 0; i < n && !b->failed; ++i) inputs[i + 1] = typeOf(flat[i]);
  MlirOperation op = scf_for(b, from, to, step, valsN(n, flat), typesN(n, inputs + 1));
  MlirBlock body = dlcAddBlock(b, dlcRegion(op, 0), typesN(n + 1, inputs));
  if (b->failed) return;
  for (intptr_t i = 0; i < n; ++i) flat[i] = argOf(body, i + 1);
  flatten(t, NULL, flat, t);
  t->iv[loop] = argOf(body, 0);
  dlcAtEnd(b, body) {
    inside(t, k);
    flatten(t, flat, NULL, NULL);
    scf_yield(b, valsN(n, flat));
  }
  if (b->failed) return;
  for (intptr_t i = 0; i < n; ++i) flat[i] = dlcResult(op, i);
  flatten(t, NULL, flat, t);
  t->iv[loop] = outerIv;
}

//===--- reductions ---
static void reduceFrom(Tile *t, intptr_t k);
static MlirValue remainderStart(DlcBuilder *b, MlirValue size, int64_t step) {
  return arith_subi(b, size, arith_remui(b, size, constIndex(b, step)));
}
static void maskRest(Tile *t, intptr_t k) {
  MlirValue size = dlcSizeValue(t->b, t->nest->loop[t->plan->vector].size);
  setMask(t, 0, arith_subi(t->b, size, t->iv[t->plan->vector]));
  reduceFrom(t, k);
}
static void reduceRestOfLanes(Tile *t, int64_t step, intptr_t k) {
  DlcBuilder *b = t->b;
  int loop = t->plan->vector, level = t->vectorLevel;
  int64_t count = t->count[level], lanes = t->plan->lanes;
  Size size = t->nest->loop[loop].size;
  if (isKnown(size)) {
    int64_t rest = size.known % step;
    if (!rest) return;
    t->count[level] = (rest + lanes - 1) / lanes;
    if (rest % lanes) setMask(t, t->count[level] - 1, constIndex(b, rest % lanes));
    t->iv[loop] = constIndex(b, size.known - rest);
    reduceFrom(t, k + 1);
  } else {
    t->count[level] = 1;
    carry(t, loop, remainderStart(b, size.value, step), size.value, constIndex(b, lanes), maskRest, k + 1);
  }
  t->count[level] = count;
  clearMasks(t);
}
static void reduceLanes(Tile *t, intptr_t k) {
  DlcBuilder *b = t->b;
  int loop = t->plan->vector;
  int64_t step = t->plan->factor[t->vectorLevel] * t->plan->lanes;
  Size size = t->nest->loop[loop].size;
  MlirValue zero = constIndex(b, 0),
            end = isKnown(size) ? constIndex(b, size.known - size.known % step) : remainderStart(b, size.value, step);
  if (!isKnown(size) || size.known >= step) carry(t, loop, zero, end, constIndex(b, step), reduceFrom, k + 1);
  reduceRestOfLanes(t, step, k);
}
// The k-th reduction in order, the vector loop last.
static int reductionAt(const Tile *t, intptr_t k) {
  for (int d = 0; d < t->nest->nLoops; ++d)
    if (t->nest->loop[d].isReduction && d != t->plan->vector && k-- == 0) return d;
  return k == 0 && dlcReducesLanes(t) ? t->plan->vector : -1;
}
static void reduceFrom(Tile *t, intptr_t k) {
  int loop = reductionAt(t, k);
  if (loop < 0) {
    dlcEvaluateBody(t);
    return;
  }
  if (loop == t->plan->vector) {
    reduceLanes(t, k);
    return;
  }
  Size size = t->nest->loop[loop].size;
  MlirValue from = constIndex(t->b, 0), to = dlcSizeValue(t->b, size);
  if (loop == t->plan->blocked)
    size = t->blockSize, from = t->blockStart, to = arith_addi(t->b, from, dlcSizeValue(t->b, size));
  if (isOne(size)) {
    t->iv[loop] = from;
    reduceFrom(t, k + 1);
  } else if (size.known != 0)
    carry(t, loop, from, to, constIndex(t->b, 1), reduceFrom, k + 1);
}

//===--- accumulators ---
static MlirAttribute floatNeutral(DlcBuilder *b, vector_CombiningKind kind, MlirType t) {
  (void)b;
  MlirContext ctx = mlirTypeGetContext(t);
  switch ((int)kind) {
  case vector_CombiningKind_MUL:
    return mlirFloatAttrDoubleGet(ctx, t, 1);
  case vector_CombiningKind_MAXIMUMF:
    return mlirFloatAttrDoubleGet(ctx, t, -__builtin_inf());
  case vector_CombiningKind_MINIMUMF:
    return mlirFloatAttrDoubleGet(ctx, t, __builtin_inf());
  case vector_CombiningKind_MAXNUMF:
  case vector_CombiningKind_MINNUMF:
    return mlirFloatAttrDoubleGet(ctx, t, __builtin_nan(""));
  default:
    return mlirFloatAttrDoubleGet(ctx, t, -0.0);
  }
}
static MlirAttribute integerNeutral(vector_CombiningKind kind, MlirType t) {
  unsigned width = mlirTypeIsAIndex(t) ? 64 : mlirIntegerTypeGetWidth(t);
  uint64_t top = 1ull << (width - 1), all = top | (top - 1);
  switch ((int)kind) {
  case vector_CombiningKind_MUL:
    return mlirIntegerAttrGet(t, 1);
  case vector_CombiningKind_AND:
  case vector_CombiningKind_MINUI:
    return width == 1 ? mlirBoolAttrGet(mlirTypeGetContext(t), 1) : mlirIntegerAttrGet(t, -1);
  case vector_CombiningKind_MAXSI:
    return mlirIntegerAttrGet(t, (int64_t)(width == 64 ? top : ~all | top));
  case vector_CombiningKind_MINSI:
    return mlirIntegerAttrGet(t, (int64_t)(top - 1));
  default:
    return width == 1 ? mlirBoolAttrGet(mlirTypeGetContext(t), 0) : mlirIntegerAttrGet(t, 0);
  }
}
static MlirValue neutral(Tile *t, intptr_t output) {
  vector_CombiningKind kind = dlcCombiningKind(dlcCombiner(t->nest, output));
  MlirType e = t->nest->operand[t->nest->nInputs + output].element;
  if (dlcDropsNaN(t->nest, output))
    kind = kind == vector_CombiningKind_MAXNUMF ? vector_CombiningKind_MAXIMUMF : vector_CombiningKind_MINIMUMF;
  return dlcSplat(t, e, mlirTypeIsAFloat(e) ? floatNeutral(t->b, kind, e) : integerNeutral(kind, e));
}
MlirValue dlcOldValue(Tile *t, intptr_t output, int64_t k) {
  intptr_t i = t->nest->nInputs + output, start = t->nest->start;
  MlirValue initial = t->nest->operand[i].initial;
  if (start) initial = dlcLoadOperand(t, start, dlcInstanceFor(t, k, dlcLevelsOf(t, &t->nest->operand[start])));
  if (isNull(initial)) return dlcLoadOperand(t, i, k);
  bool isVector = t->vectorLevel >= 0 && !dlcReducesLanes(t) && !mlirTypeIsAVector(typeOf(initial));
  if (isVector) initial = vector_broadcast(t->b, initial, dlcVectorOf(t, typeOf(initial)));
  return isNull(t->isFirstBlock) ? initial : arith_select(t->b, t->isFirstBlock, initial, dlcLoadOperand(t, i, k));
}
static bool readsOld(const Tile *t, intptr_t output) {
  if (t->nest->reduction) return !dlcIsStored(t->nest, output);
  MlirBlock body = t->nest->body;
  intptr_t arg = t->nest->nInputs + output;
  return body.ptr && arg < mlirBlockGetNumArguments(body) &&
         !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, arg)));
}
static void startAccumulators(Tile *t) {
  for (intptr_t o = 0; o < nOutputs(t); ++o)
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, accumulatorLevels(t, o)) && readsOld(t, o))
        t->accumulator[o][k] = dlcReducesLanes(t) ? neutral(t, o) : dlcOldValue(t, o, k);
}
static void finishAccumulators(Tile *t) {
  if (t->nest->finish.ptr) dlcEvaluateFinish(t);
  for (intptr_t o = 0; o < nOutputs(t); ++o) {
    intptr_t i = t->nest->nInputs + o;
    if (dlcIsStored(t->nest, o)) continue;
    if (dlcReducesLanes(t)) {
      dlcFinishLanes(t, o);
      continue;
    }
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, dlcLevelsOf(t, &t->nest->operand[i]))) dlcStoreOperand(t, i, k, t->accumulator[o][k]);
  }
}
static void emitTile(Tile *t) {
  dlcSetRows(t);
  startAccumulators(t);
  reduceFrom(t, 0);
  if (!t->b->failed) finishAccumulators(t);
}

//===--- parallel loops ---
static void emitFrom(Tile *t, intptr_t k);
static int levelOf(const Tile *t, int loop) {
  for (int l = 0; l < t->plan->nLevels; ++l)
    if (t->plan->level[l] == loop) return l;
  return -1;
}
static int parallelAt(const Tile *t, intptr_t k) { return k < t->plan->nOrder ? t->plan->order[k] : -1; }
static void forLoop(Tile *t, int loop, MlirValue from, MlirValue to, int64_t step, Inside inside, intptr_t k) {
  MlirOperation op = scf_for(t->b, from, to, constIndex(t->b, step));
  MlirBlock body = dlcAddBlock(t->b, dlcRegion(op, 0), types(indexType(t->b)));
  if (t->b->failed) return;
  t->iv[loop] = argOf(body, 0);
  dlcAtEnd(t->b, body) {
    inside(t, k);
    scf_yield(t->b);
  }
}
static void emitKnown(Tile *t, int loop, int level, int64_t step, int64_t lanes, intptr_t k) {
  DlcBuilder *b = t->b;
  int64_t size = t->nest->loop[loop].size.known, rest = size % step, full = size - rest;
  if (full == step) {
    t->iv[loop] = constIndex(b, 0);
    emitFrom(t, k + 1);
  } else if (full)
    forLoop(t, loop, constIndex(b, 0), constIndex(b, full), step, emitFrom, k + 1);
  if (!rest) return;
  int64_t count = t->count[level];
  Plan narrow = *t->plan; // a rest of at most half a vector takes half a vector
  const Plan *plan = t->plan;
  while (level == t->vectorLevel && rest <= narrow.lanes / 2) narrow.lanes /= 2;
  if (narrow.lanes < lanes) t->plan = &narrow, lanes = narrow.lanes;
  t->count[level] = (rest + lanes - 1) / lanes;
  if (rest % lanes) setMask(t, t->count[level] - 1, constIndex(b, rest % lanes));
  t->iv[loop] = constIndex(b, full);
  emitFrom(t, k + 1);
  t->count[level] = count, t->plan = plan;
  if (level == t->vectorLevel) clearMasks(t);
}
static void maskOne(Tile *t, intptr_t k) {
  setMask(t, 0, arith_subi(t->b, dlcSizeValue(t->b, t->nest->loop[t->plan->vector].size), t->iv[t->plan->vector]));
  emitFrom(t, k);
}
// Full tiles, then, of a reduction, ever smaller ones, each half of the one before (14, 7, 4, 2 and 1 rows), since a
// row for itself reads the columns as if it were a tile; otherwise one row, and last one masked vector, at a time. (One
// form with masks throughout was slower: a narrow rest costs as much as a full tile.)
static void emitDynamic(Tile *t, int loop, int level, int64_t step, int64_t lanes, intptr_t k) {
  DlcBuilder *b = t->b;
  MlirValue size = t->nest->loop[loop].size.value, from = constIndex(b, 0);
  bool isVector = level >= 0 && level == t->vectorLevel;
  int64_t count = level < 0 ? 1 : t->count[level], n = step / lanes;
  for (;;) {
    MlirValue rest = arith_subi(b, size, from), to = size;
    if (n * lanes > 1) to = arith_subi(b, size, arith_remui(b, rest, constIndex(b, n * lanes)));
    if (level >= 0) t->count[level] = n;
    forLoop(t, loop, from, to, n * lanes, emitFrom, k + 1);
    from = to;
    if (n == 1 || (isVector && !t->nest->reduction)) break;
    n = t->nest->reduction ? (n + 1) / 2 : 1;
  }
  if (isVector) {
    t->count[level] = 1;
    forLoop(t, loop, from, size, lanes, maskOne, k + 1);
    clearMasks(t);
  }
  if (level >= 0) t->count[level] = count;
}
static void emitFrom(Tile *t, intptr_t k) {
  int loop = parallelAt(t, k);
  if (loop < 0) {
    emitTile(t);
    return;
  }
  int level = levelOf(t, loop);
  int64_t lanes = level >= 0 && level == t->vectorLevel ? t->plan->lanes : 1,
          step = level < 0 ? 1 : t->plan->factor[level] * lanes;
  if (!isKnown(t->nest->loop[loop].size))
    emitDynamic(t, loop, level, step, lanes, k);
  else if (t->nest->loop[loop].size.known)
    emitKnown(t, loop, level, step, lanes, k);
}

//===--- blocks of a reduction ---
static void emitBlock(Tile *t, intptr_t k) {
  t->blockStart = t->iv[t->plan->blocked];
  t->isFirstBlock = arith_cmpi(t->b, arith_CmpIPredicate_eq, t->blockStart, constIndex(t->b, 0));
  emitFrom(t, k);
}
static void emitBlocks(Tile *t) {
  DlcBuilder *b = t->b;
  int loop = t->plan->blocked;
  int64_t size = t->nest->loop[loop].size.known, block = t->plan->block, rest = size % block;
  t->blockSize = known(block);
  forLoop(t, loop, constIndex(b, 0), constIndex(b, size - rest), block, emitBlock, 0);
  if (!rest || b->failed) return;
  t->blockSize = known(rest), t->blockStart = constIndex(b, size - rest);
  t->isFirstBlock = arith_constant(b, mlirBoolAttrGet(b->ctx, size == rest));
  emitFrom(t, 0);
}
void dlcEmitNest(DlcBuilder *b, const Nest *nest, const Plan *plan) {
  Tile *t = calloc(1, sizeof *t);
  t->b = b, t->nest = nest, t->plan = plan, t->vectorLevel = levelOf(t, plan->vector);
  for (intptr_t l = 0; l < plan->nLevels; ++l) t->count[l] = plan->factor[l];
  if (plan->blocked >= 0)
    emitBlocks(t);
  else
    emitFrom(t, 0);
  free(t->slots);
  free(t);
}
