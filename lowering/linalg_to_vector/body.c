// The scalar body of a nest, evaluated for all instances of a register tile.
// An op whose operands do not vary along the vector loop stays scalar and its
// result is broadcast where a vector needs it; the others are made again on
// vectors. Float additions and multiplications may be contracted to FMA, zeros of
// either sign be the larger one.
#include "tile.h"
#include <stdlib.h>
#include <string.h>
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/vector.h"

//===--- values ---
static Slot *addSlot(Tile *t, MlirValue key, uint32_t levels, Vary vary) {
  if (t->nSlots == t->capSlots)
    t->slots = realloc(t->slots, (size_t)(t->capSlots = t->capSlots * 2 + 16) * sizeof *t->slots);
  Slot *s = &t->slots[t->nSlots++];
  memset(s, 0, sizeof *s);
  s->key = key, s->levels = levels, s->vary = vary;
  return s;
}
// Null: a value from outside the body.
static Slot *findSlot(Tile *t, MlirValue key) {
  for (intptr_t i = t->nSlots - 1; i >= 0; --i)
    if (mlirValueEqual(t->slots[i].key, key)) return &t->slots[i];
  return NULL;
}
static Vary varyOf(Tile *t, MlirValue key) {
  Slot *s = findSlot(t, key);
  return s ? s->vary : VARY_NONE;
}
static MlirValue broadcast(Tile *t, MlirValue v) { return vector_broadcast(t->b, v, dlcVectorOf(t, typeOf(v))); }
static MlirValue valueOf(Tile *t, MlirValue key, int64_t instance, bool asVector) {
  Slot *s = findSlot(t, key);
  if (!s) return asVector ? broadcast(t, key) : key;
  int64_t k = dlcInstanceFor(t, instance, s->levels);
  if (!asVector || s->vary == VARY_ANY) return s->value[k];
  if (isNull(s->vector[k])) s->vector[k] = broadcast(t, s->value[k]);
  if (s->vary == VARY_NONE) return s->vector[k];
  return arith_addi(t->b, s->vector[k], vector_step(t->b, dlcVectorOf(t, typeOf(key))));
}

//===--- ops ---
// Of -0 and +0 either may be the larger: the order of zeros takes three more instructions of six on x86.
static uint64_t freedomOf(MlirOperation op) {
  if (arith_mulf_isa(op) || arith_addf_isa(op) || arith_subf_isa(op)) return arith_FastMathFlags_contract;
  return arith_maximumf_isa(op) || arith_minimumf_isa(op) ? arith_FastMathFlags_nsz : 0;
}
static void addAttributes(MlirOperation op, DlcOpState *s) {
  uint64_t freedom = freedomOf(op);
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirNamedAttribute a = mlirOperationGetAttribute(op, i);
    if (freedom &&
        mlirIdentifierEqual(a.name, mlirIdentifierGet(s->b->ctx, mlirStringRefCreateFromCString("fastmath"))))
      continue;
    mlirOperationStateAddAttributes(&s->state, 1, &a);
  }
  if (freedom)
    dlcOpAttr(s, "fastmath", dlcs_arith_FastMathFlags_attr(s->b->ctx, (uint64_t)arith_addf_fastmath(op) | freedom));
}
static void nameOf(MlirOperation op, char name[64]) {
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  size_t length = n.length < 63 ? n.length : 63;
  memcpy(name, n.data, length), name[length] = 0;
}
static MlirOperation makeCombiner(Tile *t, MlirOperation op, int64_t instance, bool isVector);
static MlirOperation makeOp(Tile *t, MlirOperation op, int64_t instance, bool isVector) {
  char name[64];
  MlirOperation combiner = makeCombiner(t, op, instance, isVector);
  if (combiner.ptr) return combiner;
  nameOf(op, name);
  DlcOpState s = dlcOpBegin(t->b, name);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    dlcOpOperand(&s, "operand", valueOf(t, mlirOperationGetOperand(op, i), instance, isVector));
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirType type = typeOf(mlirOperationGetResult(op, i));
    dlcOpResult(&s, "result", isVector ? dlcVectorOf(t, type) : type, true);
  }
  addAttributes(op, &s);
  return dlcOpEnd(&s);
}
MlirValue dlcTakeLarger(Tile *t, MlirOperation op, MlirValue in, MlirValue old) {
  arith_CmpFPredicate order = arith_maxnumf_isa(op) ? arith_CmpFPredicate_OGT : arith_CmpFPredicate_OLT;
  return arith_select(t->b, arith_cmpf(t->b, order, in, old), in, old);
}
// The combiner of an output whose accumulator is never NaN, as that.
static MlirOperation makeCombiner(Tile *t, MlirOperation op, int64_t instance, bool isVector) {
  for (intptr_t o = 0; o < t->nest->nOperands - t->nest->nInputs; ++o) {
    if (!mlirOperationEqual(dlcCombiner(t->nest, o), op) || !dlcDropsNaN(t->nest, o)) continue;
    MlirValue old = argOf(t->nest->body, t->nest->nInputs + o), first = mlirOperationGetOperand(op, 0),
              in = mlirValueEqual(first, old) ? mlirOperationGetOperand(op, 1) : first;
    return opOf(dlcTakeLarger(t, op, valueOf(t, in, instance, isVector), valueOf(t, old, instance, isVector)));
  }
  return (MlirOperation){0};
}
// An op of any kind, regions included.
static MlirOperation cloneScalar(Tile *t, MlirOperation op, int64_t instance) {
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < t->nSlots; ++i) {
    MlirValue v = t->slots[i].value[dlcInstanceFor(t, instance, t->slots[i].levels)];
    if (!isNull(v)) dlcMap(map, t->slots[i].key, v); // null: the results of op
  }
  MlirOperation copy = dlcClone(t->b, op, map);
  DlcOps indices = dlcCollect(copy, linalg_index_isa);
  for (intptr_t i = 0; i < indices.n; ++i) {
    MlirValue idx = dlcLoopIndex(t, (int)linalg_index_dim(indices.data[i]), instance);
    mlirRewriterBaseReplaceOpWithValues(t->b->rewriter, indices.data[i], 1, &idx);
  }
  free(indices.data);
  dlcMappingDestroy(map);
  return copy;
}
// A linear affine.apply on vectors.
static MlirValue applyVector(Tile *t, MlirOperation op, int64_t instance) {
  DlcBuilder *b = t->b;
  int64_t coefficients[maxApply], constant;
  MlirType type = dlcVectorOf(t, indexType(b));
  if (!dlcLinearApply(op, coefficients, &constant)) return (MlirValue){0};
  MlirValue sum = vector_broadcast(b, constIndex(b, constant), type);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue v = valueOf(t, mlirOperationGetOperand(op, i), instance, true);
    if (coefficients[i])
      sum = arith_addi(b, sum, arith_muli(b, v, vector_broadcast(b, constIndex(b, coefficients[i]), type)));
  }
  return sum;
}
// A load of the body whose place varies along the lanes.
static MlirValue loadVector(Tile *t, MlirOperation op, int64_t instance) {
  DlcBuilder *b = t->b;
  DlcValues indices = memref_load_indices(op);
  MlirType type = dlcVectorOf(t, indexType(b));
  MlirValue first = constIndex(b, 0), places = {0};
  Size step = known(0);
  Operand o;
  if (!dlcReadBuffer(b, memref_load_memref(op), &o)) return (MlirValue){0};
  intptr_t nSteps = 0;
  for (intptr_t i = 0; i < indices.n; ++i) nSteps += varyOf(t, at(indices, i)) == VARY_STEP;
  for (intptr_t i = 0; i < indices.n; ++i) {
    Vary vary = varyOf(t, at(indices, i));
    bool isSum =
        vary == VARY_NONE || (vary == VARY_STEP && nSteps == 1); // then only the first lane's place is summed up
    MlirValue idx = valueOf(t, at(indices, i), instance, !isSum);
    if (isSum && vary == VARY_STEP) step = o.stride[i];
    if (isSum) {
      first = dlcAddScaled(b, first, idx, o.stride[i]);
      continue;
    }
    MlirValue scaled = arith_muli(b, idx, vector_broadcast(b, dlcSizeValue(b, o.stride[i]), type));
    places = isNull(places) ? scaled : arith_addi(b, places, scaled);
  }
  if (isNull(places)) return dlcLoadLanes(t, &o, first, step, instance);
  places = arith_addi(b, places, vector_broadcast(b, first, type));
  if (step.known != 0)
    places =
        arith_addi(b, places, arith_muli(b, vector_step(b, type), vector_broadcast(b, dlcSizeValue(b, step), type)));
  return dlcLoadScattered(t, &o, places, instance);
}
// The levels of everything an op reads, inside its regions as well.
static MlirWalkResult addLevels(MlirOperation op, void *data) {
  void **p = data;
  Tile *t = p[0];
  uint32_t *levels = p[1];
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    Slot *s = findSlot(t, mlirOperationGetOperand(op, i));
    if (s) *levels |= s->levels;
  }
  for (int l = 0; linalg_index_isa(op) && l < t->plan->nLevels; ++l)
    if (t->plan->level[l] == linalg_index_dim(op)) *levels |= 1u << l;
  return MlirWalkResultAdvance;
}
static Vary varyOfOp(Tile *t, MlirOperation op, uint32_t levels) {
  Vary operands[maxBodyOperands];
  if (t->vectorLevel < 0 || !(levels >> t->vectorLevel & 1)) return VARY_NONE;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    operands[i] = varyOf(t, mlirOperationGetOperand(op, i));
  return memref_load_isa(op) ? VARY_ANY : dlcVaryOf(op, operands);
}

//===--- steps ---
// An argument of the body or an op of it: what there is to do for each instance.
typedef struct {
  MlirOperation op; // null: an argument
  intptr_t argument, slot;
  uint32_t levels;
  Vary vary;
  bool isDone; // for all instances at once
} Step;
typedef struct {
  Step *data;
  intptr_t n, capacity;
} Steps;
static Step *addStep(Steps *steps) {
  if (steps->n == steps->capacity)
    steps->data = realloc(steps->data, (size_t)(steps->capacity = 2 * steps->capacity + 16) * sizeof *steps->data);
  Step *s = &steps->data[steps->n++];
  *s = (Step){0};
  return s;
}
static uint32_t accumulatorLevels(const Tile *t, const Operand *o) {
  return dlcLevelsOf(t, o) | (dlcReducesLanes(t) ? 1u << t->vectorLevel : 0);
}
static void planArgument(Tile *t, Steps *steps, MlirValue key, intptr_t i) {
  const Operand *o = &t->nest->operand[i];
  if (mlirOpOperandIsNull(mlirValueGetFirstUse(key))) return;
  uint32_t levels = o->isOutput ? accumulatorLevels(t, o) : dlcLevelsOf(t, o);
  Vary vary = t->vectorLevel >= 0 && levels >> t->vectorLevel & 1 ? VARY_ANY : VARY_NONE;
  Slot *slot = addSlot(t, key, levels, vary);
  *addStep(steps) = (Step){.argument = i,
                           .slot = t->nSlots - 1,
                           .levels = levels,
                           .vary = vary,
                           .isDone = !o->isOutput && dlcLoadTransposed(t, i, slot->value)};
}
static void planOp(Tile *t, Steps *steps, MlirOperation op) {
  uint32_t levels = 0;
  mlirOperationWalk(op, addLevels, (void *[]){t, &levels}, MlirWalkPreOrder);
  bool isIndex = linalg_index_isa(op);
  Vary vary = isIndex ? (linalg_index_dim(op) == t->plan->vector ? VARY_STEP : VARY_NONE) : varyOfOp(t, op, levels);
  *addStep(steps) = (Step){.op = op, .slot = t->nSlots, .levels = levels, .vary = vary};
  for (intptr_t r = 0; r < mlirOperationGetNumResults(op); ++r) addSlot(t, mlirOperationGetResult(op, r), levels, vary);
}
static void evaluateStep(Tile *t, const Step *s, int64_t k) {
  MlirOperation op = s->op;
  MlirValue *value = &t->slots[s->slot].value[k];
  if (!op.ptr) {
    bool isOutput = t->nest->operand[s->argument].isOutput;
    *value = isOutput ? t->accumulator[s->argument - t->nest->nInputs][k] : dlcLoadOperand(t, s->argument, k);
  } else if (linalg_index_isa(op)) {
    *value = dlcLoopIndex(t, (int)linalg_index_dim(op), k);
  } else if (s->vary == VARY_ANY && memref_load_isa(op)) {
    *value = loadVector(t, op, k);
  } else if (s->vary == VARY_ANY && affine_apply_isa(op)) {
    *value = applyVector(t, op, k);
  } else {
    bool isPlain = dlcIsElementwise(op) && !arith_constant_isa(op);
    MlirOperation copy = s->vary == VARY_ANY || isPlain ? makeOp(t, op, k, s->vary == VARY_ANY) : cloneScalar(t, op, k);
    for (intptr_t r = 0; r < mlirOperationGetNumResults(op); ++r) t->slots[s->slot + r].value[k] = dlcResult(copy, r);
  }
}

//===--- the body ---
// Lanes behind the end keep their old value.
static MlirValue keepMasked(Tile *t, intptr_t output, int64_t k, MlirValue v) {
  MlirValue mask = dlcMaskOf(t, k);
  return dlcReducesLanes(t) && !isNull(mask) ? arith_select(t->b, mask, v, t->accumulator[output][k]) : v;
}
static void storeNow(Tile *t, intptr_t output, uint32_t levels, bool isVector, MlirValue yielded) {
  for (int64_t k = 0; k < dlcTileSize(t); ++k)
    if (dlcIsInstance(t, k, levels)) dlcStoreOperand(t, t->nest->nInputs + output, k, valueOf(t, yielded, k, isVector));
}
// Instance by instance, so that a value is loaded next to its first use: LLVM's scheduler keeps to that order, and
// spills where all loads come first.
static void evaluateSteps(Tile *t, Steps *steps) {
  for (int64_t k = 0; k < dlcTileSize(t); ++k)
    for (intptr_t i = 0; i < steps->n && !t->b->failed; ++i)
      if (!steps->data[i].isDone && dlcIsInstance(t, k, steps->data[i].levels)) evaluateStep(t, &steps->data[i], k);
  free(steps->data);
}
void dlcEvaluateFinish(Tile *t) {
  MlirBlock body = t->nest->finish;
  MlirOperation yield = mlirBlockGetTerminator(body);
  Steps steps = {0};
  t->nSlots = 0;
  for (intptr_t i = 0; i + 1 < mlirBlockGetNumArguments(body); ++i)
    planArgument(t, &steps, argOf(body, i), t->nest->finishOperand[i]);
  dlcForEachOp(op, body)
    if (!mlirOperationEqual(op, yield)) planOp(t, &steps, op);
  evaluateSteps(t, &steps);
  uint32_t levels = dlcLevelsOf(t, &t->nest->operand[t->nest->nInputs]);
  bool isVector = t->vectorLevel >= 0 && levels >> t->vectorLevel & 1;
  for (int64_t k = 0; k < dlcTileSize(t) && !t->b->failed; ++k)
    if (dlcIsInstance(t, k, levels)) t->accumulator[0][k] = valueOf(t, mlirOperationGetOperand(yield, 0), k, isVector);
}
void dlcEvaluateBody(Tile *t) {
  const Nest *nest = t->nest;
  t->nSlots = 0;
  if (mlirBlockIsNull(nest->body)) {
    if (dlcLoadTransposed(t, 0, t->accumulator[0])) return;
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, dlcLevelsOf(t, &nest->operand[1]))) t->accumulator[0][k] = dlcLoadOperand(t, 0, k);
    return;
  }
  Steps steps = {0};
  for (intptr_t i = 0; i < mlirBlockGetNumArguments(nest->body); ++i) planArgument(t, &steps, argOf(nest->body, i), i);
  MlirOperation yield = mlirBlockGetTerminator(nest->body);
  dlcForEachOp(op, nest->body)
    if (!mlirOperationEqual(op, yield)) planOp(t, &steps, op);
  evaluateSteps(t, &steps);
  MlirValue next[maxInstances];
  for (intptr_t output = 0; output < nest->nOperands - nest->nInputs; ++output) {
    uint32_t levels = accumulatorLevels(t, &nest->operand[nest->nInputs + output]);
    bool isVector = t->vectorLevel >= 0 && levels >> t->vectorLevel & 1;
    if (dlcIsStored(nest, output)) {
      storeNow(t, output, levels, isVector, mlirOperationGetOperand(yield, output));
      continue;
    }
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, levels))
        next[k] = keepMasked(t, output, k, valueOf(t, mlirOperationGetOperand(yield, output), k, isVector));
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, levels)) t->accumulator[output][k] = next[k];
  }
}
