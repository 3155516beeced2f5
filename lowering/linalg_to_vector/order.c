// The order of the parallel loops around a register tile, by how much of the
// operands has to be brought in again. Seen from inside to outside, an operand that
// does not vary along a loop stays in a cache across its iterations if all that one
// of them touches fits there; otherwise it is brought in anew each time.
//
// Only for nests with a reduction: others touch everything once, in any order.
// Sizes that are known at run time only are taken for DYNAMIC_SIZE.
#include <string.h>
#include "nest.h"

enum { DYNAMIC_SIZE = 64, MOST_ORDERED = 5 };

typedef struct {
  double bytes, cyclesPerByte; // usable part of the cache; cost of what it misses
} Cache;
static const Cache caches[] = {{24e3, 1. / 32}, {640e3, 1. / 8}};

typedef struct {
  const Nest *nest;
  const Plan *plan;
  int best[maxLoops];
  intptr_t n;
  double least;
} Search;

// Of a blocked reduction one block: all the order is about happens within it.
static int64_t sizeOf(const Search *s, int loop) {
  if (loop == s->plan->blocked) return s->plan->block;
  return isKnown(s->nest->loop[loop].size) ? s->nest->loop[loop].size.known : DYNAMIC_SIZE;
}

static int64_t stepOf(const Search *s, int loop) {
  for (intptr_t l = 0; l < s->plan->nLevels; ++l)
    if (s->plan->level[l] == loop) return s->plan->factor[l] * (loop == s->plan->vector ? s->plan->lanes : 1);
  return 1;
}

// Bytes that an operand touches when the loops of `whole` run whole and the others stand still.
static double footprint(const Search *s, const Operand *o, uint32_t whole) {
  double elements = 1;
  for (intptr_t r = 0; r < o->rank; ++r) {
    double extent = 1, most = isKnown(o->size[r]) ? (double)o->size[r].known : 1e30;
    for (int d = 0; d < s->nest->nLoops; ++d) {
      int64_t size = sizeOf(s, d), range = whole >> d & 1 ? size : stepOf(s, d) < size ? stepOf(s, d) : size;
      int64_t c = o->coefficient[r][d];
      extent += (double)(c < 0 ? -c : c) * (double)(range > 0 ? range - 1 : 0);
    }
    elements *= extent < most ? extent : most;
  }
  return elements * (double)(mlirTypeIsAFloat(o->stored) ? mlirFloatTypeGetWidth(o->stored) / 8 : 4);
}

static double costOf(const Search *s, const int *order) {
  double cost = 0;
  for (size_t c = 0; c < sizeof caches / sizeof *caches; ++c)
    for (intptr_t i = 0; i < s->nest->nOperands; ++i) {
      const Operand *o = &s->nest->operand[i];
      if (o->isScalar) continue;
      uint32_t whole = s->nest->reduction;
      double traffic = footprint(s, o, whole);
      for (intptr_t k = s->n - 1; k >= 0; --k) {
        int64_t step = stepOf(s, order[k]), trips = (sizeOf(s, order[k]) + step - 1) / step;
        double inside = 0;
        for (intptr_t j = 0; j < s->nest->nOperands; ++j)
          if (!s->nest->operand[j].isScalar) inside += footprint(s, &s->nest->operand[j], whole);
        if (o->loops >> order[k] & 1 || inside > caches[c].bytes) traffic *= (double)trips;
        whole |= 1u << order[k];
      }
      cost += traffic * caches[c].cyclesPerByte;
    }
  return cost;
}

static void permute(Search *s, int *order, intptr_t from) {
  if (from == s->n) {
    double cost = costOf(s, order);
    if (cost < s->least * 0.98) s->least = cost, memcpy(s->best, order, (size_t)s->n * sizeof *order);
    return;
  }
  for (intptr_t i = from; i < s->n; ++i) { // rotations keep what is not chosen in its order
    int chosen = order[i];
    memmove(&order[from + 1], &order[from], (size_t)(i - from) * sizeof *order);
    order[from] = chosen;
    permute(s, order, from + 1);
    memmove(&order[from], &order[from + 1], (size_t)(i - from) * sizeof *order);
    order[i] = chosen;
  }
}

static bool isLevel(const Plan *plan, int loop) {
  for (intptr_t l = 0; l < plan->nLevels; ++l)
    if (plan->level[l] == loop) return true;
  return false;
}

void dlcOrderLoops(const Nest *nest, Plan *plan) {
  Search s = {.nest = nest, .plan = plan, .least = 1e300};
  intptr_t n = 0, moving = 0;
  // As given: the loops outside of the tile, then those of the tile.
  for (int d = 0; d < nest->nLoops; ++d)
    if (!nest->loop[d].isReduction && !isLevel(plan, d)) plan->order[n++] = d;
  for (intptr_t l = 0; l < plan->nLevels; ++l)
    if (!nest->loop[plan->level[l]].isReduction) plan->order[n++] = plan->level[l];
  plan->nOrder = n;
  int order[maxLoops];
  for (intptr_t i = 0; i < n; ++i)
    if (!isOne(nest->loop[plan->order[i]].size)) order[moving++] = plan->order[i];
  if (!nest->reduction || moving < 2 || moving > MOST_ORDERED) return;
  s.n = moving;
  permute(&s, order, 0);
  intptr_t next = 0;
  for (intptr_t i = 0; i < n; ++i)
    if (!isOne(nest->loop[plan->order[i]].size)) plan->order[i] = s.best[next++];
}
