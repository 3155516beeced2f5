// Cuts a long reduction into blocks, each of which is done for all points of the
// parallel loops before the next one begins; the accumulators wait in the output:
//
//   for blocks of k                                 (emit.c)
//     for m by 6, for n by 4 vectors
//       %acc = output; for k in the block; output = %acc
//
// For one of two reasons, both about an input with vectors that is read along the
// reduction. Deep: what one register tile reads of it in all does not stay in the
// L2, where the next rows would find it. Thin: it is too large for the cache and
// meets few rows, so that it streams; a block of few rows reads each of them
// contiguously, as many streams as the hardware prefetches, instead of a short
// piece of every row.
//
// Not for reductions along the lanes, nor for outputs narrower than 32 bits, which would round once a block.
#include "nest.h"

enum {
  THIN_ROWS = 24,    // more than these and the arithmetic takes longer than the streaming
  THIN_BLOCK = 16,   // streams
  SHORT_ROW = 1024,  // bytes: shorter ones follow each other closely enough for the hardware
  LONG_PIECE = 2048, // bytes of a row in one item: of longer ones fewer streams keep the hardware busy
  UNIT = 8
};

static int64_t bytesOf(const Operand *o) {
  return mlirTypeIsAFloat(o->stored) ? mlirFloatTypeGetWidth(o->stored) / 8 : 4;
}
static bool isWide(const Nest *nest) {
  for (intptr_t i = nest->nInputs; i < nest->nOperands; ++i) {
    MlirType t = nest->operand[i].stored;
    if (mlirTypeIsAFloat(t) ? mlirFloatTypeGetWidth(t) < 32 : !mlirTypeIsAInteger(t)) return false;
  }
  return true;
}
static int64_t knownSize(const Nest *nest, int loop) {
  return isKnown(nest->loop[loop].size) ? nest->loop[loop].size.known : 1;
}
// The longest reduction.
static int longest(const Nest *nest) {
  int best = -1;
  for (int d = 0; d < nest->nLoops; ++d)
    if (nest->loop[d].isReduction && isKnown(nest->loop[d].size) &&
        (best < 0 || nest->loop[d].size.known > nest->loop[best].size.known))
      best = d;
  return best;
}
// Points of the loops in `loops` that the operand varies along, or does not.
static int64_t pointsOf(const Nest *nest, const Operand *o, uint32_t loops, bool varies) {
  int64_t n = 1;
  for (int d = 0; d < nest->nLoops; ++d)
    if (loops >> d & 1 && (dlcAccess(o, d) != ACCESS_INVARIANT) == varies) n *= knownSize(nest, d);
  return n;
}
static int64_t width(const Plan *plan) {
  for (intptr_t l = 0; l < plan->nLevels; ++l)
    if (plan->level[l] == plan->vector) return plan->factor[l] * plan->lanes;
  return plan->lanes;
}
// Of this input's reason: iterations of a block; 0: none.
static int64_t blockFor(const Nest *nest, const Plan *plan, const Operand *o, int loop, int64_t cache) {
  int64_t size = nest->loop[loop].size.known, rows = pointsOf(nest, o, nest->parallel, false);
  int64_t reduced = pointsOf(nest, o, nest->reduction, true) * bytesOf(o);
  int64_t whole = reduced * pointsOf(nest, o, nest->parallel, true);
  Size step = o->loopStride[loop];
  bool isStrided = !isKnown(step) || step.known * bytesOf(o) >= SHORT_ROW;
  bool isLong = pointsOf(nest, o, nest->parallel, true) * bytesOf(o) > LONG_PIECE;
  if (rows <= THIN_ROWS && whole > cache && isStrided && size >= 2 * THIN_BLOCK)
    return rows <= 2 && isLong ? THIN_BLOCK / 2 : THIN_BLOCK;
  int64_t deep = reduced * width(plan);
  if (rows <= THIN_ROWS || deep <= cache || size < 2 * UNIT) return 0;
  int64_t part = cache * 2 / 3, blocks = (deep + part - 1) / part, block = (size + blocks - 1) / blocks;
  return (block + UNIT - 1) / UNIT * UNIT;
}
void dlcBlockReduction(const Nest *nest, Target target, Plan *plan) {
  plan->blocked = -1, plan->block = 0, plan->streamed = 0;
  int loop = longest(nest);
  for (intptr_t o = 0; o < nest->nOperands - nest->nInputs; ++o)
    if (dlcIsStored(nest, o)) return;
  if (loop < 0 || plan->vector < 0 || nest->loop[plan->vector].isReduction || !isWide(nest)) return;
  for (intptr_t i = 0; i < nest->nInputs; ++i) {
    const Operand *o = &nest->operand[i];
    if (o->isScalar || dlcAccess(o, plan->vector) != ACCESS_UNIT || dlcAccess(o, loop) == ACCESS_INVARIANT) continue;
    int64_t block = blockFor(nest, plan, o, loop, target.cacheBytes);
    if (block == THIN_BLOCK || block == THIN_BLOCK / 2) plan->streamed |= 1u << i;
    if (block <= 0 || block >= nest->loop[loop].size.known || (plan->block && plan->block <= block)) continue;
    plan->blocked = loop, plan->block = block;
  }
}
