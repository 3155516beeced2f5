// The scalar body of a nest, evaluated for all instances of a register tile.
// An op whose operands do not vary along the vector loop stays scalar and its
// result is broadcast where a vector needs it; the others are made again on
// vectors. Float additions and multiplications may be contracted to FMA.
#include "tile.h"
#include <stdlib.h>
#include <string.h>
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"
#include "ods/vector.h"

//===--- what can be a vector ---
static bool hasPrefix(MlirOperation op, const char *prefix) {
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  size_t length = strlen(prefix);
  return n.length > length && !memcmp(n.data, prefix, length);
}
static bool isElementwise(MlirOperation op) { return hasPrefix(op, "arith.") || hasPrefix(op, "math."); }
static bool isVectorElement(MlirType t) { return mlirTypeIsAFloat(t) || mlirTypeIsAInteger(t) || mlirTypeIsAIndex(t); }

typedef struct { MlirValue value[1024]; intptr_t n; } ValueSet;
static bool holds(const ValueSet *s, MlirValue v) {
  for (intptr_t i = 0; i < s->n; ++i)
    if (mlirValueEqual(s->value[i], v)) return true;
  return false;
}
static bool add(ValueSet *s, MlirValue v) { return s->n < DLC_COUNT(s->value) && (s->value[s->n++] = v, true); }
static bool opVaries(MlirOperation op, int loop, const ValueSet *varying) {
  if (linalg_index_isa(op)) return linalg_index_dim(op) == loop;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (holds(varying, mlirOperationGetOperand(op, i))) return true;
  return false;
}
static bool opIsVectorisable(MlirOperation op, int loop, ValueSet *varying) {
  if (mlirOperationGetNumRegions(op)) return false;
  bool varies = opVaries(op, loop, varying);
  if (linalg_yield_isa(op)) return true;
  if (!varies) return isElementwise(op) || linalg_index_isa(op) || memref_load_isa(op) || dlcIsPure(op);
  bool isLoad = memref_load_isa(op) && dlcIsStrided(typeOf(memref_load_memref(op)));
  if (!isElementwise(op) && !linalg_index_isa(op) && !isLoad) return false;
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirValue r = mlirOperationGetResult(op, i);
    if (!isVectorElement(typeOf(r)) || !add(varying, r)) return false;
  }
  return true;
}
static void findVarying(const Nest *nest, int loop, ValueSet *varying) {
  for (intptr_t i = 0; nest->body.ptr && i < nest->nOperands && i < mlirBlockGetNumArguments(nest->body); ++i) {
    const Operand *o = &nest->operand[i];
    if (!o->isScalar && (dlcAccess(o, loop) != ACCESS_INVARIANT || (o->isOutput && nest->loop[loop].isReduction))) add(varying, argOf(nest->body, i));
  }
}
// The index that alone varies along the loop, and is the loop's own; -1: another way.
static intptr_t stepIndex(MlirOperation load, int loop, const ValueSet *varying, bool *varies) {
  DlcValues indices = memref_load_indices(load);
  intptr_t found = -1, n = 0;
  for (intptr_t i = 0; i < indices.n; ++i) {
    MlirValue idx = at(indices, i);
    bool isLoop = linalg_index_isa(opOf(idx)) && linalg_index_dim(opOf(idx)) == loop;
    if (isLoop) found = i;
    n += isLoop || holds(varying, idx);
  }
  *varies = n > 0;
  return n == 1 ? found : -1;
}
double dlcBodyLoadCost(const Nest *nest, int loop, int64_t lanes) {
  ValueSet varying = {.n = 0};
  double cost = 0;
  findVarying(nest, loop, &varying);
  if (nest->body.ptr) dlcForEachOp(op, nest->body) {
    bool varies = false;
    if (!opIsVectorisable(op, loop, &varying) || !memref_load_isa(op)) continue;
    intptr_t step = stepIndex(op, loop, &varying, &varies);
    cost += !varies ? 0.25 : step >= 0 && step == memref_load_indices(op).n - 1 ? 1 : 1.5 * (double)lanes;
  }
  return cost;
}
bool dlcBodyIsVectorisable(const Nest *nest, int loop) {
  ValueSet varying = {.n = 0};
  for (intptr_t i = 0; i < nest->nOperands; ++i)
    if (!isVectorElement(nest->operand[i].element)) return false;
  findVarying(nest, loop, &varying);
  if (nest->body.ptr) dlcForEachOp(op, nest->body) if (!opIsVectorisable(op, loop, &varying)) return false;
  return true;
}
int64_t dlcBodyCost(const Nest *nest) {
  int64_t n = 0;
  if (nest->body.ptr) dlcForEachOp(op, nest->body) n += hasPrefix(op, "math.") ? 12 : !linalg_yield_isa(op) && !arith_constant_isa(op);
  return n;
}
MlirOperation dlcCombiner(const Nest *nest, intptr_t output) {
  static const char *const names[] = {"addf", "mulf", "maximumf", "maxnumf", "minimumf", "minnumf", "addi", "muli", "andi", "ori", "xori", "maxsi", "maxui", "minsi", "minui"};
  MlirOperation none = {0};
  intptr_t arg = nest->nInputs + output;
  if (!nest->body.ptr || arg >= mlirBlockGetNumArguments(nest->body)) return none;
  MlirValue old = argOf(nest->body, arg);
  MlirOperation op = opOf(at(operandsOf(mlirBlockGetTerminator(nest->body)), output));
  if (mlirOperationIsNull(op) || !mlirBlockEqual(mlirOperationGetBlock(op), nest->body) || !hasOneUse(old)) return none;
  if (!mlirOperationEqual(mlirOpOperandGetOwner(mlirValueGetFirstUse(old)), op)) return none;
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  for (intptr_t i = 0; i < DLC_COUNT(names); ++i)
    if (hasPrefix(op, "arith.") && n.length == 6 + strlen(names[i]) && !memcmp(n.data + 6, names[i], n.length - 6)) return op;
  return none;
}

//===--- values ---
static Slot *addSlot(Tile *t, MlirValue key, uint32_t levels, bool isVector) {
  if (t->nSlots == t->capSlots) t->slots = realloc(t->slots, (size_t)(t->capSlots = t->capSlots * 2 + 16) * sizeof *t->slots);
  Slot *s = &t->slots[t->nSlots++];
  memset(s, 0, sizeof *s);
  s->key = key, s->levels = levels, s->isVector = isVector;
  return s;
}
// Null: a value from outside the body.
static Slot *findSlot(Tile *t, MlirValue key) {
  for (intptr_t i = t->nSlots - 1; i >= 0; --i)
    if (mlirValueEqual(t->slots[i].key, key)) return &t->slots[i];
  return NULL;
}
static MlirValue broadcast(Tile *t, MlirValue v) { return vector_broadcast(t->b, v, dlcVectorOf(t, typeOf(v))); }
static MlirValue valueOf(Tile *t, MlirValue key, int64_t instance, bool asVector) {
  Slot *s = findSlot(t, key);
  if (!s) return asVector ? broadcast(t, key) : key;
  int64_t k = dlcInstanceFor(t, instance, s->levels);
  if (!asVector || s->isVector) return s->value[k];
  if (isNull(s->vector[k])) s->vector[k] = broadcast(t, s->value[k]);
  return s->vector[k];
}

//===--- ops ---
static void addAttributes(MlirOperation op, DlcOpState *s) {
  bool mayContract = arith_mulf_isa(op) || arith_addf_isa(op) || arith_subf_isa(op);
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirNamedAttribute a = mlirOperationGetAttribute(op, i);
    if (mayContract && mlirIdentifierEqual(a.name, mlirIdentifierGet(s->b->ctx, mlirStringRefCreateFromCString("fastmath")))) continue;
    mlirOperationStateAddAttributes(&s->state, 1, &a);
  }
  if (mayContract) dlcOpAttr(s, "fastmath", dlcs_arith_FastMathFlags_attr(s->b->ctx, (uint64_t)(arith_addf_fastmath(op) | arith_FastMathFlags_contract)));
}
static void nameOf(MlirOperation op, char name[64]) {
  MlirStringRef n = mlirIdentifierStr(mlirOperationGetName(op));
  size_t length = n.length < 63 ? n.length : 63;
  memcpy(name, n.data, length), name[length] = 0;
}
static MlirOperation makeOp(Tile *t, MlirOperation op, int64_t instance, bool isVector) {
  char name[64];
  nameOf(op, name);
  DlcOpState s = dlcOpBegin(t->b, name);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) dlcOpOperand(&s, "operand", valueOf(t, mlirOperationGetOperand(op, i), instance, isVector));
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirType type = typeOf(mlirOperationGetResult(op, i));
    dlcOpResult(&s, "result", isVector ? dlcVectorOf(t, type) : type, true);
  }
  addAttributes(op, &s);
  return dlcOpEnd(&s);
}
// An op of any kind, regions included.
static MlirOperation cloneScalar(Tile *t, MlirOperation op, int64_t instance) {
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < t->nSlots; ++i) dlcMap(map, t->slots[i].key, t->slots[i].value[dlcInstanceFor(t, instance, t->slots[i].levels)]);
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
static MlirValue indexVector(Tile *t, int loop, int64_t instance) {
  MlirType type = dlcVectorOf(t, indexType(t->b));
  return arith_addi(t->b, vector_broadcast(t->b, dlcLoopIndex(t, loop, instance), type), vector_step(t->b, type));
}
static void evaluateIndex(Tile *t, MlirOperation op) {
  int loop = (int)linalg_index_dim(op);
  uint32_t levels = 0;
  for (int l = 0; l < t->plan->nLevels; ++l)
    if (t->plan->level[l] == loop) levels |= 1u << l;
  bool isVector = t->vectorLevel >= 0 && levels >> t->vectorLevel & 1;
  Slot *s = addSlot(t, mlirOperationGetResult(op, 0), levels, isVector);
  for (int64_t k = 0; k < dlcTileSize(t); ++k)
    if (dlcIsInstance(t, k, levels)) s->value[k] = isVector ? indexVector(t, loop, k) : dlcLoopIndex(t, loop, k);
}
// A load of the body whose place varies along the lanes.
static MlirValue loadVector(Tile *t, MlirOperation op, int64_t instance) {
  DlcBuilder *b = t->b;
  DlcValues indices = memref_load_indices(op);
  MlirType type = dlcVectorOf(t, indexType(b));
  MlirValue first = {0}, places = {0};
  Operand o;
  intptr_t step = -1, nVarying = 0;
  if (!dlcReadBuffer(b, memref_load_memref(op), &o)) return (MlirValue){0};
  for (intptr_t i = 0; i < indices.n; ++i) {
    Slot *s = findSlot(t, at(indices, i));
    if (!s || !s->isVector) { first = dlcAddScaled(b, first, valueOf(t, at(indices, i), instance, false), o.stride[i]); continue; }
    ++nVarying;
    if (linalg_index_isa(opOf(at(indices, i)))) step = i;
    MlirValue scaled = arith_muli(b, valueOf(t, at(indices, i), instance, true), vector_broadcast(b, dlcSizeValue(b, o.stride[i]), type));
    places = isNull(places) ? scaled : arith_addi(b, places, scaled);
  }
  if (nVarying == 1 && step >= 0) // the first lane's place; the multiples above are dead
    return dlcLoadLanes(t, &o, dlcAddScaled(b, isNull(first) ? constIndex(b, 0) : first, dlcLoopIndex(t, t->plan->vector, instance), o.stride[step]), o.stride[step], instance);
  if (!isNull(first)) places = arith_addi(b, places, vector_broadcast(b, first, type));
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
static void evaluateOp(Tile *t, MlirOperation op) {
  if (linalg_index_isa(op)) { evaluateIndex(t, op); return; }
  uint32_t levels = 0;
  mlirOperationWalk(op, addLevels, (void *[]){t, &levels}, MlirWalkPreOrder);
  bool isVector = t->vectorLevel >= 0 && levels >> t->vectorLevel & 1, isPlain = isElementwise(op) && !arith_constant_isa(op);
  intptr_t nResults = mlirOperationGetNumResults(op), first = t->nSlots;
  if (isVector && memref_load_isa(op)) {
    Slot *s = addSlot(t, mlirOperationGetResult(op, 0), levels, true);
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, levels)) s->value[k] = loadVector(t, op, k);
    return;
  }
  MlirOperation made[maxInstances] = {{0}};
  for (int64_t k = 0; k < dlcTileSize(t); ++k)
    if (dlcIsInstance(t, k, levels)) made[k] = isVector || isPlain ? makeOp(t, op, k, isVector) : cloneScalar(t, op, k);
  for (intptr_t r = 0; r < nResults; ++r) addSlot(t, mlirOperationGetResult(op, r), levels, isVector);
  for (intptr_t r = 0; r < nResults; ++r)
    for (int64_t k = 0; k < dlcTileSize(t); ++k) t->slots[first + r].value[k] = dlcResult(made[k], r);
}

//===--- the body ---
static uint32_t accumulatorLevels(const Tile *t, const Operand *o) {
  return dlcLevelsOf(t, o) | (dlcReducesLanes(t) ? 1u << t->vectorLevel : 0);
}
static void evaluateArgument(Tile *t, intptr_t i) {
  const Operand *o = &t->nest->operand[i];
  MlirValue key = argOf(t->nest->body, i);
  if (mlirOpOperandIsNull(mlirValueGetFirstUse(key))) return;
  uint32_t levels = o->isOutput ? accumulatorLevels(t, o) : dlcLevelsOf(t, o);
  Slot *s = addSlot(t, key, levels, t->vectorLevel >= 0 && levels >> t->vectorLevel & 1);
  if (!o->isOutput && dlcLoadTransposed(t, i, s->value)) return;
  for (int64_t k = 0; k < dlcTileSize(t); ++k)
    if (dlcIsInstance(t, k, levels)) s->value[k] = o->isOutput ? t->accumulator[i - t->nest->nInputs][k] : dlcLoadOperand(t, i, k);
}
// Lanes behind the end keep their old value.
static MlirValue keepMasked(Tile *t, intptr_t output, int64_t k, MlirValue v) {
  MlirValue mask = dlcMaskOf(t, k);
  return dlcReducesLanes(t) && !isNull(mask) ? arith_select(t->b, mask, v, t->accumulator[output][k]) : v;
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
  for (intptr_t i = 0; i < mlirBlockGetNumArguments(nest->body); ++i) evaluateArgument(t, i);
  MlirOperation yield = mlirBlockGetTerminator(nest->body);
  dlcForEachOp(op, nest->body) if (!mlirOperationEqual(op, yield) && !t->b->failed) evaluateOp(t, op);
  MlirValue next[maxInstances];
  for (intptr_t output = 0; output < nest->nOperands - nest->nInputs; ++output) {
    uint32_t levels = accumulatorLevels(t, &nest->operand[nest->nInputs + output]);
    bool isVector = t->vectorLevel >= 0 && levels >> t->vectorLevel & 1;
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, levels)) next[k] = keepMasked(t, output, k, valueOf(t, mlirOperationGetOperand(yield, output), k, isVector));
    for (int64_t k = 0; k < dlcTileSize(t); ++k)
      if (dlcIsInstance(t, k, levels)) t->accumulator[output][k] = next[k];
  }
}
