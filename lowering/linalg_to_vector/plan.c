// Chooses, for a nest, the loop that becomes vector lanes and the loops that are
// unrolled into a register tile, by a small model of one tile: a fused multiply
// and add a cycle, a load a cycle, several cycles of latency to hide.
//
// Refuses nothing: where no loop can be a vector the plan is scalar.
#include "nest.h"
#include <string.h>

enum { latency = 4, maxBodyOps = 320, FEW_VECTORS = 16 };

typedef struct {
  const Nest *nest;
  Target target;
  int64_t lanes, bodyCost;
} Problem;

//===--- element widths ---
static int64_t bitsOf(MlirType t) {
  if (mlirTypeIsAIndex(t)) return 64;
  if (mlirTypeIsAInteger(t)) return mlirIntegerTypeGetWidth(t) < 8 ? 8 : mlirIntegerTypeGetWidth(t);
  return mlirTypeIsAFloat(t) ? mlirFloatTypeGetWidth(t) : 64;
}
static int64_t maxLanes(const Nest *nest, Target target) {
  int64_t widest = 8;
  for (intptr_t i = 0; i < nest->nOperands; ++i)
    if (bitsOf(nest->operand[i].element) > widest) widest = bitsOf(nest->operand[i].element);
  int64_t lanes = target.vectorBits / widest;
  return lanes > maxInstances ? maxInstances : lanes;
}
static int64_t lanesFor(Size size, int64_t most) {
  if (!isKnown(size) || size.known >= most) return most;
  int64_t lanes = 1;
  while (lanes < size.known) lanes *= 2;
  return lanes;
}

//===--- the vector loop ---
static bool isOutputOrderly(const Nest *nest, int loop) {
  bool isReduction = nest->loop[loop].isReduction;
  for (intptr_t o = 0; o < nest->nOperands - nest->nInputs; ++o) {
    bool isReduced = isReduction && !dlcIsStored(nest, o);
    if (dlcAccess(&nest->operand[nest->nInputs + o], loop) != (isReduced ? ACCESS_INVARIANT : ACCESS_UNIT))
      return false;
    if (isReduced && !dlcCombiner(nest, o).ptr) return false;
  }
  return true;
}
// Every output varies with every parallel loop, or the order of the loops counts.
static bool isOrderFree(const Nest *nest) {
  for (intptr_t i = nest->nInputs; i < nest->nOperands; ++i)
    if ((nest->operand[i].loops & nest->parallel) != nest->parallel) return false;
  return true;
}
static double accessCost(const Nest *nest, int loop, int64_t lanes) {
  double cost = 0;
  for (intptr_t i = 0; i < nest->nInputs; ++i) switch (dlcAccess(&nest->operand[i], loop)) {
    case ACCESS_INVARIANT:
      cost += 0.25;
      break;
    case ACCESS_UNIT:
      cost += 1;
      break;
    case ACCESS_TWO:
      cost += 3;
      break;
    case ACCESS_GATHER:
      cost += 1.5 * (double)lanes;
      break;
    case ACCESS_NONE:
      return -1;
    }
  return cost;
}
// Cost an element when `loop` is the vector; negative: it cannot be.
static double vectorCost(const Problem *p, int loop) {
  const Nest *nest = p->nest;
  Size size = nest->loop[loop].size;
  if (isOne(size) || size.known == 0 || !isOutputOrderly(nest, loop)) return -1;
  int64_t lanes = lanesFor(size, p->lanes);
  double cost = accessCost(nest, loop, lanes), loads;
  if (cost < 0 || !dlcBodyIsVectorisable(nest, loop, lanes, &loads)) return -1;
  cost += 0.5 * (double)p->bodyCost + loads;
  int64_t n = isKnown(size) ? size.known : nest->loop[loop].isReduction ? 32 : 128;
  if (nest->loop[loop].isReduction) cost += 5.0 * (double)lanes / (double)n; // lanes.c
  return cost * (double)((n + lanes - 1) / lanes) / (double)n;
}
static int chooseVector(const Problem *p) {
  int best = -1;
  double least = 0;
  if (!isOrderFree(p->nest) || p->bodyCost > maxBodyOps) return -1;
  for (int d = (int)p->nest->nLoops - 1; d >= 0; --d) {
    double cost = vectorCost(p, d);
    if (cost >= 0 && (best < 0 || cost < least * 0.99)) best = d, least = cost;
  }
  return best;
}

//===--- the register tile ---
static int64_t instancesOf(const Operand *o, const Plan *plan) {
  int64_t n = 1;
  for (intptr_t l = 0; l < plan->nLevels; ++l)
    if (!o->isScalar && dlcAccess(o, plan->level[l]) != ACCESS_INVARIANT) n *= plan->factor[l];
  return n;
}
static int64_t tileSize(const Plan *plan) {
  int64_t n = 1;
  for (intptr_t l = 0; l < plan->nLevels; ++l) n *= plan->factor[l];
  return n;
}
static bool fitsRegisters(const Problem *p, const Plan *plan) {
  int64_t accumulators = 0, most = 0, shuffled = 0;
  for (intptr_t i = 0; i < p->nest->nOperands; ++i) {
    const Operand *o = &p->nest->operand[i];
    int64_t n = instancesOf(o, plan);
    if (o->isOutput && dlcIsStored(p->nest, i - p->nest->nInputs)) continue;
    if (o->isOutput)
      accumulators += p->nest->loop[plan->vector].isReduction ? n * plan->factor[plan->nLevels - 1] : n;
    else if (plan->vector >= 0 && dlcAccess(o, plan->vector) != ACCESS_INVARIANT) {
      if (n > most) most = n;
      if (dlcAccess(o, plan->vector) != ACCESS_UNIT) shuffled = 3; // two parts and their order
    }
  }
  int64_t needed = p->nest->reduction ? accumulators + (most < 4 ? most : 4) + 1 + shuffled : most;
  return needed <= p->target.registers - 1;
}
// Of a reduction along the lanes, cycles to combine them behind it (lanes.c), for one step of it.
static double lanesCost(const Problem *p, const Plan *plan) {
  if (plan->vector < 0 || !p->nest->loop[plan->vector].isReduction) return 0;
  int64_t vectors = plan->factor[plan->nLevels - 1], sums = tileSize(plan) / vectors, folds = plan->lanes / sums;
  Size size = p->nest->loop[plan->vector].size;
  double cycles = 1.5 * (double)sums + 0.5 * (double)(tileSize(plan) - sums);
  for (; folds > 1; folds /= 2) cycles += 1.5;
  double steps = isKnown(size) ? (double)size.known / (double)(vectors * plan->lanes) : 8;
  return cycles / (steps > 1 ? steps : 1);
}
// Cycles of one step of the innermost reduction, for one point of the tile.
static double tileCost(const Problem *p, const Plan *plan) {
  double points = (double)tileSize(plan), loads = 0, compute = (double)p->bodyCost * 0.5 * points;
  for (intptr_t i = 0; i < p->nest->nInputs; ++i) {
    const Operand *o = &p->nest->operand[i];
    Access access = plan->vector < 0 ? ACCESS_INVARIANT : dlcAccess(o, plan->vector);
    double each = access == ACCESS_UNIT        ? 1.3
                  : access == ACCESS_INVARIANT ? 0.7
                  : access == ACCESS_TWO       ? 4
                                               : (double)plan->lanes;
    if (!o->isScalar) loads += each * (double)instancesOf(o, plan);
  }
  double wait = p->nest->reduction ? (double)latency * (double)p->bodyCost * 0.5 : 0;
  double busy = compute > loads ? compute + 0.3 * loads : loads + 0.3 * compute;
  return ((busy > wait ? busy : wait) + 1.0 + lanesCost(p, plan)) / points; // 1: the loop itself
}
// What the rest of a loop of known size costs beyond full tiles.
static double waste(Size size, int64_t factor, int64_t lanes) {
  int64_t step = factor * lanes;
  if (!isKnown(size)) return 1.02;
  int64_t rest = size.known % step, vectors = (rest + lanes - 1) / lanes;
  double full = (double)((size.known / step) * factor);
  double tail = vectors == 1 && rest <= lanes / 2 ? 0.6
                : vectors                         ? (double)vectors * (1 + 0.4 * (1 - (double)vectors / (double)factor))
                                                  : 0;
  return (full + tail) * (double)lanes / (double)size.known;
}
static double planCost(const Problem *p, const Plan *plan) {
  double cost = tileCost(p, plan);
  for (intptr_t l = 0; l < plan->nLevels; ++l)
    cost *=
        waste(p->nest->loop[plan->level[l]].size, plan->factor[l], plan->level[l] == plan->vector ? plan->lanes : 1);
  return cost;
}
static int64_t mostFactor(const Problem *p, const Plan *plan, int level) {
  Size size = p->nest->loop[plan->level[level]].size;
  int64_t lanes = plan->level[level] == plan->vector ? plan->lanes : 1,
          most = plan->level[level] == plan->vector ? 8 : 14;
  if (isKnown(size) && (size.known + lanes - 1) / lanes < most) most = (size.known + lanes - 1) / lanes;
  return most < 1 ? 1 : most;
}
static bool isSmall(const Problem *p, const Plan *plan) {
  int64_t n = tileSize(plan), body = p->bodyCost > 2 ? p->bodyCost : 2;
  return n <= maxInstances && n * body <= (p->nest->reduction ? 96 : 48) && fitsRegisters(p, plan);
}
static void tryFactors(const Problem *p, Plan *plan, int level, Plan *best, double *least) {
  if (level == plan->nLevels) {
    double cost = planCost(p, plan);
    if (cost < *least * 0.995) *best = *plan, *least = cost;
    return;
  }
  int64_t most = mostFactor(p, plan, level);
  for (plan->factor[level] = 1; plan->factor[level] <= most; ++plan->factor[level]) {
    for (intptr_t l = level + 1; l < plan->nLevels; ++l) plan->factor[l] = 1;
    if (plan->factor[level] > 1 && !isSmall(p, plan)) break;
    tryFactors(p, plan, level + 1, best, least);
  }
  plan->factor[level] = 1;
}
// A reduction along the lanes of inputs that are read once: more of another loop at a time would bring nothing but more
// streams from memory, unless its lanes are so few that combining them counts.
static bool readsOnce(const Problem *p, const Plan *plan, int loop) {
  const Nest *nest = p->nest;
  if (plan->vector < 0 || !nest->loop[plan->vector].isReduction) return false;
  Size size = nest->loop[plan->vector].size;
  if (isKnown(size) && size.known < FEW_VECTORS * plan->lanes) return false;
  for (intptr_t i = 0; i < nest->nInputs; ++i)
    if (!nest->operand[i].isScalar && dlcAccess(&nest->operand[i], loop) == ACCESS_INVARIANT) return false;
  return true;
}
// With up to two other parallel loops besides the vector loop, which comes last.
static void chooseTile(const Problem *p, Plan *plan) {
  Plan best = *plan;
  double least = 1e300;
  for (int x = 0; x < p->nest->nLoops; ++x)
    for (int y = x; y < p->nest->nLoops; ++y) {
      bool usable = p->nest->reduction && x != plan->vector && y != plan->vector && !p->nest->loop[x].isReduction &&
                    !p->nest->loop[y].isReduction;
      if (!usable || isOne(p->nest->loop[x].size) || isOne(p->nest->loop[y].size)) continue;
      if (readsOnce(p, plan, x) || readsOnce(p, plan, y)) continue;
      Plan candidate = {.vector = plan->vector, .lanes = plan->lanes};
      candidate.level[candidate.nLevels++] = x;
      if (y != x) candidate.level[candidate.nLevels++] = y;
      if (plan->vector >= 0) candidate.level[candidate.nLevels++] = plan->vector;
      for (intptr_t l = 0; l < candidate.nLevels; ++l) candidate.factor[l] = 1;
      tryFactors(p, &candidate, 0, &best, &least);
    }
  if (least == 1e300 && plan->vector >= 0) tryFactors(p, plan, 0, &best, &least);
  *plan = best;
}
// An input that strides through memory along the lanes, but is contiguous along another loop: a square tile,
// transposed.
static int64_t atMost(Size size, int64_t lanes) {
  while (isKnown(size) && size.known < lanes) lanes /= 2;
  return lanes;
}
static bool chooseTransposition(const Problem *p, Plan *plan) {
  const Nest *nest = p->nest;
  int64_t most = atMost(nest->loop[plan->vector].size, plan->lanes < 16 ? plan->lanes : 16);
  if (nest->reduction) return false;
  for (intptr_t i = 0; i < nest->nInputs; ++i) {
    const Operand *o = &nest->operand[i];
    if (o->isScalar || dlcAccess(o, plan->vector) != ACCESS_GATHER) continue;
    for (int d = 0; d < nest->nLoops; ++d) {
      int64_t lanes = atMost(nest->loop[d].size, most);
      if (dlcAccess(o, d) != ACCESS_UNIT || lanes < 4 || lanes * p->bodyCost > 128) continue;
      *plan = (Plan){
          .vector = plan->vector, .lanes = lanes, .nLevels = 2, .level = {d, plan->vector}, .factor = {lanes, 1}};
      return true;
    }
  }
  return false;
}
// Loops of factor 1 need no level, but for the vector loop.
static void dropIdleLevels(Plan *plan) {
  intptr_t n = 0;
  for (intptr_t l = 0; l < plan->nLevels; ++l)
    if (plan->factor[l] > 1 || plan->level[l] == plan->vector)
      plan->level[n] = plan->level[l], plan->factor[n++] = plan->factor[l];
  plan->nLevels = n;
}
static void chooseLoops(const Nest *nest, Target target, Plan *plan) {
  Problem p = {nest, target, maxLanes(nest, target), dlcBodyCost(nest)};
  if (p.bodyCost < 1) p.bodyCost = 1;
  *plan = (Plan){.vector = -1, .lanes = 1};
  plan->vector = chooseVector(&p);
  if (plan->vector < 0) return;
  plan->lanes = lanesFor(nest->loop[plan->vector].size, p.lanes);
  plan->level[0] = plan->vector, plan->factor[0] = 1, plan->nLevels = 1;
  if (!chooseTransposition(&p, plan)) chooseTile(&p, plan);
  dropIdleLevels(plan);
}
void dlcPlanNest(const Nest *nest, Target target, Plan *plan) {
  chooseLoops(nest, target, plan);
  dlcBlockReduction(nest, target, plan);
  dlcOrderLoops(nest, plan);
}
