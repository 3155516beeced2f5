// See passes/ctrl/batch_iterations.h.
#include "passes/ctrl/batch_iterations.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/ctrl/control.h"
#include "ods/ctrl.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_LOOPS = 15, MOST_OPERANDS = 32, MOST_RANK = DLC_MAX_NUMBERS - 1 };

static MlirBlock bodyOfLoop(const DlcBatch *batch) { return bodyOf(ctrl_loop_body(batch->loop)); }
static bool isIteration(const DlcBatch *batch, MlirValue v) { return mlirValueEqual(v, argOf(bodyOfLoop(batch), 0)); }
static bool isTensor(MlirValue v) { return mlirTypeIsARankedTensor(typeOf(v)); }
static intptr_t rankOf(MlirValue v) { return mlirShapedTypeGetRank(typeOf(v)); }

static bool isGiven(const DlcBatch *batch, MlirValue v) {
  return batch->given && dlcValueListFind(batch->given, v) >= 0;
}
// Made before the loop, and the same in every iteration.
static bool isOutside(const DlcBatch *batch, MlirValue v) {
  return !dlcIsMadeInside(v, batch->loop) && !isGiven(batch, v);
}
static bool isOfKind(const DlcBatch *batch, MlirValue v, DlcIteration kind) {
  intptr_t i = dlcRecurrencesFind(batch->recurrences, v);
  return i >= 0 && batch->kind[i] == kind;
}
static bool isRepeatable(const DlcBatch *batch, MlirValue v) {
  return isIteration(batch, v) || isOutside(batch, v) || isOfKind(batch, v, DLC_REPEATED);
}

//===--- sizes --------------------------------------------------------------------------------===//
// A size as it is known without making an op: a number, an index, or that of a tensor's dimension.
typedef struct {
  DlcNumber number;
  MlirValue tensor;
  intptr_t dimension;
} Size;
static bool areSame(const Size *a, const Size *b) {
  if (isNull(a->tensor) != isNull(b->tensor)) return false;
  if (isNull(a->tensor)) return dlcNumbersEqual(a->number, b->number);
  return mlirValueEqual(a->tensor, b->tensor) && a->dimension == b->dimension;
}

// Of a dynamic dimension: value number `which` of those that are given for them.
static MlirValue givenFor(MlirType type, intptr_t d, DlcValues given) {
  intptr_t before = 0;
  for (intptr_t i = 0; i < d; ++i) before += mlirShapedTypeIsDynamicDim(type, i);
  return before < given.n ? at(given, before) : (MlirValue){0};
}

enum { MOST_DEPTH = 256 };
static bool sizeOf(const DlcBatch *batch, MlirValue v, intptr_t d, int depth, Size *out);

// Where values lead that are of one size: `a`, as long as it is that of `b`.
static MlirValue ifSame(const DlcBatch *batch, MlirValue a, MlirValue b, intptr_t d, int depth) {
  Size x, y;
  bool same = sizeOf(batch, a, d, depth + 1, &x) && sizeOf(batch, b, d, depth + 1, &y) && areSame(&x, &y);
  return same ? a : (MlirValue){0};
}

// What the argument of a loop starts from. That its size stays is asked where the loop's result is.
static MlirValue initOf(MlirValue argument) {
  MlirOperation loop = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(argument));
  intptr_t carry = mlirBlockArgumentGetArgNumber(argument) - 1;
  return loop.ptr && ctrl_loop_isa(loop) && carry >= 0 ? at(ctrl_loop_init_args(loop), carry) : (MlirValue){0};
}

// What a tensor has its sizes from; null: nothing that is looked through. Of slices all dimensions must be kept.
static MlirValue originOf(const DlcBatch *batch, MlirValue v, intptr_t d, int depth, MlirValue *size) {
  MlirOperation op = opOf(v);
  *size = (MlirValue){0};
  if (!op.ptr) return initOf(v);
  intptr_t result = mlirOpResultGetResultNumber(v);
  if (tensor_empty_isa(op)) *size = givenFor(typeOf(v), d, tensor_empty_dynamicSizes(op));
  if (tensor_extract_slice_isa(op) && tensor_extract_slice_static_sizes(op).n == rankOf(v))
    *size = givenFor(typeOf(v), d, tensor_extract_slice_sizes(op));
  if (tensor_insert_slice_isa(op)) return tensor_insert_slice_dest(op);
  if (tensor_insert_isa(op)) return tensor_insert_dest(op);
  if (ctrl_loop_isa(op)) return ifSame(batch, at(ctrl_loop_init_args(op), result), dlcYielded(op, 0, result), d, depth);
  if (ctrl_branch_isa(op) && mlirOperationGetNumRegions(op) == 2)
    return ifSame(batch, dlcYielded(op, 0, result), dlcYielded(op, 1, result), d, depth);
  if (!dlcIsLinalgOp(op)) return (MlirValue){0};
  return mlirOperationGetOperand(op, mlirOperationGetNumOperands(op) - mlirOperationGetNumResults(op) + result);
}

// What was found before: of a chain of loops and branches each is looked through once.
typedef struct DlcBatchSizes {
  DlcPointerMap index[DLC_MAX_NUMBERS]; // by dimension, of a value's entry
  struct {
    Size size;
    bool isKnown;
  } *entries;
  int64_t n, capacity;
} Sizes;

static void keepSize(Sizes *sizes, MlirValue v, intptr_t d, const Size *size, bool isKnown) {
  if (sizes->n == sizes->capacity) {
    sizes->capacity = 2 * sizes->capacity + 64;
    sizes->entries = realloc(sizes->entries, (size_t)sizes->capacity * sizeof *sizes->entries);
  }
  sizes->entries[sizes->n].size = *size, sizes->entries[sizes->n].isKnown = isKnown;
  dlcPointerMapSet(&sizes->index[d], v.ptr, sizes->n++);
}

static bool sizeOf(const DlcBatch *batch, MlirValue v, intptr_t d, int depth, Size *out) {
  MlirType type = typeOf(v);
  *out = (Size){.number = dlcKnown(mlirShapedTypeGetDimSize(type, d))};
  if (!mlirShapedTypeIsDynamicDim(type, d)) return true;
  if (depth > MOST_DEPTH || d >= DLC_MAX_NUMBERS) return false;
  int64_t known = dlcPointerMapGet(&batch->sizes->index[d], v.ptr);
  if (known >= 0) return *out = batch->sizes->entries[known].size, batch->sizes->entries[known].isKnown;
  MlirValue size, origin = originOf(batch, v, d, depth, &size);
  bool ok;
  if (!isNull(size))
    out->number = dlcDynamic(size), ok = isOutside(batch, size);
  else if (isNull(origin))
    out->tensor = v, out->dimension = d, ok = isOutside(batch, v);
  else
    ok = sizeOf(batch, origin, d, depth + 1, out);
  keepSize(batch->sizes, v, d, out, ok);
  return ok;
}

bool dlcBatchHasFixedSizes(const DlcBatch *batch, MlirValue v) {
  if (!isTensor(v) || rankOf(v) > MOST_RANK) return false;
  for (intptr_t d = 0; d < rankOf(v); ++d) {
    Size size;
    if (!sizeOf(batch, v, d, 0, &size)) return false;
  }
  return true;
}

bool dlcBatchAreAlike(const DlcBatch *batch, MlirValue a, MlirValue b) {
  if (!mlirTypeEqual(typeOf(a), typeOf(b)) || !isTensor(a) || rankOf(a) > MOST_RANK) return false;
  for (intptr_t d = 0; d < rankOf(a); ++d) {
    Size x, y;
    if (!sizeOf(batch, a, d, 0, &x) || !sizeOf(batch, b, d, 0, &y) || !areSame(&x, &y)) return false;
  }
  return true;
}

// Every dynamic size of a carry must be the same before and after an iteration: others are found from them.
static bool carriesFixedSizes(const DlcBatch *batch) {
  DlcValues inits = ctrl_loop_init_args(batch->loop),
            next = ctrl_next_values(mlirBlockGetTerminator(bodyOfLoop(batch)));
  for (intptr_t i = 0; i < inits.n; ++i) {
    if (!mlirTypeIsAShaped(typeOf(at(inits, i)))) continue;
    if (!isTensor(at(inits, i))) return false;
    for (intptr_t d = 0; d < rankOf(at(inits, i)); ++d) {
      Size before, after;
      if (!mlirShapedTypeIsDynamicDim(typeOf(at(inits, i)), d)) continue;
      if (!sizeOf(batch, at(inits, i), d, 0, &before) || !sizeOf(batch, at(next, i), d, 0, &after) ||
          !areSame(&before, &after))
        return false;
    }
  }
  return true;
}

static DlcNumber materialise(DlcBatch *batch, MlirValue v, intptr_t d) {
  Size size;
  sizeOf(batch, v, d, 0, &size);
  return isNull(size.tensor) ? size.number : dlcSizeOf(batch->b, typeOf(size.tensor), size.tensor, size.dimension);
}

static MlirType typeOfAll(const DlcBatch *batch, MlirValue v) {
  int64_t shape[DLC_MAX_NUMBERS] = {batch->count.known};
  for (intptr_t d = 0; d < rankOf(v); ++d) shape[d + 1] = mlirShapedTypeGetDimSize(typeOf(v), d);
  return mlirRankedTensorTypeGet(rankOf(v) + 1, shape, mlirShapedTypeGetElementType(typeOf(v)), mlirAttributeGetNull());
}

MlirValue dlcBatchEmpty(DlcBatch *batch, MlirValue v) {
  DlcNumbers sizes = {0};
  dlcNumbersAdd(&sizes, batch->count);
  for (intptr_t d = 0; d < rankOf(v); ++d) dlcNumbersAdd(&sizes, materialise(batch, v, d));
  return tensor_empty(batch->b, dlcNumbersValues(&sizes), typeOfAll(batch, v));
}

//===--- classes --------------------------------------------------------------------------------===//
static bool isScalar(MlirValue v) { return !mlirTypeIsAShaped(typeOf(v)); }

static bool isRepeatedOp(const DlcBatch *batch, MlirOperation op) {
  if (mlirOperationGetNumResults(op) == 1 && dlcIsFreshIn(dlcResult(op, 0), batch->loop)) return true;
  bool ok = dlcIsPure(op) && !mlirOperationGetNumRegions(op);
  for (intptr_t k = 0; k < mlirOperationGetNumResults(op); ++k) ok &= isScalar(mlirOperationGetResult(op, k));
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
    ok &= isRepeatable(batch, mlirOperationGetOperand(op, k));
  return ok;
}

// An init: a fresh tensor, one that is filled, or one that is batched itself.
static bool isBatchableInit(const DlcBatch *batch, MlirValue v) {
  MlirOperation op = opOf(v);
  if (isGiven(batch, v) || isOfKind(batch, v, DLC_BATCHED)) return true;
  if (!op.ptr || !(isOutside(batch, v) || dlcIsFreshIn(v, batch->loop))) return false;
  if (linalg_fill_isa(op)) op = opOf(mlirOperationGetOperand(op, 1));
  return op.ptr && tensor_empty_isa(op);
}

static bool isBatchableLinalg(const DlcBatch *batch, MlirOperation op) {
  bool isReduction[MOST_LOOPS];
  intptr_t nResults = mlirOperationGetNumResults(op), nIn = mlirOperationGetNumOperands(op) - nResults,
           loops = dlcIsLinalgOp(op) && nResults ? dlcIteratorTypes(op, isReduction, MOST_LOOPS) : -1;
  if (loops < 0 || loops > MOST_LOOPS || nIn + nResults > MOST_OPERANDS) return false;
  for (intptr_t k = 0; k < nIn; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    if (!isOutside(batch, v) && !(isTensor(v) && rankOf(v) < MOST_RANK)) return false;
  }
  for (intptr_t k = nIn; k < nIn + nResults; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    if (!isTensor(v) || !isBatchableInit(batch, v) || !dlcBatchHasFixedSizes(batch, v)) return false;
  }
  DlcValueList captured = {0};
  dlcCaptures(op, &captured);
  bool ok = true;
  for (intptr_t i = 0; i < captured.n && ok; ++i) { // a tensor that the body makes may be read by maps alone
    bool isOperand = false;
    for (intptr_t k = 0; k < nIn + nResults; ++k)
      isOperand |= mlirValueEqual(mlirOperationGetOperand(op, k), captured.data[i]);
    ok = isOperand || isRepeatable(batch, captured.data[i]);
  }
  dlcValueListDestroy(&captured);
  return ok;
}

// Whether the values of a list are made before the loop.
static bool areOutside(const DlcBatch *batch, DlcValues values) {
  for (intptr_t i = 0; i < values.n; ++i)
    if (!isOutside(batch, at(values, i))) return false;
  return true;
}

// A part of something that is written or fresh in each iteration, at the same place.
static bool isBatchableInsertion(const DlcBatch *batch, MlirOperation op) {
  MlirValue source = tensor_insert_slice_source(op), dest = tensor_insert_slice_dest(op);
  return isOfKind(batch, source, DLC_BATCHED) && isBatchableInit(batch, dest) && dlcBatchHasFixedSizes(batch, dest) &&
         areOutside(batch, tensor_insert_slice_offsets(op)) && areOutside(batch, tensor_insert_slice_sizes(op)) &&
         areOutside(batch, tensor_insert_slice_strides(op));
}

static bool isOfOne(MlirOperation op) { return mlirOperationGetNumOperands(op) == 1 && rankOf(dlcResult(op, 0)) == 0; }

static bool isBatchableView(const DlcBatch *batch, MlirOperation op) {
  if (rankOf(dlcResult(op, 0)) >= MOST_RANK || rankOf(mlirOperationGetOperand(op, 0)) >= MOST_RANK) return false;
  if (tensor_extract_slice_isa(op))
    return areOutside(batch, tensor_extract_slice_offsets(op)) && areOutside(batch, tensor_extract_slice_sizes(op)) &&
           areOutside(batch, tensor_extract_slice_strides(op));
  return tensor_collapse_shape_isa(op) ||
         (tensor_expand_shape_isa(op) && areOutside(batch, tensor_expand_shape_output_shape(op)));
}

// Slice number `iteration` of a tensor from outside, along its first dimension, which the result lacks.
static bool isStep(const DlcBatch *batch, MlirOperation op) {
  if (!tensor_extract_slice_isa(op) || !isOutside(batch, tensor_extract_slice_source(op))) return false;
  DlcI64s offsets = tensor_extract_slice_static_offsets(op), sizes = tensor_extract_slice_static_sizes(op),
          strides = tensor_extract_slice_static_strides(op);
  MlirValue result = tensor_extract_slice_result(op);
  bool ok = sizes.n == rankOf(result) + 1 && sizes.n > 1 && sizes.n < MOST_RANK && sizes.data[0] == 1 &&
            mlirShapedTypeIsDynamicSize(offsets.data[0]) && tensor_extract_slice_offsets(op).n == 1 &&
            isIteration(batch, at(tensor_extract_slice_offsets(op), 0)) &&
            areOutside(batch, tensor_extract_slice_sizes(op));
  for (intptr_t d = 0; d < sizes.n && ok; ++d)
    ok = strides.data[d] == 1 && (!d || sizes.data[d] == mlirShapedTypeGetDimSize(typeOf(result), d - 1));
  return ok;
}

static DlcIteration kindOf(const DlcBatch *batch, MlirOperation op) {
  if (isRepeatedOp(batch, op)) return DLC_REPEATED;
  if (isBatchableLinalg(batch, op) || isStep(batch, op)) return DLC_BATCHED;
  if (tensor_insert_slice_isa(op)) return isBatchableInsertion(batch, op) ? DLC_BATCHED : DLC_IN_TURN;
  if (tensor_from_elements_isa(op) && isOfOne(op))
    return isRepeatable(batch, mlirOperationGetOperand(op, 0)) ? DLC_BATCHED : DLC_IN_TURN;
  bool isView = tensor_extract_slice_isa(op) || tensor_collapse_shape_isa(op) || tensor_expand_shape_isa(op);
  return isView && !isOutside(batch, mlirOperationGetOperand(op, 0)) && isBatchableView(batch, op) ? DLC_BATCHED
                                                                                                   : DLC_IN_TURN;
}

static bool beginClassify(DlcBatch *batch) {
  batch->sizes = calloc(1, sizeof *batch->sizes);
  for (intptr_t i = 0; i < batch->recurrences->nOps; ++i) batch->kind[i] = DLC_IN_TURN;
  return carriesFixedSizes(batch);
}

void dlcBatchClassify(DlcBatch *batch) {
  const DlcRecurrences *r = batch->recurrences;
  if (!beginClassify(batch)) return;
  for (intptr_t i = 0; i < r->nOps; ++i) // producers first
    if (!r->recurs[r->group[i]]) batch->kind[i] = kindOf(batch, r->ops[i]);
}

bool dlcBatchClassifyThese(DlcBatch *batch, intptr_t n, const intptr_t *which) {
  bool ok = beginClassify(batch);
  for (intptr_t i = 0; i < n && ok; ++i) {
    batch->kind[which[i]] = kindOf(batch, batch->recurrences->ops[which[i]]);
    ok = batch->kind[which[i]] != DLC_IN_TURN;
  }
  return ok;
}

void dlcBatchDestroy(DlcBatch *batch) {
  if (!batch->sizes) return;
  for (int d = 0; d < DLC_MAX_NUMBERS; ++d) dlcPointerMapDestroy(&batch->sizes->index[d]);
  free(batch->sizes->entries), free(batch->sizes);
  batch->sizes = NULL;
}

//===--- values ---------------------------------------------------------------------------------===//
MlirValue dlcBatchRepeat(DlcBatch *batch, MlirValue v, MlirValue iteration) {
  if (isIteration(batch, v)) return iteration;
  if (isOutside(batch, v)) return v;
  MlirOperation op = opOf(v);
  DlcMapping map = dlcMappingCreate();
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) {
    MlirValue operand = mlirOperationGetOperand(op, k);
    dlcMap(map, operand, dlcBatchRepeat(batch, operand, iteration));
  }
  MlirOperation made = dlcClone(batch->b, op, map);
  dlcMappingDestroy(map);
  return dlcResult(made, mlirOpResultGetResultNumber(v));
}

// Offsets and sizes of one iteration in the tensor `all`.
static void placeOf(DlcBatch *batch, MlirValue all, MlirValue where, DlcNumbers *offsets, DlcNumbers *sizes) {
  for (intptr_t d = 0; d < rankOf(all); ++d) {
    dlcNumbersAdd(offsets, d ? dlcKnown(0) : dlcDynamic(where));
    dlcNumbersAdd(sizes, d ? dlcSizeOf(batch->b, typeOf(all), all, d) : dlcKnown(1));
  }
}

MlirValue dlcBatchSlice(DlcBatch *batch, MlirValue v, MlirValue where) {
  MlirValue all = dlcMapped(batch->batched, v);
  DlcNumbers offsets = {0}, sizes = {0};
  placeOf(batch, all, where, &offsets, &sizes);
  return dlcSliceAs(batch->b, all, &offsets, &sizes, typeOf(v));
}

MlirValue dlcBatchInsert(DlcBatch *batch, MlirValue v, MlirValue into, MlirValue where) {
  DlcNumbers offsets = {0}, sizes = {0};
  placeOf(batch, into, where, &offsets, &sizes);
  return dlcInsertAt(batch->b, v, into, &offsets, &sizes);
}

//===--- ops ------------------------------------------------------------------------------------===//
// The map of one iteration, its loops moved by one; of what varies, at the iteration that is the first loop.
static MlirAffineMap mapOfAll(DlcBatch *batch, MlirAffineMap map, bool varies) {
  MlirAffineExpr moved[MOST_LOOPS], results[DLC_MAX_NUMBERS];
  intptr_t loops = mlirAffineMapGetNumDims(map), n = 0;
  MlirContext ctx = batch->b->ctx;
  for (intptr_t l = 0; l < loops; ++l) moved[l] = mlirAffineDimExprGet(ctx, l + 1);
  MlirAffineMap by = mlirAffineMapGet(ctx, loops + 1, 0, loops, moved);
  if (varies) results[n++] = mlirAffineDimExprGet(ctx, 0);
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i)
    results[n++] = mlirAffineExprCompose(mlirAffineMapGetResult(map, i), by);
  return mlirAffineMapGet(ctx, loops + 1, 0, n, results);
}

static MlirValue initOfAll(DlcBatch *batch, MlirValue init) {
  if (isGiven(batch, init) || isOfKind(batch, init, DLC_BATCHED)) return dlcMapped(batch->batched, init);
  MlirValue fresh = dlcBatchEmpty(batch, init);
  if (!linalg_fill_isa(opOf(init))) return fresh;
  return dlcResult(dlcFill(batch->b, mlirOperationGetOperand(opOf(init), 0), fresh), 0);
}

// A tensor that each iteration has, for all of them.
static MlirValue allOf(DlcBatch *batch, MlirValue v) {
  return isOfKind(batch, v, DLC_REPEATED) ? initOfAll(batch, v) : dlcMapped(batch->batched, v);
}

// The body of `op`, in that of `made`: the iteration is the first loop.
static void fillBody(DlcBatch *batch, MlirOperation op, MlirOperation made, intptr_t nOperands) {
  DlcBuilder *b = batch->b;
  MlirBlock from = bodyOf(mlirOperationGetRegion(op, 0));
  MlirType elements[MOST_OPERANDS];
  for (intptr_t k = 0; k < nOperands; ++k) elements[k] = typeOf(argOf(from, k));
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), typesN(nOperands, elements));
  DlcMapping map = dlcMappingCreate();
  DlcValueList captured = {0};
  dlcCaptures(op, &captured);
  for (intptr_t k = 0; k < nOperands; ++k) dlcMap(map, argOf(from, k), argOf(body, k));
  dlcAtEnd(b, body) {
    MlirValue iteration = {0};
    for (intptr_t i = 0; i < captured.n; ++i) {
      MlirValue v = captured.data[i];
      if (!isIteration(batch, v) && !isOfKind(batch, v, DLC_REPEATED)) continue;
      if (isNull(iteration)) iteration = arith_addi(b, linalg_index(b, .dim = 0), batch->start);
      dlcMap(map, v, dlcBatchRepeat(batch, v, iteration));
    }
    dlcForEachOp(each, from) {
      MlirOperation copy = dlcClone(b, each, map);
      if (copy.ptr && linalg_index_isa(copy))
        linalg_index_set_dim(copy, mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), linalg_index_dim(each) + 1));
    }
  }
  dlcValueListDestroy(&captured);
  dlcMappingDestroy(map);
}

static void writeLinalg(DlcBatch *batch, MlirOperation op) {
  DlcBuilder *b = batch->b;
  bool isReduction[MOST_LOOPS + 1] = {false};
  MlirAffineMap maps[MOST_OPERANDS];
  MlirValue operands[MOST_OPERANDS];
  MlirType results[MOST_OPERANDS];
  intptr_t n = mlirOperationGetNumOperands(op), nResults = mlirOperationGetNumResults(op), nIn = n - nResults,
           loops = dlcIteratorTypes(op, isReduction + 1, MOST_LOOPS);
  for (intptr_t k = 0; k < n; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    bool varies = k >= nIn || !isOutside(batch, v);
    MlirAffineMap map;
    dlcLinalgMap(op, k, &map);
    maps[k] = mapOfAll(batch, map, varies);
    operands[k] = k >= nIn ? initOfAll(batch, v) : varies ? allOf(batch, v) : v;
    if (k >= nIn) results[k - nIn] = typeOf(operands[k]);
  }
  if (b->failed) return;
  MlirOperation made = linalg_generic(
      b, valsN(nIn, operands), valsN(nResults, operands + nIn), .indexing_maps = {maps, n},
      .iterator_types = dlcIterators(b, loops + 1, isReduction), .result_tensors_type = typesN(nResults, results));
  if (mlirOperationIsNull(made)) return;
  fillBody(batch, op, made, n);
  for (intptr_t r = 0; r < nResults; ++r) dlcMap(batch->batched, mlirOperationGetResult(op, r), dlcResult(made, r));
}

// A scalar of each iteration.
static MlirValue collectScalars(DlcBatch *batch, MlirOperation op) {
  DlcBuilder *b = batch->b;
  MlirValue fresh = dlcBatchEmpty(batch, dlcResult(op, 0));
  if (isNull(fresh)) return fresh;
  MlirAffineMap map = mlirAffineMapMultiDimIdentityGet(b->ctx, 1);
  MlirOperation made =
      linalg_generic(b, (DlcValues){0}, vals(fresh), .indexing_maps = {&map, 1},
                     .iterator_types = dlcIterators(b, 1, NULL), .result_tensors_type = types(typeOf(fresh)));
  if (mlirOperationIsNull(made)) return fresh;
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), types(mlirShapedTypeGetElementType(typeOf(fresh))));
  dlcAtEnd(b, body) {
    MlirValue iteration = arith_addi(b, linalg_index(b, .dim = 0), batch->start);
    linalg_yield(b, vals(dlcBatchRepeat(batch, mlirOperationGetOperand(op, 0), iteration)));
  }
  return dlcResult(made, 0);
}

static MlirValue sliceAll(DlcBatch *batch, MlirOperation op) {
  MlirValue source = tensor_extract_slice_source(op), result = tensor_extract_slice_result(op);
  DlcI64s fixed[] = {tensor_extract_slice_static_offsets(op), tensor_extract_slice_static_sizes(op),
                     tensor_extract_slice_static_strides(op)};
  DlcValues values[] = {tensor_extract_slice_offsets(op), tensor_extract_slice_sizes(op),
                        tensor_extract_slice_strides(op)};
  bool isFirst = isOutside(batch, source); // dlc: isStep
  DlcNumber first[] = {isFirst ? dlcDynamic(batch->start) : dlcKnown(0), batch->count, dlcKnown(1)};
  DlcNumbers lists[3] = {0};
  for (int list = 0; list < 3; ++list) {
    intptr_t next = 0;
    dlcNumbersAdd(&lists[list], first[list]);
    for (intptr_t d = 0; d < fixed[list].n; ++d) {
      DlcNumber n = dlcNumberTake(fixed[list], values[list], d, &next);
      if (d || !isFirst) dlcNumbersAdd(&lists[list], n);
    }
  }
  return tensor_extract_slice(batch->b, isFirst ? source : allOf(batch, source), dlcNumbersValues(&lists[0]),
                              dlcNumbersValues(&lists[1]), dlcNumbersValues(&lists[2]), dlcNumbersFixed(&lists[0]),
                              dlcNumbersFixed(&lists[1]), dlcNumbersFixed(&lists[2]), typeOfAll(batch, result));
}

// The groups of a reassociation, behind one of the iterations alone.
static MlirAttribute groupsOfAll(DlcBuilder *b, MlirAttribute reassociation) {
  MlirAttribute groups[DLC_MAX_NUMBERS];
  MlirType i64 = mlirIntegerTypeGet(b->ctx, 64);
  intptr_t n = mlirArrayAttrGetNumElements(reassociation);
  MlirAttribute first = mlirIntegerAttrGet(i64, 0);
  groups[0] = mlirArrayAttrGet(b->ctx, 1, &first);
  for (intptr_t i = 0; i < n; ++i) {
    MlirAttribute group = mlirArrayAttrGetElement(reassociation, i), members[DLC_MAX_NUMBERS];
    intptr_t size = mlirArrayAttrGetNumElements(group);
    for (intptr_t k = 0; k < size; ++k)
      members[k] = mlirIntegerAttrGet(i64, mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(group, k)) + 1);
    groups[i + 1] = mlirArrayAttrGet(b->ctx, size, members);
  }
  return mlirArrayAttrGet(b->ctx, n + 1, groups);
}

static MlirValue reshapeAll(DlcBatch *batch, MlirOperation op) {
  DlcBuilder *b = batch->b;
  MlirType type = typeOfAll(batch, dlcResult(op, 0));
  MlirValue source = allOf(batch, mlirOperationGetOperand(op, 0));
  if (tensor_collapse_shape_isa(op))
    return tensor_collapse_shape(b, source, groupsOfAll(b, tensor_collapse_shape_reassociation(op)), type);
  DlcI64s fixed = tensor_expand_shape_static_output_shape(op);
  DlcNumbers shape = {0};
  intptr_t next = 0;
  dlcNumbersAdd(&shape, batch->count);
  for (intptr_t d = 0; d < fixed.n; ++d)
    dlcNumbersAdd(&shape, dlcNumberTake(fixed, tensor_expand_shape_output_shape(op), d, &next));
  return tensor_expand_shape(b, source, groupsOfAll(b, tensor_expand_shape_reassociation(op)), dlcNumbersValues(&shape),
                             dlcNumbersFixed(&shape), type);
}

static MlirValue insertAll(DlcBatch *batch, MlirOperation op) {
  DlcI64s fixed[] = {tensor_insert_slice_static_offsets(op), tensor_insert_slice_static_sizes(op),
                     tensor_insert_slice_static_strides(op)};
  DlcValues values[] = {tensor_insert_slice_offsets(op), tensor_insert_slice_sizes(op),
                        tensor_insert_slice_strides(op)};
  DlcNumber first[] = {dlcKnown(0), batch->count, dlcKnown(1)};
  DlcNumbers lists[3] = {0};
  for (int list = 0; list < 3; ++list) {
    intptr_t next = 0;
    dlcNumbersAdd(&lists[list], first[list]);
    for (intptr_t d = 0; d < fixed[list].n; ++d)
      dlcNumbersAdd(&lists[list], dlcNumberTake(fixed[list], values[list], d, &next));
  }
  return tensor_insert_slice(batch->b, dlcMapped(batch->batched, tensor_insert_slice_source(op)),
                             initOfAll(batch, tensor_insert_slice_dest(op)), dlcNumbersValues(&lists[0]),
                             dlcNumbersValues(&lists[1]), dlcNumbersValues(&lists[2]), dlcNumbersFixed(&lists[0]),
                             dlcNumbersFixed(&lists[1]), dlcNumbersFixed(&lists[2]));
}

void dlcBatchWrite(DlcBatch *batch, intptr_t i) {
  MlirOperation op = batch->recurrences->ops[i];
  if (dlcIsLinalgOp(op)) {
    writeLinalg(batch, op);
    return;
  }
  MlirValue made = tensor_from_elements_isa(op)   ? collectScalars(batch, op)
                   : tensor_extract_slice_isa(op) ? sliceAll(batch, op)
                   : tensor_insert_slice_isa(op)  ? insertAll(batch, op)
                                                  : reshapeAll(batch, op);
  if (!isNull(made)) dlcMap(batch->batched, dlcResult(op, 0), made);
}
