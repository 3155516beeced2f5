// See passes/tile/softmax_match.h.
#include "passes/tile/softmax_match.h"
#include <math.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/tile/products.h"
#include "passes/tile/softmax_mask.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include "ods/tensor.h"

//===--- ops --------------------------------------------------------------------------===//
static bool isGeneric(MlirOperation op, intptr_t nInputs) {
  return linalg_generic_isa(op) && mlirOperationGetNumResults(op) == 1 &&
         (nInputs < 0 || mlirOperationGetNumOperands(op) == nInputs + 1) &&
         mlirTypeIsARankedTensor(typeOf(mlirOperationGetResult(op, 0))) &&
         mlirShapedTypeGetRank(typeOf(mlirOperationGetResult(op, 0))) <= DLC_MAX_RANK;
}
static MlirBlock bodyOfOp(MlirOperation op) { return bodyOf(mlirOperationGetRegion(op, 0)); }
static MlirOperation yielded(MlirOperation op) {
  return opOf(mlirOperationGetOperand(mlirBlockGetTerminator(bodyOfOp(op)), 0));
}
// Whether a is a binary op on x and y, in any order.
static bool isOf(MlirOperation a, MlirValue x, MlirValue y) {
  if (!a.ptr || mlirOperationGetNumOperands(a) != 2) return false;
  MlirValue l = mlirOperationGetOperand(a, 0), r = mlirOperationGetOperand(a, 1);
  return (mlirValueEqual(l, x) && mlirValueEqual(r, y)) || (mlirValueEqual(l, y) && mlirValueEqual(r, x));
}
static bool isElementwise(MlirOperation op) {
  bool reduces[DLC_MAX_LOOPS];
  intptr_t n = dlcIteratorTypes(op, reduces, DLC_MAX_LOOPS);
  for (intptr_t i = 0; i < n; ++i)
    if (reduces[i]) return false;
  return n >= 0 && n <= DLC_MAX_LOOPS;
}
static bool isConstantFill(MlirValue v, bool (*is)(double)) {
  double number;
  return dlcFloatFilled(v, &number) && is(number);
}
static bool isZero(double v) { return v == 0; }
static bool isLowest(double v) { return v < 0 && (isinf(v) || v <= -3.4e38); }

// out += x * y.
static bool isContraction(MlirOperation op) {
  return isGeneric(op, 2) && dlcAddsProducts(op) && isConstantFill(mlirOperationGetOperand(op, 2), isZero);
}
// A reduction of one input along one loop by one op.
static bool isReduction(MlirOperation op, bool (*combines)(MlirOperation), bool (*start)(double)) {
  bool reduces[DLC_MAX_LOOPS];
  if (!isGeneric(op, 1) || isElementwise(op)) return false;
  intptr_t n = dlcIteratorTypes(op, reduces, DLC_MAX_LOOPS), count = 0;
  for (intptr_t i = 0; i < n; ++i) count += reduces[i];
  MlirBlock body = bodyOfOp(op);
  return count == 1 && combines(yielded(op)) && isOf(yielded(op), argOf(body, 0), argOf(body, 1)) &&
         isConstantFill(mlirOperationGetOperand(op, 1), start);
}

//===--- labels -----------------------------------------------------------------------===//
// Of an operand's dimensions, from those of the loops. False: it is not indexed by plain loops.
static bool labelOperand(MlirOperation op, intptr_t k, const int *loops, DlcLabelled *out) {
  MlirAffineMap map;
  *out = (DlcLabelled){.value = mlirOperationGetOperand(op, k)};
  if (!mlirTypeIsARankedTensor(typeOf(out->value)) || !dlcLinalgMap(op, k, &map)) return false;
  out->rank = mlirAffineMapGetNumResults(map);
  if (out->rank > DLC_MAX_RANK) return false;
  for (intptr_t i = 0; i < out->rank; ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsADim(e))
      out->label[i] = loops[mlirAffineDimExprGetPosition(e)];
    else if (mlirAffineExprIsAConstant(e) && mlirAffineConstantExprGetValue(e) == 0)
      out->label[i] = DLC_NO_LABEL;
    else
      return false;
  }
  return true;
}
// Of the loops that index a value which has labels; the others get `rest`.
static bool labelLoops(MlirOperation op, intptr_t k, const DlcLabelled *value, int rest, int *loops) {
  MlirAffineMap map;
  if (!dlcLinalgMap(op, k, &map) || mlirAffineMapGetNumDims(map) > DLC_MAX_LOOPS) return false;
  for (intptr_t l = 0; l < mlirAffineMapGetNumDims(map); ++l) loops[l] = rest;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
    if (!mlirAffineExprIsADim(mlirAffineMapGetResult(map, i))) return false;
    loops[mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, i))] = value->label[i];
  }
  return true;
}
static bool has(const DlcLabelled *v, int label) {
  for (intptr_t i = 0; i < v->rank; ++i)
    if (v->label[i] == label) return true;
  return false;
}
static bool sameLabels(const DlcLabelled *a, const DlcLabelled *b) {
  return mlirValueEqual(a->value, b->value) && a->rank == b->rank &&
         !memcmp(a->label, b->label, (size_t)a->rank * sizeof *a->label);
}

// Through transpositions and, where factors may be kept, products with a scalar.
static void seeThrough(DlcSoftmax *s, DlcLabelled *v, bool factors) {
  for (;;) {
    MlirOperation op = opOf(v->value);
    DlcLabelled source;
    int loops[DLC_MAX_LOOPS];
    intptr_t out = op.ptr ? mlirOperationGetNumOperands(op) - 1 : 0;
    if (!op.ptr || !(linalg_transpose_isa(op) || (factors && isGeneric(op, 2) && isElementwise(op)))) return;
    if (!labelLoops(op, out, v, DLC_NO_LABEL, loops) || !labelOperand(op, 0, loops, &source) || source.rank != v->rank)
      return;
    if (!linalg_transpose_isa(op)) {
      MlirValue scalar = mlirOperationGetOperand(op, 1);
      bool isScalar = mlirTypeIsARankedTensor(typeOf(scalar)) && mlirShapedTypeGetRank(typeOf(scalar)) == 0;
      if (!isScalar || s->nFactors == DLC_MOST_FACTORS || !arith_mulf_isa(yielded(op)) ||
          !isOf(yielded(op), argOf(bodyOfOp(op), 0), argOf(bodyOfOp(op), 1)))
        return;
      s->factor[s->nFactors++] = scalar;
    }
    *v = source;
  }
}

//===--- the pattern -------------------------------------------------------------------===//
// The second contraction: which operand is P, and what its loops are.
static bool matchOutput(MlirOperation op, DlcSoftmax *s, DlcLabelled *p) {
  bool reduces[DLC_MAX_LOOPS];
  if (!isContraction(op)) return false;
  intptr_t n = dlcIteratorTypes(op, reduces, DLC_MAX_LOOPS);
  MlirAffineMap maps[3];
  for (intptr_t k = 0; k < 3; ++k)
    if (!dlcLinalgMap(op, k, &maps[k]) || !mlirAffineMapIsProjectedPermutation(maps[k])) return false;
  for (int side = 0; side < 2; ++side) {
    MlirOperation producer = opOf(mlirOperationGetOperand(op, side));
    if (!isGeneric(producer, 2) || !arith_divf_isa(yielded(producer))) continue;
    int loops[DLC_MAX_LOOPS], count[DLC_LABELS] = {0};
    *s = (DlcSoftmax){.output = op, .divide = producer, .until = INT64_MAX};
    for (intptr_t l = 0; l < n; ++l) {
      bool inP = false, inV = false;
      for (intptr_t i = 0; i < mlirAffineMapGetNumResults(maps[side]); ++i)
        inP |= mlirAffineDimExprGetPosition(mlirAffineMapGetResult(maps[side], i)) == l;
      for (intptr_t i = 0; i < mlirAffineMapGetNumResults(maps[!side]); ++i)
        inV |= mlirAffineDimExprGetPosition(mlirAffineMapGetResult(maps[!side], i)) == l;
      loops[l] = reduces[l] ? DLC_KEYS : inP && inV ? (int)s->nBatch++ : inP ? DLC_ROWS : DLC_COLUMNS;
      if (s->nBatch > DLC_MOST_BATCH || (!inP && !inV) || (reduces[l] && !(inP && inV))) return false;
      ++count[loops[l]];
    }
    if (count[DLC_KEYS] != 1 || count[DLC_ROWS] != 1 || count[DLC_COLUMNS] != 1) return false;
    return labelOperand(op, side, loops, p) && labelOperand(op, !side, loops, &s->value) &&
           labelOperand(op, 2, loops, &s->result);
  }
  return false;
}

// The operands of an elementwise op with two: one like the result, one without the keys.
static bool matchPair(MlirOperation op, const DlcLabelled *result, DlcLabelled *like, DlcLabelled *row) {
  int loops[DLC_MAX_LOOPS];
  return isGeneric(op, 2) && isElementwise(op) && labelLoops(op, 2, result, DLC_NO_LABEL, loops) &&
         labelOperand(op, 0, loops, like) && labelOperand(op, 1, loops, row) && like->rank == result->rank &&
         row->rank == result->rank - 1 && has(like, DLC_KEYS) && !has(row, DLC_KEYS) && has(row, DLC_ROWS);
}
static intptr_t countUses(MlirValue v) {
  intptr_t n = 0;
  dlcForEachUse(use, v) ++n;
  return n;
}
// `op` reduces `of` along the keys to `row`.
static bool reducesKeys(MlirOperation op, const DlcLabelled *row, const DlcLabelled *of) {
  int loops[DLC_MAX_LOOPS];
  DlcLabelled read;
  return labelLoops(op, 1, row, DLC_KEYS, loops) && labelOperand(op, 0, loops, &read) && sameLabels(&read, of);
}
static bool matchSoftmax(DlcSoftmax *s, const DlcLabelled *p, DlcLabelled *scores) {
  DlcLabelled e, l, m;
  if (!matchPair(s->divide, p, &e, &l)) return false;
  MlirBlock body = bodyOfOp(s->divide);
  MlirOperation quotient = yielded(s->divide);
  if (!mlirValueEqual(mlirOperationGetOperand(quotient, 0), argOf(body, 0)) ||
      !mlirValueEqual(mlirOperationGetOperand(quotient, 1), argOf(body, 1)))
    return false;
  s->exponent = opOf(e.value), s->sum = opOf(l.value);
  if (!isReduction(s->sum, arith_addf_isa, isZero) || !reducesKeys(s->sum, &l, &e) || !hasOneUse(l.value) ||
      countUses(e.value) != 2 || !matchPair(s->exponent, &e, scores, &m))
    return false;
  body = bodyOfOp(s->exponent);
  MlirOperation exponential = yielded(s->exponent),
                difference = math_exp_isa(exponential) ? opOf(mlirOperationGetOperand(exponential, 0)) : exponential;
  s->max = opOf(m.value);
  return math_exp_isa(exponential) && arith_subf_isa(difference) &&
         mlirValueEqual(mlirOperationGetOperand(difference, 0), argOf(body, 0)) &&
         mlirValueEqual(mlirOperationGetOperand(difference, 1), argOf(body, 1)) &&
         (isReduction(s->max, arith_maximumf_isa, isLowest) || isReduction(s->max, arith_maxnumf_isa, isLowest)) &&
         reducesKeys(s->max, &m, scores) && hasOneUse(m.value);
}

bool dlcSoftmaxOperand(const DlcSoftmax *softmax, intptr_t step, intptr_t k, DlcLabelled *out) {
  return labelOperand(softmax->step[step], k, softmax->stepLabel[step], out);
}

// The operand of a step that is the scores before it; negative: none, or in another order as well.
static intptr_t scoresOf(MlirOperation op, const int *loops, const DlcLabelled *result, DlcLabelled *before) {
  intptr_t found = -1;
  for (intptr_t k = 0; k + 1 < mlirOperationGetNumOperands(op); ++k) {
    DlcLabelled v;
    if (!mlirTypeIsARankedTensor(typeOf(mlirOperationGetOperand(op, k)))) continue;
    if (!labelOperand(op, k, loops, &v)) return -1;
    bool isFull = v.rank == result->rank && has(&v, DLC_KEYS) && has(&v, DLC_ROWS);
    for (intptr_t i = 0; i < v.rank; ++i) isFull &= v.label[i] != DLC_NO_LABEL;
    MlirOperation producer = opOf(v.value);
    if (!isFull || !(isContraction(producer) || (isGeneric(producer, -1) && isElementwise(producer)))) continue;
    if (found >= 0 && !sameLabels(&v, before)) return -1;
    found = k, *before = v;
  }
  return found;
}
//===--- one dimension as two --------------------------------------------------------------===//
// The only group of a reassociation that has two dimensions, where all others have one; negative: none is.
static intptr_t splitAt(MlirAttribute groups) {
  intptr_t found = -1;
  for (intptr_t i = 0; i < dlcArraySize(groups); ++i) {
    intptr_t n = dlcArraySize(mlirArrayAttrGetElement(groups, i));
    if (n == 1) continue;
    if (n != 2 || found >= 0) return -1;
    found = i;
  }
  return found;
}
intptr_t dlcSoftmaxSplitAt(const DlcSoftmax *s, const DlcLabelled *v) {
  for (intptr_t i = 0; i + 1 < v->rank && s->expand.ptr; ++i)
    if (v->label[i] == s->outer && v->label[i + 1] == s->inner) return i;
  return -1;
}
intptr_t dlcSoftmaxSplitGroup(const DlcSoftmax *s) { return splitAt(dlcAttr(s->expand, "reassociation")); }
MlirValue dlcSoftmaxBefore(const DlcSoftmax *s, intptr_t step) {
  MlirValue before = mlirOperationGetResult(step ? s->step[step - 1] : s->scores, 0);
  bool isExpanded = s->expand.ptr && mlirValueEqual(tensor_expand_shape_src(s->expand), before);
  return isExpanded ? tensor_expand_shape_result(s->expand) : before;
}
static bool addInner(const DlcSoftmax *s, DlcLabelled *v) {
  for (intptr_t i = 0; i < v->rank; ++i) {
    if (v->label[i] != s->outer) continue;
    if (v->rank == DLC_MAX_RANK) return false;
    memmove(&v->label[i + 2], &v->label[i + 1], (size_t)(v->rank - i - 1) * sizeof *v->label);
    v->label[i + 1] = s->inner, ++v->rank;
    return true;
  }
  return true;
}
// Gives the second label to everything outside of the op that sees two dimensions. False: another step sees them as
// one.
static bool splitLabels(DlcSoftmax *s) {
  for (intptr_t i = 0; i < s->nSteps; ++i) {
    if (mlirValueEqual(dlcSoftmaxBefore(s, i), tensor_expand_shape_result(s->expand))) continue;
    for (intptr_t k = 0; k + 1 < mlirOperationGetNumOperands(s->step[i]); ++k) {
      DlcLabelled v;
      MlirValue operand = mlirOperationGetOperand(s->step[i], k);
      if (mlirValueEqual(operand, dlcSoftmaxBefore(s, i))) continue;
      if (mlirTypeIsARankedTensor(typeOf(operand)) && (!dlcSoftmaxOperand(s, i, k, &v) || has(&v, s->outer)))
        return false;
    }
    dlcForEachOp(op, bodyOfOp(s->step[i]))
      if (linalg_index_isa(op) && s->stepLabel[i][linalg_index_dim(op)] == s->outer) return false;
  }
  return addInner(s, &s->query) && addInner(s, &s->key) && addInner(s, &s->value) && addInner(s, &s->result);
}

static void addStep(DlcSoftmax *s, MlirOperation op) {
  memmove(&s->step[1], &s->step[0], (size_t)s->nSteps * sizeof *s->step);
  memmove(&s->stepLabel[1], &s->stepLabel[0], (size_t)s->nSteps * sizeof *s->stepLabel);
  s->step[0] = op, ++s->nSteps;
}
// A step between an expand_shape and a collapse_shape of a batch dimension: `scores` is before it then.
static bool matchSplit(DlcSoftmax *s, DlcLabelled *scores) {
  MlirOperation collapse = opOf(scores->value), op = opOf(mlirOperationGetOperand(collapse, 0));
  intptr_t at = splitAt(dlcAttr(collapse, "reassociation")), rank = scores->rank + 1;
  if (s->expand.ptr || at < 0 || rank > DLC_MAX_RANK || scores->label[at] < 0 || scores->label[at] >= DLC_ROWS ||
      s->nBatch == DLC_MOST_BATCH || s->nSteps == DLC_MOST_STEPS || !isGeneric(op, -1) || !isElementwise(op) ||
      !hasOneUse(mlirOperationGetResult(op, 0)))
    return false;
  DlcLabelled whole = {.value = mlirOperationGetResult(op, 0), .rank = rank}, v;
  s->outer = scores->label[at], s->inner = (int)s->nBatch++;
  for (intptr_t i = 0; i < rank; ++i) whole.label[i] = i == at + 1 ? s->inner : scores->label[i - (i > at)];
  addStep(s, op);
  intptr_t n = mlirOperationGetNumOperands(op) - 1;
  if (!labelLoops(op, n, &whole, DLC_NO_LABEL, s->stepLabel[0])) return false;
  for (intptr_t k = 0; k < n; ++k) {
    MlirOperation expand = opOf(mlirOperationGetOperand(op, k));
    if (!tensor_expand_shape_isa(expand) || !labelOperand(op, k, s->stepLabel[0], &v) || v.rank != rank ||
        memcmp(v.label, whole.label, (size_t)rank * sizeof *v.label))
      continue;
    if (s->expand.ptr || !hasOneUse(v.value) || !hasOneUse(tensor_expand_shape_src(expand)) ||
        !mlirAttributeEqual(dlcAttr(expand, "reassociation"), dlcAttr(collapse, "reassociation")))
      return false;
    s->expand = expand;
  }
  if (s->expand.ptr) scores->value = tensor_expand_shape_src(s->expand);
  return s->expand.ptr != NULL;
}
// From the scores up to the first contraction.
static bool matchSteps(DlcSoftmax *s, DlcLabelled *scores) {
  while (!isContraction(opOf(scores->value))) {
    MlirOperation op = opOf(scores->value);
    if (tensor_collapse_shape_isa(op)) {
      if (!matchSplit(s, scores)) return false;
      continue;
    }
    if (!isGeneric(op, -1) || !isElementwise(op) || s->nSteps == DLC_MOST_STEPS) return false;
    addStep(s, op);
    DlcLabelled before;
    if (!labelLoops(op, mlirOperationGetNumOperands(op) - 1, scores, DLC_NO_LABEL, s->stepLabel[0]) ||
        scoresOf(op, s->stepLabel[0], scores, &before) < 0)
      return false;
    dlcForEachUse(use, before.value)
      if (!mlirOperationEqual(mlirOpOperandGetOwner(use), op)) return false;
    *scores = before;
  }
  s->scores = opOf(scores->value);
  return true;
}
static bool matchScores(DlcSoftmax *s, const DlcLabelled *scores) {
  int loops[DLC_MAX_LOOPS];
  bool reduces[DLC_MAX_LOOPS];
  intptr_t n = dlcIteratorTypes(s->scores, reduces, DLC_MAX_LOOPS), count = 0;
  for (intptr_t l = 0; l < n; ++l) count += reduces[l];
  if (count != 1 || !labelLoops(s->scores, 2, scores, DLC_DEPTH, loops) ||
      !labelOperand(s->scores, 0, loops, &s->query) || !labelOperand(s->scores, 1, loops, &s->key))
    return false;
  if (has(&s->query, DLC_KEYS)) {
    DlcLabelled other = s->query;
    s->query = s->key, s->key = other;
  }
  return has(&s->query, DLC_ROWS) && !has(&s->query, DLC_KEYS) && has(&s->query, DLC_DEPTH) && has(&s->key, DLC_KEYS) &&
         !has(&s->key, DLC_ROWS) && has(&s->key, DLC_DEPTH);
}
// A transposition that alone reads the result makes it instead.
static void matchResult(DlcSoftmax *s) {
  s->result.value = mlirOperationGetResult(s->output, 0);
  if (!hasOneUse(s->result.value)) return;
  MlirOperation user = mlirOpOperandGetOwner(mlirValueGetFirstUse(s->result.value));
  int loops[DLC_MAX_LOOPS];
  DlcLabelled result;
  if (!linalg_transpose_isa(user) || !mlirOperationGetNumResults(user) ||
      !mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(s->output)) ||
      !labelLoops(user, 0, &s->result, DLC_NO_LABEL, loops) || !labelOperand(user, 1, loops, &result))
    return;
  s->result = result, s->result.value = mlirOperationGetResult(user, 0);
}

static bool isSameBlock(const DlcSoftmax *s) {
  MlirOperation ops[] = {s->scores, s->max, s->exponent, s->sum, s->divide};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; ++i)
    if (!mlirBlockEqual(mlirOperationGetBlock(ops[i]), mlirOperationGetBlock(s->output))) return false;
  return true;
}

// The keys are the dimension that the divisor lacks, the rows any other.
bool dlcSoftmaxMatchDivision(MlirOperation op, DlcSoftmax *s) {
  MlirAffineMap result, divisor;
  if (!isGeneric(op, 2) || !isElementwise(op) || !arith_divf_isa(yielded(op)) || !dlcLinalgMap(op, 2, &result) ||
      !dlcLinalgMap(op, 1, &divisor) || !mlirAffineMapIsPermutation(result) ||
      !mlirAffineMapIsProjectedPermutation(divisor))
    return false;
  *s = (DlcSoftmax){.divide = op, .until = INT64_MAX};
  DlcLabelled p = {.value = mlirOperationGetResult(op, 0), .rank = mlirAffineMapGetNumResults(result)}, scores;
  bool hasRows = false;
  for (intptr_t i = 0; i < p.rank; ++i) {
    bool inDivisor = false;
    for (intptr_t k = 0; k < mlirAffineMapGetNumResults(divisor); ++k)
      inDivisor |= mlirAffineExprEqual(mlirAffineMapGetResult(divisor, k), mlirAffineMapGetResult(result, i));
    p.label[i] = !inDivisor ? DLC_KEYS : hasRows ? (int)s->nBatch++ : DLC_ROWS;
    hasRows |= inDivisor;
  }
  return s->nBatch <= DLC_MOST_BATCH && matchSoftmax(s, &p, &scores);
}

bool dlcSoftmaxMatch(MlirOperation output, DlcSoftmax *s) {
  DlcLabelled p, scores;
  if (!matchOutput(output, s, &p) || countUses(p.value) != 1 || !matchSoftmax(s, &p, &scores) ||
      countUses(scores.value) != 2 || !matchSteps(s, &scores) || !matchScores(s, &scores) || !isSameBlock(s))
    return false;
  seeThrough(s, &s->query, true), seeThrough(s, &s->key, true), seeThrough(s, &s->value, false);
  matchResult(s);
  if (s->expand.ptr && !splitLabels(s)) return false;
  if (s->nSteps) s->until = dlcMaskedFrom(s->step[s->nSteps - 1], s->stepLabel[s->nSteps - 1]);
  return true;
}
