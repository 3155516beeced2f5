// See passes/place/arena.h. Buffers are packed in groups: those of static size,
// and for each product of dynamic sizes those that have it as a factor. Sizes in a
// group are then known up to that factor, so that one packing serves every run.
//
//   %d = memref.alloc(%n) : memref<?x128xf32>        %bytes = .. of all groups .. %n ..    (at the entry)
//   ..                                         ->    %arena = place.alloc(%bytes) : memref<?xi8>
//                                                    %d = memref.view %arena[%group + 2048 * %n][%n] :
//                                                    memref<?x128xf32>
//
// A buffer made in an iteration of a loop and read in the next one, but not later,
// has two places, which the iterations take in turn.
#include "passes/place/arena.h"
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "dlc/analysis.h"
#include "passes/place/bytes.h"
#include "passes/place/lifetime.h"
#include "passes/place/pack.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/func.h"
#include "ods/memref.h"
#include "ods/place.h"

enum { ALIGNMENT = 64, SMALL = 512, MAX_FACTORS = 16 };

typedef struct {
  MlirValue factors[MAX_FACTORS]; // in the order of their numbers
  intptr_t nFactors;
  DlcPacked *packed;
  int64_t n, capacity;    // buffers
  int64_t largest;        // unit
  int64_t bytes;          // of all of them, packed, for each unit of the factor
  MlirValue factor, base; // once the arena is made
} Group;

typedef struct {
  DlcLifetime *life;
  intptr_t group; // -1: memory of its own
  int64_t slot;   // in the group
  int64_t unit;   // bytes, for each unit of the group's factor
} Buffer;

typedef struct {
  DlcBuilder *b;
  MlirOperation function;
  MlirBlock entry;
  Group *groups; // the first is that of static sizes
  intptr_t nGroups;
  Buffer *buffers;
  intptr_t n;
  DlcPointerMap numbers; // of factors: first seen, first
  DlcPointerMap known;   // op -> 1: can be computed at the entry
  MlirValue arena;
} Plan;

static MlirLogicalResult refuse(MlirOperation op, const char *why) {
  mlirEmitError(mlirOperationGetLocation(op), why);
  return mlirLogicalResultFailure();
}

bool dlcIsOutputBuffer(MlirValue buffer) {
  MlirOperation alloc = opOf(buffer);
  if (!alloc.ptr || !(place_alloc_isa(alloc) || memref_alloc_isa(alloc))) return false;
  MlirOperation ret = mlirBlockGetTerminator(mlirOperationGetBlock(alloc));
  if (!func_return_isa(ret)) return false;
  intptr_t uses = 0;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(ret); ++i)
    uses += mlirValueEqual(mlirOperationGetOperand(ret, i), buffer);
  return uses == 1;
}

//===--- sizes that are known at the entry ------------------------------------------------===//
static bool isKnownAtEntry(Plan *plan, MlirValue v);
static bool canMoveToEntry(Plan *plan, MlirOperation op) {
  int64_t i;
  if (memref_dim_isa(op)) {
    if (!dlcConstantIndex(memref_dim_index(op), &i) || i < 0 ||
        i >= mlirShapedTypeGetRank(typeOf(memref_dim_source(op))))
      return false;
  } else if (!dlcIsPure(op) || mlirOperationGetNumRegions(op))
    return false;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
    if (!isKnownAtEntry(plan, mlirOperationGetOperand(op, k))) return false;
  return true;
}

static bool isKnownAtEntry(Plan *plan, MlirValue v) {
  if (mlirValueIsABlockArgument(v)) return mlirBlockEqual(mlirBlockArgumentGetOwner(v), plan->entry);
  int64_t known = dlcPointerMapGet(&plan->known, opOf(v).ptr);
  if (known < 0) dlcPointerMapSet(&plan->known, opOf(v).ptr, known = canMoveToEntry(plan, opOf(v)));
  return known;
}

// Moves what v is computed from before `place`, once: a second visit finds it moved (2).
static void moveToEntry(Plan *plan, MlirValue v, MlirOperation place) {
  MlirOperation op = opOf(v);
  if (!op.ptr || dlcPointerMapGet(&plan->known, op.ptr) == 2) return;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    moveToEntry(plan, mlirOperationGetOperand(op, i), place);
  mlirOperationMoveBefore(op, place);
  dlcPointerMapSet(&plan->known, op.ptr, 2);
}

//===--- groups -------------------------------------------------------------------------===//
static int64_t numberOf(Plan *plan, MlirValue factor) {
  int64_t n = dlcPointerMapGet(&plan->numbers, factor.ptr);
  if (n < 0) dlcPointerMapSet(&plan->numbers, factor.ptr, n = (int64_t)plan->numbers.n);
  return n;
}

// The group of buffers whose dynamic sizes are these, in any order; -1: one of them is not known at the entry.
static intptr_t groupOf(Plan *plan, DlcValues sizes) {
  MlirValue factors[MAX_FACTORS];
  if (sizes.n > MAX_FACTORS) return -1;
  for (intptr_t i = 0; i < sizes.n; ++i) {
    if (!isKnownAtEntry(plan, at(sizes, i))) return -1;
    intptr_t k = i; // insertion sort by number
    for (; k > 0 && numberOf(plan, factors[k - 1]) > numberOf(plan, at(sizes, i)); --k) factors[k] = factors[k - 1];
    factors[k] = at(sizes, i);
  }
  for (intptr_t g = 0; g < plan->nGroups; ++g) {
    const Group *group = &plan->groups[g];
    bool same = group->nFactors == sizes.n;
    for (intptr_t i = 0; same && i < sizes.n; ++i) same = mlirValueEqual(group->factors[i], factors[i]);
    if (same) return g;
  }
  Group *group = &plan->groups[plan->nGroups];
  group->nFactors = sizes.n;
  memcpy(group->factors, factors, (size_t)sizes.n * sizeof *factors);
  return plan->nGroups++;
}

// Bytes of one unit: element and static sizes. -1: too many.
static int64_t unitBytes(MlirType type) {
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(type));
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(type); ++i)
    if (!mlirShapedTypeIsDynamicDim(type, i) &&
        __builtin_mul_overflow(bytes, mlirShapedTypeGetDimSize(type, i), &bytes))
      return -1;
  return bytes > DLC_TOO_MANY_BYTES ? -1 : bytes < SMALL ? bytes : dlcAlignUp(bytes, ALIGNMENT);
}
// Large units start cache lines. Small ones are not stretched, only kept on multiples of what their elements need:
// where a group has no large one, its factor is a multiple of the cache line instead.
static int64_t alignmentOf(int64_t unit, bool isStatic) { return isStatic || unit >= SMALL ? ALIGNMENT : unit & -unit; }

static MlirLogicalResult classify(Plan *plan, Buffer *buffer) {
  DlcLifetime *life = buffer->life;
  MlirValue value = mlirOperationGetResult(life->alloc, 0);
  MlirType type = typeOf(value);
  if (!mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type)))
    return refuse(life->alloc, "place-plan: a buffer with a layout cannot be placed");
  buffer->unit = unitBytes(type);
  if (buffer->unit < 0) return refuse(life->alloc, "place-plan: the size of this buffer exceeds 2^56 bytes");
  bool own = dlcIsOutputBuffer(value) || (life->survives && !life->loop.ptr);
  buffer->group = own ? -1 : groupOf(plan, memref_alloc_dynamicSizes(life->alloc));
  if (buffer->group < 0) return mlirLogicalResultSuccess();
  Group *group = &plan->groups[buffer->group];
  buffer->slot = group->n;
  if (group->n == group->capacity) {
    group->capacity = 2 * group->capacity + 8;
    group->packed = realloc(group->packed, (size_t)group->capacity * sizeof *group->packed);
  }
  group->packed[group->n++] = (DlcPacked){life->start, life->end, life->survives ? 2 * buffer->unit : buffer->unit,
                                          alignmentOf(buffer->unit, !buffer->group), 0};
  if (buffer->unit > group->largest) group->largest = buffer->unit;
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult pack(Plan *plan, DlcArena *arena) {
  for (intptr_t g = 0; g < plan->nGroups; ++g) {
    Group *group = &plan->groups[g];
    group->bytes = dlcPack(group->packed, group->n);
    if (group->bytes < 0 || group->bytes > DLC_TOO_MANY_BYTES)
      return refuse(plan->function, "place-plan: the arena exceeds 2^56 bytes");
  }
  arena->arena = dlcAlignUp(plan->groups[0].bytes, ALIGNMENT);
  for (int64_t i = 0; i < plan->groups[0].n; ++i) arena->buffers += plan->groups[0].packed[i].bytes;
  return mlirLogicalResultSuccess();
}

//===--- code ---------------------------------------------------------------------------===//
static MlirValue alignedUp(DlcBuilder *b, MlirValue v) {
  return arith_muli(b, arith_ceildivui(b, v, constIndex(b, ALIGNMENT)), constIndex(b, ALIGNMENT));
}

// At the entry: the part of the arena whose size is known there, group after group.
static void makeArena(Plan *plan) {
  if (plan->nGroups == 1) return;
  DlcBuilder *b = plan->b;
  MlirValue bytes = {0};
  dlcAtStart(b, plan->entry) bytes = constIndex(b, 0);
  MlirOperation zero = opOf(bytes);
  for (intptr_t g = 1; g < plan->nGroups; ++g)
    for (intptr_t i = 0; i < plan->groups[g].nFactors; ++i) moveToEntry(plan, plan->groups[g].factors[i], zero);
  dlcAfter(b, zero) {
    for (intptr_t g = 1; g < plan->nGroups; ++g) {
      Group *group = &plan->groups[g];
      group->base = bytes;
      group->factor = dlcBytesOf(b, 1, valsN(group->nFactors, group->factors));
      if (group->largest < SMALL) group->factor = alignedUp(b, group->factor);
      bytes = dlcAddBytes(b, bytes, alignedUp(b, dlcBytesOf(b, group->bytes, vals(group->factor))));
    }
    int64_t dynamic = mlirShapedTypeGetDynamicSize();
    plan->arena =
        place_alloc(b, vals(bytes),
                    mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &dynamic, mlirAttributeGetNull()));
  }
}

static MlirValue turnOf(DlcBuilder *b, MlirOperation loop) {
  return arith_andi(b, argOf(bodyOf(ctrl_loop_body(loop)), 0), constIndex(b, 1));
}

static MlirValue viewOfGroup(Plan *plan, const Buffer *buffer, MlirType type) {
  DlcBuilder *b = plan->b;
  const Group *group = &plan->groups[buffer->group];
  MlirValue units = constIndex(b, group->packed[buffer->slot].offset);
  if (buffer->life->survives)
    units = arith_addi(b, units, arith_muli(b, turnOf(b, buffer->life->loop), constIndex(b, buffer->unit)));
  MlirValue offset = arith_addi(b, group->base, arith_muli(b, units, group->factor));
  return memref_view(b, plan->arena, offset, memref_alloc_dynamicSizes(buffer->life->alloc), type);
}

static MlirValue viewOfPlanned(Plan *plan, const Buffer *buffer, MlirType type) {
  DlcBuilder *b = plan->b;
  int64_t offset = plan->groups[0].packed[buffer->slot].offset, both = 2 * buffer->unit;
  if (!buffer->life->survives) return place_alloc(b, (DlcValues){0}, type, .offset = SOME(offset));
  MlirValue pair = place_alloc(
      b, (DlcValues){0}, mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &both, mlirAttributeGetNull()),
      .offset = SOME(offset));
  return memref_view(b, pair, arith_muli(b, turnOf(b, buffer->life->loop), constIndex(b, buffer->unit)), (DlcValues){0},
                     type);
}

static void releaseAfterUse(DlcBuilder *b, const DlcLifetime *life, MlirValue buffer) {
  bool endsInScope = mlirBlockEqual(life->scope, mlirOperationGetBlock(life->alloc)) && !life->survives;
  if (!endsInScope || mlirOperationEqual(life->last, mlirBlockGetTerminator(life->scope))) return;
  dlcAfter(b, mlirOperationEqual(life->last, life->alloc) ? opOf(buffer) : life->last)
      place_release(b, buffer, (DlcValues){0});
}

static void replace(Plan *plan, const Buffer *buffer) {
  DlcBuilder *b = plan->b;
  MlirOperation alloc = buffer->life->alloc;
  MlirValue old = mlirOperationGetResult(alloc, 0), made = {0};
  dlcBefore(b, alloc) {
    if (buffer->group < 0)
      made = place_alloc(b, memref_alloc_dynamicSizes(alloc), typeOf(old));
    else
      made = buffer->group ? viewOfGroup(plan, buffer, typeOf(old)) : viewOfPlanned(plan, buffer, typeOf(old));
  }
  if (isNull(made)) return;
  mlirRewriterBaseReplaceAllUsesWith(b->rewriter, old, made);
  if (buffer->group < 0) releaseAfterUse(b, buffer->life, made);
}

static MlirLogicalResult planBuffers(Plan *plan, DlcArena *arena) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < plan->n && mlirLogicalResultIsSuccess(result); ++i)
    result = classify(plan, &plan->buffers[i]);
  if (mlirLogicalResultIsSuccess(result)) result = pack(plan, arena);
  if (mlirLogicalResultIsFailure(result)) return result;
  makeArena(plan);
  for (intptr_t i = 0; i < plan->n; ++i) replace(plan, &plan->buffers[i]);
  for (intptr_t i = 0; i < plan->n; ++i) mlirRewriterBaseEraseOp(plan->b->rewriter, plan->buffers[i].life->alloc);
  return dlcStatus(plan->b);
}

MlirLogicalResult dlcPlanArena(DlcBuilder *b, MlirOperation function, DlcArena *arena) {
  DlcLifetimes lives = dlcComputeLifetimes(function, false);
  size_t n = (size_t)lives.n;
  Plan plan = {
      .b = b, .function = function, .entry = bodyOf(mlirOperationGetFirstRegion(function)), .nGroups = 1, .n = lives.n};
  plan.groups = calloc(n + 1, sizeof *plan.groups);
  plan.buffers = calloc(n + 1, sizeof *plan.buffers);
  *arena = (DlcArena){0};
  for (size_t i = 0; i < n; ++i) plan.buffers[i].life = &lives.data[i];
  MlirLogicalResult result = planBuffers(&plan, arena);
  for (intptr_t g = 0; g < plan.nGroups; ++g) free(plan.groups[g].packed);
  free(plan.buffers), free(plan.groups);
  dlcPointerMapDestroy(&plan.numbers), dlcPointerMapDestroy(&plan.known);
  dlcLifetimesDestroy(lives);
  return result;
}
