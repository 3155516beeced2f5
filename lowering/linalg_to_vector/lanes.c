// The end of a reduction along the lanes: a register tile has one vector for each point, whose lanes are to be combined
// to one number. For one point that is a vector.reduction; for several they go together, two vectors to one a step, so
// that a step costs two shuffles and one operation for both:
//
//   x0 x1 x2 x3   y0 y1 y2 y3    ->    x0 y0 x1 y1  +  x2 y2 x3 y3    ->    x02 y02 x13 y13
//
// First within parts of 128 bits, where shuffles are cheapest, then by whole parts. At the end lane i has the sum of
// point i, and points that lie next to each other in memory are stored as one vector.
#include <string.h>
#include "tile.h"
#include "ods/arith.h"
#include "ods/vector.h"

typedef struct {
  const char *op;
  vector_CombiningKind kind;
} Combine;
static const Combine combines[] = {
    {"arith.addf", vector_CombiningKind_ADD},          {"arith.addi", vector_CombiningKind_ADD},
    {"arith.mulf", vector_CombiningKind_MUL},          {"arith.muli", vector_CombiningKind_MUL},
    {"arith.maximumf", vector_CombiningKind_MAXIMUMF}, {"arith.maxnumf", vector_CombiningKind_MAXNUMF},
    {"arith.minimumf", vector_CombiningKind_MINIMUMF}, {"arith.minnumf", vector_CombiningKind_MINNUMF},
    {"arith.andi", vector_CombiningKind_AND},          {"arith.ori", vector_CombiningKind_OR},
    {"arith.xori", vector_CombiningKind_XOR},          {"arith.maxsi", vector_CombiningKind_MAXSI},
    {"arith.maxui", vector_CombiningKind_MAXUI},       {"arith.minsi", vector_CombiningKind_MINSI},
    {"arith.minui", vector_CombiningKind_MINUI}};
vector_CombiningKind dlcCombiningKind(MlirOperation op) {
  for (intptr_t i = 0; i < DLC_COUNT(combines); ++i)
    if (dlcOpIs(op, combines[i].op, strlen(combines[i].op))) return combines[i].kind;
  return vector_CombiningKind_ADD;
}
// The combiner of an output, on two values of one type.
static MlirValue combine(Tile *t, intptr_t output, MlirValue x, MlirValue y) {
  MlirOperation op = dlcCombiner(t->nest, output);
  if (dlcDropsNaN(t->nest, output)) return dlcTakeLarger(t, op, y, x);
  char name[64] = {0};
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  memcpy(name, n.data, n.length < 63 ? n.length : 63);
  DlcOpState s = dlcOpBegin(t->b, name);
  dlcOpOperand(&s, "x", x), dlcOpOperand(&s, "y", y);
  dlcOpResult(&s, "result", typeOf(x), true);
  return dlcOpEndValue(&s);
}
static MlirType elementOf(const Tile *t, intptr_t output) {
  return t->nest->operand[t->nest->nInputs + output].element;
}

//===--- one vector for each point ---
// The vectors of one point as one.
static MlirValue vectorOf(Tile *t, intptr_t output, int64_t instance) {
  MlirValue v = t->accumulator[output][instance];
  for (int64_t j = 1; j < t->plan->factor[t->vectorLevel]; ++j)
    v = combine(t, output, v, t->accumulator[output][instance + j]); // the vector level is the last one
  return v;
}
static MlirValue reduceOne(Tile *t, intptr_t output, MlirValue v) {
  MlirType e = elementOf(t, output);
  arith_FastMathFlags_opt flags = {mlirTypeIsAFloat(e), arith_FastMathFlags_reassoc | arith_FastMathFlags_nsz};
  if (dlcDropsNaN(t->nest, output)) flags.value |= arith_FastMathFlags_nnan; // no accumulator is
  return vector_reduction(t->b, dlcCombiningKind(dlcCombiner(t->nest, output)), v, e, .fastmath = flags);
}

//===--- steps ---
// Lanes of 128 bits, at most all.
static int64_t partOf(MlirType element, int64_t lanes) {
  int64_t bits = mlirTypeIsAFloat(element)   ? mlirFloatTypeGetWidth(element)
                 : mlirTypeIsAIndex(element) ? 64
                                             : mlirIntegerTypeGetWidth(element);
  int64_t part = bits < 128 ? 128 / bits : 1;
  while (part & (part - 1)) part &= part - 1;
  return part < lanes ? part : lanes;
}
// What stands at lane i of the first operand of a step on x and y, which have `lanes` lanes each and hold runs of
// `run` lanes; y begins at lane `lanes`. The second operand is `*further` lanes on.
static int64_t pairLane(int64_t i, int64_t lanes, int64_t run, int64_t part, int64_t *further) {
  if (run < part) { // runs of x and y in turn, from the lower halves of the parts
    int64_t within = i % part, k = within / run;
    *further = part / 2;
    return k % 2 * lanes + (i - within) + k / 2 * run + within % run;
  }
  int64_t k = i / part, half = lanes / part / 2; // every second part of x, then of y
  *further = part;
  return k / half * lanes + k % half * 2 * part + i % part;
}
// One vector folded upon itself, to half as many lanes.
static int64_t foldLane(int64_t i, int64_t lanes, int64_t part, int64_t *further) {
  *further = lanes > part ? part : lanes / 2;
  return lanes > part ? i / part * 2 * part + i % part : i;
}
static MlirValue combineShuffled(Tile *t, intptr_t output, MlirValue x, MlirValue y, const int64_t *from,
                                 int64_t further, int64_t lanes) {
  int64_t next[maxInstances];
  for (int64_t i = 0; i < lanes; ++i) next[i] = from[i] + further;
  return combine(t, output, vector_shuffle(t->b, x, y, (DlcI64s){from, lanes}),
                 vector_shuffle(t->b, x, y, (DlcI64s){next, lanes}));
}
// Of n vectors, overwritten, one with their sums in its first n lanes; *out_lanes of them it has.
static MlirValue reduceTogether(Tile *t, intptr_t output, MlirValue *v, int64_t n, int64_t *out_lanes) {
  int64_t lanes = t->plan->lanes, part = partOf(elementOf(t, output), lanes), run = 1, from[maxInstances], further = 0;
  for (; n > 1; run *= 2, n = (n + 1) / 2) {
    for (int64_t i = 0; i < lanes; ++i) from[i] = pairLane(i, lanes, run, part, &further);
    for (int64_t k = 0; k < n; k += 2)
      v[k / 2] = combineShuffled(t, output, v[k], v[k + 1 < n ? k + 1 : k], from, further, lanes);
  }
  for (; lanes > run; lanes /= 2) {
    for (int64_t i = 0; i < lanes / 2; ++i) from[i] = foldLane(i, lanes, part, &further);
    v[0] = combineShuffled(t, output, v[0], v[0], from, further, lanes / 2);
  }
  *out_lanes = lanes;
  return v[0];
}

// Not float16 and bfloat16: LLVM has no form for pieces of their vectors where the CPU does not compute in them.
static bool isTogether(const Tile *t, intptr_t output) {
  MlirType e = elementOf(t, output);
  if (mlirTypeIsAFloat(e)) return mlirFloatTypeGetWidth(e) >= 32;
  return mlirTypeIsAIndex(e) || mlirIntegerTypeGetWidth(e) >= 8;
}

//===--- to memory ---
// Whether the output's point y lies `distance` elements behind point x.
static bool isBehind(const Tile *t, intptr_t i, int64_t x, int64_t y, int64_t distance) {
  const Operand *o = &t->nest->operand[i];
  return o->linear && mlirTypeEqual(o->stored, o->element) && t->row[i][x].ptr == t->row[i][y].ptr &&
         t->displacement[i][y] - t->displacement[i][x] == distance;
}
static void storeRun(Tile *t, intptr_t output, int64_t instance, MlirValue sums, int64_t lanes, int64_t first,
                     int64_t n) {
  DlcBuilder *b = t->b;
  intptr_t i = t->nest->nInputs + output;
  if (n == 1) {
    MlirValue v = vector_extract(b, sums, (DlcValues){0}, (DlcI64s){&first, 1});
    dlcStoreOperand(t, i, instance, combine(t, output, dlcOldValue(t, output, instance), v));
    return;
  }
  int64_t order[maxInstances];
  for (int64_t k = 0; k < n; ++k) order[k] = first + k;
  if (n != lanes) sums = vector_shuffle(b, sums, sums, (DlcI64s){order, n});
  const Operand *o = &t->nest->operand[i];
  MlirValue at_ = dlcAddressOf(t, i, instance), old = o->initial;
  old = isNull(old) ? vector_load(b, o->flat, vals(at_), typeOf(sums)) : vector_broadcast(b, old, typeOf(sums));
  vector_store(b, combine(t, output, old, sums), o->flat, vals(at_));
}
static void storeAll(Tile *t, intptr_t output, const int64_t *instances, int64_t n, MlirValue sums, int64_t lanes) {
  intptr_t i = t->nest->nInputs + output;
  for (int64_t k = 0, length; k < n; k += length) {
    for (length = 1; !t->nest->start && k + length < n && isBehind(t, i, instances[k], instances[k + length], length);)
      ++length;
    storeRun(t, output, instances[k], sums, lanes, k, length);
  }
}
void dlcFinishLanes(Tile *t, intptr_t output) {
  intptr_t i = t->nest->nInputs + output;
  int64_t instances[maxInstances], n = 0;
  MlirValue vectors[maxInstances];
  for (int64_t k = 0; k < dlcTileSize(t); ++k)
    if (dlcIsInstance(t, k, dlcLevelsOf(t, &t->nest->operand[i]))) instances[n++] = k;
  int64_t most = isTogether(t, output) ? t->plan->lanes : 1;
  for (int64_t k = 0; k < n && !t->b->failed; k += most) {
    int64_t count = n - k < most ? n - k : most, lanes;
    for (int64_t j = 0; j < count; ++j) vectors[j] = vectorOf(t, output, instances[k + j]);
    if (count == 1) {
      MlirValue sum = reduceOne(t, output, vectors[0]), old = dlcOldValue(t, output, instances[k]);
      dlcStoreOperand(t, i, instances[k], combine(t, output, old, sum));
      continue;
    }
    MlirValue sums = reduceTogether(t, output, vectors, count, &lanes);
    storeAll(t, output, &instances[k], count, sums, lanes);
  }
}
