// TopK and Unique. Both give each element its rank by counting the elements that come before it: quadratic work, but
// parallel, without branches and stable; TopK of many elements finds one after the other instead. Elements are compared
// as integer keys in which NaN is the greatest number and both zeros are the same.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include <string.h>

#define B onnxBuilder(ctx)

//===--- keys ---
typedef struct {
  OnnxElement from, key;
  bool descending;
} KeyData;
static MlirValue keyOfFloat(OnnxContext *ctx, MlirValue x, const KeyData *d) {
  OnnxElement wide = onnxWide(d->from);
  int64_t most = d->key == ONNX_INT32 ? INT32_MAX : INT64_MAX;
  x = arith_addf(B, onnxConvert(ctx, x, d->from, wide), onnxConstantScalar(ctx, wide, 0)); // -0 + 0 = 0
  MlirValue bits = arith_bitcast(B, x, onnxElementType(ctx, d->key)), mask = onnxConstantInt(ctx, d->key, most);
  MlirValue negative = arith_cmpi(B, arith_CmpIPredicate_slt, bits, onnxConstantInt(ctx, d->key, 0));
  MlirValue ordered = arith_select(B, negative, arith_xori(B, bits, mask), bits);
  return arith_select(B, arith_cmpf(B, arith_CmpFPredicate_UNO, x, x), mask, ordered);
}
static MlirValue keyBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  KeyData *d = data;
  MlirValue key;
  if (onnxIsFloat(d->from))
    key = keyOfFloat(ctx, in[0], d);
  else {
    key = onnxConvert(ctx, in[0], d->from, d->key);
    if (d->from == ONNX_UINT64) key = arith_xori(B, key, onnxConstantInt(ctx, d->key, INT64_MIN));
  }
  return d->descending ? arith_xori(B, key, onnxConstantInt(ctx, d->key, -1)) : key;
}
// Signed integers in the order of x, or in the reverse one.
static OnnxValue *keysOf(OnnxContext *ctx, OnnxValue *x, bool descending) {
  if (onnxFailed(ctx) || !x) return NULL;
  bool narrow = x->element != ONNX_UINT32 && onnxElementSize(x->element) <= 4;
  KeyData d = {x->element, narrow ? ONNX_INT32 : ONNX_INT64, descending};
  return onnxElementwise(ctx, 1, &x, d.key, keyBody, &d, ONNX_EXACT_TYPES);
}

//===--- TopK ---
typedef struct {
  int axis;
} RankData;
static MlirValue asCount(OnnxContext *ctx, MlirValue condition) {
  return onnxConvert(ctx, condition, ONNX_BOOL, ONNX_INT64);
}
// args: key of i, key of j, the count so far
static void rankBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  RankData *d = data;
  int rank = d[0].axis, loops = d[1].axis;
  MlirValue i = linalg_index(B, .dim = rank), j = linalg_index(B, .dim = loops);
  MlirValue before = arith_cmpi(B, arith_CmpIPredicate_slt, args[1], args[0]);
  MlirValue same = arith_cmpi(B, arith_CmpIPredicate_eq, args[1], args[0]),
            earlier = arith_cmpi(B, arith_CmpIPredicate_slt, j, i);
  results[0] = arith_addi(B, args[2], asCount(ctx, arith_ori(B, before, arith_andi(B, same, earlier))));
}
// args: the rank of j, the sum so far: where the rank is the wanted one, j
static void pickRankBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  RankData *d = data;
  MlirValue wanted = onnxFromIndex(ctx, linalg_index(B, .dim = d[0].axis), ONNX_INT64);
  MlirValue j = onnxFromIndex(ctx, linalg_index(B, .dim = d[1].axis), ONNX_INT64);
  MlirValue here = arith_cmpi(B, arith_CmpIPredicate_eq, args[0], wanted);
  results[0] = arith_addi(B, args[1], arith_select(B, here, j, onnxConstantInt(ctx, ONNX_INT64, 0)));
}
// Reduces over the last of rank + 1 loops, which goes along `axis` of `keys`; with `both`, i goes along it too.
static OnnxValue *countAlong(OnnxContext *ctx, OnnxValue *keys, int axis, const OnnxIndex *dims, bool both,
                             OnnxGenericBody body) {
  int rank = keys->rank, loops[ONNX_MAX_RANK];
  char iterators[ONNX_MAX_RANK + 2] = {0};
  memset(iterators, 'p', (size_t)rank);
  iterators[rank] = 'r';
  for (int i = 0; i < rank; ++i) loops[i] = i;
  MlirAffineMap plain = onnxMap(ctx, rank + 1, rank, loops);
  loops[axis] = rank;
  MlirAffineMap along = onnxMap(ctx, rank + 1, rank, loops);
  MlirValue tensor = onnxTensor(ctx, keys), r;
  OnnxAccess ins[2] = {{tensor, plain}, {tensor, along}}, out = {onnxZeros(ctx, ONNX_INT64, rank, dims), plain};
  RankData d[2] = {{axis}, {rank}};
  onnxGeneric(ctx, iterators, both ? 2 : 1, both ? ins : ins + 1, 1, &out, body, d, &r);
  return onnxNewTensor(ctx, ONNX_INT64, rank, dims, r);
}
typedef struct {
  OnnxValue *x, *positions;
  int axis;
} FetchData;
static MlirValue fetchBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  FetchData *d = data;
  MlirValue from[ONNX_MAX_RANK];
  for (int i = 0; i < d->x->rank; ++i) from[i] = at[i];
  MlirValue picked =
      onnxToIndex(ctx, onnxAt(ctx, d->positions, d->positions->rank == 1 ? &at[d->axis] : at), ONNX_INT64);
  from[d->axis] = onnxWrapIndex(ctx, picked, d->x->dims[d->axis]);
  return onnxAt(ctx, d->x, from);
}
static void requireAtMost(OnnxContext *ctx, OnnxIndex k, OnnxIndex n) {
  if (onnxFailed(ctx) || onnxSameIndex(k, n)) return;
  if (onnxIsConst(k) && onnxIsConst(n)) {
    if (k.constant < 0 || k.constant > n.constant)
      onnxInvalid(ctx, "%lld of %lld elements", (long long)k.constant, (long long)n.constant);
    return;
  }
  MlirValue some = arith_cmpi(B, arith_CmpIPredicate_sge, onnxIndexValue(ctx, k), onnxIndexValue(ctx, onnxConst(0)));
  MlirValue enough = arith_cmpi(B, arith_CmpIPredicate_sle, onnxIndexValue(ctx, k), onnxIndexValue(ctx, n));
  onnxAssert(ctx, arith_andi(B, some, enough), "k is negative or more than there are elements");
}

// Of many elements, one after the other: the least of those that are greater than the last one. A narrow key and, below
// it, its place are one number of 64 bits, so that no two are equal and the earlier of equal keys comes first.
enum { MANY = 128 };
static bool selectsInTurn(const OnnxValue *keys, OnnxIndex n) {
  return keys->element == ONNX_INT32 && (!onnxIsConst(n) || n.constant > MANY);
}
typedef struct {
  int rank, axis;
  MlirAffineMap along, rest; // of all elements, and of those at one place of the axis
  char iterators[ONNX_MAX_RANK + 1];
  MlirValue packed;
  const OnnxIndex *dims; // of the result
} Selection;
// args: a key
static void packBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  Selection *s = data;
  MlirValue place = onnxFromIndex(ctx, linalg_index(B, .dim = s->axis), ONNX_INT64);
  MlirValue key = onnxConvert(ctx, args[0], ONNX_INT32, ONNX_INT64);
  results[0] = arith_ori(B, arith_shli(B, key, onnxConstantInt(ctx, ONNX_INT64, 32)), place);
}
// args: a packed key, the least that counts, the least so far
static void leastBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  (void)data;
  MlirValue counts = arith_cmpi(B, arith_CmpIPredicate_sge, args[0], args[1]);
  MlirValue x = arith_select(B, counts, args[0], onnxConstantInt(ctx, ONNX_INT64, INT64_MAX));
  results[0] = arith_minsi(B, args[2], x);
}
static MlirValue afterBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_addi(B, in[0], onnxConstantInt(ctx, ONNX_INT64, 1));
}
static MlirValue placeBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_andi(B, in[0], onnxConstantInt(ctx, ONNX_INT64, UINT32_MAX));
}
// carried: the least that counts, [.., 1, ..], and the places so far
static void selectBody(OnnxContext *ctx, MlirValue i, const MlirValue *carried, MlirValue *next, void *data) {
  Selection *s = data;
  OnnxIndex one[ONNX_MAX_RANK], offsets[ONNX_MAX_RANK];
  for (int d = 0; d < s->rank; ++d) {
    one[d] = d == s->axis ? onnxConst(1) : s->dims[d];
    offsets[d] = d == s->axis ? (OnnxIndex){.value = i} : onnxConst(0);
  }
  MlirValue most = onnxFill(ctx, ONNX_INT64, s->rank, one, onnxConstantInt(ctx, ONNX_INT64, INT64_MAX)), found;
  OnnxAccess ins[] = {{s->packed, s->along}, {carried[0], s->rest}}, out = {most, s->rest};
  onnxGeneric(ctx, s->iterators, 2, ins, 1, &out, leastBody, s, &found);
  OnnxValue *least = onnxNewTensor(ctx, ONNX_INT64, s->rank, one, found);
  OnnxValue *after = onnxElementwise(ctx, 1, &least, ONNX_INT64, afterBody, NULL, ONNX_EXACT_TYPES),
            *place = onnxElementwise(ctx, 1, &least, ONNX_INT64, placeBody, NULL, ONNX_EXACT_TYPES);
  next[0] = onnxTensor(ctx, after);
  next[1] = onnxInsertSlice(ctx, onnxTensor(ctx, place), carried[1], s->rank, offsets, one);
}
static OnnxValue *selectPlaces(OnnxContext *ctx, OnnxValue *keys, int axis, OnnxIndex k, const OnnxIndex *dims) {
  Selection s = {.rank = keys->rank, .axis = axis, .dims = dims};
  OnnxIndex one[ONNX_MAX_RANK];
  MlirAffineExpr exprs[ONNX_MAX_RANK];
  int loops[ONNX_MAX_RANK];
  for (int d = 0; d < s.rank; ++d) {
    loops[d] = d, one[d] = d == axis ? onnxConst(1) : dims[d];
    exprs[d] = d == axis ? mlirAffineConstantExprGet(B->ctx, 0) : mlirAffineDimExprGet(B->ctx, d);
  }
  s.along = onnxMap(ctx, s.rank, s.rank, loops), s.rest = mlirAffineMapGet(B->ctx, s.rank, 0, s.rank, exprs);
  memset(s.iterators, 'p', (size_t)s.rank);
  OnnxAccess in = {onnxTensor(ctx, keys), s.along}, out = {onnxEmpty(ctx, ONNX_INT64, s.rank, keys->dims), s.along};
  onnxGeneric(ctx, s.iterators, 1, &in, 1, &out, packBody, &s, &s.packed);
  s.iterators[axis] = 'r';
  MlirValue start = onnxFill(ctx, ONNX_INT64, s.rank, one, onnxConstantInt(ctx, ONNX_INT64, INT64_MIN)),
            carried[] = {start, onnxEmpty(ctx, ONNX_INT64, s.rank, dims)}, results[2];
  onnxCountedLoop(ctx, k, 2, carried, selectBody, &s, results);
  return onnxNewTensor(ctx, ONNX_INT64, s.rank, dims, results[1]);
}

static OnnxValue *countPlaces(OnnxContext *ctx, OnnxValue *keys, int axis, const OnnxIndex *dims) {
  OnnxValue *ranks = countAlong(ctx, keys, axis, keys->dims, true, rankBody);
  return onnxFailed(ctx) ? NULL : countAlong(ctx, ranks, axis, dims, false, pickRankBody);
}
static void lowerTopK(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", -1), x->rank);
  bool largest = node->opset < 11 || onnxInt(ctx, node, "largest", 1) != 0;
  if (node->opset >= 11) onnxInt(ctx, node, "sorted", 1); // sorted is one of the orders that unsorted allows
  OnnxIndex k = node->opset < 10 ? onnxConst(onnxInt(ctx, node, "k", -1)) : onnxScalarIndex(ctx, node->inputs[1]),
            dims[ONNX_MAX_RANK];
  if (onnxFailed(ctx)) return;
  requireAtMost(ctx, k, x->dims[axis]);
  for (int i = 0; i < x->rank; ++i) dims[i] = i == axis ? k : x->dims[i];
  OnnxValue *keys = keysOf(ctx, x, largest);
  if (onnxFailed(ctx)) return;
  OnnxValue *positions =
      selectsInTurn(keys, x->dims[axis]) ? selectPlaces(ctx, keys, axis, k, dims) : countPlaces(ctx, keys, axis, dims);
  if (onnxFailed(ctx)) return;
  onnxTensor(ctx, x), onnxTensor(ctx, positions); // outside the body
  FetchData d = {x, positions, axis};
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, x->element, x->rank, dims, fetchBody, &d));
  onnxSetOutput(ctx, node, 1, positions);
}

//===--- Unique ---
// The n rows of `keys` (n x K), compared in pairs: `differ` (n x n) is the first column in which two rows differ, K
// where they are equal; NULL where K is 1.
typedef struct {
  OnnxValue *keys, *differ;
  OnnxIndex n, width;
  bool least; // combine by the minimum instead of the sum
  MlirValue (*term)(OnnxContext *ctx, const void *rows, const MlirValue *in, MlirValue i, MlirValue j);
} Rows;
static MlirValue keyAt(OnnxContext *ctx, const Rows *d, MlirValue row, MlirValue column) {
  return onnxAt(ctx, d->keys, (MlirValue[]){row, onnxWrapIndex(ctx, column, d->width)});
}
static MlirValue rowsEqual(OnnxContext *ctx, const Rows *d, MlirValue i, MlirValue j) {
  MlirValue zero = onnxIndexValue(ctx, onnxConst(0));
  if (!d->differ) return arith_cmpi(B, arith_CmpIPredicate_eq, keyAt(ctx, d, i, zero), keyAt(ctx, d, j, zero));
  MlirValue column = onnxToIndex(ctx, onnxAt(ctx, d->differ, (MlirValue[]){i, j}), ONNX_INT64);
  return arith_cmpi(B, arith_CmpIPredicate_eq, column, onnxIndexValue(ctx, d->width));
}
static MlirValue rowLess(OnnxContext *ctx, const Rows *d, MlirValue i,
                         MlirValue j) { // equal rows do not differ in the last column either
  MlirValue column = onnxIndexValue(ctx, onnxConst(0));
  if (d->differ) {
    column = onnxToIndex(ctx, onnxAt(ctx, d->differ, (MlirValue[]){i, j}), ONNX_INT64);
    column = arith_minsi(B, column, onnxIndexValue(ctx, onnxSub(ctx, d->width, onnxConst(1))));
  }
  return arith_cmpi(B, arith_CmpIPredicate_slt, keyAt(ctx, d, i, column), keyAt(ctx, d, j, column));
}
static void pairBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  Rows *d = data;
  MlirValue i = linalg_index(B, .dim = 0), j = linalg_index(B, .dim = 1), term = d->term(ctx, d, args, i, j);
  results[0] = d->least ? arith_minsi(B, args[2], term) : arith_addi(B, args[2], term);
}
// r[i] = sum (or least) over j of term(a[j], b[i], i, j), for `count` rows i.
static OnnxValue *overPairs(OnnxContext *ctx, Rows *d, OnnxIndex count, OnnxValue *a, OnnxValue *b, bool least,
                            MlirValue (*term)(OnnxContext *, const void *, const MlirValue *, MlirValue, MlirValue)) {
  if (onnxFailed(ctx)) return NULL;
  d->least = least, d->term = term;
  MlirValue first =
                least ? onnxFromIndex(ctx, onnxIndexValue(ctx, d->n), ONNX_INT64) : onnxConstantInt(ctx, ONNX_INT64, 0),
            r;
  MlirAffineMap ofI = onnxMap(ctx, 2, 1, (int[]){0}), ofJ = onnxMap(ctx, 2, 1, (int[]){1});
  OnnxAccess ins[2] = {{onnxTensor(ctx, a), ofJ}, {onnxTensor(ctx, b), ofI}},
             out = {onnxFill(ctx, ONNX_INT64, 1, &count, first), ofI};
  onnxGeneric(ctx, "pr", 2, ins, 1, &out, pairBody, d, &r);
  return onnxNewTensor(ctx, ONNX_INT64, 1, &count, r);
}
static MlirValue rowNumber(OnnxContext *ctx, const MlirValue *at, void *data) {
  (void)data;
  return onnxFromIndex(ctx, at[0], ONNX_INT64);
}
static MlirValue chooseOr(OnnxContext *ctx, MlirValue condition, MlirValue j, OnnxIndex other) {
  return onnxFromIndex(ctx, arith_select(B, condition, j, onnxIndexValue(ctx, other)), ONNX_INT64);
}
// in: a[j], b[i]
static MlirValue termFirst(OnnxContext *ctx, const void *rows, const MlirValue *in, MlirValue i, MlirValue j) {
  const Rows *d = rows;
  (void)in;
  return chooseOr(ctx, rowsEqual(ctx, d, i, j), j, d->n);
}
static MlirValue isFirst(OnnxContext *ctx, MlirValue first, MlirValue j) {
  return arith_cmpi(B, arith_CmpIPredicate_eq, first, onnxFromIndex(ctx, j, ONNX_INT64));
}
static MlirValue termSmaller(OnnxContext *ctx, const void *rows, const MlirValue *in, MlirValue i, MlirValue j) {
  return asCount(ctx, arith_andi(B, isFirst(ctx, in[0], j), rowLess(ctx, rows, j, i)));
}
static MlirValue termEarlier(OnnxContext *ctx, const void *rows, const MlirValue *in, MlirValue i, MlirValue j) {
  (void)rows, (void)i;
  MlirValue earlier = arith_cmpi(B, arith_CmpIPredicate_slt, onnxFromIndex(ctx, j, ONNX_INT64), in[1]);
  return asCount(ctx, arith_andi(B, isFirst(ctx, in[0], j), earlier));
}
static MlirValue hasNumber(OnnxContext *ctx, MlirValue number, MlirValue i) {
  return arith_cmpi(B, arith_CmpIPredicate_eq, number, onnxFromIndex(ctx, i, ONNX_INT64));
}
static MlirValue termIndex(OnnxContext *ctx, const void *rows, const MlirValue *in, MlirValue i, MlirValue j) {
  const Rows *d = rows;
  return chooseOr(ctx, hasNumber(ctx, in[0], i), j, d->n);
}
static MlirValue termCount(OnnxContext *ctx, const void *rows, const MlirValue *in, MlirValue i, MlirValue j) {
  (void)rows, (void)j;
  return asCount(ctx, hasNumber(ctx, in[0], i));
}
static MlirValue firstBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return asCount(ctx, arith_cmpi(B, arith_CmpIPredicate_eq, in[0], in[1]));
}

// args: key of row i, key of row j, the least column so far
static void differBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) {
  Rows *d = data;
  MlirValue k = linalg_index(B, .dim = 2), differs = arith_cmpi(B, arith_CmpIPredicate_ne, args[0], args[1]);
  results[0] = arith_minsi(B, args[2], chooseOr(ctx, differs, k, d->width));
}
static OnnxValue *findDifferences(OnnxContext *ctx, Rows *d) {
  OnnxIndex square[2] = {d->n, d->n};
  MlirValue none = onnxFromIndex(ctx, onnxIndexValue(ctx, d->width), ONNX_INT64), keys = onnxTensor(ctx, d->keys), r;
  OnnxAccess ins[2] = {{keys, onnxMap(ctx, 3, 2, (int[]){0, 2})}, {keys, onnxMap(ctx, 3, 2, (int[]){1, 2})}};
  OnnxAccess out = {onnxFill(ctx, ONNX_INT64, 2, square, none), onnxMap(ctx, 3, 2, (int[]){0, 1})};
  onnxGeneric(ctx, "ppr", 2, ins, 1, &out, differBody, d, &r);
  return onnxNewTensor(ctx, ONNX_INT64, 2, square, r);
}
static Rows readRows(OnnxContext *ctx, OnnxValue *x, int axis) {
  int64_t order[ONNX_MAX_RANK] = {axis};
  for (int i = 1; i < x->rank; ++i) order[i] = i <= axis ? i - 1 : i;
  Rows d = {.n = x->dims[axis], .width = onnxConst(1)};
  for (int i = 0; i < x->rank; ++i)
    if (i != axis) d.width = onnxMul(ctx, d.width, x->dims[i]);
  OnnxValue *flat = onnxReshape(ctx, onnxTranspose(ctx, x, order), 2, (OnnxIndex[]){d.n, d.width});
  d.keys = keysOf(ctx, flat, false);
  if (onnxFailed(ctx)) return d;
  onnxTensor(ctx, d.keys); // outside the bodies
  if (!onnxIs(d.width, 1)) d.differ = findDifferences(ctx, &d), onnxTensor(ctx, d.differ);
  return d;
}
static void lowerUnique(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool sorted = onnxInt(ctx, node, "sorted", 1) != 0, all = true;
  int axis = 0;
  if (onnxHasAttribute(node, "axis"))
    axis = (int)onnxAxis(ctx, onnxInt(ctx, node, "axis", 0), x->rank);
  else {
    OnnxIndex count = onnxProduct(ctx, x->rank, x->dims);
    x = onnxReshape(ctx, x, 1, &count);
  }
  if (onnxFailed(ctx)) return;
  Rows d = readRows(ctx, x, axis);
  if (onnxFailed(ctx)) return;
  OnnxValue *numbers = onnxGenerate(ctx, ONNX_INT64, 1, &d.n, rowNumber, NULL);
  OnnxValue *first = overPairs(ctx, &d, d.n, numbers, numbers, true, termFirst);
  OnnxValue *inverse = overPairs(ctx, &d, d.n, first, first, false, sorted ? termSmaller : termEarlier);
  OnnxValue *firsts =
      onnxElementwise(ctx, 2, (OnnxValue *[]){first, numbers}, ONNX_INT64, firstBody, NULL, ONNX_EXACT_TYPES);
  OnnxValue *sum = onnxReduceWith(ctx, ONNX_REDUCE_SUM, firsts, &all, false);
  OnnxIndex count = onnxScalarIndex(ctx, sum), dims[ONNX_MAX_RANK];
  if (onnxFailed(ctx)) return;
  OnnxValue *which = onnxGenerate(ctx, ONNX_INT64, 1, &count, rowNumber, NULL);
  OnnxValue *positions = overPairs(ctx, &d, count, inverse, which, true, termIndex);
  if (onnxFailed(ctx)) return;
  for (int i = 0; i < x->rank; ++i) dims[i] = i == axis ? count : x->dims[i];
  onnxTensor(ctx, x), onnxTensor(ctx, positions); // outside the body
  FetchData fetch = {x, positions, axis};
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, x->element, x->rank, dims, fetchBody, &fetch));
  if (onnxWantsOutput(node, 1)) onnxSetOutput(ctx, node, 1, positions);
  if (onnxWantsOutput(node, 2)) onnxSetOutput(ctx, node, 2, inverse);
  if (onnxWantsOutput(node, 3))
    onnxSetOutput(ctx, node, 3, overPairs(ctx, &d, count, inverse, which, false, termCount));
}

const OnnxOperator dlcOnnxOrder[] = {
    {"TopK", 1, 9, 1, 1, lowerTopK}, {"TopK", 10, 0, 2, 2, lowerTopK}, {"Unique", 11, 0, 1, 1, lowerUnique}, {0}};
