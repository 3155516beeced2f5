// RNN, GRU and LSTM: the inputs of all steps are multiplied at once, then a
// ctrl.loop carries the state, one direction after the other. Steps behind the
// end of a sequence leave its state alone and give zeros.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }

//===--- activations ---
typedef struct {
  const char *name;
  bool hasAlpha, hasBeta;
  double alpha, beta;
} Activation;
static const Activation activations[] = {
    {"Sigmoid", false, false, 0, 0},        {"Tanh", false, false, 0, 0},         {"Relu", false, false, 0, 0},
    {"Softsign", false, false, 0, 0},       {"Softplus", false, false, 0, 0},     {"LeakyRelu", true, false, 0.01, 0},
    {"ThresholdedRelu", true, false, 1, 0}, {"Elu", true, false, 1, 0},           {"Affine", true, true, 1, 0},
    {"ScaledTanh", true, true, 1, 1},       {"HardSigmoid", true, true, 0.2, 0.5}};
static MlirValue activate(OnnxContext *ctx, const Activation *f, OnnxElement e, MlirValue x) {
#define NUMBER(c) onnxConstantScalar(ctx, e, c)
#define IS(text) (!strcmp(f->name, text))
  MlirValue zero = NUMBER(0), one = NUMBER(1), alpha = NUMBER(f->alpha), beta = NUMBER(f->beta);
  MlirValue negative = arith_cmpf(B, arith_CmpFPredicate_OLT, x, zero);
  if (IS("Sigmoid")) return arith_divf(B, one, arith_addf(B, one, math_exp(B, arith_negf(B, x))));
  if (IS("Tanh")) return math_tanh(B, x);
  if (IS("Relu")) return arith_maximumf(B, x, zero);
  if (IS("Softsign")) return arith_divf(B, x, arith_addf(B, one, math_absf(B, x)));
  if (IS("Softplus"))
    return arith_addf(B, arith_maximumf(B, x, zero), math_log1p(B, math_exp(B, arith_negf(B, math_absf(B, x)))));
  if (IS("LeakyRelu")) return arith_select(B, negative, arith_mulf(B, alpha, x), x);
  if (IS("ThresholdedRelu")) return arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OGT, x, alpha), x, zero);
  if (IS("Elu")) return arith_select(B, negative, arith_mulf(B, alpha, math_expm1(B, x)), x);
  if (IS("Affine")) return arith_addf(B, arith_mulf(B, alpha, x), beta);
  if (IS("ScaledTanh")) return arith_mulf(B, alpha, math_tanh(B, arith_mulf(B, beta, x)));
  return arith_maximumf(B, zero, arith_minimumf(B, one, arith_addf(B, arith_mulf(B, alpha, x), beta)));
#undef NUMBER
#undef IS
}

//===--- what the node asks for ---
typedef enum { RNN, GRU, LSTM } Kind;
typedef struct {
  Kind kind;
  OnnxElement element, result;
  int gates, functions, directions;
  bool firstReverse, batchFirst, coupled, resetLater, limited;
  double limit;
  OnnxIndex length, batch, hidden;
  Activation activation[6];
  OnnxValue *x, *lengths, *weight, *recurrence, *bias, *peephole, *initial, *initialCell;
} Recurrent;
// alpha and beta are lists that the activations consume in order, each where it has such a number.
static void readActivations(OnnxContext *ctx, OnnxNode *node, Recurrent *r) {
  static const char *const defaults[][3] = {{"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}};
  const char *const *names;
  const float *alphas, *betas;
  int n = onnxStrings(ctx, node, "activations", &names), wanted = r->functions * r->directions, alpha = 0, beta = 0;
  int alphaCount = onnxFloats(ctx, node, "activation_alpha", &alphas),
      betaCount = onnxFloats(ctx, node, "activation_beta", &betas);
  if (n && n != wanted) return onnxInvalid(ctx, "attribute activations has %d entries, not %d", n, wanted);
  for (int i = 0; i < wanted; ++i) {
    const char *name = n ? names[i] : defaults[r->kind][i % r->functions];
    size_t k = 0, count = sizeof activations / sizeof *activations;
    while (k < count && strcmp(activations[k].name, name)) ++k;
    if (k == count) return onnxRefuse(ctx, "attribute activations: \"%.100s\" is not supported", name);
    Activation *f = &r->activation[i];
    *f = activations[k];
    if (f->hasAlpha && alpha < alphaCount) f->alpha = (double)alphas[alpha++];
    if (f->hasBeta && beta < betaCount) f->beta = (double)betas[beta++];
  }
  if (alpha < alphaCount)
    return onnxInvalid(ctx, "attribute activation_alpha has %d entries, its activations take %d", alphaCount, alpha);
  if (beta < betaCount)
    return onnxInvalid(ctx, "attribute activation_beta has %d entries, its activations take %d", betaCount, beta);
}
static void checkShape(OnnxContext *ctx, const OnnxValue *v, const char *what, int rank, const OnnxIndex *dims) {
  if (!v || onnxFailed(ctx)) return;
  if (v->rank != rank) return onnxInvalid(ctx, "%s has rank %d", what, v->rank);
  for (int i = 0; i < rank; ++i) onnxRequireEqual(ctx, v->dims[i], dims[i], what);
}
static OnnxValue *swapBatch(OnnxContext *ctx, OnnxValue *v) {
  return v && v->rank == 3 ? onnxTranspose(ctx, v, (int64_t[]){1, 0, 2}) : v;
}
static bool readRecurrent(OnnxContext *ctx, OnnxNode *node, Recurrent *r) {
  r->kind = !strcmp(node->type, "RNN") ? RNN : !strcmp(node->type, "GRU") ? GRU : LSTM;
  r->gates = r->kind == RNN ? 1 : r->kind == GRU ? 3 : 4, r->functions = 1 + (int)r->kind;
  const char *direction = onnxString(ctx, node, "direction", "forward");
  r->directions = !strcmp(direction, "bidirectional") ? 2 : 1, r->firstReverse = !strcmp(direction, "reverse");
  if (r->directions == 1 && !r->firstReverse && strcmp(direction, "forward"))
    return onnxInvalid(ctx, "attribute direction = \"%s\"", direction), false;
  r->batchFirst = node->opset >= 14 && onnxInt(ctx, node, "layout", 0);
  r->coupled = r->kind == LSTM && onnxInt(ctx, node, "input_forget", 0),
  r->resetLater = r->kind == GRU && onnxInt(ctx, node, "linear_before_reset", 0);
  r->limited = onnxHasAttribute(node, "clip"), r->limit = onnxFloat(ctx, node, "clip", 0);
  int64_t hidden = onnxInt(ctx, node, "hidden_size", 0);
  r->x = node->inputs[0], r->weight = node->inputs[1], r->recurrence = node->inputs[2];
  r->bias = optional(node, 3), r->lengths = optional(node, 4), r->initial = optional(node, 5);
  if (r->kind == LSTM) r->initialCell = optional(node, 6), r->peephole = optional(node, 7);
  r->result = r->x->element, r->element = onnxWide(r->result);
  readActivations(ctx, node, r);
  if (!onnxIsFloat(r->result)) return onnxRefuseElement(ctx, r->x), false;
  if (r->x->rank != 3 || r->recurrence->rank != 3)
    return onnxInvalid(ctx, "operands of rank %d and %d", r->x->rank, r->recurrence->rank), false;
  if (r->batchFirst)
    r->x = swapBatch(ctx, r->x), r->initial = swapBatch(ctx, r->initial),
    r->initialCell = swapBatch(ctx, r->initialCell);
  if (onnxFailed(ctx)) return false;
  r->length = r->x->dims[0], r->batch = r->x->dims[1], r->hidden = r->recurrence->dims[2];
  OnnxIndex d = onnxConst(r->directions), rows = onnxMul(ctx, r->hidden, onnxConst(r->gates));
  if (hidden) onnxRequireEqual(ctx, r->hidden, onnxConst(hidden), "attribute hidden_size and the recurrence weight");
  checkShape(ctx, r->weight, "sizes of the weight", 3, (OnnxIndex[]){d, rows, r->x->dims[2]});
  checkShape(ctx, r->recurrence, "sizes of the recurrence weight", 3, (OnnxIndex[]){d, rows, r->hidden});
  checkShape(ctx, r->bias, "sizes of the bias", 2, (OnnxIndex[]){d, onnxMul(ctx, rows, onnxConst(2))});
  checkShape(ctx, r->lengths, "the size of sequence_lens", 1, &r->batch);
  checkShape(ctx, r->initial, "sizes of initial_h", 3, (OnnxIndex[]){d, r->batch, r->hidden});
  checkShape(ctx, r->initialCell, "sizes of initial_c", 3, (OnnxIndex[]){d, r->batch, r->hidden});
  checkShape(ctx, r->peephole, "sizes of the peephole weights", 2,
             (OnnxIndex[]){d, onnxMul(ctx, r->hidden, onnxConst(3))});
  return !onnxFailed(ctx);
}

//===--- parts ---
// x[at, ...] of a tensor of rank 2 or 3, without its first dimension, in the wide type.
static OnnxValue *takeFirst(OnnxContext *ctx, OnnxValue *x, OnnxIndex at, OnnxElement e) {
  if (!x || onnxFailed(ctx)) return NULL;
  OnnxIndex offsets[3] = {at, onnxConst(0), onnxConst(0)}, sizes[3] = {onnxConst(1)}, steps[3];
  for (int i = 0; i < x->rank; ++i) {
    steps[i] = onnxConst(1);
    if (i) sizes[i] = x->dims[i];
  }
  return onnxCast(ctx, onnxReshape(ctx, onnxSlice(ctx, x, offsets, sizes, steps), x->rank - 1, sizes + 1), e);
}
// `count` blocks of hidden elements of the last dimension, beginning with block `first`.
static OnnxValue *takeGates(OnnxContext *ctx, const Recurrent *r, OnnxValue *x, int dim, int first, int count) {
  if (!x || onnxFailed(ctx)) return NULL;
  OnnxIndex offsets[3], sizes[3], steps[3];
  for (int i = 0; i < x->rank; ++i) offsets[i] = onnxConst(0), sizes[i] = x->dims[i], steps[i] = onnxConst(1);
  offsets[dim] = onnxMul(ctx, r->hidden, onnxConst(first)), sizes[dim] = onnxMul(ctx, r->hidden, onnxConst(count));
  return onnxSlice(ctx, x, offsets, sizes, steps);
}
// Both biases in one vector; that of the GRU's candidate stays apart when the reset comes later.
static OnnxValue *sumBias(OnnxContext *ctx, const Recurrent *r, OnnxValue *bias, OnnxValue **apart) {
  *apart = NULL;
  if (!bias) return NULL;
  OnnxValue *ofInput = takeGates(ctx, r, bias, 0, 0, r->gates),
            *ofState = takeGates(ctx, r, bias, 0, r->gates, r->gates);
  if (!r->resetLater) return onnxBinary(ctx, ONNX_ADD, ofInput, ofState);
  *apart = takeGates(ctx, r, ofState, 0, 2, 1);
  OnnxValue *both = onnxBinary(ctx, ONNX_ADD, takeGates(ctx, r, ofInput, 0, 0, 2), takeGates(ctx, r, ofState, 0, 0, 2));
  OnnxValue *parts[] = {both, takeGates(ctx, r, ofInput, 0, 2, 1)};
  return both && parts[1] ? onnxConcat(ctx, 2, parts, 0) : NULL;
}
// The products of the inputs of all steps, [length, batch, gates * hidden].
static OnnxValue *multiplyInputs(OnnxContext *ctx, const Recurrent *r, OnnxValue *weight, OnnxValue *bias) {
  if (!weight || onnxFailed(ctx)) return NULL;
  OnnxIndex dims[] = {r->length, r->batch, weight->dims[0]};
  MlirValue init = bias ? onnxTensor(ctx, onnxExpand(ctx, bias, 3, dims)) : onnxZeros(ctx, r->element, 3, dims);
  MlirValue y = onnxContract(ctx, "pppr", onnxCast(ctx, r->x, r->element), onnxMap(ctx, 4, 3, (int[]){0, 1, 3}), weight,
                             onnxMap(ctx, 4, 2, (int[]){2, 3}), r->element, init, onnxMap(ctx, 4, 3, (int[]){0, 1, 2}));
  return onnxNewTensor(ctx, r->element, 3, dims, y);
}
// start + h R^T
static OnnxValue *multiplyState(OnnxContext *ctx, const Recurrent *r, OnnxValue *h, OnnxValue *recurrence,
                                OnnxValue *start) {
  if (!h || !recurrence || onnxFailed(ctx)) return NULL;
  OnnxIndex dims[] = {r->batch, recurrence->dims[0]};
  MlirValue init = start ? onnxTensor(ctx, onnxExpand(ctx, start, 2, dims)) : onnxZeros(ctx, r->element, 2, dims);
  MlirValue y = onnxContract(ctx, "ppr", h, onnxMap(ctx, 3, 2, (int[]){0, 2}), recurrence,
                             onnxMap(ctx, 3, 2, (int[]){1, 2}), r->element, init, onnxMap(ctx, 3, 2, (int[]){0, 1}));
  return onnxNewTensor(ctx, r->element, 2, dims, y);
}

//===--- one step ---
typedef struct {
  const Recurrent *r;
  const Activation *f;
  OnnxValue *inputs, *recurrence, *apart, *peephole[3]; // of this direction
  int direction;
  bool reverse, wantsAll;
  MlirValue step; // int32, while a step is built
} Direction;
static MlirValue gate(OnnxContext *ctx, const Direction *d, int f, MlirValue x) {
  OnnxElement e = d->r->element;
  if (d->r->limited)
    x = arith_maximumf(B, arith_minimumf(B, x, onnxConstantScalar(ctx, e, d->r->limit)),
                       onnxConstantScalar(ctx, e, -d->r->limit));
  return activate(ctx, &d->f[f], e, x);
}
static MlirValue plainBody(OnnxContext *ctx, const MlirValue *in, void *data) { return gate(ctx, data, 0, in[0]); }
static MlirValue oneMinus(OnnxContext *ctx, const Direction *d, MlirValue x) {
  return arith_subf(B, onnxConstantScalar(ctx, d->r->element, 1), x);
}
static MlirValue cellBody(OnnxContext *ctx, const MlirValue *in,
                          void *data) { // input, forget, candidate, c, peepholes of input, forget
  Direction *d = data;
  MlirValue i = in[0], f = in[1];
  if (d->peephole[0])
    i = arith_addf(B, i, arith_mulf(B, in[4], in[3])), f = arith_addf(B, f, arith_mulf(B, in[5], in[3]));
  i = gate(ctx, d, 0, i), f = d->r->coupled ? oneMinus(ctx, d, i) : gate(ctx, d, 0, f);
  return arith_addf(B, arith_mulf(B, f, in[3]), arith_mulf(B, i, gate(ctx, d, 1, in[2])));
}
static MlirValue hiddenBody(OnnxContext *ctx, const MlirValue *in, void *data) { // output, c, peephole
  Direction *d = data;
  MlirValue o = in[0];
  if (d->peephole[0]) o = arith_addf(B, o, arith_mulf(B, in[2], in[1]));
  return arith_mulf(B, gate(ctx, d, 0, o), activate(ctx, &d->f[2], d->r->element, in[1]));
}
static MlirValue resetBody(OnnxContext *ctx, const MlirValue *in, void *data) { // reset, h or its product
  return arith_mulf(B, gate(ctx, data, 0, in[0]), in[1]);
}
static MlirValue updateBody(OnnxContext *ctx, const MlirValue *in,
                            void *data) { // update, candidate, h, part of the candidate
  Direction *d = data;
  MlirValue z = gate(ctx, d, 0, in[0]), candidate = in[1];
  if (d->r->resetLater) candidate = arith_addf(B, candidate, in[3]);
  return arith_addf(B, arith_mulf(B, oneMinus(ctx, d, z), gate(ctx, d, 1, candidate)), arith_mulf(B, z, in[2]));
}
static OnnxValue *combine(OnnxContext *ctx, Direction *d, int n, OnnxValue *const *inputs, OnnxBody body) {
  return onnxElementwise(ctx, n, inputs, d->r->element, body, d, ONNX_EXACT_TYPES);
}
static OnnxValue *stepGRU(OnnxContext *ctx, Direction *d, OnnxValue *x, OnnxValue *h) {
  const Recurrent *r = d->r;
  OnnxValue *two = multiplyState(ctx, r, h, takeGates(ctx, r, d->recurrence, 0, 0, 2), takeGates(ctx, r, x, 1, 0, 2));
  OnnxValue *update = takeGates(ctx, r, two, 1, 0, 1), *reset = takeGates(ctx, r, two, 1, 1, 1),
            *candidate = takeGates(ctx, r, x, 1, 2, 1);
  OnnxValue *weight = takeGates(ctx, r, d->recurrence, 0, 2, 1), *part = NULL;
  if (r->resetLater)
    part = combine(ctx, d, 2, (OnnxValue *[]){reset, multiplyState(ctx, r, h, weight, d->apart)}, resetBody);
  else
    candidate = multiplyState(ctx, r, combine(ctx, d, 2, (OnnxValue *[]){reset, h}, resetBody), weight, candidate);
  return combine(ctx, d, 3 + r->resetLater, (OnnxValue *[]){update, candidate, h, part}, updateBody);
}
static OnnxValue *stepLSTM(OnnxContext *ctx, Direction *d, OnnxValue *x, OnnxValue *h, OnnxValue **c) {
  const Recurrent *r = d->r;
  OnnxValue *all = multiplyState(ctx, r, h, d->recurrence, x);
  OnnxValue *in = takeGates(ctx, r, all, 1, 0, 1), *out = takeGates(ctx, r, all, 1, 1, 1),
            *forget = takeGates(ctx, r, all, 1, 2, 1);
  bool peeps = d->peephole[0] != NULL;
  OnnxValue *cell[] = {in, forget, takeGates(ctx, r, all, 1, 3, 1), *c, d->peephole[0], d->peephole[2]};
  *c = combine(ctx, d, peeps ? 6 : 4, cell, cellBody);
  return combine(ctx, d, peeps ? 3 : 2, (OnnxValue *[]){out, *c, d->peephole[1]}, hiddenBody);
}
static MlirValue pickBody(OnnxContext *ctx, const MlirValue *in, void *data) { // lengths, new, old
  Direction *d = data;
  return arith_select(B, arith_cmpi(B, arith_CmpIPredicate_slt, d->step, in[0]), in[1], in[2]);
}
// `now` where the sequence goes on, else `before`.
static OnnxValue *whileRunning(OnnxContext *ctx, Direction *d, OnnxValue *now, OnnxValue *before) {
  if (!d->r->lengths || onnxFailed(ctx)) return now;
  OnnxValue *lengths = onnxReshape(ctx, d->r->lengths, 2, (OnnxIndex[]){d->r->batch, onnxConst(1)});
  return combine(ctx, d, 3, (OnnxValue *[]){lengths, now, before}, pickBody);
}
static void stepBody(OnnxContext *ctx, MlirValue iteration, const MlirValue *carried, MlirValue *next,
                     void *data) { // h, c of LSTM, all
  Direction *d = data;
  const Recurrent *r = d->r;
  OnnxElement e = r->element;
  OnnxIndex at = {.value = iteration}, dims[] = {r->batch, r->hidden};
  if (d->reverse) at = onnxSub(ctx, onnxSub(ctx, r->length, onnxConst(1)), at);
  d->step = arith_index_cast(B, at.value, mlirIntegerTypeGet(B->ctx, 32));
  OnnxValue *h = onnxNewTensor(ctx, e, 2, dims, carried[0]), *x = takeFirst(ctx, d->inputs, at, e), *c = NULL, *after;
  int n = 1;
  if (r->kind == RNN)
    after = combine(ctx, d, 1, (OnnxValue *[]){multiplyState(ctx, r, h, d->recurrence, x)}, plainBody);
  else if (r->kind == GRU)
    after = stepGRU(ctx, d, x, h);
  else {
    OnnxValue *old = c = onnxNewTensor(ctx, e, 2, dims, carried[n]);
    after = stepLSTM(ctx, d, x, h, &c);
    next[n++] = onnxTensor(ctx, whileRunning(ctx, d, c, old));
  }
  next[0] = onnxTensor(ctx, whileRunning(ctx, d, after, h));
  if (!d->wantsAll || onnxFailed(ctx)) return;
  OnnxValue *zero = onnxNewConstant(ctx, e, 2, (int64_t[]){1, 1}, (void *[]){NULL});
  OnnxIndex one = onnxConst(1), offsets[] = {at, onnxConst(d->direction), onnxConst(0), onnxConst(0)},
            sizes[] = {one, one, r->batch, r->hidden};
  OnnxValue *shown = onnxCast(ctx, whileRunning(ctx, d, after, zero), r->result);
  next[n] = onnxInsertSlice(ctx, onnxTensor(ctx, onnxReshape(ctx, shown, 4, sizes)), carried[n], 4, offsets, sizes);
}

//===--- the operators ---
static MlirValue initialState(OnnxContext *ctx, const Recurrent *r, OnnxValue *initial, int direction) {
  if (!initial) return onnxZeros(ctx, r->element, 2, (OnnxIndex[]){r->batch, r->hidden});
  return onnxTensor(ctx, takeFirst(ctx, initial, onnxConst(direction), r->element));
}
static void runDirection(OnnxContext *ctx, const Recurrent *r, int direction, bool wantsAll, MlirValue *all,
                         MlirValue *h, MlirValue *c) {
  OnnxIndex at = onnxConst(direction);
  Direction d = {.r = r,
                 .f = r->activation + direction * r->functions,
                 .direction = direction,
                 .wantsAll = wantsAll,
                 .reverse = direction == 1 || r->firstReverse};
  d.recurrence = takeFirst(ctx, r->recurrence, at, r->element);
  OnnxValue *bias = sumBias(ctx, r, takeFirst(ctx, r->bias, at, r->element), &d.apart),
            *peephole = takeFirst(ctx, r->peephole, at, r->element);
  for (int i = 0; i < 3 && peephole; ++i) d.peephole[i] = takeGates(ctx, r, peephole, 0, i, 1);
  d.inputs = multiplyInputs(ctx, r, takeFirst(ctx, r->weight, at, r->element), bias);
  onnxTensor(ctx, d.recurrence), onnxTensor(ctx, r->lengths);
  MlirValue init[3] = {initialState(ctx, r, r->initial, direction)}, results[3];
  int n = 1;
  if (r->kind == LSTM) init[n++] = initialState(ctx, r, r->initialCell, direction);
  if (wantsAll) init[n++] = *all;
  onnxCountedLoop(ctx, r->length, n, init, stepBody, &d, results);
  *h = results[0], *c = results[1];
  if (wantsAll) *all = results[n - 1];
}
// The last states of the directions, [directions, batch, hidden] or with the batch first.
static OnnxValue *joinStates(OnnxContext *ctx, const Recurrent *r, const MlirValue *states) {
  OnnxIndex dims[] = {onnxConst(1), r->batch, r->hidden};
  OnnxValue *parts[2];
  for (int i = 0; i < r->directions; ++i) {
    OnnxValue *state = onnxNewTensor(ctx, r->element, 2, dims + 1, states[i]);
    parts[i] = onnxReshape(ctx, onnxCast(ctx, state, r->result), 3, dims);
    if (!parts[i]) return NULL;
  }
  OnnxValue *all = onnxConcat(ctx, r->directions, parts, 0);
  return r->batchFirst ? swapBatch(ctx, all) : all;
}
static void lowerRecurrent(OnnxContext *ctx, OnnxNode *node) {
  Recurrent *r = onnxAllocate(ctx, sizeof *r);
  if (!readRecurrent(ctx, node, r)) return;
  if (r->lengths) r->lengths = onnxCast(ctx, r->lengths, ONNX_INT32);
  bool wantsAll = onnxWantsOutput(node, 0);
  OnnxIndex dims[] = {r->length, onnxConst(r->directions), r->batch, r->hidden};
  MlirValue all = wantsAll ? onnxEmpty(ctx, r->result, 4, dims) : (MlirValue){0}, h[2], c[2];
  for (int i = 0; i < r->directions; ++i) runDirection(ctx, r, i, wantsAll, &all, &h[i], &c[i]);
  if (onnxFailed(ctx)) return;
  OnnxValue *y = wantsAll ? onnxNewTensor(ctx, r->result, 4, dims, all) : NULL;
  if (y && r->batchFirst) y = onnxTranspose(ctx, y, (int64_t[]){2, 0, 1, 3});
  onnxSetOutput(ctx, node, 0, y);
  if (onnxWantsOutput(node, 1)) onnxSetOutput(ctx, node, 1, joinStates(ctx, r, h));
  if (r->kind == LSTM && onnxWantsOutput(node, 2)) onnxSetOutput(ctx, node, 2, joinStates(ctx, r, c));
}

const OnnxOperator dlcOnnxRecurrent[] = {{"RNN", 7, 0, 3, 6, lowerRecurrent},
                                         {"GRU", 7, 0, 3, 6, lowerRecurrent},
                                         {"LSTM", 7, 0, 3, 8, lowerRecurrent},
                                         {0}};
