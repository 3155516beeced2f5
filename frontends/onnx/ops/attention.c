// Attention: scores = Q K^T, one generic that scales, caps and masks them, a
// softmax whose fully masked rows are zero, and the product with V. Scores and
// softmax are in float32 at least. Heads stay where the inputs have them: the
// products read [batch, sequence, heads, size] through their maps, and groups of
// query heads that share a key head are a dimension of their own.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }

// [batch, heads, length, size], or [batch, length, heads, size] when swapped.
typedef struct {
  OnnxValue *v;
  bool swapped;
  OnnxIndex batch, heads, length, size;
} Heads;
static Heads readHeads(OnnxContext *ctx, OnnxValue *v, int64_t heads, const char *attribute) {
  Heads h = {.v = v};
  if (onnxFailed(ctx)) return h;
  if (v->rank == 4) {
    h.batch = v->dims[0], h.heads = v->dims[1], h.length = v->dims[2], h.size = v->dims[3];
    return h;
  }
  if (v->rank != 3) return onnxInvalid(ctx, "an input of rank %d", v->rank), h;
  if (heads < 1) return onnxInvalid(ctx, "attribute %s = %lld with inputs of rank 3", attribute, (long long)heads), h;
  h.swapped = true, h.batch = v->dims[0], h.length = v->dims[1], h.heads = onnxConst(heads),
  h.size = onnxDiv(ctx, v->dims[2], h.heads);
  h.v = onnxReshape(ctx, v, 4, (OnnxIndex[]){h.batch, h.length, h.heads, h.size});
  return h;
}
static Heads unswap(OnnxContext *ctx, Heads h) {
  if (h.swapped) h.v = onnxTranspose(ctx, h.v, (int64_t[]){0, 2, 1, 3}), h.swapped = false;
  return h;
}
// Past and new keys or values in one tensor.
static Heads append(OnnxContext *ctx, OnnxValue *past, Heads h) {
  h = unswap(ctx, h);
  if (!past || !h.v) return h;
  if (past->rank != 4) return onnxInvalid(ctx, "a past state of rank %d", past->rank), h;
  h.v = onnxConcat(ctx, 2, (OnnxValue *[]){past, h.v}, 2);
  if (h.v) h.length = h.v->dims[2];
  return h;
}

//===--- masks ---
typedef struct {
  OnnxElement element, mask;
  double scale, cap;
  bool hasMask, hasLengths, causal, hasOffset;
  int64_t left, right; // of the window; negative: open
  MlirValue offset;    // keys before the first query, int64; of the batch when there are lengths
  MlirValue queries;   // int64
} MaskData;
static MlirValue scaleBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  MaskData *d = data;
  return arith_mulf(B, in[0], onnxConstantScalar(ctx, d->element, d->scale));
}
static MlirValue capBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  MaskData *d = data;
  MlirValue cap = onnxConstantScalar(ctx, d->element, d->cap);
  return arith_mulf(B, cap, math_tanh(B, arith_divf(B, in[0], cap)));
}
static MlirValue integer(OnnxContext *ctx, int64_t x) { return onnxConstantInt(ctx, ONNX_INT64, x); }
static MlirValue loopNumber(OnnxContext *ctx, int loop) {
  return arith_index_cast(B, linalg_index(B, .dim = loop), mlirIntegerTypeGet(B->ctx, 64));
}
static MlirValue both(OnnxContext *ctx, MlirValue a, MlirValue b) { return isNull(a) ? b : arith_andi(B, a, b); }
// Whether query i may see key j, by position alone; null: always.
static MlirValue isVisible(OnnxContext *ctx, const MaskData *d, MlirValue length) {
  MlirValue allowed = {0}, j = loopNumber(ctx, 3), at = loopNumber(ctx, 2);
  if (d->hasLengths)
    at = arith_addi(B, at, arith_subi(B, length, d->queries));
  else if (d->hasOffset)
    at = arith_addi(B, at, d->offset);
  if (d->causal) allowed = both(ctx, allowed, arith_cmpi(B, arith_CmpIPredicate_sle, j, at));
  if (d->left >= 0)
    allowed = both(ctx, allowed, arith_cmpi(B, arith_CmpIPredicate_sge, j, arith_subi(B, at, integer(ctx, d->left))));
  if (d->right >= 0)
    allowed = both(ctx, allowed, arith_cmpi(B, arith_CmpIPredicate_sle, j, arith_addi(B, at, integer(ctx, d->right))));
  if (d->hasLengths) allowed = both(ctx, allowed, arith_cmpi(B, arith_CmpIPredicate_slt, j, length));
  return allowed;
}
// A key that is not to be seen gets -inf whatever its score, so that a NaN there does no harm.
static MlirValue maskBody(OnnxContext *ctx, const MlirValue *in, void *data) { // score, mask, lengths
  MaskData *d = data;
  MlirValue none = onnxConstantScalar(ctx, d->element, -INFINITY), score = in[0];
  MlirValue allowed = isVisible(ctx, d, d->hasLengths ? in[1 + d->hasMask] : score);
  if (d->hasMask && d->mask == ONNX_BOOL)
    allowed = both(ctx, allowed, in[1]);
  else if (d->hasMask) {
    MlirValue bias = onnxConvert(ctx, in[1], d->mask, d->element);
    allowed = both(ctx, allowed, arith_cmpf(B, arith_CmpFPredicate_UNE, bias, none));
    score = arith_addf(B, score, bias);
  }
  return isNull(allowed) ? score : arith_select(B, allowed, score, none);
}
// The mask may end before the keys do: the rest is not seen.
static OnnxValue *widenMask(OnnxContext *ctx, OnnxValue *mask, OnnxIndex keys) {
  if (mask->rank < 1 || mask->rank > 4) return onnxInvalid(ctx, "attn_mask has rank %d", mask->rank), NULL;
  if (mask->element != ONNX_BOOL && !onnxIsFloat(mask->element)) return onnxRefuseElement(ctx, mask), NULL;
  OnnxIndex low[4], high[4], length = mask->dims[mask->rank - 1];
  if (onnxSameIndex(length, keys) || onnxIs(keys, 1)) return mask;
  for (int i = 0; i < mask->rank; ++i) low[i] = high[i] = onnxConst(0);
  high[mask->rank - 1] = onnxSub(ctx, keys, length);
  if (onnxIsConst(high[mask->rank - 1]) && high[mask->rank - 1].constant < 0)
    return mask; // too long: broadcasting says so
  MlirValue fill = mask->element == ONNX_BOOL ? onnxConstantInt(ctx, ONNX_BOOL, 0)
                                              : onnxConstantScalar(ctx, mask->element, -INFINITY);
  return onnxPad(ctx, mask, low, high, fill);
}
static OnnxValue *maskScores(OnnxContext *ctx, OnnxValue *scores, OnnxValue *mask, OnnxValue *lengths, MaskData *d) {
  OnnxValue *inputs[3] = {scores};
  int n = 1;
  d->hasMask = mask != NULL, d->hasLengths = lengths != NULL;
  if (!d->hasMask && !d->hasLengths && !d->causal && d->left < 0 && d->right < 0) return scores;
  if (mask) {
    mask = widenMask(ctx, mask, scores->dims[3]);
    if (!mask) return NULL;
    d->mask = mask->element, inputs[n++] = mask;
  }
  if (lengths) {
    if (lengths->rank != 1) return onnxInvalid(ctx, "nonpad_kv_seqlen is no vector"), NULL;
    OnnxIndex one = onnxConst(1);
    inputs[n++] =
        onnxReshape(ctx, onnxCast(ctx, lengths, ONNX_INT64), 4, (OnnxIndex[]){lengths->dims[0], one, one, one});
    d->queries = arith_index_cast(B, onnxIndexValue(ctx, scores->dims[2]), mlirIntegerTypeGet(B->ctx, 64));
  }
  return onnxElementwise(ctx, n, inputs, scores->element, maskBody, d, ONNX_EXACT_TYPES);
}

//===--- softmax over keys; a row without a key is zero ---
static MlirValue expBody(OnnxContext *ctx, const MlirValue *in, void *data) { // score, maximum
  MaskData *d = data;
  MlirValue zero = onnxConstantScalar(ctx, d->element, 0), none = onnxConstantScalar(ctx, d->element, -INFINITY);
  MlirValue isEmpty = arith_cmpf(B, arith_CmpFPredicate_OEQ, in[1], none);
  return math_exp(B, arith_subf(B, in[0], arith_select(B, isEmpty, zero, in[1])));
}
static MlirValue shareBody(OnnxContext *ctx, const MlirValue *in, void *data) { // power, sum
  MaskData *d = data;
  MlirValue isEmpty = arith_cmpf(B, arith_CmpFPredicate_OEQ, in[1], onnxConstantScalar(ctx, d->element, 0));
  return arith_divf(B, in[0], arith_select(B, isEmpty, onnxConstantScalar(ctx, d->element, 1), in[1]));
}
static OnnxValue *softmax(OnnxContext *ctx, OnnxValue *x, int64_t precision) {
  if (!x) return NULL;
  if (precision) x = onnxCast(ctx, x, (OnnxElement)precision);
  if (!x) return NULL;
  bool mask[4] = {false, false, false, true};
  MaskData d = {.element = onnxWide(x->element)};
  OnnxValue *max = onnxReduceWith(ctx, ONNX_REDUCE_MAX, x, mask, true);
  OnnxValue *powers = onnxElementwise(ctx, 2, (OnnxValue *[]){x, max}, d.element, expBody, &d, ONNX_WIDEN);
  OnnxValue *sum = onnxReduceWith(ctx, ONNX_REDUCE_SUM, powers, mask, true);
  return onnxElementwise(ctx, 2, (OnnxValue *[]){powers, sum}, x->element, shareBody, &d, ONNX_WIDEN);
}

//===--- the two products ---
typedef struct {
  int64_t groups;
  int g;           // 1 when groups are a loop of their own
  OnnxIndex heads; // of the keys
} Grouping;
static bool findGrouping(OnnxContext *ctx, Heads q, Heads k, Grouping *out) {
  out->heads = k.heads, out->groups = 1, out->g = 0;
  if (onnxSameIndex(q.heads, k.heads)) return true;
  if (!onnxIsConst(q.heads) || !onnxIsConst(k.heads))
    return onnxRequireEqual(ctx, q.heads, k.heads, "the numbers of heads"), !onnxFailed(ctx);
  if (k.heads.constant < 1 || q.heads.constant % k.heads.constant)
    return onnxInvalid(ctx, "%lld query heads and %lld key heads", (long long)q.heads.constant,
                       (long long)k.heads.constant),
           false;
  out->groups = q.heads.constant / k.heads.constant, out->g = 1;
  return true;
}
// A tensor over query heads with the group as a dimension of its own; `at` is the dimension of heads.
static OnnxValue *splitGroups(OnnxContext *ctx, OnnxValue *x, int at, const Grouping *by) {
  if (!by->g || !x) return x;
  OnnxIndex dims[5];
  for (int i = 0; i < 5; ++i)
    dims[i] = i < at ? x->dims[i] : i == at ? by->heads : i == at + 1 ? onnxConst(by->groups) : x->dims[i - 1];
  return onnxReshape(ctx, x, 5, dims);
}
// Loops batch, head, (group), query, key, size.
static OnnxValue *multiplyScores(OnnxContext *ctx, Heads q, Heads k, const Grouping *by, OnnxElement e) {
  int g = by->g, loops = 5 + g, query = 2 + g, key = 3 + g, size = 4 + g;
  OnnxValue *grouped = splitGroups(ctx, q.v, q.swapped ? 2 : 1, by);
  int plain[] = {0, 1, 2, query, size}, swapped[] = {0, query, 1, 2, size}, out[] = {0, 1, 2, query, key};
  if (!g) plain[2] = query, plain[3] = size, swapped[3] = size, out[2] = query, out[3] = key;
  MlirAffineMap mapQ = onnxMap(ctx, loops, 4 + g, q.swapped ? swapped : plain),
                mapOut = onnxMap(ctx, loops, 4 + g, out);
  MlirAffineMap mapK = onnxMap(ctx, loops, 4, k.swapped ? (int[]){0, key, 1, size} : (int[]){0, 1, key, size});
  OnnxIndex dims[] = {q.batch, by->heads, onnxConst(by->groups), q.length, k.length},
            flat[] = {q.batch, q.heads, q.length, k.length};
  const OnnxIndex *shape = g ? dims : flat;
  MlirValue r =
      onnxContract(ctx, g ? "pppppr" : "ppppr", grouped, mapQ, k.v, mapK, e, onnxZeros(ctx, e, 4 + g, shape), mapOut);
  return onnxReshape(ctx, onnxNewTensor(ctx, e, 4 + g, shape, r), 4, flat);
}
// Loops batch, head, (group), query, size, key.
static OnnxValue *multiplyValues(OnnxContext *ctx, OnnxValue *weights, Heads q, Heads v, const Grouping *by,
                                 OnnxElement e) {
  int g = by->g, loops = 5 + g, query = 2 + g, size = 3 + g, key = 4 + g;
  OnnxValue *grouped = splitGroups(ctx, weights, 1, by);
  int in[] = {0, 1, 2, query, key}, plain[] = {0, 1, 2, query, size}, swapped[] = {0, query, 1, 2, size};
  if (!g) in[2] = query, in[3] = key, plain[2] = query, plain[3] = size, swapped[3] = size;
  MlirAffineMap mapV = onnxMap(ctx, loops, 4, v.swapped ? (int[]){0, key, 1, size} : (int[]){0, 1, key, size});
  OnnxIndex groups = onnxConst(by->groups), dims[5];
  OnnxIndex whole[] = {q.batch, by->heads, groups, q.length, v.size},
            moved[] = {q.batch, q.length, by->heads, groups, v.size};
  memcpy(dims, q.swapped ? moved : whole, sizeof dims);
  if (!g) memmove(dims + (q.swapped ? 3 : 2), dims + (q.swapped ? 4 : 3), sizeof *dims * (q.swapped ? 1 : 2));
  MlirValue r = onnxContract(ctx, g ? "pppppr" : "ppppr", grouped, onnxMap(ctx, loops, 4 + g, in), v.v, mapV, e,
                             onnxZeros(ctx, e, 4 + g, dims), onnxMap(ctx, loops, 4 + g, q.swapped ? swapped : plain));
  OnnxValue *y = onnxNewTensor(ctx, e, 4 + g, dims, r);
  if (!q.swapped) return onnxReshape(ctx, y, 4, (OnnxIndex[]){q.batch, q.heads, q.length, v.size});
  return onnxReshape(ctx, y, 3, (OnnxIndex[]){q.batch, q.length, onnxMul(ctx, q.heads, v.size)});
}

//===--- the operator ---
typedef struct {
  int64_t queryHeads, keyHeads, precision, mode;
  double scale;
  MaskData mask;
} Settings;
static bool readSettings(OnnxContext *ctx, OnnxNode *node, Settings *s) {
  *s =
      (Settings){.queryHeads = onnxInt(ctx, node, "q_num_heads", 0), .keyHeads = onnxInt(ctx, node, "kv_num_heads", 0)};
  s->precision = onnxInt(ctx, node, "softmax_precision", 0), s->mode = onnxInt(ctx, node, "qk_matmul_output_mode", 0);
  s->scale = onnxFloat(ctx, node, "scale", 0);
  s->mask.cap = onnxFloat(ctx, node, "softcap", 0), s->mask.causal = onnxInt(ctx, node, "is_causal", 0) != 0;
  s->mask.left = node->opset >= 25 ? onnxInt(ctx, node, "left_window_size", -1) : -1;
  s->mask.right = node->opset >= 25 ? onnxInt(ctx, node, "right_window_size", -1) : -1;
  if (s->precision && !onnxIsFloat((OnnxElement)s->precision))
    return onnxRefuse(ctx, "attribute softmax_precision = %lld is not supported", (long long)s->precision), false;
  if (s->mode < 0 || s->mode > 3)
    return onnxInvalid(ctx, "attribute qk_matmul_output_mode = %lld", (long long)s->mode), false;
  if (s->mask.left < -1 || s->mask.right < -1) return onnxInvalid(ctx, "a window of negative size"), false;
  for (int i = 0; i < 3; ++i)
    if (!onnxIsFloat(node->inputs[i]->element)) return onnxRefuseElement(ctx, node->inputs[i]), false;
  if (!optional(node, 4) != !optional(node, 5))
    return onnxInvalid(ctx, "past_key without past_value, or the reverse"), false;
  if (optional(node, 4) && optional(node, 6)) return onnxInvalid(ctx, "both past_key and nonpad_kv_seqlen"), false;
  return !onnxFailed(ctx);
}
static void setScale(OnnxContext *ctx, OnnxNode *node, Settings *s, Heads q) {
  if (s->scale != 0)
    s->mask.scale = s->scale;
  else if (onnxHasAttribute(node, "scale"))
    s->mask.scale = 0;
  else if (onnxIsConst(q.size) && q.size.constant > 0)
    s->mask.scale = 1 / sqrt((double)q.size.constant);
  else
    onnxRefuse(ctx, "without attribute scale, a dynamic head size is not supported");
}
static void lowerAttention(OnnxContext *ctx, OnnxNode *node) {
  Settings s;
  if (!readSettings(ctx, node, &s)) return;
  OnnxValue *past = optional(node, 4), *lengths = optional(node, 6);
  Heads q = readHeads(ctx, node->inputs[0], s.queryHeads, "q_num_heads");
  Heads k = readHeads(ctx, node->inputs[1], s.keyHeads, "kv_num_heads"),
        v = readHeads(ctx, node->inputs[2], s.keyHeads, "kv_num_heads");
  if (past || onnxWantsOutput(node, 1)) k = append(ctx, past, k);
  if (past || onnxWantsOutput(node, 2)) v = append(ctx, optional(node, 5), v);
  Grouping by;
  if (onnxFailed(ctx) || !findGrouping(ctx, q, k, &by)) return;
  onnxRequireEqual(ctx, q.batch, k.batch, "batch sizes"), onnxRequireEqual(ctx, k.batch, v.batch, "batch sizes");
  onnxRequireEqual(ctx, k.heads, v.heads, "the numbers of heads"),
      onnxRequireEqual(ctx, k.length, v.length, "the lengths of keys and values");
  setScale(ctx, node, &s, q);
  OnnxElement result = node->inputs[0]->element, e = onnxWide(result);
  s.mask.element = e;
  OnnxValue *raw = multiplyScores(ctx, q, k, &by, e), *capped, *masked, *weights;
  if (!raw) return;
  capped = raw = onnxElementwise(ctx, 1, &raw, e, scaleBody, &s.mask, ONNX_EXACT_TYPES);
  if (s.mask.cap > 0) capped = onnxElementwise(ctx, 1, &raw, e, capBody, &s.mask, ONNX_EXACT_TYPES);
  if ((s.mask.hasOffset = past != NULL))
    s.mask.offset = arith_index_cast(B, onnxIndexValue(ctx, past->dims[2]), mlirIntegerTypeGet(B->ctx, 64));
  if (!capped || onnxFailed(ctx)) return;
  masked = maskScores(ctx, capped, optional(node, 3), lengths, &s.mask);
  weights = softmax(ctx, masked, s.precision);
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, multiplyValues(ctx, weights, q, v, &by, e), result));
  if (onnxWantsOutput(node, 1)) onnxSetOutput(ctx, node, 1, k.v);
  if (onnxWantsOutput(node, 2)) onnxSetOutput(ctx, node, 2, v.v);
  if (onnxWantsOutput(node, 3))
    onnxSetOutput(ctx, node, 3,
                  onnxCast(ctx,
                           s.mode == 0   ? raw
                           : s.mode == 1 ? capped
                           : s.mode == 2 ? masked
                                         : weights,
                           result));
}

const OnnxOperator dlcOnnxAttention[] = {{"Attention", 23, 0, 3, 7, lowerAttention}, {0}};
