// tile-online-softmax: attention as one tile.graph that streams the keys.
//
//   S = Q K^T  P = softmax(f(S))  O = P V
// ->
//   tile.graph ins(Q, K, V, ..) outs(O) {
//     %q = Q transposed, times the factors of Q and K
//     %m, %l, %o = tile.reduce ins(K along the keys, V along the keys, ..) inits(lowest, 0, 0) {
//       s = f(K q); m' = max(m, max s); alpha = exp(m - m'); e = exp(s - m')
//       tile.yield m', alpha l + sum e, alpha o + V e
//     }
//     O = %o / %l }
//
// as in Milakov and Gimelshein 2018 (Online normalizer calculation for softmax) and FlashAttention-2: no score is
// stored, whatever their number. What is inside has its rows (queries) last: all of it then goes along vectors of rows,
// without a sum or a maximum across lanes, and reads K and V as they lie. The maximum starts from the lowest finite
// number: a row of which a part is masked with -inf needs no special case, and one that is masked whole gives 0 / 0, as
// before. A mask that rules out keys by their place alone bounds the stream (`until`).
//
// Left alone: what no price says would be faster; anything but one dimension each of rows, keys, depth and columns;
// scores that something else reads as well; accumulators narrower than f32, which would round once a step.
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/tile/connect.h"
#include "passes/tile/reduce_search.h"
#include "passes/tile/softmax_match.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include "ods/tensor.h"
#include "ods/tile.h"

enum { MOST_INS = 32 };

typedef struct {
  DlcBuilder *b;
  const DlcSoftmax *softmax;
  MlirType element;
  DlcLabelled ins[MOST_INS]; // of the graph: what they are outside
  intptr_t nIns;
  DlcLabelled inside[MOST_INS]; // the same as the code that is being written sees them
  MlirValue size[DLC_LABELS];   // dynamic sizes there; null: static
  int64_t extent[DLC_LABELS];
} Writer;

//===--- generics by labels -------------------------------------------------------------===//
static intptr_t addIn(Writer *w, const DlcLabelled *v) {
  for (intptr_t i = 0; i < w->nIns; ++i)
    if (mlirValueEqual(w->ins[i].value, v->value) &&
        !memcmp(w->ins[i].label, v->label, (size_t)v->rank * sizeof *v->label))
      return i;
  w->ins[w->nIns] = *v;
  return w->nIns++;
}

// A value of dimensions with these labels: the batch first, those that are given behind it.
static DlcLabelled shaped(const Writer *w, intptr_t n, const int *labels) {
  DlcLabelled v = {.rank = w->softmax->nBatch + n};
  for (int i = 0; i < (int)w->softmax->nBatch; ++i) v.label[i] = i;
  memcpy(v.label + w->softmax->nBatch, labels, (size_t)n * sizeof *labels);
  return v;
}
#define SHAPED(w, ...)                                                                                                 \
  shaped(w, (intptr_t)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)), (const int[]){__VA_ARGS__})

static DlcLabelled emptyOf(Writer *w, DlcLabelled v) {
  int64_t shape[DLC_MAX_RANK];
  MlirValue sizes[DLC_MAX_RANK];
  intptr_t n = 0;
  for (intptr_t i = 0; i < v.rank; ++i) {
    shape[i] = w->extent[v.label[i]];
    if (mlirShapedTypeIsDynamicSize(shape[i])) sizes[n++] = w->size[v.label[i]];
  }
  MlirType type = mlirRankedTensorTypeGet(v.rank, shape, w->element, mlirAttributeGetNull());
  v.value = tensor_empty(w->b, valsN(n, sizes), type);
  return v;
}
static DlcLabelled filledOf(Writer *w, DlcLabelled v, double with) {
  v = emptyOf(w, v);
  MlirValue scalar = arith_constant(w->b, mlirFloatAttrDoubleGet(w->b->ctx, w->element, with));
  v.value = dlcResult(dlcFill(w->b, scalar, v.value), 0);
  return v;
}

// The loops: those of `order`, of which the last `nReductions` reduce.
static MlirOperation makeGeneric(Writer *w, const DlcLabelled *order, intptr_t nReductions, intptr_t nIns,
                                 intptr_t nOuts, const DlcLabelled *operands, MlirBlock *body) {
  DlcBuilder *b = w->b;
  MlirAffineMap maps[MOST_INS];
  MlirValue values[MOST_INS];
  MlirType elements[MOST_INS], results[MOST_INS];
  bool reduces[DLC_MAX_RANK];
  for (intptr_t l = 0; l < order->rank; ++l) reduces[l] = l >= order->rank - nReductions;
  for (intptr_t k = 0; k < nIns + nOuts; ++k) {
    MlirAffineExpr exprs[DLC_MAX_RANK];
    for (intptr_t i = 0; i < operands[k].rank; ++i) {
      exprs[i] = mlirAffineConstantExprGet(b->ctx, 0);
      for (intptr_t l = 0; l < order->rank; ++l)
        if (operands[k].label[i] == order->label[l]) exprs[i] = mlirAffineDimExprGet(b->ctx, l);
    }
    maps[k] = mlirAffineMapGet(b->ctx, order->rank, 0, operands[k].rank, exprs);
    values[k] = operands[k].value;
    if (isNull(values[k])) return (MlirOperation){0};
    MlirType t = typeOf(values[k]);
    elements[k] = mlirTypeIsAShaped(t) ? mlirShapedTypeGetElementType(t) : t;
    if (k >= nIns) results[k - nIns] = t;
  }
  MlirOperation op = linalg_generic(
      b, valsN(nIns, values), valsN(nOuts, values + nIns), .indexing_maps = {maps, nIns + nOuts},
      .iterator_types = dlcIterators(b, order->rank, reduces), .result_tensors_type = typesN(nOuts, results));
  if (!mlirOperationIsNull(op)) *body = dlcAddBlock(b, linalg_generic_region(op), typesN(nIns + nOuts, elements));
  return op;
}
static DlcLabelled resultOf(MlirOperation op, intptr_t i, DlcLabelled like) {
  like.value = dlcResult(op, i);
  return like;
}

//===--- what is written -------------------------------------------------------------------===//
// out += x * y along the last loop of `order`.
static DlcLabelled multiply(Writer *w, const DlcLabelled *order, DlcLabelled x, DlcLabelled y, DlcLabelled out) {
  MlirBlock body;
  MlirOperation op = makeGeneric(w, order, 1, 2, 1, (DlcLabelled[]){x, y, out}, &body);
  if (!mlirOperationIsNull(op)) dlcAtEnd(w->b, body) {
      MlirValue product = arith_mulf(w->b, argOf(body, 0), argOf(body, 1));
      linalg_yield(w->b, vals(arith_addf(w->b, argOf(body, 2), product)));
    }
  return resultOf(op, 0, out);
}
// The largest score does not look for NaN: a NaN among the scores makes the row's sum and results NaN by itself
// (tile-softmax-maxima).
static DlcLabelled reduceKeys(Writer *w, DlcLabelled x, DlcLabelled out, bool isMax) {
  DlcLabelled order = SHAPED(w, DLC_ROWS, DLC_KEYS);
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &order, 1, 1, 1, (DlcLabelled[]){x, out}, &body);
  if (!mlirOperationIsNull(op)) dlcAtEnd(w->b, body) {
      MlirValue old = argOf(body, 1), in = argOf(body, 0);
      linalg_yield(w->b, vals(isMax ? arith_maxnumf(w->b, old, in) : arith_addf(w->b, old, in)));
    }
  return resultOf(op, 0, out);
}
// The queries with their rows last, times the factors.
static DlcLabelled makeQueries(Writer *w, DlcLabelled query, const DlcLabelled *factors) {
  DlcLabelled out = SHAPED(w, DLC_DEPTH, DLC_ROWS), operands[DLC_MOST_FACTORS + 2] = {query};
  intptr_t n = w->softmax->nFactors;
  for (intptr_t i = 0; i < n; ++i) operands[1 + i] = factors[i];
  operands[1 + n] = out = emptyOf(w, out);
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &out, 0, 1 + n, 1, operands, &body);
  if (!mlirOperationIsNull(op)) dlcAtEnd(w->b, body) {
      MlirValue v = argOf(body, 0);
      for (intptr_t i = 0; i < n; ++i) v = arith_mulf(w->b, v, argOf(body, 1 + i));
      linalg_yield(w->b, vals(v));
    }
  out = resultOf(op, 0, out);
  if (!isNull(out.value)) out.value = tile_edge(w->b, out.value, .level = tile_Level_workgroup);
  return out;
}

// A step of the scores, on scores whose rows are last.
static DlcLabelled makeStep(Writer *w, intptr_t step, DlcLabelled scores) {
  const DlcSoftmax *s = w->softmax;
  MlirOperation from = s->step[step];
  intptr_t n = mlirOperationGetNumOperands(from) - 1;
  DlcLabelled operands[MOST_INS], order = SHAPED(w, DLC_KEYS, DLC_ROWS);
  MlirValue before = dlcSoftmaxBefore(s, step);
  for (intptr_t k = 0; k < n; ++k) {
    DlcLabelled v = {.value = mlirOperationGetOperand(from, k)};
    if (mlirValueEqual(v.value, before)) {
      operands[k] = scores;
    } else if (mlirTypeIsARankedTensor(typeOf(v.value))) {
      dlcSoftmaxOperand(s, step, k, &v);
      operands[k] = w->inside[addIn(w, &v)];
    } else {
      operands[k] = v;
    }
  }
  operands[n] = emptyOf(w, SHAPED(w, DLC_KEYS, DLC_ROWS));
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &order, 0, n, 1, operands, &body);
  if (mlirOperationIsNull(op)) return order;
  MlirBlock old = bodyOf(mlirOperationGetRegion(from, 0));
  DlcMapping map = dlcMappingCreate();
  for (intptr_t k = 0; k <= n; ++k) dlcMap(map, argOf(old, k), argOf(body, k));
  dlcAtEnd(w->b, body) dlcForEachOp(inner, old) {
    MlirOperation made = dlcClone(w->b, inner, map);
    for (intptr_t l = 0; linalg_index_isa(inner) && l < order.rank; ++l)
      if (order.label[l] == s->stepLabel[step][linalg_index_dim(inner)])
        linalg_index_set_dim(made, mlirIntegerAttrGet(mlirIntegerTypeGet(w->b->ctx, 64), l));
  }
  dlcMappingDestroy(map);
  return resultOf(op, 0, operands[n]);
}

// m' = max(m, most), alpha = exp(m - m'), l' = l * alpha.
static void rescale(Writer *w, DlcLabelled most, DlcLabelled *m, DlcLabelled *l, DlcLabelled *alpha) {
  DlcLabelled order = SHAPED(w, DLC_ROWS);
  *alpha = emptyOf(w, order);
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &order, 0, 1, 3, (DlcLabelled[]){most, *m, *l, *alpha}, &body);
  if (!mlirOperationIsNull(op)) dlcAtEnd(w->b, body) {
      MlirValue larger = arith_maximumf(w->b, argOf(body, 1), argOf(body, 0));
      MlirValue by = math_exp(w->b, arith_subf(w->b, argOf(body, 1), larger));
      linalg_yield(w->b, vals(larger, arith_mulf(w->b, argOf(body, 2), by), by));
    }
  *m = resultOf(op, 0, *m), *l = resultOf(op, 1, *l), *alpha = resultOf(op, 2, *alpha);
}
static DlcLabelled scaleRows(Writer *w, DlcLabelled x, DlcLabelled by) {
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &x, 0, 1, 1, (DlcLabelled[]){by, x}, &body);
  if (!mlirOperationIsNull(op))
    dlcAtEnd(w->b, body) linalg_yield(w->b, vals(arith_mulf(w->b, argOf(body, 1), argOf(body, 0))));
  return resultOf(op, 0, x);
}
static DlcLabelled exponentials(Writer *w, DlcLabelled scores, DlcLabelled m) {
  DlcLabelled out = emptyOf(w, SHAPED(w, DLC_KEYS, DLC_ROWS));
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &out, 0, 2, 1, (DlcLabelled[]){scores, m, out}, &body);
  if (!mlirOperationIsNull(op))
    dlcAtEnd(w->b, body) linalg_yield(w->b, vals(math_exp(w->b, arith_subf(w->b, argOf(body, 0), argOf(body, 1)))));
  return resultOf(op, 0, out);
}
// O = o / l.
static MlirValue divide(Writer *w, DlcLabelled o, DlcLabelled l, DlcLabelled out) {
  MlirBlock body;
  MlirOperation op = makeGeneric(w, &out, 0, 2, 1, (DlcLabelled[]){o, l, out}, &body);
  if (!mlirOperationIsNull(op))
    dlcAtEnd(w->b, body) linalg_yield(w->b, vals(arith_divf(w->b, argOf(body, 0), argOf(body, 1))));
  return dlcResult(op, 0);
}

//===--- the stream ----------------------------------------------------------------------------===//
static int64_t alongOf(const DlcLabelled *v) {
  for (intptr_t i = 0; i < v->rank; ++i)
    if (v->label[i] == DLC_KEYS) return i;
  return -1;
}
static MlirType openType(MlirType t, int64_t along) {
  int64_t shape[DLC_MAX_RANK], rank = mlirShapedTypeGetRank(t);
  for (int64_t d = 0; d < rank; ++d)
    shape[d] = d == along ? mlirShapedTypeGetDynamicSize() : mlirShapedTypeGetDimSize(t, d);
  return mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(t), mlirRankedTensorTypeGetEncoding(t));
}

static void writeStep(Writer *w, MlirBlock body, intptr_t nStreamed, const DlcLabelled *acc, DlcLabelled queries) {
  const DlcSoftmax *s = w->softmax;
  DlcBuilder *b = w->b;
  dlcAtEnd(b, body) {
    int64_t whole = w->extent[DLC_KEYS];
    MlirValue size = w->size[DLC_KEYS];
    w->extent[DLC_KEYS] = mlirShapedTypeGetDynamicSize();
    DlcLabelled key = s->key, value = s->value;
    key = w->inside[addIn(w, &key)], value = w->inside[addIn(w, &value)];
    w->size[DLC_KEYS] = tensor_dim(b, key.value, constIndex(b, alongOf(&key)));
    DlcLabelled m = acc[0], l = acc[1], o = acc[2], alpha;
    m.value = argOf(body, nStreamed), l.value = argOf(body, nStreamed + 1), o.value = argOf(body, nStreamed + 2);
    DlcLabelled order = SHAPED(w, DLC_KEYS, DLC_ROWS, DLC_DEPTH);
    DlcLabelled scores = multiply(w, &order, key, queries, filledOf(w, SHAPED(w, DLC_KEYS, DLC_ROWS), 0));
    for (intptr_t i = 0; i < s->nSteps; ++i) scores = makeStep(w, i, scores);
    DlcLabelled most = reduceKeys(w, scores, filledOf(w, SHAPED(w, DLC_ROWS), -INFINITY), true);
    rescale(w, most, &m, &l, &alpha);
    DlcLabelled e = exponentials(w, scores, m);
    l = reduceKeys(w, e, l, false);
    o = scaleRows(w, o, alpha);
    order = SHAPED(w, DLC_COLUMNS, DLC_ROWS, DLC_KEYS);
    o = multiply(w, &order, value, e, o);
    tile_yield(b, vals(m.value, l.value, o.value));
    w->extent[DLC_KEYS] = whole, w->size[DLC_KEYS] = size;
  }
}

// The element of the stream from which on nothing changes for a place of the root.
static void setUntil(Writer *w, MlirOperation reduce) {
  const DlcSoftmax *s = w->softmax;
  MlirContext ctx = w->b->ctx;
  for (intptr_t i = 0; i < s->result.rank; ++i) {
    if (s->result.label[i] != DLC_ROWS || s->until == INT64_MAX) continue;
    MlirAffineExpr e = mlirAffineAddExprGet(mlirAffineDimExprGet(ctx, i), mlirAffineConstantExprGet(ctx, s->until));
    mlirOperationSetAttributeByName(reduce, dlcText("until"),
                                    mlirAffineMapAttrGet(mlirAffineMapGet(ctx, s->result.rank, 0, 1, &e)));
  }
}

static double lowestOf(MlirType element) { return mlirTypeIsAF64(element) ? -DBL_MAX : -(double)FLT_MAX; }

static MlirValue writeGraph(Writer *w, DlcLabelled result, const DlcLabelled *factors) {
  DlcBuilder *b = w->b;
  double lowest = lowestOf(w->element);
  DlcLabelled queries = w->inside[0], acc[3], streamed[MOST_INS], own[MOST_INS];
  queries = makeQueries(w, queries, factors);
  acc[0] = filledOf(w, SHAPED(w, DLC_ROWS), lowest), acc[1] = filledOf(w, SHAPED(w, DLC_ROWS), 0);
  acc[2] = filledOf(w, SHAPED(w, DLC_COLUMNS, DLC_ROWS), 0);
  MlirValue values[MOST_INS];
  MlirType arguments[MOST_INS + 3];
  int64_t along[MOST_INS];
  intptr_t n = 0;
  memcpy(own, w->inside, sizeof own);
  for (intptr_t i = 0; i < w->nIns && !b->failed; ++i) {
    if (alongOf(&w->inside[i]) < 0) continue;
    streamed[n] = w->inside[i], values[n] = streamed[n].value, along[n] = alongOf(&streamed[n]);
    arguments[n] = openType(typeOf(values[n]), along[n]), ++n;
  }
  MlirValue inits[] = {acc[0].value, acc[1].value, acc[2].value};
  MlirOperation reduce = tile_reduce(b, valsN(n, values), valsN(3, inits), .along = {along, n});
  if (mlirOperationIsNull(reduce)) return (MlirValue){0};
  for (int i = 0; i < 3; ++i) arguments[n + i] = typeOf(inits[i]);
  MlirBlock body = dlcAddBlock(b, tile_reduce_step(reduce), typesN(n + 3, arguments));
  for (intptr_t i = 0, k = 0; i < w->nIns; ++i)
    if (alongOf(&w->inside[i]) >= 0) w->inside[i].value = argOf(body, k++);
  writeStep(w, body, n, acc, queries);
  setUntil(w, reduce);
  memcpy(w->inside, own, sizeof own);
  DlcLabelled o = resultOf(reduce, 2, acc[2]), l = resultOf(reduce, 1, acc[1]);
  o.value = tile_edge(b, o.value, .level = tile_Level_workgroup);
  l.value = tile_edge(b, l.value, .level = tile_Level_workgroup);
  return divide(w, o, l, result);
}

//===--- the graph ------------------------------------------------------------------------------===//
static void readSizes(Writer *w, bool values) {
  for (intptr_t i = 0; i < w->nIns; ++i)
    for (intptr_t d = 0; d < w->ins[i].rank; ++d) {
      int label = w->ins[i].label[d];
      if (label == DLC_NO_LABEL) continue;
      int64_t size = mlirShapedTypeGetDimSize(typeOf(w->ins[i].value), d);
      if (!values && (mlirShapedTypeIsDynamicSize(w->extent[label]) || !w->extent[label])) w->extent[label] = size;
      if (values && mlirShapedTypeIsDynamicSize(w->extent[label]) && isNull(w->size[label]))
        w->size[label] = tensor_dim(w->b, w->inside[i].value, constIndex(w->b, d));
    }
}

// Everything that the graph reads, the queries first. False: too much.
static bool collectIns(Writer *w, DlcLabelled *factors) {
  const DlcSoftmax *s = w->softmax;
  addIn(w, &s->query), addIn(w, &s->key), addIn(w, &s->value);
  for (intptr_t i = 0; i < s->nFactors; ++i) {
    factors[i] = (DlcLabelled){.value = s->factor[i]};
    addIn(w, &factors[i]);
  }
  for (intptr_t i = 0; i < s->nSteps; ++i) {
    MlirValue before = dlcSoftmaxBefore(s, i);
    DlcValueList captured = {0};
    dlcCaptures(s->step[i], &captured);
    bool ok = w->nIns + mlirOperationGetNumOperands(s->step[i]) < MOST_INS;
    for (intptr_t k = 0; k < captured.n && ok; ++k) {
      bool isOperand = false;
      for (intptr_t j = 0; j < mlirOperationGetNumOperands(s->step[i]); ++j)
        isOperand |= mlirValueEqual(mlirOperationGetOperand(s->step[i], j), captured.data[k]);
      ok = isOperand || dlcIsScalarConstant(opOf(captured.data[k])); // a gather: not followed
    }
    dlcValueListDestroy(&captured);
    for (intptr_t k = 0; k + 1 < mlirOperationGetNumOperands(s->step[i]) && ok; ++k) {
      DlcLabelled v;
      MlirValue operand = mlirOperationGetOperand(s->step[i], k);
      if (mlirValueEqual(operand, before)) continue;
      ok = mlirTypeIsARankedTensor(typeOf(operand)) && dlcSoftmaxOperand(s, i, k, &v);
      if (ok) addIn(w, &v);
    }
    if (!ok) return false;
  }
  return true;
}

// What a step captures besides its operands: constants, made again.
static void remakeConstants(Writer *w, DlcMapping map) {
  for (intptr_t i = 0; i < w->softmax->nSteps; ++i) {
    DlcValueList captured = {0};
    dlcCaptures(w->softmax->step[i], &captured);
    for (intptr_t k = 0; k < captured.n; ++k)
      if (dlcIsScalarConstant(opOf(captured.data[k])) &&
          mlirValueEqual(dlcMapped(map, captured.data[k]), captured.data[k]))
        dlcMap(map, captured.data[k], dlcResult(dlcClone(w->b, opOf(captured.data[k]), map), 0));
    dlcValueListDestroy(&captured);
  }
}

//===--- one dimension as two --------------------------------------------------------------------===//
static MlirAttribute groupsOf(DlcBuilder *b, intptr_t rank, intptr_t split) {
  MlirAttribute groups[DLC_MAX_RANK];
  intptr_t n = 0;
  for (intptr_t d = 0; d < rank; ++d, ++n) {
    MlirAttribute dims[] = {mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), d),
                            mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), d + 1)};
    groups[n] = mlirArrayAttrGet(b->ctx, d == split ? 2 : 1, dims);
    d += d == split;
  }
  return mlirArrayAttrGet(b->ctx, n, groups);
}
// The size of the outer of the two dimensions (0), or of the inner one (1); *value: where it is dynamic.
static int64_t splitSize(const DlcSoftmax *s, int which, MlirValue *value) {
  intptr_t place = dlcSoftmaxSplitGroup(s) + which, dynamic = 0;
  DlcI64s sizes = tensor_expand_shape_static_output_shape(s->expand);
  for (intptr_t d = 0; d < place; ++d) dynamic += mlirShapedTypeIsDynamicSize(sizes.data[d]);
  if (mlirShapedTypeIsDynamicSize(sizes.data[place])) *value = at(tensor_expand_shape_output_shape(s->expand), dynamic);
  return sizes.data[place];
}
static void expand(DlcBuilder *b, const DlcSoftmax *s, DlcLabelled *v) {
  intptr_t split = dlcSoftmaxSplitAt(s, v), n = 0;
  int64_t shape[DLC_MAX_RANK];
  MlirValue sizes[DLC_MAX_RANK];
  MlirType type = typeOf(v->value);
  if (split < 0) return;
  for (intptr_t d = 0; d < v->rank; ++d) {
    intptr_t from = d - (d > split);
    MlirValue size = {0};
    if (d == split || d == split + 1)
      shape[d] = splitSize(s, d > split, &size);
    else if (mlirShapedTypeIsDynamicSize(shape[d] = mlirShapedTypeGetDimSize(type, from)))
      size = tensor_dim(b, v->value, constIndex(b, from));
    if (!isNull(size)) sizes[n++] = size;
  }
  MlirType made = mlirRankedTensorTypeGet(v->rank, shape, mlirShapedTypeGetElementType(type),
                                          mlirRankedTensorTypeGetEncoding(type));
  v->value = tensor_expand_shape(b, v->value, groupsOf(b, v->rank, split), valsN(n, sizes), {shape, v->rank}, made);
}
// Of what the graph makes, the result as it was.
static MlirValue collapse(DlcBuilder *b, const DlcSoftmax *s, MlirValue made) {
  intptr_t split = dlcSoftmaxSplitAt(s, &s->result);
  if (split < 0) return made;
  return tensor_collapse_shape(b, made, groupsOf(b, s->result.rank, split), typeOf(s->result.value));
}

static MlirOperation buildGraph(DlcBuilder *b, const DlcSoftmax *matched) {
  DlcSoftmax split = *matched;
  const DlcSoftmax *s = &split;
  dlcBefore(b, opOf(s->result.value)) {
    expand(b, s, &split.query), expand(b, s, &split.key), expand(b, s, &split.value);
  }
  Writer w = {.b = b, .softmax = s, .element = mlirShapedTypeGetElementType(typeOf(s->result.value))};
  DlcLabelled factors[DLC_MOST_FACTORS];
  if (!collectIns(&w, factors)) return (MlirOperation){0};
  readSizes(&w, false);
  MlirOperation root = opOf(s->result.value), made = {0};
  dlcBefore(b, root) {
    MlirValue values[MOST_INS];
    memcpy(w.inside, w.ins, sizeof w.ins);
    readSizes(&w, true);
    MlirValue out = emptyOf(&w, s->result).value;
    for (intptr_t i = 0; i < w.nIns; ++i) values[i] = w.ins[i].value;
    made = tile_graph(b, valsN(w.nIns, values), vals(out), .label = dlcLabelOf(s->exponent));
    if (mlirOperationIsNull(made)) break;
    MlirBlock body = dlcAddBlock(b, tile_graph_body(made), typesOf(valsN(w.nIns, values)));
    DlcLabelled result = s->result;
    result.value = mlirBlockAddArgument(body, typeOf(out), b->loc);
    dlcAtEnd(b, body) {
      DlcMapping map = dlcMappingCreate();
      remakeConstants(&w, map);
      for (intptr_t i = 0; i < w.nIns; ++i) w.inside[i].value = argOf(body, i);
      memset(w.size, 0, sizeof w.size);
      readSizes(&w, true);
      for (intptr_t i = 0; i < s->nFactors; ++i) factors[i] = w.inside[addIn(&w, &factors[i])];
      tile_yield(b, vals(writeGraph(&w, result, factors)));
      // Bodies were cloned with the constants of outside.
      DlcOps generics = dlcCollect(made, linalg_generic_isa);
      for (intptr_t i = 0; i < generics.n; ++i) {
        dlcForEachOp(op, bodyOf(mlirOperationGetRegion(generics.data[i], 0)))
          for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k)
            mlirOperationSetOperand(op, k, dlcMapped(map, mlirOperationGetOperand(op, k)));
      }
      free(generics.data);
      dlcMappingDestroy(map);
    }
  }
  return made;
}

//===--- the pass ---------------------------------------------------------------------------------===//
// A dynamic size is assumed to be the same number whether it is that of two dimensions or of the outer one of them:
// how many times more the inner one makes it.
static bool seesTwo(const DlcSoftmax *s, MlirOperation op) {
  return !s->expand.ptr || mlirOperationEqual(mlirOpOperandGetOwner(mlirValueGetFirstUse(dlcResult(s->expand, 0))), op);
}
static double unseenSize(const DlcSoftmax *s) {
  MlirValue outer = {0}, inner = {0};
  splitSize(s, 0, &outer);
  int64_t size = splitSize(s, 1, &inner);
  return isNull(outer) || !isNull(inner) ? 1 : (double)size;
}
// Seconds of the ops as graphs of their own, formed from the last one up; negative: not known.
static double priceApart(const DlcSoftmax *s, const DlcDevice *device) {
  MlirOperation roots[DLC_MOST_STEPS + 5];
  intptr_t n = 0;
  roots[n++] = s->output, roots[n++] = s->divide, roots[n++] = s->sum, roots[n++] = s->exponent, roots[n++] = s->max;
  for (intptr_t i = s->nSteps - 1; i >= 0; --i) roots[n++] = s->step[i];
  roots[n++] = s->scores;
  DlcValueList done = {0};
  DlcTileGraph *graph = malloc(sizeof *graph);
  DlcPrices prices = {.device = device};
  double seconds = 0;
  for (intptr_t i = 0; i < n && seconds >= 0; ++i) {
    if (dlcValueListFind(&done, mlirOperationGetResult(roots[i], 0)) >= 0) continue;
    if (!dlcTileGraphStart(graph, roots[i], 262144)) {
      seconds = -1;
      break;
    }
    dlcTileGraphGrow(graph);
    MlirOperation ops[DLC_MAX_NODES];
    for (intptr_t k = 0; k < graph->n; ++k) {
      ops[k] = graph->nodes[k].op;
      dlcValueListAppend(&done, mlirOperationGetResult(ops[k], 0));
    }
    double price = dlcConnectPrice(graph, graph->n, ops, roots[i], &prices), launch = device->launchSeconds;
    if (price >= 0 && !seesTwo(s, roots[i])) price = (price - launch) * unseenSize(s) + launch;
    seconds = price < 0 ? -1 : seconds + price;
  }
  free(graph);
  dlcPricesDestroy(&prices);
  dlcValueListDestroy(&done);
  return seconds;
}

// Erases what is not used any more, so that no other pass looks at it.
static bool isMade(MlirOperation op) {
  return dlcIsLinalgOp(op) || tensor_empty_isa(op) || tensor_expand_shape_isa(op) || tensor_collapse_shape_isa(op);
}
static void eraseUnused(DlcBuilder *b, MlirOperation root) {
  DlcOps ops = dlcCollect(root, isMade);
  for (intptr_t i = ops.n - 1; i >= 0; --i)
    if (mlirOperationGetNumResults(ops.data[i]) && dlcIsUnused(ops.data[i]))
      mlirRewriterBaseEraseOp(b->rewriter, ops.data[i]);
  free(ops.data);
}

// Of one element type throughout, wide enough to be rounded once a step.
static bool isOutput(MlirOperation op) {
  DlcSoftmax s;
  if (!dlcSoftmaxMatch(op, &s)) return false;
  MlirType element = mlirShapedTypeGetElementType(typeOf(s.result.value));
  MlirValue values[5 + DLC_MOST_FACTORS + DLC_MOST_STEPS] = {s.query.value, s.key.value, s.value.value,
                                                             mlirOperationGetResult(s.scores, 0),
                                                             mlirOperationGetResult(s.divide, 0)};
  intptr_t n = 5;
  for (intptr_t i = 0; i < s.nFactors; ++i) values[n++] = s.factor[i];
  for (intptr_t i = 0; i < s.nSteps; ++i) values[n++] = mlirOperationGetResult(s.step[i], 0);
  for (intptr_t i = 0; i < n; ++i)
    if (!mlirTypeEqual(mlirShapedTypeGetElementType(typeOf(values[i])), element)) return false;
  return mlirTypeIsAF32(element) || mlirTypeIsAF64(element);
}

MlirLogicalResult dlcRunTileOnlineSoftmax(MlirOperation root, DlcPass *pass,
                                          const DlcTileOnlineSoftmaxOptions *options) {
  bool byCost = mlirStringRefEqual(options->when, dlcText("cost"));
  if (!byCost && !mlirStringRefEqual(options->when, dlcText("all")) &&
      !mlirStringRefEqual(options->when, dlcText("none")))
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-online-softmax: when=%.*s is neither cost, all nor none",
                      (int)options->when.length, options->when.data);
  DlcDevice device;
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  if (mlirStringRefEqual(options->when, dlcText("none")) || !device.isHost) return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps ops = dlcCollect(root, isOutput); // found before anything is rewritten: what is erased later is none of them
  for (intptr_t i = 0; i < ops.n && !b.failed; ++i) {
    DlcSoftmax softmax;
    if (dlcParentNamed(ops.data[i], "tile.graph").ptr || !dlcSoftmaxMatch(ops.data[i], &softmax)) continue;
    double apart = byCost ? priceApart(&softmax, &device) : 1;
    MlirOperation graph = buildGraph(&b, &softmax);
    if (mlirOperationIsNull(graph) || b.failed) continue;
    DlcReduceTile tile;
    double one = byCost ? dlcReduceSearch(graph, &device, &tile) : 0;
    if (apart < 0 || one < 0 || one > apart) {
      mlirRewriterBaseEraseOp(rewriter, graph);
      continue;
    }
    MlirValue made = mlirOperationGetResult(graph, 0);
    dlcAfter(&b, graph) { made = collapse(&b, &softmax, made); }
    if (b.failed) break;
    mlirRewriterBaseReplaceAllUsesWith(rewriter, softmax.result.value, made);
    dlcPassCount(pass, DlcTileOnlineSoftmax_rewritten, 1);
  }
  if (ops.n) eraseUnused(&b, root);
  free(ops.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
